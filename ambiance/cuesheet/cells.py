"""The ribbon for a terminal: rows of characters with their colours, for whoever paints them."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple

from ambiance.cuesheet.colour import blend
from ambiance.cuesheet.model import Sheet
from ambiance.cuesheet.strip import LOUDEST, QUIETEST, Point, Strip, empty, minutes, named, strip
from ambiance.site import Room
from ambiance.units import Seconds

TALL = 3
SCANS = "▁─▔"
"""A line at the foot, the middle and the top of a cell."""
GAPS: Mapping[int, int] = {1: 3, 2: 2, 3: 1}
"""Cells from dot to dot of a scent, by intensity."""
SCENT, QUIET = "#6fa592", "#8d877e"
PAST = 1 / 3


class Cell(NamedTuple):
    """One character; colours are `#rrggbb`, None leaves the terminal's own."""

    char: str = " "
    fg: str | None = None
    bg: str | None = None


def ribbon_cells(
    sheet: Sheet, room: Room, width: int, *, now: Seconds | None = None, names: Mapping[str, str] | None = None
) -> list[list[Cell]]:
    """A cue sheet as rows of `width` cells: hands, light with sound on it (`TALL` rows), scent, names.

    `now` is an offset: a line stands there and what is past is dimmed by a third.
    """
    drawn = strip(sheet, room)
    width = max(8, width)
    step = (drawn.end - drawn.start) / width
    here = int((now - drawn.start) / step) if now is not None and drawn.start <= now < drawn.end else None
    rows = [
        _marks(drawn, sheet, width, step),
        *_light(drawn, width, step, here),
        _scent(drawn, width, step),
        _names(drawn, width, step, names),
    ]
    if here is not None:
        for row in rows[1 : 1 + TALL]:
            row[here] = Cell("┃", "#ffffff" if _dark(row[here].bg) else "#000000", row[here].bg)
        rows[0][here] = Cell("╻")
    return rows


def _light(drawn: Strip, width: int, step: Seconds, here: int | None) -> list[list[Cell]]:
    rows: list[list[Cell]] = [[] for _ in range(TALL)]
    times = [point.at for point in drawn.points]
    for column in range(width):
        at = drawn.start + step * (column + 0.5)
        point = drawn.points[max(0, bisect_right(times, at) - 1)]
        color = _between(drawn, times, at)
        if here is not None and column < here:
            color = blend(color, "#000000", PAST)
        hatched = any(empty(span) and span.start <= at < span.end for span in drawn.spans)
        begins = any(span.start > drawn.start and int((span.start - drawn.start) / step) == column for span in drawn.spans)
        ink = blend(color, "#ffffff" if _dark(color) else "#000000", 0.25)
        height = _height(point)
        for row in range(TALL):
            char = "╱" if hatched else "▏" if begins else " "
            cell = Cell(char, ink, color)
            if height is not None and height // len(SCANS) == TALL - 1 - row:
                cell = Cell(SCANS[height % len(SCANS)], "#ffffff" if _dark(color) else "#4a423a", color)
            rows[row].append(cell)
    return rows


def _between(drawn: Strip, times: list[Seconds], at: Seconds) -> str:
    """The colour at a moment between two samples."""
    i = max(0, bisect_right(times, at) - 1)
    first = drawn.points[i]
    second = drawn.points[min(i + 1, len(times) - 1)]
    return first.color if second.at <= first.at else blend(first.color, second.color, min(1.0, (at - first.at) / (second.at - first.at)))


def _height(point: Point) -> int | None:
    """The level in thirds of a cell from the foot; None where it is silent."""
    if point.sound is None or point.sound < QUIETEST:
        return None
    steps = TALL * len(SCANS) - 1
    return round(steps * (min(LOUDEST, point.sound) - QUIETEST) / (LOUDEST - QUIETEST))


def _marks(drawn: Strip, sheet: Sheet, width: int, step: Seconds) -> list[Cell]:
    """Rings where a hand decides a border, notches where one changed something."""
    row = [Cell()] * width
    for span in drawn.spans:
        if span.border:
            row[min(width - 1, int((span.start - drawn.start) / step))] = Cell("●" if span.confirmed else "○", QUIET)
    for hand in sheet.hands:
        if drawn.start <= hand.at < drawn.end:
            row[int((hand.at - drawn.start) / step)] = Cell("▾")
    return row


def _scent(drawn: Strip, width: int, step: Seconds) -> list[Cell]:
    row = [Cell()] * width
    for dose in drawn.doses:
        first = max(0, int((dose.at - drawn.start) / step))
        last = min(width - 1, max(first, int((dose.until - drawn.start) / step) - 1))
        for column in range(first, last + 1, GAPS.get(dose.intensity, 1)):
            row[column] = Cell("•", SCENT)
    return row


def _names(drawn: Strip, width: int, step: Seconds, names: Mapping[str, str] | None) -> list[Cell]:
    """Names with minutes, or names, where there is room; the longest phases first."""
    row = [Cell()] * width
    for span in sorted(drawn.spans, key=lambda span: (-span.length, span.start)):
        first = int((span.start - drawn.start) / step)
        name, figure = named(span.phase, names), minutes(span.length)
        for text in (f"{name} {figure}", name):
            room = row[max(0, first - 1) : first + len(text) + 1]
            if first + len(text) <= width and all(cell.char == " " for cell in room):
                for i, char in enumerate(text):
                    row[first + i] = Cell(char, QUIET if i > len(name) else None)
                break
    return row


def _dark(color: str | None) -> bool:
    """Whether white reads better on it than black."""
    if color is None:
        return True
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 140
