"""Every wire format of the families we speak, as their makers document it: both ways, and through a real broker."""

import json

import pytest

from ambiance.device.dialects import FAMILIES
from ambiance.device.encode import decoded, effective_fade, encoded
from ambiance.errors import Invalid, NotUnderstood
from tests.brokers import Mosquitto, Witness
from tests.device.wire import Command, Heard, commands, read, reports, text

SHOWN_BY = str
PLUGS = {"esphome": "node/fan/mist", "knx-mqtt-bridge": "knx/1/2/3"}
"""Topics of a plug, where a family wants more than a name."""


@pytest.mark.parametrize("command", commands(), ids=SHOWN_BY)
def test_an_ask_becomes_exactly_the_documented_messages(command: Command) -> None:
    said = encoded(command.dialect, command.topic, json.dumps(command.ask), command.options)
    assert [{"topic": each["topic"], "payload": each["payload"]} for each in said] == list(command.says)
    assert {(each["qos"], each["retain"]) for each in said} == {(1, False)}


def leads_back(command: Command) -> bool:
    """Whether the one topic a command goes to names one device."""
    many = command.dialect in ("template", "mqtt-dmx-sequencer", "esphome") or "channel" in command.options
    return len(command.says) == 1 and not many and "/bridge/" not in command.says[0]["topic"]


@pytest.mark.parametrize("command", [each for each in commands() if leads_back(each)], ids=SHOWN_BY)
def test_the_topic_a_command_goes_to_will_do_for_the_topic_of_the_device(command: Command) -> None:
    (said,) = encoded(command.dialect, command.says[0]["topic"], json.dumps(command.ask), command.options)
    assert {"topic": said["topic"], "payload": said["payload"]} == command.says[0]


@pytest.mark.parametrize("heard", reports(), ids=SHOWN_BY)
def test_what_a_device_says_means_what_is_documented(heard: Heard) -> None:
    assert decoded(heard.dialect, heard.topic, heard.payload, heard.options, heard.kind) == pytest.approx(heard.means)


def test_each_family_has_its_documented_messages_and_each_says_where_they_can_be_read() -> None:
    written = read()
    assert {command.dialect for command in commands()} == set(FAMILIES)
    everything: list[Command | Heard] = [*commands(), *reports()]
    for each in everything:
        assert each.source in written["sources"] or each.dialect == "template", each
    assert len(written["left_aside"]) == 4
    assert all(len(reason) > 30 for reason in written["left_aside"].values())


def test_all_of_it_goes_over_a_real_broker_unchanged(mosquitto: Mosquitto) -> None:
    said = [
        (str(each["topic"]), text(each["payload"]))
        for command in commands()
        for each in encoded(command.dialect, command.topic, json.dumps(command.ask), command.options)
    ]
    with Witness(mosquitto.port, "#") as witness, Witness(mosquitto.port, "nothing") as speaker:
        for topic, payload in said:
            speaker.say(topic, payload)
        witness.until(lambda: len(witness.heard) >= len(said))
        assert [(letter.topic, letter.payload.decode()) for letter in witness.heard] == said
        assert not any(letter.retain for letter in witness.heard)
    # Whoever comes later hears nothing: nothing was kept to be replayed.
    with Witness(mosquitto.port, "#") as late, Witness(mosquitto.port, "nothing") as speaker:
        speaker.say("done", "1")
        late.until(lambda: late.on("done"))
        assert [letter.topic for letter in late.heard] == ["done"]


@pytest.mark.parametrize(
    ("dialect", "ask", "made"),
    [
        ("tasmota", {"brightness": 40, "kelvin": 2700, "fade": 60}, (60, 20)),
        ("tasmota", {"brightness": 40, "kelvin": 2700, "fade": 0}, (0, 0.5)),
        ("tasmota", {"brightness": 60, "fade": 600}, None),
        ("wled", {"on": False, "fade": 600}, None),
        ("wled", {"brightness": 40, "fade": 120}, (120, 65.5)),
        ("shelly-gen1", {"brightness": 40, "fade": 30}, (30, 5)),
        ("dali2mqtt", {"brightness": 40, "fade": 30}, (30, 0)),
        ("zigbee2mqtt", {"brightness": 40, "fade": 30}, None),
        ("shelly-gen2", {"brightness": 40, "fade": 600}, None),
        ("shelly-gen2", {"brightness": 40, "fade": 0.2}, (0.2, 0.5)),
        ("native", {"brightness": 40, "fade": 3000}, None),
    ],
)
def test_a_fade_the_device_makes_otherwise_is_told(dialect: str, ask: dict[str, object], made: tuple[float, float] | None) -> None:
    assert effective_fade(dialect, "a/b", json.dumps({"kind": "light", "on": True, **ask})) == made


@pytest.mark.parametrize(
    ("dialect", "options", "cure"),
    [
        ("wled", {}, "use a device that can: tasmota"),
        ("shelly-gen1", {}, "/settings/relay/0"),
        ("shelly-gen2-control", {}, "write options: {auto_off: seconds}"),
        ("esphome", {}, "options: {number: run_minutes}"),
        ("knx-mqtt-bridge", {}, "use a device that can: tasmota"),
        ("template", {"on": "RUN", "off": "STOP"}, "$run_for"),
    ],
)
def test_a_diffuser_that_cannot_be_told_its_end_is_refused_with_the_cure_of_its_own_family(
    dialect: str, options: dict[str, str], cure: str
) -> None:
    with pytest.raises(Invalid) as refused:
        encoded(dialect, PLUGS.get(dialect, "a/b"), '{"kind":"diffuser","on":true,"intensity":2,"run_for":900}', options)
    assert cure in str(refused.value)


@pytest.mark.parametrize("dialect", FAMILIES)
def test_a_diffuser_is_never_asked_on_without_an_end(dialect: str) -> None:
    for ends in ("", ',"run_for":0', ',"run_for":null'):
        with pytest.raises(Invalid):
            encoded(dialect, PLUGS.get(dialect, "a/b"), f'{{"kind":"diffuser","on":true,"intensity":2{ends}}}', {})


@pytest.mark.parametrize(
    ("dialect", "topic", "kind", "why"),
    [
        ("esphome", "lavender-lamp", "light", "topic: found 'lavender-lamp'; wanted <prefix>/<component>/<object id>"),
        ("knx-mqtt-bridge", "knx/1/2", "light", "topic: found 'knx/1/2'; wanted a group address such as knx/1/2/3"),
        ("wled", "wled/lavender", "fan", "kind: found 'fan'; wanted light on wled, or another dialect"),
        ("zigbee2mqtt", "zigbee2mqtt/a", "player", "kind: found 'player'; wanted button or climate"),
    ],
)
def test_what_would_go_nowhere_is_not_printed(dialect: str, topic: str, kind: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        encoded(dialect, topic, f'{{"kind":"{kind}","{"playing" if kind == "player" else "on"}":true}}')
    assert str(refused.value).startswith(why)


@pytest.mark.parametrize("dialect", ["native", "zigbee2mqtt"])
@pytest.mark.parametrize("topic", ["", "a/#", "a/+/b", "a\x00b", "a" * 201])
def test_what_no_broker_would_take_is_not_printed(dialect: str, topic: str) -> None:
    with pytest.raises(Invalid) as refused:
        encoded(dialect, topic, '{"kind":"light","on":true}')
    assert str(refused.value).startswith("topic: found")


def test_of_a_key_that_is_written_twice_nobody_could_say_which_was_meant() -> None:
    with pytest.raises(Invalid) as refused:
        encoded("zigbee2mqtt", "a/b", '{"kind":"light","on":true,"brightness":40,"brightness":50}')
    assert str(refused.value).startswith("brightness: found 'a key that is written twice'")


def test_a_native_fan_that_is_merely_on_turns_at_full_speed() -> None:
    assert [encoded("native", "it", f'{{"kind":"fan","on":{on}}}')[0]["payload"] for on in ("true", "false")] == [
        {"speed": 100.0, "epoch": 0, "version": 0}, {"speed": 0.0, "epoch": 0, "version": 0},
    ]  # fmt: skip


@pytest.mark.parametrize("kelvin", ["warm", "[2200]", "6500-2200", "[2200, 99999]"])
def test_a_range_of_white_that_makes_no_sense_is_refused(kelvin: str) -> None:
    with pytest.raises(Invalid, match=r"\[2200, 6500\]"):
        encoded("zigbee2mqtt", "zigbee2mqtt/a", '{"kind":"light","on":true,"kelvin":2700}', {"kelvin": kelvin})


@pytest.mark.parametrize(
    ("dialect", "topic", "payload", "why"),
    [
        ("zigbee2mqtt", "zigbee2mqtt/a/availability", "true", "payload: found 'true'; wanted online or offline"),
        ("zigbee2mqtt", "zigbee2mqtt/a", '{"brightness":NaN}', "payload: found no JSON"),
        ("zigbee2mqtt", "zigbee2mqtt/a", '{"brightness":300}', "payload: brightness: found 300; wanted a number, 0 to 255"),
        ("tasmota", "stat/a/POWER", "BLINK", "payload: found 'BLINK'; wanted ON or OFF"),
        ("shelly-gen2-control", "a/error/light:0", "Invalid arguments", "payload: it refuses the command: 'Invalid arguments'"),
        ("sonos2mqtt", "sonos/R/error", '{"command":"play"}', "payload: the speaker refuses 'play'"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_sentence(dialect: str, topic: str, payload: str, why: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        decoded(dialect, topic, payload)
    assert str(refused.value).startswith(why)


@pytest.mark.parametrize(
    ("payload", "means"),
    [
        ('{"on":true,"brightness":40.0,"epoch":7,"version":3}', {"on": True, "brightness": 40.0, "epoch": 7, "version": 3}),
        ('{"celsius":24.0}', {"celsius": 24.0}),
        ('{"speed":60}', {"speed": 60.0}),
        ('{"playing":true,"volume":34.0}', {"playing": True, "volume": 34.0}),
        ('{"on":true}', {"on": True}),
        ('{"co2":812}', {"co2": 812.0}),
        ('{"press":"double","button":2}', {"press": "double", "button": 2}),
    ],
)
def test_a_native_report_needs_nobody_to_say_what_kind_it_is_of(payload: str, means: dict[str, object]) -> None:
    assert decoded("native", "ambiance/harbour/rose/device/it/state", payload) == means
