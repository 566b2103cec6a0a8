"""From the light of a room to the colour a screen shows for it.

Planckian chromaticity: the rational fit of Krystek, "An algorithm to calculate correlated colour temperature",
Color Research & Application 10 (1985) 38-40, good to 1e-4 in CIE 1960 uv from 1000 to 15,000 K. sRGB: IEC 61966-2-1.
"""

from collections.abc import Iterable

from ambiance.units import Kelvin, Lstar, kelvin, mired, output

Linear = tuple[float, float, float]
"""Red, green and blue in proportion to light, of sRGB's primaries."""

VISIBLE: Lstar = 18.0
"""The darkest a ribbon is drawn, so that a room at 5 lx still reads as a colour."""
FULL: Lstar = 95.0
"""The brightest a ribbon is drawn: a screen's own white would leave a full room no colour."""
ADAPTED: Kelvin = 4700.0
"""The white of an eye used to lamplight, where daylight's is 6500 K."""

_LUMINANCE = (0.2126, 0.7152, 0.0722)


def planckian(temperature: Kelvin) -> Linear:
    """The light of a black body (1000-15,000 K) at luminance 1; a primary outside sRGB's gamut is 0."""
    t = min(15_000.0, max(1000.0, temperature))
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (1 + 8.42420235e-4 * t + 7.08145163e-7 * t * t)
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (1 - 2.89741816e-5 * t + 1.61456053e-7 * t * t)
    x, z = 1.5 * u / v, (4 - u - 10 * v) / (2 * v)  # X and Z at Y = 1
    return _unit((3.2406 * x - 1.5372 - 0.4986 * z, -0.9689 * x + 1.8758 + 0.0415 * z, 0.0557 * x - 0.2040 + 1.0570 * z))


def lamplight(temperature: Kelvin) -> Linear:
    """White light as an eye sees it that has settled in lamplight: `ADAPTED` is neutral, warmer is warm.

    Adaptation is taken as a shift on the reciprocal scale, in which equal steps look equal (Priest 1933); a black body
    of 6500 K is a little pinker than a screen's white, and is taken for it.
    """
    seen, white = planckian(kelvin(max(1.0, mired(temperature) - mired(ADAPTED) + mired(6500.0)))), planckian(6500.0)
    return _unit((seen[0] / white[0], seen[1] / white[1], seen[2] / white[2]))


def coloured(color: str) -> Linear:
    """The light of a colour `#rrggbb` at luminance 1."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return _unit((red, green, blue))


def mixed(parts: Iterable[tuple[float, Linear]]) -> Linear:
    """Lights added up, each with its weight; white where there is none."""
    red = green = blue = 0.0
    for weight, light in parts:
        red, green, blue = red + weight * light[0], green + weight * light[1], blue + weight * light[2]
    return _unit((red, green, blue))


def shown(light: Linear, lightness: Lstar) -> str:
    """`#rrggbb` of a light at a lightness (0-100), never below `VISIBLE` nor above `FULL`.

    What is brighter than the colour can be in sRGB is whitened until it has its lightness.
    """
    luminance = output(min(FULL, max(VISIBLE, lightness)))
    red, green, blue = (channel * luminance for channel in _unit(light))
    most = max(red, green, blue)
    if most > 1:
        red, green, blue = red / most, green / most, blue / most
        lost = luminance - luminance / most
        whiter = lost / (1 - luminance / most) if luminance / most < 1 else 0.0
        red, green, blue = (channel + (1 - channel) * whiter for channel in (red, green, blue))
    return "#" + "".join(f"{round(255 * _encode(channel)):02x}" for channel in (red, green, blue))


def blend(color: str, other: str, part: float) -> str:
    """`part` (0-1) of the way from one `#rrggbb` to another."""
    pairs = ((int(color[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def _unit(light: Linear) -> Linear:
    red, green, blue = (max(0.0, channel) for channel in light)
    luminance = red * _LUMINANCE[0] + green * _LUMINANCE[1] + blue * _LUMINANCE[2]
    return (red / luminance, green / luminance, blue / luminance) if luminance > 0 else (1.0, 1.0, 1.0)


def _encode(channel: float) -> float:
    level = min(1.0, max(0.0, channel))
    return 12.92 * level if level <= 0.0031308 else 1.055 * level ** (1 / 2.4) - 0.055
