"""Starting a session: may this room take this treatment for this guest, then, and what must staff know."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

from ambiance.care import Care, parse
from ambiance.clock import Instant, stamp
from ambiance.cuesheet import replan
from ambiance.cuesheet.compile import Compiler, compile_sheet
from ambiance.cuesheet.model import FOREVER, Hand, Level, Sheet, Tuning
from ambiance.cuesheet.order import Order
from ambiance.errors import Conflict, IllegalMove, Invalid, NotOffered, RoomBusy, Unknown
from ambiance.profile import Library, Profile, Visit
from ambiance.session import courses
from ambiance.session.automatic import catch_up
from ambiance.session.carryover import air_ahead, spare_next
from ambiance.session.choices import lingering, require_clear, spared
from ambiance.session.dosing import end_dose
from ambiance.session.house import Turn, stated
from ambiance.session.model import LIVE, CareRow, Course, RoomState, Session, SessionState
from ambiance.session.needs import asking, needs
from ambiance.session.scentminutes import minutes_by, minutes_today
from ambiance.session.wishes import Answer, Begin, Start
from ambiance.site import SILENT, Room, Site
from ambiance.units import Seconds

PAST = timedelta(seconds=60)
AHEAD = timedelta(days=365)
EARLY = timedelta(minutes=60)
"""A guest who is here may begin the next booked session this long before its time."""


def start(turn: Turn, wish: Start, library: Library, compiler: Compiler, earlier: Session | None = None) -> Answer:
    """A new session, or the reason why not. `earlier` is the session named by `like`."""
    room = turn.house.site.by_id.get(wish.room)
    if room is None:
        raise Unknown("room", wish.room, [r.id for r in turn.house.site.rooms])
    codes = _left(turn, wish.ref) if wish.ref is not None else wish.care
    care = parse(codes)
    course = None if wish.course is None else courses.known(turn, wish.course)
    # How long it takes is known before its instant is, and what is wrong with either is said at once.
    soon = min(max(wish.at or turn.now, turn.now), turn.now + AHEAD)
    order = _order(turn, room, wish, library, care, earlier, course, soon)
    at = _instant(wish.at, turn.now, order)
    now = at <= turn.now
    prep = 0.0 if now else min(order.profile.prep * 60, (at - turn.now).total_seconds())
    levels = turn.levels(room.id, turn.now) if now else None
    again = None if course is None else courses.likened(course, order.profile)
    if course is not None and again is not None:
        sheet = _as_before(replace(order, profile=again), room, prep, levels, course)
    else:
        sheet = _sheet(order, room, prep, levels, compiler, earlier)
    free(turn, room, at, at + timedelta(seconds=sheet.end), now)
    warnings = [*sheet.notes, *clamped(sheet)]
    if not care.known:
        warnings.append("Intake is unknown: ordinary fades and no scent until somebody has asked.")
    airable(turn, room, care, at, sheet.end)
    choices = lingering(turn, room, sheet, at, sheet.end, care)
    warnings += [str(choice["reason"]) for choice in choices if choice.get("applied")]
    if now:
        warnings += take_room(turn, room)
    session = Session(
        token_hex(8), room.id, SessionState.RUNNING if now else SessionState.SCHEDULED, order.profile.setting, order.profile.id,
        order.minutes, wish.visit, at, at, sheet, turn.now, wish.group, bool(wish.scent), warnings=tuple(warnings), course=wish.course,
        therapist=wish.therapist,
    )  # fmt: skip
    if course is not None:
        courses.begun(turn, course, session, order.profile, room)
    turn.put(session)
    if codes is not None:
        turn.care.append(CareRow(session.id, json.dumps(list(codes), separators=(",", ":"))))
    turn.tell("session_started" if now else "session_scheduled", turn.now, room.id, session.id)
    if care.conflicts:
        turn.tell("staff_asked", turn.now, room.id, session.id)
    catch_up(turn, room)  # its preparation may be due already
    session = turn.sessions[session.id]
    if (bounded := spare_next(turn, room, at).get(session.id)) is not None:
        session = bounded
        choices = [*choices, *spared(turn, room, session, care)]
    air_ahead(turn, room)
    body = asking(answer(session, turn.now), care, session.sheet)
    return Answer(201, body | {"options": choices} if choices else body)


def begin(turn: Turn, wish: Begin, library: Library, compiler: Compiler) -> Answer:
    """The guest is here: the room's booked session begins, or else its usual treatment."""
    room = turn.house.site.by_id.get(wish.room)
    if room is None:
        raise Unknown("room", wish.room)
    upcoming = sorted(turn.upcoming(room.id), key=lambda s: s.t0)
    live = next((s for s in upcoming if s.state in LIVE), None)
    if live is not None and live.state not in (SessionState.PREPARING, SessionState.WAITING):
        raise IllegalMove("begin", live.state.value, ["advance", "end"])
    due = live or next((s for s in upcoming if s.t0 - turn.now <= EARLY), None)
    if due is not None:
        return arrive(turn, room, treated(due, wish.therapist))
    if wish.profile is not None and wish.profile not in room.usual:
        raise Invalid(("profile", wish.profile, f"a usual treatment of {room.id}: {', '.join(room.usual) or 'it has none'}"))
    if not room.usual:
        raise Conflict(f"{room.id} has no booked session and no usual treatment; start one at the desk, or set usual for the room")
    return start(turn, Start(room.id, wish.profile or room.usual[0], therapist=wish.therapist), library, compiler)


def treated(session: Session, therapist: str | None) -> Session:
    """The session with who treats, where nobody was named for it."""
    return session if therapist is None or session.therapist is not None else replace(session, therapist=therapist)


def arrive(turn: Turn, room: Room, session: Session) -> Answer:
    """The guest of a booked session is in the room: its offset 0 is now."""
    early = session.state is SessionState.SCHEDULED
    row = turn.care_of(session.id)
    airable(turn, room, None if row is None else needs(row), turn.now, session.sheet.end, but=session.id)
    if early:
        free(turn, room, turn.now, turn.now + timedelta(seconds=session.sheet.end), True, but=session.id)
        take_room(turn, room)
    levels = turn.levels(room.id, turn.now)
    sheet, _ = replan.begin(session.sheet, session.offset(turn.now))
    moved = sheet.end - session.sheet.end + session.offset(turn.now)
    if early:
        sheet = replan.adopt(sheet, 0.0, levels)
    started = turn.put(stated(session, SessionState.RUNNING, sheet=sheet, t0=turn.now))
    turn.tell("session_started", turn.now, room.id, session.id, end_moved_s=round(moved))
    started = spare_next(turn, room, turn.now).get(session.id, started)
    return Answer(200, answer(started, turn.now, moved))


def answer(session: Session, now: Instant, moved: float = 0.0) -> dict[str, object]:
    """What a caller is told about a session it changed."""
    body: dict[str, object] = {
        "id": session.id,
        "room": session.room,
        "state": session.state.value,
        "profile": session.profile,
        "minutes": session.minutes,
        "visit": session.visit,
        "starts_at": stamp(session.t0),
        "ends_at": stamp(session.ended_at or session.leaves(now)),
        "warnings": list(session.warnings),
    }
    if abs(moved) >= 1:
        body["end_moved_s"] = round(moved)
    return body


def _left(turn: Turn, ref: str) -> list[Any]:
    """The codes left under a reference, which is good for one session."""
    row = turn.refs.get(ref) or turn.house.refs.get(ref)
    if row is None or row.codes is None or row.until <= turn.now:
        raise Invalid(("care_ref", "a reference that is not, or no longer, known", "one made by POST /care, within 24 h and for one start"))
    turn.refs[ref] = replace(row, codes=None)
    return list(json.loads(row.codes))


def _instant(at: Instant | None, now: Instant, order: Order) -> Instant:
    """When it starts. Raises Invalid, which also names what else is wrong with the order."""
    if at is None:
        return now
    if now - PAST <= at <= now + AHEAD:
        return max(at, now)
    wanted = "now, or an instant no more than 60 s past" if at < now else "an instant within a year"
    faults: list[tuple[str, object, str]] = [("start", at.isoformat(), wanted)]
    try:
        order.profile.steps(order.minutes, order.visit)
    except Invalid as error:
        faults += error.faults
    except NotOffered as error:
        faults.append(("minutes", order.minutes, str(error)))
    raise Invalid(*faults)


def _order(
    turn: Turn, room: Room, wish: Start, library: Library, care: Care, earlier: Session | None, course: Course | None, at: Instant,
) -> Order:  # fmt: skip
    before = (earlier.profile, earlier.minutes) if earlier else None
    if course is not None and course.body:
        before = (course.body["profile"], course.body["minutes"])
    if wish.profile is None and before is None:
        raise Invalid(("profile", None, "setting/modality, as spa/swedish: this course has had no visit yet"))
    profile = library.get(wish.profile or (before[0] if before else ""))
    minutes = wish.minutes
    if minutes is None:
        minutes = before[1] if before and wish.profile in (None, before[0]) else profile.default_minutes
    w = wish.wishes
    silent, style = w.silence or w.style == SILENT, None if w.style == SILENT else w.style
    tuning = Tuning(w.light, w.warmer, w.music, silent, style, w.exclude)
    if earlier is not None and tuning == Tuning():
        tuning = earlier.sheet.tuning
    elif course is not None and course.body.get("profile") == profile.id:
        known = courses.tuning(course)
        tuning = replace(tuning, style=style or known.style, exclude=tuple(dict.fromkeys((*known.exclude, *w.exclude))))
    return order_in(
        turn, room, profile, minutes, at, visit=wish.visit, care=care, scent=wish.scent, tuning=tuning, therapist=wish.therapist
    )


def order_in(
    turn: Turn, room: Room, profile: Profile, minutes: int, at: Instant, *, visit: Visit, care: Care, scent: bool | None, tuning: Tuning,
    therapist: str | None,
) -> Order:  # fmt: skip
    """The order of a treatment in a room at a time: with what is left of that day's scent, and its evening."""
    site, limits = turn.house.site, turn.house.site.limits_in(room)
    today = turn.now.astimezone(site.timezone).date() == at.astimezone(site.timezone).date()
    left = limits.scent_minutes_per_day - (minutes_today(turn, room.id) if today else 0.0)
    why = limits.why("scent_minutes_per_day")
    if therapist is not None:
        theirs = limits.scent_minutes_per_therapist - (minutes_by(turn, therapist) if today else 0.0)
        if theirs < left:
            left, why = theirs, limits.why("scent_minutes_per_therapist")
    hours = evening_hours(site, room, at, timedelta(minutes=minutes * 2))
    evening = site.evening if hours is not None else None
    return Order(profile, minutes, visit, care, scent, tuning, max(0.0, left), limits, why, evening, hours or (-FOREVER, FOREVER))


def evening_hours(site: Site, room: Room, at: Instant, length: timedelta) -> tuple[Seconds, Seconds] | None:
    """From which offset to which of a visit that begins `at` it is evening; None where it is not, or this room has none."""
    evening = site.evening
    if not evening.holds(room.setting):
        return None
    local = at.astimezone(site.timezone)
    overnight = timedelta(days=1 if evening.until <= evening.since else 0)
    for days in (-1, 0, 1):
        date = local.date() + timedelta(days=days)
        begins = (datetime.combine(date, evening.since, site.timezone).astimezone(UTC) - at).total_seconds()
        ends = (datetime.combine(date + overnight, evening.until, site.timezone).astimezone(UTC) - at).total_seconds()
        if begins < length.total_seconds() and ends > 0:
            # Whole evenings are alike, so that their sheets are.
            return (-FOREVER if begins <= 0 else begins, FOREVER if ends >= length.total_seconds() else ends)
    return None


def _as_before(order: Order, room: Room, prep: float, levels: Mapping[str, Level] | None, course: Course) -> Sheet:
    """The course's set-points, compiled anew inside today's care and limits, with what people had trimmed at the first visit."""
    sheet = compile_sheet(order, room, prep=prep, levels=levels)
    begin_ = sheet.spans[0].start
    trims = courses.trims(course, begin_)
    return replan.adopt(replace(sheet, hands=trims), begin_, levels or {}) if trims else sheet


def _sheet(order: Order, room: Room, prep: float, levels: Mapping[str, Level] | None, compiler: Compiler, earlier: Session | None) -> Sheet:
    sheet = compiler.compile(order, room, prep, levels)
    if earlier is None or earlier.profile != order.profile.id:
        return sheet
    # The same atmosphere again: the set-points as they were, with what people had trimmed.
    begin_ = sheet.spans[0].start
    trims = tuple(replace(h, at=begin_) for h in earlier.sheet.hands if h.kind in ("light", "music"))
    # What either guest needs or wishes is in the sheet it was compiled for, and in no other.
    asks_nothing = not order.care.asks and not earlier.sheet.cared and order.tuning == earlier.sheet.tuning
    if asks_nothing and earlier.room == room.id and set(sheet.palette) <= set(earlier.sheet.palette) and _bounded(earlier.sheet, sheet):
        sheet = replace(sheet, palette={**sheet.palette, **earlier.sheet.palette})
    return replan.adopt(replace(sheet, hands=_summed(trims)), begin_, levels or {})


def _bounded(earlier: Sheet, sheet: Sheet) -> bool:
    """Whether an earlier sheet keeps the bounds of this one: the house may have grown stricter since, or the evening come."""
    pairs = (
        (aim, now)
        for phase, aims in sheet.palette.items()
        for device, now in aims.items()
        if (aim := earlier.palette.get(phase, {}).get(device)) is not None
    )
    return all(aim.high <= now.high + 1e-6 for aim, now in pairs)


def _summed(trims: tuple[Hand, ...]) -> tuple[Hand, ...]:
    sums: dict[str, Hand] = {}
    for hand in trims:
        sums[hand.kind] = replace(hand, value=hand.value + (sums[hand.kind].value if hand.kind in sums else 0.0))
    return tuple(sums.values())


def free(turn: Turn, room: Room, at: Instant, until: Instant, now: bool, but: str = "") -> None:
    """Raises RoomBusy where another session holds the room in that time, Conflict where the room cannot be used."""
    state = turn.room(room.id).state
    if now and state in (RoomState.EMERGENCY, RoomState.OUT_OF_ORDER):
        raise Conflict(f"{room.id} is {state.value.replace('_', ' ')}; a person resets it first", state=state.value)
    for other in turn.upcoming(room.id):
        if other.id == but:
            continue
        begins = turn.now if other.state in LIVE else other.t0
        ends = max(other.leaves(turn.now), turn.now + timedelta(seconds=1)) if other.state in LIVE else other.at(other.sheet.end)
        if at < ends and begins < until:
            raise RoomBusy(room.id, other.id, stamp(other.t0), stamp(ends))


def airable(turn: Turn, room: Room, care: Care | None, at: Instant, length: Seconds, but: str = "") -> None:
    """Only a guest whose needs forbid the residue is held back by scent still in the air. Raises NotAirable."""
    if care is not None:
        require_clear(turn, room, care, at, length, but)


def take_room(turn: Turn, room: Room) -> list[str]:
    """A session that starts ends whatever the room was doing by itself, and says so."""
    row = turn.room(room.id)
    for dose in turn.open_doses(room.id):
        end_dose(turn, dose, turn.now)
    warnings = []
    if row.state in (RoomState.CLEANING, RoomState.AIRING, RoomState.VACANT_DIRTY):
        warnings.append(f"{room.name} was still {row.state.value.replace('_', ' ')}; that ends now.")
    if row.state is not RoomState.READY:
        turn.rooms[room.id] = replace(row, state=RoomState.READY)
    return warnings


def clamped(sheet: Sheet) -> list[str]:
    """One line a kind of thing that the room or the guest does not get."""
    lines: dict[str, str] = {}
    for clamp in sheet.clamps:
        if clamp.why.layer.value in ("care", "limit"):
            continue
        if clamp.attribute == "music":
            lines.setdefault(f"{clamp.device}/music", f"No music in {clamp.phase}: {clamp.why.source}; write its names into music.names.")
            continue
        what = clamp.device or "The room"
        lines.setdefault(
            f"{clamp.device}/{clamp.attribute}", f"{what}: {clamp.attribute} {clamp.asked:g} becomes {clamp.given:g} ({clamp.why.source})."
        )
    return list(lines.values())
