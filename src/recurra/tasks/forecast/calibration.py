"""What the held-out origins teach: how far to trust the network against the naive forecast, and how wide to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.checking import require, require_floats
from recurra.evaluation.forecast.conformal import fit_stretch, stretched
from recurra.nn.quantiles import MEDIAN, QUANTILES

Floats = npt.NDArray[np.floating]

_TRUSTS = np.linspace(0.0, 1.0, 11)


@dataclass(frozen=True, eq=False)
class HeldOutForecasts:
    """Forecasts from held-out origins: `quantiles` [n, H, Q], `naive` [n, H, N], `truth` [n, H], all in u.

    `unit` [n, 1] is the typical change of the series, `overlap` how many origins in a row share a truth.
    """

    quantiles: Floats
    naive: Floats
    truth: Floats
    unit: Floats
    overlap: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """`trust` in the network's correction of naive forecast number `naive`; `stretch` [Q // 2] of the quantiles.

    What the trust comes from: in `forecasts` held-out ones the best share of the correction has an error that is
    lower than the naive forecast's by the share `gain`, with the standard error `error`.
    """

    trust: float
    naive: int
    stretch: Floats
    forecasts: int = 0
    gain: float = 0.0
    error: float = 0.0

    def check(self) -> None:
        """Refuse a trust beyond 0 to 1, and stretches that are none."""
        require(0 <= self.trust <= 1, f"trust is {self.trust}: expected a share from 0 to 1")
        require(self.naive >= 0, f"the calibration's naive forecast is number {self.naive}")
        require(self.forecasts >= 0 and self.gain <= 1 and self.error >= 0, "no such held-out forecasts")
        require_floats("stretch", self.stretch, (len(QUANTILES) // 2,))
        require(bool((self.stretch >= 0).all()), "stretch is below 0")

    def apply(self, quantiles: Floats, naive: Floats) -> Floats:
        """Calibrated quantiles [n, H, Q] from the network's and the naive forecasts [n, H, N]."""
        return stretched(_drawn(quantiles, naive[..., self.naive], self.trust), self.stretch)


def calibrate(held: HeldOutForecasts) -> Calibration:
    """Fit trust first, then the stretch of what results.

    Trust is the smallest of 0, 0.1, ... 1 whose mean absolute error is within one standard error of the best: a
    correction that cannot be told from noise is not made (Breiman et al. (1984), the one-standard-error rule).
    """
    if not np.isfinite(held.truth).any():
        return Calibration(1.0, 0, np.ones(len(QUANTILES) // 2))
    errors = [_losses(held, held.naive[..., k]) for k in range(held.naive.shape[-1])]
    best = int(np.argmin([e.mean() for e in errors]))
    naive = held.naive[..., best]
    losses = np.array([_losses(held, _drawn(held.quantiles, naive, trust)[..., MEDIAN]) for trust in _TRUSTS])
    least = int(losses.mean(axis=1).argmin())
    difference = losses - losses[least]
    error = difference.std(axis=1) * np.sqrt(held.overlap / difference.shape[1])
    trust = float(_TRUSTS[int(np.argmax(difference.mean(axis=1) <= error))])
    drawn = _drawn(held.quantiles, naive, trust)
    independent = max(1.0, len(held.truth) / held.overlap)
    whole = float(losses[0].mean()) or 1.0
    return Calibration(
        trust,
        best,
        fit_stretch(drawn, held.truth, QUANTILES, independent),
        losses.shape[1],
        float(difference[0].mean()) / whole,
        float(error[0]) / whole,
    )


def _drawn(quantiles: Floats, naive: Floats, trust: float) -> Floats:
    """The quantiles moved so that the median keeps only the share `trust` of its distance from `naive` [n, H]."""
    return quantiles - (1.0 - trust) * (quantiles[..., MEDIAN] - naive)[..., None]


def _losses(held: HeldOutForecasts, point: Floats) -> Floats:
    """Mean absolute error of every origin with a truth, in typical changes."""
    known = np.isfinite(held.truth)
    error = np.where(known, np.abs(point - np.where(known, held.truth, 0.0)) / held.unit, 0.0)
    count = known.sum(axis=1)
    return error.sum(axis=1)[count > 0] / count[count > 0]
