"""What callers and strangers may send, all at once and in every shape, and two people who want the same room."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from ambiance.clock import SystemClock
from ambiance.panel.tokens import create
from tests.brokers import Mosquitto, Witness
from tests.journeys.house import LAMP, House, Nursery, command, room_of, until
from tests.journeys.twins import Ear, Twins

BODY = {"room": "lavender", "profile": "spa/swedish", "minutes": 60}
ROOMS = ("lavender", "rose", "iris", "tulip")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("desks")
    with Mosquitto(folder / "mosquitto") as broker:
        rooms = [room_of(id, LAMP) for id in ROOMS]
        house = House(folder, f"url: {broker.url}", *rooms, nursery=nursery)
        with Twins(house.topics, house.config.site.rooms, broker.url, house.time), house:
            yield house


@pytest.fixture
def ear(house: House) -> Iterator[Ear]:
    port = house.config.broker.settings().port
    with Ear(port, house.time) as ear:
        yield ear


def _post(house: House, body: Any, key: str | None = None, path: str = "/api/v1/sessions") -> httpx.Response:
    headers = {**house.headers, "Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(f"{house.url}{path}", content=content, headers=headers, trust_env=False, timeout=20)


def test_row_11_of_two_desks_that_start_one_room_at_once_exactly_one_gets_it(house: House) -> None:
    other = create(f"sqlite:///{house.database}", "harbour", "desk", SystemClock().now(), None, "the other desk")
    tokens = [house.token, other] * 4

    def start(token: str) -> httpx.Response:
        return httpx.post(
            f"{house.url}/api/v1/sessions", json=BODY, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=20
        )

    with ThreadPoolExecutor(8) as desks:
        answers = list(desks.map(start, tokens))
    (winner,) = [answer.json() for answer in answers if answer.status_code == 201]
    losers = [answer.json() for answer in answers if answer.status_code == 409]
    assert len(losers) == 7
    assert all(winner["id"] in each["detail"] for each in losers), "they are told who has it"


def test_row_12_a_double_click_and_a_retry_give_one_session_and_the_same_answer(house: House) -> None:
    body = {**BODY, "room": "rose"}
    with ThreadPoolExecutor(6) as clicks:
        answers = list(clicks.map(lambda _: _post(house, body, "a-click"), range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    with house.client() as desk:
        assert len(desk.sessions("rose")) == 1


def test_row_13_a_key_that_comes_back_with_another_body_is_refused_and_does_nothing(house: House) -> None:
    first = _post(house, {**BODY, "room": "iris"}, "one-key")
    assert first.status_code == 201
    again = _post(house, {**BODY, "room": "tulip"}, "one-key")
    assert again.status_code == 422 and again.json()["type"].endswith("key-reused")
    with house.client() as desk:
        assert desk.room("tulip")["state"] == "ready" and desk.sessions("tulip") == []


@pytest.mark.parametrize("id", ["+", "#", "$SYS", "a/b", "a b", "L\u00e4vendel", "x" * 300, "lavender\u0000", ".."])
def test_row_15_an_id_that_is_no_slug_is_refused_at_every_door(house: House, ear: Ear, id: str) -> None:
    since = ear.count()
    assert _post(house, {**BODY, "room": id}).status_code == 422
    with house.client() as desk:
        answer = httpx.get(f"{house.url}/api/v1/rooms/{_quoted(id)}", headers=house.headers, trust_env=False)
        assert answer.status_code in (404, 405, 422), answer.text
        assert len(desk.rooms()) == len(ROOMS)
    if not set(id) & set("+#\0"):
        ear.say(f"ambiance/harbour/{id}/do/start", b'{"profile":"spa/swedish"}')
        _still_there(house, ear)
    assert not [each.topic for each in ear.heard[since:] if id in each.topic and "/do/start" not in each.topic and len(id) > 2]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "1e308", "101", "true", '"30"', "null", "[]"])
def test_row_20_a_number_that_is_none_is_refused_by_its_path_and_never_published(house: House, ear: Ear, value: str) -> None:
    since = ear.count()
    held = _post(house, f'{{"hold":{{"ceiling":{{"brightness":{value}}}}}}}'.encode(), path="/api/v1/rooms/tulip/adjust")
    assert held.status_code == 422 and ("brightness" in held.text or value == "null"), held.text
    minutes = {"null": "0", "101": "1441"}.get(value, value)
    lengths = _post(house, f'{{"room":"tulip","profile":"spa/swedish","minutes":{minutes}}}'.encode())
    assert lengths.status_code == 422 and "minutes" in lengths.text, lengths.text
    assert not [each for each in ear.heard[since:] if each.topic.endswith("/set") and b"tulip" in each.topic.encode()]


def test_row_20_a_missing_field_is_refused_by_its_path(house: House) -> None:
    answer = _post(house, {"profile": "spa/swedish"})
    assert answer.status_code == 422 and "room" in answer.text


def test_row_37_malformed_huge_and_deep_payloads_are_dropped_and_the_house_goes_on(house: House, ear: Ear) -> None:
    topics = house.topics
    state, do = topics.device_state("tulip", "ceiling"), topics.do("tulip", "start")
    with house.client() as desk:
        before = desk.room("tulip")
    for payload in (
        b"x" * 10_000_000,
        b"[" * 1000 + b"]" * 1000,
        b'{"on":' * 1000,
        b"",
        b"\xff\xfe\x00",
        b'{"on":true,"brightness":NaN}',
        b'{"on":true,"brightness":1e999}',
        b'{"on":true,"brightness":-1}',
        b'{"on":"yes","brightness":50}',
        b"null",
        b"[]",
        b'{"on":true,"brightness":50,"kelvin":1e-300}',
    ):
        ear.say(state, payload)
        ear.say(do, payload)
        ear.say(topics.online("tulip", "ceiling"), payload)
    port = house.config.broker.settings().port
    with Witness(port, "nothing/at/all") as flooder:
        flooder.flood((f"ambiance/harbour/tulip/device/new-{n}/state" for n in range(10_000)), b'{"on":true}')
        _still_there(house, ear, within=30)
    with house.client() as desk:
        after = desk.room("tulip")
        assert after["state"] == before["state"] and after["session"] is None
        assert httpx.get(f"{house.url}/metrics", trust_env=False).status_code == 200
        assert desk.start("tulip", "spa/swedish", 30)["state"] == "running"
    until(lambda: any(each.body["brightness"] > 40 for each in ear.said(topics.set("tulip", "ceiling"))))
    assert "Traceback" not in house.logged()


def test_row_28_a_retained_command_is_dropped_said_in_the_log_and_cleared(tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery) -> None:
    house = House(tmp_path, f"url: {mosquitto.url}", nursery=nursery)
    do = house.topics.do("lavender", "start")
    with Ear(mosquitto.port, house.time) as ear:
        ear.say(do, b'{"profile":"spa/swedish","id":"old"}', retain=True)
        with house:
            ear.until(lambda: ear.on(do)[-1:] == [b""], 10)
            ear.say(do, b'{"profile":"spa/swedish","id":"while it runs"}', retain=True)
            ear.until(lambda: ear.on(do)[-1:] == [b""] and len(ear.on(do)) >= 4, 10)
            with house.client() as desk:
                assert desk.room("lavender")["state"] == "ready"
            until(lambda: house.logged().count('"retained"') >= 2)
        with Witness(mosquitto.port, do) as late:
            ear.say("done", b"")
            assert late.heard == []


def test_row_14_a_tablet_is_kept_to_its_room(house: House) -> None:
    made = command("token", "create", "--role", "room", "--room", "rose", "--config", str(house.file), "--json")
    assert made.returncode == 0, made.stderr
    headers = {"Authorization": f"Bearer {json.loads(made.stdout)['token']}"}
    with httpx.Client(base_url=f"{house.url}/api/v1", headers=headers, trust_env=False) as tablet:
        assert [room["id"] for room in tablet.get("/rooms").json()] == ["rose"]
        assert tablet.get("/rooms/rose").status_code == 200
        assert tablet.get("/rooms/lavender").status_code in (403, 404)
        assert tablet.post("/rooms/lavender/bright").status_code in (403, 404)
        assert tablet.post("/rooms/rose/bright").status_code == 200
        assert tablet.delete("/rooms/rose/bright").status_code == 200


def _still_there(house: House, ear: Ear, within: float = 10) -> None:
    """A command that goes in after all that and is answered has everything before it behind it."""
    topic = house.topics.do("rose", "bright")
    since = ear.count()
    ear.say(topic, b'{"on":false,"id":"still there"}')
    until(lambda: ear.said(house.topics.result(topic), since), within, "an answer")


def _quoted(id: str) -> str:
    return quote(id, safe="")
