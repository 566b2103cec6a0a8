"""Warming ahead: a table or its stones need half an hour, so they begin before the room is prepared."""

from collections.abc import Iterator

from ambiance.clock import Instant
from ambiance.cuesheet.model import WarmerLevel
from ambiance.session.house import House
from ambiance.session.model import RoomState, SessionState
from ambiance.units import Seconds


def warmers(house: House, room: str, now: Instant) -> Iterator[tuple[str, Seconds]]:
    """The warmers that run for a booked session that is near, each with the seconds to its end.

    Safe to say again: the end is the device's own.
    """
    if house.rooms[room].state in (RoomState.EMERGENCY, RoomState.OUT_OF_ORDER):
        return
    for session in house.upcoming(room):
        sheet = session.sheet
        if session.state is not SessionState.SCHEDULED or session.at(sheet.spans[0].start) <= now:
            continue
        for cue in sheet.cues:
            if isinstance(cue.target, WarmerLevel) and cue.target.on and session.at(cue.at) <= now:
                yield cue.device, (session.at(sheet.end) - now).total_seconds()
