"""The calls about what guests need: who may make them, what they take, and what tablets never learn."""

from typing import Any

import pytest

from ambiance.care import parse
from ambiance.care.intake import read_intake
from ambiance.panel.http import make_http
from ambiance.session.wishes import Choose, Keep, Need, Start
from ambiance.yaml import parse as parse_yaml
from tests.panel.doors import FakeLibrary, FakePreview, House

FORM = """items:
  no_scent: {ask: No scent?, codes: [scent_off]}
  language: {ask: Language?, codes: [{code: lang, value: answer}]}
"""


@pytest.fixture
def house() -> House:
    house = House()
    house.app = make_http(
        house.conductor, house.board, FakeLibrary(), FakePreview(), house.rows, house.tokens, house.clock, house.metrics,
        records=house.rows, checks=house.checks, identity=house.identity, intake=read_intake(parse_yaml(FORM, "intake.yaml")),
    )  # fmt: skip
    return house


def test_the_desk_offers_effects_in_plain_words(house: House) -> None:
    offers = house.ask("GET", "/api/v1/care").json()
    assert {"No scent", "Keep some light", "Keep it dim", "Quieter", "Nothing sudden", "Silence", "Never dark"} <= {
        o["words"] for o in offers
    }
    assert next(o for o in offers if o["words"] == "No scent")["codes"] == ["scent_off"]


def test_needs_are_said_by_desk_therapist_and_manager_and_by_nobody_else(house: House) -> None:
    for role in ("desk", "therapist", "manager"):
        assert house.ask("POST", "/api/v1/sessions/s1/care", {"care": ["no_accent"]}, role=role).status_code == 200
    assert house.ask("POST", "/api/v1/sessions/s1/care", {"care": ["scent_off"]}, role="integration").status_code == 403
    for call in (("GET", "/api/v1/care"), ("GET", "/api/v1/care/intake")):
        assert house.ask(*call, role="room").status_code == 403
    assert house.ask("GET", "/api/v1/care/intake", role="therapist").status_code == 403
    assert [wish for wish, _ in house.conductor.wishes] == [Need("s1", ("no_accent",))] * 3


def test_a_rooms_tablet_may_switch_scent_off_and_nothing_else(house: House) -> None:
    off = house.ask("POST", "/api/v1/sessions/s1/care", {"care": ["scent_off"]}, role="room")
    assert off.status_code == 200
    assert not {"conflicts", "warnings", "profile"} & set(off.json())
    others: list[dict[str, Any]] = [{"care": ["no_dark"]}, {"care": ["scent_off"], "replace": True}, {"care": None}, {"care": []}]
    for body in others:
        assert house.ask("POST", "/api/v1/sessions/s1/care", body, role="room").status_code == 403
    assert house.ask("POST", "/api/v1/sessions/s1/care/answer", {"conflict": "x", "side": "floor"}, role="room").status_code == 403
    assert len(house.conductor.wishes) == 1


@pytest.mark.parametrize(
    "body",
    [{}, {"care": "scent_off"}, {"care": ["scent_of"]}, {"care": ["Anna is pregnant"]}, {"care": [{"code": "no_dark", "value": 1e300}]},
     {"care": [], "note": "Anna is pregnant"}, {"care": "Anna is pregnant"}, {"care": [["x"]]}],
)  # fmt: skip
def test_bad_needs_are_refused_with_what_is_known_and_never_repeated(house: House, body: dict[str, Any]) -> None:
    for path in ("/api/v1/sessions/s1/care", "/api/v1/care"):
        answer = house.ask("POST", path, body)
        assert answer.status_code == 422
        assert answer.json()["errors"]
        assert "Anna" not in answer.text
    assert "scent_off_strict" in house.ask("POST", "/api/v1/sessions/s1/care", {"care": ["scent_of"]}).text
    assert house.conductor.wishes == []
    started = {"room": "lavender", "profile": "spa/prenatal", "care": "Anna is pregnant"}
    assert "Anna" not in house.ask("POST", "/api/v1/sessions", started).text


def test_what_contradicts_is_shown_to_staff_and_not_on_a_tablet(house: House) -> None:
    care = parse(["no_dark", {"code": "light_max_lx", "value": 10}])
    house.conductor.needs["s1"] = care
    seen = house.ask("GET", "/api/v1/sessions/s1").json()
    (question,) = seen["conflicts"]
    assert question["about"] == "light"
    assert any("ask the guest" in words for words in seen["warnings"])
    assert "conflicts" not in house.ask("GET", "/api/v1/sessions/s1", role="room").json()
    answered = house.ask("POST", "/api/v1/sessions/s1/care/answer", {"conflict": question["id"], "side": "ceiling"})
    assert answered.status_code == 200
    assert house.conductor.wishes[-1][0] == Choose("s1", question["id"], "ceiling")


def test_codes_are_left_under_a_reference_for_a_start_that_names_it(house: House) -> None:
    answer = house.ask("POST", "/api/v1/care", {"care": ["no_dark"]}, role="therapist")
    assert (answer.status_code, answer.json()["ref"]) == (201, "r1")
    assert house.conductor.wishes[-1][0] == Keep(("no_dark",))
    start = {"room": "lavender", "profile": "spa/prenatal", "care_ref": "r1"}
    assert house.ask("POST", "/api/v1/sessions", start).status_code == 201
    wish = house.conductor.wishes[-1][0]
    assert isinstance(wish, Start)
    assert (wish.ref, wish.care) == ("r1", None)
    assert house.ask("POST", "/api/v1/sessions", {**start, "care": []}).status_code == 422


def test_scent_has_three_answers(house: House) -> None:
    asked: list[Any] = []
    for scent in (True, False, None):
        assert house.ask("POST", "/api/v1/sessions", {"room": "lavender", "profile": "spa/prenatal", "scent": scent}).status_code == 201
        asked.append(getattr(house.conductor.wishes[-1][0], "scent", "?"))
    assert asked == [True, False, None]
    assert house.ask("POST", "/api/v1/sessions", {"room": "lavender", "profile": "spa/prenatal", "scent": "yes"}).status_code == 422


def test_the_private_form_becomes_codes_and_is_kept_nowhere(house: House) -> None:
    items = house.ask("GET", "/api/v1/care/intake", role="manager").json()
    assert [(item["id"], item["takes"]) for item in items] == [("no_scent", "yes"), ("language", "value")]
    taken = house.ask("POST", "/api/v1/care/intake", {"answers": {"no_scent": True, "language": "de"}}).json()
    assert taken == {"care": ["scent_off", {"code": "lang", "value": "de"}], "refuses": [], "not_asked": []}
    assert house.ask("POST", "/api/v1/care/intake", {"answers": {}}).json()["care"] is None
    wrong = house.ask("POST", "/api/v1/care/intake", {"answers": {"no_scent": "Anna says so", "migraine": True}})
    assert wrong.status_code == 422
    assert "Anna" not in wrong.text
    assert house.conductor.wishes == []


def test_a_rooms_display_learns_how_to_behave_and_no_reason(house: House) -> None:
    plain = house.ask("GET", "/api/v1/rooms/lavender/display", role="room").json()
    assert plain == {"language": None, "still": False, "guest_controls": False, "asks_first": False, "doors_stay": False}
    house.conductor.needs["s1"] = parse(
        ["announce_change", "client_control", "door_hold", "no_flash_strict", {"code": "lang", "value": "de"}, "scent_off"]
    )
    told = house.ask("GET", "/api/v1/rooms/lavender/display", role="room").json()
    assert told == {"language": "de", "still": True, "guest_controls": True, "asks_first": True, "doors_stay": True}
    assert house.ask("GET", "/api/v1/rooms/cedar/display", role="room").status_code == 403


def test_why_names_scent_too(house: House) -> None:
    why = house.ask("GET", "/api/v1/rooms/lavender/why").json()
    assert why["diffuser"]["intensity"]["value"] == 0
    assert set(why["diffuser"]["intensity"]) == {"value", "layer", "source"}


def test_a_rooms_player_is_told_what_it_may_play_and_no_other_rooms(house: House) -> None:
    told = house.ask("GET", "/api/v1/rooms/lavender/playlists", role="room").json()
    assert told == {"pl-1": {"style": "calm", "genres": ["piano"], "bpm": [60, 70], "exclude": ["water"], "only": None}}
    assert house.ask("GET", "/api/v1/rooms/cedar/playlists", role="room").status_code == 403
