"""What waits for the conductor: people's wishes, and what the clock asks of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ambiance.session.model import Session
from ambiance.session.wishes import Key, Wish
from ambiance.site import Site


@dataclass(frozen=True, slots=True)
class Due:
    """Something in this room is due by the clock."""

    room: str


@dataclass(frozen=True, slots=True)
class Look:
    """See whether somebody set the machine's clock."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """Somebody did, and everything anchored to it has moved along."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class Beat:
    """Note the instant, say live rooms again, erase what has had its time."""


@dataclass(frozen=True, slots=True)
class Tidy:
    """The day's housekeeping: erase what has had its days."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The store takes changes again."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """The house was written anew. `also`: what else is to know of it in the same moment."""

    site: Site
    also: Callable[[Site], None]


@dataclass(frozen=True, slots=True)
class Adopted:
    """It is in force; before, it was this one."""

    before: Site


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing to decide. `earlier`: the session that a start names by `like`, or that is to be erased."""

    item: Wish | Due | Look | Stepped | Beat | Tidy | Recovered | Adopt | Adopted
    key: Key | None = None
    earlier: Session | None = None
