"""Rooms, treatments and listeners that the tests of the cue sheet share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ambiance.care import Code, parse
from ambiance.cuesheet import (
    Dose,
    Hand,
    LightLevel,
    Order,
    Sheet,
    SoundLevel,
    Span,
    Tuning,
    compile_sheet,
    dba_of,
    pieces,
    replan,
    scene_at,
)  # fmt: skip
from ambiance.cuesheet.model import Level
from ambiance.cuesheet.scene import track
from ambiance.cuesheet.wanted import LightWanted, PlayerWanted, Wanted
from ambiance.profile import Library, Visit
from ambiance.site import Borders, Device, Limits, Room
from ambiance.units import SILENCE, Lstar, Mired, Seconds, lstar, mired

LAMPS = (
    Device("ceiling", "lavender", "light", share=0.8, lowest=0.4),
    Device("cove", "lavender", "light", role="accent", share=0.2, lowest=0.1),
    Device("exam", "lavender", "light", role="exam", supine_view=True),
)
REST = (
    Device("speaker", "lavender", "player"),
    Device("diffuser", "lavender", "diffuser"),
    Device("air", "lavender", "climate"),
    Device("extract", "lavender", "fan"),
    Device("table", "lavender", "warmer"),
)
LAVENDER = Room("lavender", "Lavender", full_volume_dba=70.0, air_changes=2.0, devices=(*LAMPS, *REST))
CLINIC = replace(LAVENDER, setting="clinical", full_light_lux=500.0)


def room_of(*devices: Device, **more: object) -> Room:
    """Lavender with other devices; its lamps share the room's light evenly unless they say otherwise."""
    return replace(LAVENDER, devices=devices, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Treatments:
    """Compiles treatments of the shipped library for Lavender (or the clinic, where the profile is clinical)."""

    library: Library

    def sheet(
        self,
        profile: str = "spa/swedish",
        minutes: int = 60,
        *,
        room: Room | None = None,
        care: Sequence[Code] | None = (),
        visit: Visit = "follow_up",
        scent: bool = False,
        tuning: Tuning | None = None,
        limits: Limits | None = None,
        left: float = 120.0,
        prep: Seconds = 0.0,
        borders: Borders = "clock",
        levels: Mapping[str, Level] | None = None,
    ) -> Sheet:
        order = Order(self.library.get(profile), minutes, visit, parse(care), scent, tuning or Tuning(), left, limits or Limits())
        where = room or (CLINIC if profile.startswith("clinical/") else LAVENDER)
        return compile_sheet(order, where, prep=prep, borders=borders, levels=levels)


def span(sheet: Sheet, phase: str) -> Span:
    return next(each for each in sheet.spans if each.phase == phase)


def midst(sheet: Sheet, phase: str) -> Seconds:
    """The middle of a phase, when every fade into it is over."""
    here = span(sheet, phase)
    return (max(here.start, -1e6) + min(here.end, here.start + 1e6)) / 2


def light(sheet: Sheet, offset: Seconds, device: str = "ceiling") -> LightLevel:
    level = scene_at(sheet, offset).levels[device]
    assert isinstance(level, LightLevel)
    return level


def sound(sheet: Sheet, offset: Seconds, device: str = "speaker") -> SoundLevel:
    level = scene_at(sheet, offset).levels[device]
    assert isinstance(level, SoundLevel)
    return level


def minutes(doses: Sequence[Dose]) -> float:
    return sum(dose.minutes for dose in doses)


def lay(sheet: Sheet, offset: Seconds, kind: str, value: float = 0.0, **more: object) -> Sheet:
    """One hand on the room."""
    return replan.with_hand(sheet, offset, Hand(kind, offset, value, **more))  # type: ignore[arg-type]


@dataclass
class Listener:
    """A lamp or player that does what it is told, as its maker promised: it fades by itself as long as it can, or jumps."""

    room: Room
    device: Device
    began: tuple[Seconds, float, Mired] = (0.0, 0.0, 0.0)
    goal: tuple[float, Mired, Seconds] = (0.0, 0.0, 0.0)
    playing: bool = True
    told: list[tuple[Seconds, tuple[Wanted, ...]]] = field(default_factory=list)

    def stands(self, level: float, warmth: Mired = 0.0, at: Seconds = 0.0) -> None:
        self.began, self.goal = (at, level, warmth), (level, warmth, 0.0)

    def hears(self, at: Seconds, wanted: tuple[Wanted, ...]) -> None:
        if wanted:
            self.told.append((at, wanted))
        for each in wanted:
            here, warmth = self.level_at(at), self.mired_at(at)
            if isinstance(each, LightWanted):
                assert each.fade == 0 or 0 < each.fade <= self.device.fade + 1e-3
                self.began, self.goal = (at, here, warmth), (lstar(each.brightness / 100), mired(each.kelvin), each.fade)
            elif isinstance(each, PlayerWanted):
                assert each.fade == 0 or 0 < each.fade <= self.device.fade + 1e-3
                self.playing = each.playing
                self.began, self.goal = (at, here, 0.0), (dba_of(self.room, self.device, each.volume), 0.0, each.fade)

    def level_at(self, at: Seconds) -> float:
        """L* of a lamp, dBA of a player."""
        if self.device.kind == "player" and not self.playing:
            return SILENCE
        return self._between(self.began[1], self.goal[0], at)

    def mired_at(self, at: Seconds) -> Mired:
        return self._between(self.began[2], self.goal[1], at)

    def _between(self, start: float, end: float, at: Seconds) -> float:
        fade = self.goal[2]
        return end if fade <= 0 else start + (end - start) * min(1.0, max(0.0, (at - self.began[0]) / fade))


@dataclass
class Stage:
    """A room whose lamps and players are told what a sheet wants, each when it is due, as the controller does it."""

    room: Room
    sheet: Sheet
    listeners: dict[str, Listener]
    due: dict[str, Seconds | None]
    since: dict[str, Seconds]

    @classmethod
    def begin(cls, room: Room, sheet: Sheet, at: Seconds) -> "Stage":
        """State the whole present to devices that stand right, as after the very first glide."""
        stage = cls(room, sheet, {}, {}, {})
        for device in room.devices:
            if device.kind in ("light", "player") and track(sheet, device.id):
                listener = stage.listeners[device.id] = Listener(room, device)
                level = scene_at(sheet, at).levels[device.id]
                if isinstance(level, LightLevel):
                    listener.stands(level.lstar, level.mired, at)
                elif isinstance(level, SoundLevel):
                    listener.stands(level.dba, 0.0, at)
                    listener.playing = level.dba > SILENCE
                stage.tell(device, at, None)
        return stage

    def tell(self, device: Device, at: Seconds, since: Seconds | None) -> None:
        wanted, self.due[device.id] = pieces(self.sheet, self.room, device, at, since)
        self.listeners[device.id].hears(at, wanted)
        self.since[device.id] = at

    def play(self, until: Seconds, seen: Callable[[Seconds], None] | None = None) -> None:
        """Tell every device when it is due, up to `until`."""
        while True:
            due = [(at, id) for id, at in self.due.items() if at is not None and at <= until]
            if not due:
                break
            at, id = min(due)
            self.tell(self.room.by_id[id], at, self.since[id])
            if seen is not None:
                seen(at)
        if seen is not None:
            seen(until)

    def replanned(self, sheet: Sheet, at: Seconds) -> None:
        """A hand changed the sheet: devices whose move is another one are told, and only those."""
        old, self.sheet = self.sheet, sheet
        for device in self.room.devices:
            if device.id not in self.listeners:
                continue
            was = next((c for c in reversed(track(old, device.id)) if c.at <= at), None)
            now = next((c for c in reversed(track(sheet, device.id)) if c.at <= at), None)
            if was is None or now is None or (was.target, was.end) != (now.target, now.end):
                self.tell(device, at, now.at - 1 if now is not None else None)
            else:
                # What it was told runs on; it is told again when that ends, or earlier where the next move comes earlier.
                due = (self.due[device.id], pieces(sheet, self.room, device, at, self.since[device.id])[1])
                self.due[device.id] = min((moment for moment in due if moment is not None), default=None)

    def off(self, at: Seconds) -> Mapping[str, float]:
        """How far each device is from the scene: L* or dB."""
        scene = scene_at(self.sheet, at)
        found: dict[str, float] = {}
        for id, listener in self.listeners.items():
            level = scene.levels[id]
            wanted: Lstar | float = level.lstar if isinstance(level, LightLevel) else level.dba if isinstance(level, SoundLevel) else 0.0
            found[id] = abs(listener.level_at(at) - wanted)
        return found
