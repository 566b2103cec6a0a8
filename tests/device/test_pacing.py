"""Radio manners on a clock that is moved by hand: never above the rate, nothing wanted lost, an emergency first."""

from collections import deque
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ambiance.clock import ManualClock
from ambiance.cuesheet.wanted import LightWanted, Wanted
from ambiance.device.message import Message
from ambiance.device.pacing import Group, Key, Letter, Line, Pacing

RADIO = Line("zigbee2mqtt", 0.1)
ROOMS = ("cedar", "jasmine", "lavender")


class Air:
    """What went out, and when, in seconds from the beginning."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.sent: list[tuple[float, str, bytes]] = []
        self.pacing = Pacing(self.clock, self._out)

    def _out(self, message: Message) -> None:
        self.sent.append((self.clock.monotonic(), message.topic, message.payload))

    def post(self, key: Key, *words: str, urgent: bool = False, group: Group | None = None, wanted: Wanted | None = None) -> None:
        letter = Letter(deque(Message("/".join(key), word.encode()) for word in words), urgent, wanted=wanted, group=group)
        self.pacing.post(RADIO, key, letter)

    def topics(self) -> list[str]:
        return [topic for _, topic, _ in self.sent]


keys = st.tuples(st.sampled_from(ROOMS), st.sampled_from(("a", "b", "c", "d")))
events = st.lists(
    st.tuples(st.floats(0, 1.5), keys, st.integers(1, 3), st.booleans()),
    min_size=1,
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(events)
def test_never_more_than_the_rate_over_any_window_and_what_is_wanted_last_is_said_last(
    happened: list[tuple[float, Key, int, bool]],
) -> None:
    air = Air()
    wanted: dict[Key, list[bytes]] = {}
    for number, (wait, key, words, urgent) in enumerate(happened):
        air.clock.advance(wait)
        said = [f"{number}.{word}" for word in range(words)]
        wanted[key] = [word.encode() for word in said]
        air.post(key, *said, urgent=urgent)
    air.clock.advance(60)
    times = [at for at, _, _ in air.sent]
    for first, later in pairwise(times):
        assert later - first >= RADIO.pace - 1e-6
    for width in (0.25, 1.0, 5.0):
        for at in times:
            assert sum(at <= other < at + width - 1e-6 for other in times) <= width / RADIO.pace + 1
    for key, words_ in wanted.items():
        heard = [payload for _, topic, payload in air.sent if topic == "/".join(key)]
        assert heard[-len(words_) :] == words_, "the newest, whole and in order"
        numbers = [int(payload.split(b".")[0]) for payload in heard]
        assert numbers == sorted(numbers), "nothing older after something newer"
    assert not any(air.pacing.waiting(key) for key in wanted)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 20), st.lists(keys, min_size=3, max_size=12, unique=True))
def test_an_emergency_overtakes_all_that_waits(later: int, crowd: list[Key]) -> None:
    air = Air()
    for key in crowd:
        air.post(key, "colour", "level")
    air.clock.advance(later / 20)
    air.post(("lavender", "fire"), "full", urgent=True)
    air.clock.advance(60)
    asked_at = later / 20
    (out,) = [at for at, topic, _ in air.sent if topic == "lavender/fire"]
    assert out <= asked_at + RADIO.pace + 1e-6


def test_what_waits_for_a_device_gives_way_to_what_is_newer_but_keeps_its_place() -> None:
    air = Air()
    for device in "abcd":
        air.post(("cedar", device), f"{device} old")
    air.post(("cedar", "b"), "b new")
    air.clock.advance(1)
    assert [payload.decode() for _, _, payload in air.sent] == ["a old", "b new", "c old", "d old"]


def test_rooms_take_turns_so_that_a_large_one_holds_up_nobody() -> None:
    air = Air()
    for device in "abcdef":
        air.post(("cedar", device), "on")
    air.post(("jasmine", "a"), "on")
    air.post(("jasmine", "b"), "on")
    air.clock.advance(1)
    assert air.topics()[:5] == ["cedar/a", "jasmine/a", "cedar/b", "jasmine/b", "cedar/c"]


def test_a_letter_that_was_begun_is_finished_before_another_begins() -> None:
    air = Air()
    air.post(("cedar", "a"), "colour", "level")
    air.post(("jasmine", "a"), "on")
    air.clock.advance(1)
    assert air.topics() == ["cedar/a", "cedar/a", "jasmine/a"]


def test_nothing_that_waited_is_said_after_the_way_was_gone() -> None:
    air = Air()
    for device in "abc":
        air.post(("cedar", device), "on")
    air.pacing.clear()
    air.clock.advance(10)
    assert air.topics() == ["cedar/a"]
    air.post(("cedar", "c"), "off")
    assert air.topics() == ["cedar/a", "cedar/c"]


DIM = LightWanted(True, 10, 2200, None, 30)
PAIR = frozenset({("cedar", "a"), ("cedar", "b")})


def both(wanted: Wanted) -> tuple[Message, ...]:
    assert isinstance(wanted, LightWanted)
    return (Message("group", f"{wanted.brightness:g}".encode()),)


GROUP = Group("lamps", PAIR, both)


def test_a_group_that_waits_for_the_same_goes_out_as_one_message() -> None:
    air = Air()
    for key in sorted(PAIR):
        air.post(key, "10", group=GROUP, wanted=DIM)
    air.clock.advance(5)
    assert air.topics() == ["group"]


def test_one_of_a_group_that_moves_alone_waits_a_moment_for_the_others_and_goes() -> None:
    air = Air()
    air.post(("cedar", "a"), "10", group=GROUP, wanted=DIM)
    assert air.sent == []
    air.clock.advance(0.06)
    assert air.topics() == ["cedar/a"]


def test_a_group_whose_lamps_want_different_things_is_told_one_by_one() -> None:
    air = Air()
    air.post(("cedar", "a"), "10", group=GROUP, wanted=DIM)
    air.post(("cedar", "b"), "90", group=GROUP, wanted=LightWanted(True, 90, 2200))
    air.clock.advance(1)
    assert sorted(air.topics()) == ["cedar/a", "cedar/b"]


def test_a_clock_that_is_set_holds_nothing_up() -> None:
    air = Air()
    air.post(("cedar", "a"), "on")
    air.post(("cedar", "b"), "on")
    air.clock.step_wall(timedelta(hours=-1))
    air.clock.stepped()
    air.post(("cedar", "c"), "on", urgent=True)
    air.clock.advance(1)
    assert sorted(air.topics()) == ["cedar/a", "cedar/b", "cedar/c"]
