"""Synthesised tones: something to hear in every style, without a seam or a click, and the lines that allow it to be played."""

import wave
from pathlib import Path

import numpy as np

from ambiance.config import load_config
from ambiance.player.tones import BLOCK, RATE, synthesise
from tests.journeys.house import command


def samples(path: Path) -> "np.typing.NDArray[np.float64]":
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64) / 32768


def test_each_style_has_pieces_that_begin_and_end_in_nothing_and_repeat_without_a_seam(tmp_path: Path) -> None:
    made = synthesise(tmp_path, 16)
    assert len({path.read_bytes() for path in made}) == 9
    assert {path.parent.name for path in made} == {"calm", "deep", "bright"}
    for path in made:
        heard = samples(path)
        assert len(heard) == 16 * RATE
        assert 0.05 < np.abs(heard).max() <= 0.25
        assert max(abs(heard[0]), abs(heard[-1])) < 1e-3
        bend = np.abs(np.diff(heard, 2))
        seams = [second * RATE for second in range(BLOCK, 16, BLOCK)]
        assert max(bend[seam - 3 : seam + 3].max() for seam in seams) <= np.percentile(bend, 99.9) * 1.5


def test_the_command_prints_lines_that_config_yaml_takes(tmp_path: Path) -> None:
    done = command("tones", str(tmp_path / "music"), "--seconds", "8")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "music").glob("*/*.wav"))) == 9
    (tmp_path / "config.yaml").write_text(
        "site: {id: harbour, name: Harbour, timezone: UTC}\nbroker: {embedded: true}\nstore: {url: 'sqlite:///a.db'}\n"
        f"{done.stdout}rooms:\n  - {{id: lavender}}\n"
    )
    assert [folder.style for folder in load_config(tmp_path / "config.yaml", {}).site.music.folders] == ["calm", "deep", "bright"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = command("tones", str(tmp_path / "file" / "music"))
    assert refused.returncode == 2
    assert "a folder that can be written" in refused.stderr
