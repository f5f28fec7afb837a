"""Known values, laws, and the figures that the M4 competition published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import norm

from recurra.errors import InputError
from recurra.evaluation.forecast import metrics

NAN = float("nan")
VALUES = hnp.arrays(np.float64, st.integers(1, 20), elements=st.floats(-1e6, 1e6))


def test_point_errors_by_hand():
    y, f = [1.0, 2.0, 4.0], [2.0, 2.0, 1.0]
    assert metrics.mae(y, f) == pytest.approx(4 / 3)
    assert metrics.rmse(y, f) == pytest.approx(np.sqrt(10 / 3))
    assert metrics.smape(y, f) == pytest.approx((200 * 1 / 3 + 0 + 200 * 3 / 5) / 3)


def test_missing_truth_is_left_out():
    assert metrics.mae([1.0, NAN, 3.0], [2.0, 5.0, 3.0]) == 0.5
    assert metrics.rmse([0.0, NAN], [2.0, 5.0]) == 2.0
    assert metrics.smape([NAN, 1.0], [0.0, 1.0]) == 0.0
    assert metrics.coverage([1.0, NAN, 9.0], [0.0] * 3, [2.0] * 3) == 0.5
    assert np.isnan(metrics.mae([NAN], [1.0]))
    assert np.isnan(metrics.mae([], []))


def test_smape_of_two_zeros_is_zero_and_of_opposite_signs_is_200():
    assert metrics.smape([0.0], [0.0]) == 0.0
    assert metrics.smape([1.0], [-1.0]) == 200.0
    assert metrics.smape([0.0], [3.0]) == 200.0


def test_metrics_work_along_the_last_axis():
    y, f = np.arange(12.0).reshape(3, 4), np.zeros((3, 4))
    assert metrics.mae(y, f).tolist() == [metrics.mae(row, np.zeros(4)) for row in y]
    assert metrics.rmse(y, f).tolist() == [metrics.rmse(row, np.zeros(4)) for row in y]


def test_rmse_neither_overflows_nor_vanishes():
    assert metrics.rmse([0.0, 0.0], [3e200, 3e200]) == pytest.approx(3e200)
    assert metrics.rmse([0.0, 0.0], [3e-200, 3e-200]) == pytest.approx(3e-200)


@given(VALUES, st.floats(1e-3, 1e3))
def test_scale_law(f, factor):
    y = f[::-1]
    assert metrics.mae(y * factor, f * factor) == pytest.approx(factor * metrics.mae(y, f))
    assert metrics.rmse(y * factor, f * factor) == pytest.approx(factor * metrics.rmse(y, f))
    assert 0.0 <= metrics.smape(y, f) <= 200.0 + 1e-9
    assert metrics.mae(y, f) <= metrics.rmse(y, f) * (1 + 1e-9)


@pytest.mark.parametrize(("season", "expected"), [(1, 5 / 3), (2, 3.5), (3, 5.0), (9, 5 / 3)])
def test_naive_scale_by_hand(season, expected):
    assert metrics.naive_scale([1.0, 2.0, 4.0, 6.0], season) == pytest.approx(expected)


def test_naive_scale_uses_only_pairs_that_are_observed():
    assert metrics.naive_scale([1.0, NAN, 4.0, 6.0]) == 2.0
    assert metrics.naive_scale([1.0, NAN, 4.0, NAN, 5.0], season=2) == 2.0
    assert np.isnan(metrics.naive_scale([1.0, NAN, 4.0]))


def test_naive_scale_of_a_constant_series_is_undefined():
    assert np.isnan(metrics.naive_scale([5.0] * 10))
    assert np.isnan(metrics.naive_scale([5.0]))


def test_naive_scale_refuses_season_zero():
    with pytest.raises(InputError, match="season=0 must be at least 1"):
        metrics.naive_scale([1.0, 2.0], 0)


@given(VALUES)
def test_mase_of_the_naive_forecast_on_its_own_history_is_one(history):
    scale = metrics.naive_scale(history)
    if not np.isnan(scale):
        assert metrics.mase(history[1:], history[:-1], scale) == pytest.approx(1.0)


def test_pinball_is_least_at_the_true_quantile():
    y = np.random.default_rng(0).normal(size=20_000)
    grid = np.linspace(-2, 2, 81)
    for level in (0.1, 0.5, 0.9):
        losses = [metrics.pinball(y, np.full((len(y), 1), q), (level,)).mean() for q in grid]
        assert grid[int(np.argmin(losses))] == pytest.approx(norm.ppf(level), abs=0.08)


def test_crps_approaches_that_of_the_normal_distribution():
    levels = tuple((np.arange(400) + 0.5) / 400)
    y = np.array([-2.0, 0.0, 0.7])
    exact = y * (2 * norm.cdf(y) - 1) + 2 * norm.pdf(y) - 1 / np.sqrt(np.pi)  # Gneiting, Raftery (2007), eq. 21
    assert metrics.crps(y, norm.ppf(levels)[None], levels) == pytest.approx(exact, abs=2e-3)


def test_uneven_levels_hardly_change_crps():
    y = np.random.default_rng(1).normal(size=5000)
    uneven = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975)
    crps = metrics.crps(y, np.broadcast_to(norm.ppf(uneven), (5000, 13)), uneven).mean()
    assert crps == pytest.approx(1 / np.sqrt(np.pi), rel=0.03)  # the mean for a calibrated standard normal


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=9, unique=True))
def test_level_weights_sum_to_one(levels):
    weights = metrics.level_weights(sorted(levels))
    assert weights.sum() == pytest.approx(1.0)
    assert (weights > 0).all()


@pytest.mark.parametrize("levels", [(), (0.0, 0.5), (0.5, 1.0), (0.9, 0.1), (0.5, 0.5), (10.0, 90.0)])
def test_bad_levels_are_refused(levels):
    with pytest.raises(InputError, match="increasing probabilities between 0 and 1"):
        metrics.level_weights(levels)


def test_interval_measures():
    assert metrics.coverage([1.0, 2.0, 3.0], [1.0, 3.0, 0.0], [1.0, 4.0, 3.0]) == pytest.approx(2 / 3)
    assert metrics.interval_width([1.0, 3.0, 0.0], [1.0, 4.0, 3.0]) == pytest.approx(4 / 3)


def test_m4_weekly_naive_has_the_published_scores(shared_data: Path):
    folder = shared_data / "forecasting"
    train = pd.read_csv(folder / "m4-weekly-train.csv").iloc[:, 1:].to_numpy(float)
    truth = pd.read_csv(folder / "m4-weekly-test.csv").iloc[:, 1:].to_numpy(float)
    histories = [row[~np.isnan(row)] for row in train]
    naive = np.array([np.full(13, h[-1]) for h in histories])
    scale = np.array([metrics.naive_scale(h) for h in histories])
    assert metrics.smape(truth, naive).mean() == pytest.approx(9.161, abs=5e-4)
    assert metrics.mase(truth, naive, scale).mean() == pytest.approx(2.777, abs=5e-4)
