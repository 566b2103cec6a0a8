"""The Swedish 60 in a room of many families, by the keys of a Zigbee button: what the room truly is, all the way."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ambiance.session.wishes import Start
from tests.brokers import Mosquitto
from tests.journeys.house import House, room_of
from tests.journeys.mixed import Stage, play

KEYS = "{single: next, double: stay, long: bright, 2.single: brighter, 3.single: dimmer, 4.single: mute, 4.long: call}"
DEVICES = (
    "{id: left, kind: light, dialect: zigbee2mqtt, topic: zigbee2mqtt/mixed/left, options: {group: mixed/lamps}, share: 0.4, lowest: 1}",
    "{id: right, kind: light, dialect: zigbee2mqtt, topic: zigbee2mqtt/mixed/right, options: {group: mixed/lamps}, share: 0.4, lowest: 1}",
    "{id: cove, kind: light, role: accent, dialect: wled, topic: wled/mixed, share: 0.2, lowest: 1}",
    '{id: speaker, kind: player, dialect: sonos2mqtt, topic: sonos/RINCON_1, options: {music: "x-sonosapi-stream:calm"}}',
    "{id: diffuser, kind: diffuser, dialect: tasmota, topic: mixed-diffuser, families: [floral_herbal]}",
    "{id: extract, kind: fan, dialect: zigbee2mqtt, topic: zigbee2mqtt/mixed/extract, air_changes: 8}",
    f"{{id: keys, kind: button, dialect: zigbee2mqtt, topic: zigbee2mqtt/mixed/keys, press: {KEYS}}}",
)


async def treatment(stage: Stage) -> None:
    """The desk has taken the intake and asked for scent; from then on everything is the button."""
    await stage.pass_time(60)
    await stage.running.conductor.wish(Start("mixed", "spa/swedish", 60, care=(), scent=True))
    await stage.quiet()
    borders = 0
    while stage.now.session is not None:
        await stage.tick()
        if stage.now.waiting_for is None:
            continue
        await stage.pass_time(20)
        await stage.press()
        borders += 1
        if borders == 1:
            await stage.pass_time(120)
            for press, button in (("single", 2), ("single", 3), ("single", 4), ("single", 4), ("long", 1), ("long", 1), ("double", 1)):
                await stage.press(press, button)
                await stage.pass_time(60)
    await stage.pass_time(900)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("mixed")
    with Mosquitto(folder / "mosquitto") as mosquitto:
        room = room_of("mixed", *DEVICES, borders="hands", unconfirmed="wait", usual=["spa/swedish"], full_volume_dba=66)
        house = House(folder, f"url: {mosquitto.url}", room)
        stage = asyncio.run(play(house, mosquitto.url, treatment))
        yield stage, house.database


def test_every_key_did_what_it_says(stage: tuple[Stage, Path]) -> None:
    kinds = stage[0].kinds()
    assert kinds.count("phase_advanced") >= 3
    assert kinds.count("room_adjusted") >= 6
    assert "phase_stayed" in kinds
    assert kinds.count("session_ended") == 1


def test_no_device_is_taken_for_silent_lost_or_moved_by_a_hand(stage: tuple[Stage, Path]) -> None:
    strange = [kind for kind in stage[0].kinds() if kind.startswith("device") or kind in ("dose_skipped", "cue_failed", "report_refused")]
    assert strange == []
    assert all(twin.refused == 0 for twin in stage[0].simulator.rooms["mixed"].devices.values())


def test_the_light_of_the_room_is_within_two_lstar_of_the_scene_all_the_time(stage: tuple[Stage, Path]) -> None:
    seen = [each for each in stage[0].seen if each.offset > 90]
    assert len(seen) > 7000
    worst = max(seen, key=lambda each: each.light)
    assert worst.light <= 2.1, f"{worst.light:.2f} L* off at {worst.offset:.1f} s: {worst.lamps}"


def test_the_music_is_within_a_decibel_and_a_half_of_the_scene_all_the_time(stage: tuple[Stage, Path]) -> None:
    seen = [each for each in stage[0].seen if each.sound is not None and each.offset > 30]
    assert len(seen) > 3000
    worst = max(seen, key=lambda each: each.sound or 0.0)
    assert worst.sound is not None and worst.sound <= 1.5, f"{worst.sound:.2f} dB off at {worst.offset:.1f} s"


def test_the_diffuser_ran_within_its_dose_rows_and_for_all_of_them(stage: tuple[Stage, Path]) -> None:
    played, database = stage
    with sqlite3.connect(database) as rows:
        doses = rows.execute("SELECT began_at, ended_at FROM doses").fetchall()
    assert doses and all(ended is not None for _, ended in doses)
    spans = [(began / 1e6, ended / 1e6) for began, ended in doses]
    for at, seconds in played.ran:
        assert any(began - 1e-3 <= at.timestamp() and at.timestamp() + seconds <= ended + 0.6 for began, ended in spans)
    ran, given = sum(seconds for _, seconds in played.ran), sum(ended - began for began, ended in spans)
    assert ran == pytest.approx(given, abs=1.0 * len(spans))
    assert ran > 300


def test_each_run_of_the_diffuser_was_told_with_its_end(stage: tuple[Stage, Path]) -> None:
    told = [message.payload.decode() for message in stage[0].said if message.topic.startswith("cmnd/mixed-diffuser/")]
    on = [text for text in told if "ON" in text]
    assert on and all(text.startswith("PulseTime1 ") and 101 <= int(text.split()[1].rstrip(";")) <= 220 for text in on)


def test_what_is_told_to_the_room_is_absolute_and_never_retained(stage: tuple[Stage, Path]) -> None:
    for message in stage[0].said:
        if message.topic.startswith(("zigbee2mqtt/", "wled/", "sonos/", "cmnd/")):
            assert not message.retain
            assert b"TOGGLE" not in message.payload
    lamps = [json.loads(message.payload) for message in stage[0].said if message.topic == "zigbee2mqtt/mixed/left/set"]
    assert all("transition" in told for told in lamps)
