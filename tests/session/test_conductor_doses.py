"""Scent fails to off: saved before it is sent, leased, ended by anything that ends it, never repeated."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ambiance.session.model import Changes
from ambiance.session.wishes import Adjust, Emergency, LinkUp, Returned
from ambiance.site import Limits
from tests.session.house_fixtures import FULL, LAVENDER, MINUTE, House, MemoryStore, played


async def diffusing(house: House, room: str = "lavender") -> str:
    """A Swedish hour whose diffuser has been running for half a minute."""
    id = await house.begin(room, care=(), scent=True)
    dose = house.session(id).sheet.doses[0]
    await house.run(dose.at + 30)
    assert house.diffusing(room)
    return id


def ons(house: House) -> list[datetime]:
    return [told.at for told in house.scent() if told.wanted.on]


def test_a_dose_is_a_row_before_it_is_sent() -> None:
    class Watching(MemoryStore):
        house: House

        def save(self, changes: Changes) -> None:
            for dose in changes.doses:
                if dose.id not in self.dose_rows:
                    assert not self.house.diffusing()
                    assert not ons(self.house)
            super().save(changes)

    store = Watching()

    async def scenario(house: House) -> None:
        store.house = house
        await diffusing(house)
        assert len(store.dose_rows) == 1

    played(scenario, store=store)


def test_a_dose_is_sent_in_leases_of_two_minutes_renewed_every_forty_seconds() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        session = house.session(id)
        dose = session.sheet.doses[0]
        await house.run(dose.until + 5)
        said = [told for told in house.scent() if session.at(dose.at) <= told.at < session.at(dose.until)]
        assert all(told.wanted.run_for <= 120 for told in said)
        on = [told for told in said if told.wanted.on]
        # The third renewal reaches the end of its four minutes.
        assert [(told.at - session.at(dose.at)).total_seconds() for told in on] == [0, 40, 80, 120]
        # The device's own timer never passes the dose's end.
        assert all(told.at + timedelta(seconds=told.wanted.run_for) <= session.at(dose.until) for told in on)
        assert next(told.wanted.on for told in house.scent() if told.at == session.at(dose.until)) is False
        row = house.store.doses(id)[0]
        assert (row.began_at, row.ended_at) == (session.at(dose.at), session.at(dose.until))

    played(scenario)


def test_scent_of_the_work_waits_with_the_border_before_it_and_comes_once() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("rose", care=(), scent=True)
        await house.until("work1", "rose", inside=2 * MINUTE)
        assert house.phase("rose") == "settle" and house.room("rose").waiting_for == "work1"
        assert not house.diffusing("rose")
        await house.act("advance", id)
        assert house.phase("rose") == "work1" and house.diffusing("rose")
        await house.run(60 * MINUTE)
        given = [(dose.began_at - house.session(id).t0).total_seconds() for dose in house.store.doses(id)]
        assert given[:2] == [5 * MINUTE, 11 * MINUTE]
        assert len(given) == len(house.session(id).sheet.doses)

    played(scenario)


def test_a_diffuser_whose_end_cannot_be_renewed_gets_one_run_no_longer_than_the_dose() -> None:
    once = replace(LAVENDER, devices=tuple(replace(d, renews=False) if d.kind == "diffuser" else d for d in LAVENDER.devices))

    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        session = house.session(id)
        dose = session.sheet.doses[0]
        await house.run(dose.until + 5)
        said = [told for told in house.scent() if session.at(dose.at) <= told.at <= session.at(dose.until)]
        # The dose that follows at once begins only after it was told off.
        following = session.sheet.doses[1].until - session.sheet.doses[1].at
        assert [(told.wanted.on, told.wanted.run_for) for told in said] == [(True, dose.until - dose.at), (False, 0), (True, following)]

    played(scenario, rooms=(once,))


STOPS: dict[str, Callable[[House, str], Awaitable[object]]] = {
    "pause": lambda house, id: house.act("pause", id),
    "end": lambda house, id: house.act("end", id),
    "scent off": lambda house, id: house.wish(Adjust("lavender", scent_off=True)),
    "medical": lambda house, id: house.wish(Emergency("medical", room="lavender")),
    "fire": lambda house, id: house.wish(Emergency("fire")),
    "move": lambda house, id: house.act("move", id, to="rose"),
    "the next phase": lambda house, id: house.act("advance", id),
}


@pytest.mark.parametrize("stop", STOPS)
def test_whatever_ends_a_dose_says_off_in_the_same_turn(stop: str) -> None:
    async def scenario(house: House) -> None:
        id = await diffusing(house)
        await STOPS[stop](house, id)
        (first, *_) = house.store.doses(id)
        assert first.ended_at == house.clock.now()
        last = [told for told in house.scent() if told.at == house.clock.now()]
        assert last[0].wanted.on is False
        if stop != "the next phase":  # which may have a dose of its own
            assert not house.diffusing()
            await house.run(4 * MINUTE)
            assert not house.diffusing()

    played(scenario)


def test_a_phase_begun_by_a_hand_gives_its_own_dose_at_once() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("rose", care=(), scent=True)
        await house.run(6 * MINUTE)
        await house.act("advance", id)
        planned = [dose for dose in house.session(id).sheet.doses if dose.phase == "work1"]
        assert planned[0].at == pytest.approx(house.session(id).offset(house.clock.now()))
        assert house.diffusing("rose")

    played(scenario)


def test_a_dose_that_the_plan_cuts_short_is_told_so_before_its_lease_would_end() -> None:
    async def scenario(house: House) -> None:
        id = await diffusing(house)
        session = house.session(id)
        sooner = session.offset(house.clock.now()) + 50
        doses = tuple(replace(dose, until=min(dose.until, max(dose.at, sooner))) for dose in session.sheet.doses)
        house.conductor._house.sessions[id] = replace(session, sheet=replace(session.sheet, doses=doses))
        await house.wish(Adjust("lavender", light=1))
        assert house.scent()[-1].wanted.run_for == pytest.approx(50)
        (row,) = house.store.doses(id)
        assert row.lease_until == row.planned_until == session.at(sooner)
        await house.run(50)
        assert not house.diffusing()
        assert house.store.doses(id)[0].ended_at == session.at(sooner)

    played(scenario)


def test_a_restart_ends_the_dose_says_off_and_never_repeats_it() -> None:
    async def scenario(house: House) -> None:
        id = await diffusing(house)
        before = house.clock.now()
        await house.restart(after=7)
        (row,) = house.store.doses(id)
        assert row.ended_at == before + timedelta(seconds=7)
        assert house.scent()[-1].wanted.on is False
        assert not house.diffusing()
        await house.run(3 * MINUTE)
        assert not house.diffusing()
        assert len(house.store.doses(id)) == 1
        assert "dose_ended" in house.types()
        # The next dose of the plan is another one.
        await house.run(30 * MINUTE)
        assert len(house.store.doses(id)) > 1

    played(scenario)


def test_a_program_that_was_away_longer_than_the_lease_counts_to_the_lease_s_end() -> None:
    async def scenario(house: House) -> None:
        id = await diffusing(house)
        (row,) = house.store.doses(id)
        await house.restart(after=600)
        (ended,) = [dose for dose in house.store.doses(id) if dose.id == row.id]
        assert ended.ended_at == row.lease_until

    played(scenario)


def test_a_lost_link_longer_than_the_lease_ends_the_dose() -> None:
    async def scenario(house: House) -> None:
        id = await diffusing(house)
        house.conductor.link_down()
        (row,) = house.store.doses(id)
        await house.run(121)
        (ended,) = house.store.doses(id)
        assert ended.ended_at == row.lease_until
        count = len(ons(house))
        await house.wish(LinkUp())
        assert house.scent()[-1].wanted.on is False
        await house.run(60)
        assert len(ons(house)) == count

    played(scenario)


def test_a_short_loss_of_the_link_does_not_end_the_dose() -> None:
    async def scenario(house: House) -> None:
        id = await diffusing(house)
        house.conductor.link_down()
        await house.run(45)
        await house.wish(LinkUp())
        assert house.diffusing()
        (row,) = house.store.doses(id)
        assert row.ended_at is None
        assert house.scent()[-1].wanted.on is True

    played(scenario)


def test_a_dose_that_was_due_while_the_link_was_down_stays_missed() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        house.conductor.link_down()
        dose = house.session(id).sheet.doses[0]
        await house.run(dose.at + 20)
        await house.wish(LinkUp())
        await house.run(60)
        assert not house.diffusing()
        assert house.store.doses(id) == []

    played(scenario)


def test_a_diffuser_that_does_not_answer_is_not_started_and_that_is_said() -> None:
    async def scenario(house: House) -> None:
        house.offline.add(("lavender", "diffuser"))
        id = await house.begin(care=(), scent=True)
        await house.run(25 * MINUTE)
        assert house.store.doses(id) == []
        assert ons(house) == []
        skipped = [news for news in house.news if news.type == "dose_skipped"]
        assert [news.details["reason"] for news in skipped] == ["diffuser does not answer"] * 2, "once for each dose that was due"
        house.offline.clear()
        await house.wish(Returned("lavender", "diffuser"))
        # The missed dose stays missed; off is what a diffuser hears first.
        assert house.scent()[-1].wanted.on is False
        assert house.store.doses(id) == []

    played(scenario)


def test_a_dose_that_is_left_out_is_said_once_however_many_hands_come_in_that_very_instant() -> None:
    async def scenario(house: House) -> None:
        house.offline.add(("lavender", "diffuser"))
        id = await house.begin(care=(), scent=True)
        dose = house.session(id).sheet.doses[0]
        await house.run(dose.at)
        for _ in range(3):
            await house.wish(Adjust("lavender", light=1))
        skipped = [news for news in house.news if news.type == "dose_skipped"]
        assert [news.at for news in skipped] == [house.session(id).at(dose.at)]

    played(scenario)


def test_a_device_that_returns_is_told_the_present_and_never_a_dose() -> None:
    async def scenario(house: House) -> None:
        await diffusing(house)
        mark = len(house.told)
        await house.wish(Returned("lavender", "ceiling"))
        assert [(told.device, told.glide) for told in house.told[mark:]] == [("ceiling", True)]
        mark = len(house.told)
        await house.wish(Returned("lavender", "diffuser"))
        assert house.told[mark:] == []

    played(scenario)


def test_a_room_never_gets_more_scent_in_a_day_than_the_house_allows() -> None:
    async def scenario(house: House) -> None:
        for _ in range(3):
            id = await house.begin(care=(), scent=True)
            await house.run(60 * MINUTE)
            await house.run(20 * MINUTE)
            assert id
        rows = [dose for session in house.store.sessions() for dose in house.store.doses(session.id)]
        minutes = sum((row.ended_at - row.began_at).total_seconds() for row in rows if row.ended_at) / 60
        assert 10 < minutes <= 19 + 1e-6
        last = next(s for s in house.store.sessions() if s.id == id)
        assert any("scent minutes for today" in warning for warning in last.warnings)

    played(scenario, limits=Limits(scent_minutes_per_day=19))


def test_bookings_made_ahead_share_the_day_s_minutes() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        for hours in (1, 3, 5):  # each was promised the whole day's minutes when it was booked
            await house.begin(at=now + timedelta(hours=hours), care=(), scent=True)
        await house.run(7 * 60 * MINUTE)
        rows = [dose for session in house.store.sessions() for dose in house.store.doses(session.id)]
        minutes = sum((row.ended_at - row.began_at).total_seconds() for row in rows if row.ended_at) / 60
        assert 10 < minutes <= 20 + 1e-6
        assert any(news.details.get("reason") == "the room has had its scent minutes for today" for news in house.news)

    played(scenario, limits=Limits(scent_minutes_per_day=20))


def test_a_session_whose_diffuser_was_taken_out_of_the_room_plays_on_without_it() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        bare = tuple(device for device in LAVENDER.devices if device.kind != "diffuser")
        house.kill()
        house.site = type(house.site)("harbour", "Harbour", house.site.timezone, (type(LAVENDER)("lavender", "Lavender", devices=bare),))
        await house.start()
        await house.run(90 * MINUTE)
        assert house.session(id).ended_by == "clock"

    played(scenario, rooms=(LAVENDER,))


def test_without_a_store_a_dose_is_not_begun_and_a_running_one_not_renewed() -> None:
    store = MemoryStore()

    async def scenario(house: House) -> None:
        await diffusing(house)
        count = len(ons(house))
        store.fails = FULL
        await house.run(3 * MINUTE)
        assert len(ons(house)) == count
        assert not house.diffusing()

    played(scenario, store=store)
