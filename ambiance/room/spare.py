"""Whether a room can spare one of its devices for a trial, and if not, who needs it."""

from datetime import timedelta

from ambiance.clock import Instant
from ambiance.session.wishes import RoomNow
from ambiance.site import Device

SOON = timedelta(minutes=2)
"""Before the next session a room is left alone."""
AIRED = timedelta(minutes=30)
"""Before the next session nothing more is diffused for a trial."""


def why_needed(now: RoomNow, device: Device, at: Instant, linked: bool) -> str | None:
    """The reason in words; None where the device is free."""
    if now.emergency is not None:
        return f"there is a {now.emergency} emergency in {now.room}"
    if now.session is not None:
        return f"a session is under way in {now.room}"
    if not linked:
        return "the broker is not there"
    wait = AIRED if device.kind == "diffuser" else SOON
    if now.next_start is not None and now.next_start - at < wait:
        return f"the next session in {now.room} begins at {now.next_start:%H:%M} UTC; try it at least {wait.seconds // 60} min before one"
    return None
