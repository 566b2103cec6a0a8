"""What the bus is told: each room's state and scene, retained, and its events; nothing twice."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from pydantic_core import to_json

from ambiance.clock import Alarm, Clock
from ambiance.device.message import Message
from ambiance.device.topics import Topics
from ambiance.panel.public import event_payload, for_desk_only, scene_payload, state_payload
from ambiance.panel.seams import Board, Conductor
from ambiance.session.model import News, RoomState
from ambiance.site import Room
from ambiance.units import Seconds

AT_ONCE = 8
"""Rooms told of in one go: a burst of a thousand must not hold up a cue."""
ANEW: Seconds = 60.0
"""How often a room is looked at whose end moves along while nobody goes on."""


class Announcer:
    """Publishes what changed, once for each burst of changes."""

    def __init__(
        self, conductor: Conductor, board: Board, topics: Topics, clock: Clock, publish: Callable[[Message], object], seq: int = 0
    ) -> None:
        self._conductor, self._board, self._topics, self._clock, self._publish = conductor, board, topics, clock, publish
        self._seq: dict[str, int] = {room.id: seq for room in conductor.site.rooms}
        self._said: dict[str, bytes] = {}
        self._stale: dict[str, None] = {}
        self._turn: asyncio.Handle | None = None
        self._alarms: dict[str, Alarm] = {}

    def follow(self) -> None:
        """Listen to the conductor and the board from now on."""
        self._conductor.follow(self.told)
        self._board.follow(self.changed)

    def told(self, news: News) -> None:
        """Something happened in a room. What concerns only the controller itself is not for the bus."""
        if news.type == "site_changed":
            self._rooms_changed(news.seq)
        if news.room is None or news.room not in self._conductor.site.by_id:
            return
        if for_desk_only(news):
            # Not even its number: a room whose topics change at the moment of a silent call is not silent. What a
            # house has chosen to show (full light) is seen in its state.
            self.changed(news.room)
            return
        self._seq[news.room] = news.seq
        self._publish(Message(self._topics.event(news.room), to_json(event_payload(news)), keep=True))
        self.changed(news.room)

    def changed(self, room: str) -> None:
        """What is believed of a room changed; say so when this burst is over."""
        self._stale[room] = None
        if self._turn is None:
            self._turn = asyncio.get_running_loop().call_soon(self._say_stale)

    def _rooms_changed(self, seq: int) -> None:
        """What is kept on the bus of a room that is gone would be believed for ever: it is taken away."""
        there = self._conductor.site.by_id
        for room in [room for room in self._seq if room not in there]:
            del self._seq[room]
            for topic in (self._topics.state(room), self._topics.scene(room)):
                self._said.pop(topic, None)
                self._publish(Message(topic, b"", retain=True))
        for room in there:
            self._seq.setdefault(room, seq)
            self.changed(room)

    def link_up(self) -> None:
        """The broker may have forgotten all: say everything again."""
        self._said.clear()
        for room in self._conductor.site.by_id:
            self.changed(room)

    def stop(self) -> None:
        """Say no more."""
        if self._turn is not None:
            self._turn.cancel()
        for alarm in self._alarms.values():
            alarm.cancel()
        self._stale.clear()

    def _say_stale(self) -> None:
        self._turn = None
        for id in list(self._stale)[:AT_ONCE]:
            del self._stale[id]
            # A room that is new has no number before its coming is saved and told.
            if (room := self._conductor.site.by_id.get(id)) is not None and id in self._seq:
                self._say(room)
        if self._stale:
            self._turn = asyncio.get_running_loop().call_soon(self._say_stale)

    def _say(self, room: Room) -> None:
        belief = self._board.belief(room.id)
        present = self._conductor.room(room.id)
        self._once(self._topics.state(room.id), to_json(state_payload(present, tuple(belief.faults), self._seq[room.id])), qos=1)
        # The scene is said again at every change and every connect; one lost on the way harms nothing.
        self._once(self._topics.scene(room.id), to_json(scene_payload(room, belief)), qos=0)

        if (present.waiting_for is not None or present.state is RoomState.PAUSED) and room.id not in self._alarms:
            self._alarms[room.id] = self._clock.call_at(self._clock.now() + timedelta(seconds=ANEW), partial(self._anew, room.id))

    def _anew(self, room: str) -> None:
        del self._alarms[room]
        self.changed(room)

    def _once(self, topic: str, said: bytes, qos: int) -> None:
        if self._said.get(topic) != said:
            self._said[topic] = said
            self._publish(Message(topic, said, qos=qos, retain=True))
