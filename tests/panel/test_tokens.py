"""Tokens: made beside a running controller, known by their hash, gone within a second of being revoked."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ambiance.errors import Invalid, Unknown
from ambiance.panel.tokens import ROLES, Tokens, create
from ambiance.session.model import Changes
from ambiance.session.sql import SqlStore

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


class Watch:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database that is not there yet."""
    return f"sqlite:///{tmp_path}/data/ambiance.db"


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """The store of a running controller."""
    store = SqlStore(url, "harbour")
    store.load(NOW, "boot-1")
    yield store
    store.close()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def tokens(store: SqlStore, watch: Watch) -> Tokens:
    return Tokens(store, watch)


@pytest.mark.parametrize("role", ROLES)
def test_a_secret_says_who_it_belongs_to(tokens: Tokens, role: str) -> None:
    room = "lavender" if role == "room" else None
    secret = tokens.create(role, NOW, room, "Front desk")
    token = tokens.check(secret)
    assert token is not None
    assert (token.role, token.room, token.name, token.created_at) == (role, room, "Front desk", NOW)
    assert secret.startswith(f"ambiance_{role}_")
    assert len(secret.rpartition(f"{role}_")[2]) == 32  # 192 bits, six to a character


def test_no_two_secrets_are_alike(tokens: Tokens) -> None:
    assert len({tokens.create("desk", NOW) for _ in range(50)}) == 50
    assert len({token.id for token in tokens.all()}) == 50


@pytest.mark.parametrize("secret", ["", "ambiance_desk_", "ambiance_desk_" + "A" * 32, "x" * 100_000, "\x00", "\udc80", "' OR 1=1 --"])
def test_any_other_secret_is_nobodys(tokens: Tokens, secret: str) -> None:
    tokens.create("desk", NOW)
    assert tokens.check(secret) is None


def test_a_token_made_from_outside_is_seen_at_once_and_the_controller_keeps_its_site(url: str, store: SqlStore, tokens: Tokens) -> None:
    assert tokens.check("ambiance_manager_unknown") is None
    secret = create(url, "harbour", "manager", NOW)
    found = tokens.check(secret)
    assert found is not None and found.role == "manager"
    store.save(Changes(instant=NOW))


def test_the_first_token_may_come_before_the_first_start(url: str) -> None:
    secret = create(url, "harbour", "desk", NOW)
    store = SqlStore(url, "harbour")
    store.load(NOW, "boot-1")
    assert Tokens(store).check(secret) is not None
    store.close()


def test_a_token_of_another_site_is_nobodys_here(url: str, tokens: Tokens) -> None:
    assert tokens.check(create(url, "lake", "desk", NOW)) is None
    assert tokens.all() == ()


def test_a_revoked_token_is_refused_at_once_here_and_within_a_second_elsewhere(store: SqlStore, tokens: Tokens, watch: Watch) -> None:
    secret = tokens.create("therapist", NOW)
    elsewhere = Tokens(store, watch)
    token = tokens.check(secret)
    assert token is not None and elsewhere.check(secret) == token
    tokens.revoke(token.id)
    assert tokens.check(secret) is None
    watch.now += 0.999
    assert elsewhere.check(secret) == token
    watch.now += 0.001
    assert elsewhere.check(secret) is None
    assert tokens.all() == ()


def test_revoking_one_token_leaves_the_others(tokens: Tokens) -> None:
    secrets = [tokens.create("room", NOW, room) for room in ("lavender", "sage")]
    gone = tokens.check(secrets[0])
    assert gone is not None
    tokens.revoke(gone.id)
    assert [token.room for token in tokens.all()] == ["sage"]
    assert tokens.check(secrets[1]) is not None
    with pytest.raises(Unknown, match=gone.id):
        tokens.revoke(gone.id)


def test_a_secret_is_on_no_disk(url: str, store: SqlStore, tokens: Tokens) -> None:
    secret = tokens.create("desk", NOW, name="Front desk")
    tokens.check(secret)
    files = [file.read_bytes() for file in Path(url.removeprefix("sqlite:///")).parent.iterdir()]
    assert any(b"Front desk" in content for content in files)
    assert not any(secret.removeprefix("ambiance_desk_").encode() in content for content in files)


@pytest.mark.parametrize(
    ("role", "room", "name", "place"),
    [
        ("owner", None, "", "role"),
        ("room", None, "", "room"),
        ("room", "../sage", "", "room"),
        ("room", "lavender/+", "", "room"),
        ("desk", "lavender", "", "room"),
        ("desk", None, "a" * 81, "name"),
        ("desk", None, "a\nb", "name"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused_before_anything_is_written(
    tmp_path: Path, role: str, room: str | None, name: str, place: str
) -> None:
    with pytest.raises(Invalid, match=f"^{place}: "):
        create(f"sqlite:///{tmp_path}/new.db", "harbour", role, NOW, room, name)
    assert list(tmp_path.iterdir()) == []


def test_a_token_is_looked_up_once_a_second_not_once_a_request(url: str, tokens: Tokens, watch: Watch) -> None:
    secret = tokens.create("desk", NOW)
    tokens.check(secret)
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
        other.execute("UPDATE tokens SET name = 'changed'")
        other.commit()
    seen = []
    for _ in range(4):
        token = tokens.check(secret)
        assert token is not None
        seen.append(token.name)
        watch.now += 0.4
    assert seen == ["", "", "", "changed"]
