"""Commands that tell a running controller what to do, and ask what is."""

from typing import Annotated, Any, Optional

import typer

from ambiance.cli.start import explained
from ambiance.cli.terminal import Json, Minutes, RoomId, code, connected, held, meant, number, say
from ambiance.cli.words import emergency_line, hands_line, room_line, session_line, site_lines, why_lines
from ambiance.errors import Invalid

app = typer.Typer()


@app.command()
def start(
    room: RoomId,
    profile: Annotated[str, typer.Argument(help="spa/swedish, menu/…")],
    minutes: Minutes = None,
    at: Annotated[str, typer.Option("--at", help="now, or an instant: 2026-06-01T14:00+02:00.")] = "now",
    visit: Annotated[str, typer.Option(help="first or follow_up")] = "follow_up",
    care: Annotated[Optional[list[str]], typer.Option(help="A code; once each. Left out: intake unknown.")] = None,  # noqa: UP045
    no_needs: Annotated[bool, typer.Option("--no-needs", help="Intake was taken and there is nothing to heed.")] = False,
    scent: Annotated[bool, typer.Option(help="The guest asked for scent.")] = False,
    course: Annotated[Optional[str], typer.Option(help="The reference of a course whose atmosphere to start with.")] = None,  # noqa: UP045
    therapist: Annotated[Optional[str], typer.Option(help="An opaque token of who treats; never a name.")] = None,  # noqa: UP045
    key: Annotated[Optional[str], typer.Option(help="Idempotency key.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """Start a treatment in a room, now or at an instant."""
    body: dict[str, Any] = {"profile": profile, "minutes": minutes, "start": at, "visit": visit, "scent": scent}
    body["course"] = course
    body["therapist"] = therapist
    with explained(), connected() as client:
        body["care"] = [code(text) for text in care] if care else [] if no_needs else None
        say(client.start(room, key=key, **{k: v for k, v in body.items() if v is not None}), as_json, session_line)


@app.command()
def rooms(as_json: Json = False) -> None:
    """Every room at a glance."""
    with explained(), connected() as client:
        say(client.rooms(), as_json, lambda found: "\n".join(map(room_line, found)))


@app.command()
def sessions(room: Annotated[Optional[str], typer.Option(help="Of one room.")] = None, as_json: Json = False) -> None:  # noqa: UP045
    """Live and past sessions, newest first."""
    with explained(), connected() as client:
        say(
            client.sessions(room),
            as_json,
            lambda found: "\n".join(map(session_line, found)) or "No session yet. Start one with: ambiance start ROOM PROFILE",
        )


@app.command()
def why(room: RoomId, as_json: Json = False) -> None:
    """Who decided each value of a room's present scene."""
    with explained(), connected() as client:
        say(client.why(room), as_json, why_lines)


def _verb(name: str, about: str, minutes: int | None = None) -> None:
    """A command for a verb on a session, named by its id or by its room."""

    def plain(target: Annotated[str, typer.Argument(help="A session's id, or the room it is in.")], as_json: Json = False) -> None:
        with explained(), connected() as client:
            say(getattr(client, name)(meant(client, target)), as_json, session_line)

    def timed(
        target: Annotated[str, typer.Argument(help="A session's id, or the room it is in.")],
        by: Annotated[int, typer.Option("--minutes", "-m", help="Whole minutes.")] = minutes or 5,
        as_json: Json = False,
    ) -> None:
        with explained(), connected() as client:
            say(getattr(client, name)(meant(client, target), by), as_json, session_line)

    app.command(name, help=about)(plain if minutes is None else timed)


for _name, _about, _minutes in (
    ("pause", "Hold the scene, with light to stand up by and without scent.", None),
    ("resume", "Go on where the pause began.", None),
    ("stay", "Not yet: this phase lasts longer; the end moves only if nothing else can give.", 5),
    ("extend", "The end moves.", 10),
    ("advance", "This phase is over; also: the guest is here, hands are on.", None),
    ("end", "End early with a short return; a second time closes at once.", None),
    ("cancel", "A session that has not begun will not.", None),
):
    _verb(_name, _about, _minutes)


@app.command()
def move(target: Annotated[str, typer.Argument(help="A session's id, or the room it is in.")], room: RoomId, as_json: Json = False) -> None:
    """Go on in another room, at the same phase."""
    with explained(), connected() as client:
        say(client.move(meant(client, target), room), as_json, session_line)


@app.command()
def care(
    target: Annotated[str, typer.Argument(help="A session's id, or the room it is in.")],
    codes: Annotated[Optional[list[str]], typer.Option("--care", help="A code to add; once each.")] = None,  # noqa: UP045
    instead: Annotated[bool, typer.Option("--instead", help="Let go of every code that is not named.")] = False,
    unknown: Annotated[bool, typer.Option("--unknown", help="It turns out that nobody asked.")] = False,
    conflict: Annotated[Optional[str], typer.Option(help="Answer what contradicts: its id, with --side.")] = None,  # noqa: UP045
    side: Annotated[Optional[str], typer.Option(help="The side that stands.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """What a session's guest needs from now on; also how staff answer what contradicts in it."""
    with explained(), connected() as client:
        if conflict is not None or side is not None:
            if conflict is None or side is None:
                raise Invalid(("options", "--conflict" if side is None else "--side", "both --conflict and --side"))
            say(client.choose(meant(client, target), conflict, side), as_json, session_line)
            return
        if bool(codes) == unknown and not instead:
            raise Invalid(("options", "--care with --unknown" if unknown else "none", "--care CODE, --unknown, or --conflict and --side"))
        given = None if unknown else [code(text) for text in codes or ()]
        say(client.need(meant(client, target), given, instead), as_json, session_line)


@app.command()
def adjust(
    room: RoomId,
    light: Annotated[Optional[float], typer.Option(help="L* brighter or dimmer.")] = None,  # noqa: UP045
    music: Annotated[Optional[str], typer.Option(help="dB louder or quieter, mute or unmute.")] = None,  # noqa: UP045
    style: Annotated[Optional[str], typer.Option(help="Music of this style from now on: calm, deep, bright, silence or own.")] = None,  # noqa: UP045
    another: Annotated[bool, typer.Option("--another", help="Another piece of music.")] = False,
    scent_off: Annotated[bool, typer.Option("--scent-off")] = False,
    exam_light: Annotated[Optional[bool], typer.Option("--exam-light/--no-exam-light")] = None,  # noqa: UP045
    hold: Annotated[Optional[str], typer.Option(help='Devices as they should stay: {"ceiling":{"brightness":30}}.')] = None,  # noqa: UP045
    release: Annotated[bool, typer.Option("--release", help="Give the room back to the plan.")] = False,
    as_json: Json = False,
) -> None:
    """A hand on the room."""
    with explained(), connected() as client:
        change: dict[str, Any] = {}
        if light is not None:
            change["light"] = light
        if music is not None:
            change["music"] = music if music in ("mute", "unmute") else number("music", music)
        if style is not None:
            change["style"] = style
        if another:
            change["another"] = True
        if scent_off:
            change["scent"] = "off"
        if exam_light is not None:
            change["exam_light"] = exam_light
        if hold is not None:
            change["hold"] = held(hold)
        if release:
            change["release"] = True
        if len(change) != 1:
            able = "--light, --music, --style, --another, --scent-off, --exam-light, --hold, --release"
            raise Invalid(("options", ", ".join(change) or "none", f"exactly one of {able}"))
        say(client.adjust(room, change), as_json, hands_line)


@app.command()
def release(room: RoomId, as_json: Json = False) -> None:
    """Give the room back to the plan; only scent stays off."""
    with explained(), connected() as client:
        say(client.adjust(room, {"release": True}), as_json, hands_line)


@app.command()
def bright(room: RoomId, off: Annotated[bool, typer.Option("--off", help="Give the light back.")] = False, as_json: Json = False) -> None:
    """Staff light at once, and nothing else."""
    with explained(), connected() as client:
        say(client.bright(room, not off), as_json, hands_line)


@app.command()
def ready(room: RoomId, as_json: Json = False) -> None:
    """The room is cleaned."""
    with explained(), connected() as client:
        say(client.ready(room), as_json, lambda found: f"{found['room']} is {found['state']}")


@app.command("out-of-order")
def out_of_order(room: RoomId, off: Annotated[bool, typer.Option("--off", help="Back in use.")] = False, as_json: Json = False) -> None:
    """Nobody uses this room until it is put back into use."""
    with explained(), connected() as client:
        say(client.out_of_order(room, not off), as_json, lambda found: f"{found['room']} is {found['state'].replace('_', ' ')}")


@app.command()
def site(as_json: Json = False) -> None:
    """Drills under way, and when the path of each alarm was last proved."""
    with explained(), connected() as client:
        say(client.site(), as_json, site_lines)


@app.command()
def window(room: RoomId, shut: Annotated[bool, typer.Option("--shut", help="It is shut again.")] = False, as_json: Json = False) -> None:
    """The window was opened: the room airs faster for the next half hour."""
    with explained(), connected() as client:
        said = "open until" if not shut else "shut"
        say(client.window(room, not shut), as_json, lambda found: f"{found['room']}: the window is {said} {found['until'] or ''}".rstrip())


@app.command()
def emergency(
    kind: Annotated[str, typer.Argument(help="fire, medical or duress")],
    place: Annotated[Optional[str], typer.Argument(help="One room; the whole house if left out.")] = None,  # noqa: UP045
    room: Annotated[Optional[str], typer.Option(help="The same as the second argument.")] = None,  # noqa: UP045
    reset: Annotated[bool, typer.Option("--reset", help="A person says it is over; or that the drill arrived.")] = False,
    drill: Annotated[bool, typer.Option("--drill", help="Nothing moves in the rooms; ends by itself after an hour.")] = False,
    closed: Annotated[bool, typer.Option("--out-of-order", help="With --reset: the rooms are out of order after it.")] = False,
    as_json: Json = False,
) -> None:
    """Full light, no music, no scent, until a person resets it."""
    with explained(), connected() as client:
        where = room or place
        if reset:
            found = client.reset_emergency(kind, where, drill=drill, out_of_order=closed)
        else:
            found = client.emergency(kind, where, drill=drill)
        say(found, as_json, emergency_line)


@app.command()
def events(
    after: Annotated[Optional[int], typer.Option(help="Only what came after this sequence number.")] = None,  # noqa: UP045
    as_json: Json = False,
) -> None:
    """What happens, as it happens, until interrupted."""
    with explained(), connected() as client:
        try:
            for event in client.events(after):
                say(event, as_json, lambda said: f"{said['at']}  {said.get('room') or '-':<12} {said['type']}")
        except KeyboardInterrupt:
            return
