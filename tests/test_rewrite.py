"""Changing a YAML file: only the lines that change, and what is said beside them stays."""

import difflib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ambiance.yaml import at, plainly, rewritten

ROOT = Path(__file__).parent.parent
HOUSE = (ROOT / "config.yaml").read_text(encoding="utf-8")
MENU = (ROOT / "profiles" / "menu.yaml").read_text(encoding="utf-8")


def changed(text: str, changes: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The lines that went and the lines that came."""
    lines = list(difflib.ndiff(text.splitlines(), rewritten(text, changes).splitlines()))
    return [line[2:] for line in lines if line.startswith("- ")], [line[2:] for line in lines if line.startswith("+ ")]


def test_a_value_changes_in_its_line_and_what_is_said_there_stays() -> None:
    assert changed(HOUSE, {"limits.sound_max_dba": 55}) == (
        ["  sound_max_dba: 60 # at the guest's head"],
        ["  sound_max_dba: 55 # at the guest's head"],
    )
    gone, came = changed(HOUSE, {"rooms.lavender.name": "Läven", "rooms.lavender.devices.cove.lowest": 2.5})
    assert gone[0] == "    name: Lavender"
    assert came == [
        "    name: Läven",
        "      - {id: cove, kind: light, role: accent, dialect: native, kelvin: [1800, 6500], share: 0.2, lowest: 2.5}",
    ]


def test_nothing_changes_where_a_value_is_so_already() -> None:
    assert rewritten(HOUSE, {"rooms.rose.full_light_lux": 320, "site.name": "Harbour Spa"}) == HOUSE


def test_a_room_is_added_at_the_end_and_taken_away_with_what_was_said_above_it() -> None:
    devices = [{"id": "ceiling", "kind": "light"}, {"id": "keys", "kind": "button", "press": {"single": "next"}}]
    gone, came = changed(HOUSE, {"rooms.nova": {"name": "Nova: 2", "devices": devices}})
    assert gone == []
    assert came == [
        "  - id: nova",
        '    name: "Nova: 2"',
        "    devices:",
        "      - {id: ceiling, kind: light}",
        "      - {id: keys, kind: button, press: {single: next}}",
    ]
    gone, came = changed(HOUSE, {"rooms.rose": None})
    assert came == []
    assert gone[0] == "  # Two tables side by side, for couples."
    assert "  # A treatment room of the clinic: no diffuser, a lamp to examine by, light that tells skin colours apart." not in gone
    assert [room["id"] for room in plainly(rewritten(HOUSE, {"rooms.rose": None}))["rooms"]] == ["lavender", "cabinet", "grotto"]


@pytest.mark.parametrize("text", ["rooms: []\n", "rooms: [] # none yet\n", "site:\n  id: a\n", "site: {id: a}\nrooms:\n"])
def test_the_first_room_of_a_house_without_rooms(text: str) -> None:
    room = {"name": "Nova", "devices": [{"id": "lamp", "kind": "light"}]}
    after = rewritten(text, {"rooms.nova": room})
    assert plainly(after)["rooms"] == [{"id": "nova", **room}]
    assert plainly(rewritten(after, {"rooms.nova": None}))["rooms"] == []


def test_an_item_of_the_menu_keeps_what_is_said_of_the_keys_that_stay() -> None:
    item = {"name": "Lunch", "profile": "spa/swedish", "minutes": 30, "light": 7}
    gone, came = changed(MENU, {"menu.lunch-break": item})
    assert came == ["    name: Lunch", "    light: 7                    # nobody should fall asleep before the afternoon"]
    assert gone[-1] == "    scent: 1                    # little enough to go back to an office with"


FOLDERS = """music:
  folders: # bought by us
    # from the fair
    - {path: calm, licence: own, proof: a} # the good ones
    - path: deep # slow
      licence: own
      proof: b
    # never in summer
    - {path: bright, licence: own, proof: c}
  names: {}
"""
CALM, DEEP, BRIGHT = at(plainly(FOLDERS), "music.folders")


def test_items_that_have_no_id_keep_their_lines_where_they_stay_and_what_is_said_of_their_place_where_they_change() -> None:
    def lines(*items: object) -> tuple[list[str], list[str]]:
        new = rewritten(FOLDERS, {"music.folders": list(items)})
        assert at(plainly(new), "music.folders") == list(items)
        return changed(FOLDERS, {"music.folders": list(items)})

    own = {"path": "own", "licence": "own", "proof": "d", "bpm": [55, 70]}
    assert lines(CALM, DEEP, BRIGHT, own) == ([], ["    - {path: own, licence: own, proof: d, bpm: [55, 70]}"])
    assert lines(CALM, BRIGHT) == (["    - path: deep # slow", "      licence: own", "      proof: b"], [])
    assert lines({**CALM, "proof": "z"}, DEEP, BRIGHT) == (
        ["    - {path: calm, licence: own, proof: a} # the good ones"],
        ["    - {path: calm, licence: own, proof: z} # the good ones"],
    )
    assert lines()[1] == ["  folders: [] # bought by us"]


def test_a_list_of_rooms_in_braces_becomes_lines() -> None:
    after = rewritten("rooms: [{id: a, name: A}]\n", {"rooms.b": {"name": "B"}, "rooms.a.name": "C"})
    assert after == "rooms:\n  - id: a\n    name: C\n  - id: b\n    name: B\n"


def test_a_way_that_does_not_exist_is_named() -> None:
    with pytest.raises(KeyError, match=r"site\.name\.x"):
        rewritten(HOUSE, {"site.name.x": 1})
    with pytest.raises(KeyError, match=r"rooms\.lavender"):
        rewritten(HOUSE, {"rooms.lavender": 3})


_VALUES = st.one_of(
    st.integers(-1000, 1000),
    st.booleans(),
    st.floats(-1e3, 1e3).map(lambda x: round(x, 3)),
    st.text(
        st.characters(blacklist_categories=["Cs", "Cc", "Co", "Cn"], blacklist_characters="\x85\u2028\u2029\ufeff"), min_size=1, max_size=30
    ),
    st.lists(st.integers(0, 9), max_size=3),
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "site.name",
                "limits.new",
                "rooms.lavender.name",
                "rooms.grotto.extra",
                "rooms.rose.devices.speaker.taper",
                "rooms.cabinet.usual",
            ]
        ),
        _VALUES,
        min_size=1,
        max_size=4,
    )
)
@example({"site.name": "Infinity", "rooms.lavender.name": "NaN"})
def test_whatever_is_written_is_read_back_and_nothing_else_changes(changes: dict[str, Any]) -> None:
    after = plainly(rewritten(HOUSE, changes))
    before = plainly(HOUSE)
    for path, value in changes.items():
        assert at(after, path) == value, path
    undone = rewritten(rewritten(HOUSE, changes), {path: at(before, path) for path in changes})
    assert plainly(undone) == before
