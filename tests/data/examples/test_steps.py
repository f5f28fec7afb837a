from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import is_missing, place_of, read_steps
from recurra.errors import InputError

SHAPES = st.lists(st.integers(0, 4), min_size=1).filter(any)


def arrays(lengths: list[int], width: int, dtype: Any = np.float64) -> list[np.ndarray]:
    rng = np.random.default_rng(sum(lengths))
    return [rng.normal(size=(length, width)).astype(dtype) for length in lengths]


@given(SHAPES, st.integers(1, 3))
def test_series_come_back_whatever_holds_them(lengths: list[int], width: int) -> None:
    cells = arrays(lengths, width)
    found = read_steps(cells, "x")
    for k, cell in enumerate(cells):
        np.testing.assert_array_equal(found.values[k], cell)
    for other in ([cell.tolist() for cell in cells if len(cell)], [pd.DataFrame(cell) for cell in cells]):
        np.testing.assert_array_equal(read_steps(other, "x").values.values, found.values.values)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_one_array_is_as_good_as_a_list(count: int, steps: int, width: int) -> None:
    array = np.random.default_rng(0).normal(size=(count, steps, width))
    whole, rows = read_steps(array, "x"), read_steps(list(array), "x")
    np.testing.assert_array_equal(whole.values.values, rows.values.values)
    assert whole.values.offsets.tolist() == rows.values.offsets.tolist()


@pytest.mark.parametrize(
    ("dtypes", "found"), [("ff", np.float32), ("fd", np.float64), ("ii", np.float64), ("?f", np.float64)]
)
def test_float32_stays_where_all_of_it_is(dtypes: str, found: type) -> None:
    assert read_steps([np.ones(2, dtype) for dtype in dtypes], "x").values.values.dtype == found


@given(SHAPES, st.data())
def test_a_missing_series_has_no_step_and_taking_permutes(lengths: list[int], data: st.DataObject) -> None:
    cells: list[Any] = [cell if len(cell) else None for cell in arrays(lengths, 2)]
    times = [None if cell is None else np.arange(len(cell)) * 2.0 for cell in cells]
    found = read_steps(cells, "x", times)
    assert found.values.lengths.tolist() == lengths
    order = data.draw(st.permutations(range(len(cells))))
    taken, again = found.take(order), read_steps([cells[k] for k in order], "x", [times[k] for k in order])
    np.testing.assert_array_equal(taken.values.values, again.values.values)
    assert taken.times is not None
    assert again.times is not None
    np.testing.assert_array_equal(taken.times.values, again.times.values)


@given(SHAPES)
def test_every_row_has_a_place(lengths: list[int]) -> None:
    found = Ragged.of([np.full(length, k) for k, length in enumerate(lengths)])
    places = [place_of(found, row) for row in range(len(found.values))]
    assert places == [(k, step) for k, length in enumerate(lengths) for step in range(length)]


def test_dates_are_seconds() -> None:
    days = pd.date_range("1970-01-02", periods=2)
    for when in (days, days.to_numpy(), list(days), np.array([86400, 172800]), days - pd.Timestamp("1970-01-01")):
        times = read_steps([np.ones(2)], "x", [np.asarray(when)]).times
        assert times is not None
        assert times.values.tolist() == [86400, 172800]


@pytest.mark.parametrize("cell", [None, np.nan, pd.NA, pd.NaT, np.float64("nan")])
def test_what_is_missing(cell: Any) -> None:
    assert is_missing(cell)


@pytest.mark.parametrize("cell", ["", [], 0, np.array([np.nan]), pd.Series([None])])
def test_what_is_not_missing(cell: Any) -> None:
    assert not is_missing(cell)


@pytest.mark.parametrize(
    ("cells", "more", "message"),
    [
        ([np.ones(2), np.ones((2, 2))], {}, r"shape \(2, 2\) in row 2: expected \[T\] as in row 1"),
        ([None, np.ones((2, 3)), np.ones((2, 2))], {}, r"in row 3: expected \[T, 3\] as in row 2"),
        ([np.ones((2, 2, 2))], {}, r"expected \[T, F\]"),
        ([[1, 2], [1, [2, 3]]], {}, r"'x' holds \[1, \[2, 3\]\] in row 2, which is no array of numbers"),
        ([[1.0], ["a"]], {}, r"'x' holds \['a'\] in row 2: expected an array of numbers"),
        ([5.0, 6.0], {}, "'x' holds 5.0 in row 1: expected an array"),
        ([None, np.nan], {}, "'x' holds no series"),
        (np.ones((2, 2, 2, 2)), {}, r"expected \[N, T\] or \[N, T, F\], or declare it as Array"),
        (np.ones((2, 2, 0)), {}, "at least one feature"),
        ([np.ones((2, 2))], {"features": ("a",)}, "'x' has 2 features: expected 1, a"),
        ([np.ones(2)], {"times": []}, "given for 0 examples, and there are 1"),
        ([np.ones(2)], {"times": [[0, np.nan]]}, "step 2 of 'x' in row 1 is no finite time"),
        ([pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})], {}, r"other columns in row 2 than in row 1: .*'a'"),
    ],
)
def test_what_is_no_series(cells: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_steps(cells, "x", **more)
