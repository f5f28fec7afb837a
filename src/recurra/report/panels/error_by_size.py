"""How the error of predicted numbers depends on the size of the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from recurra.formatting import style_of_sizes
from recurra.language import _, mark
from recurra.report.blocks import Plot, Section, Text
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.panels.scatter import known_predictions
from recurra.report.style import MUTED, OTHERS, OURS, Figure, figure, value_axis

GROUPS = 10
FEWEST = 5  # examples of a group


@dataclass(frozen=True, eq=False)
class ErrorBySize(Panel):
    """The error in groups of examples by the size of the truth. predictions: truth, predicted."""

    predictions: pd.DataFrame

    title: ClassVar[str] = mark("Error by size of the truth")
    COLUMNS: ClassVar = {"predictions": ("truth", "predicted")}

    def section(self) -> Section | None:
        plot = error_figure(self)
        if plot is None:
            return None
        label = _("Mean absolute and mean error of groups of examples by the size of the truth")
        told = _(
            "Examples in groups of equal number by their truth. A dashed line above 0 for small truths and below 0 for "
            "large ones means that predictions stay too close to the mean."
        )
        return Section("error", _(self.title), [Plot("error", label, plot, 420), Text(told)], half=True)


def error_figure(panel: ErrorBySize) -> Figure | None:
    """Mean absolute and mean error in groups of equal size by the truth; None for fewer than two groups."""
    truth, predicted = known_predictions(panel.predictions)
    groups = min(GROUPS, len(truth) // FEWEST, len(np.unique(truth)))
    if groups < 2:
        return None
    parts = list(zip(np.array_split(truth, groups), np.array_split(predicted - truth, groups), strict=True))
    middle = np.array([part.mean() for part, _ in parts])
    absolute = np.array([np.abs(error).mean() for _, error in parts])
    signed = np.array([error.mean() for _, error in parts])
    style = style_of_sizes(absolute)
    lines = [
        {
            "type": "scatter",
            "name": name,
            "x": json_numbers(middle),
            "y": json_numbers(values),
            "mode": "lines+markers",
            "marker": {"size": 7, "symbol": symbol},
            "line": {"color": color, "width": 2.25, "dash": dash},
            "hovertemplate": f"{name} %{{y:{style.d3}}} ({_('truth')} ≈ %{{x}})<extra></extra>",
        }
        for name, values, color, dash, symbol in (
            (_("size of the error"), absolute, OURS, "solid", "circle"),
            (_("prediction − truth"), signed, OTHERS[1], "dash", "diamond"),
        )
    ]
    level = {"type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": 0, "y1": 0}
    return figure(
        lines,
        value_axis(_("truth"), middle),
        value_axis(_("mean error"), np.concatenate([absolute, signed])),
        shapes=[{**level, "line": {"color": MUTED, "width": 1, "dash": "dot"}}],
        height=420,
    )
