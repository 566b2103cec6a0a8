"""Shelly Gen2 and later by the plain-text control topics, for devices with `enable_control` (firmware 1.6.0 for dimmers).

Gharlyk/shelly-for-loxone (MQTT walk-through). Text carries no end, so diffusers need the standing auto-off, declared as `auto_off`.
"""

from typing import ClassVar

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.dialect import Garbled, Heard, Liveness, Pair, Traits
from ambiance.device.dialects.family import nothing, said
from ambiance.device.dialects.options import CHANNEL, UNSAFE, Option, Options
from ambiance.device.dialects.reading import Said, json_of, object_of, one_of, short, text_of
from ambiance.device.dialects.scale import number, steps
from ambiance.device.dialects.shelly_rpc import PLANNED, ShellyGen2
from ambiance.device.dialects.standing import AUTO_OFF, LONGEST_STANDING, standing
from ambiance.device.message import Message
from ambiance.site import Device

_DIMMERS = ("light", "switch")


class ShellyGen2Control(ShellyGen2):
    """`topic` is the device's MQTT prefix. Reports come as `status_ntf` and `rpc_ntf` have them."""

    name: ClassVar[str] = "shelly-gen2-control"
    options: ClassVar[Options] = {
        "channel": CHANNEL, "component": Option(" or ".join(_DIMMERS), "|".join(_DIMMERS)), "auto_off": AUTO_OFF, **UNSAFE,
    }  # fmt: skip

    def traits(self, device: Device) -> Traits:
        fade = 0.0 if self._component(device) == "switch" else PLANNED
        return Traits(fade, shortest=0.5, quiet=True, ends=standing(device))

    def filters(self, device: Device) -> tuple[str, ...]:
        component = f"{self._component(device)}:{self._channel(device)}"
        return tuple(f"{device.topic}/{leaf}" for leaf in ("online", "events/rpc", f"status/{component}", f"error/{component}"))

    def endless(self, device: Device) -> str:
        return (
            f"found a {device.kind} on {self.name} without auto_off, which cannot be told its end; set auto_off in the device and "
            f"write options: {{auto_off: seconds}} (at most {LONGEST_STANDING:g}), or use the dialect shelly-gen2"
        )

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        component = self._component(device)
        topic = f"{device.topic}/command/{component}:{self._channel(device)}"
        if ask.deed == "read":
            return (said(topic, "status_update"),)
        if ask.deed is None and ask.kind == "light" and ask.lit is not None and component == "light":
            level = "" if not ask.lit or ask.brightness is None else str(steps(ask.brightness, 100))
            fade = "" if ask.fade is None else str(number(max(0.5, ask.fade)))
            return (said(topic, ",".join(("set", "true" if ask.lit else "false", level, fade)).rstrip(",")),)
        on = ask.lit if ask.kind == "light" else ask.runs
        if ask.deed is not None or on is None:
            raise nothing(ask, self.name)
        if ask.kind in ("diffuser", "warmer"):
            self.bound(device, ask)
        return (said(topic, "on" if on else "off"),)

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if topic == f"{device.topic}/online":
            return Liveness(one_of(payload, {"true": True, "false": False}))
        if topic == f"{device.topic}/events/rpc":
            return self._notice(device, Said(object_of(payload)))
        if topic.startswith(f"{device.topic}/error/"):
            return Garbled(f"it refuses the command: {short(text_of(payload)[:40])}")
        if topic.startswith(f"{device.topic}/status/"):
            return self._report(device, Said({topic.rsplit("/", 1)[-1]: json_of(payload)}), partial=False)
        return None
