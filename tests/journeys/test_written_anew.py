"""Rooms and devices come, go and change in a running house: real program, real broker, and guests who notice nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ambiance.client import Client
from ambiance.errors import Refused
from tests.brokers import Mosquitto, Witness
from tests.journeys.house import COVE, DIFFUSER, LAMP, SPEAKER, House, Nursery, SiteTime, room_of, until
from tests.journeys.twins import Twins


class Anew:
    """A house of two rooms, in which lavender has devices on its walls that nobody wrote down yet."""

    def __init__(self, house: House, twins: Twins, client: Client, broker: Mosquitto) -> None:
        self.house, self.twins, self.client, self.broker = house, twins, client, broker

    def write(self, **changes: Any) -> dict[str, Any]:
        """Change settings, `__` for the dots of their path."""
        version = self.ask("GET")["version"]
        return self.ask("POST", {"version": version, "changes": {path.replace("__", "."): value for path, value in changes.items()}})

    def ask(self, method: str, body: object = None) -> dict[str, Any]:
        answer = self.client._http.request(method, "/api/v1/settings", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def actual(self, device: str, room: str = "lavender") -> dict[str, Any]:
        return self.twins.actual(room, device)


@pytest.fixture(scope="module")
def anew(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[Anew]:
    folder = tmp_path_factory.mktemp("anew")
    time = SiteTime()
    walls = [room_of("lavender", LAMP, COVE, SPEAKER, DIFFUSER), room_of("rose", LAMP), room_of("nova", LAMP, SPEAKER)]
    known = House(folder / "walls", "embedded: true", *walls).config.site.rooms
    with Mosquitto(folder / "mosquitto") as broker:
        house = House(
            folder / "house", f"url: {broker.url}", room_of("lavender", LAMP, SPEAKER, DIFFUSER), room_of("rose", LAMP),
            nursery=nursery, time=time,
        )  # fmt: skip
        with Twins(house.topics, known, broker.url, time) as twins, house, house.client() as client:
            yield Anew(house, twins, client, broker)


def test_a_lamp_joins_a_session_and_leaves_it_again(anew: Anew) -> None:
    session = anew.client.start("lavender", "spa/swedish", 60)["id"]
    until(lambda: anew.actual("ceiling")["brightness"] != 50, what="light")
    assert anew.actual("cove")["brightness"] == 50  # as it was found
    playlists = anew.client._http.get("/api/v1/rooms/lavender/playlists").json()
    cove = {"kind": "light", "role": "accent", "share": 0.2}
    assert anew.write(rooms__lavender__devices__cove=cove)["applies"] == "at once"
    until(lambda: anew.actual("cove")["brightness"] != 50, what="the new lamp's light")
    assert anew.client.room("lavender")["session"] == session
    assert anew.client._http.get("/api/v1/rooms/lavender/playlists").json() == playlists
    anew.write(rooms__lavender__devices__cove=None)
    with Witness(anew.broker.port, "ambiance/harbour/lavender/device/cove/set") as ear:
        anew.client.advance(session)
        until(lambda: anew.client.room("lavender")["phase"] != 1, what="the next phase")
        assert ear.heard == []
    assert "cove" not in anew.client._http.get("/api/v1/rooms/lavender/scene").text


def test_a_room_comes_is_played_and_goes_with_what_the_bus_kept_of_it(anew: Anew) -> None:
    devices = [{"id": "ceiling", "kind": "light"}, {"id": "speaker", "kind": "player"}]
    anew.write(rooms__nova={"name": "Nova", "full_volume_dba": 70, "borders": "clock", "devices": devices})
    session = anew.client.start("nova", "spa/swedish", 60)["id"]
    until(lambda: anew.actual("ceiling", "nova").get("on"), what="light in the new room")
    held = anew.write(rooms__nova=None)
    assert held["applies"] == "when the controller starts again"
    assert anew.ask("GET")["restart_for"] == ["rooms.nova"]
    assert anew.client.room("nova")["session"] == session
    assert anew.write(rooms__rose__name="Rosa")["applies"] == "at once"
    assert anew.client.room("rose")["name"] == "Rosa"
    assert anew.ask("GET")["restart_for"] == ["rooms.nova"]
    with Witness(anew.broker.port, "ambiance/harbour/nova/state") as ear:
        ear.until(lambda: ear.heard)
        anew.client.end(session)
        anew.client.end(session)
        anew.write(site__name="Hafen Spa")
        ear.until(lambda: ear.heard[-1].payload == b"")
    assert anew.ask("GET")["restart_for"] == []
    with pytest.raises(Refused):
        anew.client.room("nova")


def test_a_room_that_changed_is_found_so_after_a_kill(anew: Anew) -> None:
    anew.write(rooms__rose__name="Rosé", rooms__rose__full_light_lux=250)
    before = anew.client.room("lavender")["session"]
    anew.house.kill()
    anew.house.start().up()
    assert anew.client.room("rose")["name"] == "Rosé"
    assert anew.client.room("lavender")["session"] == before
    assert json.dumps(anew.ask("GET")["restart_for"]) == "[]"
