"""The music of config.yaml: folders with their licence, and what players with a library of their own call each style."""

from collections.abc import Mapping
from typing import Any

from ambiance.site import STYLES, Music, MusicFolder
from ambiance.yaml import Choice, Faults, ListOf, MapOf, Node, Section, Span, Text

LICENCES = ("own", "royalty_free", "business_service", "public_domain")
"""By what right recordings are played to guests. A private streaming account is none."""
_STYLE: Choice[str] = Choice(*STYLES)
_TAG = Text(40, r"[a-z0-9][a-z0-9_-]{0,39}", "tags such as piano or nature")


class Names:
    """One name, or a list of them of which each is another piece; kept as one text, a line each."""

    one, several = Text(480), ListOf(Text(480), least=1, most=32)
    blank = "-"

    def read(self, node: Node, faults: Faults) -> str | None:
        if isinstance(node.value, tuple):
            names = self.several.read(node, faults)
            return None if names is None else "\n".join(names)
        return self.one.read(node, faults)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.one.schema(), self.several.schema()]}


def names_for(music: Music, dialect: str) -> Mapping[str, str]:
    """What players of this dialect call each style that has a name."""
    return {style: called[dialect] for style, called in music.names.items() if dialect in called}


def music_of(section: Section) -> Music:
    """Read the section `music`; a folder without its licence and proof is a fault."""
    folders = []
    for inner in section.sections("folders"):
        with inner:
            folders.append(
                MusicFolder(
                    path=inner.take("path", Text(200, r"[^\x00-\x1f]+", "a folder below the player's music directory")).strip("/") or ".",
                    style=inner.take("style", _STYLE, "calm"),
                    licence=inner.take("licence", Choice(*LICENCES)),
                    proof=inner.take("proof", Text(200, r"[^\x00-\x1f]+", "where the proof lies, such as an invoice number")),
                    tags=inner.take("tags", ListOf(_TAG), ()),
                    bpm=inner.take("bpm", Span(20, 250, "BPM"), None),
                )
            )
    with section.section("names") as names:
        called = {style: names.take(style, MapOf(Names(), r"[a-z0-9-]{1,64}"), {}) for style in STYLES}
    return Music(tuple(folders), {style: known for style, known in called.items() if known})
