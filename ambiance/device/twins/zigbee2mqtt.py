"""Zigbee devices behind Zigbee2MQTT: lamps and their groups, plugs, fans, thermostats and buttons.

Koenkk/zigbee-herdsman-converters src/converters/toZigbee.ts (on_off, light_onoff_brightness, light_colortemp, light_color),
src/lib/utils.ts (getTransition), src/lib/tuya.ts (on_off_countdown), src/converters/fromZigbee.ts (tuya_on_off_action);
Koenkk/zigbee2mqtt lib/extension/publish.ts, groups.ts, availability.ts; Zigbee Cluster Library 3.8 (On with timed off: a
longer time that runs already is kept).

A level fades straight in its 254 steps, which we take for light output. What was asked is published at once; what
became of it follows when the device reports.
"""

import json
import re
from typing import Any

from ambiance.cuesheet.wanted import ClimateWanted, FanWanted
from ambiance.device.message import Message
from ambiance.device.twin import LightTwin, Relay
from ambiance.device.twins.family import FamilyTwin, Garble, hex_of, mired_kelvin
from ambiance.units import Seconds, mired

FULL = 254
TENTHS = 65_535
"""Transitions and timed offs are tenths of a second in 16 bits."""
_ACTIONS = {"single": "single", "double": "double", "long": "hold"}


class Zigbee2MqttTwin(FamilyTwin):
    """`dark_at_one`: a lamp that goes out at brightness 1, as some do."""

    dark_at_one = False

    @property
    def base(self) -> str:
        return self.device.options.get("base_topic", self.device.topic.split("/")[0])

    @property
    def listens(self) -> tuple[str, ...]:
        group = self.device.options.get("group")
        return (f"{self.device.topic}/set", f"{self.device.topic}/get", *((f"{self.base}/{group}/set",) if group else ()))

    @property
    def will(self) -> Message:
        """That of Zigbee2MQTT itself; a lamp without power is missed by its availability check."""
        return Message(f"{self.base}/bridge/state", b'{"state":"offline"}', retain=True)

    @property
    def birth(self) -> Message:
        return Message(f"{self.base}/bridge/state", b'{"state":"online"}', retain=True)

    def go_offline(self) -> None:
        self._available(False)
        self.online = False

    def go_offline_with_its_bridge(self) -> None:
        """Zigbee2MQTT itself is gone."""
        super().go_offline()

    def greet(self) -> None:
        self._available(True)
        self.report()

    def _available(self, online: bool) -> None:
        word = b'{"state":"online"}' if online else b'{"state":"offline"}'
        self._publish(Message(f"{self.device.topic}/availability", word, retain=True))

    def obey(self, topic: str, payload: bytes) -> None:
        if topic.endswith("/get"):
            json.loads(payload)
            self.report()
            return
        text = payload.decode()
        told = json.loads(text) if text.startswith("{") else {"state": text}
        if self.device.kind == "light":
            self._light(told)
        elif self.device.kind == "climate":
            self._climate(told)
        else:
            self._relay(told)

    # -- lamps -------------------------------------------------------------------------------------------------------

    def _light(self, told: dict[str, Any]) -> None:
        fade = self._transition(told)
        colored = "color" in told or "color_temp" in told
        state = told.get("state", "ON" if "brightness" in told else None)
        if "brightness_move" in told:
            self._stop()
        # The level goes first when turning off and last when turning on; the colour is another message to the lamp.
        if colored:
            self._tint(told, fade)
        level = fade if not (colored and self._ikea) else 0.0
        if isinstance(state, str) and state.upper() == "TOGGLE":
            state = "OFF" if self.on else "ON"
        if "brightness" in told and str(state).upper() != "OFF":
            self._level(told["brightness"], level)
        elif isinstance(state, str):
            self._switch(state.upper(), level)
        self.report_as_asked()

    def _transition(self, told: dict[str, Any]) -> Seconds:
        tenths = float(told.get("transition", 0)) * 10
        return min(TENTHS, round(tenths)) / 10

    @property
    def _ikea(self) -> bool:
        return bool(re.search(r"ikea|tr[aå]dfri", self.device.options.get("model", ""), re.IGNORECASE))

    def _level(self, value: Any, fade: Seconds) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 255:
            raise Garble(value)
        steps = round(min(FULL, value))
        if steps == 0:
            self.shine(False, None, fade)
            return
        self.shine(True, 100 * steps / FULL, fade)
        if steps == 1 and self.dark_at_one:
            assert isinstance(self.body, LightTwin)
            self.body.dim(0.0, self.now, fade)

    def _switch(self, state: str, fade: Seconds) -> None:
        if state not in ("ON", "OFF"):
            raise Garble(state)
        # On without a level is back at the level from before.
        self.shine(state == "ON", None, fade)

    def _tint(self, told: dict[str, Any], fade: Seconds) -> None:
        if "color_temp" in told:
            warm, cool = self.device.kelvin
            self.tint(min(cool, max(warm, mired_kelvin(told["color_temp"]))), None, fade)
            return
        color = told["color"]
        if "hex" in color:
            self.tint(None, str(color["hex"]).lower(), fade)
        elif "r" in color:
            self.tint(None, hex_of(color["r"], color["g"], color["b"]), fade)
        else:
            # How a lamp renders xy or hue and saturation is its own; that it is coloured is enough here.
            self.tint(None, hex_of(255, 128, 0), fade)

    def _stop(self) -> None:
        assert isinstance(self.body, LightTwin)
        self.level = float(self.body.at(self.now)["brightness"]) or self.level
        self.body.dim(self.level if self.on else 0.0, self.now)

    # -- relays ------------------------------------------------------------------------------------------------------

    def _relay(self, told: dict[str, Any]) -> None:
        if self.device.kind == "fan" and "fan_mode" in told:
            speeds = {"off": 0.0, "low": 33.3, "medium": 66.7, "high": 100.0}
            self.set(FanWanted(speeds[told["fan_mode"]]))
            self.report()
            return
        state = str(told["state"]).upper()
        if state not in ("ON", "OFF", "TOGGLE"):
            raise Garble(state)
        on = state == "ON" or (state == "TOGGLE" and not self.running)
        if self.device.kind == "fan":
            self.set(FanWanted(100.0 * float(told.get("speed", FULL)) / FULL if on else 0.0))
            self.report()
        elif state == "ON" and "on_time" in told and not {"brightness", "transition"} & set(told):
            self._timed(float(told["on_time"]))
        else:
            self.switch(on)
            self.report()

    def _timed(self, seconds: Seconds) -> None:
        """On with timed off. Nothing is said of it but by the plug itself, and that only if it was off."""
        was, left = self.running, self.relay.left(self.now) or 0.0
        asked = min(TENTHS, round(10 * seconds)) / 10
        self.switch(True, max(asked, left) if was else asked)
        if not was:
            self.report()

    def _climate(self, told: dict[str, Any]) -> None:
        for key in ("occupied_heating_setpoint", "current_heating_setpoint"):
            if key in told:
                self.set(ClimateWanted(float(told[key])))
        self.report()

    # -- speaking ----------------------------------------------------------------------------------------------------

    def report_as_asked(self) -> None:
        """The optimistic state: where it leads, not where it is."""
        body: dict[str, Any] = {"state": "ON" if self.on else "OFF", "brightness": round(self.level * FULL / 100)}
        if self.color is None:
            body |= {"color_mode": "color_temp", "color_temp": round(mired(self.warmth))}
        else:
            body |= {"color_mode": "xy", "color": {"hex": self.color}}
        self.say(self.device.topic, {**body, "linkquality": 120})

    def report(self) -> None:
        match self.device.kind:
            case "light":
                truly = self.body.at(self.now)
                if self.body.ends(self.now) is None:
                    self.on = truly["on"]
                    self.level = truly["brightness"] or self.level
                self.report_as_asked()
            case "fan":
                speed = self.body.at(self.now)["speed"]
                mode = {"fan_mode": "off" if speed <= 0 else "low" if speed < 50 else "medium" if speed < 84 else "high"}
                by = self.device.options.get("fan", "relay")
                more = {"speed": {"speed": round(speed * FULL / 100)}, "mode": mode}.get(by, {})
                self.say(self.device.topic, {"state": "ON" if speed > 0 else "OFF", **more, "linkquality": 120})
            case "climate":
                celsius = self.body.at(self.now)["celsius"]
                key = self.device.options.get("setpoint", "occupied_heating_setpoint")
                self.say(self.device.topic, {key: celsius, "local_temperature": celsius, "system_mode": "heat"})
            case "button":
                return
            case _:
                self.say(self.device.topic, {"state": "ON" if self.running else "OFF", "power": self._power(), "linkquality": 120})

    def _power(self) -> float:
        return 12.0 if self.running else 0.0

    def press(self, press: str = "single", button: int = 1) -> None:
        # Buttons of several keys number them (1_single); a lone one has no number.
        several = button > 1 or any("." in key for key in self.device.press)
        action = f"{button}_{_ACTIONS[press]}" if several else _ACTIONS[press]
        self.say(self.device.topic, {"action": action, "battery": 97, "linkquality": 88})


class TuyaTwin(Zigbee2MqttTwin):
    """A plug with `countdown`: it turns the plug over, whichever way it is; any other word of state ends it."""

    def _relay(self, told: dict[str, Any]) -> None:
        if self.device.kind == "fan":
            super()._relay(told)
            return
        state, seconds = told.get("state"), told.get("countdown")
        if seconds is not None and (type(seconds) is not int or not 0 <= seconds <= 43_200):
            raise Garble(seconds)
        if state is not None and str(state).upper() not in ("ON", "OFF", "TOGGLE"):
            raise Garble(state)
        on = self.running if state is None else str(state).upper() == "ON" or (str(state).upper() == "TOGGLE" and not self.running)
        self.switch(on, float(seconds) if seconds else None)
        self.report()

    def report(self) -> None:
        if not isinstance(self.body, Relay):
            super().report()
            return
        left = self.relay.left(self.now)
        self.say(self.device.topic, {"state": "ON" if self.running else "OFF", "countdown": round(left or 0), "power": self._power()})
