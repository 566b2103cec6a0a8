"""How the program begins and ends: refusals before it runs, signals while it does, and files that change under it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.brokers import Mosquitto, Witness, free_port
from tests.journeys.house import LAMP, PYTHON, ROOT, House, Nursery, command, environment, room_of, until
from tests.journeys.twins import Ear, Twins
from tests.pace import pace


def _run(house: House) -> "subprocess.Popen[bytes]":
    words: Sequence[str] = [PYTHON, "-m", "ambiance", "run", "--config", str(house.file)]
    with house.log.open("ab") as log:
        return subprocess.Popen(words, cwd=house.folder, env=environment(), stdout=log, stderr=log)


def test_row_54_a_term_signal_in_a_session_ends_it_in_order_and_keeps_the_session(
    tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery
) -> None:
    house = House(tmp_path, f"url: {mosquitto.url}", nursery=nursery)
    with house, Ear(mosquitto.port, house.time) as ear:
        with house.client() as desk:
            id = desk.start("lavender", "spa/swedish", 60)["id"]
        lamp = house.topics.set("lavender", "ceiling")
        told = until(lambda: [each for each in ear.said(lamp) if each.body["brightness"] > 40])[-1].body
        began = time.monotonic()
        assert house.stop() == 0
        assert time.monotonic() - began <= 10 * pace()
        until(lambda: ear.on(house.topics.status())[-1:] == [b"offline"], what="goodbye")
        assert ear.said(lamp)[-1].body == told, "devices are left as they are"
        house.start().up()
        with house.client() as desk:
            assert desk.room("lavender")["session"] == id


def test_row_54_a_term_signal_ends_a_house_with_its_own_broker_though_devices_are_still_on_it(tmp_path: Path, nursery: Nursery) -> None:
    port = free_port()
    house = House(tmp_path, f"embedded: true, port: {port}", nursery=nursery)
    with house.start().up(), Twins(house.topics, house.config.site.rooms, f"mqtt://127.0.0.1:{port}", house.time):
        with house.client() as desk:
            desk.start("lavender", "spa/swedish", 60)
            until(lambda: desk.room("lavender")["faults"] == [])
        with Witness(port):
            assert house.stop() == 0


def test_row_54_a_second_term_signal_changes_nothing(tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery) -> None:
    with House(tmp_path, f"url: {mosquitto.url}", nursery=nursery) as house:
        house.signal(signal.SIGTERM)
        with contextlib.suppress(ProcessLookupError):
            house.signal(signal.SIGTERM)
        assert house.ended(10 * pace()) == 0


def test_row_54_a_term_signal_during_the_start_ends_it_and_the_next_start_finds_all_well(tmp_path: Path, mosquitto: Mosquitto) -> None:
    house = House(tmp_path, f"url: {mosquitto.url}")
    process = _run(house)
    until(house.database.exists, what="the first thing it makes")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10 * pace()) == 0
    assert "Traceback" not in house.logged()
    with house, house.client() as desk:
        assert desk.room("lavender")["state"] == "ready"


def test_a_port_that_is_taken_is_said_in_words_and_ends_the_program(tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery) -> None:
    with House(tmp_path / "one", f"url: {mosquitto.url}", nursery=nursery) as house:
        other = tmp_path / "two" / "config.yaml"
        shutil.copytree(tmp_path / "one", other.parent)
        other.write_text(house.file.read_text().replace("harbour", "marina"))
        refused = command("run", "--config", str(other))
        assert refused.returncode == 1
        assert f"could not listen on 127.0.0.1:{house.port}; is the port taken?" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_second_start_by_mistake_takes_nothing_from_the_controller_that_runs(
    tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery
) -> None:
    with House(tmp_path, f"url: {mosquitto.url}", nursery=nursery) as house, house.client() as desk:
        refused = command("run", "--config", str(house.file))
        assert refused.returncode == 1 and "is the port taken?" in refused.stderr
        assert desk.start("lavender", "spa/swedish", 60)["state"] == "running"
        assert house.readiness()["ready"] is True


def test_row_46_a_config_that_is_wrong_is_refused_with_its_line_before_anything_runs(tmp_path: Path) -> None:
    house = House(tmp_path, "url: mqtt://127.0.0.1:1")
    lines = house.file.read_text().splitlines()
    at = next(number for number, line in enumerate(lines, 1) if "full_light_lux" in line)
    lines[at - 1] = "    full_light_lux: 99999"
    lines[at] = "    full_volume_dbb: 70"
    house.file.write_text("\n".join(lines))
    refused = command("run", "--config", str(house.file))
    assert refused.returncode == 2, refused.stderr
    assert f"config.yaml:{at}: rooms[0].full_light_lux: found 99999" in refused.stderr
    assert f"config.yaml:{at + 1}: rooms[0].full_volume_dbb" in refused.stderr and "full_volume_dba" in refused.stderr
    assert not house.database.exists(), "nothing was opened"


def test_row_46_a_config_that_is_spoilt_under_a_running_house_changes_nothing_until_it_starts_again(
    tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery
) -> None:
    with House(tmp_path, f"url: {mosquitto.url}", nursery=nursery) as house, house.client() as desk:
        house.file.write_text("site: {id: half writ")
        assert desk.start("lavender", "spa/swedish", 60)["state"] == "running"
        assert desk.room("lavender")["state"] == "in_session"


def test_row_47_a_session_keeps_its_compiled_copy_of_a_profile_that_is_edited_or_deleted(
    tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery
) -> None:
    shelf = tmp_path / "profiles"
    shutil.copytree(ROOT / "profiles", shelf)
    house = House(tmp_path, f"url: {mosquitto.url}", nursery=nursery, profiles=shelf)
    with house, Ear(mosquitto.port, house.time) as ear:
        lamp = house.topics.set("lavender", "ceiling")
        with house.client() as desk:
            id = desk.start("lavender", "spa/swedish", 60)["id"]
            desk.advance(id)
            desk.advance(id)
        asked = until(lambda: [each for each in ear.said(lamp) if each.body["brightness"] < 20 and each.body["version"] > 3])[-1].body
        house.kill()
        swedish = shelf / "spa" / "swedish.yaml"
        swedish.write_text(swedish.read_text().replace("work: {lux: 15", "work: {lux: 29"))
        house.start().up()
        again = until(lambda: [each for each in ear.said(lamp) if each.body["epoch"] > asked["epoch"]])[0].body
        assert again["brightness"] == pytest.approx(asked["brightness"], abs=0.01)
        house.kill()
        swedish.unlink()
        (shelf / "menu.yaml").unlink()
        house.start().up()
        with house.client() as desk:
            assert desk.room("lavender")["session"] == id
            assert desk.advance(id)["state"] == "running", "it can still be planned anew"
            assert "spa/swedish" not in [profile["id"] for profile in desk.profiles()]


def test_a_broker_that_is_not_there_yet_is_waited_for(tmp_path: Path, nursery: Nursery) -> None:
    broker = Mosquitto(tmp_path / "mosquitto")
    house = House(tmp_path, f"url: {broker.url}", room_of("lavender", LAMP), nursery=nursery)
    with house.start(), broker:
        house.up()
        with Witness(broker.port, house.topics.status()) as witness:
            witness.until(lambda: witness.on(house.topics.status()) == [b"online"])
    assert os.path.exists(house.database)


def test_simulated_rooms_live_in_a_program_of_their_own(tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery) -> None:
    with House(tmp_path, f"url: {mosquitto.url}", nursery=nursery) as house, Ear(mosquitto.port, house.time) as ear:
        words = [PYTHON, "-m", "ambiance", "simulate", "lavender", "--config", str(house.file), "--speed", "60"]
        shown = tmp_path / "shown"
        with house.log.open("ab") as log, shown.open("wb") as out:
            process = subprocess.Popen([*words, "--verbose", "--json"], cwd=house.folder, env=environment(), stdout=out, stderr=log)
        try:
            until(lambda: ear.on(house.topics.online("lavender", "ceiling"))[-1:] == [b"true"], what="a device that says it is there")
            with house.client() as desk:
                desk.start("lavender", "spa/swedish", 60)
            until(lambda: any(each.body["brightness"] > 50 for each in ear.said(house.topics.device_state("lavender", "ceiling"))))
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
            until(lambda: ear.on(house.topics.online("lavender", "ceiling"))[-1:] == [b"false"])
            assert "Traceback" not in house.logged()
        finally:
            process.kill()
            process.wait(10)
        first, *changes = map(json.loads, shown.read_text(encoding="utf-8").splitlines())
        assert (first["broker"], list(first["rooms"])) == (mosquitto.url, ["lavender"])
        assert any((each["room"], each["device"]) == ("lavender", "ceiling") and each["brightness"] > 50 for each in changes)
