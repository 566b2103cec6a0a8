"""Air that is not fit for scent stops it at once and for as long as it is so; refilling and checks are told."""

import re

import pytest

from ambiance.cuesheet.touches import touches
from ambiance.errors import Unknown
from ambiance.session.model import RoomState, SessionState
from ambiance.session.wishes import Adjust, AirFitness, Emergency, Refilled, RoomChecked
from ambiance.why import Layer
from tests.session.house_fixtures import LAVENDER, MINUTE, ROSE, House, played


def test_a_dose_ends_when_the_air_is_no_longer_fit_and_none_begins_until_it_is() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        doses = house.session(id).sheet.doses
        await house.run(doses[0].at + 30)
        assert house.diffusing()
        house.conductor.put(AirFitness("lavender", False, "voc"))
        await house.run(1)
        assert not house.diffusing()
        assert "air_spoiled" in house.types("lavender")
        assert house.types("lavender").count("dose_ended") == 1
        await house.run(doses[1].at + 60 - doses[0].at)
        assert not house.diffusing()
        skipped = [news for news in house.news if news.type == "dose_skipped"]
        assert {news.details["reason"] for news in skipped} == {"the air is not fit for scent"}
        assert {news.at for news in skipped} == {house.session(id).at(doses[1].at)}
        assert house.types("lavender").count("dose_began") == 1
        house.conductor.put(AirFitness("lavender", True, "voc"))
        await house.run(1)
        assert not house.diffusing(), "scent never catches up"
        await house.run(doses[2].at - doses[1].at)
        assert house.types("lavender").count("dose_began") == 2
        until = {str(news.details["until"]) for news in house.news if news.type == "dose_began"}
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", at) for at in until)

    played(scenario)


def test_the_extract_runs_while_the_air_is_not_fit_whatever_is_played_or_done() -> None:
    def speed(house: House, room: str = "lavender") -> float:
        return float(house.actual(room, "extract")["speed"])

    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.until("work1", inside=100)
        lamps = [cue for cue in house.session(id).sheet.cues if cue.device != "extract"]
        house.conductor.put(AirFitness("lavender", False, "co2"))
        await house.run(1)
        assert speed(house) == 100
        assert house.room().scene.why["extract"]["speed"].layer is Layer.LIMIT
        assert house.room().hands == (), "nobody's hand"
        assert touches(house.session(id).sheet) == ()
        assert [cue for cue in house.session(id).sheet.cues if cue.device != "extract"] == lamps
        await house.wish(Adjust("lavender", release=True))
        await house.act("pause", id)
        await house.run(60)
        assert speed(house) == 100
        await house.act("resume", id)
        await house.act("end", id)
        await house.act("end", id)
        await house.run(30 * MINUTE)
        assert (house.room().state, speed(house)) == (RoomState.READY, 100)
        again = await house.begin(care=())
        await house.run(5)
        assert speed(house) == 100
        house.conductor.put(AirFitness("lavender", True, "co2"))
        await house.run(1)
        assert (house.state(again), speed(house)) == (SessionState.RUNNING, 0)
        assert house.room().scene.why["extract"]["speed"].layer is not Layer.LIMIT

    played(scenario)


def test_air_that_is_not_fit_while_paused_is_extracted_and_the_pause_goes_on() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.until("work1", inside=100)
        await house.act("pause", id)
        await house.run(30)
        house.conductor.put(AirFitness("lavender", False, "co2"))
        await house.run(1)
        assert house.actual("lavender", "extract")["speed"] == 100
        assert house.state(id) is SessionState.PAUSED
        house.conductor.put(AirFitness("lavender", True, "co2"))
        await house.run(1)
        assert house.actual("lavender", "extract")["speed"] == 0

    played(scenario)


def test_in_an_emergency_fans_stay_as_the_building_has_them() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.wish(Emergency("fire"))
        before = len(house.told)
        house.conductor.put(AirFitness("lavender", False, "co2"))
        await house.run(5)
        assert not [told for told in house.told[before:] if told.device == "extract"]

    played(scenario)


def test_the_air_of_one_room_is_not_that_of_another() -> None:
    async def scenario(house: House) -> None:
        house.conductor.put(AirFitness("rose", False, "co2"))
        id = await house.begin(care=(), scent=True)
        await house.run(house.session(id).sheet.doses[0].at + 30)
        assert house.diffusing()

    played(scenario)


def test_a_refilled_diffuser_is_told_and_nothing_else_can_be_refilled() -> None:
    async def scenario(house: House) -> None:
        answer = await house.wish(Refilled("lavender", "diffuser"))
        assert answer.body == {"room": "lavender", "device": "diffuser"}
        assert house.types("lavender")[-1] == "diffuser_refilled"
        with pytest.raises(Unknown):
            await house.wish(Refilled("lavender", "ceiling"))

    played(scenario)


def test_a_check_ahead_of_a_start_is_an_event() -> None:
    async def scenario(house: House) -> None:
        house.conductor.put(RoomChecked("lavender", "s1", False, ("ceiling",)))
        await house.run(1)
        (news,) = [news for news in house.news if news.type == "room_checked"]
        assert news.details == {"ready": False, "devices": ["ceiling"]}

    played(scenario)


def test_a_room_that_comes_back_is_as_fit_as_its_sensors_say_then() -> None:
    async def scenario(house: House) -> None:
        house.conductor.put(AirFitness("lavender", False, "co2"))
        await house.run(1)
        assert house.actual("lavender", "extract")["speed"] == 100
        await house.adopt(ROSE)
        await house.adopt(LAVENDER, ROSE)
        await house.run(90)
        assert house.actual("lavender", "extract")["speed"] == 0
        id = await house.begin(care=(), scent=True)
        await house.run(house.session(id).sheet.doses[0].at + 30)
        assert house.diffusing()

    played(scenario, rooms=(LAVENDER, ROSE))
