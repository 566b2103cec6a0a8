"""The fail-safe settings inside plugs that can be asked for them: off after a power cut, and a standing auto-off.

tasmota/docs docs/Commands.md (PowerOnState, PulseTime: an empty payload asks); Shelly Gen2+ API docs Switch (GetConfig: initial_state,
auto_off, auto_off_delay).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ambiance.device.dialects.family import BOUNDED
from ambiance.device.dialects.reading import Nonsense, json_of
from ambiance.device.message import Incoming, Message
from ambiance.device.topics import Topics
from ambiance.doctor.complaint import Complaint, improve, mend, well
from ambiance.site import Device


class Ends:
    """Asks, hears, and says what is wrong."""

    def __init__(self, topics: Topics, devices: list[Device]) -> None:
        self._src = f"{topics.prefix.replace('/', '-')}-{topics.site}"
        self._tasmota = {_at(d, "stat"): d for d in devices if d.kind in BOUNDED and d.dialect == "tasmota"}
        self._shelly = [d for d in devices if d.kind in BOUNDED and d.dialect == "shelly-gen2"]
        self._said: dict[tuple[str, str], Mapping[str, Any]] = {}

    def questions(self) -> Iterator[Message]:
        for device in self._tasmota.values():
            yield Message(f"{_at(device, 'cmnd')}PowerOnState", b"")
        for index, device in enumerate(self._shelly):
            channel = int(device.options.get("channel", "0"))
            frame = {
                "id": 7000 + index,
                "src": device.options.get("src", self._src),
                "method": "Switch.GetConfig",
                "params": {"id": channel},
            }
            yield Message(f"{device.topic}/rpc", json.dumps(frame).encode())

    def hear(self, incoming: Incoming) -> None:
        try:
            body = json_of(incoming.payload)
        except Nonsense:
            return
        if not isinstance(body, dict):
            return
        place = incoming.topic.rpartition("/")[0] + "/"
        if place in self._tasmota and "PowerOnState" in body:
            device = self._tasmota[place]
            self._said[device.room, device.id] = body
        number = body.get("id")
        if isinstance(number, int) and 7000 <= number < 7000 + len(self._shelly) and isinstance(body.get("result"), dict):
            device = self._shelly[number - 7000]
            self._said[device.room, device.id] = body["result"]

    @property
    def complete(self) -> bool:
        """Whether every plug that was asked has answered."""
        return all((device.room, device.id) in self._said for device in (*self._tasmota.values(), *self._shelly))

    def found(self) -> Iterator[Complaint]:
        for device in (*self._tasmota.values(), *self._shelly):
            said = self._said.get((device.room, device.id))
            name = f"{device.room}/{device.id}"
            if said is None:
                yield improve(name, "it did not say what it does after a power cut", "see that it comes back off: pull its plug once")
            elif device.dialect == "tasmota":
                right = said.get("PowerOnState") == 0
                cure = 'ambiance device encode tasmota … \'{"kind":"diffuser","do":"provision"}\', or PowerOnState 0 in its console'
                yield (
                    well(name, "it comes back off after a power cut")
                    if right
                    else mend(name, "it may come back ON after a power cut", cure)
                )
            else:
                yield from self._switch(name, said)

    def _switch(self, name: str, said: Mapping[str, Any]) -> Iterator[Complaint]:
        if said.get("initial_state") != "off":
            yield mend(name, "it may come back ON after a power cut", "set initial_state to off in its settings")
        else:
            yield well(name, "it comes back off after a power cut")
        if said.get("auto_off") is not True:
            yield improve(name, "it has no standing auto-off as a second line", "switch auto_off on in its settings, 120 s")


def _at(device: Device, prefix: str) -> str:
    full = device.options.get("fulltopic", "%prefix%/%topic%/").rstrip("/") + "/"
    return full.replace("%prefix%", prefix).replace("%topic%", device.topic)
