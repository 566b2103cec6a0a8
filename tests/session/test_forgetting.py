"""What is known of guests goes when it has had its time, or when somebody asks; and what others need of it stays."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from ambiance.cuesheet.model import Clamp, Sheet
from ambiance.cuesheet.replan import without_needs
from ambiance.errors import NotAirable, Unknown
from ambiance.session.model import AirRow, CareRow, Changes, Course, DoseRow, News, SessionState
from ambiance.session.sql import SqlStore
from ambiance.session.timer import next_night
from ambiance.session.wishes import Act, Erase, Key, Start
from ambiance.site import Retention
from ambiance.why import Layer, Why
from tests.session.house_fixtures import MINUTE, House, on_disk, played
from tests.session.store_examples import NOW, Open, a_session, a_sheet

DAY = timedelta(days=1)
CODES = ("no_accent", {"code": "light_max_lx", "value": 17})


def kept(store: SqlStore, id: str = "s1") -> tuple[bool, int, bool, int]:
    """Whether a session is there; its doses, codes and news."""
    told = [news for news in store.news_since(0) if news.session == id]
    return store.session(id) is not None, len(store.doses(id)), store.care(id) is not None, len(told)


def a_dose(id: str, session: str, at: datetime) -> DoseRow:
    return DoseRow(id, "lavender", session, "diffuser", 2, "floral_herbal", at, at, at, at + timedelta(minutes=5))


def test_sessions_go_after_their_days_and_with_them_doses_news_and_codes(store: SqlStore) -> None:
    old, new = NOW - 31 * DAY, NOW - 29 * DAY
    store.save(
        Changes(
            sessions=(
                a_session("s1", state=SessionState.DONE, at=old),
                a_session("s2", "rose", SessionState.DONE, at=new),
                a_session("s3", "oak"),
            ),
            doses=(a_dose("d1", "s1", old), a_dose("d2", "s2", new)),
            care=(CareRow("s1", "[]"),),
            news=(News(1, old, "session_ended", "lavender", "s1"), News(2, new, "session_ended", "rose", "s2"), News(3, NOW, "x")),
        )
    )
    store.tidy(NOW)
    assert kept(store, "s1") == (False, 0, False, 0)
    assert kept(store, "s2") == (True, 1, False, 1)
    assert store.session("s3") is not None


def test_what_aired_a_room_goes_with_the_doses_it_aired(store: SqlStore, raw: sa.Engine) -> None:
    ran = [AirRow(id, "rose", "extract", 8.0, NOW - age, NOW - age + DAY / 24) for id, age in (("a1", 33 * DAY), ("a2", 29 * DAY))]
    store.save(Changes(air=tuple(ran)))
    store.tidy(NOW)
    with raw.connect() as connection:
        assert connection.execute(sa.text("SELECT id FROM air")).scalars().all() == ["a2"]


def test_the_newest_event_stays_so_that_its_number_is_not_given_twice(store: SqlStore, start: Open, url: str) -> None:
    store.save(Changes(news=(News(7, NOW - 90 * DAY, "a"), News(8, NOW - 80 * DAY, "b"))))
    store.tidy(NOW)
    assert [news.seq for news in store.news_since(0)] == [8]
    assert start(url, load=False).load(NOW, "boot-1").seq == 8


def test_a_course_goes_after_its_days_and_one_that_is_used_stays(store: SqlStore) -> None:
    store.save(Changes(courses=(Course("A", NOW - 300 * DAY, NOW - 181 * DAY), Course("B", NOW - 300 * DAY, NOW - 179 * DAY))))
    store.tidy(NOW)
    assert store.course("A") is None
    assert store.course("B") is not None


def test_the_days_are_the_sites_own(light_url: str) -> None:
    store = SqlStore(light_url, "harbour", kept=Retention(sessions_days=2, courses_days=3))
    store.load(NOW, "boot-1")
    store.save(Changes(sessions=(a_session(state=SessionState.DONE, at=NOW - 3 * DAY),), courses=(Course("A", NOW, NOW - 4 * DAY),)))
    store.tidy(NOW)
    assert (store.session("s1"), store.course("A")) == (None, None)
    store.close()


def test_another_sites_records_stay(store: SqlStore, start: Open, url: str) -> None:
    other = start(url, site="elsewhere")
    other.save(Changes(sessions=(a_session(state=SessionState.DONE, at=NOW - 99 * DAY),)))
    store.tidy(NOW)
    assert other.session("s1") is not None


def worded() -> Sheet:
    """A sheet in which somebody's needs left words."""
    dim, sheet = Why(Layer.CARE, "keep it dim"), a_sheet()
    aims = {phase: {id: replace(aim, why={"lstar": dim}) for id, aim in each.items()} for phase, each in sheet.palette.items()}
    cues = tuple(replace(cue, why=dim) for cue in sheet.cues)
    clamps = (Clamp("", "work1", "lux", 20, 17, dim), Clamp("ceiling", "work1", "kelvin", 1, 2, Why(Layer.ROOM, "warmest")))
    return replace(sheet, palette=aims, cues=cues, clamps=clamps, notes=("work1: light floor and ceiling; ask the guest",))


def test_with_the_codes_go_the_words_they_left_and_the_set_points_stay(store: SqlStore) -> None:
    over = replace(a_session(state=SessionState.DONE, at=NOW, sheet=worded()), warnings=("keep it dim",))
    store.save(Changes(sessions=(over,), care=(CareRow("s1", "[]"),)))
    store.sweep(NOW + DAY - timedelta(seconds=1))
    assert store.session("s1") == over
    store.sweep(NOW + DAY)
    found = store.session("s1")
    assert found is not None
    assert store.care("s1") is None
    assert "dim" not in repr(found)
    assert "ask the guest" not in repr(found)
    assert [clamp.why.source for clamp in found.sheet.clamps] == ["warmest"]
    assert [cue.target for cue in found.sheet.cues] == [cue.target for cue in over.sheet.cues]
    assert without_needs(found.sheet) == found.sheet


def test_row_65_a_backup_holds_neither_codes_nor_the_words_they_left(light_url: str, start: Open, tmp_path: Path) -> None:
    store = start(light_url)
    store.save(
        Changes(
            sessions=(
                replace(a_session(sheet=worded()), warnings=("keep it dim",)),
                replace(a_session("s2", "rose"), warnings=("Rose was still cleaning; that ends now.",)),
            ),
            care=(CareRow("s1", '["light_max_lx"]'),),
        )
    )
    store.backup(tmp_path / "copy.db")
    copied = {s.id: s for s in start(f"sqlite:///{tmp_path}/copy.db", load=False).load(NOW, "boot-1").sessions}
    assert "dim" not in repr(copied["s1"])
    assert copied["s1"].warnings == ()
    assert copied["s1"].sheet.palette["work1"]["ceiling"].level == a_sheet().palette["work1"]["ceiling"].level
    assert copied["s2"].warnings != ()
    assert b"light_max" not in (tmp_path / "copy.db").read_bytes()


# --- asked for -------------------------------------------------------------------------------------------------------


def gone(path: Path, *words: str) -> list[str]:
    """Those of some words that the database still holds anywhere, its log included."""
    held = b"".join(file.read_bytes() for file in path.glob("ambiance.db*"))
    return [word for word in words if word.encode() in held]


def test_row_65_a_session_that_is_over_is_forgotten_at_once_and_its_scent_is_still_in_the_air(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.until("work1", inside=300)
        await house.act("end", id)
        await house.act("end", id)
        assert house.state(id) is SessionState.DONE
        assert house.store.doses(id)
        answer = await house.wish(Erase(id))
        assert (answer.status, answer.body["erased"]) == (200, True)
        store = house.store
        assert isinstance(store, SqlStore)
        assert kept(store, id) == (False, 0, False, 0)
        assert gone(tmp_path, id) == []
        assert id not in {session.id for session in store.sessions()}
        with pytest.raises(Unknown):
            await house.wish(Erase(id))
        with pytest.raises(NotAirable):
            await house.begin(care=("scent_off_strict",))
        await house.restart(60)
        with pytest.raises(NotAirable):
            await house.begin(care=("scent_off_strict",))

    played(scenario, store=on_disk(tmp_path))


def test_row_65_a_session_that_goes_on_is_heeded_to_its_end_and_forgotten_then(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        key = Key("desk", "k1", "body")
        id = str((await house.wish(Start("lavender", "spa/swedish", 60, care=CODES), key)).body["id"])
        await house.until("work1", inside=90)
        before = house.room().scene.levels
        answer = await house.wish(Erase(id))
        assert (answer.status, answer.body["erased"]) == (202, False)
        assert house.room().scene.levels == before
        await house.run(MINUTE)
        assert house.store.care(id) is not None
        await house.restart(30)
        assert house.live() is not None
        await house.act("end", id)
        await house.act("end", id)
        await house.run(2 * MINUTE)
        store = house.store
        assert isinstance(store, SqlStore)
        assert kept(store, id) == (False, 0, False, 0)
        assert "record_erased" in house.types()
        assert gone(tmp_path, id, "light_max_lx") == []
        again = await house.wish(Start("lavender", "spa/swedish", 60, care=CODES), key)
        assert "id" not in again.body  # what was answered is forgotten, and nothing is begun a second time
        assert house.live() is None

    played(scenario, store=on_disk(tmp_path))


def test_a_booked_session_is_forgotten_when_it_is_cancelled(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(at=house.clock.now() + timedelta(hours=3))
        assert (await house.wish(Erase(id))).status == 202
        await house.wish(Act("cancel", id))
        await house.run(2 * MINUTE)
        assert house.store.session(id) is None

    played(scenario, store=on_disk(tmp_path))


def test_a_session_of_last_week_is_forgotten_too(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        id = await house.begin()
        await house.act("end", id)
        await house.act("end", id)
        await house.restart(8 * 86_400)
        assert (await house.wish(Erase(id))).status == 200
        assert house.store.session(id) is None

    played(scenario, store=on_disk(tmp_path))


def test_housekeeping_is_done_every_night_and_at_every_start(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        id = await house.begin()
        await house.act("end", id)
        await house.act("end", id)
        await house.restart(30 * 86_400 - 30)
        await house.run(2)
        assert house.store.session(id) is not None
        await house.run(2 * MINUTE)  # past four o'clock in Berlin
        assert house.store.session(id) is None
        second = await house.begin()
        await house.act("end", second)
        await house.act("end", second)
        await house.restart(31 * 86_400)
        await house.run(1)
        assert house.store.session(second) is None

    played(scenario, store=on_disk(tmp_path), at=datetime(2026, 6, 1, 1, 59, tzinfo=UTC))


@given(st.integers(0, 3_000_000), st.sampled_from(["Europe/Berlin", "Asia/Kathmandu"]))
def test_the_next_night_is_within_a_day_and_at_four(minutes: int, name: str) -> None:
    zone, now = ZoneInfo(name), NOW + timedelta(minutes=minutes)
    at = next_night(now, zone)
    assert timedelta() < at - now <= timedelta(hours=25)
    assert at.astimezone(zone).hour == 4
    assert next_night(at, zone) > at


def test_two_nights_never_fall_into_one_in_autumn() -> None:
    zone, at, nights = ZoneInfo("Europe/Berlin"), datetime(2026, 10, 23, 12, tzinfo=UTC), []
    for _ in range(4):
        at = next_night(at, zone)
        nights.append(at.astimezone(zone).day)
    assert nights == [24, 25, 26, 27]


def test_erased_bytes_are_overwritten_on_disk(tmp_path: Path) -> None:
    store = on_disk(tmp_path)
    store.load(NOW, "boot-1")
    store.save(Changes(sessions=(a_session("kenn-wort-eins", state=SessionState.DONE),)))
    assert gone(tmp_path, "kenn-wort-eins") == ["kenn-wort-eins"]
    store.save(Changes(erased=("kenn-wort-eins",)))
    assert gone(tmp_path, "kenn-wort-eins") == []
    store.close()
    with closing(sqlite3.connect(tmp_path / "ambiance.db")) as connection:
        count: Any = connection.execute("SELECT count(*) FROM sessions").fetchone()
    assert count == (0,)
