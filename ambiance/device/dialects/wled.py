"""WLED: LED strips, by their JSON API over MQTT.

wled/WLED-Docs docs/interfaces/json-api.md, docs/interfaces/mqtt.md; wled/WLED wled00/mqtt.cpp, wled00/json.cpp.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.color import of_white
from ambiance.device.dialects.dialect import Heard, Liveness, Pair, Report, Traits
from ambiance.device.dialects.family import Family, nothing, said
from ambiance.device.dialects.options import TOPIC, WHOLE, YES, Option, Options, whole, yes
from ambiance.device.dialects.reading import Nonsense, given, number_of, one_of, short, text_of
from ambiance.device.dialects.scale import percent_of, steps, within
from ambiance.device.message import Message
from ambiance.errors import Invalid
from ambiance.site import Device, Kind
from ambiance.units import Seconds

LONGEST: Seconds = 65.5
"""The firmware multiplies tenths by 100 into a delay of at most 65,535 ms."""
NIGHT: Seconds = 255 * 60.0
"""The night light's longest run."""
FULL = 255
_TOPIC_MOST = 32
_SUFFIXES = ("/api", "/col", "/g", "/c", "/v", "/status")


class Wled(Family):
    """`topic` is the device topic (wled/lavender)."""

    name: ClassVar[str] = "wled"
    kinds: ClassVar[frozenset[Kind]] = frozenset(("light",))
    options: ClassVar[Options] = {
        "segment": WHOLE,
        "channel": WHOLE,
        "group": TOPIC,
        "plain": YES,
        "leds": Option(
            "cct where the strip takes a colour temperature, rgb where it mixes white, white where it has one", r"cct|rgb|white"
        ),
    }
    example: ClassVar[str] = "wled/lavender"

    def traits(self, device: Device) -> Traits:
        return Traits(0.0 if yes(device, "plain") else LONGEST, tick=0.1, echoes=True, quiet=True, kelvin=(1900.0, 6500.0))

    def filters(self, device: Device) -> tuple[str, ...]:
        return (f"{device.topic}/g", f"{device.topic}/c", f"{device.topic}/status")

    def home(self, topic: str, payload: bytes = b"") -> tuple[str, Mapping[str, str]]:
        for suffix in _SUFFIXES:
            if topic.endswith(suffix):
                return topic.removesuffix(suffix), {}
        return topic, {}

    def faults(self, device: Device) -> tuple[str, ...]:
        if len(device.topic) > _TOPIC_MOST:
            return (f"found a topic of {len(device.topic)} characters; a device topic of at most {_TOPIC_MOST}, set in WLED and here",)
        return ()

    def compose(self, device: Device, ask: Ask, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        tenths = None if ask.fade is None else within(10 * ask.fade, 0, 655)
        if ask.scene is not None:
            if not isinstance(ask.scene, int) or not 1 <= ask.scene <= 250:
                raise Invalid(("scene", ask.scene, "a preset, 1 to 250"))
            body = {"psave": ask.scene} | given(n=ask.name) if ask.deed == "store" else {"ps": ask.scene} | given(tt=tenths)
            return (said(f"{device.topic}/api", body),)
        if ask.kind != "light" or ask.deed is not None or ask.lit is None:
            raise nothing(ask, self.name)
        if yes(device, "plain"):
            return self._plain(device, ask)
        if (minutes := self._night(ask)) is not None:
            night = {"on": True, "dur": minutes, "mode": 1, "tbri": 0}
            return (said(f"{device.topic}/api", {"on": True, "nl": night}),)
        body = {"on": ask.lit} | given(bri=steps(ask.brightness, FULL) if ask.lit and ask.brightness is not None else None, tt=tenths)
        segment = self._segment(device, ask) if ask.lit else {}
        return (said(f"{device.topic}/api", body | ({"seg": [segment]} if segment else {})),)

    def made(self, device: Device, ask: Ask) -> Seconds | None:
        minutes = None if yes(device, "plain") else self._night(ask)
        return super().made(device, ask) if minutes is None else 60.0 * minutes

    def _night(self, ask: Ask) -> int | None:
        """Minutes of the night light, which fades to dark longer than a transition can."""
        if ask.lit is not False or ask.whole or ask.fade is None or ask.fade <= LONGEST:
            return None
        return within(ask.fade / 60, 1, NIGHT / 60)

    def _plain(self, device: Device, ask: Ask) -> tuple[Message, ...]:
        color = (said(f"{device.topic}/col", ask.color.as_hex().upper()),) if ask.color and ask.lit else ()
        if not ask.lit:
            return (said(device.topic, "OFF"),)
        if ask.brightness is None:
            return (*color, *(() if color else (said(device.topic, "ON"),)))
        return (*color, said(device.topic, str(steps(ask.brightness, FULL))))

    def _segment(self, device: Device, ask: Ask) -> dict[str, Any]:
        leds = device.options.get("leds", "cct")
        which = {"id": whole(device, "segment", whole(device, "channel", 0))}
        if ask.color is not None:
            return {**which, "col": [list(ask.color.as_rgb())]}
        if ask.kelvin is None or leds == "white":
            return {}
        if leds == "rgb":
            return {**which, "col": [list(of_white(ask.kelvin))]}
        return {**which, "cct": within(ask.kelvin, 1900, 10091)}

    def understand(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        if topic == f"{device.topic}/status":
            return Liveness(one_of(payload, {"online": True, "offline": False}))
        if topic == f"{device.topic}/g":
            level = number_of(payload, 0, FULL)
            return Report({"on": level > 0, "brightness": percent_of(level, FULL)}, partial=True)
        if topic == f"{device.topic}/c":
            text = text_of(payload).strip()
            found = re.fullmatch(r"#([0-9a-fA-F]{2})?([0-9a-fA-F]{6})", text)
            if not found:
                raise Nonsense(f"found {short(text[:40])}; wanted #RRGGBB or #WWRRGGBB")
            return Report({"rgb": f"#{found[2].lower()}"}, partial=True)
        return None
