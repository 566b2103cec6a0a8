"""Who may speak to the controller: API tokens, of which only the SHA-256 is kept."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, get_args

import sqlalchemy as sa

from ambiance.clock import Instant
from ambiance.errors import Invalid, Unknown
from ambiance.session.database import migrate, trouble, writing
from ambiance.session.rows import shape
from ambiance.session.sql import SqlStore
from ambiance.session.tables import tokens
from ambiance.site import SLUG
from ambiance.units import Seconds

Role = Literal["desk", "therapist", "room", "integration", "manager"]
ROLES: tuple[Role, ...] = get_args(Role)

FRESH: Seconds = 1.0
"""A revoked token is good for at most this much longer."""
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Token:
    """Somebody or something that may sign in. `room` binds it to one room: always for the role `room`, never otherwise."""

    id: str
    role: Role
    room: str | None
    name: str
    created_at: Instant


class Tokens:
    """The tokens of one site, in the store's database. `store` need not be loaded; every method may block, if rarely."""

    def __init__(self, store: SqlStore, monotonic: Callable[[], Seconds] = time.monotonic) -> None:
        self._engine, self._site = store.engine, store.site
        self._monotonic = monotonic
        self._known: dict[str, tuple[Token, Seconds]] = {}

    def create(self, role: str, now: Instant, room: str | None = None, name: str = "") -> str:
        """A new secret of 192 random bits, to be shown once: `ambiance_desk_…`. Makes the tables if there are none yet.

        Raises Invalid for an unknown role, a token for a room without one (or the reverse), or a name over 80 characters;
        StoreTooNew, StoreUnavailable.
        """
        _check(role, room, name)
        migrate(self._engine)
        secret = f"ambiance_{role}_{secrets.token_urlsafe(24)}"
        values = {
            "site": self._site,
            "id": secrets.token_hex(6),
            "digest": _digest(secret),
            "role": role,
            "room": room,
            "name": name,
            "created_at": now,
        }
        with writing(self._engine) as connection:
            connection.execute(sa.insert(tokens), values)
        return secret

    def check(self, secret: str) -> Token | None:
        """Whose secret this is; None if nobody's, or no longer anybody's for a second. Raises StoreUnavailable."""
        digest, now = _digest(secret), self._monotonic()
        known = self._known.get(digest)
        if known is not None and now - known[1] < FRESH:
            return known[0]
        (found,) = self._rows(tokens.c.digest == digest) or (None,)
        if found is None:
            self._known.pop(digest, None)
            return None
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[digest] = (found, now)
        return found

    def recall(self, secret: str) -> Token | None:
        """Whose secret this is, if that was looked up within the last second; never blocks."""
        known = self._known.get(_digest(secret))
        return known[0] if known is not None and self._monotonic() - known[1] < FRESH else None

    def revoke(self, id: str) -> None:
        """Nobody gets in with it from now on (elsewhere: within a second). Raises Unknown, StoreUnavailable."""
        with writing(self._engine) as connection:
            gone = connection.execute(sa.delete(tokens).where(tokens.c.site == self._site, tokens.c.id == id)).rowcount
        self._known.clear()
        if not gone:
            raise Unknown("token", id)

    def all(self) -> Sequence[Token]:
        """Every token, oldest first. Raises StoreUnavailable."""
        return self._rows(sa.true())

    def standing(self) -> frozenset[str]:
        """The ids of all tokens. Raises StoreUnavailable."""
        with trouble(), self._engine.connect() as connection:
            return frozenset(connection.execute(sa.select(tokens.c.id).where(tokens.c.site == self._site)).scalars())

    def _rows(self, where: sa.ColumnElement[bool]) -> tuple[Token, ...]:
        columns = [tokens.c[name] for name in ("id", "role", "room", "name", "created_at")]
        query = sa.select(*columns).where(tokens.c.site == self._site, where).order_by(tokens.c.created_at, tokens.c.id)
        with trouble(), self._engine.connect() as connection:
            return tuple(_token_of(dict(row)) for row in connection.execute(query).mappings())


def create(store_url: str, site: str, role: str, now: Instant, room: str | None = None, name: str = "") -> str:
    """Write a token straight into a site's database; a controller that is running on it sees it at once. Raises as `Tokens.create`."""
    store = SqlStore(store_url, site)
    try:
        return Tokens(store).create(role, now, room, name)
    finally:
        store.close()


def _token_of(row: dict[str, Any]) -> Token:
    return shape(Token).validate_python(row)


def _check(role: str, room: str | None, name: str) -> None:
    if role not in ROLES:
        raise Invalid(("role", role, f"one of {', '.join(ROLES)}"))
    if role == "room" and (room is None or not SLUG.fullmatch(room)):
        raise Invalid(("room", room, "the id of the room this token is for"))
    if role != "room" and room is not None:
        raise Invalid(("room", room, f"no room for role {role}: only role room is bound to one"))
    if len(name) > 80 or not name.isprintable():
        raise Invalid(("name", name, "at most 80 printable characters"))


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
