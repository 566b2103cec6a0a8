"""One value of a file with its line, and the faults found in the file."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ambiance.errors import Fault, FileError, Place

Scalar = str | int | float | bool | None

_INT: Final = re.compile(r"[-+]?[0-9]{1,18}")
_NEAR: Final = 0.6
_FLOAT: Final = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file, and where it was written (for the value of a key: the line of the key)."""

    place: Place
    value: "Scalar | Mapping[str, Node] | tuple[Node, ...]"

    @property
    def line(self) -> int:
        return self.place.line

    @property
    def path(self) -> str:
        return self.place.path

    def shown(self) -> str:
        """The value in words for a complaint, at most 60 printable characters of it."""
        match self.value:
            case None:
                return "nothing"
            case bool():
                return "true" if self.value else "false"
            case str():
                return f"the text {short(self.value)}"
            case tuple():
                return f"a list of {len(self.value)}"
            case int() | float():
                return str(self.value)
            case _:
                return "a mapping"


class Faults:
    """The complaints about one or more files, gathered until everything has been read."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._refused: set[Place] = set()

    def add(self, place: Place, found: str, wanted: str) -> None:
        if place not in self._refused:
            self._faults.append(Fault(place, found, wanted))

    def refuse(self, faults: Iterable[Fault]) -> None:
        """Add faults of single values; whoever reads nothing in their places has no more to say of them."""
        for fault in faults:
            self._faults.append(fault)
            self._refused.add(fault.place)

    def take(self, error: FileError) -> None:
        """Add the faults of a file that could not be read at all."""
        self._faults.extend(error.faults)

    def __len__(self) -> int:
        return len(self._faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def stop(self, error: type[FileError] = FileError) -> None:
        """Raise all faults as one `error` in the order of the files; nothing happens where there are none."""
        if self._faults:
            raise error(self._faults)


def plain(text: str) -> Scalar:
    """The value of an unquoted word: null, true, false, a whole or decimal number, else the text itself."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def nearest(name: str, known: Sequence[str]) -> str:
    """The cure for an unknown name: the nearest known one, or all of them where none is near."""
    best = max(known, key=lambda each: _likeness(name, each), default="")
    if best and _likeness(name, best) >= _NEAR:
        return f"{best} (the nearest known)"
    return f"one of {', '.join(sorted(known))}" if known else "no key here"


def _likeness(name: str, known: str) -> float:
    """How like two names are (0-1); one word of several counts a little less than the whole."""
    whole = difflib.SequenceMatcher(None, name, known).ratio()
    return max(whole, *(0.9 * difflib.SequenceMatcher(None, name, word).ratio() for word in known.split("_")))


def short(text: str, most: int = 60) -> str:
    """Text of an author in quotes, printable and at most `most` characters."""
    shown = ascii(text) if any(not char.isprintable() for char in text) else repr(text)
    return shown if len(shown) <= most else f"{shown[: most - 4]}...{shown[0]}"
