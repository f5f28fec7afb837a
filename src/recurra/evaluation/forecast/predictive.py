"""What a baseline says of the steps ahead: a normal distribution per step, or the values that came before.

Source: Hyndman, Athanasopoulos, "Forecasting: Principles and Practice" (3rd ed.), 5.5 (prediction intervals).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.floating]


class Predictive(Protocol):
    """A forecast of H steps. `fallback` says that a simpler method than the one asked for had to stand in."""

    @property
    def point(self) -> Floats:
        """What is forecast [H]."""
        ...

    @property
    def fallback(self) -> bool: ...

    def quantiles(self, levels: Sequence[float]) -> Floats:
        """Quantiles [H, Q] at the probabilities `levels` [Q]."""
        ...

    def rescaled(self, unit: float) -> Predictive:
        """The same forecast for a target `unit` times as large."""
        ...

    def after(self, skip: int) -> Predictive:
        """The same forecast without its first `skip` steps."""
        ...

    def is_finite(self) -> bool:
        """Whether every step has a finite point and finite quantiles."""
        ...


@dataclass(frozen=True, eq=False)
class Normal:
    """Normal forecasts of H steps: `mean` [H] and deviation `sd` [H]."""

    mean: Floats
    sd: Floats
    fallback: bool = False

    @property
    def point(self) -> Floats:
        return self.mean

    def quantiles(self, levels: Sequence[float]) -> Floats:
        return self.mean[:, None] + self.sd[:, None] * ndtri(np.asarray(levels, dtype=np.float64))

    def rescaled(self, unit: float) -> Normal:
        return replace(self, mean=self.mean * unit, sd=self.sd * unit)

    def after(self, skip: int) -> Normal:
        return replace(self, mean=self.mean[skip:], sd=self.sd[skip:])

    def is_finite(self) -> bool:
        return bool(np.isfinite(self.mean).all() and np.isfinite(self.mean + 6.0 * self.sd).all())


@dataclass(frozen=True, eq=False)
class Empirical:
    """A point forecast `mean` [H], and the distribution of `past` values [n] at every step: with its mass at zero."""

    mean: Floats
    past: Floats
    fallback: bool = False

    @property
    def point(self) -> Floats:
        return self.mean

    def quantiles(self, levels: Sequence[float]) -> Floats:
        found = np.quantile(self.past, levels, method="inverted_cdf")
        return np.broadcast_to(found, (len(self.mean), len(levels)))

    def rescaled(self, unit: float) -> Empirical:
        return replace(self, mean=self.mean * unit, past=self.past * unit)

    def after(self, skip: int) -> Empirical:
        return replace(self, mean=self.mean[skip:])

    def is_finite(self) -> bool:
        return bool(np.isfinite(self.mean).all())


def fill_gaps(history: Floats) -> Floats:
    """The history [n] with inner gaps filled by straight lines; its first and last values must be observed."""
    known = ~np.isnan(history)
    if known.all():
        return history
    rows = np.arange(len(history))
    return np.interp(rows, rows[known], history[known])
