"""How networks learned: training and validation loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from recurra.language import _, mark
from recurra.report.blocks import Drawing, Plot, Section, Text
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.picture import dress_axes
from recurra.report.style import GRID, OTHERS, OURS, Figure, Trace, axis, figure, plot_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVE_POINTS = 400
HEIGHT = 380
RUNS = {
    "backtest": mark("backtest"),
    "training": mark("training"),
    "study": mark("study"),
    "fine-tuning": mark("fine-tuning"),
}


@dataclass(frozen=True, eq=False)
class Training(Panel):
    """Loss over the training steps.

    learning: run, member, step, train_loss, validation_loss, learning_rate.
    """

    learning: pd.DataFrame

    title: ClassVar[str] = mark("Training")
    COLUMNS: ClassVar = {
        "learning": ("run", "member", "step", "train_loss", "validation_loss", "learning_rate"),
    }

    def section(self) -> Section | None:
        plot = learning_figure(self)
        if plot is None:
            return None
        label = _("Training and validation loss over the training steps")
        told = _("Loss on the training data and on the data held out to stop training in time.")
        if not np.isfinite(self.learning["validation_loss"].to_numpy(dtype=np.float64, na_value=np.nan)).any():
            told = _("Loss on the training data; nothing was held out to stop training.")
        return Section("learning", _(self.title), [Plot("learning", label, plot, HEIGHT), Text(told)], half=True)

    def drawing(self) -> Drawing | None:
        return Drawing(lambda axes, fonts: _curves(axes, self, fonts)) if len(self.learning) else None


def learning_figure(panel: Training) -> Figure | None:
    """Training and validation loss of every member of every run; the learning rate stands under the cursor."""
    frame = panel.learning
    if not len(frame):
        return None
    data: list[Trace] = []
    runs = list(frame["run"].unique())
    for (run, member), rows in frame.groupby(["run", "member"], sort=False, observed=True):
        color = (OURS, *OTHERS[1:])[runs.index(run) % len(OTHERS)]
        for column, line in (
            ("train_loss", {"color": color, "width": 1, "dash": "dot"}),
            ("validation_loss", {"color": color, "width": 2}),
        ):
            part = _curve(rows, column)
            first = not any(trace["legendgroup"] == f"{run} {column}" for trace in data)
            data.append(
                {
                    "type": "scatter",
                    "name": plot_text(_name(run, column, runs), 40),
                    "legendgroup": f"{run} {column}",
                    "showlegend": first,
                    "x": json_numbers(part["step"]),
                    "y": json_numbers(part[column]),
                    "mode": "lines+markers" if len(part) <= 40 else "lines",
                    "marker": {"size": 4},
                    "line": line,
                    "customdata": [[plot_text(member, 20), rate] for rate in json_numbers(part["learning_rate"])],
                    "hovertemplate": f"%{{y:.4~g}}, {_('step')} %{{x:,d}}<br>"
                    f"{_('network')} %{{customdata[0]}}, {_('learning rate')} %{{customdata[1]:.3~g}}",
                }
            )
    data = [trace for trace in data if len(trace["x"])]
    losses = [y for trace in data for y in trace["y"]]
    wide = bool(losses) and min(losses) > 0 and max(losses) > 20 * min(losses)
    return figure(
        data,
        axis(_("training step"), rangemode="tozero", separatethousands=True, hoverformat=",d"),
        axis(_("loss"), type="log" if wide else "linear", gridcolor=GRID),
        height=HEIGHT,
        hovermode="closest",
    )


def _name(run: object, column: str, runs: list) -> str:
    """What a curve is called; where there are several runs, with its own."""
    if len(runs) == 1:
        return _("training") if column == "train_loss" else _("validation")
    loss = _("training loss") if column == "train_loss" else _("validation loss")
    return f"{_(RUNS.get(str(run), str(run)))}: {loss}"


def _curve(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    known = rows[np.isfinite(rows[column].to_numpy(dtype=np.float64, na_value=np.nan))].sort_values(
        "step", kind="stable"
    )
    return known.iloc[np.unique(np.linspace(0, max(0, len(known) - 1), min(len(known), CURVE_POINTS)).astype(int))]


def _curves(axes: Axes, panel: Training, fonts: list[str]) -> None:
    frame = panel.learning
    runs = list(frame["run"].unique())
    labelled = set()
    for (run, _member), rows in frame.groupby(["run", "member"], sort=False, observed=True):
        color = (OURS, *OTHERS[1:])[runs.index(run) % len(OTHERS)]
        for column, style in (("train_loss", ":"), ("validation_loss", "-")):
            part = _curve(rows, column)
            if not len(part):
                continue
            name = _name(run, column, runs)
            shown = "_" if name in labelled else name
            labelled.add(name)
            axes.plot(part["step"], part[column], style, color=color, lw=1.6, label=shown)
    axes.grid(color=GRID, lw=0.8)
    dress_axes(axes, _(panel.title), _("training step"), _("loss"), fonts)
    legend = axes.legend(frameon=False, fontsize=9)
    for text in legend.get_texts():
        text.set(parse_math=False, family=fonts)
