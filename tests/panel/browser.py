"""A browser at the doors: keeps its cookies as browsers do, sends Origin with what it writes, and knows its page's token."""

import re
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.panel.doors import House

PIN = "482915"
OTHER = "730264"


class Browser:
    """One browser on one machine, over TLS unless it is told otherwise."""

    def __init__(self, house: House, address: str = "192.168.4.20", base: str = "https://rooms.lan") -> None:
        self.house, self.address, self.base = house, address, base
        self.cookies: dict[str, str] = {}
        self.set: list[str] = []
        self.csrf = ""

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """One request with the cookies there are; the answer's cookies are kept."""
        sent = dict(headers)
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method != "GET":
            sent.setdefault("origin", self.base)
            sent.setdefault("x-csrf-token", self.csrf)
        answer = self.house.ask(method, path, body, role=None, headers=sent, client=(self.address, 4711), base=self.base)
        self.set = answer.headers.get_list("set-cookie")
        for line in self.set:
            for name, morsel in SimpleCookie(line).items():
                if morsel.value and morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        return answer

    def me(self) -> Any:
        """Who this is now; its token goes along with every write from here on."""
        answer = self.ask("GET", "/api/v1/me")
        self.csrf = answer.json().get("csrf", "") if answer.status_code == 200 else ""
        return answer.json()

    def sign_in(self, name: str = "Mira", pin: str = PIN) -> httpx.Response:
        answer = self.ask("POST", "/api/v1/signin", {"name": name, "pin": pin})
        self.csrf = answer.json().get("csrf", self.csrf)
        return answer

    def pair(self, code: str) -> httpx.Response:
        answer = self.ask("POST", "/api/v1/screens", {"code": code})
        self.me()
        return answer

    def send_form(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """A form as a page sends it, with the hidden token of the page that was opened last."""
        body = urlencode({"csrf": self.csrf, **fields}).encode()
        return self.ask("POST", path, body, **{"content-type": "application/x-www-form-urlencoded", **headers})

    def open(self, path: str) -> httpx.Response:
        """A page, as a person opens it."""
        answer = self.ask("GET", path, accept="text/html")
        if (found := re.search(r'name="csrf" (?:content|value)="([^"]*)"', answer.text)) is not None:
            self.csrf = found[1]
        return answer


def staffed(house: House) -> House:
    """Mira the admin, Ben the manager, Ida at the desk, Tom the therapist; everybody has the same PIN."""
    for name, role in (("Mira", "admin"), ("Ben", "manager"), ("Ida", "desk"), ("Tom", "therapist")):
        house.identity.people.add(name, role, PIN, "test", house.clock.now())
    return house


def paired(house: House, room: str | None = "lavender", address: str = "192.168.4.30") -> Browser:
    """A screen that was paired by Ben, the manager."""
    code, _ = house.identity.screens.offer(room, "", "Ben", house.clock.now())
    browser = Browser(house, address)
    assert browser.pair(code).status_code == 201
    return browser
