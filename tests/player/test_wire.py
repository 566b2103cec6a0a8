"""The agent's end of the bus, through a real Mosquitto."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from ambiance.clock import ManualClock
from ambiance.player import Asked, Broker, Wire
from tests.brokers import Mosquitto, Witness

ROOT, STATUS = "ambiance/harbour/lavender/device/speaker", "ambiance/harbour/status"
GOOD = {"playing": True, "volume": 34.0, "playlist": "pl-1", "fade": 6.0, "epoch": 3, "version": 7}


async def until(enough: Callable[[], object]) -> None:
    """Give the broker and paho's thread their time."""
    async with asyncio.timeout(10):
        while not enough():
            await asyncio.to_thread(Event().wait, 0.01)


def test_it_is_there_while_it_runs_and_its_will_says_when_it_is_not(tmp_path: Path) -> None:
    async def story(broker: Mosquitto, witness: Witness) -> None:
        wire = Wire(Broker("127.0.0.1", broker.port), ROOT, STATUS, "player-1", ManualClock(), lambda asked: None)
        wire.report({"playing": False, "volume": 0.0, "boot": "b1"})
        wire.start()
        await until(lambda: witness.on(f"{ROOT}/state"))
        assert witness.on(f"{ROOT}/online") == [b"true"]
        assert json.loads(witness.on(f"{ROOT}/state")[0])["boot"] == "b1"
        await wire.stop()
        await until(lambda: witness.on(f"{ROOT}/online") == [b"true", b"false"])

    with Mosquitto(tmp_path) as broker, Witness(broker.port, "ambiance/#") as witness:
        asyncio.run(story(broker, witness))


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{", b"[" * 5000, b"\xff\xfe", b"null",
        json.dumps(GOOD | {"volume": 101}).encode(), json.dumps(GOOD | {"playing": 1}).encode(),
        json.dumps(GOOD).replace("34.0", "NaN").encode(), json.dumps(GOOD | {"playlist": "../../etc"}).encode() + b" " * 20_000,
        json.dumps({k: v for k, v in GOOD.items() if k != "epoch"}).encode(),
    ],
)  # fmt: skip
def test_nonsense_changes_nothing_and_the_next_command_counts(tmp_path: Path, payload: bytes) -> None:
    async def story(broker: Mosquitto, witness: Witness) -> None:
        asked: list[Asked] = []
        wire = Wire(Broker("127.0.0.1", broker.port), ROOT, STATUS, "player-1", ManualClock(), asked.append)
        wire.start()
        await until(lambda: witness.on(f"{ROOT}/online"))
        witness.say(f"{ROOT}/set", payload)
        witness.say(f"{ROOT}/set", json.dumps(GOOD))
        await until(lambda: asked)
        assert asked == [Asked(True, 34.0, "pl-1", 6.0, (3, 7))]
        await wire.stop()

    with Mosquitto(tmp_path) as broker, Witness(broker.port, "ambiance/#") as witness:
        asyncio.run(story(broker, witness))


def test_a_retained_command_is_an_old_one(tmp_path: Path) -> None:
    async def story(broker: Mosquitto, witness: Witness) -> None:
        witness.say(f"{ROOT}/set", json.dumps(GOOD), retain=True)
        await until(lambda: witness.on(f"{ROOT}/set"))
        asked: list[Asked] = []
        wire = Wire(Broker("127.0.0.1", broker.port), ROOT, STATUS, "player-1", ManualClock(), asked.append)
        wire.start()
        await until(lambda: witness.on(f"{ROOT}/online"))
        witness.say(f"{ROOT}/set", json.dumps(GOOD | {"version": 8}))
        await until(lambda: asked)
        assert [each.pair for each in asked] == [(3, 8)]
        await wire.stop()

    with Mosquitto(tmp_path) as broker, Witness(broker.port, "ambiance/#") as witness:
        asyncio.run(story(broker, witness))


def test_without_a_controller_the_music_goes_on_for_a_while_and_then_fades_out(tmp_path: Path) -> None:
    async def story(broker: Mosquitto, witness: Witness) -> None:
        asked: list[Asked] = []
        clock = ManualClock()
        wire = Wire(Broker("127.0.0.1", broker.port), ROOT, STATUS, "player-1", clock, asked.append)
        wire.start()
        await until(lambda: witness.on(f"{ROOT}/online"))
        witness.say(STATUS, b"offline", retain=True)
        witness.say(f"{ROOT}/set", json.dumps(GOOD))
        await until(lambda: asked)
        clock.advance(19 * 60)
        assert len(asked) == 1
        clock.advance(61)
        assert asked[1] == Asked(False, 0.0, None, 10.0, (3, 7))
        await wire.stop()

    with Mosquitto(tmp_path) as broker, Witness(broker.port, "ambiance/#") as witness:
        asyncio.run(story(broker, witness))
