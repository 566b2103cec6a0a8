"""Loudness between our volume, decibels and MPD's own scale.

A room's volume is 0-100 % on the taper its calibration was made with; a fade is a straight line in decibels; MPD's
software mixer has a curve of its own (MusicPlayerDaemon/MPD src/mixer/plugins/SoftwareMixerPlugin.cxx: gain is
(exp(volume / 25) - 1) / (exp(4) - 1)), which is undone here so that a percent of ours means what it was calibrated to.
"""

from dataclasses import dataclass, replace
from math import cos, exp, log, log10, pi, sin

from ambiance.units import Percent, Seconds, Taper

Decibel = float

FLOOR: Decibel = -60.0
"""Below full scale: what counts as nothing. A ramp from or to silence starts or ends here."""
_DECADE = {"cubic": 60.0, "linear": 20.0}


def decibels(volume: Percent, taper: Taper) -> Decibel:
    """The level of a volume against full scale; `FLOOR` for 0."""
    return FLOOR if volume <= 0 else max(FLOOR, _DECADE[taper] * log10(min(100.0, volume) / 100))


def percent(level: Decibel, taper: Taper) -> Percent:
    """The inverse of `decibels`; 0 at the floor."""
    return 0.0 if level <= FLOOR else min(100.0, 100 * 10 ** (level / _DECADE[taper]))


def mpd_volume(level: Decibel) -> int:
    """MPD's `setvol` (0-100) whose gain is nearest to `level`; 0 at the floor and below."""
    if level <= FLOOR:
        return 0
    return max(0, min(100, round(25 * log(1 + 10 ** (level / 20) * (exp(4) - 1)))))


def crossing(part: float) -> tuple[Decibel, Decibel]:
    """Gains of the leaving and the coming piece at `part` (0-1) of a crossfade of equal power: cosine and sine."""
    x = min(1.0, max(0.0, part)) * pi / 2
    return _of_amplitude(cos(x)), _of_amplitude(sin(x))


def _of_amplitude(amplitude: float) -> Decibel:
    return FLOOR if amplitude <= 1e-3 else max(FLOOR, 20 * log10(amplitude))


@dataclass(frozen=True, slots=True)
class Ramp:
    """A straight line in decibels from `start` at `began` to `end`, `fade` seconds later."""

    start: Decibel
    end: Decibel
    began: Seconds = 0.0
    fade: Seconds = 0.0

    def at(self, now: Seconds) -> Decibel:
        passed = now - self.began
        return self.end if passed >= self.fade else self.start + (self.end - self.start) * max(0.0, passed) / self.fade

    def over(self, now: Seconds) -> bool:
        return now - self.began >= self.fade

    def later(self, by: Seconds, seen: Seconds) -> "Ramp":
        """The same line `by` seconds later, if it was not over when it was `seen`."""
        return self if self.over(seen) else replace(self, began=self.began + by)
