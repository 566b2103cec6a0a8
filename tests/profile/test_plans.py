"""The minutes of every length: the written rows exactly, and what is made between them."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ambiance.errors import Invalid, NotOffered
from ambiance.profile import PHASES, Library, Profile, Visit
from ambiance.profile.plan import Plan, inserted
from tests.profile import minute_tables as tables

ORDER = list(PHASES)
VISITS: tuple[Visit, ...] = ("first", "follow_up")


def minutes(profile: Profile, length: int, visit: Visit = "follow_up") -> dict[str, int]:
    return {step.phase: step.minutes for step in profile.steps(length, visit)}


def lengths(profile: Profile, visit: Visit) -> range:
    low, high = profile.bounds(visit)
    return range(low, high + 1)


ROWS = [
    ("spa/swedish", "GENERIC_SPA", "follow_up"),
    ("spa/swedish", "GENERIC_SPA", "first"),
    ("clinical/swedish", "CLINICAL_FOLLOW_UP", "follow_up"),
    ("clinical/swedish", "CLINICAL_FIRST", "first"),
    ("spa/body_scrub", "BODY_SCRUB", "follow_up"),
    ("spa/hot_stone", "HOT_STONE", "follow_up"),
    ("spa/prenatal", "PRENATAL", "follow_up"),
    ("spa/reflexology", "REFLEXOLOGY", "follow_up"),
    ("spa/facial", "FACIAL", "follow_up"),
    ("spa/sound_bath", "SOUND_BATH", "follow_up"),
    ("spa/float", "FLOAT", "follow_up"),
]


@pytest.mark.parametrize(("id", "table", "visit"), ROWS)
def test_every_written_row_is_played_exactly_as_it_is_written(library: Library, id: str, table: str, visit: Visit) -> None:
    columns, rows = getattr(tables, table)
    plan = library.get(id).plan
    for length, row in rows.items():
        assert plan.minutes(length, visit) == {phase: n for phase, n in zip(columns.split(), row, strict=True) if n}, length


def test_a_spa_gives_the_girth_measuring_of_lymphatic_drainage_to_the_second_work(library: Library) -> None:
    columns, rows = tables.LYMPHATIC
    for length, row in rows.items():
        expected = dict(zip(columns.split(), row, strict=True))
        expected["work2"] += expected.pop("exam")
        assert minutes(library.get("spa/lymphatic_drainage"), length) == expected


def test_the_room_time_of_a_float_is_longer_than_the_length_sold(library: Library) -> None:
    room = {length: sum(minutes(library.get("spa/float"), length).values()) for length in (60, 75, 90)}
    assert room == {60: 85, 75: 100, 90: 115}


def test_every_whole_length_of_every_profile_adds_up_and_keeps_the_order_of_a_visit(library: Library) -> None:
    tried = 0
    for profile in library.all():
        for visit in VISITS:
            for length in lengths(profile, visit):
                steps = profile.steps(length, visit)
                sold = [step for step in steps if not profile.plan.counts or step.phase in profile.plan.counts]
                assert sum(step.minutes for step in sold) == length, (profile.id, visit, length)
                assert all(step.minutes > 0 and 0 < step.floor <= step.minutes for step in steps)
                assert [step.phase for step in steps] == sorted((step.phase for step in steps), key=ORDER.index)
                assert len({step.phase for step in steps}) == len(steps)
                assert all(step.phase in profile.atmospheres for step in steps)
                tried += 1
    assert tried > 1500


def test_a_phase_absent_from_both_neighbouring_rows_stays_absent(library: Library) -> None:
    for profile in library.all():
        for visit in VISITS:
            for low, high in pairwise(profile.plan.rows[visit]):
                near = (profile.plan.rows[visit][low], profile.plan.rows[visit][high])
                for length in range(max(low, profile.smallest), min(high, profile.largest) + 1):
                    assert all(near[0].get(phase) or near[1].get(phase) for phase in minutes(profile, length, visit) if length >= low)


def test_nobody_is_worked_on_in_a_second_position_without_turning_over(library: Library) -> None:
    """Between 30 minutes (one position) and 45 (two) the turn rounds to nothing first."""
    swedish = library.get("spa/swedish")
    assert minutes(swedish, 33) == {"welcome": 3, "settle": 2, "work1": 19, "deep": 4, "return": 2, "redress": 3}
    assert minutes(swedish, 34)["turn"] == 1
    for profile in library.all():
        if not any(row.get("turn") for row in profile.plan.rows["follow_up"].values()):
            continue
        for length in lengths(profile, "follow_up"):
            has = minutes(profile, length)
            assert ("work2" in has) == ("turn" in has), (profile.id, length)


def test_a_clinic_inserts_findings_into_a_plan_without_them_at_the_cost_of_the_work(library: Library) -> None:
    """5 + 5 minutes on a follow-up, 10 + 5 on a first visit, from both works in proportion."""
    stones = library.get("clinical/hot_stone")
    assert minutes(stones, 60) == {
        "welcome": 5, "exam": 5, "settle": 4, "work1": 16, "turn": 2, "work2": 12, "deep": 4, "return": 2, "reassess": 5, "redress": 5,
    }  # fmt: skip
    first = minutes(stones, 60, "first")
    assert (first["exam"], first["reassess"], first["work1"], first["work2"]) == (10, 5, 13, 10)
    assert minutes(library.get("clinical/lymphatic_drainage"), 60)["exam"] == 4  # the girth measuring it has already
    assert "exam" not in minutes(library.get("spa/hot_stone"), 60)


@pytest.mark.parametrize("length", [15, 20, 25])
def test_short_clinical_visits_keep_settle_return_and_redress_and_have_one_position(library: Library, length: int) -> None:
    for modality in ("swedish", "myofascial_release", "deep_tissue", "neuromuscular", "sports", "trigger_point", "joint_mobilization"):
        has = minutes(library.get(f"clinical/{modality}"), length)
        assert {"welcome", "exam", "settle", "work1", "return", "reassess", "redress"} == set(has)
        assert has["settle"] >= 2 and has["redress"] >= 2 and has["work1"] == max(has.values())


def test_floors_say_how_far_a_late_start_may_shrink_a_phase(library: Library) -> None:
    floors = {step.phase: step.floor for step in library.get("clinical/swedish").steps(60)}
    assert floors == {"welcome": 2, "exam": 2, "settle": 3, "work1": 11, "turn": 2, "work2": 6, "return": 1, "reassess": 2, "redress": 5}
    first = {step.phase: step.floor for step in library.get("clinical/swedish").steps(60, "first")}
    assert first["exam"] == 12, "the examination of a first visit never shrinks"


@pytest.mark.parametrize("length", [29, 121, 0, -60, 33.5, True, float("nan"), "60", None])
def test_fault_20_a_length_that_is_no_whole_minute_on_offer_is_refused_by_name(library: Library, length: Any) -> None:
    with pytest.raises(Invalid, match=r"minutes: found .*; wanted .*30.*120"):
        library.get("spa/swedish").steps(length)


def test_hot_stones_under_an_hour_are_refused_with_the_reason(library: Library) -> None:
    for id in ("spa/hot_stone", "clinical/hot_stone"):
        for length in (30, 45):
            with pytest.raises(NotOffered, match=rf"{id} in {length} minutes is not offered: the stones need time"):
                library.get(id).steps(length)


def test_a_first_visit_of_thirty_minutes_is_refused_with_the_reason(library: Library) -> None:
    for id in ("clinical/swedish", "clinical/reflexology"):
        with pytest.raises(NotOffered, match="history and examination take longer then; book 45 minutes or more, or a follow-up"):
            library.get(id).steps(30, "first")
    assert library.get("spa/swedish").steps(30, "first")


def test_many_short_phases_that_round_up_at_once_do_not_eat_up_the_work() -> None:
    short = ("welcome", "exam", "settle", "deep", "return", "reassess")
    low, high = {"work1": 1}, {"work1": 1} | dict.fromkeys(short, 1)
    rows: dict[Visit, dict[int, dict[str, int]]] = {"follow_up": {1: low, 7: high}, "first": {}}
    row = Plan("any", rows).minutes(4, "follow_up")
    assert sum(row.values()) == 4 and row["work1"] == 1 and min(row.values()) == 1


PHASE_NAMES = st.sampled_from([phase for phase in ORDER if phase not in ("room_prep", "turnover_air", "turnover_clean", "work1")])
ROW = st.dictionaries(PHASE_NAMES, st.integers(0, 40), max_size=8)


@settings(max_examples=400, deadline=None)
@given(short=ROW, long=ROW, work=st.integers(1, 60), more=st.integers(1, 60), where=st.floats(0, 1))
def test_between_any_two_rows_the_minutes_are_whole_positive_and_exact(
    short: dict[str, int], long: dict[str, int], work: int, more: int, where: float
) -> None:
    low_row, high_row = short | {"work1": work}, long | {"work1": work}
    low = sum(low_row.values())
    high_row["work1"] += max(0, low + more - sum(high_row.values()))
    high = sum(high_row.values())
    rows: dict[Visit, dict[int, dict[str, int]]] = {"follow_up": {low: low_row, high: high_row}, "first": {}}
    length = low + round((high - low) * where)
    row = Plan("any", rows).minutes(length, "follow_up")
    assert sum(row.values()) == length
    assert all(n > 0 for n in row.values())
    assert set(row) <= {phase for phase, n in (*low_row.items(), *high_row.items()) if n}


@settings(max_examples=300, deadline=None)
@given(row=ROW, work=st.integers(2, 60), exam=st.integers(1, 15), reassess=st.integers(1, 10), more=st.booleans())
@example(row={"work2": 27}, work=2, exam=15, reassess=10, more=False)
def test_making_room_for_findings_never_changes_the_length(row: dict[str, int], work: int, exam: int, reassess: int, more: bool) -> None:
    before = row | {"work1": work}
    after = inserted(before, {"exam": exam, "reassess": reassess}, more)
    if after is not None:
        assert sum(after.values()) == sum(before.values())
        assert all(n >= 0 for n in after.values()) and after["work1"] > 0
        assert after["exam"] == (max(before.get("exam", 0), exam) if more or not before.get("exam") else before["exam"])
