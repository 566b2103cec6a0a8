"""What sensors of each family say, in our words and units; and what they say that makes no sense."""

import json
from typing import Any

import pytest

from ambiance.device.dialects import SPOKEN, Garbled, Press, Report
from ambiance.site import Device
from tests.device.families import TOPICS

NATIVE = "ambiance/harbour/lavender/device/it/state"


def heard(dialect: str, topic: str, said: Any, own: str = "", **options: str) -> Any:
    it = Device("it", "lavender", "sensor", dialect, own, options=options)
    payload = said.encode() if isinstance(said, str) else json.dumps(said).encode()
    return SPOKEN[dialect](TOPICS).decode(it, topic, payload)


CLIMATE = {"ts": 1.5, "devicepower:0": {"id": 0, "battery": {"V": 4.4, "percent": 71}}, "humidity:0": {"id": 0, "rh": 42.2}}
SAYS: tuple[tuple[str, str, Any, dict[str, str], dict[str, Any]], ...] = (
    ("native", NATIVE, {"contact": False, "co2": 812}, {}, {"contact": False, "co2": 812}),
    ("native", NATIVE, {"dba": 41.5, "illuminance": 12}, {}, {"dba": 41.5, "illuminance": 12}),
    ("zigbee2mqtt", "zigbee2mqtt/it", {"contact": True, "battery": 88, "linkquality": 90}, {}, {"contact": True, "battery": 88}),
    ("zigbee2mqtt", "zigbee2mqtt/it", {"occupancy": True, "illuminance": 14}, {}, {"occupancy": True, "illuminance": 14}),
    ("zigbee2mqtt", "zigbee2mqtt/it", {"presence": False}, {}, {"occupancy": False}),
    ("zigbee2mqtt", "zigbee2mqtt/it", {"voc": 210, "co2": 900, "humidity": 48.2}, {}, {"voc": 210, "co2": 900, "humidity": 48.2}),
    ("zigbee2mqtt", "zigbee2mqtt/it", {"noise": 43.0, "temperature": 23.4}, {}, {"dba": 43.0, "temperature": 23.4}),
    ("tasmota", "tele/it/SENSOR", {"SCD40": {"CarbonDioxide": 812, "Temperature": 23.4}}, {}, {"co2": 812, "temperature": 23.4}),
    ("tasmota", "tele/it/SENSOR", {"IAQ": {"eCO2": 450, "TVOC": 125, "Resistance": 76827}}, {}, {"eco2": 450, "tvoc_ppb": 125}),
    ("tasmota", "stat/it/RESULT", {"Switch1": {"Action": "ON"}}, {}, {"occupancy": True}),
    ("tasmota", "stat/it/RESULT", {"Switch1": {"Action": "ON"}}, {"reads": "contact"}, {"contact": False}),
    ("shelly-gen2", "it/events/rpc", {"method": "NotifyFullStatus", "params": CLIMATE}, {}, {"battery": 71, "humidity": 42.2}),
    ("shelly-gen2", "it/events/rpc", {"params": {"temperature:0": {"id": 0, "tC": 19.8}}}, {}, {"temperature": 19.8}),
    ("shelly-gen2", "it/events/rpc", {"params": {"input:0": {"id": 0, "state": True}}}, {"reads": "contact"}, {"contact": True}),
    ("shelly-gen1", "it/sensor/state", "open", {}, {"contact": False}),
    ("shelly-gen1", "it/sensor/temperature", "21.5", {}, {"temperature": 21.5}),
    ("shelly-gen1", "it/status", {"motion": True, "lux": 12, "bat": 83}, {}, {"occupancy": True, "illuminance": 12, "battery": 83}),
    ("esphome", "it/sensor/co2/state", "812.0", {}, {"co2": 812.0}),
    ("esphome", "it/sensor/loudness/state", "44.1", {"reads": "dba"}, {"dba": 44.1}),
    ("esphome", "it/binary_sensor/door_contact/state", "ON", {}, {"contact": False}),
    ("esphome", "it/binary_sensor/occupancy/state", "OFF", {}, {"occupancy": False}),
)


def own(dialect: str, topic: str) -> str:
    """The topic that stands in config.yaml."""
    return topic.removesuffix("/state") if dialect == "esphome" else topic if dialect == "zigbee2mqtt" else "it"


@pytest.mark.parametrize(("dialect", "topic", "said", "options", "values"), SAYS)
def test_a_sensor_is_heard_in_our_words(
    dialect: str, topic: str, said: Any, options: dict[str, str], values: dict[str, Any]
) -> None:
    it = heard(dialect, topic, said, own(dialect, topic), **options)
    assert isinstance(it, Report) and it.values == values


@pytest.mark.parametrize(
    ("dialect", "topic", "said", "it"),
    [
        ("native", NATIVE, '{"co2":NaN}', ""),
        ("native", NATIVE, {"humidity": 101}, ""),
        ("native", NATIVE, {"contact": "open"}, ""),
        ("zigbee2mqtt", "zigbee2mqtt/door", {"contact": 1}, "zigbee2mqtt/door"),
        ("zigbee2mqtt", "zigbee2mqtt/air", '{"co2":1e999}', "zigbee2mqtt/air"),
        ("tasmota", "tele/air/SENSOR", {"SCD40": {"CarbonDioxide": "many"}}, "air"),
        ("shelly-gen1", "shellies/shellydw-1/sensor/state", "ajar", "shellies/shellydw-1"),
        ("esphome", "node/sensor/co2/state", "much", "node/sensor/co2"),
    ],
)
def test_what_makes_no_sense_is_refused(dialect: str, topic: str, said: Any, it: str) -> None:
    assert isinstance(heard(dialect, topic, said, it), Garbled)


def test_an_esphome_sensor_without_a_value_says_nothing() -> None:
    assert heard("esphome", "node/sensor/co2/state", "nan", "node/sensor/co2") is None


def test_a_sensor_is_never_taken_for_a_button() -> None:
    assert not isinstance(heard("tasmota", "stat/pir/RESULT", {"Switch1": {"Action": "TOGGLE"}}, "pir"), Press)


def test_a_key_that_is_let_go_is_nobodys_presence() -> None:
    it = Device("it", "lavender", "button", "tasmota", "key")
    assert SPOKEN["tasmota"](TOPICS).decode(it, "stat/key/RESULT", b'{"Switch1":{"Action":"OFF"}}') is None


def test_the_relay_of_a_thermostat_says_nothing_of_what_it_is_set_to() -> None:
    it = Device("it", "lavender", "climate", "zigbee2mqtt", "zigbee2mqtt/it")
    said = SPOKEN["zigbee2mqtt"](TOPICS).decode(it, it.topic, b'{"state":"OFF","occupied_heating_setpoint":22.5}')
    assert said == Report({"celsius": 22.5})
    assert SPOKEN["zigbee2mqtt"](TOPICS).decode(it, it.topic, b'{"state":"ON"}') is None


@pytest.mark.parametrize("dialect", ["native", "zigbee2mqtt", "tasmota", "shelly-gen2", "shelly-gen1", "esphome"])
def test_a_sensor_is_told_and_asked_nothing(dialect: str) -> None:
    it = Device("it", "lavender", "sensor", dialect, {"native": "", "esphome": "node/sensor/co2"}.get(dialect, "topic"))
    assert SPOKEN[dialect](TOPICS).check(it) == ()
    assert SPOKEN[dialect](TOPICS).ask(it) == ()
