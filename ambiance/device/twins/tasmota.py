"""Tasmota: lamps, plugs, fans, thermostats and buttons on Wi-Fi.

tasmota/docs docs/Commands.md (Dimmer, CT, Color, HSBColor, Fade, Speed, Wakeup, PulseTime, Backlog), docs/MQTT.md,
docs/Buttons-and-Switches.md; arendst/Tasmota tasmota/tasmota_xdrv_driver/xdrv_04_light.ino (LightAnimate, LightApplyFade).

The lamp was set up with `SetOption117 1; Fade 1; LedTable 0`: a fade lasts its speed in half seconds and is straight in
output. Speed stands at 1; a Speed2 counts for the next change alone. A dark lamp that is told a colour switches on at once,
at the level it had, and that is the change.
"""

import json
from typing import Any

from ambiance.cuesheet.wanted import ClimateWanted, FanWanted
from ambiance.device.message import Message
from ambiance.device.twin import LightTwin
from ambiance.device.twins.family import FamilyTwin, Garble, hex_of, mired_kelvin
from ambiance.units import Seconds, mired

_ACTIONS = {"single": "SINGLE", "double": "DOUBLE", "long": "HOLD"}


class TasmotaTwin(FamilyTwin):
    _speed = 1
    _once: int | None = None
    _pulse = 0
    _wakes: Seconds = 60.0
    _moment = 0.0
    """When it heard what it does now: all of a Backlog0 is one moment."""
    _changed = -1.0
    """The moment of the last change, and the fade it took."""
    _last: Seconds = 0.0

    @property
    def listens(self) -> tuple[str, ...]:
        group = self.device.options.get("group")
        return (self._topic("cmnd", "+"), *((self._topic("cmnd", "+", group),) if group else ()))

    @property
    def will(self) -> Message:
        return Message(self._topic("tele", "LWT"), b"Offline", retain=True)

    @property
    def birth(self) -> Message:
        return Message(self._topic("tele", "LWT"), b"Online", retain=True)

    @property
    def channel(self) -> str:
        return self.device.options.get("channel", "")

    def _topic(self, prefix: str, leaf: str, topic: str | None = None) -> str:
        full = self.device.options.get("fulltopic", "%prefix%/%topic%/").rstrip("/") + "/"
        return full.replace("%prefix%", prefix).replace("%topic%", topic or self.device.topic) + leaf

    def greet(self) -> None:
        self._say("tele", "STATE", self._state())

    def obey(self, topic: str, payload: bytes) -> None:
        self._moment = self.now
        # FullTopic may put the prefix last; the command is the last level either way.
        self._command(topic.rsplit("/", 1)[-1], payload.decode().strip())

    def _command(self, name: str, value: str) -> None:
        word = name.lower()
        bare = word.rstrip("0123456789")
        index = word[len(bare) :] or "1"
        if bare == "backlog":
            for each in value.split(";"):
                command, _, argument = each.strip().partition(" ")
                if command:
                    self._command(command, argument.strip())
            return
        if bare == "pulsetime" and index == (self.channel or "1"):
            if value:
                self._pulse = int(value)
            self._answer({f"PulseTime{index}": {"Set": self._pulse, "Remaining": self._remaining()}})
        elif bare == "power" and (index in (self.channel or "1", "0")):
            self._power(value)
        elif bare == "state":
            self._answer(self._state())
        elif self.device.kind == "light":
            self._light(word, value)
        elif word == "fanspeed" and self.device.kind == "fan":
            self.set(FanWanted(100 * int(value) / 3))
            self._answer({"FanSpeed": int(value)})
        elif bare == "temptargetset" and self.device.kind == "climate":
            self.set(ClimateWanted(float(value)))
            self._answer({f"TempTargetSet{index}": float(value)})
        elif not value or word in ("poweronstate", "setoption117", "fade", "ledtable"):
            self._answer({name: value})
        else:
            self._answer({"Command": "Unknown"})
            raise Garble(name)

    # -- power -------------------------------------------------------------------------------------------------------

    def _power(self, value: str) -> None:
        words = {"on": True, "1": True, "off": False, "0": False, "toggle": not self.running, "2": not self.running}
        if value:
            on = words[value.lower()]
            if self.device.kind == "light":
                self.shine(on, None, self._fade())
            elif self.device.kind == "fan":
                self.set(FanWanted(100.0 if on else 0.0))
            else:
                # Each Power ON begins its PulseTime anew.
                self.switch(on, self._seconds() if on and self._pulse else None)
        self.report()

    def _seconds(self) -> Seconds:
        return self._pulse / 10 if self._pulse <= 111 else self._pulse - 100.0

    def _remaining(self) -> int:
        left = 0.0 if self.device.kind not in ("diffuser", "warmer") else self.relay.left(self.now) or 0.0
        return round(left * 10) if left <= 11.1 else round(left) + 100

    # -- light -------------------------------------------------------------------------------------------------------

    def _fade(self) -> Seconds:
        """The fade of the change that is being made; a Speed2 is used up by it."""
        speed, self._once = self._speed if self._once is None else self._once, None
        return speed / 2

    def _light(self, word: str, value: str) -> None:
        match word:
            case "speed":
                self._speed = min(40, max(1, int(value)))
                self._answer({"Speed": self._speed})
            case "speed2":
                self._once = None if value == "!" else min(40, max(1, int(value)))
                self._answer({"Speed2": self._once or 0})
            case "wakeupduration":
                self._wakes = min(3000, max(1, int(value)))
                self._answer({"WakeupDuration": self._wakes})
            case "wakeup":
                self.shine(False)
                self.shine(True, float(value), self._wakes)
                self._answer({"Wakeup": "Started"})
            case "dimmer" if value == "!":
                assert isinstance(self.body, LightTwin)
                self.shine(None, float(self.body.at(self.now)["brightness"]) or None)
                self._answer(self._state())
            case "dimmer" | "channel1" | "white":
                self._dim(int(value))
            case "ct":
                self._tint(mired_kelvin(min(500, max(153, int(value)))), None)
            case "color" | "color1" | "color2":
                red, green, blue = (int(value[at : at + 2], 16) for at in (1, 3, 5))
                most = max(red, green, blue, 1)
                self._tint(None, hex_of(red, green, blue))
                if word != "color2":
                    self._dim(round(100 * most / 255))
            case "hsbcolor":
                hue, saturation, level = (int(part) for part in value.split(","))
                self._tint(None, _rgb(hue, saturation))
                self._dim(level)
            case _:
                self._answer({"Command": "Unknown"})
                raise Garble(word)

    def _dim(self, percent: int) -> None:
        if not 0 <= percent <= 100:
            raise Garble(percent)
        self._change(percent > 0, float(percent) or None)
        self._answer(self._state())

    def _tint(self, warmth: float | None, color: str | None) -> None:
        self._change(True, None, warmth, color)
        self._answer(self._state())

    def _change(self, on: bool, level: float | None, warmth: float | None = None, color: str | None = None) -> None:
        """The lamp goes over to what it now is told; what follows before it has begun is part of the same change."""
        fade = self._last if self._changed == self._moment else self._fade()
        # Switching the power shows at once; a mere change waits for the next twentieth of a second, and others with it.
        self._changed, self._last = (-1.0 if on != self.on else self._moment), fade
        if on or level is None:
            self.shine(on, level, fade)
        else:
            self.shine(False, None, fade)
        if warmth is not None or color is not None:
            self.tint(warmth, color, fade)

    # -- speaking ----------------------------------------------------------------------------------------------------

    def _state(self) -> dict[str, Any]:
        body: dict[str, Any] = {"Time": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S"), f"POWER{self.channel}": self._word()}
        if self.device.kind == "light":
            body |= {"Dimmer": round(self.level), "CT": round(mired(self.warmth)), "Fade": "ON", "Speed": self._speed}
        if self.device.kind == "fan" and self.device.options.get("fan") == "fanspeed":
            body["FanSpeed"] = round(self.body.at(self.now)["speed"] * 3 / 100)
        return {**body, "Wifi": {"RSSI": 78}}

    def _word(self) -> str:
        return "ON" if self.running else "OFF"

    def report(self) -> None:
        if self.device.kind == "button":
            return
        if self.device.kind == "climate":
            self._answer({"TempTargetSet1": self.body.at(self.now)["celsius"]})
            return
        if self.device.kind == "light":
            self._answer(self._state())
        else:
            self._answer({f"POWER{self.channel}": self._word()})
        self._say("stat", f"POWER{self.channel}", self._word())

    def _answer(self, body: dict[str, Any]) -> None:
        self._say("stat", "RESULT", body)

    def _say(self, prefix: str, leaf: str, body: dict[str, Any] | str) -> None:
        self.say(self._topic(prefix, leaf), json.dumps(body) if isinstance(body, dict) else body)

    def press(self, press: str = "single", button: int = 1) -> None:
        self._answer({f"Button{button}": {"Action": _ACTIONS[press]}})


def _rgb(hue: int, saturation: int) -> str:
    """The full colour of a hue (0-360) and a saturation (0-100)."""

    def part(offset: int) -> float:
        k = (offset + hue / 60) % 6
        return 255 * (1 - saturation / 100 * max(0.0, min(k, 4 - k, 1)))

    return hex_of(part(5), part(3), part(1))
