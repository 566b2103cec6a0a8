"""Simulated rooms on a thread of their own, what they truly did, and an ear that knows when it heard what."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from paho.mqtt.client import Client, MQTTMessage

from ambiance.clock import Clock, ManualClock
from ambiance.device import Topics
from ambiance.device.brokersettings import BrokerSettings, Patience
from ambiance.device.simulated import Simulated, SimulatedDevice
from ambiance.device.simulator import Simulator
from ambiance.site import Room
from tests.brokers import Witness
from tests.journeys.fast import clock_of
from tests.journeys.house import SiteTime, until

HASTY = Patience(keepalive=2, answer=2.0, acknowledged=5.0, retry=0.05, retry_reach=0.2, retry_most=0.5)
PUMP = 0.02
AT_ONCE = 30.0
"""Seconds of the site's time that looking at all devices may take to be one moment."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sample:
    """What every device of the house truly was at one moment of the site's time."""

    at: float
    devices: dict[tuple[str, str], dict[str, Any]]


class Twins:
    """The devices of some rooms. `jumping`: their clock stands where it is put with `jump`, and runs from there.

    `sampled` notes what they truly are, several times a (machine) second.
    """

    def __init__(
        self, topics: Topics, rooms: Sequence[Room], broker: str, time: SiteTime, jumping: bool = False, sampled: bool = False
    ) -> None:
        self.samples: list[Sample] = []
        self._topics, self._rooms, self._broker, self._time = topics, rooms, BrokerSettings(broker, patience=HASTY), time
        self._jumping, self._sampled = jumping, sampled
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._begin)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._do(self._end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def call(self, do: Callable[[], T]) -> T:
        """Run on the twins' own thread."""
        found: Future[T] = Future()

        def run() -> None:
            try:
                found.set_result(do())
            except Exception as error:
                found.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return found.result(20)

    def twin(self, room: str, device: str) -> Simulated:
        """A device of whatever family."""
        return self._simulator.rooms[room].devices[device]

    def device(self, room: str, device: str) -> SimulatedDevice:
        """A native one."""
        found = self.twin(room, device)
        assert isinstance(found, SimulatedDevice)
        return found

    def actual(self, room: str, device: str) -> dict[str, Any]:
        return self.call(self.twin(room, device).actual)

    def press(self, room: str, press: str = "single", button: int = 1) -> None:
        """A finger on the room's button."""
        self.call(lambda: self.twin(room, "keys").press(press, button))

    def jump(self) -> None:
        """Let pass what the site's time has run ahead; every fade and timer goes its way, and the broker knows of it."""
        self.call(self._catch_up)
        links = self._simulator._links
        until(lambda: not any(link.queue_depth or link.in_flight for link in links), what="the twins' reports")

    def _do(self, do: Callable[[], Any]) -> None:
        asyncio.run_coroutine_threadsafe(do(), self._loop).result(20)

    async def _begin(self) -> None:
        site = self._time
        manual = ManualClock(datetime.fromtimestamp(site.now(), UTC))
        clock: Clock = manual if self._jumping else clock_of(site.speed, site.anchor, site.shift)
        self._manual = manual
        self._simulator = Simulator(self._topics, self._rooms, self._broker, clock)
        await self._simulator.start()
        if self._jumping:
            self._tasks.append(asyncio.create_task(self._pump()))
        if self._sampled:
            self._tasks.append(asyncio.create_task(self._sample()))

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._simulator.stop(), 10)

    def _catch_up(self) -> None:
        behind = self._time.now() - self._manual.now().timestamp()
        if behind > 0:
            self._manual.advance(behind)

    async def _pump(self) -> None:
        while True:
            self._catch_up()
            await asyncio.sleep(PUMP)

    async def _sample(self) -> None:
        pairs = [(room.id, device.id) for room in self._rooms for device in room.devices if device.kind != "button"]
        while True:
            began = self._time.now()
            devices = {pair: self.twin(*pair).actual() for pair in pairs}
            at = self._time.now()
            if at - began < AT_ONCE:  # else a busy machine stood still in between, and nobody knows when that was
                self.samples.append(Sample(at, devices))
            await asyncio.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Said:
    """A message with JSON in it, and the site's time at which it was heard."""

    at: float
    topic: str
    body: dict[str, Any]
    retain: bool


class Ear(Witness):
    """A witness who looks at the clock with every message."""

    def __init__(
        self, port: int, time: SiteTime, *filters: str, version: int = 4, username: str | None = None, password: str | None = None
    ) -> None:
        super().__init__(port, *filters, version=version, username=username, password=password)
        self._time = time
        self._times: list[float] = []

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        self._times.append(self._time.now())
        super()._on_message(client, data, message)

    def said(self, topic: str, since: int = 0) -> list[Said]:
        """What was said on one topic, in JSON, from the `since`-th message of all on."""
        with self._changed:
            pairs = list(zip(self._times, self.heard, strict=False))[since:]
        return [Said(at, each.topic, json.loads(each.payload), each.retain) for at, each in pairs if each.topic == topic and each.payload]

    def count(self) -> int:
        """How many messages were heard so far."""
        with self._changed:
            return len(self.heard)
