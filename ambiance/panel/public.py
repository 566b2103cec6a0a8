"""What may be said on the bus and on a room's tablet: set-points, states and random ids. Nothing of the body, health or identity.

Everything here is an allow-list: what is not named is not said.
"""

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from ambiance.care import CODES
from ambiance.clock import Instant
from ambiance.cuesheet.wanted import said_keys
from ambiance.panel.seams import Library, RoomBelief
from ambiance.panel.views import Json, plain, stamp
from ambiance.session.model import News
from ambiance.session.wishes import RoomNow
from ambiance.site import Room

DETAILS = frozenset(
    {
        "state", "ready", "devices", "phase", "phases", "minutes", "until", "hands", "device", "kind", "by", "because", "reason", "moved",
        "end_moved_s", "seconds", "to", "epoch",
    }
)  # fmt: skip
"""Details an event may carry outside; their text must be short and look like an id, a state or an instant."""
ANSWER = frozenset(
    {
        "id", "room", "state", "minutes", "starts_at", "ends_at", "end_moved_s", "phase", "phases", "waiting_for", "t0", "created_at",
        "ended_at",
    }
)  # fmt: skip
"""What an answer about a session may say outside."""

_SAID = re.compile(r"[A-Za-z0-9#:._-]{1,64}")
_WORD = re.compile(r"[A-Za-z0-9 :.+%_-]{1,64}")


def state_payload(present: RoomNow, faults: tuple[str, ...], seq: int) -> Json:
    """`<room>/state`: where the room stands."""
    return {
        "state": str(present.state),
        "session": present.session.id if present.session else None,
        "phase": present.phase,
        "phases": present.phases,
        "ends_at": stamp(present.ends_at),
        "waiting_for": present.waiting_for,
        "hands": [plain(hand) for hand in present.hands],
        "faults": [plain(fault) for fault in faults],
        "seq": seq,
    }


def scene_payload(room: Room, belief: RoomBelief) -> Json:
    """`<room>/scene`: per device what it was asked and what it says of itself."""
    said: Json = {}
    for device in room.devices:
        if device.kind in ("button", "sensor"):
            continue
        known = belief.devices.get(device.id)
        said[device.id] = {
            "role": device.role if device.kind == "light" else device.kind,
            "wanted": _flat(known.wanted) if known else None,
            "reported": _flat(known.reported) if known else None,
        }
    return said


def event_payload(news: News) -> Json:
    """`<room>/event`: what happened, with opaque ids only."""
    told: Json = {"type": news.type, "at": stamp(news.at), "seq": news.seq}
    if news.session is not None:
        told["session"] = news.session
    for key, value in news.details.items():
        if key in DETAILS and (clean := _clean(value)) is not None:
            told[key] = clean
    return told


def for_desk_only(news: News) -> bool:
    """Whether the room must not learn of it, nor anybody who looks at its tablet or listens to its topics: a call for help."""
    return news.details.get("kind") == "duress"


def answer_payload(body: Mapping[str, Any]) -> Json:
    """What an accepted wish tells a caller on the bus or a tablet."""
    return {key: value for key, value in body.items() if key in ANSWER}


def room_on_tablet(view: Mapping[str, Any]) -> Json:
    """A room as its own tablet may show it: a call for help stays unsaid there, and what sensors measure is for the desk."""
    view = {**view, "sensors": {}}
    beneath = [kind for kind in view["emergency_beneath"] if kind != "duress"]
    if view["emergency"] != "duress":
        return {**view, "emergency_beneath": beneath}
    blank: Json = {"emergency": None, "emergency_since": None, "emergency_confirmed": None, "emergency_waiting": []}
    return {**view, **blank, "emergency_beneath": beneath}


def site_on_tablet(view: Mapping[str, Any], room: str | None) -> Json:
    """The house as a room's own tablet may show it: no drill of another room."""
    return {**view, "drills_under_way": [drill for drill in view["drills_under_way"] if drill["room"] in (None, room)]}


def session_on_tablet(view: Mapping[str, Any]) -> Json:
    """A session as a room's own tablet may show it: how long, how far; never what for."""
    return {**{key: view[key] for key in view if key in ANSWER}, "warnings": []}


def why_on_tablet(view: Mapping[str, Any]) -> Json:
    """Who decided, without naming a guest's needs or the treatment."""
    return {
        device: {
            attribute: {"value": said["value"], "layer": "limit" if said["layer"] == "care" else said["layer"], "source": ""}
            for attribute, said in attributes.items()
        }
        for device, attributes in view.items()
    }


class Discretion:
    """Takes names of treatments and care codes out of a refusal before it goes on the bus."""

    def __init__(self, words: Iterable[str]) -> None:
        self.learn(words)

    def learn(self, words: Iterable[str]) -> None:
        """These are the names from now on."""
        self._words = re.compile("|".join(sorted(map(re.escape, words), key=len, reverse=True)) or r"(?!)", re.IGNORECASE)

    @classmethod
    def of(cls, library: Library) -> "Discretion":
        """All that the library's treatments and the care codes are called."""
        return cls(names(library))

    def __call__(self, text: str) -> str:
        return self._words.sub("…", text)


def names(library: Library) -> set[str]:
    """What treatments and care codes are called."""
    return {*CODES, *(name for profile in library.all() for name in (profile.id, profile.modality))}


def _clean(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [plain(each) for each in value if isinstance(each, str) and _WORD.fullmatch(each)]
    if isinstance(value, Instant):
        return stamp(value)
    if isinstance(value, bool | int | float):
        return value if isfinite(value) else None
    return value if isinstance(value, str) and _WORD.fullmatch(value) and not any(code in value for code in CODES) else None


def _flat(said: Any) -> Json | None:
    """A wanted or reported state: numbers, switches, colours and opaque ids."""
    if said is None:
        return None
    fields = dict(said) if isinstance(said, Mapping) else {key: getattr(said, key) for key in said_keys(type(said))}
    return {key: value for key, value in fields.items() if _sayable(value)}


def _sayable(value: object) -> bool:
    if isinstance(value, int | float):
        return isfinite(value)
    return value is None or (isinstance(value, str) and _SAID.fullmatch(value) is not None)
