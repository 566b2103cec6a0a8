"""Fire, medical, duress: at once, latched until a person resets them, and never undone by anything lower."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from ambiance.cuesheet.model import Level
from ambiance.cuesheet.standing import emergency as full_light
from ambiance.cuesheet.standing import standing
from ambiance.errors import Unknown
from ambiance.session.dosing import end_dose
from ambiance.session.drills import hears
from ambiance.session.house import Turn, stated
from ambiance.session.model import GRAVITY, Latch, RoomRow, RoomState, SessionState
from ambiance.session.wishes import Answer, Emergency
from ambiance.site import Room


def emergency(turn: Turn, wish: Emergency) -> Answer:
    """An emergency begins or is reset, in one room or the whole house. Raises Unknown."""
    if wish.room is not None and wish.room not in turn.house.site.by_id:
        raise Unknown("room", wish.room, list(turn.house.site.by_id))
    rooms = [turn.house.site.by_id[wish.room]] if wish.room is not None else list(turn.house.site.rooms)
    if wish.active and wish.kind is not None and hears(turn, wish.kind, wish.room, wish.by):
        return Answer(200, {"kind": wish.kind, "active": False, "drill": True, "rooms": []})
    changed = [room.id for room in rooms if (_raise(turn, room, wish) if wish.active else _reset(turn, room, wish))]
    return Answer(200, {"kind": wish.kind, "active": wish.active, "rooms": changed})


def join(turn: Turn, room: Room, others: Collection[str]) -> None:
    """A room that is new is in the fire that all `others` are in: it is not over because a room was added."""
    if others and all(any(latch.kind == "fire" for latch in turn.room(id).latches) for id in others):
        _raise(turn, room, Emergency("fire", room=room.id, by="house"))


def repeat_calls(turn: Turn) -> None:
    """A call for help is said again to the desk until a person has acknowledged it."""
    for id in turn.house.site.by_id:
        for latch in turn.room(id).latches:
            if latch.kind == "duress":
                turn.tell("emergency_repeated", turn.now, id, kind=latch.kind)


def _raise(turn: Turn, room: Room, wish: Emergency) -> bool:
    row, kind = turn.room(room.id), wish.kind
    if kind is None or any(latch.kind == kind for latch in row.latches):
        return False
    silent = kind == "duress" and turn.house.site.duress == "silent"
    latches = tuple(sorted((*row.latches, Latch(kind, turn.now, silent)), key=lambda latch: -GRAVITY[latch.kind]))
    live = None
    if silent or latches[0].kind != kind:
        # The desk learns of it; in the room something graver stands, or nothing is to show.
        turn.rooms[room.id] = replace(row, latches=latches)
    else:
        levels, live = _levels(turn, room), turn.live(room.id)
        for dose in turn.open_doses(room.id):
            end_dose(turn, dose, turn.now)
        if live is not None:
            turn.put(stated(live, SessionState.DONE, ended_at=turn.now, ended_by="emergency"))
        turn.scent += [(room.id, device.id, 0, 0.0) for device in room.of("diffuser")]
        _light(turn, room, replace(row, latches=latches), levels)
    turn.tell("emergency_began", turn.now, room.id, live.id if live else None, kind=kind, by=wish.by)
    return True


def _reset(turn: Turn, room: Room, wish: Emergency) -> bool:
    row = turn.room(room.id)
    kind = wish.kind or row.emergency
    left = tuple(latch for latch in row.latches if latch.kind != kind)
    if kind is None or left == row.latches:
        return False
    if row.state is not RoomState.EMERGENCY:
        turn.rooms[room.id] = replace(row, latches=left)
    elif left and not left[0].silent:
        # What was remembered behind it shows up now.
        _light(turn, room, replace(row, latches=left, closed=row.closed or wish.closed), _levels(turn, room))
    else:
        closed = row.closed or wish.closed
        state = RoomState.OUT_OF_ORDER if closed else RoomState.VACANT_DIRTY
        sheet = standing(room, state.value, turn.house.site.limits_in(room), _levels(turn, room))
        turn.put_room(RoomRow(room.id, state, turn.now, sheet, turn.now, latches=left, closed=closed))
    turn.tell("emergency_reset", turn.now, room.id, kind=kind, by=wish.by)
    return True


def _light(turn: Turn, room: Room, row: RoomRow, levels: Mapping[str, Level]) -> None:
    """The room is as its gravest emergency wants it."""
    sheet = full_light(room, levels, row.latches[0].kind)
    since = row.since if row.state is RoomState.EMERGENCY else turn.now
    turn.put_room(RoomRow(room.id, RoomState.EMERGENCY, since, sheet, turn.now, latches=row.latches, closed=row.closed))


def _levels(turn: Turn, room: Room) -> Mapping[str, Level]:
    """Where the room's devices should stand; unknown where its rows make no sense, which must not keep it from an emergency."""
    try:
        return turn.levels(room.id, turn.now)
    except Exception:
        return {}
