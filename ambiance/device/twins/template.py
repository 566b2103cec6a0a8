"""Whatever an installer described with a template: the device that the description is of.

There is no document but the one in config.yaml: the payloads there are read with their $values as blanks, and the report is
written as its `read_…` paths say.
"""

import re
from string import Template
from typing import Any

from ambiance.cuesheet.wanted import ClimateWanted, FanWanted
from ambiance.device.message import Message
from ambiance.device.twins.family import FamilyTwin, Garble, mired_kelvin

_FULL = {"brightness254": 2.54, "brightness255": 2.55, "speed255": 2.55, "fade_ms": 1000.0, "fade_tenths": 10.0, "run_ms": 1000.0}


class TemplateTwin(FamilyTwin):
    @property
    def _options(self) -> dict[str, str]:
        return dict(self.device.options)

    def _topic(self, key: str, usual: str = "") -> str:
        return Template(self._options.get(key, usual)).safe_substitute(topic=self.device.topic)

    @property
    def listens(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self._topic("to", "$topic/set"), *((self._topic("off_to"),) if "off_to" in self._options else ()))))

    @property
    def will(self) -> Message:
        return self._liveness(self._options.get("offline_word", "offline"))

    @property
    def birth(self) -> Message:
        return self._liveness(self._options.get("online_word", "online"))

    def _liveness(self, word: str) -> Message:
        return Message(self._topic("online") or f"{self.device.topic}/simulator", word.encode(), retain="online" in self._options)

    def go_offline(self) -> None:
        if "online" in self._options:
            super().go_offline()
        self.online = False

    def obey(self, topic: str, payload: bytes) -> None:
        text = payload.decode()
        for key in ("off", "on", "set"):
            found = None if key not in self._options else _blanks(self._options[key]).fullmatch(text)
            if found is not None:
                self._become(found.groupdict(), {"off": False, "on": True}.get(key))
                self.report()
                return
        raise Garble(text)

    def _become(self, said: dict[str, str], on: bool | None) -> None:
        values = {name: float(text) / _FULL.get(name, 1.0) for name, text in said.items() if re.fullmatch(r"-?[0-9.]+", text)}
        for name in ("on", "onoff", "switch", "playing", "playpause"):
            if name in said:
                on = said[name] in ("true", "1", "ON", "play")
        level = next((values[name] for name in ("brightness", "brightness254", "brightness255") if name in values), None)
        fade = next((values[name] for name in ("fade", "fade_ms", "fade_tenths") if name in values), 0.0)
        match self.device.kind:
            case "light":
                self.shine((level or 0) > 0 if on is None else on, level or None, fade)
                if "kelvin" in values or "mired" in values:
                    self.tint(values["kelvin"] if "kelvin" in values else mired_kelvin(values["mired"]), None, fade)
            case "player":
                self.play(bool(on), values.get("volume"), said.get("playlist") or None)
            case "fan":
                speed = values.get("speed", values.get("speed255", 100.0))
                self.set(FanWanted(speed if on is None or on else 0.0))
            case "climate":
                self.set(ClimateWanted(values["celsius"]))
            case _:
                minutes = values.get("run_minutes")
                seconds = values.get("run_for", values.get("run_ms", None if minutes is None else 60 * minutes))
                self.switch(bool(on), seconds if on else None)

    def report(self) -> None:
        topic = self._topic("report")
        paths = {key.removeprefix("read_"): path for key, path in self._options.items() if key.startswith("read_")}
        if not topic or not paths:
            return
        values: dict[str, Any] = {**self.body.at(self.now)}
        if self.device.kind == "light":
            values |= {"on": self.on, "brightness": self.level, "kelvin": self.warmth, "mired": round(1e6 / self.warmth)}
        body: dict[str, Any] = {}
        for name, path in paths.items():
            keys, _, full = path.partition("/")
            value = values.get(name)
            if isinstance(value, bool):
                value = self._options.get("on_word", "ON") if value else self._options.get("off_word", "OFF")
            elif full and isinstance(value, int | float):
                value = round(value * float(full) / 100)
            if keys == ".":
                self.say(topic, value if isinstance(value, str | float | int) else "")
                return
            inside = body
            *outer, last = keys.split(".")
            for key in outer:
                inside = inside.setdefault(key, {})
            inside[last] = value
        self.say(topic, body)


def _blanks(written: str) -> re.Pattern[str]:
    """A template as a pattern that finds its values."""
    parts, seen = re.split(r"\$(?:\{(\w+)\}|(\w+))", written.replace("$$", "\0")), set[str]()
    pattern = ""
    for index in range(0, len(parts), 3):
        pattern += re.escape(parts[index].replace("\0", "$"))
        name = next((part for part in parts[index + 1 : index + 3] if part), None)
        if name is not None:
            pattern += rf"(?P={name})" if name in seen else rf"(?P<{name}>[^\"]*?)"
            seen.add(name)
    return re.compile(pattern)
