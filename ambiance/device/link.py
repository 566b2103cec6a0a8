"""The link to the broker: found, kept, and found again.

Five facts: our last will says `offline`; `online` follows each connection; subscriptions are made anew each time, since
we begin clean; only what is said while connected is sent; and after each connection whoever uses the link states the
present again. Nothing from before a lost connection is ever sent after it.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from ambiance.device.brokersettings import BrokerSettings, Patience
from ambiance.device.connection import Connection, Item, Up, Version
from ambiance.device.ended import Ended
from ambiance.device.message import Incoming, Message
from ambiance.device.traffic import Counters
from ambiance.units import Seconds

__all__ = ["BrokerSettings", "Counters", "Link", "LinkState", "Patience"]

LinkState = Literal["down", "up", "refused", "superseded"]

STEADY: Seconds = 5.0
"""A connection that lived this long counts as a good one."""


class Link:
    """One controller's connection to its broker. All methods and callbacks belong to the loop that ran `start`.

    `on_up` follows every connection once all subscriptions are acknowledged; `on_down` says why each time the link falls
    or the reason for its being down changes. `publish` works while up and drops (and counts) otherwise.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        client_id: str,
        filters: Sequence[str],
        will: Message,
        birth: Message,
        on_message: Callable[[Incoming], None],
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
    ) -> None:
        self._settings, self._client_id, self._will, self._birth = settings, client_id, will, birth
        self._filters = tuple(dict.fromkeys((*filters, will.topic)))
        self._on_message, self._on_up, self._on_down = on_message, on_up, on_down
        self.counters = Counters()
        self.state: LinkState = "down"
        self.detail = "not started"
        self._version: Version = 5
        self._connection: Connection | None = None
        self._pursuit: asyncio.Task[None] | None = None
        self._attempts = 0

    @property
    def protocol(self) -> str:
        """The MQTT version spoken, or to be tried next."""
        return "5" if self._version == 5 else "3.1.1"

    @property
    def queue_depth(self) -> int:
        """Messages waiting to be sent."""
        return self._connection.waiting if self._connection is not None else 0

    @property
    def in_flight(self) -> int:
        """Messages sent and not yet acknowledged."""
        return self._connection.in_flight if self._connection is not None else 0

    def hear(self, filters: Sequence[str], again: Sequence[str] = ()) -> None:
        """Hear these from now on, and nothing else; of those `again` the broker also says anew what it keeps."""
        before, self._filters = set(self._filters), tuple(dict.fromkeys((*filters, self._will.topic)))
        more = tuple(each for each in self._filters if each not in before or each in set(again))
        less = tuple(before - set(self._filters))
        if self._connection is not None and (more or less):
            self._connection.hear(more, less)

    async def start(self) -> None:
        """Returns at once; the broker is pursued in the background for as long as it takes."""
        if self._pursuit is None:
            self.state, self.detail = "down", "connecting"
            self._pursuit = asyncio.create_task(self._pursue(), name="mqtt-link")

    async def stop(self) -> None:
        """Say `offline`, see it acknowledged, leave. Takes at most `Patience.goodbye` and a little."""
        pursuit, self._pursuit = self._pursuit, None
        if pursuit is None:
            return
        pursuit.cancel()
        await asyncio.wait({pursuit})
        if self._connection is not None:
            connection = self._connection
            if self.state == "up":
                # Kept, so that it does not take the place of an `online` that still waits at the front.
                connection.publish(replace(self._will, keep=True))
            within = self._settings.patience.goodbye if self.state == "up" else 0.0
            connection.leave(within)
            await asyncio.wait({connection.ended}, timeout=within + 0.5)
            self._connection = None
        self.state, self.detail = "down", "stopped"

    def publish(self, message: Message) -> bool:
        """Hand a message to the wire; False if the link is not up, where the message is dropped."""
        if self.state != "up" or self._connection is None:
            self.counters.dropped += 1
            return False
        self._connection.publish(message)
        return True

    async def _pursue(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._connection = connection = Connection(
                self._settings, self._client_id, self._version, self._filters, self._will, self.counters, loop, self._told
            )
            connection.start()
            # Shielded: leaving is done by `stop`, which waits for the same end.
            ended = await asyncio.shield(connection.ended)
            self._connection = None
            lived = loop.time() - connection.up_since if connection.up_since is not None else None
            wait = self._after(ended, connection.version, lived)
            if wait > 0:
                await asyncio.wait({loop.create_future()}, timeout=wait)
            dropped_young = ended.kind == "dropped" and lived is not None and lived < STEADY
            if (ended.kind == "superseded" or dropped_young) and await self._usurped():
                self._fall(
                    "superseded",
                    f"another controller uses the client id {self._client_id}; this one has stopped: give each its own site id",
                )
                return

    async def _usurped(self) -> bool:
        """Does somebody else answer to our name?

        Not every broker says that it dropped us for another client with our id (Mosquitto 2.0 does not, nor can MQTT 3.1.1), and
        where one does, it may be anybody with an account who took the id. So say, under another id, that we are offline: a
        controller that is not contradicts, and only a controller may write there.
        """
        loop = asyncio.get_running_loop()
        answered = loop.create_future()

        def told(connection: Connection, item: Item) -> None:
            if isinstance(item, Up):
                connection.publish(self._will)
            elif isinstance(item, Ended):
                connection.ended.set_result(item)
            elif item.payload == self._birth.payload and not item.retain and not answered.done():
                answered.set_result(None)

        name = f"{self._client_id}-asks-{random.randrange(10**6)}"
        asking = Connection(self._settings, name, self._version, (self._will.topic,), None, Counters(), loop, told)
        asking.start()
        try:
            await asyncio.wait({answered, asking.ended}, timeout=self._settings.patience.contradiction, return_when=asyncio.FIRST_COMPLETED)
        finally:
            asking.leave(0.0)
        return answered.done()

    def _told(self, connection: Connection, item: Item) -> None:
        if isinstance(item, Ended):
            self.counters.dropped += connection.waiting
            if not connection.ended.done():
                connection.ended.set_result(item)
        elif connection is not self._connection:
            return
        elif isinstance(item, Up):
            connection.up_since = asyncio.get_running_loop().time()
            denied = f"; not allowed to hear {', '.join(item.denied)}" if item.denied else ""
            self.state, self.detail = "up", f"MQTT {self.protocol} with {self._settings.url}{denied}"
            self.publish(self._birth)
            self._on_up()
        elif item.topic == self._will.topic:
            # The will of an earlier connection of ours can come late; it is not true any more.
            if item.payload == self._will.payload and not item.retain and self._pursuit is not None:
                self.publish(self._birth)
        else:
            self.counters.received += 1
            self._on_message(item)

    def _after(self, ended: Ended, version: Version, lived: Seconds | None) -> Seconds:
        """What a connection's end means: the state we are in, and how long to wait before the next."""
        patience = self._settings.patience
        if lived is not None and lived >= STEADY:
            self._attempts = 0
        if ended.kind in ("version", "silent"):
            # Some brokers that know only 3.1.1 say so, others hang up or say nothing.
            self._version = 4 if version == 5 else 5
            if self._version == 4:
                return 0.0
        self._attempts += 1
        if ended.kind in ("refused", "version"):
            self._fall("refused", ended.detail)
            return max(patience.refused, self._back_off(patience.retry_most))
        self._fall("down", ended.detail)
        return self._back_off(patience.retry_reach if ended.kind in ("unreachable", "silent") else patience.retry_most)

    def _back_off(self, most: Seconds) -> Seconds:
        """Full jitter, so that a house coming back from a power cut does not knock in step."""
        shortest = self._settings.patience.retry
        return random.uniform(shortest, max(shortest, min(most, shortest * 2 ** min(self._attempts, 20))))

    def _fall(self, state: LinkState, detail: str) -> None:
        if (self.state, self.detail) != (state, detail):
            self.state, self.detail = state, detail
            try:
                self._on_down(detail)
            except Exception as error:
                # The pursuit goes on whatever its listeners do.
                context = {"message": "the link's fall could not be handled", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
