"""The table: what was measured, the floor it is measured against, and the aim."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `ratio` is to `floor`; `good` is None where no aim is set."""

    part: str
    what: str
    value: str
    floor: str = ""
    ratio: float | None = None
    aim: str = ""
    good: bool | None = None


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def render(rows: Sequence[Row]) -> str:
    """As a table in Markdown, which is also readable in a terminal."""
    cells = [("part", "what", "measured", "floor", "ratio", "aim", "")]
    before = ""
    for row in rows:
        verdict = "" if row.good is None else "reached" if row.good else "missed"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} ×"
        cells.append((row.part if row.part != before else "", row.what, row.value, row.floor, ratio, row.aim, verdict))
        before = row.part
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
