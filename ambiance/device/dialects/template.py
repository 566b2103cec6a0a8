"""Whatever no other dialect speaks: topics and payloads that an installer writes in config.yaml, with our values in them."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from string import Template as Text
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.color import of_hex, of_white
from ambiance.device.dialects.dialect import Heard, Liveness, Pair, Report, Traits
from ambiance.device.dialects.family import BOUNDED, Family, said
from ambiance.device.dialects.options import TOPIC, UNSAFE, Option, Options
from ambiance.device.dialects.reading import Nonsense, Said, given, json_of, on_off, short, text_of
from ambiance.device.dialects.scale import kelvin_of, mireds, number, percent_of, steps
from ambiance.device.message import Message
from ambiance.errors import Invalid
from ambiance.site import Curve, Device, Kind
from ambiance.units import Seconds
from ambiance.yaml import nearest

_PAYLOAD = Option("a payload with $values in it", r"[^\x00-\x1f]{1,2000}")
_WORD = Option("a word", r"[^\x00-\x1f]{1,100}")
_PATH = Option(
    "a key of the report, such as light.level, or . for all of it; with what it is at 100 %: brightness/254",
    r"[A-Za-z0-9_.:-]{1,100}(/[0-9]{1,9}(\.[0-9]{1,9})?)?",
)
_SECONDS = Option("seconds", r"[0-9]{1,5}(\.[0-9])?")
READS = ("on", "brightness", "kelvin", "mired", "playing", "volume", "title", "speed", "celsius", "watts", "temperature", "humidity")
"""What can be read from a report."""
VALUES: Mapping[Kind, tuple[str, ...]] = {
    "light": (
        "on", "onoff", "switch", "brightness", "brightness254", "brightness255", "kelvin", "mired", "color", "hex", "red", "green", "blue",
        "hue", "saturation", "fade", "fade_ms", "fade_tenths",
    ),
    "player": ("playing", "playpause", "volume", "playlist", "fade", "fade_ms"),
    "diffuser": ("on", "onoff", "switch", "intensity", "run_for", "run_minutes", "run_ms"),
    "warmer": ("on", "onoff", "switch", "run_for", "run_minutes", "run_ms"),
    "climate": ("celsius",),
    "fan": ("on", "onoff", "switch", "speed", "speed255"),
}  # fmt: skip
"""The values of each kind that a template may name, beside `topic`, `epoch` and `version`."""
_ALWAYS = ("topic", "epoch", "version")
_TIMED, _ENDING = ("fade", "fade_ms", "fade_tenths"), ("run_for", "run_minutes", "run_ms")
_SPOKEN = ("set", "on", "off", "to", "off_to")


class Template(Family):
    """`set` is the payload (`on` and `off` where they differ), `to` the topic (left out: $topic/set)."""

    name: ClassVar[str] = "template"
    kinds: ClassVar[frozenset[Kind]] = frozenset(VALUES)
    options: ClassVar[Options] = {
        "set": _PAYLOAD, "on": _PAYLOAD, "off": _PAYLOAD, "to": TOPIC, "off_to": TOPIC, "report": TOPIC, "online": TOPIC,
        "online_word": _WORD, "offline_word": _WORD, "on_word": _WORD, "off_word": _WORD, "longest_fade": _SECONDS, "longest_run": _SECONDS,
        "curve": Option("output or lstar: in what its fades are straight lines; smooth: they ease in and out", r"output|lstar|smooth"),
        **{f"read_{name}": _PATH for name in READS},
        **UNSAFE,
    }  # fmt: skip
    example: ClassVar[str] = "bridge/lavender/ceiling"
    silent: ClassVar[str] = "options: {report: the topic of its reports, read_on: a key of it}"

    def traits(self, device: Device) -> Traits:
        fades = _seconds(device, "longest_fade", 60.0) if self._names(device, "set", "on") & set(_TIMED) else 0.0
        bounded = self._names(device, "on" if "on" in device.options else "set") & set(_ENDING)
        ends = _seconds(device, "longest_run", 3600.0) if bounded else 0.0
        named = device.options.get("curve")
        curve: Curve = "lstar" if named == "lstar" else "smooth" if named == "smooth" else "output"
        shortest = 60.0 if "run_minutes" in bounded else 0.0
        return Traits(fades, ends=ends, answers="report" in device.options, curve=curve, shortest_run=shortest)

    def endless(self, device: Device) -> str:
        return (
            f"found a {device.kind} whose payload carries no end; $run_for (seconds), $run_minutes or $run_ms in what switches it on, "
            "for a device that then ends by itself"
        )

    def filters(self, device: Device) -> tuple[str, ...]:
        return tuple(self._topic(device, device.options[key]) for key in ("report", "online") if key in device.options)

    # -- checking ----------------------------------------------------------------------------------------------------

    def faults(self, device: Device) -> tuple[str, ...]:
        wrong = [text for key in _SPOKEN if key in device.options for text in self._wrong(device, key)]
        if device.kind in BOUNDED and "off" not in device.options and not self._names(device, "set") & {"on", "onoff", "switch"}:
            wrong.append("found nothing that switches it off; options: {off: …}, or $on, $onoff or $switch in set")
        if "set" not in device.options and not {"on", "off"} <= set(device.options):
            wrong.append("found no payload; options: {set: …}, or both on and off")
        for key in ("to", "off_to"):
            topic = device.options.get(key, "")
            if topic.startswith("$") and not topic.startswith("$topic"):
                wrong.append(f"found {key}: {topic}; a topic that begins with a word or $topic")
        reads = [key for key in device.options if key.startswith("read_")]
        if reads and "report" not in device.options:
            wrong.append(f"found {reads[0]} without a topic to read; options: {{report: the topic of its reports}}")
        if "report" in device.options and not reads:
            wrong.append("found a report of which nothing is read; options: {read_on: state}, or another of read_…")
        return tuple(wrong)

    def _wrong(self, device: Device, key: str) -> list[str]:
        template, known = Text(device.options[key]), (*VALUES.get(device.kind, ()), *_ALWAYS)
        if not template.is_valid():
            return [f"found {key} with a lone $; $$ where a $ itself is meant"]
        strange = [name for name in template.get_identifiers() if name not in known]
        if strange:
            return [f"found ${strange[0]} in {key}; {nearest(strange[0], known)}"]
        sample = template.substitute({**_values(_sample(device.kind)), "topic": device.topic, "epoch": 1, "version": 1})
        if key not in ("to", "off_to") and sample.lstrip()[:1] in ("{", "["):
            try:
                json.loads(sample)
            except ValueError as error:
                return [f"found {key} that is no JSON once its values are in it ({error}); JSON, with texts in quotes"]
        return []

    def _names(self, device: Device, *keys: str) -> set[str]:
        templates = (Text(device.options[key]) for key in keys if key in device.options)
        return {name for template in templates if template.is_valid() for name in template.get_identifiers()}

    # -- saying ------------------------------------------------------------------------------------------------------

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        if ask.deed is not None or ask.scene is not None or ask.kind not in VALUES:
            raise Invalid(("payload", "a deed or a scene", "a state: a template has no other"))
        if ask.kind in BOUNDED and ask.on:
            self.bound(device, ask)
        off = ask.lit is False if ask.kind == "light" else ask.playing is False if ask.kind == "player" else ask.runs is False
        named = "off" if off and "off" in device.options else "on" if "on" in device.options and not off else "set"
        if named not in device.options:
            raise Invalid((named, None, "--option set=… with the payload"))
        values = given(**_values(ask), topic=device.topic, epoch=pair[0], version=pair[1])
        to = device.options.get("off_to") if off else None
        topic = _filled("to", to or device.options.get("to", "$topic/set"), values)
        return (said(topic, _filled(named, device.options[named], values)),)

    def _topic(self, device: Device, written: str) -> str:
        return Text(written).safe_substitute(topic=device.topic)

    # -- hearing -----------------------------------------------------------------------------------------------------

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        options = device.options
        if "online" in options and topic == self._topic(device, options["online"]):
            text, here, gone = text_of(payload).strip(), options.get("online_word", "online"), options.get("offline_word", "offline")
            if text not in (here, gone):
                raise Nonsense(f"found {short(text[:40])}; wanted {here} or {gone}")
            return Liveness(text == here)
        if "report" not in options or topic != self._topic(device, options["report"]):
            return None
        paths = {name: options[f"read_{name}"] for name in READS if f"read_{name}" in options}
        body: Any = None if all(path.startswith(".") for path in paths.values()) else json_of(payload)
        values = given(**{name: self._read(device, name, path, body, payload) for name, path in paths.items()})
        if "mired" in values:
            values["kelvin"] = kelvin_of(max(1.0, values.pop("mired")))
        return Report(values, partial=True) if values else None

    def _read(self, device: Device, name: str, path: str, body: Any, payload: bytes) -> Any:
        keys, _, full = path.partition("/")
        value = text_of(payload).strip() if keys == "." else _inside(body, keys)
        if value is None:
            return None
        if name in ("on", "playing"):
            words = {device.options.get("on_word", "ON"): True, device.options.get("off_word", "OFF"): False}
            if isinstance(value, str) and value in words:
                return words[value]
            return value if isinstance(value, bool) else on_off(str(value)[:40])
        if name == "title":
            return Said({name: value}).word(name)
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", value):
            value = float(value)
        found = Said({name: value}).number(name)
        return found if found is None or not full or float(full) <= 0 else percent_of(found, float(full))


def _sample(kind: Kind) -> Ask:
    """Something of everything, to see what a template looks like with values in it."""
    lamp: dict[str, Any] = {"brightness": 40.0, "kelvin": 2700.0, "color": of_hex("#ff9329"), "fade": 1.5}
    rest: dict[str, Any] = {"playing": True, "volume": 34.0, "playlist": "pl-0123456789", "intensity": 2, "run_for": 120.0, "celsius": 24.0}
    return replace(Ask(kind, on=True), **(lamp if kind == "light" else {**rest, "fade": 1.5, **({"speed": 60.0} if kind == "fan" else {})}))


def _values(ask: Ask) -> dict[str, Any]:
    """What a template may name, as it is written."""
    on = ask.lit if ask.kind == "light" else ask.runs
    level, seconds = 0.0 if ask.lit is False else ask.brightness, ask.run_for
    rgb = ask.color.as_rgb() if ask.color else of_white(ask.kelvin) if ask.kelvin else None
    hue, saturation = (ask.color.as_hs() if ask.color else (0, 0)) if rgb else (None, None)
    return {
        "on": None if on is None else "true" if on else "false", "onoff": None if on is None else int(on),
        "switch": None if on is None else "ON" if on else "OFF",
        "brightness": None if level is None else number(level, 2), "brightness254": None if level is None else steps(level, 254),
        "brightness255": None if level is None else steps(level, 255), "kelvin": None if ask.kelvin is None else round(ask.kelvin),
        "mired": None if ask.kelvin is None else mireds(ask.kelvin), "color": "#{:02x}{:02x}{:02x}".format(*rgb) if rgb else None,
        "hex": "{:02X}{:02X}{:02X}".format(*rgb) if rgb else None, "red": rgb[0] if rgb else None, "green": rgb[1] if rgb else None,
        "blue": rgb[2] if rgb else None, "hue": hue, "saturation": saturation, "fade": None if ask.fade is None else number(ask.fade),
        "fade_ms": None if ask.fade is None else round(1000 * ask.fade), "fade_tenths": None if ask.fade is None else round(10 * ask.fade),
        "playing": None if ask.playing is None else "true" if ask.playing else "false",
        "playpause": None if ask.playing is None else "play" if ask.playing else "pause",
        "volume": None if ask.volume is None else number(ask.volume, 2), "playlist": ask.playlist or "", "intensity": ask.intensity,
        "run_for": None if seconds is None else number(seconds, 1),
        "run_minutes": None if seconds is None else max(1, -int(-seconds // 60)),
        "run_ms": None if seconds is None else round(1000 * seconds), "celsius": None if ask.celsius is None else number(ask.celsius, 1),
        "speed": None if ask.speed is None else number(ask.speed, 1), "speed255": None if ask.speed is None else steps(ask.speed, 255),
    }  # fmt: skip


def _filled(key: str, template: str, values: Mapping[str, Any]) -> str:
    try:
        return Text(template).substitute(values)
    except KeyError as missing:
        raise Invalid((str(missing.args[0]), None, f"a value for ${missing.args[0]} in {key}")) from None
    except ValueError:
        raise Invalid((key, template, "$names, and $$ for a $ itself")) from None


def _inside(body: Any, path: str) -> Any:
    for key in path.split("."):
        body = body.get(key) if isinstance(body, dict) else None
    return body


def _seconds(device: Device, key: str, default: Seconds) -> Seconds:
    text = device.options.get(key, "")
    return float(text) if re.fullmatch(r"[0-9]+(\.[0-9])?", text) else default
