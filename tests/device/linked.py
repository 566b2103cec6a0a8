"""A link under test and everything it told us; the brokers it is tested on."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ambiance.device.broker import EmbeddedBroker
from ambiance.device.link import BrokerSettings, Link, Patience
from ambiance.device.message import Incoming, Message
from tests.brokers import Mosquitto

STATUS = "ambiance/harbour/status"
DO = "ambiance/harbour/+/do/+"
DEVICES = "ambiance/harbour/+/device/+/state"
START = "ambiance/harbour/lavender/do/start"
LAMP = "ambiance/harbour/lavender/device/ceiling/set"

HASTY = Patience(
    keepalive=1, answer=1.0, acknowledged=1.0, retry=0.02, retry_reach=0.1, retry_most=0.2, refused=0.1, contradiction=0.2, goodbye=1.0
)
"""Everything that takes seconds in a house takes tenths here."""

WELCOME_5 = bytes((0x20, 0x03, 0x00, 0x00, 0x00))
"""The least an MQTT 5 broker says to let somebody in."""


@dataclass
class Told:
    """What the link said, in order."""

    ups: int = 0
    downs: list[str] = field(default_factory=list)
    heard: list[Incoming] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    link: Link | None = None
    say_on_up: tuple[Message, ...] = ()
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_up(self) -> None:
        assert self.link is not None and self.link.state == "up"
        self.ups += 1
        self.log.append("up")
        for message in self.say_on_up:
            self.link.publish(message)
        self._changed.set()

    def on_down(self, why: str) -> None:
        self.downs.append(why)
        self.log.append("down")
        self._changed.set()

    def on_message(self, incoming: Incoming) -> None:
        self.heard.append(incoming)
        self.log.append(incoming.topic)
        self._changed.set()

    async def until(self, enough: Callable[[], object], within: float = 30.0) -> None:
        async with asyncio.timeout(within):
            while not enough():
                self._changed.clear()
                # Counters change without a call back; look again soon.
                await asyncio.wait({asyncio.ensure_future(self._changed.wait())}, timeout=0.05)

    async def up(self, times: int = 1, within: float = 30.0) -> None:
        await self.until(lambda: self.ups >= times, within)

    async def down(self, times: int = 1, within: float = 30.0) -> None:
        await self.until(lambda: len(self.downs) >= times, within)


def make_link(settings: BrokerSettings, told: Told, filters: tuple[str, ...] = (DO, DEVICES), client_id: str = "ambiance-harbour") -> Link:
    will, birth = Message(STATUS, b"offline", retain=True), Message(STATUS, b"online", retain=True)
    told.link = Link(settings, client_id, filters, will, birth, told.on_message, told.on_up, told.on_down)
    return told.link


@asynccontextmanager
async def linked(url: str, patience: Patience = HASTY, filters: tuple[str, ...] = (DO, DEVICES)) -> AsyncIterator[tuple[Link, Told]]:
    """A started link; stopped at the end."""
    told = Told()
    link = make_link(BrokerSettings(url, patience=patience), told, filters)
    await link.start()
    try:
        yield link, told
    finally:
        await link.stop()


def fake_broker(script: Callable[[socket.socket], object]) -> tuple[int, list[int], Callable[[], None]]:
    """Something that listens like a broker and follows `script` with each caller; its port, its callers, and its end."""
    listener = socket.create_server(("127.0.0.1", 0))
    callers: list[int] = []

    def serve() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            callers.append(len(callers))
            with caller:
                try:
                    caller.settimeout(2)
                    caller.recv(4096)
                    script(caller)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    def end() -> None:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)

    return listener.getsockname()[1], callers, end


def say_in_turn(caller: socket.socket, *words: bytes) -> None:
    """Say each after hearing something; then wait to hear something once more."""
    for word in words:
        caller.sendall(word)
        caller.recv(4096)


@dataclass(frozen=True, slots=True)
class AnyBroker:
    """A running broker of either kind, and what it can."""

    kind: str
    url: str
    port: int

    @property
    def protocol(self) -> str:
        return "5" if self.kind == "mosquitto" else "3.1.1"


@contextmanager
def embedded() -> Iterator[AnyBroker]:
    """The embedded broker on a loop of its own, so that a test's loop may come and go."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    broker = EmbeddedBroker()
    asyncio.run_coroutine_threadsafe(broker.start(), loop).result(10)
    try:
        yield AnyBroker("embedded", broker.url, broker.port)
    finally:
        asyncio.run_coroutine_threadsafe(broker.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextmanager
def external(folder: Path) -> Iterator[AnyBroker]:
    with Mosquitto(folder) as running:
        yield AnyBroker("mosquitto", running.url, running.port)
