from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.examples import steps
from recurra.data.examples.cells import object_array, read_arrays, read_events, read_static, read_texts
from recurra.errors import InputError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
MISSING = st.sampled_from([None, np.nan, pd.NA, pd.NaT])
EVENTS = st.one_of(st.lists(st.lists(st.integers(-9, 9))), st.lists(st.lists(st.text("ab", min_size=1, max_size=2))))


@given(st.lists(st.one_of(TEXT, MISSING)))
def test_texts_are_as_they_came_and_missing_is_none(cells: list[Any]) -> None:
    before = list(cells)
    assert read_texts(cells, "x").tolist() == [cell if isinstance(cell, str) else None for cell in cells]
    assert all(one is other for one, other in zip(cells, before, strict=True))


@given(EVENTS, st.integers(0, 3))
def test_events_are_cut_where_they_came_from(cells: list[list[Any]], holes: int) -> None:
    given_cells: list[Any] = [*cells, *[None] * holes]
    found = read_events(given_cells, "x")
    assert [list(found[k]) for k in range(len(found))] == [*cells, *[[] for _ in range(holes)]]
    assert read_events([tuple(cell) for cell in cells], "x").values.tolist() == found.values.tolist()


def test_a_missing_event_keeps_its_step() -> None:
    assert read_events([["a", None, "b"], [np.nan]], "x").values.tolist() == ["a", None, "b", None]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([["a"], ["b", 1]], r"'x' holds 1 \(int\) in row 2 at step 2: expected events that are all str or all int"),
        ([[], [1, True]], r"'x' holds True \(bool\) in row 2 at step 2"),
        ([[1], [0.5]], r"'x' holds 0.5 \(float\) in row 2 at step 1"),
    ],
)
def test_events_of_other_kinds(cells: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_events(cells, "x")


def test_what_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MOST_STEPS", 3)
    assert len(read_texts(["abc"], "x")) == len(read_events([[1, 2, 3]], "x")) == 1
    with pytest.raises(InputError, match="'x' is 4 letters long in row 2, and a sequence may have at most 3"):
        read_texts([None, "abcd"], "x")
    with pytest.raises(InputError, match="'x' is 4 steps long in row 2"):
        read_events([[1], [1, 2, 3, 4]], "x")


def test_static_numbers_are_float64_and_the_rest_words() -> None:
    frame = pd.DataFrame(
        {
            "n": [1, 2, 3],
            "b": [True, False, True],
            "gap": [0.5, np.nan, 1.0],
            "word": ["a", None, "b"],
            "category": pd.Categorical([3, None, 7]),
            "nothing": [None, None, None],
        }
    )
    found = read_static(frame, "static")
    assert all(found[name].dtype == np.float64 for name in ("n", "b", "gap", "nothing"))
    assert found[["n", "b"]].to_numpy().tolist() == [[1, 1], [2, 0], [3, 1]]
    assert found["word"].fillna("-").tolist() == ["a", "-", "b"]
    assert found["category"].isna().tolist() == [False, True, False]
    assert found["category"].dropna().map(type).tolist() == [str, str]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a", 1, "b"], r"column 'c' of input 'static' holds 1 in row 2"),
        ([pd.Timestamp("2024-01-01")] * 3, "column 'c' of input 'static' holds"),
        ([1.0, -np.inf, 2.0], r"infinite \(-inf\) in row 2"),
    ],
)
def test_what_is_neither_number_nor_category(values: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_static(pd.DataFrame({"c": values}), "static")


@given(st.lists(st.one_of(st.none(), st.tuples(st.integers(1, 4), st.integers(1, 4))), min_size=1))
def test_arrays_keep_their_shapes(shapes: list[Any]) -> None:
    cells = [None if shape is None else np.full(shape, 3, np.int64) for shape in shapes]
    if not any(shapes):
        with pytest.raises(InputError, match="'x' holds no array"):
            read_arrays(cells, "x")
        return
    found = read_arrays(cells, "x")
    assert [None if array is None else array.shape for array in found] == shapes
    assert {array.dtype for array in found if array is not None} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([np.ones(3), np.ones((2, 3))], r"'x' has shape \(2, 3\) in row 2 and \(3,\) in row 1"),
        (
            [None, np.ones((2, 2, 3)), np.ones((2, 2, 1))],
            r"'x' has shape \(2, 2, 1\) in row 3 and \(2, 2, 3\) in row 2",
        ),
        ([np.array([1e39])], "not finite in row 1, or is too large for float32"),
        ([np.ones(0)], r"shape \(0,\)"),
        ([np.array(["a"])], "type <U1 in row 1: expected an array of numbers"),
    ],
)
def test_arrays_that_do_not_fit(cells: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_arrays(cells, "x")


def test_lists_in_an_array_of_objects_stay_whole() -> None:
    found = object_array([[1, 2], [3, 4]])
    assert found.shape == (2,)
    assert object_array(found) is found
    assert object_array(np.array([1.5, 2.5])).tolist() == [1.5, 2.5]
