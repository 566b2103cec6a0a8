"""DMX and Art-Net behind mqtt-dmx-sequencer: channels of 0-255, and scenes with a transition of their own.

hobbyquaker/mqtt-dmx-sequencer README.md, index.js. No level is ever reported; the bridge says whether it is there, not retained.
"""

import re
from collections.abc import Mapping
from typing import ClassVar

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.color import of_white
from ambiance.device.dialects.dialect import Heard, Liveness, Pair, Traits
from ambiance.device.dialects.family import Family, nothing, said
from ambiance.device.dialects.options import Option, Options, whole
from ambiance.device.dialects.reading import one_of
from ambiance.device.dialects.scale import number, steps
from ambiance.device.message import Message
from ambiance.errors import Invalid
from ambiance.site import Device, Kind
from ambiance.units import Percent, mired

FULL = 255
_SLOT = Option("a DMX channel, 1 to 512", r"[1-9]|[1-9][0-9]|[1-4][0-9]{2}|50[0-9]|51[0-2]")
_SCENE = Option("a scene of the bridge", r"[^/#+\x00-\x1f]{1,64}")
_COLORS = ("red", "green", "blue")


class Dmx(Family):
    """`topic` is the bridge's prefix (dmx); a lamp names its `channel`, or `warm` and `cool`, or `red`, `green` and `blue`."""

    name: ClassVar[str] = "mqtt-dmx-sequencer"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("light",))
    options: ClassVar[Options] = {
        "scene": _SCENE,
        "dark": _SCENE,
        "channel": _SLOT,
        "warm": _SLOT,
        "cool": _SLOT,
        "red": _SLOT,
        "green": _SLOT,
        "blue": _SLOT,
    }
    example: ClassVar[str] = "dmx"

    def traits(self, device: Device) -> Traits:
        return Traits(86_400.0 if "scene" in device.options else 0.0, answers=False)

    def warnings(self, device: Device) -> tuple[str, ...]:
        if "scene" in device.options:
            return (f"{device.id} is a scene: it is on or off as the bridge has it, and follows no level",)
        return ()

    def gateway(self, device: Device) -> str | None:
        return device.topic

    def faults(self, device: Device) -> tuple[str, ...]:
        if "scene" in device.options:
            return () if "dark" in device.options else ("found a scene and none to go dark with; options: {scene: calm, dark: off}",)
        if self._slots(device):
            return ()
        return ("found no channel; options: {channel: 5}, or warm and cool, or red, green and blue",)

    def filters(self, device: Device) -> tuple[str, ...]:
        return (f"{device.topic}/connected",)

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        named = re.fullmatch(r"(.+?)/set(?:/(channel|scene)/([^/]+))?", topic)
        return (named[1], {named[2]: named[3]} if named[2] else {}) if named else (topic.removesuffix("/connected"), {})

    def _slots(self, device: Device) -> tuple[str, ...]:
        kinds: tuple[tuple[str, ...], ...] = (_COLORS, ("warm", "cool"), ("channel",))
        return next((names for names in kinds if all(name in device.options for name in names)), ())

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        named = device.options.get("scene" if ask.lit is not False else "dark") if "scene" in device.options else None
        scene = ask.scene if ask.scene is not None else named
        if scene is not None and ask.deed is None:
            if not re.fullmatch(_SCENE.pattern, str(scene)):
                raise Invalid(("scene", scene, "a name without / # and +"))
            return (said(f"{device.topic}/set/scene/{scene}", "" if ask.fade is None else str(number(ask.fade))),)
        if ask.kind != "light" or ask.lit is None or ask.deed is not None:
            raise nothing(ask, self.name)
        level = 0.0 if not ask.lit else 100.0 if ask.brightness is None else ask.brightness
        slots = self._slots(device)
        if not slots:
            raise Invalid(("channel", None, "--option channel=1, or warm and cool, or red, green and blue"))
        shares = self._shares(device, ask, slots)
        return tuple(
            said(f"{device.topic}/set/channel/{whole(device, name, 1)}", str(steps(level * share, FULL)))
            for name, share in zip(slots, shares, strict=True)
        )

    def _shares(self, device: Device, ask: Ask, slots: tuple[str, ...]) -> tuple[Percent, ...]:
        """How much of the level each channel has, 0-1."""
        if slots == _COLORS:
            rgb = ask.color.as_rgb() if ask.color else of_white(ask.kelvin) if ask.kelvin else (255, 255, 255)
            return tuple(part / 255 for part in rgb)
        if slots == ("warm", "cool"):
            warm, cool = (mired(edge) for edge in device.kelvin)
            part = 0.5 if ask.kelvin is None else min(1.0, max(0.0, (mired(ask.kelvin) - cool) / (warm - cool))) if warm > cool else 1.0
            return (part, 1 - part)
        return (1.0,)

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if topic != f"{device.topic}/connected":
            return None
        return Liveness(one_of(payload, {"2": True, "1": False, "0": False}))
