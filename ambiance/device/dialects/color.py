"""A colour as somebody asked for it, in whichever form a device wants it.

Conversions are those of the HSV model; sRGB from CIE xy at full luminance by IEC 61966-2-1.
"""

import colorsys
from dataclasses import dataclass

from ambiance.cuesheet.colour import Linear, planckian
from ambiance.units import Kelvin

RGB = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Color:
    """One of three forms: `rgb` 0-255, `hs` (hue 0-360, saturation 0-100), or CIE 1931 `xy`."""

    rgb: RGB | None = None
    hs: tuple[float, float] | None = None
    xy: tuple[float, float] | None = None

    def as_rgb(self) -> RGB:
        if self.rgb is not None:
            return self.rgb
        if self.hs is not None:
            return _whole(*colorsys.hsv_to_rgb(self.hs[0] / 360, self.hs[1] / 100, 1.0))
        x, y = self.xy or (0.3127, 0.3290)
        y = max(y, 0.01)
        big, z = x / y, (1 - x - y) / y
        return _screen((3.2406 * big - 1.5372 - 0.4986 * z, -0.9689 * big + 1.8758 + 0.0415 * z, 0.0557 * big - 0.2040 + 1.0570 * z))

    def as_hs(self) -> tuple[int, int]:
        """Hue in whole degrees (0-359 but where 360 was asked), saturation in whole percent."""
        if self.hs is not None:
            return round(self.hs[0]), round(self.hs[1])
        hue, saturation, _ = colorsys.rgb_to_hsv(*(channel / 255 for channel in self.as_rgb()))
        return round(hue * 360) % 360, round(saturation * 100)

    def as_hex(self) -> str:
        return "#{:02x}{:02x}{:02x}".format(*self.as_rgb())

    @property
    def value(self) -> float:
        """How much of its full brightness the colour itself has, 0-1."""
        return max(self.as_rgb()) / 255


def of_hex(text: str) -> Color:
    """The colour of `#rrggbb`."""
    return Color(rgb=(int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)))


def of_white(temperature: Kelvin) -> RGB:
    """White light of `temperature` as a lamp of red, green and blue makes it, as bright as it can be."""
    return _screen(planckian(temperature))


def _screen(light: Linear) -> RGB:
    most = max(*light, 1e-9)
    return _whole(*(_encoded(max(0.0, channel) / most) for channel in light))


def _encoded(level: float) -> float:
    return 12.92 * level if level <= 0.0031308 else 1.055 * level ** (1 / 2.4) - 0.055


def _whole(red: float, green: float, blue: float) -> RGB:
    return round(255 * red), round(255 * green), round(255 * blue)
