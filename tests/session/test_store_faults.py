"""What the store does when the disk, another program or another controller is in its way."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from ambiance.errors import RoomBusy, StoreDamaged, StoreUnavailable, Superseded
from ambiance.session.model import CareRow, Changes, DoseRow, News, RoomRow, SessionState
from ambiance.session.sql import SqlStore
from tests.session.store_examples import NOW, Open, a_session, a_sheet

FULL_TURN = Changes(
    sessions=(a_session(),),
    rooms=(RoomRow("lavender", sheet=a_sheet()),),
    doses=(DoseRow("d1", "lavender", "s1", "diffuser", 2, "citrus", NOW, NOW, NOW),),
    news=(News(1, NOW, "session_started", "lavender", "s1"),),
    care=(CareRow("s1", '["scent_off"]'),),
    instant=NOW,
)


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def rows_in(engine: sa.Engine) -> dict[str, int]:
    with engine.connect() as connection:
        tables = ("sessions", "rooms", "doses", "news", "care", "keys")
        return {table: connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables}


def test_a_turn_with_one_bad_row_leaves_nothing(store: SqlStore, raw: sa.Engine) -> None:
    second = a_session("s2")  # a second live session in the same room
    bad = Changes((*FULL_TURN.sessions, second), FULL_TURN.rooms, FULL_TURN.doses, FULL_TURN.news, FULL_TURN.care, instant=NOW)
    with pytest.raises(RoomBusy, match="lavender"):
        store.save(bad)
    assert set(rows_in(raw).values()) == {0}
    store.save(FULL_TURN)
    assert rows_in(raw) == {"sessions": 1, "rooms": 1, "doses": 1, "news": 1, "care": 1, "keys": 0}


def test_fault_10_a_stale_replica_can_save_nothing_after_another_took_over(url: str, start: Open, raw: sa.Engine) -> None:
    stale = start(url)
    stale.save(Changes(sessions=(a_session("before", "sage"),)))
    fresh = start(url)
    with pytest.raises(Superseded, match="another controller has taken over site harbour"):
        stale.save(FULL_TURN)
    assert rows_in(raw)["sessions"] == 1
    assert rows_in(raw)["news"] == 0
    fresh.save(FULL_TURN)
    assert fresh.session("s1") == a_session()
    with pytest.raises(Superseded):
        stale.save(Changes(instant=NOW))
    stale.load(NOW, "boot-1")
    stale.save(Changes(instant=NOW))


def test_a_store_that_was_never_loaded_saves_nothing(url: str, start: Open) -> None:
    start(url)
    with pytest.raises(Superseded):
        start(url, load=False).save(FULL_TURN)


@contextmanager
def somebody_writing(url: str) -> Iterator[None]:
    """Another program holds what a save needs."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        if url.startswith("sqlite"):
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
        else:
            connection.exec_driver_sql("LOCK TABLE sites")
        yield
    engine.dispose()


def test_fault_17_a_locked_database_is_waited_for_then_refused_and_nothing_is_half_written(url: str, start: Open, raw: sa.Engine) -> None:
    store = start(url, patience=0.2)
    with somebody_writing(url), pytest.raises(StoreUnavailable, match=r"lock"):
        store.save(FULL_TURN)
    assert set(rows_in(raw).values()) == {0}
    store.save(FULL_TURN)
    assert store.session("s1") == a_session()


def test_reading_goes_on_while_somebody_writes(light_url: str, start: Open) -> None:
    store = start(light_url, patience=0.2)
    store.save(FULL_TURN)
    with closing(sqlite3.connect(file_of(light_url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert store.session("s1") == a_session()
        assert store.healthy()


class Disk:
    """Lets the database grow to so many pages, as `PRAGMA max_page_count` of every connection."""

    def __init__(self) -> None:
        self.connections: list[sqlite3.Connection] = []

    def opened(self, connection: sqlite3.Connection, _: Any) -> None:
        self.connections.append(connection)

    def fill(self, spare: int) -> None:
        for connection in self.connections:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + spare}")


def test_fault_16_a_full_disk_refuses_the_turn_keeps_what_was_and_recovers(light_url: str) -> None:
    store, disk = SqlStore(light_url, "harbour"), Disk()
    sa.event.listen(store.engine, "connect", disk.opened)
    try:
        store.load(NOW, "boot-1")
        store.save(FULL_TURN)
        disk.fill(spare=1)
        many = Changes(sessions=tuple(a_session(f"more{n}", f"room{n}") for n in range(200)), news=(News(2, NOW, "many_started"),))
        with pytest.raises(StoreUnavailable, match="full"):
            store.save(many)
        assert store.sessions() == FULL_TURN.sessions
        assert store.news_since(0) == FULL_TURN.news
        disk.fill(spare=10_000)
        store.save(many)
        assert len(store.sessions()) == 201
    finally:
        store.close()


def test_fault_16_a_disk_that_refuses_to_write_is_said_so_and_recovers(light_url: str, start: Open) -> None:
    store = start(light_url)
    store.save(FULL_TURN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    many = Changes(sessions=tuple(a_session(f"more{n}", f"room{n}") for n in range(50)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StoreUnavailable, match=r"full|I/O"):
            store.save(many)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.sessions() == FULL_TURN.sessions
    store.save(many)
    assert len(store.sessions()) == 51


@pytest.mark.parametrize("damage", ["not a database", "torn page"])
def test_fault_18_a_damaged_file_is_kept_aside_and_not_run_on(light_url: str, start: Open, damage: str) -> None:
    store = start(light_url)
    for n in range(40):
        store.save(Changes(sessions=(a_session(f"s{n}", f"room{n}"),)))
    store.close()
    path = file_of(light_url)
    content = bytearray(path.read_bytes())
    if damage == "not a database":
        content[:] = b"<html>404 not found</html>" * 1000
    else:
        content[8192 : len(content) - 4096] = os.urandom(len(content) - 12_288)
    path.write_bytes(content)
    with pytest.raises(StoreDamaged) as refusal:
        start(light_url)
    aside = path.with_name("ambiance.db.damaged-20260601T090000Z")
    assert str(aside) in str(refusal.value)
    assert aside.read_bytes() == bytes(content)
    assert not path.exists()
    assert start(light_url).sessions() == ()


def test_fault_18_a_second_damaged_file_does_not_replace_the_first(light_url: str, start: Open) -> None:
    path = file_of(light_url)
    path.parent.mkdir()
    for content in (b"first" * 1000, b"second" * 1000):
        path.write_bytes(content)
        with pytest.raises(StoreDamaged):
            start(light_url)
    assert {file.read_bytes()[:6] for file in path.parent.glob("*.damaged-*")} == {b"firstf", b"second"}


def test_fault_18_damage_met_while_running_refuses_the_turn_and_leaves_the_file(light_url: str, start: Open) -> None:
    store = start(light_url)
    store.save(FULL_TURN)
    store.close()
    file_of(light_url).write_bytes(b"x" * 65_536)
    with pytest.raises(StoreUnavailable, match="not a database"):
        store.save(Changes(instant=NOW))
    assert not store.healthy()
    assert file_of(light_url).exists()


def test_fault_18_a_restored_backup_goes_on_with_a_higher_epoch(light_url: str, start: Open, tmp_path: Path) -> None:
    store = start(light_url)
    store.save(FULL_TURN)
    store.backup(tmp_path / "backup.db")
    before = max(start(light_url, load=False).load(NOW, "boot-1").epoch for _ in range(5))
    start(light_url).close()
    (tmp_path / "backup.db").rename(file_of(light_url))
    for log in file_of(light_url).parent.glob("*-*"):
        log.unlink()
    world = start(light_url, load=False).load(NOW + timedelta(minutes=30), "boot-2")
    assert world.sessions == FULL_TURN.sessions
    assert world.epoch > before


def test_a_place_that_cannot_be_written_is_said_so(start: Open, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file"):
        start(f"sqlite:///{tmp_path}/file/ambiance.db")
    with pytest.raises(StoreUnavailable, match=r"directory|unable"):
        start(f"sqlite:///{tmp_path}")


def test_a_database_server_that_is_not_there_is_said_so_without_its_password(start: Open, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable) as refusal:
        start(f"postgresql+psycopg://ambiance:hunter2@/ambiance?host={tmp_path}")
    assert "hunter2" not in str(refusal.value)


def test_a_connection_the_server_cut_is_made_anew(postgresql: str, start: Open) -> None:
    store = start(postgresql.format(database="postgres"), site="cut")
    store.save(Changes(instant=NOW))
    admin = sa.create_engine(postgresql.format(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))
    admin.dispose()
    store.save(Changes(instant=NOW + timedelta(seconds=1)))
    assert store.load(NOW, "boot-1").last_instant == NOW + timedelta(seconds=1)


def test_a_save_whose_answer_was_lost_counts_as_saved(postgresql: str, start: Open) -> None:
    store = start(postgresql.format(database="postgres"), site="lost")

    def cut_after_commit(connection: Any) -> None:
        """The commit reaches the server, and the line is cut before its answer comes back."""
        connection.commit()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    dialect: Any = store.engine.dialect
    whole = dialect.do_commit, dialect.is_disconnect
    dialect.do_commit, dialect.is_disconnect = cut_after_commit, lambda *_: True
    try:
        store.save(Changes(sessions=(a_session(),)))
    finally:
        dialect.do_commit, dialect.is_disconnect = whole
    assert store.session("s1") == a_session()
    store.save(Changes(sessions=(a_session(state=SessionState.DONE),)))


SAVING_FOR_EVER = """
import sys
sys.path[:0] = sys.argv[2:]
from tests.session.store_examples import NOW, a_session
from ambiance.session.model import Changes, News
from ambiance.session.sql import SqlStore
store = SqlStore(sys.argv[1], "harbour")
store.load(NOW, "boot-1")
for n in range(1, 1_000_000):
    store.save(Changes(sessions=(a_session(f"s{n}", f"room{n}"),), news=(News(n, NOW, "session_started", session=f"s{n}"),)))
    print(n, flush=True)
"""


def test_fault_02_whatever_was_saved_before_a_kill_is_there_whole_after_it(url: str, start: Open) -> None:
    start(url).close()
    command = [sys.executable, "-c", SAVING_FOR_EVER, url, str(Path(__file__).parents[2])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as controller:
        assert controller.stdout is not None
        said = [int(controller.stdout.readline()) for _ in range(30)]
        controller.send_signal(signal.SIGKILL)
        said += [int(line) for line in controller.stdout if line.endswith("\n")]
    store = start(url, load=False)
    world = store.load(NOW, "boot-1")
    saved = {session.id for session in world.sessions}
    assert {f"s{n}" for n in said} <= saved
    assert len(saved) <= len(said) + 1
    assert {news.session for news in store.news_since(0)} == saved
