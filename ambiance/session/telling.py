"""What follows a save: devices are told, followers hear, and each room's next wake is set."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import structlog

from ambiance.clock import Clock, Instant
from ambiance.cuesheet.wanted import DiffuserWanted, WarmerWanted
from ambiance.session.house import House, Turn
from ambiance.session.model import LIVE, News, RoomState, Session, SessionState
from ambiance.session.play import Play, Send
from ambiance.session.timer import Timer
from ambiance.session.waking import AGAIN, next_wake
from ambiance.session.warming import warmers
from ambiance.site import Room


class Telling:
    """Everything that leaves the conductor. `due` is called when something in a room is due."""

    def __init__(self, house: House, clock: Clock, timer: Timer, play: Play, send: Send, due: Callable[[str], None]) -> None:
        self._house, self._clock, self._timer, self._play, self._send, self._due = house, clock, timer, play, send, due
        self._followers: dict[object, Callable[[News], None]] = {}
        self._failed: set[str] = set()
        self._log = structlog.get_logger("conductor")

    def follow(self, told: Callable[[News], None]) -> Callable[[], None]:
        """Add a follower; call what is returned to let it go."""
        key = object()
        self._followers[key] = told

        def end() -> None:
            self._followers.pop(key, None)

        return end

    def publish(self, turn: Turn, rooms: Iterable[str]) -> None:
        """Send, tell, set the next wake (of `rooms` in any case): only ever what was saved."""
        rooms_now = self._house.site.by_id
        for room, device, intensity, seconds in turn.scent:
            if room not in rooms_now or device not in rooms_now[room].by_id:
                continue  # whoever took it away has told it off
            wanted = DiffuserWanted(seconds > 0, intensity, round(seconds, 1))
            self._safely(self._send, room, device, (wanted,), False, False)
        for room in turn.touched:
            self._safely(self._play.play, room, self._house.playing(room))
        for room, each in turn.restated:
            self._safely(self._play.restate, room, each)
        # After what the room itself plays, which wants its warmers off.
        for room in turn.looked:
            self._safely(self._warm, room, turn.now)
        for news in turn.news:
            if news.type.startswith(("emergency_", "drill_")):
                self._log.warning(news.type, room=news.room, kind=news.details.get("kind"), by=news.details.get("by"))
            for told in list(self._followers.values()):
                self._safely(told, news)
        changed = {*rooms, *turn.touched, *(d.room for d in turn.doses.values()), *(n.room for n in turn.news if n.room), *self._failed}
        for room in changed:
            self._wake(room)
        self._failed.clear()
        self.book(session for session in turn.sessions.values() if session.state not in LIVE)

    def ahead(self, turn: Turn) -> None:
        """What an emergency asks of its rooms, before it is saved."""
        rooms = {id for id, row in turn.rooms.items() if row.state is RoomState.EMERGENCY}
        for room, device, _, seconds in turn.scent:
            if room in rooms and not seconds:
                self._safely(self._send, room, device, (DiffuserWanted(False),), False, False)
        for room in rooms:
            self._safely(self._play.play, room, turn.playing(room))

    def again(self, rooms: Iterable[Room]) -> None:
        """State rooms again that are in use or in an emergency."""
        for room in rooms:
            if self._house.live(room.id) is not None or self._house.rooms[room.id].state is RoomState.EMERGENCY:
                self._safely(self._play.restate, room.id, None, True)

    def look_again(self, room: str) -> None:
        """Deciding in this room failed: it is looked at again soon, whatever its rows say."""
        self._failed.add(room)

    def later(self, room: str) -> None:
        """What was due in this room could not be saved: it is due again soon."""
        self._play.wake(room, self._clock.now() + AGAIN)

    def book(self, sessions: Iterable[Session]) -> None:
        """The calendar's part: the preparation of booked sessions, and their warmers, which begin earlier still."""
        for session in list(sessions):
            if session.state is SessionState.SCHEDULED:
                begins = session.at(session.sheet.spans[0].start)
                warms = min((session.at(cue.at) for cue in session.sheet.cues), default=begins)
                at = warms if self._clock.now() < warms < begins else begins
                self._timer.at(at, session.id, partial(self._due, session.room))
            else:
                self._timer.drop(session.id)

    def _wake(self, id: str) -> None:
        room, now = self._house.site.by_id.get(id), self._clock.now()
        if room is None:
            return
        at: Instant | None
        try:
            at = next_wake(self._house, room, now)
        except Exception:
            self._log.exception("room_failed", room=id)
            at = now + AGAIN
        if id in self._failed:
            at = min(at or now + AGAIN, now + AGAIN)
        self._play.wake(id, at)

    def _warm(self, room: str, now: Instant) -> None:
        for device, seconds in warmers(self._house, room, now):
            self._send(room, device, (WarmerWanted(True, round(seconds)),), False, False)

    def _safely(self, do: Callable[..., None], *args: Any) -> None:
        """What fails in telling one room or one follower stays there."""
        try:
            do(*args)
        except Exception as error:
            self._log.error("not_told", to=args[0] if isinstance(args[0], str) else "a follower", error=repr(error))
