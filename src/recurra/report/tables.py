"""The tables and headline numbers of the page, as text ready to be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.formatting import MISSING, NumberStyle, compared_with, count, percent, style_of_metric, style_of_range
from recurra.report.content import ForecastReport, bound_columns
from recurra.report.rows import Card, MethodRow
from recurra.report.summary_plots import comparable_series
from recurra.report.times import plain_times, time_texts
from recurra.report.views import SeriesView

FORECAST_ROWS = 60


@dataclass(frozen=True)
class ForecastRows:
    """The forecast of one series in figures; `left_out` rows are only in the file."""

    header: list[str]
    rows: list[list[str]]
    left_out: int


def cards(report: ForecastReport) -> list[Card]:
    """The headline numbers; those that were not computed are left out."""
    made = []
    errors = report.table[~report.table.index.isin(report.baselines)] if len(report.table) else report.table
    if len(errors):
        for name, note in (("MASE", "lower is better"), ("sMAPE", "lower is better")):
            if name in errors.columns and np.isfinite(errors[name].iloc[0]):
                ours, best = float(errors[name].iloc[0]), _best_baseline(report, name)
                note = _against(ours, best, report.best_baseline) if np.isfinite(best) else note
                text = style_of_metric(name, [ours]).text(ours)
                made.append(Card(name, text if name == "MASE" else f"{text} %", note))
        for name in errors.columns:
            nominal = _nominal(str(name))
            if nominal is not None and np.isfinite(errors[name].iloc[0]):
                made.append(Card(f"{nominal:g} % interval", percent(errors[name].iloc[0]), "of the truth was inside"))
    if len(report.backtest):
        origins = len(report.backtest[["series", "origin"]].drop_duplicates())
        series = report.backtest["series"].nunique()
        note = f"{count(series, 'series', 'series')}, {count(len(report.backtest), 'forecast value')}"
        made.append(Card("evaluated on", count(origins, "window"), note))
    if len(report.forecast):
        last = time_texts(plain_times(report.forecast["time"].sort_values().iloc[-1:]))[0]
        until = f"until {last}" if report.horizon > 1 else f"{report.time_name} {last}"
        made.append(Card("forecast", count(report.horizon, report.unit), until))
    return made


def metric_header(report: ForecastReport) -> list[str]:
    """The columns of the table of methods, with their units."""
    return [{"sMAPE": "sMAPE, %"}.get(str(name), str(name)) for name in report.table.columns]


def method_rows(report: ForecastReport) -> list[MethodRow]:
    """The table of methods, in its own order."""
    columns = {name: report.table[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in report.table.columns}
    texts = {name: _column(str(name), values) for name, values in columns.items()}
    winners = {name: _winners(str(name), values) for name, values in columns.items()}
    return [
        MethodRow(
            str(method),
            method not in report.baselines,
            [texts[name][place] for name in columns],
            [bool(winners[name][place]) for name in columns],
        )
        for place, method in enumerate(report.table.index)
    ]


def forecast_rows(view: SeriesView, report: ForecastReport) -> ForecastRows:
    """The forecast of one series as text, at most the first `FORECAST_ROWS` steps."""
    levels = sorted(report.levels)
    columns = ["forecast", *(column for level in levels for column in bound_columns(level))]
    shown = view.forecast.iloc[:FORECAST_ROWS]
    numbers = shown[columns].to_numpy(dtype=np.float64, na_value=np.nan)
    style = style_of_range(
        np.concatenate([view.history["y"].to_numpy(dtype=np.float64, na_value=np.nan)[-500:], numbers.ravel()])
    )
    header = [report.time_name, "forecast", *(f"{level:g} % {side}" for level in levels for side in ("low", "high"))]
    texts = time_texts(plain_times(shown["time"]))
    rows = [[time, *(style.text(value) for value in row)] for time, row in zip(texts, numbers.tolist(), strict=True)]
    return ForecastRows(header, rows, len(view.forecast) - len(shown))


def series_sentence(report: ForecastReport) -> str:
    """In how many of the series the forecast was better."""
    frame = comparable_series(report)
    wins = int((frame["ours"] < frame["best"]).sum())
    left_out = len(report.by_series) - len(frame)
    better = f"{wins:,} of {len(frame):,} series ({percent(wins / len(frame), 0)})"
    named = f" ({report.best_baseline})" if report.best_baseline else ""
    sentence = f"The forecast is better than the best baseline{named} in {better}."
    return sentence + (
        f" {count(left_out, 'series', 'series')} without a positive error in both is not shown." if left_out else ""
    )


def _column(name: str, values: npt.NDArray[np.float64]) -> list[str]:
    if _nominal(name) is not None:
        return [percent(value) for value in values.tolist()]
    style = style_of_metric(name, values)
    return [style.text(value) for value in values.tolist()]


def _winners(name: str, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """The best cells as they are *shown*, so that a tie to the eye is a tie."""
    nominal = _nominal(name)
    shown = _column(name, values if nominal is None else np.abs(values - nominal / 100))
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return np.zeros(len(values), dtype=np.bool_)
    distance = values if nominal is None else np.abs(values - nominal / 100)
    best = shown[known[np.argmin(distance[known])]]
    return np.array([text == best and text != MISSING for text in shown])


def _nominal(name: str) -> float | None:
    match = re.fullmatch(r"coverage ([\d.]+) ?%", name)
    return float(match[1]) if match else None


def _best_baseline(report: ForecastReport, name: str) -> float:
    of_best = report.table.loc[report.table.index == report.best_baseline, name]
    return float(of_best.iloc[0]) if len(of_best) else np.nan


def _against(ours: float, best: float, method: str) -> str:
    if not np.isfinite(ours) or best <= 0:
        return f"{method}: {NumberStyle(3).text(best)}"
    return compared_with(ours, best, method, short=True)
