"""The schema and the page for authors say what the reader does, or the build fails."""

import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from ambiance.profile import PHASES, schemas
from ambiance.profile.accent import ACCENTS
from ambiance.yaml import Node, load
from tests.profile.shelf import SHIPPED, Shelf

PAGE = (Path(__file__).parents[2] / "docs" / "profile-language.md").read_text()
FILES = [
    ("setting", "settings/*.yaml"),
    ("plan", "plans/*.yaml"),
    ("profile", "spa/*.yaml"),
    ("profile", "clinical/*.yaml"),
    ("menu", "menu.yaml"),
]


def plain(node: Node) -> Any:
    match node.value:
        case tuple():
            return [plain(item) for item in node.value]
        case dict():
            return {key: plain(item) for key, item in node.value.items()}
        case _:
            return node.value


def keys_of(schema: Any) -> set[str]:
    """Every property name in a schema, phases and names of visits in plans included."""
    if isinstance(schema, list):
        return set().union(*(keys_of(item) for item in schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    inside = set().union(*(keys_of(value) for value in schema.values())) if schema else set()
    return inside | (set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set())


@pytest.mark.parametrize(("kind", "pattern"), FILES)
def test_every_shipped_file_fits_its_schema(kind: str, pattern: str) -> None:
    validator = jsonschema_rs.validator_for(schemas()[kind])
    paths = sorted(SHIPPED.glob(pattern))
    assert paths
    for path in paths:
        assert [str(error) for error in validator.iter_errors(plain(load(path)))] == [], path


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("profile", {"setting": "spa", "modality": "x"}),
        ("profile", {"setting": "spa", "modality": "x", "refused": "no", "pulse": 3}),
        ("profile", {"setting": "spo", "modality": "x", "refused": "no"}),
        ("plan", {"plan": "x"}),
        ("plan", {"plan": "x", "rows": {"30": {"wrok1": 30}}}),
        ("setting", {"setting": "spa"}),
        ("menu", {"menu": [{"id": "A B", "name": "x", "profile": "spa/swedish", "minutes": 60}]}),
        ("menu", {"menu": [{"id": "a", "name": "x", "profile": "../../etc/passwd", "minutes": 60}]}),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(kind: str, value: object) -> None:
    assert not jsonschema_rs.validator_for(schemas()[kind]).is_valid(value)


def test_the_page_names_every_key_phase_and_colour_of_the_language() -> None:
    known = set().union(*(keys_of(schema) for schema in schemas().values()))
    assert len(known) > 55
    missing = {key for key in known | set(PHASES) | set(ACCENTS) if f"`{key}`" not in PAGE}
    assert not missing


def test_the_page_names_the_range_of_every_number() -> None:
    for name in re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE):
        for schema in schemas().values():
            found = schema["properties"].get(name) or schema.get("$defs", {}).get("phase", {}).get("properties", {}).get(name)
            if found and "minimum" in found and found.get("maximum") is not None:
                low, high = (f"{found[end]:g}".replace("-", "−") for end in ("minimum", "maximum"))
                row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
                rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
                assert row and any(re.search(rf"{low}(–| to ){high}|one of them|within", line) for line in rows), (name, low, high)


def test_the_worked_example_of_the_page_loads_and_plays(shelf: Shelf) -> None:
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, flags=re.DOTALL)
    assert [path for path, _ in blocks] == ["plans/head.yaml", "spa/head.yaml"]
    for path, text in blocks:
        shelf.write(path, text)
    profile = shelf.load().get("spa/head")
    assert sum(step.minutes for step in profile.steps(38)) == 38
    assert profile.atmospheres["return"].fade == 90
    shelf.edit("spa/head.yaml", "kelvin: 2200", "kelvn: 2200")
    quoted = next(line.strip() for line in PAGE.splitlines() if "found the unknown key" in line)
    assert any(re.sub(r":\d+: work\.", ":9: ", line) == quoted for line in shelf.complaints())
