"""Emergencies through every door of the whole program, on a real broker: who can begin one, who can end it, and who must not see it."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from ambiance.client import Client
from ambiance.clock import SystemClock
from ambiance.cuesheet.wanted import LightWanted
from ambiance.errors import Refused
from ambiance.panel.tokens import create
from tests.brokers import Mosquitto
from tests.journeys.house import COVE, DIFFUSER, KEYS, LAMP, SPEAKER, House, Nursery, SiteTime, command, room_of, until
from tests.journeys.twins import Ear, Twins

CALLS = KEYS.replace("4.long: call", "4.long: duress")
FIRE = b'{"kind":"fire","active":true}'


class Ward:
    """A house of two rooms with everything that speaks and listens, and a token of each role."""

    def __init__(self, house: House, broker: Mosquitto, ear: Ear, twins: Twins) -> None:
        self.house, self.broker, self.ear, self.twins = house, broker, ear, twins

    def client(self, role: str, room: str | None = None) -> Client:
        secret = create(f"sqlite:///{self.house.database}", "harbour", role, SystemClock().now(), room, role)
        return Client(self.house.url, secret, wait=20)

    def lit(self, room: str = "lavender") -> bool:
        return bool(self.twins.actual(room, "ceiling")["brightness"] == 100)


@pytest.fixture
def ward(tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery) -> Iterator[Ward]:
    time = SiteTime(10.0)
    rooms = (room_of("lavender", LAMP, COVE, SPEAKER, DIFFUSER, CALLS), room_of("rose", LAMP, SPEAKER))
    house = House(tmp_path, f"url: {mosquitto.url}", *rooms, nursery=nursery, time=time)
    with Ear(mosquitto.port, time) as ear, Twins(house.topics, house.config.site.rooms, mosquitto.url, time) as twins, house:
        until(lambda: ear.said(house.topics.set("lavender", "ceiling")))
        yield Ward(house, mosquitto, ear, twins)


def test_row_63_a_fire_from_home_automation_stands_above_everything_until_a_person_resets_it(ward: Ward) -> None:
    with ward.client("desk") as desk, ward.client("integration") as automation, ward.client("therapist") as therapist:
        id = desk.start("lavender", "spa/swedish", 60, care=[])["id"]
        ward.ear.say(ward.house.topics.emergency(), FIRE)
        until(lambda: ward.lit() and ward.lit("rose"), what="full light")
        until(lambda: desk.room("lavender")["emergency_confirmed"], what="every device confirmed")
        assert desk.session(id)["state"] == "done"
        assert ward.twins.actual("lavender", "speaker")["playing"] is False
        why = desk.why("lavender")
        assert why["ceiling"]["brightness"] == {"value": 100.0, "layer": "emergency", "source": "fire", "confirmed": True}
        assert why["diffuser"]["on"] == {"value": False, "layer": "emergency", "source": "fire", "confirmed": True}
        tries: list[Callable[[], object]] = [
            lambda: desk.start("lavender", "spa/swedish", 60),
            lambda: desk.adjust("lavender", {"light": -20}),
            lambda: desk.adjust("lavender", {"hold": {"ceiling": {"brightness": 5}}}),
            lambda: desk.ready("lavender"),
        ]
        for attempt in tries:
            with pytest.raises(Refused) as caught:
                attempt()
            assert caught.value.status == 409
        assert desk.bright("lavender")["hands"] == []
        # Somebody switches the light off at the wall, or another app does.
        ward.twins.call(lambda: ward.twins.device("lavender", "ceiling").touch(LightWanted(False, 0, 2700)))
        until(ward.lit, what="light again")
        # The network takes nothing back, and neither does anybody without the right, nor a new start.
        ward.ear.say(ward.house.topics.emergency(), b'{"kind":"fire","active":false,"id":"off"}')
        answers = until(lambda: [a for a in ward.ear.said(ward.house.topics.emergency() + "/result") if a.body["id"] == "off"])
        assert answers[0].body["error"]["type"] == "not-allowed"
        for other in (automation, therapist):
            with pytest.raises(Refused) as caught:
                other.reset_emergency("fire")
            assert caught.value.status == 403
        ward.house.signal(signal.SIGKILL)
        ward.house.ended()
        ward.house.start().up()
        assert desk.room("lavender")["emergency"] == "fire"
        until(lambda: desk.room("rose")["emergency_confirmed"], what="confirmed anew")
        assert ward.lit() and ward.lit("rose")
        since = [e.body for e in ward.ear.said(ward.house.topics.event("lavender")) if e.body["type"] == "emergency_began"]
        assert [(e["kind"], e["by"]) for e in since] == [("fire", "bus")]
        assert desk.reset_emergency()["rooms"] == ["lavender", "rose"]
        assert desk.room("lavender")["state"] == "vacant_dirty" and desk.room("lavender")["emergency"] is None
        desk.start("rose", "spa/swedish", 60)


def test_row_9_an_emergency_is_not_confirmed_before_each_device_has_said_so(ward: Ward) -> None:
    # Not the first of the room: its connection speaks for it, and would contradict.
    lamp = ward.twins.device("lavender", "cove")
    with ward.client("desk") as desk:
        desk.start("lavender", "spa/swedish", 60, care=[])
        ward.twins.call(lamp.go_offline)
        until(lambda: any("no power" in fault for fault in desk.room("lavender")["faults"]))
        desk.emergency("medical", "lavender")
        only = ["Cove has not confirmed full light."]
        waiting = until(lambda: (found := desk.room("lavender"))["emergency_waiting"] == only and found)
        assert (waiting["emergency"], waiting["emergency_confirmed"]) == ("medical", False)
        assert desk.why("lavender")["cove"]["brightness"]["confirmed"] is False
        assert desk.why("lavender")["ceiling"]["brightness"]["confirmed"] is True
        assert desk.room("rose")["emergency"] is None
        ward.twins.call(lamp.come_back)
        until(lambda: desk.room("lavender")["emergency_confirmed"], what="confirmed after its return")
        assert ward.twins.actual("lavender", "cove")["brightness"] >= 95


def test_a_retained_alarm_is_an_echo_of_the_past_dropped_and_cleared(ward: Ward, tmp_path: Path, nursery: Nursery) -> None:
    topic = ward.house.topics.emergency()
    ward.house.stop()
    ward.ear.say(topic, FIRE, retain=True)
    ward.house.start().up()
    until(lambda: b"" in ward.ear.on(topic), what="cleared from the broker")
    with ward.client("desk") as desk:
        assert [room["emergency"] for room in desk.rooms()] == [None, None]
    assert "retained" in ward.house.logged()


def test_a_silent_call_is_seen_at_the_desk_and_nowhere_the_room_can_look(ward: Ward) -> None:
    topics = ward.house.topics
    with ward.client("desk") as desk, ward.client("room", "lavender") as tablet:
        desk.start("lavender", "spa/swedish", 60, care=[])
        until(lambda: ward.ear.said(topics.state("lavender"))[-1].body["state"] == "in_session")
        until(lambda: not ward.house.readiness().get("queue"))
        before = {topic: ward.ear.on(topic)[-1] for topic in (topics.state("lavender"),)}
        shown = tablet.room("lavender")
        ward.twins.press("lavender", "long", 4)
        until(lambda: desk.room("lavender")["emergency"] == "duress")
        assert desk.room("lavender")["state"] == "in_session"
        assert desk.room("lavender")["emergency_confirmed"] is None
        with httpx.stream(
            "GET", f"{ward.house.url}/api/v1/events", headers={**ward.house.headers, "Last-Event-ID": "0"}, trust_env=False, timeout=20
        ) as stream:
            found = next(json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ") and "emergency_repeated" in line)
        assert (found["room"], found["kind"]) == ("lavender", "duress")
        same = tablet.room("lavender")
        fixed = [key for key in shown if key.startswith("emergency")] + ["state", "hands", "faults"]
        assert {key: same[key] for key in fixed} == {key: shown[key] for key in fixed}
        assert before == {topics.state("lavender"): ward.ear.on(topics.state("lavender"))[-1]}, "not even the number of its last event"
        heard = [m for m in ward.ear.heard if m.topic.startswith("ambiance/harbour/lavender/") and b"duress" in m.payload]
        assert heard == []
        with pytest.raises(Refused):
            tablet.reset_emergency("duress")
        assert desk.reset_emergency("duress", "lavender")["rooms"] == ["lavender"]


def test_a_drill_and_a_fire_on_the_command_line(ward: Ward) -> None:
    desk = create(f"sqlite:///{ward.house.database}", "harbour", "desk", SystemClock().now(), None, "desk")

    def typed(*words: str) -> str:
        done = command(*words, AMBIANCE_URL=ward.house.url, AMBIANCE_TOKEN=desk)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "DUE" in typed("site")
    assert "fire drill until" in typed("emergency", "fire", "--drill")
    ward.ear.say(ward.house.topics.emergency(), FIRE)
    with ward.client("desk") as client:
        until(lambda: client.site()["drills_under_way"][0]["heard_at"], what="the alarm is heard")
        assert client.room("lavender")["emergency"] is None and not ward.lit()
        assert "alarm heard" in typed("emergency", "fire", "--drill", "--reset")
        site = client.site()
        assert site["last_drills"]["fire"]["by"] == "desk" and site["drills_overdue"] == ["medical", "duress"]
    assert "medical active in lavender" in typed("emergency", "medical", "lavender")
    assert "MEDICAL" in typed("rooms")
    assert "reset in lavender" in typed("emergency", "medical", "lavender", "--reset", "--out-of-order")
    assert "out of order" in typed("rooms")
    assert "vacant dirty" in typed("out-of-order", "lavender", "--off")


def test_native_lamps_come_up_and_scent_goes_off_without_the_controller_and_they_obey_it_again(ward: Ward) -> None:
    with ward.client("desk") as desk:
        id = desk.start("lavender", "spa/swedish", 60, care=[], scent=True)["id"]
        desk.advance(id)
        desk.advance(id)
        until(lambda: 0 < ward.twins.actual("lavender", "ceiling")["brightness"] < 10, within=30, what="the light of the work")
        playing = ward.twins.actual("lavender", "speaker")["playing"]
        ward.house.signal(signal.SIGKILL)
        ward.house.ended()
        until(lambda: 240 * ward.twins.actual("lavender", "ceiling")["brightness"] / 100 >= 29.9, within=30, what="30 lx")
        assert not ward.twins.actual("lavender", "diffuser")["on"]
        assert ward.twins.actual("lavender", "speaker")["playing"] == playing, "a native player goes on"
        ward.house.start().up()
        until(lambda: ward.twins.actual("lavender", "ceiling")["brightness"] < 10, within=30, what="the scene of now again")
