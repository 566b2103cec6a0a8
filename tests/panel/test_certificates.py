"""The house's own certificate: made once, renewed by itself, believed by who installed it, good for nothing else."""

import asyncio
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ambiance.clock import ManualClock
from ambiance.errors import Invalid
from ambiance.panel.certificates import LASTS, Certificates, own_names
from ambiance.panel.http import HttpLimits
from ambiance.panel.renewal import keep, renew
from tests.panel.browser import Browser
from tests.panel.doors import House

NOW = datetime.now(UTC)


def shake(files: Certificates, name: str) -> None:
    """A handshake as a tablet does it that installed the authority, with a controller called `name`."""
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context(cafile=str(files.authority))
    server.load_cert_chain(files.certificate)
    ours, theirs = socket.socketpair()
    failed: list[BaseException] = []

    def serve() -> None:
        try:
            with server.wrap_socket(ours, server_side=True) as spoken:
                spoken.recv(1)
        except (ssl.SSLError, OSError) as error:
            failed.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(theirs, server_hostname=name) as spoken:
            spoken.send(b"x")
    finally:
        theirs.close()
        thread.join(5)
        ours.close()


def test_a_tablet_that_installed_the_authority_believes_every_name_and_address(tmp_path: Path) -> None:
    files = Certificates(tmp_path / "secrets")
    shown = files.make(["rooms.lan", "spa-pi", "192.168.4.20", "fd00::1", "spa-pi"], "Harbour Spa", NOW)
    assert shown.new_authority and shown.names == ("rooms.lan", "spa-pi", "192.168.4.20", "fd00::1")
    for name in shown.names:
        shake(files, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(files, "other.lan")


def test_keys_can_be_read_by_their_owner_only(tmp_path: Path) -> None:
    files = Certificates(tmp_path / "secrets")
    files.make(["rooms.lan"], "Harbour Spa", NOW)
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "secrets").iterdir()} == {
        "ca.key": "0o600", "ca.pem": "0o644", "server.pem": "0o600",
    }  # fmt: skip
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert b"PRIVATE" not in files.authority.read_bytes()


def test_another_name_keeps_the_authority_and_one_it_may_not_vouch_for_makes_a_new_one(tmp_path: Path) -> None:
    files = Certificates(tmp_path)
    first = files.make(["rooms.lan"], "Harbour Spa", NOW)
    again = files.make(["rooms.lan", "desk.lan", "10.0.0.7"], "Harbour Spa", NOW)
    assert again.fingerprint == first.fingerprint and not again.new_authority
    public = files.make(["rooms.example.com"], "Harbour Spa", NOW)
    assert public.new_authority and public.fingerprint != first.fingerprint
    shake(files, "rooms.example.com")


def test_the_authority_vouches_for_nothing_beyond_the_house(tmp_path: Path) -> None:
    """Even whoever steals its key signs for no bank: a browser that trusts it refuses what lies outside."""
    files = Certificates(tmp_path)
    files.make(["rooms.lan"], "Harbour Spa", NOW)
    held = files._held(NOW)
    assert held is not None
    files._sign(*held, ["bank.example.com"], NOW)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        shake(files, "bank.example.com")


def test_it_is_renewed_a_month_before_its_end_with_the_same_names_and_authority(tmp_path: Path) -> None:
    files = Certificates(tmp_path)
    made = files.make(["rooms.lan", "192.168.4.20"], "Harbour Spa", NOW)
    end = made.until
    assert timedelta(days=395) < end - NOW <= LASTS
    assert not files.due(NOW) and not files.due(end - timedelta(days=31))
    assert files.due(end - timedelta(days=29)) and files.due(end + timedelta(days=100))
    renewed = files.renew(end - timedelta(days=29))
    assert renewed.names == made.names and renewed.fingerprint == made.fingerprint
    assert renewed.until > end + timedelta(days=330)


def test_an_authority_near_its_own_end_is_replaced_and_said_so(tmp_path: Path) -> None:
    files = Certificates(tmp_path)
    first = files.make(["rooms.lan"], "Harbour Spa", NOW)
    later = NOW + timedelta(days=3400)
    assert files.due(later)  # but nobody except a person makes a new authority: tablets must be told
    with pytest.raises(Invalid, match="https setup"):
        files.renew(later)
    assert files.make(["rooms.lan"], "Harbour Spa", later).fingerprint != first.fingerprint


def test_a_running_controller_renews_what_it_shows_and_says_what_it_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def test() -> None:
        files, clock, shown = Certificates(tmp_path), ManualClock(NOW), list[Path]()
        files.make(["rooms.lan"], "Harbour Spa", NOW)
        first = files.certificate.read_bytes()
        keeping = asyncio.create_task(keep(files, clock, shown.append))
        for day in range(370):
            clock.advance(86_400)
            await asyncio.sleep(0)
            if day % 30 == 29 or day > 360:
                await _threads()
        assert shown == [files.certificate] and files.certificate.read_bytes() != first
        keeping.cancel()
        files.authority_key.write_text("broken")
        assert not renew(files, ManualClock(NOW + timedelta(days=800)))

    asyncio.run(test())
    assert "certificate_not_renewed" in capsys.readouterr().out


async def _threads() -> None:
    """Until what was begun on another thread is done."""
    for _ in range(200):
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("name", ["", "a b", "*.lan", "-x", "x" * 64, "a..b", "10.0.0.0/8", "rooms.lan:8080", "a/b", "é"])
def test_what_is_no_name_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(Invalid, match=r"^host: "):
        Certificates(tmp_path / "secrets").make([name], "Harbour Spa", NOW)
    assert not (tmp_path / "secrets").exists()


def test_a_machine_that_does_not_know_the_time_makes_none(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="clock"):
        Certificates(tmp_path).make(["rooms.lan"], "Harbour Spa", datetime(1970, 1, 1, tzinfo=UTC))


def test_own_names_are_names(tmp_path: Path) -> None:
    assert {"localhost", "127.0.0.1", "::1"} <= set(own_names())
    Certificates(tmp_path).make(own_names(), "Harbour Spa", NOW)


def test_a_tablet_gets_the_authority_and_its_fingerprint_and_never_a_key(tmp_path: Path) -> None:
    files = Certificates(tmp_path)
    shown = files.make(["rooms.lan"], "Harbour Spa", NOW)
    house = House(HttpLimits(hosts=frozenset({"rooms.lan"})), authority=files.authority)
    page = Browser(house).open("/ca")
    assert shown.fingerprint in page.text
    got = Browser(house).ask("GET", "/ca/ambiance.crt")
    assert got.headers["content-type"] == "application/x-x509-ca-cert"
    assert ssl.DER_cert_to_PEM_cert(got.content).strip() == files.authority.read_text().strip()
    without = House(HttpLimits(hosts=frozenset({"rooms.lan"})))
    assert "no authority of its own" in Browser(without).open("/ca").text
    assert Browser(without).ask("GET", "/ca/ambiance.crt").status_code == 404
