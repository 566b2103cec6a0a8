"""What no profile, guest or hand lifts: the limits of the house and of its evenings."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings

from ambiance.cuesheet import FOREVER, Hand, LightLevel, Order, Sheet, Tuning, compile_sheet, replan
from ambiance.cuesheet.exposure import AT_EYE, der
from ambiance.cuesheet.scene import room_lux, scene_at
from ambiance.profile import PHASES, Library
from ambiance.profile.accent import ACCENTS, RED_LIMIT, redness
from ambiance.site import Device, Evening, Limits, Room
from ambiance.units import kelvin, mired
from ambiance.why import Layer
from tests.cuesheet.lives import Start, starts
from tests.cuesheet.treatments import CLINIC, LAVENDER, Treatments, lay, light, midst, minutes, span


def said(sheet: Sheet, attribute: str) -> set[str]:
    return {clamp.why.source for clamp in sheet.clamps if clamp.attribute == attribute and clamp.why.layer is Layer.LIMIT}


def test_a_ceiling_of_light_holds_for_the_guest_and_not_for_the_examination(treatments: Treatments) -> None:
    limits = Limits(light_max_lux=80, places={"light_max_lux": "config.yaml:12"})
    sheet = treatments.sheet("clinical/swedish", 60, limits=limits)
    lux = {s.phase: room_lux(CLINIC, scene_at(sheet, midst(sheet, s.phase))) for s in sheet.spans if s.n}
    assert max(lux[phase] for phase in ("welcome", "settle", "work1", "return", "redress")) == pytest.approx(80)
    assert lux["exam"] == lux["reassess"] == pytest.approx(500)
    assert said(sheet, "lux") == {"light_max_lux 80 (config.yaml:12)"}
    why = scene_at(sheet, midst(sheet, "welcome")).why["ceiling"]["brightness"]
    assert (why.layer, why.source) == (Layer.LIMIT, "light_max_lux 80 (config.yaml:12)")


def test_a_hand_may_still_raise_light_over_the_ceiling(treatments: Treatments) -> None:
    sheet = treatments.sheet(limits=Limits(light_max_lux=40))
    at = midst(sheet, "welcome")
    raised = lay(sheet, at, "light", 20)
    assert light(raised, at + 5).lstar > light(sheet, at).lstar + 15


def test_dim_light_in_treatment_is_never_cool_and_that_is_said(treatments: Treatments) -> None:
    cool = Tuning(lstar=-30, mired=-100)
    sheet = treatments.sheet("clinical/neuromuscular", 45, tuning=cool)
    at = midst(sheet, "work1")
    assert room_lux(CLINIC, scene_at(sheet, at)) < 50
    assert kelvin(light(sheet, at).mired) == pytest.approx(3000)
    assert said(sheet, "kelvin") >= {"dim_max_kelvin 3000"}


def test_a_hand_that_dims_cool_light_also_warms_it(treatments: Treatments) -> None:
    sheet = treatments.sheet("clinical/neuromuscular", 45)
    at = midst(sheet, "work1")
    assert kelvin(light(sheet, at).mired) == pytest.approx(3500)
    dimmed = lay(sheet, at, "light", -30)
    later = scene_at(dimmed, at + 20)
    assert room_lux(CLINIC, later) < 50
    assert kelvin(light(dimmed, at + 20).mired) <= 3000 + 1e-6
    assert later.why["ceiling"]["kelvin"].layer is Layer.LIMIT
    held = replan.with_hand(sheet, at, Hand("hold", at, device="ceiling", level=LightLevel(15.0, mired(6500))))
    assert kelvin(light(held, at + 20).mired) <= 3000 + 1e-6
    wall = replan.with_hand(sheet, at, Hand("hold", at, device="ceiling", level=LightLevel(15.0, mired(6500)), lasting=True))
    assert kelvin(light(wall, at + 20).mired) == pytest.approx(6500)


def test_a_house_may_change_warmth_more_slowly(treatments: Treatments) -> None:
    slow = treatments.sheet("clinical/swedish", 60, limits=Limits(light_max_mired_s=1))
    cues = [c for c in slow.cues if isinstance(c.start, LightLevel) and isinstance(c.target, LightLevel) and c.fade > 0]
    assert all(abs(c.target.mired - c.start.mired) / c.fade <= 1 + 1e-9 for c in cues)  # type: ignore[union-attr]
    assert any(abs(c.target.mired - c.start.mired) > 50 for c in cues)  # type: ignore[union-attr]


def test_a_house_may_change_sound_more_slowly(treatments: Treatments) -> None:
    assert treatments.sheet(limits=Limits(sound_max_db_s=0.5)).sound_rate == 0.5
    assert treatments.sheet().sound_rate is None


def test_a_house_may_cap_lamps_in_view_lower(treatments: Treatments) -> None:
    over = Device("over", "r", "light", supine_view=True)
    room = replace(LAVENDER, devices=(over, Device("side", "r", "light", share=0.5)))
    sheet = treatments.sheet("clinical/swedish", 60, room=room, limits=Limits(supine_max_percent=2))
    clamp = next(c for c in sheet.clamps if c.device == "over" and c.phase == "work1" and c.attribute == "brightness")
    assert (clamp.given, clamp.why.layer) == (2, Layer.LIMIT)
    assert "supine_max_percent 2" in clamp.why.source
    exam = scene_at(sheet, midst(sheet, "exam")).levels["over"]
    assert isinstance(exam, LightLevel)
    assert exam.lstar > 50


EVENING = Evening()


def evening(library: Library, profile: str, length: int, room: Room, hours: tuple[float, float] = (-FOREVER, FOREVER)) -> Sheet:
    return compile_sheet(Order(library.get(profile), length, evening=EVENING, hours=hours), room)


def test_evening_light_at_the_eye_stays_under_ten_lux_melanopic_in_treatment(library: Library, treatments: Treatments) -> None:
    for profile in library.all():
        room = CLINIC if profile.setting == "clinical" else LAVENDER
        sheet = evening(library, profile.id, profile.default_minutes, room)
        for each in sheet.spans:
            if each.n and PHASES[each.phase].lying and each.phase != "analyse":
                scene = scene_at(sheet, midst(sheet, each.phase))
                warmth = scene.levels["ceiling"]
                assert isinstance(warmth, LightLevel)
                assert AT_EYE * room_lux(room, scene) * der(kelvin(warmth.mired)) <= 10 + 0.05, (profile.id, each.phase)
            if each.phase in ("return", "redress"):
                assert kelvin(light(sheet, midst(sheet, each.phase)).mired) <= 3000 + 1e-6
        assert [s.phase for s in sheet.spans] == [s.phase for s in compile_sheet(Order(profile, profile.default_minutes), room).spans]


def test_evening_light_is_reckoned_as_the_lamps_give_it_not_as_warm_as_they_should(library: Library) -> None:
    cool = replace(CLINIC, devices=tuple(replace(d, kelvin=(2700.0, 6500.0)) if d.kind == "light" else d for d in CLINIC.devices))
    order = Order(library.get("clinical/joint_mobilization"), 30, tuning=Tuning(mired=100.0), evening=EVENING)
    scene = scene_at(sheet := compile_sheet(order, cool), midst(sheet, "work1"))
    lamps = [scene.levels[device.id] for device in cool.of("light") if device.role != "exam"]
    assert {round(kelvin(lamp.mired)) for lamp in lamps if isinstance(lamp, LightLevel)} == {2700}
    assert AT_EYE * room_lux(cool, scene) * der(2700) <= 10 + 0.05


def test_evening_leaves_a_spa_hour_as_it_is_and_examinations_bright(library: Library) -> None:
    plain, late = compile_sheet(Order(library.get("spa/swedish"), 60), LAVENDER), evening(library, "spa/swedish", 60, LAVENDER)
    assert [(c.at, c.device, c.target, c.fade) for c in late.cues] == [(c.at, c.device, c.target, c.fade) for c in plain.cues]
    clinic = evening(library, "clinical/neuromuscular", 45, CLINIC)
    assert room_lux(CLINIC, scene_at(clinic, midst(clinic, "exam"))) == pytest.approx(500)
    assert any(source.startswith("evening") for source in said(clinic, "lux"))
    assert scene_at(clinic, midst(clinic, "work1")).why["ceiling"]["brightness"].layer is Layer.LIMIT


def test_a_hand_makes_an_evenings_waking_no_cooler_and_why_says_who_holds_it(library: Library) -> None:
    sheet = evening(library, "clinical/swedish", 60, CLINIC)
    cold = LightLevel(60.0, mired(6500))
    for phase in ("return", "redress"):
        at = midst(sheet, phase)
        held = replan.with_hand(sheet, at, Hand("hold", at, device="ceiling", level=cold))
        assert kelvin(light(held, at + 20).mired) == pytest.approx(3000)
        assert scene_at(held, at + 20).why["ceiling"]["kelvin"].source.startswith("evening")
        blue = replan.with_hand(sheet, at, Hand("hold", at, device="ceiling", level=replace(cold, color="#80a0ff")))
        assert light(blue, at + 20).color is None
        wall = replan.with_hand(sheet, at, Hand("hold", at, device="ceiling", level=cold, lasting=True))
        assert kelvin(light(wall, at + 20).mired) == pytest.approx(6500)
    at = midst(sheet, "reassess")
    examined = replan.with_hand(sheet, at, Hand("hold", at, device="ceiling", level=cold))
    assert kelvin(light(examined, at + 20).mired) == pytest.approx(6500)


def test_evening_begins_with_the_phase_that_reaches_into_it(library: Library) -> None:
    sheet = evening(library, "clinical/neuromuscular", 45, CLINIC, (30 * 60.0, FOREVER))
    first = room_lux(CLINIC, scene_at(sheet, midst(sheet, "settle")))
    assert first == pytest.approx(200)
    later = span(sheet, "work2")
    assert room_lux(CLINIC, scene_at(sheet, (later.start + later.end) / 2)) < 50


@settings(max_examples=60, deadline=None)
@given(starts)
def test_automatic_light_turns_round_at_most_once_in_ten_seconds(start: Start) -> None:
    sheet = start.sheet()
    for device, cues in sheet.tracks.items():
        turns: list[float] = []
        way = 0.0
        # A move lasts until the next one begins.
        for cue in cues:
            if isinstance(cue.start, LightLevel) and isinstance(cue.target, LightLevel) and abs(cue.target.lstar - cue.start.lstar) > 1e-9:
                now = cue.target.lstar - cue.start.lstar
                if way * now < 0:
                    turns.append(cue.at)
                way = now
        assert all(b - a >= 10 - 1e-6 for a, b in itertools.pairwise(turns)), (device, turns)


def test_no_accent_is_saturated_red() -> None:
    assert all(redness(color) < RED_LIMIT for color in ACCENTS.values())


# --- scent ---


def ran(sheet: Sheet) -> list[tuple[str, float]]:
    return [(dose.phase, round(dose.minutes, 2)) for dose in sheet.doses]


@pytest.mark.parametrize(
    ("volume", "changes", "mg_h", "part"), [(30, 2, 14, 1), (30, 1, 14, 0.5), (15, 2, 14, 0.5), (30, 2, 105, 0.133), (60, 6, 14, 1)]
)
def test_doses_are_shorter_where_the_air_is_less_or_the_diffuser_stronger(
    treatments: Treatments, volume: float, changes: float, mg_h: float, part: float
) -> None:
    devices = tuple(replace(d, emission_mg_h=mg_h) if d.kind == "diffuser" else d for d in LAVENDER.devices)
    room = replace(LAVENDER, volume_m3=volume, air_changes=changes, devices=devices)
    sheet = treatments.sheet(room=room, scent=True)
    assert dict(ran(sheet))["work1"] == pytest.approx(10 * part, abs=0.01)
    assert any("shorter doses" in note for note in sheet.notes) == (part < 1)
    clamps = [c for c in sheet.clamps if c.attribute == "dose percent"]
    assert [c.given for c in clamps] == ([pytest.approx(100 * part, abs=0.05)] if part < 1 else [])


def test_a_cold_air_machine_runs_two_minutes_on_and_twenty_eight_off(treatments: Treatments) -> None:
    devices = tuple(replace(d, emission_mg_h=105.0) if d.kind == "diffuser" else d for d in LAVENDER.devices)
    sheet = treatments.sheet("spa/aromatherapy", 90, room=replace(LAVENDER, devices=devices), scent=True)
    work = [dose for dose in sheet.doses if dose.phase == "work1"]
    assert all(dose.minutes <= 2 + 1e-9 for dose in work)
    assert work[1].at - work[0].until >= 27.9 * 60


def test_air_that_does_not_change_is_given_no_scent(treatments: Treatments) -> None:
    sheet = treatments.sheet(room=replace(LAVENDER, air_changes=0.0), scent=True)
    assert sheet.doses == ()
    assert any("does not change" in note for note in sheet.notes)


def test_the_guide_value_of_the_air_cuts_doses_and_that_is_said(treatments: Treatments) -> None:
    sheet = treatments.sheet(scent=True, limits=Limits(scent_max_ug_m3=60))
    assert 0 < dict(ran(sheet))["work1"] < 6
    (clamp,) = [c for c in sheet.clamps if c.attribute == "scent in the air"]
    assert (clamp.given, clamp.why.source) == (60, "scent_max_ug_m3 60")


def test_a_house_may_give_fewer_minutes_stop_earlier_and_run_shorter(treatments: Treatments) -> None:
    few = treatments.sheet(scent=True, limits=Limits(scent_minutes_per_session=12))
    assert minutes(few.doses) <= 12
    (clamp,) = [c for c in few.clamps if c.attribute == "scent minutes"]
    assert (clamp.asked, clamp.given, clamp.why.source) == (20, 12, "scent_minutes_per_session 12")
    early = treatments.sheet(scent=True, limits=Limits(scent_stop_minutes=40))
    assert max(dose.until for dose in early.doses) <= early.end - 40 * 60
    short = treatments.sheet(scent=True, limits=Limits(scent_run_minutes=3))
    assert max(dose.minutes for dose in short.doses) <= 3


def test_however_a_treatment_is_hurried_no_diffuser_runs_half_an_hour_without_a_rest(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/aromatherapy", 90, scent=True, prep=600, limits=Limits(scent_run_minutes=20))
    now = 0.0
    for _ in range(4):
        running = next((d for d in sheet.doses if d.until > now), None)
        if running is None:
            break
        now = running.until
        sheet = replan.advance(sheet, now)
    on = until = 0.0
    for dose in sheet.doses:
        on = 0.0 if dose.at - until >= on else on
        on += dose.until - dose.at
        until = dose.until
        assert on <= 20 * 60 + 1e-6


def test_what_the_next_guest_needs_stops_scent_and_nothing_gives_it_back(treatments: Treatments) -> None:
    sheet = treatments.sheet(scent=True)
    assert [phase for phase, _ in ran(sheet)] == ["settle", "work1", "work2"]
    cut = replan.without_scent_from(sheet, 12 * 60)
    assert ran(cut) == [("settle", 4), ("work1", 3)]
    assert ran(replan.extend(cut, 60, 1800)) == [("settle", 4), ("work1", 3)]
    later, _ = replan.begin(treatments.sheet(scent=True, prep=600), -120)
    assert later.scent_until == FOREVER
    bounded = replan.with_scent_until(treatments.sheet(scent=True, prep=600), 12 * 60)
    begun, _ = replan.begin(bounded, 60)
    assert begun.scent_until == 11 * 60
    assert max(dose.until for dose in begun.doses) <= 11 * 60
