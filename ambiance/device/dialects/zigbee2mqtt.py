"""Zigbee2MQTT: lamps and groups, plugs, fans, thermostats, buttons and sensors behind a Zigbee coordinator.

Koenkk/zigbee2mqtt lib/extension/publish.ts, availability.ts; Koenkk/zigbee-herdsman-converters src/converters/toZigbee.ts,
src/lib/exposes.ts; Koenkk/zigbee2mqtt.io docs/guide/usage (mqtt_topics_and_messages, scenes, groups).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.dialect import Heard, Liveness, Pair, Press, Report, Traits
from ambiance.device.dialects.family import Family, nothing, said
from ambiance.device.dialects.options import Option, Options
from ambiance.device.dialects.reading import Said, given, object_of, online_of
from ambiance.device.dialects.scale import kelvin_of, mireds, number, percent_of, steps
from ambiance.device.dialects.zigbee_actions import press_of
from ambiance.device.dialects.zigbee_quirks import quirk_of
from ambiance.device.message import Message
from ambiance.errors import Invalid
from ambiance.site import Device, Kind
from ambiance.units import Seconds

LONGEST: Seconds = 6553.0
"""Transitions and `on_time` go out as tenths of a second in 16 bits."""
PACE: Seconds = 0.1
"""A coordinator forwards about ten commands a second; more of them wait in its own queue, where nothing overtakes."""
FULL = 254
_FAN_MODES = ("low", "medium", "high")
_ENDS = ("/set", "/get", "/availability")
_READINGS: Mapping[str, str] = {
    "local_temperature": "temperature", "temperature": "temperature", "humidity": "humidity", "voc": "voc", "co2": "co2", "eco2": "eco2",
    "pm25": "pm25", "pressure": "pressure", "illuminance": "illuminance", "battery": "battery", "noise": "dba",
}  # fmt: skip
"""Measured values by Zigbee2MQTT's names, and ours."""


class Zigbee2Mqtt(Family):
    """`topic` is what Zigbee2MQTT calls the device or group, with its base topic: zigbee2mqtt/lavender/ceiling."""

    name: ClassVar[str] = "zigbee2mqtt"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("light", "diffuser", "warmer", "fan", "climate", "button", "sensor"))
    options: ClassVar[Options] = {
        "base_topic": Option("the base topic of this Zigbee2MQTT", r"[^#+\x00-\x1f]{1,100}"),
        "channel": Option("an endpoint, such as 1, l1 or left", r"[a-z0-9_]{1,20}"),
        "group": Option("the name of a Zigbee2MQTT group this lamp belongs to", r"[^#+\x00-\x1f]{1,100}"),
        "model": Option("the model, as Zigbee2MQTT names it", r"[^\x00-\x1f]{1,100}"),
        "fan": Option("relay, mode or speed: how a fan takes its speed", r"relay|mode|speed"),
        "setpoint": Option("occupied_heating_setpoint or current_heating_setpoint", r"(occupied|current)_heating_setpoint"),
        "mode": Option("the system_mode to ask for with a temperature", r"off|auto|heat"),
        "color": Option("xy, hs or hex: how this lamp is told a colour", r"xy|hs|hex"),
    }
    example: ClassVar[str] = "zigbee2mqtt/lavender/ceiling"

    def traits(self, device: Device) -> Traits:
        longest = 5.0 if quirk_of(device).level_jumps_with_color else LONGEST
        return Traits(longest, tick=0.1, ends=LONGEST, echoes=True, pace=PACE)

    def made(self, device: Device, ask: Ask) -> Seconds | None:
        # A shorter trait only keeps the pieces of a session short, whose colour jumps.
        return None if ask.fade is None else min(LONGEST, ask.fade)

    def filters(self, device: Device) -> tuple[str, ...]:
        return (device.topic, f"{device.topic}/availability", f"{self.base(device)}/bridge/state")

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        if topic.endswith("/bridge/state"):
            base = topic.removesuffix("/bridge/state")
            return f"{base}/device", {"base_topic": base}
        for end in _ENDS:
            topic = topic.removesuffix(end)
        return topic, {}

    def base(self, device: Device) -> str:
        return device.options.get("base_topic", device.topic.split("/")[0])

    def gateway(self, device: Device) -> str | None:
        return self.base(device)

    def group_topic(self, device: Device) -> str:
        return f"{self.base(device)}/{device.options['group']}"

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        match ask.deed:
            case "stop":
                return (self._set(device, {"brightness_move": "stop"}),)
            case "read":
                return (said(f"{device.topic}/get", {"state": "", "brightness": ""} if ask.kind == "light" else {"state": ""}),)
            case "join" | "leave":
                what = {"group": ask.group or device.options.get("group", ""), "device": device.topic.removeprefix(f"{self.base(device)}/")}
                verb = "add" if ask.deed == "join" else "remove"
                return (said(f"{self.base(device)}/bridge/request/group/members/{verb}", what | given(transaction=ask.name)),)
            case "provision":
                return (self._set(device, {"power_on_behavior": "off"}),)
        if ask.scene is not None:
            return (self._set(device, self._scene(ask)),)
        match ask.kind:
            case "light":
                return tuple(self._set(device, body) for body in self._light(device, ask))
            case "climate" if ask.celsius is not None:
                key = device.options.get("setpoint", "occupied_heating_setpoint")
                mode = device.options.get("mode")
                return (self._set(device, given(system_mode=mode) | {key: number(round(ask.celsius * 2) / 2)}),)
            case "fan" if ask.runs is not None:
                return (self._set(device, self._fan(device, ask)),)
            case "diffuser" | "warmer" if ask.on is not None:
                seconds = self.bound(device, ask)
                if seconds is None:
                    return (self._set(device, {"state": "OFF"}),)
                return (self._set(device, self._bounded(device, seconds)), *self._asking(device, pair))
        raise nothing(ask, self.name)

    def _asking(self, device: Device, pair: Pair) -> tuple[Message, ...]:
        # A plug that is on already has nothing to report when its time begins anew, so it is asked.
        return (said(f"{device.topic}/get", {"state": ""}),) if pair[0] else ()

    def _bounded(self, device: Device, seconds: Seconds) -> dict[str, Any]:
        # With brightness or transition beside it `on_time` would be ignored without a word.
        return {"state": "ON", "on_time": max(1, round(seconds)), "off_wait_time": 0}

    def _light(self, device: Device, ask: Ask) -> list[dict[str, Any]]:
        if ask.lit is None:
            raise nothing(ask, self.name)
        fade = None if ask.fade is None else number(min(LONGEST, ask.fade), 1)
        if not ask.lit:
            return [{"state": "OFF"} | given(transition=fade)]
        level = given(brightness=None if ask.brightness is None else steps(ask.brightness, FULL))
        tint = self._tint(device, ask)
        if tint and level and quirk_of(device).level_jumps_with_color:
            # The colour first and at once, so that the lamp is on its way to the level alone; never ON, which would show the old level.
            return [{**tint, "transition": 0}, {"state": "ON", **level} | given(transition=fade)]
        return [{"state": "ON", **level, **tint} | given(transition=fade)]

    def _tint(self, device: Device, ask: Ask) -> dict[str, Any]:
        if ask.color is None:
            return given(color_temp=None if ask.kelvin is None else mireds(ask.kelvin))
        form = device.options.get("color")
        if form is None:
            form = "xy" if ask.color.xy else "hs" if ask.color.hs else "hex"
        if form == "xy" and ask.color.xy:
            return {"color": {"x": ask.color.xy[0], "y": ask.color.xy[1]}}
        if form == "hex":
            return {"color": {"hex": ask.color.as_hex().upper()}}
        if ask.color.hs:
            return {"color": {"hue": number(ask.color.hs[0]), "saturation": number(ask.color.hs[1])}}
        hue, saturation = ask.color.as_hs()
        return {"color": {"hue": hue, "saturation": saturation}}

    def _scene(self, ask: Ask) -> dict[str, Any]:
        if not isinstance(ask.scene, int) or not 0 <= ask.scene <= 255:
            raise Invalid(("scene", ask.scene, "a number, 0 to 255"))
        if ask.deed != "store":
            return {"scene_recall": ask.scene}
        named = given(ID=ask.scene, name=ask.name)
        if ask.lit is None:
            return {"scene_store": named}
        if not ask.lit:
            return {"scene_add": named | given(transition=None if ask.fade is None else number(ask.fade, 1)) | {"state": "OFF"}}
        tint = {"color": {"hex": ask.color.as_hex().upper()}} if ask.color else given(color_temp=mireds(ask.kelvin) if ask.kelvin else None)
        level = given(brightness=None if ask.brightness is None else steps(ask.brightness, FULL))
        fade = given(transition=None if ask.fade is None else number(ask.fade, 1))
        return {"scene_add": {**named, **fade, "state": "ON", **level, **tint}}

    def _fan(self, device: Device, ask: Ask) -> dict[str, Any]:
        state = {"state": "ON" if ask.runs else "OFF"}
        speed = 100.0 if ask.speed is None else ask.speed
        match device.options.get("fan", "relay"):
            case "mode":
                return {"fan_mode": _FAN_MODES[steps(speed, 3) - 1] if ask.runs else "off"}
            case "speed" if ask.runs:
                return {**state, "speed": steps(speed, FULL)}
        return state

    def _set(self, device: Device, body: Mapping[str, Any]) -> Message:
        channel = device.options.get("channel")
        return said(f"{device.topic}{'' if channel is None else '/' + _endpoint(channel)}/set", body)

    # -- hearing -----------------------------------------------------------------------------------------------------

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if topic in (f"{device.topic}/availability", f"{self.base(device)}/bridge/state"):
            return Liveness(online_of(payload))
        if topic != device.topic:
            return None
        heard = Said(object_of(payload))
        action = heard.word("action")
        if action:
            press = press_of(action)
            return replace(press or Press(1, "single"), word=action) if press or action in device.press else None
        values = self._values(device, heard)
        return Report(values) if values else None

    def _values(self, device: Device, heard: Said) -> dict[str, Any]:
        channel = device.options.get("channel")
        suffix = "" if channel is None else f"_{_endpoint(channel)}"
        on = heard.switch(f"state{suffix}") if suffix and f"state{suffix}" in heard else heard.switch("state")
        values: dict[str, Any] = given(on=on)
        if device.kind == "fan":
            values = given(speed=self._speed(heard, on))
            if values and device.options.get("fan") != "speed":
                values["speeds"] = 3 if device.options.get("fan") == "mode" else 1
        if (level := heard.number(f"brightness{suffix}", 0, 255)) is not None and device.kind != "fan":
            values["brightness"] = percent_of(min(level, FULL), FULL)
        mode = heard.word("color_mode")
        if mode in (None, "color_temp") and (warmth := heard.number("color_temp", 0, 10_000)):
            values["kelvin"] = kelvin_of(warmth)
        elif mode in ("xy", "hs") and (color := heard.inside("color")) is not None:
            values |= given(hue=color.number("hue", 0, 360), saturation=color.number("saturation", 0, 100))
            values |= given(x=color.number("x", 0, 1), y=color.number("y", 0, 1))
        values |= given(watts=heard.number("power", -1e5, 1e5), armed=heard.number("countdown", 0, 1e6))
        for key in ("occupied_heating_setpoint", "current_heating_setpoint"):
            values |= given(celsius=heard.number(key, -50, 100))
        for key, ours in _READINGS.items():
            values |= given(**{ours: heard.number(key)})
        occupied = heard.flag("occupancy") if "occupancy" in heard else heard.flag("presence")
        return values | given(contact=heard.flag("contact"), occupancy=occupied)

    def _speed(self, heard: Said, on: bool | None) -> float | None:
        mode, level = heard.word("fan_mode"), heard.number("speed", 0, 255)
        if on is False or mode == "off":
            return 0.0
        if mode in _FAN_MODES:
            return round(100 * (_FAN_MODES.index(mode) + 1) / 3, 1)
        if level is not None:
            return percent_of(level, FULL)
        return None if on is None and mode is None else 100.0


class Zigbee2MqttTuya(Zigbee2Mqtt):
    """Plugs whose `exposes` list `countdown`: it toggles, so it is only ever sent together with *on*.

    Koenkk/zigbee-herdsman-converters src/lib/tuya.ts (on_off_countdown).
    """

    name: ClassVar[str] = "zigbee2mqtt-tuya"

    def traits(self, device: Device) -> Traits:
        return Traits(LONGEST, tick=0.1, ends=43_200.0, echoes=True, pace=PACE)

    def _asking(self, device: Device, pair: Pair) -> tuple[Message, ...]:
        return ()

    def _bounded(self, device: Device, seconds: Seconds) -> dict[str, Any]:
        return {"state": "ON", "countdown": max(1, round(seconds))}


def _endpoint(channel: str) -> str:
    return f"l{channel}" if channel.isdecimal() else channel
