"""What a room does when no session plays in it: turnover, ready, to be cleaned, out of order, emergency.

These are cue sheets too, so a room is a function of time whether or not somebody is in it.
"""

from collections.abc import Mapping
from dataclasses import replace

from ambiance.cuesheet.aims import aims
from ambiance.cuesheet.cues import lay_cues
from ambiance.cuesheet.fades import WINDOW
from ambiance.cuesheet.model import FOREVER, Aim, Cue, Level, LightLevel, Sheet, SoundLevel, Span, WarmerLevel
from ambiance.profile.model import Atmosphere
from ambiance.site import FULL_LUX, Limits, Room, Setting
from ambiance.units import SILENCE, Seconds, mired
from ambiance.why import Layer, Why

EMERGENCY_RAMP: Seconds = 1.0
"""Full light within a second, smoothly: an emergency never flashes."""
_KELVIN = {"ready": 2700.0}
_FADE: Seconds = 10.0


def _plain(lux: float, kelvin: float, phase: str) -> Atmosphere:
    why = Why(Layer.STANDING, phase.replace("_", " "))
    return Atmosphere(
        lux,
        kelvin,
        None,
        0.0,
        None,
        None,
        (),
        0,
        0,
        0,
        22.0,
        False,
        _FADE,
        why=dict.fromkeys(("lux", "kelvin", "dba", "celsius", "extract", "exam_lux"), why),
    )


def ready(room: Room, setting: Setting, limits: Limits) -> Mapping[str, Aim]:
    """A free room: 5 % of its output, quiet, no scent."""
    return _state(room, "ready", setting, limits)


def _state(room: Room, state: str, setting: Setting, limits: Limits) -> Mapping[str, Aim]:
    full = room.full_light_lux
    lux = {"ready": full * 0.05, "out_of_order": full * 0.2}.get(state, 100.0)
    return aims(room, state, _plain(min(lux, full), _KELVIN.get(state, 3000.0), state), occupied=False, limits=limits)[0]


def standing(room: Room, state: str, limits: Limits, levels: Mapping[str, Level] | None = None) -> Sheet:
    """The sheet of a room that is `ready`, `out_of_order` or anything else to be cleaned, from where its devices stand."""
    setting = room.setting
    palette = {state: _state(room, state, setting, limits), **_bright(room, setting, limits)}
    sheet = Sheet("", 0, (_forever(state, 0.0),), palette, (), light_rate=limits.light_max_l_step / WINDOW)
    return replace(sheet, cues=lay_cues(sheet, 0.0, levels))


def turnover(session: Sheet, room: Room, limits: Limits, levels: Mapping[str, Level], air: Seconds, clean: Seconds) -> Sheet:
    """The sheet after a session: `air` seconds of airing, cleaning until `clean`, then ready."""
    stretches = (("turnover_air", 0.0, air), ("turnover_clean", air, clean))
    spans = [
        Span(phase, start, end, end - start, end - start, _FADE, 0, False)
        for phase, start, end in stretches
        if end > start and phase in session.palette
    ]
    spans.append(_forever("ready", spans[-1].end if spans else 0.0))
    palette = {name: session.palette[name] for name in ("turnover_air", "turnover_clean", "ready", "bright") if name in session.palette}
    sheet = Sheet("", 0, tuple(spans), palette, (), light_rate=limits.light_max_l_step / WINDOW)
    return replace(sheet, cues=lay_cues(sheet, 0.0, levels))


def airing(room: Room, before: Sheet | None, limits: Limits, levels: Mapping[str, Level], air: Seconds, clean: Seconds) -> Sheet:
    """A free room airs for `air` seconds ahead of a guest who needs clear air; its cleaning, if under way, goes on until `clean`."""
    known = before.palette if before is not None else {}
    wish = replace(_plain(min(200.0, room.full_light_lux), 3000.0, "turnover_air"), extract=True)
    palette = {
        "turnover_air": aims(room, "turnover_air", wish, occupied=False, limits=limits)[0],
        **{name: known[name] for name in ("turnover_clean",) if name in known},
        "ready": ready(room, room.setting, limits),
        **_bright(room, room.setting, limits),
    }
    return turnover(Sheet("", 0, (), palette, ()), room, limits, levels, air, clean)


def emergency(room: Room, levels: Mapping[str, Level], kind: str = "fire") -> Sheet:
    """Every lamp full and neutral white within a second, music stopped at once. Fans and heating stay as they are: the
    building has its own say on them. In a fire no warmer is left on.
    """
    why = Why(Layer.EMERGENCY, kind)
    palette: dict[str, Aim] = {}
    cues: list[Cue] = []
    for device in room.devices:
        start = levels.get(device.id)
        if device.kind == "light":
            coolest, warmest = mired(device.kelvin[1]), mired(device.kelvin[0])
            full: Level = LightLevel(100.0, min(warmest, max(coolest, mired(4000.0))))
            palette[device.id] = Aim(full, dict.fromkeys(("brightness", "kelvin", "color"), why))
            cues.append(Cue(0.0, device.id, start or LightLevel(0.0, 250.0), full, EMERGENCY_RAMP, why))
        elif device.kind == "player":
            quiet: Level = SoundLevel(SILENCE)
            palette[device.id] = Aim(quiet, dict.fromkeys(("volume", "playlist"), why))
            cues.append(Cue(0.0, device.id, quiet, quiet, 0.0, why))
        elif device.kind == "warmer" and kind == "fire":
            off: Level = WarmerLevel(False)
            palette[device.id] = Aim(off, {"on": why})
            cues.append(Cue(0.0, device.id, off, off, 0.0, why))
    return Sheet("", 0, (_forever("emergency", 0.0),), {"emergency": palette}, tuple(cues))


def _bright(room: Room, setting: Setting, limits: Limits) -> Mapping[str, Mapping[str, Aim]]:
    lux = min(FULL_LUX[setting], room.full_light_lux)
    found = aims(room, "bright", _plain(lux, 3000.0 if setting == "spa" else 3500.0, "bright"), limits=limits)[0]
    lamps = {device.id for device in room.of("light") if device.role != "exam"}
    why = Why(Layer.HAND, "bright")
    return {"bright": {d: replace(aim, why=dict.fromkeys(aim.why, why)) for d, aim in found.items() if d in lamps}}


def _forever(phase: str, start: Seconds) -> Span:
    return Span(phase, start, FOREVER, FOREVER - start, FOREVER - start, _FADE, 0, False)
