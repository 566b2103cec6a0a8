"""The broker dies, comes back with old things, hangs, hears but does not answer, or has two of us: what must then be true."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ambiance.client import Client
from tests.brokers import Mosquitto, Proxy, Witness
from tests.journeys.house import DIFFUSER, LAMP, SPEAKER, House, Nursery, SiteTime, room_of, until
from tests.journeys.twins import Ear, Said, Twins
from tests.pace import pace

ROOM = room_of("lavender", LAMP, SPEAKER, DIFFUSER)
HASTY = {"keepalive": 1, "answer": 1.0, "acknowledged": 3.0, "retry": 0.05, "retry_reach": 0.2, "retry_most": 0.5}


@dataclass
class Line:
    """A house whose controller reaches its broker over a line of its own; the devices have another."""

    house: House
    broker: Mosquitto
    proxy: Proxy
    ear: Ear
    twins: Twins

    def told(self, device: str, since: int = 0, ear: Ear | None = None) -> list[Said]:
        return (ear or self.ear).said(self.house.topics.set("lavender", device), since)

    def begin(self, desk: Client) -> str:
        """A treatment, and every word of its beginning said and answered; its id."""
        before = self.told("ceiling")[-1].body["version"]
        id = desk.start("lavender", "spa/swedish", 60)["id"]
        self.quiet(before)
        return str(id)

    def quiet(self, after: int = 0) -> None:
        """Wait until the ceiling confirmed what it was told last, behind the version `after`."""

        def answered() -> bool:
            said, asked = self.ear.said(self.house.topics.device_state("lavender", "ceiling")), self.told("ceiling")
            return bool(said and asked) and said[-1].body["version"] == asked[-1].body["version"] > after

        until(answered, what="the answer of the ceiling")


@contextmanager
def a_line(folder: Path, nursery: Nursery, speed: float = 1.0, patience: dict[str, float] | None = None) -> Iterator[Line]:
    site_time = SiteTime(speed)
    with Mosquitto(folder / "mosquitto") as broker, Proxy(broker.port) as proxy:
        house = House(folder, f"url: {proxy.url}", ROOM, nursery=nursery, time=site_time, patience=patience)
        with Ear(broker.port, site_time) as ear, Twins(house.topics, house.config.site.rooms, broker.url, site_time) as twins, house:
            until(lambda: ear.said(house.topics.set("lavender", "ceiling")))
            yield Line(house, broker, proxy, ear, twins)


def _came_back(line: Line, older: bool) -> None:
    """The broker is killed and forgets all; the controller finds it again and says everything, the newest and only that."""
    with line.house.client() as desk:
        id = line.begin(desk)
        before = line.told("ceiling")[-1].body
        topics = line.house.topics
        line.proxy.stop()
        line.broker.restart()
        with Ear(line.broker.port, line.house.time) as ear:
            if older:
                ear.say(topics.state("lavender"), b'{"state":"ready","session":null,"seq":0}', retain=True)
                ear.say(topics.device_state("lavender", "speaker"), b'{"playing":true,"volume":99.0,"epoch":1,"version":1}', retain=True)
                ear.say(topics.do("lavender", "end"), b"{}", retain=True)
            advanced = desk.advance(id)
            assert advanced["id"] == id, "people go on while the broker is gone"
            # The twins must be back first, to hear it.
            until(lambda: ear.on(topics.online("lavender", "keys")) or ear.on(topics.online("lavender", "ceiling")))
            since, began = ear.count(), time.monotonic()
            line.proxy.start()
            ear.until(
                lambda: (
                    all(line.told(device, since, ear) for device in ("ceiling", "speaker", "diffuser"))
                    and ear.on(topics.status())[-1:] == [b"online"]
                    and any(each.body["session"] == id for each in ear.said(topics.state("lavender")))
                    and ear.said(topics.scene("lavender"), since)
                ),
                60,
            )
            assert time.monotonic() - began <= 5.0 + pace(), "every topic right within five seconds, and one to look"
            line.house.up()
            told = line.told("ceiling", since, ear)
            assert told[0].body["epoch"] == before["epoch"] and told[0].body["version"] > before["version"]
            assert told[0].body["brightness"] < before["brightness"], "the phase of now, not the one from before"
            assert len({each.body["version"] for each in told}) <= 2
            assert not any(each.body["on"] for each in line.told("diffuser", since, ear))
            assert desk.room("lavender")["state"] == "in_session"
            if older:
                with Witness(line.broker.port, topics.do("lavender", "end")) as late:
                    ear.until(lambda: ear.on(topics.do("lavender", "end"))[-1:] == [b""])
                    assert late.heard == [], "a retained command is cleared"


def test_row_3_a_broker_that_lost_everything_is_told_everything_again(tmp_path: Path, nursery: Nursery) -> None:
    with a_line(tmp_path, nursery) as line:
        _came_back(line, older=False)


def test_row_4_what_an_older_broker_kept_is_superseded_at_once(tmp_path: Path, nursery: Nursery) -> None:
    with a_line(tmp_path, nursery) as line:
        _came_back(line, older=True)


def test_row_5_a_black_hole_of_twenty_seconds_is_found_and_nothing_stale_follows_it(tmp_path: Path, nursery: Nursery) -> None:
    with a_line(tmp_path, nursery) as line, line.house.client() as desk:
        id = line.begin(desk)
        line.proxy.freeze()
        began, since = time.monotonic(), line.ear.count()
        for _ in range(2):
            desk.advance(id)  # each tells the lamp of another phase, into the hole
        line.house.up("down", 60)
        assert time.monotonic() - began <= 15.0 + pace() / 2
        desk.adjust("lavender", {"light": 5})
        until(lambda: time.monotonic() - began > 20, 60)
        line.proxy.heal()
        healed = time.monotonic()
        line.house.up("up", 60)
        until(lambda: line.told("ceiling", since))
        line.quiet()
        assert time.monotonic() - healed <= 15 + pace()
        told = line.told("ceiling", since)
        newest = told[-1].body
        assert {each.body["version"] for each in told} == {newest["version"]}, "only the newest, though three were said"
        assert 0 < newest["brightness"] < 20, "the present: hands on, and a little brighter"
        assert len(told) <= 3


def test_row_6_acknowledgements_that_are_lost_make_no_storm_and_no_false_confirmation(tmp_path: Path, nursery: Nursery) -> None:
    with a_line(tmp_path, nursery, patience=HASTY) as line, line.house.client() as desk:
        line.begin(desk)
        line.proxy.freeze_answers()
        since = line.ear.count()
        desk.adjust("lavender", {"light": -10})
        until(lambda: line.told("ceiling", since), what="what passes one way")
        version, believed = line.told("ceiling", since)[-1].body["version"], _believed(line)
        line.house.up("down")
        assert _believed(line) == believed, "nobody told the controller"
        line.proxy.heal()
        line.house.up()
        until(lambda: line.told("ceiling", since)[-1].body["version"] > version)
        line.quiet()
        until(lambda: _believed(line) != believed)
        assert len(line.told("ceiling", since)) <= 8


def _believed(line: Line) -> object:
    """What the controller holds the ceiling to be, by its own word on the bus."""
    return line.ear.said(line.house.topics.scene("lavender"))[-1].body["ceiling"]["reported"]


def test_row_7_when_controller_and_broker_die_the_diffuser_is_off_within_its_lease(
    tmp_path: Path, nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A diffuser that does not mind being alone: only the end it was given stops it.
    monkeypatch.setattr("ambiance.device.simulated.ALONE", 1e6)
    with a_line(tmp_path, nursery, speed=60) as line:
        with line.house.client() as desk:
            id = desk.start("lavender", "spa/swedish", 60, care=[], scent=True)["id"]
            desk.advance(id)
        until(lambda: line.twins.actual("lavender", "diffuser")["on"], what="the dose of the settling")
        line.house.kill()
        line.broker.kill()
        died = line.house.time.now()
        until(lambda: not line.twins.actual("lavender", "diffuser")["on"], what="off by itself")
        assert line.house.time.now() - died <= 120 + 20, "its lease, and what this machine needs to look"


def test_row_9_a_fire_during_an_outage_is_said_first_and_again_until_it_is_confirmed(tmp_path: Path, nursery: Nursery) -> None:
    with a_line(tmp_path, nursery, speed=20, patience=HASTY) as line, line.house.client() as desk:
        line.begin(desk)
        line.proxy.stop()
        line.house.up("down")
        since = line.ear.count()
        line.twins.call(lambda: _answers(line, False))
        assert desk.emergency("fire")["rooms"] == ["lavender"]
        line.proxy.start()
        until(lambda: len(line.told("ceiling", since)) > 4, what="the fourth repetition")
        told = line.told("ceiling", since)
        assert all(each.body["brightness"] == 100 and each.body["fade"] <= 2 for each in told), "nothing else is said"
        assert len({each.body["version"] for each in told}) == 1
        until(lambda: any("Ceiling does not answer" in fault for fault in desk.room("lavender")["faults"]), what="silent")
        room = desk.room("lavender")
        assert any("has not confirmed that it is off" in fault for fault in room["faults"])
        assert room["emergency_confirmed"] is False, "not confirmed until reported"
        assert room["emergency_waiting"] == [
            "Ceiling has not confirmed full light.", "Speaker has not confirmed that it is silent.",
            "Diffuser has not confirmed that it is off.",
        ]  # fmt: skip
        line.twins.call(lambda: _answers(line, True))
        until(lambda: not desk.room("lavender")["faults"], what="every device confirmed")
        until(lambda: desk.room("lavender")["emergency_confirmed"], what="and said to be so")
        assert desk.room("lavender")["emergency"] == "fire", "until a person resets it"
        assert line.twins.actual("lavender", "ceiling")["brightness"] == 100


def _answers(line: Line, answers: bool) -> None:
    for device in ("ceiling", "speaker", "diffuser"):
        line.twins.device("lavender", device).faults.answers = answers


def test_row_10_an_older_controller_that_wakes_up_is_refused_and_stops(tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery) -> None:
    older = House(tmp_path, f"url: {mosquitto.url}", ROOM, nursery=nursery)
    with older, Ear(mosquitto.port, older.time) as ear:
        headers, frozen = older.headers, older.pid
        older.signal(signal.SIGSTOP)
        newer = House(tmp_path, f"url: {mosquitto.url}", ROOM, nursery=nursery)
        with newer:
            with newer.client() as desk:
                id = desk.start("lavender", "spa/swedish", 60)["id"]
            until(lambda: ear.said(newer.topics.set("lavender", "ceiling")))
            epoch = max(each.body["epoch"] for each in ear.said(newer.topics.set("lavender", "ceiling")))
            older.signal(signal.SIGCONT)
            assert older.pid == frozen
            answer = httpx.post(
                f"{older.url}/api/v1/sessions",
                json={"room": "lavender", "profile": "spa/swedish"}, headers=headers, trust_env=False, timeout=20,
            )  # fmt: skip
            assert answer.status_code == 503 and answer.json()["type"].endswith("superseded")
            assert "another controller" in older.logged()
            older.ended(15)
            newer.up()
            with newer.client() as desk:
                assert desk.room("lavender")["session"] == id
            last = ear.said(newer.topics.set("lavender", "ceiling"))[-1]
            assert last.body["epoch"] == epoch, "the newer one has the last word"


def test_row_53_of_two_controllers_with_one_id_one_stops_and_neither_fights(tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery) -> None:
    first = House(tmp_path / "first", f"url: {mosquitto.url}", nursery=nursery)
    copied = House(tmp_path / "copied", f"url: {mosquitto.url}", nursery=nursery)
    with first, copied.start():
        until(lambda: {first.readiness()["link"], copied.readiness()["link"]} == {"up", "superseded"}, 30, "one of them stops")
        entries = sum("New client connected" in line and "as ambiance-harbour (" in line for line in mosquitto.log)
        assert entries <= 6, "no reconnect fight"
        assert "superseded" in {first.readiness()["link"], copied.readiness()["link"]}
        assert "uses the client id ambiance-harbour" in first.logged() + copied.logged()


def test_row_39_a_wrong_password_is_said_clearly_and_tried_again_slowly_and_never_without_one(tmp_path: Path, nursery: Nursery) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not-the-one")
    secret.chmod(0o600)
    with Mosquitto(tmp_path / "mosquitto", users={"ambiance": "right"}) as mosquitto:
        house = House(tmp_path, f"url: {mosquitto.url}, username: ambiance, password_file: {secret}", nursery=nursery)
        with house.start():
            began = time.monotonic()
            house.up("refused")
            assert house.readiness()["ready"] is True, "HTTP and the rooms' rows go on"
            with house.client() as desk:
                assert desk.health()["link"] == "refused"
                assert desk.start("lavender", "spa/swedish", 60)["state"] == "running"
            until(lambda: _refusals(mosquitto) >= 2, 40, "a second try")
            assert time.monotonic() - began >= 4.5, "no sooner than five seconds later"
            assert not any("u'ambiance'" not in line for line in mosquitto.log if "New client connected" in line), "never as nobody"
            assert "does not let us in" in house.logged() and "not-the-one" not in house.logged()


def _refusals(mosquitto: Mosquitto) -> int:
    return sum("not authorised" in line.lower() or "CONNACK to ambiance-harbour (0, 135)" in line for line in mosquitto.log)
