"""What a room was told to be, cut into stretches of time in which every device stands still or moves evenly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ambiance.cuesheet.cues import counted, level_at
from ambiance.cuesheet.model import Cue, Level, LightLevel, Sheet, SoundLevel
from ambiance.cuesheet.scene import next_change, present
from ambiance.units import Seconds

_TINY = 1e-9

Move = tuple[Level, Level]
"""Where a device stands when a stretch begins and when it ends; linear between, in L*, mired and dB."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` to `end` nothing begins and nothing ends. `index` is the span the room is in."""

    start: Seconds
    end: Seconds
    index: int
    moves: Mapping[str, Move]

    @property
    def length(self) -> Seconds:
        return self.end - self.start

    def lights(self, ids: Sequence[str]) -> list[tuple[LightLevel, LightLevel]]:
        """How these lamps move; one that nothing was ever said to is dark."""
        dark = LightLevel(0.0, 0.0)
        moves = (self.moves.get(id, (dark, dark)) for id in ids)
        return [(a, b) for a, b in moves if isinstance(a, LightLevel) and isinstance(b, LightLevel)]

    def sounds(self, ids: Sequence[str]) -> list[tuple[SoundLevel, SoundLevel]]:
        """How these players move."""
        moves = (self.moves[id] for id in ids if id in self.moves)
        return [(a, b) for a, b in moves if isinstance(a, SoundLevel) and isinstance(b, SoundLevel)]


def stretches(sheet: Sheet, since: Seconds, until: Seconds) -> tuple[Stretch, ...]:
    """The stretches between two offsets, in order and without a gap; none where `until` is not after `since`.

    Any sheet will do. What lies behind a border that waits for a hand does not happen.
    """
    if until <= since:
        return ()
    offsets = [since]
    while (coming := next_change(sheet, offsets[-1])) is not None and coming < until:
        offsets.append(coming)
    tracks = {device: cues for device in sheet.tracks if (cues := counted(sheet, device))}
    return tuple(
        Stretch(start, end, present(sheet, start), {device: _move(cues, start, end) for device, cues in tracks.items()})
        for start, end in zip(offsets, [*offsets[1:], until], strict=True)
    )


def known_from(sheet: Sheet) -> Seconds:
    """The offset from which a sheet knows what its room was told; later than its beginning where a session came from another room."""
    return min((cue.at for cue in sheet.cues), default=0.0)


def _move(cues: Sequence[Cue], start: Seconds, end: Seconds) -> Move:
    latest = None
    for cue in cues:
        if cue.at > start + _TINY:
            break
        latest = cue
    if latest is None:
        return cues[0].start, cues[0].start
    return level_at([latest], max(start, latest.at)), level_at([latest], end)
