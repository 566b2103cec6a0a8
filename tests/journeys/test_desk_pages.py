"""The front desk in a real browser, against a controller with a real broker and simulated rooms."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.brokers import Mosquitto
from tests.journeys.house import COVE, DIFFUSER, LAMP, SPEAKER, House, Nursery, SiteTime, room_of, until
from tests.journeys.screens import DESK, PHONE, Screen, chromium
from tests.journeys.twins import Twins

WELL = (LAMP, COVE, SPEAKER, DIFFUSER)
WICKED = "<img src=x onerror=alert(1)>"


@dataclass
class Spa:
    """A house with its browser; every test takes a room of its own."""

    house: House
    browser: Browser

    def desk(self, **more: Any) -> Screen:
        return Screen.opened(self.house, self.browser, **more).pair().go("/")

    def room(self, id: str) -> dict[str, Any]:
        with self.house.client() as client:
            return dict(client.room(id))


def _in(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


@pytest.fixture(scope="module")
def spa(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[Spa]:
    folder, time = tmp_path_factory.mktemp("spa"), SiteTime(1.0)
    rooms = [
        room_of("lavender", *WELL, usual=["spa/swedish", "menu/harbour-calm"], borders="hands"),
        room_of("rose", *WELL, usual=["spa/swedish"]),
        room_of("cedar", *WELL, usual=["spa/swedish"]),
        room_of("linden", *WELL, usual=["spa/swedish"]),
        room_of("moss", *WELL, usual=["spa/swedish"]),
        room_of("wicked", *WELL).replace("name: Wicked", f"name: '{WICKED}'"),
    ]
    with Mosquitto(folder / "mosquitto") as broker:
        house = House(folder, f"url: {broker.url}", *rooms, nursery=nursery, time=time)
        with Twins(house.topics, house.config.site.rooms, broker.url, time), house, chromium() as browser:
            yield Spa(house, browser)


def test_the_usual_treatment_starts_in_two_taps(spa: Spa) -> None:
    desk = spa.desk()
    desk.lane("rose").get_by_role("button", name="Start, Rose").click()
    sheet = desk.page.get_by_role("dialog")
    expect(sheet.get_by_role("radio", name="Swedish massage")).to_be_checked()
    expect(sheet.locator("svg.ribbon")).to_be_visible()
    sheet.get_by_role("button", name="Start", exact=True).click()
    expect(desk.lane("rose").locator(".state")).to_contain_text("In use until")
    expect(desk.lane("rose").locator(".slot svg")).to_have_count(1)
    assert spa.room("rose")["state"] == "in_session"
    assert desk.complaints == []


def test_the_usual_treatment_starts_in_four_keystrokes(spa: Spa) -> None:
    desk = spa.desk()
    expect(desk.lane("cedar")).to_be_visible()
    desk.lane("cedar").focus()
    desk.page.keyboard.press("s")
    expect(desk.page.get_by_role("dialog").get_by_role("button", name="Start", exact=True)).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(desk.lane("cedar").locator(".state")).to_contain_text("In use until")


def test_what_a_guest_needs_is_offered_in_plain_words_and_holds(spa: Spa) -> None:
    desk = spa.desk()
    desk.lane("linden").get_by_role("button", name="Start, Linden").click()
    sheet = desk.page.get_by_role("dialog")
    sheet.get_by_text("What this guest needs").click()
    sheet.get_by_role("checkbox", name="Never dark").check()
    sheet.get_by_role("checkbox", name="Quieter").check()
    sheet.get_by_role("radio", name="The guest would like it").check()
    assert "ptsd" not in sheet.inner_text().lower()
    sheet.get_by_role("button", name="Start", exact=True).click()
    expect(desk.lane("linden").locator(".state")).to_contain_text("In use until")
    with spa.house.client() as client:
        why = client.why("linden")
    assert why["ceiling"]["brightness"]["value"] > 5


def test_two_desks_see_each_other_and_one_room_is_started_once(spa: Spa) -> None:
    first, second = spa.desk(), spa.desk()
    for desk in (first, second):
        desk.lane("moss").get_by_role("button", name="Start, Moss").click()
        expect(desk.page.get_by_role("dialog").locator("svg.ribbon")).to_be_visible()
    first.page.get_by_role("dialog").get_by_role("button", name="Start", exact=True).click()
    expect(second.lane("moss").locator(".state")).to_contain_text("In use until")
    second.page.get_by_role("dialog").get_by_role("button", name="Start", exact=True).click()
    expect(second.page.get_by_role("dialog").get_by_role("alert")).to_have_text("Moss is taken then. Choose another time, or another room.")
    with spa.house.client() as client:
        assert len([s for s in client.sessions("moss") if s["state"] == "running"]) == 1


def test_a_whole_treatment_from_the_desk(spa: Spa) -> None:
    desk = spa.desk()
    lane = desk.lane("lavender")
    lane.get_by_role("button", name="Start, Lavender").click()
    desk.page.get_by_role("dialog").get_by_role("button", name="Start", exact=True).click()
    expect(lane.locator(".state")).to_contain_text("In use until")
    ends = spa.room("lavender")["ends_at"]
    lane.get_by_role("button", name="Open Lavender").click()
    room = desk.page.get_by_role("dialog")
    expect(room.locator("svg.ribbon")).to_be_visible()
    room.get_by_role("button", name="Not yet, 5 min").click()
    expect(room.locator("[data-part=said]")).to_contain_text("Stays.")
    room.get_by_role("button", name="Go on").click()
    expect(room.locator("[data-part=said]")).to_contain_text("Goes on.")
    room.get_by_role("button", name="Brighter").click()
    expect(lane.locator(".notes")).to_contain_text("light +5")
    room.get_by_role("button", name="10 min longer").click()
    until(lambda: spa.room("lavender")["ends_at"] > ends)
    room.get_by_text("Why is it like this?").click()
    expect(room.get_by_role("cell", name="a hand", exact=True).first).to_be_visible()
    room.get_by_role("button", name="End", exact=True).click()
    expect(lane.locator(".state")).to_contain_text("Guest leaving")
    room.get_by_role("button", name="End", exact=True).click()
    expect(lane.locator(".state")).to_contain_text("Cleaning")
    room.get_by_role("button", name="Close").click()
    lane.get_by_role("button", name="Cleaned, Lavender").click()
    expect(lane.locator(".state")).to_have_text("Ready")
    assert desk.complaints == []


def test_a_cut_line_is_said_and_what_was_missed_is_there_afterwards_without_a_reload(spa: Spa) -> None:
    desk = spa.desk()
    expect(desk.lane("rose")).to_be_visible()
    desk.page.evaluate("window.here = true")
    desk.context.set_offline(True)
    expect(desk.page.locator("#banner")).to_contain_text("Reconnecting")
    with spa.house.client() as client:
        client.adjust("rose", {"light": -5})
    desk.context.set_offline(False)
    expect(desk.page.locator("#banner")).to_be_hidden()
    expect(desk.lane("rose").locator(".notes")).to_contain_text("light -5")
    assert desk.page.evaluate("window.here") is True


def test_a_killed_controller_is_taken_up_again_where_it_was(spa: Spa) -> None:
    desk = spa.desk()
    expect(desk.lane("rose").locator(".state")).to_contain_text("In use until")
    before = desk.lane("rose").locator(".state").inner_text()
    spa.house.kill()
    expect(desk.page.locator("#banner")).to_be_visible()
    spa.house.start().up()
    expect(desk.page.locator("#banner")).to_be_hidden()
    expect(desk.lane("rose").locator(".state")).to_have_text(before)


def test_row_23_a_wicked_name_is_shown_as_text(spa: Spa) -> None:
    desk = spa.desk()
    expect(desk.lane("wicked").locator(".name")).to_have_text(WICKED)
    for path in ("/", "/today", "/account"):
        desk.go(path)
        assert desk.page.locator("img").count() == 0
    desk.go("/")
    desk.lane("wicked").get_by_role("button", name="Start").click()
    expect(desk.page.get_by_role("dialog").locator("h2")).to_have_text(WICKED)
    assert desk.complaints == []


@pytest.mark.parametrize("dark", [False, True], ids=["linen", "evening"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_on_the_desk_and_its_sheets(spa: Spa, size: tuple[int, int], dark: bool) -> None:
    desk = spa.desk(size=size, dark=dark)
    expect(desk.lane("rose")).to_be_visible()
    assert desk.violations() == []
    desk.lane("wicked").get_by_role("button", name="Start").click()
    sheet = desk.page.get_by_role("dialog")
    sheet.get_by_text("What this guest needs").click()
    sheet.get_by_text("Wishes", exact=True).click()
    assert desk.violations() == []
    desk.page.keyboard.press("Escape")
    desk.lane("rose").get_by_role("button", name="Open Rose").click()
    desk.page.get_by_role("dialog").get_by_text("Why is it like this?").click()
    assert desk.violations() == []
    desk.page.keyboard.press("Escape")
    desk.page.get_by_role("button", name="Emergency").click()
    assert desk.violations() == []
    assert desk.overflows()[0] is False


@pytest.mark.parametrize("path", ["/today", "/rehearsal", "/account"])
@pytest.mark.parametrize("dark", [False, True], ids=["linen", "evening"])
def test_axe_finds_nothing_on_the_other_pages(spa: Spa, path: str, dark: bool) -> None:
    desk = spa.desk(dark=dark).go(path)
    assert desk.violations() == []
    assert desk.overflows()[0] is False


def test_the_list_of_the_day_is_printed_in_black_on_white_from_a_dark_screen_too(spa: Spa) -> None:
    desk = spa.desk(dark=True).go("/today")
    desk.page.emulate_media(media="print")
    expect(desk.page.locator("h1")).to_have_css("color", "rgb(0, 0, 0)")
    expect(desk.page.locator("html")).to_have_css("color-scheme", "light")
    expect(desk.page.locator("html")).to_have_css("background-color", "rgb(255, 255, 255)")
    assert desk.violations() == []


def test_where_the_system_says_the_colours_nothing_disappears(spa: Spa) -> None:
    desk = spa.desk(forced_colors="active")
    lane = desk.lane("rose")
    expect(lane).to_be_visible()
    lane.focus()
    desk.page.keyboard.press("ArrowDown")
    assert desk.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    ground = desk.page.evaluate("getComputedStyle(document.body).backgroundColor")
    track = desk.page.evaluate("(node) => getComputedStyle(node, '::after').backgroundColor", lane.locator(".track").element_handle())
    assert track != ground
    desk.lane("wicked").get_by_role("button", name="Start").click()
    sheet = desk.page.get_by_role("dialog")
    expect(sheet.locator("svg.ribbon")).to_have_css("forced-color-adjust", "none")
    edge = "(node) => getComputedStyle(node.nextElementSibling ?? node.parentElement.querySelector('span')).borderTopWidth"
    assert sheet.locator("input[type=radio]:checked").first.evaluate(edge) == "4px"
    assert sheet.locator("input[type=radio]:not(:checked)").first.evaluate(edge) == "1px"


@pytest.mark.parametrize("dark", [False, True], ids=["linen", "evening"])
def test_who_asks_for_more_contrast_gets_ink_for_every_edge(spa: Spa, dark: bool) -> None:
    desk = spa.desk(dark=dark, contrast="more")
    expect(desk.lane("rose")).to_be_visible()
    ink, quiet, edge = desk.page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.querySelector('.state')).color,"
        " getComputedStyle(document.querySelector('.search input')).borderTopColor]"
    )
    assert ink == quiet == edge
    assert desk.violations() == []


def test_everything_is_reached_by_keyboard(spa: Spa) -> None:
    desk = spa.desk()
    expect(desk.lane("rose")).to_be_visible()
    desk.page.keyboard.press("?")
    expect(desk.page.get_by_role("dialog", name="Keys")).to_be_visible()
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("/")
    desk.page.keyboard.type("rose")
    expect(desk.lane("cedar")).to_be_hidden()
    desk.page.keyboard.press("Enter")
    expect(desk.lane("rose")).to_be_focused()
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("dialog").locator("h2")).to_have_text("Rose")
    desk.page.keyboard.press("Escape")
    expect(desk.lane("rose")).to_be_focused()


def test_a_german_desk_speaks_german(spa: Spa) -> None:
    desk = spa.desk(language="de-DE")
    expect(desk.page.get_by_role("button", name="Notfall")).to_be_visible()
    expect(desk.lane("rose").locator(".state")).to_contain_text("Belegt bis")
    assert desk.page.locator("html").get_attribute("lang") == "de"
    with spa.house.client() as client:
        client.adjust("rose", {"music": -3})
    expect(desk.lane("rose").locator(".notes")).to_contain_text("Musik -3")
    expect(desk.lane("rose").locator(".slot svg").first).to_have_attribute("aria-label", re.compile("Minuten: Empfang 5, Ankommen 4"))
    desk.lane("rose").get_by_role("button", name="Rose öffnen").click()
    expect(desk.page.get_by_role("dialog").locator("svg.ribbon")).to_contain_text("erste Seite")


def test_lanes_stand_in_the_order_of_the_house(spa: Spa) -> None:
    desk = spa.desk()
    expect(desk.page.locator("li.lane .name")).to_have_text(["Lavender", "Rose", "Cedar", "Linden", "Moss", WICKED])


def test_a_silent_call_for_help_stands_on_the_desk_and_is_acknowledged_there(spa: Spa) -> None:
    desk = spa.desk()
    lane = desk.lane("cedar")
    expect(desk.page.locator("#board")).to_have_attribute("data-line", "live")
    with spa.house.client() as client:
        before = client.room("cedar")["state"]
        client.emergency("duress", "cedar")
    expect(desk.page.get_by_role("alert")).to_have_text("Call for help: Cedar.")
    expect(lane.locator(".state")).to_have_text("Call for help")
    lane.get_by_role("button", name="Reset, Cedar").click()
    sheet = desk.page.get_by_role("dialog")
    expect(sheet.get_by_label("Where")).to_have_value("cedar")
    sheet.get_by_role("button", name="It is over: reset").click()
    desk.page.keyboard.press("Escape")
    expect(lane.locator(".state")).not_to_contain_text("Call for help")
    assert spa.room("cedar")["state"] == before


def test_a_start_at_a_time_begins_with_the_next_quarter_and_needs_one(spa: Spa) -> None:
    desk = spa.desk(language="en-US")
    desk.lane("wicked").get_by_role("button", name="Start").click()
    sheet = desk.page.get_by_role("dialog")
    time = sheet.get_by_label("Time of the start")
    expect(time).to_have_value(re.compile("^[0-9]{2}:(00|15|30|45)$"))
    sheet.get_by_role("radio", name="At", exact=True).check()
    time.fill("")
    sheet.get_by_role("button", name="Start", exact=True).click()
    expect(sheet.get_by_role("alert")).to_have_text("Say at what time it starts.")
    expect(time).to_be_focused()
    assert spa.room("wicked")["session"] is None


def test_news_of_a_room_takes_neither_the_keyboard_nor_the_way_back_away(spa: Spa) -> None:
    with spa.house.client() as client:
        booked = client.start("wicked", "spa/swedish", minutes=60, care=[], scent=False, start=_in(minutes=90))
    desk = spa.desk()
    desk.lane("wicked").locator(".name").click()
    sheet = desk.page.get_by_role("dialog")
    sheet.get_by_role("button", name="Cancel").click()
    undo = sheet.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    with spa.house.client() as client:
        client.bright("wicked")
    expect(sheet.get_by_role("button", name="Bright now")).to_have_attribute("aria-pressed", "true")
    expect(undo).to_be_focused()
    undo.click()
    expect(sheet.locator("[data-part=said]")).to_have_text("Stays booked.")
    with spa.house.client() as client:
        client.bright("wicked", on=False)
        assert client.session(booked["id"])["state"] == "scheduled"
        client.cancel(booked["id"])


def test_the_words_of_a_course_can_be_read_on_a_phone(spa: Spa) -> None:
    desk = spa.desk(size=PHONE)
    slot = desk.lane("rose").locator(".slot").last
    expect(slot.locator("svg")).to_be_visible()
    lane, name = slot.bounding_box(), slot.locator(".label").bounding_box()
    assert lane is not None and name is not None and name["x"] >= lane["x"] + lane["width"], "no name lies on so low a ribbon"
    desk.lane("rose").locator(".name").click()
    ribbon = desk.page.get_by_role("dialog").locator("svg.ribbon")
    expect(ribbon).to_be_visible()
    shown, drawn = ribbon.bounding_box(), ribbon.get_attribute("width")
    assert shown is not None and drawn is not None and shown["width"] / float(drawn) > 0.9
    assert desk.page.evaluate("document.querySelector('#room').scrollWidth <= document.querySelector('#room').clientWidth")


def test_a_rehearsal_goes_to_the_moment_somebody_chooses(spa: Spa) -> None:
    page = spa.desk().go("/rehearsal?profile=spa/swedish&minutes=60&speed=1").page
    expect(page.locator("#phase")).to_have_text("preparation")
    page.get_by_role("slider", name="Moment of the treatment").fill(str(12 * 60))
    expect(page.locator("#phase")).to_have_text("first side")
    button = page.get_by_role("button", name="Pause").bounding_box()
    assert button is not None and button["y"] + button["height"] <= 900


def test_a_house_without_rooms_says_what_to_do(tmp_path: Path, spa: Spa, nursery: Nursery) -> None:
    with Mosquitto(tmp_path / "mosquitto") as broker:
        house = House(tmp_path, f"url: {broker.url}", nursery=nursery)
        text = house.file.read_text()
        house.file.write_text(text[: text.index("rooms:")] + "rooms: []\n")
        with house:
            desk = Screen.opened(house, spa.browser).pair().go("/")
            expect(desk.page.get_by_text("There is no room yet.")).to_be_visible()
            expect(desk.page.get_by_role("link", name="Set up a room")).to_have_attribute("href", "/setup")


def test_the_first_load_is_light(spa: Spa) -> None:
    desk = spa.desk()
    sizes: list[int] = []
    wire = desk.context.new_cdp_session(desk.page)
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    desk.go("/")
    expect(desk.lane("rose").locator(".state")).not_to_be_empty()
    assert 20_000 < sum(sizes) <= 150_000


def test_a_stranger_is_sent_to_sign_in(spa: Spa) -> None:
    stranger = Screen.opened(spa.house, spa.browser).go("/")
    assert stranger.page.url.startswith(f"{spa.house.url}/login")


def test_forty_rooms_stand_on_a_desk_without_scrolling(spa: Spa, tmp_path: Path, nursery: Nursery) -> None:
    with Mosquitto(tmp_path / "mosquitto") as broker:
        rooms = [room_of(f"room-{number}", LAMP, usual=["spa/swedish"]) for number in range(40)]
        with House(tmp_path, f"url: {broker.url}", *rooms, nursery=nursery) as house:
            desk = Screen.opened(house, spa.browser, DESK).pair().go("/")
            expect(desk.lane("room-39")).to_be_visible()
            high, wide = desk.page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
            assert high <= DESK[1] and wide <= DESK[0]
            last = desk.lane("room-39").bounding_box()
            assert last is not None and last["y"] + last["height"] <= DESK[1]
            # Low as a ribbon is, nothing stands on it: its name is behind it, and ends before the next one begins.
            with house.client() as client:
                client.start("room-0", "spa/swedish", minutes=60, care=[], start="now")
                client.start("room-1", "spa/swedish", minutes=60, care=[], start="now")
                client.start("room-1", "spa/swedish", minutes=60, care=[], start=_in(100))
            alone, first = (desk.lane(id).locator(".slot").first for id in ("room-0", "room-1"))
            expect(desk.lane("room-1").locator(".slot svg")).to_have_count(2)
            expect(alone.locator("svg")).to_be_visible()
            ribbon, name = alone.bounding_box(), alone.locator(".label").bounding_box()
            assert ribbon is not None and name is not None and name["x"] >= ribbon["x"] + ribbon["width"]
            label = first.locator(".label").bounding_box()
            second = desk.lane("room-1").locator(".slot").last.bounding_box()
            assert second is not None and (label is None or label["x"] + label["width"] <= second["x"] + 1)
