"""The shipped library, and a copy of it that a test may write into."""

import shutil
from pathlib import Path

import pytest

from ambiance.profile import Library
from tests.profile.shelf import SHIPPED, Shelf


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.load(SHIPPED)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shutil.copytree(SHIPPED, tmp_path / "profiles")
    return Shelf(tmp_path / "profiles")
