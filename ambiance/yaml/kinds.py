"""What a value must be: kinds that check it, say what was wanted, and describe themselves to editors."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from ambiance.yaml.node import Faults, Node, nearest, short

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

_SLUG: Final = re.compile(r"[a-z0-9-]{1,64}")
_WORD: Final = re.compile(r"\w+")


class Kind(Protocol[T_co]):
    """What a value must be. `read` tells `faults` what is wrong and returns None then; `blank` stands in for it."""

    @property
    def blank(self) -> T_co: ...

    def read(self, node: Node, faults: Faults) -> T_co | None: ...

    def schema(self) -> dict[str, Any]:
        """The same in JSON Schema, for editors."""


def _bounds(low: float, high: float, unit: str) -> str:
    return f"{low:g} to {high:g}{' ' + unit if unit else ''}"


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `low` to `high` in `unit`; true and quoted digits are none."""

    low: float
    high: float
    unit: str = ""

    @property
    def blank(self) -> float:
        return float(self.low)

    def read(self, node: Node, faults: Faults) -> float | None:
        value = node.value
        if isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high:
            return float(value)
        faults.add(node.place, node.shown(), f"a number, {_bounds(self.low, self.high, self.unit)}")
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `low` to `high` in `unit`."""

    low: int
    high: int
    unit: str = ""

    @property
    def blank(self) -> int:
        return self.low

    def read(self, node: Node, faults: Faults) -> int | None:
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high:
            return value
        faults.add(node.place, node.shown(), f"a whole number, {self.low} to {self.high}{' ' + self.unit if self.unit else ''}")
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Text:
    """Printable text of one line, 1 to `most` characters. `pattern` must match all of it, and `wanted` says so in words."""

    most: int = 200
    pattern: str = ""
    wanted: str = ""

    @property
    def blank(self) -> str:
        return "-"

    def read(self, node: Node, faults: Faults) -> str | None:
        text = node.value.strip() if isinstance(node.value, str) else ""
        if 0 < len(text) <= self.most and text.isprintable() and (not self.pattern or re.fullmatch(self.pattern, text)):
            return text
        faults.add(node.place, node.shown(), self.wanted or f"text of one line, at most {self.most} characters")
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.most} | ({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {})


@dataclass(frozen=True, slots=True)
class Written:
    """A word, a number or a flag, kept as it would be written: 1, true, run_minutes."""

    most: int = 2000

    @property
    def blank(self) -> str:
        return "-"

    def read(self, node: Node, faults: Faults) -> str | None:
        value = node.value
        text = str(value).lower() if isinstance(value, bool) else f"{value:.15g}" if isinstance(value, int | float) else value
        if isinstance(text, str) and 0 < len(text.strip()) <= self.most and text.strip().isprintable():
            return text.strip()
        faults.add(node.place, node.shown(), "a word or a number of one line")
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True, slots=True)
class Slug:
    """An id that may stand in a topic, an address and a file name: 1 to 64 of a-z 0-9 and -."""

    @property
    def blank(self) -> str:
        return "-"

    def read(self, node: Node, faults: Faults) -> str | None:
        if isinstance(node.value, str) and _SLUG.fullmatch(node.value):
            return node.value
        faults.add(node.place, node.shown(), "an id of 1 to 64 characters a-z, 0-9 and - (in quotes if it is all digits)")
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_SLUG.pattern}$"}


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    @property
    def blank(self) -> bool:
        return False

    def read(self, node: Node, faults: Faults) -> bool | None:
        if isinstance(node.value, bool):
            return node.value
        faults.add(node.place, node.shown(), "true or false")
        return None

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Choice(Generic[T]):
    """One of a few words. Give the type for Literals: `Choice[Role]("ambient", "accent", "exam")`."""

    def __init__(self, *options: T) -> None:
        self.options = options

    @property
    def blank(self) -> T:
        return self.options[0]

    def read(self, node: Node, faults: Faults) -> T | None:
        for option in self.options:
            if type(node.value) is type(option) and node.value == option:
                return option
        words = [str(option) for option in self.options]
        near = difflib.get_close_matches(str(node.value), words, n=1)
        faults.add(
            node.place,
            node.shown(),
            f"{' or '.join([', '.join(words[:-1]), words[-1]] if len(words) > 1 else words)}"
            + (f" ({near[0]} is the nearest)" if near else ""),
        )
        return None

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.options)}


@dataclass(frozen=True, slots=True)
class Span:
    """A list of two numbers [low, high], each within the bounds (and `whole`), the first not above the second."""

    low: float
    high: float
    unit: str = ""
    whole: bool = False

    @property
    def blank(self) -> tuple[float, float]:
        return (float(self.low), float(self.high))

    @property
    def _part(self) -> Number | Whole:
        return Whole(int(self.low), int(self.high), self.unit) if self.whole else Number(self.low, self.high, self.unit)

    def read(self, node: Node, faults: Faults) -> tuple[float, float] | None:
        if not isinstance(node.value, tuple) or len(node.value) != 2:
            faults.add(node.place, node.shown(), f"a list of two numbers [lowest, highest], {_bounds(self.low, self.high, self.unit)}")
            return None
        first, second = (self._part.read(item, faults) for item in node.value)
        if first is None or second is None:
            return None
        if first > second:
            faults.add(node.place, f"[{first:g}, {second:g}]", "the smaller number first")
            return None
        return first, second

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self._part.schema(), "minItems": 2, "maxItems": 2}


class WordOr(Generic[T]):
    """One word, such as `none` or `silent`, or else a value of another kind."""

    def __init__(self, word: str, kind: Kind[T]) -> None:
        self.word, self.kind = word, kind

    @property
    def blank(self) -> T | str:
        return self.word

    def read(self, node: Node, faults: Faults) -> T | str | None:
        if node.value == self.word:
            return self.word
        inner = Faults()
        value = self.kind.read(node, inner)
        for fault in inner:
            faults.add(fault.place, fault.found, f"{fault.wanted}, or {self.word}" if fault.place == node.place else fault.wanted)
        return value

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"const": self.word}, self.kind.schema()]}


class ListOf(Generic[T]):
    """A list of `least` to `most` values of one kind, without repeats."""

    def __init__(self, kind: Kind[T], least: int = 0, most: int = 64) -> None:
        self.kind, self.least, self.most = kind, least, most

    @property
    def blank(self) -> tuple[T, ...]:
        return ()

    def read(self, node: Node, faults: Faults) -> tuple[T, ...] | None:
        if not isinstance(node.value, tuple) or not self.least <= len(node.value) <= self.most:
            faults.add(node.place, node.shown(), f"a list of {self.least} to {self.most} values")
            return None
        read: list[T] = []
        for item in node.value:
            value = self.kind.read(item, faults)
            if value is not None and value in read:
                faults.add(item.place, f"{item.shown()} a second time", "each value once")
            elif value is not None:
                read.append(value)
        return tuple(read)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.kind.schema(), "minItems": self.least, "maxItems": self.most, "uniqueItems": True}


class MapOf(Generic[T]):
    """A mapping of names (each matching `names`) to values of one kind."""

    def __init__(self, kind: Kind[T], names: str = r"[a-z0-9_-]{1,64}", most: int = 64) -> None:
        self.kind, self.names, self.most = kind, names, most

    @property
    def blank(self) -> Mapping[str, T]:
        return {}

    def read(self, node: Node, faults: Faults) -> Mapping[str, T] | None:
        if not isinstance(node.value, Mapping) or len(node.value) > self.most:
            faults.add(node.place, node.shown(), f"a mapping of at most {self.most} names")
            return None
        read: dict[str, T] = {}
        for name, item in node.value.items():
            if not re.fullmatch(self.names, name):
                faults.add(item.place, f"the name {short(name)}", self._wanted(name))
                continue
            value = self.kind.read(item, faults)
            if value is not None:
                read[name] = value
        return read

    def _wanted(self, name: str) -> str:
        words = self.names.split("|")
        return nearest(name, words) if all(map(_WORD.fullmatch, words)) else f"names of the form {self.names}"

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "propertyNames": {"pattern": f"^{self.names}$"},
            "additionalProperties": self.kind.schema(),
            "maxProperties": self.most,
        }
