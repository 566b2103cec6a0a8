"""What the conductor knows: the rows in memory, and the draft of one turn laid over them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from ambiance.clock import Instant
from ambiance.cuesheet.model import Level, Sheet
from ambiance.cuesheet.replan import OF_GUESTS, without_needs
from ambiance.cuesheet.scene import scene_at
from ambiance.session.model import (
    KEYS_OF_A_TOKEN,
    LIVE,
    AirRow,
    CareRow,
    Changes,
    Course,
    DoseRow,
    DrillRow,
    EmergencyKind,
    KeyRow,
    News,
    RefRow,
    RoomRow,
    Session,
    SessionState,
    World,
)
from ambiance.site import Site

REMEMBERED = timedelta(hours=24)
Playing = tuple[Sheet, Instant]


class House:
    """Every row that matters now, by id. Only the conductor changes it, and only by a `Turn` that was saved."""

    def __init__(self, site: Site, world: World) -> None:
        self.site = site
        self.sessions = {session.id: session for session in world.sessions}
        self.rooms = {room.id: RoomRow(room.id) for room in site.rooms} | {row.room: row for row in world.rooms if row.room in site.by_id}
        self.doses = {dose.id: dose for dose in world.doses}
        self.keys = {(key.token, key.key): key for key in world.keys}
        self.drills: dict[EmergencyKind, DrillRow] = {drill.kind: drill for drill in world.drills}
        self.care = {row.session: row for row in world.care}
        self.refs = {row.ref: row for row in world.refs}
        self.courses = {course.id: course for course in world.courses}
        self.seq = world.seq
        self.since: dict[str, Instant] = {}
        """Up to when each room's doses have been looked at: one due before that and not begun stays missed."""
        self.spoken: dict[str, tuple[int, str | None]] = {}
        """The phase and the waiting border last told of each live session."""
        self.skipped: dict[tuple[str, str], tuple[str, Instant]] = {}
        """The session and moment of the dose that each diffuser (room, device) was last told of as left out."""
        self.unfit: dict[str, bool] = {}
        """Rooms whose air is not fit for scent, as long as this program runs: sensors say it again."""
        self.by_room: dict[str, dict[str, None]] = {room.id: {} for room in site.rooms}
        self.dosed: dict[str, dict[str, DoseRow]] = {room.id: {} for room in site.rooms}
        self.aired: dict[str, dict[str, AirRow]] = {room.id: {} for room in site.rooms}
        for session in world.sessions:
            self._index(session)
        for each in world.air:
            self.aired.setdefault(each.room, {})[each.id] = each
        for dose in world.doses:
            self.dosed.setdefault(dose.room, {})[dose.id] = dose

    def adopt(self, site: Site) -> None:
        """The site is this one now. What is known of rooms that are gone stays, but for who was to come and what sensors said."""
        self.site = site
        self.unfit = {room: unfit for room, unfit in self.unfit.items() if room in site.by_id}
        self.by_room = {room.id: self.by_room.get(room.id, {}) for room in site.rooms}
        for id in site.by_id:
            self.rooms.setdefault(id, RoomRow(id))

    def live(self, room: str) -> Session | None:
        """The room's live session, if any."""
        return next((s for s in self.upcoming(room) if s.state in LIVE), None)

    def playing(self, room: str) -> Playing | None:
        """The sheet a room plays and the instant of its offset 0."""
        return _playing(self.live(room), self.rooms[room])

    def upcoming(self, room: str) -> Iterable[Session]:
        """The room's live and scheduled sessions."""
        return [self.sessions[id] for id in self.by_room.get(room, ())]

    def doses_in(self, room: str) -> list[DoseRow]:
        """Doses of a room in the last 24 h."""
        return list(self.dosed.get(room, {}).values())

    def airs_in(self, room: str) -> list[AirRow]:
        """What aired a room in the last 24 h."""
        return list(self.aired.get(room, {}).values())

    def room(self, id: str) -> RoomRow:
        return self.rooms[id]

    def take(self, turn: "Turn") -> None:
        """Take over what a turn decided, once it was saved."""
        self.apply(turn.changes())
        self.since.update(turn.since)
        self.spoken.update(turn.spoken)
        self.skipped.update(turn.skipped)
        self.unfit.update(turn.unfit)

    def apply(self, changes: Changes) -> None:
        """Take over rows."""
        for session in changes.sessions:
            before = self.sessions.get(session.id)
            if before is not None and before.room in self.by_room:
                self.by_room[before.room].pop(session.id, None)
            self.sessions[session.id] = session
            self._index(session)
        self.rooms.update({row.room: row for row in changes.rooms})
        self.drills.update({row.kind: row for row in changes.drills})
        for dose in changes.doses:
            self.doses[dose.id] = dose
            self.dosed.setdefault(dose.room, {})[dose.id] = dose
        for each in changes.air:
            self.aired.setdefault(each.room, {})[each.id] = each
        self.keys.update({(key.token, key.key): key for key in changes.keys})
        self.care.update({row.session: row for row in changes.care})
        self.courses.update({course.id: course for course in changes.courses})
        self.courses = {id: course for id, course in self.courses.items() if not course.erased} if changes.courses else self.courses
        for id in changes.erased:
            if (gone := self.sessions.pop(id, None)) is not None and gone.room in self.by_room:
                self.by_room[gone.room].pop(id, None)
            self.care.pop(id, None)
            self.spoken.pop(id, None)
        for row in changes.refs:
            if row.codes is None:
                self.refs.pop(row.ref, None)
            else:
                self.refs[row.ref] = row
        if changes.news:
            self.seq = changes.news[-1].seq

    def forget(self, now: Instant) -> None:
        """Drop from memory what ended more than a day ago; the store keeps it."""
        since = now - REMEMBERED
        self.sessions = {id: s for id, s in self.sessions.items() if s.ended_at is None or s.ended_at > since}
        self.doses = {id: d for id, d in self.doses.items() if d.ended_at is None or d.ended_at > since}
        self.dosed = {room: {id: d for id, d in doses.items() if id in self.doses} for room, doses in self.dosed.items()}
        self.aired = {
            room: {id: a for id, a in rows.items() if a.ended_at is None or a.ended_at > since} for room, rows in self.aired.items()
        }
        self.keys = {id: k for id, k in self.keys.items() if k.at > since}
        for token, count in Counter(token for token, _ in self.keys).items():
            if count > KEYS_OF_A_TOKEN:
                oldest = sorted((k for k in self.keys.values() if k.token == token), key=lambda k: k.at)[: count - KEYS_OF_A_TOKEN]
                for key in oldest:
                    del self.keys[token, key.key]
        kept = self.site.retention
        cared = now - timedelta(hours=kept.care_hours)
        ended = {id: s.ended_at for id, s in self.sessions.items()}
        self.care = {id: row for id, row in self.care.items() if id in ended and ((at := ended[id]) is None or at > cared)}
        used = now - timedelta(days=kept.courses_days)
        self.courses = {id: course for id, course in self.courses.items() if course.used_at > used}
        self.refs = {ref: row for ref, row in self.refs.items() if row.until > now}
        self.spoken = {id: said for id, said in self.spoken.items() if id in self.sessions and self.sessions[id].ended_at is None}

    def _index(self, session: Session) -> None:
        if (session.state in LIVE or session.state is SessionState.SCHEDULED) and session.room in self.by_room:
            self.by_room[session.room][session.id] = None


class _Drafted(dict[Any, Any]):
    """A dictionary that notes how to undo each change."""

    def __init__(self, journal: list[tuple[dict[Any, Any], Any, Any]]) -> None:
        super().__init__()
        self._journal = journal

    def __setitem__(self, key: Any, value: Any) -> None:
        self._journal.append((self, key, self.get(key, _ABSENT)))
        super().__setitem__(key, value)


_ABSENT = object()
Mark = tuple[int, int, int, int]


@dataclass
class Turn:
    """What one turn has decided so far. Nothing of it is true before it is saved."""

    house: House
    now: Instant
    care: list[CareRow] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    scent: list[tuple[str, str, int, float]] = field(default_factory=list)
    """(room, device, intensity, seconds) to say to diffusers once saved; seconds 0 says off."""

    def __post_init__(self) -> None:
        self._journal: list[tuple[dict[Any, Any], Any, Any]] = []
        self.sessions: dict[str, Session] = _Drafted(self._journal)
        self.rooms: dict[str, RoomRow] = _Drafted(self._journal)
        self.doses: dict[str, DoseRow] = _Drafted(self._journal)
        self.air: dict[str, AirRow] = _Drafted(self._journal)
        self.keys: dict[tuple[str, str], KeyRow] = _Drafted(self._journal)
        self.courses: dict[str, Course] = _Drafted(self._journal)
        self.erased: dict[str, None] = _Drafted(self._journal)
        """Sessions that are forgotten."""
        self.drills: dict[EmergencyKind, DrillRow] = _Drafted(self._journal)
        self.refs: dict[str, RefRow] = _Drafted(self._journal)
        self.touched: dict[str, None] = _Drafted(self._journal)
        """Rooms whose sheet changed: their devices are told."""
        self.restated: dict[tuple[str, str | None], None] = _Drafted(self._journal)
        """Devices (None: every one of the room) that are told again what they should be."""
        self.looked: dict[str, None] = _Drafted(self._journal)
        """Rooms whose bookings were looked at: what they need ahead of their time is said."""
        self.since: dict[str, Instant] = _Drafted(self._journal)
        self.spoken: dict[str, tuple[int, str | None]] = _Drafted(self._journal)
        self.skipped: dict[tuple[str, str], tuple[str, Instant]] = _Drafted(self._journal)
        self.unfit: dict[str, bool] = _Drafted(self._journal)
        self._here: dict[str, dict[str, None]] = {}
        self._dosed: dict[str, dict[str, None]] = {}

    def live(self, room: str) -> Session | None:
        return next((s for s in self.upcoming(room) if s.state in LIVE), None)

    def upcoming(self, room: str) -> list[Session]:
        """Live and scheduled sessions of a room, as this turn has them."""
        known = map(self.session, dict.fromkeys(self.house.by_room.get(room, ())) | self._here.get(room, {}))
        return [s for s in known if s is not None and s.room == room and (s.state in LIVE or s.state is SessionState.SCHEDULED)]

    def session(self, id: str) -> Session | None:
        return self.sessions.get(id) or self.house.sessions.get(id)

    def care_of(self, session: str) -> CareRow | None:
        """What is kept of a guest's needs; None where nobody asked."""
        return next((row for row in reversed(self.care) if row.session == session), None) or self.house.care.get(session)

    def room(self, id: str) -> RoomRow:
        return self.rooms.get(id) or self.house.rooms[id]

    def drill(self, kind: EmergencyKind) -> DrillRow | None:
        """The newest drill of a kind."""
        return self.drills.get(kind) or self.house.drills.get(kind)

    def doses_in(self, room: str) -> list[DoseRow]:
        """Doses of a room in the last 24 h, as this turn has them."""
        here = {id: self.doses[id] for id in self._dosed.get(room, ()) if id in self.doses}
        return list({**self.house.dosed.get(room, {}), **here}.values())

    def open_doses(self, room: str) -> list[DoseRow]:
        """Doses of a room that have not been ended."""
        return [dose for dose in self.doses_in(room) if dose.ended_at is None]

    def airs_in(self, room: str) -> list[AirRow]:
        """What aired a room in the last 24 h, as this turn has it."""
        here = {id: row for id, row in self.air.items() if row.room == room}
        return list({**self.house.aired.get(room, {}), **here}.values())

    def playing(self, room: str) -> Playing | None:
        """The sheet a room plays and the instant of its offset 0, as this turn has them."""
        return _playing(self.live(room), self.room(room))

    def levels(self, room: str, at: Instant) -> Mapping[str, Level]:
        """Where a room's devices should stand at an instant."""
        playing = self.playing(room)
        return scene_at(playing[0], (at - playing[1]).total_seconds()).levels if playing else {}

    def put(self, session: Session) -> Session:
        self.sessions[session.id] = session
        self._here.setdefault(session.room, {})[session.id] = None
        self.touched[session.room] = None
        return session

    def keep(self, session: Session) -> None:
        """As `put`, for what no device has to be told of."""
        self.sessions[session.id] = session
        self._here.setdefault(session.room, {})[session.id] = None

    def put_dose(self, row: DoseRow) -> None:
        self.doses[row.id] = row
        self._dosed.setdefault(row.room, {})[row.id] = None

    def put_room(self, row: RoomRow) -> None:
        self.rooms[row.room] = row
        self.touched[row.room] = None

    def tell(self, type: str, at: Instant, room: str | None = None, session: str | None = None, **details: Any) -> None:
        """Something happened."""
        seq = (self.news[-1].seq if self.news else self.house.seq) + 1
        self.news.append(News(seq, at, type, room, session, details))

    def mark(self) -> Mark:
        """A point to come back to if the next decision is refused half-way."""
        return len(self._journal), len(self.news), len(self.scent), len(self.care)

    def back(self, mark: Mark) -> None:
        """Undo everything since `mark`."""
        while len(self._journal) > mark[0]:
            draft, key, before = self._journal.pop()
            if before is _ABSENT:
                del draft[key]
            else:
                dict.__setitem__(draft, key, before)
        del self.news[mark[1] :], self.scent[mark[2] :], self.care[mark[3] :]

    def changes(self, instant: Instant | None = None) -> Changes:
        return Changes(
            tuple(self.sessions.values()), tuple(self.rooms.values()), tuple(self.doses.values()),
            tuple(self.news), tuple(self.care), tuple(self.keys.values()), instant,
            tuple(self.courses.values()), tuple(self.erased), tuple(self.drills.values()), tuple(self.refs.values()),
            tuple(self.air.values()),
        )  # fmt: skip


def _playing(live: Session | None, row: RoomRow) -> Playing | None:
    """The live session's sheet, or else the room's own."""
    if live is not None:
        return live.sheet, live.t0
    return (row.sheet, row.t0) if row.sheet is not None and row.t0 is not None else None


def stated(session: Session, state: SessionState, **other: Any) -> Session:
    """The same session in another state. Once it is over, its row no longer says what its guest needed."""
    changed = replace(session, state=state, **other)
    if state not in (SessionState.DONE, SessionState.CANCELLED):
        return changed
    said = tuple(words for words in changed.warnings if not any(guest in words for guest in OF_GUESTS))
    try:
        sheet = without_needs(changed.sheet)
    except Exception:  # a row that makes no sense must not keep its room from an emergency
        sheet = changed.sheet
    return replace(changed, sheet=sheet, warnings=said)
