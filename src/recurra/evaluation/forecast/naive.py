"""The three forecasts that need no fitting: naive, seasonal naive, drift; they see gaps and never fill them.

Source: Hyndman, Athanasopoulos, "Forecasting: Principles and Practice" (3rd ed.), 5.2 (methods) and 5.5 (standard
deviations). Between observed values g rows apart a random walk gathers g times the variance of one step, so that every
pair of neighbours counts, whatever gap lies between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.evaluation.forecast.predictive import Predictive

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Naive:
    """y_(T+h) = y_T, with standard deviation sigma sqrt(h)."""

    sigma: float

    def forecast(self, history: Floats, steps: int) -> Predictive:
        """Repeat the last observed value [n] -> [steps]."""
        h = np.arange(1, steps + 1)
        return Predictive(np.full(steps, history[-1]), self.sigma * np.sqrt(h))


@dataclass(frozen=True)
class SeasonalNaive:
    """y_(T+h) = the last observed value of the same phase, k seasons before, with standard deviation sigma sqrt(k).

    A phase that was never observed falls back to the naive forecast.
    """

    season: int
    sigma: float
    naive: Naive

    def forecast(self, history: Floats, steps: int) -> Predictive:
        """Repeat the last observed season [n] -> [steps]."""
        rows = np.flatnonzero(~np.isnan(history))
        latest = np.full(self.season, -1)
        np.maximum.at(latest, rows % self.season, rows)
        ahead = len(history) + np.arange(steps)
        source = latest[ahead % self.season]
        found = source >= 0
        simple = self.naive.forecast(history, steps)
        seasons = np.where(found, (ahead - source) // self.season, 1)
        mean = np.where(found, history[source], simple.mean)
        sd = np.where(found, self.sigma * np.sqrt(seasons), simple.sd)
        return Predictive(mean, sd, fallback=not found.all())


@dataclass(frozen=True)
class Drift:
    """y_(T+h) = y_T + h (y_T - y_1) / (T - 1), with standard deviation sigma sqrt(h (1 + h / (T - 1)))."""

    sigma: float

    def forecast(self, history: Floats, steps: int) -> Predictive:
        """Prolong the line from the first to the last observed value [n] -> [steps]."""
        h = np.arange(1, steps + 1)
        span = max(len(history) - 1, 1)
        slope = (history[-1] - history[0]) / span
        return Predictive(history[-1] + h * slope, self.sigma * np.sqrt(h * (1.0 + h / span)))


def fit_naive(history: Floats) -> Naive:
    """Sigma from the steps between neighbouring observed values of `history` [n]; 0 where there is no pair."""
    change, gap = _changes(history)
    return Naive(_root_mean(change**2 / gap))


def fit_seasonal_naive(history: Floats, season: int) -> SeasonalNaive:
    """Sigma from the changes over one season; from the naive forecast where no two values lie one season apart."""
    naive = fit_naive(history)
    change = history[season:] - history[:-season] if len(history) > season else np.empty(0)
    change = change[~np.isnan(change)]
    return SeasonalNaive(season, _root_mean(change**2) if len(change) else naive.sigma, naive)


def fit_drift(history: Floats) -> Drift:
    """Sigma from the changes around the average one, with one degree of freedom for the slope."""
    change, gap = _changes(history)
    if len(change) < 2:
        return Drift(_root_mean(change**2 / gap))
    slope = change.sum() / gap.sum()
    residual = change - slope * gap
    return Drift(float(np.sqrt((residual**2 / gap).sum() / (len(change) - 1))))


def _changes(history: Floats) -> tuple[Floats, Floats]:
    """The changes between neighbouring observed values, and the rows between them."""
    rows = np.flatnonzero(~np.isnan(history))
    return np.diff(history[rows]), np.diff(rows).astype(np.float64)


def _root_mean(squares: Floats) -> float:
    return float(np.sqrt(squares.mean())) if len(squares) else 0.0
