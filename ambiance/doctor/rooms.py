"""What can be seen of the rooms from their configuration alone: ends, calibration, a light by hand."""

from collections.abc import Iterator, Mapping

from ambiance.device.dialects import SPOKEN
from ambiance.device.dialects.family import BOUNDED
from ambiance.device.dialects.options import yes
from ambiance.device.dialects.standing import standing
from ambiance.device.topics import Topics
from ambiance.doctor.complaint import Complaint, improve, mend, well
from ambiance.errors import NotOffered, Unknown
from ambiance.profile import Library
from ambiance.site import SAFE_LIGHT, Device, Room, Site

UNPROVEN = ("zigbee2mqtt", "zigbee2mqtt-tuya", "esphome", "openbeken", "template")
"""Dialects whose end is only as good as the model or the YAML behind them."""


def rooms(site: Site, library: Library | None, written: Mapping[str, frozenset[str]]) -> Iterator[Complaint]:
    """`written`: which keys of each room somebody wrote."""
    for room in site.rooms:
        keys = written.get(room.id, frozenset())
        yield from _ends(site, room)
        yield from _calibration(room, keys)
        yield from _lights(room)
        yield from _usual(room, library)


def _ends(site: Site, room: Room) -> Iterator[Complaint]:
    topics = Topics(site.prefix, site.id)
    for device in room.devices:
        if device.kind not in BOUNDED:
            continue
        about = f"{room.id}/{device.id}"
        ends = SPOKEN[device.dialect](topics).traits(device).ends
        if yes(device, "unsafe") or not ends:
            cure = "use a plug with a timer of its own: tasmota or shelly-gen2"
            yield mend(about, "it keeps no end by itself: if this controller dies, it runs until somebody pulls its plug", cure)
        elif own := standing(device):
            slow = own > 120
            words = f"its end is an auto-off of {own:g} s that was set in the device; nothing here can see it"
            cure = "set it to 120 s" if slow else f"switch it on by hand once and count: it must be off after {own:g} s"
            yield improve(about, words, cure)
        elif device.dialect in UNPROVEN:
            yield improve(about, f"its end is told by {device.dialect}; not every model keeps it", _prove(device))
        else:
            yield well(about, "it is switched on only with an end it keeps itself")


def _prove(device: Device) -> str:
    return f"prove it once: ambiance device test {device.room} {device.id}"


def _calibration(room: Room, keys: frozenset[str]) -> Iterator[Complaint]:
    if any(d.kind == "light" and d.role != "exam" for d in room.devices) and "full_light_lux" not in keys:
        words = f"nobody measured full_light_lux; {room.full_light_lux:g} lx is taken, which is a guess"
        yield improve(room.id, words, "every lamp at 100 %, a lux meter at the table, and write what it says")
    if room.of("player") and room.full_volume_dba is None:
        words = "nobody measured full_volume_dba: music is held at half volume, which is taken for 60 dBA"
        yield improve(room.id, words, "music at full volume, a sound level meter (A, slow) at the pillow, and write what it says")


def _lights(room: Room) -> Iterator[Complaint]:
    lamps = [d for d in room.devices if d.kind == "light" and d.role != "exam"]
    if not lamps:
        yield improve(room.id, "it has no lamp that follows a treatment", "give it one of role ambient")
        return
    if room.hand_light:
        yield well(room.id, "it has a light that works by hand, whatever happens")
    elif room.alone < SAFE_LIGHT:
        words = "no lamp of it is known to come on when the controller, the broker or the network is gone"
        if room.alone:
            words = f"only {room.alone:g} lx of it come on by themselves when the controller, the broker or the network is gone"
        yield mend(room.id, words, "fit a light with a switch of its own, try it, and write hand_light: true")
    else:
        words = "its lamps come on by themselves when the controller is gone, but nothing works by hand"
        yield improve(room.id, words, "fit a light with a switch of its own, and write hand_light: true")
    low = [d for d in lamps if d.lowest > 2]
    if low:
        names = ", ".join(f"{d.id} ({d.lowest:g} %)" for d in low)
        yield improve(room.id, f"not dim enough for a treatment in the dark: {names}", "lamps or drivers that burn steadily at 2 % or less")


def _usual(room: Room, library: Library | None) -> Iterator[Complaint]:
    for id in room.usual if library is not None else ():
        try:
            assert library is not None
            library.get(id)
        except (Unknown, NotOffered) as error:
            yield mend(room.id, f"its usual treatment cannot be given: {error}", "correct usual in its entry, or the profile")
