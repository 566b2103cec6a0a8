"""From a house without a single room to one that plays, with nothing but a browser; then its settings: real program, real broker."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ambiance.config import load_config
from tests.brokers import Mosquitto
from tests.journeys.house import COVE, DIFFUSER, LAMP, ROOT, SPEAKER, House, SiteTime, room_of, until
from tests.journeys.screens import PHONE, Screen, chromium, shot
from tests.journeys.twins import Twins

PIN = "482915"
PICTURES = os.environ.get("AMBIANCE_TEST_PICTURES")
"""A folder for pictures of what is seen on the way, for whoever wants to look."""


@dataclass
class Bare:
    """A house with a broker, devices that nobody wrote down, and a browser."""

    house: House
    browser: Browser
    screen: Screen
    twins: Twins

    @property
    def page(self) -> Page:
        return self.screen.page

    def link(self) -> str:
        """The one-time link in the operator's log."""

        def said() -> str | None:
            lines = (line for line in self.house.logged().splitlines() if "nobody_has_an_account_yet" in line)
            return next((str(json.loads(line)["open"]) for line in lines), None)

        return until(said, what="the link")

    def look(self, name: str) -> None:
        """axe finds nothing, nothing is cut off, the policy stopped nothing."""
        assert self.screen.violations() == [], name
        assert not self.screen.overflows()[0], f"{name} is wider than its screen"
        if PICTURES:
            shot(self.screen, Path(PICTURES), name)

    def go(self, path: str) -> None:
        self.screen.go(path)
        expect(self.page.locator("#content > :first-child")).not_to_have_text(re.compile("Asking the controller"))

    def says(self, words: str) -> None:
        expect(self.page.locator("#toast")).to_contain_text(words)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    folder = tmp_path_factory.mktemp("bare")
    # What hangs on the walls, as nobody has written it down yet.
    walls = [room_of("lavender", LAMP, COVE, SPEAKER, DIFFUSER), room_of("rose", LAMP, SPEAKER)]
    known = House(folder / "walls", "embedded: true", *walls).config.site.rooms
    with Mosquitto(folder / "mosquitto") as broker:
        house = House(folder / "house", f"url: {broker.url}")
        shutil.copytree(ROOT / "profiles", folder / "house" / "profiles")
        text = house.file.read_text().replace(f"profiles: {ROOT / 'profiles'}", "profiles: profiles # the house's own")
        house.file.write_text(text[: text.index("rooms:")] + "rooms: [] # the assistant adds the first\n")
        with Twins(house.topics, known, broker.url, SiteTime()) as twins, house, chromium() as browser:
            screen = Screen.opened(house, browser)
            yield Bare(house, browser, screen, twins)
            screen.context.close()


def test_first_run_from_nothing_to_a_room_that_plays(bare: Bare) -> None:
    page = bare.page
    page.goto(bare.link())
    page.get_by_label("Name").fill("Mira")
    page.get_by_label("PIN", exact=False).first.fill(PIN)
    page.get_by_label("The same PIN again").fill(PIN)
    page.get_by_role("button", name="Make the account").click()

    # The room has a name.
    expect(page.get_by_role("heading", name="Your first room")).to_be_visible()
    page.get_by_label("Name of the room").fill("Quiet Room")
    page.get_by_label("Where it is").fill("Ground floor")
    bare.look("setup-1-room")
    page.get_by_role("button", name="Next").click()

    # Devices that say they are in a room of another name are offered, and so is the way back.
    expect(page.locator("[data-claim=lavender]")).to_contain_text("lavender: 4")
    expect(page.locator("[data-claim=rose]")).to_contain_text("rose: 2")
    expect(page.get_by_text("Nothing was heard that is free or says that it is in Quiet Room")).to_be_visible()
    bare.look("setup-1-claimed")
    page.locator("[data-claim=rose]").get_by_role("button", name="That is Quiet Room").click()
    expect(page.locator("[data-found]")).to_have_count(2)
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Name of the room")).to_have_value("Quiet Room")
    page.get_by_label("Name of the room").fill("Lavender")
    page.get_by_role("button", name="Next").click()

    # What speaks there is found.
    expect(page.get_by_role("checkbox", name="lavender/ceiling")).to_be_checked()
    expect(page.locator("[data-found]")).to_have_count(4)
    bare.look("setup-2-devices")

    # Which one just brightened? It is asked before anything is written down, and the lamp is left as it was.
    found = page.locator("[data-found='lavender/ceiling']")
    was = bare.twins.actual("lavender", "ceiling")
    found.get_by_role("button", name="Let it brighten").click()
    expect(found.get_by_role("status")).to_contain_text("Was it in Lavender?", timeout=30_000)
    until(lambda: bare.twins.actual("lavender", "ceiling") == was, what="the lamp as it was")
    puff = page.locator("[data-found='lavender/diffuser']")
    puff.get_by_role("button", name="Puff for 5 s").click()
    expect(puff.get_by_role("status")).to_contain_text("Was it in Lavender?", timeout=30_000)
    assert bare.twins.actual("lavender", "diffuser")["on"] is False
    assert load_config(bare.house.file, {}).site.rooms == ()
    bare.look("setup-2-shown")
    for each in page.get_by_role("checkbox").all():
        each.uncheck()
    for _ in range(2):
        page.get_by_role("button", name="These are in the room").click()
        expect(page.get_by_role("alert")).to_have_text("Take at least one device.")
    for each in page.get_by_role("checkbox").all():
        each.check()
    page.get_by_role("button", name="These are in the room").click()

    # The controller plays it at once, and each device shows which it is.
    expect(page.get_by_role("heading", name="Which one just brightened?")).to_be_visible(timeout=40_000)
    assert load_config(bare.house.file, {}).site.by_id["lavender"].full_light_lux == 300
    cove = page.locator("[data-device=cove]")
    cove.get_by_role("button", name="Let it brighten").click()
    expect(cove.get_by_role("status")).to_contain_text("What was it?", timeout=30_000)
    cove.get_by_role("combobox").select_option("accent")
    diffuser = page.locator("[data-device=diffuser]")
    diffuser.get_by_role("button", name="Puff for 5 s").click()
    expect(diffuser.get_by_role("status")).to_contain_text("It did as it was told", timeout=30_000)
    page.get_by_label("One lamp here has a switch of its own").check()
    bare.look("setup-3-which")
    page.get_by_role("button", name="Next").click()

    # Light by eye: 60 %, 6 % or so, and the least.
    expect(page.get_by_text("As for talking", exact=True)).to_be_visible()
    brighter = page.get_by_role("button", name="Brighter")
    brighter.click()
    brighter.click()
    expect(page.get_by_role("status").filter(has_text="Is it right?")).to_be_visible(timeout=30_000)
    bare.look("setup-4-light")
    page.get_by_role("button", name="So it is").click()
    asked = page.get_by_role("status").filter(has_text="As for massage")
    expect(asked).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("button", name="So it is")).to_be_focused()
    page.get_by_role("button", name="So it is").click()
    expect(page.get_by_role("group", name="As for massage")).to_be_visible()
    page.get_by_role("button", name="So it is").click()
    expect(page.get_by_text("As dim as it may ever be")).to_be_visible()
    page.get_by_role("button", name="So it is").click()

    # Sound by ear.
    expect(page.get_by_text("As for talking over")).to_be_visible()
    bare.look("setup-5-sound")
    for _ in range(3):
        page.get_by_role("button", name="So it is").click()

    # What is done here, and the room is ready.
    expect(page.get_by_role("heading", name="What is done here?")).to_be_visible()
    page.get_by_label("Usual treatment 1").select_option("spa/swedish")
    bare.look("setup-6-treatments")
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="Lavender is ready")).to_be_visible(timeout=40_000)
    bare.look("setup-7-ready")
    room = load_config(bare.house.file, {}).site.by_id["lavender"]
    assert [(d.id, d.role) for d in room.of("light")] == [("ceiling", "ambient"), ("cove", "accent")]
    assert 240 < room.full_light_lux < 310
    assert room.full_volume_dba == pytest.approx(70, abs=1)
    assert (room.usual, room.hand_light, room.by_id["ceiling"].lowest) == (("spa/swedish",), True, 1.5)
    assert "# the house's own" in bare.house.file.read_text()

    # All that without a start of the controller.
    assert starts(bare) == 1

    # It plays.
    bare.page.get_by_role("link", name="To the front desk").click()
    lane = bare.screen.lane("lavender")
    lane.get_by_role("button", name="Start, Lavender").click()
    page.get_by_role("dialog").get_by_role("button", name="Start", exact=True).click()
    expect(lane.locator(".state")).to_contain_text("In use until")


def starts(bare: Bare) -> int:
    """How often the controller has started."""
    return sum("controller_running" in line for line in bare.house.logged().splitlines())


def state(bare: Bare) -> dict[str, Any]:
    with bare.house.client() as client:
        return dict(client.room("lavender"))


def test_another_name_is_in_force_at_once_and_a_treatment_goes_on(bare: Bare) -> None:
    before, started = state(bare), starts(bare)
    assert before["state"] == "in_session"
    bare.go("/settings")
    bare.page.get_by_label("Name of the house").fill("Hafen Spa")
    bare.page.locator("section").filter(has_text="Its name").get_by_role("button", name="Keep").click()
    bare.says("Kept, and in force")
    expect(bare.page.get_by_role("banner")).to_contain_text("Hafen Spa")
    expect(bare.page.get_by_role("button", name="Start it again now")).to_have_count(0)
    assert (state(bare)["session"], starts(bare)) == (before["session"], started)


def test_what_waits_for_a_start_says_why_and_the_controller_begins_again_within_seconds_while_a_treatment_goes_on(bare: Bare) -> None:
    before, pid, started = state(bare), bare.house.pid, starts(bare)
    file = bare.house.file
    file.write_text(file.read_text(encoding="utf-8") + "homeassistant: { enabled: true }\n", encoding="utf-8")
    bare.go("/settings")
    expect(bare.page.locator("#notice")).to_contain_text("Home Assistant")
    bare.look("settings-waits")
    bare.page.get_by_role("button", name="Start it again now").click()
    expect(bare.page.locator("#notice")).to_be_empty(timeout=40_000)
    after = state(bare)
    assert (after["session"], after["state"]) == (before["session"], "in_session")
    assert os.path.exists(f"/proc/{pid}")
    assert until(lambda: starts(bare) == started + 1, what="the start")
    bare.look("settings-house")


def test_a_second_room_is_like_the_first(bare: Bare) -> None:
    page, started = bare.page, starts(bare)
    desk = Screen.opened(bare.house, bare.browser, storage_state=bare.screen.context.storage_state())
    desk.go("/")
    expect(desk.lane("lavender")).to_be_visible()
    bare.go("/settings/rooms")
    expect(page.get_by_label("Name of the room")).to_be_visible()
    page.get_by_role("link", name="Another like this").click()
    expect(page.get_by_label("Like another room")).to_have_value("lavender")
    page.get_by_label("Name of the room").fill("Rose")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("[data-found]")).to_have_count(2)
    page.get_by_role("button", name="These are in the room").click()
    expect(page.get_by_role("heading", name="Which one just brightened?")).to_be_visible(timeout=40_000)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Skip").click()
    expect(page.get_by_role("heading", name="Sound, by ear")).to_be_visible()
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("heading", name="Rose is ready")).to_be_visible(timeout=40_000)
    rooms = load_config(bare.house.file, {}).site.by_id
    first, second = rooms["lavender"], rooms["rose"]
    assert (second.full_light_lux, second.full_volume_dba, second.usual) == (first.full_light_lux, first.full_volume_dba, first.usual)
    assert second.by_id["ceiling"].lowest == first.by_id["ceiling"].lowest
    assert (state(bare)["state"], starts(bare)) == ("in_session", started)
    expect(desk.lane("rose")).to_contain_text("Rose")
    desk.context.close()


def test_the_pin_is_asked_again_in_place_and_what_was_meant_is_done(bare: Bare) -> None:
    page = bare.page
    bare.go("/settings")
    refused = json.dumps({"type": "pin-needed", "status": 403, "title": "Pin needed", "detail": "this needs your PIN again"})
    page.route(
        "**/api/v1/settings",
        lambda route: route.fulfill(status=403, content_type="application/problem+json", body=refused)
        if route.request.method == "POST"
        else route.continue_(),
    )
    page.get_by_label("Name of the house").fill("Kleines Spa")
    page.locator("section").filter(has_text="Its name").get_by_role("button", name="Keep").click()
    asked = page.get_by_role("dialog", name="Your PIN once more")
    asked.get_by_label("PIN").fill("111222")
    asked.get_by_role("button", name="Go on").click()
    expect(asked.get_by_role("alert")).to_contain_text("not your PIN")
    bare.look("settings-pin")
    page.unroute("**/api/v1/settings")
    asked.get_by_label("PIN").fill(PIN)
    asked.get_by_role("button", name="Go on").click()
    bare.says("Kept")
    assert load_config(bare.house.file, {}).site.name == "Kleines Spa"
    page.locator("#toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Name of the house")).to_have_value("Hafen Spa")


def test_a_habit_of_staff_is_offered_once_and_becomes_ours(bare: Bare) -> None:
    page = bare.page
    habit: dict[str, Any] = {"id": "spa--swedish", "profile": "spa/swedish", "name": "Swedish massage", "minutes": 60}
    habit |= {"trims": {"light": 5.0}, "sessions": 12, "changed": 9}
    page.route("**/api/v1/suggestions", lambda route: route.fulfill(json=[habit]))
    bare.go("/settings/menu")
    offered = page.locator("[data-suggestion]")
    expect(offered).to_contain_text("In 9 of 12 sessions staff made it 5 L* brighter")
    expect(offered.locator("svg")).to_have_count(2)
    bare.look("settings-suggestion")
    page.unroute("**/api/v1/suggestions")
    offered.get_by_role("button", name="Make it ours").click()
    expect(page.locator("[data-item=our-swedish-massage]")).to_contain_text("5 L* brighter")
    expect(offered).to_have_count(0)
    page.locator("#toast").get_by_role("button", name="Undo").click()
    expect(page.locator("[data-item=our-swedish-massage]")).to_have_count(0)


def test_a_refusal_keeps_what_was_typed_and_says_where(bare: Bare) -> None:
    bare.go("/settings")
    loudest = bare.page.get_by_label("Loudest music")
    loudest.fill("80")
    bare.page.locator("section").filter(has_text="What no treatment").get_by_role("button", name="Keep").click()
    expect(loudest).to_have_attribute("aria-invalid", "true")
    expect(loudest).to_be_focused()
    expect(loudest).to_have_value("80")
    expect(bare.page.get_by_text("30 to 60 dBA").last).to_be_visible()
    bare.look("settings-refused")


def test_evenings_a_rooms_own_limits_and_names_of_music_have_their_pages(bare: Bare) -> None:
    page, started = bare.page, starts(bare)
    bare.go("/settings")
    page.get_by_label("Rooms have evenings").select_option("true")
    page.get_by_label("Evening begins at").fill("17:30")
    page.locator("section").filter(has_text="Gentler light").get_by_role("button", name="Keep").click()
    bare.says("Kept, and in force")
    evening = load_config(bare.house.file, {}).site.evening
    assert (evening.enabled, evening.since, evening.until) == (True, time(17, 30), time(4))
    expect(page.get_by_label("Evening begins at")).to_have_value("17:30")

    bare.go("/settings/rooms")
    rose = page.locator("details.fold").filter(has=page.get_by_role("heading", name="Rose"))
    expect(page.get_by_role("textbox")).to_have_count(0)
    bare.look("settings-rooms-folded")
    rose.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name of the room")).to_have_count(2)
    expect(page.get_by_role("textbox", name="Name of the room")).to_have_count(1)
    rose.get_by_text("Limits of its own").click()
    loudest = rose.get_by_label("Loudest music")
    loudest.fill("70")
    rose.locator("details").filter(has_text="Limits of its own").get_by_role("button", name="Keep").click()
    expect(loudest).to_have_attribute("aria-invalid", "true")
    loudest.fill("50")
    bare.look("settings-room-limits")
    rose.locator("details").filter(has_text="Limits of its own").get_by_role("button", name="Keep").click()
    bare.says("Kept, and in force")
    room = load_config(bare.house.file, {}).site.by_id["rose"]
    assert room.limits is not None
    assert room.limits.sound_max_dba == 50
    # What was open is open still, and whoever pressed Keep stands on it.
    expect(rose.locator("details").filter(has_text="Limits of its own").get_by_role("button", name="Keep")).to_be_focused()
    expect(page.get_by_role("textbox", name="Name of the room")).to_have_count(1)
    expect(rose.get_by_text("Limits of its own (1)")).to_be_visible()
    page.locator("#toast").get_by_role("button", name="Undo").click()
    expect(rose.get_by_text("Limits of its own (0)")).to_be_visible()

    bare.go("/settings/music")
    expect(page.get_by_text("nothing to name")).to_be_visible()
    page.get_by_role("button", name="Add a folder").click()
    page.get_by_label("Folder", exact=True).fill("calm/piano")
    page.get_by_label("By what right").select_option("royalty_free")
    page.get_by_label("Proof").fill("invoice 2026-114")
    page.get_by_label("What is in it").fill("piano, no voices!")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_label("What is in it")).to_have_accessible_description(re.compile("tags such as piano or nature"))
    page.get_by_label("What is in it").fill("Piano, ambient")
    page.get_by_label("Slowest").fill("55")
    page.get_by_label("Fastest").fill("72")
    bare.look("settings-folder")
    page.get_by_role("button", name="Keep", exact=True).click()
    bare.says("Kept.")
    (folder,) = load_config(bare.house.file, {}).site.music.folders
    assert (folder.path, folder.style, folder.licence, folder.tags, folder.bpm) == (
        "calm/piano", "calm", "royalty_free", ("piano", "ambient"), (55, 72)
    )  # fmt: skip
    line = page.locator("[data-folder='calm/piano']")
    expect(line).to_contain_text("royalty-free: invoice 2026-114")
    line.get_by_role("button", name="Change").click()
    page.get_by_label("Style").select_option("deep")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(line).to_contain_text("Deep · 55 to 72 BPM · piano · ambient")
    bare.look("settings-folders")
    line.get_by_role("button", name="Remove").click()
    bare.says("Removed")
    expect(line).to_have_count(0)
    page.locator("#toast").get_by_role("button", name="Undo").click()
    expect(line).to_contain_text("Deep")
    kitchen = {"id": "sonos", "kind": "player", "dialect": "sonos2mqtt", "topic": "kitchen"}
    with bare.house.client() as client:
        version = client._http.get("/api/v1/settings").json()["version"]
        changes = {"rooms.rose.devices.sonos": {key: value for key, value in kitchen.items() if key != "id"}}
        assert client._http.post("/api/v1/settings", json={"version": version, "changes": changes}).json()["applies"] == "at once"
    bare.go("/settings/music")
    page.get_by_label("Calm").fill("sonos:playlist:7\nsonos:playlist:8")
    page.get_by_label("Deep").fill("not an address")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_label("Deep")).to_be_focused()
    expect(page.get_by_label("Deep")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Deep")).to_have_accessible_description(re.compile("an address it can play"))
    expect(page.get_by_label("Deep")).to_have_value("not an address")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_label("Deep").fill("")
    bare.look("settings-music")
    page.get_by_role("button", name="Keep").click()
    bare.says("Kept, and in force")
    assert load_config(bare.house.file, {}).site.music.names == {"calm": {"sonos2mqtt": "sonos:playlist:7\nsonos:playlist:8"}}
    assert "# the house's own" in bare.house.file.read_text()
    assert starts(bare) == started


def test_the_menu_is_changed_seen_at_the_desk_at_once_and_undone(bare: Bare) -> None:
    page = bare.page
    bare.go("/settings/menu")
    expect(page.locator("[data-item=harbour-calm] svg")).to_be_visible()
    bare.look("settings-menu")
    page.get_by_role("button", name="Add to the menu").click()
    page.get_by_label("Name", exact=True).fill("Abendruhe")
    page.get_by_label("Treatment").select_option("spa/swedish")
    page.get_by_label("Light", exact=True).fill("-6")
    expect(page.locator(".editor svg")).to_be_visible()
    bare.look("settings-menu-editor")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("[data-item=abendruhe]")).to_contain_text("6 L* dimmer")
    with bare.house.client() as client:
        assert "menu/abendruhe" in [profile["id"] for profile in client.profiles()]
        # What is removed goes at once, and one touch brings it back as it was.
        remove = page.get_by_role("button", name=re.compile("Remove.*Abendruhe"))
        remove.click()
        bare.says("Removed")
        expect(page.locator("[data-item=abendruhe]")).to_have_count(0)
        page.locator("#toast").get_by_role("button", name="Undo").click()
        expect(page.locator("[data-item=abendruhe]")).to_contain_text("6 L* dimmer")
        remove.click()
        expect(page.locator("[data-item=abendruhe]")).to_have_count(0)
        assert "menu/abendruhe" not in [profile["id"] for profile in client.profiles()]


def test_every_treatment_can_be_looked_at(bare: Bare) -> None:
    bare.go("/settings/library")
    bare.page.get_by_label("Find a treatment").fill("hot stone")
    bare.page.locator("details:visible summary").first.click()
    expect(bare.page.locator("details[open] svg")).to_be_visible()
    bare.look("settings-library")


def test_a_tablet_is_paired_and_revoked_from_the_page(bare: Bare) -> None:
    page = bare.page
    bare.go("/settings/screens")
    expect(page.get_by_text("No screen is paired yet")).to_be_visible()
    page.get_by_label("It becomes").select_option("lavender")
    page.get_by_label("What it is called").fill("By the door")
    page.get_by_role("button", name="Show a code").click()
    code = page.locator(".code").inner_text()
    bare.look("settings-pair")
    tablet = Screen.opened(bare.house, bare.browser)
    tablet.go(f"/pair/{code}").page.get_by_role("button", name="Pair").click()
    tablet.page.wait_for_url("**/room/lavender")
    line = page.locator(".line").filter(has_text="By the door")
    expect(line).to_be_visible()
    line.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("No screen is paired yet")).to_be_visible()
    tablet.page.goto(f"{bare.house.url}/room/lavender")
    expect(tablet.page).to_have_url(re.compile("/pair$"))
    tablet.context.close()


def test_staff_tokens_drills_and_the_log(bare: Bare) -> None:
    page = bare.page
    bare.go("/settings/staff")
    page.get_by_label("Name", exact=True).fill("<b>Ida</b>")
    page.get_by_label("First PIN").fill("123456")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("<b>Ida</b>")
    expect(page.get_by_label("First PIN")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("First PIN").fill("730264")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".line b").filter(has_text="<b>Ida</b>")).to_be_visible()
    bare.look("settings-staff")
    bare.go("/settings/tokens")
    page.get_by_label("For which program").fill("booking")
    page.get_by_role("button", name="Make a token").click()
    secret = page.locator(".secret code").inner_text()
    assert len(secret) > 20
    bare.look("settings-tokens")
    page.get_by_role("button", name="I have it").click()
    expect(page.locator(".line b").filter(has_text="booking")).to_be_visible()
    assert secret not in page.content()
    bare.go("/settings/drills")
    drill = page.locator("[data-drill=fire]")
    drill.get_by_role("button", name="Begin a drill").click()
    expect(drill).to_contain_text("runs until")
    drill.get_by_role("button", name="It arrived").click()
    expect(drill).to_contain_text("administrator")
    bare.look("settings-drills")
    bare.go("/settings/audit")
    expect(page.locator(".entry").filter(has_text="Mira: made a token").first).to_be_visible()
    # Which settings were changed is said once, with what they were.
    name = page.locator(".entry").filter(has_text="site.name: Hafen Spa → Kleines Spa")
    expect(name.locator(".what > span")).to_have_text("Mira: changed settings")
    bare.look("settings-audit")


@pytest.mark.parametrize("section", ["", "/rooms", "/menu", "/music", "/library", "/staff", "/screens", "/tokens", "/drills", "/audit"])
def test_every_section_on_a_phone_in_the_dark_in_german_at_twice_the_size(bare: Bare, section: str) -> None:
    state = bare.screen.context.storage_state()
    for size, zoomed in ((PHONE, False), ((640, 450), True)):
        phone = Screen.opened(bare.house, bare.browser, size=size, dark=True, language="de-DE", storage_state=state)
        with phone.page.expect_response("**/api/v1/**"):
            phone.go(f"/settings{section}")
        expect(phone.page.locator("#content > :first-child")).not_to_have_text(re.compile("Die Steuerung wird gefragt"))
        if section == "/menu":
            # A ribbon is as wide as its place, so that its words keep the size of words.
            drawn = phone.page.locator("[data-item=harbour-calm] svg")
            expect(drawn).to_be_visible()
            assert drawn.evaluate("(svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width") > 0.95
        if section == "/audit":
            expect(phone.page.locator(".entry").filter(has_text="Link für das erste Konto: jemanden hinzugefügt (Mira)")).to_be_visible()
        assert phone.violations() == []
        assert not phone.overflows()[0]
        assert phone.complaints == []
        small = phone.page.evaluate(
            """[...document.querySelectorAll('button, select, .button, nav a, input:not([type=checkbox])')]
            .filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 44 && !node.closest('.skip'))
            .map((node) => node.outerHTML.slice(0, 80))"""
        )
        assert small == []
        if PICTURES and not zoomed:
            shot(phone, Path(PICTURES), f"phone{section.replace('/', '-')}")
        phone.context.close()


def test_the_section_one_is_in_and_a_chosen_length_stand_out_where_the_system_says_the_colours(bare: Bare) -> None:
    state = bare.screen.context.storage_state()
    forced = Screen.opened(bare.house, bare.browser, storage_state=state, forced_colors="active")
    page = forced.go("/settings/library").page
    page.locator("details:visible summary").first.click()
    expect(page.locator("details[open] svg")).to_have_css("forced-color-adjust", "none")
    expect(page.locator("details[open] button[aria-pressed=true]")).to_have_css("border-top-width", "4px")
    bars = page.locator(".sections a").evaluate_all("(links) => links.map((link) => getComputedStyle(link).borderLeftColor)")
    assert len(set(bars)) == 2 and bars.count(bars[4]) == 1, bars
    forced.context.close()


def test_a_refused_pin_is_explained_in_german(bare: Bare) -> None:
    german = Screen.opened(bare.house, bare.browser, language="de-DE", storage_state=bare.screen.context.storage_state())
    page = german.go("/settings/staff").page
    page.get_by_label("Name", exact=True).fill("Eva")
    pin = page.get_by_label("Erste PIN")
    pin.fill("123456")
    page.get_by_role("button", name="Hinzufügen").click()
    expect(pin).to_have_accessible_description(re.compile("eine der ersten, die jemand versucht · 6 bis 64 Ziffern oder Zeichen, "))
    expect(pin).to_be_focused()
    assert page.locator(".fault[lang=en]").count() == 0
    german.context.close()


def test_the_sections_take_one_row_of_a_phone_and_lie_open_at_a_touch(bare: Bare) -> None:
    phone = Screen.opened(bare.house, bare.browser, size=PHONE, language="de-DE", storage_state=bare.screen.context.storage_state())
    page = phone.go("/settings/menu").page
    sections = page.get_by_role("navigation", name="Einstellungen")
    assert sections.evaluate("(nav) => nav.getBoundingClientRect().height") < 60
    sections.get_by_role("button", name="Einstellungen").click()
    expect(sections.get_by_role("link")).to_have_count(10)
    expect(sections.get_by_role("link", name="Wer was getan hat")).to_be_in_viewport()
    assert phone.violations() == []
    if PICTURES:
        shot(phone, Path(PICTURES), "phone-sections")
    page.keyboard.press("Escape")
    expect(sections.get_by_role("link")).to_have_count(0)
    sections.get_by_role("button", name="Einstellungen").click()
    sections.get_by_role("link", name="Räume").click()
    expect(page.get_by_role("heading", level=1, name="Räume")).to_be_visible()
    phone.context.close()


def test_levels_are_asked_in_german_on_a_phone_with_german_figures(bare: Bare) -> None:
    phone = Screen.opened(bare.house, bare.browser, size=PHONE, language="de-DE", storage_state=bare.screen.context.storage_state())
    page = phone.go("/setup?room=rose").page
    page.get_by_role("button", name="Weiter", exact=True).click()
    for question in ("So hell wie zum Reden", "Wie zur Massage", "So dunkel, wie es je sein darf"):
        expect(page.get_by_role("group", name=question)).to_be_visible()
        assert not phone.overflows()[0]
        if not question.startswith("So dunkel"):
            page.get_by_role("button", name="So ist es").click()
    expect(page.locator("output")).to_have_text("1,5 %")
    assert phone.violations() == []
    page.get_by_role("button", name="Überspringen").click()
    expect(page.get_by_role("heading", name="Klang, nach Gehör")).to_be_visible()
    phone.context.close()


def test_nothing_was_complained_of_on_the_way(bare: Bare) -> None:
    expected = re.compile(r"status of (4\d\d|503)|ERR_(CONNECTION|EMPTY|INCOMPLETE)")
    assert [each for each in bare.screen.complaints if not expected.search(each)] == []
