"""Whatever is treated, for whom, where and whatever people do meanwhile: the room stays sane at every instant."""

from itertools import pairwise

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ambiance.cuesheet import LightLevel, Sheet, SoundLevel, next_change, room_lux, scene_at
from ambiance.cuesheet.aims import loudest
from ambiance.cuesheet.cues import level_at
from ambiance.cuesheet.scene import track
from ambiance.cuesheet.spans import at as span_at
from ambiance.units import SILENCE, Seconds
from tests.cuesheet.lives import Deed, Life, Start, Step, days, parts, starts
from tests.cuesheet.treatments import Stage, minutes

ALMOST = 1e-6
CLOSE = 1e-4
LSTAR_A_SECOND, MIRED_A_SECOND, RISE_A_SECOND, FALL_A_SECOND = 4.0, 5.0, 3.0, 6.0
ANSWER: Seconds = 2.0
"""For so long after a person asked for light or sound, the room may be quicker."""

far = st.one_of(st.floats(-1e4, 1e4), st.floats(allow_nan=False, allow_infinity=False))
quickly = settings(
    deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate, Phase.shrink)
)  # fmt: skip


@settings(quickly, max_examples=3300)
@given(starts, days)
def test_no_deed_makes_a_device_jump_or_hurry_or_leave_its_range(start: Start, day: list[Deed]) -> None:
    life = Life.of(start, day)
    for step in life.steps:
        old, new = scene_at(step.before, step.at), scene_at(step.after, step.then)
        for device, level in old.levels.items():
            _same(level, new.levels[device], f"{step.what} at {step.at} moved {device}")
        if step.what != "begin":
            assert _played(step.before, step.at) == _played(step.after, step.at), f"{step.what} at {step.at} changed what is past"
    for sheet, proposed in ((life.sheet, False), (life.sheet, True)):
        for device in sheet.tracks:
            _moves_gently(life, sheet, device, proposed)


@settings(quickly, max_examples=2600)
@given(starts, days, st.lists(far, min_size=1, max_size=4))
def test_a_scene_exists_at_every_offset_and_is_in_range(start: Start, day: list[Deed], offsets: list[float]) -> None:
    life = Life.of(start, day)
    _in_range(life, [*offsets, *(step.then for step in life.steps), life.now])


@settings(quickly, max_examples=1600)
@given(starts, days, parts)
def test_between_two_changes_a_scene_moves_in_a_straight_line(start: Start, day: list[Deed], part: float) -> None:
    life = Life.of(start, day)
    sheet = life.sheet
    at = sheet.spans[0].start + part * (sheet.end + 900)
    until = next_change(sheet, at)
    if until is not None and until - at < 2 * CLOSE:
        at, until = until, next_change(sheet, until)
    until = at + 1e5 if until is None else until
    early, late = scene_at(sheet, at), scene_at(sheet, until - CLOSE)
    middle = scene_at(sheet, (at + until - CLOSE) / 2)
    assert (early.phase, early.dose) == (middle.phase, middle.dose) == (late.phase, late.dose)
    for device, level in middle.levels.items():
        first, second = early.levels[device], late.levels[device]
        if isinstance(level, LightLevel) and isinstance(first, LightLevel) and isinstance(second, LightLevel):
            assert abs(level.lstar - (first.lstar + second.lstar) / 2) < 1e-3
            assert abs(level.mired - (first.mired + second.mired) / 2) < 1e-2
            assert level.color == first.color == second.color
        elif isinstance(level, SoundLevel) and isinstance(first, SoundLevel) and isinstance(second, SoundLevel):
            assert abs(level.dba - (first.dba + second.dba) / 2) < 1e-3
        else:
            assert level == first == second


@settings(quickly, max_examples=1200)
@given(starts, days, parts, parts, parts)
def test_played_cue_by_cue_or_stated_after_a_restart_the_devices_stand_the_same(
    start: Start, day: list[Deed], cut: float, look: float, later: float
) -> None:
    life = Life.of(start, day)
    sheet, room = (life.steps[0].before if life.steps else life.sheet), life.start.room
    begin = sheet.spans[0].start
    # From the moment the guest came, as offsets mean something else before it.
    steps = life.steps
    if (first := next((i for i, step in enumerate(steps) if step.what == "begin"), None)) is not None:
        steps, sheet, begin = steps[first + 1 :], steps[first].after, 0.0
    restart = begin + cut * (life.sheet.end + 300 - begin)
    watch = sorted(begin + part * (life.sheet.end + 600 - begin) for part in (look, later, (look + later) / 2))
    for at in (None, restart):
        _watch(life, Stage.begin(room, sheet, begin), steps, watch, at)


@settings(quickly, max_examples=1300)
@given(starts, days)
def test_the_end_moves_only_as_promised_and_nothing_shrinks_below_its_floor_or_gains_scent(start: Start, day: list[Deed]) -> None:
    life = Life.of(start, day)
    most = minutes(start.sheet().doses) if life.steps else 0.0
    for step in life.steps:
        _end_moves_as_promised(step)
        for span, following in pairwise(step.after.spans):
            assert span.end == following.start
        here = span_at(step.after.spans, step.then)
        if step.what != "end":
            for span in step.after.spans[here + 1 :]:
                assert span.length >= span.floor - ALMOST, f"{step.what} at {step.at} left {span.phase} {span.length} s"
        # What stood on the sheet is the most there ever is, and it stays out of the last quarter of an hour.
        assert minutes(step.after.doses) <= most + ALMOST
        if step.what not in ("scent_off", "pause", "end"):
            assert all(dose.until <= step.after.end - 900 + ALMOST for dose in step.after.doses if dose.at > step.then)
    if any(step.what in ("scent_off", "end") for step in life.steps):
        last = next(step for step in life.steps if step.what in ("scent_off", "end"))
        assert all(dose.at <= last.then for dose in life.sheet.doses) or any(step.what == "begin" for step in life.steps)


@settings(quickly, max_examples=400)
@given(starts.filter(lambda start: start.borders == "hands" and not start.dark), parts)
def test_the_light_never_falls_below_that_of_settling_before_hands_are_on(start: Start, part: float) -> None:
    sheet = start.sheet()
    settle = next((span for span in sheet.spans if span.phase == "settle"), None)
    if settle is None:
        return
    calm = room_lux(start.room, scene_at(sheet, settle.start + part * settle.length, proposed=True))
    floor = room_lux(start.room, scene_at(sheet, settle.end - CLOSE, proposed=True))
    # A guest who came in through less light, by a care code for the welcome alone, is led up to it.
    arriving = room_lux(start.room, scene_at(sheet, settle.start, proposed=True))
    # Two lamps that trade places in steps the eye finds even give up to a fiftieth of their lux half-way: less than can be seen.
    assert calm >= 0.98 * min(floor, arriving)
    confirmed = Life(start, sheet, "running", sheet.spans[0].start, 0.0, [], [])
    while confirmed.sheet.horizon < settle.end - ALMOST:
        confirmed.now = confirmed.sheet.horizon
        confirmed.do("advance", 0.0, 0.0, 0)
    for late in (0.0, 1.0, 299.0, 5000.0):
        # A slow fade may still be on its way at its very end.
        assert room_lux(start.room, scene_at(confirmed.sheet, settle.end + late)) >= 0.9999 * floor


def _end_moves_as_promised(step: Step) -> None:
    moved = step.after.end - step.before.end
    here = span_at(step.before.spans, step.at)
    ahead = [span for span in step.before.spans[here + 1 :] if span.n]
    slack = sum(max(0.0, span.length - span.floor) for span in ahead)
    late = max(0.0, step.at - step.before.spans[here].end)
    match step.what:
        case "begin":
            # A late guest's time comes out of the treatment before it moves the end; an early one has the whole of it.
            assert abs(moved - (step.moved - step.size if step.size > 0 else 0.0)) < 1e-3
            assert step.size <= 0 or -1e-3 <= step.moved <= step.size + 1e-3
        case "advance" | "grace" if late > 0:
            assert abs(moved - max(0.0, late - slack)) < 1e-3
        case "advance" | "grace":
            assert moved <= 1e-3
            if any(span.floor < span.planned for span in ahead):
                assert abs(moved) < 1e-3
            else:
                assert abs(moved + step.before.spans[here].end - step.at) < 1e-3
        case "stay":
            assert abs(moved - step.moved) < 1e-3
            assert abs(moved - max(0.0, step.size + late - slack)) < 1e-3
        case "extend":
            assert abs(moved - step.size) < 1e-3
        case "resume":
            assert step.before.paused is not None
            assert abs(moved - (step.at - step.before.paused)) < 1e-3
        case "end":
            assert step.after.end <= step.at + sum(span.length for span in ahead if span.phase in ("redress", "post_rinse")) + 60 + 1e-3
        case _:
            assert moved == 0


def _watch(life: Life, stage: Stage, steps: list[Step], watch: list[Seconds], restart: Seconds | None) -> None:
    moments: list[tuple[Seconds, int, object]] = [(step.at, 1, step.after) for step in steps]
    moments += [(at, 2, None) for at in watch]
    moments += [(restart, 3, None)] if restart is not None else []
    for at, kind, after in sorted(moments, key=lambda moment: moment[:2]):
        stage.play(at)
        if isinstance(after, Sheet):
            stage.replanned(after, at)
        elif kind == 3:
            for each in life.start.room.devices:
                if each.id in stage.listeners:
                    stage.tell(each, at, None)
        answered = any(then - ALMOST <= at <= then + ANSWER + 1 for then in life.touched)
        for id, off in stage.off(at).items():
            device = life.start.room.by_id[id]
            bound = 0.5 if device.fade >= 0.5 else 2.05 if device.kind == "light" else 3.05
            if device.fade < 0.5 and answered:
                continue
            assert off <= bound, f"{id} is {off} off at {at}"
            if not any(cue.at <= at + ALMOST and cue.end > at - ALMOST for cue in track(stage.sheet, id)):
                assert off <= 0.25, f"{id} rests {off} off at {at}"


def _in_range(life: Life, offsets: list[Seconds]) -> None:
    room, sheet = life.start.room, life.sheet
    ceiling = min(60.0, loudest(room))
    care = life.care
    # Where a floor of another phase contradicts this ceiling, the fall from there takes its time too.
    floors = max((care.at(span.phase).sound_min or SILENCE for span in sheet.spans if span.n), default=SILENCE)
    for offset in offsets:
        for proposed in (False, True):
            scene = scene_at(sheet, offset, proposed)
            for id, level in scene.levels.items():
                device = room.by_id[id]
                if isinstance(level, LightLevel):
                    assert 0 <= level.lstar <= 100 + ALMOST
                    assert 1e6 / device.kelvin[1] - ALMOST <= level.mired <= 1e6 / device.kelvin[0] + ALMOST
                elif isinstance(level, SoundLevel):
                    assert SILENCE <= level.dba <= ceiling + ALMOST
                    most = care.at(scene.phase).sound_max if scene.n else None
                    # On entering from a louder phase the fall into the bound takes its time.
                    if (
                        most is not None
                        and life.said is None
                        and not life.start.dark
                        and care.at("welcome").sound_max == most
                        and floors <= most
                        and scene.n > 1
                    ):
                        assert level.dba <= most + ALMOST


def _moves_gently(life: Life, sheet: Sheet, device: str, proposed: bool) -> None:
    cues = track(sheet, device, proposed)
    for cue, following in pairwise(cues):
        assert cue.at <= following.at
        if isinstance(cue.target, LightLevel | SoundLevel):
            _same(level_at([cue], following.at), following.start, f"{device} jumps at {following.at}")
    for cue in cues:
        if any(at - ALMOST <= cue.at <= at + ALMOST for at in life.touched):
            continue
        start, target, fade = cue.start, cue.target, cue.fade
        if isinstance(start, LightLevel) and isinstance(target, LightLevel):
            assert abs(target.lstar - start.lstar) <= LSTAR_A_SECOND * fade + ALMOST, f"{device} at {cue.at}"
            assert abs(target.mired - start.mired) <= MIRED_A_SECOND * fade + ALMOST, f"{device} at {cue.at}"
        elif isinstance(start, SoundLevel) and isinstance(target, SoundLevel):
            assert -FALL_A_SECOND * fade - ALMOST <= target.dba - start.dba <= RISE_A_SECOND * fade + ALMOST, f"{device} at {cue.at}"


def _played(sheet: Sheet, until: Seconds) -> list[object]:
    return [cue for device in sheet.tracks for cue in track(sheet, device) if cue.at < until - CLOSE]


def _same(one: object, other: object, words: str) -> None:
    if isinstance(one, LightLevel) and isinstance(other, LightLevel):
        assert abs(one.lstar - other.lstar) < ALMOST and abs(one.mired - other.mired) < ALMOST, f"{words}: {one} became {other}"
    elif isinstance(one, SoundLevel) and isinstance(other, SoundLevel):
        assert abs(one.dba - other.dba) < ALMOST, f"{words}: {one} became {other}"
