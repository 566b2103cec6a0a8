"""Asking a device something and judging what it says: how soon, how right, and how much its word is worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ambiance.cuesheet.fades import least_fade
from ambiance.cuesheet.model import Cue, Level, Sheet
from ambiance.cuesheet.pieces import pieces
from ambiance.cuesheet.wanted import LightWanted, PlayerWanted, Wanted, plain
from ambiance.device.difference import differences, speaks_of
from ambiance.device.trying.bench import MOMENT, Bench
from ambiance.device.trying.line import Line
from ambiance.units import Seconds

PATIENCE: Seconds = 5.0
"""After what was asked should be so."""
NO_WORD = "it never says what it is; look at it"


@dataclass(frozen=True, slots=True)
class Answered:
    """`first` is when it first spoke of what was asked (None: never), `right` whether it became that, `way` all that it said."""

    wanted: Wanted
    first: Seconds | None
    right: bool
    way: tuple[tuple[Seconds, Mapping[str, Any]], ...]

    @property
    def last(self) -> Mapping[str, Any] | None:
        return self.way[-1][1] if self.way else None


class Asking:
    """Asks the device on `bench`. Every method may raise Interrupted."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    async def ask(self, wanted: Wanted, patience: Seconds = PATIENCE) -> Answered:
        """Say it, and listen until it is so and its fade is over, or for `patience` longer than that."""
        ear, clock = self.bench.ear, self.bench.ear.clock
        ear.forget()
        began = clock.monotonic()
        self.bench.say(wanted)
        fade = wanted.fade if isinstance(wanted, LightWanted | PlayerWanted) else 0.0
        way: list[tuple[Seconds, Mapping[str, Any]]] = []
        first: Seconds | None = None
        right = False
        while not right and self.bench.traits.answers:
            values = await ear.next(began + fade + patience - clock.monotonic())
            if values is None:
                break
            at = clock.monotonic() - began
            way.append((at, values))
            about = speaks_of(wanted, values)
            first = at if first is None and about else first
            right = about and not differences(wanted, values, self.bench.traits.tolerance)
        while (left := began + fade - clock.monotonic()) > MOMENT:
            values = await ear.next(left)
            if values is not None:
                way.append((clock.monotonic() - began, values))
        return Answered(wanted, first, right, tuple(way))

    async def move(self, start: Level, target: Level, least: Seconds = 0.0) -> None:
        """Go there as a session would: in the pieces this device can time, and no faster than nobody startles at."""
        device, room, clock = self.bench.device, self.bench.room, self.bench.ear.clock
        cue = Cue(0.0, device.id, start, target, max(least, least_fade(start, target)))
        sheet, began, offset, since = Sheet("", 0, (), {}, (cue,)), clock.monotonic(), 0.0, -1.0
        while True:
            wanteds, due = pieces(sheet, room, device, offset, since)
            if wanteds:
                self.bench.say(*wanteds)
            await self.bench.ear.rest(began + (cue.end if due is None else due))
            if due is None:
                return
            since, offset = offset, due

    def line(self, step: str, answered: Answered, still: bool = False) -> Line:
        """What is to be said of one answer. `still`: it only says that it was told."""
        asked, last = plain(answered.wanted), answered.last
        if not self.bench.traits.answers:
            return Line(step, "look", NO_WORD, asked)
        if answered.first is None:
            away = "; it says that it is away" if self.bench.ear.online is False else ""
            return Line(step, "bad", f"it did not answer within {PATIENCE:g} s{away}: has it power, and is its topic right?", asked, last)
        soon = f"answered in {1000 * answered.first:.0f} ms"
        if not answered.right:
            wrong = differences(answered.wanted, last or {}, self.bench.traits.tolerance)
            said = ", ".join(f"{key} {(last or {}).get(key)} instead of {asked.get(key)}" for key in wrong) or "something else"
            return Line(step, "poor", f"{soon}, but says {said}", asked, last, answered.first)
        if self.bench.traits.echoes:
            return Line(step, "look", f"{soon}; it repeats what it is told, so look whether it did it", asked, last, answered.first)
        return Line(step, "good", f"{soon}, and is as asked", asked, last, answered.first)
