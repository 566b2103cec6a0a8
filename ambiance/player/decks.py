"""Two decks on one MPD: two partitions, each with an output of its own, so that one piece can cross into another.

MPD's own crossfade adds amplitudes, so its middle is 3 dB too quiet, and it does not cross on a skip. With a single output
there is one deck, and a change of piece falls and rises instead of crossing.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mpd.asyncio import MPDClient
from mpd.base import ConnectionError as MpdGone
from mpd.base import MPDError

from ambiance.errors import SourceLost
from ambiance.player.folders import Folder
from ambiance.units import BPM, Seconds

SECOND = "ambiance"
"""The partition of the second deck; the first is MPD's own."""


@dataclass(frozen=True, slots=True)
class DeckNow:
    """What a deck is doing. `duration` None: it does not say, as a stream."""

    playing: bool
    elapsed: Seconds = 0.0
    duration: Seconds | None = None


class Decks(Protocol):
    """What the agent needs of a player. Every method raises SourceLost once the player is gone."""

    @property
    def count(self) -> int:
        """1 or 2."""

    async def open(self) -> None:
        """Connect and fall silent: whatever played before was not asked for by us."""

    async def library(self, folders: Sequence[Folder]) -> Mapping[str, BPM | None]:
        """Every piece in the folders, with its tempo where a tag says it."""

    async def play(self, deck: int, uri: str, volume: int) -> None:
        """Set the level (0-100 of the player's own scale), then play from the beginning."""

    async def volume(self, deck: int, volume: int) -> None: ...

    async def stop(self, deck: int) -> None: ...

    async def now(self, deck: int) -> DeckNow: ...

    async def close(self) -> None: ...


class MpdDecks:
    """MPD at `host`:`port`; `password` where it wants one."""

    def __init__(self, host: str, port: int = 6600, password: str | None = None) -> None:
        self._host, self._port, self._password = host, port, password
        self._clients: list[MPDClient] = []

    @property
    def count(self) -> int:
        return max(1, len(self._clients))

    async def open(self) -> None:
        await self.close()
        with _lost():
            first = await self._connect()
            self._clients.append(first)
            partitions = {row["partition"] for row in await first.listpartitions()}
            outputs = [row for row in await first.outputs() if row["plugin"] != "dummy"]
            if SECOND in partitions or len(outputs) > 1:
                if SECOND not in partitions:
                    await first.newpartition(SECOND)
                second = await self._connect()
                await second.partition(SECOND)
                if not [row for row in await second.outputs() if row["plugin"] != "dummy"]:
                    await second.moveoutput(outputs[1]["outputname"])
                self._clients.append(second)
            for client in self._clients:
                await client.stop()
                await client.clear()
                for setting, value in (("random", 0), ("repeat", 0), ("single", 0), ("consume", 0), ("crossfade", 0)):
                    await getattr(client, setting)(value)
                # Every recording at one loudness, so that a level means the same for each.
                await client.replay_gain_mode("track")

    async def library(self, folders: Sequence[Folder]) -> Mapping[str, BPM | None]:
        found: dict[str, BPM | None] = {}
        with _lost():
            for folder in folders:
                path = "" if folder.path == "." else folder.path
                try:
                    rows = await self._clients[0].listall(path)
                except MpdGone:
                    raise
                except MPDError:
                    continue  # a folder that is not there holds nothing
                for row in rows:
                    if "file" in row:
                        found[row["file"]] = await self._tempo(row["file"])
        return found

    async def play(self, deck: int, uri: str, volume: int) -> None:
        with _lost():
            client = self._clients[deck]
            await client.clear()
            await client.add(uri)
            await client.setvol(volume)
            await client.play(0)

    async def volume(self, deck: int, volume: int) -> None:
        with _lost():
            await self._clients[deck].setvol(volume)

    async def stop(self, deck: int) -> None:
        with _lost():
            await self._clients[deck].stop()

    async def now(self, deck: int) -> DeckNow:
        with _lost():
            row: Mapping[str, Any] = await self._clients[deck].status()
        duration = row.get("duration")
        return DeckNow(row.get("state") == "play", float(row.get("elapsed", 0.0)), None if duration is None else float(duration))

    async def close(self) -> None:
        for client in self._clients:
            with contextlib.suppress(Exception):
                client.disconnect()
        self._clients.clear()

    async def _connect(self) -> MPDClient:
        client = MPDClient()
        await client.connect(self._host, self._port)
        if self._password is not None:
            await client.password(self._password)
        return client

    async def _tempo(self, uri: str) -> BPM | None:
        try:
            comments: Mapping[str, Any] = await self._clients[0].readcomments(uri)
        except MpdGone:
            raise
        except MPDError:
            return None  # MPD cannot read this kind of tag
        for name in ("BPM", "bpm", "TBPM"):
            said = comments.get(name)
            with contextlib.suppress(TypeError, ValueError):
                return round(float(said[0] if isinstance(said, list) else said))  # type: ignore[arg-type]
        return None


@contextlib.contextmanager
def _lost() -> Any:
    try:
        yield
    except (MPDError, OSError, IndexError) as error:
        raise SourceLost(str(error) or type(error).__name__) from error
