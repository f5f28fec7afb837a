"""Measures of a forecast against the truth: point errors, scaled errors, quantile scores, intervals.

Every function takes arrays that broadcast against each other, works along the last axis, and leaves out places where
the truth (or the forecast) is NaN; a mean over no place is NaN. `y` and point forecasts are in the unit of the
target.

Sources: Makridakis, Spiliotis, Assimakopoulos (2020), "The M4 Competition", Int. J. Forecasting 36 (sMAPE, MASE);
Hyndman, Koehler (2006), "Another look at measures of forecast accuracy" (MASE); Gneiting, Raftery (2007), "Strictly
proper scoring rules" (pinball loss, CRPS).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.evaluation.shared.means import mean_of_known
from recurra.language import _

Floats = npt.NDArray[np.floating]
Array = npt.ArrayLike


def absolute_error(y: Array, forecast: Array) -> Floats:
    """|y - f|, place by place, in the unit of the target; NaN where either is missing."""
    return np.abs(np.asarray(y, dtype=np.float64) - np.asarray(forecast, dtype=np.float64))


def mae(y: Array, forecast: Array) -> Floats:
    """Mean absolute error along the last axis, in the unit of the target.

    >>> float(mae([1.0, 2.0, float("nan")], [2.0, 4.0, 9.0]))
    1.5
    """
    return mean_of_known(absolute_error(y, forecast))


def rmse(y: Array, forecast: Array) -> Floats:
    """Root of the mean squared error along the last axis, in the unit of the target.

    >>> float(rmse([0.0, 0.0], [3.0, 3.0]))
    3.0
    """
    error = absolute_error(y, forecast)
    largest = np.max(error, axis=-1, initial=0.0, where=~np.isnan(error), keepdims=True)
    unit = np.where(largest > 0, largest, 1.0)  # squares of huge errors would overflow, of tiny ones vanish
    return np.sqrt(mean_of_known((error / unit) ** 2)) * unit[..., 0]


def symmetric_error(y: Array, forecast: Array) -> Floats:
    """200 |y - f| / (|y| + |f|), place by place, in percent (0 to 200); 0 where both are zero."""
    y, forecast = np.asarray(y, dtype=np.float64), np.asarray(forecast, dtype=np.float64)
    size = np.abs(y) + np.abs(forecast)
    error = np.abs(y - forecast)
    return np.divide(200.0 * error, size, out=error * 0.0, where=size > 0)


def smape(y: Array, forecast: Array) -> Floats:
    """Symmetric mean absolute percentage error as in M4, in percent (0 to 200), along the last axis.

    mean of 200 |y - f| / (|y| + |f|); over many series, M4 takes the mean of the series' values.

    >>> float(smape([100.0], [50.0]))
    66.66666666666667
    """
    return mean_of_known(symmetric_error(y, forecast))


def naive_scale(history: Array, season: int = 1) -> float:
    """Mean absolute error of the in-sample (seasonal) naive forecast: mean of |y_t - y_(t-season)| over a history [n].

    Pairs with a missing end are left out. A history that holds no such pair of a whole season falls back to season 1;
    where that has none either, or nothing ever changes, the result is NaN: a scaled error of that series is
    undefined.

    >>> naive_scale([1.0, 2.0, 4.0])
    1.5
    """
    if season < 1:
        raise InputError(_("season={season} must be at least 1; use 1 for a series without a season", season=season))
    history = np.asarray(history, dtype=np.float64)
    for lag in (season, 1):
        if len(history) > lag:
            value = float(mean_of_known(np.abs(history[lag:] - history[:-lag])))
            if not np.isnan(value):
                return value if value > 0 else float("nan")
    return float("nan")


def mase(y: Array, forecast: Array, scale: Array) -> Floats:
    """Mean absolute scaled error [..., h] -> [...]: mean absolute error over `scale` [...] (`naive_scale`); no unit.

    Over many series, M4 takes the mean of the series' values.

    >>> float(mase([3.0, 5.0], [2.0, 2.0], scale=4.0))
    0.5
    """
    return mae(y, forecast) / np.asarray(scale, dtype=np.float64)


def pinball(y: Array, quantiles: Array, levels: Sequence[float]) -> Floats:
    """Quantile (pinball) loss, place by place [..., Q], of quantiles [..., Q] at `levels` [Q], for a truth [...].

    max(tau (y - q), (tau - 1) (y - q)), in the unit of the target.

    >>> pinball(10.0, [8.0, 12.0], levels=(0.1, 0.9)).tolist()
    [0.2, 0.19999999999999996]
    """
    tau = _checked_levels(levels)
    gap = np.asarray(y, dtype=np.float64)[..., None] - np.asarray(quantiles, dtype=np.float64)
    return np.maximum(tau * gap, (tau - 1.0) * gap)


def level_weights(levels: Sequence[float]) -> Floats:
    """The share of the probabilities 0..1 that each level stands for [Q], summing to one: those nearest to it.

    For an even grid of midpoints (0.05, 0.15, ..., 0.95) the shares are equal.

    >>> level_weights((0.1, 0.5, 0.9)).tolist()
    [0.3, 0.39999999999999997, 0.30000000000000004]
    """
    tau = _checked_levels(levels)
    edges = np.concatenate([[0.0], (tau[1:] + tau[:-1]) / 2, [1.0]])
    return np.diff(edges)


def crps(y: Array, quantiles: Array, levels: Sequence[float]) -> Floats:
    """Continuous ranked probability score of quantiles [..., Q], place by place [...], in the target's unit.

    CRPS is twice the integral of the pinball loss over all levels. The integral is taken by the midpoint rule: each
    level counts with the share of probabilities nearest to it (`level_weights`), so that uneven levels do not distort
    it. From the median alone it is the absolute error.

    >>> float(crps(3.0, [1.0], levels=(0.5,)))
    2.0
    """
    return 2.0 * (pinball(y, quantiles, levels) * level_weights(levels)).sum(axis=-1)


def covered(y: Array, lower: Array, upper: Array) -> Floats:
    """1 where lower <= y <= upper, 0 where not, NaN where any is missing."""
    y, lower, upper = (np.asarray(a, dtype=np.float64) for a in (y, lower, upper))
    known = ~(np.isnan(y) | np.isnan(lower) | np.isnan(upper))
    return np.where(known, ((y >= lower) & (y <= upper)).astype(np.float64), np.nan)


def coverage(y: Array, lower: Array, upper: Array) -> Floats:
    """The share (0 to 1) of truths inside their interval, ends included, along the last axis.

    >>> float(coverage([1.0, 5.0], [0.0, 0.0], [2.0, 2.0]))
    0.5
    """
    return mean_of_known(covered(y, lower, upper))


def interval_width(lower: Array, upper: Array) -> Floats:
    """Mean width of an interval along the last axis, in the unit of the target.

    >>> float(interval_width([0.0, 1.0], [2.0, 2.0]))
    1.5
    """
    return mean_of_known(np.asarray(upper, dtype=np.float64) - np.asarray(lower, dtype=np.float64))


def _checked_levels(levels: Sequence[float]) -> Floats:
    tau = np.asarray(levels, dtype=np.float64)
    if tau.ndim != 1 or not len(tau) or not np.all((tau > 0) & (tau < 1)) or np.any(np.diff(tau) <= 0):
        raise InputError(
            _(
                "levels={levels} must be increasing probabilities between 0 and 1, like (0.1, 0.5, 0.9)",
                levels=list(levels),
            )
        )
    return tau
