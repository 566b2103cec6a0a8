"""What a guest was exposed to: light, sound, scent and warmth over the minutes they were in the room.

Worked out from what the room was told and how it was calibrated: commanded, not measured. Everything between two cues
is a straight line in L*, mired and dB, so the doses are integrals, not samples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import inf, log, log10, sqrt

from ambiance.care.air import Air, Emission, Extract, concentration
from ambiance.cuesheet.cues import counted
from ambiance.cuesheet.model import ClimateLevel, FanLevel, LightLevel, Sheet
from ambiance.cuesheet.stretches import Stretch, known_from, stretches
from ambiance.site import Room
from ambiance.units import DBA, SILENCE, Celsius, Kelvin, Lux, Minutes, Mired, Seconds, mired, output
from ambiance.why import Layer

AT_EYE = 0.5
"""Light at the eye as a part of the light at the table: a planning value, to be replaced by a room's own."""

DER: tuple[tuple[Kelvin, float], ...] = ((2000, 0.25), (2200, 0.30), (2700, 0.43), (3000, 0.50), (4000, 0.65), (6500, 1.0))
"""Melanopic daylight efficacy ratio by colour temperature: planning values for lamps whose data sheet is silent.

It depends on the spectrum and not on colour temperature alone (Houser and Esposito 2022), hence an estimate.
"""

KNEE = 8.0
"""The L* below which CIE lightness is a straight line."""
_NODES = ((0.5 - sqrt(0.15), 5 / 18), (0.5, 8 / 18), (0.5 + sqrt(0.15), 5 / 18))  # Gauss-Legendre: exact up to the fifth power
_KNOTS = tuple(mired(kelvin) for kelvin, _ in DER)
_NOT_PHASES = frozenset({"exam_light", "bright", "paused", "ready", "room_prep", "turnover_air", "turnover_clean"})


@dataclass(frozen=True, slots=True)
class Given:
    """A dose as it was really given, in offsets. `mg_h`: what its diffuser emits; 0 for one in a room that was left since."""

    began: Seconds
    ended: Seconds
    family: str
    intensity: int
    mg_h: float = 14.0


@dataclass(frozen=True, slots=True)
class LightExposure:
    """Doses in lx·h, levels in lx at the table, the fastest moves in L* within a second."""

    dose: float
    melanopic: float
    least: Lux
    most: Lux
    fastest: float
    fastest_by_hand: float


@dataclass(frozen=True, slots=True)
class SoundExposure:
    """Energy mean and highest level in dBA, None where nothing played; minutes of music."""

    laeq: DBA | None
    lmax: DBA | None
    minutes: Minutes


@dataclass(frozen=True, slots=True)
class ScentExposure:
    """Minutes of diffusing, the families, and the highest concentration while the guest was there, µg/m³ (an estimate)."""

    minutes: Minutes
    families: tuple[str, ...]
    peak: float


@dataclass(frozen=True, slots=True)
class PhaseLived:
    """One phase of the guest's time. `planned` None: it was planned, and left out by an early end."""

    phase: str
    n: int
    planned: Minutes | None
    real: Minutes
    silent: bool


@dataclass(frozen=True, slots=True)
class Exposure:
    """All of it, from `since` to `until` in offsets. None: this room has no such device, or nobody has been in it yet."""

    since: Seconds
    until: Seconds
    light: LightExposure | None
    sound: SoundExposure | None
    scent: ScentExposure
    celsius: Celsius | None
    phases: tuple[PhaseLived, ...]
    lived: tuple[Stretch, ...]


def exposure(sheet: Sheet, room: Room, until: Seconds, given: Sequence[Given] = ()) -> Exposure:
    """What `sheet` exposed a guest to who came at offset 0 and left at `until` (or is still there). Pure and total."""
    since = max(0.0, known_from(sheet))
    until = max(since, until)
    lived = stretches(sheet, since, until)
    return Exposure(
        since,
        until,
        _light(sheet, room, lived),
        _sound(room, lived),
        _scent(sheet, room, since, until, given),
        _celsius(room, lived),
        _phases(sheet, room, lived),
        lived,
    )


def der(kelvin: Kelvin) -> float:
    """Melanopic daylight efficacy ratio, by planning values; between them linear in mired, beyond them the nearest."""
    return _der(mired(kelvin))


def energy_mean(levels: Sequence[tuple[DBA, DBA, Seconds]]) -> DBA | None:
    """The level whose steady sound has the same energy as stretches from one level evenly to another (in dB), each so many seconds.

    None without any time.
    """
    length = sum(seconds for *_, seconds in levels)
    if length <= 0:
        return None
    return 10 * log10(sum(seconds * _energy(a, b) for a, b, seconds in levels) / length)


def _light(sheet: Sheet, room: Room, lived: Sequence[Stretch]) -> LightExposure | None:
    lamps = [(device.id, device.share * room.full_light_lux) for device in room.of("light") if device.role != "exam"]
    if not lamps or not lived:
        return None
    dose = melanopic = most = 0.0
    least = inf
    for stretch in lived:
        moves = stretch.lights([id for id, _ in lamps])
        moving = [(a, b, full) for (a, b), (_, full) in zip(moves, lamps, strict=True)]
        for start, end in pairwise(_bends(moves)):
            length = (end - start) * stretch.length
            for node, weight in _NODES:
                lux, edi = _lit(moving, start + (end - start) * node)
                dose += lux * weight * length
                melanopic += edi * weight * length
                least, most = min(least, lux), max(most, lux)
            for at in (start, end):
                lux, _ = _lit(moving, at)
                least, most = min(least, lux), max(most, lux)
    since, until = lived[0].start, lived[-1].end
    fastest = [_fastest(sheet, room, since, until, by_hand=by_hand) for by_hand in (False, True)]
    return LightExposure(dose / 3600, AT_EYE * melanopic / 3600, least, most, fastest[0], fastest[1])


def _lit(moving: Sequence[tuple[LightLevel, LightLevel, float]], part: float) -> tuple[Lux, Lux]:
    """Light at the table, and the same weighted for the eye's clock, `part` of the way through a stretch."""
    lux = edi = 0.0
    for first, last, full in moving:
        given = full * output(first.lstar + (last.lstar - first.lstar) * part)
        lux += given
        edi += given * _der(first.mired + (last.mired - first.mired) * part)
    return lux, edi


def _bends(moves: Sequence[tuple[LightLevel, LightLevel]]) -> list[float]:
    """The parts (0-1) of a stretch at which a lamp's curve changes its law."""
    found = {0.0, 1.0}
    for first, last in moves:
        found.update(_crossings(first.lstar, last.lstar, (KNEE,)))
        found.update(_crossings(first.mired, last.mired, _KNOTS))
    return sorted(found)


def _crossings(first: float, last: float, marks: Sequence[float]) -> Iterator[float]:
    for mark in marks:
        if min(first, last) < mark < max(first, last):
            yield (mark - first) / (last - first)


def _der(mireds: Mired) -> float:
    if mireds >= _KNOTS[0]:
        return DER[0][1]
    for (warm, (_, low)), (cool, (_, high)) in pairwise(zip(_KNOTS, DER, strict=True)):
        if mireds >= cool:
            return low + (high - low) * (warm - mireds) / (warm - cool)
    return DER[-1][1]


def _fastest(sheet: Sheet, room: Room, since: Seconds, until: Seconds, *, by_hand: bool) -> float:
    """The largest way any lamp went within one second."""
    most = 0.0
    for device in room.of("light"):
        cues = counted(sheet, device.id)
        for index, cue in enumerate(cues):
            ends = min(cue.end, cues[index + 1].at if index + 1 < len(cues) else inf)
            lived = cue.at < until and (ends > since or cue.at >= since) and (ends > cue.at or cue.fade <= 0)
            handed = cue.why is not None and cue.why.layer is Layer.HAND
            if lived and handed is by_hand and isinstance(cue.start, LightLevel) and isinstance(cue.target, LightLevel):
                most = max(most, abs(cue.target.lstar - cue.start.lstar) / max(1.0, cue.fade))
    return most


def _sound(room: Room, lived: Sequence[Stretch]) -> SoundExposure | None:
    players = [device.id for device in room.of("player")]
    levels: list[tuple[DBA, DBA, Seconds]] = []
    playing = 0.0
    for stretch in lived:
        moves = [(a.dba, b.dba) for a, b in stretch.sounds(players)]
        for start, end in pairwise(sorted({0.0, 1.0, *_overtaking(moves)})):
            middle = (start + end) / 2
            a, b = max(moves, key=lambda move: move[0] + (move[1] - move[0]) * middle, default=(SILENCE, SILENCE))
            part = (end - start) * stretch.length
            levels.append((a + (b - a) * start, a + (b - a) * end, part))
            playing += part if max(levels[-1][:2]) > SILENCE else 0.0
    if not players or not levels:
        return None
    if not playing:
        return SoundExposure(None, None, 0.0)
    return SoundExposure(energy_mean(levels), max(max(a, b) for a, b, _ in levels), playing / 60)


def _overtaking(moves: Sequence[tuple[DBA, DBA]]) -> Iterator[float]:
    """The parts of a stretch at which one player becomes louder than another."""
    for (a, b), (c, d) in combinations(moves, 2):
        if (a - c) * (b - d) < 0:
            yield (a - c) / ((a - c) - (b - d))


def _energy(first: DBA, last: DBA) -> float:
    """The mean energy of a level that moves evenly in dB."""
    if abs(last - first) < 1e-6:
        return float(10 ** ((first + last) / 20))
    return float((10 ** (last / 10) - 10 ** (first / 10)) / (log(10) / 10 * (last - first)))


def _scent(sheet: Sheet, room: Room, since: Seconds, until: Seconds, given: Sequence[Given]) -> ScentExposure:
    doses = [dose for dose in given if dose.ended > dose.began]
    emissions = [Emission(dose.began, dose.ended, dose.mg_h) for dose in doses if dose.mg_h > 0]
    air = Air(room.volume_m3, room.air_changes)
    peak = 0.0
    if emissions and until > since:
        first = min(known_from(sheet), *(emission.start for emission in emissions))
        extracts = _extracts(room, stretches(sheet, first, until))
        edges = [t for e in emissions for t in (e.start, e.end)] + [t for e in extracts for t in (e.start, e.end)]
        peak = max(concentration(emissions, at, air, extracts) for at in {since, until, *(t for t in edges if since <= t <= until)})
    return ScentExposure(sum(dose.ended - dose.began for dose in doses) / 60, tuple(sorted({dose.family for dose in doses})), peak)


def _extracts(room: Room, lived: Sequence[Stretch]) -> list[Extract]:
    """The extract fans as they ran, neighbouring stretches joined."""
    found: list[Extract] = []
    for stretch in lived:
        levels = ((device.air_changes, stretch.moves.get(device.id, (None, None))[0]) for device in room.of("fan"))
        changes = sum(most * level.speed / 100 for most, level in levels if isinstance(level, FanLevel))
        if found and found[-1].end == stretch.start and found[-1].air_changes == changes:
            found[-1] = Extract(found[-1].start, stretch.end, changes)
        else:
            found.append(Extract(stretch.start, stretch.end, changes))
    return [extract for extract in found if extract.air_changes > 0]


def _celsius(room: Room, lived: Sequence[Stretch]) -> Celsius | None:
    """The mean set-point over time and thermostats."""
    weighed = [
        (level.celsius, stretch.length)
        for stretch in lived
        for device in room.of("climate")
        if isinstance(level := stretch.moves.get(device.id, (None, None))[1], ClimateLevel)
    ]
    whole = sum(seconds for _, seconds in weighed)
    return sum(celsius * seconds for celsius, seconds in weighed) / whole if whole > 0 else None


def _phases(sheet: Sheet, room: Room, lived: Sequence[Stretch]) -> tuple[PhaseLived, ...]:
    players = [device.id for device in room.of("player")]
    found = []
    for index, span in enumerate(sheet.spans):
        here = [stretch for stretch in lived if stretch.index == index]
        silent = not any(b.dba > SILENCE for stretch in here for _, b in stretch.sounds(players))
        if span.n:
            found.append(PhaseLived(span.phase, span.n, span.planned / 60, sum(stretch.length for stretch in here) / 60, silent))
    reached = {span.phase for span in sheet.spans}
    left_out = [name for name in sheet.palette if name not in reached and name not in _NOT_PHASES and "/" not in name]
    return (*found, *(PhaseLived(name, 0, None, 0.0, True) for name in left_out))
