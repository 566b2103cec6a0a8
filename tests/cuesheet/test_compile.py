"""A profile and a guest's care become a cue sheet for one room."""

from dataclasses import replace
from itertools import pairwise

import pytest

from ambiance.care import Code
from ambiance.cuesheet import LightLevel, Sheet, SoundLevel, Tuning, room_dba, room_lux, scene_at
from ambiance.cuesheet.model import ClimateLevel, FanLevel, WarmerLevel
from ambiance.errors import AmbianceError
from ambiance.profile import Library
from ambiance.site import Device, Limits
from ambiance.units import SILENCE, kelvin, lstar, output
from ambiance.why import Layer
from tests.cuesheet.treatments import CLINIC, LAMPS, LAVENDER, REST, Treatments, light, midst, minutes, room_of, sound, span


def each(library: Library) -> list[tuple[str, int]]:
    return [(profile.id, length) for profile in library.all() for length in profile.lengths]


def plan(sheet: Sheet) -> dict[str, float]:
    return {s.phase: s.length / 60 for s in sheet.spans if s.n}


# --- the reference treatment ---


def test_swedish_60_has_its_phases_and_ends_after_an_hour(treatments: Treatments) -> None:
    sheet = treatments.sheet(prep=600)
    assert plan(sheet) == {"welcome": 5, "settle": 4, "work1": 22, "turn": 2, "work2": 14, "deep": 6, "return": 2, "redress": 5}
    assert [s.n for s in sheet.spans if s.n] == list(range(1, 9))
    assert (sheet.spans[0].phase, sheet.spans[0].start, sheet.end) == ("room_prep", -600, 3600)
    assert [s.phase for s in sheet.spans][-2:] == ["turnover_clean", "ready"]


@pytest.mark.parametrize(
    ("phase", "lux", "warmth", "dba"),
    [
        ("room_prep", 200, 3000, 45), ("welcome", 150, 2700, 45), ("settle", 60, 2400, 45), ("work1", 15, 2200, 42), ("turn", 25, 2200, 42),
        ("work2", 12, 2200, 40), ("deep", 5, 2000, 37), ("return", 40, 2400, 42), ("redress", 120, 2700, 45),
    ],
)  # fmt: skip
def test_swedish_60_gives_each_phase_its_light_and_music(treatments: Treatments, phase: str, lux: float, warmth: float, dba: float) -> None:
    sheet = treatments.sheet(prep=600)
    scene = scene_at(sheet, span(sheet, phase).end - 0.001)
    assert room_lux(LAVENDER, scene) == pytest.approx(lux, rel=0.01)
    assert kelvin(light(sheet, span(sheet, phase).end - 0.001).mired) == pytest.approx(warmth, rel=0.001)
    assert room_dba(LAVENDER, scene.levels) == pytest.approx(dba, abs=0.01)


def test_swedish_60_moves_into_each_phase_in_the_time_of_the_table_and_never_more_than_half_of_it(treatments: Treatments) -> None:
    sheet = treatments.sheet()
    fades = {s.phase: max(c.fade for c in sheet.tracks["ceiling"] if c.at == s.start) for s in sheet.spans if s.n and s.start}
    assert fades == {"settle": 30, "work1": 60, "turn": 20, "work2": 30, "deep": 90, "return": 60, "redress": 30}


def test_every_value_names_the_layer_that_decided_it(treatments: Treatments) -> None:
    sheet = treatments.sheet(tuning=Tuning(decibel=3.0), care=[{"code": "light_max_lx", "value": 10}])
    why = scene_at(sheet, midst(sheet, "work1")).why
    assert why["ceiling"]["brightness"].layer is Layer.CARE
    assert why["ceiling"]["kelvin"].layer in (Layer.PROFILE, Layer.SETTING)
    assert why["speaker"]["volume"].layer is Layer.WISH
    assert all(source.source for device in why.values() for source in device.values())


# --- the whole library ---


def test_every_treatment_compiles_at_every_length_into_phases_without_a_gap(library: Library, treatments: Treatments) -> None:
    for profile, length in each(library):
        sheet = treatments.sheet(profile, length, prep=600)
        assert all(before.end == after.start for before, after in pairwise(sheet.spans))
        assert all(s.length > 0 for s in sheet.spans)
        assert sheet.end == sum(s.length for s in sheet.spans if s.n)


def test_a_phase_without_minutes_is_left_out(treatments: Treatments) -> None:
    assert list(plan(treatments.sheet(minutes=30))) == ["welcome", "settle", "work1", "deep", "return", "redress"]


def test_a_length_the_profile_does_not_have_is_refused(treatments: Treatments) -> None:
    with pytest.raises(AmbianceError):
        treatments.sheet(minutes=20)
    with pytest.raises(AmbianceError):
        treatments.sheet("clinical/swedish", 30, visit="first")


def test_the_examination_lamp_burns_only_in_examinations(library: Library, treatments: Treatments) -> None:
    seen = set()
    for profile, length in each(library):
        sheet = treatments.sheet(profile, length)
        for s in sheet.spans:
            burns = light(sheet, min(s.end, s.start + 1e6) - 0.001, "exam").lstar > 0
            assert burns == (s.phase in ("exam", "reassess", "analyse")), f"{profile} {s.phase}"
            seen |= {s.phase} if burns else set()
    assert seen == {"exam", "reassess", "analyse"}


def test_before_and_after_are_examined_in_the_same_scene(library: Library, treatments: Treatments) -> None:
    for profile, length in each(library):
        sheet = treatments.sheet(profile, length)
        if "exam" in sheet.palette and "reassess" in sheet.palette:
            before, after = (scene_at(sheet, span(sheet, phase).end - 0.001).levels for phase in ("exam", "reassess"))
            assert before == after


def test_a_lamp_in_the_lying_guests_view_stays_at_five_percent(library: Library, treatments: Treatments) -> None:
    room = room_of(Device("over", "r", "light", share=0.5, supine_view=True), Device("wall", "r", "light", share=0.5))
    said = 0
    for profile, length in each(library):
        sheet = treatments.sheet(profile, length, room=room)
        for s in sheet.spans:
            if s.lying:
                assert light(sheet, s.end - 0.001, "over").lstar <= lstar(0.05) + 1e-6
        said += sum(clamp.attribute == "brightness" and clamp.device == "over" and clamp.given == 5 for clamp in sheet.clamps)
    assert said > 20


# --- what a room can do ---


def test_lamps_share_the_light_and_together_give_the_lux_of_the_profile(treatments: Treatments) -> None:
    room = room_of(Device("a", "r", "light", share=0.5), Device("b", "r", "light", share=0.3), Device("c", "r", "light", share=0.2))
    sheet = treatments.sheet(room=room)
    scene = scene_at(sheet, midst(sheet, "work1"))
    assert room_lux(room, scene) == pytest.approx(15, rel=1e-6)
    assert {round(output(level.lstar), 4) for level in scene.levels.values() if isinstance(level, LightLevel)} == {0.05}


def test_accent_lamps_give_their_part_of_the_light_in_the_accents_colour(treatments: Treatments) -> None:
    room = room_of(Device("white", "r", "light", share=0.5), Device("tint", "r", "light", role="accent", share=0.5))
    sheet = treatments.sheet(room=room)
    tint, white = (light(sheet, midst(sheet, "work1"), id) for id in ("tint", "white"))
    assert tint.color is not None
    assert white.color is None
    assert output(tint.lstar) * 0.5 == pytest.approx(0.2 * 15 / 300, rel=1e-6)
    assert room_lux(room, scene_at(sheet, midst(sheet, "work1"))) == pytest.approx(15, rel=1e-6)


def test_a_lamp_that_flickers_below_its_lowest_output_is_kept_at_it_and_that_is_said(treatments: Treatments) -> None:
    room = room_of(Device("ceiling", "r", "light", lowest=4.0))
    sheet = treatments.sheet(room=room)
    assert 100 * output(light(sheet, midst(sheet, "deep")).lstar) == pytest.approx(4.0)
    clamp = next(c for c in sheet.clamps if c.phase == "deep" and c.attribute == "brightness")
    assert (clamp.device, clamp.given, clamp.why.layer) == ("ceiling", 4.0, Layer.ROOM)
    assert clamp.asked == pytest.approx(5 / 3, abs=0.01)


def test_a_warmth_the_lamp_cannot_give_is_clamped_and_said(treatments: Treatments) -> None:
    sheet = treatments.sheet(room=room_of(Device("ceiling", "r", "light", kelvin=(2700, 6500))))
    assert kelvin(light(sheet, midst(sheet, "work1")).mired) == pytest.approx(2700)
    clamp = next(c for c in sheet.clamps if c.phase == "work1")
    assert (clamp.attribute, clamp.asked, clamp.given) == ("kelvin", 2200, 2700)
    assert "2700-6500 K" in clamp.why.source


def test_of_a_lamp_that_does_not_burn_no_warmth_is_said(treatments: Treatments) -> None:
    exam = Device("exam", "r", "light", role="exam", kelvin=(2700, 6500))
    sheet = treatments.sheet(room=room_of(Device("ceiling", "r", "light"), exam))
    assert not [c for c in sheet.clamps if c.device == "exam"]
    facial = treatments.sheet("spa/facial", room=room_of(Device("ceiling", "r", "light"), replace(exam, kelvin=(3500, 6500))))
    assert {(c.phase, c.attribute) for c in facial.clamps if c.device == "exam"} == {("analyse", "kelvin")}


def test_more_light_than_the_room_has_is_clamped_and_said(treatments: Treatments) -> None:
    room = replace(LAVENDER, full_light_lux=100.0)
    sheet = treatments.sheet(room=room)
    assert room_lux(room, scene_at(sheet, midst(sheet, "welcome"))) == pytest.approx(100)
    clamp = next(c for c in sheet.clamps if c.phase == "welcome" and c.attribute == "lux")
    assert (clamp.asked, clamp.given, clamp.why.layer) == (150, 100, Layer.ROOM)


def test_music_is_never_louder_than_the_house_allows(treatments: Treatments) -> None:
    sheet = treatments.sheet(limits=Limits(sound_max_dba=40.0))
    assert {sound(sheet, midst(sheet, phase)).dba for phase in ("welcome", "work1", "turn")} == {40.0}
    assert any(c.attribute == "dba" and c.why.layer is Layer.LIMIT for c in sheet.clamps)


def test_a_room_nobody_measured_stays_below_sixty_dba(treatments: Treatments) -> None:
    room = replace(LAVENDER, full_volume_dba=None)
    sheet = treatments.sheet(room=room, tuning=Tuning(decibel=12.0), limits=Limits(sound_max_dba=75.0))
    loudest = max(sound(sheet, s.end - 1).dba for s in sheet.spans if s.n)
    assert 50 < loudest <= 60


def test_the_air_has_one_set_point_from_preparation_to_the_end(treatments: Treatments) -> None:
    sheet = treatments.sheet(prep=600)
    assert {scene_at(sheet, s.start + 1).levels["air"] for s in sheet.spans if s.n or s.phase == "room_prep"} == {ClimateLevel(24.0)}


def test_the_warmer_begins_half_an_hour_ahead_and_goes_off_when_the_guest_has_left(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/hot_stone", 60, prep=600)
    on, off = sheet.tracks["table"]
    assert (on.at, on.target, off.at, off.target) == (-2700, WarmerLevel(True), 3600, WarmerLevel(False))


def test_the_extract_fan_runs_while_the_room_is_aired(treatments: Treatments) -> None:
    sheet = treatments.sheet(scent=True)
    assert scene_at(sheet, midst(sheet, "work1")).levels["extract"] == FanLevel(0.0)
    assert scene_at(sheet, midst(sheet, "turnover_air")).levels["extract"] == FanLevel(100.0)


def test_a_room_without_devices_still_has_a_sheet(treatments: Treatments) -> None:
    sheet = treatments.sheet(room=room_of())
    assert (sheet.cues, sheet.end, scene_at(sheet, 700).phase) == ((), 3600, "work1")


# --- particular treatments ---


def test_the_float_darkens_in_the_last_two_minutes_before_the_silence(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/float", 60)
    into = span(sheet, "float_in")
    assert light(sheet, into.end - 120).lstar == pytest.approx(lstar(5 / 300), abs=0.01)
    assert 0 < light(sheet, into.end - 60).lstar < lstar(5 / 300)
    assert light(sheet, into.end).lstar == light(sheet, midst(sheet, "float_silent")).lstar == 0
    assert sound(sheet, midst(sheet, "float_silent")) == SoundLevel(SILENCE)


def test_a_short_body_scrub_ends_without_a_return_in_a_gentle_twenty_seconds(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/body_scrub", 30)
    assert "return" not in plan(sheet)
    assert span(sheet, "redress").fade == 20
    assert max(c.fade for c in sheet.tracks["ceiling"] if c.at == span(sheet, "redress").start) == 20
    assert span(treatments.sheet("spa/body_scrub", 45), "redress").fade == 30  # the longer ones have a return, and time


def test_menu_trims_shift_the_profile_and_are_named(treatments: Treatments) -> None:
    base, calm = treatments.sheet(), treatments.sheet("menu/harbour-calm", 60)
    at = midst(base, "work1")
    assert sound(calm, at).dba == sound(base, at).dba - 2
    assert light(calm, at).mired == pytest.approx(light(base, at).mired + 20)
    assert scene_at(calm, at).why["speaker"]["volume"].layer is Layer.MENU


def test_wishes_shift_the_plan(treatments: Treatments) -> None:
    base, wished = treatments.sheet(), treatments.sheet(tuning=Tuning(lstar=10, mired=-50, decibel=3))
    at = midst(base, "work2")
    assert light(wished, at).lstar == pytest.approx(light(base, at).lstar + 10)
    assert light(wished, at).mired == pytest.approx(light(base, at).mired - 50)
    assert sound(wished, at).dba == sound(base, at).dba + 3
    assert sound(treatments.sheet(tuning=Tuning(silence=True)), at) == SoundLevel(SILENCE)


def test_an_occupied_room_is_never_darker_than_five_lux_unless_it_is_a_float(treatments: Treatments) -> None:
    sheet = treatments.sheet(tuning=Tuning(lstar=-40))
    assert room_lux(LAVENDER, scene_at(sheet, midst(sheet, "deep"))) == pytest.approx(5, rel=1e-6)


# --- what a guest needs ---


def test_light_stays_within_what_the_guest_bears(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "light_max_lx", "value": 10}, {"code": "light_min_lx", "value": 8}])
    lux = {s.phase: room_lux(LAVENDER, scene_at(sheet, s.end - 0.001)) for s in sheet.spans if s.lying}
    assert {phase: round(value, 3) for phase, value in lux.items()} == {"work1": 10, "turn": 10, "work2": 10, "deep": 8, "return": 10}
    assert {(c.phase, c.asked, c.given) for c in sheet.clamps if c.attribute == "lux"} >= {("work1", 15, 10), ("deep", 5, 8)}
    assert all(c.why.layer is Layer.CARE for c in sheet.clamps)


def test_a_code_for_one_phase_leaves_the_others(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "light_max_lx", "value": 10, "phases": ["work1"]}])
    assert room_lux(LAVENDER, scene_at(sheet, midst(sheet, "work1"))) == pytest.approx(10)
    assert room_lux(LAVENDER, scene_at(sheet, midst(sheet, "work2"))) == pytest.approx(12)


def test_no_dark_lifts_the_light_and_the_dip(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=["no_dark"])
    lux = {s.phase: room_lux(LAVENDER, scene_at(sheet, s.end - 0.001)) for s in sheet.spans if s.n}
    assert min(lux.values()) == pytest.approx(30)
    assert lux["deep"] >= lux["work1"] - 1e-6


def test_warm_and_white_light_where_asked(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "cct_max_k", "value": 2500}, "no_accent"])
    for s in sheet.spans:
        if s.n:
            assert kelvin(light(sheet, s.end - 0.001).mired) <= 2500.001
            assert light(sheet, s.end - 0.001, "cove").color is None


def test_contradicting_light_keeps_the_floor_with_lamps_out_of_view_and_asks(treatments: Treatments) -> None:
    room = room_of(Device("over", "r", "light", share=0.5, supine_view=True), Device("wall", "r", "light", share=0.5))
    sheet = treatments.sheet(room=room, care=[{"code": "light_max_lx", "value": 20}, {"code": "light_min_lx", "value": 40}])
    assert light(sheet, midst(sheet, "work1"), "over").lstar == 0
    assert not any("lx" in note for note in sheet.notes)  # what contradicts is asked of staff, and kept with the needs alone


def test_slow_change_stretches_every_fade_of_light_and_music(treatments: Treatments) -> None:
    sheet = treatments.sheet("clinical/swedish", 60, care=["slow_change"])
    for cue in sheet.cues:
        if isinstance(cue.start, LightLevel | SoundLevel) and cue.start != cue.target:
            assert cue.fade >= 60
        if isinstance(cue.start, SoundLevel) and isinstance(cue.target, SoundLevel) and cue.fade:
            assert abs(cue.target.dba - cue.start.dba) / cue.fade <= 1.0 + 1e-9


def test_small_steps_mean_ten_lstar_in_five_seconds_at_most(treatments: Treatments) -> None:
    slow = treatments.sheet("clinical/swedish", 60, care=[{"code": "slow_change", "value": 10}])
    house = treatments.sheet("clinical/swedish", 60, limits=Limits(light_max_l_step=5.0))
    for sheet, rate in ((slow, 2.0), (house, 1.0)):
        for cue in sheet.cues:
            if isinstance(cue.start, LightLevel) and isinstance(cue.target, LightLevel) and cue.fade:
                assert abs(cue.target.lstar - cue.start.lstar) / cue.fade <= rate + 1e-9


def test_sound_stays_within_what_the_guest_bears(treatments: Treatments) -> None:
    quiet = treatments.sheet(care=[{"code": "sound_max_dba", "value": 38}])
    assert {sound(quiet, midst(quiet, phase)).dba for phase in ("welcome", "work1", "work2")} == {38}
    assert sound(quiet, midst(quiet, "deep")).dba == 37
    masked = treatments.sheet("clinical/swedish", 60, care=[{"code": "sound_min_dba", "value": 43}])
    assert {sound(masked, s.end - 0.001).dba for s in masked.spans if s.n} == {43}
    silent = treatments.sheet(care=["sound_off"])
    assert {sound(silent, midst(silent, phase)) for phase in ("welcome", "work1", "deep")} == {SoundLevel(SILENCE)}


def test_music_that_must_not_be_played_is_asked_for_under_another_name(treatments: Treatments) -> None:
    at = midst(treatments.sheet(), "work1")
    cares: list[list[Code]] = [[], [{"code": "sound_exclude", "value": ["nature"]}], [{"code": "sound_only", "value": ["piano"]}]]
    names = {sound(treatments.sheet(care=care), at).playlist for care in cares}
    assert len(names) == 3
    assert all(name is not None and "nature" not in name and "piano" not in name for name in names)


def test_warmer_and_cooler_air_where_asked(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "temp_offset_c", "value": -1.5}])
    assert scene_at(sheet, midst(sheet, "work1")).levels["air"] == ClimateLevel(22.5)


def test_a_phase_to_be_announced_waits_for_a_tap_even_on_the_clock(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "hold_phase", "value": "work1"}])
    assert [s.phase for s in sheet.spans if s.border] == ["turn"]
    assert sheet.horizon == span(sheet, "turn").start


def test_the_turnover_knows_nothing_of_the_guest(treatments: Treatments) -> None:
    care: list[Code] = [{"code": "light_max_lx", "value": 10}, "sound_off", {"code": "temp_offset_c", "value": 2}]
    cared, plain = treatments.sheet(care=care), treatments.sheet()
    for phase in ("turnover_clean", "ready"):
        one, other = (sheet.palette[phase] for sheet in (cared, plain))
        assert {id: aim.level for id, aim in one.items()} == {id: aim.level for id, aim in other.items()}


# --- borders ---


def test_hands_decide_the_first_work_every_turn_and_the_end(treatments: Treatments) -> None:
    sheet = treatments.sheet(borders="hands")
    assert [s.phase for s in sheet.spans if s.border] == ["work1", "turn", "return", "turnover_clean"]
    assert not any(s.border for s in treatments.sheet(borders="clock").spans)
    scrub = treatments.sheet("spa/body_scrub", 30, borders="hands")
    assert [s.phase for s in scrub.spans if s.border] == ["work1", "turn", "redress", "turnover_clean"]


def test_a_room_prepared_for_a_guest_goes_no_further_than_the_welcome_before_they_come(treatments: Treatments) -> None:
    sheet = treatments.sheet(prep=600, borders="hands")
    assert scene_at(sheet, 2000).phase == "welcome"
    assert scene_at(sheet, 2000, proposed=True).phase == "work2"


# --- scent ---


def runs(sheet: Sheet) -> list[tuple[str, float, float]]:
    return [(dose.phase, dose.at / 60, dose.until / 60) for dose in sheet.doses]


def test_a_precharged_swedish_60_spends_its_budget_before_and_in_the_first_work(treatments: Treatments) -> None:
    sheet = treatments.sheet(scent=True, prep=600)
    assert runs(sheet) == [("room_prep", -10, 0), ("work1", 9, 19)]
    assert {dose.intensity for dose in sheet.doses} == {2}


def test_without_precharge_swedish_60_is_scented_in_three_phases(treatments: Treatments) -> None:
    assert runs(treatments.sheet(scent=True)) == [("settle", 5, 9), ("work1", 9, 19), ("work2", 33, 38)]


def test_scent_stays_in_its_budget_and_out_of_the_last_quarter_of_an_hour(library: Library, treatments: Treatments) -> None:
    scented = 0
    for profile, length in each(library):
        share, most = (1 / 2, 45) if profile == "spa/aromatherapy" else (1 / 3, 40)
        for prep in (0, 600):
            sheet = treatments.sheet(profile, length, scent=True, prep=prep)
            assert minutes(sheet.doses) <= min(most, length * share) + 1e-9
            assert all(dose.until <= sheet.end - 900 for dose in sheet.doses)
            assert all(dose.until - dose.at <= 1800 for dose in sheet.doses)
            scented += bool(sheet.doses)
    assert scented > 20


def test_scent_is_opt_in_and_the_reason_is_said(treatments: Treatments) -> None:
    for sheet, words in (
        (treatments.sheet(scent=False), "did not ask"),
        (treatments.sheet(scent=True, care=None), "nobody asked"),
        (treatments.sheet(scent=True, care=["scent_off"]), "for this guest"),
        (treatments.sheet(scent=True, care=["scent_off_strict"]), "for this guest"),
        (treatments.sheet(scent=True, care=[{"code": "scent_allow", "value": ["citrus"]}]), "not among"),
        (treatments.sheet(scent=True, left=0.0), "for today"),
        (treatments.sheet(scent=True, room=room_of(*LAMPS, Device("d", "r", "diffuser", families=("citrus",)))), "no diffuser"),
    ):
        assert sheet.doses == ()
        assert any(words in note for note in sheet.notes)


def test_the_days_last_scent_minutes_are_not_overdrawn(treatments: Treatments) -> None:
    assert runs(treatments.sheet(scent=True, left=12.0)) == [("settle", 5, 9), ("work2", 33, 38)]


def test_a_guest_who_allows_a_little_scent_gets_a_little(treatments: Treatments) -> None:
    sheet = treatments.sheet(scent=True, care=[{"code": "scent_allow", "value": ["floral_herbal"]}])
    assert {dose.intensity for dose in sheet.doses} == {1}
    assert runs(sheet) == [("settle", 5, 9), ("work1", 9, 14), ("work2", 33, 38)]


def test_a_clinic_is_not_scented(library: Library, treatments: Treatments) -> None:
    for profile in library.all():
        if profile.setting == "clinical" and profile.modality != "aromatherapy":
            assert treatments.sheet(profile.id, profile.default_minutes, room=CLINIC, scent=True, prep=600).doses == ()


def test_a_room_without_a_diffuser_says_nothing_about_scent(treatments: Treatments) -> None:
    sheet = treatments.sheet(scent=True, room=room_of(*LAMPS, REST[0]))
    assert (sheet.doses, sheet.notes) == ((), ())
