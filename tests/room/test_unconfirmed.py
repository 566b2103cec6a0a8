"""What an emergency still waits for, in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ambiance.cuesheet.wanted import DiffuserWanted, FanWanted, LightWanted, PlayerWanted
from ambiance.room import DeviceBelief, unconfirmed

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
FULL = LightWanted(True, 100.0, 4000.0, None, 1.0)


def lamp(**changes: Any) -> DeviceBelief:
    told = {"wanted": FULL, "confirmed": True, "reported": {"on": True, "brightness": 100}, "reported_at": NOW, "online": True}
    return DeviceBelief("ceiling", "light", "ambient", **{**told, **changes})


def waits(device: DeviceBelief) -> bool:
    return bool(unconfirmed({device.device: device}, NOW))


def test_a_lamp_that_says_it_shines_is_confirmed() -> None:
    assert not waits(lamp())


@pytest.mark.parametrize(
    "changes",
    [
        {"confirmed": False},
        {"wanted": None},
        {"wanted": LightWanted(True, 20.0, 2700.0)},
        {"reported": {"on": True, "brightness": 40}},
        {"reported": {"on": False, "brightness": 100}},
        {"online": False, "reported_at": NOW - timedelta(seconds=1)},
        {"silent": True, "reported_at": None},
    ],
)
def test_a_lamp_that_did_not_say_so_in_this_emergency_is_not(changes: dict[str, Any]) -> None:
    assert unconfirmed({"ceiling": lamp(**changes)}, NOW) == {"ceiling": "Ceiling has not confirmed full light."}


def test_players_and_diffusers_confirm_silence_and_off_and_the_rest_is_not_asked() -> None:
    speaker = DeviceBelief("speaker", "player", "player", PlayerWanted(False, 0.0), NOW, {"playing": True}, NOW, True, True)
    diffuser = DeviceBelief("diffuser", "diffuser", "diffuser", DiffuserWanted(False), NOW, None, None, True, False)
    fan = DeviceBelief("extract", "fan", "fan", FanWanted(100.0))
    assert unconfirmed({"speaker": speaker, "diffuser": diffuser, "extract": fan}, NOW) == {
        "speaker": "Speaker has not confirmed that it is silent.",
        "diffuser": "Diffuser has not confirmed that it is off.",
    }
