"""Looking round on a broker: what each project publishes becomes the entry an installer would have written by hand."""

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ambiance.cli.assembly import app
from ambiance.clock import SystemClock
from ambiance.config import load_config
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.finding import Finders, Found, look
from ambiance.device.message import Incoming
from ambiance.errors import BrokerRefused, BrokerUnreachable
from ambiance.yaml import plainly
from tests.brokers import Mosquitto, Witness, free_port

SAID: Mapping[str, Any] = plainly((Path(__file__).parent / "announcements.yaml").read_text(encoding="utf-8"))
HEAD = """
site: {id: harbour, name: Harbour, timezone: Europe/Berlin}
broker: {embedded: true}
store: {url: "sqlite:///x.db"}
rooms:
  - id: lavender
    devices:
"""


def messages(*families: str) -> list[tuple[str, bytes]]:
    return [
        (one["topic"], (one["payload"] if isinstance(one["payload"], str) else json.dumps(one["payload"])).encode())
        for family in families or SAID
        for one in SAID[family]["says"]
    ]


def found(*families: str) -> dict[str, Found]:
    finders = Finders()
    for topic, payload in messages(*families):
        finders.hear(Incoming(topic, payload))
    return {each.name: each for each in finders.found()}


def kinds(found: Found) -> list[str]:
    return [entry.kind for entry in found.entries]


def test_zigbee_lamps_have_the_range_and_the_quirk_of_their_model() -> None:
    lamp = found("zigbee2mqtt")["lavender/ceiling"]
    (entry,) = lamp.entries
    assert (entry.kind, entry.dialect, entry.topic, entry.keys["kelvin"]) == (
        "light",
        "zigbee2mqtt",
        "zigbee2mqtt/lavender/ceiling",
        [2203, 4000],
    )
    assert entry.options == {"model": "IKEA LED1624G9"}
    assert lamp.online and lamp.room == "lavender" and lamp.id == "ceiling" and not lamp.facts


def test_a_plug_is_never_taken_for_a_diffuser_but_its_end_is_filled_in() -> None:
    plain, tuya = found("zigbee2mqtt")["my_plug"], found("zigbee2mqtt")["lavender/mist"]
    assert plain.kind is None and kinds(plain) == ["diffuser", "warmer", "fan"]
    assert [entry.dialect for entry in plain.entries] == ["zigbee2mqtt"] * 3
    assert [entry.dialect for entry in tuya.entries] == ["zigbee2mqtt-tuya", "zigbee2mqtt-tuya", "zigbee2mqtt"]
    assert any("watts" in fact for fact in plain.facts) and any("power_on_behavior" in fact for fact in tuya.facts)
    # Pasted as it is, it adds nothing to a room: the installer has to choose.
    assert all(line.startswith("#") for line in plain.snippet().splitlines())


def test_remotes_groups_and_thermostats_of_zigbee_are_told_apart_from_what_nobody_drives() -> None:
    all_of = found("zigbee2mqtt")
    assert kinds(all_of["lavender/knob"]) == ["button"] and "on_hold" in all_of["lavender/knob"].snippet()
    assert all_of["lavender/thermostat"].entries[0].options == {"setpoint": "occupied_heating_setpoint", "mode": "heat"}
    assert all_of["lavender/lamps"].entries[0].keys == {"kelvin": [2203, 4000]}
    assert not all_of["my_sensor"].entries and "Coordinator" not in all_of


def test_tasmota_devices_say_their_outputs_their_full_topic_and_what_is_to_be_set_up() -> None:
    all_of = found("tasmota")
    mist = all_of["Mist"]
    assert kinds(mist) == ["diffuser", "warmer", "fan"] and mist.online and any("watts" in fact for fact in mist.facts)
    assert all(entry.options == {"fulltopic": "%topic%/%prefix%/"} and entry.topic == "tasmota_49A3BC" for entry in mist.entries)
    (cove,) = all_of["Cove"].entries
    assert cove.keys == {"kelvin": [2632, 5000]} and any("SetOption117 1" in text for text in cove.unsure)
    silent = all_of["unspoken"]
    assert silent.online is False and silent.entries[0].options == {"channel": "1"} and "SetOption19 0" in silent.facts[0]


def test_shelly_plugs_of_the_first_generation_come_with_the_auto_off_that_somebody_has_to_set() -> None:
    all_of = found("shelly-gen1")
    plug, bulb = all_of["shellyplug-s-7AE4A2"], all_of["shellybulbduo-98CDAC"]
    assert plug.entries[0].options == {"auto_off": "120"} and "/settings/relay/0?auto_off=120" in plug.snippet()
    assert plug.entries[2].options == {} and plug.online and plug.model == "SHPLG-S"
    assert bulb.entries[0].keys == {"kelvin": [2700, 6500]}


def test_shelly_devices_of_later_generations_are_asked_what_they_have_and_how_they_end() -> None:
    finders = Finders()
    asked = [m for topic, payload in messages("shelly-gen2") for m in finders.hear(Incoming(topic, payload))]
    assert [m.topic for m in asked] == ["shellyplusplugs-a8032abe54dc/rpc"] * 2 + ["spa/spot/rpc"] * 2
    frames = [json.loads(m.payload) for m in asked]
    assert [frame["method"] for frame in frames] == ["Shelly.GetStatus", "Shelly.GetConfig"] * 2
    config = {
        "id": 1,
        "src": "shellyplusplugs-a8032abe54dc",
        "dst": frames[1]["src"],
        "result": {"switch:0": {"id": 0, "initial_state": "on", "auto_off": False}},
    }
    finders.hear(Incoming(f"{frames[1]['src']}/rpc", json.dumps(config).encode()))
    all_of = {each.name: each for each in finders.found()}
    plug, spot = all_of["shellyplusplugs-a8032abe54dc"], all_of["spa/spot"]
    assert any("initial_state" in fact for fact in plug.facts) and any("auto_off" in fact for fact in plug.facts)
    assert kinds(spot) == ["light"] and spot.entries[0].options == {"device_id": "shellydimmerg3-b0818401"}


def test_strips_nodes_speakers_and_our_own_devices_are_found() -> None:
    all_of = found("wled", "esphome", "sonos2mqtt", "openbeken", "native")
    assert all_of["wled/lavender"].entries[0].dialect == "wled" and all_of["wled/lavender"].online
    assert all_of["lavender-lamp/ceiling"].entries[0].topic == "lavender-lamp/light/ceiling"
    assert (
        all_of["lavender-mist/mist"].entries[0].options == {"number": "run_minutes"}
        and all_of["lavender-mist/mist"].model == "ESP8266 nodemcuv2"
    )
    assert kinds(all_of["Kantoor"]) == ["player"] and not all_of["Kantoor"].facts
    assert [all_of[f"obk_t_fourRelays/{n}"].entries[0].options for n in (1, 2)] == [{"channel": "1"}, {"channel": "2"}]
    assert all_of["obk_strip"].entries[0].keys == {"kelvin": [2000, 6490]}
    assert kinds(all_of["lavender/speaker"]) == ["player"]


def test_homie_devices_of_both_versions_become_templates() -> None:
    all_of = found("homie")
    lamp, fan = all_of["Super lamp/brightness"].entries[0], all_of["Extractor/speed"].entries[0]
    assert (lamp.kind, lamp.topic, lamp.options["set"], lamp.options["read_brightness"]) == (
        "light",
        "homie/5/super-lamp/lamp/brightness",
        "$brightness",
        ".",
    )
    assert (fan.kind, fan.topic, fan.options["set"]) == ("fan", "homie/extractor/fan/speed", "$speed")


def test_what_announces_itself_to_home_assistant_alone_is_found_and_the_rest_is_not_found_twice() -> None:
    all_of = found()
    lamp, switch = all_of["Bridge Reading lamp"].entries[0], all_of["Extract"]
    assert (lamp.dialect, lamp.topic, lamp.keys) == ("ha-json-light", "bridge/lamp1", {"kelvin": [2200, 6500]})
    assert lamp.options == {"color_temp_kelvin": "true"}
    assert kinds(switch) == ["fan"] and switch.entries[0].options["read_on"] == "state" and "no diffuser" in switch.facts[0]
    dali = all_of["DALI Lights Lavender cove"].entries[0]
    assert (dali.dialect, dali.topic, dali.options) == ("dali2mqtt", "dali2mqtt/lavender-cove", {"max_level": "250"})
    assert any("dali2mqtt/lavender-cove/min_level" in text for text in dali.unsure)
    group = all_of["DALI Lights group_3"].entries[0]
    assert any("obeys no level" in text for text in group.unsure) and not any("obeys no level" in text for text in dali.unsure)
    homeassistant = [name for name, each in all_of.items() if each.family == "homeassistant"]
    assert sorted(homeassistant) == ["Bridge Reading lamp", "DALI Lights Lavender cove", "DALI Lights group_3", "Extract"]


@pytest.mark.parametrize("name", sorted(found()))
def test_every_line_of_every_snippet_is_one_that_a_configuration_takes(name: str, tmp_path: Path) -> None:
    device = found()[name]
    for number, entry in enumerate(device.entries):
        file = tmp_path / f"{number}.yaml"
        file.write_text(f"{HEAD}      {entry.line('thing')}\n", encoding="utf-8")
        room = load_config(file, {}).site.by_id["lavender"]
        assert (room.devices[0].kind, room.devices[0].dialect) == (entry.kind, entry.dialect)
        if entry.dialect != "native":
            assert room.devices[0].topic == entry.topic


@pytest.mark.parametrize("order", ["as said", "backwards", "twice"])
def test_announcements_may_come_in_any_order_and_again(order: str) -> None:
    finders, said = Finders(), messages()
    for topic, payload in {"as said": said, "backwards": said[::-1], "twice": [*said, *said]}[order]:
        finders.hear(Incoming(topic, payload))
    assert {each.name for each in finders.found()} == set(found())


def test_row_37_hostile_announcements_find_nothing_and_hurt_nobody() -> None:
    finders = Finders()
    topics = sorted({topic for topic, _ in messages()})
    for payload in (
        b"[" * 5000,
        b"\xff\xfe",
        b"null",
        b"[1,2]",
        b'{"t":["x"],"rl":"no","so":[]}',
        b'{"exposes":7}',
        b"x" * 9_000_000,
        b"NaN",
        b'"\\u0000"',
    ):
        for topic in topics:
            finders.hear(Incoming(topic, payload))
    finders.hear(
        Incoming("zigbee2mqtt/bridge/devices", b'[{"friendly_name":"a\\nb","type":"Router","definition":{}},7,{"friendly_name":{}}]')
    )
    for each in finders.found():
        assert each.snippet().isprintable() or "\n" in each.snippet()
        assert all(line.startswith(("#", "- ")) for line in each.snippet().splitlines())


MB = 1_000_000


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 4 * MB, b'"' * 4 * MB, b"[" + b"1," * 2 * MB + b"1]", b"[" + b"{}," * MB + b"{}]", b"[" + b"[]," * 118_000 + b"1]",
        b"{" + b",".join(b'"k%d":1' % n for n in range(119_000)) + b"}", b"[" + b"1.5e300," * 119_000 + b"1]", b"9" * 4 * MB,
        b'["' + b"\\u0041" * 600_000 + b'"]', b"[[" * 59_000 + b"]]" * 59_000,
    ],
)  # fmt: skip
def test_row_37_a_hostile_announcement_is_read_in_a_moment_or_not_at_all(payload: bytes) -> None:
    finders, began = Finders(), time.process_time()
    for topic in ("zigbee2mqtt/bridge/devices", "homeassistant/light/x/config", "any/thing"):
        finders.hear(Incoming(topic, payload))
    assert finders.found() == []
    assert time.process_time() - began < 10, "without bounds some of them take half a minute"


def test_the_inventory_of_a_large_site_is_within_the_bounds() -> None:
    texts = {"label": "State", "description": "On/off state of this light", "value_on": "ON", "value_off": "OFF", "type": "binary"}
    features = [{"name": "state", "property": "state", "access": 7, **texts} for _ in range(50)]
    light = {"vendor": "A", "model": "B", "description": "a lamp", "exposes": [{"type": "light", "features": features}]}
    said = json.dumps([{"friendly_name": f"lamp-{n}", "type": "Router", "definition": light} for n in range(200)]).encode()
    assert 1.5 * MB < len(said) < 2 * MB
    finders = Finders()
    finders.hear(Incoming("zigbee2mqtt/bridge/devices", said))
    assert len(finders.found()) == 200


def test_on_a_real_broker_devices_are_asked_and_what_is_configured_is_said(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "mosquitto") as broker, Witness(broker.port) as house:
        for topic, payload in messages():
            house.say(topic, payload, retain=True)
        config = tmp_path / "config.yaml"
        config.write_text(
            HEAD.replace("{embedded: true}", f"{{url: '{broker.url}'}}")
            + "      - {id: cove, kind: light, dialect: wled, topic: wled/lavender}\n      - {id: speaker, kind: player}\n",
            encoding="utf-8",
        )
        done = CliRunner().invoke(app, ["device", "discover", "--seconds", "1.5", "--json", "--config", str(config)])
        assert done.exit_code == 0, done.stderr
        seen = {each["name"]: each for each in json.loads(done.stdout)}
        assert set(seen) == set(found())
        assert seen["wled/lavender"]["configured"] == "lavender/cove" and seen["lavender/speaker"]["configured"] == "lavender/speaker"
        assert seen["lavender/ceiling"]["kind"] == "light" and seen["lavender/ceiling"]["snippet"].splitlines()[-1].startswith(
            "- {id: ceiling"
        )
        assert house.on("shellies/command") == [b"announce", b"update"] and house.on("esphome/discover") == [b""]
        house.until(lambda: house.on("shellyplusplugs-a8032abe54dc/rpc"))
        words = CliRunner().invoke(
            app, ["device", "discover", "--seconds", "0.5", "--no-ask", "--broker", broker.url, "--config", str(config)]
        )
        assert words.exit_code == 0 and "# take" not in words.stdout and "kind: diffuser" in words.stdout
        assert house.on("esphome/discover") == [b""]


def test_an_inventory_larger_than_any_report_is_heard_whole(tmp_path: Path) -> None:
    (devices,) = [json.loads(payload) for topic, payload in messages("zigbee2mqtt") if topic.endswith("bridge/devices")]
    many = [
        {**devices[1], "friendly_name": f"lamp-{n}", "definition": {**devices[1]["definition"], "description": "x" * 4000}}
        for n in range(300)
    ]

    async def scenario(broker: Mosquitto) -> list[str]:
        return [each.found.name for each in await look(BrokerSettings(broker.url), 3.0, SystemClock())]

    with Mosquitto(tmp_path / "mosquitto") as broker, Witness(broker.port) as house:
        house.say("zigbee2mqtt/bridge/devices", json.dumps(many), retain=True)
        assert len(asyncio.run(scenario(broker))) == 300


def test_a_broker_that_gives_nobody_everything_still_shows_what_it_may(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("user eye\ntopic read wled/#\n")
    with Mosquitto(tmp_path / "m", users={"eye": "x", "hand": "y"}, extra=(f"acl_file {acl}",)) as broker:
        acl.write_text("user eye\ntopic read wled/#\nuser hand\ntopic readwrite #\n")
    with (
        Mosquitto(tmp_path / "m2", users={"eye": "x", "hand": "y"}, extra=(f"acl_file {acl}",)) as broker,
        Witness(broker.port, "nothing", username="hand", password="y") as house,
    ):
        for topic, payload in messages("wled", "sonos2mqtt"):
            house.say(topic, payload, retain=True)
        seen = asyncio.run(look(BrokerSettings(broker.url, "eye", "x"), 1.0, SystemClock()))
        assert [each.found.name for each in seen] == ["wled/lavender"]
        with pytest.raises(BrokerRefused, match="not let us in"):
            asyncio.run(look(BrokerSettings(broker.url, "eye", "wrong"), 1.0, SystemClock()))


def test_no_broker_is_said_with_its_cure() -> None:
    with pytest.raises(BrokerUnreachable, match="start it"):
        asyncio.run(look(BrokerSettings(f"mqtt://127.0.0.1:{free_port()}"), 1.0, SystemClock()))
    done = CliRunner().invoke(app, ["device", "discover", "--broker", f"mqtt://127.0.0.1:{free_port()}", "--seconds", "1"])
    assert done.exit_code == 1 and "no broker answers" in done.stderr
