"""Intervals that hold what they promise: quantiles stretched until they cover held-out truths.

Split conformal prediction with the network's own half-widths as the measure of difficulty, as in Romano, Patterson
and Candes (2019), "Conformalized quantile regression"; each pair of quantiles gets one stretch for all steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.floating]

WIDER = 1.05  # an interval is wider than the next inner one by so much at least


def fit_stretch(quantiles: Floats, truth: Floats, levels: Sequence[float], independent: float | None = None) -> Floats:
    """The factor [Q // 2] by which each pair of quantiles must move away from the median, outermost pair first.

    Shapes: `quantiles` [n, H, Q] at the symmetric, increasing `levels` [Q]; `truth` [n, H], NaN where unknown. The
    score of a value is its distance from the median in half-widths of its side; the factor of a pair that is to
    cover a share p is the (1 + 1/m) p quantile of the scores, where m is `independent`, how many forecasts the n are
    worth when their truths overlap (None: all truths). Without any truth every factor is 1.
    """
    middle = len(levels) // 2
    known = np.isfinite(truth)
    q, y = quantiles[known], truth[known]
    if not len(y):
        return np.ones(middle)
    stretch = np.empty(middle)
    for j in range(middle):
        median, low, high = q[:, middle], q[:, j], q[:, -1 - j]
        width = np.where(y < median, median - low, high - median)
        score = np.abs(y - median) / np.maximum(width, np.finfo(np.float32).tiny)
        share = min(1.0, (levels[-1 - j] - levels[j]) * (1 + 1 / (independent or len(y))))
        stretch[j] = np.quantile(score, share)
    return stretch


def stretched(quantiles: Floats, stretch: Floats) -> Floats:
    """Quantiles [..., Q] with each pair moved away from the median by its factor [..., Q // 2]; the order is kept.

    A pair is farther from the median than the next inner one by a twentieth at least: where a few forecasts say of both
    that they must hold all of them, the outer one is still the wider.
    """
    middle = quantiles.shape[-1] // 2
    median = quantiles[..., middle : middle + 1]
    stretch = np.asarray(stretch)
    factors = np.concatenate([stretch, np.ones_like(stretch[..., :1]), stretch[..., ::-1]], axis=-1)
    moved = median + (quantiles - median) * factors
    above = _widening(moved[..., middle + 1 :] - median)
    below = _widening(median - moved[..., :middle][..., ::-1])
    return np.concatenate([(median - below)[..., ::-1], median, median + above], axis=-1)


def _widening(distances: Floats) -> Floats:
    """Distances from the median [..., Q // 2], the inner ones first, each at least `WIDER` times the one before."""
    powers = WIDER ** np.arange(distances.shape[-1])
    return np.maximum.accumulate(np.maximum(distances, 0.0) / powers, axis=-1) * powers


def at_levels(quantiles: Floats, levels: Sequence[float], wanted: Sequence[float]) -> Floats:
    """Quantiles [..., Q] known at `levels` read off at the probabilities `wanted` -> [..., len(wanted)].

    Straight lines between neighbours on the scale of the normal distribution, and beyond the outermost ones.
    """
    known, at = ndtri(np.asarray(levels)), ndtri(np.asarray(wanted))
    right = np.clip(np.searchsorted(known, at), 1, len(known) - 1)
    left = right - 1
    share = (at - known[left]) / (known[right] - known[left])
    # In this form equal neighbours give themselves, and the order survives rounding.
    return quantiles[..., left] + (quantiles[..., right] - quantiles[..., left]) * share
