"""OpenBeken (OpenBK7231T_App): lamps, plugs and diffusers with Beken and other chips.

openshwprojects/OpenBK7231T_App docs/mqttTopics.md, docs/commands.md, src/cmnds/cmd_repeatingEvents.c. An end is a one-shot
event: a second one would stand beside the first, so a run is not renewed, and the event is lost on a reboot.
"""

import re
from collections.abc import Mapping
from typing import ClassVar

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.dialect import Heard, Liveness, Pair, Report, Traits
from ambiance.device.dialects.family import Family, nothing, said
from ambiance.device.dialects.options import CHANNEL, TOPIC, WHOLE, Options, whole
from ambiance.device.dialects.reading import Nonsense, number_of, one_of, text_of
from ambiance.device.dialects.scale import kelvin_of, mireds, relay_speed, steps
from ambiance.device.message import Message
from ambiance.site import Device, Kind
from ambiance.units import Seconds

LONGEST_RUN: Seconds = 86_400.0
_TOLD = "connected|sockets|rssi|uptime|freeheap|ip|datetime|mac|build|host"
"""What a device says of itself beside its channels."""
EVENT = 7
"""The id of our one-shot event, so that nobody else's is cancelled."""


class OpenBeken(Family):
    """`topic` is the device's client id (obk_room1)."""

    name: ClassVar[str] = "openbeken"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("light", "diffuser", "warmer", "fan"))
    options: ClassVar[Options] = {"channel": CHANNEL, "event": WHOLE, "group": TOPIC}
    example: ClassVar[str] = "obk_lavender"

    def traits(self, device: Device) -> Traits:
        return Traits(ends=LONGEST_RUN, renews=False, quiet=device.kind != "light", kelvin=(2000.0, 6490.0), tolerance={"brightness": 0.6})

    def filters(self, device: Device) -> tuple[str, ...]:
        leaves: tuple[str, ...]
        if device.kind == "light":
            leaves = ("led_dimmer/get", "led_enableAll/get", "led_temperature/get", "led_basecolor_rgb/get")
        else:
            leaves = (f"{device.options.get('channel', '1')}/get", "power/get")
        return (*(f"{device.topic}/{leaf}" for leaf in leaves), f"{device.topic}/connected")

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        if named := re.fullmatch(r"(?:cmnd|stat|tele)/(.+)/[^/]+", topic):
            return named[1], {}
        if named := re.fullmatch(r"(.+)/(?:([0-9]{1,3})|\w+)/[gs]et", topic):
            return named[1], {"channel": named[2]} if named[2] else {}
        named = re.fullmatch(rf"(?:cmnd/)?(.+?)(?:/(?:{_TOLD}))?", topic)
        return (named[1] if named else topic), {}

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        power = f"POWER{device.options.get('channel', '')}"
        if ask.deed == "read":
            return (said(f"{device.topic}/{'led_dimmer' if ask.kind == 'light' else device.options.get('channel', '1')}/get", ""),)
        if ask.deed is not None or ask.scene is not None:
            raise nothing(ask, self.name)
        if ask.kind == "light" and ask.lit is not None:
            return self._say(device, self._light(ask))
        if ask.kind == "fan" and ask.runs is not None:
            return self._say(device, [(power, "ON" if ask.runs else "OFF")])
        if ask.kind in ("diffuser", "warmer") and ask.on is not None:
            event, seconds = whole(device, "event", EVENT), self.bound(device, ask)
            if seconds is None:
                # The event of a run that was cut short would end the next one early.
                return (*self._say(device, [(power, "OFF")]), *self._say(device, [("cancelRepeatingEvent", str(event))]))
            name = power.replace("POWER", "Power")
            return self._say(device, [(name, "ON"), ("addRepeatingEventID", f"{max(1, round(seconds))} 1 {event} {name} OFF")])
        raise nothing(ask, self.name)

    def _light(self, ask: Ask) -> list[tuple[str, str]]:
        if not ask.lit:
            return [("led_enableAll", "0")]
        words = [("led_enableAll", "1")]
        if ask.color is not None:
            words.append(("led_basecolor_rgb", ask.color.as_hex()[1:].upper()))
        elif ask.kelvin is not None:
            words.append(("led_temperature", str(mireds(ask.kelvin, 154, 500))))
        if ask.brightness is not None:
            words.append(("led_dimmer", str(steps(ask.brightness, 100))))
        return words

    def _say(self, device: Device, commands: list[tuple[str, str]]) -> tuple[Message, ...]:
        if len(commands) == 1:
            return (said(f"cmnd/{device.topic}/{commands[0][0]}", commands[0][1]),)
        return (said(f"cmnd/{device.topic}/backlog", "; ".join(f"{name} {value}" for name, value in commands)),)

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        leaf = topic.removeprefix(f"{device.topic}/")
        match leaf:
            case "connected":
                return Liveness(one_of(payload, {"online": True, "offline": False}))
            case "led_dimmer/get":
                return Report({"brightness": number_of(payload, 0, 100)}, partial=True)
            case "led_enableAll/get":
                return Report({"on": number_of(payload, 0, 1) == 1}, partial=True)
            case "led_temperature/get":
                return Report({"kelvin": kelvin_of(number_of(payload, 50, 1000))}, partial=True)
            case "led_basecolor_rgb/get":
                text = text_of(payload).strip().lstrip("#")
                if not re.fullmatch(r"[0-9a-fA-F]{6}", text):
                    raise Nonsense(f"found {text[:20]!a}; wanted RRGGBB")
                return Report({"rgb": f"#{text.lower()}"}, partial=True)
            case "power/get":
                return Report({"watts": number_of(payload, -1e5, 1e5)}, partial=True)
        if leaf == f"{device.options.get('channel', '1')}/get":
            on = number_of(payload, 0, 1e6) > 0
            return Report(relay_speed(on) if device.kind == "fan" else {"on": on}, partial=True)
        return None
