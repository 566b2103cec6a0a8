"""The plain pages: signing in and out, the first account, pairing this screen, the account, the house's certificate."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ambiance.errors import AmbianceError, Conflict, Invalid, NotAllowed, NotSignedIn, StoreUnavailable, Unknown
from ambiance.panel.access import identifier
from ambiance.panel.door import Door
from ambiance.panel.identity.cookies import YEAR
from ambiance.panel.pages.form import form
from ambiance.panel.pages.page import THEME_COOKIE, THEMES, Pages
from ambiance.panel.pages.words import COOKIE, LANGUAGES, calendar, chosen_language, language_of, words
from ambiance.panel.refusals import NoProof, NoSuchPath, NotSecure, TooManyTries, Unforeseen, WrongCode, WrongPin
from ambiance.panel.signing import Signing
from ambiance.panel.visitors import Visitors

Handler = Callable[[Request], Awaitable[Response]]
_OWN_PATH = re.compile(r"/(?:[A-Za-z0-9_-]++/?+)*+")
_CODE = re.compile(r"[A-Za-z0-9-]{1,20}")


class PageCalls:
    """Handlers of everything outside the API that a person opens. `authority` is the certificate of the house's own CA."""

    def __init__(
        self, door: Door, visitors: Visitors, signing: Signing, authority: Path | None, pages: Pages | None = None
    ) -> None:
        self._door, self._visitors, self._signing, self._authority = door, visitors, signing, authority
        self.pages = pages or Pages(lambda: door.site)

    def table(self) -> list[tuple[str, str, Handler]]:
        """Every path, its method and who answers."""
        return [
            ("/login", "GET", self.login),
            ("/login", "POST", self.sign_in),
            ("/logout", "POST", self.sign_out),
            ("/first-run/{secret}", "GET", self.first_run),
            ("/first-run/{secret}", "POST", self.first_account),
            ("/pair", "GET", self.pairing),
            ("/pair/{code}", "GET", self.pairing),
            ("/pair", "POST", self.pair),
            ("/account", "GET", self.account),
            ("/account/signins", "POST", self.end_signin),
            ("/preferences", "POST", self.prefer),
            ("/ca", "GET", self.certificate),
            ("/ca/ambiance.crt", "GET", self.certificate_file),
            ("/static/{version}/{name:path}", "GET", self.pages.shelf.serve),
        ]

    async def login(self, request: Request) -> Response:
        return await self._login(request, next=_own(request.query_params.get("next", "")))

    async def sign_in(self, request: Request) -> Response:
        try:
            fields = await form(request)
        except NoProof as error:
            return await self._login(request, error)
        name, to = fields.get("name", ""), _own(fields.get("next", ""))
        try:
            caller = await self._signing.sign_in(request, name, fields.get("pin", ""))
        except (NotSecure, TooManyTries, WrongPin) as error:
            return await self._login(request, error, name=name, next=to)
        return _see(to or _home(caller.room))

    async def sign_out(self, request: Request) -> Response:
        caller = await self._visitors.caller(request)
        if caller is not None:
            await form(request, caller)
            await self._signing.sign_out(request, caller)
        return _see("/login")

    async def first_run(self, request: Request) -> Response:
        if not self._signing.first_is_good(request.path_params["secret"]):
            return self.pages.show(request, "spent.html", status=403, said="")
        return self.pages.show(request, "first-run.html", name="", said="")

    async def first_account(self, request: Request) -> Response:
        secret, name = request.path_params["secret"], ""
        try:
            fields = await form(request)
            name = fields.get("name", "")
            if fields.get("pin") != fields.get("again"):
                raise Invalid(("again", "another PIN", "the same PIN twice"))
            caller = await self._signing.first(request, secret, name, fields.get("pin", ""))
        except (WrongCode, Conflict):
            return self.pages.show(request, "spent.html", status=403, said="")
        except (Invalid, NoProof, NotSecure, TooManyTries) as error:
            return self.pages.show(request, "first-run.html", status=error.status, name=name, said=sentence(request, error))
        return _see("/setup" if not self._door.site.rooms else _home(caller.room))

    async def pairing(self, request: Request) -> Response:
        code, to = request.path_params.get("code", ""), _own(request.query_params.get("next", ""))
        return self.pages.show(request, "pair.html", code=code if _CODE.fullmatch(code) else "", next=to, said="")

    async def pair(self, request: Request) -> Response:
        code = to = ""
        try:
            fields = await form(request)
            code, to = fields.get("code", "")[:20], _own(fields.get("next", ""))
            screen = await self._signing.pair(request, code)
        except (NoProof, NotSecure, TooManyTries, WrongCode) as error:
            return self.pages.show(request, "pair.html", status=error.status, code=code, next=to, said=sentence(request, error))
        if screen.room is None:
            return _see(to or _home(None))
        return _see(_home(screen.room) if screen.room in self._door.site.by_id else "/pair")

    async def account(self, request: Request) -> Response:
        caller = await self._visitors.caller(request)
        if caller is None:
            return _see(f"/login?next={quote('/account')}")
        dated, clock = calendar(request, self._door.site.timezone)
        now = self._door.staff_now()
        others = [
            {"id": each.id, "source": each.source, "since": f"{dated(each.began_at)}, {clock(each.began_at)}"}
            for each in (await self._signing.signins(caller, now) if caller.staff is not None else ())
            if each.id != caller.id
        ]
        room = self._door.site.by_id.get(caller.room or "")
        _ = words(language_of(request)).gettext
        roles = {"desk": _("front desk"), "therapist": _("therapist"), "manager": _("manager"), "admin": _("administrator")}
        return self.pages.show(
            request, "account.html", caller, said="", others=others, role=roles.get(caller.role, caller.role),
            room=room.name if room is not None else caller.room or "", languages=list(LANGUAGES.items()),
            chosen_language=chosen_language(request) or "",
        )  # fmt: skip

    async def end_signin(self, request: Request) -> Response:
        caller = await self._visitors.caller(request)
        if caller is None or caller.staff is None:
            return _see("/login")
        fields = await form(request, caller)
        with suppress(Unknown):  # it ended meanwhile
            await self._signing.end(caller, identifier(fields.get("id", "")))
        return _see("/account")

    async def prefer(self, request: Request) -> Response:
        """Language and theme of this browser; "" goes by what the device says."""
        fields = await form(request, await self._visitors.caller(request))
        for field, cookie, known in (("language", COOKIE, tuple(LANGUAGES)), ("theme", THEME_COOKIE, THEMES)):
            if (value := fields.get(field)) is None:
                continue
            kept = value if value in known else ""
            age = YEAR if kept else 0
            secure = "; Secure" if request.url.scheme == "https" else ""
            said = f"{cookie}={kept}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age:.0f}{secure}"
            request.scope["ambiance.cookies"].append(said.encode("ascii"))
        return _see(_own(fields.get("back", "")) or "/account")

    async def certificate(self, request: Request) -> Response:
        der = await self._door.off_loop(self._der)
        digest = sha256(der).hexdigest().upper() if der is not None else ""
        return self.pages.show(request, "ca.html", said="", print=":".join(digest[i : i + 2] for i in range(0, len(digest), 2)))

    async def certificate_file(self, request: Request) -> Response:
        der = await self._door.off_loop(self._der)
        if der is None:
            raise NoSuchPath("/ca/ambiance.crt")
        headers = {"Content-Disposition": 'attachment; filename="ambiance.crt"'}
        return Response(der, headers=headers, media_type="application/x-x509-ca-cert")

    def _der(self) -> bytes | None:
        if self._authority is None or not self._authority.exists():
            return None
        import ssl

        return ssl.PEM_cert_to_DER_cert(self._authority.read_text(encoding="ascii"))

    def refused(self, request: Request, error: AmbianceError) -> Response:
        """A refusal as a person reads it, where a page or a form was asked for."""
        back = "/login" if error.status == 401 else "/account" if error.status == 403 else "/"
        answer = self.pages.show(request, "refused.html", status=error.status, said=sentence(request, error), back=back)
        if error.status == 503:
            answer.headers["Retry-After"] = "5"
        return answer

    async def _login(self, request: Request, error: AmbianceError | None = None, name: str = "", next: str = "") -> Response:
        nobody = await self._signing.nobody()
        said = sentence(request, error) if error is not None else ""
        return self.pages.show(request, "login.html", None, error.status if error else 200, said=said, name=name, next=next, nobody=nobody)


def sentence(request: Request, error: AmbianceError) -> str:
    """A refusal in the reader's language, for those a plain page can meet."""
    _ = words(language_of(request)).gettext
    match error:
        case WrongPin():
            return _("This name and this PIN do not belong together. Type both again.")
        case TooManyTries():
            return _("Too many wrong tries from here. Wait %(seconds)s seconds, or use a paired desk.") % {"seconds": error.retry_after}
        case WrongCode():
            return _("This code is not good, or no longer. Ask the desk for a new one.")
        case NotSecure():
            return _("Signing in needs an encrypted connection (https).")
        case NoProof():
            return _("This form was too old. Send it once more.")
        case StoreUnavailable():
            return _("The controller cannot reach its memory just now. Running rooms go on. Try again in a moment.")
        case NoSuchPath() | Unknown():
            return _("There is no such page here, or not any more.")
        case NotAllowed():
            return _("Your role does not reach this. Ask at the desk, or an administrator.")
        case NotSignedIn():
            return _("This screen is not signed in any more. Sign in again.")
        case Unforeseen():
            return _("Something went wrong in the controller. Running rooms go on. Try again; if it stays so, the log says more.")
        case Invalid() if any(path == "name" for path, _found, _wanted in error.faults):
            return _("A name has 1 to 80 letters.")
        case Invalid() if any(path == "again" for path, _found, _wanted in error.faults):
            return _("The two PINs differ. Type both again.")
        case Invalid():
            return _("Choose a PIN of six or more digits, letters or signs that is neither a row, a repetition nor your name.")
        case _:
            return _("That did not work. Try again.")


def _see(path: str) -> Response:
    return RedirectResponse(path, 303)


def _home(room: str | None) -> str:
    """Where somebody lands after signing in, or a screen that was paired: the desk, or its room."""
    return "/" if room is None else f"/room/{room}"


def _own(path: str) -> str:
    """A path of ours to go on to, or nothing."""
    return path if len(path) <= 200 and _OWN_PATH.fullmatch(path) else ""
