"""Where a house has its limits and a guest their needs, both hold at once, and the stricter is named."""

from dataclasses import replace

import pytest

from ambiance.care import Code, parse
from ambiance.cuesheet import Order, compile_sheet, replan
from ambiance.cuesheet.scene import room_lux, scene_at
from ambiance.site import Limits
from ambiance.why import Layer, Why
from tests.cuesheet.treatments import CLINIC, LAVENDER, Treatments, lay, light, midst, span

DIM = Limits(light_max_lux=20)


def most(value: float) -> Code:
    return {"code": "light_max_lx", "value": value}


@pytest.mark.parametrize(("limit", "need", "lux", "layer"), [(20, 30, 20, Layer.LIMIT), (30, 12, 12, Layer.CARE)])
def test_the_lower_ceiling_of_light_decides(treatments: Treatments, limit: float, need: float, lux: float, layer: Layer) -> None:
    sheet = treatments.sheet("clinical/swedish", care=(most(need),), limits=Limits(light_max_lux=limit))
    scene = scene_at(sheet, midst(sheet, "work1"))
    assert room_lux(CLINIC, scene) == pytest.approx(lux, rel=0.01)
    assert scene.why["ceiling"]["brightness"].layer is layer


@pytest.mark.parametrize(("limit", "need", "layer"), [(36, 40, Layer.LIMIT), (50, 32, Layer.CARE)])
def test_the_lower_ceiling_of_sound_decides_and_is_named(treatments: Treatments, limit: float, need: float, layer: Layer) -> None:
    sheet = treatments.sheet(care=({"code": "sound_max_dba", "value": need},), limits=Limits(sound_max_dba=limit))
    at = midst(sheet, "work1")
    loud = lay(sheet, at, "music", 12)
    assert loud.palette["work1"]["speaker"].high == min(limit, need)
    assert scene_at(loud, at + 30).why["speaker"]["volume"].layer is layer


def test_the_house_outranks_a_guests_floor_and_staff_hear_of_it(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=({"code": "light_min_lx", "value": 60},), limits=DIM)
    assert room_lux(LAVENDER, scene_at(sheet, midst(sheet, "work1"))) == pytest.approx(20, rel=0.01)
    (clamp,) = [c for c in sheet.clamps if c.attribute == "floor of lux" and c.phase == "work1"]
    assert (clamp.asked, clamp.why) == (60, Why(Layer.CARE, "no more light here: light_max_lux 20"))
    assert not [c for c in replan.without_needs(sheet).clamps if " of " in c.attribute]


def test_light_that_was_raised_over_the_house_comes_down_to_a_guests_new_ceiling(treatments: Treatments) -> None:
    sheet = treatments.sheet(limits=DIM)
    at = midst(sheet, "work1")
    raised = lay(sheet, at, "light", 25)
    assert room_lux(LAVENDER, scene_at(raised, at + 30)) > 30
    cared = replan.cared(treatments.sheet(care=(most(30),), limits=DIM), raised, at + 60)
    assert room_lux(LAVENDER, scene_at(cared, at + 200)) <= 20 + 0.1


def test_a_slow_house_slows_what_moves_by_itself_and_no_hand(treatments: Treatments) -> None:
    slow = Limits(sound_max_db_s=0.5)
    plain, gentle = treatments.sheet(limits=slow), treatments.sheet(care=("slow_change",), limits=slow)
    assert (plain.gentle, gentle.gentle) == (False, True)
    at = midst(plain, "work1")
    took = [next(c for c in lay(each, at, "music", -9).cues if c.device == "speaker" and c.at == at).fade for each in (plain, gentle)]
    assert took[0] == 2
    assert took[1] >= 18


def test_lamps_in_view_that_a_house_caps_are_not_taken_for_a_dim_room(treatments: Treatments) -> None:
    over = replace(LAVENDER.devices[0], id="over", share=0.4, supine_view=True)
    room = replace(LAVENDER, setting="clinical", full_light_lux=500.0, devices=(over, replace(over, id="side", supine_view=False)))
    sheet = treatments.sheet("clinical/neuromuscular", 45, room=room)
    at = midst(sheet, "work1")
    brighter = lay(sheet, at, "light", 2)
    assert light(brighter, at + 30, "over").mired == pytest.approx(light(sheet, at, "over").mired)


def test_what_a_limit_took_of_scent_is_named_phase_by_phase(treatments: Treatments) -> None:
    sheet = treatments.sheet(scent=True, limits=Limits(scent_minutes_per_session=5))
    assert scene_at(sheet, midst(sheet, "work1")).scent == Why(Layer.LIMIT, "scent_minutes_per_session 5")
    none = treatments.sheet(scent=True, limits=Limits(scent_minutes_per_session=0))
    assert none.doses == ()
    assert "Scent stays off: this house gives no scent in a session." in none.notes


def test_a_fragrance_free_room_asks_nothing_else(treatments: Treatments) -> None:
    free = replace(LAVENDER, scent_policy="free", air_changes=0.0)
    left = Order(treatments.library.get("spa/swedish"), 60, care=parse([]), scent=True, scent_minutes_left=0.0)
    sheet = compile_sheet(left, free)
    assert sheet.doses == ()
    assert [note for note in sheet.notes if "cent" in note] == ["No scent: this room is fragrance-free."]
    assert scene_at(sheet, span(sheet, "work1").start + 1).scent == Why(Layer.LIMIT, "fragrance-free room")
