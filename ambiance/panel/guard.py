"""What every HTTP request passes before anything looks at it, and the headers every answer carries."""

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ambiance.errors import AmbianceError
from ambiance.panel.refusals import ForeignOrigin, HeadersTooLarge, TooLarge, Unforeseen, WrongHost, problem

HEADERS_MOST = 16_384
"""Bytes of all headers of a request together."""

_ALWAYS = [
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_NO_STORE = (b"cache-control", b"no-store")
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_HOST = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[^\[\]:]+))(?::[0-9]{1,5})?")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Refuses foreign hosts and origins and oversized requests; nothing unforeseen leaves as a trace.

    An answer that brings one of these headers, as a page with a stricter policy of its own, keeps it. `shown`: what went
    wrong as a page, for who asked for one.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: frozenset[str],
        most: int,
        counted: Callable[[str, int], None],
        shown: Callable[[Request, AmbianceError], Response | None],
    ) -> None:
        self._app, self._most, self._counted, self._shown = app, most, counted, shown
        self._known = lru_cache(256)(lambda host: _known(host, hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        cookies: list[bytes] = []
        scope["ambiance.cookies"] = cookies

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name.lower() for name, _ in message["headers"]}
                headers = [*message["headers"], *(pair for pair in _ALWAYS if pair[0] not in own)]
                if b"cache-control" not in own:
                    headers.append(_NO_STORE)
                if scope["scheme"] == "https":
                    headers.append(_HSTS)
                headers.extend((b"set-cookie", cookie) for cookie in cookies)
                message = {**message, "headers": headers}
            await send(message)

        try:
            self._look(scope)
            await self._app(scope, receive, out)
        except AmbianceError as error:
            await problem(error)(scope, receive, out)
        except Exception as error:
            if status:
                raise
            unforeseen = Unforeseen()
            unforeseen.__cause__ = error
            told = problem(unforeseen, call=scope["method"][:16])
            await (self._shown(Request(scope, receive), unforeseen) or told)(scope, receive, out)
        finally:
            self._counted(scope["method"], status)

    def _look(self, scope: Scope) -> None:
        host = origin = length = None
        size = 0
        for name, value in scope["headers"]:
            size += len(name) + len(value)
            if name == b"host":
                host = value if host is None else b"?"
            elif name == b"origin":
                origin = value
            elif name == b"content-length":
                length = value
        if size > HEADERS_MOST:
            raise HeadersTooLarge(HEADERS_MOST)
        if host is None or not self._known(host):
            raise WrongHost
        if origin is not None and scope["method"] not in _SAFE and origin.partition(b"://")[2] != host:
            raise ForeignOrigin
        if length is not None and (not length.isdigit() or len(length) > 18 or int(length) > self._most):
            raise TooLarge(self._most)


def _known(host: bytes, hosts: frozenset[str]) -> bool:
    """A name this controller goes by. Bare addresses always pass: nobody's DNS can point them elsewhere."""
    said = _HOST.fullmatch(host.decode("latin-1").lower())
    if said is None:
        return False
    name = said["six"] or said["name"]
    if name in hosts or name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def local(request: HTTPConnection) -> bool:
    """Asked by a program of this very machine, and not handed on by a proxy."""
    if request.client is None or any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip")):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def own_origin(request: HTTPConnection) -> bool:
    """Whether the browser says that the request comes from one of our own pages; a foreign Origin never gets this far."""
    return "origin" in request.headers or request.headers.get("sec-fetch-site") == "same-origin"
