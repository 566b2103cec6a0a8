"""What announces itself to Home Assistant: lamps, switches, fans and thermostats of firmware we speak no dialect of.

home-assistant/core 2026.11.0 homeassistant/components/mqtt/discovery.py, abbreviations.py, light/schema_json.py, light/schema_basic.py,
switch.py, fan.py, climate.py: one entity a message, or one device with all its components.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ambiance.device.finding.finder import each, noted, number, obj, word
from ambiance.device.finding.found import LOWEST, Entry, Found, kelvins, slug
from ambiance.device.message import Message

_COMPONENTS = ("light", "switch", "fan", "climate")
_LONG: Mapping[str, str] = {
    "trns": "transition",
    "cmd_t": "command_topic", "stat_t": "state_topic", "avty_t": "availability_topic", "avty": "availability", "pl_on": "payload_on",
    "pl_off": "payload_off", "stat_on": "state_on", "stat_off": "state_off", "bri_cmd_t": "brightness_command_topic",
    "bri_scl": "brightness_scale", "clr_temp_cmd_t": "color_temp_command_topic", "clr_temp_k": "color_temp_kelvin",
    "sup_clrm": "supported_color_modes", "min_mirs": "min_mireds", "max_mirs": "max_mireds", "min_k": "min_kelvin", "max_k": "max_kelvin",
    "pct_cmd_t": "percentage_command_topic", "pct_cmd_tpl": "percentage_command_template", "spd_rng_max": "speed_range_max",
    "temp_cmd_t": "temperature_command_topic", "temp_cmd_tpl": "temperature_command_template", "temp_stat_t": "temperature_state_topic",
    "temp_stat_tpl": "temperature_state_template", "dev": "device", "o": "origin", "cmps": "components", "p": "platform", "t": "topic",
    "uniq_id": "unique_id", "mdl": "model", "mf": "manufacturer", "val_tpl": "value_template", "ids": "identifiers",
}  # fmt: skip
_WELL_KNOWN = re.compile(
    r"cmnd/.+|.+/cmnd/.+|shellies/.+|.+/rpc|.+/control|.+/(light|switch|fan|climate)/[a-z0-9_]+/(.+/)?command|.+/(led_\w+|[0-9]{1,3})/set"
    r"|sonos/.+|.+/do/[a-z]+|.+/command/[a-z]+:[0-9]+"
)
"""Command topics of families that other finders know better: Tasmota, Shelly, ESPHome, OpenBeken, Sonos, and our own rooms."""
_SHARED = ("state_topic", "command_topic", "availability_topic", "availability")
"""What a device says once for all its components."""
_DALI = "/light/switch"
"""dgomes/dali2mqtt dali2mqtt/lamp.py (gen_ha_config)."""
_TEMPLATED = "template"


class AssistantFinder:
    """Discovery messages under any prefix; homeassistant is the usual one."""

    filters = ("homeassistant/#",)

    def __init__(self) -> None:
        self._entities: dict[str, tuple[str, Mapping[str, Any], Mapping[str, Any]]] = {}
        """By topic and component: platform, entity and device."""
        self._bridges: set[str] = set()

    def questions(self) -> Iterable[Message]:
        return ()

    def hear(self, topic: str, payload: bytes) -> Iterable[Message]:
        if topic.endswith("/bridge/devices"):
            self._bridges.add(topic.removesuffix("/bridge/devices"))
        named = re.fullmatch(r"[^/]+(?:/[^/]+)??/([a-z_]+)/(?:[a-zA-Z0-9_-]+/)?[a-zA-Z0-9_-]+/config", topic)
        if named is None:
            return ()
        body = _spelt(obj(noted(payload)))
        about = _spelt(obj(body.get("device")))
        if named[1] == "device":
            shared: dict[str, Any] = {key: body[key] for key in _SHARED if key in body}
            for key, component in obj(body.get("components")).items():
                part = _spelt(obj(component))
                self._note(f"{topic} {key}", word(part.get("platform")), {**shared, **part}, about)
        elif body:
            self._note(topic, named[1], body, about)
        return ()

    def _note(self, key: str, platform: str, entity: Mapping[str, Any], about: Mapping[str, Any]) -> None:
        if platform in _COMPONENTS:
            self._entities[key] = (platform, _whole_topics(entity), about)

    def found(self) -> Iterator[Found]:
        for key, (platform, entity, about) in sorted(self._entities.items()):
            command = word(entity.get("command_topic") or entity.get("temperature_command_topic"))
            if not command or re.search(r"[#+$]", command) or _WELL_KNOWN.fullmatch(command) or self._behind_a_bridge(command):
                continue
            owner, own = word(about.get("name")), word(entity.get("name"))
            name = " ".join(filter(None, (owner, own))) or word(entity.get("unique_id")) or key
            model = " ".join(filter(None, (word(about.get("manufacturer")), word(about.get("model")))))
            entry, facts = _entry(platform, entity, about, command)
            yield Found("homeassistant", command, name.replace("/", " "), model, None, () if entry is None else (entry,), facts)

    def _behind_a_bridge(self, command: str) -> bool:
        return any(command.startswith(f"{base}/") for base in self._bridges)


def _spelt(body: Mapping[str, Any]) -> dict[str, Any]:
    return {_LONG.get(key, key): value for key, value in body.items()}


def _whole_topics(entity: Mapping[str, Any]) -> dict[str, Any]:
    """With the base topic written out: ~ at the start or the end of a topic."""
    base = word(entity.get("~"))
    whole = dict(entity)
    for key, value in entity.items():
        if base and key.endswith("topic") and isinstance(value, str):
            whole[key] = base + value[1:] if value.startswith("~") else value[:-1] + base if value.endswith("~") else value
    return whole


def _entry(platform: str, entity: Mapping[str, Any], about: Mapping[str, Any], command: str) -> tuple[Entry | None, tuple[str, ...]]:
    match platform:
        case "light" if about.get("manufacturer") == "dali2mqtt" and command.endswith(_DALI):
            return _dali(entity, command.removesuffix(_DALI)), ()
        case "light" if entity.get("schema") == "json":
            return _json_light(entity, command), ()
        case "light" if entity.get("schema") in (None, "basic", "default"):
            return _plain_light(entity, command), ()
        case "switch":
            fan = Entry(
                "fan", _TEMPLATED, _topic_of(command), {"air_changes": 8}, _on_off(entity, command) | _reports(entity),
                ("if it is an extract fan, or leave it out",),
            )  # fmt: skip
            return fan, ("no diffuser and no warmer: nothing it is told carries an end; use a plug with a timer of its own",)
        case "fan":
            options = _on_off(entity, command)
            if (speed := word(entity.get("percentage_command_topic"))) and not entity.get("percentage_command_template"):
                scaled = number(entity.get("speed_range_max")) not in (None, 100.0)
                options = {"set": "$speed", "to": speed, "off": options["off"], "off_to": command}
                return Entry(
                    "fan", _TEMPLATED, _topic_of(command), {"air_changes": 8}, options | _reports(entity),
                    ("its speeds are not percent: write them in set",) if scaled else (),
                ), ()  # fmt: skip
            return Entry("fan", _TEMPLATED, _topic_of(command), {"air_changes": 8}, options | _reports(entity)), ()
        case "climate" if word(entity.get("temperature_command_topic")):
            to = word(entity["temperature_command_topic"])
            formed = "it wants its temperature in a form of its own: write it in set"
            unsure = (formed,) if entity.get("temperature_command_template") else ()
            options = {"set": "$celsius", "to": to}
            if (report := word(entity.get("temperature_state_topic"))) and not entity.get("temperature_state_template"):
                options |= {"report": report, "read_celsius": "."}
            return Entry("climate", _TEMPLATED, _topic_of(to), {}, options, unsure), ()
    return None, (f"a {platform} in a form that has to be written as a template",)


def _dali(entity: Mapping[str, Any], topic: str) -> Entry:
    """Its full brightness is the gear's highest level."""
    most = number(entity.get("brightness_scale"))
    options = {} if most in (None, 254.0) else {"max_level": str(round(most or 254))}
    of_all = ("a group, for which the bridge obeys no level: write its lamps",) if re.search(r"/group[-_][0-9]{1,2}$", topic) else ()
    least = f"min_level: what the bridge says on {topic}/min_level"
    told = (*of_all, least, "set the fade time of its gear to 0: it is stepped", "it has one white only", LOWEST)
    return Entry("light", "dali2mqtt", topic, {}, options, told)


def _json_light(entity: Mapping[str, Any], command: str) -> Entry:
    topic, state = _topic_of(command), word(entity.get("state_topic"))
    options = {} if command == f"{topic}/set" else {"set": command}
    if state and state != f"{topic}/state":
        options["state"] = state
    if (there := _available(entity)) and there != f"{topic}/availability":
        options["availability"] = there
    if entity.get("color_temp_kelvin") is True:
        options["color_temp_kelvin"] = "true"
    scale = number(entity.get("brightness_scale"))
    if scale not in (None, 255.0):
        options["brightness_scale"] = str(round(scale or 255))
    if entity.get("transition") is not True:
        options["fade"] = "false"
    modes = [word(mode) for mode in each(entity.get("supported_color_modes"))]
    color = next((mode for mode in ("hs", "xy", "rgb") if mode in modes), None)
    if color:
        options["color"] = color
    unsure: tuple[str, ...] = () if state else ("it reports nothing: what is asked can never be confirmed",)
    if modes and not entity.get("brightness"):
        unsure += ("it may not be dimmable",)
    return Entry("light", "ha-json-light", topic, _warmth(entity), options, unsure)


def _plain_light(entity: Mapping[str, Any], command: str) -> Entry:
    off = word(entity.get("payload_off")) or "OFF"
    options, unsure = dict(_on_off(entity, command)), ["it cannot fade: it is stepped"]
    if level := word(entity.get("brightness_command_topic")):
        scale = round(number(entity.get("brightness_scale")) or 255)
        value = {255: "$brightness255", 254: "$brightness254", 100: "$brightness"}.get(scale)
        options = {"set": value or "$brightness", "to": level, "off": off, "off_to": command}
        unsure += [] if value else [f"its full brightness is {scale}: write it in set"]
        unsure.append("one message can be sent: it must switch on with its brightness")
    else:
        unsure.append("it cannot be dimmed: no lamp for a treatment")
    if entity.get("color_temp_command_topic"):
        unsure.append("its colour temperature has a topic of its own, which a template cannot reach as well")
    return Entry("light", _TEMPLATED, _topic_of(command), {}, options | _reports(entity), tuple(unsure))


def _on_off(entity: Mapping[str, Any], command: str) -> dict[str, str]:
    on, off = (word(entity.get(key)).replace("$", "$$") or usual for key, usual in (("payload_on", "ON"), ("payload_off", "OFF")))
    return {"on": on, "off": off, "to": command}


def _reports(entity: Mapping[str, Any]) -> dict[str, str]:
    """Where it says what it is, if that is plain: a bare word, or a key of a JSON object."""
    state = word(entity.get("state_topic"))
    if not state or re.search(r"[#+$]", state):
        return {}
    template = word(entity.get("value_template") or entity.get("state_value_template"))
    key = re.fullmatch(r"\{\{\s*value_json\.([A-Za-z0-9_.]+)\s*\}\}", template) if template else None
    if template and not key:
        return {}
    on = word(entity.get("state_on") or entity.get("payload_on")) or "ON"
    off = word(entity.get("state_off") or entity.get("payload_off")) or "OFF"
    words = {} if (on, off) == ("ON", "OFF") else {"on_word": on, "off_word": off}
    return {"report": state, "read_on": key[1] if key else ".", **words}


def _warmth(entity: Mapping[str, Any]) -> dict[str, Any]:
    low, high = number(entity.get("min_kelvin")), number(entity.get("max_kelvin"))
    if low and high and 1000 <= low < high <= 20_000:
        return {"kelvin": [round(low), round(high)]}
    low, high = number(entity.get("min_mireds")), number(entity.get("max_mireds"))
    return {"kelvin": kelvins(low, high)} if low and high and 50 <= low < high <= 1000 else {}


def _available(entity: Mapping[str, Any]) -> str:
    listed = [_spelt(obj(one)) for one in each(entity.get("availability"))]
    return word(entity.get("availability_topic") or next((one.get("topic") for one in listed), ""))


def _topic_of(command: str) -> str:
    return re.sub(r"/(set|command|cmd|switch)$", "", command) or slug(command)
