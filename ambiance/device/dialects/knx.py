"""KNX group addresses behind knx-mqtt-bridge: dimmers, relays, fans and thermostats. Gear fades by its own parameters, so we step.

pakerfeldt/knx-mqtt-bridge README.md. The bridge needs the ETS export, or it passes raw bytes. It says nothing of whether it is there.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.dialect import Heard, Pair, Report, Traits
from ambiance.device.dialects.family import Family, nothing, said
from ambiance.device.dialects.options import UNSAFE, Option, Options
from ambiance.device.dialects.reading import Nonsense, json_of, on_off, short, text_of
from ambiance.device.dialects.scale import number, relay_speed, steps
from ambiance.device.message import Message
from ambiance.errors import Invalid
from ambiance.site import Device, Kind

_ADDRESS = Option("a group address such as 1/2/3", r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{1,3}")
_PATTERN = re.compile(rf"(.+)/({_ADDRESS.pattern})(?:/(?:write|read))?")


class Knx(Family):
    """`topic` is the group address that takes the value, as the bridge has it: knx/1/2/3.

    Values are DPT 5.001 (percent), 1.001 (switch), 7.600 (kelvin) and 9.001 (°C).
    """

    name: ClassVar[str] = "knx-mqtt-bridge"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("light", "fan", "climate", "diffuser", "warmer"))
    options: ClassVar[Options] = {
        "switch": _ADDRESS, "kelvin": _ADDRESS, "status": _ADDRESS,
        "relay": Option("true where the address is a switch (DPT 1.001)", r"true|false"),
        **UNSAFE,
    }  # fmt: skip
    example: ClassVar[str] = "knx/1/2/3"
    silent: ClassVar[str] = "options: {status: the group address that reports it}"

    def traits(self, device: Device) -> Traits:
        # Twisted pair carries about 25 telegrams a second (KNX System Specifications); half of them are for the house.
        return Traits(answers="status" in device.options, quiet=True, pace=0.08, tolerance={"brightness": 0.6})

    def gateway(self, device: Device) -> str | None:
        return self._base(device)

    def faults(self, device: Device) -> tuple[str, ...]:
        return () if _PATTERN.fullmatch(device.topic) else (f"found the topic {device.topic}; a group address such as {self.example}",)

    def filters(self, device: Device) -> tuple[str, ...]:
        return (self._at(device, device.options["status"]),) if "status" in device.options else (device.topic,)

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        named = _PATTERN.fullmatch(topic)
        return (f"{named[1]}/{named[2]}", {}) if named else (topic, {})

    def _base(self, device: Device) -> str:
        named = _PATTERN.fullmatch(device.topic)
        return named[1] if named else "knx"

    def _at(self, device: Device, address: str) -> str:
        return f"{self._base(device)}/{address}"

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        if not _PATTERN.fullmatch(device.topic):
            raise Invalid(("topic", device.topic, f"a group address such as {self.example}"))
        if ask.deed == "read":
            return (said(f"{self._at(device, device.options['status']) if 'status' in device.options else device.topic}/read", ""),)
        if ask.deed is not None or ask.scene is not None:
            raise nothing(ask, self.name)
        match ask.kind:
            case "light" if ask.lit is not None:
                return self._light(device, ask)
            case "climate" if ask.celsius is not None:
                return (self._write(device.topic, number(ask.celsius, 1)),)
            case "fan" if ask.runs is not None:
                relay = device.options.get("relay") == "true"
                return (self._write(device.topic, int(ask.runs) if relay or ask.speed is None else steps(ask.speed, 100)),)
            case "diffuser" | "warmer" if ask.on is not None:
                self.bound(device, ask)
                return (self._write(device.topic, int(ask.on)),)
        raise nothing(ask, self.name)

    def _light(self, device: Device, ask: Ask) -> tuple[Message, ...]:
        switch = device.options.get("switch")
        if not ask.lit:
            return (self._write(self._at(device, switch) if switch else device.topic, 0),)
        warmth = device.options.get("kelvin")
        messages = [self._write(self._at(device, warmth), round(ask.kelvin))] if warmth and ask.kelvin else []
        if ask.brightness is not None and device.options.get("relay") != "true":
            return (*messages, self._write(device.topic, steps(ask.brightness, 100)))
        return (*messages, self._write(self._at(device, switch) if switch else device.topic, 1))

    def _write(self, topic: str, value: float) -> Message:
        return said(f"{topic}/write", str(value))

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if topic not in self.filters(device):
            return None
        value = _value(payload)
        match device.kind:
            case "climate":
                return Report({"celsius": value})
            case "fan":
                if isinstance(value, bool) or device.options.get("relay") == "true":
                    return Report(relay_speed(bool(value)))
                return Report({"speed": min(100.0, max(0.0, value))})
            case "light" if not isinstance(value, bool):
                return Report({"on": value > 0, "brightness": min(100.0, max(0.0, value))})
        return Report({"on": bool(value)})


def _value(payload: bytes) -> float | bool:
    """A number or a switch, bare or as `value` of a JSON object."""
    text = text_of(payload).strip()
    value: Any = None
    if text.startswith(("{", "[")):
        body = json_of(payload)
        value = body.get("value") if isinstance(body, dict) else None
    elif re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?( ?[%°A-Za-z]{1,3})?", text):
        value = float(re.split(r"[ %°A-Za-z]", text)[0])
    elif text.lower() in ("true", "false", "on", "off"):
        value = on_off(text)
    if isinstance(value, bool):
        return value
    if not isinstance(value, int | float) or not -1e9 <= value <= 1e9:
        raise Nonsense(f"found {short(text[:40])}; wanted a value")
    return float(value)
