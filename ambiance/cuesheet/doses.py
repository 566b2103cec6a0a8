"""When the diffusers run: short pulses inside a hard budget, never in the last quarter of an hour, never too much for the air.

Diffusion is intermittent because the nose habituates and because less is safer (Tisserand Institute, diffusion
guidelines); the budget of on-time is the house's own default.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ambiance.care.air import Air, Emission, concentration, stays_under
from ambiance.cuesheet.model import Dose, Span
from ambiance.profile.modality import DUTY
from ambiance.profile.model import Atmosphere
from ambiance.site import Device, Limits, Room
from ambiance.units import Minutes, Seconds

REFERENCE: Final = 14.0 / (30.0 * 2.0)
"""mg per m³: what 14 mg/h give 30 m³ of air that change twice an hour; the pulses of the profiles are meant for that."""
LEAST: Seconds = 5.0
"""A shorter run would not be noticed."""


@dataclass(frozen=True, slots=True)
class Means:
    """The diffusers that may run at once in a room, what they hold, and how long. `duty` is the part (0-1) of a profile's pulse."""

    diffusers: Sequence[Device]
    family: str
    budget: Minutes
    air: Air
    duty: float = 1.0
    level: int = 3
    limits: Limits = field(default_factory=Limits)

    @property
    def mg_h(self) -> float:
        return sum(device.emission_mg_h for device in self.diffusers)


def duty(room: Room, diffusers: Sequence[Device]) -> float:
    """The part (0-1) of a profile's pulse that suits this room: V·n/60 of it, and less the more its diffusers give off.

    Never more than all of it: in a large or airy room a pulse stays as it is, only weaker.
    """
    mg_h = sum(device.emission_mg_h for device in diffusers)
    return min(1.0, REFERENCE * room.volume_m3 * room.air_changes / mg_h) if mg_h > 0 else 1.0


def pulses(spans: Sequence[Span], atmospheres: Mapping[str, Atmosphere], means: Means) -> tuple[Mapping[str, tuple[Dose, ...]], bool]:
    """The doses of each phase, offsets from the phase's own start; and whether the air cut any of them short.

    Pulses over the budget are dropped, last ones first; above the level this guest allows they get that level's duty. What
    would run in the last quarter of an hour is left out for good, so that moving the end later gives no more scent. A room
    already charged with scent before the guest came gets none while they settle.
    """
    found: dict[str, tuple[Dose, ...]] = {}
    if not means.diffusers or means.duty <= 0:
        return found, False
    limits, left = means.limits, means.budget * 60
    given: list[Emission] = []
    charged = cut = False
    last = spans[-1].end - limits.scent_stop_minutes * 60
    for span in spans:
        wish = _allowed(atmospheres.get(span.phase), means.level)
        if wish is None or not wish.scent or not wish.on or span.length <= 0 or (charged and span.phase == "settle"):
            continue
        here: list[Dose] = []
        whole = wish.on * 60
        run = min(whole * means.duty, limits.scent_run_minutes * 60)
        pause = max(run, wish.off * 60 + whole - run) if wish.off else 0.0
        # Before the guest comes the pulse ends as they enter; otherwise it begins with the phase.
        at = max(0.0, span.length - run) if span.phase == "room_prep" else 0.0
        while at < span.length - 1:
            length = min(run, span.length - at, last - span.start - at)
            if length < 1 or length > left + 1e-6:
                break
            start = span.start + at
            under = stays_under(limits.scent_max_ug_m3, concentration(given, start, means.air), means.mg_h, means.air)
            cut = cut or under < length
            length = min(length, under)
            if length >= LEAST:
                left -= length
                given.append(Emission(start, start + length, means.mg_h))
                here += [Dose(device.id, at, at + length, wish.scent, means.family, span.phase) for device in means.diffusers]
            if not pause:
                break
            at += run + pause
        if here:
            found[span.phase] = tuple(here)
            charged = charged or span.phase == "room_prep"
    return found, cut


def doses(
    spans: Sequence[Span],
    pulses: Mapping[str, tuple[Dose, ...]],
    last: Seconds,
    now: Seconds,
    past: Sequence[Dose] = (),
    run: Seconds = 30 * 60.0,
) -> tuple[Dose, ...]:
    """The doses from `now` on, where their phases now lie, none after `last`. A pulse that should have begun before `now` is
    only finished, never begun; none makes a diffuser run longer than `run` without a pause as long.

    `past` are the doses up to now as they were; the one still running is cut where its phase now ends.
    """
    kept: list[Dose] = []
    for dose in past:
        if dose.at >= now:
            continue
        home = next((s for s in spans if s.phase == dose.phase), None)
        until = min(dose.until, home.end if home else now, max(last, dose.at))
        kept.append(Dose(dose.device, dose.at, max(min(dose.until, now), until), dose.intensity, dose.family, dose.phase))
    for span in spans:
        for pulse in pulses.get(span.phase, ()):
            at = span.start + pulse.at
            until = min(span.start + pulse.until, span.end, last)
            if at >= now and until - at >= 1:
                kept.append(Dose(pulse.device, at, until, pulse.intensity, pulse.family, pulse.phase))
    return _paused(sorted(kept, key=lambda dose: (dose.at, dose.device)), now, run)


def _paused(planned: Sequence[Dose], now: Seconds, run: Seconds) -> tuple[Dose, ...]:
    """Every diffuser rests as long as it ran once it has run for `run` seconds; what began already stays."""
    ran: dict[str, tuple[Seconds, Seconds]] = {}
    kept: list[Dose] = []
    for dose in planned:
        on, off_at = ran.get(dose.device, (0.0, dose.at))
        if dose.at - off_at >= on:
            on = 0.0
        if dose.at >= now:
            dose = replace(dose, until=min(dose.until, dose.at + run - on))
        if dose.until - dose.at >= 1 or dose.at < now:
            ran[dose.device] = (on + dose.until - dose.at, dose.until)
            kept.append(dose)
    return tuple(kept)


def _allowed(wish: Atmosphere | None, level: int) -> Atmosphere | None:
    if wish is None or wish.scent <= level:
        return wish
    on, off = DUTY[level]
    return replace(wish, scent=level, on=on, off=off if wish.off else 0.0)
