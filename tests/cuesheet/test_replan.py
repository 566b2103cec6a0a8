"""Hands on time: what people decide in the middle of a treatment, at every phase of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ambiance.cuesheet import LightLevel, Sheet, SoundLevel, Span, replan, room_lux, scene_at
from ambiance.cuesheet.hands import trim
from ambiance.cuesheet.replan import adopt, advance, begin, blackout, carried, end, extend, pause, resume, stay
from ambiance.cuesheet.spans import at as span_at
from ambiance.site import Borders, Device
from ambiance.units import SILENCE, lstar
from tests.cuesheet.treatments import CLINIC, LAVENDER, Treatments, lay, light, midst, minutes, sound, span

PLAYED: tuple[tuple[str, int], ...] = (
    ("spa/swedish", 60), ("clinical/swedish", 60), ("spa/float", 60), ("spa/facial", 60), ("spa/body_scrub", 30), ("clinical/sports", 30),
)  # fmt: skip
VERBS: dict[str, Callable[[Sheet, float], Sheet]] = {
    "advance": advance,
    "stay": lambda sheet, now: stay(sheet, now, 300)[0],
    "stay very long": lambda sheet, now: stay(sheet, now, 7200)[0],
    "extend": lambda sheet, now: extend(sheet, now, 600),
    "pause": pause,
    "pause and resume": lambda sheet, now: resume(pause(sheet, now), now + 400),
    "end": end,
    "brighter": lambda sheet, now: lay(sheet, now, "light", 12),
    "darker": lambda sheet, now: lay(sheet, now, "light", -12),
    "louder": lambda sheet, now: lay(sheet, now, "music", 6),
    "mute": lambda sheet, now: lay(sheet, now, "mute"),
    "scent off": lambda sheet, now: lay(sheet, now, "scent_off"),
    "hold": lambda sheet, now: lay(sheet, now, "hold", device="ceiling", level=LightLevel(60, 300)),
    "exam light": lambda sheet, now: lay(sheet, now, "exam_light"),
    "bright": lambda sheet, now: lay(sheet, now, "bright"),
}
TIMELESS = ("brighter", "darker", "louder", "mute", "scent off", "hold", "exam light", "bright", "pause")


def moments(sheet: Sheet) -> list[tuple[Span, float]]:
    """Just after the beginning of each phase, while it is being moved into, in its middle and just before its end."""
    guest = [s for s in sheet.spans if s.n]
    return [(s, at) for s in guest for at in (s.start + 0.5, s.start + min(8.0, s.length / 3), midst(sheet, s.phase), s.end - 0.5)]


def treatable(sheet: Sheet, after: int) -> list[Span]:
    return [s for s in sheet.spans[after + 1 :] if s.n and s.floor < s.planned]


@pytest.fixture(params=PLAYED, ids=lambda played: f"{played[0]}-{played[1]}")
def played(request: pytest.FixtureRequest, treatments: Treatments) -> Sheet:
    return treatments.sheet(*request.param, scent=True)


@pytest.fixture
def swedish(treatments: Treatments) -> Sheet:
    return treatments.sheet(scent=True)


@pytest.fixture
def handed(treatments: Treatments) -> Sheet:
    """Swedish 60 in a room where hands decide the borders."""
    return treatments.sheet(scent=True, borders="hands")


# --- every verb at every phase ---


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_makes_any_device_jump_or_rewrites_the_past(played: Sheet, verb: str) -> None:
    for _, now in moments(played):
        after = VERBS[verb](played, now)
        for id, level in scene_at(played, now).levels.items():
            found = scene_at(after, now).levels[id]
            if isinstance(level, LightLevel) and isinstance(found, LightLevel):
                assert (found.lstar, found.mired) == pytest.approx((level.lstar, level.mired), abs=1e-6)
            elif isinstance(level, SoundLevel) and isinstance(found, SoundLevel):
                assert found.dba == pytest.approx(level.dba, abs=1e-6)
        for before in (now - 0.2, now / 2, 0.0):
            assert scene_at(after, before).levels == scene_at(played, before).levels
            assert scene_at(after, before).phase == scene_at(played, before).phase


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_takes_a_phase_below_its_floor_or_gives_scent(played: Sheet, verb: str) -> None:
    for s, now in moments(played):
        after = VERBS[verb](played, now)
        assert minutes(after.doses) <= minutes(played.doses) + 1e-9
        if verb != "end":
            here = span_at(after.spans, now)
            assert all(each.length >= each.floor - 1e-6 for each in after.spans[here + 1 :]), f"{verb} in {s.phase}"
            assert [each.phase for each in after.spans] == [each.phase for each in played.spans]


@pytest.mark.parametrize("verb", TIMELESS)
def test_hands_on_the_room_leave_the_time_alone(played: Sheet, verb: str) -> None:
    assert all(VERBS[verb](played, now).spans == played.spans for _, now in moments(played))


def test_advance_keeps_the_end_while_a_later_phase_can_take_the_time(played: Sheet) -> None:
    for s, now in moments(played):
        here = span_at(played.spans, now)
        after = advance(played, now)
        assert after.spans[here].end == now
        assert scene_at(after, now).phase == played.spans[here + 1].phase
        gone = 0.0 if treatable(played, here) else s.end - now
        assert after.end == pytest.approx(played.end - gone)


def test_stay_takes_from_what_is_to_come_and_then_moves_the_end_and_says_so(played: Sheet) -> None:
    for _, now in moments(played):
        here = span_at(played.spans, now)
        slack = sum(s.length - s.floor for s in treatable(played, here))
        for seconds in (120.0, 1200.0, 7200.0):
            after, moved = stay(played, now, seconds)
            assert after.spans[here].length == pytest.approx(played.spans[here].length + seconds)
            assert moved == pytest.approx(max(0.0, seconds - slack), abs=1e-3)
            assert after.end == pytest.approx(played.end + moved)


def test_extend_moves_the_end_by_exactly_as_much(played: Sheet) -> None:
    for _, now in moments(played):
        assert extend(played, now, 600).end == pytest.approx(played.end + 600)


def test_an_extension_goes_half_to_the_second_side(swedish: Sheet) -> None:
    after = extend(swedish, 700, 600)
    gained = {s.phase: s.length - s.planned for s in after.spans if s.n and s.length != s.planned}
    assert gained == pytest.approx({"work1": 180, "work2": 300, "deep": 120})
    late = extend(swedish, midst(swedish, "work2"), 600)
    assert {s.phase for s in late.spans if s.length != s.planned} == {"work2", "deep"}


def test_an_extension_of_a_float_is_time_in_the_silence(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/float", 60)
    for phase in ("welcome", "float_in", "float_silent"):
        after = extend(sheet, midst(sheet, phase), 600)
        assert {s.phase: s.length - s.planned for s in after.spans if s.length != s.planned} == pytest.approx({"float_silent": 600})


def test_an_extension_gives_no_scent_that_the_last_quarter_of_an_hour_had_cost(treatments: Treatments) -> None:
    sheet = treatments.sheet(minutes=45, scent=True, prep=600)
    assert sheet.doses[-1].until == sheet.end - 900 == sheet.doses[-1].at + 180  # five minutes were planned
    for _, now in moments(sheet):
        assert minutes(extend(sheet, now, 1800).doses) <= minutes(sheet.doses)


def test_pause_and_resume_move_the_rest_by_their_length(played: Sheet) -> None:
    for _, now in moments(played):
        after = resume(pause(played, now), now + 900)
        assert after.end == pytest.approx(played.end + 900)
        assert scene_at(after, now + 900).phase == scene_at(played, now).phase


def test_an_early_end_gives_a_minute_of_return_and_then_time_to_dress(swedish: Sheet) -> None:
    now = midst(swedish, "work1")
    after = end(lay(swedish, now - 5, "bright"), now)
    assert [(s.phase, s.start - now) for s in after.spans if s.start >= now][:3] == [("return", 0), ("redress", 60), ("turnover_air", 360)]
    assert after.hands == ()
    assert not [dose for dose in after.doses if dose.until > now]
    dark = end(swedish, now)
    assert light(dark, now + 59).lstar > light(dark, now).lstar


def test_an_early_end_of_a_float_brings_the_light_back_within_a_minute(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/float", 60)
    now = midst(sheet, "float_silent")
    after = end(sheet, now)
    assert [(s.phase, s.start - now) for s in after.spans if s.start >= now][:3] == [("float_out", 0), ("post_rinse", 60), ("redress", 660)]
    assert light(after, now + 59).lstar > 10


def test_the_end_of_what_wakes_the_guest_goes_on_to_dressing(swedish: Sheet) -> None:
    now = midst(swedish, "return")
    assert scene_at(end(swedish, now), now + 1).phase == "redress"


def test_ending_a_pause_ends_where_it_began(swedish: Sheet) -> None:
    paused = pause(swedish, midst(swedish, "work1"))
    after = end(paused, midst(swedish, "work1") + 3000)
    assert [s.phase for s in after.spans if s.n] == ["welcome", "settle", "work1", "return", "redress"]


# --- the guest comes ---


@pytest.mark.parametrize("borders", ["clock", "hands"])
@pytest.mark.parametrize("late", [0.0, 90.0, 400.0, 1100.0, 3000.0])
def test_a_late_guest_keeps_the_end_as_far_as_treatment_can_shrink(treatments: Treatments, borders: Borders, late: float) -> None:
    sheet = treatments.sheet(prep=600, borders=borders)
    after, moved = begin(sheet, late)
    slack = (22 + 14 + 6) * 60 / 2 + 3 * 60
    assert scene_at(after, 0.0).phase == "welcome"
    assert moved == pytest.approx(max(0.0, late - slack), abs=1e-3)
    assert after.end == pytest.approx(sheet.end - late + moved)
    assert {s.phase: s.length for s in after.spans}["settle"] == 240
    assert light(after, 0.0).lstar == pytest.approx(light(sheet, late).lstar)


def test_treatment_pays_for_lateness_in_proportion_before_the_welcome_does(treatments: Treatments) -> None:
    after, _ = begin(treatments.sheet(prep=600), 420.0)
    paid = {s.phase: s.planned - s.length for s in after.spans if s.n and s.planned != s.length}
    assert paid == pytest.approx({"work1": 220, "work2": 140, "deep": 60})


@pytest.mark.parametrize("early", [30.0, 600.0, 2400.0])
def test_an_early_guest_has_the_whole_of_the_treatment(treatments: Treatments, early: float) -> None:
    sheet = treatments.sheet(prep=600, borders="hands", scent=True)
    after, moved = begin(sheet, -early)
    assert (scene_at(after, 0.0).phase, scene_at(after, 10.0).phase, moved) == ("welcome", "welcome", 0.0)
    assert after.end == sheet.end
    assert all(s.start <= s.end for s in after.spans)
    assert minutes(after.doses) <= minutes(sheet.doses)
    standing = adopt(after, 0.0, {"ceiling": LightLevel(10.0, 400.0)})
    assert light(standing, 0.0).lstar == 10.0


def test_a_room_without_preparation_takes_a_late_guest_too(treatments: Treatments) -> None:
    after, _ = begin(treatments.sheet(), 120.0)
    assert (after.spans[0].phase, after.spans[0].start) == ("welcome", 0.0)
    assert after.end == pytest.approx(3480.0)


def test_scent_that_was_planned_behind_an_unopened_border_was_never_given(treatments: Treatments) -> None:
    sheet = treatments.sheet(scent=True, borders="hands", prep=5)
    after, _ = begin(sheet, 900.0)
    assert [dose.phase for dose in after.doses if dose.at < 0] in ([], ["room_prep"])


# --- borders that wait ---


def test_the_room_waits_at_a_border_until_somebody_confirms_it(handed: Sheet) -> None:
    work = span(handed, "work1")
    for waited in (1.0, 60.0, 3000.0):
        assert scene_at(handed, work.start + waited).phase == "settle"
        assert scene_at(handed, work.start + waited).levels == scene_at(handed, work.start - 0.001).levels
        assert scene_at(handed, work.start + waited).dose is None
        after = advance(handed, work.start + waited)
        assert scene_at(after, work.start + waited + 0.001).phase == "work1"
        assert light(after, work.start + waited).lstar == pytest.approx(light(handed, work.start - 0.001).lstar)
        assert light(after, work.start + waited + 30).lstar < light(after, work.start + waited).lstar - 5
        assert span(after, "work1").start == work.start + waited


def test_the_first_works_scent_begins_when_its_border_is_confirmed_and_only_once(handed: Sheet) -> None:
    work = span(handed, "work1")
    after = advance(handed, work.start + 100)
    assert [dose.at for dose in after.doses if dose.phase == "work1"] == [work.start + 100]
    assert minutes(after.doses) <= minutes(handed.doses)


def test_a_border_confirmed_late_takes_the_time_from_what_follows(handed: Sheet) -> None:
    after = advance(handed, span(handed, "work1").start + 200)
    assert after.end == pytest.approx(handed.end)
    assert span(after, "work1").length + span(after, "work2").length + span(after, "deep").length == pytest.approx(42 * 60 - 200)


def test_a_border_confirmed_early_gives_its_time_to_what_follows(handed: Sheet) -> None:
    after = advance(handed, span(handed, "work1").start - 60)
    assert after.end == pytest.approx(handed.end)
    assert span(after, "work1").length > span(handed, "work1").length


@pytest.mark.parametrize("when", [20.0, 200.0])
def test_hands_on_the_room_work_while_a_border_waits(handed: Sheet, when: float) -> None:
    now = span(handed, "work1").start + when
    calm = light(handed, now)
    assert light(lay(handed, now, "light", 10), now + 5).lstar == pytest.approx(calm.lstar + 10)
    assert light(lay(handed, now, "bright"), now + 5).lstar == pytest.approx(100)
    assert sound(lay(handed, now, "mute"), now + 5) == SoundLevel(SILENCE)
    louder = lay(handed, now, "music", 4)
    assert sound(louder, now + 5).dba == sound(handed, now).dba + 4
    assert scene_at(louder, now + 500).phase == "settle"
    assert [dose.phase for dose in advance(louder, now + 60).doses] == ["settle", "work1", "work2"]


def test_before_hands_are_on_the_light_stays_at_settling_whatever_else_is_decided(handed: Sheet) -> None:
    floor = room_lux(LAVENDER, scene_at(handed, span(handed, "settle").end - 1))
    now = midst(handed, "settle")
    for after in (
        stay(handed, now, 300)[0], extend(handed, now, 600), resume(pause(handed, now), now + 300), lay(handed, now, "music", -3),
        replan.release(lay(handed, now, "bright"), now + 100), stay(handed, span(handed, "work1").start + 50, 300)[0],
    ):  # fmt: skip
        for later in range(0, 7200, 97):
            assert room_lux(LAVENDER, scene_at(after, now + later)) >= floor - 1e-6


# --- pause ---


def test_a_pause_keeps_the_scene_with_light_to_stand_up_by_and_no_scent(played: Sheet) -> None:
    room = CLINIC if played.profile.startswith("clinical/") else LAVENDER
    for _, now in moments(played):
        paused = pause(played, now)
        before, after = room_lux(room, scene_at(played, now)), room_lux(room, scene_at(paused, now + 60))
        assert after >= min(40, max(before, 40)) - 0.01
        assert after == pytest.approx(max(before, after), rel=1e-6)
        assert not [dose for dose in paused.doses if dose.until > now]
        for later in (100, 5000):
            assert scene_at(paused, now + later).phase == scene_at(played, now).phase
            assert scene_at(paused, now + later).levels == scene_at(paused, now + 99).levels


def test_a_pause_reaches_its_light_soon_where_a_slow_fade_was_going_there_anyway(treatments: Treatments) -> None:
    dim = {lamp.id: LightLevel(26.0, 1e6 / 2700) for lamp in LAVENDER.of("light")}
    sheet = adopt(treatments.sheet("spa/facial", 60), 0.0, dim)
    while span(sheet, "work1").start > 0:  # straight to its forty lux, on a fade of a minute
        sheet = advance(sheet, 0.0)
    paused = pause(sheet, 0.0)
    assert room_lux(LAVENDER, scene_at(paused, 11.0)) == pytest.approx(40, rel=0.01)


def test_a_pause_is_no_brighter_than_the_guest_bears(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "light_max_lx", "value": 20}])
    paused = pause(sheet, midst(sheet, "deep"))
    assert room_lux(LAVENDER, scene_at(paused, midst(sheet, "deep") + 60)) == pytest.approx(20)


def test_hands_work_while_paused(swedish: Sheet) -> None:
    now = midst(swedish, "work1")
    paused = pause(swedish, now)
    floor = light(paused, now + 60)
    brighter = lay(paused, now + 60, "light", 15)
    assert light(brighter, now + 62).lstar == pytest.approx(floor.lstar + 15)
    assert light(lay(brighter, now + 70, "light", 10), now + 80).lstar == pytest.approx(floor.lstar + 25)
    assert light(lay(paused, now + 60, "light", -20), now + 80).lstar == pytest.approx(floor.lstar)
    assert light(lay(paused, now + 60, "bright"), now + 61.5).lstar == pytest.approx(100)
    assert light(lay(paused, now + 60, "exam_light"), now + 62, "exam").lstar == pytest.approx(100)
    assert sound(lay(paused, now + 60, "mute"), now + 62) == SoundLevel(SILENCE)
    assert sound(lay(paused, now + 60, "music", 3), now + 62).dba == 45
    held = lay(paused, now + 60, "hold", device="ceiling", level=LightLevel(70, 300))
    assert light(held, now + 62) == LightLevel(70, 300)


def test_more_light_while_the_pause_is_still_rising_adds_to_where_it_goes(swedish: Sheet) -> None:
    now = midst(swedish, "work1")
    paused = pause(swedish, now)
    after = lay(paused, now + 3, "light", 15)
    assert light(after, now + 20).lstar == pytest.approx(light(paused, now + 20).lstar + 15)


def test_switches_given_back_while_paused_return_to_the_plan_with_light_to_stand_up_by(swedish: Sheet) -> None:
    now = midst(swedish, "work1")
    paused = lay(lay(pause(swedish, now), now + 10, "bright"), now + 12, "mute")
    back = replan.without_hand(replan.without_hand(paused, now + 20, "bright"), now + 20, "mute")
    assert room_lux(LAVENDER, scene_at(back, now + 90)) >= 39.9
    assert light(back, now + 90).lstar < 60
    assert sound(back, now + 90).dba == 42
    assert scene_at(replan.release(paused, now + 20), now + 90).levels == scene_at(back, now + 90).levels


def test_after_a_pause_the_plan_goes_on_with_what_hands_had_added(swedish: Sheet) -> None:
    now = midst(swedish, "work1")
    after = resume(lay(pause(swedish, now), now + 10, "light", 15), now + 60)
    assert light(after, now + 120).lstar == pytest.approx(light(swedish, now).lstar + 15)


# --- hands on the room ---


def test_a_hand_is_answered_in_two_seconds_and_bright_sooner(swedish: Sheet) -> None:
    now = midst(swedish, "work1")
    assert light(lay(swedish, now, "light", 10), now + 2).lstar == pytest.approx(light(swedish, now).lstar + 10)
    assert light(lay(swedish, now, "bright"), now + 1.5).lstar == pytest.approx(100)
    assert sound(lay(swedish, now, "mute"), now + 2) == SoundLevel(SILENCE)


def test_a_hand_during_a_fade_shifts_it_and_lets_it_go_on(swedish: Sheet) -> None:
    now = span(swedish, "deep").start + 20
    after = lay(swedish, now, "light", 8)
    assert light(after, now + 2).lstar == pytest.approx(light(swedish, now).lstar + 8)
    for later in (30, 60, 90, 200):
        assert light(after, now + later).lstar == pytest.approx(light(swedish, now + later).lstar + 8, abs=0.3)


@pytest.mark.parametrize("second", [5.0, -5.0])
def test_two_touches_in_a_row_during_a_fade_add_up_and_let_it_go_on(swedish: Sheet, second: float) -> None:
    at = span(swedish, "work1").start + 8
    once = lay(swedish, at, "light", 5)
    twice = lay(once, at + 0.3, "light", second)
    assert light(twice, at + 2.3).lstar == pytest.approx(light(swedish, at).lstar + 5 + second)
    assert light(twice, at + 2.3).mired == pytest.approx(light(swedish, at).mired, abs=1), "nobody asked for another white"
    goal = span(swedish, "work1").start + 60
    assert light(twice, goal).lstar == pytest.approx(light(swedish, goal).lstar + 5 + second)
    assert light(twice, goal - 1).mired == pytest.approx(light(swedish, goal - 1).mired, abs=1), "no sooner than planned"
    quieter = lay(lay(swedish, at, "music", -2), at + 0.3, "music", -1)
    assert sound(quieter, at + 2.3).dba == pytest.approx(sound(swedish, at).dba - 3)


def test_trims_last_to_the_end_and_add_up_within_their_bounds(swedish: Sheet) -> None:
    now = midst(swedish, "work1")
    after = lay(lay(swedish, now, "light", 6), now + 30, "light", -2)
    for phase in ("work2", "deep", "redress"):
        assert light(after, midst(after, phase)).lstar == pytest.approx(light(swedish, midst(swedish, phase)).lstar + 4)
    most = lay(lay(swedish, now, "light", 25), now + 5, "light", 25)
    assert light(most, now + 20).lstar == pytest.approx(light(swedish, now).lstar + 30)


def test_a_hand_may_raise_light_past_what_care_allows_but_not_sound(treatments: Treatments) -> None:
    care = [{"code": "light_max_lx", "value": 10}, {"code": "sound_max_dba", "value": 43}, {"code": "sound_min_dba", "value": 39}]
    sheet = treatments.sheet(care=care)
    now = midst(sheet, "work1")
    assert light(lay(sheet, now, "light", 20), now + 5).lstar == pytest.approx(light(sheet, now).lstar + 20)
    assert sound(lay(sheet, now, "music", 10), now + 5).dba == 43
    assert sound(lay(sheet, now, "music", -10), now + 5).dba == 39
    assert sound(lay(sheet, now, "mute"), now + 5).dba == SILENCE
    loud = lay(sheet, now, "hold", device="speaker", level=SoundLevel(58, "mine"))
    assert sound(loud, now + 5) == SoundLevel(43, "mine")


def test_even_during_a_fade_a_hand_keeps_within_what_care_allows(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "sound_max_dba", "value": 45}])
    now = span(sheet, "work1").start + 5
    after = lay(sheet, now, "music", 9)
    assert max(sound(after, now + t / 2).dba for t in range(400)) <= 45


def test_darker_never_goes_below_five_lux_or_what_a_lamp_can_hold(treatments: Treatments) -> None:
    room = replace(LAVENDER, devices=(Device("ceiling", "r", "light", lowest=4.0),))
    sheet = treatments.sheet(room=room)
    for now in (midst(sheet, "work1"), span(sheet, "return").start + 4):
        after = lay(sheet, now, "light", -30)
        low = min(light(after, now + t / 2).lstar for t in range(300))
        assert low >= min(lstar(0.04), light(sheet, now).lstar) - 1e-6
    plain = treatments.sheet()
    dim = lay(plain, midst(plain, "work1"), "light", -30)
    assert room_lux(LAVENDER, scene_at(dim, midst(plain, "work2"))) == pytest.approx(5, rel=1e-6)


def test_a_hold_ends_with_its_phase_unless_it_is_to_last(swedish: Sheet) -> None:
    now, held = midst(swedish, "work1"), LightLevel(55.0, 300.0)
    short = lay(swedish, now, "hold", device="ceiling", level=held)
    assert light(short, now + 3) == held
    assert light(short, midst(swedish, "work2")) == light(swedish, midst(swedish, "work2"))
    lasting = lay(swedish, now, "hold", device="ceiling", level=held, lasting=True)
    assert light(lasting, midst(swedish, "redress")) == held
    assert light(lasting, midst(swedish, "work2"), "cove") == light(swedish, midst(swedish, "work2"), "cove")


def test_a_hold_survives_time_that_is_added_to_its_phase(swedish: Sheet) -> None:
    now, held = midst(swedish, "work1"), LightLevel(55.0, 300.0)
    longer, _ = stay(lay(swedish, now, "hold", device="ceiling", level=held), now + 10, 600)
    assert light(longer, span(longer, "work1").end - 1) == held
    assert light(longer, midst(longer, "deep")) != held


@pytest.mark.parametrize("kind", ["exam_light", "bright"])
def test_a_light_switch_may_be_thrown_any_number_of_times_and_returns_to_the_plan(treatments: Treatments, kind: str) -> None:
    sheet = treatments.sheet("clinical/swedish", 60)
    now, plan = midst(sheet, "work1"), scene_at(sheet, midst(sheet, "work1")).levels
    for _ in range(5):
        sheet = lay(sheet, now, kind)
        assert light(sheet, now + 3).lstar == pytest.approx(100)
        assert light(sheet, now + 3, "exam").lstar == pytest.approx(100 if kind == "exam_light" else 0)
        sheet = replan.without_hand(sheet, now + 10, kind)
        now += 80
        assert scene_at(sheet, now).levels == plan
    assert sheet.hands == ()


def test_nobodys_taps_fill_the_sheet_and_none_of_them_is_lost(swedish: Sheet) -> None:
    """A tablet in the wrong hands may tap a hundred times a second; the room's row, and all that is read of it, stays of a size."""
    first = now = midst(swedish, "work1")
    sheet = lay(swedish, now, "light", 3)
    for n in range(900):
        now += 0.01
        here = light(sheet, now)
        sheet = lay(sheet, now, "music", -1) if n % 3 == 2 else lay(sheet, now, "light", 2 if n % 3 else -1)
        assert light(sheet, now) == here
        if n % 100 == 99:
            sheet = replan.without_hand(lay(sheet, now, "bright"), now + 0.005, "bright")
    assert trim(sheet, "light") == pytest.approx(min(30, 3 + 300 * 2 - 300))
    assert sum(hand.value for hand in sheet.hands if hand.kind == "light") == pytest.approx(303)
    assert len(sheet.hands) <= 200
    assert all(len(track) <= 240 for track in sheet.tracks.values())
    for before in (first - 0.2, first / 2, 0.0):
        assert scene_at(sheet, before).levels == scene_at(swedish, before).levels


def test_bright_is_kept_while_the_plan_goes_on_behind_it(swedish: Sheet) -> None:
    after = lay(swedish, midst(swedish, "work1"), "bright")
    for phase in ("turn", "work2", "deep", "return"):
        assert light(after, midst(after, phase)).lstar == pytest.approx(100)
        assert sound(after, midst(after, phase)) == sound(swedish, midst(swedish, phase))
    back = replan.without_hand(after, midst(after, "deep"), "bright")
    assert light(back, span(back, "deep").end - 1).lstar == pytest.approx(light(swedish, midst(swedish, "deep")).lstar, abs=0.5)


def test_bright_stays_bright_while_a_float_would_darken(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/float", 60)
    into = span(sheet, "float_in")
    after = lay(sheet, into.end - 150, "bright")
    assert {light(after, at).lstar for at in (into.end - 100, into.end - 1, into.end + 60)} == {100}


def test_a_float_goes_on_darkening_whatever_is_done_to_the_music(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/float", 60)
    into = span(sheet, "float_in")
    after = lay(sheet, into.end - 60, "music", -3)
    for at in (into.end - 40, into.end - 10, into.end):
        assert light(after, at).lstar == pytest.approx(light(sheet, at).lstar)


def test_release_gives_all_back_to_the_plan_but_scent_off(swedish: Sheet) -> None:
    now = midst(swedish, "settle")
    handed = lay(swedish, now, "scent_off")
    for kind in ("light", "music"):
        handed = lay(handed, now + 1, kind, 5)
    after = replan.release(lay(handed, now + 2, "mute"), now + 10)
    assert [hand.kind for hand in after.hands] == ["scent_off"]
    assert scene_at(after, midst(after, "work1")).levels == scene_at(swedish, midst(swedish, "work1")).levels
    assert not [dose for dose in after.doses if dose.until > now]


def test_scent_off_ends_the_dose_under_way_and_all_to_come_for_good(swedish: Sheet) -> None:
    now = span(swedish, "work1").start + 60
    after = lay(swedish, now, "scent_off")
    assert [(dose.phase, dose.until) for dose in after.doses] == [("settle", 540), ("work1", now)]
    assert extend(resume(pause(after, now + 10), now + 20), now + 30, 900).doses == after.doses


def test_two_hands_at_one_moment_are_both_answered(swedish: Sheet) -> None:
    now = midst(swedish, "work1")
    after = lay(lay(swedish, now, "light", 10), now, "music", -5)
    assert light(after, now + 2).lstar == pytest.approx(light(swedish, now).lstar + 10)
    assert sound(after, now + 2).dba == 37
    assert [cue.why.source for cue in after.cues if cue.why] == ["hand", "hand", "hand"]


def test_a_hand_just_before_a_border_does_not_hold_the_next_phase_back(swedish: Sheet) -> None:
    now = span(swedish, "deep").start - 1
    fading = stay(swedish, span(swedish, "work2").start + 1, 1.0)[0]
    for sheet in (swedish, fading):
        after = lay(sheet, now, "light", 5)
        assert light(after, midst(after, "deep")).lstar == pytest.approx(light(swedish, midst(swedish, "deep")).lstar + 5)


def test_a_hand_during_a_fade_that_a_border_cuts_short_leaves_the_next_phase_right(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "slow_change", "value": 200}])
    border = span(sheet, "work2").start
    assert light(sheet, border - 1).lstar != light(sheet, border - 2).lstar
    after = lay(sheet, border - 1.0, "light", 5)
    for at in (border, border + 1, border + 2):
        assert light(after, at).lstar == pytest.approx(light(after, at - 1e-6).lstar, abs=1e-3)
    assert light(after, border + 300).lstar == pytest.approx(light(sheet, border + 300).lstar + 5)


def test_what_waits_behind_a_border_is_only_proposed_for_later(handed: Sheet) -> None:
    now = span(handed, "work1").start + 200
    after = lay(handed, now, "music", 4)
    assert {cue.waits for cue in after.cues if cue.at > now} == {True}
    assert not [cue for cue in after.cues if cue.waits and cue.at < now]


def test_replanning_again_and_again_does_not_pile_up_cues(swedish: Sheet) -> None:
    sheet = swedish
    for step in range(200):
        sheet, _ = stay(sheet, 700.0 + step, 1.0)
    assert len(sheet.cues) <= len(swedish.cues) + 10


# --- rarer things ---


def test_after_a_blackout_the_room_is_half_lit_warm_and_silent_until_somebody_resumes(swedish: Sheet) -> None:
    now = midst(swedish, "deep")
    dark = blackout(swedish, now, LAVENDER)
    assert light(dark, now).lstar == 0.0
    assert light(dark, now + 5).lstar == pytest.approx(lstar(0.5))
    assert sound(dark, now + 1000) == SoundLevel(SILENCE)
    assert light(lay(dark, now + 60, "light", 10), now + 70).lstar == pytest.approx(lstar(0.5) + 10)
    assert light(resume(dark, now + 600), now + 700).lstar == pytest.approx(light(swedish, now).lstar)


def test_a_session_that_moves_goes_on_in_the_other_room_from_where_that_stands(treatments: Treatments) -> None:
    lived = lay(treatments.sheet(scent=False), 700, "light", 5)
    there = replace(LAVENDER, id="rose")
    other = treatments.sheet(room=there, scent=True)
    now = midst(lived, "work1")
    after = carried(other, lived, now, {"ceiling": LightLevel(10.0, 400.0)})
    assert light(after, now).lstar == 10.0
    assert light(after, now + 60).lstar == pytest.approx(light(lived, now).lstar)
    assert after.spans == lived.spans
    assert after.doses == extend(after, now + 10, 900).doses == ()
