"""A room is a function of time: what it should be at any offset, and when that next changes."""

from collections.abc import Mapping

from ambiance.cuesheet.cues import counted, latest, level_at
from ambiance.cuesheet.hands import aim_under, held
from ambiance.cuesheet.model import FOREVER, Cue, Dose, Level, LightLevel, Scene, Sheet, SoundLevel
from ambiance.cuesheet.spans import at as span_at
from ambiance.site import Room
from ambiance.units import DBA, SILENCE, Lux, Seconds, output
from ambiance.why import Layer, Why


def present(sheet: Sheet, offset: Seconds, proposed: bool = False) -> int:
    """The index of the phase the room is in at `offset`, or was in when somebody paused it.

    `proposed`: as if every border were confirmed on time.
    """
    if sheet.paused is not None:
        offset = min(offset, sheet.paused)
    if proposed:
        return next((i for i in reversed(range(len(sheet.spans))) if sheet.spans[i].start <= offset and sheet.spans[i].length > 0), 0)
    return span_at(sheet.spans, offset)


def track(sheet: Sheet, device: str, proposed: bool = False) -> tuple[Cue, ...]:
    """A device's cues that count: those before the first border that still waits for a hand."""
    return sheet.tracks.get(device, ()) if proposed else counted(sheet, device)


def scene_at(sheet: Sheet, offset: Seconds, proposed: bool = False) -> Scene:
    """What the room should look, sound and smell like `offset` seconds in. Pure and total: any sheet, any offset.

    Used for the next cue as after a restart or a lost connection: the past is not replayed, the present is stated
    once. Hands are already in the sheet. `proposed` looks beyond a border that still waits for a hand, as a preview does.
    """
    index = present(sheet, offset, proposed)
    span = sheet.spans[index]
    planned = offset if sheet.paused is None else min(offset, sheet.paused)
    levels: dict[str, Level] = {}
    why: dict[str, Mapping[str, Why]] = {}
    for device in sheet.tracks:
        cues = track(sheet, device, proposed)
        if not cues:
            continue
        levels[device] = level_at(cues, offset)
        aim = aim_under(sheet, device, index, planned)
        reasons = aim.why if aim is not None else {}
        if sheet.paused is not None and (cause := cues[latest(cues, offset)].why) is not None:
            reasons = dict.fromkeys(reasons, cause)
        why[device] = reasons
    dose = dose_at(sheet, offset, proposed)
    return Scene(span.phase, span.n, levels, why, dose, _scent_why(sheet, span.phase, dose))


def _scent_why(sheet: Sheet, phase: str, dose: Dose | None) -> Why:
    """Who decided that scent is given now, or that none is."""
    here = sheet.scents.get(dose.phase if dose is not None else phase)
    if dose is None and sheet.pulses:
        if held(sheet, "scent_off"):
            return Why(Layer.HAND, "scent off")
        if sheet.paused is not None:
            return Why(Layer.HAND, "pause")
    return here or Why(Layer.EMERGENCY if phase == "emergency" else Layer.STANDING, phase.replace("_", " "))


def levels_at(sheet: Sheet, offset: Seconds, proposed: bool = False) -> Mapping[str, Level]:
    """The levels of `scene_at` alone, for whoever draws hundreds of instants."""
    tracks = {device: track(sheet, device, proposed) for device in sheet.tracks}
    return {device: level_at(cues, offset) for device, cues in tracks.items() if cues}


def dose_at(sheet: Sheet, offset: Seconds, proposed: bool = False) -> Dose | None:
    """The dose planned to run at `offset`, if any."""
    limit = FOREVER if proposed else sheet.horizon
    return next((d for d in sheet.doses if d.at <= offset < d.until and d.at < limit), None)


def next_change(sheet: Sheet, offset: Seconds) -> Seconds | None:
    """The next offset after `offset` at which a cue begins or ends, a dose begins or ends, or a phase borders; None if never."""
    limit = sheet.horizon
    moments = [moment for device in sheet.tracks for cue in counted(sheet, device) for moment in (cue.at, cue.end)]
    moments += [moment for dose in sheet.doses if dose.at < limit for moment in (dose.at, dose.until)]
    held = FOREVER if sheet.paused is None else sheet.paused
    moments += [span.start for span in sheet.spans if span.start <= min(limit, held)]
    return min((moment for moment in moments if offset < moment < FOREVER), default=None)


def room_lux(room: Room, scene: Scene) -> Lux:
    """The light at the table that a scene gives: the sum of what each lamp gives of the room's full light."""
    lamps = [(d, level) for d in room.of("light") if d.role != "exam" and isinstance(level := scene.levels.get(d.id), LightLevel)]
    return room.full_light_lux * sum(d.share * output(level.lstar) for d, level in lamps)


def room_dba(room: Room, levels: Mapping[str, Level]) -> DBA:
    """The level at the pillow that a scene's levels give; `SILENCE` without music."""
    heard = [level.dba for d in room.of("player") if isinstance(level := levels.get(d.id), SoundLevel)]
    return max(heard, default=SILENCE)
