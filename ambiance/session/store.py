"""What the conductor needs of a store. `sql.py` is the one for SQLite and PostgreSQL."""

from collections.abc import Sequence
from typing import Protocol

from ambiance.clock import Instant
from ambiance.session.model import CareRow, Changes, DoseRow, News, Session, World


class Store(Protocol):
    """Rows in, rows out. Every method may block: the conductor calls it off the loop, on one thread."""

    def load(self, now: Instant, boot_id: str) -> World:
        """Open (migrate if need be), take over with a higher epoch, and return what is remembered."""

    def save(self, changes: Changes) -> None:
        """Write all or nothing, in one immediate transaction.

        Raises RoomBusy where a room would get a second live session, StoreUnavailable where nothing can be written now.
        """

    def news_since(self, seq: int, limit: int = 1000) -> Sequence[News]:
        """News after `seq`, oldest first."""

    def sessions(self, room: str | None = None, limit: int = 500) -> Sequence[Session]:
        """Live and past sessions, newest first."""

    def session(self, id: str) -> Session | None:
        """One session, however old."""

    def doses(self, session: str) -> Sequence[DoseRow]:
        """The doses one session gave."""

    def care(self, session: str) -> CareRow | None:
        """What a session's guest needs, while it is kept."""

    def sweep(self, now: Instant) -> None:
        """Erase care past its time, keys over 24 h old, news beyond the newest 50,000."""

    def tidy(self, now: Instant) -> None:
        """Erase sessions, doses, news and courses past their days."""

    def healthy(self) -> bool:
        """Whether a trivial read works now."""

    def close(self) -> None:
        """Let go of the database."""
