"""Devices come, go and change while the courier runs: who stays notices nothing, and what runs does not run on unwatched."""

import json
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ambiance.clock import ManualClock
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted, PlayerWanted, WarmerWanted
from ambiance.device import Courier, DeviceAsked, DeviceChanged, DeviceNews, DeviceSilent, DeviceUnsteady, Incoming, Message, Topics
from ambiance.device.dialects import SPOKEN
from ambiance.site import Device, Room, Site

TOPICS = Topics("ambiance", "harbour")
CEILING = Device("ceiling", "lavender", "light")
SCENT = Device("scent", "lavender", "diffuser", "tasmota", "plug-1")
TABLE = Device("table", "lavender", "warmer")
LIT = LightWanted(True, 40.0, 2700.0, None, 0.0)


def a_site(*devices: Device) -> Site:
    return Site("harbour", "Harbour", ZoneInfo("UTC"), (Room("lavender", "Lavender", devices=devices),))


class Wire:
    """A courier, and what it said."""

    def __init__(self, *devices: Device) -> None:
        self.clock = ManualClock()
        self.sent: list[Message] = []
        self.news: list[DeviceNews] = []
        spoken = {name: speak(TOPICS) for name, speak in SPOKEN.items()}
        self.courier = Courier(a_site(*devices), TOPICS, spoken, 4, self.clock, self.sent.append, self.news.append)
        self.courier.link_up()

    def hear(self, topic: str, body: object, retain: bool = False) -> None:
        self.courier.hear(Incoming(topic, json.dumps(body).encode(), retain))

    def native(self, device: str, retain: bool = False, **values: Any) -> None:
        self.hear(f"ambiance/harbour/lavender/device/{device}/state", values, retain)

    def said(self, device: str) -> list[dict[str, Any]]:
        return [json.loads(message.payload) for message in self.sent if message.topic == TOPICS.set("lavender", device)]


@pytest.fixture
def wire() -> Wire:
    return Wire(CEILING, SCENT, TABLE)


def test_a_player_is_told_again_only_where_what_it_plays_is_called_something_else() -> None:
    player = Device("speaker", "lavender", "player", "sonos2mqtt", "sonos/R1", options={"music_calm": "x:calm", "music_deep": "x:deep"})
    wire, plays = Wire(player), PlayerWanted(True, 30, "pl-0123456789", 0.0, "calm")
    wire.courier.send("lavender", "speaker", (plays,))
    assert "x:calm" in str([message.payload for message in wire.sent])
    for style, name, anew in (("deep", "x:deeper", False), ("calm", "x:calm\nx:calmer", False), ("calm", "x:other", True)):
        player = replace(player, options={**player.options, f"music_{style}": name})
        assert wire.courier.adopt(a_site(player)) == ()
        wire.sent.clear()
        wire.courier.send("lavender", "speaker", (plays,), glide=True)
        assert ("x:other" in str([message.payload for message in wire.sent])) is anew


def test_a_device_that_stays_is_told_nothing_and_its_versions_go_on(wire: Wire) -> None:
    wire.courier.send("lavender", "ceiling", (LIT,))
    said = len(wire.sent)
    assert wire.courier.adopt(a_site(replace(CEILING, share=0.5), SCENT, TABLE)) == ()
    assert len(wire.sent) == said
    wire.courier.send("lavender", "ceiling", (replace(LIT, brightness=50.0),))
    assert [each["version"] for each in wire.said("ceiling")] == [1, 2]


def test_what_runs_to_an_end_of_its_own_is_told_off_as_it_goes(wire: Wire) -> None:
    wire.courier.send("lavender", "scent", (DiffuserWanted(True, 2, 60.0),))
    wire.courier.send("lavender", "table", (WarmerWanted(True, 600),))
    wire.sent.clear()
    wire.courier.adopt(a_site(CEILING))
    assert wire.said("table")[0]["on"] is False
    assert any(message.topic.startswith("cmnd/plug-1/") and b"OFF" in message.payload.upper() for message in wire.sent)
    wire.sent.clear()
    wire.clock.advance(120)
    assert wire.sent == []
    assert not [news for news in wire.news if isinstance(news, DeviceSilent)]


def test_another_plug_by_the_same_name_is_spoken_to_and_the_old_one_told_off(wire: Wire) -> None:
    wire.courier.send("lavender", "scent", (DiffuserWanted(True, 2, 60.0),))
    wire.sent.clear()
    fresh = wire.courier.adopt(a_site(CEILING, replace(SCENT, topic="plug-2"), TABLE))
    assert {message.topic.split("/")[1] for message in wire.sent} == {"plug-1"}
    assert fresh
    assert all("plug-2" in topic for topic in fresh)
    assert not any("plug-1" in topic for topic in wire.courier.filters)
    wire.courier.send("lavender", "scent", (DiffuserWanted(False),))
    assert wire.sent[-1].topic.split("/")[1] == "plug-2"


def test_a_device_that_comes_back_is_not_told_something_older(wire: Wire) -> None:
    for level in (10.0, 20.0, 30.0):
        wire.courier.send("lavender", "ceiling", (replace(LIT, brightness=level),))
    wire.courier.adopt(a_site(SCENT, TABLE))
    wire.courier.adopt(a_site(CEILING, SCENT, TABLE))
    wire.courier.send("lavender", "ceiling", (LIT,))
    pairs = [(each["epoch"], each["version"]) for each in wire.said("ceiling")]
    assert pairs == sorted(pairs)
    assert pairs[-1] > pairs[-2]


def test_nothing_is_heard_of_who_is_gone(wire: Wire) -> None:
    wire.courier.send("lavender", "ceiling", (LIT,))
    wire.courier.adopt(a_site(SCENT, TABLE))
    wire.news.clear()
    wire.native("ceiling", on=True, brightness=40.0, kelvin=2700)
    wire.clock.advance(7200)
    assert wire.news == []


def test_who_is_unsteady_as_it_goes_is_not_heard_of_again(wire: Wire) -> None:
    for _ in range(8):
        wire.hear("ambiance/harbour/lavender/device/ceiling/online", False)
        wire.hear("ambiance/harbour/lavender/device/ceiling/online", True)
        wire.clock.advance(1)
    assert [news for news in wire.news if isinstance(news, DeviceUnsteady)]
    wire.courier.adopt(a_site(SCENT, TABLE))
    wire.news.clear()
    wire.clock.advance(7200)
    assert wire.news == []


def test_what_the_broker_repeats_for_a_new_device_is_nobodys_hand(wire: Wire) -> None:
    """To hear where a new lamp stands its topic is subscribed to again, and the broker says again what it keeps of the others."""
    wire.courier.send("lavender", "ceiling", (LIT,))
    wire.native("ceiling", on=True, brightness=40.0, kelvin=2700, epoch=4, version=1)
    wire.clock.advance(60)
    fresh = wire.courier.adopt(a_site(CEILING, Device("cove", "lavender", "light"), SCENT, TABLE))
    assert set(fresh) == set(TOPICS.device_filters())
    wire.news.clear()
    wire.native("ceiling", retain=True, on=True, brightness=10.0, kelvin=2700, epoch=4, version=1)
    wire.native("cove", retain=True, on=True, brightness=77.0, kelvin=2700)
    assert [news for news in wire.news if isinstance(news, DeviceChanged)] == []
    assert {news.device for news in wire.news} == {"cove"}


def test_a_new_lamp_whose_level_is_known_glides_from_there(wire: Wire) -> None:
    wire.courier.adopt(a_site(CEILING, Device("cove", "lavender", "light"), SCENT, TABLE))
    wire.native("cove", retain=True, on=True, brightness=100.0, kelvin=2700)
    wire.courier.send("lavender", "cove", (replace(LIT, brightness=1.0),), glide=True)
    assert wire.said("cove")[-1]["fade"] > 15
    assert [news.device for news in wire.news if isinstance(news, DeviceAsked)] == ["cove"]


def test_what_still_waits_for_the_radio_is_not_said_behind_the_off_of_a_device_that_goes() -> None:
    plugs = tuple(Device(f"plug-{n}", "lavender", "diffuser", "zigbee2mqtt", f"zigbee2mqtt/plug-{n}") for n in range(3))
    wire = Wire(*plugs)
    for plug in plugs:
        wire.courier.send("lavender", plug.id, (DiffuserWanted(True, 1, 60.0),))
    wire.sent.clear()
    wire.courier.adopt(a_site(plugs[0]))
    wire.clock.advance(60)
    last = [json.loads(message.payload) for message in wire.sent if message.topic == "zigbee2mqtt/plug-2/set"]
    assert [each["state"] for each in last] == ["OFF"]
