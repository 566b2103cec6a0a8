"""A store on each database: a SQLite file, and a PostgreSQL of our own that lives as long as the tests do."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from ambiance.session.sql import SqlStore
from tests.session.store_examples import NOW, Open


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The server's address up to the database's name: a fresh cluster behind a socket, without fsync."""
    home = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not home:
        pytest.fail("PostgreSQL's initdb is not in /usr/lib/postgresql: install the Debian package postgresql")
    binaries = home[-1].parent
    folder = Path(tempfile.mkdtemp(prefix="ambiance-pg-"))
    user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        user = ["runuser", "-u", "postgres", "--"]

    def run(*command: str) -> None:
        with (folder.parent / f"{folder.name}.log").open("ab") as log:
            subprocess.run([*user, *command], check=True, cwd="/", stdout=log, stderr=log)

    data = str(folder / "data")
    try:
        run(str(binaries / "initdb"), "-D", data, "-A", "trust", "-U", "ambiance", "-E", "UTF8", "--locale=C", "--no-sync")
        switches = f"-F -c listen_addresses= -c unix_socket_directories={folder} -c shared_buffers=16MB"
        run(str(binaries / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "server.log"), "-o", switches, "start")
        try:
            yield f"postgresql+psycopg://ambiance@/{{database}}?host={folder}"
        finally:
            run(str(binaries / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        (folder.parent / f"{folder.name}.log").unlink(missing_ok=True)


_numbers = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/data/ambiance.db"
        return
    server: str = request.getfixturevalue("postgresql")
    name = f"ambiance_{next(_numbers)}"
    engine = sa.create_engine(server.format(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield server.format(database=name)
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def light_url(tmp_path: Path) -> str:
    """A SQLite file that is not there yet, for what only SQLite does."""
    return f"sqlite:///{tmp_path}/data/ambiance.db"


@pytest.fixture
def start() -> Iterator[Open]:
    """Makes stores, and closes them in the end."""
    made: list[SqlStore] = []

    def make(url: str, site: str = "harbour", patience: float = 2.0, load: bool = True) -> SqlStore:
        made.append(SqlStore(url, site, patience))
        if load:
            made[-1].load(NOW, "boot-1")
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(url: str, start: Open) -> SqlStore:
    """A store that is loaded and empty."""
    return start(url)


@pytest.fixture
def raw(url: str) -> Iterator[sa.Engine]:
    """The same database from outside, as another program would open it."""
    engine = sa.create_engine(url)
    yield engine
    engine.dispose()
