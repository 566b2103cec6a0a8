"""The link and who may use it: passwords, certificates, and never a step down to plain."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ambiance.device.broker import EmbeddedBroker
from ambiance.device.ended import Ended
from ambiance.device.link import BrokerSettings, Patience
from ambiance.device.message import Message
from ambiance.errors import Invalid
from tests.brokers import Certificates, Mosquitto, Proxy
from tests.device.linked import DEVICES, HASTY, LAMP, WELCOME_5, Told, fake_broker, make_link, say_in_turn


async def outcome(settings: BrokerSettings) -> tuple[str, str, list[str]]:
    """What became of a link: its state, the reason, and everything it said about being down."""
    told = Told()
    link = make_link(settings, told)
    await link.start()
    await told.until(lambda: told.ups or told.downs, 10)
    state, detail = link.state, link.detail
    await link.stop()
    return state, detail, told.downs


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.make(tmp_path_factory.mktemp("house"))


@pytest.fixture
def secure(tmp_path: Path, house: Certificates) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "secure", users={"ambiance": "right"}, tls=house) as broker:
        yield broker


def settings(broker: Mosquitto, ca: Path | None, password: str = "right", patience: Patience = HASTY) -> BrokerSettings:
    return BrokerSettings(broker.url, "ambiance", password, ca_file=str(ca) if ca else None, patience=patience)


def test_tls_and_a_password_let_us_in(secure: Mosquitto, house: Certificates) -> None:
    async def play() -> None:
        told = Told()
        link = make_link(settings(secure, house.ca), told)
        await link.start()
        await told.up()
        for n in range(500):
            link.publish(Message(f"{LAMP}/{n}", b"x" * 500))
        await told.until(lambda: link.counters.acked == 501)
        await link.stop()

    asyncio.run(play())


@pytest.mark.parametrize("password", ["wrong", "", "right ", "ri\0ght"])
def test_fault_39_a_wrong_password_is_said_plainly(secure: Mosquitto, house: Certificates, password: str) -> None:
    state, detail, downs = asyncio.run(outcome(settings(secure, house.ca, password)))
    assert state == "refused"
    assert "Not authorized" in detail or "user name or password" in detail
    assert downs == [detail]
    assert password.strip() == "" or password not in detail


def test_fault_39_a_refusal_is_not_repeated_within_five_seconds(secure: Mosquitto, house: Certificates) -> None:
    link = make_link(settings(secure, house.ca, "wrong", Patience()), Told())
    waits = [link._after(Ended("refused", "Not authorized"), 5, None) for _ in range(200)]
    assert min(waits) >= 5.0
    assert max(waits) > 15.0


def test_fault_39_a_password_that_was_put_right_ends_the_refusal(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        told = Told()
        link = make_link(BrokerSettings(f"mqtt://127.0.0.1:{port}", "ambiance", "right", patience=HASTY), told)
        await link.start()
        await told.down()
        assert link.state == "refused"
        wrong.kill()
        with Mosquitto(tmp_path / "right", users={"ambiance": "right"}, port=port):
            await told.up()
            await link.stop()

    with Mosquitto(tmp_path / "wrong", users={"ambiance": "other"}) as wrong:
        asyncio.run(play(wrong.port))


def test_fault_39_an_unknown_authority_is_refused(secure: Mosquitto) -> None:
    state, detail, _ = asyncio.run(outcome(settings(secure, None)))
    assert state == "refused" and "certificate" in detail


def test_fault_39_a_certificate_that_ran_out_is_refused(tmp_path: Path) -> None:
    old = Certificates.make(tmp_path / "old", days=-1)
    with Mosquitto(tmp_path / "broker", tls=old) as broker:
        state, detail, _ = asyncio.run(outcome(settings(broker, old.ca)))
    assert state == "refused" and "expired" in detail


def test_fault_39_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    other = Certificates.make(tmp_path / "other", names="DNS:somebody.else")
    with Mosquitto(tmp_path / "broker", tls=other) as broker:
        state, detail, _ = asyncio.run(outcome(settings(broker, other.ca)))
    assert state == "refused" and "localhost" in detail


def test_fault_39_a_missing_authority_file_is_named(secure: Mosquitto, tmp_path: Path) -> None:
    state, detail, _ = asyncio.run(outcome(settings(secure, tmp_path / "nowhere.pem")))
    assert state == "refused" and "nowhere.pem" in detail


def test_fault_39_tls_never_falls_back_to_plain(mosquitto: Mosquitto) -> None:
    """A broker that speaks plain only: everything we send it begins like a TLS record, and no CONNECT reaches it."""

    async def play() -> None:
        told = Told()
        link = make_link(BrokerSettings(f"mqtts://localhost:{mosquitto.port}", "ambiance", "right", patience=HASTY), told)
        await link.start()
        await told.down()
        await told.until(lambda: link._attempts >= 4, 10)
        assert told.ups == 0
        await link.stop()

    asyncio.run(play())
    assert not any("New client connected" in line for line in mosquitto.log)


def test_a_client_certificate_is_shown_where_asked_for(tmp_path: Path, house: Certificates) -> None:
    """And where it is asked for and not there, the reason points to it."""
    with Mosquitto(tmp_path / "strict", tls=house, client_certificates=True) as broker:
        ours = BrokerSettings(broker.url, ca_file=str(house.ca), client_cert=str(house.server), client_key=str(house.key), patience=HASTY)
        assert asyncio.run(outcome(ours))[0] == "up"
        state, detail, _ = asyncio.run(outcome(settings(broker, house.ca)))
        assert state != "up" and "client certificate" in detail


def test_what_the_broker_does_not_let_us_write_is_counted_while_the_rest_works(tmp_path: Path) -> None:
    rights = tmp_path / "acl"
    rights.write_text("user ambiance\ntopic readwrite ambiance/#\n")
    rights.chmod(0o600)

    async def play(url: str) -> None:
        told = Told()
        link = make_link(BrokerSettings(url, "ambiance", "right", patience=HASTY), told)
        await link.start()
        await told.up()
        link.publish(Message("elsewhere/x", b"x"))
        link.publish(Message(LAMP, b"x"))
        await told.until(lambda: link.counters.acked == 2)
        assert (link.counters.denied, link.state) == (1, "up")
        await link.stop()

    with Mosquitto(tmp_path / "broker", users={"ambiance": "right"}, extra=[f"acl_file {rights}"]) as broker:
        asyncio.run(play(broker.url))


def test_a_filter_the_broker_does_not_grant_is_named_while_the_rest_works() -> None:
    suback = bytes((0x90, 0x06, 0x00, 0x01, 0x00, 0x01, 0x87, 0x01))
    port, _, end = fake_broker(lambda caller: say_in_turn(caller, WELCOME_5, suback))
    try:
        state, detail, _ = asyncio.run(outcome(BrokerSettings(f"mqtt://127.0.0.1:{port}", patience=HASTY)))
    finally:
        end()
    assert state == "up"
    assert f"not allowed to hear {DEVICES}" in detail


def test_the_embedded_broker_knows_its_users_too() -> None:
    async def play() -> None:
        broker = EmbeddedBroker(users={"ambiance": "right"})
        await broker.start()
        assert (await outcome(BrokerSettings(broker.url, "ambiance", "right", patience=HASTY)))[0] == "up"
        for name, password in (("ambiance", "wrong"), ("nobody", "right"), ("nobody", ""), (None, None)):
            assert (await outcome(BrokerSettings(broker.url, name, password, patience=HASTY)))[0] == "refused"
        await broker.stop()

    asyncio.run(play())


def test_tls_files_without_tls_are_refused() -> None:
    with pytest.raises(Invalid, match="mqtts"):
        BrokerSettings("mqtt://broker", ca_file="ca.pem")
    with pytest.raises(Invalid, match="client_cert"):
        BrokerSettings("mqtts://broker", client_key="key.pem")


def test_a_black_hole_is_found_under_tls_too(secure: Mosquitto, house: Certificates) -> None:
    async def play(url: str) -> None:
        told = Told()
        link = make_link(BrokerSettings(url, "ambiance", "right", ca_file=str(house.ca), patience=HASTY), told)
        await link.start()
        await told.until(lambda: link.counters.acked == 1)
        proxy.freeze()
        for n in range(50):
            link.publish(Message(f"{LAMP}/{n}", b"stale"))
        await told.down()
        proxy.heal()
        await told.up(2)
        await link.stop()

    with Proxy(secure.port) as proxy:
        asyncio.run(play(f"mqtts://localhost:{proxy.port}"))
