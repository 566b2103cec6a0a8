"""What no file may do to the house: execute, explode, or say one thing and mean another."""

import json
import math
import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ambiance.errors import ConfigError, FileError, Place, ProfileError
from ambiance.yaml import (
    MOST_DEEP,
    Choice,
    Faults,
    Flag,
    ListOf,
    MapOf,
    Node,
    Number,
    Section,
    Slug,
    Span,
    Text,
    Whole,
    WordOr,
    load,
    nearest,
    parse,
    plain,
)  # fmt: skip
from tests.pace import pace
from tests.profile.shelf import Shelf

SECOND = 1.0
EXTRA = 50 * 1024 * 1024  # bytes


def refused(text: str | bytes, seconds: float = SECOND) -> list[str]:
    """The complaints about a text, which must come within a second of work."""
    before = time.process_time()
    with pytest.raises(FileError) as caught:
        parse(text, "x.yaml")
    assert time.process_time() - before < seconds * pace()
    return [str(fault) for fault in caught.value.faults]


def test_fault_21_a_yaml_bomb_is_refused_before_it_goes_off() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    complaints = refused("\n".join(lines))
    assert complaints[0] == "x.yaml:1: a0: found an anchor (&a0); wanted plain values: anchors are not read"
    assert "x.yaml:2: a1[0]: found an alias (*a0); wanted the values written out: aliases are not read" in complaints


@pytest.mark.parametrize("text", ["[" * 10_000, "- a\n" * 60_000, "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n" * 500, "? " * 10_000])
def test_fault_21_refusing_takes_less_than_50_mb(text: str) -> None:
    tracemalloc.start()
    with pytest.raises(FileError):
        parse(text, "x.yaml")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < EXTRA


def test_fault_21_anchors_aliases_and_merge_keys_are_refused() -> None:
    assert refused("base: &b {a: 1}\nroom: {<<: *b}\n") == [
        "x.yaml:1: base: found an anchor (&b); wanted plain values: anchors are not read",
        "x.yaml:2: room.<<: found a merge key (<<); wanted the values written out: merge keys are not read",
        "x.yaml:2: room.<<: found an alias (*b); wanted the values written out: aliases are not read",
    ]


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system [ls]", "!!python/name:os.getcwd x", "!!binary aGk=", "!own 1"])
def test_fault_21_a_tag_is_refused_and_nothing_is_executed(tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(os, "system", called.append)
    (complaint,) = refused(f"a: 1\nb: {tag}\n")
    assert complaint.startswith("x.yaml:2: b: found a tag (") and complaint.endswith("wanted plain values: tags are not read")
    assert called == []


def test_fault_21_a_file_of_100_mb_is_refused_unread(tmp_path: Path) -> None:
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    tracemalloc.start()
    before = time.process_time()
    with pytest.raises(FileError, match=r"huge.yaml:1: found 104857600 bytes; wanted at most 262144"):
        load(huge, "huge.yaml")
    assert time.process_time() - before < SECOND * pace()
    assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    tracemalloc.stop()


def test_fault_21_a_profile_of_100_mb_does_not_keep_the_other_faults_from_being_told(shelf: Shelf) -> None:
    with (shelf.folder / "spa/huge.yaml").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    shelf.edit("spa/swedish.yaml", "dba: 42", "dba: 99")
    complaints = shelf.complaints()
    assert [line.split(":")[0] for line in complaints] == ["profiles/spa/huge.yaml", "profiles/spa/swedish.yaml"]


@pytest.mark.parametrize("text", ["[" * 10_000, "{a: " * 10_000, "- " * 10_000, "? " * 10_000, "[" * 10_000 + "]" * 10_000, "[[" * 100,
                                  "\n".join(" " * n + "a:" for n in range(600))])  # fmt: skip
def test_fault_21_nesting_10_000_deep_is_refused(text: str) -> None:
    (complaint,) = refused(text)
    assert complaint.endswith(f"found values nested more than {MOST_DEEP} deep; wanted at most {MOST_DEEP} levels")


@pytest.mark.parametrize(
    "text",
    ["[" + "[]," * 80_000 + "]", "- a\n" * 60_000, "{" + ",".join(f"k{n}: 1" for n in range(25_000)) + "}", ("- " * 15 + "a\n") * 8_000],
)
def test_fault_21_a_file_of_nothing_but_values_is_refused(text: str) -> None:
    (complaint,) = refused(text, seconds=2.5)
    assert "found more than 32000 values; wanted a smaller file" in complaint


def test_brackets_in_quoted_text_count_for_nothing() -> None:
    assert parse("a: '" + "[" * 200 + "'", "x.yaml").value


def test_twenty_levels_are_read_and_one_more_is_not() -> None:
    assert parse("[" * MOST_DEEP + "]" * MOST_DEEP, "x.yaml").value is not None
    assert refused("[" * (MOST_DEEP + 1) + "]" * (MOST_DEEP + 1))


@pytest.mark.parametrize("word", [".nan", ".NaN", ".inf", "-.inf", "+.INF", "nan", "NaN", "Infinity", "-infinity", "1e999", "-1e400"])
def test_fault_20_not_a_number_and_infinity_are_refused(word: str) -> None:
    (complaint,) = refused(f"a:\n  b: [1, {word}]\n")
    assert complaint.startswith("x.yaml:2: a.b[1]: found ") and complaint.endswith("; wanted a finite number")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3: a: found 'a' a second time (first in line 1); wanted each key once"),
        ("a: 1\n---\nb: 2\n", "x.yaml:2: found a second document (---); wanted one document in a file"),
        ("%YAML 1.1\n---\na: yes\n", "x.yaml:1: found a % directive; wanted plain YAML without directives"),
        (b"a: 1\nb: caf\xe9\n", "x.yaml:2: found byte 0xe9, which is not UTF-8; wanted a file saved as UTF-8"),
        ("a: 1\n".encode("utf-16"), "x.yaml:1: found byte 0xff, which is not UTF-8; wanted a file saved as UTF-8"),
        ("a: 1\n b: 2\n", "x.yaml:2: found text that is no YAML (mapping values are not allowed in this context); wanted"),
        ("a: [1, 2\n", "x.yaml:2: found text that is no YAML"),
        ("a: 'x\n", "x.yaml:2: found text that is no YAML"),
        ("a: 1\n\tb: 2\n", "x.yaml:2: found text that is no YAML"),
        ("a: \x07\n", "x.yaml:1: found text that is no YAML"),
        ("[1, 2]: 3\n", "x.yaml:1: found a list of 2 as a key; wanted a word as a key"),
        ("a" * 262_145, "x.yaml:1: found more than 262144 bytes; wanted at most 262144"),
        ("\ud800", "x.yaml:1: found byte 0xed, which is not UTF-8"),
        ("a: !%ed%a0%80 b\n", "x.yaml:1: found a tag that is no text; wanted plain values"),
        ("a: 1\nb: \x07\n", "x.yaml:2: found text that is no YAML (characters that YAML does not allow)"),
        ('a: "\\ud800"\n', "x.yaml:1: found text that is no YAML (found invalid Unicode character escape code)"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(text: str | bytes, complaint: str) -> None:
    assert any(line.startswith(complaint) for line in refused(text))


def test_a_file_full_of_faults_tells_the_first_fifty() -> None:
    assert len(refused("\n".join(f"k{n}: !x 1" for n in range(5_000)))) == 50


@pytest.mark.parametrize("make", [lambda p: p.mkdir(), lambda p: os.mkfifo(p), lambda p: p.symlink_to("/dev/zero")])
def test_what_is_no_plain_file_is_refused_without_waiting(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "odd.yaml")
    with pytest.raises(FileError, match=r"odd.yaml:1: found something that is no plain file; wanted a YAML file"):
        load(tmp_path / "odd.yaml", "odd.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"config.yaml:1: found no such file; wanted a YAML file there"):
        load(tmp_path / "config.yaml")


def test_an_empty_file_is_an_empty_mapping() -> None:
    for text in ("", "# only a comment\n", "\n\n", "---\n", "\ufeff"):
        assert parse(text, "x.yaml").value == {}


def test_every_value_knows_its_line_and_path() -> None:
    root = parse("site:\n  id: harbour\nrooms:\n  - id: lavender\n    devices:\n      - {id: lamp,\n         share: 0.8}\n", "config.yaml")

    def down(node: Node, *path: str | int) -> Node:
        for step in path:
            inside: Any = node.value
            node = inside[step]
        return node

    assert down(root, "site", "id").place == Place("config.yaml", 2, "site.id")
    assert down(root, "rooms", 0, "devices", 0, "share").place == Place("config.yaml", 7, "rooms[0].devices[0].share")
    assert (down(root, "rooms").line, down(root, "rooms").path) == (3, "rooms")


def test_words_are_read_as_yaml_1_2_reads_them() -> None:
    read = {
        text: plain(text)
        for text in ["yes", "on", "no", "~", "true", "12", "007", "0x1f", "1_000", "12:30", "1.5", "1e3", ".5", "-3", "2026-11-23"]
    }
    assert read == {
        "yes": "yes", "on": "on", "no": "no", "~": None, "true": True, "12": 12, "007": 7, "0x1f": "0x1f", "1_000": "1_000",
        "12:30": "12:30", "1.5": 1.5, "1e3": 1000.0, ".5": 0.5, "-3": -3, "2026-11-23": "2026-11-23",
    }  # fmt: skip


def test_a_section_reads_every_kind_and_tells_every_fault_at_once() -> None:
    text = """\
name: Harbour Spa
id: harbour
port: 80
share: 0.5
on: true
role: accent
kelvin: [2000, 6500]
families: [citrus, spice]
press: {single: advance}
dba: silent
odd: {}
"""
    faults = Faults()
    with Section(parse(text, "c.yaml"), faults) as top:
        assert top.take("name", Text()) == "Harbour Spa"
        assert top.take("id", Slug()) == "harbour"
        assert top.take("port", Whole(1, 65535)) == 80
        assert top.take("share", Number(0, 1)) == 0.5
        assert top.take("on", Flag()) is True
        assert top.take("role", Choice("ambient", "accent", "exam")) == "accent"
        assert top.take("kelvin", Span(1000, 10_000, "K")) == (2000.0, 6500.0)
        assert top.take("families", ListOf(Text())) == ("citrus", "spice")
        assert top.take("press", MapOf(Text())) == {"single": "advance"}
        assert top.take("dba", WordOr("silent", Number(20, 60, "dBA"))) == "silent"
        assert top.take("missing", Number(0, 1), None) is None
        assert top.take("area", Text(), "") == ""
        assert "odd" in top and "even" not in top
    assert len(faults) == 0
    faults.stop()


WRONG = [
    ("Number(0, 1)", Number(0, 1), ["true", "'1'", "2", "-0.1", "[1]", "{a: 1}", "~", "text"], "a number, 0 to 1"),
    ("Whole(1, 9)", Whole(1, 9, "minutes"), ["1.5", "0", "10", "true", "'3'", "9999999999999999999999"], "a whole number, 1 to 9 minutes"),
    ("Flag()", Flag(), ["yes", "1", "'true'", "~"], "true or false"),
    ("Choice", Choice("ambient", "accent"), ["ambiet", "1", "[ambient]", "~"], "ambient or accent"),
    ("Slug()", Slug(), ["A", "a b", "a/b", "a+b", "'#'", "''", "1", "é", "a" * 65, "../x", '"a\\0"'], "an id of 1 to 64 characters"),
    ("Text()", Text(20), ["1", "''", '"a\\nb"', '"\\x1b[31m"', "x" * 21, "[a]"], "text of one line, at most 20 characters"),
    ("Span", Span(0, 10, "K"), ["[5]", "[5, 4]", "[1, 2, 3]", "5", "[1, true]", "[1, 11]"], ""),
    ("ListOf", ListOf(Whole(0, 3), 1, 2), ["[]", "[1, 1]", "[1, 2, 3]", "1", "[9]"], ""),
    ("MapOf", MapOf(Flag()), ["{a: 1}", "{'a b': true}", "[]"], ""),
]


@pytest.mark.parametrize(("kind", "texts", "wanted"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_value_of_the_wrong_kind_is_told_with_what_was_wanted(kind: Number, texts: list[str], wanted: str) -> None:
    for text in texts:
        faults = Faults()
        Section(parse(f"first: 1\nkey: {text}\n", "c.yaml"), faults).take("key", kind)
        (fault,) = faults
        assert fault.place.line == 2 and fault.place.path.startswith("key"), text
        assert wanted in fault.wanted, text
        assert str(fault).isprintable() and len(str(fault)) < 250


def test_all_faults_come_in_the_order_of_the_file_and_in_the_class_of_the_reader() -> None:
    faults = Faults()
    with Section(parse("http: {prt: 80}\nname: 3\n", "config.yaml"), faults) as top:
        top.take("name", Text())
        top.section("site", required=True).take("id", Slug())
        with top.section("http") as http:
            http.take("port", Whole(1, 65535), 8080)
    with pytest.raises(ConfigError) as caught:
        faults.stop(ConfigError)
    assert str(caught.value).splitlines() == [
        "config.yaml:1: http.prt: found the unknown key 'prt'; wanted port (the nearest known)",
        "config.yaml:1: site: found nothing; wanted the key site, which is required",
        "config.yaml:2: name: found 3; wanted text of one line, at most 200 characters",
    ]
    assert not isinstance(caught.value, ProfileError)


def test_lists_of_mappings_are_read_item_by_item() -> None:
    faults = Faults()
    top = Section(parse("rooms:\n  - {id: a}\n  - 7\n  - {id: b, nam: x}\nsolo: 3\n", "c.yaml"), faults)
    read = []
    for room in top.sections("rooms"):
        with room:
            read.append((room.take("id", Slug(), ""), room.take("name", Text(), "")))
    assert read == [("a", ""), ("", ""), ("b", "")]
    assert top.sections("solo") == ()
    assert [fault.place.path for fault in faults] == ["rooms[1]", "rooms[2].nam", "solo"]


def test_an_unknown_name_gets_the_nearest_known_one_or_all_of_them() -> None:
    assert nearest("kelvn", ["lux", "kelvin"]) == "kelvin (the nearest known)"
    assert nearest("zzz", ["lux", "kelvin"]) == "one of kelvin, lux"


LETTERS = st.text(st.characters(max_codepoint=0x24F, exclude_categories=("Cc", "Cs")), max_size=10).filter(lambda key: key != "<<")
TREE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e6, 1e6) | LETTERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LETTERS, inner, max_size=4),
    max_leaves=12,
)


def value_of(node: Node) -> object:
    match node.value:
        case tuple():
            return [value_of(item) for item in node.value]
        case dict():
            return {key: value_of(item) for key, item in node.value.items()}
        case _:
            return node.value


@settings(max_examples=200, deadline=None)
@given(tree=st.dictionaries(st.text("abc", min_size=1, max_size=8), TREE, max_size=4))
def test_json_which_is_yaml_too_is_read_as_it_was_meant(tree: dict[str, object]) -> None:
    assert value_of(parse(json.dumps(tree, ensure_ascii=False), "x.yaml")) == tree


@settings(max_examples=300, deadline=None)
@given(
    data=st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))
    | st.text("[]{}:,-&*!<|>'\"#% \nab1.", max_size=200).map(str.encode)
)
def test_whatever_a_file_holds_it_is_read_or_refused_in_words(data: bytes) -> None:
    faults = Faults()
    try:
        node = parse(data, "x.yaml")
    except FileError as error:
        faults.take(error)
    assert all(str(fault).isprintable() and fault.place.line >= 1 for fault in faults)
    assert len(faults) or not isinstance(node.value, float) or math.isfinite(node.value)
