"""What people and programs may ask of the conductor, and what it answers.

The doors (HTTP, MQTT, buttons) validate and make these; the conductor trusts them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ambiance.clock import Instant
from ambiance.cuesheet.model import Level, Scene
from ambiance.profile.model import Visit
from ambiance.session.model import EmergencyKind, Latch, RoomState, Session

MOST_MINUTES = 120
"""Minutes that one stay or extension may be asked for."""

Verb = Literal["pause", "resume", "stay", "extend", "advance", "end", "cancel", "move"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a guest would like, moved only inside what care allows."""

    style: str | None = None
    light: float = 0.0
    """L* brighter or dimmer, -30 to 30."""
    warmer: float = 0.0
    """Mired warmer (or cooler), -100 to 100."""
    music: float = 0.0
    """dB louder or quieter, -12 to 12."""
    silence: bool = False
    exclude: tuple[str, ...] = ()
    """Tags not to be played: `vocals`, `water`."""


@dataclass(frozen=True, slots=True)
class Start:
    """Start a session, now (`at` None) or at an instant.

    `care` None: intake unknown, unless `ref` names codes that were left over HTTP. `scent` None: nobody asked the guest.
    """

    room: str
    profile: str | None
    minutes: int | None = None
    at: Instant | None = None
    visit: Visit = "follow_up"
    care: tuple[Mapping[str, Any] | str, ...] | None = None
    wishes: Wishes = Wishes()
    scent: bool | None = False
    group: str | None = None
    like: str | None = None
    course: str | None = None
    ref: str | None = None
    therapist: str | None = None
    """An opaque token of who treats."""


@dataclass(frozen=True, slots=True)
class Act:
    """A verb on a session. `minutes` for stay and extend; `to` the room to move to.

    From a room's button or `do/<verb>` topic `session` is None and `room` says which live (or next) session is meant.
    """

    verb: Verb
    session: str | None = None
    room: str | None = None
    minutes: int | None = None
    to: str | None = None
    therapist: str | None = None
    """Who asks, where they treat: whoever moves a treatment on is its therapist, if nobody else is."""


@dataclass(frozen=True, slots=True)
class Adjust:
    """A hand on a room. At most one of the fields is set by the doors (`hold` may name several devices)."""

    room: str
    light: float | None = None
    music: float | None = None
    mute: bool | None = None
    style: str | None = None
    another: bool = False
    scent_off: bool = False
    exam_light: bool | None = None
    hold: Mapping[str, Level] = field(default_factory=dict)
    release: bool = False
    lasting: bool = False
    source: str = "desk"


@dataclass(frozen=True, slots=True)
class Need:
    """What a session's guest needs from now on: `care` is added to what holds, or stands alone where `instead`.

    `care` None: it turns out that nobody asked.
    """

    session: str
    care: tuple[Mapping[str, Any] | str, ...] | None
    instead: bool = False


@dataclass(frozen=True, slots=True)
class Choose:
    """Staff answer what contradicts in a guest's needs: this side stands."""

    session: str
    conflict: str
    side: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Codes for a start that will come another way; the answer is a reference that says nothing."""

    care: tuple[Mapping[str, Any] | str, ...]


@dataclass(frozen=True, slots=True)
class Bright:
    """Staff light at once, or given back. `on` None toggles."""

    room: str
    on: bool | None = True


@dataclass(frozen=True, slots=True)
class Ready:
    """The room is cleaned."""

    room: str


@dataclass(frozen=True, slots=True)
class Window:
    """Somebody opened the room's window, or shut it."""

    room: str
    open: bool


@dataclass(frozen=True, slots=True)
class Begin:
    """The guest is here: the room's next session begins, or else a usual treatment of it (`profile`; None: the first).

    `therapist` treats, unless somebody else was named for it.
    """

    room: str
    profile: str | None = None
    therapist: str | None = None


@dataclass(frozen=True, slots=True)
class OutOfOrder:
    """Staff take a room out of use, or back into it: it is to be cleaned then."""

    room: str
    on: bool = True


@dataclass(frozen=True, slots=True)
class Emergency:
    """An emergency begins (or, by a person with a role, is reset). `room` None: the whole house.

    `kind` None: whatever stands on top in each room; only to reset. `by` is a role, or `bus`, `button` or, for a
    room that is new in a fire, `house`. `closed`: the rooms are out of order after the reset.
    """

    kind: EmergencyKind | None
    active: bool = True
    room: str | None = None
    by: str = "desk"
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill of one kind of emergency begins, or is confirmed by the role `by` with the token `token`."""

    kind: EmergencyKind
    active: bool = True
    room: str | None = None
    by: str = "desk"
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """A device came back after being away or after a reboot, or was moved in an emergency: it gets the state of now."""

    room: str
    device: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A device went away, or did not answer: whoever was in the room had no more of it, and their record says so."""

    room: str
    device: str


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The broker is back: every device gets the state of now."""


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody in the room wants the desk."""

    room: str


@dataclass(frozen=True, slots=True)
class AirFitness:
    """Sensors say that the air of a room is no longer fit for scent (`kind` is what was measured), or is again."""

    room: str
    fit: bool
    kind: str


@dataclass(frozen=True, slots=True)
class RoomChecked:
    """A room was looked at ahead of a start; `missing` are the devices that are not ready."""

    room: str
    session: str
    ready: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomMeasured:
    """What a room's sensors measured while a guest was there: `lux`, `lux_least`, `lux_most`, `lux_h`, `laeq`, `lmax`, `celsius`."""

    room: str
    session: str
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Refilled:
    """Somebody filled a diffuser's tank."""

    room: str
    device: str


@dataclass(frozen=True, slots=True)
class ClockConfirmed:
    """Staff say the machine's time is good."""


@dataclass(frozen=True, slots=True)
class Erase:
    """Nothing of a session is kept: at once if it is over, else as soon as it is."""

    session: str


@dataclass(frozen=True, slots=True)
class OpenCourse:
    """A reference under which several visits of one guest share their set-points."""


@dataclass(frozen=True, slots=True)
class CloseCourse:
    """Nothing of a course is kept."""

    course: str


Wish = (
    Start | Act | Adjust | Need | Choose | Keep | Bright | Ready | Window | OutOfOrder | Begin | Emergency | Drill | Returned | Lost
    | LinkUp | Call | ClockConfirmed | AirFitness | RoomChecked | RoomMeasured | Refilled
    | Erase | OpenCourse | CloseCourse
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key: whose, which, and a digest of the body it came with. `whole`: the key of the batch this is a part of."""

    token: str
    key: str
    digest: str
    whole: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller is told once the change is saved."""

    status: int
    body: Mapping[str, Any]


ScentWord = Literal["diffusing", "clearing", "clear"]


@dataclass(frozen=True, slots=True)
class Scented:
    """Scent in a room's air, by the model: an estimate in µg/m³, a word, and from when on at most 2, 10 and 25 % of a peak are left.

    An instant of None: that is so now.
    """

    estimate: float = 0.0
    word: ScentWord = "clear"
    below: Mapping[int, Instant | None] = field(default_factory=lambda: {2: None, 10: None, 25: None})


@dataclass(frozen=True, slots=True)
class RoomNow:
    """A room as it should be at this moment, for the doors to show."""

    room: str
    state: RoomState
    session: Session | None
    phase_id: str | None
    phase: int
    phases: int
    phase_ends_at: Instant | None
    ends_at: Instant | None
    waiting_for: str | None
    hands: tuple[str, ...]
    scent_free_from: Instant | None
    next_start: Instant | None
    emergency: EmergencyKind | None
    scene: Scene
    latches: tuple[Latch, ...] = ()
    scented: Scented = Scented()
    airing_until: Instant | None = None
    window_until: Instant | None = None
    """Until when the open window counts; None where it is shut."""
