"""Where simulated servers are that are spoken to line by line over TCP: each on its port, on this machine alone."""

import asyncio
import json
from collections.abc import Iterable

from ambiance.device.lines import LONGEST_LINE
from ambiance.device.message import Incoming, Message
from ambiance.device.simulated import Simulated


class Hall:
    """A server on each `tcp:` topic of `devices`. A caller gets the answer to its own request; everybody else the notice of it."""

    def __init__(self, devices: Iterable[Simulated]) -> None:
        self._devices: dict[str, list[Simulated]] = {}
        for device in devices:
            for topic in device.listens:
                self._devices.setdefault(topic, []).append(device)
        self._servers: list[asyncio.Server] = []
        self._callers: dict[str, set[asyncio.StreamWriter]] = {topic: set() for topic in self._devices}
        self._asked: dict[tuple[str, str], asyncio.StreamWriter] = {}
        self._last: dict[str, asyncio.StreamWriter] = {}

    async def open(self) -> None:
        for topic in self._devices:

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, topic: str = topic) -> None:
                await self._serve(topic, reader, writer)

            port = int(topic.rpartition(":")[2])
            self._servers.append(await asyncio.start_server(serve, "127.0.0.1", port, limit=LONGEST_LINE))

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for writer in [writer for callers in self._callers.values() for writer in callers]:
            writer.close()
        self._servers.clear()

    def hang_up(self, topic: str) -> None:
        """The server is gone, as far as its callers can tell."""
        for writer in self._callers.get(topic, ()):
            writer.close()

    def say(self, message: Message) -> None:
        """An answer to whoever asked, or a notice to all but who caused it."""
        body = json.loads(message.payload)
        if "id" in body:
            writer = self._asked.pop((message.topic, json.dumps(body["id"])), None)
            writers = set() if writer is None else {writer}
        else:
            writers = self._callers.get(message.topic, set()) - {self._last.get(message.topic)}
        for writer in writers:
            writer.write(message.payload + b"\r\n")

    async def _serve(self, topic: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers[topic].add(writer)
        try:
            while line := await reader.readline():
                self._hear(topic, line.strip(), writer)
        except (OSError, ValueError):
            pass
        finally:
            self._callers[topic].discard(writer)
            writer.close()

    def _hear(self, topic: str, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            asked = json.loads(line)
        except ValueError:
            return
        if isinstance(asked, dict):
            self._asked[topic, json.dumps(asked.get("id"))] = writer
            self._last[topic] = writer
            for device in self._devices[topic]:
                device.take(Incoming(topic, line))
            self._last.pop(topic, None)
