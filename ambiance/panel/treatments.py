"""The calls that show a treatment before it is played: its ribbon in a room, and its rehearsal message for message."""

import re
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from ambiance.cuesheet.colour import lamplight, shown
from ambiance.cuesheet.rehearsal import Line, rehearse
from ambiance.cuesheet.ribbon import ribbon_svg
from ambiance.cuesheet.strip import empty, extent, named
from ambiance.cuesheet.wanted import LightWanted, plain
from ambiance.errors import Invalid
from ambiance.panel import shapes
from ambiance.panel.bodies import slug
from ambiance.panel.door import Door, reply, whole
from ambiance.panel.lanes import NARROWEST, WIDEST, WIDTH
from ambiance.panel.openapi import Call
from ambiance.panel.pages.vocabulary import ribbon_words
from ambiance.panel.pages.words import language_of, words
from ambiance.panel.seams import Preview
from ambiance.panel.views import Json, sheet_view
from ambiance.profile.model import Visit
from ambiance.site import Room

Handler = Callable[[Request], Awaitable[Response]]
_NAME = re.compile(r"[a-z0-9_-]{1,64}")


class TreatmentCalls:
    """Handlers of `/profiles/{setting}/{modality}/…`; `setting` is `menu` for what the house sells under its own names."""

    def __init__(self, door: Door, preview: Preview) -> None:
        self._door, self._preview = door, preview

    def table(self) -> list[tuple[Call, Handler]]:
        """Every call and who answers it."""
        path, query = "/api/v1/profiles/{setting}/{modality}", ("minutes", "visit")
        svg = "image/svg+xml"
        return [
            (Call("GET", f"{path}/cuesheet", "A compiled preview", shapes.SheetShape, query=query), self.cuesheet),
            (Call("GET", f"{path}/ribbon.svg", "A preview as a picture", None, query=(*query, "room", "width"), media=svg), self.ribbon),
            (Call("GET", f"{path}/rehearsal", "What devices are told", shapes.RehearsalShape, query=(*query, "width")), self.rehearsal),
        ]

    async def cuesheet(self, request: Request) -> Response:
        profile, minutes, visit = await self._asked(request)
        return reply(sheet_view(self._preview(profile, minutes, visit)))

    async def ribbon(self, request: Request) -> Response:
        profile, minutes, visit = await self._asked(request)
        where = request.query_params.get("room")
        room = self._preview.room(profile) if where is None else self._door.known(slug("room", where))

        width, names = drawing(request)

        def drawn() -> str:
            return ribbon_svg(self._preview(profile, minutes, visit, room=room), room, width=width, names=names)

        return Response(await self._door.off_loop(drawn), media_type="image/svg+xml")

    async def rehearsal(self, request: Request) -> Response:
        profile, minutes, visit = await self._asked(request)
        return reply(await self._door.off_loop(self._rehearsed, profile, minutes, visit, *drawing(request)))

    async def _asked(self, request: Request) -> tuple[str, int | None, Visit]:
        """The treatment in the path, its length and visit. Raises NotSignedIn, NotAllowed, Invalid."""
        await self._door.reader(request, "library")
        names = (request.path_params["setting"], request.path_params["modality"])
        if not all(_NAME.fullmatch(name) for name in names):
            raise Invalid(("profile", "/".join(names), "setting/modality in small letters, digits, - and _"))
        minutes = whole(request.query_params, "minutes", 1, 1440, None)
        match request.query_params.get("visit", "follow_up"):
            case "first":
                return "/".join(names), minutes, "first"
            case "follow_up":
                return "/".join(names), minutes, "follow_up"
            case other:
                raise Invalid(("visit", other, "first or follow_up"))

    def _rehearsed(self, profile: str, minutes: int | None, visit: Visit, width: int, names: Mapping[str, str]) -> Json:
        sheet, room = self._preview(profile, minutes, visit), self._preview.room(profile)
        start, end = extent(sheet)
        return {
            "profile": sheet.profile,
            "minutes": sheet.minutes,
            "start": start,
            "end": end,
            "phases": [
                {"name": named(s.phase, names), "n": s.n, "start": s.start, "end": min(s.end, end), "empty": empty(s)}
                for s in sheet.spans
                if s.length > 0 and s.start < end
            ],
            "room": _plain_room(room),
            "devices": [{"id": d.id, "kind": d.kind, "role": d.role, "share": d.share} for d in room.devices],
            "messages": [_said(line) for line in rehearse(sheet, room)],
            "svg": ribbon_svg(sheet, room, width=width, names=names),
        }


def drawing(request: Request) -> tuple[int, Mapping[str, str]]:
    """How wide the reader's ribbon is, and in which words. Raises Invalid."""
    width = whole(request.query_params, "width", NARROWEST, WIDEST, WIDTH)
    assert width is not None
    return width, ribbon_words(words(language_of(request)).gettext)


def _plain_room(room: Room) -> Json:
    return {"full_light_lux": room.full_light_lux, "full_volume_dba": room.full_volume_dba}


def _said(line: Line) -> Json:
    """One message as the wire has it; for a lamp also the colour an eye that is used to lamplight sees."""
    said: Json = {"at": round(line.at, 2), "device": line.device, "payload": plain(line.wanted)}
    if isinstance(line.wanted, LightWanted):
        said["tint"] = line.wanted.color or shown(lamplight(line.wanted.kelvin), 85.0)
    return said
