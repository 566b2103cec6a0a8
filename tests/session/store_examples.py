"""Small sheets and sessions for the tests of the store."""

from collections.abc import Callable
from datetime import UTC, datetime

from ambiance.clock import Instant
from ambiance.cuesheet.model import Aim, Cue, LightLevel, Sheet, SoundLevel, Span
from ambiance.session.model import LIVE, Session, SessionState
from ambiance.session.sql import SqlStore
from ambiance.why import Layer, Why

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
Open = Callable[..., SqlStore]


def a_sheet() -> Sheet:
    """Two phases of a lamp and a player."""
    plan = Why(Layer.PROFILE, "profiles/spa/swedish.yaml:14")
    dim, bright = LightLevel(40.0, 370.0), LightLevel(60.0, 300.0, "#ffaa00")
    quiet = SoundLevel(38.5, "slow")
    aims = {"ceiling": Aim(dim, {"lstar": plan, "mired": plan}), "speaker": Aim(quiet, {"dba": plan})}
    return Sheet(
        profile="spa/swedish",
        minutes=60,
        spans=(Span("welcome", 0, 300, 300, 120, 10, 1, False), Span("work1", 300, 3600, 3300, 1650, 60, 2, True, border=True)),
        palette={"welcome": aims, "work1": aims},
        cues=(Cue(0, "ceiling", bright, dim, 30.25), Cue(300, "speaker", quiet, SoundLevel(42.0, "work"), 6.0, plan)),
    )


def a_session(
    id: str = "s1",
    room: str = "lavender",
    state: SessionState = SessionState.RUNNING,
    at: Instant = NOW,
    ended_at: Instant | None = None,
    sheet: Sheet | None = None,
) -> Session:
    """An hour's session; one that is over ended at `at` unless told otherwise."""
    if state not in LIVE and state != SessionState.SCHEDULED:
        ended_at = ended_at or at
    ended_by = "desk" if ended_at else None
    plan = sheet or a_sheet()
    return Session(id, room, state, "spa", "spa/swedish", 60, "follow_up", at, at, plan, NOW, ended_at=ended_at, ended_by=ended_by)
