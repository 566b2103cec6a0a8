"""A whole house with one clock that a test moves: the real program, a real Mosquitto, and devices of many families.

Nothing said is on its way when time goes on, so that what is seen owes nothing to how busy the machine is.
"""

import asyncio
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from paho.mqtt.client import topic_matches_sub

from ambiance.app import Running, run
from ambiance.clock import ManualClock
from ambiance.config import load_config
from ambiance.cuesheet import LightLevel, SoundLevel, dba_of, scene_at
from ambiance.device import Incoming, Message, Topics
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.dialects import SPOKEN
from ambiance.device.simulated import Simulated
from ambiance.device.simulator import Simulator
from ambiance.session.model import News, Session
from ambiance.session.wishes import RoomNow
from ambiance.site import Room
from ambiance.units import SILENCE, lstar, output
from tests.journeys.house import House

STEP = 0.5
LOST = 2.0
"""Seconds of the machine after which nothing that both links have handed over is on its way any more."""


@dataclass
class Seen:
    """What an observer, who trusts nobody's reports, found in a room at one moment of a session."""

    offset: float
    light: float
    """How far (L*) the light of the whole room is from that of the scene."""
    lamps: dict[str, float]
    """The same for each lamp."""
    sound: float | None
    """How far (dB) the music is; None where the scene has it below what a step of 1 % can render."""


@dataclass
class Stage:
    """The house while it runs."""

    running: Running
    simulator: Simulator
    clock: ManualClock
    room: Room
    seen: list[Seen] = field(default_factory=list)
    ran: list[tuple[datetime, float]] = field(default_factory=list)
    """Stretches in which the diffuser truly ran: when each was seen, and its seconds."""
    news: list[News] = field(default_factory=list)
    said: list[Message] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    """When each of `said` was."""
    _down: int = 0
    _up: int = 0
    _turning: int = 0

    @property
    def now(self) -> RoomNow:
        return self.running.conductor.room(self.room.id)

    def twin(self, device: str) -> Simulated:
        return self.simulator.rooms[self.room.id].devices[device]

    def kinds(self) -> list[str]:
        return [news.type for news in self.news]

    async def press(self, press: str = "single", button: int = 1) -> None:
        self.twin("keys").press(press, button)
        await self.quiet()

    async def wait_for(self, enough: Callable[[], Any], within: float = 3600.0) -> None:
        until = self.clock.monotonic() + within
        while not enough():
            assert self.clock.monotonic() < until, "it did not happen in time"
            await self.tick()

    async def pass_time(self, seconds: float) -> None:
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            await self.tick()

    async def tick(self) -> None:
        """On to the next thing that is due, or a step where nothing is."""
        due = (self.clock._alarms[0][0] - self.clock.now()).total_seconds() if self.clock._alarms else STEP
        step = min(STEP, max(1e-6, due))
        if self.twin("diffuser").actual()["on"]:
            self.ran.append((self.clock.now(), step))
        self.clock.advance(step)
        await self.quiet()
        self.look()

    async def opened(self) -> None:
        """Until all that is said at the beginning was heard; it was not counted from its first word."""
        links, before, moved = (self.running.link, *self.simulator._links), (0, 0), time.monotonic()
        while time.monotonic() - moved < 1.0:
            if (self._down, self._up) != before or any(link.state != "up" or link.queue_depth or link.in_flight for link in links):
                before, moved = (self._down, self._up), time.monotonic()
            await asyncio.sleep(0.01)
        self._down = self._up = 0

    async def quiet(self) -> None:
        """Until everything said was heard, both ways, and nothing waits for its turn."""
        conductor, calm, before, moved = self.running.conductor, 0, (0, 0), time.monotonic()
        links = (self.running.link, *self.simulator._links)
        given_up = moved + 120
        while time.monotonic() < given_up:
            turning = self._turning > 0 or conductor._queue or conductor._ready.is_set()
            busy = turning or self._down > 0 or self._up > 0
            calm = 0 if busy else calm + 1
            if calm > 3:
                return
            # A newer message takes the place of one that still waits on its topic: what was replaced never arrives.
            on_its_way = (self._down, self._up)
            if turning or on_its_way != before or any(link.queue_depth or link.in_flight for link in links):
                before, moved = on_its_way, time.monotonic()
            if busy and time.monotonic() - moved > LOST:
                self._down = self._up = 0
            await asyncio.sleep(0.0005 if busy else 0)
        raise AssertionError("the house does not come to rest")

    def look(self) -> None:
        """Hold what the devices truly are against the scene of the session's sheet."""
        live = [session for session in self.running.conductor.sessions() if session.room == self.room.id]
        if not live:
            return
        session: Session = live[0]
        offset = session.offset(self.clock.now())
        levels = scene_at(session.sheet, offset).levels
        wanted = truly = 0.0
        lamps = {}
        for lamp in self.room.of("light"):
            level, actual = levels[lamp.id], self.twin(lamp.id).actual()
            assert isinstance(level, LightLevel)
            burns = actual["brightness"] / 100
            wanted, truly = wanted + lamp.share * output(level.lstar), truly + lamp.share * burns
            lamps[lamp.id] = abs(lstar(burns) - level.lstar)
        speaker = self.room.of("player")[0]
        sound, actual = levels[speaker.id], self.twin(speaker.id).actual()
        assert isinstance(sound, SoundLevel)
        loud = dba_of(self.room, speaker, actual["volume"]) if actual["playing"] else SILENCE
        off = abs(loud - sound.dba) if sound.dba > 30 or loud > 30 else None
        self.seen.append(Seen(offset, abs(lstar(truly) - lstar(wanted)), lamps, off))


async def play(house: House, url: str, script: Callable[[Stage], Any]) -> Stage:
    """Run the house, follow the script, and close it."""
    config, clock = load_config(house.file, {}), ManualClock()
    topics = Topics(config.site.prefix, config.site.id)
    simulator = Simulator(topics, config.site.rooms, BrokerSettings(url), clock, share="house")
    found: asyncio.Future[Stage] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()

    def ready(running: Running) -> None:
        found.set_result(Stage(running, simulator, clock, config.site.rooms[0]))

    thresholds = gc.get_threshold()
    await simulator.start()
    program = asyncio.create_task(run(config, clock, ready, stop))
    try:
        stage = await asyncio.wait_for(found, 30)
        _overhear(stage)
        await stage.opened()
        await script(stage)
        return stage
    finally:
        stop.set()
        await asyncio.wait({program}, timeout=20)
        await simulator.stop()
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        if program.done() and not program.cancelled() and program.exception() is not None:
            raise program.exception() or AssertionError


def _overhear(stage: Stage) -> None:
    """Count what is said and heard on the way to and from the devices."""
    site = stage.running.config.site
    spoken = {name: speak(Topics(site.prefix, site.id)) for name, speak in SPOKEN.items()}
    filters = {topic for device in stage.room.devices for topic in spoken[device.dialect].filters(device)}
    twins = stage.simulator.rooms[stage.room.id].devices.values()
    link, conductor = stage.running.link, stage.running.conductor
    publish, hear, turn = link.publish, link._on_message, conductor._turn

    def say(message: Message) -> bool:
        stage.said.append(message)
        stage.times.append(stage.clock.now())
        stage._down += sum(any(topic_matches_sub(topic, message.topic) for topic in twin.listens) for twin in twins)
        return publish(message)

    def heard(incoming: Incoming) -> None:
        stage._up -= incoming.topic in filters
        hear(incoming)

    async def turned(asked: Any) -> Any:
        stage._turning += 1
        try:
            return await turn(asked)
        finally:
            stage._turning -= 1

    vars(link)["publish"], vars(link)["_on_message"], vars(conductor)["_turn"] = say, heard, turned
    conductor.follow(stage.news.append)
    for twin in twins:
        _overhear_one(stage, twin, filters)


def _overhear_one(stage: Stage, twin: Simulated, filters: set[str]) -> None:
    take, say = twin.take, twin._publish

    def taken(incoming: Incoming) -> None:
        stage._down -= 1
        take(incoming)

    def said(message: Message) -> None:
        stage._up += message.topic in filters
        say(message)

    vars(twin)["take"], vars(twin)["_publish"] = taken, said
