"""Holidays and ends of months for methods that know nothing of them: taken out of the history, put back in the future.

    e_t = median of y_{t +- k weeks}, k = 1 .. 4, over ordinary days
    effect of a kind of day = mean of y_t - e_t over its days, or of y_t / e_t - 1 where nothing is negative,
                              times max(0, 1 - (1.5 s / (effect sqrt(n)))^2): nothing as far as it may be chance

Below a day each step of the day has effects of its own. What a statistician does with regressors of the calendar (X-13,
regression with ARIMA errors), here before the method instead of in it, so that any method can have it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.data.time.holidays import EVENTS, NOTHING
from recurra.evaluation.forecast.steps import Steps

Floats = npt.NDArray[np.floating]
Codes = npt.NDArray[np.integer]

_WEEKS = 4  # on either side
_LEAST_ORDINARY, _LEAST_DAYS = 3, 4
_DOUBT = 1.5  # standard errors
_LEAST_RATIO = 0.2  # of what is ordinary: below, a history is not divided by it
YEARS = 3  # of history that effects are learnt from


@dataclass(frozen=True, eq=False)
class Shift:
    """What events do to the steps ahead: times `ratio` [H], plus `offset` [H]."""

    ratio: Floats
    offset: Floats

    def after(self, skip: int, unit: float) -> Shift:
        """The same without its first `skip` steps, for a target `unit` times as large."""
        return Shift(self.ratio[skip:], self.offset[skip:] * unit)

    def apply(self, values: Floats) -> Floats:
        """Forecasts [H] or quantiles [H, Q] with the effects."""
        extra = (slice(None), *[None] * (values.ndim - 1))
        return values * self.ratio[extra] + self.offset[extra]


def rows_of_effects(steps: Steps) -> int:
    """How many of the last rows effects are learnt from; 0 where years and weeks are unknown."""
    return round(YEARS * steps.year)


def without_events(history: Floats, codes: Codes, ahead: int, steps: Steps) -> tuple[Floats, Shift]:
    """A history [n] as if every day were ordinary, and what the events of the `ahead` steps after it do.

    `codes` [n + ahead, or more] says what each step is. Nothing after the history is looked at but `codes`.
    """
    n = len(history)
    nothing = Shift(np.ones(ahead), np.zeros(ahead))
    week = round(steps.year * 7 / 365.25)
    coming = np.asarray(codes[n : n + ahead])
    if week < 1 or not (codes[:n] != NOTHING).any():
        return history, nothing
    first = max(0, n - rows_of_effects(steps))
    part, kinds = np.asarray(history[first:], dtype=np.float64), np.asarray(codes[first:n])
    known = part[np.isfinite(part)]
    if not len(known):
        return history, nothing
    relative = bool((known >= 0).all())
    days, change = learnt_changes(part, kinds, week)
    phases = max(steps.day, 1)
    effects = _effects(change, kinds[days] * phases + (first + days) % phases, EVENTS * phases)
    mine = effects[kinds[days] * phases + (first + days) % phases]
    moved = mine != 0
    clean = np.array(history, dtype=np.float64, copy=True)
    if relative:
        ratio = 1.0 + mine
        usual = _ordinary(part, kinds, days, week)
        ordinary = np.where(ratio > _LEAST_RATIO, part[days] / np.maximum(ratio, _LEAST_RATIO), usual)
    else:
        ordinary = part[days] - mine
    clean[first + days[moved]] = ordinary[moved]
    found = effects[coming.astype(np.int64) * phases + (n + np.arange(ahead)) % phases]
    if relative:
        return clean, Shift(np.maximum(1.0 + found, 0.0), np.zeros(ahead))
    return clean, Shift(np.ones(ahead), found)


def learnt_changes(part: Floats, kinds: Codes, week: int) -> tuple[Codes, Floats]:
    """The days of `part` [n] that are events by `kinds` [n], and how far each is from what is ordinary around it.

    As a share of that where nothing known is negative. Days around which too little is known are left out.
    """
    known = part[np.isfinite(part)]
    relative = bool((known >= 0).all())
    days = np.flatnonzero((kinds != NOTHING) & np.isfinite(part))
    usual = _ordinary(part, kinds, days, week)
    told = np.isfinite(usual) & ((usual > 0) | (not relative))
    days, usual = days[told], usual[told]
    return days, part[days] / usual - 1.0 if relative else part[days] - usual


def _ordinary(part: Floats, kinds: Codes, days: Codes, week: int) -> Floats:
    """What each of `days` would be on an ordinary day, NaN where too few around it are known."""
    away = np.array([k * week for k in range(-_WEEKS, _WEEKS + 1) if k])
    at = days[:, None] + away
    inside = (at >= 0) & (at < len(part))
    at = np.clip(at, 0, len(part) - 1)
    values = np.where(inside & (kinds[at] == NOTHING), part[at], np.nan)
    enough = np.isfinite(values).sum(axis=1) >= _LEAST_ORDINARY
    found = np.full(len(days), np.nan)
    if enough.any():
        found[enough] = np.nanmedian(values[enough], axis=1)
    return found


def _effects(change: Floats, groups: Codes, count: int) -> Floats:
    """The mean change of each group [count], as far as it is no chance."""
    number = np.bincount(groups, minlength=count)
    safe = np.maximum(number, 1)
    mean = np.bincount(groups, weights=change, minlength=count) / safe
    square = np.bincount(groups, weights=(change - mean[groups]) ** 2, minlength=count)
    doubt = _DOUBT**2 * square / (safe * np.maximum(number - 1, 1))
    size = np.maximum(mean**2, 1e-300)
    return np.where(number >= _LEAST_DAYS, mean * np.maximum(0.0, 1.0 - doubt / size), 0.0)
