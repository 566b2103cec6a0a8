"""What an author wrote in a YAML file: values that know their file and line, and every complaint about them in one go.

`load` turns a file into a tree of `Node`s. `Section` reads one mapping of it, key by key, through kinds (`Number`,
`Choice` ...) that check unit and range; what is wrong is collected in `Faults`, and `Faults.stop` raises all of it.

    faults = Faults()
    with Section(load(path), faults) as top, top.section("http") as http:
        port = http.take("port", Whole(1, 65535), 8080)
    faults.stop(ConfigError)
"""

from ambiance.yaml.kinds import Choice, Flag, Kind, ListOf, MapOf, Number, Slug, Span, Text, Whole, WordOr, Written
from ambiance.yaml.load import MOST_BYTES, MOST_DEEP, MOST_VALUES, load, parse
from ambiance.yaml.node import Faults, Node, Scalar, nearest, plain, short
from ambiance.yaml.rewrite import at, plainly, rewritten
from ambiance.yaml.section import Section

__all__ = [
    "MOST_BYTES",
    "MOST_DEEP",
    "MOST_VALUES",
    "Choice",
    "Faults",
    "Flag",
    "Kind",
    "ListOf",
    "MapOf",
    "Node",
    "Number",
    "Scalar",
    "Section",
    "Slug",
    "Span",
    "Text",
    "Whole",
    "WordOr",
    "Written",
    "at",
    "load",
    "nearest",
    "parse",
    "plain",
    "plainly",
    "rewritten",
    "short",
]
