"""config.yaml: what an installer may write, and how every mistake in it is named."""

from collections.abc import Mapping
from datetime import time
from pathlib import Path

import pytest

from ambiance.config import Config, load_config
from ambiance.cuesheet.wanted import Wanted
from ambiance.device.dialects import Native
from ambiance.device.dialects.dialect import Heard, Pair, Traits
from ambiance.device.message import Message
from ambiance.device.topics import Topics
from ambiance.errors import ConfigError
from ambiance.site import Device

ROOT = Path(__file__).parent.parent

SMALL = """\
site: {id: harbour, name: Harbour Spa, timezone: Europe/Berlin}
broker: {embedded: true}
store: {url: "sqlite:///data/ambiance.db"}
rooms:
  - id: lavender
    devices:
      - {id: ceiling, kind: light}
"""


def read(folder: Path, text: str = SMALL, **env: str) -> Config:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, env)


def faults(folder: Path, text: str, **env: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        read(folder, text, **env)
    return [str(fault).replace(str(folder) + "/", "") for fault in refused.value.faults]


def fault(folder: Path, text: str, **env: str) -> str:
    (only,) = faults(folder, text, **env)
    return only


def with_device(line: str) -> str:
    return SMALL + f"      - {line}\n"


def with_room(line: str) -> str:
    return SMALL + f"    {line}\n"


def test_the_shipped_house_is_complete_and_without_a_warning() -> None:
    config = load_config(ROOT / "config.yaml", {})
    assert config.warnings == ()
    assert [room.id for room in config.site.rooms] == ["lavender", "rose", "cabinet", "grotto"]
    assert {device.dialect for room in config.site.rooms[:3] for device in room.devices} == {"native"}
    assert {device.dialect for device in config.site.by_id["grotto"].devices} == {
        "zigbee2mqtt", "wled", "sonos2mqtt", "tasmota", "shelly-gen2",
    }  # fmt: skip
    assert {device.kind for room in config.site.rooms for device in room.devices} == {
        "light", "player", "diffuser", "climate", "fan", "warmer", "button",
    }  # fmt: skip
    assert config.site.by_id["cabinet"].of("light", "exam")
    assert config.site.by_id["cabinet"].setting == "clinical"
    assert config.profiles == ROOT / "profiles"


def test_what_is_left_out_has_a_sensible_value(tmp_path: Path) -> None:
    config = read(tmp_path)
    room = config.site.rooms[0]
    assert (room.name, room.setting, room.full_light_lux, room.full_volume_dba, room.grace, room.unconfirmed) == (
        "lavender", "spa", 300, None, 5, "go",
    )  # fmt: skip
    assert (config.http.host, config.http.port, config.site.prefix) == ("127.0.0.1", 8080, "ambiance")
    assert config.site.limits.sound_max_dba == 60
    assert config.store.url == f"sqlite:///{tmp_path}/data/ambiance.db"


def test_a_clinic_has_more_light(tmp_path: Path) -> None:
    clinic = SMALL.replace("Europe/Berlin}", "Europe/Berlin, setting: clinical}")
    room = read(tmp_path, clinic).site.rooms[0]
    assert (room.setting, room.full_light_lux) == ("clinical", 500)
    assert read(tmp_path, clinic + "    setting: spa\n").site.rooms[0].full_light_lux == 300


def test_hands_decide_where_there_is_a_button_unless_the_installer_says_otherwise(tmp_path: Path) -> None:
    button = with_device("{id: keys, kind: button}")
    assert read(tmp_path).site.rooms[0].borders == "clock"
    assert read(tmp_path, button).site.rooms[0].borders == "hands"
    assert read(tmp_path, button + "    borders: clock\n").site.rooms[0].borders == "clock"
    assert read(tmp_path, with_room("borders: hands")).site.rooms[0].borders == "hands"


def test_lamps_without_a_share_divide_what_is_left(tmp_path: Path) -> None:
    lamps = (
        with_device("{id: cove, kind: light, share: 0.5}")
        + "      - {id: niche, kind: light}\n      - {id: exam, kind: light, role: exam}\n"
    )
    config = read(tmp_path, lamps)
    assert [device.share for device in config.site.rooms[0].devices] == [0.25, 0.5, 0.25, 1]
    assert config.warnings == ()


@pytest.mark.parametrize("shares", [(0.8, 0.4), (0.3, 0.3)])
def test_shares_that_do_not_make_up_the_light_are_a_warning(tmp_path: Path, shares: tuple[float, float]) -> None:
    text = SMALL.replace("kind: light}", f"kind: light, share: {shares[0]}}}") + f"      - {{id: cove, kind: light, share: {shares[1]}}}\n"
    (warning,) = read(tmp_path, text).warnings
    assert "config.yaml:7: " in warning
    assert f"add up to {sum(shares):g}" in warning


def test_an_unknown_family_of_scent_is_only_a_warning(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, with_device("{id: d, kind: diffuser, families: [citrus, lavendr]}")).warnings
    assert "config.yaml:8: " in warning
    assert "'lavendr'" in warning


def test_every_fault_comes_at_once_with_its_line(tmp_path: Path) -> None:
    text = SMALL.replace("Europe/Berlin", "Europe/Atlantis").replace("kind: light", "kind: lamp").replace("id: harbour", "id: Harbour!")
    found = faults(tmp_path, text + "htp: {}\n")
    assert [line.split(": ")[0] for line in found] == ["config.yaml:1", "config.yaml:1", "config.yaml:7", "config.yaml:8"]
    assert "Europe/Atlantis" in found[1]
    assert "unknown key 'htp'; wanted http (the nearest known)" in found[3]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bordres: auto", "unknown key 'bordres'; wanted borders (the nearest known)"),
        ("borders: manual", "auto, hands or clock"),
        ("grace: 90", "a number, 0 to 60 minutes"),
        ("full_light_lux: true", "a number, 20 to 5000 lx"),
        ("full_light_lux: .nan", "number"),
        ("unconfirmed: maybe", "go or wait"),
        ("usual: [swedish]", "profiles such as spa/swedish or menu/calm"),
        ("volume_m3: 0", "a number, 5 to 2000 m³"),
    ],
)
def test_a_room_is_refused_with_what_would_do(tmp_path: Path, line: str, said: str) -> None:
    found = fault(tmp_path, with_room(line))
    assert found.startswith("config.yaml:8: ")
    assert said in found


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{id: ceiling, kind: light}", "a second device ceiling"),
        ("{id: 'a/b', kind: light}", "an id of 1 to 64 characters"),
        ("{id: d, kind: diffuser, share: 1}", "share on a diffuser; wanted no such key: only a light has one"),
        ("{id: d, kind: diffuser, familes: []}", "families (the nearest known)"),
        ("{id: l, kind: light, kelvin: [6500, 2000]}", "the smaller number first"),
        ("{id: l, kind: light, share: 1.5}", "a number, 0 to 1"),
        ("{id: l, kind: light, dialect: nativ}", "the dialect 'nativ'; wanted native (the nearest known)"),
        ("{id: l, kind: light, options: {x: y}}", "options x; wanted native devices have none"),
        ("{id: l, kind: light, topic: 'a/#'}", "a topic without # and +"),
        ("{id: b, kind: button, press: {single: adavnce}}", "advance is the nearest"),
        ("{id: b, kind: button, press: {triple: stay}}", "triple"),
        ("{id: s, kind: sensor, does: {opened: warn}}", "opened"),
        ("{id: s, kind: sensor, does: {open: end}}", "warn"),
        ("{id: s, kind: sensor, limits: {co2: much}}", "a number"),
        ("{id: s, kind: light, does: {open: warn}}", "does on a light; wanted no such key: only a sensor has one"),
        ("{id: d, kind: diffuser, tank_ml: 100}", "one of tank_ml and ml_per_hour; wanted both, or tank_hours"),
    ],
)
def test_a_device_is_refused_with_what_would_do(tmp_path: Path, line: str, said: str) -> None:
    found = fault(tmp_path, with_device(line))
    assert found.startswith("config.yaml:8: ")
    assert said in found


@pytest.mark.parametrize("id", ["do", "status"])
def test_a_room_cannot_stand_where_the_topic_tree_has_its_own_level(tmp_path: Path, id: str) -> None:
    assert "topic tree" in fault(tmp_path, SMALL.replace("id: lavender", f"id: {id}"))


def test_two_rooms_of_one_id_are_refused_and_a_house_without_rooms_is_a_warning(tmp_path: Path) -> None:
    assert "a second room lavender" in fault(tmp_path, SMALL + "  - id: lavender\n")
    empty = SMALL.split("rooms:")[0]
    assert "the key rooms, which is required" in fault(tmp_path, empty)
    loaded = read(tmp_path, empty + "rooms: []\n")
    assert loaded.site.rooms == ()
    assert any("no room yet" in warning for warning in loaded.warnings)


class Careless:
    """A dialect of plugs without a timer."""

    def __init__(self, topics: Topics) -> None:
        self.topics = topics

    def filters(self, device: Device) -> tuple[str, ...]:
        return ()

    def encode(self, device: Device, wanted: Wanted, pair: Pair, since: Wanted | None = None) -> tuple[Message, ...]:
        return ()

    def decode(self, device: Device, topic: str, payload: bytes) -> Heard | None:
        return None

    def check(self, device: Device) -> tuple[str, ...]:
        if device.kind != "diffuser":
            return ()
        return (f"{device.room}/{device.id}: found a diffuser that keeps no end by itself; use a plug with a timer",)

    def warnings(self, device: Device) -> tuple[str, ...]:
        return ()

    def traits(self, device: Device) -> Traits:
        return Traits()

    def ask(self, device: Device) -> tuple[Message, ...]:
        return ()

    def gateway(self, device: Device) -> str | None:
        return None

    def group(self, devices: tuple[Device, ...]) -> Device | None:
        return None


def test_a_diffuser_that_cannot_keep_an_end_is_refused_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(with_device("{id: d, kind: diffuser, dialect: careless}").replace("kind: light", "kind: light, dialect: careless"))
    with pytest.raises(ConfigError) as refused:
        load_config(path, {}, {"careless": Careless})
    (only,) = refused.value.faults
    assert only.place.line == 8
    assert str(only).endswith("found a diffuser that keeps no end by itself; wanted use a plug with a timer")


def test_a_sensor_a_tank_and_the_words_of_a_wheel_are_taken_as_written(tmp_path: Path) -> None:
    devices = (
        "      - {id: door, kind: sensor, does: {open: warn, closed: confirm}, limits: {co2: 1500}}\n"
        "      - {id: mist, kind: diffuser, tank_ml: 120, ml_per_hour: 10, running_watts: 4}\n"
        "      - {id: wheel, kind: button, dialect: zigbee2mqtt, topic: zigbee2mqtt/wheel, press: {rotate_right: brighter}}\n"
    )
    (room,) = read(tmp_path, SMALL + devices).site.rooms
    assert (room.by_id["door"].does, room.by_id["door"].limits) == ({"open": "warn", "closed": "confirm"}, {"co2": 1500})
    assert (room.by_id["mist"].tank_hours, room.by_id["mist"].running_watts) == (12, 4)
    assert room.by_id["wheel"].press == {"rotate_right": "brighter"}


def broker(line: str) -> str:
    return SMALL.replace("broker: {embedded: true}", f"broker: {{{line}}}")


def test_a_broker_is_embedded_or_elsewhere_and_not_both(tmp_path: Path) -> None:
    config = read(tmp_path, broker('url: "mqtts://broker:8884", ca_file: ca.pem'))
    settings = config.broker.settings()
    assert (settings.host, settings.port, settings.tls, settings.ca_file) == ("broker", 8884, True, str(tmp_path / "ca.pem"))
    assert "neither url nor embedded" in fault(tmp_path, broker("username: a"))
    assert "both url and embedded" in fault(tmp_path, broker('url: "mqtt://a", embedded: true'))
    assert "mqtt://host[:port]" in fault(tmp_path, broker('url: "http://a"'))


def test_a_broker_named_in_the_environment_takes_the_place_of_the_one_in_the_file(tmp_path: Path) -> None:
    elsewhere = read(tmp_path, broker("embedded: true, port: 1999"), AMBIANCE_BROKER__URL="mqtt://b:1884").broker
    assert (elsewhere.embedded, elsewhere.settings().host, elsewhere.settings().port) == (False, "b", 1884)
    away = broker('url: "mqtt://a", username: me, password_file: not-here')
    here = read(tmp_path, away, AMBIANCE_BROKER__EMBEDDED="true", AMBIANCE_BROKER__PORT="1999").broker
    assert (here.embedded, here.port, here.url, here.username) == (True, 1999, "", None)
    both = {"AMBIANCE_BROKER__EMBEDDED": "true", "AMBIANCE_BROKER__URL": "mqtt://b"}
    assert "both url and embedded" in fault(tmp_path, SMALL, **both)
    beside = {"AMBIANCE_BROKER__PORT": "1884", "AMBIANCE_BROKER__URL": "mqtt://b"}
    assert "the port in the url" in fault(tmp_path, SMALL, **beside)


def test_a_house_without_a_library_of_its_own_plays_the_shipped_one(tmp_path: Path) -> None:
    for text in (SMALL, SMALL + "profiles: profiles\n"):
        assert (read(tmp_path, text).profiles / "settings" / "spa.yaml").exists()
    assert read(tmp_path, SMALL + "profiles: mine\n").profiles == tmp_path / "mine"
    (tmp_path / "profiles").mkdir()
    assert read(tmp_path).profiles == tmp_path / "profiles"


def test_a_password_comes_from_its_file_or_the_environment(tmp_path: Path) -> None:
    secret = tmp_path / "mqtt"
    secret.write_text("correct horse\n")
    secret.chmod(0o600)
    text = broker('url: "mqtt://a", username: me, password_file: mqtt')
    config = read(tmp_path, text)
    assert config.broker.password == "correct horse"
    assert config.warnings == ()
    assert "horse" not in repr(config)
    assert read(tmp_path, text, AMBIANCE_BROKER__PASSWORD="12345").broker.password == "12345"
    secret.chmod(0o644)
    assert "chmod 600" in read(tmp_path, text).warnings[0]


def test_a_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    inline = fault(tmp_path, broker('url: "mqtt://a", password: hunter2'))
    assert "password_file" in inline
    assert "hunter2" not in inline
    assert "hunter2" not in fault(tmp_path, broker('url: "mqtt://me:hunter2@a"'))
    stored = fault(tmp_path, SMALL.replace("sqlite:///data/ambiance.db", "postgresql+psycopg://me:hunter2@db/a"))
    assert "AMBIANCE_STORE__PASSWORD" in stored
    assert "hunter2" not in stored


@pytest.mark.parametrize("content", ["", "two\nlines\n", None])
def test_a_password_file_holds_one_password(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "mqtt").write_text(content)
        (tmp_path / "mqtt").chmod(0o600)
    assert "the password and nothing else" in fault(tmp_path, broker('url: "mqtt://a", password_file: mqtt'))


def test_a_store_is_a_file_or_postgresql(tmp_path: Path) -> None:
    postgres = SMALL.replace("sqlite:///data/ambiance.db", "postgresql+psycopg://me@db:5433/ambiance")
    assert read(tmp_path, postgres, AMBIANCE_STORE__PASSWORD="a@b/c").store.url == "postgresql+psycopg://me:a%40b%2Fc@db:5433/ambiance"
    assert read(tmp_path, AMBIANCE_STORE__URL="postgresql+psycopg://me:pw@db/x").store.url == "postgresql+psycopg://me:pw@db/x"
    assert "sqlite:///file, or postgresql+psycopg" in fault(tmp_path, SMALL.replace("sqlite:///data/ambiance.db", "mysql://db/x"))


def http(line: str) -> str:
    return SMALL + f"http: {{{line}}}\n"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "spa.example"])
def test_the_panel_opens_to_others_only_behind_tls(tmp_path: Path, host: str) -> None:
    said = fault(tmp_path, http(f'host: "{host}"'))
    assert "without TLS" in said
    assert "trusted_proxies" in said
    assert read(tmp_path, http(f'host: "{host}", certificate: c.pem, key: k.pem')).http.certificate == str(tmp_path / "c.pem")
    assert read(tmp_path, http(f'host: "{host}", trusted_proxies: [10.0.0.5]')).http.trusted_proxies == ("10.0.0.5",)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_this_machine_needs_no_tls(tmp_path: Path, host: str) -> None:
    assert read(tmp_path, http(f'host: "{host}"')).http.host == host


def test_half_a_certificate_and_a_proxy_without_address_are_refused(tmp_path: Path) -> None:
    assert "both certificate and key" in fault(tmp_path, http("certificate: c.pem"))
    assert "addresses or networks" in fault(tmp_path, http("trusted_proxies: [proxy]"))


@pytest.mark.parametrize(
    ("env", "seen"),
    [
        ({"AMBIANCE_HTTP__PORT": "8090"}, lambda c: c.http.port == 8090),
        ({"AMBIANCE_PROFILES": "/srv/profiles"}, lambda c: c.profiles == Path("/srv/profiles")),
        ({"AMBIANCE_SITE__ID": "pier"}, lambda c: c.site.id == "pier"),
        ({"AMBIANCE_SITE__ID": '"7"'}, lambda c: c.site.id == "7"),
        ({"AMBIANCE_SITE__NAME": "Pier Spa"}, lambda c: c.site.name == "Pier Spa"),
        ({"AMBIANCE_LIMITS__SOUND_MAX_DBA": "50"}, lambda c: c.site.limits.sound_max_dba == 50),
        ({"AMBIANCE_BROKER__PREFIX": "spa"}, lambda c: c.site.prefix == "spa"),
        ({"AMBIANCE_HOMEASSISTANT__ENABLED": "true"}, lambda c: c.homeassistant.enabled),
        ({"AMBIANCE_ROOMS__LAVENDER__USUAL": "[spa/swedish]"}, lambda c: c.site.rooms[0].usual == ("spa/swedish",)),
        ({"AMBIANCE_ROOMS__LAVENDER__DEVICES__CEILING__LOWEST": "2"}, lambda c: c.site.rooms[0].devices[0].lowest == 2),
        ({"AMBIANCE_URL": "http://elsewhere", "AMBIANCE_TOKEN": "x"}, lambda c: c.site.id == "harbour"),
    ],
)
def test_the_environment_overrides_any_value(tmp_path: Path, env: Mapping[str, str], seen: object) -> None:
    assert callable(seen)
    assert seen(read(tmp_path, **env))


def test_a_bad_override_is_named_by_its_variable(tmp_path: Path) -> None:
    assert fault(tmp_path, SMALL, AMBIANCE_HTTP__PORT="eighty").startswith("AMBIANCE_HTTP__PORT:1: http.port: found the text 'eighty'")
    assert "'prot'; wanted port" in fault(tmp_path, SMALL, AMBIANCE_HTTP__PROT="1")
    assert "no 'rose' in rooms" in fault(tmp_path, SMALL, AMBIANCE_ROOMS__ROSE__GRACE="1")
    assert "AMBIANCE_ROOMS__LAVENDER__USUAL" in fault(tmp_path, SMALL, AMBIANCE_ROOMS__LAVENDER__USUAL="[a")


def test_a_topic_prefix_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "broker.prefix" in fault(tmp_path, broker('embedded: true, prefix: "a/#"'))


def test_a_file_that_is_missing_or_no_mapping_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "config.yaml", {})
    assert any("a mapping" in line for line in faults(tmp_path, "- a\n"))


def test_music_is_read_with_its_licences(tmp_path: Path) -> None:
    text = (
        SMALL
        + """\
music:
  folders:
    - {path: calm/piano/, style: calm, licence: royalty_free, proof: invoice 2026-113, tags: [piano], bpm: [55, 70]}
  names: {calm: {sonos2mqtt: Spa calm}}
"""
    )
    music = read(tmp_path, text).site.music
    assert music.folders[0].path == "calm/piano"
    assert music.folders[0].bpm == (55, 70)
    assert music.names == {"calm": {"sonos2mqtt": "Spa calm"}}


def test_a_folder_of_music_without_its_licence_is_refused(tmp_path: Path) -> None:
    found = faults(tmp_path, SMALL + "music: {folders: [{path: calm, licence: spotify}]}\n")
    assert any("licence" in each and "royalty_free" in each for each in found)
    assert any("proof" in each for each in found)


MIXED = """\
site: {id: harbour, name: Harbour Spa, timezone: Europe/Berlin}
broker: {url: mqtt://127.0.0.1:1883, username: ambiance, password_file: secrets/mqtt}   # or {embedded: true}
store: {url: "sqlite:///data/ambiance.db"}                                              # or postgresql+psycopg://…
http: {host: 127.0.0.1, port: 8080}
profiles: profiles
limits: {light_max_l_step: 20, sound_max_dba: 60, scent_minutes_per_day: 120}
homeassistant: {enabled: true, prefix: homeassistant}
rooms:
  - id: lavender                     # slug [a-z0-9-]{1,64}
    name: Lavender
    area: Ground floor
    borders: auto                    # auto | hands | clock
    full_light_lux: 300              # at the table, everything at 100 %; the default of the setting if left out
    full_volume_dba: 70              # at the pillow
    volume_m3: 30
    air_changes: 2                   # per hour; extract fan adds its own
    devices:
      - {id: ceiling, kind: light, role: ambient, dialect: native, kelvin: [2000, 6500], fade: 6500, share: 0.8, lowest: 1.5}
      - {id: cove, kind: light, role: accent, dialect: wled, topic: wled/lavender}
      - {id: exam, kind: light, role: exam, dialect: shelly-gen2, topic: shellydimmer-0a1b, supine_view: true}
      - {id: speaker, kind: player, dialect: native, taper: cubic}
      - {id: diffuser, kind: diffuser, dialect: tasmota, topic: diffuser-lavender, families: [floral_herbal], emission_mg_h: 14}
      - {id: extract, kind: fan, dialect: zigbee2mqtt, topic: zigbee2mqtt/lavender/extract, air_changes: 8}
      - {id: knob, kind: button, dialect: zigbee2mqtt, topic: zigbee2mqtt/lavender/knob, press: {single: advance, long: bright}}
"""


def test_a_room_of_many_families_is_understood(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "mqtt").write_text("pw")
    (tmp_path / "secrets" / "mqtt").chmod(0o600)
    config = read(tmp_path, MIXED)
    assert config.warnings == ()
    devices = config.site.by_id["lavender"].by_id
    assert {name: (device.fade, device.curve) for name, device in devices.items() if device.kind in ("light", "player")} == {
        "ceiling": (6500, "lstar"),
        "cove": (65.5, "output"),
        "exam": (60, "output"),
        "speaker": (6500, "lstar"),
    }


def test_a_fade_longer_than_its_family_can_is_cut_and_said_so(tmp_path: Path) -> None:
    config = read(tmp_path, with_device("{id: strip, kind: light, dialect: tasmota, topic: strip, fade: 100}"))
    (warning,) = config.warnings
    assert "config.yaml:8" in warning
    assert "20 s by itself on tasmota; longer fades go out in pieces" in warning
    strip = config.site.rooms[0].by_id["strip"]
    assert (strip.fade, strip.tick) == (20, 0.5)


def test_a_lamp_whose_range_nobody_wrote_has_that_of_its_family(tmp_path: Path) -> None:
    """What lies outside would come out clipped, and never be confirmed."""
    line = "{id: s, kind: light, dialect: shelly-gen2, topic: s"
    assert read(tmp_path, with_device(line + "}")).site.rooms[0].by_id["s"].kelvin == (2700, 6500)
    assert read(tmp_path, with_device(line + ", kelvin: [3000, 5000]}")).site.rooms[0].by_id["s"].kelvin == (3000, 5000)
    assert read(tmp_path).site.rooms[0].by_id["ceiling"].kelvin == (1800, 6500)


def test_a_speaker_that_cannot_fade_is_stepped(tmp_path: Path) -> None:
    line = "{id: s, kind: player, dialect: sonos2mqtt, topic: sonos/RINCON_000E5000000001400}"
    assert read(tmp_path, with_device(line)).site.rooms[0].by_id["s"].fade == 0


def test_a_speaker_is_told_what_it_calls_each_style_and_several_names_are_as_many_pieces(tmp_path: Path) -> None:
    names = "music:\n  names:\n    calm: {sonos2mqtt: ['sonos:playlist:1', 'sonos:playlist:2']}\n"
    names += "    deep: {sonos2mqtt: 'x:deep', mopidy-mqtt: 'file:deep'}\n"
    line = "{id: s, kind: player, dialect: sonos2mqtt, topic: sonos/RINCON_000E5000000001400, options: {music_deep: 'x:own'}}"
    found = read(tmp_path, with_device(line) + names).site.rooms[0].by_id["s"]
    assert found.options == {"music_calm": "sonos:playlist:1\nsonos:playlist:2", "music_deep": "x:own"}


def test_a_name_of_music_that_cannot_be_played_is_complained_of_once_where_it_stands(tmp_path: Path) -> None:
    one = "{id: s, kind: player, dialect: sonos2mqtt, topic: a}"
    names = "music:\n  names:\n    calm: {sonos2mqtt: Spa calm}\n    deep: {sonos2mqtt: 'x:deep'}\n"
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, with_device(one) + f"      - {one.replace('id: s', 'id: t').replace('topic: a', 'topic: b')}\n" + names)
    (fault,) = caught.value.faults
    assert (fault.place.path, fault.found) == ("music.names.calm.sonos2mqtt", "'Spa calm'")
    assert "an address it can play" in fault.wanted


def test_options_may_be_numbers_and_flags(tmp_path: Path) -> None:
    line = "{id: d, kind: light, dialect: wled, topic: wled/l, options: {segment: 2, plain: true, leds: rgb}}"
    assert read(tmp_path, with_device(line)).site.rooms[0].by_id["d"].options == {"segment": "2", "plain": "true", "leds": "rgb"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{id: d, kind: light, dialect: wled}", "no topic; wanted topic: wled/lavender"),
        ("{id: d, kind: light, dialect: zigbe2mqtt, topic: a}", "wanted zigbee2mqtt (the nearest known)"),
        (
            "{id: d, kind: light, dialect: tasmota, topic: a, options: {chanel: 1}}",
            "the unknown option chanel; wanted channel (the nearest known)",
        ),
        ("{id: d, kind: light, dialect: tasmota, topic: a, options: {channel: two}}", "the option channel: two; wanted a channel number"),
        ("{id: d, kind: light, dialect: tasmota, topic: a, options: {channel: [1]}}", "a word or a number"),
        ("{id: d, kind: diffuser, dialect: wled, topic: a}", "a diffuser on wled; wanted light, or another dialect"),
        ("{id: d, kind: diffuser, dialect: shelly-gen1, topic: a}", "/settings/relay/0?auto_off=120"),
        ("{id: d, kind: light, dialect: wled, topic: wled/a-very-long-topic-for-a-strip-of-light}", "at most 32"),
        ("{id: d, kind: light, dialect: esphome, topic: lamp}", "<prefix>/<component>/<object id>"),
        ("{id: d, kind: light, dialect: knx-mqtt-bridge, topic: knx/1/2}", "a group address such as knx/1/2/3"),
        ("{id: d, kind: light, dialect: mqtt-dmx-sequencer, topic: dmx}", "no channel"),
        ("{id: d, kind: player, dialect: mopidy-mqtt, topic: a}", "fixed_volume"),
        (
            "{id: d, kind: light, dialect: template, topic: a, options: {set: '{\"x\":$brightnes}'}}",
            "wanted brightness (the nearest known)",
        ),
        ("{id: d, kind: light, dialect: template, topic: a, options: {set: '{\"x\":$color}'}}", "no JSON"),
        ("{id: d, kind: light, dialect: template, topic: a, options: {set: 'cost 5$'}}", "a lone $"),
        ("{id: d, kind: light, dialect: template, topic: a}", "no payload"),
        (
            "{id: d, kind: diffuser, dialect: template, topic: a, options: {set: 'RUN $run_for', report: a/b, read_on: .}}",
            "nothing that switches it off",
        ),
        (
            "{id: d, kind: diffuser, dialect: template, topic: a, options: {on: 'RUN $run_for', 'off': STOP}}",
            "never says whether it is off",
        ),
    ],
)
def test_a_device_of_another_family_is_refused_with_what_would_do(tmp_path: Path, line: str, said: str) -> None:
    found = fault(tmp_path, with_device(line))
    assert found.startswith("config.yaml:8: ")
    assert said in found


def test_a_kind_that_is_misspelt_is_one_fault_and_not_also_that_of_its_keys(tmp_path: Path) -> None:
    assert "fan is the nearest" in fault(tmp_path, with_device("{id: extract, kind: fun, air_changes: 8}"))


class Plain(Native):
    """A lamp of another make: it stays as it is when we are gone."""

    name = "plain"


def test_a_room_whose_lamps_cannot_help_themselves_wants_a_light_with_a_switch(tmp_path: Path) -> None:
    def warnings(more: str) -> tuple[str, ...]:
        path = tmp_path / "config.yaml"
        path.write_text(
            "site: {id: h, name: H, timezone: UTC}\nbroker: {embedded: true}\nstore: {url: 'sqlite:///a.db'}\nrooms:\n"
            f"  - id: rose\n    devices:\n      - {{id: ceiling, kind: light, dialect: plain}}\n{more}"
        )
        return load_config(path, {}, {"native": Native, "plain": Plain}).warnings

    (warning,) = warnings("")
    assert "config.yaml:5: rooms[0]: no lamp of rose comes on by itself when the controller is gone" in warning
    assert "hand_light: true" in warning
    assert warnings("    hand_light: true\n") == ()
    assert warnings("      - {id: cove, kind: light, role: accent}\n") == ()
    (little,) = warnings("      - {id: cove, kind: light, role: accent, share: 0.05}\n")
    assert "the lamps of rose that come on by themselves give 15 lx when the controller is gone" in little
    assert warnings("      - {id: cove, kind: light, role: accent, share: 0.1}\n") == ()


def test_a_call_for_help_is_silent_unless_the_house_says_otherwise(tmp_path: Path) -> None:
    assert read(tmp_path, SMALL).site.duress == "silent"
    assert read(tmp_path, SMALL.replace("site: {", "site: {duress: bright, ")).site.duress == "bright"
    with pytest.raises(ConfigError, match="duress"):
        read(tmp_path, SMALL.replace("site: {", "site: {duress: loud, "))
def test_a_fragrance_free_house_has_no_room_that_is_not(tmp_path: Path) -> None:
    free = SMALL.replace("timezone: Europe/Berlin}", "timezone: Europe/Berlin, scent_policy: free}")
    config = read(tmp_path, free)
    assert (config.site.scent_policy, config.site.rooms[0].scent_policy) == ("free", "free")
    lifted = free + "    scent_policy: allowed\n"
    assert "config.yaml:8: rooms[0].scent_policy: found allowed in a fragrance-free house" in fault(tmp_path, lifted)
    assert "found" in fault(tmp_path, with_room("scent_policy: some"))


def test_a_clinics_room_is_fragrance_free_unless_somebody_allows_scent(tmp_path: Path) -> None:
    assert read(tmp_path).site.rooms[0].scent_policy == "allowed"
    clinic = with_room("setting: clinical")
    assert read(tmp_path, clinic).site.rooms[0].scent_policy == "free"
    assert read(tmp_path, clinic + "    scent_policy: allowed\n").site.rooms[0].scent_policy == "allowed"
    asked = clinic.replace("timezone: Europe/Berlin}", "timezone: Europe/Berlin, scent_policy: allowed}")
    assert read(tmp_path, asked).site.rooms[0].scent_policy == "allowed"
    assert read(tmp_path, with_room("scent_policy: free")).site.rooms[0].scent_policy == "free"


def test_a_diffuser_that_never_runs_is_told_of(tmp_path: Path) -> None:
    config = read(tmp_path, with_device("{id: scent, kind: diffuser}") + "    scent_policy: free\n")
    assert any("never runs in a fragrance-free room" in warning for warning in config.warnings)


def test_limits_are_the_widest_unless_somebody_is_stricter(tmp_path: Path) -> None:
    plain = read(tmp_path).site
    assert plain.limits_in(plain.rooms[0]) == plain.limits
    text = SMALL + "    limits: {sound_max_dba: 45, scent_stop_minutes: 20}\nlimits: {sound_max_dba: 50, light_max_lux: 200}\n"
    site = read(tmp_path, text).site
    assert (site.limits.sound_max_dba, site.limits.light_max_lux, site.limits.scent_stop_minutes) == (50, 200, 15)
    room = site.limits_in(site.rooms[0])
    assert (room.sound_max_dba, room.light_max_lux, room.scent_stop_minutes) == (45, 200, 20)
    assert room.why("sound_max_dba").source == "sound_max_dba 45 (config.yaml:8)"
    assert room.why("light_max_lux").source == "light_max_lux 200 (config.yaml:9)"
    assert room.why("scent_minutes_per_day").source == "scent_minutes_per_day 120"


@pytest.mark.parametrize(
    ("site", "room", "said"),
    [
        ("{sound_max_dba: 61}", "{}", "a number, 30 to 60 dBA"),
        ("{scent_stop_minutes: 10}", "{}", "a number, 15 to 60 minutes"),
        ("{scent_max_ug_m3: 400}", "{}", "a number, 10 to 300 µg/m³"),
        ("{light_max_lux: true}", "{}", "a number, 20 to 5000 lx"),
        ("{sound_max: 40}", "{}", "sound_max_dba (the nearest known)"),
        ("{sound_max_dba: 45}", "{sound_max_dba: 50}", "found 50, higher than the site's; wanted 45 or stricter"),
        ("{scent_stop_minutes: 30}", "{scent_stop_minutes: 20}", "found 20, lower than the site's; wanted 30 or stricter"),
    ],
)
def test_a_limit_that_would_be_lifted_is_refused(tmp_path: Path, site: str, room: str, said: str) -> None:
    assert said in fault(tmp_path, SMALL + f"    limits: {room}\nlimits: {site}\n")


def test_evenings_have_hours_of_their_own(tmp_path: Path) -> None:
    plain = read(tmp_path).site.evening
    assert (plain.holds("spa"), plain.holds("clinical"), plain.since, plain.melanopic_max_lux) == (True, False, time(18), 10)
    evening = read(tmp_path, SMALL + "evening: {enabled: true, from: '20:30', until: '02:00', melanopic_max_lux: 5}\n").site.evening
    assert evening.holds("clinical")
    assert [evening.at(time(*at)) for at in ((20, 29), (20, 30), (1, 59), (2, 0))] == [False, True, True, False]
    assert not read(tmp_path, SMALL + "evening: {enabled: false}\n").site.evening.holds("spa")
    assert "an hour of the day in quotes" in fault(tmp_path, SMALL + "evening: {from: 20}\n")
