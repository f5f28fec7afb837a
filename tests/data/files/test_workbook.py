"""Sheets of workbooks: which one, where its table is, and what its typed cells become."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from recurra.data import understand
from recurra.data.files.read_table import read_table
from recurra.data.files.table_facts import table_facts
from recurra.errors import InputError

TEXT = str(pd.Series(["a"]).dtype)  # "str", and "object" before pandas 3
DAYS = [datetime.date(2024, 5, day) for day in range(1, 5)]


def book(
    folder: Path, sheets: dict[str, list[list[Any]]], *, hidden: tuple[str, ...] = (), name: str = "t.xlsx"
) -> Path:
    workbook = openpyxl.Workbook()
    first = workbook.active
    assert first is not None
    workbook.remove(first)
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
        if title in hidden:
            sheet.sheet_state = "hidden"
    workbook.save(folder / name)
    return folder / name


def test_cells_keep_their_types(tmp_path: Path) -> None:
    rows = [["day", "units", "price", "open", "code", "place"]]
    rows += [[day, k + 3, k + 0.5 if k else None, k > 1, f"00{k}", "Rome"] for k, day in enumerate(DAYS)]
    table = read_table(book(tmp_path, {"Data": rows}))
    assert table.frame.dtypes.astype(str).to_dict() == {
        "day": "datetime64[us]",
        "units": "int64",
        "price": "float64",
        "open": "int64",
        "code": TEXT,
        "place": TEXT,
    }
    assert table.frame["day"].dt.date.tolist() == DAYS
    assert table.frame["units"].tolist() == [3, 4, 5, 6]
    np.testing.assert_array_equal(table.frame["price"], [np.nan, 1.5, 2.5, 3.5])
    assert table.frame["open"].tolist() == [0, 0, 1, 1]
    assert table.dialect.sheet == "Data"
    assert table.dialect.missing == ("",)
    assert ("sheet", "Data") in [(fact.label, fact.value) for fact in table_facts(table)]


def test_titles_units_and_notes_are_skipped_and_said(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Weather of May"], [], ["day", "wind"], ["[UTC]", "[m/s]"]]
    rows += [[day, k + 0.5] for k, day in enumerate(DAYS)]
    rows += [["Total", 8.0], [], ["Source: own measurements"]]
    table = read_table(book(tmp_path, {"Data": rows}))
    assert table.frame["wind"].tolist() == [0.5, 1.5, 2.5, 3.5]
    above, under, below = table.notes
    assert "line 1 to 2" in above.replace("lines", "line")
    assert "line 4 ('[UTC], [m/s]')" in under
    assert "rows 9 to 11" in below
    assert read_table(book(tmp_path, {"D": rows}), footer=3, skip_rows=2).frame.equals(table.frame)


def test_several_sheets_are_said_and_hidden_ones_asked_for(tmp_path: Path) -> None:
    def one(value: float) -> list[list[Any]]:
        return [["day", "y"], [DAYS[0], value], [DAYS[1], value]]

    path = book(tmp_path, {"About": [["A note"]], "North": one(1), "Old": one(3), "South": one(2)}, hidden=("Old",))
    table = read_table(path)
    assert table.frame["y"].tolist() == [1, 1]
    assert table.notes == (
        "sheet 'North' was read, the first of 2 ('North', 'South'); 2 have the same columns; pass sheet='*' to read "
        "them one below the other, or sheet= for another",
    )
    assert read_table(path, sheet="South").frame["y"].tolist() == [2, 2]
    assert read_table(path, sheet="Old").frame["y"].tolist() == [3, 3]
    with pytest.raises(
        InputError, match=r"sheet 'Sud' is not in t.xlsx: its sheets are 'About', 'North', 'Old', 'South'"
    ):
        read_table(path, sheet="Sud")


def test_numbers_as_text_among_numbers(tmp_path: Path) -> None:
    rows = [["day", "y", "z"], [DAYS[0], 5, 1], [DAYS[1], "(1,200)", 2], [DAYS[2], "n/a", "closed"], [DAYS[3], 7.5, 4]]
    table = read_table(book(tmp_path, {"Data": rows}))
    np.testing.assert_array_equal(table.frame["y"], [5, -1200, np.nan, 7.5])
    assert any("'closed' (line 4)" in note for note in table.notes)
    assert table.frame["z"].tolist() == ["1", "2", "closed", "4"]


@pytest.mark.parametrize(
    ("sheets", "message"),
    [
        ({"A": []}, "without a table in a visible sheet"),
        ({"A": [["day", "y"]]}, "has only a header"),
    ],
)
def test_refusals(tmp_path: Path, sheets: dict[str, list[list[Any]]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_table(book(tmp_path, sheets))


def test_damaged_and_locked_workbooks_are_refused(tmp_path: Path) -> None:
    path = book(tmp_path, {"A": [["day", "y"], [DAYS[0], 1]]})
    (tmp_path / "cut.xlsx").write_bytes(path.read_bytes()[:1500])
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    for name in ("cut.xlsx", "old.xls"):
        with pytest.raises(InputError, match=r"damaged|cannot be read"):
            read_table(tmp_path / name)
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="sheet= 'A' is for workbooks"):
        read_table(tmp_path / "t.csv", sheet="A")


YEARS = {
    str(year): [["Sales of the year"], ["day", "y"], *([f"{year}-01-{day:02d}", 10.0 * day] for day in range(1, 29))]
    for year in (2022, 2023, 2024)
}


def test_a_sheet_for_each_year_is_read_as_one_table(tmp_path: Path) -> None:
    path = book(tmp_path, {**YEARS, "Notes": [["what", "why", "who"], ["a", "b", "c"]]})
    table = read_table(path)
    assert table.notes[0] == (
        "sheet '2022' was read, the first of 4 ('2022', '2023', '2024', 'Notes'); 3 have the same columns; pass "
        "sheet='2022,2023,2024' to read them one below the other, or sheet= for another"
    )
    table = read_table(path, sheet="2022,2023,2024")
    assert table.frame["day"].str[:4].value_counts().to_dict() == {"2022": 28, "2023": 28, "2024": 28}
    assert list(table.frame) == ["day", "y"]  # the days tell the rows apart
    assert table.frame["y"].sum() == 3 * 10.0 * sum(range(1, 29))
    assert table.notes[0] == "sheets read one below the other: '2022', '2023', '2024'"
    assert table.dialect.sheet == "2022, 2023, 2024"
    with pytest.raises(InputError, match=r"sheet 'Notes' lacks the column 'day' .* sheet '2022'.*sheet='A,B'"):
        read_table(path, sheet="*")
    assert len(read_table(book(tmp_path, YEARS), sheet="*").frame) == 84


def test_sheets_with_the_same_rows_keep_their_names(tmp_path: Path) -> None:
    shops = {
        name: [["day", "y"], *([f"2024-01-{d:02d}", d * (1 + k)] for d in range(1, 29))] for k, name in enumerate("AB")
    }
    table = read_table(book(tmp_path, shops), sheet="*")
    assert table.notes[0].endswith("'A', 'B'; the column 'sheet' tells from which a row comes")
    assert table.frame.groupby("sheet")["y"].sum().to_dict() == {"A": 406, "B": 812}
    assert understand(table)[0].series == ("A", "B")
    months = {str(year): [["month", "y"], *([m, float(year)] for m in ("Jan", "Feb", "Mar"))] for year in (2022, 2023)}
    assert read_table(book(tmp_path, months), sheet="*").frame["sheet"].tolist() == [2022] * 3 + [2023] * 3


def test_a_name_with_a_comma_is_one_sheet(tmp_path: Path) -> None:
    path = book(tmp_path, {"North, West": [["day", "y"], ["2024-01-01", 1], ["2024-01-02", 2]], "North": [["a"], [1]]})
    assert read_table(path, sheet="North, West").frame["y"].tolist() == [1, 2]
    with pytest.raises(InputError, match=r"sheet 'East' is not in"):
        read_table(path, sheet="North,East")


def test_an_empty_sheet_that_was_asked_for(tmp_path: Path) -> None:
    path = book(tmp_path, {"A": [["day", "y"], ["2024-01-01", 1]], "B": []})
    with pytest.raises(InputError, match=r"sheet 'B' holds no values"):
        read_table(path, sheet="B")
