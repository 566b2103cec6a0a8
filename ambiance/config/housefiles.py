"""What people change of config.yaml and menu.yaml from a page: checked by the readers of the files, and written in one step."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from ambiance.config.apart import apart, playable
from ambiance.config.editable import FIELDS, Field
from ambiance.config.file import load_config
from ambiance.config.model import Config
from ambiance.errors import Conflict, FileError, Invalid, Unknown
from ambiance.profile import Library, Profile, shipped
from ambiance.site import Device, Room, Site
from ambiance.yaml import at, load, parse, plainly, rewritten

_PATH = re.compile(r"[a-z0-9_-]{1,64}(\.[a-z0-9_-]{1,64}){0,4}")
_MENU = "menu.yaml"
CHANGED = "config.yaml was changed elsewhere meanwhile; look at it again, then repeat the change"
BY_HAND = "config.yaml is written in a way that cannot be changed from here without losing something; change it in the file"


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did: before and after by path, and the version of the file since."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    version: str


class HouseFiles:
    """The two files of one house. Every method may block; one change at a time.

    `running` is what the controller plays, `library` what it offers; a new menu is in force as soon as it is
    written, and `offered` is told.
    """

    def __init__(
        self, path: Path, running: Config, env: Mapping[str, str], library: Library, offered: Callable[[], None] = lambda: None
    ) -> None:
        self._path, self._env, self._menu = path, env, running.profiles / _MENU
        library_at = running.profiles.resolve()
        self._lent = library_at == shipped() and not library_at.is_relative_to(path.resolve().parent)
        self._library, self._offered, self._lock = library, offered, Lock()
        self._running = running

    def settings(self) -> Mapping[str, Any]:
        """What is written, with its version and in what the controller still runs with something older. Raises Conflict."""
        try:
            text = _text(self._path)
            tree = plainly(text) or {}
            written = self._read(self._path)
            waits = list(apart(self._running, written))
        except (FileError, OSError, UnicodeDecodeError) as error:
            raise Conflict(f"config.yaml cannot be read now, mend it in the file: {error}") from None
        return {
            "version": _digest(text),
            "restart_needed": bool(waits),
            "restart_for": waits,
            "fields": [_shown(field, tree) for field in FIELDS],
            "rooms": [room for room in tree.get("rooms") or [] if isinstance(room, dict)],
            "music": at(tree, "music.names") or {},
            "folders": at(tree, "music.folders") or [],
            "warnings": list(written.warnings),
        }

    def change(self, changes: Mapping[str, Any], version: str) -> Changed:
        """Write them, all or none; the file as it was is kept beside it as config.yaml.1.

        Raises Conflict where the file is no longer `version`, and Invalid with every fault by its path.
        """
        _editable(changes)
        with self._lock:
            return _step(self._path, changes, version, lambda part: self._usable(part, changes))

    def site(self) -> Site:
        """The site that is written, as far as it can be played without a start. Raises Conflict."""
        try:
            return playable(self._running, self._read(self._path))
        except FileError as error:
            raise Conflict(f"config.yaml cannot be used as it is now, so the controller goes on as it is: {error}") from None

    def plays(self, site: Site, staying: Sequence[str] = ()) -> None:
        """The controller plays this site now, and the rooms `staying` as it played them before."""
        kept = tuple(room for room in self._running.site.rooms if room.id in staying)
        self._running = replace(self._running, site=replace(site, rooms=(*site.rooms, *kept)))

    def candidate(self, room: str, device: Mapping[str, Any]) -> tuple[Room, Device]:
        """A device as it would be if it were written into that room, which need not be there yet. Raises Conflict, Invalid."""
        self.ready()
        id = str(device.get("id"))
        with self._lock:
            try:
                text = _text(self._path)
                there = at(plainly(text) or {}, f"rooms.{room}") is not None
                path = f"rooms.{room}.devices.{id}" if there else f"rooms.{room}"
                given = dict(device) if there else {"name": room, "devices": [dict(device)]}
                if not _PATH.fullmatch(path) or (there and at(plainly(text), path) is not None):
                    raise Invalid(("device.id", id, "an id of its own, of small letters, digits and -"))
                part = self._path.with_name(f".{self._path.name}.part")
                _write(part, rewritten(text, {path: given}), self._path)
                found = self._read(part).site.by_id[room]
            except FileError as error:
                faults = ((f"device.{fault.place.path.rsplit('.', 1)[-1]}", _bare(fault.found), fault.wanted) for fault in error.faults)
                raise Invalid(*faults) from None
            except (KeyError, AssertionError, OSError, UnicodeDecodeError):
                raise Conflict(BY_HAND) from None
            finally:
                with suppress(OSError):
                    self._path.with_name(f".{self._path.name}.part").unlink(missing_ok=True)
        return found, found.by_id[id]

    def ready(self) -> None:
        """Whether a controller could start with the file as it is. Raises Conflict."""
        try:
            self._read(self._path)
        except FileError as error:
            raise Conflict(f"config.yaml cannot be used as it is now, so the controller goes on as it is: {error}") from None

    def menu(self) -> Mapping[str, Any]:
        """The house's own names, as they are written. Raises Conflict."""
        try:
            text = _text(self._menu) if self._menu.exists() else ""
            items = (plainly(text) or {}).get("menu") or [] if text.strip() else []
        except (FileError, OSError, UnicodeDecodeError) as error:
            raise Conflict(f"menu.yaml cannot be read now, mend it in the file: {error}") from None
        return {"version": _digest(text), "items": items}

    def change_menu(self, id: str, item: Mapping[str, Any] | None, version: str | None) -> Changed:
        """One item written, or taken away (None). Raises Conflict, Invalid."""
        if self._lent:
            cure = f"copy {self._menu.parent} to {self._path.resolve().parent / 'profiles'} and start again"
            raise Conflict(f"the menu would be written into the library that Ambiance came with, which other houses use too: {cure}")
        with self._lock:
            if item is None and id not in (str(each.get("id")) for each in self.menu()["items"]):
                raise Unknown("menu item", id)
            found: list[Library] = []

            def usable(part: Path) -> None:
                node = load(part, f"{self._menu.parent.name}/{_MENU}")
                try:
                    found.append(self._library.with_menu(node))
                except FileError as error:
                    items = [str(each.get("id")) for each in plainly(node)["menu"]]
                    raise _invalid(error, f"menu[{items.index(id)}]" if id in items else "menu") from None

            done = _step(self._menu, {f"menu.{id}": item}, version, usable, "menu: []\n")
            self._library.become(found[0])
            self._offered()
            return done

    def look(self, item: Mapping[str, Any]) -> Profile:
        """An item that is written nowhere. Raises Invalid."""
        try:
            node = parse(rewritten("menu: []\n", {f"menu.{LOOK}": item}), _MENU)
            return self._library.with_menu(node).get(f"menu/{LOOK}")
        except FileError as error:
            raise _invalid(error, "menu[0]") from None

    def _usable(self, part: Path, changes: Mapping[str, Any]) -> None:
        tree = plainly(_text(part))
        try:
            config = self._read(part)
        except FileError as error:
            raise Invalid(*((_named(fault.place.path, tree), _bare(fault.found), fault.wanted) for fault in error.faults)) from None
        known = {profile.id for profile in self._library.all()}
        faults = [
            (f"rooms.{room.id}.usual", usual, "a treatment of the library or the menu")
            for room in config.site.rooms
            if any(path in (f"rooms.{room.id}", f"rooms.{room.id}.usual") for path in changes)
            for usual in room.usual
            if usual not in known
        ]
        if faults:
            raise Invalid(*faults)

    def _read(self, path: Path) -> Config:
        return load_config(path, self._env)


LOOK = "as-you-would-have-it"


def _step(path: Path, changes: Mapping[str, Any], version: str | None, usable: Callable[[Path], None], empty: str = "") -> Changed:
    try:
        text = _text(path) if path.exists() else ""
        tree = plainly(text) if text.strip() else {}
    except (FileError, OSError, UnicodeDecodeError) as error:
        raise Conflict(f"{path.name} cannot be read now, mend it in the file: {error}") from None
    if version is not None and _digest(text) != version:
        raise Conflict(CHANGED.replace("config.yaml", path.name))
    before = {key: at(tree, key) for key in changes}
    try:
        new = rewritten(text if text.strip() else empty, changes)
        right = {key: at(plainly(new), key) for key in changes} == {key: _with_id(key, value) for key, value in changes.items()}
    except (FileError, KeyError, AssertionError):
        right, new = False, ""
    if not right:
        raise Conflict(BY_HAND.replace("config.yaml", path.name))
    part, kept = path.with_name(f".{path.name}.part"), path.with_name(f"{path.name}.1")
    try:
        _write(part, new, path)
        usable(part)
        if path.exists():
            if _digest(_text(path)) != _digest(text):
                raise Conflict(CHANGED.replace("config.yaml", path.name))
            _write(kept, text, path)
        os.replace(part, path)
        _settled(path.parent)
    except OSError as error:
        raise Conflict(f"{path.name} cannot be written ({error.strerror}); see that the controller may write its folder") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return Changed(before, {key: at(plainly(new), key) for key in changes}, _digest(new))


def _write(path: Path, text: str, like: Path) -> None:
    """On the disk before anything is renamed, and readable by no more people than the file it stands for."""
    mode = like.stat().st_mode & 0o777 if like.exists() else 0o644
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _settled(folder: Path) -> None:
    """A rename that a power cut does not take back."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _editable(changes: Mapping[str, Any]) -> None:
    known = {field.path for field in FIELDS}
    faults = [
        (path[:80], value if isinstance(value, str | int | float | bool) else type(value).__name__, "a setting that is changed from here")
        for path, value in changes.items()
        if not _PATH.fullmatch(path) or not (path in known or re.match(r"(rooms|music\.names)\.|music\.folders$", path))
    ]
    if faults or not changes:
        raise Invalid(*(faults or [("changes", "nothing", "at least one")]))


def _shown(field: Field, tree: Any) -> Mapping[str, Any]:
    found = at(tree, field.path)
    return {
        "path": field.path, "value": field.default if found is None else found, "default": field.default, "kind": field.kind,
        "low": field.low, "high": field.high, "unit": field.unit, "options": list(field.options), "who": field.who,
    }  # fmt: skip


def _with_id(path: str, value: Any) -> Any:
    """As it stands in the file: an item carries its id, what is None is not there."""
    value = _pruned(value)
    parts = path.split(".")
    if isinstance(value, dict) and ((len(parts) == 2 and parts[0] in ("rooms", "menu")) or (len(parts) == 4 and parts[2] == "devices")):
        return {"id": parts[-1], **value}
    return value


def _pruned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _pruned(inside) for key, inside in value.items() if inside is not None}
    return [_pruned(each) for each in value] if isinstance(value, list | tuple) else value


def _named(path: str, tree: Any) -> str:
    """rooms[0].devices[1].share as rooms.lavender.devices.ceiling.share: the path by which it is changed."""
    out: list[str] = []
    here = tree
    for key, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        if index:
            here = here[int(index)] if isinstance(here, list) and int(index) < len(here) else None
            out.append(str(here.get("id", index)) if isinstance(here, dict) else index)
        else:
            here = here.get(key) if isinstance(here, dict) else None
            out.append(key)
    return ".".join(out)


def _invalid(error: FileError, item: str) -> Invalid:
    return Invalid(*((fault.place.path.removeprefix(f"{item}."), _bare(fault.found), fault.wanted) for fault in error.faults))


def _bare(found: str) -> str:
    return found.removeprefix("the text ").strip("'")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
