"""ESPHome over MQTT: lamps, fans and switches, thermostats, sensors, and diffusers whose YAML ends a run by itself.

esphome 2026.6.5 esphome/components/light/light_json_schema.cpp, components/mqtt/*.cpp; esphome/esphome-docs components/mqtt.rst.
"""

import re
from collections.abc import Mapping
from math import ceil
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.dialect import Heard, Liveness, Pair, Report, Traits
from ambiance.device.dialects.family import BOUNDED, Family, nothing, said
from ambiance.device.dialects.json_light import light_body, light_values, mired_tint
from ambiance.device.dialects.options import Option, Options, whole
from ambiance.device.dialects.reading import Said, given, number_of, object_of, on_off, one_of, text_of
from ambiance.device.dialects.scale import number, percent_of, relay_speed, steps
from ambiance.device.message import Message
from ambiance.errors import Invalid
from ambiance.site import Device, Kind
from ambiance.units import Seconds

LONGEST: Seconds = 65_535.0
LONGEST_RUN: Seconds = 4 * 3600.0
_COMPONENTS = "light|fan|switch|climate|number|sensor|binary_sensor"
_READINGS = ("temperature", "humidity", "voc", "co2", "eco2", "pm25", "illuminance", "pressure", "watts", "dba", "battery")
_STATES = ("occupancy", "contact")
_ENTITY = Option("the object id of an entity of this node", r"[a-z0-9_]{1,80}")


class EspHome(Family):
    """`topic` is <prefix>/<component>/<object id>, such as room1-lamp/light/ceiling or room1-diffuser/fan/mist."""

    name: ClassVar[str] = "esphome"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("light", "fan", "diffuser", "warmer", "climate", "sensor"))
    options: ClassVar[Options] = {
        "number": _ENTITY,
        "unit": Option("min or s: the unit of that number", r"min|s"),
        "speed_count": Option("how many speeds the fan has, 1 to 100", r"[1-9][0-9]?|100"),
        "reads": Option(f"what a sensor measures: {', '.join((*_READINGS, *_STATES))}", "|".join((*_READINGS, *_STATES))),
    }
    example: ClassVar[str] = "lavender-lamp/light/ceiling"

    def traits(self, device: Device) -> Traits:
        shortest = 60.0 if device.options.get("unit", "min") == "min" else 1.0
        runs = LONGEST_RUN if "number" in device.options else 0.0
        return Traits(LONGEST, tick=1.0, curve="smooth", ends=runs, shortest_run=shortest)

    def endless(self, device: Device) -> str:
        return (
            f"found a {device.kind} on {self.name} without the number that ends it; give the node a template number of its run time with a "
            "script that switches off after it, and write options: {number: run_minutes}"
        )

    def faults(self, device: Device) -> tuple[str, ...]:
        _, component, _ = _parts(device.topic)
        if not component:
            return (f"found the topic {device.topic}; <prefix>/<component>/<object id>, such as {self.example}",)
        fitting = {"light": ("light",), "climate": ("climate",), "sensor": ("sensor", "binary_sensor")}.get(device.kind, ("fan", "switch"))
        if component not in fitting:
            return (f"found a {device.kind} that is a {component} of its node; a {' or '.join(fitting)} of it",)
        return ()

    def filters(self, device: Device) -> tuple[str, ...]:
        prefix, component, _ = _parts(device.topic)
        climate = ("mode/state", "target_temperature/state", "current_temperature/state")
        leaves = {"fan": ("state", "speed_level/state"), "climate": climate}.get(component, ("state",))
        return (*(f"{device.topic}/{leaf}" for leaf in leaves), f"{prefix}/status")

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        named = re.fullmatch(rf"(.+?/(?:{_COMPONENTS})/[^/]+)/(?:.+/)?(?:state|command)", topic)
        if named:
            topic = named[1]
        _, component, entity = _parts(topic)
        if component:
            return topic, {"number": entity} if component == "number" else {}
        return (topic.removesuffix("/status") + "/light/it", {}) if topic.endswith("/status") else (topic, {})

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        if ask.deed is not None or ask.scene is not None:
            raise nothing(ask, self.name)
        prefix, component, _ = _parts(device.topic)
        if not component:
            raise Invalid(("topic", device.topic, f"<prefix>/<component>/<object id>, such as {self.example}"))
        if ask.kind == "light" and ask.lit is not None:
            # Whole numbers only: others are ignored without an error. A transition left out is a second long.
            return (said(f"{device.topic}/command", light_body(ask, self._tint(ask), True, LONGEST)),)
        if ask.kind == "climate" and ask.celsius is not None:
            return (said(f"{device.topic}/target_temperature/command", str(number(ask.celsius, 1))),)
        if ask.kind == "fan" and ask.runs is not None:
            level = self._speed(device, steps(ask.speed, whole(device, "speed_count", 100))) if ask.speed and component != "switch" else ()
            return (*level, said(f"{device.topic}/command", "ON" if ask.runs else "OFF"))
        if ask.kind in BOUNDED:
            return self._run(device, prefix, component, ask)
        raise nothing(ask, self.name)

    def _run(self, device: Device, prefix: str, component: str, ask: Ask) -> tuple[Message, ...]:
        """The end first, then how much, then on."""
        messages: list[Message] = []
        ends = self.bound(device, ask) if ask.on else ask.run_for if ask.on is None else None
        if ends:
            # Never an end that has passed before the run begins.
            end = ceil(ends) if device.options.get("unit") == "s" else max(1, ceil(ends / 60))
            messages.append(said(f"{prefix}/number/{device.options.get('number', 'run_minutes')}/command", str(end)))
        if ask.intensity and ask.on is not False and component == "fan":
            messages += self._speed(device, max(1, round(ask.intensity * whole(device, "speed_count", 3) / 3)))
        if ask.on is not None and component != "number":
            messages.append(said(f"{device.topic}/command", "ON" if ask.on else "OFF"))
        if not messages:
            raise nothing(ask, self.name)
        return tuple(messages)

    def _speed(self, device: Device, level: int) -> tuple[Message, ...]:
        return (said(f"{device.topic}/speed_level/command", str(level)),)

    def _tint(self, ask: Ask) -> dict[str, Any]:
        if ask.color is None:
            return mired_tint(ask)
        red, green, blue = ask.color.as_rgb()
        return {"color": {"r": red, "g": green, "b": blue}}

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        prefix, component, entity = _parts(device.topic)
        if topic == f"{prefix}/status":
            return Liveness(one_of(payload, {"online": True, "offline": False}))
        leaf = topic.removeprefix(f"{device.topic}/")
        match component, leaf:
            case "light", "state":
                return _some(light_values(Said(object_of(payload))))
            case (("fan" | "switch"), "state"):
                on = on_off(text_of(payload))
                if device.kind == "fan":
                    one = "speed_count" not in device.options and component == "switch"
                    return Report(relay_speed(on) if one else {"on": True} if on else {"on": False, "speed": 0.0}, partial=True)
                return Report({"on": on}, partial=True)
            case "fan", "speed_level/state":
                level, most = number_of(payload, 0, 100), whole(device, "speed_count", 3 if device.kind in BOUNDED else 100)
                if device.kind in BOUNDED:
                    return Report({"intensity": min(3, round(3 * level / most))}, partial=True)
                return Report({"speed": percent_of(level, most), "speeds": most}, partial=True)
            case "climate", ("target_temperature/state" | "current_temperature/state"):
                key = "celsius" if leaf.startswith("target") else "temperature"
                return Report({key: number_of(payload, -100, 200)}, partial=True)
            case "number", "state":
                return Report({"run_for": number_of(payload, 0, 1e6) * (1 if device.options.get("unit") == "s" else 60)}, partial=True)
            case (("sensor" | "binary_sensor"), "state"):
                return _reading(device.options.get("reads") or entity, payload)
        return None


def _parts(topic: str) -> tuple[str, str, str]:
    """Prefix, component and object id; the last two are empty where there are none."""
    named = re.fullmatch(rf"(.+?)/({_COMPONENTS})/([^/]+)", topic)
    return (named[1], named[2], named[3]) if named else (topic, "", "")


def _reading(entity: str, payload: bytes) -> Report | None:
    name = next((known for known in (*_READINGS, *_STATES) if known in entity), None)
    if name is None:
        return None
    if name in _STATES:
        on = on_off(text_of(payload))
        return Report({name: not on if name == "contact" else on}, partial=True)
    if text_of(payload).strip().lower() == "nan":  # so it says that it has nothing to say yet
        return None
    return Report({name: number_of(payload, -1e9, 1e9)}, partial=True)


def _some(values: dict[str, Any]) -> Report | None:
    return Report(given(**values)) if values else None
