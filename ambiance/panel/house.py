"""The calls about the whole house: profiles, emergencies, events, health and metrics."""

import asyncio
import re
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ambiance.errors import AmbianceError, Invalid, NotAllowed
from ambiance.panel.bodies import EmergencyBody, ResetBody
from ambiance.panel.door import Door, bearer, reply
from ambiance.panel.events import EventStream, Feed
from ambiance.panel.guard import local
from ambiance.panel.identity import Caller
from ambiance.panel.metrics import CONTENT_TYPE, Metrics
from ambiance.panel.public import event_payload, for_desk_only, site_on_tablet
from ambiance.panel.rights import Deed, OutsideRoom, bound, require
from ambiance.panel.seams import Library, Token
from ambiance.panel.views import Json, news_view, profile_view, site_view
from ambiance.session.model import EmergencyKind, News
from ambiance.session.wishes import Drill, Emergency
from ambiance.units import Seconds

_NAME = re.compile(r"[a-z0-9_-]{1,64}")
_HEALTH_WAIT: Seconds = 3.0


class HouseCalls:
    """Handlers of everything that is neither a room nor a session."""

    def __init__(
        self,
        door: Door,
        library: Library,
        feed: Feed,
        metrics: Metrics,
        running: Callable[[], bool],
        link_state: Callable[[], str],
        heartbeat: Seconds,
    ) -> None:
        self._door, self._library, self._feed, self._metrics = door, library, feed, metrics
        self._running, self._link_state, self._heartbeat = running, link_state, heartbeat

    async def profiles(self, request: Request) -> Response:
        await self._door.reader(request, "library")
        return reply([profile_view(profile) for profile in self._library.all()])

    async def raise_emergency(self, request: Request) -> Response:
        token = await self._door.writer(request, "emergency")
        body = await self._door.body(request, EmergencyBody)
        if body.drill:
            _within(token, "reset", body.room)
            return await self._door.wish(request, token, Drill(body.kind, True, body.room, token.role, token.id), body)
        if bound(token) and (body.room != token.room or body.kind == "fire"):
            raise NotAllowed(token.role, "raise more than a medical emergency or duress, in its own room")
        if body.room is not None:
            self._door.known(body.room)
        return await self._door.wish(request, token, Emergency(body.kind, True, body.room, token.role), body)

    async def reset_emergency(self, request: Request) -> Response:
        token = await self._door.writer(request, "reset")
        body = await self._door.body(request, ResetBody)
        _within(token, "reset", body.room)
        if body.room is not None:
            self._door.known(body.room)
        if body.drill:
            kind = body.kind or self._drilled()
            return await self._door.wish(request, token, Drill(kind, False, body.room, token.role, token.id), body)
        wish = Emergency(body.kind, False, body.room, token.role, body.out_of_order)
        return await self._door.wish(request, token, wish, body)

    async def site(self, request: Request) -> Response:
        return reply(self.seen(await self._door.reader(request)))

    def seen(self, token: Token) -> Json:
        """The house at a glance, as it is now and as `token` may see it."""
        view = site_view(self._door.site, self._door.conductor.drills(), self._door.clock.now(), self._door.clock.speed)
        return site_on_tablet(view, token.room) if bound(token) else view

    async def events(self, request: Request) -> Response:
        token = await self._door.reader(request)
        last = request.headers.get("last-event-id")
        if last is not None and not re.fullmatch(r"[0-9]{1,18}", last, re.ASCII):
            raise Invalid(("Last-Event-ID", last, "the id of an event of this stream"))
        secret = bearer(request) or ""

        async def still_valid() -> bool:
            # A browser's is watched by the feed alone: to look it up would count as a sign of life.
            return isinstance(token, Caller) or await self._door.holder(secret) is not None

        reader = self._feed.open(token.id)
        if "board" in request.query_params:
            reader.looks_at = lambda room: not bound(token) or room == token.room
        stream = EventStream(self._feed, reader, None if last is None else int(last), _show(token), still_valid, self._heartbeat)
        return _Streamed(stream)

    async def health(self, request: Request) -> Response:
        return reply({"status": "ok", "link": self._link_state()})

    async def ready(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(_HEALTH_WAIT):
                store = await self._door.off_loop(self._door.rows.healthy)
        except (TimeoutError, AmbianceError):
            store = False
        running = self._running()
        said = {
            "ready": store and running,
            "store": "open" if store else "not answering",
            "conductor": "running" if running else "stopped",
            "link": self._link_state(),
        }
        return reply(said, 200 if store and running else 503)

    async def metrics(self, request: Request) -> Response:
        if not local(request):
            await self._door.reader(request, "metrics")
        return Response(self._metrics.render(), media_type=CONTENT_TYPE)

    def _drilled(self) -> EmergencyKind:
        """The kind of the drill that began last; nobody has to name it to confirm it."""
        drills = sorted(self._door.conductor.drills(), key=lambda row: (row.ended_at is None, row.began_at))
        return drills[-1].kind if drills else "fire"


def _within(token: Token, deed: Deed, room: str | None) -> None:
    """Raises NotAllowed where the role does not reach the deed, or somebody at a tablet means more than its room."""
    require(token, deed, room)
    if room is None and bound(token):
        raise OutsideRoom(token.role, "do this for the whole house from a tablet")


class _Streamed(Response):
    """Hands the connection to a stream once the handler is done."""

    def __init__(self, stream: EventStream) -> None:
        super().__init__()
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._stream(scope, receive, send)


def _show(token: Token) -> Callable[[News], Json | None]:
    """Everything for staff; for a bound token its own room and what concerns the whole house, without the treatment."""
    if not bound(token):
        return news_view

    def own(news: News) -> Json | None:
        if for_desk_only(news):
            return None
        if news.room == token.room or (news.room is None and news.session is None):
            return {**event_payload(news), "room": news.room}
        return None

    return own
