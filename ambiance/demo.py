"""The demonstration: the whole house on simulated devices, a treatment under way in every room, drawn live.

Everything is real but the devices: the controller, a broker in the process, MQTT between them, and twins that fade,
time their doses and answer as good devices do. Somebody plays the staff, so that the day goes on by itself.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from ambiance.app import Running, run
from ambiance.clock import Instant, SystemClock, staff_time
from ambiance.config import Config, load_config
from ambiance.cuesheet.cells import ribbon_cells
from ambiance.device import Topics
from ambiance.device.simulator import Simulator
from ambiance.errors import AmbianceError
from ambiance.panel.tokens import create
from ambiance.session.wishes import Act, Ready, RoomNow, Start
from ambiance.units import Seconds

PLAN: Mapping[str, tuple[str, int, bool]] = {
    "lavender": ("spa/swedish", 60, True),
    "rose": ("spa/couples", 75, True),
    "cabinet": ("clinical/myofascial_release", 45, False),
    "grotto": ("spa/body_scrub", 45, False),
}
"""What each room of the demonstration plays: profile, minutes, and whether its guest asked for scent."""
Show = Callable[[Running, str], Coroutine[None, None, None]]

HESITATION: Seconds = 45.0
"""Site seconds after which the staff confirm a border."""


def demo_config(data: Path, port: int | None, source: Path | None = None) -> Config:
    """The shipped house with its database in `data`, the embedded broker on a free port, and the page on `port`."""
    path = source or next((p for p in (Path("config.yaml"), Path(__file__).resolve().parent.parent / "config.yaml") if p.exists()), None)
    if path is None:
        raise AmbianceError("config.yaml is not here; run the demonstration from the folder of the project")
    config = load_config(path, {})
    data.mkdir(parents=True, exist_ok=True)
    return replace(
        config,
        file=None,  # nobody rewrites the shipped house by playing with it
        broker=replace(config.broker, embedded=True, port=0),
        store=replace(config.store, url=f"sqlite:///{(data / 'ambiance.db').resolve()}"),
        http=replace(config.http, port=config.http.port if port is None else port),
    )


async def demo(config: Config, speed: float, seconds: Seconds | None = None, as_json: bool = False) -> None:
    """Run the house at `speed` until stopped, or for `seconds` of machine time; shown as a board, or as lines of JSON."""
    clock = SystemClock(speed)
    stop = asyncio.Event()
    tasks: list[asyncio.Task[None]] = []
    simulators: list[Simulator] = []

    def ready(running: Running) -> None:
        # A database of yesterday's demonstration is ahead of the machine's clock by what it ran faster: it goes on from there.
        clock.confirm()
        tasks.append(asyncio.create_task(_play(running, simulators, stop, seconds, _said if as_json else _show)))

    try:
        await run(config, clock, ready, stop)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for simulator in simulators:
            await simulator.stop()


async def _play(running: Running, simulators: list[Simulator], stop: asyncio.Event, seconds: Seconds | None, show: Show) -> None:
    site = running.config.site
    simulator = Simulator(Topics(site.prefix, site.id), site.rooms, running.broker, running.clock, share="house")
    simulators.append(simulator)
    try:
        await simulator.start()
        token = await asyncio.to_thread(create, running.config.store.url, site.id, "manager", SystemClock().now(), None, "demo")
        staff = asyncio.create_task(_staff(running))
        try:
            await asyncio.wait_for(show(running, token), seconds)
        except TimeoutError:
            pass
        finally:
            staff.cancel()
    finally:
        # The devices leave before the broker does.
        simulators.remove(simulator)
        await simulator.stop()
        stop.set()


async def _staff(running: Running) -> None:
    """Therapists who confirm a border after a moment, clean, and take the next guest."""
    conductor, clock = running.conductor, running.clock
    for room, (profile, minutes, scent) in PLAN.items():
        if room in conductor.site.by_id and conductor.room(room).session is None:
            await _do(running, Start(room, profile, minutes, care=(), scent=scent))
    waiting: dict[str, Instant] = {}
    while True:
        await asyncio.sleep(0.2)
        for now in conductor.rooms():
            if now.room not in PLAN:
                continue
            if now.session is None:
                if now.state.value == "ready":
                    profile, minutes, scent = PLAN[now.room]
                    await _do(running, Start(now.room, profile, minutes, care=(), scent=scent))
                elif now.next_start is None and waiting.setdefault(now.room, clock.now()) < clock.now() - timedelta(minutes=12):
                    await _do(running, Ready(now.room))
                    waiting.pop(now.room, None)
            elif now.waiting_for is not None:
                if waiting.setdefault(now.room, clock.now()) < clock.now() - timedelta(seconds=HESITATION):
                    await _do(running, Act("resume" if now.waiting_for == "resume" else "advance", room=now.room))
                    waiting.pop(now.room, None)
            else:
                waiting.pop(now.room, None)


async def _do(running: Running, wish: Any) -> None:
    try:
        await running.conductor.wish(wish)
    except AmbianceError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the demonstration speaks to whoever watches it


async def _show(running: Running, token: str) -> None:
    """A live board where there is a terminal, a line a room now and then where there is none."""
    from rich.console import Console

    console = Console()
    where = f"{running.url}/api/v1/rooms"
    console.print(f"[bold]Ambiance[/bold] {running.config.site.name}: {len(running.config.site.rooms)} rooms, broker {running.broker.url}")
    desk, tablet = await asyncio.gather(*(asyncio.to_thread(_invited, running, room) for room in (None, next(iter(PLAN)))))
    console.print(f"look      {desk}?next=/rehearsal  a treatment in a drawn room; then the desk", highlight=False, soft_wrap=True)
    console.print(f"tablet    {tablet}", highlight=False, soft_wrap=True)
    console.print(f"HTTP API  {where}\ntoken     {token}", highlight=False, soft_wrap=True)
    console.print(f"try       curl -H 'Authorization: Bearer {token}' {where}\n", highlight=False, soft_wrap=True)
    if running.first_link is not None:
        console.print(f"sign in   {running.first_link} makes the first account\n", highlight=False, soft_wrap=True)
    if not console.is_terminal:
        while True:
            for now in running.conductor.rooms():
                console.print(_line(running, now), highlight=False, soft_wrap=True)
            await asyncio.sleep(2)
    from rich.live import Live

    with Live(console=console, refresh_per_second=4, screen=False, transient=False) as live:
        while True:
            live.update(_board(running, console.width))
            await asyncio.sleep(0.25)


def _invited(running: Running, room: str | None) -> str:
    """Where a browser becomes a desk of this house, or the tablet of `room`; good once, for as long as anybody watches a demonstration."""
    code, _ = running.identity.screens.offer(room, "Demonstration", "demo", staff_time(running.clock), timedelta(days=1))
    return f"{running.url}/pair/{code}"


async def _said(running: Running, token: str) -> None:
    """First where the house is and how to be let in; then, again and again, every room at a glance."""
    desk = await asyncio.to_thread(_invited, running, None)
    _write({"url": running.url, "api": f"{running.url}/api/v1", "broker": running.broker.url, "token": token, "desk": desk})
    while True:
        rooms = [
            {"id": now.room, "state": now.state.value, "phase": now.phase, "phases": now.phases, "waiting_for": now.waiting_for}
            for now in running.conductor.rooms()
        ]
        _write({"at": running.clock.now().isoformat(timespec="seconds"), "rooms": rooms})
        await asyncio.sleep(2)


def _write(value: Mapping[str, Any]) -> None:
    print(json.dumps(value), flush=True)  # noqa: T201 - the demonstration speaks to whoever watches it


def _line(running: Running, now: RoomNow) -> str:
    belief = running.board.belief(now.room)
    light = next((d for d in belief.devices.values() if d.kind == "light" and d.reported), None)
    level = (
        f"{light.device} {float(light.reported.get('brightness', 0)):.1f} %" if light is not None and light.reported else "no report yet"
    )
    phase = f"phase {now.phase} of {now.phases}" if now.phase else ""
    waits = f", waiting for {now.waiting_for}" if now.waiting_for else ""
    return f"{_time(running)}  {now.room:<10} {now.state.value.replace('_', ' '):<14} {phase}{waits}  {level}"


def _time(running: Running) -> str:
    return running.clock.now().astimezone(running.config.site.timezone).strftime("%H:%M:%S")


def _board(running: Running, width: int) -> Any:
    """Every room as its name, its state and its ribbon."""
    from rich.console import Group
    from rich.rule import Rule
    from rich.text import Text

    parts: list[Any] = [Rule(f"{running.config.site.name}   {_time(running)}", align="left", style="dim")]
    for now in running.conductor.rooms():
        room = running.config.site.by_id[now.room]
        left = ""
        if now.ends_at is not None:
            remaining = (now.ends_at - running.clock.now()).total_seconds()
            left = f"{int(max(0, remaining) // 60)} min left"
        words = [now.state.value.replace("_", " ").capitalize()]
        if now.phase:
            words.append(f"{now.phase} of {now.phases}")
        if now.waiting_for:
            words.append("waits for hands")
        words += [left, *now.hands, *running.board.belief(now.room).faults]
        head = Text(f"{room.name:<12}", style="bold")
        head.append("  ·  ".join(word for word in words if word), style="default")
        parts.append(head)
        if now.session is not None:
            offset = now.session.offset(running.clock.now())
            for row in ribbon_cells(now.session.sheet, room, min(width - 2, 140), now=offset):
                line = Text()
                for cell in row:
                    line.append(cell.char, style=f"{cell.fg or 'default'} on {cell.bg or 'default'}")
                parts.append(line)
        parts.append(Text())
    return Group(*parts)
