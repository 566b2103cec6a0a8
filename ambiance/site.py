"""The house as the installer described it: frozen. Where that changes, one site takes the place of another."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import time
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from ambiance.units import DBA, Kelvin, Lstar, Lux, Minutes, Percent, Seconds, Taper
from ambiance.why import Layer, Why

Setting = Literal["spa", "clinical"]
Kind = Literal["light", "player", "diffuser", "climate", "fan", "warmer", "button", "sensor"]
Role = Literal["ambient", "accent", "exam"]
Borders = Literal["hands", "clock"]
ScentPolicy = Literal["free", "allowed"]
Curve = Literal["lstar", "output", "smooth"]
"""In what a fade of light by itself is a straight line: perceived lightness, or output; or in output, eased in and out."""

SAFE_LIGHT: Lux = 30.0
"""Enough to find the door: what a room's native lamps rise to by themselves when the controller is gone."""
SLUG = re.compile(r"[a-z0-9-]{1,64}")
FULL_LUX: Mapping[Setting, Lux] = {"spa": 300.0, "clinical": 500.0}
"""Light a treatment room must be able to deliver: EN 12464-1 massage rooms 300 lx, examination rooms 500 lx."""


EMISSION = 14.0
"""mg/h of a diffuser of which nobody measured more."""


@dataclass(frozen=True, slots=True)
class Device:
    """One thing in a room, as the installer described it.

    `fade` is the longest fade the device times by itself (0: none), in steps of `tick` seconds (0: any) and straight in `curve`;
    `share` a lamp's part of the room's full light; `lowest` its lowest steady output in percent; `renews` whether saying *on*
    again begins the end of its run anew; `running_watts` what a diffuser draws at least when it runs (None: nobody can tell), `tank_hours`
    how long a full one lasts (0: not said); `does` what a sensor's news may do, `limits` the air above which it stops scent,
    `at_guest` whether it stands at the table or the pillow; `options` what only its dialect understands.
    """

    id: str
    room: str
    kind: Kind
    dialect: str = "native"
    topic: str = ""
    role: Role = "ambient"
    kelvin: tuple[Kelvin, Kelvin] = (1800.0, 6500.0)
    fade: Seconds = 6500.0
    share: float = 1.0
    lowest: Percent = 0.1
    supine_view: bool = False
    taper: Taper = "cubic"
    families: tuple[str, ...] = ()
    running_watts: float | None = 1.0
    tank_hours: float = 0.0
    emission_mg_h: float = EMISSION
    air_changes: float = 0.0
    press: Mapping[str, str] = field(default_factory=dict)
    does: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    at_guest: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    curve: Curve = "lstar"
    tick: Seconds = 0.0
    renews: bool = True

    def is_still(self, other: "Device") -> bool:
        """Whether it is the same thing on the wall as `other`, however differently described: what is known of one holds for both.

        What it calls its music may be otherwise.
        """
        return (self.id, self.room, self.kind, self.dialect, self.topic, self._wiring) == (
            other.id, other.room, other.kind, other.dialect, other.topic, other._wiring,
        )  # fmt: skip

    @property
    def _wiring(self) -> Mapping[str, str]:
        return {key: value for key, value in self.options.items() if not key.startswith(("music", "pl-"))}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the house, or of one room, that no profile, guest or hand lifts.

    The defaults are the widest there are: a house may only be stricter, and a room only stricter than its house.
    `places` says where a bound is written, where it is.
    """

    light_max_lux: Lux = 5000.0
    """The most light while a guest is here; examinations, staff light, a hand's more light and cleaning are exempt."""
    light_max_l_step: Lstar = 20.0
    light_max_mired_s: float = 5.0
    """Mired a second; about 5 mired is taken as just visible."""
    dim_below_lux: Lux = 50.0
    dim_max_kelvin: Kelvin = 3000.0
    """While somebody is treated, light dimmer than `dim_below_lux` is never cooler than this (after Kruithof 1941)."""
    supine_max_percent: Percent = 5.0
    """Output of a lamp that a lying guest looks into."""
    sound_max_dba: DBA = 60.0
    sound_max_db_s: float = 6.0
    """dB a second; rises are never faster than 3."""
    scent_minutes_per_session: Minutes = 45.0
    scent_minutes_per_day: Minutes = 120.0
    scent_minutes_per_therapist: Minutes = 120.0
    scent_run_minutes: Minutes = 30.0
    """The longest run of a diffuser without a pause as long (Tisserand Institute, diffusion guidelines)."""
    scent_stop_minutes: Minutes = 15.0
    """No diffuser runs this long before the guest leaves."""
    scent_max_ug_m3: float = 300.0
    """Estimated concentration at which a diffuser is stopped (guide value for VOC quoted by Pytel et al. 2021)."""
    places: Mapping[str, str] = field(default_factory=dict, compare=False)

    def why(self, key: str) -> Why:
        """This bound as the decider of a value: its key, its value, and where it is written."""
        place = f" ({self.places[key]})" if key in self.places else ""
        return Why(Layer.LIMIT, f"{key} {getattr(self, key):g}{place}")


FLOORS = frozenset({"dim_below_lux", "scent_stop_minutes"})
"""Limits that are stricter the higher they are."""


def lifted(limits: Limits, above: Limits) -> tuple[str, ...]:
    """The keys in which `limits` would allow more than `above` does."""
    more = {each.name: getattr(limits, each.name) - getattr(above, each.name) for each in fields(Limits) if each.name != "places"}
    return tuple(key for key, by in more.items() if (by < 0 if key in FLOORS else by > 0))


@dataclass(frozen=True, slots=True)
class Evening:
    """Gentler light from an hour of the day on, for guests who go to bed afterwards.

    At most 10 lx melanopic EDI at the eye in the three hours before bed: Brown et al. 2022 (PLoS Biol 20:e3001571).
    `enabled` None: in spas, not in clinics. Examinations and cleaning are exempt.
    """

    enabled: bool | None = None
    since: time = time(18, 0)
    until: time = time(4, 0)
    melanopic_max_lux: Lux = 10.0
    return_max_kelvin: Kelvin = 3000.0

    def holds(self, setting: Setting) -> bool:
        """Whether rooms of this setting have evenings."""
        return self.enabled if self.enabled is not None else setting == "spa"

    def at(self, clock: time) -> bool:
        """Whether an hour of the site's day is evening."""
        return self.since <= clock or clock < self.until if self.since > self.until else self.since <= clock < self.until


@dataclass(frozen=True)
class Room:
    """Where a treatment happens. `borders` is already decided (never `auto`)."""

    id: str
    name: str
    setting: Setting = "spa"
    area: str = ""
    borders: Borders = "clock"
    unconfirmed: Literal["go", "wait"] = "go"
    grace: Minutes = 5.0
    full_light_lux: Lux = 300.0
    full_volume_dba: DBA | None = None
    volume_m3: float = 30.0
    air_changes: float = 1.0
    window_air_changes: float = 0.0
    """What an open window adds, per hour; 0: there is none to open."""
    limits: Limits | None = None
    """This room's own, stricter limits; None: those of the site."""
    usual: tuple[str, ...] = ()
    hand_light: bool = False
    """There is a lamp that people switch by hand, whatever becomes of us and the network."""
    devices: tuple[Device, ...] = ()
    scent_policy: ScentPolicy = "allowed"
    """`free`: fragrance-free, whatever a profile, a guest or a hand wants."""
    playlist_key: bytes = field(default=b"", repr=False)
    """What the ids of playlists are made with, so that nobody who knows the library can tell what a guest hears, or must not."""

    @cached_property
    def by_id(self) -> Mapping[str, Device]:
        return {device.id: device for device in self.devices}

    @cached_property
    def alone(self) -> Lux:
        """The light its native lamps can give: only they come on by themselves when the controller is gone."""
        return self.full_light_lux * sum(d.share for d in self.of("light") if d.role != "exam" and d.dialect == "native")

    def of(self, kind: Kind, role: Role | None = None) -> tuple[Device, ...]:
        """This room's devices of one kind, and for lamps of one role."""
        return self._sorted.get((kind, role), ())

    def emission(self, diffuser: str) -> float:
        """What a diffuser gives off, in mg/h. One that was taken away since gave off something too: the usual."""
        return self.by_id[diffuser].emission_mg_h if diffuser in self.by_id else EMISSION

    @cached_property
    def _sorted(self) -> Mapping[tuple[Kind, Role | None], tuple[Device, ...]]:
        found: dict[tuple[Kind, Role | None], tuple[Device, ...]] = {}
        for device in self.devices:
            for key in ((device.kind, None), (device.kind, device.role)):
                found[key] = (*found.get(key, ()), device)
        return found


STYLES = ("calm", "deep", "bright", "own")
"""What a guest may choose; `silence` is one too, and needs nothing to be played."""
SILENT = "silence"
LIBRARIES = ("sonos2mqtt", "mopidy-mqtt", "snapcast-jsonrpc")
"""Dialects of players that have music of their own, and names of their own for it."""


def called(device: Device, style: str | None) -> tuple[str, ...]:
    """What a player calls a style, or else calm, or else whatever it plays; several names stand for as many pieces. Empty: nothing."""
    keys = ([f"music_{style}"] if style else []) + [f"music_{STYLES[0]}", "music", "stream"]
    return next((tuple(device.options[key].split("\n")) for key in keys if key in device.options), ())


def piece(device: Device, playlist: str, style: str | None) -> str | None:
    """What a player is told for an opaque playlist: what its style, or any, is called by this player; an address stands for itself.

    Where a style has several names, each time another piece was asked for is the next of them: absolute, so that it may be said twice.
    """
    found = re.fullmatch(r"(pl-[0-9a-f]{10})(?:\.([0-9]{1,6}))?", playlist)
    if found is None:
        return playlist
    names = (device.options[found[1]],) if found[1] in device.options else called(device, style)
    return names[int(found[2] or 0) % len(names)] if names else None


def has_music(device: Device, style: str, playlist: str) -> bool:
    """Whether a player has anything to play for a playlist in a style, as far as can be known here."""
    if device.dialect not in LIBRARIES or (device.dialect == "snapcast-jsonrpc" and "group" not in device.options):
        return True  # it is given folders of its own, or plays whatever reaches it
    return playlist in device.options or bool(called(device, style))


def can_skip(device: Device) -> bool:
    """Whether a player can be asked for another piece: with a library of its own only where a style has several names."""
    return device.dialect not in LIBRARIES or any("\n" in name for key, name in device.options.items() if key.startswith("music"))


@dataclass(frozen=True, slots=True)
class MusicFolder:
    """A folder of recordings, in one style, with the right to play them: the kind of licence and where its proof lies."""

    path: str
    style: str
    licence: str
    proof: str
    tags: tuple[str, ...] = ()
    bpm: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Music:
    """What this site may play. `names`: what a style is called by players that have a library of their own, by dialect; a line each."""

    folders: tuple[MusicFolder, ...] = ()
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is known of guests is kept: sessions and courses in days, care codes in hours after their session."""

    sessions_days: int = 30
    courses_days: int = 180
    care_hours: int = 24


@dataclass(frozen=True)
class Site:
    """One spa or clinic: one time zone, one controller, one broker address."""

    id: str
    name: str
    timezone: ZoneInfo
    rooms: tuple[Room, ...]
    limits: Limits = field(default_factory=Limits)
    evening: Evening = Evening()
    setting: Setting = "spa"
    prefix: str = "ambiance"
    music: Music = Music()
    retention: Retention = Retention()
    duress: Literal["silent", "bright"] = "silent"
    """What a call for help does in its room: nothing, so that only the desk knows, or full light and silence."""
    scent_policy: ScentPolicy = "allowed"
    """`free`: the whole house is fragrance-free, and so is each of its rooms."""

    @cached_property
    def by_id(self) -> Mapping[str, Room]:
        return {room.id: room for room in self.rooms}

    def keyed(self, key: bytes) -> "Site":
        """The same site, whose playlists have ids that only it can make."""
        return replace(self, rooms=tuple(replace(room, playlist_key=key) for room in self.rooms))

    def limits_in(self, room: Room) -> Limits:
        """The limits that hold in this room."""
        return room.limits or self.limits
