"""Row 27: the broker's configuration and rights that stand in docs/broker, with each forbidden thing tried on a real Mosquitto."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ambiance.device import Topics
from ambiance.device.link import BrokerSettings
from tests.brokers import Certificates, Mosquitto
from tests.device.linked import HASTY
from tests.device.test_link_security import outcome

SHIPPED = Path(__file__).resolve().parents[2] / "docs" / "broker"
HOUSE = Topics("ambiance", "harbour")
USERS = ("ambiance", "lavender-ceiling", "lavender-diffuser", "lavender-speaker", "diffuser-lavender", "zigbee2mqtt", "homeassistant")
NOT_AUTHORISED = 0x87


class Client:
    """Somebody on the bus with MQTT 5, where the broker says what it refuses. The password is the name backwards."""

    def __init__(self, broker: Mosquitto, house: Certificates, user: str | None, password: str | None = None) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.entry = -1
        """What the broker said to our coming in: -1 nothing yet, -2 that we are out again, from 0x80 on no."""
        self.refused = False
        self._answers: dict[int, int] = {}
        self._changed = threading.Condition()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5, reconnect_on_failure=False)
        self._client.tls_set(str(house.ca))
        if user is not None:
            self._client.username_pw_set(user, password or user[::-1])
        self._client.on_connect = lambda client, data, flags, reason, properties: self._note("entry", reason.value)
        self._client.on_publish = lambda client, data, mid, reason, properties: self._note(mid, reason.value)
        self._client.on_subscribe = lambda client, data, mid, reasons, properties: self._note(mid, reasons[0].value)
        self._client.on_disconnect = lambda client, data, flags, reason, properties: self._note("entry", -2)
        self._client.on_message = lambda client, data, message: self._hear(message)
        self._client.connect("localhost", broker.port)
        self._client.loop_start()
        self._until(lambda: self.entry != -1)

    def _note(self, what: Any, value: int) -> None:
        with self._changed:
            if what == "entry":
                self.entry, self.refused = value, self.refused or value >= 0x80
            else:
                self._answers[what] = value
            self._changed.notify_all()

    def _hear(self, message: paho.MQTTMessage) -> None:
        with self._changed:
            self.heard.append((message.topic, bytes(message.payload)))
            self._changed.notify_all()

    def _until(self, enough: Any) -> None:
        with self._changed:
            assert self._changed.wait_for(enough, 20)

    def say(self, topic: str, payload: bytes = b"x", retain: bool = False) -> int:
        """What the broker answers: below 0x80 it was taken."""
        mid = self._client.publish(topic, payload, 1, retain).mid
        self._until(lambda: mid in self._answers)
        return self._answers[mid]

    def listen(self, *filters: str) -> None:
        for each in filters:
            mid = self._client.subscribe(each, 1)[1]
            assert mid is not None
            self._until(lambda mid=mid: mid in self._answers)

    def hears(self, topic: str) -> None:
        self._until(lambda: topic in (heard for heard, _ in self.heard))

    def gone(self) -> None:
        self._until(lambda: self.entry == -2)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class House:
    """A Mosquitto with the shipped rights, and whoever comes."""

    def __init__(self, folder: Path) -> None:
        self.certificates = Certificates.make(folder / "tls")
        rights = folder / "acl"
        rights.write_text((SHIPPED / "acl").read_text(encoding="utf-8"), encoding="utf-8")
        rights.chmod(0o600)
        bounds = [line for line in shipped() if line.split()[0].startswith(("max_", "message_", "persistent_"))]
        self.broker = Mosquitto(
            folder / "broker", {user: user[::-1] for user in USERS}, tls=self.certificates, extra=[f"acl_file {rights}", *bounds]
        )
        self._clients: list[Client] = []

    def come(self, user: str | None, password: str | None = None) -> Client:
        self._clients.append(client := Client(self.broker, self.certificates, user, password))
        return client

    def close(self) -> None:
        for client in self._clients:
            client.close()


def shipped() -> list[str]:
    lines = (SHIPPED / "mosquitto.conf").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    with house.broker:
        yield house
        house.close()


def test_row_27_the_shipped_configuration_lets_nobody_in_without_a_name_and_speaks_tls_only() -> None:
    said = dict(line.split(" ", 1) for line in shipped())
    assert said["allow_anonymous"] == "false" and said["listener"] == "8883" and said["tls_version"] == "tlsv1.2"
    assert {"cafile", "certfile", "keyfile", "password_file", "acl_file"} <= said.keys()
    assert {"max_connections", "message_size_limit", "max_queued_messages", "max_inflight_messages"} <= said.keys()


def test_row_27_mosquitto_takes_the_shipped_configuration_as_it_is(tmp_path: Path) -> None:
    """Every line of it; only the places are ours."""
    tls = Certificates.make(tmp_path / "tls")
    places = {
        "cafile": tls.ca,
        "certfile": tls.server,
        "keyfile": tls.key,
        "acl_file": SHIPPED / "acl",
        "persistence_location": f"{tmp_path}/",
    }
    (tmp_path / "passwords").write_text("")
    places["password_file"] = tmp_path / "passwords"
    broker = Mosquitto(tmp_path / "broker")
    lines = [f"{key} {places[key]}" if (key := line.split()[0]) in places else line for line in shipped()]
    lines[0] = f"listener {broker.port} 127.0.0.1"
    (tmp_path / "broker" / "mosquitto.conf").write_text("\n".join([*lines, "user root", "log_dest stderr", "log_type all", ""]))
    with broker:
        assert any(f"on port {broker.port}" in line for line in broker.log)


@pytest.mark.parametrize(("user", "password"), [(None, None), ("lavender-ceiling", "guess"), ("stranger", "stranger"), ("ambiance", "")])
def test_row_27_nobody_comes_in_without_an_account_of_the_house(house: House, user: str | None, password: str | None) -> None:
    assert house.come(user, password or "x" if user else None).refused


CEILING = "lavender-ceiling"
FORBIDDEN = [
    (CEILING, HOUSE.set("lavender", "ceiling")), (CEILING, HOUSE.set("lavender", "diffuser")), (CEILING, HOUSE.set("cedar", "ceiling")),
    (CEILING, HOUSE.device_state("lavender", "diffuser")), (CEILING, HOUSE.online("lavender", "diffuser")),
    (CEILING, HOUSE.device_state("cedar", "ceiling")), (CEILING, HOUSE.do("lavender", "start")), (CEILING, HOUSE.emergency()),
    (CEILING, HOUSE.status()), (CEILING, HOUSE.state("lavender")), (CEILING, HOUSE.scene("lavender")), (CEILING, HOUSE.event("lavender")),
    (CEILING, "zigbee2mqtt/lamp/set"), (CEILING, "cmnd/diffuser-lavender/POWER"), (CEILING, "homeassistant/light/x/config"),
    ("lavender-speaker", HOUSE.set("lavender", "speaker")), ("lavender-speaker", HOUSE.device_state("lavender", "ceiling")),
    ("diffuser-lavender", "cmnd/diffuser-lavender/POWER"), ("diffuser-lavender", "stat/diffuser-cedar/POWER"),
    ("diffuser-lavender", HOUSE.set("lavender", "diffuser")), ("zigbee2mqtt", HOUSE.device_state("lavender", "ceiling")),
    ("zigbee2mqtt", HOUSE.do("lavender", "end")),
    ("homeassistant", HOUSE.set("lavender", "diffuser")), ("homeassistant", HOUSE.device_state("lavender", "diffuser")),
    ("homeassistant", HOUSE.online("lavender", "diffuser")), ("homeassistant", HOUSE.state("lavender")), ("homeassistant", HOUSE.status()),
    ("homeassistant", f"{HOUSE.do('lavender', 'start')}/result"), ("homeassistant", "zigbee2mqtt/lamp/set"),
    ("homeassistant", "cmnd/diffuser-lavender/POWER"),
]  # fmt: skip


@pytest.mark.parametrize(("user", "topic"), FORBIDDEN)
def test_row_27_nobody_says_what_is_anothers_to_say(house: House, user: str, topic: str) -> None:
    controller, client = house.come("ambiance"), house.come(user)
    controller.listen("#")
    assert client.say(topic, b"forged") == NOT_AUTHORISED
    assert client.say(topic, b"forged", retain=True) == NOT_AUTHORISED
    controller.say(HOUSE.event("lavender"), b"last")
    controller.hears(HOUSE.event("lavender"))
    assert all(payload != b"forged" for _, payload in controller.heard)


def test_row_27_a_device_hears_its_own_orders_and_nothing_else_whatever_it_asks_for(house: House) -> None:
    controller, ceiling = house.come("ambiance"), house.come(CEILING)
    ceiling.listen("#", "ambiance/#", HOUSE.set("lavender", "diffuser"), HOUSE.state("lavender"), "+/+/+/device/+/set")
    for topic in (HOUSE.set("lavender", "diffuser"), HOUSE.state("lavender"), HOUSE.do("lavender", "start"), "zigbee2mqtt/lamp"):
        assert controller.say(topic) < 0x80
    controller.say(HOUSE.set("lavender", "ceiling"))
    ceiling.hears(HOUSE.set("lavender", "ceiling"))
    assert {topic for topic, _ in ceiling.heard} == {HOUSE.set("lavender", "ceiling")}


def test_row_27_home_automation_hears_no_orders_to_devices_and_no_reports(house: House) -> None:
    controller, automation = house.come("ambiance"), house.come("homeassistant")
    automation.listen("#", "ambiance/#")
    for topic in (HOUSE.set("lavender", "diffuser"), HOUSE.device_state("lavender", "diffuser"), HOUSE.do("lavender", "start")):
        controller.say(topic)
    controller.say(HOUSE.state("lavender"))
    automation.hears(HOUSE.state("lavender"))
    assert {topic for topic, _ in automation.heard} == {HOUSE.state("lavender")}


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        (CEILING, HOUSE.device_state("lavender", "ceiling")), (CEILING, HOUSE.online("lavender", "ceiling")),
        ("lavender-speaker", HOUSE.device_state("lavender", "speaker")), ("diffuser-lavender", "tele/diffuser-lavender/LWT"),
        ("zigbee2mqtt", "zigbee2mqtt/lamp"), ("homeassistant", HOUSE.do("lavender", "start")), ("homeassistant", HOUSE.emergency()),
    ],
)  # fmt: skip
def test_everybody_says_what_is_theirs(house: House, user: str, topic: str) -> None:
    controller, client = house.come("ambiance"), house.come(user)
    controller.listen("#")
    assert client.say(topic) < 0x80
    controller.hears(topic)


def test_a_message_larger_than_any_of_ours_costs_its_sender_the_line(house: House) -> None:
    client = house.come(CEILING)
    client._client.publish(HOUSE.device_state("lavender", "ceiling"), b"x" * 4_300_000, 0)
    client.gone()


def test_the_controller_is_denied_nothing_it_asks_to_hear(house: House) -> None:
    settings = BrokerSettings(house.broker.url, "ambiance", "ecnaibma", ca_file=str(house.certificates.ca), patience=HASTY)
    state, detail, _ = asyncio.run(outcome(settings))
    assert state == "up" and "not allowed" not in detail
