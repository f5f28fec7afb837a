"""The error at each step of the horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from recurra.formatting import joined
from recurra.language import _, mark, unit_name
from recurra.methods import method_name
from recurra.report.blocks import Plot, Section, Text
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.style import OURS, Figure, Trace, axis, figure, method_line, plot_text

OFF_SCALE = 3.0
HEIGHT = 380


@dataclass(frozen=True, eq=False)
class ByStep(Panel):
    """MASE by step ahead, a line per method. by_step: step, method, mase; unit: what a step is called ("week")."""

    by_step: pd.DataFrame
    baselines: tuple[str, ...] = ()
    best_baseline: str = ""
    unit: str = "step"

    title: ClassVar[str] = mark("Error by horizon")
    COLUMNS: ClassVar = {"by_step": ("step", "method", "mase")}

    def section(self) -> Section | None:
        plot = by_step_figure(self)
        if plot is None:
            return None
        told = _("How the error grows with the horizon. Lower is better.")
        hidden = off_scale(self)
        if hidden:
            more = _("Off the scale, hidden until clicked: {methods}.", methods=joined(map(method_name, hidden)))
            told = f"{told} {more}"
        label = _("Line chart of MASE at each {unit} ahead, for every method", unit=unit_name(self.unit))
        return Section("step", _(self.title), [Plot("by-step", label, plot, HEIGHT), Text(told)], half=True)


def by_step_figure(panel: ByStep) -> Figure | None:
    """MASE at each step of the horizon, a line per method; None for a single step, which the table already tells."""
    frame = _known_steps(panel)
    if frame["step"].nunique() < 2:
        return None
    hidden = off_scale(panel)
    data: list[Trace] = []
    for name, rows in frame.groupby("method", sort=False, observed=True):
        rows = rows.sort_values("step")
        data.append(
            {
                "type": "scatter",
                "name": plot_text(method_name(name), 30),
                "x": rows["step"].tolist(),
                "y": json_numbers(rows["mase"]),
                "mode": "lines+markers" if len(rows) <= 40 else "lines",
                "marker": {"size": 5},
                "line": method_line(str(name), panel.baselines),
                "visible": "legendonly" if name in hidden else True,
            }
        )
    data.sort(key=lambda trace: trace["line"]["color"] == OURS)
    steps = axis(_("{unit}s ahead", unit=unit_name(panel.unit)), tickformat=",d", hoverformat=",d")
    return figure(
        data, steps, axis("MASE", rangemode="tozero", hoverformat=".3f"), hovermode="x unified", height=HEIGHT
    )


def off_scale(panel: ByStep) -> list[str]:
    """The baselines so much worse at some step that the others could not be told apart beside them."""
    highest = _known_steps(panel).groupby("method", sort=False, observed=True)["mase"].max()
    kept = [method for method in highest.index if method not in panel.baselines or method == panel.best_baseline]
    limit = OFF_SCALE * highest.loc[kept].max() if kept else np.inf
    return [str(method) for method in highest.index[highest > limit]]


def _known_steps(panel: ByStep) -> pd.DataFrame:
    return panel.by_step[panel.by_step["mase"].notna()]
