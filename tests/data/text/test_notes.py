"""Notes as a text of symbols and back; tables of notes in every layout; what is none is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.text.notes import frames_of, from_text, note_of, read_notes_file, to_text, transposed, written
from recurra.errors import InputError

PIECES = st.lists(st.lists(st.frozensets(st.integers(0, 127), max_size=5), min_size=1, max_size=6), max_size=4)


@given(PIECES)
def test_pieces_come_back_from_their_text(pieces: list) -> None:
    expected = [tuple(tuple(sorted(frame)) for frame in piece) for piece in pieces]
    assert from_text(to_text(pieces)) == expected


def test_a_piece_is_the_same_in_another_key() -> None:
    text = to_text([[(60, 64), (62,)]])
    assert from_text(transposed(text, 3) or "") == [((63, 67), (65,))]
    assert transposed(text, 70) is None


def test_names_and_numbers_of_notes() -> None:
    assert [note_of(word) for word in ("60", "C4", "F#3", "Bb4", "a4")] == [60, 60, 54, 70, 69]
    assert frames_of("60 64, C4; E4") == [(60, 64), (60,), (64,)]
    assert written(((60, 64), ())) == "60 64\n-"
    with pytest.raises(InputError, match="'H4' is no note"):
        note_of("H4")


def test_the_layouts_of_a_table_agree(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("piece,notes\nx,60 64 67\nx,-\ny,C4\n")
    (tmp_path / "b.csv").write_text("piece,60,64,67\nx,1,1,1\nx,0,0,0\ny,1,0,0\n")
    expected = [((60, 64, 67), ()), ((60,),)]
    assert read_notes_file(str(tmp_path / "a.csv")) == expected
    assert read_notes_file(str(tmp_path / "b.csv")) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("piece,notes\nx,60\nx,foo\n", "row 3: 'foo' is no note"),
        ("price,volume\n1,2\n3,4\n", "column 'price', which is neither notes nor a note"),
        ("60,64\n1,0\n2,0\n", "columns of 0 and 1"),
    ],
)
def test_what_holds_no_notes_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_notes_file(str(tmp_path / "a.csv"))
