"""Signing in and what it opens: PINs, cookies, proofs, revoking, and what each role reaches."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ambiance.errors import Invalid
from ambiance.panel.http import HttpLimits
from ambiance.panel.identity.pins import acceptable
from ambiance.session.tables import PRIVATE
from tests.panel.browser import OTHER, PIN, Browser, paired, staffed
from tests.panel.doors import House

LIMITS = HttpLimits(hosts=frozenset({"rooms.lan"}))


@pytest.fixture
def house() -> House:
    """A house with staff, reached as rooms.lan."""
    return staffed(House(LIMITS).open())


def test_somebody_signs_in_looks_around_and_signs_out(house: House) -> None:
    browser = Browser(house)
    assert browser.ask("GET", "/api/v1/rooms").status_code == 401
    answer = browser.sign_in(" mira ")
    assert answer.status_code == 200
    assert answer.json() | {"id": "", "csrf": "", "rights": []} == {
        "id": "", "kind": "staff", "role": "admin", "room": None, "name": "Mira", "rights": [], "csrf": "",
        "proven_until": "2026-06-01T09:10:00.000Z",
    }  # fmt: skip
    assert [room["id"] for room in browser.ask("GET", "/api/v1/rooms").json()] == ["lavender", "cedar"]
    assert browser.ask("POST", "/api/v1/rooms/lavender/ready").status_code == 200
    assert browser.ask("POST", "/api/v1/signout").status_code == 200
    assert browser.cookies == {}
    assert browser.ask("GET", "/api/v1/rooms").status_code == 401


def test_the_cookie_is_bound_to_the_host_over_tls_and_plain_on_the_machine_itself(house: House) -> None:
    far = Browser(house)
    far.sign_in()
    (said,) = far.set
    assert said.startswith("__Host-ambiance-staff=")
    assert {"Path=/", "HttpOnly", "SameSite=Strict", "Secure"} == set(said.split("; ")[1:])
    near = Browser(house, "127.0.0.1", "http://127.0.0.1:8080")
    near.sign_in()
    (said,) = near.set
    assert said.startswith("ambiance-staff=") and "Secure" not in said
    assert near.ask("GET", "/api/v1/rooms").status_code == 200


def test_without_tls_nobody_signs_in_or_is_believed_from_another_machine(house: House) -> None:
    open_air = Browser(house, base="http://rooms.lan")
    assert open_air.sign_in().json()["type"] == "not-secure"
    near = Browser(house, "127.0.0.1", "http://127.0.0.1:8080")
    near.sign_in()
    open_air.cookies = dict(near.cookies)
    assert open_air.ask("GET", "/api/v1/rooms").status_code == 401
    behind = Browser(house, "127.0.0.1", "http://127.0.0.1:8080")
    assert behind.ask("POST", "/api/v1/signin", {"name": "Mira", "pin": PIN}, **{"x-forwarded-for": "10.0.0.9"}).status_code == 403


def test_the_id_is_new_with_every_sign_in_and_the_old_one_is_dead(house: House) -> None:
    browser = Browser(house)
    first = browser.sign_in().json()["id"]
    stolen = dict(browser.cookies)
    second = browser.sign_in().json()["id"]
    assert first != second and stolen != browser.cookies
    thief = Browser(house)
    thief.cookies = stolen
    assert thief.ask("GET", "/api/v1/rooms").status_code == 401


def test_half_an_hour_of_nothing_ends_a_sign_in_and_twelve_hours_end_it_anyway(house: House) -> None:
    browser = Browser(house)
    browser.sign_in()
    for _ in range(23):
        house.clock.advance(29 * 60)
        assert browser.ask("GET", "/api/v1/rooms").status_code == 200
    house.clock.advance(30 * 60)
    assert browser.ask("GET", "/api/v1/rooms").status_code == 401
    browser.sign_in()
    house.clock.advance(30 * 60)
    assert browser.ask("GET", "/api/v1/rooms").status_code == 401
    assert house.identity.signins.standing(house.clock.now()) == frozenset()


def test_ones_own_browsers_are_listed_and_can_be_signed_out_from_afar(house: House) -> None:
    desk, lost = Browser(house), Browser(house, "192.168.4.99")
    desk.sign_in("Ida")
    lost.sign_in("Ida")
    other = Browser(house, "192.168.4.50")
    other.sign_in("Tom")
    listed = desk.ask("GET", "/api/v1/signins").json()
    assert {(each["name"], each["this"], each["source"]) for each in listed} == {
        ("Ida", True, "192.168.4.20"), ("Ida", False, "192.168.4.99"),
    }  # fmt: skip
    gone = next(each["id"] for each in listed if not each["this"])
    assert other.ask("DELETE", f"/api/v1/signins/{gone}").status_code == 404  # another's does not even exist
    assert desk.ask("DELETE", f"/api/v1/signins/{gone}").status_code == 200
    assert lost.ask("GET", "/api/v1/rooms").status_code == 401
    admin = Browser(house)
    admin.sign_in("Mira")
    assert {each["name"] for each in admin.ask("GET", "/api/v1/signins").json()} == {"Ida", "Tom", "Mira"}


def test_a_manager_act_wants_the_pin_of_a_moment_ago(house: House) -> None:
    browser = Browser(house)
    browser.sign_in("Ben")
    assert browser.ask("POST", "/api/v1/screens/codes", {"room": "lavender"}).status_code == 201
    house.clock.advance(601)
    refused = browser.ask("POST", "/api/v1/screens/codes", {"room": "lavender"})
    assert (refused.status_code, refused.json()["type"]) == (403, "pin-needed")
    assert browser.ask("POST", "/api/v1/rooms/lavender/ready").status_code == 200  # everyday work does not
    assert browser.ask("POST", "/api/v1/me/proof", {"pin": OTHER}).status_code == 401
    assert browser.ask("POST", "/api/v1/me/proof", {"pin": PIN}).status_code == 200
    assert browser.ask("POST", "/api/v1/screens/codes", {"room": "lavender"}).status_code == 201


def test_a_therapist_who_signs_in_treats_in_what_they_start_and_nobody_else_does(house: House) -> None:
    start = {"room": "lavender", "profile": "spa/prenatal"}
    tom, ida = Browser(house), Browser(house, "192.168.4.21")
    tom.sign_in("Tom")
    ida.sign_in("Ida")
    (toms,) = (person.id for person in house.identity.people.all() if person.name == "Tom")
    assert tom.ask("POST", "/api/v1/sessions", start).status_code == 201
    assert tom.ask("POST", "/api/v1/sessions/batch", [start]).status_code == 200
    assert tom.ask("POST", "/api/v1/rooms/lavender/begin", {}).status_code == 200
    assert tom.ask("POST", "/api/v1/sessions/s1/advance", {}).status_code == 200
    assert [getattr(wish, "therapist", None) for wish, _ in house.conductor.wishes] == [toms] * 4
    assert tom.ask("POST", "/api/v1/sessions", start | {"therapist": "t-7"}).status_code == 201
    assert ida.ask("POST", "/api/v1/sessions", start).status_code == 201
    assert house.ask("POST", "/api/v1/sessions", start, role="therapist").status_code == 201
    assert [getattr(wish, "therapist", None) for wish, _ in house.conductor.wishes[4:]] == ["t-7", None, "t-therapist"]


def test_a_clock_that_was_set_back_does_not_stretch_a_proof(house: House) -> None:
    browser = Browser(house)
    browser.sign_in("Ben")
    house.clock.step_wall(timedelta(hours=-2))
    house.clock.stepped()
    assert browser.ask("POST", "/api/v1/screens/codes", {"room": "lavender"}).json()["type"] == "pin-needed"


def test_a_paired_desk_stays_and_a_managers_pin_opens_more_for_a_while(house: House) -> None:
    desk = paired(house, None)
    assert (desk.me()["kind"], desk.me()["role"]) == ("screen", "desk")
    for _ in range(20):
        house.clock.advance(86_400)
        assert desk.ask("GET", "/api/v1/rooms").status_code == 200
    assert desk.ask("POST", "/api/v1/sessions", {"room": "lavender", "profile": "spa/prenatal"}).status_code == 201
    assert desk.ask("POST", "/api/v1/screens/codes", {"room": "cedar"}).json()["type"] == "not-allowed"
    assert desk.sign_in("Ben").status_code == 200
    assert desk.ask("POST", "/api/v1/screens/codes", {"room": "cedar"}).status_code == 201
    assert desk.ask("POST", "/api/v1/signout").status_code == 200
    assert desk.me()["role"] == "desk"
    desk.sign_in("Ben")
    house.clock.advance(1801)
    assert desk.me()["kind"] == "screen"


def test_one_changes_ones_own_pin_and_every_other_sign_in_ends(house: House) -> None:
    here, there = Browser(house), Browser(house, "192.168.4.99")
    here.sign_in("Ida")
    there.sign_in("Ida")
    assert here.ask("POST", "/api/v1/me/pin", {"pin": OTHER, "new": OTHER}).status_code == 401
    assert here.ask("POST", "/api/v1/me/pin", {"pin": PIN, "new": OTHER}).status_code == 200
    assert here.ask("GET", "/api/v1/rooms").status_code == 200
    assert there.ask("GET", "/api/v1/rooms").status_code == 401
    assert there.sign_in("Ida", PIN).status_code == 401
    assert there.sign_in("Ida", OTHER).status_code == 200


def test_an_admin_adds_changes_and_removes_staff(house: House) -> None:
    admin, new = Browser(house), Browser(house, "192.168.4.21")
    admin.sign_in()
    made = admin.ask("POST", "/api/v1/staff", {"name": "Ŋoa <b>", "role": "therapist", "pin": OTHER})
    assert made.status_code == 201 and "pin" not in made.json()
    id = made.json()["id"]
    new.sign_in("ŋoa <b>", OTHER)
    assert new.me()["role"] == "therapist"
    assert admin.ask("POST", f"/api/v1/staff/{id}/role", {"role": "desk"}).json()["role"] == "desk"
    assert new.me()["role"] == "desk"
    assert admin.ask("POST", f"/api/v1/staff/{id}/pin", {"pin": PIN}).status_code == 200
    assert new.ask("GET", "/api/v1/me").status_code == 401
    new.sign_in("Ŋoa <b>", PIN)
    assert admin.ask("DELETE", f"/api/v1/staff/{id}").status_code == 200
    assert new.ask("GET", "/api/v1/me").status_code == 401
    assert admin.ask("DELETE", f"/api/v1/staff/{id}").status_code == 404
    assert [person["name"] for person in admin.ask("GET", "/api/v1/staff").json()] == ["Ben", "Ida", "Mira", "Tom"]


def test_there_is_always_an_admin_and_never_two_of_one_name(house: House) -> None:
    admin = Browser(house)
    admin.sign_in()
    (mira,) = (person["id"] for person in admin.ask("GET", "/api/v1/staff").json() if person["name"] == "Mira")
    assert admin.ask("DELETE", f"/api/v1/staff/{mira}").status_code == 409
    assert admin.ask("POST", f"/api/v1/staff/{mira}/role", {"role": "desk"}).status_code == 409
    assert admin.ask("POST", "/api/v1/staff", {"name": " MIRA", "role": "desk", "pin": PIN}).status_code == 409
    assert admin.ask("POST", "/api/v1/staff", {"name": "x", "role": "owner", "pin": PIN}).status_code == 422


@pytest.mark.parametrize("pin", ["", "12345", "123456", "654321", "890123", "111111", "121212", "123123", "x" * 65, "Mira-1", "000001"])
def test_a_pin_that_anybody_tries_first_is_refused_and_not_repeated(pin: str) -> None:
    with pytest.raises(Invalid) as refused:
        acceptable(pin, "mira-1")
    assert not pin or pin not in str(refused.value)


ACTS: list[tuple[tuple[str, str, object], set[str]]] = [
    (("GET", "/api/v1/staff", None), {"admin"}),
    (("POST", "/api/v1/staff", {"name": "Zoe", "role": "desk", "pin": PIN}), {"admin"}),
    (("GET", "/api/v1/tokens", None), {"admin"}),
    (("POST", "/api/v1/tokens", {"role": "integration"}), {"admin"}),
    (("GET", "/api/v1/audit", None), {"admin"}),
    (("GET", "/api/v1/screens", None), {"admin", "manager"}),
    (("POST", "/api/v1/screens/codes", {}), {"admin", "manager"}),
    (("GET", "/metrics", None), {"admin", "manager", "desk"}),
    (("GET", "/api/v1/ledger", None), {"admin", "manager"}),
    (("GET", "/api/v1/playlog", None), {"admin", "manager", "desk"}),
    (("GET", "/api/v1/sessions/s1/report", None), {"admin", "manager", "desk", "therapist"}),
    (("GET", "/api/v1/sessions/s1/report.csv", None), {"admin", "manager", "desk", "therapist"}),
    (("GET", "/api/v1/sessions/s1/report.html", None), {"admin", "manager", "desk", "therapist"}),
    (("DELETE", "/api/v1/emergency", None), {"admin", "manager", "desk"}),
    (("POST", "/api/v1/rooms/cedar/ready", None), {"admin", "manager", "desk", "therapist"}),
]


@pytest.mark.parametrize(("call", "may"), ACTS)
def test_each_person_and_screen_reaches_what_is_its_own(house: House, call: tuple[str, str, object], may: set[str]) -> None:
    seen = {}
    for name, role in (("Mira", "admin"), ("Ben", "manager"), ("Ida", "desk"), ("Tom", "therapist")):
        browser = Browser(house)
        browser.sign_in(name)
        seen[role] = browser.ask(*call).status_code
    seen["desk screen"] = paired(house, None).ask(*call).status_code
    seen["tablet"] = paired(house).ask(*call).status_code
    assert {role for role, status in seen.items() if status < 300} == may | ({"desk screen"} if "desk" in may else set())
    assert all(status < 300 or status in (403, 404) for status in seen.values())


def test_tokens_are_made_once_shown_listed_and_revoked(house: House) -> None:
    admin = Browser(house)
    admin.sign_in()
    made = admin.ask("POST", "/api/v1/tokens", {"role": "desk", "name": "till"}).json()
    assert house.ask("GET", "/api/v1/rooms", role=None, headers={"authorization": f"Bearer {made['token']}"}).status_code == 200
    assert made["token"] not in admin.ask("GET", "/api/v1/tokens").text
    assert admin.ask("DELETE", f"/api/v1/tokens/{made['id']}").status_code == 200
    assert house.ask("GET", "/api/v1/rooms", role=None, headers={"authorization": f"Bearer {made['token']}"}).status_code == 401


def test_what_was_done_is_in_the_audit_log_and_secrets_are_not(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    admin = Browser(house)
    admin.sign_in()
    made = admin.ask("POST", "/api/v1/staff", {"name": "Zoe", "role": "desk", "pin": OTHER}).json()
    admin.ask("POST", f"/api/v1/staff/{made['id']}/role", {"role": "manager"})
    admin.ask("POST", "/api/v1/signin", {"name": OTHER, "pin": OTHER})  # a PIN in the wrong field
    rows = admin.ask("GET", "/api/v1/audit").json()
    changed = next(row for row in rows if row["what"] == "staff-role")
    assert (changed["before"], changed["after"]) == ({"role": "desk"}, {"role": "manager"})
    assert changed["who"].startswith("Mira (p-") and changed["subject"].startswith("Zoe (p-")
    assert [row["n"] for row in rows] == sorted((row["n"] for row in rows), reverse=True)
    assert {"signed-in", "staff-added", "signing-in-failed"} <= {row["what"] for row in rows}
    earlier = admin.ask("GET", f"/api/v1/audit?limit=2&below={rows[1]['n']}").json()
    assert [row["n"] for row in earlier] == [row["n"] for row in rows[2:4]]
    said = admin.ask("GET", "/api/v1/audit").text + capsys.readouterr().out
    for secret in (PIN, OTHER, *admin.cookies.values()):
        assert secret not in said


def test_the_audit_log_can_be_added_to_and_nothing_else(house: House) -> None:
    for statement in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(sa.exc.DatabaseError, match="append-only"), house.store.engine.begin() as connection:
            connection.execute(sa.text(statement))


def test_a_stolen_file_holds_no_pin_cookie_or_code(house: House) -> None:
    browser, desk = Browser(house), paired(house, None)
    browser.sign_in()
    code, _ = house.identity.screens.offer(None, "", "x", house.clock.now())
    path = Path(house.store.engine.url.database or "")
    content = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    for secret in (PIN, code, code.replace("-", ""), *browser.cookies.values(), *desk.cookies.values()):
        assert secret.encode() not in content


def test_no_backup_holds_accounts_or_screens(house: House, tmp_path: Path) -> None:
    paired(house)
    target = tmp_path / "copy.db"
    house.store.backup(target)
    with closing(sqlite3.connect(target)) as copy:
        counts = {table: copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in (*PRIVATE, "audit")}
    assert {table for table, count in counts.items() if count} == {"audit"}
