"""How bright and how cool a phase may be at most, and who says so: the room, the guest, the house, the evening."""

from collections.abc import Mapping

from ambiance.care.model import Needs
from ambiance.cuesheet.exposure import AT_EYE, der
from ambiance.cuesheet.model import Clamp
from ambiance.site import Evening, Limits, Room
from ambiance.units import Lux, kelvin, mired
from ambiance.why import Layer, Why

_FULL = frozenset({"exam", "reassess", "analyse", "bright", "exam_light", "paused", "vacant_dirty", "out_of_order", "ready"})
"""Scenes that are for seeing by, or nobody's treatment: no ceiling of the house dims them."""
WAKING = frozenset({"return", "redress"})
"""Phases in which a guest wakes and dresses: no cooler than the evening allows."""


def ceiling(
    room: Room,
    phase: str,
    needs: Needs,
    care_why: Mapping[str, Why],
    limits: Limits,
    evening: Evening | None,
    warmth: float,
    low: Lux,
    occupied: bool,
) -> tuple[Lux, Why]:
    """The most light of a phase, and who says so. An evening never takes a guest's own floor."""
    full = room.full_light_lux
    most, by = full, Why(Layer.ROOM, f"the room's full light is {full:g} lx")
    if needs.light_max is not None and needs.light_max < most:
        most, by = needs.light_max, care_why.get("light_max", Why(Layer.CARE, "keep it dim"))
    if occupied and phase not in _FULL and limits.light_max_lux < most:
        most, by = limits.light_max_lux, limits.why("light_max_lux")
    if evening is not None and phase not in _FULL:
        gentle = max(low, evening.melanopic_max_lux / (AT_EYE * der(kelvin(warmth))))
        if gentle < most:
            most, by = round(gentle, 2), Why(Layer.LIMIT, f"evening: {evening.melanopic_max_lux:g} lx melanopic EDI at the eye")
    return most, by


def warmer(warmth: float, why: Why, most: float, by: Why, phase: str, clamps: list[Clamp]) -> tuple[float, Why]:
    """A warmth in mired no cooler than `most` kelvin, and who says so; where it was cooler the clamp is said."""
    if warmth >= mired(most):
        return warmth, why
    clamps.append(Clamp("", phase, "kelvin", round(kelvin(warmth)), most, by))
    return mired(most), by
