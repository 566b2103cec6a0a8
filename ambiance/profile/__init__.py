"""What an author writes: settings, plans, profiles and the menu, read from YAML into profiles."""

from ambiance.profile.library import Library, at_hand, shipped
from ambiance.profile.model import PHASES, Accent, Atmosphere, Phase, ScentBudget, Step, Tail, Visit
from ambiance.profile.profile import Profile, Trims
from ambiance.profile.schema import schemas
from ambiance.profile.single import check_file

__all__ = [
    "PHASES",
    "Accent",
    "Atmosphere",
    "Library",
    "Phase",
    "Profile",
    "ScentBudget",
    "Step",
    "Tail",
    "Trims",
    "Visit",
    "at_hand",
    "check_file",
    "schemas",
    "shipped",
]
