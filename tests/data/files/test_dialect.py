"""Separators, headers and decimal signs of small texts whose reading is plain to the eye."""

from __future__ import annotations

import pytest

from recurra.data.files.dialect import check_separator, find_layout, find_separator
from recurra.data.files.quoting import BLANKS
from recurra.data.files.records import collapse_blanks
from recurra.errors import InputError


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n1,2\n3,4\n", ","),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ("1,5;2,5;3,5\n4,5;5,5;6,5\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ("year value\n1949 112\n1950 118\n", " "),
        ("  year   value\n  1949    112\n  1950     98\n", BLANKS),
        ("2014-07-01 00:00:00,5\n2014-07-01 01:00:00,6\n", ","),
        ("2014-07-01 00:00:00\n2014-07-01 01:00:00\n", ","),
        ("sales\n1\n2\n", ","),
        ('id;place\n1;"Paris, France; Europe"\n2;Rome, Italy\n', ";"),
        ('"a" "b"\n"1" 1 2\n"2" 3 4\n', " "),
        ("city name\nNew York\nLos Angeles\n", ","),
    ],
)
def test_separator(text: str, separator: str) -> None:
    assert find_separator(text, whole=True) == separator


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b\n1,2\n", ("a", "b")),
        ("2024-01-01,5\n2024-01-02,6\n", ("c1", "c2")),
        ("W1,35397.16,35808\nW2,3,4\n", ("c1", "c2", "c3")),
        ("1.5\n2.5\n", ("c1",)),
        ("0,1,2\n0.7855,1.611,0.86\n0.7818,1.61,0.86\n", ("0", "1", "2")),
        ("0,1\n0.5,0.7\n0.2,0.1\n", ("0", "1")),
        ("0,1\n5,7\n2,1\n", ("c1", "c2")),
        ("5,7,9\n6,8,10\n7,9,2\n", ("c1", "c2", "c3")),
        ("id,2019,2020,2021\na,1,2,3\nb,4,5,6\n", ("id", "2019", "2020", "2021")),
        ("id,2020-01,2020-02\na,1,2\nb,4,5\n", ("id", "2020-01", "2020-02")),
        ("id,202001,202002,202003\na,1,5,3\nb,4,5,6\n", ("id", "202001", "202002", "202003")),
        (",a,b\n0,1,2\n", ("c1", "a", "b")),
        ("a,b\nx,1,2\ny,3,4\n", ("c1", "a", "b")),
        ("a,b\n1,2,\n3,4,\n", ("a", "b", "c3")),
        (" a , b\n1,2\n", ("a", "b")),
        ("name,city\nann,rome\n", ("name", "city")),
    ],
)
def test_names(text: str, names: tuple[str, ...]) -> None:
    layout = find_layout(text, name="t.csv", whole=True)
    assert layout.names == names
    assert layout.header == (names[0] != "c1" or text[0] in ",a")


def test_repeated_names_are_told_apart_and_said() -> None:
    layout = find_layout("a,a,b,a.2\n1,2,3,4\n", name="t.csv", whole=True)
    assert layout.names == ("a", "a.3", "b", "a.2")
    assert layout.notes == ("column 2 repeats the name 'a' and is called 'a.3'",)


def test_the_layout_starts_at_the_first_row_of_data() -> None:
    text = '"a\nx";b\r\n\r\n1;2\r\n3;4\r\n'
    layout = find_layout(text, name="t.csv", whole=True)
    assert layout.names == ("a\nx", "b")
    assert text[layout.start :].strip().startswith("1;2")


def test_excel_says_its_separator_itself() -> None:
    layout = find_layout("sep=|\na|b\n1,5|2,5\n", name="t.csv", whole=True)
    assert (layout.separator, layout.names) == ("|", ("a", "b"))


def test_a_cut_last_row_is_no_part_of_the_sample() -> None:
    assert find_layout("a,b\n1,2\n3,4\n5", name="t.csv", whole=False).rows == (("1", "2"), ("3", "4"))


def test_collapse_blanks_spares_quotes() -> None:
    assert collapse_blanks('  1   "a  ""b"\t x  \n  2  3\n') == '1 "a  ""b" x\n2 3\n'


def test_spoken_separators() -> None:
    assert [check_separator(word) for word in (r"\t", "tab", "semicolon", "|")] == ["\t", "\t", ";", "|"]
    with pytest.raises(InputError, match="separator 'ab' cannot be used: give one ASCII character with separator="):
        check_separator("ab")


def test_a_separator_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match=r"separator ';' is not used in t.csv.*seem to be separated by ','"):
        find_layout("a,b\n1,2\n", name="t.csv", whole=True, separator=";")


def test_only_a_header() -> None:
    with pytest.raises(InputError, match=r"t\.csv has only a header \(a, b\) and no data"):
        find_layout("a,b\n", name="t.csv", whole=True)
