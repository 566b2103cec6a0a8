"""The play log: what the licensing societies ask for, and nothing of a guest."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from ambiance.player import Folder, Piece, PlayLog

AT = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def test_each_piece_is_logged_with_its_licence_and_found_again(tmp_path: Path) -> None:
    log = PlayLog(tmp_path / "new" / "playlog.csv", "lavender")
    log.note(Piece("calm/=a.ogg", Folder("calm", "calm", "royalty_free", "=HYPERLINK(1)")), AT)
    log.note(Piece("=b.ogg", Folder("calm", "calm", "own", "own-1")), AT + timedelta(minutes=4))
    assert log.path.read_text().splitlines() == [
        "at,room,piece,licence,proof",
        "2026-06-01T09:00:00+00:00,lavender,calm/=a.ogg,royalty_free,'=HYPERLINK(1)",
        "2026-06-01T09:04:00+00:00,lavender,'=b.ogg,own,own-1",
    ]
    assert [uri for uri, _ in log.heard(AT)] == ["calm/=a.ogg", "=b.ogg"]
    assert [uri for uri, _ in log.heard(AT + timedelta(minutes=1))] == ["=b.ogg"]
    assert list(PlayLog(log.path, "rose").heard(AT)) == []


def test_a_line_cut_by_a_crash_does_not_hide_the_others(tmp_path: Path) -> None:
    log = PlayLog(tmp_path / "playlog.csv", "lavender")
    log.note(Piece("a.ogg", Folder(".", "calm", "own", "own-1")), AT)
    with log.path.open("a") as file:
        file.write("2026-06-01T09:0")
    assert [uri for uri, _ in log.heard(AT)] == ["a.ogg"]
