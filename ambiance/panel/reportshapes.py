"""The shapes of reports and courses, for the description of the contract. Nothing is checked against them at run time."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ambiance.session.model import SessionState


class SetPointShape(BaseModel):
    """What one phase was planned to be. `dba` null: silence."""

    lux: float
    kelvin: float
    dba: float | None
    accent: bool


class VisitShape(BaseModel):
    """One visit of a course: its report's code, and what its examinations stood at."""

    at: AwareDatetime
    code: str
    hash: str
    exam: "ReadingShape | None"
    reassess: "ReadingShape | None"


class CourseShape(BaseModel):
    """What visits have in common: set-points, no person and no care."""

    course: str
    profile: str | None
    minutes: int | None
    kept_until: AwareDatetime
    set_points: dict[str, SetPointShape]
    trims: dict[str, float]
    visits: list[VisitShape]


class OpenedShape(BaseModel):
    """A new course."""

    course: str
    visits: int
    kept_days: int


class ClosedShape(BaseModel):
    """A course of which nothing is kept."""

    course: str
    erased: bool


class AgainstShape(BaseModel):
    """This visit's examinations against those of the earlier visits of its course."""

    course: str
    visit: int
    comparable: bool | None
    because: str
    earlier: list[VisitShape]


class FigureShape(BaseModel):
    """A figure with its unit and how it is known: commanded, or an estimate."""

    value: float | str | list[str] | None
    unit: str
    basis: Literal["commanded", "measured", "estimate"]


class LivedShape(BaseModel):
    """One phase, planned against real."""

    phase: str
    n: int
    planned_min: float | None
    real_min: float
    bpm: list[int] | None


class HandShape(BaseModel):
    """A hand on the room or on its time; never whose."""

    at: AwareDatetime
    minute: float
    kind: str
    amount: float | None
    unit: str | None
    device: str | None


class ReadingShape(BaseModel):
    """What a phase stood at."""

    lux: float
    kelvin: int | None
    dba: float
    exam_lamp_percent: float


class ReportShape(BaseModel):
    """What a guest was exposed to. `comparable` null: not a clinical session, or it cannot be said."""

    code: str
    session: str
    room: str
    profile: str
    setting: Literal["spa", "clinical"]
    state: SessionState
    so_far: bool
    written_at: AwareDatetime
    model_config = ConfigDict(populate_by_name=True)
    since: AwareDatetime | None = Field(alias="from")
    to: AwareDatetime | None
    minutes: dict[str, float]
    basis: Literal["commanded", "measured"]
    figures: dict[str, FigureShape]
    phases: list[LivedShape]
    hands: list[HandShape]
    faults: list[dict[str, str]]
    emergencies: list[dict[str, str]]
    comparable: bool | None
    because: str | None
    tolerances: dict[str, float]
    exam: ReadingShape | None
    reassess: ReadingShape | None
    course: AgainstShape | None
    notes: list[str]


class HabitShape(BaseModel):
    """How often staff changed one setting of one treatment."""

    profile: str
    kind: str
    sessions: int
    changed: int
    count: int
    mean: float | None
    unit: str | None
