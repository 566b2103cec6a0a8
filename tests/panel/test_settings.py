"""Settings, menu, calibration and suggestions, over HTTP."""

import asyncio
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from ambiance.config import load_config
from ambiance.config.housefiles import HouseFiles
from ambiance.cuesheet.model import Hand
from ambiance.panel.http import HttpLimits, make_http
from ambiance.panel.settings import Adopt, with_a_start
from ambiance.profile import Library
from ambiance.session.model import Session, SessionState
from ambiance.site import Site
from tests.panel.browser import OTHER, PIN, Browser, staffed
from tests.panel.doors import NOW, SHEET, FakePreview, House
from tests.panel.test_phrases import known
from tests.session.house_fixtures import library

ROOT = Path(__file__).parents[2]
BRIGHTER = replace(SHEET, hands=(Hand("light", 600.0, value=5.0),))
"""A course in which somebody made it brighter."""


class Fitted(House):
    """The doors of a house whose files may be changed."""

    def __init__(self, folder: Path, adopt: Adopt = with_a_start) -> None:
        super().__init__()
        shutil.copy(ROOT / "config.yaml", folder / "config.yaml")
        shutil.copytree(ROOT / "profiles", folder / "profiles")
        self.file, self.began_again = folder / "config.yaml", asyncio.Event()
        self.library = Library({profile.id: profile for profile in library().all()}, library().refusals)
        files = HouseFiles(self.file, load_config(self.file, {}), {}, self.library)
        self.app = make_http(
            self.conductor, self.board, self.library, FakePreview(), self.rows, self.tokens, self.clock, self.metrics,
            records=self.rows, checks=self.checks, identity=self.identity, files=files, again=self.began_again.set, adopt=adopt,
            limits=HttpLimits(hosts=frozenset({"rooms.lan"})),
        )  # fmt: skip
        self.open()

    def version(self) -> str:
        return str(self.ask("GET", "/api/v1/settings", role="manager").json()["version"])

    def change(self, changes: dict[str, Any], role: str = "manager", version: str | None = None) -> Any:
        body = {"version": version or self.version(), "changes": changes}
        return self.ask("POST", "/api/v1/settings", body, role=role)

    def log(self) -> list[Any]:
        return list(self.identity.audit.newest())


@pytest.fixture
def house(tmp_path: Path) -> Fitted:
    return Fitted(tmp_path)


def test_a_manager_reads_what_may_be_changed_with_its_range(house: Fitted) -> None:
    said = house.ask("GET", "/api/v1/settings", role="manager").json()
    loudest = next(field for field in said["fields"] if field["path"] == "limits.sound_max_dba")
    assert (loudest["value"], loudest["low"], loudest["high"], loudest["unit"], loudest["who"]) == (60, 30, 60, "dBA", "admin")
    assert [room["id"] for room in said["rooms"]] == ["lavender", "rose", "cabinet", "grotto"]
    assert (said["restart_needed"], said["restart_for"]) == (False, [])


@pytest.mark.parametrize("role", ["desk", "therapist", "integration", "room"])
def test_nobody_else_does(house: Fitted, role: str) -> None:
    for method, path in (("GET", "settings"), ("POST", "settings"), ("POST", "restart"), ("POST", "menu/x"), ("DELETE", "menu/x")):
        assert house.ask(method, f"/api/v1/{path}", None if method == "GET" else {}, role=role).status_code == 403


def test_a_change_is_written_down_with_who_before_and_after(house: Fitted) -> None:
    answer = house.change({"rooms.lavender.name": "Lavendel"})
    assert answer.status_code == 200
    assert answer.json()["applies"] == "when the controller starts again"
    assert load_config(house.file, {}).site.by_id["lavender"].name == "Lavendel"
    entry = house.log()[0]
    assert (entry.who, entry.what, entry.subject) == ("token t-manager", "settings-changed", "rooms.lavender.name")
    assert (entry.before, entry.after) == ({"rooms.lavender.name": "Lavender"}, {"rooms.lavender.name": "Lavendel"})
    undone = house.change(answer.json()["before"], version=answer.json()["version"])
    assert undone.status_code == 200
    assert house.file.read_text(encoding="utf-8") == (ROOT / "config.yaml").read_text(encoding="utf-8")


def test_every_fault_has_its_path_and_nothing_is_changed_or_written_down(house: Fitted) -> None:
    before = house.file.read_bytes()
    answer = house.change({"rooms.lavender.full_light_lux": 5, "rooms.rose.devices.niches.share": 2, "rooms.rose.usual": ["spa/none"]})
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["errors"]] == ["rooms.lavender.full_light_lux", "rooms.rose.devices.niches.share"]
    assert house.file.read_bytes() == before
    assert house.log() == []


@pytest.mark.parametrize(
    "changes",
    [{}, {"broker.url": "x"}, {"rooms.../../x": 1}, {"site": {}}, {"rooms.lavender": 5}, {"rooms.nova.devices.x.y": 1},
     {"rooms.lavender.name": "a\nb"}, {"music.folders": [{}]}, {"music.folders": [{"path": "calm"}, 3]}, {"rooms.lavender.devices": [{}]},
     {"rooms.lavender.name": {"a: b\n- c": [[[]]]}}, {"rooms.x" * 40: 1}, {"rooms.lavender.devices": "&a *b"}, {"site.name": "x" * 5000}],
)  # fmt: skip
def test_row_20_whatever_is_sent_is_refused_and_never_a_fault_of_ours(house: Fitted, changes: dict[str, Any]) -> None:
    before = house.file.read_bytes()
    assert house.change(changes).status_code in (409, 422)
    assert house.file.read_bytes() == before


@pytest.mark.parametrize(
    "changes",
    [{"limits.sound_max_dba": 80}, {"retention.sessions_days": 0}, {"site.name": "x" * 100}, {"evening.from": "noon"},
     {"rooms.lavender.usual": ["spa/none"]}, {"rooms.lavender.area": ""}, {"rooms.lavender.volume_m3": "big"},
     {"rooms.lavender.limits": {"sound_max_dba": 99}}, {"site.scent_policy": "free", "rooms.lavender.scent_policy": "allowed"},
     {"music.names.calm.sonos2mqtt": "x" * 500},
     {"music.folders": [{"path": "", "licence": "own", "proof": "", "tags": ["Ä"], "bpm": [72, 55]}]},
     {"music.folders": [{"path": "calm", "licence": "own", "proof": "us", "bpm": [55]}]},
     {"music.folders": [{"path": "calm", "licence": "own", "proof": "us", "tags": ["piano", "piano"], "bpm": [5, 60]}]}],
)  # fmt: skip
def test_what_would_do_in_a_field_is_told_in_german_too(house: Fitted, changes: dict[str, Any]) -> None:
    staffed(house)
    browser = Browser(house)
    browser.sign_in("Mira")
    answer = browser.ask("POST", "/api/v1/settings", {"version": house.version(), "changes": changes})
    assert answer.status_code == 422
    assert answer.json()["errors"] and [fault for fault in answer.json()["errors"] if not known(fault["wanted"])] == []


def test_a_menu_item_and_a_pin_that_will_not_do_are_told_in_german_too(house: Fitted) -> None:
    staffed(house)
    browser = Browser(house)
    browser.sign_in("Mira")
    faults: list[dict[str, str]] = []
    for item in ({"minutes": 500, "light": 90}, {"minutes": 60, "scent": 3, "profile": "spa/facial"}, {"name": "x" * 201, "minutes": 60}):
        body = {"name": "X", "profile": "spa/swedish", **item}
        faults += browser.ask("POST", "/api/v1/menu/x", body).json()["errors"]
    for person in ({"pin": "1"}, {"pin": "123456"}, {"pin": OTHER, "name": "\n"}):
        faults += browser.ask("POST", "/api/v1/staff", {"name": "Eva", "role": "desk", **person}).json()["errors"]
    faults += browser.ask("POST", "/api/v1/tokens", {"role": "desk", "name": "x" * 81}).json()["errors"]
    assert len(faults) >= 8 and [fault for fault in faults if not known(fault["wanted"])] == []
    taken = browser.ask("POST", "/api/v1/staff", {"name": "Ben", "role": "desk", "pin": OTHER}).json()["detail"]
    assert known(taken), taken


def test_limits_are_for_administrators(house: Fitted) -> None:
    assert house.change({"limits.sound_max_dba": 50}).status_code == 403
    assert house.change({"rooms.lavender.limits": {"sound_max_dba": 50}}).status_code == 403
    assert house.change({"rooms.nova": {"name": "Nova", "limits": {"sound_max_dba": 50}, "devices": []}}).status_code == 403
    staffed(house)
    browser = Browser(house)
    browser.sign_in("Mira")
    answer = browser.ask("POST", "/api/v1/settings", {"version": house.version(), "changes": {"limits.sound_max_dba": 50}})
    assert answer.status_code == 200
    assert answer.json()["applies"] == "when the controller starts again", "nothing is said to be in force that is not"
    assert load_config(house.file, {}).site.limits.sound_max_dba == 50
    assert "Mira" in house.log()[0].who


def test_row_46_a_file_that_was_changed_elsewhere_is_not_written_over(house: Fitted) -> None:
    version = house.version()
    house.file.write_text(house.file.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    answer = house.change({"site.name": "B"}, version=version)
    assert (answer.status_code, answer.json()["type"]) == (409, "conflict")


def test_the_pin_is_wanted_again_after_a_while(house: Fitted) -> None:
    staffed(house)
    browser = Browser(house)
    browser.sign_in("Ben")
    house.clock.advance(timedelta(minutes=20).total_seconds())
    body = {"version": house.version(), "changes": {"site.name": "B"}}
    refused = browser.ask("POST", "/api/v1/settings", body)
    assert refused.json()["type"] == "pin-needed"
    browser.ask("POST", "/api/v1/me/proof", {"pin": PIN})
    assert browser.ask("POST", "/api/v1/settings", body).status_code == 200


def test_the_controller_begins_again_only_with_a_file_it_can_use(house: Fitted) -> None:
    good = house.file.read_text(encoding="utf-8")
    house.file.write_text("site: [", encoding="utf-8")
    assert house.ask("POST", "/api/v1/restart", {}, role="manager").status_code == 409
    house.file.write_text(good, encoding="utf-8")

    async def restart() -> int:
        transport = httpx.ASGITransport(house.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.post("/api/v1/restart", json={}, headers={"Authorization": "Bearer manager-secret"})
            async with asyncio.timeout(5):
                await house.began_again.wait()
        return answer.status_code

    assert asyncio.run(restart()) == 202


def test_a_menu_item_is_in_force_at_once(house: Fitted) -> None:
    item = {"name": "Our Swedish", "profile": "spa/swedish", "minutes": 60, "light": 5.0}
    done = house.ask("POST", "/api/v1/menu/our-swedish", item, role="manager").json()
    assert done["applies"] == "at once"
    assert "menu/our-swedish" in [each["id"] for each in house.ask("GET", "/api/v1/profiles").json()]
    assert house.log()[0].what == "menu-changed"
    assert house.ask("DELETE", "/api/v1/menu/our-swedish", role="manager").json()["before"] == done["after"]
    assert house.ask("DELETE", "/api/v1/menu/our-swedish", role="manager").status_code == 404
    bad = house.ask("POST", "/api/v1/menu/x", {"name": "X", "profile": "spa/swedish", "minutes": 500, "light": 90}, role="manager")
    assert sorted({fault["path"] for fault in bad.json()["errors"]}) == ["light", "minutes"]


def test_a_ribbon_of_an_item_that_is_not_written(house: Fitted) -> None:
    def picture(language: str = "en", **more: str) -> Any:
        query = "&".join(f"{key}={value}" for key, value in {"profile": "spa/swedish", "length": "60", **more}.items())
        return house.ask("GET", f"/api/v1/ribbon.svg?{query}", headers={"Accept-Language": language})

    plain, brighter = picture(), picture(light="10")
    assert "first side" in plain.text
    assert "erste Seite" in picture("de").text
    assert plain.headers["content-type"].startswith("image/svg+xml")
    assert plain.text != brighter.text
    assert 'viewBox="0 0 320 ' in picture(width="320").text
    assert picture(width="20").status_code == 422
    assert picture(light="99").json()["errors"][0]["path"] == "light"
    assert picture(light="NaN").status_code == 422
    assert picture(profile="spa/none").status_code == 422
    assert picture(length="7000").status_code == 422


def test_eyes_and_ears_become_numbers(house: Fitted) -> None:
    def reckon(**body: Any) -> Any:
        return house.ask("POST", "/api/v1/calibration", {"setting": "spa", **body}, role="manager").json()

    # 150 lx at 50 % and 15 lx at 5 % are a room of 300 lx; 45, 42 and 37 dBA are where the cubic taper of a 70 dBA room has them.
    said = reckon(
        light={"talking": 50.0, "massage": 5.0, "least": 1.5}, sound={"talking": 38.3, "massage": 34.1, "least": 28.2}
    )  # fmt: skip
    assert said == {"full_light_lux": 300.0, "lowest": 1.5, "full_volume_dba": pytest.approx(70.0, abs=0.1), "apart": []}
    assert reckon(light={"talking": 100.0, "massage": 2.5, "least": 1.0})["full_light_lux"] == 300.0
    assert reckon(light={"talking": 100.0, "massage": 2.5, "least": 1.0})["apart"] == ["light"]
    assert reckon(sound={"talking": 5.62, "massage": 3.98, "least": 2.24}, taper="linear")["full_volume_dba"] == pytest.approx(70, abs=0.1)
    # A clinic talks in 300 lx and does Swedish in 80; ears are the same there.
    ears = {"talking": 38.3, "massage": 34.1, "least": 28.2}
    body = {"setting": "clinical", "light": {"talking": 60.0, "massage": 16.0, "least": 1.0}, "sound": ears}
    clinical = house.ask("POST", "/api/v1/calibration", body, role="manager").json()
    assert (clinical["full_light_lux"], clinical["full_volume_dba"]) == (500.0, pytest.approx(70.0, abs=0.1))
    assert reckon(light={"talking": 5.0, "massage": 50.0, "least": 1.0})["errors"][0]["path"] == "light"


def habitual(house: Fitted, count: int = 6) -> None:
    """So many Swedish massages in which somebody made it brighter, as they are remembered."""
    for n in range(count):
        at = NOW - timedelta(days=n + 1)
        past = Session(f"p{n}", "lavender", SessionState.DONE, "spa", "spa/swedish", 60, "follow_up", at, at, BRIGHTER, at)
        house.rows.past.append(replace(past, ended_at=at + timedelta(hours=1)))


def test_what_staff_change_again_and_again_is_offered_once(house: Fitted) -> None:
    habitual(house)
    (found,) = house.ask("GET", "/api/v1/suggestions", role="manager").json()
    assert (found["id"], found["profile"], found["trims"], found["sessions"]) == ("spa--swedish", "spa/swedish", {"light": 5.0}, 6)
    assert house.ask("POST", "/api/v1/suggestions/spa--swedish", {"answer": "decline"}, role="manager").status_code == 200
    assert house.ask("GET", "/api/v1/suggestions", role="manager").json() == []
    house.ask("POST", "/api/v1/suggestions/spa--swedish", {"answer": "ask"}, role="manager")
    assert len(house.ask("GET", "/api/v1/suggestions", role="manager").json()) == 1
    assert house.ask("POST", "/api/v1/suggestions/nothing", {"answer": "decline"}, role="manager").status_code == 422


def test_four_sessions_are_no_habit(house: Fitted) -> None:
    habitual(house, 4)
    assert house.ask("GET", "/api/v1/suggestions", role="manager").json() == []


def test_a_demonstration_has_no_file_to_change() -> None:
    house = House().open()
    assert "ambiance run" in house.ask("GET", "/api/v1/settings", role="manager").json()["detail"]
    assert house.ask("GET", "/api/v1/menu").status_code == 409


def test_a_thing_that_was_found_is_tried_as_it_would_be_written_and_only_by_who_fits_the_house(house: Fitted) -> None:
    def tried(device: dict[str, Any], room: str = "nova", role: str = "manager") -> Any:
        return house.ask("POST", "/api/v1/devices/found/test", {"room": room, "device": device}, role=role)

    before = house.file.read_bytes()
    plug = {"id": "oil", "kind": "diffuser", "dialect": "tasmota", "topic": "plug-9"}
    for role in ("desk", "therapist", "integration", "room"):
        assert tried(plug, role=role).status_code == 403
    assert tried(plug).status_code == 409  # the doors of this house speak to no broker
    assert tried(plug, room="lavender").status_code == 409
    assert tried({**plug, "dialect": "wled"}).json()["errors"][0]["path"].startswith("device.")
    assert tried({**plug, "id": "diffuser"}, room="lavender").json()["errors"][0]["path"] == "device.id"
    assert tried({**plug, "id": "../x"}).status_code == 422
    assert tried({"id": [1], "kind": {"a": "b"}}).status_code == 422
    assert tried(plug, room="A B").status_code == 422
    assert house.file.read_bytes() == before
    assert [each.name for each in house.file.parent.iterdir() if "config" in each.name] == ["config.yaml"]
    house.file.write_text("rooms: [5]\n", encoding="utf-8")
    assert tried(plug).status_code in (409, 422), "a file that somebody broke meanwhile is no fault of ours"


def test_what_is_written_is_played_at_once_where_it_can_be(tmp_path: Path) -> None:
    played: list[Site] = []

    async def adopt(site: Site) -> tuple[str, ...]:
        played.append(site)
        return () if "rose" in site.by_id else ("rose",)  # somebody is in it

    house = Fitted(tmp_path, adopt)
    done = house.change({"rooms.lavender.name": "Lavendel"}).json()
    assert (done["applies"], played[-1].by_id["lavender"].name) == ("at once", "Lavendel")
    assert not house.ask("GET", "/api/v1/settings", role="manager").json()["restart_needed"]
    by_hand = house.file.read_text(encoding="utf-8").replace("homeassistant: { enabled: false", "homeassistant: { enabled: true")
    house.file.write_text(by_hand, encoding="utf-8")
    assert house.change({"site.name": "Hafen"}).json()["applies"] == "at once"
    assert house.change({"rooms.rose": None}).json()["applies"] == "when the controller starts again"
    said = house.ask("GET", "/api/v1/settings", role="manager").json()
    assert (said["restart_needed"], said["restart_for"]) == (True, ["homeassistant", "rooms.rose"])
    assert house.change({"rooms.lavender.name": "Laventeli"}).json()["applies"] == "at once"
    assert played[-1].by_id["lavender"].name == "Laventeli"
    assert house.ask("GET", "/api/v1/settings", role="manager").json()["restart_for"] == ["homeassistant", "rooms.rose"]


def test_pages_are_for_who_may_use_them(house: Fitted) -> None:
    staffed(house)
    assert Browser(house).open("/settings").headers["location"] == "/login?next=/settings"
    for name, role, shown in (("Mira", "admin", True), ("Ben", "manager", False)):
        browser = Browser(house)
        browser.sign_in(name)
        page = browser.open("/settings").text
        assert ('href="/settings/staff"' in page) is shown, role
        assert browser.open("/settings/staff").status_code == (200 if shown else 404)
        assert browser.open("/settings/nothing").status_code == 404
        assert "style=" not in page
        assert browser.open("/setup").status_code == 200
    desk = Browser(house)
    desk.sign_in("Ida")
    assert desk.open("/settings").headers["location"] == "/account"


def test_the_broker_is_looked_round_on_by_who_fits_the_house(house: Fitted) -> None:
    assert house.ask("POST", "/api/v1/devices/found", {"seconds": 1}, role="desk").status_code == 403
    assert house.ask("POST", "/api/v1/devices/found", {"seconds": 999}, role="manager").status_code == 422
    assert house.ask("POST", "/api/v1/devices/found", {"seconds": 1}, role="manager").status_code == 409
