"""What held-out windows are worth: overlap counts once, and series that share their moments count for less."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.evaluation.forecast.moments import SHARED, independent_windows, windows_apart


def grid(series: int, moments: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """So many series at the same moments, a horizon apart."""
    return np.repeat(np.arange(series), moments), np.tile(100 + horizon * np.arange(moments), series)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=30), st.integers(1, 17))
def test_of_one_series_nothing_is_shared(ends, horizon):
    ends = np.array(ends)
    series = np.zeros(len(ends), dtype=np.int64)
    covered = {row for end in ends.tolist() for row in range(end, end + horizon)}
    assert windows_apart(series, ends, horizon) == pytest.approx(len(covered) / horizon)
    assert independent_windows(series, ends, horizon) == pytest.approx(len(covered) / horizon)


@given(st.integers(1, 63), st.integers(1, 17), st.integers(1, 13))
def test_series_at_the_same_moments_are_worth_less_than_each_and_more_than_one(series, moments, horizon):
    found = independent_windows(*grid(series, moments, horizon), horizon)
    assert moments <= found + 1e-9
    assert found <= series * moments + 1e-9
    assert found <= moments / SHARED + 1e-9
    more = independent_windows(*grid(series + 1, moments, horizon), horizon)
    assert more > found


@given(st.integers(1, 30), st.integers(1, 13))
def test_series_at_moments_of_their_own_count_in_full(series, horizon):
    numbers, ends = np.arange(series), 1000 * np.arange(series)
    assert independent_windows(numbers, ends, horizon) == pytest.approx(series)


def test_neither_the_order_nor_the_first_moment_matters():
    series, moments = grid(7, 3, 5)
    order = np.random.default_rng(0).permutation(len(series))
    found = independent_windows(series, moments, 5)
    assert independent_windows(series[order], moments[order] - 321, 5) == pytest.approx(found)


def test_nothing_is_worth_nothing():
    none = np.zeros(0, dtype=np.int64)
    assert windows_apart(none, none, 4) == 0.0
    assert independent_windows(none, none, 4) == 0.0
