"""Rows 14 and 24 to 26: tablets that reach for other rooms, forged writes, guessed PINs, stolen cookies."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from itertools import count
from urllib.parse import unquote

import pytest

from ambiance.errors import StoreUnavailable, TooMany
from ambiance.panel.http import HttpLimits
from ambiance.panel.identity.delays import Delays
from ambiance.panel.identity.pins import Pins
from ambiance.panel.refusals import TooManyTries
from ambiance.session.model import DrillRow
from tests.panel.browser import OTHER, PIN, Browser, paired, staffed
from tests.panel.doors import CHEAP, House, Stream, session

LIMITS = HttpLimits(hosts=frozenset({"rooms.lan"}), watch=0.01)


@pytest.fixture
def house() -> House:
    return staffed(House(LIMITS).open())


def writes(house: House) -> list[tuple[str, str]]:
    """Every write there is, with something in the place of what is meant."""
    filled = {"{id}": "s1", "{room}": "lavender", "{verb}": "end", "{secret}": "x"}
    found = []
    for route in house.app.routes:
        path = getattr(route, "path", "")
        for part, value in filled.items():
            path = path.replace(part, value)
        found += [(method, path) for method in getattr(route, "methods", ()) if method not in ("GET", "HEAD")]
    return sorted(found)


# Row 14


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/rooms/cedar", None), ("GET", "/api/v1/rooms/cedar/why", None), ("GET", "/api/v1/sessions?room=cedar", None),
        ("GET", "/api/v1/sessions/s2", None), ("GET", "/api/v1/sessions/s2/report", None), ("GET", "/api/v1/sessions/s2/report.csv", None),
        ("GET", "/api/v1/sessions/s2/report.html", None), ("GET", "/api/v1/playlog", None), ("GET", "/api/v1/ledger", None),
        ("GET", "/api/v1/audit", None), ("GET", "/api/v1/staff", None), ("GET", "/api/v1/screens", None), ("GET", "/api/v1/tokens", None),
        ("GET", "/api/v1/signins", None), ("GET", "/metrics", None),
        ("GET", "/api/v1/rooms/cedar/lane", None), ("GET", "/api/v1/sessions/s2/ribbon.svg", None), ("GET", "/api/v1/profiles", None),
        ("POST", "/api/v1/rooms/cedar/adjust", {"scent": "off"}), ("POST", "/api/v1/rooms/cedar/bright", None),
        ("DELETE", "/api/v1/rooms/cedar/bright", None), ("POST", "/api/v1/rooms/cedar/ready", None),
        ("POST", "/api/v1/sessions/s2/end", None), ("POST", "/api/v1/sessions/s1/move", {"room": "cedar"}),
        ("POST", "/api/v1/sessions", {"room": "cedar", "profile": "spa/prenatal"}), ("POST", "/api/v1/sessions/batch", []),
        ("POST", "/api/v1/emergency", {"kind": "medical", "room": "cedar"}), ("POST", "/api/v1/emergency", {"kind": "fire"}),
        ("DELETE", "/api/v1/emergency", None), ("POST", "/api/v1/screens/codes", {"room": "lavender"}),
    ],
)  # fmt: skip
def test_row_14_a_tablet_gets_nothing_of_another_room_on_any_route(house: House, method: str, path: str, body: object) -> None:
    house.conductor.live.append(session("s2", "cedar"))
    answer = paired(house).ask(method, path, body)
    assert answer.status_code in (403, 404)
    assert "prenatal" not in answer.text and "s2" not in answer.text.replace("'s2'", "")
    assert not house.conductor.wishes


@pytest.mark.parametrize("name", ["Mira", "Ben", "Ida", "Tom"])
def test_row_14_who_signs_in_at_a_tablet_stays_in_its_room_whatever_becomes_of_its_cookies(house: House, name: str) -> None:
    house.conductor.live.append(session("s2", "cedar"))
    tablet = paired(house)
    assert tablet.sign_in(name).json()["room"] == "lavender"
    tablet.cookies.pop("__Host-ambiance-screen")
    assert [room["id"] for room in tablet.ask("GET", "/api/v1/rooms").json()] == ["lavender"]
    assert "prenatal" not in tablet.ask("GET", "/api/v1/sessions").text
    for path in ("rooms/cedar", "sessions/s2", "sessions/s2/report", "playlog", "ledger", "audit", "staff", "tokens", "screens"):
        assert tablet.ask("GET", f"/api/v1/{path}").status_code in (403, 404), path
    assert tablet.ask("GET", "/metrics").status_code == 403
    for path, body in (("screens/codes", {}), ("staff", {"name": "Eve", "role": "admin", "pin": OTHER}), ("tokens", {"role": "manager"})):
        assert tablet.ask("POST", f"/api/v1/{path}", body).status_code == 403
    assert tablet.ask("POST", "/api/v1/rooms/lavender/ready").status_code == 200


@pytest.mark.parametrize("name", ["Mira", "Ben", "Ida"])
def test_row_14_nobody_at_a_tablet_resets_or_masks_an_emergency_beyond_its_room(house: House, name: str) -> None:
    tablet = paired(house)
    tablet.sign_in(name)
    for method, body in (
        ("DELETE", None), ("DELETE", {"kind": "fire"}), ("DELETE", {"kind": "medical", "room": "cedar"}),
        ("POST", {"kind": "fire", "drill": True}), ("POST", {"kind": "fire", "room": "cedar", "drill": True}),
        ("DELETE", {"kind": "fire", "drill": True}),
    ):  # fmt: skip
        assert tablet.ask(method, "/api/v1/emergency", body).status_code == 403, (method, body)
    assert not house.conductor.wishes
    assert tablet.ask("DELETE", "/api/v1/emergency", {"kind": "medical", "room": "lavender"}).status_code == 200


def test_row_14_a_drill_of_another_room_is_on_no_tablet(house: House) -> None:
    now = house.clock.now()
    until = now + timedelta(hours=1)
    house.conductor.drilled = [
        DrillRow("fire", now, until), DrillRow("medical", now, until, "lavender"), DrillRow("duress", now, until, "cedar"),
    ]  # fmt: skip
    drills = paired(house).ask("GET", "/api/v1/site").json()["drills_under_way"]
    assert [drill["room"] for drill in drills] == [None, "lavender"]


def test_row_14_what_a_tablet_may_see_is_its_room_whatever_it_asks(house: House) -> None:
    house.conductor.live.append(session("s2", "cedar"))
    tablet = paired(house)
    for path in ("/api/v1/rooms", "/api/v1/rooms?room=cedar", "/api/v1/sessions", "/api/v1/lanes", "/api/v1/me", "/account"):
        answer = tablet.ask("GET", path, None, **{"x-room": "cedar", "x-forwarded-host": "cedar"})
        assert answer.status_code == 200
        assert "cedar" not in answer.text.lower()


def test_row_14_reaching_for_another_room_is_written_down_once_a_minute(house: House) -> None:
    tablet = paired(house)
    for _ in range(5):
        tablet.ask("GET", "/api/v1/rooms/cedar")
    house.clock.advance(60)
    tablet.ask("POST", "/api/v1/rooms/cedar/ready")
    rows = [row for row in house.identity.audit.newest() if row.what == "asked-outside-its-room"]
    assert [(row.subject, row.after["call"]) for row in rows] == [
        ("lavender", "POST /api/v1/rooms/{room}/ready"), ("lavender", "GET /api/v1/rooms/{room}"),
    ]  # fmt: skip
    assert all(row.who.startswith("room b-") for row in rows)


@pytest.mark.parametrize("id", ["%00", "a%00b", "%1b%5b31m", "%ef%bf%bd", "x" * 65, "a%20b"])
def test_row_15_an_id_that_could_never_be_one_asks_no_database(house: House, id: str) -> None:
    """PostgreSQL takes no NUL, and would have answered with a fault of the program."""
    admin = Browser(house)
    admin.sign_in()
    for method, path, body in (
        ("POST", f"staff/{id}/role", {"role": "desk"}), ("POST", f"staff/{id}/pin", {"pin": OTHER}), ("DELETE", f"staff/{id}", None),
        ("DELETE", f"signins/{id}", None), ("DELETE", f"screens/{id}", None), ("DELETE", f"tokens/{id}", None),
    ):  # fmt: skip
        assert admin.ask(method, f"/api/v1/{path}", body).status_code == 422, (method, path)
    admin.open("/account")
    assert admin.send_form("/account/signins", {"id": unquote(id)}).status_code == 422


# Row 24


def test_row_24_no_write_by_cookie_without_the_token_of_a_page(house: House) -> None:
    browser = Browser(house)
    browser.sign_in()
    token = browser.csrf
    for method, path in writes(house):
        if not path.startswith("/api/v1") or path in ("/api/v1/signin", "/api/v1/screens"):
            continue
        for wrong in ("", "x", token[:-1], token.upper()):
            browser.csrf = wrong
            answer = browser.ask(method, path)
            assert (answer.status_code, answer.json()["type"]) == (403, "csrf"), (method, path)
    assert not house.conductor.wishes
    assert browser.ask("GET", "/api/v1/rooms").status_code == 200  # still signed in


def test_row_24_no_write_from_another_origin_or_from_none(house: House) -> None:
    browser = Browser(house)
    browser.sign_in()
    browser.open("/account")
    for method, path in writes(house):
        for headers in (
            {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "https://rooms.lan.evil.example"},
            {"origin": "https://rooms.lan:444"},
        ):  # fmt: skip
            answer = browser.ask(method, path, None, **headers)
            assert (answer.status_code, answer.json()["type"]) == (403, "foreign-origin"), (method, path)
    sent = {"cookie": "; ".join(f"{k}={v}" for k, v in browser.cookies.items()), "x-csrf-token": browser.csrf}
    for headers in ({}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"}):
        answer = house.ask("POST", "/api/v1/rooms/lavender/ready", role=None, headers=sent | headers, base=browser.base)
        assert (answer.status_code, answer.json()["type"]) == (403, "csrf")
    answer = house.ask(
        "POST", "/api/v1/rooms/lavender/ready", role=None, headers=sent | {"sec-fetch-site": "same-origin"}, base=browser.base
    )
    assert answer.status_code == 200


def test_row_24_forms_need_the_token_of_the_page_they_came_from(house: House) -> None:
    victim, attacker = Browser(house), Browser(house, "192.168.4.66")
    attacker.open("/login")
    stolen = attacker.csrf
    victim.open("/login")
    for token in ("", stolen, "x" * 40):
        victim.csrf = token
        answer = victim.send_form("/login", {"name": "Mira", "pin": PIN})
        assert answer.status_code == 403 and "too old" in answer.text
    victim.open("/login")
    assert victim.send_form("/login", {"name": "Mira", "pin": PIN}).status_code == 303
    victim.csrf = stolen
    assert victim.send_form("/logout", {}).status_code == 403
    assert victim.me()["name"] == "Mira"
    assert victim.ask("POST", "/login", b'{"csrf":""}', **{"content-type": "text/plain"}).status_code == 415


def test_row_24_nothing_is_written_by_get(house: House) -> None:
    browser = Browser(house)
    browser.sign_in()
    rows = len(house.identity.audit.newest())
    for _, path in writes(house):
        browser.ask("GET", path)
    assert not house.conductor.wishes
    assert len(house.identity.audit.newest()) == rows
    assert browser.me()["name"] == "Mira"


def test_row_24_a_bearers_token_is_no_cookie_and_needs_no_page(house: House) -> None:
    assert house.ask("POST", "/api/v1/rooms/lavender/ready").status_code == 200
    browser = Browser(house)
    browser.sign_in()
    wrong = browser.ask("POST", "/api/v1/rooms/lavender/ready", None, authorization="Bearer wrong-secret")
    assert wrong.status_code == 401  # and the cookie does not step in


# Row 25


def test_row_25_a_guest_guessing_at_a_tablet_is_slowed_and_staff_are_not(house: House) -> None:
    tablet, desk, office = paired(house), paired(house, None, "192.168.4.10"), Browser(house, "192.168.4.11")
    guessed = 0
    for number in range(200):
        answer = tablet.sign_in("Mira", f"{number:06d}")
        guessed += answer.status_code == 401
        if answer.status_code == 429:
            assert 1 <= int(answer.headers["retry-after"]) <= 900
            assert tablet.sign_in("Mira", PIN).status_code == 429  # not even the right one
            house.clock.advance(int(answer.headers["retry-after"]))
    hours = house.clock.monotonic() / 3600
    assert guessed < 20 + 5 * hours
    assert desk.sign_in("Mira").status_code == 200
    assert office.sign_in("Mira").status_code == 200
    assert tablet.ask("POST", "/api/v1/rooms/lavender/adjust", {"scent": "off"}).status_code == 200


def test_row_25_many_places_together_are_slowed_and_known_ones_still_get_in(house: House) -> None:
    office, desk = Browser(house, "192.168.4.11"), paired(house, None, "192.168.4.10")
    assert office.sign_in("Mira").status_code == 200
    statuses = [Browser(house, f"10.0.{n // 250}.{n % 250}").sign_in("Mira", OTHER).status_code for n in range(200)]
    assert statuses.count(401) == 25 and set(statuses[25:]) == {429}
    assert Browser(house, "10.1.1.1").sign_in("Mira").status_code == 429
    assert Browser(house, "10.1.1.1").sign_in("Ben").status_code == 200  # others are not meant
    assert office.sign_in("Mira").status_code == 200
    assert desk.sign_in("Mira").status_code == 200


def test_row_25_one_place_trying_many_names_is_slowed_too(house: House) -> None:
    browser = Browser(house)
    statuses = [browser.sign_in(f"name {n}", OTHER).status_code for n in range(30)]
    assert statuses == [401] * 10 + [429] * 20


def test_row_25_one_place_alone_never_shuts_a_person_out_elsewhere() -> None:
    seconds = 0.0
    delays = Delays(lambda: seconds)
    for _ in range(7 * 24 * 60):
        for _ in range(3):
            with suppress(TooManyTries):
                delays.allow("mira", "screen b-1", False)
        seconds += 60
        if int(seconds) % 3600 == 0:
            delays.allow("mira", f"address 10.{int(seconds) // 3600 // 250}.0.{int(seconds) // 3600 % 250}", False)
            delays.forgive("mira", f"address 10.{int(seconds) // 3600 // 250}.0.{int(seconds) // 3600 % 250}", False)


def test_row_25_tries_side_by_side_are_all_counted() -> None:
    delays = Delays(lambda: 0.0)
    for _ in range(5):
        delays.allow("mira", "here", False)
    with pytest.raises(TooManyTries):
        delays.allow("mira", "here", False)


def test_row_25_an_unknown_name_takes_the_same_work_as_a_known_one(house: House) -> None:
    """Counted, not timed: one comparison either way, with the same cost."""

    class Counted(Pins):
        asked: list[bool]

        def fits(self, kept: str | None, pin: str) -> bool:
            self.asked.append(kept is None)
            return super().fits(kept, pin)

    counted = Counted(CHEAP)
    counted.asked = []
    house.identity.people.pins = counted
    browser = Browser(house)
    answers = [browser.sign_in("Mira", OTHER), browser.sign_in("Nobody", OTHER)]
    assert counted.asked == [False, True]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert CHEAP.check_needs_rehash(counted._nobody()) is False


def test_row_25_guesses_are_in_the_audit_log_without_what_was_typed(house: House) -> None:
    tablet = paired(house)
    tablet.sign_in("mira", OTHER)
    tablet.sign_in(OTHER, "x")
    rows = [row for row in house.identity.audit.newest() if row.what == "signing-in-failed"]
    assert [row.subject.partition(" (")[0] for row in rows] == ["nobody known", "Mira"]
    assert all(row.who == f"screen {tablet.me()['id']}" for row in rows)
    assert OTHER not in repr(rows)


def test_row_25_pairing_codes_are_not_guessed_either(house: House) -> None:
    browser = Browser(house)
    statuses = [browser.pair(f"AAAA-{n:04d}").status_code for n in range(20)]
    assert statuses == [403] * 5 + [429] * 15


def test_row_25_a_forwarded_address_is_believed_from_named_proxies_only(house: House) -> None:
    browser, numbers = Browser(house), count()
    for _ in range(5):
        browser.ask("POST", "/api/v1/signin", {"name": "Mira", "pin": OTHER}, **{"x-forwarded-for": f"10.9.9.{next(numbers)}"})
    answer = browser.ask("POST", "/api/v1/signin", {"name": "Mira", "pin": OTHER}, **{"x-forwarded-for": "10.9.9.99"})
    assert answer.status_code == 429


def test_a_network_of_ipv6_is_one_place(house: House) -> None:
    statuses = [Browser(house, f"2001:db8:1:2::{n:x}").sign_in("Mira", OTHER).status_code for n in range(1, 8)]
    assert statuses == [401] * 5 + [429] * 2
    assert Browser(house, "2001:db8:1:3::1").sign_in("Mira").status_code == 200


# Row 26


def test_row_26_a_stolen_tablet_cookie_is_good_for_its_room_alone_and_gone_when_revoked(house: House) -> None:
    tablet, admin = paired(house), Browser(house, "192.168.4.10")
    thief = Browser(house, "10.66.6.6")
    thief.cookies = dict(tablet.cookies)
    assert [room["id"] for room in thief.ask("GET", "/api/v1/rooms").json()] == ["lavender"]
    assert thief.ask("GET", "/api/v1/staff").status_code == 403
    admin.sign_in()
    (screen,) = admin.ask("GET", "/api/v1/screens").json()
    assert admin.ask("DELETE", f"/api/v1/screens/{screen['id']}").status_code == 200
    assert thief.ask("GET", "/api/v1/rooms").status_code == 401
    assert tablet.ask("GET", "/api/v1/rooms").status_code == 401


def test_row_26_the_cookie_is_renewed_daily_and_a_copy_dies_with_the_next(house: House) -> None:
    tablet = paired(house)
    thief = Browser(house, "10.66.6.6")
    thief.cookies = dict(tablet.cookies)
    house.clock.advance(86_400)
    tablet.ask("GET", "/api/v1/rooms")
    assert len(tablet.set) == 1 and tablet.cookies != thief.cookies
    house.identity.forget()
    tablet.ask("GET", "/api/v1/rooms")
    house.identity.forget()
    assert thief.ask("GET", "/api/v1/rooms").status_code == 401
    assert tablet.ask("GET", "/api/v1/rooms").status_code == 200


def test_row_26_an_answer_that_was_lost_locks_no_tablet_out(house: House) -> None:
    tablet = paired(house)
    kept = dict(tablet.cookies)
    for _ in range(5):
        house.clock.advance(86_400)
        tablet.cookies = dict(kept)
        assert tablet.ask("GET", "/api/v1/rooms").status_code == 200
        house.identity.forget()
    token = tablet.csrf
    tablet.me()
    assert tablet.csrf == token  # an open page goes on


def test_row_26_a_screen_nobody_opened_for_a_month_is_none_of_ours(house: House) -> None:
    tablet = paired(house)
    house.clock.advance(30 * 86_400)
    assert tablet.ask("GET", "/api/v1/rooms").status_code == 401


def test_row_26_codes_work_once_and_for_five_minutes(house: House) -> None:
    admin = Browser(house)
    admin.sign_in("Ben")
    made = admin.ask("POST", "/api/v1/screens/codes", {"room": "lavender", "name": "By the door"}).json()
    assert made["expires_at"] == "2026-06-01T09:05:00.000Z" and made["url"] == "https://rooms.lan/pair" and made["qr"].startswith("<svg")
    assert Browser(house, "10.0.0.1").pair(made["code"]).status_code == 201
    assert Browser(house, "10.0.0.2").pair(made["code"]).status_code == 403
    late = admin.ask("POST", "/api/v1/screens/codes", {}).json()["code"]
    house.clock.advance(300)
    assert Browser(house, "10.0.0.3").pair(late).status_code == 403


@pytest.mark.parametrize("what", ["screen", "sign-in", "token", "account", "sign-out", "role"])
def test_row_26_revoking_cuts_open_streams_at_once(house: House, what: str) -> None:
    """In this process within a turn of the loop; the watch is off."""

    async def test() -> None:
        slow = staffed(House(HttpLimits(hosts=frozenset({"rooms.lan"}), watch=60, heartbeat=60)).open())
        admin, other = await asyncio.to_thread(_two, slow, what)
        held = {} if what == "token" else {"cookie": _cookie(other)}
        stream = Stream(slow, headers={"host": "rooms.lan", **held}, secure=True, bearer=what == "token")
        await stream.until("id: 0\n\n")
        await asyncio.to_thread(_revoke, slow, admin, other, what)
        async with asyncio.timeout(2):
            await stream.task
        assert stream.status == 200

    asyncio.run(test())


def _two(house: House, what: str) -> tuple[Browser, Browser]:
    admin = Browser(house, "192.168.4.10")
    admin.sign_in()
    other = paired(house) if what == "screen" else Browser(house)
    if what != "screen":
        other.sign_in("Ida")
    return admin, other


def _cookie(browser: Browser) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def _revoke(house: House, admin: Browser, other: Browser, what: str) -> None:
    other_id = other.me()["id"]
    ida = next(person.id for person in house.identity.people.all() if person.name == "Ida")
    match what:
        case "screen":
            answer = admin.ask("DELETE", f"/api/v1/screens/{other_id}")
        case "sign-in":
            answer = admin.ask("DELETE", f"/api/v1/signins/{other_id}")
        case "token":
            answer = admin.ask("DELETE", "/api/v1/tokens/t-desk")
        case "account":
            answer = admin.ask("DELETE", f"/api/v1/staff/{ida}")
        case "role":
            answer = admin.ask("POST", f"/api/v1/staff/{ida}/role", {"role": "therapist"})
        case _:
            answer = other.ask("POST", "/api/v1/signout")
    assert answer.status_code == 200


def test_row_26_what_is_revoked_elsewhere_or_runs_out_is_cut_within_a_second(house: House) -> None:
    async def test() -> None:
        tablet = await asyncio.to_thread(paired, house)
        stays = await asyncio.to_thread(paired, house, "cedar")
        streams = [
            Stream(house, headers={"host": "rooms.lan", "cookie": _cookie(each)}, secure=True, bearer=False) for each in (tablet, stays)
        ]
        for stream in streams:
            await stream.until("id: 0\n\n")
        id = (await asyncio.to_thread(house.identity.screens.all))[1].id
        await asyncio.to_thread(house.identity.screens.revoke, id, "command line", house.clock.now())
        async with asyncio.timeout(1):
            await streams[0].task
        assert not streams[1].task.done()
        await streams[1].leave()

    asyncio.run(test())


def test_row_26_an_open_stream_does_not_keep_somebody_signed_in(house: House) -> None:
    async def test() -> None:
        browser = Browser(house)
        await asyncio.to_thread(browser.sign_in, "Ida")
        stream = Stream(house, headers={"host": "rooms.lan", "cookie": _cookie(browser)}, secure=True, bearer=False)
        await stream.until("id: 0\n\n")
        house.clock.advance(1800)
        async with asyncio.timeout(1):
            await stream.task

    asyncio.run(test())


def test_row_26_stopping_and_turning_scent_off_is_always_taken() -> None:
    house = House(HttpLimits(writes_per_second=1, burst=1, hosts=frozenset({"rooms.lan"}))).open()
    tablet = paired(house)
    for _ in range(20):
        assert tablet.ask("POST", "/api/v1/rooms/lavender/adjust", {"scent": "off"}).status_code == 200
        assert tablet.ask("POST", "/api/v1/sessions/s1/end").status_code == 200
    tablet.ask("POST", "/api/v1/rooms/lavender/ready")
    assert tablet.ask("POST", "/api/v1/rooms/lavender/ready").json()["type"] == TooMany.type
    assert tablet.ask("POST", "/api/v1/sessions/s1/end").status_code == 200
    # Nor does a store that cannot be asked stop it.
    house.store.engine.dispose()
    house.identity.screens.check = _frozen  # type: ignore[method-assign]
    assert tablet.ask("POST", "/api/v1/sessions/s1/end").status_code == 200
    assert Browser(house).ask("POST", "/api/v1/sessions/s1/end").status_code == 401


def _frozen(secret: str, now: object) -> None:
    raise StoreUnavailable("frozen")
