"""What a guest needs against everything that could pass it: trims, holds, the wall, switches, wishes, a pause, a change of mind."""

from dataclasses import replace
from typing import Any

import pytest

from ambiance.care import parse
from ambiance.cuesheet import (
    FOREVER,
    Hand,
    LightLevel,
    Order,
    Sheet,
    SoundLevel,
    Tuning,
    compile_sheet,
    replan,
    room_dba,
    room_lux,
    scene_at,
)  # fmt: skip
from ambiance.cuesheet.compile import Compiler
from ambiance.cuesheet.model import ClimateLevel, Level
from ambiance.cuesheet.playlists import playlists
from ambiance.cuesheet.spans import at as span_at
from ambiance.site import Device, Evening, Room
from ambiance.units import SILENCE, Seconds, kelvin, mired
from ambiance.why import Layer
from tests.cuesheet.treatments import LAVENDER, Treatments, light, midst, room_of, sound, span

DARK_NIGHT: list[Any] = [{"code": "no_dark", "value": 60}]


def lay(sheet: Sheet, now: Seconds, kind: Any, value: float = 0.0, **more: Any) -> Sheet:
    return replan.with_hand(sheet, now, Hand(kind, now, value, **more))


def hold(sheet: Sheet, now: Seconds, device: str, level: Level, *, wall: bool = False) -> Sheet:
    return lay(sheet, now, "hold", device=device, level=level, lasting=wall, source=f"{device} by hand" if wall else "desk")


def fresh(treatments: Treatments, care: list[Any] | None, profile: str = "spa/swedish", room: Room = LAVENDER) -> Sheet:
    return compile_sheet(Order(treatments.library.get(profile), 60, care=parse(care), scent=True), room, borders="clock")


def test_never_dark_holds_in_every_phase_of_every_treatment(treatments: Treatments) -> None:
    for profile in treatments.library.all():
        sheet = treatments.sheet(profile.id, profile.default_minutes, care=["no_dark"], room=LAVENDER)
        for each in sheet.spans:
            if each.n:
                lux = room_lux(LAVENDER, scene_at(sheet, each.end - 0.01))
                assert lux >= 29.4, f"{profile.id}: {each.phase} falls to {lux:.1f} lx"


def test_the_tank_of_a_float_is_never_dark_for_whoever_bears_no_dark(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/float", 60, care=DARK_NIGHT)
    assert room_lux(LAVENDER, scene_at(sheet, midst(sheet, "float_silent"))) == pytest.approx(60, rel=0.01)
    assert room_lux(LAVENDER, scene_at(treatments.sheet("spa/float", 60), midst(treatments.sheet("spa/float", 60), "float_silent"))) == 0


@pytest.mark.parametrize("wall", [False, True], ids=["desk", "wall"])
def test_no_hand_and_no_wall_switch_makes_it_darker_than_the_guest_needs(treatments: Treatments, wall: bool) -> None:
    sheet = treatments.sheet(care=DARK_NIGHT)
    now = midst(sheet, "work1")
    for id in ("ceiling", "cove"):
        sheet = hold(sheet, now, id, LightLevel(0.0, 400.0), wall=wall)
    sheet = lay(sheet, now + 1, "light", -30.0)
    after = scene_at(sheet, now + 200)
    assert room_lux(LAVENDER, after) == pytest.approx(60, rel=0.01)
    assert after.why["ceiling"]["brightness"].layer is Layer.CARE
    assert after.why["ceiling"]["brightness"].source == "keep it light enough"


def test_without_such_a_need_the_wall_switch_has_the_last_word(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[])
    now = midst(sheet, "work1")
    dark = hold(sheet, now, "ceiling", LightLevel(0.0, 400.0), wall=True)
    assert light(dark, now + 10).lstar == 0
    assert scene_at(dark, now + 10).why["ceiling"]["brightness"].source == "ceiling by hand"


def test_a_hand_raises_light_past_a_ceiling_and_why_names_the_hand(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "light_max_lx", "value": 10}])
    now = midst(sheet, "work1")
    for raised in (lay(sheet, now, "light", 20.0), lay(sheet, now, "bright"), lay(sheet, now, "exam_light")):
        after = scene_at(raised, now + 10)
        assert room_lux(LAVENDER, after) > 30
        assert after.why["ceiling"]["brightness"].layer is Layer.HAND
    assert scene_at(sheet, now).why["ceiling"]["brightness"].layer is Layer.CARE


def test_light_that_a_hand_raises_stays_as_warm_and_white_as_the_guest_needs(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "cct_max_k", "value": 2400}, "no_accent"])
    now = midst(sheet, "work1")
    hands: list[Sheet] = [lay(sheet, now, "bright"), lay(sheet, now, "exam_light")]
    hands.append(hold(sheet, now, "cove", LightLevel(60.0, mired(6500), "#00ff00"), wall=True))
    for lit in hands:
        for level in scene_at(lit, now + 60).levels.values():
            if isinstance(level, LightLevel) and level.lstar > 0:
                assert kelvin(level.mired) <= 2400.01
                assert level.color is None
    why = scene_at(hands[-1], now + 60).why["cove"]
    assert why["kelvin"].layer is why["color"].layer is Layer.CARE
    assert why["brightness"].layer is Layer.HAND


def test_the_examination_lamp_waits_for_a_hand_where_a_guest_bears_little_light(treatments: Treatments) -> None:
    need = [{"code": "light_max_lx", "value": 100, "phases": ["exam"]}]
    clinic = treatments.sheet("clinical/swedish", 60, care=need)
    now = midst(clinic, "exam")
    assert light(clinic, now, "exam").lstar == 0
    assert scene_at(clinic, now).why["exam"]["brightness"].layer is Layer.CARE
    assert light(lay(clinic, now, "exam_light"), now + 5, "exam").lstar == 100
    assert light(clinic, midst(clinic, "reassess"), "exam").lstar == 100


def test_silence_holds_against_every_hand(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=["sound_off"], tuning=Tuning(decibel=9.0))
    now = midst(sheet, "work1")
    for loud in (lay(sheet, now, "music", 12.0), hold(sheet, now, "speaker", SoundLevel(58, "x")), replan.without_hand(sheet, now, "mute")):
        assert room_dba(LAVENDER, scene_at(loud, now + 30).levels) == SILENCE
        assert scene_at(loud, now + 30).why["speaker"]["volume"].layer is Layer.CARE


def test_no_hand_is_louder_or_lower_than_the_guest_bears_but_a_mute_is_heard(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "sound_max_dba", "value": 40}, {"code": "sound_min_dba", "value": 36}])
    now = midst(sheet, "work1")
    louder, lower = lay(sheet, now, "music", 12.0), lay(sheet, now, "music", -12.0)
    assert (sound(louder, now + 30).dba, sound(lower, now + 30).dba) == (40, 36)
    assert scene_at(louder, now + 30).why["speaker"]["volume"].source == "keep it quiet"
    assert scene_at(lower, now + 30).why["speaker"]["volume"].source == "keep a low sound"
    muted = lay(sheet, now, "mute")
    assert sound(muted, now + 30).dba == SILENCE
    assert scene_at(muted, now + 30).why["speaker"]["volume"].layer is Layer.HAND


def test_who_bears_no_heat_is_not_warmed_by_hand(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "temp_offset_c", "value": -2}])
    now = midst(sheet, "work1")
    warm, cold = hold(sheet, now, "air", ClimateLevel(27.0)), hold(sheet, now, "air", ClimateLevel(19.0))
    assert scene_at(warm, now + 1).levels["air"] == ClimateLevel(22.0)
    assert scene_at(cold, now + 1).levels["air"] == ClimateLevel(19.0)


def test_for_whom_nothing_may_be_sudden_a_hand_is_gentle_but_light_up_and_silence_come_at_once(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=["slow_change"])
    now = midst(sheet, "work1")
    was = light(sheet, now).lstar
    assert light(lay(sheet, now, "light", 10.0), now + 2).lstar == pytest.approx(was + 10)
    assert light(lay(sheet, now, "light", -10.0), now + 2).lstar == pytest.approx(was - 10 * 2 / 60)
    assert sound(lay(sheet, now, "mute"), now + 2.1).dba == SILENCE
    loud = lay(sheet, now, "music", 12.0)
    assert sound(loud, now + 10).dba - sound(loud, now).dba <= 10 * 1.0
    assert sound(lay(sheet, now, "music", -6.0), now + 3).dba == pytest.approx(42 - 3)
    assert all(cue.fade >= 60 for cue in sheet.cues if cue.at > 0 and isinstance(cue.target, LightLevel) and cue.start != cue.target)


def test_a_wish_for_a_style_the_guest_must_not_hear_plays_something_else(treatments: Treatments) -> None:
    care: list[Any] = [{"code": "sound_exclude", "value": ["water"]}]
    plain, wished = (treatments.sheet(care=care, tuning=tuning) for tuning in (Tuning(), Tuning(style="water")))
    now = midst(plain, "work1")
    assert sound(wished, now).playlist == sound(plain, now).playlist
    assert sound(treatments.sheet(tuning=Tuning(style="water")), now).playlist != sound(treatments.sheet(), now).playlist


def test_whoever_may_know_is_told_what_a_playlist_stands_for(treatments: Treatments) -> None:
    care = parse([{"code": "sound_exclude", "value": ["water"]}, "no_low_freq"])
    profile = treatments.library.get("spa/swedish")
    known = playlists(profile, Tuning(style="own"), care)
    sheet = compile_sheet(Order(profile, 60, care=care, tuning=Tuning(style="own")), LAVENDER, prep=600.0)
    for aims in sheet.palette.values():
        for aim in aims.values():
            if isinstance(aim.level, SoundLevel) and aim.level.playlist is not None:
                assert aim.level.playlist in known
    heard = known[str(sound(sheet, midst(sheet, "work1")).playlist)]
    assert (heard.style, heard.exclude) == ("own", ("bass", "water"))
    assert heard.genres == ("acoustic", "ambient", "nature", "piano")


def test_a_hold_on_a_player_that_is_silent_plays_what_this_guest_may_hear(treatments: Treatments) -> None:
    clinic = treatments.sheet("clinical/swedish", 60, care=[{"code": "sound_exclude", "value": ["piano"]}])
    now = midst(clinic, "exam")
    heard = sound(hold(clinic, now, "speaker", SoundLevel(40.0)), now + 5).playlist
    assert heard is not None
    assert heard == sound(clinic, midst(clinic, "work1")).playlist or heard == sound(clinic, midst(clinic, "welcome")).playlist


def test_a_pause_keeps_what_the_phase_needs_though_its_fade_had_only_begun(treatments: Treatments) -> None:
    walk = treatments.sheet(care=[{"code": "light_min_lx", "value": 100, "phases": ["return"]}])
    paused = replan.pause(walk, span(walk, "return").start + 3)
    assert room_lux(LAVENDER, scene_at(paused, paused.paused + 60)) >= 99  # type: ignore[operator]
    dim = treatments.sheet(care=[{"code": "light_max_lx", "value": 10}, {"code": "sound_max_dba", "value": 36}])
    paused = replan.pause(dim, span(dim, "work1").start + 3)
    after = scene_at(paused, paused.paused + 60)  # type: ignore[operator]
    assert room_lux(LAVENDER, after) <= 10.1
    assert room_dba(LAVENDER, after.levels) <= 36


def test_lamps_out_of_view_leave_the_floor_to_the_others(treatments: Treatments) -> None:
    room = room_of(Device("over", "r", "light", share=0.7, supine_view=True), Device("wall", "r", "light", share=0.3))
    sheet = treatments.sheet(room=room, care=["no_dark", {"code": "light_max_lx", "value": 10}])
    scene = scene_at(sheet, midst(sheet, "work1"))
    assert light(sheet, midst(sheet, "work1"), "over").lstar == 0
    assert room_lux(room, scene) == pytest.approx(30, rel=0.01)


def test_what_a_rooms_lamps_cannot_do_for_a_guest_is_named(treatments: Treatments) -> None:
    only = room_of(Device("only", "r", "light", supine_view=True))
    low = treatments.sheet(room=only, care=["no_dark"])
    assert room_lux(only, scene_at(low, midst(low, "work1"))) == pytest.approx(15, rel=0.01)
    assert any(c.attribute == "floor of lux" and "at most 15 lx for a lying guest" in c.why.source for c in low.clamps)
    coarse = room_of(Device("lamp", "r", "light", lowest=10.0))
    bright = treatments.sheet(room=coarse, care=[{"code": "light_max_lx", "value": 10}])
    assert any(c.attribute == "ceiling of lux" and "at least 30 lx" in c.why.source for c in bright.clamps)


def test_a_lamp_too_bright_at_its_dimmest_goes_out_and_the_others_give_its_light(treatments: Treatments) -> None:
    room = room_of(Device("coarse", "r", "light", share=0.5, lowest=20.0), Device("fine", "r", "light", share=0.5))
    sheet = treatments.sheet(room=room, care=[{"code": "light_max_lx", "value": 10}])
    now = midst(sheet, "work1")
    assert light(sheet, now, "coarse").lstar == 0
    assert room_lux(room, scene_at(sheet, now)) == pytest.approx(10, rel=0.01)


# --- needs that are said while the treatment runs ---


def test_needs_said_later_hold_from_that_moment_without_a_jump(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/sports", 60)
    now = midst(sheet, "work1")
    cared = replan.cared(fresh(treatments, [{"code": "light_max_lx", "value": 10}, {"code": "sound_max_dba", "value": 36}], "spa/sports"),
                         sheet, now)  # fmt: skip
    assert scene_at(cared, now).levels == scene_at(sheet, now).levels
    after = scene_at(cared, now + 60)
    assert room_lux(LAVENDER, after) == pytest.approx(10, rel=0.01)
    assert room_dba(LAVENDER, after.levels) == 36
    assert after.why["ceiling"]["brightness"].source == "keep it dim"
    assert cared.end == sheet.end
    lived = [cue for cue in sheet.cues if cue.at < now]
    assert [cue for cue in cared.cues if cue.at < now] == lived


def test_scent_that_a_guest_cannot_bear_ends_at_once_and_no_deed_brings_it_back(treatments: Treatments) -> None:
    sheet = treatments.sheet(scent=True)
    now = next(dose.at for dose in sheet.doses if dose.phase == "work1") + 60
    assert scene_at(sheet, now).dose is not None
    off = replan.cared(fresh(treatments, ["scent_off"]), sheet, now)
    for after in (off, replan.extend(off, now, 1800), replan.resume(replan.pause(off, now), now + 60), replan.release(off, now),
                  replan.stay(off, now, 900)[0], replan.cared(fresh(treatments, []), off, now + 1)):  # fmt: skip
        assert all(dose.until <= now for dose in after.doses)
    assert scene_at(off, now).scent is not None
    assert scene_at(off, now).scent.layer is Layer.CARE  # type: ignore[union-attr]


def test_a_fade_under_way_slows_down_for_whom_nothing_may_be_sudden(treatments: Treatments) -> None:
    sheet = treatments.sheet()
    now = span(sheet, "work1").start + 5
    cared = replan.cared(fresh(treatments, ["slow_change"]), sheet, now)
    began, later = light(cared, now).lstar, light(cared, now + 1).lstar
    assert 0 < began - later <= 2.0
    assert min(cue.fade for cue in cared.cues if cue.at == now and cue.device == "ceiling") >= 60


def test_light_a_hand_had_raised_comes_down_when_less_is_asked_for(treatments: Treatments) -> None:
    sheet = treatments.sheet()
    now = midst(sheet, "work1")
    raised = lay(lay(sheet, now, "light", 20.0), now, "music", 3.0)
    dim = replan.cared(fresh(treatments, [{"code": "light_max_lx", "value": 10}]), raised, now + 30)
    assert room_lux(LAVENDER, scene_at(dim, now + 120)) <= 10.1
    assert [hand.kind for hand in dim.hands] == ["music"]


def test_a_change_that_must_be_asked_for_waits_for_a_tap_also_where_the_clock_leads(treatments: Treatments) -> None:
    sheet = treatments.sheet()
    assert sheet.horizon >= FOREVER
    now = midst(sheet, "work1")
    asked = replan.cared(fresh(treatments, ["announce_change"]), sheet, now)
    here = span_at(asked.spans, asked.horizon + 3600)
    assert asked.spans[here].phase == "work1"
    assert asked.spans[here + 1].kept


def test_an_arriving_guest_opens_no_border_they_asked_to_be_asked_about(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=["announce_change"], prep=600.0, borders="hands")
    begun, _ = replan.begin(sheet, 0.0)
    assert not begun.spans[2].confirmed
    plain, _ = replan.begin(treatments.sheet(prep=600.0, borders="hands"), 0.0)
    assert plain.spans[2].confirmed


# --- a fragrance-free house, and what is remembered ---


def test_a_fragrance_free_room_has_no_scent_whatever_is_asked(treatments: Treatments) -> None:
    free = replace(LAVENDER, scent_policy="free")
    sheet = treatments.sheet("spa/aromatherapy", 75, room=free, scent=True)
    assert sheet.doses == ()
    assert sheet.notes == ("No scent: this room is fragrance-free.",)
    assert treatments.sheet("spa/aromatherapy", 75, room=free).notes == ()
    why = scene_at(sheet, midst(sheet, "work1")).scent
    assert why is not None
    assert (why.layer, why.source) == (Layer.LIMIT, "fragrance-free room")
    shapes = Compiler((LAVENDER, replace(free, id="rose")))
    order = Order(treatments.library.get("spa/aromatherapy"), 75, care=parse([]), scent=True)
    assert shapes.compile(order, LAVENDER).doses
    assert not shapes.compile(order, replace(free, id="rose")).doses


def test_why_there_is_no_scent_is_always_said(treatments: Treatments) -> None:
    def why(sheet: Sheet, phase: str = "work1") -> tuple[str, str]:
        said = scene_at(sheet, midst(sheet, phase)).scent
        assert said is not None
        return said.layer.value, said.source

    assert why(treatments.sheet(care=None, scent=True)) == ("care", "nobody asked about scent")
    assert why(treatments.sheet(care=["scent_off"], scent=True)) == ("care", "no scent")
    assert why(treatments.sheet(scent=False)) == ("wish", "scent not asked for")
    assert why(treatments.sheet(scent=True, left=0.0)) == ("limit", "scent_minutes_per_day")
    assert why(treatments.sheet(scent=True, room=room_of(Device("d", "r", "diffuser", families=("citrus",)))))[0] == "room"
    scented = treatments.sheet(scent=True)
    assert why(scented, "deep")[0] in ("setting", "profile")
    now = next(dose.at for dose in scented.doses) + 5
    off = lay(scented, now, "scent_off", source="scent off")
    assert scene_at(off, now + 1).scent.source == "scent off"  # type: ignore[union-attr]


def test_sheets_for_guests_who_need_something_are_forgotten_on_request(treatments: Treatments) -> None:
    compiler = Compiler((LAVENDER,))
    for care in (None, [], ["no_dark"]):
        compiler.compile(Order(treatments.library.get("spa/swedish"), 60, care=parse(care)), LAVENDER)
    compiler.forget()
    assert len(compiler._scores) == len(compiler._sheets) == 2
    assert "light_min" not in repr(list(compiler._scores))


def test_the_same_visit_a_second_later_is_the_same_sheet_also_with_an_evening_ahead(treatments: Treatments) -> None:
    compiler, evening = Compiler((LAVENDER,)), Evening()
    order = Order(treatments.library.get("spa/swedish"), 60, care=parse([]), evening=evening)
    for begins in (30 * 60.0, 62 * 60.0):
        sooner, later = (replace(order, hours=(at, FOREVER)) for at in (begins, begins - 1))
        assert compiler.compile(sooner, LAVENDER) is compiler.compile(later, LAVENDER)
        assert compiler.compile(later, LAVENDER) == compile_sheet(later, LAVENDER)
    borders = [span.end for span in compile_sheet(order, LAVENDER).spans if span.n]
    for border in borders[:-1]:
        for begins in (border - 1, border + 1):
            order = replace(order, hours=(begins, FOREVER))
            assert compiler.compile(order, LAVENDER) == compile_sheet(order, LAVENDER)
