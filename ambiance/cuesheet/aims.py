"""From an atmosphere in lux, kelvin and dBA to what each device of one room is to do, and what it cannot."""

from collections.abc import Mapping
from dataclasses import replace

from ambiance.care.model import Care, Needs
from ambiance.cuesheet.ceilings import WAKING, ceiling, warmer
from ambiance.cuesheet.model import UNTUNED, Aim, Clamp, ClimateLevel, FanLevel, LightLevel, SoundLevel, Tuning, WarmerLevel
from ambiance.cuesheet.music import music
from ambiance.cuesheet.shares import fitted, shares
from ambiance.profile import Atmosphere, Trims
from ambiance.site import Device, Evening, Limits, Room
from ambiance.units import DBA, SILENCE, Lstar, Lux, Mired, kelvin, lstar, mired, output
from ambiance.why import Layer, Why

THE_ROOM = Why(Layer.ROOM, "the room's devices")
OCCUPIED_FLOOR: Lux = 5.0
"""No unrequested darkness while anyone is in the room (a float excepted)."""
UNCALIBRATED_FULL: DBA = 60.0
"""A room whose loudness nobody measured is capped at half volume, which is taken for 60 dBA."""


def aims(
    room: Room,
    phase: str,
    atmosphere: Atmosphere,
    *,
    lying: bool = False,
    occupied: bool = True,
    care: Care | None = None,
    limits: Limits,
    tuning: Tuning = UNTUNED,
    trims: Trims | None = None,
    celsius: float | None = None,
    evening: Evening | None = None,
) -> tuple[Mapping[str, Aim], tuple[Clamp, ...]]:
    """What `phase` wants of every device of `room`, inside care, the room's means and the house's limits; and what was clamped.

    `evening`: this phase lies in the evening of a house that has evenings.
    """
    atmosphere = trimmed(atmosphere, trims, room) if trims is not None else atmosphere
    needs = care.at(phase) if care is not None else Needs()
    care_why = care.why if care is not None else {}
    found: dict[str, Aim] = {}
    clamps: list[Clamp] = []
    found.update(_lamps(room, phase, atmosphere, needs, care_why, clamps, lying, occupied, tuning, limits, evening))
    found.update(_players(room, phase, atmosphere, needs, care_why, clamps, limits, tuning, care))
    why = atmosphere.why
    air = (atmosphere.celsius if celsius is None else celsius) + needs.celsius
    for device in room.devices:
        if device.kind == "climate":
            source = why.get("celsius", THE_ROOM) if not needs.celsius else care_why.get("celsius", _care("temperature"))
            # Whoever needs it cooler is not made warmer by hand, nor the other way round.
            bounds = (air if needs.celsius > 0 else -100.0, air if needs.celsius < 0 else 100.0)
            found[device.id] = Aim(ClimateLevel(air), {"celsius": source}, *bounds, floor=source, ceiling=source)
        elif device.kind == "fan":
            found[device.id] = Aim(FanLevel(100.0 if atmosphere.extract else 0.0), {"speed": why.get("extract", THE_ROOM)})
        elif device.kind == "warmer":
            found[device.id] = Aim(WarmerLevel(occupied or phase == "room_prep"), {"on": THE_ROOM})
    return found, tuple(clamps)


def trimmed(atmosphere: Atmosphere, trims: Trims, room: Room) -> Atmosphere:
    """The house's own trims of a menu item, laid on the profile's atmosphere."""
    why = dict(atmosphere.why)
    source = Why(Layer.MENU, trims.source)
    lux, warmth, dba = atmosphere.lux, atmosphere.kelvin, atmosphere.dba
    if trims.light and lux > 0:
        full = room.full_light_lux
        lux, why["lux"] = full * output(lstar(lux / full) + trims.light), source
    if trims.warmer:
        warmth, why["kelvin"] = kelvin(mired(warmth) + trims.warmer), source
    if trims.music and dba is not None:
        dba, why["dba"] = dba + trims.music, source
    return replace(atmosphere, lux=lux, kelvin=warmth, dba=dba, why=why)


def _lamps(
    room: Room,
    phase: str,
    atmosphere: Atmosphere,
    needs: Needs,
    care_why: Mapping[str, Why],
    clamps: list[Clamp],
    lying: bool,
    occupied: bool,
    tuning: Tuning,
    limits: Limits,
    evening: Evening | None,
) -> Mapping[str, Aim]:
    why_lux = atmosphere.why.get("lux", THE_ROOM)
    why_kelvin = atmosphere.why.get("kelvin", THE_ROOM)
    full = room.full_light_lux
    lux = atmosphere.lux
    warmth = mired(atmosphere.kelvin)
    if tuning.lstar and lux > 0:
        lux, why_lux = full * output(lstar(lux / full) + tuning.lstar), Why(Layer.WISH, f"light {tuning.lstar:+g} L*")
    if tuning.mired:
        warmth, why_kelvin = warmth + tuning.mired, Why(Layer.WISH, f"{tuning.mired:+g} mired")
    tint = None
    if needs.kelvin_max is not None:
        tint = care_why.get("kelvin_max", _care("keep the light warm"))
        warmth, why_kelvin = warmer(warmth, why_kelvin, needs.kelvin_max, tint, phase, clamps)
    if needs.no_accent:
        tint = care_why.get("no_accent", _care("white light only"))
    late = Why(Layer.LIMIT, f"evening: {evening.return_max_kelvin:g} K or warmer") if evening is not None and phase in WAKING else None
    if evening is not None and late is not None:
        warmth, why_kelvin = warmer(warmth, why_kelvin, evening.return_max_kelvin, late, phase, clamps)
    low, floor = 0.0 if atmosphere.lux == 0 or not occupied else min(OCCUPIED_FLOOR, full), Why(Layer.LIMIT, "light of an occupied room")
    if needs.light_min is not None and needs.light_min > low:
        low, floor = min(needs.light_min, full), care_why.get("light_min", _care("keep it light enough"))
    # What counts for the eye's clock is the light that comes out, where lamps are not as warm as they should be.
    seen = min((_given(device, warmth) for device in room.of("light") if device.role != "exam"), default=warmth)
    high, most = ceiling(room, phase, needs, care_why, limits, evening if lying else None, seen, low, occupied)
    low = min(low, high)
    if lux > high or lux < low:
        given, by = (high, most) if lux > high else (low, floor)
        clamps.append(Clamp("", phase, "lux", lux, given, by))
        lux, why_lux = given, by
    if lying and 0 < lux < limits.dim_below_lux:
        warmth, why_kelvin = warmer(warmth, why_kelvin, limits.dim_max_kelvin, limits.why("dim_max_kelvin"), phase, clamps)
    accent = None if needs.no_accent else atmosphere.accent
    wanted = dict(shares(room, lux / full, accent.share if accent else None))
    firm = needs.light_min is not None
    bounds = (low / full if firm else None, high / full if high < full or needs.light_max is not None else None)
    parts = fitted(room, wanted, lying, needs.out_of_view and lying, *bounds, cap=limits.supine_max_percent)
    reached = full * sum(d.share * parts[d.id] for d in room.of("light") if d.role != "exam")
    _named(clamps, phase, needs, full, reached, lying, high, most)
    steady = min(1.0, low / reached) if reached > 0 else 0.0
    cool = mired(needs.kelvin_max) if needs.kelvin_max is not None else 0.0
    dimmed = shares(room, min(1.0, limits.dim_below_lux / full), accent.share if accent else None)
    found: dict[str, Aim] = {}
    for id, part in parts.items():
        device, moved = room.by_id[id], abs(part - wanted[id]) > 1e-9
        found[id] = _lamp(
            device, phase, part, wanted[id], warmth, accent.color if accent and device.role == "accent" else None, clamps,
            {
                "brightness": (_care("no lamp in view") if part == 0 else floor if part > wanted[id] else most) if moved else why_lux,
                "kelvin": why_kelvin,
                "color": _accent_why(atmosphere, needs, care_why),
            },
            lying, limits,
        )  # fmt: skip
        lamp = found[id]
        assert isinstance(lamp.level, LightLevel)
        keeps = lstar(part * steady)
        least = max(keeps, lstar(device.lowest / 100)) if lamp.level.lstar > 0 else 0.0
        bound = min(high / full, limits.supine_max_percent / 100 if lying and device.supine_view else 1.0)
        found[id] = replace(
            lamp, low=least, high=max(lamp.level.lstar, lstar(bound)), floor=floor, ceiling=most, firm=least if firm else 0.0,
            bears=100.0 if needs.light_max is None else lstar(min(1.0, needs.light_max / full)),
            warmest=min(cool, lamp.level.mired), tint=tint, white=needs.no_accent,
            warm_below=_warm_below(device, lamp.level, dimmed[id], lux, limits) if lying else None,
            waking=(min(mired(evening.return_max_kelvin), mired(device.kelvin[0])), late) if evening is not None and late else None,
        )  # fmt: skip
    for device in room.of("light", "exam"):
        on, source = atmosphere.exam_lux > 0, atmosphere.why.get("exam_lux", THE_ROOM)
        if on and needs.light_max is not None and atmosphere.exam_lux > needs.light_max:
            # Its local light is far above what this guest bears; a person may still switch it on.
            on, source = False, care_why.get("light_max", _care("keep it dim"))
            clamps.append(Clamp(device.id, phase, "brightness", 100.0, 0.0, source))
        if on and needs.out_of_view and device.supine_view and lying:
            on, source = False, _care("no lamp in view")
        lamp = _lamp(device, phase, 1.0 if on else 0.0, 1.0 if on else 0.0, max(mired(atmosphere.kelvin), cool), None, clamps,
                     {"brightness": source, "kelvin": why_kelvin, "color": source}, lying and not on, limits)  # fmt: skip
        assert isinstance(lamp.level, LightLevel)
        found[device.id] = replace(lamp, warmest=min(cool, lamp.level.mired), tint=tint, white=needs.no_accent)
    return found


def _warm_below(device: Device, level: LightLevel, part: float, lux: Lux, limits: Limits) -> tuple[Lstar, Mired]:
    """Below which L* this lamp is part of a dim room, and how warm it then is, as far as it can be."""
    below = lstar(part) if lux < limits.dim_below_lux else min(lstar(part), level.lstar)
    return round(below, 3), min(mired(limits.dim_max_kelvin), mired(device.kelvin[0]))


def _named(clamps: list[Clamp], phase: str, needs: Needs, full: Lux, reached: Lux, lying: bool, high: Lux, most: Why) -> None:
    """What this room's lamps or its house cannot do for a guest is said, never passed over."""
    guest = " for a lying guest" if lying else ""
    if needs.light_min is not None and reached < needs.light_min - 0.05:
        by = Why(Layer.CARE, f"this room's lamps give at most {reached:.3g} lx{guest}")
        if high < min(needs.light_min, full) and reached > high - 0.05:
            by = Why(Layer.CARE, f"no more light here: {most.source}")
        clamps.append(Clamp("", phase, "floor of lux", needs.light_min, reached, by))
    if high < full and reached > high + 0.05:
        by = Why(most.layer, f"this room's lamps give at least {reached:.3g} lx")
        clamps.append(Clamp("", phase, "ceiling of lux", high, reached, by))


def _lamp(
    device: Device,
    phase: str,
    part: float,
    wanted: float,
    warmth: float,
    color: str | None,
    clamps: list[Clamp],
    why: dict[str, Why],
    lying: bool,
    limits: Limits,
) -> Aim:
    """One lamp at `part` of its output, where the phase wanted `wanted` of it."""
    cap = limits.supine_max_percent
    if lying and device.supine_view and wanted * 100 > cap:
        by = Why(Layer.LIMIT, f"lamp in the lying guest's view: {limits.why('supine_max_percent').source}")
        clamps.append(Clamp(device.id, phase, "brightness", round(wanted * 100, 2), cap, by))
        why = {**why, "brightness": by}
    elif 0 < wanted * 100 < device.lowest and part * 100 <= device.lowest + 1e-9:
        by = Why(Layer.ROOM, f"{device.id} is steady from {device.lowest:g} % up")
        clamps.append(Clamp(device.id, phase, "brightness", round(wanted * 100, 2), round(part * 100, 2), by))
        why = {**why, "brightness": by}
    given = _given(device, warmth)
    if abs(given - warmth) > 0.5 and color is None:
        by = Why(Layer.ROOM, f"{device.id} reaches {device.kelvin[0]:g}-{device.kelvin[1]:g} K")
        if part > 0:  # of a lamp that does not burn nobody would see it
            clamps.append(Clamp(device.id, phase, "kelvin", round(kelvin(warmth)), round(kelvin(given)), by))
        why = {**why, "kelvin": by}
    return Aim(LightLevel(lstar(part), given, color), why)


def _given(device: Device, warmth: Mired) -> Mired:
    """The warmth a lamp gives where `warmth` is wanted."""
    return min(mired(device.kelvin[0]), max(mired(device.kelvin[1]), warmth))


def _players(
    room: Room,
    phase: str,
    atmosphere: Atmosphere,
    needs: Needs,
    care_why: Mapping[str, Why],
    clamps: list[Clamp],
    limits: Limits,
    tuning: Tuning,
    care: Care | None,
) -> Mapping[str, Aim]:
    found: dict[str, Aim] = {}
    full = loudest(room)
    for device in room.of("player"):
        why = atmosphere.why.get("dba", THE_ROOM)
        high = min(limits.sound_max_dba, full)
        floor: Why | None = None
        most = Why(Layer.ROOM, f"{device.id} is capped at {full:g} dBA")
        if high == limits.sound_max_dba:
            most = limits.why("sound_max_dba")
        silent = atmosphere.dba is None or tuning.silence or needs.sound_off
        level = SILENCE if atmosphere.dba is None or silent else atmosphere.dba + tuning.decibel
        if tuning.silence:
            why = Why(Layer.WISH, "silence")
        elif tuning.decibel and not silent:
            why = Why(Layer.WISH, f"music {tuning.decibel:+g} dB")
        if needs.sound_off:
            high, most = SILENCE, care_why.get("sound_off", _care("keep it silent"))
            why = most
        elif needs.sound_max is not None and needs.sound_max < high:
            high, most = needs.sound_max, care_why.get("sound_max", _care("keep it quiet"))
        low = SILENCE
        if needs.sound_min is not None and not needs.sound_off:
            low, floor = min(needs.sound_min, high), care_why.get("sound_min", _care("keep a low sound"))
            if low < needs.sound_min:
                words = f"no louder here: {most.source}" if most.layer is Layer.LIMIT else f"{device.id} gives at most {low:g} dBA"
                by = Why(Layer.CARE, words)
                clamps.append(Clamp(device.id, phase, "floor of dBA", needs.sound_min, low, by))
        if not low <= level <= high:
            given = min(high, max(low, level))
            by = most if level > high or floor is None else floor
            clamps.append(Clamp(device.id, phase, "dba", level, given, by))
            level, why = given, by
        aim = Aim(SoundLevel(level), {"volume": why}, low, high, floor, most)
        found[device.id] = music(device, phase, atmosphere, tuning, care, aim, level, clamps, room.playlist_key)
    return found


def loudest(room: Room) -> DBA:
    """The level at the pillow this room's player may reach: full volume, or half of it where nobody measured."""
    return UNCALIBRATED_FULL if room.full_volume_dba is None else room.full_volume_dba


def _accent_why(atmosphere: Atmosphere, needs: Needs, care_why: Mapping[str, Why]) -> Why:
    if needs.no_accent and atmosphere.accent is not None:
        return care_why.get("no_accent", _care("white light only"))
    return atmosphere.why.get("accent", Why(Layer.PROFILE, "no accent"))


def _care(words: str) -> Why:
    return Why(Layer.CARE, words)
