"""The rooms and devices of config.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from ambiance.config.limits import read_limits
from ambiance.config.music import names_for
from ambiance.device.dialects import Dialect, Traits
from ambiance.errors import Place
from ambiance.site import FULL_LUX, SAFE_LIGHT, Borders, Device, Kind, Limits, Music, Role, Room, ScentPolicy, Setting
from ambiance.units import Seconds, Taper
from ambiance.yaml import Choice, Faults, Flag, ListOf, MapOf, Number, Section, Slug, Span, Text, Written, nearest, short

FAMILIES = ("floral_herbal", "citrus", "wood_resin", "mint_eucalyptus", "spice", "blend_house")
"""Families of scent that the shipped profiles know."""
VERBS = (
    "next", "begin", "advance", "stay", "extend", "pause", "resume", "end", "ready", "bright", "brighter", "dimmer", "louder", "quieter",
    "mute", "another", "scent_off", "exam_light", "call", "more_light", "stop_sound", "duress", "medical",
)  # fmt: skip
"""What a key of a button may stand for."""
ONLY_FOR: Mapping[str, tuple[Kind, ...]] = {
    "role": ("light",), "kelvin": ("light",), "fade": ("light", "player"), "share": ("light",), "lowest": ("light",),
    "supine_view": ("light",), "taper": ("player",), "families": ("diffuser",), "emission_mg_h": ("diffuser",), "air_changes": ("fan",),
    "press": ("button",), "does": ("sensor",), "limits": ("sensor",), "at_guest": ("sensor",),
    "running_watts": ("diffuser",), "tank_hours": ("diffuser",),
    "tank_ml": ("diffuser",), "ml_per_hour": ("diffuser",),
}  # fmt: skip
"""Keys of a device that only some kinds have."""
PRESSES = r"([1-9]\.)?(single|double|long)"
WORDY = ("zigbee2mqtt", "zigbee2mqtt-tuya")
"""Dialects whose buttons have words of their own (`rotate_right`), which may stand for a press."""
MAY = ("begin", "confirm", "resume", "warn")
"""What the news of a door or of somebody's presence may do."""
UNSAID = (0.0, 0.0)
USUAL_FADE: Seconds = 6500.0
"""The longest fade that is left to a device whose entry does not say."""
_TAKEN = ("do", "status")
"""Levels of the topic tree that stand where a room's id stands."""
_KINDS: Choice[Kind] = Choice("light", "player", "diffuser", "climate", "fan", "warmer", "button", "sensor")
SETTINGS: Choice[Setting] = Choice("spa", "clinical")
POLICIES: Choice[ScentPolicy] = Choice("free", "allowed")
_ROLES: Choice[Role] = Choice("ambient", "accent", "exam")
_TAPERS: Choice[Taper] = Choice("cubic", "linear")
_BORDERS: Choice[Literal["auto", "hands", "clock"]] = Choice("auto", "hands", "clock")
_UNCONFIRMED: Choice[Literal["go", "wait"]] = Choice("go", "wait")
_USUAL = Text(80, r"(spa|clinical|menu)/[a-z0-9_-]{1,64}", "profiles such as spa/swedish or menu/calm")
_SLUG = Text(64, r"[a-z0-9_-]{1,64}", "slugs such as floral_herbal")
_TOPIC = Text(200, r"[^#+\x00-\x1f]+", "a topic without # and +")


class Rooms:
    """Reads the rooms of one site; `dialects` are those this program speaks, by name."""

    def __init__(
        self, dialects: Mapping[str, Dialect], faults: Faults, warnings: list[str], music: Music | None = None, names: Section | None = None
    ) -> None:
        self.dialects, self.faults, self.warnings, self.music = dialects, faults, warnings, music or Music()
        self.names, self._misnamed = names, set[tuple[str, str]]()

    def read(self, top: Section, default: Setting, limits: Limits, policy: ScentPolicy | None = None) -> tuple[Room, ...]:
        """The rooms of a site with this `default` setting, these `limits` and this fragrance `policy` (None: the site says nothing)."""
        rooms: dict[str, Room] = {}
        sections = top.sections("rooms", required=True)
        for section in sections:
            with section:
                room = self.room(section, default, limits, policy)
                if room.id in _TAKEN:
                    section.fault("id", f"the id {room.id}", f"another one: {room.id} has its own place in the topic tree")
                elif room.id in rooms:
                    section.fault("id", f"a second room {room.id}", "another id")
                rooms[room.id] = room
        if not sections and "rooms" in top:
            self.warn(top.at("rooms"), "no room yet; sign in and open /setup, which finds devices and adds the first one")
        return tuple(rooms.values())

    def room(self, section: Section, default: Setting, limits: Limits, policy: ScentPolicy | None = None) -> Room:
        id = section.take("id", Slug())
        setting = section.take("setting", SETTINGS, default)
        devices: list[Device] = []
        lines: dict[str, Place] = {}
        for inner in section.sections("devices"):
            with inner:
                device = self.device(inner, id)
                if device.id in lines:
                    inner.fault("id", f"a second device {device.id} in {id}", "another id")
                lines[device.id] = inner.place
                devices.append(device)
        devices = self.shared(devices, lines, section)
        own = None
        if "limits" in section:
            with section.section("limits") as inner:
                own = read_limits(inner, limits)
        borders = section.take("borders", _BORDERS, "auto")
        decided: Borders = "hands" if borders == "hands" or (borders == "auto" and any(d.kind == "button" for d in devices)) else "clock"
        room = Room(
            id=id, name=section.take("name", Text(80), id), setting=setting, area=section.take("area", Text(80), ""), borders=decided,
            unconfirmed=section.take("unconfirmed", _UNCONFIRMED, "go"),
            grace=section.take("grace", Number(0, 60, "minutes"), 5.0),
            full_light_lux=section.take("full_light_lux", Number(20, 5000, "lx"), FULL_LUX[setting]),
            full_volume_dba=section.take("full_volume_dba", Number(40, 110, "dBA"), None),
            volume_m3=section.take("volume_m3", Number(5, 2000, "m³"), 30.0),
            air_changes=section.take("air_changes", Number(0, 60, "per hour"), 1.0),
            window_air_changes=section.take("window_air_changes", Number(0, 30, "per hour"), 0.0), limits=own,
            usual=section.take("usual", ListOf(_USUAL), ()),
            hand_light=section.take("hand_light", Flag(), False),
            devices=tuple(devices), scent_policy=self.policy(section, policy, setting, devices),
        )  # fmt: skip
        if any(d.role != "exam" for d in room.of("light")) and not room.hand_light and room.alone < SAFE_LIGHT:
            some = f"the lamps of {id} that come on by themselves give {room.alone:g} lx"
            what = some if room.alone else f"no lamp of {id} comes on by itself"
            self.warn(section.place, f"{what} when the controller is gone; fit a light with a switch of its own and write hand_light: true")
        return room

    def policy(self, section: Section, house: ScentPolicy | None, setting: Setting, devices: Sequence[Device]) -> ScentPolicy:
        """A fragrance-free house has no room that is not; a clinic's room is fragrance-free unless somebody allows scent."""
        own = section.take("scent_policy", POLICIES, None)
        if house == "free" and own == "allowed":
            section.fault("scent_policy", "allowed in a fragrance-free house", "free, or nothing: site.scent_policy holds for every room")
        decided = "free" if house == "free" else own or house or ("free" if setting == "clinical" else "allowed")
        if decided == "free" and any(device.kind == "diffuser" for device in devices):
            self.warn(
                section.place, "its diffuser never runs in a fragrance-free room; scent_policy: allowed, where guests may ask for scent"
            )
        return "free" if decided == "free" else "allowed"

    def device(self, section: Section, room: str) -> Device:
        kind = section.take("kind", _KINDS)
        said = section.get("kind")
        for key, kinds in ONLY_FOR.items():
            if section.get(key) is not None and kind not in kinds and said is not None and said.value == kind:
                section.fault(key, f"{key} on a {kind}", f"no such key: only a {' or '.join(kinds)} has one")
        dialect = section.take("dialect", Text(64), "native")
        device = Device(
            id=section.take("id", Slug()), room=room, kind=kind, dialect=dialect,
            topic=section.take("topic", _TOPIC, ""),
            role=section.take("role", _ROLES, "ambient"), kelvin=section.take("kelvin", Span(1000, 20000, "K"), UNSAID),
            fade=section.take("fade", Number(0, 86400, "s"), -1.0), share=section.take("share", Number(0, 1), -1.0),
            lowest=section.take("lowest", Number(0, 50, "%"), 0.1), supine_view=section.take("supine_view", Flag(), False),
            taper=section.take("taper", _TAPERS, "cubic"), families=self.families(section),
            emission_mg_h=section.take("emission_mg_h", Number(0, 1000, "mg/h"), 14.0),
            air_changes=section.take("air_changes", Number(0, 100, "per hour"), 0.0),
            press=section.take("press", MapOf(Choice(*VERBS), PRESSES if dialect not in WORDY else rf"{PRESSES}|[a-z0-9_]{{1,40}}"), {}),
            does=section.take("does", MapOf(Choice(*MAY), r"open|closed|occupied|empty"), {}),
            limits=section.take("limits", MapOf(Number(0, 1_000_000), r"co2|voc|tvoc_ppb|pm25|humidity"), {}),
            at_guest=section.take("at_guest", Flag(), False),
            running_watts=section.take("running_watts", Number(0.1, 1000, "W"), 1.0), tank_hours=self.tank(section),
            options=section.take("options", MapOf(Written()), {}),
        )  # fmt: skip
        speaker = self.dialects.get(dialect)
        if speaker is None:
            section.fault("dialect", f"the dialect {dialect!r}", nearest(dialect, tuple(self.dialects)))
            return replace(device, fade=0.0, kelvin=Traits().kelvin)
        if kind == "player":
            device = self.told(device, speaker)
        device = self.timed(device, speaker.traits(device), section)
        for complaint in speaker.check(device):
            found, _, cure = complaint.removeprefix(f"{room}/{device.id}: ").removeprefix("found ").partition("; ")
            self.faults.add(section.place, found, cure or "a device set up for this dialect")
        for warning in speaker.warnings(device):
            self.warn(section.place, warning)
        return device

    def told(self, device: Device, speaker: Dialect) -> Device:
        """`device` with what the house calls each style for its family; a name it cannot play is complained of where it stands, once."""
        known = set(speaker.check(device))
        for style, name in names_for(self.music, device.dialect).items():
            if (option := f"music_{style}") in device.options:
                continue
            named = replace(device, options={**device.options, option: name})
            wrong = [each for each in speaker.check(named) if each not in known]
            if not wrong or self.names is None:
                device = named
            elif (style, device.dialect) not in self._misnamed:
                self._misnamed.add((style, device.dialect))
                place = self.names.section(style).at(device.dialect)
                self.faults.add(place, short(name), wrong[0].partition("; ")[2])
        return device

    def tank(self, section: Section) -> float:
        """Hours a full tank lasts; 0 where nobody said."""
        hours = section.take("tank_hours", Number(0.1, 10_000, "hours"), 0.0)
        ml, rate = section.take("tank_ml", Number(1, 100_000, "ml"), 0.0), section.take("ml_per_hour", Number(0.01, 10_000, "ml/h"), 0.0)
        if (ml > 0) is not (rate > 0):
            section.fault("tank_ml" if ml else "ml_per_hour", "one of tank_ml and ml_per_hour", "both, or tank_hours")
        return hours or (ml / rate if ml and rate else 0.0)

    def timed(self, device: Device, traits: Traits, section: Section) -> Device:
        """`device` with what its family can time: a longer fade than that is cut into pieces, and said so."""
        if device.fade > traits.fade and device.kind in ONLY_FOR["fade"]:
            able = f"{traits.fade:g} s by itself on {device.dialect}"
            self.warn(section.at("fade"), f"{device.id} times {able}; longer fades go out in pieces")
        longest = min(traits.fade, USUAL_FADE) if device.fade < 0 else min(traits.fade, device.fade)
        warmth = traits.kelvin if device.kelvin == UNSAID else device.kelvin
        return replace(device, kelvin=warmth, fade=longest, curve=traits.curve, tick=traits.tick, renews=traits.renews)

    def families(self, section: Section) -> tuple[str, ...]:
        families = section.take("families", ListOf(_SLUG), ())
        for family in families:
            if family not in FAMILIES:
                self.warn(section.at("families"), f"the scent family {family!r} is in no shipped profile; known: {', '.join(FAMILIES)}")
        return families

    def shared(self, devices: list[Device], lines: Mapping[str, Place], section: Section) -> list[Device]:
        """Lamps without a `share` divide what the others leave."""
        lamps = [d for d in devices if d.kind == "light" and d.role != "exam"]
        given = sum(d.share for d in lamps if d.share >= 0)
        open_ones = [d.id for d in lamps if d.share < 0]
        left = max(0.0, 1 - given) / len(open_ones) if open_ones else 0.0
        if lamps and (given > 1.001 or (given < 0.999 and not open_ones)):
            self.warn(lines[lamps[0].id], f"the lamps' shares add up to {given:g}; together they are the room's full light, 1")
        elif open_ones and left < 0.001:
            self.warn(lines[open_ones[0]], f"{', '.join(open_ones)} has no share left; write how much of the full light each lamp gives")
        return [replace(d, share=1.0 if d not in lamps else left) if d.share < 0 else d for d in devices]

    def warn(self, place: Place, text: str) -> None:
        self.warnings.append(f"{place}: {text}")
