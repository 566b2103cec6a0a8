"""What belongs to no room yet shows itself when it is asked to, and is left as it was: real broker, simulated devices."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ambiance.clock import SystemClock
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.simulator import Simulator
from ambiance.device.trying import Candidates, Line
from ambiance.errors import BrokerUnreachable, Conflict, Invalid
from ambiance.site import Device, Room, Site
from tests.brokers import Mosquitto
from tests.device.families import TOPICS
from tests.device.household import until

LAMP, SCENT = Device("ceiling", "lavender", "light"), Device("scent", "lavender", "diffuser")
PLUG = Device("oil", "lavender", "diffuser", "tasmota", "plug-1")
ROOM = Room("lavender", "Lavender", devices=(LAMP, SCENT, PLUG))
NOBODY = Site("harbour", "Harbour", ZoneInfo("UTC"), ())


class Walls:
    """Devices on the walls of a house that knows none of them; time there runs ten times as fast."""

    def __init__(self, url: str) -> None:
        self.site, self.clock = NOBODY, SystemClock(10.0)
        self.simulator = Simulator(TOPICS, (ROOM,), BrokerSettings(url), self.clock)
        self.candidates = Candidates(BrokerSettings(url), lambda: self.site, self.clock)

    async def shown(self, device: Device) -> list[Line]:
        return [line async for line in await self.candidates.begin(ROOM, device)]

    def actual(self, device: str) -> dict[str, Any]:
        return self.simulator.rooms["lavender"].devices[device].actual()


@asynccontextmanager
async def walls(broker: Mosquitto) -> AsyncIterator[Walls]:
    there = Walls(broker.url)
    await there.simulator.start()
    await until(lambda: all(link.state == "up" and not link.queue_depth and not link.in_flight for link in there.simulator._links))
    try:
        yield there
    finally:
        await there.candidates.stop()
        await there.simulator.stop()


def test_a_lamp_rises_and_is_left_as_it_was_also_where_nobody_stays_to_see(mosquitto: Mosquitto) -> None:
    async def play() -> None:
        async with walls(mosquitto) as there:
            was = there.actual("ceiling")
            looking = asyncio.create_task(there.shown(LAMP))
            await until(lambda: abs(there.actual("ceiling")["brightness"] - was["brightness"]) > 10)
            with pytest.raises(Conflict, match="another device"):
                await there.candidates.begin(ROOM, SCENT)
            (line,) = await looking
            assert line.step == "identify"
            await until(lambda: abs(there.actual("ceiling")["brightness"] - was["brightness"]) < 0.1)
            left = asyncio.create_task(there.shown(LAMP))
            await until(lambda: abs(there.actual("ceiling")["brightness"] - was["brightness"]) > 10)
            left.cancel()
            await until(lambda: abs(there.actual("ceiling")["brightness"] - was["brightness"]) < 0.1)

    asyncio.run(play())


@pytest.mark.parametrize("device", [SCENT, PLUG], ids=["native", "tasmota"])
def test_a_diffuser_puffs_no_longer_than_five_seconds_and_is_off(mosquitto: Mosquitto, device: Device) -> None:
    async def play() -> None:
        async with walls(mosquitto) as there:
            lines = {line.step: line for line in await there.shown(device)}
            assert "run for 5 s" in lines
            assert lines["its own end"].verdict == "good"
            assert there.actual(device.id)["on"] is False

    asyncio.run(play())


def test_one_whose_shortest_run_is_longer_is_left_alone(mosquitto: Mosquitto) -> None:
    templated = Device(
        "mist", "lavender", "diffuser", "template", "mist",
        options={"on": "$run_minutes", "off": "0"},
    )  # fmt: skip

    async def play() -> None:
        async with walls(mosquitto) as there:
            lines = await there.shown(templated)
            assert [(line.step, line.verdict) for line in lines] == [("run", "look")]

    asyncio.run(play())


def test_a_lamp_that_does_not_say_how_it_is_is_left_alone(mosquitto: Mosquitto) -> None:
    async def play() -> None:
        async with walls(mosquitto) as there:
            (line,) = await there.shown(Device("moon", "lavender", "light"))
            assert (line.step, line.verdict) == ("identify", "bad")

    asyncio.run(play())


def test_what_is_in_a_room_already_is_tried_there(mosquitto: Mosquitto) -> None:
    async def play() -> None:
        there = Walls(mosquitto.url)
        there.site = Site("harbour", "Harbour", ZoneInfo("UTC"), (ROOM,))
        for device in (LAMP, PLUG, Device("other", "rose", "diffuser", "tasmota", "plug-1")):
            with pytest.raises(Conflict, match="already"):
                await there.candidates.begin(ROOM, device)
        with pytest.raises(Invalid):
            await there.candidates.begin(ROOM, Device("air", "lavender", "sensor", "zigbee2mqtt", "zigbee2mqtt/air"))

    asyncio.run(play())


def test_without_a_broker_it_says_so() -> None:
    with pytest.raises(BrokerUnreachable):
        asyncio.run(Candidates(BrokerSettings("mqtt://127.0.0.1:9"), lambda: NOBODY, SystemClock()).begin(ROOM, LAMP))
