"""A day at the desk on the command line: every verb against a running controller, in words and in JSON, with exit codes."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ambiance.cli.assembly import app
from ambiance.cli.start import explained
from tests.brokers import Mosquitto
from tests.journeys.house import COVE, DIFFUSER, LAMP, PYTHON, ROOT, SPEAKER, House, Nursery, command, environment, room_of


@dataclass
class Desk:
    """Somebody with a terminal, whose environment names the controller."""

    house: House
    secret: str

    def run(self, *words: str, typed: bool = False) -> "subprocess.CompletedProcess[str]":
        """`typed`: as a program of its own; else the same words in this process, which spares Python's start each time."""
        env = {"AMBIANCE_URL": self.house.url, "AMBIANCE_TOKEN": self.secret}
        if typed:
            return command(*words, AMBIANCE_URL=self.house.url, AMBIANCE_TOKEN=self.secret)
        done = CliRunner().invoke(app, words, env=env)
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    def json(self, *words: str, typed: bool = False) -> Any:
        done = self.run(*words, "--json", typed=typed)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def refused(self, code: int, *words: str, typed: bool = False) -> str:
        done = self.run(*words, typed=typed)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert done.stdout == "" and "Traceback" not in done.stderr
        return done.stderr


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("terminal")
    with Mosquitto(folder / "mosquitto") as broker:
        rooms = (room_of("lavender", LAMP, COVE, SPEAKER, DIFFUSER), room_of("rose", LAMP))
        with House(folder, f"url: {broker.url}", *rooms, nursery=nursery) as house:
            yield house


@pytest.fixture(scope="module")
def desk(house: House) -> Desk:
    made = command("token", "create", "--role", "desk", "--config", str(house.file), "--json")
    assert made.returncode == 0, made.stderr
    said = json.loads(made.stdout)
    assert set(said) == {"token"}
    return Desk(house, said["token"])


def test_a_treatment_is_run_from_the_first_word_to_the_cleaned_room_on_the_command_line(desk: Desk) -> None:
    assert [room["state"] for room in desk.json("rooms", typed=True)] == ["ready", "ready"]
    started = desk.json("start", "lavender", "spa/swedish", "--minutes", "60", "--no-needs", "--scent", "--key", "once")
    assert started["state"] == "running" and started["minutes"] == 60
    id = started["id"]
    assert desk.json("start", "lavender", "spa/swedish", "--minutes", "60", "--no-needs", "--scent", "--key", "once") == started
    assert [session["id"] for session in desk.json("sessions", "--room", "lavender")] == [id]
    assert "lavender" in desk.run("rooms").stdout
    assert desk.json("stay", "lavender", "--minutes", "3")["id"] == id
    assert desk.json("extend", id, "--minutes", "10")["ends_at"] > started["ends_at"]
    assert desk.json("advance", "lavender")["state"] == "running"
    assert desk.json("adjust", "lavender", "--light", "5")["hands"] == ["light +5"]
    assert "music -3" in desk.json("adjust", "lavender", "--music", "-3")["hands"]
    assert "ceiling held" in desk.json("adjust", "lavender", "--hold", '{"ceiling":{"brightness":30}}')["hands"]
    assert "bright" in desk.json("bright", "lavender")["hands"]
    assert "bright" not in desk.json("bright", "lavender", "--off")["hands"]
    why = desk.json("why", "lavender")
    assert why["ceiling"]["brightness"]["layer"] == "hand"
    said = desk.run("why", "lavender").stdout
    assert "brightness" in said and "None" not in said
    assert desk.json("adjust", "lavender", "--release")["hands"] == []
    assert desk.json("adjust", "lavender", "--light", "5")["hands"] == ["light +5"]
    assert desk.json("release", "lavender")["hands"] == []
    assert desk.json("pause", "lavender")["state"] == "paused"
    assert desk.json("resume", "lavender")["state"] == "running"
    assert desk.json("end", "lavender")["state"] == "ending"
    assert desk.json("end", id)["state"] == "done"
    assert desk.json("rooms")[0]["state"] in ("airing", "cleaning")
    assert desk.json("ready", "lavender")["state"] in ("ready", "airing")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    booked = desk.json("start", "lavender", "spa/swedish", "--at", tomorrow)["id"]
    report = desk.json("report", "lavender")
    assert report["session"] == id, "of a room where nothing goes on, the report of what was last"
    assert desk.json("cancel", booked)["state"] == "cancelled" and desk.json("report", "lavender")["session"] == id
    assert desk.json("report", report["code"])["session"] == desk.json("report", report["code"].lower())["session"] == id


def test_what_cannot_be_done_exits_with_one_and_what_was_typed_wrong_with_two(desk: Desk, tmp_path: Path) -> None:
    assert "rose has no session now" in desk.refused(1, "pause", "rose", typed=True)
    assert "there is no room 'tulip'" in desk.refused(2, "start", "tulip", "spa/swedish", typed=True)
    assert "minutes" in desk.refused(2, "start", "rose", "spa/swedish", "--minutes", "7")
    assert "exactly one of" in desk.refused(2, "adjust", "rose", "--light", "5", "--scent-off")
    assert "hold: found 'ceiling=30'; wanted devices" in desk.refused(2, "adjust", "rose", "--hold", "ceiling=30")
    nobody = command("rooms", AMBIANCE_URL="http://127.0.0.1:9", AMBIANCE_TOKEN="x" * 20)
    assert nobody.returncode == 1 and "no controller answers at http://127.0.0.1:9" in nobody.stderr
    stranger = command("rooms", AMBIANCE_URL=desk.house.url, AMBIANCE_TOKEN="nobodys-token-at-all")
    assert stranger.returncode == 1 and "no valid token" in stranger.stderr and "AMBIANCE_TOKEN" in stranger.stderr


def test_a_booked_treatment_is_cancelled_by_its_room(desk: Desk) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
    booked = desk.json("start", "rose", "spa/swedish", "--at", tomorrow)
    assert booked["state"] == "scheduled"
    assert "cannot advance while scheduled" in desk.refused(1, "advance", "rose")
    cancelled = desk.json("cancel", "rose")
    assert cancelled["id"] == booked["id"] and cancelled["state"] == "cancelled"


def test_a_token_for_a_room_needs_to_be_told_which(desk: Desk) -> None:
    refused = command("token", "create", "--role", "room", "--config", str(desk.house.file))
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1] == "--room: found 'nothing'; wanted the room this token is for: lavender, rose"


def test_check_names_every_fault_with_its_line_and_exits_with_two(desk: Desk, tmp_path: Path) -> None:
    good = command("check", str(desk.house.file), "--json")
    assert good.returncode == 0 and json.loads(good.stdout)["ok"] is True
    bad = tmp_path / "config.yaml"
    bad.write_text(desk.house.file.read_text().replace("kind: light", "kind: lihgt").replace("timezone: Europe/Berlin", "timezone: Mars"))
    refused = command("check", str(bad), "--json")
    said = json.loads(refused.stdout)
    assert refused.returncode == 2 and said["ok"] is False
    assert any(":1: site.timezone" in fault for fault in said["faults"])
    assert sum("lihgt" in fault for fault in said["faults"]) >= 2
    library = tmp_path / "library"
    shutil.copytree(ROOT / "profiles", library)
    swedish = library / "spa" / "swedish.yaml"
    swedish.write_text(swedish.read_text().replace("modality: swedish", "modality: sweedish"))
    rest = [line for line in bad.read_text().splitlines(keepends=True) if not line.startswith("profiles:")]
    bad.write_text("".join(rest) + "profiles: library\n")
    both = json.loads(command("check", str(bad), "--json").stdout)["faults"]
    assert any("lihgt" in fault for fault in both) and any("sweedish" in fault for fault in both), "all of it in one go"
    bad.write_text("".join(rest) + "profiles: nowhere\n")
    (gone,) = [fault for fault in json.loads(command("check", str(bad), "--json").stdout)["faults"] if "nowhere" in fault]
    assert gone.startswith(f"{bad}:{len(rest) + 1}: profiles: found no folder ") and "the folder of a library" in gone


def test_a_reader_that_has_read_enough_ends_a_command_without_a_word() -> None:
    words = [PYTHON, "-m", "ambiance", "schema"]
    with subprocess.Popen(words, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_an_interrupt_ends_a_command_without_a_trace() -> None:
    with pytest.raises(SystemExit) as ended, explained():
        raise KeyboardInterrupt
    assert ended.value.code == 128 + signal.SIGINT


def test_the_token_of_a_room_needs_no_name_where_there_is_one_room(tmp_path: Path, house: House) -> None:
    site = "site: {id: pier, name: P, timezone: UTC}\nbroker: {embedded: true}\nstore: {url: 'sqlite:///a.db'}\nrooms: [{id: lavender}]\n"
    (tmp_path / "config.yaml").write_text(site)
    assert command("token", "create", "--role", "room", "--json", cwd=tmp_path).returncode == 0
    (only,) = json.loads(command("token", "list", "--json", cwd=tmp_path).stdout)
    assert (only["role"], only["room"]) == ("room", "lavender")
    refused = command("token", "create", "--role", "room", "--config", str(house.file))
    assert refused.returncode == 2 and "wanted the room this token is for: lavender, rose" in refused.stderr


def test_preview_draws_the_ribbon_in_every_form(tmp_path: Path) -> None:
    png, svg = tmp_path / "ribbon.png", tmp_path / "ribbon.svg"
    drawn = command("preview", "spa/swedish", "--minutes", "60", "--png", str(png), "--svg", str(svg), "--json")
    assert drawn.returncode == 0, drawn.stderr
    sheet = json.loads(drawn.stdout)
    assert sheet["profile"] == "spa/swedish" and sheet["phases"][0]["phase"] == "room_prep" and sheet["cues"] and sheet["doses"]
    assert sheet["phases"][-1]["phase"] == "turnover_clean" and sheet["phases"][-1]["end"] == 75 * 60
    assert png.read_bytes().startswith(b"\x89PNG") and svg.read_text().startswith("<svg")
    assert command("preview", "spa/swedish", "--minutes", "60").stdout.strip()
    refused = command("preview", "spa/swedish", "--minutes", "7")
    assert refused.returncode == 2 and "Traceback" not in refused.stderr


def test_preview_knows_the_shipped_library_wherever_it_is_asked_and_no_other_that_is_named_in_vain(tmp_path: Path) -> None:
    assert command("preview", "spa/swedish", "--minutes", "60", "--json", cwd=tmp_path).returncode == 0
    refused = command("preview", "spa/swedish", "--profiles", "elsewhere", cwd=tmp_path)
    assert refused.returncode == 2 and "found no folder elsewhere" in refused.stderr


def test_a_care_code_is_typed_by_its_name_with_its_value_or_as_http_has_it(tmp_path: Path) -> None:
    def previewed(code: str) -> "subprocess.CompletedProcess[str]":
        return command("preview", "spa/swedish", "--minutes", "60", "--json", "--care", code)

    everywhere, named = previewed("light_max_lx=10"), previewed('{"code":"light_max_lx","value":10}')
    only = previewed('{"code":"light_max_lx","value":10,"phases":["work1"]}')
    assert everywhere.stdout == named.stdout != only.stdout and only.returncode == 0
    several = [command("preview", "spa/swedish", "--json", "--care", *codes) for codes in (("light_max_lx=10", "sound_max_dba=40"), ())]
    one_each = command("preview", "spa/swedish", "--json", "--care", "light_max_lx=10", "--care", "sound_max_dba=40")
    assert several[0].stdout == one_each.stdout and several[0].returncode == 0 and several[1].returncode == 2
    assert command("preview", "spa/swedish", "light_max_lx=10").returncode == 2
    broken = previewed('{"code":"light_max_lx"')
    assert broken.returncode == 2 and broken.stderr.startswith("care: found 'text of 22 characters'; wanted a code")


def test_check_judges_a_profile_by_the_library_it_stands_in(tmp_path: Path) -> None:
    library = tmp_path / "library"
    shutil.copytree(ROOT / "profiles", library)
    (library / "plans" / "head.yaml").write_text("plan: head\nrows:\n  30: {welcome: 3, settle: 2, work1: 20, return: 2, redress: 3}\n")
    own = library / "spa" / "head.yaml"
    own.write_text(
        "setting: spa\nmodality: head\nname: Head massage\nplan: head\nlengths_minutes: [30]\ndefault_minutes: 30\n"
        "work: {lux: 20, kelvin: 2200}\nscent: {family: none, max: 0}\n"
    )
    good = command("check", str(own), cwd=tmp_path)
    assert good.returncode == 0, good.stderr
    own.write_text(own.read_text().replace("plan: head", "plan: heat"))
    bad = command("check", str(own), cwd=tmp_path)
    assert bad.returncode == 2 and "head.yaml:4: plan: found the unknown plan 'heat'" in bad.stderr


def test_schema_and_device_encode_print_json(desk: Desk) -> None:
    schemas = json.loads(command("schema").stdout)
    assert {"setting", "plan", "profile", "menu"} <= set(schemas)
    intent = '{"kind":"light","on":true,"brightness":40,"kelvin":2700,"fade":30}'
    (message,) = json.loads(command("device", "encode", "native", intent, "--topic", "ambiance/harbour/lavender/device/ceiling").stdout)
    assert message["topic"] == "ambiance/harbour/lavender/device/ceiling/set"
    assert message["payload"]["brightness"] == 40 and message["retain"] is False
    lamp = (
        "device",
        "encode",
        "tasmota",
        '{"kind":"light","on":true,"brightness":40,"fade":60}',
        "--topic",
        "strip",
        "--option",
        "channel=2",
    )
    said = desk.run(*lamp)
    assert json.loads(said.stdout) == [
        {"topic": "cmnd/strip/Backlog0", "payload": "Speed2 40; Channel2 40", "qos": 1, "retain": False},
    ]
    assert "fades in 20 s by itself, not in 60 s" in said.stderr
    heard = desk.run("device", "decode", "zigbee2mqtt", '{"state":"ON","brightness":102}', "--topic", "zigbee2mqtt/lavender/ceiling")
    assert json.loads(heard.stdout) == {"on": True, "brightness": 40.16}
    assert "wanted channel" in desk.refused(
        2, "device", "encode", "tasmota", '{"kind":"fan","on":true}', "--topic", "t", "--option", "chanel=1"
    )
    assert "wanted ON or OFF" in desk.refused(2, "device", "decode", "tasmota", "MAYBE", "--topic", "stat/t/POWER")
    refused = command("device", "encode", "native", '{"kind":"light","brightness":400}', "--topic", "a/b")
    assert refused.returncode == 2 and "brightness" in refused.stderr


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ('{"on":true,"brightness":40.0,"kelvin":2700,"color":null,"fade":30.0,"epoch":7,"version":3}', "light"),
        ('{"playing":true,"volume":34.0,"playlist":"calm","fade":6.0,"epoch":7,"version":3}', "player"),
        ('{"on":true,"intensity":2,"run_for":120,"epoch":7,"version":3}', "diffuser"),
        ('{"celsius":24.0,"epoch":7,"version":3}', "climate"),
        ('{"speed":100,"epoch":7,"version":3}', "fan"),
        ('{"on":true,"run_for":3600,"epoch":7,"version":3}', "warmer"),
    ],
)
def test_device_encode_takes_each_native_payload_as_it_stands_in_the_contract(desk: Desk, payload: str, kind: str) -> None:
    topic = f"ambiance/harbour/lavender/device/{kind}"
    (message,) = desk.json("device", "encode", "native", "--topic", topic, payload)
    assert (message["topic"], message["qos"], message["retain"]) == (f"{topic}/set", 1, False)
    assert message["payload"] == json.loads(payload)
    assert desk.json("device", "encode", "native", "--topic", topic, json.dumps({**json.loads(payload), "kind": kind})) == [message]


def test_a_diffuser_is_not_even_encoded_without_its_end(desk: Desk) -> None:
    said = desk.refused(2, "device", "encode", "native", "--topic", "a/b", '{"on":true,"intensity":2}')
    assert "run_for" in said and "only together with its end" in said
    assert "kind" in desk.refused(2, "device", "encode", "native", "--topic", "a/b", '{"on":true}')


def test_every_command_that_prints_knows_json(desk: Desk, tmp_path: Path) -> None:
    assert set(desk.json("version")) == {"version"}
    assert {"setting", "plan", "profile", "menu"} <= set(desk.json("schema"))
    assert isinstance(desk.json("playlog"), list)
    heard = desk.json("device", "decode", "zigbee2mqtt", '{"state":"ON"}', "--topic", "zigbee2mqtt/lavender/ceiling")
    assert heard == {"on": True}
    for words in (["run"], ["simulate", "lavender"], ["player", "--room", "lavender"]):
        assert "config.yaml:1" in command(*words, "--json", cwd=tmp_path).stderr, "it is taken, and what is said is JSON in any case"
    tones = desk.json("tones", str(tmp_path / "music"), "--seconds", "8")
    assert [folder["style"] for folder in tones["music"]["folders"]] == ["calm", "deep", "bright"]


def test_a_demonstration_goes_on_where_its_database_left_off(tmp_path: Path) -> None:
    def played() -> list[dict[str, Any]]:
        shown = command("demo", "--for", "6", "--port", "0", "--data", str(tmp_path), "--json", within=120)
        assert shown.returncode == 0, shown.stderr
        first, *rest = map(json.loads, shown.stdout.splitlines())
        assert set(first) == {"url", "api", "broker", "token", "desk"}
        return rest

    before, after = played(), played()
    assert before[-1]["at"] <= after[0]["at"] < after[-1]["at"], "its time, which ran ahead of the machine's, does not stand still"
    assert all(room["phase"] > 0 for room in after[-1]["rooms"]), "the same treatments are under way"


def test_the_demonstration_prints_a_token_and_its_rooms_change(tmp_path: Path) -> None:
    shown = command("demo", "--for", "10", "--speed", "60", "--port", "0", "--data", str(tmp_path / "data"), within=90)
    assert shown.returncode == 0, shown.stderr
    assert "token     ambiance_manager_" in shown.stdout and "Authorization: Bearer" in shown.stdout
    lines = [line.split() for line in shown.stdout.splitlines() if " lavender " in line]
    assert len(lines) >= 3
    assert len({tuple(line[1:]) for line in lines}) >= 2, "the room changed while one looked"
    assert any(line[-1] == "%" for line in lines), "its lamp reported"
    assert (tmp_path / "data" / "ambiance.db").exists()


def test_a_course_is_begun_followed_and_forgotten_on_the_terminal(house: House) -> None:
    owner = Desk(house, house.token)
    reference = owner.run("course").stdout.strip()
    assert len(reference) == 10
    visits = []
    for _ in range(2):
        id = owner.json("start", "rose", "spa/swedish", "--no-needs", "--course", reference)["id"]
        owner.run("end", id)
        owner.run("end", id)
        visits.append(id)
    assert owner.json("report", visits[1])["course"]["visit"] == 2
    shown = owner.run("course", reference).stdout
    assert "spa/swedish" in shown
    assert "work1" in shown and " lx, " in shown
    assert owner.refused(2, "course", "Annegret")
    assert owner.refused(2, "start", "rose", "spa/swedish", "--course", "ANNEGRETQU")
    assert owner.run("erase", visits[0]).stdout == "forgotten\n"
    assert owner.refused(2, "report", visits[0])
    live = owner.json("start", "rose", "spa/swedish", "--no-needs")["id"]
    assert "when it is over" in owner.run("erase", live).stdout
    assert owner.run("erase", "--course", reference).stdout == "forgotten\n"
    assert owner.refused(2, "course", reference)
    owner.run("end", live)
    owner.run("end", live)


def test_a_backup_is_made_while_the_controller_runs_and_an_unwritable_one_is_refused(house: House, tmp_path: Path) -> None:
    made = command("backup", str(tmp_path / "copy.db"), "--config", str(house.file), "--json")
    assert json.loads(made.stdout) == {"file": str(tmp_path / "copy.db")}, made.stderr
    assert (tmp_path / "copy.db").stat().st_mode & 0o077 == 0
    (tmp_path / "file").write_text("")
    refused = command("backup", str(tmp_path / "file" / "copy.db"), "--config", str(house.file))
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
