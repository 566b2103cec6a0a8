"""Shelly Gen2 and later: dimmers, tunable white, colour, plugs and inputs, by RPC and by plain text.

Shelly Gen2+ API docs, General "RPC Protocol" and "Notifications", ComponentsAndServices Mqtt, Light, CCT, RGB, RGBW, Switch,
Input. A fade is straight in brightness, which the docs do not say and we take for light output; so is the shortest, 0.5 s.
`toggle_after` turns over whatever is set beside it; a later call without it ends it and leaves the standing auto-off.
"""

import json
from typing import Any

from ambiance.cuesheet.wanted import FanWanted
from ambiance.device.message import Message
from ambiance.device.twin import LightTwin
from ambiance.device.twins.family import FamilyTwin, Garble, hex_of, whole
from ambiance.units import Seconds

_METHODS = {"Light": "light", "CCT": "cct", "RGB": "rgb", "RGBW": "rgbw", "Switch": "switch"}
_EVENTS = {"single": "single_push", "double": "double_push", "long": "long_push"}
_SHORTEST: Seconds = 0.5


class ShellyGen2Twin(FamilyTwin):
    """`status_ntf` and `enable_control` are on only where the dialect needs them."""

    status_ntf = False

    @property
    def component(self) -> str:
        return self.device.options.get("component", "light" if self.device.kind == "light" else "switch")

    @property
    def channel(self) -> int:
        return int(self.device.options.get("channel", "0"))

    @property
    def name(self) -> str:
        return f"{self.component}:{self.channel}"

    @property
    def listens(self) -> tuple[str, ...]:
        return (f"{self.device.topic}/rpc", f"{self.device.topic}/command/{self.name}")

    @property
    def will(self) -> Message:
        return Message(f"{self.device.topic}/online", b"false", retain=True)

    @property
    def birth(self) -> Message:
        return Message(f"{self.device.topic}/online", b"true", retain=True)

    def obey(self, topic: str, payload: bytes) -> None:
        if topic.endswith("/rpc"):
            self._call(json.loads(payload))
        else:
            self._text(payload.decode())

    # -- RPC ---------------------------------------------------------------------------------------------------------

    def _call(self, frame: dict[str, Any]) -> None:
        source, method, params = str(frame["src"]), str(frame["method"]), frame.get("params", {})
        head = {"id": frame["id"], "src": self.device.options.get("device_id", self.device.topic), "dst": source}
        kind, _, verb = method.partition(".")
        before = self._status()
        if _METHODS.get(kind) != self.component or params.get("id") != self.channel:
            self.say(f"{source}/rpc", {**head, "error": {"code": 404, "message": f"No handler for {method}"}})
            raise Garble(method)
        try:
            result = self._do(verb, params)
        except (KeyError, ValueError, TypeError):
            self.say(f"{source}/rpc", {**head, "error": {"code": -103, "message": "Invalid argument"}})
            raise
        self.say(f"{source}/rpc", {**head, "result": result})
        self._notify(before, "MQTT")

    def _do(self, verb: str, params: dict[str, Any]) -> Any:
        match verb:
            case "GetStatus":
                return self._status()
            case "DimStop":
                assert isinstance(self.body, LightTwin)
                self.shine(None, float(self.body.at(self.now)["brightness"]) or None)
            case "SetConfig":
                config = params["config"]
                if "auto_off" in config or "auto_off_delay" in config:
                    self._standing = float(config.get("auto_off_delay", self._standing)) if config.get("auto_off", True) else 0.0
                return {"restart_required": False}
            case "Set":
                was = self.running
                self._set(params)
                return {"was_on": was} if self.component == "switch" else None
            case _:
                raise Garble(verb)
        return None

    _standing: Seconds = 0.0
    _started, _timer = 0.0, 0.0

    def _set(self, params: dict[str, Any]) -> None:
        on = params.get("on")
        if on is not None and not isinstance(on, bool):
            raise Garble(on)
        after = params.get("toggle_after")
        if self.component == "switch":
            if on is None:
                raise Garble(on)
            self._switch(on, None if after is None else float(after))
            return
        fade = max(_SHORTEST, float(params.get("transition_duration", _SHORTEST)))
        level = params.get("brightness")
        if level is not None:
            level = whole(level, 0, 100)
        if on is None and level is None and not {"ct", "rgb", "white"} & set(params):
            raise Garble(params)
        if self.device.kind == "fan":
            self.set(FanWanted(float(100 if level is None else level) if on or (on is None and level) else 0.0))
            return
        if "ct" in params:
            warm, cool = self.device.kelvin
            self.tint(min(cool, max(warm, float(params["ct"]))), None, fade)
        if any(params.get("rgb", ())):
            red, green, blue = params["rgb"]
            self.tint(None, hex_of(red, green, blue), fade)
        elif params.get("rgb"):
            self.tint(self.warmth, None, fade)
        self.shine(on, float(level) if level else None, fade)

    def _switch(self, on: bool, after: Seconds | None) -> None:
        if self.device.kind == "fan":
            self.set(FanWanted(100.0 if on else 0.0))
        elif self.device.kind == "light":
            self.shine(on)
        else:
            standing = self._standing or float(self.device.options.get("auto_off", 0))
            self.switch(on, after if after is not None else standing if on and standing else None)
            self._started, self._timer = self.unix, after if after is not None else standing

    # -- plain text --------------------------------------------------------------------------------------------------

    def _text(self, text: str) -> None:
        before = self._status()
        if text == "status_update":
            self.say(f"{self.device.topic}/status/{self.name}", self._status())
            return
        if text in ("on", "off", "toggle"):
            on = text == "on" or (text == "toggle" and not self.running)
            if self.component == "switch":
                self._switch(on, None)
            else:
                self._set({"on": on})
        else:
            word, on_text, level, fade = (*text.split(","), "", "", "")[:4]
            if word != "set" or self.component == "switch" or on_text not in ("true", "false", ""):
                self.say(f"{self.device.topic}/error/{self.name}", "Invalid command")
                raise Garble(text)
            params: dict[str, Any] = {} if not on_text else {"on": on_text == "true"}
            params |= {"brightness": int(level)} if level else {}
            self._set({**params, **({"transition_duration": float(fade)} if fade else {})})
        self._notify(before, "MQTT")

    # -- speaking ----------------------------------------------------------------------------------------------------

    def _status(self, source: str = "MQTT") -> dict[str, Any]:
        body: dict[str, Any] = {"id": self.channel, "source": source, "output": self.running}
        if self.device.kind == "light" and self.component != "switch":
            body["brightness"] = round(self.level)
            body |= {"ct": round(self.warmth)} if self.component == "cct" else {}
            if self.component in ("rgb", "rgbw"):
                color = self.color or "#000000"
                body["rgb"] = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
        elif self.device.kind in ("diffuser", "warmer"):
            left = self.relay.left(self.now)
            body |= {} if left is None else {"timer_started_at": self._started, "timer_duration": self._timer}
            body["apower"] = 12.0 if self.running else 0.0
        elif self.device.kind == "fan" and self.component == "light":
            body["brightness"] = round(self.body.at(self.now)["speed"])
        return body

    def _notify(self, before: dict[str, Any], source: str) -> None:
        after = self._status(source)
        changed = {key: value for key, value in after.items() if before.get(key) != value or key == "id"}
        if len(changed) > 1 and self.device.kind != "button":
            self._event("NotifyStatus", {self.name: {**changed, "source": source}})
            if self.status_ntf:
                self.say(f"{self.device.topic}/status/{self.name}", after)

    def _event(self, method: str, params: dict[str, Any]) -> None:
        topic = f"{self.device.topic}/events/rpc"
        head = {"src": self.device.options.get("device_id", self.device.topic), "dst": f"{self.device.topic}/events"}
        self.say(topic, {**head, "method": method, "params": {"ts": self.unix, **params}})

    def greet(self) -> None:
        if self.device.kind != "button":
            self._event("NotifyFullStatus", {self.name: self._status("init")})
            if self.status_ntf:
                self.say(f"{self.device.topic}/status/{self.name}", self._status("init"))

    def report(self) -> None:
        """The end of a timer, or somebody at the switch: whatever it is now, as a change."""
        if self.body.ends(self.now) is None or self.device.kind != "light":
            self._notify({"id": None}, "timer" if self.device.kind in ("diffuser", "warmer") else "init")

    def press(self, press: str = "single", button: int = 1) -> None:
        event = {"component": f"input:{button - 1}", "id": button - 1, "event": _EVENTS[press], "ts": self.unix}
        self._event("NotifyEvent", {"events": [event]})


class ShellyGen2ControlTwin(ShellyGen2Twin):
    """With `enable_control` and `status_ntf`."""

    status_ntf = True
