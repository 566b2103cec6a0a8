"""The cue sheet: what one room will do, in order, already inside every limit.

Offsets are seconds from the moment the guest enters (negative before). A sheet carries all it needs to be
re-planned: the spans of its phases, what each phase wants of each device, and the hands laid on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ambiance.units import DBA, Celsius, Lstar, Minutes, Mired, Percent, Seconds
from ambiance.why import Why

FOREVER: Seconds = 1e9
"""Some thirty years: an end that does not come (JSON has no infinity)."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """A guest's wishes as numbers: L*, mired and dB added to the plan, before care and limits."""

    lstar: Lstar = 0.0
    mired: Mired = 0.0
    decibel: float = 0.0
    silence: bool = False
    style: str | None = None
    exclude: tuple[str, ...] = ()


UNTUNED = Tuning()


@dataclass(frozen=True, slots=True)
class LightLevel:
    """A lamp: lightness against its own full output, colour temperature, and a colour instead of white."""

    lstar: Lstar
    mired: Mired
    color: str | None = None


@dataclass(frozen=True, slots=True)
class SoundLevel:
    """A player: level at the pillow (`SILENCE` means stopped) and what it plays, as an opaque id."""

    dba: DBA
    playlist: str | None = None


@dataclass(frozen=True, slots=True)
class ClimateLevel:
    """A thermostat's set-point."""

    celsius: Celsius


@dataclass(frozen=True, slots=True)
class FanLevel:
    """An extract fan."""

    speed: Percent


@dataclass(frozen=True, slots=True)
class WarmerLevel:
    """A table or stone warmer."""

    on: bool


Level = LightLevel | SoundLevel | ClimateLevel | FanLevel | WarmerLevel


@dataclass(frozen=True, slots=True)
class Aim:
    """What a phase wants of one device, with the decider of each of its values.

    A hand moves a lamp's L*, a player's dBA or a thermostat's °C no lower than `low` and no higher than `high`, who are
    named by `floor` and `ceiling`; for lamps only `firm` holds against the switch on the wall, as the guest needs it.
    `warm_below`: below this L* a lamp of somebody's treatment is no cooler than this mired.
    """

    level: Level
    why: Mapping[str, Why]
    low: float = 0.0
    high: float = 100.0
    floor: Why | None = None
    ceiling: Why | None = None
    firm: Lstar = 0.0
    bears: Lstar = 100.0
    """The guest's own ceiling, whether or not the house has a lower one."""
    warmest: Mired = 0.0
    """No hand makes this lamp cooler than this."""
    tint: Why | None = None
    """Who keeps this lamp from being coloured or cooler; None: nobody."""
    white: bool = False
    warm_below: tuple[Lstar, Mired] | None = None
    waking: tuple[Mired, Why] | None = None
    """In the evening, where a guest wakes and dresses: how warm this lamp is at the least, and who says so."""
    styles: Mapping[str, str] = field(default_factory=dict)
    """What this player plays in each style that may be chosen here, by its opaque id."""
    barred: Why | None = None
    """Who keeps the styles that are not in `styles` from being played."""
    aloud: DBA = 0.0
    """How loud it would be, had the guest not wished for silence."""


@dataclass(frozen=True, slots=True)
class Cue:
    """At `at`, `device` starts moving from `start` to `target`, over `fade` seconds.

    Linear in L*, mired and dB. `why` is the layer that ordered this cue where it was not the phase's own aim.
    `waits`: it lies behind a border that no hand has confirmed yet, so it is only proposed.
    """

    at: Seconds
    device: str
    start: Level
    target: Level
    fade: Seconds
    why: Why | None = None
    waits: bool = False

    @property
    def end(self) -> Seconds:
        return self.at + self.fade


@dataclass(frozen=True, slots=True)
class Span:
    """One phase on the sheet. `n` counts from 1 between welcome and redress; 0 before and after.

    `floor` is the shortest it may become, `planned` its length before hands. `border`: the border into this span
    belongs to hands; `confirmed`: a hand (or the grace) opened it. The last `tail` seconds move to the phase's tail.
    """

    phase: str
    start: Seconds
    end: Seconds
    planned: Seconds
    floor: Seconds
    fade: Seconds
    n: int
    lying: bool
    border: bool = False
    confirmed: bool = False
    tail: Seconds = 0.0
    kept: bool = False
    """The guest asked that nothing goes on here without a tap: no grace opens this border."""

    @property
    def length(self) -> Seconds:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Dose:
    """One bounded run of a diffuser: the one thing that is never repeated."""

    device: str
    at: Seconds
    until: Seconds
    intensity: int
    family: str
    phase: str

    @property
    def minutes(self) -> Minutes:
        return (self.until - self.at) / 60


@dataclass(frozen=True, slots=True)
class Clamp:
    """Something the profile asked for and this room or guest does not get, said in words."""

    device: str
    phase: str
    attribute: str
    asked: float
    given: float
    why: Why


HandKind = Literal["light", "music", "mute", "style", "another", "scent_off", "hold", "exam_light", "bright"]


@dataclass(frozen=True, slots=True)
class Hand:
    """A person's change at run time.

    A trim (`light` in L*, `music` in dB), a `style` or a switch (`mute`, `scent_off`, `exam_light`, `bright`) holds to the
    session's end or until released; a `hold` pins one device at `level` until the span in which it was set ends,
    or for the whole session where `lasting`. `another` counts, in `value`, how often somebody asked for another piece.
    """

    kind: HandKind
    at: Seconds
    value: float = 0.0
    device: str | None = None
    level: Level | None = None
    lasting: bool = False
    source: str = "hand"
    style: str | None = None


@dataclass(frozen=True)
class Sheet:
    """All cues of one session in one room, and all that is needed to plan it anew from any moment.

    It does not name its room: rooms of one shape that play the same treatment play the same sheet.
    """

    profile: str
    minutes: int
    spans: tuple[Span, ...]
    palette: Mapping[str, Mapping[str, Aim]]
    """What each phase wants of each device; also `bright`, `exam_light` and `paused`."""
    cues: tuple[Cue, ...]
    doses: tuple[Dose, ...] = ()
    pulses: Mapping[str, tuple[Dose, ...]] = field(default_factory=dict)
    """The doses of each phase as first planned, offsets from the phase's own start: no re-plan gives more."""
    clamps: tuple[Clamp, ...] = ()
    hands: tuple[Hand, ...] = ()
    paused: Seconds | None = None
    """Offset at which somebody paused; None while running."""
    slowest: Seconds = 0.0
    """The shortest automatic fade this guest bears."""
    light_rate: float | None = None
    """L* per second that light may move at most in this house and for this guest; None: the general rate."""
    sound_rate: float | None = None
    """dB per second that music may move at most in this house and for this guest; None: the general rates."""
    gentle: bool = False
    """Whether this guest bears nothing sudden, not even by a hand."""
    mired_rate: float | None = None
    """Mired per second that light may move at most in this house; None: the general rate."""
    scent_last: Seconds = 15 * 60.0
    """No diffuser runs this long before the guest leaves."""
    scent_run: Seconds = 30 * 60.0
    """The longest run of a diffuser without a pause as long."""
    scent_until: Seconds = FOREVER
    """No diffuser runs from this offset on, for the sake of the room's next guest."""
    unfit: bool = False
    """The room's air is not fit: its extract fans run, whatever is planned."""
    tuning: Tuning = UNTUNED
    """The guest's wishes, kept for when the sheet has to be compiled for another room."""
    notes: tuple[str, ...] = ()
    """What staff should know about this sheet, in plain words."""
    cared: bool = False
    """Whether light, sound or warmth are bound by what this guest needs: nobody else is given this palette."""
    scents: Mapping[str, Why] = field(default_factory=dict)
    """For each phase, who decided what is diffused in it or that nothing is."""

    @cached_property
    def tracks(self) -> Mapping[str, tuple[Cue, ...]]:
        """The cues of each device, in order."""
        tracks: dict[str, list[Cue]] = {}
        for cue in self.cues:
            tracks.setdefault(cue.device, []).append(cue)
        return {device: tuple(cues) for device, cues in tracks.items()}

    @cached_property
    def counted(self) -> Mapping[str, tuple[Cue, ...]]:
        """Of each device the cues that count: those before the first border that still waits for a hand."""
        if self.horizon >= FOREVER:
            return self.tracks
        return {device: tuple(cue for cue in cues if not cue.waits) for device, cues in self.tracks.items()}

    @cached_property
    def styles(self) -> Mapping[str, str]:
        """The style behind each playlist that may be played, for players that have names of their own for styles."""
        return {id: style for aims in self.palette.values() for aim in aims.values() for style, id in aim.styles.items()}

    @cached_property
    def horizon(self) -> Seconds:
        """The first border that waits for a hand: nothing behind it happens before that."""
        return next((span.start for span in self.spans if span.border and not span.confirmed), FOREVER)

    @cached_property
    def end(self) -> Seconds:
        """When the guest's time is over: the end of the last phase before turnover (for a standing sheet, never)."""
        return next((span.end for span in reversed(self.spans) if span.n), FOREVER)

    @property
    def scent_stops(self) -> Seconds:
        """The offset by which every diffuser is off."""
        return min(self.end - self.scent_last, self.scent_until)


@dataclass(frozen=True)
class Scene:
    """Everything a room should be at one instant."""

    phase: str
    n: int
    levels: Mapping[str, Level]
    why: Mapping[str, Mapping[str, Why]]
    dose: Dose | None = None
    scent: Why | None = None
    """Who decided that `dose` runs, or that none does."""
