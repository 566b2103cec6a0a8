"""What single Zigbee models do otherwise than their family: data, each line with where it is known from."""

import re
from dataclasses import dataclass

from ambiance.site import Device


@dataclass(frozen=True, slots=True)
class Quirk:
    """`model` is found in the model an installer wrote. `source`: where to read about it."""

    model: str
    source: str
    level_jumps_with_color: bool = False
    """Brightness beside a colour or a colour temperature goes without its transition: they are sent apart, colour first."""


NONE = Quirk("", "")
QUIRKS = (
    Quirk(
        r"ikea|tr[aå]dfri|\bLED\d{4}[A-Z]\d+",
        "Koenkk/zigbee-herdsman-converters src/converters/toZigbee.ts (light_onoff_brightness beside light_color and light_colortemp)",
        level_jumps_with_color=True,
    ),
)


def quirk_of(device: Device) -> Quirk:
    model = device.options.get("model", "")
    return next((quirk for quirk in QUIRKS if model and re.search(quirk.model, model, re.IGNORECASE)), NONE)
