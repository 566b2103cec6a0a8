"""An auto-off that an installer set in the device itself, and declares to us because the wire cannot carry it."""

from ambiance.device.dialects.options import Option
from ambiance.site import Device
from ambiance.units import Seconds

LONGEST_STANDING: Seconds = 900.0
"""A dead controller leaves at most this much scent, so a longer one counts as none."""
AUTO_OFF = Option(f"the auto-off set in the device, 1 to {LONGEST_STANDING:g} seconds; 120 is best", r"[1-9][0-9]?|[1-8][0-9]{2}|900")


def standing(device: Device) -> Seconds:
    """Seconds after which the device switches itself off whatever it is told; 0 where nobody set that."""
    text = device.options.get("auto_off", "")
    return float(text) if text.isdecimal() and 0 < float(text) <= LONGEST_STANDING else 0.0
