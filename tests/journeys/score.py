"""What a room should be, worked out a second time from the sheet alone, and whether what was heard and seen agrees.

The program's own pure functions give the score; nothing of the running program does. A message, or a lamp, may be late:
it agrees if the score said so at some moment of the last `window` site seconds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ambiance.cuesheet import Scene, Sheet, dba_of, scene_at
from ambiance.cuesheet.model import ClimateLevel, FanLevel, Level, LightLevel, SoundLevel, WarmerLevel
from ambiance.cuesheet.standing import standing, turnover
from ambiance.site import Device, Limits, Room
from ambiance.units import SILENCE, lstar, mired
from tests.journeys.twins import Said

LSTAR, MIRED, DECIBEL = 0.8, 4.0, 0.8
"""How far a rounded set-point, read at a whole second, may lie from the score."""
SECOND = 1.0


@dataclass(frozen=True, slots=True)
class Page:
    """From `since` on (site seconds) the room plays `sheet`, whose guest entered at `t0`."""

    since: float
    sheet: Sheet
    t0: float


@dataclass
class Score:
    """All that one room was to play, in order."""

    room: Room
    pages: list[Page] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)

    def stands(self, since: float, state: str = "ready") -> None:
        """The room plays nothing from here on but being in a state."""
        self.pages.append(Page(since, standing(self.room, state, self.limits), since))

    def plays(self, since: float, sheet: Sheet, t0: float) -> None:
        self.pages.append(Page(since, sheet, t0))

    def changes(self, at: float, by: Callable[[Sheet, float], Sheet]) -> None:
        """A hand at `at`: the sheet is planned anew from there."""
        page = self.page(at)
        self.pages.append(Page(at, by(page.sheet, at - page.t0), page.t0))

    def turns_over(self, at: float, scented: bool) -> None:
        """The session ends at `at`."""
        page = self.page(at)
        clean = sum(span.length for span in page.sheet.spans if span.phase in ("turnover_air", "turnover_clean"))
        air = min(600.0, clean) if scented else 0.0
        self.pages.append(Page(at, turnover(page.sheet, self.room, self.limits, self.levels(at), air, clean), at))

    def page(self, at: float) -> Page:
        return next((page for page in reversed(self.pages) if page.since <= at), self.pages[0])

    def scene(self, at: float, promised: float = 0.0) -> Scene:
        """The scene at `at`; or, `promised` seconds later, what was then promised."""
        page = self.page(at)
        return scene_at(page.sheet, at + promised - page.t0)

    def levels(self, at: float) -> dict[str, Level]:
        return dict(self.scene(at).levels)

    def moments(self, at: float, window: float) -> Iterator[float]:
        """Moments at which what is heard at `at` may have been said, the latest first."""
        moment = at
        while moment >= at - window:
            yield moment
            moment -= SECOND
        yield from (page.since for page in self.pages if at - window <= page.since <= at)

    def agrees(self, device: str, said: Said, window: float) -> bool:
        """Whether a command asks for what the room should then become."""
        what, fade = self.room.by_id[device], float(said.body.get("fade", 0.0))
        return any(
            like(level, said.body, self.room, what)
            for moment in self.moments(said.at, window)
            if (level := self.scene(moment, fade).levels.get(device)) is not None
        )

    def brackets(self, lamp: str, actual: dict[str, Any], at: float, window: float) -> bool:
        """Whether a lamp is no brighter and no darker than the score had it in the last `window` seconds.

        Of two hands that follow each other closely the second finds a late lamp still on its way: its curve is then its own.
        """
        levels = [level.lstar for moment in self.moments(at, window) if isinstance(level := self.scene(moment).levels[lamp], LightLevel)]
        here = lstar(actual["brightness"] / 100) if actual["on"] else 0.0
        return min(levels) - 3 * LSTAR <= here <= max(levels) + 3 * LSTAR

    def shows(self, device: str, actual: dict[str, Any], at: float, window: float) -> bool:
        """Whether a device is now what the score asks, or asked a moment ago."""
        what = self.room.by_id[device]
        return any(
            like(level, actual, self.room, what)
            for moment in self.moments(at, window)
            if (level := self.scene(moment).levels.get(device)) is not None
        )


def like(level: Level, body: dict[str, Any], room: Room, device: Device) -> bool:
    """Whether native values are those of a level."""
    match level:
        case LightLevel(lightness, mireds, color):
            here = lstar(body["brightness"] / 100) if body["on"] else 0.0
            if abs(here - lightness) > LSTAR:
                return False
            if min(here, lightness) < LSTAR or color or body["color"]:
                return min(here, lightness) < LSTAR or body["color"] == color
            return abs(mired(body["kelvin"]) - mireds) <= MIRED
        case SoundLevel(dba, playlist):
            here = dba_of(room, device, body["volume"]) if body["playing"] else SILENCE
            return abs(here - dba) <= DECIBEL and (not body["playing"] or playlist is None or body["playlist"] == playlist)
        case ClimateLevel(celsius):
            return abs(float(body["celsius"]) - celsius) <= 0.06
        case FanLevel(speed):
            return float(body["speed"]) == speed
        case WarmerLevel(on):
            return bool(body["on"]) == on


def runs(said: Sequence[Said]) -> list[tuple[float, float]]:
    """When a diffuser ran, by what it was told: each run from switching on (or renewing) to off or its own end."""
    found: list[tuple[float, float]] = []
    for each in said:
        if found and each.at < found[-1][1]:
            found[-1] = (found[-1][0], each.at)
        if not each.body["on"]:
            continue
        ends = each.at + float(each.body["run_for"])
        if found and abs(found[-1][1] - each.at) < 1e-6:
            found[-1] = (found[-1][0], ends)
        else:
            found.append((each.at, ends))
    return found
