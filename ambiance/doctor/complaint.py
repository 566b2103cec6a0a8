"""One thing the doctor found, in plain words, with what to do."""

from dataclasses import dataclass
from typing import Any, Literal

Grade = Literal["mend", "improve", "well"]
"""It must be mended before a guest comes; it works, but should be better; it is as it should be."""
ORDER: tuple[Grade, ...] = ("mend", "improve", "well")


@dataclass(frozen=True, slots=True)
class Complaint:
    """`about` is where: broker, store, a room, room/device. `cure` is empty where all is well."""

    grade: Grade
    about: str
    words: str
    cure: str = ""

    def plain(self) -> dict[str, Any]:
        return {"grade": self.grade, "about": self.about, "words": self.words, "cure": self.cure}


def mend(about: str, words: str, cure: str) -> Complaint:
    return Complaint("mend", about, words, cure)


def improve(about: str, words: str, cure: str) -> Complaint:
    return Complaint("improve", about, words, cure)


def well(about: str, words: str) -> Complaint:
    return Complaint("well", about, words)
