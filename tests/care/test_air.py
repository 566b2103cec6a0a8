"""The air of a treatment room against the worked numbers of the well-mixed model."""

from math import exp, inf, isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ambiance.care import Air, Emission, Extract, airing_minutes, concentration, peak, scent_free_at
from ambiance.care.air import LEAST_AIRING, NO_SCENT, OTHER_SCENT, STRICT, stays_under, stop_for

ROOM = Air(volume_m3=30, air_changes=2, mixing=1)
MINUTE = 60.0


def pulses(on: float, every: float, count: int) -> list[Emission]:
    return [Emission(i * every * MINUTE, (i * every + on) * MINUTE) for i in range(count)]


@pytest.mark.parametrize(
    ("fraction", "changes", "mixing", "minutes"),
    [(0.1, 6, 1, 23), (0.1, 2, 1, 69), (0.1, 2, 1.5, 104), (0.02, 6, 1, 39), (0.02, 10, 1, 23), (5 / 105, 2, 1, 91), (5 / 105, 10, 1, 18)],
)
def test_airing_takes_the_golden_minutes(fraction: float, changes: float, mixing: float, minutes: int) -> None:
    assert round(airing_minutes(fraction, changes, mixing)) == minutes


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        (1, (42, 83, 138, 180, 276)), (2, (21, 42, 69, 90, 138)), (3, (14, 28, 46, 60, 92)), (4, (10, 21, 35, 45, 69)),
        (6, (7, 14, 23, 30, 46)), (8, (5, 10, 17, 22, 35)), (10, (4, 8, 14, 18, 28)), (12, (3, 7, 12, 15, 23)),
    ],
)  # fmt: skip
def test_the_table_of_airing_times_holds(changes: float, row: tuple[int, ...]) -> None:
    assert tuple(round(airing_minutes(left, changes, 1)) for left in (0.5, 0.25, 0.1, 0.05, 0.01)) == row


@pytest.mark.parametrize(("changes", "percent"), [(1, 22), (2, 39), (3, 53), (4, 63), (6, 78), (8, 86), (10, 92), (12, 95)])
def test_a_quarter_of_an_hour_removes_less_than_people_think(changes: float, percent: int) -> None:
    left = concentration([Emission(0, 1)], 1 + 15 * MINUTE, Air(30, changes, 1)) / concentration([Emission(0, 1)], 1, Air(30, changes, 1))
    assert round(100 * (1 - left)) == percent


def test_a_diffuser_left_on_settles_at_233_micrograms() -> None:
    assert round(concentration([Emission(0, 1e6)], 1e6, ROOM)) == 233


def test_ten_minutes_on_and_twenty_off_are_66_and_34() -> None:
    assert round(concentration([Emission(0, 600)], 600, ROOM)) == 66
    assert round(concentration([Emission(0, 600)], 1800, ROOM)) == 34


def test_pulses_of_ten_in_thirty_peak_at_105_and_mean_78() -> None:
    many = pulses(10, 30, 40)
    assert round(peak(many, ROOM)) == 105
    last = 38 * 30 * MINUTE
    mean = sum(concentration(many, last + s * 10, ROOM) for s in range(180)) / 180
    assert round(mean) == 78


@pytest.mark.parametrize(("fraction", "minutes"), [(STRICT, 117), (NO_SCENT, 69), (OTHER_SCENT, 42)])
def test_a_room_is_free_of_scent_when_the_residue_allows_it(fraction: float, minutes: int) -> None:
    free = scent_free_at([Emission(0, 600)], ROOM, fraction)
    assert free is not None
    assert round((free - 600) / MINUTE) == minutes


def test_poor_mixing_takes_half_as_long_again() -> None:
    free = scent_free_at([Emission(0, 600)], Air(30, 2), NO_SCENT)
    assert free is not None
    assert round((free - 600) / MINUTE) == 104


def test_a_room_airs_ten_minutes_even_where_the_formula_needs_less() -> None:
    assert scent_free_at([Emission(0, 60)], Air(30, 60, 1), NO_SCENT) == 60 + LEAST_AIRING


def test_without_scent_there_is_nothing_to_wait_for() -> None:
    assert scent_free_at([], ROOM) is None
    assert scent_free_at([Emission(0, 0), Emission(0, 60, mg_h=0)], ROOM) is None
    assert concentration([], 100, ROOM) == 0
    assert peak([], ROOM) == 0


def test_air_that_never_changes_never_clears() -> None:
    still = Air(30, 0)
    assert isclose(concentration([Emission(0, 3600)], 7200, still), 14 / 30 * 1000)
    assert scent_free_at([Emission(0, 3600)], still) == inf
    assert airing_minutes(0.02, 0) == inf
    assert airing_minutes(0, 2) == inf
    assert airing_minutes(1, 0) == 0


def test_a_fan_shortens_the_wait_only_while_it_runs() -> None:
    dose = [Emission(0, 600)]
    without = scent_free_at(dose, ROOM)
    half = scent_free_at(dose, ROOM, extracts=[Extract(600, 900, 8)])
    whole = scent_free_at(dose, ROOM, extracts=[Extract(600, 1e6, 8)])
    assert without is not None
    assert half is not None
    assert whole is not None
    assert round((whole - 600) / MINUTE) == 23
    assert isclose(without - half, 300 * 8 / 2, rel_tol=1e-9)


runs = st.builds(lambda start, length, mg: Emission(start, start + length, mg), st.floats(0, 7200), st.floats(1, 1800), st.floats(1, 100))
fans = st.builds(
    lambda start, length, changes: Extract(start, start + length, changes), st.floats(0, 9000), st.floats(1, 3600), st.floats(1, 12)
)
rooms = st.builds(Air, st.floats(10, 100), st.floats(0.5, 12), st.floats(1, 10))


@settings(max_examples=200, deadline=None)
@given(st.lists(runs, min_size=1, max_size=5), rooms, st.floats(0.01, 0.5), st.lists(fans, max_size=3))
def test_from_then_on_the_residue_never_passes_its_fraction(
    doses: list[Emission], air: Air, fraction: float, extracts: list[Extract]
) -> None:
    free = scent_free_at(doses, air, fraction, extracts)
    earliest = max(dose.end for dose in doses) + LEAST_AIRING
    assert free is not None
    assert free >= earliest
    allowed = fraction * peak(doses, air, extracts)
    for later in (0, 60, 3600):
        assert concentration(doses, free + later, air, extracts) <= allowed * (1 + 1e-6)
    if free > earliest:
        assert concentration(doses, free - 1, air, extracts) > allowed


@settings(max_examples=200, deadline=None)
@given(st.lists(runs, min_size=1, max_size=4), rooms, st.floats(0, 10_000))
def test_doses_add_up(doses: list[Emission], air: Air, at: float) -> None:
    alone = sum(concentration([dose], at, air) for dose in doses)
    assert isclose(concentration(doses, at, air), alone, rel_tol=1e-6, abs_tol=1e-9)
    dose = doses[0]
    removal = air.air_changes / air.mixing
    grown = dose.mg_h / removal / air.volume_m3 * 1000 * (1 - exp(-removal * (dose.end - dose.start) / 3600))
    assert isclose(concentration([dose], dose.end, air), grown, rel_tol=1e-6)


@pytest.mark.parametrize(("fraction", "minutes"), [(STRICT, 117), (NO_SCENT, 69), (OTHER_SCENT, 42)])
def test_scent_stops_as_long_before_the_next_guest_as_airing_takes(fraction: float, minutes: int) -> None:
    assert round(-stop_for(0, fraction, ROOM) / MINUTE) == minutes


def test_scent_stops_later_where_the_extract_helps() -> None:
    boost = [Extract(-15 * MINUTE, -5 * MINUTE, 8)]
    without, boosted = stop_for(0, STRICT, ROOM), stop_for(0, STRICT, ROOM, boost)
    assert boosted - without == pytest.approx(10 * MINUTE * 8 / 2)
    assert round(-stop_for(0, STRICT, ROOM, [Extract(-1e6, 0, 8)]) / MINUTE) == 23
    assert stop_for(0, OTHER_SCENT, Air(30, 60, 1)) == -LEAST_AIRING
    assert stop_for(0, STRICT, Air(30, 0)) == -inf


def test_the_guide_value_is_reached_when_the_curve_says_so() -> None:
    strong = Air(30, 2, 1)
    seconds = stays_under(300, 0, 105, strong)
    assert concentration([Emission(0, 1e5, 105)], seconds, strong) == pytest.approx(300)
    assert stays_under(300, 0, 14, strong) == inf  # it settles at 233
    assert stays_under(300, 300, 14, strong) == 0
    assert stays_under(300, 0, 60, Air(30, 0)) == pytest.approx(300 / (60_000 / 30) * 3600)
    assert stays_under(300, 100, 105, strong, more=8) > stays_under(300, 100, 105, strong)


@settings(max_examples=300, deadline=None)
@given(st.lists(runs, min_size=1, max_size=5), rooms, st.sampled_from((STRICT, NO_SCENT, OTHER_SCENT)), st.lists(fans, max_size=3))
def test_whatever_stops_in_time_is_gone_in_time(doses: list[Emission], air: Air, fraction: float, extracts: list[Extract]) -> None:
    by = 20_000.0
    stop = stop_for(by, fraction, air, extracts)
    assert stop <= by - LEAST_AIRING
    kept = [Emission(dose.start, min(dose.end, stop), dose.mg_h) for dose in doses if dose.start < stop]
    if kept:
        assert concentration(kept, by, air, extracts) <= fraction * peak(kept, air, extracts) * (1 + 1e-6)


@settings(max_examples=300, deadline=None)
@given(st.lists(runs, max_size=5), rooms, st.lists(fans, max_size=3), st.floats(0, 20_000), st.floats(0, 7200))
def test_scent_is_never_negative_and_only_falls_once_everything_stopped(
    doses: list[Emission], air: Air, extracts: list[Extract], at: float, later: float
) -> None:
    assert concentration(doses, at, air, extracts) >= 0
    over = max([at, *(dose.end for dose in doses)])
    assert concentration(doses, over + later, air, extracts) <= concentration(doses, over, air, extracts) * (1 + 1e-9)


@settings(max_examples=300, deadline=None)
@given(st.lists(runs, min_size=1, max_size=5), rooms, st.floats(0, 20), st.floats(0.01, 0.5), st.lists(fans, max_size=2))
def test_more_air_changes_never_leave_more_nor_let_anybody_wait_to_come(
    doses: list[Emission], air: Air, more: float, fraction: float, extracts: list[Extract]
) -> None:
    airier = Air(air.volume_m3, air.air_changes + more, air.mixing)
    at = max(dose.end for dose in doses) + 600
    assert concentration(doses, at, airier, extracts) <= concentration(doses, at, air, extracts) * (1 + 1e-9)
    assert stop_for(at, fraction, airier, extracts) >= stop_for(at, fraction, air, extracts) - 1e-6
    assert airing_minutes(fraction, airier.air_changes) <= airing_minutes(fraction, air.air_changes)


@settings(max_examples=200, deadline=None)
@given(st.lists(runs, min_size=1, max_size=3), rooms, st.floats(20, 300), st.floats(1, 200))
def test_a_source_stopped_in_time_never_passes_the_guide_value(doses: list[Emission], air: Air, limit: float, mg_h: float) -> None:
    at = max(dose.end for dose in doses)
    level = concentration(doses, at, air)
    run = min(stays_under(limit, level, mg_h, air), 36_000.0)
    reached = concentration([*doses, Emission(at, at + run, mg_h)], at + run, air)
    assert reached <= max(limit, level) * (1 + 1e-6)
