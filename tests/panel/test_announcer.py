"""What the bus is told of each room, and what it is never told."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ambiance.cuesheet.wanted import LightWanted, PlayerWanted
from ambiance.device.message import Message
from ambiance.device.news import DeviceAsked, DeviceReported, DeviceSilent
from ambiance.device.topics import Topics
from ambiance.panel import Announcer
from ambiance.panel.announcer import AT_ONCE
from ambiance.session.model import News
from ambiance.session.wishes import RoomNow
from tests.panel.doors import NOW, SITE, House

STATE, SCENE, EVENT = (f"ambiance/harbour/lavender/{name}" for name in ("state", "scene", "event"))


def announced(do: Callable[[House, Announcer], None], turns: int = 3) -> list[Message]:
    """What is published when `do` happens to a house that was just told of."""

    async def run() -> list[Message]:
        house, said = House(), list[Message]()
        announcer = Announcer(house.conductor, house.board, Topics("ambiance", "harbour"), house.clock, said.append, seq=3)
        announcer.follow()
        announcer.link_up()
        await turn()
        said.clear()
        do(house, announcer)
        await turn()
        return said

    async def turn() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)

    return asyncio.run(run())


def of(said: list[Message], topic: str) -> list[Any]:
    return [json.loads(message.payload) for message in said if message.topic == topic]


def test_every_room_is_said_whole_when_the_link_comes_up() -> None:
    said = announced(lambda house, announcer: announcer.link_up())
    assert {message.topic for message in said} == {
        f"ambiance/harbour/{room}/{about}" for room in ("lavender", "cedar") for about in ("state", "scene")
    }
    assert all(message.retain for message in said)
    assert of(said, STATE) == [
        {
            "state": "in_session", "session": "s1", "phase": 2, "phases": 2, "ends_at": "2026-06-01T10:00:00.000Z", "waiting_for": None,
            "hands": ["scent off", "light +5"], "faults": [], "seq": 3,
        }
    ]  # fmt: skip
    assert of(said, SCENE)[0]["ceiling"] == {"role": "ambient", "wanted": None, "reported": None}


def test_an_event_is_said_once_unretained_and_the_state_follows_with_its_seq() -> None:
    said = announced(lambda house, _: house.conductor.tell(News(7, NOW, "phase_began", "lavender", "s1", {"phase": 3, "phases": 9})))
    (event,) = (message for message in said if message.topic == EVENT)
    assert (event.retain, event.keep) == (False, True)
    assert json.loads(event.payload) == {
        "type": "phase_began", "at": "2026-06-01T09:00:00.000Z", "seq": 7, "session": "s1", "phase": 3, "phases": 9,
    }  # fmt: skip
    assert of(said, STATE)[0]["seq"] == 7
    assert not [message for message in said if "cedar" in message.topic]


def test_a_burst_is_one_state_and_one_scene_with_every_event() -> None:
    def burst(house: House, announcer: Announcer) -> None:
        for seq in range(10, 20):
            house.conductor.tell(News(seq, NOW, "room_adjusted", "lavender"))
            house.board.heard(DeviceAsked("lavender", "ceiling", LightWanted(True, float(seq), 2700.0)))

    said = announced(burst)
    assert len(of(said, EVENT)) == 10
    assert [state["seq"] for state in of(said, STATE)] == [19]
    assert [scene["ceiling"]["wanted"]["brightness"] for scene in of(said, SCENE)] == [19.0]


def test_what_did_not_change_is_not_said_again() -> None:
    assert announced(lambda house, announcer: announcer.changed("lavender")) == []


def test_wanted_and_reported_stand_side_by_side_and_a_silent_device_is_a_fault() -> None:
    def change(house: House, announcer: Announcer) -> None:
        house.board.heard(DeviceAsked("lavender", "speaker", PlayerWanted(True, 34.0, "pl-1", 6.0)))
        house.board.heard(DeviceReported("lavender", "speaker", {"playing": True, "volume": 30.0}, confirmed=False))
        house.board.heard(DeviceSilent("lavender", "speaker", 3))

    said = announced(change)
    assert of(said, SCENE)[0]["speaker"] == {
        "role": "player",
        "wanted": {"playing": True, "volume": 34.0, "playlist": "pl-1", "fade": 6.0},
        "reported": {"playing": True, "volume": 30.0},
    }
    assert len(of(said, STATE)[0]["faults"]) == 1


def test_a_room_that_waits_says_once_a_minute_when_it_will_be_over() -> None:
    async def run() -> None:
        said, house = list[Message](), House()
        room = house.conductor.room

        def waiting(id: str) -> RoomNow:
            return replace(room(id), waiting_for="work1", ends_at=house.clock.now() + timedelta(minutes=30))

        house.conductor.room = waiting  # type: ignore[method-assign]
        announcer = Announcer(house.conductor, house.board, Topics("ambiance", "harbour"), house.clock, said.append)
        announcer.changed("lavender")
        for _ in range(3):
            await house.clock.run(60)
        announcer.stop()
        await house.clock.run(600)
        assert [state["ends_at"][11:16] for state in of(said, STATE)] == ["09:30", "09:31", "09:32", "09:33"]

    asyncio.run(run())


def test_nothing_of_body_health_or_identity_reaches_the_bus() -> None:
    def change(house: House, announcer: Announcer) -> None:
        house.conductor.tell(
            News(
                8, NOW, "session_started", "lavender", "s1",
                {
                    "profile": "spa/prenatal", "care": ["light_max_lx"], "name": "Anna", "because": "light_max_lx", "kind": "x" * 200,
                    "hands": ["scent_off", "light +5", 7], "device": "ceiling", "reason": "Anna\nMiller", "minutes": float("nan"),
                },
            )
        )  # fmt: skip
        house.board.heard(
            DeviceReported(
                "lavender", "ceiling", {"on": True, "label": "Anna Miller", "x": float("inf"), "deep": {"a": 1}}, confirmed=False
            )
        )

    said = announced(change)
    everything = b"".join(message.payload for message in said)
    for word in (b"prenatal", b"light_max_lx", b"scent_off", b"Anna", b"Miller", b"NaN", b"nfinity", b"deep"):
        assert word not in everything
    assert of(said, EVENT)[0]["hands"] == ["scent off", "light +5"]


def test_news_of_the_controller_itself_or_of_a_room_long_gone_is_not_for_the_bus() -> None:
    def change(house: House, announcer: Announcer) -> None:
        house.conductor.tell(News(8, NOW, "clock_stepped"))
        house.conductor.tell(News(9, NOW, "room_changed", "attic"))
        announcer.changed("attic")

    assert announced(change) == []


def test_many_rooms_take_turns_with_the_rest_of_the_house() -> None:
    said: list[Message] = []

    async def run() -> None:
        many = replace(SITE, rooms=tuple(replace(SITE.rooms[0], id=f"r{n}") for n in range(3 * AT_ONCE)))
        house = House()
        house.conductor.site = many
        room = house.conductor.room
        house.conductor.room = lambda id: room("lavender")  # type: ignore[method-assign]
        from ambiance.room import Board

        announcer = Announcer(house.conductor, Board(many, house.clock), Topics("ambiance", "harbour"), house.clock, said.append)
        announcer.link_up()
        for turn in (1, 2, 3):
            await asyncio.sleep(0)
            assert len(said) == 2 * AT_ONCE * turn
        announcer.link_up()
        announcer.stop()
        await asyncio.sleep(0)
        assert len(said) == 6 * AT_ONCE

    asyncio.run(run())


def test_a_room_that_is_new_is_said_once_its_coming_is_told_and_keeps_no_other_waiting() -> None:
    def comes(house: House, announcer: Announcer) -> None:
        room, site = house.conductor.room, replace(SITE, rooms=(*SITE.rooms, replace(SITE.rooms[0], id="nova")))
        house.conductor.site = site
        house.board.adopt(site)
        house.conductor.room = lambda id: replace(room("lavender"), hands=())  # type: ignore[method-assign]
        announcer.changed("nova")
        announcer.changed("lavender")

    def told(house: House, announcer: Announcer) -> None:
        comes(house, announcer)
        announcer.told(News(9, NOW, "site_changed"))

    assert [message.topic for message in announced(comes)] == [STATE]
    assert {message.topic for message in announced(told)} > {"ambiance/harbour/nova/state", "ambiance/harbour/nova/scene"}


def test_a_silent_call_changes_nothing_that_is_said_of_its_room() -> None:
    def call(house: House, _: Announcer) -> None:
        house.conductor.emergency["lavender"] = "duress"
        for seq, type in enumerate(("emergency_began", "emergency_repeated", "emergency_reset"), 7):
            house.conductor.tell(News(seq, NOW, type, "lavender", None, {"kind": "duress", "by": "button"}))

    assert announced(call) == []
