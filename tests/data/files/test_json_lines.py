from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.files.json_lines import read_json
from recurra.data.files.source import open_source
from recurra.errors import InputError

WHOLE = st.integers(-(10**25), 10**25)
REAL = st.floats(allow_nan=False, allow_infinity=False)
CELLS = st.one_of(
    *(st.lists(st.one_of(st.none(), value), min_size=1) for value in (WHOLE, REAL, st.text(max_size=4), st.booleans())),
    st.lists(st.lists(REAL, max_size=3), min_size=1),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json") / "a.jsonl"


def read(file: Path, text: str) -> pd.DataFrame:
    file.write_text(text, encoding="utf-8")
    return read_json(open_source(file, json=True))


@given(CELLS, st.booleans())
def test_values_come_back_and_none_is_taken_for_another(file: Path, cells: list[Any], array: bool) -> None:
    rows = [json.dumps({"x": cell}) for cell in cells]
    found = read(file, f"[{','.join(rows)}]" if array else "\n".join(rows))["x"]
    assert found.isna().tolist() == [cell is None for cell in cells]
    present = [cell for cell in cells if cell is not None]
    again = found.dropna().tolist()
    assert again == (list(map(str, present)) if again and isinstance(again[0], str) else present)


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        ([1, 2], "int64"),
        ([1, None], "float64"),
        ([1, 2.5], "float64"),
        ([True, False], "bool"),
        ([2**63, 1], "str"),
        ([2**60 + 1, None], "str"),
        ([[1], [2, 3]], "object"),
    ],
    ids=str,
)
def test_the_type_is_that_of_the_numbers(file: Path, cells: list[Any], dtype: str) -> None:
    found = read(file, "\n".join(json.dumps({"x": cell}) for cell in cells))["x"].dtype
    assert found == (pd.Series(["a"]).dtype if dtype == "str" else dtype)  # object before pandas 3


def test_a_number_beyond_float64_is_infinite(file: Path) -> None:
    assert read(file, f'{{"x": 0.5}}\n{{"x": -{10**400}}}\n{{"x": 1e999}}')["x"].tolist() == [0.5, -np.inf, np.inf]


def test_a_key_that_a_row_lacks_is_missing_there(file: Path) -> None:
    frame = read(file, '{"a": "x"}\n\n \n{"b": "y", "a": null}\n')
    assert list(frame.columns) == ["a", "b"]
    assert frame.isna().to_numpy().tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "a.jsonl holds lists within a thousand others"),
        ('{"x": 1}\n{"x": ' + "[" * 100_000, "a.jsonl holds lists within a thousand others"),
        ('{"x": ' + "1" * 5000 + "}", "or a number of thousands of digits"),
        ("\n \n", "holds no example"),
        ("[]", "holds no example"),
        ("[1, 2", "is no JSON array"),
    ],
    ids=["lists", "lists in a line", "digits", "blank", "empty array", "open array"],
)
def test_what_cannot_be_read_is_refused(file: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(file, text)
