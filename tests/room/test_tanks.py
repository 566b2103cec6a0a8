"""A diffuser's running time, counted from its doses since somebody filled it, becomes a word in time."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from ambiance.clock import ManualClock
from ambiance.room import Board
from ambiance.room.tanks import Tanks
from ambiance.session.model import News
from ambiance.site import Device, Room, Site
from tests.session.store_examples import NOW

DEVICES = (Device("lavender-oil", "lavender", "diffuser", tank_hours=10.0), Device("other", "lavender", "diffuser"))
SITE = Site("harbour", "Harbour", ZoneInfo("UTC"), (Room("lavender", "Lavender", devices=DEVICES),))


class Cupboard:
    def __init__(self, ran: float = 0.0) -> None:
        self.board = Board(SITE, ManualClock(NOW))
        self.tanks = Tanks(SITE, self.board)
        self.tanks.load(lambda room, device: ran * 3600)
        self.tanks.say()

    def dose(self, hours: float, device: str = "lavender-oil") -> None:
        self.tanks.told(News(1, NOW, "dose_began", "lavender", "s1", {"device": device}))
        self.tanks.told(News(2, NOW + timedelta(hours=hours), "dose_ended", "lavender", "s1", {"device": device}))

    def notes(self) -> tuple[str, ...]:
        return self.board.belief("lavender").notes


def test_a_tank_says_in_time_that_it_wants_refilling_and_then_that_it_is_empty() -> None:
    cupboard = Cupboard()
    cupboard.dose(8.4)
    assert cupboard.notes() == ()
    cupboard.dose(0.1)
    assert cupboard.notes() == ("Refill Lavender oil soon: about 90 minutes left.",)
    cupboard.dose(2)
    assert cupboard.notes() == ("Refill Lavender oil: by its running time it is empty.",)
    cupboard.tanks.told(News(9, NOW, "diffuser_refilled", "lavender", None, {"device": "lavender-oil"}))
    assert cupboard.notes() == ()


def test_what_was_run_before_this_program_started_counts() -> None:
    assert Cupboard(9).notes() == ("Refill Lavender oil soon: about 60 minutes left.",)


def test_a_diffuser_whose_tank_nobody_described_is_not_counted() -> None:
    cupboard = Cupboard()
    cupboard.dose(1000, "other")
    assert cupboard.notes() == ()


def test_a_tank_that_is_described_later_counts_from_what_the_store_remembers_and_one_that_is_gone_says_nothing() -> None:
    cupboard = Cupboard(9)
    described = (replace(DEVICES[1], tank_hours=4.0),)
    cupboard.tanks.adopt(replace(SITE, rooms=(replace(SITE.rooms[0], devices=described),)))
    assert cupboard.notes() == ()
    cupboard.tanks.load(lambda room, device: 3.6 * 3600)
    cupboard.tanks.say()
    assert cupboard.notes() == ("Refill Other soon: about 24 minutes left.",)
