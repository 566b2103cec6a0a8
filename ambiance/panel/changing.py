"""What the calls that change the house are sent, answer with, and need of its files."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, Field, JsonValue

from ambiance.panel.understand import Body
from ambiance.profile.profile import Profile
from ambiance.site import Device, Room, Site

NO_FILES = "this house runs without a file of its own (a demonstration); start it with `ambiance run --config …` to change its settings"


class Changed(Protocol):
    """Before and after of a change by path, and the version of the file since."""

    @property
    def before(self) -> Mapping[str, Any]: ...

    @property
    def after(self) -> Mapping[str, Any]: ...

    @property
    def version(self) -> str: ...


class Files(Protocol):
    """The files of the house. Every method may block. Raises Invalid, Conflict."""

    def settings(self) -> Mapping[str, Any]: ...

    def change(self, changes: Mapping[str, Any], version: str) -> Changed: ...

    def candidate(self, room: str, device: Mapping[str, Any]) -> tuple[Room, Device]:
        """A device as it would be if it were written into that room."""

    def ready(self) -> None: ...

    def site(self) -> Site:
        """The site that is written, as far as it can be played without a start."""

    def plays(self, site: Site, staying: Sequence[str] = ()) -> None:
        """The controller plays this site now, and the rooms `staying` as it played them before."""

    def menu(self) -> Mapping[str, Any]: ...

    def change_menu(self, id: str, item: Mapping[str, Any] | None, version: str | None) -> Changed:
        """The menu is in force once this returns."""

    def look(self, item: Mapping[str, Any]) -> Profile:
        """A menu item that is written nowhere."""


class ChangeBody(Body):
    """Settings by their path; null takes a room, a device or a key away. `version` is that of the file they were read from."""

    version: Annotated[str, Field(max_length=64)]
    changes: Annotated[dict[str, JsonValue], Field(max_length=500)]


class ItemBody(Body):
    """One of the house's own names: a profile, a length, and trims (L*, dB, mired warmer), `scent` the highest level."""

    name: Annotated[str, Field(max_length=200)]
    profile: Annotated[str, Field(max_length=200)]
    minutes: int
    light: float | None = None
    music: float | None = None
    warmer: float | None = None
    scent: int | None = None
    version: Annotated[str, Field(max_length=64)] | None = None


class LevelsBody(Body):
    """Three levels in percent, from the most to the least."""

    talking: Annotated[float, Field(gt=0, le=100)]
    massage: Annotated[float, Field(gt=0, le=100)]
    least: Annotated[float, Field(gt=0, le=100)]


class CalibrationBody(Body):
    """What a person set by eye and by ear in one room."""

    setting: Literal["spa", "clinical"]
    light: LevelsBody | None = None
    sound: LevelsBody | None = None
    taper: Literal["cubic", "linear"] = "cubic"


class AnswerBody(Body):
    """What is said to a suggestion; `ask` takes an answer back."""

    answer: Literal["accept", "decline", "ask"]


class FieldShape(BaseModel):
    """One setting that may be changed."""

    path: str
    value: Any
    default: Any
    kind: Literal["text", "number", "whole", "choice", "flag", "either", "time"]
    low: float | None
    high: float | None
    unit: str
    options: list[str]
    who: Literal["manager", "admin"]


class SettingsShape(BaseModel):
    """What may be changed, and whether (and in what, by path) the controller still runs with something older."""

    version: str
    restart_needed: bool
    restart_for: list[str]
    fields: list[FieldShape]
    rooms: list[dict[str, Any]]
    music: dict[str, Any]
    folders: list[dict[str, Any]]
    warnings: list[str]


class ChangedShape(BaseModel):
    """What was and what is; sent back with the new version, `before` undoes it."""

    version: str
    before: dict[str, Any]
    after: dict[str, Any]
    applies: Literal["at once", "when the controller starts again"]


class RestartShape(BaseModel):
    """The controller begins again."""

    restarting: bool


class MenuShape(BaseModel):
    """The menu as it is written."""

    version: str
    items: list[dict[str, Any]]


class CalibrationShape(BaseModel):
    """What to write for the room; `apart`: the answers hardly fit together."""

    full_light_lux: float | None
    lowest: float | None
    full_volume_dba: float | None
    apart: list[str]


class SuggestionShape(BaseModel):
    """What staff change again and again."""

    id: str
    profile: str
    name: str
    minutes: int
    trims: dict[str, float]
    sessions: int
    changed: int
