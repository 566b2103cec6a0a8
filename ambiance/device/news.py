"""What devices say and do, as past-tense news for whoever keeps what is believed true."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ambiance.cuesheet.wanted import Wanted


@dataclass(frozen=True, slots=True)
class DeviceAsked:
    """A wanted state was sent (for the first time, not a resend)."""

    room: str
    device: str
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class DeviceReported:
    """A device said what it is. `confirmed`: it has the newest command we sent.

    `reported` is all that is known of it, `named` the keys of this very report (None: all of them).
    """

    room: str
    device: str
    reported: Mapping[str, Any]
    confirmed: bool
    named: frozenset[str] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class DeviceWentOffline:
    """Its will, its own word, or that of the bridge it hangs on (`bridge` names that)."""

    room: str
    device: str
    bridge: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceReturned:
    """Online after offline, or a changed `boot`: it needs the state of now."""

    room: str
    device: str


@dataclass(frozen=True, slots=True)
class DeviceSilent:
    """Three sends without a confirmation."""

    room: str
    device: str
    tries: int


@dataclass(frozen=True, slots=True)
class DeviceUnsteady:
    """It came back three times within a minute (`unsteady`), or has been steady for a minute since."""

    room: str
    device: str
    unsteady: bool


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """Somebody else changed it (wall switch, dimmer, another app): a report nobody asked for, outside our own fade."""

    room: str
    device: str
    reported: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """A button in the room; `verb` is what the installer mapped this press to."""

    room: str
    device: str
    verb: str


@dataclass(frozen=True, slots=True)
class ReportRefused:
    """A report that made no sense; it changed nothing."""

    room: str
    device: str
    reason: str


DeviceNews = (
    DeviceAsked
    | DeviceReported
    | DeviceWentOffline
    | DeviceReturned
    | DeviceSilent
    | DeviceUnsteady
    | DeviceChanged
    | ButtonPressed
    | ReportRefused
)
