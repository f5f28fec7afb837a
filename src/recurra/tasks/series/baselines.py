"""What generated series are compared with: replayed rows, blocks of changes, a vector autoregression, a Gaussian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recurra.tasks.series.rows import Floats
from recurra.tasks.series.windows import Stretches

Continue = Callable[[Floats, int, int], Floats]  # histories [B, H, E], rows, seed -> [B, rows, E]
_BLOCK = 6
_ORDERS, _LEAST = 4, 1e-12  # of an autoregression; the least variance that counts
_SHRUNK = 0.1  # of the variances of a whole series, towards independence


@dataclass(frozen=True, eq=False)
class VectorAutoregression:
    """z_t = b + z_{t-1} A_1 + ... + z_{t-p} A_p + e_t, errors drawn from a Gaussian of their covariance."""

    weights: Floats  # [p E + 1, E]
    factor: Floats  # [E, E]

    @staticmethod
    def learn(found: Stretches) -> VectorAutoregression:
        """Least squares within each series, of the order up to 4 that the Schwarz criterion takes.

        (statsmodels' knows one series: it would take the end of one for the past of the next.)
        """
        parts = [found.part(k) for k in range(len(found))]
        after = np.concatenate([part[_ORDERS:] for part in parts])
        best, least = None, np.inf
        for order in range(1, _ORDERS + 1):
            past = np.concatenate([_past(part, order) for part in parts])
            weights = np.linalg.lstsq(past, after, rcond=None)[0].astype(np.float64)
            covariance = np.atleast_2d(np.cov((after - past @ weights).T, bias=True))
            sizes = np.maximum(np.linalg.eigvalsh(covariance), _LEAST)
            criterion = np.log(sizes).sum() + np.log(len(after)) / len(after) * weights.size
            if criterion < least:
                best, least = VectorAutoregression(weights, _factor(covariance)), criterion
        assert best is not None
        return best

    def go_on(self, histories: Floats, rows: int, seed: int) -> Floats:
        """See `Continue`."""
        rng, (count, _length, width) = np.random.default_rng(seed), histories.shape
        order = (len(self.weights) - 1) // width
        z = histories[:, -order:]
        for _step in range(rows):
            past = z[:, : -order - 1 : -1].reshape(count, -1)
            noise = rng.standard_normal((count, width)) @ self.factor.T
            z = np.concatenate([z, (self.weights[0] + past @ self.weights[1:] + noise)[:, None]], axis=1)
        return z[:, order:]


@dataclass(frozen=True, eq=False)
class WholeGaussian:
    """The first rows of a series as one draw from a Gaussian: their mean [T, E] and covariance, shrunk a little."""

    mean: Floats
    factor: Floats

    @staticmethod
    def learn(found: Stretches, window: int) -> WholeGaussian:
        """From the series that have so many rows."""
        parts = [found.part(k)[:window] for k in range(len(found)) if len(found.part(k)) >= window]
        x = np.stack(parts).reshape(len(parts), -1)
        covariance = np.atleast_2d(np.cov(x.T))
        covariance = (1 - _SHRUNK) * covariance + _SHRUNK * np.diag(np.diag(covariance))
        return WholeGaussian(x.mean(axis=0).reshape(parts[0].shape), _factor(covariance))

    def go_on(self, histories: Floats, rows: int, seed: int) -> Floats:
        """See `Continue`."""
        noise = np.random.default_rng(seed).standard_normal((len(histories), len(self.factor)))
        return (self.mean.ravel() + noise @ self.factor.T).reshape(len(histories), *self.mean.shape)[:, :rows]


def replayed(found: Stretches, *, whole: bool) -> Continue:
    """Rows that were learnt, as they stand."""

    def go_on(histories: Floats, rows: int, seed: int) -> Floats:
        firsts = _firsts(found, rows, whole=whole)
        first = firsts[np.random.default_rng(seed).integers(0, len(firsts), len(histories))]
        return found.z[first[:, None] + np.arange(rows)]

    return go_on


def blocks(found: Stretches) -> Continue:
    """Changes in blocks of six, added to the last row."""

    def go_on(histories: Floats, rows: int, seed: int) -> Floats:
        rng = np.random.default_rng(seed)
        firsts = _firsts(found, _BLOCK + 1, whole=False)
        first = firsts[rng.integers(0, len(firsts), (len(histories), -(-rows // _BLOCK)))]
        changes = found.z[first[..., None] + 1 + np.arange(_BLOCK)] - found.z[first[..., None] + np.arange(_BLOCK)]
        drawn = changes.reshape(len(histories), -1, changes.shape[-1])
        return histories[:, -1:] + drawn[:, :rows].cumsum(axis=1)

    return go_on


def windows_of(found: Stretches, rows: int, most: int, *, whole: bool) -> Floats:
    """Windows of what was learnt [N, rows, E], at most about so many."""
    firsts = _firsts(found, rows, whole=whole)
    return found.z[firsts[:: max(1, len(firsts) // most), None] + np.arange(rows)]


def _firsts(found: Stretches, rows: int, *, whole: bool) -> np.ndarray:
    """Where windows of so many rows begin, within series; of `whole` ones at their start."""
    spans = [(a, b) for a, b in zip(found.ends[:-1], found.ends[1:], strict=True) if b - a >= rows]
    return np.concatenate([np.arange(a, a + 1 if whole else b - rows + 1) for a, b in spans])


def _past(part: Floats, order: int) -> Floats:
    """1 and the rows before each one from the fifth on, the newest first [N - 4, order E + 1]."""
    rows = len(part) - _ORDERS
    lags = [part[_ORDERS - lag : _ORDERS - lag + rows] for lag in range(1, order + 1)] if rows > 0 else []
    width = order * part.shape[1]
    return np.concatenate([np.ones((max(rows, 0), 1)), *(lags or [np.zeros((0, width))])], axis=1)


def _factor(covariance: Floats) -> Floats:
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0))
