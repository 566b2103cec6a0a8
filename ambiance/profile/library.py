"""Everything the house can play: the files of a folder, read once, and from then on never changed."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from ambiance.errors import Fault, FileError, NotOffered, Place, ProfileError, Unknown
from ambiance.profile.keys import NAME_PATTERN, SETTINGS
from ambiance.profile.language import read_plan, read_profile, read_setting
from ambiance.profile.menu import read_menu
from ambiance.profile.plan import Plan
from ambiance.profile.profile import Profile, Refusal
from ambiance.profile.setting import Base
from ambiance.site import Setting
from ambiance.yaml import Faults, Node, load


class Library:
    """The profiles and the menu of a house, by id: `spa/swedish`, `clinical/prenatal`, `menu/harbour-calm`.

    Sessions keep the compiled copy of what they play, so a library may be replaced by a newer one at any time.
    """

    def __init__(self, profiles: Mapping[str, Profile], refusals: Mapping[str, str]) -> None:
        self._profiles = dict(profiles)
        self.refusals: Mapping[str, str] = dict(refusals)
        """Profiles that are named but not offered, with the reason."""

    @classmethod
    def load(cls, folder: Path, named: Place | None = None) -> "Library":
        """Read settings/, plans/, spa/, clinical/ and menu.yaml (which may be missing) of a folder. `named`: where it is written.

        Raises ProfileError with every fault of every file.
        """
        if not folder.is_dir():
            wanted = "the folder of a library, with settings, plans, spa and clinical in it"
            raise ProfileError([Fault(named or Place(str(folder), 1), f"no folder {folder}", wanted)])
        shelf = Shelf(folder)
        menu: tuple[Profile, ...] = ()
        if (folder / "menu.yaml").exists() and (node := shelf.read(Path("menu.yaml"))):
            menu = read_menu(node, shelf.profiles, shelf.faults)
        shelf.faults.stop(ProfileError)
        profiles = {id: entry for id, entry in shelf.profiles.items() if isinstance(entry, Profile)} | {item.id: item for item in menu}
        return cls(profiles, {id: entry.reason for id, entry in shelf.profiles.items() if isinstance(entry, Refusal)})

    def get(self, id: str) -> Profile:
        """The profile or menu item of this id. Raises NotOffered with the reason, or Unknown with the nearest ids."""
        if id in self.refusals:
            raise NotOffered(id, self.refusals[id])
        if id not in self._profiles:
            raise Unknown("profile", id, get_close_matches(id[:80], self._profiles, n=3, cutoff=0.5))
        return self._profiles[id]

    def with_menu(self, node: Node) -> "Library":
        """The same treatments under another menu. Raises ProfileError with every fault of it."""
        faults = Faults()
        own: dict[str, Profile | Refusal | None] = {id: each for id, each in self._profiles.items() if not id.startswith("menu/")}
        refused = {id: Refusal(id, reason) for id, reason in self.refusals.items()}
        items = read_menu(node, {**own, **refused}, faults)
        faults.stop(ProfileError)
        kept = {id: each for id, each in self._profiles.items() if id in own}
        return Library(kept | {item.id: item for item in items}, self.refusals)

    def become(self, newer: "Library") -> None:
        """Offer what another library offers, from now on: whoever holds this one sees the new menu at once."""
        self._profiles, self.refusals = newer._profiles, newer.refusals

    def all(self) -> tuple[Profile, ...]:
        """Every profile and menu item on offer, by id."""
        return tuple(self._profiles[id] for id in sorted(self._profiles))


class Shelf:
    """The settings, plans and profiles of a folder, as far as they can be read; `faults` are gathered on the way.

    Files are named in complaints from the folder's own name on: `profiles/spa/swedish.yaml`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.resolve().name
        self.faults = Faults()
        self.bases: dict[Setting, Base | None] = {}
        for setting in SETTINGS:
            node = self.read(Path("settings", f"{setting}.yaml"))
            self.bases[setting] = read_setting(node, setting, self.faults) if node else None
        self.plans: dict[str, Plan | None] = {}
        for name in self.names("plans"):
            node = self.read(Path("plans", f"{name}.yaml"))
            self.plans[name] = read_plan(node, name, self.faults) if node else None
        self.profiles: dict[str, Profile | Refusal | None] = {}
        for setting in SETTINGS:
            for name in self.names(setting):
                node = self.read(Path(setting, f"{name}.yaml"))
                self.profiles[f"{setting}/{name}"] = (
                    read_profile(node, f"{setting}/{name}", self.bases, self.plans, self.faults) if node else None
                )

    def names(self, folder: str) -> list[str]:
        """The files of a sub-folder without `.yaml`, those with unusable names left out and told of."""
        names: list[str] = []
        for path in sorted((self.folder / folder).glob("*.y*ml")):
            if path.suffix == ".yaml" and re.fullmatch(NAME_PATTERN, path.stem):
                names.append(path.stem)
            else:
                self.faults.take(_badly_named(f"{self.name}/{folder}/{path.name}"))
        return names

    def read(self, path: Path) -> Node | None:
        try:
            return load(self.folder / path, f"{self.name}/{path.as_posix()}", faults=self.faults)
        except FileError as error:
            self.faults.take(error)
            return None


def _badly_named(name: str) -> FileError:
    shown = ascii(name)[1:-1]
    return FileError([Fault(Place(shown, 1), "a file name that is no id", "a name of a-z, 0-9, _ and - that ends in .yaml")])


def shipped() -> Path:
    """The folder of the library this program came with."""
    return Path(__file__).resolve().parents[2] / "profiles"


def at_hand(name: Path, beside: Path = Path()) -> Path:
    """The folder of a library; of the usual name and not there, it is the one this program came with."""
    folder = beside / name
    return shipped() if name == Path(shipped().name) and not folder.exists() and shipped().exists() else folder
