"""The link while all is well, on both brokers."""

import asyncio
import time
from dataclasses import replace

import pytest

from ambiance.device import connection
from ambiance.device.connection import LARGEST
from ambiance.device.link import BrokerSettings, Patience
from ambiance.device.message import Incoming, Message
from ambiance.errors import Invalid
from tests.brokers import Letter, Mosquitto, Witness
from tests.device.linked import DEVICES, DO, HASTY, LAMP, START, STATUS, AnyBroker, Told, embedded, linked, make_link
from tests.pace import pace


def test_it_speaks_the_best_version_the_broker_knows_and_remembers_it(broker: AnyBroker) -> None:
    async def play() -> None:
        async with linked(broker.url) as (link, told):
            await told.up()
            assert (link.state, link.protocol) == ("up", broker.protocol)
            assert broker.url in link.detail
        assert (link.state, told.downs) == ("down", [])

    asyncio.run(play())


def test_a_broker_without_mqtt_5_costs_less_than_a_tenth_of_a_second() -> None:
    async def play(url: str) -> float:
        told = Told()
        link = make_link(BrokerSettings(url), told)
        began = time.perf_counter()
        await link.start()
        await told.up()
        took = time.perf_counter() - began
        await link.stop()
        return took

    with embedded() as broker:
        assert min(asyncio.run(play(broker.url)) for _ in range(5)) < 0.1 * pace()


def test_online_follows_the_connection_and_offline_precedes_a_clean_stop(broker: AnyBroker) -> None:
    async def play(witness: Witness) -> None:
        async with linked(broker.url) as (_, told):
            await told.up()
            await asyncio.to_thread(witness.until, lambda: b"online" in witness.on(STATUS))
        await asyncio.to_thread(witness.until, lambda: witness.on(STATUS)[-1:] == [b"offline"])

    with Witness(broker.port, STATUS) as witness:
        asyncio.run(play(witness))
    with Witness(broker.port, STATUS) as later:
        later.until(lambda: later.heard)
        assert set(later.heard) == {Letter(STATUS, b"offline", retain=True)}


def test_the_first_word_after_connecting_is_ours_to_choose(broker: AnyBroker) -> None:
    """What `on_up` publishes goes out, after `online`."""

    async def play(witness: Witness) -> None:
        told = Told(say_on_up=(Message(LAMP, b"now"),))
        link = make_link(BrokerSettings(broker.url, patience=HASTY), told)
        await link.start()
        await asyncio.to_thread(witness.until, lambda: len(witness.heard) >= 2)
        assert [letter.payload for letter in witness.heard] == [b"online", b"now"]
        await link.stop()

    with Witness(broker.port) as witness:
        asyncio.run(play(witness))


def test_what_devices_say_arrives_in_order(broker: AnyBroker) -> None:
    topic = "ambiance/harbour/lavender/device/ceiling/state"

    async def play(witness: Witness) -> None:
        async with linked(broker.url) as (link, told):
            await told.up()

            def talk() -> None:
                for n in range(200):
                    witness.say(topic, str(n))

            await asyncio.to_thread(talk)
            await told.until(lambda: len(told.heard) == 200)
            assert [int(incoming.payload) for incoming in told.heard] == list(range(200))
            assert link.counters.received == 200

    with Witness(broker.port, "nothing") as witness:
        asyncio.run(play(witness))


def test_a_command_carries_where_its_answer_belongs_and_the_answer_carries_it_back(mosquitto: Mosquitto) -> None:
    async def play(witness: Witness) -> None:
        async with linked(mosquitto.url) as (link, told):
            await told.up()
            await asyncio.to_thread(witness.say, START, b"{}", ResponseTopic="desk/answers", CorrelationData=b"\x01\x02")
            await told.until(lambda: told.heard)
            assert told.heard == [Incoming(START, b"{}", False, "desk/answers", b"\x01\x02")]
            link.publish(Message("desk/answers", b"yes", keep=True, correlation=b"\x01\x02"))
            await asyncio.to_thread(witness.until, lambda: witness.heard)

    with Witness(mosquitto.port, "desk/answers", version=5) as witness:
        asyncio.run(play(witness))
    assert witness.heard == [Letter("desk/answers", b"yes", False)]


def test_fault_28_a_retained_command_is_known_as_such_when_it_is_replayed(broker: AnyBroker) -> None:
    async def play(witness: Witness) -> None:
        async with linked(broker.url) as (_, told):
            await told.until(lambda: told.heard)
            assert told.heard[0] == Incoming(START, b"old", retain=True)

    with Witness(broker.port, "nothing") as witness:
        witness.say(START, b"old", retain=True)
        asyncio.run(play(witness))


def test_fault_28_with_mqtt_5_a_retained_command_is_known_as_such_at_once(mosquitto: Mosquitto) -> None:
    report = "ambiance/harbour/lavender/device/ceiling/state"

    async def play(witness: Witness) -> None:
        async with linked(mosquitto.url) as (_, told):
            await told.up()
            await asyncio.to_thread(witness.say, START, b"sticky", retain=True)
            await asyncio.to_thread(witness.say, report, b"{}", retain=True)
            await told.until(lambda: len(told.heard) == 2)
            assert told.heard == [Incoming(START, b"sticky", retain=True), Incoming(report, b"{}", retain=False)]

    with Witness(mosquitto.port, "nothing") as witness:
        asyncio.run(play(witness))


def test_fault_29_a_message_is_published_once_and_acknowledged(broker: AnyBroker) -> None:
    async def play(witness: Witness) -> None:
        async with linked(broker.url) as (link, told):
            await told.up()
            for n in range(50):
                assert link.publish(Message(f"{LAMP}/{n}", b"x"))
            await told.until(lambda: link.counters.acked == 51)
            await asyncio.to_thread(witness.until, lambda: len(witness.heard) == 50)
            assert (link.counters.sent, link.queue_depth, link.in_flight) == (51, 0, 0)

    with Witness(broker.port, f"{LAMP}/#") as witness:
        asyncio.run(play(witness))


def test_500_rooms_at_once_lose_nothing(broker: AnyBroker) -> None:
    """Six messages each, in one burst; each arrives once, and nothing was replaced."""
    wanted = {f"ambiance/harbour/room-{room}/device/d{device}/set" for room in range(500) for device in range(6)}

    async def play(witness: Witness) -> None:
        async with linked(broker.url) as (link, told):
            await told.up()
            for topic in wanted:
                assert link.publish(Message(topic, b"{}"))
            await told.until(lambda: link.counters.acked == 3001, 30)
            await asyncio.to_thread(witness.until, lambda: len(witness.heard) >= 3000, 30)
            assert link.counters.dropped == link.counters.merged == 0
            assert sorted(letter.topic for letter in witness.heard) == sorted(wanted)

    with Witness(broker.port, "ambiance/harbour/+/device/+/set") as witness:
        asyncio.run(play(witness))


def test_the_broker_has_the_beginning_of_a_long_turn_before_its_end(broker: AnyBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TICK", 600.0)  # nothing but a word from the loop wakes the link

    async def play(witness: Witness) -> None:
        async with linked(broker.url, Patience()) as (link, told):
            await told.up()
            link.publish(Message(DEVICES.replace("+", "x"), b"{}"))
            await told.until(lambda: told.heard and not link.in_flight)  # nothing is under way any more that would wake it
            for n in range(2 * connection.TOGETHER):
                link.publish(Message(f"ambiance/harbour/room-{n}/device/ceiling/set", b"now"))
            witness.until(lambda: any(letter.payload == b"now" for letter in witness.heard))  # and the loop has no turn meanwhile

    with Witness(broker.port) as witness:
        asyncio.run(play(witness))


def test_of_two_messages_waiting_on_one_topic_the_newer_is_sent_but_every_event_is(broker: AnyBroker) -> None:
    event = "ambiance/harbour/lavender/event"

    async def play(witness: Witness) -> None:
        async with linked(broker.url) as (link, told):
            await told.up()
            for n in range(2000):
                link.publish(Message(LAMP, str(n).encode()))
            for n in range(200):
                link.publish(Message(event, str(n).encode(), keep=True))
            await asyncio.to_thread(witness.until, lambda: len(witness.on(event)) == 200 and witness.on(LAMP)[-1:] == [b"1999"])
            counters = link.counters
            await told.until(lambda: counters.acked == counters.sent)
            assert counters.sent + counters.merged == 1 + 2000 + 200
            assert [int(payload) for payload in witness.on(event)] == list(range(200))
            assert [int(payload) for payload in witness.on(LAMP)] == sorted(int(payload) for payload in witness.on(LAMP))

    with Witness(broker.port, LAMP, event) as witness:
        asyncio.run(play(witness))


def test_fault_37_huge_messages_are_dropped_and_odd_ones_do_no_harm(broker: AnyBroker) -> None:
    async def play(witness: Witness) -> None:
        async with linked(broker.url) as (link, told):
            await told.up()
            for payload in (b"x" * (LARGEST + 1), b"x" * 10_000_000, b"\xff\xfe", b"", b"[" * 1000):
                await asyncio.to_thread(witness.say, START, payload)
            await asyncio.to_thread(witness.say, START, b"after")
            await told.until(lambda: told.heard and told.heard[-1].payload == b"after", 20)
            assert [incoming.payload for incoming in told.heard] == [b"\xff\xfe", b"", b"[" * 1000, b"after"]
            # An MQTT 5 broker was told never to send us the second.
            assert link.counters.refused == (1 if broker.kind == "mosquitto" else 2)
            assert (link.state, told.downs) == ("up", [])

    with Witness(broker.port, "nothing") as witness:
        asyncio.run(play(witness))


def test_fault_37_ten_thousand_new_topics_leave_the_loop_free(mosquitto: Mosquitto) -> None:
    async def play(witness: Witness) -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        worst, beats, last = 0.0, True, loop.time()

        def beat() -> None:
            nonlocal worst, last
            worst, last = max(worst, loop.time() - last), loop.time()
            if beats:
                loop.call_later(0.005, beat)

        async with linked(mosquitto.url, Patience(), filters=("flood/#",)) as (link, told):
            await told.up()
            beat()
            began = loop.time()
            flood = asyncio.create_task(asyncio.to_thread(witness.flood, [f"flood/{n}" for n in range(10_000)], b"x" * 50))
            await told.until(lambda: link.counters.received + link.counters.refused >= 10_000, 30)
            lasted = loop.time() - began
            await flood
            beats = False
        return worst, lasted

    with Witness(mosquitto.port, "nothing") as witness:
        worst, lasted = asyncio.run(play(witness))
        assert worst < lasted / 2, "others have their turn while it lasts"


def test_a_callback_that_raises_harms_neither_the_link_nor_the_next_message(broker: AnyBroker) -> None:
    async def play(witness: Witness) -> list[str]:
        blamed: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: blamed.append(context["message"]))
        async with linked(broker.url) as (link, told):
            await told.up()
            listen = told.on_message

            def trip(incoming: Incoming) -> None:
                listen(incoming)
                if incoming.payload == b"bad":
                    raise KeyError("a bug of ours")

            link._on_message = trip
            for payload in (b"bad", b"good"):
                await asyncio.to_thread(witness.say, START, payload)
            await told.until(lambda: len(told.heard) == 2)
            assert link.state == "up"
        return blamed

    with Witness(broker.port, "nothing") as witness:
        assert len(asyncio.run(play(witness))) == 1


def test_a_topic_no_broker_would_take_is_counted_and_the_rest_goes_on(broker: AnyBroker) -> None:
    async def play(witness: Witness) -> None:
        async with linked(broker.url) as (link, told):
            await told.up()
            for topic in ("a/+/b", "#", "\ud800", "x" * 70_000, LAMP):
                link.publish(Message(topic, b"x"))
            await asyncio.to_thread(witness.until, lambda: witness.on(LAMP))
            assert (link.counters.denied, told.downs) == (4, [])

    with Witness(broker.port, LAMP) as witness:
        asyncio.run(play(witness))


def test_fault_34_a_will_that_comes_late_is_corrected(broker: AnyBroker) -> None:
    async def play(witness: Witness) -> None:
        async with linked(broker.url) as (_, told):
            await told.up()
            await asyncio.to_thread(witness.until, lambda: b"online" in witness.on(STATUS))
            await asyncio.to_thread(witness.say, STATUS, b"offline", retain=True)
            await asyncio.to_thread(witness.until, lambda: witness.on(STATUS)[-2:] == [b"offline", b"online"])
            assert told.heard == []

    with Witness(broker.port, STATUS) as witness:
        asyncio.run(play(witness))


def test_before_the_link_is_up_and_after_it_stopped_a_message_is_dropped_and_counted(mosquitto: Mosquitto) -> None:
    async def play() -> None:
        told = Told()
        link = make_link(BrokerSettings(mosquitto.url, patience=HASTY), told)
        assert not link.publish(Message(LAMP, b"early"))
        await link.start()
        await told.up()
        await link.stop()
        assert not link.publish(Message(LAMP, b"late"))
        assert link.counters.dropped == 2
        await link.stop()

    with Witness(mosquitto.port, LAMP) as witness:
        asyncio.run(play())
        assert witness.heard == []


def test_what_was_published_before_a_stop_still_goes_out(broker: AnyBroker) -> None:
    async def play(witness: Witness) -> None:
        async with linked(broker.url, replace(HASTY, goodbye=20.0)) as (link, told):
            await told.up()
            for n in range(300):
                link.publish(Message(f"{LAMP}/{n}", b"x"))
        await asyncio.to_thread(witness.until, lambda: witness.heard[-1].payload == b"offline")
        assert [letter.topic for letter in witness.heard[-301:-1]] == [f"{LAMP}/{n}" for n in range(300)]

    with Witness(broker.port) as witness:
        asyncio.run(play(witness))


def test_a_stopped_link_can_be_started_again(broker: AnyBroker) -> None:
    async def play() -> None:
        told = Told()
        link = make_link(BrokerSettings(broker.url, patience=HASTY), told)
        for n in (1, 2):
            await link.start()
            await told.up(n)
            await link.stop()

    asyncio.run(play())


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1",
        "http://x",
        "mqtt://",
        "mqtt://x:0",
        "mqtt://x:99999",
        "mqtt://x/path",
        "mqtt://x?y=1",
        "mqtt://[::1",
        "tcp://x:1883",
    ],
)
def test_a_broker_address_that_is_none_is_refused_with_what_would_do(url: str) -> None:
    with pytest.raises(Invalid, match="mqtt://host"):
        BrokerSettings(url)


def test_a_password_never_shows() -> None:
    with pytest.raises(Invalid) as refused:
        BrokerSettings("mqtt://desk:tops3cret@broker")
    assert "tops3cret" not in str(refused.value)
    assert "tops3cret" not in repr(BrokerSettings("mqtt://broker", username="desk", password="tops3cret"))


def test_ports_are_the_usual_ones_and_ipv6_is_understood() -> None:
    assert [BrokerSettings(url).port for url in ("mqtt://b", "mqtts://b", "mqtt://b:7")] == [1883, 8883, 7]
    assert BrokerSettings("mqtt://[::1]:5").host == "::1"


def test_hundreds_of_filters_are_all_heard(broker: AnyBroker) -> None:
    filters = (*(f"{DEVICES}/{n}" for n in range(250)), DO)

    async def play(witness: Witness) -> None:
        async with linked(broker.url, filters=filters) as (_, told):
            await told.up()
            last = "ambiance/harbour/a/device/b/state/249"
            await asyncio.to_thread(witness.say, last, b"x")
            await told.until(lambda: told.heard)
            assert told.heard[0].topic == last

    with Witness(broker.port, "nothing") as witness:
        asyncio.run(play(witness))


def test_what_is_heard_changes_while_connected_and_what_is_kept_there_comes_with_it(broker: AnyBroker) -> None:
    plug, lamp = "stat/plug/RESULT", "stat/lamp/RESULT"

    async def play(witness: Witness) -> None:
        async with linked(broker.url) as (link, told):
            await told.up()
            await asyncio.to_thread(witness.say, plug, "kept", True)
            link.hear((DO, plug))
            await told.until(lambda: [each.payload for each in told.heard] == [b"kept"])
            link.hear((DO, plug, lamp), again=(plug,))
            await told.until(lambda: [each.payload for each in told.heard] == [b"kept", b"kept"])
            await asyncio.to_thread(witness.say, lamp, "lit", True)
            link.hear((DO, lamp))
            link.hear((DO, lamp), again=(lamp,))
            await told.until(lambda: [each.payload for each in told.heard].count(b"lit") == 2)
            await asyncio.to_thread(witness.say, plug, "no more")
            await asyncio.to_thread(witness.say, lamp, "out")
            await told.until(lambda: told.heard[-1].payload == b"out")
            assert b"no more" not in [each.payload for each in told.heard]

    with Witness(broker.port, "nothing") as witness:
        asyncio.run(play(witness))
