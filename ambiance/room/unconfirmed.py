"""Which devices of a room in an emergency have not said yet that they are as they must be."""

from collections.abc import Mapping
from typing import Any, Protocol

from ambiance.clock import Instant
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted, PlayerWanted
from ambiance.room.faults import name_of
from ambiance.site import Kind

_MUST: Mapping[str, str] = {"light": "full light", "player": "that it is silent", "diffuser": "that it is off"}
FULL = 95.0
"""Percent of output that counts as full light: a lamp that counts in other steps need not hit 100."""


class Believed(Protocol):
    """What is believed of one device: what it was told last, what it said of itself and when, and whether it is away."""

    @property
    def kind(self) -> Kind: ...

    @property
    def wanted(self) -> Any: ...

    @property
    def reported(self) -> Mapping[str, Any] | None: ...

    @property
    def confirmed(self) -> bool: ...

    @property
    def away(self) -> bool: ...

    @property
    def reported_at(self) -> Instant | None: ...


def unconfirmed(devices: Mapping[str, Believed], since: Instant | None) -> Mapping[str, str]:
    """Per device of a room that an emergency moves and that has not confirmed it: so, in words. Empty: all have.

    What a device that is away said before the emergency, which stands `since`, proves nothing.
    """
    return {
        id: f"{name_of(id)} has not confirmed {_MUST[device.kind]}."
        for id, device in devices.items()
        if device.kind in _MUST and not (device.confirmed and _safe(device) and _present(device, since))
    }


def _present(device: Believed, since: Instant | None) -> bool:
    return not device.away or (device.reported_at is not None and since is not None and device.reported_at >= since)


def _safe(device: Believed) -> bool:
    """Whether it was told what an emergency wants, and says that it is so: to have the message is not yet to shine."""
    said = device.reported or {}
    match device.wanted:
        case LightWanted(on=True, brightness=brightness):
            return brightness >= FULL and bool(said.get("on", True)) and float(said.get("brightness", FULL)) >= FULL
        case PlayerWanted(playing=False):
            return not said.get("playing", False)
        case DiffuserWanted(on=False):
            return not said.get("on", False)
    return False
