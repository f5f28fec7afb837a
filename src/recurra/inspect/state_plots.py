"""Pictures of states: units over time, how long they hold a bit, and the hidden state's path on a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recurra.cells import Gate, State
from recurra.errors import InputError
from recurra.formatting import percent
from recurra.inspect.holding import holding
from recurra.inspect.plotting import MUTED, OTHERS, OURS, dress, new_figure
from recurra.inspect.traces import Trace
from recurra.language import _
from recurra.lettering import in_letters_of_this_machine

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@in_letters_of_this_machine
def draw_trace(trace: Trace, *, row: int = 0) -> Figure:
    """Every state and gate of one sequence, a strip each: units from top to bottom, steps from left to right.

    The units that hold a bit longest stand on top. Raises InputError for a row that there is not.
    """
    _check_row(trace, row)
    order = holding(trace)["unit"].to_numpy()
    names, named = list(trace.values), trace.declared()
    figure = new_figure(width=10, height=0.5 + 1.5 * ((len(names) + 1) // 2))
    columns = 2 if len(names) > 1 else 1
    grid = figure.add_gridspec(-(-len(names) // columns), columns)
    for place, name in enumerate(names):
        values = trace.values[name][:, row]
        values = values[np.isfinite(values).all(axis=1)].T
        axes = figure.add_subplot(grid[place // columns, place % columns])
        low, high, colours = _range(named[name], values)
        shown = values[order] if len(values) == len(order) else values
        image = axes.imshow(shown, aspect="auto", vmin=low, vmax=high, cmap=colours, interpolation="nearest")
        bar = figure.colorbar(image, ax=axes, pad=0.015, fraction=0.05)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=8, colors=MUTED)
        dress(
            axes,
            f"{_(named[name].label)} {name}",
            _("step") if place >= len(names) - columns else "",
            _("unit") if place % columns == 0 else "",
        )
        axes.grid(visible=False)
        axes.set_yticks([])
    return figure


@in_letters_of_this_machine
def draw_holding(trace: Trace) -> Figure:
    """How long each unit holds a bit, by its gate and by a push, longest first."""
    frame = holding(trace)
    figure = new_figure(width=7, height=3.2)
    axes = figure.add_subplot()
    places = np.arange(len(frame))
    axes.bar(places, frame["by_push"], color=OURS, width=0.8, label=_("until 1/e of a push is left"))
    longer = frame["whole"].to_numpy()
    if longer.any():
        label = _("longer than the sequence")
        axes.plot(places[longer], frame["by_push"][longer], "^", color=OTHERS[0], ms=4, label=label)
    if frame["by_gates"].notna().any():
        axes.plot(places, frame["by_gates"], ".", color=OTHERS[1], ms=5, label=_("time constant of the gate"))
    axes.set_yscale("log")
    dress(axes, _("{layer}: how long a unit holds a bit", layer=trace.layer), _("unit, longest first"), _("steps"))
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=8.5)
    return figure


def hidden_map(trace: Trace) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The hidden state in two dimensions [T, B, 2], and the shares of its variance that they show [2].

    Principal components over all steps and rows; NaN after a row's end. Raises InputError for a single unit.

    >>> import torch
    >>> import recurra as rc
    >>> points, shares = rc.inspect.hidden_map(rc.inspect.trace(torch.nn.RNN(3, 5), torch.randn(20, 2, 3))["RNN"])
    >>> points.shape, bool(shares[0] >= shares[1])
    ((20, 2, 2), True)
    """
    from sklearn.decomposition import PCA  # scikit-learn takes a second to import

    steps, rows, units = trace.h.shape
    if units < 2:
        raise InputError(f"{trace.layer} has one unit: expected at least two for a map of two dimensions")
    flat = trace.h.reshape(-1, units)
    known = np.isfinite(flat).all(axis=1)
    components = PCA(2, svd_solver="full")
    points = np.full((len(flat), 2), np.nan)
    points[known] = components.fit_transform(flat[known])
    return points.reshape(steps, rows, 2), components.explained_variance_ratio_


@in_letters_of_this_machine
def draw_map(trace: Trace, *, rows: int = 6, labels: npt.ArrayLike | None = None) -> Figure:
    """The path of the hidden state of the first `rows` sequences in two dimensions, from dark to light in time.

    `labels` [B] colours each path by its kind instead, with a point at its end. Raises InputError where they are not
    one per sequence.
    """
    points, shares = hidden_map(trace)
    kinds = None if labels is None else np.asarray(labels)
    if kinds is not None and kinds.shape != points.shape[1:2]:
        raise InputError(f"labels has shape {kinds.shape}: expected one per sequence, ({points.shape[1]},)")
    figure = new_figure(width=6.4, height=4.8)
    axes = figure.add_subplot()
    order = [] if kinds is None else np.unique(kinds).tolist()
    image = None
    for row in range(min(rows, points.shape[1])):
        path = points[np.isfinite(points[:, row, 0]), row]
        colour = MUTED if kinds is None else (OURS, *OTHERS)[order.index(kinds[row].item()) % (1 + len(OTHERS))]
        axes.plot(path[:, 0], path[:, 1], color=colour, lw=0.8, alpha=0.35 if kinds is None else 0.6)
        if kinds is None:
            image = axes.scatter(path[:, 0], path[:, 1], c=np.arange(len(path)), cmap="viridis", s=12, zorder=3)
        else:
            axes.plot(*path[-1], "o", color=colour, ms=6)
    if image is not None:
        bar = figure.colorbar(image, ax=axes, label=_("step"), pad=0.02)
        bar.outline.set_visible(False)
    for place, kind in enumerate(order):
        axes.plot([], [], "o", color=(OURS, *OTHERS)[place % (1 + len(OTHERS))], label=str(kind))
    if order:
        axes.legend(frameon=False, fontsize=8.5)
    across, up = (
        _("component {k} ({share} of the variance)", k=k + 1, share=percent(share, 0)) for k, share in enumerate(shares)
    )
    dress(axes, _("{layer}: the hidden state over time", layer=trace.layer), across, up)
    return figure


def _check_row(trace: Trace, row: int) -> None:
    if not 0 <= row < trace.h.shape[1]:
        raise InputError(f"row is {row}: expected a sequence from 0 to {trace.h.shape[1] - 1}")


def _range(declared: State | Gate, values: np.ndarray) -> tuple[float, float, str]:
    """The least and the greatest value of a strip, and its colours."""
    if isinstance(declared, Gate) and declared.is_share:
        return 0.0, 1.0, "viridis"
    bounded = isinstance(declared, Gate) and declared.activation == "tanh"
    reach = 1.0 if bounded else float(np.abs(values).max(initial=1e-9))
    return -reach, reach, "RdBu_r"
