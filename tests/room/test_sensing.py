"""Sensors may do what the installer wrote, and nothing else: doors, presence, and air that is not fit for scent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from ambiance.clock import ManualClock
from ambiance.cuesheet.model import Scene
from ambiance.device import DeviceReported
from ambiance.room import Board
from ambiance.room.sensing import Sensing
from ambiance.session.model import RoomState, Session
from ambiance.session.wishes import Act, AirFitness, Begin, RoomNow, Wish
from ambiance.site import Device, Room, Site

DEVICES = (
    Device("door", "lavender", "sensor", does={"open": "warn", "closed": "confirm"}),
    Device("presence", "lavender", "sensor", does={"occupied": "begin"}),
    Device("back-door", "lavender", "sensor", does={"open": "resume"}),
    Device("plain", "lavender", "sensor"),
    Device("air", "lavender", "sensor", limits={"voc": 500.0, "humidity": 80.0}),
)
SITE = Site("harbour", "Harbour", ZoneInfo("Europe/Berlin"), (Room("lavender", "Lavender", devices=DEVICES),))
READY = RoomNow("lavender", RoomState.READY, None, None, 0, 0, None, None, None, (), None, None, None, Scene("", 0, {}, {}))
LIVE = cast(Session, object())


class Lavender:
    """A room with sensors, a board, and what was asked of the conductor."""

    def __init__(self) -> None:
        self.clock, self.asked, self.now = ManualClock(), list[Wish](), READY
        self.board = Board(SITE, self.clock)
        self.sensing = Sensing(SITE, self.clock, self.board, self.asked.append, lambda room: self.now)

    def says(self, device: str, **values: Any) -> None:
        news = DeviceReported("lavender", device, values, False)
        self.board.heard(news)
        self.sensing.heard(news)

    def notes(self) -> tuple[str, ...]:
        return self.board.belief("lavender").notes


@pytest.fixture
def room() -> Lavender:
    return Lavender()


def test_a_sensor_without_words_of_its_own_does_nothing(room: Lavender) -> None:
    for value in (True, False, True):
        room.says("plain", contact=value, occupancy=value, humidity=99.0, voc=9999.0)
    assert room.asked == []
    assert room.notes() == ()


def test_presence_begins_only_what_is_due_or_awaited(room: Lavender) -> None:
    room.says("presence", occupancy=False)
    room.says("presence", occupancy=True)
    assert room.asked == [], "nobody is booked"
    room.now = replace(READY, next_start=room.clock.now() + timedelta(hours=2))
    room.says("presence", occupancy=False)
    room.says("presence", occupancy=True)
    assert room.asked == [], "not yet"
    room.now = replace(READY, next_start=room.clock.now() + timedelta(minutes=10))
    room.says("presence", occupancy=False)
    room.says("presence", occupancy=True)
    room.says("presence", occupancy=True)
    assert room.asked == [Begin("lavender")]
    room.now = replace(READY, session=LIVE, waiting_for="welcome")
    room.says("presence", occupancy=False)
    room.says("presence", occupancy=True)
    assert room.asked[1:] == [Act("advance", room="lavender")]


def test_what_a_sensor_says_first_or_again_is_nothing_that_happened_now(room: Lavender) -> None:
    room.now = replace(READY, next_start=room.clock.now() + timedelta(minutes=5))
    for _ in range(3):
        room.says("presence", occupancy=True)
    assert room.asked == []


def test_a_door_confirms_only_a_border_that_waits(room: Lavender) -> None:
    room.now = replace(READY, session=LIVE, state=RoomState.IN_SESSION)
    room.says("door", contact=False)
    room.says("door", contact=True)
    assert room.asked == []
    room.now = replace(room.now, waiting_for="work1")
    room.says("door", contact=False)
    room.says("door", contact=True)
    assert room.asked == [Act("advance", room="lavender")]


def test_a_door_resumes_only_what_is_paused_and_nothing_in_an_emergency(room: Lavender) -> None:
    room.says("back-door", contact=True)
    room.says("back-door", contact=False)
    assert room.asked == []
    room.now = replace(READY, session=LIVE, state=RoomState.PAUSED)
    room.says("back-door", contact=True)
    room.says("back-door", contact=False)
    assert room.asked == [Act("resume", room="lavender")]
    room.now = replace(room.now, state=RoomState.EMERGENCY)
    room.says("back-door", contact=True)
    room.says("back-door", contact=False)
    assert len(room.asked) == 1


def test_a_warning_stands_as_long_as_it_is_so(room: Lavender) -> None:
    room.says("door", contact=False)
    assert room.notes() == ("Door is open.",)
    room.says("door", contact=True)
    assert room.notes() == ()


def test_air_over_a_limit_stops_scent_until_it_was_below_for_15_minutes(room: Lavender) -> None:
    room.says("air", voc=501.0)
    assert room.asked == [AirFitness("lavender", False, "voc")]
    assert room.notes() == ("Air: VOC 501 µg/m³ is over 500. No scent until it has been below for 15 minutes.",)
    room.says("air", voc=480.0)
    assert room.notes() == ("Air: VOC is below 500 µg/m³ again. Scent may be given from 11:15.",)
    room.clock.advance(14 * 60)
    room.says("air", voc=700.0)
    room.clock.advance(60 * 60)
    assert len(room.asked) == 1, "it rose again, so the time begins anew"
    room.says("air", voc=400.0)
    room.clock.advance(15 * 60 - 1)
    assert len(room.asked) == 1
    room.clock.advance(1)
    assert room.asked[1:] == [AirFitness("lavender", True, "voc")]
    assert room.notes() == ()


def test_all_of_the_air_must_be_fit(room: Lavender) -> None:
    room.says("air", voc=900.0, humidity=85.0)
    room.says("air", voc=100.0, humidity=85.0)
    room.clock.advance(3600)
    assert room.asked == [AirFitness("lavender", False, "voc")]
    room.says("air", humidity=60.0)
    room.clock.advance(900)
    assert room.asked[1:] == [AirFitness("lavender", True, "humidity")]


def test_carbon_dioxide_has_a_limit_even_where_nobody_wrote_one(room: Lavender) -> None:
    room.says("plain", co2=2000.0)
    assert room.asked == []
    room.says("plain", co2=2001.0)
    assert room.asked == [AirFitness("lavender", False, "co2")]


def test_what_a_report_does_not_name_is_old_and_counts_for_nothing(room: Lavender) -> None:
    room.sensing.heard(DeviceReported("lavender", "air", {"voc": 900.0, "battery": 40.0}, False, frozenset({"battery"})))
    assert room.asked == []


def test_batteries_are_judged_in_hours_not_seconds(room: Lavender) -> None:
    room.says("door", contact=True, battery=12.0)
    assert room.notes() == ("Door has a low battery (12 %).",)
    room.says("door", contact=True, battery=90.0)
    room.clock.advance(24 * 3600)
    assert room.notes() == ()
    room.clock.advance(2 * 3600)
    assert room.notes() == ("Door has said nothing for 26 hours: battery?",)


def test_a_sensor_that_is_taken_away_holds_nothing_against_scent(room: Lavender) -> None:
    room.says("air", voc=900.0)
    assert room.asked == [AirFitness("lavender", False, "voc")]
    fewer = replace(SITE, rooms=(replace(SITE.rooms[0], devices=DEVICES[:-1]),))
    room.board.adopt(fewer)
    room.sensing.adopt(fewer)
    assert room.asked[-1] == AirFitness("lavender", True, "voc")
    assert room.notes() == ()
    room.clock.advance(3600)
    assert len(room.asked) == 2


def test_a_sensor_that_stays_still_holds_its_word_against_scent(room: Lavender) -> None:
    room.says("air", voc=900.0)
    more = replace(SITE, rooms=(*SITE.rooms, Room("rose", "Rose")))
    room.board.adopt(more)
    room.sensing.adopt(more)
    assert len(room.asked) == 1
    room.says("air", voc=100.0)
    room.clock.advance(900)
    assert room.asked[-1] == AirFitness("lavender", True, "voc")


def test_of_two_sensors_that_hold_against_scent_the_one_that_stays_still_does(room: Lavender) -> None:
    """Whichever of them is looked at first."""
    others = tuple(Device(f"air-{n}", "lavender", "sensor", limits={"voc": 500.0}) for n in range(8))
    site = replace(SITE, rooms=(replace(SITE.rooms[0], devices=(*DEVICES, *others)),))
    room.board.adopt(site)
    room.sensing.adopt(site)
    for device in ("air", *(other.id for other in others)):
        room.says(device, voc=900.0)
    assert room.asked == [AirFitness("lavender", False, "voc")]
    fewer = replace(SITE, rooms=(replace(SITE.rooms[0], devices=(*DEVICES[:-1], others[3])),))
    room.board.adopt(fewer)
    room.sensing.adopt(fewer)
    assert len(room.asked) == 1
    assert len(room.notes()) == 1
    room.says("air-3", voc=100.0)
    room.clock.advance(900)
    assert room.asked[1:] == [AirFitness("lavender", True, "voc")]
