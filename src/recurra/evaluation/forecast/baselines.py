"""The five forecasts that any model has to beat, at every origin of every series, with their quantiles.

Parameters and spreads are estimated once for each series, on what lies before its first origin; at later origins a
method only follows the newer data. Nothing looks past an origin. Missing values: the naive forecasts see only observed
values; ETS and Theta bridge inner gaps by straight lines; after a gap at the end every method looks further ahead.

Needs no torch, and `forecast_baselines` can be sent to another process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.errors import InputError
from recurra.evaluation.forecast.columns import LEVELS, quantile_column
from recurra.evaluation.forecast.ets import fit_ets
from recurra.evaluation.forecast.naive import fit_drift, fit_naive, fit_seasonal_naive
from recurra.evaluation.forecast.predictive import Fitted, Predictive
from recurra.evaluation.forecast.theta import fit_theta
from recurra.options import option

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

METHODS: dict[str, Callable[[Floats, int, int], Fitted]] = {
    "naive": lambda history, season, horizon: fit_naive(history),
    "seasonal naive": lambda history, season, horizon: fit_seasonal_naive(history, season),
    "drift": lambda history, season, horizon: fit_drift(history),
    "Theta": lambda history, season, horizon: fit_theta(history, season),
    "ETS": fit_ets,
}


def forecast_baselines(
    histories: Sequence[Floats],
    origins: Sequence[Ints],
    horizon: int,
    season: int = 1,
    *,
    levels: Sequence[float] = LEVELS,
) -> pd.DataFrame:
    """Forecast `horizon` steps by every baseline from every origin of every series.

    `histories` holds the full series, arrays [n_s] in the target's unit with NaN for missing; `origins` the numbers
    of rows known at each forecast, increasing; `season` counts steps (1: none, and then there is no "seasonal
    naive").

    Returns a frame with a row per series (its place in `histories`), origin and step (1..horizon), and for every
    method its median ("ETS") and its quantiles ("ETS:q0.1"). A series without an observed value before an origin has
    NaN there. `attrs["fallbacks"]` counts, by method, the forecasts for which a simpler method stood in: naive for
    ETS (fewer than 8 points, constant, or not finite), drift for Theta (the same), naive for phases a seasonal naive
    has never seen.

    >>> frame = forecast_baselines([np.arange(12.0)], [np.array([10])], horizon=2, levels=(0.1, 0.9))
    >>> frame[["origin", "step", "naive", "drift"]].to_numpy().tolist()
    [[10.0, 1.0, 9.0, 10.0], [10.0, 2.0, 9.0, 11.0]]
    """
    if season < 1 or horizon < 1:
        raise InputError(
            f"season={season} and horizon={horizon} must be at least 1 step ({option('season')}, {option('horizon')})"
        )
    if len(histories) != len(origins):
        raise InputError(f"histories has {len(histories)} series, origins has {len(origins)}: give one array for each")
    for s, ends in enumerate(origins):
        if np.any(np.diff(ends) <= 0):
            raise InputError(
                f"origins[{s}]={list(ends)} must increase: parameters are estimated before the first of them"
            )
    methods = [name for name in METHODS if season > 1 or name != "seasonal naive"]
    counts = [len(o) for o in origins]
    shape = (sum(counts), horizon)
    points = {name: np.full(shape, np.nan) for name in methods}
    quantiles = {name: np.full((*shape, len(levels)), np.nan) for name in methods}
    fallbacks = dict.fromkeys(methods, 0)
    row = 0
    for history, ends in zip(histories, origins, strict=True):
        unit, views = _views(history, ends)
        for name in methods:
            for i, result in _forecast_views(METHODS[name], views, horizon, season):
                result = result.rescaled(unit)
                points[name][row + i] = result.point
                quantiles[name][row + i] = result.quantiles(levels)
                fallbacks[name] += result.fallback
        row += len(ends)
    columns: dict[str, npt.NDArray] = {
        "series": np.repeat(np.repeat(np.arange(len(counts)), counts), horizon),
        "origin": np.repeat(np.concatenate([np.asarray(o, dtype=np.int64) for o in origins]), horizon),
        "step": np.tile(np.arange(1, horizon + 1), sum(counts)),
    }
    for name in methods:
        columns[name] = points[name].ravel()
        for q, level in enumerate(levels):
            columns[quantile_column(level, name)] = quantiles[name][..., q].ravel()
    frame = pd.DataFrame(columns)
    frame.attrs["fallbacks"] = fallbacks
    return frame


@dataclass(frozen=True, eq=False)
class View:
    """What is known at an origin: from the first observed value to the last [n], and the `gap` rows missing since."""

    origin: int
    history: Floats
    gap: int


def _views(history: Floats, ends: Ints) -> tuple[float, list[View]]:
    """The known part at every origin where anything is known, divided by a unit: a power of two near its first size.

    The division is exact and keeps squares and exponents of very large or small values in the range of floats; the
    unit itself stays in a range that leaves room for later values of quite another size.
    """
    unit, views = 1.0, []
    for i, end in enumerate(ends):
        known = np.flatnonzero(~np.isnan(history[:end]))
        if not len(known):
            continue
        part = np.asarray(history[known[0] : known[-1] + 1], dtype=np.float64)
        if not views:
            largest = float(np.nanmax(np.abs(part)))
            unit = 2.0 ** np.clip(np.floor(np.log2(largest)), -300, 300) if largest > 0 else 1.0
        views.append(View(i, part / unit, int(end) - 1 - int(known[-1])))
    return unit, views


def _forecast_views(
    fit: Callable[[Floats, int, int], Fitted], views: list[View], horizon: int, season: int
) -> Iterator[tuple[int, Predictive]]:
    """One method on one series: estimated at the first view, then a forecast from each."""
    if not views:
        return
    fitted = fit(views[0].history, season, horizon)
    for view in views:
        yield view.origin, fitted.forecast(view.history, view.gap + horizon).after(view.gap)
