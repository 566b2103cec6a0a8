"""The courier: what is said until confirmed, what is never said again, and what is believed of what comes back."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from ambiance.clock import ManualClock
from ambiance.cuesheet.wanted import DiffuserWanted, LightWanted, PlayerWanted, Wanted, WarmerWanted
from ambiance.device import (
    ButtonPressed,
    Courier,
    DeviceAsked,
    DeviceChanged,
    DeviceNews,
    DeviceReported,
    DeviceReturned,
    DeviceSilent,
    DeviceUnsteady,
    DeviceWentOffline,
    Incoming,
    Message,
    Native,
    ReportRefused,
    Topics,
)
from ambiance.device.simulator import SimulatedRoom
from ambiance.site import Device, Room, Site
from ambiance.units import output

TOPICS = Topics("ambiance", "harbour")
ROOM = Room(
    "lavender",
    "Lavender",
    full_volume_dba=70,
    devices=(
        Device("ceiling", "lavender", "light"),
        Device("speaker", "lavender", "player"),
        Device("scent", "lavender", "diffuser"),
        Device("table", "lavender", "warmer"),
        Device("knob", "lavender", "button", press={"single": "advance", "double": "stay", "2.long": "bright", "3.single": "brighter"}),
        Device("keys", "lavender", "button"),
    ),
)
News = TypeVar("News")
DIM = LightWanted(True, round(100 * output(20), 2), 2200, None, 30.0)


class House:
    """A courier and simulated devices, with a network between them that takes 10 ms and can be cut either way."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.sent: list[Message] = []
        self.news: list[DeviceNews] = []
        self.delivers = self.reports = True
        self.on_return: Callable[[DeviceReturned], None] | None = None
        self.room = SimulatedRoom(ROOM, TOPICS, self.clock, self._from_device)
        site = Site("harbour", "Harbour", ZoneInfo("UTC"), (ROOM,))
        self.courier = Courier(site, TOPICS, {"native": Native(TOPICS)}, 4, self.clock, self._to_device, self._told)
        self.courier.link_up()

    def send(self, device: str, *wanteds: Wanted, glide: bool = False, hurry: bool = False) -> None:
        self.courier.send("lavender", device, wanteds, glide=glide, hurry=hurry)

    def hear(self, device: str, payload: bytes | dict[str, Any], about: str = "state", retain: bool = False) -> None:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.courier.hear(Incoming(f"ambiance/harbour/lavender/device/{device}/{about}", body, retain))

    def said(self, device: str) -> list[dict[str, Any]]:
        return [json.loads(message.payload) for message in self.sent if message.topic == TOPICS.set("lavender", device)]

    def told(self, kind: type[News]) -> list[News]:
        return [news for news in self.news if isinstance(news, kind)]

    def pass_(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def _to_device(self, message: Message) -> None:
        self.sent.append(message)
        if self.delivers:
            self._soon(lambda: self.room.hear(Incoming(message.topic, message.payload)))

    def _from_device(self, message: Message) -> None:
        def arrive() -> None:
            self.courier.hear(Incoming(message.topic, message.payload))

        if self.reports:
            self._soon(arrive)

    def _told(self, news: DeviceNews) -> None:
        self.news.append(news)
        if isinstance(news, DeviceReturned) and self.on_return is not None:
            self.on_return(news)

    def _soon(self, do: Callable[[], None]) -> None:
        self.clock.call_at(self.clock.now() + timedelta(milliseconds=10), do)


@pytest.fixture
def house() -> House:
    return House()


# -- saying ----------------------------------------------------------------------------------------------------------


def test_each_new_wanted_state_of_a_device_gets_the_next_version(house: House) -> None:
    house.send("ceiling", DIM)
    house.send("speaker", PlayerWanted(True, 30, "a"))
    house.send("ceiling", LightWanted(True, 50, 2700))
    assert [(said["epoch"], said["version"]) for said in house.said("ceiling")] == [(4, 1), (4, 2)]
    assert [(said["epoch"], said["version"]) for said in house.said("speaker")] == [(4, 1)]


def test_the_level_is_said_before_the_play_and_only_the_play_is_kept(house: House) -> None:
    quiet, play = PlayerWanted(False, 15, "a"), PlayerWanted(True, 34, "a", 6)
    house.delivers = False
    house.send("speaker", quiet, play)
    assert [(said["playing"], said["version"]) for said in house.said("speaker")] == [(False, 1), (True, 2)]
    assert house.sent[0].keep, "a newer message must not take its place in the queue"
    assert house.told(DeviceAsked) == [DeviceAsked("lavender", "speaker", play)]
    house.pass_(6)
    assert [said["version"] for said in house.said("speaker")] == [1, 2, 2]


def test_the_slow_beat_says_the_same_bytes_and_the_device_does_not_start_its_fade_again(house: House) -> None:
    house.send("ceiling", DIM)
    house.pass_(20)
    there = house.room.actual("ceiling")["brightness"]
    house.send("ceiling", LightWanted(True, DIM.brightness, 2200, None, 10.0), glide=True)
    assert house.sent[0].payload == house.sent[-1].payload
    house.pass_(0.02)
    assert house.room.actual("ceiling")["brightness"] == pytest.approx(there, abs=0.1)
    house.pass_(60)
    house.send("ceiling", LightWanted(True, DIM.brightness, 2200), glide=True)
    assert len({message.payload for message in house.sent}) == 1
    assert house.told(DeviceAsked) == [DeviceAsked("lavender", "ceiling", DIM)]


def test_a_beat_that_nobody_answers_is_noticed(house: House) -> None:
    house.send("ceiling", DIM)
    house.pass_(60)
    house.delivers = False
    house.send("ceiling", DIM, glide=True)
    house.pass_(60)
    assert house.told(DeviceSilent) == [DeviceSilent("lavender", "ceiling", 3)]


def test_a_hand_that_hurries_the_same_target_is_a_new_command(house: House) -> None:
    house.send("ceiling", DIM)
    house.pass_(2)
    house.send("ceiling", LightWanted(True, DIM.brightness, 2200, None, 1.0), hurry=True)
    assert house.said("ceiling")[-1]["version"] == 2
    assert house.said("ceiling")[-1]["fade"] == 1.0


def test_row_6_an_unconfirmed_command_is_said_three_times_more_in_the_same_bytes_then_the_device_is_silent(house: House) -> None:
    house.reports = False
    house.send("ceiling", DIM)
    began, times = house.clock.now(), []
    for _ in range(200):
        count = len(house.sent)
        house.pass_(1)
        times += [(house.clock.now() - began).total_seconds()] * (len(house.sent) - count)
    assert times == [5, 15, 35]
    assert len({message.payload for message in house.sent}) == 1
    assert house.told(DeviceSilent) == [DeviceSilent("lavender", "ceiling", 3)]
    assert not any(news.confirmed for news in house.told(DeviceReported))


def test_a_confirmed_command_is_not_said_again(house: House) -> None:
    house.send("ceiling", DIM)
    house.pass_(120)
    assert len(house.sent) == 1
    assert house.told(DeviceSilent) == []
    assert house.courier.tally.confirmed == 1


def test_a_device_that_answers_late_is_not_silent_any_more(house: House) -> None:
    house.room.devices["ceiling"].faults.late = 40
    house.send("ceiling", DIM)
    house.pass_(39)
    assert len(house.told(DeviceSilent)) == 1
    house.pass_(5)
    assert house.told(DeviceReported)[-1].confirmed
    house.pass_(100)
    assert len(house.sent) == 4


def test_row_9_off_and_emergencies_are_said_until_confirmed(house: House) -> None:
    house.delivers = False
    house.send("scent", DiffuserWanted(False))
    house.send("ceiling", LightWanted(True, 100, 4000, None, 1), hurry=True)
    house.pass_(1800)
    assert len(house.said("scent")) == len(house.said("ceiling")) == pytest.approx(1800 / 20, abs=3)
    assert [news.device for news in house.told(DeviceSilent)] == ["scent", "ceiling"], "told once each"
    house.delivers = True
    house.pass_(21)
    count = len(house.sent)
    house.pass_(600)
    assert len(house.sent) == count


def test_row_8_off_is_first_when_a_diffuser_returns(house: House) -> None:
    order: list[str] = []
    house.room.devices["scent"].go_offline()
    house.pass_(1)
    house.send("scent", DiffuserWanted(False))
    house.pass_(300)
    assert len(house.said("scent")) > 10
    house.sent.clear()
    house.on_return = lambda news: order.append(f"{news.device} after {len(house.sent)} sent")
    house.room.devices["scent"].come_back()
    house.pass_(0.02)
    assert order == ["scent after 1 sent"]
    assert house.said("scent")[0]["on"] is False
    house.pass_(1)
    assert house.told(DeviceReported)[-1].confirmed


# -- scent -----------------------------------------------------------------------------------------------------------


def test_a_renewed_lease_is_a_new_version_each_time(house: House) -> None:
    for _ in range(3):
        house.send("scent", DiffuserWanted(True, 2, 120))
        house.pass_(40)
    assert [said["version"] for said in house.said("scent")] == [1, 2, 3]
    house.pass_(79)
    assert house.room.actual("scent")["on"]
    house.pass_(2)
    assert not house.room.actual("scent")["on"]
    assert house.told(DeviceChanged) == [], "the device ended it by itself, as told"


def test_row_7_a_diffuser_whose_controller_dies_is_off_within_120_s(house: House) -> None:
    house.send("scent", DiffuserWanted(True, 3, 120))
    house.pass_(1)
    house.delivers = house.reports = False
    house.pass_(120)
    assert not house.room.actual("scent")["on"]


def test_on_is_not_said_again_once_its_time_has_passed(house: House) -> None:
    house.delivers = False
    house.send("scent", DiffuserWanted(True, 1, 12))
    house.pass_(300)
    assert len(house.sent) == 2, "once, and once more within its 12 s"
    assert len(house.told(DeviceSilent)) == 1


def test_a_restatement_never_switches_a_diffuser_on(house: House) -> None:
    house.send("scent", DiffuserWanted(True, 1, 120), glide=True)
    assert house.sent == []


def test_row_31_a_diffuser_that_is_offline_or_beyond_a_lost_link_is_not_switched_on(house: House) -> None:
    house.hear("scent", b"false", "online")
    house.send("scent", DiffuserWanted(True, 1, 120))
    house.hear("scent", b"true", "online")
    house.courier.link_down()
    house.send("scent", DiffuserWanted(True, 1, 120))
    house.courier.link_up()
    house.pass_(300)
    assert house.said("scent") == []


# -- gliding ---------------------------------------------------------------------------------------------------------


def test_a_restatement_to_a_device_nobody_has_heard_takes_25_s(house: House) -> None:
    house.send("ceiling", LightWanted(True, 5, 2200), glide=True)
    assert house.said("ceiling")[0]["fade"] == 25.0


def test_a_restatement_keeps_the_longer_fade_of_its_own(house: House) -> None:
    house.send("ceiling", LightWanted(True, 5, 2200, None, 90), glide=True)
    assert house.said("ceiling")[0]["fade"] == 90


@pytest.mark.parametrize(
    ("reported", "wanted", "fade"),
    [
        ({"on": True, "brightness": 100 * output(60), "kelvin": 2200}, LightWanted(True, 100 * output(20), 2200), 10.0),
        ({"on": False, "brightness": 80, "kelvin": 6500}, LightWanted(True, 100 * output(20), 2200), 5.0),
        ({"on": True, "brightness": 50, "kelvin": 4000}, LightWanted(True, 50, 2200), (1e6 / 2200 - 250) / 5),
        ({"on": True, "brightness": 50, "kelvin": 2200}, LightWanted(True, 50, 2200), 0.0),
    ],
)
def test_a_lamp_glides_from_where_it_says_it_is(house: House, reported: dict[str, Any], wanted: LightWanted, fade: float) -> None:
    house.hear("ceiling", reported, retain=True)
    house.send("ceiling", wanted, glide=True)
    assert house.said("ceiling")[0]["fade"] == pytest.approx(fade, abs=0.01)


def test_a_player_rises_3_and_falls_6_db_a_second(house: House) -> None:
    house.hear("speaker", {"playing": True, "volume": 50})
    house.send("speaker", PlayerWanted(True, 100, "a"), glide=True)
    assert house.said("speaker")[-1]["fade"] == pytest.approx(18.06 / 3, abs=0.01)
    house.pass_(30)
    house.send("speaker", PlayerWanted(True, 50, "a"), glide=False, hurry=True)
    house.pass_(30)
    house.courier.link_down()
    house.courier.link_up()
    house.hear("speaker", {"playing": True, "volume": 100, "epoch": 4, "version": 2})
    house.send("speaker", PlayerWanted(True, 50, "a"), glide=True)
    assert house.said("speaker")[-1]["fade"] == pytest.approx(18.06 / 6, abs=0.01)


def test_row_9_an_alarm_said_again_meanwhile_is_still_given_up_visibly_and_never_in_fact(house: House) -> None:
    full = LightWanted(True, 100, 4000, None, 1)
    house.delivers = False
    house.send("ceiling", full, hurry=True)
    for _ in range(4):
        house.pass_(9)
        house.send("ceiling", full, hurry=True)  # as at every beat of a room in an emergency
    assert [(news.device, news.tries) for news in house.told(DeviceSilent)] == [("ceiling", 3)]
    assert {said["version"] for said in house.said("ceiling")} == {1}
    before = len(house.said("ceiling"))
    house.pass_(600)
    assert len(house.said("ceiling")) > before + 20
    house.delivers = True
    house.pass_(30)
    assert house.room.actual("ceiling")["brightness"] == 100


def test_hurry_is_never_stretched(house: House) -> None:
    house.send("ceiling", LightWanted(True, 100, 4000, None, 1), glide=True, hurry=True)
    assert house.said("ceiling")[0]["fade"] == 1


def test_a_cue_during_a_glide_from_elsewhere_does_not_hurry_it(house: House) -> None:
    house.send("ceiling", LightWanted(True, 5, 2200), glide=True)
    house.pass_(5)
    house.send("ceiling", LightWanted(True, 8, 2200, None, 3))
    assert house.said("ceiling")[-1]["fade"] == pytest.approx(20)
    house.pass_(60)
    house.send("ceiling", LightWanted(True, 12, 2200, None, 3))
    assert house.said("ceiling")[-1]["fade"] == 3


def test_row_5_nothing_from_before_a_lost_link_is_sent_after_it(house: House) -> None:
    house.delivers = False
    house.send("ceiling", DIM)
    house.send("scent", DiffuserWanted(False))
    house.courier.link_down()
    house.send("ceiling", LightWanted(True, 60, 3000))
    house.sent.clear()
    house.pass_(100)
    house.courier.link_up()
    house.pass_(600)
    assert house.sent == []
    house.send("ceiling", LightWanted(True, 60, 3000), glide=True)
    assert house.said("ceiling")[0]["version"] == 3
    assert house.said("ceiling")[0]["fade"] == 25.0, "after a lost link a lamp may be anywhere"


# -- hearing ---------------------------------------------------------------------------------------------------------


def test_row_29_a_second_delivery_of_a_report_changes_nothing(house: House) -> None:
    house.send("ceiling", LightWanted(True, 50, 2700))
    house.pass_(30)
    body = {"on": True, "brightness": 50, "kelvin": 2700, "epoch": 4, "version": 1}
    for _ in range(2):
        house.hear("ceiling", body)
    assert house.courier.tally.confirmed == 1
    assert house.told(DeviceChanged) == []
    assert len(house.sent) == 1


def test_row_30_a_report_of_a_lower_pair_never_overwrites(house: House) -> None:
    house.send("ceiling", LightWanted(True, 50, 2700))
    house.send("ceiling", LightWanted(True, 20, 2700))
    house.pass_(1)
    heard = len(house.news)
    for pair in ({"epoch": 4, "version": 1}, {"epoch": 3, "version": 900}):
        house.hear("ceiling", {"on": True, "brightness": 50, "kelvin": 2700, **pair})
    assert house.news[heard:] == []
    assert house.courier.tally.outdated == 2


def test_row_4_an_older_retained_report_is_taken_only_while_nothing_is_known(house: House) -> None:
    house.send("ceiling", LightWanted(True, 50, 2700))
    house.hear("ceiling", {"on": True, "brightness": 9, "kelvin": 2700, "epoch": 3, "version": 7}, retain=True)
    assert house.told(DeviceReported) == [
        DeviceReported("lavender", "ceiling", {"on": True, "brightness": 9, "kelvin": 2700}, confirmed=False)
    ]


def test_row_31_a_device_that_comes_back_after_10_minutes_is_told_of_then_glides_to_now(house: House) -> None:
    house.room.devices["ceiling"].go_offline()
    house.pass_(1)
    assert house.told(DeviceWentOffline) == [DeviceWentOffline("lavender", "ceiling")]
    for brightness in (60, 40, 20):
        house.send("ceiling", LightWanted(True, brightness, 2700))
        house.pass_(200)
    assert house.told(DeviceSilent) == [], "it said that it is away"
    house.sent.clear()
    house.on_return = lambda news: house.send(news.device, LightWanted(True, 20, 2700), glide=True)
    house.room.devices["ceiling"].come_back()
    house.pass_(60)
    assert [said["brightness"] for said in house.said("ceiling")] == [20]
    assert house.said("ceiling")[0]["fade"] > 0
    assert house.room.actual("ceiling")["brightness"] == 20


def test_row_31_a_device_that_nobody_ever_heard_of_is_told_of_now_when_it_first_says_that_it_is_there(house: House) -> None:
    house.delivers = False
    house.on_return = lambda news: house.send(news.device, DIM, glide=True)
    house.send("ceiling", DIM)
    house.pass_(60)
    assert house.told(DeviceSilent) == [DeviceSilent("lavender", "ceiling", 3)]
    house.hear("ceiling", b"true", "online", retain=True)
    assert house.told(DeviceReturned) == [], "the broker may have kept that for a year"
    house.sent.clear()
    house.hear("ceiling", b"true", "online")
    house.hear("ceiling", b"true", "online")
    assert house.told(DeviceReturned) == [DeviceReturned("lavender", "ceiling")]
    assert [said["brightness"] for said in house.said("ceiling")] == [DIM.brightness]
    house.pass_(60)
    assert len(house.told(DeviceSilent)) == 2, "it said that it is there, and does not answer"


def test_a_mere_report_is_not_a_return(house: House) -> None:
    house.hear("ceiling", b"true", "online", retain=True)
    house.hear("ceiling", {"on": True, "brightness": 9})
    assert house.told(DeviceReturned) == []


def test_row_32_a_device_that_reboots_to_its_defaults_is_told_again_at_once(house: House) -> None:
    house.room.start()
    house.on_return = lambda news: house.send(news.device, LightWanted(True, 10, 2200), glide=True)
    house.send("ceiling", LightWanted(True, 10, 2200))
    house.pass_(60)
    house.room.devices["ceiling"].reboot()
    house.pass_(1)
    assert [said["version"] for said in house.said("ceiling")] == [1, 2]
    assert house.said("ceiling")[-1]["fade"] > 5
    house.pass_(60)
    assert house.room.actual("ceiling")["brightness"] == 10
    assert house.told(DeviceChanged) == []


def test_row_32_a_device_that_reboots_all_the_time_is_told_at_most_three_times_a_minute_and_raises_one_alarm(house: House) -> None:
    house.room.start()
    house.on_return = lambda news: house.send(news.device, LightWanted(True, 10, 2200), glide=True)
    house.send("ceiling", LightWanted(True, 10, 2200))
    house.pass_(30)
    house.sent.clear()
    for _ in range(60):
        house.room.devices["ceiling"].reboot()
        house.pass_(2)
    assert len(house.said("ceiling")) <= 2 * 3 + 1 + 3, "three tries a minute, and what went unanswered again"
    assert len(house.told(DeviceReturned)) <= 7
    assert house.told(DeviceUnsteady) == [DeviceUnsteady("lavender", "ceiling", True)]
    house.pass_(120)
    assert house.told(DeviceUnsteady)[-1] == DeviceUnsteady("lavender", "ceiling", False)
    assert house.room.actual("ceiling")["brightness"] == 10, "what it was told last is true in the end"


def test_row_33_a_clipped_value_is_confirmed_and_not_fought(house: House) -> None:
    house.room.devices["ceiling"].faults.clips["brightness"] = (0, 80)
    house.send("ceiling", LightWanted(True, 100, 4000, None, 10))
    for _ in range(30):
        house.pass_(60)
        house.send("ceiling", LightWanted(True, 100, 4000), glide=True)
    assert len({message.payload for message in house.sent}) == 1
    last = house.told(DeviceReported)[-1]
    assert (last.confirmed, last.reported["brightness"]) == (True, 80)
    assert house.told(DeviceChanged) == []


def test_a_hand_on_a_wall_switch_is_news_once(house: House) -> None:
    house.send("ceiling", DIM)
    house.pass_(60)
    house.room.devices["ceiling"].touch(LightWanted(True, 90, 3000))
    house.pass_(1)
    (changed,) = house.told(DeviceChanged)
    assert changed.reported["brightness"] == 90
    house.hear("ceiling", {"on": True, "brightness": 90, "kelvin": 3000, "epoch": 4, "version": 1})
    assert len(house.told(DeviceChanged)) == 1
    house.send("ceiling", DIM, glide=True)
    house.pass_(60)
    assert house.room.actual("ceiling")["brightness"] == 90, "the slow beat does not fight a hand"


def test_a_person_can_undo_what_a_wall_switch_did(house: House) -> None:
    house.send("ceiling", DIM)
    house.pass_(60)
    house.room.devices["ceiling"].touch(LightWanted(True, 90, 3000))
    house.pass_(1)
    house.send("ceiling", DIM)
    house.pass_(60)
    assert house.room.actual("ceiling")["brightness"] == DIM.brightness


def test_a_clipping_device_still_shows_a_hand(house: House) -> None:
    house.room.devices["ceiling"].faults.clips["brightness"] = (0, 80)
    house.send("ceiling", LightWanted(True, 100, 4000))
    house.pass_(60)
    house.room.devices["ceiling"].touch(LightWanted(False, 0, 4000))
    house.pass_(1)
    assert len(house.told(DeviceChanged)) == 1


def test_a_change_during_our_own_fade_is_not_taken_for_a_hand(house: House) -> None:
    house.send("ceiling", DIM)
    house.pass_(31)
    assert len(house.told(DeviceReported)) > 3
    assert house.told(DeviceChanged) == []


def test_a_device_that_is_a_little_slow_to_settle_is_not_taken_for_a_hand(house: House) -> None:
    house.delivers = False
    house.send("ceiling", LightWanted(True, 50, 2700, None, 10))
    for seconds, brightness in ((1, 90), (9.5, 70), (2, 58), (2, 50)):
        house.pass_(seconds)
        house.hear("ceiling", {"on": True, "brightness": brightness, "kelvin": 2700, "epoch": 4, "version": 1})
    assert house.told(DeviceChanged) == []


def test_a_lamp_that_says_it_is_still_on_its_way_is_not_taken_for_a_hand_however_late_it_is(house: House) -> None:
    house.delivers = False
    house.send("ceiling", LightWanted(True, 50, 2700, None, 10))
    said = {"on": True, "kelvin": 2700, "color": None, "epoch": 4, "version": 1}
    house.hear("ceiling", {**said, "brightness": 90, "fade": 9.8})
    house.pass_(60)
    for brightness, left in ((80, 7.5), (65, 3.8), (52, 0.5), (50, 0)):
        house.hear("ceiling", {**said, "brightness": brightness, "fade": left})
    assert house.told(DeviceChanged) == []
    house.hear("ceiling", {**said, "brightness": 90, "fade": 10})
    assert len(house.told(DeviceChanged)) == 1, "one that only repeats what it was told says nothing of its way"


def test_a_lamp_that_says_null_for_what_it_does_not_tell_is_heard_out(house: House) -> None:
    house.delivers = False
    house.send("ceiling", LightWanted(True, 50, 2700, None, 10))
    said = {"on": True, "kelvin": None, "color": None, "fade": None, "epoch": 4, "version": 1}
    house.hear("ceiling", {**said, "brightness": 50})
    house.pass_(60)
    house.hear("ceiling", {**said, "brightness": 50})
    house.hear("ceiling", {**said, "brightness": 90})
    assert (len(house.told(DeviceReported)), len(house.told(DeviceChanged)), house.told(ReportRefused)) == (3, 1, [])


def test_scent_stopped_at_the_device_is_a_hand(house: House) -> None:
    house.send("scent", DiffuserWanted(True, 2, 120))
    house.pass_(30)
    house.room.devices["scent"].touch(DiffuserWanted(False))
    house.pass_(1)
    assert [news.device for news in house.told(DeviceChanged)] == ["scent"]


def test_a_diffuser_switched_on_by_somebody_can_be_switched_off_again(house: House) -> None:
    house.send("scent", DiffuserWanted(False))
    house.pass_(30)
    house.room.devices["scent"].touch(DiffuserWanted(True, 3, 900))
    house.pass_(1)
    assert len(house.told(DeviceChanged)) == 1
    house.send("scent", DiffuserWanted(False))
    house.pass_(1)
    assert not house.room.actual("scent")["on"]


def test_what_devices_do_while_the_link_is_down_is_no_hand(house: House) -> None:
    """A lamp that rose by itself because its controller was gone must not be held there."""
    house.send("ceiling", LightWanted(True, 2, 2200))
    house.pass_(30)
    house.courier.link_down()
    house.courier.link_up()
    house.hear("ceiling", {"on": True, "brightness": 10, "kelvin": 2200, "epoch": 4, "version": 1}, retain=True)
    assert house.told(DeviceChanged) == []
    house.send("ceiling", LightWanted(True, 2, 2200), glide=True)
    assert house.said("ceiling")[-1]["fade"] > 4, "and it glides from there"


def test_a_warmer_is_not_extended_by_the_slow_beat_but_by_a_later_end(house: House) -> None:
    house.send("table", WarmerWanted(True, 3600))
    house.pass_(60)
    house.send("table", WarmerWanted(True, 3540), glide=True)
    assert [said["version"] for said in house.said("table")] == [1, 1]
    house.pass_(60)
    house.send("table", WarmerWanted(True, 4380), glide=True)
    assert [said["version"] for said in house.said("table")] == [1, 1, 2]
    house.pass_(4370)
    assert house.room.actual("table")["on"]
    house.pass_(11)
    assert not house.room.actual("table")["on"]
    assert house.told(DeviceChanged) == []


# -- liveness --------------------------------------------------------------------------------------------------------


def test_row_34_a_device_of_unknown_liveness_is_driven_normally(house: House) -> None:
    house.send("ceiling", DIM)
    house.pass_(10)
    assert house.told(DeviceReported)[-1].confirmed
    assert house.told(DeviceWentOffline) == []


def test_row_34_a_late_will_is_undone_by_the_next_answer(house: House) -> None:
    house.send("ceiling", DIM)
    house.pass_(40)
    house.hear("ceiling", b"false", "online")
    house.hear("ceiling", {"on": True, "brightness": DIM.brightness, "epoch": 4, "version": 1}, retain=True)
    house.send("scent", DiffuserWanted(False))
    house.pass_(20)
    house.send("ceiling", DIM, glide=True)
    house.pass_(1)
    house.hear("ceiling", b"true", "online")
    assert house.told(DeviceReturned) == [], "it never was away"


def test_row_32_a_device_that_went_away_to_reboot_returns_once(house: House) -> None:
    house.room.start()
    house.pass_(1)
    house.room.devices["ceiling"].go_offline()
    house.pass_(8)
    house.room.devices["ceiling"].reboot()
    house.pass_(60)
    assert len(house.told(DeviceReturned)) == 1


def test_row_35_a_second_return_within_10_s_waits_for_its_turn(house: House) -> None:
    for _ in range(2):
        house.hear("ceiling", b"false", "online")
        house.hear("ceiling", b"true", "online")
        house.pass_(2)
    assert len(house.told(DeviceReturned)) == 1
    house.pass_(5.9)
    assert len(house.told(DeviceReturned)) == 1
    house.pass_(0.2)
    assert len(house.told(DeviceReturned)) == 2


def test_row_35_a_flapping_device_is_damped_and_raises_one_alarm(house: House) -> None:
    house.on_return = lambda news: house.send(news.device, LightWanted(True, 10, 2200), glide=True)
    house.send("ceiling", LightWanted(True, 10, 2200))
    house.pass_(10)
    house.sent.clear()
    house.room.devices["ceiling"].flap(times=60, every=2)
    house.pass_(120)
    assert 3 <= len(house.told(DeviceReturned)) <= 7
    assert len(house.told(DeviceWentOffline)) <= 8
    assert len(house.sent) <= 10
    assert house.told(DeviceUnsteady) == [DeviceUnsteady("lavender", "ceiling", True)]
    returned = len(house.told(DeviceReturned))
    house.pass_(30)
    assert len(house.told(DeviceReturned)) <= returned + 1
    house.pass_(90)
    assert house.told(DeviceUnsteady)[-1].unsteady is False
    assert house.room.actual("ceiling")["brightness"] == 10


# -- nonsense, strangers, buttons --------------------------------------------------------------------------------------


def test_row_37_nonsense_is_counted_always_and_told_once_a_minute(house: House) -> None:
    for _ in range(100):
        house.hear("ceiling", b"\xff" * 20_000)
    assert house.courier.tally.refused == 100
    assert len(house.told(ReportRefused)) == 1
    house.pass_(61)
    house.hear("ceiling", b"[")
    assert len(house.told(ReportRefused)) == 2
    assert house.told(DeviceReported) == []


def test_row_37_ten_thousand_unknown_devices_are_counted_and_remembered_by_none(house: House) -> None:
    for n in range(10_000):
        assert house.courier.hear(Incoming(f"ambiance/harbour/lavender/device/d{n}/state", b"{}"))
    assert house.courier.tally.unknown == 10_000
    assert house.news == []


def test_what_is_no_device_topic_is_left_to_others(house: House) -> None:
    assert not house.courier.hear(Incoming("ambiance/harbour/lavender/do/start", b"{}"))
    assert not house.courier.hear(Incoming("ambiance/harbour/+/device/+/state", b"{}"))


def test_a_press_becomes_the_verb_the_installer_chose(house: House) -> None:
    knob = house.room.devices["knob"]
    for press, button in (("single", 1), ("double", 1), ("long", 2), ("long", 1), ("single", 9)):
        knob.press(press, button)
        house.pass_(1)
    assert [news.verb for news in house.told(ButtonPressed)] == ["advance", "stay", "bright"]


def test_a_button_with_four_keys_needs_no_setting_up(house: House) -> None:
    keys = house.room.devices["keys"]
    for press, button in (("single", 1), ("double", 1), ("long", 1), ("single", 2), ("single", 3), ("single", 4), ("long", 4)):
        keys.press(press, button)
        house.pass_(1)
    assert [news.verb for news in house.told(ButtonPressed)] == ["next", "stay", "bright", "brighter", "dimmer", "mute", "call"]


def test_row_29_a_press_that_bounces_or_is_delivered_twice_counts_once(house: House) -> None:
    for _ in range(3):
        house.room.devices["knob"].press()
        house.pass_(0.3)
    house.hear("knob", {"press": "single"}, retain=True)
    assert len(house.told(ButtonPressed)) == 1
    house.pass_(3)
    house.hear("knob", {"press": "single"}, retain=True)
    assert len(house.told(ButtonPressed)) == 1, "a retained press is an old one"
    for _ in range(3):
        house.room.devices["knob"].press("single", 3)
        house.pass_(0.5)
    assert [news.verb for news in house.told(ButtonPressed)] == ["advance", "brighter", "brighter", "brighter"]
