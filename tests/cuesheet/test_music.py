"""Styles of music and another piece: what each phase plays by itself, by a wish and by hand, and who may not be overruled."""

from dataclasses import replace
from typing import Any

import pytest

from ambiance.care import parse
from ambiance.cuesheet import Hand, Order, Sheet, SoundLevel, Tuning, compile_sheet, replan, scene_at
from ambiance.cuesheet.pieces import pieces
from ambiance.cuesheet.playlists import aftermath, playlists
from ambiance.cuesheet.touches import touches
from ambiance.cuesheet.wanted import PlayerWanted
from ambiance.site import Device, Room
from ambiance.units import SILENCE, Seconds
from ambiance.why import Layer, Why
from tests.cuesheet.treatments import LAVENDER, Treatments, midst, sound, span


def chosen(sheet: Sheet, now: Seconds, style: str) -> Sheet:
    return replan.with_hand(sheet, now, Hand("style", now, source=f"style {style}", style=style))


def another(sheet: Sheet, now: Seconds, count: int = 1) -> Sheet:
    return replan.with_hand(sheet, now, Hand("another", now, count, source="another piece"))


def style(treatments: Treatments, sheet: Sheet, now: Seconds, profile: str = "spa/swedish", **more: Any) -> str:
    """The style that is heard, as whoever may know it is told."""
    playlist = sound(sheet, now).playlist
    assert playlist is not None
    return playlists(treatments.library.get(profile), **more)[playlist.partition(".")[0]].style


def why(sheet: Sheet, now: Seconds, name: str = "playlist") -> Why:
    return scene_at(sheet, now).why["speaker"][name]


def test_without_a_wish_the_tempo_of_a_phase_says_its_style(treatments: Treatments) -> None:
    heard = {}
    for profile, phase in (
        ("spa/swedish", "welcome"), ("spa/swedish", "work1"), ("spa/swedish", "work2"), ("spa/swedish", "deep"), ("spa/swedish", "return"),
        ("spa/sports", "work1"), ("spa/lymphatic_drainage", "work1"), ("clinical/swedish", "work1"),
    ):  # fmt: skip
        sheet = treatments.sheet(profile, treatments.library.get(profile).default_minutes)
        heard[profile, phase] = style(treatments, sheet, midst(sheet, phase), profile)
    assert heard == {
        ("spa/swedish", "welcome"): "calm", ("spa/swedish", "work1"): "calm", ("spa/swedish", "work2"): "calm",
        ("spa/swedish", "deep"): "deep", ("spa/swedish", "return"): "calm", ("spa/sports", "work1"): "bright",
        ("spa/lymphatic_drainage", "work1"): "deep", ("clinical/swedish", "work1"): "calm",
    }  # fmt: skip


def test_a_wish_holds_in_every_phase_of_the_visit_and_why_says_so(treatments: Treatments) -> None:
    sheet = treatments.sheet(tuning=Tuning(style="deep"))
    assert {style(treatments, sheet, midst(sheet, p), tuning=Tuning(style="deep")) for p in ("welcome", "work1", "return")} == {"deep"}
    assert why(sheet, midst(sheet, "work1")) == Why(Layer.WISH, "style deep")


def test_a_style_by_hand_is_played_from_this_moment_to_the_end_at_the_level_there_was(treatments: Treatments) -> None:
    plan = treatments.sheet()
    now = midst(plan, "work1")
    sheet = chosen(plan, now, "bright")
    assert sound(sheet, now - 1) == sound(plan, now - 1), "what was heard stays as it was"
    assert sound(sheet, now + 0.1).dba == sound(plan, now).dba, "no louder, no quieter"
    for at in (now + 0.1, midst(plan, "work2"), midst(plan, "redress")):
        assert style(treatments, sheet, at) == "bright"
        assert why(sheet, at) == Why(Layer.HAND, "style bright")
    assert why(sheet, now + 5, "volume") == why(plan, now + 5, "volume")
    back = replan.release(sheet, now + 60)
    assert sound(back, now + 70) == sound(plan, now + 70)
    assert [touch.kind for touch in touches(back)] == ["style", "release"]


def test_a_style_by_hand_in_a_fade_ends_it_no_sooner(treatments: Treatments) -> None:
    plan = treatments.sheet()
    work = span(plan, "work1")
    now = work.start + 20
    levels = [sound(plan, now + s).dba for s in (0, 10, 30, 41)]
    for sheet in (chosen(plan, now, "deep"), another(plan, now)):
        assert [sound(sheet, now + s).dba for s in (0, 10, 30, 41)] == pytest.approx(levels, abs=0.05)


def test_silence_by_hand_falls_no_faster_than_anything_and_another_style_brings_the_music_back(treatments: Treatments) -> None:
    plan = treatments.sheet()
    now = midst(plan, "work1")
    quiet = chosen(plan, now, "silence")
    levels = [sound(quiet, now + s / 10).dba for s in range(60)]
    assert max(before - after for before, after in zip(levels, levels[10:], strict=False)) <= 6.0 + 1e-6
    assert sound(quiet, now + 10) == SoundLevel(SILENCE)
    assert sound(quiet, midst(plan, "work2")) == SoundLevel(SILENCE)
    back = chosen(quiet, now + 60, "calm")
    rise = [sound(back, now + 60 + s / 10).dba for s in range(100)]
    assert max(after - before for before, after in zip(rise, rise[10:], strict=False)) <= 3.0 + 1e-6
    assert rise[-1] == sound(plan, now).dba


def test_a_guest_who_wished_for_silence_may_think_better_of_it(treatments: Treatments) -> None:
    sheet = treatments.sheet(tuning=Tuning(silence=True))
    now = midst(sheet, "work1")
    assert sound(sheet, now).dba == SILENCE
    back = chosen(sheet, now, "own")
    assert sound(back, now + 20).dba == 42
    assert style(treatments, back, now + 20) == "own"
    assert why(back, now + 20, "volume") == Why(Layer.HAND, "style own")


def test_another_piece_is_a_count_that_only_rises(treatments: Treatments) -> None:
    plan = treatments.sheet()
    now = midst(plan, "work1")
    base = sound(plan, now).playlist
    once = another(plan, now)
    twice = another(once, now + 30, 2)
    assert sound(once, now + 1).playlist == f"{base}.1"
    assert sound(twice, now + 31).playlist == f"{base}.2"
    assert why(twice, now + 31) == Why(Layer.HAND, "another piece")
    later = midst(plan, "work2")
    assert sound(twice, later).playlist == f"{sound(plan, later).playlist}.2"
    assert why(twice, later) == why(plan, later), "which list it is was not decided by whoever skipped a piece"
    assert sound(replan.release(twice, now + 60), now + 70).playlist == f"{base}.2", "a skipped piece does not come back"
    assert [touch.kind for touch in touches(twice)] == ["another", "another"]
    assert sound(chosen(twice, now + 60, "calm"), now + 61).playlist == f"{base}.2", "what plays is calm already"


def test_in_a_pause_other_music_plays_as_loud_as_what_was_held(treatments: Treatments) -> None:
    plan = treatments.sheet()
    now = span(plan, "work1").start + 30
    paused = replan.pause(plan, now)
    held = sound(paused, now + 60)
    assert sound(chosen(paused, now + 60, "deep"), now + 70).dba == held.dba
    assert sound(chosen(paused, now + 60, "deep"), now + 70).playlist != held.playlist
    assert sound(another(paused, now + 60), now + 70) == SoundLevel(held.dba, f"{held.playlist}.1")
    assert sound(chosen(paused, now + 60, "silence"), now + 70) == SoundLevel(SILENCE)


def test_a_player_whose_level_is_held_still_changes_what_it_plays(treatments: Treatments) -> None:
    plan = treatments.sheet()
    now = midst(plan, "work1")
    held = replan.with_hand(plan, now, Hand("hold", now, device="speaker", level=SoundLevel(50.0, sound(plan, now).playlist), lasting=True))
    deep = chosen(held, now + 10, "deep")
    assert sound(deep, now + 20).dba == 50
    assert style(treatments, deep, now + 20) == "deep"
    assert sound(chosen(held, now + 10, "silence"), now + 20).dba == SILENCE


@pytest.mark.parametrize("kind", ["style", "another"])
def test_who_must_have_silence_has_it_whatever_is_chosen(treatments: Treatments, kind: str) -> None:
    sheet = treatments.sheet(care=["sound_off"])
    now = midst(sheet, "work1")
    after = chosen(sheet, now, "bright") if kind == "style" else another(sheet, now)
    assert sound(after, now + 60) == SoundLevel(SILENCE)
    assert why(after, now + 60).layer is Layer.CARE


def test_what_a_guest_must_not_hear_is_not_chosen_by_hand(treatments: Treatments) -> None:
    care: list[Any] = [{"code": "sound_exclude", "value": ["deep"]}]
    sheet = treatments.sheet(care=care)
    for phase in ("work1", "deep"):
        now = midst(sheet, phase)
        after = chosen(sheet, now, "deep")
        assert style(treatments, after, now + 5, care=parse(care)) == "calm", "nor by the profile"
        assert why(after, now + 5).layer is Layer.CARE


def test_who_must_not_be_in_silence_keeps_their_quiet_sound(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "sound_min_dba", "value": 38}])
    now = midst(sheet, "work1")
    after = chosen(sheet, now, "silence")
    assert sound(after, now + 10).dba == 38
    assert sound(after, now + 10).playlist == sound(sheet, now).playlist
    assert why(after, now + 10, "volume").layer is Layer.CARE


def test_no_style_is_louder_than_this_guest_bears(treatments: Treatments) -> None:
    sheet = treatments.sheet(care=[{"code": "sound_max_dba", "value": 36}], tuning=Tuning(silence=True))
    now = midst(sheet, "work1")
    assert sound(chosen(sheet, now, "calm"), now + 20).dba == 36


def test_every_playlist_that_a_hand_can_bring_about_is_known_to_whoever_may_know(treatments: Treatments) -> None:
    for profile in treatments.library.all():
        care = parse([{"code": "sound_exclude", "value": ["water"]}])
        sheet = compile_sheet(Order(profile, profile.default_minutes, care=care, tuning=Tuning(style="own")), LAVENDER, prep=600.0)
        known = {**playlists(profile, Tuning(style="own"), care), **aftermath(profile)}
        assert set(sheet.styles) <= set(known)
        assert {known[id].style == style for id, style in sheet.styles.items()} <= {True}
        assert {aims["speaker"].level.playlist for aims in sheet.palette.values() if "speaker" in aims} - {None} <= set(known)  # type: ignore[union-attr]


def room_with(**options: str) -> Room:
    device = Device("speaker", "lavender", "player", "sonos2mqtt", "sonos/RINCON_1", fade=0.0, options=options)
    return Room("lavender", "Lavender", full_volume_dba=70.0, devices=(device,))


def test_a_player_is_told_the_style_behind_a_playlist_but_never_on_our_own_topics(treatments: Treatments) -> None:
    sheet = treatments.sheet()
    now = midst(sheet, "deep")
    (wanted,), _ = pieces(sheet, LAVENDER, LAVENDER.by_id["speaker"], now)
    assert isinstance(wanted, PlayerWanted)
    assert wanted.style == "deep"


def test_a_style_without_a_name_is_calms_and_without_that_it_is_silent_and_said(treatments: Treatments) -> None:
    order = Order(treatments.library.get("spa/swedish"), 60)
    calm = compile_sheet(order, room_with(music_calm="x:calm"))
    assert sound(calm, midst(calm, "deep")).dba > SILENCE
    assert not [clamp for clamp in calm.clamps if clamp.attribute == "music"]
    deep = compile_sheet(order, room_with(music_deep="x:deep"))
    assert sound(deep, midst(deep, "deep")).dba > SILENCE
    assert sound(deep, midst(deep, "work1")) == SoundLevel(SILENCE)
    assert why(deep, midst(deep, "work1"), "volume") == Why(Layer.ROOM, "speaker has nothing calm to play")
    assert "work1" in [clamp.phase for clamp in deep.clamps if clamp.attribute == "music"]
    now = midst(deep, "work1")
    assert sound(chosen(deep, now, "deep"), now + 20).dba == 42, "what there is can be chosen by hand"


def test_the_same_music_has_other_ids_in_another_house_and_the_same_in_the_same(treatments: Treatments) -> None:
    care = ({"code": "sound_exclude", "value": ["water"]},)
    here, there = (replace(LAVENDER, playlist_key=key) for key in (b"here", b"there"))
    rooms = {"open": LAVENDER, "here": here, "again": here, "there": there}
    sheets = {name: treatments.sheet(care=care, room=room) for name, room in rooms.items()}
    heard = {name: {sound(sheet, midst(sheet, phase)).playlist for phase in ("welcome", "work1", "deep")} for name, sheet in sheets.items()}
    assert heard["here"] == heard["again"]
    assert not heard["here"] & heard["there"] and not heard["here"] & heard["open"]
    known = playlists(treatments.library.get("spa/swedish"), care=parse(care), key=b"here")
    assert heard["here"] <= set(known) | set(aftermath(treatments.library.get("spa/swedish"), b"here"))
    assert "b'here'" not in repr(here)


def test_what_a_treatment_does_without_is_not_played_in_it_unless_it_is_all_a_guest_may_hear(treatments: Treatments) -> None:
    profile = treatments.library.get("spa/lymphatic_drainage")
    known = playlists(profile)
    sheet = treatments.sheet(profile.id)
    heard = known[str(sound(sheet, midst(sheet, "work1")).playlist)]
    assert (heard.exclude, heard.genres) == (("water",), ("ambient", "harp", "nature"))
    only = playlists(profile, care=parse([{"code": "sound_only", "value": ["water"]}]))
    assert any(each.only == ("water",) and "water" not in each.exclude for each in only.values())
