"""Why a diffuser runs: the line that wants it, or the limit that took from it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ambiance.care import parse
from ambiance.cuesheet import Order, compile_sheet, scene_at
from ambiance.panel.views import why_view
from ambiance.profile import Library
from ambiance.site import Limits
from tests.session.house_fixtures import LAVENDER

LIBRARY = Library.load(Path(__file__).parents[2] / "profiles")


@pytest.mark.parametrize(
    ("limits", "changes", "layer", "source"),
    [
        (Limits(), 2.0, "setting", str(LIBRARY.get("spa/swedish").atmospheres["settle"].why["scent"].source)),
        (Limits(scent_minutes_per_session=9, places={"scent_minutes_per_session": "config.yaml:31"}), 2.0, "limit",
         "scent_minutes_per_session 9 (config.yaml:31)"),
        (Limits(scent_max_ug_m3=60), 2.0, "limit", "scent_max_ug_m3 60"),
        (Limits(), 1.0, "room", "14 mg/h in 30 m³ with 1 air changes an hour"),
    ],
)  # fmt: skip
def test_scent_names_who_decided_it(limits: Limits, changes: float, layer: str, source: str) -> None:
    room = replace(LAVENDER, air_changes=changes)
    sheet = compile_sheet(Order(LIBRARY.get("spa/swedish"), 60, care=parse([]), scent=True, limits=limits), room)
    scene = scene_at(sheet, sheet.doses[0].at + 1)
    said: Any = why_view(room, scene)["diffuser"]["intensity"]
    assert (said["value"], said["layer"], said["source"]) == (1, layer, source)
