"""HTTP requests at once, from one process that does next to nothing else."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; instants are monotonic seconds."""

    sent: float
    answered: float
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def request(method: str, path: str, body: Any = None, token: str = "", headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of one request."""
    payload = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}", f"Content-Length: {len(payload)}"]
    if payload:
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + payload


class _Caller(asyncio.Protocol):
    def __init__(self) -> None:
        self._got = b""
        self._sent = 0.0
        self._done: asyncio.Future[Reply] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def call(self, data: bytes) -> "asyncio.Future[Reply]":
        assert self._transport is not None
        self._got, self._sent = b"", time.monotonic()
        self._done = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return self._done

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found or self._done is None:
            return
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        if len(body) >= length and not self._done.done():
            self._done.set_result(Reply(self._sent, time.monotonic(), int(head[9:12]), body))

    def connection_lost(self, error: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionError("the server hung up"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Client:
    """As many open connections to 127.0.0.1 as were ever needed at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._callers: list[_Caller] = []

    async def at_once(self, requests: Sequence[bytes]) -> list[Reply]:
        """Each request on a connection of its own, all of them open before the first is sent."""
        await self.open(len(requests))
        return await asyncio.gather(*[caller.call(data) for caller, data in zip(self._callers, requests, strict=False)])

    async def one(self, data: bytes) -> Reply:
        (reply,) = await self.at_once([data])
        return reply

    def close(self) -> None:
        for caller in self._callers:
            caller.close()
        self._callers.clear()

    async def open(self, count: int) -> None:
        """Have so many connections open."""
        loop = asyncio.get_running_loop()
        opened = count > len(self._callers)
        while len(self._callers) < count:
            _, caller = await loop.create_connection(_Caller, "127.0.0.1", self._port)
            self._callers.append(caller)
        if opened:
            await asyncio.sleep(0.3)  # the server has taken them all up
