"""The minutes of each phase for any length, built from the rows an author wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ambiance.profile.model import PHASES, Visit

Row = Mapping[str, int]
_LEAST_WORK: Final = 2  # minutes a phase keeps when examination is made room for


@dataclass(frozen=True)
class Plan:
    """Minutes of each phase for each written length, by visit.

    `counts` are the phases whose minutes make up the length sold (a float sells time in the tank); empty: all.
    """

    id: str
    rows: Mapping[Visit, Mapping[int, Row]]
    counts: tuple[str, ...] = ()

    def bounds(self, visit: Visit) -> tuple[int, int]:
        """The shortest and the longest length this plan has rows for."""
        lengths = self.rows[visit]
        return min(lengths), max(lengths)

    def minutes(self, length: int, visit: Visit) -> dict[str, int]:
        """Whole minutes of each phase, phases of no minutes left out, in the order of a visit.

        A written row is taken as it is. Between two rows each phase is interpolated and rounded, and the remainder
        goes to the first work, so that the sum is exact. `length` must lie within `bounds`.
        """
        rows = self.rows[visit]
        if length in rows:
            row = dict(rows[length])
        else:
            below = max(known for known in rows if known < length)
            above = min(known for known in rows if known > length)
            row = self._between(length, (below, rows[below]), (above, rows[above]))
        return {phase: row[phase] for phase in PHASES if row.get(phase)}

    def counted(self, row: Row) -> int:
        """The length a row adds up to."""
        return sum(minutes for phase, minutes in row.items() if not self.counts or phase in self.counts)

    def fitted(self, fold: Mapping[str, str], insert: Mapping[Visit, Row], first_from: int) -> "Plan":
        """The plan in a setting: phases the setting lacks are folded away, phases it must have are inserted.

        Nothing is inserted where the author wrote first and follow-up visits apart. Rows without room for it, and
        first visits under `first_from` minutes, are left out.
        """
        rows: dict[Visit, dict[int, Row]] = {visit: {} for visit in self.rows}
        apart = self.rows["first"] is not self.rows["follow_up"]
        for visit, lengths in self.rows.items():
            for length, row in lengths.items():
                fitted: Row | None = folded(row, fold)
                if fitted is not None and insert and not apart:
                    first = visit == "first"
                    fitted = None if first and length < first_from else inserted(fitted, insert.get(visit, {}), more=first)
                if fitted is not None:
                    rows[visit][length] = fitted
        return Plan(self.id, rows, self.counts)

    def _between(self, length: int, below: tuple[int, Row], above: tuple[int, Row]) -> dict[str, int]:
        (low, short), (high, long) = below, above
        span = high - low
        row = {
            phase: (2 * (short.get(phase, 0) * (high - length) + long.get(phase, 0) * (length - low)) + span) // (2 * span)
            for phase in PHASES
            if short.get(phase) or long.get(phase)
        }
        if "turn" in row and not row["turn"]:  # nobody turns over, so there is no second position to work in
            row["work2"] = 0

        def sold(phase: str) -> int:
            return row[phase] if not self.counts or phase in self.counts else -1

        spare = "work1" if "work1" in row else max(row, key=sold)
        row[spare] += length - self.counted(row)
        while row[spare] < 1:  # many small phases rounded up at once: the longest gives a minute back
            row[max(row, key=sold)] -= 1
            row[spare] += 1
        return row


def folded(row: Row, fold: Mapping[str, str]) -> Row:
    """A row in which phases a setting does not have give their minutes to another."""
    result = dict(row)
    for phase, heir in fold.items():
        minutes = result.pop(phase, 0)
        if minutes:
            result[heir] = result.get(heir, 0) + minutes
    return result


def inserted(row: Row, wanted: Row, more: bool) -> Row | None:
    """A row with these phases put in, or None where it has no room for them.

    The minutes come from `work1` and `work2` in proportion to their length (from `work1` and `deep` where there is
    no second work). A phase the row has already is kept, or with `more` raised to the wanted minutes.
    """
    result = dict(row)
    needed = 0
    for phase, minutes in wanted.items():
        has = result.get(phase, 0)
        if not has or (more and has < minutes):
            needed += minutes - has
            result[phase] = minutes
    givers = [phase for phase in ("work1", "work2" if result.get("work2") else "deep") if result.get(phase)]
    total = sum(result[phase] for phase in givers)
    if total - needed < _LEAST_WORK * len(givers) or not givers:
        return None
    first, rest = givers[0], givers[1:]
    for phase in rest:
        share = (2 * needed * result[phase] + total) // (2 * total)
        # In proportion, but neither gives the last minutes that make it what it is.
        share = max(0, min(needed, result[phase] - _LEAST_WORK, max(share, needed - result[first] + _LEAST_WORK)))
        result[phase] -= share
        needed -= share
    result[first] -= needed
    return result
