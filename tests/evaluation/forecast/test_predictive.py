"""Normal forecasts, and those with the distribution of the past."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from recurra.evaluation.forecast.predictive import Empirical, Normal, fill_gaps

LEVELS = (0.1, 0.5, 0.9)
BOTH = (Normal(np.array([1.0, 2.0]), np.array([0.3, 0.4])), Empirical(np.array([1.0, 2.0]), np.array([0.0, 0, 3, 5])))


def test_quantiles_are_those_of_scipy():
    plain = Normal(np.array([1.0, -2.0]), np.array([2.0, 0.5]))
    assert plain.quantiles(LEVELS) == pytest.approx(np.array([norm.ppf(LEVELS, 1, 2), norm.ppf(LEVELS, -2, 0.5)]))


def test_quantiles_of_the_past_are_values_of_the_past():
    assert BOTH[1].quantiles((0.25, 0.5, 0.6, 0.99)).tolist() == [[0.0, 0.0, 3.0, 5.0]] * 2


@pytest.mark.parametrize("result", BOTH, ids=["normal", "empirical"])
def test_rescaling_multiplies_points_and_quantiles(result):
    assert result.rescaled(8.0).point == pytest.approx(result.point * 8)
    assert result.rescaled(8.0).quantiles(LEVELS) == pytest.approx(result.quantiles(LEVELS) * 8)


@pytest.mark.parametrize("result", BOTH, ids=["normal", "empirical"])
def test_skipping_steps(result):
    assert result.after(1).point.tolist() == [2.0]
    assert result.after(1).quantiles(LEVELS).tolist() == result.quantiles(LEVELS)[1:].tolist()


def test_finiteness_looks_at_the_upper_tail():
    assert Normal(np.zeros(1), np.ones(1)).is_finite()
    with np.errstate(over="ignore"):
        assert not Normal(np.zeros(1), np.full(1, 1e308)).is_finite()


def test_gaps_are_bridged_by_straight_lines():
    nan = float("nan")
    assert fill_gaps(np.array([1.0, nan, nan, 4.0])).tolist() == [1.0, 2.0, 3.0, 4.0]
