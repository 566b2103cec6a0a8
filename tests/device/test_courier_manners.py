"""The courier on shared radios: groups, bridges, echoes, hands on foreign lamps, and an off that must be proved."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from ambiance.clock import ManualClock
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted, PlayerWanted, Wanted
from ambiance.device import (
    ButtonPressed,
    Courier,
    DeviceChanged,
    DeviceNews,
    DeviceReported,
    DeviceReturned,
    DeviceSilent,
    DeviceWentOffline,
    Incoming,
    Message,
    ReportRefused,
)
from ambiance.device.dialects import SPOKEN
from ambiance.room import Board
from ambiance.site import Device, Room, Site
from tests.device.families import TOPICS

GROUP = {"group": "lavender_lights"}
DEVICES = (
    Device("left", "lavender", "light", "zigbee2mqtt", "zigbee2mqtt/left", fade=6553, curve="output", options=GROUP),
    Device("right", "lavender", "light", "zigbee2mqtt", "zigbee2mqtt/right", fade=6553, curve="output", options=GROUP),
    Device("ceiling", "lavender", "light", "zigbee2mqtt", "zigbee2mqtt/ceiling", fade=6553, curve="output"),
    Device("plug", "lavender", "diffuser", "zigbee2mqtt", "zigbee2mqtt/plug", running_watts=2.0),
    Device("strip", "lavender", "light", "wled", "wled/lavender", fade=65, curve="output"),
    Device("speaker", "lavender", "player", "sonos2mqtt", "sonos/RINCON_1", fade=0),
    Device("wheel", "lavender", "button", "zigbee2mqtt", "zigbee2mqtt/wheel", press={"rotate_right": "brighter", "single": "next"}),
)
ROOM = Room("lavender", "Lavender", full_volume_dba=70, devices=DEVICES)
SITE = Site("harbour", "Harbour", ZoneInfo("UTC"), (ROOM,))
DIM = LightWanted(True, 40, 2700, None, 60)


class House:
    """A courier, a board, and devices that say what the test has them say."""

    def __init__(self, speed: float = 1.0) -> None:
        self.clock = ManualClock()
        self.clock.speed = speed
        self.sent: list[Message] = []
        self.news: list[DeviceNews] = []
        self.board = Board(SITE, self.clock)
        spoken = {name: speak(TOPICS) for name, speak in SPOKEN.items()}
        self.courier = Courier(SITE, TOPICS, spoken, 4, self.clock, self.sent.append, self._told)
        self.courier.link_up()

    def send(self, device: str, *wanteds: Wanted, glide: bool = False, hurry: bool = False) -> None:
        self.courier.send("lavender", device, wanteds, glide=glide, hurry=hurry)

    def hear(self, topic: str, payload: object) -> None:
        body = payload if isinstance(payload, str | bytes) else json.dumps(payload)
        assert self.courier.hear(Incoming(topic, body if isinstance(body, bytes) else body.encode()))

    def lamp(self, name: str, level: float = 40, on: bool = True) -> None:
        self.hear(f"zigbee2mqtt/{name}", {"state": "ON" if on else "OFF", "brightness": round(level * 2.54), "color_temp": 370})

    def told(self, kind: type[DeviceNews]) -> list[str]:
        return [news.device for news in self.news if isinstance(news, kind)]

    def topics(self) -> list[str]:
        return [message.topic for message in self.sent]

    def faults(self) -> tuple[str, ...]:
        return self.board.belief("lavender").faults

    def _told(self, news: DeviceNews) -> None:
        self.news.append(news)
        self.board.heard(news)


@pytest.fixture
def house() -> House:
    return House()


# -- groups and radios -----------------------------------------------------------------------------------------------


def test_a_role_that_moves_together_is_one_message_and_each_lamp_confirms_for_itself(house: House) -> None:
    house.send("left", DIM)
    house.send("right", DIM)
    house.clock.advance(1)
    assert house.topics() == ["zigbee2mqtt/lavender_lights/set"]
    house.lamp("left")
    house.clock.advance(60)
    assert house.told(DeviceSilent) == ["right"]
    assert house.topics()[1:] == ["zigbee2mqtt/right/set"] * 3, "only the one that did not answer is told again, alone"


def test_a_full_house_on_one_radio_hears_ten_a_second_and_an_emergency_at_once() -> None:
    rooms = tuple(
        Room(
            f"r{n}", f"R{n}", devices=tuple(Device(f"l{i}", f"r{n}", "light", "zigbee2mqtt", f"zigbee2mqtt/r{n}/l{i}") for i in range(5))
        )
        for n in range(20)
    )
    clock, sent = ManualClock(), list[tuple[float, str]]()
    spoken = {name: speak(TOPICS) for name, speak in SPOKEN.items()}
    site = Site("harbour", "Harbour", ZoneInfo("UTC"), rooms)
    courier = Courier(site, TOPICS, spoken, 1, clock, lambda m: sent.append((clock.monotonic(), m.topic)), lambda news: None)
    courier.link_up()
    for room in rooms:
        for lamp in room.devices:
            courier.send(room.id, lamp.id, (DIM,))
    clock.advance(3)
    courier.send("r19", "l4", (LightWanted(True, 100, 4000, None, 1),), hurry=True)
    clock.advance(0.11)
    assert sent[-1][1] == "zigbee2mqtt/r19/l4/set" or sent[-2][1] == "zigbee2mqtt/r19/l4/set"
    clock.advance(20)
    assert len({topic for _, topic in sent}) == 100
    assert max(sum(at <= other < at + 1 - 1e-6 for other, _ in sent) for at, _ in sent) <= 10


def test_waiting_for_the_radio_is_not_taken_for_silence() -> None:
    devices = tuple(Device(f"l{i}", "hall", "light", "zigbee2mqtt", f"zigbee2mqtt/l{i}") for i in range(150))
    clock, news = ManualClock(), list[DeviceNews]()
    spoken = {name: speak(TOPICS) for name, speak in SPOKEN.items()}
    site = Site("harbour", "Harbour", ZoneInfo("UTC"), (Room("hall", "Hall", devices=devices),))

    def publish(message: Message) -> None:
        body = json.loads(message.payload)
        body.pop("transition", None)
        echo = Incoming(message.topic.removesuffix("/set"), json.dumps(body).encode())

        def arrive() -> None:
            courier.hear(echo)

        clock.call_at(clock.now() + timedelta(seconds=0.02), arrive)

    courier = Courier(site, TOPICS, spoken, 1, clock, publish, news.append)
    courier.link_up()
    for lamp in devices:
        courier.send("hall", lamp.id, (DIM,))
    clock.advance(120)
    assert courier.tally.resent == 0
    assert not [each for each in news if isinstance(each, DeviceSilent)]


def test_what_a_lamp_on_a_radio_already_is_is_not_said_again(house: House) -> None:
    house.send("ceiling", DIM)
    house.lamp("ceiling")
    house.clock.advance(120)
    for _ in range(5):
        house.send("ceiling", DIM, glide=True)
        house.clock.advance(60)
    assert len(house.sent) == 1
    house.courier.link_down()
    house.courier.link_up()
    house.send("ceiling", DIM, glide=True)
    assert len(house.sent) == 2, "after a lost link nobody knows"


def test_a_step_too_small_for_a_speaker_is_not_said(house: House) -> None:
    house.send("speaker", PlayerWanted(True, 18.2, None))
    house.hear("sonos/RINCON_1", {"transportState": "PLAYING", "volume": {"Master": 18}})
    house.sent.clear()
    house.clock.advance(1)
    house.send("speaker", PlayerWanted(True, 18.4, None))
    assert house.sent == []
    house.clock.advance(60)
    assert house.told(DeviceSilent) == []


# -- bridges ---------------------------------------------------------------------------------------------------------


def test_a_bridge_that_is_gone_is_one_fault_that_names_it(house: House) -> None:
    house.send("plug", DiffuserWanted(True, 2, 120))
    house.hear("zigbee2mqtt/bridge/state", {"state": "offline"})
    assert house.faults() == (
        "The bridge zigbee2mqtt is offline, and with it Left, Right, Ceiling, Plug and Wheel. The rest goes on.",
    )
    house.hear("zigbee2mqtt/bridge/state", {"state": "online"})
    assert house.faults() == ()
    assert len(house.told(DeviceReturned)) == 5


def test_a_lamp_that_was_dead_before_its_bridge_came_back_still_is(house: House) -> None:
    house.hear("zigbee2mqtt/left/availability", {"state": "offline"})
    assert house.faults() == ("Left has no power: wall switch? The rest goes on.",)
    house.hear("zigbee2mqtt/bridge/state", {"state": "offline"})
    house.hear("zigbee2mqtt/bridge/state", {"state": "online"})
    assert house.faults() == ("Left has no power: wall switch? The rest goes on.",)
    assert "left" not in house.told(DeviceReturned)
    house.hear("zigbee2mqtt/left/availability", {"state": "online"})
    assert house.faults() == ()


# -- hands on foreign lamps ------------------------------------------------------------------------------------------


def test_an_echo_of_the_target_and_values_on_the_way_are_no_hand(house: House) -> None:
    house.lamp("ceiling", 80)
    house.send("ceiling", DIM)
    house.lamp("ceiling", 40)
    for level in (78, 70, 60, 50, 42, 40):
        house.clock.advance(9)
        house.lamp("ceiling", level)
    house.clock.advance(30)
    house.lamp("ceiling", 40)
    assert house.told(DeviceChanged) == []


@pytest.mark.parametrize(("level", "on"), [(95, True), (5, True), (60, False)])
def test_a_wall_dimmer_in_the_middle_of_our_fade_is_a_hand(house: House, level: float, on: bool) -> None:
    house.lamp("ceiling", 80)
    house.send("ceiling", DIM)
    house.lamp("ceiling", 40)
    house.clock.advance(20)
    house.lamp("ceiling", level, on)
    assert house.told(DeviceChanged) == ["ceiling"]


def test_a_house_that_is_shown_faster_gives_its_network_as_long_as_ever() -> None:
    house = House(speed=60.0)
    house.lamp("ceiling", 80)
    house.send("ceiling", DIM)
    house.clock.advance(30)  # half a second of the machine's
    house.lamp("ceiling", 90)
    for level in (70, 60, 45):
        house.clock.advance(20)
        house.lamp("ceiling", level)
    assert house.faults() == ()
    house.lamp("ceiling", 40)
    assert (house.told(DeviceChanged), house.told(DeviceSilent), len(house.sent)) == ([], [], 1)
    house.clock.advance(300)
    house.lamp("ceiling", 75)
    assert house.told(DeviceChanged) == ["ceiling"]


def test_a_hand_after_our_fade_is_told_once_and_not_fought(house: House) -> None:
    house.send("ceiling", DIM)
    house.lamp("ceiling")
    house.clock.advance(120)
    house.lamp("ceiling", 75)
    house.lamp("ceiling", 75)
    house.clock.advance(120)
    assert house.told(DeviceChanged) == ["ceiling"]
    assert len(house.sent) == 1


def test_row_33_a_lamp_that_answers_otherwise_than_asked_is_shown_and_not_called_silent(house: House) -> None:
    house.send("ceiling", LightWanted(True, 100, 2700))
    for _ in range(6):
        house.lamp("ceiling", 80)
        house.clock.advance(10)
    assert house.told(DeviceSilent) == []
    assert house.faults() == ("Ceiling is at 80 % light instead of 100 % light.",)
    assert len(house.sent) == 3, "twice more, then it is as it is"
    house.clock.advance(600)
    assert len(house.sent) == 3
    assert house.told(DeviceChanged) == []


def test_a_lamp_that_stays_quiet_does_not_answer(house: House) -> None:
    house.send("ceiling", DIM)
    house.clock.advance(60)
    assert len(house.sent) == 4
    assert house.faults() == ("Ceiling does not answer. The rest goes on.",)


def test_wled_says_the_target_at_once_and_a_person_at_its_app_is_a_hand(house: House) -> None:
    house.hear("wled/lavender/g", "204")
    house.send("strip", LightWanted(True, 20, 2700, None, 30))
    house.hear("wled/lavender/g", "51")
    house.clock.advance(40)
    house.hear("wled/lavender/g", "51")
    assert house.told(DeviceChanged) == []
    house.hear("wled/lavender/g", "255")
    assert house.told(DeviceChanged) == ["strip"]


# -- off is off ------------------------------------------------------------------------------------------------------


def off(house: House) -> None:
    house.send("plug", DiffuserWanted(False))


def test_an_echo_is_no_proof_that_a_diffuser_is_off_so_it_is_asked(house: House) -> None:
    off(house)
    house.hear("zigbee2mqtt/plug", {"state": "OFF"})
    house.clock.advance(1.5)
    assert house.topics() == ["zigbee2mqtt/plug/set", "zigbee2mqtt/plug/get"]
    assert not any(isinstance(news, DeviceReported) and news.confirmed for news in house.news)
    house.hear("zigbee2mqtt/plug", {"state": "OFF"})
    assert any(isinstance(news, DeviceReported) and news.confirmed for news in house.news)
    house.clock.advance(300)
    assert len(house.sent) == 2


def test_a_plug_that_only_echoes_is_told_again_and_then_an_alarm(house: House) -> None:
    off(house)
    for _ in range(60):
        if house.sent and house.sent[-1].topic.endswith("/set"):
            house.hear("zigbee2mqtt/plug", {"state": "OFF"})
        house.clock.advance(1)
    assert house.topics().count("zigbee2mqtt/plug/set") >= 4
    assert house.faults()[0] == "Plug has not confirmed that it is off. Switch it off by hand."


@pytest.mark.parametrize("says", [{"state": "ON", "power": 12.0}, {"state": "OFF", "power": 12.0}, {"state": "ON"}])
def test_a_diffuser_that_runs_though_it_should_not_is_told_off_again_and_named(house: House, says: dict[str, object]) -> None:
    off(house)
    house.hear("zigbee2mqtt/plug", {"state": "OFF", "power": 12.0})
    assert house.faults() == (), "watts come late, and bridges repeat old ones"
    house.clock.advance(2)
    house.hear("zigbee2mqtt/plug", {"state": "OFF", "power": 0})
    house.clock.advance(30)
    before = len(house.sent)
    house.hear("zigbee2mqtt/plug", says)
    house.clock.advance(0.2)
    assert house.faults()[0] == "Plug runs though it should be off. Switch it off by hand."
    assert json.loads(house.sent[before].payload) == {"state": "OFF"}


def test_a_diffuser_that_draws_nothing_while_it_should_run_is_named(house: House) -> None:
    house.send("plug", DiffuserWanted(True, 2, 120))
    house.hear("zigbee2mqtt/plug", {"state": "ON", "power": 0.4})
    assert house.faults() == ()
    house.clock.advance(12)
    house.hear("zigbee2mqtt/plug", {"state": "ON", "power": 0.4})
    assert house.faults() == ("Plug draws nothing: refill it, or press its key.",)
    house.hear("zigbee2mqtt/plug", {"state": "ON", "power": 11})
    assert house.faults() == ()


def test_a_lease_on_a_radio_is_renewed_though_it_reads_the_same(house: House) -> None:
    for _ in range(3):
        house.send("plug", DiffuserWanted(True, 2, 120))
        house.hear("zigbee2mqtt/plug", {"state": "ON"})
        house.clock.advance(40)
    assert house.topics().count("zigbee2mqtt/plug/set") == 3


NONSENSE = (
    b"{" * 5000, b"[" * 2000 + b"]" * 2000, b'{"state":"ON","brightness":NaN}', b'{"state":5}', b'{"brightness":"x"}', b"\xff\xfe",
    b"x" * 20_000,
)  # fmt: skip


# -- keys and nonsense -----------------------------------------------------------------------------------------------


def test_a_remote_may_have_words_of_its_own(house: House) -> None:
    for action in ("rotate_right", "rotate_right", "single", "shake", ""):
        house.hear("zigbee2mqtt/wheel", {"action": action})
        house.clock.advance(1)
    assert [news.verb for news in house.news if isinstance(news, ButtonPressed)] == ["brighter", "brighter", "next"]


@pytest.mark.parametrize(
    "payload",
    [*NONSENSE],
)
def test_row_37_a_hostile_report_is_counted_told_once_a_minute_and_changes_nothing(house: House, payload: bytes) -> None:
    house.lamp("ceiling", 80)
    before = house.board.belief("lavender").devices["ceiling"].reported
    for _ in range(100):
        house.hear("zigbee2mqtt/ceiling", payload)
    assert house.board.belief("lavender").devices["ceiling"].reported == before
    assert house.told(ReportRefused) == ["ceiling"]
    assert house.courier.tally.refused == 100
    house.clock.advance(61)
    house.hear("zigbee2mqtt/ceiling", payload)
    assert len(house.told(ReportRefused)) == 2


def test_a_device_that_went_is_told_so_once(house: House) -> None:
    for _ in range(3):
        house.hear("zigbee2mqtt/left/availability", {"state": "offline"})
    assert house.told(DeviceWentOffline) == ["left"]


def test_a_fade_turned_round_before_anybody_heard_where_it_was_is_no_hand(house: House) -> None:
    house.lamp("ceiling", 20)
    house.send("ceiling", LightWanted(True, 60, 2700, None, 30))
    house.lamp("ceiling", 60)
    house.lamp("ceiling", 24)
    house.clock.advance(15)
    house.send("ceiling", LightWanted(True, 22, 2700, None, 30))
    house.lamp("ceiling", 22)
    house.clock.advance(3)
    house.lamp("ceiling", 40)
    assert house.told(DeviceChanged) == []
