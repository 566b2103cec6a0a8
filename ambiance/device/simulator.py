"""The simulator: every device of some rooms as a twin of its family, on a real broker, in this process or in one of its own."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from secrets import token_hex
from typing import Any, Literal

from paho.mqtt.client import topic_matches_sub

from ambiance.clock import Clock
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.lines import PREFIX
from ambiance.device.link import Link
from ambiance.device.message import Incoming, Message
from ambiance.device.simulated import Simulated, SimulatedDevice
from ambiance.device.topics import Topics
from ambiance.device.twins import TWINS
from ambiance.device.twins.hall import Hall
from ambiance.site import SAFE_LIGHT, Device, Room
from ambiance.units import Percent, Seconds

Share = Literal["device", "room", "house"]
"""Who shares a connection: nobody (each device its own will), the devices of a room, or all of them."""

Changed = Callable[[Device, Mapping[str, Any]], None]


class SimulatedRoom:
    """The twins of one room, each of the family its dialect names, on whatever network `publish` reaches."""

    def __init__(self, room: Room, topics: Topics, clock: Clock, publish: Callable[[Message], None], report_every: Seconds = 5.0) -> None:
        self.room = room
        self.devices: Mapping[str, Simulated] = {
            device.id: _simulated(device, room, topics, clock, publish, report_every) for device in room.devices
        }
        self._hear = listener(tuple(self.devices.values()), topics)

    def start(self) -> None:
        """Every device says that it is there, and what it is."""
        for device in self.devices.values():
            device.start()

    def hear(self, incoming: Incoming) -> None:
        """Something arrived: a command for one device, or word of the controller for all."""
        self._hear(incoming)

    def actual(self, device: str) -> dict[str, Any]:
        """What a device truly is at this moment, whatever it reports."""
        return self.devices[device].actual()


def _simulated(
    device: Device, room: Room, topics: Topics, clock: Clock, publish: Callable[[Message], None], report_every: Seconds
) -> Simulated:
    family = TWINS.get(device.dialect)
    if family is not None:
        return family(device, topics, clock, publish)
    safe = safe_output(room) if device in _safe_lamps(room) else None
    return SimulatedDevice(device, topics, clock, publish, safe, report_every)


def safe_output(room: Room) -> Percent:
    """The output at which the ambient lamps of a room (or else its others) together give `SAFE_LIGHT`."""
    share = sum(lamp.share for lamp in _safe_lamps(room)) or 1.0
    return min(100.0, 100 * SAFE_LIGHT / (room.full_light_lux * share))


def _safe_lamps(room: Room) -> tuple[Device, ...]:
    return room.of("light", "ambient") or room.of("light", "accent")


def listener(devices: Sequence[Simulated], topics: Topics) -> Callable[[Incoming], None]:
    """Hands each of `devices` its commands, and all of them what the controller, or its will, says of itself."""
    by_topic: dict[str, list[Simulated]] = {}
    for device in devices:
        for topic in device.listens:
            by_topic.setdefault(topic, []).append(device)
    patterns = [topic for topic in by_topic if set(topic) & set("+#")]
    status = topics.status()

    def hear(incoming: Incoming) -> None:
        for pattern in (incoming.topic, *(each for each in patterns if topic_matches_sub(each, incoming.topic))):
            for device in by_topic.get(pattern, ()):
                device.take(incoming)
        if incoming.topic == status:
            for device in devices:
                if incoming.payload == b"offline":
                    device.controller_lost()
                elif incoming.payload == b"online":
                    device.controller_back()

    return hear


class Simulator:
    """Rooms of twins with their own connections to a broker. `rooms` may be reached into to switch faults.

    What is spoken to over a line of its own, such as a Snapcast server, listens on its port while the simulator runs.
    """

    def __init__(
        self,
        topics: Topics,
        rooms: Sequence[Room],
        broker: BrokerSettings,
        clock: Clock,
        share: Share = "room",
        report_every: Seconds = 5.0,
        changed: Changed = lambda device, values: None,
    ) -> None:
        self._topics, self._broker, self._changed = topics, broker, changed
        self._was: dict[Simulated, Mapping[str, Any]] = {}
        self.rooms = {room.id: SimulatedRoom(room, topics, clock, lambda message: None, report_every) for room in rooms}
        devices = [device for room in self.rooms.values() for device in room.devices.values()]
        names: Mapping[Share, Callable[[Simulated], str]] = {
            "device": lambda device: f"{device.device.room}-{device.device.id}",
            "room": lambda device: device.device.room,
            "house": lambda device: "house",
        }
        groups: dict[str, list[Simulated]] = {}
        for device in devices:
            groups.setdefault(names[share](device), []).append(device)
        self._links = [self._link(name, group) for name, group in groups.items()]
        self._hall = Hall(device for device in devices if any(topic.startswith(PREFIX) for topic in device.listens))

    async def start(self) -> None:
        await self._hall.open()
        for link in self._links:
            await link.start()

    async def stop(self) -> None:
        for room in self.rooms.values():
            for device in room.devices.values():
                device.leave()
        for link in reversed(self._links):
            await link.stop()
        await self._hall.close()

    def _link(self, name: str, group: Sequence[Simulated]) -> Link:
        def up() -> None:
            for device in group:
                device.start()

        def down(_reason: str) -> None:
            for device in group:
                device.controller_lost()

        filters = tuple(topic for device in group for topic in device.listens if not topic.startswith(PREFIX))
        # MQTT gives a connection one will: where several devices share it, it speaks for the first.
        first = next((device for device in group if not device.will.topic.startswith(PREFIX)), None)
        here = self._topics.online(group[0].device.room, group[0].device.id)
        link = Link(
            self._broker,
            f"twin-{name[:32]}-{token_hex(4)}",
            (*filters, self._topics.status()),
            will=first.will if first is not None else Message(here, b"false"),
            birth=first.birth if first is not None else Message(here, b"true"),
            on_message=listener(group, self._topics),
            on_up=up,
            on_down=down,
        )
        for device in group:
            device.connect(partial(self._say, link, device))
        return link

    def _say(self, link: Link, device: Simulated, message: Message) -> None:
        values = {key: value for key, value in device.actual().items() if key not in ("fade", "run_for")}
        if values != self._was.get(device, {}):
            self._was[device] = values
            self._changed(device.device, values)
        if message.topic.startswith(PREFIX):
            self._hall.say(message)
        else:
            link.publish(message)


async def simulate(
    topics: Topics,
    rooms: Sequence[Room],
    broker: BrokerSettings,
    clock: Clock,
    share: Share = "room",
    report_every: Seconds = 5.0,
    changed: Changed = lambda device, values: None,
) -> None:
    """Be these rooms until cancelled; `changed` is called with what a device is, where it says so and is otherwise than before."""
    simulator = Simulator(topics, rooms, broker, clock, share, report_every, changed)
    await simulator.start()
    try:
        await asyncio.Event().wait()
    finally:
        await simulator.stop()
