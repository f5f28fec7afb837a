"""How unusual a value is beside what was forecast of it, and from where on that is an anomaly.

z of a value is read off the forecast's quantiles: straight lines between them on the scale of the normal distribution,
and beyond the outermost ones. A value is anomalous where |z| exceeds all but a share `rate` of the |z| of the test
(split conformal prediction: Vovk, Gammerman and Shafer 2005): of unchanged data that share is flagged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.floating]

_FARTHEST = 40.0


def normal_scores(y: Floats, quantiles: Floats, levels: Sequence[float]) -> Floats:
    """z [n] of the truths y [n] under quantiles [n, Q] at `levels` [Q]; NaN where one of them is missing.

    >>> q = np.tile(ndtri(np.array([0.1, 0.5, 0.9])), (2, 1))
    >>> normal_scores(np.array([0.0, 2.5]), q, (0.1, 0.5, 0.9)).round(6).tolist()
    [0.0, 2.5]
    """
    known = ndtri(np.asarray(levels, dtype=np.float64))
    y = np.asarray(y, dtype=np.float64)
    below = (quantiles < y[:, None]).sum(axis=1) + (quantiles <= y[:, None]).sum(axis=1)
    right = np.clip((below + 1) // 2, 1, len(known) - 1)
    rows = np.arange(len(y))
    low, high = quantiles[rows, right - 1], quantiles[rows, right]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(high > low, (y - low) / (high - low), np.where(y == low, 0.5, np.sign(y - low) * np.inf))
    z = known[right - 1] + (known[right] - known[right - 1]) * share
    return np.where(np.isnan(y) | np.isnan(quantiles).any(axis=1), np.nan, np.clip(z, -_FARTHEST, _FARTHEST))


def threshold(scores: Floats, rate: float) -> tuple[float, bool]:
    """The |z| beyond which a value is anomalous, by the |z| [m] of the test, and whether these were enough.

    Where they are too few for the rate, the normal distribution goes on from the largest of them.
    """
    scores = np.sort(scores)
    m = len(scores)
    place = int(np.ceil((m + 1) * (1.0 - rate)))
    if place <= m:
        return float(scores[place - 1]), True
    normal = float(ndtri(1.0 - rate / 2.0))
    if not m:
        return normal, False
    return max(normal, normal * float(scores[-1]) / float(ndtri(1.0 - 0.5 / (m + 1)))), False
