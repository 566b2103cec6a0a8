"""Reports of sessions, the play log and the ledger: right, for those who may, and nobody in them."""

import base64
import csv
import hashlib
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ambiance.care import parse
from ambiance.cuesheet import Hand, Order, compile_sheet, replan
from ambiance.cuesheet.model import Cue, SoundLevel
from ambiance.panel.reportshapes import HabitShape, ReportShape
from ambiance.panel.reportview import record
from ambiance.panel.spreadsheet import table
from ambiance.profile import Library
from ambiance.session.model import DoseRow, News, Session, SessionState
from ambiance.session.past import report_code
from ambiance.units import SILENCE, lstar
from tests.panel.doors import NOW, ROLES, SHEET, SITE, FakeToken, House, session

LAVENDER = SITE.by_id["lavender"]
HOUR = timedelta(hours=1)
FORMS = ("", ".csv", ".html")


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load(Path(__file__).parents[2] / "profiles")


@pytest.fixture
def clinical(library: Library) -> Session:
    """An hour in a clinic that is over; scent was given once, and the therapist dimmed the reassessment."""
    profile = library.get("clinical/myofascial_release")
    room = replace(LAVENDER, setting="clinical")
    sheet = compile_sheet(Order(profile, 60, care=parse(())), room, borders="clock")
    at = next(span.start for span in sheet.spans if span.phase == "reassess")
    sheet = replan.with_hand(sheet, at, Hand("light", at, lstar(246 / 300) - 100, source="light -8 L*"))
    return Session(
        "done-1", "lavender", SessionState.DONE, "clinical", profile.id, 60, "first", NOW - HOUR, NOW - HOUR, sheet, NOW - HOUR,
        ended_at=NOW, ended_by="clock", warnings=("migraine: light_max_lx 10 holds",), group="g-secret",
    )  # fmt: skip


@pytest.fixture
def house(house: House, clinical: Session) -> House:
    house.rows.past.append(clinical)
    began = NOW - timedelta(minutes=50)
    house.rows.given.append(
        DoseRow("d1", "lavender", "done-1", "diffuser", 2, "floral_herbal", began, began, began, began + timedelta(minutes=5))
    )
    return house


def report(house: House, id: str = "done-1") -> dict[str, Any]:
    answer = house.ask("GET", f"/api/v1/sessions/{id}/report")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def cells(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.text)))


def test_what_sensors_measured_is_said_in_place_of_what_was_commanded(house: House) -> None:
    said = {"lux": 18.0, "lux_least": 4.2, "lux_most": 61.0, "lux_h": 18.04, "laeq": 43.17, "lmax": 51.0, "celsius": 24.3}
    house.rows.news.append(News(90, NOW, "room_measured", "lavender", "done-1", said))
    found = report(house)
    figures = found["figures"]
    assert figures["light_dose"] == {"value": 18.04, "unit": "lx·h", "basis": "measured"}
    assert figures["temp_mean"] == {"value": 24.3, "unit": "°C", "basis": "measured"}
    assert (figures["laeq"]["value"], figures["min_lux"]["value"]) == (43.2, 4.2)
    assert figures["melanopic_dose_est"]["basis"] == "estimate"
    assert found["notes"][0].endswith("What is called measured comes from sensors in the room.")


def test_a_report_says_what_was_in_which_unit_and_how_it_is_known(house: House) -> None:
    found = report(house)
    figures = found["figures"]
    assert found["code"] == report_code("done-1")
    assert found["so_far"] is False
    assert found["minutes"] == {"planned": 60, "real": 60}
    assert {figure["basis"] for figure in figures.values()} == {"commanded", "estimate"}
    assert figures["scent_minutes"] == {"value": 5, "unit": "min", "basis": "commanded"}
    assert figures["scent_family"]["value"] == ["floral_herbal"]
    assert figures["scent_peak_est"]["basis"] == figures["melanopic_dose_est"]["basis"] == "estimate"
    assert figures["max_lux"]["value"] == pytest.approx(300)
    assert 0 < figures["light_dose"]["value"] < 300
    assert 35 < figures["laeq"]["value"] <= figures["lmax"]["value"]
    assert figures["temp_mean"]["value"] is None
    assert [hand["kind"] for hand in found["hands"]] == ["light"]
    assert [phase["phase"] for phase in found["phases"]][:2] == ["welcome", "exam"]
    assert sum(phase["real_min"] for phase in found["phases"]) == pytest.approx(60)


def test_a_clinic_is_told_whether_it_can_compare_and_why_not(house: House) -> None:
    found = report(house)
    assert found["comparable"] is False
    assert found["because"] == "reassess was 246 lx, exam 300 lx"
    assert found["tolerances"] == {"light_percent": 10, "colour_mired": 5, "sound_db": 3}
    assert (found["exam"]["lux"], found["reassess"]["lux"]) == (300, 246)
    assert "Comparable: no, because reassess was 246 lx, exam 300 lx." in house.ask("GET", "/api/v1/sessions/done-1/report.html").text


def test_a_spa_is_told_nothing_of_comparing(house: House, clinical: Session) -> None:
    house.rows.past.append(replace(clinical, id="spa-1", setting="spa"))
    assert report(house, "spa-1")["comparable"] is None
    assert "Comparable" not in house.ask("GET", "/api/v1/sessions/spa-1/report.html").text


def test_hands_on_time_faults_and_emergencies_come_from_the_news_and_a_silent_call_does_not(house: House) -> None:
    at = NOW - timedelta(minutes=30)
    house.rows.news += [
        News(1, at, "phase_stayed", "lavender", "done-1", {"minutes": 5}),
        News(2, at, "dose_skipped", "lavender", "done-1", {"device": "diffuser", "reason": "asthma"}),
        News(3, at, "emergency_began", "lavender", "done-1", {"kind": "fire"}),
        News(4, at, "emergency_began", "lavender", None, {"kind": "duress"}),
        News(5, at, "controller_started", None, None, {"epoch": 3}),
        News(6, at - 3 * HOUR, "controller_started", None, None, {"epoch": 2}),
        News(7, at, "session_paused", "cedar", "another", {}),
        News(8, at, "phase_advanced", "lavender", "done-1", {"by": "grace"}),
        News(9, at, "device_lost", "lavender", "done-1", {"device": "ceiling"}),
    ]
    found = report(house)
    assert [(hand["kind"], hand["amount"]) for hand in found["hands"]] == [("stay", 5), ("light", -7.43)]
    assert [fault["code"] for fault in found["faults"]] == ["dose_skipped", "controller_started", "device_lost"]
    assert found["faults"][-1]["said"] == "A device did not answer (ceiling)"
    assert [emergency["kind"] for emergency in found["emergencies"]] == ["fire"]
    for form in FORMS:
        text = house.ask("GET", f"/api/v1/sessions/done-1/report{form}").text
        assert "duress" not in text
        assert "asthma" not in text


def test_a_live_session_has_a_report_so_far(house: House) -> None:
    lively = session("s1")
    cue = Cue(0, "speaker", SoundLevel(40, "pl-1"), SoundLevel(40, "pl-1"), 0.0)
    house.conductor.live = [replace(lively, sheet=replace(SHEET, cues=(cue,)))]
    house.clock.advance(600)
    found = report(house, "s1")
    assert found["so_far"] is True
    assert found["minutes"]["real"] == 10
    assert found["figures"]["laeq"]["value"] == 40
    assert "so far" in house.ask("GET", "/api/v1/sessions/s1/report.html").text


@pytest.mark.parametrize("state", [SessionState.SCHEDULED, SessionState.WAITING, SessionState.PREPARING, SessionState.CANCELLED])
def test_where_nobody_came_there_is_nothing_to_report_and_it_is_said(house: House, clinical: Session, state: SessionState) -> None:
    house.rows.past.append(replace(clinical, id="un-1", state=state, ended_at=NOW if state is SessionState.CANCELLED else None))
    found = report(house, "un-1")
    assert found["minutes"]["real"] == 0
    assert found["figures"]["light_dose"]["value"] is None
    assert found["from"] is None
    assert any("guest" in note for note in found["notes"])
    assert house.ask("GET", "/api/v1/sessions/un-1/report.html").status_code == 200


def test_a_room_that_is_gone_has_no_report_and_one_never_told_anything_was_dark(house: House, clinical: Session) -> None:
    house.rows.past.append(replace(clinical, id="gone-1", room="attic"))
    assert house.ask("GET", "/api/v1/sessions/gone-1/report").status_code == 404
    house.rows.past.append(replace(clinical, id="early-1", sheet=replace(clinical.sheet, cues=())))
    assert report(house, "early-1")["figures"]["light_dose"]["value"] == 0


def test_a_report_is_found_by_its_code_in_any_case(house: House) -> None:
    code = report_code("done-1")
    assert house.ask("GET", f"/api/v1/reports/{code.lower()}").json() == report(house)
    assert house.ask("GET", "/api/v1/reports/2222222").status_code == 404
    assert house.ask("GET", "/api/v1/reports/nonsense!").status_code == 422


def test_two_sessions_of_one_code_are_not_taken_for_each_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.rows, "called", lambda code: ["done-1", "done-2"])
    answer = house.ask("GET", "/api/v1/reports/2222222")
    assert answer.status_code == 409
    assert "done-2" in answer.json()["detail"]


def test_an_uncalibrated_room_and_a_change_of_rooms_are_noted(clinical: Session) -> None:
    unknown = replace(SITE, rooms=(replace(LAVENDER, full_volume_dba=None),))
    late = replace(clinical, sheet=replace(clinical.sheet, cues=tuple(cue for cue in clinical.sheet.cues if cue.at >= 600)))
    notes = " ".join(record(late, unknown, (), (), {}, NOW).notes)
    assert "uncalibrated" in notes
    assert "came from another room in minute 10" in notes


# --- forms -----------------------------------------------------------------------------------------------------------


def test_the_csv_holds_what_the_json_does(house: House) -> None:
    found, lines = report(house), cells(house.ask("GET", "/api/v1/sessions/done-1/report.csv"))
    assert lines[0] == ["part", "name", "at", "value", "unit", "basis"]
    assert all(len(line) == 6 for line in lines)
    by_name = {(line[0], line[1]): line[3] for line in lines}
    assert by_name["report", "code"] == found["code"]
    for name, figure in found["figures"].items():
        if not isinstance(figure["value"], list):
            assert by_name["figure", name] == ("" if figure["value"] is None else str(figure["value"]))
    assert by_name["comparable", "exam and reassess"] == "no, because reassess was 246 lx, exam 300 lx"
    assert by_name["hand", "light"] == "7.4 L* dimmer"
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in lines for cell in line)


@given(st.lists(st.lists(st.text(), min_size=1, max_size=4), max_size=5))
def test_no_cell_begins_like_a_formula_and_nothing_is_lost(lines: list[list[str]]) -> None:
    lines = [[cell.replace("\r", "").replace("\x00", "") for cell in line] for line in lines]
    read = list(csv.reader(io.StringIO(table(lines), newline="")))
    kept = [line for line in lines if line != [""]]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for line in read for cell in line)
    assert [[cell.removeprefix("'") for cell in line] for line in read if line not in ([], [""])] == [
        [cell.removeprefix("'") for cell in line] for line in kept
    ]


def test_the_page_needs_nothing_and_its_policy_lets_nothing_else_in(house: House) -> None:
    answer = house.ask("GET", "/api/v1/sessions/done-1/report.html")
    policies = answer.headers.get_list("content-security-policy")
    page = answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; style-src 'sha256-")
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() in policies[0]
    assert not re.search(r"\sstyle=|<script|<link|<img|\son\w+=|url\(http|@import|javascript:", page)
    assert "@media print" in style
    assert "size:A4" in style
    assert page.count("<svg") == 1
    assert report_code("done-1") in page
    assert answer.headers["x-content-type-options"] == "nosniff"
    # The others keep the house's policy.
    assert "default-src 'self'" in house.ask("GET", "/api/v1/sessions/done-1/report").headers["content-security-policy"]


def test_the_page_is_in_the_readers_language_and_every_column_has_a_name(house: House) -> None:
    def page(language: str) -> str:
        return house.ask("GET", "/api/v1/sessions/done-1/report.html", headers={"Accept-Language": language}).text

    german = page("de-AT, en;q=0.5")
    assert '<html lang="de">' in german
    assert "Vergleichbar: nein: Nachprüfen 246 lx, Untersuchung 300 lx." in german
    assert "7,4 L* dunkler" in german and "erste Seite" in german and "blumig, krautig" in german
    words = re.sub(r"<style>.*?</style>|<[^>]+>|aria-label", " ", german)
    assert not re.search(r"\b(the|were|planned|commanded|light|dose|music|exam|Written)\b", words)
    for text in (german, page("en")):
        assert text.count("<th ") == 7 and not re.search(r"<th[^>]*></th>", text)
    assert "because" in house.ask("GET", "/api/v1/sessions/done-1/report", headers={"Accept-Language": "de"}).text


def test_a_page_of_many_hands_stays_one_page(house: House, clinical: Session) -> None:
    hands = tuple(Hand("light", 60.0 * i, 1.0, source=f"light +{i} L*") for i in range(1, 50))
    house.rows.past.append(replace(clinical, id="busy-1", sheet=replace(clinical.sheet, hands=hands)))
    page = house.ask("GET", "/api/v1/sessions/busy-1/report.html").text
    assert page.count("L* brighter") == 12
    assert "and 38 more, in the CSV" in page
    assert len([line for line in cells(house.ask("GET", "/api/v1/sessions/busy-1/report.csv")) if line[0] == "hand"]) == 50


def test_what_a_device_is_called_cannot_become_markup(house: House, clinical: Session) -> None:
    hold = Hand("hold", 60.0, device='<script>alert("x")</script>', source="desk")
    house.rows.past.append(replace(clinical, id="odd-1", sheet=replace(clinical.sheet, hands=(hold,))))
    page = house.ask("GET", "/api/v1/sessions/odd-1/report.html").text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


# --- who may, and who is in it ---------------------------------------------------------------------------------------

MAY = [
    *((f"/api/v1/sessions/done-1/report{form}", {"manager", "desk", "therapist"}) for form in FORMS),
    (f"/api/v1/reports/{report_code('done-1')}", {"manager", "desk", "therapist"}),
    ("/api/v1/playlog", {"manager", "desk"}),
    ("/api/v1/ledger", {"manager"}),
]


@pytest.mark.parametrize(("path", "may"), MAY)
def test_only_those_who_may_read(house: House, path: str, may: set[str]) -> None:
    for role in ROLES:
        assert house.ask("GET", path, role=role).status_code == (200 if role in may else 403), role
    assert house.ask("GET", path, role=None).status_code == 401


def test_who_knows_one_room_reads_no_log_of_the_house(house: House) -> None:
    house.tokens.by_secret["desk-secret"] = FakeToken("t-desk", "desk", "lavender")
    assert house.ask("GET", "/api/v1/playlog").status_code == 403


@pytest.mark.parametrize("path", [path for path, _ in MAY])
def test_no_code_reason_or_person_is_in_it(house: House, path: str) -> None:
    text = house.ask("GET", path, role="manager").text
    for secret in ("migraine", "light_max_lx", "g-secret", "t-manager", "first", "warnings", "holds"):
        assert secret not in text.replace("first side", ""), secret


# --- play log and ledger ---------------------------------------------------------------------------------------------


def playing(id: str, at: datetime, room: str = "lavender") -> Session:
    """Half an hour of one playlist, then silence."""
    level, none = SoundLevel(40, "pl-1"), SoundLevel(SILENCE)
    cues = (Cue(0, "speaker", level, level, 0.0), Cue(1800, "speaker", level, none, 0.0))
    return replace(
        session(id, room, SessionState.DONE),
        t0=at,
        starts_at=at,
        ended_at=at + HOUR,
        sheet=replace(SHEET, profile="spa/swedish", cues=cues),
    )


def test_the_play_log_says_where_what_and_when_and_not_for_whom(house: House) -> None:
    house.rows.past[:] = [playing("p1", NOW - 2 * HOUR), playing("p2", NOW - 3 * HOUR, "cedar")]
    answer = house.ask("GET", "/api/v1/playlog")
    assert cells(answer) == [
        ["room", "playlist", "from", "to", "minutes"],
        ["cedar", "pl-1", "2026-06-01T06:00:00.000Z", "2026-06-01T06:30:00.000Z", "30.0"],
        ["lavender", "pl-1", "2026-06-01T07:00:00.000Z", "2026-06-01T07:30:00.000Z", "30.0"],
    ]
    assert answer.headers["content-disposition"] == 'attachment; filename="playlog-20260503-20260601.csv"'


def test_a_play_over_midnight_is_parted_between_the_days_of_the_site(house: House) -> None:
    house.rows.past[:] = [playing("p1", datetime(2026, 5, 31, 21, 45, tzinfo=UTC))]  # 23:45 in Berlin
    minutes = [cells(house.ask("GET", f"/api/v1/playlog?from={day}&to={day}"))[1:] for day in ("2026-05-31", "2026-06-01", "2026-06-02")]
    assert [line[0][4] if line else None for line in minutes] == ["15.0", "15.0", None]


def test_what_plays_now_is_in_the_log_up_to_now(house: House) -> None:
    house.rows.past[:] = [replace(playing("p1", NOW - timedelta(minutes=10)), state=SessionState.RUNNING, ended_at=None)]
    assert cells(house.ask("GET", "/api/v1/playlog"))[1][3:] == ["2026-06-01T09:00:00.000Z", "10.0"]


def test_many_sessions_are_read_page_by_page(house: House) -> None:
    house.rows.past[:] = [playing(f"p{n:03}", NOW - timedelta(hours=2 + n)) for n in range(250)]
    assert len(cells(house.ask("GET", "/api/v1/playlog"))) == 251


def test_the_ledger_tells_what_five_sessions_have_in_common_and_nothing_less(house: House) -> None:
    def dimmed(n: int, kind: Any = "light", profile: str = "spa/swedish") -> Session:
        base = playing(f"{kind}{n}", NOW - timedelta(hours=2 + n))
        hand = Hand(kind, 100.0, -5.0, source=f"{kind} -5")
        return replace(base, profile=profile, sheet=replace(base.sheet, hands=(hand,)))

    house.rows.past[:] = [*(dimmed(n) for n in range(5)), *(dimmed(n, "music") for n in range(4))]
    assert house.ask("GET", "/api/v1/ledger", role="manager").json() == [
        {"profile": "spa/swedish", "kind": "light", "sessions": 9, "changed": 5, "count": 5, "mean": -5, "unit": "L*"}
    ]
    assert house.ask("GET", "/api/v1/ledger?from=2026-05-01&to=2026-05-02", role="manager").json() == []


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "to=2026-02-30",
        "from=2026-06-02&to=2026-06-01",
        "from=2025-01-01&to=2026-01-01",
        "from=0001-01-01",
        "to=9999-12-31",
    ],
)
def test_days_that_make_no_sense_are_refused_with_what_would(house: House, query: str) -> None:
    for path in ("playlog", "ledger"):
        answer = house.ask("GET", f"/api/v1/{path}?{query}", role="manager")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["path"] in ("from", "to")


def test_the_contract_describes_the_report_as_it_is(house: House) -> None:
    found = report(house)
    assert set(ReportShape.model_json_schema(by_alias=True)["properties"]) == set(found)
    ReportShape.model_validate(found)
    assert {"profile", "kind", "sessions", "changed", "count", "mean", "unit"} == set(HabitShape.model_fields)
    paths = json.loads(house.ask("GET", "/openapi.json").text)["paths"]
    assert "text/csv" in paths["/api/v1/playlog"]["get"]["responses"]["200"]["content"]
