"""Our units in those of a device, and back. A level that is not off never becomes off by rounding."""

from math import log10

from ambiance.units import Kelvin, Mired, Percent, Seconds, mired

LEAST: Percent = 0.1
"""The lowest level of IEC 62386-102."""


def steps(percent: Percent, full: int) -> int:
    """0-100 % in whole steps of `full`; at least 1 unless it is 0."""
    return 0 if percent <= 0 else min(full, max(1, round(percent * full / 100)))


def percent_of(value: float, full: float) -> Percent:
    return round(min(100.0, max(0.0, 100 * value / full)), 2)


def mireds(temperature: Kelvin, low: int = 1, high: int = 10_000) -> int:
    """Whole mired, within what the device takes."""
    return min(high, max(low, round(mired(temperature))))


def kelvin_of(value: Mired) -> Kelvin:
    return float(round(1_000_000 / value))


def within(value: float, low: float, high: float) -> int:
    return round(min(high, max(low, value)))


def dali(percent: Percent, most: int = 254) -> int:
    """The arc power level of IEC 62386-102: logarithmic, 0.1 % is 1 and 100 % is 254."""
    if percent <= 0:
        return 0
    return min(most, max(1, round(1 + 253 / 3 * (log10(max(LEAST, percent)) + 1))))


def of_dali(level: float) -> Percent:
    return 0.0 if level <= 0 else round(10 ** ((min(254.0, level) - 1) * 3 / 253 - 1), 2)


def number(value: float, places: int = 3) -> int | float:
    """A number as people write it: whole where it is whole."""
    rounded = round(value, places)
    return int(rounded) if rounded == int(rounded) else rounded


def clock_time(seconds: Seconds) -> str:
    """hh:mm:ss."""
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def relay_speed(on: bool) -> dict[str, float]:
    """The speed of a fan that has but one."""
    return {"speed": 100.0 if on else 0.0, "speeds": 1}
