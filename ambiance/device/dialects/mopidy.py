"""Mopidy with the MQTT extension of magcode/mopidy-mqtt (README.md): play an address, stop; newer ones also set a volume.

It never says whether it is there, nor how loud it is.
"""

from collections.abc import Mapping
from typing import ClassVar

from ambiance.cuesheet.wanted import PlayerWanted, Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.dialect import Heard, Pair, Report, Traits
from ambiance.device.dialects.family import Family, music_options, nothing, said, uri_of
from ambiance.device.dialects.options import YES, Options, yes
from ambiance.device.dialects.reading import Nonsense, short, text_of
from ambiance.device.dialects.scale import steps
from ambiance.device.message import Message
from ambiance.site import Device, Kind

_STATES = ("playing", "paused", "stopped")


class MopidyMqtt(Family):
    """`topic` is the topic written in mopidy.conf."""

    name: ClassVar[str] = "mopidy-mqtt"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("player",))
    options: ClassVar[Options] = {
        **music_options("the address of what is played for any playlist", r"\S{1,500}"), "fixed_volume": YES, "volume": YES,
    }  # fmt: skip
    example: ClassVar[str] = "spa/lavender/music"

    def traits(self, device: Device) -> Traits:
        return Traits(quiet=True)

    def filters(self, device: Device) -> tuple[str, ...]:
        return (f"{device.topic}/state", f"{device.topic}/nowplaying")

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        for leaf in ("/play", "/control", "/state", "/nowplaying", "/image", "/volume"):
            topic = topic.removesuffix(leaf)
        return topic, {}

    def faults(self, device: Device) -> tuple[str, ...]:
        if yes(device, "fixed_volume") or yes(device, "volume"):
            return ()
        return (
            "found a player of which nobody says that its volume can be set, so that music would begin and end at once; options: "
            "{volume: true} where the extension takes <topic>/volume, {fixed_volume: true} where an amplifier holds it down, or use the "
            "room's own player (`ambiance player`) with MPD",
        )

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        if ask.kind != "player" or ask.deed not in (None, "stop") or ask.scene is not None:
            raise nothing(ask, self.name)
        # Level before play; what leads to silence passes the level, then stops.
        sets = yes(device, "volume") and ask.volume is not None
        level = (said(f"{device.topic}/volume", str(steps(ask.volume or 0.0, 100))),) if sets else ()
        if ask.playing is False or ask.deed == "stop":
            return (*level, said(f"{device.topic}/control", "stop"))
        uri = uri_of(device, ask)
        if uri is not None:
            # `play` begins anew whatever plays: once is enough.
            again = isinstance(since, PlayerWanted) and since.playing and uri_of(device, since) == uri
            return level if again else (*level, said(f"{device.topic}/play", uri))
        if level or ask.whole:
            return level
        raise nothing(ask, self.name)

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        text = text_of(payload).strip().strip("'")
        if topic == f"{device.topic}/nowplaying":
            if not text.isprintable() or len(text) > 500:
                raise Nonsense(f"found {short(text[:40])}; wanted a title")
            return Report({"title": text}, partial=True)
        if topic != f"{device.topic}/state":
            return None
        if text.lower() not in _STATES:
            raise Nonsense(f"found {short(text[:40])}; wanted {' or '.join(_STATES)}")
        return Report({"playing": text.lower() == "playing"}, partial=True)
