"""The shipped library, read once, and the treatments it compiles to."""

from pathlib import Path

import pytest

from ambiance.profile import Library
from tests.cuesheet.treatments import Treatments

SHIPPED = Path(__file__).parents[2] / "profiles"


@pytest.fixture(scope="session")
def library() -> Library:
    return Library.load(SHIPPED)


@pytest.fixture(scope="session")
def treatments(library: Library) -> Treatments:
    return Treatments(library)
