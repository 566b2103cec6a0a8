"""Tasmota devices, by their own retained discovery message, or else by what they say of their state.

arendst/Tasmota tasmota/tasmota_xdrv_driver/xdrv_12_discovery.ino; emontnemery/hatasmota hatasmota/const.py and discovery.py (what the
short keys mean); tasmota/docs docs/MQTT.md, docs/Commands.md (LWT, STATE, SetOption20, 68, 73, 82, 117).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ambiance.device.finding.finder import Notes, each, noted, number, obj, word
from ambiance.device.finding.found import LOWEST, WATTS, Entry, Found, kelvins, plug
from ambiance.device.message import Message

_RELAY, _LIGHT = 1, 2
"""Values of `rl`."""
_USUAL = "%prefix%/%topic%/"
_END = "PulseTime is sent with every run; set once: PowerOnState 0"
_SET_UP = "set up once: Backlog SetOption117 1; Fade 1; PowerOnState 0"


class TasmotaFinder:
    """Devices with SetOption19 0 (the usual) announce themselves under tasmota/discovery."""

    filters = ("tasmota/discovery/#", "tele/+/LWT", "tele/+/STATE", "tele/+/+/LWT", "tele/+/+/STATE", "+/tele/LWT", "+/tele/STATE")

    def __init__(self) -> None:
        self._announced: dict[str, Notes] = {}
        self._heard: dict[tuple[str, str], Notes] = {}
        """By topic and FullTopic: what is known of a device from its telemetry alone."""

    def questions(self) -> Iterable[Message]:
        return ()

    def hear(self, topic: str, payload: bytes) -> Iterable[Message]:
        if named := re.fullmatch(r"tasmota/discovery/([0-9A-Fa-f]{6,12})/(config|sensors)", topic):
            self._announced.setdefault(named[1], Notes()).heard[named[2]] = noted(payload)
        elif named := re.fullmatch(r"tele/(.+)/(LWT|STATE|SENSOR)", topic):
            self._note((named[1], _USUAL), named[2], payload)
        elif named := re.fullmatch(r"(.+)/tele/(LWT|STATE|SENSOR)", topic):
            self._note((named[1], "%topic%/%prefix%/"), named[2], payload)
        return ()

    def _note(self, key: tuple[str, str], leaf: str, payload: bytes) -> None:
        notes, said = self._heard.setdefault(key, Notes()), noted(payload)
        notes.heard[leaf] = said
        if leaf == "LWT" and said in ("Online", "Offline"):
            notes.online = said == "Online"

    def found(self) -> Iterator[Found]:
        known: set[str] = set()
        for _, notes in sorted(self._announced.items()):
            config = notes.inside("config")
            topic, full = word(config.get("t")), word(config.get("ft")) or _USUAL
            if not topic or re.search(r"[#+]", topic):
                continue
            known.add(topic)
            heard = next((n for (name, _), n in self._heard.items() if name == topic), Notes())
            sensors = obj(notes.inside("sensors").get("sn"))
            yield from _announced(config, topic, full, heard.online, "ENERGY" in sensors or "ENERGY" in heard.inside("SENSOR"))
        for (topic, full), notes in sorted(self._heard.items()):
            # OpenBeken speaks like this too where it is told to, but has no last will here.
            if topic not in known and notes.online is not None:
                yield _overheard(topic, full, notes)


def _announced(config: Mapping[str, Any], topic: str, full: str, online: bool | None, watts: bool) -> Iterator[Found]:
    options, settings = ({} if full.rstrip("/") == _USUAL.rstrip("/") else {"fulltopic": full}), obj(config.get("so"))
    relays, names = [number(each_one) for each_one in each(config.get("rl"))], each(config.get("fn"))
    used = [index for index, relay in enumerate(relays) if relay in (_RELAY, _LIGHT)]
    name, model = word(config.get("dn")) or topic, word(config.get("md"))
    prefixes = [word(prefix) for prefix in each(config.get("tp"))]
    facts: tuple[str, ...] = ()
    if prefixes not in ([], ["cmnd", "stat", "tele"]):
        facts = (f"its prefixes are {', '.join(prefixes)}; set Prefix1 to Prefix3 back to 1",)
    if full != _USUAL and not ("%prefix%" in full and "%topic%" in full):
        facts += (f"its FullTopic is {full}; it needs %prefix% and %topic%",)
        options = {}
    if config.get("if") == 1:
        fan = Entry("fan", "tasmota", topic, {"air_changes": 8}, {**options, "fan": "fanspeed"})
        yield Found("tasmota", topic, name, model, online, (fan,), facts)
        used = [index for index in used if index != 0]
    several = len(used) > 1
    for index in used:
        called = word(names[index]) if several and index < len(names) and word(names[index]) else name
        own = options | ({"channel": str(index + 1)} if several else {})
        if relays[index] == _LIGHT:
            entries: tuple[Entry, ...] = (_lamp(topic, own, number(config.get("lt_st")) or 0, settings),)
        else:
            entries = plug(topic, "tasmota", _END, own)
        more = (WATTS,) if watts and relays[index] == _RELAY else ()
        yield Found("tasmota", topic, called, model, online, entries, (*facts, *more))
    buttons = [value for value in each(config.get("btn")) if value == 1]
    if not used and config.get("if") != 1:
        unsure = () if settings.get("73") == 1 else ("set up once: SetOption73 1, so that its keys speak",)
        entries = (Entry("button", "tasmota", topic, {}, options, unsure),) if buttons else ()
        yield Found("tasmota", topic, name, model, online, entries, facts if entries else (*facts, "no output of it can be driven"))


def _lamp(topic: str, options: dict[str, str], white: float, settings: Mapping[str, Any]) -> Entry:
    """`white` is the light's subtype: 1 one white, 2 cold and warm, 3 RGB, 4 RGBW, 5 RGBCW."""
    low, high = (200, 380) if settings.get("82") == 1 else (153, 500)
    unsure = [] if settings.get("117") == 1 else [_SET_UP]
    if settings.get("20") == 1:
        unsure.append("SetOption20 is 1: a level would not switch it on; set it to 0")
    if white not in (2, 5):
        unsure.append("it has one white only" if white in (1, 4) else "it mixes white from colours")
    keys = {"kelvin": kelvins(low, high)} if white in (2, 5) else {}
    return Entry("light", "tasmota", topic, keys, options, (*unsure, LOWEST))


def _overheard(topic: str, full: str, notes: Notes) -> Found:
    options, state = ({} if full == _USUAL else {"fulltopic": full}), notes.inside("STATE")
    outputs = sorted(key for key in state if re.fullmatch(r"POWER[0-9]{0,2}", key))
    watts = (WATTS,) if "ENERGY" in notes.inside("SENSOR") else ()
    entries: tuple[Entry, ...] = ()
    facts: tuple[str, ...] = ("it does not announce itself: SetOption19 0 makes it say what it is",)
    if "Dimmer" in state:
        keys = {"kelvin": kelvins(153, 500)} if "CT" in state else {}
        entries = (Entry("light", "tasmota", topic, keys, options, (_SET_UP,)),)
    elif outputs:
        entries = plug(topic, "tasmota", _END, options | ({"channel": "1"} if len(outputs) > 1 else {}))
        facts += (f"it has {len(outputs)} outputs: channel says which",) if len(outputs) > 1 else ()
    return Found("tasmota", topic, topic, "", notes.online, entries, (*facts, *watts))
