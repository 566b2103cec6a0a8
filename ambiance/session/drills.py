"""Drills: the path of an alarm is walked while nothing moves in the rooms, and a person confirms that it arrived."""

from dataclasses import replace
from datetime import timedelta

from ambiance.errors import Conflict, Unknown
from ambiance.session.house import Turn
from ambiance.session.model import DrillRow, EmergencyKind
from ambiance.session.wishes import Answer, Drill

LONGEST = timedelta(minutes=60)
"""A drill that nobody ends, ends by itself: a fire panel must not stay masked because somebody went home."""
SIGNALS = frozenset({"bus", "integration"})
"""Who a drill masks. What a person raises is always real."""


def drill(turn: Turn, wish: Drill) -> Answer:
    """A drill begins, or a person confirms that it arrived, which ends it. Raises Unknown, Conflict."""
    if wish.room is not None and wish.room not in turn.house.site.by_id:
        raise Unknown("room", wish.room, list(turn.house.site.by_id))
    before = turn.drill(wish.kind)
    under_way = before is not None and before.ended_at is None and before.until > turn.now
    if wish.active:
        row = before if under_way and before is not None and before.room == wish.room else None
        if row is None:
            row = _begun(before, wish, turn)
            turn.drills[wish.kind] = row
            turn.tell("drill_began", turn.now, kind=wish.kind, by=wish.by, until=row.until, place=wish.room)
        until = row.until.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return Answer(200, {"kind": wish.kind, "active": True, "drill": True, "rooms": [], "until": until})
    if before is None or not under_way:
        raise Conflict(f"no drill of {wish.kind} is under way; begin one, give the alarm, then confirm it")
    turn.drills[wish.kind] = replace(
        before, ended_at=turn.now, confirmed_at=turn.now, confirmed_by=wish.by, confirmed_with=wish.token
    )  # fmt: skip
    turn.tell("drill_confirmed", turn.now, kind=wish.kind, by=wish.by, place=before.room, heard=before.heard_at is not None)
    return Answer(200, {"kind": wish.kind, "active": False, "drill": True, "rooms": [], "heard": before.heard_at is not None})


def hears(turn: Turn, kind: EmergencyKind, room: str | None, by: str) -> bool:
    """Whether this alarm belongs to a drill under way and moves nothing. It is noted and told all the same."""
    row = turn.drill(kind)
    if row is None or row.ended_at is not None or row.until <= turn.now or row.room not in (None, room):
        return False
    if row.heard_at is None:
        turn.drills[kind] = replace(row, heard_at=turn.now)
    turn.tell("drill_heard", turn.now, kind=kind, by=by, place=room)
    return by in SIGNALS


def end_drills(turn: Turn) -> None:
    """Drills that had their hour end; not confirmed, they do not count."""
    for row in list(turn.house.drills.values()):
        if row.ended_at is None and row.until <= turn.now:
            turn.drills[row.kind] = replace(row, ended_at=row.until)
            turn.tell("drill_ended", turn.now, kind=row.kind, by="clock", place=row.room)


def _begun(before: DrillRow | None, wish: Drill, turn: Turn) -> DrillRow:
    row = DrillRow(wish.kind, turn.now, turn.now + LONGEST, wish.room)
    if before is None:
        return row
    return replace(row, confirmed_at=before.confirmed_at, confirmed_by=before.confirmed_by, confirmed_with=before.confirmed_with)
