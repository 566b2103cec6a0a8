"""Emergencies: at once, latched, and never undone by anything lower."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ambiance.errors import Conflict, IllegalMove
from ambiance.session.model import RoomState, SessionState
from ambiance.session.wishes import Act, Adjust, Emergency, Ready, Start
from tests.session.house_fixtures import LAVENDER, MINUTE, ROOMS, ROSE, House, played


def test_fire_lights_and_silences_every_room_within_a_second() -> None:
    async def scenario(house: House) -> None:
        ids = [await house.begin(room.id, room.usual[0], care=(), scent=True) for room in ROOMS[:2]]
        await house.until("work1", inside=30)
        assert house.diffusing()
        mark = len(house.told)
        await house.wish(Emergency("fire"))
        for room in ROOMS:
            told = {t.device: t for t in house.told[mark:] if t.room == room.id}
            assert told["ceiling"].hurry and told["speaker"].hurry
            assert all(t.at == house.clock.now() for t in told.values())
        await house.run(1.1)
        for room in ROOMS:
            assert house.actual(room.id, "ceiling")["brightness"] == 100
            assert house.actual(room.id, "exam")["brightness"] == 100
            assert house.actual(room.id, "speaker")["playing"] is False
            assert not house.diffusing(room.id)
            assert (house.room(room.id).state, house.room(room.id).emergency) == (RoomState.EMERGENCY, "fire")
        assert {house.state(id) for id in ids} == {SessionState.DONE}
        assert {house.session(id).ended_by for id in ids} == {"emergency"}

    played(scenario)


def test_an_emergency_is_latched_through_time_restarts_and_other_wishes() -> None:
    async def scenario(house: House) -> None:
        booked = await house.begin(at=house.clock.now().replace(hour=10))
        await house.wish(Emergency("fire"))
        await house.wish(Emergency("fire"))
        for wish in (Start("lavender", "spa/swedish", 60), Ready("lavender"), Act("advance", room="lavender")):
            with pytest.raises(Conflict) as caught:
                await house.wish(wish)
            assert caught.value.extra["state"] == "emergency"
        await house.run(120 * MINUTE)
        await house.restart(after=60, boot="boot-2")
        await house.run(10)
        assert {house.room(room.id).state for room in ROOMS} == {RoomState.EMERGENCY}
        assert house.actual("rose", "ceiling")["brightness"] == 100
        assert house.state(booked) is SessionState.SCHEDULED
        answer = await house.wish(Emergency("fire", active=False))
        assert answer.body["rooms"] == [room.id for room in ROOMS]
        assert house.room("rose").state is RoomState.VACANT_DIRTY
        await house.wish(Start("rose", "spa/swedish", 60))
        assert house.types().count("emergency_began") == len(ROOMS)

    played(scenario)


def test_a_medical_emergency_stays_in_its_room() -> None:
    async def scenario(house: House) -> None:
        other = await house.begin("rose", care=())
        await house.begin("lavender", care=())
        answer = await house.wish(Emergency("medical", room="lavender"))
        assert answer.body["rooms"] == ["lavender"]
        assert house.room("rose").state is RoomState.IN_SESSION
        assert house.state(other) is SessionState.RUNNING
        with pytest.raises(Conflict, match="a person resets it first"):
            await house.begin("lavender")
        for wish in (Act("pause", None, "lavender"), Adjust("lavender", light=-5), Ready("lavender")):
            with pytest.raises(IllegalMove, match="while emergency; possible now: a reset, by a person"):
                await house.wish(wish)
        await house.wish(Emergency("medical", active=False, room="lavender"))
        assert house.room("lavender").state is RoomState.VACANT_DIRTY

    played(scenario)


def test_a_lower_emergency_never_undoes_a_higher_one() -> None:
    async def scenario(house: House) -> None:
        await house.wish(Emergency("medical", room="lavender"))
        await house.wish(Emergency("duress", room="lavender"))
        assert house.room().emergency == "medical"
        await house.wish(Emergency("fire"))
        assert house.room().emergency == "fire"
        kinds = [latch.kind for latch in house.room().latches]
        assert kinds == ["fire", "medical", "duress"]
        await house.restart()
        await house.wish(Emergency("duress", active=False, room="lavender"))
        assert (house.room().emergency, house.room().state) == ("fire", RoomState.EMERGENCY)
        await house.run(2)
        assert house.actual("lavender", "ceiling")["brightness"] == 100
        # What was remembered behind the fire shows up when a person resets that, and is no less of an emergency.
        mark = len(house.told)
        await house.wish(Emergency(None, active=False))
        assert (house.room().emergency, house.room().state) == ("medical", RoomState.EMERGENCY)
        assert house.room("rose").state is RoomState.VACANT_DIRTY
        assert {t.device for t in house.told[mark:] if t.room == "lavender" and t.hurry} >= {"ceiling", "speaker"}
        await house.run(2)
        assert house.actual("lavender", "ceiling")["brightness"] == 100
        await house.wish(Emergency(None, active=False))
        assert (house.room().emergency, house.room().state) == (None, RoomState.VACANT_DIRTY)

    played(scenario)


def test_a_silent_call_changes_nothing_in_the_room_and_waits_for_a_person() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.until("work1", inside=30)
        scene, told = house.room().scene, len(house.told)
        await house.wish(Emergency("duress", room="lavender"))
        assert (house.room().scene, house.told[told:]) == (scene, [])
        assert (house.room().state, house.room().emergency) == (RoomState.IN_SESSION, "duress")
        # It outlives the session, its turnover and a restart: nobody has come yet.
        await house.act("end", id)
        await house.act("end", id)
        await house.run(30 * MINUTE)
        assert (house.room().state, house.room().emergency) == (RoomState.READY, "duress")
        await house.restart()
        booked = await house.begin(at=house.clock.now() + timedelta(minutes=5))
        await house.run(10)
        assert house.room().state is RoomState.PREPPING
        await house.act("cancel", booked)
        assert house.room().emergency == "duress"
        await house.wish(Emergency("duress", active=False, room="lavender"))
        assert house.room().emergency is None

    played(scenario)


def test_a_room_whose_rows_make_no_sense_is_lit_in_a_fire_all_the_same() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("lavender", care=())
        await house.run(MINUTE)
        broken = house.session(id)
        house.conductor._house.sessions[id] = replace(broken, sheet=replace(broken.sheet, spans=(), cues=None))  # type: ignore[arg-type]
        await house.wish(Emergency("fire"))
        await house.run(2)
        for room in ("lavender", "rose"):
            assert house.room(room).state is RoomState.EMERGENCY
            assert house.actual(room, "ceiling")["brightness"] == 100

    played(scenario, rooms=(LAVENDER, ROSE))
