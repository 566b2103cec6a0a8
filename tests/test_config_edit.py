"""Setting keys in config.yaml: the lines that change and no others."""

from pathlib import Path

import pytest

from ambiance.config import load_config
from ambiance.config.edit import set_keys, with_keys
from ambiance.errors import ConfigError

ROOT = Path(__file__).parent.parent


def test_a_key_is_changed_in_its_line_and_its_comment_stays() -> None:
    text = "a: 1\nhttp:\n  # why\n  host: 127.0.0.1 # only here\n  port: 8080\n\nrooms: []\n"
    assert with_keys(text, "http", {"host": '"0.0.0.0"', "key": "k.pem"}) == (
        'a: 1\nhttp:\n  # why\n  host: "0.0.0.0" # only here\n  port: 8080\n  key: k.pem\n\nrooms: []\n'
    )


def test_a_section_that_is_missing_is_added_and_one_in_braces_is_left_alone() -> None:
    assert with_keys("a: 1\n", "http", {"port": "1"}) == "a: 1\n\nhttp:\n  port: 1\n"
    assert with_keys("http: {port: 1}\n", "http", {"port": "2"}) is None
    assert with_keys("http:\n  hosts:\n    - a\n", "http", {"hosts": "[b]"}) is None
    assert with_keys("http:\n", "http", {"port": "2"}) == "http:\n  port: 2\n"


def test_the_shipped_house_keeps_every_comment(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    before = (ROOT / "config.yaml").read_text(encoding="utf-8")
    path.write_text(before, encoding="utf-8")
    path.chmod(0o640)
    assert set_keys(path, "http", {"port": "8443", "hosts": "[rooms.lan]"}, {})
    after = path.read_text(encoding="utf-8")
    assert set(after.splitlines()) - set(before.splitlines()) == {"  port: 8443", "  hosts: [rooms.lan]"}
    assert set(before.splitlines()) - set(after.splitlines()) == {"  port: 8080"}
    assert load_config(path, {}).http.hosts == ("rooms.lan",)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["config.yaml"]


def test_what_could_not_be_loaded_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        set_keys(path, "http", {"port": "x"}, {})
    assert path.read_text(encoding="utf-8") == text
    assert [each.name for each in tmp_path.iterdir()] == ["config.yaml"]
