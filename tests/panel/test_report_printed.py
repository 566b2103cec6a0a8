"""The record of a session on paper: one page of A4, whatever happened in it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from ambiance.care import parse
from ambiance.cuesheet import Hand, Order, compile_sheet
from ambiance.cuesheet.likeness import Reading
from ambiance.panel.pages.record import report_page
from ambiance.panel.reportview import record
from ambiance.profile import Library
from ambiance.session.model import Course, DoseRow, News, Session, SessionState
from ambiance.site import Device, Room, Site
from tests.panel.doors import NOW, SITE

CHROMIUM = "/usr/bin/chromium"
ROOM = Room(
    "oak", "Oak, the quiet room on the first floor", "clinical", full_light_lux=500.0, full_volume_dba=70.0,
    devices=(
        Device("ceiling", "oak", "light", share=0.8), Device("cove", "oak", "light", role="accent", share=0.2),
        Device("exam", "oak", "light", role="exam"), Device("speaker", "oak", "player"), Device("climate", "oak", "climate"),
        Device("diffuser", "oak", "diffuser", families=("floral_herbal",)),
    ),
)  # fmt: skip
HOUSE: Site = replace(SITE, rooms=(ROOM,))
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield running
        running.close()


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load(Path(__file__).parents[2] / "profiles")


def printed(browser: Browser, html: str, **more: Any) -> bytes:
    page = browser.new_page()
    try:
        page.set_content(html)
        return page.pdf(prefer_css_page_size=True, **more)
    finally:
        page.close()


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def visit(
    library: Library, hands: int = 0, faults: int = 0, earlier: int = 0, profile: str = "clinical/myofascial_release", language: str = "en"
) -> str:
    """The page of an hour in a clinic in which so much happened."""
    sheet = compile_sheet(Order(library.get(profile), 60, "first", parse([])), ROOM, borders="clock")
    touched = tuple(Hand("light", 60.0 * i, -1.0, source="light -1 L*") for i in range(1, hands + 1))
    session = Session(
        "done-1", "oak", SessionState.DONE, "clinical", profile, 60, "first", NOW, NOW, replace(sheet, hands=touched), NOW,
        ended_at=NOW + HOUR, course="K7M2QXA4TD" if earlier else None,
    )  # fmt: skip
    news = [News(i, NOW + timedelta(minutes=i), "controller_started" if i % 2 else "dose_skipped", None) for i in range(faults)]
    doses = [DoseRow("d", "oak", "done-1", "diffuser", 1, "floral_herbal", NOW, NOW, NOW, NOW + timedelta(minutes=4))]
    reading = {"lux": 410.0, "kelvin": 3300.0, "dba": 44.0, "examination": 80.0}
    seen = {"exam": reading, "reassess": reading}
    before = [
        {"at": (NOW - timedelta(days=7 * n)).isoformat(), "code": f"2222{n:03}", "hash": "0" * 12, "readings": seen}
        for n in range(1, earlier + 1)
    ]
    course = Course("K7M2QXA4TD", NOW, NOW, body={"visits": before}) if earlier else None
    assert Reading(**reading).lux == 410
    return report_page(record(session, HOUSE, doses, news, {"work1": (65, 80)}, NOW + HOUR, course), HOUSE, language)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("hands", "faults", "earlier"), [(0, 0, 0), (60, 60, 40), (14, 14, 2)])
def test_a_record_prints_on_one_page_of_a4(
    browser: Browser, library: Library, hands: int, faults: int, earlier: int, language: str
) -> None:
    pdf = printed(browser, visit(library, hands, faults, earlier, language=language))
    assert pages(pdf) == 1
    (box,) = set(re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf))
    assert [round(float(side)) for side in box] == pytest.approx([595, 842], abs=1)


def test_the_count_of_pages_would_notice_a_second_one(browser: Browser, library: Library) -> None:
    long = visit(library).replace("<footer", "<p style='height:600mm'>x</p><footer")
    assert pages(printed(browser, long)) > 1


def test_every_kind_of_clinical_and_spa_treatment_fits(browser: Browser, library: Library) -> None:
    longest = sorted(library.all(), key=lambda profile: -len(profile.steps(profile.default_minutes)))[:3]
    for profile in longest:
        html = visit(library, 14, 14, 3, profile.id) if 60 in range(profile.smallest, profile.largest + 1) else visit(library, 14, 14, 3)
        assert pages(printed(browser, html)) == 1, profile.id


def test_nothing_is_cut_off_at_the_paper_s_edge(browser: Browser, library: Library) -> None:
    page = browser.new_page(viewport={"width": 688, "height": 1000})  # 182 mm: A4 without its margins
    try:
        page.set_content(visit(library, 60, 60, 40))
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= 688
        assert page.get_by_text("comparable with the earlier ones: no, because").count() == 1
        for figure in ("Light dose", "Melanopic dose at the eye", "Mean temperature, as set", "Atmosphere", "reassess"):
            assert page.get_by_role("cell", name=figure, exact=True).count() == 1, figure
        assert page.get_by_text("Alike means: light within 10 %").count() == 1
    finally:
        page.close()
