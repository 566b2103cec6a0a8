"""The set-points of a visit, so that a later one can have the same: numbers, without who asked for them or why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ambiance.cuesheet.aims import trimmed
from ambiance.cuesheet.model import Aim, LightLevel, Sheet, SoundLevel
from ambiance.profile import Atmosphere, Profile, Trims
from ambiance.site import Room
from ambiance.units import DBA, SILENCE, Kelvin, Lux, kelvin, lstar, mired, output
from ambiance.why import Layer, Why

AS_BEFORE = Why(Layer.PROFILE, "as at the first visit of the course")


@dataclass(frozen=True, slots=True)
class SetPoint:
    """What one phase was planned to be: light at the table in lx, colour temperature, sound at the pillow (None: silence)."""

    lux: Lux
    kelvin: Kelvin
    dba: DBA | None
    accent: bool = True
    """Whether lamps may have the profile's colour."""


def set_points(profile: Profile, sheet: Sheet, room: Room) -> Mapping[str, SetPoint]:
    """Each phase of the visit as `sheet` has it from `profile`: with trims and wishes, and what care and room left of them."""
    clamped = {(clamp.phase, clamp.attribute): clamp.given for clamp in sheet.clamps if not clamp.device}
    found = {}
    for phase in dict.fromkeys(span.phase for span in sheet.spans if span.n):
        atmosphere, aims = profile.atmospheres[phase], sheet.palette[phase]
        wanted = trimmed(atmosphere, profile.trims, room)
        lux, warmth, full = wanted.lux, wanted.kelvin, room.full_light_lux
        if sheet.tuning.lstar and lux > 0:
            lux = full * output(lstar(lux / full) + sheet.tuning.lstar)
        if sheet.tuning.mired:
            warmth = kelvin(mired(warmth) + sheet.tuning.mired)
        # Needs may ask for more than the plan without clamping it; then what the lamps were given says so.
        lux = max(clamped.get((phase, "lux"), lux), _given(aims, room))
        levels = [aim.level.dba for aim in aims.values() if isinstance(aim.level, SoundLevel)]
        loudest = max(levels) if levels else wanted.dba
        found[phase] = SetPoint(
            round(lux, 6),
            round(clamped.get((phase, "kelvin"), warmth), 6),
            None if loudest is None or loudest <= SILENCE else round(loudest, 6),
            not any(_colourless(aim) for aim in aims.values()),
        )
    return found


def with_set_points(profile: Profile, points: Mapping[str, SetPoint]) -> Profile:
    """The same treatment with these set-points in place of its own; what they do not name stays as it is."""
    atmospheres = {phase: _as(atmosphere, points.get(phase)) for phase, atmosphere in profile.atmospheres.items()}
    return replace(profile, atmospheres=atmospheres, trims=Trims())


def _as(atmosphere: Atmosphere, point: SetPoint | None) -> Atmosphere:
    if point is None:
        return atmosphere
    accent = atmosphere.accent if point.accent else None
    moved = {"lux": point.lux, "kelvin": point.kelvin, "dba": point.dba}
    why = {**atmosphere.why, **{name: AS_BEFORE for name, value in moved.items() if getattr(atmosphere, name) != value}}
    return replace(atmosphere, lux=point.lux, kelvin=point.kelvin, dba=point.dba, accent=accent, why=why)


def _given(aims: Mapping[str, Aim], room: Room) -> Lux:
    lamps = (device for device in room.of("light") if device.role != "exam" and device.id in aims)
    levels = ((device, aims[device.id].level) for device in lamps)
    return sum(device.share * room.full_light_lux * output(level.lstar) for device, level in levels if isinstance(level, LightLevel))


def _colourless(aim: Aim) -> bool:
    """Whether somebody's needs took the colour out of this lamp."""
    why = aim.why.get("color")
    return isinstance(aim.level, LightLevel) and aim.level.color is None and why is not None and why.layer is Layer.CARE
