"""The MQTT contract from outside: what is retained, what is said exactly, and how commands are answered."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage

from tests.brokers import Mosquitto, Witness
from tests.journeys.house import DIFFUSER, KEYS, LAMP, SPEAKER, House, Nursery, room_of, states, until
from tests.journeys.twins import Ear, Twins

STATE = {"state", "session", "phase", "phases", "ends_at", "waiting_for", "hands", "faults", "seq"}
PRIVATE = (b"swedish", b"no_needs", b"light_max_lx", b"scent_off", b"pregnan")


class Caller(Ear):
    """Speaks MQTT 5, and keeps what came back with which correlation."""

    def __init__(self, house: House) -> None:
        super().__init__(house.config.broker.settings().port, house.time, version=5)
        self.correlated: list[tuple[str, bytes, dict[str, Any]]] = []

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        correlation = getattr(message.properties, "CorrelationData", None)
        if correlation is not None and b'"ok"' in message.payload:  # an answer, and not what we asked ourselves
            self.correlated.append((message.topic, bytes(correlation), json.loads(message.payload)))
        super()._on_message(client, data, message)


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery) -> Iterator[House]:
    rooms = (room_of("lavender", LAMP, SPEAKER, DIFFUSER, KEYS, borders="hands"), room_of("rose", LAMP))
    house = House(tmp_path, f"url: {mosquitto.url}", *rooms, nursery=nursery)
    with Twins(house.topics, house.config.site.rooms, mosquitto.url, house.time), house:
        yield house


def test_status_is_retained_and_the_last_will_says_offline(house: House) -> None:
    port, status = house.config.broker.settings().port, house.topics.status()
    with Witness(port, status) as witness:
        witness.until(lambda: witness.heard)
        assert (witness.heard[0].payload, witness.heard[0].retain) == (b"online", True)
        house.signal(signal.SIGKILL)
        witness.until(lambda: witness.on(status) == [b"online", b"offline"])
    with Witness(port, status) as late:
        late.until(lambda: late.heard)
        assert (late.heard[0].payload, late.heard[0].retain) == (b"offline", True)
    house.ended()
    house.start().up()


def test_state_scene_and_events_say_exactly_what_the_contract_names(house: House) -> None:
    port, topics = house.config.broker.settings().port, house.topics
    with Ear(port, house.time) as ear:
        with house.client() as desk:
            session = desk.start("lavender", "spa/swedish", 60, care=["scent_off", {"code": "light_max_lx", "value": 40}])
        ear.until(lambda: any(each["session"] == session["id"] for each in states(ear.on(topics.state("lavender")))))
        with Witness(port, topics.state("lavender"), topics.scene("lavender"), topics.event("lavender")) as late:
            late.until(lambda: len(late.heard) >= 2)
            assert {each.topic for each in late.heard if each.retain} == {topics.state("lavender"), topics.scene("lavender")}
            state = states(late.on(topics.state("lavender")))[0]
            scene = states(late.on(topics.scene("lavender")))[0]
        assert set(state) == STATE
        assert (state["state"], state["session"], state["phase"], state["phases"]) == ("in_session", session["id"], 1, 8)
        assert state["ends_at"] == session["ends_at"] and state["waiting_for"] is None and state["hands"] == []
        assert set(scene) == {"ceiling", "speaker", "diffuser"}
        assert scene["ceiling"]["role"] == "ambient" and scene["speaker"]["role"] == "player"
        assert {"on", "brightness", "kelvin", "color", "fade"} <= set(scene["ceiling"]["wanted"])
        assert set(scene["ceiling"]) == {"role", "wanted", "reported"}
        events = [each.body for each in ear.said(topics.event("lavender"))]
        assert [event["type"] for event in events][:2] == ["session_started", "phase_began"]
        assert all({"type", "at", "seq"} <= set(event) for event in events)
        numbers = [event["seq"] for event in events]
        assert numbers == sorted(set(numbers)) and state["seq"] >= numbers[-1]
        assert not [each for each in ear.heard if any(word in each.payload.lower() for word in PRIVATE)], "nothing of the body on the bus"


def test_every_verb_is_obeyed_over_mqtt_and_answered_on_its_result_topic(house: House) -> None:
    topics = house.topics
    with Ear(house.config.broker.settings().port, house.time) as ear:

        def do(verb: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
            topic, since = topics.do("lavender", verb), ear.count()
            ear.say(topic, json.dumps({"id": f"{verb}-{since}", **(body or {})}).encode())
            answer = until(lambda: ear.said(topics.result(topic), since), what=f"the answer to {verb}")[0].body
            assert answer["id"] == f"{verb}-{since}"
            return answer

        started = do("start", {"profile": "spa/swedish", "minutes": 60, "start": "now", "visit": "follow_up", "scent": False})
        assert started["ok"] is True and started["room"] == "lavender" and started["state"] == "running"
        assert "profile" not in started, "profiles are not told to the bus"
        for verb, body in (
            ("advance", None),
            ("stay", {"minutes": 2}),
            ("extend", {"minutes": 5}),
            ("adjust", {"light": 5}),
            ("adjust", {"hold": {"ceiling": {"brightness": 30}}}),
            ("release", None),
            ("bright", None),
            ("bright", {"on": False}),
            ("pause", None),
            ("resume", None),
            ("end", None),
            ("end", None),
            ("ready", None),
        ):
            assert do(verb, body)["ok"] is True, verb
        refused = do("pause")
        assert refused["ok"] is False and refused["error"]["type"] == "illegal-move" and "detail" in refused["error"]
        care = do("start", {"profile": "spa/swedish", "care": ["scent_off"]})
        assert care["ok"] is False and care["error"]["type"] == "invalid", "needs do not travel over the bus"
        assert do("cancel")["ok"] is False
        ear.say(topics.do("lavender", "start"), b"")
        assert do("bright", {"on": False})["ok"] is True, "an empty payload was ignored"


def test_an_answer_goes_to_the_response_topic_with_its_correlation(house: House) -> None:
    topics = house.topics
    with Caller(house) as caller:
        caller.say(
            topics.do("rose", "start"), b'{"profile":"spa/swedish","id":7}', ResponseTopic="answers/here", CorrelationData=b"\x01\x02"
        )
        caller.until(lambda: caller.correlated)
        topic, correlation, body = caller.correlated[0]
        assert (topic, correlation) == ("answers/here", b"\x01\x02")
        assert body["id"] == 7 and body["ok"] is True
        assert caller.on(topics.result(topics.do("rose", "start"))) == [], "not twice"
        caller.say(
            topics.do("rose", "bright"), b'{"id":8}', ResponseTopic=topics.set("rose", "ceiling"), CorrelationData=b"\x03"
        )  # fmt: skip
        caller.until(lambda: caller.on(topics.result(topics.do("rose", "bright"))))
        assert not any(topic == topics.set("rose", "ceiling") for topic, _, _ in caller.correlated), "never to where a lamp would obey it"


def test_an_emergency_is_raised_over_mqtt_and_its_end_refused_there(house: House) -> None:
    topics = house.topics
    result = topics.result(topics.emergency())
    with Ear(house.config.broker.settings().port, house.time) as ear, house.client() as desk:
        desk.start("rose", "spa/swedish", 60)
        ear.say(topics.emergency(), b'{"kind":"fire","active":true,"id":"alarm"}')
        assert until(lambda: ear.said(result))[0].body["ok"] is True
        until(lambda: {room["state"] for room in desk.rooms()} == {"emergency"})
        until(lambda: ear.said(topics.set("rose", "ceiling"))[-1].body["brightness"] == 100)
        ear.say(topics.emergency(), b'{"kind":"fire","active":false,"id":"over"}')
        refused = until(lambda: ear.said(result)[1:])[0].body
        assert refused["ok"] is False and refused["error"]["type"] == "not-allowed" and "a person" in refused["error"]["detail"]
        assert {room["emergency"] for room in desk.rooms()} == {"fire"}
        desk.reset_emergency("fire")
        assert {room["emergency"] for room in desk.rooms()} == {None}
