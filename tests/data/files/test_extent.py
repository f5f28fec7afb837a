"""Lines above and below a table, rows of a header, and separators beside blanks: found, said, and overridden."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from recurra.data.files import read_table as reading
from recurra.data.files.header import merge_header
from recurra.data.files.read_table import Table, read_table
from recurra.errors import InputError

DAYS = "".join(f"2024-01-0{i},{i}.5\n" for i in range(1, 6))


def read(folder: Path, text: str, **given: Any) -> Table:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return read_table(path, **given)


@pytest.mark.parametrize(
    "above", ["A report", "Topic: all\n", "Made on 2024-02-01\nby hand", "# one, two, three\n# four"]
)
def test_lines_above(tmp_path: Path, above: str) -> None:
    table = read(tmp_path, f"{above}\nday,y\n{DAYS}")
    assert table.frame.columns.tolist() == ["day", "y"]
    assert table.frame["y"].tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]
    assert table.notes[0].startswith("skipped above the header: line")
    assert "skip_rows=" in table.notes[0]
    lines = above.count("\n") + 1
    assert read(tmp_path, f"{above}\nday,y\n{DAYS}", skip_rows=lines).notes == ()


@pytest.mark.parametrize(
    "below", ["Source: a survey", "\n* provisional", "Total,17.5", "Total,17.5\n\nNote: own, in thousands"]
)
def test_lines_below(tmp_path: Path, below: str) -> None:
    table = read(tmp_path, f"day,y\n{DAYS}{below}\n")
    assert table.frame["y"].tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]
    assert table.notes[0].startswith("skipped below the data: line")
    assert "footer=0" in table.notes[0]
    given = read(tmp_path, f"day,y\n{DAYS}{below}\n", footer=below.count("\n") + 1)
    assert given.notes == ()
    assert given.frame.equals(table.frame)


@pytest.mark.parametrize("last", ["2024-01-0", "2024-01-06", "2024-01-06;7.5"])
def test_a_cut_last_line_is_no_note(tmp_path: Path, last: str) -> None:
    with pytest.raises(InputError, match=r"t\.csv, line 7: 1 field where 2 were expected.*footer= N"):
        read(tmp_path, f"day,y\n{DAYS}{last}")


def test_a_damaged_first_line_is_no_title(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line \d: \d field"):
        read(tmp_path, "2024-01-01;1.5\n" + "".join(f"2024-01-0{i},{i}.5,x\n" for i in range(2, 7)))


@pytest.mark.parametrize("large", [False, True])
def test_rows_of_units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    monkeypatch.setattr(reading, "_LARGE", 1 if large else 1 << 25)
    text = "time;wind;place\n[UTC];[m/s];\n" + "".join(f"2024-01-0{i};{i},5;Oslo\n" for i in range(1, 6))
    table = read(tmp_path, text)
    assert table.frame.columns.tolist() == ["time", "wind", "place"]
    assert table.frame["wind"].tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]
    assert any("line 2 ('[UTC], [m/s]'); pass header_rows=1" in note for note in table.notes)


def test_a_logger_with_four_rows_of_header(tmp_path: Path) -> None:
    text = '"TOA5","Hill","CR6"\n"TS","T","RH"\n"","degC","%"\n"","Avg","Smp"\n'
    table = read(tmp_path, text + "".join(f'"2024-01-0{i} 00:00:00",{i}.5,6{i}\n' for i in range(1, 6)))
    assert table.frame.columns.tolist() == ["TS", "T", "RH"]
    assert table.frame["T"].tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]


@pytest.mark.parametrize(
    ("rows", "names", "unused"),
    [
        ([("Price", "Close", "Low"), ("Ticker", "ZZ", "ZZ"), ("Date", "", "")], ("Date", "Close", "Low"), (1,)),
        ([("Firm", "A", "A", "B"), ("Price", "x", "y", "x"), ("Date", "", "", "")], ("Date", "A x", "A y", "B x"), ()),
        ([("", "2020", "", "2021", ""), ("city", "in", "out", "in", "out")],
         ("city", "2020 in", "2020 out", "2021 in", "2021 out"), ()),
        ([("day", "wind"), ("", "m/s")], ("day", "wind"), (1,)),
    ],
)  # fmt: skip
def test_several_rows_of_names(rows: list[tuple[str, ...]], names: tuple[str, ...], unused: tuple[int, ...]) -> None:
    assert merge_header(rows) == (names, unused)


def test_a_word_in_the_first_row_of_data_is_no_unit(tmp_path: Path) -> None:
    table = read(tmp_path, "day,y\n2024-01-01,closed\n2024-01-02,2.5\n2024-01-03,3.5\n")
    assert len(table.frame) == 3
    assert "'closed' (line 2)" in table.notes[0]
    table = read(tmp_path, "city,y\nRome,closed\nOslo,2.5\nBonn,3.5\n")
    assert len(table.frame) == 3


def test_the_line_of_a_guilty_cell_counts_everything_above(tmp_path: Path) -> None:
    table = read(tmp_path, 'Title\n\nday,"y\nin t"\n2024-01-01,1.5\n\n2024-01-02,oops\n2024-01-03,3.5\n')
    assert "1 of 3 cells is not a number, 'oops' (line 7)" in table.notes[-1]


def test_repeated_headers_are_skipped_and_said(tmp_path: Path) -> None:
    table = read(tmp_path, f"day,y\n{DAYS}day,y\n{DAYS}")
    assert table.frame["y"].tolist() == 2 * [1.5, 2.5, 3.5, 4.5, 5.5]
    assert table.notes == ("skipped: a row that repeats the header, as files that were put one behind the other have",)


def test_the_header_decides_beside_blanks_in_fields(tmp_path: Path) -> None:
    text = "date,visits\n" + "".join(f"0{i} March 2022,{500 + i}\n" for i in range(1, 8))
    table = read(tmp_path, text)
    assert table.dialect.separator == ","
    assert table.frame["visits"].tolist() == [500 + i for i in range(1, 8)]
    table = read(tmp_path, text.replace("March", "marzo").replace(",", ", "))
    assert table.frame.columns.tolist() == ["date", "visits"]


def test_text_behind_a_closing_quote_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 4: text follows a closing quote"):
        read(tmp_path, 'Title\nname,y\n"a",1\n"b,"c",2\n')


def test_backslashes_and_blanks_before_quotes(tmp_path: Path) -> None:
    table = read(tmp_path, 'n,s\n1,"a \\"b\\", c"\n2,"d"\n')
    assert table.frame["s"].tolist() == ['a "b", c', "d"]
    table = read(tmp_path, 'n, s\n1, "a, b"\n2, "c"\n')
    assert table.frame["s"].tolist() == ["a, b", "c"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"skip_rows": 40}, "skip_rows= 40 leaves nothing of t.csv"),
        ({"footer": 40}, "footer= 40 leaves nothing of t.csv"),
        ({"footer": -1}, "footer= -1 cannot be used"),
        ({"header_rows": 0, "header": True}, "header_rows=0 and header=True contradict each other"),
        ({"thousands": "::"}, "thousands '::' cannot be used"),
        ({"thousands": ".", "decimal": "."}, "thousands and decimal are both '.'"),
    ],
)
def test_wrong_arguments(tmp_path: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, f"day,y\n{DAYS}", **given)


def test_the_footer_of_a_large_file_can_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_LARGE", 1)
    for end in ("", "\n", "\r\n"):
        table = read(tmp_path, f"day,y\n{DAYS}\n* own figures{end}", footer=2)
        assert table.frame["y"].tolist() == [1.5, 2.5, 3.5, 4.5, 5.5]


NOTES = ["Source: the weather service", "Source: the weather service\n\n* provisional\n", "Total;1274;9\n\n\n"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
@pytest.mark.parametrize("notes", NOTES)
def test_notes_below_the_data_of_a_large_file(
    notes: str, encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are skipped and told as in a small one, and declared or data where the user says so."""
    days = pd.date_range("2024-01-01", periods=49).astype(str)
    rows = "day;mm;wind\n" + "".join(f"{day};{k + 1};3\n" for k, day in enumerate(days))
    path = tmp_path / "rain.csv"
    path.write_text(rows + notes, encoding=encoding)
    small = read_table(path)
    monkeypatch.setattr(reading, "_LARGE", 1)
    large = read_table(path)
    assert large.frame["mm"].tolist() == small.frame["mm"].tolist() == list(range(1, 50))
    told = [note for note in large.notes if note.startswith("skipped below the data")]
    assert len(told) == 1
    assert told[0].endswith("pass footer=0 if they are data")
    if notes.startswith("Total"):
        assert read_table(path, footer=0).frame["day"].iloc[-1] == "Total"
        return
    with pytest.raises(InputError, match=r"rain\.csv, line 51"):
        read_table(path, footer=0)


def test_notes_below_a_large_compressed_file_are_refused_with_the_flag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rain.csv.gz"
    rows = "day,mm,wind\n" + "".join(f"2024-01-{k:02d},{k},3\n" for k in range(1, 29))
    path.write_bytes(gzip.compress(f"{rows}Total,406,84\n".encode()))
    monkeypatch.setattr(reading, "_LARGE", 1)
    with pytest.raises(InputError, match=r"line 30: .*'Total'.*footer= N"):
        read_table(path)
    assert len(read_table(path, footer=1).frame) == 28
