"""Numbers that stand for missing values are told and, where they are declared, missing in every kind of file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.cli.flags.spelling import as_flag
from recurra.data import build_panel, infer_schema, read_table, understand
from recurra.data.examples.files import read_examples_file
from recurra.data.files.sentinels import find_sentinels
from recurra.errors import InputError
from recurra.options import spelt

WRITTEN = [-99.0, -999.0, -9999.0, -99.9, 999.0, 9999.0, 99999.0, -8888.0, -32768.0, 1e20]


def readings(sentinel: float, *, rows: int = 60) -> pd.DataFrame:
    """Hours of a sensor in which every tenth reading is the sentinel."""
    rng = np.random.default_rng(0)
    values = np.where(np.arange(rows) % 10 == 3, sentinel, rng.normal(10, 3, rows).round(2))
    return pd.DataFrame({"at": pd.date_range("2025-03-01", periods=rows, freq="h").astype(str), "value": values})


@pytest.mark.parametrize("value", WRITTEN)
def test_they_are_found_by_their_writing_and_place(value: float) -> None:
    found = find_sentinels(readings(value)["value"].to_numpy())
    assert [(each.value, each.count) for each in found] == [(value, 6)]
    assert max(found[0].low, 0) < found[0].high < 20


def test_several_are_found() -> None:
    values = np.array([1.0, 2, 3, 4, -999, -999, -9999, -9999, 9999, 9999])
    assert [each.value for each in find_sentinels(values)] == [-9999, -999, 9999]


@pytest.mark.parametrize(
    "values",
    [
        range(100),  # 99 is the last of all
        [5, 999, 7, 8, 9],  # once
        [1, 2, 1, 2, 999, 999],  # beside two values nothing is far outside
        [900, 950, 999, 999, 870, 910],
        [9, 9, 1, 2, 3, 4, 5, 6],
        [100, 200, 300, 4000, 4000],
        [np.nan, np.nan],
        [],
    ],
)
def test_ordinary_numbers_are_not(values: list[float]) -> None:
    assert find_sentinels(np.array(list(values), dtype=float)) == []


@given(st.lists(st.floats(-1e6, 1e6), max_size=50))
def test_it_takes_any_numbers(values: list[float]) -> None:
    for found in find_sentinels(np.array(values, dtype=float)):
        assert values.count(found.value) == found.count >= 2
        assert not found.low <= found.value <= found.high


def written(frame: pd.DataFrame, path: Path) -> Path:
    writers = {
        ".csv": lambda: frame.to_csv(path, index=False),
        ".parquet": lambda: frame.to_parquet(path),
        ".jsonl": lambda: frame.to_json(path, orient="records", lines=True),
    }
    if path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        writers[path.suffix]()
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl", ".xlsx"])
@pytest.mark.parametrize("value", [-999.0, 9999.0, -99.9])
def test_every_kind_of_file_tells_and_takes_them(value: float, suffix: str, tmp_path: Path) -> None:
    if suffix == ".xlsx":
        pytest.importorskip("openpyxl", reason="writes the workbook")
    path = written(readings(value), tmp_path / f"sensor{suffix}")

    def read(**flags: Any) -> tuple[pd.DataFrame, list[str]]:
        if suffix == ".jsonl":
            frame, facts = read_examples_file(path, **flags)
            return frame, [fact.value for fact in facts]
        table = read_table(path, **flags)  # type: ignore[arg-type]
        return table.frame, list(table.notes)

    with spelt(as_flag):
        frame, notes = read()
    said = [note for note in notes if "if that means missing" in note]
    assert len(said) == 1
    assert f"column 'value' holds {value:g} in 6 of 60 rows" in said[0]
    assert said[0].endswith(f"pass --missing {value:g}")
    assert (frame["value"] == value).sum() == 6  # told, and left as it is
    frame, notes = read(missing=[f"{value:.3f}"])  # by value, however it is written
    assert frame["value"].isna().sum() == 6
    assert not [note for note in notes if "if that means missing" in note]


def test_a_large_file_takes_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recurra.data.files.read_table._LARGE", 1000)
    path = written(readings(-999.0, rows=400), tmp_path / "sensor.csv")
    assert any("holds -999 in 40 of 400 rows" in note for note in read_table(path).notes)
    assert read_table(path, missing=["-999"]).frame["value"].isna().sum() == 40


def test_a_frame_is_looked_at_when_it_is_understood(tmp_path: Path) -> None:
    frame = readings(-999.0)
    said = [fact for fact in understand(frame)[1] if fact.label == "check"]
    assert [fact.value for fact in said] == [
        f"value holds -999 in 6 rows, and otherwise {frame['value'][frame['value'] > 0].min():.6g} to "
        f"{frame['value'].max():.6g}: if that means missing, replace it by NaN"
    ]
    table = read_table(written(frame, tmp_path / "sensor.csv"))
    assert not [fact for fact in understand(table)[1] if fact.label == "check"]  # its notes tell it


@pytest.mark.slow
def test_a_table_is_understood_as_its_frame_is() -> None:
    table = read_table("demo:co2")
    assert infer_schema(table) == infer_schema(table.frame)
    panels = understand(table)[0], understand(table.frame)[0], build_panel(table, infer_schema(table))[0]
    for panel in panels:
        assert panel.schema.target == panels[0].schema.target
        assert np.array_equal(panel.target, panels[0].target, equal_nan=True)


@pytest.mark.parametrize("data", [5, "sales.csv", None, [1, 2, 3], {"y": [1.0]}])
def test_what_is_no_table_is_refused_by_its_type(data: object) -> None:
    expected = rf"the table is a {type(data).__name__}: expected a pandas DataFrame, or what recurra\.data\.read_table"
    for call in (understand, infer_schema, lambda data: build_panel(data, infer_schema(read_table("demo:co2")))):
        with pytest.raises(InputError, match=expected):
            call(data)  # type: ignore[operator]
