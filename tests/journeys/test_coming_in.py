"""From a house nobody may enter to one with staff, a paired tablet and a certificate of its own: the real program, a real browser."""

import json
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from typer.testing import CliRunner, Result

from ambiance.cli.assembly import app
from tests.brokers import free_port
from tests.journeys.house import House, until

PIN, OTHER = "482915", "730264"


class SafeHouse(House):
    """A house that speaks TLS with its own certificate, on this machine only."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, f"embedded: true, port: {free_port()}")
        block = f"http:\n  host: 127.0.0.1 # stays here\n  port: {self.port}\n"
        self.file.write_text(self.file.read_text().replace(f"http: {{port: {self.port}}}\n", block))
        self.made = self.typed("https", "setup", "--host", "127.0.0.1", "--config", str(self.file), "--json")
        # The command opens the house to the network, as it is meant to; a test keeps it in.
        text = self.file.read_text()
        assert 'host: "0.0.0.0" # stays here' in text
        self.file.write_text(text.replace('"0.0.0.0"', "127.0.0.1"))
        self.url = f"https://127.0.0.1:{self.port}"
        self.trust = ssl.create_default_context(cafile=str(folder / "data" / "secrets" / "ca.pem"))

    def readiness(self) -> dict[str, Any]:
        return dict(httpx.get(f"{self.url}/readyz", trust_env=False, timeout=5, verify=self.trust).json())

    def typed(self, *words: str, stdin: str | None = None, code: int = 0) -> Any:
        done = CliRunner().invoke(app, words, input=stdin, env={})
        assert done.exit_code == code, (done.stdout, done.stderr)
        return json.loads(done.stdout) if code == 0 else done.stderr

    def link(self) -> str:
        """The one-time link in the operator's log."""

        def said() -> str | None:
            for line in self.logged().splitlines():
                if "nobody_has_an_account_yet" in line:
                    return str(json.loads(line)["open"])
            return None

        return until(said, what="the link")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SafeHouse]:
    with SafeHouse(tmp_path_factory.mktemp("coming-in")) as house:
        yield house


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        yield browser
        browser.close()


def a_screen(chromium: Browser, house: SafeHouse, **more: Any) -> Page:
    """A device of its own; the certificate itself is looked at by `test_the_certificate…`."""
    page = chromium.new_context(base_url=house.url, ignore_https_errors=True, locale="en-GB", **more).new_page()
    page.on("console", lambda said: page.context.__dict__.setdefault("said", []).append(said.text))
    return page


def without_faults(page: Page) -> None:
    """axe finds nothing, the policy stopped nothing."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert not [text for text in page.context.__dict__.get("said", []) if "Content Security Policy" in text]


def fetched(page: Page, method: str, path: str, body: object = None) -> Any:
    """What a page's own script gets."""
    return page.evaluate(
        """async ([method, path, body]) => {
            const me = await (await fetch('/api/v1/me')).json();
            const said = {method, headers: {'X-CSRF-Token': me.csrf, 'Content-Type': 'application/json'}};
            if (body !== null) said.body = JSON.stringify(body);
            const answer = await fetch(path, said);
            return {status: answer.status, body: await answer.json()};
        }""",
        [method, path, body],
    )


def test_the_certificate_is_believed_by_who_installed_the_authority(house: SafeHouse) -> None:
    assert house.made["written"] and house.made["new_authority"]
    assert httpx.get(f"{house.url}/healthz", verify=house.trust, trust_env=False).headers["strict-transport-security"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{house.url}/healthz", trust_env=False)
    page = httpx.get(f"{house.url}/ca", verify=house.trust, trust_env=False)
    assert house.made["fingerprint"] in page.text


def test_the_command_line_believes_the_authority_it_is_given_and_says_how(house: SafeHouse) -> None:
    token = house.typed("token", "create", "--role", "desk", "--config", str(house.file), "--json")["token"]

    def rooms(**env: str) -> Result:
        return CliRunner().invoke(app, ["rooms"], env={"AMBIANCE_URL": house.url, "AMBIANCE_TOKEN": token, **env})

    assert "lavender" in rooms(AMBIANCE_CA=house.made["authority"]).stdout
    stranger, mistyped = rooms(), rooms(AMBIANCE_CA=str(house.file))
    assert (stranger.exit_code, "AMBIANCE_CA names its ca.pem" in stranger.stderr) == (1, True)
    assert (mistyped.exit_code, "wanted a PEM file" in mistyped.stderr) == (2, True)


def test_from_nobody_to_staff_a_paired_tablet_and_its_revocation(house: SafeHouse, chromium: Browser) -> None:
    admin = a_screen(chromium, house)
    link = house.link()
    admin.goto(link)
    without_faults(admin)
    admin.get_by_label("Name").fill("Mira")
    admin.get_by_label("PIN", exact=False).first.fill("123456")
    admin.get_by_label("The same PIN again").fill("123456")
    admin.get_by_role("button", name="Make the account").click()
    assert "neither a row" in admin.get_by_role("alert").inner_text()
    assert admin.get_by_label("Name").input_value() == "Mira"
    admin.get_by_label("PIN", exact=False).first.fill(PIN)
    admin.get_by_label("The same PIN again").fill(PIN)
    admin.keyboard.press("Enter")
    admin.wait_for_url(re.compile(r":\d+/$"))
    admin.get_by_role("link", name="Account").click()
    assert admin.get_by_role("heading", name="Mira").is_visible()
    without_faults(admin)
    admin.goto(link)
    assert admin.get_by_role("heading", name="no longer good").is_visible()

    admin.goto("/account")
    made = fetched(admin, "POST", "/api/v1/screens/codes", {"room": "lavender"})
    assert made["status"] == 201
    tablet = a_screen(chromium, house, viewport={"width": 1024, "height": 768})
    tablet.goto(f"/pair/{made['body']['code']}")
    without_faults(tablet)
    tablet.get_by_role("button", name="Pair").click()
    tablet.wait_for_url("**/room/*")
    tablet.get_by_role("heading", name="Lavender").wait_for()
    assert [room["id"] for room in fetched(tablet, "GET", "/api/v1/rooms", None)["body"]] == ["lavender"]

    tablet.evaluate("window.stream = new EventSource('/api/v1/events'); window.stream.onopen = () => { window.opened = true; }")
    tablet.wait_for_function("window.opened === true")
    assert fetched(tablet, "POST", "/api/v1/rooms/lavender/bright")["status"] == 200
    screen = fetched(tablet, "GET", "/api/v1/me")
    assert screen["status"] == 200 and screen["body"]["room"] == "lavender"
    tablet.evaluate("window.stream.onerror = () => { window.cut = performance.now(); }")
    assert fetched(admin, "DELETE", f"/api/v1/screens/{screen['body']['id']}")["status"] == 200
    tablet.wait_for_function("window.cut > 0", timeout=1000)
    tablet.wait_for_url("**/login?next=%2Froom%2Flavender")  # its own page notices as well, and leaves
    tablet.goto("/account")
    tablet.wait_for_url("**/login?next=/account")


def test_the_command_line_keeps_the_staff_and_a_running_controller_follows(house: SafeHouse, chromium: Browser) -> None:
    where = ("--config", str(house.file), "--json")
    made = house.typed("staff", "add", "Ida", "--role", "desk", *where, stdin=f"{PIN}\n")
    assert made["name"] == "Ida" and "pin" not in made
    assert "neither a row" in house.typed("staff", "add", "Bo", "--role", "desk", "--config", str(house.file), stdin="111111\n", code=2)
    page = a_screen(chromium, house, java_script_enabled=False)
    page.goto("/login")
    page.get_by_label("Name").fill("ida")
    page.get_by_label("PIN").fill(OTHER)
    page.get_by_role("button", name="Sign in").click()
    assert "do not belong together" in page.get_by_role("alert").inner_text()
    page.get_by_label("PIN").fill(PIN)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r":\d+/$"))
    house.typed("staff", "pin", "Ida", *where, stdin=f"{OTHER}\n")

    def out() -> bool:
        page.goto("/account")
        return "/login" in page.url

    until(out, 3, "being signed out")
    house.typed("staff", "remove", made["id"], *where)
    assert "Ida" not in {person["name"] for person in house.typed("staff", "list", *where)}
    token = house.typed("token", "create", "--role", "integration", *where)["token"]
    (listed,) = [each for each in house.typed("token", "list", *where) if each["role"] == "integration"]
    asked = {"headers": {"Authorization": f"Bearer {token}"}, "verify": house.trust, "trust_env": False}
    assert httpx.get(f"{house.url}/api/v1/rooms", **asked).status_code == 200  # type: ignore[arg-type]
    house.typed("token", "revoke", listed["id"], *where)
    until(lambda: httpx.get(f"{house.url}/api/v1/rooms", **asked).status_code == 401, 2, "the revocation")  # type: ignore[arg-type]
    assert "no token" in house.typed("token", "revoke", "nobody", "--config", str(house.file), code=2)


def test_row_57_no_pin_link_or_cookie_is_in_the_log_but_the_link_itself(house: SafeHouse) -> None:
    said = house.logged()
    assert PIN not in said and OTHER not in said
    secret = house.link().rpartition("/")[2]
    assert said.count(secret) == 1
    assert "ambiance-staff" not in said and "ambiance-screen" not in said


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900)])
def test_plain_pages_can_be_used_by_everybody(house: SafeHouse, chromium: Browser, theme: Any, width: int, height: int) -> None:
    page = a_screen(chromium, house, color_scheme=theme, viewport={"width": width, "height": height})
    for path in ("/login", "/pair", "/ca", "/first-run/x"):
        page.goto(path)
        without_faults(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        small = page.evaluate(
            "[...document.querySelectorAll('button, input:not([type=hidden]), select, a.button')]"
            ".map(e => e.getBoundingClientRect()).filter(r => r.height < 44 || r.width < 44).length"
        )
        assert small == 0
