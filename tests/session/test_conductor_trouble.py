"""Trouble stays where it is: a room whose rows make no sense, a listener that fails, another controller."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from ambiance.errors import AmbianceError, RoomBusy, StoreUnavailable, Superseded
from ambiance.profile import Library
from ambiance.session.house import Turn
from ambiance.session.model import Changes, RoomRow, RoomState, Session, SessionState
from ambiance.session.wishes import Act, Answer, Key, Start
from tests.session.house_fixtures import LAVENDER, MINUTE, OAK, ROSE, House, MemoryStore, on_disk, played


def test_the_store_s_own_refusal_of_one_start_spares_the_others_of_its_turn() -> None:
    class Knowing(MemoryStore):
        def save(self, changes: Changes) -> None:
            if any(session.room == "rose" for session in changes.sessions):
                raise RoomBusy("rose", "s-other", "now", "later")
            super().save(changes)

    async def scenario(house: House) -> None:
        answers = await house.conductor.wish_many([(Start(room, "spa/swedish", 60), None) for room in ("lavender", "rose", "oak")])
        assert [getattr(answer, "status", None) for answer in answers] == [201, 409, 201]
        assert "s-other" in str(answers[1])
        assert sorted(s.room for s in house.conductor.sessions()) == ["lavender", "oak"]

    played(scenario, store=Knowing())


def test_what_fails_half_way_leaves_no_trace() -> None:
    def half_done(turn: Turn, wish: Act, library: Library) -> Answer:
        live = turn.live("lavender")
        assert live is not None
        turn.put(replace(live, state=SessionState.PAUSED))
        turn.put_room(RoomRow("lavender", RoomState.OUT_OF_ORDER))
        turn.scent.append(("lavender", "diffuser", 3, 120.0))
        turn.tell("session_paused", turn.now, "lavender", live.id)
        raise RuntimeError("half-way")

    store = MemoryStore()

    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        before = (dict(store.sessions_by_id), dict(store.rooms), len(house.told), len(house.news), store.keys.copy())
        with patch("ambiance.session.deciding.act", half_done), pytest.raises(AmbianceError):
            await house.wish(Act("pause", id), Key("desk", "k", "b"))
        assert (dict(store.sessions_by_id), dict(store.rooms), len(house.told), len(house.news), store.keys) == before
        assert (await house.wish(Act("pause", id), Key("desk", "k", "b"))).body["state"] == "paused"

    played(scenario, store=store)


def test_a_row_that_cannot_be_written_harms_only_its_own_room() -> None:
    class Picky(MemoryStore):
        def save(self, changes: Changes) -> None:
            if any(session.room == "rose" and session.state is SessionState.PAUSED for session in changes.sessions):
                raise ValueError("a sheet cannot hold NaN")
            super().save(changes)

    async def scenario(house: House) -> None:
        for room in ("lavender", "rose"):
            await house.begin(room)
        answers = await house.conductor.wish_many([(Act("pause", room=room), None) for room in ("rose", "lavender")])
        assert isinstance(answers[0], AmbianceError)
        assert not isinstance(answers[1], AmbianceError)
        assert (house.room("rose").state, house.room("lavender").state) == (RoomState.IN_SESSION, RoomState.PAUSED)

    played(scenario, store=Picky())


def broken(session: Session) -> Session:
    """A session whose sheet raises wherever it is looked at."""
    return replace(session, sheet=replace(session.sheet, spans=(), cues=None))  # type: ignore[arg-type]


def test_fault_55_a_room_whose_sheet_raises_at_each_tick_leaves_the_others_alone() -> None:
    async def scenario(house: House) -> None:
        bad = await house.begin("lavender", care=())
        good = await house.begin("oak", "clinical/myofascial_release", 60, care=())
        await house.run(MINUTE)
        session = house.session(bad)
        house.conductor._house.sessions[bad] = broken(session)
        house.conductor._play._sheets["lavender"] = (broken(session).sheet, session.t0)
        told = len(house.told)
        await house.run(4 * MINUTE + 1)
        # The neighbour's cues, restatements, news and verbs come on time.
        assert house.phase("oak") == "exam"
        assert any(t.room == "oak" and t.glide for t in house.told[told:])
        assert any(t.room == "oak" and not t.glide for t in house.told[told:])
        assert max(house.late) == 0
        await house.act("advance", good)
        assert house.phase("oak") == "settle"
        assert {room.room for room in house.conductor.rooms()} == {"lavender", "rose", "oak"}
        assert house.room("lavender").scene.levels == {}
        # Its own verbs fail in words; the house goes on.
        with pytest.raises(AmbianceError):
            await house.act("advance", bad)
        await house.begin("rose")
        await house.run(5 * MINUTE)
        assert house.conductor.running

    played(scenario, rooms=(LAVENDER, ROSE, replace(OAK, borders="clock")))


def test_a_room_whose_rows_make_no_sense_does_not_keep_the_house_from_starting() -> None:
    store = MemoryStore()

    async def scenario(house: House) -> None:
        bad = await house.begin("lavender", care=())
        good = await house.begin("rose", care=())
        await house.run(MINUTE)
        house.kill()
        store.sessions_by_id[bad] = broken(store.sessions_by_id[bad])
        await house.start()
        await house.run(5 * MINUTE)
        assert house.state(good) is SessionState.RUNNING
        assert house.phase("rose") == "settle"

    played(scenario, store=store)


def test_a_device_that_cannot_be_told_or_a_follower_that_fails_stops_nobody() -> None:
    async def scenario(house: House) -> None:
        def fails(*_: Any) -> None:
            raise RuntimeError("no")

        house.conductor.follow(fails)
        real = house.conductor._play._send

        def send(room: str, device: str, *rest: Any) -> None:
            if room == "lavender":
                raise RuntimeError("no")
            real(room, device, *rest)

        house.conductor._play._send = send
        heard: list[object] = []
        end = house.conductor.follow(heard.append)
        for room in ("lavender", "rose"):
            await house.begin(room)
        await house.run(6 * MINUTE)
        assert house.phase("lavender") == house.phase("rose") == "settle"
        assert any(told.room == "rose" for told in house.told)
        assert len(heard) > 4
        end()
        count = len(heard)
        await house.act("pause", room="rose")
        assert len(heard) == count

    played(scenario)


def test_a_controller_that_was_superseded_says_nothing_more() -> None:
    store = MemoryStore()

    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.run(MINUTE)
        store.fails = Superseded("harbour", 1, 2)
        with pytest.raises(Superseded):
            await house.act("pause")
        told, news = len(house.told), len(house.news)
        await house.run(30 * MINUTE)
        assert (house.told[told:], house.news[news:]) == ([], [])
        assert not house.conductor.running
        store.fails = None

    played(scenario, store=store)


def test_stopping_finishes_what_was_asked_and_refuses_the_rest(tmp_path: Path) -> None:
    store = on_disk(tmp_path)

    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.run(100)
        house.conductor.put(Act("pause", id))
        await house.conductor.stop()
        await house.conductor.stop()
        assert house.state(id) is SessionState.PAUSED
        with pytest.raises(StoreUnavailable, match="stopping"):
            await house.act("resume", id)
        told = len(house.told)
        await house.run(600)
        assert house.told[told:] == []
        await house.start()
        assert house.room().state is RoomState.PAUSED

    played(scenario, store=store)
