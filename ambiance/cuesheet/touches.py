"""The hands a session has seen, also those given back since: when, and which kind; never whose."""

import re
from dataclasses import dataclass
from typing import Literal

from ambiance.cuesheet.cues import counted
from ambiance.cuesheet.model import HandKind, Sheet
from ambiance.units import Seconds
from ambiance.why import Layer

TouchKind = Literal[HandKind, "pause", "release"]

ANSWERED: Seconds = 2.5
"""All cues of one hand begin within this time of it."""
_TRIM = re.compile(r"(light|music) ([+-]\d+(?:\.\d+)?(?:e[+-]?\d+)?) (?:L\*|dB)", re.ASCII)
_STYLE = re.compile(r"style [a-z]+", re.ASCII)
_WORDS: dict[str, TouchKind] = {
    "muted": "mute",
    "another piece": "another",
    "scent off": "scent_off",
    "exam light": "exam_light",
    "bright": "bright",
    "pause": "pause",
    "released": "release",
}


@dataclass(frozen=True, slots=True)
class Touch:
    """One hand on the room. `amount`: L* or dB of a trim, else None. `device`: what was held."""

    at: Seconds
    kind: TouchKind
    amount: float | None = None
    device: str | None = None


def touches(sheet: Sheet) -> tuple[Touch, ...]:
    """Every hand the sheet remembers, in order: those still on it, and those whose answer is among its cues."""
    found = [Touch(h.at, h.kind, h.value if h.kind in ("light", "music") else None, h.device) for h in sheet.hands]
    given_back: set[tuple[int, str]] = set()
    for device in sheet.tracks:
        before = None
        for cue in counted(sheet, device):
            if cue.why is not None and cue.why.layer is Layer.HAND:
                source = cue.why.source
                # A hand in the middle of a fade has two cues: the answer, and the rest of the fade.
                rest = before is not None and before.why == cue.why and abs(before.end - cue.at) < 1e-6
                still_on = any(hand.source == source and abs(cue.at - hand.at) <= ANSWERED for hand in sheet.hands)
                moment = (round(cue.at * 1000), source)
                if not rest and not still_on and moment not in given_back:
                    given_back.add(moment)  # one hand moves several lamps
                    found.append(_read(cue.at, source, device))
            before = cue
    return tuple(sorted(found, key=lambda touch: (touch.at, touch.kind)))


def _read(at: Seconds, source: str, device: str) -> Touch:
    trim = _TRIM.fullmatch(source)
    if trim is not None:
        return Touch(at, "light" if trim[1] == "light" else "music", float(trim[2]))
    if _STYLE.fullmatch(source):
        return Touch(at, "style")
    kind = _WORDS.get(source)
    return Touch(at, kind) if kind is not None else Touch(at, "hold", device=device)
