"""A room as it should be at this moment, put together for the doors to show."""

from ambiance.care.air import NO_SCENT, OTHER_SCENT, STRICT
from ambiance.clock import Instant
from ambiance.cuesheet.model import FOREVER, Scene
from ambiance.cuesheet.scene import present, scene_at
from ambiance.cuesheet.standing import standing
from ambiance.session.airing import FAR, air_of, window_until
from ambiance.session.automatic import waiting_for
from ambiance.session.house import House
from ambiance.session.model import VIEW, RoomState, SessionState
from ambiance.session.touching import hands
from ambiance.session.wishes import RoomNow, Scented
from ambiance.site import Room


def room_now(house: House, room: Room, now: Instant) -> RoomNow:
    """What the rows say of `room` at `now`."""
    row = house.rooms[room.id]
    live = house.live(room.id)
    sheet, t0 = house.playing(room.id) or (standing(room, row.state.value, house.site.limits_in(room)), now)
    offset = (now - t0).total_seconds()
    scene = scene_at(sheet, offset)
    here = present(sheet, offset)
    span = sheet.spans[here]
    scented = _scented(house, room, now)
    coming = [s.t0 for s in house.upcoming(room.id) if s.state is SessionState.SCHEDULED]
    return RoomNow(
        room=room.id,
        state=VIEW[live.state] if live is not None and row.state is not RoomState.EMERGENCY else row.state,
        session=live,
        phase_id=scene.phase if live is not None else None,
        # Over and not closed yet, which takes a moment: still in its last phase.
        phase=max((s.n for s in sheet.spans[: here + 1]), default=0) if live is not None else 0,
        phases=max((s.n for s in live.sheet.spans), default=0) if live is not None else 0,
        phase_ends_at=live.at(span.end) if live is not None and span.end < FOREVER / 2 and live.sheet.paused is None else None,
        ends_at=live.leaves(now) if live is not None else None,
        waiting_for=waiting_for(live, now) if live is not None else None,
        hands=hands(sheet, offset),
        scent_free_from=scented.below[2],
        next_start=min(coming, default=None),
        emergency=row.emergency,
        scene=scene,
        latches=row.latches,
        scented=scented,
        airing_until=row.air_until if row.state is RoomState.AIRING and live is None else None,
        window_until=window_until(house, room, now),
    )


def _scented(house: House, room: Room, now: Instant) -> Scented:
    doses = house.doses_in(room.id)
    if not doses:
        return Scented()
    air = air_of(house, room, now)
    below: dict[int, Instant | None] = {}
    for percent, clear in zip((2, 10, 25), air.clear_from_each((STRICT, NO_SCENT, OTHER_SCENT)), strict=True):
        below[percent] = Instant.fromtimestamp(min(clear, (now + FAR).timestamp()), now.tzinfo) if clear > now.timestamp() else None
    running = any(dose.ended_at is None for dose in doses)
    return Scented(air.estimate(now), "diffusing" if running else "clearing" if below[2] is not None else "clear", below)


def blank(house: House, room: Room) -> RoomNow:
    """A room whose sheet makes no sense: its state, and a scene that says nothing."""
    row, live = house.rooms[room.id], house.live(room.id)
    state = VIEW[live.state] if live is not None and row.state is not RoomState.EMERGENCY else row.state
    nothing = Scene("", 0, {}, {})
    return RoomNow(room.id, state, live, None, 0, 0, None, None, None, (), None, None, row.emergency, nothing, row.latches)
