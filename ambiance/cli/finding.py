"""Commands that look at what hangs on the walls: find devices, try one, examine the whole house."""

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ambiance.cli.fitting import device_app
from ambiance.cli.start import DEFAULT, explained, load
from ambiance.cli.terminal import ConfigFile, Json, RoomId, connected, say
from ambiance.errors import ControllerUnreachable, Invalid, Unknown

if TYPE_CHECKING:
    from ambiance.config import Config
    from ambiance.device.brokersettings import BrokerSettings
    from ambiance.device.finding import Sighting
    from ambiance.doctor import Complaint

app = typer.Typer()
_GRADES = {"mend": "✗ mend", "improve": "! improve", "well": "✓"}
_MARKS = {"good": "✓", "look": "?", "poor": "!", "bad": "✗"}
Broker = Annotated[Optional[str], typer.Option(help="mqtt://host:port; the configured one if left out.")]  # noqa: UP045


@device_app.command("discover")
def device_discover(
    broker: Broker = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="How long to listen.")] = 10.0,
    ask: Annotated[bool, typer.Option(help="Ask devices what they are, rather than only listen.")] = True,
    config: ConfigFile = DEFAULT,
    as_json: Json = False,
) -> None:
    """List what speaks on the broker, each with what to write into config.yaml for it."""
    from ambiance.clock import SystemClock
    from ambiance.device.finding import look

    with explained():
        loaded = load(config) if config != DEFAULT or config.exists() else None
        settings = _broker(loaded, broker)
        sightings = asyncio.run(look(settings, seconds, SystemClock(), loaded.site if loaded else None, ask))
        say([sighting.plain() for sighting in sightings], as_json, lambda _: _listed(sightings))


@device_app.command("test")
def device_test(
    room: RoomId,
    device: Annotated[str, typer.Argument(help="A device's id in that room.")],
    config: ConfigFile = DEFAULT,
    broker: Broker = None,
    as_json: Json = False,
) -> None:
    """Walk a device through its range and times, and say what it really did.

    Through the running controller that AMBIANCE_URL names, or straight over the broker where none runs. Nobody may be in treatment there.
    """
    with explained():
        site = load(config)
        known = site.site.by_id.get(room)
        if known is None:
            raise Unknown("room", room, sorted(site.site.by_id))
        if device not in known.by_id:
            raise Unknown("device", device, sorted(known.by_id))
        worst = _tried(site, room, device, broker, as_json)
        if worst == "bad":
            raise typer.Exit(1)


def _tried(loaded: "Config", room: str, device: str, broker: str | None, as_json: bool) -> str:
    """Every line as it comes; the worst verdict."""
    seen: list[dict[str, Any]] = []

    def show(line: dict[str, Any]) -> None:
        seen.append(line)
        if not as_json:
            typer.echo(f"{_MARKS[str(line['verdict'])]} {line['step']}: {line['words']}")

    try:
        with connected() as controller:
            for line in controller.try_device(room, device):
                show(line)
    except ControllerUnreachable:
        asyncio.run(_direct(loaded, room, device, broker, show))
    if as_json:
        say(seen, True, str)
    verdicts = [str(line["verdict"]) for line in seen]
    return next((verdict for verdict in ("bad", "poor", "look") if verdict in verdicts), "good")


async def _direct(loaded: "Config", room: str, device: str, broker: str | None, show: Callable[[dict[str, Any]], None]) -> None:
    from ambiance.clock import SystemClock
    from ambiance.device.trying import Interrupted, direct, off, walk

    site = loaded.site
    thing = site.by_id[room].by_id[device]
    async with direct(_broker(loaded, broker), site, site.by_id[room], thing, SystemClock()) as bench:
        try:
            async for line in walk(bench, site.limits.sound_max_dba):
                show(line.plain())
        except Interrupted as interrupted:
            show({"step": "ended", "verdict": "look", "words": str(interrupted)})
            return
        last = await off(bench)
        if last is not None and last.verdict == "bad":
            show(last.plain())


def _broker(loaded: "Config | None", url: str | None) -> "BrokerSettings":
    """Where to call, and as whom: what the configuration says, or else the environment."""
    from ambiance.device.brokersettings import BrokerSettings

    if loaded is not None:
        if loaded.broker.embedded and loaded.broker.port == 0 and url is None:
            raise Invalid(("broker.port", 0, "a port of its own, or --broker with the one that was taken"))
        return loaded.broker.settings(url)
    if url is None:
        raise Invalid(("broker", None, "--broker mqtt://host:port, or a config.yaml that says where it is"))
    env: Mapping[str, str] = os.environ
    return BrokerSettings(url, env.get("AMBIANCE_BROKER__USERNAME"), env.get("AMBIANCE_BROKER__PASSWORD"))


def _listed(sightings: "list[Sighting]") -> str:
    if not sightings:
        return "nothing was heard; is anything connected to this broker, and may this user hear it? Try again with --seconds 60"
    blocks = []
    for sighting in sightings:
        found = sighting.found
        there = {True: "there", False: "away", None: ""}[found.online]
        known = f"configured as {sighting.configured}" if sighting.configured else ""
        blocks.append("\n".join((f"# {' · '.join(filter(None, (found.name, found.family, found.model, there, known)))}", found.snippet())))
    return "\n\n".join(blocks)


@app.command()
def doctor(
    config: ConfigFile = DEFAULT,
    seconds: Annotated[float, typer.Option(min=0.5, max=300, help="How long to wait for devices to say that they are there.")] = 4.0,
    as_json: Json = False,
) -> None:
    """Examine broker, devices, rooms, machine and store, and say what to do, worst first. Nothing is changed, and nothing moves."""
    from ambiance.clock import SystemClock
    from ambiance.config import load_config
    from ambiance.doctor import examine

    with explained():
        loaded = load_config(config, os.environ)
        if not as_json:
            devices = sum(len(room.devices) for room in loaded.site.rooms)
            waits = f"asking {devices} devices on {loaded.broker.url or 'the embedded broker'}, and waiting up to {seconds:g} s for them …"
            typer.echo(waits, err=True)
        found = asyncio.run(examine(loaded, config, SystemClock(), seconds))
        say([complaint.plain() for complaint in found], as_json, lambda _: "\n".join(_line(complaint) for complaint in found))
        if any(complaint.grade == "mend" for complaint in found):
            raise typer.Exit(1)


def _line(complaint: "Complaint") -> str:
    cure = f" — {complaint.cure}" if complaint.cure else ""
    return f"{_GRADES[complaint.grade]} {complaint.about}: {complaint.words}{cure}"
