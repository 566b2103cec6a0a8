"""The tablet of a room in a real browser: oily hands, a dim room, a line that comes and goes."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.brokers import Mosquitto
from tests.journeys.house import COVE, DIFFUSER, LAMP, SPEAKER, House, Nursery, SiteTime, room_of, until
from tests.journeys.screens import PHONE, TABLET, Screen, chromium
from tests.journeys.test_desk_pages import Spa
from tests.journeys.twins import Twins

WELL = (LAMP, COVE, SPEAKER, DIFFUSER)


@pytest.fixture(scope="module")
def spa(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[Spa]:
    folder, time = tmp_path_factory.mktemp("tablets"), SiteTime(1.0)
    usual = ["spa/swedish", "spa/hot_stone", "menu/harbour-calm"]
    rooms = [room_of(id, *WELL, usual=usual, borders="hands") for id in ("lavender", "rose", "cedar", "linden", "willow")]
    rooms.append(room_of("cabinet", *WELL, "{id: exam, kind: light, role: exam}", setting="clinical", full_light_lux=500,
                         usual=["clinical/swedish"], borders="hands"))  # fmt: skip
    with Mosquitto(folder / "mosquitto") as broker:
        house = House(folder, f"url: {broker.url}", *rooms, nursery=nursery, time=time)
        with Twins(house.topics, house.config.site.rooms, broker.url, time), house, chromium() as browser:
            yield Spa(house, browser)


def tablet(spa: Spa, room: str, size: tuple[int, int] = TABLET, **more: Any) -> Screen:
    screen = Screen.opened(spa.house, spa.browser, size, **more).pair(room).go(f"/room/{room}")
    expect(screen.page.locator("#line")).to_be_empty()
    return screen


def begun(spa: Spa, room: str, **more: Any) -> Screen:
    screen = tablet(spa, room, **more)
    if spa.room(room)["session"] is None:
        screen.page.locator("#begin button").first.click()
    expect(screen.page.locator("#busy")).to_be_visible()
    return screen


def test_a_treatment_from_the_tablet_alone(spa: Spa) -> None:
    page = tablet(spa, "lavender").page
    expect(page.locator("#begin button")).to_have_text(["Swedish massage", "Hot stone massage", "Harbour Calm"])
    page.locator("#begin button").first.click()
    expect(page.locator("#where")).to_have_text("1 of 8")
    expect(page.locator("#left")).to_have_text("60")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#where")).to_have_text("2 of 8")
    page.get_by_role("button", name="Not yet").click()
    expect(page.locator("#said")).to_contain_text("Stays as it is")
    page.get_by_role("button", name="Brighter").click()
    expect(page.locator("#light")).to_have_text("+5")
    expect(page.locator("#held")).to_contain_text("light +5")
    page.get_by_role("button", name="Give back").click()
    expect(page.locator("#held")).to_have_attribute("data-on", "false")
    page.get_by_role("button", name="Bright now").click()
    until(lambda: "bright" in spa.room("lavender")["hands"])
    page.get_by_role("button", name="Bright now").click()
    until(lambda: "bright" not in spa.room("lavender")["hands"])
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_role("button", name="Touch again to finish")).to_be_visible()
    page.get_by_role("button", name="Touch again to finish").click()
    until(lambda: spa.room("lavender")["state"] == "ending")
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("button", name="Touch again to finish").click()
    expect(page.locator("#standing")).to_have_text("Cleaning")


def test_once_the_guest_is_in_nothing_says_what_is_done(spa: Spa) -> None:
    screen = begun(spa, "rose")
    words = screen.page.content().lower()
    for word in ("swedish", "massage", "work1", "deep", "prenatal"):
        assert word not in screen.page.inner_text("body").lower()
    assert "swedish" not in words


def test_the_desk_hears_a_call(spa: Spa) -> None:
    desk, screen = spa.desk(), tablet(spa, "rose")
    screen.page.get_by_role("button", name="Call desk").click()
    expect(desk.page.get_by_role("alert")).to_have_text("Rose calls the desk.")


def test_a_clinic_has_its_examination_light(spa: Spa) -> None:
    page = begun(spa, "cabinet").page
    page.get_by_role("button", name="Exam light").click()
    until(lambda: "exam light" in spa.room("cabinet")["hands"])
    expect(page.get_by_role("button", name="Exam light")).to_have_attribute("aria-pressed", "true")
    assert begun(spa, "rose").page.get_by_role("button", name="Exam light").is_hidden()


def test_a_tap_without_a_line_counts_once_when_the_line_is_back_in_time(spa: Spa) -> None:
    screen = begun(spa, "cedar")
    screen.context.set_offline(True)
    expect(screen.page.locator("#line")).to_contain_text("No connection")
    screen.page.get_by_role("button", name="Brighter").click()
    screen.context.set_offline(False)
    expect(screen.page.locator("#held")).to_contain_text("light +5")
    assert [hand for hand in spa.room("cedar")["hands"] if hand.startswith("light")] == ["light +5"]


def test_row_14_a_tablet_is_told_that_there_is_no_other_room(spa: Spa) -> None:
    screen = tablet(spa, "cedar")
    for path in ("/room/rose", "/api/v1/rooms/rose", "/api/v1/rooms/rose/lane", "/api/v1/rooms/rose/why"):
        answer = screen.context.request.get(f"{spa.house.url}{path}")
        assert answer.status in (403, 404)
        assert "Rose" not in answer.text()
    assert "Rose" not in screen.context.request.get(f"{spa.house.url}/api/v1/lanes").text()
    assert screen.context.request.get(f"{spa.house.url}/", max_redirects=0).status == 303


def test_row_26_a_tablet_that_is_revoked_is_out_at_once(spa: Spa) -> None:
    screen = begun(spa, "linden")
    (mine,) = [
        each
        for each in httpx.get(f"{spa.house.url}/api/v1/screens", headers=spa.house.headers, trust_env=False).json()
        if each["room"] == "linden"
    ]
    httpx.delete(f"{spa.house.url}/api/v1/screens/{mine['id']}", headers=spa.house.headers, trust_env=False).raise_for_status()
    screen.page.wait_for_url("**/login**")


@pytest.mark.parametrize("size", [TABLET, PHONE], ids=["tablet", "phone"])
def test_axe_finds_nothing_and_nothing_scrolls(spa: Spa, size: tuple[int, int]) -> None:
    screen = begun(spa, "rose", size=size, dark=True)
    assert screen.violations() == []
    assert screen.overflows() == (False, False)


def test_every_target_is_large(spa: Spa) -> None:
    screen = begun(spa, "rose")
    boxes = [button.bounding_box() for button in screen.page.locator("button:visible").all()]
    assert all(box is not None and min(box["width"], box["height"]) >= 44 for box in boxes)
    halves = [screen.page.get_by_role("button", name=name).bounding_box() for name in ("Dimmer", "Brighter", "Quieter", "Louder")]
    assert all(box is not None and box["height"] >= 118 for box in halves)


def test_a_guest_who_wanted_it_has_a_few_things_in_the_own_hand(spa: Spa) -> None:
    assert tablet(spa, "lavender").page.get_by_role("button", name="For the guest").is_hidden()
    with spa.house.client() as client:
        client.start("willow", "spa/swedish", minutes=60, care=["client_control"], scent=False, start="now")
    page = tablet(spa, "willow").page
    page.get_by_role("button", name="For the guest").click()
    expect(page.get_by_role("button", name="Next")).to_be_hidden()
    page.get_by_role("button", name="More light").click()
    until(lambda: "light +15" in spa.room("willow")["hands"])
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("button", name="Next")).to_be_visible()


@pytest.mark.parametrize(("kind", "words"), [("medical", "Stay with the guest"), ("fire", "Leave the building")])
def test_an_emergency_says_what_to_do_and_nothing_else(spa: Spa, kind: str, words: str) -> None:
    screen = tablet(spa, "cedar", dark=True)
    with spa.house.client() as client:
        client.emergency(kind, "cedar")
        try:
            expect(screen.page.get_by_role("alert")).to_contain_text(words)
            assert screen.violations() == []
        finally:
            client.reset_emergency(room="cedar")
    expect(screen.page.get_by_role("button", name="Cleaned")).to_have_text("Cleaned")
    expect(screen.page.locator("#begin button").first).to_have_text("Cleaned")


@pytest.mark.parametrize("size", [(844, 390), (512, 384), (320, 640)], ids=["lying phone", "at 200 %", "narrow"])
def test_on_a_small_screen_nothing_lies_on_anything(spa: Spa, size: tuple[int, int]) -> None:
    page = begun(spa, "rose", size=size).page
    boxes = [box for each in page.locator("button:visible, h1, #left, #coming").all() if (box := each.bounding_box()) is not None]
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :]]
    assert [(a, b) for a, b in pairs if _overlap(a, b)] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")


def _overlap(a: Any, b: Any) -> bool:
    across = min(a["x"] + a["width"], b["x"] + b["width"]) - max(a["x"], b["x"])
    down = min(a["y"] + a["height"], b["y"] + b["height"]) - max(a["y"], b["y"])
    return bool(across > 1 and down > 1)


@pytest.mark.parametrize("dark", [False, True], ids=["by day", "by night"])
def test_the_night_is_dark(spa: Spa, dark: bool) -> None:
    """No text, and nothing but the ring, is brighter than it needs to be, whatever the device would like."""
    page = begun(spa, "rose", dark=dark).page
    assert page.evaluate("getComputedStyle(document.body.parentElement).color") == "rgb(185, 178, 167)"
    assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == "rgb(11, 10, 9)"


def test_it_can_be_kept_as_an_app(spa: Spa) -> None:
    screen = tablet(spa, "rose")
    answer = screen.context.request.get(f"{spa.house.url}/room/rose/manifest.webmanifest")
    assert answer.headers["content-type"] == "application/manifest+json"
    assert answer.json()["start_url"] == "/room/rose"
