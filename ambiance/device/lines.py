"""Servers that are spoken to line by line over TCP rather than through the broker: Snapcast.

What would be said to one waits only while its line is up; nothing from before a lost line is said after it.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable

import structlog

from ambiance.device.message import Incoming, Message
from ambiance.units import Seconds

PREFIX = "tcp:"
LONGEST_LINE = 64 * 1024
WAITING = 64
"""Messages that wait for a line that is slow; the oldest goes first when there are more."""
RETRIES: tuple[Seconds, ...] = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Machine seconds before each try to reach a server again."""
_ADDRESS = re.compile(r"tcp:(?:(?P<host>[A-Za-z0-9.-]+):)?(?P<port>[0-9]{1,5})")


class Lines:
    """One line to each server of `topics` (tcp:<host>:<port>). Lives on the loop; `on_message` hears each line, and whether it is up.

    Liveness comes as `true` or `false` on <topic>/online, as a device's will would say it.
    """

    def __init__(self, topics: Iterable[str], on_message: Callable[[Incoming], None], retries: tuple[Seconds, ...] = RETRIES) -> None:
        self._on_message, self._retries = on_message, retries
        self._lines: dict[str, _Line] = {}
        self._tasks: dict[str, asyncio.Task[None]] | None = None
        self.adopt(topics)

    def adopt(self, topics: Iterable[str]) -> None:
        """Hold the lines to these servers from now on, and no others."""
        there = sorted({topic for topic in topics if _ADDRESS.fullmatch(topic)})
        self._lines = {topic: self._lines.get(topic) or _Line(topic, self._on_message, self._retries) for topic in there}
        if self._tasks is not None:
            self.start()

    def publish(self, message: Message) -> bool:
        """Say it if it is for one of these servers; False where it is not."""
        line = self._lines.get(message.topic)
        if line is not None:
            line.say(message.payload)
        return line is not None

    def start(self) -> None:
        known = self._tasks or {}
        for topic, task in known.items():
            if topic not in self._lines:
                task.cancel()
        self._tasks = {topic: known.get(topic) or asyncio.create_task(line.run(), name=topic) for topic, line in self._lines.items()}

    async def stop(self) -> None:
        tasks = (self._tasks or {}).values()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Line:
    def __init__(self, topic: str, on_message: Callable[[Incoming], None], retries: tuple[Seconds, ...]) -> None:
        address = _ADDRESS.fullmatch(topic)
        assert address is not None
        self.topic = topic
        self._host, self._port = address["host"] or "127.0.0.1", int(address["port"])
        self._on_message, self._retries = on_message, retries
        self._waiting: deque[bytes] = deque(maxlen=WAITING)
        self._more = asyncio.Event()
        self._up = False
        self._log = structlog.get_logger("lines")

    def say(self, payload: bytes) -> None:
        if self._up:
            self._waiting.append(payload)
            self._more.set()

    async def run(self) -> None:
        tries = 0
        while True:
            try:
                reader, writer = await asyncio.open_connection(self._host, self._port, limit=LONGEST_LINE)
            except OSError as error:
                if tries == 0:
                    self._log.warning("line_down", server=self.topic, reason=str(error))
                    self._hear("/online", b"false")
            else:
                tries = 0
                await self._hold(reader, writer)
            await asyncio.sleep(self._retries[min(tries, len(self._retries) - 1)])
            tries += 1

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak and listen until the line is gone."""
        self._up = True
        self._hear("/online", b"true")
        speaking, listening = asyncio.create_task(self._speak(writer)), asyncio.create_task(self._listen(reader))
        try:
            await asyncio.wait({speaking, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._up = False
            self._waiting.clear()
            speaking.cancel()
            listening.cancel()
            await asyncio.gather(speaking, listening, return_exceptions=True)
            writer.close()
        self._log.warning("line_down", server=self.topic, reason="the server hung up")
        self._hear("/online", b"false")

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                writer.write(self._waiting.popleft() + b"\r\n")
                await writer.drain()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        # A line longer than the limit is not a server we know how to hear: the line is dropped with it.
        while line := await reader.readline():
            self._hear("", line.strip())

    def _hear(self, leaf: str, payload: bytes) -> None:
        if payload:
            self._on_message(Incoming(self.topic + leaf, payload))
