"""Commands that run something: a controller, the demonstration, simulated rooms."""

import asyncio
import logging
import signal
import tempfile
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ambiance.cli.start import DEFAULT, control, explained, load, logs
from ambiance.cli.terminal import AlwaysJson, ConfigFile, Json, say
from ambiance.cli.words import device_line, simulated
from ambiance.errors import Unknown

if TYPE_CHECKING:
    from ambiance.site import Device

app = typer.Typer()


@app.command()
def run(config: ConfigFile = DEFAULT, as_json: AlwaysJson = True) -> None:
    """Run the controller of one site."""
    control(config)


@app.command()
def demo(
    speed: Annotated[float, typer.Option(min=0.1, max=600, help="How many times as fast as a clock.")] = 60.0,
    port: Annotated[Optional[int], typer.Option(min=0, max=65535, help="HTTP port.")] = None,  # noqa: UP045
    data: Annotated[Optional[Path], typer.Option(help="Where the database goes; a fresh folder if left out.")] = None,  # noqa: UP045
    config: Annotated[Optional[Path], typer.Option(help="Another house than the shipped one.")] = None,  # noqa: UP045
    seconds: Annotated[Optional[float], typer.Option("--for", help="Stop after so many seconds.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """The whole house on simulated devices, a treatment under way in every room, drawn live."""
    with explained():
        logs(logging.ERROR)
        from ambiance.demo import demo as run_demo
        from ambiance.demo import demo_config

        with tempfile.TemporaryDirectory(prefix="ambiance-") as fresh:
            try:
                asyncio.run(run_demo(demo_config(data or Path(fresh), port, config), speed, seconds, as_json))
            except KeyboardInterrupt:
                return


@app.command()
def simulate(
    rooms: Annotated[list[str], typer.Argument(help="Ids of rooms in the configuration.")],
    config: ConfigFile = DEFAULT,
    broker: Annotated[Optional[str], typer.Option(help="mqtt://host:port; the configured one if left out.")] = None,  # noqa: UP045
    speed: Annotated[float, typer.Option(min=0.1, max=600, help="How many times as fast as a clock.")] = 1.0,
    per_device: Annotated[bool, typer.Option(help="One connection, and so one will, for each device.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Print what each device becomes, a line a change.")] = False,
    as_json: Json = False,
) -> None:
    """Be well-behaved devices of these rooms on a broker, until interrupted."""
    from ambiance.clock import SystemClock
    from ambiance.device import Topics
    from ambiance.device.simulator import simulate as run_rooms

    with explained():
        logs(logging.WARNING)
        loaded = load(config)
        site = loaded.site
        missing = [room for room in rooms if room not in site.by_id]
        if missing:
            raise Unknown("room", missing[0], sorted(site.by_id))
        chosen = [site.by_id[room] for room in rooms]
        settings = loaded.broker.settings(broker)
        clock = SystemClock(speed)
        devices = {room.id: [device.id for device in room.devices] for room in chosen}
        say({"broker": settings.url, "rooms": devices}, as_json, simulated)

        def changed(device: "Device", values: Mapping[str, Any]) -> None:
            at = clock.now().astimezone(site.timezone)
            told = {"at": at.isoformat(timespec="seconds"), "room": device.room, "device": device.id, **values}
            say(told, as_json, device_line)

        rooms_run = run_rooms(
            Topics(site.prefix, site.id), chosen, settings, clock, "device" if per_device else "room",
            changed=changed if verbose else lambda device, values: None,
        )  # fmt: skip
        asyncio.run(until_told(rooms_run))


async def until_told(work: Coroutine[None, None, None]) -> None:
    """Do it until a signal says to stop, also where whoever started us has interrupts turned off."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task
