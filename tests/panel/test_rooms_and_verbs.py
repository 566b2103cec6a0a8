"""Rooms and sessions over HTTP: what is shown, and what every verb becomes."""

from datetime import timedelta
from typing import Any

import pytest

from ambiance.cuesheet import dba_of, volume_of
from ambiance.cuesheet.model import LightLevel, SoundLevel
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted, PlayerWanted
from ambiance.device.news import DeviceAsked, DeviceReported, DeviceSilent
from ambiance.session.model import DrillRow, Latch, SessionState
from ambiance.session.wishes import Act, Adjust, Bright, Drill, Emergency, OutOfOrder, Ready, Refilled, Window
from ambiance.site import Device, Room
from ambiance.units import SILENCE, lstar, mired, volume
from tests.panel.doors import NOW, SITE, House, room, session


def test_a_room_is_shown_at_a_glance(house: House) -> None:
    house.clock.advance(60)
    shown = house.ask("GET", "/api/v1/rooms/lavender").json()
    assert shown == {
        "id": "lavender", "name": "Lavender", "area": "", "setting": "spa", "state": "in_session", "session": "s1", "phase": 2, "phases": 2,
        "phase_ends_at": "2026-06-01T10:00:00.000Z", "ends_at": "2026-06-01T10:00:00.000Z", "countdown": 3540, "waiting_for": None,
        "hands": ["scent off", "light +5"], "faults": [], "notes": [], "sensors": {"air": {"at": None}}, "scent_policy": "allowed",
        "scent_free_from": None, "next_booking": None, "emergency": None,
        "scent": "clear", "scent_estimate_ug_m3": 0.0, "scent_below": {"2_percent": None, "10_percent": None, "25_percent": None},
        "airing_until": None, "window_open_until": None,
        "emergency_since": None, "emergency_beneath": [], "emergency_confirmed": None, "emergency_waiting": [],
    }  # fmt: skip
    assert [each["id"] for each in house.ask("GET", "/api/v1/rooms").json()] == ["lavender", "cedar"]


def test_a_device_that_does_not_answer_is_a_fault_in_words(house: House) -> None:
    house.heard(DeviceAsked("lavender", "ceiling", LightWanted(True, 40.0, 2700.0)))
    house.heard(DeviceSilent("lavender", "ceiling", 3))
    (fault,) = house.ask("GET", "/api/v1/rooms/lavender").json()["faults"]
    assert "Ceiling does not answer" in fault


def test_why_names_the_decider_of_each_native_value(house: House) -> None:
    shown = house.ask("GET", "/api/v1/rooms/lavender/why").json()
    assert shown["ceiling"]["brightness"] == {"value": pytest.approx(18.42, abs=0.01), "layer": "care", "source": "light_max_lx"}
    assert shown["ceiling"]["kelvin"] == {"value": 2500, "layer": "profile", "source": "profiles/spa/prenatal.yaml:14"}
    assert shown["speaker"]["volume"]["value"] == pytest.approx(volume(42.0, 70.0), abs=0.1)


def test_sessions_live_and_past_come_newest_first(house: House) -> None:
    old = session("s0", state=SessionState.DONE)
    house.rows.past = [type(old)(**{f: getattr(old, f) for f in old.__slots__} | {"starts_at": NOW - timedelta(days=1)}), session("s1")]
    assert [each["id"] for each in house.ask("GET", "/api/v1/sessions").json()] == ["s1", "s0"]
    assert house.ask("GET", "/api/v1/sessions?room=cedar").json() == []
    assert house.ask("GET", "/api/v1/sessions?limit=1").json()[0]["id"] == "s1"
    one = house.ask("GET", "/api/v1/sessions/s0").json()
    assert (one["state"], one["profile"], one["t0"], one["ends_at"]) == (
        "done", "spa/prenatal", "2026-06-01T09:00:00.000Z", "2026-06-01T10:00:00.000Z",
    )  # fmt: skip
    assert house.ask("GET", "/api/v1/sessions/s1").json()["phase_id"] == "work1"


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "limit=1e9", "limit=", "room=a%00"])
def test_a_bad_query_is_refused(house: House, query: str) -> None:
    assert house.ask("GET", f"/api/v1/sessions?{query}").status_code == 422


@pytest.mark.parametrize("verb", ["pause", "resume", "advance", "end", "cancel"])
def test_a_bare_verb_needs_no_body(house: House, verb: str) -> None:
    assert house.ask("POST", f"/api/v1/sessions/s1/{verb}").status_code == 200
    assert house.ask("POST", f"/api/v1/sessions/s1/{verb}", {}).status_code == 200
    assert [wish for wish, _ in house.conductor.wishes] == [Act(verb, "s1"), Act(verb, "s1")]  # type: ignore[arg-type]
    assert house.ask("POST", f"/api/v1/sessions/s1/{verb}", {"why": "unwell"}).status_code == 422


def test_stay_extend_and_move_say_how_much_and_where(house: House) -> None:
    house.ask("POST", "/api/v1/sessions/s1/stay", {"minutes": 5})
    house.ask("POST", "/api/v1/sessions/s1/extend", {"minutes": 10})
    house.ask("POST", "/api/v1/sessions/s1/move", {"room": "cedar"})
    acts = [wish for wish, _ in house.conductor.wishes]
    assert acts == [Act("stay", "s1", minutes=5), Act("extend", "s1", minutes=10), Act("move", "s1", to="cedar")]


@pytest.mark.parametrize("body", [None, {}, {"minutes": 0}, {"minutes": 2.5}, {"minutes": True}, {"minutes": None}, [], 5])
def test_stay_without_whole_minutes_is_refused(house: House, body: object) -> None:
    answer = house.ask("POST", "/api/v1/sessions/s1/stay", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] in ("minutes", "body")


def test_what_does_not_exist_is_404_and_what_could_not_is_422(house: House) -> None:
    assert house.ask("POST", "/api/v1/sessions/nobody/pause").status_code == 404
    assert house.ask("GET", "/api/v1/rooms/attic").status_code == 404
    assert house.ask("POST", "/api/v1/rooms/attic/ready").status_code == 404
    assert house.ask("GET", "/api/v1/profiles/spa/swedish/cuesheet").status_code == 404
    for odd in ("a%2Fb", "%00", "a+b", "%23", "%F0%9F%8C%B8", "x" * 300, "%2e%2e", "a%0d%0ab"):
        assert house.ask("GET", f"/api/v1/rooms/{odd}").status_code in (404, 422)
        assert house.ask("GET", f"/api/v1/sessions/{odd}").status_code in (404, 422)
        assert house.ask("GET", f"/api/v1/profiles/spa/{odd}/cuesheet").status_code in (404, 422)


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        ({"light": 5}, Adjust("lavender", light=5.0)),
        ({"light": -30}, Adjust("lavender", light=-30.0)),
        ({"music": -3}, Adjust("lavender", music=-3.0)),
        ({"music": "mute"}, Adjust("lavender", mute=True)),
        ({"music": "unmute"}, Adjust("lavender", mute=False)),
        ({"style": "deep"}, Adjust("lavender", style="deep")),
        ({"style": "silence"}, Adjust("lavender", style="silence")),
        ({"another": True}, Adjust("lavender", another=True)),
        ({"scent": "off"}, Adjust("lavender", scent_off=True)),
        ({"exam_light": True}, Adjust("lavender", exam_light=True)),
        ({"exam_light": False}, Adjust("lavender", exam_light=False)),
        ({"release": True}, Adjust("lavender", release=True)),
        ({"hold": {"ceiling": {"brightness": 30}}}, Adjust("lavender", hold={"ceiling": LightLevel(lstar(0.3), 400.0)})),
        ({"hold": {"ceiling": {"kelvin": 2500}}}, Adjust("lavender", hold={"ceiling": LightLevel(50.0, mired(2500))})),
        (
            {"hold": {"ceiling": {"brightness": 30, "color": "#FF8800"}}},
            Adjust("lavender", hold={"ceiling": LightLevel(lstar(0.3), 400.0, "#ff8800")}),
        ),
        ({"hold": {"ceiling": {"on": False}}}, Adjust("lavender", hold={"ceiling": LightLevel(0.0, 400.0)})),
        ({"hold": {"speaker": {"volume": 100}}}, Adjust("lavender", hold={"speaker": SoundLevel(70.0, "pl-1")})),
        ({"hold": {"speaker": {"playing": False}}}, Adjust("lavender", hold={"speaker": SoundLevel(SILENCE, "pl-1")})),
    ],
)  # fmt: skip
def test_a_hand_on_the_room_becomes_one_change(house: House, body: dict[str, Any], wish: Adjust) -> None:
    assert house.ask("POST", "/api/v1/rooms/lavender/adjust", body).status_code == 200
    assert house.conductor.wishes[0][0] == wish


@pytest.mark.parametrize(
    "body",
    [
        {}, {"style": "jazz"}, {"style": None}, {"another": False}, {"another": True, "style": "deep"},
        {"light": 5, "music": 2}, {"light": 31}, {"light": "5"}, {"light": True}, {"music": 13}, {"music": "louder"}, {"scent": "on"},
        {"scent": 1}, {"exam_light": 1}, {"release": False}, {"release": 1}, {"another": 1}, {"hold": {}}, {"hold": {"ceiling": {}}},
        {"hold": {"attic": {"brightness": 3}}},
        {"hold": {"ceiling": {"brightness": 101}}}, {"hold": {"ceiling": {"brightness": -1}}}, {"hold": {"ceiling": {"volume": 3}}},
        {"hold": {"ceiling": {"kelvin": 1500}}}, {"hold": {"ceiling": {"color": "red"}}}, {"hold": {"diffuser": {"on": True}}},
        {"hold": {"knob": {"on": True}}}, {"hold": {"a/b#": {"on": True}}}, {"hold": [1]}, {"note": "Anna"}, [], 3, "x", None,
        {"light": None},
    ],
)  # fmt: skip
def test_a_hand_that_is_not_exactly_one_change_is_refused(house: House, body: object) -> None:
    answer = house.ask("POST", "/api/v1/rooms/lavender/adjust", body)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert not house.conductor.wishes


def test_volume_and_loudness_are_each_others_inverse() -> None:
    for device in (Device("a", "r", "player"), Device("b", "r", "player", taper="linear")):
        for calibrated in (Room("r", "R", full_volume_dba=72.0), Room("r", "R")):
            assert volume_of(calibrated, device, dba_of(calibrated, device, 34.0)) == pytest.approx(34.0, abs=0.01)
        assert dba_of(Room("r", "R"), device, 50.0) == pytest.approx(60.0)
        assert dba_of(Room("r", "R"), device, 0.0) == SILENCE


def test_a_room_nobody_measured_gets_half_volume_at_most(house: House) -> None:
    unmeasured = type(SITE)(
        "x", "X", SITE.timezone, (Room("lavender", "L", devices=room("lavender").devices),)
    )  # fmt: skip
    from ambiance.panel.adjust import holds
    from ambiance.panel.bodies import HoldBody

    held = holds({"speaker": HoldBody(volume=100)}, unmeasured.rooms[0], house.conductor.room("lavender").scene)
    level = held["speaker"]
    assert isinstance(level, SoundLevel)
    assert level.dba == pytest.approx(60.0)


def test_bright_ready_and_emergencies(house: House) -> None:
    house.ask("POST", "/api/v1/rooms/lavender/bright")
    house.ask("DELETE", "/api/v1/rooms/lavender/bright")
    house.ask("POST", "/api/v1/rooms/lavender/ready")
    house.ask("POST", "/api/v1/emergency", {"kind": "fire"})
    house.ask("POST", "/api/v1/emergency", {"kind": "medical", "room": "cedar"})
    house.ask("DELETE", "/api/v1/emergency", {"kind": "medical", "room": "cedar"})
    house.ask("DELETE", "/api/v1/emergency")
    house.ask("DELETE", "/api/v1/emergency", {"room": "cedar", "out_of_order": True})
    house.ask("POST", "/api/v1/emergency", {"kind": "fire", "drill": True})
    house.ask("DELETE", "/api/v1/emergency", {"kind": "fire", "drill": True})
    house.ask("POST", "/api/v1/rooms/cedar/out-of-order")
    house.ask("DELETE", "/api/v1/rooms/cedar/out-of-order")
    assert [wish for wish, _ in house.conductor.wishes] == [
        Bright("lavender", True), Bright("lavender", False), Ready("lavender"), Emergency("fire"), Emergency("medical", True, "cedar"),
        Emergency("medical", False, "cedar"), Emergency(None, False), Emergency(None, False, "cedar", closed=True),
        Drill("fire", True, None, "desk", "t-desk"), Drill("fire", False, None, "desk", "t-desk"),
        OutOfOrder("cedar"), OutOfOrder("cedar", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body", [None, {}, {"kind": "flood"}, {"kind": "fire", "room": "A B"}, {"kind": "fire", "name": "Anna"}, {"kind": None}]
)
def test_an_emergency_without_its_kind_is_refused(house: House, body: object) -> None:
    assert house.ask("POST", "/api/v1/emergency", body).status_code == 422


def test_the_library_and_a_preview(house: House) -> None:
    (profile,) = house.ask("GET", "/api/v1/profiles").json()
    assert (profile["id"], profile["lengths"]) == ("spa/prenatal", [45, 60])
    sheet = house.ask("GET", "/api/v1/profiles/spa/prenatal/cuesheet?minutes=60&visit=first").json()
    assert [phase["phase"] for phase in sheet["phases"]] == ["welcome", "work1"]
    for query in ("minutes=x", "minutes=0", "visit=third", "minutes=99999999999999999999"):
        assert house.ask("GET", f"/api/v1/profiles/spa/prenatal/cuesheet?{query}").status_code == 422


def test_the_house_says_which_alarm_paths_were_proved_and_which_are_due(house: House) -> None:
    known, month = NOW - timedelta(days=34), NOW - timedelta(days=36)
    house.conductor.drilled = [
        DrillRow("fire", known, known, None, known, known, known, "desk", "t1"),
        DrillRow("medical", NOW, NOW + timedelta(minutes=60), "cedar", None, None, month, "manager", "t2"),
    ]
    said = house.ask("GET", "/api/v1/site", role="therapist").json()
    assert said["last_drill"] == "2026-04-28T09:00:00.000Z"
    assert said["last_drills"] == {
        "fire": {"at": "2026-04-28T09:00:00.000Z", "by": "desk"}, "medical": {"at": "2026-04-26T09:00:00.000Z", "by": "manager"},
        "duress": {"at": None, "by": None},
    }  # fmt: skip
    assert said["drills_overdue"] == ["medical", "duress"]
    assert said["drills_under_way"] == [
        {"kind": "medical", "room": "cedar", "began_at": "2026-06-01T09:00:00.000Z", "until": "2026-06-01T10:00:00.000Z", "heard_at": None}
    ]
    assert house.ask("GET", "/api/v1/site", role=None).status_code == 401


@pytest.mark.parametrize(("role", "allowed"), [("manager", 200), ("desk", 200), ("therapist", 403), ("integration", 403), ("room", 403)])
def test_drills_and_resets_are_for_the_desk_and_a_manager(house: House, role: str, allowed: int) -> None:
    for method in ("POST", "DELETE"):
        assert house.ask(method, "/api/v1/emergency", {"kind": "fire", "drill": True}, role=role).status_code == allowed
    assert house.ask("DELETE", "/api/v1/emergency", role=role).status_code == allowed


@pytest.mark.parametrize(("role", "allowed"), [("desk", 200), ("therapist", 200), ("integration", 403), ("room", 403)])
def test_a_room_is_taken_out_of_order_by_staff(house: House, role: str, allowed: int) -> None:
    for method in ("POST", "DELETE"):
        assert house.ask(method, "/api/v1/rooms/lavender/out-of-order", role=role).status_code == allowed
        assert house.ask(method, "/api/v1/rooms/tulip/out-of-order", role=role).status_code == (404 if allowed == 200 else 403)


def test_a_room_in_an_emergency_says_who_has_not_confirmed_and_its_tablet_names_no_call(house: House) -> None:
    house.conductor.alarmed["lavender"] = (Latch("medical", NOW), Latch("duress", NOW, True))
    full = LightWanted(True, 100.0, 4000.0, None, 1.0)
    house.heard(DeviceAsked("lavender", "ceiling", full))
    house.heard(DeviceAsked("lavender", "speaker", PlayerWanted(False, 0.0)))
    house.heard(DeviceReported("lavender", "speaker", {"playing": False, "volume": 0.0}, True))
    house.heard(DeviceAsked("lavender", "diffuser", DiffuserWanted(False)))
    house.heard(DeviceReported("lavender", "diffuser", {"on": False}, True))
    shown = house.ask("GET", "/api/v1/rooms/lavender").json()
    assert {key: value for key, value in shown.items() if key.startswith("emergency") or key == "state"} == {
        "state": "emergency", "emergency": "medical", "emergency_since": "2026-06-01T09:00:00.000Z", "emergency_beneath": ["duress"],
        "emergency_confirmed": False, "emergency_waiting": ["Ceiling has not confirmed full light."],
    }  # fmt: skip
    assert house.ask("GET", "/api/v1/rooms/lavender", role="room").json()["emergency_beneath"] == []
    why = house.ask("GET", "/api/v1/rooms/lavender/why").json()
    assert why["ceiling"]["brightness"]["confirmed"] is False
    assert why["speaker"]["volume"]["confirmed"] is True
    house.heard(DeviceReported("lavender", "ceiling", {"on": True, "brightness": 100.0}, True))
    assert house.ask("GET", "/api/v1/rooms/lavender").json()["emergency_confirmed"] is True
    house.conductor.alarmed["lavender"] = (Latch("duress", NOW),)
    tablet = house.ask("GET", "/api/v1/rooms/lavender", role="room").json()
    assert tablet["state"] == "emergency", "where the house chose that a call lights the room"
    assert "duress" not in str(tablet)


def test_a_window_is_opened_and_shut_by_a_tap(house: House) -> None:
    for open in (True, False):
        assert house.ask("POST", "/api/v1/rooms/lavender/window", {"open": open}, role="room").status_code == 200
    assert [wish for wish, _ in house.conductor.wishes] == [Window("lavender", True), Window("lavender", False)]
    for bad in ({}, {"open": "yes"}, {"open": True, "minutes": 5}):
        assert house.ask("POST", "/api/v1/rooms/lavender/window", bad).status_code == 422
    assert house.ask("POST", "/api/v1/rooms/attic/window", {"open": True}).status_code == 404


def test_saturated_red_is_given_to_nobody(house: House) -> None:
    red = house.ask("POST", "/api/v1/rooms/lavender/adjust", {"hold": {"ceiling": {"color": "#ff0000"}}})
    assert red.status_code == 422
    assert red.json()["errors"][0]["path"] == "hold.ceiling.color"


def test_a_check_says_of_each_device_whether_it_is_ready(house: House) -> None:
    house.heard(DeviceAsked("lavender", "ceiling", LightWanted(True, 40.0, 2700.0)))
    house.heard(DeviceSilent("lavender", "ceiling", 3))
    check = house.ask("GET", "/api/v1/rooms/lavender/check").json()
    assert check["ready"] is False
    lamp, key = check["devices"][0], check["devices"][-1]
    assert lamp == {"device": "ceiling", "name": "Ceiling", "ok": False, "words": "does not answer. The rest goes on.", "tank": False}
    assert key == {"device": "knob", "name": "Knob", "ok": True, "words": "says nothing until it is pressed.", "tank": False}
    roles = ("manager", "desk", "therapist", "integration", "room")
    said = [house.ask("GET", "/api/v1/rooms/lavender/check", role=role).status_code for role in roles]
    assert said == [200, 200, 200, 200, 403]
    assert house.ask("GET", "/api/v1/rooms/nowhere/check").status_code == 404


def test_a_diffuser_is_said_to_be_refilled(house: House) -> None:
    assert house.ask("POST", "/api/v1/rooms/lavender/devices/diffuser/refilled").status_code == 200
    assert house.conductor.wishes[-1][0] == Refilled("lavender", "diffuser")
    assert house.ask("POST", "/api/v1/rooms/lavender/devices/diffuser/refilled", role="room").status_code == 403
    assert house.ask("POST", "/api/v1/rooms/lavender/devices/Dif%20fuser/refilled").status_code == 422


def test_notes_and_sensors_are_shown_to_the_desk_and_sensors_never_on_a_tablet(house: House) -> None:
    house.happens(lambda: house.board.note("lavender", "tank", "Refill Diffuser soon: about 2 hours left."))
    house.heard(DeviceReported("lavender", "air", {"co2": 812.0, "contact": True}, False))
    shown = house.ask("GET", "/api/v1/rooms/lavender").json()
    assert shown["notes"] == ["Refill Diffuser soon: about 2 hours left."]
    assert shown["sensors"]["air"] == {"co2": 812.0, "contact": True, "at": "2026-06-01T09:00:00.000Z"}
    assert house.ask("GET", "/api/v1/lanes").json()[0]["sensors"]["air"]["co2"] == 812.0
    for path in ("/api/v1/rooms/lavender", "/api/v1/rooms"):
        assert "812" not in house.ask("GET", path, role="room").text
