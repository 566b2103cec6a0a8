"""One mapping of a file, read key by key, with every fault of it told."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, TypeVar, overload

from ambiance.errors import Place
from ambiance.yaml.kinds import Kind
from ambiance.yaml.node import Faults, Node, nearest, short

T = TypeVar("T")
D = TypeVar("D")

_REQUIRED: Final = object()


class Section:
    """One mapping of a file, read key by key. Leaving it as a context manager (or `done`) names the keys nobody asked for.

    What is missing or wrong is told to `faults` and replaced by the default or a stand-in, so that reading goes on
    and an author hears of everything at once: call `faults.stop` before using what was read.
    """

    def __init__(self, node: Node, faults: Faults, forbidden: Callable[[str], str | None] | None = None, missing: bool = False) -> None:
        self.node = node
        self.faults = faults
        self._forbidden = forbidden
        self._asked: dict[str, None] = {}
        self._usable = isinstance(node.value, Mapping) and not missing
        self._entries: Mapping[str, Node] = node.value if isinstance(node.value, Mapping) else {}
        if not isinstance(node.value, Mapping):
            faults.add(node.place, node.shown(), "a mapping (key: value)")

    def __enter__(self) -> "Section":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.done()

    @property
    def place(self) -> Place:
        return self.node.place

    def __contains__(self, name: str) -> bool:
        """Whether the author wrote this key. Asking makes it a known one."""
        self._ask(name)
        return name in self._entries

    def get(self, name: str) -> Node | None:
        """The raw node of a key, for readers that look at it themselves."""
        self._ask(name)
        return self._entries.get(name)

    def names(self) -> tuple[str, ...]:
        """Every key the author wrote, for mappings whose keys are names."""
        return tuple(self._entries)

    def at(self, name: str) -> Place:
        """Where a key was written; where it is missing, where it should have been."""
        node = self._entries.get(name)
        return node.place if node else replace(self.place, path=f"{self.place.path}.{name}" if self.place.path else name)

    @overload
    def take(self, name: str, kind: Kind[T]) -> T: ...
    @overload
    def take(self, name: str, kind: Kind[T], default: D) -> T | D: ...
    def take(self, name: str, kind: Kind[T], default: Any = _REQUIRED) -> Any:
        """The value of a key. Without a `default` the key is required."""
        node = self.get(name)
        if node is None:
            if default is not _REQUIRED:
                return default
            self._missing(name)
            return kind.blank
        value = kind.read(node, self.faults)
        if value is not None:
            return value
        return kind.blank if default is _REQUIRED else default

    def section(self, name: str, required: bool = False) -> "Section":
        """The mapping under a key; an empty one where it is missing and not required."""
        node = self.get(name)
        if node is None and required:
            self._missing(name)
        return Section(node or Node(self.at(name), {}), self.faults, self._forbidden, missing=required and node is None)

    def sections(self, name: str, required: bool = False) -> tuple["Section", ...]:
        """The mappings of a list under a key."""
        node = self.get(name)
        if node is None:
            if required:
                self._missing(name)
            return ()
        if not isinstance(node.value, tuple):
            self.faults.add(node.place, node.shown(), "a list (lines that begin with -)")
            return ()
        return tuple(Section(item, self.faults, self._forbidden) for item in node.value)

    def named(self, name: str, required: bool = False) -> Mapping[str, "Section"]:
        """The mappings under a key, by the names the author gave them."""
        inner = self.section(name, required)
        return {key: Section(node, self.faults, self._forbidden) for key, node in inner._entries.items()}

    def fault(self, name: str, found: str, wanted: str) -> None:
        """Complain about a key, at its line."""
        self.faults.add(self.at(name), found, wanted)

    def done(self) -> None:
        """Name every key that nobody asked for, with the nearest known one."""
        for name, node in self._entries.items():
            if name in self._asked:
                continue
            reason = self._forbidden(name) if self._forbidden else None
            if reason:
                self.faults.add(node.place, f"the key {short(name)}", reason)
            else:
                self.faults.add(node.place, f"the unknown key {short(name)}", nearest(name, tuple(self._asked)))

    def _ask(self, name: str) -> None:
        self._asked[name] = None

    def _missing(self, name: str) -> None:
        if self._usable:
            self.faults.add(self.at(name), "nothing", f"the key {name}, which is required")
