"""Paired screens: a browser at the desk that stays signed in, a tablet that belongs to one room.

A screen is paired with a short code that works once and for five minutes. Its cookie is renewed every day; the one before is
good until the new one comes back, so a lost answer locks nobody out, and a stolen copy dies with the next renewal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from ambiance.clock import Instant
from ambiance.errors import Invalid, StoreUnavailable, Unknown
from ambiance.panel.identity.audit import Audit
from ambiance.panel.identity.caller import Caller
from ambiance.panel.identity.secrets import code, digest, fresh, id_of, typed
from ambiance.panel.refusals import WrongCode
from ambiance.session.database import trouble, writing
from ambiance.session.rows import shape
from ambiance.session.tables import pairings, screens

PAIRING = timedelta(minutes=5)
RENEWED = timedelta(days=1)
UNSEEN = timedelta(days=30)
"""A screen nobody opened for so long is no longer one of ours."""


@dataclass(frozen=True, slots=True)
class Screen:
    """One paired browser; without a room it is a desk."""

    id: str
    room: str | None
    name: str
    paired_at: Instant
    paired_by: str
    renewed_at: Instant


class Screens:
    """The screens of one site. Every method may block; raises StoreUnavailable."""

    def __init__(self, engine: sa.Engine, site: str, audit: Audit) -> None:
        self._engine, self._site, self._audit = engine, site, audit

    def offer(self, room: str | None, name: str, by: str, now: Instant, good_for: timedelta = PAIRING) -> tuple[str, Instant]:
        """A code to be typed on the new screen, and until when. Raises Invalid for a name that cannot be."""
        if len(name) > 80 or not name.isprintable():
            raise Invalid(("name", name, "at most 80 printable characters"))
        made, until = code(), now + good_for
        row = {"site": self._site, "digest": digest(typed(made)), "room": room, "name": name, "made_by": by[:200], "expires_at": until}
        with writing(self._engine) as connection:
            connection.execute(sa.delete(pairings).where(pairings.c.site == self._site, pairings.c.expires_at <= now))
            connection.execute(sa.insert(pairings), row)
            self._audit.within(connection, now, by, "pairing-offered", name, {}, {"room": room})
        return made, until

    def pair(self, given: str, now: Instant) -> tuple[Screen, str]:
        """The new screen and its cookie's secret. Raises WrongCode."""
        mine = (pairings.c.site == self._site) & (pairings.c.digest == digest(typed(given)))
        with writing(self._engine) as connection:
            offered = connection.execute(sa.select(pairings).where(mine, pairings.c.expires_at > now).with_for_update()).one_or_none()
            if offered is None or not connection.execute(sa.delete(pairings).where(mine)).rowcount:
                raise WrongCode("code")
            secret = fresh()
            screen = Screen(id_of("b"), offered.room, offered.name or offered.room or "Desk", now, offered.made_by, now)
            row: dict[str, object] = {"id": screen.id, "room": screen.room, "name": screen.name, "paired_by": screen.paired_by}
            row |= {"site": self._site, "digest": digest(secret), "previous": None, "csrf": fresh(), "paired_at": now, "renewed_at": now}
            connection.execute(sa.insert(screens), row)
            self._audit.within(connection, now, offered.made_by, "screen-paired", _called(screen), {}, {"room": screen.room})
        return screen, secret

    def check(self, secret: str, now: Instant) -> tuple[Caller, str | None] | None:
        """Which screen this is, and the new secret of its cookie where one is due; None for none of ours, or no longer."""
        held = digest(secret)
        mine = (screens.c.site == self._site) & ((screens.c.digest == held) | (screens.c.previous == held))
        with trouble(), self._engine.connect() as connection:
            row = connection.execute(sa.select(screens).where(mine, screens.c.renewed_at > now - UNSEEN)).mappings().one_or_none()
        if row is None:
            return None
        known = (screens.c.site == self._site) & (screens.c.id == row["id"]) & (screens.c.digest == row["digest"])
        renewed: str | None = None
        change: dict[str, object] = {}
        if row["digest"] == held and row["previous"] is not None:
            change["previous"] = None
        if now - row["renewed_at"] >= RENEWED or (row["digest"] != held and now - row["renewed_at"] >= PAIRING):
            renewed = fresh()  # due; or the answer with the newest was lost, and the one before is still all the screen has
            change |= {"digest": digest(renewed), "previous": held, "renewed_at": now}
        if change:
            try:
                with writing(self._engine) as connection:
                    if not connection.execute(sa.update(screens).where(known).values(**change)).rowcount:
                        renewed = None  # another request of the same screen was first
            except StoreUnavailable:
                renewed = None  # a full disk stops no screen: the cookie it has stays good
        role = "desk" if row["room"] is None else "room"
        return Caller(row["id"], role, row["room"], row["name"], "screen", row["csrf"]), renewed

    def all(self) -> Sequence[Screen]:
        """Every screen, by room and name."""
        columns = [screens.c[name] for name in ("id", "room", "name", "paired_at", "paired_by", "renewed_at")]
        query = sa.select(*columns).where(screens.c.site == self._site).order_by(screens.c.room, screens.c.name, screens.c.id)
        with trouble(), self._engine.connect() as connection:
            return [shape(Screen).validate_python(dict(row)) for row in connection.execute(query).mappings()]

    def revoke(self, id: str, by: str, now: Instant) -> None:
        """The screen gets in no more. Raises Unknown."""
        found = next((screen for screen in self.all() if screen.id == id), None)
        with writing(self._engine) as connection:
            gone = connection.execute(sa.delete(screens).where(screens.c.site == self._site, screens.c.id == id)).rowcount
            if found is None or not gone:
                raise Unknown("screen", id)
            self._audit.within(connection, now, by, "screen-revoked", _called(found), {"room": found.room}, {})

    def standing(self, now: Instant) -> frozenset[str]:
        """The ids of all that are still good."""
        query = sa.select(screens.c.id).where(screens.c.site == self._site, screens.c.renewed_at > now - UNSEEN)
        with trouble(), self._engine.connect() as connection:
            return frozenset(connection.execute(query).scalars())


def _called(screen: Screen) -> str:
    return f"{screen.name} ({screen.id})"
