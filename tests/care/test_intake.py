"""The private form: answers become codes, nothing is repeated, and what was not asked keeps scent off."""

from pathlib import Path
from typing import Any

import pytest

from ambiance.care import CODES, parse
from ambiance.care.intake import Intake, read_intake
from ambiance.care.offers import OFFERS, words
from ambiance.config.intake import load_intake
from ambiance.errors import Invalid, ProfileError
from ambiance.yaml import parse as parse_yaml

PROFILES = Path(__file__).parents[2] / "profiles"
CONDITIONS = ("epilep", "asthma", "migraine", "pregnan", "trauma", "ptsd", "autis", "tinnitus", "allerg", "claustro", "panic", "pacemaker")


def form(text: str) -> Intake:
    return read_intake(parse_yaml(text, "intake.yaml"))


def shipped() -> Intake:
    return load_intake(PROFILES)


def nothing() -> dict[str, Any]:
    """Everything was asked, and there is nothing."""
    return dict.fromkeys(shipped().items, False)


def test_every_item_of_the_shipped_form_can_be_answered_and_understood() -> None:
    given = {"music_only": ["harp"], "music_without": ["water"], "language": "pt-BR"}
    for id, item in shipped().items.items():
        taken = shipped().taken({**nothing(), id: given.get(id, True)})
        assert item.ask
        assert parse(taken.care).known
        assert taken.care or taken.refuses


def test_a_form_full_of_no_is_a_guest_without_needs() -> None:
    taken = shipped().taken(nothing())
    assert (taken.care, taken.refuses, taken.not_asked) == ((), (), ())


def test_a_form_nobody_filled_in_is_unknown() -> None:
    for empty in ({}, dict.fromkeys(shipped().items)):
        assert shipped().taken(empty).care is None


def test_what_was_not_asked_about_scent_keeps_it_off() -> None:
    taken = shipped().taken({**nothing(), "asthma": None})
    assert taken.care == ("scent_off",)
    assert taken.not_asked == ("asthma",)
    assert shipped().taken({**nothing(), "language": None}).care == ()
    assert shipped().taken({**nothing(), "asthma": True, "animal": None}).care == ("scent_off_strict",)


def test_the_numbers_of_the_form_are_those_of_the_domain() -> None:
    care = parse(shipped().taken({**nothing(), "migraine": True}).care)
    assert (care.at("work1").light_max, care.at("welcome").light_max, care.at("exam").light_max) == (10, 80, 100)
    assert care.at("reassess") == care.at("exam")  # before and after are seen in one light
    assert (care.at("work1").kelvin_max, care.at("work1").sound_max, care.scent) == (2700, 40, "strict")
    trauma = parse(shipped().taken({**nothing(), "trauma": True}).care)
    assert (trauma.at("deep").light_min, trauma.door_hold, trauma.client_control, trauma.scent) == (30, True, True, "off")
    both = parse(shipped().taken({**nothing(), "migraine": True, "trauma": True}).care)
    assert [each.about for each in both.conflicts] == ["light"]
    assert shipped().taken({**nothing(), "implant": True}).refuses == ("sound_bath",)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"migrane": True}, "one of no_scent"),
        ({"migraine": "since 2019"}, "answers.migraine"),
        ({"language": True}, "answers.language"),
        ({"language": "her mother's"}, "a language tag"),
        ({"music_without": ["Anna's song"]}, "tags in small letters"),
    ],
)
def test_an_answer_that_is_none_is_refused_and_not_repeated(answers: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid, match=said) as refused:
        shipped().taken(answers)
    for secret in ("since 2019", "mother", "Anna"):
        assert secret not in str(refused.value)


def test_every_mistake_in_the_form_is_named_with_its_line() -> None:
    with pytest.raises(ProfileError) as refused:
        form(
            """items:
  no_scent:
    ask: No scent?
    codes: [scent_of]
  Dark:
    ask: Never dark?
    codes:
      - { code: no_dark, value: 9000 }
      - { code: lang, value: answer }
  empty:
    ask: Anything?
    cods: []
"""
        )
    said = str(refused.value)
    assert "intake.yaml:4" in said
    assert "one of scent_off" in said
    assert "intake.yaml:8" in said
    assert "1 to 500 lx" in said
    assert "'Dark'" in said
    assert "'cods'" in said
    assert "intake.yaml:9" not in said


def test_a_house_without_a_form_has_an_empty_one(tmp_path: Path) -> None:
    assert load_intake(tmp_path).items == {}
    (tmp_path / "intake.yaml").write_text("items: 3\n")
    with pytest.raises(ProfileError, match=r"intake\.yaml:1"):
        load_intake(tmp_path)


def test_what_the_desk_offers_is_understood_and_names_no_condition() -> None:
    assert len({offer.id for offer in OFFERS}) == len(OFFERS)
    for offer in OFFERS:
        assert parse(offer.codes).known
        assert not any(condition in offer.words.lower() for condition in CONDITIONS)
        assert not any(code in offer.words for code in CODES)
    assert words([{"code": code} for code in CODES])
    assert not any(word in CODES or condition in word for word in words(list(CODES)) for condition in CONDITIONS)
