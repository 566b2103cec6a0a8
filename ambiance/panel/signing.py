"""Signing in and out, the PIN once more, the first account, pairing this browser: what the API and the plain pages share."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from starlette.requests import Request

from ambiance.clock import Instant
from ambiance.errors import NotSignedIn
from ambiance.panel.door import Door
from ambiance.panel.events import Feed
from ambiance.panel.identity import Caller, Identity
from ambiance.panel.identity.cookies import YEAR, drop, put, read, secure
from ambiance.panel.identity.people import Person, folded
from ambiance.panel.identity.screens import Screen
from ambiance.panel.identity.secrets import csrf
from ambiance.panel.identity.signins import Signin
from ambiance.panel.refusals import NotSecure, TooManyTries, WrongCode, WrongPin
from ambiance.panel.visitors import Visitors, address

WAITING = 20
"""PINs that may wait to be reckoned; more at once is no spa's staff."""

_T = TypeVar("_T")


class Signing:
    """Every act that gives a browser a cookie, or takes it away."""

    def __init__(self, door: Door, identity: Identity, visitors: Visitors, feed: Feed) -> None:
        self._door, self._identity, self._visitors, self._feed = door, identity, visitors, feed
        self._waiting = 0

    async def sign_in(self, request: Request, name: str, pin: str) -> Caller:
        """A new sign-in in this browser, in place of the one before. Raises NotSecure, TooManyTries, WrongPin."""
        _secure(request)
        person = await self._proved(request, name, pin)
        return await self._begin(request, person)

    async def prove(self, request: Request, caller: Caller, pin: str) -> Caller:
        """The PIN once more, for manager acts. Raises TooManyTries, WrongPin; NotSignedIn for a screen."""
        if caller.staff is None:
            raise NotSignedIn
        now = self._door.staff_now()
        await self._tried(request, caller.name, pin, caller.staff)
        await self._door.off_loop(self._identity.signins.proven, caller.id, now)
        self._identity.forget()
        return replace(caller, proven_at=now)

    async def sign_out(self, request: Request, caller: Caller) -> None:
        """This browser's sign-in ends, with its streams; a paired screen stays one."""
        if caller.staff is None:
            return
        await self._door.off_loop(self._identity.signins.end, caller.id)
        self.cut(caller.id)
        drop(request, "staff")

    async def first(self, request: Request, secret: str, name: str, pin: str) -> Caller:
        """The first account, an admin's, by the one-time link; signed in at once. Raises WrongCode, Invalid, Conflict."""
        _secure(request)
        now, first = self._door.staff_now(), self._identity.first
        if not first.good(secret, now):
            raise WrongCode("link")
        person = await self._reckoned(self._identity.people.add, name, "admin", pin, "one-time link", now, True)
        first.spend()
        return await self._begin(request, person)

    async def pair(self, request: Request, code: str) -> Screen:
        """This browser becomes the screen the code was made for. Raises NotSecure, TooManyTries, WrongCode."""
        _secure(request)
        place, _ = await self._visitors.place(request)
        self._identity.delays.allow("pairing", place, True)
        screen, secret = await self._door.off_loop(self._identity.screens.pair, code, self._door.staff_now())
        self._identity.delays.forgive("pairing", place, True)
        self._identity.forget()
        put(request, "screen", secret, YEAR)
        return screen

    async def nobody(self) -> bool:
        """Whether there is no account yet."""
        return await self._door.off_loop(self._identity.people.nobody)

    def first_is_good(self, secret: str) -> bool:
        """Whether the one-time link still opens."""
        return self._identity.first.good(secret, self._door.staff_now())

    async def signins(self, caller: Caller, now: Instant) -> Sequence[Signin]:
        """Where somebody is signed in."""
        return await self._door.off_loop(self._identity.signins.all, now, caller.staff)

    async def end(self, caller: Caller, id: str, everybody: bool = False) -> None:
        """A browser of the caller's own, or of `everybody`, is signed out, with its streams. Raises Unknown."""
        await self._door.off_loop(self._identity.signins.end, id, None if everybody else caller.staff)
        await self._door.off_loop(self._identity.audit.add, self._door.staff_now(), caller.called, "signin-revoked", id)
        self.cut(id)

    def cut(self, *ids: str) -> None:
        """These are good no longer: nothing is remembered of them, and their streams end."""
        self._identity.forget()
        for id in ids:
            self._feed.cut(id)

    async def _begin(self, request: Request, person: Person) -> Caller:
        now = self._door.staff_now()
        screen = await self._visitors.screen(request)
        source, room = (screen.name, screen.room) if screen is not None else (address(request), None)
        before = read(request, "staff")
        id, secret = await self._door.off_loop(self._identity.signins.begin, person.id, source, room, now, before)
        await self._door.off_loop(self._identity.audit.add, now, f"{person.name} ({person.id})", "signed-in", source)
        self._identity.forget()
        put(request, "staff", secret)
        return Caller(id, person.role, room, person.name, "staff", csrf(secret), person.id, now)

    async def _proved(self, request: Request, name: str, pin: str) -> Person:
        account = folded(name)
        place, trusted = await self._visitors.place(request)
        self._identity.delays.allow(account, place, trusted)
        person = await self._reckoned(self._identity.people.prove, name, pin)
        if person is None:
            await self._failed("signing-in-failed", account, place)
            raise WrongPin
        self._identity.delays.forgive(account, place, trusted)
        return person

    async def _tried(self, request: Request, name: str, pin: str, staff: str) -> None:
        account = folded(name)
        place, trusted = await self._visitors.place(request)
        self._identity.delays.allow(account, place, trusted)
        if not await self._reckoned(self._identity.people.prove_again, staff, pin):
            await self._failed("pin-failed", account, place)
            raise WrongPin
        self._identity.delays.forgive(account, place, trusted)

    async def _failed(self, what: str, account: str, place: str) -> None:
        """Noted with the name only if somebody has it: people type their PIN into the wrong field."""
        people = await self._door.off_loop(self._identity.people.all)
        known = next((f"{person.name} ({person.id})" for person in people if folded(person.name) == account), "nobody known")
        await self._door.off_loop(self._identity.audit.add, self._door.staff_now(), place, what, known)

    async def _reckoned(self, reckon: Callable[..., _T], *args: object) -> _T:
        if self._waiting >= WAITING:
            raise TooManyTries(1)
        self._waiting += 1
        try:
            return await self._door.slowly(reckon, *args)
        finally:
            self._waiting -= 1


def _secure(request: Request) -> None:
    if not secure(request):
        raise NotSecure
