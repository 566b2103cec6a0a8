"""The description of the HTTP contract that programs read: `/openapi.json`."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ambiance.panel.shapes import Problem
from ambiance.session.past import ALPHABET

API = "/api/v1"
REF = "#/components/schemas/{model}"
_PARAMETERS: dict[str, dict[str, Any]] = {
    "room": {"type": "string", "pattern": "^[a-z0-9-]{1,64}$"},
    "device": {"type": "string", "pattern": "^[a-z0-9-]{1,64}$"},
    "id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    "setting": {"type": "string", "pattern": "^[a-z0-9_-]{1,64}$"},
    "modality": {"type": "string", "pattern": "^[a-z0-9_-]{1,64}$"},
    "minutes": {"type": "integer", "minimum": 1, "maximum": 1440},
    "visit": {"type": "string", "enum": ["first", "follow_up"]},
    "course": {"type": "string", "pattern": f"^[{ALPHABET}]{{10}}$"},
    "code": {"type": "string", "pattern": "^[0-9A-Za-z]{7}$"},
    "from": {"type": "string", "format": "date", "description": "the first day, in the site's time zone"},
    "to": {"type": "string", "format": "date", "description": "the last day, included"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 500},
    "back": {"type": "integer", "minimum": 0, "maximum": 1440, "description": "minutes before now"},
    "ahead": {"type": "integer", "minimum": 0, "maximum": 1440, "description": "minutes after now"},
    "shape": {"type": "string", "enum": ["full", "lane", "ring"]},
    "width": {"type": "integer", "minimum": 280, "maximum": 1600, "description": "pixels of a full ribbon"},
    "profile": {"type": "string", "pattern": "^(spa|clinical)/[a-z0-9_-]{1,64}$"},
    "length": {"type": "integer", "minimum": 1, "maximum": 1440, "description": "minutes"},
    "light": {"type": "number", "minimum": -30, "maximum": 30, "description": "L* brighter"},
    "music": {"type": "number", "minimum": -12, "maximum": 12, "description": "dB louder"},
    "warmer": {"type": "number", "minimum": -100, "maximum": 100, "description": "mired"},
    "scent": {"type": "integer", "minimum": 0, "maximum": 3},
    "below": {"type": "integer", "minimum": 1, "maximum": 999999999},
    "Last-Event-ID": {"type": "string", "pattern": "^[0-9]{1,18}$"},
    "Idempotency-Key": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
SCHEMES = {
    "token": {"type": "http", "scheme": "bearer"},
    "staff": {"type": "apiKey", "in": "cookie", "name": "__Host-ambiance-staff"},
    "screen": {"type": "apiKey", "in": "cookie", "name": "__Host-ambiance-screen"},
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
}
_APART = "Anything else is refused by itself, with its own status"
_WORDS = {
    400: "The Host header is none of ours, or the request makes no sense",
    401: "No valid token or sign-in",
    403: "The role, or the room of the token, does not reach this",
    404: "No such thing here",
    408: "The body came too slowly",
    409: "Not now; says the present state",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "Refused; `errors` lists every fault",
    429: "Too fast",
    503: "The store cannot save now; try again",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the contract: what it takes, what it answers, what it may refuse with."""

    method: str
    path: str
    summary: str
    answer: type[BaseModel] | None
    body: type[BaseModel] | None = None
    many: bool = False
    batch: bool = False
    status: int = 200
    also: int | None = None
    query: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    open: bool = False
    media: str = "application/json"
    needs_body: bool = True
    keyed: bool = True
    conflicts: bool = False
    """Whether even reading may have to wait for something to be put right."""

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def name(self) -> str:
        """What generated clients call it: `get_rooms_room_why`."""
        return "_".join([self.method.lower(), *re.findall(r"[a-z]+", self.path.removeprefix(API))])

    def describe(self) -> dict[str, Any]:
        """The operation, as OpenAPI 3.1 says it."""
        refusals = (
            [400, 401, 403, 422, 429, 503] if self.open and self.writes else [400] if self.open else [400, 401, 403, 404, 422, 429, 503]
        )
        if self.writes:
            refusals += [408, 409, 413, 415]
        elif self.conflicts:
            refusals += [409]
        content = {"application/problem+json": {"schema": _ref(Problem)}}
        good: dict[str, Any] = {"description": "Done"}
        if self.answer is not None:
            shape = _ref(self.answer)
            good["content"] = {self.media: {"schema": {"type": "array", "items": shape} if self.many else shape}}
        elif self.media:
            good["content"] = {self.media: {"schema": {"type": "string"}}}
        answers: dict[str, Any] = {str(status): {"description": _WORDS[status], "content": content} for status in sorted(refusals)}
        answers[str(self.status)] = good
        if self.also is not None:
            answers[str(self.also)] = good
        said: dict[str, Any] = {
            "operationId": self.name,
            "summary": self.summary,
            "parameters": [*self._parameters()],
            "responses": answers,
        }
        if self.body is not None:
            body = _ref(self.body)
            schema = {"type": "array", "maxItems": 1000, "items": {"anyOf": [body, {"description": _APART}]}} if self.batch else body
            said["requestBody"] = {"required": self.needs_body, "content": {"application/json": {"schema": schema}}}
        said["security"] = [] if self.open else [{"token": []}, {"staff": [], "csrf": []}, {"screen": [], "csrf": []}]
        return said

    def _parameters(self) -> list[dict[str, Any]]:
        inside = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        header = (*self.header, *(("Idempotency-Key",) if self.writes and self.keyed else ()))
        return [
            *({"name": n, "in": "path", "required": True, "schema": _PARAMETERS[n]} for n in inside),
            *({"name": n, "in": "query", "required": False, "schema": _PARAMETERS[n]} for n in self.query),
            *({"name": n, "in": "header", "required": False, "schema": _PARAMETERS[n]} for n in header),
        ]


def document(calls: list[Call], version: str) -> dict[str, Any]:
    """The whole contract."""
    models = {model for call in calls for model in (call.answer, call.body) if model is not None} | {Problem}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "validation") for model in ordered], ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(call.path, {})[call.method.lower()] = call.describe()
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ambiance", "version": version, "description": "Rooms that follow a whole treatment: light, music and scent."},
        "paths": paths,
        "components": {"schemas": schemas["$defs"], "securitySchemes": SCHEMES},
    }


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REF.format(model=model.__name__)}
