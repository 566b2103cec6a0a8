"""Idempotency: the same request is done once, and answered the same, however often it comes."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from ambiance.errors import IllegalMove, KeyReused, RoomBusy
from ambiance.session.wishes import Act, Answer, Bright, Key, Start
from tests.session.house_fixtures import MINUTE, House, on_disk, played

START = Start("lavender", "spa/swedish", 60, care=())


def test_the_same_key_and_body_get_one_session_and_one_answer() -> None:
    async def scenario(house: House) -> None:
        key = Key("desk", "k1", "body-1")
        first = await house.wish(START, key)
        again = await house.wish(START, key)
        assert (again.status, dict(again.body)) == (first.status, dict(first.body))
        assert len(house.conductor.sessions()) == 1
        assert house.types().count("session_started") == 1
        # A retry of something else done meanwhile still gets the first answer.
        await house.act("pause")
        assert dict((await house.wish(START, key)).body) == dict(first.body)

    played(scenario)


def test_a_double_click_waits_for_the_first_and_gets_its_answer() -> None:
    async def scenario(house: House) -> None:
        key = Key("desk", "k1", "body-1")
        answers = await asyncio.gather(*(house.wish(START, key) for _ in range(5)))
        assert len({str(answer.body["id"]) for answer in answers}) == 1
        together = await house.conductor.wish_many([(Start("rose", "spa/swedish", 60), Key("desk", "k2", "b"))] * 3)
        assert len({str(answer.body["id"]) for answer in together}) == 1  # type: ignore[union-attr]
        assert len(house.conductor.sessions()) == 2

    played(scenario)


def test_the_same_key_with_another_body_is_refused_and_does_nothing() -> None:
    async def scenario(house: House) -> None:
        await house.wish(START, Key("desk", "k1", "body-1"))
        with pytest.raises(KeyReused, match="another request"):
            await house.wish(Start("rose", "spa/swedish", 60), Key("desk", "k1", "body-2"))
        assert [s.room for s in house.conductor.sessions()] == ["lavender"]
        # Another token's keys are its own.
        await house.wish(Start("rose", "spa/swedish", 60), Key("tablet", "k1", "body-2"))
        assert len(house.conductor.sessions()) == 2

    played(scenario)


def test_a_refused_request_does_not_bind_its_key() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin()
        key = Key("desk", "k1", "body-1")
        with pytest.raises(RoomBusy):
            await house.wish(START, key)
        with pytest.raises(IllegalMove):
            await house.wish(Act("resume", id), Key("desk", "k2", "b"))
        await house.act("end", id)
        await house.act("end", id)
        answer = await house.wish(START, key)
        assert answer.status == 201
        await house.act("pause", str(answer.body["id"]))
        assert (await house.wish(Act("resume", str(answer.body["id"])), Key("desk", "k2", "b"))).body["state"] == "running"

    played(scenario)


def test_a_key_is_remembered_over_a_restart_and_for_a_day(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        key = Key("desk", "k1", "body-1")
        first = await house.wish(START, key)
        await house.restart(after=5)
        again = await house.wish(START, key)
        assert (again.status, dict(again.body)) == (first.status, dict(first.body))
        with pytest.raises(KeyReused):
            await house.wish(START, Key("desk", "k1", "other"))
        await house.restart(after=timedelta(hours=24, minutes=1).total_seconds())
        later = await house.wish(START, Key("desk", "k1", "other"))
        assert later.body["id"] != first.body["id"]

    played(scenario, store=on_disk(tmp_path))


def test_the_key_of_a_batch_is_bound_by_its_first_accepted_part_also_over_a_restart(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        busy = await house.begin("oak", "clinical/swedish")
        parts = [(Start("oak", "clinical/swedish", 60), Key("desk", "b#0", "all", "b")), (START, Key("desk", "b#1", "all", "b"))]
        refused, first = await house.conductor.wish_many(parts)
        assert isinstance(refused, RoomBusy) and busy in str(refused)
        assert isinstance(first, Answer)
        await house.restart(after=5)
        _, again = await house.conductor.wish_many(parts)
        assert isinstance(again, Answer) and again.body["id"] == first.body["id"]
        for key in (Key("desk", "b", "one"), Key("desk", "b#7", "more", "b")):
            with pytest.raises(KeyReused, match="another request"):
                await house.wish(Start("rose", "spa/swedish", 60), key)

    played(scenario, store=on_disk(tmp_path))


def test_a_verb_with_a_key_is_done_once() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin()
        end = house.session(id).sheet.end
        for _ in range(3):
            await house.wish(Act("extend", id, minutes=10), Key("desk", "k", "ten"))
            await house.run(MINUTE)
        assert house.session(id).sheet.end == end + 600

    played(scenario)


def test_no_token_fills_the_memory_with_its_keys_and_none_costs_another_token_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ambiance.session.house.KEYS_OF_A_TOKEN", 5)

    async def scenario(house: House) -> None:
        first = await house.wish(START, Key("desk", "k", "body"))
        for n in range(20):
            await house.wish(Bright("lavender", n % 2 == 0), Key("tablet", f"k{n}", f"body-{n}"))
            await house.run(1)
        await house.run(MINUTE)
        assert dict((await house.wish(START, Key("desk", "k", "body"))).body) == dict(first.body)
        with pytest.raises(KeyReused):
            await house.wish(Bright("lavender", True), Key("tablet", "k19", "another body"))
        assert (await house.wish(Bright("lavender", True), Key("tablet", "k0", "another body"))).status == 200

    played(scenario)
