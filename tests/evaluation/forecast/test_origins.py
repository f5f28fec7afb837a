"""Origins lie in the last part, side by side, and never leave too little to learn from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.errors import InputError
from recurra.evaluation.forecast.origins import LEAST_HISTORY, MOST_WINDOWS, choose_calendar_origins, choose_origins


def test_one_long_series_gets_a_fifth_of_its_length_or_two_hundred_windows():
    (origins,) = choose_origins([17_420], 24)
    assert len(origins) == 145
    (origins,) = choose_origins([174_200], 24)
    assert len(origins) == MOST_WINDOWS
    assert origins[-1] == 174_200 - 24
    assert set(np.diff(origins)) == {24}


def test_windows_fill_the_last_fifth():
    (origins,) = choose_origins([1000], 10)
    assert (len(origins), origins[0]) == (20, 800)


def test_many_series_get_one_window_each():
    origins = choose_origins([100 + s for s in range(359)], 13)
    assert [len(o) for o in origins] == [1] * 359


def test_a_given_number_of_windows_is_respected_where_it_fits():
    origins = choose_origins([100, 45, 20], 10, windows=4)
    assert [len(o) for o in origins] == [4, 2, 0]


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=30), st.integers(1, 60), st.none() | st.integers(1, 9))
def test_laws(lengths, horizon, windows):
    need = horizon * (LEAST_HISTORY + (windows or 1))
    if max(lengths) < need:
        with pytest.raises(InputError, match=f"needs at least {need} "):
            choose_origins(lengths, horizon, windows)
        return
    for length, origins in zip(lengths, choose_origins(lengths, horizon, windows), strict=True):
        assert len(origins) <= (windows or MOST_WINDOWS)
        if len(origins):
            assert origins[-1] + horizon == length
            assert (np.diff(origins) == horizon).all()
            assert origins[0] >= LEAST_HISTORY * horizon


@pytest.mark.parametrize(
    ("lengths", "horizon", "windows", "text"),
    [
        ([20], 10, None, "the longest series has 20 rows, but horizon 10 with 1 test window needs at least 30"),
        ([30], 10, 5, "with 5 test windows needs at least 70"),
        ([], 10, None, "no series to test on"),
        ([30], 0, None, "horizon=0 must be at least 1"),
        ([30], 2, 0, "windows=0 must be at least 1"),
    ],
)
def test_refusals(lengths, horizon, windows, text):
    with pytest.raises(InputError, match=text):
        choose_origins(lengths, horizon, windows)


def test_with_times_all_series_are_tested_at_the_same_moments():
    start, lengths = np.array([0, 40, 0, 90]), np.array([100, 60, 50, 10])
    origins, first = choose_calendar_origins(start, lengths, horizon=5, windows=3)
    moments = [85, 90, 95]
    assert first == 85
    assert (origins[0] + start[0]).tolist() == moments
    assert (origins[1] + start[1]).tolist() == moments
    assert origins[2].tolist() == []  # it had ended before
    assert origins[3].tolist() == []  # too young: fewer than two horizons before any moment
    young, _ = choose_calendar_origins(np.array([0, 80]), np.array([100, 20]), horizon=5, windows=3)
    assert (young[1] + 80).tolist() == [90, 95]


def test_equal_series_are_tested_as_without_times():
    origins, first = choose_calendar_origins(np.array([7, 7]), np.array([200, 200]), horizon=5)
    expected = choose_origins([200, 200], 5)
    assert [o.tolist() for o in origins] == [o.tolist() for o in expected]
    assert first == 7 + expected[0][0]
