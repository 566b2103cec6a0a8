"""Which devices share a radio or a bus, and which can be moved together by one message."""

from collections.abc import Iterable, Mapping
from functools import partial

from ambiance.cuesheet.wanted import Wanted
from ambiance.device.message import Message
from ambiance.device.pacing import Group, Key, Line
from ambiance.device.talk import Talk
from ambiance.site import Device


class Gateways:
    """The lines and groups of a site's devices, as their dialects know them.

    A group is one that the installer named in each of its lamps.
    """

    def __init__(self, talks: Iterable[Talk], epoch: int) -> None:
        self._epoch = epoch
        talks = tuple(talks)
        self._groups = self._grouped(talks)
        self._lines = {talk.key: self._line(talk) for talk in talks}

    def group(self, talk: Talk) -> Group | None:
        return self._groups.get(talk.key)

    def line(self, talk: Talk) -> Line | None:
        """What it shares with others; None: it is told at once."""
        return self._lines[talk.key]

    def _line(self, talk: Talk) -> Line | None:
        pace, group = talk.traits.pace, self._groups.get(talk.key)
        if pace:
            return Line(f"{talk.dialect.gateway(talk.device)}", pace)
        return Line(f"{talk.device.dialect} {group.name}") if group is not None else None

    def _grouped(self, talks: Iterable[Talk]) -> Mapping[Key, Group]:
        named: dict[tuple[str, str, str], list[Talk]] = {}
        for talk in talks:
            if name := talk.device.options.get("group"):
                named.setdefault((talk.device.dialect, talk.dialect.gateway(talk.device) or "", name), []).append(talk)
        found: dict[Key, Group] = {}
        for (_, _, name), members in named.items():
            one = members[0].dialect.group(tuple(talk.device for talk in members))
            if one is not None:
                group = Group(name, frozenset(talk.key for talk in members), partial(self._compose, members[0], one))
                found.update((talk.key, group) for talk in members)
        return found

    def _compose(self, talk: Talk, one: Device, wanted: Wanted) -> tuple[Message, ...]:
        return talk.dialect.encode(one, wanted, talk.pair or (self._epoch, 1), None)
