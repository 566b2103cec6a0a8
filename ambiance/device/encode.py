"""What would be published to a device, and what its answers mean, for an installer who wants to see it: dialects without a wire."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ambiance.cuesheet.wanted import ClimateWanted, DiffuserWanted, FanWanted, LightWanted, PlayerWanted, Wanted, WarmerWanted, said_keys
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.dialect import Garbled, Heard, Liveness, Pair, Press, Report
from ambiance.device.dialects.family import BOUNDED, CURE_FOR_AN_END, Family, in_order
from ambiance.device.dialects.kind import kind_of
from ambiance.device.dialects.native import Native, read_set
from ambiance.device.dialects.options import wrong_options
from ambiance.device.dialects.reading import Nonsense, json_of
from ambiance.device.dialects.spoken import FAMILIES, SPOKEN
from ambiance.device.intent import intent_of
from ambiance.device.message import Message
from ambiance.device.topics import Topics
from ambiance.errors import Invalid, NotUnderstood, Unknown
from ambiance.site import Device, Kind
from ambiance.units import Kelvin, Seconds

DIALECTS = tuple(SPOKEN)
_TOPICS = Topics("ambiance", "site")
_SAYABLE = re.compile(r"[^#+\x00-\x1f]{1,200}")
_EVERY = (1000.0, 20_000.0)
KINDS: tuple[Kind, ...] = ("light", "diffuser", "player", "sensor", "button", "climate", "fan", "warmer")
"""In the order in which something heard is tried for each, where nobody says what it came from."""
_KINDS: Mapping[str, type[Wanted]] = {
    "light": LightWanted,
    "player": PlayerWanted,
    "diffuser": DiffuserWanted,
    "climate": ClimateWanted,
    "fan": FanWanted,
    "warmer": WarmerWanted,
}


def encoded(dialect: str, topic: str, payload: str, options: Mapping[str, str] | None = None) -> list[dict[str, object]]:
    """The messages that ask a device on `topic` for the intent in `payload` (JSON, native keys and `kind`).

    `options` are those its entry in config.yaml would have. A payload that is JSON on the wire is given as its value, any other
    as its text. Raises Unknown for a dialect nobody speaks, Invalid for an intent that makes no sense.
    """
    ask, pair = intent_of(payload)
    if not _SAYABLE.fullmatch(topic):
        raise Invalid(("topic", topic, "a topic of 1 to 200 characters, without # and +"))
    if dialect == "native":
        return [_shown(message, topic) for message in _native(ask, pair)]
    family, device, ask = _asked(dialect, topic, ask, options)
    return [_shown(message) for message in in_order(family.compose(device, ask, pair))]


def effective_fade(dialect: str, topic: str, payload: str, options: Mapping[str, str] | None = None) -> tuple[Seconds, Seconds] | None:
    """The fade that was asked for and the one this device makes by itself, where they differ; a session sends the rest in pieces."""
    ask, _ = intent_of(payload)
    if dialect == "native" or ask.fade is None or ask.deed is not None or ask.scene is not None:
        return None
    fade = ask.fade
    family, device, ask = _asked(dialect, topic, ask, options)
    made = family.made(device, ask)
    return (fade, made) if made is not None and abs(made - fade) > 0.05 else None


def decoded(dialect: str, topic: str, payload: str, options: Mapping[str, str] | None = None, kind: str | None = None) -> dict[str, Any]:
    """What a payload heard on `topic` says, in native keys: a report, `online`, or a press; empty where it says nothing.

    `topic` is where it was heard, or the device's own. Without `kind` it is taken for the first kind of device of which it says
    something. Raises Unknown for a dialect or kind nobody knows, Invalid for nonsense.
    """
    if kind is not None and kind not in KINDS:
        raise Unknown("kind of device", kind, KINDS)
    kinds = [known for known in KINDS if kind in (None, known)]
    data = payload.encode("utf-8", "surrogateescape")
    if dialect == "native":
        about = topic.rsplit("/", 1)[-1]
        at = _TOPICS.online("room", "device") if about == "online" else _TOPICS.device_state("room", "device")
        of = kinds[0] if kind is not None else _native_kind(data)
        return _told(Native(_TOPICS).decode(Device("device", "room", of), at, data))
    family = _family(dialect)
    home, told = family.home(topic, data)
    heard = (_heard(family, _device(family, each, home, {**told, **(options or {})}), topic, data) for each in kinds)
    return _told(next((found for found in heard if found is not None), None))


def _native_kind(data: bytes) -> Kind:
    """Each native kind has keys of its own."""
    try:
        body = json_of(data)
    except Nonsense:
        return "light"
    if not isinstance(body, dict):
        return "light"
    return kind_of(body) or ("button" if "press" in body else "diffuser" if "on" in body else "sensor")


def _heard(family: Family, device: Device, topic: str, data: bytes) -> Heard | None:
    """What `data` says where it was heard; anywhere, if `topic` is but the device's own."""
    filters = family.filters(device)
    places = [topic] if topic in filters or topic != device.topic else [topic, *filters]
    heard = [found for place in places if (found := family.decode(device, place, data)) is not None]
    return next((found for found in heard if not isinstance(found, Garbled)), heard[0] if heard else None)


def _asked(dialect: str, topic: str, ask: Ask, options: Mapping[str, str] | None) -> tuple[Family, Device, Ask]:
    """Who is asked, and for what: never for a white that its entry says the lamp does not have."""
    family = _family(dialect)
    if ask.kind not in family.kinds:
        cure = f"{' or '.join(sorted(family.kinds))} on {dialect}, or another dialect"
        raise Invalid(("kind", ask.kind, CURE_FOR_AN_END if ask.kind in BOUNDED else cure))
    home, told = family.home(topic)
    device = _device(family, ask.kind, home, {**told, **(options or {})})
    if ask.kelvin is not None:
        ask = replace(ask, kelvin=min(device.kelvin[1], max(device.kelvin[0], ask.kelvin)))
    return family, device, ask


def _family(dialect: str) -> Family:
    if dialect not in FAMILIES:
        raise Unknown("dialect", dialect, DIALECTS)
    return FAMILIES[dialect](_TOPICS)


def _device(family: Family, kind: Kind, topic: str, options: Mapping[str, str]) -> Device:
    range = _EVERY
    if "kelvin" in options and "kelvin" not in family.options:
        range = _range(options["kelvin"])
        options = {name: value for name, value in options.items() if name != "kelvin"}
    device = Device("device", "room", kind, family.name, topic, kelvin=range, options=options)
    wrong = wrong_options(device, family.options, family.name)
    if wrong:
        found, _, cure = wrong[0].removeprefix("found ").partition("; ")
        raise Invalid(("option", found, cure))
    return device


def _range(text: str) -> tuple[Kelvin, Kelvin]:
    """The `kelvin` of a lamp's entry: [2200, 6500]."""
    found = re.fullmatch(r"\[? *([0-9]{4,5}) *[,-] *([0-9]{4,5}) *\]?", text)
    if not found or not _EVERY[0] <= float(found[1]) <= float(found[2]) <= _EVERY[1]:
        raise Invalid(("kelvin", text, "the warmest and the coolest white of the lamp: [2200, 6500]"))
    return float(found[1]), float(found[2])


def _native(ask: Ask, pair: Pair) -> tuple[Message, ...]:
    if ask.kind in ("diffuser", "warmer") and ask.on is not False and not ask.run_for:
        raise Invalid(("run_for", ask.run_for, f"seconds: a {ask.kind} is switched on only together with its end"))
    left_out: Mapping[str, Any] = {
        "on": True, "brightness": 100.0, "kelvin": 2700.0, "color": None, "fade": 0.0, "playing": True, "volume": 0.0, "playlist": None,
        "intensity": 0, "run_for": 0.0, "celsius": None,
    }  # fmt: skip
    values = {key: getattr(ask, key) for key in said_keys(_KINDS[ask.kind])}
    if ask.kind == "fan" and ask.speed is None:
        values["speed"] = 100.0 if ask.on else 0.0
    values = {key: left_out[key] if value is None else value for key, value in values.items()}
    if values.get("color") is not None:
        values["color"] = ask.color.as_hex() if ask.color else None
    read = read_set(ask.kind, json.dumps({**values, "epoch": pair[0], "version": pair[1]}).encode())
    if ask.deed is not None or ask.scene is not None:
        raise Invalid(("payload", "a deed or a scene", "a state: native devices have no other"))
    if isinstance(read, Garbled):
        raise Invalid(("payload", ask.kind, read.reason))
    return Native(_TOPICS).encode(Device("device", "room", ask.kind), read[0], pair)


def _shown(message: Message, topic: str | None = None) -> dict[str, object]:
    if topic is not None:
        message = replace(message, topic=topic if topic.endswith("/set") else f"{topic}/set")
    text = message.payload.decode()
    payload = json.loads(text) if text[:1] in ("{", "[") else text
    return {"topic": message.topic, "payload": payload, "qos": message.qos, "retain": message.retain}


def _told(heard: Heard | None) -> dict[str, Any]:
    match heard:
        case Garbled(reason):
            raise NotUnderstood(reason)
        case Liveness(online):
            return {"online": online}
        case Press(button, press):
            return {"press": press, "button": button}
        case Report(values, pair, boot):
            told = dict(values)
            told.pop("speeds", None)
            if "rgb" in told:
                told["color"] = told.pop("rgb")
            told |= {} if pair is None else {"epoch": pair[0], "version": pair[1]}
            told |= {} if boot is None else {"boot": boot}
            return told if values or pair is None else {"accepted": True, **told}
    return {}
