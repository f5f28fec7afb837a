"""Sample paths that go with the quantiles: at every step distributed as they say, and joined as errors are joined.

    y_h = Q_h(Phi(z_h))        z ~ N(0, R)        R the correlation of held-out errors between steps, shrunk

A Gaussian copula on the forecast's own quantiles, read between and beyond them as intervals are
(`conformal.at_levels`). Where too few errors are known, R is that of a random walk's forecasts, R_ij = sqrt(i / j) for
i <= j.

Source: Pinson, Madsen, Nielsen, Papaefthymiou, Klöckl (2009), "From probabilistic forecasts to statistical scenarios".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from recurra.evaluation.forecast.conformal import at_levels
from recurra.nn.quantiles import QUANTILES

Floats = npt.NDArray[np.floating]

MOST = 10_000  # paths of a series
_LEAST = 5  # held-out errors for each step, for their correlation
_TAIL = 1e-4  # probabilities nearer to 0 or 1 are not read off


def correlation_of(quantiles: Floats, truth: Floats) -> Floats | None:
    """The correlation [H, H] between steps of held-out truths [n, H] within their forecasts [n, H, Q].

    Shrunk towards that of a random walk, by half at twenty windows; None where there are fewer than five without a gap.
    """
    known = np.isfinite(truth).all(axis=1) & np.isfinite(quantiles).all(axis=(1, 2))
    n, horizon = int(known.sum()), truth.shape[1]
    if n < _LEAST or horizon < 2:
        return None
    levels = ndtri(np.asarray(QUANTILES))
    flat = zip(truth[known].ravel(), quantiles[known].reshape(-1, len(levels)), strict=True)
    z = np.array([np.interp(y, q, levels) for y, q in flat]).reshape(n, horizon)
    z = (z - z.mean(axis=0)) / np.maximum(z.std(axis=0), 1e-9)
    share = n / (n + 20.0)
    return share * (z.T @ z / n) + (1.0 - share) * walk_correlation(horizon)


def walk_correlation(horizon: int) -> Floats:
    """The correlation [H, H] between the errors of a random walk's forecasts."""
    steps = np.arange(1, horizon + 1)
    return np.sqrt(np.minimum.outer(steps, steps) / np.maximum.outer(steps, steps))


def draw(quantiles: Floats, count: int, seed: int, correlation: Floats | None = None) -> Floats:
    """`count` paths of each forecast: quantiles [n, H, Q] -> [n, count, H].

    The points of each step lie evenly over the probabilities, so that few paths have the quantiles already.
    """
    n, horizon, _ = quantiles.shape
    r = walk_correlation(horizon) if correlation is None else correlation
    values, vectors = np.linalg.eigh(r)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng(seed)
    found = np.empty((n, count, horizon))
    even = np.clip((np.arange(count) + 0.5) / count, _TAIL, 1.0 - _TAIL)
    for k in range(n):
        z = rng.normal(size=(count, horizon)) @ root.T
        ranks = z.argsort(axis=0).argsort(axis=0)
        found[k] = np.take_along_axis(at_levels(quantiles[k], QUANTILES, even.tolist()).T, ranks, axis=0)
    return found
