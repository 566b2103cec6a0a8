"""Commands and reports, counted."""

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Commands and reports since the start, for the metrics."""

    sent: int = 0
    resent: int = 0
    confirmed: int = 0
    silent: int = 0
    outdated: int = 0
    refused: int = 0
    unknown: int = 0
