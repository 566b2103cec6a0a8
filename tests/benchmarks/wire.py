"""Two cheap clients of the broker, each in a process of its own: an observer that stamps what it hears, and devices that answer.

Both speak MQTT 3.1.1 by hand, so that on two cores they take as little as they can from what is measured.
"""

import heapq
import multiprocessing
import select
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

QUIET = 0.15
"""Seconds without a message after which a burst is over."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message with the monotonic second at which it reached the observer."""

    at: float
    topic: str
    payload: bytes

    @property
    def room(self) -> str:
        return self.topic.split("/")[2]


class Line:
    """A bare connection to a broker: subscribes at QoS 0, publishes at QoS 0, reads."""

    def __init__(self, port: int, name: str, filters: Sequence[str]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        hello = b"\x00\x04MQTT\x04\x02\x00\x00" + _text(name)
        self.socket.sendall(b"\x10" + _length(len(hello)) + hello)
        wishes = b"\x00\x01" + b"".join(_text(each) + b"\x00" for each in filters)
        self.socket.sendall(b"\x82" + _length(len(wishes)) + wishes)
        while not any([kind == 0x90 for kind, _ in self._packets(self.socket.recv(65_536))]):  # noqa: C419 - all of them must be read
            pass

    def read(self) -> Iterator[tuple[str, bytes, bool]]:
        """Topic, payload and retain flag of everything that has arrived; blocks until something has."""
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the broker hung up")
        for kind, body in self._packets(data):
            if kind & 0xF0 == 0x30:
                size = int.from_bytes(body[:2], "big")
                yield body[2 : 2 + size].decode(), body[2 + size :], bool(kind & 1)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        body = _text(topic) + payload
        self.socket.sendall((b"\x31" if retain else b"\x30") + _length(len(body)) + body)

    def _packets(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        data, start = self._rest + data, 0
        while len(data) - start >= 2:
            size, shift, at = 0, 0, start + 1
            while at < len(data):
                byte = data[at]
                size |= (byte & 0x7F) << shift
                shift, at = shift + 7, at + 1
                if byte < 0x80:
                    break
            else:
                break
            if len(data) < at + size:
                break
            yield data[start], data[at : at + size]
            start = at + size
        self._rest = data[start:]


class Observer:
    """Stamps every message under `filters` as it arrives. Retained ones of before it came do not count."""

    def __init__(self, port: int, *filters: str) -> None:
        self.filters = filters
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_observe, args=(port, filters, theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        assert self._ours.recv() == "ready"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.join()

    def forget(self) -> None:
        """Drop what was heard so far."""
        self._ours.send((0, 0.0, 0.0))
        self._ours.recv()

    def collect(self, count: int, within: float, quiet: float = QUIET) -> list[Heard]:
        """What was heard once `count` messages came and then nothing for `quiet` seconds, or when `within` seconds are over."""
        self._ours.send((count, within, quiet))
        return [Heard(*each) for each in self._ours.recv()]


class Devices:
    """Every native device of the site, answering each command with the same values, `delay` seconds later."""

    def __init__(self, port: int, prefix: str, delay: float = 0.05) -> None:
        self._process = multiprocessing.get_context("spawn").Process(target=_answer, args=(port, prefix, delay), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        time.sleep(1.0)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.join()


def _observe(port: int, filters: Sequence[str], told: Connection) -> None:
    line = Line(port, f"observer-{time.monotonic_ns()}", filters)
    heard: list[tuple[float, str, bytes]] = []
    goal: tuple[int, float, float, float] | None = None
    told.send("ready")
    while True:
        patience = 0.002 if goal is not None else None
        sources: list[socket.socket | Connection] = [line.socket, told]
        ready, _, _ = select.select(sources, [], [], patience)
        now = time.monotonic()
        if line.socket in ready:
            heard += [(now, topic, payload) for topic, payload, retained in line.read() if not retained]
        if told in ready:
            count, within, quiet = told.recv()
            goal = (count, now + within, quiet, now)
        if goal is None:
            continue
        count, until, quiet, since = goal
        still = now - (heard[-1][0] if heard else since) >= quiet
        if (len(heard) >= count and still) or now >= until:
            told.send(heard)
            heard, goal = [], None


def _answer(port: int, prefix: str, delay: float) -> None:
    line = Line(port, f"devices-{time.monotonic_ns()}", [f"{prefix}/+/device/+/set"])
    waiting: list[tuple[float, int, str, bytes]] = []
    number = 0
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        ready, _, _ = select.select([line.socket], [], [], pause)
        now = time.monotonic()
        if ready:
            for topic, payload, _ in line.read():
                number += 1
                heapq.heappush(waiting, (now + delay, number, topic.removesuffix("set") + "state", payload))
        while waiting and waiting[0][0] <= now:
            _, _, topic, payload = heapq.heappop(waiting)
            line.publish(topic, payload, retain=True)


def _text(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(2, "big") + data


def _length(size: int) -> bytes:
    out = b""
    while True:
        size, byte = divmod(size, 128)
        out += bytes([byte | (0x80 if size else 0)])
        if not size:
            return out
