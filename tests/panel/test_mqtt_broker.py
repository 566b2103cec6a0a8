"""The MQTT door on a real Mosquitto: commands in, answers and state out."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from ambiance.device import Incoming, Message, Topics
from ambiance.device.link import BrokerSettings, Link
from ambiance.panel import Announcer, Discretion, MqttCommands
from ambiance.session.model import News
from ambiance.session.wishes import Act, Start
from tests.brokers import Mosquitto, Witness
from tests.panel.doors import NOW, FakeLibrary, House

Test = Callable[[House, asyncio.AbstractEventLoop], None]
ROOT = "ambiance/harbour/lavender"


async def at_the_door(port: int, test: Test) -> None:
    """Runs `test` in a thread while a house is on the bus."""
    house, topics = House(seq=4), Topics("ambiance", "harbour")
    up = asyncio.Event()

    def is_up() -> None:
        announcer.link_up()
        up.set()

    def heard(incoming: Incoming) -> None:
        commands.hear(incoming)

    link = Link(
        BrokerSettings(f"mqtt://127.0.0.1:{port}"), "ambiance-harbour", topics.do_filters(),
        Message(topics.status(), b"offline", retain=True), Message(topics.status(), b"online", retain=True),
        heard, is_up, lambda reason: None,
    )  # fmt: skip
    commands = MqttCommands(
        house.conductor, topics, house.clock, link.publish, house.metrics, Discretion.of(FakeLibrary())
    )  # fmt: skip
    announcer = Announcer(house.conductor, house.board, topics, house.clock, link.publish, seq=4)
    announcer.follow()
    await link.start()
    try:
        async with asyncio.timeout(10):
            await up.wait()
        await asyncio.to_thread(test, house, asyncio.get_running_loop())
    finally:
        await commands.stop()
        announcer.stop()
        await link.stop()


def test_a_command_with_a_response_topic_is_answered_there_with_its_correlation(tmp_path: Path) -> None:
    def test(house: House, loop: asyncio.AbstractEventLoop) -> None:
        with Witness(broker.port, "#", version=5) as witness:
            witness.say(
                f"{ROOT}/do/start", json.dumps({"id": "a", "profile": "spa/prenatal"}), ResponseTopic="desk/7", CorrelationData=b"c1"
            )
            witness.until(lambda: witness.on("desk/7"))
            assert json.loads(witness.on("desk/7")[0])["ok"] is True
            witness.say(f"{ROOT}/do/advance", json.dumps({"id": "b"}))
            witness.until(lambda: witness.on(f"{ROOT}/do/advance/result"))
            assert json.loads(witness.on(f"{ROOT}/do/advance/result")[0])["id"] == "b"
        assert [wish for wish, _ in house.conductor.wishes] == [Start("lavender", "spa/prenatal"), Act("advance", room="lavender")]

    with Mosquitto(tmp_path) as broker:
        asyncio.run(at_the_door(broker.port, test))


def test_a_command_left_on_the_broker_is_never_obeyed_and_is_cleared(tmp_path: Path) -> None:
    def test(house: House, loop: asyncio.AbstractEventLoop) -> None:
        with Witness(broker.port, f"{ROOT}/do/#") as witness:
            witness.say(f"{ROOT}/do/end", "{}", retain=True)
            witness.until(lambda: b"" in witness.on(f"{ROOT}/do/end"))
        with Witness(broker.port, f"{ROOT}/do/#") as late:
            late.say(f"{ROOT}/do/nothing", "x")
            late.until(lambda: late.on(f"{ROOT}/do/nothing"))
            assert late.on(f"{ROOT}/do/end") == []
        assert house.conductor.wishes == []

    with Mosquitto(tmp_path) as broker:
        with Witness(broker.port, "nothing") as early:
            early.say(f"{ROOT}/do/start", json.dumps({"profile": "spa/prenatal"}), retain=True)
        asyncio.run(at_the_door(broker.port, test))


def test_state_and_scene_are_kept_for_late_comers_and_events_are_not(tmp_path: Path) -> None:
    def test(house: House, loop: asyncio.AbstractEventLoop) -> None:
        with Witness(broker.port, f"{ROOT}/#") as witness:
            loop.call_soon_threadsafe(house.conductor.tell, News(9, NOW, "phase_began", "lavender", "s1", {"phase": 2}))
            witness.until(lambda: any(b'"seq":9' in said for said in witness.on(f"{ROOT}/state")))
            assert [json.loads(said)["type"] for said in witness.on(f"{ROOT}/event")] == ["phase_began"]
        with Witness(broker.port, f"{ROOT}/#") as late:
            late.until(lambda: late.on(f"{ROOT}/state") and late.on(f"{ROOT}/scene"))
            assert all(letter.retain for letter in late.heard)
            assert not late.on(f"{ROOT}/event")

    with Mosquitto(tmp_path) as broker:
        asyncio.run(at_the_door(broker.port, test))
