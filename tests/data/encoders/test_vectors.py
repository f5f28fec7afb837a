"""Word vectors from a text file: those of known tokens, at their numbers; a wrong line is named."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from recurra.data.encoders.vectors import read_vectors
from recurra.errors import InputError


@pytest.fixture
def written(tmp_path):
    def write(text: str | bytes, name: str = "v.txt"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_vectors_stand_at_the_numbers_of_their_tokens(written):
    found = read_vectors(written("film 1 2\nfine 3 4\nzzz 5 6\nfine 7 8\n"), ("fine", "dull", "film"))
    np.testing.assert_array_equal(found, np.array([[np.nan] * 2, [3, 4], [np.nan] * 2, [1, 2]], np.float32))


def test_a_first_line_of_counts_is_skipped(written):
    assert read_vectors(written("2 3\na 1 2 3\nb 4 5 6\n"), ("b",))[1].tolist() == [4, 5, 6]


def test_a_word_may_hold_blanks(written):
    path = written("film 1 2\nat name@domain.com 3 4\n. . . 5 6\nfine 7 8\n")
    assert read_vectors(path, ("fine", "film")).tolist()[1:] == [[7, 8], [1, 2]]


def test_compressed(written):
    path = written(gzip.compress("电影 1 2\n".encode()), "v.txt.gz")
    assert read_vectors(path, ("电影",))[1].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 1 2\nb 3\n", r"line 2 of v.txt holds 1 numbers: expected 2 finite ones"),
        ("a 1 x\n", r"line 1 of v.txt is no word vector .*x"),
        ("a 1 nan\n", r"line 1 of v.txt holds 2 numbers: expected 2 finite ones"),
        (b"\xff\xfe 1 2\n", r"line 1 of v.txt is no word vector"),
        ("zzz 1 2\n", r"v.txt holds none of the 2 tokens of the training part"),
        ("", r"v.txt holds none of the 2 tokens|v.txt is empty"),
    ],
)
def test_wrong_files_are_refused(written, text, message):
    with pytest.raises(InputError, match=message):
        read_vectors(written(text), ("a", "b"))


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="absent"):
        read_vectors(tmp_path / "absent.txt", ("a",))
