"""Shelly Gen1: dimmers, bulbs, RGBW strips and relays.

bieniu/ha-shellies-discovery python_scripts/shellies_discovery.py; home-assistant/core 2026.11.0
homeassistant/components/shelly/const.py (5000 ms). An end cannot be set over MQTT: diffusers need the standing auto-off.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.color import of_white
from ambiance.device.dialects.dialect import Heard, Liveness, Pair, Press, PressKind, Report, Traits
from ambiance.device.dialects.family import Family, nothing, said
from ambiance.device.dialects.options import CHANNEL, UNSAFE, Option, Options
from ambiance.device.dialects.reading import Nonsense, Said, given, number_of, object_of, on_off, one_of, text_of
from ambiance.device.dialects.scale import relay_speed, steps, within
from ambiance.device.dialects.standing import AUTO_OFF, LONGEST_STANDING, standing
from ambiance.device.message import Message
from ambiance.site import Device, Kind
from ambiance.units import Seconds

LONGEST: Seconds = 5.0
_COMPONENTS = ("light", "color", "white", "relay")
_READINGS: Mapping[str, str] = {
    "state": "contact", "temperature": "temperature", "humidity": "humidity", "lux": "illuminance", "battery": "battery",
}  # fmt: skip
"""What a door or climate sensor says on `sensor/<name>`, and our word for it."""
_NO_PROBE = 999.0
_PRESSES: Mapping[str, PressKind] = {"S": "single", "SS": "double", "L": "long"}


class ShellyGen1(Family):
    """`topic` is shellies/<model>-<id>."""

    name: ClassVar[str] = "shelly-gen1"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("light", "diffuser", "warmer", "fan", "button", "sensor"))
    options: ClassVar[Options] = {
        "channel": CHANNEL, "component": Option(" or ".join(_COMPONENTS), "|".join(_COMPONENTS)), "auto_off": AUTO_OFF, **UNSAFE,
    }  # fmt: skip
    example: ClassVar[str] = "shellies/shellydimmer2-AABBCCDDEEFF"

    def traits(self, device: Device) -> Traits:
        fade = 0.0 if self._component(device) == "relay" else LONGEST
        return Traits(fade, tick=0.001, ends=standing(device), kelvin=(2700.0, 6500.0))

    def endless(self, device: Device) -> str:
        return (
            f"found a {device.kind} on {self.name} without auto_off, which cannot be told its end; set auto_off in the device "
            f"(/settings/relay/0?auto_off=120) and write options: {{auto_off: 120}} (at most {LONGEST_STANDING:g})"
        )

    def filters(self, device: Device) -> tuple[str, ...]:
        if device.kind == "sensor":
            told = (*(f"sensor/{name}" for name in _READINGS), "status", "info")
            return (f"{device.topic}/online", *(f"{device.topic}/{leaf}" for leaf in told))
        place = f"{device.topic}/{self._component(device)}/{self._channel(device)}"
        more = (f"{place}/power",) if self._component(device) == "relay" else (f"{place}/status",)
        keys = tuple(f"{device.topic}/input_event/{index}" for index in range(4)) if device.kind == "button" else ()
        return (f"{device.topic}/online", place, *more, *keys)

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        named = re.fullmatch(rf"(.+?)/({'|'.join(_COMPONENTS)})/([0-9]{{1,3}})(?:/[a-z_]+)?", topic)
        if named:
            return named[1], {"component": named[2], "channel": named[3]}
        # What stands before is always shellies/ and one name.
        named = re.fullmatch(r"(shellies/[^/]+)/.+", topic)
        return (named[1] if named else topic.removesuffix("/online")), {}

    def _channel(self, device: Device) -> str:
        return device.options.get("channel", "0")

    def _component(self, device: Device, ask: Ask | None = None) -> str:
        if "component" in device.options:
            return device.options["component"]
        if device.kind != "light":
            return "relay"
        return "color" if ask is not None and not ask.whole and ask.color else "light"

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        component = self._component(device, ask)
        place = f"{device.topic}/{component}/{self._channel(device)}"
        if ask.deed is not None:
            raise nothing(ask, self.name)
        if ask.kind == "light" and ask.lit is not None and component != "relay":
            return (said(f"{place}/set", self._light(component, ask)),)
        on = ask.lit if ask.kind == "light" else ask.runs
        if on is None or ask.kind not in self.kinds:
            raise nothing(ask, self.name)
        if ask.kind in ("diffuser", "warmer"):
            self.bound(device, ask)
        return (said(f"{place}/command", "on" if on else "off"),)

    def _light(self, component: str, ask: Ask) -> dict[str, Any]:
        fade = given(transition=None if ask.fade is None else round(1000 * min(LONGEST, ask.fade)))
        if not ask.lit:
            return {"turn": "off", **fade}
        level = None if ask.brightness is None else steps(ask.brightness, 100)
        if component != "color":
            warmth = None if ask.kelvin is None or component == "white" else within(ask.kelvin, 2700, 6500)
            return {"turn": "on"} | given(brightness=level, temp=warmth) | fade
        rgb = ask.color.as_rgb() if ask.color else of_white(ask.kelvin) if ask.kelvin else None
        color = dict(zip(("red", "green", "blue"), rgb, strict=True)) | {"white": 0} if rgb else {}
        return {"turn": "on", "mode": "color", **color} | given(gain=level) | fade

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        place = f"{device.topic}/{self._component(device)}/{self._channel(device)}"
        if topic == f"{device.topic}/online":
            return Liveness(one_of(payload, {"true": True, "false": False}))
        if topic.startswith(f"{device.topic}/sensor/"):
            return _reading(topic.rsplit("/", 1)[-1], payload)
        if topic in (f"{device.topic}/status", f"{device.topic}/info"):
            return _sensed(Said(object_of(payload)))
        if topic.startswith(f"{device.topic}/input_event/"):
            return _press(topic, Said(object_of(payload)))
        if topic == place:
            text = text_of(payload).strip().lower()
            return Report(self._running(device, False if text == "overpower" else on_off(text)), partial=True)
        if topic == f"{place}/power":
            return Report({"watts": number_of(payload, -1e5, 1e5)}, partial=True)
        if topic == f"{place}/status":
            return self._status(device, Said(object_of(payload)))
        return None

    def _running(self, device: Device, on: bool) -> dict[str, Any]:
        return relay_speed(on) if device.kind == "fan" else {"on": on}

    def _status(self, device: Device, status: Said) -> Report | None:
        on, color = status.flag("ison"), status.word("mode") == "color" or self._component(device) == "color"
        values = {} if on is None else self._running(device, on)
        values |= given(brightness=status.number("gain" if color else "brightness", 0, 100), watts=status.number("power", -1e5, 1e5))
        parts = [status.number(part, 0, 255) for part in ("red", "green", "blue")]
        if color and None not in parts:
            values["rgb"] = "#{:02x}{:02x}{:02x}".format(*(round(part or 0) for part in parts))
        elif not color:
            values |= given(kelvin=status.number("temp", 0, 20_000) or None)
        if status.flag("has_timer"):
            values |= given(armed=status.number("timer_duration", 0, 1e7), left=status.number("timer_remaining", 0, 1e7))
        return Report(values) if values else None


def _press(topic: str, event: Said) -> Press | None:
    key, kind = topic.rsplit("/", 1)[-1], _PRESSES.get(event.word("event") or "")
    if not key.isdecimal() or int(key) > 15:
        raise Nonsense(f"found input {key[:10]!a}; wanted 0 to 15")
    return Press(int(key) + 1, kind) if kind else None


def _reading(name: str, payload: bytes) -> Report | None:
    if name not in _READINGS:
        return None
    if name == "state":
        return Report({"contact": one_of(payload, {"close": True, "closed": True, "open": False})}, partial=True)
    value = number_of(payload, -1e5, 1e6)
    # 999 is what it says of a probe that does not answer.
    return None if value == _NO_PROBE and name in ("temperature", "humidity") else Report({_READINGS[name]: value}, partial=True)


def _sensed(heard: Said) -> Report | None:
    """A motion sensor, as it says it all together: bare on `status`, each in an object of its own on `info`."""
    sensor = heard.inside("sensor") or heard
    values = given(occupancy=sensor.flag("motion"))
    for key, ours in (("lux", "illuminance"), ("bat", "battery"), ("tmp", "temperature")):
        inner = Said(inside).number("value") if isinstance(inside := heard.body.get(key), dict) else heard.number(key)
        values |= given(**{ours: inner})
    return Report(values, partial=True) if "occupancy" in values else None
