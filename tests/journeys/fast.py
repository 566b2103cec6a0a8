"""A nursery of controllers: run by itself, it has everything imported, and forks a controller for each line it reads.

A line is JSON (see `Birth`); the answers are `{"pid": n}` and, when a child is gone, `{"pid": n, "exit": code}`. Children
are real processes with a real site in them; what is saved is the second that Python needs to import it all, twenty times.
Their clock may run fast, and from another moment than the machine's.
"""

import asyncio
import ctypes
import json
import os
import random
import selectors
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import ambiance.app
import ambiance.panel.http
import ambiance.panel.server
from ambiance.app import run
from ambiance.cli.start import logs
from ambiance.clock import SystemClock
from ambiance.config import load_config
from ambiance.config.model import BrokerConfig
from ambiance.device.brokersettings import BrokerSettings, Patience
from ambiance.session.model import Changes
from ambiance.session.sql import SqlStore

PR_SET_PDEATHSIG = 1
DISK_FULL = 40
"""Pages (of 4096 bytes) to which the database is bounded where its disk is to be full."""


@dataclass(frozen=True, slots=True)
class Birth:
    """A controller to be born: its configuration, its clock, and what is wrong with it.

    The site's time is `anchor + shift` at the machine's `anchor`, and runs `speed` times as fast. `dies_on` names a
    session state: with the first save of a session in that state the process kills itself, after the commit.
    """

    config: str
    log: str
    anchor: float = 0.0
    shift: float = 0.0
    speed: float = 1.0
    patience: Mapping[str, float] = field(default_factory=dict)
    dies_on: str = ""


def clock_of(speed: float, anchor: float, shift: float) -> SystemClock:
    """A site's clock, the same in every process that is given the same three numbers."""
    return SystemClock(speed, wall=lambda: anchor + shift + (time.time() - anchor) * speed)


class _Impatient(BrokerConfig):
    __slots__ = ("patience",)
    patience: Patience

    def settings(self, url: str | None = None) -> BrokerSettings:
        return replace(super().settings(url), patience=self.patience)


class _Dying(SqlStore):
    """Commits, and is killed before anybody is told."""

    state = ""

    def save(self, changes: Changes) -> None:
        super().save(changes)
        if any(session.state.value == self.state for session in changes.sessions):
            os.kill(os.getpid(), signal.SIGKILL)


def live(birth: Birth) -> None:
    """Be a controller, to the end."""
    config = load_config(Path(birth.config), {})
    if birth.patience:
        broker = _Impatient(**{each.name: getattr(config.broker, each.name) for each in fields(BrokerConfig)})
        given: dict[str, Any] = dict(birth.patience)
        object.__setattr__(broker, "patience", replace(Patience(), **given))
        config = replace(config, broker=broker)
    if birth.dies_on:
        _Dying.state = birth.dies_on
        ambiance.app.__dict__["SqlStore"] = _Dying
    asyncio.run(run(config, clock_of(birth.speed, birth.anchor, birth.shift)))


def _born(birth: Birth) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(birth.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for number, end in ((0, nothing), (1, log), (2, log)):
            os.dup2(end, number)
        random.seed()
        logs(20)
        live(birth)
        code = 0
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _say(**words: int) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Fork for each line, and tell of each death, until nobody writes any more."""
    wake_in, wake_out = os.pipe()
    os.set_blocking(wake_in, False)
    os.set_blocking(wake_out, False)
    signal.set_wakeup_fd(wake_out)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        selector.register(wake_in, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if sys.stdin in ready:
                line = os.read(0, 65_536).decode()
                if not line:
                    return
                for each in line.splitlines():
                    _say(pid=_born(Birth(**json.loads(each))))
            if wake_in in ready:
                os.read(wake_in, 4096)
            with suppress(ChildProcessError):
                while (dead := os.waitpid(-1, os.WNOHANG))[0]:
                    _say(pid=dead[0], exit=os.waitstatus_to_exitcode(dead[1]))


if __name__ == "__main__":
    main()
