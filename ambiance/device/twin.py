"""The pure twins of native devices: what a lamp, a player, a diffuser … really is at any moment after what it was told.

`now` is in site seconds from any zero, and is passed in. Nothing here knows of MQTT.
"""

from collections.abc import Mapping
from math import log10
from typing import Any, Protocol

from ambiance.cuesheet.wanted import ClimateWanted, DiffuserWanted, FanWanted, LightWanted, PlayerWanted, Wanted, WarmerWanted
from ambiance.site import Curve, Device
from ambiance.units import Kelvin, Percent, Seconds, Taper, kelvin, lstar, mired, output, volume

LONGEST_DIFFUSION: Seconds = 1800.0
"""A device's own watchdog: no diffuser runs longer than 30 min, whatever it is told."""
LONGEST_WARMTH: Seconds = 4 * 3600.0
TICK: Seconds = 0.001
"""A twin's own clock: a fade that ends within a tick has ended."""
QUIETEST = -80.0
"""dB against full volume at which a fade of a player begins or ends where it would have to reach zero."""


class Twin(Protocol):
    """One device without its network. A new twin is one that was just switched on."""

    keeps_time: bool
    """False: its own timer is broken, and a bounded run never ends."""

    def apply(self, wanted: Wanted, now: Seconds) -> None:
        """Begin to become `wanted`."""

    def at(self, now: Seconds) -> dict[str, Any]:
        """What it truly is at `now`, in the keys of a native state payload. Times only move forward."""

    def moving(self, now: Seconds) -> bool:
        """Whether it is on its way, so that it should report again before the end."""

    def ends(self, now: Seconds) -> Seconds | None:
        """When its present fade or run ends; None where nothing is pending."""


class Ramp:
    """A number on its way to another, in a straight line or eased in and out."""

    def __init__(self, value: float, ease: bool = False) -> None:
        self._from = self._to = value
        self._ease = ease
        self._began, self._fade = 0.0, 0.0

    def go(self, value: float, now: Seconds, fade: Seconds = 0.0, start: float | None = None) -> None:
        self._from = self.at(now) if start is None else start
        self._to, self._began, self._fade = value, now, fade

    def at(self, now: Seconds) -> float:
        part = _part(self._began, self._fade, now)
        if self._ease:
            # Smootherstep (Ebert et al., Texturing and Modeling, 2003).
            part = part**3 * (part * (6 * part - 15) + 10)
        return self._from + (self._to - self._from) * part

    def ends(self, now: Seconds) -> Seconds | None:
        """When it arrives; None where it has."""
        return self._began + self._fade if now < self._began + self._fade - TICK else None


class LightTwin:
    """A lamp whose fades are straight in `curve` and in mired. Switched on by the mains it is at 50 %, 2700 K."""

    def __init__(self, curve: Curve = "lstar", brightness: Percent = 50.0) -> None:
        self.keeps_time = True
        self._curve = curve
        self._goal = brightness
        self._color: str | None = None
        self._level, self._white = Ramp(self._place(brightness), curve == "smooth"), Ramp(mired(2700), curve == "smooth")

    def apply(self, wanted: Wanted, now: Seconds) -> None:
        assert isinstance(wanted, LightWanted)
        self.dim(wanted.brightness if wanted.on else 0.0, now, wanted.fade)
        self.tint(now, wanted.kelvin, wanted.color, wanted.fade)

    def dim(self, percent: Percent, now: Seconds, fade: Seconds = 0.0) -> None:
        """Go to this output."""
        self._goal = percent
        self._level.go(self._place(percent), now, fade)

    def tint(self, now: Seconds, white: Kelvin | None = None, color: str | None = None, fade: Seconds = 0.0) -> None:
        """Go to this colour temperature, or to a colour."""
        self._color = color
        if white is not None:
            # From dark, the colour is there before the light is.
            self._white.go(mired(white), now, fade if self._level.at(now) > 0 else 0.0)

    def at(self, now: Seconds) -> dict[str, Any]:
        moving = self._level.ends(now)
        brightness = self._goal if moving is None else round(self._percent(self._level.at(now)), 3)
        white = round(kelvin(self._white.at(now)), 1)
        left = max(0.0, (self.ends(now) or now) - now)
        return {"on": brightness > 0, "brightness": brightness, "kelvin": white, "color": self._color, "fade": round(left, 1)}

    def moving(self, now: Seconds) -> bool:
        return self.ends(now) is not None

    def ends(self, now: Seconds) -> Seconds | None:
        return max((end for ramp in (self._level, self._white) if (end := ramp.ends(now)) is not None), default=None)

    def _place(self, percent: Percent) -> float:
        return lstar(percent / 100) if self._curve == "lstar" else percent

    def _percent(self, place: float) -> Percent:
        return 100 * output(place) if self._curve == "lstar" else place


class Relay:
    """A switch that may turn over by a timer of its own. Switched on by the mains it is off."""

    def __init__(self) -> None:
        self.keeps_time = True
        self._on = False
        self._turns: Seconds | None = None

    def switch(self, on: bool, now: Seconds, turns: Seconds | None = None) -> None:
        """Be on or off; `turns`: after so many seconds be the opposite."""
        self._on, self._turns = on, None if turns is None else now + turns

    def on(self, now: Seconds) -> bool:
        turned = self._turns is not None and self.keeps_time and now >= self._turns - TICK
        return self._on != turned

    def left(self, now: Seconds) -> Seconds | None:
        """Seconds until it turns over; None where no timer runs."""
        return None if self._turns is None or now >= self._turns - TICK else self._turns - now

    def at(self, now: Seconds) -> dict[str, Any]:
        on = self.on(now)
        return {"on": on, "run_for": round(self.left(now) or 0.0, 1) if on else 0.0}

    def moving(self, now: Seconds) -> bool:
        return False

    def ends(self, now: Seconds) -> Seconds | None:
        left = self.left(now)
        return now + left if left is not None and self.keeps_time else None


class PlayerTwin:
    """A player that fades linearly in dB. Told to stop, it passes the level it was given, then stops."""

    def __init__(self, taper: Taper = "cubic") -> None:
        self.keeps_time = True
        self._decade = 60.0 if taper == "cubic" else 20.0
        self._taper: Taper = taper
        self._from = self._to = QUIETEST
        self._goal: Percent = 0.0
        self._playing = self._was_playing = False
        self._playlist: str | None = None
        self._began, self._fade = 0.0, 0.0

    def apply(self, wanted: Wanted, now: Seconds) -> None:
        assert isinstance(wanted, PlayerWanted)
        sounding = bool(self.at(now)["playing"])
        self._from = self._level(now)
        self._goal, self._to = wanted.volume, self._decibels(wanted.volume)
        self._was_playing = sounding or wanted.playing
        self._playing, self._playlist = wanted.playing, wanted.playlist if wanted.playlist is not None else self._playlist
        # Nobody hears the level of a stopped player move.
        self._began, self._fade = now, wanted.fade if self._was_playing else 0.0

    def at(self, now: Seconds) -> dict[str, Any]:
        moving = self.moving(now)
        loud = round(volume(self._level(now), 0.0, self._taper), 3) if moving else self._goal
        left = max(0.0, self._began + self._fade - now)
        playing = self._was_playing if moving else self._playing
        return {"playing": playing, "volume": loud, "playlist": self._playlist, "fade": round(left, 1)}

    def moving(self, now: Seconds) -> bool:
        return now < self._began + self._fade - TICK

    def ends(self, now: Seconds) -> Seconds | None:
        return self._began + self._fade if self.moving(now) else None

    def _level(self, now: Seconds) -> float:
        return self._from + (self._to - self._from) * _part(self._began, self._fade, now)

    def _decibels(self, percent: Percent) -> float:
        return max(QUIETEST, self._decade * log10(percent / 100)) if percent > 0 else QUIETEST


class RunTwin:
    """A diffuser or a warmer: runs for as long as it was told, and ends by itself."""

    def __init__(self, longest: Seconds) -> None:
        self.keeps_time = True
        self._longest = longest
        self._intensity: int | None = None
        self._until = 0.0
        self._on = False

    def apply(self, wanted: Wanted, now: Seconds) -> None:
        assert isinstance(wanted, DiffuserWanted | WarmerWanted)
        self._on = wanted.on and wanted.run_for > 0
        self._until = now + min(wanted.run_for, self._longest)
        if isinstance(wanted, DiffuserWanted):
            self._intensity = wanted.intensity if self._on else 0

    def at(self, now: Seconds) -> dict[str, Any]:
        on = self._on and (now < self._until - TICK or not self.keeps_time)
        values: dict[str, Any] = {"on": on, "run_for": round(max(0.0, self._until - now), 1) if on else 0.0}
        if self._intensity is not None:
            values["intensity"] = self._intensity if on else 0
        return values

    def moving(self, now: Seconds) -> bool:
        return False

    def ends(self, now: Seconds) -> Seconds | None:
        return self._until if self._on and self.keeps_time and now < self._until - TICK else None


class SetTwin:
    """A thermostat or a fan: is at once what it was told."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.keeps_time = True
        self._values = dict(values)

    def apply(self, wanted: Wanted, now: Seconds) -> None:
        match wanted:
            case ClimateWanted(celsius):
                self._values = {"celsius": celsius}
            case FanWanted(speed):
                self._values = {"speed": speed}

    def at(self, now: Seconds) -> dict[str, Any]:
        return dict(self._values)

    def moving(self, now: Seconds) -> bool:
        return False

    def ends(self, now: Seconds) -> Seconds | None:
        return None


def twin_of(device: Device) -> Twin | None:
    """A twin of `device`, as it is when it was just switched on; None for a button, which is nothing by itself."""
    match device.kind:
        case "light":
            return LightTwin()
        case "player":
            return PlayerTwin(device.taper)
        case "diffuser":
            return RunTwin(LONGEST_DIFFUSION)
        case "warmer":
            return RunTwin(LONGEST_WARMTH)
        case "climate":
            return SetTwin({"celsius": 22.0})
        case "fan":
            return SetTwin({"speed": 0.0})
        case "button" | "sensor":
            return None


def watts(device: Device, values: Mapping[str, Any]) -> float:
    """A plausible power draw for what a device is: a demo needs one, nothing relies on it."""
    match device.kind:
        case "light":
            return round(0.5 + 0.6 * device.share * float(values["brightness"]), 1)
        case "player":
            return 8.0 if values["playing"] else 2.0
        case "diffuser":
            return 12.0 if values["on"] else 0.5
        case "warmer":
            return 150.0 if values["on"] else 0.5
        case "fan":
            return round(0.3 + 30 * (float(values["speed"]) / 100) ** 3, 1)
        case _:
            return 1.0


def _part(began: Seconds, fade: Seconds, now: Seconds) -> float:
    return 1.0 if fade <= 0 else min(1.0, max(0.0, (now - began) / fade))
