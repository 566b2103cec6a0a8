"""A room calibrated by eye and by ear: three levels a person sets, and what the room must then be at full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, log10

from ambiance.errors import Invalid
from ambiance.profile import Atmosphere
from ambiance.units import DBA, Lux, Percent, Taper

TALKING, MASSAGE, BARELY = "welcome", "work1", "deep"
"""The phases whose table values stand for what people are asked: to talk in, to work in, and the quietest there is."""
FAINTEST: Lux = 20.0
BRIGHTEST: Lux = 5000.0
SOFTEST: DBA = 40.0
LOUDEST: DBA = 110.0
APART = 3.0
"""Two answers that differ by more than this factor (light) say that one of them was a slip; for sound, DECIBELS apart."""
DECIBELS: DBA = 12.0


@dataclass(frozen=True, slots=True)
class LightByEye:
    """`full` lx stands for 100 % from now on; `apart` says that the answers hardly fit together."""

    full: Lux
    lowest: Percent
    apart: bool


@dataclass(frozen=True, slots=True)
class SoundByEar:
    """`full` dBA stands for 100 % from now on; `apart` as of light."""

    full: DBA
    apart: bool


def light_by_eye(talking: Percent, massage: Percent, dimmest: Percent, atmospheres: Mapping[str, Atmosphere]) -> LightByEye:
    """What a room's full light has to be called, from the output in percent at which it looks right, every lamp at the same.

    Light adds up and is linear in output: at `p` % the table has `full * p / 100` lx. A person who finds `p` right for a
    phase whose table value is `E` lx therefore says `full = 100 * E / p`. There are two such answers, `welcome` (150 lx in a
    spa) and `work1` (15 lx). Eyes judge ratios, not differences (Weber and Fechner; CIE lightness is a cube root for the same
    reason), so an error is a factor and the best single value is the geometric mean:

        full = 100 * sqrt(E_welcome / p_welcome * E_work1 / p_work1), from 20 to 5000 lx

    The number is what makes scenes look right in this room, to these eyes; whoever has a meter writes what it says. `dimmest`
    is where people stop because it flickers, goes out or is dark enough: it becomes the lamps' `lowest`, the least percent
    they are ever given. Raises Invalid for answers that are not from bright to dim.
    """
    if not 100 >= talking > massage >= dimmest > 0:
        raise Invalid(("light", f"{talking:g}, {massage:g}, {dimmest:g}", "levels from bright to dim, each above 0 and at most 100 %"))
    answers = [100 * atmospheres[TALKING].lux / talking, 100 * atmospheres[MASSAGE].lux / massage]
    full = exp(sum(map(log, answers)) / len(answers))
    lowest = min(50.0, max(0.1, dimmest))
    return LightByEye(round(min(BRIGHTEST, max(FAINTEST, full)), 0), round(lowest, 2), max(answers) / min(answers) > APART)


def sound_by_ear(
    talking: Percent, massage: Percent, barely: Percent, taper: Taper, atmospheres: Mapping[str, Atmosphere]
) -> SoundByEar:  # fmt: skip
    """What a room's full volume has to be called, from the player's volume at which it sounds right.

    A player of cubic taper gives `60 * log10(v)` dB against full at volume `v` (amplitude v ** 3, as PulseAudio maps volume),
    a linear one `20 * log10(v)`. Volume `v` found right for a phase of `L` dBA says `full = L - decade * log10(v)`. The
    three answers are `welcome` (45 dBA in a spa), `work1` (42) and `deep` (37); decibels are ratios already, so they are
    simply averaged, from 40 to 110 dBA. The levels are a spa's in a clinic too, whose own phases are silent or alike: the
    question is about ears, not about treatments. What has no level in `atmospheres` says nothing. Raises Invalid for
    answers that do not fall from loud to soft, or where no phase has a level.
    """
    if not 100 >= talking >= massage >= barely > 0:
        raise Invalid(("sound", f"{talking:g}, {massage:g}, {barely:g}", "levels from loud to soft, each above 0 and at most 100 %"))
    decade = 60.0 if taper == "cubic" else 20.0
    answers: Sequence[DBA] = [
        level - decade * log10(volume / 100)
        for phase, volume in ((TALKING, talking), (MASSAGE, massage), (BARELY, barely))
        if phase in atmospheres and (level := atmospheres[phase].dba) is not None
    ]
    if not answers:
        raise Invalid(("sound", "a library that plays nothing", "at least one phase with a level of sound"))
    full = sum(answers) / len(answers)
    return SoundByEar(round(min(LOUDEST, max(SOFTEST, full)), 1), max(answers) - min(answers) > DECIBELS)
