"""An installer's afternoon: find what is there, try it through the controller and without one, and give it back to the room."""

import json
import subprocess
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from ambiance.cli.assembly import app
from tests.brokers import Mosquitto
from tests.journeys.house import DIFFUSER, LAMP, House, Nursery, SiteTime, room_of, until
from tests.journeys.twins import Twins
from tests.pace import pace


def typed(house: House, *words: str, alone: bool = False) -> "subprocess.CompletedProcess[str]":
    """A command in this process. `alone`: no controller is to be found."""
    env = {"AMBIANCE_URL": "http://127.0.0.1:9" if alone else house.url, "AMBIANCE_TOKEN": "" if alone else house.token}
    done = CliRunner().invoke(app, [*words, "--config", str(house.file)], env=env)
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def lines(done: "subprocess.CompletedProcess[str]") -> dict[str, dict[str, Any]]:
    return {line["step"]: line for line in json.loads(done.stdout)}


def test_devices_are_tried_through_the_controller_and_the_room_gets_them_back(
    tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery
) -> None:
    time = SiteTime(8.0 / pace())
    house = House(tmp_path, f"url: {mosquitto.url}", room_of("lavender", LAMP, DIFFUSER), nursery=nursery, time=time)
    with Twins(house.topics, house.config.site.rooms, mosquitto.url, time) as twins, house:
        with house.client() as desk:
            idle = float(desk.why("lavender")["ceiling"]["brightness"]["value"])
        done = typed(house, "device", "test", "lavender", "ceiling", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        walk = lines(done)
        assert walk["50 %"]["verdict"] == walk["fade of 6 s"]["verdict"] == "good" and walk["50 %"]["answered_ms"] is not None
        # What the room wants of its lamp while nobody is in it is said again.
        until(lambda: abs(twins.actual("lavender", "ceiling")["brightness"] - idle) < 0.5 or None, what=f"the lamp back at {idle} %")
        puff = lines(typed(house, "device", "test", "lavender", "diffuser", "--json"))
        assert puff["its own end"]["verdict"] == "good" and twins.actual("lavender", "diffuser")["on"] is False
        twins.call(lambda: twins.device("lavender", "diffuser").keeps_time(False))
        broken = typed(house, "device", "test", "lavender", "diffuser")
        assert broken.returncode == 1 and "✗ its own end" in broken.stdout
        assert twins.actual("lavender", "diffuser")["on"] is False
        with house.client() as desk:
            assert {line["step"] for line in desk.try_device("lavender", "ceiling", {"do": "identify"})} == {"identify"}
            held = list(desk.try_device("lavender", "ceiling", {"do": "level", "brightness": 100, "seconds": 600}))
            assert held[0]["verdict"] == "good", held
            until(lambda: twins.actual("lavender", "ceiling")["brightness"] == 100 or None, what="the lamp at its full light")
            # A guest comes: the room has its lamp at once.
            desk.start("lavender", "spa/swedish", 60)
            until(lambda: twins.actual("lavender", "ceiling")["brightness"] < 90 or None, what="the lamp that follows the session")
            assert desk.end_trial("lavender", "ceiling") == {"ended": False}
        refused = typed(house, "device", "test", "lavender", "ceiling")
        assert refused.returncode == 1 and "a session is under way in lavender" in refused.stderr


def test_without_a_controller_a_device_is_tried_straight_over_the_broker(tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery) -> None:
    house = House(tmp_path, f"url: {mosquitto.url}", room_of("lavender", LAMP, DIFFUSER), nursery=nursery)
    with Twins(house.topics, house.config.site.rooms, mosquitto.url, house.time) as twins:
        device = twins.device("lavender", "diffuser")
        twins.call(lambda: setattr(device, "pair", (7, 3000)))
        twins.call(device.start)
        done = typed(house, "device", "test", "lavender", "diffuser", "--json", alone=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert lines(done)["its own end"]["verdict"] == lines(done)["off"]["verdict"] == "good"
        # It went on from the newest command the device knew, under the same epoch: a controller that starts has the next one.
        assert twins.call(lambda: device.pair is not None and device.pair[0] == 7 and device.pair[1] > 3000)
        unknown = typed(house, "device", "test", "lavender", "moon", alone=True)
        assert unknown.returncode == 2 and "ceiling" in unknown.stderr
        with house:
            running = typed(house, "device", "test", "lavender", "diffuser", alone=True)
            assert running.returncode == 1 and "a controller runs" in running.stderr
