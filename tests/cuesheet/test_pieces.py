"""From a cue sheet to what a device is told, and when it has to be told again."""

from dataclasses import replace
from itertools import pairwise

import pytest

from ambiance.cuesheet import LightLevel, Sheet, dba_of, next_change, pieces, scene_at, volume_of
from ambiance.cuesheet.cues import level_at
from ambiance.cuesheet.model import Cue
from ambiance.cuesheet.pieces import strays
from ambiance.cuesheet.replan import advance, pause, stay
from ambiance.cuesheet.standing import emergency, standing, turnover
from ambiance.cuesheet.wanted import ClimateWanted, FanWanted, LightWanted, PlayerWanted, WarmerWanted
from ambiance.site import Device, Limits, Room
from ambiance.units import SILENCE, lstar, output
from tests.cuesheet.treatments import LAMPS, LAVENDER, REST, Listener, Stage, Treatments, lay, light, midst, room_of, sound, span

CEILING, SPEAKER, TABLE = LAMPS[0], REST[0], REST[4]


def faded(fade: float) -> Room:
    return replace(LAVENDER, devices=tuple(replace(d, fade=fade) if d.kind in ("light", "player") else d for d in LAVENDER.devices))


def told(sheet: Sheet, room: Room, id: str, since: float, until: float) -> list[tuple[float, LightWanted]]:
    """Everything a lamp is told in a stretch of time."""
    found: list[tuple[float, LightWanted]] = []
    wanted, due = pieces(sheet, room, room.by_id[id], since, since - 1)
    at = since
    while True:
        found += [(at, each) for each in wanted if isinstance(each, LightWanted)]
        if due is None or due > until:
            return found
        before, at = at, due
        wanted, due = pieces(sheet, room, room.by_id[id], at, before)


def test_a_lamp_that_fades_by_itself_is_told_its_target_and_the_time(treatments: Treatments) -> None:
    sheet = treatments.sheet()
    work = span(sheet, "work1")
    (asked,), due = pieces(sheet, LAVENDER, CEILING, work.start, work.start - 1)
    goal = light(sheet, work.start + 60)
    assert asked == LightWanted(True, round(100 * output(goal.lstar), 2), 2200.0, None, 60.0)
    assert due == span(sheet, "turn").start


def test_stated_in_the_middle_of_a_fade_a_lamp_gets_the_target_and_the_time_that_is_left(treatments: Treatments) -> None:
    sheet = treatments.sheet()
    (asked,), _ = pieces(sheet, LAVENDER, CEILING, span(sheet, "work1").start + 45)
    assert isinstance(asked, LightWanted)
    assert (asked.fade, asked.brightness) == (15.0, round(100 * output(light(sheet, midst(sheet, "work1")).lstar), 2))
    (asked,), _ = pieces(sheet, LAVENDER, CEILING, midst(sheet, "work1"))
    assert isinstance(asked, LightWanted)
    assert asked.fade == 0.0


@pytest.mark.parametrize("late", [0.004, 0.9])
def test_a_cue_said_a_moment_late_still_takes_its_whole_time(treatments: Treatments, late: float) -> None:
    sheet = treatments.sheet()
    work = span(sheet, "work1").start
    (asked,), due = pieces(sheet, LAVENDER, CEILING, work + late, work - 1)
    assert isinstance(asked, LightWanted)
    assert asked.fade == 60.0
    assert due == span(sheet, "turn").start
    short = faded(7.0)
    _, due = pieces(sheet, short, short.by_id["ceiling"], work + late, work - 1)
    assert due == pytest.approx(work + late + 7)
    (asked,), _ = pieces(sheet, LAVENDER, CEILING, work + 5, work - 1)
    assert isinstance(asked, LightWanted)
    assert asked.fade == 55.0, "the room is a function of time: who is late glides to now"


def test_a_lamp_with_short_fades_gets_one_after_the_other(treatments: Treatments) -> None:
    sheet, room = treatments.sheet(), faded(7.0)
    work = span(sheet, "work1")
    heard = told(sheet, room, "ceiling", work.start, work.start + 100)
    assert [at - work.start for at, _ in heard] == pytest.approx([0, 7, 14, 21, 28, 35, 42, 49, 56])
    assert [each.fade for _, each in heard] == pytest.approx([7.0] * 8 + [4.0])
    for at, each in heard:
        assert each.brightness == pytest.approx(100 * output(light(sheet, at + each.fade).lstar), abs=0.01)


@pytest.mark.parametrize("fade", [0.0, 0.1, 0.4])
def test_a_lamp_that_cannot_fade_is_stepped_within_two_lstar_and_twice_a_second(treatments: Treatments, fade: float) -> None:
    room = faded(fade)
    sheet = treatments.sheet("clinical/swedish", 60, room=room)
    stage = Stage.begin(room, sheet, 0.0)
    for tick in range(2 * 3600):
        stage.play(tick / 2)
        off = stage.off(tick / 2)
        assert max(off["ceiling"], off["cove"], off["exam"]) <= 2.05
    for listener in stage.listeners.values():
        times = [at for at, _ in listener.told]
        assert min(later - earlier for earlier, later in pairwise(times)) >= 0.5 - 1e-6
    ends = [cue for cue in sheet.tracks["ceiling"] if 0 < cue.end < 3600]
    for cue in ends:
        stage = Stage.begin(room, sheet, cue.at)
        stage.play(cue.end)
        assert isinstance(cue.target, LightLevel)
        assert stage.listeners["ceiling"].level_at(cue.end) == pytest.approx(cue.target.lstar, abs=0.05)


def test_a_whole_treatment_takes_few_messages_where_lamps_fade_by_themselves(treatments: Treatments) -> None:
    stage = Stage.begin(LAVENDER, treatments.sheet(), 0.0)
    stage.play(3600)
    assert {id: len(listener.told) for id, listener in stage.listeners.items() if id != "exam"} == {"ceiling": 9, "cove": 9, "speaker": 8}


def test_a_dark_lamp_is_off(treatments: Treatments) -> None:
    sheet = treatments.sheet()
    (asked,), _ = pieces(sheet, LAVENDER, LAMPS[2], midst(sheet, "work1"))
    assert isinstance(asked, LightWanted)
    assert (asked.on, asked.brightness) == (False, 0.0)


def test_music_rises_from_the_quietest_and_plays_only_then(treatments: Treatments) -> None:
    sheet = treatments.sheet("clinical/swedish", 60)
    settle = span(sheet, "settle")
    wanted, _ = pieces(sheet, LAVENDER, SPEAKER, settle.start, settle.start - 10)
    quiet = volume_of(LAVENDER, SPEAKER, SILENCE)
    first, second = wanted
    assert isinstance(first, PlayerWanted)
    assert isinstance(second, PlayerWanted)
    assert (first.playing, first.volume) == (False, quiet)
    assert (second.playing, second.volume, second.fade) == (True, volume_of(LAVENDER, SPEAKER, 42), 20.0)
    assert first.playlist == second.playlist == sound(sheet, midst(sheet, "settle")).playlist


def test_a_fall_to_silence_passes_the_quietest_and_then_stops(treatments: Treatments) -> None:
    sheet = treatments.sheet("clinical/swedish", 60)
    exam = span(sheet, "exam")
    (falling,), due = pieces(sheet, LAVENDER, SPEAKER, exam.start, exam.start - 10)
    quiet = volume_of(LAVENDER, SPEAKER, SILENCE)
    assert falling == PlayerWanted(True, quiet, sound(sheet, exam.start - 1).playlist, 10.0)
    assert due == exam.start + 10
    (stopped,), _ = pieces(sheet, LAVENDER, SPEAKER, exam.start + 10, exam.start)
    assert stopped == PlayerWanted(False, quiet)


@pytest.mark.parametrize("taper", ["cubic", "linear"])
@pytest.mark.parametrize("full", [70.0, 90.0, None])
def test_volume_follows_the_rooms_calibration_and_the_players_taper(full: float | None, taper: str) -> None:
    room = replace(LAVENDER, full_volume_dba=full)
    player = replace(SPEAKER, taper=taper)  # type: ignore[arg-type]
    for dba in (20.0, 35.0, 42.0, 60.0):
        assert dba_of(room, player, volume_of(room, player, dba)) == pytest.approx(dba, abs=0.3 if taper == "cubic" else 1.5)
    assert volume_of(room, player, 75.0) <= (50.0 if full is None else 100.0)


def test_an_unmeasured_room_takes_half_volume_for_sixty_dba() -> None:
    room = replace(LAVENDER, full_volume_dba=None)
    assert volume_of(room, SPEAKER, 60.0) == 50.0
    assert volume_of(room, SPEAKER, 42.0) == pytest.approx(25.06, abs=0.01)
    assert (dba_of(room, SPEAKER, 50.0), dba_of(room, SPEAKER, 0.0)) == (60.0, SILENCE)


def test_before_the_sheet_begins_devices_stand_where_it_does(treatments: Treatments) -> None:
    sheet = treatments.sheet(levels={"ceiling": LightLevel(12.0, 400.0)})
    (asked,), due = pieces(sheet, LAVENDER, CEILING, -500.0)
    assert isinstance(asked, LightWanted)
    assert asked.brightness == pytest.approx(100 * output(12.0), abs=0.01)
    assert due == 0.0


def test_a_room_is_told_nothing_about_what_lies_behind_a_waiting_border(treatments: Treatments) -> None:
    sheet = treatments.sheet(borders="hands")
    (asked,), due = pieces(sheet, LAVENDER, CEILING, span(sheet, "work1").start + 100)
    assert isinstance(asked, LightWanted)
    assert due is None
    assert asked.brightness == pytest.approx(100 * output(light(sheet, span(sheet, "settle").end - 1).lstar), abs=0.01)


def test_climate_and_fan_are_told_their_values(treatments: Treatments) -> None:
    sheet = treatments.sheet(scent=True)
    assert pieces(sheet, LAVENDER, LAVENDER.by_id["air"], 100)[0] == (ClimateWanted(24.0),)
    assert pieces(sheet, LAVENDER, LAVENDER.by_id["extract"], midst(sheet, "turnover_air"))[0] == (FanWanted(100.0),)


def test_a_diffuser_is_never_told_anything_by_a_scene(treatments: Treatments) -> None:
    assert pieces(treatments.sheet(scent=True), LAVENDER, LAVENDER.by_id["diffuser"], 600) == ((), None)


def test_a_warmer_is_given_what_is_still_to_come(treatments: Treatments) -> None:
    sheet = treatments.sheet(borders="hands")
    work = span(sheet, "work1").start

    def warming(sheet: Sheet, at: float) -> float:
        (asked,), _ = pieces(sheet, LAVENDER, TABLE, at)
        assert isinstance(asked, WarmerWanted)
        assert asked.on == (asked.run_for > 0)
        return asked.run_for

    assert warming(sheet, 100.0) == 3500
    assert warming(sheet, work + 500) == sheet.end - work
    assert warming(stay(sheet, 100.0, 7200)[0], 100.0) > 3500
    paused = pause(sheet, 200.0)
    assert warming(paused, 9000.0) == 3400
    overrun = sheet
    while next(s for s in overrun.spans if s.border and not s.confirmed).n:
        overrun = advance(overrun, overrun.horizon)
    assert 60 <= warming(overrun, overrun.end + 60) <= 300
    gone = advance(overrun, overrun.end + 60)
    assert pieces(gone, LAVENDER, TABLE, overrun.end + 61)[0] == (WarmerWanted(False, 0.0),)


def test_a_device_that_is_told_late_catches_up_at_once(treatments: Treatments) -> None:
    sheet, room = treatments.sheet(), faded(7.0)
    work = span(sheet, "work1")
    (asked,), due = pieces(sheet, room, room.by_id["ceiling"], work.start + 10, work.start)
    assert isinstance(asked, LightWanted)
    assert due == work.start + 17
    assert asked.brightness == pytest.approx(100 * output(light(sheet, work.start + 17).lstar), abs=0.01)


def test_a_mute_reaches_the_player_within_two_seconds_and_stops_it(treatments: Treatments) -> None:
    sheet = treatments.sheet()
    now = midst(sheet, "work1")
    stage = Stage.begin(LAVENDER, sheet, now - 10)
    stage.play(now)
    stage.replanned(lay(sheet, now, "mute"), now)
    stage.play(now + 2)
    player = stage.listeners["speaker"]
    assert not player.playing
    assert [at - now for at, _ in player.told][-2:] == [0.0, 2.0]


# --- rooms without a session ---


def test_a_free_room_stands_at_five_percent_and_silent() -> None:
    sheet = standing(LAVENDER, "ready", Limits())
    assert 100 * output(light(sheet, 1e6).lstar) == pytest.approx(5.0)
    assert sound(sheet, 0.0).dba == SILENCE
    assert next_change(sheet, 0.0) is None


def test_a_turnover_starts_from_the_last_scene_and_ends_in_a_free_room(treatments: Treatments) -> None:
    session = treatments.sheet(scent=True)
    levels = scene_at(session, session.end - 1).levels
    sheet = turnover(session, LAVENDER, Limits(), levels, 600, 900)
    assert [s.phase for s in sheet.spans] == ["turnover_air", "turnover_clean", "ready"]
    assert light(sheet, 0.0) == levels["ceiling"]
    assert light(sheet, 890.0).lstar == pytest.approx(100)
    assert 100 * output(light(sheet, 1e5).lstar) == pytest.approx(5.0)
    assert scene_at(sheet, 10.0).dose is None


def test_an_emergency_lights_every_lamp_within_a_second_and_stops_the_music(treatments: Treatments) -> None:
    session = treatments.sheet()
    sheet = emergency(LAVENDER, scene_at(session, midst(session, "deep")).levels)
    lamps = [level for level in scene_at(sheet, 1.0).levels.values() if isinstance(level, LightLevel)]
    assert [lamp.lstar for lamp in lamps] == [100.0] * 3
    assert 0 < light(sheet, 0.5).lstar < 100
    assert pieces(sheet, LAVENDER, SPEAKER, 0.0)[0][-1] == PlayerWanted(False, volume_of(LAVENDER, SPEAKER, SILENCE))


def test_a_standing_room_answers_hands_too() -> None:
    sheet = standing(LAVENDER, "ready", Limits())
    bright = lay(sheet, 100.0, "bright")
    assert light(bright, 102.0).lstar == pytest.approx(100)
    assert light(lay(sheet, 100.0, "light", 20.0), 102.0).lstar == pytest.approx(light(sheet, 0.0).lstar + 20)


def test_a_listener_that_is_told_nothing_stands_where_it_stood() -> None:
    listener = Listener(room_of(), Device("lamp", "r", "light"))
    listener.stands(40.0, 300.0)
    listener.hears(5.0, ())
    assert (listener.level_at(9.0), listener.mired_at(9.0), listener.told) == (40.0, 300.0, [])


@pytest.mark.parametrize("longest", [6553.0, 65.5, 20.0, 5.0])
def test_a_lamp_that_fades_straight_in_output_stays_within_two_lstar_of_the_scene(treatments: Treatments, longest: float) -> None:
    """Zigbee, Tasmota, Shelly, WLED: their own fades are straight lines of output, the scene's of perceived lightness."""
    lamps = tuple(replace(d, fade=longest, curve="output", tick=0.1) if d.kind == "light" else d for d in LAVENDER.devices)
    room = replace(LAVENDER, devices=lamps)
    sheet = treatments.sheet("spa/swedish", 60, room=room)
    for cue in sheet.tracks["ceiling"]:
        heard = told(sheet, room, "ceiling", cue.at, cue.end)
        assert len(heard) <= 3 + cue.fade / min(longest, 10)
        here = level(cue, cue.at)
        for (at, asked), (due, _) in pairwise([*heard, (cue.end, heard[-1][1])]):
            there = lstar(asked.brightness / 100)
            for part in range(21):
                now = at + (due - at) * part / 20
                done = min(1.0, (now - at) / asked.fade) if asked.fade else 1.0
                shown = lstar(output(here) + (output(there) - output(here)) * done)
                assert abs(shown - level(cue, now)) <= 2.05
            here = there


def test_a_long_fade_straight_in_output_is_one_piece_where_it_hardly_moves() -> None:
    assert strays(30, 34) < 0.1
    assert strays(20, 60) > 2
    assert strays(0, 8) == pytest.approx(0, abs=1e-9)


def level(cue: Cue, at: float) -> float:
    found = level_at([cue], at)
    assert isinstance(found, LightLevel)
    return found.lstar
