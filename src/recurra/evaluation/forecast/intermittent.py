"""Forecasts of demand that is mostly zero: Croston, TSB and ADIDA of statsforecast.

Each forecasts the mean demand of a step; the distribution is that of the recent values, with its mass at zero, moved
by nothing: which of them will not be zero cannot be told.

Sources: Croston (1972), "Forecasting and stock control for intermittent demands"; Teunter, Syntetos, Babai (2011),
"Intermittent demand: linking forecasting to inventory obsolescence"; Nikolopoulos et al. (2011), "An
aggregate-disaggregate intermittent demand approach".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recurra.evaluation.forecast.averages import mean
from recurra.evaluation.forecast.predictive import Empirical

Floats = npt.NDArray[np.floating]

NAMES = ("Croston", "TSB", "ADIDA")
MOSTLY = 0.5  # share of zeros from which on demand is intermittent
_DEMAND, _PROBABILITY = 0.1, 0.1  # TSB's smoothing parameters


def is_intermittent(values: Floats) -> bool:
    """Whether values [n], NaN where missing, are mostly zero, none of them negative, and not all zero."""
    known = values[~np.isnan(values)]
    return bool(len(known) and known.min() >= 0 and known.max() > 0 and (known == 0).mean() > MOSTLY)


def which_intermittent(series: Sequence[Floats]) -> npt.NDArray[np.bool_]:
    """Which of the series [S] are."""
    return np.array([is_intermittent(values) for values in series], dtype=bool)


def are_intermittent(series: Sequence[Floats]) -> bool:
    """Whether more than half of the series are."""
    return 2 * int(which_intermittent(series).sum()) > len(series)


def intermittent(name: str, history: Floats, steps: int) -> Empirical:
    """`name` of `NAMES` from a history [n]; the plain mean stands in where it is not intermittent at all."""
    plain = mean(history, steps)
    known = history[~np.isnan(history)]
    if known.min() < 0 or np.count_nonzero(known) < 2:
        return Empirical(plain.mean, plain.past, fallback=True)
    from statsforecast.models import ADIDA, TSB, CrostonOptimized

    model = {"Croston": CrostonOptimized, "ADIDA": ADIDA}.get(name)
    fitted = TSB(_DEMAND, _PROBABILITY) if model is None else model()
    found = float(fitted.forecast(known, 1)["mean"][0])
    if not np.isfinite(found):
        return Empirical(plain.mean, plain.past, fallback=True)
    return Empirical(np.full(steps, found), plain.past)
