"""The calls behind the desk's lanes and the tablet's ring."""

from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from ambiance.session.model import SessionState
from tests.panel.doors import NOW, House, session


def house() -> House:
    opened = House()
    late = replace(session("s2", "cedar", SessionState.SCHEDULED), t0=NOW + timedelta(hours=2), starts_at=NOW + timedelta(hours=2))
    tomorrow = replace(session("s3", "cedar", SessionState.SCHEDULED), t0=NOW + timedelta(hours=26))
    opened.conductor.live += [late, tomorrow]
    opened.conductor.ended.append(
        replace(session("s0", "lavender", SessionState.DONE), t0=NOW - timedelta(hours=1, minutes=20), ended_at=NOW - timedelta(minutes=20))
    )
    opened.conductor.ended.append(replace(session("s9", "cedar", SessionState.CANCELLED), ended_at=NOW - timedelta(minutes=5)))
    return opened


def test_every_lane_has_what_was_is_and_will_be_as_pictures() -> None:
    lanes = house().ask("GET", "/api/v1/lanes").json()
    assert {lane["id"]: [(r["session"], r["state"]) for r in lane["ribbons"]] for lane in lanes} == {
        "lavender": [("s0", "done"), ("s1", "running")],
        "cedar": [("s2", "scheduled")],
    }
    (ribbon,) = lanes[1]["ribbons"]
    assert ribbon["from"] == "2026-06-01T11:00:00.000Z"
    assert ribbon["to"] == "2026-06-01T12:00:00.000Z"
    assert ribbon["name"] == "Prenatal"
    ElementTree.fromstring(ribbon["svg"])


def test_the_window_is_the_callers() -> None:
    lanes = house().ask("GET", "/api/v1/lanes?back=10&ahead=30").json()
    assert [[r["session"] for r in lane["ribbons"]] for lane in lanes] == [["s1"], []]
    assert house().ask("GET", "/api/v1/lanes?back=-1").status_code == 422


def test_a_tablet_sees_its_own_lane_without_the_treatment() -> None:
    opened = house()
    (lane,) = opened.ask("GET", "/api/v1/lanes", role="room").json()
    assert lane["id"] == "lavender"
    text = opened.ask("GET", "/api/v1/rooms/lavender/lane", role="room").text
    assert "prenatal" not in text.lower()
    assert "svg" not in text
    assert opened.ask("GET", "/api/v1/rooms/cedar/lane", role="room").status_code in (403, 404)


def test_a_sessions_picture_is_fetched_once() -> None:
    opened = house()
    first = opened.ask("GET", "/api/v1/sessions/s1/ribbon.svg?shape=ring")
    assert first.headers["content-type"] == "image/svg+xml"
    assert first.headers["cache-control"] == "private, no-cache"
    again = opened.ask("GET", "/api/v1/sessions/s1/ribbon.svg?shape=ring", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("shape", ["full", "lane", "ring"])
def test_a_tablet_gets_the_ring_whatever_it_asks_for(shape: str) -> None:
    picture = house().ask("GET", f"/api/v1/sessions/s1/ribbon.svg?shape={shape}", role="room").text
    assert 'class="ring"' in picture
    assert house().ask("GET", f"/api/v1/sessions/s2/ribbon.svg?shape={shape}", role="room").status_code == 404


def test_a_shape_nobody_draws_is_refused() -> None:
    assert house().ask("GET", "/api/v1/sessions/s1/ribbon.svg?shape=cube").status_code == 422
