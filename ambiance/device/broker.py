"""The embedded broker: nothing to install to try a room.

It speaks MQTT 3.1.1 only, has no session takeover and forgets everything when it stops, so nothing may rest on
those. For a site that earns money, run Mosquitto.
"""

import asyncio
import hmac
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ambiance.errors import BrokerRefused, Invalid

with warnings.catch_warnings():
    # amqtt's own use of old corners of Python is not ours to report.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(amqtt|transitions|websockets)(\..*)?")
    from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
    from amqtt.broker import Broker
    from amqtt.contexts import BrokerConfig, ListenerConfig
    from amqtt.errors import BrokerError
    from amqtt.plugins.base import BaseAuthPlugin
    from amqtt.session import Session

_CONNECT = 0x10
_UNSUPPORTED_VERSION = bytes((0x20, 0x03, 0x00, 0x84, 0x00))
"""CONNACK of MQTT 5 with reason 0x84, section 3.2.2.2 of the standard."""
_FIRST_WORD: float = 5.0
_FAREWELL: float = 2.0


class EmbeddedBroker:
    """An MQTT broker in this process, on this loop.

    `port` 0 takes a free one; `users` are name → password, and only loopback does without them: raises `Invalid`.
    `start` raises `BrokerRefused` if the port is taken.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1", users: Mapping[str, str] | None = None) -> None:
        if not users and not (host == "localhost" or host.startswith("127.")):
            raise Invalid(("broker.users", {}, f"at least one user with a password, since {host} can be reached by others"))
        self.host, self._wanted = host, port
        self._users = dict(users or {})
        self._broker: _Broker | None = None
        self._port = port

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return f"mqtt://{self.host}:{self.port}"

    async def start(self) -> None:
        logging.getLogger("amqtt").setLevel(logging.CRITICAL)
        broker = _Broker(
            BrokerConfig(
                listeners={"default": ListenerConfig(bind=f"{self.host}:{self._wanted}")},
                session_expiry_interval=3600,
                plugins={f"{__name__}.NamedUsers": {"users": self._users}},
            )
        )
        try:
            await broker.start()
        except BrokerError as error:
            raise BrokerRefused(
                self.url, str(error), "another controller or broker may be running; else choose another broker.port"
            ) from error
        self._broker = broker
        self._port = broker.port()

    async def stop(self) -> None:
        """Drop everybody and everything kept."""
        if self._broker is not None:
            broker, self._broker = self._broker, None
            # amqtt waits for clients that are still there, for as long as they like.
            await asyncio.wait({asyncio.ensure_future(broker.shutdown())}, timeout=_FAREWELL)
            await broker.hang_up()


class NamedUsers(BaseAuthPlugin):  # type: ignore[misc]  # amqtt is not typed
    """Lets in who knows a password, or everybody where no users are named."""

    @dataclass
    class Config:
        users: dict[str, str] = field(default_factory=dict)

    async def authenticate(self, *, session: Session) -> bool:
        users: dict[str, str] = self.context.config.users
        if not users:
            session.is_anonymous = True
            return True
        known = users.get(session.username or "")
        return hmac.compare_digest((known or "").encode(), (session.password or "").encode()) and known is not None


class _Broker(Broker):  # type: ignore[misc]  # amqtt is not typed
    def __init__(self, config: BrokerConfig) -> None:
        super().__init__(config)
        self._lines: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._arriving: set[int] = set()

    def port(self) -> int:
        return int(self._servers["default"].instance.sockets[0].getsockname()[1])

    async def stream_connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines[task] = writer
        try:
            await self._serve(reader, writer, listener_name)
        finally:
            del self._lines[task]
            writer.close()

    async def _publish_session_retained_messages(self, session: Session) -> None:
        """What waited for it; amqtt goes on to what is retained on every topic that *anybody* subscribed to, which is not its business.

        With several clients arriving at once that also throws one of them out, as the subscriptions it walks through grow.
        """
        await super()._publish_session_retained_messages(session)
        self._arriving.add(id(session))

    async def _publish_retained_messages_for_subscription(self, subscription: tuple[str, int], session: Session) -> None:
        if id(session) not in self._arriving:
            await super()._publish_retained_messages_for_subscription(subscription, session)

    async def _client_message_loop(self, client_session: Session, handler: Any) -> None:
        self._arriving.discard(id(client_session))
        await super()._client_message_loop(client_session, handler)

    async def hang_up(self) -> None:
        """amqtt forgets to close some of its lines when it stops."""
        for writer in self._lines.values():
            writer.close()
        if self._lines:
            await asyncio.wait(set(self._lines), timeout=_FIRST_WORD)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str) -> None:
        """Answer MQTT 5 with a clear no.

        amqtt takes the properties of an MQTT 5 CONNECT for the client id and waits for bytes that never come.
        """
        try:
            head = await asyncio.wait_for(_first_word(reader), _FIRST_WORD)
        except (TimeoutError, asyncio.IncompleteReadError, OSError):
            return
        if head.level == 5:
            writer.write(_UNSUPPORTED_VERSION)
            return
        await self._client_connected(listener_name, _Rewound(head.taken, reader), StreamWriterAdapter(writer))


@dataclass(frozen=True, slots=True)
class _Head:
    taken: bytes
    level: int | None


async def _first_word(reader: asyncio.StreamReader) -> _Head:
    """Read as far as the protocol level of a CONNECT; `level` is None if it is something else."""
    taken = await reader.readexactly(2)
    if taken[0] != _CONNECT:
        return _Head(taken, None)
    while taken[-1] & 0x80 and len(taken) < 5:
        taken += await reader.readexactly(1)
    name = await reader.readexactly(2)
    taken += name
    if name != b"\0\4":
        return _Head(taken, None)
    name = await reader.readexactly(5)
    return _Head(taken + name, name[4] if name[:4] == b"MQTT" else None)


class _Rewound(StreamReaderAdapter):  # type: ignore[misc]  # amqtt is not typed
    """A reader that gives back what was taken from it first."""

    def __init__(self, taken: bytes, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self._taken = taken

    async def read(self, n: int = -1) -> bytes:
        if not self._taken:
            return bytes(await super().read(n))
        if n < 0:
            head, self._taken = self._taken, b""
            return head + bytes(await super().read(n))
        head, self._taken = self._taken[:n], self._taken[n:]
        return head + (bytes(await super().read(n - len(head))) if len(head) < n else b"")
