"""Browsers at the door: which cookies they hold, whom that makes them, and from where they try."""

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import HTTPConnection

from ambiance.clock import Instant
from ambiance.panel.guard import own_origin
from ambiance.panel.identity import Caller, Identity
from ambiance.panel.identity.cookies import YEAR, put, read
from ambiance.panel.refusals import NoProof


class Visitors:
    """Reads the cookies of requests; the store is asked off the loop."""

    def __init__(self, identity: Identity, now: Callable[[], Instant], off_loop: Callable[..., Awaitable[Any]]) -> None:
        self.identity, self._now, self._off_loop = identity, now, off_loop

    async def caller(self, request: HTTPConnection) -> Caller | None:
        """The person who signed in here, else the screen this is, else nobody. Raises StoreUnavailable."""
        if (secret := read(request, "staff")) is not None:
            known = self.identity.recall(secret) or await self._off_loop(self.identity.person, secret, self._now())
            if isinstance(known, Caller):
                return known
        return await self.screen(request)

    async def screen(self, request: HTTPConnection) -> Caller | None:
        """The paired screen this is, whoever signed in at it. Renews its cookie when that is due."""
        secret = read(request, "screen")
        if secret is None:
            return None
        if (known := self.identity.recall(secret)) is not None:
            return known
        caller, renewed = await self._off_loop(self.identity.screen, secret, self._now())
        if renewed is not None:
            put(request, "screen", renewed, YEAR)
        return caller if isinstance(caller, Caller) else None

    async def place(self, request: HTTPConnection) -> tuple[str, bool]:
        """From where somebody tries a PIN or code, and whether that is a paired desk: a guest is not let near one."""
        screen = await self.screen(request)
        if screen is not None:
            return f"screen {screen.id}", screen.role == "desk"
        return f"address {address(request)}", False


def from_own_page(request: HTTPConnection, caller: Caller, given: str | None = None) -> None:
    """See that a write by cookie comes from a page of ours; `given` is the form's field, else the header. Raises NoProof."""
    token = request.headers.get("x-csrf-token", "") if given is None else given
    if not own_origin(request) or not hmac.compare_digest(token.encode("utf-8", "replace"), caller.csrf.encode()):
        raise NoProof


def address(request: HTTPConnection) -> str:
    """The network address of a caller; of IPv6 the network, for a single machine has all of it."""
    host = request.client.host if request.client is not None else ""
    try:
        found = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host[:80]
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped is not None else str(ipaddress.ip_network((int(found) >> 64 << 64, 64)).network_address)
