"""The agent on Debian's MPD: what is heard is captured and measured."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ambiance.clock import SystemClock
from ambiance.player import Agent, Asked, Folder, MpdDecks, Piece
from ambiance.player.gain import percent
from tests.pace import pace
from tests.player.mpd import RATE, mpd, tone

CALM = Folder("calm", "calm", "own", "synthesised for this test")
LENGTH, CROSS = 14.0, 3.0
BLOCKS = 50
"""Stretches a second in which a click is looked for."""


class Said:
    """What the agent said, and a way to wait for it."""

    def __init__(self) -> None:
        self.last: dict[str, Any] = {}
        self._news = asyncio.Event()

    def __call__(self, state: dict[str, Any]) -> None:
        self.last = state
        self._news.set()

    async def until(self, **wanted: object) -> None:
        async with asyncio.timeout(10):
            while not wanted.items() <= self.last.items():
                self._news.clear()
                await self._news.wait()


def test_a_whole_fade_and_a_crossfade_are_heard_smooth_without_a_gap_or_a_click(tmp_path: Path) -> None:
    tone(tmp_path / "music/calm/a.wav", 220.0, LENGTH)
    tone(tmp_path / "music/calm/b.wav", 277.2, LENGTH)
    loud, quiet = -20.0, -44.0
    marks: dict[str, float] = {}

    async def story(port: int) -> None:
        decks, order = MpdDecks("127.0.0.1", port), iter(("calm/a.wav", "calm/b.wav"))

        async def choose(playlist: str | None, before: Piece | None) -> Piece | None:
            return Piece(next(order), CALM)

        said = Said()
        agent = Agent(decks, SystemClock(), choose, said, crossfade=CROSS)
        task = asyncio.create_task(agent.run())
        try:
            agent.ask(Asked(False, percent(quiet, "cubic"), "pl-a", 0.0, (1, 1)))
            await said.until(version=1)
            assert decks.count == 2
            marks["begin"] = time.monotonic()
            agent.ask(Asked(True, percent(loud, "cubic"), "pl-a", 8.0, (1, 2)))
            await asyncio.sleep(LENGTH + 2.0)  # the music of this test lasts as long as music does
            marks["fall"] = time.monotonic()
            agent.ask(Asked(True, percent(quiet, "cubic"), "pl-a", 4.0, (1, 3)))
            await asyncio.sleep(4.2)
            agent.ask(Asked(False, 0.0, None, 0.0, (1, 4)))
            marks["stop"] = time.monotonic()
            await said.until(version=4, playing=False)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    with mpd(tmp_path) as (port, listener):
        asyncio.run(story(port))
        heard = 10 * np.log10(np.maximum(listener.power(marks["begin"], marks["stop"]), 1e-12)) + 9.03  # a tone at half scale is -9.03 dB
        samples = {deck: listener.samples(deck) for deck in ("deck-0", "deck-1")}

    begins = int(np.argmax(heard > quiet - 6))
    assert begins <= 15 * pace(), "it began within a second and a half"
    assert heard[begins] < quiet + 4, "the first that is heard is the quietest"
    rise = heard[begins : begins + 80]
    per_second = rise[10:] - rise[:-10]
    assert per_second.max() <= 3.0 + 1.0, f"{per_second.max():.1f} dB in a second"  # MPD moves in whole percents, up to 1 dB here
    plateau = heard[begins + 90 : int((marks["fall"] - marks["begin"]) * 10)]
    assert len(plateau) > 50
    assert plateau.min() > loud - 2.0, "no gap while one piece crosses into the other"
    assert plateau.max() < loud + 2.0
    fall = heard[int((marks["fall"] - marks["begin"]) * 10) :]
    assert (fall[:-10] - fall[10:]).max() <= 6.0 + 1.5
    # A click is a bend that a tone of the loudness then heard does not make. While pieces cross, that is the room's loudness.
    crossing = {"deck-0": slice(int(8.5 * BLOCKS), None), "deck-1": slice(0, int((CROSS + 0.5) * BLOCKS))}
    for deck, played in samples.items():
        assert len(played) > RATE * 5, deck
        blocks = np.arange(0, len(played) - 2, RATE // BLOCKS)
        bend, around = np.maximum.reduceat(np.abs(np.diff(played, 2)), blocks), np.maximum.reduceat(np.abs(played), blocks)
        around[crossing[deck]] = np.maximum(around[crossing[deck]], 0.5 * 10 ** (loud / 20))
        audible = around > 0.004
        assert (bend[audible] / around[audible]).max() < 0.2, f"{deck} clicks"  # MPD's percents are steps of up to 1.5 dB


def test_with_a_single_output_there_is_one_deck(tmp_path: Path) -> None:
    tone(tmp_path / "music/calm/a.wav", 220.0, 1.0)

    async def story(port: int) -> None:
        decks = MpdDecks("127.0.0.1", port)
        await decks.open()
        try:
            assert decks.count == 1
            assert list(await decks.library([CALM, Folder("missing", "deep", "own", "-")])) == ["calm/a.wav"]
        finally:
            await decks.close()

    with mpd(tmp_path, outputs=1) as (port, _):
        asyncio.run(story(port))


def tagged(path: Path, gain: float, peak: float) -> None:
    """Put an APEv2 tag with ReplayGain behind a file (wiki.hydrogenaudio.org, APEv2 specification)."""
    items = b""
    for key, value in (("REPLAYGAIN_TRACK_GAIN", f"{gain:.2f} dB"), ("REPLAYGAIN_TRACK_PEAK", f"{peak:.6f}")):
        text = value.encode()
        items += len(text).to_bytes(4, "little") + bytes(4) + key.encode() + b"\0" + text
    footer = b"APETAGEX" + (2000).to_bytes(4, "little") + (len(items) + 32).to_bytes(4, "little") + (2).to_bytes(4, "little") + bytes(12)
    with path.open("ab") as file:
        file.write(items + footer)


def test_every_recording_is_heard_at_the_loudness_its_measurement_says(tmp_path: Path) -> None:
    for name in ("plain", "loud"):
        tone(tmp_path / f"music/calm/{name}.wav", 220.0, 4.0)
    tagged(tmp_path / "music/calm/loud.wav", -9.0, 0.5)
    heard: dict[str, float] = {}

    async def story(port: int) -> None:
        decks = MpdDecks("127.0.0.1", port)
        await decks.open()
        try:
            for name in ("plain", "loud"):
                await decks.play(0, f"calm/{name}.wav", 50)
                began = time.monotonic()
                await asyncio.sleep(2.0)
                await decks.stop(0)
                power = listener.power(began + 0.8, began + 1.8)
                heard[name] = float(10 * np.log10(np.median(power)))
                await asyncio.sleep(0.6)
        finally:
            await decks.close()

    with mpd(tmp_path, outputs=1) as (port, listener):
        asyncio.run(story(port))
    assert abs(heard["plain"] - heard["loud"] - 9.0) < 0.5, heard
