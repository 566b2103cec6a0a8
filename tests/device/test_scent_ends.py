"""Scent fails to off: *on* goes out only with an end the device itself keeps, and each trap on the way to it."""

import json
from typing import Any

import pytest

from ambiance.cuesheet.wanted import DiffuserWanted, WarmerWanted
from ambiance.device.dialects import FAMILIES
from ambiance.device.dialects.pulsetime import pulse_time, seconds_of
from ambiance.device.encode import encoded
from ambiance.errors import Invalid
from ambiance.site import Device
from tests.device.families import body, device, every, family

SCENT = [name for name, kind in every() if kind == "diffuser"]


def bare(name: str, **options: str) -> Device:
    """A diffuser set up with nothing but its topic."""
    topic = "lavender/fan/mist" if name == "esphome" else FAMILIES[name].example
    return Device("diffuser", "lavender", "diffuser", name, topic, options=options)


def said(name: str, wanted: DiffuserWanted | WarmerWanted, **options: str) -> list[Any]:
    kind = "diffuser" if isinstance(wanted, DiffuserWanted) else "warmer"
    it = device(name, kind, **options)  # type: ignore[arg-type]  # it is a kind
    return [body(message) for message in family(name).encode(it, wanted, (1, 1))]


@pytest.mark.parametrize("name", SCENT)
def test_on_without_an_end_is_never_said(name: str) -> None:
    assert said(name, DiffuserWanted(True, 2, 0)) == said(name, DiffuserWanted(False))
    it = device(name, "diffuser")
    with pytest.raises(Invalid, match="run_for"):
        encoded(name, it.topic, '{"kind":"diffuser","on":true,"intensity":2}', it.options)


@pytest.mark.parametrize("name", SCENT)
def test_off_carries_no_timer_that_could_switch_on_later(name: str) -> None:
    for told in said(name, DiffuserWanted(False)):
        text = json.dumps(told)
        assert not any(word in text for word in ("countdown", "toggle_after", "on_time", "PulseTime", "true"))


def test_zigbee_never_puts_brightness_or_transition_beside_its_timer() -> None:
    """With them `on_time` is ignored without a word."""
    assert said("zigbee2mqtt", DiffuserWanted(True, 3, 120)) == [{"state": "ON", "on_time": 120, "off_wait_time": 0}, {"state": ""}]


def test_zigbee_stays_within_its_sixteen_bits() -> None:
    assert said("zigbee2mqtt", DiffuserWanted(True, 3, 90_000))[0]["on_time"] == 6553


def test_a_countdown_goes_only_with_on_because_it_toggles() -> None:
    assert said("zigbee2mqtt-tuya", DiffuserWanted(True, 1, 1800)) == [{"state": "ON", "countdown": 1800}]
    assert said("zigbee2mqtt-tuya", DiffuserWanted(False)) == [{"state": "OFF"}]


@pytest.mark.parametrize(
    ("seconds", "value"),
    [
        (0.04, 1), (0.1, 1), (10, 100), (11, 110), (11.1, 111), (11.2, 112), (11.9, 112), (12, 112), (13, 113), (30, 130),
        (120, 220), (360, 460), (900, 1000), (3600, 3700), (64_800, 64_900), (90_000, 64_900),
    ],
)  # fmt: skip
def test_tasmota_counts_tenths_up_to_111_and_seconds_from_112(seconds: float, value: int) -> None:
    assert pulse_time(seconds) == value
    if 12 <= seconds <= 64_800 or 0.1 <= seconds <= 11.1:
        assert seconds_of(value) == pytest.approx(seconds)


def test_pulse_time_100_is_ten_seconds_and_0_is_never_said() -> None:
    assert said("tasmota", DiffuserWanted(True, 1, 10)) == ["PulseTime1 100; Power1 ON"]
    assert said("tasmota", DiffuserWanted(True, 1, 0.01)) == ["PulseTime1 1; Power1 ON"]
    assert seconds_of(100) == 10
    with pytest.raises(Invalid):
        encoded("tasmota", "plug", '{"kind":"diffuser","do":"arm","run_for":0}')


def test_toggle_after_goes_only_with_on() -> None:
    assert said("shelly-gen2", DiffuserWanted(True, 1, 900))[0]["params"] == {"id": 0, "on": True, "toggle_after": 900}
    assert said("shelly-gen2", DiffuserWanted(False))[0]["params"] == {"id": 0, "on": False}


@pytest.mark.parametrize("name", ["shelly-gen1", "shelly-gen2-control"])
def test_what_cannot_be_told_its_end_needs_a_standing_one_that_is_declared(name: str) -> None:
    (complaint,) = family(name).check(bare(name))
    assert "without auto_off" in complaint
    assert "auto_off" in complaint.partition("; ")[2]
    assert family(name).check(bare(name, auto_off="120")) == ()
    assert family(name).traits(bare(name, auto_off="120")).ends == 120
    assert "901" in family(name).check(bare(name, auto_off="901"))[0]


def test_an_openbeken_run_is_one_event_that_is_not_renewed() -> None:
    assert said("openbeken", DiffuserWanted(True, 1, 120)) == ["Power ON; addRepeatingEventID 120 1 7 Power OFF"]
    assert not family("openbeken").traits(device("openbeken", "diffuser")).renews
    assert said("openbeken", DiffuserWanted(False)) == ["OFF", "7"], "the event of a run cut short must not end the next one"


def test_an_esphome_diffuser_needs_the_entity_that_ends_it() -> None:
    (complaint,) = family("esphome").check(bare("esphome"))
    assert "template number" in complaint
    assert family("esphome").check(bare("esphome", number="run_minutes")) == ()
    assert said("esphome", DiffuserWanted(True, 2, 120)) == ["2", "2", "ON"], "the end is there before the run begins"


@pytest.mark.parametrize("name", ["wled", "dali2mqtt", "mqtt-dmx-sequencer", "ha-json-light", "sonos2mqtt"])
def test_lamps_and_speakers_are_no_diffusers(name: str) -> None:
    assert "found a diffuser on" in family(name).check(bare(name))[0]


def test_a_plug_without_a_timer_is_refused_with_the_cure_unless_somebody_takes_the_risk() -> None:
    (complaint,) = family("knx-mqtt-bridge").check(bare("knx-mqtt-bridge"))
    assert complaint.endswith("tasmota, shelly-gen2, zigbee2mqtt, zigbee2mqtt-tuya, esphome or openbeken")
    (endless,) = family("template").check(bare("template", on="ON", off="OFF"))
    assert "$run_for" in endless
    risky = bare("knx-mqtt-bridge", unsafe="true", status="1/2/9")
    assert family("knx-mqtt-bridge").check(risky) == ()
    (warning,) = family("knx-mqtt-bridge").warnings(risky)
    assert "until somebody pulls its plug" in warning


def test_a_warmer_is_held_to_the_same() -> None:
    assert said("tasmota", WarmerWanted(True, 3600)) == ["PulseTime1 3700; Power1 ON"]
    assert (
        "found a warmer that keeps no end"
        in family("knx-mqtt-bridge").check(Device("table", "lavender", "warmer", "knx-mqtt-bridge", "knx/1/2/3"))[0]
    )


def test_a_diffuser_that_never_says_that_it_is_off_is_refused_with_the_cure() -> None:
    (complaint,) = family("template").check(bare("template", on="RUN $run_for", off="STOP"))
    assert complaint.endswith("never says whether it is off; options: {report: the topic of its reports, read_on: a key of it}")
    (complaint,) = family("knx-mqtt-bridge").check(bare("knx-mqtt-bridge", unsafe="true"))
    assert "status" in complaint
    assert family("template").check(bare("template", on="RUN $run_for", off="STOP", report="$topic/on", read_on=".")) == ()
