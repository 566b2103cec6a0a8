"""How the lamps of a room share its light, and what they do together where one of them cannot."""

from collections.abc import Collection, Mapping

from ambiance.site import Device, Room
from ambiance.units import Percent

_TINY = 1e-9


def shares(room: Room, y: float, accent: float | None) -> Mapping[str, float]:
    """Every lamp's output (0-1) so that together they give the part `y` of the room's full light.

    Without an accent all lamps stand at the same output. With one, the accent lamps give the part `accent` of the
    light and the others the rest; what is beyond the end of either falls to the other.
    """
    lamps = _lamps(room)
    colour = [d for d in lamps if d.role == "accent"]
    white = [d for d in lamps if d.role != "accent"]
    total = sum(d.share for d in lamps) or 1.0
    if accent is None or not colour or not white:
        return {d.id: min(1.0, y / total) for d in lamps}
    of_colour = sum(d.share for d in colour)
    of_white = sum(d.share for d in white)
    tinted = min(1.0, max(accent * y, y - of_white) / of_colour) if of_colour else 0.0
    rest = min(1.0, max(0.0, y - tinted * of_colour) / of_white) if of_white else 0.0
    return {d.id: tinted if d.role == "accent" else rest for d in lamps}


def fitted(
    room: Room, wanted: Mapping[str, float], lying: bool, hidden: bool, floor: float | None, ceiling: float | None, *, cap: Percent
) -> Mapping[str, float]:
    """The outputs (0-1) this room's lamps can really have for `wanted`.

    A lamp in a `lying` guest's view gives no more than `cap`, and is off where it should be `hidden`; none burns below its lowest
    steady output. What a guest needs is then made up by the others: up to `floor`, or by switching off lamps that
    cannot be as dim as `ceiling` (both parts of the room's full light). A hidden lamp lights up, within its cap, only
    where the others cannot keep the floor.
    """
    lamps = _lamps(room)
    seen = {d.id for d in lamps if lying and d.supine_view}
    most = {d.id: cap / 100 if d.id in seen else 1.0 for d in lamps}
    parts: dict[str, float] = {}
    for d in lamps:
        part = 0.0 if hidden and d.id in seen else min(wanted[d.id], most[d.id])
        parts[d.id] = min(max(part, d.lowest / 100), most[d.id]) if part > 0 else 0.0
    if ceiling is not None:
        _dim(lamps, parts, most, min(ceiling, sum(d.share * wanted[d.id] for d in lamps)), ceiling)
    if floor is not None:
        _fill([d for d in lamps if d.id not in seen], parts, most, floor, lamps)
        _fill([d for d in lamps if d.id in seen], parts, most, floor, lamps)
    return parts


def _dim(lamps: Collection[Device], parts: dict[str, float], most: Mapping[str, float], target: float, ceiling: float) -> None:
    """Switch off what is too bright at its dimmest, the brightest first, and let the others give its light."""
    while _sum(lamps, parts) > ceiling + _TINY:
        lit = [d for d in lamps if parts[d.id] > 0 and d.share > 0]
        if len(lit) < 2:
            return
        parts[max(lit, key=lambda d: d.share * max(d.lowest / 100, 0.0)).id] = 0.0
        _fill([d for d in lit if parts[d.id] > 0], parts, most, target, lamps)


def _fill(able: Collection[Device], parts: dict[str, float], most: Mapping[str, float], target: float, lamps: Collection[Device]) -> None:
    """Raise `able` lamps, each by the same part of what it has left, until all `lamps` give `target` or can give no more."""
    short = target - _sum(lamps, parts)
    room = sum(d.share * (most[d.id] - parts[d.id]) for d in able)
    if short > _TINY and room > _TINY:
        for d in able:
            parts[d.id] += min(1.0, short / room) * (most[d.id] - parts[d.id])
            parts[d.id] = max(parts[d.id], min(d.lowest / 100, most[d.id]))


def _sum(lamps: Collection[Device], parts: Mapping[str, float]) -> float:
    return sum(d.share * parts[d.id] for d in lamps)


def _lamps(room: Room) -> list[Device]:
    return [d for d in room.of("light") if d.role != "exam"]
