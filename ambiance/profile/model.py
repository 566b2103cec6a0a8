"""What an author wrote, resolved: the atmosphere of every phase and the minutes of every length.

These are the types the cue sheet is compiled from. `language.py` makes them out of YAML.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ambiance.units import BPM, DBA, Celsius, Kelvin, Lux, Minutes, Seconds
from ambiance.why import Why

Visit = Literal["first", "follow_up"]
Floor = Literal["half", "two", "none"]


@dataclass(frozen=True, slots=True)
class Phase:
    """What is always true of a phase, whatever the treatment.

    `floor` says how far it may shrink: to half its planned length, to two minutes, or not at all.
    `lying`: a guest is on the table (or in the tank); `occupied`: somebody is in the room.
    """

    id: str
    floor: Floor
    lying: bool
    occupied: bool = True


PHASES: Mapping[str, Phase] = {
    phase.id: phase
    for phase in (
        Phase("room_prep", "none", lying=False, occupied=False),
        Phase("welcome", "two", lying=False),
        Phase("exam", "two", lying=False),
        Phase("pre_rinse", "none", lying=False),
        Phase("settle", "none", lying=False),
        Phase("analyse", "none", lying=True),
        Phase("open", "none", lying=True),
        Phase("float_in", "none", lying=True),
        Phase("work1", "half", lying=True),
        Phase("turn", "none", lying=True),
        Phase("work2", "half", lying=True),
        Phase("rinse", "none", lying=False),
        Phase("deep", "half", lying=True),
        Phase("silence", "none", lying=True),
        Phase("float_silent", "none", lying=True),
        Phase("finish", "none", lying=True),
        Phase("float_out", "none", lying=True),
        Phase("post_rinse", "none", lying=False),
        Phase("return", "none", lying=True),
        Phase("reassess", "two", lying=False),
        Phase("redress", "none", lying=False),
        Phase("turnover_air", "none", lying=False, occupied=False),
        Phase("turnover_clean", "none", lying=False, occupied=False),
    )
}
"""The phases there are, in the order of a visit. Plans may leave out any, never reorder."""


@dataclass(frozen=True, slots=True)
class Accent:
    """A static colour (`#rrggbb`) and its part of the room's light, 0-1."""

    color: str
    share: float


@dataclass(frozen=True, slots=True)
class Tail:
    """The last `seconds` of a phase move the light to `lux`."""

    seconds: Seconds
    lux: Lux


@dataclass(frozen=True, slots=True)
class Atmosphere:
    """What one phase wants, in physical units; `why` says for each field who decided it.

    `dba` None is silence. `scent` is 0-3, diffused `on` minutes, then paused `off` minutes (0: not repeated).
    `exam_lux` is the local light of the examination lamp, 0 for off. `fade` is the time to move into the phase.
    """

    lux: Lux
    kelvin: Kelvin
    accent: Accent | None
    exam_lux: Lux
    dba: DBA | None
    bpm: tuple[BPM, BPM] | None
    genres: tuple[str, ...]
    scent: int
    on: Minutes
    off: Minutes
    celsius: Celsius
    extract: bool
    fade: Seconds
    tail: Tail | None = None
    why: Mapping[str, Why] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One phase of a plan with its planned minutes and the fewest it may shrink to."""

    phase: str
    minutes: int
    floor: Minutes


@dataclass(frozen=True, slots=True)
class ScentBudget:
    """The most a diffuser may run in a session: a share of its length, and never over `most` minutes."""

    share: float = 1 / 3
    most: Minutes = 40.0

    def minutes(self, length: int) -> Minutes:
        return min(self.most, length * self.share)
