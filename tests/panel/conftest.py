"""A house behind the doors."""

import pytest

from tests.panel.doors import House


@pytest.fixture
def house() -> House:
    return House()
