"""HTTP on one connection, with an end to everybody's patience: slow heads, heads without end, bodies nobody wants, readers
that never read. What uvicorn leaves to a proxy in front, a controller on a shelf does itself."""

import asyncio
import sys
from collections import Counter
from typing import Any

import h11
from pydantic_core import to_json
from uvicorn.protocols.http.h11_impl import H11Protocol

from ambiance.panel.refusals import HeadersTooLarge, TooSlow, describe
from ambiance.units import Seconds

HEAD_MOST = 16_384
"""Bytes of a request's head."""
HEAD_WAIT: Seconds = 10.0
"""In which a request's head has to arrive, from its first byte, or from the connection."""
DRAIN: Seconds = 2.0
"""How long a body that nobody wants may go on after its refusal, so that the refusal is read."""
DRAIN_MOST = 16_000_000
"""Bytes of it: what somebody sends by mistake is thrown away, and the connection goes on; a flood is cut."""
STUCK: Seconds = 20.0
"""How long a reader may leave what it asked for unread."""
PER_ADDRESS = 512
"""Connections of one address; more are closed at once. Not of this machine, nor behind a proxy, where all look alike."""


class Protocol(H11Protocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head: asyncio.TimerHandle | None = None
        self._drain: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._drained = 0
        self._counted: str | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        host = self.client[0] if self.client else ""
        inside = addresses(self.config, "inside")
        if inside[host] >= PER_ADDRESS and not trusted(self.config, host):
            transport.abort()
            return
        inside[host] += 1
        self._counted = host
        self._head = self.loop.call_later(HEAD_WAIT, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head, self._drain, self._stuck):
            if timer is not None:
                timer.cancel()
        if self._counted is not None:
            inside = addresses(self.config, "inside")
            inside[self._counted] -= 1
            if inside[self._counted] <= 0:
                del inside[self._counted]
            self._counted = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._drain is not None:
            self._drained += len(data)
            if self._drained > DRAIN_MOST:
                self.transport.abort()
                return
        super().data_received(data)
        if self.transport.is_closing():
            return
        self._await_head(bool(self.conn.trailing_data[0]))

    def handle_events(self) -> None:
        super().handle_events()
        unwanted = self.conn.our_state in (h11.DONE, h11.MUST_CLOSE) and self.conn.their_state is h11.SEND_BODY
        if unwanted and self._drain is None:
            self._drain = self.loop.call_later(DRAIN, self.transport.abort)
        elif not unwanted and self._drain is not None:
            self._drain.cancel()
            self._drain, self._drained = None, 0

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self.handle_events()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(STUCK, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def send_400_response(self, msg: str) -> None:
        """Called where the head cannot be read; says what is wrong with it in our own words."""
        hint = getattr(sys.exc_info()[1], "error_status_hint", 400)
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        self._refuse(hint, to_json(describe(HeadersTooLarge(HEAD_MOST))) if hint == 431 else to_json(_SENSELESS))

    def _await_head(self, some: bool) -> None:
        """The clock of a head runs from its first byte to its last; between requests keep-alive has its own."""
        if self.conn.their_state is h11.IDLE and some:
            if self._head is None:
                self._head = self.loop.call_later(HEAD_WAIT, self._too_slow)
        elif self._head is not None and self.conn.their_state is not h11.IDLE:
            self._head.cancel()
            self._head = None

    def _too_slow(self) -> None:
        self._head = None
        if self.transport.is_closing():
            return
        if self.conn.their_state is h11.IDLE and self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(408, to_json(describe(TooSlow(HEAD_WAIT))))
        else:
            self.transport.abort()

    def _refuse(self, status: int, body: bytes) -> None:
        headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close"), (b"cache-control", b"no-store")]
        headers.append((b"content-length", str(len(body)).encode()))
        for event in (h11.Response(status_code=status, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


_SENSELESS = {"type": "bad-request", "title": "Bad request", "status": 400, "detail": "this is no HTTP request; send it again"}


def addresses(config: Any, which: str) -> Counter[str]:
    """How many connections each address has, kept where the connections of one server find it."""
    found = getattr(config, f"ambiance_{which}", None)
    if found is None:
        found = Counter()
        setattr(config, f"ambiance_{which}", found)
    return found


def trusted(config: Any, host: str) -> bool:
    """Whether an address may have any number: this machine's own, and behind a proxy all, for they look alike."""
    return bool(config.proxy_headers) or host in ("127.0.0.1", "::1")
