"""Which series a report shows, and what of each: its history, its forecast and the last windows of its backtest."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recurra.language import mark
from recurra.report.panels.series import SeriesData


@dataclass(frozen=True)
class Pick:
    """One series that is shown; `tag` says why (first, median, worst, best), `mase` how well it was forecast."""

    series: Hashable
    tag: str
    mase: float


@dataclass(frozen=True, eq=False)
class SeriesView:
    """The rows of one series in order of time; `windows` are the last that do not overlap, of `windows_in_all`."""

    pick: Pick
    history: pd.DataFrame
    forecast: pd.DataFrame
    windows: pd.DataFrame
    windows_in_all: int


def pick_series(panel: SeriesData, limit: int = 24) -> list[Pick]:
    """At most `limit` series: the first, the median, the worst and the best by MASE, then others spread evenly."""
    series = list(panel.forecast["series"].unique()) if len(panel.forecast) else []
    scores = dict(zip(panel.by_series["series"], panel.by_series["ours"].astype(float), strict=True))
    scored = sorted((s for s in series if np.isfinite(scores.get(s, np.nan))), key=lambda s: scores[s])
    tags: dict[Hashable, list[str]] = {}
    if len(series) > 1:
        tags[series[0]] = [mark("first")]
    if len(scored) > 2:
        for place, tag in ((len(scored) // 2, mark("median")), (-1, mark("worst")), (0, mark("best"))):
            tags.setdefault(scored[place], []).append(tag)
    rest = (
        [s for s in scored or series if s not in tags] if len(series) > limit else [s for s in series if s not in tags]
    )
    room = max(0, limit - len(tags))
    places = np.unique(np.linspace(0, len(rest) - 1, min(room, len(rest))).astype(int)) if rest and room else []
    chosen = list(tags) + [rest[place] for place in places]
    return [Pick(s, ", ".join(tags.get(s, [])), float(scores.get(s, np.nan))) for s in chosen[:limit]]


def series_views(panel: SeriesData, picks: list[Pick], window_points: int) -> list[SeriesView]:
    """The rows of each picked series; at most about `window_points` rows of its backtest."""
    names = [pick.series for pick in picks]
    history = _by_series(panel.history, names)
    forecast = _by_series(panel.forecast, names)
    backtest = _by_series(panel.backtest, names)
    views = []
    for pick in picks:
        windows, in_all = last_windows(backtest.get(pick.series, panel.backtest.iloc[:0]), window_points)
        views.append(
            SeriesView(
                pick,
                _by_time(history.get(pick.series, panel.history.iloc[:0])),
                _by_time(forecast.get(pick.series, panel.forecast.iloc[:0])),
                windows,
                in_all,
            )
        )
    return views


def last_windows(backtest: pd.DataFrame, points: int) -> tuple[pd.DataFrame, int]:
    """The last windows of a series that do not overlap, about `points` rows of them, and the number of all."""
    origins = np.sort(backtest["origin"].unique())
    if not len(origins):
        return backtest, 0
    length = int(backtest["step"].max())
    chosen: list[int] = []
    for origin in origins[::-1]:
        fits = not chosen or (origin + length <= chosen[-1] and (len(chosen) + 1) * length <= points)
        if fits:
            chosen.append(origin)
    rows = backtest[backtest["origin"].isin(chosen)].sort_values(["origin", "step"], kind="stable")
    return rows, len(origins)


def _by_series(frame: pd.DataFrame, names: list[Hashable]) -> dict[Hashable, pd.DataFrame]:
    if not len(frame):
        return {}
    wanted = frame["series"].isin(names)
    rows = frame if wanted.all() else frame[wanted]
    return dict(list(rows.groupby("series", sort=False, observed=True)))


def _by_time(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of their times; not copied where they are, as a long history is."""
    return rows if rows["time"].is_monotonic_increasing else rows.sort_values("time", kind="stable")
