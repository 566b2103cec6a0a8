"""Secrets are planted at every door that takes text, and then looked for wherever they must not be.

A name, a telephone number, a reason, care codes and their values, a token, passwords, what a colleague is called. The
only place that may hold any of them is the table of care codes, and after a day that neither.
"""

import json
import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from ambiance.care import parse
from ambiance.clock import SystemClock
from ambiance.cuesheet.playlists import playlists
from ambiance.panel.tokens import create
from ambiance.profile import Library
from tests.brokers import Mosquitto
from tests.journeys.house import DIFFUSER, LAMP, SPEAKER, House, Nursery, SiteTime, command, room_of, states, until
from tests.journeys.twins import Ear
from tests.session.house_fixtures import PROFILES

NAME = "Annegret Quastenflosser"
PHONE = "+49 170 5558123"
REASON = "Narkosefolge seit Dienstag"
COLLEAGUE = "Therese Wundersam"
PASSWORD = "kupfer-lerche-4711"
BAD_TOKEN = "amb_verlorenes-zeichen-0815"
CODES: list[Any] = [
    "scent_off_strict",
    "no_accent",
    {"code": "light_max_lx", "value": 37.25},
    {"code": "sound_exclude", "value": ["seewind"]},
]
CODE_WORDS = ("scent_off", "no_accent", "light_max_lx", "sound_exclude", "seewind", "37.25")
TYPED = (NAME, "Annegret", "Quastenflosser", PHONE, "5558123", REASON, "Narkose", COLLEAGUE, "Wundersam")
HOSTILE = "first\r\nlevel=critical event=forged\x1b[31mred\x1b[0m"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path_factory.mktemp("broker"), users={"ambiance": PASSWORD, "witness": "watching"}) as running:
        yield running


@pytest.fixture
def house(tmp_path: Path, broker: Mosquitto, nursery: Nursery) -> Iterator[House]:
    secret = tmp_path / "mqtt-password"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    rooms = (room_of("lavender", LAMP, SPEAKER, DIFFUSER, borders="hands"), room_of("rose", LAMP))
    where = f"url: {broker.url}, username: ambiance, password_file: {secret}"
    house = House(tmp_path, where, *rooms, nursery=nursery, time=SiteTime())
    with house.start().up():
        yield house


class Prying:
    """Somebody who keeps all that is said to anybody, and knows what each request brought."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.answers: list[tuple[str, str, str]] = []
        """What was asked, all that was sent with it, and all that came back."""

    def ask(self, method: str, path: str, body: object = None, token: str | None = None, **headers: str) -> httpx.Response:
        sent = {"Authorization": f"Bearer {token or self.house.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        with httpx.Client(base_url=self.house.url, trust_env=False, timeout=10) as client:
            answer = client.request(method, path, content=content, headers={"Content-Type": "application/json", **sent})
        asked = f"{method} {path} {(content or b'').decode()} {' '.join(sent.values())}"
        self.answers.append((f"{method} {path}", asked, f"{answer.status_code} {answer.headers} {answer.text}"))
        return answer


def found(text: str | bytes, *words: str) -> list[str]:
    """Those of some words that stand in a text, whatever their case."""
    held = (text if isinstance(text, bytes) else text.encode()).lower()
    return [word for word in words if word.lower().encode() in held]


def tables(file: Path) -> dict[str, bytes]:
    """What each table of a store holds, with its packed sheets unpacked."""
    said: dict[str, bytes] = {}
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            values = [value for row in connection.execute(f'SELECT * FROM "{name}"') for value in row]
            said[name] = b"\n".join(_unpacked(value) for value in values)
    return said


def _unpacked(value: object) -> bytes:
    if not isinstance(value, bytes):
        return str(value).encode()
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


def plant_over_http(prying: Prying, live: str) -> None:
    """Everything a caller may be tempted to type, into everything that takes text. None of it may be accepted."""
    start: dict[str, Any] = {"room": "rose", "profile": "spa/swedish"}
    bodies: list[tuple[str, str, object]] = [
        ("POST", "/api/v1/sessions", {**start, "name": NAME, "phone": PHONE}),
        ("POST", "/api/v1/sessions", {**start, "remarks": REASON}),
        ("POST", "/api/v1/sessions", {**start, NAME: 1}),
        ("POST", "/api/v1/sessions", {**start, "care": [NAME, REASON]}),
        ("POST", "/api/v1/sessions", {**start, "care": [{"code": "lang", "value": NAME}]}),
        ("POST", "/api/v1/sessions", {**start, "care": [{"code": "sound_exclude", "value": [REASON]}]}),
        ("POST", "/api/v1/sessions", {**start, "wishes": {"style": NAME}}),
        ("POST", "/api/v1/sessions", {**start, "wishes": {"exclude": [REASON]}}),
        ("POST", "/api/v1/sessions", {**start, "group": NAME}),
        ("POST", "/api/v1/sessions", {**start, "course": NAME}),
        ("POST", "/api/v1/sessions", {**start, "like": PHONE}),
        ("POST", "/api/v1/sessions", {**start, "profile": REASON}),
        ("POST", "/api/v1/sessions", {**start, "start": REASON}),
        ("POST", "/api/v1/sessions", {**start, "visit": NAME}),
        ("POST", "/api/v1/sessions", {"room": NAME, "profile": "spa/swedish"}),
        ("POST", "/api/v1/sessions", NAME.encode()),
        ("POST", "/api/v1/sessions", HOSTILE.encode()),
        ("POST", "/api/v1/sessions", {**start, "group": HOSTILE}),
        ("POST", "/api/v1/courses", {"name": NAME}),
        ("POST", f"/api/v1/sessions/{live}/stay", {"minutes": 1, "because": REASON}),
        ("POST", f"/api/v1/sessions/{live}/move", {"room": NAME}),
        ("POST", "/api/v1/rooms/lavender/adjust", {"light": 1, "note": NAME}),
        ("POST", "/api/v1/rooms/lavender/adjust", {"hold": {NAME: {"brightness": 3}}}),
        ("POST", "/api/v1/emergency", {"kind": REASON}),
    ]
    for method, path, body in bodies:
        answer = prying.ask(method, path, body)
        assert 400 <= answer.status_code < 500, (path, body, answer.status_code, answer.text)
    for path in (
        f"/api/v1/rooms/{NAME}", f"/api/v1/sessions/{NAME}", f"/api/v1/reports/{PHONE}", f"/api/v1/courses/{NAME}", f"/{NAME}",
        f"/api/v1/sessions?room={NAME}", f"/api/v1/sessions?limit={REASON}", f"/api/v1/playlog?from={REASON}", f"/api/v1/ledger?to={NAME}",
        "/api/v1/sessions/%0d%0aevent=forged%1b[31m", f"/api/v1/profiles/spa/{NAME}/cuesheet",
    ):  # fmt: skip
        assert 400 <= prying.ask("GET", path).status_code < 500, path
    assert prying.ask("GET", "/api/v1/rooms", token=BAD_TOKEN).status_code == 401
    carried = {"X_Client": NAME, "Referer": f"https://spa.example/{PHONE}", "Cookie": f"guest={PHONE}"}
    assert prying.ask("GET", "/api/v1/rooms", **carried).status_code == 200
    wished = {"light": 1.0}
    for agent in (NAME, REASON):
        assert prying.ask("POST", "/api/v1/rooms/lavender/adjust", wished, User_Agent=agent).status_code == 200
    key = "Quastenflosser-5558123"
    assert prying.ask("POST", "/api/v1/rooms/lavender/adjust", wished, Idempotency_Key=key).status_code == 200


def plant_on_the_bus(ear: Ear, house: House) -> set[tuple[str, bytes]]:
    """The same over MQTT; what we said ourselves."""
    topics, mine = house.topics, set[tuple[str, bytes]]()

    def say(topic: str, body: object) -> None:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        mine.add((topic, payload))
        ear.say(topic, payload)

    say(topics.do("rose", "start"), {"profile": "spa/swedish", "name": NAME, "care": CODES})
    say(topics.do("rose", "start"), {"profile": "spa/swedish", "care": CODES})
    say(topics.do("rose", "start"), {"profile": REASON})
    say(topics.do("rose", "start"), NAME.encode())
    say(topics.do("lavender", "adjust"), {"light": 1, "note": REASON})
    say(topics.do("lavender", "stay"), {"minutes": NAME})
    say(topics.emergency(), {"kind": NAME})
    say(f"ambiance/harbour/lavender/do/{NAME}", b"{}")
    say(f"ambiance/harbour/{NAME}/do/start", {"profile": "spa/swedish"})
    say("ambiance/harbour/nowhere/do/start", {"profile": "spa/swedish", "wishes": {"style": NAME}})
    say(topics.device_state("rose", "ceiling"), {"on": True, "brightness": 5.0, "note": NAME})
    say(topics.device_state("rose", "ceiling"), {"on": NAME})
    say(topics.device_state("rose", "ceiling"), {NAME: 1})
    say(topics.device_state("rose", "ceiling"), {"on": True, "boot": NAME})
    say(topics.device_state("rose", "ceiling"), HOSTILE.encode())
    say(topics.device_state("lavender", "speaker"), {"playing": True, "volume": 3.0, "playlist": NAME})
    say(topics.online("rose", "ceiling"), NAME.encode())
    say(f"ambiance/harbour/rose/device/{NAME}/state", {"on": True})
    return mine


def heard(ear: Ear, mine: set[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """All that was said on the bus, but for what we said ourselves."""
    return [(each.topic, each.payload) for each in ear.heard if (each.topic, each.payload) not in mine]


def test_row_57_and_65_nothing_planted_is_found_where_it_must_not_be(house: House, broker: Mosquitto) -> None:
    port = broker.port
    prying = Prying(house)
    staff = create(f"sqlite:///{house.database}", "harbour", "desk", SystemClock().now(), None, COLLEAGUE)
    tablet = create(f"sqlite:///{house.database}", "harbour", "room", SystemClock().now(), "lavender", COLLEAGUE)
    tokens = (house.token, staff, tablet)
    never = (*TYPED, *CODE_WORDS, PASSWORD, BAD_TOKEN, *tokens)
    with Ear(port, house.time, username="witness", password="watching") as ear:
        begun = prying.ask("POST", "/api/v1/sessions", {"room": "lavender", "profile": "spa/swedish", "minutes": 60, "care": CODES})
        assert begun.status_code == 201, begun.text
        live = begun.json()["id"]
        plant_over_http(prying, live)
        mine = plant_on_the_bus(ear, house)
        typed = command("start", "rose", "spa/swedish", "--care", NAME, AMBIANCE_URL=house.url, AMBIANCE_TOKEN=staff)
        assert typed.returncode == 2
        until(lambda: any(topic.endswith("adjust/result") for topic, _ in heard(ear, mine)), what="answers")
        for token in (staff, tablet):
            for path in (
                "rooms", "rooms/lavender", "rooms/lavender/why", "sessions", f"sessions/{live}", f"sessions/{live}/report",
                f"sessions/{live}/report.csv", f"sessions/{live}/report.html", "profiles", "playlog",
            ):  # fmt: skip
                prying.ask("GET", f"/api/v1/{path}", token=token)
            with httpx.Client(base_url=house.url, trust_env=False) as client:
                asked = {"Authorization": f"Bearer {token}", "Last-Event-ID": "0"}
                with client.stream("GET", "/api/v1/events", headers=asked, timeout=10) as stream:
                    lines: list[str] = []
                    for line in stream.iter_lines():
                        lines.append(line)
                        if "room_adjusted" in line:
                            break
            assert found("\n".join(lines), *never) == []
        metrics = prying.ask("GET", "/metrics").text

        # What came back to whom: nobody hears what another request brought, and nobody at all a code, a token or a password.
        # (A refused code is answered with the codes there are.)
        for what, sent, got in prying.answers:
            listed = CODE_WORDS[:4] if got.startswith("422") else ()
            assert [word for word in found(got, *never) if word not in listed and not found(sent, word)] == [], what
        on_tablet = [(what, got) for what, sent, got in prying.answers if tablet in sent]
        assert len([what for what, got in on_tablet if got.startswith("200")]) == 5
        assert [(what, words) for what, got in on_tablet if (words := found(got, "swedish", "settle", "welcome", "dim", "no scent"))] == []
        assert found(metrics, *never) == []

        # The bus.
        said = heard(ear, mine)
        assert len(said) > 10
        for topic, payload in said:
            assert found(topic, *never) == [], topic
            assert found(payload, *never, "swedish", "work1") == [], (topic, payload)

        # Whoever has our library, and guesses what this guest must not hear, finds none of the ids by which music is asked for.
        ids = set(re.findall(rb'"(pl-[0-9a-f]+)', b"\n".join(payload for _, payload in said)))
        guessed = {id.encode() for profile in Library.load(PROFILES).all() for id in playlists(profile, care=parse(CODES))}
        assert ids
        assert ids & guessed == set()

        # The log: one line of JSON each, whatever it was about.
        log = house.logged()
        assert found(log, *never) == []
        assert "forged\x1b" not in log
        assert "\x1b" not in log
        assert all(json.loads(line) for line in log.splitlines())

        # The store, its backup, and the files of both as they lie on the disk.
        held = tables(house.database)
        assert found(held["care"], "light_max_lx", "37.25") == ["light_max_lx", "37.25"]
        assert found(held.pop("tokens"), *tokens, *TYPED[:7]) == []
        for name, content in held.items():
            if name != "care":
                assert found(content, *TYPED, *CODE_WORDS[:-1], PASSWORD, *tokens) == [], name
        assert found(held["sessions"], "keep it dim"), "what care said of the sheet, for `why`"
        assert command("backup", "copy.db", "--config", str(house.file), cwd=house.folder).returncode == 0
        copy = tables(house.folder / "copy.db")
        assert found(copy["sessions"], "keep it dim") == []
        assert (copy["care"], copy["keys"], copy["tokens"]) == (b"", b"", b"")
        assert [name for name, content in copy.items() if found(content, *TYPED, *CODE_WORDS[:-1], PASSWORD, *tokens)] == []
        assert found((house.folder / "copy.db").read_bytes(), *TYPED, *CODE_WORDS[:-1], PASSWORD, *tokens) == []

        # After the session nothing of it is retained, and after a day its codes are gone from every byte.
        for _ in range(2):
            assert prying.ask("POST", f"/api/v1/sessions/{live}/end").status_code == 200
        topic = house.topics.state("lavender")
        until(lambda: states(ear.on(topic))[-1]["session"] is None, what="the room's new state")
        with Ear(port, house.time, username="witness", password="watching") as late:
            late.until(lambda: len([each for each in late.heard if each.retain]) >= 5)
            retained = {each.topic: each.payload for each in late.heard if each.retain and each.topic not in {topic for topic, _ in mine}}
        assert not [topic for topic, payload in retained.items() if live.encode() in payload or found(payload, *never)]
        house.stop()
    house.time.shift += 25 * 3600
    house.start().up()
    until(lambda: tables(house.database)["care"] == b"", what="the codes' erasure")
    gone = ("light_max_lx", "no_accent", "seewind", "scent_off")
    until(lambda: not [file for file in house.database.parent.glob("ambiance.db*") if found(file.read_bytes(), *gone)], what="overwriting")
    sheets = tables(house.database)["sessions"]
    assert found(sheets, "keep it dim", "white light only", *CODE_WORDS[:-1]) == []
    assert found(house.logged(), *never) == []


def test_row_57_a_hostile_word_is_escaped_in_every_log(capfd: pytest.CaptureFixture[str]) -> None:
    """Ours, and those of the libraries: one line of JSON, no line break and no terminal code of anybody else's."""
    import logging

    import structlog

    from ambiance.cli.start import logs

    was, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    try:
        logging.getLogger().handlers[:] = []
        logs(20)
        structlog.get_logger("x").warning("told", what=HOSTILE)
        logging.getLogger("paho.mqtt").warning("connect from %s", HOSTILE)
        try:
            raise ValueError(f"{HOSTILE} {NAME}")
        except ValueError:
            structlog.get_logger("x").exception("failed")
            logging.getLogger("asyncio").exception("Exception in %s", "application")
    finally:
        structlog.configure(**was)
        logging.getLogger().handlers[:] = handlers
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 4, lines
    assert all(json.loads(line) for line in lines)
    assert "\x1b" not in "".join(lines)
    assert NAME not in "".join(lines)
    assert re.search("ValueError", lines[2])
    assert re.search("ValueError", lines[3])
