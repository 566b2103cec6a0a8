"""Shelly Gen1: dimmers, bulbs, strips and relays.

Shelly Gen1 MQTT reference as read through bieniu/ha-shellies-discovery python_scripts/shellies_discovery.py;
home-assistant/core homeassistant/components/shelly/const.py: no fade is longer than 5 s. What it says follows each change.
An auto-off stands in its settings and cannot be told over MQTT.
"""

import json
from typing import Any

from ambiance.cuesheet.wanted import FanWanted
from ambiance.device.message import Message
from ambiance.device.twins.family import FamilyTwin, Garble, hex_of, whole
from ambiance.units import Seconds

LONGEST: Seconds = 5.0
_EVENTS = {"single": "S", "double": "SS", "long": "L"}


class ShellyGen1Twin(FamilyTwin):
    _events = 0

    @property
    def component(self) -> str:
        return self.device.options.get("component", "light" if self.device.kind == "light" else "relay")

    @property
    def place(self) -> str:
        return f"{self.device.topic}/{self.component}/{self.device.options.get('channel', '0')}"

    @property
    def listens(self) -> tuple[str, ...]:
        return (f"{self.place}/set", f"{self.place}/command", f"{self.device.topic}/command", "shellies/command")

    @property
    def will(self) -> Message:
        return Message(f"{self.device.topic}/online", b"false", retain=True)

    @property
    def birth(self) -> Message:
        return Message(f"{self.device.topic}/online", b"true", retain=True)

    def obey(self, topic: str, payload: bytes) -> None:
        text = payload.decode()
        if topic.endswith("/set"):
            self._set(json.loads(text))
        elif topic.startswith(self.place):
            self._turn(text)
        elif text == "update":
            self.report()
            return
        else:
            return
        self.report()

    def _turn(self, word: str) -> None:
        if word not in ("on", "off", "toggle"):
            raise Garble(word)
        on = word == "on" or (word == "toggle" and not self.running)
        if self.device.kind == "light":
            self.shine(on)
        elif self.device.kind == "fan":
            self.set(FanWanted(100.0 if on else 0.0))
        else:
            standing = float(self.device.options.get("auto_off", 0))
            self.switch(on, standing if on and standing else None)

    def _set(self, told: dict[str, Any]) -> None:
        fade = min(LONGEST, float(told.get("transition", 0)) / 1000)
        if "temp" in told:
            self.tint(float(min(6500, max(2700, told["temp"]))), None, fade)
        if "red" in told:
            self.tint(None, hex_of(told["red"], told["green"], told["blue"]), fade)
        level = told.get("gain" if self.component == "color" else "brightness")
        turn = told.get("turn")
        if turn not in (None, "on", "off", "toggle"):
            raise Garble(turn)
        on = None if turn is None else turn == "on" or (turn == "toggle" and not self.on)
        self.shine(on, None if level is None else float(whole(level, 0, 100)) or None, fade)

    def report(self) -> None:
        if self.device.kind == "button":
            return
        self.say(self.place, "on" if self.running else "off")
        if self.component == "relay":
            self.say(f"{self.place}/power", "12.00" if self.running else "0.00")
            return
        body: dict[str, Any] = {"ison": self.on, "has_timer": False, "timer_remaining": 0}
        if self.component == "color" or self.color is not None:
            red, green, blue = (int((self.color or "#000000")[at : at + 2], 16) for at in (1, 3, 5))
            body |= {"mode": "color", "red": red, "green": green, "blue": blue, "white": 0, "gain": round(self.level)}
        else:
            body |= {"mode": "white", "brightness": round(self.level)}
            body |= {} if self.component == "white" else {"temp": round(self.warmth)}
        self.say(f"{self.place}/status", {**body, "transition": 0, "power": round(0.1 * self.body.at(self.now)["brightness"], 2)})

    def press(self, press: str = "single", button: int = 1) -> None:
        self._events += 1
        self.say(f"{self.device.topic}/input_event/{button - 1}", {"event": _EVENTS[press], "event_cnt": self._events})
