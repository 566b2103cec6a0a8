"""Who may do what over HTTP: one table, and the bond of a room's token to its room."""

from typing import Literal

from ambiance.errors import NotAllowed, Unknown
from ambiance.panel.seams import Token

Deed = Literal[
    "look", "library", "start", "begin", "verb", "hand", "emergency", "reset", "close", "metrics", "report", "playlog", "ledger", "course",
    "erase", "care", "intake", "screens", "settings", "staff", "tokens", "audit", "fit", "tend",
]  # fmt: skip

_THERAPIST: frozenset[Deed] = frozenset(
    {"look", "library", "start", "begin", "verb", "hand", "emergency", "close", "report", "course", "care", "tend"}
)
_DESK: frozenset[Deed] = _THERAPIST | {"reset", "metrics", "playlog", "intake"}
_MANAGER: frozenset[Deed] = _DESK | {"ledger", "erase", "screens", "settings", "fit"}

RIGHTS: dict[str, frozenset[Deed]] = {
    "admin": _MANAGER | {"staff", "tokens", "audit"},
    "manager": _MANAGER,
    "desk": _DESK,
    "therapist": _THERAPIST,
    "integration": frozenset({"look", "library", "start", "begin", "verb", "hand", "emergency", "metrics", "course", "tend"}),
    "room": frozenset({"look", "begin", "verb", "hand", "emergency"}),
}  # fmt: skip
"""`look` at rooms, sessions, events; the `library`; `start`; `begin` what is booked or usual; `verb` on a
session; `hand` on a room (adjust, bright, ready, window);
`reset` an emergency, and drills; `close` a room (out of order);
`report` of a session; the `playlog` and the `ledger` of the house; open and read a `course`; `erase` what is known of a guest;
`care`: what a guest needs; `intake`: the private form; pair and revoke `screens`; the house's `settings`;
`tend` to a room's devices (check them, say that one was refilled);
`fit` a room (try its devices); `staff`, `tokens` and the `audit` log. A
person has a role, a token has one of all but admin, a paired desk has desk, a tablet room."""
PROVEN: frozenset[Deed] = frozenset({"erase", "screens", "settings", "staff", "tokens"})
"""Acts that a person does only with the PIN typed a moment ago."""

HOUSE: frozenset[Deed] = PROVEN | {"course", "audit", "metrics", "playlog", "ledger"}
"""What concerns the whole house: nothing for a token, or for somebody at a tablet, that knows one room."""

_WORDS: dict[Deed, str] = {
    "look": "look at this",
    "library": "read the library",
    "start": "start sessions",
    "begin": "say that the guest is here",
    "verb": "change sessions",
    "hand": "change rooms",
    "emergency": "raise an emergency",
    "reset": "reset an emergency, or hold a drill of one",
    "close": "take rooms out of order",
    "metrics": "read the metrics",
    "report": "read reports",
    "playlog": "read the play log",
    "ledger": "read the ledger",
    "course": "keep courses",
    "erase": "erase records",
    "care": "say what a guest needs",
    "tend": "look after devices",
    "intake": "use the private form",
    "screens": "pair or revoke screens",
    "settings": "change the settings",
    "staff": "change who may sign in",
    "tokens": "make or revoke tokens",
    "audit": "read the audit log",
    "fit": "try devices",
}


class OutsideRoom(NotAllowed):
    """One that knows one room only asks for another."""


class Elsewhere(Unknown):
    """The same for what may not even be known to exist."""


def require(token: Token, deed: Deed, room: str | None = None) -> None:
    """Raises NotAllowed where the role does not reach the deed, or its room is another one."""
    if deed not in RIGHTS.get(token.role, frozenset()):
        raise NotAllowed(token.role, _WORDS[deed])
    if bound(token) and deed in HOUSE:
        raise OutsideRoom(token.role, f"{_WORDS[deed]} from a tablet")
    if bound(token) and room is not None and token.room != room:
        raise OutsideRoom(token.role, f"{_WORDS[deed]} outside its own room")


def bound(token: Token) -> bool:
    """Whether this token knows one room only."""
    return token.role == "room" or token.room is not None


def own(token: Token, room: str, kind: str, id: str) -> None:
    """To a bound token, what belongs to another room does not exist. Raises Unknown."""
    if bound(token) and token.room != room:
        raise Elsewhere(kind, id)
