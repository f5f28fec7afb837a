"""What moved a forecast, and what usually moves one: heat maps of attributions, features by steps."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from recurra.language import _, mark, unit_name
from recurra.report.blocks import Plot, Section, Text
from recurra.report.frames import empty
from recurra.report.heat import DIVERGING, SEQUENTIAL, colour_bar
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.panels.series import EMBEDDED_SERIES, SeriesData
from recurra.report.style import MUTED, Figure, axis, figure, plot_text
from recurra.report.texts import isolated
from recurra.report.views import pick_series

FEATURES = 14  # rows of a heat map; the weakest are left out
COLUMNS = 240  # of a heat map; of a longer window neighbouring steps are added up
USUALLY = ("step", "feature", "strength")


@dataclass(frozen=True, eq=False)
class Moved(SeriesData, Panel):
    """What moved the forecast of each series that the page shows.

    moved: series, step [0 the last known row, 1 the first forecast], feature, attribution [units of the target].
    """

    moved: pd.DataFrame = field(default_factory=lambda: empty(("series", "step", "feature", "attribution")))

    title: ClassVar[str] = mark("What drove this forecast")
    COLUMNS: ClassVar = {**SeriesData.COLUMNS, "moved": ("series", "step", "feature", "attribution")}

    def section(self) -> Section | None:
        picks = pick_series(self, EMBEDDED_SERIES)
        figures = [moved_figure(self, pick.series) for pick in picks]
        if not any(figures):
            return None
        label = _("Heat map of what each column at each step added to the forecast")
        told = _(
            "How much each column at each {unit} moved the mean of the forecast, up in blue and down in red, in the "
            "units of {target}, compared with a window in which nothing happens (integrated gradients; they add up to "
            "the difference).",
            unit=unit_name(self.unit),
            target=isolated(self.target),
        )
        plot = Plot("moved", label, height=moved_height(self.moved), figures=figures)
        return Section("moved", _(self.title), [plot, Text(told)], choices=[str(pick.series) for pick in picks])


@dataclass(frozen=True, eq=False)
class MovedUsually(Panel):
    """What moves a forecast on average. moved_usually: step, feature, strength [share of what moves a forecast]."""

    moved_usually: pd.DataFrame
    unit: str = "step"

    title: ClassVar[str] = mark("What usually drives a forecast")
    COLUMNS: ClassVar = {"moved_usually": USUALLY}

    def section(self) -> Section | None:
        plot = moved_usually_figure(self)
        if plot is None:
            return None
        label = _("Heat map of the strength of each column at each step")
        told = _(
            "The average share of each column at each {unit} in what drove past forecasts, regardless of sign.",
            unit=unit_name(self.unit),
        )
        blocks = [Plot("moved-usually", label, plot, moved_height(self.moved_usually)), Text(told)]
        return Section("moved-usually", _(self.title), blocks, half=True)


def moved_figure(panel: Moved, series: Hashable) -> Figure | None:
    """What moved the forecast of one series: features by steps, up in blue, down in red; None without."""
    frame = panel.moved[panel.moved["series"] == series] if len(panel.moved) else panel.moved
    table = _table(frame, "attribution")
    if table is None:
        return None
    values = table.to_numpy(dtype=np.float64)
    reach = float(np.abs(values).max()) or 1.0
    return _heat(table, values, -reach, reach, DIVERGING, panel.target, "%{z:.4~g}", panel.unit)


def moved_usually_figure(panel: MovedUsually) -> Figure | None:
    """How strongly each feature at each step moves a forecast, on average; None where nothing is known."""
    table = _table(panel.moved_usually, "strength")
    if table is None:
        return None
    values = 100 * table.to_numpy(dtype=np.float64)
    return _heat(table, values, 0.0, float(values.max()) or 1.0, SEQUENTIAL, _("share, %"), "%{z:.2~f} %", panel.unit)


def moved_height(frame: pd.DataFrame) -> int:
    """The height of a heat map of attributions [px]: by its features."""
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
        "hovertemplate": f"%{{y}}, {unit_name(unit)} %{{x}}: {number}<extra></extra>",
    }
    across = axis(_("{unit} (1 is the first forecast)", unit=unit_name(unit)), zeroline=False, tickformat=",d")
    rows = axis("", type="category", showgrid=False, ticksuffix=" ")
    line = {"type": "line", "x0": 0.5, "x1": 0.5, "y0": 0, "y1": 1, "yref": "paper"}
    ahead = (
        [{**line, "line": {"color": MUTED, "width": 1.2, "dash": "dot"}}]
        if int(table.columns.to_numpy()[-1]) > 0
        else []
    )
    return figure([trace], across, rows, shapes=ahead)
