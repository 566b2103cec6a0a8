"""Each family as its makers document it, and our courier with it, through a real broker."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from ambiance.clock import ManualClock
from ambiance.cuesheet import dba_of
from ambiance.cuesheet.model import Cue, Level, LightLevel, SoundLevel
from ambiance.cuesheet.wanted import ClimateWanted, DiffuserWanted, FanWanted, LightWanted, PlayerWanted, WarmerWanted
from ambiance.device import ButtonPressed, DeviceChanged, DeviceReturned, DeviceSilent, DeviceWentOffline, Incoming, Message
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.dialects import SPOKEN
from ambiance.device.simulator import Share, Simulator
from ambiance.device.twins import TWINS
from ambiance.device.twins.family import FamilyTwin
from ambiance.device.twins.mopidy import MopidyTwin
from ambiance.device.twins.zigbee2mqtt import Zigbee2MqttTwin
from ambiance.doctor.broker import HARMLESS
from ambiance.site import Device, Room
from ambiance.units import SILENCE, lstar, output
from tests.brokers import Mosquitto, Witness, free_port
from tests.device.families import TOPICS, device
from tests.device.household import Household, household, strays, until

LIGHTS = [name for name in TWINS if "light" in SPOKEN[name].kinds]  # type: ignore[attr-defined]
ENDING = [name for name in TWINS if "diffuser" in SPOKEN[name].kinds and name != "knx-mqtt-bridge"]  # type: ignore[attr-defined]
"""Families whose diffusers end by themselves."""
STEPS = dict.fromkeys(("tasmota", "shelly-gen2", "shelly-gen2-control", "shelly-gen1", "openbeken", "knx-mqtt-bridge"), 100)
"""Families whose lamps have whole percents only."""
NAMELESS = ("knx-mqtt-bridge", "mopidy-mqtt", "template")
"""Families that say nothing of whether they are there."""
DARK, DIM, FULL = LightLevel(0, 370), LightLevel(30, 400), LightLevel(75, 330)


def lamp(name: str) -> Device:
    more = {"knx-mqtt-bridge": {"status": "1/2/9", "kelvin": "1/2/4"}}.get(name, {})
    return device(name, "light", **more)


def rounding(name: str, level: Level) -> float:
    """What a lamp that has but so many steps cannot help (L*): half a step, or a whole one where its lowest is too bright."""
    assert isinstance(level, LightLevel)
    step, here = 1 / STEPS.get(name, 254), output(level.lstar)
    return lstar(step) if here < step else (lstar(here + step / 2) - lstar(here - step / 2)) / 2


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def test_every_dialect_has_a_twin() -> None:
    assert {"native", *TWINS} == set(SPOKEN)


@pytest.mark.parametrize("name", LIGHTS)
def test_a_lamp_of_any_family_is_within_two_lstar_of_the_scene_all_the_way(name: str, mosquitto: Mosquitto) -> None:
    async def play() -> None:
        async with household(mosquitto.url, lamp(name)) as house:
            cues = (
                Cue(0, "it", DARK, DARK, 0), Cue(2, "it", DARK, DIM, 60), Cue(70, "it", DIM, FULL, 40),
                Cue(120, "it", FULL, DIM, 30), Cue(160, "it", DIM, DARK, 20),
            )  # fmt: skip
            worst: list[tuple[float, float]] = []

            def look(offset: float) -> None:
                level = house.level(offset, *cues)
                # The lamp burns at half when the room begins.
                if offset > 1:
                    worst.append((strays(level, house.actual()) - rounding(name, level), offset))

            await house.play(look, *cues)
            assert max(worst)[0] <= 2.1, f"{max(worst)[0]:.2f} L* off at {max(worst)[1]:.1f} s"
            assert house.actual()["on"] is False
            assert not house.told(DeviceSilent) and not house.told(DeviceChanged)
            assert house.twin().refused == 0

    run(play())


@pytest.mark.parametrize("name", [name for name in LIGHTS if name != "mqtt-dmx-sequencer"])
def test_a_hand_at_the_wall_is_noticed_on_any_family(name: str, mosquitto: Mosquitto) -> None:
    async def touch() -> None:
        async with household(mosquitto.url, lamp(name)) as house:
            house.send(LightWanted(True, 40, 2700, None, 2))
            await house.pass_time(30)
            assert house.confirmed() and not house.told(DeviceChanged)
            house.twin().touch(LightWanted(True, 80, 2700))
            await house.pass_time(2)
            assert house.told(DeviceChanged), "somebody moved it"

    run(touch())


@pytest.mark.parametrize("name", [name for name in TWINS if name not in NAMELESS])
def test_who_has_no_network_is_noticed_and_so_is_the_return(name: str, mosquitto: Mosquitto) -> None:
    async def lose() -> None:
        what = device(name, "player" if name in ("sonos2mqtt", "snapcast-jsonrpc") else "light")
        if name == "snapcast-jsonrpc":
            what = Device("it", "lavender", "player", name, f"tcp:{free_port()}", options={"client": "aa:bb"})
        async with household(mosquitto.url, what) as house:
            house.twin().go_offline()
            await until(lambda: bool(house.told(DeviceWentOffline)))
            house.twin().come_back()
            await until(lambda: bool(house.told(DeviceReturned)))

    run(lose())


def test_a_bridge_that_is_gone_takes_its_lamps_along(mosquitto: Mosquitto) -> None:
    async def fall() -> None:
        lamps = [replace(device("zigbee2mqtt", "light"), id=name, topic=f"zigbee2mqtt/{name}") for name in ("left", "right")]
        async with household(mosquitto.url, *lamps) as house:
            twin = house.twin("left")
            assert isinstance(twin, Zigbee2MqttTwin)
            twin.go_offline()
            await until(lambda: bool(house.told(DeviceWentOffline, "left")))
            assert not house.told(DeviceWentOffline, "right"), "a lamp without power is alone in that"
            twin.go_offline_with_its_bridge()
            await until(lambda: bool(house.told(DeviceWentOffline, "right")))

    run(fall())


def test_a_group_is_one_message_for_all_its_lamps(mosquitto: Mosquitto) -> None:
    async def group() -> None:
        lamps = [replace(device("zigbee2mqtt", "light", group="both"), id=name, topic=f"zigbee2mqtt/{name}") for name in ("left", "right")]
        async with household(mosquitto.url, *lamps) as house:
            house.link.publish(Message("zigbee2mqtt/both/set", b'{"state":"ON","brightness":127}'))
            await until(lambda: all(house.actual(name)["brightness"] == 50 for name in ("left", "right")))
            house.link.publish(Message("zigbee2mqtt/both/set", b'{"state":"OFF"}'))
            await until(lambda: not any(house.actual(name)["on"] for name in ("left", "right")))

    run(group())


@pytest.mark.parametrize("share", ["device", "room", "house"])
def test_devices_speak_through_their_own_connection(share: Share, mosquitto: Mosquitto) -> None:
    async def speak() -> None:
        devices = (
            device("zigbee2mqtt", "light"),
            replace(device("sonos2mqtt", "player"), id="speaker"),
            replace(device("esphome", "light"), id="lamp"),
        )
        simulator = Simulator(TOPICS, [Room("lavender", "Lavender", devices=devices)], BrokerSettings(mosquitto.url), ManualClock(), share)
        await simulator.start()
        with Witness(mosquitto.port, "#") as witness:
            for twin in simulator.rooms["lavender"].devices.values():
                await until(lambda twin=twin: bool(witness.on(twin.will.topic)))  # type: ignore[misc]
            for topic in ("sonos/RINCON_000E5000000001400", "lavender-lamp/light/ceiling/state"):
                await until(lambda topic=topic: bool(witness.on(topic)))  # type: ignore[misc]
            await simulator.stop()

    run(speak())


@pytest.mark.parametrize("name", ENDING)
def test_row_7_a_diffuser_of_any_family_stops_by_its_own_timer_when_everything_else_is_dead(name: str, mosquitto: Mosquitto) -> None:
    async def die() -> None:
        async with household(mosquitto.url, device(name, "diffuser")) as house:
            house.send(DiffuserWanted(True, 2, 120))
            await house.pass_time(10)
            assert house.actual()["on"] is True
            assert house.confirmed()
            await house.link.stop()
            mosquitto.kill()
            house.clock.advance(105)
            assert house.actual()["on"] is True
            house.clock.advance(10)
            assert house.actual()["on"] is False
            house.clock.advance(3600)
            assert house.actual()["on"] is False, "and stays so"

    run(die())


@pytest.mark.parametrize("name", [name for name in ENDING if name != "openbeken"])
def test_a_run_that_is_renewed_lasts_as_long_as_it_is_and_ends_when_told(name: str, mosquitto: Mosquitto) -> None:
    async def renew() -> None:
        async with household(mosquitto.url, device(name, "diffuser")) as house:
            for _ in range(5):
                house.send(DiffuserWanted(True, 2, 120))
                await house.pass_time(40, lambda: _runs(house))
            house.send(DiffuserWanted(False))
            await house.pass_time(1)
            assert house.actual()["on"] is False
            await house.pass_time(300)
            assert house.actual()["on"] is False, "no timer turned it on again"
            assert not house.told(DeviceSilent)
            assert house.twin().refused == 0

    run(renew())


def _runs(house: Household) -> None:
    assert house.actual()["on"] is True


def test_an_event_of_openbeken_that_was_cut_short_does_not_end_the_next_run(mosquitto: Mosquitto) -> None:
    async def cut() -> None:
        async with household(mosquitto.url, device("openbeken", "diffuser")) as house:
            house.send(DiffuserWanted(True, 2, 300))
            await house.pass_time(100)
            house.send(DiffuserWanted(False))
            await house.pass_time(10)
            house.send(DiffuserWanted(True, 2, 300))
            await house.pass_time(290)
            assert house.actual()["on"] is True
            await house.pass_time(20)
            assert house.actual()["on"] is False

    run(cut())


def test_a_countdown_that_is_sent_alone_turns_a_plug_on(mosquitto: Mosquitto) -> None:
    async def toggle() -> None:
        async with household(mosquitto.url, device("zigbee2mqtt-tuya", "diffuser")) as house:
            house.shout(b'{"countdown":5}')
            house.clock.advance(6)
            assert house.actual()["on"] is True, "the trap that `state` beside it avoids"

    run(toggle())


@pytest.mark.parametrize("name", ["sonos2mqtt", "snapcast-jsonrpc"])
def test_music_rises_and_falls_within_one_and_a_half_decibels_of_the_scene(name: str, mosquitto: Mosquitto) -> None:
    async def play() -> None:
        what = device(name, "player", music="x-sonosapi-stream:calm") if name == "sonos2mqtt" else None
        what = what or Device("it", "lavender", "player", name, f"tcp:{free_port()}", options={"client": "aa:bb"})
        async with household(mosquitto.url, what) as house:
            calm, deep = SoundLevel(45, "pl-0123456789"), SoundLevel(52, "pl-0123456789")
            still = SoundLevel(SILENCE)
            cues = (
                Cue(0, "it", still, still, 0),
                Cue(2, "it", still, calm, 30),
                Cue(40, "it", calm, deep, 20),
                Cue(80, "it", deep, still, 30),
            )
            worst: list[tuple[float, float]] = []

            def look(offset: float) -> None:
                actual, level = house.actual(), house.level(offset, *cues)
                assert isinstance(level, SoundLevel)
                here = dba_of(house.room, house.room.devices[0], actual["volume"]) if actual["playing"] else SILENCE
                # Below 35 dBA a step of one percent is more than that, and nobody hears it.
                if level.dba > 40:
                    worst.append((abs(here - level.dba), offset))

            await house.play(look, *cues)
            assert max(worst)[0] <= 1.5, f"{max(worst)[0]:.2f} dB off at {max(worst)[1]:.1f} s"
            assert house.actual()["playing"] is False
            await house.pass_time(40)
            assert not house.told(DeviceSilent)

    run(play())


def test_another_piece_goes_on_playing_on_a_sonos(mosquitto: Mosquitto) -> None:
    async def change() -> None:
        options = {"pl-0000000001": "x:one", "pl-0000000002": "x:two"}
        async with household(mosquitto.url, device("sonos2mqtt", "player", **options)) as house:
            house.send(PlayerWanted(True, 30, "pl-0000000001"))
            await house.pass_time(10)
            house.send(PlayerWanted(True, 30, "pl-0000000002"))
            await house.pass_time(10)
            assert house.actual() == {**house.actual(), "playing": True, "playlist": "x:two"}

    run(change())


def test_styles_change_between_a_list_and_a_stream_on_a_sonos_and_a_skip_said_twice_skips_once(mosquitto: Mosquitto) -> None:
    async def change() -> None:
        options = {"music_calm": "sonos:playlist:7\nsonos:playlist:8", "music_deep": "x-sonosapi-stream:deep"}
        async with household(mosquitto.url, device("sonos2mqtt", "player", **options)) as house:
            for playlist, style, heard in (
                ("pl-0000000001", "calm", "sonos:playlist:7"), ("pl-0000000001.1", "calm", "sonos:playlist:8"),
                ("pl-0000000001.1", "calm", "sonos:playlist:8"), ("pl-0000000002.1", "deep", "x-sonosapi-stream:deep"),
            ):  # fmt: skip
                house.send(PlayerWanted(True, 30, playlist, style=style))
                await house.pass_time(10)
                assert house.actual() == {**house.actual(), "playing": True, "playlist": heard}
            assert not house.told(DeviceSilent)

    run(change())


def test_a_mopidy_is_begun_once_and_stopped(mosquitto: Mosquitto) -> None:
    async def play() -> None:
        async with household(mosquitto.url, device("mopidy-mqtt", "player", music="file:calm")) as house:
            for volume in (30, 31, 32):
                house.send(PlayerWanted(True, volume, "pl-0123456789"))
                await house.pass_time(5)
            twin = house.twin()
            assert isinstance(twin, MopidyTwin) and twin.starts == 1
            assert house.actual()["playing"] is True
            house.send(PlayerWanted(False, 0))
            await house.pass_time(40)
            assert house.actual()["playing"] is False
            assert not house.told(DeviceSilent)

    run(play())


@pytest.mark.parametrize("name", [name for name in TWINS if "fan" in SPOKEN[name].kinds])  # type: ignore[attr-defined]
def test_a_fan_of_any_family_turns_and_stands_still(name: str, mosquitto: Mosquitto) -> None:
    async def turn() -> None:
        async with household(mosquitto.url, device(name, "fan")) as house:
            house.send(FanWanted(100))
            await house.pass_time(1)
            assert house.actual() == {"speed": 100}
            house.send(FanWanted(0))
            await house.pass_time(1)
            assert house.actual() == {"speed": 0}
            assert house.twin().refused == 0

    run(turn())


THERMOSTATS = [name for name in TWINS if "climate" in SPOKEN[name].kinds]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", THERMOSTATS)
def test_a_thermostat_of_any_family_is_set_and_heard_when_somebody_turns_it(name: str, mosquitto: Mosquitto) -> None:
    async def warm() -> None:
        reads = {"report": "$topic/state", "read_celsius": "celsius"} if name == "template" else {}
        reads |= {"status": "1/2/7"} if name == "knx-mqtt-bridge" else {}
        async with household(mosquitto.url, device(name, "climate", **reads)) as house:
            house.send(ClimateWanted(22.5))
            await house.pass_time(1)
            assert house.actual() == {"celsius": 22.5}
            assert house.confirmed() and house.twin().refused == 0
            await house.pass_time(40)
            assert not house.told(DeviceSilent) and not house.told(DeviceChanged)
            twin = house.twin()
            assert isinstance(twin, FamilyTwin)
            twin.set(ClimateWanted(19.0))
            twin.report()
            await house.pass_time(2)
            (change,) = house.told(DeviceChanged)
            assert isinstance(change, DeviceChanged) and change.reported["celsius"] == pytest.approx(19.0)

    run(warm())


@pytest.mark.parametrize("way", ["relay", "mode", "speed"])
def test_a_zigbee_fan_takes_its_speed_in_the_way_it_was_set_up_for(way: str, mosquitto: Mosquitto) -> None:
    async def turn() -> None:
        async with household(mosquitto.url, device("zigbee2mqtt", "fan", fan=way)) as house:
            house.send(FanWanted(60))
            await house.pass_time(40)
            assert house.actual()["speed"] == pytest.approx({"relay": 100, "mode": 66.7, "speed": 60}[way], abs=0.5)
            assert house.confirmed() and not house.told(DeviceSilent)

    run(turn())


def test_a_mopidy_whose_volume_can_be_set_is_loud_before_it_plays_and_fades(mosquitto: Mosquitto) -> None:
    async def play() -> None:
        it = Device("it", "lavender", "player", "mopidy-mqtt", "spa/music", options={"volume": "true", "music": "file:calm"})
        async with household(mosquitto.url, it) as house:
            for volume in (10, 20, 30):
                house.send(PlayerWanted(True, volume, "pl-0123456789"))
                await house.pass_time(5)
            twin = house.twin()
            assert isinstance(twin, MopidyTwin) and twin.starts == 1
            assert house.actual() == {**house.actual(), "playing": True, "volume": 30}
            await house.pass_time(40)
            assert not house.told(DeviceSilent)

    run(play())


@pytest.mark.parametrize("name", [name for name in TWINS if name in ("zigbee2mqtt", "tasmota", "shelly-gen2", "shelly-gen1")])
def test_a_button_of_any_family_is_heard(name: str, mosquitto: Mosquitto) -> None:
    async def press() -> None:
        keys = device(name, "button")
        async with household(mosquitto.url, keys) as house:
            for button, kind in ((1, "single"), (1, "double"), (1, "long"), (2, "single"), (4, "long")):
                house.twin().press(kind, button)
                await house.pass_time(3)
            verbs = [news.verb for news in house.news if isinstance(news, ButtonPressed)]
            assert verbs == ["next", "stay", "bright", "brighter", "call"]

    run(press())


# -- quirks and faults -----------------------------------------------------------------------------------------------


def test_an_ikea_lamp_jumps_when_colour_and_level_are_one_message(mosquitto: Mosquitto) -> None:
    async def jump() -> None:
        async with household(mosquitto.url, device("zigbee2mqtt", "light", model="LED1924G9 IKEA")) as house:
            house.shout(b'{"state":"ON","brightness":250,"color_temp":300,"transition":10}')
            assert house.actual()["brightness"] > 98
            house.send(LightWanted(True, 10, 2700, None, 5))
            await house.pass_time(2.5)
            assert 40 < house.actual()["brightness"] < 70, "ours are sent apart, so that it fades"

    run(jump())


def test_a_tasmota_lamp_that_is_dark_fades_up_to_what_it_is_told_and_not_by_way_of_what_it_had(mosquitto: Mosquitto) -> None:
    async def rise() -> None:
        async with household(mosquitto.url, device("tasmota", "light")) as house:
            house.send(LightWanted(True, 90, 2700, None, 1))
            await house.pass_time(3)
            house.send(LightWanted(False, 0, 2700, None, 1))
            await house.pass_time(3)
            house.send(LightWanted(True, 20, 4000, None, 10))
            brightest: list[float] = []
            await house.pass_time(5, lambda: brightest.append(house.actual()["brightness"]))
            assert max(brightest) == pytest.approx(10, abs=1.5)

    run(rise())


@pytest.mark.parametrize("name", LIGHTS)
def test_faults_can_be_switched_on_any_family(name: str, mosquitto: Mosquitto) -> None:
    async def fail() -> None:
        async with household(mosquitto.url, lamp(name)) as house:
            twin = house.twin()
            twin.faults.deaf = True
            before = house.actual()
            house.send(LightWanted(True, 90, 2700))
            await house.pass_time(3)
            assert house.actual() == before
            twin.faults.deaf, twin.faults.clips = False, {"brightness": (0.0, 60.0)}
            house.send(LightWanted(True, 95, 2700))
            await house.pass_time(3)
            assert house.actual()["brightness"] == 60
            twin.faults.clips, twin.faults.answers = {}, False
            house.news.clear()
            house.send(LightWanted(True, 20, 2700))
            await house.pass_time(60)
            assert house.actual()["brightness"] == pytest.approx(20, abs=0.5)
            assert bool(house.told(DeviceSilent)) is (name != "mqtt-dmx-sequencer")

    run(fail())


def test_a_late_report_comes_late(mosquitto: Mosquitto) -> None:
    async def late() -> None:
        async with household(mosquitto.url, device("zigbee2mqtt", "light")) as house:
            house.twin().faults.late = 3.0
            house.send(LightWanted(True, 20, 2700))
            await house.pass_time(2)
            assert not house.confirmed()
            await house.pass_time(2)
            assert house.confirmed()

    run(late())


def test_a_plug_whose_timer_is_broken_runs_on(mosquitto: Mosquitto) -> None:
    async def broken() -> None:
        for_ever = []
        async with household(mosquitto.url, device("tasmota", "diffuser")) as house:
            house.twin().keeps_time(False)
            house.send(DiffuserWanted(True, 2, 60))
            await house.pass_time(200, lambda: for_ever.append(house.actual()["on"]))
            assert all(for_ever)

    run(broken())


def test_a_dali_lamp_rises_out_of_the_dark_from_its_lowest_level_and_nobody_is_taken_to_have_turned_it(mosquitto: Mosquitto) -> None:
    async def rise() -> None:
        it = replace(device("dali2mqtt", "light", min_level="85"), lowest=1.0)
        async with household(mosquitto.url, it) as house:
            cues = (Cue(0, "it", DARK, DARK, 0), Cue(2, "it", DARK, DIM, 30), Cue(50, "it", DIM, DARK, 30))
            await house.play(lambda offset: None, *cues)
            assert house.actual()["on"] is False and house.twin().refused == 0
            assert not house.told(DeviceChanged) and not house.told(DeviceSilent)

    run(rise())


def test_a_hostile_word_changes_nothing_and_is_counted(mosquitto: Mosquitto) -> None:
    async def shout() -> None:
        for name in ("zigbee2mqtt", "wled", "tasmota", "esphome", "shelly-gen2", "ha-json-light", "dali2mqtt", "openbeken"):
            async with household(mosquitto.url, device(name, "light")) as house:
                before, twin = house.actual(), house.twin()
                for topic in twin.listens:
                    for payload in (b"\xff\xfe", b"{", b'{"brightness":"x"}', b"[" * 3000, b'{"state":[1]}'):
                        twin.take(Incoming(topic.replace("+", "Dimmer"), payload))
                assert house.actual()["brightness"] == before["brightness"]
                assert twin.refused > 0

    run(shout())


@pytest.mark.parametrize("name", sorted(HARMLESS & set(LIGHTS)))
def test_an_empty_command_leaves_a_lamp_of_a_harmless_family_as_it_is(name: str, mosquitto: Mosquitto) -> None:
    async def ask() -> None:
        it = device(name, "light")
        async with household(mosquitto.url, it) as house:
            house.send(LightWanted(True, 40, 2700, None, 0))
            await house.pass_time(10)
            before, twin = house.actual(), house.twin()
            assert before["on"] is True
            for message in SPOKEN[name](TOPICS).encode(it, LightWanted(False, 0, 2700, None, 0), (0, 0)):
                twin.take(Incoming(message.topic, b""))
            await house.pass_time(10)
            assert house.actual() == before

    run(ask())


def test_a_warmer_runs_to_its_end(mosquitto: Mosquitto) -> None:
    async def warm() -> None:
        async with household(mosquitto.url, device("shelly-gen2", "warmer")) as house:
            house.send(WarmerWanted(True, 600))
            await house.pass_time(590)
            assert house.actual()["on"] is True
            await house.pass_time(20)
            assert house.actual()["on"] is False

    run(warm())
