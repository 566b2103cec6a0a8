"""What hangs on Zigbee2MQTT: its retained inventory says of each device what it exposes.

Koenkk/zigbee2mqtt.io docs/guide/usage/mqtt_topics_and_messages.md (bridge/devices, bridge/groups), docs/guide/usage/exposes.md.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ambiance.device.dialects.zigbee_quirks import quirk_of
from ambiance.device.finding.finder import Notes, each, noted, number, obj, word
from ambiance.device.finding.found import LOWEST, WATTS, Entry, Found, kelvins, plug
from ambiance.device.message import Message
from ambiance.site import Device

_SENSES = ("occupancy", "presence", "contact", "temperature", "humidity", "voc", "co2", "pm25", "illuminance")
_SETTABLE = 0b010
"""The bit of `access` that says that a key may be set."""


class ZigbeeFinder:
    """Any base topic: it is recognised by bridge/devices."""

    filters = ("+/bridge/devices", "+/bridge/groups", "+/+/bridge/devices", "+/+/bridge/groups", "zigbee2mqtt/#")

    def __init__(self) -> None:
        self._bridges: dict[str, Notes] = {}
        self._online: dict[str, bool] = {}

    def questions(self) -> Iterable[Message]:
        return ()

    def hear(self, topic: str, payload: bytes) -> Iterable[Message]:
        base, slash, leaf = topic.partition("/bridge/")
        if slash and leaf in ("devices", "groups", "state", "info"):
            bridge = self._bridges.setdefault(base, Notes())
            bridge.heard[leaf] = noted(payload)
        elif topic.endswith("/availability"):
            state = noted(payload)
            state = obj(state).get("state", state)
            if state in ("online", "offline"):
                self._online[topic.removesuffix("/availability")] = state == "online"
        return ()

    def found(self) -> Iterator[Found]:
        for base, bridge in sorted(self._bridges.items()):
            devices = [obj(device) for device in each(bridge.heard.get("devices"))]
            for device in devices:
                if device.get("type") != "Coordinator" and word(device.get("friendly_name")):
                    yield from self._of(base, device)
            for group in each(bridge.heard.get("groups")):
                yield from self._group(base, obj(group), {word(d.get("ieee_address")): d for d in devices})

    def _of(self, base: str, device: Mapping[str, Any]) -> Iterator[Found]:
        name, definition = word(device["friendly_name"]), obj(device.get("definition"))
        topic, model = f"{base}/{name}", f"{word(definition.get('vendor'))} {word(definition.get('model'))}".strip()
        options = {"base_topic": base} if "/" in base else {}
        online = self._online.get(topic)
        if not definition or device.get("supported") is False:
            yield Found("zigbee2mqtt", topic, name, model, online, facts=("Zigbee2MQTT does not support it",))
            return
        exposes = [obj(expose) for expose in each(definition.get("exposes"))]
        flat = {word(e.get("name")): e for e in exposes if word(e.get("name"))}
        facts = [] if topic in self._online else ["Zigbee2MQTT does not say whether it is there: set availability.enabled in it"]
        parts = [e for e in exposes if e.get("type") in ("light", "switch", "fan", "climate")]
        for part in parts:
            endpoint = word(part.get("endpoint"))
            own = options | ({"channel": endpoint} if endpoint and len(parts) > 1 else {})
            called = f"{name}/{endpoint}" if endpoint and len(parts) > 1 else name
            entries, more = _entries(part, topic, own, model, flat)
            yield Found("zigbee2mqtt", topic, called, model, online, entries, (*facts, *more))
        if not parts:
            yield Found("zigbee2mqtt", topic, name, model, online, *_rest(flat, topic, options, facts))

    def _group(self, base: str, group: Mapping[str, Any], devices: Mapping[str, Mapping[str, Any]]) -> Iterator[Found]:
        name = word(group.get("friendly_name"))
        members = [devices.get(word(obj(member).get("ieee_address")), {}) for member in each(group.get("members"))]
        lamps = [f for m in members for f in [_part(m, "light")] if f is not None]
        if not name or not lamps or len(lamps) < len(members):
            return
        ranges = [r for r in (_warmth(_features(lamp)) for lamp in lamps) if r is not None]
        keys = {"kelvin": [max(r[0] for r in ranges), min(r[1] for r in ranges)]} if len(ranges) == len(lamps) else {}
        options = {"base_topic": base} if "/" in base else {}
        names = ", ".join(word(m.get("friendly_name")) for m in members)
        facts = (f"a group: {names}; write the group, or its lamps each with options: {{group: {name}}}, not both",)
        entry = Entry("light", "zigbee2mqtt", f"{base}/{name}", keys, options)
        yield Found("zigbee2mqtt", f"{base}/{name}", name, "group", None, (entry,), facts)


def _entries(
    part: Mapping[str, Any], topic: str, options: dict[str, str], model: str, flat: Mapping[str, Mapping[str, Any]]
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    features = _features(part)
    match part.get("type"):
        case "light":
            unsure = [] if "brightness" in features else ["it cannot be dimmed: no lamp for a treatment"]
            keys: dict[str, Any] = {}
            if (warmth := _warmth(features)) is not None:
                keys["kelvin"] = list(warmth)
            elif "color_temp" in features:
                unsure.append("it says no range of its colour temperature: look it up")
            else:
                unsure.append("it has one white only")
            if quirk_of(Device("", "", "light", options={"model": model})).source:
                options = {**options, "model": re.sub(r"[\x00-\x1f]", "", model)[:100]}
            return (Entry("light", "zigbee2mqtt", topic, keys, options, (*unsure, LOWEST)),), ()
        case "switch":
            timed = "countdown" in flat and int(number(flat["countdown"].get("access")) or 0) & _SETTABLE
            end = "its countdown ends a run" if timed else "on_time ends a run, which not every model honours"
            facts = [WATTS] if "power" in flat else []
            if "power_on_behavior" in flat:
                facts.append(f'set it once to stay off after a power cut: {topic}/set {{"power_on_behavior": "off"}}')
            return plug(topic, "zigbee2mqtt", end, options, bounded="zigbee2mqtt-tuya" if timed else None), tuple(facts)
        case "fan":
            way = "speed" if "speed" in features else "mode" if "mode" in features else "relay"
            return (Entry("fan", "zigbee2mqtt", topic, {"air_changes": 8}, {**options, "fan": way}, ("its air changes an hour",)),), ()
        case "climate":
            setpoint = "current_heating_setpoint" if "current_heating_setpoint" in features else "occupied_heating_setpoint"
            modes = [word(mode) for mode in each(obj(features.get("system_mode")).get("values"))]
            mode = next((mode for mode in ("heat", "auto") if mode in modes), None)
            return (Entry("climate", "zigbee2mqtt", topic, {}, {**options, "setpoint": setpoint, **({"mode": mode} if mode else {})}),), ()
    return (), ()


def _rest(
    flat: Mapping[str, Mapping[str, Any]], topic: str, options: dict[str, str], facts: list[str]
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """A remote, or something that only measures."""
    if "action" in flat:
        actions = ", ".join(word(value, 40) for value in each(flat["action"].get("values"))[:12])
        unsure = (f"it says: {actions}; press: {{single: …}} says what each means",) if actions else ()
        return (Entry("button", "zigbee2mqtt", topic, {}, options, unsure),), ()
    senses = [name for name in _SENSES if name in flat]
    return (), (*facts, f"it measures {', '.join(senses)}" if senses else "nothing of it that a treatment room drives")


def _part(device: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    exposes = each(obj(device.get("definition")).get("exposes"))
    return next((obj(expose) for expose in exposes if obj(expose).get("type") == kind), None)


def _features(part: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {word(obj(feature).get("name")): obj(feature) for feature in each(part.get("features"))}


def _warmth(features: Mapping[str, Mapping[str, Any]]) -> tuple[int, int] | None:
    feature = features.get("color_temp", {})
    low, high = number(feature.get("value_min")), number(feature.get("value_max"))
    if not low or not high or not 50 <= low < high <= 1000:
        return None
    warm, cool = kelvins(low, high)
    return warm, cool
