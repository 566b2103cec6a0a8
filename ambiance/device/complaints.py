"""What devices say that makes no sense: counted always, told and logged once a minute for each of them."""

from collections.abc import Callable
from datetime import timedelta

import structlog

from ambiance.clock import Clock, Instant
from ambiance.device.news import DeviceNews, ReportRefused
from ambiance.device.talk import Talk
from ambiance.device.tally import Tally

QUIET = timedelta(seconds=60)


class Complaints:
    """Counts in `tally`. What was refused has changed nothing."""

    def __init__(self, clock: Clock, tally: Tally, tell: Callable[[DeviceNews], None]) -> None:
        self._clock, self._tally, self._tell = clock, tally, tell
        self._strange_at: Instant | None = None
        self._log = structlog.get_logger("device")

    def refuse(self, talk: Talk, reason: str) -> None:
        """A device said something that makes no sense."""
        self._tally.refused += 1
        now = self._clock.now()
        if talk.refused_at is None or now - talk.refused_at >= QUIET:
            talk.refused_at = now
            # What it said may hold anything, a name too: only for who asks for every detail.
            self._log.warning("report refused", room=talk.room.id, device=talk.device.id)
            self._log.debug("report refused because", room=talk.room.id, device=talk.device.id, reason=reason)
            self._tell(ReportRefused(*talk.key, reason))

    def stranger(self) -> None:
        """Something spoke that nobody configured."""
        self._tally.unknown += 1
        now = self._clock.now()
        if self._strange_at is None or now - self._strange_at >= QUIET:
            self._strange_at = now
            self._log.warning("report of a device that is not configured", so_far=self._tally.unknown)
