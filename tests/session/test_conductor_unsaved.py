"""A store that takes nothing: rooms and hands go on, new starts wait, nothing is lost or half written."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from ambiance.errors import StoreUnavailable
from ambiance.session.model import Changes, RoomState, SessionState
from ambiance.session.sql import SqlStore
from ambiance.session.wishes import Adjust, Begin, Emergency, Key
from tests.session.house_fixtures import FULL, MINUTE, House, MemoryStore, played


def test_with_a_full_disk_rooms_go_on_hands_work_and_only_new_starts_wait() -> None:
    store = MemoryStore()

    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.run(MINUTE)
        store.fails = FULL
        with pytest.raises(StoreUnavailable, match="disk full"):
            await house.begin("rose")
        with pytest.raises(StoreUnavailable):
            await house.wish(Begin("rose"))
        assert house.live("rose") is None
        told = len(house.told)
        await house.run(12 * MINUTE)
        assert house.phase() == "work1"
        assert any(t.device == "ceiling" and not t.glide for t in house.told[told:])
        await house.wish(Adjust("lavender", light=5), Key("desk", "k", "b"))
        await house.act("pause", id)
        await house.act("resume", id)
        await house.act("end", id)
        assert house.room().state is RoomState.ENDING
        await house.wish(Emergency("medical", room="oak"))
        await house.run(2)
        assert house.actual("oak", "ceiling")["brightness"] == 100
        assert house.types().count("store_failed") == 1
        assert store.session(id).state is SessionState.RUNNING  # type: ignore[union-attr]
        store.fails = None
        await house.run(6)
        # Recovered by itself: everything is there, in order, once.
        assert house.state(id) is SessionState.ENDING
        assert [news.seq for news in store.news] == list(range(1, len(store.news) + 1))
        assert [news.type for news in store.news] == house.types()
        assert house.types()[-1] == "store_recovered"
        assert ("desk", "k") in store.keys
        await house.begin("rose")

    played(scenario, store=store)


def test_a_guest_who_is_expected_is_let_in_though_nothing_can_be_saved() -> None:
    store = MemoryStore()

    async def scenario(house: House) -> None:
        id = await house.begin("rose", at=house.clock.now() + timedelta(minutes=5), care=())
        await house.run(6 * MINUTE)
        assert house.room("rose").state is RoomState.WAITING_CLIENT
        store.fails = FULL
        answer = await house.wish(Begin("rose"))
        assert (answer.body["id"], answer.body["state"]) == (id, "running")
        assert house.phase("rose") == "welcome"

    played(scenario, store=store)


def test_what_a_full_disk_kept_from_being_saved_survives_only_in_memory_and_nothing_is_half_written() -> None:
    store = MemoryStore()

    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.run(MINUTE)
        before = dict(store.sessions_by_id)
        store.fails = FULL
        await house.act("extend", id, minutes=20)
        await house.run(30)
        assert store.sessions_by_id == before
        house.kill()
        store.fails = None
        await house.start()
        assert house.session(id).sheet.end == 3600

    played(scenario, store=store)


def test_a_locked_file_refuses_new_starts_and_never_holds_up_a_cue(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.run(MINUTE)
        other = sqlite3.connect(tmp_path / "ambiance.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(StoreUnavailable):
                await house.begin("rose")
            told = len(house.told)
            await house.until("settle", inside=40)
            assert any(t.device == "ceiling" and not t.glide for t in house.told[told:])
            assert max(house.late) == 0
        finally:
            other.execute("ROLLBACK")
            other.close()
        await house.run(10)
        await house.begin("rose")
        assert [news.seq for news in house.store.news_since(0)] == [news.seq for news in house.news]

    played(scenario, store=SqlStore(f"sqlite:///{tmp_path}/ambiance.db", "harbour", patience=0.05))


def test_a_store_that_hangs_on_its_thread_holds_up_no_cue_and_loses_no_wish() -> None:
    class Slow(MemoryStore):
        free = Event()

        def save(self, changes: Changes) -> None:
            assert self.free.wait(20)
            super().save(changes)

    store = Slow()
    store.free.set()

    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.run(4 * MINUTE)
        house.kill()
        await house.start(ThreadPoolExecutor(1))
        store.free.clear()
        asking = [asyncio.create_task(house.begin(room, care=())) for room in ("rose", "oak", "rose")]
        told, saves = len(house.told), len(store.saved)
        await house.run(2 * MINUTE)
        assert any(t.device == "ceiling" and not t.glide for t in house.told[told:])
        assert not any(task.done() for task in asking)
        store.free.set()
        answers = await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), 20)
        assert [type(answer).__name__ for answer in answers] == ["str", "str", "RoomBusy"]
        assert max(house.late) == 0
        # What waited meanwhile was decided together.
        assert len(store.saved) <= saves + 3

    played(scenario, store=store)
