"""Hands on a room: trims, holds, mute, scent off, exam light, bright; and the room's own states."""

from dataclasses import replace

from ambiance.clock import stamp
from ambiance.cuesheet import replan
from ambiance.cuesheet.hands import LIGHT_TRIM, MUSIC_TRIM, held, reaches, trim
from ambiance.cuesheet.model import ClimateLevel, FanLevel, Hand, Level, LightLevel, Sheet, SoundLevel, WarmerLevel
from ambiance.cuesheet.scene import present
from ambiance.cuesheet.standing import standing
from ambiance.errors import Conflict, IllegalMove, Invalid, Unknown
from ambiance.session.airing import open_window
from ambiance.session.automatic import vacate
from ambiance.session.dosing import end_dose
from ambiance.session.house import Turn
from ambiance.session.model import RoomState, Session, SessionState
from ambiance.session.wishes import Adjust, Answer, Bright, OutOfOrder, Ready, Window
from ambiance.site import Room, can_skip
from ambiance.units import Seconds

_HOLDABLE: dict[str, type] = {
    "light": LightLevel, "player": SoundLevel, "climate": ClimateLevel, "fan": FanLevel, "warmer": WarmerLevel,
}  # fmt: skip
_WORDS = {"mute": "muted", "style": "music chosen", "scent_off": "scent off", "exam_light": "exam light", "bright": "bright"}


def hands(sheet: Sheet, offset: Seconds) -> tuple[str, ...]:
    """The hands on a room at `offset`, in short words."""
    words = [f"{kind} {by:+g}" for kind in ("light", "music") if (by := trim(sheet, kind))]
    words += [word for kind, word in _WORDS.items() if held(sheet, kind)]
    here = present(sheet, offset)
    words += [f"{hand.device} held" for hand in sheet.hands if hand.kind == "hold" and reaches(sheet, hand, here)]
    return tuple(words)


def adjust(turn: Turn, wish: Adjust) -> Answer:
    """A person changes the room. Without a session only more light and no scent are possible."""
    room = _room(turn, wish.room)
    live = turn.live(room.id)
    state = turn.room(room.id).state
    if live is None and not (wish.scent_off or (wish.light or 0) > 0):
        raise IllegalMove("adjust", state.value, (*state.possible, "more light", "scent off"))
    sheet, offset = _playing(turn, room)
    if wish.release:
        new = replan.release(sheet, offset)
    elif wish.mute is not None:
        muted = Hand("mute", offset, source="muted")
        new = replan.with_hand(sheet, offset, muted) if wish.mute else replan.without_hand(sheet, offset, "mute")
    elif wish.exam_light is not None:
        lit = Hand("exam_light", offset, source="exam light")
        new = replan.with_hand(sheet, offset, lit) if wish.exam_light else replan.without_hand(sheet, offset, "exam_light")
    else:
        new = replan.with_hand(sheet, offset, *_hands(room, sheet, offset, wish))
    if wish.scent_off:
        for row in turn.open_doses(room.id):
            end_dose(turn, row, turn.now)
        # Said even where no dose is known to run: off may always be said.
        turn.scent += [(room.id, device.id, 0, 0.0) for device in room.of("diffuser")]
    if live is None and state is RoomState.EMERGENCY:
        return Answer(200, {"room": room.id, "hands": []})  # as bright as can be, and without scent, until a person resets it
    return _played(turn, room, live, new, offset)


def bright(turn: Turn, wish: Bright) -> Answer:
    """Staff light at once, or given back; the plan goes on behind it."""
    room = _room(turn, wish.room)
    live = turn.live(room.id)
    if turn.room(room.id).state is RoomState.EMERGENCY:
        return Answer(200, {"room": room.id, "hands": []})
    sheet, offset = _playing(turn, room)
    on = not held(sheet, "bright") if wish.on is None else wish.on
    lit = Hand("bright", offset, source="bright")
    new = replan.with_hand(sheet, offset, lit) if on else replan.without_hand(sheet, offset, "bright")
    return _played(turn, room, live, new, offset)


def ready(turn: Turn, wish: Ready) -> Answer:
    """The room is cleaned; what airing is left goes on behind it."""
    room = _room(turn, wish.room)
    row = turn.room(room.id)
    live = turn.live(room.id)
    if live is not None or row.state is RoomState.EMERGENCY:
        state = live.state if live else row.state
        raise IllegalMove("ready", state.value, [_over(live)] if live else row.state.possible)
    if row.closed:
        raise Conflict(f"{room.id} is out of order; staff put it back into use first", state=row.state.value)
    if row.state is RoomState.AIRING and row.air_until is not None and row.air_until > turn.now:
        turn.put_room(replace(row, clean_until=row.air_until))
        turn.tell("room_cleaned", turn.now, room.id)
        return Answer(200, {"room": room.id, "state": RoomState.AIRING.value})
    if row.state is not RoomState.READY:
        vacate(turn, room, RoomState.READY, turn.now, "cleaned")
    return Answer(200, {"room": room.id, "state": RoomState.READY.value})


def _over(live: Session) -> str:
    """The verb that takes a live session out of its room."""
    return "cancel" if live.state in (SessionState.PREPARING, SessionState.WAITING) else "end"


def window(turn: Turn, wish: Window) -> Answer:
    """The window stands open (for half an hour, unless somebody says so again), or is shut. Raises Conflict where there is none."""
    room = _room(turn, wish.room)
    if not room.window_air_changes:
        raise Conflict(f"{room.id} has no window to open; write window_air_changes where it has one")
    until = open_window(turn, room, wish.open)
    turn.tell("window_opened" if wish.open else "window_shut", turn.now, room.id)
    return Answer(200, {"room": room.id, "open": wish.open, "until": stamp(until) if until else None})


def out_of_order(turn: Turn, wish: OutOfOrder) -> Answer:
    """Staff take a room out of use, or back; in an emergency it is what the room becomes after the reset."""
    room = _room(turn, wish.room)
    row = turn.room(room.id)
    live = turn.live(room.id)
    if live is not None:
        raise IllegalMove("out of order", live.state.value, [_over(live), "move"])
    if row.closed != wish.on:
        turn.rooms[room.id] = replace(row, closed=wish.on)
        if row.state is RoomState.EMERGENCY:
            turn.tell("room_closed" if wish.on else "room_opened", turn.now, room.id)
        else:
            state = RoomState.OUT_OF_ORDER if wish.on else RoomState.VACANT_DIRTY
            vacate(turn, room, state, turn.now, "out of order" if wish.on else "back in use")
    return Answer(200, {"room": room.id, "state": turn.room(room.id).state.value, "out_of_order": wish.on})


def _hands(room: Room, sheet: Sheet, offset: float, wish: Adjust) -> list[Hand]:
    found: list[Hand] = []
    if wish.light is not None:
        found.append(Hand("light", offset, _bounded(sheet, "light", wish.light, LIGHT_TRIM), source=f"light {wish.light:+g} L*"))
    if wish.music is not None:
        found.append(Hand("music", offset, _bounded(sheet, "music", wish.music, MUSIC_TRIM), source=f"music {wish.music:+g} dB"))
    if wish.style is not None:
        found.append(Hand("style", offset, source=f"style {wish.style}", style=wish.style))
    if wish.another:
        found.append(Hand("another", offset, _skipped(room, sheet) + 1, source="another piece"))
    if wish.scent_off:
        found.append(Hand("scent_off", offset, source="scent off"))
    for id, level in wish.hold.items():
        device = room.by_id.get(id)
        if device is None or not _fits(device.kind, level):
            able = ", ".join(d.id for d in room.devices if d.kind in _HOLDABLE)
            raise Invalid((f"hold.{id}", id, f"a device of {room.id} that can be held: {able}"))
        found.append(Hand("hold", offset, device=id, level=level, lasting=wish.lasting, source=wish.source))
    return found


def _skipped(room: Room, sheet: Sheet) -> float:
    """How often another piece was asked for so far. Raises Conflict where no player of the room could give one."""
    players = room.of("player")
    if not players:
        raise Conflict(f"{room.id} has no player")
    if not any(map(can_skip, players)):
        raise Conflict(f"{room.id} has one name for each style and no other piece; write several names for a style into music.names")
    return max((hand.value for hand in sheet.hands if hand.kind == "another"), default=0.0)


def _bounded(sheet: Sheet, kind: str, by: float, most: float) -> float:
    """What a trim still adds: the sum stays within its bounds, so the next touch the other way answers at once."""
    present = trim(sheet, kind)
    return max(-most, min(most, present + by)) - present


def _fits(kind: str, level: Level) -> bool:
    return isinstance(level, _HOLDABLE.get(kind, ()))


def _room(turn: Turn, id: str | None) -> Room:
    room = turn.house.site.by_id.get(id or "")
    if room is None:
        raise Unknown("room", id or "", [r.id for r in turn.house.site.rooms])
    return room


def _playing(turn: Turn, room: Room) -> tuple[Sheet, float]:
    playing = turn.playing(room.id)
    if playing is None:
        return standing(room, turn.room(room.id).state.value, turn.house.site.limits_in(room)), 0.0
    return playing[0], (turn.now - playing[1]).total_seconds()


def _played(turn: Turn, room: Room, live: Session | None, sheet: Sheet, offset: Seconds) -> Answer:
    _play(turn, room, live, sheet)
    on = list(hands(sheet, offset))
    turn.tell("room_adjusted", turn.now, room.id, live.id if live else None, hands=on)
    return Answer(200, {"room": room.id, "hands": on})


def _play(turn: Turn, room: Room, live: Session | None, sheet: Sheet) -> None:
    if live is not None:
        turn.put(replace(live, sheet=sheet))
        return
    row = turn.room(room.id)
    turn.put_room(replace(row, sheet=sheet, t0=row.t0 if row.sheet is not None and row.t0 is not None else turn.now))
