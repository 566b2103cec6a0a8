"""Devices that follow the Homie convention, versions 4 and 5: each settable property becomes a template to be looked over.

homieiot/convention convention.md: version 5 describes a device in one JSON document, version 4 in a topic for each attribute.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ambiance.device.finding.finder import Notes, noted, obj, word
from ambiance.device.finding.found import Entry, Found
from ambiance.device.message import Message

_ID = r"[a-z0-9-]{1,64}"
_LIKE_LIGHT, _LIKE_FAN = re.compile(r"light|lamp|dim|bright|led|lumin"), re.compile(r"fan|vent|extract")
_LIKE_SOUND = re.compile(r"vol|sound|player|audio")
_SCALED = {("light", 254): "$brightness254", ("light", 255): "$brightness255", ("fan", 255): "$speed255"}


@dataclass(frozen=True, slots=True)
class _Property:
    topic: str
    names: str
    """Everything it is called, of which its kind may be guessed."""
    datatype: str
    format: str
    unit: str
    settable: bool


class HomieFinder:
    """Version 5 under any root; version 4 under homie/."""

    filters = ("homie/#", "+/5/+/$state", "+/5/+/$description")

    def __init__(self) -> None:
        self._five: dict[str, Notes] = {}
        self._four: dict[str, dict[str, str]] = {}

    def questions(self) -> Iterable[Message]:
        return ()

    def hear(self, topic: str, payload: bytes) -> Iterable[Message]:
        if named := re.fullmatch(rf"([^/]+/5/{_ID})/\$(state|description)", topic):
            self._five.setdefault(named[1], Notes()).heard[named[2]] = noted(payload)
        elif named := re.fullmatch(rf"(homie/(?!5/){_ID})/(\$[a-z]+|{_ID}/\$[a-z]+|{_ID}/{_ID}/\$[a-z]+)", topic):
            self._four.setdefault(named[1], {})[named[2]] = word(payload[:500].decode("utf-8", "replace"), 500)
        return ()

    def found(self) -> Iterator[Found]:
        for topic, notes in sorted(self._five.items()):
            about = notes.inside("description")
            yield from _found(topic, word(about.get("name")) or topic, word(notes.heard.get("state")), "Homie 5", list(_five(topic, about)))
        for topic, said in sorted(self._four.items()):
            if "$homie" in said:
                name, version = said.get("$name") or topic, f"Homie {said['$homie']}"
                yield from _found(topic, name, said.get("$state", ""), version, list(_four(topic, said)))


def _five(topic: str, about: Mapping[str, Any]) -> Iterator[_Property]:
    for node_id, node in obj(about.get("nodes")).items():
        for id, said in obj(obj(node).get("properties")).items():
            if not re.fullmatch(_ID, str(node_id)) or not re.fullmatch(_ID, str(id)):
                continue
            prop = obj(said)
            names = " ".join((str(node_id), str(id), word(prop.get("name")), word(obj(node).get("name")), word(obj(node).get("type"))))
            yield _Property(
                f"{topic}/{node_id}/{id}", names.lower(), word(prop.get("datatype")), word(prop.get("format")), word(prop.get("unit")),
                prop.get("settable") is True,
            )  # fmt: skip


def _four(topic: str, said: Mapping[str, str]) -> Iterator[_Property]:
    for node in said.get("$nodes", "").split(","):
        node = node.strip().removesuffix("[]")
        for id in said.get(f"{node}/$properties", "").split(","):
            place = f"{node}/{id.strip()}"
            if not re.fullmatch(rf"{_ID}/{_ID}", place):
                continue
            names = " ".join((place, said.get(f"{node}/$name", ""), said.get(f"{node}/$type", ""), said.get(f"{place}/$name", "")))
            yield _Property(
                f"{topic}/{place}", names.lower(), said.get(f"{place}/$datatype", "string"), said.get(f"{place}/$format", ""),
                said.get(f"{place}/$unit", ""), said.get(f"{place}/$settable") == "true",
            )  # fmt: skip


def _found(topic: str, name: str, state: str, model: str, properties: list[_Property]) -> Iterator[Found]:
    online = None if not state else state in ("ready", "alert")
    settable = [(prop, entry) for prop in properties if prop.settable and (entry := _entry(prop)) is not None]
    for prop, entry in settable:
        yield Found("homie", prop.topic, f"{name}/{prop.topic.rsplit('/', 1)[-1]}", model, online, (entry,))
    if not settable:
        yield Found("homie", topic, name, model, online, (), ("nothing of it that a treatment room drives",))


def _entry(prop: _Property) -> Entry | None:
    shared = {"to": "$topic/set", "report": "$topic"}
    if prop.datatype == "boolean":
        options = {**shared, "on": "true", "off": "false", "read_on": ".", "on_word": "true", "off_word": "false"}
        never = "no diffuser and no warmer: what it is told carries no end"
        return Entry("fan", "template", prop.topic, {"air_changes": 8}, options, ("if it is an extract fan, or leave it out", never))
    whole = re.fullmatch(r"0(?:\.0*)?:([0-9]{1,5})(?:\.0*)?(?::[0-9.]+)?", prop.format)
    if prop.datatype not in ("integer", "float"):
        return None
    if "C" in prop.unit:
        return Entry("climate", "template", prop.topic, {}, {**shared, "set": "$celsius", "read_celsius": "."})
    full = int(whole[1]) if whole else 100 if prop.unit == "%" else 0
    kinds = (("light", _LIKE_LIGHT, "brightness"), ("fan", _LIKE_FAN, "speed"), ("player", _LIKE_SOUND, "volume"))
    found = next(((kind, value) for kind, like, value in kinds if like.search(prop.names)), None)
    if found is None or full not in (1, 100, 254, 255):
        return None
    kind, value = found
    written = f"${value}" if full == 100 else _SCALED.get((kind, full))
    if written is None:
        return None
    options = {**shared, "set": written, f"read_{value}": "." if full == 100 else f"./{full}"}
    unsure = ["its name alone says that it is one"]
    if kind == "light":
        unsure += ["it cannot fade: it is stepped", "it has one white only"]
    if kind == "player":
        unsure.append("it can be made louder and quieter; nothing here starts or stops it")
    keys = {"air_changes": 8} if kind == "fan" else {}
    return Entry(kind, "template", prop.topic, keys, options, tuple(unsure))  # type: ignore[arg-type]  # it is a kind
