"""Opening the database: SQLite file or PostgreSQL, sound, at the right revision, and with its troubles in our words."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from ambiance.clock import Instant
from ambiance.errors import Invalid, StoreDamaged, StoreTooNew, StoreUnavailable
from ambiance.session.forgetting import reworded
from ambiance.session.tables import PRIVATE
from ambiance.units import Seconds

MIGRATIONS = Path(__file__).parent / "migrations"
_TRIES, _PAUSE = 50, 0.02
"""How often, and at what distance in seconds, a new file is asked to write ahead while another makes it."""
_MIGRATING = 0x616D6269  # any number of our own: the PostgreSQL lock that lets one controller migrate at a time
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def connect(url: str, patience: Seconds) -> sa.Engine:
    """An engine for this URL; nothing is opened yet. A lock is waited for `patience`, a statement twice that.

    Raises Invalid for anything but a SQLite file or PostgreSQL.
    """
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError:
        raise _unusable("a URL that cannot be read") from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            engine = sa.create_engine(parsed.set(drivername="sqlite+pysqlite"), connect_args={"timeout": patience})
            _prepare_sqlite(engine)
            return engine
        case "postgresql":
            limit = f"-c lock_timeout={patience * 1000:.0f} -c statement_timeout={patience * 2000:.0f}"  # so that a lock is named as one
            given = parsed.query.get("options", "")
            return sa.create_engine(
                parsed.set(drivername="postgresql+psycopg").difference_update_query(["options"]),
                connect_args={"options": f"{given} {limit}".strip(), "connect_timeout": max(2, round(patience))},
                pool_pre_ping=True,
            )
        case _:
            raise _unusable(parsed.render_as_string())


def ready(engine: sa.Engine, now: Instant) -> None:
    """See that the database is sound and at this program's revision; migrate it in one transaction if it is older.

    Raises StoreDamaged (the file is then kept aside), StoreTooNew, StoreUnavailable.
    """
    if engine.dialect.name == "sqlite":
        _check(engine, now)
    migrate(engine)


def migrate(engine: sa.Engine) -> None:
    """Bring the tables to this program's revision, making them if there are none; in one transaction.

    Raises StoreTooNew, StoreUnavailable.
    """
    _make_file(engine)
    known = revisions()
    with trouble(), engine.connect() as connection:
        found = _revision(connection)
    if found == known[-1]:
        return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
        found = _revision(connection)
        if found is not None and found not in known:
            raise StoreTooNew(found, known[-1])
        if found != known[-1]:
            _upgrade(connection)


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction that holds the right to write from its first moment."""
    with trouble(), engine.connect() as connection:
        connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with connection.begin():
            yield connection


@contextmanager
def erasing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """As `writing`; on SQLite the bytes of deleted rows are then overwritten in the file and gone from its log."""
    if engine.dialect.name != "sqlite":
        with writing(engine) as connection:
            yield connection
        return
    with writing(engine) as connection:
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
        yield connection
        connection.exec_driver_sql("PRAGMA secure_delete = FAST")
    with suppress(sqlite3.Error), closing(engine.raw_connection()) as raw:  # a reader in the way: the next sweep will do it
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def trouble() -> Iterator[None]:
    """Turn what the database cannot do now into StoreUnavailable; broken promises of ours (integrity, syntax) pass through."""
    try:
        yield
    except (exc.IntegrityError, exc.DataError, exc.ProgrammingError, exc.NotSupportedError):
        raise
    except exc.DBAPIError as error:
        raise StoreUnavailable(str(error.orig).strip().partition("\n")[0] or type(error.orig).__name__) from error
    except exc.TimeoutError as error:
        raise StoreUnavailable("every connection is busy") from error


def copy(engine: sa.Engine, path: Path) -> None:
    """A consistent copy of a SQLite database at `path`, made while it is in use, without its private tables' rows.

    Neither those rows nor what care left in words in sessions are ever written to the copy, rather than deleted from it.
    Raises StoreUnavailable.
    """
    if engine.dialect.name != "sqlite":
        private = " ".join(f"--exclude-table-data={table}" for table in PRIVATE)
        raise Invalid(("store.url", engine.url.render_as_string(), f"a SQLite file; back PostgreSQL up with pg_dump {private}"))
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        _touch(part)
        with closing(sqlite3.connect(part, isolation_level=None)) as target:
            target.create_function("reworded", 1, reworded, deterministic=True)
            target.execute("ATTACH ? AS live", (engine.url.database,))
            target.execute("BEGIN")
            made = target.execute("SELECT type, name, sql FROM live.sqlite_master WHERE sql NOT NULL").fetchall()
            for _, _, sql in sorted(made, key=lambda row: str(row[0]) != "table"):
                target.execute(sql)
            for kind, name, _ in made:
                if kind == "table" and name not in PRIVATE:
                    target.execute(f'INSERT INTO main."{name}" SELECT {_without_words(target, name)} FROM live."{name}"')
            target.execute("COMMIT")
        os.replace(part, path)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise StoreUnavailable(f"backup to {path}: {error}") from error


def _without_words(connection: sqlite3.Connection, table: str) -> str:
    """The columns of a table as a backup takes them."""
    columns = [str(row[1]) for row in connection.execute(f'PRAGMA main.table_info("{table}")')]
    if table != "sessions":
        # With the key of the house one could try out what the playlists in its sheets stand for: a restored house gets another.
        return ", ".join("randomblob(32)" if name == "playlist_key" else f'"{name}"' for name in columns)
    cared = "EXISTS (SELECT 1 FROM live.care WHERE care.site = sessions.site AND care.session = sessions.id)"
    plain = {"sheet": 'reworded("sheet")', "warnings": "CAST('[]' AS BLOB)"}
    return ", ".join(f'CASE WHEN {cared} THEN {plain[name]} ELSE "{name}" END' if name in plain else f'"{name}"' for name in columns)


def revisions() -> tuple[str, ...]:
    """The revisions this program knows, oldest first: each file of `migrations/versions` begins with its own."""
    return tuple(sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")))


def _wal(connection: sqlite3.Connection) -> None:
    """Write ahead. The first to open a file makes it so; who comes at that very moment is not kept waiting by SQLite, but told off."""
    for attempt in range(_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if attempt == _TRIES - 1:
                raise
            Event().wait(_PAUSE)


def _prepare_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def settle(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # the driver would begin and commit behind our back
        _wal(connection)
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = FAST"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


def _check(engine: sa.Engine, now: Instant) -> None:
    _make_file(engine)
    try:
        with trouble(), engine.connect() as connection:
            sound = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one() == "ok"
    except StoreUnavailable as error:
        code = getattr(getattr(error.__cause__, "orig", None), "sqlite_errorcode", 0)
        if code & 0xFF not in _DAMAGED:
            raise
        sound = False
    if not sound:
        engine.dispose()
        path = Path(engine.url.database or "")
        raise StoreDamaged(str(path), str(_put_aside(path, now)))


def _make_file(engine: sa.Engine) -> None:
    if engine.dialect.name != "sqlite":
        return
    path = Path(engine.url.database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Never open a file that may be in use: closing it would drop this process's locks on it (POSIX, fcntl), and the
        # next program that comes and goes would take itself for the last one and delete the log we still write to.
        if not path.exists():
            _touch(path)
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error.strerror}") from error


def _touch(path: Path) -> None:
    """Make the file if there is none, for its owner's eyes only; SQLite gives its log the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _put_aside(path: Path, now: datetime) -> Path:
    stamp = f"{path.name}.damaged-{now:%Y%m%dT%H%M%SZ}"
    aside = next(p for n in range(10_000) if not (p := path.with_name(f"{stamp}-{n}" if n else stamp)).exists())
    for suffix in ("-wal", "-shm", ""):  # with its log, or a rescue would miss the newest rows
        if Path(f"{path}{suffix}").exists():
            os.replace(f"{path}{suffix}", f"{aside}{suffix}")
    return aside


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _unusable(found: str) -> Invalid:
    return Invalid(("store.url", found, "sqlite:///a/file.db or postgresql+psycopg://user@host/database"))
