"""What a room's players played, and when: for those who license music."""

from dataclasses import dataclass

from ambiance.cuesheet.model import Sheet, SoundLevel
from ambiance.cuesheet.stretches import known_from, stretches
from ambiance.units import SILENCE, Seconds


@dataclass(frozen=True, slots=True)
class Play:
    """One playlist, by its opaque id, from one offset to another."""

    playlist: str
    start: Seconds
    end: Seconds


def plays(sheet: Sheet, until: Seconds) -> tuple[Play, ...]:
    """Every stretch of music up to `until`, preparation of the room included, in order. A pause in silence parts two plays."""
    found: dict[str, list[Play]] = {}
    for stretch in stretches(sheet, known_from(sheet), until):
        for device, (first, last) in stretch.moves.items():
            if not isinstance(first, SoundLevel) or not isinstance(last, SoundLevel) or max(first.dba, last.dba) <= SILENCE:
                continue
            playlist = last.playlist or first.playlist or "unknown"
            own = found.setdefault(device, [])
            if own and own[-1].playlist == playlist and own[-1].end == stretch.start:
                own[-1] = Play(playlist, own[-1].start, stretch.end)
            else:
                own.append(Play(playlist, stretch.start, stretch.end))
    return tuple(sorted((play for own in found.values() for play in own), key=lambda play: (play.start, play.playlist)))
