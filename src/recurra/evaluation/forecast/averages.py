"""Plain averages of what was seen at the same phase: the mean, the climatology, and the profile of recent seasons.

Source: smoothed climatologies as in meteorology (Wilks, "Statistical Methods in the Atmospheric Sciences", 4th ed.,
9.3); the seasonal mean of recent seasons moved to the present level is the seasonal window average of forecasting.

Each function takes a history [n] whose first and last values are observed, NaN for gaps, and looks `steps` ahead.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.evaluation.forecast.naive import naive
from recurra.evaluation.forecast.predictive import Empirical, Normal
from recurra.evaluation.forecast.steps import Steps
from recurra.evaluation.shared.means import mean_of_known

Floats = npt.NDArray[np.floating]

PROFILE_SEASONS = 14  # a mean shape is taken over so many seasons at most
CLIMATE_DAYS = 7  # on either side of the day of the year
CLIMATE_YEARS = 30
LEAST_YEARS = 2
_AT_ONCE = 1_000_000  # changes in memory
_MEAN_ROWS = 400  # the distribution of a constant forecast is that of so many values


def mean(history: Floats, steps: int) -> Empirical:
    """The mean of all observed values at every step, with the distribution of the recent ones."""
    known = history[~np.isnan(history)]
    return Empirical(np.full(steps, known.mean()), known[-_MEAN_ROWS:])


def has_climatology(rows: int, steps: Steps) -> bool:
    """Whether a history of so many rows spans the two years that a climatology needs; steps are a month at most."""
    return steps.year >= 12 and rows >= LEAST_YEARS * steps.year


def climatology(history: Floats, steps: int, of: Steps) -> Normal:
    """The mean of the same season of earlier years: the same hour of the day, within a week of the day of the year.

    The spread is that of these values about their mean; steps that saw none fall back to the naive forecast.
    """
    n = len(history)
    if not has_climatology(n, of):
        simple = naive(history, steps)
        return Normal(simple.mean, simple.sd, fallback=True)
    unit = max(of.day, 1)
    days = of.year / unit  # units in a year: days of daily and hourly data, weeks, months
    around = int(CLIMATE_DAYS * days / 365.25)
    years = np.arange(1, min(CLIMATE_YEARS, int(np.ceil((n + steps) / of.year))) + 1)
    back = (np.round(years * days)[:, None] + np.arange(-around, around + 1)).astype(np.int64).ravel() * unit
    rows = (n + np.arange(steps))[:, None] - back
    values = np.where((rows >= 0) & (rows < n), history[np.clip(rows, 0, n - 1)], np.nan)
    middle = mean_of_known(values)
    sd = np.sqrt(mean_of_known((values - middle[:, None]) ** 2))
    simple = naive(history, steps)
    found = ~np.isnan(middle)
    return Normal(np.where(found, middle, simple.mean), np.where(found, sd, simple.sd), fallback=not found.all())


def seasonal_profile(history: Floats, steps: int, season: int) -> Normal:
    """The last value, moved as the mean shape of recent seasons moves from its phase to that of the step.

    The standard deviation is that of the same forecast from the rows of these seasons. A phase that they never saw, or
    fewer than two seasons, fall back to the naive forecast.
    """
    simple = naive(history, steps)
    seasons = min(PROFILE_SEASONS, len(history) // season)
    if seasons < 2:
        return Normal(simple.mean, simple.sd, fallback=True)
    recent = history[-seasons * season :].reshape(seasons, season)
    shape = mean_of_known((recent - mean_of_known(recent)[:, None]).T)  # the last phase is that of the last row
    if np.isnan(shape).any():
        return Normal(simple.mean, simple.sd, fallback=True)
    rest = (recent - shape).ravel()
    ahead = np.arange(steps) % season
    sd = _spreads(rest, min(steps, len(rest) // 2))
    sd = np.maximum.accumulate(np.where(np.isnan(sd), 0.0, sd))
    sd = np.concatenate([sd, np.full(steps - len(sd), sd[-1])])
    return Normal(history[-1] - shape[-1] + shape[ahead], sd)


def _spreads(rest: Floats, lags: int) -> Floats:
    """The root mean square of the changes of `rest` [n] over 1 to `lags` rows [lags]; several lags at a time."""
    found, padded = np.empty(lags), np.concatenate([rest, np.full(lags, np.nan)])
    several = max(1, _AT_ONCE // len(rest))
    for first in range(1, lags + 1, several):
        lag = np.arange(first, min(first + several, lags + 1))
        changes = padded[np.arange(len(rest)) + lag[:, None]] - rest
        found[first - 1 : first - 1 + len(lag)] = np.sqrt(mean_of_known(changes**2))
    return found
