"""The simulator: twins that do what a good device does, and what a bad one does when asked to."""

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ambiance.clock import ManualClock, SystemClock
from ambiance.cuesheet.wanted import ClimateWanted, DiffuserWanted, FanWanted, LightWanted, PlayerWanted, Wanted, WarmerWanted
from ambiance.device import Incoming, Message, Native, Topics
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.link import Link
from ambiance.device.simulator import SimulatedRoom, Simulator, simulate
from ambiance.device.twin import LightTwin, PlayerTwin, RunTwin, twin_of
from ambiance.site import Device, Room
from ambiance.units import kelvin, lstar, mired, output
from tests.brokers import free_port

TOPICS = Topics("ambiance", "harbour")
NATIVE = Native(TOPICS)
ROOM = Room(
    "lavender",
    "Lavender",
    full_light_lux=300,
    devices=(
        Device("ceiling", "lavender", "light", share=0.8),
        Device("exam", "lavender", "light", role="exam"),
        Device("speaker", "lavender", "player"),
        Device("scent", "lavender", "diffuser"),
        Device("air", "lavender", "climate"),
        Device("extract", "lavender", "fan"),
        Device("table", "lavender", "warmer"),
        Device("knob", "lavender", "button"),
    ),
)


class Bench:
    """A simulated room with nobody but the test around it."""

    def __init__(self, report_every: float = 5.0) -> None:
        self.clock = ManualClock()
        self.out: list[Message] = []
        self.room = SimulatedRoom(ROOM, TOPICS, self.clock, self.out.append, report_every)

    def tell(self, device: str, wanted: Wanted, version: int = 1, epoch: int = 1, retain: bool = False) -> None:
        (message,) = NATIVE.encode(ROOM.by_id[device], wanted, (epoch, version))
        self.room.hear(Incoming(message.topic, message.payload, retain))

    def status(self, word: bytes) -> None:
        self.room.hear(Incoming(TOPICS.status(), word))

    def reports(self, device: str) -> list[dict[str, Any]]:
        return [json.loads(message.payload) for message in self.out if message.topic == TOPICS.device_state("lavender", device)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


# -- twins -----------------------------------------------------------------------------------------------------------


@given(start=st.floats(0, 100), goal=st.floats(0, 100), fade=st.floats(1, 600), part=st.floats(0, 1))
def test_a_lamp_fades_linearly_in_lightness(start: float, goal: float, fade: float, part: float) -> None:
    lamp = LightTwin()
    lamp.apply(LightWanted(True, start, 2700), 0)
    lamp.apply(LightWanted(True, goal, 2700, None, fade), 10)
    there = lstar(lamp.at(10 + part * fade)["brightness"] / 100)
    assert there == pytest.approx(lstar(start / 100) + part * (lstar(goal / 100) - lstar(start / 100)), abs=0.1)


def test_a_lamp_fades_linearly_in_mired_and_ends_exactly() -> None:
    lamp = LightTwin()
    lamp.apply(LightWanted(True, 50, 4000), 0)
    lamp.apply(LightWanted(True, 50, 2000, None, 60), 0)
    assert lamp.at(30)["kelvin"] == pytest.approx(kelvin((mired(4000) + mired(2000)) / 2), abs=0.1)
    assert lamp.at(60) == {"on": True, "brightness": 50, "kelvin": 2000, "color": None, "fade": 0.0}


def test_a_lamp_told_to_go_off_is_on_until_it_is_dark() -> None:
    lamp = LightTwin()
    lamp.apply(LightWanted(False, 0, 2700, None, 10), 0)
    assert lamp.at(9)["on"] is True
    assert lamp.at(10)["on"] is False


def test_a_new_command_in_the_middle_of_a_fade_goes_on_from_there() -> None:
    lamp = LightTwin()
    lamp.apply(LightWanted(True, 100, 2700, None, 60), 0)
    there = lamp.at(20)["brightness"]
    lamp.apply(LightWanted(True, 10, 2700, None, 60), 20)
    assert lamp.at(20)["brightness"] == pytest.approx(there, abs=0.01)


def test_a_player_fades_linearly_in_decibels_and_stops_when_it_has_passed_its_level() -> None:
    player = PlayerTwin("cubic")
    player.apply(PlayerWanted(True, 100, "a"), 0)
    player.apply(PlayerWanted(False, 10, None, 60), 0)
    assert player.at(30)["volume"] == pytest.approx(100 * 10 ** (-30 / 60), abs=0.01)
    assert player.at(59)["playing"] is True
    assert player.at(60) == {"playing": False, "volume": 10, "playlist": "a", "fade": 0.0}


def test_a_player_that_is_stopped_takes_its_level_at_once() -> None:
    player = PlayerTwin("linear")
    player.apply(PlayerWanted(False, 15, "a", 30), 0)
    assert player.at(0)["volume"] == 15
    player.apply(PlayerWanted(True, 30, "a", 6), 0)
    assert player.at(0)["volume"] == pytest.approx(15, abs=0.01)


def test_row_7_a_diffuser_ends_its_own_run_and_never_runs_longer_than_half_an_hour() -> None:
    diffuser = twin_of(Device("scent", "lavender", "diffuser"))
    assert diffuser is not None
    diffuser.apply(DiffuserWanted(True, 2, 120), 0)
    assert diffuser.at(119) == {"on": True, "intensity": 2, "run_for": 1.0}
    assert diffuser.at(120) == {"on": False, "intensity": 0, "run_for": 0.0}
    diffuser.apply(DiffuserWanted(True, 2, 7200), 200)
    assert not diffuser.at(200 + 1800)["on"]


def test_a_run_without_an_end_is_no_run() -> None:
    warmer = RunTwin(3600)
    warmer.apply(WarmerWanted(True, 0), 0)
    assert not warmer.at(0)["on"]


# -- manners ---------------------------------------------------------------------------------------------------------


def test_a_device_answers_at_once_with_the_pair_and_what_it_is_then_again_at_the_end(bench: Bench) -> None:
    before = bench.room.actual("ceiling")["brightness"]
    bench.tell("ceiling", LightWanted(True, 10, 2200, None, 30), version=7, epoch=2)
    (first,) = bench.reports("ceiling")
    assert (first["epoch"], first["version"], first["brightness"]) == (2, 7, pytest.approx(before))
    bench.clock.advance(30)
    reports = bench.reports("ceiling")
    assert len(reports) == 7, "every 5 s and at the end"
    assert reports[-1]["brightness"] == 10
    bench.clock.advance(600)
    assert len(bench.reports("ceiling")) == 7
    assert all(message.retain for message in bench.out)


def test_a_quiet_device_reports_only_at_the_beginning_and_the_end() -> None:
    bench = Bench(report_every=0)
    bench.tell("ceiling", LightWanted(True, 10, 2200, None, 30))
    bench.clock.advance(100)
    assert len(bench.reports("ceiling")) == 2


def test_row_30_a_lower_pair_is_ignored_without_a_word(bench: Bench) -> None:
    bench.tell("extract", FanWanted(80), version=3, epoch=2)
    bench.tell("extract", FanWanted(10), version=2, epoch=2)
    bench.tell("extract", FanWanted(20), version=900, epoch=1)
    assert bench.room.actual("extract") == {"speed": 80}
    assert len(bench.reports("extract")) == 1


def test_row_29_an_equal_pair_is_answered_and_does_not_start_again(bench: Bench) -> None:
    bench.tell("scent", DiffuserWanted(True, 2, 120))
    bench.clock.advance(100)
    bench.tell("scent", DiffuserWanted(True, 2, 120))
    assert len(bench.reports("scent")) == 2
    bench.clock.advance(20)
    assert not bench.room.actual("scent")["on"]
    assert bench.reports("scent")[-1]["on"] is False, "it says when its own timer has ended it"


def test_row_28_a_retained_command_is_ignored(bench: Bench) -> None:
    bench.tell("scent", DiffuserWanted(True, 2, 120), retain=True)
    assert not bench.room.actual("scent")["on"]
    assert bench.out == []


def test_row_20_a_senseless_command_changes_nothing(bench: Bench) -> None:
    for payload in (b"", b"{", b'{"speed":NaN,"epoch":1,"version":1}', b'{"speed":101,"epoch":1,"version":1}', b'{"speed":10}'):
        bench.room.hear(Incoming(TOPICS.set("lavender", "extract"), payload))
    assert bench.room.actual("extract") == {"speed": 0.0}
    assert bench.out == []


def test_every_kind_does_what_it_is_told(bench: Bench) -> None:
    bench.tell("air", ClimateWanted(24))
    bench.tell("table", WarmerWanted(True, 1800))
    bench.tell("speaker", PlayerWanted(True, 30, "calm"))
    assert bench.reports("air")[-1]["celsius"] == 24
    assert bench.reports("table")[-1]["run_for"] == 1800
    assert bench.reports("speaker")[-1]["playlist"] == "calm"
    for device in ("air", "table", "speaker"):
        heard = NATIVE.decode(ROOM.by_id[device], TOPICS.device_state("lavender", device), bench.out[-1].payload)
        assert heard is not None


# -- faults ----------------------------------------------------------------------------------------------------------


def test_an_offline_device_is_mourned_by_its_will_and_hears_nothing(bench: Bench) -> None:
    bench.room.devices["extract"].go_offline()
    bench.tell("extract", FanWanted(80))
    assert [(m.topic, m.payload, m.retain) for m in bench.out] == [(TOPICS.online("lavender", "extract"), b"false", True)]
    bench.room.devices["extract"].come_back()
    assert bench.out[1].payload == b"true"
    assert bench.reports("extract")[-1]["speed"] == 0


def test_a_late_device_does_at_once_and_says_so_later(bench: Bench) -> None:
    bench.room.devices["extract"].faults.late = 8
    bench.tell("extract", FanWanted(80))
    assert bench.room.actual("extract") == {"speed": 80}
    bench.clock.advance(7.9)
    assert bench.reports("extract") == []
    bench.clock.advance(0.2)
    assert len(bench.reports("extract")) == 1


def test_a_device_may_never_answer_or_never_hear(bench: Bench) -> None:
    bench.room.devices["extract"].faults.answers = False
    bench.tell("extract", FanWanted(80))
    assert (bench.room.actual("extract"), bench.out) == ({"speed": 80}, [])
    bench.room.devices["extract"].faults.deaf = True
    bench.tell("extract", FanWanted(10), version=2)
    assert bench.room.actual("extract") == {"speed": 80}


def test_row_33_a_device_may_clip_what_it_is_told(bench: Bench) -> None:
    bench.room.devices["ceiling"].faults.clips["brightness"] = (10, 80)
    bench.tell("ceiling", LightWanted(True, 100, 4000))
    assert bench.reports("ceiling")[-1]["brightness"] == 80


def test_row_32_a_rebooted_device_has_another_boot_no_pair_and_its_defaults(bench: Bench) -> None:
    bench.room.start()
    bench.tell("ceiling", LightWanted(True, 3, 2200))
    bench.room.devices["ceiling"].reboot()
    first, *_, last = bench.reports("ceiling")
    assert first["boot"] != last["boot"]
    assert (last["brightness"], last["kelvin"], last["epoch"], last["version"]) == (50, pytest.approx(2700), None, None)


def test_a_diffuser_whose_timer_is_broken_runs_on(bench: Bench) -> None:
    bench.room.devices["scent"].keeps_time(False)
    bench.tell("scent", DiffuserWanted(True, 2, 120))
    bench.clock.advance(3600)
    assert bench.room.actual("scent")["on"]


def test_row_35_a_device_may_flap(bench: Bench) -> None:
    bench.room.devices["extract"].flap(times=3, every=2)
    bench.clock.advance(10)
    said = [m.payload for m in bench.out if m.topic == TOPICS.online("lavender", "extract")]
    assert said == [b"false", b"true"] * 3


# -- alone -----------------------------------------------------------------------------------------------------------


def test_when_the_controller_is_gone_for_a_minute_dim_lamps_rise_to_30_lx_and_scent_stops(bench: Bench) -> None:
    bench.tell("ceiling", LightWanted(True, 1.7, 2000))
    bench.tell("exam", LightWanted(False, 0, 4000))
    bench.tell("scent", DiffuserWanted(True, 2, 900))
    bench.status(b"offline")
    bench.clock.advance(59.9)
    assert bench.room.actual("ceiling")["brightness"] == 1.7
    assert bench.room.actual("scent")["on"]
    bench.clock.advance(0.2)
    assert not bench.room.actual("scent")["on"]
    levels = []
    for _ in range(20):
        levels.append(lstar(bench.room.actual("ceiling")["brightness"] / 100))
        bench.clock.advance(1)
    assert max(b - a for a, b in pairwise(levels)) <= 4.01, "nobody is startled"
    assert 300 * 0.8 * bench.room.actual("ceiling")["brightness"] / 100 == pytest.approx(30)
    assert not bench.room.actual("exam")["on"]


def test_a_bright_lamp_stays_as_it_is_when_the_controller_is_gone(bench: Bench) -> None:
    bench.tell("ceiling", LightWanted(True, 60, 2700))
    bench.status(b"offline")
    bench.clock.advance(300)
    assert bench.room.actual("ceiling")["brightness"] == 60


def test_a_controller_that_is_back_within_the_minute_finds_the_room_as_it_was(bench: Bench) -> None:
    bench.tell("ceiling", LightWanted(True, 1.7, 2000))
    for _ in range(5):
        bench.status(b"offline")
        bench.clock.advance(50)
        bench.status(b"online")
    bench.clock.advance(300)
    assert bench.room.actual("ceiling")["brightness"] == 1.7


def test_a_wall_switch_and_a_button_work_by_hand(bench: Bench) -> None:
    bench.room.devices["ceiling"].touch(LightWanted(False, 0, 2700))
    assert bench.reports("ceiling")[-1]["on"] is False
    bench.room.devices["knob"].press("double", 2)
    assert (bench.out[-1].payload, bench.out[-1].retain) == (b'{"press": "double", "button": 2}', False)


# -- on a real broker ------------------------------------------------------------------------------------------------


@pytest.fixture
def mosquitto_url(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    conf = tmp_path / "twins.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"mqtt://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


class Controller:
    """A bare controller: publishes, and waits for what it hears."""

    def __init__(self, settings: BrokerSettings) -> None:
        self.heard: list[Incoming] = []
        self._came = asyncio.Event()
        self.up = asyncio.Event()
        status = TOPICS.status()
        self.link = Link(
            settings,
            "controller",
            TOPICS.device_filters(),
            will=Message(status, b"offline", retain=True),
            birth=Message(status, b"online", retain=True),
            on_message=self._on_message,
            on_up=self.up.set,
            on_down=lambda reason: None,
        )

    def _on_message(self, incoming: Incoming) -> None:
        self.heard.append(incoming)
        self._came.set()

    async def until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not ready():
                self._came.clear()
                await self._came.wait()

    def last(self, topic: str) -> bytes | None:
        return next((incoming.payload for incoming in reversed(self.heard) if incoming.topic == topic), None)


@pytest.mark.parametrize("share", ["device", "room", "house"])
def test_simulated_devices_answer_over_a_real_broker(mosquitto_url: str, share: Any) -> None:
    async def run() -> None:
        settings = BrokerSettings(mosquitto_url)
        controller = Controller(settings)
        simulator = Simulator(TOPICS, [ROOM], settings, SystemClock(speed=60), share)
        await controller.link.start()
        await simulator.start()
        online = [TOPICS.online("lavender", device.id) for device in ROOM.devices]
        await controller.until(lambda: all(controller.last(topic) == b"true" for topic in online))
        (message,) = NATIVE.encode(ROOM.by_id["ceiling"], LightWanted(True, 12, 2200, None, 30), (1, 1))
        controller.link.publish(message)
        state = TOPICS.device_state("lavender", "ceiling")
        await controller.until(lambda: json.loads(controller.last(state) or b"{}").get("brightness") == 12)
        await simulator.stop()
        await controller.until(lambda: all(controller.last(topic) == b"false" for topic in online))
        await controller.link.stop()

    asyncio.run(run())


def test_a_simulation_of_its_own_runs_until_cancelled_and_then_says_goodbye(mosquitto_url: str) -> None:
    async def run() -> None:
        settings = BrokerSettings(mosquitto_url)
        controller = Controller(settings)
        await controller.link.start()
        task = asyncio.create_task(simulate(TOPICS, [ROOM], settings, SystemClock()))
        topic = TOPICS.online("lavender", "scent")
        await controller.until(lambda: controller.last(topic) == b"true")
        task.cancel()
        await controller.until(lambda: controller.last(topic) == b"false")
        with pytest.raises(asyncio.CancelledError):
            await task
        await controller.link.stop()

    asyncio.run(run())


def test_a_simulated_room_can_be_run_on_a_clock_that_is_stepped(bench: Bench) -> None:
    bench.tell("ceiling", LightWanted(True, 100 * output(40), 2700, None, 0))
    bench.clock.step_wall(timedelta(hours=1))
    bench.tell("ceiling", LightWanted(True, 100 * output(60), 2700, None, 20), version=2)
    bench.clock.stepped()
    bench.clock.advance(10)
    assert lstar(bench.room.actual("ceiling")["brightness"] / 100) == pytest.approx(50, abs=0.1)
