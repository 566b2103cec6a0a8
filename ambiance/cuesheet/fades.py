"""Never startle: how long a move must last, and where it is on its way.

Light moves linearly in L* and mired, sound in dB; the eye and the ear find equal steps of those equal.
"""

from ambiance.cuesheet.model import Level, LightLevel, SoundLevel
from ambiance.units import Seconds

LSTAR_RATE = 4.0
"""L* per second: 20 L* in 5 s at the most."""
WINDOW: Seconds = 5.0
"""The stretch of time a limit on steps of light is about."""
MIRED_RATE = 5.0
"""Mired per second; about 5 mired is taken as just visible."""
RISE_RATE = 3.0
FALL_RATE = 6.0
"""dB per second, up and down."""


def least_fade(
    start: Level, target: Level, sound_rate: float | None = None, light_rate: float | None = None, mired_rate: float | None = None
) -> Seconds:
    """The shortest automatic fade between two levels of one device, in seconds.

    `sound_rate` (dB/s), `light_rate` (L*/s) and `mired_rate` (mired/s) are a guest's or a house's own, slower rates.
    """
    if isinstance(start, LightLevel) and isinstance(target, LightLevel):
        return max(
            abs(target.lstar - start.lstar) / min(LSTAR_RATE, light_rate or LSTAR_RATE),
            abs(target.mired - start.mired) / min(MIRED_RATE, mired_rate or MIRED_RATE),
        )
    if isinstance(start, SoundLevel) and isinstance(target, SoundLevel):
        change = target.dba - start.dba
        rate = RISE_RATE if change > 0 else FALL_RATE
        return abs(change) / min(rate, sound_rate or rate)
    return 0.0


def between(start: Level, target: Level, part: float) -> Level:
    """The level `part` (0-1) of the way. What cannot be between (a colour, a playlist, a fan) is the target at once."""
    if part >= 1 or start == target:
        return target
    if isinstance(start, LightLevel) and isinstance(target, LightLevel):
        return LightLevel(
            start.lstar + (target.lstar - start.lstar) * part,
            start.mired + (target.mired - start.mired) * part,
            target.color,
        )
    if isinstance(start, SoundLevel) and isinstance(target, SoundLevel):
        return SoundLevel(start.dba + (target.dba - start.dba) * part, target.playlist or start.playlist)
    return target
