"""What a modality changes about the base of its setting, where it says only what its work feels like."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ambiance.errors import Place
from ambiance.profile.model import Atmosphere
from ambiance.profile.setting import NOBODY, revised, told
from ambiance.units import DBA, SILENCE, Celsius, Kelvin, Lux
from ambiance.why import Layer, Why

TREATMENT: Final = ("work1", "turn", "work2", "deep")
LOUDEST: Final[DBA] = 60.0
SLOWEST: Final = 40
"""BPM below which music has no tempo anybody hears."""
DUTY: Final[Mapping[int, tuple[float, float]]] = {0: (0.0, 0.0), 1: (5.0, 25.0), 2: (10.0, 20.0), 3: (15.0, 15.0)}
"""Minutes on and off of a diffuser at each level of scent; intermittent, as the Tisserand Institute advises."""

Atmospheres = Mapping[str, Atmosphere]


@dataclass(frozen=True, slots=True)
class Light:
    """Lux and kelvin of a phase, and where they are written."""

    lux: Lux
    kelvin: Kelvin
    place: Place


@dataclass(frozen=True, slots=True)
class Modality:
    """The values of one profile; None where the base holds. Each comes with its place in `places`.

    `dba` and `tint` may also be the words `silent` and `none`.
    """

    places: Mapping[str, Place]
    work: Light | None = None
    deep: Light | None = None
    dba: DBA | str | None = None
    bpm: tuple[float, float] | str | None = None
    celsius: Celsius | None = None
    tint: str | None = None
    genres: tuple[str, ...] | None = None
    scent_max: int = 0

    def laid_on(self, base: Atmospheres) -> dict[str, Atmosphere]:
        """The base with this modality on it: `work1` takes its values, the other phases keep their distance to `work1`."""
        result = dict(base)
        self._light(base, result)
        self._music(base, result)
        for phase, wants in base.items():
            if phase not in NOBODY:
                result[phase] = self._air(base, phase, wants, result[phase])
        return result

    def _why(self, name: str) -> Why:
        return told(Layer.PROFILE, self.places[name])

    def _light(self, base: Atmospheres, result: dict[str, Atmosphere]) -> None:
        if self.work:
            why = told(Layer.PROFILE, self.work.place)
            lux, kelvin = self.work.lux, self.work.kelvin
            ratio = lux / base["work1"].lux
            levels = {
                "work1": lux,
                "turn": max(base["turn"].lux, round(lux * 5 / 3, 1)),
                "work2": round(base["work2"].lux * ratio, 1),
            }
            for phase, level in levels.items():
                result[phase] = revised(result[phase], why, lux=level, kelvin=kelvin)
            if not self.deep:  # the base's light, but no brighter or cooler than this work
                rest = base["deep"]
                result["deep"] = revised(result["deep"], why, lux=round(rest.lux * min(1.0, ratio), 1), kelvin=min(rest.kelvin, kelvin))
        if self.deep:
            result["deep"] = revised(result["deep"], told(Layer.PROFILE, self.deep.place), lux=self.deep.lux, kelvin=self.deep.kelvin)

    def _music(self, base: Atmospheres, result: dict[str, Atmosphere]) -> None:
        first = base["work1"]
        for phase in TREATMENT:
            was = base[phase]
            if self.dba == "silent":
                result[phase] = revised(result[phase], self._why("dba"), dba=None)
            elif isinstance(self.dba, float) and was.dba is not None and first.dba is not None:
                level = min(LOUDEST, max(SILENCE, self.dba + was.dba - first.dba))
                result[phase] = revised(result[phase], self._why("dba"), dba=level)
            if self.bpm == "any":
                result[phase] = revised(result[phase], self._why("bpm"), bpm=None)
            elif isinstance(self.bpm, tuple) and was.bpm and first.bpm:
                low, high = (
                    max(SLOWEST, round(mine + theirs - work)) for mine, theirs, work in zip(self.bpm, was.bpm, first.bpm, strict=True)
                )
                result[phase] = revised(result[phase], self._why("bpm"), bpm=(low, high))

    def _air(self, base: Atmospheres, phase: str, was: Atmosphere, wants: Atmosphere) -> Atmosphere:
        """Temperature, colour, genres and scent, which hold for the whole visit."""
        if self.celsius is not None:  # heating lags, so the whole visit moves together
            wants = revised(wants, self._why("celsius"), celsius=round(was.celsius + self.celsius - base["work1"].celsius, 1))
        if self.tint == "none" and was.accent:
            wants = revised(wants, self._why("accent"), accent=None)
        elif self.tint and was.accent and phase != "return":  # waking up keeps the colour of the setting
            wants = revised(wants, self._why("accent"), accent=replace(was.accent, color=self.tint))
        if self.genres is not None:
            wants = revised(wants, self._why("genres"), genres=self.genres)
        return at_most(wants, self.scent_max, self._why("scent"))


def at_most(wants: Atmosphere, level: int, why: Why) -> Atmosphere:
    """The atmosphere with no more than this level of scent, and the minutes on and off that belong to it."""
    if wants.scent <= level:
        return wants
    on, off = DUTY[level]
    return revised(wants, why, scent=level, on=on, off=off if wants.off else 0.0)
