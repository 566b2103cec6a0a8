"""The air of a room: what its rows say is in it, what the fans and the window do, and where a diffuser is stopped."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ambiance.care.air import airing_minutes
from ambiance.cuesheet.model import FanLevel
from ambiance.errors import Conflict
from ambiance.session.model import RoomState, SessionState
from ambiance.session.wishes import Adjust, Begin, Erase, Start, Window
from ambiance.site import Device, Limits
from tests.session.house_fixtures import LAVENDER, MINUTE, House, a_room, on_disk, played

BARE = a_room(devices=tuple(device for device in LAVENDER.devices if device.kind != "fan"))


def given(house: House) -> float:
    rows = [dose for session in house.store.sessions() for dose in house.store.doses(session.id)]
    return sum((row.ended_at - row.began_at).total_seconds() for row in rows if row.ended_at) / 60


def test_the_room_says_what_is_in_its_air_and_from_when_it_is_clear() -> None:
    async def scenario(house: House) -> None:
        assert (house.room().scented.word, house.room().scented.estimate, house.room().scent_free_from) == ("clear", 0, None)
        id = await house.begin(care=(), scent=True)
        await house.run(7 * MINUTE)
        assert house.room().scented.word == "diffusing"
        await house.run(12 * MINUTE + 1)  # four minutes in settle and ten in the first work are over
        await house.act("end", id)
        await house.act("end", id)
        now, scented = house.clock.now(), house.room().scented
        assert scented.word == "clearing"
        assert 60 < scented.estimate < 110
        waits = {percent: (at - now).total_seconds() / 60 for percent, at in scented.below.items() if at is not None}
        expected = {percent: airing_minutes(percent / 100, 2) for percent in (2, 10, 25)}
        assert waits == {percent: pytest.approx(minutes, abs=3) for percent, minutes in expected.items()}
        assert house.room().scent_free_from == scented.below[2]
        quarter = scented.below[25]
        assert quarter is not None
        await house.run((quarter - now).total_seconds() + 1)
        assert house.room().scented.below[25] is None
        await house.run(150 * MINUTE)
        assert house.room().scented.word == "clear"

    played(scenario, rooms=(BARE,))


def test_the_extract_counts_as_the_sheet_ran_it() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.run(21 * MINUTE)
        await house.act("end", id)
        await house.act("end", id)
        ended = house.clock.now()
        assert house.room().state is RoomState.AIRING
        assert house.room().airing_until == ended + timedelta(minutes=10)
        await house.run(30 * MINUTE)
        (extract,) = house.conductor._house.airs_in("lavender")
        assert (extract.device, extract.air_changes) == ("extract", 8)
        assert (extract.began_at, extract.ended_at) == (ended, ended + timedelta(minutes=10))

    played(scenario, rooms=(LAVENDER,))


def test_a_hand_on_the_fan_airs_the_room_too() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=(), scent=True)
        await house.run(20 * MINUTE)
        before = house.room().scented.below[2]
        await house.wish(Adjust("lavender", hold={"extract": FanLevel(50)}))
        await house.run(5 * MINUTE)
        await house.wish(Adjust("lavender", release=True))
        (extract,) = house.conductor._house.airs_in("lavender")
        assert extract.air_changes == 4
        assert extract.ended_at is not None
        assert (extract.ended_at - extract.began_at).total_seconds() == pytest.approx(300)
        after = house.room().scented.below[2]
        assert before is not None
        assert after is not None
        assert after < before

    played(scenario, rooms=(LAVENDER,))


def test_an_open_window_counts_for_half_an_hour_or_until_it_is_shut() -> None:
    async def scenario(house: House) -> None:
        with pytest.raises(Conflict, match="no window to open"):
            await house.wish(Window("rose", True))
        id = await house.begin(care=(), scent=True)
        await house.run(21 * MINUTE)
        await house.act("end", id)
        await house.act("end", id)
        shut = house.room().scented.below[2]
        answer = await house.wish(Window("lavender", True))
        assert house.room().window_until == house.clock.now() + timedelta(minutes=30)
        assert answer.body["open"] is True
        opened = house.room().scented.below[2]
        assert shut is not None
        assert opened is not None
        # Half an hour at four more air changes is an hour at the room's own two.
        assert (shut - opened).total_seconds() / 60 == pytest.approx(60, abs=0.01)
        await house.run(10 * MINUTE)
        await house.wish(Window("lavender", False))
        assert house.room().window_until is None
        closed = house.room().scented.below[2]
        assert closed is not None
        assert (shut - closed).total_seconds() / 60 == pytest.approx(20, abs=0.01)
        assert house.types("lavender")[-1] == "window_shut"
        await house.wish(Window("lavender", True))
        await house.run(31 * MINUTE)
        assert house.room().window_until is None

    played(scenario, rooms=(a_room(devices=BARE.devices, window_air_changes=4.0), a_room("rose")))


def test_after_a_restart_the_air_is_worked_out_from_the_rows(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.run(21 * MINUTE)
        await house.act("end", id)
        await house.act("end", id)
        await house.wish(Window("lavender", True))
        await house.run(2 * MINUTE)
        before, window = house.room().scented, house.room().window_until
        await house.restart()
        assert house.room().scented.estimate == pytest.approx(before.estimate)
        assert house.room().window_until == window
        await house.restart(after=3600)
        assert house.room().scented.estimate < before.estimate

    played(scenario, rooms=(a_room(window_air_changes=4.0),), store=on_disk(tmp_path))


def test_fans_that_nobody_watched_are_not_believed_to_have_run() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.run(21 * MINUTE)
        await house.act("end", id)
        await house.act("end", id)
        await house.run(3 * MINUTE)
        last = house.store.instant  # type: ignore[attr-defined]
        await house.restart(after=40 * MINUTE)
        (extract,) = house.conductor._house.airs_in("lavender")
        assert extract.ended_at == last

    played(scenario, rooms=(LAVENDER,))


def test_a_diffuser_is_stopped_where_the_air_has_enough_of_it() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.run(10 * MINUTE)
        # What the planner could not know: the other session's scent is in the air as well.
        await house.run(30 * MINUTE)
        assert "dose_shortened" in house.types() or "dose_skipped" in house.types()
        assert house.conductor.room("lavender").scented.estimate <= 40 * (1 + 1e-6)
        reasons = {str(news.details.get("reason")) for news in house.news if news.type in ("dose_shortened", "dose_skipped")}
        assert reasons == {"there is enough scent in the air"}
        assert house.session(id)

    async def twice(house: House) -> None:
        first = await house.begin(care=(), scent=True)
        await house.run(19 * MINUTE)
        await house.act("end", first)
        await house.act("end", first)
        await scenario(house)

    played(twice, rooms=(BARE,), limits=Limits(scent_max_ug_m3=40))


def test_a_dose_is_cut_when_the_window_is_shut_again() -> None:
    async def scenario(house: House) -> None:
        await house.wish(Window("lavender", True))
        id = await house.begin("lavender", "spa/aromatherapy", 75, care=(), scent=True)
        most = 0.0
        for minute in range(50):
            await house.run(MINUTE)
            most = max(most, house.room().scented.estimate)
            if minute == 15:
                await house.wish(Window("lavender", False))
        assert most <= 60 * (1 + 1e-6)
        assert house.store.doses(id)

    played(scenario, rooms=(a_room(devices=BARE.devices, window_air_changes=10.0),), limits=Limits(scent_max_ug_m3=60))


# --- minutes of scent ---


def test_a_dose_over_midnight_counts_on_both_days() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.run(60 * MINUTE)
        assert given(house) > 15
        assert house.state(id) is SessionState.DONE
        # The new day has its own minutes, of which the night took only what lay in it.
        later = await house.begin(care=(), scent=True)
        assert not any("scent minutes" in warning for warning in house.session(later).warnings)

    # Midnight in Berlin, in the middle of the first work's ten minutes.
    played(scenario, rooms=(BARE,), at=datetime(2026, 6, 1, 21, 46, tzinfo=UTC), limits=Limits(scent_minutes_per_day=26))


@pytest.mark.parametrize("night", ["2026-03-28T21:00", "2026-10-24T20:00"])
def test_a_day_of_the_site_has_its_own_length_when_the_clocks_change(night: str) -> None:
    from ambiance.session.scentminutes import day_of
    from tests.session.house_fixtures import a_site

    begins, ends = day_of(a_site(), datetime.fromisoformat(night).replace(tzinfo=UTC) + timedelta(hours=6))
    assert (ends - begins) == timedelta(hours=23 if "03" in night[5:7] else 25)


def test_a_therapist_s_minutes_add_up_over_rooms_and_end_at_their_limit() -> None:
    async def scenario(house: House) -> None:
        for room in ("lavender", "rose"):
            id = await house.begin(room, care=(), scent=True, therapist="t-7")
            await house.run(60 * MINUTE)
            await house.act("end", id) if house.live(room) else None
        theirs = given(house)
        assert 19 < theirs <= 25 + 1e-6
        reasons = {news.details.get("reason") for news in house.news if news.type == "dose_skipped"}
        assert reasons <= {"the therapist has had their scent minutes for today"}
        last = await house.begin("oak", care=(), scent=True, therapist="t-7")
        assert any("this therapist has had their scent minutes" in w for w in house.session(last).warnings) or theirs < 24
        other = await house.begin("fir", care=(), scent=True, therapist="t-8")
        assert house.session(other).sheet.doses
        assert house.session(other).therapist == "t-8"
        assert all("t-7" not in str(news) for news in house.news)

    rooms = tuple(a_room(id) for id in ("lavender", "rose", "oak", "fir"))
    played(scenario, rooms=rooms, limits=Limits(scent_minutes_per_therapist=25))


def test_a_therapist_breathed_what_an_erased_session_gave() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True, therapist="t-7")
        await house.run(25 * MINUTE)
        await house.act("end", id)
        await house.act("end", id)
        assert given(house) > 10
        assert (await house.wish(Erase(id))).body["erased"]
        await house.restart(60)
        again = await house.begin("rose", care=(), scent=True, therapist="t-7")
        assert any("this therapist has had their scent minutes" in words for words in house.session(again).warnings)
        other = await house.begin("fir", care=(), scent=True, therapist="t-8")
        assert house.session(other).sheet.doses

    rooms = tuple(a_room(id) for id in ("lavender", "rose", "fir"))
    played(scenario, rooms=rooms, limits=Limits(scent_minutes_per_therapist=14))


def test_whoever_moves_a_treatment_on_is_its_therapist_if_nobody_was_named() -> None:
    async def scenario(house: House) -> None:
        booked = await house.begin(at=house.clock.now() + 5 * timedelta(minutes=1), care=(), scent=True)
        await house.wish(Begin("lavender", therapist="t-7"))
        assert house.session(booked).therapist == "t-7"
        named = await house.begin("rose", care=(), scent=True, therapist="t-8")
        await house.act("advance", named, therapist="t-7")
        assert house.session(named).therapist == "t-8"
        nobodys = await house.begin("fir", care=(), scent=True)
        await house.act("pause", nobodys, therapist="t-7")
        assert house.session(nobodys).therapist is None
        await house.act("resume", nobodys)
        await house.act("advance", nobodys, therapist="t-7")
        assert house.session(nobodys).therapist == "t-7"

    played(scenario, rooms=tuple(a_room(id) for id in ("lavender", "rose", "fir")))


def test_two_diffusers_that_run_together_count_once_in_a_session() -> None:
    two = (*LAVENDER.devices, Device("second", "lavender", "diffuser", families=("floral_herbal",), emission_mg_h=0.5))

    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.run(60 * MINUTE)
        rows = house.store.doses(id)
        assert {row.device for row in rows} == {"diffuser", "second"}
        assert "dose_skipped" not in house.types()

    played(scenario, rooms=(a_room(devices=two),), limits=Limits(scent_minutes_per_session=19))


def test_an_evening_session_is_gentler_and_a_morning_one_is_not() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        morning = await house.begin("lavender", "spa/sports", 60, care=())
        evening = await house.begin("lavender", "spa/sports", 60, at=now.replace(hour=18), care=())
        clamps = [[c for c in house.session(id).sheet.clamps if c.why.source.startswith("evening")] for id in (morning, evening)]
        assert clamps[0] == []
        assert {clamp.phase for clamp in clamps[1]} >= {"work1", "work2"}
        assert all(clamp.given < clamp.asked for clamp in clamps[1])

    played(scenario)


def test_the_same_atmosphere_again_keeps_to_the_evening() -> None:
    async def scenario(house: House) -> None:
        first = await house.begin("lavender", "spa/sports", 60, care=())
        await house.act("end", first)
        await house.act("end", first)
        late = house.clock.now().replace(hour=18)
        again = str((await house.wish(Start("lavender", None, at=late, like=first, care=()))).body["id"])
        plain = await house.begin("rose", "spa/sports", 60, at=late, care=())
        for phase in ("work1", "work2", "return"):
            assert house.session(again).sheet.palette[phase]["ceiling"].level == house.session(plain).sheet.palette[phase]["ceiling"].level

    played(scenario, rooms=(LAVENDER, a_room("rose")))
