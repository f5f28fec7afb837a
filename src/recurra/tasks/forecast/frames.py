"""Forecasts as frames in the user's own units, columns and times."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.panel.panel import Ints, Panel
from recurra.data.schema.series_names import name_columns
from recurra.nn.quantiles import MEDIAN

Floats = npt.NDArray[np.floating]


def forecast_frame(panel: Panel, quantiles: Floats, bounds: dict[str, Floats]) -> pd.DataFrame:
    """The forecasts from the end of every series, quantiles [S, H, Q] and bounds [S * H] each, as they are given back.

    A row per series and step; where the clock of the zone is changed, a step that it skips has none and one that it
    shows twice has two, so that the day has its 23 or 25 hours.
    """
    horizon = quantiles.shape[1]
    positions = ((panel.start + panel.lengths)[:, None] + np.arange(horizon)).ravel()
    rows, times = panel.grid.occurrences(positions)
    if isinstance(times, pd.DatetimeIndex):
        order = np.lexsort((times.asi8, rows // horizon))
        rows, times = rows[order], times[order]
    names = pd.Series(np.array(panel.series, dtype=object)[rows // horizon])
    schema = panel.schema
    frame = pd.DataFrame(name_columns(names, schema.series, schema.whole_series))
    frame[schema.time[0] if len(schema.time) == 1 else "ds"] = times
    frame["forecast"] = quantiles[:, :, MEDIAN].ravel()[rows]
    return frame.assign(**{name: values[rows] for name, values in bounds.items()})


def backtest_frame(panel: Panel, series: Ints, origins: Ints, horizon: int) -> pd.DataFrame:
    """A row per (series, origin) and step, with series, origin, step and time."""
    steps = np.tile(np.arange(1, horizon + 1), len(series))
    rows = np.repeat(series, horizon)
    at = np.repeat(origins, horizon)
    names = np.array(panel.series, dtype=object)
    times = panel.grid.times(panel.start[rows] + at + steps - 1)
    return pd.DataFrame({"series": names[rows], "origin": at, "time": times, "step": steps})
