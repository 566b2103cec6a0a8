"""What a room's own keys and switches ask for."""

import pytest

from ambiance.device.news import ButtonPressed, DeviceChanged
from ambiance.room.asks import wish_of
from ambiance.session.wishes import Adjust, Emergency, Returned, Wish
from ambiance.site import Device, Room

ROOM = Room("lavender", "Lavender", devices=(Device("ceiling", "lavender", "light"), Device("keys", "lavender", "button")))


@pytest.mark.parametrize(
    ("verb", "wish"),
    [
        ("more_light", Adjust("lavender", light=15.0, source="button")),
        ("stop_sound", Adjust("lavender", mute=True, source="button")),
        ("scent_off", Adjust("lavender", scent_off=True, source="button")),
        ("duress", Emergency("duress", room="lavender", by="button")),
        ("medical", Emergency("medical", room="lavender", by="button")),
    ],
)
def test_a_guest_needs_no_reason_and_a_call_for_help_no_session(verb: str, wish: Wish) -> None:
    assert wish_of(ButtonPressed("lavender", "keys", verb), ROOM, False, ["muted"]) == wish


def test_row_63_a_lamp_moved_by_hand_in_an_emergency_is_told_again_and_never_held() -> None:
    moved = DeviceChanged("lavender", "ceiling", {"on": True, "brightness": 10.0, "kelvin": 2700})
    assert wish_of(moved, ROOM, False, [], emergency=True) == Returned("lavender", "ceiling")
    assert isinstance(wish_of(moved, ROOM, True, []), Adjust)
    assert wish_of(moved, ROOM, False, []) is None
