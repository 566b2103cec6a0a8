"""Is a device what it was asked to be? Compared with the tolerance of an eye, an ear and a rounding device."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted, PlayerWanted, Wanted, WarmerWanted, plain
from ambiance.units import mired

MOVING = ("brightness", "kelvin", "volume")
"""The keys that fade."""
_IGNORED = frozenset({"fade", "run_for", "watts", "speeds"})


def differences(wanted: Wanted, reported: Mapping[str, Any], tolerance: Mapping[str, float] | None = None) -> tuple[str, ...]:
    """The keys in which a device is not what was asked; empty where it is. Keys it does not report do not count.

    `tolerance` is what its dialect allows beyond the usual, per key.
    """
    found = unlike(plain(wanted), reported)
    if not found or not tolerance:
        return found
    asked = plain(wanted)
    return tuple(key for key in found if key not in tolerance or abs(asked[key] - reported[key]) > tolerance[key])


def speaks_of(wanted: Wanted, reported: Mapping[str, Any]) -> bool:
    """Whether a report says anything of what was asked; a lamp that only tells its power draw confirms nothing."""
    return any(key in reported for key in plain(wanted) if key not in _IGNORED)


def unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys, of those that both have, in which two states of one device differ by more than their tolerance."""
    mine, theirs = _essence(one), _essence(other)
    speeds = one.get("speeds") or other.get("speeds")
    if speeds:
        # A fan of a few speeds, or of one, does the nearest it has.
        mine, theirs = _stepped(mine, speeds), _stepped(theirs, speeds)
    return tuple(key for key in mine if key in theirs and not _close(key, mine[key], theirs[key]))


def on_its_way(values: Mapping[str, Any], places: Sequence[Mapping[str, Any]], tolerance: Mapping[str, float]) -> bool:
    """Whether `values` lie between these states: where it was, or was going, and where it is going now. The first is where it was."""
    if any(key in values and not any(place.get(key) is values[key] for place in places) for key in ("on", "playing")):
        return False
    for key in MOVING:
        along = [at for place in places if (at := _at(place, key)) is not None]
        if values.get(key) is None or len(along) < len(places):
            continue
        slack = max(tolerance.get(key, 0.0), 0.03 * max(along), 1.0)
        # A lamp that was off may say the level it remembers.
        remembered = places[0].get(key)
        if not min(along) - slack <= values[key] <= max(along) + slack and (remembered is None or abs(values[key] - remembered) > slack):
            return False
    return True


def _at(place: Mapping[str, Any], key: str) -> float | None:
    """What counts of a state: one that is off, or silent, is at 0."""
    if key != "kelvin" and (place.get("on") is False or place.get("playing") is False):
        return 0.0
    return place.get(key)


def at_rest(wanted: Wanted) -> Wanted:
    """`wanted` without how it gets there: equal for two commands that lead to the same state."""
    match wanted:
        case LightWanted(on, brightness, kelvin, color):
            return LightWanted(on, brightness, kelvin, color)
        case PlayerWanted(playing, volume, playlist):
            return PlayerWanted(playing, volume, playlist)
        case WarmerWanted(on):
            return WarmerWanted(on)
        case _:
            return wanted


def runs_for(wanted: Wanted) -> float | None:
    """Seconds after which the device ends this by itself; None where it does not."""
    return wanted.run_for if isinstance(wanted, DiffuserWanted | WarmerWanted) and wanted.on else None


def _essence(values: Mapping[str, Any]) -> dict[str, Any]:
    """What counts: an off lamp has no colour, a stopped player no volume, a coloured lamp no kelvin."""
    if values.get("on") is False or values.get("brightness") == 0:
        return {"on": False}
    if values.get("playing") is False:
        return {"playing": False}
    kept = {key: value for key, value in values.items() if key not in _IGNORED}
    if kept.get("color"):
        kept.pop("kelvin", None)
    return kept


def _stepped(values: dict[str, Any], speeds: int) -> dict[str, Any]:
    speed = values.get("speed")
    return values if speed is None else {**values, "speed": 0 if speed <= 0 else max(1, round(speed * speeds / 100)) * 100 / speeds}


def _near(by: float, share: float = 0.0) -> Callable[[float, float], bool]:
    return lambda one, other: abs(one - other) <= max(by, share * max(abs(one), abs(other)))


def _same_white(one: float, other: float) -> bool:
    return abs(mired(one) - mired(other)) <= 5


def _same_color(one: str, other: str) -> bool:
    """Each of red, green and blue within 4 of 255."""
    return all(abs(int(one[at : at + 2], 16) - int(other[at : at + 2], 16)) <= 4 for at in (1, 3, 5))


_CLOSE: Mapping[str, Callable[[Any, Any], bool]] = {
    "brightness": _near(0.5, share=0.03),
    "kelvin": _same_white,
    "color": _same_color,
    "volume": _near(1.0),
    "celsius": _near(0.25),
    "speed": _near(2.0),
}
"""A step of 3 % of light, 5 mired or 1 % of volume is not noticed."""


def _close(key: str, one: Any, other: Any) -> bool:
    if one == other:
        return True
    if one is None or other is None or key not in _CLOSE:
        return False
    return _CLOSE[key](one, other)
