"""Radio manners over a real broker: a bridge with a group, a plug that does not do what it says, and a bridge that dies."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from zoneinfo import ZoneInfo

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ambiance.clock import SystemClock
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted
from ambiance.device import Courier, DeviceNews, Incoming
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.dialects import SPOKEN
from ambiance.device.link import Link
from ambiance.device.message import Message
from ambiance.room import Board
from ambiance.site import Device, Room, Site
from tests.brokers import Mosquitto
from tests.device.families import TOPICS
from tests.device.linked import HASTY

LAMPS = ("left", "right")
DEVICES = (
    *(Device(lamp, "lavender", "light", "zigbee2mqtt", f"z/{lamp}", fade=6553, options={"group": "lamps"}) for lamp in LAMPS),
    Device("plug", "lavender", "diffuser", "zigbee2mqtt", "z/plug"),
)
SITE = Site("harbour", "Harbour", ZoneInfo("UTC"), (Room("lavender", "Lavender", devices=DEVICES),))
DIM = LightWanted(True, 40, 2700, None, 2)


class Bridge:
    """A Zigbee2MQTT of two lamps in a group and a plug, as much of it as is asked here. `stuck`: the plug stays on whatever it says."""

    def __init__(self, port: int) -> None:
        self.stuck = False
        self.heard: list[str] = []
        self._state: dict[str, dict[str, Any]] = {name: {"state": "OFF"} for name in (*LAMPS, "plug")}
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "bridge")
        self._client.will_set("z/bridge/state", b'{"state":"offline"}', 1, retain=True)
        self._client.on_message = self._told
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([("z/+/set", 1), ("z/+/get", 1)])
        self._client.loop_start()
        assert subscribed.wait(10)
        self._client.publish("z/bridge/state", b'{"state":"online"}', 1, retain=True).wait_for_publish(10)

    def die(self) -> None:
        """No farewell: the broker publishes its will."""
        sock = self._client.socket()
        self._client.on_disconnect = None
        self._client.loop_stop()
        if sock is not None:
            sock.close()

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _told(self, client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        self.heard.append(message.topic)
        _, name, verb = message.topic.split("/")
        body = json.loads(message.payload)
        for each in LAMPS if name == "lamps" else (name,):
            if verb == "set":
                new = {key: value for key, value in body.items() if key in ("state", "brightness", "color_temp")}
                if each == "plug" and self.stuck:
                    client.publish(f"z/{each}", json.dumps({**self._state[each], **new}), 1)
                    continue
                self._state[each] |= new
            client.publish(f"z/{each}", json.dumps(self._state[each]), 1)


class Controller:
    """A courier on a link, and what became of it. Its clock is twenty times as fast."""

    def __init__(self, port: int) -> None:
        self.clock = SystemClock(20)
        self.board = Board(SITE, self.clock)
        self.news: list[DeviceNews] = []
        spoken = {name: speak(TOPICS) for name, speak in SPOKEN.items()}
        self.courier = Courier(SITE, TOPICS, spoken, 1, self.clock, self._publish, self._heard)
        self.up, self.told = asyncio.Event(), asyncio.Event()
        status = Message("ambiance/harbour/status", b"offline", retain=True)
        settings = BrokerSettings(f"mqtt://127.0.0.1:{port}", patience=HASTY)
        self.link = Link(settings, "c", self.courier.filters, status, status, self._arrived, self._is_up, lambda why: None)

    def _publish(self, message: Message) -> None:
        self.link.publish(message)

    def _heard(self, news: DeviceNews) -> None:
        self.news.append(news)
        self.board.heard(news)
        self.told.set()

    def _arrived(self, incoming: Incoming) -> None:
        self.courier.hear(incoming)

    def _is_up(self) -> None:
        self.courier.link_up()
        self.up.set()

    def faults(self) -> tuple[str, ...]:
        return self.board.belief("lavender").faults

    def confirmed(self, *devices: str) -> bool:
        return all(self.board.belief("lavender").devices[device].confirmed for device in devices)

    async def until(self, enough: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not enough():
                self.told.clear()
                await self.told.wait()


@asynccontextmanager
async def controlled(port: int) -> AsyncIterator[Controller]:
    controller = Controller(port)
    await controller.link.start()
    try:
        await asyncio.wait_for(controller.up.wait(), 20)
        yield controller
    finally:
        await controller.link.stop()


def test_a_group_is_told_once_over_the_wire_and_both_lamps_confirm(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        bridge = Bridge(mosquitto.port)
        async with controlled(mosquitto.port) as house:
            for lamp in LAMPS:
                house.courier.send("lavender", lamp, (DIM,))
            await house.until(lambda: house.confirmed(*LAMPS))
            assert bridge.heard == ["z/lamps/set"]
            house.courier.send("lavender", "left", (LightWanted(True, 90, 2700, None, 2),))
            await house.until(lambda: house.confirmed("left"))
            assert bridge.heard == ["z/lamps/set", "z/left/set"]
        bridge.leave()

    asyncio.run(scenario())


def test_off_is_asked_for_proof_and_a_plug_that_lies_is_an_alarm(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        bridge = Bridge(mosquitto.port)
        async with controlled(mosquitto.port) as house:
            house.courier.send("lavender", "plug", (DiffuserWanted(False),))
            await house.until(lambda: house.confirmed("plug"))
            assert bridge.heard == ["z/plug/set", "z/plug/get"]
            house.courier.send("lavender", "plug", (DiffuserWanted(True, 2, 120),))
            await house.until(lambda: house.confirmed("plug"))
            bridge.stuck = True
            house.courier.send("lavender", "plug", (DiffuserWanted(False),))
            await house.until(lambda: any("Switch it off by hand" in fault for fault in house.faults()))
            assert not house.confirmed("plug")
            bridge.stuck = False
            await house.until(lambda: house.confirmed("plug"))
            assert house.faults() == ()
        bridge.leave()

    asyncio.run(scenario())


def test_a_bridge_that_dies_is_one_fault_by_its_will_and_gone_when_it_is_back(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        bridge = Bridge(mosquitto.port)
        async with controlled(mosquitto.port) as house:
            for lamp in LAMPS:
                house.courier.send("lavender", lamp, (DIM,))
            await house.until(lambda: house.confirmed(*LAMPS))
            bridge.die()
            await house.until(house.faults)
            assert house.faults() == ("The bridge z is offline, and with it Left, Right and Plug. The rest goes on.",)
            again = Bridge(mosquitto.port)
            await house.until(lambda: house.faults() == ())
            again.leave()

    asyncio.run(scenario())
