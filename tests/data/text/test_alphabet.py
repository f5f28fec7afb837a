"""Alphabets give a text back as it was; files of text are read as they stand."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.text.alphabet import Alphabet, refuse_poor
from recurra.data.text.reading import read_text_file
from recurra.errors import InputError


@given(st.text(alphabet="ab \n\t.中文é1", min_size=1, max_size=200))
def test_a_text_comes_back_from_its_symbols(text: str) -> None:
    for level in ("characters", "subwords"):
        alphabet = Alphabet.learn(text * 2, level)
        alphabet.check()
        symbols = alphabet.encode(text)
        assert alphabet.text(symbols) == text
        assert alphabet.lengths(symbols).sum() == len(text)


def test_unknown_characters_are_number_0_and_named_in_a_refusal() -> None:
    alphabet = Alphabet.learn("abc", "characters")
    assert alphabet.encode("aλb").tolist()[1] == 0
    with pytest.raises(InputError, match=r"'λ' \(U\+03BB\)"):
        alphabet.refuse_unknown("aλb")


def test_subwords_are_fewer_than_characters() -> None:
    text = "the cat sat on the mat and the dog sat on the log\n" * 50
    alphabet = Alphabet.learn(text, "subwords", most=60)
    assert len(alphabet.encode(text)) < len(text) / 2


def test_poor_texts_are_refused() -> None:
    with pytest.raises(InputError, match="expected at least 1,000"):
        refuse_poor("abc", 1000)
    with pytest.raises(InputError, match="single symbol"):
        refuse_poor("a" * 2000, 1000)


def test_files_are_read_in_their_encoding_packed_or_not(tmp_path: Path) -> None:
    text = "来到这里\n看见山水\n" * 20
    (tmp_path / "a.txt").write_bytes(text.replace("\n", "\r\n").encode("gb18030"))
    assert read_text_file(tmp_path / "a.txt").text == text
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(text.encode()))
    found = read_text_file(tmp_path / "b.txt.gz")
    assert (found.text, found.name) == (text, "b")
    (tmp_path / "c.bin").write_bytes(bytes(range(1, 32)) * 30)
    with pytest.raises(InputError):
        read_text_file(tmp_path / "c.bin")
    with pytest.raises(InputError, match="did you mean demo:letters"):
        read_text_file("demo:leters")


def test_numbers_stay_those_of_the_alphabet() -> None:
    alphabet = Alphabet.learn("aab", "characters")
    assert alphabet.symbols == ("a", "b")
    np.testing.assert_array_equal(alphabet.encode("ba"), [2, 1])
