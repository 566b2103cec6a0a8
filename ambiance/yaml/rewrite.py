"""Changing values of a YAML file as a careful person would: the lines that change and no others; what is said beside them stays."""

import json
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, TypeGuard

from ambiance.yaml.load import NOT_FINITE, parse
from ambiance.yaml.node import Node, plain

_WORD = re.compile(r"[^\W\d_][\w ./-]*", re.UNICODE)
"""Text that needs no quotes."""
_LISTS = ("rooms", "devices", "menu")
"""What is a list where it has to be begun."""
_SHORT = 110


def rewritten(text: str, changes: Mapping[str, object]) -> str:
    """`text` with the value at each path changed; None takes it away. The text has to be good before.

    A path is keys with dots between; items of a list go by their `id`: `rooms.lavender.devices.ceiling.share`. What is
    not there yet is added, an item at the end of its list. Raises KeyError with a path whose way does not exist.
    """
    for path, value in changes.items():
        text = _Text(text).put(path.split("."), value)
    return text


def plainly(node: Node | str) -> Any:
    """A file, or one value of it, as plain lists, dicts and values."""
    if isinstance(node, str):
        return plainly(parse(node, "file"))
    match node.value:
        case Mapping() as inside:
            return {key: plainly(each) for key, each in inside.items()}
        case tuple() as items:
            return [plainly(each) for each in items]
        case value:
            return value


def at(tree: object, path: str) -> Any:
    """What stands at a path of plain data; None for nothing."""
    for key in path.split("."):
        if isinstance(tree, Mapping):
            tree = tree.get(key)
        elif isinstance(tree, Sequence) and not isinstance(tree, str):
            tree = next((item for item in tree if isinstance(item, Mapping) and item.get("id") == key), None)
        else:
            return None
    return tree


class _Text:
    def __init__(self, text: str) -> None:
        self.text, self.lines, self.root = text, text.splitlines(), parse(text, "file")

    def put(self, keys: list[str], value: object) -> str:
        here = self._find(keys)
        if value is None:
            if here is not None:
                self._remove(keys, here)
        elif here is None:
            self._add(keys, value)
        else:
            self._replace(keys, here, value)
        return "\n".join(self.lines) + "\n"

    def _find(self, keys: list[str]) -> Node | None:
        node: Node | None = self.root
        for key in keys:
            if node is None:
                return None
            if isinstance(node.value, Mapping):
                node = node.value.get(key)
            elif isinstance(node.value, tuple):
                node = next((each for each in node.value if _id(each) == key), None)
            else:
                return None
        return node

    def _replace(self, keys: list[str], here: Node, value: object) -> None:
        if plainly(here) == value:
            return
        parent = self._find(keys[:-1])
        assert parent is not None
        if keys[:-1] and self._in_braces(parent):
            self._inside(keys, parent, value)
        elif isinstance(parent.value, tuple):  # an item of a list
            item = {"id": keys[-1], **_mapping(value, keys)}
            if not self._in_braces(here):
                text = self.text
                gone: dict[str, object] = {key: None for key in plainly(here) if key not in item}
                for key, inside in (gone | item).items():
                    text = _Text(text).put([*keys, key], inside)
                self.lines = text.splitlines()
                return
            first, last = self._block(here)
            indent = _indent(self.lines[first])
            self.lines[first:last] = [self._said(first, f"{' ' * indent}- {_braces(item)}")]
        elif isinstance(here.value, tuple) and here.value and _items(value) and not self._in_braces(here):
            self._anew(here.value, list(value))
        else:
            first, last = self._block(here)
            head = re.match(r"\s*(?:- )?[^:]+:", self.lines[first])
            assert head is not None
            written = _written(value, len(self.lines[first]) - len(self.lines[first].lstrip(" -")))
            begun = head[0] + (f" {written[0]}" if written[0] else "")
            self.lines[first:last] = [self._said(first, begun), *written[1:]]

    def _anew(self, items: Sequence[Node], value: Sequence[Mapping[str, Any]]) -> None:
        """A list of items: those that stay keep their lines, one in place of another what was said above and beside it."""
        blocks = [self._block(each) for each in items]
        begins = [blocks[0][0], *(last for _first, last in blocks[:-1])]
        indent, lines = _indent(self.lines[begins[0]]), list[str]()
        was, now = ([json.dumps(each, sort_keys=True, default=str) for each in side] for side in (map(plainly, items), value))
        for tag, i, i_end, j, j_end in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
            if tag == "equal":
                lines += self.lines[begins[i] : blocks[i_end - 1][1]]
                continue
            for n, item in enumerate(value[j:j_end], i):
                new = _item(item, indent)
                if n < i_end:
                    lines += self.lines[begins[n] : blocks[n][0]]
                    new[0] = self._said(blocks[n][0], new[0])
                lines += new
        self.lines[begins[0] : blocks[-1][1]] = lines

    def _add(self, keys: list[str], value: object) -> None:
        parent, key = (self._find(keys[:-1]) if keys[:-1] else self.root), keys[-1]
        if parent is None or parent.value is None:
            if len(keys) < 2:
                raise KeyError(".".join(keys))
            whole: object = [{"id": key, **_mapping(value, keys)}] if keys[-2] in _LISTS else {key: value}
            self.lines = _Text(self.text).put(keys[:-1], whole).splitlines()
        elif isinstance(parent.value, tuple):
            item = {"id": key, **_mapping(value, keys)}
            if not parent.value or self._in_braces(parent):
                self._replace(keys[:-1], parent, [*plainly(parent), item])
                return
            first, last = self._block(parent.value[-1])
            self.lines[last:last] = _item(item, _indent(self.lines[first]))
        elif not isinstance(parent.value, Mapping):
            raise KeyError(".".join(keys))
        elif keys[:-1] and self._in_braces(parent):
            self._inside(keys, parent, value)
        else:
            inside = list(parent.value.values())
            where = next((n for n in inside if isinstance(n.value, tuple | Mapping) and not self._in_braces(n)), None)
            if not inside:
                self._replace(keys[:-1], parent, {key: value})
                return
            first, last = self._block(inside[0])
            indent = len(self.lines[first]) - len(self.lines[first].lstrip(" -"))
            end = self._block(inside[-1])[1]
            if where is not None and keys[:-1] and where is not inside[0]:
                end = self._block(where)[0]
            written = _written(value, indent)
            self.lines[end:end] = [f"{' ' * indent}{_braces(key)}:{' ' if written[0] else ''}{written[0]}", *written[1:]]

    def _remove(self, keys: list[str], here: Node) -> None:
        parent = self._find(keys[:-1]) if keys[:-1] else self.root
        assert parent is not None
        if keys[:-1] and self._in_braces(parent):
            self._inside(keys, parent, None)
            return
        if isinstance(parent.value, tuple | Mapping) and len(parent.value) == 1 and keys[:-1]:
            if isinstance(parent.value, tuple):
                self._replace(keys[:-1], parent, [])
            else:
                self._remove(keys[:-1], parent)  # a key over nothing is no mapping
            return
        first, last = self._block(here)
        if isinstance(parent.value, tuple):
            indent = _indent(self.lines[first])
            while first and self.lines[first - 1].lstrip().startswith("#") and _indent(self.lines[first - 1]) == indent:
                first -= 1  # what is said above an item is said of it
            if first and not self.lines[first - 1].strip() and last < len(self.lines) and not self.lines[last].strip():
                last += 1
        del self.lines[first:last]

    def _inside(self, keys: list[str], parent: Node, value: object) -> None:
        """In braces the whole is written anew."""
        whole = plainly(parent)
        if isinstance(whole, dict):
            whole = {key: inside for key, inside in {**whole, keys[-1]: value}.items() if inside is not None}
        else:
            items = [item for item in whole if not isinstance(item, dict) or item.get("id") != keys[-1]]
            whole = items if value is None else [*items, {"id": keys[-1], **_mapping(value, keys)}]
        self._replace(keys[:-1], parent, whole)

    def _block(self, node: Node) -> tuple[int, int]:
        """The lines of a value with its key or dash, from and up to; what is said below it is not its own."""
        first = node.line - 1
        indent, last = _indent(self.lines[first]), first + 1
        dash = self.lines[first].lstrip().startswith("- ")
        inner = dash and not node.path.endswith("]")  # a key on the line of its item's dash
        if inner:
            indent += 2
        for n in range(first + 1, len(self.lines)):
            line = self.lines[n]
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            flat = isinstance(node.value, tuple) and _indent(line) == indent and line.lstrip().startswith("-") and not dash
            if _indent(line) <= indent and not flat:
                break
            last = n + 1
        return first, last

    def _in_braces(self, node: Node) -> bool:
        line = self.lines[node.line - 1].lstrip()
        if node.path.endswith("]"):
            return line.lstrip("- ").startswith(("{", "["))
        return re.match(r"(- )?[^:]+:\s*[\[{]", line) is not None or line.startswith(("- {", "- ["))

    def _said(self, n: int, written: str) -> str:
        """With what was said at the end of this line."""
        found = _comment(self.lines[n])
        return f"{written}{found}"


def _id(node: Node) -> str | None:
    inside = node.value.get("id") if isinstance(node.value, Mapping) else None
    return None if inside is None else str(inside.value)


def _items(value: object) -> TypeGuard[Sequence[Mapping[str, Any]]]:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(each, Mapping) for each in value)


def _mapping(value: object, keys: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise KeyError(".".join(keys))
    return value


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _comment(line: str) -> str:
    """What is said at the end of a line, with the space before it."""
    quote = ""
    for n, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "#" and n and line[n - 1] in " \t":
            return line[len(line[:n].rstrip()) :]
    return ""


def _item(item: object, indent: int) -> list[str]:
    """An item of a list: a device or a folder on one line where it fits, else a key a line. What is no item is for the reader to refuse."""
    short = _braces(item)
    if not isinstance(item, Mapping) or short == "{}" or (("kind" in item or "licence" in item) and len(short) <= _SHORT):
        return [f"{' ' * indent}- {short}"]
    lines: list[str] = []
    for key, value in item.items():
        if value is not None:
            written = _written(value, indent + 2)
            lines += [f"{' ' * (indent + 2)}{_braces(key)}:{' ' if written[0] else ''}{written[0]}", *written[1:]]
    lines[0] = f"{' ' * indent}- {lines[0].lstrip()}"
    return lines


def _written(value: object, indent: int) -> list[str]:
    """A value after its key: what goes on that line, then the lines below."""
    if isinstance(value, Mapping) and value:
        lines = [""]
        for key, inside in value.items():
            written = _written(inside, indent + 2)
            lines += [f"{' ' * (indent + 2)}{_braces(key)}:{' ' if written[0] else ''}{written[0]}", *written[1:]]
        return lines
    if isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value):
        return ["", *(line for each in value for line in _item(each, indent + 2))]
    return [_braces(value)]


def _braces(value: object) -> str:
    """A value on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case int() | float():
            return str(value)
        case None:
            return "null"
        case Mapping():
            return f"{{{', '.join(f'{_braces(key)}: {_braces(inside)}' for key, inside in value.items() if inside is not None)}}}"
        case list() | tuple():
            return f"[{', '.join(map(_braces, value))}]"
    text = str(value)
    odd = text.lower() in ("yes", "no", "on", "off") or NOT_FINITE.fullmatch(text)
    if _WORD.fullmatch(text) and text == text.strip() and isinstance(plain(text), str) and not odd:
        return text
    if re.fullmatch(r"\d\.[a-z]+", text):
        return text  # the key of a button
    return json.dumps(text, ensure_ascii=False)
