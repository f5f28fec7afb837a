"""The two plots of one series: its forecast with the fan of intervals, and its backtest against the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.formatting import style_of_range
from recurra.report.content import ForecastReport, bound_columns
from recurra.report.numbers import json_numbers
from recurra.report.style import INK, Figure, Trace, axis, figure, method_line, plot_text, value_axis
from recurra.report.thinning import thin
from recurra.report.times import Times, are_dates, json_times, plain_times
from recurra.report.views import SeriesView

Floats = npt.NDArray[np.float64]


def forecast_figure(view: SeriesView, report: ForecastReport, points: int) -> Figure:
    """The history (thinned to `points`), the forecast and its intervals; opens on the recent part."""
    times, values = plain_times(view.history["time"]), _floats(view.history["y"])
    ahead, forecast = plain_times(view.forecast["time"]), _floats(view.forecast["forecast"])
    anchor_time, anchor = _anchor(times, values)
    data = [
        _band(
            _joined_times(anchor_time, ahead),
            np.concatenate([anchor, _floats(view.forecast[lower])]),
            np.concatenate([anchor, _floats(view.forecast[upper])]),
            level,
            shade,
        )
        for level, lower, upper, shade in _shaded(report)
    ]
    kept = thin(values, points)
    data.append(_actual(times[kept], values[kept]))
    data.append(
        {
            "type": "scatter",
            "x": json_times(_joined_times(anchor_time, ahead)),
            "y": json_numbers(np.concatenate([anchor, forecast])),
            "mode": "lines",
            "line": {"color": method_line("ours", ())["color"], "width": 2.5},
            "legendgroup": "forecast",
            "showlegend": False,
            "hoverinfo": "skip",
        }
    )
    data.append(_forecast_dots(view.forecast, ahead, forecast, report, values))
    everything = np.concatenate([values, *(_floats(view.forecast[column]) for column in _value_columns(report))])
    recent = max(5 * report.horizon, 120)
    result = figure(
        data,
        _time_axis(report, ahead if len(ahead) else times),
        value_axis(plot_text(report.target), everything),
        hovermode="x unified",
        height=430,
    )
    if len(times) and len(ahead):
        result["layout"] |= _origin_mark(times[-1])
        near = [values[-recent:], *(_floats(view.forecast[column]) for column in _value_columns(report))]
        result["views"] = _views(
            times[max(0, len(times) - recent)], ahead[-1], np.concatenate(near), len(times) > recent
        )
    return result


def backtest_figure(view: SeriesView, report: ForecastReport, points: int) -> Figure | None:
    """The truth, our forecasts from each origin and every baseline (a click away); None where nothing was tested."""
    rows = view.windows
    if not len(rows):
        return None
    times = plain_times(rows["time"])
    joined = int(rows["step"].max()) == 1
    breaks = np.zeros(0, dtype=np.int64) if joined else np.flatnonzero(np.diff(rows["origin"].to_numpy()) != 0) + 1
    data = [
        _bands_of_windows(rows, times, breaks, level, lower, upper, shade)
        for level, lower, upper, shade in _shaded(report)
        if lower in rows and upper in rows
    ]
    truth_times, truth = _truth(view, rows, times)
    kept = thin(truth, max(points, len(rows)))
    data.append(_actual(truth_times[kept], truth[kept]))
    for method in (*report.baselines, "forecast"):
        ours = method == "forecast"
        data.append(
            {
                "type": "scatter",
                "name": "Forecast" if ours else plot_text(method, 30),
                "x": _broken(json_times(times), breaks),
                "y": _broken(json_numbers(rows[method]), breaks),
                "mode": "lines+markers" if int(rows["step"].max()) < 8 and len(rows) < 200 else "lines",
                "marker": {"size": 4},
                "line": method_line("ours" if ours else method, report.baselines) | ({"width": 2.25} if ours else {}),
                "visible": True if ours or method == report.best_baseline else "legendonly",
            }
        )
    columns = [column for column in (*_value_columns(report), *report.baselines) if column in rows]
    result = figure(
        data,
        _time_axis(report, times),
        value_axis(plot_text(report.target), np.concatenate([truth, _floats(rows["forecast"])])),
        hovermode="x unified",
        height=430,
    )
    if not joined:
        starts = json_times(times[np.concatenate([[0], breaks]).astype(np.int64)])
        result["layout"]["shapes"] = [_vertical(start) for start in starts] if len(starts) <= 60 else []
    recent = rows["origin"].isin(np.sort(rows["origin"].unique())[-max(4, 100 // int(rows["step"].max())) :])
    near = [_floats(rows.loc[recent, column]) for column in (*columns, "y") if column not in report.baselines]
    result["views"] = _views(times[recent.to_numpy()].min(), times.max(), np.concatenate(near), not recent.all())
    return result


def _value_columns(report: ForecastReport) -> list[str]:
    return ["forecast", *(column for level in report.levels for column in bound_columns(level))]


def _shaded(report: ForecastReport) -> list[tuple[float, str, str, float]]:
    """Level, its columns and its opacity, the widest first so that it lies below."""
    levels = sorted(report.levels, reverse=True)
    shades = np.linspace(0.14, 0.26, len(levels)).tolist()
    return [(level, *bound_columns(level), shade) for level, shade in zip(levels, shades, strict=True)]


def _band(times: Times, lower: Floats, upper: Floats, level: float, shade: float) -> Trace:
    known = np.isfinite(lower) & np.isfinite(upper)
    x, low, high = json_times(times[known]), json_numbers(lower[known]), json_numbers(upper[known])
    return _polygon([*x, *x[::-1]], [*low, *high[::-1]], level, shade)


def _bands_of_windows(
    rows: pd.DataFrame, times: Times, breaks: npt.NDArray[np.int64], level: float, lower: str, upper: str, shade: float
) -> Trace:
    x: list[Any] = []
    y: list[Any] = []
    for part in np.split(np.arange(len(rows)), breaks):
        band = _band(times[part], _floats(rows[lower])[part], _floats(rows[upper])[part], level, shade)
        x += [*band["x"], None]
        y += [*band["y"], None]
    return _polygon(x[:-1], y[:-1], level, shade)


def _polygon(x: list[Any], y: list[Any], level: float, shade: float) -> Trace:
    return {
        "type": "scatter",
        "name": f"{level:g} % interval",
        "x": x,
        "y": y,
        "mode": "lines",
        "line": {"width": 0, "color": "rgba(0,114,178,0.5)"},
        "fill": "toself",
        "fillcolor": f"rgba(0,114,178,{shade:.2f})",
        "hoverinfo": "skip",
    }


def _actual(times: Times, values: Floats) -> Trace:
    known = np.isfinite(values)
    lonely = known & ~np.concatenate([[False], known[:-1]]) & ~np.concatenate([known[1:], [False]])
    return {
        "type": "scatter",
        "name": "Actual",
        "x": json_times(times),
        "y": json_numbers(values),
        "mode": "lines+markers" if lonely.any() else "lines",
        "line": {"color": INK, "width": 1.5},
        "marker": {"size": 3.5},
    }


def _forecast_dots(
    rows: pd.DataFrame, times: Times, forecast: Floats, report: ForecastReport, history: Floats
) -> Trace:
    style = style_of_range(np.concatenate([history, forecast])).d3
    levels = sorted(report.levels)
    lines = [f"%{{y:{style}}}"]
    for place, level in enumerate(levels):
        lines.append(f"{level:g} %: %{{customdata[{2 * place}]:{style}}} to %{{customdata[{2 * place + 1}]:{style}}}")
    bounds = [json_numbers(rows[column]) for level in levels for column in bound_columns(level)]
    return {
        "type": "scatter",
        "name": "Forecast",
        "x": json_times(times),
        "y": json_numbers(forecast),
        "customdata": [list(row) for row in zip(*bounds, strict=True)],
        "mode": "lines+markers",
        "line": {"color": method_line("ours", ())["color"], "width": 2.5},
        "marker": {"size": 8 if len(rows) == 1 else 5 if len(rows) <= 60 else 2.5},
        "legendgroup": "forecast",
        "hovertemplate": "<br>".join(lines),
    }


def _truth(view: SeriesView, rows: pd.DataFrame, times: Times) -> tuple[Times, Floats]:
    """The truth over the windows and a little before them."""
    history = plain_times(view.history["time"])
    if len(history):
        before = np.searchsorted(history, times.min()) - max(2 * int(rows["step"].max()), 10)
        part = slice(max(0, int(before)), int(np.searchsorted(history, times.max(), side="right")))
        if part.stop > part.start:
            return history[part], _floats(view.history["y"])[part]
    return times, _floats(rows["y"])


def _anchor(times: Times, values: Floats) -> tuple[Times, Floats]:
    """The last row of the history as one point to start the fan from; none where it is missing."""
    last = slice(-1, None) if len(values) and np.isfinite(values[-1]) else slice(0, 0)
    return times[last], values[last]


def _joined_times(first: Times, then: Times) -> Times:
    return np.concatenate([first, then]) if len(first) else then


def _broken(values: list[Any], breaks: npt.NDArray[np.int64]) -> list[Any]:
    """The list with None before each of the given places, where a line shall not go through."""
    places = set(breaks.tolist())
    return [item for place, value in enumerate(values) for item in ([None, value] if place in places else [value])]


def _time_axis(report: ForecastReport, times: Times) -> dict[str, Any]:
    if not are_dates(times):
        return axis(plot_text(report.time_name), type="linear", hoverformat=",d", separatethousands=True)
    whole_days = bool((times == times.astype("datetime64[D]")).all())
    return axis(
        plot_text(report.time_name), type="date", hoverformat="%a %Y-%m-%d" if whole_days else "%a %Y-%m-%d %H:%M"
    )


def _origin_mark(time: Any) -> dict[str, Any]:
    at = json_times(np.array([time]))[0]
    label = {
        "x": at,
        "y": 1,
        "yref": "paper",
        "xanchor": "right",
        "yanchor": "top",
        "xshift": -4,
        "showarrow": False,
        "text": "last known",
        "font": {"size": 12, "color": "#55616e"},
    }
    return {"shapes": [_vertical(at, "#55616e")], "annotations": [label]}


def _vertical(at: Any, color: str = "#c3cbd3") -> dict[str, Any]:
    line = {"color": color, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "layer": "below", "line": line}


def _views(first: Any, last: Any, near: Floats, more: bool) -> dict[str, Any]:
    """The range of both axes on the recent part; `more` says whether there is anything beyond it."""
    begin, end = json_times(np.array([first, last + (last - first) / 40]))
    known = near[np.isfinite(near)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    pad = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    return {"x": [begin, end], "y": [low - pad, high + pad], "more": bool(more)}


def _floats(column: pd.Series) -> Floats:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)
