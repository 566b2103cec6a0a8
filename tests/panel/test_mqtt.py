"""Commands over MQTT: what they become, how they are answered, and what is dropped."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ambiance.device.message import Incoming, Message
from ambiance.device.topics import VERBS, Topics
from ambiance.errors import RoomBusy, Unknown
from ambiance.panel import Discretion, MqttCommands
from ambiance.session.wishes import Act, Adjust, Bright, Emergency, Ready, Start
from tests.panel.doors import FakeLibrary, House

DO = "ambiance/harbour/lavender/do"


class Bus:
    """A house that hears commands, and what it published."""

    def __init__(self) -> None:
        self.house = House()
        self.said: list[Message] = []
        self.commands = MqttCommands(
            self.house.conductor, Topics("ambiance", "harbour"), self.house.clock, self.said.append, self.house.metrics,
            Discretion.of(FakeLibrary()),
        )  # fmt: skip

    async def hear(self, topic: str, payload: object = b"", **more: Any) -> bool:
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        heard = self.commands.hear(Incoming(topic, raw, **more))
        await self.commands.stop()
        return heard

    @property
    def answers(self) -> list[Any]:
        return [json.loads(message.payload) for message in self.said]

    @property
    def wishes(self) -> list[object]:
        return [wish for wish, _ in self.house.conductor.wishes]


def on_a_bus(test: Callable[[Bus], Awaitable[None]]) -> Bus:
    async def run() -> Bus:
        bus = Bus()
        await test(bus)
        return bus

    return asyncio.run(run())


def test_a_start_over_the_bus_is_answered_on_its_result_topic_with_the_callers_id() -> None:
    async def test(bus: Bus) -> None:
        assert await bus.hear(f"{DO}/start", {"id": "a1", "profile": "spa/prenatal", "minutes": 60, "scent": True})

    bus = on_a_bus(test)
    assert bus.wishes == [Start("lavender", "spa/prenatal", 60, scent=True)]
    (message,) = bus.said
    assert (message.topic, message.retain, message.keep) == (f"{DO}/start/result", False, True)
    (answer,) = bus.answers
    assert (answer["id"], answer["ok"], answer["session"], answer["state"]) == ("a1", True, "n1", "running")
    assert b"prenatal" not in message.payload


@pytest.mark.parametrize(
    ("verb", "body", "wish"),
    [
        *((verb, {}, Act(verb, room="lavender")) for verb in ("pause", "resume", "advance", "end", "cancel")),
        ("stay", {"minutes": 5}, Act("stay", room="lavender", minutes=5)),
        ("extend", {"minutes": 10}, Act("extend", room="lavender", minutes=10)),
        ("adjust", {"light": 5}, Adjust("lavender", light=5.0, source="bus")),
        ("release", {}, Adjust("lavender", release=True, source="bus")),
        ("bright", {}, Bright("lavender", True)),
        ("bright", {"on": False}, Bright("lavender", False)),
        ("ready", {}, Ready("lavender")),
    ],
)
def test_each_verb_becomes_its_wish(verb: str, body: dict[str, object], wish: object) -> None:
    async def test(bus: Bus) -> None:
        await bus.hear(f"{DO}/{verb}", body)

    bus = on_a_bus(test)
    assert bus.wishes == [wish]
    assert bus.answers[0]["ok"] is True
    assert bus.answers[0]["id"] is None


def test_every_verb_of_the_contract_is_known() -> None:
    async def test(bus: Bus) -> None:
        for verb in VERBS:
            await bus.hear(f"{DO}/{verb}", {"id": verb, "surely": "unknown"})

    answers = on_a_bus(test).answers
    assert [answer["id"] for answer in answers] == list(VERBS)
    assert {answer["error"]["type"] for answer in answers} == {"invalid"}


def test_a_fire_is_raised_over_the_bus_and_never_reset() -> None:
    async def test(bus: Bus) -> None:
        await bus.hear("ambiance/harbour/do/emergency", {"kind": "fire", "active": True})
        await bus.hear("ambiance/harbour/do/emergency", {"kind": "fire", "active": False, "id": 7})

    bus = on_a_bus(test)
    assert bus.wishes == [Emergency("fire", by="bus")]
    assert bus.said[1].topic == "ambiance/harbour/do/emergency/result"
    assert bus.answers[1] == {"id": 7, "ok": False, "error": {"type": "not-allowed", "detail": bus.answers[1]["error"]["detail"]}}


def test_a_retained_command_is_dropped_and_cleared() -> None:
    async def test(bus: Bus) -> None:
        assert await bus.hear(f"{DO}/start", {"profile": "spa/prenatal"}, retain=True)

    bus = on_a_bus(test)
    assert not bus.wishes
    assert bus.said == [Message(f"{DO}/start", b"", retain=True)]
    assert b'ambiance_mqtt_dropped_total{reason="retained"} 1.0' in bus.house.metrics.render()


@pytest.mark.parametrize("below", ["Lavender/do/start", "lavender/do/Start!", "a b/do/end", "do/fire", "lavender/do/" + "x" * 600])
def test_a_retained_command_is_cleared_also_where_its_topic_makes_no_sense(below: str) -> None:
    async def test(bus: Bus) -> None:
        assert await bus.hear(f"ambiance/harbour/{below}", b"junk", retain=True)
        assert await bus.hear(f"ambiance/harbour/{below}", b"", retain=True)

    bus = on_a_bus(test)
    assert bus.said == [Message(f"ambiance/harbour/{below}", b"", retain=True)]
    assert b'ambiance_mqtt_dropped_total{reason="retained"} 1.0' in bus.house.metrics.render()


def test_nothing_is_cleared_that_is_no_place_for_our_commands() -> None:
    async def test(bus: Bus) -> None:
        for topic in (
            "ambiance/other/lavender/do/start", "ambiance/other/do/fire", "other/harbour/lavender/do/start", "lavender/do/start",
            "ambiance/harbour/lavender/do", "ambiance/harbour/do", "ambiance/harbour/lavender/state", "ambiance/harbour/status",
            f"{DO}/start/result", "ambiance/harbour/lavender/device/do/state",
        ):  # fmt: skip
            assert not await bus.hear(topic, b"junk", retain=True)

    assert not on_a_bus(test).said


def test_empty_payloads_are_ignored() -> None:
    async def test(bus: Bus) -> None:
        assert await bus.hear(f"{DO}/pause", b"")
        assert await bus.hear(f"{DO}/pause", b"", retain=True)

    bus = on_a_bus(test)
    assert not bus.wishes
    assert not bus.said


def test_a_verb_nobody_knows_is_refused_and_not_met_with_silence() -> None:
    async def test(bus: Bus) -> None:
        assert await bus.hear(f"{DO}/advnace", {"id": "typo"})
        assert await bus.hear(f"{DO}/advnace", {"id": "typo"}, retain=True)

    bus = on_a_bus(test)
    answer, cleared = bus.said
    assert answer.topic == f"{DO}/advnace/result"
    said = json.loads(answer.payload)
    assert (said["id"], said["ok"], said["error"]["type"]) == ("typo", False, "not-found") and "advance" in said["error"]["detail"]
    assert (cleared.topic, cleared.payload, cleared.retain) == (f"{DO}/advnace", b"", True)


def test_what_is_no_command_is_left_to_others() -> None:
    async def test(bus: Bus) -> None:
        for topic in (
            "ambiance/harbour/lavender/device/ceiling/state",
            "other/x",
            f"{DO}/start/result",
            f"{DO}/fly/high",
            "ambiance/harbour/A/do/end",
        ):
            assert not await bus.hear(topic, {})

    assert not on_a_bus(test).said


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff", b"{", b"[]", b"5", b"null", b"[" * 60_000, b'{"a":' * 1000 + b"1" + b"}" * 1000, b'{"profile":NaN}', b"a" * 10_000_000,
        b'{"care":["scent_off"],"profile":"spa/prenatal"}', b'{"room":"cedar","profile":"spa/prenatal"}',
        b'{"profile":"spa/prenatal","minutes":true}',
        b'{"profile":"spa/prenatal","name":"Anna"}', b'{"id":{},"profile":"spa/prenatal"}',
        b'{"id":"\\u001b[31m","profile":"spa/prenatal"}',
        b'{"profile":"spa/prenatal","start":"2026-06-01T10:00:00"}', b'{"id":' + b"9" * 400 + b"}",
    ],
)  # fmt: skip
def test_a_bad_payload_is_refused_at_once_and_touches_nothing(payload: bytes) -> None:
    async def test(bus: Bus) -> None:
        began = time.process_time()
        await bus.hear(f"{DO}/start", payload)
        assert time.process_time() - began < 0.5

    bus = on_a_bus(test)
    assert not bus.wishes
    assert bus.answers[0]["ok"] is False
    assert bus.answers[0]["error"]["detail"]
    assert len(bus.said[0].payload) < 6000


def test_an_unknown_room_is_answered() -> None:
    async def test(bus: Bus) -> None:
        await bus.hear("ambiance/harbour/attic/do/pause", {"id": "x"})

    assert on_a_bus(test).answers[0]["error"]["type"] == "not-found"


def test_a_refusal_names_no_treatment_and_no_code_on_the_bus() -> None:
    async def test(bus: Bus) -> None:
        bus.house.conductor.refusal = Unknown("profile", "spa/Prenatal", ["spa/prenatal", "light_max_lx"])
        await bus.hear(f"{DO}/start", {"profile": "spa/prenatal"})
        bus.house.conductor.refusal = RoomBusy("lavender", "s9", "9", "10")
        await bus.hear(f"{DO}/start", {"profile": "spa/prenatal"})

    bus = on_a_bus(test)
    assert bus.answers[1]["error"]["type"] == "busy"
    assert "s9" in bus.answers[1]["error"]["detail"]
    for message in bus.said:
        assert b"renatal" not in message.payload
        assert b"light_max_lx" not in message.payload


def test_the_same_id_delivered_twice_does_one_thing_with_one_answer() -> None:
    async def test(bus: Bus) -> None:
        command = {"id": "a1", "profile": "spa/prenatal"}
        await bus.hear(f"{DO}/start", command)
        await bus.hear(f"{DO}/start", command)
        await bus.hear(f"{DO}/start", command | {"minutes": 45})

    bus = on_a_bus(test)
    assert len(bus.wishes) == 1
    assert bus.answers[0] == bus.answers[1]
    assert bus.answers[2]["error"]["type"] == "key-reused"
    assert bus.answers[2]["error"]["detail"].startswith("id 'a1' was used for another request")


def test_the_same_id_while_the_first_is_under_way_waits_for_its_answer() -> None:
    async def test(bus: Bus) -> None:
        bus.house.conductor.hold = asyncio.Event()
        for _ in range(2):
            bus.commands.hear(Incoming(f"{DO}/advance", b'{"id":"a1"}'))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        bus.house.conductor.hold.set()
        await bus.commands.stop()

    bus = on_a_bus(test)
    assert len(bus.wishes) == 1
    assert bus.answers[0] == bus.answers[1]


def test_an_id_may_be_used_again_after_a_minute_and_after_a_refusal() -> None:
    async def test(bus: Bus) -> None:
        await bus.hear(f"{DO}/advance", {"id": 1})
        bus.house.clock.advance(61)
        await bus.hear(f"{DO}/advance", {"id": 1})
        bus.house.conductor.refusal = Unknown("session", "x")
        await bus.hear(f"{DO}/pause", {"id": 2})
        bus.house.conductor.refusal = None
        await bus.hear(f"{DO}/pause", {"id": 2})

    bus = on_a_bus(test)
    assert [wish.verb for wish in bus.wishes if isinstance(wish, Act)] == ["advance", "advance", "pause"]


def test_a_number_and_the_same_digits_as_text_are_two_ids() -> None:
    async def test(bus: Bus) -> None:
        await bus.hear(f"{DO}/advance", {"id": 1})
        await bus.hear(f"{DO}/advance", {"id": "1"})

    bus = on_a_bus(test)
    assert len(bus.wishes) == 2
    assert [answer["id"] for answer in bus.answers] == [1, "1"]


def test_ids_of_different_verbs_do_not_meet() -> None:
    async def test(bus: Bus) -> None:
        await bus.hear(f"{DO}/advance", {"id": 1})
        await bus.hear(f"{DO}/pause", {"id": 1})

    assert len(on_a_bus(test).wishes) == 2


def test_an_answer_goes_where_mqtt_5_asked_with_its_correlation() -> None:
    async def test(bus: Bus) -> None:
        await bus.hear(f"{DO}/advance", {"id": 1}, reply_to="desk/answers/7", correlation=b"\x00c")

    (message,) = on_a_bus(test).said
    assert (message.topic, message.correlation, message.retain) == ("desk/answers/7", b"\x00c", False)


@pytest.mark.parametrize(
    "reply_to",
    [
        "", "#", "a/+/b", "$SYS/x", "a\x00b", "x" * 600, "ambiance/harbour/lavender/device/ceiling/set", "ambiance/harbour/cedar/do/end",
        "ambiance/harbour/status", "ambiance/harbour/lavender/state", "ambiance/other/do/emergency", "zigbee2mqtt/lamp/set",
        "cmnd/diffuser-lavender/POWER",
        "diffuser-lavender", "diffuser-cedar/anything", "wled/all/api", "shelly/rpc",
        "homeassistant/light/x/config", "zigbee2mqtt/bridge/request/restart",
    ],
)  # fmt: skip
def test_an_answer_never_goes_where_it_would_be_an_order(reply_to: str) -> None:
    async def test(bus: Bus) -> None:
        await bus.hear(f"{DO}/advance", {"id": 1}, reply_to=reply_to, correlation=b"c")

    (message,) = on_a_bus(test).said
    assert message.topic == f"{DO}/advance/result"


def test_a_fault_of_the_program_is_answered_and_the_next_command_heard(capsys: pytest.CaptureFixture[str]) -> None:
    async def test(bus: Bus) -> None:
        bus.house.conductor.refusal = RuntimeError("Anna")
        await bus.hear(f"{DO}/advance", {"id": 1})
        bus.house.conductor.refusal = None
        await bus.hear(f"{DO}/advance", {"id": 1})

    assert [answer["ok"] for answer in on_a_bus(test).answers] == [False, True]
    said = capsys.readouterr().out
    assert "RuntimeError" in said
    assert "Anna" not in said


def test_row_37_a_flood_is_dropped_counted_and_said_once_and_holds_up_neither_other_rooms_nor_an_emergency(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def test(bus: Bus) -> None:
        bus.house.conductor.hold = asyncio.Event()
        for n in range(5000):
            bus.commands.hear(Incoming(f"{DO}/advance", b"{}"))
            bus.commands.hear(Incoming(f"ambiance/harbour/nowhere-{n}/do/advance", b"{}"))
        bus.commands.hear(Incoming("ambiance/harbour/cedar/do/ready", b"{}"))
        bus.commands.hear(Incoming("ambiance/harbour/do/emergency", b'{"kind":"fire"}'))
        bus.house.conductor.hold.set()
        await bus.commands.stop()

    bus = on_a_bus(test)
    assert Counter(type(wish).__name__ for wish in bus.wishes) == {"Act": 100, "Ready": 1, "Emergency": 1}
    assert 'ambiance_mqtt_dropped_total{reason="too many at once"} 9800.0' in bus.house.metrics.render().decode()
    assert capsys.readouterr().out.count("too many at once") == 2


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"profile": "Annegret Q"}, "profile: found something else"),
        ({"profile": "spa/prenatal", "group": "Annegret Q"}, "group: found something else"),
        ({"profile": "spa/prenatal", "Annegret Q": 1}, "found a key that is not known here"),
        ({"profile": "spa/prenatal", "minutes": 5000}, "minutes: found 5000"),
        ({"minutes": 60}, "profile: found nothing"),
        ({"profile": "spa/prenatal", "care": ["no_accent"]}, "care_ref in its place, a reference made over HTTP (POST /api/v1/care)"),
        ({"profile": "spa/prenatal", "course": "K7M2QXA4TD"}, "found a key that is not known here"),
    ],
)
def test_what_was_typed_is_not_repeated_where_everybody_listens(body: dict[str, object], place: str) -> None:
    async def test(bus: Bus) -> None:
        await bus.hear(f"{DO}/start", body)

    bus = on_a_bus(test)
    (message,) = bus.said
    assert b"Annegret" not in message.payload
    assert b"K7M2" not in message.payload
    assert place in bus.answers[0]["error"]["detail"]
    assert not bus.wishes
