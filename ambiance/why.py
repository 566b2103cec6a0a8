"""Why is it like this? Every value of a room names the layer and the source that decided it."""

from dataclasses import dataclass
from enum import StrEnum


class Layer(StrEnum):
    """Who may decide a value, from the one most easily overruled to the one that outranks all."""

    SETTING = "setting"
    PROFILE = "profile"
    MENU = "menu"
    STANDING = "standing"  # what a room without a session should be
    WISH = "wish"
    ROOM = "room"  # what this room's devices can do
    HAND = "hand"
    CARE = "care"
    LIMIT = "limit"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Why:
    """The layer that decided a value, and where it did: `profiles/spa/swedish.yaml:14` or `light +5`."""

    layer: Layer
    source: str
