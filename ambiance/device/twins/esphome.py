"""ESPHome over MQTT: lamps, fans, switches and thermostats; diffusers whose YAML ends a run by itself.

esphome/esphome esphome/components/light/light_json_schema.cpp (types are checked, wrong ones ignored without a word),
light_call.cpp, transformers.h (a fade eases in and out: smootherstep), components/mqtt (states retained); esphome/esphome-docs
components/mqtt.rst, components/light/index.rst (default_transition_length 1 s).

The lamp was set up with `gamma_correct: 1`. The diffuser's node has a number of its run time and a script that switches off after
it, as docs/devices.md has it: begun anew by the number and by being turned on, not by *on* where it is on already.
"""

import json
import re
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import ClimateWanted, FanWanted
from ambiance.device.message import Message
from ambiance.device.twins.family import FamilyTwin, Garble, hex_of, mired_kelvin
from ambiance.site import Curve
from ambiance.units import Seconds, mired


class EspHomeTwin(FamilyTwin):
    curve: ClassVar[Curve] = "smooth"
    unasked: ClassVar[Seconds] = 1.0
    """The fade it makes where none was asked."""
    _minutes = 15.0

    @property
    def prefix(self) -> str:
        return self.device.topic.rsplit("/", 2)[0]

    @property
    def component(self) -> str:
        return self.device.topic.split("/")[-2]

    @property
    def listens(self) -> tuple[str, ...]:
        number = self.device.options.get("number")
        leaves = ("command", "speed_level/command", "target_temperature/command")
        return (*(f"{self.device.topic}/{leaf}" for leaf in leaves), *((f"{self.prefix}/number/{number}/command",) if number else ()))

    @property
    def will(self) -> Message:
        return Message(f"{self.prefix}/status", b"offline", retain=True)

    @property
    def birth(self) -> Message:
        return Message(f"{self.prefix}/status", b"online", retain=True)

    def obey(self, topic: str, payload: bytes) -> None:
        text, leaf = payload.decode(), topic.removeprefix(f"{self.device.topic}/")
        if "/number/" in topic:
            self._minutes = float(text)
            if self.running:
                self.switch(True, self._run)
            self.say(topic.removesuffix("command") + "state", f"{self._minutes:g}", retain=True)
        elif leaf == "target_temperature/command":
            self.set(ClimateWanted(float(text)))
            self.report()
        elif leaf == "speed_level/command":
            self._speed(int(text))
        elif self.device.kind == "light":
            self._light(json.loads(text))
            self.report()
        else:
            self._switch(text.upper())

    def _light(self, told: dict[str, Any]) -> None:
        state = told.get("state")
        words = {"ON": True, "OFF": False, "TOGGLE": not self.on}
        on = words.get(state.upper()) if isinstance(state, str) else None
        level, fade = told.get("brightness"), told.get("transition")
        seconds = float(fade) if type(fade) is int and 0 <= fade <= 65_535 else self.unasked
        color, warmth = told.get("color"), told.get("color_temp")
        if isinstance(color, dict) and all(type(color.get(part)) is int for part in "rgb"):
            self.tint(None, hex_of(color["r"], color["g"], color["b"]), seconds)
        elif type(warmth) is int and 0 < warmth <= 65_535:
            warm, cool = self.device.kelvin
            self.tint(min(cool, max(warm, mired_kelvin(warmth))), None, seconds)
        bright = level if type(level) is int and 0 <= level <= 255 else None
        if bright == 0:
            on, bright = False, None
        self.shine(on, None if bright is None else 100 * bright / 255, seconds)

    def _switch(self, word: str) -> None:
        if word not in ("ON", "OFF", "TOGGLE"):
            raise Garble(word)
        on = word == "ON" or (word == "TOGGLE" and not self.running)
        if self.device.kind == "fan":
            self.set(FanWanted((self._fast or 100.0) if on else 0.0))
        else:
            left = self.relay.left(self.now) if on and self.running else self._run
            self.switch(on, left if on else None)
        self.report()

    @property
    def _run(self) -> Seconds:
        return self._minutes * (1 if self.device.options.get("unit") == "s" else 60)

    _fast = 0.0

    def _speed(self, level: int) -> None:
        count = int(self.device.options.get("speed_count", "3" if self.device.kind in ("diffuser", "warmer") else "100"))
        if not 0 <= level <= count:
            raise Garble(level)
        self._fast = 100 * level / count
        if self.device.kind == "fan":
            self.set(FanWanted(self._fast))
            self.report()
        self.say(f"{self.device.topic}/speed_level/state", level, retain=True)

    def report(self) -> None:
        topic = f"{self.device.topic}/state"
        match self.device.kind:
            case "light":
                body: dict[str, Any] = {"state": "ON" if self.on else "OFF", "brightness": round(self.level * 255 / 100)}
                if self.color is None:
                    body |= {"color_mode": "color_temp", "color": {}, "color_temp": round(mired(self.warmth))}
                else:
                    found = re.findall("..", self.color[1:])
                    body |= {"color_mode": "rgb", "color": dict(zip("rgb", (int(part, 16) for part in found), strict=True))}
                self.say(topic, body, retain=True)
            case "climate":
                celsius = self.body.at(self.now)["celsius"]
                for leaf in ("target_temperature", "current_temperature"):
                    self.say(f"{self.device.topic}/{leaf}/state", celsius, retain=True)
            case _:
                self.say(topic, "ON" if self.running else "OFF", retain=True)
                if self.device.kind == "fan" and self.component == "fan" and self.running:
                    count = int(self.device.options.get("speed_count", "100"))
                    self.say(f"{self.device.topic}/speed_level/state", round(self.body.at(self.now)["speed"] * count / 100), retain=True)

    def _arrived(self) -> None:
        if self.device.kind == "light":
            self._arrival = None
        else:
            super()._arrived()
