"""The board: for every device what we asked and what it says of itself, kept apart, and who wants to know."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from ambiance.clock import Clock, Instant, way
from ambiance.cuesheet.wanted import DiffuserWanted, plain
from ambiance.device.difference import on_its_way
from ambiance.device.news import (
    ButtonPressed,
    DeviceAsked,
    DeviceChanged,
    DeviceNews,
    DeviceReported,
    DeviceReturned,
    DeviceSilent,
    DeviceUnsteady,
    DeviceWentOffline,
    ReportRefused,
)
from ambiance.errors import Unknown
from ambiance.room.ages import aged
from ambiance.room.belief import SETTLED, DeviceBelief, RoomBelief
from ambiance.room.faults import room_faults, to_be_off
from ambiance.site import Device, Site


class Board:
    """Takes in what devices say and do; hands out frozen beliefs. Lives on the loop.

    `tolerance` says per key what a device's dialect rounds.
    """

    def __init__(self, site: Site, clock: Clock, tolerance: Callable[[Device], Mapping[str, float]] = lambda device: {}) -> None:
        self._clock, self._tolerance = clock, tolerance
        self._devices_of: dict[str, Mapping[str, Device]] = {}
        self._rooms: dict[str, dict[str, DeviceBelief]] = {}
        self._notes: dict[str, dict[str, str]] = {}
        self._told: list[Callable[[str], None]] = []
        self.adopt(site)

    def adopt(self, site: Site) -> None:
        """The devices are those of this site now; what is believed of those that stay is believed on."""
        before, self._devices_of = self._devices_of, {room.id: room.by_id for room in site.rooms}
        rooms: dict[str, dict[str, DeviceBelief]] = {room.id: {} for room in site.rooms}
        for room in site.rooms:
            for id, device in room.by_id.items():
                was = before.get(room.id, {}).get(id)
                stays = was is not None and device.is_still(was)
                known = self._rooms[room.id][id] if stays else DeviceBelief(id, device.kind, _role(device))
                rooms[room.id][id] = replace(
                    known, role=_role(device), running_watts=device.running_watts, tolerance=self._tolerance(device),
                    way=way(self._clock),
                )
        self._rooms = rooms
        self._notes = {room.id: self._notes.get(room.id, {}) for room in site.rooms}

    def heard(self, news: DeviceNews) -> None:
        """Something happened to a device. Followers of the board are called with its room."""
        before = self._rooms[news.room][news.device]
        after = self._after(before, news)
        if after == before:
            return
        self._rooms[news.room][news.device] = after
        if after.settling and not before.settling and (by := _settled_by(after)) is not None:
            self._clock.call_at(by, partial(self._settled, news.room, news.device))
        for told in tuple(self._told):
            told(news.room)

    def belief(self, room: str) -> RoomBelief:
        """What is believed of a room now. Raises Unknown."""
        devices = self._devices(room)
        notes = (*self._notes[room].values(), *aged(devices.values(), self._clock.now()))
        return RoomBelief(room, dict(devices), room_faults(devices.values()), notes)

    def note(self, room: str, about: str, words: str | None) -> None:
        """Something worth knowing of a room, until it is taken back (None). One `about` has one note. Raises Unknown."""
        self._devices(room)
        notes = self._notes[room]
        if notes.get(about) == words:
            return
        if words is None:
            del notes[about]
        else:
            notes[about] = words
        for told in tuple(self._told):
            told(room)

    def scene(self, room: str) -> dict[str, dict[str, Any]]:
        """What topic `scene` says of a room: per device its role, wanted and reported state. Raises Unknown."""
        return {
            device.device: {
                "role": device.role,
                "wanted": None if device.wanted is None else plain(device.wanted),
                "reported": None if device.reported is None else dict(device.reported),
            }
            for device in self._devices(room).values()
        }

    def follow(self, told: Callable[[str], None]) -> Callable[[], None]:
        """Have `told` called with the id of each room that changed; returns how to stop that. It must return soon and not raise."""
        self._told.append(told)

        def stop() -> None:
            if told in self._told:
                self._told.remove(told)

        return stop

    def _settled(self, room: str, device: str) -> None:
        """What a device said at the end of its fade, and has not said otherwise since, is where it stays."""
        belief = self._rooms.get(room, {}).get(device)
        if belief is None or not belief.settling or _settles(belief, self._clock.now()):
            return
        self._rooms[room][device] = replace(belief, settling=False)
        for told in tuple(self._told):
            told(room)

    def _devices(self, room: str) -> Mapping[str, DeviceBelief]:
        if room not in self._rooms:
            raise Unknown("room", room, tuple(self._rooms))
        return self._rooms[room]

    def _after(self, belief: DeviceBelief, news: DeviceNews) -> DeviceBelief:
        match news:
            case DeviceAsked(wanted=wanted):
                now = self._clock.now()
                runs = (belief.runs_since or now) if isinstance(wanted, DiffuserWanted) and wanted.on else None
                path = () if belief.reported is None else (belief.reported,)
                path = path if belief.wanted is None else (*path, plain(belief.wanted))
                return replace(belief, wanted=wanted, wanted_at=now, confirmed=False, runs_since=runs, path=path, settling=False)
            case DeviceReported(reported=reported, confirmed=confirmed, named=named):
                now = self._clock.now()
                said: dict[str, Any] = {"reported": reported, "reported_at": now, "garbled": False}
                if (watts := reported.get("watts")) is not None and (named is None or "watts" in named):
                    said |= {"watts": watts, "watts_at": now}
                if confirmed:
                    # Only an answer to what we said proves that it is there: the broker also repeats what dead devices said.
                    said |= {"confirmed": True, "silent": False, "online": True, "bridge": None, "missed_off": False}
                after = replace(belief, **said)
                return replace(after, settling=_settles(after, now))
            case DeviceChanged(reported=reported):
                return replace(belief, reported=reported, reported_at=self._clock.now(), garbled=False)
            case DeviceWentOffline(bridge=bridge):
                return replace(belief, online=False, bridge=bridge)
            case DeviceReturned():
                missed = belief.missed_off or (belief.away and not belief.confirmed and to_be_off(belief))
                return replace(belief, online=True, bridge=None, silent=False, confirmed=False, missed_off=missed)
            case DeviceSilent():
                return replace(belief, silent=True, confirmed=False)
            case DeviceUnsteady(unsteady=unsteady):
                return replace(belief, unsteady=unsteady)
            case ReportRefused():
                return replace(belief, garbled=True)
            case ButtonPressed():
                return belief


def _settled_by(belief: DeviceBelief) -> Instant | None:
    """When its fade is over and no report from before its end can come any more; None where it does not fade."""
    if not belief.fade or belief.wanted_at is None:
        return None
    return belief.wanted_at + timedelta(seconds=belief.fade) + belief.within(SETTLED)


def _settles(belief: DeviceBelief, now: Instant) -> bool:
    """Whether what it said last is on the way of a fade that has only just ended."""
    by = _settled_by(belief)
    if by is None or now >= by or belief.wanted is None or belief.reported is None:
        return False
    return on_its_way(belief.reported, (*belief.path, plain(belief.wanted)), belief.tolerance) or not belief.path


def _role(device: Device) -> str:
    """A lamp's part in the room's light; other devices are what they are."""
    return device.role if device.kind == "light" else device.kind
