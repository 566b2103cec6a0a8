"""What is wrong with a file is told with file, line, path, what was found and what would do: all of it in one go."""

import pytest

from tests.profile.shelf import Shelf

SWEDISH = "spa/swedish.yaml"


def test_the_shipped_folder_has_no_fault(shelf: Shelf) -> None:
    assert len(shelf.load().all()) == 35


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("celsius: 24", "celsuis: 24", ":15: celsuis: found the unknown key 'celsuis'; wanted celsius (the nearest known)"),
        (
            "{lux: 15, kelvin: 2200}",
            "{lux: 15, kelvn: 2200}",
            ":8: work.kelvn: found the unknown key 'kelvn'; wanted kelvin (the nearest known)",
        ),
        ("{lux: 15,", "{lux: 9000,", ":8: work.lux: found 9000; wanted a number, 0 to 2000 lx"),
        ("{lux: 15,", "{lux: -1,", ":8: work.lux: found -1; wanted a number, 0 to 2000 lx"),
        ("{lux: 15,", "{lux: 1e308,", ":8: work.lux: found 1e+308; wanted a number, 0 to 2000 lx"),
        ("{lux: 15,", "{lux: true,", ":8: work.lux: found true; wanted a number, 0 to 2000 lx"),
        ("{lux: 15,", "{lux: '15',", ":8: work.lux: found the text '15'; wanted a number, 0 to 2000 lx"),
        ("{lux: 15,", "{lux: .nan,", ":8: work.lux: found .nan; wanted a finite number"),
        ("{lux: 15,", "{lux: 1e999,", ":8: work.lux: found '1e999'; wanted a finite number"),
        ("work: {lux: 15, kelvin: 2200}", "work: 15", ":8: work: found 15; wanted a mapping (key: value)"),
        ("dba: 42", "dba: 61", ":13: dba: found 61; wanted a number, 20 to 60 dBA, or silent"),
        ("dba: 42", "dba: mute", ":13: dba: found the text 'mute'; wanted a number, 20 to 60 dBA, or silent"),
        ("bpm: [60, 70]", "bpm: [70, 60]", ":11: bpm: found [70, 60]; wanted the smaller number first, or any"),
        ("bpm: [60, 70]", "bpm: [60.5, 70]", ":11: bpm[0]: found 60.5; wanted a whole number, 40 to 160 BPM"),
        ("max: 2", "max: 4", ":14: scent.max: found 4; wanted a whole number, 0 to 3"),
        (
            "plan: generic-spa",
            "plan: generic_spa",
            ":5: plan: found the unknown plan 'generic_spa'; wanted generic-spa (the nearest known)",
        ),
        ("default_minutes: 60", "default_minutes: 50", ":7: default_minutes: found 50; wanted one of the lengths on offer: 30, 45"),
        ("[30, 45, 60, 75, 90, 120]", "[30, 60, 45]", ":6: lengths_minutes: found 30, 60, 45; wanted the lengths in ascending order"),
        (
            "[30, 45, 60, 75, 90, 120]",
            "[20, 60]",
            ":6: lengths_minutes: found 20 to 60; wanted lengths within 30 to 120, the rows of the plan",
        ),
        ("deep: {lux: 5,", "deep: {lux: 16,", ":9: deep.lux: found 16 lx; wanted at most 15 lx, the light of work1"),
        ("deep: {lux: 5,", "deep: {lux: 4,", ":9: deep.lux: found 4 lx; wanted at least 5 lx while somebody is in the room"),
        ("modality: swedish", "modality: swiss", ":3: modality: found swiss; wanted swedish, as the file is called"),
        ("setting: spa", "setting: clinical", ":2: setting: found clinical; wanted spa, as the file is called"),
        ("name: Swedish massage\n", "", ":2: name: found nothing; wanted the key name, which is required"),
        (
            "celsius: 24",
            "celsius: 24\npulse: 3",
            ":16: pulse: found the key 'pulse'; wanted steady light: what pulses, flashes or flickers",
        ),
        (
            "celsius: 24",
            "accent: '#ff0000'",
            ":15: accent: found #ff0000, of which 100% is red; wanted under 80 %: saturated red endangers",
        ),
        ("celsius: 24", "accent: ambre", ":15: accent: found the text 'ambre'; wanted amber (the nearest known), or '#rrggbb', or none"),
        ("celsius: 24", "phases: {work3: {lux: 9}}", ":15: phases.work3: found the unknown phase 'work3'; wanted work"),
        ("celsius: 24", "phases: {strobe: {lux: 9}}", ":15: phases.strobe: found the unknown phase 'strobe'; wanted steady light"),
        (
            "celsius: 24",
            "phases: {work1: {scent: 3}}",
            ":15: phases.work1: found scent 3; wanted at most 2, the max of this profile's scent",
        ),
        (
            "celsius: 24",
            "phases: {work1: {on_minutes: 30}}",
            ":15: phases.work1.off_minutes: found 30 minutes on and 20 off; wanted a pause",
        ),
        ("celsius: 24", "phases: {exam: {lux: 400}}", ":15: phases.exam: found exam, which the setting spa does not have; wanted "),
        (
            "celsius: 24",
            "phases: {analyse: {accent: {color: aqua, share: 0.1}}}",
            ":15: phases.analyse.accent: found the colour #b8f0f0; wanted none",
        ),
        (
            "celsius: 24",
            "scent_budget: {one_minute_in: 0, most_minutes: 45}",
            ":15: scent_budget.one_minute_in: found 0; wanted a number, 1 to 60",
        ),
        ("celsius: 24", "celsius: 24\ncelsius: 25", ":16: celsius: found 'celsius' a second time (first in line 15); wanted each key once"),
        ("celsius: 24", "celsius: &warm 24", ":15: celsius: found an anchor (&warm); wanted plain values: anchors are not read"),
        ("celsius: 24", "refused: no", ": found the unknown key"),
    ],
)
def test_a_fault_in_a_profile_names_its_line_what_was_found_and_what_would_do(shelf: Shelf, old: str, new: str, complaint: str) -> None:
    shelf.edit(SWEDISH, old, new)
    complaints = [line for line in shelf.complaints() if line.startswith(f"profiles/{SWEDISH}")]
    assert any(complaint in line for line in complaints), complaints


@pytest.mark.parametrize("word", ["pulse", "strobe_hz", "flash", "flicker", "candle", "candle-flicker", "PulseRate"])
@pytest.mark.parametrize("indent", ["", "phases:\n  work1:\n    "])
def test_keys_that_ask_for_unsteady_light_are_refused_with_the_reason_of_photosensitivity(shelf: Shelf, word: str, indent: str) -> None:
    shelf.edit(SWEDISH, "celsius: 24", f"{indent}{word}: 2")
    (complaint,) = shelf.complaints()
    assert f"the key '{word}'; wanted steady light" in complaint
    assert "photosensitive seizures" in complaint


def test_all_faults_of_all_files_are_told_in_one_go(shelf: Shelf) -> None:
    shelf.edit(SWEDISH, "dba: 42", "dba: 99")
    shelf.edit(SWEDISH, "celsius: 24", "celcius: 24")
    shelf.edit("plans/float.yaml", "float_silent: 45", "float_silent: 44")
    shelf.edit("settings/clinical.yaml", "celsius: 22", "celsius: 99")
    shelf.edit("menu.yaml", "spa/hot_stone", "spa/hot_stones")
    shelf.write("clinical/new.yaml", "setting: clinical\nmodality: new\n")
    complaints = shelf.complaints()
    files = [line.split(":")[0] for line in complaints]
    assert files == sorted(files)
    assert {"profiles/spa/swedish.yaml", "profiles/plans/float.yaml", "profiles/settings/clinical.yaml", "profiles/menu.yaml"} <= set(files)
    assert sum(file == "profiles/spa/swedish.yaml" for file in files) == 2
    assert sum(file == "profiles/clinical/new.yaml" for file in files) == 5, "name, plan, lengths, default, scent"


def test_a_row_that_does_not_add_up_is_refused(shelf: Shelf) -> None:
    shelf.edit("plans/generic-spa.yaml", "work1: 22", "work1: 23")
    assert shelf.complaints() == [
        "profiles/plans/generic-spa.yaml:8: rows.60: found minutes that add up to 61; wanted 60, the length of the row"
    ]


def test_a_plan_says_either_rows_or_visits(shelf: Shelf) -> None:
    shelf.write("plans/odd.yaml", "plan: odd\nrows: {30: {work1: 30}}\nfirst: {45: {work1: 45}}\n")
    complaints = shelf.complaints()
    assert any("plans/odd.yaml:2: rows: found rows beside first" in line for line in complaints)
    shelf.write("plans/odd.yaml", "plan: odd\n")
    assert shelf.complaints() == ["profiles/plans/odd.yaml:1: rows: found nothing; wanted the key rows, which is required"]


def test_a_row_of_minutes_knows_only_phases_and_whole_minutes(shelf: Shelf) -> None:
    shelf.write("plans/odd.yaml", "plan: odd\nrows:\n  30: {work1: 29.5, wrok2: 1}\n  half: {work1: 30}\n")
    complaints = shelf.complaints()
    assert any(":3: rows.30.work1: found 29.5; wanted a whole number, 0 to 240 minutes" in line for line in complaints)
    assert any(":3: rows.30.wrok2: found the name 'wrok2'; wanted work2 (the nearest known)" in line for line in complaints)
    assert any(":4: rows.half: found the name 'half'" in line for line in complaints)


def test_reassess_can_be_given_no_scene_of_its_own(shelf: Shelf) -> None:
    shelf.edit("clinical/swedish.yaml", "celsius: 23", "phases: {reassess: {lux: 300}}")
    assert any("phases.reassess: found a scene" in line and "wanted a change of exam" in line for line in shelf.complaints())


def test_a_setting_cannot_part_exam_and_reassess(shelf: Shelf) -> None:
    shelf.edit("settings/clinical.yaml", "{like: exam, fade_seconds: 20}", "{like: exam, lux: 300, fade_seconds: 20}")
    assert any("phases.reassess: found the scene of reassess; wanted reassess: {like: exam" in line for line in shelf.complaints())


def test_a_change_of_exam_changes_reassess_with_it(shelf: Shelf) -> None:
    shelf.edit("clinical/swedish.yaml", "celsius: 23", "phases: {exam: {lux: 400, exam_lux: 0}}")
    wants = shelf.load().get("clinical/swedish").atmospheres
    assert (wants["reassess"].lux, wants["reassess"].exam_lux, wants["reassess"].fade) == (400, 0, 20)


def test_a_setting_without_a_phase_it_needs_says_so(shelf: Shelf) -> None:
    shelf.edit("settings/clinical.yaml", "  return: {", "  finish2: {")
    complaints = shelf.complaints()
    assert any("phases.finish2: found the unknown phase 'finish2'; wanted finish (the nearest known)" in line for line in complaints)
    assert any("phases.return: found nothing; wanted the phase return" in line for line in complaints)


def test_a_setting_says_lux_kelvin_warmth_and_fade_of_every_phase(shelf: Shelf) -> None:
    shelf.edit("settings/clinical.yaml", "celsius: 22, fade_seconds: 10}", "celsius: 22}")
    assert any("phases.room_prep: found no fade_seconds; wanted fade_seconds for every phase" in line for line in shelf.complaints())


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "profile: spa/hot_stone",
            "profile: spa/hotstone",
            "found the unknown profile 'spa/hotstone'; wanted spa/hot_stone (the nearest known)",
        ),
        (
            "profile: spa/hot_stone",
            "profile: clinical/float",
            "found clinical/float, which is not offered; wanted another profile: a tank has",
        ),
        ("profile: spa/hot_stone", "profile: ../passwd", "found the text '../passwd'; wanted a profile such as spa/swedish"),
        ("minutes: 75", "minutes: 20", "menu[0].minutes: found 20; wanted 30 to 120 minutes, as spa/swedish offers"),
        ("scent: 1 ", "scent: 3 ", "menu[1].scent: found 3; wanted at most 2, the max of spa/swedish"),
        ("light: 6", "light: 31", "menu[1].light: found 31; wanted a number, -30 to 30 L*"),
        ("id: two-of-us", "id: Two of us", "menu[3].id: found the text 'Two of us'; wanted an id of 1 to 64"),
        ("id: two-of-us", "id: lunch-break", "menu[3].id: found 'lunch-break' a second time; wanted an id of its own"),
    ],
)
def test_a_fault_in_the_menu_names_its_item(shelf: Shelf, old: str, new: str, complaint: str) -> None:
    shelf.edit("menu.yaml", old, new)
    (line,) = shelf.complaints()
    assert line.startswith("profiles/menu.yaml:") and complaint in line


def test_a_menu_is_not_needed(shelf: Shelf) -> None:
    (shelf.folder / "menu.yaml").unlink()
    assert len(shelf.load().all()) == 30


def test_a_refused_profile_says_nothing_but_the_reason(shelf: Shelf) -> None:
    shelf.write("clinical/float.yaml", "setting: clinical\nmodality: float\nrefused: never\nplan: float\n")
    assert shelf.complaints() == [
        "profiles/clinical/float.yaml:4: plan: found the unknown key 'plan'; wanted one of modality, refused, setting"
    ]


def test_a_file_whose_name_is_no_id_is_told_of(shelf: Shelf) -> None:
    shelf.write("spa/Swedish Massage.yaml", "")
    shelf.write("spa/quick.yml", "")
    complaints = shelf.complaints()
    assert len(complaints) == 2 and all("found a file name that is no id" in line for line in complaints)


def test_a_clinical_profile_with_no_room_for_findings_is_refused(shelf: Shelf) -> None:
    shelf.write("plans/tiny.yaml", "plan: tiny\nrows: {30: {welcome: 20, work1: 10}}\n")
    shelf.write(
        "clinical/tiny.yaml",
        "setting: clinical\nmodality: tiny\nname: Tiny\nplan: tiny\nlengths_minutes: [30]\n"
        "default_minutes: 30\nscent: {family: none, max: 0}\n",
    )
    assert any(":4: plan: found no row of tiny with room for a follow-up visit; wanted a longer row" in line for line in shelf.complaints())


def test_values_that_are_no_values_do_not_hide_the_other_faults_of_their_file(shelf: Shelf) -> None:
    shelf.edit(SWEDISH, "{lux: 15,", "{lux: .nan,")
    shelf.edit(SWEDISH, "kelvin: 2000", "kelvin: !!float 2000")
    shelf.edit(SWEDISH, "dba: 42", "dba: 42\ndba: 99")
    shelf.edit(SWEDISH, "max: 2", "max: 9")
    shelf.edit(SWEDISH, "celsius: 24", "celsius: 24\nlenghts: [30]")
    told = "\n".join(shelf.complaints())
    assert told.count(SWEDISH) == 5
    for complaint in (
        ":8: work.lux: found .nan; wanted a finite number",
        ":9: deep.kelvin: found a tag",
        ":14: dba: found 'dba' a second time (first in line 13)",
        ":15: scent.max: found 9; wanted a whole number, 0 to 3",
        ":17: lenghts: found the unknown key 'lenghts'; wanted lengths_minutes (the nearest known)",
    ):
        assert complaint in told
