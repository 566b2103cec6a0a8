"""What a desk or an import may say a guest needs: constraint codes, read into a `Care`.

A code says what the room must do, never why. Free text is refused and not repeated in the refusal, so that
nothing personal reaches a log.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from ambiance.care.merge import NO_ANSWERS, contradiction, merge, settle
from ambiance.care.model import UNKNOWN, Care, Contradiction, Needs, ScentNeed
from ambiance.errors import Invalid
from ambiance.why import Layer, Why

Code = Mapping[str, Any] | str
"""`"scent_off"`, or `{"code": "light_max_lx", "value": 10, "phases": ["work1"]}`."""

TABLE = (
    "analyse", "open", "float_in", "work1", "turn", "work2", "deep", "silence", "float_silent", "finish", "float_out", "return",
)  # fmt: skip
"""Phases in which the guest lies (on a table or in a tank)."""
GUEST = (*TABLE, "welcome", "exam", "pre_rinse", "settle", "rinse", "post_rinse", "reassess", "redress")
"""Phases in which the guest is in the room."""
WAITS = tuple(phase for phase in GUEST if phase != "redress")
"""Phases that another one follows while the guest is there."""
VISIT = (*GUEST, "room_prep")
EMPTY = ("turnover_air", "turnover_clean")
SESSION = ()
"""Codes that know no phases: they hold for the whole session."""

MOST_CODES = 64
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One code, understood. `everywhere`: no phases were named."""

    code: str
    value: Any
    phases: tuple[str, ...]
    everywhere: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What one code takes: where it applies if no phase is named, how its value is read, what it does and why."""

    where: tuple[str, ...]
    read: Callable[[str, Any], Any]
    needs: Callable[[Any], Needs] = lambda _: Needs()
    why: Mapping[str, str] | None = None


def parse(codes: Sequence[Code] | None, answers: Mapping[str, str] = NO_ANSWERS) -> Care:
    """The guest's needs, merged by the most restrictive. None: intake was not taken (`UNKNOWN`).

    `answers` are the sides a person chose of what contradicts, by the conflict's id.

    Raises Invalid, naming every fault, for an unknown code, a bad value or free text.
    """
    if codes is None:
        return UNKNOWN
    if isinstance(codes, list | tuple) and not codes:
        return Care()
    asked: list[Asked] = []
    faults: list[tuple[str, object, str]] = []
    if isinstance(codes, str) or not isinstance(codes, Sequence):
        raise Invalid(("care", _shown(codes), "a list of codes, or null where intake is unknown"))
    if len(codes) > MOST_CODES:
        raise Invalid(("care", f"{len(codes)} codes", f"at most {MOST_CODES}"))
    for index, code in enumerate(codes):
        try:
            asked.append(_understand(f"care[{index}]", code))
        except Invalid as error:
            faults.extend(error.faults)
    if faults:
        raise Invalid(*faults)
    return _combine(asked, answers)


def unasked(care: Care) -> Care:
    """The same needs where not everything was asked: no scent, as for anybody whose intake is unknown."""
    why = dict(care.why) if care.scent != "allowed" else {**care.why, "scent": Why(Layer.CARE, "nobody asked about scent")}
    return replace(care, known=False, scent="strict" if care.scent == "strict" else "off", why=why)


def _combine(asked: Sequence[Asked], answers: Mapping[str, str]) -> Care:
    why = {name: Why(Layer.CARE, words) for one in asked for name, words in (CODES[one.code].why or {}).items()}
    only, excluded = _tags(asked, "sound_only"), frozenset[str]().union(*_values(asked, "sound_exclude"))
    if any(one.code == "no_low_freq" for one in asked):
        excluded |= {"bass"}
    mute, said = Needs(), dict[str, tuple[Contradiction, list[str]]]()
    if only is not None and not only - excluded:
        floor = any(one.code == "sound_min_dba" for one in asked)
        sides = {"steady": "steady sound only"} if floor else {"silent": "kept silent"}
        each = contradiction("music", "music: nothing is left that may be played", sides, answers)
        said[each.id] = each, []
        only, mute = (None, mute) if floor else (only, Needs(sound_off=True))
    everywhere, _ = _needs([one for one in asked if one.everywhere], None, mute, answers)
    phases = {}
    for phase in (*VISIT, *EMPTY):
        needs, conflicts = _needs(asked, phase, Needs() if phase in EMPTY else mute, answers)
        for each in conflicts:
            said.setdefault(each.id, (each, []))[1].append(phase)
        if needs != everywhere:
            phases[phase] = needs
    families, level, scent = _scents(asked)
    if families is not None and not families:
        each = contradiction("scent", "scent: nobody's list shares a scent with the others", {"off": "kept off"}, answers)
        said[each.id] = each, []
    if scent != "allowed":
        why["scent"] = Why(Layer.CARE, "no scent")
    return Care(
        scent=scent, scent_families=families, scent_level=level, everywhere=everywhere, phases=phases,
        conflicts=tuple(replace(each, phases=tuple(where)) for each, where in said.values()),
        why=why, sound_exclude=excluded, sound_only=only,
        announce=_any(asked, "announce_change"), still_display=_any(asked, "no_flash_strict"),
        door_hold=_any(asked, "door_hold"), client_control=_any(asked, "client_control"),
        languages=tuple(sorted({one.value for one in asked if one.code == "lang"})),
    )  # fmt: skip


def _needs(asked: Sequence[Asked], phase: str | None, more: Needs, answers: Mapping[str, str]) -> tuple[Needs, tuple[Contradiction, ...]]:
    here = [CODES[one.code].needs(one.value) for one in asked if phase is None or phase in one.phases]
    return settle(merge([*here, more]), [needs.celsius for needs in here], answers)


def _scents(asked: Sequence[Asked]) -> tuple[frozenset[str] | None, int, ScentNeed]:
    allowed = [one.value for one in asked if one.code == "scent_allow"]
    families = frozenset.intersection(*(names for names, _ in allowed)) if allowed else None
    level = min((most for _, most in allowed), default=3)
    scent: ScentNeed = "allowed"
    if _any(asked, "scent_off") or (families is not None and not families):
        scent = "off"
    return families, level, "strict" if _any(asked, "scent_off_strict") else scent


def _any(asked: Sequence[Asked], code: str) -> bool:
    return any(one.code == code for one in asked)


def _values(asked: Sequence[Asked], code: str) -> list[frozenset[str]]:
    return [one.value for one in asked if one.code == code]


def _tags(asked: Sequence[Asked], code: str) -> frozenset[str] | None:
    lists = _values(asked, code)
    return frozenset.intersection(*lists) if lists else None


def _understand(path: str, code: Code) -> Asked:
    given = {"code": code} if isinstance(code, str) else code
    if not isinstance(given, Mapping):
        raise Invalid((path, _shown(code), 'a code, as "scent_off" or {"code", "value", "phases"}'))
    if strange := [str(key) for key in given if key not in ("code", "value", "phases")]:
        raise Invalid((path, _shown(strange[0], ("code", "value", "phases")), "only code, value and phases"))
    name = given.get("code")
    known = CODES.get(name) if isinstance(name, str) else None
    if known is None or not isinstance(name, str):
        raise Invalid((f"{path}.code", _shown(name, CODES), f"one of {', '.join(CODES)}"))
    named = given.get("phases")
    if named is not None and not known.where:
        raise Invalid((f"{path}.phases", _shown(named), f"no phases: {name} holds for the whole session"))
    value = known.read(f"{path}.value", given.get("value"))
    if name == "hold_phase":
        if named is not None and value:
            raise Invalid((f"{path}.phases", _shown(named), "the phases once, in value or in phases"))
        named = named or list(value) or None
    phases = known.where if named is None else _phases(f"{path}.phases", named)
    return Asked(name, value, phases, everywhere=named is None)


def _phases(path: str, named: Any) -> tuple[str, ...]:
    known = (*VISIT, *EMPTY)
    if isinstance(named, str) or not isinstance(named, Sequence) or not named or len(named) > len(known):
        raise Invalid((path, _shown(named), f"a list of phases out of {', '.join(known)}"))
    for phase in named:
        if phase not in known:
            raise Invalid((path, _shown(phase, known), f"phases out of {', '.join(known)}"))
    return tuple(named)


def _nothing(path: str, value: Any) -> None:
    if value is not None:
        raise Invalid((path, _shown(value), "no value: this code stands alone"))


def _number(low: float, high: float, unit: str, default: float | None = None) -> Callable[[str, Any], float]:
    def read(path: str, value: Any) -> float:
        given = default if value is None else value
        if isinstance(given, bool) or not isinstance(given, int | float) or not low <= given <= high:
            raise Invalid((path, _shown(value), f"a number from {low:g} to {high:g} {unit}"))
        return float(given)

    return read


def _names(path: str, value: Any) -> frozenset[str]:
    good = isinstance(value, Sequence) and not isinstance(value, str) and 0 < len(value) <= 32
    if not good or not all(isinstance(name, str) and _SLUG.fullmatch(name) for name in value):
        raise Invalid((path, _shown(value), "a list of 1 to 32 tags in small letters, digits, - and _"))
    return frozenset(value)


def _allowed(path: str, value: Any) -> tuple[frozenset[str], int]:
    """A list of oils or families, barely noticeable; or `{"scents": [...], "intensity": 1-3}`."""
    if not isinstance(value, Mapping):
        return _names(path, value), 1
    if strange := [str(key) for key in value if key not in ("scents", "intensity")]:
        raise Invalid((path, _shown(strange[0], ("scents", "intensity")), "scents and intensity"))
    intensity = value.get("intensity", 1)
    if isinstance(intensity, bool) or intensity not in (1, 2, 3):
        raise Invalid((f"{path}.intensity", _shown(intensity), "1, 2 or 3"))
    return _names(f"{path}.scents", value.get("scents")), int(intensity)


def _language(path: str, value: Any) -> str:
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise Invalid((path, _shown(value), "a language tag such as de or pt-BR"))
    return value


def _held(path: str, value: Any) -> tuple[str, ...]:
    return () if value is None else _phases(path, [value] if isinstance(value, str) else value)


def _shown(value: object, like: Iterable[str] = ()) -> object:
    """A value as a refusal may repeat it: numbers, and near misses of `like`; of anything else only its size."""
    if isinstance(value, str):
        return value if get_close_matches(value, list(like), 1, 0.75) else f"text of {len(value)} characters"
    if value is None or isinstance(value, int | float):
        return value
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, Sequence | Mapping) else type(value).__name__


_LUX, _DBA = "lx", "dBA"
CODES: Mapping[str, Known] = {
    "scent_off": Known(SESSION, _nothing),
    "scent_off_strict": Known(SESSION, _nothing),
    "scent_allow": Known(SESSION, _allowed, why={"scent": "only the scents allowed"}),
    "light_max_lx": Known(TABLE, _number(5, 1000, _LUX), lambda v: Needs(light_max=v), {"light_max": "keep it dim"}),
    "light_min_lx": Known(TABLE, _number(1, 500, _LUX), lambda v: Needs(light_min=v), {"light_min": "keep it light enough"}),
    "cct_max_k": Known(VISIT, _number(1800, 6500, "K"), lambda v: Needs(kelvin_max=v), {"kelvin_max": "keep the light warm"}),
    "no_accent": Known(VISIT, _nothing, lambda _: Needs(no_accent=True), {"no_accent": "white light only"}),
    "no_dark": Known(
        GUEST, _number(1, 500, _LUX, 30), lambda v: Needs(light_min=v, no_dip=True),
        {"light_min": "keep it light enough", "no_dip": "no darker than the work before"},
    ),
    "slow_change": Known(
        VISIT, _number(10, 600, "s", 60), lambda v: Needs(slowest=v, step_max=10.0, sound_rate=1.0),
        {"slowest": "change slowly", "step_max": "change in small steps", "sound_rate": "change slowly"},
    ),
    "announce_change": Known(WAITS, _nothing, lambda _: Needs(hold=True), {"hold": "wait for a tap"}),
    "no_flash_strict": Known(
        VISIT, _nothing, lambda _: Needs(no_accent=True, slowest=10.0), {"no_accent": "white light only", "slowest": "change slowly"}
    ),
    "sound_max_dba": Known(VISIT, _number(25, 75, _DBA), lambda v: Needs(sound_max=v), {"sound_max": "keep it quiet"}),
    "sound_min_dba": Known(VISIT, _number(20, 60, _DBA), lambda v: Needs(sound_min=v), {"sound_min": "keep a low sound"}),
    "sound_off": Known(VISIT, _nothing, lambda _: Needs(sound_off=True), {"sound_off": "keep it silent"}),
    "sound_exclude": Known(SESSION, _names),
    "sound_only": Known(SESSION, _names),
    "no_low_freq": Known(SESSION, _nothing),
    "temp_offset_c": Known(VISIT, _number(-2, 2, "°C"), lambda v: Needs(celsius=v), {"celsius": "warmer or cooler"}),
    "door_hold": Known(SESSION, _nothing),
    "client_control": Known(SESSION, _nothing),
    "lang": Known(SESSION, _language),
    "hold_phase": Known(WAITS, _held, lambda _: Needs(hold=True), {"hold": "wait for a tap"}),
}  # fmt: skip
