"""Who may do what, and what a room's tablet is never told."""

import json

import pytest

from ambiance.errors import TooMany
from ambiance.panel.http import HttpLimits
from ambiance.panel.pace import Pace
from ambiance.session.model import News, SessionState
from ambiance.session.wishes import Emergency
from tests.panel.doors import NOW, ROLES, FakeToken, House, session

START = ("POST", "/api/v1/sessions", {"room": "lavender", "profile": "spa/prenatal"})
CALLS: list[tuple[tuple[str, str, object], set[str]]] = [
    (("GET", "/api/v1/rooms", None), set(ROLES)),
    (("GET", "/api/v1/rooms/lavender", None), set(ROLES)),
    (("GET", "/api/v1/rooms/cedar", None), set(ROLES) - {"room"}),
    (("GET", "/api/v1/rooms/cedar/why", None), set(ROLES) - {"room"}),
    (("GET", "/api/v1/rooms/nowhere", None), set()),
    (("GET", "/api/v1/profiles", None), set(ROLES) - {"room"}),
    (("GET", "/api/v1/sessions", None), set(ROLES)),
    (("GET", "/api/v1/sessions?room=cedar", None), set(ROLES) - {"room"}),
    (START, set(ROLES) - {"room"}),
    (("POST", "/api/v1/sessions/batch", [START[2]]), set(ROLES) - {"room"}),
    (("POST", "/api/v1/sessions/s1/pause", None), set(ROLES)),
    (("POST", "/api/v1/sessions/s2/pause", None), set(ROLES) - {"room"}),
    (("POST", "/api/v1/sessions/s1/move", {"room": "cedar"}), set(ROLES) - {"room"}),
    (("POST", "/api/v1/rooms/lavender/adjust", {"light": 5}), set(ROLES)),
    (("POST", "/api/v1/rooms/cedar/adjust", {"light": 5}), set(ROLES) - {"room"}),
    (("POST", "/api/v1/rooms/cedar/bright", None), set(ROLES) - {"room"}),
    (("POST", "/api/v1/rooms/cedar/ready", None), set(ROLES) - {"room"}),
    (("POST", "/api/v1/emergency", {"kind": "fire"}), set(ROLES) - {"room"}),
    (("POST", "/api/v1/emergency", {"kind": "medical", "room": "lavender"}), set(ROLES)),
    (("POST", "/api/v1/emergency", {"kind": "medical", "room": "cedar"}), set(ROLES) - {"room"}),
    (("DELETE", "/api/v1/emergency", None), {"desk", "manager"}),
]


@pytest.mark.parametrize(("call", "may"), CALLS)
def test_each_role_reaches_what_is_its_own(house: House, call: tuple[str, str, object], may: set[str]) -> None:
    house.conductor.live.append(session("s2", "cedar"))
    for role in ROLES:
        status = house.ask(*call, role=role).status_code
        assert (status < 300) == (role in may), (role, status)
        assert status < 300 or status in (403, 404)


@pytest.mark.parametrize("call", [call for call, _ in CALLS] + [("GET", "/api/v1/events", None)])
def test_nobody_gets_in_without_a_token(house: House, call: tuple[str, str, object]) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong-secret"}, {"Authorization": "Basic ZGVzazpkZXNr"}, {"Authorization": "Bearer "}):
        answer = house.ask(*call, role=None, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    house.tokens.by_secret.clear()
    assert house.ask(*call).status_code == 401
    assert not house.conductor.wishes


def test_a_tablet_sees_its_room_only(house: House) -> None:
    house.conductor.live.append(session("s2", "cedar"))
    house.rows.past = [session("s3", "cedar", SessionState.DONE)]
    assert [room["id"] for room in house.ask("GET", "/api/v1/rooms", role="room").json()] == ["lavender"]
    assert [each["id"] for each in house.ask("GET", "/api/v1/sessions", role="room").json()] == ["s1"]
    for id in ("s2", "s3", "nobody"):
        answer = house.ask("GET", f"/api/v1/sessions/{id}", role="room")
        assert (answer.status_code, answer.json()["type"]) == (404, "not-found")
    assert "cedar" not in house.ask("GET", "/api/v1/sessions", role="room").text


def test_a_tablet_is_told_neither_treatment_nor_care(house: House) -> None:
    calls = [
        ("GET", "/api/v1/rooms", None), ("GET", "/api/v1/rooms/lavender", None), ("GET", "/api/v1/rooms/lavender/why", None),
        ("GET", "/api/v1/sessions", None), ("GET", "/api/v1/sessions/s1", None), ("POST", "/api/v1/sessions/s1/pause", None),
        ("POST", "/api/v1/rooms/lavender/adjust", {"light": 3}),
    ]  # fmt: skip
    for answer in house.ask_all(calls, role="room"):
        assert answer.status_code < 300
        for word in ("prenatal", "light_max_lx", "care", "scent_off"):
            assert word not in answer.text
    assert "prenatal" in house.ask("GET", "/api/v1/sessions/s1").text


def test_a_silent_call_for_help_stays_silent_in_the_room(house: House) -> None:
    house.conductor.emergency = {"lavender": "duress"}
    assert house.ask("GET", "/api/v1/rooms/lavender").json()["emergency"] == "duress"
    assert house.ask("GET", "/api/v1/rooms/lavender", role="room").json()["emergency"] is None


def test_a_therapist_bound_to_a_room_starts_there_only(house: House) -> None:
    house.tokens.by_secret["therapist-secret"] = FakeToken("t", "therapist", "cedar")
    assert house.ask(*START, role="therapist").status_code == 403
    assert house.ask("POST", "/api/v1/sessions", {"room": "cedar", "profile": "spa/prenatal"}, role="therapist").status_code == 201


def test_a_therapist_bound_to_a_room_repeats_no_session_of_another(house: House) -> None:
    house.tokens.by_secret["therapist-secret"] = FakeToken("t", "therapist", "cedar")
    house.rows.past = [session("s3", "cedar", SessionState.DONE), session("s4", "lavender", SessionState.DONE)]
    for like, status in (("s1", 404), ("s4", 404), ("nobody", 404), ("s3", 201)):
        answer = house.ask("POST", "/api/v1/sessions", {"room": "cedar", "like": like}, role="therapist")
        assert answer.status_code == status, like
    assert len(house.conductor.wishes) == 1
    assert house.ask("POST", "/api/v1/sessions", {"room": "cedar", "like": "s4"}).status_code == 201, "the desk may"


def test_an_unknown_role_may_nothing(house: House) -> None:
    house.tokens.by_secret["desk-secret"] = FakeToken("t", "intern")
    assert house.ask("GET", "/api/v1/rooms").status_code == 403


def test_a_token_may_write_a_hundred_times_a_second_and_not_without_end() -> None:
    seconds = 0.0
    pace = Pace(monotonic=lambda: seconds)
    taken = refused = 0
    for _ in range(10):
        for _ in range(1000):
            try:
                pace.take("t")
                taken += 1
            except TooMany:
                refused += 1
        seconds += 1.0
    assert taken == 600 + 9 * 200
    assert refused == 10_000 - taken
    pace.take("another")


def test_who_writes_too_fast_is_told_to_wait_and_may_still_look() -> None:
    house = House(HttpLimits(writes_per_second=1, burst=5))
    answers = house.ask_all([("POST", "/api/v1/rooms/lavender/ready", None)] * 30)
    assert {answer.status_code for answer in answers[:5]} == {200}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["retry-after"] == "1"
    assert house.ask("GET", "/api/v1/rooms").status_code == 200
    assert house.ask("POST", "/api/v1/rooms/lavender/ready", role="manager").status_code == 200


def test_whoever_was_let_in_goes_on_while_the_store_cannot_be_asked(house: House) -> None:
    assert house.ask("GET", "/api/v1/rooms").status_code == 200
    house.tokens.well = False
    assert house.ask("GET", "/api/v1/rooms").status_code == 200
    assert house.ask("GET", "/api/v1/rooms", role="manager").status_code == 503
    house.tokens.well = True
    del house.tokens.by_secret["desk-secret"]
    assert house.ask("GET", "/api/v1/rooms").status_code == 401
    house.tokens.well = False
    assert house.ask("GET", "/api/v1/rooms").status_code == 503


def test_a_refused_look_is_written_down_with_who_and_without_secrets(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    answer = house.ask("GET", "/api/v1/rooms/cedar", role="room")
    said = capsys.readouterr().out
    assert "t-room" in said
    assert answer.json()["instance"] in said
    assert "room-secret" not in said


def test_emergency_kinds_are_the_wishes_own(house: House) -> None:
    house.ask("POST", "/api/v1/emergency", {"kind": "duress", "room": "lavender"}, role="room")
    assert house.conductor.wishes[0][0] == Emergency("duress", True, "lavender", "room")


def test_news_is_encoded_as_json_for_staff() -> None:
    from ambiance.panel.views import news_view

    assert json.dumps(news_view(News(1, NOW, "dose_began", "lavender", "s1", {"until": NOW})))
