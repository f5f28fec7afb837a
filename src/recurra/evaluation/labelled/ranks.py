"""Scores of order: the area under the ROC curve and rank correlation, and what each example adds to them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from recurra.evaluation.shared.bootstrap import Score, linear

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]


def auc(positive: Bools, score: Floats) -> tuple[float, Floats]:
    """P(score of a positive > score of a negative), ties half, and each example's influence [N] on it.

    An example's placement is the share of the other kind that it is on the right side of; their mean is the area, and
    the influence of an example is its placement less that, times N / number of its kind. NaN where a kind is absent.

    >>> area, _ = auc(np.array([True, True, False, False]), np.array([0.9, 0.4, 0.6, 0.1]))
    >>> area
    0.75
    """
    n = len(positive)
    n1 = int(positive.sum())
    n0 = n - n1
    if not n1 or not n0:
        return float("nan"), np.full(n, np.nan)
    ranks = rankdata(score)
    within = np.empty(n)
    within[positive], within[~positive] = rankdata(score[positive]), rankdata(score[~positive])
    others_below = ranks - within
    placement = np.where(positive, others_below / n0, 1.0 - others_below / n1)
    area = float(placement[positive].mean())
    return area, (placement - area) * n / np.where(positive, n1, n0)


def macro_auc(truth: Floats, score: Floats) -> Score:
    """The mean area over the columns [N, K] in which both kinds occur; truth 1, 0, NaN where missing."""
    areas, influence = [], np.zeros(len(truth))
    for column, values in zip(truth.T, score.T, strict=True):
        known = np.flatnonzero(~np.isnan(column))
        area, each = auc(column[known] == 1, values[known])
        if not np.isnan(area):
            areas.append(area)
            influence[known] += each * len(truth) / len(known)
    if not areas:
        return linear(float("nan"), influence, 0.0, 1.0)
    return linear(float(np.mean(areas)), influence / len(areas), 0.0, 1.0)


def spearman(x: Floats, y: Floats) -> Score:
    """Spearman's rank correlation of x and y [N]; NaN where either is constant.

    With F and G the ranks as shares, the influence of (x, y) is 12 (F(x) G(y) + E[G(Y); X > x] + E[F(X); Y > y]) less
    its mean, ties half, divided by what ties leave of the variance (Croux, Dehon 2010, "Influence functions of the
    Spearman and Kendall correlation measures").
    """
    n = len(x)
    f, g = (rankdata(x) - 0.5) / max(n, 1), (rankdata(y) - 0.5) / max(n, 1)
    spread = float(f.std() * g.std()) if n else 0.0
    if spread == 0:
        return linear(float("nan"), np.zeros(n), -1.0, 1.0)
    value = float(((f - 0.5) * (g - 0.5)).mean() / spread)
    pull = f * g + _mean_above(x, g) + _mean_above(y, f)
    return linear(value, (pull - pull.mean()) / spread, -1.0, 1.0)


def _mean_above(x: Floats, weight: Floats) -> Floats:
    """The sum of the weights [N] of what is above each x [N], ties half, over N."""
    _, group = np.unique(x, return_inverse=True)
    totals = np.bincount(group, weights=weight)
    above = totals.sum() - np.cumsum(totals)
    return (above + totals / 2)[group] / len(x)
