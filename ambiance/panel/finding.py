"""The call that looks round on the broker: what speaks there, and what might be written for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, JsonValue
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ambiance.device.finding import Sighting
from ambiance.device.trying import Line
from ambiance.errors import Conflict
from ambiance.panel.changing import NO_FILES, Files
from ambiance.panel.door import Door, reply
from ambiance.panel.openapi import API, Call
from ambiance.panel.trying import LINES, LineShape, written
from ambiance.panel.understand import SLUG_PATTERN, Body
from ambiance.site import Device, Room
from ambiance.units import Seconds

Look = Callable[[Seconds], Awaitable[Sequence[Sighting]]]
"""Listens on the broker for so long. Raises BrokerRefused, BrokerUnreachable."""


class LookBody(Body):
    """How long to listen, in seconds; devices that sleep need longer."""

    seconds: Annotated[float, Field(ge=0.5, le=60)] = 4.0


Show = Callable[[Room, Device], Awaitable[AsyncIterator[Line]]]
"""Has a thing that belongs to no room show itself. Raises Conflict, Invalid, BrokerRefused, BrokerUnreachable."""


class CandidateBody(Body):
    """One of the entries of a thing that was found, with the id and the room it would be written with."""

    room: Annotated[str, Field(pattern=SLUG_PATTERN)]
    device: Annotated[dict[str, JsonValue], Field(max_length=30)]


class SightingShape(BaseModel):
    """One thing that speaks. `entries`: what it may be, one of which is to be taken; `configured`: room/device, if it is known."""

    family: str
    topic: str
    name: str
    model: str
    online: bool | None
    room: str | None
    kind: str | None
    configured: str | None
    facts: list[str]
    snippet: str
    entries: list[dict[str, Any]]
    id: str
    verdict: Literal["ready", "choose", "no use"]


class FindingCalls:
    """Handlers of `/devices/found` and `/devices/found/test`; one look, and one trial, at a time."""

    def __init__(self, door: Door, look: Look, show: Show, files: Files | None) -> None:
        self._door, self._look, self._show, self._files, self._busy = door, look, show, files, asyncio.Lock()

    def table(self) -> list[tuple[Call, Callable[[Request], Awaitable[Response]]]]:
        """This part of the contract."""
        path, said = f"{API}/devices/found", "What speaks on the broker"
        return [
            (Call("POST", path, said, SightingShape, LookBody, many=True, needs_body=False, keyed=False), self.found),
            (Call("POST", f"{path}/test", "Have one show itself", LineShape, CandidateBody, media=LINES, keyed=False), self.show),
        ]

    async def found(self, request: Request) -> Response:
        await self._door.writer(request, "fit")
        body = await self._door.body(request, LookBody)
        if self._busy.locked():
            raise Conflict("somebody else is looking for devices just now; wait until they have found them")
        async with self._busy:
            sightings = await self._look(body.seconds)
        return reply([{**each.plain(), "id": each.found.id, "verdict": _verdict(each)} for each in sightings])

    async def show(self, request: Request) -> Response:
        await self._door.writer(request, "fit")
        body = await self._door.body(request, CandidateBody)
        if self._files is None:
            raise Conflict(NO_FILES)
        room, device = await self._door.off_loop(self._files.candidate, body.room, body.device)
        return StreamingResponse(written(await self._show(room, device)), media_type=LINES, headers={"x-accel-buffering": "no"})


async def no_one(room: Room, device: Device) -> AsyncIterator[Line]:
    """Where there is no broker to speak to it over."""
    raise Conflict("devices are shown by the controller that speaks to their broker")


async def nobody(seconds: Seconds) -> Sequence[Sighting]:
    """Where there is no broker to look round on."""
    raise Conflict("devices are found by the controller that speaks to their broker")


def _verdict(sighting: Sighting) -> str:
    return {0: "no use", 1: "ready"}.get(len(sighting.found.entries), "choose")
