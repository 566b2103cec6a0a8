"""What the twins of all families share: what they truly are, their faults, and the moment at which a fade or a run is over."""

import json
from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from ambiance.clock import Alarm, Clock
from ambiance.cuesheet.wanted import ClimateWanted, DiffuserWanted, FanWanted, LightWanted, PlayerWanted, Wanted, WarmerWanted
from ambiance.device.message import Incoming, Message
from ambiance.device.simulated import Simulated
from ambiance.device.topics import Topics
from ambiance.device.twin import LightTwin, PlayerTwin, Relay, SetTwin
from ambiance.site import Curve, Device
from ambiance.units import Kelvin, Percent, Seconds, kelvin

Body = LightTwin | PlayerTwin | Relay | SetTwin
Said = Mapping[str, Any] | str | float


class Garble(ValueError):
    """The real thing would make nothing of this."""


class FamilyTwin(Simulated):
    """A device of one family. Subclasses hear (`obey`) and speak (`report`) as their family does.

    `on`, `level` and `warmth` are what it was last told, as its firmware remembers them; what it truly is, is its `body`.
    """

    curve: ClassVar[Curve] = "output"
    """In what its fades of light are straight."""

    def __init__(self, device: Device, topics: Topics, clock: Clock, publish: Callable[[Message], None]) -> None:
        super().__init__(device, clock, publish)
        self.on, self.level, self.warmth = False, 100.0, 2700.0
        self.color: str | None = None
        self._arrival: Alarm | None = None
        self._keeps = True
        self.body = self._fresh()

    # -- what a subclass says ----------------------------------------------------------------------------------------

    @abstractmethod
    def obey(self, topic: str, payload: bytes) -> None:
        """Do what was said. Raises Garble, or what `json` and `int` raise, for what the real thing would ignore."""

    @abstractmethod
    def report(self) -> None:
        """Say what it is, as the family does after a change that nobody asked for."""

    def greet(self) -> None:
        """What it says when it comes up."""
        self.report()

    # -- being simulated ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        if self.online:
            self._publish(self.birth)
            self.greet()

    def take(self, incoming: Incoming) -> None:
        if not self.online or self.faults.deaf:
            return
        # A retained command is obeyed like any other: these families know of no other kind.
        try:
            self.obey(incoming.topic, incoming.payload)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            self.refused += 1
        self._follow()

    def actual(self) -> dict[str, Any]:
        values = self.body.at(self.now)
        if self.device.kind == "diffuser":
            values["intensity"] = 1 if values["on"] else 0
        return values

    def keeps_time(self, keeps: bool) -> None:
        self._keeps = self.body.keeps_time = keeps
        self._follow()

    def reboot(self) -> None:
        self.body = self._fresh()
        self.body.keeps_time = self._keeps
        self.come_back()

    def touch(self, wanted: Wanted) -> None:
        match wanted:
            case LightWanted(on, brightness, warmth, color, fade):
                self.shine(on, brightness if on else None, fade)
                self.tint(warmth, color, fade)
            case PlayerWanted(playing, loud, playlist):
                self.play(playing, loud, playlist)
            case DiffuserWanted(on) | WarmerWanted(on):
                self.switch(on)
            case FanWanted() | ClimateWanted():
                self.set(wanted)
        self.report()
        self._follow()

    def press(self, press: str = "single", button: int = 1) -> None:
        raise TypeError(f"no button of {self.device.dialect} is simulated")

    # -- what it does ------------------------------------------------------------------------------------------------

    @property
    def now(self) -> Seconds:
        return self._clock.monotonic()

    @property
    def unix(self) -> float:
        """The device's own clock."""
        now: datetime = self._clock.now()
        return round(now.timestamp(), 2)

    def shine(self, on: bool | None = None, level: Percent | None = None, fade: Seconds = 0.0) -> None:
        """Switch a lamp, or go to a level that it keeps when it is off."""
        assert isinstance(self.body, LightTwin)
        self.level = self.level if level is None else self._clipped("brightness", level)
        self.on = self.on if on is None else on
        self.body.dim(self.level if self.on else 0.0, self.now, self._clipped("fade", fade))

    def tint(self, warmth: Kelvin | None = None, color: str | None = None, fade: Seconds = 0.0) -> None:
        """Go to a colour temperature (kelvin), or to a colour (#rrggbb)."""
        assert isinstance(self.body, LightTwin)
        if warmth is not None:
            self.warmth = self._clipped("kelvin", warmth)
        self.color = color
        self.body.tint(self.now, None if warmth is None else self.warmth, color, self._clipped("fade", fade))

    def switch(self, on: bool, turns: Seconds | None = None) -> None:
        """Switch a relay; `turns`: after so many seconds it is the opposite."""
        assert isinstance(self.body, Relay)
        self.body.switch(on, self.now, turns)

    def play(self, playing: bool, loud: Percent | None = None, playlist: str | None = None) -> None:
        assert isinstance(self.body, PlayerTwin)
        now = self.body.at(self.now)
        volume = float(now["volume"]) if loud is None else self._clipped("volume", loud)
        self.body.apply(PlayerWanted(playing, volume, playlist), self.now)

    def set(self, wanted: FanWanted | ClimateWanted) -> None:
        if isinstance(wanted, FanWanted):
            wanted = FanWanted(self._clipped("speed", wanted.speed))
        else:
            wanted = ClimateWanted(self._clipped("celsius", wanted.celsius))
        self.body.apply(wanted, self.now)  # type: ignore[union-attr]

    @property
    def relay(self) -> Relay:
        assert isinstance(self.body, Relay), f"a {self.device.kind} is no relay"
        return self.body

    @property
    def running(self) -> bool:
        """Whether a lamp is told to shine, a relay is closed, a fan turns or a player plays."""
        values = self.body.at(self.now)
        return self.on if isinstance(self.body, LightTwin) else bool(values.get("on", values.get("playing", values.get("speed", 0) > 0)))

    def say(self, topic: str, said: Said, retain: bool = False) -> None:
        """Publish, as far as its faults let it."""
        if not self.online or not self.faults.answers:
            return
        text = json.dumps(said, separators=(",", ":")) if isinstance(said, Mapping) else str(said)
        message = Message(topic, text.encode(), retain=retain, keep=True)
        if self.faults.late > 0:
            self._in(self.faults.late, lambda: self._publish(message))
        else:
            self._publish(message)

    def _fresh(self) -> Body:
        """What it is when it was just switched on."""
        self.on, self.level, self.warmth, self.color = False, 100.0, 2700.0, None
        match self.device.kind:
            case "light":
                # What lamps do when a wall switch comes on.
                self.on, self.level = True, 50.0
                return LightTwin(self.curve)
            case "player":
                return PlayerTwin(self.device.taper)
            case "fan":
                return SetTwin({"speed": 0.0})
            case "climate":
                return SetTwin({"celsius": 22.0})
        return Relay()

    def _follow(self) -> None:
        """Look again when what it does by itself is over."""
        if self._arrival is not None:
            self._arrival.cancel()
            self._arrival = None
        ends = self.body.ends(self.now)
        if ends is not None:
            self._arrival = self._in(max(0.0, ends - self.now), self._arrived)

    def _arrived(self) -> None:
        self._arrival = None
        self.report()
        self._follow()

    def _clipped(self, key: str, value: float) -> float:
        low, high = self.faults.clips.get(key, (value, value))
        return min(high, max(low, value))


def whole(value: Any, low: int, high: int) -> int:
    """A whole number as it came in JSON. Raises Garble."""
    if type(value) is not int or not low <= value <= high:
        raise Garble(value)
    return value


def hex_of(red: float, green: float, blue: float) -> str:
    return "#{:02x}{:02x}{:02x}".format(*(min(255, max(0, round(part))) for part in (red, green, blue)))


def mired_kelvin(value: float) -> Kelvin:
    return kelvin(max(1.0, float(value)))
