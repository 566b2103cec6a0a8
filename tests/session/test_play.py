"""Telling devices on time: what is said, once, when it is due; and nothing else."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from ambiance.care import parse
from ambiance.clock import Instant, ManualClock
from ambiance.cuesheet import Order, Sheet, compile_sheet, replan
from ambiance.cuesheet.model import Hand
from ambiance.cuesheet.scene import scene_at
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted, PlayerWanted, Wanted
from ambiance.device.twin import LightTwin, PlayerTwin
from ambiance.session.play import Play
from ambiance.site import Room
from ambiance.units import lstar
from tests.session.house_fixtures import LAVENDER, MINUTE, library

SHEET = compile_sheet(Order(library().get("spa/swedish"), 60, care=parse([]), scent=True), LAVENDER)


class Stage:
    """A room playing a sheet, and everything its devices were told."""

    def __init__(self, room: Room = LAVENDER, sheet: Sheet = SHEET) -> None:
        self.clock = ManualClock()
        self.t0 = self.clock.now()
        self.told: list[tuple[float, str, Wanted, bool, bool]] = []
        self.due: list[float] = []
        self.late: list[float] = []
        self.listen: Callable[[str, Wanted], None] = lambda device, wanted: None
        self.room = room
        self.play = Play([room], self.clock, self._send, lambda room: self.due.append(self.now), self.late.append)
        self.play.play(room.id, (sheet, self.t0))

    @property
    def now(self) -> float:
        return (self.clock.now() - self.t0).total_seconds()

    def at(self, offset: float) -> Instant:
        return self.t0 + timedelta(seconds=offset)

    def run(self, seconds: float) -> None:
        asyncio.run(self.clock.run(seconds))

    def of(self, device: str) -> list[tuple[float, Wanted]]:
        return [(at, wanted) for at, each, wanted, _, _ in self.told if each == device]

    def _send(self, room: str, device: str, wanted: tuple[Wanted, ...], glide: bool, hurry: bool) -> None:
        for each in wanted:
            self.told.append((self.now, device, each, glide, hurry))
            self.listen(device, each)


def test_each_cue_is_told_at_its_own_instant_and_not_again() -> None:
    stage = Stage()
    stage.run(70 * MINUTE)
    for device in ("ceiling", "cove", "climate", "extract"):
        cues = {cue.at for cue in SHEET.tracks[device]}
        times = [at for at, _ in stage.of(device)]
        assert times == sorted(set(times))
        assert {at for at in times if at > 0} == {at for at in cues if 0 < at <= 70 * MINUTE}
    assert max(stage.late) == 0


def test_a_lamp_that_fades_by_itself_follows_the_scene_all_the_way() -> None:
    stage = Stage()
    lamp = LightTwin()
    stage.listen = lambda device, wanted: lamp.apply(wanted, stage.now) if device == "ceiling" else None
    stage.play.restate("lavender")
    for _ in range(3600):
        stage.run(1)
        level: Any = scene_at(SHEET, stage.now).levels["ceiling"]
        assert lstar(lamp.at(stage.now)["brightness"] / 100) == pytest.approx(level.lstar, abs=0.3)


def test_a_lamp_that_cannot_fade_is_stepped_within_two_lstar_at_most_twice_a_second() -> None:
    devices = tuple(replace(d, fade=0.0) if d.kind == "light" else d for d in LAVENDER.devices)
    room = replace(LAVENDER, devices=devices)
    stage = Stage(room)
    lamp = LightTwin()
    stage.listen = lambda device, wanted: lamp.apply(wanted, stage.now) if device == "ceiling" else None
    stage.play.restate("lavender")
    for _ in range(2400):
        stage.run(0.5)
        level: Any = scene_at(SHEET, stage.now).levels["ceiling"]
        assert abs(lstar(lamp.at(stage.now)["brightness"] / 100) - level.lstar) <= 2.3
    times = [at for at, _ in stage.of("ceiling")]
    assert all(later - sooner >= 0.49 for sooner, later in pairwise(times[2:]))


def test_music_sets_its_level_then_plays_and_passes_it_before_it_stops() -> None:
    stage = Stage()
    player = PlayerTwin()
    heard: list[tuple[bool, float]] = []

    def listen(device: str, wanted: Wanted) -> None:
        if isinstance(wanted, PlayerWanted):
            player.apply(wanted, stage.now)
            heard.append((wanted.playing, wanted.volume))

    stage.listen = listen
    muted = replan.with_hand(SHEET, 600.0, Hand("mute", 600.0))
    stage.run(600)
    stage.play.play("lavender", (muted, stage.t0))
    stage.run(60)
    assert player.at(stage.now)["playing"] is False
    loud = replan.without_hand(muted, 660.0, "mute")
    stage.play.play("lavender", (loud, stage.t0))
    (first, quietest), (second, goal) = heard[-2:]
    assert (first, second) == (False, True)
    assert quietest < goal


def test_a_changed_sheet_tells_only_the_devices_whose_move_changed() -> None:
    stage = Stage()
    stage.run(20 * MINUTE)
    count = len(stage.told)
    stage.play.play("lavender", (SHEET, stage.t0))
    assert stage.told[count:] == []
    brighter = replan.with_hand(SHEET, stage.now, Hand("light", stage.now, 5.0))
    stage.play.play("lavender", (brighter, stage.t0))
    assert {device for _, device, _, _, _ in stage.told[count:]} <= {"ceiling", "cove"}
    louder = replan.with_hand(brighter, stage.now, Hand("music", stage.now, 3.0))
    count = len(stage.told)
    stage.play.play("lavender", (louder, stage.t0))
    assert [device for _, device, _, _, _ in stage.told[count:]] == ["speaker"]


def test_restating_says_the_present_with_what_is_left_of_the_fade_and_never_a_dose() -> None:
    stage = Stage()
    stage.run(5 * MINUTE + 10)
    cue = next(cue for cue in SHEET.tracks["ceiling"] if cue.at == 300)
    count = len(stage.told)
    stage.play.restate("lavender")
    said = {device: (wanted, glide) for _, device, wanted, glide, _ in stage.told[count:]}
    wanted, glide = said["ceiling"]
    assert isinstance(wanted, LightWanted)
    assert glide and wanted.fade == pytest.approx(cue.fade - 10)
    assert not any(isinstance(wanted, DiffuserWanted) for _, _, wanted, _, _ in stage.told)
    count = len(stage.told)
    stage.play.restate("lavender", "speaker")
    assert {device for _, device, _, _, _ in stage.told[count:]} == {"speaker"}
    stage.play.restate("attic")


def test_a_lamp_that_comes_back_while_staff_want_light_rises_as_fast_as_the_others_did() -> None:
    stage = Stage()
    stage.run(20 * MINUTE)
    lit = replan.with_hand(SHEET, stage.now, Hand("bright", stage.now, source="bright"))
    stage.play.play("lavender", (lit, stage.t0))
    stage.run(5 * MINUTE)
    count = len(stage.told)
    stage.play.restate("lavender", "ceiling")
    stage.play.restate("lavender", "exam")
    (_, _, ceiling, glide, hurry), (_, _, exam, exam_glides, _) = stage.told[count:]
    assert isinstance(ceiling, LightWanted) and isinstance(exam, LightWanted)
    assert (ceiling.brightness, ceiling.fade, glide, hurry) == (100.0, 1.5, False, False)
    assert (exam.on, exam_glides) == (False, True)  # what is off goes on being off without a start
    stage.play.restate("lavender", "ceiling", beat=True)
    assert stage.told[-1][3], "a beat says what is known already, and fights nobody at the wall"
    stage.play.play("lavender", (replan.without_hand(lit, stage.now, "bright"), stage.t0))
    stage.run(30)
    stage.play.restate("lavender", "ceiling")
    assert stage.told[-1][3], "without it a lamp found elsewhere glides again"


def test_a_room_is_woken_when_it_asked_and_only_by_its_latest_wish() -> None:
    stage = Stage()
    stage.play.wake("lavender", stage.at(50))
    stage.play.wake("lavender", stage.at(30))
    stage.run(100)
    assert stage.due == [30]
    stage.play.wake("lavender", stage.at(150))
    stage.play.wake("lavender", None)
    stage.run(100)
    assert stage.due == [30]


def test_nothing_is_said_after_the_end_or_for_a_room_that_plays_nothing() -> None:
    stage = Stage()
    stage.run(60)
    stage.play.play("lavender", None)
    count = len(stage.told)
    stage.run(1200)
    assert stage.told[count:] == []
    other = Stage()
    other.play.stop()
    count = len(other.told)
    other.run(1200)
    assert other.told[count:] == []


def test_what_is_due_when_a_room_is_said_again_is_told_as_a_cue_and_once() -> None:
    stage = Stage()
    due = min(cue.at for cue in SHEET.tracks["ceiling"] if cue.at > 0)
    # The clock's own alarms ring in the order in which they were set: this one before that of the cue.
    stage.clock.call_at(stage.at(due), lambda: stage.play.restate("lavender"))
    stage.play.wake("lavender", stage.at(due - 1))
    stage.run(due - 0.5)
    stage.told.clear()
    stage.run(1)
    assert [(at, glide) for at, device, _, glide, _ in stage.told if device == "ceiling"] == [(due, False), (due, True)]


def test_the_cues_of_an_instant_are_told_before_what_is_decided_at_it() -> None:
    stage = Stage()
    due = min(cue.at for cue in SHEET.tracks["ceiling"] if cue.at > 0)
    told: list[str] = []
    play = Play([LAVENDER], stage.clock, lambda room, device, *_: told.append(device), told.append, lambda seconds: None)
    play.wake("lavender", stage.at(due))
    play.play("lavender", (SHEET, stage.t0))
    told.clear()
    stage.run(due + 1)
    assert len(told) > 2
    assert told.index("lavender") == len(told) - 1
