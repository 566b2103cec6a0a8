"""A lamp's walk: where it is, its levels, its whites, its lowest steady light, and whether it glides."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from ambiance.cuesheet.model import LightLevel
from ambiance.cuesheet.wanted import LightWanted
from ambiance.device.trying.asking import Answered, Asking
from ambiance.device.trying.bench import Bench
from ambiance.device.trying.line import Line
from ambiance.units import Kelvin, Lstar, Percent, Seconds, lstar, mired

LEVELS: tuple[Percent, ...] = (10.0, 50.0, 100.0)
LOW: tuple[Percent, ...] = (5.0, 3.0, 2.0, 1.5, 1.0, 0.5, 0.2, 0.1)
MOVE: Seconds = 2.0
GLIDE: Seconds = 6.0
RISE: Lstar = 25.0
"""What a lamp moves to show which it is: plain to see, and no blink."""


async def light(bench: Bench) -> AsyncIterator[Line]:
    """Every step with its line. Raises Interrupted."""
    asking, device = Asking(bench), bench.device
    warmth = max(device.kelvin[0], min(2700.0, device.kelvin[1]))
    move = min(MOVE, device.fade)
    async for line in identify(bench):
        yield line
    for level in LEVELS:
        yield asking.line(f"{level:g} %", await asking.ask(LightWanted(True, level, warmth, None, move)))
    for name, white in (("warmest", device.kelvin[0]), ("coolest", device.kelvin[1])):
        yield _white(asking, name, white, await asking.ask(LightWanted(True, 50.0, white, None, move)))
    yield await _glide(asking, warmth)
    yield await _lowest(asking, warmth)
    yield asking.line("off", await asking.ask(LightWanted(False, 0.0, warmth, None, move)))


async def identify(bench: Bench) -> AsyncIterator[Line]:
    """One slow rise and back, within what startles nobody; a bright lamp dips instead."""
    asking, last = Asking(bench), bench.ear.last or {}
    warmth = mired(last.get("kelvin") or max(bench.device.kelvin[0], min(2700.0, bench.device.kelvin[1])))
    level = 0.0 if last.get("on") is False else float(last.get("brightness") or 0.0)
    color = last.get("color")
    here = LightLevel(lstar(level / 100), warmth, color)
    there = LightLevel(here.lstar + (RISE if here.lstar <= 100 - RISE else -RISE), warmth, color)
    began = bench.ear.clock.monotonic()
    await asking.move(here, there)
    heard = bench.ear.last
    await asking.move(there, here)
    took = bench.ear.clock.monotonic() - began
    words = f"it {'rose' if there.lstar > here.lstar else 'dipped'} and came back in {took:.0f} s: was it the lamp you meant?"
    yield Line("identify", "look", words, reported=heard)


def _white(asking: Asking, name: str, white: Kelvin, answered: Answered) -> Line:
    step, said = f"{name} white, {white:g} K", (answered.last or {}).get("kelvin")
    line = asking.line(step, answered)
    if answered.first is not None and said is None:
        return Line(step, "look", "it does not say its colour temperature; look at it", line.asked, line.reported, line.seconds)
    if line.verdict == "poor" and isinstance(said, int | float):
        words = f"it reaches {said:g} K only; write kelvin in its entry as far as it goes"
        return Line(step, "poor", words, line.asked, line.reported, line.seconds)
    return line


async def _glide(asking: Asking, warmth: Kelvin) -> Line:
    """A fade of some seconds downwards: did it glide, or jump?"""
    device, traits = asking.bench.device, asking.bench.traits
    seconds = min(GLIDE, device.fade)
    step = f"fade of {seconds:g} s" if seconds >= 0.5 else "fade"
    if seconds < 0.5:
        return Line(step, "look", "it does not fade by itself: a session steps it, at most twice a second")
    await asking.ask(LightWanted(True, 60.0, warmth, None, min(MOVE, device.fade)))
    answered = await asking.ask(LightWanted(True, 15.0, warmth, None, seconds))
    between = [v for at, v in answered.way if at < seconds - 0.3 and 16.5 < float(v.get("brightness") or 0.0) < 58.0]
    line = asking.line(step, answered)
    if between:
        words = f"it glided, and said so {len(between)} times on the way"
        return Line(step, "good", words, line.asked, line.reported, line.seconds)
    if line.verdict == "bad":
        return line
    if not traits.targets and not traits.echoes and answered.first is not None and answered.first < seconds / 2:
        return Line(step, "bad", "it jumped: write fade: 0 in its entry, and it will be stepped", line.asked, line.reported, line.seconds)
    return Line(step, "look", "it says where it is going, not where it is: did it glide, or jump?", line.asked, line.reported, line.seconds)


async def _lowest(asking: Asking, warmth: Kelvin) -> Line:
    """Down step by step, until it says otherwise than it was told."""
    device, traits = asking.bench.device, asking.bench.traits
    step, steady, last = "lowest steady light", None, None
    for level in LOW:
        answered = await asking.ask(LightWanted(True, level, warmth), 3.0)
        last = answered.last or last
        if not answered.right or not _as_low(last, level):
            break
        steady = level
    if not traits.answers or traits.echoes:
        return Line(step, "look", "it repeats what it is told: watch when it goes out or flickers, and write the last good one as lowest")
    if steady is None:
        return Line(step, "poor", f"it does not follow down to {LOW[0]:g} %; write lowest in its entry", reported=last)
    if steady > device.lowest:
        words = f"it follows down to {steady:g} %, its entry says lowest: {device.lowest:g}; write what it still burns steadily at"
        return Line(step, "poor", words, reported=last)
    return Line(step, "good", f"it follows down to {steady:g} %; does it flicker there?", reported=last)


def _as_low(values: Mapping[str, Any] | None, level: Percent) -> bool:
    """Within a fifth of so low a level: the usual tolerance is half a percent, which at 0.1 % would be anything."""
    said = (values or {}).get("brightness")
    return isinstance(said, int | float) and abs(said - level) <= max(0.05, 0.25 * level)
