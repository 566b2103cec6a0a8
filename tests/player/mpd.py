"""A real MPD for tests: two outputs that write what would be heard into pipes, and somebody who listens to them."""

import os
import selectors
import shutil
import socket
import subprocess
import threading
import time
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.brokers import free_port

RATE = 44_100
_FRAME = 4
"""Bytes of one moment: two channels of 16 bits."""


def tone(path: Path, hertz: float, seconds: float, amplitude: float = 0.5) -> None:
    """A steady synthesised tone: the only music in this project."""
    at = np.arange(int(RATE * seconds)) / RATE
    samples = (np.sin(2 * np.pi * hertz * at) * amplitude * 32767).astype("<i2")
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.repeat(samples[:, None], 2, axis=1).tobytes())


class Listener:
    """Hears both decks, each sample with the machine second at which it sounded."""

    def __init__(self, pipes: Mapping[str, Path]) -> None:
        self._heard: dict[str, list[tuple[float, bytes]]] = {name: [] for name in pipes}
        self._stop = threading.Event()
        self._selector = selectors.DefaultSelector()
        for name, path in pipes.items():
            os.mkfifo(path)
            self._selector.register(os.open(path, os.O_RDONLY | os.O_NONBLOCK), selectors.EVENT_READ, name)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(0.1):
                try:
                    data = os.read(key.fd, 1 << 16)
                except BlockingIOError:
                    continue  # MPD empties the pipe itself when it begins
                if data:
                    self._heard[key.data].append((time.monotonic(), data))
                else:
                    self._stop.wait(0.01)  # nobody writes at the moment

    def samples(self, deck: str) -> NDArray[np.float64]:
        """What one deck sounded, without the time in which it was silent; -1 to 1, one channel."""
        data = b"".join(chunk for _, chunk in self._heard[deck])
        data = data[: len(data) // _FRAME * _FRAME]
        return np.frombuffer(data, "<i2")[::2].astype(np.float64) / 32768

    def power(self, since: float, until: float, window: float = 0.1) -> NDArray[np.float64]:
        """The mean square of both decks together, one value a window; the decks play different tones, so powers add."""
        count = int((until - since) / window)
        total = np.zeros(count)
        for chunks in self._heard.values():
            energy, moments = np.zeros(count), np.zeros(count)
            sounding: float | None = None
            for at, chunk in chunks:
                values = np.frombuffer(chunk[: len(chunk) // _FRAME * _FRAME], "<i2")[::2].astype(np.float64) / 32768
                # A deck writes as fast as it sounds: its own samples are the better clock, until it pauses.
                begin = at if sounding is None or abs(at - sounding) > 0.4 else sounding
                sounding = begin + len(values) / RATE
                index = ((begin - since + np.arange(len(values)) / RATE) / window).astype(int)
                inside = (index >= 0) & (index < count)
                np.add.at(energy, index[inside], values[inside] ** 2)
                np.add.at(moments, index[inside], 1)
            total += energy / (RATE * window)
        return total

    def close(self) -> None:
        self._stop.set()
        self._thread.join(2)
        for key in list(self._selector.get_map().values()):
            os.close(key.fd)
        self._selector.close()


class Mpd:
    """MPD on a free port, its music in `folder`/music. It may be killed and started again; `listener` goes on listening."""

    def __init__(self, folder: Path, outputs: int = 2) -> None:
        self.port = free_port()
        (folder / "music").mkdir(parents=True, exist_ok=True)
        pipes = {f"deck-{n}": folder / f"deck-{n}" for n in range(outputs)}
        lines = [
            f'music_directory "{folder}/music"',
            f'db_file "{folder}/db"',
            'bind_to_address "127.0.0.1"',
            f'port "{self.port}"',
            'zeroconf_enabled "no"',
            'auto_update "no"',
            'replaygain "track"',
        ]
        for name, pipe in pipes.items():
            lines += ["audio_output {", 'type "fifo"', f'name "{name}"', f'path "{pipe}"']
            lines += [f'format "{RATE}:16:2"', 'mixer_type "software"', "}"]
        (folder / "mpd.conf").write_text("\n".join(lines) + "\n")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.listener = Listener(pipes)

    def start(self) -> None:
        binary = shutil.which("mpd") or "/usr/bin/mpd"
        with (self._folder / "mpd.log").open("ab") as log:
            self._process = subprocess.Popen([binary, "--no-daemon", str(self._folder / "mpd.conf")], stdout=log, stderr=log)
        _until_it_answers(self._process, self.port)

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
        self.listener.close()


@contextmanager
def mpd(folder: Path, outputs: int = 2) -> Iterator[tuple[int, Listener]]:
    """A running MPD: its port, and who listens to its outputs."""
    player = Mpd(folder, outputs)
    try:
        player.start()
        yield player.port, player.listener
    finally:
        player.close()


def _until_it_answers(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Connect as soon as it listens, and have it look through its music once."""
    until = time.monotonic() + 20
    while True:
        assert process.poll() is None, "MPD ended"
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as line, line.makefile("rwb") as talk:
                assert talk.readline().startswith(b"OK MPD")
                talk.write(b"update\n")
                talk.flush()
                talk.readline(), talk.readline()
                while True:
                    talk.write(b"status\n")
                    talk.flush()
                    answer = b"".join(iter(talk.readline, b"OK\n"))
                    if b"updating_db" not in answer:
                        return
        except OSError:
            assert time.monotonic() < until, "MPD does not answer"
