"""config.yaml, made into a frozen Config in one go, with every fault of it named by file and line."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from ambiance.config.environment import MARK, overridden
from ambiance.config.limits import read_evening, read_limits
from ambiance.config.model import BrokerConfig, Config, HomeAssistantConfig, HttpConfig, StoreConfig
from ambiance.config.music import music_of
from ambiance.config.rooms import POLICIES, SETTINGS, Rooms
from ambiance.device.dialects import SPOKEN, Dialect
from ambiance.device.topics import Topics
from ambiance.errors import ConfigError, FileError, Invalid, Place
from ambiance.profile import at_hand
from ambiance.site import Retention, Setting, Site
from ambiance.yaml import Choice, Faults, Flag, ListOf, Section, Slug, Text, Whole, load

_PATH = Text(400)
_DURESS: Choice[Literal["silent", "bright"]] = Choice("silent", "bright")


def load_config(path: Path, env: Mapping[str, str], dialects: Mapping[str, Callable[[Topics], Dialect]] | None = None) -> Config:
    """Read `path`, with `env` laid over it. `dialects` are those this program speaks, by name (default: all of them).

    Relative paths are taken from the folder of the file. Raises ConfigError with every fault, each with file and line.
    """
    faults = Faults()
    try:
        node = overridden(load(path, faults=faults), env, faults)
    except FileError as error:
        raise ConfigError(error.faults) from None
    reader = _Reader(path.resolve().parent, dialects if dialects is not None else SPOKEN, faults, env)
    with Section(node, faults) as top:
        config = reader.config(top)
    faults.stop(ConfigError)
    return replace(config, file=path.resolve())


def library_of(path: Path, env: Mapping[str, str]) -> tuple[Path, Place] | None:
    """The folder of the library and where that is written, also in a file with faults; None where it cannot be read at all."""
    faults = Faults()
    try:
        top = Section(overridden(load(path, faults=faults), env, faults), faults)
    except FileError:
        return None
    return at_hand(Path(top.take("profiles", _PATH, "profiles")), path.resolve().parent), top.at("profiles")


class _Reader:
    def __init__(self, folder: Path, dialects: Mapping[str, Callable[[Topics], Dialect]], faults: Faults, env: Mapping[str, str]) -> None:
        self.folder, self.dialects, self.faults, self.env = folder, dialects, faults, env
        self.warnings: list[str] = []

    def config(self, top: Section) -> Config:
        with top.section("broker", required=True) as section:
            broker = self.broker(section)
            prefix = section.take("prefix", Text(64), "ambiance")
            prefix_at = section.at("prefix")
        with top.section("store", required=True) as section:
            store = self.store(section)
        with top.section("http") as section:
            http = self.http(section)
        with top.section("homeassistant") as section:
            assistant = HomeAssistantConfig(
                section.take("enabled", Flag(), False), section.take("prefix", Text(64, r"[a-zA-Z0-9_/-]+"), "homeassistant")
            )
        profiles, profiles_at = at_hand(Path(top.take("profiles", _PATH, "profiles")), self.folder), top.at("profiles")
        with top.section("limits") as section:
            limits = read_limits(section)
        with top.section("evening") as section:
            evening = read_evening(section)
        with top.section("music") as section:
            music, names = music_of(section), section.section("names")
        with top.section("retention") as section:
            kept = Retention(
                section.take("sessions_days", Whole(1, 3650), 30),
                section.take("courses_days", Whole(1, 3650), 180),
                section.take("care_hours", Whole(0, 24), 24),
            )
        with top.section("site", required=True) as section:
            setting: Setting = section.take("setting", SETTINGS, "spa")
            policy = section.take("scent_policy", POLICIES, None)
            site = Site(
                id=section.take("id", Slug()), name=section.take("name", Text(80)), timezone=self.zone(section), rooms=(),
                limits=limits, evening=evening, setting=setting, prefix=prefix, music=music, retention=kept,
                duress=section.take("duress", _DURESS, "silent"), scent_policy=policy or "allowed",
            )  # fmt: skip
        try:
            topics = Topics(prefix, site.id)
        except Invalid as error:
            topics = Topics("ambiance", "-")
            if "prefix" in str(error):
                self.faults.add(prefix_at, repr(prefix), error.faults[0][2])
        spoken = {name: dialect(topics) for name, dialect in self.dialects.items()}
        rooms = Rooms(spoken, self.faults, self.warnings, site.music, names).read(top, site.setting, limits, policy)
        found = Config(replace(site, rooms=rooms), broker, store, http, profiles, assistant, tuple(self.warnings))
        return replace(found, profiles_at=profiles_at)

    def zone(self, section: Section) -> ZoneInfo:
        name = section.take("timezone", Text(64, r"[A-Za-z0-9_+/-]+", "a time zone such as Europe/Berlin"), "UTC")
        if "timezone" not in section:
            section.fault("timezone", "nothing", "the key timezone, such as Europe/Berlin")
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, LookupError):
            section.fault("timezone", f"the time zone {name!r}", "one of the IANA time zones, such as Europe/Berlin")
            return ZoneInfo("UTC")

    def broker(self, section: Section) -> BrokerConfig:
        embedded, url = section.take("embedded", Flag(), False), section.take("url", Text(200), "")
        if embedded and url:
            # Whoever names one of the two in the environment takes the place of the other in the file.
            chosen = [key for key in ("embedded", "url") if section.at(key).file.startswith(MARK)]
            if chosen == ["embedded"]:
                return self.here_instead(section)
            embedded = chosen != ["url"]
        if embedded == bool(url) and not len(self.faults):
            found = "both url and embedded: true" if url else "neither url nor embedded: true"
            self.faults.add(section.place, found, "url: mqtt://host:1883, or embedded: true")
        found_port = section.get("port")
        if found_port is not None and not embedded and found_port.place.file.startswith(MARK) == section.at("url").file.startswith(MARK):
            section.fault("port", "a port beside a url", "the port in the url: mqtt://host:port")
        broker = BrokerConfig(
            embedded, section.take("port", Whole(0, 65535), 1883), url, section.take("username", Text(120), None),
            self.secret(section, "broker"), self.file(section, "ca_file"),
            self.file(section, "client_cert"), self.file(section, "client_key"),
        )  # fmt: skip
        try:
            broker.settings()
        except Invalid as error:
            for where, value, wanted in error.faults:
                section.fault(where.removeprefix("broker."), repr(value), wanted)
        return broker

    def here_instead(self, section: Section) -> BrokerConfig:
        """The embedded broker in place of the one in the file, whose account and certificates are nothing to it."""
        for key in ("username", "password", "password_file", "ca_file", "client_cert", "client_key"):
            section.get(key)
        return BrokerConfig(True, section.take("port", Whole(0, 65535), 1883))

    def store(self, section: Section) -> StoreConfig:
        url, password = section.take("url", Text(400)), self.secret(section, "store")
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("none:")
        inline = parts.password is not None
        written = section.get("url")
        if url == "-" and written is None:
            return StoreConfig(url)
        if inline and written is not None and not written.place.file.startswith(MARK):
            section.fault("url", "a password in the url", f"the url without it, and password_file (or {MARK}STORE__PASSWORD)")
        if parts.scheme == "sqlite" and url.startswith("sqlite:///"):
            name = url.removeprefix("sqlite:///")
            return StoreConfig(f"sqlite:///{self.folder / name}" if name and name != ":memory:" else url)
        if parts.scheme != "postgresql+psycopg" or not parts.hostname:
            section.fault("url", "another kind of store", "sqlite:///file, or postgresql+psycopg://user@host/database")
        elif password is not None and not inline:
            user = parts.username or "ambiance"
            url = url.replace(f"//{parts.netloc}", f"//{user}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}", 1)
        return StoreConfig(url)

    def http(self, section: Section) -> HttpConfig:
        http = HttpConfig(
            section.take("host", Text(253, r"[A-Za-z0-9.:_-]+", "an address or host name to listen on"), "127.0.0.1"),
            section.take("port", Whole(0, 65535), 8080),
            self.file(section, "certificate"), self.file(section, "key"), section.take("trusted_proxies", ListOf(Text(64)), ()),
            section.take("hosts", ListOf(Text(253, r"[a-zA-Z0-9.-]+", "a host name")), ()),
            self.file(section, "authority"),
        )  # fmt: skip
        for proxy in http.trusted_proxies:
            try:
                ip_network(proxy)
            except ValueError:
                section.fault("trusted_proxies", repr(proxy), "addresses or networks, such as 10.0.0.5 or 10.0.0.0/24")
        if (http.certificate is None) != (http.key is None):
            section.fault("certificate", "a certificate without its key, or a key without its certificate", "both certificate and key")
        if not _loopback(http.host) and http.certificate is None and not http.trusted_proxies:
            section.fault(
                "host", f"{http.host}, which others can reach, without TLS",
                "127.0.0.1; or certificate and key; or trusted_proxies, the addresses of the proxy that speaks TLS for us",
            )  # fmt: skip
        return http

    def secret(self, section: Section, name: str) -> str | None:
        """A password from its file or the environment; one written into config.yaml is refused."""
        written, path = section.get("password"), self.file(section, "password_file")
        cure = f"password_file: a file with it, or {MARK}{name.upper()}__PASSWORD in the environment"
        if written is not None and not written.place.file.startswith(MARK):
            section.fault("password", "a password in this file", cure)
        if written is not None:
            return str(self.env.get(f"{MARK}{name.upper()}__PASSWORD", ""))
        if path is None:
            return None
        try:
            text = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "not UTF-8"
            section.fault("password_file", f"{path}, which cannot be read ({why})", "a file that holds the password and nothing else")
            return None
        if not text or len(text) > 1000 or "\n" in text:
            section.fault(
                "password_file", f"{path} with no password, or more than one line", "a file that holds the password and nothing else"
            )
        elif Path(path).stat().st_mode & 0o077:
            self.warn(section.at("password_file"), f"{path} can be read by others on this machine; chmod 600 it")
        return text

    def file(self, section: Section, key: str) -> str | None:
        name = section.take(key, _PATH, None)
        return None if name is None else str(self.folder / name)

    def warn(self, place: Place, text: str) -> None:
        self.warnings.append(f"{place}: {text}")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
