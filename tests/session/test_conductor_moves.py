"""Moving a session to another room, and verbs that meet somebody else's time."""

from datetime import timedelta

import pytest

from ambiance.errors import IllegalMove, RoomBusy
from ambiance.session.model import RoomState
from ambiance.session.wishes import Act, Start
from tests.session.house_fixtures import MINUTE, House, played


def test_a_move_carries_the_session_on_in_the_other_room() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("lavender", care=({"code": "light_max_lx", "value": 10},), minutes=90)
        await house.until("work1", inside=90)
        await house.act("move", id, to="rose")
        session = house.session(id)
        assert (session.room, house.phase("rose")) == ("rose", "work1")
        assert house.live("lavender") is None
        why = house.room("rose").scene.why["ceiling"]["brightness"]
        assert why.layer.value in ("care", "profile")
        with pytest.raises(RoomBusy, match=id):
            await house.begin("rose")
        await house.wish(Start("lavender", "spa/swedish", 60))
        with pytest.raises(RoomBusy):
            await house.act("move", id, to="lavender")

    played(scenario)


def test_a_booked_session_moves_with_its_time_and_prepares_the_other_room() -> None:
    async def scenario(house: House) -> None:
        at = house.clock.now() + timedelta(minutes=30)
        id = await house.begin("lavender", at=at)
        await house.act("move", id, to="rose")
        assert house.session(id).t0 == at
        await house.run(21 * MINUTE)
        assert house.room("rose").state is RoomState.PREPPING
        assert house.room("lavender").state is RoomState.READY
        # Nobody was in a room that was only being prepared: it is simply free again.
        await house.act("move", id, to="lavender")
        assert house.room("rose").state is RoomState.READY
        assert house.room("lavender").state is RoomState.PREPPING

    played(scenario)


def test_an_extension_that_runs_into_the_next_guest_is_refused() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("lavender")
        next_one = await house.begin("lavender", at=house.clock.now() + timedelta(minutes=75))
        await house.act("extend", id, minutes=15)
        with pytest.raises(RoomBusy, match=next_one):
            await house.act("extend", id, minutes=1)
        assert house.session(id).sheet.end == 75 * MINUTE

    played(scenario)


def test_at_the_very_end_exactly_one_of_two_wins() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("lavender")
        await house.run(60 * MINUTE - 0.001)
        first, second = await house.conductor.wish_many([(Act("end", id), None), (Act("end", id), None)])
        assert not isinstance(first, Exception)
        assert isinstance(second, IllegalMove)
        await house.run(1)
        for verb in ("extend", "pause", "advance", "resume"):
            with pytest.raises(IllegalMove, match="while done"):
                await house.act(verb, id)

    played(scenario)


def test_a_verb_that_comes_after_the_end_finds_the_session_done_though_nothing_rang() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("lavender")
        house.conductor._play.stop()  # as if the process had stalled over the end
        house.clock._now += timedelta(minutes=61)
        with pytest.raises(IllegalMove, match="cannot extend while done"):
            await house.act("extend", id)
        assert house.session(id).ended_at == house.session(id).t0 + timedelta(minutes=60)

    played(scenario)
