"""One connection to the broker, from the first byte to the last, in a thread of its own.

Facts about paho-mqtt 2.2 this rests on:
- A client object used twice sends what it kept from the first time; so each connection has a new one.
- It is driven by its `loop_read`, `loop_write` and `loop_misc`, all from one thread, which alone touches it.
- A silent peer is found after two keepalives: one until the ping, one until it stays unanswered.
- A broker that refuses MQTT 5 is not asked again with 3.1.1; that is for whoever makes the next connection.
"""

import asyncio
import contextlib
import selectors
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.ended import Ended, broken_off, not_let_in, unreached
from ambiance.device.message import Incoming, Message
from ambiance.device.mqttclient import EXPIRY, Expiring, MqttClient
from ambiance.device.traffic import Counters, Inbox, Outbox, Window
from ambiance.units import Seconds

Version = Literal[4, 5]
"""Protocol level on the wire: 4 is MQTT 3.1.1."""

TICK: Seconds = 0.25
LARGEST = 64 * 1024
"""Bytes of a payload we take; the largest real one, a room's discovery message, is about 7 KB."""
LARGEST_PACKET = 1024 * 1024
"""What an MQTT 5 broker is told never to send us."""
WAITING = 20_000
INBOX = 20_000
TOGETHER = 64
"""Messages our thread is woken for in the middle of a turn of the loop."""


@dataclass(frozen=True, slots=True)
class Up:
    """The broker let us in and acknowledged every subscription; `denied` are the filters it would not give us."""

    denied: tuple[str, ...]


Item = Up | Incoming | Ended

NOBODY = 0x10
"""MQTT 5, 3.4.2.1: taken, and nobody has subscribed to it."""


class Connection:
    """Made, started, and either left or lost. `told` is called on `loop` for everything that happens, in order.

    Everything public is for the loop's thread; everything with an underscore for our own.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        client_id: str,
        version: Version,
        filters: Sequence[str],
        will: Message | None,
        counters: Counters,
        loop: asyncio.AbstractEventLoop,
        told: Callable[["Connection", Item], None],
        largest: int = LARGEST,
    ) -> None:
        self.version = version
        self.ended: asyncio.Future[Ended] = loop.create_future()
        self.up_since: Seconds | None = None
        self._settings, self._client_id, self._filters, self._will = settings, client_id, filters, will
        self._counters, self._now, self._loop = counters, loop.time, loop
        self._waking = False
        self._said = 0
        self._outbox = Outbox(WAITING, counters)
        self._inbox: Inbox[Item] = Inbox(INBOX, Incoming, loop, lambda item: told(self, item))
        self._window = Window(loop.time)
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._wake_out.setblocking(False)
        self._leave_by: Seconds | None = None
        self._up = self._answered = False
        self._awaited: dict[int, list[str]] = {}
        self._denied: list[str] = []
        self._hearing: deque[tuple[Sequence[str], Sequence[str]]] = deque()
        self._largest = 268_435_455
        self._taken = largest
        self._expiring = Expiring()
        self._verdict: Ended | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name=f"mqtt-{self._client_id}", daemon=True).start()

    def publish(self, message: Message) -> None:
        # Woken once for all that one turn of the loop says: each wake costs more than a message. Where it says much the broker
        # has the beginning while the end is still being thought of.
        idle = self._outbox.put(message)
        self._said += 1
        if self._said >= TOGETHER:
            self._wake()
        elif idle and not self._waking:
            self._waking = True
            self._loop.call_soon(self._wake_soon)

    def hear(self, more: Sequence[str], less: Sequence[str] = ()) -> None:
        """Hear these too from now on, each with what the broker keeps for it, and those no more."""
        self._hearing.append((more, less))
        self._wake()

    def leave(self, within: Seconds) -> None:
        """Send what waits, see it acknowledged, say goodbye; after `within` seconds just go."""
        self._leave_by = self._now() + within
        self._wake()

    @property
    def waiting(self) -> int:
        return len(self._outbox)

    @property
    def in_flight(self) -> int:
        return len(self._window)

    def _wake_soon(self) -> None:
        self._waking = False
        self._wake()

    def _wake(self) -> None:
        self._said = 0
        # Full: it is awake. Closed: it is gone.
        with contextlib.suppress(OSError):
            self._wake_out.send(b"\0")

    def _run(self) -> None:
        ended = Ended("lost", "the connection broke")
        try:
            ended = self._live()
        except Exception as error:
            ended = Ended("lost", f"the broker sent something that broke the connection: {type(error).__name__}: {error}")
        finally:
            self._wake_in.close()
            self._wake_out.close()
            self._tell(ended)

    def _live(self) -> Ended:
        try:
            client = self._client()
        except (OSError, ValueError) as error:
            return Ended("refused", f"the TLS files cannot be used ({', '.join(self._settings.tls_files())}): {error}")
        try:
            self._knock(client)
        except (OSError, ValueError) as error:
            return unreached(error, self._settings)
        try:
            return self._converse(client)
        finally:
            sock: Any = client.socket()
            if sock is not None:
                _reset_on_close(sock)
                sock.close()

    def _knock(self, client: paho.Client) -> None:
        """Look the host up afresh, connect, and send the first packet."""
        host, port, keepalive = self._settings.host, self._settings.port, self._settings.patience.keepalive
        if self.version == 5:
            properties = _properties(PacketTypes.CONNECT)
            properties.MaximumPacketSize = max(LARGEST_PACKET, self._taken + LARGEST)
            client.connect(host, port, keepalive, clean_start=True, properties=properties)
        else:
            client.connect(host, port, keepalive)

    def _client(self) -> MqttClient:
        client = MqttClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=None if self.version == 5 else True,
            protocol=paho.MQTTv5 if self.version == 5 else paho.MQTTv311,
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(0)  # as many as we like: the window is ours
        client.connect_timeout = self._settings.patience.answer
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, self._will.qos, self._will.retain)
        if self._settings.username is not None:
            client.username_pw_set(self._settings.username, self._settings.password)
        if self._settings.tls:
            client.tls_set_context(self._settings.tls_context())
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.acknowledged = self._on_acknowledged
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.on_socket_close = self._on_socket_close
        return client

    def _converse(self, client: MqttClient) -> Ended:
        sock: Any = client.socket()
        if sock is None:
            return self._verdict or Ended("silent", "the broker hung up before answering")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer_by = self._now() + self._settings.patience.answer
        pending = getattr(sock, "pending", lambda: 0)
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_in, selectors.EVENT_READ)
            selector.register(sock, selectors.EVENT_READ)
            writing = False
            while client.socket() is not None:
                if writing != client.want_write():
                    writing = not writing
                    selector.modify(sock, selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0))
                ready = {key.fileobj: event for key, event in selector.select(0 if pending() else TICK)}
                if self._wake_in in ready:
                    self._wake_in.recv(4096)
                if ready.get(sock, 0) & selectors.EVENT_READ or pending():
                    client.take_in()
                if client.want_write():
                    client.loop_write()
                client.loop_misc()
                if client.socket() is not None and (ended := self._overdue(answer_by)):
                    return ended
                self._hear_otherwise(client)
                self._send(client)
                self._take_leave(client)
        return self._verdict or Ended("lost", "the connection broke")

    def _overdue(self, answer_by: Seconds) -> Ended | None:
        now = self._now()
        if not self._up and self._leave_by is not None:
            return Ended("closed")
        if not self._up and now > answer_by:
            return Ended(
                "dropped" if self._answered else "silent", f"the broker did not answer within {self._settings.patience.answer:g} s"
            )
        if (quiet := self._window.quiet()) > self._settings.patience.acknowledged:
            return Ended("lost", f"the broker acknowledged nothing for {quiet:.0f} s")
        return None

    def _send(self, client: paho.Client) -> None:
        while self._up and client.socket() is not None and not client.want_write():
            batch = self._outbox.take(self._window.room())
            if not batch:
                return
            for message in batch:
                self._publish(client, message)
            client.loop_write()

    def _publish(self, client: paho.Client, message: Message) -> None:
        if len(message.payload) + len(message.topic) * 4 + 64 > self._largest:
            self._counters.denied += 1
            return
        try:
            info = client.publish(message.topic, message.payload, message.qos, message.retain, self._extras(message))
        except (ValueError, UnicodeError):  # a topic no broker would take
            self._counters.denied += 1
            return
        self._counters.sent += 1
        if message.qos:
            self._window.sent(info.mid)

    def _extras(self, message: Message) -> Properties | None:
        if self.version != 5 or (message.retain and message.correlation is None):
            return None
        if message.correlation is None:
            return self._expiring
        properties = _properties(PacketTypes.PUBLISH)
        properties.CorrelationData = message.correlation
        if not message.retain:
            properties.MessageExpiryInterval = EXPIRY
        return properties

    def _take_leave(self, client: paho.Client) -> None:
        if self._leave_by is None or client.socket() is None:
            return
        if (not self._outbox and not self._window and not client.want_write()) or self._now() > self._leave_by:
            self._verdict = Ended("closed")
            client.disconnect()

    def _on_connect(self, client: paho.Client, _: Any, flags: Any, reason: ReasonCode, properties: Properties | None) -> None:
        self._answered = True
        if reason.is_failure:
            self._verdict = not_let_in(reason)
            return
        self._window.widest = min(self._window.widest, getattr(properties, "ReceiveMaximum", self._window.widest))
        self._largest = getattr(properties, "MaximumPacketSize", self._largest)
        self._subscribe(client, self._filters)
        if not self._filters:
            self._come_up()

    def _subscribe(self, client: paho.Client, filters: Sequence[str]) -> None:
        for start in range(0, len(filters), 100):
            some = list(filters[start : start + 100])
            _, mid = client.subscribe([(each, self._options(each)) for each in some])  # type: ignore[arg-type]
            if mid is not None:
                self._awaited[mid] = some

    def _hear_otherwise(self, client: paho.Client) -> None:
        while self._up and self._hearing and client.socket() is not None:
            more, less = self._hearing.popleft()
            self._subscribe(client, more)
            if less:
                client.unsubscribe(list(less))

    def _options(self, wanted: str) -> SubscribeOptions | int:
        """Commands keep the retain flag their sender gave them, so that a retained one can be told and thrown away."""
        return SubscribeOptions(qos=1, retainAsPublished="do" in wanted.split("/")) if self.version == 5 else 1

    def _on_subscribe(self, _: paho.Client, __: Any, mid: int, reasons: Sequence[ReasonCode], ___: Any) -> None:
        asked = self._awaited.pop(mid, [])
        denied = [each for each, reason in zip(asked, reasons, strict=False) if reason.value >= 0x80]
        if self._up:
            self._counters.denied += len(denied)
        self._denied += denied
        if not self._awaited and not self._up:
            self._come_up()

    def _come_up(self) -> None:
        self._up = True
        self._counters.denied += len(self._denied)
        self._tell(Up(tuple(self._denied)))

    def _on_acknowledged(self, mid: int, reason: int) -> None:
        if not self._window.acknowledged(mid):
            return
        if reason >= 0x80:
            self._counters.denied += 1
        else:
            self._counters.acked += 1
            self._counters.unheard += reason == NOBODY

    def _on_message(self, _: paho.Client, __: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            self._counters.refused += 1
            return
        if len(message.payload) > self._taken or "\0" in topic:
            self._counters.refused += 1
            return
        reply_to = getattr(message.properties, "ResponseTopic", None)
        correlation = getattr(message.properties, "CorrelationData", None)
        self._tell(Incoming(topic, bytes(message.payload), message.retain, reply_to, correlation))

    def _on_disconnect(self, _: paho.Client, __: Any, flags: paho.DisconnectFlags, reason: ReasonCode, ___: Any) -> None:
        if self._verdict is None:
            self._verdict = broken_off(reason, flags.is_disconnect_packet_from_server, self._answered, self._settings)

    def _on_socket_close(self, _: paho.Client, __: Any, sock: Any) -> None:
        if self._verdict is None or self._verdict.kind != "closed":
            _reset_on_close(sock)

    def _tell(self, item: Item) -> None:
        if self._inbox.put(item) is not None:
            self._counters.refused += 1


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]


def _reset_on_close(sock: Any) -> None:
    """Make the kernel throw away what it has not yet delivered: a healed network must not bring old commands."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
