"""Finding devices: what speaks on a broker, and what to write for it."""

from ambiance.device.finding.found import Entry, Found
from ambiance.device.finding.looking import Finders, Sighting, configured, look

__all__ = ["Entry", "Finders", "Found", "Sighting", "configured", "look"]
