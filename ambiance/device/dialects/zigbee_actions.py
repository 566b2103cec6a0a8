"""The `action` of a Zigbee button or remote as a press of a numbered key.

Koenkk/zigbee-herdsman-converters src/lib/exposes.ts and the device tables: there is no one vocabulary, but few words in it.
"""

import re

from ambiance.device.dialects.dialect import Press, PressKind

_WORDS: dict[str, PressKind] = {
    "single": "single", "click": "single", "press_release": "single", "short_release": "single", "tap": "single", "short": "single",
    "short_press": "single", "pressed": "single", "double": "double", "double_press": "double", "double_click": "double",
    "double_pressed": "double", "hold": "long", "long": "long", "long_press": "long", "held": "long",
}  # fmt: skip
_KEYS = {
    "on": 1, "toggle": 1, "left": 1, "up": 2, "brightness_up": 2, "right": 2, "down": 3, "brightness_down": 3, "both": 3, "off": 4,
    "arrow_left": 5, "arrow_right": 6,
}  # fmt: skip
"""Keys that have a name: of a remote from top to bottom, its arrows last; of a wall switch from left to right."""
_MOVES = {
    "brightness_step_up": Press(2, "single"), "brightness_step_down": Press(3, "single"),
    "brightness_move_up": Press(2, "long"), "brightness_move_down": Press(3, "long"),
}  # fmt: skip
_KEY_FIRST = re.compile(rf"(?:(?:button|input|dots)_?)?(?P<key>[0-9]{{1,2}}|{'|'.join(_KEYS)})_(?P<word>[a-z_]+)")
_WORD_FIRST = re.compile(r"(?P<word>[a-z_]+?)_(?:(?:button|switch)_?)?(?P<key>[0-9]{1,2}|up|down|left|right|both)")


def press_of(action: str) -> Press | None:
    """What an `action` stands for; None where it is no press of its own, such as letting a key go."""
    if action in _MOVES:
        return _MOVES[action]
    if action in _KEYS:
        return Press(_KEYS[action], "single")
    words = _KEY_FIRST.fullmatch(action) or _WORD_FIRST.fullmatch(action)
    key, word = (words["key"], words["word"]) if words else ("1", action)
    if word not in _WORDS:
        return None
    number = int(key) if key.isdecimal() else _KEYS[key]
    return Press(number, _WORDS[word]) if 1 <= number <= 16 else None
