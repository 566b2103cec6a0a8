"""What the HTTP door itself refuses, and how every refusal looks: `application/problem+json` (RFC 9457)."""

import math
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import structlog
from pydantic_core import to_json

from ambiance.errors import AmbianceError, Conflict, FileError, Invalid, TooMany, trace

if TYPE_CHECKING:
    from starlette.responses import Response


class WrongHost(AmbianceError):
    """The Host header names none of this controller's names."""

    status = 400
    type = "wrong-host"

    def __init__(self) -> None:
        super().__init__("the Host header is none of this controller's names; use its address, or add the name to http.hosts")


class ForeignOrigin(AmbianceError):
    """A page of another origin tries to write."""

    status = 403
    type = "foreign-origin"

    def __init__(self) -> None:
        super().__init__("a page from elsewhere may not write here; open the controller's own page")


class NoProof(AmbianceError):
    """A write by cookie without the token of the page it should come from."""

    status = 403
    type = "csrf"

    def __init__(self) -> None:
        super().__init__("this did not come from a page of this controller; open the page again and repeat it")


class NotSecure(AmbianceError):
    """Somebody would sign in where others can listen."""

    status = 403
    type = "not-secure"

    def __init__(self) -> None:
        super().__init__("signing in needs https, but on the controller's own machine; `ambiance https setup` makes a certificate")


class WrongPin(AmbianceError):
    """The name and the PIN do not belong together; which of them is wrong is not said."""

    status = 401
    type = "wrong-pin"

    def __init__(self) -> None:
        super().__init__("this name and this PIN do not belong together; type both again")


class TooManyTries(AmbianceError):
    """Too many wrong PINs or codes from here; the wait is the same whether or not there is such a person."""

    status = 429
    type = "too-many-tries"

    def __init__(self, seconds: float) -> None:
        self.retry_after = max(1, math.ceil(seconds))
        super().__init__(f"too many wrong tries from here; wait {self.retry_after} s, or use a paired desk")


class PinNeeded(AmbianceError):
    """The act wants the PIN once more."""

    status = 403
    type = "pin-needed"

    def __init__(self, minutes: int) -> None:
        super().__init__(f"this needs your PIN again: it was last typed over {minutes} minutes ago; POST /api/v1/me/proof")


class WrongCode(AmbianceError):
    """A pairing code or a one-time link that is not good, or no longer."""

    status = 403
    type = "wrong-code"

    def __init__(self, what: str) -> None:
        super().__init__(f"this {what} is not good, or no longer: each works once and for a short time; ask for a new one")


class NoSuchPath(AmbianceError):
    """Nothing lives at this address."""

    status = 404
    type = "not-found"

    def __init__(self, path: str) -> None:
        super().__init__(f"there is nothing at {path[:80]!r}; GET /openapi.json lists what there is")


class WrongMethod(AmbianceError):
    """The address exists, but does not know this method."""

    status = 405
    type = "wrong-method"

    def __init__(self, method: str, allowed: str) -> None:
        self.allowed = allowed
        super().__init__(f"{method[:16]} is not possible here; allowed: {allowed}")


class TooSlow(AmbianceError):
    """The body did not arrive in time."""

    status = 408
    type = "too-slow"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the body did not arrive within {seconds:g} s; send it again")


class TooLarge(AmbianceError):
    """The body is larger than any of ours."""

    status = 413
    type = "too-large"

    def __init__(self, most: int) -> None:
        super().__init__(f"the body is over {most} bytes; send less at once")


class WrongMedia(AmbianceError):
    """The body is not said to be JSON."""

    status = 415
    type = "wrong-media"

    def __init__(self, found: str) -> None:
        super().__init__(f"found Content-Type {found[:80]!r}; send application/json")


class HeadersTooLarge(AmbianceError):
    """More header bytes than a request of ours needs."""

    status = 431
    type = "headers-too-large"

    def __init__(self, most: int) -> None:
        super().__init__(f"the headers are over {most} bytes; send fewer")


class TooManyStreams(AmbianceError):
    """One token, or all together, follow the events more often than they may."""

    status = 429
    type = "too-many-streams"

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} event streams are open already; close one first")


class Unforeseen(AmbianceError):
    """A fault of the program. The caller learns an id, the log the rest."""

    def __init__(self) -> None:
        super().__init__("something went wrong here; running rooms go on. The log knows more under this id")


def problem(error: AmbianceError, who: str = "", call: str = "") -> "Response":
    """The answer to a refused request; what was not allowed, and what failed here, is also logged: who asked, and for what."""
    from starlette.responses import Response

    body = describe(error)
    body["instance"] = f"urn:ambiance:{token_hex(6)}"
    headers: dict[str, str] = {}
    if error.status == 503:
        headers["Retry-After"] = "5"
    elif isinstance(error, TooMany):
        headers["Retry-After"] = "1"
    elif isinstance(error, WrongMethod):
        headers["Allow"] = error.allowed
    elif isinstance(error, TooManyTries):
        headers["Retry-After"] = str(error.retry_after)
    elif error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if error.status in (401, 403) or error.status >= 500:
        log = structlog.get_logger("ambiance.panel")
        said = {"status": error.status, "type": error.type, "id": body["instance"], "who": who, "call": call}
        if error.status == 500:
            log.error("request failed", **said, trace=trace(error.__cause__ or error))
        else:
            log.warning("request refused", **said)
    return Response(to_json(body), error.status, headers, "application/problem+json")


def describe(error: AmbianceError) -> dict[str, Any]:
    """A refusal as plain values: type, title, status, detail, what else the caller can act on, and every fault."""
    body: dict[str, Any] = {
        "type": error.type,
        "title": error.type.replace("-", " ").capitalize(),
        "status": error.status,
        "detail": printable(str(error)),
    }
    if isinstance(error, Conflict):
        body |= error.extra
    if isinstance(error, Invalid):
        body["errors"] = [{"path": printable(p), "found": short(f), "wanted": w} for p, f, w in error.faults[:100]]
    elif isinstance(error, FileError):
        body["errors"] = [{"path": str(f.place), "found": f.found, "wanted": f.wanted} for f in error.faults[:100]]
    return body


def short(value: object) -> str:
    """At most 80 printable characters of a value."""
    text = printable(repr(value))
    return text if len(text) <= 80 else f"{text[:77]}..."


def printable(text: str) -> str:
    """One line of at most 4,000 characters without anything that steers a terminal or breaks a log."""
    return "".join(c if c.isprintable() else "�" for c in text[:4000])
