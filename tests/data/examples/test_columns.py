from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.examples.columns import cells_array, column_cells, named_columns
from recurra.errors import InputError

CELLS = st.one_of(st.lists(st.integers(-9, 9)), st.lists(st.text("ab")), st.lists(st.lists(st.integers(0, 3))))


class Foreign:
    """A column of another library, which pandas can have."""

    def __init__(self, cells: list[Any]) -> None:
        self.cells = cells

    def to_pandas(self) -> pd.Series:
        return pd.Series(self.cells, dtype=object)


@given(CELLS)
def test_the_cells_are_the_same_whatever_holds_them(cells: list[Any]) -> None:
    held = [cells, tuple(cells), pd.Series(cells, dtype=object), cells_array(cells)]
    assert all(list(column_cells(column, "x")) == cells for column in held)
    assert list(named_columns({"x": Foreign(cells)})["x"]) == cells


def test_numbers_keep_their_dtype_and_all_their_axes() -> None:
    array = np.zeros((2, 3, 4), np.float32)
    assert column_cells(array, "x") is array
    assert cells_array(column_cells(pd.Series([1, 2], dtype="int16"), "x")).dtype == np.int16
    assert cells_array(array) is array


@given(st.lists(st.text("abc", min_size=1), min_size=1, unique=True))
def test_columns_by_name_are_those_of_the_frame(names: list[str]) -> None:
    frame = pd.DataFrame({name: [k, -k] for k, name in enumerate(names)})
    found = named_columns(frame)
    assert list(found) == names
    assert all(found[name].equals(frame[name]) for name in names)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=pd.Index(["a", "a"])), "several columns called 'a'"),
        (pd.DataFrame([[1, 2]], columns=pd.Index([1, "1"], dtype=object)), "several columns called '1'"),
        ({}, "X has no column"),
        ({"a": {1, 2}}, "a is a set, which has no order"),
        ({"a": "text"}, r"a is str 'text': expected .*such as \[X\]"),
        ({"a": 5}, "a is int '5': expected a list, array, Series or DataFrame"),
    ],
)
def test_what_is_no_set_of_columns(X: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        named_columns(X)
