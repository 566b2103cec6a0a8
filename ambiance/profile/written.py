"""What is written under `phases` in a setting or a profile, before it is laid on anything."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ambiance.errors import Place
from ambiance.profile import keys
from ambiance.profile.modality import DUTY
from ambiance.profile.model import PHASES, Accent, Atmosphere, Tail
from ambiance.profile.setting import told
from ambiance.why import Layer
from ambiance.yaml import Section, nearest

FIELDS: Final = tuple(name for name in Atmosphere.__dataclass_fields__ if name != "why")


@dataclass(frozen=True, slots=True)
class Written:
    """The values of one phase that an author wrote, with the place of each, under the field names of Atmosphere."""

    place: Place
    values: Mapping[str, Any]
    places: Mapping[str, Place]
    like: str | None = None

    def laid_on(self, base: Atmosphere, layer: Layer) -> Atmosphere:
        """The base with these values instead."""
        why = {name: told(layer, place) for name, place in self.places.items()}
        return replace(base, **self.values, why={**base.why, **why})

    def whole(self, layer: Layer) -> Atmosphere:
        """An atmosphere of nothing but these values: what was left out is off, none or any."""
        nothing = Atmosphere(
            lux=0.0, kelvin=2700.0, accent=None, exam_lux=0.0, dba=None, bpm=None, genres=(), scent=0, on=0.0, off=0.0,
            celsius=22.0, extract=False, fade=0.0,
        )  # fmt: skip
        everywhere = told(layer, self.place)
        return self.laid_on(replace(nothing, why=dict.fromkeys(FIELDS, everywhere)), layer)


def read_phases(top: Section) -> dict[str, Written]:
    """What is written under `phases`, phase by phase."""
    written: dict[str, Written] = {}
    if keys.PHASES_KEY.name not in top:
        return written
    sections = top.named(keys.PHASES_KEY.name)
    for phase, section in sections.items():
        if phase in PHASES:
            with section:
                written[phase] = _phase(section)
        else:
            reason = keys.not_steady(phase)
            top.faults.add(section.place, f"the unknown phase {phase!r}", reason or nearest(phase, tuple(PHASES)))
    return written


def _phase(section: Section) -> Written:
    values: dict[str, Any] = {}
    places: dict[str, Place] = {}

    def note(field: str, key: str, value: Any) -> None:
        values[field], places[field] = value, section.at(key)

    for key in (keys.LUX, keys.KELVIN, keys.EXAM_LUX, keys.ON, keys.OFF, keys.CELSIUS, keys.FADE):
        if key.name in section:
            note(_field_of(key.name), key.name, key.needed(section))
    for simple in (keys.GENRES, keys.SCENT, keys.EXTRACT):
        if simple.name in section:
            note(simple.name, simple.name, simple.needed(section))
    if "scent" in values:  # a level brings the minutes that belong to it, where none are written
        for field, minutes in zip(("on", "off"), DUTY[values["scent"]], strict=True):
            if field not in values:
                note(field, keys.SCENT.name, minutes)
    if keys.DBA.name in section:
        dba = keys.DBA.needed(section)
        note("dba", keys.DBA.name, None if isinstance(dba, str) else dba)
    if keys.BPM.name in section:
        bpm = keys.BPM.needed(section)
        note("bpm", keys.BPM.name, None if isinstance(bpm, str) else (round(bpm[0]), round(bpm[1])))
    accent = section.get(keys.ACCENT.name)
    if accent is not None and accent.value == "none":
        note("accent", keys.ACCENT.name, None)
    elif accent is not None:
        with section.section(keys.ACCENT.name) as inner:
            note("accent", keys.ACCENT.name, Accent(keys.COLOR.needed(inner), keys.SHARE.needed(inner)))
    if keys.TAIL.name in section:
        with section.section(keys.TAIL.name) as inner:
            note("tail", keys.TAIL.name, Tail(keys.SECONDS.needed(inner), keys.LUX.needed(inner)))
    return Written(section.place, values, places, keys.LIKE.given(section, None))


def like_or_whole(phase: str, written: Mapping[str, Written]) -> Atmosphere:
    wants = written[phase]
    of = written.get(wants.like) if wants.like else None
    return wants.laid_on(of.whole(Layer.SETTING), Layer.SETTING) if of else wants.whole(Layer.SETTING)


def _field_of(key: str) -> str:
    return {"on_minutes": "on", "off_minutes": "off", "fade_seconds": "fade"}.get(key, key)


def key_of(field: str) -> str:
    return {"on": "on_minutes", "off": "off_minutes", "fade": "fade_seconds"}.get(field, field)


def inside(written: Mapping[str, Written], path: str, top: Section) -> Place:
    """Where a complaint about `phase.key` points: the key, else the phase, else the file."""
    phase, _, key = path.partition(".")
    if phase in written:
        return written[phase].places.get(_field_of(key), replace(written[phase].place, path=f"{keys.PHASES_KEY.name}.{path}"))
    return replace(top.at(phase), path=path)
