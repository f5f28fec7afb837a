from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from recurra.data.examples.files import read_examples_file
from recurra.data.files.read_table import read_table
from recurra.errors import InputError

LINES = '{"text": "hi, you", "label": 1, "x": [1, 2]}\n\n{"text": null, "x": [0.5], "more": true}\n'


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "array", "bom"])
def test_json(tmp_path: Path, form: str) -> None:
    text = "[" + LINES.strip().replace("\n\n", ",\n") + "]" if form == "array" else LINES
    path = tmp_path / "films.jsonl"
    if form == "jsonl.gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8-sig" if form == "bom" else "utf-8")
    frame, facts = read_examples_file(path)
    assert list(frame.columns) == ["text", "label", "x", "more"]
    assert frame["x"].tolist() == [[1, 2], [0.5]]
    assert frame["text"].isna().tolist() == [False, True]
    assert frame["label"].tolist()[0] == 1.0
    assert "2 rows, 4 columns" in facts[0].value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"x": 1}\n\n{"x":\n', r'line 3 of a.jsonl is no JSON \(Expecting value at character 6\)'),
        ('{"x": 1} {"x": 2}\n{"x": 3}', "line 1 of a.jsonl is no JSON"),
        ('[{"x": 1},\n{"x": }]', "in line 2, character 7"),
        ('{"x": 1}\n[2]\n', "line 2 of a.jsonl holds"), ('[{"x": 1}, [2]]', "element 2 of a.jsonl"),
        ('{"x": {"y": 1}}\n', r"key 'x' of a.jsonl holds \{'y': 1\} in row 1"),
    ],
)  # fmt: skip
def test_broken_json_is_named_by_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_examples_file(written(tmp_path / "a.jsonl", text))


def test_json_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"x": 1}\n{"x": "\xff"}')
    with pytest.raises(InputError, match="not UTF-8 in line 2"):
        read_examples_file(tmp_path / "a.jsonl")


def test_a_table_of_a_forecast_refuses_json_of_lists(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is JSON"):
        read_table(written(tmp_path / "a.jsonl", LINES))


def test_csv_is_read_as_every_table(tmp_path: Path) -> None:
    frame, facts = read_examples_file(written(tmp_path / "a.csv", "text;label\nhello, you;1\nbye;0\n"))
    assert frame["label"].tolist() == [1, 0]
    assert frame["text"].tolist() == ["hello, you", "bye"]
    assert facts[0].value == "a.csv (CSV): 2 rows, 2 columns"


def test_parquet_keeps_lists(tmp_path: Path) -> None:
    pd.DataFrame({"x": [[1.0, 2.0], [3.0]], "words": [["a"], ["b", "c"]], "n": [1, 2]}).to_parquet(
        tmp_path / "a.parquet"
    )
    frame, _ = read_examples_file(tmp_path / "a.parquet")
    assert frame["x"][0].tolist() == [1.0, 2.0]
    assert frame["words"][1].tolist() == ["b", "c"]
    assert list(read_table(tmp_path / "a.parquet").frame.columns) == ["n"]


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_examples_file(tmp_path / "a.jsonl")


def test_a_workbook_is_read_as_every_table(tmp_path: Path) -> None:
    pd.DataFrame({"text": ["hello, you", "bye"], "label": [1, 0]}).to_excel(tmp_path / "a.xlsx", index=False)
    frame, facts = read_examples_file(tmp_path / "a.xlsx")
    assert frame["text"].tolist() == ["hello, you", "bye"]
    assert facts[0].value == "a.xlsx (WORKBOOK): 2 rows, 2 columns"
