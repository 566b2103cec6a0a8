"""The shipped library: what is offered, what is refused, and what must hold for every profile in it."""

from pathlib import Path

import pytest

from ambiance.errors import NotOffered, Place, ProfileError, Unknown
from ambiance.profile import PHASES, Accent, Atmosphere, Library, Profile, Tail, check_file
from ambiance.profile.accent import ACCENTS, redness
from ambiance.why import Layer, Why
from tests.profile.shelf import Shelf

SPA = {
    "swedish": (30, 45, 60, 75, 90, 120), "aromatherapy": (60, 75, 90), "body_scrub": (30, 45, 60), "hot_stone": (60, 75, 90, 120),
    "myofascial_release": (45, 60, 75, 90), "deep_tissue": (60, 75, 90), "neuromuscular": (45, 60), "sports": (30, 45, 60, 90),
    "trigger_point": (30, 45, 60), "lymphatic_drainage": (30, 45, 60, 75, 90), "joint_mobilization": (30, 45), "prenatal": (45, 60, 75, 90),
    "couples": (60, 75, 90, 120), "reflexology": (30, 45, 60), "facial": (30, 60, 90), "sound_bath": (30, 45, 60, 90),
    "float": (60, 75, 90),
}  # fmt: skip
CLINICAL = {
    "swedish": (30, 45, 60), "aromatherapy": (60,), "hot_stone": (60, 75), "myofascial_release": (30, 45, 60), "deep_tissue": (30, 45, 60),
    "neuromuscular": (30, 45, 60), "sports": (30, 45, 60), "trigger_point": (30, 45), "lymphatic_drainage": (45, 60, 75),
    "joint_mobilization": (30, 45), "prenatal": (45, 60), "reflexology": (30, 45), "facial": (60,),
}  # fmt: skip
DEFAULTS = {
    "spa/aromatherapy": 75, "spa/body_scrub": 45, "spa/hot_stone": 90, "spa/myofascial_release": 75, "spa/trigger_point": 45,
    "spa/joint_mobilization": 45, "spa/couples": 75, "spa/reflexology": 45, "spa/float": 90, "clinical/neuromuscular": 45,
    "clinical/sports": 45, "clinical/trigger_point": 30, "clinical/joint_mobilization": 30, "clinical/reflexology": 45,
}  # fmt: skip
WORK = {  # work1 lx, K; deep lx, K
    "spa/swedish": (15, 2200, 5, 2000), "spa/aromatherapy": (12, 2200, 5, 2000), "spa/body_scrub": (80, 2700, 40, 2400),
    "spa/hot_stone": (15, 2000, 6, 2000), "spa/myofascial_release": (25, 2400, 10, 2200), "spa/deep_tissue": (25, 2400, 10, 2200),
    "spa/neuromuscular": (60, 2700, 20, 2400), "spa/sports": (80, 3000, 30, 2700), "spa/trigger_point": (60, 2700, 20, 2400),
    "spa/lymphatic_drainage": (12, 2200, 5, 2000), "spa/joint_mobilization": (80, 3000, 30, 2700), "spa/prenatal": (25, 2400, 15, 2200),
    "spa/couples": (15, 2200, 8, 2000), "spa/reflexology": (40, 2400, 15, 2200), "spa/facial": (40, 2700, 8, 2200),
    "clinical/swedish": (80, 3000), "clinical/aromatherapy": (60, 2700), "clinical/hot_stone": (60, 2700),
    "clinical/myofascial_release": (100, 3000), "clinical/deep_tissue": (120, 3000), "clinical/neuromuscular": (150, 3500),
    "clinical/sports": (150, 3500), "clinical/trigger_point": (150, 3500), "clinical/lymphatic_drainage": (60, 2700, 40, 2700),
    "clinical/joint_mobilization": (200, 3500), "clinical/prenatal": (80, 3000, 60, 2700), "clinical/reflexology": (100, 3000, 60, 2700),
    "clinical/facial": (150, 3500, 60, 3000),
}  # fmt: skip
MUSIC = {  # work1 dBA, BPM, °C
    "spa/swedish": (42, (60, 70), 24), "spa/aromatherapy": (40, (55, 65), 24), "spa/body_scrub": (48, (70, 85), 26),
    "spa/hot_stone": (40, (55, 65), 23), "spa/myofascial_release": (38, (50, 60), 24), "spa/deep_tissue": (44, (65, 80), 23),
    "spa/neuromuscular": (42, (65, 80), 23), "spa/sports": (48, (80, 110), 22), "spa/trigger_point": (42, (65, 80), 23),
    "spa/lymphatic_drainage": (36, (50, 60), 25), "spa/joint_mobilization": (42, (65, 80), 23), "spa/prenatal": (40, (60, 70), 22),
    "spa/couples": (42, (60, 70), 24), "spa/reflexology": (42, (60, 75), 23), "spa/facial": (40, (60, 70), 23),
    "clinical/swedish": (42, (65, 75), 23), "clinical/aromatherapy": (40, (60, 70), 23), "clinical/hot_stone": (42, (60, 70), 23),
    "clinical/myofascial_release": (40, (60, 70), 23), "clinical/deep_tissue": (42, (65, 80), 22),
    "clinical/neuromuscular": (38, (70, 90), 22), "clinical/sports": (45, (80, 110), 21), "clinical/trigger_point": (40, (70, 80), 22),
    "clinical/lymphatic_drainage": (38, (55, 65), 24), "clinical/joint_mobilization": (38, (70, 90), 22),
    "clinical/prenatal": (40, (60, 70), 22), "clinical/reflexology": (42, (60, 75), 23), "clinical/facial": (40, (60, 70), 23),
}  # fmt: skip
SCENT = {
    "spa/swedish": ("floral_herbal", 2), "spa/aromatherapy": ("any", 3), "spa/body_scrub": ("citrus", 1),
    "spa/hot_stone": ("wood_resin", 1),
    "spa/prenatal": ("none", 0), "spa/float": ("none", 0), "spa/joint_mobilization": ("none", 0), "spa/couples": ("any", 2),
    "spa/sports": ("mint_eucalyptus", 1), "spa/sound_bath": ("wood_resin", 1), "clinical/aromatherapy": ("any", 1),
}  # fmt: skip
TREATMENT = ("analyse", "open", "work1", "turn", "work2", "rinse", "deep", "silence", "finish")


def every(library: Library) -> list[tuple[Profile, str, Atmosphere]]:
    return [(profile, phase, wants) for profile in library.all() for phase, wants in profile.atmospheres.items()]


def test_every_setting_and_modality_on_offer_is_shipped_with_its_lengths(library: Library) -> None:
    shipped = {profile.id: profile for profile in library.all() if not profile.id.startswith("menu/")}
    assert set(shipped) == {f"spa/{m}" for m in SPA} | {f"clinical/{m}" for m in CLINICAL}
    for setting, table in (("spa", SPA), ("clinical", CLINICAL)):
        for modality, lengths in table.items():
            profile = shipped[f"{setting}/{modality}"]
            assert (profile.setting, profile.modality) == (setting, modality)
            assert tuple(n for n in profile.lengths if n >= 30) == lengths
            assert profile.default_minutes == DEFAULTS.get(profile.id, 60)


def test_quarters_of_an_hour_are_offered_in_a_clinic_only(library: Library) -> None:
    short = {profile.id for profile in library.all() if profile.smallest < 30 and not profile.id.startswith("menu/")}
    names = ("swedish", "myofascial_release", "deep_tissue", "neuromuscular", "sports", "trigger_point", "joint_mobilization")
    assert short == {f"clinical/{name}" for name in names}
    assert all(library.get(id).lengths[:3] == (15, 20, 25) for id in short)


def test_work_and_deep_have_the_light_their_modality_asks_for(library: Library) -> None:
    for id, (lux, kelvin, *deep) in WORK.items():
        wants = library.get(id).atmospheres
        assert (wants["work1"].lux, wants["work1"].kelvin) == (lux, kelvin), id
        assert wants["turn"].kelvin == wants["work2"].kelvin == kelvin, id
        if deep:
            assert [wants["deep"].lux, wants["deep"].kelvin] == deep, id


def test_the_second_work_keeps_the_ratio_of_the_setting_and_the_turn_is_lighter(library: Library) -> None:
    expected = {"spa/swedish": (25, 12), "spa/sports": (133.3, 64), "spa/aromatherapy": (25, 9.6), "clinical/swedish": (133.3, 80),
                "clinical/hot_stone": (120, 60), "clinical/neuromuscular": (250, 150)}  # fmt: skip
    for id, (turn, work2) in expected.items():
        wants = library.get(id).atmospheres
        assert (wants["turn"].lux, wants["work2"].lux) == (turn, work2), id


def test_music_tempo_and_warmth_are_those_of_the_modality(library: Library) -> None:
    for id, expected in MUSIC.items():
        work = library.get(id).atmospheres["work1"]
        assert (work.dba, work.bpm, work.celsius) == expected, id
        assert work.genres, id


def test_later_phases_keep_the_distance_of_the_setting_to_the_first_work(library: Library) -> None:
    wants = library.get("spa/hot_stone").atmospheres
    assert [wants[phase].dba for phase in ("work1", "turn", "work2", "deep")] == [40, 40, 38, 35]
    assert [wants[phase].bpm for phase in ("work1", "work2", "deep")] == [(55, 65), (50, 60), (45, 55)]
    assert library.get("spa/myofascial_release").atmospheres["deep"].bpm == (40, 50)
    assert [wants[phase].celsius for phase in ("room_prep", "work1", "work2", "turnover_clean")] == [23, 23, 24, 22]


def test_scent_is_of_the_family_and_never_above_the_level_of_the_profile(library: Library) -> None:
    for id, expected in SCENT.items():
        profile = library.get(id)
        assert (profile.scent_family, profile.scent_max) == expected
    for profile, phase, wants in every(library):
        assert wants.scent <= profile.scent_max, (profile.id, phase)
        assert bool(wants.scent) == bool(wants.on), (profile.id, phase)
        assert not wants.scent or wants.off == 0 or wants.off >= wants.on
    swedish = library.get("spa/swedish").atmospheres
    assert {phase: (a.scent, a.on, a.off) for phase, a in swedish.items() if a.scent} == {
        "room_prep": (2, 10, 0), "settle": (1, 5, 25), "work1": (2, 10, 20), "work2": (1, 5, 25),
    }  # fmt: skip
    lowered = library.get("spa/hot_stone").atmospheres
    assert {phase: (a.scent, a.on, a.off) for phase, a in lowered.items() if a.scent} == {
        "room_prep": (1, 5, 0), "settle": (1, 5, 25), "work1": (1, 5, 25), "work2": (1, 5, 25),
    }  # fmt: skip
    strong = library.get("spa/aromatherapy").atmospheres
    assert (strong["work1"].scent, strong["work1"].on, strong["work1"].off) == (3, 15, 15)


def test_a_clinic_has_no_scent_but_where_it_is_asked_for_in_so_many_words(library: Library) -> None:
    scented = {(p.id, phase) for p, phase, wants in every(library) if p.setting == "clinical" and wants.scent}
    assert scented == {("clinical/aromatherapy", "work1")}


def test_a_sound_bath_has_scent_before_the_playing_only_and_no_recorded_music_in_it(library: Library) -> None:
    wants = library.get("spa/sound_bath").atmospheres
    assert {phase for phase, a in wants.items() if a.scent} == {"room_prep", "settle"}
    assert [wants[phase].dba for phase in ("open", "work1", "silence")] == [None, None, None]
    assert wants["work1"].lux == 10 and wants["work1"].accent == Accent(ACCENTS["indigo_violet"], 0.2)


def test_no_treatment_phase_is_louder_than_sixty_dba(library: Library) -> None:
    assert all(wants.dba is None or wants.dba <= 60 for _, phase, wants in every(library) if phase in TREATMENT)
    assert all(wants.dba is None or wants.dba <= 55 for _, _, wants in every(library)), "staff cleaning included"


def test_deep_is_never_brighter_than_the_work_nor_the_return_darker_than_deep(library: Library) -> None:
    for profile in library.all():
        wants = profile.atmospheres
        assert wants["deep"].lux <= min(wants["work1"].lux, wants["work2"].lux), profile.id
        assert wants["return"].lux >= wants["deep"].lux, profile.id


def test_before_and_after_are_seen_in_one_scene(library: Library) -> None:
    clinical = [profile for profile in library.all() if profile.setting == "clinical"]
    assert len(clinical) == 14
    for profile in clinical:
        exam, again = profile.atmospheres["exam"], profile.atmospheres["reassess"]
        for field in Atmosphere.__dataclass_fields__:
            if field not in ("fade", "why"):
                assert getattr(exam, field) == getattr(again, field), (profile.id, field)
        assert (exam.lux, exam.kelvin, exam.exam_lux, exam.dba, exam.accent) == (500, 4000, 1000, None, None)
        assert (exam.fade, again.fade) == (10, 20)


def test_skin_is_never_judged_in_coloured_light(library: Library) -> None:
    for profile, phase, wants in every(library):
        if (
            phase in ("exam", "analyse", "reassess")
            or profile.setting == "clinical"
            or profile.modality in ("facial", "myofascial_release")
        ):
            assert wants.accent is None, (profile.id, phase)


def test_a_modality_colours_the_whole_visit_but_the_waking_up(library: Library) -> None:
    ember = library.get("spa/hot_stone").atmospheres
    colors = {phase: ember[phase].accent for phase in ("welcome", "work1", "deep", "return", "redress")}
    assert colors == {
        "welcome": Accent(ACCENTS["ember"], 0.10), "work1": Accent(ACCENTS["ember"], 0.20), "deep": Accent(ACCENTS["ember"], 0.20),
        "return": Accent(ACCENTS["soft_gold"], 0.15), "redress": None,
    }  # fmt: skip


def test_no_accent_is_saturated_red(library: Library) -> None:
    assert all(redness(color) < 0.8 for color in ACCENTS.values())
    used = {wants.accent.color for _, _, wants in every(library) if wants.accent}
    assert len(used) > 8 and all(redness(color) < 0.8 for color in used)


def test_the_room_never_falls_below_five_lux_while_somebody_is_in_it_a_float_apart(library: Library) -> None:
    for profile, phase, wants in every(library):
        if PHASES[phase].occupied and not phase.startswith("float"):
            assert wants.lux >= 5, (profile.id, phase)
    tank = library.get("spa/float").atmospheres
    assert (tank["float_in"].tail, tank["float_silent"].lux, tank["float_out"].lux) == (Tail(120, 0), 0, 10)


def test_the_lamp_of_a_facial_is_on_while_skin_is_analysed(library: Library) -> None:
    lamps = {(profile.id, phase) for profile, phase, wants in every(library) if wants.exam_lux and phase not in ("exam", "reassess")}
    assert {phase for _, phase in lamps} == {"analyse"}
    assert library.get("spa/facial").atmospheres["analyse"].exam_lux == 1000


def test_turnover_warming_and_budget_follow_the_treatment(library: Library) -> None:
    expected = {"spa/swedish": 15, "clinical/swedish": 10, "spa/body_scrub": 20, "spa/couples": 20, "spa/float": 25, "menu/two-of-us": 20}
    assert {id: library.get(id).turnover for id in expected} == expected
    assert library.get("spa/swedish").prep == 10 and library.get("spa/swedish").warm_ahead == 30
    assert library.get("spa/hot_stone").warm_ahead == 45
    assert library.get("spa/swedish").budget.minutes(60) == 20 and library.get("spa/swedish").budget.minutes(120) == 40
    assert library.get("spa/aromatherapy").budget.minutes(60) == 30 and library.get("spa/aromatherapy").budget.minutes(120) == 45


def test_every_value_names_the_layer_and_the_line_that_decided_it(library: Library) -> None:
    fields = set(Atmosphere.__dataclass_fields__) - {"why"}
    for profile, phase, wants in every(library):
        assert set(wants.why) == fields, (profile.id, phase)
    here = Path(__file__).parents[2]
    stones = library.get("spa/hot_stone").atmospheres
    for field, phase, text in (("lux", "work2", "work: {lux: 15"), ("dba", "deep", "dba: 40"), ("accent", "work1", "accent: ember")):
        why = stones[phase].why[field]
        file, line = why.source.split(":")
        assert why.layer is Layer.PROFILE and file == "profiles/spa/hot_stone.yaml"
        assert (here / file).read_text().splitlines()[int(line) - 1].startswith(text)
    fade = stones["deep"].why["fade"]
    file, line = fade.source.split(":")
    assert (fade.layer, file) == (Layer.SETTING, "profiles/settings/spa.yaml")
    assert "fade_seconds: 90" in (here / file).read_text().splitlines()[int(line) - 1]


def test_a_menu_item_is_a_profile_a_length_and_the_trims_of_the_house(library: Library) -> None:
    item = library.get("menu/lunch-break")
    assert (item.name, item.setting, item.modality, item.default_minutes) == ("Lunch Break", "spa", "swedish", 30)
    assert (item.trims.light, item.trims.music, item.scent_max) == (6, 0, 1)
    assert item.trims.source == item.source
    assert item.atmospheres["work1"].scent == 1
    assert item.atmospheres["work1"].why["scent"].layer is Layer.MENU
    assert item.atmospheres["work1"].why["lux"] == library.get("spa/swedish").atmospheres["work1"].why["lux"]
    calm = library.get("menu/harbour-calm")
    assert (calm.trims.warmer, calm.trims.music, calm.scent_max) == (20, -2, 2)
    assert calm.steps(75) == library.get("spa/swedish").steps(75)


def test_what_a_clinic_does_not_offer_is_refused_with_the_reason(library: Library) -> None:
    for modality, reason in (("body_scrub", "wet room"), ("couples", "one guest"), ("sound_bath", "assess"), ("float", "spa/float")):
        with pytest.raises(NotOffered, match=rf"clinical/{modality} is not offered: .*{reason}"):
            library.get(f"clinical/{modality}")
        assert f"clinical/{modality}" in library.refusals


def test_an_unknown_profile_is_refused_with_the_nearest_known_ones(library: Library) -> None:
    with pytest.raises(Unknown, match=r"there is no profile 'spa/swedsh'; known: spa/swedish"):
        library.get("spa/swedsh")
    with pytest.raises(Unknown, match=r"there is no profile 'swedish'; known: spa/swedish, clinical/swedish"):
        library.get("swedish")


@pytest.mark.parametrize(
    "id",
    ["../spa/swedish", "spa/../clinical/swedish", "/etc/passwd", "spa/..%2fpasswd", "spa/swedish.yaml", "spa/swedish\n", "spa\\swedish",
     "spa/", "swedish", "", "spa/swedish/x", "settings/spa", "plans/float", "spa/\x00", "SPA/swedish", "spa/" + "a" * 300],
)  # fmt: skip
def test_fault_22_an_id_that_tries_to_leave_the_folder_is_simply_unknown(library: Library, id: str) -> None:
    with pytest.raises(Unknown) as caught:
        library.get(id)
    assert len(str(caught.value)) < 200 and str(caught.value).isprintable()


def test_fault_47_a_profile_edited_or_deleted_in_use_stays_what_it_was(shelf: Shelf) -> None:
    library = shelf.load()
    before = library.get("spa/swedish")
    steps = before.steps(60)
    shelf.write("spa/swedish.yaml", "nonsense: true\n")
    (shelf.folder / "plans/generic-spa.yaml").unlink()
    assert library.get("spa/swedish") is before and before.steps(60) == steps
    assert shelf.complaints()


def test_the_settings_are_the_whole_of_a_profile_that_says_nothing(shelf: Shelf) -> None:
    """Empty means the base of the setting."""
    shelf.write(
        "spa/plain.yaml",
        "setting: spa\nmodality: plain\nname: Plain\nplan: generic-spa\nlengths_minutes: [60]\ndefault_minutes: 60\n"
        "scent: {family: none, max: 3}\n",
    )
    wants = shelf.load().get("spa/plain").atmospheres
    assert wants["work2"].why["lux"] == Why(Layer.SETTING, wants["work2"].why["lux"].source)
    reference = shelf.load().get("spa/swedish").atmospheres
    for phase, atmosphere in wants.items():
        for field in ("lux", "kelvin", "accent", "dba", "bpm", "scent", "on", "off", "celsius", "fade", "tail"):
            assert getattr(atmosphere, field) == getattr(reference[phase], field), "Swedish massage is the reference"


def test_a_missing_or_empty_folder_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    complaints = Shelf(tmp_path / "profiles").complaints()
    assert complaints == [
        f"profiles/settings/{name}.yaml:1: found no such file; wanted a YAML file there, or its right name" for name in ("clinical", "spa")
    ]


def test_a_folder_that_is_not_there_is_named_with_where_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(ProfileError) as caught:
        Library.load(tmp_path / "nowhere", Place("config.yaml", 7, "profiles"))
    assert str(caught.value) == (
        f"config.yaml:7: profiles: found no folder {tmp_path / 'nowhere'}; "
        "wanted the folder of a library, with settings, plans, spa and clinical in it"
    )


def test_one_file_is_checked_with_the_settings_and_plans_of_the_library(shelf: Shelf) -> None:
    for path in sorted(path for path in shelf.folder.rglob("*.yaml") if path.name != "intake.yaml"):
        check_file(path, shelf.folder)
    shelf.edit("spa/couples.yaml", "dba: 42", "dba: 99")
    check_file(shelf.folder / "spa/swedish.yaml", shelf.folder)  # another profile's fault is not this one's
    with pytest.raises(ProfileError, match=r"spa/couples.yaml:14: dba: found 99; wanted a number, 20 to 60 dBA, or silent$"):
        check_file(shelf.folder / "spa/couples.yaml", shelf.folder)
    shelf.edit("plans/generic-spa.yaml", "work1: 22", "work1: 23")
    with pytest.raises(ProfileError, match=r"profiles/plans/generic-spa.yaml:8: "):
        check_file(shelf.folder / "spa/swedish.yaml", shelf.folder)


def test_a_file_from_elsewhere_is_checked_against_the_library(tmp_path: Path, shelf: Shelf) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text((shelf.folder / "spa/swedish.yaml").read_text().replace("generic-spa", "generic"))
    with pytest.raises(ProfileError, match=r"draft.yaml:5: plan: found the unknown plan 'generic'; wanted generic-spa"):
        check_file(draft, shelf.folder)
    for text, complaint in (
        ("a: &a [x]\nb: *a\n", "1: a: found an anchor"),
        ("setting: spa\n", "1: modality: found nothing"),
        ("plan: draft\nrows: {30: {work1: 29}}\n", "2: rows.30: found minutes that add up to 29"),
        ("plan: draft\nfollow_up: {30: {work1: 30}}\n", "1: first: found nothing"),
        ("menu: [{id: x}]\n", "name: found nothing"),
    ):
        draft.write_text(text)
        with pytest.raises(ProfileError, match=complaint):
            check_file(draft, shelf.folder)
