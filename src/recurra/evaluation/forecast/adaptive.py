"""Intervals that follow what happens: each one is widened where it missed and narrowed where it held.

    r <- r + rate (missed - a)          r the logarithm of the stretch, a = 1 - level, missed 0 or 1

for every series, step ahead and level, as soon as the truth of a forecast is known. Summed over any n forecasts in a
row, whatever the data do,

    share missed = a + (r_after - r_before) / (rate n)

so that coverage is off by no more than the stretch has moved. Gibbs and Candes (2021), "Adaptive conformal inference
under distribution shift"; as a stretch in place of a level, it is the quantile tracking of Angelopoulos, Candes and
Tibshirani (2023), "Conformal PID control for time series prediction", on a logarithmic scale. The news of a step h
ahead comes h rows late, and a rate that is large beside 1 / h would overshoot: the rate falls with h.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.evaluation.forecast.conformal import stretched

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

RATE = 0.05
_DELAY = 1.5  # the rate of step h is at most this over h
_FARTHEST = 7.0  # logarithms: a stretch lies between 1/1,100 and 1,100


class AdaptiveIntervals:
    """The stretches of n series, and the forecasts whose truths have not come.

    Every series has rows of its own, which come one at a time: `observe` is told the truth of the row, `issue` the
    forecast that is made after it. Shapes: k of the n series, H steps ahead, Q quantiles at `levels`, M = Q // 2 pairs
    of them, the outermost first. What is kept for a series is 2 H^2 Q numbers.
    """

    def __init__(self, count: int, horizon: int, levels: Sequence[float], rate: float = RATE) -> None:
        middle = len(levels) // 2
        self.levels, self.horizon, self.rate = tuple(levels), horizon, rate
        self.missing = np.array([1.0 - (levels[-1 - j] - levels[j]) for j in range(middle)])
        self.state = {
            "stretch": np.zeros((count, horizon, middle)),
            "seen": np.zeros((count, horizon), dtype=np.int64),
            "held": np.zeros((count, horizon, middle), dtype=np.int64),
            "held_fixed": np.zeros((count, horizon, middle), dtype=np.int64),
            "pending": np.full((count, horizon, horizon, len(levels)), np.nan, dtype=np.float32),
            "pending_fixed": np.full((count, horizon, horizon, len(levels)), np.nan, dtype=np.float32),
            "row": np.zeros(count, dtype=np.int64),
        }
        self._rates = np.minimum(rate, _DELAY * rate / RATE / np.arange(1, horizon + 1))[:, None]

    def reset(self, at: Ints) -> None:
        """Forget everything about some series."""
        for name, array in self.state.items():
            array[at] = np.nan if name.startswith("pending") else 0

    def adapted(self, quantiles: Floats, at: Ints) -> Floats:
        """Quantiles [k, H, Q] of the series `at` [k], each pair moved by its stretch."""
        return stretched(quantiles, np.exp(self.state["stretch"][at]))

    def observe(self, truth: Floats, at: Ints) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """The next row of the series `at` [k], NaN where it is missing: learn from the forecasts that were made of it.

        Returns which of the intervals [k, H, M] were due and known, and which of them missed.
        """
        state, steps = self.state, np.arange(self.horizon)
        slots = (state["row"][at][:, None] - 1 - steps) % self.horizon
        due = state["pending"][at[:, None], slots, steps]  # [k, H, Q], made 1, 2, ... rows ago for this row
        fixed = state["pending_fixed"][at[:, None], slots, steps]
        middle = len(self.missing)
        y = truth[:, None, None]
        with np.errstate(invalid="ignore"):
            held = (due[..., :middle] <= y) & (y <= due[..., : -middle - 1 : -1])
            held_fixed = (fixed[..., :middle] <= y) & (y <= fixed[..., : -middle - 1 : -1])
        known = np.isfinite(due[..., 0]) & np.isfinite(truth)[:, None]
        moved = state["stretch"][at] + np.where(known[..., None], self._rates * (~held - self.missing), 0.0)
        state["stretch"][at] = np.clip(moved, -_FARTHEST, _FARTHEST)
        state["seen"][at] += known
        state["held"][at] += held & known[..., None]
        state["held_fixed"][at] += held_fixed & known[..., None]
        state["pending"][at, state["row"][at] % self.horizon] = np.nan
        state["pending_fixed"][at, state["row"][at] % self.horizon] = np.nan
        state["row"][at] += 1
        both = np.broadcast_to(known[..., None], held.shape)
        return both, ~held & both

    def issue(self, quantiles: Floats, fixed: Floats, at: Ints) -> None:
        """The forecasts [k, H, Q] that are made after the last row of the series `at`: adapted, and as they were."""
        slots = (self.state["row"][at] - 1) % self.horizon
        self.state["pending"][at, slots] = quantiles
        self.state["pending_fixed"][at, slots] = fixed

    def coverage(self, names: Sequence[str]) -> pd.DataFrame:
        """A row per series, step ahead and level (in percent): `coverage` (0 to 1), `fixed` beside it, `count`."""
        seen = self.state["seen"]
        n, horizon, middle = self.state["held"].shape
        with np.errstate(invalid="ignore", divide="ignore"):
            share = self.state["held"] / seen[..., None]
            fixed = self.state["held_fixed"] / seen[..., None]
        return pd.DataFrame(
            {
                "series": np.repeat(np.array(names, dtype=object), horizon * middle),
                "step": np.tile(np.repeat(np.arange(1, horizon + 1), middle), n),
                "level": np.tile(np.round(100 * (1.0 - self.missing), 6), n * horizon),
                "coverage": share.ravel(),
                "fixed": fixed.ravel(),
                "count": np.repeat(seen.ravel(), middle),
            }
        )
