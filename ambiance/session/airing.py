"""The air of a room as its rows have it: what was given, what aired it, and how much of it is left."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import inf
from secrets import token_hex
from typing import Protocol

from ambiance.care.air import MIXING, STRICT, Air, Emission, Extract, airing_minutes, concentration, scent_free_at_each
from ambiance.clock import Instant
from ambiance.cuesheet.cues import counted, level_at
from ambiance.cuesheet.model import FanLevel, Sheet
from ambiance.session.house import Turn
from ambiance.session.model import WINDOW, AirRow, DoseRow, RoomRow, RoomState
from ambiance.site import Room
from ambiance.units import Minutes, Seconds

WINDOW_MINUTES: Minutes = 30.0
"""An open window counts this long; whoever leaves it open taps again."""
FAR = timedelta(days=7)


class Rows(Protocol):
    """Where the rows of a room are: the house, or the draft of a turn."""

    def doses_in(self, room: str) -> Sequence[DoseRow]: ...

    def airs_in(self, room: str) -> Sequence[AirRow]: ...

    def room(self, id: str) -> RoomRow: ...


@dataclass(frozen=True, slots=True)
class RoomAir:
    """One room's air. `given` are the emissions of each session apart, as each has its own peak; times are timestamps."""

    air: Air
    given: tuple[tuple[Emission, ...], ...]
    extracts: tuple[Extract, ...]

    def estimate(self, at: Instant) -> float:
        """Scent in the air, µg/m³."""
        emissions = [emission for given in self.given for emission in given]
        return concentration(emissions, at.timestamp(), self.air, self.extracts)

    def clear_from(self, fraction: float) -> Seconds:
        """From when on no session's scent is more than `fraction` (0-1) of its own peak; `-inf` where none was given."""
        return self.clear_from_each((fraction,))[0]

    def clear_from_each(self, fractions: Sequence[float]) -> tuple[Seconds, ...]:
        """As `clear_from`, for several fractions at once."""
        moments = [each for given in self.given if (each := scent_free_at_each(given, self.air, fractions, self.extracts))]
        return tuple(max(each) for each in zip(*moments, strict=True)) if moments else (-inf,) * len(fractions)

    def with_more(self, given: Iterable[tuple[Emission, ...]] = (), extracts: Iterable[Extract] = ()) -> "RoomAir":
        """The same with what is still planned."""
        return replace(self, given=(*self.given, *given), extracts=(*self.extracts, *extracts))

    def extra(self, at: Instant) -> float:
        """Air changes an hour beside the room's own at an instant."""
        return sum(each.air_changes for each in self.extracts if each.start <= at.timestamp() < each.end)


def air_of(rows: Rows, room: Room, now: Instant, but: str | None = None) -> RoomAir:
    """The room's air by its rows; scent of the family `but` counts as none.

    Of what nobody ended yet, doses run to now and extracts to the end of the airing under way.
    """
    sessions: dict[str, list[Emission]] = {}
    for dose in rows.doses_in(room.id):
        if dose.family == but:
            continue
        ended = min(dose.ended_at or now, max(now, dose.began_at))
        sessions.setdefault(dose.session, []).append(Emission(dose.began_at.timestamp(), ended.timestamp(), room.emission(dose.device)))
    row = rows.room(room.id)
    goes_on = row.air_until if row.state is RoomState.AIRING and row.air_until is not None and row.air_until > now else now
    extracts = [
        Extract(each.began_at.timestamp(), (each.ended_at or goes_on).timestamp(), each.air_changes) for each in rows.airs_in(room.id)
    ]
    lingering = max(30.0, airing_minutes(STRICT, room.air_changes, MIXING)) * 60
    # Of what is over for longer nothing that matters is left, even without a fan.
    given = (tuple(each) for each in sessions.values() if now.timestamp() - max(e.end for e in each) <= lingering)
    return RoomAir(Air(room.volume_m3, room.air_changes), tuple(given), tuple(extracts))


def tend_air(turn: Turn, room: Room, since: Instant) -> None:
    """Keep account of the extract fans as the room's sheet runs them, from `since` to now."""
    playing = turn.playing(room.id)
    for fan in room.of("fan"):
        if not fan.air_changes:
            continue
        row = next((each for each in turn.airs_in(room.id) if each.device == fan.id and each.ended_at is None), None)
        for at, speed in _speeds(playing, fan.id, since, turn.now):
            changes = fan.air_changes * speed / 100
            if row is not None and row.air_changes != changes:
                turn.air[row.id] = replace(row, ended_at=max(at, row.began_at))
                row = None
            if row is None and changes > 0:
                row = AirRow(token_hex(8), room.id, fan.id, changes, at)
                turn.air[row.id] = row


def _speeds(playing: tuple[Sheet, Instant] | None, fan: str, since: Instant, now: Instant) -> Iterator[tuple[Instant, float]]:
    """When a fan's speed (0-100) may have changed between two instants, and to what."""
    cues = counted(playing[0], fan) if playing is not None else ()
    if playing is None or not cues:
        yield now, 0.0
        return
    t0 = playing[1]
    first = min(now, max(since, t0 + timedelta(seconds=cues[0].at)))
    moments = (t0 + timedelta(seconds=cue.at) for cue in cues)
    for at in sorted({first, now, *(moment for moment in moments if first < moment < now)}):
        level = level_at(cues, (at - t0).total_seconds())
        yield at, level.speed if isinstance(level, FanLevel) else 0.0


def end_airs(turn: Turn, room: Room, at: Instant) -> None:
    """What aired a room is known up to `at` only: fans that nobody watched are not believed to have run."""
    for row in turn.airs_in(room.id):
        if row.ended_at is None:
            turn.air[row.id] = replace(row, ended_at=max(row.began_at, min(at, turn.now)))


def open_window(turn: Turn, room: Room, open: bool) -> Instant | None:
    """Note that the window stands open for the next half hour, or is shut; returns until when it counts."""
    until = turn.now + timedelta(minutes=WINDOW_MINUTES) if open else None
    for row in turn.airs_in(room.id):
        if row.device == WINDOW and row.ended_at is not None and row.ended_at > turn.now:
            turn.air[row.id] = replace(row, ended_at=turn.now)
    if until is not None:
        row = AirRow(token_hex(8), room.id, WINDOW, room.window_air_changes, turn.now, until)
        turn.air[row.id] = row
    return until


def window_until(rows: Rows, room: Room, now: Instant) -> Instant | None:
    """Until when the open window counts; None where it is shut."""
    ends = (row.ended_at for row in rows.airs_in(room.id) if row.device == WINDOW and row.ended_at is not None and row.ended_at > now)
    return max(ends, default=None)
