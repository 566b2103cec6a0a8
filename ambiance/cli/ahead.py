"""Commands that look ahead without a controller: check, preview, schema."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from ambiance.cli.start import DEFAULT, explained
from ambiance.cli.terminal import AlwaysJson, Json, Minutes, code
from ambiance.errors import AmbianceError, FileError, Invalid, Place, Unknown

app = typer.Typer()
_LIBRARY = Path("profiles")


@app.command()
def check(files: Annotated[list[Path] | None, typer.Argument(help="config.yaml, or profile files.")] = None, as_json: Json = False) -> None:
    """Read the configuration and the library without starting anything; name every fault with its line."""
    checked: list[str] = []
    faults: list[str] = []
    warnings: list[str] = []
    for path in files or [DEFAULT]:
        before = len(faults)
        for read in _reads(path, warnings):
            try:
                read()
            except FileError as error:
                faults += [str(fault) for fault in error.faults]
            except (AmbianceError, OSError) as error:
                faults.append(f"{path}: {error}")
        checked += [str(path)] if len(faults) == before else []
    if as_json:
        typer.echo(json.dumps({"ok": not faults, "checked": checked, "faults": faults, "warnings": warnings}))
    else:
        for line in faults:
            typer.echo(line, err=True)
        for line in warnings:
            typer.echo(f"warning: {line}", err=True)
        if not faults:
            typer.echo(f"{', '.join(checked)}: nothing to mend")
    if faults:
        raise typer.Exit(2)


def _reads(path: Path, warnings: list[str]) -> Iterator[Callable[[], object]]:
    """What there is to read in a file or a folder; what is wrong with one keeps nobody from the next."""
    from ambiance.config import load_config
    from ambiance.config.file import library_of
    from ambiance.config.intake import load_intake
    from ambiance.profile import Library, check_file

    library: tuple[Path, Place | None] | None = (path, None) if path.is_dir() else None
    if path.name == "config.yaml" or (path.suffix in (".yaml", ".yml") and _is_config(path)):
        yield lambda: warnings.extend(load_config(path, os.environ).warnings)
        library = library_of(path, os.environ)
    elif path.name == "intake.yaml":
        yield lambda: load_intake(path.parent)
    elif library is None:
        yield lambda: check_file(path, _around(path))
    if library is not None:
        folder, named = library
        yield lambda: Library.load(folder, named)
        yield lambda: load_intake(folder)


def _is_config(path: Path) -> bool:
    """A file of a site says so at the left margin; anything else is read as a profile."""
    try:
        with path.open("rb") as file:
            return any(line.startswith((b"site:", b"rooms:", b"broker:")) for line in file.read(65_536).splitlines())
    except OSError:
        return False


@app.command()
def preview(
    profile: Annotated[str, typer.Argument(help="spa/swedish, clinical/sports, menu/…")],
    more: Annotated[Optional[list[str]], typer.Argument(hidden=True, metavar="")] = None,  # noqa: UP045
    minutes: Minutes = None,
    visit: Annotated[str, typer.Option(help="first or follow_up")] = "follow_up",
    care: Annotated[Optional[list[str]], typer.Option(help="Codes: scent_off, light_max_lx=10.")] = None,  # noqa: UP045
    png: Annotated[Optional[Path], typer.Option(help="Write the ribbon as PNG.")] = None,  # noqa: UP045
    svg: Annotated[Optional[Path], typer.Option(help="Write the ribbon as SVG.")] = None,  # noqa: UP045
    profiles: Annotated[Path, typer.Option(help="The library's folder.")] = _LIBRARY,
    as_json: Json = False,
) -> None:
    """What a treatment does to a room, as a ribbon: light, sound and scent against minutes."""
    from ambiance.care import parse
    from ambiance.cuesheet.ribbon import ribbon_svg
    from ambiance.panel.preview import Previews
    from ambiance.panel.views import sheet_view
    from ambiance.profile import Library, at_hand

    with explained():
        if visit not in ("first", "follow_up"):
            raise Invalid(("visit", visit, "first or follow_up"))
        previews = Previews(Library.load(at_hand(profiles)))
        if more and not care:
            raise Invalid(("arguments", " ".join(more), "one profile; codes after --care"))
        needs = parse([code(text) for text in (*(care or ()), *(more or ()))])
        sheet = previews(profile, minutes, "first" if visit == "first" else "follow_up", care=needs)
        room = previews.room(profile)
        if svg is not None:
            svg.write_text(ribbon_svg(sheet, room), encoding="utf-8")
        if png is not None:
            import resvg_py

            png.write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=ribbon_svg(sheet, room), zoom=2)))
        if as_json:
            typer.echo(json.dumps(sheet_view(sheet), separators=(",", ":")))
        elif svg is None and png is None:
            _draw(sheet, room)
            for each in needs.conflicts:
                typer.echo(str(each))


def _around(file: Path) -> Path:
    """The library a file stands in, or else the one at hand."""
    here = file.resolve().parent
    from ambiance.profile import at_hand

    return next((folder for folder in (here, here.parent) if (folder / "settings").is_dir()), at_hand(_LIBRARY))


def _draw(sheet: Any, room: Any) -> None:
    from rich.console import Console
    from rich.text import Text

    from ambiance.cuesheet.cells import ribbon_cells

    console = Console()
    for row in ribbon_cells(sheet, room, min(console.width, 140)):
        line = Text()
        for cell in row:
            line.append(cell.char, style=f"{cell.fg or 'default'} on {cell.bg or 'default'}")
        console.print(line)
    for note in sheet.notes:
        console.print(note)


@app.command()
def schema(
    kind: Annotated[Optional[str], typer.Argument(help="setting, plan, profile or menu; all if left out.")] = None,  # noqa: UP045
    as_json: AlwaysJson = True,
) -> None:
    """JSON Schema of the files of the library, so that an editor completes and checks them."""
    from ambiance.profile.schema import schemas

    with explained():
        found = schemas()
        if kind is not None and kind not in found:
            raise Unknown("kind of file", kind, sorted(found))
        typer.echo(json.dumps(found if kind is None else found[kind], indent=2))
