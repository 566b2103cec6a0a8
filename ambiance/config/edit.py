"""Setting keys of one section of config.yaml as a careful person would: only those lines change, comments stay."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ambiance.config.file import load_config

_INDENT = re.compile(r"( +)[^\s#]")


def with_keys(text: str, section: str, values: Mapping[str, str]) -> str | None:
    """The text with these keys of a section set, values written as YAML; None where the section is not written in lines."""
    lines = text.splitlines()
    head = next((n for n, line in enumerate(lines) if re.match(rf"{section}\s*:", line)), None)
    if head is None:
        block = [f"{section}:", *(f"  {key}: {value}" for key, value in values.items())]
        return "\n".join([*lines, "", *block]) + "\n"
    if not re.fullmatch(rf"{section}\s*:\s*(#.*)?", lines[head]):
        return None
    end = next((n for n in range(head + 1, len(lines)) if lines[n].strip() and not lines[n].startswith((" ", "#"))), len(lines))
    inside = [n for n in range(head + 1, end) if _INDENT.match(lines[n])]
    indent = _INDENT.match(lines[inside[0]])[1] if inside else "  "  # type: ignore[index]
    last = inside[-1] if inside else head
    added = []
    for key, value in values.items():
        line = re.compile(rf"({indent}{key}\s*:\s*)([^#]*?)(\s+#.*|\s*)$")
        at = next((n for n in inside if line.match(lines[n])), None)
        if at is None:
            added.append(f"{indent}{key}: {value}")
        elif not lines[at].split(":", 1)[1].split("#")[0].strip():
            return None  # its value goes on in the lines below
        else:
            lines[at] = line.sub(lambda found, value=value: f"{found[1]}{value}{found[3]}", lines[at])  # type: ignore[misc]
    lines[last + 1 : last + 1] = added
    return "\n".join(lines) + "\n"


def set_keys(path: Path, section: str, values: Mapping[str, str], env: Mapping[str, str]) -> bool:
    """Write them into the file, atomically and only if the whole file is then still right; False where it has to be done by hand.

    Raises ConfigError where the outcome could not be loaded; the file is then as it was.
    """
    changed = with_keys(path.read_text(encoding="utf-8"), section, values)
    if changed is None:
        return False
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(changed, encoding="utf-8")
        os.chmod(part, path.stat().st_mode & 0o777)
        load_config(part, env)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return True
