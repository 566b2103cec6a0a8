"""What is remembered: sessions, rooms, doses; and what one decision changes of it.

Rows are frozen. The conductor alone makes new ones; the store writes them; everybody else reads snapshots.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from ambiance.clock import Instant
from ambiance.cuesheet import spans
from ambiance.cuesheet.model import Sheet
from ambiance.profile.model import Visit
from ambiance.site import Setting
from ambiance.units import Seconds


class SessionState(StrEnum):
    """Where a session stands."""

    SCHEDULED = "scheduled"
    PREPARING = "preparing"
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    OVERRUN = "overrun"
    ENDING = "ending"
    DONE = "done"
    CANCELLED = "cancelled"


LIVE = frozenset(
    {SessionState.PREPARING, SessionState.WAITING, SessionState.RUNNING, SessionState.PAUSED, SessionState.OVERRUN, SessionState.ENDING}
)
"""A room has at most one session in these states; the database keeps it so."""


class RoomState(StrEnum):
    """Where a room stands; while a session is live its state says more (`VIEW`)."""

    OUT_OF_ORDER = "out_of_order"
    VACANT_DIRTY = "vacant_dirty"
    CLEANING = "cleaning"
    AIRING = "airing"
    READY = "ready"
    PREPPING = "prepping"
    WAITING_CLIENT = "waiting_client"
    IN_SESSION = "in_session"
    PAUSED = "paused"
    OVERRUN = "overrun"
    ENDING = "ending"
    EMERGENCY = "emergency"

    @property
    def possible(self) -> tuple[str, ...]:
        """What can be asked of a room in this state that no session holds, in words for who asked something else."""
        match self:
            case RoomState.EMERGENCY:
                return ("a reset, by a person",)
            case RoomState.OUT_OF_ORDER:
                return ("to put it back into use", "bright")
            case _:
                return ("start", "bright")


VIEW: Mapping[SessionState, RoomState] = {
    SessionState.PREPARING: RoomState.PREPPING,
    SessionState.WAITING: RoomState.WAITING_CLIENT,
    SessionState.RUNNING: RoomState.IN_SESSION,
    SessionState.PAUSED: RoomState.PAUSED,
    SessionState.OVERRUN: RoomState.OVERRUN,
    SessionState.ENDING: RoomState.ENDING,
}

WINDOW = "window"
"""What stands for a room's window among its devices."""
EmergencyKind = Literal["fire", "medical", "duress"]
GRAVITY: Mapping[EmergencyKind, int] = {"fire": 3, "medical": 2, "duress": 1}
"""Fire outranks medical outranks duress: a lower one never undoes a higher."""


@dataclass(frozen=True, slots=True)
class Latch:
    """One emergency of a room, which only a person lets go. `silent`: nothing in the room shows it."""

    kind: EmergencyKind
    since: Instant
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """One cue sheet being played for somebody. `t0` is the instant of offset 0; `starts_at` what was booked."""

    id: str
    room: str
    state: SessionState
    setting: Setting
    profile: str
    minutes: int
    visit: Visit
    starts_at: Instant
    t0: Instant
    sheet: Sheet
    created_at: Instant
    group: str | None = None
    scent: bool = False
    ended_at: Instant | None = None
    ended_by: str | None = None
    warnings: tuple[str, ...] = ()
    course: str | None = None
    """The opaque reference of the course this is a visit of."""
    erase: bool = False
    """Somebody asked for this to be forgotten: it is, as soon as it is over."""
    therapist: str | None = None
    """An opaque token of who treats, for their day's minutes of scent; never a name."""

    def offset(self, now: Instant) -> Seconds:
        """Seconds since the guest entered; negative while the room is prepared."""
        return (now - self.t0).total_seconds()

    def at(self, offset: Seconds) -> Instant:
        return self.t0 + timedelta(seconds=offset)

    def leaves(self, now: Instant) -> Instant:
        """When the guest's time is over as things stand; while paused, or where a border waits, that moves along with `now`."""
        sheet, offset = self.sheet, self.offset(now)
        if sheet.paused is not None:
            return self.at(sheet.end + max(0.0, offset - sheet.paused))
        if self.state in (SessionState.RUNNING, SessionState.OVERRUN) and offset > sheet.horizon:
            return self.at(spans.ends(spans.advance(sheet.spans, offset)))
        if self.state is SessionState.WAITING and offset > 0:
            return now + timedelta(seconds=spans.ends(spans.late(sheet.spans, offset)[0]))
        return self.at(sheet.end)


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room between sessions: its state, since when, and the sheet it plays from `t0` on.

    `latches` are its emergencies, the gravest first. `closed`: staff took it out of order, also behind an emergency.
    """

    room: str
    state: RoomState = RoomState.READY
    since: Instant | None = None
    sheet: Sheet | None = None
    t0: Instant | None = None
    air_until: Instant | None = None
    clean_until: Instant | None = None
    latches: tuple[Latch, ...] = ()
    closed: bool = False

    @property
    def emergency(self) -> EmergencyKind | None:
        """The gravest emergency of this room."""
        return self.latches[0].kind if self.latches else None


@dataclass(frozen=True, slots=True)
class DoseRow:
    """One dose as it was really given. Saved before it is sent; over at `ended_at`, or at `lease_until` if nobody came back."""

    id: str
    room: str
    session: str
    device: str
    intensity: int
    family: str
    began_at: Instant
    planned_until: Instant
    lease_until: Instant
    ended_at: Instant | None = None
    therapist: str | None = None
    """Who treated meanwhile, by the token of their session: their day's minutes of scent count whatever becomes of it."""


@dataclass(frozen=True, slots=True)
class AirRow:
    """A stretch of more air than the room's own: an extract fan as it ran, or an open window. Open while `ended_at` is None.

    A window is `WINDOW` and closes by itself at `ended_at`: a forgotten tap must not promise air that is not there.
    """

    id: str
    room: str
    device: str
    air_changes: float
    began_at: Instant
    ended_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened, past tense. `seq` is the site-wide sequence, stored, also the id of the event stream."""

    seq: int
    at: Instant
    type: str
    room: str | None = None
    session: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CareRow:
    """A guest's codes as sent, in a table of their own, erased 24 h after the session."""

    session: str
    codes: str
    erase_at: Instant | None = None
    known: bool = True
    """False: not everything was asked."""
    answers: str = "{}"
    """The sides that staff chose of what contradicts, by conflict."""


@dataclass(frozen=True, slots=True)
class RefRow:
    """Codes left over HTTP for a start that comes another way, by an opaque reference. `codes` None: used, and erased."""

    ref: str
    codes: str | None
    until: Instant


@dataclass(frozen=True, slots=True)
class Course:
    """What several visits have in common: set-points, never codes, under a reference that we made and that means nothing.

    `first` is the session whose atmosphere the later visits start with, `body` what is kept of it (see `courses.py`).
    """

    id: str
    created_at: Instant
    used_at: Instant
    first: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    erased: bool = False


@dataclass(frozen=True, slots=True)
class DrillRow:
    """The newest drill of one kind of emergency, and when one was last confirmed, by which role and token.

    Until `until` a signal of that kind (in `room`, or anywhere) moves nothing and is noted at `heard_at`.
    """

    kind: EmergencyKind
    began_at: Instant
    until: Instant
    room: str | None = None
    heard_at: Instant | None = None
    ended_at: Instant | None = None
    confirmed_at: Instant | None = None
    confirmed_by: str | None = None
    confirmed_with: str | None = None


KEYS_OF_A_TOKEN = 20_000
"""Accepted requests that are remembered of one token: more than a day's honest work, and an end to what a program can fill."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An accepted request: the same key from the same token gets the same answer for 24 h."""

    token: str
    key: str
    digest: str
    status: int
    answer: Mapping[str, Any]
    at: Instant


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything one turn of the conductor saves, in one transaction."""

    sessions: tuple[Session, ...] = ()
    rooms: tuple[RoomRow, ...] = ()
    doses: tuple[DoseRow, ...] = ()
    news: tuple[News, ...] = ()
    care: tuple[CareRow, ...] = ()
    keys: tuple[KeyRow, ...] = ()
    instant: Instant | None = None
    courses: tuple[Course, ...] = ()
    erased: tuple[str, ...] = ()
    """Sessions of which nothing is kept."""
    drills: tuple[DrillRow, ...] = ()
    refs: tuple[RefRow, ...] = ()
    air: tuple[AirRow, ...] = ()

    def __bool__(self) -> bool:
        rows = (
            self.sessions, self.rooms, self.doses, self.news, self.care, self.keys, self.courses, self.erased, self.drills, self.refs,
            self.air,
        )  # fmt: skip
        return any(rows) or self.instant is not None

    def at(self, instant: Instant) -> "Changes":
        """The same, with the instant to be noted."""
        return replace(self, instant=instant)

    def joined(self, later: "Changes") -> "Changes":
        """These and what came after them as one; of the same row the later stands."""
        if not self:
            return later
        return Changes(
            tuple({session.id: session for session in (*self.sessions, *later.sessions)}.values()),
            tuple({row.room: row for row in (*self.rooms, *later.rooms)}.values()),
            tuple({dose.id: dose for dose in (*self.doses, *later.doses)}.values()),
            (*self.news, *later.news),
            (*self.care, *later.care),
            (*self.keys, *later.keys),
            later.instant or self.instant,
            tuple({course.id: course for course in (*self.courses, *later.courses)}.values()),
            (*self.erased, *later.erased),
            tuple({row.kind: row for row in (*self.drills, *later.drills)}.values()),
            tuple({row.ref: row for row in (*self.refs, *later.refs)}.values()),
            tuple({row.id: row for row in (*self.air, *later.air)}.values()),
        )


@dataclass(frozen=True, slots=True)
class World:
    """What the store held when the program started."""

    epoch: int
    seq: int
    last_instant: Instant | None
    host_rebooted: bool
    sessions: tuple[Session, ...] = ()
    """Scheduled and live ones, and those that ended in the last 24 h."""
    rooms: tuple[RoomRow, ...] = ()
    doses: tuple[DoseRow, ...] = ()
    """Those not ended, and all of the last 24 h (they decide the air and the day's minutes)."""
    keys: tuple[KeyRow, ...] = ()
    courses: tuple[Course, ...] = ()
    drills: tuple[DrillRow, ...] = ()
    refs: tuple[RefRow, ...] = ()
    air: tuple[AirRow, ...] = ()
    """Those open, and all of the last 24 h."""
    care: tuple[CareRow, ...] = ()
    """Of scheduled and live sessions."""
    playlist_key: bytes = b""
    """What this site's ids of playlists are made with: random, and the same as long as its rows are."""
    unreadable: tuple[str, ...] = ()
    """Ids of open sessions whose row made no sense; the store closed them, so that one bad row stops nobody."""
