"""ETS against statsmodels' own forecasts and against the plain recursion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from recurra.evaluation.forecast.ets import MOST_STATES, Smoother, fit_ets, fit_smoother

RNG = np.random.default_rng(7)
WALK = RNG.normal(size=200).cumsum() + 50.0
SEASONAL = WALK + np.resize([5.0, -3.0, 0.0, -2.0], 200)


def slow_forecast(smoother: Smoother, y: np.ndarray, steps: int) -> np.ndarray:
    """The equations of the module, row by row."""
    alpha, beta, gamma, phi = smoother._named()
    z = (y - smoother.centre) / smoother.scale
    level, trend = smoother.level, smoother.trend or 0.0
    season = [0.0] if smoother.seasonal is None else list(smoother.seasonal)
    for value in z:
        error = value - (level + phi * trend + season[0])
        level, trend = level + phi * trend + alpha * error, phi * trend + beta * error
        season = [*season[1:], season[0] + gamma * error]
    mean = []
    for h in range(steps):
        level, trend = level + phi * trend, phi * trend
        mean.append(level + season[h % len(season)])
    return np.array(mean) * smoother.scale + smoother.centre


@pytest.mark.parametrize("trend", [False, True])
@pytest.mark.parametrize("season", [1, 4])
def test_point_forecast_is_the_plain_recursion(trend, season):
    smoother = fit_smoother(SEASONAL, season, trend=trend)
    assert smoother.forecast(SEASONAL, 9).mean == pytest.approx(slow_forecast(smoother, SEASONAL, 9), rel=1e-9)


@pytest.mark.parametrize("trend", [False, True])
@pytest.mark.parametrize("season", [1, 4])
def test_mean_and_variance_are_those_of_statsmodels(trend, season):
    smoother = fit_smoother(SEASONAL, season, trend=trend)
    model = ETSModel(
        (SEASONAL - smoother.centre) / smoother.scale,
        trend="add" if trend else None,
        damped_trend=trend,
        seasonal="add" if season > 1 else None,
        seasonal_periods=season if season > 1 else None,
        initialization_method="known",
        initial_level=smoother.level,
        initial_trend=smoother.trend,
        initial_seasonal=smoother.seasonal,
    )
    theirs: Any = model.smooth(smoother.params)
    ours = smoother.forecast(SEASONAL, 10)
    assert ours.mean == pytest.approx(np.asarray(theirs.forecast(10)) * smoother.scale + smoother.centre)
    variances = [theirs._relative_forecast_variance(np.arange(h, h + 1)) for h in range(1, 11)]
    assert (ours.sd / ours.sd[0]) ** 2 == pytest.approx(np.ravel(variances), rel=1e-6)


def test_fitted_values_are_one_step_forecasts():
    smoother = fit_smoother(SEASONAL, 4, trend=True)
    fitted = smoother.fitted(SEASONAL)
    for row in (20, 111, 199):
        assert smoother.forecast(SEASONAL[:row], 1).mean[0] == pytest.approx(fitted[row])
    errors = SEASONAL - fitted
    assert smoother.sigma * smoother.scale == pytest.approx(errors.std(), rel=0.05)


def test_path_error_is_the_mean_error_of_forecasts_made_inside():
    y = SEASONAL[:60]
    smoother = fit_smoother(y, 4)
    rows = range(15, 60 - 5)
    errors = [np.abs(smoother.forecast(y[: t + 1], 5).mean - y[t + 1 : t + 6]).mean() for t in rows]
    assert smoother.path_error(y, 5) == pytest.approx(np.mean(errors))


def test_a_multiplicative_series_is_taken_in_logarithms():
    rows = np.arange(240)
    y = np.exp(0.02 * rows + 0.4 * np.sin(2 * np.pi * rows / 12) + 0.05 * RNG.normal(size=240))
    fitted = fit_ets(y, 12, 12)
    assert fitted.candidates[0].log
    assert fitted.candidates[0].seasonal is not None
    assert len(fitted.candidates) == 2
    assert not fitted.candidates[1].log


def test_where_the_logarithm_ends_the_plain_model_goes_on():
    fitted = fit_ets(np.exp(np.linspace(0, 3, 60)) * RNG.uniform(0.9, 1.1, 60), 1, 4)
    fitted = replace(fitted, candidates=(replace(fitted.candidates[0], log=True), fitted.candidates[-1]))
    history = np.r_[np.linspace(1, 20, 60), -5.0]
    result = fitted.forecast(history, 4)
    assert not result.log
    assert not result.fallback
    assert np.isfinite(result.point).all()


def test_no_season_is_invented():
    assert fit_ets(WALK, 12, 6).candidates[0].seasonal is None


def test_a_long_season_is_taken_out_before_smoothing():
    season = MOST_STATES + 40
    rows = np.arange(6 * season)
    wave = 10 * np.sin(2 * np.pi * rows / season)
    y = wave + 0.3 * RNG.normal(size=len(rows))
    fitted = fit_ets(y[: -season // 2], season, season // 2)
    chosen = fitted.candidates[0]
    assert chosen.seasonal is None
    assert len(chosen.pattern) == season
    error = fitted.forecast(y[: -season // 2], season // 2).point - wave[-season // 2 :]
    assert np.abs(error).mean() < 0.5


def test_only_the_last_points_are_used():
    y = np.r_[np.full(500, 1e6), RNG.normal(size=1000).cumsum()]
    assert fit_ets(y, 1, 5).candidates[0].start == 500


@pytest.mark.parametrize("y", [np.array([1.0]), np.array([1.0, 2.0, 4.0]), np.full(50, 3.0)])
def test_too_short_or_constant_falls_back_to_naive_and_says_so(y):
    result = fit_ets(y, 1, 3).forecast(y, 3)
    assert result.fallback
    assert result.mean.tolist() == [y[-1]] * 3
