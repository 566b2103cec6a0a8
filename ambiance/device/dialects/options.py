"""What only one dialect understands of a device, written under `options`: which keys, and what each may be."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ambiance.site import Device


@dataclass(frozen=True, slots=True)
class Option:
    """One key. `pattern` must match all of its value, and `wanted` says so in words."""

    wanted: str
    pattern: str


Options = Mapping[str, Option]

CHANNEL = Option("a channel number", r"[0-9]{1,3}")
TOPIC = Option("a topic without # and +", r"[^#+\x00-\x1f]{1,200}")
YES = Option("true or false", r"true|false")
WHOLE = Option("a whole number", r"[0-9]{1,6}")
UNSAFE = {"unsafe": Option("true, where somebody is in the room whenever it runs", r"true|false")}


def yes(device: Device, name: str) -> bool:
    return device.options.get(name) == "true"


def whole(device: Device, name: str, default: int) -> int:
    text = device.options.get(name, "")
    return int(text) if text.isdecimal() else default


def wrong_options(device: Device, known: Options, named: str) -> list[str]:
    """Each option that `named` does not know, with the nearest it does, or whose value makes no sense."""
    wrong = []
    for name, value in device.options.items():
        if name in known:
            if not re.fullmatch(known[name].pattern, value):
                wrong.append(f"found the option {name}: {value[:40]}; {known[name].wanted}")
        elif not name.startswith("pl-") or device.kind != "player":
            near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
            cure = f"{near[0]} (the nearest known)" if near else f"one of {', '.join(sorted(known))}" if known else f"{named} has none"
            wrong.append(f"found the unknown option {name}; {cure}")
    return wrong
