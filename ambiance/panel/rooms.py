"""The calls about rooms."""

from collections.abc import Callable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response

from ambiance.panel.adjust import adjust
from ambiance.panel.bodies import AdjustBody, BeginBody, Nothing, WindowBody
from ambiance.panel.door import Door, reply, treating
from ambiance.panel.public import room_on_tablet, why_on_tablet
from ambiance.panel.rights import Deed, bound
from ambiance.panel.seams import Token
from ambiance.panel.views import Json, why_view
from ambiance.session.wishes import Begin, Bright, Call, OutOfOrder, Ready, Window
from ambiance.site import Room


class RoomCalls:
    """Handlers of `/rooms…`."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def every(self, request: Request) -> Response:
        token = await self._door.reader(request)
        rooms = [room for room in self._door.site.rooms if not bound(token) or room.id == token.room]
        return reply([self._view(room, token) for room in rooms])

    async def one(self, request: Request) -> Response:
        id = self._door.room(request)
        token = await self._door.reader(request, room=id)
        return reply(self._view(self._door.known(id), token))

    async def why(self, request: Request) -> Response:
        id = self._door.room(request)
        token = await self._door.reader(request, room=id)
        room, present = self._door.known(id), self._door.conductor.room(id)
        view = why_view(room, present.scene, self._door.unconfirmed(present))
        return reply(why_on_tablet(view) if bound(token) else view)

    async def playlists(self, request: Request) -> Response:
        """For the room's own player: what it may play under each id."""
        id = self._door.room(request)
        await self._door.reader(request, room=id)
        self._door.known(id)
        return reply({name: asdict(playlist) for name, playlist in self._door.conductor.playlists(id).items()})

    async def adjust(self, request: Request) -> Response:
        id = self._door.room(request)
        token = await self._door.writer(request, "hand", id, paced=False)
        room = self._door.known(id)
        body = await self._door.body(request, AdjustBody)
        if body.scent != "off":  # which is taken however often somebody asks
            self._door.pace.take(token.id)
        source = "tablet" if bound(token) else token.role
        wish = adjust(body, room, self._door.conductor.room(id).scene, source)
        return await self._door.wish(request, token, wish, body)

    async def bright(self, request: Request) -> Response:
        return await self._hand(request, lambda room: Bright(room, on=True))

    async def dim(self, request: Request) -> Response:
        return await self._hand(request, lambda room: Bright(room, on=False))

    async def ready(self, request: Request) -> Response:
        return await self._hand(request, Ready)

    async def call(self, request: Request) -> Response:
        return await self._hand(request, Call)

    async def begin(self, request: Request) -> Response:
        """The guest is here: what is booked begins, or a usual treatment of the room."""
        id = self._door.room(request)
        token = await self._door.writer(request, "begin", id)
        self._door.known(id)
        body = await self._door.body(request, BeginBody)
        return await self._door.wish(request, token, Begin(id, body.profile, treating(token)), body)

    async def window(self, request: Request) -> Response:
        id = self._door.room(request)
        token = await self._door.writer(request, "hand", id)
        self._door.known(id)
        body = await self._door.body(request, WindowBody)
        return await self._door.wish(request, token, Window(id, body.open), body)

    async def close(self, request: Request) -> Response:
        return await self._hand(request, lambda room: OutOfOrder(room, on=True), "close")

    async def open(self, request: Request) -> Response:
        return await self._hand(request, lambda room: OutOfOrder(room, on=False), "close")

    async def _hand(self, request: Request, wish: Callable[[str], Bright | Call | Ready | OutOfOrder], deed: Deed = "hand") -> Response:
        id = self._door.room(request)
        token = await self._door.writer(request, deed, id)
        self._door.known(id)
        body = await self._door.body(request, Nothing)
        return await self._door.wish(request, token, wish(id), body)

    def _view(self, room: Room, token: Token) -> Json:
        view = self._door.glance(room)
        return room_on_tablet(view) if bound(token) else view
