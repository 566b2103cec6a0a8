"""A house written anew reaches everybody in order, and what cannot be played at once is named."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from ambiance.adopting import Adopting, both
from ambiance.config import Config, load_config
from ambiance.config.apart import apart, playable
from ambiance.errors import AmbianceError, Conflict
from ambiance.session import Conductor
from ambiance.site import Device, Room, Site

ROOT = Path(__file__).parents[1]


def a_site(**rooms: Sequence[str]) -> Site:
    made = (Room(id, id.title(), devices=tuple(Device(name, id, "light") for name in names)) for id, names in rooms.items())
    return Site("harbour", "Harbour", ZoneInfo("UTC"), tuple(made))


def names(site: Site) -> dict[str, list[str]]:
    return {room.id: [device.id for device in room.devices] for room in site.rooms}


class Book:
    """A conductor, a courier and a board, and who was told what in which order."""

    def __init__(self, site: Site) -> None:
        self.site, self.told = site, list[tuple[str, dict[str, list[str]]]]()
        self.filters = ("a", "b")
        self.refuses = self.fails = False
        self.stays: tuple[str, ...] = ()
        board, me = type("Board", (), {"adopt": lambda _, site: self.told.append(("board", names(site)))})(), cast(Any, self)
        self.adopting = Adopting(cast(Conductor, _Playing(self)), me, [board], lambda filters, fresh: self.told.append(("hear", {})), 0.0)

    def adopt(self, site: Site) -> tuple[str, ...]:
        self.told.append(("courier", names(site)))
        return ()


class _Playing:
    def __init__(self, book: Book) -> None:
        self._book = book

    @property
    def site(self) -> Site:
        return self._book.site

    async def adopt(self, site: Site, also: Callable[[Site], None]) -> None:
        if self._book.refuses:
            raise Conflict("somebody is in rose")
        site = replace(site, rooms=(*site.rooms, *(self.site.by_id[id] for id in self._book.stays)))
        self._book.told.append(("conductor", names(site)))
        self._book.site = site
        also(site)
        if self._book.fails:
            raise AmbianceError("this could not be written")


def test_for_a_moment_everybody_knows_what_comes_and_what_goes() -> None:
    before, after = a_site(lavender=["ceiling", "cove"], rose=["ceiling"]), a_site(nova=["ceiling"], lavender=["ceiling", "niche"])
    assert names(both(before, after)) == {"nova": ["ceiling"], "lavender": ["ceiling", "niche", "cove"], "rose": ["ceiling"]}


def test_new_devices_are_heard_before_they_are_spoken_to() -> None:
    book, after = Book(a_site(lavender=["ceiling"])), a_site(lavender=["niche"])
    asyncio.run(book.adopting.adopt(after))
    between, now = {"lavender": ["niche", "ceiling"]}, {"lavender": ["niche"]}
    assert book.told == [
        ("board", between), ("courier", between), ("hear", {}), ("conductor", now), ("board", now), ("courier", now), ("hear", {}),
    ]  # fmt: skip


def test_where_the_conductor_refuses_all_is_as_it_was() -> None:
    before = a_site(lavender=["ceiling"], rose=["ceiling"])
    book = Book(before)
    book.refuses = True
    with pytest.raises(Conflict):
        asyncio.run(book.adopting.adopt(a_site(lavender=["ceiling"])))
    assert book.site is before
    assert [site for who, site in book.told if who == "courier"][-1] == names(before)


def test_where_only_the_telling_failed_everybody_goes_on_with_what_the_conductor_plays() -> None:
    book, after = Book(a_site(lavender=["ceiling"])), a_site(lavender=["niche"])
    book.fails = True
    with pytest.raises(AmbianceError):
        asyncio.run(book.adopting.adopt(after))
    assert book.site == after
    assert book.told[-2] == ("courier", names(after))


def test_a_room_that_stays_although_it_is_written_no_more_is_named() -> None:
    book, after = Book(a_site(lavender=["ceiling"], rose=["ceiling"])), a_site(lavender=["niche"])
    book.stays = ("rose",)
    assert asyncio.run(book.adopting.adopt(after)) == ("rose",)
    assert book.told[-2] == ("courier", {"lavender": ["niche"], "rose": ["ceiling"]})


@pytest.fixture
def config() -> Config:
    return load_config(ROOT / "config.yaml", {})


def test_what_hangs_on_a_start_is_named_and_the_rest_is_played(config: Config) -> None:
    rooms = (replace(config.site.rooms[0], name="Lavendel"), *config.site.rooms[1:])
    site = replace(config.site, timezone=ZoneInfo("UTC"), rooms=rooms)
    written = replace(config, site=site, http=replace(config.http, port=9999))
    assert apart(config, written) == ("site.timezone", "http", "rooms.lavender")
    played = playable(config, written)
    assert (played.timezone, played.rooms) == (config.site.timezone, rooms)
    assert apart(replace(config, site=played), written) == ("site.timezone", "http")


def test_a_line_more_in_the_file_is_no_other_house(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("# one more\n" + (ROOT / "config.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    moved = load_config(file, {})
    assert moved.site.limits.places != config.site.limits.places
    assert moved.site == config.site


def test_what_is_true_of_the_whole_house_is_named_so(config: Config) -> None:
    assert apart(config, replace(config, site=replace(config.site, name="B"))) == ("site",)
