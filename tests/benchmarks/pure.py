"""What the pure functions cost: compiling a sheet, asking it for a scene, packing it for its row."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ambiance.care import parse
from ambiance.cuesheet import Order, compile_sheet
from ambiance.cuesheet.scene import scene_at
from ambiance.profile import Library
from ambiance.session.sheets import Sheets
from ambiance.site import Device, Room
from tests.benchmarks.house import ROOT
from tests.benchmarks.table import Row


def measure(folder: Path, quick: bool) -> list[Row]:
    times = 20 if quick else 300
    library = Library.load(ROOT / "profiles")
    devices = (
        Device("ceiling", "a", "light", share=0.8),
        Device("cove", "a", "light", role="accent", share=0.2),
        Device("speaker", "a", "player"),
        Device("diffuser", "a", "diffuser"),
        Device("extract", "a", "fan", air_changes=8.0),
        Device("climate", "a", "climate"),
    )
    room = Room("a", "a", "spa", full_light_lux=300.0, full_volume_dba=70.0, devices=devices)
    order = Order(library.get("spa/swedish"), 60, "follow_up", parse([]), scent=True)
    sheet = compile_sheet(order, room)
    packed = Sheets().pack(sheet)
    count = 0

    def fresh() -> None:
        nonlocal count
        count += 1
        # A room of another brightness each time, so that nothing is remembered.
        compile_sheet(order, replace(room, full_light_lux=300.0 + count))

    asked = [
        ("compile a 60-minute sheet, six devices, a room not seen before", fresh, times),
        ("compile the same again", lambda: compile_sheet(order, room), times),
        ("scene_at, six devices", lambda: scene_at(sheet, 1234.5), times * 20),
        ("pack a sheet for its row", lambda: Sheets().pack(sheet), times),
        ("unpack it", lambda: Sheets().unpack(packed), times),
    ]
    rows = [Row("pure", what, f"{_cost(do, often) * 1e6:.0f} µs") for what, do, often in asked]
    return [*rows, Row("pure", "a packed sheet", f"{len(packed):,} bytes")]


def _cost(do: Callable[[], object], times: int) -> float:
    """Seconds each, the best of three runs: what else the machine does only ever adds."""
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(times):
            do()
        best = min(best, (time.perf_counter() - began) / times)
    return best
