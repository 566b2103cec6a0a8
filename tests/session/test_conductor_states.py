"""What happens by itself: a session's states, its borders, and the room's states around it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ambiance.clock import stamp
from ambiance.cuesheet import LightLevel
from ambiance.errors import IllegalMove, RoomBusy
from ambiance.session.model import RoomState, SessionState
from ambiance.session.wishes import OutOfOrder, Ready
from tests.session.house_fixtures import LAVENDER, MINUTE, ROSE, House, played


def test_under_hands_a_session_waits_runs_overruns_and_ends() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        id = await house.begin("rose", at=now + timedelta(minutes=30), care=())
        seen = [(house.state(id), house.room("rose").state)]

        async def look(seconds: float) -> None:
            await house.run(seconds)
            seen.append((house.state(id), house.room("rose").state))

        await look(21 * MINUTE)
        await look(10 * MINUTE)
        assert house.room("rose").waiting_for == "welcome"
        await house.act("advance", id)
        await look(1)
        await house.act("pause", id)
        await look(60)
        await house.act("resume", id)
        while house.phase("rose") != "redress":
            await house.act("advance", id)
        await look(1)
        await look(house.session(id).sheet.end - house.session(id).offset(house.clock.now()) + 1)
        assert house.room("rose").waiting_for == "end"
        await look(4 * MINUTE)
        await look(MINUTE)
        assert house.session(id).ended_by == "grace"
        await look(16 * MINUTE)
        assert [(session.value, room.value) for session, room in seen] == [
            ("scheduled", "ready"), ("preparing", "prepping"), ("waiting", "waiting_client"), ("running", "in_session"),
            ("paused", "paused"),
            ("running", "in_session"), ("overrun", "overrun"), ("overrun", "overrun"), ("done", "cleaning"), ("done", "ready"),
        ]  # fmt: skip
        told = house.types("rose")
        wanted = [
            "preparation_began", "guest_awaited", "session_started", "session_paused",
            "session_resumed", "session_overran", "session_ended",
        ]  # fmt: skip
        assert [type for type in told if type in wanted] == wanted

    played(scenario)


def test_an_overrun_holds_the_last_phase_but_for_one_small_step_of_light() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("rose", care=())
        while house.phase("rose") != "redress":
            await house.act("advance", id)
        await house.run(house.session(id).sheet.end - house.session(id).offset(house.clock.now()) - 1)
        before = house.room("rose").scene.levels
        await house.run(6)
        assert house.state(id) is SessionState.OVERRUN
        half = house.room("rose").scene.levels
        await house.run(MINUTE)
        after = house.room("rose").scene.levels
        assert house.room("rose").phase_id == "redress"
        for device, level in before.items():
            if isinstance(level, LightLevel) and level.lstar:
                assert after[device] == replace(level, lstar=level.lstar + 3)
                between = half[device]
                assert isinstance(between, LightLevel) and between.lstar == pytest.approx(level.lstar + 1.5)
            else:
                assert after[device] == level
        await house.act("extend", id, minutes=10)
        await house.run(MINUTE)
        assert house.room("rose").scene.levels == before

    played(scenario)


def test_an_ending_session_closes_by_itself_and_a_second_end_closes_it_at_once() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.until("work1", inside=120)
        await house.act("end", id)
        assert house.room().state is RoomState.ENDING
        assert house.phase() == "return"
        await house.run(59)
        assert house.phase() == "return"
        await house.run(2)
        assert house.phase() == "redress"
        assert house.state(id) is SessionState.ENDING
        await house.run(5 * MINUTE)
        assert (house.state(id), house.session(id).ended_by) == (SessionState.DONE, "clock")
        other = await house.begin("rose", care=())
        await house.run(20 * MINUTE)
        await house.act("end", other)
        await house.act("end", other)
        assert (house.state(other), house.session(other).ended_at) == (SessionState.DONE, house.clock.now())

    played(scenario)


def test_a_border_waits_for_hands_with_the_light_where_it_was_and_goes_on_after_the_grace() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("rose", care=())
        await house.until("work1", "rose")
        settled = house.room("rose").scene.levels["ceiling"]
        assert (house.phase("rose"), house.room("rose").waiting_for) == ("settle", "work1")
        assert house.types("rose")[-1] == "border_reached"
        await house.run(5 * MINUTE - 2)
        assert (house.phase("rose"), house.room("rose").scene.levels["ceiling"]) == ("settle", settled)
        await house.run(2)
        assert (house.phase("rose"), house.room("rose").waiting_for) == ("work1", None)
        assert house.news[-2].type == "border_passed"
        assert [news.details["phase"] for news in house.news if news.type == "phase_began"] == [1, 2, 3]
        # The end stays where it was: work gives what waiting took.
        assert house.session(id).sheet.end == pytest.approx(3600)

    played(scenario)


def test_a_room_that_waits_for_hands_waits_for_ever() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("rose", care=())
        await house.until("work1", "rose")
        await house.run(300 * MINUTE)
        assert (house.phase("rose"), house.room("rose").waiting_for, house.state(id)) == ("settle", "work1", SessionState.RUNNING)
        await house.act("advance", id)
        assert house.phase("rose") == "work1"

    played(scenario, rooms=(replace(ROSE, unconfirmed="wait"),))


def test_the_end_moves_along_while_a_border_waits_and_is_never_past() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("rose", care=())
        await house.until("work1", "rose")
        said = house.clock.now()
        for _ in range(20):
            await house.run(10 * MINUTE)
            said = house.room("rose").ends_at or said
            assert said > house.clock.now() + timedelta(minutes=15), "all that is still to come, at its shortest"
            assert said >= house.session(id).at(3600)
        with pytest.raises(RoomBusy):
            await house.begin("rose", at=house.clock.now() + timedelta(minutes=10))
        told = (await house.act("advance", id)).body
        assert (told["ends_at"], house.room("rose").ends_at) == (stamp(said), said)
        while house.phase("rose") != "redress":
            await house.act("advance", id)
        await house.run(200 * MINUTE)
        assert (house.state(id), house.room("rose").ends_at) == (SessionState.OVERRUN, house.clock.now())

    played(scenario, rooms=(replace(ROSE, unconfirmed="wait"),))


def test_the_end_moves_along_while_a_room_waits_for_its_guest() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("rose", care=(), minutes=30, at=house.clock.now() + timedelta(minutes=30))
        await house.run(30 * MINUTE + 19 * MINUTE)
        assert house.state(id) is SessionState.WAITING
        said = house.room("rose").ends_at
        assert said is not None and said > house.clock.now() + timedelta(minutes=15)
        assert (await house.act("advance", id)).body["ends_at"] == stamp(said)

    played(scenario)


def test_an_overrun_in_a_room_that_waits_ends_only_by_a_hand() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("rose", care=())
        while house.phase("rose") != "redress":
            await house.act("advance", id)
        await house.run(200 * MINUTE)
        assert house.state(id) is SessionState.OVERRUN
        await house.act("stay", id, minutes=5)
        assert house.state(id) is SessionState.RUNNING
        await house.run(5 * MINUTE + 1)
        assert house.state(id) is SessionState.OVERRUN
        await house.act("end", id)
        assert house.state(id) is SessionState.DONE

    played(scenario, rooms=(replace(ROSE, unconfirmed="wait"),))


def test_a_guest_who_must_not_be_hurried_is_never_advanced_by_a_clock() -> None:
    async def scenario(house: House) -> None:
        await house.begin("lavender", care=({"code": "hold_phase", "value": ["work1"]},))
        await house.run(90 * MINUTE)
        assert (house.phase(), house.room().waiting_for) == ("work1", "turn")
        await house.restart(after=60)
        await house.run(60 * MINUTE)
        assert house.phase() == "work1"
        await house.act("advance")
        assert house.phase() == "turn"

    played(scenario)


def test_a_guest_who_does_not_come_frees_the_room_after_twenty_minutes() -> None:
    async def scenario(house: House) -> None:
        at = house.clock.now() + timedelta(minutes=30)
        id = await house.begin("rose", at=at, care=(), scent=True)
        await house.run(49 * MINUTE)
        assert house.state(id) is SessionState.WAITING
        await house.run(MINUTE)
        session = house.session(id)
        assert (session.state, session.ended_by, session.ended_at) == (SessionState.CANCELLED, "no_show", at + timedelta(minutes=20))
        assert house.room("rose").state is RoomState.READY
        assert not house.diffusing("rose")

    played(scenario)


def test_turnover_airs_after_scent_then_cleans_then_ends_by_itself() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.run(60 * MINUTE)
        ended = house.session(id).ended_at
        assert ended == house.clock.now()
        assert house.room().state is RoomState.AIRING
        await house.run(1)
        assert house.actual("lavender", "extract")["speed"] == 100
        await house.run(10 * MINUTE)
        assert house.room().state is RoomState.CLEANING
        await house.run(1)
        assert house.actual("lavender", "extract")["speed"] == 0
        await house.run(5 * MINUTE)
        assert house.room().state is RoomState.READY
        await house.run(60)
        assert house.actual("lavender", "ceiling")["brightness"] < 10
        assert [n.details["state"] for n in house.news if n.type == "room_changed"] == ["cleaning", "ready"]

    played(scenario)


def test_a_session_that_is_over_is_in_its_last_phase_until_it_is_closed() -> None:
    async def scenario(house: House) -> None:
        await house.begin()
        house.clock.advance(60 * MINUTE)
        now = house.room()
        assert (now.state, now.phase, now.phases) == (RoomState.IN_SESSION, 8, 8), "nobody has closed it yet"
        await house.run(1)
        assert (house.room().session, house.room().phase) == (None, 0)

    played(scenario)


def test_a_refusal_names_the_verb_that_takes_a_session_out_of_its_room() -> None:
    async def scenario(house: House) -> None:
        coming = await house.begin(at=house.clock.now() + timedelta(minutes=5))
        await house.run(1)
        for wish in (Ready("lavender"), OutOfOrder("lavender", True)):
            with pytest.raises(IllegalMove, match="while preparing; possible now: cancel"):
                await house.wish(wish)
        await house.act("cancel", coming)
        await house.begin()
        for wish in (Ready("lavender"), OutOfOrder("lavender", True)):
            with pytest.raises(IllegalMove, match="while running; possible now: end"):
                await house.wish(wish)

    played(scenario)


def test_ready_is_said_by_a_person_and_airing_is_never_cut_short() -> None:
    async def scenario(house: House) -> None:
        plain = await house.begin("rose", care=())
        with pytest.raises(IllegalMove, match="cannot ready while running"):
            await house.wish(Ready("rose"))
        assert (await house.wish(Ready("lavender"))).body["state"] == "ready"
        await house.act("end", plain)
        await house.act("end", plain)
        assert house.room("rose").state is RoomState.CLEANING
        await house.wish(Ready("rose"))
        assert house.room("rose").state is RoomState.READY
        await house.begin("lavender", care=(), scent=True)
        await house.run(60 * MINUTE)
        answer = await house.wish(Ready("lavender"))
        assert answer.body["state"] == "airing"
        await house.run(9 * MINUTE)
        assert house.room("lavender").state is RoomState.AIRING
        await house.run(2 * MINUTE)
        # Cleaned while it aired: it does not light up for cleaning again.
        assert house.room("lavender").state is RoomState.READY
        assert house.actual("lavender", "ceiling")["brightness"] < 10

    played(scenario)


def test_a_booked_session_takes_its_room_out_of_turnover() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        await house.begin(care=())
        second = await house.begin(at=now + timedelta(minutes=65), care=())
        await house.run(60 * MINUTE + 2)
        assert house.state(second) is SessionState.PREPARING
        assert house.room().state is RoomState.PREPPING
        await house.run(5 * MINUTE)
        assert (house.phase(), house.session(second).t0) == ("welcome", now + timedelta(minutes=65))

    played(scenario)


def test_a_session_that_overruns_holds_up_the_next_one_which_then_plays_from_where_it_should_be() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        first = await house.begin(care=())
        second = await house.begin(at=now + timedelta(minutes=60), care=())
        await house.run(30 * MINUTE)
        await house.act("pause", first)
        await house.run(40 * MINUTE)
        assert house.state(second) is SessionState.SCHEDULED
        await house.act("end", first)
        await house.act("end", first)
        await house.run(2)
        assert house.state(second) is SessionState.RUNNING
        assert house.room().scene.phase == "work1"

    played(scenario)


def test_cancelled_before_the_guest_came_the_room_is_ready_and_the_diffuser_off() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(at=house.clock.now() + timedelta(minutes=10), care=(), scent=True)
        await house.run(60)
        assert house.diffusing()
        await house.act("cancel", id)
        assert (house.state(id), house.room().state) == (SessionState.CANCELLED, RoomState.READY)
        assert not house.diffusing()
        await house.run(30 * MINUTE)
        assert house.room().state is RoomState.READY

    played(scenario)


def test_a_whole_session_is_played_in_a_clock_room_without_a_hand() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=())
        phases: list[str | None] = []
        for _ in range(121):
            await house.run(30)
            if house.phase() not in phases:
                phases.append(house.phase())
        assert phases == ["welcome", "settle", "work1", "turn", "work2", "deep", "return", "redress", None]
        assert max(house.late) == 0
        assert house.types("lavender").count("phase_began") == 8

    played(scenario, rooms=(LAVENDER,))
