"""The courier and devices that were not made for it: what confirms without a version, and what many share."""

import json
from zoneinfo import ZoneInfo

import pytest

from ambiance.clock import ManualClock
from ambiance.cuesheet.wanted import DiffuserWanted, FanWanted, LightWanted, PlayerWanted, Wanted
from ambiance.device import Courier, DeviceNews, DeviceReported, DeviceReturned, DeviceSilent, DeviceWentOffline, Incoming, Message
from ambiance.device.dialects import SPOKEN
from ambiance.site import Device, Room, Site
from tests.device.families import TOPICS

DEVICES = (
    Device("ceiling", "lavender", "light", "zigbee2mqtt", "zigbee2mqtt/ceiling", fade=6553, curve="output"),
    Device("plug", "lavender", "diffuser", "tasmota", "plug"),
    Device("extract", "lavender", "fan", "zigbee2mqtt", "zigbee2mqtt/extract"),
    Device("exam", "lavender", "light", "shelly-gen2", "shelly-1", fade=60, curve="output"),
    Device("table", "lavender", "light", "shelly-gen2", "shelly-2", fade=60, curve="output"),
    Device("speaker", "lavender", "player", "sonos2mqtt", "sonos/RINCON_1", fade=0),
    Device("spot", "lavender", "light", "mqtt-dmx-sequencer", "dmx", fade=0, options={"channel": "5"}),
)
ROOM = Room("lavender", "Lavender", full_volume_dba=70, devices=DEVICES)


class House:
    """A courier with nothing behind it: what it says is kept, what devices say is put in by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.sent: list[Message] = []
        self.news: list[DeviceNews] = []
        site = Site("harbour", "Harbour", ZoneInfo("UTC"), (ROOM,))
        spoken = {name: speak(TOPICS) for name, speak in SPOKEN.items()}
        self.courier = Courier(site, TOPICS, spoken, 4, self.clock, self.sent.append, self.news.append)
        self.courier.link_up()

    def send(self, device: str, *wanteds: Wanted, glide: bool = False) -> None:
        self.courier.send("lavender", device, wanteds, glide=glide)

    def hear(self, topic: str, payload: object) -> None:
        body = payload if isinstance(payload, str) else json.dumps(payload)
        assert self.courier.hear(Incoming(topic, body.encode()))

    def confirmed(self, device: str) -> bool:
        return any(isinstance(news, DeviceReported) and news.device == device and news.confirmed for news in self.news)

    def told(self, kind: type[DeviceNews]) -> list[str]:
        return [news.device for news in self.news if isinstance(news, kind)]


@pytest.fixture
def house() -> House:
    return House()


def test_a_report_that_is_as_wanted_confirms_without_a_version(house: House) -> None:
    house.send("ceiling", LightWanted(True, 40, 2700, None, 30))
    house.hear("zigbee2mqtt/ceiling", {"state": "ON", "brightness": 12, "color_temp": 370})
    assert not house.confirmed("ceiling")
    house.hear("zigbee2mqtt/ceiling", {"state": "ON", "brightness": 102, "color_temp": 370})
    assert house.confirmed("ceiling")
    house.clock.advance(60)
    assert house.told(DeviceSilent) == []


def test_a_report_that_says_nothing_of_what_was_asked_confirms_nothing(house: House) -> None:
    house.send("ceiling", LightWanted(True, 40, 2700, None, 30))
    house.hear("zigbee2mqtt/ceiling", {"power": 4.1, "linkquality": 80})
    assert not house.confirmed("ceiling")
    house.clock.advance(60)
    assert house.told(DeviceSilent) == ["ceiling"]


def test_what_names_only_a_change_is_laid_over_what_is_known(house: House) -> None:
    house.send("exam", LightWanted(True, 40, 2700, None, 0.5))
    house.hear("shelly-1/status/light:0", {"id": 0, "output": False, "brightness": 40})
    assert not house.confirmed("exam")
    house.hear(
        "shelly-1/events/rpc", {"src": "shelly-1", "method": "NotifyStatus", "params": {"ts": 1.0, "light:0": {"id": 0, "output": True}}}
    )
    assert house.confirmed("exam")


def test_an_answer_on_a_shared_topic_confirms_the_one_command_it_is_for(house: House) -> None:
    house.send("exam", LightWanted(True, 40, 2700, None, 0.5))
    house.send("table", LightWanted(True, 40, 2700, None, 0.5))
    frames = [json.loads(message.payload) for message in house.sent]
    house.hear(f"{frames[1]['src']}/rpc", {"id": frames[1]["id"], "src": "shelly-2", "dst": frames[1]["src"], "result": {}})
    house.clock.advance(60)
    assert house.told(DeviceSilent) == ["exam"]


def test_a_bridge_that_goes_takes_all_its_devices_along_and_brings_them_back(house: House) -> None:
    house.hear("zigbee2mqtt/bridge/state", {"state": "offline"})
    assert sorted(house.told(DeviceWentOffline)) == ["ceiling", "extract"]
    house.hear("zigbee2mqtt/bridge/state", {"state": "online"})
    assert sorted(house.told(DeviceReturned)) == ["ceiling", "extract"]


def test_a_fan_of_one_speed_is_right_at_any_but_none(house: House) -> None:
    house.send("extract", FanWanted(60))
    house.hear("zigbee2mqtt/extract", {"state": "OFF"})
    assert not house.confirmed("extract")
    house.hear("zigbee2mqtt/extract", {"state": "ON"})
    assert house.confirmed("extract")


def test_a_tasmota_plug_confirms_its_dose_by_its_plain_word(house: House) -> None:
    house.send("plug", DiffuserWanted(True, 2, 120))
    assert [message.payload for message in house.sent] == [b"PulseTime1 220; Power1 ON"]
    house.hear("stat/plug/POWER", "ON")
    assert house.confirmed("plug")


def test_a_family_that_never_answers_is_not_called_silent(house: House) -> None:
    house.send("spot", LightWanted(True, 40, 2700))
    house.clock.advance(120)
    assert house.told(DeviceSilent) == []
    assert [message.payload for message in house.sent] == [b"102"]


def test_restating_a_speaker_does_not_begin_its_piece_again(house: House) -> None:
    piece = "x-rincon-cpcontainer:calm"
    house.send("speaker", PlayerWanted(False, 10, piece), PlayerWanted(True, 12, piece))
    house.courier.link_down()
    house.courier.link_up()
    house.sent.clear()
    house.send("speaker", PlayerWanted(True, 14, piece), glide=True)
    assert [json.loads(message.payload)["command"] for message in house.sent] == ["volume", "play"]


def test_a_lamp_that_fades_straight_in_output_glides_slower_from_the_dark(house: House) -> None:
    house.hear("zigbee2mqtt/ceiling", {"state": "ON", "brightness": 3, "color_temp": 370})
    house.send("ceiling", LightWanted(True, 80, 2700), glide=True)
    fade = json.loads(house.sent[-1].payload)["transition"]
    assert 60 < fade < 120, "twenty seconds would do for a lamp that fades in L*"


def test_a_repeat_in_the_middle_of_a_fade_asks_for_what_is_left_of_it(house: House) -> None:
    """A lamp that knows no versions begins its fade anew with each word, and would be late by what had passed."""
    house.send("ceiling", LightWanted(True, 40, 2700, None, 60))
    house.clock.advance(5)
    fades = [json.loads(message.payload)["transition"] for message in house.sent]
    assert fades == [60, 55]
    house.hear("zigbee2mqtt/ceiling", {"state": "ON", "brightness": 102, "color_temp": 370})
    house.clock.advance(25)
    house.send("ceiling", LightWanted(True, 40, 2700, None, 30), glide=True)
    assert json.loads(house.sent[-1].payload)["transition"] == 30


def test_a_repeat_of_a_fade_that_is_over_is_as_it_was(house: House) -> None:
    house.send("ceiling", LightWanted(True, 40, 2700, None, 60))
    house.hear("zigbee2mqtt/ceiling", {"state": "ON", "brightness": 102, "color_temp": 370})
    house.clock.advance(90)
    house.send("ceiling", LightWanted(True, 40, 2700), glide=True)
    assert json.loads(house.sent[-1].payload)["transition"] == 60


def test_who_says_nothing_when_nothing_changes_is_not_called_silent(house: House) -> None:
    house.hear("sonos/RINCON_1", {"transportState": "PLAYING", "volume": {"Master": 30}})
    house.send("speaker", PlayerWanted(True, 30.2))
    assert house.confirmed("speaker")
    house.send("speaker", PlayerWanted(True, 30.2), glide=True)
    house.clock.advance(120)
    assert house.told(DeviceSilent) == []


def test_a_quiet_device_that_is_elsewhere_is_still_waited_for(house: House) -> None:
    house.hear("sonos/RINCON_1", {"transportState": "PLAYING", "volume": {"Master": 50}})
    house.send("speaker", PlayerWanted(True, 30))
    house.clock.advance(60)
    assert house.told(DeviceSilent) == ["speaker"]


def test_a_piece_that_plays_is_not_begun_again_by_a_repeat(house: House) -> None:
    piece = "x-rincon-cpcontainer:calm"
    house.send("speaker", PlayerWanted(False, 10, piece), PlayerWanted(True, 12, piece))
    house.hear("sonos/RINCON_1", {"transportState": "PLAYING", "volume": {"Master": 12}})
    house.sent.clear()
    house.send("speaker", PlayerWanted(True, 12, piece), glide=True)
    assert [json.loads(message.payload)["command"] for message in house.sent] == ["volume", "play"]
