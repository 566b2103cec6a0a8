"""A device that comes and goes must not be told everything each time: how soon its next return counts."""

from collections import deque
from datetime import timedelta

from ambiance.clock import Instant

GAP = timedelta(seconds=10)
"""Between two returns that are acted on."""
WINDOW = timedelta(seconds=60)
MOST = 3
"""Returns acted on, and returns until a device counts as unsteady, within `WINDOW`."""


class Damping:
    """Remembers when one device came back, and when that was acted on."""

    def __init__(self) -> None:
        self._returns: deque[Instant] = deque(maxlen=MOST)
        self._acted: deque[Instant] = deque(maxlen=MOST)

    def returned(self, now: Instant) -> None:
        self._returns.append(now)

    def acted(self, now: Instant) -> None:
        self._acted.append(now)

    def next(self, now: Instant) -> Instant:
        """The earliest instant, not before `now`, at which a return may be acted on."""
        earliest = now
        if self._acted:
            earliest = max(earliest, self._acted[-1] + GAP)
        if len(self._acted) == MOST:
            earliest = max(earliest, self._acted[0] + WINDOW)
        return earliest

    def unsteady(self, now: Instant) -> bool:
        return len(self._returns) == MOST and now - self._returns[0] <= WINDOW

    def calm_from(self) -> Instant | None:
        """When the device will have been steady for a whole window; None if it never came back."""
        return self._returns[-1] + WINDOW if self._returns else None
