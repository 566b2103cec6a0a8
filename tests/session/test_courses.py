"""Several visits in one atmosphere: the first gives the set-points, today's needs and limits still hold, and nobody is in it."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ambiance.cuesheet.likeness import Reading, against
from ambiance.cuesheet.model import LightLevel
from ambiance.errors import Unknown
from ambiance.session.courses import visits
from ambiance.session.model import Course
from ambiance.session.wishes import Act, Adjust, CloseCourse, Erase, OpenCourse, Wishes
from ambiance.site import Limits
from tests.session.house_fixtures import OAK, House, MemoryStore, on_disk, played

CLINICAL = "clinical/myofascial_release"
OAK_CLOCK = replace(OAK, borders="clock")
ELM = replace(OAK_CLOCK, id="elm", name="Elm", full_light_lux=800.0, devices=tuple(replace(d, room="elm") for d in OAK.devices))
ROOMS = (OAK_CLOCK, ELM)


async def opened(house: House) -> str:
    answer = await house.wish(OpenCourse())
    assert answer.status == 201
    return str(answer.body["course"])


async def over(house: House, id: str) -> None:
    await house.act("end", id)
    await house.act("end", id)


def kept(house: House, id: str) -> Course:
    store: Any = house.store
    found = store.courses[id] if isinstance(store, MemoryStore) else store.course(id)
    assert isinstance(found, Course)
    return found


def lamps(house: House, id: str) -> Mapping[str, Any]:
    """What every phase of a session wants of the ceiling and the cove, to a thousandth."""
    sheet = house.session(id).sheet
    return {
        phase: [(round(at.lstar, 3), round(at.mired, 3)) for d in ("ceiling", "cove") if isinstance(at := aims[d].level, LightLevel)]
        for phase, aims in sheet.palette.items()
        if phase in {span.phase for span in sheet.spans if span.n}
    }


def light(house: House, id: str, phase: str, room: str = "oak") -> float:
    """Lux at the table that a phase of a session wants."""
    from ambiance.units import output

    full = house.site.by_id[room].full_light_lux
    aims = house.session(id).sheet.palette[phase]
    shares = {"ceiling": 0.8, "cove": 0.2}
    return sum(s * full * output(level.lstar) for d, s in shares.items() if isinstance(level := aims[d].level, LightLevel))


def test_a_later_visit_has_the_set_points_of_the_first_and_what_was_trimmed() -> None:
    async def scenario(house: House) -> None:
        course = await opened(house)
        first = await house.begin("oak", CLINICAL, course=course, care=(), wishes=Wishes(light=6.0, warmer=15.0, music=-2.0))
        before = lamps(house, first)
        await house.until("work1", "oak", inside=60)
        await house.wish(Adjust("oak", light=-4.0))
        await over(house, first)
        second = await house.begin("oak", None, None, course=course, care=())
        found = house.session(second)
        assert (found.profile, found.minutes, found.course) == (CLINICAL, 60, course)
        assert lamps(house, second) == before
        assert [(hand.kind, hand.value) for hand in found.sheet.hands] == [("light", -4.0)]
        assert found.sheet.palette["work1"]["ceiling"].why["brightness"].source == "as at the first visit of the course"
        without = await house.begin("elm", CLINICAL, care=())
        assert light(house, without, "work1", "elm") != pytest.approx(light(house, second, "work1"), rel=0.02)

    played(scenario, rooms=ROOMS)


def test_the_set_points_hold_in_another_room_in_lux() -> None:
    async def scenario(house: House) -> None:
        course = await opened(house)
        first = await house.begin("oak", CLINICAL, course=course, care=(), wishes=Wishes(light=-8.0))
        second = await house.begin("elm", None, None, course=course, care=())
        for phase in ("exam", "work1", "reassess"):
            assert light(house, second, phase, "elm") == pytest.approx(light(house, first, phase), rel=1e-3)

    played(scenario, rooms=ROOMS)


def test_todays_needs_and_limits_bound_the_set_points_of_the_first_visit() -> None:
    async def scenario(house: House) -> None:
        course = await opened(house)
        first = await house.begin("oak", CLINICAL, course=course, care=())
        before = lamps(house, first)
        await over(house, first)
        dim = await house.begin("oak", None, None, course=course, care=({"code": "light_max_lx", "value": 9}, "sound_off"))
        assert light(house, dim, "work1") <= 9 + 1e-6 < light(house, first, "work1")
        assert all(house.session(dim).sheet.palette[p]["speaker"].level.dba <= 20 for p in ("exam", "work1"))  # type: ignore[union-attr]
        await house.wish(Adjust("oak", light=30.0))
        await over(house, dim)
        plain = await house.begin("oak", None, None, course=course, care=())
        assert lamps(house, plain) == before  # one visit's needs are not the next one's

    played(scenario, rooms=ROOMS, limits=Limits())


def test_what_the_first_visit_bore_is_a_lower_set_point_and_no_code() -> None:
    async def scenario(house: House) -> None:
        course = await opened(house)
        codes = ({"code": "light_max_lx", "value": 31}, "no_accent", {"code": "sound_exclude", "value": ["chant"]}, "scent_off_strict")
        first = await house.begin("oak", CLINICAL, course=course, care=codes)
        await over(house, first)
        second = await house.begin("oak", None, None, course=course, care=())
        assert light(house, second, "work1") == pytest.approx(31, rel=1e-3)
        said = json.dumps(kept(house, course).body)
        assert not any(word in said for word in ("light_max", "accent_", "chant", "scent", "care", "dim", "strict", first))

    played(scenario, rooms=ROOMS)


def test_white_light_at_the_first_visit_is_white_light_at_the_next() -> None:
    async def scenario(house: House) -> None:
        colours = []
        for care in ((), ("no_accent",)):
            course = await opened(house)
            for needs in (care, ()):
                id = await house.begin("lavender", "spa/swedish", course=course, care=needs)
                aims = house.session(id).sheet.palette["work1"]
                colours.append(aims["cove"].level.color)  # type: ignore[union-attr]
                await over(house, id)
        assert colours[0] == colours[1] != colours[2] == colours[3] is None

    played(scenario)


def test_every_visit_leaves_what_its_examinations_stood_at() -> None:
    async def scenario(house: House) -> None:
        course = await opened(house)
        for _ in range(2):
            id = await house.begin("oak", CLINICAL, course=course, care=())
            await house.run(60 * 60 + 60)
            assert house.live("oak") is None, id
        one, two = visits(kept(house, course))
        assert one.readings == two.readings
        assert set(one.readings) == {"exam", "reassess"}
        assert one.hash == two.hash
        assert two.at - one.at > timedelta(minutes=60)

    played(scenario, rooms=ROOMS)


def test_a_first_visit_that_never_was_gives_no_set_points() -> None:
    async def scenario(house: House) -> None:
        course = await opened(house)
        booked = await house.begin("oak", CLINICAL, course=course, at=house.clock.now() + timedelta(hours=2), wishes=Wishes(light=9.0))
        await house.wish(Act("cancel", booked))
        assert kept(house, course).body == {}
        first = await house.begin("oak", CLINICAL, course=course, care=())
        assert kept(house, course).first == first

    played(scenario, rooms=ROOMS)


def test_a_course_survives_a_restart_and_is_forgotten_when_asked(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        course = await opened(house)
        first = await house.begin("oak", CLINICAL, course=course, care=())
        await over(house, first)
        await house.restart(60)
        await house.wish(Erase(first))
        assert visits(kept(house, course)) == []
        assert kept(house, course).first is None
        second = await house.begin("oak", None, None, course=course, care=())
        await house.wish(CloseCourse(course))
        assert house.session(second).course is None
        for wish in (CloseCourse(course),):
            with pytest.raises(Unknown):
                await house.wish(wish)
        await over(house, second)
        with pytest.raises(Unknown):
            await house.begin("oak", None, None, course=course)

    played(scenario, rooms=ROOMS, store=on_disk(tmp_path))


def test_references_are_random_and_made_by_us() -> None:
    async def scenario(house: House) -> None:
        found = {await opened(house) for _ in range(50)}
        assert len(found) == 50
        with pytest.raises(Unknown):
            await house.begin("oak", CLINICAL, course="2222222222")

    played(scenario, rooms=ROOMS)


# --- alike, in words --------------------------------------------------------------------------------------------------

PLAIN = Reading(500.0, 4000.0, 20.0, 0.0)


def test_examinations_are_compared_with_those_of_earlier_visits() -> None:
    same = against({"exam": PLAIN}, [("on 2026-06-01", {"exam": PLAIN}), ("on 2026-06-08", {"exam": PLAIN})])
    assert (same.comparable, same.because) == (True, "as at 2 earlier visits")
    dark = against({"exam": replace(PLAIN, lux=410)}, [("on 2026-06-01", {"exam": PLAIN})])
    assert (dark.comparable, dark.because) == (False, "exam was 410 lx, on 2026-06-01 500 lx")
    assert against({"exam": replace(PLAIN, lux=451)}, [("on 2026-06-01", {"exam": PLAIN})]).comparable


def test_many_unlike_visits_are_told_briefly() -> None:
    before = [(f"on 2026-06-{day:02}", {"exam": replace(PLAIN, lux=200)}) for day in range(1, 8)]
    said = against({"exam": PLAIN}, before).because
    assert said.endswith("5 more visits differ too")
    assert len(said) < 160


@pytest.mark.parametrize(("now", "before"), [({}, [("x", {"exam": PLAIN})]), ({"exam": PLAIN}, []), ({"exam": PLAIN}, [("x", {})])])
def test_what_was_not_there_is_not_compared(now: dict[str, Reading], before: list[tuple[str, dict[str, Reading]]]) -> None:
    assert against(now, before).comparable is None
