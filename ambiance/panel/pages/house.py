"""The pages by which a house is fitted and run: the assistant of a room, settings, menu, library, people, screens, drills."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ambiance.panel.door import Door
from ambiance.panel.identity import Caller
from ambiance.panel.pages.housewords import house_words, sections, setup_words
from ambiance.panel.pages.page import Pages
from ambiance.panel.pages.words import language_of, words
from ambiance.panel.refusals import NoSuchPath
from ambiance.panel.rights import RIGHTS
from ambiance.panel.visitors import Visitors

Handler = Callable[[Request], Awaitable[Response]]


class HousePages:
    """Handlers of `/setup` and `/settings/…`; for managers and admins, who sign in."""

    def __init__(self, door: Door, visitors: Visitors, pages: Pages) -> None:
        self._door, self._visitors, self._pages = door, visitors, pages

    def table(self) -> list[tuple[str, str, Handler]]:
        """Every path, its method and who answers."""
        return [
            ("/setup", "GET", self.setup),
            ("/settings", "GET", self.settings),
            ("/settings/{section}", "GET", self.settings),
        ]

    async def setup(self, request: Request) -> Response:
        caller = await self._visitors.caller(request)
        if (elsewhere := self._elsewhere(request, caller)) is not None:
            return elsewhere
        _ = words(language_of(request)).gettext
        said = house_words(_) | setup_words(_)
        first = not self._door.site.rooms
        return self._pages.show(request, "setup.html", caller, said=said, first=first, setting=self._door.site.setting)

    async def settings(self, request: Request) -> Response:
        """One section of the house; those that the reader's role does not reach are not listed."""
        caller = await self._visitors.caller(request)
        if (elsewhere := self._elsewhere(request, caller)) is not None:
            return elsewhere
        assert caller is not None
        _ = words(language_of(request)).gettext
        listed = [(path, title) for path, title, deed in sections(_) if deed in RIGHTS.get(caller.role, frozenset())]
        here = request.path_params.get("section", "")
        if here not in (path for path, _title in listed):
            raise NoSuchPath(request.scope["path"])
        rooms = [{"id": room.id, "name": room.name} for room in self._door.site.rooms]
        given = {"here": here, "title": dict(listed)[here], "role": caller.role, "rooms": rooms, "zone": self._door.site.timezone.key}
        return self._pages.show(request, "settings.html", caller, sections=listed, said=house_words(_), given=given)

    def _elsewhere(self, request: Request, caller: Caller | None) -> Response | None:
        """Where somebody goes who has nothing to set here: to sign in, or to the own page."""
        if caller is None or (caller.staff is None and caller.room is None):
            return RedirectResponse(f"/login?next={quote(request.url.path)}", 303)
        if caller.room is not None or "settings" not in RIGHTS.get(caller.role, frozenset()):
            return RedirectResponse("/account" if caller.room is None else f"/room/{caller.room}", 303)
        return None
