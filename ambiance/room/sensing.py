"""What doors, presence and the air in a room may do: only what the installer wrote, and never by a first or repeated word."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from ambiance.clock import Alarm, Clock, Instant
from ambiance.device.news import DeviceNews, DeviceReported
from ambiance.room.board import Board
from ambiance.room.faults import name_of
from ambiance.session.model import RoomState
from ambiance.session.wishes import Act, AirFitness, Begin, RoomNow, Wish
from ambiance.site import Device, Site

CLEAR_FOR = timedelta(minutes=15)
"""How long the air must be below its limit before scent may be given again."""
NEAR = timedelta(minutes=15)
"""A door or somebody's presence begins only a session that is due within this time."""
CO2 = 2000.0
"""ppm above which no scent is given, whatever the installer wrote: hygienically unacceptable (German Working Group on Indoor Guide
Values, Umweltbundesamt 2008)."""
_EVENTS: Mapping[str, Mapping[bool, str]] = {"contact": {True: "closed", False: "open"}, "occupancy": {True: "occupied", False: "empty"}}
_WORDS = {"open": "is open", "closed": "is closed", "occupied": "sees somebody", "empty": "sees nobody"}
_AIR = {
    "co2": ("CO₂", "ppm"), "voc": ("VOC", "µg/m³"), "tvoc_ppb": ("TVOC", "ppb"), "pm25": ("PM2.5", "µg/m³"), "humidity": ("humidity", "%"),
}  # fmt: skip


class Sensing:
    """Hears what sensors report; puts wishes to the conductor (`put`) and notes on the board. `present` says how a room stands."""

    def __init__(
        self, site: Site, clock: Clock, board: Board, put: Callable[[Wish], object], present: Callable[[str], RoomNow]
    ) -> None:
        self._site, self._clock, self._board, self._put, self._present = site, clock, board, put, present
        self._last: dict[tuple[str, str, str], bool] = {}
        self._over: dict[str, set[tuple[str, str]]] = {room.id: set() for room in site.rooms}
        """The sensors and substances over their limit, or not yet long enough below, per room."""
        self._clearing: dict[tuple[str, str, str], Alarm] = {}

    def adopt(self, site: Site) -> None:
        """The sensors are those of this site now. What one that was taken away, or is not asked any more, held against scent is gone."""
        self._site = site
        self._over = {room.id: self._over.get(room.id, set()) for room in site.rooms}
        for room in site.rooms:
            for name, key in tuple(self._over[room.id]):
                device = room.by_id.get(name)
                if device is None or device.kind != "sensor" or _limit(device, key) is None:
                    self._cleared(room.id, name, key)

    def heard(self, news: DeviceNews) -> None:
        """Something happened to a device."""
        if not isinstance(news, DeviceReported):
            return
        device = self._site.by_id[news.room].by_id[news.device]
        if device.kind != "sensor":
            return
        named = news.named if news.named is not None else frozenset(news.reported)
        for key, events in _EVENTS.items():
            value = news.reported.get(key)
            if key in named and isinstance(value, bool):
                self._turned(device, key, value, events)
        for key in _AIR:
            value, limit = news.reported.get(key), _limit(device, key)
            if key in named and limit is not None and isinstance(value, int | float):
                self._measured(device, key, float(value), limit)

    # -- doors and presence ------------------------------------------------------------------------------------------

    def _turned(self, device: Device, key: str, value: bool, events: Mapping[bool, str]) -> None:
        before = self._last.get((device.room, device.id, key))
        self._last[device.room, device.id, key] = value
        for state, event in events.items():
            if device.does.get(event) == "warn":
                words = f"{name_of(device.id)} {_WORDS[event]}." if state is value else None
                self._board.note(device.room, f"{device.id} {event}", words)
        # What is only repeated, or heard for the first time, is not something that happened now.
        if before is None or before is value:
            return
        wish = self._wish(device.room, device.does.get(events[value], ""))
        if wish is not None:
            self._put(wish)

    def _wish(self, room: str, does: str) -> Wish | None:
        now = self._present(room)
        if now.state is RoomState.EMERGENCY:
            return None
        match does:
            case "begin" if now.session is None and now.next_start is not None and now.next_start <= self._clock.now() + NEAR:
                return Begin(room)
            case "begin" if now.waiting_for == "welcome":
                return Act("advance", room=room)
            case "confirm" if now.waiting_for is not None and now.waiting_for != "welcome":
                return Act("advance", room=room)
            case "resume" if now.state is RoomState.PAUSED:
                return Act("resume", room=room)
        return None

    # -- the air -----------------------------------------------------------------------------------------------------

    def _measured(self, device: Device, key: str, value: float, limit: float) -> None:
        over, mine = self._over[device.room], (device.id, key)
        where = (device.room, *mine)
        what, unit = _AIR[key]
        if value > limit:
            if (clearing := self._clearing.pop(where, None)) is not None:
                clearing.cancel()
            fit = not over
            over.add(mine)
            words = f"{name_of(device.id)}: {what} {value:.0f} {unit} is over {limit:.0f}. No scent until it has been below for 15 minutes."
            self._board.note(device.room, f"{device.id} {key}", words)
            if fit:
                self._put(AirFitness(device.room, False, key))
        elif mine in over and where not in self._clearing:
            self._clearing[where] = self._clock.call_at(self._clock.now() + CLEAR_FOR, lambda: self._cleared(*where))
            words = f"{name_of(device.id)}: {what} is below {limit:.0f} {unit} again. Scent may be given from {self._local()}."
            self._board.note(device.room, f"{device.id} {key}", words)

    def _cleared(self, room: str, device: str, key: str) -> None:
        if (clearing := self._clearing.pop((room, device, key), None)) is not None:
            clearing.cancel()
        if (over := self._over.get(room)) is None:
            return
        over.discard((device, key))
        self._board.note(room, f"{device} {key}", None)
        if not over:
            self._put(AirFitness(room, True, key))

    def _local(self) -> str:
        at: Instant = self._clock.now() + CLEAR_FOR
        return f"{at.astimezone(self._site.timezone):%H:%M}"


def _limit(device: Device, key: str) -> float | None:
    """Above which a sensor's news of this stops scent; None: it does not."""
    return device.limits.get(key, CO2 if key == "co2" else None)
