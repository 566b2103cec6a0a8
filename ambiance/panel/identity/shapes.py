"""The shapes of answers about who may do what, for the description of the contract. Nothing is checked against them at run time."""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel


class MeShape(BaseModel):
    """Who the caller is. `csrf` is what a browser's writes must carry; `proven_until` until when manager acts want no PIN."""

    id: str
    kind: Literal["token", "staff", "screen"]
    role: str
    room: str | None
    name: str | None
    rights: list[str]
    csrf: str | None
    proven_until: AwareDatetime | None


class PersonShape(BaseModel):
    """Somebody who may sign in."""

    id: str
    name: str
    role: str
    created_at: AwareDatetime


class SigninShape(BaseModel):
    """A browser in which somebody signed in."""

    id: str
    staff: str
    name: str
    began_at: AwareDatetime
    seen_at: AwareDatetime
    source: str
    this: bool


class ScreenShape(BaseModel):
    """A paired screen; without a room it is a desk."""

    id: str
    room: str | None
    name: str
    paired_at: AwareDatetime
    paired_by: str
    renewed_at: AwareDatetime


class CodeShape(BaseModel):
    """A code that pairs one screen: to be typed at `url`, or scanned (`qr` is an SVG picture of `url` with the code)."""

    code: str
    expires_at: AwareDatetime
    url: str
    qr: str


class TokenShape(BaseModel):
    """A program's token; never its secret, but once in the answer that made it (`token`)."""

    id: str
    role: str
    room: str | None
    name: str
    created_at: AwareDatetime
    token: str | None = None


class EntryShape(BaseModel):
    """One row of the audit log."""

    n: int
    at: AwareDatetime
    who: str
    what: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
