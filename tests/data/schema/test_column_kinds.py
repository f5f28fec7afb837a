from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.schema.column_kinds import codes_of, kind_of, natural, numbers_of
from recurra.errors import InputError


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pd.Series([1, 2]), "number"), (pd.Series([True, False]), "number"),
        (pd.Series([1, None], dtype="Int64"), "number"), (pd.Series([1, 2.5, None], dtype=object), "number"),
        (pd.Series([decimal.Decimal("1.5")], dtype=object), "number"), (pd.Series([1, 2], dtype="category"), "text"),
        (pd.Series(["a", None]), "text"), (pd.Series(["a", 1], dtype=object), "text"),
        (pd.Series([1j]), "text"), (pd.Series([None, None], dtype=object), "empty"), (pd.Series([np.nan]), "empty"),
        (pd.Series(pd.to_datetime(["2020-01-01"])), "time"), (pd.Series([dt.date(2020, 1, 1)], dtype=object), "time"),
    ],
)  # fmt: skip
def test_kinds(column: pd.Series, kind: str) -> None:
    assert kind_of(column) == kind


def test_numbers_keep_single_precision() -> None:
    column = pd.Series(np.array([1, 2], dtype=np.float32))
    assert numbers_of(column).dtype == np.float32
    assert np.shares_memory(numbers_of(column), column.to_numpy())
    assert numbers_of(pd.Series([1, 2])).dtype == np.float64
    assert np.isnan(numbers_of(pd.Series([1, None], dtype="Int64"))[1])
    assert numbers_of(pd.Series([True, False])).tolist() == [1.0, 0.0]


def test_infinite_values_are_named() -> None:
    with pytest.raises(InputError, match=r"column 'x' of s.csv is infinite \(-inf\) in row 3 \(1 such row\)"):
        numbers_of(pd.Series([1, 2, -np.inf, np.nan], name="x"), "s.csv")
    largest = np.finfo(np.float32).max
    assert numbers_of(pd.Series(np.array([largest, largest], dtype=np.float32))).max() == largest


@given(st.lists(st.one_of(st.none(), st.sampled_from(["b", "a10", "a2", "ü"])), max_size=20))
def test_codes_stand_for_their_values(values: list[str | None]) -> None:
    for column in (
        pd.Series(values, dtype=object),
        pd.Series(values, dtype=pd.CategoricalDtype(["ü", "zz", "b", "a2", "a10"])),
    ):
        codes, names = codes_of(column)
        assert [None if code < 0 else names[code] for code in codes] == values
        assert set(names) == set(values) - {None}


def test_codes_of_given_categories() -> None:
    codes, names = codes_of(pd.Series(["b", "c", None]), ("a", "b"))
    assert codes.tolist() == [1, -1, -1]
    assert names == ("a", "b")


def test_natural_order() -> None:
    assert sorted(["W10", "W2", "a", "10", "9", "W2b", ""], key=natural) == ["", "9", "10", "W2", "W2b", "W10", "a"]
