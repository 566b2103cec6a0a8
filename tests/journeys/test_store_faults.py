"""The database is full, locked or broken: what runs goes on, nothing new begins, and it is said how to mend it."""

import resource
import sqlite3
import time
from pathlib import Path

import httpx

from tests.brokers import Mosquitto
from tests.journeys.house import LAMP, House, Nursery, SiteTime, command, room_of, until
from tests.journeys.twins import Ear
from tests.pace import pace

ROOMS = (room_of("lavender", LAMP), room_of("rose", LAMP))


def _start(house: House, room: str) -> httpx.Response:
    body = {"room": room, "profile": "spa/swedish", "minutes": 60}
    return httpx.post(f"{house.url}/api/v1/sessions", json=body, headers=house.headers, trust_env=False, timeout=20)


def test_row_16_on_a_full_disk_running_sessions_go_on_new_ones_wait_and_nothing_is_half_written(
    tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery
) -> None:
    house = House(tmp_path, f"url: {mosquitto.url}", *ROOMS, nursery=nursery)
    with house, house.client() as desk, Ear(mosquitto.port, house.time) as ear:
        id = desk.start("lavender", "spa/swedish", 60)["id"]
        log = house.database.with_name("ambiance.db-wal")
        resource.prlimit(house.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, resource.RLIM_INFINITY))
        refused = _start(house, "rose")
        assert refused.status_code == 503 and refused.json()["type"].endswith("store-unavailable")
        assert "Retry-After" in refused.headers
        since = ear.count()
        assert desk.advance(id)["id"] == id, "the people in the room are heard"
        until(lambda: ear.said(house.topics.set("lavender", "ceiling"), since), what="the next phase")
        assert desk.room("rose")["state"] == "ready"
        assert "store_failed" in house.logged(), "an alarm"
        resource.prlimit(house.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        until(lambda: _start(house, "rose").status_code == 201, 20, "recovery")
        house.kill()
        house.start().up()
        assert desk.room("lavender")["phase"] == 2, "what was decided meanwhile was saved afterwards"
        assert desk.room("rose")["state"] == "in_session"


def test_row_17_a_database_locked_by_another_program_is_waited_for_refused_and_holds_up_no_cue(
    tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery
) -> None:
    house = House(tmp_path, f"url: {mosquitto.url}", *ROOMS, nursery=nursery, time=SiteTime(60))
    with house, house.client() as desk, Ear(mosquitto.port, house.time) as ear:
        desk.start("lavender", "spa/swedish", 60)
        lamp = house.topics.set("lavender", "ceiling")
        headers = house.headers
        assert headers
        version = until(lambda: [each for each in ear.said(lamp) if each.body["brightness"] > 50])[-1].body["version"]
        other = sqlite3.connect(house.database, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            refused = _start(house, "rose")
            assert refused.status_code == 503 and "Retry-After" in refused.headers, refused.text
            assert time.monotonic() - began <= 10 * pace()
            told = until(lambda: [each for each in ear.said(lamp) if each.body["version"] > version], what="the cue of the settling")
            assert told[0].body["brightness"] < 50
        finally:
            other.execute("ROLLBACK")
            other.close()
        until(lambda: _start(house, "rose").status_code == 201, 20, "recovery")


def test_row_18_a_corrupt_database_is_not_run_on_is_kept_aside_and_it_is_said_what_to_do(
    tmp_path: Path, mosquitto: Mosquitto, nursery: Nursery
) -> None:
    house = House(tmp_path, f"url: {mosquitto.url}", room_of("lavender", LAMP), nursery=nursery)
    house.database.parent.mkdir()
    house.database.write_bytes(b"this was a database once" * 500)
    refused = command("run", "--config", str(house.file))
    assert refused.returncode == 1
    assert "is damaged and was kept as" in refused.stderr and "restore a backup" in refused.stderr
    assert "Traceback" not in refused.stderr
    (aside,) = house.database.parent.glob("ambiance.db.damaged-*")
    assert aside.read_bytes().startswith(b"this was a database once")
    with house, Ear(mosquitto.port, house.time) as ear, house.client() as desk:
        assert desk.room("lavender")["state"] == "ready"
        assert desk.start("lavender", "spa/swedish", 60)["state"] == "running"
        until(lambda: ear.said(house.topics.set("lavender", "ceiling")))
