"""Telling devices on time: what each was told last, and the one alarm for the next that is due.

Nothing here is saved. Position is anchor plus elapsed, so all of it is made again from the rows at any moment.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count

import structlog

from ambiance.clock import Alarm, Clock, Instant
from ambiance.cuesheet.cues import BRIGHT_FADE, latest
from ambiance.cuesheet.hands import held
from ambiance.cuesheet.model import Cue, Level, LightLevel, Sheet, SoundLevel, WarmerLevel
from ambiance.cuesheet.pieces import pieces
from ambiance.cuesheet.replan import BLACKOUT_FADE, POWER
from ambiance.cuesheet.scene import track
from ambiance.cuesheet.standing import EMERGENCY_RAMP as RAMP
from ambiance.cuesheet.wanted import LightWanted, Wanted
from ambiance.site import Device, Room, piece
from ambiance.units import Seconds

Send = Callable[[str, str, tuple[Wanted, ...], bool, bool], None]
"""(room, device, wanted in order, glide, hurry): `glide` restates to a device that may stand elsewhere; `hurry` is for emergencies."""

_ROOM = ""


@dataclass(slots=True)
class _Told:
    """The move a device was last told: its target and when it ends."""

    target: Level
    ends: Instant
    at: Instant
    due: Instant | None


class Play:
    """All rooms' sheets as they play, and the devices' next moments."""

    def __init__(
        self, rooms: Iterable[Room], clock: Clock, send: Send, due: Callable[[str], None], late: Callable[[Seconds], None]
    ) -> None:
        self._rooms = {room.id: room for room in rooms}
        self._clock, self._send, self._due, self._late = clock, send, due, late
        self._sheets: dict[str, tuple[Sheet, Instant]] = {}
        self._told: dict[tuple[str, str], _Told] = {}
        self._wakes: dict[str, Instant] = {}
        self._heap: list[tuple[Instant, int, str, str]] = []
        self._order = count()
        self._alarm: Alarm | None = None
        self._alarm_at: Instant | None = None

    def adopt(self, rooms: Iterable[Room]) -> None:
        """The rooms are these now. Who is new, or another one by the same name, or calls its music something else, was told nothing."""
        known = {(room.id, device.id): device for room in self._rooms.values() for device in room.devices}
        self._rooms = {room.id: room for room in rooms}
        here = {(room.id, device.id): device for room in self._rooms.values() for device in room.devices}
        stay = {key: (known[key], here[key]) for key in self._told if key in here and here[key].is_still(known[key])}
        self._told = {key: self._told[key] for key, (was, is_) in stay.items() if self._music(was) == self._music(is_)}
        self._sheets = {room: sheet for room, sheet in self._sheets.items() if room in self._rooms}
        self._wakes = {room: at for room, at in self._wakes.items() if room in self._rooms}

    def _music(self, device: Device) -> str | None:
        """What a player calls the music it was told."""
        target, playing = self._told[device.room, device.id].target, self._sheets.get(device.room)
        if not isinstance(target, SoundLevel) or target.playlist is None or playing is None:
            return None
        return piece(device, target.playlist, playing[0].styles.get(target.playlist.partition(".")[0]))

    def play(self, room: str, playing: tuple[Sheet, Instant] | None) -> None:
        """A room's sheet is now this: tell the devices whose move changed, and only those."""
        if playing is None:
            self._sheets.pop(room, None)
            return
        # In an emergency a device is told even what it was told before: it may stand elsewhere.
        again = _urgent(playing[0]) and self._sheets.get(room) != playing
        self._sheets[room] = playing
        now = self._clock.now()
        for device in self._rooms[room].devices:
            self._try(room, device, now, again)
        self._arm()

    def restate(self, room: str, device: str | None = None, beat: bool = False) -> None:
        """Say again what a room (or one of its devices) should be at this moment; never a dose. `beat`: it should know."""
        if room not in self._sheets:
            return
        now = self._clock.now()
        if self._heap and self._heap[0][0] <= now:
            self._ring()  # a cue that is due is a cue, and no restatement
        for each in self._rooms[room].devices:
            if device in (None, each.id):
                self._try(room, each, now, again=True, beat=beat)
        self._arm()

    def wake(self, room: str, at: Instant | None) -> None:
        """Call `due(room)` at this instant; replaces an earlier wish."""
        if at is None:
            self._wakes.pop(room, None)
            return
        if self._wakes.get(room) != at:
            self._wakes[room] = at
            heappush(self._heap, (at, next(self._order), room, _ROOM))
        self._arm()

    def shift(self, step: timedelta) -> None:
        """The clock was set: every instant remembered here moves with it."""
        self._heap.clear()
        self._wakes = {room: at + step for room, at in self._wakes.items()}
        for room, at in self._wakes.items():
            heappush(self._heap, (at, next(self._order), room, _ROOM))
        for (room, device), told in self._told.items():
            told.ends += step
            told.at += step
            told.due = told.due + step if told.due else None
            if told.due:
                heappush(self._heap, (told.due, next(self._order), room, device))
        self._sheets = {room: (sheet, t0 + step) for room, (sheet, t0) in self._sheets.items()}
        self._alarm_at = None
        self._arm()

    def stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._alarm_at = None
        self._heap.clear()

    def _try(self, room: str, device: Device, now: Instant, again: bool = False, beat: bool = False) -> None:
        """One device that cannot be told must not keep any other from its cue."""
        try:
            self._tell(self._rooms[room], device, now, again, beat)
        except Exception as error:
            structlog.get_logger("conductor").error("cue_failed", room=room, device=device.id, error=repr(error))

    def _tell(self, room: Room, device: Device, now: Instant, again: bool = False, beat: bool = False) -> None:
        sheet, t0 = self._sheets[room.id]
        offset = (now - t0).total_seconds()
        cues = track(sheet, device.id)
        if not cues:
            return
        key = (room.id, device.id)
        told = self._told.get(key)
        cue = cues[latest(cues, offset + 1e-6)]
        # A warmer keeps its own end, the guest's: when that moves it has to be told again.
        warm = isinstance(cue.target, WarmerLevel) and cue.target.on
        ends = t0 + timedelta(seconds=sheet.end if warm else cue.end)
        new = told is None or told.target != cue.target or abs((told.ends - ends).total_seconds()) > 0.05
        if told is not None and new and told.target == cue.target and max(told.ends, ends) <= now:
            new = False  # at rest there already; only the record of it changed
        stepping = told is not None and told.due is not None and told.due <= now
        since = None if again or told is None else cue.at - 1.0 if new else (told.at - t0).total_seconds()
        wanted, due = pieces(sheet, room, device, offset, since)
        until = t0 + timedelta(seconds=due) if due is not None else None
        if wanted and (new or again or stepping):
            self._told[key] = _Told(cue.target, ends, now, until)
            hurry = _urgent(sheet)
            anew = again or told is None
            ramp = RAMP if hurry else BLACKOUT_FADE if cue.why == POWER else None
            if anew and not beat and ramp is None and _bright(sheet, cue):
                ramp = BRIGHT_FADE
            if ramp is not None:
                # Also a lamp that comes back late rises smoothly, in the time that is due to it and in no other.
                least = min(ramp, device.fade)
                wanted = tuple(replace(w, fade=max(w.fade, least)) if isinstance(w, LightWanted) else w for w in wanted)
            self._send(room.id, device.id, wanted, anew and ramp is None, hurry)
        else:
            # It goes on with what it was told, so it is due when that runs out.
            until = min((at for at in (until, told.due if told else None) if at is not None), default=None)
            self._told[key] = _Told(cue.target, ends, told.at if told else now, until)
        if until is not None:
            heappush(self._heap, (until, next(self._order), room.id, device.id))

    def _arm(self) -> None:
        """One alarm for the earliest of everything that is due."""
        while self._heap and not self._current(self._heap[0]):
            heappop(self._heap)
        if not self._heap:
            return
        at = self._heap[0][0]
        if self._alarm is not None and self._alarm_at is not None and self._alarm_at <= at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = self._clock.call_at(at, self._ring)

    def _current(self, entry: tuple[Instant, int, str, str]) -> bool:
        at, _, room, device = entry
        if device == _ROOM:
            return self._wakes.get(room) == at
        told = self._told.get((room, device))
        return told is not None and told.due == at

    def _ring(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._alarm_at = None
        now = self._clock.now()
        rooms: list[str] = []
        while self._heap and self._heap[0][0] <= now:
            entry = heappop(self._heap)
            if not self._current(entry):
                continue
            at, _, room, device = entry
            if device == _ROOM:
                del self._wakes[room]
                rooms.append(room)
            elif room in self._sheets:
                # Evaluated at its own instant when on time, so a move never begins a rounding error early.
                self._try(room, self._rooms[room].by_id[device], max(now, at))
                self._late((self._clock.now() - at).total_seconds())
        for room in rooms:
            # What is to be decided comes behind the cues of that instant, or they would wait for it.
            self._due(room)
        self._arm()


def _bright(sheet: Sheet, cue: Cue) -> bool:
    """Whether this lamp burns because a person wants light at once, wherever it was found."""
    return held(sheet, "bright") and isinstance(cue.target, LightLevel) and cue.target.lstar > 0


def _urgent(sheet: Sheet) -> bool:
    return sheet.spans[0].phase == "emergency"
