"""What a guest was exposed to: doses that are integrals, levels that hold, hands that are remembered, likeness in words."""

from dataclasses import replace
from math import exp, log10

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ambiance.cuesheet import Cue, Hand, LightLevel, Sheet, SoundLevel, Span, replan, room_dba, room_lux, scene_at
from ambiance.cuesheet.exposure import Given, der, energy_mean, exposure
from ambiance.cuesheet.likeness import Likeness, fingerprint, likeness
from ambiance.cuesheet.model import ClimateLevel, Level
from ambiance.cuesheet.plays import Play, plays
from ambiance.cuesheet.stretches import stretches
from ambiance.cuesheet.touches import Touch, touches
from ambiance.site import Device, Room
from ambiance.units import SILENCE, Seconds, lstar, mired, output
from tests.cuesheet.lives import Deed, Life, Start, days, parts, starts
from tests.cuesheet.treatments import CLINIC, LAVENDER, Treatments, span

HOUR: Seconds = 3600.0
PLAIN = Room(
    "plain", "Plain", full_light_lux=300.0, full_volume_dba=70.0, volume_m3=30.0, air_changes=3.0,
    devices=(Device("lamp", "plain", "light"), Device("box", "plain", "player"), Device("heat", "plain", "climate")),
)  # fmt: skip


def an_hour(*cues: tuple[Seconds, str, Level, Level, Seconds]) -> Sheet:
    """One phase of an hour with these cues: when, which device, from, to, how long."""
    return Sheet("spa/plain", 60, (Span("work1", 0, HOUR, HOUR, 600, 10, 1, True),), {}, tuple(Cue(*cue) for cue in cues))


def steady(lux: float, kelvin: float = 2700) -> tuple[Seconds, str, Level, Level, Seconds]:
    level = LightLevel(lstar(lux / 300), mired(kelvin))
    return (0.0, "lamp", level, level, 0.0)


def sounding(at: Seconds, start: float, target: float, fade: Seconds) -> tuple[Seconds, str, Level, Level, Seconds]:
    return (at, "box", SoundLevel(start, "pl-1"), SoundLevel(target, "pl-1"), fade)


# --- light -----------------------------------------------------------------------------------------------------------


def test_an_hour_of_60_lux_is_60_lux_hours() -> None:
    light = exposure(an_hour(steady(60)), PLAIN, HOUR).light
    assert light is not None
    assert light.dose == pytest.approx(60)
    assert [light.least, light.most] == pytest.approx([60, 60])
    assert light.fastest == light.fastest_by_hand == 0


@pytest.mark.parametrize(("kelvin", "ratio"), [(2000, 0.25), (2200, 0.30), (2700, 0.43), (3000, 0.50), (4000, 0.65), (6500, 1.0)])
def test_the_melanopic_dose_takes_half_of_the_light_to_the_eye_and_the_planning_value_of_its_colour(kelvin: float, ratio: float) -> None:
    light = exposure(an_hour(steady(100, kelvin)), PLAIN, HOUR).light
    assert light is not None
    assert light.melanopic == pytest.approx(0.5 * 100 * ratio)


def test_between_and_beyond_the_planning_values_the_ratio_goes_on_evenly() -> None:
    assert der(1800) == 0.25
    assert der(8000) == 1.0
    halfway = 2e6 / (mired(3000) + mired(4000))
    assert der(2e6 / (2e6 / halfway)) == pytest.approx((0.50 + 0.65) / 2)
    assert [der(k) for k in range(1500, 9000, 50)] == sorted(der(k) for k in range(1500, 9000, 50))


def test_a_fade_is_integrated_and_not_sampled() -> None:
    dark, full = LightLevel(0.0, 500.0), LightLevel(100.0, 153.0)
    light = exposure(an_hour((0.0, "lamp", dark, full, HOUR)), PLAIN, HOUR).light
    assert light is not None
    # ∫ Y dL*: a straight line up to 8, a cube above it.
    exact = 300 * ((8 * output(8) / 2) + 116 / 4 * (1 - (24 / 116) ** 4)) / 100
    assert light.dose == pytest.approx(exact, rel=1e-9)
    slow = sum(300 * output(100 * (i + 0.5) / 20000) * der(1e6 / (500 - 347 * (i + 0.5) / 20000)) for i in range(20000)) / 20000
    assert light.melanopic == pytest.approx(0.5 * slow, rel=1e-6)
    assert [light.least, light.most] == pytest.approx([0, 300])
    assert light.fastest == pytest.approx(100 / HOUR)


def test_the_fastest_move_of_light_tells_hands_from_the_plan(treatments: Treatments) -> None:
    sheet = treatments.sheet()
    at = span(sheet, "work1").start + 300
    touched = replan.with_hand(sheet, at, Hand("light", at, 20.0, source="light +20 L*"))
    light, before = exposure(touched, LAVENDER, sheet.end).light, exposure(sheet, LAVENDER, sheet.end).light
    assert light is not None
    assert before is not None
    assert before.fastest_by_hand == 0
    assert before.fastest <= 4
    assert light.fastest_by_hand == pytest.approx(10)


def test_the_examination_lamp_is_local_and_counts_in_no_dose() -> None:
    lit = LightLevel(100.0, 250.0)
    room = replace(PLAIN, devices=(*PLAIN.devices, Device("exam", "plain", "light", role="exam")))
    light = exposure(an_hour(steady(60), (0.0, "exam", lit, lit, 0.0)), room, HOUR).light
    assert light is not None
    assert light.dose == pytest.approx(60)


# --- sound -----------------------------------------------------------------------------------------------------------


def test_the_energy_mean_of_40_and_50_dba_for_equal_times_is_47_4() -> None:
    assert energy_mean([(40, 40, 1), (50, 50, 1)]) == pytest.approx(47.4, abs=0.01)
    sound = exposure(an_hour(sounding(0, 40, 40, 0), sounding(1800, 40, 50, 0)), PLAIN, HOUR).sound
    assert sound is not None
    assert sound.laeq == pytest.approx(47.4, abs=0.01)
    assert (sound.lmax, sound.minutes) == (50, 60)


def test_a_fade_of_sound_has_the_energy_of_all_its_levels() -> None:
    exact = energy_mean([(30, 60, HOUR)])
    sampled = 10 * log10(sum(10 ** ((30 + 30 * (i + 0.5) / 10000) / 10) for i in range(10000)) / 10000)
    assert exact == pytest.approx(sampled, abs=1e-5)
    assert energy_mean([]) is None


def test_silence_has_no_level_and_music_no_more_minutes_than_it_played() -> None:
    silent = exposure(an_hour(sounding(0, SILENCE, SILENCE, 0)), PLAIN, HOUR).sound
    assert silent is not None
    assert (silent.laeq, silent.lmax, silent.minutes) == (None, None, 0)
    half = exposure(an_hour(sounding(0, 50, 50, 0), sounding(1800, 50, SILENCE, 0)), PLAIN, HOUR).sound
    assert half is not None
    assert half.minutes == pytest.approx(30)
    assert half.laeq == pytest.approx(50 - 3.01, abs=0.01)


def test_of_two_players_the_louder_counts_at_every_moment() -> None:
    room = replace(PLAIN, devices=(*PLAIN.devices, Device("other", "plain", "player")))
    other = (0.0, "other", SoundLevel(50, "pl-2"), SoundLevel(40, "pl-2"), HOUR)
    sound = exposure(an_hour(sounding(0, 40, 50, HOUR), other), room, HOUR).sound
    assert sound is not None
    assert sound.laeq == pytest.approx(energy_mean([(50, 45, 1), (45, 50, 1)]))


# --- scent and warmth ------------------------------------------------------------------------------------------------


def test_scent_is_counted_as_given_and_its_peak_estimated_from_the_rooms_air() -> None:
    scent = exposure(an_hour(steady(60)), PLAIN, HOUR, [Given(300, 900, "floral_herbal", 2), Given(1800, 1800, "citrus", 1)]).scent
    assert (scent.minutes, scent.families) == (10, ("floral_herbal",))
    removal = 3 / 1.5
    assert scent.peak == pytest.approx(14_000 / (removal * 30) * (1 - exp(-removal / 6)), rel=1e-9)


def test_a_dose_before_the_guest_came_is_still_in_the_air_when_they_do() -> None:
    scent = exposure(an_hour(steady(60)), PLAIN, HOUR, [Given(-600, -300, "floral_herbal", 2)]).scent
    removal = 3 / 1.5
    assert scent.peak == pytest.approx(14_000 / (removal * 30) * (1 - exp(-removal / 12)) * exp(-removal / 12), rel=1e-9)


def test_an_extract_fan_that_ran_lowers_the_peak(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/swedish", prep=600.0)
    still = replace(LAVENDER, devices=tuple(d for d in LAVENDER.devices if d.kind != "fan"))
    strong = replace(LAVENDER, devices=tuple(replace(d, air_changes=20.0) for d in LAVENDER.devices))
    turn = span(sheet, "turn")
    dose = [Given(turn.start - 60, turn.end + 600, "floral_herbal", 2)]
    assert exposure(sheet, strong, sheet.end, dose).scent.peak <= exposure(sheet, still, sheet.end, dose).scent.peak


def test_no_scent_is_a_valid_and_important_value() -> None:
    scent = exposure(an_hour(steady(60)), PLAIN, HOUR).scent
    assert (scent.minutes, scent.families, scent.peak) == (0, (), 0)


def test_warmth_is_the_mean_set_point() -> None:
    cool, warm = ClimateLevel(22.0), ClimateLevel(26.0)
    assert exposure(an_hour((0.0, "heat", cool, cool, 0.0), (2700.0, "heat", cool, warm, 0.0)), PLAIN, HOUR).celsius == pytest.approx(23)
    assert exposure(an_hour(steady(60)), PLAIN, HOUR).celsius is None


# --- phases ----------------------------------------------------------------------------------------------------------


def test_planned_minutes_stay_and_real_ones_are_what_hands_made_of_them(treatments: Treatments) -> None:
    sheet = treatments.sheet(minutes=60)
    work = span(sheet, "work1")
    early = replan.advance(sheet, work.start + 300)
    lived = {phase.phase: phase for phase in exposure(early, LAVENDER, early.end).phases}
    assert lived["work1"].real == pytest.approx(5)
    assert lived["work1"].planned == work.planned / 60
    assert lived["work2"].real > (lived["work2"].planned or 0)
    assert sum(phase.real for phase in lived.values()) == pytest.approx(60)


def test_what_an_early_end_left_out_is_named_with_no_minutes(treatments: Treatments) -> None:
    sheet = treatments.sheet(minutes=60)
    ended = replan.end(sheet, span(sheet, "work1").start + 60)
    left_out = [phase.phase for phase in exposure(ended, LAVENDER, ended.end).phases if phase.planned is None]
    assert {"turn", "work2"} <= set(left_out)
    assert not {"work1", "return", "bright", "ready", "paused"} & set(left_out)


def test_a_border_that_nobody_confirmed_keeps_the_phase_before_it(treatments: Treatments) -> None:
    sheet = treatments.sheet(minutes=60, borders="hands")
    lived = {phase.phase: phase.real for phase in exposure(sheet, LAVENDER, HOUR).phases}
    assert lived["settle"] == pytest.approx(60 - lived["welcome"] - lived.get("pre_rinse", 0), abs=1e-6)
    assert lived["work1"] == 0


def test_before_the_guest_came_there_is_nothing(treatments: Treatments) -> None:
    nothing = exposure(treatments.sheet(prep=600.0), LAVENDER, 0.0)
    assert (nothing.light, nothing.sound, nothing.celsius, nothing.lived) == (None, None, None, ())
    assert stretches(treatments.sheet(), 10.0, 10.0) == ()


def test_a_session_that_came_from_another_room_says_from_when_it_knows(treatments: Treatments) -> None:
    here, there = treatments.sheet(), treatments.sheet(room=replace(LAVENDER, full_light_lux=400.0))
    moved = replan.carried(there, here, 1200.0, scene_at(here, 1200.0).levels)
    assert exposure(moved, LAVENDER, HOUR).since == pytest.approx(1200)


# --- hands -----------------------------------------------------------------------------------------------------------


def test_hands_are_remembered_also_when_they_were_given_back(treatments: Treatments) -> None:
    sheet = treatments.sheet()
    at = span(sheet, "work1").start + 20.0  # in the middle of a fade: each hand then has two cues
    sheet = replan.with_hand(sheet, at, Hand("light", at, -5.0, source="light -5 L*"))
    sheet = replan.with_hand(sheet, at + 1, Hand("light", at + 1, -5.0, source="light -5 L*"))
    sheet = replan.with_hand(sheet, at + 400, Hand("music", at + 400, 3.0, source="music +3 dB"))
    sheet = replan.with_hand(sheet, at + 500, Hand("mute", at + 500, source="muted"))
    sheet = replan.with_hand(sheet, at + 600, Hand("hold", at + 600, device="ceiling", level=LightLevel(50, 400), source="therapist"))
    sheet = replan.with_hand(sheet, at + 700, Hand("scent_off", at + 700, source="scent off"))
    sheet = replan.release(sheet, at + 800)
    assert touches(sheet) == (
        Touch(at, "light", -5.0),
        Touch(at + 1, "light", -5.0),
        Touch(at + 400, "music", 3.0),
        Touch(at + 500, "mute"),
        Touch(at + 600, "hold", device="ceiling"),
        Touch(at + 700, "scent_off"),
        Touch(at + 800, "release"),
    )


def test_an_untouched_treatment_has_no_touches(treatments: Treatments) -> None:
    assert touches(treatments.sheet("clinical/sports", 60, borders="hands", prep=600.0)) == ()


# --- likeness --------------------------------------------------------------------------------------------------------


def alike(sheet: Sheet, until: Seconds | None = None, *, over: bool = True) -> Likeness:
    return likeness(sheet, CLINIC, stretches(sheet, 0.0, sheet.end if until is None else until), over=over)


@pytest.fixture
def clinical(treatments: Treatments) -> Sheet:
    return treatments.sheet("clinical/myofascial_release", 60)


def test_an_untouched_clinical_session_is_comparable(clinical: Sheet) -> None:
    found = alike(clinical)
    assert found.comparable is True
    assert found.because == "both were 500 lx, 4000 K, silent"


def dimmed(sheet: Sheet, phase: str, lux: float, inside: Seconds = 0.0) -> Sheet:
    at = span(sheet, phase).start + inside
    return replan.with_hand(sheet, at, Hand("light", at, lstar(lux / 500) - 100, source="light L*"))


@pytest.mark.parametrize(("lux", "comparable"), [(455, True), (445, False), (410, False)])
def test_light_may_differ_by_a_tenth(clinical: Sheet, lux: float, comparable: bool) -> None:
    found = alike(dimmed(clinical, "reassess", lux))
    assert found.comparable is comparable
    if not comparable:
        assert f"reassess was {lux} lx, exam 500 lx" in found.because


def test_what_differed_is_said_for_colour_and_sound_too(clinical: Sheet) -> None:
    at = span(clinical, "reassess").start
    warm = Hand("hold", at, device="ceiling", level=LightLevel(100.0, mired(4000) + 10), source="desk")
    loud = Hand("hold", at, device="speaker", level=SoundLevel(40.0, "pl-1"), source="desk")
    found = alike(replan.with_hand(clinical, at, warm, loud))
    assert found.comparable is False
    assert found.because == "reassess was 3876 K, exam 4000 K; reassess was 40 dBA, exam silent"
    slightly = Hand("hold", at, device="ceiling", level=LightLevel(100.0, mired(4000) + 5), source="desk")
    assert alike(replan.with_hand(clinical, at, slightly)).comparable is True


def test_a_moments_touch_is_passed_over_and_a_lasting_one_within_a_phase_is_not(clinical: Sheet) -> None:
    at = span(clinical, "exam").start + 60
    assert alike(replan.release(dimmed(clinical, "exam", 300, 60), at + 5)).comparable is True
    found = alike(replan.release(dimmed(clinical, "exam", 300, 60), at + 100))
    assert found.comparable is False
    assert "exam was 500 lx, and 300 lx for a while" in found.because


def test_a_reassessment_that_never_was_cannot_be_compared(clinical: Sheet) -> None:
    during = span(clinical, "work1").start + 60
    assert alike(clinical, during, over=False) == Likeness(None, "reassess is not over yet")
    ended = replan.end(clinical, during)
    found = likeness(ended, CLINIC, stretches(ended, 0.0, ended.end))
    assert (found.comparable, found.because) == (False, "there was no reassess")


def test_a_treatment_without_examination_has_nothing_to_compare(treatments: Treatments) -> None:
    found = alike(treatments.sheet("spa/swedish", 60))
    assert (found.comparable, found.because) == (None, "this treatment has no exam and reassess")


# --- fingerprint -----------------------------------------------------------------------------------------------------


def printed(sheet: Sheet, room: Room = CLINIC, given: tuple[Given, ...] = ()) -> str:
    return fingerprint(sheet, room, stretches(sheet, 0.0, sheet.end), given)


def test_visits_with_the_same_surroundings_have_the_same_fingerprint(clinical: Sheet, treatments: Treatments) -> None:
    longer, _ = replan.stay(clinical, span(clinical, "work1").start + 300, 420)
    other_room = replace(CLINIC, id="other", devices=tuple(replace(d, id=f"{d.id}-2") for d in CLINIC.devices))
    elsewhere = treatments.sheet("clinical/myofascial_release", 60, room=other_room)
    assert printed(clinical) == printed(longer) == printed(elsewhere, other_room)


def test_a_hand_another_treatment_or_scent_changes_the_fingerprint(clinical: Sheet, treatments: Treatments) -> None:
    scented = printed(clinical, given=(Given(1000, 1200, "floral_herbal", 1),))
    others = {printed(dimmed(clinical, "reassess", 400)), printed(treatments.sheet("clinical/sports", 60)), scented}
    assert len({printed(clinical), *others}) == 4


# --- plays -----------------------------------------------------------------------------------------------------------


def test_a_playlist_is_one_play_until_another_one_or_silence() -> None:
    sheet = an_hour(
        (-300.0, "box", SoundLevel(40, "pl-1"), SoundLevel(40, "pl-1"), 0.0),
        (100.0, "box", SoundLevel(40, "pl-1"), SoundLevel(45, "pl-1"), 10.0),
        (600.0, "box", SoundLevel(45, "pl-1"), SoundLevel(45, "pl-2"), 0.0),
        (900.0, "box", SoundLevel(45, "pl-2"), SoundLevel(SILENCE), 10.0),
        (1200.0, "box", SoundLevel(SILENCE), SoundLevel(40, "pl-2"), 10.0),
    )
    assert plays(sheet, 1500.0) == (
        Play("pl-1", -300.0, 600.0),
        Play("pl-2", 600.0, 910.0),
        Play("pl-2", 1200.0, 1500.0),
    )


# --- whatever happens ------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(starts, days, parts)
def test_whatever_people_do_the_doses_are_those_of_the_scenes_they_saw(start: Start, day: list[Deed], part: float) -> None:
    sheet, room = Life.of(start, day).sheet, start.room
    until = part * 5400
    found = exposure(sheet, room, until)
    ours = exposure(sheet, room, until / 2)
    moments = [found.since + (i + 0.5) * (found.until - found.since) / 300 for i in range(300)] if found.lived else []
    scenes = [scene_at(sheet, at) for at in moments]
    assert sum(stretch.length for stretch in found.lived) == pytest.approx(found.until - found.since)
    if found.light is not None:
        assert found.light.dose <= found.light.most * (found.until - found.since) / 3600 + 1e-6
        sampled = [room_lux(room, scene) for scene in scenes]
        assert found.light.least * 0.99 - 1e-6 <= min(sampled)
        assert max(sampled) <= found.light.most * 1.01 + 1e-6
        assert found.light.dose == pytest.approx(sum(sampled) / 300 * (found.until - found.since) / 3600, rel=0.03, abs=0.05)
        assert 0.124 * found.light.dose - 1e-9 <= found.light.melanopic <= 0.5 * found.light.dose + 1e-9
        assert found.light.fastest <= 4 + 1e-6
        assert ours.light is None or ours.light.dose <= found.light.dose + 1e-6
    if found.sound is not None and found.sound.laeq is not None:
        assert found.sound.lmax is not None
        assert SILENCE <= found.sound.laeq <= found.sound.lmax + 1e-6
        assert max(room_dba(room, scene.levels) for scene in scenes) <= found.sound.lmax + 1e-6
        assert 0 < found.sound.minutes <= (found.until - found.since) / 60 + 1e-6
    assert sum(phase.real for phase in found.phases) <= (found.until - found.since) / 60 + 1e-6
    assert likeness(sheet, room, found.lived).because
    assert len(fingerprint(sheet, room, found.lived)) == 12


@settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(starts, days)
def test_no_hand_is_counted_more_often_than_it_was_laid_on(start: Start, day: list[Deed]) -> None:
    life = Life.of(start, day)
    laid = [step.what for step in life.steps]
    found = [touch.kind for touch in touches(life.sheet)]
    assert found.count("light") <= laid.count("light")
    assert found.count("music") <= laid.count("music")
    assert len(found) <= len(laid)


@settings(max_examples=200, deadline=None, database=None)
@given(st.lists(st.tuples(st.floats(20, 90), st.floats(20, 90), st.floats(0.1, 1000)), min_size=1, max_size=8))
def test_an_energy_mean_lies_between_the_mean_and_the_highest_level(levels: list[tuple[float, float, float]]) -> None:
    whole = sum(seconds for *_, seconds in levels)
    found = energy_mean(levels)
    assert found is not None
    assert sum((a + b) / 2 * seconds for a, b, seconds in levels) / whole - 1e-6 <= found <= max(max(a, b) for a, b, _ in levels) + 1e-6
