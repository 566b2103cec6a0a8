"""What the pages cost: twenty tablets streaming forty rooms, a reader who never reads, and a first load over a slow radio."""

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.house import PREFIX, TOLD, House, Mosquitto, Running, room_id
from tests.benchmarks.load import Client, request
from tests.benchmarks.table import Row, ms, quantile
from tests.benchmarks.wire import Devices, Observer

ROOMS, TABLETS = 40, 20
ASKED = 0.5
"""Seconds between two things that somebody does somewhere in the house: far more often than a house of forty rooms."""
RADIO = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
"""Chrome's "fast 3G": milliseconds of delay, bytes a second."""
SLOWER = 4
"""A cheap tablet's processor beside this one, as Chrome's tools slow it."""
SIZES = {"desk": (1440, 900), "tablet": (1024, 768)}


def measure(folder: Path, quick: bool) -> list[Row]:
    seconds = 5.0 if quick else 30.0
    with Mosquitto(folder) as broker:
        house = House(folder / "pages", ROOMS, broker.port)
        desk, manager = house.token(), house.token("manager")
        tablets = [house.token("room", room_id(number)) for number in range(TABLETS)]
        with Devices(broker.port, PREFIX), Observer(broker.port, *TOLD) as observer, house.controller() as controller:
            house.linked(observer)
            rows = asyncio.run(_streams(house, controller, desk, tablets, seconds))
            return rows + _first_loads(house, manager, 1 if quick else 5)


async def _streams(house: House, controller: Running, desk: str, tablets: list[str], seconds: float) -> list[Row]:
    client = Client(house.port)
    reply = await client.one(house.batch(range(house.rooms), desk))
    assert all(each["status"] == 201 for each in reply.json()), reply.body[:500]
    await asyncio.sleep(3.0)
    alone, before = await _busy(house, client, controller, desk, seconds)
    writers = [await _stream(house, token) for token in tablets]
    reading = [asyncio.create_task(_read(reader)) for reader, _ in writers]
    streamed, during = await _busy(house, client, controller, desk, seconds)
    for task in reading:
        task.cancel()
    heard = sum(await asyncio.gather(*reading))
    stuck = [await _stream(house, desk) for _ in range(4)]
    _, after = await _busy(house, client, controller, desk, seconds)
    for _, writer in (*writers, *stuck):
        writer.close()
    client.close()
    cost = streamed - alone
    return [
        Row("pages", f"{ROOMS} rooms live, somebody does something every {ASKED:g} s", f"{alone * 100:.1f} % of a core"),
        Row("pages", f"the same with {TABLETS} tablets streaming", f"{streamed * 100:.1f} % of a core", f"{alone * 100:.1f} %"),
        Row("pages", "what the streams cost", f"{cost * 100:.1f} % of a core", aim="≤ 5 %", good=cost <= 0.05),
        Row("pages", "an adjustment is answered, p95, nobody streaming", ms(before)),
        Row("pages", f"the same, {TABLETS} tablets streaming", ms(during), ms(before), during / before),
        Row("pages", "the same, and four readers who never read", ms(after), ms(before), after / before),
        Row("pages", "a tablet heard", f"{heard / len(tablets) / seconds:.0f} bytes a second"),
    ]


async def _stream(house: House, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port, limit=2**12)
    writer.write(request("GET", "/api/v1/events?board", None, token))
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head, head
    return reader, writer


async def _read(reader: asyncio.StreamReader) -> int:
    count = 0
    with contextlib.suppress(asyncio.CancelledError):
        while data := await reader.read(4096):
            count += len(data)
    return count


async def _busy(house: House, client: Client, controller: Running, token: str, seconds: float) -> tuple[float, float]:
    """The share of a core the controller uses while light is trimmed now here, now there; and the p95 of the answers."""
    answers: list[float] = []
    before, began, number = controller.cpu, time.monotonic(), 0
    while time.monotonic() - began < seconds:
        by = 2 if number // house.rooms % 2 == 0 else -2
        reply = await client.one(request("POST", f"/api/v1/rooms/{room_id(number % house.rooms)}/adjust", {"light": by}, token))
        assert reply.status == 200, reply.body[:300]
        answers.append(reply.answered - reply.sent)
        number += 1
        await asyncio.sleep(ASKED)
    return (controller.cpu - before) / (time.monotonic() - began), quantile(answers, 0.95)


def _first_loads(house: House, manager: str, times: int) -> list[Row]:
    """With an empty cache each time, until the first room can be touched."""
    rows: list[Row] = []
    rooms = {"desk": None, "tablet": room_id(0)}
    codes = {page: [asyncio.run(_code(house, manager, room)) for _ in range(times)] for page, room in rooms.items()}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        for page, room in rooms.items():
            loads = [_load(browser, house, code, page, room) for code in codes[page]]
            weight, ready = max(size for size, _ in loads), quantile([seconds for _, seconds in loads], 0.5)
            rows += [
                Row("pages", f"{page}, first load: over the wire", f"{weight / 1000:.1f} kB", aim="≤ 150 kB", good=weight <= 150_000),
                Row(
                    "pages", f"{page}, first load, fast 3G and a processor {SLOWER} times as slow: can be touched", ms(ready),
                    aim="≤ 1000 ms", good=ready <= 1.0,
                ),
            ]  # fmt: skip
        browser.close()
    return rows


def _load(browser: Browser, house: House, code: str, page: str, room: str | None) -> tuple[float, float]:
    width, height = SIZES[page]
    context = browser.new_context(viewport={"width": width, "height": height})
    opened = context.new_page()
    opened.goto(f"http://127.0.0.1:{house.port}/pair/{code}")
    opened.click("button.first")
    touchable = "#lane-room-0000 button:visible" if room is None else "#busy button:visible"
    opened.wait_for_selector(touchable)
    opened.goto("about:blank")
    sizes: list[float] = []
    wire: Any = context.new_cdp_session(opened)
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    wire.send("Network.enable")
    wire.send("Network.clearBrowserCache")
    wire.send("Network.emulateNetworkConditions", RADIO)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    began = time.monotonic()
    opened.goto(f"http://127.0.0.1:{house.port}/{f'room/{room}' if room else ''}", wait_until="commit")
    opened.wait_for_selector(touchable)
    ready = time.monotonic() - began
    context.close()
    return sum(sizes), ready


async def _code(house: House, manager: str, room: str | None) -> str:
    client = Client(house.port)
    reply = await client.one(request("POST", "/api/v1/screens/codes", {"name": "Bench", **({"room": room} if room else {})}, manager))
    client.close()
    return str(reply.json()["code"])
