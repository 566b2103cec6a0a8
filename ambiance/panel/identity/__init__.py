"""Who may come in: staff with PINs, browsers they signed in with, paired screens, the audit log."""

from ambiance.panel.identity.caller import STAFF_ROLES, Caller
from ambiance.panel.identity.identity import Identity
from ambiance.panel.identity.pins import Pins

__all__ = ["STAFF_ROLES", "Caller", "Identity", "Pins"]
