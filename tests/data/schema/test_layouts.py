from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawing import examples

from recurra.data.panel.building import build_panel, understand
from recurra.data.panel.panel import Panel
from recurra.errors import InputError

MONTHS = pd.date_range("2020-01-01", periods=12, freq="MS")


def same(a: Panel, b: Panel) -> bool:
    return (
        a.series == b.series
        and a.grid == b.grid
        and np.array_equal(a.start, b.start)
        and np.array_equal(a.offsets, b.offsets)
        and np.array_equal(a.target, b.target, equal_nan=True)
    )


@pytest.mark.slow
@settings(max_examples=examples(25), deadline=None)
@given(st.lists(st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=12, max_size=12), min_size=2, max_size=4))
def test_one_panel_in_three_layouts(table: list[list[int | None]]) -> None:
    values = np.array(table, dtype=float)  # [S, T]
    values[:, 4], values[:, 5] = 1.0, 2.0  # no series is empty or constant
    names = [f"s{k}" for k in range(len(values))]
    columns = pd.DataFrame(values.T, columns=names).assign(month=MONTHS.strftime("%Y-%m"))
    rows = pd.DataFrame(values, columns=list(MONTHS.strftime("%Y-%m"))).assign(id=names)[
        ["id", *MONTHS.strftime("%Y-%m")]
    ]
    long = columns.melt(id_vars="month", var_name="id", value_name="y")
    a, b, c = understand(columns)[0], understand(rows)[0], understand(long, target="y", series="id")[0]
    assert (a.schema.layout, b.schema.layout, c.schema.layout) == ("wide-columns", "wide-rows", "long")
    assert same(a, b)
    assert same(a, c)


@pytest.mark.slow
def test_unequal_lengths_and_a_later_file_with_more_columns() -> None:
    rows = pd.DataFrame({"V1": ["W1", "W2"], "V2": [1.0, 5], "V3": [2.0, 6], "V4": [3.0, 7], "V5": [4.0, np.nan]})
    panel, _ = understand(rows)
    assert panel.lengths.tolist() == [4, 3]
    later, _ = build_panel(rows.assign(V6=[5.0, np.nan]), panel.schema)
    assert later.lengths.tolist() == [5, 3]


def test_names_of_rows_are_needed_once() -> None:
    rows = pd.DataFrame({"id": ["a", "a"], **{f"V{k}": [1.0, k] for k in range(2, 9)}})
    with pytest.raises(InputError, match=r"row 2 of x.csv repeats the name 'a'"):
        understand(rows, source="x.csv", layout="wide-rows")
    nameless = understand(rows.drop(columns="id"), layout="wide-rows")[0]
    assert nameless.series == ("1", "2")


def test_what_has_no_meaning_is_refused() -> None:
    columns = pd.DataFrame({"month": MONTHS, "a": np.arange(12.0), "b": np.arange(12.0) ** 2})
    with pytest.raises(InputError, match="past= has no meaning where each column is a series"):
        understand(columns, layout="wide-columns", past=["a"])
    with pytest.raises(InputError, match="freq= needs times"):
        understand(pd.DataFrame({"id": ["a"], **{f"V{k}": [float(k)] for k in range(9)}}), layout="wide-rows", freq="D")
