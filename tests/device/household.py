"""Our courier on one side of a real Mosquitto and simulated devices on the other, with one clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from paho.mqtt.client import topic_matches_sub

from ambiance.clock import ManualClock
from ambiance.cuesheet import Sheet, pieces
from ambiance.cuesheet.cues import level_at
from ambiance.cuesheet.model import Cue, Level, LightLevel
from ambiance.cuesheet.wanted import Wanted
from ambiance.device import Courier, DeviceNews, DeviceReported, Incoming, Message
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.dialects import SPOKEN
from ambiance.device.lines import PREFIX, Lines
from ambiance.device.link import Link
from ambiance.device.simulated import Simulated
from ambiance.device.simulator import Simulator
from ambiance.site import Device, Room, Site
from ambiance.units import lstar
from tests.device.families import TOPICS

STEP = 0.5
"""Site seconds after which what was said is waited for."""


class Household:
    """One room with a courier and twins. Time moves by `pass_time` alone, and nothing said is then still on its way."""

    def __init__(self, url: str, *devices: Device) -> None:
        self.clock = ManualClock()
        spoken = {name: speak(TOPICS) for name, speak in SPOKEN.items()}

        def timed(device: Device) -> Device:
            traits = spoken[device.dialect].traits(device)
            assert not spoken[device.dialect].check(device)
            fade = min(traits.fade, 6500.0)
            warmth = traits.kelvin if device.kelvin == Device("", "", "light").kelvin else device.kelvin
            return replace(device, fade=fade, curve=traits.curve, tick=traits.tick, renews=traits.renews, kelvin=warmth)

        self.room = Room("lavender", "Lavender", full_volume_dba=70, devices=tuple(timed(device) for device in devices))
        self.news: list[DeviceNews] = []
        self.said: list[Message] = []
        site = Site("harbour", "Harbour", ZoneInfo("UTC"), (self.room,))
        self.courier = Courier(site, TOPICS, spoken, 4, self.clock, self._publish, self.news.append)
        filters = self.courier.filters
        self.link = Link(
            BrokerSettings(url),
            "ambiance-harbour",
            tuple(topic for topic in filters if not topic.startswith(PREFIX)),
            will=Message(TOPICS.status(), b"offline", retain=True),
            birth=Message(TOPICS.status(), b"online", retain=True),
            on_message=self._hear,
            on_up=self.courier.link_up,
            on_down=lambda reason: self.courier.link_down(),
        )
        self.lines = Lines((topic for topic in filters if topic.startswith(PREFIX)), self._hear, retries=(0.02,))
        self.simulator = Simulator(TOPICS, (self.room,), BrokerSettings(url), self.clock)
        self._down = self._up = self._heard = 0
        for twin in self.simulator.rooms["lavender"].devices.values():
            self._overhear(twin)

    def twin(self, device: str = "it") -> Simulated:
        return self.simulator.rooms["lavender"].devices[device]

    def actual(self, device: str = "it") -> dict[str, Any]:
        return self.twin(device).actual()

    def send(self, wanted: Wanted, device: str = "it") -> None:
        self.courier.send("lavender", device, (wanted,))

    def shout(self, payload: bytes, leaf: str = "set") -> None:
        """Something else speaks to the one device of the room."""
        topic = next(each for each in self.twin().listens if each.endswith((leaf, "+")))
        self._down += 1
        self.twin().take(Incoming(topic.replace("+", leaf), payload))

    def told(self, kind: type[DeviceNews], device: str = "it") -> list[DeviceNews]:
        return [news for news in self.news if isinstance(news, kind) and news.device == device]

    def confirmed(self, device: str = "it") -> bool:
        return any(isinstance(news, DeviceReported) and news.confirmed for news in self.told(DeviceReported, device))

    async def pass_time(self, seconds: float, look: Callable[[], None] = lambda: None) -> None:
        """Let time pass, a little at a time; `look` is called after each."""
        await self.quiet()
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until - 1e-6:
            self.clock.advance(min(STEP, until - self.clock.monotonic()))
            await self.quiet()
            look()

    async def play(self, look: Callable[[float], None], *cues: Cue) -> None:
        """Play cues as the conductor does, and `look` at each offset."""
        sheet, began = Sheet("spa/swedish", 60, (), {}, cues), self.clock.monotonic()
        due: dict[str, float | None] = {cue.device: cues[0].at for cue in cues}
        since: dict[str, float | None] = dict.fromkeys(due, cues[0].at - 1)
        end = max(cue.end for cue in cues) + 5
        while (offset := self.clock.monotonic() - began) <= end:
            for device, at in due.items():
                if at is not None and at <= offset + 1e-6:
                    wanteds, due[device] = pieces(sheet, self.room, self.room.by_id[device], offset, since[device])
                    since[device] = offset
                    self.courier.send("lavender", device, wanteds)
            await self.quiet()
            look(offset)
            coming = [at - offset for at in due.values() if at is not None]
            self.clock.advance(min((STEP, *(each for each in coming if each > 1e-6))))
            await self.quiet()

    def level(self, offset: float, *cues: Cue) -> Level:
        return level_at([cue for cue in cues if cue.at <= offset + 1e-6], offset)

    async def quiet(self, within: float = 20.0) -> None:
        """Until everything said has been heard, both ways."""
        await until(lambda: self._down <= 0 and self._up <= 0, within)

    def _publish(self, message: Message) -> None:
        self.said.append(message)
        for device in self.simulator.rooms["lavender"].devices.values():
            self._down += any(topic_matches_sub(topic, message.topic) for topic in device.listens)
        if not self.lines.publish(message):
            self.link.publish(message)

    def _hear(self, incoming: Incoming) -> None:
        self._heard += 1
        if self.courier.hear(incoming) and _counts(incoming):
            self._up -= 1

    def _overhear(self, twin: Simulated) -> None:
        take, publish = twin.take, twin._publish

        def heard(incoming: Incoming) -> None:
            self._down -= 1
            take(incoming)

        def said(message: Message) -> None:
            self._up += message.topic in self.courier.filters and _counts(message)
            publish(message)

        vars(twin)["take"] = heard
        vars(twin)["_publish"] = said

    async def begin(self) -> None:
        """Everybody is there and was heard."""
        await self.link.start()
        await until(lambda: self.link.state == "up")
        await self.simulator.start()
        self.lines.start()
        links = self.simulator._links
        await until(lambda: all(link.state == "up" and not link.queue_depth and not link.in_flight for link in links))
        # Of what is said at first some takes the place of other; so wait until nothing has come for a while.
        calm, heard = 0, self._heard
        while calm < 8:
            await asyncio.sleep(0.02)
            calm, heard = (calm + 1 if heard == self._heard else 0), self._heard
        self._down = self._up = 0


def _counts(said: Message | Incoming) -> bool:
    """Of a line of its own only answers are counted: its notices go to others, and that it is up is said by nobody on it."""
    return not said.topic.startswith(PREFIX) or b'"result"' in said.payload


async def until(enough: Callable[[], bool], within: float = 20.0) -> None:
    """Look again and again."""
    for _ in range(round(within * 1000)):
        if enough():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not happen in time")


@asynccontextmanager
async def household(url: str, *devices: Device) -> AsyncIterator[Household]:
    """Everybody there and heard of."""
    house = Household(url, *devices)
    await house.begin()
    house.clock.advance(1)
    try:
        yield house
    finally:
        await house.lines.stop()
        await house.simulator.stop()
        await house.link.stop()


def strays(level: Level, actual: dict[str, Any]) -> float:
    """How far (L*) a lamp is from a level."""
    assert isinstance(level, LightLevel)
    return abs(lstar(actual["brightness"] / 100 if actual["on"] else 0.0) - level.lstar)
