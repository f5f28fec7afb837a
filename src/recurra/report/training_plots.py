"""How a network learned: its losses, and how far back its gradient reached; the same for every task."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd

from recurra.report.heat import DARK, colour_bar
from recurra.report.numbers import json_numbers
from recurra.report.style import GRID, OTHERS, OURS, Figure, Trace, axis, figure, plot_text

CURVE_POINTS = 400
HEIGHT = 380
_DECADES = 6.0


class Trained(Protocol):
    """The two frames of a report that its training gives; see ForecastReport for their columns."""

    @property
    def learning(self) -> pd.DataFrame: ...

    @property
    def flow(self) -> pd.DataFrame: ...


def learning_figure(report: Trained) -> Figure | None:
    """Training and validation loss of every member of every run; the learning rate stands under the cursor."""
    frame = report.learning
    if not len(frame):
        return None
    data: list[Trace] = []
    runs = list(frame["run"].unique())
    for (run, member), rows in frame.groupby(["run", "member"], sort=False, observed=True):
        color = (OURS, *OTHERS[1:])[runs.index(run) % len(OTHERS)]
        for column, label, line in (
            ("train_loss", "training", {"color": color, "width": 1, "dash": "dot"}),
            ("validation_loss", "validation", {"color": color, "width": 2}),
        ):
            part = _curve(rows, column)
            first = not any(trace["legendgroup"] == f"{run} {column}" for trace in data)
            data.append(
                {
                    "type": "scatter",
                    "name": f"{plot_text(run, 20)}: {label}" if len(runs) > 1 else label,
                    "legendgroup": f"{run} {column}",
                    "showlegend": first,
                    "x": json_numbers(part["step"]),
                    "y": json_numbers(part[column]),
                    "mode": "lines+markers" if len(part) <= 40 else "lines",
                    "marker": {"size": 4},
                    "line": line,
                    "customdata": [[plot_text(member, 20), rate] for rate in json_numbers(part["learning_rate"])],
                    "hovertemplate": "%{y:.4~g} at step %{x:,d}<br>"
                    "member %{customdata[0]}, learning rate %{customdata[1]:.3~g}",
                }
            )
    data = [trace for trace in data if len(trace["x"])]
    losses = [y for trace in data for y in trace["y"]]
    wide = bool(losses) and min(losses) > 0 and max(losses) > 20 * min(losses)
    return figure(
        data,
        axis("training step", rangemode="tozero", separatethousands=True, hoverformat=",d"),
        axis("loss", type="log" if wide else "linear", gridcolor=GRID),
        height=HEIGHT,
        hovermode="closest",
    )


def flow_figure(report: Trained) -> Figure | None:
    """The gradient's norm by steps back and training step, of the network that looks back furthest.

    A line where it was looked at once only; None where nothing was seen, or a single step cannot show any reach.
    """
    frame = report.flow
    if not len(frame):
        return None
    deepest = frame["member"].iloc[int(frame["back"].astype(int).argmax())]
    table = frame[frame["member"] == deepest].pivot_table(index="back", columns="step", values="gradient")
    values = table.to_numpy(dtype=np.float64)
    finite = values[np.isfinite(values) & (values > 0)]
    if not len(finite) or len(table) < 2:
        return None
    if table.shape[1] == 1:
        return _reach(table)
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
        "colorbar": colour_bar("norm", tickvals=powers.tolist(), ticktext=[f"1e{int(power)}" for power in powers]),
        "hovertemplate": "step %{x}, %{y} back: 10^%{z:.1f}<extra></extra>",
    }
    across = axis("training step", type="category", nticks=8)
    return figure(
        [trace], across, axis("steps of the recurrence back", dtick=1 if len(table) < 12 else None), height=HEIGHT
    )


def _reach(table: pd.DataFrame) -> Figure:
    """One look at the gradient as a line: its norm by steps back."""
    trace = {
        "type": "scatter",
        "x": [int(back) for back in table.index],
        "y": json_numbers(table.iloc[:, 0]),
        "mode": "lines+markers" if len(table) <= 40 else "lines",
        "line": {"color": OURS, "width": 2},
        "hovertemplate": "%{x} back: %{y:.2~e}<extra></extra>",
    }
    across = axis("steps of the recurrence back", dtick=1 if len(table) < 12 else None)
    return figure(
        [trace], across, axis("norm of the gradient", type="log", exponentformat="power", dtick="D2"), height=HEIGHT
    )


def _curve(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    known = rows[np.isfinite(rows[column].to_numpy(dtype=np.float64, na_value=np.nan))].sort_values(
        "step", kind="stable"
    )
    return known.iloc[np.unique(np.linspace(0, max(0, len(known) - 1), min(len(known), CURVE_POINTS)).astype(int))]
