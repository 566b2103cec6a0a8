"""The house is written anew while it runs: rooms and their devices follow, and who is being treated notices nothing sudden."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ambiance.cuesheet import LightLevel, room_lux
from ambiance.errors import Unknown
from ambiance.session.airing import air_of
from ambiance.session.house import Turn
from ambiance.session.model import RoomState, SessionState
from ambiance.session.scentminutes import minutes_by
from ambiance.session.wishes import Adjust, Emergency, OutOfOrder
from ambiance.site import Device, Evening, Limits, Room
from tests.session.house_fixtures import FULL, LAVENDER, MINUTE, ROSE, House, MemoryStore, a_room, played

NICHE = Device("niche", "lavender", "light", role="accent", share=0.2)
NOVA = Room("nova", "Nova", devices=(Device("ceiling", "nova", "light"), Device("speaker", "nova", "player")), full_volume_dba=70.0)

FIR = Room("fir", "Fir")


def having(*devices: Device, room: Room = LAVENDER, **changes: Any) -> Room:
    """The room with these beside, or instead of, its own."""
    kept = {device.id: device for device in (*room.devices, *devices)}
    return replace(room, devices=tuple(kept.values()), **changes)


def lacking(*ids: str, room: Room = LAVENDER) -> Room:
    return replace(room, devices=tuple(device for device in room.devices if device.id not in ids))


def level(house: House, device: str, room: str = "lavender") -> float:
    found = house.room(room).scene.levels[device]
    assert isinstance(found, LightLevel)
    return found.lstar


def test_another_name_is_in_force_at_once_and_nothing_is_said_to_any_device() -> None:
    async def scenario(house: House) -> None:
        await house.begin()
        await house.run(10 * MINUTE)
        sheet, said = house.live(), len(house.told)
        await house.adopt(replace(LAVENDER, name="Lavendel", usual=("spa/hot_stone",)), ROSE)
        assert house.conductor.site.by_id["lavender"].name == "Lavendel"
        assert house.live() == sheet
        assert len(house.told) == said
        assert house.news[-1].type == "site_changed"

    played(scenario, rooms=(LAVENDER, ROSE))


def test_a_room_that_was_added_is_ready_and_plays() -> None:
    async def scenario(house: House) -> None:
        with pytest.raises(Unknown):
            house.room("nova")
        await house.adopt(LAVENDER, NOVA)
        assert house.room("nova").state is RoomState.READY
        assert {told.device for told in house.told if told.room == "nova"} == {"ceiling", "speaker"}
        await house.begin("nova")
        await house.run(20 * MINUTE)
        assert house.actual("nova", "ceiling")["on"]
        assert house.phase("nova") is not None

    played(scenario, rooms=(LAVENDER,))


def test_a_first_room_can_be_added_to_a_house_without_any() -> None:
    async def scenario(house: House) -> None:
        await house.adopt(replace(LAVENDER, devices=()))
        await house.adopt(LAVENDER)
        await house.begin()
        await house.run(60)
        assert house.actual("lavender", "ceiling")["on"]

    async def emptied(house: House) -> None:
        await house.conductor.adopt(replace(house.site, rooms=()))
        await scenario(house)

    played(emptied, rooms=(ROSE,))


def test_a_lamp_that_is_added_in_a_session_joins_it_gliding_and_the_rest_goes_on() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin()
        await house.until("work1", inside=60)
        stood, ends = level(house, "cove"), house.session(id).sheet.end
        said = len(house.told)
        await house.adopt(having(NICHE))
        new = [told for told in house.told[said:] if told.device == "niche"]
        assert new
        assert all(told.glide for told in new)
        assert not any(told.glide for told in house.told[said:] if told.device != "niche")
        assert level(house, "cove") == pytest.approx(stood, abs=0.1)
        live = house.session(id)
        assert (live.state, live.sheet.end, house.phase()) == (SessionState.RUNNING, ends, "work1")
        await house.run(60)
        assert house.actual("lavender", "niche")["on"]

    played(scenario, rooms=(LAVENDER,))


def test_a_name_for_music_is_told_only_where_it_is_played() -> None:
    def named(**names: str) -> Room:
        return having(Device("speaker", "lavender", "player", "sonos2mqtt", "sonos/R1", fade=0.0, options=names))

    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.until("work1", inside=120)
        for names, anew in (({"music_calm": "x:calm", "music_deep": "x:other"}, []), ({"music_calm": "x:other"}, ["speaker"])):
            said = len(house.told)
            await house.adopt(named(**names))
            assert [told.device for told in house.told[said:]] == anew

    played(scenario, rooms=(named(music_calm="x:calm", music_deep="x:deep"),))


def test_what_is_changed_of_a_lamp_moves_the_light_no_faster_than_ever() -> None:
    async def scenario(house: House) -> None:
        await house.begin()
        await house.until("welcome", inside=60)
        before = level(house, "ceiling")
        await house.adopt(replace(LAVENDER, full_light_lux=900.0))
        assert level(house, "ceiling") == pytest.approx(before, abs=0.1)
        moved, last = [], before
        for _ in range(30):
            await house.run(1.0)
            moved.append(abs(level(house, "ceiling") - last))
            last = level(house, "ceiling")
        assert last < before - 5
        assert max(moved) <= 4.0
        assert sum(moved[:5]) <= 20.0

    played(scenario, rooms=(LAVENDER,))


def test_a_lamp_that_is_taken_away_is_not_spoken_of_any_more_and_a_hold_on_it_is_gone() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin()
        await house.run(5 * MINUTE)
        await house.wish(Adjust("lavender", hold={"cove": LightLevel(80.0, 370.0)}))
        await house.adopt(lacking("cove"))
        said = len(house.told)
        await house.act("advance", id)
        await house.run(90 * MINUTE)
        assert "cove" not in {told.device for told in house.told[said:]}
        assert [log for log in house.logs if log["log_level"] == "error"] == []
        assert house.state(id) is SessionState.DONE

    played(scenario, rooms=(LAVENDER,))


def test_a_stricter_limit_holds_in_the_session_under_way() -> None:
    async def scenario(house: House) -> None:
        await house.begin()
        await house.until("welcome", inside=60)
        assert room_lux(LAVENDER, house.room().scene) > 60
        await house.adopt(LAVENDER, limits=Limits(light_max_lux=30.0))
        await house.run(60)
        assert room_lux(LAVENDER, house.room().scene) <= 30.5
        assert house.room().state is RoomState.IN_SESSION

    played(scenario, rooms=(LAVENDER,))


def test_what_is_booked_is_planned_for_the_room_as_it_will_be() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(at=house.clock.now() + timedelta(hours=2))
        await house.adopt(having(NICHE))
        booked = house.session(id)
        assert booked.state is SessionState.SCHEDULED
        assert "niche" in booked.sheet.tracks
        await house.run(2 * 3600 + 60)
        assert house.actual("lavender", "niche")["on"]

    played(scenario, rooms=(LAVENDER,))


def test_an_evening_that_is_written_holds_for_what_is_booked() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(at=house.clock.now() + timedelta(hours=2))
        before = house.session(id).sheet
        await house.adopt(LAVENDER, evening=Evening(enabled=True, since=Evening().until, until=Evening().since))
        assert house.session(id).sheet != before

    played(scenario, rooms=(LAVENDER,))


def test_a_diffuser_that_is_taken_away_ends_its_dose_and_its_scent_still_counts() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(minutes=90, care=(), scent=True)
        live = house.session(id)
        await house.run(next(dose.at for dose in live.sheet.doses if dose.phase == "work1") + 60 - live.offset(house.clock.now()))
        assert house.diffusing()
        await house.adopt(lacking("diffuser"))
        (dose,) = [row for row in house.store.doses(id) if row.ended_at == house.clock.now()]
        assert dose.device == "diffuser"
        await house.run(30)
        turn = Turn(house.conductor._house, house.clock.now())
        assert air_of(turn, house.site.by_id["lavender"], turn.now).estimate(turn.now) > 0
        await house.run(90 * MINUTE)
        assert house.types("lavender").count("dose_began") == len(house.store.doses(id))
        assert [log for log in house.logs if log["log_level"] == "error"] == []

    played(scenario, rooms=(LAVENDER,))


def test_a_diffuser_that_is_new_waits_for_the_next_guest() -> None:
    second = Device("mist", "lavender", "diffuser", families=("floral_herbal",))

    async def scenario(house: House) -> None:
        id = await house.begin(minutes=90, care=(), scent=True)
        await house.run(60)
        planned = house.session(id).sheet.doses
        await house.adopt(having(second))
        assert house.session(id).sheet.doses == planned
        later = await house.begin(at=house.clock.now() + timedelta(hours=4), care=(), scent=True)
        assert "mist" in {dose.device for dose in house.session(later).sheet.doses}

    played(scenario, rooms=(LAVENDER,))


def test_a_diffuser_by_the_same_name_at_another_plug_is_another_one() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(minutes=90, care=(), scent=True)
        live = house.session(id)
        await house.run(next(dose.at for dose in live.sheet.doses if dose.phase == "work1") + 60 - live.offset(house.clock.now()))
        other = replace(LAVENDER.by_id["diffuser"], dialect="tasmota", topic="plug-2")
        await house.adopt(having(other))
        assert not [row for row in house.store.doses(id) if row.ended_at is None]
        assert all(dose.until <= live.offset(house.clock.now()) for dose in house.session(id).sheet.doses)
        assert not house.diffusing()

    played(scenario, rooms=(LAVENDER,))


def test_a_room_in_which_somebody_is_stays_until_they_are_gone_and_nothing_else_waits_for_that() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("rose")
        await house.adopt(having(NICHE))
        assert set(house.conductor.site.by_id) == {"lavender", "rose"}
        assert "niche" in house.room("lavender").scene.levels
        assert house.session(id).state is SessionState.RUNNING
        await house.run(10 * MINUTE)
        assert house.actual("rose", "ceiling")["on"]
        await house.act("end", id)
        await house.act("end", id)
        await house.adopt(having(NICHE))
        assert set(house.conductor.site.by_id) == {"lavender"}

    played(scenario, rooms=(LAVENDER, ROSE))


def test_what_hangs_in_a_room_in_which_somebody_is_is_told_nothing_for_a_room_by_another_name() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("nova")
        await house.run(10 * MINUTE)
        await house.adopt(LAVENDER, wired("iris"))
        assert [device.id for device in house.conductor.site.by_id["iris"].devices] == ["speaker"]
        await house.act("end", id)
        await house.act("end", id)
        await house.adopt(LAVENDER, wired("iris"))
        assert set(house.conductor.site.by_id) == {"lavender", "iris"}
        assert {device.id for device in house.conductor.site.by_id["iris"].devices} == {"ceiling", "speaker"}

    def wired(id: str) -> Room:
        lamp = Device("ceiling", id, "light", dialect="wled", topic="wled/treatment")
        return replace(NOVA, id=id, devices=(lamp, Device("speaker", id, "player")))

    played(scenario, rooms=(LAVENDER, wired("nova")))


def test_a_room_that_goes_takes_its_bookings_with_it() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("rose", at=house.clock.now() + timedelta(hours=1))
        await house.adopt(LAVENDER)
        assert (house.state(id), house.session(id).ended_by) == (SessionState.CANCELLED, "room_removed")
        await house.run(2 * 3600)
        assert [log for log in house.logs if log["log_level"] == "error"] == []
        await house.adopt(LAVENDER, ROSE)
        await house.begin("rose")

    played(scenario, rooms=(LAVENDER, ROSE))


def test_what_a_therapist_breathed_in_a_room_that_is_gone_still_counts() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("rose", minutes=90, care=(), scent=True, therapist="t1")
        while not house.store.doses(id):
            await house.run(30)
        await house.run(60)
        await house.act("end", id)
        await house.act("end", id)
        turn = Turn(house.conductor._house, house.clock.now())
        given = minutes_by(turn, "t1")
        assert given > 0.5
        await house.adopt(LAVENDER)
        assert minutes_by(Turn(house.conductor._house, house.clock.now()), "t1") == given

    played(scenario, rooms=(LAVENDER, a_room("rose")))


def test_a_new_lamp_is_full_too_in_an_emergency() -> None:
    async def scenario(house: House) -> None:
        await house.wish(Emergency("fire", True))
        await house.adopt(having(NICHE))
        await house.run(2)
        assert house.actual("lavender", "niche")["brightness"] == 100.0
        assert house.room().state is RoomState.EMERGENCY

    played(scenario, rooms=(LAVENDER,))


def test_a_room_that_is_added_in_a_fire_of_the_whole_house_is_in_it_and_in_no_call_of_another_room() -> None:
    async def fire(house: House) -> None:
        await house.wish(Emergency("fire", True))
        await house.adopt(LAVENDER, NOVA)
        await house.run(2)
        assert (house.room("nova").state, house.actual("nova", "ceiling")["brightness"]) == (RoomState.EMERGENCY, 100.0)
        await house.wish(Emergency("fire", active=False))
        assert house.room("nova").state is RoomState.VACANT_DIRTY

    async def found_at_a_start(house: House) -> None:
        await house.wish(Emergency("fire", True))
        house.site = replace(house.site, rooms=(LAVENDER, FIR))
        await house.restart()
        assert house.room("fir").state is RoomState.EMERGENCY

    async def call(house: House) -> None:
        await house.wish(Emergency("medical", room="lavender"))
        await house.adopt(LAVENDER, NOVA)
        assert house.room("nova").state is RoomState.READY

    played(fire, rooms=(LAVENDER,))
    played(found_at_a_start, rooms=(LAVENDER,))
    played(call, rooms=(LAVENDER,))


def test_a_room_that_is_being_cleaned_goes_on_being_cleaned() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.run(30 * MINUTE)
        await house.act("end", id)
        await house.act("end", id)
        before = house.room()
        assert before.state is RoomState.AIRING
        fan = house.actual("lavender", "extract")["speed"]
        await house.adopt(having(NICHE))
        assert house.room().state is RoomState.AIRING
        assert house.actual("lavender", "extract")["speed"] == fan
        states = []
        for _ in range(40):
            await house.run(60)
            states.append(house.room().state)
        assert list(dict.fromkeys(states)) in ([RoomState.AIRING, RoomState.CLEANING, RoomState.READY], [RoomState.AIRING, RoomState.READY])

    played(scenario, rooms=(LAVENDER,))


def test_a_room_out_of_order_stays_so() -> None:
    async def scenario(house: House) -> None:
        await house.wish(OutOfOrder("lavender", True))
        await house.adopt(having(NICHE))
        assert house.room().state is RoomState.OUT_OF_ORDER

    played(scenario, rooms=(LAVENDER,))


def test_what_was_planned_anew_is_what_a_restart_finds() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin()
        await house.run(10 * MINUTE)
        await house.adopt(having(NICHE))
        sheet = house.session(id).sheet
        await house.restart(3.0)
        assert house.session(id).sheet == sheet
        assert "niche" in house.room().scene.levels

    played(scenario, rooms=(LAVENDER,))


def test_a_disk_that_is_full_does_not_keep_a_new_room_from_its_light() -> None:
    store = MemoryStore()

    async def scenario(house: House) -> None:
        store.fails = FULL
        await house.adopt(LAVENDER, NOVA)
        assert house.room("nova").state is RoomState.READY
        assert {told.device for told in house.told if told.room == "nova"} == {"ceiling", "speaker"}
        store.fails = None
        await house.run(120)
        assert store.rooms["nova"].sheet is not None

    played(scenario, rooms=(LAVENDER,), store=store)


def test_a_room_whose_rows_make_no_sense_does_not_keep_the_others_from_theirs() -> None:
    async def scenario(house: House) -> None:
        await house.begin()
        await house.begin("rose")
        live = house.live()
        assert live is not None
        broken = replace(live, sheet=replace(live.sheet, spans=()))
        house.conductor._house.sessions[live.id] = broken
        niche = replace(NICHE, room="rose")
        await house.adopt(having(NICHE), having(niche, room=a_room("rose")))
        assert "niche" in house.room("rose").scene.levels

    played(scenario, rooms=(LAVENDER, a_room("rose")))
