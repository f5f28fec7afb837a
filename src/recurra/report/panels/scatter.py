"""Predicted against true numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from recurra.formatting import style_of_range
from recurra.language import _, mark
from recurra.lettering import one_line
from recurra.report.blocks import Drawing, Plot, Section, Text
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.picture import dress_axes
from recurra.report.style import GRID, MUTED, OURS, Figure, diagonal, figure, value_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOTS = 2_000


@dataclass(frozen=True, eq=False)
class Scatter(Panel):
    """Prediction against truth. predictions: truth, predicted; thinned when drawn, so it may be long."""

    predictions: pd.DataFrame
    target: str = ""

    title: ClassVar[str] = mark("Predicted against true")
    COLUMNS: ClassVar = {"predictions": ("truth", "predicted")}

    def section(self) -> Section | None:
        plot = scatter_figure(self)
        if plot is None:
            return None
        label = _("A dot per example: prediction against truth")
        blocks = [Plot("scatter", label, plot, 420), Text(_("On the dotted line a prediction is exact."))]
        return Section("scatter", _(self.title), blocks, half=True)

    def drawing(self) -> Drawing | None:
        known = len(known_predictions(self.predictions, 1)[0]) > 0
        return Drawing(lambda axes, fonts: _dots(axes, self, fonts)) if known else None


def known_predictions(predictions: pd.DataFrame, limit: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Truth and prediction where both are finite, in the order of the truth; at most `limit`, evenly spread."""
    truth, predicted = (
        predictions[column].to_numpy(dtype=np.float64, na_value=np.nan) for column in ("truth", "predicted")
    )
    known = np.flatnonzero(np.isfinite(truth) & np.isfinite(predicted))
    order = known[np.argsort(truth[known], kind="stable")]
    if limit is not None and len(order) > limit:
        order = order[np.linspace(0, len(order) - 1, limit).astype(int)]
    return truth[order], predicted[order]


def scatter_figure(panel: Scatter) -> Figure | None:
    """A dot per example, prediction against truth; None without a known pair."""
    truth, predicted = known_predictions(panel.predictions, DOTS)
    if not len(truth):
        return None
    both = np.concatenate([truth, predicted])
    style = style_of_range(both)
    margin = 0.03 * (both.max() - both.min()) or 1.0
    ends = [float(both.min() - margin), float(both.max() + margin)]
    equal = diagonal(_("equal"), ends)
    dots = {
        "type": "scatter",
        "name": _("examples"),
        "x": json_numbers(truth),
        "y": json_numbers(predicted),
        "mode": "markers",
        "marker": {"color": OURS, "size": 6 if len(truth) < 500 else 4.5, "opacity": 0.5},
        "hovertemplate": f"{_('truth')} %{{x:{style.d3}}}, {_('predicted')} %{{y:{style.d3}}}<extra></extra>",
    }
    return figure(
        [equal, dots],
        value_axis(_("truth"), both, range=ends),
        value_axis(_("predicted"), both, range=ends),
        height=420,
        hovermode="closest",
    )


def _dots(axes: Axes, panel: Scatter, fonts: list[str]) -> None:
    truth, predicted = known_predictions(panel.predictions, DOTS)
    low, high = min(truth.min(), predicted.min()), max(truth.max(), predicted.max())
    axes.plot([low, high], [low, high], ":", color=MUTED, lw=1.3)
    axes.plot(truth, predicted, "o", color=OURS, ms=5, alpha=0.45, mew=0)
    axes.grid(color=GRID, lw=0.8)
    across = _("true {target}", target=one_line(panel.target, 40)) if panel.target else _("truth")
    dress_axes(axes, _(panel.title), across, _("predicted"), fonts)
