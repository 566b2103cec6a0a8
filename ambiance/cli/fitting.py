"""Commands for whoever installs: devices."""

import json
from typing import Annotated

import typer

from ambiance import __version__
from ambiance.cli.start import explained
from ambiance.cli.terminal import AlwaysJson, Json, say
from ambiance.errors import Invalid

app = typer.Typer()
device_app = typer.Typer(help="Devices and their dialects.", no_args_is_help=True)
app.add_typer(device_app, name="device")


Dialect = Annotated[str, typer.Argument(help="native, zigbee2mqtt, tasmota, shelly-gen2 … (docs/devices.md)")]
Options = Annotated[list[str] | None, typer.Option("--option", help="What options of its entry in config.yaml say: channel=1.")]


@device_app.command("encode")
def device_encode(
    dialect: Dialect,
    payload: Annotated[str, typer.Argument(help='{"kind":"light","on":true,"brightness":40,"kelvin":2700,"fade":30}')],
    topic: Annotated[str, typer.Option(help="The device's topic as config.yaml has it: zigbee2mqtt/lavender/ceiling.")],
    option: Options = None,
    as_json: AlwaysJson = True,
) -> None:
    """Print what would be published to a device: a JSON list of topic, payload, qos and retain."""
    from ambiance.device.encode import effective_fade, encoded

    with explained():
        typer.echo(json.dumps(encoded(dialect, topic, payload, _pairs(option))))
        fades = effective_fade(dialect, topic, payload, _pairs(option))
        if fades is not None:
            typer.echo(f"it fades in {fades[1]:g} s by itself, not in {fades[0]:g} s; a session sends such a fade in pieces", err=True)


@device_app.command("decode")
def device_decode(
    dialect: Dialect,
    payload: Annotated[str, typer.Argument(help="What arrived, exactly.")],
    topic: Annotated[str, typer.Option(help="Where it arrived, or the device's topic.")],
    option: Options = None,
    kind: Annotated[str | None, typer.Option(help="light, player, diffuser, climate, fan, warmer, button or sensor")] = None,
    as_json: AlwaysJson = True,
) -> None:
    """Print what a device's message says: a JSON object of native keys, online, or a press."""
    from ambiance.device.encode import decoded

    with explained():
        typer.echo(json.dumps(decoded(dialect, topic, payload, _pairs(option), kind)))


def _pairs(option: list[str] | None) -> dict[str, str]:
    pairs = [text.partition("=") for text in option or ()]
    wrong = [name for name, equals, _ in pairs if not equals]
    if wrong:
        raise Invalid(("option", wrong[0], "name=value, such as channel=1"))
    return {name: value for name, _, value in pairs}


@app.command()
def version(as_json: Json = False) -> None:
    """Which version this is."""
    say({"version": __version__}, as_json, lambda said: str(said["version"]))
