"""A real Mosquitto to be killed and brought back, a line to it that can go bad, and certificates good and bad."""

import base64
import contextlib
import hashlib
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

MOSQUITTO = "/usr/sbin/mosquitto"


def free_port() -> int:
    """One that is free, and not of those the system lends to whoever calls out (from 32768): nobody takes it meanwhile."""
    while True:
        port = SystemRandom().randrange(10_240, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass(frozen=True, slots=True)
class Certificates:
    """A house authority and a server certificate it signed, made with openssl in `folder`."""

    ca: Path
    server: Path
    key: Path

    @classmethod
    def make(cls, folder: Path, names: str = "DNS:localhost,IP:127.0.0.1", days: int = 2) -> Self:
        """`days` below 0 makes a certificate that has run out."""
        folder.mkdir(parents=True, exist_ok=True)
        ca, ca_key, server, key, ask = (folder / name for name in ("ca.pem", "ca.key", "server.pem", "server.key", "server.csr"))
        ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        _openssl("req", "-x509", *ec, "-keyout", ca_key, "-out", ca, "-days", "9", "-subj", "/CN=House", "-addext", "keyUsage=keyCertSign")
        _openssl("req", *ec, "-keyout", key, "-out", ask, "-subj", "/CN=broker")
        extension = folder / "names.cnf"
        extension.write_text(f"subjectAltName={names}\nauthorityKeyIdentifier=keyid\n")
        signing = ("-in", ask, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-out", server, "-extfile", extension)
        _openssl("x509", "-req", *signing, "-days", str(days))
        for secret in (key, ca_key):
            secret.chmod(0o644)
        return cls(ca, server, key)


class Mosquitto:
    """A Mosquitto on a free loopback port. Without `users` anybody may enter.

    `persistence` writes every change to disk at once; `tls` makes the port speak TLS only, and with `client_certificates`
    only to those who have one; `extra` are more lines of its configuration.
    """

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str] | None = None,
        persistence: bool = False,
        tls: Certificates | None = None,
        client_certificates: bool = False,
        extra: Sequence[str] = (),
        port: int = 0,
    ) -> None:
        self.port = port or free_port()
        self.log: list[str] = []
        self._folder = folder
        self._tls = tls
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"listener {self.port} 127.0.0.1", "log_dest stderr", "log_type all", f"allow_anonymous {str(not users).lower()}"]
        # The default of 1000 loses messages of a burst for a witness that hears all of them.
        lines.append("max_queued_messages 100000")
        if os.geteuid() == 0:
            lines.append("user root")
        if users:
            passwords = folder / "passwords"
            passwords.write_text("".join(f"{name}:{_hashed(password)}\n" for name, password in users.items()))
            lines.append(f"password_file {passwords}")
        if persistence:
            lines += ["persistence true", f"persistence_location {folder}/", "autosave_interval 1", "autosave_on_changes true"]
        if tls is not None:
            lines += [f"cafile {tls.ca}", f"certfile {tls.server}", f"keyfile {tls.key}"]
            lines.append(f"require_certificate {str(client_certificates).lower()}")
        (folder / "mosquitto.conf").write_text("\n".join([*lines, *extra, ""]))

    @property
    def url(self) -> str:
        return f"mqtts://localhost:{self.port}" if self._tls else f"mqtt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> Self:
        command = [MOSQUITTO, "-c", str(self._folder / "mosquitto.conf")]
        self._process = process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace")
        running = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(process, running), daemon=True)
        self._reader.start()
        if not running.wait(10) or process.poll() is not None:
            self.kill()
            raise RuntimeError("mosquitto did not start:\n" + "\n".join(self.log))
        return self

    def kill(self) -> None:
        """kill -9: nothing is saved, nobody is told."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """It hangs: connections stay, nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def restart(self) -> None:
        """kill -9 and back on the same port."""
        self.kill()
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
        self._process.wait(10)
        if self._reader is not None:
            self._reader.join(5)
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._process = self._reader = None

    def _read(self, process: subprocess.Popen[str], running: threading.Event) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self.log.append(line.rstrip())
            if line.rstrip().endswith(" running"):
                running.set()
        running.set()


class Proxy:
    """A TCP line to `target` on loopback that can freeze, lose one way, crawl, be cut, and heal. Runs in its own threads.

    What is held while frozen was sent but not yet delivered: if the client resets the line it is lost, as in a network;
    if the client merely closes it, it arrives when the line heals, as TCP would have it.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.accepted = 0
        self._up, self._down = threading.Event(), threading.Event()
        self._rate: float | None = None
        self._lines: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.port = free_port()
        self.heal()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> Self:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Small, so that a slow line is felt by the sender instead of hidden in buffers.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Nothing listens any more, and every line is reset."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.cut()

    def freeze(self) -> None:
        """A black hole: nothing passes either way, and nobody is told."""
        self._up.clear()
        self._down.clear()

    def freeze_answers(self) -> None:
        """A one-way partition: what the client says arrives, what the broker says does not."""
        self._down.clear()

    def slow(self, bytes_per_second: float) -> None:
        """Towards the broker only so much passes."""
        self._rate = bytes_per_second

    def heal(self) -> None:
        self._rate = None
        self._up.set()
        self._down.set()

    def cut(self) -> None:
        """Reset every line; new ones are welcome."""
        with self._lock:
            lines, self._lines = self._lines, set()
        for line in lines:
            _reset(line)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        self.heal()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        try:
            broker = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            _reset([client])
            return
        broker.settimeout(None)
        line = (client, broker)
        with self._lock:
            self._lines.add(line)
        threads = [
            threading.Thread(target=self._pump, args=(client, broker, self._up), daemon=True),
            threading.Thread(target=self._pump, args=(broker, client, self._down), daemon=True),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for end in line:
            end.close()
        with self._lock:
            self._lines.discard(line)

    def _pump(self, source: socket.socket, sink: socket.socket, gate: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while True:
                rate = self._rate if gate is self._up else None
                data = source.recv(65_536 if rate is None else 128)
                gate.wait()
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                if _was_reset(source):
                    break
                if rate is not None:
                    time.sleep(len(data) / rate)
                sink.sendall(data)
        _reset([source, sink])


def _was_reset(end: socket.socket) -> bool:
    number = end.fileno()
    if number < 0:
        return True
    poll = select.poll()
    poll.register(number, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _reset(ends: Iterable[socket.socket]) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.shutdown(socket.SHUT_RDWR)
        end.close()


def _hashed(password: str) -> str:
    """As mosquitto_passwd writes it: PBKDF2 with SHA-512, 101 rounds, 12 bytes of salt."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101, 64)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as somebody else heard it."""

    topic: str
    payload: bytes
    retain: bool


class Witness:
    """An independent client that hears everything under `filters`, remembers it in order, and can speak."""

    def __init__(self, port: int, *filters: str, username: str | None = None, password: str | None = None, version: int = 4) -> None:
        self.heard: list[Letter] = []
        self._filters = filters or ("#",)
        self._port = port
        self._changed = threading.Condition()
        self._ready = threading.Event()
        protocol = MQTTProtocolVersion.MQTTv5 if version == 5 else MQTTProtocolVersion.MQTTv311
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        self._client.username_pw_set(username, password)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._on_message

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert self._ready.wait(10), "the witness was not let in"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, topic: str, payload: bytes | str, retain: bool = False, **properties: Any) -> None:
        """Publish, and wait until the broker has it. `properties` are MQTT 5's."""
        more: Properties | None = None
        if properties:
            more = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            for name, value in properties.items():
                setattr(more, name, value)
        self._client.publish(topic, payload, qos=1, retain=retain, properties=more).wait_for_publish(10)

    def flood(self, topics: Iterable[str], payload: bytes) -> None:
        """Publish on each topic, as fast as it goes."""
        for topic in topics:
            self._client.publish(topic, payload, qos=1)

    def on(self, topic: str) -> list[bytes]:
        """Every payload heard on one topic."""
        with self._changed:
            return [letter.payload for letter in self.heard if letter.topic == topic]

    def until(self, enough: Callable[[], object], within: float = 40.0) -> None:
        """Wait until `enough` is true; looked at after each message."""
        with self._changed:
            assert self._changed.wait_for(enough, within), f"not within {within} s; heard {self.heard[-20:]}"

    def _on_connect(self, client: Client, *_: Any) -> None:
        client.subscribe([(each, 1) for each in self._filters])

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        with self._changed:
            self.heard.append(Letter(message.topic, bytes(message.payload), message.retain))
            self._changed.notify_all()
