"""Scent fails to off: a dose is saved before it is sent, in leases the device itself ends."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from secrets import token_hex

from ambiance.care.air import stays_under
from ambiance.clock import Instant, stamp
from ambiance.cuesheet.doses import LEAST
from ambiance.cuesheet.model import Dose, Sheet
from ambiance.session.airing import air_of
from ambiance.session.house import Turn
from ambiance.session.model import DoseRow, Session
from ambiance.session.scentminutes import minutes_by, minutes_of, minutes_today
from ambiance.site import Room
from ambiance.units import Seconds

LEASE: Seconds = 120.0
"""A diffuser never runs longer than this without hearing from us again."""
RENEWAL: Seconds = 40.0
_SAME = timedelta(milliseconds=1)
_ONE = timedelta(seconds=1)

Answers = Callable[[str, str], bool | None]
"""Whether a device (room, device) is reachable; None where nobody said."""


def begin_doses(turn: Turn, session: Session, since: Instant, answers: Answers, at_once: bool = False) -> None:
    """Begin the doses whose moment came after `since`. One that was missed stays missed; one behind a border that waits has none yet.

    `at_once`: after a hand moved the plan, also those whose moment is this very one.
    """
    room = turn.house.site.by_id[session.room]
    for dose in session.sheet.doses:
        if dose.at >= session.sheet.horizon:
            continue
        at, until = session.at(dose.at), session.at(dose.until)
        due = since < at <= turn.now or (at_once and abs(at - turn.now) <= _SAME)
        if not due or until <= turn.now or dose.device not in room.by_id or _given(turn, session, dose, at):
            continue
        enough = _enough_at(turn, room, dose.device)
        shorter, until = enough < until, min(until, enough)
        reason = _obstacle(turn, room, session, dose, until, answers)
        if reason:
            _leave_out(turn, session, dose, at, reason)
            continue
        # What cannot be renewed is one run, no longer than the dose.
        lease = min(turn.now + timedelta(seconds=LEASE), until) if room.by_id[dose.device].renews else until
        row = DoseRow(
            token_hex(8), session.room, session.id, dose.device, dose.intensity, dose.family, turn.now, until, lease,
            therapist=session.therapist,
        )  # fmt: skip
        turn.put_dose(row)
        turn.scent.append((session.room, dose.device, dose.intensity, (lease - turn.now).total_seconds()))
        turn.tell("dose_began", turn.now, session.room, session.id, device=dose.device, until=stamp(until))
        if shorter:
            turn.tell("dose_shortened", turn.now, session.room, session.id, device=dose.device, reason="there is enough scent in the air")


def _leave_out(turn: Turn, session: Session, dose: Dose, at: Instant, reason: str) -> None:
    """Say once that a dose is not given: its moment may be looked at several times, by each wish of one instant."""
    place = (session.room, dose.device)
    before, when = turn.skipped.get(place) or turn.house.skipped.get(place) or ("", at)
    if before == session.id and abs(at - when) <= _SAME:
        return
    turn.skipped[place] = (session.id, at)
    turn.tell("dose_skipped", turn.now, session.room, session.id, device=dose.device, reason=reason)


def tend_doses(turn: Turn, room: str, session: Session | None, linked: bool) -> None:
    """Renew the leases of doses that still belong to the plan; end the others, and those the air has enough of, and say off."""
    running = turn.open_doses(room)
    place = turn.house.site.by_id.get(room)
    enough = _enough_at(turn, place) if running and place is not None else None
    for row in running:
        until = _planned_until(session, row, turn.now)
        if until is not None and enough is not None and enough < until:
            until = enough
        if row.lease_until <= turn.now and until is not None and row.lease_until < until:
            # Nobody renewed in time (a lost link, a stall): the device stopped by itself, and scent never catches up.
            end_dose(turn, row, row.lease_until)
        elif until is None or until <= turn.now:
            end_dose(turn, row, turn.now if until is None else min(turn.now, row.lease_until))
        elif linked and (until < row.lease_until or (renewal(row) <= turn.now and row.lease_until < until)):
            lease = min(turn.now + timedelta(seconds=LEASE), until)
            turn.put_dose(replace(row, planned_until=until, lease_until=lease))
            turn.scent.append((room, row.device, row.intensity, (lease - turn.now).total_seconds()))
        elif until != row.planned_until:
            turn.put_dose(replace(row, planned_until=until))


def end_dose(turn: Turn, row: DoseRow, at: Instant) -> None:
    """A dose is over; its diffuser is told off whatever it does by itself."""
    ended = max(row.began_at, min(at, row.lease_until))
    turn.put_dose(replace(row, ended_at=ended))
    turn.scent.append((row.room, row.device, 0, 0.0))
    turn.tell("dose_ended", ended, row.room, row.session, device=row.device)


def renewal(row: DoseRow) -> Instant:
    """When a lease is renewed: 40 s after it was given."""
    return row.lease_until - timedelta(seconds=LEASE - RENEWAL)


def next_dose(sheet: Sheet, t0: Instant, rows: Sequence[DoseRow], now: Instant) -> Instant | None:
    """The next moment at which a dose begins, is renewed or ends."""
    moments = [t0 + timedelta(seconds=dose.at) for dose in sheet.doses]
    for row in rows:
        moments += [renewal(row), row.lease_until, row.planned_until]
    return min((moment for moment in moments if moment > now), default=None)


def _planned_until(session: Session | None, row: DoseRow, now: Instant) -> Instant | None:
    """Until when the plan, as it now is, lets this dose run; None if it no longer does."""
    if session is None or session.sheet.paused is not None:
        return None
    offset = session.offset(row.began_at)
    planned = [d for d in session.sheet.doses if d.device == row.device and d.at - 10 <= offset <= d.until]
    return max((session.at(d.until) for d in planned), default=None)


def _given(turn: Turn, session: Session, dose: Dose, at: Instant) -> bool:
    """Whether this dose has begun already, or its diffuser is at another one."""
    return any(
        row.device == dose.device and (row.ended_at is None or (row.session == session.id and row.began_at >= at - _ONE))
        for row in turn.doses_in(session.room)
    )


def _obstacle(turn: Turn, room: Room, session: Session, dose: Dose, until: Instant, answers: Answers) -> str:
    """Why a dose that is due is not given; empty where it is."""
    if room.scent_policy == "free":
        return "the room is fragrance-free"
    if turn.unfit.get(room.id, turn.house.unfit.get(room.id, False)):
        return "the air is not fit for scent"
    if answers(room.id, dose.device) is False:
        return "diffuser does not answer"
    if (until - turn.now).total_seconds() < LEAST:
        return "there is enough scent in the air"
    asked = (until - turn.now).total_seconds() / 60
    limits = turn.house.site.limits_in(room)
    if minutes_today(turn, room.id) + asked > limits.scent_minutes_per_day + 1e-6:
        return "the room has had its scent minutes for today"
    if minutes_of(turn, room.id, session.id, until) > limits.scent_minutes_per_session + 1e-6:
        return "the session has had its scent minutes"
    if session.therapist is not None and minutes_by(turn, session.therapist) + asked > limits.scent_minutes_per_therapist + 1e-6:
        return "the therapist has had their scent minutes for today"
    return ""


def _enough_at(turn: Turn, room: Room, *more: str) -> Instant:
    """When the air will hold as much scent as it may, with the diffusers that run and `more` of them; far away if never."""
    air = air_of(turn, room, turn.now)
    running = {row.device for row in turn.open_doses(room.id)} | set(more)
    mg_h = sum(room.by_id[id].emission_mg_h for id in running if id in room.by_id)
    limit = turn.house.site.limits_in(room).scent_max_ug_m3
    seconds = stays_under(limit, air.estimate(turn.now), mg_h, air.air, air.extra(turn.now))
    return turn.now + timedelta(seconds=min(seconds, 86400.0))
