"""Commands that read what was: reports, the play log, the ledger."""

import json
from collections.abc import Mapping
from csv import DictReader
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ambiance.cli.start import DEFAULT, explained, load
from ambiance.cli.terminal import ConfigFile, Json, connected, meant, say
from ambiance.errors import AmbianceError

if TYPE_CHECKING:
    from ambiance.client import Client

app = typer.Typer()


Day = Annotated[Optional[str], typer.Option(help="A day, as 2026-06-01; included.")]  # noqa: UP045


@app.command()
def report(
    target: Annotated[str, typer.Argument(help="A session's id, a report's code, or the room it is or was in.")],
    csv: Annotated[Optional[Path], typer.Option("--csv", help="Write it as CSV.")] = None,  # noqa: UP045
    html: Annotated[Optional[Path], typer.Option("--html", help="Write it as one page to print.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """What a guest was exposed to: light, sound, scent, phases and hands; each figure says how it is known."""
    with explained(), connected() as client:
        id = _told_of(client, target)
        try:
            found = client.report(id)
        except AmbianceError as error:
            if getattr(error, "status", 0) not in (404, 422) or len(id) != 7:
                raise
            found = client.report_called(id)
        if csv is not None:
            csv.write_text(client.report_csv(found["session"]), encoding="utf-8", newline="")
        if html is not None:
            html.write_text(client.report_page(found["session"]), encoding="utf-8")
        if as_json or (csv is None and html is None):
            say(found, as_json, _report_lines)


def _told_of(client: "Client", target: str) -> str:
    """The session whose report is meant: of a room where nothing goes on, the one that was last, whatever is booked."""
    if target != target.lower():
        return target  # a report's code: no room and no session is written in capitals
    try:
        present = client.room(target)["session"]
    except AmbianceError as error:
        if getattr(error, "status", 0) == 404:
            return target
        raise
    over = [session["id"] for session in client.sessions(target) if session["state"] == "done"]
    return str(present or (over[0] if over else meant(client, target)))


@app.command()
def playlog(
    since: Annotated[Optional[str], typer.Option("--from", help="A day, as 2026-06-01.")] = None,  # noqa: UP045
    to: Day = None,
    as_json: Json = False,
) -> None:
    """What was played where and when, for whoever licenses music, as CSV; the last thirty days if nothing is said."""
    with explained(), connected() as client:
        text = client.playlog(since, to)
    typer.echo(json.dumps(list(DictReader(StringIO(text))), ensure_ascii=False) if as_json else text, nl=as_json)


@app.command()
def ledger(
    since: Annotated[Optional[str], typer.Option("--from", help="A day, as 2026-06-01.")] = None,  # noqa: UP045
    to: Day = None,
    as_json: Json = False,
) -> None:
    """How often staff change which setting of which treatment; only what five sessions or more have in common."""
    with explained(), connected() as client:
        nothing = "Nothing yet that five sessions have in common."
        say(client.ledger(since, to), as_json, lambda found: "\n".join(map(_habit_line, found)) or nothing)


@app.command()
def erase(
    session: Annotated[str, typer.Argument(help="A session's id, or with --course the reference of a course.")],
    course: Annotated[bool, typer.Option("--course", help="Forget a course.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a session, or a course: at once, or as soon as the session is over. Backups are not reached."""
    with explained(), connected() as client:
        found = client.close_course(session) if course else client.erase(session)
        say(found, as_json, lambda said: "forgotten" if said["erased"] else f"will be forgotten when it is over; it is {said['state']}")


@app.command()
def course(
    reference: Annotated[Optional[str], typer.Argument(help="The course to show; a new one if left out.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """Begin a course of visits in one atmosphere, or show what is kept of one."""
    with explained(), connected() as client:
        say(client.open_course() if reference is None else client.course(reference), as_json, _course_lines)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to; an older copy there is replaced when the new one is whole.")],
    config: ConfigFile = DEFAULT,
    as_json: Json = False,
) -> None:
    """Copy the store while it is in use, without care codes, keys and tokens."""
    from ambiance.session.sql import SqlStore

    with explained():
        found = load(config)
        store = SqlStore(found.store.url, found.site.id)
        try:
            store.backup(file)
        finally:
            store.close()
        say({"file": str(file)}, as_json, lambda made: f"copied to {made['file']}")


def _course_lines(found: Mapping[str, Any]) -> str:
    if isinstance(found["visits"], int):
        return str(found["course"])
    lines = [f"{found['course']}  {found['profile'] or 'no visit yet'}, kept until {found['kept_until']}"]
    lines += [f"  {phase:<14} {p['lux']:g} lx, {p['kelvin']:.0f} K, {p['dba'] or 'silent'}" for phase, p in found["set_points"].items()]
    return "\n".join([*lines, *(f"  {visit['at']}  {visit['code']}  {visit['hash']}" for visit in found["visits"])])


def _report_lines(found: Mapping[str, Any]) -> str:
    lines = [f"{found['code']}  session {found['session']} in {found['room']}, {found['state']}"]
    for name, figure in found["figures"].items():
        value = " ".join(figure["value"]) or "none" if isinstance(figure["value"], list) else figure["value"]
        lines.append(f"  {name:<26} {'-' if value is None else value} {'' if value is None else figure['unit']}  ({figure['basis']})")
    lines += [f"  {phase['phase']:<26} {phase['real_min']:g} min of {phase['planned_min'] or '-'} planned" for phase in found["phases"]]
    if found["because"] is not None:
        answer = {True: "yes: ", False: "no, because ", None: "not known: "}[found["comparable"]]
        lines.append(f"  comparable: {answer}{found['because']}")
    if found["course"] is not None:
        answer = {True: "yes: ", False: "no, because ", None: "not known: "}[found["course"]["comparable"]]
        lines.append(f"  with earlier visits: {answer}{found['course']['because']}")
    return "\n".join([*lines, *(f"  {note}" for note in found["notes"])])


def _habit_line(habit: Mapping[str, Any]) -> str:
    mean = "" if habit["mean"] is None else f", {habit['mean']:+g} {habit['unit']} on average"
    return f"{habit['profile']:<28} {habit['kind']:<11} in {habit['changed']} of {habit['sessions']} sessions, {habit['count']} times{mean}"
