"""Shelly Gen2 and later by RPC over MQTT: dimmers, tunable white, colour, plugs, inputs.

Shelly Gen2+ API docs: ComponentsAndServices Mqtt, Light, CCT, RGB, RGBW, Switch, Input; bieniu/ha-shellies-discovery-gen2
python_scripts/shellies_discovery_gen2.py. Works without `enable_control`; needs `rpc_ntf`.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.color import Color, of_white
from ambiance.device.dialects.dialect import Garbled, Heard, Liveness, Pair, Press, PressKind, Report, Traits
from ambiance.device.dialects.family import Family, nothing, said
from ambiance.device.dialects.frame import frame_id, pair_of
from ambiance.device.dialects.options import CHANNEL, Option, Options
from ambiance.device.dialects.reading import Nonsense, Said, given, json_of, object_of, one_of, short
from ambiance.device.dialects.scale import number, relay_speed, steps, within
from ambiance.device.message import Message
from ambiance.errors import Invalid
from ambiance.site import Device, Kind
from ambiance.units import Seconds

PLANNED: Seconds = 60.0
"""The docs read name no longest transition, so a longer fade is asked for in pieces of this and read back in between."""
LONGEST_RUN: Seconds = 86_400.0
_COMPONENTS = ("light", "cct", "rgb", "rgbw", "switch")
_PRESSES: Mapping[str, PressKind] = {"single_push": "single", "double_push": "double", "long_push": "long"}


class ShellyGen2(Family):
    """`topic` is the device's MQTT prefix (shellyplugsg3-a1b2c3d4e5f6)."""

    name: ClassVar[str] = "shelly-gen2"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("light", "diffuser", "warmer", "fan", "button", "sensor"))
    options: ClassVar[Options] = {
        "channel": CHANNEL,
        "component": Option(" or ".join(_COMPONENTS), "|".join(_COMPONENTS)),
        "src": Option("a name of this controller's own, where answers go: <src>/rpc", r"[^#+/\x00-\x1f]{1,64}"),
        "reads": Option("occupancy or contact: what a sensor's input is; a contact is on while closed", r"occupancy|contact"),
        "device_id": Option("the device's id, where its MQTT prefix is another", r"[A-Za-z0-9._-]{1,64}"),
    }
    example: ClassVar[str] = "shellyplugsg3-a1b2c3d4e5f6"

    def traits(self, device: Device) -> Traits:
        fade = 0.0 if self._component(device) == "switch" else PLANNED
        return Traits(fade, shortest=0.5, ends=LONGEST_RUN, kelvin=(2700.0, 6500.0))

    def made(self, device: Device, ask: Ask) -> Seconds | None:
        if ask.fade is None or self._component(device) == "switch":
            return super().made(device, ask)
        return max(0.5, ask.fade)  # as far as anybody wrote down

    def filters(self, device: Device) -> tuple[str, ...]:
        component = f"{device.topic}/status/{self._component(device)}:{self._channel(device)}"
        return (f"{device.topic}/online", f"{device.topic}/events/rpc", component, f"{self._src(device)}/rpc")

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        if topic.endswith("/events/rpc"):
            return topic.removesuffix("/events/rpc"), self._named(payload)
        if topic.endswith("/rpc") and payload:
            return _answering(payload) or topic.removesuffix("/rpc"), {"src": topic.removesuffix("/rpc")}
        named = re.fullmatch(r"(.+)/(?:status|command|error)/([a-z0-9]+)(?::([0-9]+))?", topic)
        if named:
            return named[1], self._output(f"{named[2]}:{named[3]}")
        return topic.removesuffix("/rpc").removesuffix("/online"), {}

    def _named(self, payload: bytes) -> Mapping[str, str]:
        """The one output that a notification is about; nothing where it is about several."""
        try:
            params = Said(object_of(payload)).inside("params")
        except Nonsense:
            return {}
        outputs = [output for key in (params.body if params is not None else ()) if (output := self._output(key))]
        return outputs[0] if len(outputs) == 1 else {}

    def _output(self, key: str) -> Mapping[str, str]:
        """`switch:1` as options."""
        named = re.fullmatch(rf"({self.options['component'].pattern}):([0-9]{{1,3}})", key)
        return {"component": named[1], "channel": named[2]} if named else {}

    def _src(self, device: Device) -> str:
        return device.options.get("src", self.site)

    def _channel(self, device: Device) -> int:
        return int(device.options.get("channel", "0"))

    def _component(self, device: Device, ask: Ask | None = None) -> str:
        if "component" in device.options:
            return device.options["component"]
        if device.kind != "light":
            return "switch"
        if ask is not None and not ask.whole:
            return "rgb" if ask.color else "cct" if ask.kelvin else "light"
        return "light"

    # -- saying ------------------------------------------------------------------------------------------------------

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        component = self._component(device, ask)
        name, channel = {"light": "Light", "switch": "Switch"}.get(component, component.upper()), {"id": self._channel(device)}
        match ask.deed:
            case "read":
                return (self._call(device, pair, f"{name}.GetStatus", channel),)
            case "stop":
                return (self._call(device, pair, f"{name}.DimStop", channel),)
            case "provision" | "arm":
                return (self._call(device, pair, f"{name}.SetConfig", {**channel, "config": self._config(ask)}),)
        match ask.kind:
            case "light" if ask.lit is not None:
                return (self._call(device, pair, f"{name}.Set", channel | self._light(device, component, ask)),)
            case "fan" if ask.runs is not None:
                if component == "light":
                    level = given(brightness=steps(ask.speed, 100) if ask.speed else None)
                    return (self._call(device, pair, "Light.Set", {**channel, "on": ask.runs, **level}),)
                return (self._call(device, pair, "Switch.Set", {**channel, "on": ask.runs}),)
            case "diffuser" | "warmer" if ask.on is not None:
                # `toggle_after` toggles: beside *off* it would switch on later.
                seconds = self.bound(device, ask)
                end = {"on": False} if seconds is None else {"on": True, "toggle_after": number(seconds, 1)}
                return (self._call(device, pair, f"{name}.Set", channel | end),)
        raise nothing(ask, self.name)

    def _light(self, device: Device, component: str, ask: Ask) -> dict[str, Any]:
        if component == "switch":
            return {"on": bool(ask.lit)}
        fade = given(transition_duration=None if ask.fade is None else number(max(0.5, ask.fade)))
        if not ask.lit:
            return {"on": False, **fade}
        body: dict[str, Any] = {"on": True} | given(brightness=None if ask.brightness is None else steps(ask.brightness, 100))
        if component == "cct" and ask.kelvin is not None:
            body["ct"] = within(ask.kelvin, *_ct_range(device))
        if component in ("rgb", "rgbw") and ask.color is not None:
            body["rgb"] = list(ask.color.as_rgb())
            if component == "rgbw" and ask.whole:
                body["white"] = 0
        elif component == "rgbw" and (ask.whole or ask.kelvin is not None):
            body |= {"rgb": [0, 0, 0], "white": 255}
        elif component == "rgb" and ask.kelvin is not None:
            body["rgb"] = list(of_white(ask.kelvin))
        return body | fade

    def _config(self, ask: Ask) -> dict[str, Any]:
        if not ask.run_for:
            if ask.kind == "light":
                return {"initial_state": "off"}
            raise Invalid(("run_for", ask.run_for, "seconds until it switches itself off"))
        end = {"auto_off": True, "auto_off_delay": number(ask.run_for, 1)}
        return {"initial_state": "off", **end} if ask.deed == "provision" else end

    def _call(self, device: Device, pair: Pair, method: str, params: Mapping[str, Any]) -> Message:
        frame = {"id": frame_id(pair), "src": self._src(device), "method": method, "params": params}
        return said(f"{device.topic}/rpc", frame)

    # -- hearing -----------------------------------------------------------------------------------------------------

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if topic == f"{device.topic}/online":
            return Liveness(one_of(payload, {"true": True, "false": False}))
        if topic == f"{device.topic}/events/rpc":
            return self._notice(device, Said(object_of(payload)))
        if topic == f"{self._src(device)}/rpc":
            return self._answer(device, Said(object_of(payload)))
        if topic.startswith(f"{device.topic}/status/"):
            return self._report(device, Said({topic.rsplit("/", 1)[-1]: json_of(payload)}), partial=False)
        return None

    def _notice(self, device: Device, frame: Said) -> Heard | None:
        params = frame.inside("params")
        if params is None:
            return None
        if frame.word("method") == "NotifyEvent":
            events = params.body.get("events")
            for event in events if isinstance(events, list) else ():
                if isinstance(event, dict) and (press := _press(Said(event))) is not None:
                    return press
            return None
        # A status names only what has changed.
        return self._report(device, params, partial=True)

    def _answer(self, device: Device, frame: Said) -> Heard | None:
        if frame.word("src") != device.options.get("device_id", device.topic):
            return None
        if (error := frame.inside("error")) is not None:
            return Garbled(f"it refuses the command: {short(error.word('message') or error.number('code') or 'no reason')}")
        known = pair_of(frame.body.get("id"))
        result = frame.inside("result")
        values = self._values(device, result) if result is not None else {}
        # Asked how it is, it says so; that is no answer to a command.
        return Report(values, None if known is None or known[0] == (0, 0) else known[0], partial=True)

    def _report(self, device: Device, params: Said, partial: bool) -> Report | None:
        values: dict[str, Any] = {}
        wanted = device.options.get("component")
        for key in params.body:
            name, _, channel = key.partition(":")
            component = params.inside(key) if isinstance(params.body[key], dict) else None
            if component is None:
                continue
            if name == "temperature":
                values |= given(temperature=component.number("tC", -200, 500))
            elif name == "humidity":
                values |= given(humidity=component.number("rh", 0, 100))
            elif name == "illuminance":
                values |= given(illuminance=component.number("lux", 0, 1e6))
            elif name == "devicepower" and (battery := component.inside("battery")) is not None:
                values |= given(battery=battery.number("percent", 0, 100))
            elif name == "input" and device.kind == "sensor" and channel == str(self._channel(device)):
                values |= given(**{device.options.get("reads", "occupancy"): component.flag("state")})
            elif name in _COMPONENTS and channel == str(self._channel(device)) and wanted in (None, name):
                values |= self._values(device, component)
        return Report(values, partial=partial) if values else None

    def _values(self, device: Device, status: Said) -> dict[str, Any]:
        on, level = status.flag("output"), status.number("brightness", 0, 100)
        if device.kind == "fan":
            values: dict[str, Any] = {} if on is None else relay_speed(on) if level is None else {"speed": level if on else 0.0}
        else:
            values = given(on=on, brightness=level)
        rgb = status.body.get("rgb")
        if rgb is not None:
            if not isinstance(rgb, list) or len(rgb) != 3 or not all(type(part) is int and 0 <= part <= 255 for part in rgb):
                raise Nonsense(f"rgb: found {short(rgb)}; wanted three numbers, 0 to 255")
            values["rgb"] = Color(rgb=(rgb[0], rgb[1], rgb[2])).as_hex()
        values |= given(kelvin=status.number("ct", 1000, 20_000), watts=status.number("apower", -1e5, 1e5))
        return values | given(armed=status.number("timer_duration", 0, 1e7))


def _ct_range(device: Device) -> tuple[float, float]:
    """What `ct_range` of the device says, if the installer wrote it as `kelvin`; else 2700-6500."""
    warm, cool = device.kelvin
    return (warm, cool) if warm >= 2000 and cool <= 6500 else (2700.0, 6500.0)


def _press(event: Said) -> Press | None:
    named = re.fullmatch(r"input:([0-9]{1,2})", event.word("component") or "")
    kind = _PRESSES.get(event.word("event") or "")
    return Press(int(named[1]) + 1, kind) if named and kind and int(named[1]) < 16 else None


def _answering(payload: bytes) -> str | None:
    try:
        return Said(object_of(payload)).word("src")
    except Nonsense:
        return None
