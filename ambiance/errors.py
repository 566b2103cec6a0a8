"""Everything that can be refused or go wrong, each with its sentence: place, value, cure.

The HTTP and MQTT doors turn `status` and `type` into their answers; nobody formats an error anywhere else.
"""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass


def trace(error: BaseException) -> str:
    """The kind of an error and the places it came through: never its words, in which there may be anything."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join([type(error).__name__, *(f"{frame.name}:{frame.filename}:{frame.lineno}" for frame in reversed(frames))])


class AmbianceError(Exception):
    """The root of every error this program raises on purpose."""

    status = 500
    type = "error"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an author wrote a value: file, line (from 1) and the path of keys to it."""

    file: str
    line: int
    path: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path}" if self.path else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with what somebody wrote."""

    place: Place
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.place}: found {self.found}; wanted {self.wanted}"


class FileError(AmbianceError):
    """A file cannot be used; lists every fault of it in one go, each with file and line."""

    status = 422
    type = "file-invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class ProfileError(FileError):
    """A setting, plan, profile or menu cannot be used."""

    type = "profile-invalid"


class ConfigError(FileError):
    """The site's configuration cannot be used."""

    type = "config-invalid"


class Invalid(AmbianceError):
    """A request cannot be understood; names the path of each fault and what would do."""

    status = 422
    type = "invalid"

    def __init__(self, *faults: tuple[str, object, str]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{path}: found {_short(found)}; wanted {wanted}" for path, found, wanted in faults))


class NotUnderstood(AmbianceError):
    """What a device said makes no sense, or is a refusal of its own; `reason` is already short and printable."""

    status = 422
    type = "not-understood"

    def __init__(self, reason: str) -> None:
        super().__init__(f"payload: {reason}")


class Unknown(AmbianceError):
    """What a request names does not exist here."""

    status = 404
    type = "not-found"

    def __init__(self, kind: str, name: str, known: Sequence[str] = ()) -> None:
        cure = f"; known: {', '.join(known)}" if known else ""
        super().__init__(f"there is no {kind} {_short(name)}{cure}")


class NotOffered(AmbianceError):
    """A treatment that this setting or length does not offer, with the reason."""

    status = 422
    type = "not-offered"

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what} is not offered: {reason}")


class Conflict(AmbianceError):
    """Legal in itself, but not now: says what the present state is."""

    status = 409
    type = "conflict"

    def __init__(self, detail: str, **extra: object) -> None:
        self.extra = extra
        super().__init__(detail)


class RoomBusy(Conflict):
    """The room has another session then; names it and its time."""

    type = "busy"

    def __init__(self, room: str, session: str, since: str, until: str) -> None:
        super().__init__(f"{room} is taken by session {session} from {since} until {until}; choose another time or room", session=session)


class IllegalMove(Conflict):
    """The verb does not fit the present state, which it says."""

    type = "illegal-move"

    def __init__(self, verb: str, state: str, legal: Sequence[str] = ()) -> None:
        cure = f"; possible now: {', '.join(legal)}" if legal else ""
        super().__init__(f"cannot {verb} while {state}{cure}", state=state)


class NotAirable(Conflict):
    """The room is not aired for this session in time; says from when on it is, and what else there is to choose."""

    type = "not-airable"

    def __init__(self, room: str, scent_free_from: str, options: Sequence[object] = ()) -> None:
        super().__init__(
            f"{room} still holds scent that this session cannot have; it is clear from {scent_free_from}: wait, or use another room",
            scent_free_from=scent_free_from,
            options=list(options),
        )


class KeyReused(AmbianceError):
    """An idempotency key came back with another body."""

    status = 422
    type = "key-reused"

    def __init__(self, name: str = "Idempotency-Key", key: str = "", within: str = "24 h") -> None:
        which = _short(key) if key else "of this request"
        super().__init__(f"{name} {which} was used for another request within {within}; use a new one")


class NotSignedIn(AmbianceError):
    """No valid token, sign-in or paired screen came with the request."""

    status = 401
    type = "not-signed-in"

    def __init__(self) -> None:
        ways = "sign in at /login, or send 'Authorization: Bearer …' with what `ambiance token create` makes"
        super().__init__(f"no valid token or sign-in: {ways}; commands take it from AMBIANCE_TOKEN")


class NotAllowed(AmbianceError):
    """The caller is known, but the role or room does not reach this."""

    status = 403
    type = "not-allowed"

    def __init__(self, role: str, what: str) -> None:
        super().__init__(f"role {role} may not {what}; ask somebody whose role may")


class TooMany(AmbianceError):
    """More writes a second than a token is given."""

    status = 429
    type = "too-many-requests"

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} writes in a second with this token; wait a second")


class StoreUnavailable(AmbianceError):
    """The database cannot take a change now; rooms go on, new wishes wait."""

    status = 503
    type = "store-unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the store cannot save now ({reason}); running rooms go on, try again in a few seconds")


class Superseded(AmbianceError):
    """Another controller took this site over; nothing this one still wants to save is accepted."""

    status = 503
    type = "superseded"

    def __init__(self, site: str, ours: int, found: int) -> None:
        super().__init__(
            f"another controller has taken over site {site} (epoch {found}, ours is {ours}); "
            "nothing more is saved here: stop this one, or start it again to take the site back"
        )


class StoreDamaged(AmbianceError):
    """The database file is not sound; it is kept aside and not run on."""

    type = "store-damaged"

    def __init__(self, path: str, aside: str) -> None:
        super().__init__(f"{path} is damaged and was kept as {aside}; restore a backup to {path}, or start again without it")


class StoreTooNew(AmbianceError):
    """The database was written by a later version of this program."""

    type = "store-too-new"

    def __init__(self, found: str, known: str) -> None:
        super().__init__(f"the store is at revision {found}, this program knows {known}; run the newer version, or restore a backup")


class BrokerRefused(AmbianceError):
    """The MQTT broker does not let us in; says why and where to look."""

    type = "broker-refused"

    def __init__(self, url: str, reason: str, cure: str = "check broker.username, broker.password_file and its certificate") -> None:
        super().__init__(f"broker {url} refused the connection ({reason}); {cure}")


class BrokerUnreachable(AmbianceError):
    """No MQTT broker answers where the configuration says; says what was tried."""

    type = "broker-unreachable"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"no broker answers at {url} ({reason}); start it, or correct broker.url")


class SourceLost(AmbianceError):
    """A room's music player does not answer its agent; the room stays silent until it does."""

    type = "source-lost"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the player does not answer ({reason}); check that MPD runs and that --mpd names it")


class ControllerUnreachable(AmbianceError):
    """No controller answers at AMBIANCE_URL."""

    type = "controller-unreachable"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"no controller answers at {url} ({reason}); start one with `ambiance run`, or set AMBIANCE_URL")


class Refused(AmbianceError):
    """A running controller refused a request; carries its answer."""

    type = "refused"

    def __init__(self, status: int, kind: str, detail: str) -> None:
        self.status, self.type = status, kind
        super().__init__(detail)


def _short(value: object) -> str:
    """At most 80 printable characters of a value, so that an answer cannot be flooded or coloured by its request."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
