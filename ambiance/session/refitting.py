"""The house was written anew while it runs: what becomes of its rooms' sheets, from this moment on."""

from dataclasses import replace
from datetime import timedelta

import structlog

from ambiance.care import UNKNOWN
from ambiance.cuesheet.compile import Compiler, compile_sheet
from ambiance.cuesheet.standing import airing, standing
from ambiance.cuesheet.standing import emergency as full_light
from ambiance.errors import AmbianceError
from ambiance.profile import Library
from ambiance.session.carryover import spare_next
from ambiance.session.dosing import end_dose
from ambiance.session.emergencies import join
from ambiance.session.house import House, Turn
from ambiance.session.model import LIVE, RoomState, Session
from ambiance.session.needing import Compiled, planned_anew
from ambiance.session.needs import needs
from ambiance.session.returning import without_rooms
from ambiance.site import Device, Room, Site
from ambiance.why import Layer, Why

REFITTED = Why(Layer.ROOM, "the room was set up anew")


def with_occupied(house: House, site: Site) -> Site:
    """`site`, and the rooms as they are that it does not have any more while somebody is in them: what hangs there is no other's yet."""
    kept = tuple(room for room in house.site.rooms if room.id not in site.by_id and house.live(room.id) is not None)
    theirs = [device for room in kept for device in room.devices if device.topic]
    if not theirs:
        return replace(site, rooms=(*site.rooms, *kept)) if kept else site

    def free(device: Device) -> bool:
        return not any(device.is_still(replace(other, id=device.id, room=device.room)) for other in theirs)

    return replace(site, rooms=(*(replace(room, devices=tuple(filter(free, room.devices))) for room in site.rooms), *kept))


def refit(turn: Turn, before: Site, library: Library, compiler: Compiler) -> None:
    """Plan anew, from where its devices stand, every room whose sheets depend on what is otherwise than `before`.

    A room where that fails goes on as it was, and so do the others.
    """
    site = turn.house.site
    for id in before.by_id:
        if id not in site.by_id:
            for dose in turn.open_doses(id):
                end_dose(turn, dose, turn.now)
    without_rooms(turn)
    changed = [room for room in site.rooms if room.id not in before.by_id or _plans(site, room) != _plans(before, before.by_id[room.id])]
    for room in changed:
        mark = turn.mark()
        try:
            if room.id not in before.by_id:
                join(turn, room, [id for id in before.by_id if id in site.by_id])
            _room(turn, room, before.by_id.get(room.id), library, compiler)
        except Exception:  # a fault in one room's rows stays in that room
            turn.back(mark)
            structlog.get_logger("conductor").exception("room_not_refitted", room=room.id)
    turn.tell("site_changed", turn.now, rooms=[room.id for room in changed])


def _plans(site: Site, room: Room) -> object:
    """Everything that the sheets of a room depend on."""
    return replace(room, name="", area="", usual=(), hand_light=False, limits=site.limits_in(room)), site.evening


def _room(turn: Turn, room: Room, before: Room | None, library: Library, compiler: Compiler) -> None:
    for dose in turn.open_doses(room.id):
        if not _stays(room, before, dose.device):
            end_dose(turn, dose, turn.now)
    live = turn.live(room.id)
    for session in turn.upcoming(room.id):
        _session(turn, room, before, session, library, compiler)
    if live is None:
        _stand(turn, room)
    spare_next(turn, room, turn.now if live is None else live.t0)


def _session(turn: Turn, room: Room, before: Room | None, session: Session, library: Library, compiler: Compiler) -> None:
    """A treatment goes on in the room as it is now; one that is no longer in the library goes on as it was planned."""
    kept = turn.care_of(session.id)
    care = UNKNOWN if kept is None else needs(kept)
    if session.state in LIVE:
        # A diffuser that is new waits for the next guest: nobody who is here was asked about it.
        fitting = tuple(device for device in room.devices if device.kind != "diffuser" or _stays(room, before, device.id))
        room = room if fitting == room.devices else replace(room, devices=fitting)
    hands = tuple(hand for hand in session.sheet.hands if hand.device is None or _stays(room, before, hand.device))
    session = replace(session, sheet=replace(session.sheet, hands=hands))
    # What is written is one shape, which many sessions share; a room that lacks something for now is its own.
    compiled: Compiled = compiler.compile if room is turn.house.site.by_id[room.id] else compile_sheet
    try:
        sheet = planned_anew(turn, room, session, care, library, REFITTED, compiled)
    except AmbianceError:
        return
    turn.put(replace(session, sheet=sheet))


def _stays(room: Room, before: Room | None, device: str) -> bool:
    """Whether a device is the same thing that it was."""
    return before is not None and device in before.by_id and device in room.by_id and room.by_id[device].is_still(before.by_id[device])


def _stand(turn: Turn, room: Room) -> None:
    """What a room without a guest plays goes on from here."""
    row, levels, limits = turn.room(room.id), turn.levels(room.id, turn.now), turn.house.site.limits_in(room)
    match row.state:
        case RoomState.EMERGENCY:
            sheet = full_light(room, levels, row.emergency or "fire")
        case RoomState.AIRING | RoomState.CLEANING:
            ends = (row.air_until if row.state is RoomState.AIRING else turn.now, row.clean_until)
            air, clean = (max(timedelta(), (at or turn.now) - turn.now).total_seconds() for at in ends)
            sheet = airing(room, row.sheet, limits, levels, air, clean)
        case _:
            sheet = standing(room, row.state.value, limits, levels)
    turn.put_room(replace(row, sheet=sheet, t0=turn.now, since=row.since or turn.now))
