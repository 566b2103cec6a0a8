"""Several needs become one: the most restrictive wins, and what contradicts is named, never averaged."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import reduce
from hashlib import blake2s
from types import MappingProxyType

from ambiance.care.model import About, Contradiction, Needs

NO_ANSWERS: Mapping[str, str] = MappingProxyType({})


def merge(needs: Iterable[Needs]) -> Needs:
    """Ceilings: the lowest; floors: the highest; flags: any; fades: the slowest. Order does not matter."""
    return reduce(_both, needs, Needs())


def settle(needs: Needs, shifts: Iterable[float] = (), answers: Mapping[str, str] = NO_ANSWERS) -> tuple[Needs, tuple[Contradiction, ...]]:
    """Resolve what contradicts to the side somebody chose (`answers`, by conflict), else to the safer one, and say so.

    Light keeps its floor with lamps out of the guest's view, sound its floor; of opposite wishes for warmth
    (`shifts`) the cooler stands, as a blanket helps against cold and nothing helps against heat.
    """
    said: list[Contradiction] = []

    def side(about: About, words: str, sides: Mapping[str, str]) -> str:
        said.append(contradiction(about, words, sides, answers))
        return said[-1].stands

    floor, ceiling = needs.light_min, needs.light_max
    if ceiling is not None and floor is not None and floor > ceiling:
        sides = {"floor": f"kept at {floor:g} lx with lamps out of view", "ceiling": f"kept at {ceiling:g} lx"}
        if side("light", f"light: a floor of {floor:g} lx above a ceiling of {ceiling:g} lx", sides) == "ceiling":
            needs = replace(needs, light_min=ceiling)
        else:
            needs = replace(needs, light_max=floor, out_of_view=True)
    floor, ceiling = needs.sound_min, needs.sound_max
    if floor is not None and needs.sound_off:
        sides = {"floor": f"kept at {floor:g} dBA", "silence": "kept silent"}
        if side("sound", f"sound: silence and a floor of {floor:g} dBA", sides) == "silence":
            needs = replace(needs, sound_min=None)
        else:
            needs = replace(needs, sound_off=False, sound_max=floor)
    elif floor is not None and ceiling is not None and floor > ceiling:
        sides = {"floor": f"kept at {floor:g} dBA", "ceiling": f"kept at {ceiling:g} dBA"}
        if side("sound", f"sound: a floor of {floor:g} dBA above a ceiling of {ceiling:g} dBA", sides) == "ceiling":
            needs = replace(needs, sound_min=ceiling)
        else:
            needs = replace(needs, sound_max=floor)
    coldest, warmest = min(shifts, default=0.0), max(shifts, default=0.0)
    if coldest < 0 < warmest:
        sides = {"cooler": f"kept at {coldest:+g} °C", "warmer": f"kept at {warmest:+g} °C"}
        chosen = side("warmth", f"warmth: {warmest:+g} °C and {coldest:+g} °C", sides)
        needs = replace(needs, celsius=warmest if chosen == "warmer" else coldest)
    return needs, tuple(said)


def contradiction(about: About, words: str, sides: Mapping[str, str], answers: Mapping[str, str]) -> Contradiction:
    """A contradiction with the side that stands: the one chosen, else the first. Its id says nothing and outlives a restart."""
    id = blake2s(words.encode(), digest_size=5, person=b"conflict").hexdigest()
    chosen = answers.get(id)
    answered = chosen in sides
    return Contradiction(id, about, words, sides, chosen if answered and chosen is not None else next(iter(sides)), answered)


def _both(a: Needs, b: Needs) -> Needs:
    return Needs(
        light_max=_pick(min, a.light_max, b.light_max),
        light_min=_pick(max, a.light_min, b.light_min),
        kelvin_max=_pick(min, a.kelvin_max, b.kelvin_max),
        no_accent=a.no_accent or b.no_accent,
        no_dip=a.no_dip or b.no_dip,
        out_of_view=a.out_of_view or b.out_of_view,
        slowest=max(a.slowest, b.slowest),
        step_max=_pick(min, a.step_max, b.step_max),
        sound_max=_pick(min, a.sound_max, b.sound_max),
        sound_min=_pick(max, a.sound_min, b.sound_min),
        sound_off=a.sound_off or b.sound_off,
        sound_rate=_pick(min, a.sound_rate, b.sound_rate),
        celsius=_shift(a.celsius, b.celsius),
        hold=a.hold or b.hold,
    )


def _pick(choose: Callable[[float, float], float], a: float | None, b: float | None) -> float | None:
    if a is None or b is None:
        return b if a is None else a
    return choose(a, b)


def _shift(a: float, b: float) -> float:
    """Any cooling outranks warming; otherwise the greater shift."""
    return min(a, b) if min(a, b) < 0 else max(a, b)
