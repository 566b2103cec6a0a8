"""What staff change again and again, offered once as the house's own setting."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from ambiance.clock import Instant
from ambiance.profile.profile import Profile
from ambiance.session.database import trouble, writing
from ambiance.session.ledger import Habit
from ambiance.session.tables import suggestions

OFTEN = 0.5
"""The part of a treatment's sessions in which somebody changed the same thing, from which on it is a habit."""
FEWEST = 5
"""Sessions; fewer would say something of a person."""
STEP = {"light": 2.0, "music": 1.0}
"""L* and dB below which a habit is nothing anybody would see or hear."""
LARGEST = {"light": 30.0, "music": 12.0}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`trims` are what staff add on average, whole steps; `of` is the treatment, `sessions` how many it rests on."""

    id: str
    of: str
    name: str
    minutes: int
    trims: Mapping[str, float]
    sessions: int
    changed: int


def suggested(habits: Iterable[Habit], profiles: Mapping[str, Profile], answered: frozenset[str]) -> Sequence[Suggestion]:
    """One for each treatment with habits that nobody was asked about yet, the most usual first."""
    found: dict[str, dict[str, Habit]] = {}
    for habit in habits:
        step = STEP.get(habit.kind)
        if step is None or habit.mean is None or habit.sessions < FEWEST or habit.changed < FEWEST:
            continue
        if habit.changed / habit.sessions >= OFTEN and abs(habit.mean * habit.count / habit.changed) >= step:
            found.setdefault(habit.profile, {})[habit.kind] = habit
    return tuple(
        Suggestion(
            id_of(of), of, profile.name, profile.default_minutes, {kind: _trim(habit) for kind, habit in kinds.items()},
            max(habit.sessions for habit in kinds.values()), max(habit.changed for habit in kinds.values()),
        )
        for of, kinds in found.items()
        if (profile := profiles.get(of)) is not None and id_of(of) not in answered
    )  # fmt: skip


def id_of(profile: str) -> str:
    """spa/swedish as spa--swedish, for an address."""
    return profile.replace("/", "--")


def _trim(habit: Habit) -> float:
    """What a session with the habit was moved by in all, on average."""
    assert habit.mean is not None
    most = LARGEST[habit.kind]
    return float(round(max(-most, min(most, habit.mean * habit.count / habit.changed))))


class Answers:
    """What was said to suggestions. Every method may block; raises StoreUnavailable."""

    def __init__(self, engine: sa.Engine, site: str) -> None:
        self._engine, self._site = engine, site

    def given(self) -> frozenset[str]:
        """The ids nobody is asked about again."""
        query = sa.select(suggestions.c.id).where(suggestions.c.site == self._site)
        with trouble(), self._engine.connect() as connection:
            return frozenset(connection.scalars(query))

    def give(self, id: str, answer: str, now: Instant) -> None:
        """Once is enough; the newest answer stands."""
        mine = (suggestions.c.site == self._site) & (suggestions.c.id == id)
        with writing(self._engine) as connection:
            connection.execute(sa.delete(suggestions).where(mine))
            connection.execute(sa.insert(suggestions), {"site": self._site, "id": id, "answer": answer, "at": now})

    def take_back(self, id: str) -> None:
        """As if nobody had been asked."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(suggestions).where((suggestions.c.site == self._site) & (suggestions.c.id == id)))
