"""Hands on a room: what they change, how far they reach, and when they let go."""

from dataclasses import replace

import pytest

from ambiance.cuesheet.model import LightLevel, SoundLevel
from ambiance.errors import Conflict, IllegalMove, Invalid, Unknown
from ambiance.session.model import RoomState
from ambiance.session.wishes import Adjust, Bright, Emergency, Start, Wishes
from ambiance.site import Device, Room
from ambiance.units import SILENCE
from ambiance.why import Layer
from tests.session.house_fixtures import LAVENDER, MINUTE, OAK, House, played


def lstar(house: House, room: str = "lavender") -> float:
    level = house.room(room).scene.levels["ceiling"]
    assert isinstance(level, LightLevel)
    return level.lstar


def dba(house: House, room: str = "lavender") -> float:
    level = house.room(room).scene.levels["speaker"]
    assert isinstance(level, SoundLevel)
    return level.dba


def test_trims_add_up_and_stay_within_their_bounds() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.until("work1", inside=120)
        light, sound = lstar(house), dba(house)
        await house.wish(Adjust("lavender", light=5))
        await house.run(5)
        assert lstar(house) == pytest.approx(light + 5)
        for _ in range(10):
            await house.wish(Adjust("lavender", light=10))
            await house.wish(Adjust("lavender", music=5))
        assert house.room().hands == ("light +30", "music +12")
        await house.run(20)
        assert lstar(house) == pytest.approx(light + 30)
        assert dba(house) <= min(60, sound + 12)
        # The next touch the other way answers at once.
        await house.wish(Adjust("lavender", light=-10))
        assert house.room().hands == ("light +20", "music +12")
        for _ in range(10):
            await house.wish(Adjust("lavender", light=-10))
            await house.wish(Adjust("lavender", music=-5))
        assert house.room().hands == ("light -30", "music -12")

    played(scenario)


def test_exam_light_is_switched_any_number_of_times_and_gives_the_plan_back() -> None:
    async def scenario(house: House) -> None:
        await house.begin("oak", "clinical/myofascial_release", care=())
        await house.run(7 * MINUTE)
        await house.act("advance", room="oak")
        await house.run(90)
        await house.act("advance", room="oak")
        await house.run(90)
        plan = house.room("oak").scene.levels
        lit = None
        for _ in range(4):
            await house.wish(Adjust("oak", exam_light=True))
            await house.run(30)
            assert house.room("oak").hands == ("exam light",)
            exam = house.room("oak").scene.levels
            assert exam != plan
            assert lit in (None, exam)
            lit = exam
            await house.wish(Adjust("oak", exam_light=False))
            await house.run(60)
            assert house.room("oak").scene.levels == plan
            assert house.room("oak").hands == ()

    played(scenario, rooms=(OAK,))


def test_a_hold_lasts_to_the_phase_s_end_and_one_from_a_wall_switch_to_the_session_s() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.until("work1", inside=60)
        held = LightLevel(60.0, 300.0)
        await house.wish(Adjust("lavender", hold={"ceiling": held}))
        await house.run(10)
        assert house.room().scene.levels["ceiling"] == held
        assert house.room().hands == ("ceiling held",)
        await house.act("advance")
        await house.run(60)
        assert house.room().scene.levels["ceiling"] != held
        assert house.room().hands == ()
        answer = await house.wish(Adjust("lavender", light=5))
        assert answer.body["hands"] == ["light +5"]
        await house.wish(Adjust("lavender", light=-5))
        await house.wish(Adjust("lavender", hold={"ceiling": held}, lasting=True, source="ceiling by hand"))
        await house.act("advance")
        await house.run(60)
        assert house.room().scene.levels["ceiling"] == held
        assert house.room().hands == ("ceiling held",)
        why = house.room().scene.why["ceiling"]["brightness"]
        assert (why.layer, why.source) == (Layer.HAND, "ceiling by hand")

    played(scenario)


def test_only_what_can_be_held_is_held() -> None:
    async def scenario(house: House) -> None:
        await house.begin()
        for id, level in (
            ("lamp", LightLevel(1, 300)),
            ("diffuser", LightLevel(1, 300)),
            ("speaker", LightLevel(1, 300)),
            ("ceiling", SoundLevel(40)),
        ):
            with pytest.raises(Invalid, match=f"hold.{id}"):
                await house.wish(Adjust("lavender", hold={id: level}))
        with pytest.raises(Unknown, match="attic"):
            await house.wish(Adjust("attic", light=5))

    played(scenario)


def test_release_gives_the_room_back_to_the_plan_but_scent_stays_off() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(), scent=True)
        await house.until("work1", inside=60)
        await house.run(60)
        plan = house.session(id).sheet
        for wish in (Adjust("lavender", light=8), Adjust("lavender", mute=True), Adjust("lavender", scent_off=True)):
            await house.wish(wish)
        await house.run(10)
        assert (house.room().hands, dba(house), house.diffusing()) == (("light +8", "muted", "scent off"), SILENCE, False)
        given = len([told for told in house.scent() if told.wanted.on])
        assert given > 0
        await house.wish(Adjust("lavender", release=True))
        await house.run(60)
        assert house.room().hands == ("scent off",)
        assert house.room().scene.levels["ceiling"] == plan.palette["work1"]["ceiling"].level
        await house.run(40 * MINUTE)
        assert not house.diffusing()
        assert len([told for told in house.scent() if told.wanted.on]) == given

    played(scenario)


def test_mute_and_more_light_last_to_the_very_end_of_the_session() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.until("work1", inside=60)
        await house.wish(Adjust("lavender", mute=True))
        await house.wish(Adjust("lavender", light=6))
        while house.phase() != "redress":
            await house.act("advance")
            await house.run(60)
            assert (dba(house), house.room().hands) == (SILENCE, ("light +6", "muted"))
        await house.act("end", id)
        other = await house.begin(care=())
        assert house.room().hands == ()
        await house.wish(Adjust("lavender", mute=True))
        await house.act("end", other)
        await house.run(90)
        # An early end does not bring the music back to somebody who did not want it.
        assert (house.phase(), dba(house)) == ("redress", SILENCE)

    played(scenario)


def test_without_a_session_only_more_light_no_scent_and_bright_are_possible() -> None:
    async def scenario(house: House) -> None:
        before = lstar(house)
        for wish in (
            Adjust("lavender", light=-5), Adjust("lavender", music=3), Adjust("lavender", mute=True), Adjust("lavender", exam_light=True),
            Adjust("lavender", release=True), Adjust("lavender", hold={"ceiling": LightLevel(50, 300)}),
        ):  # fmt: skip
            with pytest.raises(IllegalMove, match="cannot adjust while ready"):
                await house.wish(wish)
        assert lstar(house) == before
        await house.wish(Adjust("lavender", light=10))
        await house.run(5)
        assert lstar(house) == pytest.approx(before + 10)
        await house.wish(Adjust("lavender", scent_off=True))
        assert [(told.wanted.on, told.at) for told in house.scent()][-1] == (False, house.clock.now())
        await house.wish(Bright("lavender"))
        await house.run(5)
        assert lstar(house) > 95
        assert house.room().hands == ("light +10", "scent off", "bright")
        await house.wish(Bright("lavender", False))
        await house.run(30)
        assert lstar(house) == pytest.approx(before + 10)

    played(scenario)


def test_bright_is_there_within_two_seconds_and_the_plan_goes_on_behind_it() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.until("work1", inside=100)
        sound = dba(house)
        end = house.session(id).sheet.end
        await house.wish(Bright("lavender", None))
        await house.run(2)
        assert house.actual("lavender", "ceiling")["brightness"] == pytest.approx(100, abs=1)
        assert dba(house) == sound
        await house.until("work2", inside=100)
        assert house.phase() == "work2"
        assert lstar(house) > 95
        await house.wish(Bright("lavender", None))
        await house.run(60)
        assert lstar(house) < 50
        assert house.session(id).sheet.end == end

    played(scenario)


def test_in_an_emergency_nobody_dims_the_light() -> None:
    async def scenario(house: House) -> None:
        await house.begin()
        await house.wish(Emergency("medical", room="lavender"))
        for wish in (
            Adjust("lavender", light=-30),
            Adjust("lavender", mute=False),
            Adjust("lavender", hold={"ceiling": LightLevel(5, 300)}),
        ):
            with pytest.raises(Conflict):
                await house.wish(wish)
        for always in (Adjust("lavender", light=10), Adjust("lavender", scent_off=True), Bright("lavender", False)):
            assert (await house.wish(always)).body == {"room": "lavender", "hands": []}
        assert [(told.wanted.on, told.at) for told in house.scent()][-1] == (False, house.clock.now())
        assert house.room().state is RoomState.EMERGENCY
        await house.run(2)
        assert lstar(house) == 100

    played(scenario)


def test_a_hand_during_a_pause_is_kept_when_the_treatment_goes_on() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.until("work1", inside=200)
        await house.act("pause")
        await house.run(120)
        assert lstar(house) >= 20  # 40 lx to stand up by
        await house.wish(Adjust("lavender", light=7))
        await house.run(300)
        await house.act("resume")
        await house.run(60)
        assert house.room().hands == ("light +7",)
        assert house.phase() == "work1"

    played(scenario, rooms=(LAVENDER,))


def playing(house: House, room: str = "lavender") -> str:
    level = house.room(room).scene.levels["speaker"]
    assert isinstance(level, SoundLevel)
    assert level.playlist is not None
    return level.playlist


def test_a_style_by_hand_holds_to_the_sessions_end_and_what_it_stands_for_is_known() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.until("work1", inside=120)
        before = playing(house)
        await house.wish(Adjust("lavender", style="deep"))
        await house.run(5)
        assert house.room().hands == ("music chosen",)
        assert playing(house) != before
        assert house.conductor.playlists("lavender")[playing(house)].style == "deep"
        await house.until("work2", inside=60)
        assert house.conductor.playlists("lavender")[playing(house)].style == "deep"
        assert house.room().scene.why["speaker"]["playlist"].layer is Layer.HAND
        await house.wish(Adjust("lavender", release=True))
        await house.run(30)
        assert house.room().hands == ()
        assert house.conductor.playlists("lavender")[playing(house)].style == "calm"

    played(scenario)


def test_each_ask_for_another_piece_is_another_count_and_a_restatement_says_the_same() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=())
        await house.until("work1", inside=120)
        before = playing(house)
        for count in (1, 2, 3):
            await house.wish(Adjust("lavender", another=True))
            await house.run(5)
            assert playing(house) == f"{before}.{count}"
        assert house.room().hands == ()
        await house.run(3 * MINUTE)
        assert playing(house) == f"{before}.3"

    played(scenario)


def test_without_a_session_nobody_chooses_music() -> None:
    async def scenario(house: House) -> None:
        for wish in (Adjust("lavender", style="calm"), Adjust("lavender", another=True)):
            with pytest.raises(IllegalMove):
                await house.wish(wish)

    played(scenario)


def test_a_guest_may_wish_for_silence_by_its_style() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=(), wishes=Wishes(style="silence"))
        await house.until("work1", inside=120)
        assert dba(house) == SILENCE
        await house.wish(Adjust("lavender", style="calm"))
        await house.run(30)
        assert dba(house) == 42

    played(scenario)


def with_sonos(**options: str) -> Room:
    speaker = Device("speaker", "lavender", "player", "sonos2mqtt", "sonos/RINCON_1", fade=0.0, options=options)
    return replace(LAVENDER, devices=(*(each for each in LAVENDER.devices if each.kind != "player"), speaker))


def test_a_room_whose_player_has_no_music_says_so_once_and_the_session_goes_on_in_silence() -> None:
    async def scenario(house: House) -> None:
        answer = await house.wish(Start("lavender", "spa/swedish", 60, care=()))
        assert [words for words in answer.body["warnings"] if "music" in words] == [
            "No music in welcome: speaker has nothing calm to play; write its names into music.names."
        ]
        await house.until("work1", inside=120)
        assert dba(house) == SILENCE
        assert lstar(house) > 0

    played(scenario, rooms=(with_sonos(),))


def test_a_player_with_one_name_for_each_style_cannot_be_asked_for_another_piece() -> None:
    async def one(house: House) -> None:
        await house.begin(care=())
        await house.until("work1", inside=120)
        with pytest.raises(Conflict, match="several names"):
            await house.wish(Adjust("lavender", another=True))
        await house.wish(Adjust("lavender", style="deep"))

    async def none(house: House) -> None:
        await house.begin(care=())
        with pytest.raises(Conflict, match="no player"):
            await house.wish(Adjust("lavender", another=True))

    async def several(house: House) -> None:
        await house.begin(care=())
        await house.until("work1", inside=120)
        await house.wish(Adjust("lavender", another=True))
        assert playing(house).endswith(".1")

    played(one, rooms=(with_sonos(music_calm="x:calm", music_deep="x:deep"),))
    played(several, rooms=(with_sonos(music_calm="x:one\nx:two"),))
    played(none, rooms=(replace(LAVENDER, devices=tuple(each for each in LAVENDER.devices if each.kind != "player")),))
