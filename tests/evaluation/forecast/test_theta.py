"""Theta against statsmodels' ThetaModel and the formulas of Hyndman and Billah."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.forecasting.theta import ThetaModel, ThetaModelResults

from recurra.evaluation.forecast.theta import Theta, fit_theta, one_step

RNG = np.random.default_rng(11)
TREND = RNG.normal(size=120).cumsum() + 0.8 * np.arange(120) + 100.0


def fit(y: np.ndarray, season: int = 1) -> Theta:
    fitted = fit_theta(y, season)
    assert isinstance(fitted, Theta)
    return fitted


def test_without_a_season_it_is_statsmodels_theta_with_the_same_alpha():
    fitted = fit(TREND)
    alpha = float(fitted.smoother.params[0])
    level = fitted.smoother.forecast(TREND, 1).mean[0]
    model = ThetaModel(TREND, period=1, deseasonalize=False)
    theirs = ThetaModelResults(fitted.slope, alpha, 1.0, level, np.empty(0), False, model)
    assert fitted.forecast(TREND, 8).mean == pytest.approx(np.asarray(theirs.forecast(8)))
    assert fitted.slope == pytest.approx(model.fit().params["b0"])
    assert fitted.forecast(TREND, 8).mean == pytest.approx(np.asarray(model.fit().forecast(8)), rel=2e-3)


def test_spread_by_the_formula():
    fitted = fit(TREND)
    alpha = float(fitted.smoother.params[0])
    expected = fitted.sigma * np.sqrt(1 + np.arange(5) * alpha**2)
    assert fitted.forecast(TREND, 5).sd == pytest.approx(expected)
    errors = (TREND - one_step(TREND, fitted.smoother, fitted.slope))[1:]
    assert fitted.sigma == pytest.approx(np.sqrt((errors**2).mean()), rel=0.02)


def test_one_step_forecasts_are_those_of_shorter_histories():
    fitted = fit(TREND)
    inside = one_step(TREND, fitted.smoother, fitted.slope)
    for row in (40, 119):
        assert fitted.forecast(TREND[:row], 1).mean[0] == pytest.approx(inside[row])


@pytest.mark.parametrize("shift", [0.0, -500.0])
def test_the_season_comes_back_in_its_own_phase(shift):
    pattern = np.array([20.0, -10.0, -15.0, 5.0])
    y = np.resize(pattern, 118) + 100.0 + 0.1 * RNG.normal(size=118) + shift
    fitted = fit(y, 4)
    assert fitted.multiplicative == (shift == 0)
    assert fitted.forecast(y, 6).mean == pytest.approx(np.resize(pattern, 124)[118:] + 100 + shift, abs=0.7)


def test_too_short_falls_back_to_drift_and_says_so():
    result = fit_theta(np.array([1.0, 2.0, 3.0]), 1).forecast(np.array([1.0, 2.0, 3.0]), 2)
    assert result.mean.tolist() == [4.0, 5.0]
    assert result.fallback
