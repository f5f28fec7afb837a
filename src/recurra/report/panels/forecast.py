"""The forecast of each series: its history, the forecast with its fan of intervals, and the values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from recurra.formatting import count, style_of_range
from recurra.language import _, mark, several
from recurra.lettering import one_line
from recurra.report.blocks import ChosenTable, Details, Drawing, Plot, Section, Text
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.panels.series import (
    EMBEDDED_SERIES,
    POINTS,
    POINTS_IN_ALL,
    Floats,
    SeriesData,
    actual,
    band,
    bound_columns,
    floats,
    ranges,
    shaded,
    time_axis,
    value_columns,
    vertical,
)
from recurra.report.panels.series_picture import dots, dress_series, level_shades
from recurra.report.style import INK, MUTED, OURS, Figure, Trace, figure, method_line, plot_text, value_axis
from recurra.report.thinning import thin
from recurra.report.times import Times, json_times, plain_times, time_texts
from recurra.report.views import SeriesView, pick_series, series_views

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS = 60  # of the table of values
DRAWN = 600  # points of the picture


@dataclass(frozen=True, eq=False)
class Forecast(SeriesData, Panel):
    """History and forecast of each series that the page shows, see `SeriesData`."""

    title: ClassVar[str] = mark("Forecast")

    def section(self) -> Section | None:
        views = series_views(self, pick_series(self, EMBEDDED_SERIES), POINTS)
        if not views:
            return None
        points = max(400, min(POINTS, POINTS_IN_ALL // len(views)))
        label = _("The history of {target}, then its forecast with intervals", target=self.target)
        figures = [forecast_figure(view, self, points) for view in views]
        tables = [forecast_rows(view, self) for view in views]
        values = ChosenTable(
            "figures",
            _("Forecast values"),
            [(each.header, each.rows) for each in tables],
            [each.note for each in tables],
        )
        blocks = [
            Plot("forecast", label, height=430, figures=figures, ranges=True),
            Text(name="forecast-note", texts=[_history_note(view, points) for view in views]),
            Details(_("Forecast values"), [values]),
        ]
        return Section("forecast", _(self.title), blocks, choices=[str(view.pick.series) for view in views])

    def drawing(self) -> Drawing | None:
        views = series_views(self, pick_series(self, 1), DRAWN)
        if not views:
            return None
        return Drawing(lambda axes, fonts: _picture(axes, views[0], self, fonts), wide=True)


@dataclass(frozen=True)
class ForecastRows:
    """The forecast of one series in figures; `left_out` rows are only in the file."""

    header: list[str]
    rows: list[list[str]]
    left_out: int

    @property
    def note(self) -> str:
        """What is not shown; "" where all is."""
        if not self.left_out:
            return ""
        return _(
            "The first {shown} steps; {left_out} more are in the forecast file.",
            shown=len(self.rows),
            left_out=self.left_out,
        )


def forecast_rows(view: SeriesView, panel: SeriesData) -> ForecastRows:
    """The forecast of one series as text, at most the first `ROWS` steps."""
    levels = sorted(panel.levels)
    columns = ["forecast", *(column for level in levels for column in bound_columns(level))]
    shown = view.forecast.iloc[:ROWS]
    numbers = shown[columns].to_numpy(dtype=np.float64, na_value=np.nan)
    style = style_of_range(
        np.concatenate([view.history["y"].to_numpy(dtype=np.float64, na_value=np.nan)[-500:], numbers.ravel()])
    )
    sides = (_("{level} % low"), _("{level} % high"))
    header = [panel.time_name, _("forecast"), *(side.format(level=f"{level:g}") for level in levels for side in sides)]
    texts = time_texts(plain_times(shown["time"]))
    rows = [[time, *(style.text(value) for value in row)] for time, row in zip(texts, numbers.tolist(), strict=True)]
    return ForecastRows(header, rows, len(view.forecast) - len(shown))


def _history_note(view: SeriesView, points: int) -> str:
    rows, missing = len(view.history), int(view.history["y"].isna().sum())
    told = [several("{n} row of history", "{n} rows of history", rows)]
    if missing:
        told.append(_(", {missing} of them without a value (a gap in the line)", missing=f"{missing:,}"))
    if rows > points:
        told.append(
            _(
                ". Drawn with about {points} points: every peak and trough is kept, and the recent part is complete",
                points=f"{points:,}",
            )
        )
    return "".join([*told, _(".")])


def forecast_figure(view: SeriesView, panel: SeriesData, points: int) -> Figure:
    """The history (thinned to `points`), the forecast and its intervals; opens on the recent part."""
    times, values = plain_times(view.history["time"]), floats(view.history["y"])
    ahead, forecast = plain_times(view.forecast["time"]), floats(view.forecast["forecast"])
    anchor_time, anchor = _anchor(times, values)
    data = [
        band(
            _joined_times(anchor_time, ahead),
            np.concatenate([anchor, floats(view.forecast[lower])]),
            np.concatenate([anchor, floats(view.forecast[upper])]),
            level,
            shade,
        )
        for level, lower, upper, shade in shaded(panel)
    ]
    kept = thin(values, points)
    data.append(actual(times[kept], values[kept]))
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
    data.append(_forecast_dots(view.forecast, ahead, forecast, panel, values))
    everything = np.concatenate([values, *(floats(view.forecast[column]) for column in value_columns(panel))])
    recent = max(5 * panel.horizon, 120)
    result = figure(
        data,
        time_axis(panel, ahead if len(ahead) else times),
        value_axis(plot_text(panel.target), everything),
        hovermode="x unified",
        height=430,
    )
    if len(times) and len(ahead):
        result["layout"] |= _origin_mark(times[-1])
        near = [values[-recent:], *(floats(view.forecast[column]) for column in value_columns(panel))]
        result["views"] = ranges(
            times[max(0, len(times) - recent)], ahead[-1], np.concatenate(near), len(times) > recent
        )
    return result


def _forecast_dots(rows: pd.DataFrame, times: Times, forecast: Floats, panel: SeriesData, history: Floats) -> Trace:
    style = style_of_range(np.concatenate([history, forecast])).d3
    levels = sorted(panel.levels)
    lines = [f"%{{y:{style}}}"]
    for place, level in enumerate(levels):
        lines.append(f"{level:g} %: %{{customdata[{2 * place}]:{style}}} – %{{customdata[{2 * place + 1}]:{style}}}")
    bounds = [json_numbers(rows[column]) for level in levels for column in bound_columns(level)]
    return {
        "type": "scatter",
        "name": _("Forecast"),
        "x": json_times(times),
        "y": json_numbers(forecast),
        "customdata": [list(row) for row in zip(*bounds, strict=True)],
        "mode": "lines+markers",
        "line": {"color": method_line("ours", ())["color"], "width": 2.5},
        "marker": {"size": 8 if len(rows) == 1 else 5 if len(rows) <= 60 else 2.5},
        "legendgroup": "forecast",
        "hovertemplate": "<br>".join(lines),
    }


def _anchor(times: Times, values: Floats) -> tuple[Times, Floats]:
    """The last row of the history as one point to start the fan from; none where it is missing."""
    last = slice(-1, None) if len(values) and np.isfinite(values[-1]) else slice(0, 0)
    return times[last], values[last]


def _joined_times(first: Times, then: Times) -> Times:
    return np.concatenate([first, then]) if len(first) else then


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
        "text": _("last known"),
        "font": {"size": 12, "color": "#55616e"},
    }
    return {"shapes": [vertical(at, "#55616e")], "annotations": [label]}


def _picture(axes: Axes, view: SeriesView, panel: SeriesData, fonts: list[str]) -> None:
    history = view.history.iloc[-max(4 * panel.horizon, 100) :]
    values = floats(history["y"])
    axes.plot(plain_times(history["time"]), values, color=INK, lw=1.4, label=_("Actual"), **dots(history["y"]))
    times, y = plain_times(view.forecast["time"]), floats(view.forecast["forecast"])
    known = history.iloc[-1:] if len(history) and np.isfinite(values[-1]) else history.iloc[:0]
    joined = np.concatenate([plain_times(known["time"]), times]) if len(known) else times
    start = floats(known["y"])
    for level, shade in level_shades(panel.levels):
        low, high = (np.concatenate([start, floats(view.forecast[column])]) for column in bound_columns(level))
        label = _("{level} % interval", level=f"{level:g}")
        axes.fill_between(joined, low, high, color=OURS, alpha=shade, lw=0, label=label)
    axes.plot(joined, np.concatenate([start, y]), color=OURS, lw=2.2, label=_("Forecast"))
    axes.plot(times, y, "o", color=OURS, ms=6 if len(times) == 1 else 3 if len(times) <= 60 else 0)
    if len(history):
        axes.axvline(plain_times(history["time"])[-1], color=MUTED, lw=0.9, ls=":")
    title = _("Forecast, {horizon} ahead", horizon=count(panel.horizon, panel.unit))
    if panel.forecast["series"].nunique() > 1:
        title = f"{title}: {one_line(str(view.pick.series), 60)}"
    dress_series(axes, title, panel, np.concatenate([values, y]), fonts)
