"""Listening for one family of devices: what it hears, what it asks, and what it found."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic_core import from_json

from ambiance.device.dialects.reading import Nonsense, text_of
from ambiance.device.finding.found import Found
from ambiance.device.message import Message

LARGEST = 4 * 1024 * 1024
"""Bytes of an announcement: the inventory of two hundred Zigbee devices is about 1.5 MB."""
MOST = 120_000
"""Values in an announcement, for the time it takes to read hangs on them; that inventory has about half as many."""
DEEPEST = 24
LONG = 16 * 1024
"""Bytes from which an announcement is read beside the loop rather than on it."""
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Finder(Protocol):
    """Gathers what is said; nothing is decided before `found`, for announcements come in any order."""

    @property
    def filters(self) -> tuple[str, ...]:
        """Topics to hear, where the broker does not give us all of them."""

    def questions(self) -> Iterable[Message]:
        """What makes devices of this family say what they are; read-only, and asked once."""

    def hear(self, topic: str, payload: bytes) -> Iterable[Message]:
        """Take in what was said, and ask on, if there is something to ask. Never raises."""

    def found(self) -> Iterable[Found]:
        """One for each thing, or each output of a thing."""


@dataclass(slots=True)
class Notes:
    """What was heard under one topic, by the rest of the topic."""

    heard: dict[str, Any] = field(default_factory=dict)
    online: bool | None = None

    def inside(self, key: str) -> Mapping[str, Any]:
        value = self.heard.get(key)
        return value if isinstance(value, dict) else {}


def noted(payload: bytes) -> Any:
    """JSON where it is JSON, else text; None for what is neither."""
    if len(payload) > LARGEST or sum(map(payload.count, (b",", b"[", b"{"))) > MOST or _too_deep(payload):
        return None
    try:
        return from_json(payload, allow_inf_nan=False)
    except ValueError:
        pass
    try:
        return text_of(payload, 1000).strip()
    except Nonsense:
        return None


def _too_deep(payload: bytes) -> bool:
    """Whether brackets nest deeper than any announcement does, or never match."""
    if payload.count(b"[") + payload.count(b"{") <= DEEPEST:
        return False
    left = _STRING.sub(b"", payload).translate(None, _NOT_BRACKETS)
    for _ in range(DEEPEST):
        left = left.replace(b"[]", b"").replace(b"{}", b"")
    return bool(left)


def obj(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def word(value: Any, most: int = 200) -> str:
    """A short printable text; empty for anything else."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text[:most] if text.isprintable() else ""


def number(value: Any) -> float | None:
    return None if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
