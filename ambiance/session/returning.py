"""What a program that starts again does first: close what ended meanwhile, end open doses, play the rest from now."""

from dataclasses import replace

import structlog

from ambiance.cuesheet import replan
from ambiance.cuesheet.standing import emergency as full_light
from ambiance.cuesheet.standing import standing
from ambiance.session.airing import end_airs, tend_air
from ambiance.session.automatic import catch_up, phase_number, waiting_for
from ambiance.session.dosing import end_dose
from ambiance.session.emergencies import join
from ambiance.session.house import Turn, stated
from ambiance.session.model import LIVE, RoomState, SessionState, World
from ambiance.site import Room

_PLAYING = (SessionState.WAITING, SessionState.RUNNING, SessionState.PAUSED, SessionState.OVERRUN)


def take_up(turn: Turn, world: World) -> None:
    """Bring the rows of `world` to `turn.now`. A room whose rows make no sense is left as it was; the others go on."""
    log = structlog.get_logger("conductor")
    for row in [dose for dose in turn.house.doses.values() if dose.ended_at is None]:
        # Nobody renewed it: its diffuser stopped by itself at the lease's end, if not before.
        end_dose(turn, row, min(turn.now, row.lease_until))
    without_rooms(turn)
    for id in world.unreadable:
        turn.tell("session_cancelled", turn.now, None, id, by="unreadable")
    known = {row.room for row in world.rooms} & set(turn.house.site.by_id)
    for room in turn.house.site.rooms:
        mark = turn.mark()
        turn.since[room.id] = turn.now
        end_airs(turn, room, world.last_instant or turn.now)
        try:
            if room.id not in known:
                join(turn, room, known)
            _room(turn, room, world)
            tend_air(turn, room, turn.now)
        except Exception:  # a fault in one room's rows stays in that room
            turn.back(mark)
            turn.since[room.id] = turn.now
            log.exception("room_not_taken_up", room=room.id)
    turn.tell("controller_started", turn.now, epoch=world.epoch)


def without_rooms(turn: Turn) -> None:
    """Sessions of rooms that are gone are cancelled."""
    for session in list(turn.house.sessions.values()):
        if session.room not in turn.house.site.by_id and (session.state in LIVE or session.state is SessionState.SCHEDULED):
            turn.sessions[session.id] = stated(session, SessionState.CANCELLED, ended_at=turn.now, ended_by="room_removed")
            turn.tell("session_cancelled", turn.now, None, session.id, by="room_removed")


def _room(turn: Turn, room: Room, world: World) -> None:
    live = turn.live(room.id)
    if live is not None and world.last_instant is not None:
        # Everything up to the last instant was told.
        before = world.last_instant
        turn.spoken[live.id] = (phase_number(live.sheet, live.offset(before)), waiting_for(live, before))
    catch_up(turn, room)
    if world.host_rebooted:
        _after_blackout(turn, room)
    stand(turn, room)
    turn.touched[room.id] = None


def stand(turn: Turn, room: Room) -> None:
    """A room that plays nothing is given the sheet of its state."""
    row = turn.room(room.id)
    if row.sheet is None:
        sheet = standing(room, row.state.value, turn.house.site.limits_in(room))
        if row.state is RoomState.EMERGENCY:
            sheet = full_light(room, {}, row.emergency or "fire")
        turn.rooms[room.id] = replace(row, sheet=sheet, t0=turn.now, since=row.since or turn.now)


def _after_blackout(turn: Turn, room: Room) -> None:
    """Power came back: half light, warm, no music and no scent until a person resumes."""
    live = turn.live(room.id)
    if live is not None and live.state is SessionState.PREPARING:
        # Nobody is there to resume: the room is prepared for its guest, without scent.
        turn.put(replace(live, sheet=replan.scentless(live.sheet, live.offset(turn.now))))
    if live is None or live.state not in _PLAYING:
        return
    sheet = replan.blackout(live.sheet, live.offset(turn.now), room)
    if live.sheet.paused is not None:
        sheet = replace(sheet, paused=live.sheet.paused)
    turn.put(replace(live, state=SessionState.PAUSED, sheet=sheet))
    turn.tell("power_returned", turn.now, room.id, live.id)
