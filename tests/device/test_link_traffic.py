"""What waits on either side of the wire: bounded, in order, and the newest wins."""

import asyncio
import threading

from hypothesis import given
from hypothesis import strategies as st

from ambiance.device.message import Message
from ambiance.device.traffic import FIRST, SLOW, SLOWEST, WIDEST, Counters, Inbox, Outbox, Window


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), max_size=60), st.integers(1, 20))
def test_the_outbox_never_outgrows_its_limit_and_loses_only_what_it_counts(said: list[tuple[str, bool]], limit: int) -> None:
    counters = Counters()
    outbox = Outbox(limit, counters)
    for n, (topic, keep) in enumerate(said):
        outbox.put(Message(topic, str(n).encode(), keep=keep))
        assert len(outbox) <= limit
    left = outbox.take(1000)
    assert len(left) + counters.merged + counters.dropped == len(said)
    assert len(outbox) == 0
    # What was said last is still there, whatever else had to go.
    assert not said or str(len(said) - 1).encode() in {message.payload for message in left}
    plain = [message.topic for message in left if not message.keep]
    assert len(plain) == len(set(plain))


def test_a_newer_message_keeps_the_place_of_the_older_so_that_no_topic_starves() -> None:
    outbox = Outbox(10, Counters())
    for topic, payload in (("a", b"1"), ("b", b"1"), ("a", b"2")):
        outbox.put(Message(topic, payload))
    assert [(message.topic, message.payload) for message in outbox.take(10)] == [("a", b"2"), ("b", b"1")]


def test_only_the_first_message_wakes_the_sender() -> None:
    outbox = Outbox(10, Counters())
    assert [outbox.put(Message(topic, b"")) for topic in "abc"] == [True, False, False]
    outbox.take(2)
    assert not outbox.put(Message("d", b""))
    outbox.take(9)
    assert outbox.put(Message("e", b""))


def test_nothing_is_lost_between_two_threads() -> None:
    counters = Counters()
    outbox = Outbox(1_000_000, counters)
    taken: list[bytes] = []
    done = threading.Event()

    def drain() -> None:
        while not done.is_set() or len(outbox):
            taken.extend(message.payload for message in outbox.take(7))

    thread = threading.Thread(target=drain)
    thread.start()
    for n in range(20_000):
        outbox.put(Message("event", str(n).encode(), keep=True))
    done.set()
    thread.join(10)
    assert [int(payload) for payload in taken] == list(range(20_000))


def test_the_inbox_lets_go_of_the_oldest_message_but_never_of_news_about_the_line() -> None:
    async def play() -> list[object]:
        told: list[object] = []
        inbox: Inbox[object] = Inbox(3, bytes, asyncio.get_running_loop(), told.append)
        gone = [inbox.put(item) for item in ("up", b"1", b"2", b"3")]
        assert gone == [None, None, None, None]
        await asyncio.wait({asyncio.get_running_loop().create_future()}, timeout=0.01)
        assert [inbox.put(item) for item in (b"4", b"5", "down", b"6")] == [None, None, None, b"4"]
        await asyncio.wait({asyncio.get_running_loop().create_future()}, timeout=0.01)
        return told

    assert asyncio.run(play()) == ["up", b"1", b"2", b"3", b"5", "down", b"6"]


def test_a_flood_is_taken_in_turns_so_that_others_come_between() -> None:
    async def play() -> int:
        told: list[int] = []
        loop = asyncio.get_running_loop()
        inbox: Inbox[int] = Inbox(10_000, int, loop, told.append)
        for n in range(1000):
            inbox.put(n)
        seen: list[int] = []
        while len(told) < 1000:
            await asyncio.sleep(0)
            seen.append(len(told))
        assert told == list(range(1000))
        return max(b - a for a, b in zip([0, *seen], seen, strict=False))

    assert asyncio.run(play()) <= 50


def test_telling_a_loop_that_is_closed_raises_nothing() -> None:
    loop = asyncio.new_event_loop()
    inbox: Inbox[int] = Inbox(10, int, loop, print)
    loop.close()
    assert inbox.put(1) is None


def test_the_window_opens_with_each_acknowledgement_and_closes_when_they_come_late() -> None:
    now = 0.0
    window = Window(lambda: now)
    assert window.room() == FIRST
    for n in range(5000):
        window.sent(n)
        assert window.acknowledged(n)
    assert window.room() == WIDEST
    window.sent(1)
    now += SLOW + 0.1
    assert window.quiet() == SLOW + 0.1
    assert window.room() == SLOWEST - 1
    assert not window.acknowledged(99)


def test_the_window_is_no_wider_than_the_broker_allows() -> None:
    window = Window(lambda: 0.0)
    window.widest = 20
    for n in range(100):
        window.sent(n)
        window.acknowledged(n)
    assert window.room() == 20


def test_waiting_for_an_acknowledgement_is_counted_from_the_last_one_or_the_oldest_message() -> None:
    now = 0.0
    window = Window(lambda: now)
    now = 100.0
    assert window.quiet() == 0.0
    window.sent(1)
    window.sent(2)
    now = 104.0
    assert window.quiet() == 4.0
    window.acknowledged(1)
    now = 105.0
    assert window.quiet() == 1.0


def test_a_newer_message_stays_behind_what_was_to_be_kept_on_its_topic() -> None:
    """A speaker that is told volume, piece, play, and again volume, piece, play, must not be told the piece last."""
    outbox = Outbox(10, Counters())
    for payload, keep in ((b"piece 1", True), (b"play", False), (b"piece 2", True), (b"play", False)):
        outbox.put(Message("speaker", payload, keep=keep))
    assert [message.payload for message in outbox.take(10)] == [b"piece 1", b"piece 2", b"play"]
    for payload in (b"1", b"2"):
        outbox.put(Message("speaker", payload))
    assert [message.payload for message in outbox.take(10)] == [b"2"], "nothing kept is remembered once it went"
