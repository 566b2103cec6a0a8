"""The profile language as JSON Schema, so that editors complete keys and mark what is wrong while somebody types."""

from collections.abc import Iterable
from typing import Any, Final

from ambiance.profile import keys
from ambiance.profile.keys import Key
from ambiance.profile.model import PHASES
from ambiance.yaml import Kind, MapOf, Whole

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def schemas() -> dict[str, Schema]:
    """The schema of each kind of file: `setting`, `plan`, `profile` and `menu`."""
    return {"setting": _setting(), "plan": _plan(), "profile": _profile(), "menu": _menu()}


def _record(known: Iterable[Key[Any]], needed: Iterable[Key[Any]] = (), **inner: Schema) -> Schema:
    """An object of these keys; `inner` holds the schemas of keys that are mappings or lists themselves."""
    properties = {key.name: {"description": key.about, **inner.get(key.name, key.kind.schema())} for key in known}
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": [key.name for key in needed]}


def _headed(name: str, about: str, schema: Schema) -> Schema:
    return {"$schema": DIALECT, "title": name, "description": about, **schema}


def _phase() -> Schema:
    accent = {"anyOf": [{"const": "none"}, _record((keys.COLOR, keys.SHARE), (keys.COLOR, keys.SHARE))]}
    tail = _record((keys.SECONDS, keys.LUX), (keys.SECONDS, keys.LUX))
    return _record(keys.ATMOSPHERE, accent=accent, tail=tail)


def _phases(needed: Iterable[str] = ()) -> Schema:
    phases = {phase: {"$ref": "#/$defs/phase"} for phase in PHASES}
    return {"type": "object", "additionalProperties": False, "properties": phases, "required": list(needed)}


def _budget() -> Schema:
    return _record((keys.ONE_IN, keys.MOST), (keys.ONE_IN, keys.MOST))


def _setting() -> Schema:
    inserted: Kind[Any] = MapOf(Whole(1, 60), keys.PHASE_PATTERN)
    visits = {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(keys.VISITS, inserted.schema())}
    needed = (keys.SETTING, keys.PREP, keys.TURNOVER, keys.WARM_AHEAD, keys.PHASES_KEY)
    record = _record(
        (*needed, keys.BUDGET, keys.FOLD, keys.INSERT, keys.FIRST_FROM), needed,
        phases=_phases(keys.NEEDED_PHASES), scent_budget=_budget(), insert=visits,
    )  # fmt: skip
    return _headed("Setting", "A file of settings/: the base atmosphere of every phase.", record | {"$defs": {"phase": _phase()}})


def _plan() -> Schema:
    record = _record((keys.PLAN, keys.COUNTS, keys.ROWS, keys.FOLLOW_UP, keys.FIRST), (keys.PLAN,))
    either = [{"required": [keys.ROWS.name]}, {"required": [keys.FOLLOW_UP.name, keys.FIRST.name]}]
    return _headed("Plan", "A file of plans/: minutes of each phase for each length.", record | {"oneOf": either})


def _profile() -> Schema:
    light = _record((keys.LUX, keys.KELVIN), (keys.LUX, keys.KELVIN))
    scent = _record((keys.FAMILY, keys.MAX), (keys.FAMILY, keys.MAX))
    offered = (keys.NAME, keys.PLAN, keys.LENGTHS, keys.DEFAULT, keys.AROMA)
    record = _record(
        (
            keys.SETTING, keys.MODALITY, keys.REFUSED, *offered, keys.TOO_SHORT, keys.WORK, keys.DEEP, keys.TINT, keys.BPM, keys.GENRES,
            keys.DBA, keys.CELSIUS, keys.BUDGET, keys.PREP, keys.TURNOVER, keys.WARM_AHEAD, keys.REMARKS, keys.PHASES_KEY,
        ),
        (keys.SETTING, keys.MODALITY),
        work=light, deep=light, scent=scent, scent_budget=_budget(), phases=_phases(),
    )  # fmt: skip
    either = [{"required": [keys.REFUSED.name]}, {"required": [key.name for key in offered]}]
    return _headed(
        "Profile",
        "A file of spa/ or clinical/: what one modality makes of its setting.",
        record | {"oneOf": either, "$defs": {"phase": _phase()}},
    )


def _menu() -> Schema:
    needed = (keys.ID, keys.NAME, keys.PROFILE, keys.MINUTES)
    item = _record((*needed, keys.LIGHT, keys.WARMER, keys.MUSIC, keys.MENU_SCENT), needed)
    record = _record((keys.MENU,), (keys.MENU,), menu={"type": "array", "items": item})
    return _headed("Menu", "menu.yaml: what the house sells, under its own names.", record)
