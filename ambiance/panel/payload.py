"""JSON from outside, before anything trusts it: size and depth are looked at first, then it is read."""

import re
from typing import Any, Final

from pydantic_core import from_json

from ambiance.errors import Invalid

HTTP_MOST: Final = 1_000_000
"""Bytes of a request body."""
MQTT_MOST: Final = 65_536
"""Bytes of a command on the bus."""
DEPTH: Final = 20
"""Levels of nesting that any of our bodies could need, with room to spare."""

_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_KEYS = re.compile(rb'"(?:[^"\\]++|\\.)*+"([ \t\r\n]*:)?', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def read(raw: bytes, most: int = HTTP_MOST) -> Any:
    """The value a body holds.

    Raises Invalid for more than `most` bytes, more than `DEPTH` levels, what is not JSON in UTF-8, and a key written twice,
    of which nobody could say which was meant. NaN is let through, so that the refusal of the field it stands in can name it.
    """
    if len(raw) > most:
        raise Invalid(("body", f"{len(raw)} bytes", f"at most {most} bytes"))
    if too_deep(raw):
        raise Invalid(("body", "brackets that nest too deep or do not match", f"JSON of at most {DEPTH} levels"))
    try:
        value = from_json(raw)
    except ValueError as error:
        raise Invalid(("body", f"{len(raw)} bytes", f"JSON in UTF-8 ({error})")) from None
    if sum(map(bool, _KEYS.findall(raw))) != _keys(value):
        raise Invalid(("body", "a key that is written twice", "each key once in its object"))
    return value


def _keys(value: Any) -> int:
    """How many keys all objects in a value have together."""
    if isinstance(value, dict):
        return len(value) + sum(map(_keys, value.values()))
    return sum(map(_keys, value)) if isinstance(value, list) else 0


def too_deep(raw: bytes) -> bool:
    """Whether brackets nest more than `DEPTH` levels (or never match), in linear time."""
    if raw.count(b"[") + raw.count(b"{") <= DEPTH:
        return False
    left = _STRINGS.sub(b"", raw).translate(None, _NOT_BRACKETS)
    for _ in range(DEPTH):
        left = left.replace(b"[]", b"").replace(b"{}", b"")
    return bool(left)
