"""The lane and the ring: the same ribbon, without words."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from ambiance.cuesheet.lane import lane_svg
from ambiance.cuesheet.model import Hand
from ambiance.cuesheet.ring import ARCS, ring_svg
from ambiance.cuesheet.strip import extent, strip
from tests.cuesheet.treatments import CLINIC, LAVENDER, Treatments

SVG = "{http://www.w3.org/2000/svg}"
PROFILES = (("spa/swedish", 60), ("spa/swedish", 30), ("spa/float", 60), ("spa/sound_bath", 45), ("clinical/swedish", 60))


@pytest.mark.parametrize(("profile", "minutes"), PROFILES)
def test_a_lane_is_as_wide_as_its_time(treatments: Treatments, profile: str, minutes: int) -> None:
    sheet = treatments.sheet(profile, minutes, prep=600.0)
    drawn = ElementTree.fromstring(lane_svg(sheet, CLINIC if profile.startswith("clinical") else LAVENDER))
    start, end = extent(sheet)
    assert float(drawn.attrib["viewBox"].split()[2]) == pytest.approx((end - start) / 6, abs=0.1)
    assert drawn.attrib["preserveAspectRatio"] == "none"
    assert drawn.attrib["aria-label"].startswith(f"{minutes if 'float' not in profile else 85} minutes: welcome")


def test_scent_and_hands_stand_on_a_lane(treatments: Treatments) -> None:
    sheet = treatments.sheet("spa/swedish", 60, scent=True, prep=600.0)
    assert lane_svg(sheet, LAVENDER).count('class="scent"') == len(sheet.doses) > 0
    touched = replace(sheet, hands=(Hand("light", 900.0, 5.0),))
    assert lane_svg(touched, LAVENDER).count('class="hand"') == 1


@pytest.mark.parametrize(("profile", "minutes"), PROFILES)
def test_a_ring_goes_round_once_and_names_nothing(treatments: Treatments, profile: str, minutes: int) -> None:
    sheet = treatments.sheet(profile, minutes)
    room = CLINIC if profile.startswith("clinical") else LAVENDER
    text = ring_svg(sheet, room)
    drawn = ElementTree.fromstring(text)
    assert float(drawn.attrib["data-length"]) == pytest.approx(sheet.end)
    band = drawn.find(f"{SVG}g")
    assert band is not None
    assert 1 < len(band) <= ARCS
    for word in ("welcome", "work", "deep", "float", "swedish", "side"):
        assert word not in text
    assert drawn.attrib["aria-label"].endswith(f"in {len([s for s in strip(sheet, room).spans if s.n])} parts")
