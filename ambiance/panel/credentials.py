"""What callers may send about who may come in: names, PINs, codes, screens, tokens."""

from typing import Annotated

from pydantic import Field

from ambiance.panel.bodies import Slug
from ambiance.panel.understand import Body

Named = Annotated[str, Field(max_length=80)]
Secret = Annotated[str, Field(max_length=200)]


class SignInBody(Body):
    """A name and its PIN."""

    name: Named
    pin: Secret


class PinBody(Body):
    """The PIN once more."""

    pin: Secret


class NewPinBody(Body):
    """One's own PIN, and the one that takes its place."""

    pin: Secret
    new: Secret


class StaffBody(Body):
    """Somebody who may sign in from now on."""

    name: Named
    role: Annotated[str, Field(max_length=20, description="desk, therapist, manager or admin")]
    pin: Secret


class RoleBody(Body):
    """Another role."""

    role: Annotated[str, Field(max_length=20)]


class ScreenBody(Body):
    """A screen to pair: a tablet of `room`, or without one a desk."""

    room: Slug | None = None
    name: Named = ""


class CodeBody(Body):
    """What stood beside the QR code."""

    code: Secret


class TokenBody(Body):
    """A token for a program."""

    role: Annotated[str, Field(max_length=20, description="desk, therapist, room, integration or manager")]
    room: Slug | None = None
    name: Named = ""
