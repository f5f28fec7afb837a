"""Normal forecasts on the plain and the logarithmic scale."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import lognorm, norm

from recurra.evaluation.forecast.predictive import Predictive, fill_gaps

LEVELS = (0.1, 0.5, 0.9)


def test_quantiles_are_those_of_scipy():
    plain = Predictive(np.array([1.0, -2.0]), np.array([2.0, 0.5]))
    assert plain.quantiles(LEVELS) == pytest.approx(np.array([norm.ppf(LEVELS, 1, 2), norm.ppf(LEVELS, -2, 0.5)]))
    logs = Predictive(np.array([1.0]), np.array([0.5]), log=True)
    assert logs.quantiles(LEVELS)[0] == pytest.approx(lognorm.ppf(LEVELS, 0.5, scale=np.e))
    assert logs.point == pytest.approx([np.e])


@pytest.mark.parametrize("log", [False, True])
def test_rescaling_multiplies_points_and_quantiles(log):
    result = Predictive(np.array([1.0, 2.0]), np.array([0.3, 0.4]), log=log)
    assert result.rescaled(8.0).point == pytest.approx(result.point * 8)
    assert result.rescaled(8.0).quantiles(LEVELS) == pytest.approx(result.quantiles(LEVELS) * 8)


def test_skipping_steps():
    assert Predictive(np.arange(4.0), np.ones(4)).after(3).mean.tolist() == [3.0]


def test_finiteness_looks_at_the_upper_tail():
    assert Predictive(np.zeros(1), np.ones(1), log=True).is_finite()
    with np.errstate(over="ignore"):
        assert not Predictive(np.zeros(1), np.full(1, 200.0), log=True).is_finite()


def test_gaps_are_bridged_by_straight_lines():
    nan = float("nan")
    assert fill_gaps(np.array([1.0, nan, nan, 4.0, nan, 0.0])).tolist() == [1.0, 2.0, 3.0, 4.0, 2.0, 0.0]
