"""The guest who is here, early or late, and the atmosphere of an earlier visit."""

from datetime import timedelta

import pytest

from ambiance.errors import Conflict, IllegalMove, RoomBusy, Unknown
from ambiance.session.model import RoomState, SessionState
from ambiance.session.wishes import Act, Adjust, Begin, Start
from tests.session.house_fixtures import LAVENDER, MINUTE, OAK, ROSE, House, a_room, played


def test_the_same_atmosphere_again() -> None:
    async def scenario(house: House) -> None:
        first = await house.begin(care=())
        await house.run(10 * MINUTE)
        await house.wish(Adjust("lavender", light=10))
        await house.wish(Adjust("lavender", light=-4))
        await house.wish(Adjust("lavender", music=-3))
        await house.wish(Adjust("lavender", mute=True))
        await house.act("end", first)
        await house.act("end", first)
        again = str((await house.wish(Start("lavender", None, like=first, care=()))).body["id"])
        assert (house.session(again).profile, house.session(again).minutes) == ("spa/swedish", 60)
        assert house.room().hands == ("light +6", "music -3")
        elsewhere = str((await house.wish(Start("rose", None, 90, like=first, care=()))).body["id"])
        assert house.session(elsewhere).minutes == 90
        assert house.room("rose").hands == ("light +6", "music -3")
        with pytest.raises(Unknown, match="nobody"):
            await house.wish(Start("oak", None, like="nobody"))

    played(scenario)


def test_the_same_atmosphere_never_outshines_what_this_guest_needs() -> None:
    async def scenario(house: House) -> None:
        first = await house.begin(care=())
        await house.act("end", first)
        await house.act("end", first)
        await house.wish(Start("lavender", None, like=first, care=({"code": "light_max_lx", "value": 5},)))
        plain = await house.begin("rose", care=({"code": "light_max_lx", "value": 5},))
        careful = house.session(plain).sheet
        again = next(s for s in house.conductor.sessions() if s.room == "lavender").sheet
        for phase in ("work1", "turn", "deep"):
            assert again.palette[phase]["ceiling"].level == careful.palette[phase]["ceiling"].level

    played(scenario, rooms=(LAVENDER, a_room("rose")))


def test_one_atmosphere_is_started_again_in_many_rooms_by_one_request() -> None:
    async def scenario(house: House) -> None:
        first = await house.begin("oak", care=())
        await house.act("end", first)
        await house.act("end", first)
        house.conductor._house.sessions.pop(first)  # as after a day: only the store still has it
        answers = await house.conductor.wish_many([(Start(room, None, like=first, care=()), None) for room in ("lavender", "rose")])
        assert [getattr(answer, "status", answer) for answer in answers] == [201, 201]

    played(scenario)


def test_a_couple_in_two_rooms_has_one_group() -> None:
    async def scenario(house: House) -> None:
        for room in ("lavender", "rose"):
            await house.begin(room, group="couple-7")
        await house.restart()
        assert {s.room: s.group for s in house.conductor.sessions()} == {"lavender": "couple-7", "rose": "couple-7"}

    played(scenario)


def test_the_begin_button_starts_what_is_booked_or_usual_or_says_why_not() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        booked = await house.begin("rose", minutes=90, at=now + timedelta(minutes=30))
        far = await house.begin("long", minutes=90, at=now + timedelta(minutes=61))
        with pytest.raises(RoomBusy, match=far):
            await house.wish(Begin("long"))  # its usual 75 minutes would run into it
        answer = await house.wish(Begin("rose"))
        assert answer.body["id"] == booked
        assert house.session(booked).t0 == now
        assert house.phase("rose") == "welcome"
        with pytest.raises(IllegalMove, match="cannot begin while running"):
            await house.wish(Begin("rose"))
        assert house.session(booked).t0 == now
        usual = await house.wish(Begin("oak"))
        assert house.session(str(usual.body["id"])).profile == "clinical/myofascial_release"
        with pytest.raises(Conflict, match="no booked session and no usual treatment"):
            await house.wish(Begin("bare"))
        with pytest.raises(Unknown):
            await house.wish(Begin("attic"))

    played(scenario, rooms=(ROSE, OAK, a_room("bare", usual=()), a_room("long", usual=("spa/aromatherapy",))))


def test_an_early_guest_gets_the_whole_treatment_from_the_moment_they_enter() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(at=house.clock.now() + timedelta(minutes=40), care=(), scent=True)
        await house.run(20 * MINUTE)
        t0 = house.clock.now()
        answer = await house.wish(Begin("lavender"))
        sheet = house.session(id).sheet
        assert house.session(id).at(sheet.end) == t0 + timedelta(minutes=60)
        assert answer.body["end_moved_s"] == -20 * MINUTE
        assert all(span.end >= span.start for span in sheet.spans)
        await house.run(6 * MINUTE)
        assert house.phase() == "settle"
        await house.run(20 * MINUTE)
        assert house.phase() == "work1"
        # Its booked time comes and goes, and nothing starts again.
        await house.run(35 * MINUTE)
        assert house.state(id) is SessionState.DONE
        assert house.types("lavender").count("session_started") == 1

    played(scenario)


def test_a_late_guest_keeps_the_end_as_far_as_the_treatment_can_shrink() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        id = await house.begin("rose", at=now + timedelta(minutes=15), care=())
        await house.run(23 * MINUTE)
        assert house.room("rose").state is RoomState.WAITING_CLIENT
        answer = await house.wish(Act("advance", room="rose"))
        assert answer.body["starts_at"] == "2026-06-01T09:23:00.000Z"
        assert answer.body["ends_at"] == "2026-06-01T10:15:00.000Z"
        assert house.state(id) is SessionState.RUNNING

    played(scenario)
