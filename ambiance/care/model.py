"""What a guest needs, merged: bounds and flags per phase, never a reason.

`codes.py` makes a `Care` out of what a desk or an import sends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ambiance.units import DBA, Celsius, Kelvin, Lstar, Lux, Seconds
from ambiance.why import Why

ScentNeed = Literal["allowed", "off", "strict"]
About = Literal["light", "sound", "warmth", "music", "scent"]


@dataclass(frozen=True, slots=True)
class Needs:
    """The bounds one phase must keep. None: no bound of that kind."""

    light_max: Lux | None = None
    light_min: Lux | None = None
    kelvin_max: Kelvin | None = None
    no_accent: bool = False
    no_dip: bool = False
    """This phase is no darker than the work before it."""
    out_of_view: bool = False
    """Lamps that a lying guest looks into stay off."""
    slowest: Seconds = 0.0
    """No automatic fade of light or sound is shorter than this."""
    step_max: Lstar | None = None
    sound_max: DBA | None = None
    sound_min: DBA | None = None
    sound_off: bool = False
    sound_rate: float | None = None
    """dB per second that music may move at most."""
    celsius: Celsius = 0.0
    """Shift of the air temperature."""
    hold: bool = False
    """No automatic advance out of this phase."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two needs that contradict. One of `sides` (by name, in words; the safer first) stands until a person chooses.

    `phases`: where; empty for the whole session.
    """

    id: str
    about: About
    words: str
    sides: Mapping[str, str]
    stands: str
    answered: bool = False
    phases: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = ", ".join(self.phases) or "every phase"
        return f"{where}: {self.words}; {self.sides[self.stands]}" + ("" if self.answered else "; ask the guest")


@dataclass(frozen=True)
class Care:
    """Everything one guest (or both of a couple) needs. `known` False: intake was not taken.

    `why` names, for each field of `Needs` and for `scent`, the effect that set it, in plain words.
    """

    known: bool = True
    scent: ScentNeed = "allowed"
    scent_families: frozenset[str] | None = None
    scent_level: int = 3
    everywhere: Needs = Needs()
    phases: Mapping[str, Needs] = field(default_factory=dict)
    conflicts: tuple[Contradiction, ...] = ()
    why: Mapping[str, Why] = field(default_factory=dict)
    sound_exclude: frozenset[str] = frozenset()
    """Tags that are not played."""
    sound_only: frozenset[str] | None = None
    """The only tags that may be played; None: any."""
    announce: bool = False
    """The therapist is told before each change of phase."""
    still_display: bool = False
    """Screens in the room move nothing."""
    door_hold: bool = False
    client_control: bool = False
    """The guest is given a dimmer and a mute."""
    languages: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether light, sound or warmth have any bound to keep; scent is apart."""
        return self.everywhere != Needs() or bool(self.phases) or bool(self.sound_exclude) or self.sound_only is not None

    def at(self, phase: str) -> Needs:
        """What must hold in this phase."""
        return self.phases.get(phase, self.everywhere)


UNKNOWN = Care(known=False, scent="off")
"""Intake not taken: no scent; ordinary, flash-free fades."""
