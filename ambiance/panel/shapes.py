"""The shapes of answers, for the description of the contract. Nothing is checked against them at run time."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ambiance.session.model import EmergencyKind, RoomState, SessionState


class FaultShape(BaseModel):
    """One fault: where, what was found, what would do."""

    path: str
    found: str
    wanted: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[FaultShape] | None = None
    scent_free_from: AwareDatetime | None = None
    options: list[dict[str, Any]] | None = None


class RoomShape(BaseModel):
    """One room at a glance."""

    id: str
    name: str
    area: str
    setting: Literal["spa", "clinical"]
    state: RoomState
    session: str | None
    phase: int
    phases: int
    phase_ends_at: AwareDatetime | None
    ends_at: AwareDatetime | None
    countdown: int | None
    waiting_for: str | None
    hands: list[str]
    faults: list[str]
    notes: list[str]
    sensors: dict[str, dict[str, Any]]
    scent_policy: Literal["free", "allowed"]
    scent: Literal["diffusing", "clearing", "clear"]
    scent_estimate_ug_m3: float
    scent_free_from: AwareDatetime | None
    scent_below: dict[str, AwareDatetime | None]
    airing_until: AwareDatetime | None
    window_open_until: AwareDatetime | None
    next_booking: AwareDatetime | None
    emergency: EmergencyKind | None
    emergency_since: AwareDatetime | None
    emergency_beneath: list[EmergencyKind]
    emergency_confirmed: bool | None
    emergency_waiting: list[str]


class DrillShape(BaseModel):
    """A drill under way."""

    kind: EmergencyKind
    room: str | None
    began_at: AwareDatetime
    until: AwareDatetime
    heard_at: AwareDatetime | None


class ProofShape(BaseModel):
    """When a path was last proved, and by which role."""

    at: AwareDatetime | None
    by: str | None


class SiteShape(BaseModel):
    """The house at a glance."""

    id: str
    name: str
    timezone: str
    now: AwareDatetime
    speed: float
    drills_under_way: list[DrillShape]
    last_drill: AwareDatetime | None
    last_drills: dict[EmergencyKind, ProofShape]
    drills_overdue: list[EmergencyKind]


class RehearsalShape(BaseModel):
    """A treatment as devices would hear it, in seconds from the guest's entering."""

    model_config = ConfigDict(extra="allow")
    profile: str
    minutes: int
    start: float
    end: float


class DeviceCheckShape(BaseModel):
    """One device: whether it is ready, and why; `tank`: somebody refills it and says so."""

    device: str
    name: str
    ok: bool
    words: str
    tank: bool


class CheckShape(BaseModel):
    """A room whose devices were asked how they are."""

    ready: bool
    devices: list[DeviceCheckShape]


class RibbonShape(BaseModel):
    """One session in a lane. A room's own token is told neither its treatment nor shown its picture here."""

    session: str
    state: SessionState
    minutes: int
    guest_from: AwareDatetime
    guest_to: AwareDatetime
    profile: str | None = None
    name: str | None = None
    group: str | None = None
    svg: str | None = None


class UsualShape(BaseModel):
    """A treatment that a room usually plays."""

    id: str
    name: str


class LaneShape(RoomShape):
    """One room with what was, is and will be in it."""

    usual: list[UsualShape]
    coming: Literal["turn", "waking", "end", "part"] | None
    scent_now: bool

    ribbons: list[RibbonShape]


class OptionShape(BaseModel):
    """One choice where scent would carry over: what it is, whether it was taken already, and why."""

    choice: Literal["accept", "shorten-scent", "no-scent", "other-room", "later"]
    reason: str
    applied: bool = False
    room: str | None = None
    start: AwareDatetime | None = None


class SideShape(BaseModel):
    """One side of a contradiction, in words."""

    side: str
    words: str


class ConflictShape(BaseModel):
    """What contradicts in a guest's needs: staff choose a side, and the safer one stands until they do."""

    id: str
    about: Literal["light", "sound", "warmth", "music", "scent"]
    words: str
    phases: list[str]
    sides: list[SideShape]
    stands: str
    answered: bool


class OfferShape(BaseModel):
    """An effect the desk may offer, in words that may be said aloud."""

    id: str
    group: Literal["scent", "light", "sound", "pace", "warmth", "room"]
    words: str
    codes: list[Any]


class ItemShape(BaseModel):
    """One question of the private form."""

    id: str
    ask: str
    takes: Literal["yes", "value"]
    codes: list[Any]
    refuses: list[str]


class TakenShape(BaseModel):
    """What a form comes to. `care` null: nothing was asked."""

    care: list[Any] | None
    refuses: list[str]
    not_asked: list[str]


class KeptShape(BaseModel):
    """A reference to codes, for `care_ref` of one start."""

    ref: str
    until: AwareDatetime


class PlaylistShape(BaseModel):
    """What a player chooses from."""

    style: str
    genres: list[str]
    bpm: list[int] | None
    exclude: list[str]
    only: list[str] | None


class PlaylistsShape(BaseModel):
    """Playlist by playlist, under their ids."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, PlaylistShape]


class DisplayShape(BaseModel):
    """How a room's display should behave for whoever is in it."""

    language: str | None
    still: bool
    guest_controls: bool
    asks_first: bool
    doors_stay: bool


class SessionShape(BaseModel):
    """One session. A room's own token is not told its profile, setting, visit and group."""

    model_config = ConfigDict(extra="allow")
    id: str
    room: str
    state: SessionState
    profile: str | None = None
    setting: Literal["spa", "clinical"] | None = None
    minutes: int
    visit: Literal["first", "follow_up"] | None = None
    starts_at: AwareDatetime
    t0: AwareDatetime | None = None
    ends_at: AwareDatetime
    phase: int | None = None
    phases: int | None = None
    phase_id: str | None = None
    waiting_for: str | None = None
    warnings: list[str] | None = None
    conflicts: list[ConflictShape] | None = None
    group: str | None = None
    course: str | None = None
    therapist: str | None = None
    options: list[OptionShape] | None = None
    created_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None


class ErasedShape(BaseModel):
    """What became of a session that is to be forgotten: `erased` false: it is as soon as it is over."""

    id: str
    state: SessionState
    erased: bool


class ResultShape(BaseModel):
    """One part of a batch: its own status, with the session or the refusal."""

    model_config = ConfigDict(extra="allow")
    status: int


class AnswerShape(BaseModel):
    """What became of a wish."""

    model_config = ConfigDict(extra="allow")


class BecauseShape(BaseModel):
    """A value with the layer and the source that decided it."""

    value: Any
    layer: str
    source: str
    confirmed: bool | None = Field(default=None, description="in an emergency: the device has said that it obeys")


class WhyShape(BaseModel):
    """Device by device, attribute by attribute."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, dict[str, BecauseShape]]


class ProfileShape(BaseModel):
    """One treatment of the library."""

    id: str
    name: str
    setting: Literal["spa", "clinical"]
    modality: str
    lengths: list[int]
    default_minutes: int
    remarks: str


class PhaseShape(BaseModel):
    """One phase on a sheet, in seconds from the guest's entering."""

    phase: str
    n: int
    start: float
    end: float
    border: bool


class SheetShape(BaseModel):
    """A compiled preview."""

    profile: str
    minutes: int
    phases: list[PhaseShape]
    cues: list[dict[str, Any]]
    doses: list[dict[str, Any]]
    clamps: list[dict[str, Any]]


class HealthShape(BaseModel):
    """The process answers."""

    status: Literal["ok"]
    link: str


class ReadyShape(BaseModel):
    """Whether wishes are taken."""

    ready: bool
    store: str
    conductor: str
    link: str


class GoneShape(BaseModel):
    """What was removed."""

    id: str
