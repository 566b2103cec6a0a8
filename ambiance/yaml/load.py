"""Reading a YAML file without trusting it.

Only plain data is read. Anchors, aliases, merge keys, tags, directives, duplicate keys, a second document, NaN and
infinity, and files that are too large, too deep or not UTF-8 are refused before anything is made of them.
"""

import math
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import yaml
from yaml import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    YAMLError,
)
from yaml.reader import ReaderError

from ambiance.errors import Fault, FileError, Place
from ambiance.yaml.node import Faults, Node, Scalar, plain, short

MOST_BYTES: Final = 256 * 1024
MOST_DEEP: Final = 20
MOST_VALUES: Final = 32_000
"""Far more than a house with 200 rooms needs; keeps a file of nothing but `[]` from taking seconds."""
MOST_FAULTS: Final = 50

NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|(?i:[-+]?infinity|nan)")
_OPENERS: Final = re.compile(r"[\[\]{}]")
_RAW_DEPTH: Final = 250  # brackets may stand in quoted text, so this stays far above MOST_DEEP


def load(path: Path, name: str | None = None, limit: int = MOST_BYTES, faults: Faults | None = None) -> Node:
    """The file as a tree of nodes, called `name` (default: its path) in complaints.

    Raises FileError: missing, not a plain file, over `limit` bytes, or anything `parse` refuses.
    """
    name = name if name is not None else str(path)
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise FileError([Fault(Place(name, 1), "something that is no plain file", "a YAML file")])
        if about.st_size > limit:
            raise FileError([Fault(Place(name, 1), f"{about.st_size} bytes", f"at most {limit}: split the file, or look what fills it")])
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise FileError([Fault(Place(name, 1), "no such file", "a YAML file there, or its right name")]) from None
    except OSError as error:
        raise FileError([Fault(Place(name, 1), f"a file that cannot be read ({error.strerror})", "a readable YAML file")]) from None
    return parse(data, name, limit, faults)


def parse(data: bytes | str, name: str, limit: int = MOST_BYTES, faults: Faults | None = None) -> Node:
    """The text of one YAML document as a tree of nodes. An empty text is an empty mapping.

    Single values that are refused (NaN, a tag, a key twice) are told to `faults`, where there are such, and read as nothing,
    so that the rest of the file is still looked at. Raises FileError with every fault up to the first one that makes
    reading on senseless.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > limit:
        raise FileError([Fault(Place(name, 1), f"more than {limit} bytes", f"at most {limit}: split the file, or look what fills it")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise FileError([Fault(Place(name, line), f"byte 0x{raw[error.start]:02x}, which is not UTF-8", "a file saved as UTF-8")]) from None
    _bounded(text, name)
    return _Builder(name, text).document(faults)


def _bounded(text: str, name: str) -> None:
    """Refuse at a glance what the scanner, which looks a kilobyte ahead, would chew on for seconds."""
    if sum(text.count(mark) for mark in "\n,[{") > MOST_VALUES:
        raise FileError([Fault(Place(name, 1), f"more than {MOST_VALUES} values", "a smaller file")])
    depth = 0
    for found in _OPENERS.finditer(text):
        depth = max(0, depth + (1 if found[0] in "[{" else -1))
        if depth > _RAW_DEPTH:
            raise FileError([_too_deep(Place(name, text.count("\n", 0, found.start()) + 1))])


def _too_deep(place: Place) -> Fault:
    return Fault(place, f"values nested more than {MOST_DEEP} deep", f"at most {MOST_DEEP} levels")


class _Builder:
    """Makes nodes of the parser's events, without ever constructing what a tag or an alias asks for."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._faults: list[Fault] = []
        self._count = 0
        self._text = text
        self._events: Iterator[Event] = yaml.parse(text, Loader=yaml.CSafeLoader)

    def document(self, told: Faults | None) -> Node:
        root = Node(Place(self._name, 1), {})
        documents = 0
        try:
            for event in self._events:
                if isinstance(event, DocumentStartEvent):
                    documents += 1
                    if event.version or event.tags:
                        self._refuse(self._place(event, ""), "a % directive", "plain YAML without directives")
                    if documents > 1:
                        raise self._stop(self._place(event, ""), "a second document (---)", "one document in a file")
                elif isinstance(event, NodeEvent):
                    root = self._node(event, self._place(event, ""), 1)
        except YAMLError as error:
            raise self._unreadable(error) from None
        except UnicodeDecodeError:  # a tag may be written in bytes that are no text
            raise self._stop(root.place, "a tag that is no text", "plain values: tags are not read") from None
        if self._faults and told is None:
            raise FileError(self._faults)
        if told is not None:
            told.refuse(self._faults)
        return Node(root.place, {}) if root.value is None else root

    def _node(self, event: Event, place: Place, depth: int) -> Node:
        self._count += 1
        if self._count > MOST_VALUES:
            raise self._stop(place, f"more than {MOST_VALUES} values", "a smaller file")
        if isinstance(event, AliasEvent):
            self._refuse(place, f"an alias (*{_bare(event.anchor)})", "the values written out: aliases are not read")
            return Node(place, None)
        if anchor := getattr(event, "anchor", None):
            self._refuse(place, f"an anchor (&{_bare(anchor)})", "plain values: anchors are not read")
        if tag := getattr(event, "tag", None):
            self._refuse(place, f"a tag ({short(str(tag))})", "plain values: tags are not read")
        if isinstance(event, ScalarEvent):
            return Node(place, self._scalar(event, place))
        if depth > MOST_DEEP:
            raise FileError([*self._faults, _too_deep(place)])
        if isinstance(event, SequenceStartEvent):
            return Node(place, self._items(place, depth))
        if isinstance(event, MappingStartEvent):
            return Node(place, self._entries(place, depth))
        raise self._stop(place, "something that is no value", "a mapping, a list or a single value")

    def _scalar(self, event: ScalarEvent, place: Place) -> Scalar:
        text = str(event.value)
        if event.style:  # quoted or block text
            return text
        if NOT_FINITE.fullmatch(text):
            self._refuse(place, text, "a finite number")
            return None
        value = plain(text)
        if isinstance(value, float) and not math.isfinite(value):
            self._refuse(place, short(text), "a finite number")
            return None
        return value

    def _items(self, place: Place, depth: int) -> tuple[Node, ...]:
        items: list[Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._node(event, self._place(event, f"{place.path}[{len(items)}]"), depth + 1))
        return tuple(items)

    def _entries(self, place: Place, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            at = self._place(event, place.path)
            key = self._node(event, at, depth + 1)
            name = event.value if isinstance(event, ScalarEvent) else "?"
            inside = Place(self._name, at.line, f"{place.path}.{_key(name)}" if place.path else _key(name))
            value = self._node(next(self._events), inside, depth + 1)
            if isinstance(key.value, Mapping | tuple):
                self._refuse(at, f"{key.shown()} as a key", "a word as a key")
            elif name == "<<":
                self._refuse(inside, "a merge key (<<)", "the values written out: merge keys are not read")
            elif name in entries:
                self._refuse(inside, f"{short(name)} a second time (first in line {entries[name].line})", "each key once")
            else:
                entries[name] = value
        return entries

    def _place(self, event: Event, path: str) -> Place:
        return Place(self._name, event.start_mark.line + 1, path)

    def _refuse(self, place: Place, found: str, wanted: str) -> None:
        self._faults.append(Fault(place, found, wanted))
        if len(self._faults) >= MOST_FAULTS:
            raise FileError(self._faults)

    def _stop(self, place: Place, found: str, wanted: str) -> FileError:
        return FileError([*self._faults, Fault(place, found, wanted)])

    def _unreadable(self, error: YAMLError) -> FileError:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = str(getattr(error, "problem", None) or "characters that YAML does not allow").strip()
        if isinstance(error, ReaderError):  # which knows only the byte
            line = self._text.encode()[: error.position].count(b"\n") + 1
        else:
            line = mark.line + 1 if mark is not None else 1
        return self._stop(Place(self._name, line), f"text that is no YAML ({short(problem, 100)[1:-1]})", "indented YAML: key: value")


def _bare(name: object) -> str:
    """A name as part of a sentence, without quotes and safe to print."""
    return short(str(name))[1:-1]


def _key(name: str) -> str:
    """A key as part of a path, safe to print."""
    return name if name.isprintable() and len(name) <= 64 else short(name)
