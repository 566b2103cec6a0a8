"""Random lives of a room: any treatment for any guest in any room, and what people do to it while it plays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from ambiance.care import Care, parse
from ambiance.cuesheet import FOREVER, Hand, LightLevel, Order, Sheet, SoundLevel, Tuning, compile_sheet, replan
from ambiance.cuesheet.model import Level
from ambiance.cuesheet.spans import at as span_at
from ambiance.profile import PHASES, Library, Visit
from ambiance.site import SILENT, STYLES, Borders, Device, Room
from ambiance.units import Seconds, mired
from tests.cuesheet.treatments import LAMPS, LAVENDER, REST

GRACE: Seconds = 300.0


def _lamps(fade: Seconds, **more: object) -> tuple[Device, ...]:
    return tuple(replace(d, fade=fade, **more) for d in (*LAMPS, *REST) if d.kind in ("light", "player", "diffuser"))  # type: ignore[arg-type]


ROOMS: tuple[Room, ...] = (
    LAVENDER,
    replace(LAVENDER, setting="clinical", full_light_lux=500.0, borders="hands"),
    replace(LAVENDER, full_volume_dba=None, devices=_lamps(0.0, kelvin=(2700.0, 4000.0))),
    replace(LAVENDER, full_volume_dba=90.0, devices=_lamps(5.0, lowest=3.0)),
    replace(
        LAVENDER,
        full_light_lux=250.0,
        devices=(Device("only", "r", "light", supine_view=True), Device("radio", "r", "player", taper="linear")),
    ),
    replace(
        LAVENDER,
        full_light_lux=800.0,
        devices=(
            Device("wall", "r", "light", share=0.5, lowest=8.0, kelvin=(3000.0, 3000.0), fade=0.0),
            Device("over", "r", "light", share=0.3, supine_view=True, fade=5.0),
            Device("glow", "r", "light", role="accent", share=0.2, kelvin=(1800.0, 6500.0)),
            Device("left", "r", "player", fade=0.0),
            Device("right", "r", "player", fade=5.0),
        ),
    ),
    replace(LAVENDER, devices=(Device("glow", "r", "light", role="accent"),)),
)

Codes = tuple[Any, ...] | None
CARES: tuple[Codes, ...] = (
    (), None, ("slow_change",), ({"code": "slow_change", "value": 10},), ("no_accent", "no_dark"), ("sound_off",),
    ({"code": "light_max_lx", "value": 8}, {"code": "sound_max_dba", "value": 38}),
    ({"code": "light_min_lx", "value": 60}, {"code": "sound_min_dba", "value": 44}, "announce_change"),
    ({"code": "light_max_lx", "value": 20}, {"code": "light_min_lx", "value": 40}),
    ({"code": "cct_max_k", "value": 2200}, "no_flash_strict"),
    ({"code": "sound_max_dba", "value": 45}, {"code": "hold_phase", "value": "work1"}),
    ({"code": "scent_allow", "value": ["floral_herbal"]},),
)  # fmt: skip

TUNINGS = (
    Tuning(),
    Tuning(lstar=18.0, mired=-120.0, decibel=9.0), Tuning(lstar=-30.0, mired=140.0, decibel=-12.0), Tuning(silence=True),
)  # fmt: skip


@cache
def library() -> Library:
    return Library.load(Path(__file__).parents[2] / "profiles")


@cache
def treatments() -> tuple[tuple[str, int, Visit], ...]:
    """Every treatment of the library at every length on offer and some between."""
    found: list[tuple[str, int, Visit]] = []
    for profile in library().all():
        for visit in ("follow_up", "first") if profile.setting == "clinical" else ("follow_up",):
            low, high = profile.bounds(visit)
            lengths = {n for n in profile.lengths if low <= n <= high} | set(range(low + 7, high, 13))
            found += [(profile.id, n, visit) for n in sorted(lengths)]
    return tuple(found)


def care_of(codes: Codes) -> Care:
    return parse(codes)


def _code(name: str, low: float, high: float) -> st.SearchStrategy[dict[str, Any]]:
    """A code with any value in its range, for the phases it is for or for any two."""
    value = st.integers(0, 1000).map(lambda n: low + (high - low) * n / 1000)
    where = st.one_of(st.none(), st.lists(st.sampled_from(tuple(PHASES)), min_size=1, max_size=2, unique=True))
    return st.builds(lambda v, p: {"code": name, "value": v} | ({"phases": p} if p else {}), value, where)


codes = st.one_of(
    _code("light_max_lx", 5, 120), _code("light_min_lx", 1, 120), _code("no_dark", 1, 120), _code("cct_max_k", 1900, 4000),
    _code("slow_change", 10, 120), _code("sound_max_dba", 25, 60), _code("sound_min_dba", 21, 55), _code("temp_offset_c", -2, 2),
    st.sampled_from(("scent_off", "sound_off", "no_accent", "no_flash_strict", "announce_change", "no_low_freq", "hold_phase", "no_dark")),
    st.sampled_from(({"code": "sound_exclude", "value": ["piano"]}, {"code": "sound_only", "value": ["harp"]})),
)  # fmt: skip
cares: st.SearchStrategy[Codes] = st.one_of(st.sampled_from(CARES), st.lists(codes, max_size=5).map(tuple))
"""What any guest may need."""


@dataclass(frozen=True)
class Start:
    """What was asked for, and the room it was asked for."""

    treatment: tuple[str, int, Visit]
    where: int
    care: Codes
    scent: bool
    tuning: Tuning
    prep: Seconds
    borders: Borders
    dark: bool

    @property
    def room(self) -> Room:
        return ROOMS[self.where]

    def sheet(self, care: Care | None = None) -> Sheet:
        profile, minutes, visit = self.treatment
        order = Order(library().get(profile), minutes, visit, care or care_of(self.care), self.scent, self.tuning)
        return compile_sheet(order, self.room, prep=self.prep, borders=self.borders, levels=self.levels())

    def levels(self) -> dict[str, Level] | None:
        if not self.dark:
            return None
        found: dict[str, Level] = {}
        for device in self.room.devices:
            if device.kind == "light":
                found[device.id] = LightLevel(5.0, mired(device.kelvin[1]))
            elif device.kind == "player":
                found[device.id] = SoundLevel(20.0)
        return found


Deed = tuple[str, float, float, int]
"""What somebody does, when (a part of the treatment), by how much, and to which device."""

VERBS = ("advance", "stay", "extend", "pause", "resume", "end", "care")
HANDS = (
    "light", "music", "mute", "unmute", "style", "another", "scent_off", "hold", "exam_light", "exam_off", "bright", "bright_off",
    "release",
)  # fmt: skip

starts = st.builds(
    Start,
    st.deferred(lambda: st.sampled_from(treatments())),
    st.integers(0, len(ROOMS) - 1),
    cares,
    st.booleans(),
    st.sampled_from(TUNINGS),
    st.sampled_from((0.0, 600.0, 47.0)),
    st.sampled_from(("clock", "hands")),
    st.booleans(),
)
parts = st.integers(0, 10_000).map(lambda n: n / 10_000)
"""From 0 to 1, drawn faster than floats are."""
deeds = st.tuples(
    st.sampled_from(("advance", "advance", *VERBS, *HANDS)), parts, st.integers(-1000, 1000).map(lambda n: n / 1000), st.integers(0, 9)
)


@dataclass(frozen=True)
class Step:
    """One deed: the sheets before and after it with the offset of that moment in each, its seconds, and what it said it moved."""

    what: str
    before: Sheet
    at: Seconds
    after: Sheet
    then: Seconds
    size: Seconds = 0.0
    moved: Seconds = 0.0


@dataclass
class Life:
    """A room from preparation on. Every deed is done as the controller would: illegal ones not at all.

    `touched` are the offsets at which a person asked for light or sound themselves.
    """

    start: Start
    sheet: Sheet
    state: str
    now: Seconds
    shift: Seconds
    touched: list[Seconds]
    steps: list[Step]
    codes: tuple[Any, ...] = ()
    """What the guest needs besides what was said at the start."""
    said: Seconds | None = None
    """When that was last said."""

    @property
    def care(self) -> Care:
        """What the guest needs by now."""
        return parse([*(self.start.care or ()), *self.codes]) if self.start.care is not None or self.codes else care_of(None)

    @classmethod
    def of(cls, start: Start, done: Sequence[Deed]) -> "Life":
        sheet = start.sheet()
        begin = sheet.spans[0].start
        life = cls(start, sheet, "running" if begin >= 0 else "preparing", begin, 0.0, [], [])
        reach = sheet.end + 900 - begin
        for deed in sorted(done, key=lambda each: each[1]):
            life.reach(begin + deed[1] * reach + life.shift)
            if life.state == "over":
                break
            life.do(*deed)
        return life

    def reach(self, offset: Seconds) -> None:
        """Time passes: what nobody confirms goes on after the grace, and the end comes."""
        offset = max(offset, self.now)
        if self.state == "preparing" and offset >= 0:
            self.state = "waiting" if self.start.borders == "hands" else "running"
        while self.state == "running" and self.sheet.horizon < FOREVER and self.sheet.horizon + GRACE <= offset:
            at = self.sheet.horizon + GRACE
            if not next(s for s in self.sheet.spans if s.border and not s.confirmed).n:
                self.state, offset = "over", at
                break
            self._step("grace", replan.advance(self.sheet, at), at)
        if self.state in ("running", "ending") and self.sheet.horizon >= FOREVER and offset >= self.sheet.end:
            self.state, offset = "over", self.sheet.end
        self.now = offset

    def do(self, what: str, _: float, much: float, which: int) -> None:
        sheet, now = self.sheet, self.now
        here = span_at(sheet.spans, now)
        last = not any(span.n for span in sheet.spans[here + 1 :])
        if what == "advance" and self.state in ("preparing", "waiting"):
            begun, moved = replan.begin(sheet, now)
            self.shift -= now
            self.touched = [at - now for at in self.touched]
            self.said = None if self.said is None else self.said - now
            self._step("begin", begun, 0.0, now, moved)
            self.state, self.now = "running", 0.0
        elif what == "advance" and self.state in ("running", "ending") and not last:
            self._step(what, replan.advance(sheet, now), now)
        elif what == "stay" and self.state == "running":
            size = 60 + abs(much) * 900
            longer, moved = replan.stay(sheet, now, size)
            self._step(what, longer, now, size, moved)
        elif what == "extend" and self.state == "running":
            size = 60 + abs(much) * 1800
            self._step(what, replan.extend(sheet, now, size), now, size)
        elif what == "pause" and self.state == "running":
            self._step(what, replan.pause(sheet, now), now)
            self.state = "paused"
        elif what == "resume" and self.state == "paused":
            self._step(what, replan.resume(sheet, now), now)
            self.state = "running"
        elif what == "end" and self.state in ("running", "paused") and not last:
            self._step(what, replan.end(sheet, now), now)
            self.state = "ending"
        elif what == "care" and self.state != "over":
            self.codes = (*self.codes, *(CARES[int(abs(much) * 1000 + which) % len(CARES)] or ()))
            fresh, self.said = self.start.sheet(self.care), now
            self._step(what, replan.cared(fresh, sheet, now, borders=self.state != "ending"), now)
        elif what in HANDS:
            self._hand(what, much, which)

    def _hand(self, what: str, much: float, which: int) -> None:
        sheet, now = self.sheet, self.now
        off = {"unmute": "mute", "exam_off": "exam_light", "bright_off": "bright"}
        if what in off:
            self._step(what, replan.without_hand(sheet, now, off[what]), now)
        elif what == "release":
            self._step(what, replan.release(sheet, now), now)
        elif what == "hold":
            device = self.start.room.devices[which % len(self.start.room.devices)]
            level = self._level(device, abs(much))
            if level is not None:
                self.touched.append(now)
                self._step(what, replan.with_hand(sheet, now, Hand("hold", now, device=device.id, level=level, lasting=which > 5)), now)
        else:
            size = much * 30 if what == "light" else much * 12
            self.touched += [now] if what not in ("scent_off", "style", "another") else []
            style = (*STYLES, SILENT)[which % 5] if what == "style" else None
            size = 1 + sum(hand.value for hand in sheet.hands if hand.kind == "another") if what == "another" else size
            self._step(what, replan.with_hand(sheet, now, Hand(what, now, size, style=style)), now)  # type: ignore[arg-type]

    def _level(self, device: Device, much: float) -> Level | None:
        if device.kind == "light":
            return LightLevel(100 * much, mired(device.kelvin[0] + (device.kelvin[1] - device.kelvin[0]) * much))
        if device.kind == "player":
            return SoundLevel(20 + 60 * much, "held")
        return None

    def _step(self, what: str, after: Sheet, at: Seconds, size: Seconds = 0.0, moved: Seconds = 0.0) -> None:
        self.steps.append(Step(what, self.sheet, at if what == "grace" else self.now, after, at, size, moved))
        self.sheet = after


days = st.lists(deeds, max_size=6)
