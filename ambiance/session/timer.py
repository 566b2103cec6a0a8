"""What the calendar says: booked sessions and housekeeping, on APScheduler, in memory.

APScheduler reads the machine's clock itself, so every site instant is handed to it as the machine's. It is rebuilt
from the rows at every start and after every clock step: the row is the truth, the timer is not.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from ambiance.clock import Clock, Instant

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

NIGHT = time(4)
"""When the day's housekeeping is done, by the site's own clock: an hour that no change to or from summer time skips or repeats."""


def next_night(now: Instant, zone: ZoneInfo) -> Instant:
    """The next instant at which it is `NIGHT` in the site."""
    local = now.astimezone(zone)
    day = local.date() + timedelta(days=local.time() >= NIGHT)
    return datetime.combine(day, NIGHT, zone).astimezone(UTC)


class Timer(Protocol):
    """Calls something at a site instant."""

    def start(self) -> None: ...

    def at(self, when: Instant, key: str, do: Callable[[], None]) -> None:
        """Call `do` once at `when`, replacing what was set under `key`. Late is better than never."""

    def drop(self, key: str) -> None: ...

    def stop(self) -> None: ...


class CalendarTimer:
    """APScheduler 3 with the two settings without which it drops what is late. It is loaded with the first date that is set."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler: AsyncIOScheduler | None = None

    def start(self) -> None:
        """Nothing to start before something is set."""

    def at(self, when: Instant, key: str, do: Callable[[], None]) -> None:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler
        from apscheduler.triggers.date import DateTrigger

        if self._scheduler is None:
            late = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
            self._scheduler = AsyncIOScheduler(job_defaults=late, timezone="UTC")
            self._scheduler.start()
        self._scheduler.add_job(_called, DateTrigger(self._clock.wall(when)), args=[do], id=key, replace_existing=True)

    def drop(self, key: str) -> None:
        if self._scheduler is not None and self._scheduler.get_job(key) is not None:
            self._scheduler.remove_job(key)

    def stop(self) -> None:
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None


async def _called(do: Callable[[], None]) -> None:
    """Runs on the loop; APScheduler would put a plain function on a thread."""
    do()


class ClockTimer:
    """The same on a `Clock` alone: for rehearsals and tests whose time is not the machine's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._alarms: dict[str, object] = {}

    def start(self) -> None:
        """Nothing to start: the clock rings by itself."""

    def at(self, when: Instant, key: str, do: Callable[[], None]) -> None:
        self.drop(key)
        self._alarms[key] = self._clock.call_at(when, do)

    def drop(self, key: str) -> None:
        alarm = self._alarms.pop(key, None)
        if alarm is not None:
            alarm.cancel()  # type: ignore[attr-defined]

    def stop(self) -> None:
        for key in list(self._alarms):
            self.drop(key)
