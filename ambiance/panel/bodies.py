"""What callers may send, and the wishes it becomes: the one place where a body turns into something trusted."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from ambiance.care.codes import parse as parse_care
from ambiance.clock import Instant
from ambiance.errors import Invalid
from ambiance.panel.understand import (
    COLOR_PATTERN,
    COURSE_PATTERN,
    ID_PATTERN,
    NOTHING,
    PROFILE_PATTERN,
    SLUG_PATTERN,
    TAG_PATTERN,
    Body,
    understand,
)
from ambiance.profile.model import Visit
from ambiance.session.model import EmergencyKind
from ambiance.session.wishes import MOST_MINUTES, Start, Wishes
from ambiance.site import SLUG

PAST = timedelta(seconds=60)
AHEAD = timedelta(days=366)
BATCH = 1000
"""Starts in one batch."""

_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?|\d{8}[Tt]\d{4}(\d\d([.,]\d{1,9})?)?)([Zz]|[+-]\d\d(:?\d\d)?)?", re.ASCII
)
"""ISO 8601, the extended and the basic form of a calendar date with its time."""

Slug = Annotated[str, Field(pattern=SLUG_PATTERN)]
Id = Annotated[str, Field(pattern=ID_PATTERN)]
Tag = Annotated[str, Field(pattern=TAG_PATTERN)]
ProfileId = Annotated[str, Field(pattern=PROFILE_PATTERN)]
CourseId = Annotated[str, Field(pattern=COURSE_PATTERN)]
CodeModel = dict[str, Any]
_NO_PROFILE = ("profile", NOTHING, "setting/modality, as spa/swedish; or like with an earlier session")
Fits = Callable[[str, int, Visit], None]


_T = TypeVar("_T")


def _true(value: bool) -> bool:
    if not value:
        raise PydanticCustomError("not_true", "true")
    return value


Yes = Annotated[bool, AfterValidator(_true), WithJsonSchema({"const": True, "type": "boolean"})]
"""Only true; a literal would take the number 1 for it."""


class Nothing(Body):
    """A verb that needs no more than its name."""


class WishesBody(Body):
    """What the guest would like; moves values only inside what the guest's care allows."""

    style: Tag | None = None
    light: float = Field(default=0.0, ge=-30, le=30, description="L* brighter or dimmer")
    warmer: float = Field(default=0.0, ge=-100, le=100, description="mired warmer or cooler")
    music: float = Field(default=0.0, ge=-12, le=12, description="dB louder or quieter")
    silence: bool = False
    exclude: list[Tag] = Field(default_factory=list, max_length=32)


class BusStartBody(Body):
    """A session to start, as it may travel over the bus: no room (the topic says it) and no care."""

    profile: ProfileId | None = Field(default=None, description="setting/modality, or a menu name", examples=["spa/swedish"])
    minutes: int | None = Field(default=None, ge=1, le=1440, description="whole minutes between the profile's smallest and largest")
    start: str = Field(default="now", max_length=40, description='"now", or ISO-8601 with an offset', examples=["now"])
    visit: Literal["first", "follow_up"] = "follow_up"
    wishes: WishesBody = Field(default_factory=WishesBody)  # a default instance would be copied deeply each time
    scent: bool | None = Field(
        default=False, description="true: the caller's word that intake was taken and the guest opted in; null: nobody asked"
    )
    group: Id | None = None
    like: Id | None = Field(default=None, description="an earlier session whose atmosphere to start again")
    care_ref: Id | None = Field(default=None, description="a reference made by POST /care, good for one start")

    def wish(
        self, room: str, now: Instant | None, care: tuple[Any, ...] | None = None, course: str | None = None, therapist: str | None = None
    ) -> Start:
        """Raises Invalid for a start that is no instant, too long past or too far ahead, and for a start of nothing."""
        if self.like is not None and course is not None:
            raise Invalid(("course", course, "course or like, not both: each names an atmosphere to start with"))
        if self.profile is None and self.like is None and course is None:
            raise Invalid(_NO_PROFILE)
        w = self.wishes
        return Start(
            room, self.profile, self.minutes, begin(self.start, now), self.visit, care,
            Wishes(w.style, w.light, w.warmer, w.music, w.silence, tuple(w.exclude)), self.scent, self.group, self.like, course,
            self.care_ref, therapist,
        )  # fmt: skip


class StartBody(BusStartBody):
    """A session to start."""

    room: Slug
    care: list[str | CodeModel] | None = Field(
        default=None, max_length=64, description="constraint codes; null where intake is unknown", examples=[["no_accent"], None]
    )
    course: CourseId | None = Field(
        default=None, description="the reference of a course (POST /courses) whose atmosphere to start with", examples=[None]
    )
    therapist: Slug | None = Field(default=None, description="an opaque token of who treats, for their day's scent minutes; never a name")


def start_of(value: object, now: Instant | None, fits: Fits = lambda profile, minutes, visit: None) -> tuple[StartBody, Start]:
    """A body and the wish in it. Raises Invalid with every fault of the whole body.

    `fits` raises Invalid for a treatment or a length that is not on offer; it is asked where something else is wrong
    already, so that the caller hears of both. `now` None leaves it to the conductor whether the instant is too long past:
    a request repeated under its key gets its first answer, however late it comes.
    """
    faults: list[tuple[str, object, str]] = []

    def attempt(do: Callable[[], _T]) -> _T | None:
        try:
            return do()
        except Invalid as error:
            faults.extend(fault for fault in error.faults if fault[0] not in {path for path, _, _ in faults})
            return None

    given = value if isinstance(value, dict) else {}
    care, start = given.get("care"), given.get("start")
    if isinstance(care, list):
        attempt(lambda: _codes(care))
    if care is not None and given.get("care_ref") is not None:
        faults.append(("care_ref", "a reference beside care", "care, or care_ref, but not both"))
    body = attempt(lambda: understand(StartBody, value))
    wish = None
    if body is not None:
        codes = None if body.care is None else tuple(body.care)
        wish = attempt(lambda: body.wish(body.room, now, codes, body.course, body.therapist))
    elif isinstance(value, dict):
        if isinstance(start, str):
            attempt(lambda: begin(start, now))
        if all(given.get(name) is None for name in ("profile", "like", "course")):
            faults.append(_NO_PROFILE)
    if faults or body is None or wish is None:
        profile, minutes, visit = given.get("profile"), given.get("minutes"), given.get("visit", "follow_up")
        if isinstance(profile, str) and type(minutes) is int:
            attempt(lambda: fits(profile, minutes, "first" if visit == "first" else "follow_up"))
        raise Invalid(*faults)
    return body, wish


class CareBody(Body):
    """What a guest needs from now on."""

    care: list[str | CodeModel] | None = Field(max_length=64, description="constraint codes to add; null: nobody has asked")
    replace: bool = Field(default=False, description="let go of what is not sent; else everything that holds goes on holding")


class KeepBody(Body):
    """Codes for a start that will come another way."""

    care: list[str | CodeModel] = Field(max_length=64, description="constraint codes", examples=[["no_accent"]])


class ChooseBody(Body):
    """Which side of a contradiction stands."""

    conflict: Id
    side: Tag


class IntakeBody(Body):
    """A private form's answers, by item: yes (true or what was asked for), no (false), or not asked (null, or left out)."""

    answers: dict[Tag, bool | str | float | list[str] | None] = Field(max_length=200)


_Caring = TypeVar("_Caring", CareBody, KeepBody)


def care_of(model: type[_Caring], value: object) -> _Caring:
    """A body with codes in it. Raises Invalid with every fault."""
    faults: list[tuple[str, object, str]] = []
    care = value.get("care") if isinstance(value, dict) else None
    if isinstance(care, list):
        try:
            _codes(care)
        except Invalid as refused:
            faults += refused.faults
    try:
        body = understand(model, value)
    except Invalid as refused:
        named = {path for path, _, _ in faults}
        raise Invalid(*faults, *(fault for fault in refused.faults if fault[0] not in named)) from None
    if faults:
        raise Invalid(*faults)
    return body


class BeginBody(Body):
    """The guest is here; `profile` names one of the room's usual treatments where nothing is booked."""

    profile: ProfileId | None = None


class MinutesBody(Body):
    """How much longer."""

    minutes: int = Field(ge=1, le=MOST_MINUTES)


class MoveBody(Body):
    """Where to."""

    room: Slug


class BusEmergencyBody(Body):
    """An emergency that begins; without a room it is the whole house. Over the bus nobody resets one or begins a drill."""

    kind: EmergencyKind
    room: Slug | None = None
    active: bool = True


class EmergencyBody(Body):
    """An emergency that begins, or a drill of one, which moves nothing in the rooms; without a room it is the whole house."""

    kind: EmergencyKind
    room: Slug | None = None
    drill: bool = False


class ResetBody(Body):
    """Which emergency a person ends, without a kind whatever there is; or which drill arrived as it should."""

    kind: EmergencyKind | None = None
    room: Slug | None = None
    drill: bool = False
    out_of_order: bool = Field(default=False, description="the rooms are out of order after it, not only to be cleaned")


class WindowBody(Body):
    """The room's window, opened or shut."""

    open: bool


class BrightBody(Body):
    """Staff light over the bus, on unless it says otherwise."""

    on: bool = True


class HoldBody(Body):
    """One device held at a level, in the keys of its native payload."""

    on: bool | None = None
    brightness: float | None = Field(default=None, ge=0, le=100, description="percent of the lamp's output")
    kelvin: float | None = Field(default=None, ge=1000, le=10000)
    color: str | None = Field(default=None, pattern=COLOR_PATTERN)
    playing: bool | None = None
    volume: float | None = Field(default=None, ge=0, le=100, description="percent of the player's scale")
    celsius: float | None = Field(default=None, ge=10, le=40)
    speed: float | None = Field(default=None, ge=0, le=100)


class AdjustBody(Body):
    """A hand on the room: exactly one of these."""

    light: float | None = Field(default=None, ge=-30, le=30, description="L* brighter or dimmer")
    music: Annotated[float, Field(ge=-12, le=12)] | Literal["mute", "unmute"] | None = Field(
        default=None, description="dB louder or quieter"
    )
    style: Literal["calm", "deep", "bright", "silence", "own"] | None = Field(default=None, description="music of this style from now on")
    another: Yes | None = Field(default=None, description="another piece of music")
    scent: Literal["off"] | None = None
    exam_light: bool | None = None
    hold: dict[Slug, HoldBody] | None = Field(default=None, min_length=1, max_length=64)
    release: Yes | None = None


def begin(start: str, now: Instant | None) -> Instant | None:
    """The instant a session is to start, within reach of `now` where that is given; None for "now".

    A local time without offset is refused: on two days a year it does not exist, or exists twice.
    """
    if start == "now":
        return None
    wanted = '"now", or a date and time with its offset, as 2026-06-01T10:00:00+02:00'
    try:
        if not _INSTANT.fullmatch(start):
            raise ValueError
        local = datetime.fromisoformat(start.upper())
        if local.tzinfo is None:
            raise Invalid(("start", start, f"the offset from UTC too (+02:00, or Z): {wanted}"))
        at = local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(("start", start, wanted)) from None
    if now is None:
        return at
    if at < now - PAST:
        raise Invalid(("start", start, f'"now", or an instant no more than 60 s past; it is {now:%Y-%m-%dT%H:%M:%SZ}'))
    if at > now + AHEAD:
        raise Invalid(("start", start, "an instant within a year"))
    return at


def slug(kind: str, value: str) -> str:
    """An id out of a path. Raises Invalid for what could never be one."""
    if not SLUG.fullmatch(value):
        raise Invalid((kind, value, "small letters, digits and -, at most 64"))
    return value


def _codes(care: list[Any]) -> None:
    _bounded(care)
    parse_care(care)


def _bounded(care: object, path: str = "care") -> None:
    """Numbers no arithmetic can hold are refused before anything computes with them."""
    if isinstance(care, dict):
        for key, value in care.items():
            _bounded(value, f"{path}.{key}"[:80])
    elif isinstance(care, list):
        for index, value in enumerate(care):
            _bounded(value, f"{path}[{index}]")
    elif isinstance(care, int | float) and not abs(care) < 1e12:
        raise Invalid((path, "a number out of range", "an ordinary number"))
