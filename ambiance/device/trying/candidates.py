"""Trying what belongs to no room yet, straight over the broker: whoever fits a room sees which thing it is before it is written."""

import asyncio
from collections.abc import AsyncIterator, Callable

import structlog

from ambiance.clock import Clock
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.dialects.family import BOUNDED
from ambiance.device.finding.found import Entry
from ambiance.device.trying.bench import Bench, Interrupted
from ambiance.device.trying.direct import direct
from ambiance.device.trying.line import Line
from ambiance.device.trying.puff import PUFF, puff
from ambiance.device.trying.walk import identify, tone, walk
from ambiance.errors import AmbianceError, Conflict, Invalid
from ambiance.site import Device, Room, Site
from ambiance.units import DBA

SOFT: DBA = 45.0
"""How loud an unknown player is, as far as that can be known."""


class Candidates:
    """One at a time. `site` is the house as it is now; `clock` the machine's, as devices keep it. Lives on the loop.

    A trial that was begun goes on to its end whoever listens, so that a lamp is left as it was found; what runs to an end of its own runs
    for no longer than five seconds, and only where the device itself keeps that end.
    """

    def __init__(self, settings: BrokerSettings, site: Callable[[], Site], clock: Clock) -> None:
        self._settings, self._site, self._clock = settings, site, clock
        self._task: asyncio.Task[None] | None = None

    async def begin(self, room: Room, device: Device) -> AsyncIterator[Line]:
        """Have it show itself. Raises Conflict for one that is in a room, or while another is tried; Invalid for one that shows nothing;
        BrokerRefused, BrokerUnreachable.
        """
        entry = Entry(device.kind, device.dialect, device.topic, options=device.options)
        for there in self._site().rooms:
            for known in there.devices:
                if entry.is_for(known) if device.dialect != "native" else (known.room, known.id) == (device.room, device.id):
                    raise Conflict(f"it is {known.id} in {there.id} already; try it there")
        if device.kind == "sensor":
            raise Invalid(("kind", device.kind, "something that can show itself"))
        if self._task is not None and not self._task.done():
            raise Conflict("another device is shown just now; wait until it has come back")
        lines: asyncio.Queue[Line | AmbianceError | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._try(room, device, lines), name=f"candidate-{device.id}")
        first = await lines.get()
        if isinstance(first, AmbianceError):
            raise first
        return _heard(first, lines)

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _try(self, room: Room, device: Device, lines: "asyncio.Queue[Line | AmbianceError | None]") -> None:
        try:
            async with direct(self._settings, self._site(), room, device, self._clock, beside=True) as bench:
                structlog.get_logger("trials").info("candidate_tried", device=device.id)
                async for line in _shown(bench):
                    lines.put_nowait(line)
        except Interrupted as interrupted:
            lines.put_nowait(Line("ended", "look", str(interrupted)))
        except AmbianceError as error:
            lines.put_nowait(error)
        finally:
            lines.put_nowait(None)


async def _heard(first: Line | None, lines: "asyncio.Queue[Line | AmbianceError | None]") -> AsyncIterator[Line]:
    line: Line | AmbianceError | None = first
    while isinstance(line, Line):
        yield line
        line = await lines.get()


async def _shown(bench: Bench) -> AsyncIterator[Line]:
    """What makes a thing show itself and leaves it as it was, as far as it says how that is."""
    kind, traits = bench.device.kind, bench.traits
    if kind == "light" and traits.answers and bench.ear.last is None:
        yield Line("identify", "bad", "it did not say how it is, so it was left alone: has it power?")
        return
    if kind in BOUNDED and traits.shortest_run > PUFF:
        words = f"it runs for {traits.shortest_run:g} s at the least, so it was left alone: take it, and try it in its room"
        yield Line("run", "look", words)
        return
    steps = identify(bench) if kind == "light" else puff(bench) if kind in BOUNDED else None
    if steps is None:
        steps = tone(bench, SOFT, SOFT) if kind == "player" else walk(bench, SOFT)
    async for line in steps:
        yield line
