"""What sensors measured while a guest was in a room: means over time, told once when the session is over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import log10

from ambiance.clock import Clock, Instant
from ambiance.device.news import DeviceNews, DeviceReported
from ambiance.room.ages import current
from ambiance.room.board import Board
from ambiance.session.model import News
from ambiance.session.wishes import RoomMeasured, Wish
from ambiance.site import Device, Room, Site
from ambiance.units import Seconds

ENOUGH = 0.9
"""The part of a session for which a sensor must have had a value, or nothing is called measured."""
_KEYS = ("illuminance", "dba", "temperature")
_AT_GUEST = ("illuminance", "dba")
"""What is the guest's only where the sensor stands at the table or the pillow."""


@dataclass(slots=True)
class _Sum:
    """One quantity over time. `total` is value (for levels: energy) times seconds."""

    level: bool
    value: float | None = None
    since: Instant | None = None
    seconds: Seconds = 0.0
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")

    def take(self, value: float | None, now: Instant) -> None:
        """From now on it is this (None: nobody knows)."""
        if self.value is not None and self.since is not None and now > self.since:
            passed = (now - self.since).total_seconds()
            self.seconds += passed
            self.total += passed * (10 ** (self.value / 10) if self.level else self.value)
            self.least, self.most = min(self.least, self.value), max(self.most, self.value)
        self.value, self.since = value, now

    def mean(self) -> float:
        mean = self.total / self.seconds
        return 10 * log10(mean) if self.level else mean


@dataclass(slots=True)
class _Stay:
    session: str
    began: Instant
    sums: dict[str, _Sum] = field(default_factory=dict)


class Measuring:
    """Follows the conductor's news and what sensors report. A session that was not seen from its beginning is not measured."""

    def __init__(self, site: Site, clock: Clock, board: Board, put: Callable[[Wish], object]) -> None:
        self._clock, self._board, self._put = clock, board, put
        self._sensors: Mapping[str, Mapping[str, tuple[Device, ...]]] = {}
        self._stays: dict[str, _Stay] = {}
        self.adopt(site)

    def adopt(self, site: Site) -> None:
        """The sensors are those of this site now."""
        self._sensors = {room.id: {key: sensor for key in _KEYS if (sensor := _first(room, key)) is not None} for room in site.rooms}

    def heard(self, news: DeviceNews) -> None:
        """A sensor reported."""
        if not isinstance(news, DeviceReported) or (stay := self._stays.get(news.room)) is None:
            return
        for key, sum_ in stay.sums.items():
            if news.device in {each.id for each in self._sensors[news.room].get(key, ())} and (news.named is None or key in news.named):
                value = news.reported.get(key)
                if isinstance(value, int | float):
                    sum_.take(float(value), self._clock.now())

    def told(self, news: News) -> None:
        """Something happened to a session."""
        if news.room is None or news.session is None or news.room not in self._sensors:
            return
        match news.type:
            case "session_started" if self._sensors[news.room]:
                self._begin(news.room, news.session)
            case "session_moved":
                self._stays = {room: stay for room, stay in self._stays.items() if stay.session != news.session}
            case "session_ended" if (stay := self._stays.pop(news.room, None)) is not None and stay.session == news.session:
                self._end(news.room, stay)

    def _begin(self, room: str, session: str) -> None:
        now = self._clock.now()
        stay = _Stay(session, now, {key: _Sum(key == "dba") for key in self._sensors[room]})
        beliefs = self._board.belief(room).devices
        for key, sum_ in stay.sums.items():
            for sensor in self._sensors[room][key]:
                belief = beliefs[sensor.id]
                value = (belief.reported or {}).get(key)
                if isinstance(value, int | float) and current(belief, now):
                    sum_.take(float(value), now)
        self._stays[room] = stay

    def _end(self, room: str, stay: _Stay) -> None:
        now = self._clock.now()
        whole = (now - stay.began).total_seconds()
        found: dict[str, float] = {}
        for key, sum_ in stay.sums.items():
            sum_.take(None, now)
            if whole <= 0 or sum_.seconds < ENOUGH * whole:
                continue
            match key:
                case "illuminance":
                    found |= {"lux": sum_.mean(), "lux_least": sum_.least, "lux_most": sum_.most, "lux_h": sum_.total / 3600}
                case "dba":
                    found |= {"laeq": sum_.mean(), "lmax": sum_.most}
                case "temperature":
                    found["celsius"] = sum_.mean()
        if found:
            self._put(RoomMeasured(room, stay.session, {name: round(value, 3) for name, value in found.items()}))


def _first(room: Room, key: str) -> tuple[Device, ...] | None:
    """The sensors that may speak for the guest in this; None where there is none."""
    fit = tuple(device for device in room.of("sensor") if key not in _AT_GUEST or device.at_guest)
    return fit or None
