"""What a ribbon shows, before anybody draws it: the room's colour and sound over time, the phases and their words."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from ambiance.cuesheet.colour import coloured, lamplight, mixed, shown
from ambiance.cuesheet.model import FOREVER, Dose, Level, LightLevel, Sheet, SoundLevel, Span
from ambiance.cuesheet.scene import levels_at, room_dba
from ambiance.site import Room
from ambiance.units import DBA, SILENCE, Lux, Seconds, kelvin, lstar, output

QUIETEST, LOUDEST = 35.0, 60.0
"""The dBA at the foot and at the top of the ribbon; what is quieter leaves it at the foot."""

PIECES = 12
"""Samples of one fade: the steps between them are too small to see."""

UNSEEN = 1e-9
"""So that darkness keeps the colour its lamps would have."""

UNLIT = "#c9c4bb"
"""A room without lamps of ours has no colour to show."""

NAMES: Mapping[str, str] = {
    "room_prep": "preparation",
    "pre_rinse": "shower",
    "analyse": "analysis",
    "float_in": "into the float",
    "work1": "first side",
    "work2": "second side",
    "float_silent": "silent float",
    "float_out": "out of the float",
    "post_rinse": "shower",
    "turnover_air": "airing",
    "turnover_clean": "cleaning",
    "said.during": "%s minutes: %s",
    "said.before": "before it %s",
    "said.after": "after it %s",
    "said.scent": "scent in minutes %s",
    "said.span": "%s to %s",
    "said.silent": "silent",
    "said.hands": "changed by hand in minute %s",
    "said.hand": "%s in minute %s",
    "said.now": "now minute %s",
    "said.parts": "%s minutes in %s parts",
    "now": "now",
}
"""What is not called by its id: phases, and what is said around them to those who do not see the ribbon."""


@dataclass(frozen=True, slots=True)
class Point:
    """The room at one instant. `sound` None: silent."""

    at: Seconds
    color: str
    lux: Lux
    sound: DBA | None


@dataclass(frozen=True, slots=True)
class Strip:
    """A sheet laid out in time, from `start` to `end`; the guest is there from 0 to `leaves`."""

    start: Seconds
    end: Seconds
    leaves: Seconds
    spans: tuple[Span, ...]
    points: tuple[Point, ...]
    doses: tuple[Dose, ...]

    def runs(self) -> tuple[tuple[Point, ...], ...]:
        """The stretches in which something plays."""
        runs: list[list[Point]] = [[]]
        for point in self.points:
            if point.sound is not None:
                runs[-1].append(point)
            elif runs[-1]:
                runs.append([])
        return tuple(tuple(run) for run in runs if len(run) > 1)


def strip(sheet: Sheet, room: Room) -> Strip:
    """The sheet as it is proposed, sampled wherever something moves."""
    spans = tuple(span for span in sheet.spans if span.length > 0)
    start, end = extent(sheet)
    doses = tuple(dose for dose in sheet.doses if dose.until > dose.at)
    points = tuple(_point(sheet, room, at) for at in _moments(sheet, start, end))
    return Strip(start, end, min(sheet.end, end), tuple(s for s in spans if s.start < end), points, doses)


def extent(sheet: Sheet) -> tuple[Seconds, Seconds]:
    """Where a ribbon begins and ends, in offsets; a sheet that never ends is drawn for an hour."""
    spans = [span for span in sheet.spans if span.length > 0]
    start = spans[0].start
    return start, max(max((span.end for span in spans if span.end < FOREVER), default=start + 3600), start + 60)


def named(phase: str, names: Mapping[str, str] | None = None) -> str:
    """A phase, a hand or a saying in words: the reader's or the house's own, ours, or its id with spaces."""
    return (names or {}).get(phase) or NAMES.get(phase) or phase.replace("_", " ")


def minutes(seconds: Seconds) -> str:
    """Minutes in figures, with a half where needed: `22`, `1½`."""
    halves = round(seconds / 30)
    return f"{halves // 2 or ''}½" if halves % 2 else str(halves // 2)


def empty(span: Span) -> bool:
    """Nobody's treatment: preparation before, airing and cleaning after."""
    return span.n == 0


def words(drawn: Strip, sheet: Sheet, now: Seconds | None, names: Mapping[str, str] | None = None) -> str:
    """The ribbon for those who do not see it."""

    def told(saying: str, *parts: str) -> str:
        return named(f"said.{saying}", names) % parts

    during = [span for span in drawn.spans if not empty(span)]
    before = [span for span in drawn.spans if empty(span) and span.end <= 0]
    after = [span for span in drawn.spans if empty(span) and span.start >= drawn.leaves]
    whole = minutes(sum(span.length for span in during))
    said = [told("during", whole, _listed(during, names)) if during else _listed(drawn.spans, names)]
    if before:
        said.append(told("before", _listed(before, names)))
    if after:
        said.append(told("after", _listed(after, names)))
    if drawn.doses:
        said.append(told("scent", ", ".join(told("span", f"{dose.at / 60:.0f}", f"{dose.until / 60:.0f}") for dose in drawn.doses)))
    if not any(point.sound is not None for point in drawn.points):
        said.append(told("silent"))
    if sheet.hands:
        said.append(told("hands", ", ".join(f"{hand.at / 60:.0f}" for hand in sheet.hands)))
    if now is not None:
        here = next((span for span in reversed(drawn.spans) if span.start <= now < span.end), None)
        said.append(told("now", f"{now / 60:.0f}") + (f", {named(here.phase, names)}" if here else ""))
    return "; ".join(said)


def _listed(spans: tuple[Span, ...] | list[Span], names: Mapping[str, str] | None) -> str:
    return ", ".join(f"{named(span.phase, names)} {minutes(span.length)}" for span in spans)


def _moments(sheet: Sheet, start: Seconds, end: Seconds) -> list[Seconds]:
    """Every instant at which a curve may bend, and `PIECES` between those where something moves."""
    seen = [cue for cue in sheet.cues if cue.start != cue.target and isinstance(cue.target, LightLevel | SoundLevel)]
    fades = [(cue.at, cue.end) for cue in seen if cue.fade > 0]
    jumps = {cue.at for cue in seen if cue.fade <= 0 or _tint(cue.start) != _tint(cue.target)}
    edges = sorted({t for t in (start, end, *jumps, *(t for fade in fades for t in fade)) if start <= t <= end})
    moments: list[Seconds] = []
    for a, b in pairwise(edges):
        if a in jumps and a > start:
            moments.append(a - 0.001)  # just before a jump the old value still stands
        moments.append(a)
        if any(at < b and until > a for at, until in fades):
            moments += [a + (b - a) * piece / PIECES for piece in range(1, PIECES)]
    return [*moments, end]


def _tint(level: Level) -> str | None:
    """A lamp's colour instead of white: it changes at once, where all else fades."""
    return level.color if isinstance(level, LightLevel) else None


def _point(sheet: Sheet, room: Room, at: Seconds) -> Point:
    levels = levels_at(sheet, at, proposed=True)
    lamps = [(d, level) for d in room.of("light") if d.role != "exam" and isinstance(level := levels.get(d.id), LightLevel)]
    parts = [
        (d.share * output(level.lstar) + UNSEEN, coloured(level.color) if level.color else lamplight(kelvin(level.mired)))
        for d, level in lamps
    ]
    light = sum(d.share * output(level.lstar) for d, level in lamps)
    dba = room_dba(room, levels)
    color = shown(mixed(parts), lstar(light)) if lamps else UNLIT
    return Point(at, color, light * room.full_light_lux, dba if dba > SILENCE + 1e-9 else None)
