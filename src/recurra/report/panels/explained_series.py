"""What spoke for a prediction from a numeric series: the series, and below it a heat map of features by steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recurra.language import _
from recurra.report.heat import DIVERGING, colour_bar
from recurra.report.numbers import json_numbers
from recurra.report.style import OTHERS, OURS, Figure, axis, figure, plot_text

FEATURES = 12  # the strongest are shown
COLUMNS = 400  # of the plot; of a longer series neighbouring steps are taken together
LINES = 6  # series that can be told apart in one plot


@dataclass(frozen=True, eq=False)
class SeriesPlot:
    """The plot of one example, and its height [px]."""

    figure: Figure
    height: int


def series_plot(frame: pd.DataFrame) -> SeriesPlot:
    """The plot of one example: step, feature, value, attribution."""
    step = frame["step"].astype(int)
    width = -(-(step.max() - step.min() + 1) // COLUMNS)
    first = step.min()
    frame = frame.assign(
        step=first + (step - first) // width * width,
        value=frame["value"].astype(float),
        attribution=frame["attribution"].astype(float),
    )
    table = frame.pivot_table(index="feature", columns="step", values="attribution", aggfunc="sum", sort=False)
    table = table[sorted(table.columns)].fillna(0.0)
    order = table.abs().sum(axis=1).sort_values(ascending=False, kind="stable").index[:FEATURES]
    values = frame.pivot_table(index="feature", columns="step", values="value", aggfunc="mean", sort=False)
    height = 250 + 26 * max(2, len(order))
    split = 26 * max(2, len(order)) / (height - 60)
    return SeriesPlot(_figure(table.loc[order], values, split, height), height)


def _figure(table: pd.DataFrame, values: pd.DataFrame, split: float, height: int) -> Figure:
    steps = [int(step) for step in table.columns]
    attribution = table.to_numpy(dtype=np.float64)
    reach = float(np.abs(attribution).max()) or 1.0
    names = [plot_text(name, 20) for name in table.index]
    places = list(range(len(names)))
    lines = [
        {
            "type": "scatter",
            "name": names[place],
            "x": steps,
            "y": json_numbers(values.reindex(columns=table.columns).loc[feature]),
            "mode": "lines",
            "line": {"color": (OURS, *OTHERS[1:])[place % len(OTHERS)], "width": 1.75},
            "hovertemplate": f"{names[place].replace('%', '&#37;')}, {_('step')} %{{x}}: %{{y:.4~g}}<extra></extra>",
        }
        for place, feature in enumerate(table.index[:LINES])
    ]
    heat = {
        "type": "heatmap",
        "x": steps,
        "y": places,
        "z": [json_numbers(row) for row in attribution],
        "zmin": -reach,
        "zmax": reach,
        "colorscale": DIVERGING,
        "ygap": 2,
        "yaxis": "y2",
        "text": [[name] * len(steps) for name in names],
        "colorbar": colour_bar(_("attribution"), nticks=7),
        "hovertemplate": f"%{{text}}, {_('step')} %{{x}}: %{{z:.3~g}}<extra></extra>",
    }
    below = axis(
        "",
        domain=[0, split],
        autorange="reversed",
        tickmode="array",
        tickvals=places,
        ticktext=names,
        ticksuffix=" ",
        showgrid=False,
    )
    across = axis(_("step"), anchor="y2", tickformat=",d")
    above = axis(_("value"), domain=[split + 0.06, 1])
    return figure([*lines, heat], across, above, yaxis2=below, height=height, showlegend=len(lines) > 1)
