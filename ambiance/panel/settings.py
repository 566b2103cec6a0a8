"""The calls that change the house: its settings, its menu, and what staff do so often that it might become one."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ambiance.cuesheet.calibration import MASSAGE, TALKING, light_by_eye, sound_by_ear
from ambiance.errors import Conflict, Invalid, NotAllowed
from ambiance.panel import shapes
from ambiance.panel.access import called
from ambiance.panel.bodies import Nothing
from ambiance.panel.changing import (
    NO_FILES,
    AnswerBody,
    CalibrationBody,
    CalibrationShape,
    ChangeBody,
    Changed,
    ChangedShape,
    Files,
    ItemBody,
    MenuShape,
    RestartShape,
    SettingsShape,
    SuggestionShape,
)
from ambiance.panel.door import Door, reply, whole
from ambiance.panel.habits import Answers, suggested
from ambiance.panel.identity import Identity
from ambiance.panel.openapi import API, Call
from ambiance.panel.preview import drawn
from ambiance.panel.seams import Library, Token
from ambiance.panel.treatments import drawing
from ambiance.panel.understand import ID_PATTERN, SLUG_PATTERN
from ambiance.panel.views import Json
from ambiance.profile import Atmosphere
from ambiance.profile.profile import Profile
from ambiance.session.ledger import Habit
from ambiance.site import Setting, Site
from ambiance.units import Seconds

Handler = Callable[[Request], Awaitable[Response]]
LOOK_BACK = timedelta(days=90)
"""Habits older than a season are none."""
BREATH: Seconds = 0.3
"""Between saying that the controller begins again and doing it, so that the answer arrives."""
_NUMBER = re.compile(r"-?\d{1,4}(\.\d{1,3})?", re.ASCII)
_ID = re.compile(SLUG_PATTERN)


Adopt = Callable[[Site], Awaitable[tuple[str, ...]]]
"""Plays a site from now on; returns the rooms that stay although it has them no more. Raises Conflict."""
Habits = Callable[[timedelta], Awaitable["tuple[Habit, ...]"]]


class SettingsCalls:
    """Handlers of `/settings`, `/restart`, `/menu…`, `/calibration` and `/suggestions…`."""

    def __init__(
        self, door: Door, identity: Identity, library: Library, files: Files | None, habits: Habits, again: Callable[[], None],
        adopt: Adopt,
    ) -> None:  # fmt: skip
        self._door, self._identity, self._library, self._habits = door, identity, library, habits
        self._given, self._again, self._adopt = files, again, adopt
        self._answers = Answers(identity.engine, identity.site)

    def table(self) -> list[tuple[Call, Handler]]:
        """This part of the contract, call by call."""
        item, changed, none = ItemBody, ChangedShape, Nothing
        trims = ("profile", "length", "light", "music", "warmer", "scent", "width")
        found = f"{API}/suggestions"
        return [
            (Call("GET", f"{API}/settings", "What may be changed", SettingsShape, conflicts=True), self.settings),
            (Call("POST", f"{API}/settings", "Change settings, all or none", changed, ChangeBody, keyed=False), self.change),
            (Call("POST", f"{API}/restart", "Begin again", RestartShape, none, status=202, needs_body=False, keyed=False), self.restart),
            (Call("GET", f"{API}/menu", "The house's own names", MenuShape, conflicts=True), self.menu),
            (Call("GET", f"{API}/ribbon.svg", "An item drawn", None, query=trims, media="image/svg+xml", conflicts=True), self.ribbon),
            (Call("POST", f"{API}/menu/{{id}}", "Write an item", changed, item, keyed=False), self.set_item),
            (Call("DELETE", f"{API}/menu/{{id}}", "Take an item away", changed, keyed=False), self.remove_item),
            (Call("POST", f"{API}/calibration", "Eyes and ears into numbers", CalibrationShape, CalibrationBody, keyed=False), self.reckon),
            (Call("GET", found, "Habits that might become settings", SuggestionShape, many=True), self.suggestions),
            (Call("POST", f"{found}/{{id}}", "Answer one", shapes.GoneShape, AnswerBody, keyed=False), self.answer),
        ]  # fmt: skip

    async def settings(self, request: Request) -> Response:
        await self._door.reader(request, "settings")
        return reply(await self._door.off_loop(self._files().settings))

    async def change(self, request: Request) -> Response:
        token = await self._door.writer(request, "settings")
        body = await self._door.body(request, ChangeBody)
        files = self._files()
        for path in () if token.role == "admin" else _admins(body.changes, await self._door.off_loop(files.settings)):
            raise NotAllowed(token.role, f"change {path}: what keeps guests safe is an admin's")
        done = await self._door.off_loop(files.change, body.changes, body.version)
        await self._written(token, "settings-changed", ", ".join(body.changes), done)
        plays = await self._play(files)
        waits = (await self._door.off_loop(files.settings))["restart_for"]
        later = [path for path in waits if any(_within(path, each) for each in body.changes)]
        return reply(_changed(done, "at once" if plays and not later else "when the controller starts again"))

    async def restart(self, request: Request) -> Response:
        token = await self._door.writer(request, "settings")
        await self._door.body(request, Nothing)
        await self._door.off_loop(self._files().ready)
        await self._door.off_loop(self._identity.audit.add, self._door.clock.now(), called(token), "restarted")
        asyncio.get_running_loop().call_later(BREATH, self._again)
        return reply({"restarting": True}, 202)

    async def menu(self, request: Request) -> Response:
        await self._door.reader(request, "library")
        return reply(await self._door.off_loop(self._files().menu))

    async def set_item(self, request: Request) -> Response:
        token = await self._door.writer(request, "settings")
        body = await self._door.body(request, ItemBody)
        return await self._menu(token, _item_id(request), body.model_dump(exclude={"version"}, exclude_none=True), body.version)

    async def remove_item(self, request: Request) -> Response:
        token = await self._door.writer(request, "settings")
        return await self._menu(token, _item_id(request), None, None)

    async def ribbon(self, request: Request) -> Response:
        await self._door.reader(request, "library")
        query = request.query_params
        item: dict[str, Any] = {"name": "-", "profile": query.get("profile", "")[:100], "minutes": whole(query, "length", 1, 1440, 60)}
        for key in ("light", "music", "warmer", "scent"):
            if (text := query.get(key)) is not None:
                if not _NUMBER.fullmatch(text):
                    raise Invalid((key, text, "a number"))
                item[key] = float(text) if "." in text else int(text)
        profile = await self._door.off_loop(self._files().look, item)
        site, (width, names) = self._door.site, drawing(request)
        picture = await self._door.off_loop(drawn, profile, site.scent_policy, site.limits, names, width)
        return Response(picture, media_type="image/svg+xml")

    async def reckon(self, request: Request) -> Response:
        await self._door.writer(request, "settings")
        body = await self._door.body(request, CalibrationBody)
        eye, ear = body.light, body.sound
        light = None if eye is None else light_by_eye(eye.talking, eye.massage, eye.least, self._table(body.setting))
        # Ears are asked the same in a clinic, whose own phases are silent or alike.
        sound = None if ear is None else sound_by_ear(ear.talking, ear.massage, ear.least, body.taper, self._table("spa"))
        apart = [name for name, found in (("light", light), ("sound", sound)) if found is not None and found.apart]
        return reply(
            {
                "full_light_lux": light.full if light else None, "lowest": light.lowest if light else None,
                "full_volume_dba": sound.full if sound else None, "apart": apart,
            }
        )  # fmt: skip

    async def suggestions(self, request: Request) -> Response:
        await self._door.reader(request, "ledger")
        answered = await self._door.off_loop(self._answers.given)
        profiles = {profile.id: profile for profile in self._library.all()}
        found = suggested(await self._habits(LOOK_BACK), profiles, answered)
        return reply(
            [
                {
                    "id": each.id, "profile": each.of, "name": each.name, "minutes": each.minutes, "trims": each.trims,
                    "sessions": each.sessions, "changed": each.changed,
                }
                for each in found
            ]
        )  # fmt: skip

    async def answer(self, request: Request) -> Response:
        token = await self._door.writer(request, "settings")
        body = await self._door.body(request, AnswerBody)
        id, now = request.path_params["id"], self._door.clock.now()
        if not re.fullmatch(ID_PATTERN, id) or all(id != profile.id.replace("/", "--") for profile in self._library.all()):
            raise Invalid(("id", id, "a suggestion's id, from GET /suggestions"))
        if body.answer == "ask":
            await self._door.off_loop(self._answers.take_back, id)
        else:
            await self._door.off_loop(self._answers.give, id, body.answer, now)
        await self._door.off_loop(self._identity.audit.add, now, called(token), "suggestion-answered", id, {}, {"answer": body.answer})
        return reply({"id": id})

    async def _play(self, files: Files) -> bool:
        """Have what is written be in force at once, as far as that can be; what it waits for is in the settings.

        False where the controller goes on with the house as it was.
        """
        site = await self._door.off_loop(files.site)
        try:
            staying = await self._adopt(site)
        except Conflict:
            return False
        files.plays(site, staying)
        return True

    def _table(self, setting: Setting) -> Mapping[str, Atmosphere]:
        """What the phases of a setting want, by its plainest treatment. Raises Conflict."""
        fit = (profile for profile in self._library.all() if profile.setting == setting)
        found = next((each.atmospheres for each in sorted(fit, key=_plainest) if {TALKING, MASSAGE} <= each.atmospheres.keys()), None)
        if found is None:
            raise Conflict(f"the library has no {setting} treatment to go by; write full_light_lux and full_volume_dba from a meter")
        return found

    async def _menu(self, token: Token, id: str, item: Mapping[str, Any] | None, version: str | None) -> Response:
        done = await self._door.off_loop(self._files().change_menu, id, item, version)
        await self._written(token, "menu-changed", id, done)
        return reply(_changed(done, "at once"))

    async def _written(self, token: Token, what: str, subject: str, done: Changed) -> None:
        add, now = self._identity.audit.add, self._door.clock.now()
        await self._door.off_loop(add, now, called(token), what, subject, dict(done.before), dict(done.after))

    def _files(self) -> Files:
        if self._given is None:
            raise Conflict(NO_FILES)
        return self._given


def _changed(done: Changed, applies: str) -> Json:
    return {"version": done.version, "before": dict(done.before), "after": dict(done.after), "applies": applies}


def _admins(changes: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    """Those of the paths that only an admin may change: ceilings of the house, and a room's own."""
    of_admins = {field["path"] for field in settings["fields"] if field["who"] == "admin"}
    limited = {f"rooms.{room.get('id')}" for room in settings["rooms"] if "limits" in room}
    return [
        path
        for path, value in changes.items()
        if path in of_admins | limited or re.match(r"rooms\.[^.]+\.limits", path) or (isinstance(value, dict) and "limits" in value)
    ]


def _item_id(request: Request) -> str:
    id: str = request.path_params["id"]
    if not _ID.fullmatch(id):
        raise Invalid(("id", id, "small letters, digits and -, at most 64"))
    return id


def _plainest(profile: Profile) -> tuple[bool, bool, str]:
    """The treatment that says what its setting says: Swedish is the base of both, a menu item least of all."""
    return profile.id.startswith("menu/"), profile.modality != "swedish", profile.id


def _within(path: str, other: str) -> bool:
    """Whether one path lies in the other, whichever is the longer."""
    return f"{path}.".startswith(f"{other}.") or f"{other}.".startswith(f"{path}.")


async def with_a_start(site: Site) -> tuple[str, ...]:
    """Where nothing is played before the next start."""
    raise Conflict("the controller plays this when it starts again")
