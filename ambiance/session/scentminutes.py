"""Minutes of scent already given: by a room and by a therapist on the site's present day, and in a session.

Whoever works all day in scented rooms breathes all of it; a dose under way counts to its lease's end.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from ambiance.clock import Instant
from ambiance.session.house import Turn
from ambiance.session.model import DoseRow
from ambiance.site import Site
from ambiance.units import Minutes


def minutes_today(turn: Turn, room: str) -> Minutes:
    """Minutes of scent a room had today."""
    doses = turn.doses_in(room)
    return _within(doses, *day_of(turn.house.site, turn.now)) if doses else 0.0


def minutes_by(turn: Turn, therapist: str) -> Minutes:
    """Minutes of scent given today while this therapist treated, in any room, also one that is gone since."""
    rooms = dict.fromkeys((*turn.house.site.by_id, *turn.house.dosed))
    theirs = (dose for room in rooms for dose in turn.doses_in(room) if dose.therapist == therapist)
    return _within(theirs, *day_of(turn.house.site, turn.now))


def minutes_of(turn: Turn, room: str, session: str, until: Instant) -> Minutes:
    """Minutes of scent a session has given in a room, with one more dose from now `until` then; diffusers that run together count once."""
    given = [(dose.began_at, dose.ended_at or dose.lease_until) for dose in turn.doses_in(room) if dose.session == session]
    runs = sorted([*given, (turn.now, until)])
    total, reached = 0.0, None
    for begins, ends in runs:
        fresh = begins if reached is None else max(begins, reached)
        total += max(0.0, (ends - fresh).total_seconds())
        reached = ends if reached is None else max(ends, reached)
    return total / 60


def day_of(site: Site, at: Instant) -> tuple[Instant, Instant]:
    """The day of the site in which an instant lies, from midnight to midnight; 23 or 25 hours twice a year."""
    date = at.astimezone(site.timezone).date()
    begins, ends = (datetime.combine(day, time(0), site.timezone) for day in (date, date + timedelta(days=1)))
    return begins.astimezone(at.tzinfo), ends.astimezone(at.tzinfo)


def _within(doses: Iterable[DoseRow], begins: Instant, ends: Instant) -> Minutes:
    lengths = (min(dose.ended_at or dose.lease_until, ends) - max(dose.began_at, begins) for dose in doses)
    return sum(max(0.0, length.total_seconds()) for length in lengths) / 60
