"""A house that is asked whether it is ready: over HTTP, by itself ahead of a start, and by what its sensors say."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from paho.mqtt import publish

from ambiance.client import Client
from tests.brokers import Mosquitto
from tests.journeys.house import LAMP, House, Nursery, SiteTime, room_of, until
from tests.journeys.twins import Ear, Twins

SPEED = 60.0
MIST = "{id: mist, kind: diffuser, families: [floral_herbal], tank_hours: 10}"
AIR = "{id: air, kind: sensor, limits: {voc: 500}}"
DOOR = "{id: door, kind: sensor, does: {open: warn}}"


@dataclass
class Ward:
    house: House
    ear: Ear
    twins: Twins
    desk: Client
    port: int

    def says(self, device: str, **values: Any) -> None:
        publish.single(self.house.topics.device_state("lavender", device), json.dumps(values), 1, hostname="127.0.0.1", port=self.port)

    def events(self, type: str) -> list[dict[str, Any]]:
        return [each.body for each in self.ear.said(self.house.topics.event("lavender")) if each.body["type"] == type]

    def found(self) -> dict[str, dict[str, Any]]:
        return {each["device"]: each for each in self.desk.check("lavender")["devices"]}


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[Ward]:
    folder, time = tmp_path_factory.mktemp("ready"), SiteTime(SPEED)
    with Mosquitto(folder / "mosquitto") as broker:
        house = House(folder, f"url: {broker.url}", room_of("lavender", MIST, LAMP, AIR, DOOR), nursery=nursery, time=time)
        with (
            Ear(broker.port, time) as ear,
            Twins(house.topics, house.config.site.rooms, broker.url, time) as twins,
            house,
            house.client() as desk,
        ):
            until(lambda: ear.said(house.topics.set("lavender", "ceiling")))
            yield Ward(house, ear, twins, desk, broker.port)


def test_a_lamp_without_power_is_named_and_so_is_a_sensor_that_was_never_heard(ward: Ward) -> None:
    until(lambda: ward.found()["ceiling"]["ok"])
    assert ward.found()["door"] == {"device": "door", "name": "Door", "ok": False, "words": "has not reported yet: battery?", "tank": False}
    ward.says("door", contact=True)
    ward.says("air", voc=120, temperature=23.5)
    until(lambda: ward.desk.check("lavender")["ready"])
    ward.twins.call(ward.twins.device("lavender", "ceiling").go_offline)
    until(lambda: ward.found()["ceiling"]["words"] == "has no power: wall switch? The rest goes on.")
    assert not ward.desk.check("lavender")["ready"]
    ward.twins.call(ward.twins.device("lavender", "ceiling").come_back)
    until(lambda: ward.desk.check("lavender")["ready"])


def test_what_sensors_measure_is_shown_at_the_desk_and_never_said_on_the_bus(ward: Ward) -> None:
    ward.says("door", contact=False)
    until(lambda: "Door is open." in ward.desk.room("lavender")["notes"])
    ward.says("air", voc=731, temperature=23.5)
    until(lambda: ward.events("air_spoiled"))
    shown = ward.desk.room("lavender")
    assert shown["sensors"]["air"]["voc"] == 731
    assert any("No scent until it has been below for 15 minutes" in note for note in shown["notes"])
    said = [message.payload for message in ward.ear.heard if "/device/" not in message.topic]
    assert not any(b"731" in payload for payload in said)
    ward.says("air", voc=100)
    until(lambda: ward.events("air_cleared"), what="fifteen minutes of good air")
    ward.says("door", contact=True)
    until(lambda: ward.desk.room("lavender")["notes"] == [])


def test_a_room_is_checked_ahead_of_its_start_and_a_refilled_diffuser_is_told(ward: Ward) -> None:
    ward.desk.refilled("lavender", "mist")
    until(lambda: [each["device"] for each in ward.events("diffuser_refilled")] == ["mist"])
    start = datetime.fromtimestamp(ward.house.time.now(), UTC) + timedelta(minutes=14)
    id = ward.desk.start("lavender", "spa/swedish", 60, start=start.isoformat(), care=[])["id"]
    (checked,) = until(lambda: ward.events("room_checked"))
    assert (checked["session"], checked["ready"], checked["devices"]) == (id, True, [])
    at = datetime.fromisoformat(checked["at"])
    assert timedelta(minutes=5) < start - at <= timedelta(minutes=10)
