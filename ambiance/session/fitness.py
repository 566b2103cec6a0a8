"""Whether a room is fit for what is planned: its air for scent, as its sensors say, and its diffusers' tanks."""

from dataclasses import replace

from ambiance.cuesheet import replan
from ambiance.errors import Unknown
from ambiance.session.dosing import end_dose
from ambiance.session.house import Turn
from ambiance.session.model import RoomState
from ambiance.session.wishes import AirFitness, Answer, Refilled
from ambiance.site import Room


def air(turn: Turn, wish: AirFitness) -> None:
    """The air of a room is not fit for scent, or is again: what runs ends, and what would begin does not."""
    room = _room(turn, wish.room)
    turn.unfit[room.id] = not wish.fit
    if not wish.fit:
        for row in turn.open_doses(room.id):
            end_dose(turn, row, turn.now)
        turn.scent += [(room.id, device.id, 0, 0.0) for device in room.of("diffuser")]
    turn.tell("air_cleared" if wish.fit else "air_spoiled", turn.now, room.id, kind=wish.kind)


def extract(turn: Turn, room: Room) -> None:
    """The extract fans of a room run while its air is not fit, whatever it plays. In an emergency they are the building's."""
    unfit, playing = turn.unfit.get(room.id, turn.house.unfit.get(room.id, False)), turn.playing(room.id)
    if playing is None or not room.of("fan") or turn.room(room.id).state is RoomState.EMERGENCY or playing[0].unfit == unfit:
        return
    sheet = replan.extracting(playing[0], (turn.now - playing[1]).total_seconds(), unfit)
    live = turn.live(room.id)
    if live is not None:
        turn.put(replace(live, sheet=sheet))
    else:
        turn.put_room(replace(turn.room(room.id), sheet=sheet))


def refilled(turn: Turn, wish: Refilled) -> Answer:
    """Somebody filled a diffuser. Raises Unknown."""
    room = _room(turn, wish.room)
    tanks = [device.id for device in room.of("diffuser")]
    if wish.device not in tanks:
        raise Unknown("diffuser", wish.device, tanks)
    turn.tell("diffuser_refilled", turn.now, room.id, device=wish.device)
    return Answer(200, {"room": room.id, "device": wish.device})


def _room(turn: Turn, id: str) -> Room:
    room = turn.house.site.by_id.get(id)
    if room is None:
        raise Unknown("room", id, [room.id for room in turn.house.site.rooms])
    return room
