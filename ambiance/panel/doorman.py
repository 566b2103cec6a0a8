"""Whoever wants to speak TLS with us, until it is agreed on: counted by address, and given little time.

A server of asyncio alone waits a minute for a handshake, keeps a quarter of a megabyte for each that is not done, and tells
nobody of them; a laptop in the waiting room could so fill the machine's memory.
"""

import asyncio
import ssl
from asyncio import sslproto
from collections.abc import Callable
from typing import Any

from ambiance.panel import protocol

AGREEING = 64
"""Handshakes of one address at a time; a browser needs six. More are closed at once, with the exceptions of `protocol.PER_ADDRESS`."""
AT_ONCE = 32 * 1024
"""Bytes read of TLS in one go, for which each connection keeps room for as long as it lasts."""


class Doorman(asyncio.Protocol):
    """One connection until `inside` takes it over; what it says before that is kept. `agreeing` counts handshakes by address."""

    def __init__(self, tls: ssl.SSLContext, inside: Callable[[], protocol.Protocol]) -> None:
        self._tls, self._inside = tls, inside
        self._early = bytearray()
        self._agreed: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        # Nothing is read before TLS is there to read it.
        transport.pause_reading()
        self._agreed = asyncio.get_running_loop().create_task(self._agree(transport))

    def data_received(self, data: bytes) -> None:
        self._early += data

    async def _agree(self, transport: asyncio.Transport) -> None:
        inside = self._inside()
        host = str((transport.get_extra_info("peername") or ("",))[0])
        agreeing = protocol.addresses(inside.config, "agreeing")
        if agreeing[host] >= AGREEING and not protocol.trusted(inside.config, host):
            transport.abort()
            return
        agreeing[host] += 1
        try:
            spoken = await asyncio.get_running_loop().start_tls(
                transport, self, self._tls, server_side=True, ssl_handshake_timeout=protocol.HEAD_WAIT
            )
        except OSError:  # no TLS, or not in time: asyncio has hung up
            return
        finally:
            agreeing[host] -= 1
            if not agreeing[host]:
                del agreeing[host]
        if spoken is None or spoken.is_closing():
            return
        spoken.set_protocol(inside)
        inside.connection_made(spoken)
        if self._early:
            inside.data_received(bytes(self._early))


def with_doorman(tls: ssl.SSLContext, inside: Callable[..., protocol.Protocol]) -> Callable[..., Any]:
    """What makes the protocol of a connection, once TLS is agreed on."""
    sslproto.SSLProtocol.max_size = AT_ONCE
    return lambda **given: Doorman(tls, lambda: inside(**given))
