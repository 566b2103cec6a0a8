"""`make pictures`: the pages as they look, taken from a running house with simulated devices, into docs/images."""

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser

from tests.brokers import Mosquitto
from tests.journeys.house import COVE, DIFFUSER, LAMP, SPEAKER, House, Nursery, SiteTime, room_of
from tests.journeys.screens import DESK, PHONE, TABLET, Screen, chromium
from tests.journeys.twins import Twins

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
SPEED = 60.0
"""A minute of the house in a second."""
ROOMS = (
    "lavender", "rose", "cedar", "linden", "moss", "cabinet", "juniper", "sage", "willow", "birch", "iris", "fern", "clover", "heather",
    "myrtle", "laurel", "poppy", "aster", "thyme", "mint", "hazel", "rowan", "alder", "aspen", "maple", "olive", "almond", "peach", "plum",
    "quince", "pear", "apple", "cherry", "lilac", "jasmine", "violet", "orchid", "lotus", "bamboo", "pine",
)  # fmt: skip
TREATMENTS = (
    ("spa/swedish", 60), ("spa/hot_stone", 90), ("spa/reflexology", 45), ("spa/body_scrub", 60), ("spa/deep_tissue", 60),
    ("spa/prenatal", 60), ("spa/sound_bath", 60), ("spa/facial", 60),
)  # fmt: skip
CLINICAL = ("clinical/myofascial_release", 45)


def main() -> int:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ambiance-pictures-") as fresh, Nursery() as nursery, chromium() as browser:
        for count in (1, 6, 40):
            _house(Path(fresh) / str(count), count, nursery, browser)
    return 0


def _house(folder: Path, count: int, nursery: Nursery, browser: Browser) -> None:
    folder.mkdir(parents=True)
    site = SiteTime(SPEED)
    rooms = [
        room_of(
            id, LAMP, COVE, SPEAKER, DIFFUSER, setting="clinical" if id == "cabinet" else "spa",
            usual=["clinical/myofascial_release"] if id == "cabinet" else ["spa/swedish", "spa/hot_stone", "menu/harbour-calm"],
        )
        for id in ROOMS[:count]
    ]  # fmt: skip
    with ExitStack() as stack:
        broker = stack.enter_context(Mosquitto(folder / "mosquitto"))
        house = House(folder, f"url: {broker.url}", *rooms, nursery=nursery, time=site)
        stack.enter_context(Twins(house.topics, house.config.site.rooms, broker.url, site))
        stack.enter_context(house)
        _busy(house, ROOMS[:count])
        desk = Screen.opened(house, browser, DESK).pair()
        _take(desk, "/", "#lane-lavender .slot svg", f"desk-{count}")
        if count != 6:
            return
        desk.lane("moss").get_by_role("button", name="Start, Moss").click()
        _shot(desk, "start", "dialog svg.ribbon")
        evening = Screen.opened(house, browser, DESK, dark=True).pair()
        _take(evening, "/", "#lane-lavender .slot svg", "desk-6-evening")
        _take(desk, "/rehearsal?speed=120", "svg", "rehearsal", 9.0)
        phone = Screen.opened(house, browser, PHONE).pair()
        _take(phone, "/", "#lane-lavender", "desk-phone")
        tablet = Screen.opened(house, browser, TABLET, dark=True).pair("lavender")
        _take(tablet, "/room/lavender", "#ring svg", "tablet")
        free = Screen.opened(house, browser, TABLET, dark=True).pair("moss")
        _take(free, "/room/moss", "#begin button", "tablet-free")


def _busy(house: House, rooms: tuple[str, ...]) -> None:
    """Treatments that began at different times, the last of them a moment ago; one room in five is free, and one in five booked."""
    with house.client() as client:
        for number, id in enumerate(rooms):
            profile, minutes = CLINICAL if id == "cabinet" else TREATMENTS[number % len(TREATMENTS)]
            if number % 5 == 4:
                continue
            client.start(id, profile, minutes=minutes, care=[], scent=number % 3 == 0, start="now")
            time.sleep(max(0.3, 24 / len(rooms)))
        # A minute in a second makes the wire slow: what was under way for 20 ms looks a second old, like somebody's hand on a lamp.
        for id in rooms:
            if client.room(id)["hands"]:
                client.adjust(id, {"release": True})


def _take(screen: Screen, path: str, there: str, name: str, wait: float = 2.0) -> None:
    screen.go(path)
    _shot(screen, name, there, wait)


def _shot(screen: Screen, name: str, there: str, wait: float = 2.0) -> None:
    screen.page.wait_for_selector(there)
    screen.page.wait_for_timeout(wait * 1000)
    screen.page.screenshot(path=str(IMAGES / f"{name}.png"), animations="disabled")
    sys.stderr.write(f"docs/images/{name}.png\n")


if __name__ == "__main__":
    sys.exit(main())
