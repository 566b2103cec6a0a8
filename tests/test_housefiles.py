"""Settings and the menu, changed as from a page: what is wrong is named, and then nothing has changed."""

import threading
from dataclasses import replace
from datetime import time
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from ambiance.config import load_config
from ambiance.config.editable import FIELDS
from ambiance.config.housefiles import HouseFiles
from ambiance.errors import ConfigError, Conflict, Invalid, Unknown
from ambiance.profile import Library
from tests.session.house_fixtures import library

ROOT = Path(__file__).parent.parent
SMALL = "site: {id: a, name: A, timezone: UTC}\nbroker: {url: mqtt://127.0.0.1}\nstore: {url: sqlite:///a.db} # here\nrooms: []\n"


class House:
    """A copy of the shipped house that may be changed."""

    def __init__(self, folder: Path, text: str | None = None) -> None:
        self.file, self.menu = folder / "config.yaml", folder / "profiles" / "menu.yaml"
        self.file.write_text(text or (ROOT / "config.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        self.menu.parent.mkdir()
        self.menu.write_text((ROOT / "profiles" / "menu.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        self.library = Library({profile.id: profile for profile in library().all()}, library().refusals)
        self.told = 0
        self.files = HouseFiles(self.file, load_config(self.file, {}), {}, self.library, self.offered)

    def offered(self) -> None:
        self.told += 1

    def change(self, **changes: Any) -> Any:
        return self.files.change({path.replace("__", "."): value for path, value in changes.items()}, self.files.settings()["version"])

    def faults(self, **changes: Any) -> list[str]:
        before = self.file.read_text(encoding="utf-8")
        with pytest.raises(Invalid) as refused:
            self.change(**changes)
        assert self.file.read_text(encoding="utf-8") == before
        assert [each.name for each in self.file.parent.iterdir() if "config" in each.name] == ["config.yaml"]
        return [path for path, _, _ in refused.value.faults]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_change_is_written_in_one_step_and_the_file_as_it_was_is_kept(house: House) -> None:
    before = house.file.read_text(encoding="utf-8")
    house.file.chmod(0o640)
    done = house.change(site__name="Hafen", limits__sound_max_dba=55)
    assert (done.before, done.after) == (
        {"site.name": "Harbour Spa", "limits.sound_max_dba": 60},
        {"site.name": "Hafen", "limits.sound_max_dba": 55},
    )
    assert load_config(house.file, {}).site.limits.sound_max_dba == 55
    kept = house.file.with_name("config.yaml.1")
    assert kept.read_text(encoding="utf-8") == before
    assert {house.file.stat().st_mode & 0o777, kept.stat().st_mode & 0o777} == {0o640}
    assert house.files.settings()["restart_needed"]
    house.files.change(done.before, done.version)
    assert house.file.read_text(encoding="utf-8") == before
    assert not house.files.settings()["restart_needed"]


def test_every_fault_is_named_by_the_path_it_was_sent_with_and_nothing_changes(house: House) -> None:
    assert house.faults(limits__sound_max_dba=90, rooms__lavender__devices__cove__share="much", rooms__rose__nmae="R") == [
        "limits.sound_max_dba", "rooms.lavender.devices.cove.share", "rooms.rose.nmae",
    ]  # fmt: skip
    assert house.faults(rooms__rose__usual=["spa/swedish", "spa/nothing"]) == ["rooms.rose.usual"]
    assert house.faults(rooms__do={"name": "Do", "devices": []}) == ["rooms.do.id"]
    late, loud = "evening.from", "rooms.rose.limits.sound_max_dba"
    assert house.faults(evening__from="25:00", rooms__rose__limits={"sound_max_dba": 65}) == [late, loud]


@pytest.mark.parametrize(
    "path", ["broker.url", "store.url", "http.host", "profiles", "site.id", "site", "rooms", "music", "music.folders.0", "a.b\n", "limits"]
)
def test_what_is_not_for_people_at_a_page_is_refused(house: House, path: str) -> None:
    with pytest.raises(Invalid):
        house.files.change({path: "x"}, house.files.settings()["version"])


def test_row_46_a_file_that_changed_under_us_is_not_written_over(house: House) -> None:
    version = house.files.settings()["version"]
    house.file.write_text(house.file.read_text(encoding="utf-8").replace("Ground floor", "First floor"), encoding="utf-8")
    with pytest.raises(Conflict, match="changed elsewhere"):
        house.files.change({"site.name": "B"}, version)
    assert house.change(site__name="B").after == {"site.name": "B"}


def test_row_46_a_file_somebody_broke_meanwhile_stops_no_running_house(house: House) -> None:
    house.file.write_text("site: [", encoding="utf-8")
    for ask in (house.files.settings, house.files.ready, lambda: house.files.change({"site.name": "B"}, "x")):
        with pytest.raises(Conflict):
            ask()
    assert house.file.read_text(encoding="utf-8") == "site: ["


def test_a_house_without_rooms_starts_with_a_warning_and_gets_its_first(tmp_path: Path) -> None:
    house = House(tmp_path, SMALL)
    assert any("/setup" in warning for warning in load_config(house.file, {}).warnings)
    lamp = {"id": "ceiling", "kind": "light", "lowest": 1.5}
    house.change(rooms__nova={"name": "Nova", "setting": "spa", "devices": [lamp]})
    room = load_config(house.file, {}).site.by_id["nova"]
    assert (room.name, room.devices[0].lowest) == ("Nova", 1.5)
    assert "# here" in house.file.read_text(encoding="utf-8")
    assert house.change(rooms__nova=None).after == {"rooms.nova": None}


def test_a_folder_nobody_may_write_is_a_refusal_and_no_crash(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    before = house.file.read_text(encoding="utf-8")
    with pytest.raises(Conflict, match="No space left"):
        house.change(site__name="B")
    assert house.file.read_text(encoding="utf-8") == before


def test_two_who_change_at_once_never_lose_one_of_the_changes(house: House) -> None:
    done, refused = [], []

    def change(n: int) -> None:
        try:
            done.append(house.change(**{f"rooms__room{n}": {"name": f"R{n}", "devices": []}}).version)
        except Conflict:
            refused.append(n)

    threads = [threading.Thread(target=change, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) + len(refused) == 6
    assert len(load_config(house.file, {}).site.rooms) == 4 + len(done)


def test_a_menu_item_is_offered_at_once_and_undone_by_its_value_before(house: House) -> None:
    item = {"name": "Our Swedish", "profile": "spa/swedish", "minutes": 60, "light": 5, "music": -2}
    before = house.menu.read_text(encoding="utf-8")
    done = house.files.change_menu("our-swedish", item, house.files.menu()["version"])
    assert house.library.get("menu/our-swedish").trims.light == 5
    assert house.told == 1
    assert done.before == {"menu.our-swedish": None}
    house.files.change_menu("our-swedish", None, done.version)
    with pytest.raises(Unknown):
        house.library.get("menu/our-swedish")
    assert house.menu.read_text(encoding="utf-8") == before


def test_a_menu_item_that_cannot_be_says_where_and_the_menu_stays(house: House) -> None:
    before = house.menu.read_text(encoding="utf-8")
    bad = {"name": "", "profile": "spa/nothing", "minutes": 500, "light": 90}
    with pytest.raises(Invalid) as refused:
        house.files.change_menu("mine", bad, None)
    assert sorted(path for path, _, _ in refused.value.faults) == ["light", "minutes", "name"]
    with pytest.raises(Unknown):
        house.files.change_menu("mine", None, None)
    with pytest.raises(Invalid):
        house.files.look(bad)
    assert house.menu.read_text(encoding="utf-8") == before
    assert house.told == 0


def test_the_library_that_came_with_the_program_is_lent_and_not_written(tmp_path: Path) -> None:
    house = House(tmp_path)
    rmtree(house.menu.parent)
    running = load_config(house.file, {})
    before = (running.profiles / "menu.yaml").read_bytes()
    (tmp_path / "lent").symlink_to(running.profiles)
    for named in (running.profiles, tmp_path / "lent", running.profiles / ".." / running.profiles.name):
        files = HouseFiles(house.file, replace(running, profiles=named), {}, house.library)
        with pytest.raises(Conflict, match=rf"copy \S+/\w+ to {tmp_path}/profiles and start again"):
            files.change_menu("mine", {"name": "Mine", "profile": "spa/swedish", "minutes": 60}, None)
    assert (running.profiles / "menu.yaml").read_bytes() == before


def test_a_look_at_an_item_writes_nothing(house: House) -> None:
    seen = house.files.look({"name": "x", "profile": "spa/swedish", "minutes": 45, "light": 4, "scent": 0})
    assert (seen.default_minutes, seen.trims.light, seen.scent_max) == (45, 4, 0)
    assert sorted(each.name for each in house.menu.parent.iterdir()) == ["menu.yaml"]


@pytest.mark.parametrize("field", [field for field in FIELDS if field.low is not None], ids=lambda field: str(field.path))
def test_the_ranges_that_are_shown_are_those_of_the_reader(tmp_path: Path, field: Any) -> None:
    section, key = field.path.split(".")
    house = House(tmp_path)
    for value in (field.low, field.high):
        house.files.change({field.path: int(value) if value == int(value) else value}, house.files.settings()["version"])
    for value in (field.low - 1, field.high + 1):
        with pytest.raises(Invalid):
            house.files.change({field.path: int(value)}, house.files.settings()["version"])
    unset = load_config(ROOT / "config.yaml", {})
    where = {"limits": unset.site.limits, "evening": unset.site.evening, "retention": unset.site.retention}[section]
    assert getattr(where, key) == field.default


def test_evenings_limits_of_a_room_and_names_of_music_are_written_beside_comments_that_stay(house: House) -> None:
    def kept() -> list[str]:
        return [line.partition("#")[2] for line in house.file.read_text(encoding="utf-8").splitlines() if "#" in line]

    comments = kept()
    house.files.change({"evening.from": "17:30", "evening.until": "03:00", "evening.enabled": True}, house.files.settings()["version"])
    house.files.change({"rooms.rose.limits": {"sound_max_dba": 50, "scent_stop_minutes": 20}}, house.files.settings()["version"])
    house.files.change({"rooms.rose.limits.sound_max_dba": None}, house.files.settings()["version"])
    names = ["sonos:playlist:7", "sonos:playlist:8"]
    house.files.change({"music.names.calm.sonos2mqtt": names}, house.files.settings()["version"])
    house.files.change({"music.names.deep.sonos2mqtt": "x-sonosapi-stream:s1?sid=254&flags=32"}, house.files.settings()["version"])
    site = load_config(house.file, {}).site
    assert (site.evening.enabled, site.evening.since, site.evening.until) == (True, time(17, 30), time(3))
    assert (site.by_id["rose"].limits or site.limits).scent_stop_minutes == 20
    assert (site.by_id["rose"].limits or site.limits).sound_max_dba == site.limits.sound_max_dba
    assert site.music.names["calm"]["sonos2mqtt"] == "\n".join(names)
    said = house.files.settings()
    assert said["music"]["calm"] == {"sonos2mqtt": names}
    assert said["music"]["deep"] == {"sonos2mqtt": "x-sonosapi-stream:s1?sid=254&flags=32"}
    assert [line for line in comments if line not in kept()] == []


def test_folders_of_music_want_a_licence_and_proof_and_are_undone_by_what_was_before(house: House) -> None:
    whole = house.file.read_text(encoding="utf-8")

    def change(folders: Any) -> Any:
        return house.files.change({"music.folders": folders}, house.files.settings()["version"])

    with pytest.raises(Invalid) as refused:
        change([{"path": "calm", "licence": "own", "proof": "us"}, {"path": "deep", "licence": "spotify"}])
    assert [path for path, _found, _wanted in refused.value.faults] == ["music.folders.1.licence", "music.folders.1.proof"]
    first = change([{"path": "calm", "style": "calm", "licence": "own", "proof": "us", "bpm": [55, 72]}])
    assert house.files.site().music.folders[0].bpm == (55, 72)
    assert house.files.settings()["folders"] == first.after["music.folders"]
    change([])
    assert house.files.site().music.folders == ()
    change(first.before["music.folders"])
    assert house.file.read_text(encoding="utf-8") == whole


def test_choices_that_are_shown_are_those_of_the_reader(house: House) -> None:
    for field in FIELDS:
        for option in field.options:
            house.files.change({field.path: option}, house.files.settings()["version"])
        if field.options:
            with pytest.raises(Invalid):
                house.files.change({field.path: "neither"}, house.files.settings()["version"])


def test_a_house_that_says_less_still_shows_every_field(tmp_path: Path) -> None:
    house = House(tmp_path, SMALL)
    shown = {field["path"]: field["value"] for field in house.files.settings()["fields"]}
    assert shown["site.name"] == "A"
    assert shown["limits.sound_max_dba"] == 60
    with pytest.raises(ConfigError):
        load_config(tmp_path / "none.yaml", {})
