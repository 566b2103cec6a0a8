"""Sessions started over HTTP: what is taken, what is refused, and what becomes of keys."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ambiance.errors import NotAirable, RoomBusy, StoreUnavailable
from ambiance.session.wishes import Start, Wishes
from tests.panel.doors import NOW, House

BODY: dict[str, Any] = {"room": "lavender", "profile": "spa/prenatal", "minutes": 60}


def started(house: House) -> Start:
    wish = house.conductor.wishes[-1][0]
    assert isinstance(wish, Start)
    return wish


def test_a_start_becomes_one_wish_and_201(house: House) -> None:
    answer = house.ask("POST", "/api/v1/sessions", BODY | {"start": "now", "visit": "first", "scent": True, "group": None})
    assert answer.status_code == 201
    assert answer.json()["id"] == "n1"
    assert answer.headers["location"] == "/api/v1/sessions/n1"
    assert started(house) == Start("lavender", "spa/prenatal", 60, None, "first", None, Wishes(), True)


def test_care_and_wishes_reach_the_conductor(house: House) -> None:
    care = ["scent_off", {"code": "light_max_lx", "value": 10, "phases": ["work1"]}]
    house.ask("POST", "/api/v1/sessions", BODY | {"care": care, "wishes": {"light": 5, "silence": True, "exclude": ["vocals"]}})
    assert started(house).care == tuple(care)
    assert started(house).wishes == Wishes(light=5.0, silence=True, exclude=("vocals",))


def test_null_care_is_unknown_and_empty_care_is_known(house: House) -> None:
    house.ask("POST", "/api/v1/sessions", BODY | {"care": None})
    assert started(house).care is None
    house.ask("POST", "/api/v1/sessions", BODY | {"care": []})
    assert started(house).care == ()


@pytest.mark.parametrize(
    ("start", "at"),
    [
        ("2026-06-01T12:00:00+02:00", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("2026-06-01T10:00:00Z", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("2026-06-01T10:00Z", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("2026-06-01 12:00:00+02", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("2026-06-01T15:45:00,000+05:45", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("20260601T100000Z", datetime(2026, 6, 1, 10, tzinfo=UTC)),
        ("2026-06-01T08:59:30Z", NOW - timedelta(seconds=30)),
    ],
)
def test_an_instant_with_its_offset_is_taken(house: House, start: str, at: datetime) -> None:
    assert house.ask("POST", "/api/v1/sessions", BODY | {"start": start}).status_code == 201
    assert started(house).at == at


@pytest.mark.parametrize(
    "start",
    [
        "2026-06-01T10:00:00", "2026-10-25T02:30:00", "tomorrow", "", "2026-06-01", "2026-06-01T08:58:00Z", "2027-09-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T10:00:00Z", "2026-06-01T10:00:60Z", "NOW",
        "２026-06-01T10:00Z",
        "2026-06-01T10:00:00+99:99", 5, None, True,
    ],
)  # fmt: skip
def test_a_start_that_is_no_instant_within_reach_is_refused_by_its_path(house: House, start: object) -> None:
    answer = house.ask("POST", "/api/v1/sessions", BODY | {"start": start})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "start"
    assert not house.conductor.wishes


def test_a_local_time_is_refused_with_the_cure(house: House) -> None:
    detail = house.ask("POST", "/api/v1/sessions", BODY | {"start": "2026-06-01T10:00:00"}).json()["detail"]
    assert "+02:00" in detail


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"minutes": -1}, "minutes"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": True}, "minutes"),
        ({"minutes": 60.5}, "minutes"),
        ({"minutes": "60"}, "minutes"),
        ({"minutes": 10**30}, "minutes"),
        ({"scent": 1}, "scent"),
        ({"visit": "second"}, "visit"),
        ({"room": "La vender"}, "room"),
        ({"room": "a" * 300}, "room"),
        ({"room": "a/#"}, "room"),
        ({"room": "a\x00"}, "room"),
        ({"room": "lavendér"}, "room"),
        ({"profile": "../../etc/passwd"}, "profile"),
        ({"profile": 7}, "profile"),
        ({"profile": None}, "profile"),
        ({"wishes": {"light": 31}}, "wishes.light"),
        ({"wishes": {"light": True}}, "wishes.light"),
        ({"wishes": {"remark": "Mrs Miller"}}, "wishes.remark"),
        ({"name": "Anna"}, "name"),
        ({"care": ["asthma"]}, "care[0].code"),
        ({"care": [{"code": "light_max_lx", "value": 10**400}]}, "care[0].value"),
        ({"care": "scent_off"}, "care"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_by_its_path(house: House, change: dict[str, object], path: str) -> None:
    answer = house.ask("POST", "/api/v1/sessions", BODY | change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert path in [fault["path"] for fault in answer.json()["errors"]]
    assert not house.conductor.wishes


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"1e308", b"101", b"true"])
def test_a_number_that_is_none_is_refused_by_its_path(house: House, number: bytes) -> None:
    body = b'{"room":"lavender","profile":"spa/prenatal","wishes":{"music":' + number + b"}}"
    answer = house.ask("POST", "/api/v1/sessions", body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "wishes.music"
    held = b'{"hold":{"ceiling":{"brightness":' + number + b"}}}"
    answer = house.ask("POST", "/api/v1/rooms/lavender/adjust", held, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "hold.ceiling.brightness"
    assert not house.conductor.wishes


def test_every_fault_is_named_at_once(house: House) -> None:
    answer = house.ask("POST", "/api/v1/sessions", {"profile": "x y", "minutes": -5, "care": ["nonsense"], "weather": "fine"})
    assert {fault["path"] for fault in answer.json()["errors"]} == {"room", "profile", "minutes", "weather", "care[0].code"}
    for body in ({}, {"profile": None}):
        assert [fault["path"] for fault in house.ask("POST", "/api/v1/sessions", body).json()["errors"]] == ["room", "profile"]
    answer = house.ask("POST", "/api/v1/sessions", BODY | {"care": ["nonsense"], "start": "soon"})
    assert {fault["path"] for fault in answer.json()["errors"]} == {"care[0].code", "start"}


def test_what_somebody_typed_into_a_free_field_is_not_repeated(house: House) -> None:
    assert "Miller" not in house.ask("POST", "/api/v1/sessions", BODY | {"remark": "Mrs Miller, migraine"}).text


def test_a_refusal_of_the_conductor_is_a_problem_with_its_reason(house: House) -> None:
    house.conductor.refusal = RoomBusy("lavender", "s9", "09:00", "10:00")
    busy = house.ask("POST", "/api/v1/sessions", BODY)
    assert (busy.status_code, busy.json()["type"], busy.json()["session"]) == (409, "busy", "s9")
    house.conductor.refusal = NotAirable("lavender", "2026-06-01T10:20:00Z")
    airing = house.ask("POST", "/api/v1/sessions", BODY)
    assert (airing.status_code, airing.json()["type"], airing.json()["scent_free_from"]) == (409, "not-airable", "2026-06-01T10:20:00Z")
    house.conductor.refusal = NotAirable(
        "lavender", "2026-06-01T10:20:00Z", [{"choice": "other-room", "room": "rose", "reason": "It is free."}]
    )
    assert house.ask("POST", "/api/v1/sessions", BODY).json()["options"][0]["room"] == "rose"
    (part,) = house.ask("POST", "/api/v1/sessions/batch", [BODY]).json()
    assert (part["status"], part["options"][0]["choice"]) == (409, "other-room")
    house.conductor.refusal = StoreUnavailable("disk full")
    full = house.ask("POST", "/api/v1/sessions", BODY)
    assert full.status_code == 503
    assert int(full.headers["retry-after"]) > 0


def test_a_double_click_starts_one_session_with_one_answer(house: House) -> None:
    click = ("POST", "/api/v1/sessions", BODY)
    first, second = house.ask_all([click, click], headers={"Idempotency-Key": "k1"})
    assert first.json() == second.json()
    assert len(house.conductor.wishes) == 1


def test_the_same_key_with_another_body_or_call_is_refused(house: House) -> None:
    other = ("POST", "/api/v1/sessions", BODY | {"minutes": 45})
    verb = ("POST", "/api/v1/sessions/s1/pause", None)
    answers = house.ask_all([("POST", "/api/v1/sessions", BODY), other, verb], headers={"Idempotency-Key": "k1"})
    assert [a.status_code for a in answers] == [201, 422, 422]
    assert answers[1].json()["type"] == "key-reused"
    assert len(house.conductor.wishes) == 1


def test_the_same_body_spelt_otherwise_is_the_same_body(house: House) -> None:
    spelt = ("POST", "/api/v1/sessions", {"scent": False, "minutes": 60, "profile": "spa/prenatal", "room": "lavender", "start": "now"})
    answers = house.ask_all([("POST", "/api/v1/sessions", BODY), spelt], headers={"Idempotency-Key": "k1"})
    assert [a.status_code for a in answers] == [201, 201]
    assert len(house.conductor.wishes) == 1


def test_keys_belong_to_their_token(house: House) -> None:
    house.ask("POST", "/api/v1/sessions", BODY, headers={"Idempotency-Key": "k1"})
    house.ask("POST", "/api/v1/sessions", BODY, role="manager", headers={"Idempotency-Key": "k1"})
    assert len(house.conductor.wishes) == 2


@pytest.mark.parametrize("key", ["", "a" * 256, "k\u00e9y"])
def test_a_key_that_is_none_is_refused(house: House, key: str) -> None:
    answer = house.ask("POST", "/api/v1/sessions", BODY, headers={"Idempotency-Key": key.encode()})
    assert answer.status_code == 422


def test_a_batch_answers_each_part_by_itself(house: House) -> None:
    answer = house.ask("POST", "/api/v1/sessions/batch", [BODY, BODY | {"minutes": -1}, 7, BODY | {"room": "cedar"}])
    assert answer.status_code == 200
    assert [each["status"] for each in answer.json()] == [201, 422, 422, 201]
    assert answer.json()[1]["errors"][0]["path"] == "minutes"
    assert [w.room for w, _ in house.conductor.wishes if isinstance(w, Start)] == ["lavender", "cedar"]


def test_a_batch_that_is_no_list_or_too_long_is_refused(house: House) -> None:
    assert house.ask("POST", "/api/v1/sessions/batch", {}).status_code == 422
    assert house.ask("POST", "/api/v1/sessions/batch", [1] * 1001).status_code == 422
    assert house.ask("POST", "/api/v1/sessions/batch", []).json() == []


def test_a_length_or_treatment_not_on_offer_is_named_beside_the_other_faults(house: House) -> None:
    late = "2026-06-01T08:00:00Z"
    for change, paths in (
        ({"profile": "spa/swedish", "minutes": 500, "start": late}, {"start", "minutes"}),
        ({"profile": "spa/swedish", "minutes": 29, "care": ["nonsense"]}, {"minutes", "care[0].code"}),
        ({"profile": "clinical/swedish", "minutes": 30, "visit": "first", "scent": 1}, {"profile", "scent"}),
        ({"profile": "clinical/float", "minutes": 60, "room": "A"}, {"profile", "room"}),
        ({"profile": "spa/nothing", "minutes": 60, "wishes": []}, {"profile", "wishes"}),
    ):
        answer = house.ask("POST", "/api/v1/sessions", BODY | change)
        assert answer.status_code == 422
        assert {fault["path"] for fault in answer.json()["errors"]} == paths


@pytest.mark.parametrize(
    ("change", "path", "wanted"),
    [
        ({"room": "A b"}, "room", "small letters, digits and -, at most 64"),
        ({"profile": "../x"}, "profile", "setting/modality, as spa/swedish, or a name on the menu"),
        ({"minutes": True}, "minutes", "a whole number"),
        ({"minutes": 60.5}, "minutes", "a whole number"),
        ({"care": {}}, "care", "a list"),
        ({"care": [5]}, "care[0]", 'a code, as "scent_off" or {"code", "value", "phases"}'),
        ({"wishes": None}, "wishes", "an object, as {…}"),
        ({"wishes": {"exclude": ["a b"]}}, "wishes.exclude[0]", "one word of small letters, digits, - and _, at most 40"),
        ({"scent": "yes"}, "scent", "true or false"),
        (
            {"wishes": {"remark": "x"}},
            "wishes.remark",
            "only known keys (style, light, warmer, music, silence, exclude); names and remarks are not taken",
        ),
    ],
)
def test_what_would_do_is_told_in_plain_words(house: House, change: dict[str, Any], path: str, wanted: str) -> None:
    errors = house.ask("POST", "/api/v1/sessions", BODY | change).json()["errors"]
    assert [(fault["path"], fault["wanted"]) for fault in errors] == [(path, wanted)]


def test_one_key_is_one_request_whether_for_one_session_or_many(house: House) -> None:
    one, many = ("POST", "/api/v1/sessions", BODY), ("POST", "/api/v1/sessions/batch", [BODY])
    for first, second in ((one, many), (many, one)):
        key = {"Idempotency-Key": f"k-{first[1]}"}
        done, refused = house.ask_all([first, second], headers=key)
        assert done.is_success
        assert (refused.status_code, refused.json()["type"]) == (422, "key-reused")
    assert len(house.conductor.wishes) == 2


def test_a_batch_sent_twice_starts_once_and_a_longer_one_under_its_key_starts_nothing(house: House) -> None:
    one = ("POST", "/api/v1/sessions/batch", [BODY])
    two = ("POST", "/api/v1/sessions/batch", [BODY, BODY | {"room": "cedar"}])
    first, again, longer = house.ask_all([one, one, two], headers={"Idempotency-Key": "b1"})
    assert first.json() == again.json()
    assert (longer.status_code, longer.json()["type"]) == (422, "key-reused")
    assert len(house.conductor.wishes) == 1


def test_a_therapist_is_an_opaque_token_and_stays_at_the_desk(house: House) -> None:
    house.ask("POST", "/api/v1/sessions", BODY | {"therapist": "t-7"})
    (wish, _) = house.conductor.wishes[-1]
    assert isinstance(wish, Start)
    assert wish.therapist == "t-7"
    for name in ("Anna Miller", "anna.miller@spa", "", 7):
        assert house.ask("POST", "/api/v1/sessions", BODY | {"therapist": name}).status_code == 422
    assert "therapist" in house.ask("GET", "/api/v1/sessions/s1").json()
    assert "therapist" not in house.ask("GET", "/api/v1/sessions/s1", role="room").json()
