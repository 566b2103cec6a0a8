"""What is kept of a guest's needs, read back; and what contradicts in it, as staff are asked about it."""

import json

from ambiance.care import Care, Contradiction, parse, unasked
from ambiance.cuesheet.model import Sheet
from ambiance.session.model import CareRow
from ambiance.why import Layer


def asking(body: dict[str, object], care: Care, sheet: Sheet) -> dict[str, object]:
    """The answer with what contradicts in the guest's needs, and what the room cannot do about them."""
    warnings = body.get("warnings")
    said = list(warnings) if isinstance(warnings, list) else []
    said += concerns(care, sheet)
    return {**body, "warnings": said, "conflicts": [asked(each) for each in care.conflicts]}


def concerns(care: Care | None, sheet: Sheet) -> list[str]:
    """What staff should know of a guest's needs while the session lasts: what contradicts, and what the room cannot do."""
    said = [str(each) for each in care.conflicts if not each.answered] if care is not None else []
    unmet: dict[tuple[str, str], str] = {}
    for clamp in sheet.clamps:
        if clamp.why.layer is Layer.CARE and " of " in clamp.attribute:
            bound, unit = clamp.attribute.split(" of ")
            words = f"A {bound} of {clamp.asked:g} {'lx' if unit == 'lux' else unit} cannot be kept: {clamp.why.source}."
            unmet.setdefault((clamp.attribute, clamp.why.source), words)
    return said + list(unmet.values())


def asked(each: Contradiction) -> dict[str, object]:
    """A contradiction as staff are shown it."""
    return {
        "id": each.id,
        "about": each.about,
        "words": each.words,
        "phases": list(each.phases),
        "sides": [{"side": side, "words": words} for side, words in each.sides.items()],
        "stands": each.stands,
        "answered": each.answered,
    }


def needs(row: CareRow) -> Care:
    """What a guest needs, by what is kept of it."""
    care = parse(json.loads(row.codes), json.loads(row.answers))
    return care if row.known else unasked(care)
