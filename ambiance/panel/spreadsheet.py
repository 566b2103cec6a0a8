"""Lines and cells as CSV that a spreadsheet only reads, and never runs."""

import csv
import io
from collections.abc import Sequence

GUARDED = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the beginning of a cell."""


def table(lines: Sequence[Sequence[object]]) -> str:
    """Lines as CSV (RFC 4180) whose cells no spreadsheet takes for a formula."""
    out = io.StringIO()
    csv.writer(out).writerows([[_cell(value) for value in line] for line in lines])
    return out.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(GUARDED) else text
