"""A manager tries what hangs on the walls, and hears it step by step."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from ambiance.device.trying import Line, Trial
from ambiance.errors import Conflict
from ambiance.room.spare import why_needed
from ambiance.site import Device, Room
from tests.panel.doors import NOW, ROLES, House

CALL = "/api/v1/rooms/cedar/devices/ceiling/test"


class Bench:
    """Trials that keep a list."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, str, Trial]] = []
        self.busy: str | None = None

    def begin(self, room: Room, device: Device, trial: Trial) -> AsyncIterator[Line]:
        if self.busy is not None:
            raise Conflict(self.busy)
        self.begun.append((room.id, device.id, trial))
        return self._lines()

    async def _lines(self) -> AsyncIterator[Line]:
        yield Line("10 %", "good", "answered in 40 ms, and is as asked", {"on": True}, {"on": True, "brightness": 10.0}, 0.04)
        yield Line("off", "bad", "it did not answer")

    def end(self, room: str, device: str) -> bool:
        return (room, device) == ("cedar", "ceiling")


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def house(bench: Bench) -> House:
    return House(trials=bench)


def test_each_step_is_one_line_of_json(house: House, bench: Bench) -> None:
    answer = house.ask("POST", CALL, role="manager")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[0] == {
        "step": "10 %", "verdict": "good", "words": "answered in 40 ms, and is as asked", "asked": {"on": True},
        "reported": {"on": True, "brightness": 10.0}, "answered_ms": 40,
    }  # fmt: skip
    assert lines[1]["verdict"] == "bad" and len(lines) == 2
    assert bench.begun == [("cedar", "ceiling", Trial())]


def test_the_set_up_page_tries_one_thing_at_a_time(house: House, bench: Bench) -> None:
    for body in (
        {"do": "identify"},
        {"do": "level", "brightness": 100, "kelvin": 2700, "seconds": 120},
        {"do": "puff"},
        {"do": "tone", "dba": 45},
    ):
        assert house.ask("POST", CALL, body, role="manager").status_code == 200
    assert [trial.do for _, _, trial in bench.begun] == ["identify", "level", "puff", "tone"]
    assert bench.begun[1][2] == Trial("level", brightness=100.0, kelvin=2700.0, seconds=120.0)
    assert house.ask("DELETE", CALL, role="manager").json() == {"ended": True}


def test_only_a_manager_tries_devices(house: House, bench: Bench) -> None:
    for role in ROLES:
        assert (house.ask("POST", CALL, role=role).status_code == 200) == (role == "manager")
        assert (house.ask("DELETE", CALL, role=role).status_code == 200) == (role == "manager")
    assert house.ask("POST", CALL, role=None).status_code == 401
    assert len(bench.begun) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"do": "dance"},
        {"volume": 100},
        {"brightness": 101},
        {"dba": 90},
        {"seconds": 3600},
        {"kelvin": "warm"},
        {"loud": True},
        [],
        {"do": None},
    ],
)
def test_row_20_what_makes_no_sense_is_refused_with_its_path(house: House, bench: Bench, body: object) -> None:
    answer = house.ask("POST", CALL, body, role="manager")
    assert answer.status_code == 422 and answer.json()["errors"]
    assert not bench.begun


def test_unknown_rooms_and_devices_are_not_found_and_a_busy_room_says_why(house: House, bench: Bench) -> None:
    assert house.ask("POST", "/api/v1/rooms/nowhere/devices/ceiling/test", role="manager").status_code == 404
    assert house.ask("POST", "/api/v1/rooms/cedar/devices/moon/test", role="manager").status_code == 404
    assert house.ask("POST", "/api/v1/rooms/cedar/devices/%2B/test", role="manager").status_code in (404, 422)
    bench.busy = "ceiling cannot be tried now: a session is under way in cedar"
    answer = house.ask("POST", CALL, role="manager")
    assert answer.status_code == 409 and "a session is under way" in answer.json()["detail"]


def test_a_room_spares_its_devices_only_where_nobody_is_treated_or_soon_will_be() -> None:
    conductor = House().conductor
    lamp, mist = Device("ceiling", "cedar", "light"), Device("mist", "cedar", "diffuser")
    free = conductor.room("cedar")
    assert why_needed(free, lamp, NOW, linked=True) is None
    assert "session is under way" in (why_needed(conductor.room("lavender"), lamp, NOW, linked=True) or "")
    assert "broker" in (why_needed(free, lamp, NOW, linked=False) or "")
    conductor.emergency["cedar"] = "medical"
    assert "medical emergency" in (why_needed(conductor.room("cedar"), lamp, NOW, linked=True) or "")
    from dataclasses import replace

    soon = replace(free, next_start=NOW + timedelta(minutes=10))
    assert why_needed(soon, lamp, NOW, linked=True) is None
    assert "30 min before" in (why_needed(soon, mist, NOW, linked=True) or "")
    assert why_needed(replace(free, next_start=NOW + timedelta(seconds=60)), lamp, NOW, linked=True) is not None
