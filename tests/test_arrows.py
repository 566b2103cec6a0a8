"""The shape of the house: imports point only to the left, pure folders stay pure, nothing happens at import."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "ambiance"

ORDER = (
    ("units", "errors", "clock", "why", "yaml", "site"),
    ("profile", "care"),
    ("cuesheet",),
    ("booking", "session", "device"),
    ("room",),
    ("panel",),
    ("config", "adopting", "app", "demo", "doctor", "cli"),
)
"""From the left to the right. Those of one group are siblings and do not know each other."""
FLOOR = ORDER[0]
ROOF = ORDER[-1]
"""The floor and the roof are stairs rather than siblings: each may stand on the one before it."""
LEAVES = {"client": ("units", "errors"), "player": ("units", "errors", "clock")}
"""Programs of their own, and what of the house they stand on; the player's agent keeps time."""

PURE = ("care", "cuesheet")
OUTSIDE = {
    "aiohttp", "asyncio", "concurrent", "fcntl", "glob", "http", "httpx", "io", "logging", "mmap", "multiprocessing", "os", "paho",
    "pathlib", "queue", "random", "secrets", "select", "shutil", "signal", "socket", "sqlalchemy", "sqlite3", "ssl", "structlog",
    "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
"""What a pure folder does not touch."""
CALLS = {"open", "print", "input", "exec", "eval", "now", "utcnow", "today", "sleep"}
CLOCKS = {"now", "utcnow", "today", "sleep", "monotonic", "perf_counter"}
UNNAMED = re.compile(
    r"(utils?|helpers?|commons?|bases?|managers?|services?|misc|tools)(_\w+)?|\w+_(utils?|helpers?|common|manager|service)"
)


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if "migrations" not in path.parts)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def part(path: Path) -> str:
    """The word of the house a file belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(module: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import; write it from ambiance on"
            name = node.module or ""
            yield from ((f"{name}.{alias.name}" if name == "ambiance" else name, node.lineno) for alias in node.names)


def place(word: str) -> int:
    return next((index for index, group in enumerate(ORDER) if word in group), -1)


def complaint(word: str, other: str) -> str | None:
    """Why `word` may not import `other`, or None."""
    if word == other or other == "__version__":
        return None
    if word in LEAVES:
        return None if other in LEAVES[word] else f"{word} is a leaf and knows only {', '.join(LEAVES[word])}"
    if other in LEAVES:
        return None if word in ROOF else f"only {', '.join(ROOF)} know {other}"
    here, there = place(word), place(other)
    if there < 0:
        return f"{other} has no place in the order"
    if here == there:
        stairs = next((group for group in (FLOOR, ROOF) if word in group), ())
        return None if stairs and stairs.index(other) < stairs.index(word) else f"{word} and {other} are siblings"
    return None if there < here else f"{other} stands to the right of {word}"


def known_words() -> set[str]:
    return {word for group in ORDER for word in group} | set(LEAVES)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT.parent))


@pytest.mark.parametrize("path", modules(), ids=named)
def test_every_arrow_points_left(path: Path) -> None:
    word = part(path)
    if word in ("__init__", "__main__"):
        return
    wrong = [
        f"{named(path)}:{line}: {said}"
        for name, line in imports(tree(path))
        if name.startswith("ambiance.") and (said := complaint(word, name.split(".")[1]))
    ]
    assert wrong == []


def test_every_part_of_the_house_has_its_place() -> None:
    found = {part(path) for path in modules()} - {"__init__", "__main__"}
    assert found <= known_words()


def test_a_part_is_not_called_by_what_says_nothing() -> None:
    names = {p.stem for p in modules()} | {p.name for p in ROOT.rglob("*") if p.is_dir()}
    assert [name for name in sorted(names) if UNNAMED.fullmatch(name)] == []


@pytest.mark.parametrize("path", [p for p in modules() if part(p) in PURE], ids=named)
def test_a_pure_part_touches_nothing_outside(path: Path) -> None:
    module = tree(path)
    wrong = [f"line {line}: {name}" for name, line in imports(module) if name.split(".")[0] in OUTSIDE or name == "ambiance.clock"]
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if called in CALLS:
                wrong.append(f"line {node.lineno}: {called}()")
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.Global):
            wrong.append(f"line {node.lineno}: {type(node).__name__}")
    assert wrong == []


@pytest.mark.parametrize("path", [p for p in modules() if part(p) not in ("clock", "player")], ids=named)
def test_nobody_but_the_clock_reads_the_time_of_day(path: Path) -> None:
    wrong = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            owner, called = node.func.value.id, node.func.attr
            if (owner == "datetime" and called in CLOCKS) or (owner == "time" and called in ("time", "sleep")):
                wrong.append(f"line {node.lineno}: {owner}.{called}()")
    assert wrong == []


WORK = re.compile(
    r"(connect|create_engine|load|loads|open|read|read_text|read_bytes|run|start|serve|sleep|now|get|post|basicConfig|configure|getenv|listdir|glob|"
    r"Thread|Process|Popen|Event|Queue|new_event_loop|create_task|mkdir|write_text|environ|exec|print|input|FastAPI|Typer)"
)


def at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Everything that is executed when the module is imported."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorated in (*statement.decorator_list, *statement.args.defaults, *(d for d in statement.args.kw_defaults if d)):
                yield from ast.walk(decorated)
        elif isinstance(statement, ast.ClassDef | ast.If | ast.With | ast.Try | ast.For | ast.While):
            yield from at_import(statement.body)
        else:
            yield from without_lambdas(statement)


def without_lambdas(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.Lambda):
            yield from without_lambdas(child)


@pytest.mark.parametrize("path", [p for p in modules() if part(p) not in ("cli", "__main__")], ids=named)
def test_nothing_is_done_at_import(path: Path) -> None:
    wrong = []
    for node in at_import(tree(path).body):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if WORK.fullmatch(called):
                wrong.append(f"line {node.lineno}: {called}()")
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and "filterwarnings" not in ast.dump(node.value.func):
            wrong.append(f"line {node.lineno}: a bare call")
    assert wrong == []


@pytest.mark.parametrize("path", modules(), ids=named)
def test_a_module_keeps_no_state(path: Path) -> None:
    """No `global`, no singleton, no list, set or dict made to be filled later."""
    module = tree(path)
    wrong = [f"line {node.lineno}: global" for node in ast.walk(module) if isinstance(node, ast.Global)]
    for statement in module.body:
        value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        match value:
            case ast.List(elts=[]) | ast.Dict(keys=[]) | ast.Call(func=ast.Name(id="dict" | "list" | "set"), args=[], keywords=[]):
                wrong.append(f"line {statement.lineno}: an empty container")
    assert wrong == []


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    heavy = {"alembic", "typer", "rich", "resvg_py"}
    wrong = []
    for path in modules():
        for statement in tree(path).body:
            names = [a.name for a in statement.names] if isinstance(statement, ast.Import) else []
            names += [statement.module or ""] if isinstance(statement, ast.ImportFrom) else []
            if part(path) != "cli" and any(name.split(".")[0] in heavy for name in names):
                wrong.append(f"{named(path)}:{statement.lineno}")
    assert wrong == []


@pytest.mark.parametrize("path", [p for p in modules() if p.name == "__init__.py"], ids=named)
def test_a_table_of_contents_is_nothing_else(path: Path) -> None:
    for statement in tree(path).body:
        text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        named_all = (
            isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name) and statement.targets[0].id.startswith("__")
        )
        assert text or named_all or isinstance(statement, ast.ImportFrom), f"line {statement.lineno}"


@pytest.mark.parametrize("path", modules(), ids=named)
def test_the_first_line_says_what_a_file_is_for(path: Path) -> None:
    said = ast.get_docstring(tree(path)) or ""
    assert len(said.split("\n")[0]) > 15


@pytest.mark.parametrize(
    "arrow",
    [
        "cuesheet-care",
        "device-cuesheet",
        "room-session",
        "cli-app",
        "cli-client",
        "config-device",
        "client-errors",
        "errors-units",
        "site-why",
        "panel-booking",
    ],
)
def test_an_arrow_to_the_left_is_allowed(arrow: str) -> None:
    word, other = arrow.split("-")
    assert complaint(word, other) is None


@pytest.mark.parametrize(
    "arrow",
    [
        "care-cuesheet",
        "care-profile",
        "session-device",
        "session-room",
        "panel-config",
        "app-cli",
        "client-site",
        "session-client",
        "units-errors",
        "session-strange",
    ],
)
def test_any_other_arrow_is_not(arrow: str) -> None:
    word, other = arrow.split("-")
    assert complaint(word, other) is not None
