"""The environment laid over config.yaml.

AMBIANCE_HTTP__PORT=8090                          is http.port
AMBIANCE_ROOMS__LAVENDER__FULL_LIGHT_LUX=250      is full_light_lux of the room lavender
AMBIANCE_PROFILES=/srv/profiles                   is profiles, the one value outside every section
"""

from collections.abc import Mapping

from ambiance.errors import FileError, Place
from ambiance.yaml import Faults, Node, parse, plain

MARK = "AMBIANCE_"


def overridden(node: Node, env: Mapping[str, str], faults: Faults) -> Node:
    """The file with every AMBIANCE_<SECTION>__<KEY> of the environment in place of what it says."""
    for name in sorted(env):
        parts = name.removeprefix(MARK).lower().split("__")
        if not name.startswith(MARK) or (len(parts) < 2 and parts != ["profiles"]) or not all(parts):
            continue
        place = Place(name, 1, ".".join(parts))
        try:
            text = env[name]
            # Lists, mappings and quoted text as in the file; everything else is a plain word.
            value = parse(text, name).value if text[:1] in ("[", "{", '"', "'") else plain(text)
        except FileError as error:
            faults.take(error)
            continue
        node = _placed(node, parts, Node(place, value), faults)
    return node


def _placed(node: Node, keys: list[str], value: Node, faults: Faults) -> Node:
    key, *rest = keys
    if isinstance(node.value, tuple):
        for index, item in enumerate(node.value):
            named = item.value.get("id") if isinstance(item.value, Mapping) else None
            if rest and named is not None and str(named.value).replace("-", "_") == key:
                return Node(node.place, (*node.value[:index], _placed(item, rest, value, faults), *node.value[index + 1 :]))
        faults.add(value.place, f"no {key!r} in {node.path or 'the file'}", "the id of one written there (- as _), then a key")
        return node
    entries = node.value if isinstance(node.value, Mapping) else {}
    inside = entries.get(key, Node(value.place, {}))
    return Node(node.place, {**entries, key: _placed(inside, rest, value, faults) if rest else value})
