"""The report of a forecast as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recurra.formatting import count, joined
from recurra.report.content import ForecastReport
from recurra.report.insight_plots import moved_figure, moved_height, moved_usually_figure
from recurra.report.rendering import render_page
from recurra.report.series_plots import backtest_figure, forecast_figure
from recurra.report.summary_plots import (
    by_series_figure,
    by_step_figure,
    coverage_figure,
    off_scale,
)
from recurra.report.tables import cards, forecast_rows, method_rows, metric_header, series_sentence
from recurra.report.training_plots import flow_figure, learning_figure
from recurra.report.views import SeriesView, pick_series, series_views
from recurra.report.writing import write_whole

EMBEDDED_SERIES = 24
POINTS = 2_400
POINTS_IN_ALL = 20_000


def write_html(report: ForecastReport, path: str | Path) -> None:
    """Write the report to `path` as one file with everything in it.

    Raises InputError when the file cannot be written; an old file then stays.

    Example:
        >>> from recurra.report.page import write_html
        >>> write_html(report, "report.html")  # doctest: +SKIP
    """
    write_whole(path, render(report).encode("utf-8", "xmlcharrefreplace"))


def render(report: ForecastReport) -> str:
    """The page as text."""
    views = series_views(report, pick_series(report, EMBEDDED_SERIES), POINTS)
    points = max(400, min(POINTS, POINTS_IN_ALL // max(1, len(views))))
    figures = {
        "by-step": by_step_figure(report),
        "coverage": coverage_figure(report),
        "by-series": by_series_figure(report),
        "learning": learning_figure(report),
        "flow": flow_figure(report),
        "moved-usually": moved_usually_figure(report),
    }
    payload = {
        "figures": {name: figure for name, figure in figures.items() if figure},
        "series": [_embedded(view, report, points) for view in views],
    }
    in_all = report.forecast["series"].nunique() if len(report.forecast) else 0
    return render_page(
        "forecast.html.j2",
        payload,
        scripts=("forecast.js",),
        report=report,
        cards=cards(report),
        metric_header=metric_header(report),
        methods=method_rows(report),
        shown=payload["figures"].keys(),
        options=[_option(view) for view in views],
        tested=any(len(view.windows) for view in views),
        moved=any(part["moved"] for part in payload["series"]),
        moved_height=moved_height(report),
        selection_note=_selection_note(len(views), in_all),
        series_sentence=series_sentence(report) if "by-series" in payload["figures"] else "",
        off_scale=joined(off_scale(report)),
        horizon=count(report.horizon, report.unit),
    )


def _embedded(view: SeriesView, report: ForecastReport, points: int) -> dict[str, Any]:
    rows = forecast_rows(view, report)
    return {
        "label": str(view.pick.series),
        "forecast": forecast_figure(view, report, points),
        "backtest": backtest_figure(view, report, points),
        "moved": moved_figure(report, view.pick.series),
        "header": rows.header,
        "rows": rows.rows,
        "leftOut": rows.left_out,
        "historyNote": _history_note(view, points),
        "backtestNote": _backtest_note(view, report),
    }


def _option(view: SeriesView) -> str:
    """What the selector says of a series."""
    known = view.pick.mase == view.pick.mase
    parts = [_shortened(str(view.pick.series)), f"MASE {view.pick.mase:.3f}" if known else "", view.pick.tag]
    return " · ".join(part for part in parts if part)


def _shortened(name: str, limit: int = 70) -> str:
    return name if len(name) <= limit else f"{name[: limit - 1]}…"


def _history_note(view: SeriesView, points: int) -> str:
    rows, missing = len(view.history), int(view.history["y"].isna().sum())
    note = f"{count(rows, 'row')} of history"
    if missing:
        note += f", {missing:,} of them without a value (a gap in the line)"
    if rows > points:
        note += f". Drawn with about {points:,} points: every peak and trough is kept, and the recent part is complete"
    return note + "."


def _backtest_note(view: SeriesView, report: ForecastReport) -> str:
    if not len(view.windows):
        return "This series was too short to be tested."
    shown = view.windows["origin"].nunique()
    steps = int(view.windows["step"].max())
    what = f"one {report.unit}" if steps == 1 else count(steps, report.unit)
    several = shown < view.windows_in_all
    which = f"The last {shown:,} of {view.windows_in_all:,} windows" if several else count(shown, "window")
    seen = "Each forecast saw only what lies before its own beginning"
    baselines = " Click a baseline in the legend to show or hide it." if report.baselines else ""
    return f"{which} of {what}. {seen}.{baselines}"


def _selection_note(shown: int, in_all: int) -> str:
    if shown == in_all:
        return ""
    spread = "the first, the median, the worst, the best, and others spread evenly by their error"
    return f"{shown:,} of {in_all:,} series are in this page: {spread}. All are in the forecast file."
