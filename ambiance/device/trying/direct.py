"""Trying a device straight over the broker, where no controller runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from ambiance.clock import Clock
from ambiance.cuesheet.wanted import Wanted
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.dialects import SPOKEN, Dialect, Liveness, Pair, Report, Traits
from ambiance.device.lines import PREFIX
from ambiance.device.topics import DeviceTopic, Topics
from ambiance.device.trying.bench import Ear
from ambiance.device.visit import Visit
from ambiance.errors import Conflict
from ambiance.site import Device, Room, Site
from ambiance.units import Seconds

LISTEN: Seconds = 1.0
"""Machine seconds in which retained reports arrive: what it is, and the newest command it knows of."""


class _Bench:
    def __init__(self, site: Site, room: Room, device: Device, clock: Clock, visit: Visit, dialect: Dialect) -> None:
        self.room, self.device = room, device
        self.ear = Ear(clock)
        self.traits: Traits = dialect.traits(device)
        self._dialect, self._visit, self._topics = dialect, visit, Topics(site.prefix, site.id)
        self._pair: Pair = (0, 0)
        self.controller = False

    def say(self, *wanteds: Wanted) -> None:
        since = None
        for wanted in wanteds:
            # Later than whatever it knows, and older than everything of a controller that starts: that one has a higher epoch.
            self._pair = (self._pair[0], self._pair[1] + 1)
            for message in self._dialect.encode(self.device, wanted, self._pair, since):
                self._visit.publish(replace(message, keep=True))
            since = wanted

    async def hear(self) -> None:
        """Until the visit is over."""
        while self._visit.here:
            incoming = await self._visit.next(3600.0)
            if incoming is None:
                break
            if incoming.topic == self._topics.status():
                self.controller = incoming.payload == b"online"
                if self.controller and not incoming.retain:
                    self.ear.stop("a controller has started, and has the device now")
                continue
            place = self._topics.parse(incoming.topic)
            if isinstance(place, DeviceTopic) and (place.room, place.device) != (self.room.id, self.device.id):
                continue  # all native devices are heard by the same filters
            heard = self._dialect.decode(self.device, incoming.topic, incoming.payload)
            match heard:
                case Report(values, pair, _, partial):
                    self._pair = max(self._pair, pair or self._pair)
                    if values:
                        self.ear.heard({**(self.ear.last or {}), **values} if partial else values)
                case Liveness(online):
                    self.ear.there(online)
        self.ear.stop("the broker is gone")


@asynccontextmanager
async def direct(
    settings: BrokerSettings, site: Site, room: Room, device: Device, clock: Clock, beside: bool = False
) -> AsyncIterator[_Bench]:
    """A bench of its own on the broker. `beside`: for a device that is in no room, while a controller drives the others.

    Raises BrokerRefused, BrokerUnreachable, and Conflict where a controller runs.
    """
    if device.topic.startswith(PREFIX):
        raise Conflict(f"{device.id} is not spoken to over the broker; start the controller, and try it through that")
    topics = Topics(site.prefix, site.id)
    dialect = SPOKEN[device.dialect](topics)
    async with Visit(settings, (*dialect.filters(device), *(() if beside else (topics.status(),))), "trial") as visit:
        bench = _Bench(site, room, device, clock, visit, dialect)
        hearing = asyncio.create_task(bench.hear())
        for question in dialect.ask(device):
            visit.publish(question)
        try:
            await asyncio.wait({hearing}, timeout=LISTEN)
            if bench.controller:
                raise Conflict("a controller runs; set AMBIANCE_URL and AMBIANCE_TOKEN (role manager), so that it makes room for the trial")
            bench.ear.forget()
            yield bench
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)
