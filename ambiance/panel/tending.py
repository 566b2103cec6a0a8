"""The calls of whoever looks after a room's devices: are they ready, and was a diffuser refilled."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from ambiance.panel.bodies import Nothing, slug
from ambiance.panel.door import Door, reply
from ambiance.panel.openapi import Call
from ambiance.panel.rights import require
from ambiance.panel.seams import Checks
from ambiance.panel.shapes import AnswerShape, CheckShape
from ambiance.panel.views import plain
from ambiance.session.wishes import Refilled

ROOM = "/api/v1/rooms/{room}"


class TendingCalls:
    """Handlers of `/rooms/{room}/check` and `/rooms/{room}/devices/…`."""

    def __init__(self, door: Door, checks: Checks) -> None:
        self._door, self._checks = door, checks

    def table(self) -> list[tuple[Call, Callable[[Request], Awaitable[Response]]]]:
        refilled = Call("POST", f"{ROOM}/devices/{{device}}/refilled", "A diffuser was refilled", AnswerShape, Nothing, needs_body=False)
        return [
            (Call("GET", f"{ROOM}/check", "Ask every device whether it is ready", CheckShape), self.check),
            (refilled, self.refilled),
        ]

    async def check(self, request: Request) -> Response:
        id = self._door.room(request)
        token = await self._door.reader(request, room=id)
        require(token, "tend", id)
        room = self._door.known(id)
        found = await self._checks.check(id)
        devices = [
            {
                "device": each.device, "name": each.name, "ok": each.ok, "words": plain(each.words),
                "tank": room.by_id[each.device].tank_hours > 0,
            }
            for each in found.devices
        ]  # fmt: skip
        return reply({"ready": found.ready, "devices": devices})

    async def refilled(self, request: Request) -> Response:
        id = self._door.room(request)
        token = await self._door.writer(request, "tend", id)
        self._door.known(id)
        body = await self._door.body(request, Nothing)
        return await self._door.wish(request, token, Refilled(id, slug("device", request.path_params["device"])), body)
