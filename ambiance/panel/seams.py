"""What the doors need of the rest of the house: the conductor, the board, the library, the store, the tokens."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol

from ambiance.care import Care
from ambiance.clock import Instant
from ambiance.cuesheet.model import Sheet
from ambiance.cuesheet.playlists import Playlist
from ambiance.device.trying import Line, Trial
from ambiance.profile.model import Visit
from ambiance.profile.profile import Profile
from ambiance.session.model import Course, DoseRow, DrillRow, News, Session
from ambiance.session.wishes import Answer, Key, RoomNow, Wish
from ambiance.site import Device, Kind, Room, Site


class Conductor(Protocol):
    """The one writer. Every answer comes after the change was saved; refusals are raised as `AmbianceError`."""

    @property
    def site(self) -> Site:
        """The site as it is now: it may be another one the next time."""

    async def wish(self, wish: Wish, key: Key | None = None) -> Answer: ...

    async def wish_many(self, wishes: Sequence[tuple[Wish, Key | None]]) -> Sequence[Answer | Exception]:
        """All in one transaction; a refused one does not hold up the others."""

    def rooms(self) -> Sequence[RoomNow]: ...

    def room(self, id: str) -> RoomNow:
        """Raises Unknown."""

    def sessions(self) -> Sequence[Session]:
        """Live and scheduled ones."""

    def recent(self, since: Instant) -> Sequence[Session]:
        """Those that ended after `since`, as far back as a day."""

    def drills(self) -> Sequence[DrillRow]:
        """The newest drill of each kind of emergency."""

    def playlists(self, room: str) -> Mapping[str, Playlist]:
        """What the ids that this room's player is told stand for. Raises Unknown."""

    def care(self, session: str) -> Care | None:
        """What a session's guest needs; None where nobody asked, or it has been erased."""

    def follow(self, told: Callable[[News], None]) -> Callable[[], None]:
        """Be told of everything after it was saved; returns what ends it."""


class DeviceBelief(Protocol):
    """What one device was asked and what it says of itself, in native keys; `confirmed`: that it has the newest command."""

    @property
    def kind(self) -> Kind: ...

    @property
    def confirmed(self) -> bool: ...

    @property
    def away(self) -> bool: ...

    @property
    def reported_at(self) -> Instant | None: ...

    @property
    def wanted(self) -> Any: ...

    @property
    def reported(self) -> Mapping[str, Any] | None: ...


class RoomBelief(Protocol):
    """What is believed true of one room; `faults` and `notes` in words fit for the desk."""

    @property
    def notes(self) -> Sequence[str]: ...

    @property
    def faults(self) -> Sequence[str]: ...

    @property
    def devices(self) -> Mapping[str, DeviceBelief]: ...


class Board(Protocol):
    """Wanted against reported, room by room."""

    def belief(self, room: str) -> RoomBelief: ...

    def follow(self, told: Callable[[str], None]) -> object:
        """Be told the id of each room whose belief changed."""


class DeviceCheck(Protocol):
    """One device of a room that was checked."""

    @property
    def device(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def ok(self) -> bool: ...

    @property
    def words(self) -> str: ...


class RoomCheck(Protocol):
    """A room that was checked."""

    @property
    def ready(self) -> bool: ...

    @property
    def devices(self) -> Sequence[DeviceCheck]: ...


class Checks(Protocol):
    """Asks devices whether they are ready."""

    async def check(self, room: str) -> RoomCheck: ...


class Library(Protocol):
    """The treatments this site offers."""

    def all(self) -> Sequence[Profile]: ...

    def get(self, id: str) -> Profile:
        """Raises NotOffered, Unknown."""


class Preview(Protocol):
    """Compiles a treatment without playing it. Raises Unknown, NotOffered, Invalid."""

    def __call__(self, id: str, minutes: int | None, visit: Visit, *, room: Room | None = None) -> Sheet:
        """In `room`, or in one with a bit of everything."""

    def room(self, id: str) -> Room:
        """The room with a bit of everything, as the setting of the treatment would have it."""


class Rows(Protocol):
    """What the doors read of the store; every method may block and is called off the loop."""

    def news_since(self, seq: int, limit: int = 1000) -> Sequence[News]: ...

    def sessions(self, room: str | None = None, limit: int = 500) -> Sequence[Session]: ...

    def session(self, id: str) -> Session | None: ...

    def healthy(self) -> bool: ...


class Records(Protocol):
    """What reports read of the past; every method may block and is called off the loop. Raises StoreUnavailable."""

    def doses(self, session: str) -> Sequence[DoseRow]: ...

    def news_of(self, session: str, room: str, since: Instant, until: Instant) -> Sequence[News]:
        """What happened to a session, and to its room and its house meanwhile, oldest first."""

    def played(
        self, since: Instant, until: Instant, after: tuple[Instant, str] | None = None, limit: int = 100
    ) -> tuple[Sequence[Session], tuple[Instant, str] | None]:
        """Sessions that may have played between two instants, a page at a time; and where it ended (None: nothing follows)."""

    def called(self, code: str) -> Sequence[str]:
        """The ids of the sessions that go by a report code."""

    def course(self, id: str) -> Course | None:
        """What is kept of a course."""


class Trials(Protocol):
    """Trying devices where nobody is treated."""

    def begin(self, room: Room, device: Device, trial: Trial) -> AsyncIterator[Line]:
        """The lines come as it goes. Raises Conflict where the room needs its device, Invalid."""

    def end(self, room: str, device: str) -> bool: ...


class Token(Protocol):
    """Who is asking: `role` desk, therapist, room, integration or manager; `room` for a token bound to one."""

    @property
    def id(self) -> str: ...

    @property
    def role(self) -> str: ...

    @property
    def room(self) -> str | None: ...


class Tokens(Protocol):
    """Who holds which secret. None: nobody, or no longer."""

    def recall(self, secret: str) -> Token | None:
        """What was looked up a moment ago; never blocks."""

    def check(self, secret: str) -> Token | None:
        """Look it up; may block, and is called off the loop. Raises StoreUnavailable."""

    def standing(self) -> frozenset[str]:
        """The ids of all that are good; may block. Raises StoreUnavailable."""

    def all(self) -> Sequence[Any]:
        """Every token, oldest first; may block. Raises StoreUnavailable."""

    def create(self, role: str, now: Instant, room: str | None = None, name: str = "") -> str:
        """A new secret, to be shown once; may block. Raises Invalid, StoreUnavailable."""

    def revoke(self, id: str) -> None:
        """May block. Raises Unknown, StoreUnavailable."""
