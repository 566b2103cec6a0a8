"""Clocks that are set, clocks that are wrong, nights with two o'clock twice, and the lights going out."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ambiance.clock import ManualClock
from ambiance.cuesheet.model import LightLevel
from ambiance.session.model import RoomState, SessionState
from ambiance.session.wishes import ClockConfirmed
from tests.session.house_fixtures import MINUTE, House, played


@pytest.mark.parametrize("hours", [1, -1, 26])
def test_fault_19_a_stepped_clock_neither_skips_nor_doubles_nor_hurries_anything(hours: int) -> None:
    def life(step: timedelta) -> tuple[list[Any], list[str]]:
        async def scenario(house: House) -> tuple[list[Any], list[str]]:
            begin = house.clock.now()
            await house.begin(care=(), scent=True)
            await house.run(7 * MINUTE + 0.5)
            house.clock.step_wall(step)
            await house.run(73 * MINUTE)
            assert house.clock.now() == begin + step + timedelta(minutes=80, seconds=0.5)
            # The beat that restates may fall elsewhere; every move is told at the same moment of the treatment.
            return [(round(t.elapsed, 1), t.device, t.wanted) for t in house.told if not t.glide], house.types("lavender")

        return played(scenario, look=1.0)

    assert life(timedelta(hours=hours)) == life(timedelta())


def test_after_a_step_the_scene_stays_where_it_was_in_the_treatment_also_over_a_restart() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.until("work1", inside=15)
        before = house.room().scene.levels["ceiling"]
        house.clock.step_wall(timedelta(hours=1))
        await house.run(1.0)
        after = house.room().scene.levels["ceiling"]
        assert isinstance(before, LightLevel) and isinstance(after, LightLevel)
        assert after.lstar == pytest.approx(before.lstar, abs=4.1)
        assert house.phase() == "work1"
        offset = house.session(id).offset(house.clock.now())
        await house.restart(after=2)
        assert house.session(id).offset(house.clock.now()) == pytest.approx(offset + 2)
        assert house.phase() == "work1"

    played(scenario, look=1.0)


def test_a_wish_that_waits_while_the_clock_is_set_is_decided_at_the_right_moment() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.run(20 * MINUTE)
        house.clock.step_wall(timedelta(hours=3))
        # Queued before anybody looked at the clock, and decided in the same turn.
        asking = asyncio.create_task(house.act("pause", id))
        await house.run(1)
        await asking
        assert house.state(id) is SessionState.PAUSED
        assert house.session(id).sheet.paused == pytest.approx(20 * MINUTE, abs=2)

    played(scenario, look=1.0)


def test_fault_42_a_machine_that_wakes_in_1970_holds_its_sessions_until_the_time_is_good() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.run(20 * MINUTE)
        at = house.clock.now()
        scene = house.room().scene
        house.kill()
        house.clock = ManualClock(datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
        await house.start()
        assert not house.clock.synchronised
        assert abs((house.clock.now() - at).total_seconds()) <= 60
        assert house.state(id) is SessionState.RUNNING
        assert house.room().scene.phase == scene.phase
        await house.wish(ClockConfirmed())
        assert house.clock.synchronised
        await house.run(45 * MINUTE)
        assert house.state(id) is SessionState.DONE

    played(scenario)


@pytest.mark.parametrize("night", ["2026-03-29T00:30:00+00:00", "2026-10-25T00:30:00+00:00"])
def test_fault_40_a_session_across_a_change_of_summer_time_is_as_long_as_any(night: str) -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(at=house.clock.now() + timedelta(minutes=15), care=(), scent=True)
        await house.run(80 * MINUTE)
        session = house.session(id)
        assert session.state is SessionState.DONE
        assert session.ended_at == session.t0 + timedelta(minutes=60)
        assert house.types("lavender").count("session_started") == 1

    played(scenario, at=datetime.fromisoformat(night))


def test_after_a_power_failure_there_is_half_light_and_silence_until_a_person_resumes() -> None:
    async def scenario(house: House) -> None:
        running = await house.begin("lavender", care=(), scent=True)
        paused = await house.begin("rose", care=())
        await house.run(12 * MINUTE)
        await house.act("pause", paused)
        await house.run(5 * MINUTE)
        await house.restart(after=90, boot="boot-2")
        await house.run(6)
        for room in ("lavender", "rose"):
            assert house.room(room).state is RoomState.PAUSED
            light = house.actual(room, "ceiling")
            assert (light["brightness"], light["kelvin"]) == (pytest.approx(50, abs=0.5), pytest.approx(2700, abs=5))
            assert house.actual(room, "speaker")["playing"] is False
            assert not house.diffusing(room)
        await house.run(30 * MINUTE)
        assert house.actual("lavender", "speaker")["playing"] is False
        await house.act("resume", running)
        await house.run(60)
        assert house.phase("lavender") == "work1"
        assert house.actual("lavender", "speaker")["playing"] is True
        resumed = await house.act("resume", paused)
        assert resumed.body["end_moved_s"] == pytest.approx(36.5 * 60 + 66, abs=70)
        assert "power_returned" in house.types("lavender")

    played(scenario)


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        ("2028-02-28T23:40:00+00:00", "2028-02-29"),
        ("2028-02-29T23:40:00+00:00", "2028-03-01"),
        ("2026-12-31T23:40:00+00:00", "2027-01-01"),
        ("2016-12-31T23:40:00+00:00", "2017-01-01"),  # a night with a leap second, which UTC as computers keep it does not show
    ],
)
def test_fault_41_a_session_into_a_rare_day_ends_on_the_right_date(evening: str, morning: str) -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.run(61 * MINUTE)
        session = house.session(id)
        assert session.state is SessionState.DONE
        assert session.ended_at is not None
        assert session.ended_at.date().isoformat() == morning
        assert session.ended_at - session.t0 == timedelta(minutes=60)

    played(scenario, at=datetime.fromisoformat(evening))
