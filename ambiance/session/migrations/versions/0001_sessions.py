"""Sites, sessions, rooms, drills, doses, air, care, courses, keys, news, tokens, staff and their screens: the first tables.

Frozen as it was released: nothing is imported from the program, whose tables go on changing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

LIVE = sa.text("state IN ('ending', 'overrun', 'paused', 'preparing', 'running', 'waiting')")

APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER audit_keeps_{deed.lower()} BEFORE {deed} ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        for deed in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_keeps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$",
        "CREATE TRIGGER audit_keeps BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_keeps()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "sites",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("turn", sa.BigInteger, nullable=False),
        sa.Column("last_instant", sa.BigInteger),
        sa.Column("boot_id", sa.Text),
        sa.Column("playlist_key", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("setting", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("visit", sa.Text, nullable=False),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("t0", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("group", sa.Text),
        sa.Column("scent", sa.Boolean, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.Text),
        sa.Column("warnings", sa.LargeBinary, nullable=False),
        sa.Column("therapist", sa.Text),
        sa.Column("sheet", sa.LargeBinary, nullable=False),
        sa.Column("course", sa.Text),
        sa.Column("erase", sa.Boolean, nullable=False),
    )
    op.create_index("one_live_session_a_room", "sessions", ["site", "room"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE)
    op.create_index("sessions_by_state", "sessions", ["site", "state"])
    op.create_index("sessions_by_end", "sessions", ["site", "ended_at"])
    op.create_index("sessions_by_start", "sessions", ["site", "starts_at"])
    op.create_table(
        "rooms",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("room", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger),
        sa.Column("sheet", sa.LargeBinary),
        sa.Column("t0", sa.BigInteger),
        sa.Column("air_until", sa.BigInteger),
        sa.Column("clean_until", sa.BigInteger),
        sa.Column("latches", sa.LargeBinary, nullable=False),
        sa.Column("closed", sa.Boolean, nullable=False),
    )
    op.create_table(
        "drills",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("room", sa.Text),
        sa.Column("heard_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("confirmed_at", sa.BigInteger),
        sa.Column("confirmed_by", sa.Text),
        sa.Column("confirmed_with", sa.Text),
    )
    op.create_table(
        "doses",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("session", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("intensity", sa.Integer, nullable=False),
        sa.Column("family", sa.Text, nullable=False),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("planned_until", sa.BigInteger, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("therapist", sa.Text),
    )
    op.create_index("doses_by_session", "doses", ["site", "session"])
    op.create_index("doses_by_end", "doses", ["site", "ended_at"])
    op.create_table(
        "air",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("air_changes", sa.Float(53), nullable=False),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
    )
    op.create_index("air_by_end", "air", ["site", "ended_at"])
    op.create_table(
        "care",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("session", sa.Text, primary_key=True),
        sa.Column("codes", sa.Text, nullable=False),
        sa.Column("known", sa.Boolean, nullable=False),
        sa.Column("answers", sa.Text, nullable=False),
        sa.Column("erase_at", sa.BigInteger),
        sa.ForeignKeyConstraint(["site", "session"], ["sessions.site", "sessions.id"], name="care_session", ondelete="CASCADE"),
    )
    op.create_table(
        "courses",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger, nullable=False),
        sa.Column("first", sa.Text),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "refs",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("ref", sa.Text, primary_key=True),
        sa.Column("codes", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "keys",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "news",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("room", sa.Text),
        sa.Column("session", sa.Text),
        sa.Column("details", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "tokens",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("room", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("tokens_by_digest", "tokens", ["digest"], unique=True)
    op.create_table(
        "staff",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("pin", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("one_name_a_person", "staff", ["site", "folded"], unique=True)
    op.create_table(
        "signins",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("staff", sa.Text, nullable=False),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("proven_at", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("room", sa.Text),
    )
    op.create_index("signins_by_digest", "signins", ["digest"], unique=True)
    op.create_table(
        "screens",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("previous", sa.Text),
        sa.Column("csrf", sa.Text, nullable=False),
        sa.Column("room", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("paired_at", sa.BigInteger, nullable=False),
        sa.Column("paired_by", sa.Text, nullable=False),
        sa.Column("renewed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("screens_by_digest", "screens", ["digest"], unique=True)
    op.create_index("screens_by_previous", "screens", ["previous"])
    op.create_table(
        "pairings",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("room", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "suggestions",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("n", sa.BigInteger, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("before", sa.LargeBinary, nullable=False),
        sa.Column("after", sa.LargeBinary, nullable=False),
    )
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)
