"""What the desk may offer a guest: effects in plain words, each with the codes it stands for. Conditions are never named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from ambiance.care.codes import Code

Group = Literal["scent", "light", "sound", "pace", "warmth", "room"]


@dataclass(frozen=True, slots=True)
class Offer:
    """One effect: `words` as they may be said aloud at a counter, and what the room is then told."""

    id: str
    group: Group
    words: str
    codes: tuple[Code, ...]


def _with(code: str, value: object, *phases: str) -> Mapping[str, Any]:
    return MappingProxyType({"code": code, "value": value, **({"phases": list(phases)} if phases else {})})


OFFERS: tuple[Offer, ...] = (
    Offer("no-scent", "scent", "No scent", ("scent_off",)),
    Offer("clean-air", "scent", "No scent, and none left in the air", ("scent_off_strict",)),
    Offer("some-light", "light", "Keep some light", (_with("light_min_lx", 20),)),
    Offer("never-dark", "light", "Never dark", ("no_dark",)),
    Offer("light-to-walk-by", "light", "Light to get up by", (_with("light_min_lx", 100, "settle", "return", "redress"),)),
    Offer("dim", "light", "Keep it dim", (_with("light_max_lx", 10),)),
    Offer("white", "light", "White light only", ("no_accent",)),
    Offer("warm-light", "light", "Warm light only", (_with("cct_max_k", 2700),)),
    Offer("quieter", "sound", "Quieter", (_with("sound_max_dba", 38),)),
    Offer("silence", "sound", "Silence", ("sound_off",)),
    Offer("never-silent", "sound", "Never quite silent", (_with("sound_min_dba", 35),)),
    Offer("no-water", "sound", "No water sounds", (_with("sound_exclude", ["water"]),)),
    Offer("no-voices", "sound", "No voices", (_with("sound_exclude", ["vocals", "chant"]),)),
    Offer("no-bass", "sound", "No low notes", ("no_low_freq",)),
    Offer("nothing-sudden", "pace", "Nothing sudden", ("slow_change", "no_flash_strict")),
    Offer("say-first", "pace", "Tell me before anything changes", ("announce_change",)),
    Offer("my-pace", "pace", "Go on only when I am ready", ("hold_phase",)),
    Offer("warmer", "warmth", "Warmer", (_with("temp_offset_c", 1),)),
    Offer("cooler", "warmth", "Cooler", (_with("temp_offset_c", -1),)),
    Offer("door", "room", "Leave the door to me", ("door_hold",)),
    Offer("own-controls", "room", "Light and sound in my own hands", ("client_control",)),
)

_WORDS: Mapping[str, str] = {
    "scent_off": "no scent", "scent_off_strict": "no scent, and none left in the air", "scent_allow": "only the scents allowed",
    "light_max_lx": "keep it dim", "light_min_lx": "keep some light", "cct_max_k": "warm light only", "no_accent": "white light only",
    "no_dark": "never dark", "slow_change": "nothing sudden", "announce_change": "tell me before anything changes",
    "no_flash_strict": "steady light", "sound_max_dba": "quieter", "sound_min_dba": "never quite silent", "sound_off": "silence",
    "sound_exclude": "some sounds left out", "sound_only": "only some sounds", "no_low_freq": "no low notes",
    "temp_offset_c": "warmer or cooler", "door_hold": "leave the door to me", "client_control": "light and sound in my own hands",
    "lang": "the guest's language", "hold_phase": "go on only when I am ready",
}  # fmt: skip
"""The effect of every code, as it may be said aloud."""


def words(codes: Iterable[Code]) -> list[str]:
    """What these codes do, in plain words, each once."""
    names = (str(code if isinstance(code, str) else code.get("code")) for code in codes)
    return list(dict.fromkeys(_WORDS.get(name, name) for name in names))
