"""The house was written anew: everybody who keeps a picture of it is given the new one, in one moment."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from ambiance.errors import AmbianceError
from ambiance.session import Conductor
from ambiance.site import Site
from ambiance.units import Seconds


class Keeper(Protocol):
    """Whoever keeps a picture of the house."""

    def adopt(self, site: Site) -> object:
        """The house is this one now."""


class Listener(Keeper, Protocol):
    """Who speaks with its devices."""

    @property
    def filters(self) -> tuple[str, ...]: ...

    def adopt(self, site: Site) -> tuple[str, ...]:
        """Returns what to subscribe to (again) to hear where those stand that are new."""


class Adopting:
    """`keepers` are told before the `courier`; `hear` subscribes, to the second again; `settle` is how many machine seconds
    the reports of new devices take to arrive.
    """

    def __init__(
        self,
        conductor: Conductor,
        courier: Listener,
        keepers: Sequence[Keeper],
        hear: Callable[[Sequence[str], Sequence[str]], None],
        settle: Seconds,
    ) -> None:
        self._conductor, self._courier, self._keepers, self._hear, self._settle = conductor, courier, keepers, hear, settle
        self._turn = asyncio.Lock()

    async def adopt(self, site: Site) -> tuple[str, ...]:
        """Play this house from now on. Returns the rooms that stay although it has them no more: somebody is in them.

        First all know what is there before and after: new devices say where they stand, so that they are moved from there.
        """
        async with self._turn:
            self._spread(both(self._conductor.site, site))
            await asyncio.sleep(self._settle)
            try:
                await self._conductor.adopt(site, self._spread)
            except AmbianceError:
                self._spread(self._conductor.site)  # whatever it plays
                raise
            return tuple(id for id in self._conductor.site.by_id if id not in site.by_id)

    def _spread(self, site: Site) -> None:
        for keeper in self._keepers:
            keeper.adopt(site)
        fresh = self._courier.adopt(site)
        self._hear(self._courier.filters, fresh)


def both(before: Site, after: Site) -> Site:
    """The house as it will be, with what is about to go still in it."""
    known = {room.id: room for room in before.rooms}
    rooms = tuple(
        replace(room, devices=(*room.devices, *(each for each in known[room.id].devices if each.id not in room.by_id)))
        if room.id in known
        else room
        for room in after.rooms
    )
    return replace(after, rooms=(*rooms, *(room for room in before.rooms if room.id not in after.by_id)))
