"""What a guest needs: `parse` codes into `Care`; and how long a room holds its scent."""

from ambiance.care.air import Air, Emission, Extract, airing_minutes, concentration, peak, scent_free_at
from ambiance.care.codes import CODES, Code, parse, unasked
from ambiance.care.model import UNKNOWN, Care, Contradiction, Needs, ScentNeed

__all__ = [
    "CODES",
    "UNKNOWN",
    "Air",
    "Care",
    "Code",
    "Contradiction",
    "Emission",
    "Extract",
    "Needs",
    "ScentNeed",
    "airing_minutes",
    "concentration",
    "parse",
    "peak",
    "scent_free_at",
    "unasked",
]
