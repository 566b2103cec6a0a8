"""The machine under the controller: its clock, its disk, its certificates, and the store."""

import ctypes
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc

from ambiance.clock import Instant
from ambiance.config import Config
from ambiance.doctor.complaint import Complaint, improve, mend, well
from ambiance.errors import AmbianceError, FileError
from ambiance.profile import Library
from ambiance.session.database import connect, revisions

FULL = 100_000_000
"""Bytes free below which a store will soon not be able to save."""
TIGHT = 1_000_000_000
BORN = 2026
"""No clock of a machine that runs this program shows an earlier year."""
SOON = 21
"""Days before it runs out that a certificate is spoken of."""
_UNSYNCHRONISED = 5
"""What adjtimex answers (TIME_ERROR) where no time service has set the clock. adjtimex(2)."""


def machine(config: Config, now: Instant) -> Iterator[Complaint]:
    yield from _clock(now)
    yield from _disk(_folder(config))
    yield from _store(config.store.url)
    yield from _certificate(config, now)


def library(config: Config) -> tuple[Library | None, list[Complaint]]:
    """The treatments, or what is wrong with them."""
    try:
        found = Library.load(config.profiles, config.profiles_at)
    except FileError as error:
        return None, [mend("profiles", f"{fault.place}: found {fault.found}", fault.wanted) for fault in error.faults]
    except (AmbianceError, OSError) as error:
        return None, [mend("profiles", str(error), "put the shipped profiles back")]
    return found, [well("profiles", f"{len(found.all())} treatments can be given")]


def _clock(now: Instant) -> Iterator[Complaint]:
    cure = "switch a time service on: timedatectl set-ntp true"
    if now.year < BORN:
        yield mend("clock", f"this machine believes it is {now:%Y-%m-%d}", cure)
        return
    synchronised = _synchronised()
    if synchronised is False:
        yield improve("clock", "no time service keeps this machine's clock: bookings would drift", cure)
    elif synchronised:
        yield well("clock", "a time service keeps it")


def _synchronised() -> bool | None:
    """What the kernel knows; None where it cannot be asked."""
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else bool(answer != _UNSYNCHRONISED)


def _folder(config: Config) -> Path:
    url = config.store.url
    place = Path(url.removeprefix("sqlite:///")).parent if url.startswith("sqlite:///") else Path.cwd()
    while not place.exists() and place != place.parent:
        place = place.parent
    return place


def _disk(place: Path) -> Iterator[Complaint]:
    free = shutil.disk_usage(place).free
    said = f"{free / 1e9:.1f} GB free at {place}"
    if free < FULL:
        yield mend("disk", said, "make room: nothing can be saved when it is full")
    elif free < TIGHT:
        yield improve("disk", said, "make room, or move the store")
    else:
        yield well("disk", said)


def _store(url: str) -> Iterator[Complaint]:
    """Looked at without changing anything: a controller may be using it."""
    if url.startswith("sqlite:///"):
        yield from _file(Path(url.removeprefix("sqlite:///")))
        return
    try:
        with connect(url, 3.0).connect() as connection:
            there = sa.inspect(connection).has_table("alembic_version")
            found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() if there else None
    except (exc.SQLAlchemyError, AmbianceError) as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        yield mend("store", f"the database cannot be opened ({reason})", "start it, or correct store.url and its password")
        return
    yield _revision(found)


def _file(path: Path) -> Iterator[Complaint]:
    if not path.exists():
        yield well("store", f"{path} will be made at the first start")
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=3.0)) as database:
            if database.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("it is not sound")
            there = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()[0]
            found = database.execute("SELECT version_num FROM alembic_version").fetchone() if there else None
    except sqlite3.Error as error:
        yield mend("store", f"{path} cannot be used ({error})", "stop the controller, and put the newest backup in its place")
        return
    yield _revision(found[0] if found else None)


def _revision(found: str | None) -> Complaint:
    known = revisions()
    if found is not None and found not in known:
        return mend("store", f"it was written by a later version (revision {found}, this program knows {known[-1]})", "run that version")
    if found is not None and found != known[-1]:
        return well("store", "it is sound, and will be brought up to date at the next start")
    return well("store", "it is sound")


def _certificate(config: Config, now: Instant) -> Iterator[Complaint]:
    name = config.http.certificate
    if name is None:
        return
    from cryptography import x509

    try:
        ends = x509.load_pem_x509_certificate(Path(name).read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        yield mend("http", f"the certificate {name} cannot be read ({error})", "correct http.certificate")
        return
    yield runs_out("http", ends, now)


def runs_out(about: str, ends: Instant, now: Instant) -> Complaint:
    """What to say of a certificate that is good until `ends`."""
    days = (ends - now).total_seconds() / 86_400
    if days < 0:
        return mend(about, f"its certificate ran out on {ends:%Y-%m-%d}", "renew it")
    if days < SOON:
        return improve(about, f"its certificate runs out on {ends:%Y-%m-%d}, in {days:.0f} days", "renew it")
    return well(about, f"its certificate is good until {ends:%Y-%m-%d}")
