"""A lamp with Home Assistant's JSON light schema: for bridges and firmware that copied it.

home-assistant/core 2026.11.0 homeassistant/components/mqtt/light/schema_json.py.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.dialect import Heard, Liveness, Pair, Report, Traits
from ambiance.device.dialects.family import Family, nothing, said
from ambiance.device.dialects.json_light import FULL, light_body, light_values, mired_tint
from ambiance.device.dialects.options import TOPIC, WHOLE, YES, Option, Options, whole, yes
from ambiance.device.dialects.reading import Said, object_of, online_of
from ambiance.device.dialects.scale import number
from ambiance.device.message import Message
from ambiance.site import Device, Kind
from ambiance.units import Seconds

LONGEST: Seconds = 6553.0
"""The schema names no limit; what is behind it is most often Zigbee."""


class HaJsonLight(Family):
    """`topic` is what stands before /set and /state."""

    name: ClassVar[str] = "ha-json-light"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("light",))
    options: ClassVar[Options] = {
        "color_temp_kelvin": YES,
        "brightness_scale": WHOLE,
        "color": Option("rgb, hs or xy: the lamp's colour mode", r"rgb|hs|xy"),
        "fade": Option("true where the lamp knows transition (the usual), else false", r"true|false"),
        "set": TOPIC,
        "state": TOPIC,
        "availability": TOPIC,
    }
    example: ClassVar[str] = "bridge/lavender/ceiling"

    def traits(self, device: Device) -> Traits:
        return Traits(0.0 if device.options.get("fade") == "false" else LONGEST, echoes=True)

    def filters(self, device: Device) -> tuple[str, ...]:
        return (self._at(device, "state"), self._at(device, "availability"))

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        for leaf in ("/set", "/state", "/availability"):
            if topic.endswith(leaf):
                return topic.removesuffix(leaf), {}
        return topic, {}

    def _at(self, device: Device, leaf: str) -> str:
        return device.options.get(leaf, f"{device.topic}/{leaf}")

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        if ask.kind != "light" or ask.lit is None or ask.deed is not None or ask.scene is not None:
            raise nothing(ask, self.name)
        body = light_body(ask, self._tint(device, ask), False, LONGEST, self._scale(device))
        if device.options.get("fade") == "false":
            body.pop("transition", None)
        return (said(self._at(device, "set"), body),)

    def _scale(self, device: Device) -> int:
        return max(1, whole(device, "brightness_scale", FULL))

    def _tint(self, device: Device, ask: Ask) -> dict[str, Any]:
        if ask.color is None:
            return {"color_temp": round(ask.kelvin)} if ask.kelvin and yes(device, "color_temp_kelvin") else mired_tint(ask)
        mode = device.options.get("color") or ("xy" if ask.color.xy else "hs" if ask.color.hs else "rgb")
        if mode == "xy" and ask.color.xy:
            return {"color": {"x": ask.color.xy[0], "y": ask.color.xy[1]}}
        if mode == "hs":
            hue, saturation = ask.color.hs or ask.color.as_hs()
            return {"color": {"h": number(hue), "s": number(saturation)}}
        red, green, blue = ask.color.as_rgb()
        return {"color": {"r": red, "g": green, "b": blue}}

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if topic == self._at(device, "availability"):
            return Liveness(online_of(payload))
        if topic != self._at(device, "state"):
            return None
        heard = Said(object_of(payload))
        warmth = heard.number("color_temp", 0, 20_000)
        # Warmer than 1000 mired is no lamp, colder than 1000 K no light.
        kelvins = yes(device, "color_temp_kelvin") or (warmth is not None and warmth >= 1000)
        values = light_values(heard, kelvins, self._scale(device))
        if values.get("on") and values.get("brightness") == 0:
            del values["brightness"]  # as Home Assistant: a lamp that is on has no level 0
        return Report(values) if values else None
