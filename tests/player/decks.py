"""Two decks that keep a list of what they were told, and play pieces of a given length on the test's clock."""

from collections.abc import Mapping, Sequence

from ambiance.clock import ManualClock
from ambiance.errors import SourceLost
from ambiance.player import DeckNow, Folder
from ambiance.units import BPM, Seconds


class FakeDecks:
    def __init__(self, clock: ManualClock, count: int = 2, length: Seconds = 300.0) -> None:
        self.clock, self.count, self.length = clock, count, length
        self.told: list[tuple[str, int, object]] = []
        self.levels: dict[int, int] = {}
        self.began: dict[int, Seconds] = {}
        self.gone = False
        self.broken = False

    async def open(self) -> None:
        self._there()
        self.told.append(("open", -1, None))
        self.began.clear()

    async def library(self, folders: Sequence[Folder]) -> Mapping[str, BPM | None]:
        return {}

    async def play(self, deck: int, uri: str, volume: int) -> None:
        self._there()
        self.told.append(("play", deck, uri))
        self.levels[deck] = volume
        self.began[deck] = self.clock.monotonic() if not self.broken else -self.length

    async def volume(self, deck: int, volume: int) -> None:
        self._there()
        self.told.append(("volume", deck, volume))
        self.levels[deck] = volume

    async def stop(self, deck: int) -> None:
        self._there()
        self.told.append(("stop", deck, None))
        self.began.pop(deck, None)

    async def now(self, deck: int) -> DeckNow:
        self._there()
        passed = self.clock.monotonic() - self.began.get(deck, -self.length)
        return DeckNow(passed < self.length, passed if passed < self.length else 0.0, self.length)

    async def close(self) -> None:
        pass

    @property
    def played(self) -> list[object]:
        return [what for verb, _, what in self.told if verb == "play"]

    @property
    def sounding(self) -> list[int]:
        """The levels of the decks that play."""
        return [self.levels[deck] for deck in self.began]

    def _there(self) -> None:
        if self.gone:
            raise SourceLost("gone")
