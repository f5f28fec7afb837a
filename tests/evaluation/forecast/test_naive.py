"""The forecasts without fitting by hand, with gaps, and under shifts and changes of unit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recurra.evaluation.forecast.naive import drift, naive, seasonal_naive, seasonal_naive_with_drift

NAN = float("nan")
HISTORIES = hnp.arrays(np.float64, st.integers(2, 30), elements=st.floats(-1e3, 1e3).map(lambda v: round(v, 3)))
ALL = (
    naive,
    lambda y, steps: seasonal_naive(y, steps, 4),
    lambda y, steps: seasonal_naive_with_drift(y, steps, 4),
    drift,
)


def test_naive_by_hand():
    result = naive(np.array([1.0, 3.0, 2.0]), 4)
    assert result.mean.tolist() == [2.0] * 4
    assert result.sd == pytest.approx(np.sqrt((4 + 1) / 2) * np.sqrt([1, 2, 3, 4]))


def test_naive_counts_a_change_over_a_gap_as_several_steps():
    assert naive(np.array([0.0, NAN, NAN, NAN, 4.0]), 1).sd[0] == pytest.approx(np.sqrt(16 / 4))


def test_seasonal_naive_by_hand():
    result = seasonal_naive(np.array([1.0, 2.0, 3.0, 5.0, 6.0, 7.0]), 7, 3)
    assert result.mean.tolist() == [5.0, 6.0, 7.0, 5.0, 6.0, 7.0, 5.0]
    assert result.sd == pytest.approx(4.0 * np.sqrt([1, 1, 1, 2, 2, 2, 3]))
    assert not result.fallback


def test_seasonal_naive_takes_the_last_value_observed_at_the_phase():
    result = seasonal_naive(np.array([1.0, 2.0, 3.0, 4.0, NAN, 6.0]), 3, 3)
    assert result.mean.tolist() == [4.0, 2.0, 6.0]
    assert result.sd == pytest.approx(3.0 * np.sqrt([1, 2, 1]))


def test_a_phase_never_seen_falls_back_to_naive_and_says_so():
    result = seasonal_naive(np.array([1.0, 2.0]), 4, 4)
    assert result.mean.tolist() == [2.0, 2.0, 1.0, 2.0]
    assert result.fallback


def test_with_drift_the_season_grows_as_it_grew():
    result = seasonal_naive_with_drift(np.array([1.0, 5.0, 3.0, 7.0]), 5, 2)
    assert result.mean.tolist() == [5.0, 9.0, 7.0, 11.0, 9.0]
    assert not result.fallback


def test_with_drift_only_pairs_of_observed_values_say_how_it_grew():
    result = seasonal_naive_with_drift(np.array([1.0, NAN, 3.0, 9.0]), 2, 2)
    assert result.mean.tolist() == [5.0, 11.0]


def test_with_drift_a_single_season_is_repeated_and_said_so():
    result = seasonal_naive_with_drift(np.array([1.0, 5.0, 2.0]), 2, 2)
    assert result.mean.tolist() == [5.0, 2.0]
    assert result.fallback


def test_drift_by_hand():
    result = drift(np.array([1.0, 2.0, 5.0, 7.0]), 2)
    assert result.mean.tolist() == [9.0, 11.0]
    assert result.sd == pytest.approx(np.std([1, 3, 2], ddof=1) * np.sqrt([1 * (1 + 1 / 3), 2 * (1 + 2 / 3)]))


def test_one_observation_is_repeated():
    for method in ALL:
        result = method(np.array([3.0]), 3)
        assert result.mean.tolist() == [3.0] * 3
        assert result.sd.tolist() == [0.0] * 3


@given(HISTORIES, st.floats(-1e3, 1e3), st.sampled_from([-4.0, 0.5, 1024.0]))
def test_shift_and_unit_laws(history, shift, unit):
    for method in ALL:
        plain, moved = method(history, 5), method(history * unit + shift, 5)
        assert moved.mean == pytest.approx(plain.mean * unit + shift, abs=1e-6)
        assert moved.sd == pytest.approx(plain.sd * abs(unit), abs=1e-6)


def test_spread_of_a_random_walk_is_right():
    rng = np.random.default_rng(3)
    paths = rng.normal(size=(4000, 40)).cumsum(axis=1)
    for method in (naive, drift):
        inside = []
        for path in paths:
            result = method(path[:30], 10)
            inside.append(np.abs(path[30:] - result.mean) <= 1.2816 * result.sd)
        assert np.mean(inside, axis=0) == pytest.approx(0.8, abs=0.035)
