"""WLED, ESPHome and OpenBeken: each says on its own topics that it is there and what it has.

wled/WLED wled00/mqtt.cpp (status, g, c, v); esphome/esphome esphome/components/mqtt/mqtt_client.cpp (esphome/discover),
esphome/esphome-docs components/mqtt.rst; openshwprojects/OpenBK7231T_App docs/mqttTopics.md (connected, <n>/get, led_…/get).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from ambiance.device.finding.finder import Notes, noted, obj, word
from ambiance.device.finding.found import LOWEST, WATTS, Entry, Found, plug
from ambiance.device.message import Message

_ENTITY = re.compile(r"(.+)/(light|fan|switch|climate|number)/([a-z0-9_]+)/(?:state|speed_level/state|mode/state)")
NEEDS_YAML = "ESPHome ends nothing by itself: give the node the number and the script of docs/devices.md first"


class WledFinder:
    """A device topic with /g, /c or /v beside /status; with /status alone only below wled/."""

    filters = ("wled/#", "+/g", "+/c", "+/+/g", "+/+/c", "+/status", "+/+/status")

    def __init__(self) -> None:
        self._strips: dict[str, Notes] = {}

    def questions(self) -> Iterable[Message]:
        return ()

    def hear(self, topic: str, payload: bytes) -> Iterable[Message]:
        device, _, leaf = topic.rpartition("/")
        said = noted(payload)
        fits = {
            "status": said in ("online", "offline"), "g": isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= 255,
            "c": isinstance(said, str) and re.fullmatch(r"#[0-9A-Fa-f]{6,8}", said), "v": b"<vs>" in payload[:200],
        }  # fmt: skip
        if device and fits.get(leaf):
            notes = self._strips.setdefault(device, Notes())
            notes.heard[leaf] = said
            if leaf == "status":
                notes.online = said == "online"
        return ()

    def found(self) -> Iterator[Found]:
        for topic, notes in sorted(self._strips.items()):
            if "status" in notes.heard and (topic.startswith("wled/") or notes.heard.keys() & {"c", "v"}):
                leds = "options: leds is cct where it takes a colour temperature, rgb where it mixes white, white where it has one"
                entry = Entry("light", "wled", topic, {"role": "accent"}, {"leds": "rgb"}, (leds, "ambient, if it lights the room", LOWEST))
                facts = () if len(topic) <= 32 else ("its topic is longer than WLED can keep: at most 32 characters",)
                yield Found("wled", topic, topic, "", notes.online, (entry,) if not facts else (), facts)


class EspHomeFinder:
    """Nodes by esphome/discover/<name>; their entities by their state topics."""

    filters = ("esphome/discover/+", "+/status", "+/+/+/state", "+/+/+/+/state", "+/+/+/speed_level/state")

    def __init__(self) -> None:
        self._nodes: dict[str, Notes] = {}
        self._entities: dict[str, set[str]] = {}
        self._online: dict[str, bool] = {}

    def questions(self) -> Iterable[Message]:
        return (Message("esphome/discover", b""),)

    def hear(self, topic: str, payload: bytes) -> Iterable[Message]:
        if named := re.fullmatch(r"esphome/discover/([^/]+)", topic):
            self._nodes.setdefault(named[1], Notes()).heard["node"] = noted(payload)
        elif named := _ENTITY.fullmatch(topic):
            if named[2] != "light" or "state" in obj(noted(payload)):
                self._entities.setdefault(named[1], set()).add(f"{named[2]}/{named[3]}{'|speed' if 'speed_level' in topic else ''}")
        elif topic.endswith("/status") and payload in (b"online", b"offline"):
            self._online[topic.removesuffix("/status")] = payload == b"online"
        return ()

    def found(self) -> Iterator[Found]:
        # An entity needs a node that says so, or a status beside it: others publish …/state too.
        for prefix in sorted(self._entities.keys() & (self._nodes.keys() | self._online.keys())):
            node, entities = self._nodes.get(prefix, Notes()).inside("node"), self._entities[prefix]
            model = " ".join(filter(None, (word(node.get("platform")), word(node.get("board")))))
            numbers = sorted(entity.removeprefix("number/") for entity in entities if entity.startswith("number/"))
            for entity in sorted(entity for entity in entities if "|" not in entity and not entity.startswith("number/")):
                kind, _, id = entity.partition("/")
                entries = _esphome(f"{prefix}/{entity}", kind, numbers, f"{entity}|speed" in entities)
                yield Found("esphome", f"{prefix}/{entity}", f"{prefix}/{id}", model, self._online.get(prefix), entries)
        for name in sorted(self._nodes.keys() - self._entities.keys()):
            node = self._nodes[name].inside("node")
            called, why = word(node.get("friendly_name")) or name, "its entities said nothing: its topic prefix may be another"
            yield Found("esphome", name, called, word(node.get("board")), self._online.get(name), (), (why,))


def _esphome(topic: str, kind: str, numbers: list[str], speeds: bool) -> tuple[Entry, ...]:
    match kind:
        case "light":
            return (Entry("light", "esphome", topic, {}, {}, ("kelvin: what cold_white and warm_white of its YAML say", LOWEST)),)
        case "climate":
            return (Entry("climate", "esphome", topic),)
    fan = Entry("fan", "esphome", topic, {"air_changes": 8}, {"speed_count": "3"} if speeds else {}, ("if it is an extract fan",))
    run = next((number for number in numbers if "run" in number or "min" in number or "off" in number), None)
    end = f"the number {run} must end its run, in minutes" if run else NEEDS_YAML
    return plug(topic, "esphome", end, {}, {"number": run or "run_minutes"}, others=(fan,))


class OpenBekenFinder:
    """Whoever says <device>/connected online."""

    filters = ("+/connected", "+/+/get", "+/host", "+/build")

    def __init__(self) -> None:
        self._devices: dict[str, Notes] = {}

    def questions(self) -> Iterable[Message]:
        return ()

    def hear(self, topic: str, payload: bytes) -> Iterable[Message]:
        device, _, leaf = topic.partition("/")
        if leaf in ("connected", "host", "build", "ip") or re.fullmatch(r"([0-9]{1,3}|led_\w+|power|voltage)/get", leaf):
            notes = self._devices.setdefault(device, Notes())
            notes.heard[leaf] = said = noted(payload)
            if leaf == "connected":
                notes.online = {"online": True, "offline": False}.get(str(said))
        return ()

    def found(self) -> Iterator[Found]:
        for topic, notes in sorted(self._devices.items()):
            if notes.online is None:
                continue
            lamp = any(leaf.startswith("led_") for leaf in notes.heard)
            channels = sorted(leaf.removesuffix("/get") for leaf in notes.heard if re.fullmatch(r"[0-9]{1,3}/get", leaf))
            if lamp:
                keys = {"kelvin": [2000, 6490]} if "led_temperature/get" in notes.heard else {}
                entry = Entry("light", "openbeken", topic, keys, {}, ("it cannot fade: it is stepped",))
                yield Found("openbeken", topic, topic, "", notes.online, (entry,))
                continue
            for channel in channels:
                options = {"channel": channel} if len(channels) > 1 or channel != "1" else {}
                end = "an event of its own ends a run; set once: SetStartValue so that it comes back off"
                name = topic if len(channels) == 1 else f"{topic}/{channel}"
                yield Found("openbeken", topic, name, "", notes.online, plug(topic, "openbeken", end, options), _metered(notes))
            if not channels:
                why = "it said nothing of a channel: switch it once, and look again"
                yield Found("openbeken", topic, topic, "", notes.online, (), (why,))


def _metered(notes: Notes) -> tuple[str, ...]:
    heard: dict[str, Any] = notes.heard
    return (WATTS,) if "power/get" in heard else ()
