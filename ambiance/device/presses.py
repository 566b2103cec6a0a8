"""What a key of a button in the room stands for, so that a room can be run with one button and no tablet."""

from collections.abc import Mapping

from ambiance.device.dialects.dialect import Press
from ambiance.site import Device
from ambiance.units import Seconds

FOUR_KEYS: Mapping[str, str] = {
    "1.single": "next",
    "1.double": "stay",
    "1.long": "bright",
    "2.single": "brighter",
    "2.long": "bright",
    "3.single": "dimmer",
    "4.single": "mute",
    "4.long": "call",
}
"""A button for which the installer wrote no `press`: begin or next, brighter, dimmer, mute; long on the last key calls."""

REPEATABLE = frozenset({"brighter", "dimmer"})
"""Verbs somebody taps several times on purpose."""


def verb_of(device: Device, press: Press) -> str | None:
    """What `press` stands for; None where the installer gave it no meaning.

    `press` of the configuration is keyed `single`, `double`, `long` for the first key, `2.single` and so on for others, or by the
    button's own word (`rotate_right`), which comes first.
    """
    table = device.press or FOUR_KEYS
    if press.word in device.press:
        return device.press[press.word]
    exact = table.get(f"{press.button}.{press.press}")
    return exact if exact is not None or press.button != 1 else table.get(press.press)


def rest(verb: str) -> Seconds:
    """Seconds for which a repeat of the same press is taken for a bounce or a second delivery."""
    return 0.3 if verb in REPEATABLE else 2.0
