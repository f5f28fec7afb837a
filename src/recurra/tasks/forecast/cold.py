"""Cold start: a series without any history is forecast as its likes are, those of similar static columns.

Its distribution is the mixture of the forecasts of the nearest series at the same times, so that it is as wide as the
likes differ. How many they are, and how much each column counts, is chosen on series that were held out whole: each is
forecast from the others alone. On the same forecasts the quantiles are stretched until they hold what they promise.

    distance(a, b) = sum_j w_j d_j(a, b);  w_j = R2 of the level by the nearest in column j alone, the series left out

Columns may tell only together what none tells alone (the size, of shops of one town): all of them alike, and numbers
among those of one equal category, are tried too, and taken where the nearest tell more of the level so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.checking import require, require_floats, require_sizes
from recurra.data.panel.panel import Ints, Panel
from recurra.evaluation.forecast.conformal import fit_stretch, stretched
from recurra.evaluation.forecast.metrics import level_weights, mean_of_known
from recurra.nn.quantiles import MEDIAN, QUANTILES
from recurra.tasks.forecast.frames import truth_after

Floats = npt.NDArray[np.floating]

LEAST_SERIES = 5
_NEAREST = (3, 5, 10, 20, 50)
_TOGETHER = 0.05  # of the level's variance that other weights have to tell more
_FIRST = 100.0  # of a category that has to be equal, against numbers in standard deviations
_ALONE = 3  # nearest ones by which a column is evaluated
_MOST_LIKES, _MOST_SERIES, _MOST_TESTED, _MOMENTS = 100, 400, 80, 2  # that are enough
_LEAST_SHARE = 0.02  # of the level's variance, for a column to count


@dataclass(frozen=True, eq=False)
class ColdStart:
    """How many `nearest` series make the forecast, `weights` [A + E] of the static columns, numbers first.

    `stretch` [Q // 2] moves the quantiles of the mixture; it was measured on `series` held out whole, whose mean
    absolute error was `error` of their mean size.
    """

    nearest: int
    weights: Floats
    stretch: Floats
    series: int
    error: float

    def check(self) -> None:
        """Refuse parts out of a file that do not belong together."""
        require_sizes(self, "nearest", "series")
        require(self.weights.ndim == 1 and bool((self.weights >= 0).all()), "weights of columns are negative")
        require_floats("stretch", self.stretch, (len(QUANTILES) // 2,))

    def likes(self, distances: Floats) -> Ints:
        """Which of the series at these distances [S] are the likes."""
        return _nearest(distances, self.nearest)

    def quantiles(self, likes: Floats) -> Floats:
        """Of the quantiles of the likes [K, H, Q], NaN where unknown -> [H, Q]."""
        return stretched(_mixture(likes), self.stretch)


def fit_cold(panel: Panel, series: Ints, origins: Ints, quantiles: Floats) -> ColdStart | None:
    """What held-out forecasts say, quantiles [n, H, Q] at pairs of `series` and `origins` [n]; None: too few series."""
    horizon = quantiles.shape[1]
    if len(panel) > _MOST_SERIES:
        ends = np.zeros(len(panel), dtype=np.int64)
        ends[_evenly(np.arange(len(panel)), _MOST_SERIES)] = 1
        kept = ends[series] > 0
        part = panel.cut(ends * panel.lengths)
        place = np.cumsum(ends) - 1
        return fit_cold(part, place[series[kept]], origins[kept], quantiles[kept])
    truth = truth_after(panel, series, origins, horizon).reshape(-1, horizon)
    moments = (panel.start[series] + origins).astype(np.int64)
    groups = [np.flatnonzero(moments == moment) for moment in np.unique(moments)]
    groups = [rows for rows in groups if len(rows) >= LEAST_SERIES]
    if not groups:
        return None
    groups = [groups[k] for k in _evenly(np.arange(len(groups)), _MOMENTS)]
    tested = [_evenly(rows, _MOST_TESTED) for rows in groups]
    levels = _levels(panel)
    features = _features(panel)
    weights = _weights(features, levels)
    distances = between(features, features, weights)
    every = np.concatenate(tested)
    most = min(len(panel) - 1, _MOST_LIKES)
    numbers = [*sorted({min(k, most) for k in (*_NEAREST, most)}), 1] if weights.any() else [most]
    best, chosen, found = np.inf, numbers[-1], np.empty(0)
    size = max(float(np.abs(truth[every])[np.isfinite(truth[every])].mean()), 1e-300)
    for k in numbers:
        parts = zip(tested, groups, strict=True)
        tried = np.concatenate([_left_out(series, quantiles, rows, group, distances, k) for rows, group in parts])
        error = np.abs(tried[..., MEDIAN] - truth[every]) / size
        loss = float(mean_of_known(error.ravel()))
        if loss < 0.99 * best or not len(found):
            best, chosen, found = loss, k, tried
    held_out = len(np.unique(series[every]))
    return ColdStart(chosen, weights, fit_stretch(found, truth[every], QUANTILES, held_out), held_out, best)


def distances_of(panel: Panel, static: Floats, codes: Ints, weights: Floats) -> Floats:
    """From series with these static numbers [n, A] and codes [n, E] to those of a panel -> [n, S]."""
    others = [*np.asarray(static, dtype=np.float64).T, *codes.T]
    return between(_features(panel, others), _features(panel), weights)


def between(a: Sequence[Floats], b: Sequence[Floats], weights: Floats) -> Floats:
    """The weighted distance of each of a to each of b [n, S]; what is missing is as far as the farthest."""
    if not len(weights):
        return np.zeros((0, 0))
    total = np.zeros((len(a[0]), len(b[0])))
    for ours, theirs, weight in zip(a, b, weights, strict=True):
        if weight > 0:
            total += weight * _apart(ours, theirs)
    return total


def aligned(quantiles: Floats, ends: Ints, end: int) -> Floats:
    """Forecasts [S, H, Q] from `ends` [S] as forecasts from `end`, NaN beyond the last step of each."""
    found = np.full_like(quantiles, np.nan)
    horizon = quantiles.shape[1]
    for s, late in enumerate(end - ends):
        if 0 <= late < horizon:
            found[s, : horizon - late] = quantiles[s, late:]
    return found


def _left_out(series: Ints, quantiles: Floats, rows: Ints, group: Ints, distances: Floats, k: int) -> Floats:
    """For the pairs `rows` [n] the mixture of the forecasts of the others of their `group` [n, H, Q]."""
    found = np.empty((len(rows), *quantiles.shape[1:]))
    for i, row in enumerate(rows):
        others = group[series[group] != series[row]]
        away = distances[series[row], series[others]] if len(distances) else np.zeros(len(others))
        found[i] = _mixture(quantiles[others[_nearest(away, k)]])
    return found


def _evenly(values: Ints, most: int) -> Ints:
    return values[np.unique(np.linspace(0, len(values) - 1, min(len(values), most)).astype(np.int64))]


def _nearest(distances: Floats, k: int) -> Ints:
    """The k nearest, and those that are as near as the last of them; a hundred at most."""
    if len(distances) <= k:
        return np.arange(len(distances))
    return _evenly(np.flatnonzero(distances <= np.partition(distances, k - 1)[k - 1] + 1e-12), _MOST_LIKES)


def _mixture(likes: Floats) -> Floats:
    """Quantiles [H, Q] of the mixture, alike, of distributions with quantiles [K, H, Q]."""
    values = np.moveaxis(likes, 1, 0).reshape(likes.shape[1], -1)  # [H, K * Q]
    share = np.broadcast_to(np.tile(level_weights(QUANTILES), len(likes)), values.shape)
    share = np.where(np.isfinite(values), share, 0.0)
    order = np.argsort(np.where(np.isfinite(values), values, np.inf), axis=1)
    values, share = np.take_along_axis(values, order, 1), np.take_along_axis(share, order, 1)
    total = share.sum(axis=1, keepdims=True)
    passed = (np.cumsum(share, axis=1) - share / 2) / np.where(total > 0, total, 1.0)
    known = share > 0
    rows = [
        np.interp(QUANTILES, at[there], v[there]) if there.any() else np.full(len(QUANTILES), np.nan)
        for at, v, there in zip(passed, values, known, strict=True)
    ]
    return np.stack(rows)


def _features(panel: Panel, values: Sequence[npt.NDArray] | None = None) -> list[Floats]:
    """The static columns, numbers in standard deviations of the panel's and codes as they are, as floats [S]."""
    numbers = panel.static.astype(np.float64)
    found = []
    for j in range(numbers.shape[1]):
        column = numbers[:, j] if values is None else values[j]
        spread = float(np.nanstd(numbers[:, j])) if np.isfinite(numbers[:, j]).any() else 0.0
        found.append(np.asarray(column, dtype=np.float64) / (spread if spread > 0 else 1.0))
    for j in range(panel.static_codes.shape[1]):
        column = panel.static_codes[:, j] if values is None else values[numbers.shape[1] + j]
        # complex marks a category: two of them are alike or not
        found.append(np.asarray(column) * 1j)
    return found


def _apart(a: npt.NDArray, b: npt.NDArray) -> Floats:
    if np.iscomplexobj(b):
        return np.where((a[:, None] == b[None]) & (np.imag(a[:, None]) >= 0), 0.0, 1.0)
    away = np.abs(a[:, None] - b[None])
    return np.where(np.isfinite(away), away, np.nanmax(away, initial=1.0))


def _levels(panel: Panel) -> Floats:
    """The mean of the latest values of each series [S]; in logarithms where all are positive."""
    found = np.array([float(mean_of_known(panel.values(s)[-200:].astype(np.float64))) for s in range(len(panel))])
    return np.log(found) if (found[np.isfinite(found)] > 0).all() else found


def _weights(features: Sequence[npt.NDArray], levels: Floats) -> Floats:
    """Of each column: what it tells alone, unless the columns tell clearly more together."""
    alone = np.array([_relevance(_apart(column, column), levels) for column in features])
    if len(features) < 2:
        return alone
    kinds = np.array([np.iscomplexobj(column) for column in features])
    best, chosen = _together(features, alone, levels), alone
    first = [np.where(kinds, _FIRST * (np.arange(len(kinds)) == j), 1.0) for j in np.flatnonzero(kinds)]
    for weights in (np.ones(len(features)), *first):
        told = _together(features, weights, levels)
        if told > best + _TOGETHER:
            best, chosen = told, weights
    return chosen


def _together(features: Sequence[npt.NDArray], weights: Floats, levels: Floats) -> float:
    """What the nearest by all columns tell of the levels, one of them or a few."""
    away = between(features, features, weights)
    return max(_relevance(away, levels, nearest) for nearest in (1, _ALONE))


def _relevance(away: Floats, levels: Floats, nearest: int = _ALONE) -> float:
    """The share of the levels' variance that the nearest by distances [S, S] tell, each series left out; 0 for next to
    none."""
    known = np.isfinite(levels)
    away, levels = away[np.ix_(known, known)], levels[known]
    np.fill_diagonal(away, np.inf)
    told = np.array([levels[_nearest(row, nearest)].mean() for row in away])
    spread = float(((levels - levels.mean()) ** 2).sum())
    share = 1.0 - float(((levels - told) ** 2).sum()) / spread if spread > 0 else 0.0
    return share if share > _LEAST_SHARE else 0.0
