"""Static colours for a corner of the room, and which colours no room is given."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ambiance.yaml import Faults, Node

ACCENTS: Final[Mapping[str, str]] = {
    "amber": "#ffc880",
    "aqua": "#b8f0f0",
    "cool_white": "#e8f0ff",
    "deep_amber": "#ffb380",
    "ember": "#ffa080",
    "indigo": "#8080e0",
    "indigo_violet": "#9080e0",
    "lavender": "#e8d0e8",
    "pale_blue_green": "#d0f0e8",
    "rose_amber": "#ffb8a0",
    "sand": "#f0e0c0",
    "soft_gold": "#ffe0a0",
    "soft_peach": "#ffd8c0",
}
"""Named accents. None is more than half saturated, so that skin keeps its colour in their light."""

_HEX: Final = re.compile(r"#[0-9a-f]{6}")
RED_LIMIT: Final = 0.8
"""R / (R + G + B) from which light counts as saturated red, the worst colour for photosensitive people (WCAG 2.2, 2.3.1)."""


@dataclass(frozen=True, slots=True)
class Color:
    """A named accent or `#rrggbb`, read as `#rrggbb`; saturated red is refused."""

    @property
    def blank(self) -> str:
        return "#ffffff"

    def read(self, node: Node, faults: Faults) -> str | None:
        name = node.value if isinstance(node.value, str) else ""
        color = ACCENTS.get(name, name.lower())
        if not _HEX.fullmatch(color):
            near = difflib.get_close_matches(name, ACCENTS, n=1)
            faults.add(
                node.place, node.shown(), f"{near[0]} (the nearest known), or '#rrggbb'" if near else f"'#rrggbb' or {', '.join(ACCENTS)}"
            )
            return None
        if redness(color) >= RED_LIMIT:
            faults.add(
                node.place, f"{color}, of which {redness(color):.0%} is red", "under 80 %: saturated red endangers photosensitive people"
            )
            return None
        return color

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"enum": sorted(ACCENTS)}, {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}]}


def redness(color: str) -> float:
    """The red part R / (R + G + B) of a `#rrggbb`, 0-1; black has none."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return red / total if (total := red + green + blue) else 0.0
