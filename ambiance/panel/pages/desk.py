"""The pages of the front desk: the lanes of time, the list of the day to print, the rehearsal."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ambiance.panel.bodies import slug
from ambiance.panel.care import CareCalls
from ambiance.panel.door import Door
from ambiance.panel.house import HouseCalls
from ambiance.panel.identity import Caller
from ambiance.panel.lanes import LaneCalls
from ambiance.panel.pages.page import Pages
from ambiance.panel.pages.phrases import said
from ambiance.panel.pages.vocabulary import desk_words, rehearsal_words, state_words, tablet_words
from ambiance.panel.pages.words import calendar, language_of, words
from ambiance.panel.refusals import NoSuchPath
from ambiance.panel.reportview import UNBEGUN
from ambiance.panel.rights import Elsewhere
from ambiance.panel.seams import Library
from ambiance.panel.visitors import Visitors
from ambiance.profile import Profile
from ambiance.session.model import Session, SessionState
from ambiance.site import Room

Handler = Callable[[Request], Awaitable[Response]]
HOUR = timedelta(hours=1)
BACK, AHEAD = HOUR, 3 * HOUR
"""The desk's axis: what lies behind now and what ahead."""


class DeskPages:
    """Handlers of what the desk opens in a browser. A tablet is sent to its own page."""

    def __init__(
        self, door: Door, visitors: Visitors, pages: Pages, library: Library, house: HouseCalls, lanes: LaneCalls, care: CareCalls
    ) -> None:
        self._door, self._visitors, self._pages, self._library = door, visitors, pages, library
        self._house, self._lanes, self._care = house, lanes, care

    def table(self) -> list[tuple[str, str, Handler]]:
        """Every path, its method and who answers."""
        return [
            ("/", "GET", self.desk),
            ("/today", "GET", self.today),
            ("/rehearsal", "GET", self.rehearsal),
            ("/room/{room}", "GET", self.tablet),
            ("/room/{room}/manifest.webmanifest", "GET", self.manifest),
        ]

    async def desk(self, request: Request) -> Response:
        caller = await self._visitors.caller(request)
        if (elsewhere := self._elsewhere(request, caller)) is not None:
            return elsewhere
        assert caller is not None
        lanes = await self._lanes.lanes(self._door.site.rooms, caller, BACK, AHEAD, language_of(request))
        # What the page would ask for first comes with it: over a slow radio each question costs more than all its answers.
        first = {"site": self._house.seen(caller), "lanes": lanes}
        _ = words(language_of(request)).gettext
        book = desk_words(_) | said(_)
        return await self._door.off_loop(lambda: self._pages.show(request, "desk.html", caller, words=book, first=first))

    async def today(self, request: Request) -> Response:
        """The day's sessions by room, as it stands: to be printed for when the network is down."""
        caller = await self._visitors.caller(request)
        if (elsewhere := self._elsewhere(request, caller)) is not None:
            return elsewhere
        door, site = self._door, self._door.site
        here = door.clock.now().astimezone(site.timezone)
        begins = datetime.combine(here.date(), time(), site.timezone)
        sessions = [*door.conductor.sessions(), *door.conductor.recent(begins)]
        of_today = [s for s in sessions if begins <= s.t0 < begins + timedelta(days=1) and s.state is not SessionState.CANCELLED]
        names = {profile.id: profile.name for profile in self._library.all()}
        states = state_words(words(language_of(request)).gettext)

        dated, clock = calendar(request, site.timezone)

        def row(session: Session) -> dict[str, object]:
            ends = session.ended_at or session.at(session.sheet.end)
            return {
                "from": clock(session.t0),
                "to": clock(ends),
                "name": names.get(session.profile, session.profile),
                "minutes": session.minutes,
                "state": states.get(str(session.state), str(session.state)),
                "record": None if session.state in UNBEGUN else f"/api/v1/sessions/{session.id}/report.html",
            }

        rooms = [
            {"name": room.name, "sessions": [row(s) for s in sorted(of_today, key=lambda s: s.t0) if s.room == room.id]}
            for room in site.rooms
        ]
        return self._pages.show(request, "today.html", caller, rooms=rooms, date=dated(here), printed=clock(here))

    async def rehearsal(self, request: Request) -> Response:
        caller = await self._visitors.caller(request)
        if (elsewhere := self._elsewhere(request, caller)) is not None:
            return elsewhere
        _ = words(language_of(request)).gettext
        groups = {"menu": _("Menu"), "spa": _("Spa"), "clinical": _("Clinic")}
        profiles: Sequence[Profile] = self._library.all()
        treatments = [
            (title, [self._option(p) for p in profiles if p.id.startswith(f"{group}/")])
            for group, title in groups.items()
        ]  # fmt: skip
        given = [(title, options) for title, options in treatments if options]
        return self._pages.show(request, "rehearsal.html", caller, treatments=given, said=rehearsal_words(_))

    async def tablet(self, request: Request) -> Response:
        """The page of one room. A tablet that asks for another is told that there is none."""
        caller = await self._visitors.caller(request)
        if caller is None:
            return RedirectResponse("/pair", 303)
        room = self._room(request, caller)
        _ = words(language_of(request)).gettext
        book = tablet_words(_) | said(_)
        (lane,) = await self._lanes.lanes([room], caller, timedelta(0), HOUR, language_of(request))
        first = {"site": self._house.seen(caller), "lane": lane, "display": self._care.shown(room.id)}
        return await self._door.off_loop(lambda: self._pages.show(request, "tablet.html", caller, room=room, words=book, first=first))

    async def manifest(self, request: Request) -> Response:
        """What a browser needs to keep the tablet's page as an app."""
        caller = await self._visitors.caller(request)
        if caller is None:
            raise NoSuchPath(request.scope["path"])
        room = self._room(request, caller)
        kept = {
            "name": room.name, "short_name": room.name[:12], "start_url": f"/room/{room.id}", "scope": "/room/", "display": "fullscreen",
            "orientation": "any", "background_color": "#0b0a09", "theme_color": "#0b0a09",
            "icons": [{"src": self._pages.shelf.url("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
        }  # fmt: skip
        return Response(json.dumps(kept), media_type="application/manifest+json")

    def _room(self, request: Request, caller: Caller) -> Room:
        """The room in the path, if the caller may see it. Raises Unknown, Invalid."""
        id = slug("room", request.path_params["room"])
        if caller.room not in (None, id):
            raise Elsewhere("room", id)
        return self._door.known(id)

    def _option(self, profile: Profile) -> dict[str, object]:
        lengths = profile.lengths or (profile.default_minutes,)
        return {"path": profile.id, "name": profile.name, "lengths": list(lengths), "usual": profile.default_minutes}

    def _elsewhere(self, request: Request, caller: Caller | None) -> Response | None:
        """Where somebody goes who may not stand at the desk."""
        if caller is None:
            return RedirectResponse(f"/login?next={quote(request.url.path)}", 303)
        if caller.room is not None:
            return RedirectResponse(f"/room/{caller.room}", 303)
        return None
