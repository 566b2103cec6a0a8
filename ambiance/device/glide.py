"""How long a device must take at the least to get from where it is to where it should be, so that nobody startles."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ambiance.cuesheet.fades import FALL_RATE, LSTAR_RATE, RISE_RATE, WINDOW, least_fade
from ambiance.cuesheet.model import LightLevel, SoundLevel
from ambiance.cuesheet.pieces import dba_of
from ambiance.cuesheet.wanted import LightWanted, PlayerWanted, Wanted
from ambiance.site import Device, Room
from ambiance.units import DBA, SILENCE, Lstar, Seconds, lstar, mired, output

EASED = 1.875
"""How much steeper than a straight one a fade that is eased in and out (smootherstep) is in its middle."""


def gently(wanted: Wanted, device: Device, room: Room, reported: Mapping[str, Any] | None) -> Wanted:
    """`wanted` with its fade stretched, where `reported` (None: not known) is so far away that a quick move would startle.

    Never shortens a fade, and never asks for a longer one than the device can time.
    """
    match wanted:
        case LightWanted():
            least = _light_seconds(wanted, reported, device)
        case PlayerWanted():
            least = _sound_seconds(wanted, device, room, reported)
        case _:
            return wanted
    return at_least(wanted, least, device)


def at_least(wanted: Wanted, seconds: Seconds, device: Device) -> Wanted:
    """`wanted` with a fade of `seconds`, where its own is shorter and the device can time it."""
    if not isinstance(wanted, LightWanted | PlayerWanted) or min(seconds, device.fade) <= wanted.fade:
        return wanted
    return replace(wanted, fade=round(min(seconds, device.fade), 3))


def _light_seconds(wanted: LightWanted, reported: Mapping[str, Any] | None, device: Device) -> Seconds:
    level = None if reported is None else 0.0 if reported.get("on") is False else reported.get("brightness")
    there = lstar(wanted.brightness / 100) if wanted.on else 0.0
    if reported is None or level is None:
        return max(100 / LSTAR_RATE, _steepest(0.0, there, device), _steepest(100.0, there, device))
    here = lstar(level / 100)
    warmth = mired(wanted.kelvin)
    # A lamp that is off, or coloured, shows no white that could be seen moving.
    seen = reported.get("kelvin") if min(here, there) > 0 and not wanted.color and not reported.get("color") else None
    return max(least_fade(LightLevel(here, mired(seen) if seen else warmth), LightLevel(there, warmth)), _steepest(here, there, device))


def _steepest(here: Lstar, there: Lstar, device: Device) -> Seconds:
    """What a fade straight in output needs so that its darkest five seconds, which look fastest, move no more than the limit."""
    if device.curve == "lstar":
        return 0.0
    dark = min(here, there)
    steep = EASED if device.curve == "smooth" else 1.0
    return steep * WINDOW * abs(output(there) - output(here)) / (output(dark + LSTAR_RATE * WINDOW) - output(dark)) if dark <= 80 else 0.0


def _sound_seconds(wanted: PlayerWanted, device: Device, room: Room, reported: Mapping[str, Any] | None) -> Seconds:
    there = _dba(wanted.playing, wanted.volume, device, room)
    if reported is None or "playing" not in reported or "volume" not in reported:
        return max((there - SILENCE) / RISE_RATE, (dba_of(room, device, 100.0) - there) / FALL_RATE)
    return least_fade(SoundLevel(_dba(reported["playing"], reported["volume"], device, room)), SoundLevel(there))


def _dba(playing: bool, percent: float, device: Device, room: Room) -> DBA:
    return dba_of(room, device, percent) if playing else SILENCE
