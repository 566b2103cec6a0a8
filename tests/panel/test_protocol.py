"""Rows 48 and 49 on real sockets: slow heads, idle crowds, bombs, bodies without end, readers that never read."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from ambiance.panel import door, protocol
from ambiance.panel.http import HttpLimits
from ambiance.session.model import News
from tests.pace import pace
from tests.panel.doors import NOW, House

KEY = b"Authorization: Bearer desk-secret\r\n"
HOST = b"Host: 127.0.0.1\r\n"


class Served:
    """A house on a real socket."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.sockets: list[socket.socket] = []
        config = uvicorn.Config(
            house.app, port=0, log_level="critical", access_log=False, lifespan="off", http=protocol.Protocol, ws="none",
            timeout_keep_alive=30, h11_max_incomplete_event_size=protocol.HEAD_MOST, limit_concurrency=2000, proxy_headers=False,
        )  # fmt: skip
        self.server = uvicorn.Server(config)
        self.loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        async def serve() -> None:
            self.loop = asyncio.get_running_loop()
            await self.server.serve()

        asyncio.run(serve())

    def start(self) -> None:
        self._thread.start()
        until(lambda: self.server.started)
        self.port = int(self.server.servers[0].sockets[0].getsockname()[1])

    def stop(self) -> None:
        for made in self.sockets:
            made.close()
        self.server.should_exit = self.server.force_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()

    def connect(self, buffer: int | None = None) -> socket.socket:
        made = socket.socket()
        self.sockets.append(made)
        if buffer is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        made.settimeout(10)
        made.connect(("127.0.0.1", self.port))
        return made

    def connections(self) -> int:
        return len(self.server.server_state.connections)

    def tell(self, *news: News) -> None:
        assert self.loop is not None
        self.house.rows.news.extend(news)
        done = threading.Event()

        def say() -> None:
            for each in news:
                self.house.conductor.tell(each)
            done.set()

        self.loop.call_soon_threadsafe(say)
        assert done.wait(10)


def until(enough: Callable[[], object], within: float = 10.0) -> None:
    by = time.monotonic() + within
    while not enough():
        assert time.monotonic() < by, "it did not happen in time"
        time.sleep(0.005)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A house with little patience, so that nobody has to wait for a test."""
    monkeypatch.setattr(protocol, "HEAD_WAIT", 0.6)
    monkeypatch.setattr(protocol, "DRAIN", 0.3)
    monkeypatch.setattr(protocol, "STUCK", 0.6)
    monkeypatch.setattr(door, "BODY_WAIT", 0.6)
    served = Served(House(HttpLimits(heartbeat=0.2)))
    served.start()
    yield served
    served.stop()


@contextmanager
def real_users(served: Served) -> Iterator[list[float]]:
    """Somebody who goes on working meanwhile; yields what each request took, in seconds. All are answered."""
    took: list[float] = []
    stop = threading.Event()

    def work() -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", headers={"authorization": "Bearer desk-secret"}) as client:
            while not stop.is_set():
                began = time.perf_counter()
                assert client.get("/api/v1/rooms").status_code == 200
                took.append(time.perf_counter() - began)
                time.sleep(0.005)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        until(lambda: took)
        took.clear()
        yield took
        until(lambda: took)
    finally:
        stop.set()
        thread.join(10)
    took.sort()
    assert took
    assert took[int(len(took) * 0.99) - 1] <= 0.5 * pace()


def answered(connection: socket.socket) -> bytes:
    """One short answer, whole."""
    got = b""
    while not got.endswith(b"}"):
        part = connection.recv(65536)
        assert part, got
        got += part
    return got


def everything(connection: socket.socket) -> bytes:
    """All that still comes."""
    got = bytearray()
    try:
        while part := connection.recv(65536):
            got += part
    except ConnectionResetError:
        pass
    return bytes(got)


def test_row_48_slow_heads_are_answered_with_408_and_others_are_served(served: Served) -> None:
    slow = [served.connect() for _ in range(50)]
    with real_users(served):
        for letter in b"GET /api/v1/rooms HTTP/1.1\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaa":
            for connection in slow:
                with suppress(OSError):
                    connection.sendall(bytes([letter]))
            time.sleep(0.02)
        answers = [everything(connection) for connection in slow]
    assert all(answer.startswith(b"HTTP/1.1 408 ") and b"application/problem+json" in answer for answer in answers)
    for connection in slow:
        connection.close()


def test_row_48_a_thousand_idle_connections_hold_up_nobody_and_are_let_go(served: Served) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536) if hard > 0 else 65_536, hard))
    idle: list[socket.socket] = []
    try:
        with real_users(served):
            idle.extend(served.connect() for _ in range(1000))
            until(lambda: served.connections() <= 2)
        assert {everything(connection) for connection in idle} == {b""}
    finally:
        for connection in idle:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    "head",
    [
        b"X-Bomb: " + b"a" * 1_000_000 + b"\r\n",
        b"".join(b"X-%d: a\r\n" % n for n in range(20_000)),
        b"Cookie: " + b"a=b; " * 5_000 + b"\r\n",
        b"X-Bomb: " + b"a" * 17_000 + b"\r\n",
    ],
    ids=["one long", "many", "cookies", "just too long"],
)
def test_row_48_heads_like_bombs_are_refused_with_431(served: Served, head: bytes) -> None:
    with closing(served.connect()) as connection, real_users(served):
        with suppress(OSError):
            connection.sendall(b"GET /api/v1/rooms HTTP/1.1\r\n" + HOST + b"Connection: close\r\n" + head + b"\r\n")
        answer = everything(connection)
        time.sleep(0.2)
    assert answer.startswith(b"HTTP/1.1 431 ") or answer == b""  # a reset may swallow what was said to a flood
    if len(head) < 50_000:
        assert answer.startswith(b"HTTP/1.1 431 ")


def test_row_48_a_body_of_a_gigabyte_is_413_and_not_listened_to(served: Served) -> None:
    with closing(served.connect()) as connection, real_users(served):
        connection.sendall(b"POST /api/v1/sessions HTTP/1.1\r\n" + HOST + KEY + b"Content-Length: 1000000000\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
        sent = 0
        with suppress(OSError):
            for _ in range(15_000):
                sent += connection.send(b"a" * 65_536)
        assert sent < 30_000_000
        time.sleep(0.2)


def test_a_connection_goes_on_after_a_body_that_was_too_large(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "DRAIN", 60.0)
    with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", headers={"authorization": "Bearer desk-secret"}, timeout=60) as client:
        for size in (1_000_001, 3_000_000, 10_000_000):
            refused = client.post("/api/v1/sessions", content=b" " * size, headers={"content-type": "application/json"})
            assert (refused.status_code, client.get("/api/v1/rooms").status_code) == (413, 200)


def test_row_48_chunks_without_end_are_413_and_too_slow_ones_408(served: Served) -> None:
    head = b"POST /api/v1/sessions HTTP/1.1\r\n" + HOST + KEY + b"Transfer-Encoding: chunked\r\n\r\n"
    with closing(served.connect()) as flood, closing(served.connect()) as trickle, real_users(served):
        flood.sendall(head)
        try:
            for _ in range(400):
                flood.sendall(b"2000\r\n" + b" " * 8192 + b"\r\n")
        except OSError:
            pass
        assert b" 413 " in everything(flood)[:20]
        trickle.sendall(head)
        got = b""
        trickle.settimeout(0.05)
        by = time.monotonic() + 20
        while not got and time.monotonic() < by:
            trickle.sendall(b"1\r\n \r\n")
            with suppress(TimeoutError):
                got = trickle.recv(65536)
        assert got.startswith(b"HTTP/1.1 408 ")


def test_row_48_a_body_that_nobody_asked_for_is_not_listened_to_for_ever(served: Served) -> None:
    with closing(served.connect()) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        listened = 0
        with suppress(OSError):
            for _ in range(300):
                connection.sendall(b"1\r\na\r\n")
                listened += 1
                time.sleep(0.01)
        assert listened < 200


@pytest.mark.parametrize(
    "senseless", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\x00" * 100 + b"\r\n\r\n"]
)
def test_row_48_what_is_no_http_is_told_so(served: Served, senseless: bytes) -> None:
    with closing(served.connect()) as connection:
        connection.sendall(senseless)
        answer = everything(connection)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 408 "))


def test_a_connection_is_kept_for_the_next_request_and_its_head_has_a_clock_of_its_own(served: Served) -> None:
    with closing(served.connect()) as connection:
        for _ in range(3):
            connection.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
            assert answered(connection).startswith(b"HTTP/1.1 200 ")
            time.sleep(0.7)  # longer than a head may take
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert everything(connection).startswith(b"HTTP/1.1 408 ")


def test_requests_in_one_go_are_answered_in_order(served: Served) -> None:
    with closing(served.connect()) as connection:
        connection.sendall(
            (b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n") * 5 + b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
        )
        assert everything(connection).count(b"HTTP/1.1 200 ") == 6


def follow(served: Served, buffer: int | None = None, role: str = "desk") -> socket.socket:
    connection = served.connect(buffer)
    connection.sendall(b"GET /api/v1/events HTTP/1.1\r\n" + HOST + f"Authorization: Bearer {role}-secret\r\n\r\n".encode())
    return connection


def test_row_49_five_hundred_streams_of_one_token_are_eight(served: Served) -> None:
    streams = [follow(served) for _ in range(500)]
    heads = [stream.recv(20) for stream in streams]
    assert sum(head.startswith(b"HTTP/1.1 200") for head in heads) == 8
    assert sum(head.startswith(b"HTTP/1.1 429") for head in heads) == 492
    with real_users(served):
        time.sleep(0.2)
    for stream in streams:
        stream.close()
    until(lambda: served.connections() <= 1)
    again = follow(served)
    assert again.recv(20).startswith(b"HTTP/1.1 200")
    again.close()


def test_row_49_all_tokens_together_have_a_cap_too() -> None:
    from ambiance.panel.events import Feed
    from ambiance.panel.refusals import TooManyStreams

    async def nothing(after: int, most: int) -> list[News]:
        return []

    feed = Feed(nothing, most=3)
    readers = [feed.open(f"t{n}") for n in range(3)]
    with pytest.raises(TooManyStreams):
        feed.open("t3")
    feed.close(readers[0])
    feed.open("t3")


def test_row_49_a_reader_that_never_reads_is_cut_and_costs_nothing(served: Served) -> None:
    stuck = [follow(served, 4096) for _ in range(7)]
    reads = follow(served)
    assert reads.recv(20).startswith(b"HTTP/1.1 200")
    until(lambda: len(served.house.conductor.followers) == 1)
    filler = {"reason": "x" * 200}
    tell(served, 1, 2_000, filler, reads)
    before = resident()
    with real_users(served):
        tell(served, 2_001, 20_000, filler, reads)
        until(lambda: served.connections() <= 3)  # a reading stream, a working user, and whoever comes
    assert resident() - before < 40_000_000
    for connection in (*stuck, reads):
        connection.close()


def tell(served: Served, first: int, last: int, details: dict[str, Any], reads: socket.socket) -> None:
    """News in portions; the one who reads gets them all."""
    at = first
    while at <= last:
        served.tell(*(News(seq, NOW + timedelta(seconds=seq), "phase_began", "lavender", "s1", details) for seq in range(at, at + 200)))
        served.house.rows.news.clear()
        at += 200
        wanted = b'"seq":%d,' % (at - 1)
        tail = b""
        while wanted not in tail:
            part = reads.recv(1 << 20)
            assert part
            tail = tail[-100:] + part


def resident() -> int:
    """Bytes of memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
