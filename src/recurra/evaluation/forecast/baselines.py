"""The forecasts that any model has to beat, fitted anew at every origin of every series, with their quantiles.

Nothing looks past an origin. Missing values: the plain forecasts see only observed values; the statistical ones bridge
inner gaps by straight lines; after a gap at the end every method looks further ahead.

A method that would take more than `budget_of` so many series by its own rough estimate is left out, and said so: the
estimate counts series, origins, rows and seasons, never a clock, so that the same data always gives the same table. A
budget of 0 leaves what is plain: nothing of statsforecast is imported then.

Needs no torch, and `forecast_baselines` can be sent to another process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from recurra.errors import InputError
from recurra.evaluation.forecast.averages import climatology, has_climatology, mean, seasonal_profile
from recurra.evaluation.forecast.columns import BASELINES, LEVELS, quantile_column
from recurra.evaluation.forecast.events import without_events
from recurra.evaluation.forecast.intermittent import NAMES as INTERMITTENT
from recurra.evaluation.forecast.intermittent import intermittent, which_intermittent
from recurra.evaluation.forecast.naive import drift, naive, seasonal_naive, seasonal_naive_with_drift
from recurra.evaluation.forecast.predictive import Predictive
from recurra.evaluation.forecast.statistical import STATISTICAL, Forms
from recurra.evaluation.forecast.steps import Steps
from recurra.language import _
from recurra.options import option

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

_BUDGET, _OF_SERIES, _MOST_BUDGET = 40.0, 0.5, 240.0  # seconds of one core: of one series, of each more, of all

PLAIN: dict[str, Callable[[Floats, int, Steps], Predictive]] = {
    "naive": lambda history, ahead, steps: naive(history, ahead),
    "seasonal naive": lambda history, ahead, steps: seasonal_naive(history, ahead, steps.season),
    "drift": lambda history, ahead, steps: drift(history, ahead),
    "seasonal naive with drift": lambda history, ahead, steps: seasonal_naive_with_drift(history, ahead, steps.season),
    "mean": lambda history, ahead, steps: mean(history, ahead),
    "climatology": climatology,
    "seasonal profile": lambda history, ahead, steps: seasonal_profile(history, ahead, steps.season),
    "Croston": lambda history, ahead, steps: intermittent("Croston", history, ahead),
    "TSB": lambda history, ahead, steps: intermittent("TSB", history, ahead),
    "ADIDA": lambda history, ahead, steps: intermittent("ADIDA", history, ahead),
}


def budget_of(series: int) -> float:
    """Seconds of one core that each method may take for so many series.

    One daily series of five years is then forecast, with a test and a training, in about two minutes of one core.
    """
    return min(_MOST_BUDGET, _BUDGET + _OF_SERIES * (series - 1))


def methods_for(
    histories: Sequence[Floats],
    origins: Sequence[Ints],
    steps: Steps,
    budget: float | None = None,
    needed: Sequence[str] = (),
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The methods that apply to such series and fit the budget, and why others of the statistical ones do not.

    Those that are `needed` are among them whatever it takes.
    """
    budget = budget_of(len(histories)) if budget is None else budget
    none = _("compared only with baselines that need no fitting")
    last = [ends[-1] if len(ends) else 0 for ends in origins]
    known = [history[:end] for history, end in zip(histories, last, strict=True)]
    longest = max((len(values) for values in known), default=0)
    sparse = bool(which_intermittent([values for values in known if len(values)]).any())
    unfit = set() if steps.seasons else {"seasonal naive", "seasonal naive with drift", "seasonal profile"}
    unfit |= set() if has_climatology(longest, steps) else {"climatology"}
    unfit |= set() if sparse else set(INTERMITTENT)
    names: list[str] = []
    left_out: dict[str, str] = {}
    for name in BASELINES:
        if name in needed:
            names.append(name)
            continue
        if name in STATISTICAL:
            if not STATISTICAL[name].applies(steps, longest):
                continue
            if budget <= 0:
                left_out[name] = none
                continue
            seconds = seconds_of(name, known, origins, steps)
            if seconds > budget:
                left_out[name] = _(
                    "it would take about {seconds:,.0f} s, more than the {budget:,.0f} s that it may take",
                    seconds=seconds,
                    budget=budget,
                )
                continue
        elif name in unfit:
            continue
        elif name in INTERMITTENT and budget <= 0:
            left_out[name] = none
            continue
        names.append(name)
    return tuple(names), left_out


@threadpool_limits.wrap(limits=1, user_api="blas")  # small products, whose threads would wait for each other
def forecast_baselines(
    histories: Sequence[Floats],
    origins: Sequence[Ints],
    horizon: int,
    steps: Steps | int = 1,
    *,
    levels: Sequence[float] = LEVELS,
    methods: Sequence[str] | None = None,
    progress: Callable[[int], None] | None = None,
    events: Sequence[Ints] | None = None,
) -> pd.DataFrame:
    """Forecast `horizon` steps by every baseline from every origin of every series.

    `histories` holds the full series, arrays [n_s] in the target's unit with NaN for missing; `origins` the numbers
    of rows known at each forecast, increasing; `steps` the seasons (a number is the one season; 1: none). `methods`
    are those of `methods_for` unless given; `progress` is told how many origins are done. `events` says what each step
    is (`data.time.holidays`), arrays [n_s + horizon]: all methods then see ordinary days, and events are put back.

    Returns a frame with a row per series (its place in `histories`), origin and step (1..horizon), and for every
    method its forecast ("AutoETS") and its quantiles ("AutoETS:q0.1"). A series without an observed value before an
    origin has NaN there. `attrs["fallbacks"]` counts, by method, the forecasts for which a simpler method stood in:
    drift for the statistical ones (fewer than 8 points, constant, or not finite), naive for phases that a seasonal
    one has never seen. `attrs["left_out"]` says which methods the budget left out, and why.

    >>> both = ["naive", "drift"]
    >>> frame = forecast_baselines([np.arange(12.0)], [np.array([10])], 2, levels=(0.1, 0.9), methods=both)
    >>> frame[["origin", "step", "naive", "drift"]].to_numpy().tolist()
    [[10.0, 1.0, 9.0, 10.0], [10.0, 2.0, 9.0, 11.0]]
    """
    if isinstance(steps, int | np.integer):
        if steps < 1:
            raise InputError(
                _(
                    "season={steps} must be at least 1 step ({season_option})",
                    steps=steps,
                    season_option=option("season"),
                )
            )
        steps = Steps((int(steps),) if steps > 1 else ())
    if horizon < 1:
        raise InputError(
            _(
                "horizon={horizon} must be at least 1 step ({horizon_option})",
                horizon=horizon,
                horizon_option=option("horizon"),
            )
        )
    if len(histories) != len(origins):
        raise InputError(
            _(
                "histories has {n_histories} series, origins has {n_origins}: give one array for each",
                n_histories=len(histories),
                n_origins=len(origins),
            )
        )
    for s, ends in enumerate(origins):
        if np.any(np.diff(ends) <= 0):
            raise InputError(_("origins[{s}]={ends} must increase", s=s, ends=list(ends)))
    left_out: dict[str, str] = {}
    if methods is None:
        methods, left_out = methods_for(histories, origins, steps)
    counts = [len(o) for o in origins]
    shape = (sum(counts), horizon)
    points = {name: np.full(shape, np.nan) for name in methods}
    quantiles = {name: np.full((*shape, len(levels)), np.nan) for name in methods}
    fallbacks = dict.fromkeys(methods, 0)
    row = 0
    for s, (history, ends) in enumerate(zip(histories, origins, strict=True)):
        views, shifts = _views(history, ends), {}
        if events is not None:
            for k, view in enumerate(views):
                codes = events[s][view.first : int(ends[view.origin]) + horizon]
                known, shift = without_events(view.history, codes, view.gap + horizon, steps)
                views[k], shifts[view.origin] = replace(view, history=known), shift
        forms = {name: Forms(STATISTICAL[name], len(views)) for name in methods if name in STATISTICAL}
        for view in views:
            for name in methods:
                ahead = view.gap + horizon
                if name in forms:
                    result: Predictive = forms[name].forecast(view.history, ahead, steps)
                else:
                    result = PLAIN[name](view.history, ahead, steps)
                if not result.is_finite():
                    result = naive(view.history, ahead)
                result = result.after(view.gap).rescaled(view.unit)
                point, spread = result.point, result.quantiles(levels)
                if view.origin in shifts:
                    shift = shifts[view.origin].after(view.gap, view.unit)
                    point, spread = shift.apply(point), shift.apply(spread)
                points[name][row + view.origin] = point
                quantiles[name][row + view.origin] = spread
                fallbacks[name] += result.fallback
            if progress is not None:
                progress(row + view.origin + 1)
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
    frame.attrs["left_out"] = left_out
    return frame


@dataclass(frozen=True, eq=False)
class View:
    """What is known at an origin: from the first observed value to the last [n], and the `gap` rows missing since.

    `history` is divided by `unit`, a power of two near its size: the division is exact and keeps squares and exponents
    of very large or small values in the range of floats.
    """

    origin: int
    history: Floats
    gap: int
    unit: float
    first: int  # its place in the series


def _views(history: Floats, ends: Ints) -> list[View]:
    """The known part at every origin where anything is known."""
    views = []
    for i, end in enumerate(ends):
        known = np.flatnonzero(~np.isnan(history[:end]))
        if not len(known):
            continue
        part = np.asarray(history[known[0] : known[-1] + 1], dtype=np.float64)
        largest = float(np.nanmax(np.abs(part)))
        unit = 2.0 ** np.clip(np.floor(np.log2(largest)), -300, 300) if largest > 0 else 1.0
        views.append(View(i, part / unit, int(end) - 1 - int(known[-1]), unit, int(known[0])))
    return views


def seconds_of(name: str, known: Sequence[Floats], origins: Sequence[Ints], steps: Steps) -> float:
    """What a method will take for all origins, roughly, on one core; what is plain counts as nothing."""
    if name not in STATISTICAL:
        return 0.0
    method, total = STATISTICAL[name], 0.0
    for values, ends in zip(known, origins, strict=True):
        points = min(len(values), method.points(steps))
        once = method.seconds(points, method.season(steps, points))
        chosen = min(len(ends), method.selections)
        total += once * (chosen + method.estimating * len(ends))
    return total
