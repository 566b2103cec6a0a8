"""Browsers in front of a running house: Debian's Chromium, a desk and tablets that were paired, and whatever they complained about."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.journeys.house import House

CHROMIUM = "/usr/bin/chromium"
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
DESK, TABLET, PHONE = (1440, 900), (1024, 768), (390, 844)
WAIT = 15_000
"""Milliseconds a page is waited for: the machine may be busy."""


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Screen:
    """One screen in the house: its page, and everything its browser complained of."""

    house: House
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def opened(
        cls, house: House, browser: Browser, size: tuple[int, int] = DESK, dark: bool = False, language: str = "en-GB", **more: Any
    ) -> "Screen":
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light", locale=language, **more
        )
        context.set_default_timeout(WAIT)
        made = cls(house, context, context.new_page())
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("console", made._heard)
        return made

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")

    def pair(self, room: str | None = None) -> "Screen":
        """Be a desk (or the tablet of `room`) of this house, with a code that a manager made."""
        code = offered(self.house, room)
        self.page.goto(f"{self.house.url}/pair")
        self.page.fill("input[name=code]", code)
        self.page.click("button.first")
        self.page.wait_for_url(re.compile("/(account|room/.*)?$"))
        return self

    def go(self, path: str) -> "Screen":
        self.page.goto(f"{self.house.url}{path}")
        return self

    def lane(self, room: str) -> Any:
        return self.page.locator(f"#lane-{room}")

    def violations(self) -> list[str]:
        """What axe finds wrong on the page as it is: rule, and where."""
        found = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {', '.join(str(node['target']) for node in each['nodes'][:4])}" for each in found]

    def overflows(self) -> tuple[bool, bool]:
        """Whether the page has to be scrolled, sideways and down."""
        return (
            bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")),
            bool(self.page.evaluate("document.documentElement.scrollHeight > innerHeight + 1")),
        )


def offered(house: House, room: str | None = None) -> str:
    """A pairing code for a desk, or for the tablet of a room."""
    body = {"room": room, "name": "Screen"} if room is not None else {"name": "Screen"}
    answer = httpx.post(f"{house.url}/api/v1/screens/codes", json=body, headers=house.headers, trust_env=False)
    answer.raise_for_status()
    return str(answer.json()["code"])


def shot(screen: Screen, folder: Path, name: str) -> None:
    """A picture of the page as it is."""
    screen.page.screenshot(path=str(folder / f"{name}.png"))
