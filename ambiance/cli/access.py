"""Commands about who may come in, on the machine itself: tokens, staff, and the house's own certificate."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from ambiance.cli.start import DEFAULT, explained, load
from ambiance.cli.terminal import ConfigFile, Json, say
from ambiance.errors import Invalid, Unknown

app = typer.Typer()
token_app = typer.Typer(help="Who may speak to the controller.", no_args_is_help=True)
staff_app = typer.Typer(help="Who may sign in, with a PIN.", no_args_is_help=True)
https_app = typer.Typer(help="The certificate that the controller shows.", no_args_is_help=True)
app.add_typer(token_app, name="token")
app.add_typer(staff_app, name="staff")
app.add_typer(https_app, name="https")

BY = "command line"
Who = Annotated[str, typer.Argument(help="A name, or an id from `ambiance staff list`.")]


@token_app.command("create")
def token_create(
    role: Annotated[str, typer.Option(help="desk, therapist, room, integration or manager")],
    config: ConfigFile = DEFAULT,
    room: Annotated[Optional[str], typer.Option(help="The room a room's token is bound to; left out: the only one.")] = None,  # noqa: UP045
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    as_json: Json = False,
) -> None:
    """Make a token. It is shown once; a running controller knows it at once."""

    def make(store: Any, now: Any) -> Mapping[str, Any]:
        from ambiance.panel.identity import Identity

        tokens = _tokens(store)
        secret = tokens.create(role, now, bound, name)
        after = {"role": role, "room": bound, "name": name}
        Identity(store).audit.add(now, BY, "token-created", tokens.check(secret).id, {}, after)
        return {"token": secret}

    with explained():
        rooms = sorted(load(config).site.by_id) if room is not None or role == "room" else []
        bound = rooms[0] if room is None and len(rooms) == 1 else room
        if bound is None and role == "room":
            raise Invalid(("--room", "nothing", f"the room this token is for: {', '.join(rooms) or 'the house has none yet'}"))
        if bound is not None and bound not in rooms:
            raise Unknown("room", bound, rooms)
        say(_within(config, make), as_json, lambda made: str(made["token"]))


@token_app.command("list")
def token_list(config: ConfigFile = DEFAULT, as_json: Json = False) -> None:
    """Every token, without its secret."""
    with explained():
        found = _within(config, lambda store, now: [_said(token) for token in _tokens(store).all()])
        say(found, as_json, lambda tokens: _table(tokens, ("id", "role", "room", "name", "created_at"), "No token yet."))


@token_app.command("revoke")
def token_revoke(
    id: Annotated[str, typer.Argument(help="From `ambiance token list`.")], config: ConfigFile = DEFAULT, as_json: Json = False
) -> None:
    """The token opens nothing any more; in a running controller within a second, open streams included."""

    def revoke(store: Any, now: Any) -> Mapping[str, Any]:
        from ambiance.panel.identity import Identity

        _tokens(store).revoke(id)
        Identity(store).audit.add(now, BY, "token-revoked", id)
        return {"id": id}

    with explained():
        say(_within(config, revoke), as_json, lambda gone: f"{gone['id']} is revoked")


@staff_app.command("add")
def staff_add(
    name: Annotated[str, typer.Argument(help="What people call her or him.")],
    role: Annotated[str, typer.Option(help="desk, therapist, manager or admin")],
    config: ConfigFile = DEFAULT,
    as_json: Json = False,
) -> None:
    """Somebody may sign in. The PIN is asked for, or read as one line from stdin; it is never an argument."""
    with explained():
        pin = _pin()
        made = _within(config, lambda store, now: _said(_people(store).add(name, role, pin, BY, now)))
        say(made, as_json, lambda person: f"{person['name']} may sign in as {person['role']} ({person['id']})")


@staff_app.command("list")
def staff_list(config: ConfigFile = DEFAULT, as_json: Json = False) -> None:
    """Who may sign in."""
    with explained():
        found = _within(config, lambda store, now: [_said(person) for person in _people(store).all()])
        nobody = "Nobody yet. Start the controller and open the link it prints, or: ambiance staff add NAME --role admin"
        say(found, as_json, lambda people: _table(people, ("id", "role", "name", "created_at"), nobody))


@staff_app.command("remove")
def staff_remove(who: Who, config: ConfigFile = DEFAULT, as_json: Json = False) -> None:
    """Somebody may sign in no more; a running controller lets go of her or him within a second."""
    with explained():
        gone = _within(config, lambda store, now: _removed(store, now, who))
        say(gone, as_json, lambda person: f"{person['name']} may sign in no more")


@staff_app.command("pin")
def staff_pin(who: Who, config: ConfigFile = DEFAULT, as_json: Json = False) -> None:
    """Another PIN for somebody who forgot theirs, asked for as in `staff add`; where they are signed in, they are signed out."""
    with explained():
        pin = _pin()
        said = _within(config, lambda store, now: _changed_pin(store, now, who, pin))
        say(said, as_json, lambda person: f"{person['name']} has another PIN")


@https_app.command("setup")
def https_setup(
    host: Annotated[Optional[list[str]], typer.Option(help="A name or address of the controller; once each.")] = None,  # noqa: UP045
    config: ConfigFile = DEFAULT,
    write: Annotated[bool, typer.Option("--write/--no-write", help="Set the keys in the configuration.")] = True,
    as_json: Json = False,
) -> None:
    """Make the house its own certificate authority and a certificate, and have the controller show it."""
    from ambiance.clock import SystemClock, stamp
    from ambiance.config.edit import set_keys
    from ambiance.panel.certificates import Certificates, own_names

    with explained():
        loaded = load(config)
        folder = config.resolve().parent / "data" / "secrets"
        files = Certificates(folder)
        # The names somebody gave come first: the first one stands in the QR code.
        shown = files.make([*(host or ()), *loaded.http.hosts, *own_names()], loaded.site.name, SystemClock().now())
        called = [name for name in shown.names if not name[0].isdigit() and ":" not in name and name != "localhost"]
        keys = {
            "host": '"0.0.0.0"' if _only_here(loaded.http.host) else f'"{loaded.http.host}"',
            "certificate": "data/secrets/server.pem",
            "key": "data/secrets/server.pem",
            "authority": "data/secrets/ca.pem",
            "hosts": f"[{', '.join(called)}]",
        }
        written = write and set_keys(config, "http", keys, os.environ)
        port = f":{loaded.http.port}" if loaded.http.port != 443 else ""
        url = f"https://{host[0] if host else called[0] if called else '127.0.0.1'}{port}/ca"
        said = {
            "names": list(shown.names),
            "until": stamp(shown.until),
            "fingerprint": shown.fingerprint,
            "new_authority": shown.new_authority,
            "url": url,
            "authority": str(folder / "ca.pem"),
            "written": written,
            "http": keys,
        }
        say(said, as_json, _https_lines)
        if not as_json:
            import segno

            segno.make(url, error="m", micro=False).terminal(out=sys.stdout, compact=True)


def _https_lines(said: Mapping[str, Any]) -> str:
    keys = "\n".join(f"  {key}: {value}" for key, value in said["http"].items())
    lines = [f"The certificate is for {', '.join(said['names'])}, until {said['until'][:10]}; the controller renews it by itself."]
    if said["new_authority"]:
        lines.append("The authority is new: each tablet and desk has to install it once.")
    lines.append("The configuration names it now." if said["written"] else f"Put this into the configuration:\nhttp:\n{keys}")
    lines.append(f"Commands and players find it with AMBIANCE_URL={said['url'].removesuffix('/ca')} AMBIANCE_CA={said['authority']}")
    lines.append(f"Restart the controller. Then scan this on each tablet, or open {said['url']}, and compare the fingerprint:")
    return "\n".join([*lines, said["fingerprint"]])


def _only_here(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _within(config: Path, do: Callable[[Any, Any], Any]) -> Any:
    """Do something with the site's database."""
    from ambiance.clock import SystemClock
    from ambiance.session.database import migrate
    from ambiance.session.sql import SqlStore

    loaded = load(config)
    store = SqlStore(loaded.store.url, loaded.site.id)
    try:
        migrate(store.engine)
        return do(store, SystemClock().now())
    finally:
        store.close()


def _tokens(store: Any) -> Any:
    from ambiance.panel.tokens import Tokens

    return Tokens(store)


def _people(store: Any) -> Any:
    from ambiance.panel.identity import Identity

    return Identity(store).people


def _meant(people: Any, who: str) -> Any:
    from ambiance.panel.identity.people import folded

    found = [person for person in people.all() if person.id == who or folded(person.name) == folded(who)]
    if not found:
        raise Unknown("staff", who, [person.name for person in people.all()])
    return found[0]


def _removed(store: Any, now: Any, who: str) -> Mapping[str, Any]:
    people = _people(store)
    person = _meant(people, who)
    people.remove(person.id, BY, now)
    return _said(person)


def _changed_pin(store: Any, now: Any, who: str, pin: str) -> Mapping[str, Any]:
    people = _people(store)
    person = _meant(people, who)
    people.change_pin(person.id, pin, BY, now)
    return _said(person)


def _pin() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("PIN", hide_input=True, confirmation_prompt="The same PIN again"))
    pin = sys.stdin.readline().rstrip("\r\n")
    if not pin:
        raise Invalid(("pin", "nothing on stdin", "the PIN as one line"))
    return pin


def _said(found: Any) -> Mapping[str, Any]:
    from dataclasses import asdict

    from ambiance.clock import stamp

    return {key: stamp(value) if key.endswith("_at") else value for key, value in asdict(found).items()}


def _table(rows: list[Mapping[str, Any]], columns: tuple[str, ...], nothing: str) -> str:
    return "\n".join("  ".join(f"{row[column] or '-'!s:<12}" for column in columns).rstrip() for row in rows) or nothing
