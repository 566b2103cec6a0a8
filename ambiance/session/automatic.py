"""What happens by itself: everything the rows say is due by now, each at its own instant.

The same function runs on the live clock and after a restart, so both reach the same rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from ambiance.care.air import LEAST_AIRING
from ambiance.clock import Instant, stamp
from ambiance.cuesheet import replan
from ambiance.cuesheet.model import FOREVER, Level, Sheet
from ambiance.cuesheet.scene import present, scene_at
from ambiance.cuesheet.standing import standing, turnover
from ambiance.session.carryover import airing_for, clear_from, of_session
from ambiance.session.courses import dropped, visited
from ambiance.session.dosing import end_dose
from ambiance.session.house import Turn, stated
from ambiance.session.model import RoomRow, RoomState, Session, SessionState
from ambiance.site import Room
from ambiance.units import Seconds

NO_SHOW = timedelta(minutes=20)
"""A room that waits for a guest this long is free again."""
_EPS = 1e-6

Step = Callable[[Turn, Room, Session], bool]


def catch_up(turn: Turn, room: Room) -> None:
    """Do everything that is due in `room` by `turn.now`."""
    for _ in range(100):  # a day's worth of borders; a fault in a sheet must not hang the house
        live = turn.live(room.id)
        if live is not None:
            if not _STEPS[live.state](turn, room, live):
                return
        elif not (_room_moves(turn, room) or _next_prepares(turn, room)):
            return


def next_due(turn_session: Session, room: Room, after: Instant) -> Instant | None:
    """The next instant at which something may be due for a live session."""
    sheet, state = turn_session.sheet, turn_session.state
    moments: list[Seconds] = []
    if state is SessionState.PREPARING:
        moments = [0.0]
    elif state is SessionState.WAITING:
        moments = [NO_SHOW.total_seconds()]
    elif state is SessionState.RUNNING:
        moments = [span.start for span in sheet.spans if span.start <= sheet.horizon]
        moments += [sheet.horizon + room.grace * 60] if sheet.horizon < FOREVER else []
    elif state is SessionState.OVERRUN:
        moments = [sheet.horizon + room.grace * 60]
    elif state is SessionState.ENDING:
        moments = [span.start for span in sheet.spans]
    due = [turn_session.at(moment) for moment in moments if moment < FOREVER]
    return min((moment for moment in due if moment > after), default=None)


def finish(turn: Turn, room: Room, session: Session, at: Instant, by: str) -> None:
    """The session is over; its room begins to turn over from the scene of that moment."""
    levels = scene_at(session.sheet, session.offset(at)).levels
    for row in turn.open_doses(room.id):
        end_dose(turn, row, at)
    turn.put(stated(session, SessionState.DONE, ended_at=at, ended_by=by))
    if by != "moved":
        visited(turn, session, room, at)
    scented = any(dose.session == session.id for dose in turn.doses_in(room.id))
    clean = sum(span.length for span in session.sheet.spans if span.phase in ("turnover_air", "turnover_clean"))
    air = airing_for(turn, room, at) or (min(LEAST_AIRING, clean) if scented else 0.0)
    sheet = turnover(session.sheet, room, turn.house.site.limits_in(room), levels, air, clean)
    state = RoomState.AIRING if air else RoomState.CLEANING
    ends = at + timedelta(seconds=air), at + timedelta(seconds=clean)
    before = turn.room(room.id)
    turn.put_room(RoomRow(room.id, state, at, sheet, at, *ends, before.latches, before.closed))
    turn.tell("session_ended", at, room.id, session.id, by=by)


def vacate(turn: Turn, room: Room, state: RoomState, at: Instant, because: str, levels: Mapping[str, Level] | None = None) -> None:
    """The room stands in `state` from `at` on, from where its devices are (`levels`, or by what it plays)."""
    levels = turn.levels(room.id, at) if levels is None else levels
    sheet = standing(room, state.value, turn.house.site.limits_in(room), levels)
    row = turn.room(room.id)
    turn.put_room(RoomRow(room.id, state, at, sheet, at, latches=row.latches, closed=row.closed))
    turn.tell("room_changed", at, room.id, state=state.value, because=because)


def phase_number(sheet: Sheet, offset: Seconds) -> int:
    """Which phase (1 from welcome on) the room is in; 0 before and after."""
    return sheet.spans[present(sheet, offset)].n


def waiting_for(session: Session, now: Instant) -> str | None:
    """The border that waits for a hand, by the phase behind it; `welcome` for the guest, `end` for the end.

    `resume`: the power had failed, and a person says whether it goes on.
    """
    if session.state is SessionState.WAITING:
        return "welcome"
    if session.state is SessionState.PAUSED and replan.asks_to_resume(session.sheet):
        return "resume"
    if session.state not in (SessionState.RUNNING, SessionState.OVERRUN) or session.offset(now) < session.sheet.horizon - _EPS:
        return None
    span = next(span for span in session.sheet.spans if span.border and not span.confirmed)
    return span.phase if span.n else "end"


def _prepare(turn: Turn, room: Room, session: Session) -> bool:
    if session.offset(turn.now) < -_EPS:
        return False
    at = session.at(0.0)
    if room.borders == "hands":
        turn.put(stated(session, SessionState.WAITING))
        turn.tell("guest_awaited", at, room.id, session.id)
    else:
        turn.put(stated(session, SessionState.RUNNING))
        turn.tell("session_started", at, room.id, session.id)
    return True


def _wait(turn: Turn, room: Room, session: Session) -> bool:
    at = session.at(NO_SHOW.total_seconds())
    if turn.now < at:
        return False
    for row in turn.open_doses(room.id):
        end_dose(turn, row, at)
    vacate(turn, room, RoomState.READY, at, "nobody came")
    turn.put(stated(session, SessionState.CANCELLED, ended_at=at, ended_by="no_show"))
    dropped(turn, session, erased=False)
    turn.tell("session_cancelled", at, room.id, session.id, by="no_show")
    return True


def _run(turn: Turn, room: Room, session: Session) -> bool:
    offset, sheet = session.offset(turn.now), session.sheet
    border = sheet.horizon
    if border < FOREVER and offset >= border - _EPS:
        span = next(s for s in sheet.spans if s.border and not s.confirmed)
        if not span.n:
            turn.put(stated(session, SessionState.OVERRUN, sheet=replan.overrun(sheet, border)))
            turn.tell("session_overran", session.at(border), room.id, session.id)
            return True
        grace = border + room.grace * 60
        if room.unconfirmed == "go" and offset >= grace and not span.kept:
            turn.put(replace(session, sheet=replan.advance(sheet, grace)))
            turn.tell("border_passed", session.at(grace), room.id, session.id, by="grace")
            return True
        return False
    if offset >= sheet.end - _EPS:
        finish(turn, room, session, session.at(sheet.end), "clock")
        return True
    return False


def _overrun(turn: Turn, room: Room, session: Session) -> bool:
    grace = session.sheet.horizon + room.grace * 60
    if room.unconfirmed != "go" or session.offset(turn.now) < grace:
        return False
    finish(turn, room, session, session.at(grace), "grace")
    return True


def _end(turn: Turn, room: Room, session: Session) -> bool:
    if session.offset(turn.now) < session.sheet.end - _EPS:
        return False
    finish(turn, room, session, session.at(session.sheet.end), "clock")
    return True


def _rest(turn: Turn, room: Room, session: Session) -> bool:
    return False


_STEPS: dict[SessionState, Step] = {
    SessionState.PREPARING: _prepare,
    SessionState.WAITING: _wait,
    SessionState.RUNNING: _run,
    SessionState.PAUSED: _rest,
    SessionState.OVERRUN: _overrun,
    SessionState.ENDING: _end,
}


def _room_moves(turn: Turn, room: Room) -> bool:
    """Turnover goes on and ends by itself."""
    row = turn.room(room.id)
    if row.state is RoomState.AIRING and row.air_until is not None and row.air_until <= turn.now:
        if row.clean_until is None or row.clean_until <= row.air_until:
            # Cleaned while it aired: nothing is left of the turnover.
            vacate(turn, room, RoomState.READY, row.air_until, "clock")
            return True
        state, at = RoomState.CLEANING, row.air_until
    elif row.state is RoomState.CLEANING and row.clean_until is not None and row.clean_until <= turn.now:
        state, at = RoomState.READY, row.clean_until
    else:
        return False
    turn.rooms[room.id] = replace(row, state=state)
    turn.tell("room_changed", at, room.id, state=state.value, because="clock")
    return True


def _next_prepares(turn: Turn, room: Room) -> bool:
    """The next booked session takes the room when its preparation is due, unless the room cannot take it."""
    if turn.room(room.id).state in (RoomState.EMERGENCY, RoomState.OUT_OF_ORDER):
        return False
    booked = sorted((s for s in turn.upcoming(room.id) if s.state is SessionState.SCHEDULED), key=lambda s: s.t0)
    due = next((s for s in booked if s.at(s.sheet.spans[0].start) <= turn.now), None)
    if due is None:
        return False
    if due.at(due.sheet.end) <= turn.now:
        # Its whole time passed while nobody could play it.
        turn.put(stated(due, SessionState.DONE, ended_at=due.at(due.sheet.end), ended_by="missed"))
        turn.tell("session_missed", turn.now, room.id, due.id)
        return True
    begin = max(due.at(due.sheet.spans[0].start), turn.room(room.id).since or due.created_at)
    begin = min(begin, turn.now)
    sheet = replan.adopt(due.sheet, due.offset(begin), turn.levels(room.id, begin))
    row = turn.room(room.id)
    if row.state is not RoomState.READY:
        turn.rooms[room.id] = replace(row, state=RoomState.READY)
    turn.put(stated(due, SessionState.PREPARING, sheet=sheet))
    wanted = of_session(turn, due)
    # Said of another scent too, so that nobody on the bus learns whose needs forbid it.
    clear = clear_from(turn, room, wanted, due.t0) if wanted is not None else None
    if clear is not None:
        turn.tell("airing_fell_short", begin, room.id, due.id, until=stamp(clear))
    turn.tell("preparation_began", begin, room.id, due.id)
    return True
