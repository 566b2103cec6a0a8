"""The doctor: every broken set-up is named with its cure, worst first, and a sound house gets a clean bill."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ambiance.cli.assembly import app
from ambiance.clock import ManualClock, SystemClock
from ambiance.config import load_config
from ambiance.device import Topics
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.simulator import Simulator
from ambiance.doctor import Complaint, examine
from ambiance.doctor.machine import machine, runs_out
from ambiance.session.sql import SqlStore
from tests.brokers import Certificates, Mosquitto, Witness, free_port
from tests.device.linked import embedded

PROFILES = Path(__file__).parents[1] / "profiles"
LAMP = "{id: ceiling, kind: light, kelvin: [2000, 6500], lowest: 1.5}"
MIST = "{id: mist, kind: diffuser}"
ROOM = {"hand_light": "true", "full_light_lux": "300", "full_volume_dba": "70"}


def house(folder: Path, broker: str, *devices: str, more: str = "", **keys: str | None) -> Path:
    said = {key: value for key, value in {**ROOM, **keys}.items() if value is not None}
    room = "".join(f"    {key}: {value}\n" for key, value in said.items())
    things = "".join(f"      - {device}\n" for device in devices or (LAMP, MIST))
    file = folder / "config.yaml"
    file.write_text(
        "site: {id: harbour, name: Harbour, timezone: Europe/Berlin}\n"
        f"broker: {{{broker}}}\nstore: {{url: 'sqlite:///{folder}/x.db'}}\nprofiles: {PROFILES}\n{more}"
        f"rooms:\n  - id: lavender\n{room}    devices:\n{things}",
        encoding="utf-8",
    )
    return file


def seen(file: Path, seconds: float = 1.0) -> list[Complaint]:
    return asyncio.run(examine(load_config(file, {}), file, SystemClock(), seconds))


def of(found: list[Complaint], about: str, grade: str | None = None) -> str:
    return " / ".join(f"{c.words} — {c.cure}" for c in found if c.about == about and grade in (None, c.grade))


@contextmanager
def alive(file: Path, url: str) -> Iterator[None]:
    """The simulated twins of a house, on its broker, in a loop of their own."""
    site = load_config(file, {}).site
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def live() -> None:
        simulator = Simulator(Topics(site.prefix, site.id), site.rooms, BrokerSettings(url), SystemClock())
        await simulator.start()
        await asyncio.sleep(0.5)
        ready.set()
        await stop.wait()
        await simulator.stop()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()))
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def answering(device: str, answers: dict[str, str], port: int) -> Any:
    """Somebody who says these things on these topics, whenever anything is said to `device`."""

    class Answering(Witness):
        def _on_message(self, client: Any, data: Any, message: Any) -> None:
            super()._on_message(client, data, message)
            for topic, payload in answers.items():
                client.publish(topic, payload)

    return Answering(port, f"cmnd/{device}/#")


def test_a_sound_house_gets_a_clean_bill(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "m") as broker:
        file = house(tmp_path, f"url: '{broker.url}'")
        with alive(file, broker.url):
            found = seen(file)
        assert [c for c in found if c.grade == "mend"] == []
        assert of(found, "lavender/ceiling") == "it is there — " and "end it keeps itself" in of(found, "lavender/mist", "well")
        assert "MQTT 5" in of(found, "broker", "well") and "heard" in of(found, "broker", "well")
        assert "no controller is running" in of(found, "broker", "well")
        # A stranger comes in here, which is worth a word.
        assert "without a name" in of(found, "broker", "improve")
        order = [c.grade for c in found]
        assert order == sorted(order, key=("mend", "improve", "well").index)


def test_nobody_waits_for_devices_that_have_all_answered(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "m") as broker:
        file = house(tmp_path, f"url: '{broker.url}'", LAMP, MIST, "{id: knob, kind: button}")
        with alive(file, broker.url):
            began = time.monotonic()
            done = CliRunner().invoke(app, ["doctor", "--config", str(file), "--seconds", "300"])
            assert time.monotonic() - began < 200
    assert f"asking 3 devices on {broker.url}, and waiting up to 300 s" in done.stderr
    assert "lavender/mist: it is there" in done.stdout


def test_devices_that_are_away_silent_or_talk_nonsense_are_told_apart(tmp_path: Path) -> None:
    devices = (
        LAMP,
        MIST,
        "{id: cove, kind: light, dialect: wled, topic: wled/lavender}",
        "{id: knob, kind: button}",
        "{id: hum, kind: player}",
    )
    with Mosquitto(tmp_path / "m") as broker, Witness(broker.port, "nothing") as somebody:
        somebody.say("ambiance/harbour/lavender/device/ceiling/online", "false", retain=True)
        somebody.say("ambiance/harbour/lavender/device/mist/state", "[", retain=True)
        somebody.say("wled/lavender/status", "online", retain=True)
        found = seen(house(tmp_path, f"url: '{broker.url}'", *devices))
    assert "it says that it is away" in of(found, "lavender/ceiling", "mend")
    assert "makes no sense" in of(found, "lavender/mist", "improve")
    assert "nobody listens on wled/lavender/api" in of(found, "lavender/cove", "mend") and "it is there" in of(
        found, "lavender/cove", "well"
    )
    assert "until it is pressed" in of(found, "lavender/knob", "improve")
    assert "nothing was heard of it" in of(found, "lavender/hum", "mend") and "device discover" in of(found, "lavender/hum", "mend")


def test_the_fail_safe_end_of_every_diffuser_is_looked_at(tmp_path: Path) -> None:
    devices = (
        LAMP,
        "{id: one, kind: diffuser, dialect: shelly-gen1, topic: shellies/a, options: {unsafe: true}}",
        "{id: two, kind: diffuser, dialect: shelly-gen1, topic: shellies/b, options: {auto_off: 600}}",
        "{id: three, kind: diffuser, dialect: zigbee2mqtt, topic: zigbee2mqtt/c}",
        "{id: four, kind: diffuser, dialect: tasmota, topic: d}",
        "{id: five, kind: warmer, dialect: tasmota, topic: e}",
    )
    with (
        Mosquitto(tmp_path / "m") as broker,
        answering("d", {"stat/d/RESULT": '{"PowerOnState":3}', "stat/d/POWER": "OFF"}, broker.port),
        answering("e", {"stat/e/RESULT": '{"PowerOnState":0}', "stat/e/POWER": "OFF"}, broker.port),
    ):
        found = seen(house(tmp_path, f"url: '{broker.url}'", *devices))
    assert "pulls its plug" in of(found, "lavender/one", "mend")
    assert "set it to 120 s" in of(found, "lavender/two", "improve")
    assert "ambiance device test lavender three" in of(found, "lavender/three", "improve")
    assert "may come back ON" in of(found, "lavender/four", "mend") and "it is there" in of(found, "lavender/four", "well")
    assert "comes back off" in of(found, "lavender/five", "well")


def test_rooms_without_measurement_or_a_light_by_hand_are_named(tmp_path: Path) -> None:
    devices = ("{id: cove, kind: light, dialect: wled, topic: wled/x, lowest: 5}", "{id: hum, kind: player}")
    file = house(tmp_path, "embedded: true", *devices, hand_light=None, full_light_lux=None, full_volume_dba=None, usual="[spa/moonwalk]")
    found = seen(file)
    assert "full_light_lux" in of(found, "lavender", "improve") and "full_volume_dba" in of(found, "lavender", "improve")
    assert "hand_light: true" in of(found, "lavender", "mend") and "2 % or less" in of(found, "lavender", "improve")
    assert "moonwalk" in of(found, "lavender", "mend")
    assert "it runs in the controller" in of(found, "broker", "improve")


def test_row_39_a_wrong_password_and_no_broker_are_told_with_their_cure(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("wrong")
    (tmp_path / "secret").chmod(0o600)
    with Mosquitto(tmp_path / "m", users={"ambiance": "right"}) as broker:
        found = seen(house(tmp_path, f"url: '{broker.url}', username: ambiance, password_file: secret"))
        assert "correct the user name" in of(found, "broker", "mend")
        (tmp_path / "secret").write_text("right")
        found = seen(house(tmp_path, f"url: '{broker.url}', username: ambiance, password_file: secret"))
        assert "nobody comes in without a name" in of(found, "broker", "well")
    found = seen(house(tmp_path, f"url: 'mqtt://127.0.0.1:{free_port()}'"))
    assert found[0].about == "broker" and "start the broker" in found[0].cure


def test_what_the_broker_does_not_let_us_say_or_hear_is_named_topic_by_topic(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("right")
    (tmp_path / "secret").chmod(0o600)
    acl = tmp_path / "acl"
    acl.write_text("user ambiance\ntopic readwrite ambiance/#\ntopic read wled/#\n")
    devices = (LAMP, "{id: cove, kind: light, dialect: wled, topic: wled/lavender}")
    with Mosquitto(tmp_path / "m", users={"ambiance": "right"}, extra=(f"acl_file {acl}",)) as broker:
        found = seen(house(tmp_path, f"url: '{broker.url}', username: ambiance, password_file: secret", *devices))
        assert "topic write wled/lavender/api" in of(found, "lavender/cove", "mend")
        assert "topic write" not in of(found, "lavender/ceiling")
    acl.write_text("user ambiance\ntopic read ambiance/#\n")
    with Mosquitto(tmp_path / "m2", users={"ambiance": "right"}, extra=(f"acl_file {acl}",)) as broker:
        found = seen(house(tmp_path, f"url: '{broker.url}', username: ambiance, password_file: secret", LAMP))
        assert "topic readwrite ambiance/harbour/#" in of(found, "broker", "mend")


def test_certificates_that_run_out_are_spoken_of_in_time(tmp_path: Path) -> None:
    good, gone = Certificates.make(tmp_path / "good"), Certificates.make(tmp_path / "gone", days=-1)
    with Mosquitto(tmp_path / "m", tls=good) as broker:
        more = f"http: {{certificate: {gone.server}, key: {gone.key}}}\n"
        found = seen(house(tmp_path, f"url: '{broker.url}', ca_file: {good.ca}", more=more))
    assert "runs out on" in of(found, "broker", "improve") and "ran out on" in of(found, "http", "mend")
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert [runs_out("x", now + timedelta(days=days), now).grade for days in (-1, 5, 60)] == ["mend", "improve", "well"]


def test_a_broker_that_speaks_mqtt_3_1_1_only_is_heard_as_well(tmp_path: Path) -> None:
    with embedded() as broker:
        found = seen(house(tmp_path, f"url: '{broker.url}'"))
    assert "speaks MQTT 3.1.1" in of(found, "broker", "well") and "our own topics is heard" in of(found, "broker", "well")


def test_the_store_is_looked_at_and_not_touched(tmp_path: Path) -> None:
    file = house(tmp_path, "embedded: true")
    config, path = load_config(file, {}), tmp_path / "x.db"

    def store() -> str:
        return of(list(machine(config, datetime.now(UTC))), "store")

    assert "will be made" in store() and not path.exists()
    SqlStore(config.store.url, "harbour").close()
    made = SqlStore(config.store.url, "harbour")
    made.load(datetime.now(UTC), "boot")
    made.close()
    before = path.read_bytes()
    assert store().startswith("it is sound") and path.read_bytes() == before
    path.write_bytes(b"no database at all" * 500)
    assert "cannot be used" in store() and [c.name for c in tmp_path.glob("*damaged*")] == []


def test_row_42_a_machine_whose_clock_is_wrong_is_told_so(tmp_path: Path) -> None:
    config = load_config(house(tmp_path, "embedded: true"), {})
    found = list(machine(config, ManualClock(datetime(1970, 1, 1, tzinfo=UTC)).now()))
    assert "1970-01-01" in of(found, "clock", "mend")


def test_profiles_that_cannot_be_read_are_named_by_file_and_line(tmp_path: Path) -> None:
    file = house(tmp_path, "embedded: true")
    file.write_text(file.read_text().replace(str(PROFILES), str(tmp_path / "nowhere")))
    assert of(seen(file), "profiles", "mend")


@pytest.mark.parametrize(("broken", "code"), [(True, 1), (False, 0)])
def test_the_command_says_it_in_words_and_json_and_fails_where_something_must_be_mended(tmp_path: Path, broken: bool, code: int) -> None:
    with Mosquitto(tmp_path / "m") as broker:
        file = house(tmp_path, f"url: '{broker.url}'", hand_light=None if broken else "true")
        run: Callable[..., Any] = CliRunner().invoke
        with alive(file, broker.url):
            if broken:
                file.write_text(
                    file.read_text().replace(MIST, "{id: fog, kind: diffuser, dialect: shelly-gen1, topic: s/x, options: {unsafe: true}}")
                )
            said = run(app, ["doctor", "--config", str(file), "--seconds", "1", "--json"])
            words = run(app, ["doctor", "--config", str(file), "--seconds", "1"])
    assert (said.exit_code, words.exit_code) == (code, code), words.stdout
    grades = {each["grade"] for each in json.loads(said.stdout)}
    assert ("mend" in grades) == broken and words.stdout.startswith("✗ mend" if broken else "! improve")


def test_a_configuration_that_cannot_be_read_is_refused_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("site: {id: x}\nbroker: {urll: mqtt://x}\n")
    done = CliRunner().invoke(app, ["doctor", "--config", str(tmp_path / "config.yaml")])
    assert done.exit_code == 2 and "config.yaml:2" in done.stderr
