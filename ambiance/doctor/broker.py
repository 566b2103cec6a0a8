"""The broker, what we may say and hear there, and who answers."""

import asyncio
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from socket import create_connection

from ambiance.clock import Instant
from ambiance.config import Config
from ambiance.cuesheet.wanted import ClimateWanted
from ambiance.device.brokersettings import BrokerSettings
from ambiance.device.dialects import SPOKEN, Dialect, Garbled, Liveness
from ambiance.device.dialects.ask import Ask
from ambiance.device.dialects.family import Family
from ambiance.device.lines import PREFIX
from ambiance.device.message import Incoming, Message
from ambiance.device.topics import Topics
from ambiance.device.trying.walk import OFF
from ambiance.device.visit import Visit
from ambiance.doctor.complaint import Complaint, improve, mend, well
from ambiance.doctor.ends import Ends
from ambiance.doctor.machine import runs_out
from ambiance.errors import AmbianceError, BrokerRefused, BrokerUnreachable, Invalid
from ambiance.site import Device
from ambiance.units import Seconds

ANSWER: Seconds = 2.0
"""Machine seconds for the broker to acknowledge a message."""
HARMLESS = frozenset(
    ("native", "tasmota", "zigbee2mqtt", "zigbee2mqtt-tuya", "shelly-gen2", "wled", "esphome", "openbeken", "sonos2mqtt", "ha-json-light")
)
"""Dialects whose devices take an empty command for a question, or for nothing: so it can be tried whether we may publish there."""


async def broker(config: Config, seconds: Seconds, now: Instant) -> list[Complaint]:
    """Everything that can be found out by calling on it, listening for `seconds`."""
    if config.broker.embedded and config.broker.port == 0:
        return [well("broker", "it runs in the controller, on a port of its own choosing: devices were not looked at")]
    settings = config.broker.settings()
    topics = Topics(config.site.prefix, config.site.id)
    dialects = {name: speak(topics) for name, speak in SPOKEN.items()}
    devices = [device for room in config.site.rooms for device in room.devices]
    filters = {topic for device in devices for topic in dialects[device.dialect].filters(device) if not topic.startswith(PREFIX)}
    probe = f"{topics.status().removesuffix('status')}probe"
    try:
        async with Visit(settings, (*sorted(filters), *topics.do_filters(), topics.status(), probe), "doctor") as visit:
            found = list(_let_in(config, settings, visit))
            round = _Round(visit, topics, dialects, devices)
            found.append(await round.may(probe))
            found += await round.told(min(1.0, seconds / 3))
            # Only now: whoever may hear everything would be somebody who listens to each device.
            heard, strangers, certificate = await asyncio.gather(
                round.heard(seconds), _strangers(settings), asyncio.to_thread(lambda: list(_certificate(settings, now)))
            )
    except BrokerRefused as error:
        return [mend("broker", str(error), "correct the user name, the password file or the certificate")]
    except BrokerUnreachable as error:
        if config.broker.embedded:
            return [
                improve("broker", "it runs in the controller, which is not running: devices were not looked at", "start the controller")
            ]
        return [mend("broker", str(error), "start the broker, or correct broker.url")]
    return [*found, *heard, *strangers, *certificate]


def _let_in(config: Config, settings: BrokerSettings, visit: Visit) -> Iterator[Complaint]:
    yield well("broker", f"{settings.url} lets us in, and speaks MQTT {visit.protocol}")
    for topic in visit.denied:
        yield mend("broker", f"we may not hear {topic}", f"allow it: topic read {topic}")
    if not settings.tls and not _here(settings.host):
        words = "everything, the password too, crosses the network in plain text"
        yield improve("broker", words, "mqtts:// with the broker's ca_file; plain only on a network of devices alone")
    if visit.protocol != "5":
        yield improve("broker", "it speaks MQTT 3.1.1 only: it cannot say what it refuses, and old commands do not expire", "Mosquitto 2")


class _Round:
    """Asks every device whether it is there, and whether it may be told anything."""

    def __init__(self, visit: Visit, topics: Topics, dialects: dict[str, Dialect], devices: list[Device]) -> None:
        self._visit, self._topics, self._dialects, self._devices = visit, topics, dialects, devices
        self._online: dict[str, bool] = {}
        self._said: set[str] = set()
        self._garbled: dict[str, str] = {}
        self._controller: bool | None = None
        self._patience = ANSWER
        self._ends = Ends(topics, devices)
        self._speakers: dict[str, list[Device]] = {}
        for device in devices:
            own = (topics.device_state(device.room, device.id), topics.online(device.room, device.id))
            for topic in own if device.dialect == "native" else dialects[device.dialect].filters(device):
                self._speakers.setdefault(topic, []).append(device)

    async def may(self, probe: str) -> Complaint:
        """Do our own topics go both ways?"""
        before, until = self._visit.counters.denied, self._visit.now() + ANSWER
        self._visit.publish(Message(probe, b"?"))
        while (left := until - self._visit.now()) > 0 and (incoming := await self._visit.next(left)) is not None:
            if incoming.topic == probe:
                return well("broker", "what we say under our own topics is heard")
            self._hear(incoming)
        tree = probe.removesuffix("probe") + "#"
        what = "write" if self._visit.counters.denied > before else "write or hear"
        return mend("broker", f"we may not {what} {tree}", f"allow it: topic readwrite {tree}")

    async def told(self, seconds: Seconds) -> list[Complaint]:
        """Whom we may not tell anything, or who is not there to hear it, after having listened for `seconds`."""
        found: list[Complaint] = []
        await self._listen(seconds)
        for device in self._devices:
            found += await self._may_be_told(device)
        return found

    async def heard(self, seconds: Seconds) -> list[Complaint]:
        """Who is there, at the latest after `seconds`."""
        for device in self._devices:
            if _name(device) not in self._said:
                for message in self._question(device):
                    self._visit.publish(replace(message, keep=True))
        for message in self._ends.questions():
            self._visit.publish(replace(message, keep=True))
        await self._listen(seconds, self._complete)
        running = "a controller is running" if self._controller else "no controller is running"
        return [well("broker", running), *(self._there(device) for device in self._devices), *self._ends.found()]

    def _complete(self) -> bool:
        """Whether everybody has spoken who can, so that there is nothing left to wait for."""
        speak = [_name(device) for device in self._devices if self._answers(device) and device.kind != "button"]
        return self._ends.complete and all(name in self._said or name in self._online for name in speak)

    def _answers(self, device: Device) -> bool:
        return self._dialects[device.dialect].traits(device).answers and not device.topic.startswith(PREFIX)

    async def _listen(self, seconds: Seconds, enough: Callable[[], bool] = lambda: False) -> None:
        until = self._visit.now() + seconds
        while not enough() and (left := until - self._visit.now()) > 0 and (incoming := await self._visit.next(left)) is not None:
            self._hear(incoming)

    def _hear(self, incoming: Incoming) -> None:
        if incoming.topic == self._topics.status():
            self._controller = incoming.payload == b"online"
        self._ends.hear(incoming)
        for device in self._speakers.get(incoming.topic, ()):
            match self._dialects[device.dialect].decode(device, incoming.topic, incoming.payload):
                case None:
                    continue
                case Liveness(online):
                    self._online[_name(device)] = online
                case Garbled(reason):
                    self._garbled[_name(device)] = reason
                case _:
                    self._said.add(_name(device))

    def _question(self, device: Device) -> tuple[Message, ...]:
        family = self._dialects[device.dialect]
        if not isinstance(family, Family) or device.kind == "button":
            return ()  # a button sleeps
        try:
            return family.compose(device, Ask(device.kind, deed="read"), (0, 0))
        except Invalid:
            return ()

    async def _may_be_told(self, device: Device) -> list[Complaint]:
        """An empty command, where that is nothing: does the broker take it, and does anybody listen there?"""
        wanted = OFF.get(device.kind) or (ClimateWanted(22.0) if device.kind == "climate" else None)
        if wanted is None or device.dialect not in HARMLESS or self._visit.protocol != "5":
            return []
        try:
            topics = dict.fromkeys(message.topic for message in self._dialects[device.dialect].encode(device, wanted, (0, 0)))
        except AmbianceError:
            return []
        for topic in topics:
            counters = self._visit.counters
            denied, unheard, acked = counters.denied, counters.unheard, counters.acked
            self._visit.publish(Message(topic, b"", keep=True))
            until = self._visit.now() + self._patience
            while counters.denied == denied and counters.acked == acked and self._visit.now() < until:
                await self._listen(0.02)
            if counters.denied > denied:
                return [mend(_name(device), f"we may not tell it anything on {topic}", f"allow it in the broker: topic write {topic}")]
            if counters.unheard > unheard:
                words = f"nobody listens on {topic}"
                return [mend(_name(device), words, "is it switched on, is its topic right, and may it hear that?")]
            if counters.acked == acked:
                self._patience /= 2  # a broker that does not say so will hardly say so of the next
        return []

    def _there(self, device: Device) -> Complaint:
        name = _name(device)
        if self._online.get(name) is False:
            return mend(name, "it says that it is away", "has it power, and a network?")
        if name in self._garbled:
            return improve(name, f"what it says makes no sense: {self._garbled[name]}", "is it the dialect it speaks?")
        if name in self._said or self._online.get(name):
            return well(name, "it is there")
        if not self._answers(device):
            return improve(name, "whether it is there cannot be told from here", f"try it: ambiance device test {device.room} {device.id}")
        if device.kind == "button":
            return improve(name, "a button says nothing until it is pressed", f"press it: ambiance device test {device.room} {device.id}")
        return mend(name, "nothing was heard of it", "has it power, is its topic right, and may we hear it? ambiance device discover")


def _name(device: Device) -> str:
    return f"{device.room}/{device.id}"


async def _strangers(settings: BrokerSettings) -> list[Complaint]:
    """May anybody on the network come in?"""
    if settings.client_cert:
        return []
    try:
        async with Visit(replace(settings, username=None, password=None), ("#",), "stranger") as visit:
            all_of_it = "#" not in visit.denied
    except AmbianceError:
        return [well("broker", "nobody comes in without a name")]
    words = "anybody on the network comes in without a name" + (", and may ask to hear everything" if all_of_it else "")
    return [improve("broker", words, "allow_anonymous false, an account for each device and service, and an ACL")]


def _certificate(settings: BrokerSettings, now: Instant) -> Iterator[Complaint]:
    if not settings.tls:
        return
    try:
        with (
            create_connection((settings.host, settings.port), 5) as line,
            settings.tls_context().wrap_socket(line, server_hostname=settings.host) as secured,
        ):
            said = (secured.getpeercert() or {}).get("notAfter")
    except (OSError, ssl.SSLError):
        return
    if isinstance(said, str):
        yield runs_out("broker", datetime.fromtimestamp(ssl.cert_time_to_seconds(said), UTC), now)


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
