"""What a guest needs, said while a session is booked or under way; what contradicts, answered; and all of it forgotten in time."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ambiance.care.air import NO_SCENT
from ambiance.cuesheet import LightLevel, SoundLevel, room_lux
from ambiance.errors import IllegalMove, Invalid, Unknown
from ambiance.session.airing import air_of
from ambiance.session.model import SessionState
from ambiance.session.wishes import Adjust, Choose, Keep, Need, Returned, Start
from tests.session.house_fixtures import LAVENDER, MINUTE, House, MemoryStore, a_room, on_disk, played

DIM: dict[str, Any] = {"code": "light_max_lx", "value": 10}


def at_a_dose(house: House) -> float:
    live = house.live()
    assert live is not None
    return next(dose.at for dose in live.sheet.doses if dose.phase == "work1") + 30 - live.offset(house.clock.now())


def lux(house: House, room: str = "lavender") -> float:
    return room_lux(house.site.by_id[room], house.room(room).scene)


def test_row_64_scent_a_guest_cannot_bear_is_off_within_two_seconds_and_nothing_turns_it_on_again() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(minutes=90, care=(), scent=True)
        await house.run(at_a_dose(house))
        assert house.diffusing()
        await house.wish(Need(id, ("scent_off",)))
        await house.run(2)
        assert not house.diffusing()
        said = len(house.scent())
        assert house.room().scene.scent is not None
        await house.act("pause", id)
        await house.act("resume", id)
        await house.act("extend", id, minutes=20)
        await house.wish(Adjust("lavender", release=True))
        await house.restart(5.0)
        await house.act("move", id, to="oak")
        await house.run(20 * MINUTE)
        await house.wish(Need(id, (), instead=True))  # even letting go of it brings no scent back into this session
        await house.run(60 * MINUTE)
        assert all(not told.wanted.on for room in ("lavender", "oak") for told in house.scent(room)[said if room == "lavender" else 0 :])

    played(scenario, rooms=(LAVENDER, a_room("oak")))


def test_row_64_a_diffuser_switched_on_by_another_app_is_told_off_again() -> None:
    async def scenario(house: House) -> None:
        await house.begin(care=("scent_off",))
        await house.run(60)
        house.twins["lavender", "diffuser"].apply(house.scent()[0].wanted.__class__(True, 2, 600.0), house.clock.now().timestamp())
        assert house.diffusing()
        await house.wish(Returned("lavender", "diffuser"))
        assert not house.diffusing()

    played(scenario)


def test_the_same_atmosphere_again_brings_no_scent_to_a_guest_who_cannot_bear_it() -> None:
    async def scenario(house: House) -> None:
        first = await house.begin(care=(), scent=True)
        await house.act("end", first)
        await house.act("end", first)
        second = str((await house.wish(Start("rose", None, like=first, care=("scent_off",), scent=True))).body["id"])
        assert house.session(second).sheet.doses == ()

    played(scenario)


def test_what_one_guest_needed_is_not_given_to_the_next_with_the_same_atmosphere() -> None:
    async def scenario(house: House) -> None:
        first = await house.begin(care=({"code": "sound_exclude", "value": ["piano"]}, DIM))
        await house.act("end", first)
        await house.act("end", first)
        plain = str((await house.wish(Start("lavender", None, like=first, care=()))).body["id"])
        whys = {
            why.layer.value for aims in house.session(plain).sheet.palette.values() for aim in aims.values() for why in aim.why.values()
        }
        assert "care" not in whys
        third = str((await house.wish(Start("rose", None, like=plain, care=({"code": "sound_exclude", "value": ["piano"]},)))).body["id"])
        playlists = [house.session(id).sheet.palette["work1"]["speaker"].level for id in (plain, third)]
        assert playlists[0] != playlists[1]

    played(scenario, rooms=(LAVENDER, a_room("rose")))


def test_needs_said_later_are_added_and_nothing_is_loosened_by_leaving_it_out() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(DIM,))
        await house.until("work1", inside=90)
        assert lux(house) == pytest.approx(10, rel=0.02)
        await house.wish(Need(id, ("no_accent",)))
        await house.run(90)
        assert lux(house) == pytest.approx(10, rel=0.02)
        assert all(level.color is None for level in house.room().scene.levels.values() if isinstance(level, LightLevel))
        looser = await house.wish(Need(id, ({"code": "light_max_lx", "value": 40},)))
        await house.run(90)
        assert lux(house) == pytest.approx(10, rel=0.02)
        assert not any("No longer" in words for words in looser.body["warnings"])
        let_go = await house.wish(Need(id, ("no_accent",), instead=True))
        assert "No longer held: keep it dim." in let_go.body["warnings"]
        await house.run(90)
        assert lux(house) == pytest.approx(15, rel=0.02)
        assert house.types("lavender").count("session_replanned") == 3

    played(scenario)


def test_a_session_is_planned_anew_without_a_jump_and_ends_when_it_would_have() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.until("work1", inside=10)
        before, end = house.room().scene.levels, house.session(id).sheet.end
        await house.wish(Need(id, (DIM, {"code": "sound_max_dba", "value": 36})))
        assert house.room().scene.levels == before
        assert house.session(id).sheet.end == end
        await house.restart(1.0)
        await house.run(90)
        assert lux(house) == pytest.approx(10, rel=0.02)
        assert house.room().scene.why["ceiling"]["brightness"].source == "keep it dim"

    played(scenario)


@pytest.mark.parametrize("wrong", ["scent_of", {"code": "light_max_lx", "value": "ten"}, "Anna is pregnant", {"code": "lang", "value": 7}])
def test_what_cannot_be_understood_changes_nothing_of_the_session(wrong: Any) -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=(DIM,))
        before, told = house.session(id), len(house.news)
        with pytest.raises(Invalid) as refused:
            await house.wish(Need(id, (wrong,)))
        assert "Anna" not in str(refused.value)
        assert house.session(id) == before
        assert house.conductor.care(id) == house.conductor.care(id)
        assert len(house.news) == told
        with pytest.raises(Unknown):
            await house.wish(Need("nobody", ()))
        await house.act("end", id)
        await house.act("end", id)
        with pytest.raises(IllegalMove):
            await house.wish(Need(id, ("scent_off",)))

    played(scenario)


def test_that_nobody_asked_after_all_stops_scent_and_keeps_what_is_known() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(minutes=90, care=(DIM,), scent=True)
        await house.run(at_a_dose(house))
        assert house.diffusing()
        await house.wish(Need(id, None))
        await house.run(2)
        assert not house.diffusing()
        await house.restart(1.0)
        care = house.conductor.care(id)
        assert care is not None
        assert (care.known, care.scent, care.at("work1").light_max) == (False, "off", 10)

    played(scenario)


def test_a_booked_guest_asked_at_the_door_gets_the_scent_they_opted_into() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(at=house.clock.now() + timedelta(minutes=30), scent=True)
        assert house.session(id).sheet.doses == ()
        await house.wish(Need(id, ()))
        assert house.session(id).sheet.doses
        await house.wish(Need(id, ("scent_off_strict",)))
        assert house.session(id).sheet.doses == ()

    played(scenario)


def test_air_that_still_holds_what_a_guest_must_not_meet_is_said_where_they_are_in_it_already() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(minutes=90, care=(), scent=True)
        await house.run(at_a_dose(house) + 300)
        now = house.clock.now()
        assert air_of(house.conductor._house, LAVENDER, now).clear_from(NO_SCENT) > now.timestamp()
        answer = await house.wish(Need(id, ("scent_off",)))
        assert any("still holds scent" in words for words in answer.body["warnings"])

    played(scenario)


def test_what_contradicts_is_put_to_staff_and_the_safer_side_stands_until_they_answer() -> None:
    async def scenario(house: House) -> None:
        answer = await house.wish(Start("lavender", "spa/swedish", 60, care=("no_dark", DIM)))
        id, (question,) = str(answer.body["id"]), answer.body["conflicts"]
        assert question["stands"] == "floor"
        assert not question["answered"]
        assert any("ask the guest" in words for words in answer.body["warnings"])
        assert {side["side"] for side in question["sides"]} == {"floor", "ceiling"}
        assert house.types("lavender").count("staff_asked") == 1
        await house.until("work1", inside=120)
        assert lux(house) == pytest.approx(30, rel=0.02)
        with pytest.raises(Invalid, match="floor, ceiling"):
            await house.wish(Choose(id, question["id"], "both"))
        with pytest.raises(Invalid, match=question["id"]):
            await house.wish(Choose(id, "another", "floor"))
        answered = await house.wish(Choose(id, question["id"], "ceiling"))
        assert answered.body["conflicts"][0]["answered"]
        assert not any("ask the guest" in words for words in answered.body["warnings"])
        await house.run(120)
        assert lux(house) == pytest.approx(10, rel=0.02)
        await house.restart(1.0)
        assert lux(house) == pytest.approx(10, rel=0.02)
        assert house.types("lavender").count("staff_answered") == 1
        # Neither what was asked nor what was answered is in anything that is kept or told.
        told = repr([news.details for news in house.news]) + repr(house.session(id).warnings) + repr(house.session(id).sheet.notes)
        assert "30 lx" not in told
        assert "ceiling" not in repr([news.details for news in house.news])

    played(scenario)


def test_needs_that_contradict_what_was_said_before_are_asked_about_too() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=({"code": "sound_min_dba", "value": 40},))
        answer = await house.wish(Need(id, ("sound_off",)))
        assert [each["about"] for each in answer.body["conflicts"]] == ["sound"]
        nothing = await house.begin("rose", care=())
        with pytest.raises(Invalid, match="nothing contradicts"):
            await house.wish(Choose(nothing, "x", "floor"))

    played(scenario)


def test_a_change_of_phase_waits_for_a_tap_from_the_moment_a_guest_asks_for_it() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.until("work1", inside=60)
        await house.wish(Need(id, ("announce_change",)))
        await house.run(60 * MINUTE)
        assert house.phase() == "work1"
        assert house.room().waiting_for == "turn"
        assert "border_reached" in house.types("lavender")
        await house.act("advance", id)
        assert house.phase() == "turn"

    played(scenario)


def test_codes_left_under_a_reference_start_one_session_and_are_then_gone() -> None:
    async def scenario(house: House) -> None:
        kept = (await house.wish(Keep(("scent_off", DIM)))).body
        ref = str(kept["ref"])
        assert "scent" not in ref
        await house.restart(1.0)
        id = str((await house.wish(Start("lavender", "spa/swedish", 60, ref=ref))).body["id"])
        care = house.conductor.care(id)
        assert care is not None
        assert (care.scent, care.at("work1").light_max) == ("off", 10)
        for gone in (ref, "never-made"):
            with pytest.raises(Invalid, match="care_ref"):
                await house.wish(Start("rose", "spa/swedish", 60, ref=gone))
        assert house.conductor._house.refs == {}
        late = str((await house.wish(Keep(("no_dark",)))).body["ref"])
        await house.run(24 * 60 * MINUTE + 120)
        with pytest.raises(Invalid, match="within 24 h"):
            await house.wish(Start("rose", "spa/swedish", 60, ref=late))
        assert house.conductor._house.refs == {}

    played(scenario)


def test_row_65_a_day_after_the_session_nothing_of_what_the_guest_needed_is_left_in_memory_or_store(tmp_path: Path) -> None:
    store, on_the_disk = on_disk(tmp_path), list[bytes]()

    def files() -> list[Path]:
        return sorted(tmp_path.glob("ambiance.db*"))

    async def scenario(house: House) -> None:
        id = await house.begin(care=("no_dark", DIM, {"code": "lang", "value": "pt-BR"}))
        await house.run(70 * MINUTE)
        assert house.state(id) is SessionState.DONE
        await house.run(23 * 60 * MINUTE)
        assert house.conductor.care(id) is not None
        assert store.care(id) is not None
        await house.run(2 * 60 * MINUTE)
        assert house.conductor.care(id) is None
        assert store.care(id) is None
        kept = store.session(id)
        assert kept is not None
        assert not any(word in repr(kept) for word in ("Layer.CARE", "keep it", "light enough", "this guest", "30 lx", "10 lx"))
        held = house.conductor
        assert id not in held._needs
        assert not any("pt-BR" in repr(where) for where in (held._house.care, held._needs, list(held._decider._compiler._scores)))
        on_the_disk.append(b"".join(map(Path.read_bytes, files())))

    played(scenario, store=store)
    assert not any(code in on_the_disk[0] for code in (b"pt-BR", b"light_max_lx", b"no_dark"))


def test_a_treatment_that_left_the_library_still_loses_its_scent() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(minutes=90, care=(), scent=True)
        await house.run(at_a_dose(house))
        house.conductor._decider._library._profiles.pop("spa/swedish")
        try:
            answer = await house.wish(Need(id, ("scent_off",)))
        finally:
            house.conductor._decider._library._profiles["spa/swedish"] = profile
        await house.run(2)
        assert not house.diffusing()
        assert any("no longer in the library" in words for words in answer.body["warnings"])

    from tests.session.house_fixtures import library

    profile = library().get("spa/swedish")
    played(scenario)


def test_a_fragrance_free_room_gives_no_dose_even_of_a_sheet_made_before_it_was() -> None:
    store = MemoryStore()

    async def before(house: House) -> None:
        await house.begin(minutes=90, care=(), scent=True)
        house.kill()

    async def after(house: House) -> None:
        await house.run(30 * MINUTE)
        assert not any(told.wanted.on for told in house.scent())
        assert "dose_skipped" in house.types("lavender")

    played(before, store=store)
    played(after, rooms=(a_room(scent_policy="free"),), store=store)


def test_a_player_learns_what_this_guest_must_not_hear_also_when_that_is_said_later() -> None:
    async def scenario(house: House) -> None:
        id = await house.begin(care=())
        await house.until("work1", inside=60)
        await house.wish(Need(id, ({"code": "sound_exclude", "value": ["piano"]},)))
        await house.run(5)
        playing = house.room().scene.levels["speaker"]
        assert isinstance(playing, SoundLevel)
        known = house.conductor.playlists("lavender")
        assert playing.playlist is not None
        assert known[playing.playlist].exclude == ("piano",)
        assert "piano" not in known[playing.playlist].genres
        await house.act("end", id)
        await house.act("end", id)
        assert not any(playlist.exclude for playlist in house.conductor.playlists("lavender").values())

    played(scenario)


def test_what_a_room_cannot_do_for_a_guest_is_said_when_it_is_asked_for() -> None:
    async def scenario(house: House) -> None:
        bare = await house.begin(care=())
        answer = await house.wish(Need(bare, ("no_dark",)))
        assert "A floor of 30 lx cannot be kept: this room's lamps give at most 15 lx for a lying guest." in answer.body["warnings"]
        await house.act("end", bare)
        await house.act("end", bare)
        assert "30 lx" not in repr(house.session(bare))

    lamp = replace(next(d for d in LAVENDER.devices if d.id == "ceiling"), share=1.0, supine_view=True)
    played(scenario, rooms=(replace(LAVENDER, devices=(lamp, *(d for d in LAVENDER.devices if d.kind != "light"))),))
