"""How each family of devices speaks."""

from ambiance.device.dialects.dialect import Dialect, Garbled, Heard, Liveness, Pair, Press, PressKind, Report, Traits
from ambiance.device.dialects.native import Native, read_set
from ambiance.device.dialects.spoken import FAMILIES, SPOKEN

__all__ = [
    "FAMILIES",
    "SPOKEN",
    "Dialect",
    "Garbled",
    "Heard",
    "Liveness",
    "Native",
    "Pair",
    "Press",
    "PressKind",
    "Report",
    "Traits",
    "read_set",
]
