"""The docs say what the program does: a key, topic, error or word that is missing there fails here."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import ambiance
from ambiance import errors
from ambiance.config.rooms import ONLY_FOR, VERBS
from ambiance.device.dialects import FAMILIES, SPOKEN
from ambiance.device.topics import TREE
from ambiance.session.tables import PRIVATE

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

WORDS = """site room setting modality plan phase border atmosphere profile menu care cue cue_sheet scene dose session hand wanted reported
dialect turnover desk tablet"""


def doc(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def config_keys() -> list[str]:
    """Every key that reading config.yaml asks for."""
    keys: set[str] = set(ONLY_FOR)
    for path in sorted((ROOT / "ambiance" / "config").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                of_section = isinstance(node.func.value, ast.Name) and node.func.value.id in ("section", "top", "inner")
                reads = of_section and node.func.attr in ("take", "get", "section", "sections")
                file = node.func.attr == "file" and len(node.args) == 2
                key = node.args[1 if file else 0] if reads or file else None
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    keys.add(key.value)
    return sorted(keys)


def error_classes() -> list[type[errors.AmbianceError]]:
    found = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.AmbianceError)]
    return sorted(found, key=lambda kind: kind.__name__)


def test_the_keys_are_found_at_all() -> None:
    assert {"timezone", "password_file", "trusted_proxies", "full_light_lux", "supine_view", "press", "certificate"} <= set(config_keys())


@pytest.mark.parametrize("key", config_keys())
def test_every_config_key_is_documented(key: str) -> None:
    assert f"`{key}`" in doc("configuration.md")


def test_every_meaning_of_a_press_is_documented() -> None:
    assert [verb for verb in VERBS if f"`{verb}`" not in doc("configuration.md")] == []


@pytest.mark.parametrize("kind", error_classes(), ids=lambda kind: str(kind.__name__))
def test_every_error_is_documented_with_its_type_and_status(kind: type[errors.AmbianceError]) -> None:
    row = next((line for line in doc("errors.md").splitlines() if line.startswith(f"| `{kind.__name__}` |")), "")
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert len(cells) == 5
    assert cells[1] == f"`{kind.type}`"
    assert cells[2] in (str(kind.status), "the controller's")
    assert cells[3]
    assert cells[4]
    assert kind.__doc__


def test_no_error_is_documented_that_is_gone() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", doc("errors.md"), re.MULTILINE)
    assert set(documented) == {kind.__name__ for kind in error_classes()}


@pytest.mark.parametrize("row", TREE, ids=lambda row: str(row.name))
def test_every_topic_is_documented(row: object) -> None:
    pattern = getattr(row, "pattern", "")
    line = next((line for line in doc("how-it-works.md").splitlines() if line.startswith(f"| `{pattern}` |")), "")
    assert f"| {getattr(row, 'way', '')} |" in line


@pytest.mark.parametrize("dialect", SPOKEN)
def test_every_dialect_has_its_section_with_each_of_its_options(dialect: str) -> None:
    sections = re.split(r"^## ", doc("devices.md"), flags=re.MULTILINE)
    (section,) = [text for text in sections if text.startswith(f"`{dialect}`")]
    if dialect in FAMILIES:
        assert f"dialect: {dialect}" in section
        assert "*Source" in section or dialect == "template"
        if dialect != "zigbee2mqtt-tuya":
            assert [option for option in FAMILIES[dialect].options if f"`{option}`" not in section] == []


@pytest.mark.parametrize("word", WORDS.split())
def test_every_word_is_in_the_glossary(word: str) -> None:
    assert f"| **{word.replace('_', ' ')}** |" in doc("glossary.md")


def test_the_newest_version_in_the_changelog_is_this_one() -> None:
    versions = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[0] == ambiance.__version__


def test_every_runtime_dependency_has_its_line_of_why() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[><=\[!~ ]", line)[0].lower() for line in project["dependencies"]]
    said = doc("decisions.md").lower().replace("resvg", "resvg-py")
    assert [name for name in names if name not in said] == []


def test_what_is_overridden_where_it_is_private_is_held_to_the_minor_release_it_was_tried_with() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {each.name: each.specifier for each in map(Requirement, project["dependencies"])}
    tried = dict(re.findall(r"^([a-z0-9._-]+)==(\S+) ", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE))
    for name in ("amqtt", "paho-mqtt", "uvicorn"):
        version = Version(tried[name])
        assert version in wanted[name], name
        assert f"{version.major}.{version.minor + 1}" not in wanted[name], name


def test_links_between_docs_lead_somewhere() -> None:
    for path in [*DOCS.glob("*.md"), ROOT / "README.md"]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_a_dump_made_as_documented_leaves_out_every_table_that_no_backup_holds() -> None:
    assert set(re.findall(r"--exclude-table-data=(\w+)", doc("privacy.md"))) == set(PRIVATE)


def test_requirements_are_pinned_with_hashes_and_have_no_addresses() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert "://" not in text
    entries = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
    assert all(re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+ ", entry) for entry in entries)
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) >= len(entries)
