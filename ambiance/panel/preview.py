"""A treatment looked at before it is played: in a room of the house, or in one with a bit of everything."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from ambiance.care import Care, parse
from ambiance.cuesheet import Order, Sheet, compile_sheet
from ambiance.cuesheet.ribbon import ribbon_svg
from ambiance.profile import Library, Profile, Visit
from ambiance.site import FULL_LUX, Device, Limits, Room, ScentPolicy, Setting


def virtual_room(setting: str) -> Room:
    """A room with one of everything, calibrated, and as able as a well-equipped room."""
    kind: Setting = "clinical" if setting == "clinical" else "spa"
    devices = (
        Device("light", "preview", "light", share=0.8),
        Device("accent", "preview", "light", role="accent", share=0.2),
        Device("exam", "preview", "light", role="exam"),
        Device("speaker", "preview", "player"),
        Device("diffuser", "preview", "diffuser"),
        Device("climate", "preview", "climate"),
        Device("extract", "preview", "fan", air_changes=8.0),
        Device("warmer", "preview", "warmer"),
    )
    return Room("preview", "Preview", kind, full_light_lux=FULL_LUX[kind], full_volume_dba=70.0, devices=devices, air_changes=2.0)


class Previews:
    """Compiles treatments of a library without playing them, inside the limits of the house (`bounds`, as they are now) or
    the room: every border on time, by day, scent as if the guest asked for it.
    """

    def __init__(self, library: Library, bounds: Callable[[], tuple[ScentPolicy, Limits]] = lambda: ("allowed", Limits())) -> None:
        self._library, self._bounds = library, bounds

    def profile(self, id: str) -> Profile:
        """Raises Unknown, NotOffered."""
        return self._library.get(id)

    def room(self, id: str) -> Room:
        """The room a treatment is previewed in where none of the house is named: as scented as the house allows."""
        return replace(virtual_room(self.profile(id).setting), scent_policy=self._bounds()[0])

    def __call__(self, id: str, minutes: int | None, visit: Visit, *, care: Care | None = None, room: Room | None = None) -> Sheet:
        """Raises Unknown, NotOffered; Invalid for a length the treatment does not have."""
        found = self.profile(id)
        where, care = room or self.room(id), care if care is not None else parse([])
        limits = where.limits or self._bounds()[1]
        order = Order(found, minutes or found.default_minutes, visit, care, scent=True, limits=limits)
        return compile_sheet(order, where, prep=found.prep * 60, borders="clock")


def drawn(profile: Profile, policy: ScentPolicy, limits: Limits, names: Mapping[str, str], width: int) -> str:
    """The ribbon of a treatment that need not be in any library, at its own length, `width` pixels wide, in the words of `names`."""
    room = replace(virtual_room(profile.setting), scent_policy=policy)
    order = Order(profile, profile.default_minutes, "follow_up", parse([]), scent=True, limits=limits)
    return ribbon_svg(compile_sheet(order, room, prep=profile.prep * 60, borders="clock"), room, width=width, names=names)
