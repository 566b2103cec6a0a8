"""Emergencies against everything else: whatever the room was doing, whoever wants otherwise, whatever else is broken."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from ambiance.cuesheet.model import LightLevel
from ambiance.cuesheet.wanted import DiffuserWanted
from ambiance.errors import Conflict, IllegalMove
from ambiance.session.model import RoomState, SessionState
from ambiance.session.wishes import Adjust, Begin, Bright, Drill, Emergency, OutOfOrder, Ready, Returned, Start
from ambiance.units import mired
from tests.session.house_fixtures import LAVENDER, MINUTE, ROSE, House, Inline, MemoryStore, played


async def _prepared(house: House) -> None:
    await house.begin("rose", at=house.clock.now() + timedelta(minutes=10), care=(), scent=True)
    await house.run(2 * MINUTE)


async def _awaited(house: House) -> None:
    await _prepared(house)
    await house.run(9 * MINUTE)


async def _running(house: House) -> None:
    await house.begin("rose", care=(), scent=True)
    await house.run(20 * MINUTE)


async def _paused(house: House) -> None:
    await _running(house)
    await house.act("pause", room="rose")


async def _ending(house: House) -> None:
    await _running(house)
    await house.act("end", room="rose")


async def _cleaned(house: House) -> None:
    await _ending(house)
    await house.act("end", room="rose")
    await house.run(MINUTE)


async def _closed(house: House) -> None:
    await house.wish(OutOfOrder("rose"))


async def _bright(house: House) -> None:
    await _running(house)
    await house.wish(Bright("rose"))


async def _nothing(house: House) -> None:
    await house.run(1)


FROM: dict[str, Callable[[House], Awaitable[None]]] = {
    "ready": _nothing, "prepping": _prepared, "waiting_client": _awaited, "in_session": _running, "paused": _paused,
    "ending": _ending, "airing": _cleaned, "out_of_order": _closed, "bright": _bright,
}  # fmt: skip


@pytest.mark.parametrize("state", FROM)
def test_a_fire_finds_the_room_in_any_state_and_leaves_full_light_silence_and_no_scent(state: str) -> None:
    async def scenario(house: House) -> None:
        await FROM[state](house)
        assert house.room("rose").state == ("in_session" if state == "bright" else state)
        await house.wish(Emergency("fire"))
        seen = [house.actual("rose", "ceiling")["brightness"]]
        for _ in range(22):
            await house.run(0.05)
            seen.append(house.actual("rose", "ceiling")["brightness"])
        assert all(b >= a - 1e-6 for a, b in pairwise(seen)), "it rises and never flashes"
        assert seen[-1] == 100 and (state == "bright" or seen[5] < 100)
        for lamp in ("ceiling", "cove", "exam"):
            actual = house.actual("rose", lamp)
            assert (actual["brightness"], actual["color"]) == (100, None)
            assert actual["kelvin"] == pytest.approx(4000, abs=10)
        assert house.actual("rose", "speaker")["playing"] is False
        assert house.actual("rose", "table")["on"] is False
        fan = house.actual("rose", "extract")["speed"]
        await house.run(90 * MINUTE)
        assert not house.diffusing("rose") and house.actual("rose", "ceiling")["brightness"] == 100
        assert house.actual("rose", "extract")["speed"] == fan, "the fans are the building's"
        assert house.room("rose").session is None
        await house.wish(Emergency("fire", active=False, by="desk"))
        assert house.room("rose").state == ("out_of_order" if state == "out_of_order" else "vacant_dirty")

    played(scenario, rooms=(LAVENDER, ROSE))


WISHES: dict[str, Any] = {
    "start": Start("lavender", "spa/swedish", 60),
    "begin": Begin("lavender"),
    "ready": Ready("lavender"),
    "dimmer": Adjust("lavender", light=-30),
    "more light": Adjust("lavender", light=15),
    "louder": Adjust("lavender", music=12),
    "unmute": Adjust("lavender", mute=False),
    "scent off": Adjust("lavender", scent_off=True),
    "exam light": Adjust("lavender", exam_light=False),
    "hold": Adjust("lavender", hold={"ceiling": LightLevel(5.0, mired(2000))}, lasting=True),
    "release": Adjust("lavender", release=True),
}
GRANTED = ("more light", "scent off")
"""What a hand may always ask; it is so already."""


@pytest.mark.parametrize("wish", WISHES)
def test_row_63_nothing_anybody_wishes_moves_a_room_in_an_emergency(wish: str) -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.run(MINUTE)
        await house.wish(Emergency("fire", by="integration"))
        await house.run(2)
        mark, scene = len(house.told), house.room().scene.levels
        if wish in GRANTED:
            assert (await house.wish(WISHES[wish])).body == {"room": "lavender", "hands": []}
        else:
            with pytest.raises(Conflict) as refused:
                await house.wish(WISHES[wish])
            assert refused.value.status == 409 and refused.value.extra["state"] == "emergency"
        await house.wish(Bright("lavender", None))
        await house.wish(Bright("lavender", False))
        told = [each.wanted for each in house.told[mark:]]
        assert told == ([DiffuserWanted(False)] if wish == "scent off" else []), "off may always be said once more"
        assert house.room().scene.levels == scene

    played(scenario, rooms=(LAVENDER,))


def test_row_63_a_lamp_somebody_moves_in_an_emergency_is_told_again_and_so_is_the_whole_room_every_minute() -> None:
    async def scenario(house: House) -> None:
        await house.wish(Emergency("fire"))
        await house.run(5)
        mark = len(house.told)
        await house.wish(Returned("lavender", "ceiling"))
        (again,) = house.told[mark:]
        assert (again.device, again.hurry, again.glide) == ("ceiling", True, False)
        assert again.wanted.brightness == 100 and 0 < again.wanted.fade <= 1  # type: ignore[union-attr]
        mark = len(house.told)
        await house.run(61)
        assert {told.device for told in house.told[mark:] if told.hurry} == {"ceiling", "cove", "exam", "speaker", "table"}

    played(scenario, rooms=(LAVENDER,))


def test_row_9_an_emergency_does_not_wait_for_a_disk_that_hangs() -> None:
    class Stuck(Executor):
        """Takes what it is given and does nothing while `stuck`."""

        stuck = False

        def __init__(self) -> None:
            self.waiting: list[Callable[[], None]] = []

        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
            if not self.stuck:
                return Inline().submit(fn, *args, **kwargs)
            future: Future[Any] = Future()
            self.waiting.append(lambda: future.set_result(fn(*args, **kwargs)))
            return future

        def go_on(self) -> None:
            self.stuck = False
            for each in self.waiting:
                each()

    async def scenario(house: House) -> None:
        disk = Stuck()
        house.conductor._saving._executor = disk
        await house.begin(care=())
        await house.run(12 * MINUTE)
        disk.stuck = True
        slow = asyncio.ensure_future(house.wish(Adjust("rose", light=5)))
        await house.run(1)
        assert not slow.done()
        fire = asyncio.ensure_future(house.wish(Emergency("fire", by="bus")))
        await house.run(1.1)
        waits = not fire.done()
        lit = [house.actual(room, "ceiling")["brightness"] for room in ("lavender", "rose")]
        heard = [house.actual(room, "speaker")["playing"] for room in ("lavender", "rose")]
        disk.go_on()
        assert (waits, lit, heard) == (True, [100, 100], [False, False])
        await slow
        assert (await fire).body["rooms"] == ["lavender", "rose"]
        await house.run(1.1)
        assert {house.actual(room, "ceiling")["brightness"] for room in ("lavender", "rose")} == {100}
        assert house.types().count("emergency_began") == 2

    played(scenario, rooms=(LAVENDER, ROSE))


def test_an_emergency_whose_sheet_was_lost_is_lit_again_by_the_next_start() -> None:
    store = MemoryStore()

    async def scenario(house: House) -> None:
        await house.wish(Emergency("medical", room="lavender"))
        house.kill()
        store.rooms["lavender"] = replace(store.rooms["lavender"], sheet=None, t0=None)
        house.actual("lavender", "ceiling")
        await house.start()
        await house.run(2)
        assert house.room().state is RoomState.EMERGENCY
        assert house.actual("lavender", "ceiling")["brightness"] == 100

    played(scenario, rooms=(LAVENDER,), store=store)


# --- calls for help ---------------------------------------------------------------------------------------------------


def test_a_silent_call_is_repeated_to_the_desk_every_minute_until_a_person_acknowledges_it() -> None:
    async def scenario(house: House) -> None:
        await house.wish(Emergency("duress", room="lavender", by="button"))
        await house.run(5 * MINUTE + 1)
        repeated = [news for news in house.news if news.type == "emergency_repeated"]
        assert len(repeated) == 5 and {news.room for news in repeated} == {"lavender"}
        await house.wish(Emergency("duress", active=False, room="lavender"))
        await house.run(5 * MINUTE)
        assert house.types().count("emergency_repeated") == 5

    played(scenario, rooms=(LAVENDER,))


def test_where_the_house_chose_so_a_call_lights_the_room() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.run(20 * MINUTE)
        await house.wish(Emergency("duress", room="lavender"))
        await house.run(1.1)
        assert (house.room().state, house.room().emergency) == (RoomState.EMERGENCY, "duress")
        assert house.actual("lavender", "ceiling")["brightness"] == 100
        assert house.actual("lavender", "speaker")["playing"] is False
        assert house.state(id) is SessionState.DONE
        # Illness in the same room stands before it, and gives way to it again.
        await house.wish(Emergency("medical", room="lavender"))
        assert house.room().emergency == "medical"
        await house.wish(Emergency("medical", active=False, room="lavender"))
        assert (house.room().state, house.room().emergency) == (RoomState.EMERGENCY, "duress")

    played(scenario, rooms=(LAVENDER,), duress="bright")


def test_behind_a_fire_a_silent_call_is_not_lost_and_shows_nothing_once_the_fire_is_reset() -> None:
    async def scenario(house: House) -> None:
        await house.wish(Emergency("duress", room="lavender"))
        await house.wish(Emergency("fire"))
        await house.wish(Emergency(None, active=False))
        assert (house.room().state, house.room().emergency) == (RoomState.VACANT_DIRTY, "duress")

    played(scenario, rooms=(LAVENDER,))


# --- drills -----------------------------------------------------------------------------------------------------------


def test_in_a_drill_the_alarm_moves_nothing_is_heard_and_is_confirmed_by_a_person() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.run(MINUTE)
        await house.wish(Drill("fire", by="manager", token="t1"))
        mark, scene = len(house.told), house.room().scene.levels
        for by in ("bus", "integration"):
            answer = await house.wish(Emergency("fire", by=by))
            assert answer.body == {"kind": "fire", "active": False, "drill": True, "rooms": []}
        assert (house.told[mark:], house.room().scene.levels) == ([], scene)
        assert house.room().emergency is None
        assert [(n.type, n.details["by"]) for n in house.news[-2:]] == [("drill_heard", "bus"), ("drill_heard", "integration")]
        await house.restart()
        confirmed = await house.wish(Drill("fire", active=False, by="desk", token="t2"))
        assert confirmed.body["heard"] is True
        (row,) = house.conductor.drills()
        assert (row.confirmed_at, row.confirmed_by, row.confirmed_with) == (house.clock.now(), "desk", "t2")
        await house.wish(Emergency("fire", by="bus"))
        assert house.room().emergency == "fire"

    played(scenario, rooms=(LAVENDER,))


@pytest.mark.parametrize("by", ["desk", "therapist", "room", "button"])
def test_what_a_person_raises_during_a_drill_is_real(by: str) -> None:
    async def scenario(house: House) -> None:
        await house.wish(Drill("medical"))
        await house.wish(Emergency("medical", room="lavender", by=by))
        assert house.room().emergency == "medical"

    played(scenario, rooms=(LAVENDER,))


def test_a_drill_masks_only_its_kind_and_its_room_and_no_longer_than_an_hour() -> None:
    async def scenario(house: House) -> None:
        await house.wish(Drill("medical", room="rose"))
        await house.wish(Emergency("medical", room="rose", by="bus"))
        assert house.room("rose").emergency is None
        await house.wish(Emergency("medical", room="lavender", by="bus"))
        await house.wish(Emergency("duress", room="rose", by="bus"))
        assert (house.room("lavender").emergency, house.room("rose").emergency) == ("medical", "duress")
        await house.run(59.9 * MINUTE)
        await house.wish(Emergency("medical", room="rose", by="bus"))
        assert house.room("rose").emergency == "duress"
        await house.run(0.2 * MINUTE)
        await house.wish(Emergency("medical", room="rose", by="bus"))
        assert house.room("rose").emergency == "medical"
        await house.run(MINUTE)
        assert house.types().count("drill_ended") == 1
        with pytest.raises(Conflict, match="no drill of medical is under way"):
            await house.wish(Drill("medical", active=False))
        (row,) = house.conductor.drills()
        assert row.confirmed_at is None, "a drill nobody confirmed does not count"

    played(scenario, rooms=(LAVENDER, ROSE))


def test_a_new_drill_keeps_the_last_proof_until_it_is_confirmed_itself() -> None:
    async def scenario(house: House) -> None:
        await house.wish(Drill("fire"))
        await house.wish(Drill("fire", active=False, by="desk"))
        proved = house.clock.now()
        await house.run(5 * MINUTE)
        await house.wish(Drill("fire"))
        await house.run(61 * MINUTE)
        (row,) = house.conductor.drills()
        assert (row.confirmed_at, row.confirmed_by) == (proved, "desk")

    played(scenario, rooms=(LAVENDER,))


# --- out of order -----------------------------------------------------------------------------------------------------


def test_staff_take_a_room_out_of_order_and_put_it_back() -> None:
    async def scenario(house: House) -> None:
        booked = await house.begin(at=house.clock.now() + timedelta(minutes=20))
        await house.wish(OutOfOrder("lavender"))
        await house.run(20)
        assert house.room().state is RoomState.OUT_OF_ORDER
        assert house.actual("lavender", "ceiling")["brightness"] == pytest.approx(20, abs=0.5)
        for wish in (Start("lavender", "spa/swedish", 60), Ready("lavender")):
            with pytest.raises(Conflict, match="out of order"):
                await house.wish(wish)
        await house.run(15 * MINUTE)
        assert house.state(booked) is SessionState.SCHEDULED, "it is not prepared in a room nobody uses"
        await house.restart()
        assert house.room().state is RoomState.OUT_OF_ORDER
        await house.wish(OutOfOrder("lavender", on=False))
        assert house.room().state in (RoomState.VACANT_DIRTY, RoomState.PREPPING)

    played(scenario, rooms=(LAVENDER,))


def test_a_room_in_use_is_not_taken_out_of_order_and_one_in_an_emergency_is_so_after_it() -> None:
    async def scenario(house: House) -> None:
        await house.begin("rose", care=())
        with pytest.raises(IllegalMove, match="out of order"):
            await house.wish(OutOfOrder("rose"))
        await house.wish(Emergency("fire"))
        await house.wish(OutOfOrder("rose"))
        assert house.room("rose").state is RoomState.EMERGENCY
        assert house.types("rose")[-1] == "room_closed"
        await house.wish(Emergency("fire", active=False, room="rose"))
        assert house.room("rose").state is RoomState.OUT_OF_ORDER
        await house.wish(Emergency("fire", active=False, room="lavender", closed=True))
        assert house.room("lavender").state is RoomState.OUT_OF_ORDER

    played(scenario, rooms=(LAVENDER, ROSE))


# --- the power comes back ---------------------------------------------------------------------------------------------


def test_after_a_power_failure_the_room_asks_to_resume_and_a_room_being_prepared_gets_no_scent() -> None:
    async def scenario(house: House) -> None:
        running = await house.begin("rose", care=(), scent=True)
        prepared = await house.begin("lavender", at=house.clock.now() + timedelta(minutes=30), care=(), scent=True)
        assert house.session(prepared).sheet.doses
        await house.run(21 * MINUTE)
        assert house.room("lavender").state is RoomState.PREPPING
        end = house.session(running).sheet.end
        await house.restart(after=30, boot="boot-2")
        assert house.room("rose").waiting_for == "resume"
        lamps = [t for t in house.told[-40:] if (t.room, t.device, t.at) == ("rose", "ceiling", house.clock.now())]
        assert lamps and all((t.wanted.fade, t.glide) == (5.0, False) for t in lamps), "wherever the lamp woke up"  # type: ignore[union-attr]
        assert house.session(running).sheet.end == end, "its clock is kept"
        mark = len(house.told)
        await house.run(60 * MINUTE)
        assert house.state(prepared) is SessionState.RUNNING
        assert not any(getattr(told.wanted, "intensity", 0) for told in house.told[mark:])
        await house.act("resume", running)
        assert house.room("rose").waiting_for != "resume"
        await house.act("pause", running)
        assert house.room("rose").waiting_for is None

    played(scenario, rooms=(LAVENDER, ROSE))


# --- what a guest may do without a reason -----------------------------------------------------------------------------


def test_a_guest_in_the_dark_of_a_float_gets_light() -> None:
    async def scenario(house: House) -> None:
        await house.begin(profile="spa/float", minutes=90, care=())
        live = house.live()
        assert live is not None
        span = next(span for span in live.sheet.spans if span.phase == "float_silent")
        await house.run(span.start + 300)
        assert house.actual("lavender", "ceiling")["brightness"] == 0
        await house.wish(Adjust("lavender", light=15, source="tablet"))
        await house.run(3)
        assert house.actual("lavender", "ceiling")["brightness"] == pytest.approx(1.96, abs=0.3)
        assert house.actual("lavender", "exam")["brightness"] == 0

    played(scenario, rooms=(LAVENDER,))


def test_more_light_silence_and_no_scent_last_to_the_end_of_the_session() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.until("work1", inside=90)
        before = house.room().scene.levels["ceiling"]
        assert isinstance(before, LightLevel)
        for wish in (Adjust("lavender", light=15), Adjust("lavender", mute=True), Adjust("lavender", scent_off=True)):
            await house.wish(wish)
        await house.run(3)
        after = house.room().scene.levels["ceiling"]
        assert isinstance(after, LightLevel) and after.lstar == pytest.approx(before.lstar + 15)
        while house.live() is not None:
            assert set(house.room().hands) == {"light +15", "muted", "scent off"}
            assert house.actual("lavender", "speaker")["playing"] is False and not house.diffusing()
            await house.run(5 * MINUTE)
        assert house.state(id) is SessionState.DONE

    played(scenario, rooms=(LAVENDER,))
