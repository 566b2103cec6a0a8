"""Devices that are away, start anew, clip, flap, and say things twice or late, in a house that goes on at sixty times the speed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ambiance.client import Client
from tests.brokers import Mosquitto
from tests.journeys.house import COVE, DIFFUSER, LAMP, SPEAKER, House, Nursery, SiteTime, room_of, until
from tests.journeys.twins import Ear, Said, Twins
from tests.pace import pace

SPEED = 60.0
ROOMS = ("gone", "late", "reboots", "clips", "flaps", "echoes")


@dataclass
class Ward:
    """A house of rooms with a fault each."""

    house: House
    ear: Ear
    twins: Twins
    desk: Client

    def told(self, room: str, device: str, since: int = 0) -> list[Said]:
        return self.ear.said(self.house.topics.set(room, device), since)

    def faults(self, room: str) -> list[str]:
        return list(self.desk.room(room)["faults"])

    def begin(self, room: str, scent: bool = False) -> str:
        """A treatment, with its first word to the lamp (if that hears) said."""
        since = self.ear.count()
        id = str(self.desk.start(room, "spa/swedish", 60, care=[], scent=scent)["id"])
        if self.twins.device(room, "ceiling").online:
            until(lambda: any(each.body["brightness"] > 50 for each in self.told(room, "ceiling", since)))
        return id

    def events(self, room: str) -> list[dict[str, Any]]:
        return [each.body for each in self.ear.said(self.house.topics.event(room))]


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[Ward]:
    folder, time = tmp_path_factory.mktemp("ward"), SiteTime(SPEED)
    rooms = [room_of(id, LAMP, COVE, SPEAKER, DIFFUSER) for id in ROOMS]
    with Mosquitto(folder / "mosquitto") as broker:
        house = House(folder, f"url: {broker.url}", *rooms, nursery=nursery, time=time)
        with (
            Ear(broker.port, time) as ear,
            Twins(house.topics, house.config.site.rooms, broker.url, time) as twins,
            house,
            house.client() as desk,
        ):
            until(lambda: all(ear.said(house.topics.set(room, "ceiling")) for room in ROOMS))
            yield Ward(house, ear, twins, desk)


def test_row_8_a_device_that_missed_the_end_of_its_session_is_told_off_first_when_it_returns(ward: Ward) -> None:
    id = ward.begin("gone", scent=True)
    ward.desk.advance(id)
    until(lambda: ward.twins.actual("gone", "diffuser")["on"], what="the dose of the settling")
    diffuser = ward.twins.device("gone", "diffuser")
    ward.twins.call(diffuser.go_offline)
    until(lambda: any("Diffuser is offline" in fault for fault in ward.faults("gone")))
    ward.desk.end(id)
    ward.desk.end(id)
    assert ward.desk.session(id)["state"] == "done"
    until(lambda: any("has not confirmed that it is off" in fault for fault in ward.faults("gone")), what="the alarm")
    since = ward.ear.count()
    diffuser.faults.answers = False
    ward.twins.call(diffuser.come_back)
    until(lambda: ward.told("gone", "diffuser", since))
    assert not ward.told("gone", "diffuser", since)[0].body["on"], "off is first"
    assert any("has not confirmed that it is off" in fault for fault in ward.faults("gone")), "it has only been told"
    diffuser.faults.answers = True
    until(lambda: not any("Diffuser" in fault for fault in ward.faults("gone")), what="the end of the alarm")
    assert not ward.twins.actual("gone", "diffuser")["on"]


def test_row_31_a_device_that_was_away_at_the_start_gets_the_state_of_now_and_no_missed_cues(ward: Ward) -> None:
    lamp, diffuser = ward.twins.device("late", "ceiling"), ward.twins.device("late", "diffuser")
    ward.twins.call(lamp.go_offline)
    ward.twins.call(diffuser.go_offline)
    until(lambda: len(ward.faults("late")) == 2)
    id = ward.begin("late", scent=True)
    ward.desk.advance(id)
    until(lambda: any(event["type"] == "dose_skipped" for event in ward.events("late")), what="the dose that is not given")
    ward.desk.advance(id)
    now = until(lambda: [each for each in ward.told("late", "cove") if each.body["brightness"] > 0][-1:])
    since = ward.ear.count()
    ward.twins.call(lamp.come_back)
    until(lambda: ward.told("late", "ceiling", since))
    until(lambda: lamp.pair is not None and lamp.pair[1] == ward.told("late", "ceiling")[-1].body["version"])
    told = ward.told("late", "ceiling", since)
    assert len({each.body["version"] for each in told}) == 1, "one state, not three"
    assert told[0].body["brightness"] < 10, "hands are on by now"
    assert now and not any(each.body["on"] for each in ward.told("late", "diffuser")), "a diffuser that does not answer gets no dose"


def test_row_32_a_device_that_starts_anew_is_set_right_at_once_but_not_for_ever(ward: Ward) -> None:
    ward.begin("reboots")
    cove = ward.twins.device("reboots", "cove")
    right = until(lambda: [each for each in ward.told("reboots", "cove") if each.body["fade"] > 0][-1:])[0].body
    since, began = ward.ear.count(), ward.house.time.now()
    ward.twins.call(cove.reboot)
    until(lambda: ward.told("reboots", "cove", since))
    assert ward.house.time.now() - began <= 5 + SPEED * pace(), "within five seconds, and one that this machine needs to look"
    until(lambda: ward.twins.actual("reboots", "cove")["brightness"] == pytest.approx(right["brightness"], rel=0.1))
    began = ward.house.time.now()
    for _ in range(12):
        ward.twins.call(cove.reboot)
    until(lambda: any("keeps going away" in fault for fault in ward.faults("reboots")), what="an alarm")
    again = {each.body["version"] for each in ward.told("reboots", "cove") if began < each.at < began + 55}
    assert len(again) <= 4, "no more than three times a minute"


def test_row_33_a_value_that_a_device_cannot_reach_is_shown_and_not_fought(ward: Ward) -> None:
    ward.twins.device("clips", "ceiling").faults.clips["brightness"] = (5.0, 40.0)
    ward.begin("clips")
    fault = until(lambda: [fault for fault in ward.faults("clips") if "40 % light instead of" in fault], what="the fault in words")
    assert fault[0].startswith("Ceiling is at 40 % light")
    version, since, began = ward.told("clips", "ceiling")[-1].body["version"], ward.ear.count(), ward.house.time.now()
    until(lambda: ward.house.time.now() > began + 100)
    told = ward.told("clips", "ceiling", since)
    assert {each.body["version"] for each in told} <= {version} and len(told) <= 4, "said again with the beat, and that is all"
    assert ward.desk.room("clips")["hands"] == [], "nor taken for somebody's hand"


def test_row_35_a_device_that_flaps_causes_no_storm_and_one_alarm(ward: Ward) -> None:
    ward.begin("flaps")
    lamp, since = ward.twins.device("flaps", "cove"), ward.ear.count()
    began = ward.house.time.now()
    ward.twins.call(lambda: lamp.flap(25, 2.0))
    unsteady = "Cove keeps going away and coming back. Check its power and its network."
    until(lambda: ward.faults("flaps").count(unsteady) == 1, what="the alarm")
    until(lambda: ward.house.time.now() > began + 60)
    told = [each for each in ward.told("flaps", "cove", since) if each.at < began + 50]
    assert len(told) <= 12, "twenty-five returns, three answers a minute and their resends"
    assert any(each.at > began for each in ward.ear.said(ward.house.topics.state("flaps"))), "the rest goes on"


def test_rows_29_and_30_reports_that_come_twice_or_late_change_nothing(ward: Ward) -> None:
    ward.begin("echoes")
    topics, lamp = ward.house.topics, ward.twins.device("echoes", "cove")

    def settled() -> dict[str, Any] | None:
        said = ward.ear.said(topics.device_state("echoes", "cove"))[-1].body
        return said if said["fade"] == 0 and lamp.pair == (said["epoch"], said["version"]) and said["version"] > 2 else None

    last = until(settled, what="the lamp at rest")
    now = until(lambda: _believed(ward) if _believed(ward).get("fade") == 0 else None)
    before = len(ward.events("echoes"))
    for change in ({"version": last["version"] - 1, "brightness": 99.0}, {"epoch": last["epoch"] - 1, "brightness": 98.0}, {}, {}, {}):
        ward.ear.say(topics.device_state("echoes", "cove"), _json({**last, **change}), retain=True)
    marker = {**last, "watts": 4321.0}
    ward.ear.say(topics.device_state("echoes", "cove"), _json(marker), retain=True)
    until(lambda: _believed(ward).get("watts") == 4321.0 or "watts" not in _believed(ward))
    assert {key: value for key, value in _believed(ward).items() if key != "watts"} == {
        key: value for key, value in now.items() if key != "watts"
    }  # fmt: skip
    assert [event for event in ward.events("echoes")[before:] if event["type"] != "phase_began"] == []
    assert ward.desk.room("echoes")["hands"] == []


def test_row_29_a_command_that_is_delivered_twice_starts_one_session(ward: Ward) -> None:
    topics = ward.house.topics
    do, room = topics.do("gone", "start"), "gone"
    for _ in range(2):
        ward.ear.say(do, _json({"id": "twice", "profile": "spa/swedish", "minutes": 30}))
    answers = until(lambda: ward.ear.said(topics.result(do))[1:] and ward.ear.said(topics.result(do)))
    assert [answer.body["ok"] for answer in answers] == [True, True]
    assert answers[0].body["session"] == answers[1].body["session"] == ward.desk.room(room)["session"]


def _believed(ward: Ward) -> dict[str, Any]:
    return dict(ward.ear.said(ward.house.topics.scene("echoes"))[-1].body["cove"]["reported"])


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()
