"""The ribbon as a lane of the desk: no words, stretched to the time it lies in, so lines and dots keep their size however it is."""

from collections.abc import Mapping, Sequence
from hashlib import blake2s
from html import escape

from ambiance.cuesheet.model import Sheet
from ambiance.cuesheet.ribbon import SHADE
from ambiance.cuesheet.strip import LOUDEST, QUIETEST, Point, empty, strip, words
from ambiance.site import Room
from ambiance.units import Seconds

HEIGHT = 100.0
TOP, FOOT = 8.0, 82.0
"""The room's light lies between these; hands stand on the one, scent lies under the other."""
_DOTS = 92.0
_KEPT = 'vector-effect="non-scaling-stroke"'
_GAPS = {1: 12, 2: 9, 3: 6}
"""Pixels from dot to dot of a scent, by intensity."""


def lane_svg(sheet: Sheet, room: Room, names: Mapping[str, str] | None = None) -> str:
    """A cue sheet as one SVG whose width is its time: ten units a minute, to be stretched to any size. `names`: see `ribbon_svg`."""
    drawn = strip(sheet, room)

    def x(at: Seconds) -> float:
        return (min(drawn.end, max(drawn.start, at)) - drawn.start) / 6

    width = x(drawn.end)
    stops = "".join(f'<stop offset="{x(p.at) / width * 100:.2f}%" stop-color="{p.color}"/>' for p in _turns(drawn.points))
    spare = "".join(
        f'<rect x="{x(s.start):.1f}" y="{TOP:g}" width="{x(s.end) - x(s.start):.1f}" height="{FOOT - TOP:g}" {fill}/>'
        for s in drawn.spans
        if empty(s)
        for fill in (SHADE, 'fill="url(#@ID-hatch)"')
    )
    lines = [_line([(x(p.at), _loudness(p)) for p in run]) for run in drawn.runs()]
    sound = "".join(
        f'<path d="{line}" fill="none" stroke="#000" stroke-opacity=".3" stroke-width="3" {_KEPT}/>'
        f'<path d="{line}" fill="none" stroke="#fff" stroke-width="1.4" {_KEPT}/>'
        for line in lines
    )
    borders = "".join(f"M{x(s.start):.1f} {TOP:g}V{FOOT:g}" for s in drawn.spans[1:])
    ticks = f'<path d="{borders}" stroke="#000" stroke-opacity=".3" {_KEPT}/>' if borders else ""
    scent = "".join(
        f'<path class="scent" d="M{x(d.at):.1f} {_DOTS:g}H{x(d.until):.1f}" fill="none" stroke="currentColor" stroke-width="3.4" '
        f'stroke-linecap="round" stroke-dasharray="0 {_GAPS.get(d.intensity, 6)}" {_KEPT}/>'
        for d in drawn.doses
    )
    hands = "".join(
        f'<path class="hand" d="M{x(h.at):.1f} 1V{TOP + 8:g}" stroke="currentColor" stroke-width="4" {_KEPT}/>'
        for h in sheet.hands
        if drawn.start <= h.at <= drawn.end
    )
    body = (
        f'<defs><linearGradient id="@ID-light">{stops}</linearGradient>'
        '<pattern id="@ID-hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path d="M2 0V8" stroke="#fff" stroke-opacity=".4" stroke-width="3"/>'
        '<path d="M4 0V8" stroke="#000" stroke-opacity=".2"/></pattern></defs>'
        f'<rect y="{TOP:g}" width="{width:.1f}" height="{FOOT - TOP:g}" fill="url(#@ID-light)"/>{spare}{ticks}{sound}{scent}{hands}'
    )
    mark = blake2s(body.encode(), digest_size=4).hexdigest()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lane" role="img" aria-label="{escape(words(drawn, sheet, None, names))}" '
        f'viewBox="0 0 {width:.1f} {HEIGHT:g}" preserveAspectRatio="none">{body.replace("@ID", f"l{mark}")}</svg>'
    )


def _loudness(point: Point) -> float:
    level = min(LOUDEST, max(QUIETEST, point.sound or 0.0))
    return FOOT - (FOOT - TOP) * (level - QUIETEST) / (LOUDEST - QUIETEST)


def _line(points: Sequence[tuple[float, float]]) -> str:
    """A path through points; those on a straight level line are left out."""
    kept = [p for i, p in enumerate(points) if i in (0, len(points) - 1) or not points[i - 1][1] == p[1] == points[i + 1][1]]
    return " ".join(f"{'L' if i else 'M'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(kept))


def _turns(points: Sequence[Point]) -> list[Point]:
    return [p for i, p in enumerate(points) if i in (0, len(points) - 1) or not points[i - 1].color == p.color == points[i + 1].color]
