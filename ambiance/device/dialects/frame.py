"""The id of a JSON-RPC frame, which says which command, and for whom, an answer is for.

A text where a controller asks, since its epoch is more than devices count to; the bare version where somebody merely looks.
"""

import re
from typing import Any

from ambiance.device.dialects.dialect import Pair


def frame_id(pair: Pair, whom: str = "") -> int | str:
    return f"{pair[0]}.{pair[1]}.{whom}" if pair[0] else pair[1]


def pair_of(id: Any) -> tuple[Pair, str] | None:
    """The command and for whom it was; None for an id that is none of ours."""
    if type(id) is int and 0 <= id < 2**53:
        return (0, id), ""
    named = re.fullmatch(r"([0-9]{1,15})\.([0-9]{1,15})\.(.*)", id) if isinstance(id, str) else None
    return ((int(named[1]), int(named[2])), named[3]) if named else None
