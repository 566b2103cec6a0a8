"""What an opaque playlist id stands for: asked of the controller over HTTP, for the bus does not say it."""

import ssl
from typing import Annotated

import httpx
import structlog
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ambiance.player.folders import Selection
from ambiance.units import BPM


class _Playlist(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=False, frozen=True)

    style: Annotated[str, Field(max_length=40)]
    genres: frozenset[str] = frozenset()
    bpm: tuple[BPM, BPM] | None = None
    exclude: frozenset[str] = frozenset()
    only: frozenset[str] | None = None


def _words(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError) and error.response.status_code in (401, 403):
        return "the controller refuses: set AMBIANCE_TOKEN to a token of this room"
    return f"the controller does not say what is to be played ({type(error).__name__})"


_ANSWER = TypeAdapter(dict[str, _Playlist])


class Asking:
    """Asks `url` for the playlists of one room and remembers them. `token` may read that."""

    def __init__(self, url: str, token: str, room: str, verify: ssl.SSLContext | bool = True) -> None:
        self._path = f"/api/v1/rooms/{room}/playlists"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(base_url=url, headers=headers, timeout=3.0, verify=verify)
        self._complaint = ""
        self._known: dict[str, Selection] = {}
        self._log = structlog.get_logger("player")

    async def __call__(self, id: str) -> Selection | None:
        """The selection behind an id, whatever it counts; None where nobody knows it, and then nothing is played."""
        id = id.partition(".")[0]
        if id not in self._known:
            try:
                answer = await self._client.get(self._path)
                answer.raise_for_status()
                said = _ANSWER.validate_json(answer.content)
            except (httpx.HTTPError, ValidationError) as error:
                if _words(error) != self._complaint:
                    self._complaint = _words(error)
                    self._log.warning("playlists_unknown", reason=self._complaint)
                return None
            self._complaint = ""
            self._known = {name: Selection(**dict(playlist)) for name, playlist in said.items()}
        return self._known.get(id)

    async def close(self) -> None:
        await self._client.aclose()
