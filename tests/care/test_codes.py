"""Codes in, needs out: the most restrictive wins and no contradiction passes unnamed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ambiance.care import CODES, UNKNOWN, Care, Needs, parse, unasked
from ambiance.care.codes import EMPTY, GUEST, TABLE, VISIT
from ambiance.errors import Invalid
from ambiance.profile.model import PHASES
from ambiance.why import Layer


def code(name: str, value: Any = None, *phases: str) -> dict[str, Any]:
    given: dict[str, Any] = {"code": name}
    return given | ({"value": value} if value is not None else {}) | ({"phases": list(phases)} if phases else {})


def refusal(*codes: Any) -> str:
    with pytest.raises(Invalid) as refused:
        parse(list(codes))
    return str(refused.value)


def test_the_phases_care_knows_are_those_of_a_visit() -> None:
    assert {p.id for p in PHASES.values() if p.lying} == set(TABLE)
    assert {p.id for p in PHASES.values() if p.occupied} == set(GUEST)
    assert set(PHASES) == {*VISIT, *EMPTY}


def test_no_answer_is_unknown_and_an_empty_list_is_a_guest_without_needs() -> None:
    assert parse(None) is UNKNOWN
    assert UNKNOWN.scent == "off"
    assert not UNKNOWN.known
    assert parse([]) == Care()


def test_every_code_can_be_sent() -> None:
    sample: dict[str, Any] = {
        "scent_allow": ["lavender"], "light_max_lx": 50, "light_min_lx": 20, "cct_max_k": 2700, "sound_max_dba": 45, "sound_min_dba": 35,
        "sound_exclude": ["water"], "sound_only": ["piano"], "temp_offset_c": -1, "lang": "de", "hold_phase": "work1",
    }  # fmt: skip
    for name in CODES:
        assert parse([code(name, sample.get(name))]).known


def test_ceilings_take_the_lowest_and_floors_the_highest() -> None:
    care = parse([code("light_max_lx", 50), code("light_max_lx", 10), code("sound_min_dba", 30), code("sound_min_dba", 35.5)])
    assert care.at("work1").light_max == 10
    assert care.at("work1").sound_min == 35.5
    assert care.conflicts == ()


def test_light_bounds_hold_on_the_table_and_not_at_the_door() -> None:
    care = parse([code("light_max_lx", 10)])
    assert care.at("deep").light_max == 10
    assert care.at("welcome").light_max is None


def test_a_code_may_come_several_times_with_other_phases() -> None:
    care = parse([code("light_max_lx", 10, "work1", "deep"), code("light_max_lx", 80, "welcome"), code("light_max_lx", 30, "deep")])
    assert [care.at(phase).light_max for phase in ("work1", "deep", "welcome", "work2")] == [10, 10, 80, None]


def test_an_empty_room_is_nobodys_care() -> None:
    care = parse(["sound_off", "slow_change", code("cct_max_k", 2400), code("temp_offset_c", -2)])
    assert care.at("turnover_clean") == Needs()
    assert care.at("room_prep").celsius == -2


def test_no_dark_is_thirty_lux_and_no_dip_in_the_deep_part() -> None:
    deep = parse(["no_dark"]).at("deep")
    assert (deep.light_min, deep.no_dip) == (30, True)
    assert parse([code("no_dark", 50)]).at("settle").light_min == 50


def test_changes_are_slowed_in_time_step_and_sound() -> None:
    needs = parse(["slow_change", "no_flash_strict"]).at("work1")
    assert (needs.slowest, needs.step_max, needs.sound_rate, needs.no_accent) == (60, 10, 1, True)
    assert parse(["no_flash_strict"]).still_display


def test_an_announced_change_waits_for_a_tap_until_the_last_phase() -> None:
    care = parse(["announce_change"])
    assert care.announce
    assert care.at("work1").hold
    assert not care.at("redress").hold


def test_a_held_phase_is_named_in_value_or_in_phases() -> None:
    for given_code in (code("hold_phase", "work1"), code("hold_phase", ["work1"]), code("hold_phase", None, "work1")):
        care = parse([given_code])
        assert care.at("work1").hold
        assert not care.at("work2").hold
    assert parse(["hold_phase"]).at("work2").hold


def test_a_dark_and_a_bright_need_stand_at_the_floor_with_lamps_out_of_view() -> None:
    care = parse(["no_dark", code("light_max_lx", 10)])
    needs = care.at("work1")
    assert (needs.light_min, needs.light_max, needs.out_of_view) == (30, 30, True)
    assert len(care.conflicts) == 1
    assert "work1" in str(care.conflicts[0])
    assert "a floor of 30 lx above a ceiling of 10 lx" in str(care.conflicts[0])
    assert not care.at("welcome").out_of_view


def test_silence_against_a_floor_of_sound_plays_at_the_floor() -> None:
    care = parse(["sound_off", code("sound_min_dba", 35)])
    needs = care.at("work1")
    assert (needs.sound_off, needs.sound_min, needs.sound_max) == (False, 35, 35)
    assert "silence and a floor of 35 dBA" in str(care.conflicts[0])


def test_a_quiet_and_a_loud_need_stand_at_the_floor() -> None:
    care = parse([code("sound_max_dba", 36), code("sound_min_dba", 40)])
    assert care.at("work1").sound_max == 40
    assert "above a ceiling of 36 dBA" in str(care.conflicts[0])


def test_of_opposite_warmth_the_cooler_stands_and_is_named() -> None:
    care = parse([code("temp_offset_c", 1), code("temp_offset_c", -2)])
    assert care.at("work1").celsius == -2
    assert "+1 °C and -2 °C" in str(care.conflicts[0])
    assert parse([code("temp_offset_c", 1), code("temp_offset_c", 2)]).at("work1").celsius == 2


def test_strict_outranks_off_and_off_outranks_an_allow_list() -> None:
    allowed = code("scent_allow", {"scents": ["lavender", "neroli"], "intensity": 2})
    assert parse([allowed]).scent == "allowed"
    assert parse([allowed]).scent_level == 2
    assert parse([allowed, "scent_off"]).scent == "off"
    assert parse(["scent_off", "scent_off_strict", allowed]).scent == "strict"
    assert parse(["scent_off"]).why["scent"].layer is Layer.CARE


def test_a_bare_allow_list_means_barely_noticeable() -> None:
    assert parse([code("scent_allow", ["lavender"])]).scent_level == 1


def test_allow_lists_meet_and_exclude_lists_join() -> None:
    care = parse(
        [
            code("scent_allow", ["lavender", "neroli"]), code("scent_allow", ["neroli", "mandarin"]),
            code("sound_only", ["piano", "harp"]), code("sound_only", ["harp", "water"]),
            code("sound_exclude", ["water"]), code("sound_exclude", ["vocals"]), "no_low_freq",
        ]
    )  # fmt: skip
    assert care.scent_families == frozenset({"neroli"})
    assert care.sound_only == frozenset({"harp"})
    assert care.sound_exclude == {"water", "vocals", "bass"}


def test_allow_lists_that_share_nothing_switch_scent_off_by_name() -> None:
    care = parse([code("scent_allow", ["lavender"]), code("scent_allow", ["mandarin"])])
    assert care.scent == "off"
    assert "scent" in str(care.conflicts[0])


def test_when_nothing_may_be_played_it_is_silent_and_said() -> None:
    care = parse([code("sound_only", ["water"]), code("sound_exclude", ["water"])])
    assert care.at("work1").sound_off
    assert "nothing is left" in str(care.conflicts[0])
    steady = parse([code("sound_only", ["water"]), code("sound_exclude", ["water"]), code("sound_min_dba", 35)])
    assert not steady.at("work1").sound_off
    assert steady.sound_only is None


def test_a_couple_needs_what_either_needs_and_an_unknown_half_keeps_scent_off() -> None:
    both = parse([code("light_max_lx", 20), "sound_off"])
    assert (both.at("work1").light_max, both.at("work1").sound_off) == (20, True)
    half = unasked(parse([code("light_max_lx", 20)]))
    assert (half.known, half.scent, half.at("work1").light_max) == (False, "off", 20)
    assert unasked(parse(["scent_off_strict"])).scent == "strict"


def test_why_says_the_effect_and_no_code() -> None:
    care = parse([code("light_max_lx", 10), "no_flash_strict", "scent_off_strict", "slow_change", "sound_off"])
    assert care.why["light_max"].source == "keep it dim"
    for why in care.why.values():
        assert why.layer is Layer.CARE
        assert not any(name in why.source or name.replace("_", " ") == why.source for name in CODES)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("light_max_lux", "light_max_lx, light_min_lx"),
        ("light_max_lx", "a number from 5 to 1000 lx"),
        (code("light_max_lx", True), "a number from 5 to 1000 lx"),
        (code("light_max_lx", float("nan")), "a number from 5 to 1000 lx"),
        (code("light_max_lx", "10"), "a number from 5 to 1000 lx"),
        (code("temp_offset_c", 3), "-2 to 2 °C"),
        (code("scent_off", 1), "stands alone"),
        (code("scent_off", None, "work1"), "whole session"),
        (code("no_dark", 30, "wrok1"), "'wrok1'; wanted phases out of"),
        ({"code": "no_dark", "phases": []}, "a list of phases"),
        ({"code": "no_dark", "phase": "work1"}, "'phase'; wanted only code, value and phases"),
        (code("sound_exclude", "water"), "a list of 1 to 32 tags"),
        (code("sound_exclude", ["Her late husband"]), "small letters"),
        (code("scent_allow", {"scents": ["lavender"], "intensity": 4}), "1, 2 or 3"),
        (code("lang", "German, please"), "a language tag"),
        (code("hold_phase", "work1", "work2"), "once"),
        (7, "a code, as"),
        ({"code": ["x"]}, "one of scent_off"),
    ],
)
def test_a_code_that_cannot_be_understood_is_refused_with_what_would_do(sent: Any, said: str) -> None:
    assert said in refusal(sent)
    assert "care[0]" in refusal(sent)


def test_all_faults_come_at_once() -> None:
    said = refusal("scent_of", code("no_dark", 9999), "scent_off", "sound_of")
    assert "care[0].code: found 'scent_of'" in said
    assert "care[1].value" in said
    assert "care[3].code" in said


@pytest.mark.parametrize("secret", ["epilepsy", "Anna is pregnant", "migraine since 2019"])
def test_a_reason_is_refused_and_never_repeated(secret: str) -> None:
    for sent in (secret, code(secret), code("no_dark", secret), code("lang", secret), code("no_dark", 30, secret), {secret: 1}):
        assert secret not in refusal(sent)


def test_care_is_a_list_and_not_endless() -> None:
    for wrong in ("scent_off", {"code": "scent_off"}, 3):
        with pytest.raises(Invalid, match="a list of codes"):
            parse(wrong)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="at most 64"):
        parse(["scent_off"] * 65)


phases = st.one_of(st.none(), st.lists(st.sampled_from(list(PHASES)), min_size=1, max_size=4, unique=True))


def bound(name: str, low: float, high: float) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda value, where: {"code": name, "value": value} | ({"phases": where} if where else {}),
        st.floats(low, high), phases,
    )  # fmt: skip


codes = st.one_of(
    bound("light_max_lx", 5, 1000), bound("light_min_lx", 1, 500), bound("no_dark", 1, 500), bound("cct_max_k", 1800, 6500),
    bound("slow_change", 10, 600), bound("sound_max_dba", 25, 75), bound("sound_min_dba", 20, 60), bound("temp_offset_c", -2, 2),
    st.sampled_from([code(name) for name in ("sound_off", "no_accent", "no_flash_strict", "announce_change", "scent_off")]),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(codes, max_size=12), st.data())
def test_no_merge_passes_a_ceiling_or_a_floor_unless_it_names_the_conflict(sent: list[dict[str, Any]], data: st.DataObject) -> None:
    care = parse(sent)
    phase = data.draw(st.sampled_from(list(PHASES)))
    needs = care.at(phase)
    named = [each.words for each in care.conflicts if phase in each.phases]
    for one in sent:
        here = {"light_max_lx": TABLE, "light_min_lx": TABLE, "no_dark": GUEST}.get(one["code"], VISIT)
        if phase not in one.get("phases", here):
            continue
        value: float = one.get("value", 0.0)
        match one["code"]:
            case "light_max_lx":
                assert needs.light_max is not None
                assert needs.light_max <= value or any("light:" in text for text in named)
            case (("light_min_lx" | "no_dark"), value):
                assert needs.light_min is not None
                assert needs.light_min >= value
            case "cct_max_k":
                assert needs.kelvin_max is not None
                assert needs.kelvin_max <= value
            case "slow_change":
                assert needs.slowest >= value
            case "sound_max_dba":
                assert needs.sound_off or (needs.sound_max is not None and needs.sound_max <= value) or any("sound:" in t for t in named)
            case "sound_min_dba":
                assert needs.sound_min is not None
                assert needs.sound_min >= value
                assert not needs.sound_off
            case "sound_off":
                assert needs.sound_off or any("sound:" in text for text in named)
            case "temp_offset_c":
                same = abs(needs.celsius) >= abs(value) and needs.celsius * value >= 0
                assert same or any("warmth:" in text for text in named)
            case (("no_accent" | "no_flash_strict"), _):
                assert needs.no_accent
    if needs.light_max is not None and needs.light_min is not None:
        assert needs.light_min <= needs.light_max


@settings(max_examples=100, deadline=None)
@given(st.lists(codes, max_size=6), st.randoms())
def test_the_order_of_codes_does_not_matter(sent: list[dict[str, Any]], random: Any) -> None:
    shuffled = list(sent)
    random.shuffle(shuffled)
    one, other = parse(sent), parse(shuffled)
    assert (one.phases, one.everywhere, {str(each) for each in one.conflicts}, one.scent) == (
        other.phases,
        other.everywhere,
        {str(each) for each in other.conflicts},
        other.scent,
    )
