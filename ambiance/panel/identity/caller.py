"""Who is at the other end: a program with a token, a person who signed in, or a paired screen."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from ambiance.clock import Instant

StaffRole = Literal["desk", "therapist", "manager", "admin"]
STAFF_ROLES: tuple[StaffRole, ...] = get_args(StaffRole)
PROOF = timedelta(minutes=10)
"""How long after the PIN was typed manager acts are taken without it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A browser's caller. `id` is that of its sign-in or screen, `staff` the person's; `room` binds it to one room.

    `csrf` is what its writes must carry. `proven_at` is when the PIN was last typed; a screen has none.
    """

    id: str
    role: str
    room: str | None
    name: str
    kind: Literal["staff", "screen"]
    csrf: str
    staff: str | None = None
    proven_at: Instant | None = None

    @property
    def called(self) -> str:
        """For the audit log: the name, and an id that does not change with it."""
        return f"{self.name} ({self.staff or self.id})"

    def proven(self, now: Instant) -> bool:
        """Whether the PIN was typed a moment ago."""
        return self.proven_at is not None and timedelta(0) <= now - self.proven_at < PROOF
