"""How late cues leave: with 1, 200 and 1,000 live sessions, all due at one instant and spread 10 ms apart, and after a stall.

Sessions are booked so that the move from preparation to welcome, three commands a room, is due at known instants; these
are compared with when an independent observer heard each command, on the one clock of this machine.
"""

import asyncio
import json
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.benchmarks.house import PREFIX, SETS, House, Mosquitto, Running, room_id
from tests.benchmarks.load import Client, request
from tests.benchmarks.table import Row, ms, quantile
from tests.benchmarks.wire import Devices, Heard, Observer

AHEAD = 9.0
"""Seconds between the request and the first cue: time enough for the preparation's own commands and their answers."""
APART = 0.01
STALL = 5.0


@dataclass(frozen=True, slots=True)
class Case:
    """So many sessions, with so many lamps in each room, due together or `APART`."""

    size: int
    spread: bool = False
    stalled: bool = False
    lamps: int = 3

    @property
    def commands(self) -> int:
        return self.size * self.lamps

    def __str__(self) -> str:
        kind = "spread" if self.spread else "at one instant"
        return f"{self.size} {kind}{' of one lamp' if self.lamps == 1 else ''}{' stalled' if self.stalled else ''}"


def measure(folder: Path, quick: bool) -> list[Row]:
    sizes = (1, 20) if quick else (1, 200, 1000)
    many = [Case(size, spread) for size in sizes[1:] for spread in (False, True)]
    cases = [Case(1), *many, Case(sizes[-1], lamps=1), Case(sizes[1], spread=True, stalled=True)]
    rows: list[Row] = []
    for case in cases:
        with Mosquitto(folder) as broker:  # a fresh one, which remembers nothing of the house before
            house = House(folder / str(case).replace(" ", "-"), case.size, broker.port, case.lamps)
            token = house.token()
            with Devices(broker.port, PREFIX), Observer(broker.port, *SETS) as observer, house.controller() as controller:
                house.linked(observer)
                late = asyncio.run(_book(house, observer, token, case, controller))
                rows += _after_stall(case, late) if case.stalled else _rows(case, late, asyncio.run(_metric(house)))
    return rows


def _rows(case: Case, late: Sequence[float], buckets: Sequence[tuple[float, float]]) -> list[Row]:
    what = str(case)
    aim = 0.005 if case.spread else 0.08 if case.size >= 1000 else None
    p99 = quantile(late, 0.99)
    told = f"≤ {aim * 1000:g} ms" if aim else ""
    own = next((edge for edge, share in buckets if share >= 0.99), float("inf"))
    early = sum(each < -0.0005 for each in late)
    came = f"{len(late)} of {case.commands}, {early}"
    right = len(late) == case.commands and not early
    return [
        Row("lateness", f"{what}: seen by an observer, p50", ms(quantile(late, 0.5))),
        Row("lateness", f"{what}: seen by an observer, p99", ms(p99), aim=told, good=None if aim is None else p99 <= aim),
        Row("lateness", f"{what}: its own histogram, p99 no more than", ms(own), aim=told, good=None if aim is None else own <= aim * 1.25),
        Row("lateness", f"{what}: commands, early ones", came, aim="all, none", good=right),
    ]


async def _book(house: House, observer: Observer, token: str, case: Case, controller: Running) -> list[float]:
    """Book sessions, and return how late each of their welcome commands was heard."""
    size = case.size
    client = Client(house.port)
    ahead = AHEAD + size * 0.006
    zero = datetime.now(UTC) + timedelta(seconds=ahead)
    mono = time.monotonic() + ahead
    due = {room_id(number): number * APART if case.spread else 0.0 for number in range(size)}
    for low in range(0, size, 500):
        part = range(low, min(size, low + 500))
        wishes = [house.body(n, start=(zero + timedelta(seconds=due[room_id(n)])).isoformat()) for n in part]
        reply = await client.one(request("POST", "/api/v1/sessions/batch", wishes, token))
        assert all(each["status"] == 201 for each in reply.json()), reply.body[:500]
    client.close()
    await asyncio.sleep(mono - time.monotonic() - 1.0)
    observer.forget()
    if case.stalled:
        controller.signal(signal.SIGSTOP)
        await asyncio.sleep(STALL)
        controller.signal(signal.SIGCONT)
        # What fell due in the stall cannot have left before its end.
        woken = time.monotonic() - mono
        due = {room: max(at, woken) for room, at in due.items()}
    heard = observer.collect(case.commands, 20.0 + size * APART, 0.5)
    return _lateness(heard, mono, due)


def _lateness(heard: Sequence[Heard], zero: float, due: dict[str, float]) -> list[float]:
    """Of each lamp, when its newest command was first heard: what restates an older one in between is none of these."""
    newest: dict[str, tuple[int, float]] = {}
    for each in heard:
        version = json.loads(each.payload)["version"]
        if each.topic not in newest or version > newest[each.topic][0]:
            newest[each.topic] = version, each.at - zero - due[each.room]
    return [late for _, late in newest.values()]


def _after_stall(case: Case, late: Sequence[float]) -> list[Row]:
    what = f"{case.size} spread, while the process stood still for {STALL:g} s"
    return [
        Row("lateness", f"{what}: commands", f"{len(late)} of {case.commands}", aim="none missed", good=len(late) == case.commands),
        Row("lateness", f"{what}: the latest after waking", ms(max(late, default=float("nan")))),
    ]


async def _metric(house: House) -> list[tuple[float, float]]:
    """The controller's own histogram as (edge, share no later than it)."""
    client = Client(house.port)
    text = (await client.one(request("GET", "/metrics", token=house.token()))).body.decode()
    client.close()
    lines = [line for line in text.splitlines() if line.startswith("ambiance_cue_lateness_seconds_bucket")]
    counts = [(float(line.split('le="')[1].split('"')[0]), float(line.rpartition(" ")[2])) for line in lines]
    total = counts[-1][1] or 1.0
    return [(edge, count / total) for edge, count in counts]
