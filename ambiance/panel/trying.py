"""The calls that try a device: a manager fits a room, and hears what each thing on its walls really does."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal

from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ambiance.device.trying import Line, Trial
from ambiance.errors import Conflict, Unknown
from ambiance.panel.bodies import Nothing, slug
from ambiance.panel.door import Door, reply
from ambiance.panel.openapi import API, Call
from ambiance.panel.seams import Trials
from ambiance.panel.understand import Body
from ambiance.site import Device, Room

LINES = "application/x-ndjson"


class TrialBody(Body):
    """What is to be tried; the values are for `tone` and `level`."""

    do: Literal["walk", "identify", "tone", "puff", "level"] = "walk"
    brightness: float | None = Field(default=None, ge=0, le=100, description="percent of output")
    kelvin: float | None = Field(default=None, ge=1000, le=20000)
    volume: float | None = Field(default=None, ge=0, le=70, description="percent; loud enough to measure, too soft to hurt")
    speed: float | None = Field(default=None, ge=0, le=100, description="percent")
    dba: float | None = Field(default=None, ge=25, le=60, description="at the pillow")
    seconds: float = Field(default=60.0, ge=1, le=600, description="how long a level stays")


class LineShape(BaseModel):
    """One line of what a device did; a JSON object a line."""

    step: str
    verdict: Literal["good", "look", "poor", "bad"]
    words: str
    asked: dict[str, object] | None
    reported: dict[str, object] | None
    answered_ms: int | None


class EndedShape(BaseModel):
    """Whether there was a trial to end."""

    ended: bool


class NoTrials:
    """Where nobody is there to try anything."""

    def begin(self, room: Room, device: Device, trial: Trial) -> AsyncIterator[Line]:
        raise Conflict("devices are tried through the controller that drives them")

    def end(self, room: str, device: str) -> bool:
        return False


class TrialCalls:
    """Handlers of `/rooms/{room}/devices/{device}/test`."""

    def __init__(self, door: Door, trials: Trials) -> None:
        self._door, self._trials = door, trials

    def table(self) -> list[tuple[Call, Callable[[Request], Awaitable[Response]]]]:
        """This part of the contract, call by call."""
        place = f"{API}/rooms/{{room}}/devices/{{device}}/test"
        tried = Call("POST", place, "Try a device; a JSON line for each step", LineShape, TrialBody, media=LINES, needs_body=False)
        return [(tried, self.begin), (Call("DELETE", place, "End a trial", EndedShape), self.end)]

    async def begin(self, request: Request) -> Response:
        room, device = await self._which(request)
        body = await self._door.body(request, TrialBody)
        lines = self._trials.begin(room, device, Trial(**body.model_dump()))
        return StreamingResponse(written(lines), media_type=LINES, headers={"x-accel-buffering": "no"})

    async def end(self, request: Request) -> Response:
        room, device = await self._which(request)
        await self._door.body(request, Nothing)
        return reply({"ended": self._trials.end(room.id, device.id)})

    async def _which(self, request: Request) -> tuple[Room, Device]:
        id = self._door.room(request)
        await self._door.writer(request, "fit", id)
        room, named = self._door.known(id), slug("device", request.path_params["device"])
        device = room.by_id.get(named)
        if device is None:
            raise Unknown("device", named, tuple(room.by_id))
        return room, device


async def written(lines: AsyncIterator[Line]) -> AsyncIterator[bytes]:
    async for line in lines:
        yield to_json(line.plain(), inf_nan_mode="null") + b"\n"
