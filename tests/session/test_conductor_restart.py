"""A kill and a new start at any moment: the room goes on as if nothing had happened, and nothing is done twice."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ambiance.clock import ManualClock
from ambiance.cuesheet.model import LightLevel
from ambiance.errors import AmbianceError
from ambiance.session.model import RoomState, SessionState
from ambiance.session.store import Store
from ambiance.session.wishes import Act, Adjust, Begin, Bright, Emergency, Ready, Start, Wish
from tests.session.house_fixtures import LAVENDER, MINUTE, OAK, ROSE, House, MemoryStore, a_site, on_disk, played

ROOM = st.sampled_from(["lavender", "rose"])
DEEDS = st.one_of(
    st.builds(lambda room, minutes: ("start", room, minutes), ROOM, st.sampled_from([30, 45, 60])),
    st.builds(lambda room, ahead: ("book", room, ahead), ROOM, st.integers(2, 40)),
    st.builds(
        lambda verb, room: (verb, room, None), st.sampled_from(["advance", "pause", "resume", "stay", "extend", "end", "cancel"]), ROOM
    ),
    st.builds(lambda room, by: ("light", room, by), ROOM, st.integers(-12, 12)),
    st.builds(
        lambda name, room: (name, room, None), st.sampled_from(["mute", "scent", "bright", "begin", "ready", "hold", "release"]), ROOM
    ),
    st.builds(lambda room: ("medical", room, None), ROOM),
)
SCRIPT = st.lists(st.tuples(st.integers(0, 1500), DEEDS), min_size=1, max_size=9)


@dataclass
class End:
    """How a script leaves a house: what can be seen, without the random ids."""

    rooms: list[tuple[Any, ...]]
    sessions: list[tuple[Any, ...]]
    seqs: list[int]


def wish_of(deed: tuple[str, str, Any], now: datetime) -> Wish:
    name, room, value = deed
    match name:
        case "start":
            return Start(room, "spa/swedish", value, care=(), scent=True)
        case "book":
            return Start(room, "spa/swedish", 45, at=now + timedelta(minutes=value), care=(), scent=True)
        case "light":
            return Adjust(room, light=value)
        case "mute":
            return Adjust(room, mute=True)
        case "scent":
            return Adjust(room, scent_off=True)
        case "hold":
            return Adjust(room, hold={"ceiling": LightLevel(45.0, 350.0)})
        case "release":
            return Adjust(room, release=True)
        case "bright":
            return Bright(room, None)
        case "begin":
            return Begin(room)
        case "ready":
            return Ready(room)
        case "medical":
            return Emergency("medical", room=room)
        case _:
            return Act(name, room=room)  # type: ignore[arg-type]


def lived(script: Sequence[tuple[int, tuple[str, str, Any]]], kills: Sequence[int], store: Store | None = None, down: float = 0.0) -> End:
    """Play a script; kill and start again at each of `kills` (seconds from the beginning), being away for `down` seconds."""

    async def run() -> End:
        house = House(a_site(LAVENDER, ROSE), store or MemoryStore(), ManualClock())
        await house.start()
        begin = house.clock.now()
        waiting = sorted(kills)

        async def reach(until: datetime) -> None:
            while waiting and begin + timedelta(seconds=waiting[0]) < until:
                await house.run((begin + timedelta(seconds=waiting.pop(0)) - house.clock.now()).total_seconds())
                await house.restart(after=min(down, (until - house.clock.now()).total_seconds()))
            await house.run(max(0.0, (until - house.clock.now()).total_seconds()))

        at = begin
        for pause, deed in script:
            at += timedelta(seconds=pause)
            await reach(at)
            with suppress(AmbianceError):
                await house.wish(wish_of(deed, house.clock.now()))
        await reach(at + timedelta(seconds=700))
        rooms = [
            (r.room, r.state, r.phase_id, r.waiting_for, r.hands, r.ends_at, r.emergency, r.scene.levels) for r in house.conductor.rooms()
        ]
        found = sorted(house.store.sessions(), key=lambda s: (s.created_at, s.room))
        sessions = [(s.room, s.state, s.minutes, s.t0, s.ended_at, s.ended_by) for s in found]
        seqs = [news.seq for news in house.store.news_since(0, 10_000)]
        assert [news.seq for news in house.news] == seqs
        await house.conductor.stop()
        house.store.close()
        return End(rooms, sessions, seqs)

    with patch("ambiance.session.conductor.LOOK", 3600.0):
        return asyncio.run(run())


def same(one: End, other: End) -> None:
    """Both houses show the same; levels may differ by what rounding an instant to a microsecond does."""
    assert [session[:-2] for session in other.sessions] == [session[:-2] for session in one.sessions]
    assert [session[-1] for session in other.sessions] == [session[-1] for session in one.sessions]
    turnover = {RoomState.AIRING, RoomState.CLEANING}
    for mine, theirs in zip(one.rooms, other.rooms, strict=True):
        if {mine[1], theirs[1]} == turnover:
            continue  # a dose missed meanwhile stays missed, and then there is nothing to air
        assert theirs[:-1] == mine[:-1]
        assert theirs[-1].keys() == mine[-1].keys()
        for device, level in mine[-1].items():
            for name in level.__slots__:
                here, there = getattr(level, name), getattr(theirs[-1][device], name)
                assert there == (pytest.approx(here, abs=0.01) if isinstance(here, float) else here), (mine[0], device, name)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SCRIPT, st.lists(st.integers(0, 5000), min_size=1, max_size=4))
def test_a_house_killed_at_any_moment_shows_the_same_as_one_that_was_not(script: list[Any], kills: list[int]) -> None:
    whole, killed = lived(script, []), lived(script, kills)
    same(whole, killed)
    # No news is lost, none told twice, and their numbers only rise.
    assert killed.seqs == list(range(1, len(killed.seqs) + 1))
    assert whole.seqs == list(range(1, len(whole.seqs) + 1))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SCRIPT, st.lists(st.integers(0, 5000), min_size=1, max_size=3), st.integers(1, 4000))
def test_a_house_that_was_away_for_a_while_catches_up(script: list[Any], kills: list[int], down: int) -> None:
    same(lived(script, []), lived(script, kills, down=down))


@pytest.mark.parametrize("kills", [[100], [299, 301, 303], [540, 541], [1860], [600, 1200, 2400, 3599]])
def test_the_same_on_a_real_file(kills: list[int], tmp_path: Path) -> None:
    script = [(5, ("start", "lavender", 60)), (3, ("start", "rose", 60)), (900, ("light", "rose", 7)), (600, ("advance", "rose", None))]
    same(lived(script, []), lived(script, kills, store=on_disk(tmp_path)))


def test_a_restart_sends_the_current_scene_once_and_replays_nothing() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.until("work1", inside=30)
        told = len(house.told)
        await house.restart(after=3)
        said = [each for each in house.told[told:] if each.room == "lavender" and each.device == "ceiling"]
        # Once at the start, and once when the broker is there.
        assert len(said) == 2
        assert {each.at for each in said} == {house.clock.now()}
        assert {each.wanted for each in said} == {said[0].wanted}
        assert all(each.glide for each in said)

    played(scenario)


def test_sessions_that_ended_meanwhile_are_closed_at_their_own_time() -> None:
    async def scenario(house: House) -> None:
        one = await house.begin("lavender", minutes=30, care=())
        booked = await house.begin("oak", "clinical/myofascial_release", 45, at=house.clock.now() + timedelta(minutes=30))
        missed = await house.begin("lavender", minutes=30, at=house.clock.now() + timedelta(minutes=60))
        await house.run(5 * MINUTE)
        await house.restart(after=33 * MINUTE)
        session = house.session(one)
        assert (session.state, session.ended_at) == (SessionState.DONE, session.t0 + timedelta(minutes=30))
        assert house.room().state is RoomState.CLEANING
        assert house.state(booked) is SessionState.WAITING
        await house.restart(after=8 * 60 * MINUTE)
        assert house.room().state is RoomState.READY
        assert house.state(missed) is SessionState.DONE
        assert house.session(missed).ended_by == "missed"
        assert house.session(booked).ended_by == "no_show"

    played(scenario, rooms=(LAVENDER, OAK))


def test_a_phase_is_told_once_though_the_program_starts_again_in_it() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=())
        for _ in range(30):
            await house.run(60)
            await house.restart(after=1)
        phases = [news.details["phase"] for news in house.news if news.type == "phase_began"]
        assert phases == [1, 2, 3]

    played(scenario)


def test_a_kill_between_the_save_and_the_telling_leaves_one_session_that_is_told_at_the_next_start() -> None:
    class Fatal(MemoryStore):
        house: House

        def save(self, changes: Any) -> None:
            super().save(changes)
            if any(session.room == "lavender" for session in changes.sessions):
                self.house.kill()

    store = Fatal()

    async def scenario(house: House) -> None:
        store.house, told = house, len(house.told)
        asking = asyncio.create_task(house.begin(care=()))
        await house.run(1)
        assert not asking.done()
        asking.cancel()
        assert len(house.told) == told
        store.save = MemoryStore.save.__get__(store)  # type: ignore[method-assign]
        await house.start()
        assert house.phase() == "welcome"
        assert len(store.sessions()) == 1

    played(scenario, store=store)


def test_a_room_that_is_no_longer_in_the_house_lets_its_sessions_go() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin("rose")
        house.kill()
        house.site = a_site(LAVENDER)
        await house.start()
        assert (house.state(id), house.session(id).ended_by) == (SessionState.CANCELLED, "room_removed")

    played(scenario, rooms=(LAVENDER, ROSE))


def test_a_profile_that_was_taken_away_plays_on_from_its_copy() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.run(10 * MINUTE)

        class Empty:
            def get(self, id: str) -> None:
                raise AssertionError("a live session asks no profile for anything")

        house.library = Empty()  # type: ignore[assignment]
        await house.restart()
        for verb in ("stay", "pause", "resume", "advance", "end"):
            await house.act(verb, id)
        await house.run(10 * MINUTE)
        assert house.state(id) is SessionState.DONE

    played(scenario)
