"""The Theta method: the mean of the series' straight line (theta 0) and of a line twice as bent, smoothed (theta 2).

It equals simple exponential smoothing with half the trend of the regression line as drift:

    y_(T+h) = l_T + b_0 / 2 * (h - 1 + (1 - (1 - alpha)^T) / alpha)

A significant season is taken out first and put back afterwards, by factors where the series is positive, by
differences where it is not. The smoothing parameter is statsmodels'; without a season the point forecast is that of
its `ThetaModel` with the same alpha. Alpha, b_0, the season and sigma are fixed at the first origin; later origins
only move the level.

Sources: Assimakopoulos, Nikolopoulos (2000), "The theta model", Int. J. Forecasting 16; Hyndman, Billah (2003),
"Unmasking the Theta method", Int. J. Forecasting 19 (the formula above, and the variance sigma^2 (1 + (h - 1)
alpha^2)).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recurra.evaluation.forecast.deseason import is_seasonal, seasonal_indices
from recurra.evaluation.forecast.ets import LEAST_POINTS, Smoother, fit_smoother, points_used
from recurra.evaluation.forecast.naive import Drift, fit_drift
from recurra.evaluation.forecast.predictive import Predictive, fill_gaps

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Theta:
    """Estimated: the smoother of the deseasonalised series, its regression slope and the seasonal indices [m]."""

    smoother: Smoother
    slope: float
    indices: Floats
    multiplicative: bool
    sigma: float

    def forecast(self, history: Floats, steps: int) -> Predictive:
        """Follow the history [n] with fixed parameters, then look `steps` ahead."""
        y = fill_gaps(history[self.smoother.start :])
        rest = remove_indices(y, self.indices, self.multiplicative)
        alpha = float(self.smoother.params[0])
        h = np.arange(1, steps + 1)
        level = replace(self.smoother, start=0).forecast(rest, 1).mean[0]
        mean = level + self.slope / 2.0 * (h - 1 + _reach(alpha, len(y)))
        sd = self.sigma * np.sqrt(1.0 + (h - 1) * alpha**2)
        index = self.indices[(len(y) + h - 1) % len(self.indices)]
        return Predictive(mean * index, sd * index) if self.multiplicative else Predictive(mean + index, sd)


@dataclass(frozen=True, eq=False)
class ShortTheta:
    """What stands in for Theta on a history too short to smooth: the drift forecast."""

    drift: Drift

    def forecast(self, history: Floats, steps: int) -> Predictive:
        """The drift forecast, marked as a fallback."""
        return replace(self.drift.forecast(history, steps), fallback=True)


def fit_theta(history: Floats, season: int) -> Theta | ShortTheta:
    """Estimate on the last max(10 seasons, 1000) points of `history` [n] (first and last observed)."""
    start = max(0, len(history) - points_used(season))
    while np.isnan(history[start]):
        start += 1
    y = fill_gaps(history[start:])
    if len(y) < LEAST_POINTS or np.ptp(y) == 0:
        return ShortTheta(fit_drift(history))
    indices, multiplicative = _indices(y, season)
    rest = remove_indices(y, indices, multiplicative)
    smoother = fit_smoother(rest, 1, start=start)
    slope = float(np.polyfit(np.arange(len(rest)), rest, 1)[0])
    error = rest - one_step(rest, smoother, slope)
    sigma = float(np.sqrt((error**2).sum() / max(len(rest) - 2, 1)))
    return Theta(smoother, slope, indices, multiplicative, sigma)


def remove_indices(y: Floats, indices: Floats, multiplicative: bool) -> Floats:
    """The series [n] without its season [m], row 0 being of phase 0."""
    pattern = np.resize(indices, len(y))
    return y / pattern if multiplicative else y - pattern


def one_step(y: Floats, smoother: Smoother, slope: float) -> Floats:
    """Theta's forecast of each row [n] from the rows before it."""
    alpha = float(smoother.params[0])
    return smoother.fitted(y) + slope / 2.0 * _reach(alpha, np.arange(len(y)))


def _reach(alpha: float, known: int | npt.NDArray[np.int64]) -> Floats:
    return (1.0 - (1.0 - alpha) ** np.asarray(known, dtype=np.float64)) / alpha


def _indices(y: Floats, season: int) -> tuple[Floats, bool]:
    if not is_seasonal(y, season):
        return np.zeros(1), False
    if y.min() > 0:
        factors = seasonal_indices(y, season, multiplicative=True)
        if factors.min() > 0.01:
            return factors, True
    return seasonal_indices(y, season), False
