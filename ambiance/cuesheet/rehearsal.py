"""A treatment from end to end as its devices hear it, without a room: what a rehearsal plays, message for message."""

from collections.abc import Iterator
from dataclasses import dataclass

from ambiance.cuesheet.model import FOREVER, Sheet
from ambiance.cuesheet.pieces import pieces
from ambiance.cuesheet.strip import extent
from ambiance.cuesheet.wanted import DiffuserWanted, Wanted
from ambiance.site import Device, Room
from ambiance.units import Seconds

MOST = 4000
"""Messages to one device: more than the longest treatment needs of a lamp that cannot fade."""


@dataclass(frozen=True, slots=True)
class Line:
    """At `at`, `device` is told this."""

    at: Seconds
    device: str
    wanted: Wanted


def rehearse(sheet: Sheet, room: Room, lease: Seconds = 120.0, renewal: Seconds = 40.0) -> tuple[Line, ...]:
    """Everything the devices of `room` are told while `sheet` is played with every border on time, in order.

    A diffuser gets its doses as leases of `lease` seconds, each `renewal` seconds after the one before.
    """
    lines = [line for device in room.devices for line in _told(sheet, room, device)]
    lines += [line for device in room.of("diffuser") for line in _doses(sheet, device, lease, renewal)]
    return tuple(sorted(lines, key=lambda line: line.at))


def _told(sheet: Sheet, room: Room, device: Device) -> Iterator[Line]:
    at, since, end = min([sheet.spans[0].start, *(cue.at for cue in sheet.tracks.get(device.id, ()))]), None, extent(sheet)[1]
    last: Wanted | None = None
    for _ in range(MOST):
        wanted, due = pieces(sheet, room, device, at, since)
        for each in wanted:
            if each != last:
                yield Line(at, device.id, each)
            last = each
        if due is None or due > end or due >= FOREVER:
            return
        since, at = at, due


def _doses(sheet: Sheet, device: Device, lease: Seconds, renewal: Seconds) -> Iterator[Line]:
    for dose in sheet.doses:
        if dose.device != device.id:
            continue
        at = dose.at
        while dose.until - at > 1e-6:
            yield Line(at, device.id, DiffuserWanted(True, dose.intensity, min(lease, dose.until - at)))
            at = min(dose.until, at + renewal)
        yield Line(dose.until, device.id, DiffuserWanted(False))
