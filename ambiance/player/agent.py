"""The agent: keeps a room's player where the controller wants it, smoothly, and silent when anything fails.

Volume moves in a straight line of decibels in steps a fifth of a second apart; where something took long (the controller's
choice, a machine that stood still), it goes on from where it was heard last. A piece crosses into the next with equal
power before it ends. A player that was lost stays silent until the controller asks again: nothing ever starts by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any

import structlog

from ambiance.clock import Clock
from ambiance.errors import AmbianceError, SourceLost
from ambiance.player.decks import Decks
from ambiance.player.folders import DEEP, Piece
from ambiance.player.gain import FLOOR, Decibel, Ramp, crossing, decibels, mpd_volume, percent
from ambiance.units import Percent, Seconds, Taper

STEP: Seconds = 0.2
"""Between two steps of a ramp."""
CROSS_STEP: Seconds = 0.1
"""Between two steps of a crossfade, whose ends are steep."""
STALL: Seconds = 0.5
"""Between two steps: longer, and what passed does not count as fade, since it would be made up for in one leap."""
LOOK: Seconds = 1.0
"""Between two looks at a player that just plays."""
REPORT: Seconds = 5.0
"""Between two reports of a fade under way."""
RETRY: Seconds = 2.0
AGAIN: Seconds = 10.0
"""Between two tries to find something to play, where nothing was found."""
RISE: Decibel = 3.0
"""Decibels a second at which music comes out of silence."""
CUT: Seconds = 0.3
"""An immediate mute takes this long, so that it does not click."""
MOST_FAILURES = 3
"""Pieces in a row that would not play; then it is silent and says so."""

Choose = Callable[[str | None, Piece | None], Awaitable[Piece | None]]
"""(playlist id, the piece before) -> what to play next; None: nothing that may be played."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the controller wants, in the keys of the native payload."""

    playing: bool
    volume: Percent
    playlist: str | None
    fade: Seconds
    pair: tuple[int, int]


class Agent:
    """One player in one room. `report` is called with each state payload; `played` with each piece that begins.

    Pieces cross for `crossfade` seconds, deep ones, which have hardly a beat to clash, for `deep` (None: as all others).
    """

    def __init__(
        self,
        decks: Decks,
        clock: Clock,
        choose: Choose,
        report: Callable[[dict[str, Any]], None],
        played: Callable[[Piece], None] = lambda piece: None,
        taper: Taper = "cubic",
        crossfade: Seconds = 8.0,
        deep: Seconds | None = None,
    ) -> None:
        self._decks, self._clock, self._choose, self._say, self._played = decks, clock, choose, report, played
        self._taper, self._crossfade, self._deep = taper, crossfade, crossfade if deep is None else deep
        self._asked: Asked | None = None
        self._waiting: Asked | None = None
        self._level = Ramp(FLOOR, FLOOR)
        self._on: int | None = None
        self._leaving: int | None = None
        self._crossed = Ramp(0.0, 1.0)
        self._stepped_at: Seconds = 0.0
        self._piece: Piece | None = None
        self._coming: Piece | None = None
        self._failures = 0
        self._again_at: Seconds | None = None
        self._owed = False
        """Something else is to be crossed into, once the crossing under way is over."""
        self._open = False
        self._said_at: Seconds | None = None
        self._set: dict[int, int] = {}
        self._due = asyncio.Event()
        self.boot = token_hex(4)
        self._log = structlog.get_logger("player")

    def ask(self, asked: Asked) -> None:
        """Take a command; a lower pair is ignored, an equal one is only answered again."""
        known = self._waiting or self._asked
        if known is not None and asked.pair < known.pair:
            return
        if known is None or asked.pair != known.pair:
            self._waiting = asked
        else:
            self._said_at = None
        self._due.set()

    async def run(self) -> None:
        """Play until cancelled; then fall silent."""
        try:
            while True:
                wait = await self._turn()
                self._due.clear()
                if self._waiting is None:
                    alarm = self._clock.call_at(self._clock.now() + timedelta(seconds=wait), self._due.set)
                    await self._due.wait()
                    alarm.cancel()
        finally:
            await self._silence()
            await self._decks.close()

    async def _turn(self) -> Seconds:
        """Everything that is due now; returns the seconds until the next look."""
        try:
            if not self._open:
                await self._decks.open()
                self._open, self._set = True, {}
                self._report()
            asked, self._waiting = self._waiting, None
            if asked is not None:
                await self._begin(asked)
            await self._move()
        except SourceLost as error:
            await self._lost(error)
            return RETRY
        now = self._clock.monotonic()
        moving = not self._level.over(now) or not self._crossed.over(now)
        if self._said_at is None or (moving and now - self._said_at >= REPORT):
            self._report()
        return LOOK if not moving else STEP if self._crossed.over(now) else CROSS_STEP

    async def _begin(self, asked: Asked) -> None:
        before, now = self._asked, self._clock.monotonic()
        self._go_on(now)
        self._asked, self._said_at, self._again_at = asked, None, None
        here = self._level.at(now)
        if not asked.playing:
            # The level is kept for the play that follows it; what sounds now falls first.
            fade = (asked.fade or CUT) if self._on is not None else 0.0
            target = FLOOR if self._on is not None else decibels(asked.volume, self._taper)
            self._level = Ramp(here, target, now, fade)
            return
        target = decibels(asked.volume, self._taper)
        if self._on is None and here <= FLOOR and asked.fade > 0:
            here = max(here, target - RISE * asked.fade)  # nobody set a level for silence: begin where the rise is no steeper than any
        self._level = Ramp(here, target, now, asked.fade)
        self._failures = 0
        if self._on is None or (before is not None and before.playing and asked.playlist != before.playlist):
            await self._next(now, anew=False)

    async def _move(self) -> None:
        """Set each deck to its level, and let go of what has faded out."""
        now = self._clock.monotonic()
        self._go_on(now)
        if self._asked is not None and not self._asked.playing and self._on is not None and self._level.over(now):
            await self._silence()
            self._level = Ramp(FLOOR, decibels(self._asked.volume, self._taper), now)
            self._said_at = None
            return
        if self._leaving is not None and self._crossed.over(now):
            await self._decks.stop(self._leaving)
            self._set.pop(self._leaving, None)
            self._leaving = None
        if self._coming is not None and self._on is not None and self._crossed.at(now) >= 0.5:
            piece, self._coming = self._coming, None
            await self._play(self._on, piece, now)
        if self._on is None and self._again_at is not None and now >= self._again_at:
            await self._found_late(now)
        if self._on is None:
            return
        if self._owed and self._crossed.over(now):
            self._owed = False
            await self._next(now, anew=False)
        await self._watch(now)
        await self._levels(now)
        if self._level.over(now) and self._said_at is not None and self._said_at < self._level.began + self._level.fade:
            self._said_at = None  # it arrived: say so

    def _go_on(self, now: Seconds) -> None:
        """What moves goes on from its last step, however long ago that was."""
        stood, self._stepped_at = now - self._stepped_at, now
        if stood > STALL:
            self._level, self._crossed = (ramp.later(stood - STEP, now - stood) for ramp in (self._level, self._crossed))

    async def _watch(self, now: Seconds) -> None:
        """Go on to the next piece before this one ends, or where it ended by itself."""
        if self._on is None or self._asked is None or not self._asked.playing or not self._crossed.over(now):
            return
        deck = await self._decks.now(self._on)
        if not deck.playing:
            self._failures = self._failures + 1 if deck.elapsed < LOOK else 0
            self._on = None
            if self._failures < MOST_FAILURES:
                await self._next(now)
            else:
                self._log.warning("nothing_plays", pieces=self._failures)
                self._said_at = None
        elif deck.duration is not None and deck.duration - deck.elapsed <= self._overlap + LOOK and self._decks.count > 1:
            await self._next(now, min(self._overlap, max(CUT, deck.duration - deck.elapsed - STEP)))

    @property
    def _overlap(self) -> Seconds:
        """How long the piece that plays crosses into the next."""
        return self._deep if self._piece is not None and self._piece.folder.style == DEEP else self._crossfade

    async def _found_late(self, now: Seconds) -> None:
        """Whoever knows what to play was away, or the folders were empty: where there is something now, it rises out of silence."""
        assert self._asked is not None
        self._again_at = None
        target = decibels(self._asked.volume, self._taper)
        self._level = Ramp(FLOOR, target, now, (target - FLOOR) / RISE)
        await self._next(now)

    async def _next(self, now: Seconds, length: Seconds | None = None, *, anew: bool = True) -> None:
        """Cross into another piece; from silence, simply begin it. Unless `anew`, a piece that plays already goes on."""
        assert self._asked is not None
        if self._on is not None and not self._crossed.over(now):
            self._owed = True  # a crossing is never cut short: that would click
            return
        piece = await self._choose(self._asked.playlist, self._piece)
        if piece is None:
            # Better silent than something nobody chose.
            if self._on is not None:
                await self._silence()
            self._said_at, self._again_at = None, now + AGAIN
            return
        if not anew and self._on is not None and self._coming is None and self._piece is not None and piece.uri == self._piece.uri:
            return
        if self._leaving is not None:
            await self._decks.stop(self._leaving)
            self._leaving = None
        length = (length or self._overlap) if self._on is not None else 0.0
        self._crossed = Ramp(0.0, 1.0, now, length)
        if self._on is not None and self._decks.count < 2:
            self._coming = piece  # one deck: this piece falls, then the next one rises
            return
        if self._on is not None:
            self._leaving = self._on
        await self._play(0 if self._on is None else 1 - self._on, piece, now)

    async def _play(self, deck: int, piece: Piece, now: Seconds) -> None:
        """Level before play."""
        self._on, self._piece = deck, piece
        self._set[deck] = mpd_volume(self._gain(deck, now))
        await self._decks.play(deck, piece.uri, self._set[deck])
        self._played(piece)

    async def _levels(self, now: Seconds) -> None:
        for deck in (self._leaving, self._on):
            if deck is None:
                continue
            volume = mpd_volume(self._gain(deck, now))
            if self._set.get(deck) != volume:
                await self._decks.volume(deck, volume)
                self._set[deck] = volume

    def _gain(self, deck: int, now: Seconds) -> Decibel:
        part = self._crossed.at(now)
        if self._decks.count < 2:
            falls, rises = crossing(2 * part)[0], crossing(2 * part - 1)[1]
            return self._level.at(now) + (falls if self._coming is not None else rises)
        leaving, coming = crossing(part)
        return self._level.at(now) + (leaving if deck == self._leaving else coming)

    async def _silence(self) -> None:
        for deck in {self._on, self._leaving} - {None}:
            try:
                await self._decks.volume(deck, 0)  # type: ignore[arg-type]
                await self._decks.stop(deck)  # type: ignore[arg-type]
            except AmbianceError:
                continue
        self._on = self._leaving = self._coming = None
        self._owed = False
        self._set.clear()

    async def _lost(self, error: SourceLost) -> None:
        """The player is gone. What was asked is forgotten: a new `boot` has the controller say it again, gently."""
        if self._open or self._said_at is None:
            self._log.warning("player_lost", reason=str(error))
        self._open, self._on, self._leaving, self._coming, self._asked, self._again_at = False, None, None, None, None, None
        self._level, self._piece, self._owed, self.boot = Ramp(FLOOR, FLOOR), None, False, token_hex(4)
        self._report()

    def _report(self) -> None:
        now, asked = self._clock.monotonic(), self._asked
        self._said_at = now
        playing = self._on is not None and (asked is None or asked.playing)
        level = self._level.at(now)
        state: dict[str, Any] = {"playing": playing, "volume": round(percent(level, self._taper), 2), "boot": self.boot}
        if asked is not None:
            state |= {"playlist": asked.playlist, "epoch": asked.pair[0], "version": asked.pair[1]}
        self._say(state)
