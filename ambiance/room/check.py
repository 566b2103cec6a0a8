"""Is everything in a room ready? Each device is asked how it is; who does not answer is named, on demand and before each start."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from ambiance.clock import Alarm, Clock, Instant
from ambiance.room.ages import current
from ambiance.room.belief import DeviceBelief
from ambiance.room.board import Board
from ambiance.room.faults import name_of, troubles
from ambiance.session.model import Session, SessionState
from ambiance.session.wishes import RoomChecked, Wish
from ambiance.site import Device, Site
from ambiance.units import Seconds

WAIT: Seconds = 3.0
"""Site seconds in which a device that is asked should answer."""
AHEAD = timedelta(minutes=10)
"""How long before a start its room is checked by itself."""
LOOK = timedelta(seconds=30)


class Asks(Protocol):
    """How devices are asked."""

    @property
    def up(self) -> bool:
        """Whether devices can be reached at all."""

    def ask(self, room: str, device: str) -> bool:
        """Have a device say what it is; False where it cannot be asked."""

    def answers(self, room: str, device: str) -> bool:
        """Whether a device ever says what it is."""


@dataclass(frozen=True, slots=True)
class DeviceCheck:
    """One device: whether it is ready, and why, in words without its name."""

    device: str
    name: str
    ok: bool
    words: str


@dataclass(frozen=True, slots=True)
class RoomCheck:
    """A room: ready if every device is."""

    ready: bool
    devices: tuple[DeviceCheck, ...]


class Checks:
    """Checks rooms. `sessions` are those that are live or to come; `put` tells the conductor what was found before a start."""

    def __init__(
        self, site: Site, clock: Clock, board: Board, asks: Asks, sessions: Callable[[], Iterable[Session]], put: Callable[[Wish], object]
    ) -> None:
        self._site, self._clock, self._board, self._asks, self._sessions, self._put = site, clock, board, asks, sessions, put
        self._done: set[str] = set()
        self._alarm: Alarm | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger("check")

    def adopt(self, site: Site) -> None:
        """The rooms are those of this site now."""
        self._site = site

    async def check(self, room: str) -> RoomCheck:
        """Ask every device of a room, wait a moment, and say how each is."""
        devices = self._site.by_id[room].devices
        asked_at = self._clock.now()
        asked = {device.id for device in devices if self._asks.ask(room, device.id)}
        if asked:
            await self._clock.sleep(WAIT)
        beliefs = self._board.belief(room).devices
        here = [device for device in devices if device.id in beliefs]  # one may have been taken away meanwhile
        found = tuple(self._judged(device, beliefs[device.id], asked_at if device.id in asked else None) for device in here)
        return RoomCheck(all(each.ok for each in found), found)

    def start(self) -> None:
        """Check each room ahead of its starts from now on."""
        self._look()

    def stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        for task in self._tasks:
            task.cancel()

    def _judged(self, device: Device, belief: DeviceBelief, asked_at: Instant | None) -> DeviceCheck:
        ok, words = self._words(device, belief, asked_at)
        return DeviceCheck(device.id, name_of(device.id), ok, words)

    def _words(self, device: Device, belief: DeviceBelief, asked_at: Instant | None) -> tuple[bool, str]:
        if not self._asks.up:
            return False, "cannot be reached: the broker is not there."
        wrong = troubles(belief)
        if wrong:
            return False, " ".join(wrong)
        if asked_at is not None:
            if belief.reported_at is not None and belief.reported_at >= asked_at:
                return True, "answers."
            return False, f"did not answer when it was asked{': has it power?' if device.kind == 'light' else '.'}"
        if device.kind == "button":
            return True, "says nothing until it is pressed."
        if device.kind == "sensor":
            if current(belief, self._clock.now()):
                return True, "has reported."
            return False, "has not reported yet: battery?" if belief.reported is None else "has said nothing for a day: battery?"
        if not self._asks.answers(device.room, device.id):
            return True, "cannot say how it is."
        if belief.confirmed or belief.online:
            return True, "is there."
        return False, "has not been heard yet." if belief.reported is None else "has not answered since this controller started."

    # -- before each start -------------------------------------------------------------------------------------------

    def _look(self) -> None:
        now, known = self._clock.now(), set[str]()
        for session in self._sessions():
            if session.state not in (SessionState.SCHEDULED, SessionState.PREPARING):
                continue
            known.add(session.id)
            if session.id not in self._done and session.t0 - AHEAD <= now < session.t0 and session.room in self._site.by_id:
                self._done.add(session.id)
                self._tasks.add(task := asyncio.get_running_loop().create_task(self._ahead(session), name=f"check {session.room}"))
                task.add_done_callback(self._tasks.discard)
        self._done &= known
        self._alarm = self._clock.call_at(now + LOOK, self._look)

    async def _ahead(self, session: Session) -> None:
        try:
            found = await self.check(session.room)
            missing = [each for each in found.devices if not each.ok]
            words = f"Not ready for the next guest: {', '.join(each.name for each in missing)}." if missing else None
            self._board.note(session.room, "check", words)
            self._put(RoomChecked(session.room, session.id, found.ready, tuple(each.device for each in missing)))
        except Exception as error:
            # A check that fails must never keep a room from its guest.
            self._log.error("check_failed", room=session.room, error=repr(error))
