"""A copy of the store for another disk, made while it is in use, with nothing private in it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ambiance.errors import Invalid, StoreUnavailable
from ambiance.panel.tokens import Tokens
from ambiance.session.model import CareRow, Changes, KeyRow, News, RoomRow
from ambiance.session.sql import SqlStore
from tests.session.store_examples import NOW, Open, a_session, a_sheet

TURN = Changes(
    sessions=(a_session(),),
    rooms=(RoomRow("lavender", sheet=a_sheet()),),
    news=(News(7, NOW, "session_started"),),
    care=(CareRow("s1", '["hyperosmia-secret"]'),),
    keys=(KeyRow("t", "key-secret", "d", 201, {}, NOW),),
    instant=NOW,
)


@pytest.fixture
def used(light_url: str, start: Open) -> SqlStore:
    """A SQLite store with something in it."""
    store = start(light_url)
    store.save(TURN)
    return store


def test_a_backup_opens_as_a_store_with_sessions_rooms_and_news(used: SqlStore, start: Open, tmp_path: Path) -> None:
    used.backup(tmp_path / "copies" / "monday.db")
    world = start(f"sqlite:///{tmp_path}/copies/monday.db", load=False).load(NOW, "boot-1")
    assert (world.sessions, world.rooms, world.seq, world.last_instant) == (TURN.sessions, TURN.rooms, 7, NOW)


def test_a_backup_holds_no_care_no_keys_and_no_tokens_not_even_between_its_rows(used: SqlStore, tmp_path: Path) -> None:
    Tokens(used).create("desk", NOW, name="token-secret")
    used.backup(tmp_path / "copy.db")
    content = (tmp_path / "copy.db").read_bytes()
    assert b"session_started" in content
    assert b"-secret" not in content
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        counts = [copy.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("care", "keys", "tokens")]
    assert counts == [(0,)] * 3


def test_row_65_a_backup_does_not_hold_the_key_that_playlists_are_named_with(light_url: str, start: Open, tmp_path: Path) -> None:
    store = start(light_url, load=False)
    key = store.load(NOW, "boot-1").playlist_key
    store.backup(tmp_path / "copy.db")
    assert key not in (tmp_path / "copy.db").read_bytes()
    assert len(start(f"sqlite:///{tmp_path}/copy.db", load=False).load(NOW, "boot-1").playlist_key) == len(key)


def test_a_backup_is_for_its_owner_only_and_leaves_no_scraps(used: SqlStore, tmp_path: Path) -> None:
    used.backup(tmp_path / "copies" / "copy.db")
    (made,) = (tmp_path / "copies").iterdir()
    assert made.stat().st_mode & 0o077 == 0


def test_a_backup_made_in_the_middle_of_a_turn_is_of_the_moment_before_it(used: SqlStore, light_url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(light_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM news")
        used.backup(tmp_path / "copy.db")
        other.execute("ROLLBACK")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT seq FROM news").fetchall() == [(7,)]


def test_a_backup_that_fails_leaves_the_last_one_alone(used: SqlStore, light_url: str, tmp_path: Path) -> None:
    used.backup(tmp_path / "copy.db")
    before = (tmp_path / "copy.db").read_bytes()
    used.close()
    Path(light_url.removeprefix("sqlite:///")).write_bytes(b"x" * 9000)
    with pytest.raises(StoreUnavailable, match="backup to"):
        used.backup(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_bytes() == before
    assert not (tmp_path / "copy.db.part").exists()


def test_postgresql_is_sent_to_its_own_tool(postgresql: str, start: Open, tmp_path: Path) -> None:
    store = start(postgresql.format(database="postgres"), load=False)
    with pytest.raises(Invalid, match="pg_dump --exclude-table-data=care"):
        store.backup(tmp_path / "copy.db")
