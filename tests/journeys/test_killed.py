"""kill -9 of the controller, again and again: the present is stated at once, the past never, and no dose twice."""

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from ambiance.care import parse
from ambiance.cuesheet import Order, Sheet, compile_sheet
from ambiance.profile import Library
from tests.brokers import Mosquitto
from tests.journeys.house import (
    COVE,
    DIFFUSER,
    LAMP,
    PYTHON,
    SPEAKER,
    House,
    Nursery,
    SiteTime,
    command,
    environment,
    instant,
    room_of,
    until,
)
from tests.journeys.score import Score, like, runs
from tests.journeys.twins import Ear, Said, Twins
from tests.pace import pace

POINTS = 20
GLIDE = 26.0
"""Seconds in which any lamp glides from anywhere to anywhere."""
APART = 2 * GLIDE
LEAD = 3.0
"""Seconds before a dose at which the controller is started, so that it is there when the dose begins."""
DEVICES = ("ceiling", "cove", "speaker")


@dataclass
class Life:
    """A house whose controller is killed, and the score it must always come back to."""

    house: House
    ear: Ear
    twins: Twins
    score: Score
    t0: float
    epochs: list[int] = field(default_factory=list)

    @property
    def sheet(self) -> Sheet:
        return self.score.pages[-1].sheet

    def commands(self, device: str) -> list[Said]:
        return self.ear.said(self.house.topics.set("lavender", device))

    def stated(self) -> dict[str, Said]:
        """The first word to each device by a controller that was not heard before; waits for it, and until the devices have it too."""

        def new() -> dict[str, Said] | None:
            first: dict[str, Said] = {}
            for device in DEVICES:
                said = [each for each in self.commands(device) if each.body["epoch"] > (self.epochs[-1] if self.epochs else 0)]
                if not said:
                    return None
                first[device] = said[0]
            return first

        found = until(new, what="the present of every device")
        self.epochs.append(found["ceiling"].body["epoch"])
        # The ear may hear it before the twin does; time that jumped in between would find the lamp where it was before.
        until(lambda: all(self._has(device, said) for device, said in found.items()), what="the devices hearing it")
        return found

    def _has(self, device: str, said: Said) -> bool:
        return (self.twins.device("lavender", device).pair or (0, 0)) >= (said.body["epoch"], said.body["version"])


@contextmanager
def living(folder: Path, nursery: Nursery) -> Iterator[Life]:
    site_time = SiteTime()
    with Mosquitto(folder / "mosquitto") as mosquitto:
        room = room_of("lavender", LAMP, COVE, SPEAKER, DIFFUSER)
        house = House(folder, f"url: {mosquitto.url}", room, nursery=nursery, time=site_time)
        with (
            Ear(mosquitto.port, site_time) as ear,
            Twins(house.topics, house.config.site.rooms, mosquitto.url, site_time, jumping=True) as twins,
            house,
        ):
            life = Life(house, ear, twins, Score(house.played("lavender")), 0.0)
            life.score.stands(site_time.now() - 5)
            life.stated()
            with house.client() as desk:
                session = desk.start("lavender", "spa/swedish", 60, care=[], scent=True)
            life.t0 = instant(session["starts_at"])
            order = Order(Library.load(house.config.profiles).get("spa/swedish"), 60, care=parse([]), scent=True)
            sheet = compile_sheet(order, life.score.room, levels=life.score.levels(life.t0))
            life.score.plays(life.t0, sheet, life.t0)
            yield life


def _points(sheet: Sheet) -> list[float]:
    """Offsets to be killed at, in order: anywhere, in the middle of fades, and just before doses."""
    chance = random.Random(20)
    fading = [cue.at + cue.fade * chance.uniform(0.2, 0.8) for cue in sheet.tracks["ceiling"] if cue.at > 0 and cue.fade > 20]
    dosing = [dose.at - LEAD for dose in sheet.doses]
    anywhere = [chance.uniform(30, 3500) for _ in range(POINTS)]
    chosen: list[float] = []
    for point in (*dosing[:2], *fading, *anywhere):
        if all(abs(point - other) > APART for other in chosen):
            chosen.append(point)
    return sorted(chosen[: POINTS // 2])


def _is_right(life: Life, device: str, said: Said, known: float) -> None:
    """What is said is the scene of now. Where the device was told of its present move before (by the offset `known`) and had
    time to follow, it stands where it should: then the time left is right to the second. Else it may need longer."""
    offset = said.at - life.t0
    cue = next(cue for cue in reversed(life.sheet.tracks[device]) if cue.at <= offset)
    left = max(0.0, cue.end - offset) if cue.start != cue.target else 0.0
    fade = float(said.body["fade"])
    what = f"{device} was told {said.body} at {offset:.1f} s, in {cue}"
    if cue.at <= known:
        assert fade == pytest.approx(left, abs=1.0), f"a position error of at most a second: {what}"
    assert fade >= left - 1.0, f"no faster than the sheet has it: {what}"
    assert like(life.score.levels(life.t0 + max(cue.end, offset))[device], said.body, life.score.room, life.score.room.by_id[device]), what


def _nothing_is_replayed(life: Life, since: int) -> None:
    for device in DEVICES:
        heard = life.ear.said(life.house.topics.set("lavender", device), since)
        assert len({each.body["version"] for each in heard}) <= 2, f"{device} was told more than the present: {heard}"
    for each in life.ear.said(life.house.topics.set("lavender", "diffuser"), since):
        begins = any(abs(each.at - life.t0 - dose.at) < 1.0 for dose in life.sheet.doses)
        assert not each.body["on"] or begins, "a diffuser is switched on only as its dose begins"


def test_row_1_a_kill_at_twenty_points_of_a_session_resumes_at_now_and_replays_nothing(tmp_path: Path, nursery: Nursery) -> None:
    with living(tmp_path, nursery) as life:
        kills, slow = 0, []
        for point in _points(life.sheet):
            dose = next((dose for dose in life.sheet.doses if 0 < dose.at - point <= LEAD), None)
            for gone in (0.0, GLIDE):
                known = life.house.time.now() - life.t0 if gone else -1.0
                life.house.kill()
                kills += 1
                heard = life.ear.count()
                # The site's time runs ahead while nobody plays it: first to the point, then until every lamp is where it was sent.
                life.house.time.shift += gone or point - (life.house.time.now() - life.t0)
                life.twins.jump()
                began = time.monotonic()
                life.house.start()
                stated = life.stated()
                slow.append(time.monotonic() - began)
                for device, said in stated.items():
                    _is_right(life, device, said, known)
                if dose is not None and not gone and life.house.time.now() < life.t0 + dose.at - 0.5:
                    until(lambda: any(each.body["on"] for each in life.commands("diffuser")[-2:]), 5, "the dose")
                _nothing_is_replayed(life, heard)
            until(lambda: not life.commands("diffuser")[-1].body["on"], what="off, since a restart ends the dose")
        assert kills == POINTS
        assert len(set(life.epochs)) == POINTS + 1 and life.epochs == sorted(life.epochs)
        assert sorted(slow)[POINTS // 2] <= 3.0 * pace()
        on = runs(life.commands("diffuser"))
        for dose in life.sheet.doses:
            assert sum(1 for begin, _ in on if dose.at - 1 <= begin - life.t0 < dose.until) <= 1, "no dose is repeated"


def test_row_1_the_program_as_it_is_installed_says_the_present_within_three_seconds_of_its_start(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """Three seconds on a machine that is not busy; the figure that holds on any is the work done, in the controller's own CPU seconds.

    A bare program that loads only what no controller can do without (paho, SQLAlchemy, pydantic) and connects is the floor,
    measured here and now: half a second to one on the machines this is meant for, where four floors are 2 to 4 s of a start that
    was 2.0 of them; on a quick machine 0.2 s, where a start was 3.6. What makes it heavy again is seen wherever the test runs.
    """
    house = House(tmp_path, f"url: {mosquitto.url}", room_of("lavender", LAMP))
    with Ear(mosquitto.port, house.time) as ear:
        topic = house.topics.set("lavender", "ceiling")
        with Twins(house.topics, house.config.site.rooms, mosquitto.url, house.time), house:
            with house.client() as desk:
                desk.start("lavender", "spa/swedish", 60)
            epoch = until(lambda: [each for each in ear.said(topic) if each.body["fade"] > 5])[-1].body["epoch"]
            house.kill()
            before = _floor(mosquitto.port)
            house.start()
            told = until(lambda: [each for each in ear.said(topic) if each.body["epoch"] > epoch], within=60)[0]
            used = house.cpu()
            floor = max(before, _floor(mosquitto.port))
            assert used <= max(1.5, 4 * floor), f"{used:.2f} s of its own, {used / floor:.1f} floors of {floor:.2f} s"
            assert told.body["brightness"] > 0


def test_row_1_what_a_restarted_room_waits_for_is_not_what_only_people_and_installers_need() -> None:
    code = """
import sys
from ambiance.cli.start import logs
logs(20)
import ambiance.app
heavy = "alembic amqtt apscheduler argon2 babel fastapi httpx icalendar jinja2 mpd psycopg resvg_py rich segno starlette typer uvicorn"
print([name for name in heavy.split() if name in sys.modules], "sqlalchemy.dialects.postgresql" in sys.modules)
"""
    loaded = subprocess.run([PYTHON, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[] False"


def test_row_2_a_kill_between_commit_and_publish_loses_nothing_and_doubles_nothing(
    tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery
) -> None:
    house = House(tmp_path, f"url: {mosquitto.url}", room_of("lavender", LAMP), nursery=nursery)
    body = {"room": "lavender", "profile": "spa/swedish", "minutes": 60, "start": "now"}
    with Ear(mosquitto.port, house.time) as ear, house:
        headers = {**house.headers, "Idempotency-Key": "one-click"}
        house.stop()
        house.start(dies_on="running").up()
        heard = ear.count()
        with pytest.raises(httpx.HTTPError):
            httpx.post(f"{house.url}/api/v1/sessions", json=body, headers=headers, trust_env=False, timeout=20)
        assert house.ended() == -signal.SIGKILL
        assert not _sessions_on_the_bus(ear, house, heard), "it was killed before anybody was told"
        house.start().up()
        answer = httpx.post(f"{house.url}/api/v1/sessions", json=body, headers=headers, trust_env=False, timeout=20)
        assert answer.status_code == 201
        with house.client() as desk:
            assert [session["id"] for session in desk.sessions()] == [answer.json()["id"]]
        until(lambda: _sessions_on_the_bus(ear, house, heard) == {answer.json()["id"]})
        told = until(lambda: [each for each in ear.said(house.topics.set("lavender", "ceiling"), heard) if each.body["fade"] > 0])
        assert len({each.body["version"] for each in told}) == 1, "said once"


def test_a_token_made_beside_a_running_controller_costs_it_nothing(tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery) -> None:
    with House(tmp_path, f"url: {mosquitto.url}", nursery=nursery) as house:
        made = command("token", "create", "--role", "desk", "--config", str(house.file))
        assert made.returncode == 0, made.stderr
        with house.client() as desk:
            id = desk.start("lavender", "spa/swedish", 60)["id"]
            house.kill()
            house.start().up()
            assert desk.room("lavender")["session"] == id, "what was answered was kept"


def _sessions_on_the_bus(ear: Ear, house: House, since: int) -> set[Any]:
    said = [each.body["session"] for each in ear.said(house.topics.state("lavender"), since)]
    return {session for session in said if session is not None}


def _floor(port: int) -> float:
    """CPU seconds of a program that loads what no controller can do without, and connects."""
    code = f"""
import resource
import paho.mqtt.client as paho, pydantic, sqlalchemy
client = paho.Client(paho.CallbackAPIVersion.VERSION2)
client.connect("127.0.0.1", {port})
client.disconnect()
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime)
"""
    return float(subprocess.run([PYTHON, "-c", code], env=environment(), capture_output=True, text=True, check=True).stdout)
