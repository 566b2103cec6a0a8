"""Is everything ready: asked on demand, asked ahead of each start, and said in words."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from ambiance.clock import ManualClock
from ambiance.cuesheet.wanted import LightWanted
from ambiance.device import DeviceAsked, DeviceNews, DeviceReported, DeviceSilent, DeviceWentOffline
from ambiance.room import Board
from ambiance.room.check import Checks, RoomCheck
from ambiance.session.model import Session, SessionState
from ambiance.session.wishes import RoomChecked, Wish
from ambiance.site import Device, Room, Site
from tests.session.store_examples import NOW, a_session

DEVICES = (
    Device("ceiling", "lavender", "light", "zigbee2mqtt", "zigbee2mqtt/ceiling"),
    Device("cove", "lavender", "light"),
    Device("knob", "lavender", "button"),
    Device("door", "lavender", "sensor"),
    Device("spot", "lavender", "light", "mqtt-dmx-sequencer", "dmx"),
)
SITE = Site("harbour", "Harbour", ZoneInfo("UTC"), (Room("lavender", "Lavender", devices=DEVICES), Room("empty", "Empty")))


class House:
    """A ceiling that can be asked (and answers, if it lives), a native cove, a knob, a door, and a spot that never speaks."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.board = Board(SITE, self.clock)
        self.alive = self.up = True
        self.asked: list[str] = []
        self.put: list[Wish] = []
        self.coming: list[Session] = []
        self.checks = Checks(SITE, self.clock, self.board, self, self._sessions, self.put.append)

    def _sessions(self) -> Iterable[Session]:
        return tuple(self.coming)

    def ask(self, room: str, device: str) -> bool:
        self.asked.append(device)
        if device != "ceiling":
            return False
        if self.alive:
            said = DeviceReported(room, device, {"on": True, "brightness": 10.0}, False)
            self.clock.call_at(self.clock.now() + timedelta(seconds=1), lambda: self.board.heard(said))
        return True

    def answers(self, room: str, device: str) -> bool:
        return device != "spot"

    def heard(self, *news: DeviceNews) -> None:
        for each in news:
            self.board.heard(each)

    async def check(self, room: str = "lavender") -> RoomCheck:
        checking = asyncio.create_task(self.checks.check(room))
        await self.clock.run(5)
        return await checking


def found(check: RoomCheck) -> dict[str, tuple[bool, str]]:
    return {each.device: (each.ok, each.words) for each in check.devices}


WELL = (
    DeviceAsked("lavender", "cove", LightWanted(True, 10, 2200)),
    DeviceReported("lavender", "cove", {"on": True, "brightness": 10}, True),
    DeviceReported("lavender", "door", {"contact": True}, False),
)


def test_a_room_is_ready_when_every_device_answers_or_is_known_to_be_there() -> None:
    async def scenario() -> None:
        house = House()
        house.heard(*WELL)
        check = await house.check()
        assert check.ready
        assert found(check) == {
            "ceiling": (True, "answers."),
            "cove": (True, "is there."),
            "knob": (True, "says nothing until it is pressed."),
            "door": (True, "has reported."),
            "spot": (True, "cannot say how it is."),
        }
        assert [each.name for each in check.devices] == ["Ceiling", "Cove", "Knob", "Door", "Spot"]

    asyncio.run(scenario())


def test_who_does_not_answer_is_named_with_what_is_likely_wrong() -> None:
    async def scenario() -> None:
        house = House()
        house.alive = False
        house.heard(DeviceReported("lavender", "ceiling", {"on": True, "brightness": 40.0}, False))
        await house.clock.run(1)
        check = await house.check()
        assert not check.ready, "what it said before is no answer"
        assert found(check)["ceiling"] == (False, "did not answer when it was asked: has it power?")
        assert found(check)["cove"] == (False, "has not been heard yet.")
        assert found(check)["door"] == (False, "has not reported yet: battery?")
        house.heard(DeviceWentOffline("lavender", "cove"), DeviceSilent("lavender", "ceiling", 3))
        check = await house.check()
        assert found(check)["cove"] == (False, "has no power: wall switch? The rest goes on.")
        assert found(check)["ceiling"] == (False, "does not answer. The rest goes on.")

    asyncio.run(scenario())


def test_row_39_without_a_broker_nothing_is_called_ready() -> None:
    async def scenario() -> None:
        house = House()
        house.heard(*WELL)
        house.up = False
        check = await house.check()
        assert set(found(check).values()) == {(False, "cannot be reached: the broker is not there.")}

    asyncio.run(scenario())


def test_a_device_that_is_taken_away_while_its_room_is_asked_is_not_judged() -> None:
    async def scenario() -> None:
        house = House()
        house.heard(*WELL)
        fewer = replace(SITE, rooms=(replace(SITE.rooms[0], devices=DEVICES[:-1]), SITE.rooms[1]))
        house.clock.call_at(house.clock.now() + timedelta(seconds=2), lambda: house.board.adopt(fewer))
        assert found(await house.check()).keys() == {device.id for device in DEVICES[:-1]}

    asyncio.run(scenario())


def test_a_room_without_devices_is_ready_at_once() -> None:
    async def scenario() -> None:
        house = House()
        assert await house.checks.check("empty") == RoomCheck(True, ())

    asyncio.run(scenario())


def test_ten_minutes_before_each_start_the_room_is_checked_by_itself_once() -> None:
    async def scenario() -> None:
        house = House()
        house.alive = False
        house.coming = [a_session("s1", state=SessionState.SCHEDULED, at=NOW + timedelta(minutes=30))]
        house.checks.start()
        await house.clock.run(19 * 60)
        assert house.asked == [] and house.put == []
        await house.clock.run(90)
        assert house.put == [RoomChecked("lavender", "s1", False, ("ceiling", "cove", "door"))]
        assert house.board.belief("lavender").notes == ("Not ready for the next guest: Ceiling, Cove, Door.",)
        await house.clock.run(300)
        assert len(house.put) == 1
        house.alive = True
        house.heard(*WELL)
        house.coming = [a_session("s2", state=SessionState.SCHEDULED, at=NOW + timedelta(minutes=40))]
        await house.clock.run(10 * 60)
        assert house.put[1:] == [RoomChecked("lavender", "s2", True)]
        assert house.board.belief("lavender").notes == ()
        house.checks.stop()

    asyncio.run(scenario())
