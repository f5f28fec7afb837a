"""The forecast as one picture: history and fan, backtest, and the methods side by side, with the verdict as its title.

Matplotlib takes most of a second to import, so it is imported where it draws, and `import recurra.report` stays quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from recurra.formatting import NumberStyle, count, style_of_range
from recurra.report.content import ForecastReport, bound_columns
from recurra.report.lettering import installed_families, one_line
from recurra.report.picture import headed, save
from recurra.report.style import GRID, INK, MUTED, OURS, method_colour, method_line
from recurra.report.times import plain_times
from recurra.report.views import SeriesView, pick_series, series_views

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS = 600
DASHES = {"dash": "--", "dot": ":", "dashdot": "-.", "longdash": (0, (8, 3)), "longdashdot": (0, (8, 3, 2, 3))}


def write_png(report: ForecastReport, path: str | Path) -> None:
    """Write the picture of the report's first series to `path`, 1800 x 1200 pixels.

    Letters that no installed font holds appear as boxes. Raises InputError when the file cannot be written.

    Example:
        >>> from recurra.report.png import write_png
        >>> write_png(report, "forecast.png")  # doctest: +SKIP
    """
    save(draw(report), path)


def draw(report: ForecastReport) -> Figure:
    """The picture as a Matplotlib figure that belongs to no window and no pyplot."""
    fonts = installed_families()
    figure, top = headed(report, fonts)
    views = series_views(report, pick_series(report, 1), POINTS)
    compared = _mase(report)
    tested = bool(views) and len(views[0].windows) > 0
    rows = 2 if tested or len(compared) else 1
    grid = figure.add_gridspec(
        rows, 12, left=0.075, right=0.975, top=top, bottom=0.07, hspace=0.34, height_ratios=[1.25, 1][:rows]
    )
    if views:
        several = report.forecast["series"].nunique() > 1
        _forecast(figure.add_subplot(grid[0, :]), views[0], report, several, fonts)
    if tested:
        _backtest(figure.add_subplot(grid[1, : 8 if len(compared) else 12]), views[0], report, fonts)
    if len(compared):
        _bars(figure.add_subplot(grid[1, 9:] if tested else grid[1, :]), compared, report, fonts)
    return figure


def _forecast(axes: Axes, view: SeriesView, report: ForecastReport, several: bool, fonts: list[str]) -> None:
    history = view.history.iloc[-max(4 * report.horizon, 100) :]
    axes.plot(
        plain_times(history["time"]), _floats(history["y"]), color=INK, lw=1.4, label="Actual", **_dots(history["y"])
    )
    times, y = plain_times(view.forecast["time"]), _floats(view.forecast["forecast"])
    known = history.iloc[-1:] if len(history) and np.isfinite(_floats(history["y"])[-1]) else history.iloc[:0]
    joined = np.concatenate([plain_times(known["time"]), times]) if len(known) else times
    start = _floats(known["y"])
    for level, shade in _levels(report):
        low, high = (np.concatenate([start, _floats(view.forecast[column])]) for column in bound_columns(level))
        axes.fill_between(joined, low, high, color=OURS, alpha=shade, lw=0, label=f"{level:g} % interval")
    axes.plot(joined, np.concatenate([start, y]), color=OURS, lw=2.2, label="Forecast")
    axes.plot(times, y, "o", color=OURS, ms=6 if len(times) == 1 else 3 if len(times) <= 60 else 0)
    if len(history):
        axes.axvline(plain_times(history["time"])[-1], color=MUTED, lw=0.9, ls=":")
    title = f"Forecast, {count(report.horizon, report.unit)} ahead"
    name = f"{title}: {one_line(str(view.pick.series), 60)}" if several else title
    _dress(axes, name, report, np.concatenate([_floats(history["y"]), y]), fonts)


def _backtest(axes: Axes, view: SeriesView, report: ForecastReport, fonts: list[str]) -> None:
    rows = view.windows
    length = int(rows["step"].max())
    origins = np.sort(rows["origin"].unique())[-max(4, 100 // length) :]
    rows = rows[rows["origin"].isin(origins)]
    parts = [rows] if length == 1 else [part for _, part in rows.groupby("origin")]
    axes.plot(plain_times(rows["time"]), _floats(rows["y"]), color=INK, lw=1.4, label="Actual", zorder=3)
    methods = [(report.best_baseline, *_drawn_as(report.best_baseline, report))] if report.best_baseline else []
    for place, part in enumerate(parts):
        times = plain_times(part["time"])
        for level, shade in _levels(report):
            low, high = bound_columns(level)
            if low in part and high in part:
                axes.fill_between(times, _floats(part[low]), _floats(part[high]), color=OURS, alpha=shade, lw=0)
        for column, color, style in (*methods, ("forecast", OURS, "-")):
            label = {"forecast": "Forecast"}.get(column, one_line(column, 30)) if place == 0 else None
            marker = "o" if len(part) == 1 else None
            axes.plot(times, _floats(part[column]), color=color, ls=style, lw=1.6, marker=marker, ms=4, label=label)
    _dress(axes, "Backtest: forecasts against the truth", report, _floats(rows["y"]), fonts)


def _bars(axes: Axes, mase: pd.Series, report: ForecastReport, fonts: list[str]) -> None:
    names = [one_line(str(name), 22) for name in mase.index]
    places = np.arange(len(mase))
    axes.barh(
        places,
        mase.to_numpy(),
        color=[method_colour(str(name), report.baselines) for name in mase.index],
        height=0.62,
    )
    for place, value in zip(places, mase.to_numpy().tolist(), strict=True):
        axes.annotate(
            NumberStyle(3).text(value),
            (value, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            family=fonts,
        )
    axes.set_yticks(places, labels=names, fontsize=9.5)
    for label in axes.get_yticklabels():
        label.set(parse_math=False, family=fonts)
    axes.invert_yaxis()
    axes.set_xlim(0, float(mase.max()) * 1.22)
    axes.set_title("MASE, lower is better", loc="left", fontsize=11.5, weight="bold", color=INK, family=fonts)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.set_xticks([])
    axes.tick_params(length=0)


def _drawn_as(method: str, report: ForecastReport) -> tuple[str, Any]:
    """Colour and dashes of a baseline, those of the page."""
    line = method_line(method, report.baselines)
    return line["color"], DASHES[line["dash"]]


def _dress(axes: Axes, title: str, report: ForecastReport, values: Any, fonts: list[str]) -> None:
    axes.set_title(title, loc="left", fontsize=11.5, weight="bold", color=INK, parse_math=False, family=fonts)
    axes.set_ylabel(one_line(report.target, 40), color=MUTED, parse_math=False, family=fonts)
    axes.set_xlabel(one_line(report.time_name, 40), color=MUTED, parse_math=False, family=fonts)
    axes.grid(axis="y", color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#b8c1ca")
    axes.tick_params(colors=MUTED, labelsize=9.5, labelfontfamily=fonts)
    finite = values[np.isfinite(values)]
    largest = np.abs(finite).max(initial=0.0)
    if 1e-4 <= largest < 1e6 and not style_of_range(finite).scientific:
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}".replace("-", "−"))
    axes.margins(x=0.01)
    legend = axes.legend(loc="upper left", frameon=False, fontsize=9, ncols=5, borderaxespad=0.2, handlelength=1.6)
    for text in legend.get_texts():
        text.set(parse_math=False, family=fonts)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.12 * (high - low))


def _mase(report: ForecastReport) -> pd.Series:
    if "MASE" not in report.table.columns:
        return pd.Series(dtype=np.float64)
    mase = report.table["MASE"].astype(float)
    return mase[np.isfinite(mase)].sort_values(kind="stable").iloc[:8]


def _levels(report: ForecastReport) -> list[tuple[int, float]]:
    levels = sorted(report.levels, reverse=True)
    return list(zip(levels, np.linspace(0.14, 0.24, len(levels)).tolist(), strict=True))


def _dots(values: pd.Series) -> dict[str, Any]:
    """Markers where the line has holes, so that a value between two holes is seen."""
    return {"marker": "o", "ms": 2} if values.isna().any() else {}


def _floats(column: pd.Series) -> np.ndarray:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)
