"""How agents got better while they learnt: the returns of their episodes over the frames played."""

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
from recurra.report.style import GRID, OTHERS, OURS, Figure, axis, figure, value_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 380
_POINTS = 60


@dataclass(frozen=True, eq=False)
class Returns(Panel):
    """returns: kind [with memory, without memory], agent, frames, return; a row for each episode of the training."""

    returns: pd.DataFrame

    title: ClassVar[str] = mark("Learning to play")
    COLUMNS: ClassVar = {"returns": ("kind", "agent", "frames", "return")}

    def section(self) -> Section | None:
        curves = _curves(self.returns)
        if not curves:
            return None
        label = _("The return of episodes over the frames played, of each agent")
        told = _(
            "Return of the episodes of each agent while it learnt, with actions drawn; a point is the mean of those "
            "that ended since the point before."
        )
        return Section(
            "returns", _(self.title), [Plot("returns", label, _figure(curves), HEIGHT), Text(told)], half=True
        )

    def drawing(self) -> Drawing | None:
        curves = _curves(self.returns)
        return Drawing(lambda axes, fonts: _drawn(axes, curves, fonts)) if curves else None


def _curves(frame: pd.DataFrame) -> list[tuple[str, int, pd.DataFrame]]:
    """kind, agent, and frames and mean return of stretches of equally many frames."""
    if not len(frame):
        return []
    edges = np.linspace(0, frame["frames"].max(), _POINTS + 1)
    found = []
    for (kind, agent), rows in frame.groupby(["kind", "agent"], sort=False):
        place = np.searchsorted(edges, rows["frames"], side="left")
        means = rows.assign(place=place).groupby("place")[["frames", "return"]].mean()
        found.append((str(kind), int(agent), means))  # pyright: ignore[reportArgumentType]  # numbers of a group
    return found


def _colour(kind: str, first: str) -> str:
    return OURS if kind == first else OTHERS[1]


def _figure(curves: list[tuple[str, int, pd.DataFrame]]) -> Figure:
    first, seen, data = curves[0][0], set(), []
    for kind, agent, means in curves:
        data.append(
            {
                "type": "scatter",
                "name": _(kind),
                "legendgroup": kind,
                "showlegend": kind not in seen,
                "x": json_numbers(means["frames"]),
                "y": json_numbers(means["return"]),
                "mode": "lines" if len(means) > 1 else "markers",
                "line": {"color": _colour(kind, first), "width": 1.6, "dash": "solid" if kind == first else "dash"},
                "hovertemplate": f"{_('agent')} {agent}, %{{x:,.0f}}: %{{y:.4~g}}",
            }
        )
        seen.add(kind)
    values = np.concatenate([means["return"].to_numpy() for _kind, _agent, means in curves])
    across = axis(_("frames"), rangemode="tozero", separatethousands=True)
    return figure(data, across, value_axis(_("return"), values), height=HEIGHT, hovermode="closest")


def _drawn(axes: Axes, curves: list[tuple[str, int, pd.DataFrame]], fonts: list[str]) -> None:
    first, seen = curves[0][0], set()
    for kind, _agent, means in curves:
        label = "_" if kind in seen else _(kind)
        style = "-" if kind == first else "--"
        axes.plot(means["frames"], means["return"], style, color=_colour(kind, first), lw=1.4, label=label)
        seen.add(kind)
    axes.grid(color=GRID, lw=0.8)
    dress_axes(axes, _("Learning to play"), _("frames"), _("return"), fonts)
    legend = axes.legend(frameon=False, fontsize=9)
    for text in legend.get_texts():
        text.set(parse_math=False, family=fonts)
