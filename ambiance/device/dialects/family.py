"""What all families of devices share: how a wanted state becomes messages, how bytes become news, and what is checked at start."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import DiffuserWanted, PlayerWanted, Wanted, WarmerWanted
from ambiance.device.dialects.ask import Ask, asked
from ambiance.device.dialects.dialect import Garbled, Heard, Pair, Report, Traits
from ambiance.device.dialects.options import Option, Options, wrong_options, yes
from ambiance.device.dialects.reading import Nonsense
from ambiance.device.message import Message
from ambiance.device.topics import Topics
from ambiance.errors import Invalid
from ambiance.site import STYLES, Device, Kind, has_music, piece
from ambiance.units import Seconds

CURE_FOR_AN_END = "use a device that can: tasmota, shelly-gen2, zigbee2mqtt, zigbee2mqtt-tuya, esphome or openbeken"
BOUNDED: tuple[Kind, ...] = ("diffuser", "warmer")
"""What only ever runs to an end that the device itself keeps."""


class Family(ABC):
    """One dialect. Subclasses name what they know and translate; nothing is kept between two calls."""

    name: ClassVar[str]
    kinds: ClassVar[frozenset[Kind]]
    options: ClassVar[Options]
    silent: ClassVar[str] = "a device that reports"
    """The cure for a device that says nothing of itself."""
    example: ClassVar[str]
    """A topic as it stands in config.yaml."""

    def __init__(self, topics: Topics) -> None:
        self.site = f"{topics.prefix.replace('/', '-')}-{topics.site}"

    @abstractmethod
    def filters(self, device: Device) -> tuple[str, ...]: ...

    @abstractmethod
    def traits(self, device: Device) -> Traits: ...

    @abstractmethod
    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        """The messages for an ask. Raises Invalid for one that this family cannot be asked."""

    @abstractmethod
    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        """What a non-empty payload on one of `filters` says. Raises Nonsense."""

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        """The device's own topic, and what can be told of its options, from any topic it listens or speaks on."""
        return topic, {}

    def made(self, device: Device, ask: Ask) -> Seconds | None:
        """The fade this device makes of an ask by itself; None where none is asked."""
        return None if ask.fade is None else self.traits(device).effective(ask.fade)

    def encode(self, device: Device, wanted: Wanted, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        if isinstance(wanted, DiffuserWanted | WarmerWanted) and wanted.on and wanted.run_for <= 0:
            wanted = replace(wanted, on=False)
        return in_order(self.compose(device, asked(device.kind, wanted), pair, since))

    def decode(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if not payload:
            return None
        try:
            heard = self.understand(device, topic, payload)
        except Nonsense as nonsense:
            return Garbled(str(nonsense))
        if device.kind == "climate" and isinstance(heard, Report) and "on" in heard.values:
            # Its relay comes and goes as it regulates: no word about what it is set to.
            values = {key: value for key, value in heard.values.items() if key != "on"}
            return replace(heard, values=values) if values else None
        return heard

    def check(self, device: Device) -> tuple[str, ...]:
        wrong = [] if device.topic else [f"found no topic; topic: {self.example}"]
        if device.kind not in self.kinds:
            wrong.append(f"found a {device.kind} on {self.name}; {' or '.join(sorted(self.kinds))}, or another dialect")
        wrong += wrong_options(device, self.options, self.name)
        if device.kind in BOUNDED and device.kind in self.kinds and not self.traits(device).ends and not self._at_own_risk(device):
            wrong.append(self.endless(device))
        elif device.kind in BOUNDED and device.kind in self.kinds and not self.traits(device).answers:
            wrong.append(f"found a {device.kind} that never says whether it is off; {self.silent}")
        return tuple(f"{device.room}/{device.id}: {text}" for text in (*wrong, *(self.faults(device) if not wrong else ())))

    def faults(self, device: Device) -> tuple[str, ...]:
        """What else can be wrong, as `found …; cure`."""
        return ()

    def endless(self, device: Device) -> str:
        """Why a diffuser is refused, with the cure."""
        return f"found a {device.kind} that keeps no end by itself on {self.name}; {CURE_FOR_AN_END}"

    def warnings(self, device: Device) -> tuple[str, ...]:
        if device.kind == "player" and not has_music(device, STYLES[0], "") and not any(key.startswith("pl-") for key in device.options):
            return (f"{device.id} has no music: say under music.names what {self.name} calls {', '.join(STYLES)}",)
        if device.kind in BOUNDED and self._at_own_risk(device):
            return (f"{device.id} keeps no end by itself: if this controller or the network dies, it runs until somebody pulls its plug",)
        return ()

    def ask(self, device: Device) -> tuple[Message, ...]:
        if device.kind in ("button", "sensor"):
            # Most of them sleep until there is something to say.
            return ()
        try:
            return self.compose(device, Ask(device.kind, deed="read"), (0, 0))
        except Invalid:
            return ()

    def gateway(self, device: Device) -> str | None:
        return None

    def group(self, devices: tuple[Device, ...]) -> Device | None:
        names = {device.options.get("group", "") for device in devices}
        if "group" not in self.options or len(names) != 1 or "" in names or len(devices) < 2:
            return None
        options = {key: value for key, value in devices[0].options.items() if key != "group"}
        return replace(devices[0], id=names.pop(), topic=self.group_topic(devices[0]), options=options)

    def group_topic(self, device: Device) -> str:
        return device.options["group"]

    def _at_own_risk(self, device: Device) -> bool:
        return "unsafe" in self.options and yes(device, "unsafe")

    def bound(self, device: Device, ask: Ask) -> float | None:
        """Seconds after which a diffuser or a warmer ends by itself; None where it should be off or nothing is said."""
        if not ask.on:
            return None
        ends = self.traits(device).ends
        if not ends and not self._at_own_risk(device):
            found, _, cure = self.endless(device).removeprefix("found ").partition("; ")
            raise Invalid((f"{ask.kind} of {self.name}", found, cure))
        if not ask.run_for:
            raise Invalid(("run_for", ask.run_for, f"seconds: a {ask.kind} is switched on only with an end it keeps itself"))
        return min(ask.run_for, ends) if ends else ask.run_for


def in_order(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Two messages on one topic are two: the later must not replace the earlier while both wait."""
    topics = [message.topic for message in messages]
    return tuple(replace(message, keep=True) if message.topic in topics[index + 1 :] else message for index, message in enumerate(messages))


def said(topic: str, body: Mapping[str, Any] | str) -> Message:
    """A command: JSON, or text exactly as it is."""
    payload = body if isinstance(body, str) else json.dumps(body, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return Message(topic, payload.encode())


def music_options(wanted: str, pattern: str) -> Options:
    """The options of a player with a library of its own: `music`, and one for each style, of one name or several, a line each."""
    one = Option(wanted, pattern)
    several = Option(f"{wanted} in this style; written in config.yaml as music.names", rf"{pattern}(\n{pattern})*")
    return {"music": one, **{f"music_{style}": several for style in STYLES}}


def nothing(ask: Ask, name: str) -> Invalid:
    return Invalid(("payload", f"nothing {name} can do for a {ask.kind}", "native keys of that kind"))


def uri_of(device: Device, ask: Ask | Wanted | None) -> str | None:
    """What to play for an opaque playlist, as this player calls it."""
    return piece(device, ask.playlist, ask.style) if isinstance(ask, Ask | PlayerWanted) and ask.playlist is not None else None
