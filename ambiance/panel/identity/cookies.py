"""Cookies: over TLS with the prefix that binds them to this very host; without TLS only on the machine itself."""

from typing import Literal

from starlette.requests import HTTPConnection

from ambiance.panel.guard import local
from ambiance.units import Seconds

Kind = Literal["staff", "screen", "form"]
YEAR: Seconds = 365 * 86400.0
_SECRET_MOST = 512


def secure(request: HTTPConnection) -> bool:
    """Whether cookies may be set and believed here: TLS, or no network at all."""
    return request.url.scheme == "https" or local(request)


def read(request: HTTPConnection, kind: Kind) -> str | None:
    """What the browser holds."""
    if not secure(request):
        return None
    held = request.cookies.get(_name(request, kind), "")
    return held if 0 < len(held) <= _SECRET_MOST else None


def put(request: HTTPConnection, kind: Kind, secret: str, lasts: Seconds | None = None) -> None:
    """Set it with the answer to this request; without `lasts` until the browser is closed."""
    parts = [f"{_name(request, kind)}={secret}", "Path=/", "HttpOnly", "SameSite=Strict"]
    if request.url.scheme == "https":
        parts.append("Secure")
    if lasts is not None:
        parts.append(f"Max-Age={lasts:.0f}")
    request.scope["ambiance.cookies"].append("; ".join(parts).encode("latin-1"))


def drop(request: HTTPConnection, kind: Kind) -> None:
    """Take it away with the answer to this request."""
    put(request, kind, "", 0)


def _name(request: HTTPConnection, kind: Kind) -> str:
    return f"__Host-ambiance-{kind}" if request.url.scheme == "https" else f"ambiance-{kind}"
