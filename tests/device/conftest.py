"""Brokers for the tests of the device side."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.brokers import Mosquitto
from tests.device.linked import AnyBroker, embedded, external


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A plain Mosquitto that keeps nothing over a kill."""
    with Mosquitto(tmp_path / "mosquitto") as running:
        yield running


@pytest.fixture(params=["mosquitto", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyBroker]:
    """Everything the link promises holds on both."""
    opened: AbstractContextManager[AnyBroker] = embedded() if request.param == "embedded" else external(tmp_path / "mosquitto")
    with opened as running:
        yield running
