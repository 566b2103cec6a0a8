"""The event stream: nothing twice, nothing lost, slow readers cut, tablets told of their room only."""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ambiance.device import DeviceSilent
from ambiance.errors import StoreUnavailable
from ambiance.panel.http import HttpLimits
from ambiance.session.model import News
from tests.panel.doors import NOW, SITE, House, Stream


def news(seq: int, room: str | None = "lavender", type: str = "phase_began", **details: object) -> News:
    return News(seq, NOW + timedelta(seconds=seq), type, room, "s1" if room else None, details)


def happens(house: House, *those: News) -> None:
    house.rows.news.extend(those)
    for each in those:
        house.conductor.tell(each)


def run(test: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await test

    asyncio.run(bounded())


def ids(text: str) -> list[int]:
    return [json.loads(line[6:])["seq"] for line in text.splitlines() if line.startswith("data: ")]


def test_news_arrives_as_it_happens_with_its_id() -> None:
    async def test() -> None:
        house = House(seq=6)
        stream = Stream(house)
        await stream.until("id: 6\n\n")
        happens(house, news(7, phase=2))
        text = await stream.until("data: ")
        assert 'id: 7\nevent: phase_began\ndata: {"phase":2,"type":"phase_began","at":"2026-06-01T09:00:07.000Z","seq":7,' in text
        await stream.leave()

    run(test())


def test_a_reader_that_comes_back_gets_what_it_missed_once_and_in_order() -> None:
    async def test() -> None:
        house = House()
        happens(house, *(news(seq) for seq in range(1, 1301)))
        stream = Stream(house, headers={"last-event-id": "7"})
        happens(house, news(1301))
        await stream.until('"seq":1301,')
        happens(house, news(1302))
        assert ids(await stream.until('"seq":1302,')) == list(range(8, 1303))
        await stream.leave()

    run(test())


def test_a_reader_that_heard_nothing_still_resumes_where_it_was() -> None:
    async def test() -> None:
        house = House(seq=41)
        stream = Stream(house)
        text = await stream.until("id: 41\n\n")
        await stream.leave()
        happens(house, news(42))
        assert ids(text) == []
        again = Stream(house, headers={"last-event-id": "41"})
        assert ids(await again.until('"seq":42,')) == [42]
        await again.leave()

    run(test())


def test_what_was_read_from_the_store_before_it_was_told_is_not_told_twice() -> None:
    async def test() -> None:
        house = House()
        happens(house, news(1), news(2))
        saved = news(3)
        house.rows.news.append(saved)
        stream = Stream(house, headers={"last-event-id": "1"})
        await stream.until('"seq":3,')
        house.conductor.tell(saved)
        happens(house, news(4))
        assert ids(await stream.until('"seq":4,')) == [2, 3, 4]
        await stream.leave()

    run(test())


def test_an_id_from_another_life_means_from_now_on() -> None:
    async def test() -> None:
        house = House(seq=5)
        stream = Stream(house, headers={"last-event-id": "999"})
        await stream.until("id: 5\n\n")
        happens(house, news(6))
        assert ids(await stream.until('"seq":6,')) == [6]
        await stream.leave()

    run(test())


@pytest.mark.parametrize("id", ["x", "-1", "1.5", "", "9" * 30])
def test_an_id_that_is_none_is_refused(house: House, id: str) -> None:
    assert house.ask("GET", "/api/v1/events", headers={"Last-Event-ID": id}).status_code == 422


def test_silence_is_filled_with_comments() -> None:
    async def test() -> None:
        stream = Stream(House(HttpLimits(heartbeat=0.02)))
        await stream.until(": still here\n\n: still here")
        await stream.leave()

    run(test())


def test_a_revoked_token_ends_its_stream() -> None:
    async def test() -> None:
        house = House(HttpLimits(heartbeat=0.02))
        stream = Stream(house, role="room")
        await stream.until(": still here")
        del house.tokens.by_secret["room-secret"]
        async with asyncio.timeout(5):
            await stream.task

    run(test())


def test_a_reader_that_never_reads_is_cut_and_the_others_go_on() -> None:
    async def test() -> None:
        house = House(HttpLimits(stream_depth=10))
        slow, quick = Stream(house), Stream(house)
        await slow.until("id: 0")
        await quick.until("id: 0")
        slow.reading.clear()
        for seq in range(1, 101):
            happens(house, news(seq))
            await quick.until(f'"seq":{seq},')
        async with asyncio.timeout(5):
            await slow.task
        await quick.leave()
        assert ids(quick.text) == list(range(1, 101))

    run(test())


def test_one_token_opens_so_many_streams_and_closing_one_makes_room() -> None:
    async def test() -> None:
        house = House(HttpLimits(streams_per_token=3))
        streams = [Stream(house) for _ in range(3)]
        for stream in streams:
            await stream.until("id: 0")
        fourth = Stream(house)
        await fourth.until("too-many-streams")
        assert fourth.status == 429
        other = Stream(house, role="manager")
        await other.until("id: 0")
        await streams[0].leave()
        again = Stream(house)
        await again.until("id: 0")
        for stream in (*streams[1:], other, again):
            await stream.leave()

    run(test())


def test_a_tablet_hears_its_room_without_the_treatment() -> None:
    async def test() -> None:
        house = House()
        tablet, desk = Stream(house, role="room"), Stream(house)
        await tablet.until("id: 0")
        await desk.until("id: 0")
        happens(
            house, news(1, "cedar"), news(2, profile="spa/prenatal", because="light_max_lx"), news(3, None, "clock_stepped"),
            news(4, type="emergency_began", kind="duress"), news(5, type="room_adjusted", hands=["scent_off"]),
        )  # fmt: skip
        assert ids(await tablet.until('"seq":5,')) == [2, 3, 5]
        assert ids(await desk.until('"seq":5,')) == [1, 2, 3, 4, 5]
        assert "prenatal" in desk.text
        for word in ("prenatal", "light_max_lx", "scent_off", "cedar", "duress"):
            assert word not in tablet.text
        await tablet.leave()
        await desk.leave()

    run(test())


def test_a_store_that_cannot_be_read_ends_the_stream_in_good_order() -> None:
    async def test() -> None:
        house = House(seq=9)

        def fail(seq: int, limit: int = 1000) -> list[News]:
            raise StoreUnavailable("disk")

        house.rows.news_since = fail  # type: ignore[method-assign]
        stream = Stream(house, headers={"last-event-id": "1"})
        async with asyncio.timeout(5):
            await stream.task
        assert stream.text.endswith("id: 1\n\n")

    run(test())


def test_a_tablet_hears_nothing_of_a_call_for_help_in_its_own_room_and_the_desk_all() -> None:
    async def test() -> None:
        house = House()
        stream, desk = Stream(house, role="room"), Stream(house)
        await stream.until("id: 0\n\n")
        await desk.until("id: 0\n\n")
        happens(
            house, news(1, type="emergency_began", kind="duress"), news(2, type="emergency_repeated", kind="duress"),
            news(3, type="emergency_reset", kind="duress"), news(4, type="emergency_began", kind="medical"),
        )  # fmt: skip
        assert ids(await stream.until('"seq":4,')) == [4]
        assert ids(await desk.until('"seq":4,')) == [1, 2, 3, 4]
        await stream.leave()
        await desk.leave()

    run(test())


def test_a_fault_in_a_room_that_goes_that_very_moment_keeps_no_other_fault_from_the_readers() -> None:
    async def test() -> None:
        house = House()
        stream = Stream(house, query=b"board=1")
        await stream.until("retry: ")
        house.board.heard(DeviceSilent("cedar", "ceiling", 3))
        house.conductor.site = replace(SITE, rooms=SITE.rooms[:1])
        house.board.adopt(house.conductor.site)
        await asyncio.sleep(0)
        house.board.heard(DeviceSilent("lavender", "ceiling", 3))
        assert "cedar" not in await stream.until("lavender")
        await stream.leave()

    run(test())
