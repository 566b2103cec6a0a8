"""The verbs on a session, each with the states it is legal in."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from ambiance.care import UNKNOWN
from ambiance.clock import stamp
from ambiance.cuesheet import replan
from ambiance.cuesheet.compile import compile_sheet
from ambiance.cuesheet.model import Level
from ambiance.cuesheet.scene import present
from ambiance.errors import Conflict, IllegalMove, Invalid, RoomBusy, Unknown
from ambiance.profile import Library
from ambiance.session.automatic import finish, vacate
from ambiance.session.carryover import clear_from, of_session, spare_next
from ambiance.session.courses import dropped
from ambiance.session.dosing import end_dose
from ambiance.session.house import Turn, stated
from ambiance.session.model import LIVE, RoomState, Session, SessionState
from ambiance.session.needs import needs
from ambiance.session.starting import airable, answer, arrive, free, order_in, take_room, treated
from ambiance.session.wishes import MOST_MINUTES, Act, Answer, Verb
from ambiance.site import Room

_S = SessionState
LEGAL: Mapping[Verb, frozenset[SessionState]] = {
    "pause": frozenset({_S.RUNNING}),
    "resume": frozenset({_S.PAUSED}),
    "stay": frozenset({_S.RUNNING, _S.OVERRUN}),
    "extend": frozenset({_S.RUNNING, _S.OVERRUN}),
    "advance": frozenset({_S.PREPARING, _S.WAITING, _S.RUNNING, _S.OVERRUN, _S.ENDING}),
    "end": frozenset({_S.RUNNING, _S.PAUSED, _S.OVERRUN, _S.ENDING}),
    "cancel": frozenset({_S.SCHEDULED, _S.PREPARING, _S.WAITING}),
    "move": frozenset({_S.SCHEDULED, _S.PREPARING, _S.WAITING, _S.RUNNING, _S.PAUSED}),
}
"""Which verb fits which state; anything else is refused with the present state."""

Deed = Callable[[Turn, Room, Session, Act, Library], Answer]


def act(turn: Turn, wish: Act, library: Library) -> Answer:
    """Do what a person asks of a session. Raises Unknown, IllegalMove, Invalid, RoomBusy."""
    session = _meant(turn, wish)
    room = turn.house.site.by_id.get(session.room)
    if room is None:
        raise Unknown("room", session.room)
    if session.state not in LEGAL[wish.verb]:
        raise IllegalMove(wish.verb, session.state.value, [verb for verb, states in LEGAL.items() if session.state in states])
    if wish.verb == "advance":
        session = treated(session, wish.therapist)
    told = _DEEDS[wish.verb](turn, room, session, wish, library)
    for each in dict.fromkeys((room.id, wish.to or room.id)):
        if each in turn.house.site.by_id:
            spare_next(turn, turn.house.site.by_id[each], max(session.t0, turn.now))
    return told


def _meant(turn: Turn, wish: Act) -> Session:
    if wish.session is not None:
        found = turn.session(wish.session)
        if found is None:
            raise Unknown("session", wish.session)
        return found
    room = wish.room or ""
    if room not in turn.house.site.by_id:
        raise Unknown("room", room)
    upcoming = sorted(turn.upcoming(room), key=lambda s: s.t0)
    live = next((s for s in upcoming if s.state in LIVE), None)
    if live is None and wish.verb in ("cancel", "move") and upcoming:
        return upcoming[0]
    if live is None:
        state = turn.room(room).state
        raise IllegalMove(wish.verb, state.value, state.possible)
    return live


def _minutes(wish: Act, default: int) -> float:
    minutes = default if wish.minutes is None else wish.minutes
    if not 1 <= minutes <= MOST_MINUTES:
        raise Invalid(("minutes", minutes, f"whole minutes from 1 to {MOST_MINUTES}"))
    return minutes * 60.0


def _pause(turn: Turn, room: Room, session: Session, wish: Act, library: Library) -> Answer:
    sheet = replan.pause(session.sheet, session.offset(turn.now))
    for row in turn.open_doses(room.id):
        end_dose(turn, row, turn.now)
    return _told(turn, stated(session, _S.PAUSED, sheet=sheet), "session_paused")


def _resume(turn: Turn, room: Room, session: Session, wish: Act, library: Library) -> Answer:
    sheet = replan.resume(session.sheet, session.offset(turn.now))
    return _told(turn, stated(session, _S.RUNNING, sheet=sheet), "session_resumed", moved=sheet.end - session.sheet.end)


def _stay(turn: Turn, room: Room, session: Session, wish: Act, library: Library) -> Answer:
    seconds = _minutes(wish, 5)
    sheet, moved = replan.stay(session.sheet, session.offset(turn.now), seconds)
    return _told(turn, stated(session, _S.RUNNING, sheet=sheet), "phase_stayed", moved=moved, minutes=round(seconds / 60))


def _extend(turn: Turn, room: Room, session: Session, wish: Act, library: Library) -> Answer:
    seconds = _minutes(wish, 10)
    now = session.offset(turn.now)
    late = max(0.0, now - session.sheet.end) if session.state is _S.OVERRUN else 0.0
    sheet = replan.extend(session.sheet, now, seconds + late)
    end = session.at(sheet.end)
    for other in turn.upcoming(room.id):
        if other.id != session.id and other.state is _S.SCHEDULED and other.t0 < end:
            raise RoomBusy(room.id, other.id, stamp(other.t0), stamp(other.at(other.sheet.end)))
    _still_airable(turn, room, session, replace(session, sheet=sheet))
    return _told(turn, stated(session, _S.RUNNING, sheet=sheet), "session_extended", moved=seconds, minutes=round(seconds / 60))


def _still_airable(turn: Turn, room: Room, session: Session, longer: Session) -> None:
    """Raises Conflict where a longer session would leave too little time to air for a guest who needs it."""
    for guest in turn.upcoming(room.id):
        wanted = of_session(turn, guest) if guest.state is _S.SCHEDULED else None
        if wanted is None or not wanted.forbids:
            continue
        clear = clear_from(turn, room, wanted, guest.t0, [longer])
        if clear is not None and clear_from(turn, room, wanted, guest.t0, [session]) is None:
            raise Conflict(
                f"{room.id} would not be aired in time for the session at {stamp(guest.t0)}; extend by less", scent_free_from=stamp(clear)
            )


def _advance(turn: Turn, room: Room, session: Session, wish: Act, library: Library) -> Answer:
    if session.state in (_S.PREPARING, _S.WAITING):
        return arrive(turn, room, session)
    now = session.offset(turn.now)
    here = present(session.sheet, now)
    last = not any(span.n for span in session.sheet.spans[here + 1 :])
    if session.state is _S.OVERRUN or last:
        return _close(turn, room, session)
    sheet = replan.advance(session.sheet, now)
    return _told(turn, replace(session, sheet=sheet), "phase_advanced", moved=sheet.end - session.sheet.end, by="hand")


def _end(turn: Turn, room: Room, session: Session, wish: Act, library: Library) -> Answer:
    now = session.offset(turn.now)
    here = present(session.sheet, now)
    last = not any(span.n for span in session.sheet.spans[here + 1 :])
    if session.state in (_S.ENDING, _S.OVERRUN) or last:
        return _close(turn, room, session)
    sheet = replan.end(session.sheet, now)
    for row in turn.open_doses(room.id):
        end_dose(turn, row, turn.now)
    return _told(turn, stated(session, _S.ENDING, sheet=sheet, ended_by="hand"), "ending_began")


def _close(turn: Turn, room: Room, session: Session) -> Answer:
    finish(turn, room, session, turn.now, "hand")
    return Answer(200, answer(turn.sessions[session.id], turn.now))


def _cancel(turn: Turn, room: Room, session: Session, wish: Act, library: Library) -> Answer:
    live = session.state in LIVE
    if live:
        for row in turn.open_doses(room.id):
            end_dose(turn, row, turn.now)
        vacate(turn, room, RoomState.READY, turn.now, "cancelled")
    cancelled = stated(session, _S.CANCELLED, ended_at=turn.now, ended_by="hand")
    dropped(turn, session, erased=False)
    if live:
        return _told(turn, cancelled, "session_cancelled")
    turn.sessions[session.id] = cancelled
    turn.restated[room.id, None] = None  # its warmers may be on already
    turn.tell("session_cancelled", turn.now, room.id, session.id, by="hand")
    return Answer(200, answer(cancelled, turn.now))


def _move(turn: Turn, room: Room, session: Session, wish: Act, library: Library) -> Answer:
    there = turn.house.site.by_id.get(wish.to or "")
    if there is None:
        raise Unknown("room", wish.to or "", [r.id for r in turn.house.site.rooms])
    if there.id == room.id:
        raise Conflict(f"session {session.id} is in {room.id} already", state=session.state.value)
    live = session.state in LIVE
    until = max(session.leaves(turn.now), turn.now + timedelta(seconds=1))
    free(turn, there, turn.now if live else session.t0, until, live)
    kept = turn.care_of(session.id)
    care = UNKNOWN if kept is None else needs(kept)
    order = order_in(
        turn, there, library.get(session.profile), session.minutes, session.t0, visit=session.visit, care=care, scent=session.scent,
        tuning=session.sheet.tuning, therapist=session.therapist,
    )  # fmt: skip
    prep = -min(0.0, session.sheet.spans[0].start)
    sheet = compile_sheet(order, there, prep=prep)
    airable(turn, there, care, turn.now if live else session.t0, sheet.end)
    if not live:
        moved = replace(session, room=there.id, sheet=sheet)
        turn.restated[room.id, None] = None  # its warmers may be on already
        return _told(turn, moved, "session_moved", to=there.id)
    levels = turn.levels(there.id, turn.now)
    warnings = take_room(turn, there)
    now = session.offset(turn.now)
    sheet = replan.carried(sheet, session.sheet, now, levels)
    for row in turn.open_doses(room.id):
        end_dose(turn, row, turn.now)
    here_levels = turn.levels(room.id, turn.now)
    moved = replace(session, room=there.id, sheet=sheet, warnings=(*session.warnings, *warnings))
    # The session leaves first: the room it left turns over as after any guest.
    turn.put(moved)
    _left(turn, room, session, here_levels)
    return _told(turn, moved, "session_moved", to=there.id)


def _left(turn: Turn, room: Room, session: Session, levels: Mapping[str, Level]) -> None:
    if session.state in (_S.PREPARING, _S.WAITING):
        vacate(turn, room, RoomState.READY, turn.now, "moved", levels)  # nobody was in it
        return
    kept = turn.sessions[session.id]
    finish(turn, room, session, turn.now, "moved")
    turn.news.pop()  # the session did not end, it left
    turn.sessions[session.id] = kept


def _told(turn: Turn, session: Session, news: str, moved: float = 0.0, **details: object) -> Answer:
    turn.put(session)
    if abs(moved) >= 1:
        details["end_moved_s"] = round(moved)
    turn.tell(news, turn.now, session.room, session.id, **details)
    return Answer(200, answer(session, turn.now, moved))


_DEEDS: Mapping[Verb, Deed] = {
    "pause": _pause,
    "resume": _resume,
    "stay": _stay,
    "extend": _extend,
    "advance": _advance,
    "end": _end,
    "cancel": _cancel,
    "move": _move,
}
