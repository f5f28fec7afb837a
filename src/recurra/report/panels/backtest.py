"""Past forecasts of each series against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.formatting import count
from recurra.language import _, mark, several
from recurra.lettering import one_line
from recurra.methods import method_name
from recurra.report.blocks import Drawing, Plot, Section, Text
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
    polygon,
    ranges,
    shaded,
    time_axis,
    value_columns,
    vertical,
)
from recurra.report.panels.series_picture import DASHES, dress_series, level_shades
from recurra.report.style import INK, OURS, Figure, Trace, figure, method_line, plot_text, value_axis
from recurra.report.thinning import thin
from recurra.report.times import Times, json_times, plain_times
from recurra.report.views import SeriesView, pick_series, series_views

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWN = 600  # points of the picture


@dataclass(frozen=True, eq=False)
class Backtest(SeriesData, Panel):
    """Past forecasts of each series that the page shows, see `SeriesData`."""

    title: ClassVar[str] = mark("Backtest: past forecasts against the truth")

    def section(self) -> Section | None:
        views = series_views(self, pick_series(self, EMBEDDED_SERIES), POINTS)
        if not any(len(view.windows) for view in views):
            return None
        points = max(400, min(POINTS, POINTS_IN_ALL // len(views)))
        label = _(
            "Past forecasts of {target} from several origins, with the truth and the baselines", target=self.target
        )
        figures = [backtest_figure(view, self, points) for view in views]
        blocks = [
            Plot("backtest", label, height=430, figures=figures, ranges=True),
            Text(name="backtest-note", texts=[_note(view, self) for view in views]),
        ]
        return Section("backtest", _(self.title), blocks, choices=[str(view.pick.series) for view in views])

    def drawing(self) -> Drawing | None:
        views = series_views(self, pick_series(self, 1), DRAWN)
        if not views or not len(views[0].windows):
            return None
        return Drawing(lambda axes, fonts: _picture(axes, views[0], self, fonts))


def _note(view: SeriesView, panel: SeriesData) -> str:
    if not len(view.windows):
        return _("This series was too short to be tested.")
    shown = int(view.windows["origin"].nunique())
    steps = int(view.windows["step"].max())
    length = count(steps, panel.unit)
    if shown < view.windows_in_all:
        which = _(
            "The last {shown} of {all} windows of {length}.",
            shown=f"{shown:,}",
            all=f"{view.windows_in_all:,}",
            length=length,
        )
    else:
        which = several("{n} window of {length}.", "{n} windows of {length}.", shown, length=length)
    told = [which, _("Each forecast saw only what lies before its own beginning.")]
    if panel.baselines:
        told.append(_("Click a baseline in the legend to show or hide it."))
    return " ".join(told)


def backtest_figure(view: SeriesView, panel: SeriesData, points: int) -> Figure | None:
    """The truth, our forecasts from each origin and every baseline (a click away); None where nothing was tested."""
    rows = view.windows
    if not len(rows):
        return None
    times = plain_times(rows["time"])
    joined = int(rows["step"].max()) == 1
    breaks = np.zeros(0, dtype=np.int64) if joined else np.flatnonzero(np.diff(rows["origin"].to_numpy()) != 0) + 1
    data = [
        _bands_of_windows(rows, times, breaks, level, lower, upper, shade)
        for level, lower, upper, shade in shaded(panel)
        if lower in rows and upper in rows
    ]
    truth_times, truth = _truth(view, rows, times)
    kept = thin(truth, max(points, len(rows)))
    data.append(actual(truth_times[kept], truth[kept]))
    for method in (*panel.baselines, "forecast"):
        ours = method == "forecast"
        data.append(
            {
                "type": "scatter",
                "name": _("Forecast") if ours else plot_text(method_name(method), 30),
                "x": _broken(json_times(times), breaks),
                "y": _broken(json_numbers(rows[method]), breaks),
                "mode": "lines+markers" if int(rows["step"].max()) < 8 and len(rows) < 200 else "lines",
                "marker": {"size": 4},
                "line": method_line("ours" if ours else method, panel.baselines) | ({"width": 2.25} if ours else {}),
                "visible": True if ours or method == panel.best_baseline else "legendonly",
            }
        )
    columns = [column for column in (*value_columns(panel), *panel.baselines) if column in rows]
    result = figure(
        data,
        time_axis(panel, times),
        value_axis(plot_text(panel.target), np.concatenate([truth, floats(rows["forecast"])])),
        hovermode="x unified",
        height=430,
    )
    if not joined:
        starts = json_times(times[np.concatenate([[0], breaks]).astype(np.int64)])
        result["layout"]["shapes"] = [vertical(start) for start in starts] if len(starts) <= 60 else []
    recent = rows["origin"].isin(np.sort(rows["origin"].unique())[-max(4, 100 // int(rows["step"].max())) :])
    near = [floats(rows.loc[recent, column]) for column in (*columns, "y") if column not in panel.baselines]
    result["views"] = ranges(times[recent.to_numpy()].min(), times.max(), np.concatenate(near), not recent.all())
    return result


def _bands_of_windows(
    rows: pd.DataFrame, times: Times, breaks: npt.NDArray[np.int64], level: float, lower: str, upper: str, shade: float
) -> Trace:
    x: list[Any] = []
    y: list[Any] = []
    for part in np.split(np.arange(len(rows)), breaks):
        one = band(times[part], floats(rows[lower])[part], floats(rows[upper])[part], level, shade)
        x += [*one["x"], None]
        y += [*one["y"], None]
    return polygon(x[:-1], y[:-1], level, shade)


def _truth(view: SeriesView, rows: pd.DataFrame, times: Times) -> tuple[Times, Floats]:
    """The truth over the windows and a little before them."""
    history = plain_times(view.history["time"])
    if len(history):
        before = np.searchsorted(history, times.min()) - max(2 * int(rows["step"].max()), 10)
        part = slice(max(0, int(before)), int(np.searchsorted(history, times.max(), side="right")))
        if part.stop > part.start:
            return history[part], floats(view.history["y"])[part]
    return times, floats(rows["y"])


def _broken(values: list[Any], breaks: npt.NDArray[np.int64]) -> list[Any]:
    """The list with None before each of the given places, where a line shall not go through."""
    places = set(breaks.tolist())
    return [item for place, value in enumerate(values) for item in ([None, value] if place in places else [value])]


def _picture(axes: Axes, view: SeriesView, panel: SeriesData, fonts: list[str]) -> None:
    rows = view.windows
    length = int(rows["step"].max())
    origins = np.sort(rows["origin"].unique())[-max(4, 100 // length) :]
    rows = rows[rows["origin"].isin(origins)]
    parts = [rows] if length == 1 else [part for _origin, part in rows.groupby("origin")]
    axes.plot(plain_times(rows["time"]), floats(rows["y"]), color=INK, lw=1.4, label=_("Actual"), zorder=3)
    methods: list[tuple[str, str, Any]] = []
    if panel.best_baseline:
        line = method_line(panel.best_baseline, panel.baselines)
        methods.append((panel.best_baseline, line["color"], DASHES[line["dash"]]))
    for place, part in enumerate(parts):
        times = plain_times(part["time"])
        for level, shade in level_shades(panel.levels):
            low, high = bound_columns(level)
            if low in part and high in part:
                axes.fill_between(times, floats(part[low]), floats(part[high]), color=OURS, alpha=shade, lw=0)
        for column, color, style in (*methods, ("forecast", OURS, "-")):
            called = _("Forecast") if column == "forecast" else one_line(method_name(column), 30)
            label = called if place == 0 else None
            marker = "o" if len(part) == 1 else None
            axes.plot(times, floats(part[column]), color=color, ls=style, lw=1.6, marker=marker, ms=4, label=label)
    dress_series(axes, _("Backtest: forecasts against the truth"), panel, floats(rows["y"]), fonts)
