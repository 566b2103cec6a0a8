"""Looking back: what the store still knows of sessions that were, for reports and logs."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from hashlib import blake2s
from typing import Any

import sqlalchemy as sa

from ambiance.clock import Instant
from ambiance.session import rows, tables
from ambiance.session.database import trouble
from ambiance.session.model import Course, DoseRow, News, Session, SessionState
from ambiance.session.sheets import Sheets
from ambiance.session.sql import SqlStore

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 and O, no 1, I and L, no U: what is copied by hand comes back as it was."""
LONGEST = timedelta(hours=26)
"""No session lasts longer than this."""
_UNPLAYED = (SessionState.SCHEDULED.value, SessionState.CANCELLED.value)

Place = tuple[Instant, str]
"""Where a page ended: when its last session was to start, and its id."""


def report_code(session: str) -> str:
    """Seven characters that stand for a session in somebody else's records: always the same, and nothing can be read from them."""
    number = int.from_bytes(blake2s(session.encode(), digest_size=8, person=b"report").digest(), "big")
    letters = []
    for _ in range(7):
        number, rest = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[rest])
    return "".join(letters)


class Past:
    """Reads beside the store, in its database. Every method may block and raises StoreUnavailable."""

    def __init__(self, store: SqlStore) -> None:
        self._store, self._engine, self._site = store, store.engine, store.site

    def doses(self, session: str) -> Sequence[DoseRow]:
        """The doses one session gave."""
        return self._store.doses(session)

    def course(self, id: str) -> Course | None:
        """What is kept of a course."""
        return self._store.course(id)

    def run_since_refill(self, room: str, device: str) -> float:
        """Seconds a diffuser has run by its doses since it was last refilled, or as long as anything is known of it."""
        news, doses = tables.news, tables.doses
        refills = sa.select(news).where(news.c.site == self._site, news.c.room == room, news.c.type == "diffuser_refilled")
        with trouble(), self._engine.connect() as connection:
            told = [_news(row) for row in connection.execute(refills).mappings()]
            at = [each.at for each in told if each.details.get("device") == device]
            given = sa.select(doses.c.began_at, doses.c.ended_at).where(
                doses.c.site == self._site, doses.c.room == room, doses.c.device == device, doses.c.ended_at.is_not(None)
            )
            found = connection.execute(given.where(doses.c.began_at >= max(at)) if at else given).all()
        return float(sum((row.ended_at - row.began_at).total_seconds() for row in found))

    def news_of(self, session: str, room: str, since: Instant, until: Instant) -> Sequence[News]:
        """What happened to a session, and to its room and its house meanwhile, oldest first."""
        table = tables.news
        meanwhile = table.c.session.is_(None) & table.c.at.between(since, until) & (table.c.room.is_(None) | (table.c.room == room))
        query = sa.select(table).where(table.c.site == self._site, (table.c.session == session) | meanwhile).order_by(table.c.seq)
        with trouble(), self._engine.connect() as connection:
            found = connection.execute(query).mappings().all()
        return [_news(row) for row in found]

    def played(
        self, since: Instant, until: Instant, after: Place | None = None, limit: int = 100
    ) -> tuple[Sequence[Session], Place | None]:
        """Sessions that may have played between two instants, by their start, a page at a time.

        Also where the page ended; None where nothing follows. A row that makes no sense is left out.
        """
        table = tables.sessions
        where = (table.c.site == self._site) & table.c.starts_at.between(since - LONGEST, until) & table.c.state.not_in(_UNPLAYED)
        if after is not None:
            where &= (table.c.starts_at > after[0]) | ((table.c.starts_at == after[0]) & (table.c.id > after[1]))
        query = sa.select(table).where(where).order_by(table.c.starts_at, table.c.id).limit(limit)
        with trouble(), self._engine.connect() as connection:
            found = connection.execute(query).mappings().all()
        sheets, sessions = Sheets(), []
        for row in found:
            with suppress(ValueError):
                sessions.append(rows.session_of({key: value for key, value in row.items() if key != "site"}, sheets))
        return sessions, (found[-1]["starts_at"], found[-1]["id"]) if len(found) == limit else None

    def called(self, code: str) -> Sequence[str]:
        """The ids of the sessions that go by a report code: none, one, or by a rare chance more."""
        table = tables.sessions
        with trouble(), self._engine.connect() as connection:
            ids = connection.execute(sa.select(table.c.id).where(table.c.site == self._site)).scalars().all()
        return [id for id in ids if report_code(id) == code]


def _news(row: Mapping[Any, Any]) -> News:
    return rows.news_of({key: value for key, value in row.items() if key != "site"})
