"""Every key of the profile language with its kind, range and unit: the reader, the JSON Schema and the docs all follow this list."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ambiance.profile.accent import Color
from ambiance.profile.model import PHASES, Visit
from ambiance.site import Setting
from ambiance.yaml import Choice, Flag, Kind, ListOf, MapOf, Number, Section, Span, Text, Whole, WordOr

T_co = TypeVar("T_co", covariant=True)
D = TypeVar("D")

NAME_PATTERN: Final = r"[a-z0-9_-]{1,64}"
SETTINGS: Final[tuple[Setting, ...]] = ("spa", "clinical")
NEEDED_PHASES: Final = (
    "room_prep", "welcome", "settle", "work1", "turn", "work2", "deep", "return", "redress", "turnover_air", "turnover_clean",
)  # fmt: skip
"""The phases every setting says something about, as most plans and the controller itself use them."""
PHASE_PATTERN: Final = "|".join(PHASES)


@dataclass(frozen=True, slots=True)
class Key(Generic[T_co]):
    """One key: its name, what its value must be, and what it is for."""

    name: str
    kind: Kind[T_co]
    about: str

    def needed(self, section: Section) -> T_co:
        return section.take(self.name, self.kind)

    def given(self, section: Section, default: D) -> T_co | D:
        return section.take(self.name, self.kind, default)


_WORD = Text(64, NAME_PATTERN, "a name of 1 to 64 characters a-z, 0-9, _ and -")
_PROSE = Text(600, wanted="text of at most 600 characters (several lines: begin with >- and indent)")
_MINUTES = Whole(0, 240, "minutes")
_ROW: Kind[Mapping[str, int]] = MapOf(_MINUTES, PHASE_PATTERN)
_ROWS: Kind[Mapping[str, Mapping[str, int]]] = MapOf(_ROW, r"[1-9][0-9]{0,2}")
_PHASE: Kind[str] = Choice(*PHASES)

# What a phase wants: in a setting's `phases`, and again in a profile's, where each may stand alone.
LIKE = Key("like", _PHASE, "The phase whose scene this one is; only the fade may differ. `reassess` must be like `exam`.")
LUX = Key("lux", Number(0, 2000, "lx"), "Light at the table, without the examination lamp.")
KELVIN = Key("kelvin", Number(1800, 6500, "K"), "Colour temperature of that light.")
ACCENT = Key("accent", Text(), "`none`, or a static colour and its share of the room's light.")
EXAM_LUX = Key("exam_lux", Number(0, 2000, "lx"), "Local light of the examination lamp; 0 is off.")
DBA = Key("dba", WordOr("silent", Number(20, 60, "dBA")), "Music at the guest's head (LAeq), or `silent`.")
BPM = Key("bpm", WordOr("any", Span(40, 160, "BPM", whole=True)), "Tempo of the music [slowest, fastest], or `any`.")
GENRES = Key("genres", ListOf(_WORD, 0, 16), "Tags the music is chosen by.")
SCENT = Key("scent", Whole(0, 3), "Scent: 0 none, 1 barely noticed, 2 light, 3 clear.")
ON = Key("on_minutes", Number(0, 30, "minutes"), "How long the diffuser runs at a time.")
OFF = Key("off_minutes", Number(0, 90, "minutes"), "The pause before it runs again; 0: it runs once.")
CELSIUS = Key("celsius", Number(16, 32, "°C"), "Air temperature at the table.")
EXTRACT = Key("extract", Flag(), "Whether the extract fan runs.")
FADE = Key("fade_seconds", Number(0, 600, "s"), "Time to move into this phase.")
TAIL = Key("tail", Text(), "The end of the phase, where the light moves once more.")
ATMOSPHERE: Final[tuple[Key[object], ...]] = (
    LIKE, LUX, KELVIN, ACCENT, EXAM_LUX, DBA, BPM, GENRES, SCENT, ON, OFF, CELSIUS, EXTRACT, FADE, TAIL,
)  # fmt: skip

# accent: {color, share}   tail: {seconds, lux}
COLOR = Key("color", Color(), "A named accent or '#rrggbb'.")
SHARE = Key("share", Number(0, 1), "Its part of the room's light.")
SECONDS = Key("seconds", Number(10, 600, "s"), "How long before the end of the phase the light moves.")

# settings/<setting>.yaml
SETTING = Key("setting", Choice[Setting](*SETTINGS), "The setting; the same as the name of the file or folder.")
PHASES_KEY = Key("phases", Text(), "What each phase wants.")
PREP = Key("prep_minutes", Whole(0, 60, "minutes"), "How long the room is prepared before the guest enters.")
TURNOVER = Key("turnover_minutes", Whole(0, 120, "minutes"), "Airing and cleaning after the session.")
WARM_AHEAD = Key("warm_ahead_minutes", Whole(0, 120, "minutes"), "How long before the guest the table or stone warmer is switched on.")
BUDGET = Key("scent_budget", Text(), "The most a diffuser may run in a session, pre-charge included.")
ONE_IN = Key("one_minute_in", Number(1, 60, "minutes"), "One minute of scent in so many minutes of the session.")
MOST = Key("most_minutes", Number(0, 60, "minutes"), "And never more than this.")
FOLD = Key("fold", MapOf(_PHASE, PHASE_PATTERN), "Phases this setting does not have, and the phase that gets their minutes.")
INSERT = Key("insert", Text(), "Minutes of phases that every plan of this setting has; a plan without them makes room for them.")
FIRST_FROM = Key("first_visit_from_minutes", Whole(0, 240, "minutes"), "The shortest first visit.")

# plans/<plan>.yaml; `follow_up` and `first` are also the keys of `insert`
PLAN = Key("plan", _WORD, "The plan: the name of its file.")
ROWS = Key("rows", _ROWS, "Minutes of each phase for each length, for any visit.")
FOLLOW_UP = Key("follow_up", _ROWS, "The same for follow-up visits, where first visits differ.")
FIRST = Key("first", _ROWS, "The same for first visits.")
COUNTS = Key("counts", ListOf(_PHASE, 1, len(PHASES)), "The phases whose minutes make up the length sold; all, if left out.")

# spa/<modality>.yaml, clinical/<modality>.yaml
MODALITY = Key("modality", _WORD, "The modality; the same as the name of the file.")
NAME = Key("name", Text(80), "What people call it.")
REFUSED = Key("refused", _PROSE, "Why this is not offered here; then the file has nothing else.")
LENGTHS = Key(
    "lengths_minutes", ListOf(Whole(10, 240, "minutes"), 1, 16), "The lengths on offer, ascending; any whole minute between works."
)
DEFAULT = Key("default_minutes", Whole(10, 240, "minutes"), "The length meant when none is given.")
TOO_SHORT = Key("too_short", _PROSE, "Why shorter lengths are refused, where there is a reason to tell.")
WORK = Key("work", Text(), "Light of `work1`; `turn` and `work2` follow.")
DEEP = Key("deep", Text(), "Light of `deep`.")
TINT = Key("accent", WordOr("none", Color()), "The colour in place of the setting's amber, or `none`.")
AROMA = Key("scent", Text(), "The family of scent and the highest level.")
FAMILY = Key("family", _WORD, "A family of scents (the diffusers say which they hold), `any` for the guest's choice, or `none`.")
MAX = Key("max", Whole(0, 3), "The highest level in any phase.")
REMARKS = Key("remarks", _PROSE, "What the people in the room should know.")

# menu.yaml
MENU = Key("menu", Text(), "What the house sells, under its own names.")
ID = Key("id", Text(64, r"[a-z0-9-]{1,64}", "an id of 1 to 64 characters a-z, 0-9 and -"), "The id, from then on `menu/<id>`.")
PROFILE = Key("profile", Text(80, rf"(spa|clinical)/{NAME_PATTERN}", "a profile such as spa/swedish"), "The profile it is made of.")
MINUTES = Key("minutes", Whole(10, 240, "minutes"), "Its length.")
LIGHT = Key("light", Number(-30, 30, "L*"), "Brighter or dimmer, in CIE lightness.")
MUSIC = Key("music", Number(-12, 12, "dB"), "Louder or quieter.")
WARMER = Key("warmer", Number(-100, 100, "mired"), "Warmer light, or cooler where negative.")
MENU_SCENT = Key("scent", Whole(0, 3), "The highest level of scent, at most the profile's.")

VISITS: Final[tuple[Visit, ...]] = ("first", "follow_up")


def not_steady(name: str) -> str | None:
    """Why a key that asks for moving light is refused; None for any other key."""
    if not any(word in name.lower() for word in ("pulse", "strobe", "flash", "flicker", "candle", "blink")):
        return None
    return "steady light: what pulses, flashes or flickers can trigger photosensitive seizures (WCAG 2.2, 2.3.1), so no such key exists"
