"""The command that turns a small computer with MPD into a room's player."""

import asyncio
import logging
import os
import random
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import structlog
import typer

from ambiance.cli.running import until_told
from ambiance.cli.start import DEFAULT, explained, load, logs
from ambiance.cli.terminal import AlwaysJson, ConfigFile, Json, say
from ambiance.errors import Invalid, Unknown

if TYPE_CHECKING:
    from ambiance.config import Config
    from ambiance.site import Device

app = typer.Typer()
_CROSSFADE = {"spa": (8.0, 12.0), "clinical": (3.0, 3.0)}
"""Seconds two pieces overlap, and two deep ones, by setting."""


@app.command()
def tones(
    folder: Annotated[Path, typer.Argument(help="MPD's music directory; calm, deep and bright are made in it.")],
    seconds: Annotated[int, typer.Option(min=8, max=600, help="How long each piece is.")] = 120,
    as_json: Json = False,
) -> None:
    """Synthesise a few plain tones to try the music with: nobody's recordings, and nothing anybody should pay for."""
    with explained():
        from ambiance.player.tones import synthesise

        try:
            made = synthesise(folder, seconds)
        except OSError as error:
            raise Invalid(("folder", str(folder), f"a folder that can be written ({error.strerror})")) from None
        styles = dict.fromkeys(path.parent.name for path in made)
        folders = [{"path": style, "style": style, "licence": "own", "proof": "synthesised by ambiance tones"} for style in styles]
        say({"music": {"folders": folders}}, as_json, _for_the_configuration)


@app.command()
def player(
    room: Annotated[str, typer.Option(help="The room this player stands in.")],
    mpd: Annotated[str, typer.Option(help="HOST or HOST:PORT of MPD; its password in MPD_PASSWORD.")] = "127.0.0.1",
    config: ConfigFile = DEFAULT,
    device: Annotated[Optional[str], typer.Option(help="Which of the room's players; the only one if left out.")] = None,  # noqa: UP045
    broker: Annotated[Optional[str], typer.Option(help="mqtt://host:port; the configured one if left out.")] = None,  # noqa: UP045
    log: Annotated[Path, typer.Option(help="The play log for the licensing societies.")] = Path("data/playlog.csv"),
    crossfade: Annotated[Optional[float], typer.Option(min=0.5, max=20, help="Seconds two pieces overlap.")] = None,  # noqa: UP045
    as_json: AlwaysJson = True,
) -> None:
    """Be a room's music player on top of MPD, until interrupted. AMBIANCE_URL and AMBIANCE_TOKEN (and AMBIANCE_CA) name the controller."""
    with explained():
        logs(logging.INFO)
        loaded = load(config)
        found = loaded.site.by_id.get(room)
        if found is None:
            raise Unknown("room", room, sorted(loaded.site.by_id))
        players = [each for each in found.of("player") if each.dialect == "native" and device in (None, each.id)]
        if len(players) != 1:
            able = ", ".join(each.id for each in found.of("player") if each.dialect == "native") or "none"
            raise Invalid(("device", device, f"one native player of {room}: {able}"))
        host, _, port = mpd.partition(":")
        if not host or (port and not port.isdigit()):
            raise Invalid(("mpd", mpd, "HOST or HOST:PORT"))
        wanted = _CROSSFADE[found.setting] if crossfade is None else (crossfade, crossfade)
        asyncio.run(until_told(_play(loaded, players[0], host, int(port or 6600), broker, log, wanted)))


def _for_the_configuration(made: Mapping[str, Any]) -> str:
    lines = ["{" + ", ".join(f"{key}: {value}" for key, value in folder.items()) + "}" for folder in made["music"]["folders"]]
    return "\n".join(["music:", "  folders:", *(f"    - {line}" for line in lines)])


async def _play(
    loaded: "Config", device: "Device", host: str, port: int, broker: str | None, log: Path, overlap: tuple[float, float]
) -> None:  # fmt: skip
    from ambiance.client import believed
    from ambiance.clock import SystemClock
    from ambiance.device import Topics
    from ambiance.player import Agent, Broker, Folder, MpdDecks, Piece, PlayLog, Shelf, Wire
    from ambiance.player.asking import Asking
    from ambiance.player.folders import SHIFT, shelved

    clock, site = SystemClock(), loaded.site
    topics, settings = Topics(site.prefix, site.id), loaded.broker.settings(broker)
    folders = [Folder(f.path, f.style, f.licence, f.proof, frozenset(f.tags), _whole(f.bpm)) for f in site.music.folders]
    if not folders:
        structlog.get_logger("player").warning("no_music", cure="write music.folders into config.yaml, each with its licence and proof")
    decks, playlog = MpdDecks(host, port, os.environ.get("MPD_PASSWORD")), PlayLog(log, device.room)
    began = clock.now()
    shelf = Shelf((), {uri: (at - began).total_seconds() for uri, at in playlog.heard(began - timedelta(seconds=SHIFT))})
    if not os.environ.get("AMBIANCE_TOKEN"):
        cure = f"AMBIANCE_TOKEN from: ambiance token create --role room --room {device.room}"
        structlog.get_logger("player").warning("no_token", cure=cure)
    url, verify = os.environ.get("AMBIANCE_URL", "http://127.0.0.1:8080"), believed(os.environ.get("AMBIANCE_CA") or None)
    asking = Asking(url, os.environ.get("AMBIANCE_TOKEN", ""), device.room, verify)

    async def choose(playlist: str | None, before: Piece | None) -> Piece | None:
        if not shelf.pieces:
            shelf.pieces = shelved(await decks.library(folders), folders)
        selection = await asking(playlist) if playlist is not None else None
        return None if selection is None else shelf.next(selection, clock.monotonic(), before, random.choice)

    def played(piece: Piece) -> None:
        shelf.note(piece, clock.monotonic())
        try:
            playlog.note(piece, clock.now())
        except OSError as error:
            structlog.get_logger("player").error("play_log_not_written", reason=str(error))

    agent = Agent(decks, clock, choose, lambda state: wire.report(state), played, device.taper, *overlap)
    tls = settings.tls_context() if settings.tls else None
    wire = Wire(
        Broker(settings.host, settings.port, settings.username, settings.password, tls),
        topics.device_state(device.room, device.id).removesuffix("/state"), topics.status(),
        f"ambiance-player-{site.id}-{device.room}-{device.id}", clock, agent.ask,
    )  # fmt: skip
    wire.start()
    try:
        await agent.run()
    finally:
        with suppress(Exception):
            await asking.close()
        await wire.stop()


def _whole(bpm: tuple[float, float] | None) -> tuple[int, int] | None:
    return None if bpm is None else (round(bpm[0]), round(bpm[1]))
