"""A device's walk: what a good one does is said, what a bad one does is found, and the room always comes first."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ambiance.clock import ManualClock
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted
from ambiance.device import Courier, DeviceNews, Incoming, Message, Topics
from ambiance.device.dialects import SPOKEN
from ambiance.device.simulator import SimulatedRoom
from ambiance.device.trying import Line, Trial, Trials
from ambiance.errors import Conflict, Invalid
from ambiance.site import Device, Room, Site
from ambiance.units import lstar

TOPICS = Topics("ambiance", "harbour")
ROOM = Room(
    "lavender",
    "Lavender",
    full_volume_dba=70,
    devices=(
        Device("ceiling", "lavender", "light", kelvin=(2200.0, 5000.0), lowest=1.5),
        Device("speaker", "lavender", "player"),
        Device("mist", "lavender", "diffuser"),
        Device("stones", "lavender", "warmer"),
        Device("extract", "lavender", "fan"),
        Device("heating", "lavender", "climate"),
        Device("knob", "lavender", "button", press={"single": "next"}),
        Device("plug", "lavender", "diffuser", "tasmota", "plug"),
        Device("dumb", "lavender", "diffuser", "shelly-gen1", "shellies/dumb", options={"unsafe": "true"}),
        Device("strip", "lavender", "light", "wled", "wled/strip", fade=65.5, curve="output"),
    ),
)


class TasmotaPlug:
    """A plug as Tasmota has it: PulseTime is a setting, each ON begins it anew; `forgetful` ignores it."""

    def __init__(self, clock: ManualClock, say: Callable[[Message], None], forgetful: bool = False) -> None:
        self.clock, self.say, self.forgetful = clock, say, forgetful
        self.on, self.pulse, self.heard = False, 0.0, []  # type: bool, float, list[str]

    def hear(self, message: Message) -> None:
        if message.topic.startswith("cmnd/plug/"):
            text = message.payload.decode()
            name = message.topic.rsplit("/", 1)[-1]
            self.heard.append(f"{name} {text}")
            for word in text.split("; ") if name == "Backlog0" else [f"{name} {text}"]:
                command, _, value = word.partition(" ")
                if command == "PulseTime1":
                    self.pulse = int(value) / 10 if int(value) < 112 else int(value) - 100
                    body = {"PulseTime1": {"Set": int(value), "Remaining": int(value)}}
                    self.say(Message("stat/plug/RESULT", json.dumps(body).encode()))
                elif command == "Power1":
                    self.switch(value == "ON")

    def switch(self, on: bool) -> None:
        self.on = on
        self.say(Message("stat/plug/RESULT", json.dumps({"POWER": "ON" if on else "OFF"}).encode()))
        self.say(Message("stat/plug/POWER", b"ON" if on else b"OFF"))
        if on and self.pulse and not self.forgetful:
            from datetime import timedelta

            self.clock.call_at(self.clock.now() + timedelta(seconds=self.pulse), lambda: self.switch(False))


class House:
    """A courier, trials, simulated devices of our own, a Tasmota plug and a WLED strip that repeats what it is told."""

    def __init__(self, forgetful: bool = False) -> None:
        self.clock = ManualClock()
        self.sent: list[Message] = []
        self.given_back: list[str] = []
        self.why: str | None = None
        # Whatever is not native here is played by this file alone.
        ours = replace(ROOM, devices=tuple(device for device in ROOM.devices if device.dialect == "native"))
        self.twins = SimulatedRoom(ours, TOPICS, self.clock, lambda message: self.courier_hears(message), report_every=1.0)
        self.plug = TasmotaPlug(self.clock, lambda message: self.courier_hears(message), forgetful)
        self.site = Site("harbour", "Harbour", ZoneInfo("UTC"), (ROOM,))
        dialects = {name: speak(TOPICS) for name, speak in SPOKEN.items()}
        self.courier = Courier(self.site, TOPICS, dialects, 4, self.clock, self._to_devices, self._told)
        self.trials = Trials(
            self.site, dialects, self.clock, self.courier.send, lambda room, device: self.why, lambda room, device: (None, None),
            lambda room, device: self.given_back.append(device),
        )  # fmt: skip
        self.courier.link_up()

    def courier_hears(self, message: Message) -> None:
        self._soon(lambda: self.courier.hear(Incoming(message.topic, message.payload)))

    def _soon(self, do: Callable[[], object]) -> None:
        from datetime import timedelta

        self.clock.call_at(self.clock.now() + timedelta(milliseconds=20), lambda: (do(), None)[1])

    def _to_devices(self, message: Message) -> None:
        self.sent.append(message)
        self._soon(lambda: self.twins.hear(Incoming(message.topic, message.payload)))
        self._soon(lambda: self.plug.hear(message))
        if message.topic == "wled/strip/api":
            body = json.loads(message.payload)
            self.courier_hears(Message("wled/strip/g", str(body.get("bri", 0) if body["on"] else 0).encode()))

    def _told(self, news: DeviceNews) -> None:
        self.trials.heard(news)

    def begin(self, device: str, do: str = "walk", **more: Any) -> AsyncIterator[Line]:
        return self.trials.begin(ROOM, ROOM.by_id[device], Trial(do, **more))  # type: ignore[arg-type]  # it is a trial

    async def try_(self, device: str, do: str = "walk", **more: Any) -> dict[str, Line]:
        """The whole of it, while time passes."""

        async def gather() -> dict[str, Line]:
            return {line.step: line async for line in self.begin(device, do, **more)}

        task = asyncio.ensure_future(gather())
        for _ in range(4000):
            if task.done():
                break
            await self.clock.run(0.25)
        return task.result()

    def levels(self, device: str = "ceiling") -> list[float]:
        topic = TOPICS.set("lavender", device)
        return [json.loads(m.payload)["brightness"] for m in self.sent if m.topic == topic]


def told(house: House, device: str, do: str = "walk", **more: Any) -> dict[str, Line]:
    return asyncio.run(house.try_(device, do, **more))


def test_a_good_lamp_is_said_to_be_one() -> None:
    house = House()
    lines = told(house, "ceiling")
    assert [lines[step].verdict for step in ("10 %", "50 %", "100 %", "off")] == ["good"] * 4
    assert lines["10 %"].seconds == pytest.approx(0.04, abs=0.03) and lines["10 %"].asked is not None
    assert lines["warmest white, 2200 K"].verdict == lines["coolest white, 5000 K"].verdict == "good"
    assert lines["fade of 6 s"].verdict == "good" and "glided" in lines["fade of 6 s"].words
    assert lines["lowest steady light"].verdict == "good" and "0.1 %" in lines["lowest steady light"].words
    assert house.given_back == ["ceiling"] and house.twins.actual("ceiling")["on"] is False


def test_a_lamp_shows_itself_by_one_slow_rise_and_back_that_startles_nobody() -> None:
    house = House()
    house.twins.devices["ceiling"].touch(LightWanted(True, 20.0, 2700.0, None, 0.0))
    curve: list[float] = []

    async def scenario() -> dict[str, Line]:
        await house.clock.run(0.5)
        task = asyncio.ensure_future(house.try_("ceiling", "identify"))
        return await task

    original = house.clock.run

    async def watched(seconds: float) -> None:
        await original(seconds)
        curve.append(lstar(house.twins.actual("ceiling")["brightness"] / 100))

    house.trials._reported = lambda room, device: ({"on": True, "brightness": 20.0, "kelvin": 2700.0}, True)
    house.clock.run = watched  # type: ignore[method-assign]
    lines = asyncio.run(scenario())
    assert lines["identify"].verdict == "look" and "rose" in lines["identify"].words
    assert max(curve) - curve[0] == pytest.approx(25, abs=1) and curve[-1] == pytest.approx(curve[0], abs=0.5)
    # Up once and down once, and no five seconds that move more than 20 L*.
    turns = sum(1 for a, b, c in zip(curve, curve[1:], curve[2:], strict=False) if (b - a) * (c - b) < -1e-6)
    assert turns == 1
    assert all(abs(late - early) <= 20.5 for early, late in zip(curve, curve[20:], strict=False))


def test_a_lamp_that_clips_jumps_or_is_dead_is_found_out() -> None:
    house = House()
    house.twins.devices["ceiling"].faults.clips = {"kelvin": (2700.0, 5000.0), "brightness": (3.0, 100.0), "fade": (0.0, 0.0)}
    lines = told(house, "ceiling")
    assert lines["warmest white, 2200 K"].verdict == "poor" and "2700 K only" in lines["warmest white, 2200 K"].words
    assert lines["fade of 6 s"].verdict == "bad" and "fade: 0" in lines["fade of 6 s"].words
    assert lines["lowest steady light"].verdict == "poor" and "3 %" in lines["lowest steady light"].words
    house = House()
    house.twins.devices["ceiling"].faults.deaf = True
    lines = told(house, "ceiling")
    assert lines["10 %"].verdict == "bad" and "has it power" in lines["10 %"].words and "50 %" not in lines
    assert house.given_back == ["ceiling"]


def test_a_strip_that_repeats_what_it_is_told_proves_nothing() -> None:
    lines = told(House(), "strip")
    assert lines["50 %"].verdict == "look" and "repeats" in lines["50 %"].words
    assert lines["lowest steady light"].verdict == lines["fade of 6 s"].verdict == "look"
    assert lines["warmest white, 1800 K"].verdict == "look"


def test_a_player_is_heard_at_rising_levels_and_none_above_the_limit_of_the_house() -> None:
    house = House()
    house.site = replace(house.site, limits=replace(house.site.limits, sound_max_dba=50.0))
    house.trials._site = house.site
    lines = told(house, "speaker")
    assert list(lines) == ["40 dBA", "50 dBA", "stop"]
    assert "listen" in lines["50 dBA"].words and lines["stop"].verdict == "good"
    said = [json.loads(m.payload) for m in house.sent if m.topic == TOPICS.set("lavender", "speaker")]
    assert said[0]["playing"] is False and said[1]["playing"] is True and said[-1]["playing"] is False
    assert max(each["volume"] for each in said) <= 100 * 10 ** ((50 - 70) / 60) + 0.1


@pytest.mark.parametrize("device", ["mist", "stones", "plug"])
def test_five_seconds_of_scent_or_warmth_end_by_themselves_and_are_seen_off(device: str) -> None:
    house = House()
    lines = told(house, device)
    assert [line.verdict for line in lines.values()] == ["good", "good", "good", "look", "good"]
    assert "went off by itself after 5" in lines["its own end"].words and lines["off"].words.endswith("as asked")
    if device == "plug":
        assert house.plug.heard[0] == "Backlog0 PulseTime1 50; Power1 ON" and house.plug.heard[-1] == "Power1 OFF"


@pytest.mark.parametrize("device", ["mist", "plug"])
def test_a_timer_that_is_not_kept_is_found_and_the_device_switched_off(device: str) -> None:
    house = House(forgetful=True)
    if device == "mist":
        house.twins.devices["mist"].keeps_time(False)
    lines = told(house, device)
    assert lines["its own end"].verdict == "bad" and "Never use it for scent" in lines["its own end"].words
    assert lines["off"].verdict == "good"
    assert not house.plug.on and house.twins.actual("mist")["on"] is False


def test_fans_thermostats_and_keys_have_their_walk() -> None:
    house = House()
    assert [line.verdict for line in told(house, "extract").values()] == ["good"] * 3
    assert list(told(house, "heating")) == ["23 °C", "back to 22 °C"]

    async def pressed() -> dict[str, Line]:
        task = asyncio.ensure_future(house.try_("knob"))
        await asyncio.sleep(0)
        house.twins.devices["knob"].press("single")
        return await task

    assert asyncio.run(pressed())["press a key"].verdict == "good"
    assert told(house, "knob")["press a key"].verdict == "bad"


def test_a_level_stays_for_whoever_measures_until_its_time_is_over_or_somebody_ends_it() -> None:
    house = House()

    async def scenario() -> None:
        lines = await house.try_("ceiling", "level", brightness=100.0, seconds=30.0)
        assert lines["100 %"].verdict == "good" and house.given_back == []
        assert house.twins.actual("ceiling")["brightness"] == 100.0
        await house.clock.run(31)
        assert house.given_back == ["ceiling"]
        await house.try_("ceiling", "level", brightness=50.0, seconds=600.0)
        assert house.trials.end("lavender", "ceiling") and house.given_back == ["ceiling"] * 2
        assert not house.trials.end("lavender", "ceiling")
        await house.clock.run(1)
        assert house.given_back == ["ceiling"] * 2

    asyncio.run(scenario())


def test_whoever_speaks_for_the_room_ends_a_trial_and_scent_is_off_before_it_speaks() -> None:
    house = House()

    async def scenario() -> None:
        lines: list[Line] = []

        async def gather() -> None:
            lines.extend([line async for line in house.begin("mist", "puff")])

        task = asyncio.ensure_future(gather())
        await house.clock.run(1)
        assert house.twins.actual("mist")["on"] is True
        house.sent.clear()
        house.trials.needed("lavender", "mist")
        house.courier.send("lavender", "mist", (DiffuserWanted(True, 2, 120.0),))
        await house.clock.run(3)
        await task
        said = [json.loads(m.payload) for m in house.sent]
        assert [(one["on"], one["run_for"]) for one in said if one["on"] or one is said[0]] == [(False, 0.0), (True, 120.0)]
        # Nothing is said from the trial afterwards: the dose goes on.
        assert house.twins.actual("mist")["on"] is True
        assert lines[-1].step == "ended" and "the room needs it" in lines[-1].words
        assert house.given_back == []

    asyncio.run(scenario())


def test_a_session_that_says_nothing_to_a_device_gets_it_back_all_the_same() -> None:
    house = House()

    async def scenario() -> None:
        await house.try_("ceiling", "level", brightness=100.0, seconds=600.0)
        house.trials.look()
        assert house.given_back == []
        house.why = "a session is under way in lavender"
        house.trials.look()
        assert house.given_back == ["ceiling"] and not house.trials.end("lavender", "ceiling")

    asyncio.run(scenario())


def test_a_reader_that_leaves_ends_the_walk_and_nothing_is_left_running() -> None:
    house = House()

    async def scenario() -> None:
        lines = house.begin("mist")
        first = asyncio.ensure_future(anext(lines))
        await house.clock.run(1)
        assert (await first).verdict == "good" and house.twins.actual("mist")["on"] is True
        await lines.aclose()  # type: ignore[attr-defined]
        await house.clock.run(1)
        assert house.twins.actual("mist")["on"] is False and house.given_back == ["mist"]

    asyncio.run(scenario())


def test_what_a_room_needs_is_not_tried_and_what_makes_no_sense_is_refused() -> None:
    house = House()
    house.why = "a session is under way in lavender"
    with pytest.raises(Conflict, match="a session is under way"):
        told(house, "ceiling")
    house.why = None
    with pytest.raises(Invalid, match="walk, puff"):
        told(house, "mist", "tone")
    assert house.sent == []


def test_a_device_without_an_end_of_its_own_is_never_switched_on() -> None:
    house = House()
    assert [line.verdict for line in told(house, "dumb", "puff").values()] == ["bad"]
    assert [m.payload for m in house.sent] == [b"off"]
