"""The one function each way between a row of the store and its frozen model.

Sheets are packed: a tenth of the pages to write, check and back up.
"""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from ambiance.session.model import AirRow, CareRow, Course, DoseRow, DrillRow, KeyRow, News, RefRow, RoomRow, Session
from ambiance.session.sheets import Sheets

Row = Mapping[str, Any]
Values = dict[str, Any]
_Model = TypeVar("_Model")


def session_values(session: Session, sheets: Sheets) -> Values:
    return {
        "id": session.id,
        "room": session.room,
        "state": session.state.value,
        "setting": session.setting,
        "profile": session.profile,
        "minutes": session.minutes,
        "visit": session.visit,
        "starts_at": session.starts_at,
        "t0": session.t0,
        "created_at": session.created_at,
        "group": session.group,
        "scent": session.scent,
        "ended_at": session.ended_at,
        "ended_by": session.ended_by,
        "warnings": to_json(session.warnings),
        "therapist": session.therapist,
        "sheet": sheets.pack(session.sheet),
        "course": session.course,
        "erase": session.erase,
    }


def session_of(row: Row, sheets: Sheets) -> Session:
    return shape(Session).validate_python({**row, "warnings": from_json(row["warnings"]), "sheet": sheets.unpack(row["sheet"])})


def room_values(room: RoomRow, sheets: Sheets) -> Values:
    return {
        "room": room.room,
        "state": room.state.value,
        "since": room.since,
        "sheet": None if room.sheet is None else sheets.pack(room.sheet),
        "t0": room.t0,
        "air_until": room.air_until,
        "clean_until": room.clean_until,
        "latches": to_json(room.latches),
        "closed": room.closed,
    }


def room_of(row: Row, sheets: Sheets) -> RoomRow:
    sheet = row["sheet"]
    sheet = None if sheet is None else sheets.unpack(sheet)
    return shape(RoomRow).validate_python({**row, "latches": from_json(row["latches"]), "sheet": sheet})


def dose_values(dose: DoseRow) -> Values:
    return {
        "id": dose.id,
        "room": dose.room,
        "session": dose.session,
        "device": dose.device,
        "intensity": dose.intensity,
        "family": dose.family,
        "began_at": dose.began_at,
        "planned_until": dose.planned_until,
        "lease_until": dose.lease_until,
        "ended_at": dose.ended_at,
        "therapist": dose.therapist,
    }


def dose_of(row: Row) -> DoseRow:
    return shape(DoseRow).validate_python(dict(row))


def drill_values(drill: DrillRow) -> Values:
    return {field.name: getattr(drill, field.name) for field in fields(DrillRow)}


def drill_of(row: Row) -> DrillRow:
    return shape(DrillRow).validate_python(dict(row))


def air_values(row: AirRow) -> Values:
    return {field.name: getattr(row, field.name) for field in fields(AirRow)}


def air_of(row: Row) -> AirRow:
    return shape(AirRow).validate_python(dict(row))


def care_values(care: CareRow) -> Values:
    return {"session": care.session, "codes": care.codes, "known": care.known, "answers": care.answers, "erase_at": care.erase_at}


def care_of(row: Row) -> CareRow:
    return shape(CareRow).validate_python(dict(row))


def ref_values(ref: RefRow) -> Values:
    return {"ref": ref.ref, "codes": ref.codes, "until": ref.until}


def ref_of(row: Row) -> RefRow:
    return shape(RefRow).validate_python(dict(row))


def course_values(course: Course) -> Values:
    return {
        "id": course.id,
        "created_at": course.created_at,
        "used_at": course.used_at,
        "first": course.first,
        "body": to_json(course.body),
    }


def course_of(row: Row) -> Course:
    return shape(Course).validate_python({**row, "body": from_json(row["body"])})


def key_values(key: KeyRow) -> Values:
    return {
        "token": key.token,
        "key": key.key,
        "digest": key.digest,
        "status": key.status,
        "answer": to_json(key.answer),
        "at": key.at,
    }


def key_of(row: Row) -> KeyRow:
    return shape(KeyRow).validate_python({**row, "answer": from_json(row["answer"])})


def news_values(news: News) -> Values:
    return {
        "seq": news.seq,
        "at": news.at,
        "type": news.type,
        "room": news.room,
        "session": news.session,
        "details": to_json(news.details),
    }


def news_of(row: Row) -> News:
    return shape(News).validate_python({**row, "details": from_json(row["details"])})


def shape(model: type[_Model]) -> TypeAdapter[_Model]:
    """What a row must look like to become this model; built once, at first use."""
    key: Any = model
    adapter: TypeAdapter[_Model] = _adapter(key)
    return adapter


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)
