"""The gradient through time as a picture: steps back by training step, the norm as a colour on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from recurra.errors import InputError
from recurra.inspect.flow import Flow
from recurra.inspect.plotting import MUTED, OURS, dress, new_figure
from recurra.language import _
from recurra.lettering import in_letters_of_this_machine

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DECADES = 6.0  # below a millionth of the largest everything is as good as nothing


@in_letters_of_this_machine
def draw_flow(flows: Sequence[Flow], *, what: Literal["gradient", "carried"] = "gradient") -> Figure:
    """A row per layer: on the left `what` by steps back and training step, on the right some of the looks as curves.

    Of a single look there are only curves: the gradient, and what the recurrence carries of it. The line over the
    colours is the effective memory. Raises InputError where nothing was recorded.
    """
    if not flows:
        raise InputError("nothing was recorded yet: expected at least one look; train longer, or call look(loss_of)")
    names = list(dict.fromkeys(layer.layer for flow in flows for layer in flow.layers))
    figure = new_figure(width=10, height=0.6 + 2.7 * len(names))
    grid = figure.add_gridspec(len(names), 2, width_ratios=[1.9, 1])
    for row, name in enumerate(names):
        found = [(flow.step, layer) for flow in flows for layer in flow.layers if layer.layer == name]
        left, right = figure.add_subplot(grid[row, 0]), figure.add_subplot(grid[row, 1])
        if len(flows) == 1:
            _curve(left, [(step, layer.gradient) for step, layer in found], f"{name}: {_words('gradient')}")
            _curve(right, [(step, layer.carried) for step, layer in found], _words("carried"))
            continue
        _map(left, [(step, getattr(layer, what), layer.memory.steps) for step, layer in found], name, what)
        _curve(right, [(step, getattr(layer, what)) for step, layer in found], _words(what))
    return figure


def _map(axes: Axes, rows: list[tuple[int, np.ndarray, int]], name: str, what: str) -> None:
    from matplotlib.colors import LogNorm

    longest = max(len(values) for _step, values, _memory in rows)
    table = np.full((longest, len(rows)), np.nan)
    for column, (_step, values, _memory) in enumerate(rows):
        table[: len(values), column] = np.where(np.isfinite(values), values, np.nan)
    top = np.nanmax(table, initial=0.0)
    top = float(top) if top > 0 else 1.0
    steps = np.array([step for step, _values, _memory in rows], dtype=float)
    edges = _edges(steps)
    norm = LogNorm(max(top * 10**-_DECADES, np.finfo(float).tiny), top)
    shown = np.maximum(table, norm.vmin or 0.0)
    colours = axes.pcolormesh(edges, np.arange(longest + 1) - 0.5, shown, norm=norm, cmap="magma", rasterized=True)
    axes.step(
        np.append(edges[:-1], edges[-1]),
        [memory for _step, _values, memory in rows] + [rows[-1][2]],
        where="post",
        color="white",
        lw=1.6,
        label=_("effective memory"),
    )
    bar = axes.figure.colorbar(colours, ax=axes, pad=0.015, fraction=0.05)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, colors=MUTED)
    dress(axes, f"{name}: {_words(what)}", _("training step"), _("steps back"))
    axes.grid(visible=False)


def _curve(axes: Axes, rows: list[tuple[int, np.ndarray]], title: str) -> None:
    shown = [rows[k] for k in sorted({0, len(rows) // 2, len(rows) - 1})]
    for place, (step, values) in enumerate(shown):
        positive = np.where(values > 0, values, np.nan)
        strength = 0.35 + 0.65 * (place + 1) / len(shown)
        label = _("step {n}", n=f"{step:,}")
        axes.plot(np.arange(len(values)), positive, color=OURS, alpha=strength, lw=1.8, label=label)
    axes.set_yscale("log")
    dress(axes, title, _("steps back"), "")
    if len(rows) > 1:
        axes.legend(frameon=False, fontsize=8)


def _words(what: str) -> str:
    return _("norm of dL/dh") if what == "gradient" else _("share carried back")


def _edges(steps: np.ndarray) -> np.ndarray:
    """Where the columns of the map begin and end."""
    if len(steps) == 1:
        return np.array([steps[0] - 0.5, steps[0] + 0.5])
    between = (steps[1:] + steps[:-1]) / 2
    return np.concatenate([[steps[0] - (between[0] - steps[0])], between, [2 * steps[-1] - between[-1]]])
