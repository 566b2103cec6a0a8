"""What a guest really had, where sensors stand by: means over time, of whole sessions only."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from ambiance.clock import ManualClock
from ambiance.device import DeviceReported
from ambiance.room import Board
from ambiance.room.measuring import Measuring
from ambiance.session.model import News
from ambiance.session.wishes import RoomMeasured, Wish
from ambiance.site import Device, Room, Site

DEVICES = (
    Device("meter", "lavender", "sensor", at_guest=True),
    Device("thermometer", "lavender", "sensor"),
    Device("hall-light", "lavender", "sensor"),
)
SITE = Site("harbour", "Harbour", ZoneInfo("UTC"), (Room("lavender", "Lavender", devices=DEVICES), Room("bare", "Bare")))


class Lavender:
    def __init__(self) -> None:
        self.clock, self.put = ManualClock(), list[Wish]()
        self.board = Board(SITE, self.clock)
        self.measuring = Measuring(SITE, self.clock, self.board, self.put.append)

    def says(self, device: str, **values: float) -> None:
        news = DeviceReported("lavender", device, values, False)
        self.board.heard(news)
        self.measuring.heard(news)

    def told(self, type: str, room: str = "lavender") -> None:
        self.measuring.told(News(1, self.clock.now(), type, room, "s1"))

    def figures(self) -> dict[str, float]:
        (wish,) = self.put
        assert isinstance(wish, RoomMeasured) and (wish.room, wish.session) == ("lavender", "s1")
        return dict(wish.figures)


@pytest.fixture
def room() -> Lavender:
    return Lavender()


def test_means_are_over_time_and_sound_is_a_mean_of_energy(room: Lavender) -> None:
    room.says("meter", illuminance=10.0, dba=40.0)
    room.says("thermometer", temperature=24.0)
    room.told("session_started")
    room.clock.advance(1800)
    room.says("meter", illuminance=30.0, dba=50.0)
    room.clock.advance(1800)
    room.told("session_ended")
    assert room.figures() == {
        "lux": 20.0, "lux_least": 10.0, "lux_most": 30.0, "lux_h": 20.0, "laeq": pytest.approx(47.404), "lmax": 50.0, "celsius": 24.0,
    }  # fmt: skip


def test_light_that_is_not_the_guests_is_not_called_so(room: Lavender) -> None:
    room.says("hall-light", illuminance=400.0, temperature=21.0)
    room.told("session_started")
    room.clock.advance(600)
    room.told("session_ended")
    assert room.figures() == {"celsius": 21.0}


def test_what_was_known_for_half_the_time_is_not_measured(room: Lavender) -> None:
    room.told("session_started")
    room.clock.advance(1800)
    room.says("meter", illuminance=30.0)
    room.clock.advance(1800)
    room.told("session_ended")
    assert room.put == []


def test_a_session_that_was_not_seen_whole_is_not_measured(room: Lavender) -> None:
    room.says("meter", illuminance=30.0)
    room.told("session_ended")
    room.told("session_started")
    room.clock.advance(60)
    room.told("session_moved", "bare")
    room.told("session_ended")
    assert room.put == []


def test_a_value_from_two_days_ago_is_none(room: Lavender) -> None:
    room.says("thermometer", temperature=24.0)
    room.clock.advance(timedelta(days=2).total_seconds())
    room.told("session_started")
    room.clock.advance(600)
    room.told("session_ended")
    assert room.put == []
