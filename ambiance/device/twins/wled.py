"""WLED: LED strips.

wled/WLED-Docs docs/interfaces/json-api.md, docs/interfaces/mqtt.md; wled/WLED wled00/mqtt.cpp (publishMqtt, parseMQTTBriPayload),
wled00/json.cpp (deserializeState), wled00/led.cpp (stateUpdated: what changes nothing is not told either).

/g shows the target at once, and not the segments. A transition kept as 0.7 s is what a call without one takes; `tt` counts for
one call. With gamma correction of brightness off (the default), brightness is light output.
"""

import json
from typing import Any

from ambiance.device.message import Message
from ambiance.device.twins.family import FamilyTwin, hex_of
from ambiance.units import Seconds

LONGEST: Seconds = 65.5
_KELVIN = (1900, 10_091)


class WledTwin(FamilyTwin):
    _transition: Seconds = 0.7
    _nightly: Seconds = 60 * 60.0

    @property
    def listens(self) -> tuple[str, ...]:
        places = (self.device.topic, self.device.options.get("group", "wled/all"))
        return tuple(f"{place}{leaf}" for place in places for leaf in ("", "/col", "/api"))

    @property
    def will(self) -> Message:
        return Message(f"{self.device.topic}/status", b"offline", qos=0, retain=True)

    @property
    def birth(self) -> Message:
        return Message(f"{self.device.topic}/status", b"online", qos=0, retain=True)

    def obey(self, topic: str, payload: bytes) -> None:
        before, text = self._shown(), payload.decode()
        if topic.endswith("/api"):
            # What is no JSON is a call of the older HTTP API; nobody here makes one, and an empty one changes nothing.
            changed = text.startswith("{") and self._state(json.loads(text))
        elif topic.endswith("/col"):
            changed = self._paint(hex_of(*(int(text.lstrip("#")[-6:][at : at + 2], 16) for at in (0, 2, 4))), self._transition)
        else:
            changed = self._word(text)
        if changed or before != self._shown():
            self.report()

    def _word(self, text: str) -> bool:
        if "ON" in text.upper() or "true" in text:
            self.shine(True, None, self._transition)
        elif "T" in text.upper():
            self.shine(not self.on, None, self._transition)
        else:
            level = int(text) if text.isdecimal() else 0
            self.shine(level > 0, 100 * min(255, level) / 255 or None, self._transition)
        return False

    def _state(self, told: dict[str, Any]) -> bool:
        if "transition" in told:
            self._transition = min(LONGEST, float(told["transition"]) / 10)
        fade = min(LONGEST, float(told["tt"]) / 10) if "tt" in told else self._transition
        on, level = told.get("on"), told.get("bri")
        on = not self.on if on == "t" else on if isinstance(on, bool) else None
        if level == 0:
            on, level = False, None
        elif level is not None and on is None:
            on = True
        if on is not None or level is not None:
            self.shine(on, None if level is None else 100 * min(255, int(level)) / 255, fade)
        changed = False
        segments = told.get("seg", [])
        for segment in segments if isinstance(segments, list) else [segments]:
            if "col" in segment:
                red, green, blue = segment["col"][0][:3]
                changed |= self._paint(hex_of(red, green, blue), fade)
            if "cct" in segment:
                changed |= self._warm(int(segment["cct"]), fade)
        self._night(told.get("nl"))
        return changed

    def _paint(self, color: str, fade: Seconds) -> bool:
        before = self.color
        self.tint(None, color, fade)
        return before != color

    def _warm(self, value: int, fade: Seconds) -> bool:
        """0 (warm) to 255 (cold), or kelvin."""
        before = self.warmth
        low, high = _KELVIN
        warmth = low + (high - low) * value / 255 if value <= 255 else float(min(high, max(low, value)))
        self.tint(warmth, None, fade)
        return before != warmth

    def _night(self, told: Any) -> None:
        if isinstance(told, dict) and told.get("on"):
            self._nightly = 60.0 * min(255, max(1, int(told.get("dur", self._nightly / 60))))
            target = 100 * int(told.get("tbri", 0)) / 255
            self.shine(target > 0, target or None, self._nightly)

    def _shown(self) -> int:
        return round(self.level * 255 / 100) if self.on else 0

    def report(self) -> None:
        self.say(f"{self.device.topic}/g", self._shown())
        self.say(f"{self.device.topic}/c", (self.color or "#FFA000").upper())

    def _arrived(self) -> None:
        """A transition ends without a word."""
        self._arrival = None
