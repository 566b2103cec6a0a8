"""What is asked of a device, key by key: all of a wanted state, or only as much of it as somebody names."""

from dataclasses import dataclass, replace
from typing import Literal

from ambiance.cuesheet.wanted import Wanted, plain
from ambiance.device.dialects.color import Color, of_hex
from ambiance.site import Kind
from ambiance.units import Celsius, Kelvin, Percent, Seconds

Deed = Literal["stop", "read", "provision", "arm", "join", "leave", "store"]
"""What is no state: stop a fade, read back, set the device up once, set only its end, enter or leave a group, store a scene."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Native keys, each None where nothing is asked of it.

    `scene` is one the device itself keeps (a number or a name), `start` is the level a lamp is known to have now, `whole` means that
    every key a device of this kind knows is named.
    """

    kind: Kind
    on: bool | None = None
    brightness: Percent | None = None
    kelvin: Kelvin | None = None
    color: Color | None = None
    fade: Seconds | None = None
    playing: bool | None = None
    volume: Percent | None = None
    playlist: str | None = None
    style: str | None = None
    intensity: int | None = None
    run_for: Seconds | None = None
    celsius: Celsius | None = None
    speed: Percent | None = None
    deed: Deed | None = None
    scene: int | str | None = None
    name: str | None = None
    group: str | None = None
    start: Percent | None = None
    whole: bool = False

    @property
    def lit(self) -> bool | None:
        """Whether a lamp should burn; None where nobody says."""
        if self.on is False or self.brightness == 0:
            return False
        return True if self.on or self.brightness or self.kelvin or self.color else None

    @property
    def runs(self) -> bool | None:
        """Whether what is merely on or off should be on."""
        return self.speed > 0 if self.speed is not None else self.on


def asked(kind: Kind, wanted: Wanted) -> Ask:
    """All of a wanted state as an ask. Where there is a colour it outranks the colour temperature."""
    keys = plain(wanted)
    color = keys.pop("color", None)
    ask = replace(Ask(kind, whole=True), **keys, style=getattr(wanted, "style", None))
    return replace(ask, color=of_hex(color)) if color else ask
