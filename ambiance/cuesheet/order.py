"""What somebody asked to be played: everything about a session but its room and its time."""

from dataclasses import dataclass, field

from ambiance.care.model import UNKNOWN, Care
from ambiance.cuesheet.model import FOREVER, UNTUNED, Tuning
from ambiance.profile import Profile, Visit
from ambiance.site import Evening, Limits
from ambiance.units import Minutes, Seconds
from ambiance.why import Layer, Why


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asked to be played: everything about a session but its room and its time."""

    profile: Profile
    minutes: int
    visit: Visit = "follow_up"
    care: Care = UNKNOWN
    scent: bool | None = False
    """Whether the guest opted in; None: nobody asked."""
    tuning: Tuning = UNTUNED
    scent_minutes_left: Minutes = 120.0
    limits: Limits = field(default_factory=Limits)
    scent_left: Why = field(default_factory=lambda: Why(Layer.LIMIT, "scent_minutes_per_day"))
    """Who says how many minutes of scent are left."""
    evening: Evening | None = None
    hours: tuple[Seconds, Seconds] = (-FOREVER, FOREVER)
    """From which offset to which it is evening, where the house has one."""
