"""Everything an installer decides, frozen for the whole run."""

from dataclasses import dataclass, field
from pathlib import Path

from ambiance.device.brokersettings import BrokerSettings
from ambiance.errors import Place
from ambiance.site import Site


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """Where the MQTT broker is, or that it runs in this process (`embedded`) on `port`."""

    embedded: bool = False
    port: int = 1883
    url: str = ""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None

    def settings(self, url: str | None = None) -> BrokerSettings:
        """What the link needs; `url` says where the embedded broker listens. Raises Invalid."""
        where = url or self.url or f"mqtt://127.0.0.1:{self.port}"
        return BrokerSettings(where, self.username, self.password, self.ca_file, self.client_cert, self.client_key)


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """The database, as SQLAlchemy reads it; the password is already in it, so it is never printed."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HttpConfig:
    """Where people and programs reach the panel. `trusted_proxies` are addresses or networks that speak TLS for us.

    `authority` is the certificate of the house's own CA, for tablets to install.
    `hosts` are the names by which callers may reach us beside bare addresses and localhost (the Host header).
    """

    host: str = "127.0.0.1"
    port: int = 8080
    certificate: str | None = None
    key: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    authority: str | None = None


@dataclass(frozen=True, slots=True)
class HomeAssistantConfig:
    """Whether rooms show up in Home Assistant, and its discovery prefix."""

    enabled: bool = False
    prefix: str = "homeassistant"


@dataclass(frozen=True)
class Config:
    """Everything an installer decides. `warnings` work, but are hardly meant; each with file and line."""

    site: Site
    broker: BrokerConfig
    store: StoreConfig
    http: HttpConfig
    profiles: Path
    homeassistant: HomeAssistantConfig
    warnings: tuple[str, ...] = ()
    file: Path | None = None
    """Where it is written; None for a house that has no file of its own to be changed."""
    profiles_at: Place | None = field(default=None, compare=False)
    """Where `profiles` is written, for who does not find it."""
