"""A profile: setting x modality, the atmosphere of every phase and the minutes of every length."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ambiance.errors import Invalid, NotOffered
from ambiance.profile.model import PHASES, Atmosphere, ScentBudget, Step, Visit
from ambiance.profile.plan import Plan
from ambiance.site import Setting
from ambiance.units import DBA, Lstar, Minutes, Mired


@dataclass(frozen=True, slots=True)
class Trims:
    """What the house moves on a menu item: L* brighter, dB louder, mired warmer. Scent is already in the atmospheres."""

    light: Lstar = 0.0
    music: DBA = 0.0
    warmer: Mired = 0.0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A setting x modality that is not offered, and why."""

    id: str
    reason: str


@dataclass(frozen=True)
class Profile:
    """What an author wrote, ready to be compiled.

    `id` is `spa/swedish` or `menu/harbour-calm`; `source` the file and line it was written in. `scent_family` may be
    `none` (nothing is diffused) or `any` (the guest's choice). `prep`, `turnover` and `warm_ahead` are minutes.
    """

    id: str
    name: str
    setting: Setting
    modality: str
    default_minutes: int
    lengths: tuple[int, ...]
    plan: Plan
    atmospheres: Mapping[str, Atmosphere]
    scent_family: str
    scent_max: int
    budget: ScentBudget
    prep: Minutes
    turnover: Minutes
    warm_ahead: Minutes
    remarks: str = ""
    too_short: str = ""
    trims: Trims = field(default_factory=Trims)
    source: str = ""

    @property
    def smallest(self) -> int:
        """The shortest length on offer, in minutes."""
        return self.lengths[0]

    @property
    def largest(self) -> int:
        """The longest length on offer, in minutes."""
        return self.lengths[-1]

    def bounds(self, visit: Visit) -> tuple[int, int]:
        """The shortest and longest length of this kind of visit, in minutes."""
        low, high = self.plan.bounds(visit)
        return max(low, self.smallest), min(high, self.largest)

    def steps(self, minutes: int, visit: Visit = "follow_up") -> tuple[Step, ...]:
        """The phases from welcome to redress with their whole minutes and the fewest each may shrink to.

        Any whole number of minutes between the smallest and largest length will do. Raises NotOffered with the
        reason where the house has one, else Invalid.
        """
        if isinstance(minutes, bool) or not isinstance(minutes, int):
            raise Invalid(("minutes", minutes, f"a whole number, {self.smallest} to {self.largest}"))
        if minutes < self.smallest and self.too_short:
            raise NotOffered(f"{self.id} in {minutes} minutes", self.too_short)
        if not self.smallest <= minutes <= self.largest:
            raise Invalid(("minutes", minutes, f"whole minutes from {self.smallest} to {self.largest} for {self.id}"))
        low, high = self.bounds(visit)
        if minutes < low:
            raise NotOffered(
                f"{self.id} in {minutes} minutes as a first visit",
                f"history and examination take longer then; book {low} minutes or more, or a follow-up"
                if low <= high
                else "history and examination leave no time to treat; book a follow-up",
            )
        if minutes > high:
            raise NotOffered(f"{self.id} in {minutes} minutes as a first visit", f"its plan ends at {high} minutes; book {high} or fewer")
        return tuple(Step(phase, length, _floor(phase, length, visit)) for phase, length in self.plan.minutes(minutes, visit).items())


def _floor(phase: str, minutes: int, visit: Visit) -> Minutes:
    """The fewest minutes a phase may shrink to; the examination of a first visit never shrinks."""
    floor = PHASES[phase].floor
    if floor == "half":
        return minutes / 2
    if floor == "two" and not (phase == "exam" and visit == "first"):
        return float(min(2, minutes))
    return float(minutes)
