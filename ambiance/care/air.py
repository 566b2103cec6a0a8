"""How much scent is still in a room: one well-mixed volume of air, first order.

The purge formula and its mixing factor are those of CDC, "Guidelines for Environmental Infection Control in
Health-Care Facilities" (2003), appendix B; 1 is perfect mixing. Times are seconds on any one axis: offsets of a
session, or instants as timestamps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, inf, log

from ambiance.units import Minutes, Seconds

MIXING = 1.5
"""Linen and walls give scent back, so that a room clears more slowly than perfectly mixed air."""

STRICT, NO_SCENT, OTHER_SCENT = 0.02, 0.10, 0.25
"""Residue, as a part of the peak, that a strictly scent-free, a scent-free and another scent's guest may meet."""

LEAST_AIRING: Seconds = 600.0
"""A room airs at least this long after any scent."""


@dataclass(frozen=True, slots=True)
class Air:
    """A room's air: volume in m³, air changes per hour, mixing factor (1 and above)."""

    volume_m3: float
    air_changes: float
    mixing: float = MIXING


@dataclass(frozen=True, slots=True)
class Emission:
    """A diffuser giving `mg_h` milligrams an hour from `start` to `end`.

    About 4-14 mg/h of each main compound for an ultrasonic diffuser (Schwartz-Narbonne et al. 2021).
    """

    start: Seconds
    end: Seconds
    mg_h: float = 14.0


@dataclass(frozen=True, slots=True)
class Extract:
    """A fan adding `air_changes` per hour from `start` to `end`."""

    start: Seconds
    end: Seconds
    air_changes: float


def concentration(emissions: Sequence[Emission], at: Seconds, air: Air, extracts: Sequence[Extract] = ()) -> float:
    """Scent in the air at a time, µg/m³, from clean air before the first emission."""
    return _levels(emissions, at, air, extracts)[-1]


def peak(emissions: Sequence[Emission], air: Air, extracts: Sequence[Extract] = ()) -> float:
    """The highest concentration these emissions reach, µg/m³. It lies where a source or a fan starts or stops."""
    last = max((each.end for each in emissions), default=0.0)
    return max(_levels(emissions, last, air, extracts))


def airing_minutes(fraction: float, air_changes: float, mixing: float = MIXING) -> Minutes:
    """Minutes of airing until `fraction` (0-1) of a scent is left; infinite without any air change."""
    if fraction >= 1:
        return 0.0
    if fraction <= 0 or air_changes <= 0:
        return inf
    return 60 * log(1 / fraction) * mixing / air_changes


def stays_under(limit: float, level: float, mg_h: float, air: Air, more: float = 0.0) -> Seconds:
    """For how long a source of `mg_h` may run from `level` on until the air holds `limit` µg/m³; infinite if it never will.

    `more` are air changes beside the room's own.
    """
    if level >= limit:
        return 0.0
    removal = (air.air_changes + more) / air.mixing
    source = 1000 * mg_h / air.volume_m3
    if removal <= 0:
        return inf if source <= 0 else (limit - level) / source * 3600
    settles = source / removal
    if settles <= limit:
        return inf
    return 3600 * log((settles - level) / (settles - limit)) / removal


def stop_for(by: Seconds, fraction: float, air: Air, extracts: Sequence[Extract] = ()) -> Seconds:
    """The latest time at which every source may stop so that no more than `fraction` (0-1) of any peak is left at `by`.

    Whatever was given before: it takes the scent to be at its peak when it stops. At least ten minutes before `by`;
    `-inf` where the air never changes. A fan helps only while it runs.
    """
    needed = log(1 / fraction)
    edges = sorted({by, *(t for t in _edges((), extracts) if t < by)}, reverse=True)
    for end, start in pairwise([*edges, -inf]):
        # Just inside the stretch: a fan that starts at its end does not count.
        rate = _rate(start if start > -inf else end - 1, air, extracts) / air.mixing / 3600
        if rate > 0 and needed <= rate * (end - start):
            return min(end - needed / rate, by - LEAST_AIRING)
        needed -= rate * (end - start) if rate > 0 else 0.0
    return -inf


def scent_free_at(emissions: Sequence[Emission], air: Air, fraction: float = STRICT, extracts: Sequence[Extract] = ()) -> Seconds | None:
    """The time from which no more than `fraction` of the peak is in the air, ten minutes after the last emission or later.

    None where nothing was emitted. Infinite where the air never changes. A fan helps only while it runs.
    """
    return next(iter(scent_free_at_each(emissions, air, (fraction,), extracts)), None)


def scent_free_at_each(
    emissions: Sequence[Emission], air: Air, fractions: Sequence[float], extracts: Sequence[Extract] = ()
) -> tuple[Seconds, ...]:
    """As `scent_free_at`, for several fractions at once; empty where nothing was emitted."""
    real = [emission for emission in emissions if emission.end > emission.start and emission.mg_h > 0]
    if not real:
        return ()
    stopped = max(emission.end for emission in real)
    levels = _levels(real, stopped, air, extracts)
    edges = [stopped, *sorted(t for t in _edges((), extracts) if t > stopped), inf]
    return tuple(_reached(fraction * max(levels), levels[-1], edges, air, extracts) for fraction in fractions)


def _reached(target: float, level: float, edges: Sequence[Seconds], air: Air, extracts: Sequence[Extract]) -> Seconds:
    """When a level falls to the target, from the first of the edges on and ten minutes later at the earliest."""
    for start, end in pairwise(edges):
        rate = _rate(start, air, extracts)
        needed = airing_minutes(target / level, rate, air.mixing) * 60 if level > target else 0.0
        if start + needed <= end:
            return max(start + needed, edges[0] + LEAST_AIRING)
        level *= exp(-rate / air.mixing * (end - start) / 3600)
    return inf


def _levels(emissions: Sequence[Emission], last: Seconds, air: Air, extracts: Sequence[Extract]) -> list[float]:
    """The concentration at every edge up to `last`, and there."""
    edges = sorted({last, *(t for t in _edges(emissions, extracts) if t < last)})
    levels = [0.0]
    for start, end in pairwise(edges):
        levels.append(_after(levels[-1], start, end, emissions, air, extracts))
    return levels


def _after(level: float, start: Seconds, end: Seconds, emissions: Sequence[Emission], air: Air, extracts: Sequence[Extract]) -> float:
    hours = (end - start) / 3600
    removal = _rate(start, air, extracts) / air.mixing
    source = 1000 * sum(e.mg_h for e in emissions if e.start <= start < e.end) / air.volume_m3
    if removal <= 0:
        return level + source * hours
    left = exp(-removal * hours)
    return level * left + source / removal * (1 - left)


def _rate(at: Seconds, air: Air, extracts: Sequence[Extract]) -> float:
    return air.air_changes + sum(fan.air_changes for fan in extracts if fan.start <= at < fan.end)


def _edges(*runs: Iterable[Emission] | Iterable[Extract]) -> set[Seconds]:
    return {edge for some in runs for run in some for edge in (run.start, run.end)}
