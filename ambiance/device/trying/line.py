"""One line of what a device did when it was tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ambiance.units import Seconds

Verdict = Literal["good", "look", "poor", "bad"]
"""It did and said so; it cannot be told from here (look, listen, smell); it works, but less well than it should; mend it."""


@dataclass(frozen=True, slots=True)
class Line:
    """`asked` and `reported` in native keys; `seconds` until it first answered."""

    step: str
    verdict: Verdict
    words: str
    asked: Mapping[str, Any] | None = None
    reported: Mapping[str, Any] | None = None
    seconds: Seconds | None = None

    def plain(self) -> dict[str, Any]:
        """As the HTTP call and `--json` give it; the time in whole milliseconds."""
        return {
            "step": self.step, "verdict": self.verdict, "words": self.words, "asked": None if self.asked is None else dict(self.asked),
            "reported": None if self.reported is None else dict(self.reported),
            "answered_ms": None if self.seconds is None else round(1000 * self.seconds),
        }  # fmt: skip
