"""Row 48 before a byte of HTTP: who opens connections and never agrees on TLS."""

import asyncio
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ambiance.panel import doorman, protocol
from ambiance.panel.certificates import Certificates
from ambiance.panel.server import listener
from tests.panel.doors import House
from tests.panel.test_protocol import everything, until

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Spoken:
    """A house that speaks TLS on a real socket."""

    def __init__(self, folder: Path) -> None:
        files = Certificates(folder)
        files.make(["localhost", "127.0.0.1"], "Harbour Spa", datetime.now(UTC))
        self.trust = ssl.create_default_context(cafile=str(files.authority))
        self.server = listener(House().app, "127.0.0.1", 0, str(files.certificate), str(files.certificate))
        self._thread = threading.Thread(target=lambda: asyncio.run(self.server.serve()), daemon=True)
        self._thread.start()
        until(lambda: self.server.started)
        self.port = int(self.server.servers[0].sockets[0].getsockname()[1])

    def stop(self) -> None:
        self.server.should_exit = self.server.force_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()

    def knock(self, source: str = "127.0.0.1") -> socket.socket:
        """A connection on which nothing is said."""
        return socket.create_connection(("127.0.0.1", self.port), 10, (source, 0))

    def agreeing(self) -> int:
        return protocol.addresses(self.server.config, "agreeing").total()

    def asked(self) -> bytes:
        """The answer that somebody gets who speaks TLS."""
        with closing(self.trust.wrap_socket(self.knock(), server_hostname="localhost")) as connection:
            connection.sendall(REQUEST)
            return everything(connection)


@pytest.fixture
def spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spoken]:
    spoken = Spoken(tmp_path)
    yield spoken
    spoken.stop()


def test_row_48_who_never_agrees_on_tls_is_hung_up_on_and_costs_little(spoken: Spoken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_WAIT", 0.6)
    assert spoken.asked().startswith(b"HTTP/1.1 200 ")
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        silent = [spoken.knock() for _ in range(100)]
        until(lambda: spoken.agreeing() == 100)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / len(silent) < 100_000
    assert spoken.asked().startswith(b"HTTP/1.1 200 ")
    assert {everything(connection) for connection in silent} == {b""}
    until(lambda: spoken.agreeing() == 0)
    for connection in silent:
        connection.close()


def test_row_48_one_address_has_so_many_handshakes_at_a_time_and_others_are_let_in(spoken: Spoken) -> None:
    silent = [spoken.knock("127.0.0.2") for _ in range(doorman.AGREEING + 20)]
    until(lambda: spoken.agreeing() == doorman.AGREEING)
    assert all(everything(connection) == b"" for connection in silent[doorman.AGREEING :])
    assert spoken.asked().startswith(b"HTTP/1.1 200 ")
    for connection in silent:
        connection.close()
    until(lambda: spoken.agreeing() == 0)
    with closing(spoken.trust.wrap_socket(spoken.knock("127.0.0.2"), server_hostname="localhost")) as connection:
        connection.sendall(REQUEST)
        assert everything(connection).startswith(b"HTTP/1.1 200 ")


def test_what_is_asked_in_one_breath_with_the_handshake_is_answered(spoken: Spoken) -> None:
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    with closing(spoken.knock()) as line:
        tls = spoken.trust.wrap_bio(theirs, ours, server_hostname="localhost")
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                line.sendall(ours.read())
                theirs.write(line.recv(65536))
        tls.write(REQUEST)
        line.sendall(ours.read())  # the end of the handshake, and the request
        answer = b""
        while not answer:
            theirs.write(line.recv(65536))
            with suppress(ssl.SSLWantReadError):
                answer = tls.read(65536)
        assert answer.startswith(b"HTTP/1.1 200 ")


def test_who_speaks_no_tls_is_hung_up_on(spoken: Spoken) -> None:
    with closing(spoken.knock()) as line:
        line.sendall(REQUEST)
        assert b"HTTP" not in everything(line)
    until(lambda: spoken.agreeing() == 0)
    assert spoken.asked().startswith(b"HTTP/1.1 200 ")
