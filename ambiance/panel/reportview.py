"""How a session's exposure record looks in JSON and as CSV: what it was, in which unit, and how it is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from ambiance.clock import Instant
from ambiance.cuesheet.exposure import Exposure, Given, exposure
from ambiance.cuesheet.likeness import (
    LIGHT_TOLERANCE,
    MIRED_TOLERANCE,
    SOUND_TOLERANCE,
    Likeness,
    Reading,
    against,
    fingerprint,
    likeness,
    readings,
)
from ambiance.cuesheet.model import FOREVER
from ambiance.cuesheet.touches import Touch, touches
from ambiance.panel.spreadsheet import table
from ambiance.panel.views import Json, stamp
from ambiance.session.courses import Visit, visits
from ambiance.session.model import LIVE, Course, DoseRow, News, Session, SessionState
from ambiance.session.past import report_code
from ambiance.site import SLUG, Room, Site
from ambiance.units import Seconds

UNBEGUN = frozenset({SessionState.SCHEDULED, SessionState.PREPARING, SessionState.WAITING, SessionState.CANCELLED})
"""Nobody was there, or is yet."""

TIMES: Mapping[str, str] = {
    "phase_advanced": "next",
    "phase_stayed": "stay",
    "session_extended": "extend",
    "session_paused": "pause",
    "session_resumed": "resume",
    "session_moved": "move",
    "ending_began": "end",
}
"""Hands on time, as the news tells them."""
FAULTS: Mapping[str, str] = {
    "device_lost": "A device did not answer",
    "dose_skipped": "A dose of scent was left out",
    "power_returned": "The power failed and came back",
    "controller_started": "The controller was started again",
    "clock_stepped": "The machine's clock was set",
    "store_failed": "The store could not save for a while",
}
"""What went wrong meanwhile, in our own words: those of an event may say more than a record should."""

COMMANDED, ESTIMATE, MEASURED = "commanded", "estimate", "measured"
_MEASURED = {
    "light_dose": "lux_h", "min_lux": "lux_least", "max_lux": "lux_most", "laeq": "laeq", "lmax": "lmax", "temp_mean": "celsius",
}  # fmt: skip
"""Figures that sensors may have measured, and what those are called in the news."""
_UNITS = {"light": "L*", "music": "dB", "stay": "min", "extend": "min"}


@dataclass(frozen=True, slots=True)
class Handed:
    """A hand on the room or on its time; nobody's."""

    offset: Seconds
    kind: str
    amount: float | None = None
    device: str | None = None


@dataclass(frozen=True)
class Record:
    """Everything a report says, before anybody lays it out."""

    session: Session
    room: Room
    code: str
    exposure: Exposure
    fingerprint: str
    likeness: Likeness | None
    hands: tuple[Handed, ...]
    faults: tuple[News, ...]
    emergencies: tuple[News, ...]
    tempo: Mapping[str, tuple[int, int]]
    notes: tuple[str, ...]
    now: Instant
    earlier: tuple[Visit, ...] | None = None
    """The visits of its course before this one; None: it belongs to no course."""
    course: Likeness | None = None
    """Its examinations against theirs."""
    measured: Mapping[str, float] = field(default_factory=dict)
    """What sensors in the room measured meanwhile, where there are any."""

    @property
    def so_far(self) -> bool:
        return self.session.state in LIVE


def record(
    session: Session,
    site: Site,
    doses: Sequence[DoseRow],
    news: Sequence[News],
    tempo: Mapping[str, tuple[int, int]],
    now: Instant,
    course: Course | None = None,
) -> Record:
    """Put together what is known of a session at `now`. `tempo`: beats a minute of each phase's music, where known."""
    room = site.by_id[session.room]
    given = tuple(_given(session, site, dose, now) for dose in doses)
    sheet = session.sheet
    lived = exposure(sheet, room, left(session, now), given)
    if session.state in UNBEGUN:
        lived = replace(lived, since=0.0, until=0.0)
    measured = next((_numbers(each.details) for each in reversed(news) if each.type == "room_measured" and each.session == session.id), {})
    clinical = session.setting == "clinical"
    alike = likeness(sheet, room, lived.lived, over=session.state not in LIVE and session.state is not SessionState.SCHEDULED)
    code = report_code(session.id)
    before = None if course is None else tuple(v for v in visits(course) if v.at < session.t0 and v.code != code)
    named = [(f"on {visit.at.astimezone(site.timezone):%Y-%m-%d}", visit.readings) for visit in before or ()]
    return Record(
        session,
        room,
        code,
        lived,
        fingerprint(sheet, room, lived.lived, given),
        alike if clinical else None,
        _hands(session, touches(sheet), news, now),
        tuple(each for each in news if each.type in FAULTS),
        # A silent call for help stays silent: a record may be handed to the guest.
        tuple(each for each in news if each.type == "emergency_began" and each.details.get("kind") in ("fire", "medical")),
        tempo,
        _notes(session, room, lived, bool(measured)),
        now,
        before,
        None if before is None else against(readings(sheet, room, lived.lived), named),
        measured,
    )


def left(session: Session, now: Instant) -> Seconds:
    """The offset at which the guest left, or is now; 0 where nobody came yet."""
    if session.state in UNBEGUN:
        return 0.0
    if session.state in LIVE:
        return max(0.0, session.offset(now))
    return max(0.0, session.offset(session.ended_at) if session.ended_at is not None else min(session.sheet.end, FOREVER / 1e4))


def ended(session: Session, now: Instant) -> Instant:
    """When what a session told its room came to an end; for a live one that is now."""
    return session.ended_at or (now if session.state in LIVE else session.at(left(session, now)))


def report_view(record: Record, site: Site) -> Json:
    """The whole report as plain values."""
    session, lived = record.session, record.exposure
    tolerances = {"light_percent": LIGHT_TOLERANCE, "colour_mired": MIRED_TOLERANCE, "sound_db": SOUND_TOLERANCE}
    return {
        "code": record.code,
        "session": session.id,
        "room": session.room,
        "profile": session.profile,
        "setting": session.setting,
        "state": str(session.state),
        "so_far": record.so_far,
        "written_at": stamp(record.now),
        "from": stamp(session.at(lived.since)) if lived.until > lived.since else None,
        "to": stamp(session.at(lived.until)) if lived.until > lived.since else None,
        "minutes": {"planned": session.minutes, "real": round((lived.until - lived.since) / 60, 2)},
        "basis": COMMANDED,
        "figures": figures(record),
        "phases": [
            {
                "phase": phase.phase,
                "n": phase.n,
                "planned_min": None if phase.planned is None else round(phase.planned, 2),
                "real_min": round(phase.real, 2),
                "bpm": list(record.tempo[phase.phase]) if phase.phase in record.tempo and not phase.silent else None,
            }
            for phase in lived.phases
        ],
        "hands": [
            {
                "at": stamp(session.at(hand.offset)),
                "minute": round(hand.offset / 60, 1),
                "kind": hand.kind,
                "amount": None if hand.amount is None else round(hand.amount, 2),
                "unit": _UNITS.get(hand.kind) if hand.amount is not None else None,
                "device": hand.device,
            }
            for hand in record.hands
        ],
        "faults": [{"at": stamp(each.at), "code": each.type, "said": failed(each)} for each in record.faults],
        "emergencies": [{"at": stamp(each.at), "kind": each.details["kind"]} for each in record.emergencies],
        "comparable": None if record.likeness is None else record.likeness.comparable,
        "because": None if record.likeness is None else record.likeness.because,
        "tolerances": tolerances,
        "course": _course(record),
        "exam": None if record.likeness is None else _reading(record.likeness.exam),
        "reassess": None if record.likeness is None else _reading(record.likeness.reassess),
        "notes": list(record.notes),
    }


def figures(record: Record) -> dict[str, Json]:
    """Each figure with its unit and how it is known. None: the room has no such device, or nobody was there."""
    lived = record.exposure
    light, sound, scent = lived.light, lived.sound, lived.scent
    found = {
        "light_dose": _figure(light.dose if light else None, 2, "lx·h"),
        "melanopic_dose_est": _figure(light.melanopic if light else None, 2, "lx·h EDI", ESTIMATE),
        "min_lux": _figure(light.least if light else None, 1, "lx"),
        "max_lux": _figure(light.most if light else None, 1, "lx"),
        "max_l_step_per_s": _figure(light.fastest if light else None, 2, "L*/s"),
        "max_l_step_per_s_by_hand": _figure(light.fastest_by_hand if light else None, 2, "L*/s"),
        "laeq": _figure(sound.laeq if sound else None, 1, "dBA"),
        "lmax": _figure(sound.lmax if sound else None, 1, "dBA"),
        "music_minutes": _figure(sound.minutes if sound else None, 1, "min"),
        "scent_minutes": _figure(scent.minutes, 1, "min"),
        "scent_family": {"value": list(scent.families), "unit": "id", "basis": COMMANDED},
        "scent_peak_est": _figure(scent.peak, 1, "µg/m³", ESTIMATE),
        "temp_mean": _figure(lived.celsius, 1, "°C"),
        "consistency_hash": {"value": record.fingerprint if lived.lived else None, "unit": "hash", "basis": COMMANDED},
    }
    for name, key in _MEASURED.items():
        if key in record.measured:
            found[name] = {**found[name], "value": round(record.measured[key], 2 if name == "light_dose" else 1), "basis": MEASURED}
    return found


def visit_view(visit: Visit) -> Json:
    """One visit of a course that is over."""
    seen = {phase: _reading(visit.readings.get(phase)) for phase in ("exam", "reassess")}
    return {"at": stamp(visit.at), "code": visit.code, "hash": visit.hash, **seen}


def report_csv(record: Record, site: Site) -> str:
    """The report as lines of part, name, at, value, unit and basis; nothing in it can be taken for a formula."""
    view = report_view(record, site)
    lines: list[Sequence[object]] = [("part", "name", "at", "value", "unit", "basis")]
    lines += [("report", key, "", view[key], "", "") for key in ("code", "session", "room", "profile", "setting", "state", "from", "to")]
    lines += [("report", "so_far", "", "yes" if view["so_far"] else "no", "", "")]
    lines += [(f"minutes {kind}", "session", "", minutes, "min", COMMANDED) for kind, minutes in view["minutes"].items()]
    for name, figure in view["figures"].items():
        value = " ".join(figure["value"]) if isinstance(figure["value"], list) else figure["value"]
        lines.append(("figure", name, "", value, figure["unit"], figure["basis"]))
    for phase in view["phases"]:
        lines.append(("minutes planned", phase["phase"], "", phase["planned_min"], "min", "plan"))
        lines.append(("minutes real", phase["phase"], "", phase["real_min"], "min", COMMANDED))
        if phase["bpm"]:
            lines.append(("tempo", phase["phase"], "", " to ".join(map(str, phase["bpm"])), "BPM", "plan"))
    lines += [("hand", hand.kind, stamp(record.session.at(hand.offset)), done(hand), "", "") for hand in record.hands]
    lines += [("fault", each["code"], each["at"], each["said"], "", "") for each in view["faults"]]
    lines += [("emergency", each["kind"], each["at"], "", "", "") for each in view["emergencies"]]
    if record.likeness is not None:
        lines.append(("comparable", "exam and reassess", "", said(record.likeness), "", COMMANDED))
    if record.course is not None:
        lines.append(("comparable", "earlier visits", "", said(record.course), "", COMMANDED))
        lines += [("earlier visit", visit.code, stamp(visit.at), visit.hash, "hash", COMMANDED) for visit in record.earlier or ()]
    lines += [("note", "", "", note, "", "") for note in view["notes"]]
    return table(lines)


def failed(fault: News) -> str:
    """What went wrong, and with which device where that is known."""
    device = fault.details.get("device")
    words = FAULTS[fault.type]
    return f"{words} ({device})" if fault.type == "device_lost" and isinstance(device, str) and SLUG.fullmatch(device) else words


def done(hand: Handed) -> str:
    """What a hand did, in words and without a sign."""
    words = {
        "light": ("brighter", "dimmer"),
        "music": ("louder", "quieter"),
        "stay": ("longer", ""),
        "extend": ("longer", ""),
    }
    if hand.amount is not None and hand.kind in words:
        return f"{round(abs(hand.amount), 1):g} {_UNITS[hand.kind]} {words[hand.kind][hand.amount < 0]}"
    if hand.device is not None:
        return f"{hand.device} held"
    return hand.kind.replace("_", " ")


def said(alike: Likeness) -> str:
    """Whether examination and re-examination can be compared, in one sentence."""
    match alike.comparable:
        case True:
            return f"yes: {alike.because}"
        case False:
            return f"no, because {alike.because}"
        case None:
            return f"not known: {alike.because}"


def _course(record: Record) -> Json | None:
    if record.course is None or record.earlier is None:
        return None
    alike = record.course
    return {
        "course": record.session.course,
        "visit": len(record.earlier) + 1,
        "comparable": alike.comparable,
        "because": alike.because,
        "earlier": [visit_view(visit) for visit in record.earlier],
    }


def _given(session: Session, site: Site, dose: DoseRow, now: Instant) -> Given:
    room = site.by_id.get(dose.room)
    device = room.by_id.get(dose.device) if room is not None and dose.room == session.room else None
    until = dose.ended_at or min(dose.lease_until, max(now, dose.began_at))
    emits = device.emission_mg_h if device is not None else 0.0
    return Given(session.offset(dose.began_at), session.offset(until), dose.family, dose.intensity, emits)


def _hands(session: Session, touched: Sequence[Touch], news: Sequence[News], now: Instant) -> tuple[Handed, ...]:
    until = session.offset(now)
    found = [Handed(t.at, t.kind, t.amount, t.device) for t in touched if t.at <= until and t.kind != "pause"]
    for each in news:
        kind = TIMES.get(each.type)
        if kind is not None and each.session == session.id and each.details.get("by", "hand") == "hand":
            minutes = each.details.get("minutes")
            found.append(Handed(session.offset(each.at), kind, float(minutes) if isinstance(minutes, int) and kind in _UNITS else None))
    if not any(hand.kind == "pause" for hand in found):  # its news may be gone, its cue is not
        found += [Handed(t.at, "pause") for t in touched if t.kind == "pause"]
    return tuple(sorted(found, key=lambda hand: (hand.offset, hand.kind)))


def _numbers(details: Mapping[str, object]) -> Mapping[str, float]:
    return {key: float(value) for key, value in details.items() if isinstance(value, int | float)}


def _notes(session: Session, room: Room, lived: Exposure, measured: bool) -> tuple[str, ...]:
    basis = "What is called measured comes from sensors in the room." if measured else "Nothing here was measured."
    notes = [f"Commanded: worked out from what the room was told and how it was calibrated. {basis}"]
    if session.state in UNBEGUN:
        cancelled = session.state is SessionState.CANCELLED
        notes.append("The session was cancelled before the guest came in." if cancelled else "The guest has not come in yet.")
    elif session.state in LIVE:
        notes.append("The session goes on. This is the report so far.")
    if lived.since > 1:
        notes.append(
            f"The session came from another room in minute {lived.since / 60:.0f}. Light, sound and warmth before that are not in it."
        )
    if room.full_volume_dba is None and room.of("player"):
        notes.append("The room's loudness is uncalibrated: levels of sound are assumed.")
    return tuple(notes)


def _reading(reading: Reading | None) -> Json | None:
    if reading is None:
        return None
    warmth = None if reading.kelvin is None else round(reading.kelvin)
    return {
        "lux": round(reading.lux, 1),
        "kelvin": warmth,
        "dba": round(reading.dba, 1),
        "exam_lamp_percent": round(reading.examination, 1),
    }


def _figure(value: float | None, digits: int, unit: str, basis: str = COMMANDED) -> Json:
    return {"value": None if value is None else round(value, digits), "unit": unit, "basis": basis}


def window(since: Instant, until: Instant) -> str:
    """Two days as part of a file's name."""
    return f"{since:%Y%m%d}-{until - timedelta(seconds=1):%Y%m%d}"
