"""A device's walk through its range and times, kind by kind.

Whoever orders it stands in an empty room, so the walk moves quicker than a session would (2 s a move); `identify` and music do not.
"""

from collections.abc import AsyncIterator, Callable, Mapping

from ambiance.cuesheet.model import LightLevel, SoundLevel
from ambiance.cuesheet.wanted import ClimateWanted, DiffuserWanted, FanWanted, LightWanted, PlayerWanted, Wanted, WarmerWanted
from ambiance.device.dialects.family import BOUNDED
from ambiance.device.trying.asking import NO_WORD, Asking
from ambiance.device.trying.bench import Bench
from ambiance.device.trying.light import identify, light
from ambiance.device.trying.line import Line
from ambiance.device.trying.puff import puff
from ambiance.site import Kind
from ambiance.units import DBA, SILENCE, Kelvin, Percent, Seconds, lstar, mired

__all__ = ["OFF", "hold", "identify", "off", "puff", "tone", "walk"]

LEVELS: tuple[DBA, ...] = (40.0, 50.0, 60.0)
"""Tones of a player, at the pillow; none above the limit of the house."""
SOUNDING: Seconds = 3.0
LISTEN: Seconds = 15.0
"""For a key to be pressed."""


async def walk(bench: Bench, loudest: DBA) -> AsyncIterator[Line]:
    """All of it, a line for each step; the device is off afterwards. Raises Interrupted."""
    steps = _WALKS[bench.device.kind](bench, loudest)
    async for line in steps:
        yield line
        if line.verdict == "bad" and line.reported is None and line.seconds is None:
            break  # it does not answer: the rest would only take time


async def tone(bench: Bench, loudest: DBA, level: DBA | None = None) -> AsyncIterator[Line]:
    """Play at some levels, each reached as slowly as in a session, and stop."""
    asking, here = Asking(bench), SoundLevel(SILENCE)
    for dba in (level,) if level is not None else LEVELS:
        there = SoundLevel(min(dba, loudest))
        if there == here:
            break
        await asking.move(here, there)
        here = there
        yield _heard(bench, f"{there.dba:g} dBA")
        await bench.ear.rest(bench.ear.clock.monotonic() + SOUNDING)
    await asking.move(here, SoundLevel(SILENCE))
    yield asking.line("stop", await asking.ask(PlayerWanted(False, 0.0)))


def _heard(bench: Bench, step: str) -> Line:
    values = bench.ear.last or {}
    if not bench.traits.answers:
        return Line(step, "look", "it never says what it is; listen")
    if values.get("playing") is False:
        return Line(step, "poor", "it says that it does not play: has it anything to play?", reported=values)
    if "volume" not in values:
        return Line(step, "bad", "it did not say its volume: has it power, and is its topic right?", reported=values or None)
    measured = "" if bench.room.full_volume_dba is not None else "; nobody measured full_volume_dba yet, so the level is a guess"
    return Line(step, "look", f"it says volume {values['volume']:g} %; listen at the pillow{measured}", reported=values)


async def hold(
    bench: Bench,
    brightness: Percent | None = None,
    kelvin: Kelvin | None = None,
    volume: Percent | None = None,
    speed: Percent | None = None,
) -> AsyncIterator[Line]:
    """Go to a level and stay there, for whoever measures."""
    asking, last = Asking(bench), bench.ear.last or {}
    match bench.device.kind:
        case "light":
            warmth = kelvin or last.get("kelvin") or max(bench.device.kelvin[0], min(2700.0, bench.device.kelvin[1]))
            level = float(last.get("brightness") or 0.0) if brightness is None else brightness
            here = 0.0 if last.get("on") is False else float(last.get("brightness") or 0.0)
            start = LightLevel(lstar(here / 100), mired(last.get("kelvin") or warmth))
            await asking.move(start, LightLevel(lstar(level / 100), mired(warmth)))
            yield asking.line(f"{level:g} %", await asking.ask(LightWanted(level > 0, level, warmth, None, 0.5)))
        case "player":
            yield asking.line(f"volume {volume or 0:g} %", await asking.ask(PlayerWanted(bool(volume), volume or 0.0, None, 6.0)))
        case "fan":
            yield asking.line(f"speed {speed or 0:g} %", await asking.ask(FanWanted(speed or 0.0)))


async def _player(bench: Bench, loudest: DBA) -> AsyncIterator[Line]:
    async for line in tone(bench, loudest):
        yield line


async def _light(bench: Bench, loudest: DBA) -> AsyncIterator[Line]:
    async for line in light(bench):
        yield line


async def _bounded(bench: Bench, loudest: DBA) -> AsyncIterator[Line]:
    async for line in puff(bench):
        yield line


async def _fan(bench: Bench, loudest: DBA) -> AsyncIterator[Line]:
    asking = Asking(bench)
    for speed in (100.0, 50.0, 0.0):
        yield asking.line(f"speed {speed:g} %", await asking.ask(FanWanted(speed)))


async def _climate(bench: Bench, loudest: DBA) -> AsyncIterator[Line]:
    asking, before = Asking(bench), (bench.ear.last or {}).get("celsius")
    at = float(before) if isinstance(before, int | float) else 22.0
    yield asking.line(f"{at + 1:g} °C", await asking.ask(ClimateWanted(at + 1)))
    yield asking.line(f"back to {at:g} °C", await asking.ask(ClimateWanted(at)))


async def _button(bench: Bench, loudest: DBA) -> AsyncIterator[Line]:
    values = await bench.ear.next(LISTEN)
    if values is None:
        yield Line("press a key", "bad", f"no key was heard within {LISTEN:g} s: is its battery good, and its topic right?")
    else:
        yield Line("press a key", "good", f"key {values.get('button')}, {values.get('press')}", reported=values)


_WALKS: Mapping[Kind, Callable[[Bench, DBA], AsyncIterator[Line]]] = {
    "light": _light, "player": _player, "diffuser": _bounded, "warmer": _bounded, "fan": _fan, "climate": _climate, "button": _button,
}  # fmt: skip
OFF: Mapping[Kind, Wanted] = {
    "light": LightWanted(False, 0.0, 2700.0, None, 2.0), "player": PlayerWanted(False, 0.0), "diffuser": DiffuserWanted(False),
    "warmer": WarmerWanted(False), "fan": FanWanted(0.0),
}  # fmt: skip


async def off(bench: Bench) -> Line | None:
    """Switch it off, and see that it is; None for what has no off."""
    wanted = OFF.get(bench.device.kind)
    if wanted is None:
        return None
    asking = Asking(bench)
    for _ in range(3 if bench.device.kind in BOUNDED else 1):
        answered = await asking.ask(wanted)
        if answered.right or not bench.traits.answers:
            break
    line = asking.line("off", answered)
    if bench.device.kind in BOUNDED and not answered.right:
        words = NO_WORD if not bench.traits.answers else "it does not say that it is off: look now, and pull its plug if it runs"
        return Line("off", "bad", words, line.asked, line.reported, line.seconds)
    return line
