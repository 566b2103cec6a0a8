"""Sonos speakers behind sonos2mqtt, and devices made for Ambiance.

svrooij/sonos2mqtt docs/topics.md (connected, the retained state of each speaker).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ambiance.device.finding.finder import Notes, noted, obj, word
from ambiance.device.finding.found import Entry, Found
from ambiance.device.message import Message
from ambiance.site import Kind

_RINCON = re.compile(r"(.+)/(RINCON_[0-9A-F]{17})")


class SonosFinder:
    """The retained state of each speaker."""

    filters = ("sonos/#", "+/connected")

    def __init__(self) -> None:
        self._speakers: dict[str, Mapping[str, Any]] = {}
        self._bridges: dict[str, bool] = {}

    def questions(self) -> Iterable[Message]:
        return ()

    def hear(self, topic: str, payload: bytes) -> Iterable[Message]:
        if _RINCON.fullmatch(topic):
            self._speakers[topic] = obj(noted(payload))
        elif topic.endswith("/connected") and payload in (b"0", b"1", b"2"):
            self._bridges[topic.removesuffix("/connected")] = payload == b"2"
        return ()

    def found(self) -> Iterator[Found]:
        for topic, said in sorted(self._speakers.items()):
            prefix, _, uuid = topic.rpartition("/")
            leader = word(said.get("coordinatorUuid"))
            grouped = leader not in ("", uuid) and re.fullmatch(r"RINCON_[0-9A-F]{17}", leader)
            facts = ("it plays in a group now, led by another speaker: take it out, or keep coordinator",) if grouped else ()
            unsure = (
                "options: music is the address of what it plays, and pl-… that of one playlist",
                "measure full_volume_dba of the room with this speaker; a volume fixed in the Sonos app cannot be set",
            )
            options = {"coordinator": leader} if grouped else {}
            entry = Entry("player", "sonos2mqtt", topic, {}, options, unsure)
            yield Found("sonos2mqtt", topic, word(said.get("name")) or uuid, "Sonos", self._bridges.get(prefix), (entry,), facts)


class NativeFinder:
    """<prefix>/<site>/<room>/device/<device>/state and /online."""

    filters = ("+/+/+/device/+/state", "+/+/+/device/+/online", "+/+/+/+/device/+/state")

    def __init__(self) -> None:
        self._devices: dict[str, Notes] = {}

    def questions(self) -> Iterable[Message]:
        return ()

    def hear(self, topic: str, payload: bytes) -> Iterable[Message]:
        named = re.fullmatch(r"(.+/[a-z0-9-]{1,64}/[a-z0-9-]{1,64}/device/[a-z0-9-]{1,64})/(state|online)", topic)
        if named:
            notes, said = self._devices.setdefault(named[1], Notes()), noted(payload)
            notes.heard[named[2]] = said
            if named[2] == "online" and isinstance(said, bool):
                notes.online = said
        return ()

    def found(self) -> Iterator[Found]:
        for topic, notes in sorted(self._devices.items()):
            room, _, id = topic.rsplit("/", 2)
            kinds = _kinds(notes.inside("state"))
            facts = (f"its topic says room {room.rsplit('/', 1)[-1]} of {room.rsplit('/', 2)[-2]}; its id must be {id}",)
            entries = tuple(Entry(kind, "native", topic) for kind in kinds)
            yield Found("native", topic, f"{room.rsplit('/', 1)[-1]}/{id}", "", notes.online, entries, facts)


def _kinds(state: Mapping[str, Any]) -> tuple[Kind, ...]:
    """What says such things; a diffuser that is off says no more than a warmer does."""
    known: Mapping[str, tuple[Kind, ...]] = {
        "brightness": ("light",), "playing": ("player",), "intensity": ("diffuser",), "celsius": ("climate",), "speed": ("fan",),
        "press": ("button",), "run_for": ("diffuser", "warmer"),
    }  # fmt: skip
    return next((kinds for key, kinds in known.items() if key in state), ())
