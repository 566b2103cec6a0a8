"""The board: wanted and reported are two things, and what is wrong is said in words."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ambiance.clock import Alarm, Instant, ManualClock
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted, Wanted, WarmerWanted
from ambiance.device import (
    ButtonPressed,
    DeviceAsked,
    DeviceReported,
    DeviceReturned,
    DeviceSilent,
    DeviceUnsteady,
    DeviceWentOffline,
    ReportRefused,
)
from ambiance.errors import Unknown
from ambiance.room import Board
from ambiance.site import Device, Room, Site

LAVENDER = Room(
    "lavender",
    "Lavender",
    devices=(
        Device("ceiling", "lavender", "light"),
        Device("cove-left", "lavender", "light", role="accent"),
        Device("scent", "lavender", "diffuser"),
        Device("table", "lavender", "warmer"),
        Device("knob", "lavender", "button"),
    ),
)
SITE = Site("harbour", "Harbour", ZoneInfo("UTC"), (LAVENDER, Room("jasmine", "Jasmine", devices=(Device("ceiling", "jasmine", "light"),))))
DIM = LightWanted(True, 10, 2200, None, 30)


class Wall:
    """A board, and hands to write on it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.board = Board(SITE, self.clock)

    def asked(self, device: str, wanted: Wanted) -> None:
        self.board.heard(DeviceAsked("lavender", device, wanted))

    def reported(self, device: str, confirmed: bool = True, **values: Any) -> None:
        self.board.heard(DeviceReported("lavender", device, values, confirmed))

    def faults(self) -> tuple[str, ...]:
        return self.board.belief("lavender").faults


@pytest.fixture
def wall() -> Wall:
    return Wall()


def test_a_new_board_knows_nothing_and_complains_of_nothing(wall: Wall) -> None:
    belief = wall.board.belief("lavender")
    assert [d.device for d in belief.devices.values()] == ["ceiling", "cove-left", "scent", "table", "knob"]
    assert all(d.online is None and d.wanted is None and d.reported is None and not d.away for d in belief.devices.values())
    assert belief.faults == ()


def test_wanted_and_reported_are_kept_apart_with_their_times(wall: Wall) -> None:
    wall.asked("ceiling", DIM)
    asked = wall.clock.now()
    wall.clock.advance(3)
    wall.reported("ceiling", on=True, brightness=40, kelvin=2700)
    ceiling = wall.board.belief("lavender").devices["ceiling"]
    assert (ceiling.wanted, ceiling.wanted_at) == (DIM, asked)
    assert (ceiling.reported, ceiling.reported_at) == ({"on": True, "brightness": 40, "kelvin": 2700}, wall.clock.now())
    assert (ceiling.confirmed, ceiling.online) == (True, True)
    assert wall.faults() == (), "it is on its way"


def test_the_scene_names_role_wanted_and_reported_of_each_device(wall: Wall) -> None:
    wall.asked("ceiling", DIM)
    wall.reported("scent", confirmed=False, on=False)
    scene = wall.board.scene("lavender")
    assert scene["ceiling"] == {
        "role": "ambient",
        "wanted": {"on": True, "brightness": 10, "kelvin": 2200, "color": None, "fade": 30},
        "reported": None,
    }
    assert scene["scent"] == {"role": "diffuser", "wanted": None, "reported": {"on": False}}
    assert scene["cove-left"]["role"] == "accent"


def test_a_new_command_is_not_confirmed_by_an_old_answer(wall: Wall) -> None:
    wall.asked("ceiling", DIM)
    wall.reported("ceiling", on=True, brightness=10)
    wall.asked("ceiling", LightWanted(True, 50, 2700))
    assert not wall.board.belief("lavender").devices["ceiling"].confirmed


def test_a_silent_device_is_a_fault_until_it_answers(wall: Wall) -> None:
    wall.asked("ceiling", DIM)
    wall.board.heard(DeviceSilent("lavender", "ceiling", 3))
    assert wall.faults() == ("Ceiling does not answer. The rest goes on.",)
    assert wall.board.belief("lavender").devices["ceiling"].away
    wall.asked("ceiling", LightWanted(True, 50, 2700))
    assert len(wall.faults()) == 1, "asking again does not make it answer"
    wall.reported("ceiling", confirmed=False, on=True, brightness=10)
    assert len(wall.faults()) == 1, "neither does an old report the broker kept"
    wall.reported("ceiling", on=True, brightness=50, kelvin=2700)
    assert wall.faults() == ()


def test_row_34_only_its_own_word_or_its_will_makes_a_device_offline(wall: Wall) -> None:
    wall.reported("cove-left", confirmed=False, on=True, brightness=10)
    assert wall.board.belief("lavender").devices["cove-left"].online is None
    wall.board.heard(DeviceWentOffline("lavender", "cove-left"))
    assert wall.faults() == ("Cove left has no power: wall switch? The rest goes on.",)
    wall.board.heard(DeviceReturned("lavender", "cove-left"))
    assert wall.faults() == ()


def test_row_8_a_diffuser_that_did_not_confirm_off_is_an_alarm_until_it_does(wall: Wall) -> None:
    wall.asked("scent", DiffuserWanted(False))
    wall.board.heard(DeviceWentOffline("lavender", "scent"))
    assert wall.faults()[0] == "Scent has not confirmed that it is off. Switch it off by hand."
    wall.board.heard(DeviceReturned("lavender", "scent"))
    wall.reported("scent", on=False)
    assert wall.faults() == ()


@pytest.mark.parametrize(
    ("wanted", "reported", "words"),
    [
        (LightWanted(True, 100, 4000), {"on": True, "brightness": 80, "kelvin": 4000}, "Ceiling is at 80 % light instead of 100 % light."),
        (LightWanted(True, 50, 4000), {"on": True, "brightness": 50, "kelvin": 2700}, "Ceiling shines at 2700 K instead of 4000 K."),
        (LightWanted(True, 50, 4000), {"on": True, "brightness": 0}, "Ceiling is off instead of on."),
        (LightWanted(True, 50, 4000), {"on": True, "brightness": 50, "color": "#ff0000"}, "Ceiling has another color than asked."),
    ],
)
def test_row_33_a_value_that_was_not_taken_is_shown(wall: Wall, wanted: Wanted, reported: dict[str, Any], words: str) -> None:
    wall.asked("ceiling", wanted)
    wall.reported("ceiling", **reported)
    assert wall.faults() == (words,)
    assert wall.board.scene("lavender")["ceiling"]["reported"] == reported


def test_a_device_on_its_way_is_not_a_fault_but_one_that_never_arrived_is(wall: Wall) -> None:
    wall.asked("ceiling", DIM)
    wall.clock.advance(29)
    wall.reported("ceiling", on=True, brightness=40)
    assert wall.faults() == ()
    wall.clock.advance(2)
    wall.reported("ceiling", on=True, brightness=40)
    assert wall.faults() == (), "it may be from before the end"
    told: list[str] = []
    wall.board.follow(told.append)
    wall.clock.advance(5)
    assert wall.faults() == ("Ceiling is at 40 % light instead of 10 % light.",)
    assert told == ["lavender"], "nobody has to ask for it"


def test_what_lies_between_where_a_lamp_was_and_goes_is_no_fault_while_it_may_be_from_before_the_end(wall: Wall) -> None:
    wall.reported("ceiling", on=True, brightness=60, kelvin=2700)
    wall.asked("ceiling", DIM)
    for seconds, level, wrong in ((31, 14, False), (1, 70, True), (0.5, 12, False), (0.5, 10, False), (60, 14, True)):
        wall.clock.advance(seconds)
        wall.reported("ceiling", on=True, brightness=level, kelvin=2200)
        assert bool(wall.faults()) is wrong, level
    off = LightWanted(False, 0, 2200, None, 10)
    wall.reported("ceiling", on=True, brightness=10, kelvin=2200)
    wall.asked("ceiling", off)
    wall.clock.advance(11)
    wall.reported("ceiling", on=True, brightness=1, kelvin=2200)
    assert wall.faults() == ()
    wall.clock.advance(5)
    assert wall.faults() == ("Ceiling is on instead of off.",)


def test_a_lamp_that_does_not_tell_its_white_is_believed_on_its_way(wall: Wall) -> None:
    wall.reported("ceiling", on=True, brightness=60, kelvin=2700)
    wall.asked("ceiling", DIM)
    wall.reported("ceiling", on=True, brightness=40, kelvin=None)
    assert wall.board.scene("lavender")["ceiling"]["reported"] == {"on": True, "brightness": 40, "kelvin": None}


def test_a_lamp_that_tells_its_whole_way_is_waited_for_once() -> None:
    class Counting(ManualClock):
        alarms = 0

        def call_at(self, when: Instant, do: Callable[[], None]) -> Alarm:
            self.alarms += 1
            return super().call_at(when, do)

    clock = Counting()
    board = Board(SITE, clock)
    board.heard(DeviceAsked("lavender", "ceiling", DIM))
    for second in range(31):
        board.heard(DeviceReported("lavender", "ceiling", {"on": True, "brightness": 40 - second / 2}, True))
        clock.advance(1)
    assert clock.alarms == 1
    clock.advance(10)
    assert board.belief("lavender").faults == ("Ceiling is at 25 % light instead of 10 % light.",)


def test_a_run_that_ended_by_its_own_timer_is_not_a_fault(wall: Wall) -> None:
    wall.asked("table", WarmerWanted(True, 600))
    wall.reported("table", on=True)
    wall.clock.advance(300)
    wall.reported("table", on=False)
    assert wall.faults() == ("Table is off instead of on.",)
    wall.clock.advance(300)
    wall.reported("table", on=False)
    assert wall.faults() == ()


def test_row_35_a_flapping_device_is_one_fault(wall: Wall) -> None:
    wall.board.heard(DeviceUnsteady("lavender", "ceiling", True))
    assert wall.faults() == ("Ceiling keeps going away and coming back. Check its power and its network.",)
    wall.board.heard(DeviceUnsteady("lavender", "ceiling", False))
    assert wall.faults() == ()


def test_row_37_nonsense_changes_no_value_and_is_shown_until_there_is_sense(wall: Wall) -> None:
    wall.reported("ceiling", on=True, brightness=10)
    wall.board.heard(ReportRefused("lavender", "ceiling", "found no JSON"))
    assert wall.faults() == ("Ceiling sends reports that make no sense.",)
    assert wall.board.scene("lavender")["ceiling"]["reported"] == {"on": True, "brightness": 10}
    wall.reported("ceiling", on=True, brightness=12)
    assert wall.faults() == ()


def test_followers_hear_of_the_room_that_changed_and_of_no_other(wall: Wall) -> None:
    told: list[str] = []
    stop = wall.board.follow(told.append)
    wall.asked("ceiling", DIM)
    wall.board.heard(DeviceWentOffline("jasmine", "ceiling"))
    wall.board.heard(DeviceWentOffline("jasmine", "ceiling"))
    wall.board.heard(ButtonPressed("lavender", "knob", "advance"))
    assert told == ["lavender", "jasmine"], "nothing changed by hearing it twice, or by a press"
    stop()
    stop()
    wall.asked("ceiling", LightWanted(True, 50, 2700))
    assert told == ["lavender", "jasmine"]


def test_a_belief_is_a_snapshot(wall: Wall) -> None:
    before = wall.board.belief("lavender")
    wall.asked("ceiling", DIM)
    assert before.devices["ceiling"].wanted is None


def test_a_room_that_is_not_there_is_said_so(wall: Wall) -> None:
    with pytest.raises(Unknown, match="lavender"):
        wall.board.belief("rose")


def test_what_is_believed_of_a_device_that_stays_is_believed_on_when_the_house_is_written_anew(wall: Wall) -> None:
    wall.asked("ceiling", DIM)
    wall.reported("ceiling", on=True, brightness=10, kelvin=2200)
    wall.board.note("lavender", "x", "worth knowing")
    cove = replace(LAVENDER.by_id["cove-left"], topic="elsewhere", dialect="wled")
    devices = (replace(LAVENDER.by_id["ceiling"], role="accent"), cove, Device("niche", "lavender", "light"))
    wall.board.adopt(replace(SITE, rooms=(replace(LAVENDER, devices=devices),)))
    belief = wall.board.belief("lavender")
    assert list(belief.devices) == ["ceiling", "cove-left", "niche"]
    assert (belief.devices["ceiling"].wanted, belief.devices["ceiling"].confirmed, belief.devices["ceiling"].role) == (DIM, True, "accent")
    assert belief.notes == ("worth knowing",)
    with pytest.raises(Unknown):
        wall.board.belief("jasmine")
