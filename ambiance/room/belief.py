"""What is believed of a device and of a room: what was asked, what was reported, and what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ambiance.clock import Instant
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted, PlayerWanted, Wanted
from ambiance.device.difference import MOVING, differences, runs_for
from ambiance.site import Kind
from ambiance.units import Seconds

METERED: Seconds = 10.0
"""After a diffuser was told something, until its watts are those of now."""
HEARD: Seconds = 5.0
"""After a diffuser was told off, until its saying *on* is no report that was on its way."""
SETTLED: Seconds = 5.0
"""After a fade, until what lies on its way is a difference rather than a report from before its end."""


@dataclass(frozen=True, slots=True)
class DeviceBelief:
    """One device. `online` is None until somebody said; `confirmed` means that it said it has the newest command."""

    device: str
    kind: Kind
    role: str
    wanted: Wanted | None = None
    wanted_at: Instant | None = None
    reported: Mapping[str, Any] | None = None
    reported_at: Instant | None = None
    online: bool | None = None
    confirmed: bool = False
    silent: bool = False
    unsteady: bool = False
    garbled: bool = False
    missed_off: bool = False
    """It is a diffuser that was told off while it was away, and has not said since that it is."""
    bridge: str | None = None
    """The bridge that is gone, where it is away for that."""
    watts: float | None = None
    watts_at: Instant | None = None
    runs_since: Instant | None = None
    """Since when it has been asked to run; None where it has not."""
    running_watts: float | None = 1.0
    """What it draws at least when it runs; None where nobody can tell."""
    tolerance: Mapping[str, float] = field(default_factory=dict)
    """Per key, what its dialect rounds."""
    way: Seconds = 0.0
    """For how long at least what it says may be on its way."""
    path: tuple[Mapping[str, Any], ...] = ()
    """Where it was, and was going, when it was told what is wanted now."""
    settling: bool = False
    """What it said last lies on its way, and may be from before the end of its fade."""

    @property
    def away(self) -> bool:
        """It said so, its will said so, or it left three sends unconfirmed."""
        return self.online is False or self.silent

    @property
    def idle(self) -> bool:
        """It is a diffuser that says it runs and draws nothing: empty, or waiting for its own key."""
        if self.kind != "diffuser" or not self.confirmed or self.runs_since is None or self.watts is None or self.watts_at is None:
            return False
        measured = self.watts_at >= self.runs_since + self.within(METERED)
        return self.running_watts is not None and self.watts < self.running_watts and measured

    @property
    def runs_on(self) -> bool:
        """It is a diffuser that should be off, and says that it is on or draws power."""
        if not isinstance(self.wanted, DiffuserWanted) or self.wanted.on or self.wanted_at is None or self.reported_at is None:
            return False
        if self.online is False or self.reported is None:
            return False
        says_on = self.reported.get("on") is True and self.reported_at > self.wanted_at + self.within(HEARD)
        if self.running_watts is None or self.watts is None or self.watts_at is None:
            return says_on
        return says_on or (self.watts >= self.running_watts and self.watts_at >= self.wanted_at + self.within(METERED))

    @property
    def differing(self) -> tuple[str, ...]:
        """The keys in which it is not what was asked, though it has the command and had the time."""
        if not self.confirmed or self.wanted is None or self.wanted_at is None or self.reported is None or self.reported_at is None:
            return ()
        passed = self.reported_at - self.wanted_at
        ends = runs_for(self.wanted)
        if passed < timedelta(seconds=self.fade) or (ends is not None and passed >= timedelta(seconds=ends - 5)):
            return ()
        found = differences(self.wanted, self.reported, self.tolerance)
        return tuple(key for key in found if key not in (*MOVING, "on", "playing")) if self.settling else found

    @property
    def fade(self) -> Seconds:
        """How long it may take to become what is wanted."""
        return self.wanted.fade if isinstance(self.wanted, LightWanted | PlayerWanted) else 0.0

    def within(self, seconds: Seconds) -> timedelta:
        """So long, or for as long as what it says may be on its way."""
        return timedelta(seconds=max(seconds, self.way))


@dataclass(frozen=True, slots=True)
class RoomBelief:
    """One room: its devices in the installer's order, what is wrong, and what is worth knowing, in words."""

    room: str
    devices: Mapping[str, DeviceBelief]
    faults: tuple[str, ...]
    notes: tuple[str, ...] = ()
