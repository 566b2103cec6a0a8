"""Somebody set the machine's clock: what is under way goes on where it is, so its anchors move along."""

from dataclasses import replace
from datetime import timedelta

from ambiance.session.house import Turn

_ANCHORS = ("since", "t0", "air_until", "clean_until")


def stepped(turn: Turn, step: timedelta) -> None:
    """Move the anchors of live sessions, rooms and open doses by `step`. What is booked stays at its time of day."""
    house = turn.house
    for room in house.site.rooms:
        live = turn.live(room.id)
        if live is not None:
            turn.sessions[live.id] = replace(live, t0=live.t0 + step)
        row = turn.room(room.id)
        moved = {name: value + step for name in _ANCHORS if (value := getattr(row, name)) is not None}
        latches = tuple(replace(latch, since=latch.since + step) for latch in row.latches)
        turn.rooms[room.id] = replace(row, latches=latches, **moved)
        if room.id in house.since:
            turn.since[room.id] = house.since[room.id] + step
        for air in turn.airs_in(room.id):
            if air.ended_at is None or air.ended_at > turn.now - step:
                ends = None if air.ended_at is None else air.ended_at + step
                turn.air[air.id] = replace(air, began_at=air.began_at + step, ended_at=ends)
        for dose in turn.open_doses(room.id):
            turn.put_dose(
                replace(dose, began_at=dose.began_at + step, planned_until=dose.planned_until + step, lease_until=dose.lease_until + step)
            )
    for drill in house.drills.values():
        if drill.ended_at is None:
            turn.drills[drill.kind] = replace(drill, began_at=drill.began_at + step, until=drill.until + step)
