"""The store on SQLite and PostgreSQL: every question to the database is one short function here."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from secrets import token_bytes
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import sqlite

from ambiance.clock import Instant
from ambiance.errors import AmbianceError, RoomBusy, StoreUnavailable, Superseded
from ambiance.session import forgetting, rows, tables
from ambiance.session.database import connect, copy, erasing, ready, trouble, writing
from ambiance.session.model import LIVE, CareRow, Changes, Course, DoseRow, News, RoomRow, Session, SessionState, World
from ambiance.session.sheets import Sheets
from ambiance.site import Retention
from ambiance.units import Seconds

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

KEPT = timedelta(hours=24)
"""How long ended sessions, doses and keys stay in the picture."""
_OPEN = sorted(LIVE | {SessionState.SCHEDULED})
_EPOCH_ZERO = datetime(2020, 1, 1, tzinfo=UTC)
_T = TypeVar("_T")


class SqlStore:
    """Rows of one site in a SQLite file or in PostgreSQL; implements `Store`.

    `patience` is how long a lock is waited for, and half of how long a statement may take. The constructor opens
    nothing. `engine` and `site` are for those who keep rows of their own beside these.
    """

    def __init__(self, url: str, site: str, patience: Seconds = 2.0, kept: Retention | None = None) -> None:
        self.engine = connect(url, patience)
        self.site = site
        self.kept = kept or Retention()
        """How long what is known of guests is kept: from the next sweep on."""
        self._epoch = 0
        self._turn = 0
        self._sheets = Sheets()
        self._upserts = {table.name: self._upsert(table) for table in tables.metadata.tables.values()}
        self._next_turn = _next_turn()

    def load(self, now: Instant, boot_id: str) -> World:
        """Open (migrate if need be), take over with a higher epoch, and return what is remembered.

        The epoch is never below the seconds since 2020: devices that remember the epoch of a lost or newer database still
        listen after a fresh start or a restored backup. Raises StoreDamaged, StoreTooNew, StoreUnavailable.
        """
        ready(self.engine, now)
        with writing(self.engine) as connection, _no_collection():
            before = self._take_over(connection, now, boot_id)
            since = max(now, before.last_instant or now) - KEPT  # a clock that fell back must not call up all of history
            sessions, unreadable = self._remembered(connection, since)
            if unreadable:
                self._close_unreadable(connection, unreadable, now)
            return World(
                epoch=self._epoch,
                seq=connection.scalar(sa.select(sa.func.max(tables.news.c.seq)).where(tables.news.c.site == self.site)) or 0,
                last_instant=before.last_instant,
                host_rebooted=before.boot_id is not None and before.boot_id != boot_id,
                sessions=sessions,
                rooms=self._all(connection, tables.rooms, sa.true(), partial(_room_or_bare, sheets=Sheets()), tables.rooms.c.room),
                doses=self._all(connection, tables.doses, _not_ended_before(tables.doses, since), rows.dose_of, tables.doses.c.began_at),
                air=self._all(connection, tables.air, _not_ended_before(tables.air, since), rows.air_of, tables.air.c.began_at),
                keys=self._all(connection, tables.keys, tables.keys.c.at >= since, rows.key_of),
                courses=self._all(connection, tables.courses, sa.true(), rows.course_of),
                drills=self._all(connection, tables.drills, sa.true(), rows.drill_of, tables.drills.c.kind),
                care=self._all(connection, tables.care, tables.care.c.session.in_(self._open_ids()), rows.care_of),
                refs=self._all(connection, tables.refs, tables.refs.c.until > now, rows.ref_of),
                playlist_key=before.playlist_key,
                unreadable=unreadable,
            )

    def save(self, changes: Changes) -> None:
        """Write all or nothing, in one immediate transaction; saving the same changes twice leaves the same rows.

        Raises RoomBusy where a room would get a second live session, StoreUnavailable where nothing can be written now,
        Superseded where another controller has taken the site over.
        """
        if not changes:
            return
        sheets = self._sheets
        sessions = list({session.id: session for session in changes.sessions}.values())
        sessions.sort(key=lambda session: session.state in LIVE)  # what makes room first: the index looks at every row as it comes
        batches: list[tuple[sa.Table, list[rows.Values]]] = [
            (tables.sessions, [rows.session_values(session, sheets) for session in sessions]),
            (tables.rooms, [rows.room_values(room, sheets) for room in changes.rooms]),
            (tables.doses, [rows.dose_values(dose) for dose in changes.doses]),
            (tables.drills, [rows.drill_values(drill) for drill in changes.drills]),
            (tables.air, [rows.air_values(row) for row in changes.air]),
            (tables.care, [rows.care_values(care) for care in changes.care]),
            (tables.courses, [rows.course_values(course) for course in changes.courses if not course.erased]),
            (tables.refs, [rows.ref_values(ref) for ref in changes.refs if ref.codes is not None]),
            (tables.keys, [rows.key_values(key) for key in changes.keys]),
            (tables.news, [rows.news_values(news) for news in changes.news]),
        ]
        try:
            with (erasing if changes.erased else writing)(self.engine) as connection:
                self._keep_turn(connection, changes.instant)
                self._step_aside(connection, sessions)
                for table, values in batches:
                    self._put(connection, table, values)
                forgetting.erase(connection, self.site, changes.erased)
                self._drop_courses(connection, [course.id for course in changes.courses if course.erased])
                if used := [ref.ref for ref in changes.refs if ref.codes is None]:
                    connection.execute(sa.delete(tables.refs).where(tables.refs.c.site == self.site, tables.refs.c.ref.in_(used)))
        except exc.IntegrityError:
            self._say_who_is_there(sessions)
            raise
        except StoreUnavailable as error:
            if not self._landed(error):
                raise
        self._turn += 1

    def news_since(self, seq: int, limit: int = 1000) -> Sequence[News]:
        """News after `seq`, oldest first. Raises StoreUnavailable."""
        news = tables.news
        return self._ask(news, news.c.seq > seq, rows.news_of, news.c.seq, limit)

    def sessions(self, room: str | None = None, limit: int = 500) -> Sequence[Session]:
        """Live and past sessions, newest first. Raises StoreUnavailable."""
        table = tables.sessions
        where = table.c.state != SessionState.SCHEDULED.value
        if room is not None:
            where &= table.c.room == room
        return self._ask(table, where, _sessions_of(), table.c.starts_at.desc(), limit)

    def session(self, id: str) -> Session | None:
        """One session, however old. Raises StoreUnavailable."""
        return next(iter(self._ask(tables.sessions, tables.sessions.c.id == id, _sessions_of())), None)

    def doses(self, session: str) -> Sequence[DoseRow]:
        """The doses one session gave, in order. Raises StoreUnavailable."""
        return self._ask(tables.doses, tables.doses.c.session == session, rows.dose_of, tables.doses.c.began_at)

    def care(self, session: str) -> CareRow | None:
        """What a session's guest needs, while it is kept. Raises StoreUnavailable."""
        return next(iter(self._ask(tables.care, tables.care.c.session == session, rows.care_of)), None)

    def course(self, id: str) -> Course | None:
        """What is kept of a course. Raises StoreUnavailable."""
        return next(iter(self._ask(tables.courses, tables.courses.c.id == id, rows.course_of)), None)

    def sweep(self, now: Instant) -> None:
        """Erase care past its time, keys over 24 h old, news beyond the newest 50,000.

        On SQLite the erased bytes are overwritten, in the file and in its log. Raises StoreUnavailable.
        """
        with erasing(self.engine) as connection:
            forgetting.sweep(connection, self.site, now, self.kept)

    def tidy(self, now: Instant) -> None:
        """Erase sessions, doses, news and courses past their days, overwritten as in `sweep`. Raises StoreUnavailable."""
        with erasing(self.engine) as connection:
            forgetting.tidy(connection, self.site, now, self.kept)

    def backup(self, path: Path) -> None:
        """A copy of the SQLite file, made while it is in use, without care, keys and tokens. Raises StoreUnavailable."""
        copy(self.engine, path)

    def healthy(self) -> bool:
        """Whether a trivial read works now."""
        try:
            with trouble(), self.engine.connect() as connection:
                return connection.scalar(sa.select(tables.sites.c.epoch).where(tables.sites.c.site == self.site)) is not None
        except (AmbianceError, exc.SQLAlchemyError):
            return False

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def _take_over(self, connection: sa.Connection, now: Instant, boot_id: str) -> sa.Row[Any]:
        table, mine = tables.sites, tables.sites.c.site == self.site
        fresh = {"site": self.site, "epoch": 0, "turn": 0, "playlist_key": token_bytes(32)}
        connection.execute(self._insert(table).on_conflict_do_nothing(), fresh)
        before = connection.execute(sa.select(table).where(mine).with_for_update()).one()
        self._epoch = max(before.epoch + 1, (now - _EPOCH_ZERO) // timedelta(seconds=1))
        self._turn = before.turn
        connection.execute(sa.update(table).where(mine), {"epoch": self._epoch, "boot_id": boot_id})
        return before

    def _keep_turn(self, connection: sa.Connection, instant: Instant | None) -> None:
        """One row proves that nobody else wrote since: only the holder of the newest epoch knows the turn."""
        values = {"ours": self.site, "held": self._epoch, "known": self._turn, "turn": self._turn + 1, "instant": instant}
        if connection.execute(self._next_turn, values).rowcount != 1:
            found = connection.scalar(sa.select(tables.sites.c.epoch).where(tables.sites.c.site == self.site))
            raise Superseded(self.site, self._epoch, found or 0)

    def _landed(self, error: StoreUnavailable) -> bool:
        """Whether a save whose connection died was committed all the same: unknown is not failed."""
        if not getattr(error.__cause__, "connection_invalidated", False):
            return False
        table = tables.sites
        with suppress(StoreUnavailable, exc.SQLAlchemyError), trouble(), self.engine.connect() as connection:
            found = connection.execute(sa.select(table.c.epoch, table.c.turn).where(table.c.site == self.site)).one()
            return tuple(found) == (self._epoch, self._turn + 1)
        return False  # if it was, the next save finds another turn and is refused: then only a new start knows the truth

    def _drop_courses(self, connection: sa.Connection, ids: Sequence[str]) -> None:
        if ids:
            connection.execute(sa.delete(tables.courses).where(tables.courses.c.site == self.site, tables.courses.c.id.in_(ids)))

    def _step_aside(self, connection: sa.Connection, changed: Sequence[Session]) -> None:
        """Take sessions that move to another room out of their old one first, so that rooms can be swapped in one turn."""
        live = {session.id: session.room for session in changed if session.state in LIVE}
        if len(live) < 2:
            return
        table = tables.sessions
        there = connection.execute(
            sa.select(table.c.id, table.c.room).where(table.c.site == self.site, table.c.id.in_(live), table.c.state.in_(sorted(LIVE)))
        )
        moving = [row.id for row in there if live[row.id] != row.room]
        if moving:
            connection.execute(
                sa.update(table).where(table.c.site == self.site, table.c.id.in_(moving)).values(state=SessionState.SCHEDULED.value)
            )

    def _say_who_is_there(self, changed: Sequence[Session]) -> None:
        """Raise RoomBusy if a room would have had two live sessions."""
        table = tables.sessions
        wanted = [session for session in changed if session.state in LIVE]
        known = (table.c.site == self.site) & table.c.state.in_(sorted(LIVE)) & table.c.id.not_in([session.id for session in changed])
        with trouble(), self.engine.connect() as connection:
            there = connection.execute(sa.select(table.c.room, table.c.id, table.c.starts_at, table.c.minutes).where(known)).all()
        taken = {row.room: (row.id, row.starts_at, row.minutes) for row in there}
        for session in wanted:
            if session.room in taken:
                id, since, minutes = taken[session.room]
                until = since + timedelta(minutes=minutes)
                raise RoomBusy(session.room, id, since.isoformat(timespec="minutes"), until.isoformat(timespec="minutes"))
            taken[session.room] = (session.id, session.starts_at, session.minutes)

    def _remembered(self, connection: sa.Connection, since: Instant) -> tuple[tuple[Session, ...], tuple[str, ...]]:
        table = tables.sessions
        where = table.c.state.in_(_OPEN) | (table.c.ended_at >= since)
        read = _sessions_of()
        good: list[Session] = []
        bad: list[str] = []
        for row in self._rows(connection, table, where, table.c.starts_at):
            try:
                good.append(read(row))
            except ValueError:
                if row["state"] in _OPEN:
                    bad.append(row["id"])
        return tuple(good), tuple(bad)

    def _open_ids(self) -> sa.Select[tuple[str]]:
        table = tables.sessions
        return sa.select(table.c.id).where(table.c.site == self.site, table.c.state.in_(_OPEN))

    def _close_unreadable(self, connection: sa.Connection, ids: Sequence[str], now: Instant) -> None:
        table = tables.sessions
        connection.execute(
            sa.update(table)
            .where(table.c.site == self.site, table.c.id.in_(ids))
            .values(state=SessionState.CANCELLED.value, ended_at=now, ended_by="unreadable")
        )

    def _put(self, connection: sa.Connection, table: sa.Table, values: list[rows.Values]) -> None:
        if not values:
            return
        for value in values:
            value["site"] = self.site
        connection.execute(self._upserts[table.name], values)

    def _upsert(self, table: sa.Table) -> sa.Executable:
        """Insert, or take every value of the new row; made once, as making it costs more than running it."""
        insert = self._insert(table)
        fresh = {column.name: insert.excluded[column.name] for column in table.c if not column.primary_key}
        return insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=fresh)

    def _insert(self, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
        if self.engine.dialect.name == "sqlite":
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)

    def _ask(
        self,
        table: sa.Table,
        where: sa.ColumnElement[bool],
        model: Callable[[rows.Row], _T],
        order: sa.ColumnElement[Any] | None = None,
        limit: int | None = None,
    ) -> tuple[_T, ...]:
        with trouble(), self.engine.connect() as connection, _no_collection():
            return self._all(connection, table, where, model, order, limit)

    def _all(
        self,
        connection: sa.Connection,
        table: sa.Table,
        where: sa.ColumnElement[bool],
        model: Callable[[rows.Row], _T],
        order: sa.ColumnElement[Any] | None = None,
        limit: int | None = None,
    ) -> tuple[_T, ...]:
        found: list[_T] = []
        for row in self._rows(connection, table, where, order, limit):
            with suppress(ValueError):  # one row that makes no sense stops nobody
                found.append(model(row))
        return tuple(found)

    def _rows(
        self,
        connection: sa.Connection,
        table: sa.Table,
        where: sa.ColumnElement[bool],
        order: sa.ColumnElement[Any] | None = None,
        limit: int | None = None,
    ) -> Sequence[Mapping[str, Any]]:
        """This site's rows that fit, as plain mappings."""
        columns = [column for column in table.c if column.name != "site"]
        query = sa.select(*columns).where(table.c.site == self.site, where).order_by(order).limit(limit)
        return [dict(row) for row in connection.execute(query).mappings()]


def _not_ended_before(table: sa.Table, since: Instant) -> sa.ColumnElement[bool]:
    return table.c.ended_at.is_(None) | (table.c.ended_at >= since)


def _next_turn() -> sa.Executable:
    table = tables.sites
    return (
        sa.update(table)
        .where(table.c.site == sa.bindparam("ours"), table.c.epoch == sa.bindparam("held"), table.c.turn == sa.bindparam("known"))
        .values(turn=sa.bindparam("turn"), last_instant=sa.func.coalesce(sa.bindparam("instant", type_=tables.Utc), table.c.last_instant))
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """A thousand sheets are half a million objects and no garbage; looking for some among them doubles the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _sessions_of() -> Callable[[rows.Row], Session]:
    return partial(rows.session_of, sheets=Sheets())


def _room_or_bare(row: rows.Row, sheets: Sheets) -> RoomRow:
    """A room whose sheet makes no sense is still a room, and still in its emergency."""
    try:
        return rows.room_of(row, sheets)
    except ValueError:
        return rows.room_of({**row, "sheet": None, "t0": None}, sheets)
