"""Trials in a running controller: one device at a time, given back to its room the moment anybody needs it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import structlog

from ambiance.clock import Clock
from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.dialect import Dialect, Traits
from ambiance.device.dialects.family import BOUNDED
from ambiance.device.news import ButtonPressed, DeviceNews, DeviceReported, DeviceReturned, DeviceWentOffline
from ambiance.device.trying.bench import Bench, Ear, Interrupted
from ambiance.device.trying.line import Line
from ambiance.device.trying.walk import OFF, hold, identify, puff, tone, walk
from ambiance.errors import Conflict, Invalid
from ambiance.site import Device, Kind, Room, Site
from ambiance.units import DBA, Kelvin, Percent, Seconds

TrialKind = Literal["walk", "identify", "tone", "puff", "level"]
Send = Callable[[str, str, tuple[Wanted, ...], bool, bool], None]
FITTING: Mapping[TrialKind, tuple[Kind, ...]] = {
    "walk": ("light", "player", "diffuser", "climate", "fan", "warmer", "button"), "identify": ("light",), "tone": ("player",),
    "puff": ("diffuser", "warmer"), "level": ("light", "player", "fan"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be tried. `seconds`: how long a `level` stays when nobody ends it sooner."""

    do: TrialKind = "walk"
    brightness: Percent | None = None
    kelvin: Kelvin | None = None
    volume: Percent | None = None
    speed: Percent | None = None
    dba: DBA | None = None
    seconds: Seconds = 60.0


@dataclass(slots=True)
class _Bench:
    room: Room
    device: Device
    traits: Traits
    ear: Ear
    send: Send
    closed: bool = False

    def say(self, *wanteds: Wanted) -> None:
        if not self.closed:
            self.send(self.room.id, self.device.id, wanteds, False, False)

    def close(self) -> None:
        """The last that is said from here: what runs to an end of its own is off."""
        if self.device.kind in BOUNDED:
            self.say(OFF[self.device.kind])
        self.closed = True


@dataclass(slots=True)
class _Under:
    """A device under trial."""

    bench: _Bench
    task: "asyncio.Task[None]"


class Trials:
    """`send` tells a device; `needed` says why a room cannot spare it (None: it can); `reported` what it said last, and whether it is
    there; `give_back` lets the room say again what it should be. Lives on the loop."""

    def __init__(
        self,
        site: Site,
        dialects: Mapping[str, Dialect],
        clock: Clock,
        send: Send,
        needed: Callable[[str, Device], str | None],
        reported: Callable[[str, str], tuple[Mapping[str, Any] | None, bool | None]],
        give_back: Callable[[str, str], None],
    ) -> None:
        self._site, self._dialects, self._clock, self._send = site, dialects, clock, send
        self._needed, self._reported, self._give_back = needed, reported, give_back
        self._under: dict[tuple[str, str], _Under] = {}
        self._log = structlog.get_logger("trials")

    def adopt(self, site: Site) -> None:
        """The devices are those of this site now; a trial of one that is gone, or another by the same name, ends."""
        self._site = site
        for (room, id), under in tuple(self._under.items()):
            device = site.by_id[room].by_id.get(id) if room in site.by_id else None
            if device is None or not device.is_still(under.bench.device):
                self.end(room, id, "it was taken out of the room")

    def begin(self, room: Room, device: Device, trial: Trial) -> AsyncIterator[Line]:
        """Try it; the lines come as it goes, and leaving them early ends it. Raises Conflict, Invalid.

        A `level` answers and stays until its time is over, `end`, the next trial, or somebody needs the room.
        """
        if device.kind not in FITTING[trial.do]:
            able = ", ".join(do for do, kinds in FITTING.items() if device.kind in kinds)
            raise Invalid(("do", trial.do, f"for a {device.kind}: {able}"))
        self.end(room.id, device.id)
        if (why := self._needed(room.id, device)) is not None:
            raise Conflict(f"{device.id} cannot be tried now: {why}")
        last, online = self._reported(room.id, device.id)
        ear = Ear(self._clock, last)
        ear.online = online
        bench = _Bench(room, device, self._dialects[device.dialect].traits(device), ear, self._send)
        lines: asyncio.Queue[Line | None] = asyncio.Queue()
        task = asyncio.create_task(self._try(bench, trial, lines), name=f"trial-{room.id}-{device.id}")
        self._under[room.id, device.id] = _Under(bench, task)
        self._log.info("device_tried", room=room.id, device=device.id, trial=trial.do)
        return self._lines(task, lines)

    async def _lines(self, task: "asyncio.Task[None]", lines: "asyncio.Queue[Line | None]") -> AsyncIterator[Line]:
        told = False
        try:
            while (line := await lines.get()) is not None:
                yield line
            told = True
        finally:
            if not told:
                task.cancel()

    async def _try(self, bench: _Bench, trial: Trial, lines: "asyncio.Queue[Line | None]") -> None:
        key = (bench.room.id, bench.device.id)
        try:
            async for line in self._steps(bench, trial):
                lines.put_nowait(line)
            lines.put_nowait(None)
            if trial.do == "level":
                await bench.ear.rest(self._clock.monotonic() + trial.seconds)
        except Interrupted as interrupted:
            lines.put_nowait(Line("ended", "look", f"{interrupted}; the device was given back"))
        finally:
            lines.put_nowait(None)
            if not bench.closed:
                bench.close()
                self._under.pop(key, None)
                self._give_back(*key)

    def _steps(self, bench: Bench, trial: Trial) -> AsyncIterator[Line]:
        loudest = self._site.limits.sound_max_dba
        match trial.do:
            case "walk":
                return walk(bench, loudest)
            case "identify":
                return identify(bench)
            case "tone":
                return tone(bench, loudest, trial.dba)
            case "puff":
                return puff(bench)
        return hold(bench, trial.brightness, trial.kelvin, trial.volume, trial.speed)

    def heard(self, news: DeviceNews) -> bool:
        """A device under trial said something; True where nobody else is to act on it."""
        under = self._under.get((news.room, news.device))
        if under is None:
            return False
        match news:
            case DeviceReported(reported=values):
                under.bench.ear.heard(values)
            case ButtonPressed(verb=verb):
                under.bench.ear.heard({"press": verb, "button": news.device})
                return True
            case DeviceWentOffline():
                under.bench.ear.there(False)
            case DeviceReturned():
                under.bench.ear.there(True)
        return False

    def needed(self, room: str, device: str) -> None:
        """The room is about to tell this device something: a trial of it lets go."""
        under = self._under.pop((room, device), None)
        if under is not None:
            under.bench.close()
            under.bench.ear.stop("the room needs it")

    def look(self) -> None:
        """Something changed in the house: what a room cannot spare any more is given back, even if nothing is said to it there."""
        for room, device in tuple(self._under):
            why = self._needed(room, self._site.by_id[room].by_id[device])
            if why is not None:
                self.end(room, device, why)

    def end(self, room: str, device: str, why: str = "it was ended") -> bool:
        """End a trial; False where there was none."""
        under = self._under.pop((room, device), None)
        if under is not None:
            under.bench.close()
            under.bench.ear.stop(why)
            self._give_back(room, device)
        return under is not None

    async def stop(self) -> None:
        """End them all."""
        tasks = [under.task for under in self._under.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
