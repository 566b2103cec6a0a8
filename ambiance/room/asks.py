"""What the room's own buttons, switches and devices ask of the conductor, as wishes."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from ambiance.cuesheet import LightLevel, SoundLevel, dba_of
from ambiance.device.news import ButtonPressed, DeviceChanged, DeviceNews, DeviceReturned, DeviceSilent, DeviceWentOffline
from ambiance.session.wishes import Act, Adjust, Begin, Bright, Call, Emergency, Lost, Ready, Returned, Verb, Wish
from ambiance.site import Room
from ambiance.units import SILENCE, Lstar, lstar, mired

TOUCH: Lstar = 5.0
"""What one press of brighter or dimmer moves."""
MORE: Lstar = 15.0
"""What a guest's own key for more light gives, no reason asked."""
LOUDER = 3.0
"""dB that one press of louder or quieter moves."""
_ACTS: Mapping[str, Verb] = {"pause": "pause", "resume": "resume", "stay": "stay", "extend": "extend", "end": "end"}


def wish_of(news: DeviceNews, room: Room, live: bool, hands: Sequence[str], emergency: bool = False) -> Wish | None:
    """The wish behind a device's news, or None. `live`: a session holds the room; `hands`: those laid on it now.

    In an `emergency` nobody at a wall or in another app has a say: the device is told again what it should be.
    """
    match news:
        case ButtonPressed(verb=verb):
            return _press(verb, room.id, live, hands)
        case DeviceReturned():
            return Returned(room.id, news.device)
        case DeviceWentOffline() | DeviceSilent():
            return Lost(room.id, news.device) if live else None
        case DeviceChanged(device=id, reported=reported):
            device = room.by_id[id]
            if emergency:
                return Returned(room.id, id)
            if not live:
                return None
            if device.kind == "diffuser" and reported.get("on"):
                return Returned(room.id, id)  # switched on by hand or another app: off, unless a dose of ours runs
            if device.kind == "light" and (light := _light(reported)) is not None:
                return Adjust(room.id, hold={id: light}, lasting=True, source=f"{id} by hand")
            if device.kind == "player" and (volume := reported.get("volume")) is not None:
                level = dba_of(room, device, float(volume)) if reported.get("playing", True) else SILENCE
                return Adjust(room.id, hold={id: SoundLevel(level)}, lasting=True, source=f"{id} by hand")
            return None
        case _:
            return None


def _press(verb: str, room: str, live: bool, hands: Sequence[str]) -> Wish | None:
    """A key of the room's button. One nobody knows does nothing."""
    if verb in ("next", "advance", "begin"):
        return Act("advance", room=room) if live else Begin(room)
    if verb in _ACTS:
        return Act(_ACTS[verb], room=room)
    match verb:
        case "bright":
            return Bright(room, None)
        case "brighter":
            return Adjust(room, light=TOUCH, source="button")
        case "dimmer":
            return Adjust(room, light=-TOUCH, source="button")
        case "louder":
            return Adjust(room, music=LOUDER, source="button")
        case "quieter":
            return Adjust(room, music=-LOUDER, source="button")
        case "more_light":
            return Adjust(room, light=MORE, source="button")
        case "stop_sound":
            return Adjust(room, mute=True, source="button")
        case "duress":
            return Emergency("duress", room=room, by="button")
        case "medical":
            return Emergency("medical", room=room, by="button")
        case "mute":
            return Adjust(room, mute="muted" not in hands, source="button")
        case "another":
            return Adjust(room, another=True, source="button")
        case "scent_off":
            return Adjust(room, scent_off=True, source="button")
        case "exam_light":
            return Adjust(room, exam_light="exam light" not in hands, source="button")
        case "release":
            return Adjust(room, release=True, source="button")
        case "ready":
            return Ready(room)
        case "call":
            return Call(room)
    return None


def _light(reported: Mapping[str, Any]) -> LightLevel | None:
    brightness = reported.get("brightness", 0.0 if reported.get("on") is False else None)
    if not isinstance(brightness, int | float) or not isfinite(brightness):
        return None
    level = lstar(brightness / 100) if reported.get("on", True) else 0.0
    kelvin = reported.get("kelvin") or 2700
    return LightLevel(level, mired(float(kelvin)), reported.get("color"))
