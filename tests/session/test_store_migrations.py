"""The tables: made and brought up to date at start, in one transaction, and never run on when they are too new."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from ambiance.errors import StoreTooNew
from ambiance.session import tables
from ambiance.session.database import MIGRATIONS, migrate, revisions
from ambiance.session.model import LIVE, Changes
from tests.session.store_examples import NOW, Open, a_session


def test_the_migrations_make_exactly_the_tables_the_program_uses(url: str, start: Open, raw: sa.Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    start(url)
    with raw.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_the_live_states_of_the_index_are_those_of_the_program(url: str, start: Open, raw: sa.Engine) -> None:
    start(url)
    with raw.connect() as connection:
        (made,) = [i for i in sa.inspect(connection).get_indexes("sessions") if i["name"] == "one_live_session_a_room"]
    where = str(made["dialect_options"][f"{raw.dialect.name}_where"])
    assert set(where.split("'")[1::2]) == {str(state) for state in LIVE}


def test_every_revision_is_named_by_its_file_and_the_last_is_the_head() -> None:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(MIGRATIONS))
    assert tuple(sorted(script.revision for script in scripts.walk_revisions())) == revisions()
    assert scripts.get_current_head() == revisions()[-1]


def test_an_up_to_date_database_is_opened_without_alembic(light_url: str, start: Open) -> None:
    start(light_url).save(Changes(instant=NOW))
    code = f"""
import sys
from datetime import UTC, datetime
from ambiance.session.sql import SqlStore
SqlStore({light_url!r}, "harbour").load(datetime(2026, 6, 1, tzinfo=UTC), "boot-1")
assert "alembic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_fault_56_a_database_of_a_later_version_is_refused_and_left_as_it_is(url: str, start: Open, raw: sa.Engine) -> None:
    start(url).save(Changes(sessions=(a_session(),)))
    with raw.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew, match=f"revision 9999, this program knows {revisions()[-1]}; run the newer version"):
        start(url)
    with raw.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM sessions")).scalar_one() == 1


def test_migrating_twice_changes_nothing(url: str, start: Open) -> None:
    store = start(url)
    store.save(Changes(sessions=(a_session(),)))
    migrate(store.engine)
    assert store.session("s1") == a_session()


KILLED_WHILE_MIGRATING = """
import os, signal, sys
import sqlalchemy as sa
from ambiance.session.database import connect, migrate
engine = connect(sys.argv[1], 2.0)
@sa.event.listens_for(engine, "after_cursor_execute")
def done(connection, cursor, statement, *_):
    if "CREATE TABLE doses" in statement:
        os.kill(os.getpid(), signal.SIGKILL)
migrate(engine)
"""


def test_fault_56_a_kill_in_the_middle_of_a_migration_leaves_the_database_as_it_was(url: str, start: Open, raw: sa.Engine) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_MIGRATING, url], check=False)
    assert killed.returncode == -signal.SIGKILL
    with raw.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    store = start(url)
    store.save(Changes(sessions=(a_session(),)))
    assert store.session("s1") == a_session()


def test_two_controllers_may_meet_at_an_empty_database(url: str, start: Open) -> None:
    code = "import sys; from ambiance.session.database import connect, migrate; migrate(connect(sys.argv[1], 10.0))"
    both = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(2)]
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    start(url).save(Changes(sessions=(a_session(),)))


def test_the_migrations_are_found_where_the_package_is_installed() -> None:
    assert (MIGRATIONS / "env.py").is_file()
    assert Path(tables.__file__).parent == MIGRATIONS.parent
