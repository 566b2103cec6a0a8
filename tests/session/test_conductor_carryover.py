"""Scent from one guest to the next: what is taken from whom, who is held back, and what there is to choose."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ambiance.errors import AmbianceError, Conflict, NotAirable
from ambiance.session.model import RoomState, SessionState
from ambiance.session.wishes import Act, Answer, Begin, Need, Start, Window
from tests.session.house_fixtures import LAVENDER, MINUTE, House, a_room, played

BARE = tuple(device for device in LAVENDER.devices if device.kind != "fan")
QUIET = a_room(devices=BARE)
ROOMS = (QUIET, a_room("rose", devices=BARE))
STRICT = ("scent_off_strict",)
PLAIN = ("scent_off",)


def choices(answer: Answer | NotAirable) -> list[Mapping[str, Any]]:
    said = answer.body.get("options", []) if isinstance(answer, Answer) else answer.extra["options"]
    assert isinstance(said, list)
    assert all(option["reason"].endswith(".") for option in said)
    return said


def named(answer: Answer | NotAirable) -> list[str]:
    return [option["choice"] for option in choices(answer)]


async def scented(house: House, room: str = "lavender", minutes: float = 0) -> str:
    id = await house.begin(room, care=(), scent=True)
    await house.run(minutes * MINUTE)
    return id


async def after_scent(house: House) -> None:
    """A room just left by a guest who had scent."""
    id = await scented(house, minutes=20)
    await house.act("end", id)
    await house.act("end", id)


async def refused(house: House, wish: Start | Act | Begin) -> NotAirable:
    with pytest.raises(NotAirable) as error:
        await house.wish(wish)
    return error.value


@pytest.mark.parametrize(("care", "percent"), [(STRICT, 2), (PLAIN, 10)])
def test_whoever_must_not_meet_the_residue_is_told_when_and_where_they_may(care: tuple[str, ...], percent: int) -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        clear = house.room().scented.below[percent]
        assert clear is not None
        error = await refused(house, Start("lavender", "spa/swedish", 60, care=care))
        assert error.extra["scent_free_from"] == clear.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert named(error) == ["other-room", "later"]
        room, later = choices(error)
        assert room["room"] == "rose"
        assert later["start"] == error.extra["scent_free_from"]
        # Both choices are true.
        assert (await house.wish(Start("rose", "spa/swedish", 60, care=care))).status == 201
        assert (await house.wish(Start("lavender", "spa/swedish", 60, at=clear, care=care))).status == 201

    played(scenario, rooms=ROOMS)


def test_airing_holds_back_nobody_else() -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        for care in ((), None, ("no_accent",)):
            id = await house.begin(care=care)
            await house.act("end", id)
            await house.act("end", id)

    played(scenario, rooms=ROOMS)


def test_another_room_is_offered_only_where_it_is_free_and_clear() -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        await house.begin("rose", care=())
        error = await refused(house, Start("lavender", "spa/swedish", 60, care=STRICT))
        assert named(error) == ["later"]

    played(scenario, rooms=(*ROOMS, a_room("oak", setting="clinical")))


def test_later_is_when_the_room_is_both_clear_and_free() -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        clear = house.room().scented.below[2]
        assert clear is not None
        busy = await house.begin(at=clear - timedelta(minutes=20), care=())
        error = await refused(house, Start("lavender", "spa/swedish", 60, care=STRICT))
        ends = house.session(busy).at(house.session(busy).sheet.end)
        assert choices(error)[-1]["start"] == ends.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    played(scenario, rooms=ROOMS)


def test_scent_is_shortened_for_the_sake_of_a_guest_already_booked() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        plain = await house.begin("rose", care=(), scent=True)
        guest = await house.begin(at=now + timedelta(minutes=190), care=STRICT)
        answer = await house.wish(Start("lavender", "spa/swedish", 60, care=(), scent=True))
        session = house.session(str(answer.body["id"]))
        assert named(answer) == ["shorten-scent"]  # rose is taken
        assert choices(answer)[0]["applied"] is True
        assert 0 < len(session.sheet.doses) <= len(house.session(plain).sheet.doses)
        assert session.at(session.sheet.scent_until) <= house.session(guest).t0 - timedelta(minutes=170)
        assert any(warning.startswith("Scent stops at ") for warning in answer.body["warnings"])
        await house.run(190 * MINUTE + 1)
        assert house.room().scented.below[2] is None
        assert house.state(guest) is SessionState.RUNNING

    played(scenario, rooms=ROOMS)


def test_scent_is_left_out_where_no_time_would_be_left_to_air_it() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        await house.begin(at=now + timedelta(minutes=90), care=STRICT)
        answer = await house.wish(Start("lavender", "spa/swedish", 60, care=(), scent=True))
        assert named(answer) == ["no-scent", "other-room"]
        assert choices(answer)[1]["room"] == "rose"
        assert house.session(str(answer.body["id"])).sheet.doses == ()
        await house.run(60 * MINUTE)
        assert not any(told.wanted.on for told in house.scent())

    played(scenario, rooms=ROOMS)


def test_a_running_session_gives_up_its_scent_when_a_guest_who_needs_clear_air_is_booked() -> None:
    async def scenario(house: House) -> None:
        id = await scented(house, minutes=6)  # its first dose runs
        assert house.diffusing()
        guest = await house.begin(at=house.clock.now() + timedelta(minutes=200), care=PLAIN)
        assert house.diffusing()  # time enough
        await house.act("cancel", guest)
        before = house.clock.now()
        await house.begin(at=before + timedelta(minutes=176.5), care=STRICT)
        await house.run(30)
        assert not house.diffusing()
        (dose,) = house.store.doses(id)
        assert dose.ended_at is not None
        assert dose.ended_at - before < timedelta(seconds=30)
        assert {"doses_shortened"} <= set(house.types("lavender"))
        assert any(warning.startswith("Scent stops at ") for warning in house.session(id).warnings)
        await house.run(50 * MINUTE)
        assert len(house.store.doses(id)) == 1

    played(scenario, rooms=ROOMS)


def test_what_the_air_already_holds_cannot_be_promised_away() -> None:
    async def scenario(house: House) -> None:
        await scented(house, minutes=20)
        error = await refused(house, Start("lavender", "spa/swedish", 60, at=house.clock.now() + timedelta(minutes=60), care=STRICT))
        assert "other-room" in named(error)
        assert "doses_shortened" not in house.types()  # a refusal leaves everything as it was

    played(scenario, rooms=ROOMS)


def test_a_booked_session_gets_its_scent_back_when_the_guest_after_it_does_not_come() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        guest = await house.begin(at=now + timedelta(hours=3, minutes=30), care=STRICT)
        booked = await house.begin(at=now + timedelta(hours=2), care=(), scent=True)
        assert house.session(booked).sheet.doses == ()
        await house.act("cancel", guest)
        assert house.session(booked).sheet.doses
        assert not any("next guest" in warning for warning in house.session(booked).warnings)

    played(scenario, rooms=ROOMS)


def test_the_same_scent_needs_no_airing_and_another_a_little() -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        same = await house.wish(Start("lavender", "spa/swedish", 60, care=(), scent=True))
        assert named(same) == []
        await house.act("end", str(same.body["id"]))
        await house.act("end", str(same.body["id"]))
        other = await house.wish(Start("lavender", "spa/deep_tissue", 60, care=(), scent=True))
        assert other.status == 201
        assert named(other) == ["accept", "no-scent", "other-room", "later"]
        assert choices(other)[0]["applied"] is True
        assert any("nothing forbids it" in warning for warning in other.body["warnings"])

    families = ("floral_herbal", "wood_resin")
    devices = tuple(
        type(device)(**{**{f: getattr(device, f) for f in device.__slots__}, "families": families}) if device.kind == "diffuser" else device
        for device in BARE
    )
    played(scenario, rooms=(a_room(devices=devices), a_room("rose", devices=devices)))


def test_the_room_airs_until_the_next_guest_may_come_where_they_are_known() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        await house.begin(at=now + timedelta(minutes=150), care=PLAIN)
        id = await house.begin(care=(), scent=True)
        assert house.session(id).sheet.doses
        await house.run(60 * MINUTE + 1)
        assert house.room().state is RoomState.AIRING
        until = house.room().airing_until
        clear = house.room().scented.below[10]
        assert until is not None
        assert clear is not None
        assert abs(until - clear) < timedelta(milliseconds=1)
        assert until > house.clock.now() + timedelta(minutes=11)
        assert house.actual("lavender", "extract")["speed"] == 100
        await house.run((until - house.clock.now()).total_seconds() + 1)
        assert house.room().state in (RoomState.READY, RoomState.CLEANING)
        assert house.room().scented.below[10] is None

    played(scenario, rooms=(LAVENDER,))


def test_the_room_airs_behind_a_session_without_scent_too_where_the_one_before_is_still_in_the_air() -> None:
    async def scenario(house: House) -> None:
        start = house.clock.now()
        await house.begin(care=(), scent=True, minutes=60)
        plain = await house.begin(care=(), minutes=45, at=start + timedelta(minutes=80))
        guest = await house.begin(care=PLAIN, at=start + timedelta(minutes=145))
        await house.run(126 * MINUTE)
        assert house.state(plain) is SessionState.DONE
        assert (house.room().state, house.actual("lavender", "extract")["speed"]) == (RoomState.AIRING, 100)
        await house.run(20 * MINUTE)
        assert house.state(guest) is SessionState.RUNNING
        assert house.room().scented.below[10] is None
        assert "airing_fell_short" not in house.types()

    played(scenario, rooms=(a_room(air_changes=1.0),))


def test_scent_that_was_planned_to_be_gone_just_in_time_is_not_called_late() -> None:
    fans = tuple(replace(device, air_changes=4.0) if device.kind == "fan" else device for device in LAVENDER.devices)

    async def scenario(house: House) -> None:
        start = house.clock.now()
        for minute, length, care in ((20, 45, ()), (125, 30, ()), (185, 60, STRICT)):
            await house.begin(care=care, scent=not care, minutes=length, at=start + timedelta(minutes=minute))
        await house.run(186 * MINUTE)
        assert house.types().count("dose_began") == 3
        assert "airing_fell_short" not in house.types()

    played(scenario, rooms=(a_room(devices=fans, air_changes=4.0),))


def test_without_a_known_next_guest_a_room_airs_ten_minutes() -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        assert house.room().airing_until == house.clock.now() + timedelta(minutes=10)

    played(scenario, rooms=ROOMS)


def test_a_free_room_airs_again_for_a_guest_who_is_booked_now() -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        await house.run(20 * MINUTE)
        assert house.room().state is RoomState.READY
        clear, now = house.room().scented.below[2], house.clock.now()
        assert clear is not None
        guest = await house.begin(at=now + timedelta(minutes=45), care=STRICT)
        assert clear > house.session(guest).t0  # by its own air the room would not be clear
        assert house.room().state is RoomState.AIRING
        assert house.actual("lavender", "extract")["speed"] == 100
        until = house.room().airing_until
        assert until is not None
        assert until < now + timedelta(minutes=35)
        await house.run(46 * MINUTE)
        assert house.state(guest) is SessionState.RUNNING
        assert "airing_fell_short" not in house.types()

    played(scenario, rooms=(LAVENDER,))


def test_an_airing_under_way_goes_on_longer_for_a_guest_who_is_booked_now() -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        await house.run(2 * MINUTE)
        before = house.room().airing_until
        assert before is not None
        await house.begin(at=house.clock.now() + timedelta(minutes=60), care=STRICT)
        after = house.room().airing_until
        assert after is not None
        assert before < after < house.clock.now() + timedelta(minutes=45)
        await house.run((after - house.clock.now()).total_seconds() + 1)
        assert house.room().scented.below[2] is None
        (extract,) = house.conductor._house.airs_in("lavender")
        assert extract.ended_at is not None
        assert abs(extract.ended_at - after) < timedelta(seconds=2)

    played(scenario, rooms=(LAVENDER,))


def test_an_extension_that_leaves_no_time_to_air_is_refused() -> None:
    async def scenario(house: House) -> None:
        id = await scented(house)
        guest = await house.begin(at=house.clock.now() + timedelta(minutes=120), care=PLAIN)
        await house.run(50 * MINUTE)
        assert house.store.doses(id)
        with pytest.raises(Conflict, match="would not be aired in time"):
            await house.act("extend", id, minutes=58)
        assert (await house.act("extend", id, minutes=5)).status == 200
        await house.run(75 * MINUTE)
        assert house.state(guest) is SessionState.RUNNING

    played(scenario, rooms=(LAVENDER,))


def test_a_session_moves_only_into_air_its_guest_can_have() -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        id = await house.begin("rose", care=STRICT)
        with pytest.raises(NotAirable):
            await house.act("move", id, to="lavender")
        assert house.session(id).room == "rose"
        booked = await house.begin("rose", at=house.clock.now() + timedelta(hours=8), care=STRICT)
        assert (await house.act("move", booked, to="lavender")).status == 200

    played(scenario, rooms=ROOMS)


def test_scent_that_moves_to_another_room_is_bound_by_the_guests_there() -> None:
    async def scenario(house: House) -> None:
        await house.begin("rose", at=house.clock.now() + timedelta(minutes=100), care=STRICT)
        id = await scented(house, minutes=2)
        await house.act("move", id, to="rose")
        await house.run(40 * MINUTE)
        assert house.store.doses(id) == []

    played(scenario, rooms=ROOMS)


def test_a_couple_in_two_rooms_is_held_back_only_where_the_air_is_not_clear() -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        pair = [Start(room, "spa/couples", 60, care=STRICT, group="couple-7") for room in ("lavender", "rose")]
        first, second = await house.conductor.wish_many([(start, None) for start in pair])
        assert isinstance(first, NotAirable)
        assert isinstance(second, Answer)

    played(scenario, rooms=ROOMS)


def test_the_tap_that_begins_is_refused_while_the_air_is_not_clear() -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        clear = house.room().scented.below[2]
        assert clear is not None
        await house.wish(Window("lavender", True))
        soon = house.room().scented.below[2]
        assert soon is not None
        guest = await house.begin(at=soon, care=STRICT)
        await house.wish(Window("lavender", False))
        await house.run((soon - house.clock.now()).total_seconds() - 300)
        assert house.state(guest) is SessionState.PREPARING
        assert "airing_fell_short" in house.types("lavender")
        with pytest.raises(NotAirable):
            await house.wish(Act("advance", room="lavender"))

    played(scenario, rooms=(a_room(devices=BARE, window_air_changes=6.0), a_room("rose", devices=BARE)))


def test_what_is_said_of_it_names_no_need() -> None:
    async def scenario(house: House) -> None:
        await scented(house, minutes=6)
        await house.begin(at=house.clock.now() + timedelta(minutes=180), care=STRICT)
        said = " ".join(str(news) for news in house.news if news.type.startswith("doses_"))
        assert said
        assert not any(word in said for word in ("strict", "scent_off", "allerg", "care", "need"))

    played(scenario, rooms=ROOMS)


def test_a_decision_that_fails_is_an_error_and_not_a_promise() -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        (answer,) = await house.conductor.wish_many([(Start("lavender", "spa/swedish", 60, care=STRICT), None)])
        assert isinstance(answer, AmbianceError)

    played(scenario, rooms=ROOMS)


def test_a_fragrance_free_room_is_the_first_choice_of_whoever_must_meet_none_and_none_of_whoever_wants_it() -> None:
    async def scenario(house: House) -> None:
        await after_scent(house)
        error = await refused(house, Start("lavender", "spa/swedish", 60, care=STRICT))
        first, second = [option for option in choices(error) if option["choice"] == "other-room"]
        assert (first["room"], first["reason"]) == ("pure", "Pure is free then and never holds scent.")
        assert second["room"] == "rose"
        await house.begin("rose", at=house.clock.now() + timedelta(minutes=90), care=STRICT)
        answer = await house.wish(Start("rose", "spa/swedish", 60, care=(), scent=True))
        assert "pure" not in [option.get("room") for option in choices(answer)]

    played(scenario, rooms=(*ROOMS, a_room("pure", devices=BARE, scent_policy="free")))


def test_a_booked_guest_who_says_later_that_they_need_clear_air_is_planned_for_as_if_they_had_said_it_at_once() -> None:
    async def scenario(house: House) -> None:
        now = house.clock.now()
        guest = await house.begin(at=now + timedelta(minutes=90), care=())
        id = await scented(house)
        assert house.session(id).sheet.doses
        await house.wish(Need(guest, STRICT))
        assert house.session(id).sheet.doses == ()
        assert any("the next guest" in words for words in house.session(id).warnings)
        await house.act("end", id)
        await house.act("end", id)
        # What is kept of a session that is over says nothing of the guest after it either.
        assert not any("the next guest" in words for words in house.session(id).warnings)

    played(scenario, rooms=ROOMS)


def test_a_booked_guest_whose_room_will_not_be_clear_is_told_so_with_what_there_is_to_choose() -> None:
    async def scenario(house: House) -> None:
        guest = await house.begin(at=house.clock.now() + timedelta(minutes=90), care=())
        await scented(house, minutes=20)
        answer = await house.wish(Need(guest, STRICT))
        assert any("still holds scent" in words for words in answer.body["warnings"])
        assert named(answer) == ["other-room", "later"]

    played(scenario, rooms=ROOMS)
