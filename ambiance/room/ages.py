"""Sensors and buttons that run on batteries say little: what hours of silence, or a low battery, are worth knowing."""

from collections.abc import Iterable
from datetime import timedelta

from ambiance.clock import Instant
from ambiance.room.belief import DeviceBelief
from ambiance.room.faults import name_of

STALE = timedelta(hours=25)
"""Battery devices report on change and at long intervals: silence is news only after a day."""
LOW = 15.0
"""Percent of a battery below which somebody should change it."""


def aged(beliefs: Iterable[DeviceBelief], now: Instant) -> tuple[str, ...]:
    """Notes on sensors and batteries, in words."""
    said: list[str] = []
    for belief in beliefs:
        if belief.reported is None or belief.reported_at is None:
            continue
        battery = belief.reported.get("battery")
        if isinstance(battery, int | float) and battery < LOW:
            said.append(f"{name_of(belief.device)} has a low battery ({battery:.0f} %).")
        silent = now - belief.reported_at
        if belief.kind == "sensor" and silent >= STALE:
            said.append(f"{name_of(belief.device)} has said nothing for {silent.total_seconds() / 3600:.0f} hours: battery?")
    return tuple(said)


def current(belief: DeviceBelief, now: Instant) -> bool:
    """Whether what a sensor said last still counts."""
    return belief.reported_at is not None and now - belief.reported_at < STALE and belief.online is not False
