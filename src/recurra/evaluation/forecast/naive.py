"""The forecasts that need no fitting: naive, seasonal naive (with and without drift), drift; they never fill gaps.

Source: Hyndman, Athanasopoulos, "Forecasting: Principles and Practice" (3rd ed.), 5.2 (methods) and 5.5 (standard
deviations). Between observed values g rows apart a random walk gathers g times the variance of one step, so that every
pair of neighbours counts, whatever gap lies between.

Each function takes a history [n], whose first and last values are observed and NaN marks gaps, and looks `steps` ahead.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.evaluation.forecast.predictive import Normal

Floats = npt.NDArray[np.floating]


def naive(history: Floats, steps: int) -> Normal:
    """y_(T+h) = y_T, with standard deviation sigma sqrt(h)."""
    change, gap = _changes(history)
    h = np.arange(1, steps + 1)
    return Normal(np.full(steps, history[-1]), _root_mean(change**2 / gap) * np.sqrt(h))


def seasonal_naive(history: Floats, steps: int, season: int) -> Normal:
    """y_(T+h) = the last observed value of the same phase, k seasons before, with standard deviation sigma sqrt(k).

    Sigma is that of the changes over one season, of the naive forecast where no two values lie one season apart. A
    phase that was never observed falls back to the naive forecast.
    """
    simple = naive(history, steps)
    rows = np.flatnonzero(~np.isnan(history))
    latest = np.full(season, -1)
    np.maximum.at(latest, rows % season, rows)
    ahead = len(history) + np.arange(steps)
    source = latest[ahead % season]
    found = source >= 0
    seasons = np.where(found, (ahead - source) // season, 1)
    change = history[season:] - history[:-season] if len(history) > season else np.empty(0)
    change = change[~np.isnan(change)]
    sigma = _root_mean(change**2) if len(change) else float(simple.sd[0])
    mean = np.where(found, history[source], simple.mean)
    return Normal(mean, np.where(found, sigma * np.sqrt(seasons), simple.sd), fallback=not found.all())


def seasonal_naive_with_drift(history: Floats, steps: int, season: int) -> Normal:
    """The seasonal naive forecast, moved by the change of level from the season before the last to the last.

    The spread is the seasonal naive's. Without two seasons of data it is the seasonal naive forecast.
    """
    plain = seasonal_naive(history, steps, season)
    now, before = history[-season:], history[-2 * season : -season]
    both = ~np.isnan(now) & ~np.isnan(before) if len(before) == season else np.zeros(0, dtype=bool)
    if not both.any():
        return Normal(plain.mean, plain.sd, fallback=True)
    growth = float((now[both] - before[both]).mean())
    return Normal(plain.mean + growth * (np.arange(steps) // season + 1), plain.sd, plain.fallback)


def drift(history: Floats, steps: int) -> Normal:
    """y_(T+h) = y_T + h (y_T - y_1) / (T - 1), with standard deviation sigma sqrt(h (1 + h / (T - 1))).

    Sigma has one degree of freedom less for the slope.
    """
    change, gap = _changes(history)
    h = np.arange(1, steps + 1)
    span = max(len(history) - 1, 1)
    slope = (history[-1] - history[0]) / span
    if len(change) < 2:
        sigma = _root_mean(change**2 / gap)
    else:
        residual = change - change.sum() / gap.sum() * gap
        sigma = float(np.sqrt((residual**2 / gap).sum() / (len(change) - 1)))
    return Normal(history[-1] + h * slope, sigma * np.sqrt(h * (1.0 + h / span)))


def _changes(history: Floats) -> tuple[Floats, Floats]:
    """The changes between neighbouring observed values, and the rows between them."""
    rows = np.flatnonzero(~np.isnan(history))
    return np.diff(history[rows]), np.diff(rows).astype(np.float64)


def _root_mean(squares: Floats) -> float:
    return float(np.sqrt(squares.mean())) if len(squares) else 0.0
