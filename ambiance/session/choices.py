"""What there is to choose where scent would carry over: accept it, less scent, none, another room, later; each with its reason."""

from dataclasses import replace
from datetime import timedelta

from ambiance.care import Care
from ambiance.clock import Instant, stamp
from ambiance.cuesheet.model import Sheet
from ambiance.errors import NotAirable
from ambiance.session.carryover import PREPARED, bearing, clear_from, extract_ahead, hour, sessions_before
from ambiance.session.house import Turn
from ambiance.session.model import LIVE, RoomState, Session
from ambiance.site import Room
from ambiance.units import Seconds

Option = dict[str, object]
"""One choice: `choice` is accept, shorten-scent, no-scent, other-room or later; `reason` says why in plain words."""
MOST_ROOMS = 5


def require_clear(turn: Turn, room: Room, care: Care | None, at: Instant, length: Seconds, but: str = "") -> None:
    """Raises NotAirable, with what there is to choose, where this guest's needs forbid what will be in the air `at`.

    Scent that the sessions before still plan is no reason: it is taken from them.
    """
    wanted = bearing(care)
    if wanted is None:
        return
    before = [replace(each, sheet=replace(each.sheet, doses=())) for each in sessions_before(turn, room, at, but)]
    clear = clear_from(turn, room, wanted, at, before, () if before else extract_ahead(turn, room, at - PREPARED))
    if clear is not None:
        raise NotAirable(room.id, stamp(clear), [*other_rooms(turn, room, care, at, length), later(turn, room, clear, length)])


def spared(turn: Turn, room: Room, session: Session, care: Care) -> list[Option]:
    """What there was to choose for a session whose scent was taken for the next guest's sake."""
    some = bool(session.sheet.doses)
    words = session.warnings[-1]
    length = session.sheet.end
    return [
        {"choice": "shorten-scent" if some else "no-scent", "applied": True, "reason": words},
        *other_rooms(turn, room, care, session.t0, length),
    ]


def lingering(turn: Turn, room: Room, sheet: Sheet, at: Instant, length: Seconds, care: Care) -> list[Option]:
    """What there is to choose where another scent is still in the air and nothing forbids it."""
    wanted = bearing(care, sheet)
    clear = clear_from(turn, room, wanted, at, sessions_before(turn, room, at)) if wanted is not None and not wanted.forbids else None
    if clear is None:
        return []
    when = hour(turn, clear)
    return [
        {
            "choice": "accept",
            "applied": True,
            "reason": f"Another scent is still in the air of {room.name} until about {when}; nothing forbids it.",
        },
        {"choice": "no-scent", "reason": f"Without a scent of its own the session does not mix two in {room.name}."},
        *other_rooms(turn, room, care, at, length),
        later(turn, room, clear, length),
    ]


def other_rooms(turn: Turn, room: Room, care: Care | None, at: Instant, length: Seconds) -> list[Option]:
    """Rooms of the same setting that are free then and whose air will do.

    A fragrance-free room is the best there is for whoever must meet no scent, and none for whoever wants it.
    """
    wanted = bearing(care)
    found: list[Option] = []
    for other in sorted(turn.house.site.rooms, key=lambda each: each.scent_policy != "free"):
        if other.id == room.id or other.setting != room.setting or len(found) == MOST_ROOMS:
            continue
        if wanted is None and other.scent_policy == "free":
            continue
        if turn.room(other.id).state in (RoomState.EMERGENCY, RoomState.OUT_OF_ORDER) or _taken(turn, other, at, length):
            continue
        if wanted is None or clear_from(turn, other, wanted, at, sessions_before(turn, other, at)) is None:
            clean = "never holds scent" if other.scent_policy == "free" else "its air is clear"
            found.append({"choice": "other-room", "room": other.id, "reason": f"{other.name} is free then and {clean}."})
    return found


def later(turn: Turn, room: Room, clear: Instant, length: Seconds) -> Option:
    """The first instant from which the room is clear, and free for as long as it takes."""
    at = clear
    for session in sorted(turn.upcoming(room.id), key=lambda each: each.t0):
        if at < session.leaves(turn.now) and session.t0 < at + timedelta(seconds=length):
            at = session.leaves(turn.now)
    return {"choice": "later", "start": stamp(at), "reason": f"{room.name} is clear and free from {hour(turn, at)} on."}


def _taken(turn: Turn, room: Room, at: Instant, length: Seconds) -> bool:
    until = at + timedelta(seconds=length)
    return any(at < max(s.leaves(turn.now), turn.now) and (turn.now if s.state in LIVE else s.t0) < until for s in turn.upcoming(room.id))
