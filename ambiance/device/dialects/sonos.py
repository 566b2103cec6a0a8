"""Sonos speakers behind sonos2mqtt. Volume is stepped by us; a `sleep` timer is the one end the speaker keeps itself.

svrooij/sonos2mqtt docs/control/1-commands.md, docs/control/2-playback.md, docs/topics.md, docs/global-commands.md, src/smarthome-mqtt.ts.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import PlayerWanted, Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.dialect import Garbled, Heard, Liveness, Pair, Report, Traits
from ambiance.device.dialects.family import Family, music_options, nothing, said, uri_of
from ambiance.device.dialects.options import Option, Options
from ambiance.device.dialects.reading import Said, given, number_of, object_of, short
from ambiance.device.dialects.scale import clock_time, steps
from ambiance.device.message import Message
from ambiance.site import Device, Kind

_LIST = re.compile(r"sonos:playlist:|(spotify|deezer):(playlist|album|user|artistTopTracks):")
"""Addresses of many pieces (docs/control/2-playback.md, Add item to queue)."""


class Sonos(Family):
    """`topic` is sonos/<uuid of the speaker>. `coordinator` is the uuid that plays and stops, where the speaker is in a group."""

    name: ClassVar[str] = "sonos2mqtt"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("player",))
    options: ClassVar[Options] = {
        "coordinator": Option("the uuid of the group's coordinator, RINCON_…", r"RINCON_[0-9A-F]{17}"),
        **music_options("an address it can play, such as sonos:playlist:7 or a favourite's own", r"[a-zA-Z][a-zA-Z0-9+.-]*:\S{1,480}"),
    }
    example: ClassVar[str] = "sonos/RINCON_000E5000000001400"

    def traits(self, device: Device) -> Traits:
        return Traits(quiet=True, tolerance={"volume": 1.0})

    def gateway(self, device: Device) -> str | None:
        return device.topic.split("/")[0]

    def filters(self, device: Device) -> tuple[str, ...]:
        return (device.topic, f"{device.topic}/error", f"{self.gateway(device)}/connected")

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        if topic.endswith("/cmd/pauseall"):
            return topic.removesuffix("/cmd/pauseall"), {}
        if topic.endswith("/connected"):
            return topic.removesuffix("connected") + "speaker", {}
        return topic.removesuffix("/control").removesuffix("/error"), {}

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        if ask.kind != "player" or ask.deed not in (None, "stop") or ask.scene is not None:
            raise nothing(ask, self.name)
        if "/" not in device.topic:
            if ask.playing is not False and ask.deed != "stop":
                raise nothing(ask, self.name)
            return (said(f"{device.topic}/cmd/pauseall", ""),)
        # Level before play; what leads to silence passes the level, then stops.
        messages = [] if ask.volume is None else [self._do(device.topic, "volume", steps(ask.volume, 100))]
        leader = f"{self.gateway(device)}/{device.options['coordinator']}" if "coordinator" in device.options else device.topic
        uri = uri_of(device, ask)
        playing = isinstance(since, PlayerWanted) and since.playing
        if uri is not None and uri != uri_of(device, since):
            playing = False  # a new address leaves a speaker stopped
            messages += self._load(leader, uri)
        if (ask.playing is not None or ask.deed == "stop") and not (ask.playing and playing):
            # A speaker that is stopped already refuses to pause, so a session stops it.
            rest = "stop" if ask.whole or ask.deed == "stop" else "pause"
            messages.append(self._do(leader, "play" if ask.playing else rest))
        if ask.run_for:
            minutes = ask.run_for / 60
            # The bridge takes a number of minutes up to an hour, and anything as a time.
            plain = minutes == int(minutes) and minutes <= 60
            messages.append(self._do(leader, "sleep", int(minutes) if plain else clock_time(ask.run_for)))
        if not messages:
            raise nothing(ask, self.name)
        return tuple(messages)

    def _load(self, leader: str, uri: str) -> list[Message]:
        """A list is played from the speaker's queue, which is emptied for it; anything else takes the queue's place."""
        if not _LIST.match(uri):
            return [self._do(leader, "setavtransporturi", uri)]
        calls = ({"cmd": "AVTransportService.RemoveAllTracksFromQueue"}, {"cmd": "AddUriToQueue", "val": uri})
        filled = [said(f"{leader}/control", {"command": "adv-command", "input": call}) for call in calls]
        return [*filled, self._do(leader, "switchtoqueue")]

    def _do(self, speaker: str, command: str, value: int | str | None = None) -> Message:
        return said(f"{speaker}/control", {"command": command} | given(input=value))

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if topic == f"{self.gateway(device)}/connected":
            return Liveness(number_of(payload, 0, 2) == 2)
        if topic == f"{device.topic}/error":
            return Garbled(f"the speaker refuses {short(Said(object_of(payload)).word('command'))}")
        if topic != device.topic:
            return None
        heard = Said(object_of(payload))
        values: dict[str, Any] = {}
        state = heard.word("transportState")
        if state is not None and not state.startswith("TRANSITIONING"):
            values["playing"] = state.startswith("PLAYING")
        volume, mute, track = heard.inside("volume"), heard.inside("mute"), heard.inside("currentTrack")
        values |= given(
            volume=volume.number("Master", 0, 100) if volume else None, mute=mute.flag("Master") if mute else None,
            title=track.word("Title") if track else None,
        )  # fmt: skip
        return Report(values, partial=True) if values else None
