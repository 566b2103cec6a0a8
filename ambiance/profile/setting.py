"""The base of a setting: what each phase wants before any modality says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ambiance.errors import Place
from ambiance.profile.model import PHASES, Atmosphere, ScentBudget, Visit
from ambiance.profile.plan import Row
from ambiance.site import Setting
from ambiance.why import Layer, Why

ROOM_FLOOR: Final = 5.0
"""Least light, in lux, while anybody is in the room; a float tank alone may be dark."""
TRUE_COLOUR: Final = ("exam", "analyse", "reassess")
"""Phases in which skin is judged, and no coloured light is allowed."""
NOBODY: Final = ("turnover_air", "turnover_clean")
_FLOAT: Final = ("float_in", "float_silent", "float_out")


@dataclass(frozen=True)
class Base:
    """A setting as its author wrote it. `prep`, `turnover`, `warm_ahead` and `first_from` are minutes."""

    id: Setting
    atmospheres: Mapping[str, Atmosphere]
    prep: int
    turnover: int
    warm_ahead: int
    budget: ScentBudget
    fold: Mapping[str, str]
    insert: Mapping[Visit, Row]
    first_from: int


def told(layer: Layer, place: Place) -> Why:
    """Who decided a value, and the file and line it is written in."""
    return Why(layer, f"{place.file}:{place.line}")


def revised(atmosphere: Atmosphere, why: Why, **changes: Any) -> Atmosphere:
    """The atmosphere with other values, each decided by `why`."""
    return replace(atmosphere, **changes, why={**atmosphere.why, **dict.fromkeys(changes, why)})


def one_scene(atmospheres: Mapping[str, Atmosphere]) -> dict[str, Atmosphere]:
    """The same with `reassess` made of `exam`, so that before and after are always seen in one light; only its fade is its own."""
    result = dict(atmospheres)
    if "exam" in result and "reassess" in result:
        own = result["reassess"]
        result["reassess"] = replace(result["exam"], fade=own.fade, why={**result["exam"].why, "fade": own.why["fade"]})
    return result


def complaints(atmospheres: Mapping[str, Atmosphere]) -> list[tuple[str, str, str]]:
    """What is unsafe or makes no sense about these phases: path, found and wanted of each."""
    found: list[tuple[str, str, str]] = []
    for phase, wants in atmospheres.items():
        if PHASES[phase].occupied and phase not in _FLOAT and (lowest := _lowest(wants)) < ROOM_FLOOR:
            found.append((f"{phase}.lux", f"{lowest:g} lx", f"at least {ROOM_FLOOR:g} lx while somebody is in the room"))
        if phase in TRUE_COLOUR and wants.accent:
            found.append((f"{phase}.accent", f"the colour {wants.accent.color}", "none: skin is judged here by its true colour"))
        if wants.scent and not wants.on:
            found.append((f"{phase}.on_minutes", f"scent {wants.scent} for 0 minutes", "on_minutes above 0, or scent 0"))
        if wants.scent and 0 < wants.off < wants.on:
            found.append((f"{phase}.off_minutes", f"{wants.on:g} minutes on and {wants.off:g} off", "a pause at least as long as the run"))
    deep = atmospheres.get("deep")
    found += [
        ("deep.lux", f"{deep.lux:g} lx", f"at most {atmospheres[work].lux:g} lx, the light of {work}")
        for work in ("work1", "work2")
        if deep and work in atmospheres and deep.lux > atmospheres[work].lux
    ]
    if deep and "return" in atmospheres and atmospheres["return"].lux < deep.lux:
        found.append(("return.lux", f"{atmospheres['return'].lux:g} lx", f"at least {deep.lux:g} lx, the light of deep"))
    return found


def _lowest(wants: Atmosphere) -> float:
    return min(wants.lux, wants.tail.lux) if wants.tail else wants.lux
