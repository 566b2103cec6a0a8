"""The calls about who may come in: oneself, staff, sign-ins, screens, tokens, and the audit log."""

import io
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any

import segno
from starlette.requests import Request
from starlette.responses import Response

from ambiance.clock import Instant
from ambiance.errors import Invalid, NotAllowed
from ambiance.panel.bodies import Nothing
from ambiance.panel.credentials import CodeBody, NewPinBody, PinBody, RoleBody, ScreenBody, SignInBody, StaffBody, TokenBody
from ambiance.panel.door import STRANGERS, Door, reply, whole
from ambiance.panel.identity import Caller, Identity, shapes
from ambiance.panel.identity.caller import PROOF
from ambiance.panel.openapi import API, Call
from ambiance.panel.rights import RIGHTS
from ambiance.panel.seams import Token
from ambiance.panel.shapes import GoneShape
from ambiance.panel.signing import Signing
from ambiance.panel.understand import ID_PATTERN
from ambiance.panel.views import Json, stamp
from ambiance.panel.visitors import from_own_page

_ID = re.compile(ID_PATTERN)


class AccessCalls:
    """Handlers of `/me`, `/signin`, `/staff`, `/signins`, `/screens`, `/tokens` and `/audit`."""

    def __init__(self, door: Door, identity: Identity, signing: Signing) -> None:
        self._door, self._identity, self._signing = door, identity, signing

    def table(self) -> list[tuple[Call, Callable[[Request], Awaitable[Response]]]]:
        """This part of the contract, call by call."""
        none, gone = Nothing, GoneShape
        me, person, screen, token = shapes.MeShape, shapes.PersonShape, shapes.ScreenShape, shapes.TokenShape
        code, asked = shapes.CodeShape, ScreenBody
        offering = Call("POST", f"{API}/screens/codes", "A code to pair a screen", code, asked, status=201, needs_body=False)
        calls: list[tuple[Call, Callable[[Request], Awaitable[Response]]]] = [
            (Call("GET", f"{API}/me", "Who the caller is, and may", me), self.me),
            (Call("POST", f"{API}/signin", "Sign in with a PIN", me, SignInBody, open=True), self.sign_in),
            (Call("POST", f"{API}/signout", "Sign out here", gone, none, needs_body=False), self.sign_out),
            (Call("POST", f"{API}/me/proof", "The PIN once more", me, PinBody), self.prove),
            (Call("POST", f"{API}/me/pin", "Another PIN of one's own", me, NewPinBody), self.own_pin),
            (Call("GET", f"{API}/staff", "Who may sign in", person, many=True), self.staff),
            (Call("POST", f"{API}/staff", "Somebody may sign in", person, StaffBody, status=201), self.add_staff),
            (Call("POST", f"{API}/staff/{{id}}/role", "Another role", person, RoleBody), self.change_role),
            (Call("POST", f"{API}/staff/{{id}}/pin", "Another PIN", person, PinBody), self.change_pin),
            (Call("DELETE", f"{API}/staff/{{id}}", "Somebody may sign in no more", gone), self.remove_staff),
            (Call("GET", f"{API}/signins", "Browsers that are signed in", shapes.SigninShape, many=True), self.signins),
            (Call("DELETE", f"{API}/signins/{{id}}", "Sign a browser out", gone), self.end_signin),
            (Call("GET", f"{API}/screens", "Paired desks and tablets", screen, many=True), self.screens),
            (Call("POST", f"{API}/screens", "Pair this browser with a code", screen, CodeBody, status=201, open=True), self.pair),
            (offering, self.offer_screen),
            (Call("DELETE", f"{API}/screens/{{id}}", "A screen is none of ours any more", gone), self.revoke_screen),
            (Call("GET", f"{API}/tokens", "Tokens of programs", token, many=True), self.tokens),
            (Call("POST", f"{API}/tokens", "A token for a program", token, TokenBody, status=201), self.create_token),
            (Call("DELETE", f"{API}/tokens/{{id}}", "A token opens nothing any more", gone), self.revoke_token),
            (Call("GET", f"{API}/audit", "Who did what", shapes.EntryShape, many=True, query=("limit", "below")), self.audit),
        ]  # fmt: skip
        return [(replace(call, keyed=False), handler) for call, handler in calls]

    async def me(self, request: Request) -> Response:
        return reply(_me(await self._door.token(request)))

    async def sign_in(self, request: Request) -> Response:
        body = await self._door.body(request, SignInBody, STRANGERS)
        return reply(_me(await self._signing.sign_in(request, body.name, body.pin)))

    async def sign_out(self, request: Request) -> Response:
        caller = await self._browser(request)
        await self._door.body(request, Nothing)
        await self._signing.sign_out(request, caller)
        return reply({"id": caller.id})

    async def prove(self, request: Request) -> Response:
        caller = await self._browser(request)
        body = await self._door.body(request, PinBody)
        return reply(_me(await self._signing.prove(request, caller, body.pin)))

    async def own_pin(self, request: Request) -> Response:
        caller = await self._browser(request)
        body = await self._door.body(request, NewPinBody)
        await self._signing.prove(request, caller, body.pin)
        now = self._door.staff_now()
        self._signing.cut(*await self._door.slowly(self._identity.people.change_pin, caller.staff, body.new, caller.called, now, caller.id))
        return reply(_me(caller))

    async def staff(self, request: Request) -> Response:
        await self._door.reader(request, "staff")
        return reply([_row(person) for person in await self._door.off_loop(self._identity.people.all)])

    async def add_staff(self, request: Request) -> Response:
        token = await self._door.writer(request, "staff")
        body = await self._door.body(request, StaffBody)
        add = self._identity.people.add
        return reply(_row(await self._door.slowly(add, body.name, body.role, body.pin, called(token), self._door.staff_now())), 201)

    async def change_role(self, request: Request) -> Response:
        token = await self._door.writer(request, "staff")
        body = await self._door.body(request, RoleBody)
        change, now = self._identity.people.change_role, self._door.staff_now()
        person = await self._door.off_loop(change, identifier(request.path_params["id"]), body.role, called(token), now)
        for signin in await self._door.off_loop(self._identity.signins.all, now, person.id):
            self._signing.cut(signin.id)  # what its streams may show was settled when they began
        self._signing.cut()
        return reply(_row(person))

    async def change_pin(self, request: Request) -> Response:
        token = await self._door.writer(request, "staff")
        body = await self._door.body(request, PinBody)
        id, now = identifier(request.path_params["id"]), self._door.staff_now()
        self._signing.cut(*await self._door.slowly(self._identity.people.change_pin, id, body.pin, called(token), now))
        return reply(_row(await self._door.off_loop(self._identity.people.one, id)))

    async def remove_staff(self, request: Request) -> Response:
        token = await self._door.writer(request, "staff")
        id = identifier(request.path_params["id"])
        self._signing.cut(*await self._door.off_loop(self._identity.people.remove, id, called(token), self._door.staff_now()))
        return reply({"id": id})

    async def signins(self, request: Request) -> Response:
        """One's own; everybody's for an admin."""
        token = await self._door.token(request)
        found = await self._door.off_loop(self._identity.signins.all, self._door.staff_now(), _whose(token))
        return reply([{**_row(each), "this": each.id == token.id} for each in found])

    async def end_signin(self, request: Request) -> Response:
        caller = await self._browser(request)
        id = identifier(request.path_params["id"])
        await self._signing.end(caller, id, everybody=_whose(caller) is None)
        return reply({"id": id})

    async def screens(self, request: Request) -> Response:
        await self._door.reader(request, "screens")
        return reply([_row(screen) for screen in await self._door.off_loop(self._identity.screens.all)])

    async def offer_screen(self, request: Request) -> Response:
        token = await self._door.writer(request, "screens")
        body = await self._door.body(request, ScreenBody)
        if body.room is not None:
            self._door.known(body.room)
        offer, now = self._identity.screens.offer, self._door.staff_now()
        code, until = await self._door.off_loop(offer, body.room, body.name, called(token), now)
        url = f"{request.url.scheme}://{request.headers['host']}/pair"
        return reply({"code": code, "expires_at": stamp(until), "url": url, "qr": qr(f"{url}/{code}")}, 201)

    async def pair(self, request: Request) -> Response:
        body = await self._door.body(request, CodeBody, STRANGERS)
        return reply(_row(await self._signing.pair(request, body.code)), 201)

    async def revoke_screen(self, request: Request) -> Response:
        token = await self._door.writer(request, "screens")
        id = identifier(request.path_params["id"])
        await self._door.off_loop(self._identity.screens.revoke, id, called(token), self._door.staff_now())
        self._signing.cut(id)
        return reply({"id": id})

    async def tokens(self, request: Request) -> Response:
        await self._door.reader(request, "tokens")
        return reply([_row(token) for token in await self._door.off_loop(self._door.tokens.all)])

    async def create_token(self, request: Request) -> Response:
        token = await self._door.writer(request, "tokens")
        body = await self._door.body(request, TokenBody)
        if body.room is not None:
            self._door.known(body.room)
        now = self._door.staff_now()
        secret = await self._door.off_loop(self._door.tokens.create, body.role, now, body.room, body.name)
        made = await self._door.off_loop(self._door.tokens.check, secret)
        after = {"role": body.role, "room": body.room, "name": body.name}
        await self._door.off_loop(self._identity.audit.add, now, called(token), "token-created", made.id if made else "", {}, after)
        return reply({**_row(made), "token": secret}, 201)

    async def revoke_token(self, request: Request) -> Response:
        token = await self._door.writer(request, "tokens")
        id = identifier(request.path_params["id"])
        await self._door.off_loop(self._door.tokens.revoke, id)
        await self._door.off_loop(self._identity.audit.add, self._door.staff_now(), called(token), "token-revoked", id)
        self._door.last.clear()
        self._signing.cut(id)
        return reply({"id": id})

    async def audit(self, request: Request) -> Response:
        await self._door.reader(request, "audit")
        limit = whole(request.query_params, "limit", 1, 500, 100)
        below = whole(request.query_params, "below", 1, 999_999_999, None)
        return reply([_row(entry) for entry in await self._door.off_loop(self._identity.audit.newest, limit, below)])

    async def _browser(self, request: Request) -> Caller:
        """Somebody who signed in here, writing. Raises NotSignedIn, NoProof; NotAllowed for a program or a screen."""
        token = await self._door.token(request)
        if not isinstance(token, Caller) or token.staff is None:
            raise NotAllowed(token.role, "do this without signing in; it is for people with a PIN")
        from_own_page(request, token)
        self._door.pace.take(token.id)
        return token


def identifier(text: str) -> str:
    """The id of a person, a sign-in, a screen or a token. Raises Invalid for what could never be one."""
    if not _ID.fullmatch(text):
        raise Invalid(("id", text, "letters, digits, - and _, at most 64"))
    return text


def called(token: Token) -> str:
    """Who did it, for the audit log."""
    return token.called if isinstance(token, Caller) else f"token {token.id}"


def qr(text: str) -> str:
    """A QR code as an SVG element: black on white, whatever the theme, as wide as its style sheet makes it."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, dark="#000", light="#fff", border=4, svgclass="qr", lineclass=None
    )
    return out.getvalue().decode("utf-8").strip()


def _whose(token: Token) -> str | None:
    """Whose sign-ins somebody may see and end: None for everybody's. Raises NotAllowed."""
    if "staff" in RIGHTS.get(token.role, frozenset()):
        return None
    if not isinstance(token, Caller) or token.staff is None:
        raise NotAllowed(token.role, "look at sign-ins; they are for people with a PIN")
    return token.staff


def _me(token: Token) -> Json:
    browser = token if isinstance(token, Caller) else None
    proven = browser.proven_at + PROOF if browser is not None and browser.proven_at is not None else None
    return {
        "id": token.id,
        "kind": browser.kind if browser else "token",
        "role": token.role,
        "room": token.room,
        "name": browser.name if browser else None,
        "rights": sorted(RIGHTS.get(token.role, frozenset())),
        "csrf": browser.csrf if browser else None,
        "proven_until": stamp(proven),
    }


def _row(found: Any) -> Json:
    """A frozen row in JSON."""
    return {key: stamp(value) if isinstance(value, Instant) else value for key, value in asdict(found).items()}
