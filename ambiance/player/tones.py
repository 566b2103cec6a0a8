"""Synthesised tones: the only music that comes with Ambiance, to hear a room fade and cross before any recording is licensed."""

import wave
from array import array
from math import pi, sin
from pathlib import Path

RATE = 22_050
BLOCK = 4
"""Seconds after which a piece repeats: each frequency goes up in it a whole number of times, so that no seam is heard."""
SWELL = 1
"""Seconds in which a piece comes and goes."""
LOUD = 0.25
"""Of full scale, the most a piece can reach: quiet music, so that it may be tried without a calibrated room."""
CHORDS = {
    "calm": ((110.0, 165.0, 220.25, 277.0), (98.0, 147.0, 196.25, 246.75), (130.5, 196.0, 261.75, 329.75)),
    "deep": ((55.0, 82.5, 110.25), (49.0, 73.5, 98.25), (65.25, 98.0, 130.75)),
    "bright": ((220.0, 277.0, 330.25, 440.0), (246.75, 311.0, 370.25, 493.75), (261.5, 329.5, 392.25, 523.25)),
}
"""Hertz, each a multiple of a quarter; the odd quarter makes a slow beat."""


def synthesise(folder: Path, seconds: int = 120) -> list[Path]:
    """Write three pieces of each style into `folder`, of `seconds` (8 at least) each. Raises OSError where it cannot be written."""
    made = []
    for style, chords in CHORDS.items():
        (folder / style).mkdir(parents=True, exist_ok=True)
        for number, chord in enumerate(chords, 1):
            path = folder / style / f"tone-{number}.wav"
            _write(path, chord, max(2 * BLOCK, seconds))
            made.append(path)
    return made


def _write(path: Path, chord: tuple[float, ...], seconds: int) -> None:
    step, scale = 2 * pi / RATE, 32_767 * LOUD / sum(1 / n for n in range(1, len(chord) + 1))
    block = [scale * sum(sin(step * hertz * at) / n for n, hertz in enumerate(chord, 1)) for at in range(RATE * BLOCK)]
    steady = array("h", map(round, block)).tobytes()
    rise = array("h", (round(value * min(1.0, at / (RATE * SWELL))) for at, value in enumerate(block))).tobytes()
    fall = array("h", (round(value * min(1.0, (len(block) - at) / (RATE * SWELL))) for at, value in enumerate(block))).tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(rise + steady * (seconds // BLOCK - 2) + fall)
