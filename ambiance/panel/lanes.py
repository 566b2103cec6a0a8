"""The calls behind the desk's lanes and the tablet's ring: sessions as pictures, laid out in time."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from hashlib import blake2s
from threading import Lock
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from ambiance.clock import Instant
from ambiance.cuesheet.lane import lane_svg
from ambiance.cuesheet.model import Sheet
from ambiance.cuesheet.ribbon import ribbon_svg
from ambiance.cuesheet.ring import ring_svg
from ambiance.cuesheet.strip import extent
from ambiance.errors import Invalid
from ambiance.panel import shapes
from ambiance.panel.door import Door, reply, whole
from ambiance.panel.openapi import Call
from ambiance.panel.packing import packing
from ambiance.panel.pages.vocabulary import ribbon_words
from ambiance.panel.pages.words import language_of, words
from ambiance.panel.public import room_on_tablet
from ambiance.panel.rights import bound
from ambiance.panel.seams import Library, Token
from ambiance.panel.views import Json, stamp
from ambiance.session.model import Session, SessionState
from ambiance.site import Room

Handler = Callable[[Request], Awaitable[Response]]
Shape = Literal["lane", "ring", "full"]
SHAPES: tuple[Shape, ...] = ("lane", "ring", "full")
WIDTH, NARROWEST, WIDEST = 1120, 280, 1600
"""Pixels of a full ribbon: its words keep the size of words only where it is not shown smaller than it was drawn."""
KEPT = 256
"""Pictures remembered: a plan is drawn once, however many look at it."""


class Drawings:
    """Sheets as pictures, each drawn once. Rooms of one shape share their sheets, and so their pictures. Used off the loop."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, Shape, str, int], tuple[Sheet, str]] = OrderedDict()
        self._lock = Lock()

    def every(self, sheets: Sequence[tuple[Sheet, Room]], shape: Shape, language: str) -> list[str]:
        return [self.one(sheet, room, shape, language) for sheet, room in sheets]

    def one(self, sheet: Sheet, room: Room, shape: Shape, language: str, width: int = WIDTH) -> str:
        key = (id(sheet), shape, language, width)
        with self._lock:
            if (known := self._known.get(key)) is not None:
                self._known.move_to_end(key)
                return known[1]
        names = ribbon_words(words(language).gettext)
        match shape:
            case "lane":
                picture = lane_svg(sheet, room, names)
            case "ring":
                picture = ring_svg(sheet, room, names)
            case "full":
                picture = ribbon_svg(sheet, room, width=width, names=names)
        with self._lock:
            # The sheet is kept beside its picture, so that nobody else gets its identity.
            self._known[key] = (sheet, picture)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return picture


class LaneCalls:
    """Handlers of `/lanes`, `/rooms/{room}/lane` and `/sessions/{id}/ribbon.svg`."""

    def __init__(self, door: Door, library: Library) -> None:
        self._door, self._drawn = door, Drawings()
        self._library = library

    def table(self) -> list[tuple[Call, Handler]]:
        """Every call and who answers it."""
        api, window = "/api/v1", ("back", "ahead")
        lane, svg = shapes.LaneShape, "image/svg+xml"
        return [
            (Call("GET", f"{api}/lanes", "Every room and its sessions' pictures", lane, many=True, query=window), self.every),
            (Call("GET", f"{api}/rooms/{{room}}/lane", "One room and its sessions' pictures", lane, query=window), self.one),
            (
                Call("GET", f"{api}/sessions/{{id}}/ribbon.svg", "A session as a picture", None, query=("shape", "width"), media=svg),
                self.ribbon,
            ),
        ]

    async def every(self, request: Request) -> Response:
        token = await self._door.reader(request)
        back, ahead = self._window(request)
        rooms = [room for room in self._door.site.rooms if not bound(token) or room.id == token.room]
        return await self._door.off_loop(packing, request, reply(await self.lanes(rooms, token, back, ahead, language_of(request))))

    async def one(self, request: Request) -> Response:
        id = self._door.room(request)
        token = await self._door.reader(request, room=id)
        room = self._door.known(id)
        return await self._door.off_loop(
            packing, request, reply((await self.lanes([room], token, *self._window(request), language_of(request)))[0])
        )

    async def ribbon(self, request: Request) -> Response:
        token = await self._door.reader(request)
        session = await self._door.session(request, token)
        asked = request.query_params.get("shape", "full")
        shape = next((shape for shape in SHAPES if shape == asked), None)
        if shape is None:
            raise Invalid(("shape", asked, f"one of {', '.join(SHAPES)}"))
        width = whole(request.query_params, "width", NARROWEST, WIDEST, WIDTH)
        assert width is not None
        if bound(token):
            shape = "ring"  # a full ribbon names the phases of a treatment
        picture = await self._door.off_loop(
            self._drawn.one, session.sheet, self._door.known(session.room), shape, language_of(request), width
        )
        drawn = picture.encode()
        mark = f'"{blake2s(drawn, digest_size=8).hexdigest()}"'
        headers = {"etag": mark, "cache-control": "private, no-cache"}
        if request.headers.get("if-none-match") == mark:
            return Response(status_code=304, headers=headers)
        return await self._door.off_loop(packing, request, Response(drawn, media_type="image/svg+xml", headers=headers))

    def _window(self, request: Request) -> tuple[timedelta, timedelta]:
        back = whole(request.query_params, "back", 0, 1440, 60)
        ahead = whole(request.query_params, "ahead", 0, 1440, 180)
        assert back is not None and ahead is not None
        return timedelta(minutes=back), timedelta(minutes=ahead)

    async def lanes(self, rooms: Sequence[Room], token: Token, back: timedelta, ahead: timedelta, language: str) -> list[Json]:
        """What is in these rooms from `back` ago to `ahead` from now, as `token` may see it."""
        door, now = self._door, self._door.clock.now()
        shown: dict[str, list[Session]] = {room.id: [] for room in rooms}
        for session in sorted((*door.conductor.sessions(), *door.conductor.recent(now - back)), key=lambda s: s.t0):
            begins = session.at(extent(session.sheet)[0])
            if session.room in shown and session.state is not SessionState.CANCELLED and begins < now + ahead:
                shown[session.room].append(session)
        lanes = []
        for room in rooms:
            view = door.glance(room)
            ribbons = [self._ribbon(session, bound(token)) for session in shown[room.id]]
            lanes.append({**(room_on_tablet(view) if bound(token) else view), **self._more(room), "ribbons": ribbons})
        if not bound(token):
            sheets = [(session.sheet, room) for room in rooms for session in shown[room.id]]
            pictures = iter(await door.off_loop(self._drawn.every, sheets, "lane", language))
            for ribbon in (ribbon for lane in lanes for ribbon in lane["ribbons"]):
                ribbon["svg"] = next(pictures)
        return lanes

    def _more(self, room: Room) -> Json:
        """What a lane says beside what every room says: its usual treatments, what comes next, whether it is scented now."""
        present = self._door.conductor.room(room.id)
        usual = [{"id": id, "name": self._name(id)} for id in room.usual]
        coming = _coming(present.session, self._door.clock.now()) if present.session is not None else None
        return {"usual": usual, "coming": coming, "scent_now": present.scene.dose is not None}

    def _ribbon(self, session: Session, on_tablet: bool) -> Json:
        start, end = extent(session.sheet)
        said: Json = {
            "session": session.id,
            "state": str(session.state),
            "minutes": session.minutes,
            "from": stamp(session.at(start)),
            "to": stamp(session.at(end)),
            "guest_from": stamp(session.t0),
            "guest_to": stamp(session.ended_at or session.at(session.sheet.end)),
        }
        if not on_tablet:
            said |= {"profile": session.profile, "name": self._name(session.profile), "group": session.group}
        return said

    def _name(self, profile: str) -> str:
        """What the house calls a treatment now; its id once it is no longer offered."""
        return next((each.name for each in self._library.all() if each.id == profile), profile)


NEUTRAL = {"turn": "turn", "return": "waking", "redress": "end", "turnover_air": "end", "turnover_clean": "end"}
"""What the next phase is called in a room, where nobody may read off it what is done there."""


def _coming(session: Session, now: Instant) -> str:
    offset = session.offset(now)
    following = next((span for span in session.sheet.spans if span.start > offset and span.length > 0), None)
    return "end" if following is None else NEUTRAL.get(following.phase, "part")
