"""How rooms, sessions, sheets and news look in JSON: pure functions from snapshots to plain values."""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import timedelta
from math import isfinite
from typing import Any

from ambiance.care import Care
from ambiance.clock import Instant
from ambiance.clock import stamp as written
from ambiance.cuesheet import volume_of
from ambiance.cuesheet.model import FOREVER, ClimateLevel, FanLevel, Level, LightLevel, Scene, Sheet, SoundLevel, WarmerLevel
from ambiance.panel.seams import RoomBelief
from ambiance.profile.profile import Profile
from ambiance.session.model import GRAVITY, DrillRow, News, Session
from ambiance.session.needs import asked, concerns
from ambiance.session.wishes import RoomNow
from ambiance.site import Device, Room, Site
from ambiance.units import SILENCE, kelvin, output
from ambiance.why import Layer, Why

Json = dict[str, Any]
DRILL_DUE = timedelta(days=35)
"""A path that was proved longer ago than this is due: a month, and a few days for holidays."""


def stamp(at: Instant | None) -> str | None:
    """ISO-8601 in UTC, to the millisecond, with Z."""
    return None if at is None else written(at)


def room_view(room: Room, present: RoomNow, faults: Sequence[str], now: Instant, waiting: Sequence[str] | None = None) -> Json:
    """One room at a glance: state, countdown, what it waits for, what is wrong with it.

    `waiting`: what an emergency in it has asked and nothing has confirmed yet; None where nothing in the room was asked.
    """
    return {
        "id": room.id,
        "name": room.name,
        "area": room.area,
        "setting": room.setting,
        "state": str(present.state),
        "session": present.session.id if present.session else None,
        "phase": present.phase,
        "phases": present.phases,
        "phase_ends_at": stamp(present.phase_ends_at),
        "ends_at": stamp(present.ends_at),
        "countdown": None if present.ends_at is None else max(0, round((present.ends_at - now).total_seconds())),
        "waiting_for": present.waiting_for,
        "hands": [plain(hand) for hand in present.hands],
        "faults": [plain(fault) for fault in faults],
        "scent_policy": room.scent_policy,
        "scent": present.scented.word,
        "scent_estimate_ug_m3": round(present.scented.estimate, 1),
        "scent_free_from": stamp(present.scent_free_from),
        "scent_below": {f"{percent}_percent": stamp(at) for percent, at in present.scented.below.items()},
        "airing_until": stamp(present.airing_until),
        "window_open_until": stamp(present.window_until),
        "next_booking": stamp(present.next_start),
        "emergency": present.emergency,
        "emergency_since": stamp(present.latches[0].since) if present.latches else None,
        "emergency_beneath": [latch.kind for latch in present.latches[1:]],
        "emergency_confirmed": None if waiting is None else not waiting,
        "emergency_waiting": list(waiting or ()),
    }


def noted(belief: RoomBelief) -> Json:
    """What is worth knowing of a room, and what its sensors measure, for whoever looks after it."""
    return {
        "notes": [plain(note) for note in belief.notes],
        "sensors": {
            id: {**{key: value for key, value in (device.reported or {}).items() if _simple(value)}, "at": stamp(device.reported_at)}
            for id, device in belief.devices.items()
            if device.kind == "sensor"
        },
    }


def session_view(session: Session, present: RoomNow | None, care: Care | None = None) -> Json:
    """One session; `present` is its room's now, where it is the one being played there; `care` what contradicts in it."""
    conflicts = care.conflicts if care is not None else ()
    live = present if present is not None and present.session is not None and present.session.id == session.id else None
    return {
        "id": session.id,
        "room": session.room,
        "state": str(session.state),
        "profile": session.profile,
        "setting": session.setting,
        "minutes": session.minutes,
        "visit": session.visit,
        "starts_at": stamp(session.starts_at),
        "t0": stamp(session.t0),
        "ends_at": stamp(live.ends_at if live and live.ends_at else ends_at(session)),
        "phase": live.phase if live else 0,
        "phases": live.phases if live else phases(session.sheet),
        "phase_id": live.phase_id if live else None,
        "waiting_for": live.waiting_for if live else None,
        "warnings": [*session.warnings, *concerns(care, session.sheet)],
        "conflicts": [asked(each) for each in conflicts],
        "group": session.group,
        "course": session.course,
        "therapist": session.therapist,
        "created_at": stamp(session.created_at),
        "ended_at": stamp(session.ended_at),
    }


def display_view(care: Care | None) -> Json:
    """How a room's own display should behave for whoever is in it; no time stands beside the language."""
    care = care or Care()
    return {
        "language": care.languages[0] if len(care.languages) == 1 else None,
        "still": care.still_display,
        "guest_controls": care.client_control,
        "asks_first": care.announce,
        "doors_stay": care.door_hold,
    }


def ends_at(session: Session) -> Instant:
    """When the guest leaves: where the last phase between welcome and redress ends."""
    ends = [span.end for span in session.sheet.spans if span.n]
    return session.at(max(ends, default=session.minutes * 60.0))


def phases(sheet: Sheet) -> int:
    """How many phases there are from welcome to redress."""
    return max((span.n for span in sheet.spans), default=0)


def site_view(site: Site, drills: Iterable[DrillRow], now: Instant, speed: float = 1.0) -> Json:
    """The house at a glance: its time, the drill under way, when each path was last proved, and which proof is too old."""
    known = {row.kind: row for row in drills}
    proved = {kind: known[kind].confirmed_at if kind in known else None for kind in GRAVITY}
    by = {kind: known[kind].confirmed_by if kind in known else None for kind in GRAVITY}
    return {
        "id": site.id,
        "name": site.name,
        "timezone": site.timezone.key,
        "now": stamp(now),
        "speed": speed,
        "drills_under_way": [
            {
                "kind": row.kind, "room": row.room, "began_at": stamp(row.began_at), "until": stamp(row.until),
                "heard_at": stamp(row.heard_at),
            }
            for row in known.values()
            if row.ended_at is None and row.until > now
        ],
        "last_drill": stamp(max((at for at in proved.values() if at is not None), default=None)),
        "last_drills": {kind: {"at": stamp(at), "by": by[kind]} for kind, at in proved.items()},
        "drills_overdue": [kind for kind, at in proved.items() if at is None or at < now - DRILL_DUE],
    }


def why_view(room: Room, scene: Scene, unconfirmed: Container[str] | None = None) -> Json:
    """For each value of the scene: the layer that decided it, and where it did. Values in native units.

    `unconfirmed`: in an emergency, the devices that have not said yet that they obey (else None).
    """
    found: Json = {}
    for id, level in scene.levels.items():
        device = room.by_id.get(id)
        if device is None:
            continue
        whys = scene.why.get(id, {})
        found[id] = {
            attribute: _because(value, whys.get(attribute) or next(iter(whys.values()), None))
            for attribute, value in native(level, room, device).items()
        }
    for device in room.of("diffuser"):
        runs = scene.dose is not None and scene.dose.device == device.id
        found[device.id] = {"intensity": _because(scene.dose.intensity if runs and scene.dose else 0, scene.scent)}
    if unconfirmed is not None:
        source = next((why.source for whys in scene.why.values() for why in whys.values()), "")
        found |= {each.id: {"on": _because(False, Why(Layer.EMERGENCY, source))} for each in room.of("diffuser")}
        for id, attributes in found.items():
            for said in attributes.values():
                said["confirmed"] = id not in unconfirmed
    return found


def native(level: Level, room: Room, device: Device) -> Json:
    """A level in the keys and units of the device's native payload."""
    match level:
        case LightLevel(lightness, mireds, color):
            return {"brightness": round(output(lightness) * 100, 2), "kelvin": round(kelvin(mireds)) if mireds else None, "color": color}
        case SoundLevel(dba, playlist):
            percent = volume_of(room, device, dba) if dba > SILENCE else 0.0
            return {"volume": round(percent, 1), "playlist": playlist}
        case ClimateLevel(celsius):
            return {"celsius": celsius}
        case FanLevel(speed):
            return {"speed": speed}
        case WarmerLevel(on):
            return {"on": on}


def _because(value: object, why: Why | None) -> Json:
    why = why or Why(Layer.STANDING, "")
    return {"value": value, "layer": str(why.layer), "source": why.source}


def profile_view(profile: Profile) -> Json:
    """One treatment of the library."""
    return {
        "id": profile.id,
        "name": profile.name,
        "setting": profile.setting,
        "modality": profile.modality,
        "lengths": list(profile.lengths),
        "default_minutes": profile.default_minutes,
        "remarks": profile.remarks,
    }


def sheet_view(sheet: Sheet) -> Json:
    """A compiled preview: phases up to the end of the turnover, cues and doses in seconds from the guest's entering."""
    return {
        "profile": sheet.profile,
        "minutes": sheet.minutes,
        "phases": [
            {"phase": s.phase, "n": s.n, "start": s.start, "end": s.end, "border": s.border} for s in sheet.spans if s.end < FOREVER
        ],
        "cues": [
            {"at": c.at, "device": c.device, "fade": c.fade, "start": level_view(c.start), "target": level_view(c.target)}
            for c in sheet.cues
        ],
        "doses": [{"device": d.device, "at": d.at, "until": d.until, "intensity": d.intensity, "family": d.family} for d in sheet.doses],
        "clamps": [
            {
                "device": c.device, "phase": c.phase, "attribute": c.attribute, "asked": c.asked, "given": c.given,
                "layer": str(c.why.layer), "source": c.why.source,
            }
            for c in sheet.clamps
        ],
    }  # fmt: skip


def level_view(level: Level) -> Json:
    """A level in the units the sheet is drawn in: L*, kelvin, dBA."""
    match level:
        case LightLevel(lightness, mireds, color):
            return {"lstar": round(lightness, 3), "kelvin": round(kelvin(mireds)) if mireds else None, "color": color}
        case SoundLevel(dba, playlist):
            return {"dba": round(dba, 2), "playlist": playlist}
        case ClimateLevel(celsius):
            return {"celsius": celsius}
        case FanLevel(speed):
            return {"speed": speed}
        case WarmerLevel(on):
            return {"on": on}


def news_view(news: News) -> Json:
    """One event, whole, for people who may see everything."""
    return {
        **{key: _said(value) for key, value in news.details.items()},
        "type": news.type,
        "at": stamp(news.at),
        "seq": news.seq,
        "room": news.room,
        "session": news.session,
    }


def _simple(value: object) -> bool:
    return isinstance(value, bool) or (isinstance(value, int | float) and isfinite(value))


def plain(words: str) -> str:
    """A hand or fault as people read it: never spelt like a care code, one line, nothing that colours a terminal."""
    return "".join(c if c.isprintable() else " " for c in words.replace("_", " "))[:200]


def _said(value: Any) -> Any:
    if isinstance(value, Instant):
        return stamp(value)
    if isinstance(value, Mapping):
        return {str(key): _said(each) for key, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_said(each) for each in value]
    return value if isinstance(value, int | float | bool | None) else str(value)
