"""Forgetting: what is known of guests goes when it has had its time, or when somebody asks for it.

Statements inside somebody else's transaction; the conductor alone decides when.
"""

from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa
from pydantic_core import to_json

from ambiance.clock import Instant
from ambiance.cuesheet.replan import without_needs
from ambiance.session import tables
from ambiance.session.model import KEYS_OF_A_TOKEN, SessionState
from ambiance.session.sheets import Sheets
from ambiance.site import Retention

KEYS_KEPT = timedelta(hours=24)
NEWS_KEPT = 50_000
_LONGEST = timedelta(days=2)
"""No session lasts longer than this."""
_OVER = (SessionState.DONE.value, SessionState.CANCELLED.value)


def erase(connection: sa.Connection, site: str, ids: Collection[str]) -> None:
    """Sessions with everything that hangs on them: care codes, news, doses."""
    if not ids:
        return
    for column in (tables.care.c.session, tables.news.c.session, tables.doses.c.session, tables.sessions.c.id):
        connection.execute(sa.delete(column.table).where(column.table.c.site == site, column.in_(ids)))


def sweep(connection: sa.Connection, site: str, now: Instant, kept: Retention) -> None:
    """Care codes past their time, with the words they left in their sheets; keys over 24 h old, or beyond a token's newest; news
    beyond the newest 50,000."""
    care, keys, news, sessions = tables.care, tables.keys, tables.news, tables.sessions
    ended = sessions.c.ended_at <= now - timedelta(hours=kept.care_hours)
    over = sa.exists().where(sessions.c.site == care.c.site, sessions.c.id == care.c.session, ended)
    past = sa.select(care.c.session).where(care.c.site == site, (care.c.erase_at <= now) | over)
    for id in connection.scalars(past).all():
        _reword(connection, site, id)
        connection.execute(sa.delete(care).where(care.c.site == site, care.c.session == id))
    newest = sa.select(sa.func.max(news.c.seq)).where(news.c.site == site).scalar_subquery()
    connection.execute(sa.delete(tables.refs).where(tables.refs.c.site == site, tables.refs.c.until <= now))
    connection.execute(sa.delete(keys).where(keys.c.site == site, keys.c.at < now - KEYS_KEPT))
    too_many = sa.func.count() > KEYS_OF_A_TOKEN
    for token in connection.scalars(sa.select(keys.c.token).where(keys.c.site == site).group_by(keys.c.token).having(too_many)).all():
        mine = (keys.c.site == site) & (keys.c.token == token)
        oldest = connection.scalar(sa.select(keys.c.at).where(mine).order_by(keys.c.at.desc()).offset(KEYS_OF_A_TOKEN).limit(1))
        connection.execute(sa.delete(keys).where(mine, keys.c.at <= oldest))
    connection.execute(sa.delete(news).where(news.c.site == site, news.c.seq <= newest - NEWS_KEPT))


def tidy(connection: sa.Connection, site: str, now: Instant, kept: Retention) -> None:
    """Sessions, doses, what aired the rooms and news past their days, and courses that nobody came back to.

    The newest event stays, however old: its number must not be given twice.
    """
    doses, news, sessions, courses = tables.doses, tables.news, tables.sessions, tables.courses
    since = now - timedelta(days=kept.sessions_days)
    ended = sa.func.coalesce(sessions.c.ended_at, sessions.c.starts_at)
    past = sa.select(sessions.c.id).where(sessions.c.site == site, sessions.c.state.in_(_OVER), ended <= since)
    erase(connection, site, connection.scalars(past).all())
    newest = sa.select(sa.func.max(news.c.seq)).where(news.c.site == site).scalar_subquery()
    for given in (doses, tables.air):
        connection.execute(sa.delete(given).where(given.c.site == site, given.c.began_at <= since - _LONGEST))
    connection.execute(sa.delete(news).where(news.c.site == site, news.c.at <= since, news.c.seq < newest))
    gone = courses.c.used_at <= now - timedelta(days=kept.courses_days)
    connection.execute(sa.delete(courses).where(courses.c.site == site, gone))


def _reword(connection: sa.Connection, site: str, id: str) -> None:
    table = tables.sessions
    here = (table.c.site == site) & (table.c.id == id)
    packed = connection.scalar(sa.select(table.c.sheet).where(here))
    connection.execute(sa.update(table).where(here).values(warnings=to_json(()), sheet=reworded(packed or b"")))


def reworded(packed: bytes) -> bytes:
    """A packed sheet without a word of what its guest needed; one that makes no sense is nothing at all."""
    sheets = Sheets()
    try:
        return sheets.pack(without_needs(sheets.unpack(packed)))
    except ValueError:
        return b""
