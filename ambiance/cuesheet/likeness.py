"""Were two moments of a treatment alike? Examination against re-examination, and one visit against another."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s

from ambiance.cuesheet.exposure import Given
from ambiance.cuesheet.model import ClimateLevel, Sheet
from ambiance.cuesheet.stretches import Stretch
from ambiance.site import Room
from ambiance.units import DBA, SILENCE, Kelvin, Lux, Mired, Percent, Seconds, kelvin, output

LIGHT_TOLERANCE: Percent = 10.0
"""Light may differ by this much of what it was at the examination."""
MIRED_TOLERANCE: Mired = 5.0
"""About 5 mired is taken as just visible (Priest 1933 for the scale); 80 K at 4000 K, 45 K at 3000 K."""
SOUND_TOLERANCE: DBA = 3.0
PASSING: Seconds = 10.0
"""What stood for less than this does not count as what a guest was examined in."""

FIRST, SECOND = "exam", "reassess"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a phase stood at. `examination`: the examination lamp's output. `kelvin` None: dark. Silence is 20 dBA."""

    lux: Lux
    kelvin: Kelvin | None
    dba: DBA
    examination: Percent


@dataclass(frozen=True, slots=True)
class Likeness:
    """Whether a re-examination can be compared with the examination. `comparable` None: it cannot be said, or not yet."""

    comparable: bool | None
    because: str
    exam: Reading | None = None
    reassess: Reading | None = None


def likeness(sheet: Sheet, room: Room, lived: Sequence[Stretch], *, over: bool = True) -> Likeness:
    """Examination against re-examination as they were really lived, hands included.

    `over`: the session has ended, so what did not happen will not.
    """
    planned = {*sheet.palette, *(span.phase for span in sheet.spans)}
    if not {FIRST, SECOND} <= planned:
        return Likeness(None, f"this treatment has no {FIRST} and {SECOND}")
    seen = {phase: _readings(sheet, room, lived, phase) for phase in (FIRST, SECOND)}
    missing = [phase for phase, readings in seen.items() if not readings]
    under_way = bool(lived) and sheet.spans[lived[-1].index].phase == SECOND
    if missing or (under_way and not over):
        if not over:
            return Likeness(None, f"{missing[0] if missing else SECOND} is not over yet")
        return Likeness(False, "; ".join(f"there was no {phase}" for phase in missing))
    exam, reassess = (_longest(seen[phase]) for phase in (FIRST, SECOND))
    reasons = [reason for phase in (FIRST, SECOND) for reason in _unsteady(phase, seen[phase])]
    reasons += [f"{SECOND} was {now}, {FIRST} {was}" for was, now in _differences(exam, reassess)]
    return Likeness(not reasons, "; ".join(reasons) or f"both were {_words(exam)}", exam, reassess)


def readings(sheet: Sheet, room: Room, lived: Sequence[Stretch]) -> dict[str, Reading]:
    """What examination and re-examination stood at longest; one that was not lived is left out."""
    seen = {phase: _readings(sheet, room, lived, phase) for phase in (FIRST, SECOND)}
    return {phase: _longest(found) for phase, found in seen.items() if found}


def against(now: Mapping[str, Reading], before: Sequence[tuple[str, Mapping[str, Reading]]]) -> Likeness:
    """The examinations of one visit against those of earlier ones, each under the words that stand for it (`on 2026-06-01`)."""
    shared = [(words, phase, was[phase]) for words, was in before for phase in (FIRST, SECOND) if phase in was and phase in now]
    if not now or not before or not shared:
        return Likeness(None, "there is no earlier visit with an examination" if now else f"this visit has no {FIRST} or {SECOND} yet")
    told: dict[str, str] = {}  # one reason a visit is enough
    for words, phase, was in shared:
        if found := _differences(was, now[phase]):
            there, here = (", ".join(side) for side in zip(*found, strict=True))
            told.setdefault(words, f"{phase} was {here}, {words} {there}")
    if not told:
        visits = len({words for words, _, _ in shared})
        return Likeness(True, f"as at {visits} earlier {'visit' if visits == 1 else 'visits'}")
    left = len(told) - 2
    more = [f"{left} more {'visit differs' if left == 1 else 'visits differ'} too"] if left > 0 else []
    return Likeness(False, "; ".join([*list(told.values())[:2], *more]))


def fingerprint(sheet: Sheet, room: Room, lived: Sequence[Stretch], given: Sequence[Given] = ()) -> str:
    """The delivered atmosphere as 12 letters and digits: equal for visits that had the same surroundings.

    It is made of what each phase settled at, in order: light, colour temperature, sound and what played, warmth,
    scent. How long phases took is not in it, for that is up to hands; so are neither time, room nor guest.
    """
    said: list[str] = []
    for index, span in enumerate(sheet.spans):
        here = [stretch for stretch in lived if stretch.index == index]
        if not span.n or not here:
            continue
        scents = [f"{d.family}{d.intensity}" for d in given if d.began < here[-1].end and d.ended > here[0].start]
        said.append(
            f"{span.phase}"
            f"|{_settled(here, lambda s: _light(room, s), lambda s: _still(s, _lamps(room)))}"
            f"|{_settled(here, lambda s: _music(room, s), lambda s: _still(s, _players(room)))}"
            f"|{_settled(here, lambda s: _warmth(room, s), lambda s: True)}"
            f"|{_unrepeated(scents)}"
        )
    return blake2s("\n".join(said).encode(), digest_size=6).hexdigest()


def _readings(sheet: Sheet, room: Room, lived: Sequence[Stretch], phase: str) -> list[tuple[Reading, Seconds]]:
    """What a phase stood at and for how long, once its lamps and players were still; passing moments left out."""
    here = [stretch for stretch in lived if sheet.spans[stretch.index].phase == phase]
    found: list[tuple[Reading, Seconds]] = []
    for stretch in here:
        if not _still(stretch, (*_lamps(room), *_players(room))):
            continue
        reading = _reading(room, stretch)
        if found and found[-1][0] == reading:
            found[-1] = (reading, found[-1][1] + stretch.length)
        else:
            found.append((reading, stretch.length))
    lasting = [(reading, seconds) for reading, seconds in found if seconds >= PASSING]
    if not lasting and sum(stretch.length for stretch in here) >= PASSING:
        return [(_reading(room, here[-1]), here[-1].length)]
    return lasting


def _reading(room: Room, stretch: Stretch) -> Reading:
    lux = warmth = weight = examination = 0.0
    for device in room.of("light"):
        for _, level in stretch.lights([device.id]):
            given = output(level.lstar)
            if device.role == "exam":
                examination = max(examination, 100 * given)
                continue
            lux += device.share * room.full_light_lux * given
            if level.color is None:
                weight += device.share * given
                warmth += device.share * given * level.mired
    sound = max((b.dba for _, b in stretch.sounds(_players(room))), default=SILENCE)
    return Reading(
        round(lux, 3), round(kelvin(warmth / weight), 3) if weight > 0 and warmth > 0 else None, round(sound, 3), round(examination, 3)
    )


def _longest(readings: Sequence[tuple[Reading, Seconds]]) -> Reading:
    return max(readings, key=lambda each: each[1])[0]


def _unsteady(phase: str, readings: Sequence[tuple[Reading, Seconds]]) -> list[str]:
    """What changed within one phase by more than the tolerances."""
    main = _longest(readings)
    differing = (_differences(main, other) for other, _ in readings)
    return [f"{phase} was {was}, and {now} for a while" for was, now in next((found for found in differing if found), [])]


def _differences(was: Reading, now: Reading) -> list[tuple[str, str]]:
    """Each value that differs by more than its tolerance, in words: as it was, as it is now."""
    found: list[tuple[str, str]] = []
    if abs(now.lux - was.lux) > was.lux * LIGHT_TOLERANCE / 100 + 1e-6:
        found.append((f"{was.lux:.0f} lx", f"{now.lux:.0f} lx"))
    if was.kelvin and now.kelvin and abs(1e6 / now.kelvin - 1e6 / was.kelvin) > MIRED_TOLERANCE + 1e-6:
        found.append((f"{was.kelvin:.0f} K", f"{now.kelvin:.0f} K"))
    if abs(now.dba - was.dba) > SOUND_TOLERANCE + 1e-6:
        found.append((_heard(was.dba), _heard(now.dba)))
    if abs(now.examination - was.examination) > LIGHT_TOLERANCE + 1e-6:
        found.append((f"at {was.examination:.0f} % of the examination lamp", f"at {now.examination:.0f} % of the examination lamp"))
    return found


def _words(reading: Reading) -> str:
    words = [f"{reading.lux:.0f} lx", f"{reading.kelvin:.0f} K" if reading.kelvin else "", _heard(reading.dba)]
    return ", ".join(word for word in words if word)


def _heard(level: DBA) -> str:
    return f"{level:.0f} dBA" if level > SILENCE else "silent"


def _still(stretch: Stretch, ids: Iterable[str]) -> bool:
    return all(first == last for first, last in (stretch.moves[id] for id in ids if id in stretch.moves))


def _settled(here: Sequence[Stretch], value: Callable[[Stretch], str], still: Callable[[Stretch], bool]) -> str:
    return _unrepeated([value(stretch) for stretch in here if still(stretch) and stretch.length >= PASSING])


def _unrepeated(values: Sequence[str]) -> str:
    return ">".join(value for i, value in enumerate(values) if i == 0 or values[i - 1] != value)


def _light(room: Room, stretch: Stretch) -> str:
    reading = _reading(room, stretch)
    colors = sorted({level.color for _, level in stretch.lights(_lamps(room)) if level.color is not None and level.lstar > 0})
    return f"{reading.lux:.0f}lx{1e6 / reading.kelvin if reading.kelvin else 0:.0f}mired{reading.examination:.0f}%{''.join(colors)}"


def _music(room: Room, stretch: Stretch) -> str:
    return " ".join(sorted(f"{b.dba:.0f}dBA{b.playlist or ''}" if b.dba > SILENCE else "silent" for _, b in stretch.sounds(_players(room))))


def _warmth(room: Room, stretch: Stretch) -> str:
    levels = (stretch.moves.get(device.id, (None, None))[1] for device in room.of("climate"))
    return " ".join(sorted(f"{level.celsius:.1f}" for level in levels if isinstance(level, ClimateLevel)))


def _lamps(room: Room) -> tuple[str, ...]:
    return tuple(device.id for device in room.of("light"))


def _players(room: Room) -> tuple[str, ...]:
    return tuple(device.id for device in room.of("player"))
