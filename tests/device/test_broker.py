"""The embedded broker: enough to try a room, and honest about what it is not."""

import asyncio
import socket
import warnings

import pytest

from ambiance.device.broker import EmbeddedBroker
from ambiance.errors import BrokerRefused, Invalid
from tests.brokers import Letter, Witness
from tests.device.linked import embedded

CONNECT_5 = bytes.fromhex("101a 0004 4d515454 05 06 003c 05 27 00100000 0000 0000 0001 61 0001 62".replace(" ", ""))


def ask(port: int, said: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as caller:
        caller.sendall(said)
        return caller.recv(100)


def test_it_takes_a_free_port_and_gives_it_back() -> None:
    async def play() -> None:
        first, second = EmbeddedBroker(), EmbeddedBroker()
        await first.start()
        await second.start()
        assert first.port != second.port
        assert first.url == f"mqtt://127.0.0.1:{first.port}"
        await first.stop()
        again = EmbeddedBroker(port=first.port)
        await again.start()
        await again.stop()
        await again.stop()
        await second.stop()

    asyncio.run(play())


def test_a_port_that_is_taken_is_named() -> None:
    async def play() -> None:
        first = EmbeddedBroker()
        await first.start()
        with pytest.raises(BrokerRefused, match=str(first.port)):
            await EmbeddedBroker(port=first.port).start()
        await first.stop()

    asyncio.run(play())


def test_others_can_reach_it_only_with_a_password() -> None:
    with pytest.raises(Invalid, match=r"broker\.users"):
        EmbeddedBroker(host="0.0.0.0")
    assert EmbeddedBroker(host="0.0.0.0", users={"ambiance": "x"}).host == "0.0.0.0"


def test_it_keeps_what_is_retained_and_forgets_it_when_cleared() -> None:
    with embedded() as broker:
        with Witness(broker.port, "nothing") as witness:
            witness.say("a/b", b"kept", retain=True)
            witness.say("a/c", b"cleared", retain=True)
            witness.say("a/c", b"", retain=True)
        with Witness(broker.port, "a/#") as later:
            later.until(lambda: later.heard)
            assert set(later.heard) == {Letter("a/b", b"kept", retain=True)}


def test_a_client_is_sent_what_it_subscribed_to_once_and_nothing_that_others_did() -> None:
    with embedded() as broker, Witness(broker.port, "#") as all_ears:
        all_ears.say("a/b", b"kept", retain=True)
        all_ears.say("secret", b"of another", retain=True)
        all_ears.until(lambda: len(all_ears.heard) == 2)
        with Witness(broker.port, "a/#") as later:
            later.until(lambda: later.heard)
            later.say("a/end", b"heard")
            later.until(lambda: later.on("a/end"))
            assert list(later.heard) == [Letter("a/b", b"kept", retain=True), Letter("a/end", b"heard", retain=False)]


def test_a_client_that_dies_leaves_its_will() -> None:
    connect = bytes.fromhex("1015 0004 4d515454 04 26 003c 0001 61 0004 77696c6c 0001 78".replace(" ", ""))
    connect = bytes((0x10, len(connect) - 2)) + connect[2:]
    with embedded() as broker, Witness(broker.port, "will") as witness:
        caller = socket.create_connection(("127.0.0.1", broker.port), timeout=5)
        caller.sendall(connect)
        assert caller.recv(4) == bytes((0x20, 2, 0, 0))
        caller.close()
        witness.until(lambda: witness.heard)
        assert witness.on("will") == [b"x"]


def test_mqtt_5_is_refused_at_once_and_in_its_own_words() -> None:
    with embedded() as broker:
        assert ask(broker.port, CONNECT_5) == bytes((0x20, 3, 0, 0x84, 0))


@pytest.mark.parametrize(
    "said", [b"\x10\x00", b"GET / HTTP/1.1\r\n\r\n", b"\x10\xff\xff\xff\xff\x7f", b"\x00" * 40, b"\x10\x09\x00\x06MQIsdp\x03"]
)
def test_nonsense_does_not_disturb_the_others(said: bytes) -> None:
    with embedded() as broker, Witness(broker.port, "a") as witness:
        with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as caller:
            caller.sendall(said)
            caller.shutdown(socket.SHUT_WR)
        witness.say("a", b"still here")
        witness.until(lambda: witness.heard)


def test_it_stops_with_clients_connected_and_leaves_nothing_open() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with embedded() as broker:
            callers = [socket.create_connection(("127.0.0.1", broker.port), timeout=5) for _ in range(3)]
            callers[0].sendall(bytes.fromhex("100d00044d51545404020 03c000161".replace(" ", "")))
            assert callers[0].recv(4) == bytes((0x20, 2, 0, 0))
        for caller in callers:
            assert caller.recv(1) == b""
            caller.close()
