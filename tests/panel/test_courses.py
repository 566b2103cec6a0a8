"""Courses and forgetting over HTTP: who may, what is kept, and what a report says of the visits before."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ambiance.panel.reportshapes import AgainstShape, CourseShape
from ambiance.session.model import Course, SessionState
from ambiance.session.wishes import CloseCourse, Erase, OpenCourse, Start
from tests.panel.doors import NOW, ROLES, House, session
from tests.panel.test_reports import clinical, library, report

__all__ = ["clinical", "library"]

REFERENCE = "K7M2QXA4TD"
BODY = {"room": "lavender", "course": REFERENCE}


def visit(days: float, lux: float, code: str = "AAAAAAA") -> dict[str, Any]:
    reading = {"lux": lux, "kelvin": 4000.0, "dba": 20.0, "examination": 100.0}
    seen = {"exam": reading, "reassess": reading}
    return {"at": (NOW - timedelta(days=days)).isoformat(), "code": code, "hash": "0" * 12, "readings": seen}


def a_course(*visits: dict[str, Any]) -> Course:
    point = {"lux": 100.0, "kelvin": 3000.0, "dba": 42.0, "accent": True}
    body = {"profile": "clinical/x", "minutes": 60, "phases": {"work1": point}, "trims": {"light": -4.0}, "visits": list(visits)}
    return Course(REFERENCE, NOW - timedelta(days=60), NOW - timedelta(days=7), body=body)


def test_a_course_is_opened_and_a_session_started_with_it(house: House) -> None:
    opened = house.ask("POST", "/api/v1/courses")
    assert (opened.status_code, opened.json()["course"]) == (201, REFERENCE)
    assert house.ask("POST", "/api/v1/sessions", BODY).status_code == 201
    wish = house.conductor.wishes[-1][0]
    assert isinstance(wish, Start)
    assert (wish.course, wish.profile, wish.minutes) == (REFERENCE, None, None)


@pytest.mark.parametrize("reference", ["Annegret Q", "annegret-q", "K7M2QXA4T", "K7M2QXA4T0", "0000000000", "", 7, ["K7M2QXA4TD"]])
def test_a_reference_that_we_did_not_make_is_refused(house: House, reference: object) -> None:
    answer = house.ask("POST", "/api/v1/sessions", {**BODY, "course": reference})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "course"
    assert not house.conductor.wishes


def test_course_and_like_name_two_atmospheres_and_that_is_one_too_many(house: House) -> None:
    answer = house.ask("POST", "/api/v1/sessions", {**BODY, "like": "s1"})
    assert answer.status_code == 422
    assert "not both" in answer.json()["detail"]


def test_what_is_kept_of_a_course_is_numbers(house: House) -> None:
    house.rows.courses[REFERENCE] = a_course(visit(14, 500), visit(7, 410, "BBBBBBB"))
    found = house.ask("GET", f"/api/v1/courses/{REFERENCE.lower()}").json()
    CourseShape.model_validate(found)
    assert set(found) == set(CourseShape.model_fields)
    assert found["set_points"] == {"work1": {"lux": 100.0, "kelvin": 3000.0, "dba": 42.0, "accent": True}}
    assert [(v["code"], v["exam"]["lux"]) for v in found["visits"]] == [("AAAAAAA", 500), ("BBBBBBB", 410)]
    assert found["kept_until"] == "2026-11-21T09:00:00.000Z"
    assert house.ask("GET", "/api/v1/courses/2222222222").status_code == 404
    assert house.ask("GET", "/api/v1/courses/Annegret").status_code == 422


def test_a_report_is_held_against_the_earlier_visits_of_its_course(house: House, clinical: Any) -> None:
    house.rows.past.append(replace(clinical, course=REFERENCE))
    house.rows.courses[REFERENCE] = a_course(visit(14, 500), visit(7, 300, "BBBBBBB"), visit(-7, 999, "CCCCCCC"))
    found = report(house)["course"]
    AgainstShape.model_validate(found)
    assert (found["course"], found["visit"], found["comparable"]) == (REFERENCE, 3, False)
    assert found["because"].startswith("exam was 300 lx")
    assert "on 2026-05-18 500 lx" in found["because"]
    assert [each["code"] for each in found["earlier"]] == ["AAAAAAA", "BBBBBBB"]
    page = house.ask("GET", "/api/v1/sessions/done-1/report.html").text
    assert "Visit 3 of its course, comparable with the earlier ones: no, because exam was 300 lx" in page
    assert "earlier visits" in house.ask("GET", "/api/v1/sessions/done-1/report.csv").text


def test_a_report_without_a_course_says_nothing_of_one(house: House, clinical: Any) -> None:
    house.rows.past.append(clinical)
    assert report(house)["course"] is None
    house.rows.past[-1] = replace(clinical, course=REFERENCE)
    assert report(house)["course"] is None  # it was erased meanwhile


def test_who_may_keep_courses_and_who_may_forget(house: House) -> None:
    house.rows.courses[REFERENCE] = a_course()
    house.rows.past.append(session("old", state=SessionState.DONE))
    calls = {
        ("POST", "/api/v1/courses"): {"manager", "desk", "therapist", "integration"},
        ("GET", f"/api/v1/courses/{REFERENCE}"): {"manager", "desk", "therapist", "integration"},
        ("DELETE", f"/api/v1/courses/{REFERENCE}"): {"manager"},
        ("DELETE", "/api/v1/sessions/old"): {"manager"},
    }
    for (method, path), may in calls.items():
        assert house.ask(method, path, role=None).status_code == 401
        for role in ROLES:
            assert (house.ask(method, path, role=role).status_code < 300) is (role in may), (method, path, role)


def test_forgetting_is_put_to_the_conductor(house: House) -> None:
    house.rows.past.append(session("old", state=SessionState.DONE))
    assert house.ask("DELETE", "/api/v1/sessions/old", role="manager").status_code == 202
    house.ask("DELETE", f"/api/v1/courses/{REFERENCE}", role="manager")
    house.ask("POST", "/api/v1/courses")
    assert [wish for wish, _ in house.conductor.wishes] == [Erase("old"), CloseCourse(REFERENCE), OpenCourse()]
    assert house.ask("DELETE", "/api/v1/sessions/nobody", role="manager").status_code == 404


def test_a_course_is_no_business_of_a_tablet(house: House) -> None:
    house.conductor.live = [replace(session("s1"), course=REFERENCE)]
    assert house.ask("GET", "/api/v1/sessions/s1").json()["course"] == REFERENCE
    assert REFERENCE not in house.ask("GET", "/api/v1/sessions/s1", role="room").text
    assert REFERENCE not in house.ask("GET", "/api/v1/sessions", role="room").text
