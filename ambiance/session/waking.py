"""When the conductor next has something to decide in a room."""

from datetime import timedelta

from ambiance.clock import Instant
from ambiance.session.automatic import next_due
from ambiance.session.dosing import next_dose
from ambiance.session.house import House
from ambiance.session.model import RoomState, SessionState
from ambiance.site import Room

AGAIN = timedelta(seconds=30)
"""A room that could not be decided is looked at again after this."""


def next_wake(house: House, room: Room, now: Instant) -> Instant | None:
    """The next instant at which something may be due in `room`; None: nothing before somebody wishes it."""
    row, live = house.rooms[room.id], house.live(room.id)
    moments: list[Instant | None] = []
    if live is not None:
        rows = [dose for dose in house.dosed.get(room.id, {}).values() if dose.ended_at is None]
        moments += [next_due(live, room, now), next_dose(live.sheet, live.t0, rows, now)]
    else:
        moments += [row.air_until, row.clean_until]
        due = [s.at(s.sheet.spans[0].start) for s in house.upcoming(room.id) if s.state is SessionState.SCHEDULED]
        # When the warmers of a booked session have begun, its preparation is the next thing to come.
        moments += due
        if any(at <= now for at in due) and row.state not in (RoomState.EMERGENCY, RoomState.OUT_OF_ORDER):
            moments.append(now + timedelta(seconds=1))
    return min((moment for moment in moments if moment is not None and moment > now), default=None)
