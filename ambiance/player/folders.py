"""What may be played: folders that somebody has a licence for, the pieces in them, and which comes next.

Ambiance ships no music. A folder without a licence and its proof is not played: playing recordings to guests is a public
performance in most countries.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ambiance.units import BPM, Seconds

LICENCES = ("own", "royalty_free", "business_service", "public_domain")
CALM, DEEP = "calm", "deep"
SHIFT: Seconds = 8 * 3600.0
"""A therapist's shift: nothing is heard twice in it while something else is left."""
STEP: BPM = 8
"""Beats a minute by which neighbouring pieces may differ."""
_SLOWEST, _FASTEST = 40, 110


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of the player's music, with the right to play it. `path` is below the player's music directory."""

    path: str
    style: str
    licence: str
    proof: str
    tags: frozenset[str] = frozenset()
    bpm: tuple[BPM, BPM] | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One recording: where the player finds it, and what is known of it."""

    uri: str
    folder: Folder
    bpm: BPM | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What an opaque playlist id stands for."""

    style: str
    genres: frozenset[str] = frozenset()
    bpm: tuple[BPM, BPM] | None = None
    exclude: frozenset[str] = frozenset()
    only: frozenset[str] | None = None


@dataclass
class Shelf:
    """The pieces of one player, and when each was last heard (site seconds, any zero)."""

    pieces: Sequence[Piece]
    heard: dict[str, Seconds] = field(default_factory=dict)

    def next(self, selection: Selection, now: Seconds, before: Piece | None, pick: Callable[[Sequence[Piece]], Piece]) -> Piece | None:
        """The piece to play after `before`; None where nothing fits. `pick` chooses among equals.

        What the guest excluded never plays. Of the rest the style counts first (a house without that style plays what is calm),
        then what was not heard in this shift, then genre and tempo; what cannot be had is given up in the reverse order.
        """
        allowed = [piece for piece in self.pieces if _allowed(piece, selection)]
        style = selection.style if any(piece.folder.style == selection.style for piece in self.pieces) else CALM
        able = [piece for piece in allowed if piece.folder.style == style]
        fresh = [p for p in able if now - self.heard.get(p.uri, -SHIFT) >= SHIFT]
        if not fresh and able:
            oldest = sorted(able, key=lambda p: self.heard[p.uri])
            fresh = oldest[: max(1, len(oldest) // 2)]
            fresh = [p for p in fresh if before is None or p.uri != before.uri] or fresh
        fresh = [p for p in fresh if p.folder.tags & selection.genres] or fresh
        fresh = [p for p in fresh if _in_tempo(p, selection, before)] or fresh
        return pick(fresh) if fresh else None

    def note(self, piece: Piece, now: Seconds) -> None:
        """It begins to play."""
        self.heard[piece.uri] = now


def shelved(listing: Mapping[str, BPM | None], folders: Sequence[Folder]) -> tuple[Piece, ...]:
    """The pieces among everything a player has that lie in one of `folders`; the longest path wins."""
    by_length = sorted(folders, key=lambda folder: -len(folder.path))
    found = []
    for uri, bpm in sorted(listing.items()):
        folder = next((f for f in by_length if f.path in ("", ".") or uri.startswith(f.path.rstrip("/") + "/")), None)
        if folder is not None:
            found.append(Piece(uri, folder, None if bpm is None else felt(bpm)))
    return tuple(found)


def felt(bpm: BPM) -> BPM:
    """A tempo as it is felt: half and double time count as equal, between 40 and 110."""
    while bpm > _FASTEST:
        bpm = round(bpm / 2)
    while 0 < bpm < _SLOWEST:
        bpm *= 2
    return bpm


def _allowed(piece: Piece, selection: Selection) -> bool:
    tags = piece.folder.tags
    return not (tags | {piece.folder.style}) & selection.exclude and (selection.only is None or bool(tags & selection.only))


def _in_tempo(piece: Piece, selection: Selection, before: Piece | None) -> bool:
    """Inside the tempo asked for, and near that of the piece before; a piece nobody measured counts as its folder."""
    low, high = selection.bpm or (0, 10_000)
    slowest, fastest = (piece.bpm, piece.bpm) if piece.bpm is not None else piece.folder.bpm or (low, high)
    near = piece.bpm is None or before is None or before.bpm is None or abs(piece.bpm - before.bpm) <= STEP
    return slowest <= high and fastest >= low and near
