"""The first evening: a controller, its broker over TLS, the room's agent and an MPD as processes of their own, and what is heard."""

import csv
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ambiance.clock import SystemClock
from ambiance.panel.tokens import create
from ambiance.player.tones import synthesise
from tests.brokers import Certificates, Mosquitto, Witness, free_port
from tests.journeys.house import PYTHON, SPEAKER, House, environment, room_of, until
from tests.player.mpd import Mpd

TOPIC = "ambiance/harbour/lavender/device/speaker"
MUSIC = """music:
  folders:
    - {path: calm, style: calm, licence: own, proof: "tones, calm"}
    - {path: deep, style: deep, licence: public_domain, proof: "tones, deep"}
"""
NOTHING = -70.0
"""Decibels below full scale under which nobody hears anything."""
FINE = -58.0
"""Below this a whole percent of MPD is more than a decibel."""


class Evening:
    """A room with its player, and what is said and heard in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, plain = folder, free_port()
        certificates = Certificates.make(folder / "certificates")
        self.broker = Mosquitto(folder / "broker", tls=certificates, extra=[f"listener {plain} 127.0.0.1"]).start()
        self.witness = Witness(plain)
        self.mpd = Mpd(folder / "player")
        synthesise(folder / "player/music", 60)
        broker = f'url: "{self.broker.url}", ca_file: {certificates.ca}'
        self.house = House(folder / "house", broker, room_of("lavender", SPEAKER), more=MUSIC)
        self.agent: subprocess.Popen[bytes] | None = None
        self.log = folder / "agent.log"
        self.playlog = folder / "playlog.csv"

    def __enter__(self) -> "Evening":
        self.witness.__enter__()
        self.mpd.start()
        self.house.start().up()
        self.token = create(f"sqlite:///{self.house.database}", "harbour", "room", SystemClock().now(), "lavender", "player")
        self.play()
        return self

    def __exit__(self, *error: object) -> None:
        if self.agent is not None and self.agent.poll() is None:
            self.agent.kill()
            self.agent.wait(10)
        self.house.__exit__(None, None, None)
        self.mpd.close()
        self.witness.__exit__(None, None, None)
        self.broker.stop()
        print(self.log.read_text()[-6000:], self.house.logged()[-6000:])  # noqa: T201 - what a failed test is read with

    def play(self, **env: str) -> None:
        """Start the agent and wait until it is there."""
        before = len(self.witness.on(f"{TOPIC}/online"))
        words = ["player", "--room", "lavender", "--mpd", f"127.0.0.1:{self.mpd.port}", "--config", str(self.house.file)]
        words += ["--log", str(self.playlog), "--crossfade", "2"]
        given = environment(AMBIANCE_URL=self.house.url, **{"AMBIANCE_TOKEN": self.token, **env})
        with self.log.open("ab") as log:
            self.agent = subprocess.Popen([PYTHON, "-m", "ambiance", *words], cwd=self.folder, env=given, stdout=log, stderr=log)
        self.witness.until(lambda: b"true" in self.witness.on(f"{TOPIC}/online")[before:])

    @property
    def state(self) -> dict[str, Any]:
        said = self.witness.on(f"{TOPIC}/state")
        return json.loads(said[-1]) if said else {}

    def until(self, within: float = 30.0, **wanted: object) -> None:
        until(lambda: wanted.items() <= self.state.items(), within, f"{wanted}; it is {self.state}")

    def log_lines(self) -> list[dict[str, str]]:
        if not self.playlog.exists():
            return []
        with self.playlog.open(newline="") as file:
            return list(csv.DictReader(file))

    def pieces(self, count: int) -> list[str]:
        """Wait for that many lines in the play log."""
        until(lambda: len(self.log_lines()) >= count, 20, f"{count} pieces; there are {self.log_lines()}")
        return [line["piece"] for line in self.log_lines()]

    def heard(self, since: float, until: float | None = None) -> NDArray[np.float64]:
        """Decibels, a tenth of a second each."""
        return 10 * np.log10(np.maximum(self.mpd.listener.power(since, until or time.monotonic()), 1e-12))

    def risen(self, since: float, loudest: float) -> None:
        """Wait until what is heard since then has come up, and look at how: out of silence, the quietest first, and no
        faster than 3 dB in a second; MPD moves in whole percents, up to 1 dB at this level."""
        until(lambda: self.fine(since).size > 40, 60, "what is heard comes up")
        heard = self.heard(since)
        heard = heard[int(np.argmax(heard <= NOTHING)) :]  # what was left in the pipe
        begins = int(np.argmax(heard > NOTHING))
        assert heard[begins] < loudest - 12, f"it began at {heard[begins]:.0f} dB"
        rise = self.fine(since)
        assert (rise[10:] - rise[:-10]).max() <= 3.0 + 1.5

    def silent(self) -> None:
        """Wait for half a second in which nobody hears anything, and see that it stays."""
        until(lambda: self.heard(time.monotonic() - 0.5).max() < NOTHING, 10, "silence")
        time.sleep(1)
        assert self.heard(time.monotonic() - 1).max() < NOTHING

    def fine(self, since: float) -> NDArray[np.float64]:
        """The half second's mean of what is heard, from where a percent of MPD is a fine step."""
        heard = self.heard(since)
        heard = heard[int(np.argmax(heard <= NOTHING)) :]
        begins = int(np.argmax(heard > NOTHING))
        if len(heard) < begins + 8:
            return heard[:0]
        rise = np.convolve(heard[begins + 2 :], np.ones(5) / 5, "valid")
        return rise[int(np.argmax(rise > FINE)) :] if rise.max() > FINE else rise[:0]

    def adjust(self, **change: object) -> None:
        with self.house.client() as client:
            client.adjust("lavender", change)


@pytest.fixture
def evening(tmp_path: Path) -> Iterator[Evening]:
    with Evening(tmp_path) as made:
        yield made


def test_a_session_is_heard_from_its_quiet_beginning_through_hands_and_crashes_to_silence(evening: Evening) -> None:
    began = time.monotonic()
    with evening.house.client() as client:
        session = client.start("lavender", "spa/swedish", 60, care=[])["id"]
    (first,) = evening.pieces(1)
    assert first.startswith("calm/")
    evening.risen(began, -40.0)

    # Two phases on; what plays goes over into another piece, and nothing is heard twice while something is left.
    for count in (2, 3):
        with evening.house.client() as client:
            client.advance(session)
        evening.pieces(count)
        time.sleep(3)
    assert sorted(evening.pieces(3)) == ["calm/tone-1.wav", "calm/tone-2.wav", "calm/tone-3.wav"]
    assert evening.heard(time.monotonic() - 5.5, time.monotonic() - 0.5).min() > NOTHING, "no gap between them"

    # Muted at once, and back without a start.
    evening.adjust(music="mute")
    evening.until(playing=False)
    evening.silent()
    evening.adjust(music="unmute")
    evening.until(playing=True)
    evening.pieces(4)
    time.sleep(3)

    # Another piece, and a style by hand.
    evening.adjust(another=True)
    evening.pieces(5)
    until(lambda: str(evening.state["playlist"]).endswith(".1"), 10, "the count")
    evening.adjust(style="deep")
    assert evening.pieces(6)[-1].startswith("deep/")
    time.sleep(6)

    # The agent is killed: its will says so, and its return is quiet. MPD would have fallen silent at the end of the one piece it had.
    assert evening.agent is not None
    evening.agent.kill()
    evening.witness.until(lambda: evening.witness.on(f"{TOPIC}/online")[-1] == b"false")
    evening.agent.wait(10)
    loud = float(np.median(evening.heard(time.monotonic() - 2)))
    evening.play()
    evening.pieces(7)
    evening.risen(time.monotonic() - 0.3, loud)
    assert evening.log_lines()[-1]["piece"].startswith("deep/")

    # MPD is killed: silence that is reported, and the same gentle return.
    evening.mpd.kill()
    evening.until(playing=False)
    evening.mpd.start()
    evening.pieces(8)
    back = time.monotonic()
    evening.until(playing=True)
    evening.risen(back - 0.3, loud)

    # The controller is killed: the music does not notice, neither then nor when it is back.
    gone = time.monotonic()
    evening.house.kill()
    evening.house.start().up()
    time.sleep(5)
    assert len(evening.log_lines()) == 8
    assert evening.heard(gone, time.monotonic() - 0.5).min() > loud - 6, "of the last half second not all may have been read"
    assert evening.state["playing"] is True

    # The agent is stopped as its system stops it.
    evening.agent.send_signal(signal.SIGTERM)
    assert evening.agent.wait(10) == 0
    assert evening.witness.on(f"{TOPIC}/online")[-1] == b"false"
    evening.silent()

    lines = evening.log_lines()
    assert {line["room"] for line in lines} == {"lavender"}
    assert {(line["piece"].split("/")[0], line["licence"], line["proof"]) for line in lines} == {
        ("calm", "own", "tones, calm"),
        ("deep", "public_domain", "tones, deep"),
    }


def test_a_player_that_may_not_ask_is_silent_says_so_and_is_a_fault_in_words(evening: Evening) -> None:
    assert evening.agent is not None
    evening.agent.terminate()
    evening.agent.wait(10)
    evening.play(AMBIANCE_TOKEN="")
    with evening.house.client() as client:
        client.start("lavender", "clinical/swedish", 60, care=[])
        until(lambda: "Speaker is stopped instead of playing." in client.room("lavender")["faults"], 60, "the fault")
    assert evening.state["playing"] is False
    assert "set AMBIANCE_TOKEN to a token of this room" in evening.log.read_text()
    assert evening.log_lines() == []
