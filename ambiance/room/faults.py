"""What is wrong with a room's devices, in words for people who have a guest on the table."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ambiance.cuesheet.wanted import DiffuserWanted, plain
from ambiance.room.belief import DeviceBelief

GOES_ON = "The rest goes on."


def room_faults(beliefs: Iterable[DeviceBelief]) -> tuple[str, ...]:
    """The faults of a room's devices. Where a bridge is gone, one fault names it and all that hang on it."""
    said: list[str] = []
    cut_off: dict[str, list[str]] = {}
    for belief in beliefs:
        said += faults(belief)
        if belief.online is False and belief.bridge is not None:
            cut_off.setdefault(belief.bridge, []).append(name_of(belief.device))
    return (*said, *(f"The bridge {bridge} is offline, and with it {_all(names)}. {GOES_ON}" for bridge, names in cut_off.items()))


def faults(belief: DeviceBelief) -> tuple[str, ...]:
    """The faults of one device that are its own, the gravest first; empty where all is well."""
    name = name_of(belief.device)
    return tuple(f"{name} {words}" for words in troubles(belief) if not (belief.bridge and words == _gone(belief)))


def troubles(belief: DeviceBelief) -> tuple[str, ...]:
    """The same without its name; a bridge that is gone is here each one's own trouble."""
    said = []
    if belief.away:
        said.append(_gone(belief))
    if belief.runs_on:
        said.insert(0, "runs though it should be off. Switch it off by hand.")
    elif (belief.away or belief.missed_off) and to_be_off(belief) and not belief.confirmed:
        said.insert(0, "has not confirmed that it is off. Switch it off by hand.")
    if belief.idle:
        said.append("draws nothing: refill it, or press its key.")
    if belief.unsteady:
        said.append("keeps going away and coming back. Check its power and its network.")
    if belief.garbled:
        said.append("sends reports that make no sense.")
    if belief.wanted is not None and belief.reported is not None and not belief.runs_on:
        wanted = plain(belief.wanted)
        said += [_difference(key, wanted, belief.reported) for key in belief.differing]
    return tuple(said)


def to_be_off(belief: DeviceBelief) -> bool:
    """Whether it is a diffuser that we want to be off."""
    return isinstance(belief.wanted, DiffuserWanted) and not belief.wanted.on


def name_of(device: str) -> str:
    """`ceiling-left` as people say it: Ceiling left."""
    return device.replace("-", " ").strip().capitalize()


def _gone(belief: DeviceBelief) -> str:
    if belief.online is not False:
        return f"does not answer. {GOES_ON}"
    if belief.bridge is not None:
        return f"cannot be reached: the bridge {belief.bridge} is offline. {GOES_ON}"
    # A lamp that says goodbye, or is called dead by its bridge, was nearly always switched off at the wall.
    return f"has no power: wall switch? {GOES_ON}" if belief.kind == "light" else f"is offline. {GOES_ON}"


def _all(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_SAID: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "brightness": ("is at", lambda value: f"{value:.0f} % light"),
    "kelvin": ("shines at", lambda value: f"{value:.0f} K"),
    "volume": ("is at", lambda value: f"{value:.0f} % volume"),
    "celsius": ("is set to", lambda value: f"{value:.1f} °C"),
    "speed": ("runs at", lambda value: f"{value:.0f} %"),
    "intensity": ("runs at strength", lambda value: f"{value}"),
    "on": ("is", lambda value: "on" if value else "off"),
    "playing": ("is", lambda value: "playing" if value else "stopped"),
}


def _difference(key: str, wanted: Mapping[str, Any], reported: Mapping[str, Any]) -> str:
    is_, was = (_shining(reported), _shining(wanted)) if key == "on" else (reported.get(key), wanted.get(key))
    if key not in _SAID or is_ is None or was is None:
        return f"has another {key} than asked."
    verb, words = _SAID[key]
    return f"{verb} {words(is_)} instead of {words(was)}."


def _shining(values: Mapping[str, Any]) -> bool:
    """A lamp at 0 % and one that is off are the same to the eye."""
    return bool(values.get("on")) and values.get("brightness") != 0
