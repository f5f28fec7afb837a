"""Forecasts as frames in the user's own units, columns and times, and the origins from which a backtest makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.panel import Ints, Panel
from recurra.data.schema.series_names import name_columns
from recurra.evaluation.forecast.conformal import at_levels
from recurra.evaluation.forecast.origins import choose_calendar_origins, choose_origins
from recurra.nn.quantiles import QUANTILES

Floats = npt.NDArray[np.floating]


def backtest_origins(panel: Panel, horizon: int, windows: int | None) -> tuple[list[np.ndarray], np.ndarray]:
    """The origins of each series, and how many rows of each [S] to train on.

    Where there are times, all series are tested at the same moments and nothing after the first of them is trained
    on, in any series; where there are none, each is cut at its own first origin.
    """
    if panel.grid.freq is None:
        origins = choose_origins(panel.lengths, horizon, windows)
        return origins, np.array([o[0] if len(o) else n for o, n in zip(origins, panel.lengths, strict=True)])
    origins, first = choose_calendar_origins(panel.start, panel.lengths, horizon, windows)
    return origins, np.clip(first - panel.start, 0, panel.lengths)


def forecast_frame(panel: Panel, points: Floats, bounds: dict[str, Floats]) -> pd.DataFrame:
    """The forecasts from the end of every series, `points` [S, H] and bounds [S * H] each, as they are given back.

    A row per series and step; where the clock of the zone is changed, a step that it skips has none and one that it
    shows twice has two, so that the day has its 23 or 25 hours.
    """
    horizon = points.shape[1]
    positions = ((panel.start + panel.lengths)[:, None] + np.arange(horizon)).ravel()
    rows, times = panel.grid.occurrences(positions)
    if isinstance(times, pd.DatetimeIndex):
        order = np.lexsort((times.asi8, rows // horizon))
        rows, times = rows[order], times[order]
    names = pd.Series(np.array(panel.series, dtype=object)[rows // horizon])
    schema = panel.schema
    frame = pd.DataFrame(name_columns(names, schema.series, schema.whole_series))
    frame[schema.time[0] if len(schema.time) == 1 else "ds"] = times
    frame["forecast"] = points.ravel()[rows]
    return frame.assign(**{name: values[rows] for name, values in bounds.items()})


def backtest_frame(panel: Panel, series: Ints, origins: Ints, horizon: int) -> pd.DataFrame:
    """A row per (series, origin) and step, with series, origin, step and time."""
    steps = np.tile(np.arange(1, horizon + 1), len(series))
    rows = np.repeat(series, horizon)
    at = np.repeat(origins, horizon)
    names = np.array(panel.series, dtype=object)
    times = panel.grid.times(panel.start[rows] + at + steps - 1)
    return pd.DataFrame({"series": names[rows], "origin": at, "time": times, "step": steps})


def truth_after(panel: Panel, series: np.ndarray, origins: np.ndarray, horizon: int) -> np.ndarray:
    rows = origins[:, None] + np.arange(horizon)
    known = rows < panel.lengths[series][:, None]
    at = np.minimum(panel.offsets[series][:, None] + rows, len(panel.target) - 1)
    return np.where(known, panel.target[at].astype(np.float64), np.nan).ravel()


def interval_bounds(quantiles: np.ndarray, levels: Sequence[float]) -> dict[str, np.ndarray]:
    bounds = {}
    for level in levels:
        ends = at_levels(quantiles, QUANTILES, [(100 - level) / 200, (100 + level) / 200])
        bounds[f"lo_{level:g}"], bounds[f"hi_{level:g}"] = ends[:, :, 0].ravel(), ends[:, :, 1].ravel()
    return bounds


def panels_of_windows(panel: Panel, origins: Sequence[Ints], horizon: int) -> Iterator[Panel]:
    """For each test window, the earliest first, the panel as it was known at its end.

    A series that has not so many windows was still short then, or had not begun.
    """
    for back in range(max(map(len, origins)), 0, -1):
        yield panel.cut(np.array([part[-back] + horizon if len(part) >= back else 0 for part in origins]))


def later_origins(panel: Panel, ends: Mapping[str, int], horizon: int, least: int) -> list[Ints]:
    """Origins a horizon apart from where each series ended, by name, or from its row `least` if it is new."""
    found = []
    for s, name in enumerate(panel.series):
        first = int(ends.get(name, panel.start[s] + least) - panel.start[s])
        found.append(np.arange(max(first, 1), panel.lengths[s], horizon))
    return found
