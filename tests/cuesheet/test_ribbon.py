"""The ribbon: a picture of the room's light over a treatment, in SVG and in terminal cells.

`AMBIANCE_GOLDEN=1 pytest tests/cuesheet/test_ribbon.py` draws the golden files anew; look at them before they are kept.
"""

import os
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ambiance.cuesheet.colour import ADAPTED, FULL, VISIBLE, blend, coloured, lamplight, mixed, planckian, shown
from ambiance.cuesheet.model import FOREVER, Cue, Dose, Hand, Level, LightLevel, Sheet, SoundLevel, Span
from ambiance.cuesheet.ribbon import ribbon_cells, ribbon_svg
from ambiance.cuesheet.strip import strip
from ambiance.site import Device, Room
from ambiance.units import SILENCE, lstar, mired

GOLDEN = Path(__file__).parent / "golden"

ROOM = Room(
    "lavender",
    "Lavender",
    devices=(
        Device("ceiling", "lavender", "light", share=0.8),
        Device("cove", "lavender", "light", role="accent", share=0.2),
        Device("exam", "lavender", "light", role="exam"),
        Device("speaker", "lavender", "player"),
        Device("diffuser", "lavender", "diffuser"),
    ),
)
SWEDISH = (
    ("room_prep", 10, 200, 3000, 45, 10), ("welcome", 5, 150, 2700, 45, 20), ("settle", 4, 60, 2400, 45, 30),
    ("work1", 22, 15, 2200, 42, 60), ("turn", 2, 25, 2200, 42, 20), ("work2", 14, 12, 2200, 40, 30), ("deep", 6, 5, 2000, 37, 90),
    ("return", 2, 40, 2400, 42, 60), ("redress", 5, 120, 2700, 45, 30), ("turnover_air", 10, 200, 3000, 20, 10),
    ("turnover_clean", 5, 300, 4000, 20, 5),
)  # fmt: skip
FLOAT = (
    ("welcome", 10, 150, 2700, 45, 20), ("pre_rinse", 8, 100, 2700, 45, 10), ("float_in", 10, 5, 2000, 45, 60),
    ("float_silent", 40, 0, 2000, 20, 60), ("float_out", 7, 10, 2000, 45, 60), ("post_rinse", 10, 80, 2700, 45, 30),
    ("redress", 5, 120, 2700, 45, 30),
)  # fmt: skip
EXAM = (
    ("welcome", 3, 300, 3500, 40, 10), ("exam", 3, 500, 4000, 20, 10), ("settle", 2, 200, 3000, 42, 20), ("work1", 10, 100, 3000, 42, 30),
    ("turn", 1, 120, 3000, 42, 10), ("work2", 5, 100, 3000, 42, 20), ("return", 1, 150, 3000, 42, 30), ("reassess", 2, 500, 4000, 20, 20),
    ("redress", 3, 300, 3500, 42, 10),
)  # fmt: skip


def sheet(rows: tuple[tuple[str, float, float, float, float, float], ...], full: float = 300, **more: object) -> Sheet:
    """A sheet written by hand: phase, minutes, lux, kelvin, dBA, seconds of fade."""
    at = -sum(row[1] * 60.0 for row in rows if row[0] == "room_prep")
    n = 0
    spans, cues = [], []
    before: dict[str, Level] = {}
    for phase, length, lux, kelvin, dba, fade in rows:
        during = phase not in ("room_prep", "turnover_air", "turnover_clean")
        n += during
        border = phase in ("work1", "turn", "return")
        spans.append(Span(phase, at, at + length * 60, length * 60, 0, fade, n if during else 0, False, border=border))
        amber = "#ff9a3c" if phase in ("work1", "turn", "work2") else None
        levels: dict[str, Level] = {
            "ceiling": LightLevel(lstar(lux / full), mired(kelvin)),
            "cove": LightLevel(lstar(lux / full), mired(kelvin), amber),
            "speaker": SoundLevel(dba, "p" if dba > SILENCE else None),
        }
        cues += [Cue(at, device, before.get(device, level), level, fade) for device, level in levels.items()]
        before, at = levels, at + length * 60
    cues.sort(key=lambda cue: cue.at)
    return replace(Sheet("spa/swedish", 60, tuple(spans), {}, tuple(cues)), **more)  # type: ignore[arg-type]


def dose(start: float, end: float, intensity: int) -> Dose:
    return Dose("diffuser", start * 60, end * 60, intensity, "floral_herbal", "work1")


SCENTED = sheet(SWEDISH, doses=(dose(-10, 0, 2), dose(9, 19, 2), dose(33, 38, 1)))
CASES = {
    "swedish-60": (SCENTED, None, 1120),
    "swedish-60-now": (replace(SCENTED, hands=(Hand("light", 1200, 5.0), Hand("scent_off", 2000))), 41 * 60.0, 1120),
    "swedish-60-narrow": (SCENTED, 41 * 60.0, 420),
    "float-90": (sheet(FLOAT), None, 1120),
    "clinical-30": (sheet(EXAM, full=500), None, 1120),
}


@pytest.mark.parametrize("name", CASES)
def test_the_ribbon_looks_as_it_was_approved(name: str) -> None:
    drawn, now, width = CASES[name]
    svg = ribbon_svg(drawn, ROOM, now=now, width=width)
    golden = GOLDEN / f"{name}.svg"
    if os.environ.get("AMBIANCE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(svg, encoding="utf-8")
    assert svg == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_a_ribbon_is_well_formed_and_renders(name: str) -> None:
    import resvg_py

    drawn, now, width = CASES[name]
    svg = ribbon_svg(drawn, ROOM, now=now, width=width)
    root = ElementTree.fromstring(svg)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"#(r[0-9a-f]{8}-\w+)", svg)) <= set(ids)
    assert bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)).startswith(b"\x89PNG")


def label(svg: str) -> str:
    return ElementTree.fromstring(svg).get("aria-label") or ""


def test_a_ribbon_says_itself_in_words() -> None:
    said = label(ribbon_svg(SCENTED, ROOM, now=41 * 60))
    assert said.startswith("60 minutes: welcome 5, settle 4, first side 22, turn 2, second side 14, deep 6, return 2, redress 5; ")
    assert "before it preparation 10; after it airing 10, cleaning 5" in said
    assert "scent in minutes -10 to 0, 9 to 19, 33 to 38" in said
    assert said.endswith("now minute 41, second side")


def test_the_house_has_its_own_words_and_none_of_them_is_markup() -> None:
    svg = ribbon_svg(SCENTED, ROOM, names={"work1": '"><script>alert(1)</script>&'})
    assert "<script>" not in svg
    assert '"><script>alert(1)</script>&' in label(svg)


def test_silence_has_no_line() -> None:
    quiet = sheet((("welcome", 10, 150, 2700, 20, 10), ("exam", 5, 300, 4000, 20, 10)))
    assert 'stroke-opacity=".92"' not in ribbon_svg(quiet, ROOM)
    assert "silent" in label(ribbon_svg(quiet, ROOM))
    assert strip(sheet(FLOAT), ROOM).runs()[0][-1].at < 40 * 60 < strip(sheet(FLOAT), ROOM).runs()[1][0].at


def test_scent_is_denser_where_it_is_stronger() -> None:
    dots = [ribbon_svg(replace(SCENTED, doses=(dose(10, 20, level),)), ROOM).count('r="2.1"') for level in (1, 2, 3)]
    assert dots[0] < dots[1] < dots[2]
    assert 'r="2.1"' not in ribbon_svg(replace(SCENTED, doses=()), ROOM)


def test_the_past_is_dimmed_and_the_future_is_not() -> None:
    assert 'opacity=".667"' in ribbon_svg(SCENTED, ROOM, now=60)
    assert 'opacity=".667"' not in ribbon_svg(SCENTED, ROOM)
    assert ">now<" not in ribbon_svg(SCENTED, ROOM, now=10 * 3600)


def test_a_border_of_hands_is_a_ring_until_a_hand_opened_it() -> None:
    opened = replace(SCENTED, spans=tuple(replace(span, confirmed=span.phase == "work1") for span in SCENTED.spans))
    assert ribbon_svg(SCENTED, ROOM).count('r="2.6" fill="none"') == 3
    assert ribbon_svg(opened, ROOM).count('r="2.6" fill="currentColor"') == 1


def test_the_examination_lamp_does_not_colour_the_room() -> None:
    lit = replace(SCENTED, cues=(*SCENTED.cues, Cue(0, "exam", LightLevel(100, 250), LightLevel(100, 250), 0)))
    assert ribbon_svg(lit, ROOM) == ribbon_svg(SCENTED, ROOM)


def test_the_colour_follows_the_light_of_every_lamp_by_its_share() -> None:
    points = {point.at: point for point in strip(SCENTED, ROOM).points}
    assert points[5 * 60].lux == pytest.approx(150)
    deep = next(point for point in strip(SCENTED, ROOM).points if point.at == (5 + 4 + 22 + 2 + 14) * 60 + 90)
    assert deep.lux == pytest.approx(5)
    assert deep.color < points[5 * 60].color


def test_a_jump_is_drawn_as_one() -> None:
    full = LightLevel(100, 250)
    dark = LightLevel(20, 450)
    jump = Sheet(
        "p",
        10,
        (Span("welcome", 0, 600, 600, 0, 0, 1, False),),
        {},
        (Cue(0, "ceiling", dark, dark, 0), Cue(300, "ceiling", dark, full, 0)),
    )
    points = strip(jump, ROOM).points
    assert [round(point.lux) for point in points if 299 < point.at <= 300] == [7, 240]


def test_a_tint_begins_with_its_phase_and_not_before() -> None:
    settle = [point for point in strip(SCENTED, ROOM).points if 5 * 60 + 30 <= point.at < 9 * 60]
    assert len({point.color for point in settle}) == 1
    assert next(point for point in strip(SCENTED, ROOM).points if point.at == 9 * 60).color != settle[-1].color


def test_a_room_without_lamps_and_a_sheet_without_end_still_have_a_ribbon() -> None:
    forever = Sheet("", 0, (Span("ready", 0, FOREVER, FOREVER, FOREVER, 10, 0, False),), {}, ())
    bare = Room("x", "X")
    ElementTree.fromstring(ribbon_svg(forever, bare))
    assert len(ribbon_cells(forever, bare, 40)) == 6


@settings(max_examples=40, deadline=None)
@given(st.integers(8, 300), st.one_of(st.none(), st.floats(-2000, 6000)))
def test_cells_fill_exactly_the_width(width: int, now: float | None) -> None:
    rows = ribbon_cells(SCENTED, ROOM, width, now=now)
    assert [len(row) for row in rows] == [width] * 6
    for row in rows:
        for cell in row:
            assert len(cell.char) == 1
            assert all(color is None or re.fullmatch("#[0-9a-f]{6}", color) for color in (cell.fg, cell.bg))


def text(row: list[tuple[str, str | None, str | None]]) -> str:
    return "".join(cell[0] for cell in row)


def test_cells_show_names_scent_sound_and_now() -> None:
    rows: list[list[tuple[str, str | None, str | None]]] = [list(row) for row in ribbon_cells(SCENTED, ROOM, 120, now=41 * 60)]
    assert "first side 22" in text(rows[5])
    assert "second side 14" in text(rows[5])
    assert "•" in text(rows[4])
    assert "╱" in text(rows[1])
    assert any(mark in text(rows[2]) for mark in "▁─▔")
    assert all(text(row).count("┃") == 1 for row in rows[1:4])
    assert text(rows[0]).count("○") == 3


def chromaticity(light: tuple[float, float, float]) -> tuple[float, float]:
    r, g, b = light
    x, y, z = 0.4124 * r + 0.3576 * g + 0.1805 * b, 0.2126 * r + 0.7152 * g + 0.0722 * b, 0.0193 * r + 0.1192 * g + 0.9505 * b
    return x / (x + y + z), y / (x + y + z)


@pytest.mark.parametrize(
    ("kelvin", "xy"), [(2000, (0.5267, 0.4133)), (2856, (0.4476, 0.4074)), (4000, (0.3805, 0.3768)), (6500, (0.3135, 0.3236))]
)
def test_a_black_body_has_the_chromaticity_of_the_tables(kelvin: float, xy: tuple[float, float]) -> None:
    assert chromaticity(planckian(kelvin)) == pytest.approx(xy, abs=0.002)


def luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@settings(max_examples=300, deadline=None)
@given(st.floats(1000, 15_000), st.floats(0, 100))
def test_a_colour_has_the_lightness_of_the_room_as_far_as_it_can_be_seen(kelvin: float, lightness: float) -> None:
    assert lstar(luminance(shown(planckian(kelvin), lightness))) == pytest.approx(min(FULL, max(VISIBLE, lightness)), abs=1.0)


def test_warm_is_redder_and_the_adapted_white_is_neutral() -> None:
    red = [int(shown(lamplight(kelvin), 50)[1:3], 16) for kelvin in (4000, 3000, 2400, 2000)]
    assert red == sorted(red)
    neutral = shown(lamplight(ADAPTED), 60)
    parts = [int(neutral[i : i + 2], 16) for i in (1, 3, 5)]
    assert max(parts) - min(parts) <= 1


def test_lights_mix_by_their_weight() -> None:
    assert mixed([]) == (1, 1, 1)
    half = mixed([(1, coloured("#ff0000")), (1, coloured("#0000ff"))])
    assert half[1] == 0
    assert half[0] == pytest.approx(0.5 / 0.2126, rel=1e-3)
    assert blend("#000000", "#ffffff", 0.5) == "#808080"
