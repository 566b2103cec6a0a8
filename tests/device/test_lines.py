"""Lines to servers beside the broker: what is said and heard over them, and what is not said after one was lost."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ambiance.cuesheet.wanted import PlayerWanted
from ambiance.device.dialects import Liveness, Report
from ambiance.device.lines import Lines
from ambiance.device.message import Incoming, Message
from tests.device.families import device, family


@dataclass
class Server:
    """Something that listens like Snapcast: it keeps what it hears, and answers each volume it is given."""

    heard: list[dict[str, object]] = field(default_factory=list)
    told: list[Incoming] = field(default_factory=list)
    callers: list[asyncio.StreamWriter] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.callers.append(writer)
        while line := await reader.readline():
            frame = json.loads(line)
            self.heard.append(frame)
            result = {"volume": frame["params"]["volume"]}
            writer.write(json.dumps({"id": frame["id"], "jsonrpc": "2.0", "result": result}).encode() + b"\r\n")
            self.changed.set()
        writer.close()

    def arrived(self, incoming: Incoming) -> None:
        self.told.append(incoming)
        self.changed.set()

    async def until(self, enough: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not enough():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Server, Lines, str]]:
    server = Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    topic = f"tcp:127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    lines = Lines([topic, "zigbee2mqtt/lamp"], server.arrived, retries=(0.02,))
    lines.start()
    try:
        yield server, lines, topic
    finally:
        await lines.stop()
        listener.close()
        for caller in server.callers:
            caller.close()


def test_a_speaker_is_told_and_answers_over_its_line() -> None:
    async def scenario() -> None:
        async with served() as (server, lines, topic):
            it, snapcast = device("snapcast-jsonrpc", "player"), family("snapcast-jsonrpc")
            it = type(it)(it.id, it.room, it.kind, it.dialect, topic, options=it.options)
            await server.until(lambda: server.told)
            assert snapcast.decode(it, server.told[0].topic, server.told[0].payload) == Liveness(True)
            for message in snapcast.encode(it, PlayerWanted(True, 30.0), (4, 17)):
                assert lines.publish(message)
            await server.until(lambda: len(server.told) > 1)
            heard = snapcast.decode(it, server.told[1].topic, server.told[1].payload)
            assert heard == Report({"volume": 30.0, "playing": True}, (4, 17), partial=True)
            other = type(it)(it.id, it.room, it.kind, it.dialect, topic, options={"client": "another"})
            assert snapcast.decode(other, server.told[1].topic, server.told[1].payload) is None

    asyncio.run(scenario())


def test_what_is_for_the_broker_is_left_to_it() -> None:
    assert not Lines(["tcp:127.0.0.1:1705"], lambda incoming: None).publish(Message("zigbee2mqtt/lamp/set", b"{}"))


def test_nothing_from_before_a_lost_line_is_said_after_it() -> None:
    async def scenario() -> None:
        async with served() as (server, lines, topic):
            await server.until(lambda: server.callers)
            server.callers[0].close()
            await server.until(lambda: any(each.payload == b"false" for each in server.told))
            lines.publish(Message(topic, b'{"stale":1}'))
            await server.until(lambda: len(server.callers) == 2 and [each.payload for each in server.told].count(b"true") == 2)
            lines.publish(Message(topic, b'{"id":1,"params":{"volume":{}}}'))
            await server.until(lambda: server.heard)
            assert [frame.get("id") for frame in server.heard] == [1]

    asyncio.run(scenario())


def test_a_server_that_is_not_there_is_said_once_and_tried_again() -> None:
    async def scenario() -> None:
        server = Server()
        lines = Lines(["tcp:127.0.0.1:1"], server.arrived, retries=(0.01,))
        lines.start()
        await server.until(lambda: server.told)
        await lines.stop()
        assert [each.payload for each in server.told] == [b"false"]

    asyncio.run(scenario())


def test_lines_are_held_to_the_servers_that_are_there_now() -> None:
    async def play() -> None:
        async with served() as (first, lines, one), served() as (_, others, two):
            await others.stop()
            await first.until(lambda: [each.payload for each in first.told] == [b"true"])
            lines.adopt([one, two])
            await first.until(lambda: Incoming(f"{two}/online", b"true") in first.told)
            assert len(first.callers) == 1
            lines.adopt([two])
            assert not lines.publish(Message(one, b"{}"))
            assert lines.publish(Message(two, b"{}"))

    asyncio.run(play())
