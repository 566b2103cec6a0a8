"""A house to be lived in by a test: its configuration, its controller in a process of its own, and whoever calls it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from ambiance.client import Client
from ambiance.clock import SystemClock
from ambiance.config import Config, load_config
from ambiance.device import Topics
from ambiance.panel.tokens import create
from ambiance.site import Room
from tests.brokers import free_port
from tests.journeys.fast import Birth

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
PATIENT = 60.0
"""Machine seconds a condition is waited for where nothing is measured: the machine may be busy."""

LAMP = "{id: ceiling, kind: light, kelvin: [2000, 6500], share: 0.8, lowest: 1.5}"
COVE = "{id: cove, kind: light, role: accent, share: 0.2, lowest: 0.5}"
SPEAKER = "{id: speaker, kind: player}"
DIFFUSER = "{id: diffuser, kind: diffuser, families: [floral_herbal]}"
KEYS = (
    "{id: keys, kind: button, press: {single: next, double: stay, long: bright, "
    "2.single: brighter, 3.single: dimmer, 4.single: mute, 4.long: call}}"
)
T = TypeVar("T")


def until(enough: Callable[[], T | None], within: float = PATIENT, what: str = "it") -> T:
    """Look again and again until `enough` gives something true; that is returned. Refusals to connect count as not yet."""
    by = time.monotonic() + within
    last: object = None
    while time.monotonic() < by:
        try:
            if found := enough():
                return found
            last = found
        except (httpx.HTTPError, OSError, ValueError) as error:
            last = error
        time.sleep(0.01)
    raise AssertionError(f"{what} did not happen within {within} s; last seen: {last!r}")


def room_of(id: str, *devices: str, **keys: object) -> str:
    """A room in YAML: calibrated, on the clock, with a lamp, unless it says otherwise."""
    given = {"borders": "clock", "full_light_lux": 300, "full_volume_dba": 70, "air_changes": 2, **keys}
    lines = "".join(f"    {key}: {json.dumps(value)}\n" for key, value in given.items())
    return f"  - id: {id}\n    name: {id.title()}\n{lines}    devices:\n" + "".join(f"      - {each}\n" for each in devices or (LAMP,))


@dataclass
class SiteTime:
    """The site's time, as every process of the house reckons it."""

    speed: float = 1.0
    anchor: float = 0.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        self.anchor = self.anchor or time.time()

    def at(self, machine: float) -> float:
        """Site seconds since 1970 at a moment of the machine's clock."""
        return self.anchor + self.shift + (machine - self.anchor) * self.speed

    def now(self) -> float:
        return self.at(time.time())


class Nursery:
    """The process that bears controllers; see `journeys.fast`."""

    def __init__(self) -> None:
        self.exits: dict[int, int] = {}
        self._changed = threading.Condition()
        self._born: list[int] = []
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        command = [PYTHON, "-m", "tests.journeys.fast"]
        env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
        self._process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process is not None and self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join(5)
        self._process.stdout.close()

    def bear(self, birth: Birth) -> int:
        assert self._process is not None and self._process.stdin is not None
        with self._changed:
            before = len(self._born)
            self._process.stdin.write(json.dumps(asdict(birth)) + "\n")
            self._process.stdin.flush()
            assert self._changed.wait_for(lambda: len(self._born) > before, 60), "no controller was born"
            return self._born[-1]

    def death(self, pid: int, within: float) -> int:
        """The exit code of a controller that ends within that time; below 0 the signal that killed it."""
        with self._changed:
            assert self._changed.wait_for(lambda: pid in self.exits, within), f"the controller did not end within {within} s"
            return self.exits[pid]

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said = json.loads(line)
            with self._changed:
                if "exit" in said:
                    self.exits[said["pid"]] = said["exit"]
                else:
                    self._born.append(said["pid"])
                self._changed.notify_all()


class House:
    """One site in `folder`. `start` begins its controller; it may be killed and started again as often as one likes."""

    def __init__(
        self,
        folder: Path,
        broker: str,
        *rooms: str,
        nursery: Nursery | None = None,
        time: SiteTime | None = None,
        patience: Mapping[str, float] | None = None,
        more: str = "",
        profiles: Path = ROOT / "profiles",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, free_port()
        self.time = time or SiteTime()
        self.log = folder / "controller.log"
        self.file = folder / "config.yaml"
        self.file.write_text(
            "site: {id: harbour, name: Harbour Spa, timezone: Europe/Berlin}\n"
            f"broker: {{{broker}}}\n"
            'store: {url: "sqlite:///data/ambiance.db"}\n'
            f"http: {{port: {self.port}}}\n"
            f"profiles: {profiles}\n"
            f"{more}rooms:\n{''.join(rooms or (room_of('lavender'),))}"
        )
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = folder / "data" / "ambiance.db"
        self._nursery, self._patience = nursery, dict(patience or {})
        self._pid: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._token = ""

    @property
    def config(self) -> Config:
        return load_config(self.file, {})

    @property
    def topics(self) -> Topics:
        return Topics("ambiance", "harbour")

    @property
    def pid(self) -> int:
        assert self._pid is not None, "not started"
        return self._pid

    @property
    def token(self) -> str:
        """A manager's; made when first asked for."""
        if not self._token:
            self._token = create(f"sqlite:///{self.database}", "harbour", "manager", SystemClock().now(), None, "test")
        return self._token

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def played(self, room: str) -> Room:
        """A room as its controller plays it: with the key of the house for the ids of its playlists."""
        with closing(sqlite3.connect(self.database)) as database:
            ((key,),) = database.execute("SELECT playlist_key FROM sites")
        return self.config.site.keyed(key).by_id[room]

    def client(self) -> Client:
        return Client(self.url, self.token, wait=PATIENT)

    def start(self, dies_on: str = "") -> Self:
        """Returns as soon as the process exists. Without a nursery it is `python -m ambiance run`."""
        if self._nursery is not None:
            birth = Birth(
                str(self.file), str(self.log), self.time.anchor, self.time.shift, self.time.speed, self._patience, dies_on=dies_on
            )  # fmt: skip
            self._pid = self._nursery.bear(birth)
            return self
        with self.log.open("ab") as log:
            command = [PYTHON, "-m", "ambiance", "run", "--config", str(self.file)]
            self._process = subprocess.Popen(command, cwd=self.folder, env=environment(), stdout=log, stderr=log)
        self._pid = self._process.pid
        return self

    def up(self, link: str = "up", within: float = PATIENT) -> Self:
        """Wait until it answers and its link is as named."""

        def answered() -> bool:
            if self._ended(0):
                raise AssertionError(f"the controller ended:\n{self.logged()}")
            return self.readiness().get("link") == link

        until(answered, within, f"link {link}")
        return self

    def readiness(self) -> dict[str, Any]:
        return dict(httpx.get(f"{self.url}/readyz", trust_env=False, timeout=5).json())

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9."""
        self.signal(signal.SIGKILL)
        self.ended()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.signal(signal.SIGTERM)
        return self.ended()

    def ended(self, within: float = PATIENT) -> int:
        """Wait for its end; the exit code."""
        if self._process is not None:
            code = self._process.wait(within)
        else:
            assert self._nursery is not None
            code = self._nursery.death(self.pid, within)
        self._pid = self._process = None
        return code

    def __enter__(self) -> Self:
        """Started and linked; one that was started already is left to whoever did."""
        return self.start().up() if self._pid is None else self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._pid is not None and not self._ended(0):
            self.kill()
        if kind is not None:
            print(self.logged()[-6000:])  # noqa: T201 - what a failed test is read with

    def logged(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def cpu(self) -> float:
        """Seconds of processor time its controller used so far."""
        numbers = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")

    def _ended(self, _: float) -> bool:
        if self._process is not None:
            return self._process.poll() is not None
        return self._nursery is not None and self._pid in self._nursery.exits


def environment(**more: str) -> dict[str, str]:
    """Ours, without what would name another controller."""
    return {**{key: value for key, value in os.environ.items() if not key.startswith("AMBIANCE_")}, "PYTHONPATH": str(ROOT), **more}


def command(*words: str, cwd: Path = ROOT, within: float = 60, **env: str) -> "subprocess.CompletedProcess[str]":
    """`ambiance …` as somebody types it."""
    return subprocess.run(
        [PYTHON, "-m", "ambiance", *words], cwd=cwd, env=environment(**env), capture_output=True, text=True, timeout=within, check=False
    )


def instant(text: str) -> float:
    """Seconds since 1970 of an instant as the program writes it."""
    return datetime.fromisoformat(text).timestamp()


def states(letters: Sequence[bytes]) -> list[dict[str, Any]]:
    return [json.loads(each) for each in letters if each]
