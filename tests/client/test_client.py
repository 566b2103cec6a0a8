"""The client of a running controller: what it sends, and how it tells of refusals."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ambiance.client import Client
from ambiance.errors import ControllerUnreachable, Refused


class Controller:
    """Answers every request alike and keeps a list of what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any, str | None, str | None]] = []
        self.status, self.answer, self.media = 200, b"{}", "application/json"
        controller = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                raw = self.rfile.read(int(self.headers.get("content-length", 0)))
                body = json.loads(raw) if raw else None
                controller.asked.append(
                    (self.command, self.path, body, self.headers.get("authorization"), self.headers.get("idempotency-key"))
                )
                self.send_response(controller.status)
                self.send_header("content-type", controller.media)
                self.send_header("content-length", str(len(controller.answer)))
                self.end_headers()
                self.wfile.write(controller.answer)

            do_GET = do_POST = do_DELETE = _any  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def controller() -> Iterator[Controller]:
    controller = Controller()
    thread = threading.Thread(target=controller.server.serve_forever)
    thread.start()
    yield controller
    controller.server.shutdown()
    thread.join()
    controller.server.server_close()


CALLS: list[tuple[Callable[[Client], object], str, str, Any]] = [
    (lambda c: c.room("lavender"), "GET", "/api/v1/rooms/lavender", None),
    (lambda c: c.why("lavender"), "GET", "/api/v1/rooms/lavender/why", None),
    (lambda c: c.cuesheet("spa/swedish", 60, "first"), "GET", "/api/v1/profiles/spa/swedish/cuesheet?minutes=60&visit=first", None),
    (lambda c: c.cuesheet("spa/swedish"), "GET", "/api/v1/profiles/spa/swedish/cuesheet", None),
    (lambda c: c.session("s1"), "GET", "/api/v1/sessions/s1", None),
    (lambda c: c.report("s1"), "GET", "/api/v1/sessions/s1/report", None),
    (lambda c: c.report_called("K7M2QXA"), "GET", "/api/v1/reports/K7M2QXA", None),
    (lambda c: c.pause("s1"), "POST", "/api/v1/sessions/s1/pause", None),
    (lambda c: c.resume("s1"), "POST", "/api/v1/sessions/s1/resume", None),
    (lambda c: c.stay("s1", 5), "POST", "/api/v1/sessions/s1/stay", {"minutes": 5}),
    (lambda c: c.extend("s1", 10), "POST", "/api/v1/sessions/s1/extend", {"minutes": 10}),
    (lambda c: c.advance("s1"), "POST", "/api/v1/sessions/s1/advance", None),
    (lambda c: c.end("s1"), "POST", "/api/v1/sessions/s1/end", None),
    (lambda c: c.cancel("s1"), "POST", "/api/v1/sessions/s1/cancel", None),
    (lambda c: c.move("s1", "cedar"), "POST", "/api/v1/sessions/s1/move", {"room": "cedar"}),
    (lambda c: c.adjust("lavender", {"light": 5}), "POST", "/api/v1/rooms/lavender/adjust", {"light": 5}),
    (lambda c: c.bright("lavender"), "POST", "/api/v1/rooms/lavender/bright", None),
    (lambda c: c.bright("lavender", on=False), "DELETE", "/api/v1/rooms/lavender/bright", None),
    (lambda c: c.ready("lavender"), "POST", "/api/v1/rooms/lavender/ready", None),
    (lambda c: c.window("lavender", True), "POST", "/api/v1/rooms/lavender/window", {"open": True}),
    (lambda c: c.emergency("medical", "cedar"), "POST", "/api/v1/emergency", {"kind": "medical", "room": "cedar"}),
    (lambda c: c.reset_emergency(), "DELETE", "/api/v1/emergency", {"kind": None, "room": None}),
    (lambda c: c.health(), "GET", "/healthz", None),
]


@pytest.mark.parametrize(("call", "method", "path", "body"), CALLS)
def test_each_method_is_one_call_of_the_contract(
    controller: Controller, call: Callable[[Client], object], method: str, path: str, body: Any
) -> None:
    with Client(controller.url, "a-secret") as client:
        assert call(client) == {}
    assert controller.asked == [(method, path, body, "Bearer a-secret", None)]


def test_what_is_no_json_comes_as_text(controller: Controller) -> None:
    controller.answer, controller.media = "part,name\r\nfigure,µg\r\n".encode(), "text/csv; charset=utf-8"
    with Client(controller.url) as client:
        texts = {client.report_csv("s1"), client.report_page("s1"), client.playlog(), client.playlog("2026-06-01", "2026-06-30")}
    assert texts == {"part,name\r\nfigure,µg\r\n"}
    assert [path.removeprefix("/api/v1/") for _, path, *_ in controller.asked] == [
        "sessions/s1/report.csv", "sessions/s1/report.html", "playlog", "playlog?from=2026-06-01&to=2026-06-30",
    ]  # fmt: skip


def test_lists_come_as_lists(controller: Controller) -> None:
    controller.answer = b'[{"id":"lavender"}]'
    with Client(controller.url) as client:
        assert (
            client.rooms()
            == client.sessions("lavender", 5)
            == client.profiles()
            == client.ledger(to="2026-06-30")
            == client.batch([{"room": "lavender"}])
            == [{"id": "lavender"}]
        )
    assert [path for _, path, *_ in controller.asked][1] == "/api/v1/sessions?room=lavender&limit=5"
    assert controller.asked[0][3] is None


def test_a_start_says_all_it_knows_and_carries_its_key(controller: Controller) -> None:
    with Client(controller.url) as client:
        client.start("lavender", "spa/swedish", 60, care=["no_accent"], wishes={"light": 5}, scent=True, key="k1")
        client.start("lavender", like="s1")
    (_, path, body, _, key), (_, _, bare, _, _) = controller.asked
    assert (path, key) == ("/api/v1/sessions", "k1")
    assert body == {
        "room": "lavender", "profile": "spa/swedish", "minutes": 60, "start": "now", "visit": "follow_up", "care": ["no_accent"],
        "wishes": {"light": 5}, "scent": True, "group": None, "like": None, "course": None, "therapist": None,
    }  # fmt: skip
    assert (bare["care"], bare["like"], bare["profile"]) == (None, "s1", None)


def test_a_refusal_is_raised_in_the_controllers_own_words(controller: Controller) -> None:
    controller.status, controller.media = 409, "application/problem+json"
    controller.answer = b'{"type":"busy","title":"Busy","status":409,"detail":"lavender is taken"}'
    with Client(controller.url) as client, pytest.raises(Refused, match="lavender is taken") as refused:
        client.pause("s1")
    assert (refused.value.status, refused.value.type) == (409, "busy")


def test_what_is_no_controller_is_told_apart(controller: Controller) -> None:
    controller.answer = b"<html>"
    with Client(controller.url) as client:
        with pytest.raises(ControllerUnreachable):
            client.rooms()
        controller.status = 502
        with pytest.raises(Refused, match="502"):
            client.rooms()


def test_nobody_there_is_told_with_the_cure() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(ControllerUnreachable, match="AMBIANCE_URL"):
        client.rooms()


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://x", "http://[", "http://x:port"])
def test_an_address_that_is_none_is_told_alike(url: str) -> None:
    with pytest.raises(ControllerUnreachable):
        Client(url).rooms()


@pytest.mark.parametrize("id", ["../../etc", "a/b", "a?b=c", "a#b", "", "..", "a\r\nb", "ü"])
def test_an_id_never_climbs_out_of_its_place(controller: Controller, id: str) -> None:
    with Client(controller.url) as client:
        client.session(id)
    path = controller.asked[0][1]
    assert path.startswith("/api/v1/sessions/")
    assert path.count("/") == 4
    assert "?" not in path


def test_readiness_is_told_even_when_all_is_not_well(controller: Controller) -> None:
    controller.status, controller.answer = 503, b'{"ready":false}'
    with Client(controller.url) as client:
        assert client.readiness() == {"ready": False}


def test_events_are_read_as_they_come(controller: Controller) -> None:
    controller.media = "text/event-stream"
    controller.answer = b'retry: 2000\nid: 1\n\nid: 2\nevent: phase_began\ndata: {"seq":2}\n\n: still here\n\nid: 3\ndata: {"seq":3}\n\n'
    with Client(controller.url) as client:
        assert [event["seq"] for event in client.events(after=1)] == [2, 3]
        controller.status, controller.answer = 401, b'{"type":"not-signed-in","detail":"no valid token"}'
        with pytest.raises(Refused, match="no valid token"):
            list(client.events())
