"""The native dialect: JSON over `…/device/<device>/set`, `/state` and `/online`.

Set payloads carry every key of their kind, and `epoch` and `version`; state payloads use the same keys and echo
the pair. Percent is 0-100 of a device's output, times are seconds. Sizes and depth are looked at before parsing.
"""

import json
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ambiance.cuesheet.wanted import (
    ClimateWanted,
    DiffuserWanted,
    FanWanted,
    LightWanted,
    PlayerWanted,
    Wanted,
    WarmerWanted,
    plain,
    said_keys,
)
from ambiance.device.dialects.dialect import Garbled, Heard, Liveness, Pair, Press, PressKind, Report, Traits
from ambiance.device.dialects.reading import Nonsense, json_of, short
from ambiance.device.message import Message
from ambiance.device.topics import Topics
from ambiance.site import Device, Kind

_JSON = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_PAIRED = frozenset({"epoch", "version", "boot"})

_Counter = Annotated[int, Field(ge=0, le=2**53)]
_Percent = Annotated[float, Field(ge=0, le=100)]
_Kelvin = Annotated[float, Field(ge=1000, le=20000)]
_Seconds = Annotated[float, Field(ge=0, le=86400)]
_Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{1,128}$")]


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False, defer_build=True)

    epoch: _Counter | None = None
    version: _Counter | None = None
    boot: _Id | None = None
    watts: Annotated[float, Field(ge=0, le=100_000)] | None = None


class _Light(_Said):
    on: bool
    brightness: _Percent
    kelvin: _Kelvin | None = None
    color: _Color | None = None
    fade: _Seconds | None = None


class _Player(_Said):
    playing: bool
    volume: _Percent
    playlist: _Id | None = None
    fade: _Seconds | None = None


class _Diffuser(_Said):
    on: bool
    intensity: Annotated[int, Field(ge=0, le=3)] | None = None
    run_for: _Seconds | None = None


class _Climate(_Said):
    celsius: Annotated[float, Field(ge=0, le=60)]


class _Fan(_Said):
    speed: _Percent


class _Warmer(_Said):
    on: bool
    run_for: _Seconds | None = None


class _Sensor(_Said):
    contact: bool | None = None
    occupancy: bool | None = None
    temperature: Annotated[float, Field(ge=-50, le=100)] | None = None
    humidity: _Percent | None = None
    co2: Annotated[float, Field(ge=0, le=100_000)] | None = None
    voc: Annotated[float, Field(ge=0, le=1_000_000)] | None = None
    illuminance: Annotated[float, Field(ge=0, le=200_000)] | None = None
    dba: Annotated[float, Field(ge=0, le=150)] | None = None
    battery: _Percent | None = None


class _Button(_Said):
    press: PressKind
    button: Annotated[int, Field(ge=1, le=16)] = 1


_TRAITS = Traits(86_400.0, curve="lstar", ends=14_400.0, versioned=True, targets=False)
_SHAPES: Mapping[Kind, type[_Said]] = {
    "light": _Light,
    "player": _Player,
    "diffuser": _Diffuser,
    "climate": _Climate,
    "fan": _Fan,
    "warmer": _Warmer,
    "button": _Button,
    "sensor": _Sensor,
}
_WANTED: Mapping[Kind, type[Wanted]] = {
    "light": LightWanted,
    "player": PlayerWanted,
    "diffuser": DiffuserWanted,
    "climate": ClimateWanted,
    "fan": FanWanted,
    "warmer": WarmerWanted,
}


class Native:
    """Devices that were made for Ambiance. They time fades, doses and warmth themselves, and confirm each command."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def filters(self, device: Device) -> tuple[str, ...]:
        return self._topics.device_filters()

    def encode(self, device: Device, wanted: Wanted, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        keys = {key: round(value, 3) if isinstance(value, float) else value for key, value in plain(wanted).items()}
        body = {**keys, "epoch": pair[0], "version": pair[1]}
        payload = _JSON.encode(body).encode()
        return (Message(self._topics.set(device.room, device.id), payload),)

    def decode(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if not payload:
            return None
        if topic == self._topics.online(device.room, device.id):
            return _liveness(payload)
        said = _read(device.kind, payload)
        if isinstance(said, Garbled):
            return said
        if isinstance(said, _Button):
            return Press(said.button, said.press)
        pair = (said.epoch, said.version) if said.epoch is not None and said.version is not None else None
        values = said.model_dump(exclude=set(_PAIRED), exclude_unset=True)
        return Report(values, pair, said.boot, partial=isinstance(said, _Sensor))

    def check(self, device: Device) -> tuple[str, ...]:
        # `run_for` is an end that native diffusers and warmers keep themselves, so there is nothing to refuse for them.
        if device.options:
            return (f"{device.room}/{device.id}: found options {', '.join(sorted(device.options))}; native devices have none: remove them",)
        return ()

    def warnings(self, device: Device) -> tuple[str, ...]:
        return ()

    def traits(self, device: Device) -> Traits:
        return _TRAITS

    def ask(self, device: Device) -> tuple[Message, ...]:
        return ()

    def gateway(self, device: Device) -> str | None:
        return None

    def group(self, devices: tuple[Device, ...]) -> Device | None:
        return None


def read_set(kind: Kind, payload: bytes) -> tuple[Wanted, Pair] | Garbled:
    """What a set payload asks for: the device's side of `Native.encode`. Every key must be there."""
    said = _read(kind, payload)
    if isinstance(said, Garbled):
        return said
    if kind not in _WANTED:
        return Garbled(f"a {kind} takes no commands")
    wanted = _WANTED[kind]
    missing = [key for key in (*said_keys(wanted), "epoch", "version") if key not in said.model_fields_set]
    if missing:
        return Garbled(f"found no {', '.join(missing)}; a command carries every key")
    values = {key: getattr(said, key) for key in said_keys(wanted)}
    if said.epoch is None or said.version is None or any(values[key] is None for key in values if key not in ("color", "playlist")):
        return Garbled("found null; only color and playlist may be null")
    return wanted(**values), (said.epoch, said.version)


def _liveness(payload: bytes) -> Heard:
    match payload:
        case b"true":
            return Liveness(True)
        case b"false":
            return Liveness(False)
        case _:
            return Garbled(f"online: found {short(payload[:40])}; wanted true or false")


def _read(kind: Kind, payload: bytes) -> _Said | Garbled:
    """The one place where bytes from a device become trusted values."""
    try:
        return _SHAPES[kind].model_validate(json_of(payload))
    except Nonsense as nonsense:
        return Garbled(str(nonsense))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        path = ".".join(str(part) for part in first["loc"]) or "payload"
        return Garbled(f"{path}: found {short(first['input'])}; {first['msg'].lower()}")
