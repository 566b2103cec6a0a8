"""What is to be played, under ids that tell a listener on the bus nothing; whoever may know is told what they stand for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2s

from ambiance.care.model import Care
from ambiance.cuesheet.model import UNTUNED, Tuning
from ambiance.profile import Atmosphere, Profile
from ambiance.site import STYLES
from ambiance.units import BPM

DEEP_UP_TO: BPM = 60
"""Music no faster than this is deep: the tempo of the deep phase, and of treatments that are slow throughout."""
BRIGHT_FROM: BPM = 76
"""Music whose middle tempo is at least this is bright, as in sport. Between the two it is calm."""
WITHOUT = "_without_"
"""In a profile's genre: what must not be heard in it, as `nature_without_water`."""
STYLE_OF_GENRE: Mapping[str, str] = {
    "drone": "deep", "no_beat": "deep", "upbeat_acoustic": "bright", "upbeat_instrumental": "bright", "electronic": "bright",
}  # fmt: skip
"""The style of music whose tempo a profile leaves open."""


@dataclass(frozen=True, slots=True)
class Playlist:
    """What a player chooses from: a style, and of it rather these genres in this tempo, never what is excluded."""

    style: str
    genres: tuple[str, ...]
    bpm: tuple[BPM, BPM] | None
    exclude: tuple[str, ...]
    only: tuple[str, ...] | None

    def id(self, key: bytes) -> str:
        """The same for the same music in one house; without its key nothing can be read from it, nor tried out."""
        return self.ids((self.style,), key)[self.style]

    def ids(self, styles: Iterable[str], key: bytes) -> Mapping[str, str]:
        """The id of the same in each of these styles."""
        rest = blake2s(repr((self.genres, self.bpm, self.exclude, self.only)).encode(), digest_size=5, key=key, person=b"playlist")
        found = {}
        for style in styles:
            whole = rest.copy()
            whole.update(style.encode())
            found[style] = f"pl-{whole.hexdigest()}"
        return found


def style_of(atmosphere: Atmosphere) -> str:
    """The style of a phase for which nobody wished another."""
    if atmosphere.bpm is not None:
        slowest, fastest = atmosphere.bpm
        return "deep" if fastest <= DEEP_UP_TO else "bright" if slowest + fastest >= 2 * BRIGHT_FROM else STYLES[0]
    return next((STYLE_OF_GENRE[genre] for genre in atmosphere.genres if genre in STYLE_OF_GENRE), STYLES[0])


def playlist_of(atmosphere: Atmosphere, tuning: Tuning, care: Care | None) -> Playlist:
    """What this phase plays for this guest; a wish moves nothing outside what they need."""
    parts = [genre.partition(WITHOUT) for genre in atmosphere.genres]
    only = care.sound_only if care else None
    unfit = {sound for _, _, sound in parts if sound} - (only or frozenset())
    exclude = {*tuning.exclude, *(care.sound_exclude if care else ()), *unfit}
    named = {genre for genre, _, _ in parts}
    genres = named if only is None else only & named or only
    own = style_of(atmosphere)
    style = next((each for each in (tuning.style, own, *STYLES) if each and each not in exclude), own)
    allowed = None if only is None else tuple(sorted(only))
    return Playlist(style, tuple(sorted(genres - exclude)), atmosphere.bpm, tuple(sorted(exclude)), allowed)


def choices(playlist: Playlist, key: bytes) -> Mapping[str, str]:
    """Every style that may be chosen for this guest, with the id of the same music in it."""
    return playlist.ids((style for style in dict.fromkeys((playlist.style, *STYLES)) if style not in playlist.exclude), key)


def playlists(profile: Profile, tuning: Tuning = UNTUNED, care: Care | None = None, key: bytes = b"") -> Mapping[str, Playlist]:
    """Everything a treatment may have played: before, with and after this guest. Kept nowhere, as it knows what they need."""
    wishes = [wish for wish in profile.atmospheres.values() if wish.dba is not None]
    planned = [playlist_of(wish, each, needs) for wish in wishes for each in {UNTUNED, tuning} for needs in (None, care)]
    found: dict[str, Playlist] = {}
    for each in dict.fromkeys(planned):
        found |= {each.id(key): each, **{id: replace(each, style=style) for style, id in choices(each, key).items()}}
    return found


def aftermath(profile: Profile, key: bytes = b"") -> Mapping[str, Playlist]:
    """What plays for staff once a treatment is over, whatever its guest needed."""
    after = [playlist_of(wish, UNTUNED, None) for phase, wish in profile.atmospheres.items() if phase.startswith("turnover") and wish.dba]
    return {found.id(key): found for found in after}


def numbered(id: str, count: int) -> str:
    """A playlist under how often another piece of it was asked for."""
    return f"{id.partition('.')[0]}.{count}" if count else id
