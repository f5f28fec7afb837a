"""How the text of a flag becomes values."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.cli.flags.spelling import as_flag
from recurra.cli.flags.values import parse_levels, parse_seasons, parse_separator, split_names, split_words
from recurra.errors import InputError

NAMES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters=","), min_size=1).map(str.strip), max_size=4)


@given(st.sets(st.integers(2, 99), min_size=1))
def test_levels_come_back_sorted(levels: set[int]) -> None:
    assert parse_levels(" , ".join(f"{level}%" for level in levels)) == tuple(sorted(levels))


@pytest.mark.parametrize("text", ["", "80,", "0", "1", "100", "80.5", "-80", "８０", "high", "80;95"])
def test_a_wrong_level_is_named(text: str) -> None:
    with pytest.raises(InputError, match="is not a whole per cent from 2 to 99"):
        parse_levels(text)


@pytest.mark.parametrize(("text", "meant"), [("0.8", "80"), ("50,.95", "95"), ("0.975", "97.5")])
def test_a_share_is_no_level(text: str, meant: str) -> None:
    with pytest.raises(InputError, match=f"did you mean {meant}"):
        parse_levels(text)


def test_a_level_twice_is_refused() -> None:
    with pytest.raises(InputError, match="twice"):
        parse_levels("80,95,80")


@given(NAMES.map(lambda names: [name for name in names if name]))
def test_one_flag_with_commas_equals_many_flags(names: list[str]) -> None:
    assert split_names([",".join(names)], ["y"]) == split_names(names, ["y"]) == tuple(names)


def test_a_name_with_a_comma_is_one_column() -> None:
    assert split_names(["sales, net", "a,b"], ["sales, net", "a", "b"]) == ("sales, net", "a", "b")


def test_no_flag_is_no_name() -> None:
    assert split_names(None, ["a"]) == split_names([""], ["a"]) == ()


def test_seasons() -> None:
    assert parse_seasons("24, 168") == (24, 168)
    assert parse_seasons(None) is None
    for text in ("", "0", "24,", "1.5", "day"):
        with pytest.raises(InputError, match="is not a whole number of steps"):
            parse_seasons(text)


def test_words_of_several_flags() -> None:
    assert split_words(["?, void", "-"]) == ("?", "void", "-")
    assert split_words(None) == ()
    assert split_words(['"1,9", x', '" ,"', '"', '5" nail']) == ("1,9", "x", " ,", '"', '5" nail')


def test_a_missing_word_with_a_comma_comes_back_as_it_was_written() -> None:
    for word in ("7,25", "to come, see note", "n. k."):
        flag, given = shlex.split(as_flag("missing", (word,)))
        assert (flag, split_words([given])) == ("--missing", (word,))


@pytest.mark.parametrize(("word", "sign"), [("tab", "\t"), ("\\t", "\t"), ("space", " "), (";", ";"), ("|", "|")])
def test_separators(word: str, sign: str) -> None:
    assert parse_separator(word) == sign
