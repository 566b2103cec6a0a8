"""The ribbon: a treatment drawn as a strip of the room's own light, with its sound, scent, phases and hands.

The same picture is the preview, the start sheet, a lane of the desk and the head of the README. It is drawn in
the colour of the text around it (`currentColor`), so that it sits on a light page as on a dark one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from html import escape

from ambiance.cuesheet.cells import Cell as Cell
from ambiance.cuesheet.cells import ribbon_cells as ribbon_cells
from ambiance.cuesheet.model import Hand, Sheet, Span
from ambiance.cuesheet.strip import LOUDEST, QUIETEST, Point, Strip, empty, minutes, named, strip, words
from ambiance.site import Room
from ambiance.units import Seconds

TOP, TALL, RADIUS = 24.0, 72.0, 10.0
FOOT = TOP + TALL
DOTS = FOOT + 9
ROWS = (FOOT + 31, FOOT + 49)
"""Baselines of the names: those that fit, and below them those of short phases."""
HEIGHT = FOOT + 56

INK, EUCALYPTUS = "#2a2622", "#4e7a6b"
FONT = "ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif"
SPACING: Mapping[int, float] = {1: 13.0, 2: 9.0, 3: 6.0}
"""Pixels between the dots of a scent, by intensity."""
_LETTER = 7.4
SHADE = 'class="shade" fill="#000" fill-opacity="0"'
"""Lies over the bright stretch in which a room is cleaned; a dark page gives it some opacity."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """Offsets to pixels."""

    start: Seconds
    end: Seconds
    left: float
    width: float

    def x(self, at: Seconds) -> float:
        return self.left + self.width * (min(self.end, max(self.start, at)) - self.start) / (self.end - self.start)


def ribbon_svg(sheet: Sheet, room: Room, *, width: int = 1120, now: Seconds | None = None, names: Mapping[str, str] | None = None) -> str:
    """A cue sheet as one self-contained SVG, `width` pixels wide.

    `now` is an offset: a line stands there, and what is past is dimmed by a third. `names` gives phases, and what is
    said around them (the keys of `strip.NAMES`), other words. Nothing of a guest is in it but the treatment itself.
    """
    drawn = strip(sheet, room)
    scale = _Scale(drawn.start, drawn.end, 1.0, width - 2.0)
    said = escape(words(drawn, sheet, now, names))
    body = "".join(
        (
            _strip(drawn, scale, width, now),
            *(_scent(dose.at, dose.until, dose.intensity, scale) for dose in drawn.doses),
            _ticks(drawn, scale),
            _labels(drawn, scale, width, names),
            *(_notch(hand, scale, names) for hand in sheet.hands if drawn.start <= hand.at <= drawn.end),
            _now(now, scale, width, names) if now is not None and drawn.start <= now <= drawn.end else "",
        )
    )
    # Several ribbons share a page: what they refer to by id must be their own.
    mark = blake2s(body.encode(), digest_size=4).hexdigest()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ribbon" role="img" aria-label="{said}" viewBox="0 0 {width} {HEIGHT:g}" '
        f'width="{width}" height="{HEIGHT:g}" color="{INK}" font-family="{FONT}" font-size="13">\n{body.replace("@ID", f"r{mark}")}</svg>\n'
    )


def _strip(drawn: Strip, scale: _Scale, width: int, now: Seconds | None) -> str:
    """The room's light over time with the sound on it; hatched where it is nobody's treatment."""
    stops = "".join(f'<stop offset="{_percent(point, scale)}" stop-color="{point.color}"/>' for point in _needed(drawn.points))
    hatched = "".join(
        f'<rect x="{scale.x(a):.1f}" y="{TOP:g}" width="{scale.x(b) - scale.x(a):.1f}" height="{TALL:g}" {fill}/>'
        for a, b in _stretches(drawn.spans)
        for fill in (SHADE, 'fill="url(#@ID-hatch)"')
    )
    past = scale.x(now) if now is not None else 0.0
    area = f'x="{scale.left:g}" y="{TOP:g}" width="{scale.width:g}" height="{TALL:g}"'
    dimmed = '<g opacity=".667" clip-path="url(#@ID-past)"><use href="#@ID-room"/></g>' if past > 1 else ""
    return (
        f'<defs>\n<linearGradient id="@ID-light" gradientUnits="userSpaceOnUse" x1="{scale.left:g}" x2="{scale.left + scale.width:g}" '
        f'y1="0" y2="0">{stops}</linearGradient>\n'
        '<linearGradient id="@ID-depth" x1="0" x2="0" y1="0" y2="1"><stop offset="0" stop-color="#fff" stop-opacity=".13"/>'
        '<stop offset=".45" stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity=".13"/></linearGradient>\n'
        '<pattern id="@ID-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path d="M1.5 0V7" stroke="#fff" stroke-opacity=".34" stroke-width="3"/>'
        '<path d="M3.5 0V7" stroke="#000" stroke-opacity=".16" stroke-width="1"/></pattern>\n'
        f'<clipPath id="@ID-edge"><rect {area} rx="{RADIUS:g}"/></clipPath>\n'
        f'<clipPath id="@ID-past"><rect x="0" y="0" width="{past:.1f}" height="{HEIGHT:g}"/></clipPath>\n'
        f'<clipPath id="@ID-next"><rect x="{past:.1f}" y="0" width="{width - past:.1f}" height="{HEIGHT:g}"/></clipPath>\n'
        f'<g id="@ID-room" clip-path="url(#@ID-edge)">'
        f'<rect {area} fill="url(#@ID-light)"/>'
        f'<rect {area} fill="url(#@ID-depth)"/>{hatched}'
        f"{''.join(_sound(run, scale) for run in drawn.runs())}"
        f'<rect x="{scale.left + 0.5:g}" y="{TOP + 0.5:g}" width="{scale.width - 1:g}" height="{TALL - 1:g}" rx="{RADIUS - 0.5:g}" '
        f'fill="none" stroke="currentColor" stroke-opacity=".16"/></g>\n</defs>\n'
        f'{dimmed}<g clip-path="url(#@ID-next)"><use href="#@ID-room"/></g>\n'
    )


def _sound(run: Sequence[Point], scale: _Scale) -> str:
    """The level over time: the height of the ribbon is 35 to 60 dBA."""
    path = " ".join(f"{'L' if i else 'M'}{scale.x(point.at):.1f} {_loudness(point):.1f}" for i, point in enumerate(_bends(run)))
    line = f'<path d="{path}" fill="none" stroke-linejoin="round" stroke-linecap="round"'
    return f'{line} stroke="#000" stroke-opacity=".28" stroke-width="3.4"/>{line} stroke="#fff" stroke-opacity=".92" stroke-width="1.6"/>'


def _loudness(point: Point) -> float:
    level = min(LOUDEST, max(QUIETEST - 2, point.sound or 0.0))
    return FOOT - TALL * (level - QUIETEST) / (LOUDEST - QUIETEST)


def _scent(at: Seconds, until: Seconds, intensity: int, scale: _Scale) -> str:
    """A row of dots while a dose runs, denser with its intensity."""
    first, last, gap = scale.x(at) + 3, scale.x(until) - 1, SPACING.get(intensity, 6.0)
    count = max(1, int((last - first) / gap) + 1)
    dots = "".join(f'<circle cx="{first + gap * i:.1f}" cy="{DOTS:g}" r="2.1"/>' for i in range(count))
    return f'<g fill="{EUCALYPTUS}">{dots}</g>\n'


def _ticks(drawn: Strip, scale: _Scale) -> str:
    """A hairline where a phase begins; a ring on it where a hand decides that moment, filled once one has."""
    ticks = []
    for span in drawn.spans:
        x = scale.x(span.start)
        ticks.append(f'<path d="M{x:.1f} {TOP - 4:g}V{FOOT:g}" stroke="currentColor" stroke-opacity=".3"/>')
        if span.border:
            fill = "currentColor" if span.confirmed else "none"
            ticks.append(f'<circle cx="{x:.1f}" cy="{TOP - 7.5:g}" r="2.6" fill="{fill}" stroke="currentColor" stroke-opacity=".65"/>')
    return "".join(ticks) + "\n"


def _labels(drawn: Strip, scale: _Scale, width: int, names: Mapping[str, str] | None) -> str:
    """Names with minutes where there is room: the longest phases first, short ones on the second row, else none."""
    taken: list[list[tuple[float, float]]] = [[], []]
    out, low = [], []
    for span in sorted(drawn.spans, key=lambda span: (-span.length, span.start)):
        name, figure = named(span.phase, names), minutes(span.length)
        long = _LETTER * (len(name) + 1 + len(figure))
        x = min(scale.x(span.start) + 4, width - long)
        until = x + long
        row = next((r for r in (0, 1) if x > 0 and not any(x - 6 < b and a - 6 < until for a, b in taken[r])), None)
        if row is None:
            continue
        taken[row].append((x, until))
        if row == 1:
            low.append(scale.x(span.start))
        out.append(
            f'<text x="{x:.1f}" y="{ROWS[row]:g}" fill="currentColor">{escape(name)} '
            f'<tspan fill-opacity=".68">{figure}</tspan></text>'
        )
    for x in low:
        # The hairline down to a name on the second row does not strike through one on the first.
        top = ROWS[0] + 7 if any(a - 4 < x < b for a, b in taken[0]) else FOOT + 2
        out.append(f'<path d="M{x:.1f} {top:g}V{ROWS[1]:g}" stroke="currentColor" stroke-opacity=".22"/>')
    return "".join(out) + "\n"


def _notch(hand: Hand, scale: _Scale, names: Mapping[str, str] | None) -> str:
    """A hand: a small notch in the upper edge, saying what it did."""
    said = named(hand.kind, names) + (f" {hand.value:+g}" if hand.value else "")
    when = named("said.hand", names) % (said, f"{hand.at / 60:.0f}")
    x = scale.x(hand.at)
    return (
        f'<path d="M{x - 5:.1f} {TOP - 1:g}h10l-5 8z" fill="currentColor" stroke="#fff" stroke-opacity=".7" stroke-width=".8">'
        f"<title>{escape(when)}</title></path>\n"
    )


def _now(now: Seconds, scale: _Scale, width: int, names: Mapping[str, str] | None) -> str:
    x = scale.x(now)
    anchor, at = ("end", x - 5) if x > width - 40 else ("start", x + 5)
    return (
        f'<path d="M{x:.1f} 3V{FOOT + 5:g}" stroke="currentColor" stroke-width="1.6"/>'
        f'<text x="{at:.1f}" y="13" fill="currentColor" text-anchor="{anchor}">{escape(named("now", names))}</text>\n'
    )


def _stretches(spans: Sequence[Span]) -> list[tuple[Seconds, Seconds]]:
    """The time that is nobody's treatment, neighbours joined."""
    joined: list[tuple[Seconds, Seconds]] = []
    for span in spans:
        if not empty(span):
            continue
        if joined and joined[-1][1] == span.start:
            joined[-1] = (joined[-1][0], span.end)
        else:
            joined.append((span.start, span.end))
    return joined


def _needed(points: Sequence[Point]) -> list[Point]:
    """The points a gradient needs: a colour that stands still needs only its two ends."""
    kept = [p for i, p in enumerate(points) if i in (0, len(points) - 1) or not points[i - 1].color == p.color == points[i + 1].color]
    return kept or list(points)


def _bends(run: Sequence[Point]) -> list[Point]:
    return [p for i, p in enumerate(run) if i in (0, len(run) - 1) or not run[i - 1].sound == p.sound == run[i + 1].sound]


def _percent(point: Point, scale: _Scale) -> str:
    return f"{100 * (point.at - scale.start) / (scale.end - scale.start):.3f}%"
