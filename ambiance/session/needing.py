"""What a guest needs, set or answered while a session is booked or under way: planned anew from this moment."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from secrets import token_urlsafe
from typing import Protocol

from ambiance.care import Care, parse
from ambiance.care.offers import words
from ambiance.clock import stamp
from ambiance.cuesheet import replan
from ambiance.cuesheet.compile import compile_sheet
from ambiance.cuesheet.model import Hand, Sheet
from ambiance.cuesheet.order import Order
from ambiance.errors import AmbianceError, IllegalMove, Invalid, NotAirable, Unknown
from ambiance.profile import Library
from ambiance.session.carryover import air_ahead, spare_next
from ambiance.session.dosing import end_dose
from ambiance.session.house import Turn
from ambiance.session.model import LIVE, CareRow, RefRow, Session, SessionState
from ambiance.session.needs import asking, needs
from ambiance.session.starting import airable, answer, clamped, order_in
from ambiance.session.wishes import Answer, Choose, Keep, Need
from ambiance.site import Room
from ambiance.units import Seconds
from ambiance.why import Why

KEPT = timedelta(hours=24)
"""How long codes wait under a reference for the start that names it."""
MOST_REFS = 10_000


class Compiled(Protocol):
    """`compile_sheet`, or whoever remembers what it gave."""

    def __call__(self, order: Order, room: Room, *, prep: Seconds) -> Sheet: ...


def need(turn: Turn, wish: Need, library: Library) -> Answer:
    """What the guest needs from now on. Raises Unknown, IllegalMove, Invalid; then nothing has changed.

    What is sent is added to what holds, so that nothing is loosened by leaving it out; only `instead` lets go of what
    is not sent, and the answer names it. Scent that is off in a session under way never comes back in it.
    """
    session, room = _open(turn, wish.session)
    before = turn.care_of(session.id)
    held = [] if before is None else json.loads(before.codes)
    given = [] if wish.care is None else [dict(each) if isinstance(each, Mapping) else each for each in wish.care]
    codes = given if wish.instead and wish.care is not None else [*held, *(each for each in given if each not in held)]
    row = CareRow(
        session.id,
        json.dumps(codes, separators=(",", ":")),
        None if before is None else before.erase_at,
        known=wish.care is not None,
        answers="{}" if before is None else before.answers,
    )
    care = needs(row)
    let_go = words([each for each in held if each not in codes])
    return _replanned(turn, room, session, row, care, library, [f"No longer held: {each}." for each in let_go])


def choose(turn: Turn, wish: Choose, library: Library) -> Answer:
    """Staff choose a side of what contradicts. Raises Unknown, IllegalMove, Invalid with what can be chosen."""
    session, room = _open(turn, wish.session)
    row = turn.care_of(session.id)
    conflicts = {} if row is None else {each.id: each for each in needs(row).conflicts}
    if row is None or wish.conflict not in conflicts:
        raise Invalid(("conflict", wish.conflict, f"one of {', '.join(conflicts)}" if conflicts else "none: nothing contradicts here"))
    sides = conflicts[wish.conflict].sides
    if wish.side not in sides:
        raise Invalid(("side", wish.side, f"one of {', '.join(sides)}"))
    row = replace(row, answers=json.dumps({**json.loads(row.answers), wish.conflict: wish.side}, separators=(",", ":")))
    turn.tell("staff_answered", turn.now, room.id, session.id)
    return _replanned(turn, room, session, row, needs(row), library, [])


def keep(turn: Turn, wish: Keep) -> Answer:
    """Codes are kept under a reference until a start names it, at most a day. Raises Invalid."""
    parse(wish.care)
    if len(turn.house.refs) + len(turn.refs) >= MOST_REFS:
        raise Invalid(("care", f"{MOST_REFS} references that nobody used", "to start the sessions they were made for"))
    row = RefRow(token_urlsafe(18), json.dumps(list(wish.care), separators=(",", ":")), turn.now + KEPT)
    turn.refs[row.ref] = row
    return Answer(201, {"ref": row.ref, "until": stamp(row.until)})


def _open(turn: Turn, id: str) -> tuple[Session, Room]:
    session = turn.session(id)
    if session is None:
        raise Unknown("session", id)
    if session.state not in LIVE and session.state is not SessionState.SCHEDULED:
        raise IllegalMove("change what the guest needs", session.state.value)
    room = turn.house.site.by_id.get(session.room)
    if room is None:
        raise Unknown("room", session.room)
    return session, room


def _replanned(turn: Turn, room: Room, session: Session, row: CareRow, care: Care, library: Library, said: list[str]) -> Answer:
    live = session.state in LIVE
    scented = care.known and care.scent == "allowed"
    options: object = []
    if live:
        session = replace(session, scent=session.scent and scented)
    sheet, lost = _sheet(turn, room, session, care, library)
    said += lost
    if live and not scented:
        for dose in turn.open_doses(room.id):
            end_dose(turn, dose, turn.now)
        turn.scent += [(room.id, device.id, 0, 0.0) for device in room.of("diffuser")]
    try:
        airable(turn, room, care, turn.now if live else session.t0, sheet.end, but=session.id)
    except NotAirable as error:
        options = error.extra.get("options", [])
        said.append(f"{room.name} still holds scent; it is free of it from {error.extra.get('scent_free_from')}.")
    fresh = [*sheet.notes, *clamped(sheet)]
    said += [words for words in fresh if words not in session.warnings]
    gone = [words for words in session.sheet.notes if words not in sheet.notes]
    kept = [words for words in session.warnings if words not in gone]
    planned = replace(session, sheet=sheet, warnings=tuple(dict.fromkeys((*kept, *fresh))))
    turn.put(planned)
    turn.care.append(row)
    turn.tell("session_replanned", turn.now, room.id, session.id)
    planned = spare_next(turn, room, max(session.t0, turn.now)).get(session.id, planned)
    air_ahead(turn, room)
    if any(not each.answered for each in care.conflicts):
        turn.tell("staff_asked", turn.now, room.id, session.id)
    body = asking(answer(planned, turn.now), care, sheet)
    known = body["warnings"]
    body["warnings"] = list(dict.fromkeys((*said, *(known if isinstance(known, list) else ()))))
    return Answer(200, body | {"options": options} if options else body)


def _sheet(turn: Turn, room: Room, session: Session, care: Care, library: Library) -> tuple[Sheet, list[str]]:
    """The session's sheet for these needs, and what could not be done about them."""
    try:
        return planned_anew(turn, room, session, care, library), []
    except AmbianceError:
        # Its treatment left the library while it played. What matters most holds all the same.
        kept, offset = session.sheet, session.offset(turn.now)
        if not care.known or care.scent != "allowed":
            kept = replan.with_hand(kept, offset, Hand("scent_off", offset, source="scent off"))
        return kept, ["This treatment is no longer in the library: scent is off, light and sound stay as they were planned."]


def planned_anew(
    turn: Turn, room: Room, session: Session, care: Care, library: Library, cause: Why = replan.ASKED,
    compiled: Compiled = compile_sheet,
) -> Sheet:  # fmt: skip
    """The sheet of a session as it would be ordered today, going on where it stands. Raises AmbianceError where there is none."""
    order = order_in(
        turn, room, library.get(session.profile), session.minutes, session.t0, visit=session.visit, care=care, scent=session.scent,
        tuning=session.sheet.tuning, therapist=session.therapist,
    )  # fmt: skip
    fresh = compiled(order, room, prep=-min(0.0, session.sheet.spans[0].start))
    if session.state in LIVE:
        borders = session.state is not SessionState.ENDING
        return replan.cared(fresh, session.sheet, session.offset(turn.now), borders=borders, cause=cause)
    if session.sheet.hands:
        fresh = replan.adopt(replace(fresh, hands=session.sheet.hands), fresh.spans[0].start, {})
    return fresh
