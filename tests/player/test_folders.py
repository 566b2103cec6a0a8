"""What plays next: licensed, allowed, not heard in this shift, near in style and tempo."""

from hypothesis import given
from hypothesis import strategies as st

from ambiance.player import Folder, Piece, Selection, Shelf
from ambiance.player.folders import SHIFT, felt, shelved

PIANO = Folder("calm/piano", "calm", "own", "own-1", frozenset({"piano"}), (50, 60))
SEA = Folder("calm/sea", "calm", "royalty_free", "invoice-7", frozenset({"nature", "water"}))
DRONE = Folder("deep", "deep", "public_domain", "list-3", frozenset({"drone"}))
FOLDERS = (PIANO, SEA, DRONE)
LISTING = {"calm/piano/a.ogg": 56, "calm/piano/b.ogg": 118, "calm/sea/c.ogg": None, "deep/d.ogg": None, "private/e.ogg": 60}


def first(pieces: object) -> Piece:
    assert isinstance(pieces, list)
    return pieces[0]  # type: ignore[no-any-return]


def shelf() -> Shelf:
    return Shelf(shelved(LISTING, FOLDERS))


def test_a_recording_outside_the_licensed_folders_is_not_on_the_shelf() -> None:
    assert [piece.uri for piece in shelf().pieces] == ["calm/piano/a.ogg", "calm/piano/b.ogg", "calm/sea/c.ogg", "deep/d.ogg"]


def test_half_and_double_time_count_as_equal() -> None:
    assert [felt(bpm) for bpm in (118, 130, 35, 60)] == [59, 65, 70, 60]


def test_what_the_guest_excluded_never_plays_even_if_nothing_else_is_left() -> None:
    only_sea = Shelf(shelved({"calm/sea/c.ogg": None}, FOLDERS))
    assert only_sea.next(Selection("calm", exclude=frozenset({"water"})), 0.0, None, first) is None


def test_the_tempo_is_refined_where_pieces_say_theirs() -> None:
    chosen = shelf().next(Selection("calm", frozenset({"piano"}), (58, 62)), 0.0, None, first)
    assert chosen is not None
    assert chosen.uri == "calm/piano/b.ogg"


def test_no_style_but_calm_is_put_in_anothers_place() -> None:
    calm = Shelf(shelved({"calm/piano/a.ogg": None, "deep/d.ogg": None}, FOLDERS))
    assert str(getattr(calm.next(Selection("bright"), 0.0, None, first), "uri", None)).startswith("calm/")
    assert str(getattr(calm.next(Selection("deep"), 0.0, None, first), "uri", None)).startswith("deep/")
    assert calm.next(Selection("bright", exclude=frozenset({"calm"})), 0.0, None, first) is None
    assert Shelf(shelved({"deep/d.ogg": None}, FOLDERS)).next(Selection("calm"), 0.0, None, first) is None


@given(st.lists(st.floats(1, 900), min_size=1, max_size=60), st.randoms())
def test_nothing_is_heard_twice_in_a_shift_while_something_else_is_left(gaps: list[float], random: object) -> None:
    here, now, before = shelf(), 0.0, None
    heard: dict[str, float] = {}
    able = 3
    for gap in gaps:
        piece = here.next(Selection("calm"), now, before, random.choice)  # type: ignore[attr-defined]
        assert piece is not None
        recent = {uri for uri, at in heard.items() if now - at < SHIFT}
        if len(recent) < able:
            assert piece.uri not in recent
        elif able > 1:
            assert before is None or piece.uri != before.uri
        here.note(piece, now)
        heard[piece.uri] = now
        before, now = piece, now + gap
