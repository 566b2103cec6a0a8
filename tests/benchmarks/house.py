"""The houses that are measured, and the processes that run them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ambiance.panel.tokens import create
from tests.benchmarks.load import request
from tests.benchmarks.wire import Observer
from tests.brokers import free_port

ROOT = Path(__file__).resolve().parents[2]
MOSQUITTO = "/usr/sbin/mosquitto"
PREFIX = "ambiance/bench"
FLOOR = "ambiance/floor"
TOLD = (f"{PREFIX}/+/device/+/set", f"{PREFIX}/+/state", f"{PREFIX}/+/scene", f"{PREFIX}/+/event")
"""What a room is told and what is told of it."""
SETS = (f"{PREFIX}/+/device/+/set",)
_LAMPS = ("{id: ceiling,kind: light}", "{id: cove,kind: light,role: accent}", "{id: niches,kind: light}")
"""Short, since a configuration of a thousand rooms must stay under the 256 KiB that one file may have."""


def room_id(number: int) -> str:
    return f"room-{number:04}"


class Mosquitto:
    """A real one, as quiet as it can be, on a free loopback port."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        user = "user root\n" if os.geteuid() == 0 else ""
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nlog_type error\nmax_queued_messages 100000\n"
            f"max_inflight_messages 1000\nset_tcp_nodelay true\n{user}"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        _wait_for_port(self.port, self._process)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


class Running:
    """A server in a process of its own."""

    def __init__(self, command: Sequence[str], port: int, log: Path) -> None:
        self.port = port
        self._command, self._log = [sys.executable, *command], log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Returns as soon as the process exists; `up` waits for it to answer."""
        # As an installed program does, it keeps its bytecode, whatever this shell is told: only the first start compiles.
        env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        env["PYTHONPYCACHEPREFIX"] = str(self._log.parent / "bytecode")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, env=env, stderr=log, stdout=log)
        return self

    def up(self, within: float = 60.0) -> Self:
        assert self._process is not None
        _wait_for_port(self.port, self._process, within)
        return self

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """kill -9."""
        self.signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(10)

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def rss(self) -> float:
        """Resident memory now, MiB."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024

    @property
    def cpu(self) -> float:
        """Seconds of processor time used so far."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> Self:
        return self.start().up()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


class House:
    """A site of `rooms` rooms with up to three lamps each; `broker` None means the embedded one."""

    def __init__(self, folder: Path, rooms: int, broker: int | None, lamps: int = 3) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.rooms, self.lamps, self.folder = rooms, lamps, folder
        self.port = free_port()
        self.broker = broker or free_port()
        self._store = f"sqlite:///{folder / 'ambiance.db'}"
        self._tokens = 0
        self.config = folder / "config.yaml"
        line = f"{{ url: 'mqtt://127.0.0.1:{broker}' }}" if broker else f"{{ embedded: true, port: {self.broker} }}"
        parts = [
            "site: { id: bench, name: Bench, timezone: Europe/Berlin, setting: spa }",
            f"broker: {line}",
            f"store: {{ url: '{self._store}' }}",
            f"http: {{ host: 127.0.0.1, port: {self.port} }}",
            f"profiles: {ROOT / 'profiles'}",
            "homeassistant: { enabled: false, prefix: homeassistant }",
            "rooms:",
        ]
        devices = ",".join(_LAMPS[:lamps])
        parts += [f"  - {{id: {room_id(number)},devices: [{devices}]}}" for number in range(rooms)]
        self.config.write_text("\n".join([*parts, ""]))

    def controller(self) -> Running:
        return Running(["-m", "ambiance", "run", "--config", str(self.config)], self.port, self.folder / "controller.log")

    def token(self, role: str = "desk", room: str | None = None) -> str:
        """A new token: each may write so many times a second."""
        self._tokens += 1
        return create(self._store, "bench", role, datetime.now(UTC), room, f"bench {self._tokens}")

    def start(self, number: int, token: str, **more: Any) -> bytes:
        """The request that starts one room."""
        return request("POST", "/api/v1/sessions", self.body(number, **more), token)

    def batch(self, numbers: Sequence[int], token: str, **more: Any) -> bytes:
        """The request that starts many."""
        return request("POST", "/api/v1/sessions/batch", [self.body(number, **more) for number in numbers], token)

    def body(self, number: int, **more: Any) -> dict[str, Any]:
        return {"room": room_id(number), "profile": "spa/swedish", "minutes": 60, "care": [], **more}

    def linked(self, observer: Observer, within: float = 60.0) -> None:
        """Wait until the controller has said every lamp's state to its broker, and nothing more comes."""
        least = self.rooms * (self.lamps + (2 if TOLD[1] in observer.filters else 0))
        heard = observer.collect(least, within, 1.5)
        assert len(heard) >= least, f"the controller said {len(heard)} things within {within} s; see {self.folder}"


def floor(folder: Path, broker: int, messages: Path) -> Running:
    """The bare program, on a database of its own."""
    port = free_port()
    command = ["-m", "tests.benchmarks.floor", str(port), str(broker), str(folder / "floor.db"), str(messages)]
    return Running(command, port, folder / "floor.log")


def _wait_for_port(port: int, process: "subprocess.Popen[bytes]", within: float = 20.0) -> None:
    until = time.monotonic() + within
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.005)
    raise RuntimeError(f"nothing listens on port {port}")
