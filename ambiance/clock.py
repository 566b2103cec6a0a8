"""Time, as something that can be stopped, stepped and sped up.

A `Clock` keeps the site's time. Between two looks at the wall it runs on the monotonic clock alone, so a
stepped wall clock moves nothing until `stepped` says by how much it moved. Nobody else calls `now` or `sleep`.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from ambiance.units import Seconds

Instant = datetime
"""A moment in UTC."""

STEP: Seconds = 2.0
"""A wall clock that moved by more than this against the monotonic one was set by somebody."""

WAY: Seconds = 2.0
"""Machine seconds in which what was said to a device, and what it answers, have surely arrived."""


class Alarm(Protocol):
    """Something that will happen, unless cancelled."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """What everything that needs the time is given."""

    speed: float
    """Site seconds in one of the machine's."""

    def now(self) -> Instant:
        """The site's time, UTC."""

    def monotonic(self) -> Seconds:
        """Site seconds that never step back, from an arbitrary zero."""

    def call_at(self, when: Instant, do: Callable[[], None]) -> Alarm:
        """Call `do` on the running loop once the site's time has reached `when`; at once if it has."""

    async def sleep(self, seconds: Seconds) -> None:
        """Wait in site seconds."""

    def wall(self, when: Instant) -> Instant:
        """The machine's time at which the site's time will be `when`."""

    def stepped(self) -> timedelta:
        """How far the machine's clock was set since the last call; zero up to `STEP`. The clock adopts the step."""

    def hold(self, at: Instant) -> None:
        """Stand still at `at` until the machine's clock has passed it, or `confirm`: the time is not known yet."""

    def confirm(self) -> None:
        """Staff say the time is good enough: go on from where the clock was held."""

    @property
    def synchronised(self) -> bool:
        """False while the clock is held."""


class Now(Protocol):
    """As much of a `Clock` as somebody who only looks at it needs."""

    speed: float

    def now(self) -> Instant: ...

    def wall(self, when: Instant) -> Instant: ...


def stamp(at: Instant) -> str:
    """ISO 8601 in UTC, to the millisecond, with Z: how an instant is written wherever others read it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def staff_time(clock: Now) -> Instant:
    """The time by which people come in, idle out and are noted: the machine's, however fast the rooms are shown."""
    now = clock.now()
    return now if clock.speed == 1.0 else clock.wall(now)


def way(clock: Now) -> Seconds:
    """Site seconds for which a message may be on its way: a network is no faster where the rooms are shown faster."""
    return WAY * clock.speed


class SystemClock:
    """The machine's time, or `speed` times as fast from the moment it was made."""

    def __init__(
        self,
        speed: float = 1.0,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.speed = speed
        self._wall, self._monotonic = wall, monotonic
        self._zero = monotonic()
        self._origin = datetime.fromtimestamp(wall(), UTC)
        self._skew = wall() - monotonic()
        self._held: Instant | None = None

    def now(self) -> Instant:
        if self._held is not None:
            if datetime.fromtimestamp(self._wall(), UTC) < self._held:
                return self._held
            self._resume(datetime.fromtimestamp(self._wall(), UTC))
        return self._origin + timedelta(seconds=self.monotonic())

    def monotonic(self) -> Seconds:
        return (self._monotonic() - self._zero) * self.speed

    def call_at(self, when: Instant, do: Callable[[], None]) -> Alarm:
        delay = (when - self.now()).total_seconds() / self.speed
        # A held clock cannot say when; look again soon.
        return asyncio.get_running_loop().call_later(max(0.0, delay) if self._held is None else 1.0, do)

    async def sleep(self, seconds: Seconds) -> None:
        await asyncio.sleep(seconds / self.speed)

    def wall(self, when: Instant) -> Instant:
        delay = (when - self.now()).total_seconds() / self.speed
        return datetime.fromtimestamp(self._wall(), UTC) + timedelta(seconds=delay)

    def stepped(self) -> timedelta:
        skew = self._wall() - self._monotonic()
        step = skew - self._skew
        if abs(step) <= STEP or self.speed != 1.0 or self._held is not None:
            return timedelta()
        self._skew = skew
        self._origin += timedelta(seconds=step)
        return timedelta(seconds=step)

    def hold(self, at: Instant) -> None:
        self._held = at

    def confirm(self) -> None:
        if self._held is not None:
            self._resume(self._held)

    @property
    def synchronised(self) -> bool:
        self.now()
        return self._held is None

    def _resume(self, at: Instant) -> None:
        self._held = None
        self._skew = self._wall() - self._monotonic()
        self._origin = at - timedelta(seconds=self.monotonic())


class ManualClock:
    """A clock that moves only when told to: for tests, rehearsals and simulations."""

    speed = 1.0

    def __init__(self, start: Instant = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._elapsed = 0.0
        self._step = timedelta()
        self._steps = timedelta()
        self._order = count()
        self._alarms: list[tuple[Instant, int, _ManualAlarm]] = []
        self.synchronised = True

    def now(self) -> Instant:
        return self._now

    def monotonic(self) -> Seconds:
        return self._elapsed

    def call_at(self, when: Instant, do: Callable[[], None]) -> Alarm:
        alarm = _ManualAlarm(do)
        heappush(self._alarms, (when, next(self._order), alarm))
        return alarm

    async def sleep(self, seconds: Seconds) -> None:
        done = asyncio.Event()
        self.call_at(self._now + timedelta(seconds=seconds), done.set)
        await done.wait()

    def wall(self, when: Instant) -> Instant:
        return when

    def stepped(self) -> timedelta:
        step, self._step = self._step, timedelta()
        self._now += step
        self._steps += step
        # Who waits waits as long as before: a timer of the machine does not follow its clock.
        self._alarms = [(when + step, order, alarm) for when, order, alarm in self._alarms]
        return step

    def hold(self, at: Instant) -> None:
        self._now = at
        self.synchronised = False

    def confirm(self) -> None:
        self.synchronised = True

    def step_wall(self, by: timedelta) -> None:
        """Somebody sets the machine's clock; no time passes."""
        self._step += by

    def advance(self, seconds: Seconds) -> None:
        """Let time pass, ringing every alarm in order at its own instant."""
        until = self._now - self._steps + timedelta(seconds=seconds)
        while self._alarms and self._alarms[0][0] <= until + self._steps:
            when, _, alarm = heappop(self._alarms)
            if when > self._now:
                self._elapsed += (when - self._now).total_seconds()
                self._now = when
            alarm.ring()
        self._elapsed += (until + self._steps - self._now).total_seconds()
        self._now = until + self._steps

    async def run(self, seconds: Seconds) -> None:
        """Let time pass, giving every task its turn after each alarm."""
        until = self._now - self._steps + timedelta(seconds=seconds)
        await _settle()
        while self._alarms and self._alarms[0][0] <= until + self._steps:
            self.advance(max(0.0, (self._alarms[0][0] - self._now).total_seconds()))
            await _settle()
        self.advance((until + self._steps - self._now).total_seconds())
        await _settle()


class _ManualAlarm:
    def __init__(self, do: Callable[[], None]) -> None:
        self._do: Callable[[], None] | None = do

    def cancel(self) -> None:
        self._do = None

    def ring(self) -> None:
        if self._do is not None:
            self._do()


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
