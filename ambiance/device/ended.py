"""Why a connection to the broker is over, in words for the panel and in kinds for the link."""

import ssl
from dataclasses import dataclass
from typing import Literal

from paho.mqtt.reasoncodes import ReasonCode

from ambiance.device.brokersettings import BrokerSettings

TAKEN_OVER, NOT_MQTT, TOO_QUIET = 0x8E, 0x82, 0x8D
UNSUPPORTED = (0x84, 0x01)
LOCKED_OUT = (0x85, 0x86, 0x87, 0x8A, 0x8C)
"""CONNACK reasons that trying again does not cure: client id, user name or password, authority, ban, method (MQTT 5, 3.2.2.2)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """`closed` by us, as asked. Never begun: `unreachable`, `silent` (no answer that is MQTT), `version` (it knows another
    one), `refused`. Begun: `lost` on the way, `dropped` by the broker, `superseded` by a client with our id."""

    kind: Literal["closed", "unreachable", "silent", "version", "refused", "lost", "dropped", "superseded"]
    detail: str = ""


def unreached(error: Exception, settings: BrokerSettings) -> Ended:
    """No line could be made."""
    match error:
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return Ended("unreachable", f"{settings.url} hung up during the TLS handshake")
        case ssl.SSLCertVerificationError():
            return Ended("refused", f"the certificate of {settings.url} is not accepted: {error.verify_message}")
        case ssl.SSLError():
            return Ended("refused", f"no TLS with {settings.url}: {error.reason or error}")
    return Ended("unreachable", f"{settings.url} cannot be reached: {error}")


def not_let_in(reason: ReasonCode) -> Ended:
    """The broker answered, with a no."""
    detail = f"the broker does not let us in: {reason}"
    if reason.value in UNSUPPORTED:
        return Ended("version", detail)
    return Ended("refused" if reason.value in LOCKED_OUT else "dropped", detail)


def broken_off(reason: ReasonCode, by_broker: bool, answered: bool, settings: BrokerSettings) -> Ended:
    """The line is gone: `by_broker` with a farewell of MQTT 5; `answered` after it had let us in."""
    if by_broker:
        return Ended("superseded" if reason.value == TAKEN_OVER else "dropped", f"the broker ended the connection: {reason}")
    if reason.value == NOT_MQTT:
        return Ended("lost" if answered else "silent", "the broker sent something that is not MQTT")
    if reason.value == TOO_QUIET:
        if answered:
            return Ended("lost", f"the broker was silent for {2 * settings.patience.keepalive} s")
        return Ended("silent", "the broker did not answer")
    if answered:
        return Ended("dropped", "the broker closed the connection")
    wish = "; does it ask for a client certificate?" if settings.tls and not settings.client_cert else ""
    return Ended("silent", f"the broker hung up before answering{wish}")
