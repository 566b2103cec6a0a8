"""Courses: several visits of one guest in one atmosphere, under a reference that means nothing.

A course keeps set-points and what the examinations stood at; never care codes, never who.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from secrets import choice
from typing import Any

from ambiance.clock import Instant
from ambiance.cuesheet.exposure import Given
from ambiance.cuesheet.likeness import Reading, fingerprint, readings
from ambiance.cuesheet.model import Hand, Sheet, Tuning
from ambiance.cuesheet.setpoints import SetPoint, set_points, with_set_points
from ambiance.cuesheet.stretches import known_from, stretches
from ambiance.errors import Unknown
from ambiance.profile import Profile
from ambiance.session.house import Turn
from ambiance.session.model import Course, Session
from ambiance.session.past import ALPHABET, report_code
from ambiance.session.wishes import Answer
from ambiance.site import Room

MOST = 200
"""Visits a course remembers."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit that is over: when, the code of its report, the hash of its atmosphere, what its examinations stood at."""

    at: Instant
    code: str
    hash: str
    readings: Mapping[str, Reading]


def open_course(turn: Turn) -> Answer:
    """A new course: its reference is all that its owner needs to keep."""
    course = Course("".join(choice(ALPHABET) for _ in range(10)), turn.now, turn.now)
    turn.courses[course.id] = course
    return Answer(201, {"course": course.id, "visits": 0, "kept_days": turn.house.site.retention.courses_days})


def close_course(turn: Turn, id: str) -> Answer:
    """Nothing of it is kept; its visits go on as sessions of their own. Raises Unknown."""
    turn.courses[id] = replace(known(turn, id), erased=True)
    for session in turn.house.sessions.values():
        if session.course == id:
            turn.sessions[session.id] = replace(turn.sessions.get(session.id, session), course=None)
    return Answer(200, {"course": id, "erased": True})


def known(turn: Turn, id: str) -> Course:
    """Raises Unknown."""
    course = turn.courses.get(id) or turn.house.courses.get(id)
    if course is None or course.erased:
        raise Unknown("course", id)
    return course


def likened(course: Course, profile: Profile) -> Profile | None:
    """`profile` with the set-points of the course; None where it has none, or none of this treatment."""
    if course.body.get("profile") != profile.id:
        return None
    return with_set_points(profile, {phase: SetPoint(**point) for phase, point in course.body["phases"].items()})


def tuning(course: Course) -> Tuning:
    """What the course's guest wished to hear; light and levels are in the set-points."""
    return Tuning(style=course.body.get("style"), exclude=tuple(course.body.get("exclude", ())))


def trims(course: Course, at: float) -> tuple[Hand, ...]:
    """What people trimmed at the first visit, to be laid on at `at`."""
    kept = course.body.get("trims", {})
    return tuple(Hand(kind, at, kept[kind], source=f"{kind} as before") for kind in ("light", "music") if kept.get(kind))


def begun(turn: Turn, course: Course, session: Session, profile: Profile, room: Room) -> None:
    """A visit was booked or begun: the first one gives the course its set-points."""
    used = replace(course, used_at=max(course.used_at, session.t0))
    if "phases" not in course.body:
        points = set_points(profile, session.sheet, room)
        wished = session.sheet.tuning
        body = {
            "profile": session.profile, "minutes": session.minutes, "style": wished.style, "exclude": list(wished.exclude),
            "phases": {phase: asdict(point) for phase, point in points.items()}, "visits": [],
        }  # fmt: skip
        used = replace(used, first=session.id, body=body)
    turn.courses[course.id] = used


def visited(turn: Turn, session: Session, room: Room, at: Instant) -> None:
    """A visit is over: what its examinations stood at, and after the first one what people had trimmed."""
    course = _of(turn, session)
    if course is None:
        return
    sheet, body = session.sheet, dict(course.body)
    lived = stretches(sheet, max(0.0, known_from(sheet)), session.offset(at))
    given = [
        Given(session.offset(dose.began_at), session.offset(dose.ended_at or dose.lease_until), dose.family, dose.intensity)
        for dose in turn.doses_in(room.id)
        if dose.session == session.id
    ]
    visit = {
        "code": report_code(session.id), "at": session.t0.isoformat(), "hash": fingerprint(sheet, room, lived, given),
        "readings": {phase: asdict(reading) for phase, reading in readings(sheet, room, lived).items()},
    }  # fmt: skip
    body["visits"] = [*(v for v in body.get("visits", []) if v["code"] != visit["code"]), visit][-MOST:]
    if course.first == session.id:
        body["trims"] = _trimmed(sheet)
    turn.courses[course.id] = replace(course, used_at=max(course.used_at, at), body=body)


def dropped(turn: Turn, session: Session, erased: bool) -> None:
    """A visit was cancelled, or is forgotten: a first one that never was gives no set-points."""
    course = _of(turn, session)
    if course is None:
        return
    body = dict(course.body)
    body["visits"] = [visit for visit in body.get("visits", []) if visit["code"] != report_code(session.id)]
    if course.first == session.id:
        course = replace(course, first=None)
        body = body if erased else {}
    turn.courses[course.id] = replace(course, body=body)


def visits(course: Course) -> list[Visit]:
    """Its visits that are over, in order."""
    found = [
        Visit(
            Instant.fromisoformat(visit["at"]), str(visit["code"]), str(visit["hash"]),
            {phase: Reading(**reading) for phase, reading in visit["readings"].items()},
        )
        for visit in course.body.get("visits", ())
    ]  # fmt: skip
    return sorted(found, key=lambda visit: visit.at)


def _of(turn: Turn, session: Session) -> Course | None:
    course = turn.courses.get(session.course or "") or turn.house.courses.get(session.course or "")
    return None if course is None or course.erased else course


def _trimmed(sheet: Sheet) -> dict[str, float]:
    sums: dict[str, Any] = {}
    for hand in sheet.hands:
        if hand.kind in ("light", "music"):
            sums[hand.kind] = round(sums.get(hand.kind, 0.0) + hand.value, 6)
    return sums
