"""Tasmota: lamps, plugs, diffusers, fans, thermostats, buttons and sensors on Wi-Fi.

tasmota/docs docs/Commands.md, docs/MQTT.md, docs/Buttons-and-Switches.md. Lamps are set up once with
`SetOption117 1; Fade 1`, so that Speed2 is the duration of each fade and is not written to flash.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import LightWanted, Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.dialect import Heard, Liveness, Pair, Press, PressKind, Report, Traits
from ambiance.device.dialects.family import Family, nothing, said
from ambiance.device.dialects.options import CHANNEL, TOPIC, Option, Options
from ambiance.device.dialects.pulsetime import LONGEST, pulse_time, seconds_of
from ambiance.device.dialects.reading import Nonsense, Said, given, object_of, on_off, one_of, text_of
from ambiance.device.dialects.scale import kelvin_of, mireds, number, percent_of, relay_speed, steps
from ambiance.device.message import Message
from ambiance.errors import Invalid
from ambiance.site import Device, Kind
from ambiance.units import Seconds

SLOWEST: Seconds = 20.0
"""Speed is 1 to 40 half seconds."""
WAKE: Seconds = 3000.0
_PRESSES: Mapping[str, PressKind] = {"SINGLE": "single", "DOUBLE": "double", "HOLD": "long"}
_FULL_TOPIC = "%prefix%/%topic%/"
_SPOKEN = ("stat RESULT", "stat POWER", "tele STATE", "tele SENSOR", "tele LWT")


class Tasmota(Family):
    """`topic` is the device's Topic (room1_strip); `fulltopic` is its FullTopic where it was changed."""

    name: ClassVar[str] = "tasmota"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("light", "diffuser", "warmer", "fan", "climate", "button", "sensor"))
    options: ClassVar[Options] = {
        "channel": CHANNEL,
        "fulltopic": Option("a FullTopic with %prefix% and %topic%", r"(?=.*%prefix%)(?=.*%topic%)[^#+\x00-\x1f]{1,200}"),
        "group": TOPIC,
        "setoption117": Option("1 where Speed is the time of each fade (set up so), 0 where it is that of 0 to 100 %", r"[01]"),
        "fan": Option("relay or fanspeed", r"relay|fanspeed"),
        "reads": Option("occupancy or contact: what a switch of a sensor is; a contact is ON while the door is open", r"occupancy|contact"),
    }
    example: ClassVar[str] = "diffuser-lavender"

    def traits(self, device: Device) -> Traits:
        return Traits(SLOWEST, shortest=0.5, tick=0.5, ends=LONGEST, kelvin=(2000.0, 6500.0), tolerance={"brightness": 0.6})

    def filters(self, device: Device) -> tuple[str, ...]:
        named = (f"stat POWER{device.options['channel']}",) if "channel" in device.options else ("stat POWER1",)
        return tuple(self._topic(device, *spoken.split()) for spoken in (*_SPOKEN, *named))

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        parts = topic.split("/")
        outputs = _outputs(parts[-1], payload)
        told = {"channel": outputs[0]} if len(outputs) == 1 and outputs[0] not in ("", "1") else {}
        if len(parts) >= 2 and parts[0] in ("cmnd", "stat", "tele"):
            return "/".join(parts[1:-1] or parts[1:]), told
        if len(parts) >= 3 and parts[-2] in ("cmnd", "stat", "tele"):
            return "/".join(parts[:-2]), {**told, "fulltopic": "%topic%/%prefix%/"}
        return topic, {}

    def _topic(self, device: Device, prefix: str, leaf: str) -> str:
        full = device.options.get("fulltopic", _FULL_TOPIC).rstrip("/") + "/"
        return full.replace("%prefix%", prefix).replace("%topic%", device.topic) + leaf

    # -- saying ------------------------------------------------------------------------------------------------------

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        match ask.deed:
            case "stop":
                return self._say(device, ("Dimmer", "!"))
            case "read":
                return self._say(device, ("State", ""))
            case "arm":
                return self._say(device, (f"PulseTime{device.options.get('channel', '1')}", str(self._pulse(ask))))
            case "provision":
                return self._provision(device, ask)
        match ask.kind:
            case "light":
                return self._say(device, *self._light(device, ask, since))
            case "diffuser" | "warmer" if ask.on is not None:
                channel = device.options.get("channel", "1")
                if self.bound(device, ask) is None:
                    return self._say(device, (f"Power{channel}", "OFF"))
                return self._say(device, (f"PulseTime{channel}", str(self._pulse(ask))), (f"Power{channel}", "ON"))
            case "fan" if ask.runs is not None:
                if device.options.get("fan") == "fanspeed":
                    return self._say(device, ("FanSpeed", str(steps(100.0 if ask.speed is None else ask.speed, 3) if ask.runs else 0)))
                return self._say(device, (f"Power{device.options.get('channel', '')}", "ON" if ask.runs else "OFF"))
            case "climate" if ask.celsius is not None:
                return self._say(device, (f"TempTargetSet{device.options.get('channel', '1')}", str(number(ask.celsius, 1))))
        raise nothing(ask, self.name)

    def _light(self, device: Device, ask: Ask, since: Wanted | None) -> list[tuple[str, str]]:
        channel = device.options.get("channel", "")
        if ask.lit is None:
            raise nothing(ask, self.name)
        if ask.brightness and ask.fade and self._wakes(device, ask):
            return [("WakeUpDuration", str(round(min(WAKE, ask.fade)))), ("Wakeup", str(steps(ask.brightness, 100)))]
        speed = [] if ask.fade is None else [("Speed2", str(self._speed(device, ask, since)))]
        if not ask.lit:
            return [*speed, (f"Power{channel}", "OFF")]
        level = None if ask.brightness is None else steps(ask.brightness, 100)
        if ask.color is not None:
            if level is None:
                return [*speed, ("Color2", ask.color.as_hex().upper())]
            hue, saturation = ask.color.as_hs()
            return [*speed, ("HSBColor", f"{hue},{saturation},{level}")]
        words = [] if ask.kelvin is None else [("CT", str(mireds(ask.kelvin, 153, 500)))]
        if level is not None:
            if words and ask.whole and not (isinstance(since, LightWanted) and since.on):
                # A dark lamp is switched on by its colour already, and that uses the speed up.
                words += speed
            words.append((f"Channel{channel}" if channel else "Dimmer", str(level)))
        elif ask.on and not words:
            words.append((f"Power{channel}", "ON"))
        return [*speed, *words]

    def made(self, device: Device, ask: Ask) -> Seconds | None:
        return float(round(min(WAKE, ask.fade))) if ask.fade and self._wakes(device, ask) else super().made(device, ask)

    def _wakes(self, device: Device, ask: Ask) -> bool:
        """Whether this is a long rise out of the dark, which the lamp makes as its wake-up: said so, or a level and nothing else."""
        dark = ask.start == 0 or (ask.start is None and not ask.whole and ask.kelvin is None and ask.color is None)
        return bool(ask.lit and dark and "channel" not in device.options and ask.brightness and ask.fade and ask.fade > SLOWEST)

    def _speed(self, device: Device, ask: Ask, since: Wanted | None) -> int:
        """Half seconds. Where Speed is the time from 0 to 100 %, a smaller change needs it longer."""
        seconds = ask.fade or 0.0
        if device.options.get("setoption117") == "0":
            there = ask.brightness or 0.0 if ask.lit else 0.0
            here = since.brightness if isinstance(since, LightWanted) and since.on else 0.0
            here = here if ask.start is None else ask.start
            seconds = seconds / max(0.01, abs(there - here) / 100) if there != here else seconds
        return min(40, max(1, round(2 * seconds)))

    def _pulse(self, ask: Ask) -> int:
        if not ask.run_for:
            raise Invalid(("run_for", ask.run_for, "seconds until it switches itself off"))
        return pulse_time(ask.run_for)

    def _provision(self, device: Device, ask: Ask) -> tuple[Message, ...]:
        """Once: every setting is written to flash."""
        if ask.kind == "light":
            return (self._to(device, "Backlog", "SetOption117 1; Fade 1; PowerOnState 0"),)
        if ask.kind == "climate":
            return (self._to(device, f"ThermostatModeSet{device.options.get('channel', '1')}", "1"),)
        end = f"PulseTime{device.options.get('channel', '1')} {self._pulse(ask)}; " if ask.run_for else ""
        return (self._to(device, "Backlog", f"{end}PowerOnState 0") if end else self._to(device, "PowerOnState", "0"),)

    def _say(self, device: Device, *commands: tuple[str, str]) -> tuple[Message, ...]:
        """One command on its own topic, several as one Backlog0, which runs them without a pause."""
        if len(commands) == 1:
            return (self._to(device, *commands[0]),)
        return (self._to(device, "Backlog0", "; ".join(f"{name} {value}" for name, value in commands)),)

    def _to(self, device: Device, command: str, value: str) -> Message:
        return said(self._topic(device, "cmnd", command), value)

    # -- hearing -----------------------------------------------------------------------------------------------------

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if topic == self._topic(device, "tele", "LWT"):
            return Liveness(one_of(payload, {"online": True, "offline": False}))
        if topic not in self.filters(device):
            return None
        if topic.rsplit("/", 1)[-1].startswith("POWER"):
            return Report(self._power(device, on_off(text_of(payload))), partial=True)
        heard = Said(object_of(payload))
        if (press := _press(heard)) is not None and (device.kind == "button" or not _switch(heard)):
            return press
        if device.kind == "button" and _switch(heard):
            return None  # a key that is let go: nobody's presence
        values = self._state(device, heard) | _readings(heard, device.options.get("channel", "1"))
        if device.options.get("reads") == "contact" and "occupancy" in values:
            values["contact"] = not values.pop("occupancy")
        return Report(values, partial=True) if values else None

    def _power(self, device: Device, on: bool) -> dict[str, Any]:
        return relay_speed(on) if device.kind == "fan" else {"on": on}

    def _state(self, device: Device, heard: Said) -> dict[str, Any]:
        channel = device.options.get("channel", "1")
        names = (f"POWER{channel}", "POWER") if channel == "1" else (f"POWER{channel}",)
        on = next((heard.switch(name) for name in names if name in heard), None)
        values = self._power(device, on) if on is not None else {}
        if (speed := heard.number("FanSpeed", 0, 3)) is not None and device.kind == "fan":
            values |= {"speed": percent_of(speed, 3), "speeds": 3}
        level = heard.number("Dimmer", 0, 100)
        if "channel" in device.options and isinstance(heard.body.get("Channel"), list):
            level = _of(heard.body, "Channel", channel, 100)
        values |= given(brightness=level)
        if warmth := heard.number("CT", 0, 1000):
            values["kelvin"] = kelvin_of(warmth)
        if (color := heard.word("HSBColor")) is not None and (found := re.fullmatch(r"(\d{1,3}),(\d{1,3}),(\d{1,3})", color)):
            values |= {"hue": int(found[1]), "saturation": int(found[2])}
        pulse = heard.body.get(f"PulseTime{channel}", heard.body.get("PulseTime"))
        if isinstance(pulse, dict):
            # Asked for one output it answers for that, asked for all with a list.
            values |= given(armed=_seconds(_of(pulse, "Set", channel, 64_900)), left=_seconds(_of(pulse, "Remaining", channel, 64_900)))
        return values | given(celsius=heard.number(f"TempTargetSet{channel}", -50, 100))


def _outputs(leaf: str, payload: bytes) -> list[str]:
    """The numbers of the outputs that something is about, each once; empty text for the only one."""
    try:
        named = list(object_of(payload)) if leaf in ("RESULT", "STATE") else [leaf]
    except Nonsense:
        named = []
    found = (re.fullmatch(r"POWER([0-9]{0,2})", name) for name in named)
    return [output[1] for output in found if output]


def _of(body: Mapping[str, Any], key: str, channel: str, high: float) -> float | None:
    """A number of one output: of several it is a list."""
    value = body.get(key)
    if isinstance(value, list):
        return Said({str(index): each for index, each in enumerate(value, 1)}, f"{key}.").number(channel, -high, high)
    return Said(body).number(key, -high, high)


def _seconds(value: float | None) -> Seconds | None:
    return None if value is None else seconds_of(value)


def _press(heard: Said) -> Press | None:
    for key in heard.body:
        named = re.fullmatch(r"(Button|Switch)([0-9]{1,2})", key)
        if named and isinstance(inside := heard.body[key], dict) and 1 <= int(named[2]) <= 16:
            action = Said(inside).word("Action") or ""
            if action in _PRESSES:
                return Press(int(named[2]), _PRESSES[action])
            if named[1] == "Switch" and action in ("ON", "TOGGLE"):
                return Press(int(named[2]), "single")
    return None


def _switch(heard: Said) -> bool:
    """Whether it is a contact that speaks: of a door, of a motion sensor, or of a wall switch that serves as a button."""
    return any(re.fullmatch(r"Switch[0-9]{1,2}", key) for key in heard.body)


def _readings(heard: Said, channel: str) -> dict[str, Any]:
    """Measured values, whatever the chip is called; of a meter with several outputs those of `channel`."""
    fahrenheit = heard.word("TempUnit") == "F"
    values: dict[str, Any] = {}
    for chip, inside in heard.body.items():
        if re.fullmatch(r"Switch[0-9]{1,2}", chip):
            word = Said(inside).word("Action") if isinstance(inside, dict) else inside
            values |= {"occupancy": on_off(word)} if isinstance(word, str) and word in ("ON", "OFF") else {}
        if not isinstance(inside, dict):
            continue
        sensor = Said(inside, f"{chip}.")
        warmth = sensor.number("Temperature", -200, 500)
        if warmth is not None and fahrenheit:
            warmth = round((warmth - 32) / 1.8, 2)
        values |= given(
            temperature=warmth, humidity=sensor.number("Humidity", 0, 100), pressure=sensor.number("Pressure"),
            co2=sensor.number("CarbonDioxide", 0, 1e6), eco2=sensor.number("eCO2", 0, 1e6), tvoc_ppb=sensor.number("TVOC", 0, 1e6),
            illuminance=sensor.number("Illuminance", 0, 1e6), watts=_of(inside, "Power", channel, 1e5) if chip == "ENERGY" else None,
        )  # fmt: skip
    return values
