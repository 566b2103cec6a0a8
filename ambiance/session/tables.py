"""The tables of the store.

Instants are whole microseconds since 1970 UTC: exact, ordered, alike in both databases, and out of reach of any
connection's time zone.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Utc(sa.types.TypeDecorator[datetime]):
    """An instant as whole microseconds since 1970 UTC; a naive one is refused."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone; instants are UTC")
        return (value - _ZERO) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else _ZERO + value * _MICROSECOND


metadata = sa.MetaData()

sites = sa.Table(
    "sites",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("turn", sa.BigInteger, nullable=False),  # counts the saves of all epochs
    sa.Column("last_instant", Utc),
    sa.Column("boot_id", sa.Text),
    sa.Column("playlist_key", sa.LargeBinary, nullable=False),
)
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("setting", sa.Text, nullable=False),
    sa.Column("profile", sa.Text, nullable=False),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("visit", sa.Text, nullable=False),
    sa.Column("starts_at", Utc, nullable=False),
    sa.Column("t0", Utc, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("group", sa.Text),
    sa.Column("scent", sa.Boolean, nullable=False),
    sa.Column("ended_at", Utc),
    sa.Column("ended_by", sa.Text),
    sa.Column("warnings", sa.LargeBinary, nullable=False),
    sa.Column("therapist", sa.Text),
    sa.Column("sheet", sa.LargeBinary, nullable=False),
    sa.Column("course", sa.Text),
    sa.Column("erase", sa.Boolean, nullable=False),
    sa.Index("one_live_session_a_room", "site", "room", unique=True),  # of live ones: `where` would load both dialects
    sa.Index("sessions_by_state", "site", "state"),
    sa.Index("sessions_by_end", "site", "ended_at"),
    sa.Index("sessions_by_start", "site", "starts_at"),
)
rooms = sa.Table(
    "rooms",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("room", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("since", Utc),
    sa.Column("sheet", sa.LargeBinary),
    sa.Column("t0", Utc),
    sa.Column("air_until", Utc),
    sa.Column("clean_until", Utc),
    sa.Column("latches", sa.LargeBinary, nullable=False),
    sa.Column("closed", sa.Boolean, nullable=False),
)
doses = sa.Table(
    "doses",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room", sa.Text, nullable=False),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("intensity", sa.Integer, nullable=False),
    sa.Column("family", sa.Text, nullable=False),
    sa.Column("began_at", Utc, nullable=False),
    sa.Column("planned_until", Utc, nullable=False),
    sa.Column("lease_until", Utc, nullable=False),
    sa.Column("ended_at", Utc),
    sa.Column("therapist", sa.Text),
    # No key to the sessions: what a diffuser gave stays in the air when the session it was given in is forgotten.
    sa.Index("doses_by_session", "site", "session"),
    sa.Index("doses_by_end", "site", "ended_at"),
)
air = sa.Table(
    "air",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("room", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("air_changes", sa.Float(53), nullable=False),
    sa.Column("began_at", Utc, nullable=False),
    sa.Column("ended_at", Utc),
    sa.Index("air_by_end", "site", "ended_at"),
)
care = sa.Table(
    "care",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("session", sa.Text, primary_key=True),
    sa.Column("codes", sa.Text, nullable=False),
    sa.Column("known", sa.Boolean, nullable=False),
    sa.Column("answers", sa.Text, nullable=False),
    sa.Column("erase_at", Utc),
    sa.ForeignKeyConstraint(["site", "session"], ["sessions.site", "sessions.id"], name="care_session", ondelete="CASCADE"),
)
courses = sa.Table(
    "courses",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("used_at", Utc, nullable=False),
    sa.Column("first", sa.Text),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
drills = sa.Table(
    "drills",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("began_at", Utc, nullable=False),
    sa.Column("until", Utc, nullable=False),
    sa.Column("room", sa.Text),
    sa.Column("heard_at", Utc),
    sa.Column("ended_at", Utc),
    sa.Column("confirmed_at", Utc),
    sa.Column("confirmed_by", sa.Text),
    sa.Column("confirmed_with", sa.Text),
)
refs = sa.Table(
    "refs",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("ref", sa.Text, primary_key=True),
    sa.Column("codes", sa.Text, nullable=False),
    sa.Column("until", Utc, nullable=False),
)
keys = sa.Table(
    "keys",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("at", Utc, nullable=False),
)
news = sa.Table(
    "news",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("room", sa.Text),
    sa.Column("session", sa.Text),
    sa.Column("details", sa.LargeBinary, nullable=False),
)
tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),  # SHA-256 of the secret, which is kept nowhere
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("room", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Index("tokens_by_digest", "digest", unique=True),
)

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("folded", sa.Text, nullable=False),  # the name as it is compared: without regard to case
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("pin", sa.Text, nullable=False),  # argon2id; the PIN is kept nowhere
    sa.Column("created_at", Utc, nullable=False),
    sa.Index("one_name_a_person", "site", "folded", unique=True),
)
signins = sa.Table(
    "signins",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),  # SHA-256 of the cookie
    sa.Column("staff", sa.Text, nullable=False),
    sa.Column("began_at", Utc, nullable=False),
    sa.Column("seen_at", Utc, nullable=False),
    sa.Column("proven_at", Utc, nullable=False),  # when the PIN was last typed
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("room", sa.Text),  # of the tablet it happened at, which it never leaves
    sa.Index("signins_by_digest", "digest", unique=True),
)
screens = sa.Table(
    "screens",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),  # SHA-256 of the cookie
    sa.Column("previous", sa.Text),  # of the cookie before, until the new one comes back
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("room", sa.Text),  # a tablet's; a desk has none
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("paired_at", Utc, nullable=False),
    sa.Column("paired_by", sa.Text, nullable=False),
    sa.Column("renewed_at", Utc, nullable=False),
    sa.Index("screens_by_digest", "digest", unique=True),
    sa.Index("screens_by_previous", "previous"),
)
pairings = sa.Table(
    "pairings",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True),  # SHA-256 of the code
    sa.Column("room", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("expires_at", Utc, nullable=False),
)
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("n", sa.BigInteger, primary_key=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("before", sa.LargeBinary, nullable=False),
    sa.Column("after", sa.LargeBinary, nullable=False),
)

suggestions = sa.Table(
    "suggestions",
    metadata,
    sa.Column("site", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),  # a treatment whose habits somebody was asked about
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
)

PRIVATE = ("care", "refs", "keys", "tokens", "staff", "signins", "screens", "pairings")
"""Tables whose rows no backup holds."""
