"""How long each diffuser has run since it was refilled, counted from the doses it gave, and when it wants refilling."""

from collections.abc import Callable, Mapping

from ambiance.clock import Instant
from ambiance.room.board import Board
from ambiance.room.faults import name_of
from ambiance.session.model import News
from ambiance.site import Device, Site
from ambiance.units import Seconds

SOON = 0.85
"""The part of a tank after which somebody should think of refilling it."""


class Tanks:
    """Follows the conductor's news; says so on the board. Only diffusers whose tank the installer described count."""

    def __init__(self, site: Site, board: Board) -> None:
        self._board = board
        self._tanks: Mapping[tuple[str, str], Device] = {}
        self._run: dict[tuple[str, str], Seconds] = {}
        self._began: dict[tuple[str, str], Instant] = {}
        self.adopt(site)

    def adopt(self, site: Site) -> None:
        """The diffusers are those of this site now; of new ones `load` knows how long they ran."""
        before = self._tanks
        self._tanks = {(room.id, device.id): device for room in site.rooms for device in room.of("diffuser") if device.tank_hours > 0}
        for room, device in before:
            if (room, device) not in self._tanks and room in site.by_id:
                self._board.note(room, f"tank {device}", None)

    def load(self, run_since_refill: Callable[[str, str], Seconds]) -> None:
        """What the store remembers of each that is not known yet, in seconds."""
        for key in self._tanks:
            if key not in self._run:
                self._run[key] = run_since_refill(*key)

    def say(self) -> None:
        """Put on the board what is known."""
        for key in self._tanks:
            self._note(key)

    def told(self, news: News) -> None:
        """Something happened."""
        key = (news.room or "", str(news.details.get("device", "")))
        if key not in self._tanks:
            return
        if news.type == "dose_began":
            self._began[key] = news.at
        elif news.type == "dose_ended" and (began := self._began.pop(key, None)) is not None:
            self._run[key] = self._run.get(key, 0.0) + (news.at - began).total_seconds()
        elif news.type == "diffuser_refilled":
            self._run[key] = 0.0
        else:
            return
        self._note(key)

    def hours(self, room: str, device: str) -> float:
        """Hours it ran since it was refilled; 0 where no tank is known."""
        return self._run.get((room, device), 0.0) / 3600

    def _note(self, key: tuple[str, str]) -> None:
        device, hours = self._tanks[key], self._run.get(key, 0.0) / 3600
        name, left = name_of(device.id), device.tank_hours - hours
        words = None
        if left <= 0:
            words = f"Refill {name}: by its running time it is empty."
        elif hours >= SOON * device.tank_hours:
            words = f"Refill {name} soon: about {_time(left)} left."
        self._board.note(device.room, f"tank {device.id}", words)


def _time(hours: float) -> str:
    return f"{hours:.0f} hours" if hours >= 2 else f"{max(1, round(hours * 60))} minutes"
