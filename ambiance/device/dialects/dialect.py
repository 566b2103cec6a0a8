"""How one family of devices speaks: what a courier needs of it, and what can be heard from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.message import Message
from ambiance.site import Curve, Device
from ambiance.units import Kelvin, Seconds

Pair = tuple[int, int]
"""(epoch, version): rises with every new wanted state, and with every controller that takes over."""

PressKind = Literal["single", "double", "long"]


@dataclass(frozen=True, slots=True)
class Report:
    """A device says what it is. `pair` is the newest command it knows of, `boot` changes when it restarts.

    `partial`: these keys only; what else is known of it still holds. Without values it merely took the command `pair`.
    """

    values: Mapping[str, Any]
    pair: Pair | None = None
    boot: str | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Liveness:
    """A device, or its will, says whether it is there."""

    online: bool


@dataclass(frozen=True, slots=True)
class Press:
    """A key of a button (counted from 1) was pressed."""

    button: int
    press: PressKind
    word: str = field(default="", compare=False)
    """What the button itself calls it, where its family has words of its own."""


@dataclass(frozen=True, slots=True)
class Garbled:
    """What arrived makes no sense. `reason` is short, printable, and safe to log and show."""

    reason: str


Heard = Report | Liveness | Press | Garbled


@dataclass(frozen=True, slots=True)
class Traits:
    """What a family can time by itself, and how far its word goes."""

    fade: Seconds = 0.0
    """The longest fade it times by itself; 0: none."""
    shortest: Seconds = 0.0
    """The shortest fade it makes when told to fade at all."""
    tick: Seconds = 0.0
    """The step in which fades are given; 0: any."""
    curve: Curve = "output"
    """In what a fade of light is a straight line."""
    ends: Seconds = 0.0
    """The longest run after which it switches off by itself; 0: it keeps no end."""
    shortest_run: Seconds = 0.0
    """The shortest run it can be told."""
    renews: bool = True
    """Whether saying *on* again begins its end anew."""
    echoes: bool = False
    """Its reports repeat what was asked before anything was done: they prove that it heard, not that it did."""
    answers: bool = True
    """False: it never says what it is, so nothing can be confirmed."""
    versioned: bool = False
    """It knows each command by its version, so that one it hears again begins nothing anew."""
    quiet: bool = False
    """It says nothing when what it is told changes nothing: then its last word stands."""
    targets: bool = True
    """During a fade it reports where the fade leads, not where it is."""
    kelvin: tuple[Kelvin, Kelvin] = (1800.0, 6500.0)
    """The colour temperatures of its lamps, where the installer wrote none: what lies outside would come out clipped."""
    pace: Seconds = 0.0
    """The time between two messages on the radio or bus it shares with others; 0: its gateway takes them as they come."""
    tolerance: Mapping[str, float] = field(default_factory=dict)
    """Per key of a report, the difference from what was asked that is only rounding."""

    def effective(self, fade: Seconds) -> Seconds:
        """The fade it really makes when asked for `fade` seconds."""
        if self.fade <= 0:
            return 0.0
        steps = round(fade / self.tick) * self.tick if self.tick else fade
        return round(min(self.fade, max(self.shortest, steps)), 3)


class Dialect(Protocol):
    """One family of devices. Holds no state: the courier remembers, the dialect translates."""

    def filters(self, device: Device) -> tuple[str, ...]:
        """The topics `device` speaks on; wildcards only where the topics of many devices share a pattern.

        A topic may belong to several devices: a bridge's own will speaks for all behind it.
        """

    def encode(self, device: Device, wanted: Wanted, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        """What to publish, in order, so that `device` becomes `wanted`. Never retained, never relative.

        `since` is what it already is as far as anybody knows: what would begin anew (a playlist) is not said again.
        """

    def decode(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        """What `device` said; None where it said nothing (an empty payload). Never raises, whatever arrives."""

    def check(self, device: Device) -> tuple[str, ...]:
        """What is wrong with how `device` is set up, each with its cure. Not empty: the site must not start."""

    def warnings(self, device: Device) -> tuple[str, ...]:
        """What works, but is hardly meant."""

    def traits(self, device: Device) -> Traits:
        """What it can time by itself, and how to judge its reports."""

    def ask(self, device: Device) -> tuple[Message, ...]:
        """What to publish so that `device` says what it is; empty where it cannot be asked."""

    def gateway(self, device: Device) -> str | None:
        """The radio or bus `device` shares with others, so that they are not all told at once; None: it has its own line."""

    def group(self, devices: tuple[Device, ...]) -> Device | None:
        """One device that stands for all of `devices`, so that one message moves them; None where there is none."""
