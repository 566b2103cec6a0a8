"""Commands over MQTT: `<room>/do/<verb>` and `do/emergency` become wishes, and every one is answered.

Commands are absolute and unretained. A retained one is an echo of the past: dropped, logged and cleared.
"""

import asyncio
import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import structlog
from pydantic_core import to_json

from ambiance.clock import Clock
from ambiance.device.message import Incoming, Message
from ambiance.device.topics import VERBS, Command, SiteCommand, Topics
from ambiance.errors import AmbianceError, Invalid, KeyReused, NotAllowed, Unknown, trace
from ambiance.panel import bodies, payload
from ambiance.panel.adjust import adjust
from ambiance.panel.metrics import Metrics
from ambiance.panel.public import Discretion, answer_payload
from ambiance.panel.refusals import Unforeseen, printable
from ambiance.panel.replies import reply_topic
from ambiance.panel.seams import Conductor
from ambiance.panel.understand import NOTHING, STRAY, Body, understand
from ambiance.panel.views import Json
from ambiance.session.wishes import Act, Adjust, Bright, Emergency, Ready, Verb, Wish
from ambiance.units import Seconds

SAME: Seconds = 60.0
"""A command that comes again with the same id within this time is the same command."""
REMEMBERED = 4096
WAITING = 2000
"""Commands under way at once; more are dropped, but for emergencies."""
OF_A_ROOM = 100
"""Of them of one room: who floods a room's topics holds up neither the others nor an emergency."""

_ACTS: dict[str, tuple[Verb, type[Body]]] = {
    "pause": ("pause", bodies.Nothing),
    "resume": ("resume", bodies.Nothing),
    "stay": ("stay", bodies.MinutesBody),
    "extend": ("extend", bodies.MinutesBody),
    "advance": ("advance", bodies.Nothing),
    "end": ("end", bodies.Nothing),
    "cancel": ("cancel", bodies.Nothing),
}


_BY_REFERENCE = "care_ref in its place, a reference made over HTTP (POST /api/v1/care): what a guest needs does not travel over the bus"


class MqttCommands:
    """Hears commands, puts them to the conductor, publishes the answers."""

    def __init__(
        self,
        conductor: Conductor,
        topics: Topics,
        clock: Clock,
        publish: Callable[[Message], object],
        metrics: Metrics,
        discretion: Discretion,
    ) -> None:
        self._conductor, self._topics, self._clock = conductor, topics, clock
        self._publish, self._metrics, self._discretion = publish, metrics, discretion
        self._seen: OrderedDict[tuple[str, str | int], tuple[Seconds, str, asyncio.Future[Json]]] = OrderedDict()
        self._under_way: set[asyncio.Task[None]] = set()
        self._of: Counter[str] = Counter()
        """Commands under way by room; under "" those of the whole house, under "?" those of rooms there are none of."""
        self._crowded: set[str] = set()
        """Rooms whose flood is in the log already."""
        self._log = structlog.get_logger("ambiance.panel")

    def hear(self, incoming: Incoming) -> bool:
        """Take what arrived; False where it is no command. Never raises, never waits."""
        command = self._topics.parse(incoming.topic)
        if incoming.retain and self._topics.asks(incoming.topic):
            if incoming.payload:
                self._drop("retained", command)
                self._publish(Message(incoming.topic, b"", retain=True))
            return True
        if not isinstance(command, Command | SiteCommand):
            return False
        if not incoming.payload:
            return True  # how a retained command is cleared, by us or by another
        room = "" if isinstance(command, SiteCommand) else command.room if command.room in self._conductor.site.by_id else "?"
        if self._of[room] >= OF_A_ROOM or (room and len(self._under_way) >= WAITING):
            self._drop("too many at once", command, log=room not in self._crowded)
            self._crowded.add(room)
            return True
        self._of[room] += 1
        task = asyncio.get_running_loop().create_task(self._obey(command, incoming))
        self._under_way.add(task)
        task.add_done_callback(lambda task: self._done(task, room))
        return True

    async def stop(self) -> None:
        """Let commands under way finish."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _done(self, task: asyncio.Task[None], room: str) -> None:
        self._under_way.discard(task)
        self._of[room] -= 1
        if not self._of[room]:
            del self._of[room]
            self._crowded.discard(room)

    async def _obey(self, command: Command | SiteCommand, incoming: Incoming) -> None:
        id: object = None
        try:
            body = payload.read(incoming.payload, payload.MQTT_MOST)
            if not isinstance(body, dict):
                raise Invalid(("body", type(body).__name__, "a JSON object"))
            id = _id(body.pop("id", None))
            said = await self._once(command, incoming.topic, id, body)
        except AmbianceError as error:
            self._drop(error.type, command)
            said = self._refusal(error)
        except Exception as error:
            self._log.error("command failed", room=getattr(command, "room", None), verb=command.verb, trace=trace(error))
            said = self._refusal(Unforeseen())
        self._answer(incoming, {"id": id, **said})

    async def _once(self, command: Command | SiteCommand, topic: str, id: str | int | None, body: Json) -> Json:
        """Do it; or, where the same id did it a moment ago, give that answer again. Raises KeyReused for another body."""
        if id is None:
            return await self._do(command, body)
        now, place = self._clock.monotonic(), (topic, id)
        digest = hashlib.sha256(to_json(body, inf_nan_mode="strings")).hexdigest()
        while self._seen and (len(self._seen) > REMEMBERED or next(iter(self._seen.values()))[0] < now - SAME):
            self._seen.popitem(last=False)
        if place in self._seen:
            _, before, answer = self._seen[place]
            if before != digest:
                raise KeyReused("id", str(id), "a minute")
            return await asyncio.shield(answer)
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._seen[place] = (now, digest, future)
        try:
            said = await self._do(command, body)
        except BaseException as error:
            # A refusal binds nothing: whoever asks again with this id is heard anew.
            self._seen.pop(place, None)
            future.set_result(self._refusal(error if isinstance(error, AmbianceError) else Unforeseen()))
            raise
        future.set_result(said)
        return said

    async def _do(self, command: Command | SiteCommand, body: Json) -> Json:
        wish = self._emergency(body) if isinstance(command, SiteCommand) else self._wish(command, body)
        answer = await self._conductor.wish(wish)
        return {"ok": True, **_session(answer_payload(answer.body))}

    def _wish(self, command: Command, body: Json) -> Wish:
        room = self._conductor.site.by_id.get(command.room)
        if room is None:
            raise Unknown("room", command.room)
        if command.verb in _ACTS:
            verb, model = _ACTS[command.verb]
            minutes: Any = getattr(understand(model, body), "minutes", None)
            return Act(verb, room=room.id, minutes=minutes)
        match command.verb:
            case "start":
                if "care" in body:
                    raise Invalid(("care", "codes", _BY_REFERENCE))
                return understand(bodies.BusStartBody, body).wish(room.id, self._clock.now())
            case "adjust":
                return adjust(understand(bodies.AdjustBody, body), room, self._conductor.room(room.id).scene, "bus")
            case "bright":
                return Bright(room.id, understand(bodies.BrightBody, body).on)
            case "release":
                understand(bodies.Nothing, body)
                return Adjust(room.id, release=True, source="bus")
            case "ready":
                understand(bodies.Nothing, body)
                return Ready(room.id)
            case other:
                raise Unknown("verb", other, VERBS)

    def _emergency(self, body: Json) -> Emergency:
        asked = understand(bodies.BusEmergencyBody, body)
        if not asked.active:
            raise NotAllowed("bus", "reset an emergency: a person does that, at the desk")
        if asked.room is not None and asked.room not in self._conductor.site.by_id:
            raise Unknown("room", asked.room)
        return Emergency(asked.kind, True, asked.room, "bus")

    def _answer(self, incoming: Incoming, said: Json) -> None:
        to = reply_topic(incoming.reply_to, self._topics, self._conductor.site)
        if to is None:
            self._publish(Message(self._topics.result(incoming.topic), to_json(said), keep=True))
        else:
            self._publish(Message(to, to_json(said), keep=True, correlation=incoming.correlation))

    def _refusal(self, error: AmbianceError) -> Json:
        detail = "; ".join(map(_unquoted, error.faults)) if isinstance(error, Invalid) else str(error)
        return {"ok": False, "error": {"type": error.type, "detail": self._discretion(printable(detail))}}

    def _drop(self, reason: str, command: object, log: bool = True) -> None:
        self._metrics.dropped(reason)
        if log:
            room, verb = (getattr(command, name, None) for name in ("room", "verb"))
            self._log.warning("command dropped", reason=reason, room=room, verb=verb)


def _id(value: object) -> str | int | None:
    if value is None or (isinstance(value, str) and len(value) <= 128 and value.isprintable()):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    raise Invalid(("id", value, "text of at most 128 characters, or a whole number"))


def _unquoted(fault: tuple[str, object, str]) -> str:
    """A fault for the bus, where everybody listens: what was typed is not repeated there, unless it is a number or a switch."""
    path, value, wanted = fault
    if value == STRAY:
        return f"found {STRAY}; wanted {wanted}"
    found = repr(value) if value in (None, NOTHING) or isinstance(value, bool | int | float) else "something else"
    return f"{path}: found {found}; wanted {wanted}"


def _session(body: Json) -> Json:
    """The answer's own `id` is the caller's; the session's is called `session`."""
    if "id" in body:
        body = {"session": body["id"], **{key: value for key, value in body.items() if key != "id"}}
    return body
