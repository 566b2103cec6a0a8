"""The calls about what guests need: effects to offer, the private form, codes left for later, and sessions under way."""

from starlette.requests import Request
from starlette.responses import Response

from ambiance.care.intake import Intake
from ambiance.care.offers import OFFERS
from ambiance.panel.bodies import CareBody, ChooseBody, IntakeBody, KeepBody, care_of
from ambiance.panel.door import Door, key, reply
from ambiance.panel.rights import bound, require
from ambiance.panel.views import Json, display_view
from ambiance.session.wishes import Choose, Keep, Need


class CareCalls:
    """Handlers of `/care…`, of a session's needs, and of what a room's display is told about them."""

    def __init__(self, door: Door, intake: Intake) -> None:
        self._door, self._intake = door, intake

    async def offers(self, request: Request) -> Response:
        await self._door.reader(request, "care")
        scented = any(room.scent_policy != "free" for room in self._door.site.rooms)
        return reply(
            [
                {"id": offer.id, "group": offer.group, "words": offer.words, "codes": [_code(code) for code in offer.codes]}
                for offer in OFFERS
                if scented or offer.group != "scent"
            ]
        )

    async def keep(self, request: Request) -> Response:
        token = await self._door.writer(request, "care")
        body = care_of(KeepBody, await self._door.json(request))
        return await self._door.wish(request, token, Keep(tuple(body.care)), body)

    async def form(self, request: Request) -> Response:
        await self._door.reader(request, "intake")
        return reply(
            [
                {
                    "id": item.id, "ask": item.ask, "takes": "value" if item.takes else "yes",
                    "codes": [_code(code) for code in item.codes], "refuses": list(item.refuses),
                }
                for item in self._intake.items.values()
            ]
        )  # fmt: skip

    async def taken(self, request: Request) -> Response:
        """Nothing of it is kept: not the answers, not the codes."""
        key(request, await self._door.writer(request, "intake"), b"")  # nothing is kept, so nothing is done twice
        body = await self._door.body(request, IntakeBody)
        taken = self._intake.taken(body.answers)
        care = None if taken.care is None else [_code(code) for code in taken.care]
        return reply({"care": care, "refuses": list(taken.refuses), "not_asked": list(taken.not_asked)})

    async def need(self, request: Request) -> Response:
        token = await self._door.writer(request, "hand")
        if not bound(token):
            require(token, "care")
        session = await self._door.session(request, token)
        body = care_of(CareBody, await self._door.json(request))
        if bound(token) and (body.care != ["scent_off"] or body.replace):
            require(token, "care")  # a room's tablet may only switch scent off
        care = None if body.care is None else tuple(body.care)
        wish = Need(session.id, care, body.replace)
        return self._door.answer(token, await self._door.conductor.wish(wish, key(request, token, body.model_dump_json().encode())))

    async def choose(self, request: Request) -> Response:
        token = await self._door.writer(request, "care")
        session = await self._door.session(request, token)
        body = await self._door.body(request, ChooseBody)
        return await self._door.wish(request, token, Choose(session.id, body.conflict, body.side), body)

    async def display(self, request: Request) -> Response:
        id = self._door.room(request)
        await self._door.reader(request, room=id)
        self._door.known(id)
        return reply(self.shown(id))

    def shown(self, room: str) -> Json:
        """How the display of a room should behave for whoever is in it."""
        live = self._door.conductor.room(room).session
        return display_view(self._door.conductor.care(live.id) if live is not None else None)


def _code(code: object) -> object:
    return code if isinstance(code, str) else dict(code)  # type: ignore[call-overload]
