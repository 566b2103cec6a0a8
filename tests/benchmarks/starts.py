"""How long a start takes, one and many, beside the bare program's through the same Mosquitto.

The two take turns, so that whatever else the machine does falls on both.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.house import FLOOR, PREFIX, TOLD, House, Mosquitto, floor, room_id
from tests.benchmarks.load import Client, Reply
from tests.benchmarks.table import Row, ms, quantile
from tests.benchmarks.wire import Devices, Heard, Observer

LEAST = 6
"""Topics of one start: three lamps, the room's state, its scene, and its events."""
OFTEN = {1: 9, 10: 5}
"""Small bursts are too short to be measured once; their median counts."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from a request to its answer, and to the first and the last message it caused."""

    answer: float
    first: float
    last: float
    messages: int
    started: int


@dataclass(frozen=True, slots=True)
class Server:
    """One of the two that are compared, and who listens to it. `asked` makes the requests for some rooms."""

    client: Client
    observer: Observer
    asked: Callable[[Sequence[int], bool], list[bytes]]
    messages: int
    """How many one start causes."""

    async def one(self, number: int) -> Times:
        return await self.many([number], False, quiet=0.004)

    async def many(self, rooms: Sequence[int], batch: bool, quiet: float = 0.15) -> Times:
        """All at once; over when every room has said all of it, or when nothing can be on its way any more."""
        within = 0.3 + 0.02 * len(rooms)
        requests = self.asked(rooms, batch)
        await self.client.open(len(requests))
        self.observer.forget()
        replies = await self.client.at_once(requests)
        known = {room_id(number) for number in rooms}
        heard = [each for each in _firsts(self.observer.collect(len(rooms) * self.messages, within, quiet)) if each.room in known]
        sent, answered = min(reply.sent for reply in replies), max(reply.answered for reply in replies)
        assert heard, [reply.body for reply in replies[:3]]
        return Times(answered - sent, heard[0].at - sent, heard[-1].at - sent, len(heard), sum(map(_started, replies)))


def measure(folder: Path, quick: bool) -> list[Row]:
    """One start, and many at once singly and by batch; each both on the floor and on the controller."""
    rows: list[Row] = []
    with Mosquitto(folder) as broker:
        for number, (one, sizes) in enumerate([(20, (1, 10))] if quick else [(300, (1, 10, 100)), (0, (500,))]):
            rows += _house(folder / f"house-{number}", broker.port, one, sizes)
    return rows


def _house(folder: Path, broker: int, one: int, sizes: Sequence[int]) -> list[Row]:
    house = House(folder, 1 + one + sum(2 * size * OFTEN.get(size, 1) for size in sizes), broker)
    tokens = [house.token() for _ in range(8)]
    with Devices(broker, PREFIX), Observer(broker, *TOLD) as ours, house.controller():
        house.linked(ours)
        example = asyncio.run(_example(house, ours, tokens[0]))
        messages = folder / "messages.json"
        retained = ("/state", "/scene")
        bare = [(e.topic.replace(e.room, "ROOM").replace(PREFIX, FLOOR), e.payload.decode(), e.topic.endswith(retained)) for e in example]
        messages.write_text(json.dumps(bare))
        with Observer(broker, f"{FLOOR}/#") as theirs, floor(folder, broker, messages) as other:
            return asyncio.run(_compare(house, Client(house.port), ours, Client(other.port), theirs, tokens[1:], len(example), one, sizes))


async def _compare(
    house: House,
    client: Client,
    ours: Observer,
    bare_client: Client,
    theirs: Observer,
    tokens: Sequence[str],
    each: int,
    one: int,
    sizes: Sequence[int],
) -> list[Row]:
    spent = 0

    def asked(rooms: Sequence[int], batch: bool) -> list[bytes]:
        nonlocal spent
        spent += len(rooms)
        # A token may write 600 times at once: the next burst takes the next.
        token = tokens[min(spent // 600, len(tokens) - 1)]
        return [house.batch(rooms, token)] if batch else [house.start(number, token) for number in rooms]

    servers = (Server(client, ours, asked, each), Server(bare_client, theirs, asked, each))
    rows: list[Row] = []
    next_room = 1
    try:
        singles: tuple[list[Times], list[Times]] = ([], [])
        for number in range(next_room, next_room + one):
            for server, times in zip(servers, singles, strict=True):
                times.append(await server.one(number))
            await asyncio.sleep(0.07)  # the devices answer
        rows += _single_rows(each, *singles) if one else []
        next_room += one
        for size in sizes:
            for batch in (False, True):
                bursts: tuple[list[Times], list[Times]] = ([], [])
                for _ in range(OFTEN.get(size, 1)):
                    rooms = range(next_room, next_room + size)
                    next_room += size
                    for server, times in zip(servers, bursts, strict=True):
                        times.append(await server.many(rooms, batch))
                        ours.collect(0, 30.0, 0.3 if size < 100 else 1.0)
                rows += _burst_rows(each, size, batch, *bursts)
    finally:
        client.close()
        bare_client.close()
    return rows


def _single_rows(each: int, ours: Sequence[Times], bare: Sequence[Times]) -> list[Row]:
    rows: list[Row] = []
    seconds: dict[str, Callable[[Times], float]] = {
        "the answer": lambda times: times.answer,
        "first message": lambda times: times.first,
        "last message": lambda times: times.last,
    }
    for what, take in seconds.items():
        for share, most in ((0.5, 2.0), (0.99, 3.0)):
            mine, floor_ = quantile([take(times) for times in ours], share), quantile([take(times) for times in bare], share)
            aim, good = ("", None) if what == "the answer" else (f"≤ {most:g} ×", mine <= most * floor_)
            rows.append(Row("one start", f"{what}, p{share * 100:g} of {len(ours)}", ms(mine), ms(floor_), mine / floor_, aim, good))
    lost = sum(each - times.messages for times in ours)
    return [*rows, Row("one start", "messages lost", str(lost), aim="none", good=not lost)]


def _burst_rows(each: int, size: int, batch: bool, ours: Sequence[Times], bare: Sequence[Times]) -> list[Row]:
    label = f"{size} {'by one batch' if batch else 'singly, at once'}"
    rows: list[Row] = []
    seconds: dict[str, Callable[[Times], float]] = {"first message": lambda times: times.first, "last message": lambda times: times.last}
    for what, take in seconds.items():
        mine, floor_ = median(map(take, ours)), median(map(take, bare))
        aim, good = ("≤ 1.5 ×", mine <= 1.5 * floor_) if size == 500 and what == "last message" else ("", None)
        rows.append(Row("many starts", f"{label}: {what}", ms(mine), ms(floor_), mine / floor_, aim, good))
    told, started = sum(times.messages for times in ours), sum(times.started for times in ours)
    whole = told == size * each * len(ours) and started == size * len(ours)
    value = f"{told} of {size * each * len(ours)}, {started} started"
    return [*rows, Row("many starts", f"{label}: messages", value, aim="none lost", good=whole)]


async def _example(house: House, observer: Observer, token: str) -> list[Heard]:
    client = Client(house.port)
    observer.forget()
    reply = await client.one(house.start(0, token))
    assert reply.status == 201, reply.body
    heard = [each for each in observer.collect(LEAST, 5.0, 0.03) if each.room == room_id(0)]
    client.close()
    assert len({each.topic for each in heard}) == LEAST, f"a start said {[each.topic for each in heard]}"
    return _firsts(heard)


def _firsts(heard: Sequence[Heard]) -> list[Heard]:
    """Every event, and of each other topic the first: without what follows from the devices' answers."""
    first: dict[object, Heard] = {}
    for each in heard:
        first.setdefault(each.payload if each.topic.endswith("/event") else each.topic, each)
    return list(first.values())


def _started(reply: Reply) -> int:
    answers = reply.json()
    return sum(each["status"] == 201 for each in answers) if isinstance(answers, list) else int(reply.status == 201)
