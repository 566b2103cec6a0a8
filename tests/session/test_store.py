"""What is saved is what comes back, on both databases."""

from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import permutations
from pathlib import Path
from secrets import token_hex
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ambiance.cuesheet.model import Level, Sheet
from ambiance.errors import Invalid, RoomBusy
from ambiance.session.model import (
    LIVE,
    WINDOW,
    AirRow,
    CareRow,
    Changes,
    DoseRow,
    DrillRow,
    KeyRow,
    Latch,
    News,
    RefRow,
    RoomRow,
    RoomState,
    Session,
    SessionState,
)
from ambiance.session.sheets import Sheets
from ambiance.session.sql import SqlStore
from tests.session.store_examples import NOW, Open, a_session, a_sheet

HOUR = timedelta(hours=1)


def a_dose(id: str = "d1", session: str = "s1", began: datetime = NOW, ended: datetime | None = None) -> DoseRow:
    until = began + timedelta(minutes=3)
    return DoseRow(id, "lavender", session, "diffuser", 2, "floral_herbal", began, until, began + timedelta(seconds=120), ended)


def a_key(key: str = "k1", at: datetime = NOW) -> KeyRow:
    return KeyRow("t1", key, "0f" * 32, 201, {"id": "s1", "warnings": ["scent is off: intake unknown"], "ends_at": None}, at)


def some_news(seq: int) -> News:
    return News(seq, NOW + timedelta(seconds=seq), "session_started", "lavender", "s1", {"minutes": 60, "names": ["Ü", "\x00"]})


def test_everything_one_turn_saved_is_there_after_a_restart(url: str, start: Open) -> None:
    session = replace(a_session(), group="couple", scent=True, therapist="t-7", warnings=("lamp cove: 50 lx asked, 40 lx given",))
    latches = (Latch("fire", NOW), Latch("duress", NOW, True))
    room = RoomRow("lavender", RoomState.AIRING, NOW, a_sheet(), NOW - HOUR, NOW + HOUR, NOW + 2 * HOUR, latches, True)
    drills = (DrillRow("fire", NOW - HOUR, NOW, None, NOW, NOW, NOW, "desk", "t1"), DrillRow("medical", NOW, NOW + HOUR, "sage"))
    changes = Changes((session,), (room, RoomRow("sage")), (a_dose(),), (some_news(1), some_news(2)), (), (a_key(),), NOW, drills=drills)
    start(url).save(changes)
    world = start(url, load=False).load(NOW + timedelta(seconds=3), "boot-1")
    assert world.sessions == (session,)
    assert world.rooms == (room, RoomRow("sage"))
    assert world.drills == drills
    assert world.doses == (a_dose(),)
    assert world.keys == (a_key(),)
    assert (world.seq, world.last_instant, world.host_rebooted) == (2, NOW, False)


@pytest.mark.parametrize("state", list(SessionState))
def test_a_session_in_any_state_comes_back_as_it_was(store: SqlStore, state: SessionState) -> None:
    session = a_session(state=state)
    store.save(Changes(sessions=(session,)))
    assert store.session("s1") == session


def test_a_session_saved_again_replaces_itself(store: SqlStore) -> None:
    store.save(Changes(sessions=(a_session(),)))
    paused = a_session(state=SessionState.PAUSED, sheet=replace(a_sheet(), paused=12.5))
    store.save(Changes(sessions=(paused,)))
    assert store.session("s1") == paused
    assert store.sessions() == (paused,)


def test_of_one_session_twice_in_a_turn_the_last_one_counts(store: SqlStore) -> None:
    done = a_session(state=SessionState.DONE)
    store.save(Changes(sessions=(a_session(), done)))
    assert store.session("s1") == done


def test_saving_the_same_turn_again_changes_nothing(store: SqlStore) -> None:
    changes = Changes((a_session(),), (RoomRow("lavender"),), (a_dose(),), (some_news(1),), (CareRow("s1", "[]"),), (a_key(),), NOW)
    store.save(changes)
    store.save(changes)
    assert store.sessions() == changes.sessions
    assert store.doses("s1") == changes.doses
    assert store.news_since(0) == changes.news


def test_an_instant_keeps_its_microseconds_whatever_zone_it_was_said_in(store: SqlStore) -> None:
    berlin = datetime.fromisoformat("2026-10-25T02:30:00.123457+02:00")
    store.save(Changes(sessions=(a_session(at=berlin),)))
    found = store.session("s1")
    assert found is not None
    assert found.t0 == berlin
    assert found.t0.utcoffset() == timedelta(0)


def test_an_instant_without_a_zone_is_refused(store: SqlStore) -> None:
    with pytest.raises(sa.exc.StatementError, match="no time zone"):
        store.save(Changes(sessions=(a_session(at=datetime(2026, 6, 1, 9, 0)),)))  # noqa: DTZ001
    assert store.sessions() == ()


def test_a_room_has_one_live_session_and_the_second_names_the_first(store: SqlStore) -> None:
    store.save(Changes(sessions=(a_session("first"),)))
    with pytest.raises(RoomBusy, match="lavender is taken by session first from 2026-06-01T09:00"):
        store.save(Changes(sessions=(a_session("second"),), news=(some_news(1),)))
    assert store.session("second") is None
    assert store.news_since(0) == ()
    store.save(Changes(sessions=(a_session("second", room="sage"),)))


def test_two_live_sessions_for_a_room_in_one_turn_are_refused(store: SqlStore) -> None:
    with pytest.raises(RoomBusy, match="taken by session a"):
        store.save(Changes(sessions=(a_session("a"), a_session("b"))))
    assert store.sessions() == ()


def test_every_live_state_counts_and_no_other(url: str, start: Open) -> None:
    store = start(url)
    store.save(Changes(sessions=(a_session("first"),)))
    for state in SessionState:
        second = Changes(sessions=(a_session(f"second-{state}", state=state),))
        if state in LIVE:
            with pytest.raises(RoomBusy):
                store.save(second)
        else:
            store.save(second)


def test_one_session_may_end_and_the_next_begin_in_one_turn(store: SqlStore) -> None:
    store.save(Changes(sessions=(a_session("a"),)))
    store.save(Changes(sessions=(a_session("b"), a_session("a", state=SessionState.DONE))))
    assert {session.id: session.state for session in store.sessions()} == {"a": SessionState.DONE, "b": SessionState.RUNNING}


def test_two_rooms_may_swap_their_sessions_in_one_turn(store: SqlStore) -> None:
    store.save(Changes(sessions=(a_session("a", "lavender"), a_session("b", "sage"))))
    store.save(Changes(sessions=(a_session("a", "sage"), a_session("b", "lavender"))))
    assert {session.id: session.room for session in store.sessions()} == {"a": "sage", "b": "lavender"}


def test_sites_in_one_database_do_not_see_each_other(url: str, start: Open) -> None:
    harbour, lake = start(url), start(url, "lake")
    harbour.save(Changes(sessions=(a_session(),), news=(some_news(1),), care=(CareRow("s1", '["scent_off"]'),)))
    lake.save(Changes(sessions=(a_session("s2"),)))
    assert [session.id for session in lake.sessions()] == ["s2"]
    assert lake.session("s1") is None
    assert lake.care("s1") is None
    assert lake.news_since(0) == ()
    assert lake.load(NOW, "boot-1").seq == 0


def test_sessions_are_listed_newest_first_by_room_and_without_those_to_come(store: SqlStore) -> None:
    past = [a_session(f"p{n}", state=SessionState.DONE, at=NOW - n * HOUR) for n in (3, 1, 2)]
    store.save(Changes(sessions=(*past, a_session("live"), a_session("other", "sage"))))
    store.save(Changes(sessions=(a_session("later", state=SessionState.SCHEDULED, at=NOW + HOUR),)))
    assert [session.id for session in store.sessions("lavender")] == ["live", "p1", "p2", "p3"]
    assert [session.id for session in store.sessions("lavender", limit=2)] == ["live", "p1"]
    assert len(store.sessions()) == 5


def test_a_start_remembers_what_is_open_and_the_last_day(url: str, start: Open) -> None:
    store = start(url)
    old, recent = NOW - 25 * HOUR, NOW - 23 * HOUR
    store.save(
        Changes(
            sessions=(
                a_session("old", state=SessionState.DONE, at=old),
                a_session("recent", state=SessionState.CANCELLED, at=recent),
                a_session("live", at=old),
                a_session("to-come", state=SessionState.SCHEDULED, at=NOW + 100 * HOUR),
            ),
            doses=(
                a_dose("old", "old", old, old + HOUR / 20),
                a_dose("recent", "recent", recent, recent + HOUR / 20),
                a_dose("open", "live", old),
            ),
            keys=(a_key("old", old), a_key("recent", recent)),
        )
    )
    world = start(url, load=False).load(NOW, "boot-1")
    assert {session.id for session in world.sessions} == {"recent", "live", "to-come"}
    assert {dose.id for dose in world.doses} == {"recent", "open"}
    assert {key.key for key in world.keys} == {"recent"}
    assert store.session("old") is not None


def test_fault_42_a_clock_that_fell_back_to_1970_calls_up_no_more_than_a_day(url: str, start: Open) -> None:
    store = start(url)
    store.save(Changes(sessions=(a_session("old", state=SessionState.DONE, at=NOW - 30 * HOUR),), instant=NOW))
    world = start(url, load=False).load(datetime.fromisoformat("1970-01-01T00:00:07+00:00"), "boot-2")
    assert world.sessions == ()
    assert world.last_instant == NOW


def test_the_last_instant_stays_until_a_turn_brings_another(url: str, start: Open) -> None:
    store = start(url)
    store.save(Changes(instant=NOW))
    store.save(Changes(rooms=(RoomRow("sage"),)))
    assert start(url, load=False).load(NOW, "boot-1").last_instant == NOW


def test_another_boot_id_means_that_the_host_was_off_but_a_first_one_does_not(url: str, start: Open) -> None:
    store = start(url, load=False)
    assert [store.load(NOW, boot).host_rebooted for boot in ("boot-1", "boot-1", "boot-2", "boot-2")] == [False, False, True, False]


def test_the_epoch_rises_by_one_with_every_start(url: str, start: Open) -> None:
    first = start(url, load=False).load(NOW, "boot-1").epoch
    assert [start(url, load=False).load(NOW, "boot-1").epoch for _ in range(3)] == [first + 1, first + 2, first + 3]


def test_the_key_of_a_sites_playlists_stays_its_own(url: str, start: Open) -> None:
    first = start(url, load=False).load(NOW, "boot-1").playlist_key
    other = start(url, "hill", load=False).load(NOW, "boot-1").playlist_key
    assert len(first) >= 16
    assert first != other
    assert start(url, load=False).load(NOW + timedelta(days=1), "boot-2").playlist_key == first


def test_a_new_database_begins_above_the_epochs_of_a_lost_one(
    light_url: str, start: Open, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lost = max(start(light_url, load=False).load(NOW, "boot-1").epoch for _ in range(50))
    fresh = start(f"sqlite:///{tmp_path_factory.mktemp('new')}/a.db", load=False)
    assert fresh.load(NOW + HOUR, "boot-1").epoch > lost


def test_a_new_database_is_heard_by_devices_that_knew_the_old_one_moments_ago(light_url: str, start: Open, tmp_path: Path) -> None:
    lost = start(light_url, load=False).load(NOW, "boot-1").epoch
    fresh = start(f"sqlite:///{tmp_path / 'fresh.db'}", load=False)
    assert fresh.load(NOW + timedelta(seconds=3), "boot-1").epoch > lost


def test_news_come_after_a_number_in_order_and_in_portions(store: SqlStore) -> None:
    store.save(Changes(news=tuple(some_news(n) for n in range(1, 8))))
    assert [news.seq for news in store.news_since(2, limit=3)] == [3, 4, 5]
    assert store.news_since(6) == (some_news(7),)


def test_doses_of_a_session_come_in_order(store: SqlStore) -> None:
    later, first = a_dose("a", began=NOW + HOUR), a_dose("b")
    store.save(Changes(sessions=(a_session(),), doses=(later, first)))
    ended = replace(first, ended_at=NOW + timedelta(seconds=90))
    store.save(Changes(doses=(ended,)))
    assert store.doses("s1") == (ended, later)


def test_what_aired_a_room_in_the_last_day_comes_back(url: str, start: Open) -> None:
    aired = (
        AirRow("a1", "lavender", "extract", 8.0, NOW - timedelta(hours=26), NOW - timedelta(hours=25)),
        AirRow("a2", "lavender", "extract", 4.5, NOW - timedelta(hours=2), NOW - timedelta(hours=1)),
        AirRow("a3", "rose", "extract", 8.0, NOW - timedelta(minutes=5)),
        AirRow("a4", "rose", WINDOW, 4.0, NOW, NOW + timedelta(minutes=30)),
    )
    start(url).save(Changes(air=aired))
    store = start(url, load=False)
    assert store.load(NOW, "boot-1").air == aired[1:]
    store.save(Changes(air=(replace(aired[2], ended_at=NOW),)))
    assert store.load(NOW, "boot-1").air[1].ended_at == NOW


def test_of_one_token_only_the_newest_keys_are_kept(store: SqlStore, start: Open, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ambiance.session.forgetting.KEYS_OF_A_TOKEN", 5)
    rows = [a_key(f"k{n}", NOW + timedelta(seconds=n)) for n in range(20)]
    store.save(Changes(keys=(*rows, replace(a_key("k"), token="t2"))))
    store.sweep(NOW + timedelta(minutes=1))
    kept = start(url, load=False).load(NOW + timedelta(minutes=1), "boot-2").keys
    assert sorted((row.token, row.key) for row in kept) == [*(("t1", f"k{n}") for n in range(15, 20)), ("t2", "k")]


def test_a_sweep_erases_what_is_past_its_time_and_nothing_else(store: SqlStore) -> None:
    done = [a_session(id, state=SessionState.DONE, ended_at=NOW - age) for id, age in (("long", 25 * HOUR), ("just", HOUR))]
    store.save(
        Changes(
            sessions=(*done, a_session("due", "sage"), a_session("live")),
            care=(CareRow("long", "[1]"), CareRow("just", "[2]", NOW + HOUR), CareRow("due", "[3]", NOW), CareRow("live", "[4]")),
            keys=(a_key("old", NOW - 25 * HOUR), a_key("new", NOW - 23 * HOUR)),
            news=(some_news(1), some_news(2), some_news(50_001), some_news(50_002)),
        )
    )
    store.sweep(NOW)
    kept = [store.care(id) for id in ("long", "just", "due", "live")]
    assert [row and row.codes for row in kept] == [None, "[2]", None, "[4]"]
    assert [news.seq for news in store.news_since(0)] == [50_001, 50_002]
    assert [key.key for key in store.load(NOW, "boot-1").keys] == ["new"]
    assert len(store.sessions()) == 4


def test_erased_care_is_gone_from_the_disk(light_url: str, start: Open) -> None:
    store = start(light_url)
    secret = "hyperosmia-9f3c" * 40
    store.save(Changes(sessions=(a_session(),), care=(CareRow("s1", secret, NOW),)))
    store.save(Changes(care=(CareRow("s1", secret + "!", NOW),)))
    files = list(store_folder(light_url).iterdir())
    assert any(b"hyperosmia-9f3c" in file.read_bytes() for file in files)
    store.sweep(NOW)
    assert not any(b"hyperosmia-9f3c" in file.read_bytes() for file in store_folder(light_url).iterdir())


def store_folder(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///")).parent


def test_a_database_of_health_is_for_its_owner_only(light_url: str, start: Open) -> None:
    start(light_url).save(Changes(instant=NOW))
    assert {file.stat().st_mode & 0o077 for file in store_folder(light_url).iterdir()} == {0}


def test_a_row_that_makes_no_sense_closes_its_session_and_stops_nobody(url: str, start: Open, raw: sa.Engine) -> None:
    start(url).save(
        Changes(
            sessions=(a_session("good", "sage"), a_session("bad")),
            rooms=(RoomRow("lavender", latches=(Latch("fire", NOW),), sheet=a_sheet()),),
        )
    )
    with raw.begin() as connection:
        connection.execute(sa.text("UPDATE sessions SET sheet = warnings WHERE id = 'bad'"))
        connection.execute(sa.text("UPDATE rooms SET sheet = (SELECT sheet FROM sessions WHERE id = 'bad')"))
    store = start(url, load=False)
    world = store.load(NOW, "boot-1")
    assert [session.id for session in world.sessions] == ["good"]
    assert world.unreadable == ("bad",)
    assert world.rooms == (RoomRow("lavender", latches=(Latch("fire", NOW),)),)
    assert store.session("bad") is None
    store.save(Changes(sessions=(a_session("next"),)))


@pytest.mark.parametrize(
    "url", ["sqlite://", "mysql://root:hunter2@db/a", "postgresql+asyncpg//", "", "sqlite:///:memory:"], indirect=False
)
def test_any_other_kind_of_store_is_refused_without_telling_its_password(url: str) -> None:
    with pytest.raises(Invalid, match="wanted sqlite:///") as refusal:
        SqlStore(url, "harbour")
    assert "hunter2" not in str(refusal.value)


def test_a_store_is_healthy_while_it_is_open_and_there(url: str, start: Open, raw: sa.Engine) -> None:
    store = start(url, load=False)
    assert not store.healthy()
    store.load(NOW, "boot-1")
    assert store.healthy()
    with raw.begin() as connection:
        connection.execute(sa.text("DROP TABLE sites"))
    assert not store.healthy()


# --- sheets ---


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Random values of a type of the cue sheet, whatever fields it has."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if hint is datetime:
        return st.datetimes(timezones=st.just(UTC))
    if hint is int:
        return st.integers(-(2**31), 2**31 - 1)
    if hint is str:
        return st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)
    if hint is NoneType:
        return st.none()
    if origin is Literal:
        return st.sampled_from(args)
    if origin in (Union, UnionType):
        return st.one_of([values_of(arg) for arg in args])
    if origin is tuple:
        if args[-1] is Ellipsis:
            return st.lists(values_of(args[0]), max_size=3).map(tuple)
        return st.tuples(*[values_of(arg) for arg in args])
    if origin is not None:
        return st.dictionaries(st.text(max_size=4), values_of(args[1]), max_size=3)
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        return st.builds(hint, **{field.name: values_of(hints[field.name]) for field in fields(hint) if field.init})
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    return st.from_type(hint)


@settings(max_examples=200, deadline=None)
@given(sheet=values_of(Sheet))
def test_any_sheet_comes_back_as_it_was(sheet: Sheet) -> None:
    found = Sheets().unpack(Sheets().pack(sheet))
    assert found == sheet
    assert repr(found).replace(".0", "") == repr(sheet).replace(".0", "")  # equal is not enough: 1 == True


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(session=values_of(Session))
def test_any_session_comes_back_as_it_was(store: SqlStore, session: Session) -> None:
    session = replace(session, id=token_hex(8), room=token_hex(8))
    store.save(Changes(sessions=(session,)))
    assert store.session(session.id) == session


def test_a_sheet_that_was_looked_at_is_saved_like_a_fresh_one() -> None:
    sheet = a_sheet()
    assert [getattr(sheet, name) for name in dir(sheet) if not name.startswith("_")]
    assert Sheets().pack(sheet) == Sheets().pack(a_sheet())


def test_no_kind_of_level_can_be_taken_for_another() -> None:
    for one, other in permutations(get_args(Level), 2):
        needed = {field.name for field in fields(other) if field.default is MISSING and field.default_factory is MISSING}
        assert not needed <= {field.name for field in fields(one)}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_never_saved(store: SqlStore, number: float) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        store.save(Changes(sessions=(a_session(sheet=replace(a_sheet(), paused=number)),)))
    assert store.sessions() == ()


def test_a_playlist_may_be_called_nan() -> None:
    sheet = replace(a_sheet(), notes=("NaN", "Infinity"))
    assert Sheets().unpack(Sheets().pack(sheet)) == sheet


def test_rooms_that_play_one_sheet_share_it_again_after_a_restart(url: str, start: Open) -> None:
    sheet, other = a_sheet(), replace(a_sheet(), paused=1.0)
    start(url).save(Changes(sessions=tuple(a_session(f"s{n}", f"room{n}", sheet=sheet if n else other) for n in range(3))))
    world = start(url, load=False).load(NOW, "boot-1")
    first, second, third = (session.sheet for session in sorted(world.sessions, key=lambda session: session.id))
    assert (first, second) == (other, sheet)
    assert second is third


def test_a_reference_is_kept_until_it_is_used_or_its_time_is_over(store: SqlStore) -> None:
    day = NOW + timedelta(hours=24)
    store.save(Changes(refs=(RefRow("used", '["no_dark"]', day), RefRow("waits", "[]", day))))
    assert {ref.ref: ref.codes for ref in store.load(NOW, "boot-2").refs} == {"used": '["no_dark"]', "waits": "[]"}
    store.save(Changes(refs=(RefRow("used", None, day),)))
    assert [ref.ref for ref in store.load(NOW, "boot-3").refs] == ["waits"]
    store.sweep(day)
    assert store.load(NOW, "boot-4").refs == ()


def test_a_sheet_is_packed_once_while_it_lives_and_never_taken_for_another() -> None:
    sheets, sheet = Sheets(), a_sheet()
    assert sheets.pack(sheet) is sheets.pack(sheet)
    for number in range(50):  # each is gone before the next is made, often in the same place
        sheet = replace(a_sheet(), minutes=number)
        assert Sheets().unpack(sheets.pack(sheet)).minutes == number
        del sheet
