"""A short call on the broker, for whoever looks round, tries a device or examines the house: in, hear, speak, and gone.

Unlike the link it gives up at once, and says why.
"""

import asyncio
import random
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.connection import LARGEST, Connection, Item, Up, Version
from ambiance.device.ended import Ended
from ambiance.device.message import Incoming, Message
from ambiance.device.traffic import Counters
from ambiance.errors import BrokerRefused, BrokerUnreachable
from ambiance.units import Seconds

GOODBYE: Seconds = 1.0


class Visit:
    """Use as an async context. Entering raises BrokerRefused where the broker does not let us in, BrokerUnreachable where none answers.

    `denied` are the filters it would not give us; `protocol` the MQTT version it speaks. Each visit has a client id of its own, so
    that a running controller is not thrown out. `largest` is the payload that is still taken, in bytes.
    """

    def __init__(self, settings: BrokerSettings, filters: Sequence[str], name: str = "visit", largest: int = LARGEST) -> None:
        self.counters = Counters()
        self.denied: tuple[str, ...] = ()
        self.protocol = "5"
        self.here = False
        self._settings, self._filters, self._largest = settings, tuple(filters), largest
        self._id = f"ambiance-{name}-{random.randrange(10**8)}"
        self._heard: asyncio.Queue[Incoming | None] = asyncio.Queue()
        self._connection: Connection | None = None

    async def __aenter__(self) -> Self:
        versions: tuple[Version, ...] = (5, 4)
        ended = Ended("unreachable")
        for version in versions:
            ended = await self._knock(version) or Ended("closed")
            if ended.kind == "closed":
                return self
            if ended.kind not in ("version", "silent"):
                break
        if ended.kind in ("refused", "version", "dropped"):
            raise BrokerRefused(self._settings.url, ended.detail)
        raise BrokerUnreachable(self._settings.url, ended.detail.removeprefix(f"{self._settings.url} cannot be reached: "))

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._connection is not None:
            self._connection.leave(GOODBYE)
            await asyncio.wait({self._connection.ended}, timeout=GOODBYE + 0.5)

    def publish(self, message: Message) -> None:
        """Say it; nothing is said once the broker is gone."""
        if self._connection is not None and self.here:
            self._connection.publish(message)

    def now(self) -> Seconds:
        """Machine seconds from any zero, as `next` counts them."""
        return asyncio.get_running_loop().time()

    async def next(self, within: Seconds) -> Incoming | None:
        """The next thing heard; None after so many machine seconds of silence, or when the broker is gone."""
        try:
            async with asyncio.timeout(max(0.0, within)):
                return await self._heard.get()
        except TimeoutError:
            return None

    async def _knock(self, version: Version) -> Ended | None:
        loop = asyncio.get_running_loop()
        up: asyncio.Future[None] = loop.create_future()

        def told(connection: Connection, item: Item) -> None:
            if isinstance(item, Up):
                self.here, self.denied = True, item.denied
                up.set_result(None)
            elif isinstance(item, Incoming):
                self.counters.received += 1
                self._heard.put_nowait(item)
            elif not connection.ended.done():
                self.here = False
                connection.ended.set_result(item)
                if up.done():  # one that never was, as over MQTT 5 where the broker speaks 3.1.1 only, leaves nothing to hear
                    self._heard.put_nowait(None)

        connection = Connection(self._settings, self._id, version, self._filters, None, self.counters, loop, told, self._largest)
        self._connection, self.protocol = connection, "5" if version == 5 else "3.1.1"
        connection.start()
        both: list[asyncio.Future[Any]] = [up, connection.ended]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        return None if up.done() else connection.ended.result()
