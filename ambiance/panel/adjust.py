"""A hand on the room: from the keys people and programs send to trims, switches and levels."""

from ambiance.cuesheet import dba_of
from ambiance.cuesheet.model import ClimateLevel, FanLevel, Level, LightLevel, Scene, SoundLevel, WarmerLevel
from ambiance.errors import Invalid
from ambiance.panel.bodies import AdjustBody, HoldBody
from ambiance.profile.accent import RED_LIMIT, redness
from ambiance.session.wishes import Adjust
from ambiance.site import Device, Room
from ambiance.units import SILENCE, Percent, lstar, mired

HALF: Percent = 50.0
"""The most a room gets whose loudness nobody measured."""
PLAIN_KELVIN = 2700.0

_KEYS = {
    "light": ("on", "brightness", "kelvin", "color"),
    "player": ("playing", "volume"),
    "climate": ("celsius",),
    "fan": ("speed",),
    "warmer": ("on",),
}


def adjust(body: AdjustBody, room: Room, scene: Scene, source: str) -> Adjust:
    """The wish in a body. Raises Invalid unless it is exactly one change, of devices this room has."""
    given = [name for name in AdjustBody.model_fields if getattr(body, name) is not None]
    if len(given) != 1:
        raise Invalid(("body", ", ".join(given) or "nothing", f"exactly one of {', '.join(AdjustBody.model_fields)}"))
    match body.music:
        case "mute" | "unmute":
            return Adjust(room.id, mute=body.music == "mute", source=source)
        case None:
            pass
        case decibel:
            return Adjust(room.id, music=decibel, source=source)
    return Adjust(
        room.id,
        light=body.light,
        style=body.style,
        another=bool(body.another),
        scent_off=body.scent == "off",
        exam_light=body.exam_light,
        hold={} if body.hold is None else holds(body.hold, room, scene),
        release=bool(body.release),
        source=source,
    )


def holds(hold: dict[str, HoldBody], room: Room, scene: Scene) -> dict[str, Level]:
    """The level of each device that is to be held. Raises Invalid with every fault."""
    levels: dict[str, Level] = {}
    faults: list[tuple[str, object, str]] = []
    for id, body in hold.items():
        device = room.by_id.get(id)
        keys = _KEYS.get(device.kind) if device is not None else None
        if device is None or keys is None:
            holdable = ", ".join(d.id for d in room.devices if d.kind in _KEYS)
            faults.append((f"hold.{id}", id, f"a device of this room that can be held: {holdable or 'it has none'}"))
            continue
        sent = body.model_fields_set
        if not sent or sent - set(keys):
            faults.append((f"hold.{id}", ", ".join(sorted(sent)) or "nothing", f"out of {', '.join(keys)}"))
            continue
        if body.kelvin is not None and not device.kelvin[0] <= body.kelvin <= device.kelvin[1]:
            faults.append((f"hold.{id}.kelvin", body.kelvin, f"{device.kelvin[0]:g} to {device.kelvin[1]:g}, what this lamp can do"))
            continue
        if body.color is not None and redness(body.color.lower()) >= RED_LIMIT:
            faults.append((f"hold.{id}.color", body.color, "a colour under 80 % red: saturated red endangers photosensitive people"))
            continue
        level = _level(body, device, room, scene.levels.get(id))
        if level is None:
            faults.append((f"hold.{id}", "no value", f"a value for {' or '.join(keys)}"))
        else:
            levels[id] = level
    if faults:
        raise Invalid(*faults)
    return levels


def _level(body: HoldBody, device: Device, room: Room, present: Level | None) -> Level | None:
    match device.kind:
        case "light":
            return _light(body, present if isinstance(present, LightLevel) else LightLevel(0.0, mired(PLAIN_KELVIN)))
        case "player":
            sound = present if isinstance(present, SoundLevel) else SoundLevel(SILENCE)
            if body.playing is False:
                return SoundLevel(SILENCE, sound.playlist)
            if body.volume is None:
                return sound if body.playing and sound.dba > SILENCE else None
            most = 100.0 if room.full_volume_dba is not None else HALF
            return SoundLevel(dba_of(room, device, min(most, body.volume)), sound.playlist)
        case "climate":
            return None if body.celsius is None else ClimateLevel(body.celsius)
        case "fan":
            return None if body.speed is None else FanLevel(body.speed)
        case _:
            return None if body.on is None else WarmerLevel(body.on)


def _light(body: HoldBody, present: LightLevel) -> LightLevel | None:
    lightness = present.lstar if body.brightness is None else lstar(body.brightness / 100)
    if body.on is False:
        lightness = 0.0
    elif body.on and lightness == 0.0:
        lightness = 100.0
    if body.color is not None:
        return LightLevel(lightness, present.mired, body.color.lower())
    if body.kelvin is not None:
        return LightLevel(lightness, mired(body.kelvin), None)
    if body.on is None and body.brightness is None:
        return None
    return LightLevel(lightness, present.mired, present.color)
