"""What people's hands make of a phase's aim for one device."""

from collections.abc import Sequence
from dataclasses import replace

from ambiance.cuesheet.model import Aim, ClimateLevel, FanLevel, Hand, LightLevel, Sheet, SoundLevel, Span
from ambiance.cuesheet.playlists import numbered
from ambiance.cuesheet.spans import at as span_at
from ambiance.site import SILENT
from ambiance.units import SILENCE, Seconds
from ambiance.why import Layer, Why

LIGHT_TRIM = 30.0
"""L*: trims of light add up to at most this either way."""
MUSIC_TRIM = 12.0
"""dB: trims of music add up to at most this either way."""
REMEMBERED = 100
"""Trims of one kind that a sheet keeps apart: far more than a session sees, and few enough that nobody's taps can fill the house."""

UNFIT = Why(Layer.LIMIT, "the air is not fit for scent")


def trim(sheet: Sheet, kind: str) -> float:
    """The sum of all trims of one kind, within its bounds."""
    most = LIGHT_TRIM if kind == "light" else MUSIC_TRIM
    return max(-most, min(most, sum(hand.value for hand in sheet.hands if hand.kind == kind)))


def remembered(hands: Sequence[Hand]) -> tuple[Hand, ...]:
    """`hands` as a sheet keeps them: of too many trims of one kind the two nearest in time become one, and the sum stays."""
    kept = list(hands)
    for kind in ("light", "music"):
        places = [place for place, hand in enumerate(kept) if hand.kind == kind]
        while len(places) > REMEMBERED:
            n = min(range(1, len(places)), key=lambda n: kept[places[n]].at - kept[places[n - 1]].at)
            earlier, later = kept[places[n - 1]], kept[places[n]]
            kept[places[n]] = replace(later, value=earlier.value + later.value)
            del kept[places[n - 1]]
            places = [place for place, hand in enumerate(kept) if hand.kind == kind]
    return tuple(kept)


def held(sheet: Sheet, kind: str) -> bool:
    """Whether a switch (mute, scent off, exam light, bright) is on."""
    return any(hand.kind == kind for hand in sheet.hands)


def in_tail(span: Span, offset: Seconds) -> bool:
    """Whether the last stretch of a phase, which moves elsewhere, has begun."""
    return span.tail > 0 and span.start < span.end - span.tail <= offset


def aim_under(sheet: Sheet, device: str, index: int, offset: Seconds | None = None) -> Aim | None:
    """What the span at `index` wants of `device` at `offset` (None: at its beginning), with the hands that are on it.

    None: nothing of it. Raising light and silencing pass every bound; everything else stays inside the aim's own.
    """
    span = sheet.spans[index]
    phase = span.phase
    plan = sheet.palette.get(phase, {}).get(device)
    if offset is not None and plan is not None and isinstance(plan.level, LightLevel) and in_tail(span, offset):
        phase = f"{span.phase}/tail" if f"{span.phase}/tail" in sheet.palette else phase
        plan = sheet.palette[phase].get(device, plan)
    if plan is not None and sheet.unfit and isinstance(plan.level, FanLevel):
        return replace(plan, level=FanLevel(100.0), why=dict.fromkeys(plan.why, UNFIT))
    if plan is None or not sheet.hands:
        return plan
    hold = next((h for h in reversed(sheet.hands) if h.kind == "hold" and h.device == device and reaches(sheet, h, index)), None)
    if isinstance(plan.level, LightLevel):
        for switch in ("bright", "exam_light"):
            if held(sheet, switch) and device in sheet.palette.get(switch, {}):
                aim = sheet.palette[switch][device]
                lit = replace(aim, why=dict.fromkeys(aim.why, Why(Layer.HAND, switch.replace("_", " "))))
                return _as_needed(plan, lit, plan.low if plan.firm else 0.0)
        return _light(sheet, plan, hold, plan.level.lstar <= 0 and _may_light(sheet, device, phase))
    if isinstance(plan.level, SoundLevel):
        return _sound(sheet, device, plan, hold, index)
    if hold is not None and isinstance(hold.level, ClimateLevel):
        celsius = min(plan.high, max(plan.low, hold.level.celsius))
        by = Why(Layer.HAND, hold.source) if celsius == hold.level.celsius or plan.floor is None else plan.floor
        return replace(plan, level=ClimateLevel(celsius), why=dict.fromkeys(plan.why, by))
    if hold is not None and hold.level is not None:
        return replace(plan, level=hold.level, why=dict.fromkeys(plan.why, Why(Layer.HAND, hold.source)))
    return plan


def _may_light(sheet: Sheet, device: str, phase: str) -> bool:
    """A phase that keeps the whole room dark gives light to a person who asks for it, by the lamps staff light would use."""
    dark = all(aim.level.lstar <= 0 for aim in sheet.palette[phase].values() if isinstance(aim.level, LightLevel))
    bright = sheet.palette.get("bright", {}).get(device)
    return dark and bright is not None and isinstance(bright.level, LightLevel) and bright.level.lstar > 0


def _light(sheet: Sheet, plan: Aim, hold: Hand | None, may_light: bool) -> Aim:
    assert isinstance(plan.level, LightLevel)
    level, why, low = plan.level, plan.why, min(plan.low, plan.level.lstar)
    if hold is not None and isinstance(hold.level, LightLevel):
        # Somebody at the wall has the last word on their lamp but for what the guest needs; over the API every floor stands.
        low = min(plan.firm if hold.lasting else plan.low, level.lstar)
        level, why = hold.level, dict.fromkeys(why, Why(Layer.HAND, hold.source))
    by = trim(sheet, "light")
    if by and (level.lstar > 0 or (by > 0 and may_light)):
        # A lamp the plan keeps dark by floor or cap stays on its side of it unless light is raised.
        level = replace(level, lstar=min(100.0, max(min(low, level.lstar), level.lstar + by)))
        if level.lstar != plan.level.lstar or hold is not None:
            why = {**why, "brightness": Why(Layer.HAND, f"light {by:+g} L*")}
    if level is plan.level:
        return plan
    given = _as_needed(plan, replace(plan, level=level, why=why), low)
    return given if hold is not None and hold.lasting else _warmed(plan, given)


def _warmed(plan: Aim, given: Aim) -> Aim:
    """A lamp that hands made part of a dim room is as warm as dim light is here, and in the evening as warm as waking is."""
    level, was = given.level, plan.level
    assert isinstance(level, LightLevel) and isinstance(was, LightLevel)
    warmest, by = plan.waking or (0.0, None)
    if by is not None and level.color not in (None, was.color):
        level = replace(level, color=was.color)
        given = replace(given, level=level, why={**given.why, "color": by})
    below, dim = plan.warm_below or (0.0, 0.0)
    if level.color is None and level.lstar < below and dim > warmest:
        warmest, by = dim, Why(Layer.LIMIT, f"dim light is {1e6 / dim:.0f} K or warmer")
    if by is None or level.mired >= warmest:
        return given
    return replace(given, level=replace(level, mired=warmest), why={**given.why, "kelvin": by})


def _as_needed(plan: Aim, wished: Aim, low: float) -> Aim:
    """What a hand asked of a lamp, no darker than `low`, and as warm and white as the guest needs it; says who held it back."""
    assert isinstance(wished.level, LightLevel)
    level, why = wished.level, dict(wished.why)
    if level.lstar <= low and plan.floor is not None:
        if level.lstar < low or low == plan.low:
            why["brightness"] = plan.floor
        level = replace(level, lstar=max(low, level.lstar))
    if level.mired < plan.warmest:
        level, why["kelvin"] = replace(level, mired=plan.warmest), plan.tint or why["kelvin"]
    if plan.white and level.color is not None:
        level, why["color"] = replace(level, color=None), plan.tint or why["color"]
    return replace(wished, level=level, why=why, low=plan.low if plan.firm else wished.low)


def _sound(sheet: Sheet, device: str, plan: Aim, hold: Hand | None, index: int) -> Aim:
    assert isinstance(plan.level, SoundLevel)
    if held(sheet, "mute"):
        return replace(plan, level=SoundLevel(SILENCE), why=dict.fromkeys(plan.why, Why(Layer.HAND, "muted")))
    styled = plan
    chosen = next((hand for hand in reversed(sheet.hands) if hand.kind == "style"), None)
    if chosen is not None and (chosen.style != SILENT or hold is None or hold.at <= chosen.at):
        styled = in_style(plan, chosen)
        hold = None if chosen.style == SILENT else hold
    heard = _at_level(sheet, device, styled, hold, chosen is not None and chosen.style in plan.styles)
    return _another(sheet, heard, index)


def in_style(plan: Aim, hand: Hand) -> Aim:
    """What a style chosen by hand makes of an aim. Who must not hear it goes on hearing what was planned; silence keeps to their floor."""
    assert isinstance(plan.level, SoundLevel)
    by, level = Why(Layer.HAND, hand.source), plan.level
    if hand.style == SILENT:
        if level.dba <= SILENCE:
            return plan
        quiet = SoundLevel(plan.low, level.playlist) if plan.low > SILENCE else SoundLevel(SILENCE)
        return replace(plan, level=quiet, why={**plan.why, "volume": by if plan.low <= SILENCE or plan.floor is None else plan.floor})
    playlist = plan.styles.get(hand.style or "")
    if playlist is None:
        return plan if plan.barred is None else replace(plan, why={**plan.why, "playlist": plan.barred})
    woken = level.dba <= SILENCE
    why = {**plan.why, "playlist": by, **({"volume": by} if woken else {})}
    return replace(plan, level=SoundLevel(plan.aloud if woken else level.dba, playlist), why=why)


def _another(sheet: Sheet, aim: Aim, index: int) -> Aim:
    """The same playlist under a count: another piece of it is asked for in words that mean the same however often they are said."""
    hand = next((hand for hand in reversed(sheet.hands) if hand.kind == "another"), None)
    assert isinstance(aim.level, SoundLevel)
    if hand is None or aim.level.playlist is None or aim.level.dba <= SILENCE:
        return aim
    here = span_at(sheet.spans, hand.at) == index
    why = {**aim.why, "playlist": Why(Layer.HAND, hand.source)} if here else aim.why
    return replace(aim, level=replace(aim.level, playlist=numbered(aim.level.playlist, int(hand.value))), why=why)


def _at_level(sheet: Sheet, device: str, plan: Aim, hold: Hand | None, styled: bool) -> Aim:
    """What a hold and trims make of how loud a player is. `styled`: what it plays was chosen, and no hold chooses it again."""
    assert isinstance(plan.level, SoundLevel)
    level, why = plan.level, plan.why
    asked = level.dba
    if hold is not None and isinstance(hold.level, SoundLevel):
        by = Why(Layer.HAND, hold.source)
        asked, why = hold.level.dba, {name: why[name] if styled and name == "playlist" else by for name in why}
        if asked <= SILENCE:
            return replace(plan, level=SoundLevel(SILENCE), why=why)
        # Whoever holds a player that is silent now hears what this guest may hear, not what played before them.
        playlist = (None if styled else hold.level.playlist) or level.playlist or next(iter(_playlists(sheet, device)), None)
        level = SoundLevel(max(min(plan.low, level.dba), min(plan.high, asked)), playlist)
    decibel = trim(sheet, "music")
    if decibel and level.dba > SILENCE:
        asked = max(SILENCE + 1, level.dba + decibel)
        level = replace(level, dba=max(min(plan.low, plan.level.dba), min(plan.high, asked)))
        why = {**why, "volume": Why(Layer.HAND, f"music {decibel:+g} dB")}
    if level.dba < asked and plan.ceiling is not None:
        why = {**why, "volume": plan.ceiling}
    elif level.dba > asked and plan.floor is not None:
        why = {**why, "volume": plan.floor}
    if level.dba <= SILENCE:
        level = SoundLevel(SILENCE)
    return replace(plan, level=level, why=why)


def _playlists(sheet: Sheet, device: str) -> list[str]:
    """What this player is given over the treatment, in order."""
    levels = (aims[device].level for aims in sheet.palette.values() if device in aims)
    return [level.playlist for level in levels if isinstance(level, SoundLevel) and level.playlist]


def reaches(sheet: Sheet, hold: Hand, index: int) -> bool:
    """A hold lasts to the end of the phase it was set in, or of the session."""
    return hold.lasting or index <= span_at(sheet.spans, hold.at)
