"""A lamp or bridge that speaks Home Assistant's JSON light schema.

home-assistant/core homeassistant/components/mqtt/light/schema_json.py; home-assistant.io source/_integrations/light.mqtt.markdown
(JSON schema). A report holds `state`, `color_mode`, and the value of that mode; what was asked is said at once. A fade is
straight in brightness.
"""

import json
from colorsys import hsv_to_rgb
from typing import Any

from ambiance.device.message import Message
from ambiance.device.twins.family import FamilyTwin, Garble, hex_of, mired_kelvin
from ambiance.units import mired


class HaJsonLightTwin(FamilyTwin):
    def _at(self, leaf: str) -> str:
        return self.device.options.get(leaf, f"{self.device.topic}/{leaf}")

    @property
    def listens(self) -> tuple[str, ...]:
        return (self._at("set"),)

    @property
    def will(self) -> Message:
        return Message(self._at("availability"), b"offline", retain=True)

    @property
    def birth(self) -> Message:
        return Message(self._at("availability"), b"online", retain=True)

    @property
    def scale(self) -> int:
        return int(self.device.options.get("brightness_scale", "255"))

    @property
    def kelvins(self) -> bool:
        return self.device.options.get("color_temp_kelvin") == "true"

    def obey(self, topic: str, payload: bytes) -> None:
        told = json.loads(payload)
        fade = 0.0 if self.device.options.get("fade") == "false" else float(told.get("transition", 0))
        if told["state"] not in ("ON", "OFF"):
            raise Garble(told["state"])
        if "color_temp" in told:
            self.tint(float(told["color_temp"]) if self.kelvins else mired_kelvin(told["color_temp"]), None, fade)
        if "color" in told:
            self.tint(None, _hex(told["color"]), fade)
        level = told.get("brightness")
        self.shine(told["state"] == "ON", None if not level else min(100.0, 100 * float(level) / self.scale), fade)
        self.report()

    def report(self) -> None:
        body: dict[str, Any] = {"state": "ON" if self.on else "OFF", "brightness": max(1, round(self.level * self.scale / 100))}
        if self.color is None:
            body |= {"color_mode": "color_temp", "color_temp": round(self.warmth if self.kelvins else mired(self.warmth))}
        else:
            red, green, blue = (int(self.color[at : at + 2], 16) for at in (1, 3, 5))
            body |= {"color_mode": "rgb", "color": {"r": red, "g": green, "b": blue}}
        self.say(self._at("state"), body, retain=True)


def _hex(color: dict[str, Any]) -> str:
    if "r" in color:
        return hex_of(color["r"], color["g"], color["b"])
    if "h" in color:
        return hex_of(*(255 * part for part in hsv_to_rgb(float(color["h"]) / 360, float(color["s"]) / 100, 1.0)))
    return hex_of(255, 128, 0)
