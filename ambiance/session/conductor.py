"""The one writer. It takes everything that waits, decides, saves, sends, tells, and sets the next wake.

A crash before the save: nothing happened. After it: the scene is stated again at the next start.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from datetime import timedelta

import structlog

from ambiance.care import Care
from ambiance.clock import Alarm, Clock, Instant
from ambiance.cuesheet.playlists import Playlist, aftermath, playlists
from ambiance.errors import AmbianceError, StoreUnavailable, Superseded, Unknown
from ambiance.profile import Library
from ambiance.session.asked import Adopt, Adopted, Asked, Beat, Due, Look, Recovered, Stepped, Tidy
from ambiance.session.deciding import Decider
from ambiance.session.dosing import Answers
from ambiance.session.emergencies import emergency
from ambiance.session.house import House, Turn
from ambiance.session.model import LIVE, CareRow, Changes, DrillRow, News, Session, SessionState, World
from ambiance.session.needs import needs
from ambiance.session.play import Play, Send
from ambiance.session.present import blank, room_now
from ambiance.session.refitting import with_occupied
from ambiance.session.returning import take_up
from ambiance.session.saving import Saving
from ambiance.session.stepping import stepped
from ambiance.session.store import Store
from ambiance.session.telling import Telling
from ambiance.session.timer import Timer, next_night
from ambiance.session.wishes import Answer, Emergency, Erase, Key, RoomNow, Start, Wish
from ambiance.site import Site
from ambiance.units import Seconds

BEAT: Seconds = 60.0
"""How often a live room is stated again, and the last instant is noted."""
LOOK: Seconds = 1.0
"""How often the machine's clock is compared with the monotonic one."""
_RETRY: Seconds = 5.0
_FINISH: Seconds = 5.0
"""Machine seconds that a turn under way is given when the program stops."""

_Waiting = tuple[list[Asked], "asyncio.Future[list[Answer | AmbianceError]] | None"]


class Conductor:
    """Plays every session of a site. `send` tells a device, `answers` says whether one is reachable, `late` counts lateness.

    `executor` runs the store's questions one after another; without one the conductor has a thread of its own for them.
    """

    def __init__(
        self,
        site: Site,
        library: Library,
        store: Store,
        clock: Clock,
        timer: Timer,
        world: World,
        send: Send,
        answers: Answers = lambda room, device: None,
        late: Callable[[Seconds], None] = lambda seconds: None,
        executor: Executor | None = None,
    ) -> None:
        self.site, self.clock, self._library = site, clock, library
        self._saving = Saving(store, executor)
        self._timer, self._world = timer, world
        self._house = House(site, world)
        self._play = Play(site.rooms, clock, send, self._room_due, late)
        self._telling = Telling(self._house, clock, timer, self._play, send, self._room_due)
        self._decider = Decider(site, library, clock, answers, self._telling.look_again)
        self._queue: deque[_Waiting] = deque()
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._alarms: dict[str, Alarm] = {}
        self._over: AmbianceError | None = None
        self.superseded = asyncio.Event()
        """Set when another controller has taken this site over: the program should end."""
        self._stopping = False
        self._deciding = False
        self._turn_of = -1
        self._needs: dict[str, tuple[CareRow, Care]] = {}
        """What was read of the rows of care, as long as they are kept."""
        self._log = structlog.get_logger("conductor")

    # --- life ---

    async def start(self) -> None:
        """Take up what the rows say, and begin to play. Raises StoreUnavailable, Superseded."""
        last = self._world.last_instant
        if last is not None and self.clock.now() < last - timedelta(seconds=2):
            self.clock.hold(last)
            self._log.warning("clock_not_synchronised", held_at=last.isoformat())
        turn = Turn(self._house, self.clock.now())
        take_up(turn, self._world)
        await self._save(turn, [])
        self._timer.start()
        self._telling.book(self._house.sessions.values())
        self._telling.publish(turn, self.site.by_id)
        self._task = asyncio.create_task(self._run(), name="conductor")
        self._look()
        self._beat()
        self._say_again()
        self._tidy()

    async def stop(self) -> None:
        """Finish the turn under way, note the instant, let go."""
        self._stopping = True
        for alarm in self._alarms.values():
            alarm.cancel()
        self._timer.stop()
        self._play.stop()
        if self._task is not None:
            self._ready.set()
            await asyncio.wait({self._task}, timeout=_FINISH)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for items, future in self._queue:
            _answered(future, [StoreUnavailable("the controller is stopping")] * len(items))
        self._queue.clear()
        if self._over is None:
            try:
                await self._saving.save(Changes(), self.clock.now(), always=True)
            except AmbianceError as error:
                self._log.error("last_save_failed", reason=error.type)
        self._saving.close()

    @property
    def running(self) -> bool:
        """Whether the turn loop is alive, and this controller still the one of its site."""
        return self._task is not None and not self._task.done() and self._over is None

    # --- wishes ---

    async def wish(self, wish: Wish, key: Key | None = None) -> Answer:
        """Have one wish decided and saved. Raises the AmbianceError that refuses it."""
        (answer,) = await self.wish_many([(wish, key)])
        if isinstance(answer, AmbianceError):
            raise answer
        return answer

    async def wish_many(self, wishes: Sequence[tuple[Wish, Key | None]]) -> list[Answer | AmbianceError]:
        """Have many wishes decided in order and saved in one transaction; each gets its own answer or refusal."""
        if not wishes:
            return []
        asked = [Asked(wish, key, await self._earlier(wish)) for wish, key in wishes]
        future: asyncio.Future[list[Answer | AmbianceError]] = asyncio.get_running_loop().create_future()
        if self._stopping:
            return [StoreUnavailable("the controller is stopping")] * len(asked)
        self._enqueue(asked, future)
        return await future

    async def adopt(self, site: Site, also: Callable[[Site], None] = lambda site: None) -> None:
        """Play this site from now on: rooms whose description changed are planned anew from this moment, what is live goes on.

        A room that would be gone stays while somebody is in it. `also` is called with the site in the moment it is in force, before
        anything is said for it.
        """
        future: asyncio.Future[list[Answer | AmbianceError]] = asyncio.get_running_loop().create_future()
        if self._stopping:
            raise StoreUnavailable("the controller is stopping")
        self._enqueue([Asked(Adopt(site, also))], future)
        (answer,) = await future
        if isinstance(answer, AmbianceError):
            raise answer

    def put(self, wish: Wish) -> None:
        """A wish nobody waits for: news from devices that the conductor acts on."""
        self._ask(Asked(wish))

    def link_down(self) -> None:
        """The broker is gone: no lease can be renewed until it is back."""
        self._decider.linked = False

    # --- what is ---

    def follow(self, told: Callable[[News], None]) -> Callable[[], None]:
        """Be told of everything after it was saved; call what is returned to end it."""
        return self._telling.follow(told)

    def sessions(self) -> tuple[Session, ...]:
        """Live and scheduled sessions."""
        return tuple(s for s in self._house.sessions.values() if s.state in LIVE or s.state is SessionState.SCHEDULED)

    def recent(self, since: Instant) -> tuple[Session, ...]:
        """Sessions that ended after `since`, as far back as a day."""
        return tuple(s for s in self._house.sessions.values() if s.ended_at is not None and s.ended_at > since)

    def drills(self) -> tuple[DrillRow, ...]:
        """The newest drill of each kind there has been."""
        return tuple(self._house.drills.values())

    def playlists(self, room: str) -> Mapping[str, Playlist]:
        """What the ids that this room's player is told stand for. Raises Unknown."""
        present, key = self.room(room), self.site.by_id[room].playlist_key
        found: dict[str, Playlist] = {}
        for profile in self._library.all():  # what plays for staff, after any of them
            if profile.setting == self.site.by_id[room].setting:
                found |= aftermath(profile, key)
        if present.session is not None:
            with suppress(AmbianceError):  # its treatment left the library; then nobody knows what it was to play
                treatment = self._library.get(present.session.profile)
                found |= playlists(treatment, present.session.sheet.tuning, self.care(present.session.id), key)
        return found

    def care(self, session: str) -> Care | None:
        """What a session's guest needs; None where nobody asked, or it has been erased."""
        row = self._house.care.get(session)
        if row is None:
            return None
        known = self._needs.get(session)
        if known is None or known[0] is not row:
            known = self._needs[session] = (row, needs(row))
        return known[1]

    def rooms(self) -> tuple[RoomNow, ...]:
        return tuple(self.room(room.id) for room in self.site.rooms)

    def room(self, id: str) -> RoomNow:
        """A room as it should be at this moment. Raises Unknown."""
        room = self.site.by_id.get(id)
        if room is None:
            raise Unknown("room", id, [room.id for room in self.site.rooms])
        try:
            return room_now(self._house, room, self.clock.now())
        except Exception as error:  # one room's rows must not hide the others
            self._log.error("room_unreadable", room=id, error=repr(error))
            return blank(self._house, room)

    # --- the turn ---

    async def _run(self) -> None:
        while not self._stopping:
            await self._ready.wait()
            self._ready.clear()
            waiting = list(self._queue)
            self._queue.clear()
            self._deciding = True
            try:
                answers = iter(await self._turn([each for asked, _ in waiting for each in asked]))
            except asyncio.CancelledError:
                self._queue.extendleft(reversed(waiting))
                raise
            except Exception as error:  # nothing that is asked may ever stop the house
                self._log.exception("turn_failed")
                failed = AmbianceError(f"the controller could not do this ({type(error).__name__})")
                answers = iter([failed] * sum(len(asked) for asked, _ in waiting))
            finally:
                self._deciding = False
            for asked, future in waiting:
                _answered(future, [next(answers) for _ in asked])

    async def _turn(self, asked: list[Asked]) -> list[Answer | AmbianceError]:
        if any(isinstance(each.item, Look) for each in asked):
            step = self._look_at_the_clock()
            asked = [Asked(Stepped(step)) if step and isinstance(each.item, Look) else each for each in asked]
        asked = [self._become(each.item) if isinstance(each.item, Adopt) else each for each in asked]
        turn = Turn(self._house, self.clock.now())
        answers = self._decider.decide(turn, asked)
        if any(isinstance(each.item, Emergency) and each.item.active for each in asked):
            # Seconds count, and saying it again harms nothing: full light and no scent do not wait for a disk.
            self._telling.ahead(turn)
        try:
            await self._save(turn, asked)
        except StoreUnavailable as error:
            turn, answers = self._unsaved_turn(asked, error)
        except Superseded as error:
            self._stand_down(error)
            return [error] * len(asked)
        except Exception as error:
            # Something that cannot be written: each thing asked by itself, so that only the guilty one is refused.
            if len(asked) > 1:
                return [answer for each in asked for answer in await self._turn([each])]
            return [self._refused(asked[0], error)]
        self._telling.publish(turn, [each.item.room for each in asked if isinstance(each.item, Due)])
        return answers

    async def _save(self, turn: Turn, asked: Sequence[Asked]) -> None:
        beat, tidy = (any(isinstance(each.item, kind) for each in asked) for kind in (Beat, Tidy))
        saved = await self._saving.save(turn.changes(), turn.now, always=beat or tidy)
        self._house.take(turn)
        if saved and self._decider.trouble is not None:
            self._decider.trouble = None
            self._ask(Asked(Recovered()))
        if beat:
            self._house.forget(turn.now)
            self._needs = {id: known for id, known in self._needs.items() if id in self._house.care}
            await self._saving.sweep(turn.now)
        if tidy:
            await self._saving.tidy(turn.now)

    def _unsaved_turn(self, asked: Sequence[Asked], error: StoreUnavailable) -> tuple[Turn, list[Answer | AmbianceError]]:
        """The store cannot write: nothing new begins, what runs goes on in memory and is saved when it can be."""
        first = self._decider.trouble is None
        self._decider.trouble = error
        turn = Turn(self._house, self.clock.now())
        answers = self._decider.decide(turn, asked)
        if first:
            turn.tell("store_failed", turn.now)
        self._house.take(turn)
        self._saving.later(turn.changes())
        self._log.error("store_failed", reason=str(error))
        self._alarm("beat", _RETRY, self._beat)
        return turn, answers

    def _refused(self, asked: Asked, error: Exception) -> AmbianceError:
        """One thing that could be decided but not written."""
        if isinstance(asked.item, Due):
            self._telling.later(asked.item.room)
        if isinstance(error, AmbianceError):
            return error
        self._log.error("not_written", kind=type(asked.item).__name__, exc_info=error)
        return AmbianceError("this could not be written; nothing changed")

    def _stand_down(self, error: Superseded) -> None:
        """Another controller plays this site now: say nothing more to anybody."""
        if self._over is None:
            self._log.critical("superseded", reason=str(error))
        self._over = error
        self.superseded.set()
        self._decider.linked = False
        self._play.stop()

    # --- wakes ---

    def _room_due(self, room: str) -> None:
        self._ask(Asked(Due(room)))

    def _ask(self, asked: Asked) -> None:
        self._enqueue([asked], None)

    def _enqueue(self, asked: list[Asked], future: "asyncio.Future[list[Answer | AmbianceError]] | None") -> None:
        self._queue.append((asked, future))
        self._ready.set()
        if not self._deciding or self._over is not None:
            return
        # A turn is under way, and its disk may take its time: an emergency is said now and decided when its turn comes.
        turn = Turn(self._house, self.clock.now())
        for each in asked:
            if isinstance(each.item, Emergency) and each.item.active:
                with suppress(AmbianceError):
                    emergency(turn, each.item)
        self._telling.ahead(turn)

    def _alarm(self, name: str, seconds: Seconds, do: Callable[[], None]) -> None:
        if name in self._alarms:
            self._alarms[name].cancel()
        if not self._stopping:
            self._alarms[name] = self.clock.call_at(self.clock.now() + timedelta(seconds=seconds), do)

    def _look(self) -> None:
        self._ask(Asked(Look()))
        self._alarm("look", LOOK, self._look)

    def _say_again(self) -> None:
        """Every room is looked at, and stated again if it is live, once a beat: a few at a time, or cues would wait behind a house."""
        parts = max(1, min(int(BEAT), len(self.site.rooms)))
        self._alarm("again", BEAT / parts, self._say_again)
        if self._over is None and self._turn_of >= 0:
            rooms = self.site.rooms[self._turn_of :: parts]
            self._telling.again(rooms)
            for room in rooms:
                self._room_due(room.id)
        self._turn_of = (self._turn_of + 1) % parts

    def _beat(self) -> None:
        self._ask(Asked(Beat()))
        self._alarm("beat", BEAT, self._beat)

    def _tidy(self) -> None:
        """The day's housekeeping: now, for the machine may have been off last night, and then every night."""
        self._ask(Asked(Tidy()))
        self._timer.at(next_night(self.clock.now(), self.site.timezone), "housekeeping", self._tidy)

    # --- rare things ---

    def _become(self, asked: Adopt) -> Asked:
        """The site is another one from here on, before anything else is decided."""
        before, self.site = self.site, with_occupied(self._house, asked.site)
        for each in (self._house, self._decider):
            each.adopt(self.site)
        self._play.adopt(self.site.rooms)
        asked.also(self.site)
        return Asked(Adopted(before))

    def _look_at_the_clock(self) -> timedelta:
        """If the machine's clock was set: everything that was anchored to it moves along, before anything else is decided."""
        step = self.clock.stepped()
        if step:
            self._log.warning("clock_stepped", seconds=step.total_seconds())
            turn = Turn(self._house, self.clock.now())
            stepped(turn, step)
            self._house.take(turn)
            self._saving.later(turn.changes())
            self._play.shift(step)
            self._telling.book(self._house.sessions.values())
            self._tidy()
            self._alarm("look", LOOK, self._look)
            self._alarm("beat", BEAT, self._beat)
        return step

    async def _earlier(self, wish: Wish) -> Session | None:
        """The session whose atmosphere is asked for again, or that is to be forgotten, however old."""
        id = wish.like if isinstance(wish, Start) else wish.session if isinstance(wish, Erase) else None
        if id is None:
            return None
        known = self._house.sessions.get(id)
        return known if known is not None else await self._saving.ask(self._saving.store.session, id)


def _answered(future: "asyncio.Future[list[Answer | AmbianceError]] | None", answers: list[Answer | AmbianceError]) -> None:
    if future is not None and not future.done():
        future.set_result(answers)
