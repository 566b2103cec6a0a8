"""From the start of the process to the last room's command, with a thousand live sessions, after kill -9."""

import asyncio
import time
from pathlib import Path

from tests.benchmarks.house import PREFIX, SETS, House, Mosquitto
from tests.benchmarks.load import Client
from tests.benchmarks.table import Row
from tests.benchmarks.wire import Devices, Observer

SECONDS = 3.0


def measure(folder: Path, quick: bool) -> list[Row]:
    rows: list[Row] = []
    sizes = (20,) if quick else (200, 1000)
    for size in sizes:
        with Mosquitto(folder) as broker:
            house = House(folder / str(size), size, broker.port)
            token = house.token()
            controller = house.controller()
            with Devices(broker.port, PREFIX), Observer(broker.port, *SETS) as observer:
                controller.start().up()
                try:
                    house.linked(observer)
                    asyncio.run(_start(house, token, size))
                    observer.collect(0, 30.0, 2.0)
                    controller.kill()
                    observer.forget()
                    began = time.monotonic()
                    controller.start()
                    heard = observer.collect(3 * size, 60.0, 1.0)
                finally:
                    controller.stop()
            first: dict[str, float] = {}
            for each in heard:
                first.setdefault(each.topic, each.at - began)
            last = max(first.values(), default=float("nan"))
            whole = len(first) == 3 * size
            earliest = min(first.values(), default=float("nan"))
            what, aim = f"{size:,} sessions after kill -9", f"≤ {SECONDS:g} s"
            rows.append(Row("resume", f"{what}: first command", f"{earliest:.2f} s"))
            rows.append(Row("resume", f"{what}: last room's last command", f"{last:.2f} s", aim=aim, good=whole and last <= SECONDS))
            rows.append(Row("resume", f"{what}: commands", f"{len(first)} of {3 * size}", aim="all", good=whole))
    return rows


async def _start(house: House, token: str, size: int) -> None:
    client = Client(house.port)
    for low in range(0, size, 500):
        reply = await client.one(house.batch(range(low, min(size, low + 500)), token))
        assert all(each["status"] == 201 for each in reply.json()), reply.body[:500]
    client.close()
