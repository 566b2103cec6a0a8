"""The audit log: who did what to whom, what was before and what after. Rows are added and never changed; the database refuses it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import sqlalchemy as sa
from pydantic_core import from_json, to_json

from ambiance.clock import Instant
from ambiance.session.database import trouble, writing
from ambiance.session.rows import shape
from ambiance.session.tables import audit

_NUMBERING = 0x617564  # any number of our own: the PostgreSQL lock that lets one row be numbered at a time
Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `who` is a person, a screen, a token or `command line`; `subject` whom or what it was done to."""

    n: int
    at: Instant
    who: str
    what: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]


class Audit:
    """The log of one site."""

    def __init__(self, engine: sa.Engine, site: str) -> None:
        self._engine, self._site = engine, site

    def add(self, at: Instant, who: str, what: str, subject: str = "", before: Said | None = None, after: Said | None = None) -> None:
        """One row in a transaction of its own. Raises StoreUnavailable."""
        with writing(self._engine) as connection:
            self.within(connection, at, who, what, subject, before, after)

    def within(
        self,
        connection: sa.Connection,
        at: Instant,
        who: str,
        what: str,
        subject: str = "",
        before: Said | None = None,
        after: Said | None = None,
    ) -> None:
        """One row in the transaction of the act itself: neither is there without the other."""
        if connection.dialect.name == "postgresql":  # SQLite lets one write at a time anyway
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_NUMBERING, crc32(self._site.encode()) - 2**31)))
        last = connection.scalar(sa.select(sa.func.max(audit.c.n)).where(audit.c.site == self._site)) or 0
        values = {"site": self._site, "n": last + 1, "at": at, "who": who[:200], "what": what, "subject": subject[:200]}
        connection.execute(sa.insert(audit), {**values, "before": to_json(before or {}), "after": to_json(after or {})})

    def newest(self, limit: int = 100, below: int | None = None) -> Sequence[Entry]:
        """The newest rows first; `below` continues an earlier page. Raises StoreUnavailable."""
        columns = [column for column in audit.c if column.name != "site"]
        where = audit.c.site == self._site
        if below is not None:
            where &= audit.c.n < below
        query = sa.select(*columns).where(where).order_by(audit.c.n.desc()).limit(limit)
        with trouble(), self._engine.connect() as connection:
            found = connection.execute(query).mappings().all()
        return [
            shape(Entry).validate_python({**row, "before": from_json(row["before"]), "after": from_json(row["after"])}) for row in found
        ]
