"""What the network remembers and what moved its forecasts: heat maps of the gradient and of attributions."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from recurra.report.content import ForecastReport
from recurra.report.numbers import json_numbers
from recurra.report.style import MUTED, Figure, axis, figure, plot_text

FEATURES = 14  # rows of a heat map; the weakest are left out
COLUMNS = 240  # of a heat map; of a longer window neighbouring steps are added up
FLOW_HEIGHT = 380
_DECADES = 6.0
DIVERGING = [[0.0, "#b2452c"], [0.25, "#e8a588"], [0.5, "#f7f7f7"], [0.75, "#86b6d8"], [1.0, "#1b5f97"]]
SEQUENTIAL = [[0.0, "#f7fafc"], [0.25, "#bcd8eb"], [0.6, "#4b93c3"], [1.0, "#0b3d66"]]
DARK = [[0.0, "#f4f1ee"], [0.35, "#f2b48a"], [0.7, "#b0417a"], [1.0, "#2b1150"]]


def flow_figure(report: ForecastReport) -> Figure | None:
    """The gradient's norm by steps back and training step, of the network that looks back furthest; None without."""
    frame = report.flow
    if not len(frame):
        return None
    deepest = frame["member"].iloc[int(frame["back"].astype(int).argmax())]
    table = frame[frame["member"] == deepest].pivot_table(index="back", columns="step", values="gradient")
    values = table.to_numpy(dtype=np.float64)
    finite = values[np.isfinite(values) & (values > 0)]
    if not len(finite):
        return None
    top = float(np.ceil(np.log10(finite.max())))
    low = max(top - _DECADES, float(np.floor(np.log10(finite.min()))))
    with np.errstate(divide="ignore"):
        shown = np.clip(np.log10(values), low, None)
    powers = np.arange(low, top + 1)
    trace = {
        "type": "heatmap",
        "x": [f"{step:,}" for step in table.columns],
        "y": [int(back) for back in table.index],
        "z": [json_numbers(row) for row in shown],
        "zmin": low,
        "zmax": top,
        "colorscale": DARK,
        "colorbar": _bar("norm", tickvals=powers.tolist(), ticktext=[f"1e{int(power)}" for power in powers]),
        "hovertemplate": "step %{x}, %{y} back: 10^%{z:.1f}<extra></extra>",
    }
    across = axis("training step", type="category", nticks=8)
    return figure(
        [trace], across, axis("steps of the recurrence back", dtick=1 if len(table) < 12 else None), height=FLOW_HEIGHT
    )


def moved_figure(report: ForecastReport, series: Hashable) -> Figure | None:
    """What moved the forecast of one series: features by steps, up in blue, down in red; None without."""
    frame = report.moved[report.moved["series"] == series] if len(report.moved) else report.moved
    table = _table(frame, "attribution")
    if table is None:
        return None
    values = table.to_numpy(dtype=np.float64)
    reach = float(np.abs(values).max()) or 1.0
    return _heat(table, values, -reach, reach, DIVERGING, report.target, "%{z:.4~g}")


def moved_usually_figure(report: ForecastReport) -> Figure | None:
    """How strongly each feature at each step moves a forecast, on average; None where nothing is known."""
    table = _table(report.moved_usually, "strength")
    if table is None:
        return None
    values = 100 * table.to_numpy(dtype=np.float64)
    return _heat(table, values, 0.0, float(values.max()) or 1.0, SEQUENTIAL, "share, %", "%{z:.2~f} %")


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
    order = table.abs().sum(axis=1).sort_values(kind="stable").index[-FEATURES:]
    return table.loc[order] if table.abs().to_numpy().sum() > 0 else None


def _heat(
    table: pd.DataFrame, values: np.ndarray, low: float, high: float, colours: list[Any], title: str, number: str
) -> Figure:
    trace = {
        "type": "heatmap",
        "x": [int(step) for step in table.columns],
        "y": [plot_text(feature, 24) for feature in table.index],
        "z": [json_numbers(row) for row in values],
        "zmin": low,
        "zmax": high,
        "colorscale": colours,
        "colorbar": _bar(plot_text(title, 18)),
        "xgap": 0,
        "ygap": 2,
        "hovertemplate": f"%{{y}}, step %{{x}}: {number}<extra></extra>",
    }
    across = axis("step (1 is the first that is forecast)", zeroline=False, tickformat=",d")
    rows = axis("", type="category", showgrid=False, ticksuffix=" ")
    line = {"type": "line", "x0": 0.5, "x1": 0.5, "y0": 0, "y1": 1, "yref": "paper"}
    ahead = (
        [{**line, "line": {"color": MUTED, "width": 1.2, "dash": "dot"}}]
        if int(table.columns.to_numpy()[-1]) > 0
        else []
    )
    return figure([trace], across, rows, shapes=ahead)


def _bar(title: str, **more: Any) -> dict[str, Any]:
    text = {"text": title, "side": "right", "font": {"color": MUTED, "size": 12}}
    return {"thickness": 12, "outlinewidth": 0, "title": text, "tickfont": {"color": MUTED, "size": 11}, **more}
