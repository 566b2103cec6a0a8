"""Tasmota's PulseTime: tenths of a second up to 111, seconds and 100 more from 112 on.

tasmota/docs docs/Commands.md (PulseTime). 0 switches the end off, so it is never made here.
"""

from ambiance.units import Seconds

LONGEST: Seconds = 64_800.0


def pulse_time(seconds: Seconds) -> int:
    """The value for an end after `seconds` (0.1 to 64,800); between 11.1 and 12 s there is none, so 12 s it is."""
    if seconds <= 11.1:
        return max(1, round(seconds * 10))
    return max(12, round(min(seconds, LONGEST))) + 100


def seconds_of(value: float) -> Seconds:
    """Seconds for a value; 0 for none."""
    return value / 10 if value <= 111 else float(value - 100)
