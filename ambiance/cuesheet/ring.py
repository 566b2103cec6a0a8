"""The ribbon bent into a circle, for the tablet in the room: the guest's time runs clockwise from the top.

It carries no names: whoever lies there may see it. Its past is dimmed and its hand moved by whoever shows it, so that
the picture itself changes only when the plan does.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from math import cos, pi, sin

from ambiance.cuesheet.colour import blend
from ambiance.cuesheet.model import Sheet
from ambiance.cuesheet.strip import LOUDEST, QUIETEST, Point, empty, minutes, named, strip
from ambiance.site import Room
from ambiance.units import Seconds

SIZE = 400.0
RADIUS, BAND = 158.0, 44.0
"""The middle of the band, and its width."""
ARCS = 240
"""Pieces of the circle: one and a half degrees each."""
_GAPS = {1: 14, 2: 10, 3: 7}


def ring_svg(sheet: Sheet, room: Room, names: Mapping[str, str] | None = None) -> str:
    """The guest's time of a cue sheet as a ring. `data-length` is that time in seconds. `names`: see `ribbon_svg`."""
    drawn = strip(sheet, room)
    length = max(60.0, drawn.leaves)

    def turn(at: Seconds) -> float:
        return min(1.0, max(0.0, at / length))

    spans = [span for span in drawn.spans if not empty(span)]
    during = [p for p in drawn.points if 0 <= p.at <= length]
    sound = "".join(
        f'<path d="{_curve([(turn(p.at), _loudness(p)) for p in run if 0 <= p.at <= length])}" fill="none" stroke="#fff" '
        'stroke-opacity=".9" stroke-width="1.6"/>'
        for run in drawn.runs()
        if sum(0 <= p.at <= length for p in run) > 1
    )
    ticks = "".join(_tick(turn(span.start)) for span in spans[1:])
    scent = "".join(
        f'<path d="{_arc(turn(d.at), turn(d.until), RADIUS + BAND / 2 + 9)}" fill="none" stroke="currentColor" stroke-width="4" '
        f'stroke-linecap="round" stroke-dasharray="0 {_GAPS.get(d.intensity, 7)}" class="scent"/>'
        for d in drawn.doses
        if d.until > 0 and d.at < length
    )
    said = escape(named("said.parts", names) % (minutes(length), len(spans)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ring" role="img" aria-label="{said}" viewBox="0 0 {SIZE:g} {SIZE:g}" '
        f'data-length="{length:g}">{_band(during, length)}{ticks}{sound}{scent}</svg>'
    )


def _band(points: Sequence[Point], length: Seconds) -> str:
    """The room's colour over the circle; neighbours of one colour are one arc."""
    colors = [_color(points, (i + 0.5) / ARCS * length) for i in range(ARCS)]
    arcs, first = [], 0
    for i in range(1, ARCS + 1):
        if i == ARCS or colors[i] != colors[first]:
            # A hair of overlap, so that no line shows between two arcs.
            arcs.append(f'<path d="{_arc(first / ARCS, min(1.0, (i + 0.15) / ARCS), RADIUS)}" stroke="{colors[first]}"/>')
            first = i
    return f'<g fill="none" stroke-width="{BAND:g}">{"".join(arcs)}</g>'


def _color(points: Sequence[Point], at: Seconds) -> str:
    index = bisect_right([p.at for p in points], at)
    if not 0 < index < len(points):
        return points[min(index, len(points) - 1)].color
    before, after = points[index - 1], points[index]
    return before.color if before.color == after.color else blend(before.color, after.color, (at - before.at) / (after.at - before.at))


def _loudness(point: Point) -> float:
    level = min(LOUDEST, max(QUIETEST, point.sound or 0.0))
    return RADIUS - BAND / 2 + 3 + (BAND - 6) * (level - QUIETEST) / (LOUDEST - QUIETEST)


def _at(turn: float, radius: float) -> str:
    angle = 2 * pi * turn - pi / 2
    return f"{SIZE / 2 + radius * cos(angle):.1f} {SIZE / 2 + radius * sin(angle):.1f}"


def _arc(start: float, end: float, radius: float) -> str:
    """A part of the circle; a whole one in two halves, for an arc cannot end where it begins."""
    if end - start > 0.5:
        middle = (start + end) / 2
        return f"M{_at(start, radius)}A{radius:g} {radius:g} 0 0 1 {_at(middle, radius)}A{radius:g} {radius:g} 0 0 1 {_at(end, radius)}"
    return f"M{_at(start, radius)}A{radius:g} {radius:g} 0 0 1 {_at(end, radius)}"


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """A line that bends with the circle: along it in arcs where it is level, in short steps where it moves."""
    said = f"M{_at(*points[0])}"
    for (a, low), (b, high) in pairwise(points):
        steps = 1 if abs(low - high) < 0.05 else 6
        for step in range(1, steps + 1):
            part = step / steps
            radius = low + (high - low) * part
            long = int((b - a) / steps > 0.5)
            said += f"A{radius:.1f} {radius:.1f} 0 {long} 1 {_at(a + (b - a) * part, radius)}"
    return said


def _tick(turn: float) -> str:
    inner, outer = _at(turn, RADIUS - BAND / 2), _at(turn, RADIUS + BAND / 2)
    return f'<path d="M{inner}L{outer}" stroke="#000" stroke-opacity=".45" stroke-width="1.4"/>'
