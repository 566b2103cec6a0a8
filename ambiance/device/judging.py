"""Is what a device says an answer, a value on its way, an echo, or somebody's hand?"""

from collections.abc import Mapping
from typing import Any

from ambiance.clock import Instant
from ambiance.cuesheet.wanted import plain
from ambiance.device.difference import on_its_way, unlike
from ambiance.device.talk import GRACE, Talk, fade
from ambiance.units import Seconds

SETTLING: Seconds = 10.0
"""After *off*, until the watts of a plug are those of now: meters report late, and bridges repeat what they heard before."""
ECHO: Seconds = 2.0
"""After a command, in which reports of the one before may still arrive."""


def changed_by_hand(talk: Talk, values: Mapping[str, Any], right: bool, versioned: bool, now: Instant) -> bool:
    """Whether somebody else moved it. Takes note of where it came to rest: clipped values are shown, not fought."""
    if talk.moved_by is None or not talk.answered:
        return False
    if now < talk.moved_by:
        # What echoes our versions tells its way as it goes, and whether it was led astray once that is over.
        if versioned or right or _on_its_way(talk, values) or talk.posted_at is None or now <= talk.posted_at + talk.within(ECHO):
            return False
        # So far from its way that no fade of ours leads there.
        talk.settled = values
        return True
    if versioned and talk.wanted is not None and 0 < (values.get("fade") or 0.0) < fade(talk.wanted).total_seconds() - 0.1:
        return False  # it says itself that it is still on the way we sent it
    before, talk.settled = talk.settled, values
    if right or now <= talk.moved_by + talk.within(GRACE):
        return False
    return bool(_unlike(talk, before, values)) if before is not None else not versioned


def runs_against_us(talk: Talk, named: Mapping[str, Any], now: Instant) -> bool:
    """Whether what must be off runs: it says so, or draws power though it says otherwise."""
    if not talk.off_for_good or talk.posted_at is None:
        return False
    watts = named.get("watts")
    draws = watts is not None and talk.device.running_watts is not None and watts >= talk.device.running_watts
    if draws and now >= talk.posted_at + talk.within(SETTLING):
        return True
    return named.get("on") is True and now > talk.posted_at + talk.within(GRACE)


def must_prove_off(talk: Talk) -> bool:
    """Whether its word that it is off may be only the echo of what it was told."""
    return talk.off_for_good and talk.traits.echoes and bool(talk.dialect.ask(talk.device))


def _unlike(talk: Talk, one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    loose = talk.traits.tolerance
    return tuple(key for key in unlike(one, other) if key not in loose or abs(one[key] - other[key]) > loose[key])


def _on_its_way(talk: Talk, values: Mapping[str, Any]) -> bool:
    """Whether `values` lie between where it was, or was going, and where it is going now."""
    assert talk.wanted is not None
    if talk.since is None:
        return True
    places = [talk.since, plain(talk.wanted), *([plain(talk.on_way_to)] if talk.on_way_to is not None else [])]
    return on_its_way(values, places, talk.traits.tolerance)
