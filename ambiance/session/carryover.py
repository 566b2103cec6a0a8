"""Scent carried from one guest to the next: what each may meet, what the planner takes from whom for it, and what there is to choose.

Airing holds back only a guest whose needs forbid the residue. For that guest it is planned ahead: the sessions before
stop their scent in time, or give none, and nobody is told that it will be fine.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from ambiance.care import Care
from ambiance.care.air import LEAST_AIRING, NO_SCENT, OTHER_SCENT, STRICT, Emission, Extract, stop_for
from ambiance.clock import Instant
from ambiance.cuesheet import replan
from ambiance.cuesheet.model import FOREVER, Sheet
from ambiance.cuesheet.standing import airing
from ambiance.session.airing import FAR, air_of
from ambiance.session.house import Turn
from ambiance.session.model import RoomState, Session, SessionState
from ambiance.session.needs import needs
from ambiance.site import Room
from ambiance.units import Seconds


@dataclass(frozen=True, slots=True)
class Bearing:
    """What residue a guest may meet: a part (0-1) of any session's peak. Scent of the family `own` is no residue to them.

    `forbids`: their needs say so; otherwise it is only a matter of taste.
    """

    fraction: float
    forbids: bool
    own: str | None = None


def bearing(care: Care | None, sheet: Sheet | None = None) -> Bearing | None:
    """What a guest with this care, to be given the scent of this sheet, may meet; None: anything."""
    if care is not None and (care.scent == "strict" or (care.known and care.scent != "allowed")):
        # Nobody loses what they once asked for by an intake that was left open.
        return Bearing(STRICT if care.scent == "strict" else NO_SCENT, True)
    own = next((dose.family for doses in sheet.pulses.values() for dose in doses), None) if sheet is not None else None
    return Bearing(OTHER_SCENT, False, own) if own is not None else None


def of_session(turn: Turn, session: Session) -> Bearing | None:
    """What the guest of a session may meet, by the care that is kept of them."""
    row = turn.care_of(session.id)
    return bearing(needs(row) if row is not None else None, session.sheet)


def clear_from(
    turn: Turn, room: Room, wanted: Bearing, at: Instant, before: Sequence[Session] = (), more: Sequence[Extract] = ()
) -> Instant | None:
    """From when on the room's air will do for a guest who comes `at`; None if it will by then.

    `before` are the sessions there until then, with the scent they still plan and the airing behind them; `more` airs it beside.
    """
    extracts = (*more, *_extracts(turn, room, before, at))
    air = air_of(turn, room, turn.now, wanted.own).with_more(_planned(turn, room, before, wanted.own), extracts)
    clear = air.clear_from(wanted.fraction)
    if clear <= max(at, turn.now).timestamp() + HAIR:
        return None
    return Instant.fromtimestamp(min(clear, (at + FAR).timestamp()), turn.now.tzinfo)


def spare_next(turn: Turn, room: Room, at: Instant) -> dict[str, Session]:
    """Take from a room's sessions around `at` the scent that guests after them must not meet; returns what changed, by session.

    A session that has begun never gets any of it back.
    """
    changed: dict[str, Session] = {}
    sessions = near(turn, room, at)
    scented = [index for index, session in enumerate(sessions) if session.sheet.pulses]
    wanted = [of_session(turn, session) for session in sessions] if scented else []
    for index in scented:
        session = sessions[index]
        stops = (_stop(turn, room, sessions, index, guest, wanted[guest]) for guest in range(index + 1, len(sessions)))
        until = min(stops, default=FOREVER)
        if session.state is SessionState.SCHEDULED:
            sheet = replan.with_scent_until(session.sheet, until) if until != session.sheet.scent_until else session.sheet
        else:
            until = max(until, session.offset(turn.now))
            sheet = replan.without_scent_from(session.sheet, until) if until < session.sheet.scent_until else session.sheet
        if sheet is session.sheet:
            continue
        given = sheet.doses != session.sheet.doses
        moved = replace(session, sheet=sheet)
        if given:
            words = (_words(turn, room, moved),) if until < FOREVER else ()
            moved = replace(moved, warnings=(*(w for w in session.warnings if not w.startswith(_OURS)), *words))
        if given and until < FOREVER:
            turn.tell("doses_dropped" if not sheet.doses else "doses_shortened", turn.now, room.id, session.id)
            changed[session.id] = moved
        sessions[index] = moved
        turn.keep(moved)
    return changed


def air_ahead(turn: Turn, room: Room) -> None:
    """A room that is free airs on, or again, where its next guest needs clearer air than they would meet."""
    row = turn.room(room.id)
    coming = sorted(turn.upcoming(room.id), key=lambda each: each.t0)
    if not coming or coming[0].state is not SessionState.SCHEDULED or row.state not in _FREE:
        return
    guest, wanted = coming[0], of_session(turn, coming[0])
    begins = guest.at(guest.sheet.spans[0].start)
    more = extract_ahead(turn, room, begins)
    if wanted is None or not more or air_of(turn, room, turn.now, wanted.own).clear_from(wanted.fraction) <= begins.timestamp():
        return
    clear = air_of(turn, room, turn.now, wanted.own).with_more(extracts=more).clear_from(wanted.fraction)
    until = min(begins, Instant.fromtimestamp(min(clear, begins.timestamp()), turn.now.tzinfo))
    clean = max(row.clean_until or turn.now, turn.now)
    limits, levels = turn.house.site.limits_in(room), turn.levels(room.id, turn.now)
    seconds = (until - turn.now).total_seconds(), (clean - turn.now).total_seconds()
    sheet = airing(room, row.sheet, limits, levels, *seconds)
    turn.put_room(replace(row, state=RoomState.AIRING, since=turn.now, sheet=sheet, t0=turn.now, air_until=until, clean_until=clean))
    if row.state is not RoomState.AIRING:
        turn.tell("room_changed", turn.now, room.id, state=RoomState.AIRING.value, because="booked")


def airing_for(turn: Turn, room: Room, at: Instant) -> Seconds:
    """How long a room must air behind a session that ended `at`, whatever that gave: until the next guest may come, 10 minutes at
    the least; 0 where their air is clear already, or nobody is known to come.
    """
    upcoming = sorted((s for s in turn.upcoming(room.id) if s.state is SessionState.SCHEDULED and s.t0 > at), key=lambda s: s.t0)
    wanted = of_session(turn, upcoming[0]) if upcoming else None
    if wanted is None:
        return 0.0
    until = upcoming[0].at(upcoming[0].sheet.spans[0].start)
    air = air_of(turn, room, at, wanted.own).with_more(extracts=_boost(room, at, until))
    needed = air.clear_from(wanted.fraction) - at.timestamp()
    return max(LEAST_AIRING, min(needed, (until - at).total_seconds())) if needed > HAIR else 0.0


_OURS = ("Scent stops at ", "No scent in this session: ")


def _words(turn: Turn, room: Room, session: Session) -> str:
    if session.sheet.doses:
        last = hour(turn, session.at(max(dose.until for dose in session.sheet.doses)))
        return f"Scent stops at {last}: the air has to be clear for the next guest."
    return f"No scent in this session: the air of {room.name} has to be clear for the next guest."


def hour(turn: Turn, at: Instant) -> str:
    """The hour and minute of the site's day."""
    return f"{at.astimezone(turn.house.site.timezone):%H:%M}"


def _stop(turn: Turn, room: Room, sessions: Sequence[Session], index: int, later: int, wanted: Bearing | None) -> Seconds:
    """The offset by which a session has to stop its scent for the sake of a later guest."""
    session, guest = sessions[index], sessions[later]
    if wanted is None or (wanted.own is not None and wanted.own in {d.family for doses in session.sheet.pulses.values() for d in doses}):
        return FOREVER
    air = air_of(turn, room, turn.now)
    extracts = (*air.extracts, *_extracts(turn, room, sessions[index:later], guest.t0))
    at = stop_for(guest.t0.timestamp(), wanted.fraction, air.air, extracts)
    earliest = session.at(session.sheet.spans[0].start).timestamp()
    return max(at, earliest) - session.t0.timestamp()


def near(turn: Turn, room: Room, at: Instant) -> list[Session]:
    """The sessions of a room within a day of an instant, in order: what lies further off has no scent in common with it."""
    return sorted((s for s in turn.upcoming(room.id) if abs(s.t0 - at) < DAY), key=lambda s: s.t0)


def sessions_before(turn: Turn, room: Room, at: Instant, but: str = "") -> list[Session]:
    """The sessions of a room that begin before an instant."""
    return [session for session in near(turn, room, at) if session.id != but and session.t0 < at]


def _planned(turn: Turn, room: Room, sessions: Iterable[Session], own: str | None) -> list[tuple[Emission, ...]]:
    found = []
    for session in sessions:
        doses = [dose for dose in session.sheet.doses if session.at(dose.until) > turn.now and dose.family != own]
        emissions = [
            Emission(max(session.at(d.at), turn.now).timestamp(), session.at(d.until).timestamp(), room.by_id[d.device].emission_mg_h)
            for d in doses
            if d.device in room.by_id
        ]
        if emissions:
            found.append(tuple(emissions))
    return found


def _extracts(turn: Turn, room: Room, sessions: Sequence[Session], until: Instant) -> list[Extract]:
    """How the extract will run behind these sessions, up to the guest who comes at `until`."""
    found: list[Extract] = []
    upcoming = near(turn, room, until)
    for session in sessions:
        ends = session.leaves(turn.now)
        following = next((s for s in upcoming if s.t0 > session.t0 and s.id != session.id), None)
        # The guest of `until` may not be among the rows yet; their room is prepared by then.
        begins = following.at(following.sheet.spans[0].start) if following is not None and following.t0 < until else until - PREPARED
        aired = begins if following is None or following.t0 >= until else min(begins, ends + timedelta(seconds=LEAST_AIRING))
        if session.sheet.pulses or following is None or following.t0 >= until:
            found += _boost(room, ends, aired)
    return found


PREPARED = timedelta(minutes=10)
HAIR: Seconds = 0.5
"""What was planned to be clear when a guest comes is so, though a float says a microsecond later."""
DAY = timedelta(days=1)
_FREE = (RoomState.READY, RoomState.AIRING, RoomState.CLEANING)


def extract_ahead(turn: Turn, room: Room, until: Instant) -> list[Extract]:
    """The extract, where it may run on from now in a free room, behind the airing that is under way."""
    row = turn.room(room.id)
    if row.state not in _FREE:
        return []
    aired = row.air_until if row.state is RoomState.AIRING and row.air_until is not None else turn.now
    return _boost(room, max(turn.now, aired), until)


def _boost(room: Room, since: Instant, until: Instant) -> list[Extract]:
    changes = sum(fan.air_changes for fan in room.of("fan"))
    return [Extract(since.timestamp(), until.timestamp(), changes)] if changes and until > since else []
