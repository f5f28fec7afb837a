"""Attributions as a heat map: features by steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.inspect.plotting import MUTED, dress, new_figure
from recurra.language import _
from recurra.lettering import in_letters_of_this_machine

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@in_letters_of_this_machine
def draw_attribution(
    values: Mapping[str, npt.ArrayLike] | npt.ArrayLike, *, first: int = 0, title: str | None = None
) -> Figure:
    """Features from top to bottom, the strongest first; steps from left to right; up in blue, down in red.

    `values` holds [T] for each feature by its name, or is an array [T, F]. `first` is the number of the first step; a
    line stands after step 0, the last known one, if there are later ones. Raises InputError for other shapes.

    >>> import numpy as np
    >>> figure = draw_attribution({"rain": np.linspace(0, 1, 8), "sun": np.zeros(8)})
    """
    if not isinstance(values, Mapping):
        table = np.asarray(values, dtype=np.float64)
        if table.ndim != 2:
            raise InputError(f"values has shape {table.shape}: expected [T, F], steps and features of one prediction")
        values = {str(j): table[:, j] for j in range(table.shape[1])}
    rows = {name: np.asarray(row, dtype=np.float64) for name, row in values.items()}
    if not rows or len({row.shape for row in rows.values()}) > 1:
        raise InputError("values holds no feature, or features of different lengths: expected [T] for each")
    names = sorted(rows, key=lambda name: -np.abs(rows[name]).sum())
    shown = np.array([rows[name] for name in names])
    reach = float(np.abs(shown).max()) or 1.0
    signed = bool((shown < 0).any())
    figure = new_figure(width=9, height=1.3 + 0.32 * max(2, len(names)))
    axes = figure.add_subplot()
    edges = np.arange(first, first + shown.shape[1] + 1) - 0.5
    image = axes.pcolormesh(
        edges,
        np.arange(len(names) + 1) - 0.5,
        shown,
        cmap="RdBu" if signed else "Blues",
        vmin=-reach if signed else 0.0,
        vmax=reach,
        rasterized=True,
    )
    bar = figure.colorbar(image, ax=axes, pad=0.015, fraction=0.04)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=8, colors=MUTED)
    dress(axes, _("What moved the prediction") if title is None else title, _("step"), "")
    axes.grid(visible=False)
    axes.set_yticks(np.arange(len(names)), labels=names)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.invert_yaxis()
    if first < 0 < first + shown.shape[1] - 1:
        axes.axvline(0.5, color=MUTED, lw=1, ls=":")
    return figure
