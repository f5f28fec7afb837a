"""What moved a forecast: heat maps of attributions, features by steps."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from recurra.report.content import ForecastReport
from recurra.report.heat import DIVERGING, SEQUENTIAL, colour_bar
from recurra.report.numbers import json_numbers
from recurra.report.style import MUTED, Figure, axis, figure, plot_text

FEATURES = 14  # rows of a heat map; the weakest are left out
COLUMNS = 240  # of a heat map; of a longer window neighbouring steps are added up


def moved_figure(report: ForecastReport, series: Hashable) -> Figure | None:
    """What moved the forecast of one series: features by steps, up in blue, down in red; None without."""
    frame = report.moved[report.moved["series"] == series] if len(report.moved) else report.moved
    table = _table(frame, "attribution")
    if table is None:
        return None
    values = table.to_numpy(dtype=np.float64)
    reach = float(np.abs(values).max()) or 1.0
    return _heat(table, values, -reach, reach, DIVERGING, report.target, "%{z:.4~g}", report.unit)


def moved_usually_figure(report: ForecastReport) -> Figure | None:
    """How strongly each feature at each step moves a forecast, on average; None where nothing is known."""
    table = _table(report.moved_usually, "strength")
    if table is None:
        return None
    values = 100 * table.to_numpy(dtype=np.float64)
    return _heat(table, values, 0.0, float(values.max()) or 1.0, SEQUENTIAL, "share, %", "%{z:.2~f} %", report.unit)


def moved_height(report: ForecastReport) -> int:
    """The height of a heat map of attributions [px]: by its features."""
    frame = report.moved_usually if len(report.moved_usually) else report.moved
    return 130 + 26 * max(3, min(FEATURES, frame["feature"].nunique()))


def _table(frame: pd.DataFrame, column: str) -> pd.DataFrame | None:
    """Feature by step, the strongest features last (on top of a plot); steps in groups where there are many."""
    if not len(frame):
        return None
    steps = frame["step"].astype(int)
    width = -(-(steps.max() - steps.min() + 1) // COLUMNS)
    frame = frame.assign(step=((steps - 1) // width) * width + 1, value=frame[column].astype(float))
    table = frame.pivot_table(index="feature", columns="step", values="value", aggfunc="sum", sort=False).fillna(0.0)
    table = table[sorted(table.columns)]
    sizes = table.abs().sum(axis=1).sort_values(kind="stable")
    order = sizes.index[sizes.to_numpy() > 0][-FEATURES:]  # a column that moves nothing has no row
    return table.loc[order] if len(order) else None


def _heat(
    table: pd.DataFrame,
    values: np.ndarray,
    low: float,
    high: float,
    colours: list[Any],
    title: str,
    number: str,
    unit: str,
) -> Figure:
    trace = {
        "type": "heatmap",
        "x": [int(step) for step in table.columns],
        "y": [plot_text(feature, 24) for feature in table.index],
        "z": [json_numbers(row) for row in values],
        "zmin": low,
        "zmax": high,
        "colorscale": colours,
        "colorbar": colour_bar(plot_text(title, 18)),
        "xgap": 0,
        "ygap": 2,
        "hovertemplate": f"%{{y}}, {unit} %{{x}}: {number}<extra></extra>",
    }
    across = axis(f"{unit} (1 is the first forecast)", zeroline=False, tickformat=",d")
    rows = axis("", type="category", showgrid=False, ticksuffix=" ")
    line = {"type": "line", "x0": 0.5, "x1": 0.5, "y0": 0, "y1": 1, "yref": "paper"}
    ahead = (
        [{**line, "line": {"color": MUTED, "width": 1.2, "dash": "dot"}}]
        if int(table.columns.to_numpy()[-1]) > 0
        else []
    )
    return figure([trace], across, rows, shapes=ahead)
