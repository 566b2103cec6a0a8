"""Shelly devices of both generations.

Gen1: bieniu/ha-shellies-discovery python_scripts/shellies_discovery.py (topics, announce with id, model, mac, ip, fw_ver).
Gen2 and later: Shelly Gen2+ API docs General/Notifications, ComponentsAndServices Mqtt, Shelly (GetStatus, GetConfig), Switch;
ALLTERCO/shelly-script-examples mqtt-announce.js; bieniu/ha-shellies-discovery-gen2.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ambiance.device.finding.finder import Notes, noted, obj, word
from ambiance.device.finding.found import LOWEST, WATTS, Entry, Found, plug
from ambiance.device.message import Message

AUTO_OFF = "120"
ASKER = "ambiance-finding"
_LAMPS = ("light", "cct", "rgb", "rgbw")
_GEN1_LAMPS = ("light", "color", "white")


class ShellyGen1Finder:
    """Everything under shellies/. The announcement says who is there, the topics which outputs it has."""

    filters = ("shellies/#",)

    def __init__(self) -> None:
        self._devices: dict[str, Notes] = {}

    def questions(self) -> Iterable[Message]:
        return (Message("shellies/command", b"announce"), Message("shellies/command", b"update", keep=True))

    def hear(self, topic: str, payload: bytes) -> Iterable[Message]:
        named = re.fullmatch(r"shellies/(?:([A-Za-z0-9_.-]+)/)?(.+)", topic)
        if named is None or named[2] == "command":
            return ()
        said = noted(payload)
        id = named[1] or word(obj(said).get("id"))
        if named[2] == "announce" and (not id or obj(said).get("gen")):
            return ()
        if id:
            notes = self._devices.setdefault(id, Notes())
            notes.heard[named[2]] = said
            if named[2] == "online":
                notes.online = {"true": True, "false": False}.get(str(said).lower())
        return ()

    def found(self) -> Iterator[Found]:
        for id, notes in sorted(self._devices.items()):
            topic, model = f"shellies/{id}", word(notes.inside("announce").get("model"))
            outputs = sorted({m[0] for leaf in notes.heard if (m := re.match(r"(light|color|white|relay)/[0-9](?=/|$)", leaf))})
            for output in outputs:
                component, _, channel = output.partition("/")
                options = {"channel": channel} if channel != "0" else {}
                options |= {} if component in ("light", "relay") else {"component": component}
                name = id if len(outputs) == 1 else f"{id}/{component}-{channel}"
                if component in _GEN1_LAMPS:
                    lamp = _gen1_lamp(topic, component, options, notes.inside(f"{output}/status"))
                    yield Found("shelly-gen1", topic, name, model, notes.online, (lamp,))
                else:
                    watts = (WATTS,) if f"{output}/power" in notes.heard else ()
                    end = f"set its own auto-off first, which MQTT cannot: /settings/relay/{channel}?auto_off={AUTO_OFF}"
                    yield Found(
                        "shelly-gen1", topic, name, model, notes.online,
                        plug(topic, "shelly-gen1", end, options, {"auto_off": AUTO_OFF}), watts,
                    )  # fmt: skip
            if not outputs:
                keys = any(leaf.startswith("input_event/") for leaf in notes.heard)
                entries = (Entry("button", "shelly-gen1", topic),) if keys else ()
                facts = () if keys else ("it said nothing of an output: switch it once, and look again",)
                yield Found("shelly-gen1", topic, id, model, notes.online, entries, facts)


def _gen1_lamp(topic: str, component: str, options: dict[str, str], status: Mapping[str, Any]) -> Entry:
    if component == "color":
        return Entry("light", "shelly-gen1", topic, {"role": "accent"}, options, ("a coloured lamp; white is mixed",))
    if component == "light" and "temp" in status:
        return Entry("light", "shelly-gen1", topic, {"kelvin": [2700, 6500]}, options, ("3000 is the warmest of a colour bulb",))
    return Entry("light", "shelly-gen1", topic, {}, options, ("it has one white only",))


class ShellyGen2Finder:
    """Whoever says <prefix>/online, or notifies, is asked for its status and its settings."""

    filters = ("+/online", "+/+/online", "+/events/rpc", "+/+/events/rpc", "+/status/+", "+/+/status/+", f"{ASKER}/#")

    def __init__(self) -> None:
        self._devices: dict[str, Notes] = {}
        self._asked: list[str] = []

    def questions(self) -> Iterable[Message]:
        return ()

    def hear(self, topic: str, payload: bytes) -> Iterable[Message]:
        if named := re.fullmatch(rf"{ASKER}/([0-9]+)/(status|config)/rpc", topic):
            if int(named[1]) < len(self._asked):
                self._answer(self._devices[self._asked[int(named[1])]], named[2], obj(noted(payload)))
            return ()
        named = re.fullmatch(r"(.+)/(online|events/rpc|status/([a-z0-9]+):([0-9]+))", topic)
        if named is None or named[1].startswith("shellies/") or "/device/" in topic:
            return ()
        said = noted(payload)
        if named[2] == "online" and said not in (True, False):
            return ()
        if named[2] == "events/rpc" and not word(obj(said).get("src")):
            return ()
        if named[3] and (named[3] not in (*_LAMPS, "switch", "input") or not isinstance(said, dict)):
            return ()
        new = named[1] not in self._devices
        notes = self._devices.setdefault(named[1], Notes())
        if named[2] == "online":
            notes.online = bool(said)
        elif named[2] == "events/rpc":
            notes.heard["id"] = word(obj(said).get("src"))
            self._status(notes, obj(obj(said).get("params")))
        else:
            self._status(notes, {f"{named[3]}:{named[4]}": said})
        return self._ask(named[1]) if new and notes.online is not False else ()

    def _ask(self, prefix: str) -> Iterable[Message]:
        self._asked.append(prefix)
        for about, method in (("status", "Shelly.GetStatus"), ("config", "Shelly.GetConfig")):
            frame = {"id": 1, "src": f"{ASKER}/{len(self._asked) - 1}/{about}", "method": method}
            yield Message(f"{prefix}/rpc", json.dumps(frame).encode(), keep=True)

    def _answer(self, notes: Notes, about: str, frame: Mapping[str, Any]) -> None:
        notes.heard["id"] = word(frame.get("src")) or notes.heard.get("id", "")
        if frame.get("error"):
            notes.heard["locked"] = True
        if about == "config":
            notes.heard["config"] = obj(frame.get("result"))
        else:
            self._status(notes, obj(frame.get("result")))

    def _status(self, notes: Notes, params: Mapping[str, Any]) -> None:
        for key, value in params.items():
            if re.fullmatch(r"(light|cct|rgb|rgbw|switch|input):[0-9]{1,3}", key) and isinstance(value, dict):
                notes.heard[key] = {**notes.inside(key), **value}

    def found(self) -> Iterator[Found]:
        for prefix, notes in sorted(self._devices.items()):
            id = word(notes.heard.get("id"))
            named = any(name.lower().startswith("shelly") for name in (id, prefix.rsplit("/", 1)[-1]))
            if not named and "config" not in notes.heard:
                continue
            options = {"device_id": id} if id and id != prefix and re.fullmatch(r"[A-Za-z0-9._-]{1,64}", id) else {}
            parts = [key for key in notes.heard if re.fullmatch(r"(light|cct|rgb|rgbw|switch):[0-9]+", key)]
            for key in parts:
                component, _, channel = key.partition(":")
                own = options | ({"channel": channel} if channel != "0" else {})
                own |= {"component": component} if component in _LAMPS[1:] else {}
                name, config = prefix if len(parts) == 1 else f"{prefix}/{component}-{channel}", obj(notes.inside("config").get(key))
                if component == "switch":
                    yield Found(
                        "shelly-gen2", prefix, name, id.split("-")[0], notes.online,
                        plug(prefix, "shelly-gen2", "toggle_after is sent with every run", own), _ends(notes.inside(key), config),
                    )  # fmt: skip
                else:
                    lamp = _gen2_lamp(prefix, component, own, config)
                    yield Found("shelly-gen2", prefix, name, id.split("-")[0], notes.online, (lamp,))
            if not parts:
                keys = any(key.startswith("input:") for key in notes.heard)
                locked = "it asks for a password over MQTT: none can be given here" if notes.heard.get("locked") else ""
                why = locked or "it did not answer: is RPC over MQTT on, and may it be asked?"
                entries = (Entry("button", "shelly-gen2", prefix, {}, options),) if keys else ()
                yield Found("shelly-gen2", prefix, prefix, id.split("-")[0], notes.online, entries, () if keys else (why,))


def _gen2_lamp(prefix: str, component: str, options: dict[str, str], config: Mapping[str, Any]) -> Entry:
    keys: dict[str, Any] = {"role": "accent"} if component in ("rgb", "rgbw") else {}
    unsure: tuple[str, ...] = ()
    if component == "cct":
        reach = config.get("ct_range")
        known = isinstance(reach, list) and len(reach) == 2 and all(isinstance(k, int | float) and 1000 <= k <= 20_000 for k in reach)
        keys["kelvin"] = sorted(round(k) for k in reach) if known and isinstance(reach, list) else [2700, 6500]
        unsure = () if known else ("it did not say its range of colour temperature",)
    elif component == "light":
        unsure = ("it has one white only",)
    return Entry("light", "shelly-gen2", prefix, keys, options, (*unsure, LOWEST))


def _ends(status: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[str, ...]:
    facts = [WATTS] if "apower" in status else []
    if config and config.get("initial_state") != "off":
        facts.append(f"after a power cut it is {word(config.get('initial_state')) or 'not surely off'}: set initial_state to off")
    if config and config.get("auto_off") is not True:
        facts.append("it has no standing auto_off: set one as a second line")
    return tuple(facts)
