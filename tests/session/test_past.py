"""Looking back: a session's own news, the sessions of a time, codes that stand for sessions; and the owner's ledger."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from ambiance.cuesheet.model import Hand, LightLevel
from ambiance.cuesheet.touches import Touch, touches
from ambiance.session import tables
from ambiance.session.ledger import Habit, Tally
from ambiance.session.model import Changes, DoseRow, News, Session, SessionState
from ambiance.session.past import ALPHABET, Past, report_code
from ambiance.session.sql import SqlStore
from ambiance.session.wishes import Adjust, Bright
from tests.session.house_fixtures import MINUTE, House, played
from tests.session.store_examples import NOW, Open, a_session

HOUR = timedelta(hours=1)


def news(seq: int, minutes: float, room: str | None = "lavender", session: str | None = None) -> News:
    return News(seq, NOW + timedelta(minutes=minutes), "told", room, session)


def test_a_sessions_news_are_its_own_and_those_of_its_room_and_house_meanwhile(store: SqlStore) -> None:
    told = [
        news(1, -30), news(2, 10, session="s1"), news(3, 20), news(4, 20, "cedar"), news(5, 25, None), news(6, 30, session="other"),
        news(7, 90), news(8, 120, session="s1"),
    ]  # fmt: skip
    store.save(Changes(sessions=(a_session("s1"),), news=tuple(told)))
    found = Past(store).news_of("s1", "lavender", NOW, NOW + HOUR)
    assert [each.seq for each in found] == [2, 3, 5, 8]
    assert found[0] == told[1]


def paged(past: Past, limit: int) -> list[str]:
    """The ids of a day's sessions, read so many at a time."""
    found: list[str] = []
    page, after = past.played(NOW, NOW + timedelta(days=1), None, limit)
    found += [session.id for session in page]
    while after is not None:
        page, after = past.played(NOW, NOW + timedelta(days=1), after, limit)
        found += [session.id for session in page]
    return found


def test_sessions_of_a_time_come_in_pages_in_order_and_once_each(store: SqlStore) -> None:
    many = [a_session(f"s{i}", f"room-{i}", SessionState.DONE, NOW + (i // 2) * HOUR) for i in range(7)]
    others = [
        a_session("later", "room-8", SessionState.SCHEDULED, NOW + HOUR), a_session("gone", "room-9", SessionState.CANCELLED, NOW),
        a_session("old", "room-10", SessionState.DONE, NOW - timedelta(days=3)),
        a_session("new", "room-11", SessionState.DONE, NOW + timedelta(days=3)),
    ]  # fmt: skip
    store.save(Changes(sessions=(*many, *others)))
    assert paged(Past(store), 2) == paged(Past(store), 100) == [session.id for session in many]
    assert Past(store).played(NOW, NOW + timedelta(days=1))[0][0] == many[0]


def test_one_row_that_makes_no_sense_is_left_out_and_stops_no_page(store: SqlStore) -> None:
    store.save(Changes(sessions=tuple(a_session(f"s{i}", f"room-{i}", SessionState.DONE, NOW + i * HOUR) for i in range(3))))
    with store.engine.begin() as connection:
        connection.execute(sa.update(tables.sessions).where(tables.sessions.c.id == "s1").values(sheet=b"nonsense"))
    assert paged(Past(store), 1) == ["s0", "s2"]


def test_another_sites_rows_are_not_seen(store: SqlStore, url: str, start: Open) -> None:
    other = start(url, site="elsewhere")
    other.save(Changes(sessions=(a_session("s1", state=SessionState.DONE),), news=(news(1, 5, session="s1"),)))
    past = Past(store)
    assert past.played(NOW, NOW + HOUR) == ([], None)
    assert not past.news_of("s1", "lavender", NOW, NOW + HOUR)
    assert not past.called(report_code("s1"))


def test_a_session_is_found_by_its_code(store: SqlStore) -> None:
    store.save(Changes(sessions=tuple(a_session(f"s{i}", f"room-{i}", SessionState.DONE) for i in range(5))))
    assert Past(store).called(report_code("s3")) == ["s3"]
    assert Past(store).called("2222222") == []
    assert Past(store).doses("s3") == ()


@given(st.text(max_size=64))
def test_a_code_is_seven_letters_that_cannot_be_misread(id: str) -> None:
    code = report_code(id)
    assert re.fullmatch(f"[{ALPHABET}]{{7}}", code)
    assert code == report_code(id)
    assert not set(code) & set("01OILU")


def test_codes_of_many_sessions_differ() -> None:
    assert len({report_code(f"session-{n}") for n in range(5000)}) == 5000


# --- the ledger ------------------------------------------------------------------------------------------------------


def test_what_a_hand_did_over_the_conductor_is_read_back_from_the_row() -> None:
    async def scenario(house: House) -> Sequence[Touch]:
        id = await house.begin(care=())
        await house.until("work1", inside=30)
        for wish in (
            Adjust("lavender", light=5), Adjust("lavender", light=-2.5), Adjust("lavender", music=-3), Adjust("lavender", mute=True),
            Adjust("lavender", mute=False), Adjust("lavender", exam_light=True), Adjust("lavender", exam_light=False),
            Bright("lavender", True), Bright("lavender", False), Adjust("lavender", scent_off=True),
            Adjust("lavender", hold={"ceiling": LightLevel(60.0, 350.0)}, source="therapist"), Adjust("lavender", release=True),
        ):  # fmt: skip
            await house.wish(wish)
            await house.run(7)
        await house.run(MINUTE)
        return touches(house.session(id).sheet)

    found = played(scenario)
    assert [(touch.kind, touch.amount) for touch in found if touch.kind != "release"] == [
        ("light", 5.0), ("light", -2.5), ("music", -3.0), ("mute", None), ("exam_light", None), ("bright", None), ("scent_off", None),
        ("hold", None),
    ]  # fmt: skip
    assert [touch.device for touch in found if touch.kind == "hold"] == ["ceiling"]


def dimmed_by(amount: float, state: SessionState = SessionState.DONE) -> Session:
    session = a_session(state=state)
    return replace(session, sheet=replace(session.sheet, hands=(Hand("light", 400.0, amount, source=f"light {amount:+g} L*"),)))


def tallied(*sessions: Session) -> tuple[Habit, ...]:
    tally = Tally()
    tally.add(sessions)
    return tally.habits()


def test_a_habit_is_told_with_how_often_and_how_much() -> None:
    found = tallied(*(dimmed_by(-amount) for amount in (5, 5, 5, 10, 10)), a_session(state=SessionState.DONE))
    assert found == (Habit("spa/swedish", "light", 6, 5, 5, -7.0, "L*"),)


@pytest.mark.parametrize("changed", [0, 1, 4])
def test_fewer_than_five_sessions_are_nobodys_business(changed: int) -> None:
    assert tallied(*(dimmed_by(-5) for _ in range(changed)), *(a_session(state=SessionState.DONE) for _ in range(20))) == ()


def test_only_sessions_that_ended_are_counted() -> None:
    assert tallied(*(dimmed_by(-5, state) for state in (SessionState.RUNNING, SessionState.CANCELLED) for _ in range(9))) == ()


def test_the_store_counts_the_doses_since_the_last_refill(store: SqlStore) -> None:
    def dose(id: str, hours: float, minutes: float, device: str = "lavender-oil", ended: bool = True) -> DoseRow:
        began = NOW + timedelta(hours=hours)
        end = began + timedelta(minutes=minutes)
        return DoseRow(id, "lavender", "s1", device, 2, "floral_herbal", began, end, end, end if ended else None)

    past = Past(store)
    store.save(Changes(doses=(dose("a", 0, 10), dose("b", 2, 5), dose("c", 2, 30, "other"), dose("d", 4, 30, ended=False))))
    assert past.run_since_refill("lavender", "lavender-oil") == pytest.approx(900)
    filled = News(1, NOW + timedelta(hours=1), "diffuser_refilled", "lavender", None, {"device": "lavender-oil"})
    store.save(Changes(news=(filled, News(2, NOW + timedelta(hours=3), "diffuser_refilled", "lavender", None, {"device": "other"}))))
    assert past.run_since_refill("lavender", "lavender-oil") == pytest.approx(300)
