"""What somebody types to ask a device for something: native keys as far as they are named, and a few words beyond them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, get_args

from ambiance.device.dialects.ask import Ask, Deed
from ambiance.device.dialects.color import Color, of_hex
from ambiance.device.dialects.dialect import Pair
from ambiance.device.dialects.kind import kind_of
from ambiance.device.dialects.reading import DEEPEST, LARGEST, depth
from ambiance.errors import Invalid
from ambiance.site import Kind

_Reader = Callable[[str, Any], Any]


def _number(low: float, high: float, unit: str) -> _Reader:
    def read(key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise Invalid((key, value, f"{unit}, {low:g} to {high:g}"))
        return value

    return read


def _whole(low: int, high: int) -> _Reader:
    def read(key: str, value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise Invalid((key, value, f"a whole number, {low} to {high}"))
        return value

    return read


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid((key, value, "true or false"))
    return value


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[^\x00-\x1f]{1,500}", value):
        raise Invalid((key, value, "a text of one line"))
    return value


def _deed(key: str, value: Any) -> Deed:
    for deed in get_args(Deed):
        if value == deed:
            return deed  # type: ignore[no-any-return]  # it is one of them
    raise Invalid((key, value, " or ".join(get_args(Deed))))


def _scene(key: str, value: Any) -> int | str:
    return _whole(0, 65_535)(key, value) if not isinstance(value, str) else _text(key, value)


def _color(key: str, value: Any) -> Color:
    wanted = '"#rrggbb", {"hue":210,"saturation":60}, {"x":0.45,"y":0.41} or {"r":255,"g":147,"b":41}'
    if isinstance(value, Mapping) and set(value) == {"hex"}:
        value = value["hex"]
    if isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        return of_hex(value)
    if isinstance(value, list) and len(value) == 3:
        value = dict(zip("rgb", value, strict=True))
    if not isinstance(value, Mapping):
        raise Invalid((key, value, wanted))
    names = {"h": "hue", "s": "saturation", "red": "r", "green": "g", "blue": "b"}
    parts: dict[str, Any] = {names.get(str(name), str(name)): part for name, part in value.items()}
    match sorted(parts):
        case ["hue", "saturation"]:
            hue = _number(0, 360, "degrees")(f"{key}.hue", parts["hue"])
            return Color(hs=(hue, _number(0, 100, "%")(f"{key}.saturation", parts["saturation"])))
        case ["x", "y"]:
            return Color(xy=(_number(0, 1, "CIE x")(f"{key}.x", parts["x"]), _number(0, 1, "CIE y")(f"{key}.y", parts["y"])))
        case ["b", "g", "r"]:
            red, green, blue = (_whole(0, 255)(f"{key}.{part}", parts[part]) for part in "rgb")
            return Color(rgb=(red, green, blue))
    raise Invalid((key, value, wanted))


_PERCENT, _SECONDS = _number(0, 100, "%"), _number(0, 86_400, "seconds")
_FIELDS: Mapping[str, _Reader] = {
    "on": _flag, "brightness": _PERCENT, "kelvin": _number(1000, 20_000, "kelvin"), "color": _color, "fade": _SECONDS, "playing": _flag,
    "volume": _PERCENT, "playlist": _text, "intensity": _whole(0, 3), "run_for": _SECONDS, "celsius": _number(0, 60, "degrees"),
    "speed": _PERCENT, "scene": _scene, "name": _text, "group": _text, "do": _deed, "from": _number(0, 100, "%"),
}  # fmt: skip
_ANYWHERE = ("do", "scene", "name", "group")
_OF_KIND: Mapping[Kind, tuple[str, ...]] = {
    "light": ("on", "brightness", "kelvin", "color", "fade", "from", *_ANYWHERE),
    "player": ("playing", "volume", "playlist", "fade", "run_for", *_ANYWHERE),
    "diffuser": ("on", "intensity", "run_for", *_ANYWHERE),
    "climate": ("celsius", *_ANYWHERE),
    "fan": ("on", "speed", *_ANYWHERE),
    "warmer": ("on", "run_for", *_ANYWHERE),
}


def intent_of(payload: str) -> tuple[Ask, Pair]:
    """The ask in a JSON object of native keys, with `kind` where they leave it open, and its (epoch, version). Raises Invalid.

    Beyond native keys: `do` (a deed), `scene` (with `name`), `group`, a `color` in other forms, `on` of a fan, `run_for` of a player
    (it stops by itself) and `from` (the level a lamp has now).
    """
    body = _object(payload)
    named = body.get("kind")
    kind = kind_of(body) if named is None else next((known for known in _OF_KIND if known == named), None)
    if kind is None:
        raise Invalid(("kind", body.get("kind"), " or ".join(_OF_KIND)))
    pair = tuple(_whole(0, 2**53)(key, body.get(key, 0)) for key in ("epoch", "version"))
    known = _OF_KIND[kind]
    wrong = [key for key in body if key not in (*known, "kind", "epoch", "version")]
    if wrong:
        raise Invalid((wrong[0], body[wrong[0]], f"keys of a {kind}: {', '.join(known)}"))
    values = {key: _FIELDS[key](key, body[key]) for key in known if body.get(key) is not None}
    ask = replace(Ask(kind), deed=values.pop("do", None), start=values.pop("from", None), **values)
    return ask, (pair[0], pair[1])


def _object(payload: str) -> Mapping[str, Any]:
    example = 'JSON such as {"kind":"light","on":true,"brightness":40,"kelvin":2700,"fade":30}'
    if len(payload) > LARGEST or depth(payload.encode("utf-8", "replace")) > DEEPEST:
        raise Invalid(("payload", "too long or too deep", "one JSON object of native keys"))
    try:
        body = json.loads(payload, object_pairs_hook=_once)
    except ValueError:
        raise Invalid(("payload", payload[:40], example)) from None
    if not isinstance(body, dict):
        raise Invalid(("payload", payload[:40], example))
    return body


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a key that is written twice nobody could say which was meant."""
    twice = [key for key, _ in pairs if [other for other, _ in pairs].count(key) > 1]
    if twice:
        raise Invalid((twice[0], "a key that is written twice", "each key once"))
    return dict(pairs)
