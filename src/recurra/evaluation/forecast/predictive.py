"""What a baseline says of the steps ahead: a normal distribution per step, in the target's unit or in its logarithm.

Source: Hyndman, Athanasopoulos, "Forecasting: Principles and Practice" (3rd ed.), 5.5 (prediction intervals) and 5.6
(forecasts of a transformed series: the back-transformed mean is the median).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Predictive:
    """Normal forecasts of H steps: `mean` [H] and deviation `sd` [H], of the target or (`log`) of its logarithm.

    `fallback` says that a simpler method than the one asked for had to stand in.
    """

    mean: Floats
    sd: Floats
    log: bool = False
    fallback: bool = False

    @property
    def point(self) -> Floats:
        """The median [H], in the unit of the target."""
        return np.exp(self.mean) if self.log else self.mean

    def quantiles(self, levels: Sequence[float]) -> Floats:
        """Quantiles [H, Q] at the probabilities `levels` [Q], in the unit of the target."""
        values = self.mean[:, None] + self.sd[:, None] * ndtri(np.asarray(levels, dtype=np.float64))
        return np.exp(values) if self.log else values

    def rescaled(self, unit: float) -> Predictive:
        """The same forecast for a target `unit` times as large."""
        if self.log:
            return replace(self, mean=self.mean + np.log(unit))
        return replace(self, mean=self.mean * unit, sd=self.sd * unit)

    def after(self, skip: int) -> Predictive:
        """The same forecast without its first `skip` steps."""
        return replace(self, mean=self.mean[skip:], sd=self.sd[skip:])

    def is_finite(self) -> bool:
        """Whether every step has a finite median and a finite quantile six standard deviations above it."""
        top = self.mean + 6.0 * self.sd
        return bool(np.isfinite(np.exp(top) if self.log else top).all())


class Fitted(Protocol):
    """A baseline with its parameters estimated; it only follows newer data from now on."""

    def forecast(self, history: Floats, steps: int) -> Predictive:
        """Forecast the `steps` rows after `history` [n], whose first and last values are observed; NaN marks gaps."""
        ...


def fill_gaps(history: Floats) -> Floats:
    """The history [n] with inner gaps filled by straight lines; its first and last values must be observed."""
    known = ~np.isnan(history)
    if known.all():
        return history
    rows = np.arange(len(history))
    return np.interp(rows, rows[known], history[known])
