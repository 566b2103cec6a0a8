"""The link when the broker dies, hangs, crawls, lies, moves or is shared with a stranger."""

import asyncio
import os
import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from ambiance.device.connection import TICK
from ambiance.device.link import BrokerSettings, Patience
from ambiance.device.message import Message
from tests.brokers import Mosquitto, Proxy, Witness, free_port
from tests.device.linked import DO, HASTY, LAMP, START, STATUS, WELCOME_5, Told, fake_broker, linked, make_link, say_in_turn
from tests.pace import pace


def test_start_returns_at_once_and_the_broker_may_come_later(tmp_path: Path) -> None:
    port = free_port()

    async def play() -> None:
        async with asyncio.timeout(10), linked(f"mqtt://127.0.0.1:{port}") as (link, told):
            await told.down()
            assert link.state == "down"
            assert "refused" in told.downs[0]
            broker = await asyncio.to_thread(Mosquitto(tmp_path / "late", port=port).start)
            await told.up()
            await asyncio.to_thread(broker.stop)

    asyncio.run(play())


def test_why_the_link_is_down_is_said_once_not_at_every_try() -> None:
    async def play() -> None:
        async with linked(f"mqtt://127.0.0.1:{free_port()}") as (link, told):
            await told.until(lambda: link._attempts >= 5)
            assert len(told.downs) == 1

    asyncio.run(play())


def test_fault_03_after_a_broker_was_killed_the_present_is_said_again(mosquitto: Mosquitto) -> None:
    async def play() -> None:
        told = Told(say_on_up=(Message(LAMP, b"now", retain=True),))
        link = make_link(BrokerSettings(mosquitto.url, patience=HASTY), told)
        await link.start()
        await told.up()
        await asyncio.to_thread(mosquitto.kill)
        await told.down()
        for n in range(20):
            assert not link.publish(Message(LAMP, f"stale {n}".encode()))
        await asyncio.to_thread(mosquitto.start)
        await told.up(2)
        with Witness(mosquitto.port, "ambiance/#") as witness:
            # Asked whether another has our id, we said offline ourselves: it may still be what the broker keeps when we are back.
            await asyncio.to_thread(witness.until, lambda: witness.on(LAMP) and witness.on(STATUS)[-1:] == [b"online"])
            assert set(witness.on(LAMP)) == {b"now"}
        assert (told.log[0], told.log[-1], told.ups) == ("up", "up", 2)
        await link.stop()

    asyncio.run(play())


def test_fault_05_a_tcp_black_hole_is_found_within_15_s() -> None:
    """Just before silence something was heard; then one keepalive to the ping, one for its answer, each found a tick late."""
    patience = Patience()
    assert 2 * (patience.keepalive + TICK) <= 13.0
    assert patience.acknowledged + TICK <= 13.0
    assert patience.retry * 2 + 2 * (patience.keepalive + TICK) <= 15.0


def test_fault_05_an_idle_line_that_froze_is_found_after_two_keepalives(mosquitto: Mosquitto) -> None:
    async def play() -> float:
        async with linked(proxy.url, HASTY) as (link, told):
            await told.until(lambda: link.counters.acked == 1)
            began = asyncio.get_running_loop().time()
            proxy.freeze()
            await told.down()
            took = asyncio.get_running_loop().time() - began
            assert "silent" in told.downs[0]
            proxy.heal()
            await told.up(2)
        return took

    with Proxy(mosquitto.port) as proxy:
        assert asyncio.run(play()) <= 2 * (HASTY.keepalive + TICK) + 0.5 * pace()


def test_fault_05_nothing_said_into_a_black_hole_comes_out_when_it_heals(mosquitto: Mosquitto) -> None:
    async def play(witness: Witness) -> None:
        async with linked(proxy.url, HASTY) as (link, told):
            await told.up()
            proxy.freeze()
            for n in range(300):
                link.publish(Message(f"{LAMP}/{n}", b"stale"))
            await told.down()
            assert not link.publish(Message(f"{LAMP}/0", b"stale"))
            proxy.heal()
            await told.up(2)
            link.publish(Message(f"{LAMP}/0", b"fresh"))
            await asyncio.to_thread(witness.until, lambda: witness.heard)
            # One more round trip, so that anything late would be here.
            await asyncio.to_thread(witness.say, f"{LAMP}/end", b"end")
            await asyncio.to_thread(witness.until, lambda: witness.on(f"{LAMP}/end"))
            assert {letter.payload for letter in witness.heard} == {b"fresh", b"end"}

    with Proxy(mosquitto.port) as proxy, Witness(mosquitto.port, f"{LAMP}/#") as witness:
        asyncio.run(play(witness))


def test_fault_06_lost_acknowledgements_end_the_connection_without_a_storm(mosquitto: Mosquitto) -> None:
    """The broker hears us, we do not hear it: noticed although we keep talking; nothing is repeated by the link itself."""

    async def play(witness: Witness) -> None:
        patience = Patience(keepalive=60, answer=1.0, acknowledged=0.6, retry=0.02, retry_reach=0.1, retry_most=0.1, goodbye=0.5)
        async with linked(proxy.url, patience) as (link, told):
            await told.up()
            await told.until(lambda: link.counters.acked == 1)
            proxy.freeze_answers()
            for n in range(10):
                link.publish(Message(f"{LAMP}/{n}", b"x"))
            await told.down()
            assert "acknowledged nothing" in told.downs[0]
            assert link.counters.acked == 1
            assert len(witness.heard) == 10
            proxy.heal()
            await told.up(2)
            assert len(witness.heard) == 10

    with Proxy(mosquitto.port) as proxy, Witness(mosquitto.port, f"{LAMP}/#") as witness:
        asyncio.run(play(witness))


def test_fault_05_a_broker_that_hangs_is_found_too(mosquitto: Mosquitto) -> None:
    async def play() -> None:
        async with linked(mosquitto.url) as (link, told):
            await told.up()
            mosquitto.freeze()
            try:
                await told.down()
                # It still accepts connections in the kernel; they do not count as the broker being there.
                await told.until(lambda: "did not answer" in link.detail)
            finally:
                mosquitto.thaw()
            await told.up(2)

    asyncio.run(play())


def test_fault_36_on_a_slow_line_the_latest_state_wins_and_the_queue_stays_short(mosquitto: Mosquitto) -> None:
    topics = [f"{LAMP}/{n}" for n in range(40)]

    async def play(witness: Witness) -> None:
        async with linked(proxy.url, Patience(goodbye=0.2)) as (link, told):
            await told.up()
            await told.until(lambda: link.counters.acked == 1)
            proxy.slow(2000)
            deepest = 0
            for version in range(100):
                for topic in topics:
                    link.publish(Message(topic, f"{version}".encode().rjust(60)))
                deepest = max(deepest, link.queue_depth)
                await asyncio.wait({asyncio.get_running_loop().create_future()}, timeout=0.01)
            proxy.heal()
            await asyncio.to_thread(witness.until, lambda: all(witness.on(topic)[-1:] == [b"99".rjust(60)] for topic in topics), 20.0)
            assert deepest <= len(topics)
            assert link.counters.merged > 3000
            assert told.downs == []
            for topic in topics:
                assert witness.on(topic) == sorted(witness.on(topic))

    with Proxy(mosquitto.port) as proxy, Witness(mosquitto.port, f"{LAMP}/#") as witness:
        asyncio.run(play(witness))


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x20\xff\xff\xff\xff\xff",
        b"\x00" * 50,
        b"\x20\x02\x00\x63",
        b"\x20\x05\x00\x00\x02\x99\x99",
        WELCOME_5 + b"\x30\x02\xff\xff",
        WELCOME_5 + b"\x90\x01\x00",
        WELCOME_5 + b"\xf0\x00",
        WELCOME_5 + b"\xe0\x02\x63\x63",
    ],
)
def test_fault_38_a_broker_that_talks_nonsense_is_left_and_tried_again(garbage: bytes) -> None:
    port, callers, end = fake_broker(lambda caller: caller.sendall(garbage))

    async def play() -> None:
        async with linked(f"mqtt://127.0.0.1:{port}") as (link, told):
            await told.until(lambda: len(callers) >= 4)
            assert link.state in ("down", "refused")
            assert told.ups == 0

    try:
        asyncio.run(play())
    finally:
        end()


def test_fault_38_nonsense_backs_off_further_and_further() -> None:
    """Full jitter between the shortest wait and a bound that doubles, up to 30 s while somebody answers, 4 s while nobody does."""
    link = make_link(BrokerSettings("mqtt://nowhere"), Told())
    bounds = []
    for attempts in range(1, 9):
        link._attempts = attempts
        waits = [link._back_off(link._settings.patience.retry_most) for _ in range(500)]
        assert min(waits) >= 0.5
        bounds.append(max(waits))
    assert bounds == pytest.approx([1, 2, 4, 8, 16, 30, 30, 30], rel=0.1)
    assert max(link._back_off(link._settings.patience.retry_reach) for _ in range(500)) <= 4.0


@pytest.mark.parametrize("version", [4, 5])
def test_fault_53_of_two_controllers_with_one_id_one_stops_and_says_so(mosquitto: Mosquitto, version: Literal[4, 5]) -> None:
    """Mosquitto 2.0 only closes the line of the older one, which asks around, finds itself replaced, and lets the other be."""

    async def play(witness: Witness) -> None:
        told = Told(), Told()
        patience = replace(HASTY, contradiction=30.0)  # over at the first contradiction, which comes late on a busy machine
        links = [make_link(BrokerSettings(mosquitto.url, patience=patience), each) for each in told]
        for each, link in zip(told, links, strict=True):
            link._version = version
            await link.start()
            await each.up()
        older, newer = links
        await told[0].until(lambda: older.state == "superseded")
        assert "ambiance-harbour" in told[0].downs[-1] and "stopped" in told[0].downs[-1]
        assert older._pursuit is not None and older._pursuit.done()
        assert not older.publish(Message(LAMP, b"from the older"))
        await asyncio.to_thread(witness.until, lambda: witness.on(STATUS)[-1:] == [b"online"])
        # No fight: neither came back, and the newer one was never disturbed.
        assert (newer.state, told[1].downs, told[1].ups, told[0].ups) == ("up", [], 1, 1)
        await older.stop()
        await newer.stop()

    with Witness(mosquitto.port, STATUS) as witness:
        asyncio.run(play(witness))


def test_fault_53_an_old_controller_that_was_up_for_long_strikes_back_once_at_most(mosquitto: Mosquitto) -> None:
    """After a long life a closed line is more likely a broker's restart, so it simply connects; the next blow settles it."""

    async def play() -> None:
        told = Told(), Told()
        links = [make_link(BrokerSettings(mosquitto.url, patience=HASTY), each) for each in told]
        await links[0].start()
        await told[0].up()
        assert links[0]._connection is not None and links[0]._connection.up_since is not None
        links[0]._connection.up_since -= 3600
        await links[1].start()
        await asyncio.wait(
            {
                asyncio.ensure_future(each.until(lambda link=link: link.state == "superseded"))  # type: ignore[misc]
                for each, link in zip(told, links, strict=True)
            },
            return_when=asyncio.FIRST_COMPLETED,
        )
        stopped, on = (0, 1) if links[0].state == "superseded" else (1, 0)
        await told[on].until(lambda: links[on].state == "up")
        assert told[0].ups + told[1].ups <= 4
        assert links[stopped].state == "superseded"
        for link in links:
            await link.stop()

    asyncio.run(play())


TAKEN_OVER = bytes((0x90, 0x06, 0x00, 0x01, 0x00, 0x01, 0x01, 0x01, 0xE0, 0x02, 0x8E, 0x00))
"""Our three subscriptions acknowledged, and a farewell: another client has our id."""


def test_fault_53_a_broker_that_says_so_is_believed_once_the_other_controller_shows_itself() -> None:
    contradiction = bytes((0x30, 9 + len(STATUS), 0x00, len(STATUS))) + STATUS.encode() + b"\0online"

    def script(caller: socket.socket) -> None:
        if len(callers) == 1:
            say_in_turn(caller, WELCOME_5, TAKEN_OVER)
        else:
            say_in_turn(caller, WELCOME_5, bytes((0x90, 0x04, 0x00, 0x01, 0x00, 0x01)), contradiction)

    port, callers, end = fake_broker(script)

    async def play() -> None:
        async with linked(f"mqtt://127.0.0.1:{port}") as (link, told):
            await told.until(lambda: link.state == "superseded")
            assert len(callers) == 2

    try:
        asyncio.run(play())
    finally:
        end()


def test_fault_53_who_merely_takes_the_controllers_id_silences_it_for_a_moment_only() -> None:
    """An account of a device is enough to take any id, but not to say that a controller is online."""
    port, callers, end = fake_broker(lambda caller: say_in_turn(caller, WELCOME_5, TAKEN_OVER[: 8 if len(callers) > 2 else None]))

    async def play() -> None:
        async with linked(f"mqtt://127.0.0.1:{port}") as (link, told):
            await told.up(2)
            assert link.state == "up" and "taken over" in told.downs[0]

    try:
        asyncio.run(play())
    finally:
        end()


def test_a_broker_that_drops_us_again_and_again_is_not_mistaken_for_a_second_controller(mosquitto: Mosquitto) -> None:
    async def play() -> None:
        async with linked(proxy.url) as (link, told):
            for n in range(1, 7):
                await told.up(n)
                proxy.cut()
                await told.until(lambda n=n: len(told.log) >= 2 * n)  # type: ignore[misc]
            await told.up(7)
            assert link.state == "up"

    with Proxy(mosquitto.port) as proxy:
        asyncio.run(play())


def test_fault_59_the_name_is_looked_up_afresh_for_each_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the name does not resolve, then it is one address, then the broker has moved to another."""
    answers: list[int | None] = [None]
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        if host != "broker.spa.example":
            return real(host, port, *args, **more)
        if answers[0] is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real("127.0.0.1", answers[0], *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    first, second = Mosquitto(tmp_path / "first").start(), Mosquitto(tmp_path / "second").start()

    async def play() -> None:
        async with linked("mqtt://broker.spa.example:1883") as (_, told):
            await told.down()
            assert "not known" in told.downs[0]
            answers[0] = first.port
            await told.up()
            answers[0] = second.port
            await asyncio.to_thread(first.kill)
            await told.up(2)

    try:
        asyncio.run(play())
    finally:
        first.kill()
        second.kill()


def test_stopping_while_nobody_answers_takes_no_longer_than_a_second() -> None:
    port, _, end = fake_broker(lambda caller: caller.recv(1))

    async def play() -> float:
        told = Told()
        link = make_link(BrokerSettings(f"mqtt://127.0.0.1:{port}"), told)
        await link.start()
        await told.until(lambda: link._connection is not None)
        began = asyncio.get_running_loop().time()
        await link.stop()
        return asyncio.get_running_loop().time() - began

    try:
        assert asyncio.run(play()) < 1.0 * pace()
    finally:
        end()


def test_stopping_into_a_black_hole_takes_no_longer_than_the_goodbye(mosquitto: Mosquitto) -> None:
    async def play() -> float:
        told = Told()
        link = make_link(BrokerSettings(proxy.url), told)
        await link.start()
        await told.up()
        proxy.freeze()
        began = asyncio.get_running_loop().time()
        await link.stop()
        return asyncio.get_running_loop().time() - began

    with Proxy(mosquitto.port) as proxy:
        assert asyncio.run(play()) < Patience().goodbye + 1.0


def test_connections_leave_nothing_behind(mosquitto: Mosquitto) -> None:
    """Threads and sockets of twenty lost connections are gone."""

    async def play() -> tuple[int, int]:
        async with linked(proxy.url, filters=(DO, START)) as (_, told):
            await told.up()
            files, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
            for n in range(2, 22):
                proxy.cut()
                await told.up(n)
            await told.until(lambda: len(os.listdir("/proc/self/fd")) <= files + 2 and threading.active_count() <= threads + 1)
            return len(os.listdir("/proc/self/fd")) - files, threading.active_count() - threads

    with Proxy(mosquitto.port) as proxy:
        asyncio.run(play())
