"""What we ask of a device, in the units it understands: percent of output, kelvin, seconds.

The keys are those of the native MQTT payloads; every dialect starts from them.
"""

from dataclasses import dataclass, field
from typing import Any, get_args

from ambiance.units import Celsius, Kelvin, Percent, Seconds


@dataclass(frozen=True, slots=True)
class LightWanted:
    """Go to this output (0-100 %) and colour temperature or colour over `fade` seconds."""

    on: bool
    brightness: Percent
    kelvin: Kelvin
    color: str | None = None
    fade: Seconds = 0.0


@dataclass(frozen=True, slots=True)
class PlayerWanted:
    """Play (or not) this opaque playlist, moving to this volume (0-100 %) over `fade` seconds.

    `style` is what the playlist stands for, for players that call it by names of their own; it is not said on our own topics.
    """

    playing: bool
    volume: Percent
    playlist: str | None = None
    fade: Seconds = 0.0
    style: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class DiffuserWanted:
    """Diffuse at 1-3 for `run_for` seconds, an end the device keeps by itself; or be off."""

    on: bool
    intensity: int = 0
    run_for: Seconds = 0.0


@dataclass(frozen=True, slots=True)
class ClimateWanted:
    """Hold this air temperature."""

    celsius: Celsius


@dataclass(frozen=True, slots=True)
class FanWanted:
    """Run at this speed, 0-100 %."""

    speed: Percent


@dataclass(frozen=True, slots=True)
class WarmerWanted:
    """Warm for `run_for` seconds, an end the device keeps by itself; or be off."""

    on: bool
    run_for: Seconds = 0.0


Wanted = LightWanted | PlayerWanted | DiffuserWanted | ClimateWanted | FanWanted | WarmerWanted
_SAID: dict[type[Wanted], tuple[str, ...]] = {
    kind: tuple(key for key in kind.__dataclass_fields__ if key != "style") for kind in get_args(Wanted)
}


def said_keys(kind: type[Wanted]) -> tuple[str, ...]:
    """What a native payload says of such a state: all but `style`."""
    return _SAID[kind]


def plain(wanted: Wanted) -> dict[str, Any]:
    """The keys and values of a wanted state, as its native payload has them."""
    return {key: getattr(wanted, key) for key in said_keys(type(wanted))}
