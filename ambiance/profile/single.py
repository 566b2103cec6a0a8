"""One file on its own, checked against the library it would join."""

from collections.abc import Mapping
from pathlib import Path

from ambiance.errors import FileError, ProfileError
from ambiance.profile import keys
from ambiance.profile.language import read_plan, read_profile, read_setting
from ambiance.profile.library import Shelf
from ambiance.profile.menu import read_menu
from ambiance.yaml import Faults, Node, load


def check_file(path: Path, library: Path) -> None:
    """Read one setting, plan, profile or menu. Raises ProfileError with every fault of that file.

    What it refers to (settings, plans, profiles) is taken from the folder `library`; where that stands in the way of
    judging the file, its faults are raised instead.
    """
    faults = Faults()
    try:
        node = load(path, str(path), faults=faults)
    except FileError as error:
        raise ProfileError(error.faults) from None
    names = _names(node)
    shelf = Shelf(library)
    if keys.MENU.name in names:
        read_menu(node, shelf.profiles, faults)
    elif keys.MODALITY.name not in names and keys.PLAN.name in names:
        read_plan(node, path.stem, faults)
    elif keys.MODALITY.name not in names and keys.PREP.name in names:
        read_setting(node, "clinical" if _text(node, keys.SETTING.name) == "clinical" else "spa", faults)
    else:
        setting = path.parent.name if path.parent.name in keys.SETTINGS else _text(node, keys.SETTING.name)
        made = read_profile(node, f"{setting}/{_text(node, keys.MODALITY.name) or path.stem}", shelf.bases, shelf.plans, faults)
        if made is None and not len(faults):
            faults = shelf.faults
    faults.stop(ProfileError)


def _names(node: Node) -> frozenset[str]:
    return frozenset(node.value) if isinstance(node.value, Mapping) else frozenset()


def _text(node: Node, name: str) -> str:
    child = node.value.get(name) if isinstance(node.value, Mapping) else None
    return str(child.value) if child is not None else ""
