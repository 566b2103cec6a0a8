"""People, sign-ins, screens and the audit log are kept alike in SQLite and in PostgreSQL."""

from datetime import timedelta
from threading import Thread

import pytest
import sqlalchemy as sa

from ambiance.errors import AmbianceError, Conflict
from ambiance.panel.identity import Identity, Pins
from ambiance.panel.refusals import WrongCode
from tests.panel.doors import CHEAP, NOW
from tests.session.conftest import postgresql, start, url  # noqa: F401 - fixtures
from tests.session.store_examples import Open

PIN = "482915"


@pytest.fixture
def identity(url: str, start: Open) -> Identity:  # noqa: F811
    return Identity(start(url), Pins(CHEAP))


def test_a_person_signs_in_is_seen_and_leaves(identity: Identity) -> None:
    mira = identity.people.add("Mira", "admin", PIN, "test", NOW, only_first=True)
    with pytest.raises(Conflict):
        identity.people.add("Eve", "admin", PIN, "test", NOW, only_first=True)
    with pytest.raises(Conflict, match="choose another name"):
        identity.people.add("MIRA", "desk", PIN, "test", NOW)
    assert identity.people.prove("mira", PIN) == mira and identity.people.prove("mira", "000000") is None
    id, secret = identity.signins.begin(mira.id, "Desk", None, NOW)
    later = NOW + timedelta(minutes=29)
    caller = identity.signins.check(secret, later)
    assert caller is not None and (caller.id, caller.role, caller.proven_at) == (id, "admin", NOW)
    assert identity.signins.all(later)[0].seen_at == later
    identity.people.add("Ben", "admin", PIN, "test", NOW)
    assert identity.people.remove(mira.id, "test", later) == (id,)
    assert identity.signins.check(secret, later) is None
    assert [entry.what for entry in identity.audit.newest()] == ["staff-removed", "staff-added", "staff-added"]


@pytest.mark.parametrize("name", ["\0", "Mi\0ra", "\ud800", "\x1b[31m"])
def test_a_name_that_nobody_can_have_is_nobodys_in_either_database(identity: Identity, name: str) -> None:
    identity.people.add("Mira", "desk", PIN, "test", NOW)
    assert identity.people.prove(name, "000000") is None
    assert identity.screens.check(name, NOW) is None and identity.signins.check(name, NOW) is None


def test_two_screens_that_type_one_code_are_one(identity: Identity) -> None:
    code, _ = identity.screens.offer("lavender", "Tablet", "Ben", NOW)
    paired, refused = list[str](), list[AmbianceError]()

    def pair() -> None:
        try:
            paired.append(identity.screens.pair(code, NOW)[1])
        except AmbianceError as error:
            refused.append(error)

    threads = [Thread(target=pair) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paired) == 1 and {type(error) for error in refused} == {WrongCode}
    found = identity.screens.check(paired[0], NOW)
    assert found is not None and found[0].room == "lavender"


def test_a_screen_asking_for_itself_many_times_at_once_is_renewed_once(identity: Identity) -> None:
    code, _ = identity.screens.offer(None, "", "Ben", NOW)
    _, secret = identity.screens.pair(code, NOW)
    later = NOW + timedelta(days=1)
    answers = list[str | None]()

    def ask() -> None:
        found = identity.screens.check(secret, later)
        assert found is not None
        answers.append(found[1])

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    renewed = [answer for answer in answers if answer is not None]
    assert len(answers) == 6 and len(renewed) == 1
    assert identity.screens.check(renewed[0], later) is not None
    assert identity.screens.check(secret, later) is None


def test_the_log_grows_under_many_hands_and_never_shrinks(identity: Identity) -> None:
    def work() -> None:
        for _ in range(5):
            identity.audit.add(NOW, "somebody", "did")

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.n for entry in identity.audit.newest()] == list(range(20, 0, -1))
    for statement in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), identity.audit._engine.begin() as connection:
            connection.execute(sa.text(statement))
