"""Where the broker is, who we are to it, and how patient we are with it."""

import ssl
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ambiance.errors import Invalid
from ambiance.units import Seconds

_WANTED = "mqtt://host[:port], or mqtts://host[:port] for TLS"


@dataclass(frozen=True, slots=True)
class Patience:
    """Machine seconds, whatever the site's clock does.

    `keepalive` (whole seconds, MQTT 3.1.2.10): an idle line is pinged after one and given up after two, so 6 finds a
    black hole within 12.5 s. `answer`: to let us in. `acknowledged`: between two acknowledgements while some are owed.
    `retry`: shortest wait before the next connection; doubled each time with full jitter up to `retry_reach` while nothing
    answers, so that a broker that is back is found within seconds, and up to `retry_most` while it answers but drops us.
    `refused`: shortest wait after a refusal. `contradiction`: for another controller with our id to show itself.
    `goodbye`: to get the last messages out.
    """

    keepalive: int = 6
    answer: Seconds = 5.0
    acknowledged: Seconds = 10.0
    retry: Seconds = 0.5
    retry_reach: Seconds = 4.0
    retry_most: Seconds = 30.0
    refused: Seconds = 5.0
    contradiction: Seconds = 1.0
    goodbye: Seconds = 2.0


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Raises `Invalid` for a URL that is not `mqtt://` or `mqtts://`, or that holds a password."""

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    patience: Patience = Patience()
    tls: bool = field(init=False)
    host: str = field(init=False)
    port: int = field(init=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError:
            raise Invalid(("broker.url", self.url, _WANTED)) from None
        if parts.password is not None or parts.username is not None:
            raise Invalid(("broker.url", "a user name or password", f"{_WANTED}; broker.username and broker.password_file take those"))
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.path not in ("", "/") or parts.query or port == 0:
            raise Invalid(("broker.url", self.url, _WANTED))
        object.__setattr__(self, "tls", parts.scheme == "mqtts")
        object.__setattr__(self, "host", parts.hostname)
        object.__setattr__(self, "port", port or (8883 if self.tls else 1883))
        if not self.tls and (self.ca_file or self.client_cert):
            raise Invalid(("broker.url", self.url, "mqtts://… together with a ca_file or client_cert"))
        if self.client_key and not self.client_cert:
            raise Invalid(("broker.client_key", self.client_key, "a client_cert beside it"))
        if not 1 <= self.patience.keepalive <= 65_535:
            raise Invalid(("broker.keepalive", self.patience.keepalive, "1 to 65535 whole seconds"))

    def tls_files(self) -> tuple[str, ...]:
        return tuple(file for file in (self.ca_file, self.client_cert, self.client_key) if file)

    def tls_context(self) -> ssl.SSLContext:
        """Made anew for each connection, so that a renewed certificate is used; host names are always verified."""
        context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = _Tidy
        if self.client_cert:
            context.load_cert_chain(self.client_cert, self.client_key)
        return context


class _Tidy(ssl.SSLSocket):
    """paho leaves a socket open whose handshake failed."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise
