"""Which kind of device a payload of native keys is for, where nobody says so."""

from collections.abc import Collection

from ambiance.site import Kind

_TELLING: tuple[tuple[Kind, frozenset[str]], ...] = (
    ("player", frozenset({"playing", "volume", "playlist"})),
    ("light", frozenset({"brightness", "kelvin", "color"})),
    ("diffuser", frozenset({"intensity"})),
    ("climate", frozenset({"celsius"})),
    ("fan", frozenset({"speed"})),
    ("warmer", frozenset({"run_for"})),
)


def kind_of(keys: Collection[str]) -> Kind | None:
    """The kind that alone has one of these keys; a bare `run_for` is a warmer's, a diffuser also says `intensity`."""
    return next((kind for kind, telling in _TELLING if telling.intersection(keys)), None)
