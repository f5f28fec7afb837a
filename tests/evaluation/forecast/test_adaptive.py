"""Adaptive intervals: what the update promises holds to the last digit; series and steps do not touch each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from recurra.evaluation.forecast.adaptive import AdaptiveIntervals
from recurra.nn.quantiles import QUANTILES

NORMAL = ndtri(np.array(QUANTILES))


def run(values: np.ndarray, horizon: int = 3, rate: float = 0.05) -> AdaptiveIntervals:
    """Each series of values [T, n] under forecasts of a standard normal distribution."""
    intervals, at = AdaptiveIntervals(values.shape[1], horizon, QUANTILES, rate), np.arange(values.shape[1])
    fixed = np.broadcast_to(NORMAL, (values.shape[1], horizon, len(QUANTILES))).copy()
    for row in values:
        intervals.issue(intervals.adapted(fixed, at), fixed, at)
        intervals.observe(row, at)
    return intervals


@pytest.mark.parametrize("scale", [0.2, 1.0, 5.0])
def test_the_share_that_missed_is_off_by_what_the_stretch_has_moved(scale: float) -> None:
    values = scale * np.random.default_rng(0).standard_t(3, size=(500, 2))
    values[np.random.default_rng(1).random(values.shape) < 0.1] = np.nan
    state = run(values).state
    n = state["seen"][..., None]
    missed = 1.0 - state["held"] / n
    rates = np.minimum(0.05, 1.5 / np.arange(1, 4))[:, None]
    level = np.array([1 - (QUANTILES[-1 - j] - QUANTILES[j]) for j in range(6)])
    np.testing.assert_allclose(missed, level + state["stretch"] / (rates * n), atol=1e-9)
    assert np.abs(missed - level).max() < 0.1


def test_intervals_come_to_what_they_promise_and_fixed_ones_do_not() -> None:
    found = run(3.0 * np.random.default_rng(0).normal(size=(2000, 1))).coverage(["a"])
    assert (found["coverage"] - found["level"] / 100).abs().max() < 0.02
    assert found.query("level == 80")["fixed"].max() < 0.4
    assert found["count"].tolist() == np.repeat([2000, 1999, 1998], 6).tolist()


def test_a_series_is_not_touched_by_another() -> None:
    values = np.random.default_rng(0).normal(size=(60, 3)) * [1, 9, 1]
    together, alone = run(values).state, run(values[:, :1]).state
    for name in together:
        np.testing.assert_array_equal(together[name][:1], alone[name])


def test_a_row_without_a_value_or_a_forecast_teaches_nothing() -> None:
    values = np.full((20, 1), np.nan)
    state = run(values).state
    assert not state["seen"].any()
    assert not state["stretch"].any()
    intervals = AdaptiveIntervals(1, 3, QUANTILES)
    for _ in range(5):
        intervals.observe(np.array([1.0]), np.array([0]))
    assert not intervals.state["seen"].any()


def test_one_begins_anew() -> None:
    values = 4 * np.random.default_rng(0).normal(size=(50, 2))
    intervals = run(values)
    intervals.reset(np.array([1]))
    assert not intervals.state["stretch"][1].any()
    assert intervals.state["stretch"][0].any()
    assert np.isnan(intervals.state["pending"][1]).all()
