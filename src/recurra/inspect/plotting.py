"""How the pictures of this folder look: plain, light, the same colours everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recurra.extras import require_package
from recurra.lettering import figure_class

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID = "#1c2733", "#55616e", "#e6eaee"
OURS = "#0072b2"
OTHERS = ("#d55e00", "#009e73", "#aa4499", "#b27800", "#56b4e9", "#6a51a3")


def new_figure(*, width: float, height: float) -> Figure:
    """A figure that a notebook shows; it belongs to no window and need not be closed.

    Raises MissingPackageError without Matplotlib.
    """
    require_package("matplotlib")
    return figure_class()(figsize=(width, height), layout="constrained", facecolor="white", dpi=110)


def dress(axes: Axes, title: str, across: str, up: str) -> None:
    """Title, labels, a light grid."""
    axes.set_title(title, loc="left", fontsize=10.5, weight="bold", color=INK, parse_math=False)
    axes.set_xlabel(across, color=MUTED, fontsize=9.5)
    axes.set_ylabel(up, color=MUTED, fontsize=9.5)
    axes.grid(color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#b8c1ca")
    axes.tick_params(colors=MUTED, labelsize=8.5)
