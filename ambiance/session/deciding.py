"""Deciding: what each thing asked makes of the rows, one after another, none of it true before it is saved."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import structlog

from ambiance.clock import Clock
from ambiance.cuesheet.compile import Compiler
from ambiance.errors import AmbianceError, KeyReused, StoreUnavailable, Unknown
from ambiance.profile import Library
from ambiance.session import courses, erased, fitness, touching
from ambiance.session.acting import act
from ambiance.session.airing import tend_air
from ambiance.session.asked import Adopted, Asked, Beat, Due, Recovered, Stepped
from ambiance.session.automatic import catch_up, phase_number, waiting_for
from ambiance.session.dosing import Answers, begin_doses, tend_doses
from ambiance.session.drills import drill, end_drills
from ambiance.session.emergencies import emergency, repeat_calls
from ambiance.session.house import Turn
from ambiance.session.model import KeyRow, RoomState, Session, SessionState
from ambiance.session.needing import choose, keep, need
from ambiance.session.refitting import refit
from ambiance.session.starting import begin, start
from ambiance.session.wishes import (
    Act,
    Adjust,
    AirFitness,
    Answer,
    Begin,
    Bright,
    Call,
    Choose,
    ClockConfirmed,
    CloseCourse,
    Drill,
    Emergency,
    Erase,
    Keep,
    Key,
    LinkUp,
    Lost,
    Need,
    OpenCourse,
    OutOfOrder,
    Ready,
    Refilled,
    Returned,
    RoomChecked,
    RoomMeasured,
    Start,
    Window,
)
from ambiance.site import Site

KEPT = timedelta(hours=24)
"""How long an idempotency key stands for its answer."""


class Decider:
    """Decides in a `Turn` and touches nothing else. `again` asks that a room be looked at later, as deciding it failed."""

    def __init__(self, site: Site, library: Library, clock: Clock, answers: Answers, again: Callable[[str], None]) -> None:
        self._site, self._library, self._clock, self._answers, self._again = site, library, clock, answers, again
        self._compiler = Compiler(site.rooms)
        self._log = structlog.get_logger("conductor")
        self.linked = False
        """Whether the broker is there: without it no diffuser is switched on."""
        self.trouble: StoreUnavailable | None = None
        """Why the store takes nothing now: until it does nothing new begins, and no diffuser is switched on."""

    def adopt(self, site: Site) -> None:
        """The site is this one now."""
        self._site, self._compiler = site, Compiler(site.rooms)

    def decide(self, turn: Turn, asked: Sequence[Asked]) -> list[Answer | AmbianceError]:
        """An answer or a refusal for each; what is refused, or fails, leaves no trace."""
        answers: list[Answer | AmbianceError] = []
        for each in asked:
            rooms = self._concerned(turn, each)
            for room in rooms:
                self._catch_up(turn, room)
            mark = turn.mark()
            try:
                answers.append(self._answer(turn, each))
                for room in rooms:
                    self._follow_up(turn, room)
            except AmbianceError as error:
                turn.back(mark)
                answers.append(error)
            except Exception as error:
                # A fault in one room's rows stays in that room.
                turn.back(mark)
                self._log.exception("decision_failed", kind=type(each.item).__name__)
                failed = AmbianceError("this could not be decided; the room goes on as it was")
                failed.__cause__ = error
                answers.append(failed)
        return answers

    def _answer(self, turn: Turn, asked: Asked) -> Answer:
        key = asked.key
        if key is None:
            return self._wish(turn, asked)
        known, whole = self._bound(turn, key, key.key), self._bound(turn, key, key.whole)
        if known is not None:
            return Answer(known.status, known.answer)
        answer = self._wish(turn, asked)
        turn.keys[(key.token, key.key)] = KeyRow(key.token, key.key, key.digest, answer.status, answer.body, turn.now)
        if key.whole is not None and whole is None:
            turn.keys[(key.token, key.whole)] = KeyRow(key.token, key.whole, key.digest, 200, {}, turn.now)
        return answer

    def _bound(self, turn: Turn, key: Key, name: str | None) -> KeyRow | None:
        """The accepted request that holds this key, if any does. Raises KeyReused where it was another one."""
        if name is None:
            return None
        known = turn.keys.get((key.token, name)) or turn.house.keys.get((key.token, name))
        if known is None or known.at <= turn.now - KEPT:
            return None
        if known.digest != key.digest:
            raise KeyReused
        return known

    def _concerned(self, turn: Turn, asked: Asked) -> list[str]:
        """The rooms whose clock is brought up to now before, and whose doses are looked after behind it."""
        named: Iterable[str | None]
        match asked.item:
            case LinkUp() | Adopted():
                return list(self._site.by_id)
            case Need(session=id) | Choose(session=id):
                meant = turn.session(id)
                named = (meant.room,) if meant is not None else ()
            case Act(session=id, room=room, to=to):
                session = turn.session(id) if id is not None else None
                named = (session.room if session is not None else room, to)
            case (
                Start(room=room) | Adjust(room=room) | Bright(room=room) | Ready(room=room) | Window(room=room) | OutOfOrder(room=room)
                | Due(room=room) | AirFitness(room=room)
            ):  # fmt: skip
                named = (room,)
            case Begin(room=room):
                named = (room,)
            case Emergency(room=room):
                named = (room,) if room is not None else self._site.by_id
            case _:
                named = ()
        return [room for room in named if room is not None and room in self._site.by_id]

    def _wish(self, turn: Turn, asked: Asked) -> Answer:  # one line a kind of wish
        match asked.item:
            case Start() as wish:
                self._may_begin()
                if wish.like is not None and asked.earlier is None:
                    raise Unknown("session", wish.like)
                return start(turn, wish, self._library, self._compiler, asked.earlier)
            case Act() as wish:
                return act(turn, wish, self._library)
            case Adjust() as wish:
                return touching.adjust(turn, wish)
            case Need() as wish:
                return need(turn, wish, self._library)
            case Choose() as wish:
                return choose(turn, wish, self._library)
            case Keep() as wish:
                return keep(turn, wish)
            case Bright() as wish:
                return touching.bright(turn, wish)
            case Ready() as wish:
                return touching.ready(turn, wish)
            case Window() as wish:
                return touching.window(turn, wish)
            case Begin(room=room) as wish:
                if turn.live(room) is None:
                    self._may_begin()
                return begin(turn, wish, self._library, self._compiler)
            case Emergency() as wish:
                return emergency(turn, wish)
            case Drill() as wish:
                return drill(turn, wish)
            case OutOfOrder() as wish:
                return touching.out_of_order(turn, wish)
            case Returned(room=room, device=device):
                turn.restated[room, device] = None
                self._say_off(turn, room, device)
            case Lost(room=room, device=device):
                if (live := turn.live(room)) is not None:
                    turn.tell("device_lost", turn.now, room, live.id, device=device)
            case LinkUp():
                self.linked = True
                for room in self._site.by_id:
                    turn.restated[room, None] = None
                    self._say_off(turn, room)
            case Call(room=room):
                turn.tell("desk_called", turn.now, room)
            case AirFitness() as wish:
                fitness.air(turn, wish)
            case RoomChecked() as wish:
                turn.tell("room_checked", turn.now, wish.room, wish.session, ready=wish.ready, devices=list(wish.missing))
            case RoomMeasured() as wish:
                turn.tell("room_measured", turn.now, wish.room, wish.session, **wish.figures)
            case Refilled() as wish:
                return fitness.refilled(turn, wish)
            case ClockConfirmed():
                self._clock.confirm()
                turn.tell("clock_confirmed", turn.now)
            case Stepped(by=by):
                turn.tell("clock_stepped", turn.now, seconds=by.total_seconds())
            case Erase(session=id):
                return erased.erase(turn, id, asked.earlier)
            case OpenCourse():
                return courses.open_course(turn)
            case CloseCourse(course=id):
                return courses.close_course(turn, id)
            case Beat():
                end_drills(turn)
                repeat_calls(turn)
                erased.due(turn)
                self._compiler.forget()
            case Adopted(before=before):
                refit(turn, before, self._library, self._compiler)
            case Recovered():
                turn.tell("store_recovered", turn.now)
        return Answer(200, {})

    def _may_begin(self) -> None:
        if self.trouble is not None:
            raise self.trouble.with_traceback(None)

    def _say_off(self, turn: Turn, room: str, device: str | None = None) -> None:
        """Diffusers that have no dose are told off whenever they may have missed it."""
        dosing, place = {row.device for row in turn.open_doses(room)}, self._site.by_id.get(room)
        for each in place.of("diffuser") if place is not None else ():
            if device in (None, each.id) and each.id not in dosing:
                turn.scent.append((room, each.id, 0, 0.0))

    # --- what the clock did meanwhile ---

    def _catch_up(self, turn: Turn, id: str) -> None:
        """Everything due in one room, doses included. Where that fails the room stays as it was, and hands on it still count."""
        mark = turn.mark()
        try:
            catch_up(turn, self._site.by_id[id])
            fitness.extract(turn, self._site.by_id[id])
            tend_air(turn, self._site.by_id[id], turn.since.get(id) or turn.house.since.get(id, turn.now))
            self._doses(turn, id)
            turn.looked[id] = None
            turn.since[id] = turn.now
            self._announce(turn, turn.live(id))
        except Exception:
            turn.back(mark)
            self._log.exception("room_failed", room=id)
            self._again(id)

    def _follow_up(self, turn: Turn, id: str) -> None:
        """After a hand moved the plan: what it says of doses and phases holds in the same turn."""
        mark = turn.mark()
        try:
            fitness.extract(turn, self._site.by_id[id])
            tend_air(turn, self._site.by_id[id], turn.now)
            self._doses(turn, id, at_once=True)
            self._announce(turn, turn.live(id))
        except Exception:
            turn.back(mark)
            self._log.exception("room_failed", room=id)
            self._again(id)

    def _doses(self, turn: Turn, id: str, at_once: bool = False) -> None:
        live = turn.live(id)
        may_run = self.linked and self.trouble is None
        tend_doses(turn, id, live, may_run)
        playing = live is not None and live.state in (SessionState.PREPARING, SessionState.RUNNING)
        if live is not None and playing and may_run and turn.room(id).state is not RoomState.EMERGENCY:
            since = turn.since.get(id) or turn.house.since.get(id, turn.now)
            begin_doses(turn, live, since, self._answers, at_once)

    def _announce(self, turn: Turn, live: Session | None) -> None:
        """Say a new phase or a waiting border once."""
        if live is None:
            return
        n, border = phase_number(live.sheet, live.offset(turn.now)), waiting_for(live, turn.now)
        before = turn.spoken.get(live.id) or turn.house.spoken.get(live.id)
        if before == (n, border):
            return
        turn.spoken[live.id] = (n, border)
        if n and (before is None or before[0] != n):
            phases = max((span.n for span in live.sheet.spans), default=0)
            turn.tell("phase_began", turn.now, live.room, live.id, phase=n, phases=phases)
        if border is not None and live.state is SessionState.RUNNING:
            turn.tell("border_reached", turn.now, live.room, live.id, phase=n)
