"""A cue sheet as it lies in its row: compact JSON, deflated to a tenth."""

import json
import zlib
from copy import deepcopy
from functools import cache, partial
from typing import Any
from weakref import ref

from pydantic import TypeAdapter
from pydantic_core import SchemaSerializer, SchemaValidator

from ambiance.cuesheet.model import Sheet


class Sheets:
    """Packs and unpacks, each sheet once: rooms of one shape that begin the same treatment share theirs.

    What was packed is kept for as long as its sheet lives, what was unpacked for as long as this.
    """

    def __init__(self) -> None:
        self._packed: dict[int, tuple[ref[Sheet], bytes]] = {}
        self._sheets: dict[bytes, Sheet] = {}

    def pack(self, sheet: Sheet) -> bytes:
        """Raises ValueError for a number that is not finite: it could not come back."""
        key = id(sheet)
        if key not in self._packed:
            forget = partial(self._packed.pop, key)  # with the sheet, for its id becomes another's
            self._packed[key] = ref(sheet, forget), _pack(sheet)
        return self._packed[key][1]

    def unpack(self, packed: bytes) -> Sheet:
        """Raises ValueError for anything but a whole sheet."""
        if packed not in self._sheets:
            self._sheets[packed] = _unpack(packed)
        return self._sheets[packed]


def _pack(sheet: Sheet) -> bytes:
    plain = _serializer().to_json(sheet)
    if b"NaN" in plain or b"Infinity" in plain:  # may be a playlist's name
        json.loads(plain, parse_constant=_refuse)
    return zlib.compress(plain, 1)


def _unpack(packed: bytes) -> Sheet:
    try:
        sheet: Sheet = _validator().validate_json(zlib.decompress(packed))
    except zlib.error as error:
        raise ValueError(f"a sheet that cannot be inflated: {error}") from error
    return sheet


@cache
def _serializer() -> SchemaSerializer:
    return SchemaSerializer(_schema())


@cache
def _validator() -> SchemaValidator:
    return SchemaValidator(_schema())


@cache
def _schema() -> Any:
    """The schema of a sheet, with numbers finite, and with a union being its first member that fits.

    That is a third faster than trying them all, and the same: no two kinds of level share a required field.
    """
    schema = deepcopy(TypeAdapter(Sheet).core_schema)
    waiting: list[Any] = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if node.get("type") == "union":
                node["mode"] = "left_to_right"
            if node.get("type") == "dataclass":
                node["config"] = {"allow_inf_nan": False, "ser_json_inf_nan": "constants"}
            waiting.extend(node.values())
        elif isinstance(node, list | tuple):
            waiting.extend(node)
    return schema


def _refuse(number: str) -> None:
    raise ValueError(f"a sheet cannot hold {number}")
