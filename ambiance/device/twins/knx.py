"""KNX gear behind knx-mqtt-bridge: dimmers, switches, fans and thermostats.

pakerfeldt/knx-mqtt-bridge README.md: <prefix>/<a>/<b>/<c>/write takes a value, …/read asks for one, and what is said on the bus
comes out at <prefix>/<a>/<b>/<c>, with the ETS export loaded as a value. Gear tells its own status address after each change.
Nothing says whether the bridge is there, and the gear changes at once.
"""

import json

from ambiance.cuesheet.wanted import ClimateWanted, FanWanted
from ambiance.device.message import Message
from ambiance.device.twins.family import FamilyTwin


class KnxTwin(FamilyTwin):
    @property
    def base(self) -> str:
        return self.device.topic.rsplit("/", 3)[0]

    @property
    def status(self) -> str | None:
        address = self.device.options.get("status")
        return None if address is None else f"{self.base}/{address}"

    @property
    def listens(self) -> tuple[str, ...]:
        named = tuple(f"{self.base}/{self.device.options[key]}" for key in ("switch", "kelvin") if key in self.device.options)
        return (*(f"{place}/write" for place in (self.device.topic, *named)), f"{self.status or self.device.topic}/read")

    @property
    def will(self) -> Message:
        """The bridge has none; this one nobody listens to."""
        return Message(f"{self.base}/simulator", b"offline")

    @property
    def birth(self) -> Message:
        return Message(f"{self.base}/simulator", b"online")

    def go_offline(self) -> None:
        self.online = False

    def obey(self, topic: str, payload: bytes) -> None:
        if topic.endswith("/read"):
            self.report()
            return
        value, address = float(json.loads(payload)), topic.removesuffix("/write").removeprefix(f"{self.base}/")
        options = self.device.options
        if address == options.get("kelvin"):
            self.tint(value)
            return
        match self.device.kind:
            case "light" if address == options.get("switch") or options.get("relay") == "true":
                self.shine(value > 0)
            case "light":
                self.shine(value > 0, min(100.0, value) or None)
            case "fan":
                self.set(FanWanted((100.0 if value else 0.0) if options.get("relay") == "true" else value))
            case "climate":
                self.set(ClimateWanted(value))
            case _:
                self.switch(value > 0)
        self.report()

    def greet(self) -> None:
        """The bus is quiet until something changes."""

    def report(self) -> None:
        if self.status is None:
            return
        values = self.body.at(self.now)
        key = {"light": "brightness", "fan": "speed", "climate": "celsius"}.get(self.device.kind, "on")
        # A percentage goes over the bus in 255 steps (DPT 5.001).
        value = round(round(values[key] * 2.55) / 2.55, 1) if key in ("brightness", "speed") else values[key]
        self.say(self.status, "true" if value is True else "false" if value is False else f"{value:g}")
