"""What devices' makers document, as tests read it: commands, reports, and what was left aside."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ambiance.yaml import plainly

FILE = Path(__file__).parent / "vectors.yaml"


@dataclass(frozen=True)
class Command:
    """What somebody asks of a device, and every message that asks it."""

    dialect: str
    topic: str
    ask: Mapping[str, Any]
    says: tuple[Mapping[str, Any], ...]
    options: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    def __str__(self) -> str:
        return f"{self.dialect}: {json.dumps(self.ask)}"


@dataclass(frozen=True)
class Heard:
    """What arrives, and what it means."""

    dialect: str
    topic: str
    payload: str
    means: Mapping[str, Any]
    source: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    kind: str | None = None

    def __str__(self) -> str:
        return f"{self.dialect}: {self.topic} {self.payload[:60]}"


def read() -> Any:
    return plainly(FILE.read_text(encoding="utf-8"))


def commands() -> list[Command]:
    return [Command(**{**written, "says": tuple(written["says"])}) for written in read()["commands"]]


def reports() -> list[Heard]:
    return [_heard(**written) for written in read()["reports"]]


def _heard(heard: Mapping[str, Any], **written: Any) -> Heard:
    return Heard(topic=heard["topic"], payload=text(heard["payload"]), **written)


def text(payload: Any) -> str:
    """A payload as it goes over the wire."""
    return payload if isinstance(payload, str) else json.dumps(payload)
