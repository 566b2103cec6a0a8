"""The agent: what it makes of a player, on a clock that is moved by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from math import exp, log10
from typing import Any

from ambiance.clock import ManualClock
from ambiance.player import Agent, Asked, Folder, Piece
from tests.player.decks import FakeDecks

FOLDER = Folder("calm", "calm", "own", "own-1")


class Room:
    """An agent with its decks, its clock, and everything it said."""

    def __init__(self, count: int = 2, length: float = 300.0, deep: float | None = None) -> None:
        self.clock = ManualClock()
        self.decks = FakeDecks(self.clock, count, length)
        self.said: list[dict[str, Any]] = []
        self.pieces = 0
        self.none = False
        self.slow = 0.0
        self.only: Piece | None = None
        self.version = 0
        self.agent = Agent(self.decks, self.clock, self.choose, self.said.append, deep=deep)

    async def choose(self, playlist: str | None, before: Piece | None) -> Piece | None:
        self.pieces += 1
        if self.slow:
            await self.clock.sleep(self.slow)
        if self.only is not None:
            return self.only
        return None if self.none else Piece(f"{playlist}-{self.pieces}", FOLDER)

    def ask(self, playing: bool = True, volume: float = 34.0, playlist: str | None = "pl-a", fade: float = 0.0) -> None:
        self.version += 1
        self.agent.ask(Asked(playing, volume, playlist, fade, (1, self.version)))


@asynccontextmanager
async def room(count: int = 2, length: float = 300.0, deep: float | None = None) -> AsyncIterator[Room]:
    made = Room(count, length, deep)
    task = asyncio.create_task(made.agent.run())
    await made.clock.run(0.1)
    try:
        yield made
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def gain(volume: int) -> float:
    """Decibels of an MPD volume, by the law of its software mixer."""
    return -60.0 if volume == 0 else 20 * log10((exp(volume / 25) - 1) / (exp(4) - 1))


def test_the_level_is_set_before_anything_sounds() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(False, 5.0)
            await r.clock.run(0.5)
            r.ask(True, 38.0, fade=10.0)
            await r.clock.run(0.1)
            assert r.decks.told[1][0] == "play"
            assert gain(r.decks.levels[0]) < -50

    asyncio.run(story())


def test_a_fade_is_a_straight_line_of_decibels() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(True, 20.0)
            await r.clock.run(1.0)
            r.ask(True, 40.0, fade=10.0)
            start, end = gain(r.decks.levels[0]), 60 * log10(0.4)
            for second in range(1, 11):
                await r.clock.run(1.0)
                assert abs(gain(r.decks.levels[0]) - (start + (end - start) * second / 10)) < 1.0

    asyncio.run(story())


def test_music_whose_piece_was_long_in_coming_rises_no_faster_for_it() -> None:
    async def story() -> None:
        async with room() as r:
            r.slow = 4.0
            r.ask(True, 50.0, fade=7.33)
            await r.clock.run(4.1)
            levels = [gain(r.decks.levels[0])]
            assert abs(levels[0] - (60 * log10(0.5) - 22)) < 1.5
            for _ in range(90):
                await r.clock.run(0.1)
                levels.append(gain(r.decks.levels[0]))
            assert max(after - before for before, after in zip(levels, levels[10:], strict=False)) <= 3.0 + 1.5
            assert abs(levels[-1] - 60 * log10(0.5)) < 1

    asyncio.run(story())


def test_a_fade_over_which_the_machine_stood_still_goes_on_from_where_it_was_heard() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(True, 20.0)
            await r.clock.run(1.0)
            r.ask(True, 40.0, fade=10.0)
            await r.clock.run(3.0)
            heard = gain(r.decks.levels[0])
            r.clock.advance(5.0)  # nothing of the agent runs meanwhile
            await r.clock.run(0.1)
            assert 0 <= gain(r.decks.levels[0]) - heard < 1.5
            await r.clock.run(8.0)
            assert abs(gain(r.decks.levels[0]) - 60 * log10(0.4)) < 0.5

    asyncio.run(story())


def test_what_is_asked_once_the_machine_goes_on_begins_where_it_was_heard() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(True, 20.0)
            await r.clock.run(1.0)
            r.ask(True, 60.0, fade=10.0)
            await r.clock.run(3.0)
            heard = gain(r.decks.levels[0])
            r.clock.advance(6.0)  # nothing of the agent runs meanwhile
            r.ask(True, 60.0, fade=10.0)
            await r.clock.run(0.1)
            assert 0 <= gain(r.decks.levels[0]) - heard < 1.5

    asyncio.run(story())


def test_steps_come_no_more_than_five_a_second() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(True, 10.0)
            await r.clock.run(1.0)
            r.decks.told.clear()
            r.ask(True, 60.0, fade=20.0)
            await r.clock.run(20.0)
            assert len(r.decks.told) <= 5 * 20 + 2

    asyncio.run(story())


def test_a_piece_crosses_into_the_next_with_equal_power_before_it_ends() -> None:
    async def story() -> None:
        async with room(length=60.0) as r:
            r.ask(True, 50.0)
            await r.clock.run(50.0)
            level = 60 * log10(0.5)
            seen = []
            for _ in range(50):
                await r.clock.run(0.2)
                seen.append(10 * log10(sum(10 ** (gain(v) / 10) for v in r.decks.sounding)))
            assert r.decks.played == ["pl-a-1", "pl-a-2"]
            assert max(abs(db - level) for db in seen) < 1.2
            await r.clock.run(10.0)
            assert len(r.decks.sounding) == 1

    asyncio.run(story())


def test_deep_pieces_cross_more_slowly() -> None:
    async def story() -> None:
        for folder, sounding in ((FOLDER, 1), (replace(FOLDER, style="deep"), 2)):
            async with room(length=60.0, deep=12.0) as r:
                r.only = Piece("piece", folder)
                r.ask(True, 50.0)
                await r.clock.run(49.5)
                assert len(r.decks.sounding) == sounding

    asyncio.run(story())


def test_another_playlist_crosses_at_once() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(True, 50.0)
            await r.clock.run(5.0)
            r.ask(True, 50.0, "pl-b")
            await r.clock.run(4.0)
            assert len(r.decks.sounding) == 2
            await r.clock.run(6.0)
            assert r.decks.played == ["pl-a-1", "pl-b-2"]
            assert len(r.decks.sounding) == 1

    asyncio.run(story())


def test_with_one_deck_a_change_of_piece_falls_and_rises() -> None:
    async def story() -> None:
        async with room(count=1) as r:
            r.ask(True, 50.0)
            await r.clock.run(5.0)
            r.ask(True, 50.0, "pl-b")
            lowest = 0.0
            for _ in range(50):
                await r.clock.run(0.2)
                lowest = min(lowest, gain(r.decks.levels[0]))
            assert lowest < -40
            assert r.decks.played == ["pl-a-1", "pl-b-2"]
            assert abs(gain(r.decks.levels[0]) - 60 * log10(0.5)) < 1

    asyncio.run(story())


def test_the_same_playlist_said_again_does_not_begin_another_piece() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(True, 50.0)
            await r.clock.run(5.0)
            r.ask(True, 45.0, fade=4.0)
            await r.clock.run(10.0)
            assert r.decks.played == ["pl-a-1"]

    asyncio.run(story())


def test_a_mute_is_silent_within_half_a_second_and_stops() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(True, 50.0)
            await r.clock.run(5.0)
            r.ask(False, 0.0)
            await r.clock.run(0.6)
            assert r.decks.sounding == []
            assert r.said[-1]["playing"] is False

    asyncio.run(story())


def test_a_command_seen_before_is_answered_and_not_begun_again() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(True, 20.0, fade=60.0)
            await r.clock.run(30.0)
            before = r.decks.levels[0]
            said = len(r.said)
            r.agent.ask(Asked(True, 20.0, "pl-a", 60.0, (1, r.version)))
            await r.clock.run(0.3)
            assert len(r.said) == said + 1
            assert r.decks.levels[0] >= before
            r.agent.ask(Asked(True, 90.0, "pl-z", 0.0, (0, 9)))
            await r.clock.run(1.0)
            assert r.decks.played == ["pl-a-1"]

    asyncio.run(story())


def test_every_command_is_confirmed_with_its_pair() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(True, 30.0)
            await r.clock.run(1.0)
            assert (r.said[-1]["epoch"], r.said[-1]["version"]) == (1, 1)
            assert abs(r.said[-1]["volume"] - 30.0) < 0.01
            assert r.said[-1]["playing"] is True

    asyncio.run(story())


def test_a_player_that_was_lost_stays_silent_until_it_is_asked_again() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(True, 50.0)
            await r.clock.run(5.0)
            boot = r.said[-1]["boot"]
            r.decks.gone = True
            await r.clock.run(3.0)
            assert r.said[-1]["playing"] is False
            r.decks.gone = False
            r.decks.told.clear()
            await r.clock.run(30.0)
            assert r.decks.played == []
            assert r.said[-1]["boot"] != boot
            r.ask(True, 50.0, fade=14.0)
            await r.clock.run(0.1)
            assert len(r.decks.played) == 1
            assert r.decks.levels[0] == 0
            await r.clock.run(15.0)
            assert abs(gain(r.decks.levels[0]) - 60 * log10(0.5)) < 1

    asyncio.run(story())


def test_pieces_that_do_not_play_end_in_silence_and_not_in_a_storm() -> None:
    async def story() -> None:
        async with room() as r:
            r.decks.broken = True
            r.ask(True, 50.0)
            await r.clock.run(60.0)
            assert 1 < len(r.decks.played) <= 3
            assert r.said[-1]["playing"] is False

    asyncio.run(story())


def test_nothing_to_play_is_silence_and_said() -> None:
    async def story() -> None:
        async with room() as r:
            r.none = True
            r.ask(True, 50.0)
            await r.clock.run(5.0)
            assert r.decks.played == []
            assert r.said[-1]["playing"] is False
            assert r.said[-1]["version"] == 1

    asyncio.run(story())


def test_a_piece_asked_for_in_the_middle_of_a_crossing_waits_until_that_is_over() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(True, 38.0, "pl-a.0")
            await r.clock.run(5.0)
            r.ask(True, 38.0, "pl-a.1")
            await r.clock.run(2.0)
            r.ask(True, 38.0, "pl-a.2")
            await r.clock.run(1.0)
            assert r.decks.played == ["pl-a.0-1", "pl-a.1-2"]
            assert len(r.decks.sounding) == 2
            await r.clock.run(6.0)
            assert r.decks.played == ["pl-a.0-1", "pl-a.1-2", "pl-a.2-3"]

    asyncio.run(story())


def test_saying_the_same_again_changes_no_piece_and_neither_does_another_list_with_the_same_piece() -> None:
    async def story() -> None:
        async with room() as r:
            r.only = Piece("one", FOLDER)
            for playlist in ("pl-a", "pl-a", "pl-b", "pl-b.1"):
                r.ask(True, 38.0, playlist)
                await r.clock.run(12.0)
            r.agent.ask(Asked(True, 38.0, "pl-b.1", 0.0, (1, r.version)))
            await r.clock.run(12.0)
            assert r.decks.played == ["one"]
            await r.clock.run(300.0)
            assert r.decks.played == ["one", "one"], "at its end it may begin again: there is no other"

    asyncio.run(story())


def test_music_that_is_found_late_rises_out_of_silence() -> None:
    async def story() -> None:
        async with room() as r:
            r.none = True
            r.ask(True, 50.0, fade=4.0)
            await r.clock.run(30.0)
            assert r.decks.played == []
            r.none = False
            levels = []
            for _ in range(300):
                await r.clock.run(0.1)
                levels += [gain(level) for level in r.decks.sounding[:1]]
            assert len(r.decks.played) == 1
            assert levels[0] < -50
            audible = [level for level in levels if level > -50]  # below, a whole percent of MPD is more than that
            assert max(after - before for before, after in zip(audible, audible[10:], strict=False)) <= 3.0 + 1.5
            assert abs(levels[-1] - 60 * log10(0.5)) < 1

    asyncio.run(story())


def test_music_restated_to_a_player_that_had_no_level_begins_where_the_rise_is_no_steeper_than_any() -> None:
    async def story() -> None:
        async with room() as r:
            r.ask(True, 50.0, fade=7.33)
            levels = []
            for _ in range(90):
                await r.clock.run(0.1)
                levels += [gain(level) for level in r.decks.sounding[:1]]
            assert abs(levels[0] - (60 * log10(0.5) - 22)) < 1
            assert max(after - before for before, after in zip(levels, levels[10:], strict=False)) <= 3.0 + 1.5
            assert abs(levels[-1] - 60 * log10(0.5)) < 1

    asyncio.run(story())
