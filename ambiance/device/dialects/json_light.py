"""A lamp that is spoken to in JSON with a state, as ESPHome and Home Assistant have it: what both keep alike."""

from typing import Any

from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.reading import Said, given
from ambiance.device.dialects.scale import kelvin_of, mireds, number, percent_of, steps

FULL = 255


def light_body(ask: Ask, tint: dict[str, Any], whole_seconds: bool, longest: float, full: int = FULL) -> dict[str, Any]:
    """state, brightness, tint and transition; keys nobody asked for are left out."""
    fade = None if ask.fade is None else min(longest, ask.fade)
    seconds = None if fade is None else round(fade) if whole_seconds else number(fade)
    if not ask.lit:
        return {"state": "OFF"} | given(transition=seconds)
    level = None if ask.brightness is None else steps(ask.brightness, full)
    return {"state": "ON"} | given(brightness=level) | tint | given(transition=seconds)


def mired_tint(ask: Ask) -> dict[str, Any]:
    return given(color_temp=None if ask.kelvin is None else mireds(ask.kelvin))


def light_values(heard: Said, kelvins: bool = False, full: int = FULL) -> dict[str, Any]:
    """A report of such a lamp in native keys."""
    mode, level, warmth = heard.word("color_mode"), heard.number("brightness", 0, full), heard.number("color_temp", 0, 20_000)
    values: dict[str, Any] = given(on=heard.switch("state"), brightness=None if level is None else percent_of(level, full))
    if warmth and mode in (None, "color_temp", "cwww"):
        values["kelvin"] = warmth if kelvins else kelvin_of(warmth)
    color = heard.inside("color")
    if color is not None and mode not in ("color_temp", "white", "brightness", "onoff", "cwww"):
        parts = [color.number(part, 0, 255) for part in "rgb"]
        if None not in parts:
            values["rgb"] = "#{:02x}{:02x}{:02x}".format(*(round(part or 0) for part in parts))
        values |= given(hue=color.number("h", 0, 360), saturation=color.number("s", 0, 100))
        values |= given(x=color.number("x", 0, 1), y=color.number("y", 0, 1))
    return values
