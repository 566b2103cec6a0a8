"""A device on the bench: it can be told, and what it says is heard as it comes."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

from ambiance.clock import Clock
from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.dialect import Traits
from ambiance.site import Device, Room
from ambiance.units import Seconds

MOMENT: Seconds = 0.001
"""A wait shorter than this is over."""


class Interrupted(Exception):
    """Somebody else needs the device; the text says who. Never leaves this folder."""


class Ear:
    """What one device says, in order. Lives on the loop."""

    def __init__(self, clock: Clock, last: Mapping[str, Any] | None = None) -> None:
        self.clock, self.last = clock, last
        self.online: bool | None = None
        self._waiting: deque[Mapping[str, Any]] = deque()
        self._more = asyncio.Event()
        self._stopped: str | None = None

    def heard(self, values: Mapping[str, Any]) -> None:
        """It reported, all of what is known of it."""
        self.last = values
        self._waiting.append(values)
        self._more.set()

    def there(self, online: bool) -> None:
        self.online = online

    def stop(self, why: str) -> None:
        """Whoever listens is told to let go."""
        self._stopped = self._stopped or why
        self._more.set()

    def forget(self) -> None:
        """What was said before does not answer what is said next."""
        self._waiting.clear()

    async def next(self, within: Seconds) -> Mapping[str, Any] | None:
        """The next report; None after so many site seconds without one. Raises Interrupted."""
        until = self.clock.monotonic() + within
        while True:
            if self._stopped is not None:
                raise Interrupted(self._stopped)
            if self._waiting:
                return self._waiting.popleft()
            left = until - self.clock.monotonic()
            if left <= MOMENT:
                return None
            self._more.clear()
            tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(self.clock.sleep(left)), asyncio.ensure_future(self._more.wait())]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()

    async def rest(self, until: Seconds) -> None:
        """Wait until a moment of the monotonic clock, hearing what comes meanwhile. Raises Interrupted."""
        while (left := until - self.clock.monotonic()) > MOMENT:
            await self.next(left)


class Bench(Protocol):
    """One device, who can be told and heard; through a running controller, or straight over the broker."""

    @property
    def device(self) -> Device: ...

    @property
    def room(self) -> Room: ...

    @property
    def traits(self) -> Traits: ...

    @property
    def ear(self) -> Ear: ...

    def say(self, *wanteds: Wanted) -> None:
        """Make it so, by way of all but the last."""
