"""Outputs made as sure as held-out truths justify: a temperature, and the weight of a stacked linear model.

    outputs = a network + b stacked,    a, b >= 0

minimises the log loss (for values: half the squared error in units of its variance) of examples that neither model has
seen, plus ((a - 1)^2 + b^2) / (2 SPREAD^2): a normal prior around "the network as it is" with a standard deviation of
one half, so that 0 and 2 are two of them away. It weighs as much as a few dozen examples: on few it keeps a and b from
following noise, and from infinity where every example is right; on many it vanishes. Without a stacked model this is
temperature scaling, a = 1 / T (Guo, Pleiss, Sun, Weinberger 2017, "On calibration of modern neural networks").

The stacked stays out (b = 0) unless it lowers the mean loss by at least one standard error of that gain. Where the
loss is nearly quadratic the gain is b^2 I / 2 and its standard error b sqrt(I), with I the information on b: the rule
then says that b lies two of its own standard errors above 0. Fewer than 20 examples give no such error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, nnls
from scipy.special import expit, log_softmax, softmax

from recurra.checking import require
from recurra.errors import InputError
from recurra.language import _

Floats = npt.NDArray[np.floating]
LossAndSlope = tuple[Floats, Floats]

_HEAVIEST = 1e6  # weight of a model in a blend
SPREAD = 0.5
FEWEST = 20
LEAST = 1e-3  # weight of a network that is no use at all: its temperature stays finite


@dataclass(frozen=True, eq=False)
class Blend:
    """centre + `network` (n - centre) + `stacked` (p - centre); the centre [K] is 0 for logits."""

    network: float
    stacked: float = 0.0
    centre: Floats | float = 0.0

    def check(self) -> None:
        """Refuse weights that no fit gives."""
        fits = 0 < self.network <= _HEAVIEST and 0 <= self.stacked <= _HEAVIEST
        require(fits, f"the weights of the blend, {self.network} and {self.stacked}, are beyond {_HEAVIEST:g}")

    def __call__(self, network: Floats, stacked: Floats | None = None) -> Floats:
        """Outputs [N, K] from those of the two models; the stacked model's are not needed where its weight is 0."""
        blended = self.centre + self.network * (np.asarray(network, dtype=np.float64) - self.centre)
        if self.stacked == 0:
            return blended
        if stacked is None:
            raise InputError(
                _(
                    "stacked=None, but its weight is {stacked:.3g}: give the outputs of the stacked model too",
                    stacked=self.stacked,
                )
            )
        return blended + self.stacked * (np.asarray(stacked, dtype=np.float64) - self.centre)


def fit_temperature(logits: Floats, truth: npt.ArrayLike) -> float:
    """The T for which softmax(logits / T) has the lowest log loss; `logits` [N, K], `truth` [N] (-1: missing).

    >>> logits = np.log([[0.7, 0.3]] * 1000)
    >>> truth = np.arange(1000) % 10 >= 7
    >>> round(fit_temperature(3 * logits, truth.astype(int)), 1)
    3.0
    """
    return 1.0 / fit_blend(logits, None, truth).network


def fit_blend(network: Floats, stacked: Floats | None, truth: npt.ArrayLike) -> Blend:
    """Weights of logits [N, K] of two models of classes; `truth` [N], 0 .. K-1, -1 where missing."""
    truth = np.asarray(truth)
    known = truth >= 0
    y = truth[known]

    def loss(z: Floats) -> LossAndSlope:
        slope = softmax(z, axis=1)
        slope[np.arange(len(y)), y] -= 1.0
        return -log_softmax(z, axis=1)[np.arange(len(y)), y], slope

    return _fit(network[known], None if stacked is None else stacked[known], loss)


def fit_label_blend(network: Floats, stacked: Floats | None, truth: npt.ArrayLike) -> Blend:
    """Weights of logits [N, K] of two models of K labels; `truth` [N, K] of 1 and 0, NaN or -1 where missing."""
    target = np.asarray(truth, dtype=np.float64)
    known = target >= 0
    y = np.where(known, target, 0.0)

    def loss(z: Floats) -> LossAndSlope:
        return np.where(known, np.logaddexp(0.0, z) - y * z, 0.0).sum(axis=1), np.where(known, expit(z) - y, 0.0)

    return _fit(network, stacked, loss)


def fit_value_blend(network: Floats, stacked: Floats | None, truth: npt.ArrayLike) -> Blend:
    """Weights of values [N, K] of two models, by non-negative least squares around the mean of `truth` [N, K].

    NaN is a missing truth. Outputs count alike: each is measured in its own standard deviation.
    """
    target = np.asarray(truth, dtype=np.float64)
    count = np.maximum((~np.isnan(target)).sum(axis=0), 1)
    centre = np.nansum(target, axis=0) / count
    spread = np.sqrt(np.nansum((target - centre) ** 2, axis=0) / count)
    spread = np.where(spread > 0, spread, 1.0)
    known = ~np.isnan(target)
    y = np.where(known, (target - centre) / spread, 0.0)

    def columns(*models: Floats) -> Floats:
        return np.stack([np.where(known, (model - centre) / spread, 0.0) for model in models], axis=-1)

    alone = _least_squares(columns(network), y, known)
    blend = Blend(alone[0], 0.0, centre)
    if stacked is None:
        return blend
    x = columns(network, stacked)
    both = _least_squares(x, y, known)
    before, after = (np.square(y - fit).sum(axis=1) for fit in (x[..., 0] * alone[0], x @ both))
    return Blend(both[0], both[1], centre) if _worth_it(before - after) else blend


def _fit(network: Floats, stacked: Floats | None, loss: Callable[[Floats], LossAndSlope]) -> Blend:
    n = np.asarray(network, dtype=np.float64)
    alone = _descend(n[..., None], loss)
    blend = Blend(alone[0])
    if stacked is None:
        return blend
    x = np.stack([n, np.asarray(stacked, dtype=np.float64)], axis=-1)
    both = _descend(x, loss)
    gain = loss(n * alone[0])[0] - loss(x @ both)[0]
    return Blend(both[0], both[1]) if _worth_it(gain) else blend


def _descend(x: Floats, loss: Callable[[Floats], LossAndSlope]) -> list[float]:
    """argmin over weights [M] of the summed loss of x [N, K, M] weights, plus the prior."""
    prior = np.eye(1, x.shape[-1])[0]
    scale = 1.0 / max(len(x), 1)

    def objective(weights: Floats) -> tuple[float, Floats]:
        losses, slope = loss(x @ weights)
        away = (weights - prior) / SPREAD
        return scale * (losses.sum() + away @ away / 2), scale * (np.einsum("nkm,nk->m", x, slope) + away / SPREAD)

    bounds = [(LEAST, None)] + [(0.0, None)] * (len(prior) - 1)
    found = minimize(objective, prior, jac=True, bounds=bounds, method="L-BFGS-B", options=dict(ftol=1e-13, gtol=1e-8))
    return [float(weight) for weight in found.x]


def _least_squares(x: Floats, y: Floats, known: npt.NDArray[np.bool_]) -> list[float]:
    """argmin over weights [M] >= 0 of |y - x weights|^2 / (2 variance) plus the prior."""
    x, y = x[known], y[known]
    prior = np.eye(1, x.shape[-1])[0]
    if not len(y):
        return [float(weight) for weight in prior]
    free, norm = nnls(x, y)
    variance = max(norm**2 / max(len(y) - len(free), 1), np.finfo(np.float64).eps)
    sd = np.sqrt(variance)
    weights, _unused = nnls(np.vstack([x / sd, np.eye(len(prior)) / SPREAD]), np.concatenate([y / sd, prior / SPREAD]))
    return [float(weight) for weight in weights]


def _worth_it(gain: Floats) -> bool:
    """Whether the mean of gains [N] is at least one standard error above 0."""
    return len(gain) >= FEWEST and bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))
