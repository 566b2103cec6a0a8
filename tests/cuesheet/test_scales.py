"""The laws between the quantities of a room: lightness, colour temperature, loudness."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ambiance.cuesheet import LightLevel, SoundLevel, least_fade
from ambiance.cuesheet.fades import between
from ambiance.units import SILENCE, kelvin, lstar, mired, output, volume

SPA = {2: 6.0, 5: 13.6, 10: 21.3, 15: 26.7, 25: 34.7, 40: 43.3, 60: 51.8, 100: 64.4, 150: 76.1, 200: 85.3, 300: 100.0}
CLINICAL = {2: 3.6, 5: 9.0, 10: 15.5, 15: 20.0, 25: 26.7, 40: 34.0, 60: 41.2, 100: 51.8, 150: 61.7, 200: 69.5, 300: 81.8, 500: 100.0}
PERCENT = {1: 0.11, 5: 0.55, 8: 0.89, 10: 1.13, 20: 2.99, 25: 4.42, 40: 11.25, 50: 18.42, 60: 28.12, 75: 48.28, 90: 76.30, 100: 100.0}
MIRED = {
    1800: 555.6, 2000: 500.0, 2200: 454.5, 2400: 416.7, 2700: 370.4, 3000: 333.3, 3500: 285.7, 4000: 250.0, 5000: 200.0, 6500: 153.8,
}  # fmt: skip
CUBIC = {35: 26, 37: 28, 40: 32, 42: 34, 45: 38, 48: 43, 50: 46, 55: 56, 60: 68}
LINEAR = {35: 1.8, 37: 2.2, 40: 3.2, 42: 4.0, 45: 5.6, 48: 7.9, 50: 10.0, 55: 17.8, 60: 31.6}


@pytest.mark.parametrize(("full", "table"), [(300, SPA), (500, CLINICAL)])
def test_lux_become_lightness_as_cie_1976_says(full: float, table: dict[int, float]) -> None:
    assert {lux: round(lstar(lux / full), 1) for lux in table} == table


def test_lightness_becomes_output_as_cie_1976_says() -> None:
    assert {level: round(100 * output(level), 2) for level in PERCENT} == PERCENT


@given(st.floats(0, 100))
def test_lightness_and_output_are_each_others_inverse(level: float) -> None:
    assert lstar(output(level)) == pytest.approx(level, abs=1e-6)


def test_light_beyond_the_ends_stays_at_them() -> None:
    assert (lstar(-1), lstar(2), output(-5), output(105)) == (0, 100, 0, 1)


def test_kelvin_become_mired_and_back() -> None:
    assert {k: round(mired(k), 1) for k in MIRED} == MIRED
    assert all(kelvin(mired(k)) == pytest.approx(k) for k in MIRED)


def test_half_way_between_2000_and_4000_k_is_2667_k() -> None:
    middle = between(LightLevel(0, mired(2000)), LightLevel(0, mired(4000)), 0.5)
    assert isinstance(middle, LightLevel)
    assert (round(middle.mired), round(kelvin(middle.mired))) == (375, 2667)


def test_loudness_becomes_volume_by_the_taper_of_the_player() -> None:
    assert {dba: round(volume(dba, 70, "cubic")) for dba in CUBIC} == CUBIC
    assert {dba: round(volume(dba, 70, "linear"), 1) for dba in LINEAR} == LINEAR
    assert volume(90, 70) == 100


def test_the_shortest_fade_is_that_of_what_has_to_move_most_slowly() -> None:
    assert least_fade(LightLevel(20, 400), LightLevel(60, 400)) == 10
    assert least_fade(LightLevel(20, mired(2200)), LightLevel(24, mired(4000))) == pytest.approx(40.9, abs=0.1)
    assert least_fade(SoundLevel(SILENCE), SoundLevel(50)) == 10
    assert least_fade(SoundLevel(50), SoundLevel(SILENCE)) == 5
    assert least_fade(SoundLevel(50), SoundLevel(SILENCE), sound_rate=1.0) == 30
    assert least_fade(LightLevel(20, 400), LightLevel(60, 400), light_rate=2.0) == 20


@given(st.floats(0, 100), st.floats(0, 100), st.floats(allow_nan=False))
def test_a_level_on_its_way_lies_between_where_it_was_and_where_it_goes(one: float, other: float, part: float) -> None:
    level = between(LightLevel(one, 300), LightLevel(other, 400), max(0.0, part))
    assert isinstance(level, LightLevel)
    assert min(one, other) - 1e-9 <= level.lstar <= max(one, other) + 1e-9
    assert math.isfinite(level.mired)
