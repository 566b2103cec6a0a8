"""DALI lamps behind dali2mqtt. Levels are logarithmic; the gear fades by a time of its own, so we step.

dgomes/dali2mqtt dali2mqtt/consts.py, dali2mqtt/dali2mqtt.py, dali2mqtt/lamp.py; IEC 62386-102.
"""

from collections.abc import Mapping
from typing import ClassVar

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.dialect import Heard, Liveness, Pair, Report, Traits
from ambiance.device.dialects.family import Family, nothing, said
from ambiance.device.dialects.options import Option, Options, whole
from ambiance.device.dialects.reading import number_of, on_off, one_of, text_of
from ambiance.device.dialects.scale import dali, of_dali
from ambiance.device.message import Message
from ambiance.site import Device, Kind

_LEVEL = r"[1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-4]"


class Dali2Mqtt(Family):
    """`topic` is dali2mqtt/<lamp>. Levels of its groups are not obeyed: the bridge looks them up where only lamps are."""

    name: ClassVar[str] = "dali2mqtt"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("light",))
    options: ClassVar[Options] = {
        "max_level": Option("the gear's highest level, 1 to 254", _LEVEL),
        "min_level": Option("the gear's lowest level, 1 to 254", _LEVEL),
    }
    example: ClassVar[str] = "dali2mqtt/lavender_ceiling"

    def traits(self, device: Device) -> Traits:
        # 1200 baud: a level takes two frames of some 17 ms and their answers (IEC 62386-101).
        return Traits(echoes=True, pace=0.05)

    def gateway(self, device: Device) -> str | None:
        return device.topic.rpartition("/")[0] or device.topic

    def filters(self, device: Device) -> tuple[str, ...]:
        return (f"{device.topic}/light/status", f"{device.topic}/light/brightness/status", f"{self.gateway(device)}/status")

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        if "/light/" in topic:
            return topic.split("/light/")[0], {}
        for leaf in ("/max_level", "/min_level", "/physical_minimum"):
            topic = topic.removesuffix(leaf)
        return (topic.removesuffix("/status") + "/lamp", {}) if topic.endswith("/status") else (topic, {})

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        place = f"{device.topic}/light"
        if ask.deed == "read":
            return (said(f"{place}/brightness/get", ""),)
        if ask.kind != "light" or ask.lit is None or ask.deed is not None or ask.scene is not None:
            raise nothing(ask, self.name)
        if not ask.lit:
            return (said(f"{place}/switch", "OFF"),)
        if ask.brightness is None:
            return (said(f"{place}/switch", "ON"),)
        # A level outside the gear's own range is refused, not clipped.
        level = max(whole(device, "min_level", 1), dali(ask.brightness, whole(device, "max_level", 254)))
        return (said(f"{place}/brightness/set", str(level)),)

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if topic == f"{self.gateway(device)}/status":
            return Liveness(one_of(payload, {"online": True, "offline": False}))
        if topic == f"{device.topic}/light/status":
            return Report({"on": on_off(text_of(payload))}, partial=True)
        if topic == f"{device.topic}/light/brightness/status":
            level = number_of(payload, 0, 255)
            return Report({"on": level > 0, "brightness": of_dali(min(level, 254))}, partial=True)
        return None
