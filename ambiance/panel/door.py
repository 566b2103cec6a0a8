"""What every HTTP call goes through: who asks, how fast, with which body and key; and how it is answered."""

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from ambiance.clock import Instant, Now, staff_time
from ambiance.errors import Invalid, NotSignedIn, StoreUnavailable, Unknown
from ambiance.panel import payload
from ambiance.panel.bodies import slug
from ambiance.panel.identity import Caller
from ambiance.panel.identity.caller import PROOF
from ambiance.panel.pace import Pace
from ambiance.panel.public import answer_payload
from ambiance.panel.refusals import PinNeeded, TooLarge, TooSlow, WrongMedia
from ambiance.panel.rights import PROVEN, Deed, bound, own, require
from ambiance.panel.seams import Board, Conductor, Rows, Token, Tokens
from ambiance.panel.understand import Body, understand
from ambiance.panel.views import Json, noted, room_view
from ambiance.panel.visitors import Visitors, from_own_page
from ambiance.room import unconfirmed
from ambiance.session.model import RoomState, Session
from ambiance.session.wishes import Answer, Key, RoomNow, Wish
from ambiance.site import Room, Site
from ambiance.units import Seconds

BODY_WAIT: Seconds = 10.0
STRANGERS = 16_384
"""Bytes of a body of somebody who need not be signed in."""
REMEMBERED = 1024
_KEY = re.compile(r"[!-~]{1,255}")
_SECRET = re.compile(r"[!-~]{8,512}")
_SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")
_T = TypeVar("_T")
_Model = TypeVar("_Model", bound=Body)


@dataclass(frozen=True)
class Door:
    """What the handlers are given."""

    conductor: Conductor
    board: Board
    rows: Rows
    tokens: Tokens
    clock: Now
    pace: Pace
    executor: Executor | None = None
    pins: Executor | None = None
    """One thread that reckons PINs, one after another: each takes a tenth of a second and 64 MiB."""
    visitors: Visitors | None = None
    last: dict[bytes, Token] = field(default_factory=dict)
    """Who held which secret (by its digest) when the store could last be asked."""

    @property
    def site(self) -> Site:
        """The site as it is now."""
        return self.conductor.site

    def staff_now(self) -> Instant:
        """The time of people, `ambiance.clock.staff_time`."""
        return staff_time(self.clock)

    async def off_loop(self, read: Callable[..., _T], *args: Any) -> _T:
        """Read the store without holding up the rooms."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, read, *args)

    async def slowly(self, reckon: Callable[..., _T], *args: Any) -> _T:
        """Reckon a PIN without holding up anybody but the next who types one."""
        return await asyncio.get_running_loop().run_in_executor(self.pins, reckon, *args)

    async def token(self, request: Request) -> Token:
        """Who asks: the bearer of a token, else the browser's sign-in or screen. Raises NotSignedIn."""
        token: Token | None
        if "authorization" in request.headers or self.visitors is None:
            secret = bearer(request)
            token = await self.holder(secret) if secret else None
        else:
            token = await self.visitors.caller(request)
        if token is None:
            raise NotSignedIn
        request.scope["ambiance.who"] = f"{token.role} {token.id}"
        request.scope["ambiance.room"] = token.room if bound(token) else None
        return token

    async def holder(self, secret: str) -> Token | None:
        """Who holds a secret. While the store cannot be asked whoever held it last goes on: nobody can revoke it either."""
        if (token := self.tokens.recall(secret)) is not None:
            return token
        digest = hashlib.sha256(secret.encode()).digest()
        try:
            token = await self.off_loop(self.tokens.check, secret)
        except StoreUnavailable:
            if digest not in self.last:
                raise
            return self.last[digest]
        self.last.pop(digest, None)
        if token is not None:
            self.last[digest] = token
            if len(self.last) > REMEMBERED:
                self.last.pop(next(iter(self.last)))
        return token

    async def reader(self, request: Request, deed: Deed = "look", room: str | None = None) -> Token:
        """Who reads. Raises NotSignedIn, NotAllowed."""
        token = await self.token(request)
        require(token, deed, room)
        return token

    async def writer(self, request: Request, deed: Deed, room: str | None = None, paced: bool = True, form: str | None = None) -> Token:
        """Who writes; `form` is the page's token where a form brings it.

        Raises NotSignedIn, NoProof (by cookie, and not from a page of ours), TooMany, NotAllowed, PinNeeded.
        """
        token = await self.token(request)
        if isinstance(token, Caller):
            from_own_page(request, token, form)
        if paced:
            self.pace.take(token.id)
        require(token, deed, room)
        if deed in PROVEN and isinstance(token, Caller) and not token.proven(self.staff_now()):
            raise PinNeeded(PROOF // timedelta(minutes=1))
        return token

    async def json(self, request: Request, most: int = payload.HTTP_MOST) -> Any:
        """The body, read and looked at but not yet understood; an empty one is an empty object."""
        raw = await whole_body(request, most)
        if not raw.strip():
            return {}
        media = request.headers.get("content-type", "application/json")
        if not media.partition(";")[0].strip().lower().endswith("json"):
            raise WrongMedia(media)
        return payload.read(raw)

    async def body(self, request: Request, model: type[_Model], most: int = payload.HTTP_MOST) -> _Model:
        """Raises Invalid with every fault, TooLarge over `most` bytes, TooSlow, WrongMedia."""
        return understand(model, await self.json(request, most))

    async def wish(self, request: Request, token: Token, wish: Wish, body: Body) -> Response:
        """Put the wish to the conductor and answer once it is saved."""
        return self.answer(token, await self.conductor.wish(wish, key(request, token, body.model_dump_json().encode())))

    def answer(self, token: Token, answer: Answer, headers: Mapping[str, str] | None = None) -> Response:
        """What the caller is told; a room's token is told no treatment."""
        return reply(answer_payload(answer.body) if bound(token) else answer.body, answer.status, headers)

    def room(self, request: Request) -> str:
        """The room in the path. Raises Invalid for what is no slug; whether it exists is looked at after the rights."""
        return slug("room", request.path_params["room"])

    def known(self, id: str) -> Room:
        """Raises Unknown."""
        room = self.site.by_id.get(id)
        if room is None:
            raise Unknown("room", id, tuple(self.site.by_id))
        return room

    def glance(self, room: Room) -> Json:
        """A room as staff see it at a glance."""
        present = self.conductor.room(room.id)
        waiting = self.unconfirmed(present)
        words = None if waiting is None else tuple(waiting.values())
        belief = self.board.belief(room.id)
        return room_view(room, present, belief.faults, self.clock.now(), words) | noted(belief)

    def unconfirmed(self, present: RoomNow) -> Mapping[str, str] | None:
        """What an emergency still waits for, device by device; None where nothing in the room was asked."""
        if present.state is not RoomState.EMERGENCY:
            return None
        since = present.latches[0].since if present.latches else None
        return unconfirmed(self.board.belief(present.room).devices, since)

    def present(self, id: str) -> RoomNow | None:
        """The room's now; None for one that is no longer configured."""
        return self.conductor.room(id) if id in self.site.by_id else None

    async def session(self, request: Request, token: Token) -> Session:
        """The session in the path, however old. Raises Invalid, Unknown; another room's is unknown to a bound token."""
        id = request.path_params["id"]
        if not _SESSION.fullmatch(id):
            raise Invalid(("id", id, "a session's id"))
        return await self.session_by(id, token)

    async def session_by(self, id: str, token: Token) -> Session:
        """A session by its id. Raises Unknown, as for another room's to a bound token."""
        session = next((s for s in self.conductor.sessions() if s.id == id), None) or await self.off_loop(self.rows.session, id)
        if session is None:
            raise Unknown("session", id)
        own(token, session.room, "session", id)
        return session


def reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON, encoded once."""
    return Response(to_json(body, inf_nan_mode="null"), status, headers, "application/json")


def bearer(request: Request) -> str | None:
    """The secret a caller sent; None for none that could be one."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    secret = secret.strip()
    return secret if scheme.lower() == "bearer" and _SECRET.fullmatch(secret) else None


def treating(token: Token) -> str | None:
    """The opaque token of a therapist who asks: of the person who signed in, or of their program. None for everybody else."""
    if token.role != "therapist":
        return None
    return token.staff if isinstance(token, Caller) else token.id


def key(request: Request, token: Token, canonical: bytes) -> Key | None:
    """The caller's idempotency key with a digest of what it came with. Raises Invalid."""
    given = request.headers.get("idempotency-key")
    if given is None:
        return None
    if not _KEY.fullmatch(given):
        raise Invalid(("Idempotency-Key", given, "1 to 255 visible ASCII characters"))
    call = f"{request.method} {request.scope['path']}\n".encode("utf-8", "surrogateescape")
    # People write names into keys too: only a digest of it is ever kept.
    return Key(token.id, hashlib.sha256(given.encode()).hexdigest(), hashlib.sha256(call + canonical).hexdigest())


def whole(query: Mapping[str, str], name: str, low: int, high: int, default: int | None) -> int | None:
    """A whole number out of the query. Raises Invalid."""
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) or not low <= int(text) <= high:
        raise Invalid((name, text, f"a whole number from {low} to {high}"))
    return int(text)


async def whole_body(request: Request, most: int = payload.HTTP_MOST) -> bytes:
    """Raises TooLarge over `most` bytes, TooSlow."""
    chunks: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(BODY_WAIT):
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise TooSlow(BODY_WAIT)
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > most:
                    raise TooLarge(most)
                chunks.append(chunk)
                more = message.get("more_body", False)
    except TimeoutError:
        raise TooSlow(BODY_WAIT) from None
    return b"".join(chunks)
