"""What every command shares: how it reads what was typed, and prints what was found."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ambiance.cli.start import CONFIG
from ambiance.errors import AmbianceError, Conflict, Invalid

if TYPE_CHECKING:
    from ambiance.client import Client

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AlwaysJson = Annotated[bool, typer.Option("--json", help="Changes nothing: what it prints is JSON in any case.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.", envvar=CONFIG)]
RoomId = Annotated[str, typer.Argument(help="A room's id.")]
Minutes = Annotated[Optional[int], typer.Option("--minutes", "-m", help="Whole minutes.")]  # noqa: UP045 - typer reads it at run time


def say(value: Any, as_json: bool, show: Callable[[Any], str]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")) if as_json else show(value))


def connected() -> "Client":
    from ambiance.client import Client

    env = os.environ
    return Client(
        env.get("AMBIANCE_URL", "http://127.0.0.1:8080"), env.get("AMBIANCE_TOKEN") or None, authority=env.get("AMBIANCE_CA") or None
    )


def number(path: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Invalid((path, text, "a number, mute or unmute")) from None


def held(text: str) -> Any:
    """What devices are held at, as HTTP takes it."""
    try:
        return json.loads(text)
    except ValueError:
        raise Invalid(("hold", text, 'devices and their values, as {"ceiling":{"brightness":30}}')) from None


def meant(client: "Client", target: str) -> str:
    """The id meant by a session's id or a room's."""
    try:
        session = client.room(target)["session"]
    except AmbianceError as error:
        if getattr(error, "status", 0) == 404:
            return target
        raise
    if session is not None:
        return str(session)
    coming = [s for s in client.sessions(target) if s["state"] == "scheduled"]
    if not coming:
        raise Conflict(f"{target} has no session now; start one with: ambiance start {target} PROFILE")
    return str(min(coming, key=lambda s: str(s["starts_at"]))["id"])


def code(text: str) -> Any:
    """A care code as people type it, `no_accent` or `light_max_lx=10`, or the object that HTTP takes."""
    if text.startswith("{"):
        try:
            return json.loads(text)
        except ValueError:
            raise Invalid(
                ("care", f"text of {len(text)} characters", 'a code, as scent_off, light_max_lx=10 or {"code":"light_max_lx","value":10}')
            ) from None
    name, _, value = text.partition("=")
    if not value:
        return name
    try:
        return {"code": name, "value": json.loads(value)}
    except ValueError:
        return {"code": name, "value": value}
