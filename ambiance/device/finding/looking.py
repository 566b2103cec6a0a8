"""Looking round on a broker: everybody is heard for a while, and asked once what they are."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ambiance.clock import Clock
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.finding.assistant import AssistantFinder
from ambiance.device.finding.finder import LARGEST, LONG, Finder
from ambiance.device.finding.found import Found
from ambiance.device.finding.homie import HomieFinder
from ambiance.device.finding.nodes import EspHomeFinder, OpenBekenFinder, WledFinder
from ambiance.device.finding.shelly import ShellyGen1Finder, ShellyGen2Finder
from ambiance.device.finding.speakers import NativeFinder, SonosFinder
from ambiance.device.finding.tasmota import TasmotaFinder
from ambiance.device.finding.zigbee import ZigbeeFinder
from ambiance.device.message import Incoming, Message
from ambiance.device.visit import Visit
from ambiance.site import Site
from ambiance.units import Seconds

TURN: Seconds = 0.05
"""Between two questions, so that a bridge is not flooded."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was found, and as what it is configured already (room/device)."""

    found: Found
    configured: str | None = None

    def plain(self) -> dict[str, Any]:
        """For people and programs: what it is, and what to write for it."""
        found = self.found
        return {
            "family": found.family, "topic": found.topic, "name": found.name, "model": found.model, "online": found.online,
            "room": found.room, "kind": found.kind, "configured": self.configured, "facts": list(found.facts), "snippet": found.snippet(),
            "entries": [
                {
                    "kind": entry.kind, "dialect": entry.dialect, "topic": entry.topic, **entry.keys, "options": dict(entry.options),
                    "unsure": list(entry.unsure),
                }
                for entry in found.entries
            ],
        }  # fmt: skip


class Finders:
    """All families at once. What one of them finds, the more general ones leave alone."""

    def __init__(self) -> None:
        self._finders: tuple[Finder, ...] = (
            NativeFinder(), ZigbeeFinder(), TasmotaFinder(), ShellyGen1Finder(), ShellyGen2Finder(), WledFinder(), EspHomeFinder(),
            SonosFinder(), OpenBekenFinder(), HomieFinder(), AssistantFinder(),
        )  # fmt: skip

    @property
    def filters(self) -> tuple[str, ...]:
        """What to hear where not everything may be heard."""
        return tuple(dict.fromkeys(each for finder in self._finders for each in finder.filters))

    def questions(self) -> Iterable[Message]:
        for finder in self._finders:
            yield from finder.questions()

    def hear(self, incoming: Incoming) -> list[Message]:
        """Take in a message; what is to be asked because of it."""
        if not incoming.payload:
            return []
        return [message for finder in self._finders for message in finder.hear(incoming.topic, incoming.payload)]

    def found(self) -> list[Found]:
        """In the order of families; a thing that two families claim belongs to the first."""
        seen: dict[tuple[object, ...], Found] = {}
        taken: set[str] = set()
        for finder in self._finders:
            batch = list(finder.found())
            for each in batch:
                if each.topic not in taken:
                    seen.setdefault((each.family, each.topic, each.name), each)
            taken |= {each.topic for each in batch if each.entries}
        return list(seen.values())


def configured(found: Found, site: Site | None) -> str | None:
    """Which device of the site this is already."""
    for room in site.rooms if site is not None else ():
        for device in room.devices:
            if any(entry.is_for(device) for entry in found.entries):
                return f"{room.id}/{device.id}"
    return None


async def look(settings: BrokerSettings, seconds: Seconds, clock: Clock, site: Site | None = None, ask: bool = True) -> list[Sighting]:
    """Listen for so many seconds. Raises BrokerRefused, BrokerUnreachable."""
    finders = Finders()
    for filters in (("#",), finders.filters):
        async with Visit(settings, filters, largest=LARGEST) as visit:
            if "#" in visit.denied:
                continue
            await _listen(visit, finders, seconds, clock, ask)
        break
    found = await asyncio.to_thread(finders.found)  # a controller that looks round goes on playing its rooms
    return [Sighting(each, configured(each, site)) for each in found]


async def _listen(visit: Visit, finders: Finders, seconds: Seconds, clock: Clock, ask: bool) -> None:
    until = clock.monotonic() + seconds
    questions = deque(finders.questions() if ask else ())
    while (left := until - clock.monotonic()) > 0 and visit.here:
        if questions:
            visit.publish(questions.popleft())
        incoming = await visit.next(min(left, TURN) if questions else left)
        if incoming is not None:
            more = await asyncio.to_thread(finders.hear, incoming) if len(incoming.payload) > LONG else finders.hear(incoming)
            questions.extend(more if ask else ())
