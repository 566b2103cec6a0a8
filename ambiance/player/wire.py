"""The agent's end of the bus: the native player dialect on the room's own topics.

`…/set` is read, `…/state` and `…/online` are written, `online` with a will. Only MQTT 3.1.1 is needed of the broker. While
the controller is away the music plays on; should that last, it fades out, for the guest has left by then.
"""

import asyncio
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ambiance.clock import Alarm, Clock
from ambiance.player.agent import Asked
from ambiance.units import Seconds

LARGEST = 16 * 1024
ALONE: Seconds = 20 * 60.0
"""How long the music goes on without a controller."""
FADE_OUT: Seconds = 10.0
KEEPALIVE = 15


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the site's broker is, and who we are to it."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None


class _Set(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)

    playing: bool
    volume: Annotated[float, Field(ge=0, le=100)]
    playlist: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{1,128}$")] | None = None
    fade: Annotated[float, Field(ge=0, le=86400)] = 0.0
    epoch: Annotated[int, Field(ge=0, le=2**53)]
    version: Annotated[int, Field(ge=0, le=2**53)]


class Wire:
    """Connects, stays connected, and hands each command to `asked`. `root` is the device's topic, `status` the controller's."""

    def __init__(self, broker: Broker, root: str, status: str, client_id: str, clock: Clock, asked: Callable[[Asked], None]) -> None:
        self._broker, self._root, self._status, self._clock, self._asked = broker, root, status, clock, asked
        self._loop: asyncio.AbstractEventLoop | None = None
        self._state: bytes | None = None
        self._pair = (0, 0)
        self._alone: Alarm | None = None
        self._log = structlog.get_logger("player")
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv311, clean_session=True)
        self._client.reconnect_delay_set(1, 30)
        self._client.will_set(f"{root}/online", b"false", 1, True)
        self._client.on_connect = lambda client, data, flags, reason, properties: self._soon(self._up, reason.is_failure, str(reason))
        self._client.on_message = lambda client, data, message: self._soon(self._hear, message.topic, message.payload, message.retain)
        if broker.username is not None:
            self._client.username_pw_set(broker.username, broker.password)
        if broker.tls is not None:
            self._client.tls_set_context(broker.tls)

    def start(self) -> None:
        """Begin to connect; goes on trying until stopped."""
        self._loop = asyncio.get_running_loop()
        self._client.connect_async(self._broker.host, self._broker.port, KEEPALIVE)
        self._client.loop_start()

    async def stop(self) -> None:
        """Say that the player is gone, and go."""
        if self._client.is_connected():
            said = self._client.publish(f"{self._root}/online", b"false", 1, True)
            await asyncio.to_thread(said.wait_for_publish, 2.0)
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def report(self, state: dict[str, Any]) -> None:
        """Say what the player is. While there is no connection the newest is kept and said on the next."""
        self._state = json.dumps(state, allow_nan=False, separators=(",", ":")).encode()
        if self._client.is_connected():
            self._client.publish(f"{self._root}/state", self._state, 1, True)

    def _soon(self, do: Callable[..., None], *args: Any) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(do, *args)

    def _up(self, refused: bool, reason: str) -> None:
        if refused:
            self._log.warning("broker_refused", reason=reason)
            return
        self._client.subscribe([(f"{self._root}/set", 1), (self._status, 1)])
        self._client.publish(f"{self._root}/online", b"true", 1, True)
        if self._state is not None:
            self._client.publish(f"{self._root}/state", self._state, 1, True)

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:
        if topic == self._status:
            self._watch(payload == b"online")
            return
        if retained or not payload or len(payload) > LARGEST:
            return  # a command is never retained: this one is an old one
        try:
            said = _Set.model_validate_json(payload)
        except (ValidationError, RecursionError):
            self._log.warning("command_refused", bytes=len(payload))
            return
        self._pair = (said.epoch, said.version)
        self._asked(Asked(said.playing, said.volume, said.playlist, said.fade, self._pair))

    def _watch(self, online: bool) -> None:
        if self._alone is not None:
            self._alone.cancel()
            self._alone = None
        if not online:
            self._alone = self._clock.call_at(self._clock.now() + timedelta(seconds=ALONE), self._fade_out)

    def _fade_out(self) -> None:
        self._log.warning("controller_gone", seconds=ALONE)
        self._asked(Asked(False, 0.0, None, FADE_OUT, self._pair))
