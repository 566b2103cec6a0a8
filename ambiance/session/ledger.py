"""The owner's ledger: how often staff change which setting of which treatment. Counts, never a session or a person."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ambiance.cuesheet.touches import TouchKind, touches
from ambiance.session.model import Session, SessionState

LEAST = 5
"""A line stands for at least so many sessions, or it is not written."""
_SETTINGS: tuple[TouchKind, ...] = ("light", "music", "mute", "style", "another", "scent_off", "hold", "exam_light", "bright")
_UNITS = {"light": "L*", "music": "dB"}


@dataclass(frozen=True, slots=True)
class Habit:
    """One setting of one treatment: `changed` of its `sessions` had it changed, `count` times, by `mean` on average."""

    profile: str
    kind: TouchKind
    sessions: int
    changed: int
    count: int
    mean: float | None
    unit: str | None


@dataclass
class Tally:
    """Counts sessions as they are read; ended ones only."""

    sessions: dict[str, int] = field(default_factory=dict)
    touched: dict[tuple[str, TouchKind], list[tuple[int, float]]] = field(default_factory=dict)

    def add(self, sessions: Iterable[Session]) -> None:
        """Count these too."""
        for session in sessions:
            if session.state is not SessionState.DONE:
                continue
            self.sessions[session.profile] = self.sessions.get(session.profile, 0) + 1
            seen = touches(session.sheet)
            for kind in _SETTINGS:
                amounts = [touch.amount or 0.0 for touch in seen if touch.kind == kind]
                if amounts:
                    self.touched.setdefault((session.profile, kind), []).append((len(amounts), sum(amounts)))

    def habits(self) -> tuple[Habit, ...]:
        """What was changed in at least five sessions, the most usual first."""
        found = []
        for (profile, kind), counted in self.touched.items():
            if len(counted) < LEAST:
                continue
            count = sum(n for n, _ in counted)
            unit = _UNITS.get(kind)
            mean = sum(amount for _, amount in counted) / count if unit else None
            found.append(Habit(profile, kind, self.sessions[profile], len(counted), count, mean, unit))
        return tuple(sorted(found, key=lambda habit: (-habit.changed / habit.sessions, habit.profile, habit.kind)))
