"""The menu: what the house sells under its own names, each a profile, a length and trims."""

from collections.abc import Mapping
from dataclasses import replace

from ambiance.errors import Place
from ambiance.profile import keys
from ambiance.profile.modality import at_most
from ambiance.profile.profile import Profile, Refusal, Trims
from ambiance.profile.setting import told
from ambiance.why import Layer
from ambiance.yaml import Faults, Node, Section, nearest


def read_menu(node: Node, profiles: Mapping[str, Profile | Refusal | None], faults: Faults) -> tuple[Profile, ...]:
    """menu.yaml: the house's own names, each a profile, a length and trims."""
    items: dict[str, Profile] = {}
    with Section(node, faults, keys.not_steady) as top:
        for section in top.sections(keys.MENU.name, required=True):
            with section:
                before = len(faults)
                id, name, of = keys.ID.needed(section), keys.NAME.needed(section), keys.PROFILE.needed(section)
                minutes = keys.MINUTES.needed(section)
                trims = Trims(
                    keys.LIGHT.given(section, 0.0),
                    keys.MUSIC.given(section, 0.0),
                    keys.WARMER.given(section, 0.0),
                    f"{section.place.file}:{section.place.line}",
                )
                scent = keys.MENU_SCENT.given(section, None)
            if id in items:
                section.fault(keys.ID.name, f"{id!r} a second time", "an id of its own for each item")
            profile = profiles.get(of)
            if isinstance(profile, Refusal):
                section.fault(keys.PROFILE.name, f"{of}, which is not offered", f"another profile: {profile.reason}")
            elif profile is None:
                if of not in profiles and len(faults) == before:
                    section.fault(keys.PROFILE.name, f"the unknown profile {of!r}", nearest(of, sorted(profiles)))
            elif not profile.smallest <= minutes <= profile.largest:
                section.fault(keys.MINUTES.name, str(minutes), f"{profile.smallest} to {profile.largest} minutes, as {of} offers")
            elif scent is not None and scent > profile.scent_max:
                section.fault(keys.MENU_SCENT.name, str(scent), f"at most {profile.scent_max}, the max of {of}")
            elif len(faults) == before:
                items[id] = _item(profile, id, name, minutes, trims, scent, section.at(keys.MENU_SCENT.name))
    return tuple(items.values())


def _item(profile: Profile, id: str, name: str, minutes: int, trims: Trims, scent: int | None, place: Place) -> Profile:
    most = profile.scent_max if scent is None else scent
    why = told(Layer.MENU, place)
    atmospheres = {phase: at_most(wants, most, why) for phase, wants in profile.atmospheres.items()}
    return replace(
        profile,
        id=f"menu/{id}",
        name=name,
        default_minutes=minutes,
        trims=trims,
        scent_max=most,
        atmospheres=atmospheres,
        source=trims.source,
    )
