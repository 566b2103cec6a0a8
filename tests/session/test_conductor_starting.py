"""Starting a session: now, at an instant, or not at all, with the reason."""

import asyncio
from datetime import datetime, timedelta

import pytest

from ambiance.errors import AmbianceError, Invalid, NotAirable, NotOffered, RoomBusy, Unknown
from ambiance.session.model import RoomState, SessionState
from ambiance.session.wishes import Start
from tests.session.house_fixtures import MINUTE, House, a_room, played


def refused(error: type[AmbianceError], wish: Start, *words: str) -> AmbianceError:
    """The refusal of `wish` in a fresh house; it must name `words` and leave nothing behind."""

    async def scenario(house: House) -> AmbianceError:
        with pytest.raises(error) as caught:
            await house.wish(wish)
        assert house.conductor.sessions() == ()
        assert house.types() == ["controller_started"]
        return caught.value

    found = played(scenario)
    for word in words:
        assert word in str(found)
    return found


def test_a_session_started_now_is_at_its_welcome() -> None:
    async def scenario(house: House) -> None:
        answer = await house.wish(Start("lavender", "spa/swedish", 60, care=()))
        assert answer.status == 201
        assert answer.body["state"] == "running"
        assert answer.body["starts_at"] == "2026-06-01T09:00:00.000Z"
        assert answer.body["ends_at"] == "2026-06-01T10:00:00.000Z"
        room = house.room()
        assert (room.state, room.phase_id, room.phase, room.phases) == (RoomState.IN_SESSION, "welcome", 1, 8)
        assert not any(dose.at <= 0 for dose in house.session(str(answer.body["id"])).sheet.doses)

    played(scenario)


def test_a_booked_session_prepares_its_room_and_waits_for_its_time() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        id = await house.begin(at=now + timedelta(hours=1), care=(), scent=True)
        assert house.state(id) is SessionState.SCHEDULED
        assert house.room().next_start == now + timedelta(hours=1)
        told = len(house.told)
        await house.run(49 * MINUTE)
        assert house.state(id) is SessionState.SCHEDULED
        assert {t.device for t in house.told[told:]} == {"table"}  # warmed half an hour ahead
        await house.run(2 * MINUTE)
        assert house.room().state is RoomState.PREPPING
        assert house.room().phase_id == "room_prep"
        assert any(t.device == "ceiling" for t in house.told[told:])
        await house.run(9 * MINUTE + 1)
        assert house.room().state is RoomState.IN_SESSION
        assert house.phase() == "welcome"

    played(scenario)


def test_a_room_without_devices_is_booked_used_and_outlives_a_restart() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("hut", at=house.clock.now() + timedelta(hours=1), care=())
        await house.restart()
        assert house.state(id) is SessionState.SCHEDULED
        await house.run(61 * MINUTE)
        assert (house.state(id), house.room("hut").phase_id) == (SessionState.RUNNING, "welcome")

    played(scenario, (a_room("hut", devices=()),))


def test_a_start_less_than_prep_away_plays_the_tail_of_prep() -> None:
    async def scenario(house: House) -> None:
        at = house.clock.now() + timedelta(minutes=4)
        said = (await house.wish(Start("lavender", "spa/swedish", 60, at=at, care=(), scent=True))).body
        id = str(said["id"])
        assert (said["state"], house.state(id), house.room().state) == ("preparing", SessionState.PREPARING, RoomState.PREPPING)
        assert house.types("lavender")[:2] == ["session_scheduled", "preparation_began"]
        sheet = house.session(id).sheet
        assert sheet.spans[0].phase == "room_prep"
        assert sheet.spans[0].start == pytest.approx(-240, abs=1)
        # What was to be diffused in ten minutes is never made up for in four.
        assert all(dose.at >= -240 for dose in sheet.doses)
        assert sum(dose.minutes for dose in sheet.doses if dose.at < 0) <= 4
        await house.run(4 * MINUTE)
        assert house.state(id) is SessionState.RUNNING

    played(scenario)


def test_a_start_a_minute_past_is_now_and_later_is_refused() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        answer = await house.wish(Start("lavender", "spa/swedish", 60, at=now - timedelta(seconds=60)))
        assert answer.body["starts_at"] == "2026-06-01T09:00:00.000Z"

    played(scenario)
    nine = datetime.fromisoformat("2026-06-01T09:00:00+00:00")
    refused(Invalid, Start("lavender", "spa/swedish", 60, at=nine - timedelta(seconds=61)), "start", "no more than 60 s past")
    refused(Invalid, Start("lavender", "spa/swedish", 60, at=nine + timedelta(days=366)), "start", "within a year")


def test_a_length_a_profile_or_a_room_that_is_not_there_is_refused() -> None:
    refused(Invalid, Start("lavender", "spa/swedish", 20), "minutes", "20", "from 30 to 120")
    refused(Invalid, Start("lavender", "spa/swedish", 0), "minutes", "0")
    refused(AmbianceError, Start("lavender", "spa/swedisch", 60), "spa/swedisch")
    refused(NotOffered, Start("oak", "clinical/body_scrub", 60), "body_scrub")
    refused(NotOffered, Start("oak", "clinical/myofascial_release", 30, visit="first"))
    refused(Unknown, Start("attic", "spa/swedish", 60), "attic", "lavender")
    refused(Invalid, Start("lavender", "spa/swedish", 60, care=("she has a cold",)))


def test_an_overlapping_start_is_refused_and_names_who_is_there() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        first = await house.begin(at=now + timedelta(hours=2))
        for minutes in (61, 90, 120, 150, 179):
            with pytest.raises(RoomBusy, match=first) as caught:
                await house.begin(at=now + timedelta(minutes=minutes))
            assert caught.value.extra == {"session": first}
            assert "2026-06-01T11:00:00.000Z" in str(caught.value)
        before = await house.begin(at=now + timedelta(hours=1))
        after = await house.begin(at=now + timedelta(hours=3))
        live = await house.begin()
        with pytest.raises(RoomBusy, match=live):
            await house.begin()
        assert {s.id for s in house.conductor.sessions()} == {first, before, after, live}

    played(scenario)


def test_what_is_booked_behind_a_paused_session_counts_the_pause_so_far() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.act("pause", id)
        await house.run(20 * MINUTE)
        ends = house.session(id).t0 + timedelta(minutes=80)
        assert house.room().ends_at == ends
        with pytest.raises(RoomBusy, match="10:20"):
            await house.begin(at=ends - timedelta(minutes=10))
        assert (await house.act("end", id)).body["ends_at"] == "2026-06-01T09:26:00.000Z"

    played(scenario)


def test_sessions_back_to_back_follow_each_other() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        first = await house.begin()
        second = await house.begin(at=now + timedelta(minutes=60), care=())
        await house.run(59 * MINUTE)
        assert (house.state(first), house.state(second)) == (SessionState.RUNNING, SessionState.SCHEDULED)
        await house.run(MINUTE + 2)
        assert (house.state(first), house.state(second)) == (SessionState.DONE, SessionState.RUNNING)
        assert house.session(second).t0 == now + timedelta(minutes=60)

    played(scenario)


def test_what_is_not_asked_about_is_kept_from_the_guest_and_said() -> None:
    async def scenario(house: House) -> None:
        unknown = await house.wish(Start("lavender", "spa/swedish", 60, scent=True))
        declined = await house.wish(Start("rose", "spa/swedish", 60, care=(), scent=False))
        assert unknown.status == declined.status == 201
        assert any("Intake is unknown" in warning for warning in unknown.body["warnings"])
        assert any("did not ask for it" in warning for warning in declined.body["warnings"])
        for session in house.conductor.sessions():
            assert session.sheet.doses == ()

    played(scenario)

    async def wanted(house: House) -> None:
        answer = await house.wish(Start("lavender", "spa/swedish", 60, care=(), scent=True))
        assert not any("ntake" in warning for warning in answer.body["warnings"])
        assert house.session(str(answer.body["id"])).sheet.doses

    played(wanted)


def test_a_start_during_turnover_ends_it_and_says_so() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin()
        await house.act("end", id)
        await house.act("end", id)
        assert house.room().state is RoomState.CLEANING
        answer = await house.wish(Start("lavender", "spa/swedish", 60))
        assert any("still cleaning; that ends now" in warning for warning in answer.body["warnings"])
        assert house.room().state is RoomState.IN_SESSION

    played(scenario)


def test_only_a_guest_whose_needs_forbid_it_is_kept_from_a_room_that_smells() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(profile="spa/aromatherapy", minutes=60, care=(), scent=True)
        await house.run(45 * MINUTE)
        await house.act("end", id)
        await house.act("end", id)
        with pytest.raises(NotAirable) as caught:
            await house.begin(care=("scent_off",))
        free = datetime.fromisoformat(str(caught.value.extra["scent_free_from"]))
        assert free > house.clock.now()
        other = await house.begin("rose", care=("scent_off",))
        with pytest.raises(NotAirable):
            await house.act("move", other, to="lavender")
        await house.act("cancel", await house.begin(at=house.clock.now() + timedelta(hours=3), care=("scent_off",)))
        await house.begin(care=())

    played(scenario)


def test_two_desks_start_one_room_at_once_and_exactly_one_wins() -> None:
    async def scenario(house: House) -> None:
        wish = Start("lavender", "spa/swedish", 60)
        results = await asyncio.gather(*(house.wish(wish) for _ in range(10)), return_exceptions=True)
        won = [result for result in results if not isinstance(result, BaseException)]
        assert len(won) == 1
        winner = str(won[0].body["id"])
        for result in results:
            if isinstance(result, BaseException):
                assert isinstance(result, RoomBusy)
                assert winner in str(result)
        answers = await house.conductor.wish_many([(Start("rose", "spa/swedish", 60), None)] * 3)
        assert [type(answer).__name__ for answer in answers] == ["Answer", "RoomBusy", "RoomBusy"]
        assert len(house.conductor.sessions()) == 2

    played(scenario)
