"""What goes over the wire, either way."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """Something to publish. Newest wins per topic while it waits; nothing waits over a lost connection.

    `keep`: an event or an answer, which a newer one on its topic does not replace. `correlation` is MQTT 5's, on answers.
    """

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    keep: bool = False
    correlation: bytes | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something that arrived. `reply_to` and `correlation` are MQTT 5's, where the sender set them."""

    topic: str
    payload: bytes
    retain: bool = False
    reply_to: str | None = None
    correlation: bytes | None = None


def nothing_new(letter: Iterable[Message], last: Iterable[Message]) -> bool:
    """Whether a letter says only what the last one said too."""
    return {(message.topic, message.payload) for message in letter} <= {(message.topic, message.payload) for message in last}
