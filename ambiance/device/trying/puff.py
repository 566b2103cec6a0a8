"""What runs only to an end of its own, a diffuser or a warmer: five seconds of it, and whether it really ends by itself."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from ambiance.cuesheet.wanted import DiffuserWanted, Wanted, WarmerWanted
from ambiance.device.dialects.standing import standing
from ambiance.device.trying.asking import NO_WORD, Asking
from ambiance.device.trying.bench import MOMENT, Bench
from ambiance.device.trying.line import Line
from ambiance.units import Seconds

PUFF: Seconds = 5.0
EARLY: Seconds = 2.0
LATE: Seconds = 6.0
"""How far from its end it may stop; what speaks to it and back takes a while."""
AWAKE = 3.0
"""Watts above which something runs."""


async def puff(bench: Bench) -> AsyncIterator[Line]:
    """Run, armed, ended by itself, verified off. It is told off in any case. Raises Interrupted."""
    asking, traits, kind = Asking(bench), bench.traits, bench.device.kind
    clock = bench.ear.clock
    seconds = max(PUFF, traits.shortest_run)
    on, off = (
        (DiffuserWanted(True, 1, seconds), DiffuserWanted(False))
        if kind == "diffuser"
        else (WarmerWanted(True, seconds), WarmerWanted(False))
    )
    if not traits.ends:
        yield Line("run", "bad", "it keeps no end by itself: it is not switched on here; use a device with a timer of its own")
        return
    began = clock.monotonic()
    try:
        answered = await asking.ask(on, PUFF - 1)
        yield asking.line(f"run for {seconds:g} s", answered)
        if answered.first is None and traits.answers:
            return
        yield _armed(bench, seconds)
        own = standing(bench.device)
        if own > seconds + LATE:
            yield Line(
                "its own end",
                "look",
                f"its end is the auto-off set in it, {own:g} s, which was not waited for: switch it on once and count",
            )
        else:
            yield await _ends(asking, began, seconds)
        yield _drew(bench)
    finally:
        bench.say(off)
    yield await _verified(asking, off)


def _armed(bench: Bench, seconds: Seconds) -> Line:
    said = (bench.ear.last or {}).get("armed", (bench.ear.last or {}).get("run_for"))
    if not isinstance(said, int | float):
        return Line("timer armed", "look", "it does not say whether its timer runs; its end will tell", reported=bench.ear.last)
    right = 0 < said <= seconds + 1
    words = f"it says that its timer is set to {said:g} s" if right else f"it says {said:g} s instead of {seconds:g}"
    return Line("timer armed", "good" if right else "bad", words, reported=bench.ear.last)


async def _ends(asking: Asking, began: Seconds, seconds: Seconds) -> Line:
    """Told nothing more: when does it say that it is off?"""
    ear, clock = asking.bench.ear, asking.bench.ear.clock
    until = began + seconds + LATE
    while (ear.last or {}).get("on") is not False and until - clock.monotonic() > MOMENT:
        await ear.next(until - clock.monotonic())
    ran = clock.monotonic() - began
    if (ear.last or {}).get("on") is False:
        fair = ran >= seconds - EARLY
        words = f"it went off by itself after {ran:.1f} s" if fair else f"it went off after {ran:.1f} s already"
        return Line("its own end", "good" if fair else "poor", words, reported=ear.last)
    if not asking.bench.traits.answers:
        return Line("its own end", "look", NO_WORD)
    words = f"after {ran:.0f} s it had not said that it is off: its timer is not kept. Never use it for scent or warmth"
    return Line("its own end", "bad", words, reported=ear.last)


def _drew(bench: Bench) -> Line:
    watts = (bench.ear.last or {}).get("watts")
    if not isinstance(watts, int | float):
        return Line("running", "look", "it does not measure watts: did it really run?")
    return Line("running", "look", f"it drew {watts:g} W when it last said; it runs where it draws more than {AWAKE:g} W meanwhile")


async def _verified(asking: Asking, off: Wanted) -> Line:
    for _ in range(3):
        answered = await asking.ask(off)
        if answered.right:
            return asking.line("off", answered)
    values: Mapping[str, Any] | None = answered.last
    if not asking.bench.traits.answers:
        return Line("off", "bad", NO_WORD)
    return Line("off", "bad", "it does not say that it is off: look now, and pull its plug if it runs", reported=values)
