"""Bytes from a device become values here, and nowhere else: size and depth first, then JSON without NaN, then each type."""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

LARGEST = 16 * 1024
"""Bytes of a report; a longer one is refused unread."""
DEEPEST = 8
"""Levels of nesting in a report; a deeper one is refused unparsed."""

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, or what is left of the payload where one never ends: looked through once, however many quotes are in it."""
_BRACKET = re.compile(rb"[][{}]")


class Nonsense(ValueError):
    """What arrived makes no sense; the text is short, printable and safe to log. Never leaves the dialects."""


def text_of(payload: bytes, largest: int = LARGEST) -> str:
    if len(payload) > largest:
        raise Nonsense(f"found {len(payload)} bytes; wanted at most {largest}")
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise Nonsense("found bytes that are not UTF-8") from None


def json_of(payload: bytes, largest: int = LARGEST, deepest: int = DEEPEST) -> Any:
    """Any JSON value."""
    text = text_of(payload, largest)
    if payload.count(b"{") + payload.count(b"[") > deepest and depth(payload) > deepest:
        raise Nonsense(f"found nesting deeper than {deepest}")
    try:
        return _JSON.decode(text)
    except ValueError as error:
        raise Nonsense(f"found no JSON: {short(str(error))}") from None


def object_of(payload: bytes, largest: int = LARGEST, deepest: int = DEEPEST) -> Mapping[str, Any]:
    """A JSON object."""
    body = json_of(payload, largest, deepest)
    if not isinstance(body, dict):
        raise Nonsense(f"found {short(body)}; wanted a JSON object")
    return body


def depth(payload: bytes) -> int:
    level = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", payload)):
        level += 1 if bracket in b"[{" else -1
        deepest = max(deepest, level)
    return deepest


def short(value: object) -> str:
    """At most 60 printable characters: `ascii` escapes line breaks and terminal codes."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Said:
    """One mapping of a report. Each taker gives None where the key is missing or null, and raises Nonsense for another type."""

    def __init__(self, body: Mapping[str, Any], path: str = "") -> None:
        self.body, self._path = body, path

    def __contains__(self, key: str) -> bool:
        return self.body.get(key) is not None

    def number(self, key: str, low: float = -1e9, high: float = 1e9) -> float | None:
        value = self.body.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise Nonsense(f"{self._path}{key}: found {short(value)}; wanted a number, {low:g} to {high:g}")
        return float(value)

    def flag(self, key: str) -> bool | None:
        value = self.body.get(key)
        if value is not None and not isinstance(value, bool):
            raise Nonsense(f"{self._path}{key}: found {short(value)}; wanted true or false")
        return value

    def word(self, key: str) -> str | None:
        value = self.body.get(key)
        if value is not None and (not isinstance(value, str) or len(value) > 500):
            raise Nonsense(f"{self._path}{key}: found {short(value)}; wanted a short text")
        return value

    def switch(self, key: str) -> bool | None:
        """ON or OFF."""
        return None if (value := self.word(key)) is None else on_off(value)

    def inside(self, key: str) -> "Said | None":
        value = self.body.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Nonsense(f"{self._path}{key}: found {short(value)}; wanted an object")
        return Said(value, f"{self._path}{key}.")


def on_off(text: str) -> bool:
    match text.strip().upper():
        case "ON" | "TRUE" | "1":
            return True
        case "OFF" | "FALSE" | "0":
            return False
    raise Nonsense(f"found {short(text[:40])}; wanted ON or OFF")


def number_of(payload: bytes, low: float, high: float) -> float:
    """A number written as text."""
    text = text_of(payload).strip()
    if not re.fullmatch(r"[-+]?[0-9]{1,12}(\.[0-9]{1,12})?", text) or not low <= float(text) <= high:
        raise Nonsense(f"found {short(text[:40])}; wanted a number, {low:g} to {high:g}")
    return float(text)


def one_of(payload: bytes, words: Mapping[str, bool]) -> bool:
    """One of a few words, whatever their case."""
    text = text_of(payload).strip()
    if (found := words.get(text.lower())) is None:
        raise Nonsense(f"found {short(text[:40])}; wanted {' or '.join(words)}")
    return found


def online_of(payload: bytes) -> bool:
    """`online` or `offline`, bare or as the `state` of a JSON object."""
    text = text_of(payload).strip()
    if text.startswith("{") and isinstance(body := json_of(payload), dict):
        text = Said(body).word("state") or text
    if (found := {"online": True, "offline": False}.get(text.lower())) is None:
        raise Nonsense(f"found {short(text[:40])}; wanted online or offline")
    return found


def given(**values: Any) -> dict[str, Any]:
    """Only those that were said."""
    return {key: value for key, value in values.items() if value is not None}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


_JSON = json.JSONDecoder(parse_constant=_no_constant)
