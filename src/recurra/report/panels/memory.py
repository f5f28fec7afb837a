"""What networks remember: how much of the gradient reaches each earlier step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from recurra.language import _, mark
from recurra.report.blocks import Drawing, Plot, Section, Text
from recurra.report.heat import DARK, colour_bar
from recurra.report.numbers import json_numbers
from recurra.report.panels.panel import Panel
from recurra.report.picture import dress_axes
from recurra.report.style import GRID, OURS, Figure, axis, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 380
_DECADES = 6.0


@dataclass(frozen=True, eq=False)
class Memory(Panel):
    """The gradient's way through time.

    flow: member, step [of training], back [steps of the recurrence], gradient [norm]; memory: sentences on it.
    """

    flow: pd.DataFrame
    memory: Sequence[str] = ()

    title: ClassVar[str] = mark("Memory")
    COLUMNS: ClassVar = {"flow": ("member", "step", "back", "gradient")}

    def section(self) -> Section | None:
        plot = flow_figure(self)
        if plot is None:
            return None
        label = _("Heat map of the gradient's norm by training step and steps back in time")
        told = " ".join([_("How much of the gradient reaches each earlier step during training."), *self.memory])
        return Section("flow", _(self.title), [Plot("flow", label, plot, HEIGHT), Text(told)], half=True)

    def drawing(self) -> Drawing | None:
        table = _deepest(self.flow)
        if table is None:
            return None
        return Drawing(lambda axes, fonts: _reaches(axes, table.iloc[:, -1], fonts))


def flow_figure(panel: Memory) -> Figure | None:
    """The gradient's norm by steps back and training step, of the network that looks back furthest.

    A line where it was looked at once only; None where nothing was seen, or a single step cannot show any reach.
    """
    table = _deepest(panel.flow)
    if table is None:
        return None
    values = table.to_numpy(dtype=np.float64)
    finite = values[np.isfinite(values) & (values > 0)]
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
        "colorbar": colour_bar(_("norm"), tickvals=powers.tolist(), ticktext=[f"1e{int(power)}" for power in powers]),
        "hovertemplate": f"{_('training step')} %{{x}}, {_('steps back')}: %{{y}}<br>10^%{{z:.1f}}<extra></extra>",
    }
    across = axis(_("training step"), type="category", nticks=8)
    return figure(
        [trace], across, axis(_("steps of the recurrence back"), dtick=1 if len(table) < 12 else None), height=HEIGHT
    )


def _reach(table: pd.DataFrame) -> Figure:
    """One look at the gradient as a line: its norm by steps back."""
    trace = {
        "type": "scatter",
        "x": [int(back) for back in table.index],
        "y": json_numbers(table.iloc[:, 0]),
        "mode": "lines+markers" if len(table) <= 40 else "lines",
        "line": {"color": OURS, "width": 2},
        "hovertemplate": f"{_('steps back')}: %{{x}}<br>%{{y:.2~e}}<extra></extra>",
    }
    across = axis(_("steps of the recurrence back"), dtick=1 if len(table) < 12 else None)
    return figure(
        [trace], across, axis(_("norm of the gradient"), type="log", exponentformat="power", dtick="D2"), height=HEIGHT
    )


def _deepest(frame: pd.DataFrame) -> pd.DataFrame | None:
    """Norms, back by training step, of the network that looks back furthest; None where they show no reach."""
    if not len(frame):
        return None
    deepest = frame["member"].iloc[int(frame["back"].astype(int).argmax())]
    table = frame[frame["member"] == deepest].pivot_table(index="back", columns="step", values="gradient")
    values = table.to_numpy(dtype=np.float64)
    return table if len(table) > 1 and bool((np.isfinite(values) & (values > 0)).any()) else None


def _reaches(axes: Axes, gradient: pd.Series, fonts: list[str]) -> None:
    axes.semilogy(gradient.index, gradient.to_numpy(), "o-", color=OURS, lw=2, ms=4)
    axes.yaxis.set_major_formatter(lambda value, _position: f"{value:.0e}")
    axes.grid(color=GRID, lw=0.8)
    dress_axes(axes, _("Memory"), _("steps of the recurrence back"), _("norm of the gradient"), fonts)
