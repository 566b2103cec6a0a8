"""From a cue sheet to what a device is told, and when it has to be told again.

A device that fades by itself gets the target and the time that is left; a longer fade is cut into pieces it can time, and one that
is not straight in L* where the scene is into pieces that stay within 2 L* of it. One that cannot fade gets steps within 2 L* of
the scene, at most two a second.
"""

from dataclasses import replace
from math import floor, log10

from ambiance.cuesheet.aims import UNCALIBRATED_FULL
from ambiance.cuesheet.cues import latest, level_at
from ambiance.cuesheet.model import ClimateLevel, Cue, FanLevel, Level, LightLevel, Sheet, SoundLevel, WarmerLevel
from ambiance.cuesheet.scene import track
from ambiance.cuesheet.wanted import ClimateWanted, FanWanted, LightWanted, PlayerWanted, Wanted, WarmerWanted
from ambiance.site import Device, Room
from ambiance.units import DBA, SILENCE, Lstar, Percent, Seconds, kelvin, lstar, output, volume

STEP_LSTAR = 2.0
STEP_DECIBEL = 1.0
STEP_MIRED = 10.0
MARGIN = 0.9
"""Of a step, the part that planning uses; the rest is for a device's rounding."""
QUICKEST: Seconds = 0.5
OVERRUN: Seconds = 120.0
"""What a warmer is given at a time while a treatment goes on past its end; said again while it lasts."""
LATE: Seconds = 1.0
"""Said this long after its beginning, a move still gets its whole time: the device stands where it begins, and must not hurry."""
_EPS = 1e-6

Asked = tuple[tuple[Wanted, ...], Seconds | None]


def pieces(sheet: Sheet, room: Room, device: Device, offset: Seconds, since: Seconds | None = None) -> Asked:
    """What `device` is told at `offset`, in order, and the offset at which it must be told again (None: never).

    `since` is the offset up to which it has been told already; None states the whole present anew.
    """
    cues = track(sheet, device.id)
    if not cues:
        return (), None
    index = latest(cues, offset + _EPS)
    cue = cues[index]
    following = cues[index + 1].at if index + 1 < len(cues) else None
    if cue.at > offset + _EPS:
        # Not begun yet: stand where it starts.
        cue, following = Cue(offset, device.id, cue.start, cue.start, 0.0), cue.at
    begins = since is not None and cue.at > since + _EPS
    if begins and cue.at < offset <= cue.at + LATE:
        cue = replace(cue, at=offset)
    left = max(0.0, cue.end - offset) if cue.start != cue.target else 0.0
    until, end, fade = _piece(device, cue, offset, left)
    wanted = _wanted(sheet, room, device, cue, until, end, fade, begins, offset)
    again = end if end < cue.end - _EPS or _ends_exactly(device, cue, left) else None
    later = [moment for moment in (following, again, _stop(cue, offset)) if moment is not None]
    return wanted, min((m for m in later if m > offset + _EPS), default=None)


def _piece(device: Device, cue: Cue, offset: Seconds, left: Seconds) -> tuple[Level, Seconds, Seconds]:
    """The level to ask for now, the offset at which the next piece is due, and the fade to ask with it."""
    if left <= _EPS or not isinstance(cue.target, LightLevel | SoundLevel):
        return cue.target, cue.end, 0.0
    if device.fade >= QUICKEST:
        length = min(left, device.fade)
        if device.curve != "lstar" and isinstance(cue.target, LightLevel):
            length = _straight(cue, offset, length, device.curve == "smooth")
        if device.tick and length < left:
            length = max(device.tick, floor(length / device.tick + _EPS) * device.tick)
        return level_at([cue], offset + length), offset + length, length
    length = max(QUICKEST, _step(cue))
    if left <= QUICKEST:
        return cue.target, cue.end, 0.0
    return level_at([cue], offset), min(offset + length, cue.end), 0.0


def _straight(cue: Cue, offset: Seconds, length: Seconds, eased: bool) -> Seconds:
    """How much of the next `length` seconds a fade straight in output may cover and stay within a step of the scene."""
    here = level_at([cue], offset)
    while length > QUICKEST and isinstance(here, LightLevel):
        there = level_at([cue], offset + length)
        if not isinstance(there, LightLevel) or strays(here.lstar, there.lstar, eased) <= STEP_LSTAR * MARGIN:
            break
        length = max(QUICKEST, 0.8 * length)
    return length


def strays(start: Lstar, end: Lstar, eased: bool = False) -> Lstar:
    """How far (L*) a fade that is straight in output, or eased in and out, leaves one that is straight in L*, at its worst."""
    low, high = output(start), output(end)
    parts = [part / 16 for part in range(17)]
    return max(abs(lstar(low + (high - low) * (_eased(part) if eased else part)) - (start + (end - start) * part)) for part in parts)


def _eased(part: float) -> float:
    """Smootherstep, as esphome/components/light/transformers.h fades."""
    return part**3 * (part * (6 * part - 15) + 10)


def _step(cue: Cue) -> Seconds:
    """How long a device that cannot fade may stand before the scene has moved on by a step."""
    if isinstance(cue.start, LightLevel) and isinstance(cue.target, LightLevel):
        steps = max(abs(cue.target.lstar - cue.start.lstar) / STEP_LSTAR, abs(cue.target.mired - cue.start.mired) / STEP_MIRED)
    elif isinstance(cue.start, SoundLevel) and isinstance(cue.target, SoundLevel):
        steps = abs(cue.target.dba - cue.start.dba) / STEP_DECIBEL
    else:
        steps = 1.0
    return cue.fade / max(1.0, steps)


def _ends_exactly(device: Device, cue: Cue, left: Seconds) -> bool:
    """A stepping device that is not there yet needs a last step when its move is over."""
    return device.fade < QUICKEST < left and isinstance(cue.target, LightLevel | SoundLevel)


def _stop(cue: Cue, offset: Seconds) -> Seconds | None:
    """A fall to silence is followed by a stop."""
    silent = isinstance(cue.target, SoundLevel) and cue.target.dba <= SILENCE
    return cue.end if silent and offset < cue.end - _EPS else None


def _wanted(
    sheet: Sheet, room: Room, device: Device, cue: Cue, until: Level, end: Seconds, fade: Seconds, begins: bool, offset: Seconds
) -> tuple[Wanted, ...]:
    if isinstance(until, LightLevel):
        on = until.lstar > 0.005
        brightness = round(100 * output(until.lstar), 2) if on else 0.0
        return (LightWanted(on, brightness, float(round(kelvin(until.mired))), until.color, round(fade, 3)),)
    if isinstance(until, SoundLevel):
        return _music(sheet, room, device, cue, until, fade, begins, offset)
    if isinstance(until, ClimateLevel):
        return (ClimateWanted(round(until.celsius, 1)),)
    if isinstance(until, FanLevel):
        return (FanWanted(until.speed),)
    assert isinstance(until, WarmerLevel)
    return (WarmerWanted(until.on, _warming(sheet, offset) if until.on else 0.0),)


def _warming(sheet: Sheet, offset: Seconds) -> Seconds:
    """How long a warmer may go on by itself: what is still to come, counted from where the treatment waits or pauses."""
    standing = min(offset, sheet.horizon, offset if sheet.paused is None else sheet.paused)
    return float(max(OVERRUN, round(sheet.end - standing)) if standing < offset else round(max(0.0, sheet.end - offset)))


def _music(
    sheet: Sheet, room: Room, device: Device, cue: Cue, until: SoundLevel, fade: Seconds, begins: bool, offset: Seconds
) -> tuple[Wanted, ...]:
    assert isinstance(cue.start, SoundLevel)
    assert isinstance(cue.target, SoundLevel)
    moving = offset < cue.end - _EPS and cue.start != cue.target
    if cue.target.dba <= SILENCE and not moving:
        return (PlayerWanted(False, volume_of(room, device, SILENCE)),)
    playlist = until.playlist or cue.start.playlist
    style = sheet.styles.get(playlist.partition(".")[0]) if playlist else None
    ask = PlayerWanted(True, volume_of(room, device, until.dba), playlist, round(fade, 3), style)
    if begins and cue.start.dba <= SILENCE:
        # Level before play: the first sound is the quietest.
        return (PlayerWanted(False, volume_of(room, device, SILENCE), cue.target.playlist, style=style), ask)
    return (ask,)


def volume_of(room: Room, device: Device, level: DBA) -> Percent:
    """The player volume (0-100 %) that gives `level` in this room; without calibration half volume counts as 60 dBA."""
    if room.full_volume_dba is None:
        return round(min(50.0, volume(level, UNCALIBRATED_FULL, device.taper) / 2), 2)
    return round(volume(level, room.full_volume_dba, device.taper), 2)


def dba_of(room: Room, device: Device, percent: Percent) -> DBA:
    """The level a player volume gives in this room: the inverse of `volume_of`."""
    decade = 60.0 if device.taper == "cubic" else 20.0
    if percent <= 0:
        return SILENCE
    if room.full_volume_dba is None:
        return max(SILENCE, UNCALIBRATED_FULL + decade * log10(percent / 50))
    return max(SILENCE, room.full_volume_dba + decade * log10(percent / 100))
