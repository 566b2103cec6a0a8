"""The play log for the licensing societies: which recording was heard where and when, and by what right. Nothing of a guest."""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from ambiance.player.folders import Piece

_FORMULA = ("=", "+", "-", "@")
COLUMNS = ("at", "room", "piece", "licence", "proof")


class PlayLog:
    """A CSV file that only grows. Written line by line, so that a crash costs at most one."""

    def __init__(self, path: Path, room: str) -> None:
        self.path, self.room = path, room

    def heard(self, since: datetime) -> Iterator[tuple[str, datetime]]:
        """The pieces played since then, oldest first; a line that makes no sense is passed over."""
        if not self.path.exists():
            return
        with self.path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                try:
                    at = datetime.fromisoformat(row["at"])
                    if at >= since and row["room"] == self.room:
                        yield _as_written(row["piece"]), at
                except (KeyError, TypeError, ValueError):
                    continue

    def note(self, piece: Piece, at: datetime) -> None:
        """One recording began. Raises OSError where the file cannot be written."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = not self.path.exists()
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(COLUMNS)
            row = (at.isoformat(timespec="seconds"), self.room, piece.uri, piece.folder.licence, piece.folder.proof)
            writer.writerow([_guarded(cell) for cell in row])


def _guarded(cell: str) -> str:
    """No spreadsheet takes it for a formula."""
    return f"'{cell}" if cell[:1] in _FORMULA else cell


def _as_written(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell
