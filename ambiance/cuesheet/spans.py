"""The phases of one session as stretches of time, and what hands on time do to them.

All functions take spans and give new ones; the past is never touched. Time moves between the compressible phases
still to come before it ever moves the end.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ambiance.cuesheet.model import Span
from ambiance.units import Seconds

Spans = tuple[Span, ...]

_GAINS = {"work2": 0.5, "work1": 0.3, "deep": 0.2}
"""Where an extension goes, of those not over."""
_TREATMENT = ("work1", "work2", "deep")
_TINY = 1e-6


def at(spans: Spans, offset: Seconds) -> int:
    """The index of the span that `offset` lies in, up to the first border that waits for a hand."""
    found = 0
    for index, span in enumerate(spans):
        if span.start > offset + _TINY or (span.border and not span.confirmed):
            break
        found = index
    return found


def lay(spans: Sequence[Span], index: int) -> Spans:
    """Lay every span after `index` end to end again, keeping lengths."""
    laid = list(spans)
    for i in range(max(1, index + 1), len(laid)):
        length = laid[i].length
        laid[i] = replace(laid[i], start=laid[i - 1].end, end=laid[i - 1].end + length)
    return tuple(laid)


def give(spans: Spans, index: int, seconds: Seconds) -> tuple[Spans, Seconds]:
    """Give freed seconds to the compressible phases after `index`, by planned length; returns what nobody could take."""
    takers = [i for i in range(index + 1, len(spans)) if _compressible(spans[i])]
    if not takers:
        return spans, seconds
    whole = sum(spans[i].planned for i in takers)
    grown = list(spans)
    for i in takers:
        grown[i] = _longer(grown[i], seconds * spans[i].planned / whole)
    return lay(grown, index), 0.0


def take(spans: Spans, index: int, seconds: Seconds) -> tuple[Spans, Seconds]:
    """Take seconds from the phases after `index`: treatment first, in proportion, then talk; returns what is still missing."""
    shrunk = list(spans)
    missing = seconds
    rounds: tuple[Callable[[Span], bool], ...] = (lambda s: s.phase in _TREATMENT, lambda s: s.phase not in _TREATMENT)
    for belongs in rounds:
        while missing > _TINY:
            payers = [i for i in range(index + 1, len(shrunk)) if belongs(shrunk[i]) and shrunk[i].n and _slack(shrunk[i]) > _TINY]
            if not payers:
                break
            whole = sum(shrunk[i].length for i in payers)
            asked = missing
            for i in payers:
                paid = min(_slack(shrunk[i]), asked * shrunk[i].length / whole)
                shrunk[i] = _longer(shrunk[i], -paid)
                missing -= paid
    return lay(shrunk, index), max(0.0, missing) if missing > _TINY else 0.0


def advance(spans: Spans, now: Seconds) -> Spans:
    """End the present phase now. Its time goes to compressible phases to come, so the end stays; a late border takes from them."""
    here = at(spans, now)
    if here + 1 >= len(spans):
        return spans
    over = spans[here].end - now
    moved = list(spans)
    moved[here] = replace(spans[here], end=now)
    moved[here + 1] = replace(spans[here + 1], confirmed=True)
    laid = lay(moved, here)
    return give(laid, here, over)[0] if over > 0 else take(laid, here, -over)[0]


def stay(spans: Spans, now: Seconds, seconds: Seconds) -> tuple[Spans, Seconds]:
    """Lengthen the present phase (from now, where its border is already waiting); returns by how much the end moved."""
    here = at(spans, now)
    before = ends(spans)
    late = max(0.0, now - spans[here].end)
    moved = list(spans)
    moved[here] = _longer(spans[here], late + seconds)
    laid, _ = take(lay(moved, here), here, late + seconds)
    return laid, ends(laid) - before


def extend(spans: Spans, now: Seconds, seconds: Seconds) -> Spans:
    """Move the end by `seconds`: half to the second side, the rest to the first and to the deep part, of those not over.

    Where there is none of these all of it goes to the longest phase still to come of those spent lying.
    """
    here = at(spans, now)
    open_ = [i for i in range(here, len(spans)) if spans[i].phase in _GAINS and spans[i].n]
    if not open_:
        lying = [i for i in range(here, len(spans)) if spans[i].n and spans[i].lying and spans[i].phase not in ("turn", "return")]
        open_ = [max(lying, key=lambda i: spans[i].planned, default=here)]
    whole = sum(_GAINS.get(spans[i].phase, 1.0) for i in open_)
    grown = list(spans)
    for i in open_:
        grown[i] = _longer(grown[i], seconds * _GAINS.get(spans[i].phase, 1.0) / whole)
    return lay(grown, here)


def shift(spans: Spans, now: Seconds, seconds: Seconds) -> Spans:
    """Nothing happened for `seconds`: the present phase and all after it end that much later."""
    here = at(spans, now)
    moved = list(spans)
    moved[here] = _longer(spans[here], seconds)
    return lay(moved, here)


def late(spans: Spans, seconds: Seconds) -> tuple[Spans, Seconds]:
    """The guest came `seconds` late: offsets count from now, the end stays as far as treatment can shrink; returns what it moved."""
    first = next(i for i, span in enumerate(spans) if span.n == 1)
    moved = [replace(s, start=min(0.0, s.start - seconds), end=min(0.0, s.end - seconds)) for s in spans[:first]]
    rest = list(spans[first:])
    if moved:
        moved[-1] = replace(moved[-1], end=0.0)
    if not rest[1].kept:  # that the guest is here opens no border they asked to be asked about
        rest[1] = replace(rest[1], confirmed=True)
    return take(tuple(moved + rest), first - 1, seconds) if seconds > 0 else (tuple(moved + rest), 0.0)


def ends(spans: Spans) -> Seconds:
    """The offset at which the guest's time is over."""
    return next((s.end for s in reversed(spans) if s.n), spans[-1].end)


def _compressible(span: Span) -> bool:
    return bool(span.n) and span.floor < span.planned - _TINY


def _slack(span: Span) -> Seconds:
    return max(0.0, span.length - span.floor)


def _longer(span: Span, seconds: Seconds) -> Span:
    return replace(span, end=span.end + seconds)
