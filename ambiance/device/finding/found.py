"""What speaks on a broker, and what an installer would write into config.yaml for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ambiance.site import Device, Kind

PLUG = "what hangs on a plug it cannot tell: take the line that is true, and only that one"
LOWEST = "lowest: its lowest steady level in percent; the test finds it"
WATTS = "it measures watts, so that it tells whether anything runs"
PROVE = "try it before the first guest: ambiance device test ROOM DEVICE"


@dataclass(frozen=True, slots=True)
class Entry:
    """One device of config.yaml. `unsure`: what the installer has to look at, each in a sentence."""

    kind: Kind
    dialect: str
    topic: str = ""
    keys: Mapping[str, Any] = field(default_factory=dict)
    """`role`, `kelvin` and the like."""
    options: Mapping[str, str] = field(default_factory=dict)
    unsure: tuple[str, ...] = ()

    def line(self, id: str) -> str:
        """As it stands under `devices`."""
        said: dict[str, Any] = {"id": id, "kind": self.kind}
        said |= {} if self.dialect == "native" else {"dialect": self.dialect, "topic": self.topic}
        said |= self.keys
        if self.options:
            said["options"] = dict(self.options)
        return f"- {_written(said)}"

    def is_for(self, device: Device) -> bool:
        """Whether `device` of a configuration is this very thing."""
        if self.dialect == "native":
            return device.dialect == "native" and device.id == self.topic.rsplit("/", 1)[-1] and f"/{device.room}/device/" in self.topic
        part = ("channel", "segment", "component")
        mine, theirs = ({key: options.get(key) for key in part} for options in (self.options, device.options))
        return device.topic == self.topic and device.dialect in _LIKE.get(self.dialect, (self.dialect,)) and mine == theirs


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that speaks, or one output of it.

    `entries` are what it may be, one of which is to be taken; several where nobody but the installer can know. None: nothing that a
    room drives. `facts`: what it said that matters for a treatment room.
    """

    family: str
    topic: str
    name: str
    model: str = ""
    online: bool | None = None
    entries: tuple[Entry, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind | None:
        """What it is; None where that is the installer's to say."""
        return self.entries[0].kind if len(self.entries) == 1 else None

    @property
    def id(self) -> str:
        """A slug of its name."""
        return slug(self.name.rstrip("/").rsplit("/", 1)[-1]) or "device"

    @property
    def room(self) -> str | None:
        """The room its name speaks of: lavender/ceiling."""
        return slug(self.name.split("/")[-2]) or None if "/" in self.name.strip("/") else None

    def snippet(self) -> str:
        """Lines for the room's `devices`. Where only the installer knows what it is, every line is a comment until one is chosen."""
        lines = [f"# {fact}" for fact in self.facts]
        if len(self.entries) > 1:
            lines.append(f"# {PLUG}")
        for entry in self.entries:
            lines += [f"# {text}" for text in entry.unsure]
            line = entry.line(self.id if len(self.entries) == 1 else f"{self.id}-{entry.kind}"[:64].strip("-"))
            lines.append(line if len(self.entries) == 1 else f"# {line}")
        return "\n".join(lines)


def plug(
    topic: str, dialect: str, end: str, options: Mapping[str, str] | None = None, ends: Mapping[str, str] | None = None,
    bounded: str | None = None, others: tuple[Entry, ...] = (),
) -> tuple[Entry, ...]:  # fmt: skip
    """What may hang on a plug. `end` says how a run ends by itself, `ends` are the options that carry it; `bounded` is the dialect
    that ends a run, where it is another one."""
    shared = dict(options or {})
    timed = bounded or dialect
    return (
        Entry("diffuser", timed, topic, {}, {**shared, **(ends or {})}, (f"if a diffuser hangs on it: {end}; {PROVE}",)),
        Entry("warmer", timed, topic, {}, {**shared, **(ends or {})}, ("if it heats stones or a table: it needs its own thermal cut-out",)),
        *(others or (Entry("fan", dialect, topic, {"air_changes": 8}, shared, ("if it is an extract fan: its air changes an hour",)),)),
    )


def kelvins(low: float, high: float) -> list[int]:
    """The range in kelvin of a range in mired, warmest first."""
    return sorted((round(1_000_000 / low), round(1_000_000 / high)))


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64].strip("-")


_LIKE: Mapping[str, tuple[str, ...]] = {
    "zigbee2mqtt": ("zigbee2mqtt", "zigbee2mqtt-tuya"), "zigbee2mqtt-tuya": ("zigbee2mqtt", "zigbee2mqtt-tuya"),
    "shelly-gen2": ("shelly-gen2", "shelly-gen2-control"),
}  # fmt: skip
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off"))


def _written(value: Any) -> str:
    """YAML in one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_written(inside)}" for key, inside in value.items()) + "}"
        case list():
            return "[" + ", ".join(_written(inside) for inside in value) + "]"
        case str() if not _PLAIN.fullmatch(value) or value.lower() in _WORDS:
            return "'" + value.replace("'", "''") + "'" if value.isprintable() else "''"
    return str(value).lower() if isinstance(value, bool) else str(value)
