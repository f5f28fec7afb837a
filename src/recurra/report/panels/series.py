"""What the panels of forecasts share: the data of each series, and the marks of their plots."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.errors import InputError
from recurra.language import _, listing
from recurra.report.frames import check_columns, empty
from recurra.report.numbers import json_numbers
from recurra.report.style import INK, Trace, axis, plot_text
from recurra.report.times import Times, are_dates, json_times

Floats = npt.NDArray[np.float64]

EMBEDDED_SERIES = 24
POINTS = 2_400
POINTS_IN_ALL = 20_000
SCORED = ("series", "ours", "best")


@dataclass(frozen=True, eq=False)
class SeriesData:
    """Forecasts of one series or many.

    history: series, time, y. Thinned when drawn, so it may be long.
    forecast: series, time, forecast, and lo_L, hi_L for each L of `levels` [per cent].
    backtest: series, origin [known rows], time, step [1..horizon], y, forecast, lo_L, hi_L, and a column per baseline.
    by_series: series, ours, best [MASE], by which the series to show are picked.
    horizon [steps]; unit: what a step is called ("week"); time_name: the name of the time axis; target: the values'.
    Times are datetimes (drawn as local time of their zone) or integer steps.
    """

    history: pd.DataFrame
    forecast: pd.DataFrame
    horizon: int = 1
    levels: tuple[float, ...] = ()
    backtest: pd.DataFrame = field(default_factory=lambda: empty(("series", "origin", "time", "step", "y", "forecast")))
    by_series: pd.DataFrame = field(default_factory=lambda: empty(SCORED))
    baselines: tuple[str, ...] = ()
    best_baseline: str = ""
    target: str = ""
    time_name: str = "time"
    unit: str = "step"

    COLUMNS: ClassVar = {"history": ("series", "time", "y"), "by_series": SCORED}

    def check(self) -> None:
        """Raise InputError where a level or a baseline has no column."""
        limits = tuple(column for level in self.levels for column in bound_columns(level))
        check_columns("forecast", self.forecast, ("series", "time", "forecast", *limits))
        wanted = ("series", "origin", "time", "step", "y", "forecast", *self.baselines)
        check_columns("backtest", self.backtest, wanted)
        if self.best_baseline and self.best_baseline not in self.baselines:
            raise InputError(
                _(
                    "best_baseline is {best_baseline!r}, which is none of the baselines: {baselines}",
                    best_baseline=self.best_baseline,
                    baselines=listing(self.baselines),
                )
            )


def bound_columns(level: float) -> tuple[str, str]:
    """The columns that hold the interval of a level: 80 gives lo_80 and hi_80."""
    return f"lo_{level:g}", f"hi_{level:g}"


def value_columns(panel: SeriesData) -> list[str]:
    return ["forecast", *(column for level in panel.levels for column in bound_columns(level))]


def shaded(panel: SeriesData) -> list[tuple[float, str, str, float]]:
    """Level, its columns and its opacity, the widest first so that it lies below."""
    levels = sorted(panel.levels, reverse=True)
    shades = np.linspace(0.14, 0.26, len(levels)).tolist()
    return [(level, *bound_columns(level), shade) for level, shade in zip(levels, shades, strict=True)]


def band(times: Times, lower: Floats, upper: Floats, level: float, shade: float) -> Trace:
    known = np.isfinite(lower) & np.isfinite(upper)
    x, low, high = json_times(times[known]), json_numbers(lower[known]), json_numbers(upper[known])
    return polygon([*x, *x[::-1]], [*low, *high[::-1]], level, shade)


def polygon(x: list[Any], y: list[Any], level: float, shade: float) -> Trace:
    return {
        "type": "scatter",
        "name": _("{level} % interval", level=f"{level:g}"),
        "x": x,
        "y": y,
        "mode": "lines",
        "line": {"width": 0, "color": "rgba(0,114,178,0.5)"},
        "fill": "toself",
        "fillcolor": f"rgba(0,114,178,{shade:.2f})",
        "hoverinfo": "skip",
    }


def actual(times: Times, values: Floats) -> Trace:
    known = np.isfinite(values)
    lonely = known & ~np.concatenate([[False], known[:-1]]) & ~np.concatenate([known[1:], [False]])
    return {
        "type": "scatter",
        "name": _("Actual"),
        "x": json_times(times),
        "y": json_numbers(values),
        "mode": "lines+markers" if lonely.any() else "lines",
        "line": {"color": INK, "width": 1.5},
        "marker": {"size": 3.5},
    }


def time_axis(panel: SeriesData, times: Times) -> dict[str, Any]:
    if not are_dates(times):
        return axis(plot_text(panel.time_name), type="linear", hoverformat=",d", separatethousands=True)
    whole_days = bool((times == times.astype("datetime64[D]")).all())
    return axis(
        plot_text(panel.time_name), type="date", hoverformat="%a %Y-%m-%d" if whole_days else "%a %Y-%m-%d %H:%M"
    )


def vertical(at: Any, color: str = "#c3cbd3") -> dict[str, Any]:
    line = {"color": color, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "layer": "below", "line": line}


def ranges(first: Any, last: Any, near: Floats, more: bool) -> dict[str, Any]:
    """The range of both axes on the recent part; `more` says whether there is anything beyond it."""
    begin, end = json_times(np.array([first, last + (last - first) / 40]))
    known = near[np.isfinite(near)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    pad = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    return {"x": [begin, end], "y": [low - pad, high + pad], "more": bool(more)}


def floats(column: pd.Series) -> Floats:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)
