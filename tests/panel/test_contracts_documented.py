"""The contracts people read name every call, role, verb and topic there is."""

from pathlib import Path
from typing import get_args

import pytest

from ambiance.device.topics import TREE, VERBS
from ambiance.panel import refusals
from ambiance.panel.bodies import AdjustBody, StartBody
from ambiance.panel.replies import ORDERS
from ambiance.panel.rights import RIGHTS
from ambiance.session.model import EmergencyKind
from tests.panel.doors import House

DOCS = Path(__file__).parents[2] / "docs"
HTTP, MQTT = ((DOCS / name).read_text(encoding="utf-8") for name in ("http.md", "mqtt.md"))
ROUTES = sorted((m, getattr(route, "path", "")) for route in House().app.routes for m in getattr(route, "methods", ()) if m != "HEAD")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_is_named(method: str, path: str) -> None:
    assert f"| `{method} {path}` |" in HTTP


def test_no_route_is_named_that_does_not_exist() -> None:
    named = [line.split("`")[1] for line in HTTP.splitlines() if line.startswith(("| `GET ", "| `POST ", "| `DELETE "))]
    assert sorted(named) == sorted(f"{method} {path}" for method, path in ROUTES)


@pytest.mark.parametrize("pattern", [row.pattern for row in TREE])
def test_every_topic_is_named(pattern: str) -> None:
    assert f"| `{pattern}` |" in MQTT


@pytest.mark.parametrize("word", [*VERBS, *get_args(EmergencyKind), *ORDERS])
def test_every_verb_kind_and_order_is_named(word: str) -> None:
    assert f"`{word}`" in MQTT or f'"{word}"' in MQTT


@pytest.mark.parametrize("word", [*RIGHTS])
def test_every_role_is_named(word: str) -> None:
    assert f"| `{word}` |" in HTTP


@pytest.mark.parametrize("field", [*StartBody.model_fields, *AdjustBody.model_fields])
def test_every_field_of_a_start_and_an_adjustment_is_named(field: str) -> None:
    assert f'"{field}"' in HTTP


@pytest.mark.parametrize(
    "kind", [kind for kind in vars(refusals).values() if isinstance(kind, type) and kind.__module__ == refusals.__name__]
)
def test_every_refusal_of_the_door_is_named(kind: type) -> None:
    error = kind
    if error is not refusals.Unforeseen:
        assert f"| `{getattr(error, 'type', '')}` | {getattr(error, 'status', '')} |" in HTTP
