"""The private form: what a house asks its guests, and the codes each answer stands for. Data of the site, never stored with anybody.

A yes gives its codes, a no none. What was not asked is a third answer: wherever it might have been about scent, scent stays off.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ambiance.care.codes import Code, parse
from ambiance.errors import Invalid, ProfileError
from ambiance.yaml import Faults, ListOf, Node, Section, Text

ANSWER = "answer"
"""In a code's value: what the guest answers."""
NAMES = 120
_SCENT = ("scent_off", "scent_off_strict", "scent_allow")
_SAMPLES: tuple[object, ...] = (["x"], "en", 30, 2000, 1)

Given = bool | str | float | Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Item:
    """One question, the codes that a yes stands for, and the modalities a house does not book for whoever says yes.

    `takes`: the answer is no plain yes but a value, such as a language or a list of tags.
    """

    id: str
    ask: str
    codes: tuple[Code, ...]
    refuses: tuple[str, ...] = ()

    @property
    def takes(self) -> bool:
        return any(isinstance(code, Mapping) and code.get("value") == ANSWER for code in self.codes)

    @property
    def about_scent(self) -> bool:
        return any((code if isinstance(code, str) else code["code"]) in _SCENT for code in self.codes)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a form comes to. `care` None: nothing was asked at all."""

    care: tuple[Code, ...] | None
    refuses: tuple[str, ...]
    not_asked: tuple[str, ...]


@dataclass(frozen=True)
class Intake:
    """The questions of a house, by id."""

    items: Mapping[str, Item] = field(default_factory=dict)

    def taken(self, answers: Mapping[str, Given]) -> Taken:
        """The codes of these answers. None, or an item left out, is *not asked*. Raises Invalid with every fault; repeats no answer."""
        faults: list[tuple[str, object, str]] = []
        codes: list[Code] = []
        refuses: list[str] = []
        known = ", ".join(self.items) or "none: this house has no form"
        faults += [(f"answers.{id}", "an item nobody asks here", f"one of {known}") for id in answers if id not in self.items]
        for id, item in self.items.items():
            given = answers.get(id)
            if given is None or given is False:
                continue
            if item.takes == (given is True) or (not item.takes and given is not True):
                wanted = "what the guest answered, or false, or null for not asked" if item.takes else "true, false, or null for not asked"
                faults.append((f"answers.{id}", type(given).__name__, wanted))
                continue
            mine = [_filled(code, given) for code in item.codes]
            try:
                parse(mine)
            except Invalid as error:
                faults += [(f"answers.{id}", found, wanted) for _, found, wanted in error.faults]
            codes += [code for code in mine if code not in codes]
            refuses += [modality for modality in item.refuses if modality not in refuses]
        if faults:
            raise Invalid(*faults)
        missing = tuple(id for id in self.items if answers.get(id) is None)
        if len(missing) == len(self.items):
            return Taken(None, (), missing)
        off = any(code in ("scent_off", "scent_off_strict") for code in codes)
        if not off and any(self.items[id].about_scent for id in missing):
            codes.append("scent_off")
        return Taken(tuple(codes), tuple(refuses), missing)


def read_intake(node: Node) -> Intake:
    """intake.yaml. Raises ProfileError with every fault of it, each with file and line."""
    faults = Faults()
    items: dict[str, Item] = {}
    with Section(node, faults) as top:
        for id, section in top.named("items", required=True).items():
            with section:
                if not id.replace("_", "").isalnum() or not id.islower() or len(id) > 40:
                    faults.add(section.place, f"the id {id!r}", "small letters, digits and _, at most 40")
                ask = section.take("ask", Text(200))
                refuses = section.take("refuses", ListOf(Text(64, r"[a-z0-9_]{1,64}", "modalities such as sound_bath")), ())
                codes = _codes(section, faults)
                if not codes and not refuses:
                    wanted = "codes: what a yes asks of the room; or refuses: what is not booked"
                    faults.add(section.place, "neither codes nor refuses", wanted)
                items[id] = Item(id, ask, codes, tuple(refuses))
        if len(items) > NAMES:
            top.fault("items", f"{len(items)} items", f"at most {NAMES}")
    faults.stop(ProfileError)
    return Intake(items)


def _codes(section: Section, faults: Faults) -> tuple[Code, ...]:
    node = section.get("codes")
    if node is None:
        return ()
    if not isinstance(node.value, tuple):
        faults.add(node.place, node.shown(), "a list of codes")
        return ()
    codes: list[Code] = []
    for each in node.value:
        code: Any = _plain(each)
        refusal: Invalid | None = None
        asks = isinstance(code, Mapping) and code.get("value") == ANSWER
        for sample in _SAMPLES if asks else (None,):
            try:
                parse([_filled(code, sample) if asks else code])
            except Invalid as error:
                refusal = error
            else:
                refusal = None
                break
        if refusal is not None:
            for _, found, wanted in refusal.faults:
                faults.add(each.place, str(found), wanted)
        codes.append(code)
    return tuple(codes)


def _filled(code: Code, given: object) -> Code:
    if isinstance(code, Mapping) and code.get("value") == ANSWER:
        return {**code, "value": list(given) if isinstance(given, tuple) else given}
    return code


def _plain(node: Node) -> Any:
    match node.value:
        case tuple():
            return [_plain(each) for each in node.value]
        case Mapping():
            return {key: _plain(each) for key, each in node.value.items()}
        case value:
            return value
