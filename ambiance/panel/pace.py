"""How fast one token may write: a bucket that fills steadily and holds a burst."""

import time
from collections.abc import Callable

from ambiance.errors import TooMany


class Pace:
    """`rate` writes a second for each token for as long as it likes, and `burst` of them at once."""

    def __init__(self, rate: int = 200, burst: int = 600, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._monotonic = rate, burst, monotonic
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, token: str) -> None:
        """Raises TooMany when the bucket is empty."""
        now = self._monotonic()
        left, at = self._left.get(token, (float(self._burst), now))
        left = min(float(self._burst), left + (now - at) * self._rate)
        if left < 1:
            self._left[token] = (left, now)
            raise TooMany(self._rate)
        self._left[token] = (left - 1, now)
