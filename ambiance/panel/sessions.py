"""The calls about sessions."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from ambiance.clock import Instant
from ambiance.errors import AmbianceError, Invalid, KeyReused, NotAllowed, NotOffered, Unknown
from ambiance.panel.bodies import BATCH, MinutesBody, MoveBody, Nothing, slug, start_of
from ambiance.panel.door import Door, key, reply, treating, whole
from ambiance.panel.public import session_on_tablet
from ambiance.panel.refusals import Unforeseen, describe
from ambiance.panel.rights import bound
from ambiance.panel.seams import Library, Token
from ambiance.panel.understand import Body
from ambiance.panel.views import Json, session_view
from ambiance.profile.model import Visit
from ambiance.session.model import Session
from ambiance.session.wishes import Act, Answer, Erase, Key, Start, Verb

VERBS: dict[Verb, type[Body]] = {
    "pause": Nothing,
    "resume": Nothing,
    "stay": MinutesBody,
    "extend": MinutesBody,
    "advance": Nothing,
    "end": Nothing,
    "cancel": Nothing,
    "move": MoveBody,
}
"""The verbs on a session and what each needs to know."""

Handler = Callable[[Request], Awaitable[Response]]


class SessionCalls:
    """Handlers of `/sessions…`."""

    def __init__(self, door: Door, library: Library) -> None:
        self._door, self._library = door, library

    async def start(self, request: Request) -> Response:
        token = await self._door.writer(request, "start")
        body, wish = start_of(await self._door.json(request), self._now(request), self._fits)
        if bound(token) and token.room != body.room:
            raise NotAllowed(token.role, "start sessions outside its own room")
        if bound(token) and wish.like is not None:
            await self._door.session_by(wish.like, token)
        answer = await self._door.conductor.wish(_treated(wish, token), key(request, token, body.model_dump_json().encode()))
        return self._door.answer(token, answer, {"Location": f"/api/v1/sessions/{answer.body.get('id')}"})

    async def batch(self, request: Request) -> Response:
        token = await self._door.writer(request, "start")
        asked = await self._door.json(request)
        if not isinstance(asked, list) or len(asked) > BATCH:
            raise Invalid(("body", f"{type(asked).__name__}", f"a list of at most {BATCH} sessions to start"))
        if bound(token):
            raise NotAllowed(token.role, "start sessions by batch")
        whole_key = key(request, token, hashlib.sha256(to_json(asked, inf_nan_mode="strings")).digest())
        wishes: list[tuple[Start, Key | None]] = []
        places: list[int] = []
        results: list[Json] = [{}] * len(asked)
        now = self._now(request)
        for index, each in enumerate(asked):
            try:
                _, wish = start_of(each, now, self._fits)
            except Invalid as error:
                results[index] = describe(error)
            else:
                # Each part keeps its own answer; the digest is that of the whole, so that no part is taken for another.
                part = whole_key and Key(token.id, f"{whole_key.key}#{index}", whole_key.digest, whole_key.key)
                wishes.append((_treated(wish, token), part))
                places.append(index)
        answers = await self._door.conductor.wish_many(wishes) if wishes else []
        if whole_key is not None and answers and all(isinstance(answer, KeyReused) for answer in answers):
            raise KeyReused
        for index, answer in zip(places, answers, strict=True):
            results[index] = _result(answer)
        return reply(results)

    async def every(self, request: Request) -> Response:
        token = await self._door.reader(request)
        room = request.query_params.get("room")
        if room is not None:
            await self._door.reader(request, room=slug("room", room))
        room = token.room if bound(token) else room
        limit = whole(request.query_params, "limit", 1, 500, 100)
        present = {s.id: s for s in self._door.conductor.sessions() if room is None or s.room == room}
        past = await self._door.off_loop(self._door.rows.sessions, room, limit)
        merged = {s.id: s for s in past} | present
        newest = sorted(merged.values(), key=lambda s: (s.starts_at, s.created_at), reverse=True)[:limit]
        return reply([self._view(session, bound(token)) for session in newest])

    async def one(self, request: Request) -> Response:
        token = await self._door.reader(request)
        return reply(self._view(await self._door.session(request, token), bound(token)))

    async def erase(self, request: Request) -> Response:
        token = await self._door.writer(request, "erase")
        session = await self._door.session(request, token)
        return await self._door.wish(request, token, Erase(session.id), Nothing())

    def verb(self, verb: Verb) -> Handler:
        """The handler of one verb."""
        model = VERBS[verb]

        async def act(request: Request) -> Response:
            token = await self._door.writer(request, "verb", paced=verb != "end")  # stopping is always taken
            if verb == "move" and bound(token):
                raise NotAllowed(token.role, "move sessions")
            session = await self._door.session(request, token)
            body: Any = await self._door.body(request, model)
            wish = Act(verb, session.id, minutes=getattr(body, "minutes", None), to=getattr(body, "room", None), therapist=treating(token))
            return await self._door.wish(request, token, wish, body)

        return act

    def _fits(self, profile: str, minutes: int, visit: Visit) -> None:
        """Raises Invalid for a treatment or a length that is not on offer."""
        try:
            self._library.get(profile).steps(minutes, visit)
        except (Unknown, NotOffered) as error:
            raise Invalid(("profile", profile, f"a treatment on offer: {error}")) from None

    def _now(self, request: Request) -> Instant | None:
        return None if "idempotency-key" in request.headers else self._door.clock.now()

    def _view(self, session: Session, on_tablet: bool) -> Json:
        care = None if on_tablet else self._door.conductor.care(session.id)
        view = session_view(session, self._door.present(session.room), care)
        return session_on_tablet(view) if on_tablet else view


def _treated(wish: Start, token: Token) -> Start:
    """A therapist who starts a session treats in it, unless the body names another."""
    return wish if wish.therapist is not None else replace(wish, therapist=treating(token))


def _result(answer: Answer | Exception) -> Json:
    if isinstance(answer, Answer):
        return {**answer.body, "status": answer.status}
    return describe(answer if isinstance(answer, AmbianceError) else Unforeseen())
