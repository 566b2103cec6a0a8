"""The quantities of a treatment room and the few laws that connect them.

Aliases name the unit a number is in; a bare number in a signature would hide it.
Nothing here knows of profiles, rooms or devices.
"""

from typing import Literal

Seconds = float
Minutes = float
Lux = float
Kelvin = float
Mired = float
Percent = float
"""0-100 of a device's linear output (not perceived lightness)."""
Lstar = float
"""CIE 1976 lightness, 0-100, of a lamp or a room against its own full output."""
DBA = float
"""A-weighted sound level at the guest's head."""
BPM = int
Celsius = float
Taper = Literal["cubic", "linear"]

SILENCE: DBA = 20.0
"""The level that counts as silence: a rise begins here, a fall stops here."""

_KNEE = 216 / 24389  # 0.008856, where CIE lightness turns from a line into a cube root
_SLOPE = 24389 / 27  # 903.3


def lstar(output: float) -> Lstar:
    """CIE 1976 lightness (0-100) of a linear output from 0 to 1 (CIE 015)."""
    y = min(1.0, max(0.0, output))
    return 116 * y ** (1 / 3) - 16 if y > _KNEE else _SLOPE * y


def output(lightness: Lstar) -> float:
    """Linear output from 0 to 1 of a CIE 1976 lightness (0-100): the inverse of `lstar`."""
    level = min(100.0, max(0.0, lightness))
    return ((level + 16) / 116) ** 3 if level > 8 else level / _SLOPE


def mired(kelvin: Kelvin) -> Mired:
    """Colour temperature in mired, the scale in which equal steps look equal (Priest 1933)."""
    return 1_000_000 / kelvin


def kelvin(mireds: Mired) -> Kelvin:
    """Colour temperature in kelvin."""
    return 1_000_000 / mireds


def volume(level: DBA, full: DBA, taper: Taper = "cubic") -> Percent:
    """Player volume (0-100 %) that gives `level` where 100 % gives `full` dBA.

    Cubic players (amplitude = v ** 3, as PulseAudio's mapping) move 60 dB a decade of volume, linear ones 20 dB.
    """
    decade = 60.0 if taper == "cubic" else 20.0
    return float(min(100.0, 100 * 10 ** ((level - full) / decade)))
