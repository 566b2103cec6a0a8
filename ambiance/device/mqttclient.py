"""paho's client, made to spare the interpreter's lock: it overrides private parts, so its release is pinned."""

from collections.abc import Callable
from typing import Any, Literal

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

MOUTHFUL = 16 * 1024
"""Bytes read at once."""
EXPIRY = 30
"""Seconds after which a broker throws away an unretained message it could not deliver (MQTT 5)."""


class MqttClient(paho.Client):
    """paho, reading and writing whatever there is in one go.

    By itself it reads a byte at a time and writes packet by packet. Each such call gives the interpreter's lock away, and while
    the loop thinks it takes milliseconds to get it back. Of an acknowledgement it unpacks what nobody asks for, which takes longer
    than all else it does for a message.
    """

    acknowledged: Callable[[int, int], None]
    """Told the number of a message and the reason code it was acknowledged with (0 in MQTT 3.1.1)."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._came = memoryview(b"")
        self.on_socket_register_write = lambda client, _, sock: None  # its packets wait for `loop_write`

    def take_in(self) -> None:
        """Read what is there, and handle all of it."""
        self.loop_read()
        while self._came and self.socket() is not None:
            self.loop_read()

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self._came:
            self._came = memoryview(super()._sock_recv(MOUTHFUL))
        taken, self._came = self._came[:bufsize], self._came[bufsize:]
        return bytes(taken)

    def _packet_write(self) -> MQTTErrorCode:
        waiting = self._out_packet
        if len(waiting) > 1:
            # Only of the last does anything depend on its having been written: a goodbye is the last thing said.
            packet = b"".join(each["packet"][each["pos"] :] for each in waiting)
            last = waiting[-1]
            waiting.clear()
            waiting.append({**last, "packet": packet, "pos": 0, "to_process": len(packet)})
        return super()._packet_write()

    def _handle_pubackcomp(self, cmd: Literal["PUBACK", "PUBCOMP"]) -> MQTTErrorCode:
        packet = self._in_packet["packet"]
        if len(packet) < 2:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        mid = int.from_bytes(packet[:2])
        if self._out_messages.pop(mid, None) is not None:
            self.acknowledged(mid, packet[2] if len(packet) > 2 else 0)
        return MQTTErrorCode.MQTT_ERR_SUCCESS


class Expiring(Properties):
    """The expiry of an ordinary message, packed once: paho takes longer to pack it than to send the message."""

    def __init__(self) -> None:
        super().__init__(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        self.MessageExpiryInterval = EXPIRY
        object.__setattr__(self, "packed", bytes(super().pack()))  # type: ignore[no-untyped-call]

    def pack(self) -> bytes:
        return self.packed  # type: ignore[no-any-return, attr-defined]
