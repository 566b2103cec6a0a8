"""A house's own certificate authority and the certificate its controller shows: made with one command, renewed by itself.

The authority can vouch only for the house: names of local networks and private addresses (RFC 5280, name constraints),
so a tablet that trusts it trusts nothing else by it.
"""

import ipaddress
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ambiance.clock import Instant
from ambiance.errors import Invalid

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

LASTS = timedelta(days=397)
"""The longest that browsers take from a server, whoever signed it."""
AUTHORITY_LASTS = timedelta(days=3650)
RENEWED = timedelta(days=30)
"""So long before its end a certificate is made anew."""
BEFORE = timedelta(days=1)
"""A tablet's clock may be behind."""
LOCAL_NAMES = ("local", "lan", "home.arpa", "internal", "localhost")
LOCAL_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128")

_HOST_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the controller shows to browsers: its names and addresses, until when, and the authority's SHA-256 in hex."""

    names: tuple[str, ...]
    until: Instant
    fingerprint: str
    new_authority: bool = False


class Certificates:
    """Three files in one folder. What is shown stands in one file with its key, so that a power cut leaves no half of a pair."""

    def __init__(self, folder: Path) -> None:
        self.authority, self.authority_key = folder / "ca.pem", folder / "ca.key"
        self.certificate = folder / "server.pem"
        self._folder = folder

    def make(self, names: Sequence[str], house: str, now: Instant) -> Shown:
        """A new certificate for these names and addresses; a new authority too where there is none that may vouch for them.

        Raises Invalid for what is neither a name nor an address, and while the machine does not know the time.
        """
        if not 2026 <= now.year <= 2100:
            raise Invalid(("clock", now.isoformat(timespec="minutes"), "the present; set the machine's clock first"))
        wanted = tuple(dict.fromkeys(_name(each) for each in names))
        self._folder.mkdir(parents=True, exist_ok=True)
        os.chmod(self._folder, 0o700)
        held = self._held(now)
        fresh = held is None or not all(_may_vouch(held[0], each) for each in wanted)
        signer, key = self._new_authority(wanted, house, now) if fresh or held is None else held
        self._sign(signer, key, wanted, now)
        return self._shown(new_authority=fresh)

    def due(self, now: Instant) -> bool:
        """Whether the certificate ends soon, and is one of ours to make anew."""
        return self.authority_key.exists() and self.certificate.exists() and now > self._shown().until - RENEWED

    def renew(self, now: Instant) -> Shown:
        """The same names for another year, by the same authority."""
        held = self._held(now)
        if held is None:
            raise Invalid(("authority", str(self.authority), "an authority that lasts another year; `ambiance https setup` makes one"))
        self._sign(*held, self._shown().names, now)
        return self._shown()

    def _held(self, now: Instant) -> "tuple[x509.Certificate, EllipticCurvePrivateKey] | None":
        """The authority, if it outlives what it signs now."""
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if not (self.authority.exists() and self.authority_key.exists()):
            return None
        signer = x509.load_pem_x509_certificate(self.authority.read_bytes())
        key = load_pem_private_key(self.authority_key.read_bytes(), None)
        if not isinstance(key, EllipticCurvePrivateKey) or signer.not_valid_after_utc <= now + LASTS:
            return None
        return signer, key

    def _new_authority(self, names: Sequence[str], house: str, now: Instant) -> "tuple[x509.Certificate, EllipticCurvePrivateKey]":
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID

        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{house[:40]} (Ambiance)")])
        signer = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BEFORE)
            .not_valid_after(now + AUTHORITY_LASTS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.NameConstraints(_permitted(names), None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _write(self.authority_key, _pem(key), 0o600)
        _write(self.authority, _pem(signer), 0o644)
        return signer, key

    def _sign(self, signer: "x509.Certificate", by: "EllipticCurvePrivateKey", names: Sequence[str], now: Instant) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])]))
            .issuer_name(signer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BEFORE)
            .not_valid_after(now + LASTS - BEFORE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([_general(each) for each in names]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(by, hashes.SHA256())
        )
        _write(self.certificate, _pem(key) + _pem(made), 0o600)

    def _shown(self, new_authority: bool = False) -> Shown:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes

        shown = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        said = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        signer = x509.load_pem_x509_certificate(self.authority.read_bytes())
        digest = signer.fingerprint(hashes.SHA256()).hex().upper()
        fingerprint = ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))
        return Shown(tuple(str(each.value) for each in said), shown.not_valid_after_utc, fingerprint, new_authority)


def own_names() -> tuple[str, ...]:
    """What this machine is called and which addresses it has; nothing is sent to find out."""
    name = socket.gethostname().partition(".")[0].lower()
    names = [f"{name}.local", name, "localhost", "127.0.0.1", "::1"]
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far, 9))  # chooses a way out, and so the address that others see
                names.append(probe.getsockname()[0])
        except OSError:
            continue
    return tuple(dict.fromkeys(each for each in names if _usable(each)))


def _usable(name: str) -> bool:
    try:
        _name(name)
    except Invalid:
        return False
    return True


def _name(text: str) -> str:
    """A host name in small letters, or an address as it is written shortest. Raises Invalid."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        pass
    if not _HOST_NAME.fullmatch(text):
        raise Invalid(("host", text, "a host name such as rooms.lan, or an address"))
    return text.lower()


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _general(name: str) -> "x509.GeneralName":
    from cryptography import x509

    address = _address(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def _permitted(names: Sequence[str]) -> "list[x509.GeneralName]":
    """Local names and private addresses, and whatever else was asked for by name."""
    from cryptography import x509

    networks = [ipaddress.ip_network(each) for each in LOCAL_NETWORKS]
    others = [name for name in names if not _local(name)]
    given = [ipaddress.ip_network(name) for name in others if _address(name) is not None]
    called = [name for name in others if _address(name) is None]
    return [*(x509.DNSName(name) for name in (*LOCAL_NAMES, *called)), *(x509.IPAddress(network) for network in (*networks, *given))]


def _local(name: str) -> bool:
    if (address := _address(name)) is not None:
        return any(_inside(address, network) for network in map(ipaddress.ip_network, LOCAL_NETWORKS))
    return name in LOCAL_NAMES or name.rpartition(".")[2] in LOCAL_NAMES or name.endswith(".home.arpa")


def _may_vouch(signer: "x509.Certificate", name: str) -> bool:
    from cryptography import x509

    permitted = signer.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    address = _address(name)
    for each in permitted:
        if isinstance(each, x509.DNSName) and address is None and (name == each.value or name.endswith(f".{each.value}")):
            return True
        if isinstance(each, x509.IPAddress) and address is not None and _inside(address, each.value):
            return True
    return False


def _inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: object) -> bool:
    if not isinstance(network, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return False
    return network.version == address.version and address in network


def _usage(signs: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _pem(what: "x509.Certificate | EllipticCurvePrivateKey") -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if isinstance(what, x509.Certificate):
        return what.public_bytes(Encoding.PEM)
    return what.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, mode: int) -> None:
    """Beside it, then over it: never half a file, never readable by others for a moment."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(part, mode)
    os.replace(part, path)
