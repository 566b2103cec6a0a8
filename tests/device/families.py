"""One well-set-up device of each kind on each family, and how the family would repeat what it was told."""

import json
import re
from typing import Any

from ambiance.device.dialects import FAMILIES
from ambiance.device.dialects.family import Family
from ambiance.device.message import Message
from ambiance.device.topics import Topics
from ambiance.site import Device, Kind

TOPICS = Topics("ambiance", "harbour")
OPTIONS: dict[str, dict[str, str]] = {
    "mqtt-dmx-sequencer": {"channel": "5"},
    "snapcast-jsonrpc": {"client": "aa:bb"},
    "mopidy-mqtt": {"fixed_volume": "true"},
}
TEMPLATES: dict[Kind, dict[str, str]] = {
    "light": {
        "set": '{"on":$on,"level":$brightness,"k":$kelvin,"t":$fade}',
        "report": "$topic/state",
        "read_brightness": "level",
        "read_on": "on",
    },
    "player": {"set": '{"play":$playing,"vol":$volume,"list":"$playlist"}'},
    "diffuser": {"on": "RUN $run_for", "off": "STOP", "report": "$topic/state", "read_on": "."},
    "warmer": {"on": "RUN $run_for", "off": "STOP", "report": "$topic/state", "read_on": "."},
    "climate": {"set": "$celsius"},
    "fan": {"set": "$speed"},
}
TOPIC: dict[tuple[str, Kind], str] = {
    ("esphome", "fan"): "lavender/fan/it",
    ("esphome", "diffuser"): "lavender/fan/mist",
    ("esphome", "warmer"): "lavender/switch/table",
    ("esphome", "climate"): "lavender/climate/room",
}


def family(name: str) -> Family:
    return FAMILIES[name](TOPICS)


def device(name: str, kind: Kind, **options: str) -> Device:
    """Set up as `check` wants it."""
    given = dict(OPTIONS.get(name, {}))
    if kind in ("diffuser", "warmer"):
        given |= {"shelly-gen1": {"auto_off": "120"}, "shelly-gen2-control": {"auto_off": "120"}, "esphome": {"number": "run_minutes"}}.get(
            name, {}
        )
        given |= {"unsafe": "true", "status": "1/2/9"} if name == "knx-mqtt-bridge" else {}
    if name == "template":
        given |= TEMPLATES[kind]
    topic = TOPIC.get((name, kind), FAMILIES[name].example)
    return Device("it", "lavender", kind, name, topic, options={**given, **options})


def every() -> list[tuple[str, Kind]]:
    """Each family with each kind it drives."""
    kinds: tuple[Kind, ...] = ("light", "player", "diffuser", "climate", "fan", "warmer")
    return [(name, kind) for name, each in FAMILIES.items() for kind in kinds if kind in each.kinds]


def numbers_in(payload: Any) -> list[float]:
    if isinstance(payload, bool):
        return []
    if isinstance(payload, int | float):
        return [payload]
    if isinstance(payload, dict):
        return [number for value in payload.values() for number in numbers_in(value)]
    return [number for value in payload for number in numbers_in(value)] if isinstance(payload, list) else []


def body(message: Message) -> Any:
    """A payload as JSON where it is JSON, else its text."""
    text = message.payload.decode()
    return json.loads(text) if text.startswith(("{", "[")) else text


def echo(name: str, it: Device, messages: tuple[Message, ...]) -> list[tuple[str, bytes]]:
    """What the family says of itself once it did what `messages` ask; empty where it says nothing we could know."""
    said: list[tuple[str, bytes]] = []
    for message in messages:
        told = body(message)
        match name:
            case "zigbee2mqtt" if message.topic.endswith("/get"):
                pass
            case "zigbee2mqtt" | "zigbee2mqtt-tuya" | "ha-json-light":
                topic = message.topic.removesuffix("/set") + ("/state" if name == "ha-json-light" else "")
                said.append((topic, json.dumps({key: value for key, value in told.items() if key != "transition"}).encode()))
            case "esphome" if it.kind == "light":
                said.append((f"{it.topic}/state", json.dumps({key: value for key, value in told.items() if key != "transition"}).encode()))
            case "tasmota":
                words = (
                    dict(part.split(" ", 1) for part in told.split("; "))
                    if "Backlog" in message.topic
                    else {message.topic.split("/")[-1]: told}
                )
                if it.kind == "climate":
                    # Its relay is off whenever it is warm enough.
                    said.append((f"tele/{it.topic}/STATE", json.dumps({"POWER": "OFF", "TempTargetSet1": float(told)}).encode()))
                    continue
                state: dict[str, Any] = {"POWER": words.get("Power", words.get("Power1", "ON"))}
                state |= {key: int(words[key]) for key in ("Dimmer", "CT") if key in words}
                said.append((f"tele/{it.topic}/STATE", json.dumps(state).encode()))
            case "shelly-gen2":
                params = told["params"]
                status = {"output": params["on"]} | {key: params[key] for key in ("brightness", "ct") if key in params}
                component = told["method"].split(".")[0].lower()
                said.append((f"{it.topic}/status/{component}:0", json.dumps(status).encode()))
            case "shelly-gen1" if it.kind == "light":
                said.append(
                    (
                        f"{it.topic}/light/0/status",
                        json.dumps({"ison": told["turn"] == "on", **_without(told, "turn", "transition")}).encode(),
                    )
                )
            case "wled":
                said.append((f"{it.topic}/g", str(told.get("bri", 128) if told["on"] else 0).encode()))
            case "dali2mqtt":
                said.append((f"{it.topic}/light/brightness/status", b"0" if told == "OFF" else told.encode()))
            case "openbeken" if it.kind == "light":
                words = (
                    dict(part.split(" ", 1) for part in told.split("; "))
                    if "backlog" in message.topic
                    else {message.topic.split("/")[-1]: told}
                )
                said += [(f"{it.topic}/{key}/get", value.encode()) for key, value in words.items() if key.startswith("led_")]
            case "sonos2mqtt":
                pass
            case "template" if it.kind == "light":
                said.append((f"{it.topic}/state", message.payload))
    if name == "sonos2mqtt":
        commands = {told["command"]: told.get("input") for told in map(body, messages)}
        state = {"transportState": "PLAYING" if "play" in commands else "STOPPED", "volume": {"Master": commands["volume"]}}
        said.append((it.topic, json.dumps(state).encode()))
    return said


def _without(told: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key not in keys}


RELATIVE = re.compile(rb"toggle(?!_after)|TOGGLE|volumeup|volumedown|_step|_move|Dimmer [-+<>]|offset")
