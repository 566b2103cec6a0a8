"""Memory and processor of a controller that idles, with either broker, and with 200 rooms live; a start on the embedded broker."""

import asyncio
import time
from pathlib import Path

from tests.benchmarks.house import PREFIX, TOLD, House, Mosquitto, Running
from tests.benchmarks.load import Client
from tests.benchmarks.starts import LEAST, Server, Times
from tests.benchmarks.table import Row, ms, quantile
from tests.benchmarks.wire import Devices, Observer


def measure(folder: Path, quick: bool) -> list[Row]:
    seconds, live, starts = (2.0, 10, 10) if quick else (15.0, 200, 60)
    rows: list[Row] = []
    with Mosquitto(folder) as broker:
        house = House(folder / "mosquitto", live, broker.port)
        token = house.token()
        with Devices(broker.port, PREFIX), Observer(broker.port, *TOLD) as observer, house.controller() as controller:
            house.linked(observer)
            rows += _idle(controller, f"{live} rooms, nothing plays, Mosquitto", seconds)
            asyncio.run(_start(house, token))
            observer.collect(live, 30.0, 2.0)
            rows += _idle(controller, f"{live} rooms live, devices that answer", seconds, 140.0)
    house = House(folder / "embedded", starts + 4, None)
    token = house.token()
    with house.controller() as controller:
        time.sleep(3.0)
        rows += _idle(controller, f"{house.rooms} rooms, nothing plays, embedded broker", seconds, 110.0)
        with Devices(house.broker, PREFIX), Observer(house.broker, *TOLD) as observer:
            observer.collect(0, 30.0, 1.0)
            times = asyncio.run(_singly(house, observer, token, starts))
    for what, values in (("first message", [each.first for each in times]), ("last message", [each.last for each in times])):
        for share in (0.5, 0.99):
            seconds = quantile(values, share)
            aim, good = ("≤ 10 ms", seconds <= 0.01) if what == "last message" and share > 0.9 else ("", None)
            rows.append(Row("embedded broker", f"one start, {what}, p{share * 100:g} of {starts}", ms(seconds), aim=aim, good=good))
    return rows


def _idle(controller: Running, what: str, seconds: float, most: float | None = None) -> list[Row]:
    time.sleep(1.0)
    before = controller.cpu
    time.sleep(seconds)
    share, rss = (controller.cpu - before) / seconds, controller.rss
    aim = f"≤ {most:g} MiB" if most else ""
    return [
        Row("footprint", f"{what}: memory", f"{rss:.0f} MiB", aim=aim, good=None if most is None else rss <= most),
        Row("footprint", f"{what}: processor", f"{share * 100:.1f} % of a core"),
    ]


async def _start(house: House, token: str) -> None:
    client = Client(house.port)
    reply = await client.one(house.batch(range(house.rooms), token))
    assert all(each["status"] == 201 for each in reply.json()), reply.body[:500]
    client.close()


async def _singly(house: House, observer: Observer, token: str, starts: int) -> list[Times]:
    client = Client(house.port)
    server = Server(client, observer, lambda rooms, batch: [house.start(number, token) for number in rooms], LEAST)
    times: list[Times] = []
    try:
        for number in range(starts + 3):
            times.append(await server.one(number))
            await asyncio.sleep(0.1)
    finally:
        client.close()
    return times[3:]
