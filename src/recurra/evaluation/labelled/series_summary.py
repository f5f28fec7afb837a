"""Baselines for numeric series: what each channel does over time, in eight numbers, and a linear model of them.

Mean, standard deviation, minimum, maximum, first, last, slope per step (least squares), mean absolute change from one
step to the next, of the values that are there; and one number for all channels, the logarithm of 1 + the length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.checking import check_standardising, require
from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.evaluation.labelled.logistic import fit_sigmoid, fit_softmax, label_weights
from recurra.evaluation.labelled.ridge import fit_ridge
from recurra.language import _

Floats = npt.NDArray[np.floating]

STATISTICS = ("mean", "standard deviation", "minimum", "maximum", "first", "last", "slope", "mean change")


@dataclass(frozen=True, eq=False)
class SummaryModel:
    """outputs = standardised summaries @ `coefficients` [D, K] + `intercepts` [K]; `mean` and `scale` are [D]."""

    mean: Floats
    scale: Floats
    coefficients: Floats
    intercepts: Floats

    def check(self) -> None:
        """Refuse coefficients of other features than it has means of."""
        check_standardising(self.mean, self.scale)
        shape = (len(self.mean), *self.intercepts.shape)
        require(self.coefficients.shape == shape, "the coefficients are of other features")

    def outputs(self, series: Ragged) -> Floats:
        """Logits or values [N, K] of series [N_total, F]."""
        features = summarise(series)
        if features.shape[1] != len(self.mean):
            raise InputError(
                _(
                    "series makes {shape} features, the model was fitted on {n_mean}: give the same channels",
                    shape=features.shape[1],
                    n_mean=len(self.mean),
                )
            )
        return standardised(features, self.mean, self.scale) @ self.coefficients + self.intercepts


def fit_summary_classifier(
    series: Ragged, labels: npt.ArrayLike, classes: int, *, class_weights: npt.ArrayLike | None = None
) -> SummaryModel:
    """Logistic regression for `labels` [N], 0 .. K-1, -1 where missing."""
    labels = np.asarray(labels)
    weights = None if class_weights is None else np.asarray(class_weights, dtype=np.float64)

    def solve(x: Floats) -> tuple[Floats, Floats]:
        known = labels >= 0
        each = None if weights is None else weights[labels[known]]
        return fit_softmax(x[known], labels[known], classes, weights=each)

    return _fit(series, solve)


def fit_summary_labels(
    series: Ragged, labels: npt.ArrayLike, *, class_weights: npt.ArrayLike | None = None
) -> SummaryModel:
    """Logistic regression for K labels that hold or not, `labels` [N, K] of 1 and 0, NaN or -1 where missing."""
    truth = np.asarray(labels, dtype=np.float64)

    def solve(x: Floats) -> tuple[Floats, Floats]:
        w, b = np.zeros((x.shape[1], truth.shape[1])), np.zeros(truth.shape[1])
        for k, column in enumerate(truth.T):
            if (known := column >= 0).any():
                y = column[known].astype(np.int64)
                weights = label_weights(y, None if class_weights is None else float(np.asarray(class_weights)[k]))
                w[:, k], b[k] = fit_sigmoid(x[known], y, weights=weights)
        return w, b

    return _fit(series, solve)


def fit_summary_ridge(series: Ragged, values: npt.ArrayLike) -> SummaryModel:
    """Ridge regression for `values` [N, K], NaN where missing."""
    return _fit(series, lambda x: fit_ridge(x, values))


def summarise(series: Ragged) -> Floats:
    """The summaries [N, 8 F + 1] of series [N_total, F], by channel; NaN where a channel has no value to tell from.

    >>> rising = Ragged.of([[[0.0], [1.0], [2.0], [3.0]]])
    >>> dict(zip(STATISTICS, summarise(rising)[0].round(2).tolist()))["slope"]
    1.0
    """
    if series.values.ndim != 2:
        raise InputError(
            _("series has values of shape {shape}: [steps, channels] is expected", shape=series.values.shape)
        )
    lengths = series.lengths
    filled = np.flatnonzero(lengths)
    channels = series.values.shape[1]
    table = np.full((len(series), len(STATISTICS) * channels + 1), np.nan)
    table[:, -1] = np.log1p(lengths)
    if len(filled):
        numbers = np.repeat(np.arange(len(filled)), lengths[filled])
        for channel in range(channels):
            values = np.asarray(series.values[:, channel], dtype=np.float64)
            columns = slice(channel * len(STATISTICS), (channel + 1) * len(STATISTICS))
            table[filled, columns] = _statistics(values, series.offsets[:-1][filled], numbers)
    return table


def _statistics(x: Floats, starts: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]) -> Floats:
    """The eight statistics [M, 8] of one channel [N_total]; `starts` [M], and the number of each step's sequence."""
    known = np.isfinite(x)
    x = np.where(known, x, 0.0)
    steps = np.arange(len(x))

    def sums(values: npt.NDArray) -> Floats:
        return np.add.reduceat(values.astype(np.float64), starts)

    def ratio(above: Floats, below: Floats) -> Floats:
        return np.divide(above, below, out=np.full(len(starts), np.nan), where=below > 0)

    count = sums(known)
    mean = ratio(sums(x), count)
    away = np.where(known, x - mean[numbers], 0.0)
    time = np.where(known, steps - ratio(sums(steps * known), count)[numbers], 0.0)
    first = np.minimum.reduceat(np.where(known, steps, len(x)), starts)
    last = np.maximum.reduceat(np.where(known, steps, -1), starts)
    pair = np.append(known[1:] & known[:-1] & (numbers[1:] == numbers[:-1]), False)
    change = np.where(pair, np.abs(np.append(x[1:], 0.0) - x), 0.0)
    extremes = (
        np.minimum.reduceat(np.where(known, x, np.inf), starts),
        np.maximum.reduceat(np.where(known, x, -np.inf), starts),
        x[np.minimum(first, len(x) - 1)],
        x[last],
    )
    none = count == 0
    return np.stack(
        [
            mean,
            np.sqrt(ratio(sums(away**2), count)),
            *(np.where(none, np.nan, values) for values in extremes),
            ratio(sums(time * away), sums(time**2)),
            ratio(sums(change), sums(pair)),
        ],
        axis=1,
    )


def spread_of(features: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation [D] of features [N, D] where they are known; 1 for one that never changes."""
    known = np.isfinite(features)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, features, 0.0).sum(axis=0) / count
    scale = np.sqrt((np.where(known, features - mean, 0.0) ** 2).sum(axis=0) / count)
    return mean, np.where(scale > 1e-9 * np.abs(mean), scale, 1.0)


def standardised(features: Floats, mean: Floats, scale: Floats) -> Floats:
    """Features [N, D] around 0, which also stands for a missing one."""
    return np.where(np.isfinite(features), (features - mean) / scale, 0.0)


def _fit(series: Ragged, solve: Callable[[Floats], tuple[Floats, Floats]]) -> SummaryModel:
    features = summarise(series)
    mean, scale = spread_of(features)
    return SummaryModel(mean, scale, *solve(standardised(features, mean, scale)))
