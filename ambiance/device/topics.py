"""Every MQTT topic of a site, both directions, in one table an installer can read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ambiance.errors import Invalid
from ambiance.site import SLUG

VERBS = ("start", "pause", "resume", "stay", "extend", "advance", "end", "cancel", "adjust", "release", "bright", "ready")
"""What a room can be asked over MQTT, as `…/<room>/do/<verb>`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of topic. `pattern` is below `<prefix>/<site>/`; `<room>`, `<device>` and `<verb>` stand for slugs."""

    name: str
    pattern: str
    way: Literal["out", "in"]
    retained: bool
    content: str


TREE = (
    # name            below <prefix>/<site>/           way    retained content
    Row("status", "status", "out", True, "`online` or `offline`; also our last will"),
    Row("state", "<room>/state", "out", True, "JSON: what the room is doing"),
    Row("scene", "<room>/scene", "out", True, "JSON: for each device its role, wanted and reported values"),
    Row("event", "<room>/event", "out", False, "JSON: something that happened, with `type`, `at` and `seq`"),
    Row("do", "<room>/do/<verb>", "in", False, f"a command, never retained: {', '.join(VERBS)}"),
    Row("result", "<room>/do/<verb>/result", "out", False, "JSON: the answer to a command that carried an `id`"),
    Row("emergency", "do/emergency", "in", False, '`{"kind":"fire","active":true}`, never retained'),
    Row("emergency_result", "do/emergency/result", "out", False, "JSON: the answer to it"),
    Row("set", "<room>/device/<device>/set", "out", False, "JSON: what a native device should be"),
    Row("device_state", "<room>/device/<device>/state", "in", True, "JSON: what a native device says it is"),
    Row("online", "<room>/device/<device>/online", "in", True, "`true` or `false`; also the device's last will"),
)


@dataclass(frozen=True, slots=True)
class Command:
    """Somebody asks something of a room."""

    room: str
    verb: str


@dataclass(frozen=True, slots=True)
class SiteCommand:
    """Somebody asks something of the whole site."""

    verb: Literal["emergency"] = "emergency"


@dataclass(frozen=True, slots=True)
class DeviceTopic:
    """A native device speaks."""

    room: str
    device: str
    about: Literal["state", "online"]


Heard = Command | SiteCommand | DeviceTopic


class Topics:
    """The topics of one site. Makers take ids and refuse anything that is not a slug; `parse` reads what comes in.

    `prefix` is one or more levels of letters, digits, `_`, `-` and `.`. Raises `Invalid`.
    """

    def __init__(self, prefix: str, site: str) -> None:
        if not _PREFIX.fullmatch(prefix):
            raise Invalid(("prefix", prefix, "levels of letters, digits, _ - . joined by /, 128 characters at most"))
        self.prefix, self.site = prefix, _slug("site", site)
        self._root = f"{prefix}/{site}/"
        # A burst names the same few topics again and again.
        self._room = lru_cache(maxsize=8192)(self._room_topic)
        self._device = lru_cache(maxsize=8192)(self._device_topic)

    def status(self) -> str:
        return f"{self._root}status"

    def state(self, room: str) -> str:
        return self._room(room, "state")

    def scene(self, room: str) -> str:
        return self._room(room, "scene")

    def event(self, room: str) -> str:
        return self._room(room, "event")

    def do(self, room: str, verb: str) -> str:
        """Where a room is asked `verb`; raises `Invalid` unless it is one of `VERBS`."""
        if verb not in VERBS:
            raise Invalid(("verb", verb, f"one of {', '.join(VERBS)}"))
        return self._room(room, f"do/{verb}")

    def emergency(self) -> str:
        return f"{self._root}do/emergency"

    def result(self, command: str) -> str:
        """Where the answer to a command heard on topic `command` goes, if its sender named no other place."""
        if not isinstance(self.parse(command), Command | SiteCommand):
            raise Invalid(("topic", command, f"a command topic of {self._root}"))
        return f"{command}/result"

    def set(self, room: str, device: str) -> str:
        return self._device(room, device, "set")

    def device_state(self, room: str, device: str) -> str:
        return self._device(room, device, "state")

    def online(self, room: str, device: str) -> str:
        return self._device(room, device, "online")

    def do_filters(self) -> tuple[str, ...]:
        """Subscribe to these to hear every command; answers to commands lie a level deeper and are not heard."""
        return (f"{self._root}+/do/+", f"{self._root}do/+")

    def device_filters(self) -> tuple[str, ...]:
        """Subscribe to these to hear every native device."""
        return (f"{self._root}+/device/+/state", f"{self._root}+/device/+/online")

    def parse(self, topic: str) -> Heard | None:
        """What came in on `topic`; None for everything that is not ours to hear, however odd."""
        if not topic.startswith(self._root) or len(topic) > 512:
            return None
        match topic[len(self._root) :].split("/"):
            case ["do", "emergency"]:
                return SiteCommand()
            case [room, "do", verb] if SLUG.fullmatch(verb) and SLUG.fullmatch(room):
                return Command(room, verb)
            case [room, "device", device, "state"] if SLUG.fullmatch(room) and SLUG.fullmatch(device):
                return DeviceTopic(room, device, "state")
            case [room, "device", device, "online"] if SLUG.fullmatch(room) and SLUG.fullmatch(device):
                return DeviceTopic(room, device, "online")
        return None

    def asks(self, topic: str) -> bool:
        """Whether a command could have come on `topic`, well formed or not: what `do_filters` hear."""
        if not topic.startswith(self._root):
            return False
        match topic[len(self._root) :].split("/"):
            case [_, "do", _] | ["do", _]:
                return True
        return False

    def table(self) -> Iterator[tuple[str, Row]]:
        """Each full topic pattern of this site with its row, for the docs and for `ambiance check`."""
        for row in TREE:
            yield f"{self._root}{row.pattern}", row

    def _room_topic(self, room: str, rest: str) -> str:
        return f"{self._root}{_slug('room', room)}/{rest}"

    def _device_topic(self, room: str, device: str, rest: str) -> str:
        return f"{self._root}{_slug('room', room)}/device/{_slug('device', device)}/{rest}"


_PREFIX = re.compile(r"(?=.{1,128}$)[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")


def _slug(what: str, value: str) -> str:
    if not SLUG.fullmatch(value):
        raise Invalid((what, value, "1 to 64 characters of a-z, 0-9 and -"))
    return value
