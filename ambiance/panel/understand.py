"""A body made into its model, or every fault of it told by its path, in plain words."""

import re
from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from ambiance.errors import Invalid
from ambiance.session.past import ALPHABET

SLUG_PATTERN = r"^[a-z0-9-]{1,64}$"
ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
TAG_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,39}$"
PROFILE_PATTERN = r"^[a-z0-9_-]{1,64}(/[a-z0-9_-]{1,64})?$"
COLOR_PATTERN = r"^#[0-9a-fA-F]{6}$"
COURSE_PATTERN = rf"^[{ALPHABET}]{{10}}$"
MOST_FAULTS = 1000
"""More of them in one body are a number: nobody reads them, and whoever sends them means to keep us busy with telling."""
STRAY = "a key that is not known here"
_PATTERNS = {
    SLUG_PATTERN: "small letters, digits and -, at most 64",
    ID_PATTERN: "letters, digits, - and _, at most 64",
    TAG_PATTERN: "one word of small letters, digits, - and _, at most 40",
    PROFILE_PATTERN: "setting/modality, as spa/swedish, or a name on the menu",
    COLOR_PATTERN: "a colour, as #ffc880",
    COURSE_PATTERN: "the reference of a course, from POST /courses",
}


_WANTED = {
    "model_type": "an object, as {…}",
    "dict_type": "an object, as {…}",
    "list_type": "a list",
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "too_short": "at least one",
}
"""What would do, in our own words where pydantic's are about Python."""


_ABOUT = re.compile(r"^(Input|String|List|Dictionary) should (be |have )?")


class Body(BaseModel):
    """Strict: a true is no number, a stray key is a fault."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, defer_build=True)


_Model = TypeVar("_Model", bound=Body)


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


NOTHING = _Absent()


def understand(model: type[_Model], value: object) -> _Model:
    """`value` as `model`. Raises Invalid that names every fault by its path."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        if error.error_count() > MOST_FAULTS:
            raise Invalid(("body", f"{error.error_count()} faults", "a body of this call, as /openapi.json describes it")) from None
        faults: dict[str, tuple[str, object, str]] = {}
        for each in error.errors(include_url=False):
            path, found, wanted = _fault(model, each, value)
            # What may be of several kinds is one fault, whose cure is any of them.
            faults[path] = (path, found, f"{faults[path][2]} or {wanted}") if path in faults else (path, found, wanted)
        raise Invalid(*faults.values()) from None


def _fault(model: type[Body], fault: Any, value: object) -> tuple[str, object, str]:
    path, here = "", value
    for part in fault["loc"]:
        inside = part in here if isinstance(here, dict) else isinstance(here, list) and isinstance(part, int)
        if not inside and fault["type"] != "missing":
            continue  # no key of the caller's, but which of several kinds was tried
        path += f"[{part}]" if isinstance(part, int) else f".{part}"[:66]
        here = here[part] if inside else None  # type: ignore[index]
    path = path.lstrip(".")
    match fault["type"]:
        case "missing":
            return path, NOTHING, "a value"
        case "extra_forbidden":
            known = ", ".join(_model_at(model, fault["loc"][:-1]).model_fields) or "no keys at all"
            return path, STRAY, f"only known keys ({known}); names and remarks are not taken"
        case "string_pattern_mismatch":
            found = "text" if path.startswith(("care", "answers")) else fault["input"]
            return path, found, _PATTERNS[fault["ctx"]["pattern"]]
        case _:
            wanted = _WANTED.get(fault["type"]) or _ABOUT.sub("", fault["msg"])
            # What somebody typed where codes or answers belong may be a sentence about somebody.
            private = path.startswith(("care", "answers"))
            return path or "body", type(fault["input"]).__name__ if private else fault["input"], wanted


def _model_at(model: type[Body], loc: tuple[int | str, ...]) -> type[Body]:
    """The model of the mapping that lies at `loc` in `model`."""
    for part in loc:
        field = model.model_fields.get(str(part))
        model = next(_models(field.annotation), model) if field is not None else model
    return model


def _models(annotation: Any) -> Iterator[type[Body]]:
    if isinstance(annotation, type) and issubclass(annotation, Body):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
