"""A rehearsal hears what devices hear: played back, its lamps stand where the scene is."""

import pytest

from ambiance.cuesheet.model import LightLevel
from ambiance.cuesheet.rehearsal import rehearse
from ambiance.cuesheet.scene import scene_at
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted
from ambiance.site import Device
from ambiance.units import lstar
from tests.cuesheet.treatments import LAVENDER, Treatments, room_of


def heard(lines: object, device: str, at: float) -> float:
    """Where a lamp that fades in L* stands at `at`, from what it was told."""
    level = target = 0.0
    began, fade = -1e9, 0.0
    for line in lines:  # type: ignore[attr-defined]
        if line.device != device or line.at > at:
            continue
        assert isinstance(line.wanted, LightWanted)
        passed = line.at - began
        level = target if passed >= fade else level + (target - level) * passed / fade
        began, fade, target = line.at, line.wanted.fade, lstar(line.wanted.brightness / 100) if line.wanted.on else 0.0
    passed = at - began
    return target if passed >= fade else level + (target - level) * passed / fade


@pytest.mark.parametrize(("profile", "minutes"), [("spa/swedish", 60), ("spa/hot_stone", 90), ("spa/float", 60)])
@pytest.mark.parametrize("fade", [6500.0, 20.0, 0.0])
def test_its_lamps_stand_where_the_scene_is(treatments: Treatments, profile: str, minutes: int, fade: float) -> None:
    room = room_of(Device("ceiling", "lavender", "light", fade=fade, lowest=0.4), *LAVENDER.devices[3:])
    sheet = treatments.sheet(profile, minutes, room=room, borders="clock", prep=600.0)
    lines = rehearse(sheet, room)
    for at in range(-600, int(sheet.end), 7):
        level = scene_at(sheet, at).levels["ceiling"]
        assert isinstance(level, LightLevel)
        assert heard(lines, "ceiling", at) == pytest.approx(level.lstar, abs=2.1)


def test_it_is_in_order_and_every_dose_ends(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/swedish", 60, scent=True, borders="clock", prep=600.0)
    lines = rehearse(sheet, LAVENDER)
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    diffuser = [line for line in lines if isinstance(line.wanted, DiffuserWanted)]
    assert sum(not line.wanted.on for line in diffuser) == len(sheet.doses)  # type: ignore[union-attr]
    assert all(line.wanted.run_for <= 120 for line in diffuser)  # type: ignore[union-attr]
    assert max(line.at for line in diffuser) == max(dose.until for dose in sheet.doses)
