"""The HTTP server: uvicorn, listening where the site says, stopped by the program and by nobody else."""

import asyncio
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from ambiance.panel.doorman import with_doorman
from ambiance.panel.protocol import HEAD_MOST, Protocol


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: the program has its own, which also stop the rest. TLS is agreed on with our own doorman."""

    _tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        """Where it can be reached, once it listens."""
        scheme = "https" if self.config.ssl_certfile is not None else "http"
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host  # RFC 3986, 3.2.2
        return f"{scheme}://{host}:{self.servers[0].sockets[0].getsockname()[1]}"

    async def listening(self, serving: "asyncio.Task[None]") -> None:
        """Wait until it listens. Raises OSError if it cannot."""
        while not self.started:
            if serving.done():
                await serving
                return
            await asyncio.sleep(0.01)

    def show(self, certificate: Path) -> None:
        """Whoever connects from now on is shown this one; nobody is cut off."""
        if self._tls is not None:
            self._tls.load_cert_chain(certificate)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self.config.ssl is not None:
            self._tls, self.config.ssl = self.config.ssl, None
            self.config.http_protocol_class = with_doorman(self._tls, Protocol)  # type: ignore[assignment]
        await super().startup(sockets)


def listener(
    app: ASGIApp, host: str, port: int, certificate: str | None = None, key: str | None = None, proxies: Sequence[str] = ()
) -> Server:
    """A server for `app` that may be served; port 0 is any free one. What `proxies` say of a caller's address is believed."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=HEAD_MOST,
        limit_concurrency=2000,
        lifespan="off",
        ssl_certfile=certificate,
        ssl_keyfile=key,
        http=Protocol,
        ws="none",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        server_header=False,
    )
    return Server(config)
