"""Browsers in which somebody signed in: 30 minutes without a request end it, twelve hours end it anyway."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from ambiance.clock import Instant
from ambiance.errors import StoreUnavailable, Unknown
from ambiance.panel.identity.caller import Caller
from ambiance.panel.identity.secrets import csrf, digest, fresh, id_of
from ambiance.session.database import trouble, writing
from ambiance.session.rows import shape
from ambiance.session.tables import signins, staff

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
NOTED = timedelta(minutes=1)
"""How exactly it is remembered when a browser was last seen."""


@dataclass(frozen=True, slots=True)
class Signin:
    """One browser of one person."""

    id: str
    staff: str
    name: str
    began_at: Instant
    seen_at: Instant
    source: str


class Signins:
    """The sign-ins of one site. Every method may block; raises StoreUnavailable."""

    def __init__(self, engine: sa.Engine, site: str) -> None:
        self._engine, self._site = engine, site

    def begin(self, person: str, source: str, room: str | None, now: Instant, instead: str | None = None) -> tuple[str, str]:
        """Its id and the cookie's secret, both new; the sign-in this browser had before (`instead`, its secret) ends.

        `room` is that of the tablet it happens at: who signs in there sees and changes that room only.
        """
        id, secret = id_of("s"), fresh()
        row = {"site": self._site, "id": id, "digest": digest(secret), "staff": person, "began_at": now, "seen_at": now}
        with writing(self._engine) as connection:
            connection.execute(sa.delete(signins).where(signins.c.site == self._site, self._over(now)))
            if instead is not None:
                connection.execute(sa.delete(signins).where(signins.c.site == self._site, signins.c.digest == digest(instead)))
            connection.execute(sa.insert(signins), {**row, "proven_at": now, "source": source[:80], "room": room})
        return id, secret

    def check(self, secret: str, now: Instant) -> Caller | None:
        """Who signed in with this cookie; None for nobody, or no longer. Notes that the browser was seen."""
        columns = (signins.c.id, signins.c.staff, signins.c.proven_at, signins.c.seen_at, signins.c.room, staff.c.name, staff.c.role)
        both = signins.join(staff, (staff.c.site == signins.c.site) & (staff.c.id == signins.c.staff))
        mine = (signins.c.site == self._site) & (signins.c.digest == digest(secret))
        with trouble(), self._engine.connect() as connection:
            row = connection.execute(sa.select(*columns).select_from(both).where(mine, ~self._over(now))).mappings().one_or_none()
        if row is None:
            return None
        if now - row["seen_at"] >= NOTED:
            with suppress(StoreUnavailable), writing(self._engine) as connection:  # a full disk signs nobody out
                connection.execute(sa.update(signins).where(mine).values(seen_at=now))
        return Caller(row["id"], row["role"], row["room"], row["name"], "staff", csrf(secret), row["staff"], row["proven_at"])

    def proven(self, id: str, now: Instant) -> None:
        """The PIN was typed again."""
        with writing(self._engine) as connection:
            connection.execute(sa.update(signins).where(signins.c.site == self._site, signins.c.id == id).values(proven_at=now))

    def all(self, now: Instant, person: str | None = None) -> Sequence[Signin]:
        """Everybody's, or one person's; the newest first."""
        columns = [signins.c[name] for name in ("id", "staff", "began_at", "seen_at", "source")]
        both = signins.join(staff, (staff.c.site == signins.c.site) & (staff.c.id == signins.c.staff))
        where = (signins.c.site == self._site) & ~self._over(now)
        if person is not None:
            where &= signins.c.staff == person
        query = sa.select(*columns, staff.c.name).select_from(both).where(where).order_by(signins.c.began_at.desc())
        with trouble(), self._engine.connect() as connection:
            return [shape(Signin).validate_python(dict(row)) for row in connection.execute(query).mappings()]

    def end(self, id: str, person: str | None = None) -> None:
        """Nobody gets in with it any more. Raises Unknown, also for one of somebody else than `person`."""
        where = (signins.c.site == self._site) & (signins.c.id == id)
        if person is not None:
            where &= signins.c.staff == person
        with writing(self._engine) as connection:
            if not connection.execute(sa.delete(signins).where(where)).rowcount:
                raise Unknown("sign-in", id)

    def standing(self, now: Instant) -> frozenset[str]:
        """The ids of all that are still good."""
        query = sa.select(signins.c.id).where(signins.c.site == self._site, ~self._over(now))
        with trouble(), self._engine.connect() as connection:
            return frozenset(connection.execute(query).scalars())

    def _over(self, now: Instant) -> sa.ColumnElement[bool]:
        return (signins.c.seen_at <= now - IDLE) | (signins.c.began_at <= now - LONGEST)
